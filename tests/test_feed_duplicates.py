"""Duplicate trips: which go, which stay, which are only reported."""

from __future__ import annotations

import datetime as dt
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.areapack import Feed
from data.duplicates import find_duplicate_trips
from data.service_days import find_trips_on
from geo.engine import Engine
from tests.feed_files import SOUND, T1, calls_text, read_feed
from tests.test_feed_days import feed_of
from tests.towns import Calendar, build_town, route, trip

TUESDAY, SATURDAY = dt.date(2023, 6, 13), dt.date(2023, 6, 17)


def dropped(
    path: Path, second: str, **changed: str
) -> tuple[list[str], dict[str, int], dict[tuple[str, str], int]]:
    """What goes when T1 has a twin; ``second`` is the twin's line in trips.txt."""
    twin = second.rsplit(",", 1)[1]
    result = read_feed(
        path,
        **{
            "trips": f"route_id,service_id,trip_id\nR1,WD,T1\n{second}\n",
            "stop_times": calls_text(*T1, *(row.replace("T1", twin) for row in T1)),
            **changed,
        },
    )
    found = find_duplicate_trips(result.feed, TUESDAY)
    return result.feed.trips["trip_id"].iloc[found.drop].tolist(), found.by_operator, found.shared


def test_a_twin_goes_and_is_counted_by_operator(tmp_path: Path) -> None:
    assert dropped(tmp_path, "R1,WD,T2") == (["T2"], {"Test Buses": 1}, {})


def test_the_smallest_route_and_trip_stay_whatever_their_order(tmp_path: Path) -> None:
    assert dropped(tmp_path, "R1,WD,T0")[0] == ["T1"]
    routes = SOUND["routes"] + "R0,OP,1,,3\n"
    assert dropped(tmp_path, "R0,WD,T9", routes=routes)[0] == ["T1"]


TWO_OPERATORS = SOUND["agency"] + "O2,Other Buses,,Europe/London\n"


def test_identical_trips_of_two_operators_are_reported_and_kept(tmp_path: Path) -> None:
    routes = SOUND["routes"] + "R2,O2,1,,3\n"
    assert dropped(tmp_path, "R2,WD,T2", routes=routes, agency=TWO_OPERATORS) == (
        [],
        {},
        {("Other Buses", "Test Buses"): 1},
    )


@pytest.mark.parametrize("other", ["R2,OP,2,,3", "R2,OP,1,,0"])
def test_another_name_or_mode_is_another_bus(tmp_path: Path, other: str) -> None:
    assert dropped(tmp_path, "R2,WD,T2", routes=SOUND["routes"] + other + "\n") == ([], {}, {})


def test_an_extended_route_type_of_the_same_mode_is_the_same_bus(tmp_path: Path) -> None:
    assert dropped(tmp_path, "R2,WD,T2", routes=SOUND["routes"] + "R2,OP,1,,700\n")[0] == ["T2"]


def test_both_must_run_that_date(tmp_path: Path) -> None:
    calendar = SOUND["calendar"] + "SA,0,0,0,0,0,1,0,20230601,20230630\n"
    assert dropped(tmp_path, "R1,SA,T2", calendar=calendar)[0] == []
    overlapping = SOUND["calendar"] + "TU,0,1,0,0,0,1,0,20230601,20230630\n"
    assert dropped(tmp_path, "R1,TU,T2", calendar=overlapping)[0] == ["T2"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("09:05:00,09:05:00,B", "09:05:00,09:06:00,B"),
        ("09:05:00,09:05:00,B", "09:04:00,09:05:00,B"),
        (",D,", ",E,"),
        ("D,4,0,0", "D,4,1,0"),
        ("D,4,0,0", "D,4,0,1"),
    ],
)
def test_any_difference_in_a_call_makes_two_trips(tmp_path: Path, old: str, new: str) -> None:
    rows = [row + ",0,0" for row in T1]
    twins = [row.replace("T1", "T2").replace(old, new) for row in rows]
    assert twins != [row.replace("T1", "T2") for row in rows]
    header = "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type"
    text = calls_text(*rows, *twins, header=header)
    assert dropped(tmp_path, "R1,WD,T2", stop_times=text)[0] == []


def test_a_trip_that_is_the_start_of_another_is_another(tmp_path: Path) -> None:
    text = calls_text(*T1, *(row.replace("T1", "T2") for row in T1[:3]))
    assert dropped(tmp_path, "R1,WD,T2", stop_times=text)[0] == []


def test_nothing_runs(tmp_path: Path) -> None:
    found = find_duplicate_trips(read_feed(tmp_path).feed, SATURDAY)
    assert (found.drop.tolist(), found.by_operator, found.shared) == ([], {}, {})


CALLS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 1)), min_size=2, max_size=3)


@given(st.lists(st.tuples(st.sampled_from(["A", "B"]), CALLS), min_size=1, max_size=12))
def test_duplicates_as_a_comparison_of_every_pair_has_them(
    trips: list[tuple[str, list[tuple[int, int, int]]]],
) -> None:
    base = feed_of(
        [("s", "1111111", dt.date(2023, 6, 1), dt.date(2023, 6, 30))],
        trips=[(operator, "s") for operator, _ in trips],
    )
    flat = [(k, stop, time, pickup) for k, (_, calls) in enumerate(trips) for stop, time, pickup in calls]
    columns = np.array(flat, np.int32).T
    feed = Feed(
        agency=base.agency,
        routes=base.routes.assign(route_short_name=None, mode="bus"),
        trips=base.trips,
        stop_times={
            "trip_index": columns[0],
            "stop_index": columns[1],
            "arrival_s": columns[2],
            "departure_s": columns[2],
            "pickup_type": columns[3].astype(np.int8),
            "drop_off_type": np.zeros(len(flat), np.int8),
        },
        calendar=base.calendar,
        calendar_dates=base.calendar_dates,
    )
    ids = base.trips["trip_id"].tolist()
    expected = set()
    for one, two in combinations(range(len(trips)), 2):
        if trips[one] == trips[two]:
            expected.add(max(one, two, key=lambda trip: ids[trip]))
    assert find_duplicate_trips(feed, TUESDAY).drop.tolist() == sorted(expected)
    assert len(find_trips_on(feed, TUESDAY)) == len(trips)


def test_an_engine_asked_for_many_dates_leaves_out_the_repeats_of_each() -> None:
    """The 09:40 runs twice on weekdays and Sundays, by one calendar and by two, and once on Saturdays."""
    calls = (("A", "09:40"), ("B", "09:50"))
    days = {"week": "1111100", "weekend": "0000011", "sunday": "0000001"}
    pack = build_town(
        stops={"A": (0, 0), "B": (2000, 0)},
        routes=[route("1", *(trip(*calls, calendar=name) for name in ("week", "week", "weekend", "sunday")))],
        calendars={name: Calendar(week) for name, week in days.items()},
    )
    engine = Engine(pack)
    dropped = []
    for date in (pack.manifest.timetable.service_date + dt.timedelta(number) for number in range(14)):
        found = engine.duplicate_trips(date)
        assert found.tolist() == find_duplicate_trips(pack.feed, date).drop.tolist()
        dropped.append(len(found))
    first = pack.manifest.timetable.service_date.weekday()
    assert dropped == [1 if (first + number) % 7 != 5 else 0 for number in range(14)]
