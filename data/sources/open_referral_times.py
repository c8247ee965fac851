"""Schedules of Open Referral (RRULE in pieces) to sessions: what is understood, and the words of the rest.

A schedule is when a service is open. One that lasts longer than
``DROP_IN_FROM_S`` is taken for opening hours within which one may come at any
time; a shorter one for a session that begins at its start.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from data.session_rules import MONTHLY, is_in_term, is_nth_of_month, put_in_term, take_out_of_term
from data.sources.service_sessions import Session, read_sessions
from data.sources.service_words import clean_text
from data.sources.session_remarks import read_remarks
from data.sources.session_words import NOT_BANK_HOLIDAYS, TERM_TIME

HOUR_S = 3600
DROP_IN_FROM_S = 4 * HOUR_S
_DAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
_NTH = {"1": "first", "2": "second", "3": "third", "4": "fourth", "-1": "last"}
# What this program writes, so that it need not guess when it reads.
_NOTES = {"session": "Be there at the start.", "drop_in": "Come at any time."}
_RULE_OF = {rule: number for number, rule in _NTH.items()}
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?", re.IGNORECASE)
_BYDAY = re.compile(r"([+-]?\d{0,2})\s*([A-Z]{2})[A-Z]*", re.IGNORECASE)


# Parts of an RRULE that no session holds; a schedule that has one is kept in words.
_NOT_HELD = ("bymonthday", "byweekno", "byyearday", "bymonth", "bysetpos", "byhour")
PIECES = (
    "freq", "interval", "byday", "wkst", *_NOT_HELD, "count", "until", "dtstart", "valid_from", "valid_to",
    "opens_at", "closes_at",
)  # fmt: skip
# A count that takes longer than this is a slip of the pen.
LONGEST_COUNT_DAYS = 20 * 366
_DAY = dt.timedelta(days=1)
_Span = tuple[dt.date | None, dt.date | None]


@dataclass(frozen=True)
class _Rule:
    """One weekday of a schedule and the rule by which it recurs."""

    name: str
    weekday: int
    week_start: int = 0  # RFC 5545's WKST: the weekday that a fortnight's weeks begin on

    def falls_on(self, date: dt.date, week_of: dt.date | None) -> bool:
        """Whether it recurs on a date; ``week_of`` is a day of a week that a fortnightly one has."""
        if date.weekday() != self.weekday:
            return False
        if self.name in MONTHLY:
            return is_nth_of_month(date, self.name)
        if self.name == "fortnightly" and week_of is not None:
            return (self._first_of_week(date) - self._first_of_week(week_of)).days % 14 == 0
        return True

    def _first_of_week(self, date: dt.date) -> dt.date:
        return date - (date.weekday() - self.week_start) % 7 * _DAY


def read_schedule(schedule: Mapping[str, Any]) -> list[Session]:
    """Read one schedule (3.0 ``schedules``, 1.x ``regular_schedules``).

    Returns
    -------
    list of Session
        Empty for a schedule that says nothing; one with rule ``unparsed`` for
        one that says something else than this program can hold: by the day of
        the month or year, every third week, counted without a first date, or
        over before it begins. What the description says that may take some of
        the days away ("closed in August") is a further one with that rule. A
        time that is none, or an end before its start, is not used, and the
        session's ``remark`` names the field.
    """
    words = describe_schedule(schedule)
    start, end, remark = _read_hours(schedule)
    rules = _read_rules(schedule)
    description = str(schedule.get("description") or "")
    if rules is None or (not rules and start is not None):
        return [Session("session", None, None, None, "unparsed", words, remark=remark)]
    if not rules:
        # No rule in pieces: the description may say it in words.
        first, last = read_iso_date(schedule.get("valid_from")), read_iso_date(schedule.get("valid_to"))
        found = read_sessions(clean_text(description), reference=first or last)
        return [replace(one, from_date=one.from_date or first, to_date=one.to_date or last) for one in found]
    spans = [_read_span(schedule, rule, rules) for rule in rules]
    if any(span is None for span in spans):
        return [Session("session", None, None, None, "unparsed", words)]
    said = {note: kind for kind, note in _NOTES.items()}.get(str(schedule.get("notes") or "").strip())
    long = start is not None and end is not None and end - start > DROP_IN_FROM_S
    dropped_in = long or re.search(r"\bdrop[- ]?in\b", description, re.IGNORECASE) is not None
    kind = said or ("drop_in" if dropped_in else "session")
    told = read_remarks(clean_text(description), {rule.name for rule in rules}, *_join_spans(spans))
    held = [
        Session(
            kind,
            rule.weekday,
            start,
            end,
            put_in_term(rule.name) if told.in_term else rule.name,
            words,
            *span,
            bank_holidays=False if told.not_on_bank_holidays else None,
            remark=remark,
        )
        for rule, span in zip(rules, spans, strict=True)
        if span is not None
    ]
    return [*held, *(Session("session", None, None, None, "unparsed", one) for one in told.unread)]


def _read_hours(schedule: Mapping[str, Any]) -> tuple[int | None, int | None, tuple[str, str] | None]:
    """Start and end, None where they are not said or can't be; and a fault's code with what is wrong."""
    start, end = read_clock(schedule.get("opens_at")), read_clock(schedule.get("closes_at"))
    wrong = [
        f"{name} {str(schedule[name])[:20]!r} is no time of day; write it like 10:30"
        for name, read in (("opens_at", start), ("closes_at", end))
        if schedule.get(name) and read is None
    ]
    if start is not None and end is not None and end <= start:
        if start >= 18 * HOUR_S:
            end += 24 * HOUR_S
        else:
            wrong.append(
                f"closes_at {clean_text(str(schedule['closes_at']))[:20]!r} is not after opens_at "
                f"{clean_text(str(schedule['opens_at']))[:20]!r}; its end is taken as not known"
            )
            end = None
    return start, end, ("session_hours", "; ".join(wrong)) if wrong else None


def _join_spans(spans: Sequence[_Span | None]) -> _Span:
    """The first date of the first and the last of the last of them; None where one has none."""
    firsts, lasts = zip(*(span for span in spans if span is not None), strict=True)
    return (
        None if None in firsts else min(filter(None, firsts)),
        None if None in lasts else max(filter(None, lasts)),
    )


def _read_rules(schedule: Mapping[str, Any]) -> list[_Rule] | None:
    """Rules of a schedule; empty where no day is named, None for what can't be held."""
    freq = str(schedule.get("freq") or "").strip().upper()
    byday = str(schedule.get("byday") or "").strip()
    try:
        interval = int(float(schedule.get("interval") or 1))
    except (TypeError, ValueError, OverflowError):
        return None
    week_start = _DAYS.get(str(schedule.get("wkst") or "MO").strip().upper())
    if week_start is None or any(schedule.get(name) for name in _NOT_HELD):
        return None
    if freq == "DAILY" and not byday:
        byday = ",".join(_DAYS)
    if not byday:
        started = read_iso_date(schedule.get("dtstart"))
        if freq != "WEEKLY" or started is None:
            return None if freq else []
        byday = list(_DAYS)[started.weekday()]
    if freq not in ("", "WEEKLY", "MONTHLY", "DAILY"):
        return None
    if interval not in ((1, 2) if freq in ("", "WEEKLY") else (1,)):
        return None
    found: list[_Rule] = []
    for part in re.split(r"[,;\s]+", byday.strip()):
        match = _BYDAY.fullmatch(part)
        day = _DAYS.get(match[2].upper()) if match else None
        if match is None or day is None:
            return None
        number = match[1].lstrip("+")
        if freq == "MONTHLY":
            rule = _NTH.get(number)
            if rule is None:
                return None
        elif number:
            return None
        else:
            rule = "weekly" if interval == 1 else "fortnightly"
        found.append(_Rule(rule, day, week_start))
    return sorted(set(found), key=lambda rule: (rule.weekday, rule.name))


def _read_span(schedule: Mapping[str, Any], rule: _Rule, rules: Sequence[_Rule]) -> _Span | None:
    """First and last date of one rule of a schedule; None where they can't be held."""
    begun = read_iso_date(schedule.get("dtstart"))
    starts = [day for day in (begun, read_iso_date(schedule.get("valid_from"))) if day is not None]
    ends = [
        day
        for day in (read_iso_date(schedule.get("until")), read_iso_date(schedule.get("valid_to")))
        if day is not None
    ]
    first = max(starts, default=None)
    if schedule.get("count"):
        counted = _find_last_counted(str(schedule["count"]), begun, rules)
        if counted is None:
            return None
        ends.append(counted)
    if rule.name == "fortnightly" and first is not None and begun is not None:
        # Its weeks are counted from the first date of all, on whatever day of the week that was.
        first = next(
            day for day in (first + n * _DAY for n in range(14)) if rule.falls_on(day, week_of=begun)
        )
    last = min(ends, default=None)
    return None if first is not None and last is not None and last < first else (first, last)


def _find_last_counted(count: str, begun: dt.date | None, rules: Sequence[_Rule]) -> dt.date | None:
    """The date of the last of so many occurrences from the first date on; None where that is not known."""
    if begun is None or not count.strip().isdigit() or int(count) < 1:
        return None
    held = (
        day
        for day in (begun + n * _DAY for n in range(LONGEST_COUNT_DAYS))
        if any(rule.falls_on(day, week_of=begun) for rule in rules)
    )
    return next(itertools.islice(held, int(count) - 1, None), None)


def describe_schedule(schedule: Mapping[str, Any]) -> str:
    """Return the schedule as one line: its description, else its pieces."""
    description = clean_text(str(schedule.get("description") or ""))
    if description:
        return description
    return clean_text(", ".join(f"{name} {schedule[name]}" for name in PIECES if schedule.get(name)))


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
    *,
    kind: str,
    weekday: int | None,
    start_s: int | None,
    end_s: int | None,
    rule: str,
    text: str | None,
    bank_holidays: bool | None = None,
) -> dict[str, Any]:
    """Return a session as the pieces of a schedule; the inverse of ``read_schedule`` where it has one."""
    words = clean_text(text or "")
    schedule: dict[str, Any] = {}
    if weekday is not None and rule != "unparsed":
        day = list(_DAYS)[weekday]
        recurs = take_out_of_term(rule)
        if recurs in _RULE_OF:
            schedule |= {"freq": "MONTHLY", "interval": 1, "byday": f"{_RULE_OF[recurs]}{day}"}
        else:
            schedule |= {"freq": "WEEKLY", "interval": 2 if recurs == "fortnightly" else 1, "byday": day}
        if start_s is not None:
            schedule["opens_at"] = _clock(start_s)
        if end_s is not None:
            schedule["closes_at"] = _clock(end_s)
    if is_in_term(rule) and not TERM_TIME.search(words):
        words = f"{words}, term time only" if words else "Term time only"
    if bank_holidays is False and not NOT_BANK_HOLIDAYS.search(words.casefold()):
        words = f"{words}, not on bank holidays" if words else "Not on bank holidays"
    if words:
        schedule["description"] = words
    if "byday" in schedule:
        schedule["notes"] = _NOTES[kind]
    return schedule


def _clock(seconds: int) -> str:
    seconds %= 24 * HOUR_S
    return f"{seconds // HOUR_S:02d}:{seconds % HOUR_S // 60:02d}:{seconds % 60:02d}"
