"""Opening hours as OpenStreetMap writes them ("Mo-Fr 09:00-17:00; PH off"), as weekly sessions.

A library reads the words. It is asked when the place is open on every day of
some eighteen months, and what repeats becomes rows of a weekday and hours: the
rows say of every minute what the library says. What the library gets wrong, or
what no weekly row can hold (hours by the sun, "by appointment"), stays in words
and its times are not known; it is never taken for closed.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import opening_hours
from opening_hours import OpeningHours, State

from data.session_rules import MONTHLY, is_nth_of_month, put_in_term
from data.sources.service_sessions import Session

DAY_S, HOUR_S = 86_400, 3_600
# The library reads anything, but no person writes more than this.
LONGEST = 1_000
# Seasons are read for these days round the service date, so that each stands in it once.
DAYS_BEFORE, DAYS_AFTER = 182, 378
MAX_RUNS = 8
_DAY = dt.timedelta(days=1)
_ParserError: type[Exception] = vars(opening_hours)["ParserError"]  # its stubs leave it out
# Years whose bank holidays the library knows in every weekday that they fall on.
_HOLIDAY_YEARS = (dt.datetime(2015, 1, 1), dt.datetime(2036, 1, 1))

_SUN = re.compile(r"\b(?:sunrise|sunset|dawn|dusk)\b", re.IGNORECASE)
_OPEN_END = re.compile(r"\d:\d\d\s*\+")
_REPEATED = re.compile(r"\d:\d\d\s*/\s*\d")
_SCHOOL = re.compile(r"\bSH\b", re.IGNORECASE)
_NO_SCHOOL = re.compile(r"(?:(PH)\s*,\s*)?SH(?:\s*,\s*(PH))?\s+(?:off|closed)", re.IGNORECASE)
_BANK = re.compile(r"\bPH\b", re.IGNORECASE)

Piece = tuple[int, int]


@dataclass(frozen=True)
class OpeningHoursRead:
    """Sessions of kind drop_in, and what must be said: (code of MESSAGES, words)."""

    sessions: tuple[Session, ...]
    remarks: tuple[tuple[str, str], ...] = ()


MESSAGES: dict[str, tuple[str, str]] = {
    "opening_hours_unreadable": (
        "note",
        "opening hours that do not follow OpenStreetMap's way of writing them; kept, and the times are not "
        "known; correct them in OpenStreetMap or in the file",
    ),
    "opening_hours_by_sun": (
        "note",
        "opening hours that follow the sun change from day to day; kept, and the times are not known; write "
        "clock times",
    ),
    "opening_hours_open_end": (
        "note",
        "opening hours without an end, or repeated starts; kept, and the times are not known; write when "
        "each ends",
    ),
    "opening_hours_fallback": (
        "note",
        "opening hours with '||', which are not read for certain; kept, and the times are not known; write "
        "them with ';'",
    ),
    "opening_hours_school": (
        "note",
        "opening hours of school holidays' own ('SH' other than 'SH off'); kept, and the times are not known",
    ),
    "opening_hours_never": (
        "note",
        "opening hours that never open; the times are taken as not known; check whether the place still is",
    ),
    "opening_hours_in_part": (
        "note",
        "days whose hours are by appointment, carry a comment or follow no week; of those days the times are "
        "not known",
    ),
    "opening_hours_bank": (
        "note",
        "hours on bank holidays that differ by weekday or season; on bank holidays the times are not known",
    ),
    "opening_hours_overnight": (
        "note",
        "places open from one day past six the next morning; read as written; check for 10:30 in place of "
        "22:30",
    ),
    "opening_hours_season": (
        "note",
        "hours of a season; read for the year round the service date, and for no other year",
    ),
}


def read_opening_hours(text: str, *, service_date: dt.date) -> OpeningHoursRead:
    """Read opening hours as sessions of kind drop_in.

    Parameters
    ----------
    text : str
        A value of OpenStreetMap's ``opening_hours``.
    service_date : date
        Hours are read from ``DAYS_BEFORE`` days before it to ``DAYS_AFTER`` after it.

    Returns
    -------
    OpeningHoursRead
        Rows hold both on the weekdays and on what is said of bank holidays:
        ``bank_holidays`` of a row is None where the text doesn't name them. What
        can't be read is one row with rule ``unparsed`` and a remark.
    """
    words = " ".join(text.split())
    code = _find_unreadable(words)
    if code is not None:
        return _unread(words, code)
    term_only, asked = _take_school_holidays(words)
    if _SCHOOL.search(asked):
        return _unread(words, "opening_hours_school")
    if not asked:
        return _unread(words, "opening_hours_never")
    first, last = service_date - DAYS_BEFORE * _DAY, service_date + DAYS_AFTER * _DAY
    try:
        usual = OpeningHours(asked, auto_country=False, auto_timezone=False)
        on_holidays = OpeningHours(asked, country="GB", auto_country=False, auto_timezone=False)
        open_on, unknown_on = _list_days(usual, first, last)
        holiday_pieces = _read_bank_holidays(on_holidays) if _BANK.search(asked) else None
    except _ParserError:
        return _unread(words, "opening_hours_unreadable")
    remarks: list[tuple[str, str]] = []
    rows: list[Session] = []
    for weekday in range(7):
        dates = [day for day in _days(first, last) if day.weekday() == weekday]
        rows += _read_weekday(weekday, dates, open_on, unknown_on, words, term_only)
    if not rows and not holiday_pieces:
        return _unread(words, "opening_hours_never")
    if any(row.rule == "unparsed" for row in rows):
        remarks.append(("opening_hours_in_part", words))
    if any(row.from_date and row.rule != "fortnightly" for row in rows):
        remarks.append(("opening_hours_season", words))
    if any(row.end_s is not None and row.end_s > DAY_S + 6 * HOUR_S for row in rows):
        remarks.append(("opening_hours_overnight", words))
    if _BANK.search(asked):
        rows, bank_remarks = _add_bank_holidays(rows, holiday_pieces, words)
        remarks += bank_remarks
    return OpeningHoursRead(tuple(rows), tuple(remarks))


def _find_unreadable(words: str) -> str | None:
    if len(words) > LONGEST or words.count('"') % 2:
        return "opening_hours_unreadable"
    bare = re.sub(r'"[^"]*"', "", words)  # what a comment says is no rule
    if _SUN.search(bare):
        return "opening_hours_by_sun"
    if _OPEN_END.search(bare) or _REPEATED.search(bare):
        return "opening_hours_open_end"
    # The library leaves out open days after '||' (2.1.4: "Mo-Fr 09:00-17:00 || "by phone"").
    return "opening_hours_fallback" if "||" in bare else None


def _unread(words: str, code: str) -> OpeningHoursRead:
    row = Session("drop_in", None, None, None, "unparsed", words)
    return OpeningHoursRead((row,), ((code, words),))


def _take_school_holidays(words: str) -> tuple[bool, str]:
    """Whether a rule closes the place in school holidays, and the text without it: the library has none."""
    kept: list[str] = []
    term_only = False
    for rule in words.split(";"):
        closes = _NO_SCHOOL.fullmatch(rule.strip())
        if closes:
            term_only = True
            kept += ["PH off"] if closes[1] or closes[2] else []
        elif rule.strip():
            kept.append(rule.strip())
    return term_only, "; ".join(kept)


def _days(first: dt.date, last: dt.date) -> list[dt.date]:
    return [first + n * _DAY for n in range((last - first).days + 1)]


def _list_days(
    hours: OpeningHours, first: dt.date, last: dt.date
) -> tuple[dict[dt.date, frozenset[Piece]], set[dt.date]]:
    """What opens on each day, as seconds of that day, and the days of which something is not known."""
    # A day's own hours may have begun the day before, and end after the last.
    start = dt.datetime.combine(first - 2 * _DAY, dt.time())
    stop = dt.datetime.combine(last + 4 * _DAY, dt.time())
    pieces: dict[dt.date, list[Piece]] = {}
    unknown: set[dt.date] = set()
    spans: list[tuple[dt.datetime, dt.datetime]] = []
    for begin, end, state, comment in hours.intervals(start, stop):
        if state == State.CLOSED:
            continue
        if state == State.UNKNOWN or comment:
            last_day = (end - dt.timedelta(seconds=1)).date()
            unknown.update(_days(begin.date(), last_day))
        elif spans and spans[-1][1] == begin:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((begin, end))
    for begin, end in spans:
        for day, piece in _split_span(begin, end):
            pieces.setdefault(day, []).append(piece)
    inside = {day: frozenset(found) for day, found in pieces.items() if first <= day <= last}
    return inside, {day for day in unknown if first <= day <= last}


def _split_span(begin: dt.datetime, end: dt.datetime) -> Iterable[tuple[dt.date, Piece]]:
    """Over 24 hours a span is parted at midnights; a shorter one belongs to the day it begins on."""
    if end - begin <= _DAY:
        midnight = dt.datetime.combine(begin.date(), dt.time())
        yield begin.date(), (_seconds(begin - midnight), _seconds(end - midnight))
        return
    while begin < end:
        midnight = dt.datetime.combine(begin.date(), dt.time())
        until = min(end, midnight + _DAY)
        yield begin.date(), (_seconds(begin - midnight), _seconds(until - midnight))
        begin = until


def _seconds(length: dt.timedelta) -> int:
    return int(length.total_seconds())


def _read_weekday(
    weekday: int,
    dates: list[dt.date],
    open_on: Mapping[dt.date, frozenset[Piece]],
    unknown_on: set[dt.date],
    words: str,
    term_only: bool,
) -> list[Session]:
    """Rows of one weekday; one without times where its hours follow no rule that a row can hold."""
    not_told = [Session("drop_in", weekday, None, None, "unparsed", words)]
    if not unknown_on.isdisjoint(dates):
        return not_told
    nothing: frozenset[Piece] = frozenset()
    rows: list[Session] = []
    for start, end in sorted({piece for day in dates for piece in open_on.get(day, nothing)}):
        held = [day for day in dates if (start, end) in open_on.get(day, nothing)]
        rules = _find_rules(held, dates)
        if rules is None:
            return not_told
        rows += [
            Session(
                "drop_in", weekday, start, end, put_in_term(rule) if term_only else rule, words, since, until
            )
            for rule, since, until in rules
        ]
    return rows


Rule = tuple[str, dt.date | None, dt.date | None]


def _find_rules(held: list[dt.date], dates: list[dt.date]) -> list[Rule] | None:
    """The rules that name exactly the dates ``held`` among a weekday's ``dates``; None: there are none."""
    if len(held) == len(dates):
        return [("weekly", None, None)]
    chosen = set(held)
    found: list[Rule] = []
    covered: set[dt.date] = set()
    for rule in MONTHLY:
        of_rule = {day for day in dates if is_nth_of_month(day, rule)}
        if of_rule <= chosen and not of_rule <= covered:
            found.append((rule, None, None))
            covered |= of_rule
    if covered == chosen:
        return found
    first = held[0]
    if chosen == {day for day in dates if (day - first).days % 14 == 0} and (first - dates[0]).days <= 7:
        return [("fortnightly", first, None)]
    return _find_runs(chosen, dates)


def _find_runs(chosen: set[dt.date], dates: list[dt.date]) -> list[Rule] | None:
    """Weeks on end, from a first to a last date."""
    runs = [list(run) for inside, run in itertools.groupby(dates, chosen.__contains__) if inside]
    return [("weekly", run[0], run[-1]) for run in runs] if len(runs) <= MAX_RUNS else None


@cache
def _library_holidays() -> tuple[dt.date, ...]:
    """Bank holidays by which the library is asked what holds on one; which dates are ours to know."""
    calendar = OpeningHours("PH", country="GB", auto_country=False, auto_timezone=False)
    return tuple(
        day
        for begin, end, state, _ in calendar.intervals(*_HOLIDAY_YEARS)
        if state == State.OPEN
        for day in _days(begin.date(), (end - dt.timedelta(seconds=1)).date())
    )


def _read_bank_holidays(on_holidays: OpeningHours) -> frozenset[Piece] | None:
    """What opens on every bank holiday alike; None where they differ or are not known."""
    patterns = set()
    for day in _library_holidays():
        open_on, unknown = _list_days(on_holidays, day, day)
        if day in unknown:
            return None
        patterns.add(open_on.get(day, frozenset()))
    return patterns.pop() if len(patterns) == 1 else None


def _add_bank_holidays(
    rows: list[Session], pieces: frozenset[Piece] | None, words: str
) -> tuple[list[Session], list[tuple[str, str]]]:
    """Weekly rows that leave bank holidays out, and the holidays' own."""
    usual = [replace(row, bank_holidays=False) for row in rows]
    own = Session("drop_in", None, None, None, "bank_holiday", words, bank_holidays=True)
    if pieces is None:
        return [*usual, own], [("opening_hours_bank", words)]
    return [
        *usual,
        *(replace(own, start_s=start, end_s=end) for start, end in sorted(pieces)),
    ], []
