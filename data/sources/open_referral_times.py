"""Schedules of Open Referral (RRULE in pieces) to sessions: what is understood, and the words of the rest.

A schedule is when a service is open. One that lasts longer than
``DROP_IN_FROM_S`` is taken for opening hours within which one may come at any
time; a shorter one for a session that begins at its start.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data.sources.service_sessions import Session, read_sessions
from data.sources.service_words import clean_text

HOUR_S = 3600
DROP_IN_FROM_S = 4 * HOUR_S
_DAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
_NTH = {"1": "first", "2": "second", "3": "third", "4": "fourth", "-1": "last"}
# What this program writes, so that it need not guess when it reads.
_NOTES = {"session": "Be there at the start.", "drop_in": "Come at any time."}
_RULE_OF = {rule: number for number, rule in _NTH.items()}
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?", re.IGNORECASE)
_BYDAY = re.compile(r"([+-]?\d{0,2})\s*([A-Z]{2})[A-Z]*", re.IGNORECASE)


@dataclass(frozen=True)
class Timed:
    """A session and the dates between which it holds."""

    session: Session
    from_date: dt.date | None = None
    to_date: dt.date | None = None


def read_schedule(schedule: Mapping[str, Any]) -> list[Timed]:
    """Read one schedule (3.0 ``schedules``, 1.x ``regular_schedules``).

    Returns
    -------
    list of Timed
        Empty for a schedule that says nothing; one with rule ``unparsed`` for
        one that says something else than this program can hold.
    """
    words = _words_of(schedule)
    first, last = read_iso_date(schedule.get("valid_from")), read_iso_date(schedule.get("valid_to"))
    start, end = read_clock(schedule.get("opens_at")), read_clock(schedule.get("closes_at"))
    if start is not None and end is not None and end <= start:
        end = end + 24 * HOUR_S if start >= 18 * HOUR_S else None
    found = _read_days(schedule)
    description = str(schedule.get("description") or "")
    if found is None or (not found and start is not None):
        return [Timed(Session("session", None, None, None, "unparsed", words), first, last)]
    if not found:
        # No rule in pieces: the description may say it in words.
        text = clean_text(description)
        return [Timed(session, first, last) for session in read_sessions(text)] if text else []
    said = {note: kind for kind, note in _NOTES.items()}.get(str(schedule.get("notes") or "").strip())
    long = start is not None and end is not None and end - start > DROP_IN_FROM_S
    dropped_in = long or re.search(r"\bdrop[- ]?in\b", description, re.IGNORECASE) is not None
    kind = said or ("drop_in" if dropped_in else "session")
    term = re.search(r"\bterm[- ]?time\b", description, re.IGNORECASE) is not None
    return [
        Timed(
            Session(kind, day, start, end, "term_time" if term and rule == "weekly" else rule, words),
            first,
            last,
        )
        for rule, day in found
    ]


def _read_days(schedule: Mapping[str, Any]) -> list[tuple[str, int]] | None:
    """(rule, weekday) of a schedule; empty where no day is named, None for what can't be held."""
    freq = str(schedule.get("freq") or "").strip().upper()
    byday = str(schedule.get("byday") or "").strip()
    try:
        interval = int(float(schedule.get("interval") or 1))
    except (TypeError, ValueError, OverflowError):
        return None
    if freq == "DAILY" and not byday:
        byday = ",".join(_DAYS)
    if not byday:
        started = read_iso_date(schedule.get("dtstart"))
        if schedule.get("bymonthday") or freq == "MONTHLY":
            return None
        if freq != "WEEKLY" or started is None:
            return [] if not freq else None
        byday = list(_DAYS)[started.weekday()]
    if freq not in ("", "WEEKLY", "MONTHLY", "DAILY") or interval not in (1, 2):
        return None
    found: list[tuple[str, int]] = []
    for part in re.split(r"[,;\s]+", byday.strip()):
        match = _BYDAY.fullmatch(part)
        day = _DAYS.get(match[2].upper()) if match else None
        if match is None or day is None:
            return None
        number = match[1].lstrip("+")
        if freq == "MONTHLY":
            rule = _NTH.get(number)
            if rule is None or interval != 1:
                return None
        elif number:
            return None
        else:
            rule = "weekly" if interval == 1 else "fortnightly"
        found.append((rule, day))
    return sorted(set(found), key=lambda entry: (entry[1], entry[0]))


def _words_of(schedule: Mapping[str, Any]) -> str:
    """The schedule as one line: its description, else its pieces."""
    description = clean_text(str(schedule.get("description") or ""))
    if description:
        return description
    names = ("freq", "interval", "byday", "bymonthday", "opens_at", "closes_at", "dtstart")
    return clean_text(", ".join(f"{name} {schedule[name]}" for name in names if schedule.get(name)))


def read_clock(value: object) -> int | None:
    """Return seconds of the day of "10:00", "10:00:00", "10:00Z"; the clock on the wall, None if none.

    Feeds write local times whatever suffix stands behind them.
    """
    found = _TIME.fullmatch(str(value or "").strip())
    if found is None:
        return None
    hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3] or 0)
    if hours > 24 or minutes > 59 or seconds > 59 or (hours == 24 and (minutes or seconds)):
        return None
    return hours * HOUR_S + minutes * 60 + seconds


def read_iso_date(value: object) -> dt.date | None:
    """Return the day of an ISO date or date with time, None for anything else."""
    try:
        return dt.date.fromisoformat(str(value or "").strip()[:10])
    except ValueError:
        return None


def write_schedule(
    *, kind: str, weekday: int | None, start_s: int | None, end_s: int | None, rule: str, text: str | None
) -> dict[str, Any]:
    """Return a session as the pieces of a schedule; the inverse of ``read_schedule`` where it has one."""
    words = clean_text(text or "")
    schedule: dict[str, Any] = {}
    if weekday is not None and rule != "unparsed":
        day = list(_DAYS)[weekday]
        if rule in _RULE_OF:
            schedule |= {"freq": "MONTHLY", "interval": 1, "byday": f"{_RULE_OF[rule]}{day}"}
        else:
            schedule |= {"freq": "WEEKLY", "interval": 2 if rule == "fortnightly" else 1, "byday": day}
        if start_s is not None:
            schedule["opens_at"] = _clock(start_s)
        if end_s is not None:
            schedule["closes_at"] = _clock(end_s)
    if rule == "term_time" and "term" not in words.casefold():
        words = f"{words}, term time only" if words else "Term time only"
    if words:
        schedule["description"] = words
    if "byday" in schedule:
        schedule["notes"] = _NOTES[kind]
    return schedule


def _clock(seconds: int) -> str:
    seconds %= 24 * HOUR_S
    return f"{seconds // HOUR_S:02d}:{seconds % HOUR_S // 60:02d}:{seconds % 60:02d}"
