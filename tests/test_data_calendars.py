"""School terms and bank holidays of a pack: what is listed, what lies between, and what nobody knows."""

from __future__ import annotations

import datetime as dt

import pytest

from data.calendars import Calendar, build_calendar, list_school_holidays
from data.manifest import CalendarFacts


def day(month: int, number: int) -> dt.date:
    return dt.date(2026, month, number)


SPRING, SUMMER = (day(1, 5), day(3, 27)), (day(4, 13), day(7, 17))
HALF_TERM = (day(2, 16), day(2, 20))


@pytest.mark.parametrize(
    ("terms", "holidays", "date", "known"),
    [
        ((SPRING, SUMMER), (HALF_TERM,), day(1, 5), True),
        ((SPRING, SUMMER), (HALF_TERM,), day(2, 18), False),
        # Between two terms lie holidays; before the first and after the last nobody knows.
        ((SPRING, SUMMER), (), day(4, 1), False), ((SPRING, SUMMER), (), day(1, 4), None),
        ((SPRING, SUMMER), (), day(7, 18), None),
        # Where only holidays are listed, what lies between them is term.
        ((), (HALF_TERM, (day(4, 1), day(4, 10))), day(3, 2), True), ((), (HALF_TERM,), day(2, 16), False),
        ((), (HALF_TERM,), day(3, 2), None), ((), (), day(3, 2), None),
        # A listed holiday is known for one also outside the listed terms.
        ((SPRING,), ((day(7, 20), day(8, 31)),), day(8, 1), False),
    ],
)  # fmt: skip
def test_term_holiday_or_not_known(terms, holidays, date: dt.date, known: bool | None):
    assert Calendar(terms=terms, holidays=holidays).is_term(date) is known


def test_the_service_date_avoids_what_lies_between_terms_too():
    calendar = build_calendar(CalendarFacts(school_terms=(SUMMER, SPRING), school_holidays=(HALF_TERM,)))
    assert list_school_holidays(calendar) == (HALF_TERM, (day(3, 28), day(4, 12)))


def test_bank_holidays_are_a_nations_and_none_abroad():
    st_andrews = dt.date(2026, 11, 30)
    assert st_andrews in build_calendar(CalendarFacts(nation="scotland")).bank_holidays
    assert st_andrews not in build_calendar(CalendarFacts()).bank_holidays
    assert not build_calendar(CalendarFacts(), "Europe/Paris").bank_holidays
    assert not build_calendar(CalendarFacts(nation=None)).bank_holidays
