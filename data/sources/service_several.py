"""Several services in one cell: "Lunch club; Tai chi" becomes two, with its times where that is clear."""

from __future__ import annotations

import re

_PARTING = re.compile(r"\s*(?:[;•·]|\s[/|]\s)\s*")
_BULLET = re.compile(r"[-–*•·]\s*")
# A numbered list: "1. Lunch club 2. Tai chi".
_NUMBERED = re.compile(r"(?:^|(?<=\s))\(?\d{1,2}[.)]\s+")
SHORTEST, LONGEST = 3, 100
MOST = 20


def split_services(name: str, sessions: str = "") -> tuple[str, ...]:
    """Return the services that a cell names: one, or several parted by semicolons, bullets, bars or numbers.

    Commas, "and" and "&" part nothing: they stand inside of names. Nor do line
    breaks, which long names have, unless each line begins with a bullet or
    there are as many lines of ``sessions``.
    """
    words = name.strip()
    lines = _lines(words)
    numbered = [part.strip(" ;,\n") for part in _NUMBERED.split(words)]
    if len(_NUMBERED.findall(words)) > 1 and not numbered[0]:
        parts = [part for part in numbered if part]
    elif len(lines) > 1 and (len(lines) == len(_lines(sessions)) or all(map(_BULLET.match, lines))):
        parts = [_BULLET.sub("", line, count=1) if _BULLET.match(line) else line for line in lines]
    else:
        parts = [part.strip() for part in _PARTING.split(words) if part.strip()]
    unique = list({part.casefold(): part for part in reversed(parts)}.values())[::-1]
    fits = all(SHORTEST <= len(part) <= LONGEST and re.search(r"[^\W\d_]", part) for part in unique)
    return tuple(unique) if 1 < len(unique) <= MOST and fits else (words,)


def _lines(words: str) -> list[str]:
    return [line.strip() for line in words.splitlines() if line.strip()]


def share_sessions(sessions: str, services: int) -> tuple[str, ...] | None:
    """Return the session words of each of several services, None where it isn't clear whose they are.

    As many lines (or parts between semicolons) as services are taken in their order.
    """
    for mark in ("\n", ";"):
        parts = [part.strip() for part in sessions.split(mark) if part.strip()]
        if len(parts) == services:
            return tuple(parts)
    return None
