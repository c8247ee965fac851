"""Which sessions of which services are asked about, on which date and at what times.

Definitions: docs/methods.md, "Session, round trip".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from data.calendars import Calendar, load_calendar
from data.errors import PackError, QueryError
from data.manifest import Manifest
from data.service_days import WEEKDAYS, wall_clock_s
from data.session_rules import MONTHLY, RULES, is_in_term, is_nth_of_month, take_out_of_term
from data.text import clean_text
from geo.clock import typed_clock
from geo.query import DAY_S

ASSUMED_START_S = 37_800
ASSUMED_LENGTH_S = 7_200
LONGEST_QUOTE, MOST_QUOTED = 80, 3
KINDS = ("session", "drop_in")
# Of a monthly session, with a summer's school holidays before it, the next one is not farther away.
LOOK_AHEAD_DAYS = 120
_NO_CALENDAR = Calendar()
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Session:
    """One row of the pack's sessions: when it is held, as far as its source says."""

    service_id: str
    session_id: str
    kind: str = "session"
    weekday: int | None = None  # 0 Monday to 6 Sunday
    start_s: int | None = None
    end_s: int | None = None
    from_date: dt.date | None = None
    to_date: dt.date | None = None
    rule: str = "unparsed"
    bank_holidays: bool | None = None  # held on them too; None: not said
    text: str | None = None  # as its source wrote it

    @property
    def recurs(self) -> str:
        """How it recurs, in term or not."""
        return take_out_of_term(self.rule)

    @property
    def in_term(self) -> bool:
        """Whether it is held in school terms only."""
        return is_in_term(self.rule)

    @property
    def is_timed(self) -> bool:
        """Whether the source says on which days it is held."""
        return self.weekday is not None or self.rule == "bank_holiday"

    def runs_on(self, date: dt.date, calendar: Calendar = _NO_CALENDAR) -> bool:
        """Say whether it is held on a date; a session without a weekday may be on any.

        Without a first date it is not known which weeks a fortnightly session
        has: every week might be one. So might any day that the calendar doesn't
        know to lie in term or not be one of a term-time session.
        """
        if self.weekday is not None and date.weekday() != self.weekday:
            return False
        if (self.from_date and date < self.from_date) or (self.to_date and date > self.to_date):
            return False
        only = self.rule == "bank_holiday"
        if (only or self.bank_holidays is False) and (date in calendar.bank_holidays) != only:
            return False
        if self.in_term and calendar.is_term(date) is False:
            return False
        if self.recurs in MONTHLY:
            return is_nth_of_month(date, self.recurs)
        if self.recurs == "fortnightly" and self.from_date is not None:
            first = self.from_date + _DAY * ((date.weekday() - self.from_date.weekday()) % 7)
            return (date - first).days % 14 == 0
        return True


@dataclass(frozen=True)
class PlannedSession:
    """A session to be looked at: on this date's timetable, at these seconds of it.

    ``date`` is None where the timetable holds no date of the session. Of what begins
    soon after midnight ``date`` is the day before ``session_date``, the session's own,
    and the times are on ``date``'s clock; ``hours`` says them on that of ``session_date``.
    ``assumed``: the source doesn't say when, and the default session stands for it,
    or what it says is not all certain or not all understood; the note tells which.
    """

    service_id: str
    session_id: str
    kind: str
    date: dt.date | None
    session_date: dt.date | None
    hours: str
    start_s: int
    end_s: int
    assumed: bool
    note: str | None


def read_sessions_table(table: pd.DataFrame | None) -> list[Session]:
    """Read and check the pack's sessions.

    Raises
    ------
    PackError
        Sessions that end before they start, and whatever else can't be; all at once.
    """
    if table is None or table.empty:
        return []
    sessions = [_read_row(row) for row in table.to_dict("records")]
    faults = [fault for session in sessions for fault in _find_faults(session)]
    if faults:
        raise PackError("Sessions that can't be as they stand; correct them in the register:", faults[:50])
    return sessions


def parse_weekday(text: str) -> int:
    """Number of a weekday from its name or the first letters of it: 0 Monday to 6 Sunday.

    Raises
    ------
    QueryError
        No weekday begins so, or several do.
    """
    wanted = text.strip().casefold()
    found = [number for number, name in enumerate(WEEKDAYS) if len(wanted) > 1 and name.startswith(wanted)]
    if len(found) != 1:
        raise QueryError(f"day {text[:40]!r}: no weekday; use one of {', '.join(WEEKDAYS)}.")
    return found[0]


def choose_dates(
    manifest: Manifest, wanted: Iterable[int], *, start: dt.date | None = None
) -> dict[int, dt.date]:
    """Choose a date for each weekday: the first from the service date on, else the last before it.

    Bank holidays are passed over. Weekdays that the timetable has no date of are left out.
    """
    calendar = load_calendar(manifest)
    start = start or manifest.timetable.service_date
    found = {}
    for weekday in wanted:
        date = _find_date(Session("", "", weekday=weekday), manifest, start, calendar)
        if date is not None:
            found[weekday] = date
    return found


def plan_sessions(
    service_ids: Sequence[str],
    sessions: Sequence[Session],
    manifest: Manifest,
    *,
    on: dt.date | None = None,
    day: int | None = None,
    reach_back_s: int = 0,
    calendar: Calendar | None = None,
) -> list[PlannedSession]:
    """Choose the sessions to look at and a date for each.

    Parameters
    ----------
    service_ids : sequence of str
        Services at a venue; the plan keeps their order.
    on : date, optional
        Only what is held on this date. Without it each session is looked at on
        the first date from the pack's service date on which it is held, else
        the last before.
    day : int, optional
        Only what is held on this weekday.
    reach_back_s : int
        A session that starts sooner after midnight than this is read on the day
        before's timetable (at 24:10 rather than 00:10), which has the buses to it.
    calendar : Calendar, optional
        Bank holidays and school terms; None: the pack's own.

    Returns
    -------
    list of PlannedSession
        A service about whose days nothing is known has the default session, on
        ``on``, on ``day`` or on the service date. A service whose sessions are
        all on other days has none. Where something that a source says of a
        service's times was not understood ("closed in August"), all of its
        sessions are assumed, and the note quotes it.

    Raises
    ------
    QueryError
        ``on`` is not a date of the timetable, or not of the weekday ``day``.
    """
    facts = manifest.timetable
    calendar = load_calendar(manifest) if calendar is None else calendar
    if on is not None and not facts.first_date <= on <= facts.last_date:
        raise QueryError(
            f"date {on.isoformat()}: the timetable of {manifest.name} runs from "
            f"{facts.first_date.isoformat()} to {facts.last_date.isoformat()}; choose a date in it."
        )
    if on is not None and day is not None and on.weekday() != day:
        raise QueryError(
            f"date {on.isoformat()} is a {WEEKDAYS[on.weekday()].title()}, not a {WEEKDAYS[day].title()}."
        )
    by_service: dict[str, list[Session]] = {}
    for session in sessions:
        by_service.setdefault(session.service_id, []).append(session)
    dates: dict[Session, dt.date | None] = {}
    plan: list[PlannedSession] = []
    for service_id in service_ids:
        own = by_service.get(service_id, [])
        # What nobody could read is no session where a weekday is known, but may take some away.
        told = [one for one in own if one.is_timed] or own[:1]
        unread = [one for one in own if not one.is_timed]
        for session in told or [Session(service_id, f"{service_id}/assumed")]:
            # What is held on bank holidays only is no answer to "any day", nor to "Mondays".
            if session.rule == "bank_holiday" and on is None:
                continue
            if not session.is_timed:
                session = replace(session, weekday=day, rule="unparsed")
            if day is not None and session.weekday not in (day, None):
                continue
            if on is not None and not session.runs_on(on, calendar):
                continue
            key = replace(session, service_id="", session_id="", start_s=None, end_s=None, text=None)
            if key not in dates:
                dates[key] = on or _find_date(key, manifest, facts.service_date, calendar)
            doubts, remarks = _find_doubts(session, dates[key], calendar, asked_for_date=on is not None)
            if session.is_timed and unread:
                doubts.append(_quote_unread(unread))
            plan.append(_plan_one(session, dates[key], manifest, reach_back_s, doubts, remarks))
    return plan


def _find_doubts(
    session: Session, date: dt.date | None, calendar: Calendar, *, asked_for_date: bool
) -> tuple[list[str], list[str]]:
    """Why it may not be held on the date after all, by which it is assumed; and what to know besides."""
    doubts, remarks = [], []
    if session.in_term and date is not None and calendar.is_term(date) is None:
        doubts.append(f"in term time only, and whether {date.isoformat()} lies in term is not known")
    elif session.in_term:
        remarks.append("in term time only")
    if session.recurs == "fortnightly" and session.from_date is None:
        if asked_for_date:
            doubts.append("every other week, and whether this is one is not known")
        else:
            remarks.append("every other week; which weeks is not said")
    return doubts, remarks


def _quote_unread(unread: Sequence[Session]) -> str:
    """What of a service's times was not understood, in its source's own words."""
    quoted = [f"'{words}'" for one in unread if (words := _shorten(clean_text(one.text)))]
    told = list(dict.fromkeys(quoted))[:MOST_QUOTED] or ["a part of them"]
    return f"times as told, but {' and '.join(told)} was not read: ask the venue"


def _shorten(words: str) -> str:
    return words if len(words) <= LONGEST_QUOTE else f"{words[: LONGEST_QUOTE - 1]}…"


def _find_date(session: Session, manifest: Manifest, start: dt.date, calendar: Calendar) -> dt.date | None:
    """The first date from ``start`` on which it is held, else the last before.

    Dates not known to lie in term come after those that do, and bank holidays last of all.
    """
    facts = manifest.timetable
    first = max(facts.first_date, session.from_date or facts.first_date)
    last = min(facts.last_date, session.to_date or facts.last_date)
    if first > last:
        return None
    start = min(max(start, first), last)
    ahead = [start + _DAY * n for n in range(min(LOOK_AHEAD_DAYS, (last - start).days) + 1)]
    back = [start - _DAY * n for n in range(1, min(LOOK_AHEAD_DAYS, (start - first).days) + 1)]
    held = [date for date in (*ahead, *back) if session.runs_on(date, calendar)]
    return min(
        held,
        key=lambda date: (date in calendar.bank_holidays, session.in_term and calendar.is_term(date) is None),
        default=None,
    )


def _plan_one(
    session: Session, date: dt.date | None, manifest: Manifest, reach_back_s: int,
    doubts: list[str], remarks: list[str],
) -> PlannedSession:  # fmt: skip
    """Fill in what the source doesn't say, and put the times onto the timetable's day."""
    start_s, end_s = session.start_s, session.end_s
    notes = [*doubts, *remarks]
    assumed = bool(doubts) or not session.is_timed or session.rule == "unparsed"
    assumed |= start_s is None or end_s is None
    if start_s is None and end_s is None:
        start_s, end_s = ASSUMED_START_S, ASSUMED_START_S + ASSUMED_LENGTH_S
        notes.append("its times are not known; a session from 10:30 to 12:30 is assumed")
    elif end_s is None and start_s is not None:
        end_s = start_s + ASSUMED_LENGTH_S
        notes.append("its end is not known; two hours are assumed")
    elif start_s is None and end_s is not None:
        start_s = max(0, end_s - ASSUMED_LENGTH_S)
        notes.append("its start is not known; two hours are assumed")
    assert start_s is not None and end_s is not None
    facts, held_on = manifest.timetable, date
    hours = f"{typed_clock(start_s)} to {typed_clock(end_s)}"
    if date is None:
        notes.append(
            f"held {_span(session)}, and the timetable has {facts.first_date.isoformat()} to "
            f"{facts.last_date.isoformat()}"
        )
    elif start_s < reach_back_s and date - _DAY >= facts.first_date:
        start_s, end_s = (wall_clock_s(date - _DAY, date, at, facts.timezone) for at in (start_s, end_s))
        date -= _DAY
    return PlannedSession(
        session.service_id, session.session_id, session.kind, date, held_on, hours, start_s, end_s, assumed,
        "; ".join(notes) or None,
    )  # fmt: skip


def _span(session: Session) -> str:
    """Words for the dates of a session, when none of them is in the timetable."""
    if session.from_date or session.to_date:
        first = f"from {session.from_date.isoformat()}" if session.from_date else ""
        last = f"until {session.to_date.isoformat()}" if session.to_date else ""
        return " ".join(part for part in (first, last) if part)
    return "on no date near the service date"


def _read_row(row: Mapping[Any, Any]) -> Session:
    values = {name: None if pd.isna(row[name]) else row[name] for name in Session.__dataclass_fields__}
    on_them = values["bank_holidays"]
    whole = {name: _as_int(values[name]) for name in ("weekday", "start_s", "end_s")}
    dates = {name: _as_date(values[name]) for name in ("from_date", "to_date")}
    words = {name: str(values[name]) for name in ("service_id", "session_id", "kind", "rule")}
    fields: dict[str, Any] = {**words, **whole, **dates, "text": values["text"]}
    return Session(**fields, bank_holidays=None if on_them is None else bool(on_them))


def _as_int(value: Any) -> int | None:
    return None if value is None else int(value)


def _as_date(value: Any) -> dt.date | None:
    return value.date() if isinstance(value, dt.datetime) else value


def _find_faults(session: Session) -> list[str]:
    where = f"{session.service_id}, {session.session_id}"
    faults = []
    if session.kind not in KINDS:
        faults.append(f"{where}: kind {session.kind!r}: must be {' or '.join(KINDS)}")
    if session.rule not in RULES:
        faults.append(f"{where}: rule {session.rule!r}: must be one of {', '.join(RULES)}")
    if session.weekday is not None and not 0 <= session.weekday <= 6:
        faults.append(f"{where}: weekday {session.weekday}: must be 0 (Monday) to 6 (Sunday)")
    for name, time_s in (("start", session.start_s), ("end", session.end_s)):
        if time_s is not None and not 0 <= time_s <= 2 * DAY_S:
            faults.append(f"{where}: {name} {time_s} s: must be from 00:00 to 48:00")
    if session.start_s is not None and session.end_s is not None:
        if session.end_s <= session.start_s:
            faults.append(
                f"{where}: ends at {typed_clock(session.end_s)}, before it starts at "
                f"{typed_clock(session.start_s)}; after midnight write 25:00 for 01:00"
            )
        elif session.end_s - session.start_s > DAY_S:
            faults.append(f"{where}: lasts over 24 hours")
    if session.from_date and session.to_date and session.to_date < session.from_date:
        faults.append(f"{where}: runs until {session.to_date}, before it begins on {session.from_date}")
    return faults
