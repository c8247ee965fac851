"""Times of the service day as clock times, read and written."""

from __future__ import annotations

import re

_CLOCK = re.compile(r"^(\d{1,2}):([0-5]\d)(?::([0-5]\d))?$")


def parse_clock(text: str) -> int:
    """Seconds of a clock time ``HH:MM`` or ``HH:MM:SS``; hours may pass 24. ValueError where it is none.

    >>> parse_clock("25:10")
    90600
    """
    match = _CLOCK.match(text.strip())
    if match is None:
        raise ValueError(f"{text[:20]!r} is not a time; write it like 09:30 (25:10 is 01:10 the next day)")
    return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3] or 0)


def typed_clock(time_s: int) -> str:
    """A time of the service day as it is typed, hours past 24 for the night after.

    >>> typed_clock(91_800)
    '25:30'
    """
    return f"{time_s // 3600:02d}:{time_s % 3600 // 60:02d}"


def clock(time_s: int, *, round_up: bool = False) -> str:
    """Time of day of a time in seconds, to the minute: down for leaving, up for arriving.

    >>> clock(87_000)
    '00:10 (the next day)'
    """
    minutes = -(-time_s // 60) if round_up else time_s // 60
    day, minute = divmod(minutes, 24 * 60)
    text = f"{minute // 60:02d}:{minute % 60:02d}"
    return text + {0: "", 1: " (the next day)", -1: " (the day before)"}.get(day, f" ({day} days later)")
