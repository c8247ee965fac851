"""Bank holidays and school terms of a pack: on which dates a session is held that keeps to them."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from data.bank_holidays import load_bank_holidays
from data.date_words import say_day
from data.manifest import CalendarFacts, Manifest

Period = tuple[dt.date, dt.date]
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """Days off, and school terms and holidays as far as they are known; periods hold both ends."""

    bank_holidays: frozenset[dt.date] = frozenset()
    terms: tuple[Period, ...] = ()
    holidays: tuple[Period, ...] = ()

    def is_term(self, date: dt.date) -> bool | None:
        """Say whether schools have term on a date; None where that is not known.

        A listed holiday is none, whatever else is listed. Known are the days
        from the first to the last that anything is listed for: between listed
        terms lie holidays, and between listed holidays, where no terms are
        listed, term.
        """
        if _inside(date, self.holidays):
            return False
        if _inside(date, self.terms):
            return True
        listed = self.terms or self.holidays
        if not listed or not listed[0][0] <= date <= max(last for _, last in listed):
            return None
        return not self.terms


def build_calendar(facts: CalendarFacts, timezone: str = "Europe/London") -> Calendar:
    """Build the calendar that a manifest tells of; bank holidays are the United Kingdom's."""
    known = facts.nation is not None and timezone == "Europe/London"
    return Calendar(
        bank_holidays=load_bank_holidays(facts.nation) if known and facts.nation else frozenset(),
        terms=tuple(sorted(facts.school_terms)),
        holidays=tuple(sorted(facts.school_holidays)),
    )


def load_calendar(manifest: Manifest) -> Calendar:
    """Return the calendar of a pack."""
    return build_calendar(manifest.calendar, manifest.timetable.timezone)


def say_bank_holiday(manifest: Manifest, date: dt.date) -> str | None:
    """What to beware of on a bank holiday; None on any other date.

    Many timetables do not say which buses run on one, so that it looks like
    any other Monday.
    """
    if date not in load_calendar(manifest).bank_holidays:
        return None
    return (
        f"{say_day(date)} is a bank holiday: the buses are those that the timetable has for that date, and "
        "many timetables leave bank holidays out. Few or none may run."
    )


def list_school_holidays(calendar: Calendar) -> tuple[Period, ...]:
    """List the periods known to be no term: those listed, and those between listed terms."""
    between = [
        (last + _DAY, first - _DAY)
        for (_, last), (first, _) in itertools.pairwise(calendar.terms)
        if first - last > _DAY
    ]
    return tuple(sorted({*calendar.holidays, *between}))


def _inside(date: dt.date, periods: Sequence[Period]) -> bool:
    return any(first <= date <= last for first, last in periods)
