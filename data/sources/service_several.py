"""Several services in one cell: "Lunch club; Tai chi" becomes two, with its times where that is clear."""

from __future__ import annotations

import re

_PARTING = re.compile(r"\s*(?:[;\n•·]|\s[/|]\s)\s*")
# A numbered list: "1. Lunch club 2. Tai chi".
_NUMBERED = re.compile(r"(?:^|(?<=\s))\(?\d{1,2}[.)]\s+")
SHORTEST, LONGEST = 3, 100
MOST = 20


def split_services(name: str) -> tuple[str, ...]:
    """Return the services that a cell names: one, or several parted by lines, semicolons, bars or numbers.

    Commas, "and" and "&" part nothing: they stand inside of names.
    """
    words = name.strip()
    numbered = [part.strip(" ;,\n") for part in _NUMBERED.split(words)]
    if len(_NUMBERED.findall(words)) > 1 and not numbered[0]:
        parts = [part for part in numbered if part]
    else:
        parts = [part.strip(" -–•·") for part in _PARTING.split(words)]
        parts = [part for part in parts if part]
    unique = list({part.casefold(): part for part in reversed(parts)}.values())[::-1]
    fits = all(SHORTEST <= len(part) <= LONGEST and re.search(r"[^\W\d_]", part) for part in unique)
    return tuple(unique) if 1 < len(unique) <= MOST and fits else (words,)


def share_sessions(sessions: str, services: int) -> tuple[str, ...] | None:
    """Return the session words of each of several services, None where it isn't clear whose they are.

    As many lines (or parts between semicolons) as services are taken in their order.
    """
    for mark in ("\n", ";"):
        parts = [part.strip() for part in sessions.split(mark) if part.strip()]
        if len(parts) == services:
            return tuple(parts)
    return None
