"""Clock times, dates, midnight and blank times."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.sources.gtfs_repair import add_day_at_wrap, find_uninterpolable, interpolate_blanks
from data.sources.gtfs_times import UNKNOWN, parse_dates, parse_times


def parse_one(text: str) -> int | None:
    """A time in seconds, None where blank, ValueError where malformed."""
    seconds, malformed = parse_times(pa.array([text]))
    if malformed[0]:
        raise ValueError(text)
    return None if seconds[0] == UNKNOWN else int(seconds[0])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:00:00", 0),
        ("09:05:30", 9 * 3600 + 5 * 60 + 30),
        ("9:05:30", 9 * 3600 + 5 * 60 + 30),
        (" 09:05:30 ", 9 * 3600 + 5 * 60 + 30),
        ("25:24:23", 25 * 3600 + 24 * 60 + 23),
        ("31:30:00", 31 * 3600 + 30 * 60),
        ("100:00:00", 360_000),
        ("", None),
        ("   ", None),
    ],
)
def test_times_that_are_times(text: str, seconds: int | None) -> None:
    assert parse_one(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "10:15:00am",
        "10:15",
        "10:60:00",
        "10:15:60",
        "-1:00:00",
        "10.15.00",
        "1e1:00:00",
        "١٠:15:00",
        "10:15:00\n11:00:00",
    ],
)
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(ValueError):
        parse_one(text)


@given(st.lists(st.integers(0, 999 * 3600 + 3599), max_size=40), st.booleans())
def test_every_second_survives_the_round_trip(seconds: list[int], padded: bool) -> None:
    width = 2 if padded else 1
    texts = [f"{s // 3600:0{width}d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in seconds]
    parsed, malformed = parse_times(pa.array(texts, pa.string()))
    assert parsed.tolist() == seconds
    assert not malformed.any()


@given(st.text(max_size=12))
def test_no_text_breaks_the_parser_or_is_taken_for_a_time_it_is_not(text: str) -> None:
    text = text.replace("\ud800", "")
    parsed, malformed = parse_times(pa.array([text], pa.string()))
    parts = text.strip().split(":")
    is_time = (
        len(parts) == 3
        and all(part.isascii() and part.isdigit() for part in parts)
        and 1 <= len(parts[0]) <= 3
        and all(len(part) == 2 and int(part) < 60 for part in parts[1:])
    )
    assert (parsed[0] != UNKNOWN) == is_time
    assert not (malformed[0] and is_time)


def test_dates() -> None:
    parsed = parse_dates(
        pd.Series(["20230613", "20991231", "99991231", "2023-06-13", "20230230", "", "202306"], dtype=str)
    )
    assert parsed.dt.strftime("%Y-%m-%d").tolist()[:3] == ["2023-06-13", "2099-12-31", "9999-12-31"]
    assert parsed.isna().tolist() == [False, False, False, True, True, True, True]


def wrap(
    trip: list[int], arrival: list[int], departure: list[int] | None = None
) -> tuple[list[int], list[int], list[int]]:
    arrivals, departures = np.array(arrival), np.array(departure or arrival)
    wrapped, backwards = add_day_at_wrap(np.array(trip), arrivals, departures)
    return arrivals.tolist(), wrapped.tolist(), backwards.tolist()


def test_a_day_is_added_from_the_wrap_on_and_to_that_trip_only() -> None:
    # Trip 0 leaves at 23:50 and arrives at "00:10"; trip 1 goes at 00:10 and 00:20 in its own right.
    assert wrap([0, 0, 0, 1, 1], [85_800, 600, 1200, 600, 1200]) == (
        [85_800, 87_000, 87_600, 600, 1200],
        [0],
        [],
    )


def test_a_wrap_between_arrival_and_departure_of_one_call() -> None:
    arrivals, departures = np.array([85_000, 86_390, 300]), np.array([85_000, 10, 300])
    wrapped, backwards = add_day_at_wrap(np.zeros(3, int), arrivals, departures)
    assert (arrivals.tolist(), departures.tolist()) == ([85_000, 86_390, 86_700], [85_000, 86_410, 86_700])
    assert (wrapped.tolist(), backwards.tolist()) == ([0], [])


def test_a_small_step_back_is_no_midnight() -> None:
    # Adding a day would make it monotone, and 24 hours long: 10:05 -> 10:04 the next day.
    assert wrap([0, 0, 0], [36_000, 36_300, 36_240])[1:] == ([], [0])


def test_a_trip_that_wraps_and_then_steps_back_is_dropped_and_not_called_repaired() -> None:
    assert wrap([0, 0, 0, 0], [85_800, 600, 1200, 900])[1:] == ([], [0])


def test_blank_calls_do_not_hide_a_step_back() -> None:
    assert wrap([0, 0, 0], [36_300, UNKNOWN, 36_240])[2] == [0]


def test_blanks_are_placed_by_straight_distance() -> None:
    # 0 m at 100 s, 300 m blank, 1000 m at 1100 s: 300 of 1000 m of 1000 s.
    arrival, departure = np.array([90, UNKNOWN, 1100]), np.array([100, UNKNOWN, 1100])
    blank, by_shape = interpolate_blanks(
        np.zeros(3, int), arrival, departure, np.array([0.0, 300, 1000]), np.zeros(3), None
    )
    assert (arrival[1], departure[1], blank.tolist(), by_shape) == (400, 400, [False, True, False], 0)


def test_blanks_are_placed_by_the_shapes_distance_where_it_is_whole() -> None:
    arrival = np.array([0, UNKNOWN, 1000, 0, UNKNOWN, 1000])
    trip = np.array([0, 0, 0, 1, 1, 1])
    x = np.array([0.0, 300, 1000] * 2)
    shape = np.array([0.0, 8.0, 10.0, 0.0, np.nan, 10.0])
    _, by_shape = interpolate_blanks(trip, arrival, arrival, x, np.zeros(6), shape)
    assert (arrival[1], arrival[4], by_shape) == (800, 300, 1)


def test_a_shape_distance_that_falls_is_not_used() -> None:
    arrival = np.array([0, UNKNOWN, 1000])
    _, by_shape = interpolate_blanks(
        np.zeros(3, int),
        arrival,
        arrival,
        np.array([0.0, 300, 1000]),
        np.zeros(3),
        np.array([0.0, 12.0, 10.0]),
    )
    assert (arrival[1], by_shape) == (300, 0)


def test_blanks_between_calls_at_one_place_are_spread_evenly() -> None:
    arrival = np.array([0, UNKNOWN, UNKNOWN, 90])
    interpolate_blanks(np.zeros(4, int), arrival, arrival, np.zeros(4), np.zeros(4), None)
    assert arrival.tolist() == [0, 30, 60, 90]


def test_blanks_at_the_ends_of_a_trip_have_nothing_to_lean_on() -> None:
    trip = np.array([0, 0, 0, 1, 1, 1])
    arrival = np.array([UNKNOWN, 5, UNKNOWN, 5, UNKNOWN, 9])
    assert find_uninterpolable(trip, arrival).tolist() == [True, False, True, False, False, False]


@given(st.data())
def test_interpolated_trips_never_step_back(data: st.DataObject) -> None:
    n = data.draw(st.integers(2, 12))
    times = np.sort(data.draw(st.lists(st.integers(0, 90_000), min_size=n, max_size=n)))
    blank = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    blank[[0, -1]] = False
    x = np.array(data.draw(st.lists(st.floats(-5000, 5000), min_size=n, max_size=n)))
    arrival = np.where(blank, UNKNOWN, times)
    interpolate_blanks(np.zeros(n, int), arrival, arrival, x, np.zeros(n), None)
    assert (np.diff(arrival) >= 0).all()
    assert arrival[~blank].tolist() == times[~blank].tolist()
