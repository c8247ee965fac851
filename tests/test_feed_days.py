"""Service days: set algebra against a plain reference, the choice of the day, clock changes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.areapack import Feed
from data.bank_holidays import NATIONS, load_bank_holidays
from data.errors import FeedError, UsageError
from data.schema import CALENDAR, CALENDAR_DATES, STOP_TIMES
from data.service_days import (
    choose_service_date,
    compute_feed_dates,
    find_services_with_days,
    find_trips_on,
    operators_without_service,
    service_day_offset_s,
    services_on,
)

D = dt.date
Row = tuple[str, str, D, D]


def feed_of(
    calendar: list[Row],
    dates: list[tuple[str, D, int]] = [],  # noqa: B006
    trips: list[tuple[str, str]] | None = None,
    timezone: str = "Europe/London",
) -> Feed:
    """A feed that is nothing but calendars and trips of (operator, service)."""
    if trips is None:
        trips = [
            ("OP", name) for name in dict.fromkeys([row[0] for row in calendar] + [row[0] for row in dates])
        ]
    operators = list(dict.fromkeys(operator for operator, _ in trips))
    return Feed(
        agency=pd.DataFrame(
            {
                "agency_id": operators,
                "agency_name": [f"{name} Buses" for name in operators],
                "agency_timezone": timezone,
            }
        ),
        routes=pd.DataFrame({"route_id": [f"R{name}" for name in operators], "agency_id": operators}),
        trips=pd.DataFrame(
            {
                "trip_id": [f"T{k}" for k in range(len(trips))],
                "route_id": [f"R{operator}" for operator, _ in trips],
                "service_id": [service for _, service in trips],
            }
        ),
        stop_times={name: np.empty(0, np.int32) for name in STOP_TIMES.column_names},
        calendar=pd.DataFrame(
            [(name, *(flag == "1" for flag in flags), first, last) for name, flags, first, last in calendar],
            columns=CALENDAR.column_names,
        ),
        calendar_dates=pd.DataFrame(dates, columns=CALENDAR_DATES.column_names),
    )


def reference(calendar: list[Row], dates: list[tuple[str, D, int]], date: D) -> set[str]:
    """Calendar plus added minus removed, as plainly as it can be said."""
    running = set()
    for name, flags, first, last in calendar:
        if flags[date.weekday()] == "1" and first <= date <= last:
            running.add(name)
    for name, day, kind in dates:
        if day == date and kind == 1:
            running.add(name)
        if day == date and kind == 2:
            running.discard(name)
    return running


SERVICES = st.sampled_from(["a", "b", "c", "d"])
DAYS = st.dates(D(2023, 5, 1), D(2023, 7, 15))
CALENDARS = st.lists(
    st.tuples(SERVICES, st.text("01", min_size=7, max_size=7), DAYS, DAYS).map(
        lambda row: (row[0], row[1], min(row[2:]), max(row[2:]))
    ),
    max_size=4,
    unique_by=lambda row: row[0],
)
EXCEPTIONS = st.lists(
    st.tuples(SERVICES, DAYS, st.sampled_from([1, 2])), max_size=12, unique_by=lambda row: row[:2]
)


@given(CALENDARS, EXCEPTIONS)
def test_services_on_every_date_as_the_plain_reference_has_them(
    calendar: list[Row], dates: list[tuple[str, D, int]]
) -> None:
    feed = feed_of(calendar, dates)
    ever: set[str] = set()
    for offset in range(0, 80):
        date = D(2023, 4, 28) + dt.timedelta(days=offset)
        expected = reference(calendar, dates, date)
        ever |= expected
        if offset % 7 == len(calendar):  # a weekday's worth is enough to compare in full
            assert services_on(feed, date) == expected
    assert find_services_with_days(feed) == ever


@given(CALENDARS, EXCEPTIONS, DAYS)
def test_services_on_one_date(calendar: list[Row], dates: list[tuple[str, D, int]], date: D) -> None:
    feed = feed_of(calendar, dates)
    assert services_on(feed, date) == reference(calendar, dates, date)
    trips = feed.trips["service_id"].tolist()
    assert find_trips_on(feed, date).tolist() == [
        k for k, name in enumerate(trips) if name in services_on(feed, date)
    ]


def test_dates_as_timestamps_are_read_like_dates() -> None:
    feed = feed_of([("a", "1111111", D(2023, 6, 1), D(2099, 12, 31))], [("a", D(2023, 6, 5), 2)])
    feed.calendar["start_date"] = pd.to_datetime(feed.calendar["start_date"])
    feed.calendar_dates["date"] = pd.to_datetime(feed.calendar_dates["date"])
    assert services_on(feed, D(2023, 6, 4)) == {"a"}
    assert services_on(feed, D(2023, 6, 5)) == frozenset()
    assert services_on(feed, D(2099, 12, 31)) == {"a"}


def test_both_ends_of_a_calendar_belong_to_it() -> None:
    feed = feed_of([("a", "1111111", D(2023, 6, 1), D(2023, 6, 3))])
    assert [bool(services_on(feed, D(2023, 5, 31) + dt.timedelta(days=k))) for k in range(5)] == [
        False,
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("date", "other", "seconds"),
    [
        (D(2023, 6, 13), D(2023, 6, 12), -86_400),
        (D(2023, 6, 13), D(2023, 6, 14), 86_400),
        (D(2023, 6, 13), D(2023, 6, 13), 0),
        # Clocks go forward on 26 March 2023: noon to noon is 23 hours; back on 29 October: 25.
        (D(2023, 3, 26), D(2023, 3, 25), -82_800),
        (D(2023, 3, 25), D(2023, 3, 26), 82_800),
        (D(2023, 3, 27), D(2023, 3, 26), -86_400),
        (D(2023, 10, 29), D(2023, 10, 28), -90_000),
    ],
)
def test_the_distance_of_service_days(date: D, other: D, seconds: int) -> None:
    assert service_day_offset_s(date, other, "Europe/London") == seconds


def test_the_distance_of_service_days_elsewhere() -> None:
    assert service_day_offset_s(D(2023, 3, 26), D(2023, 3, 25), "America/Sao_Paulo") == -86_400


def test_bank_holidays() -> None:
    england, scotland, ireland = (load_bank_holidays(nation) for nation in NATIONS)
    assert D(2023, 5, 8) in england & scotland & ireland  # the Coronation
    assert D(2022, 9, 19) in england & scotland & ireland  # a state funeral
    assert D(2018, 4, 2) in england - scotland  # Easter Monday
    assert D(2023, 1, 2) in scotland
    assert D(2023, 7, 12) in ireland - england
    assert D(2023, 8, 7) in scotland - england
    assert all(len([d for d in england if d.year == year]) >= 8 for year in range(2015, 2031))
    with pytest.raises(UsageError, match="england_wales"):
        load_bank_holidays("cornwall")


JUNE = (D(2023, 6, 1), D(2023, 6, 30))


def test_the_day_is_the_median_tuesday_to_thursday_and_the_earliest_of_equals() -> None:
    # Tuesdays have 3 trips, Wednesdays 2, Thursdays 1: of 4 + 4 + 5 days in June the seventh has 2.
    feed = feed_of(
        [("all", "1111111", *JUNE), ("tue", "0100000", *JUNE), ("wed", "0110000", *JUNE)],
    )
    chosen = choose_service_date(feed)
    assert (chosen.date, chosen.trips, len(chosen.candidates), chosen.relaxed) == (
        D(2023, 6, 7),
        2,
        13,
        False,
    )
    assert "Wednesday 7 June 2023" in chosen.why
    assert "13 candidates" in chosen.why


def test_of_an_even_number_the_lower_median_is_taken() -> None:
    feed = feed_of(
        [
            ("all", "1111111", D(2023, 6, 13), D(2023, 6, 14)),
            ("wed", "0010000", D(2023, 6, 13), D(2023, 6, 14)),
        ]
    )
    assert choose_service_date(feed).date == D(2023, 6, 13)


def test_no_candidate_lies_over_twelve_weeks_after_the_latest_start() -> None:
    feed = feed_of(
        [
            ("old", "1111111", D(2017, 1, 3), D(2099, 12, 31)),
            ("new", "1111111", D(2018, 4, 8), D(2099, 12, 31)),
        ]
    )
    chosen = choose_service_date(feed)
    assert chosen.feed_dates.latest_start == D(2018, 4, 8)
    assert min(chosen.candidates) == D(2018, 4, 10)
    assert max(chosen.candidates) == D(2018, 6, 28)  # 12 weeks are up on Sunday 1 July
    assert chosen.date == D(2018, 4, 10)


def test_bank_and_school_holidays_are_left_out() -> None:
    # Thursday 2 June 2022 was a bank holiday, and that week half-term.
    feed = feed_of([("all", "1111111", D(2022, 5, 30), D(2022, 6, 12))])
    holidays = [(D(2022, 5, 30), D(2022, 6, 3))]
    assert D(2022, 6, 2) not in choose_service_date(feed).candidates
    assert choose_service_date(feed).candidates[0] == D(2022, 5, 31)
    assert choose_service_date(feed, school_holidays=holidays).candidates == (
        D(2022, 6, 7),
        D(2022, 6, 8),
        D(2022, 6, 9),
    )


def test_bank_holidays_depend_on_the_place() -> None:
    week = feed_of([("all", "1111111", D(2023, 7, 10), D(2023, 7, 14))])
    assert D(2023, 7, 12) in choose_service_date(week).candidates
    assert D(2023, 7, 12) not in choose_service_date(week, nation="northern_ireland").candidates
    abroad = feed_of([("all", "1111111", D(2022, 5, 30), D(2022, 6, 3))], timezone="America/Sao_Paulo")
    assert D(2022, 6, 2) in choose_service_date(abroad).candidates


def test_the_day_lies_inside_all_operators_dates() -> None:
    feed = feed_of(
        [("one", "1111111", D(2023, 6, 1), D(2023, 6, 30)), ("two", "1111111", D(2023, 6, 1), D(2023, 6, 8))],
        trips=[("A", "one"), ("B", "two")],
    )
    assert max(choose_service_date(feed).candidates) == D(2023, 6, 8)


def test_operators_that_drop_out_are_named() -> None:
    feed = feed_of(
        [("one", "1111111", *JUNE), ("sun", "0000001", *JUNE)],
        trips=[("B", "sun"), ("A", "one"), ("C", "sun")],
    )
    assert choose_service_date(feed).operators_without_service == ("B Buses", "C Buses")
    assert operators_without_service(feed, D(2023, 6, 4)) == ()


def check_relaxed(feed: Feed, expected: D, words: str, **options: Any) -> None:
    chosen = choose_service_date(feed, **options)
    assert chosen.date == expected
    assert chosen.relaxed
    assert words in chosen.why
    assert "No day meets the whole rule" in chosen.why


def test_the_rule_is_relaxed_in_order_and_says_so() -> None:
    week = feed_of([("a", "1111111", D(2023, 6, 5), D(2023, 6, 11))])
    check_relaxed(week, D(2023, 6, 6), "school holidays allowed", school_holidays=[JUNE])
    # B's services end before A's last ones start: no day after the latest start is inside the dates of both.
    apart = [
        ("a", "1111111", D(2023, 6, 5), D(2023, 6, 30)),
        ("late", "1111111", D(2023, 6, 20), D(2023, 6, 30)),
    ]
    b = ("b", "1111111", D(2023, 6, 5), D(2023, 6, 11))
    trips = [("A", "a"), ("A", "late"), ("B", "b")]
    check_relaxed(feed_of([*apart, b], trips=trips), D(2023, 6, 6), "before the latest start date")
    # A and B never overlap.
    never = feed_of(
        [("a", "1111111", D(2023, 6, 12), D(2023, 6, 18)), ("b", "1111111", D(2023, 6, 5), D(2023, 6, 11))],
        trips=[("A", "a"), ("B", "b")],
    )
    check_relaxed(never, D(2023, 6, 6), "as many operators as there are")
    assert choose_service_date(never).operators_without_service == ("A Buses",)
    check_relaxed(
        feed_of([("a", "1000100", D(2023, 6, 5), D(2023, 6, 11))]), D(2023, 6, 5), "Monday to Friday"
    )
    check_relaxed(
        feed_of([("a", "0000001", D(2023, 6, 5), D(2023, 6, 11))]), D(2023, 6, 11), "any day with a trip"
    )


def test_a_fixed_date_keeps_its_reason() -> None:
    feed = feed_of([("a", "1111111", *JUNE)])
    chosen = choose_service_date(feed, fixed=(D(2023, 6, 13), "the week of the survey"))
    assert (chosen.date, chosen.relaxed, chosen.candidates) == (D(2023, 6, 13), False, ())
    assert chosen.why == "Tuesday 13 June 2023, fixed by the configuration: the week of the survey"
    with pytest.raises(FeedError, match=r"2024-01-01.*2023-06-01 to 2023-06-30"):
        choose_service_date(feed, fixed=(D(2024, 1, 1), "a slip"))


def test_added_dates_as_the_only_calendar() -> None:
    feed = feed_of([], [("a", D(2023, 6, day), 1) for day in range(1, 15)])
    assert compute_feed_dates(feed).first == D(2023, 6, 1)
    assert compute_feed_dates(feed).last == D(2023, 6, 14)
    assert choose_service_date(feed).date == D(2023, 6, 1)


def test_services_without_a_day_do_not_stretch_the_dates() -> None:
    feed = feed_of([("a", "1111111", *JUNE), ("never", "0000000", D(2017, 1, 1), D(2099, 12, 31))])
    dates = compute_feed_dates(feed)
    assert (dates.first, dates.last, dates.latest_start) == (*JUNE, JUNE[0])


def test_a_feed_without_any_day() -> None:
    with pytest.raises(FeedError, match="no trip runs on any date"):
        choose_service_date(feed_of([("a", "0000000", *JUNE)]))
    removed = feed_of([("a", "0100000", D(2023, 6, 6), D(2023, 6, 6))], [("a", D(2023, 6, 6), 2)])
    with pytest.raises(FeedError, match="no trip runs on any date"):
        choose_service_date(removed)
