"""The timetable: lanes without overtaking, patterns, neighbouring days, read-only."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.query import DAY_S, Query
from geo.timetable import build_timetable, timetable_span_s
from tests.towns import SERVICE_DATE, Calendar, build_town, call, route, seconds, shifted, trip

STOPS = {name: (1000.0 * i, 0.0) for i, name in enumerate("ABCD")}


def town(*trips, routes=None, **fields):
    return build_town(stops=STOPS, routes=routes or [route("1", *trips)], **fields)


def lanes_of(timetable):
    """Each lane as (stops, trip rows, departures by position)."""
    lanes = []
    for lane in range(timetable.n_lanes):
        part = slice(timetable.lane_first[lane], timetable.lane_first[lane + 1])
        rows = slice(timetable.trip_first[lane], timetable.trip_first[lane + 1])
        departures = timetable.times_of_lane(lane)[1]
        lanes.append(
            (
                "".join("ABCD"[s] for s in timetable.stop[part]),
                timetable.trip_index[rows].tolist(),
                departures,
            )
        )
    return lanes


def test_trips_of_a_pattern_share_a_lane_earliest_first():
    line = trip(("A", "09:00"), ("B", "09:10"), ("C", "09:20"))
    built = build_timetable(town(*shifted(line, ["10:00", "09:00", "11:00"])), SERVICE_DATE, ("bus",))
    ((stops, rows, departures),) = lanes_of(built)
    assert (stops, rows) == ("ABC", [1, 0, 2])
    assert departures.tolist() == [
        [seconds(t) for t in times]
        for times in (["09:00", "10:00", "11:00"], ["09:10", "10:10", "11:10"], ["09:20", "10:20", "11:20"])
    ]


def test_a_trip_that_overtakes_gets_a_lane_of_its_own():
    slow = trip(("A", "09:00"), ("B", "09:30"))
    quick = trip(("A", "09:05"), ("B", "09:20"))
    last = trip(("A", "09:10"), ("B", "09:40"))
    built = build_timetable(town(slow, quick, last), SERVICE_DATE, ("bus",))
    assert sorted(sorted(rows) for _, rows, _ in lanes_of(built)) in ([[0], [1, 2]], [[0, 2], [1]])


def test_one_second_of_overtaking_at_an_arrival_alone_splits():
    # Both leave A at 09:00 and B at 09:30; the second arrives at B a second earlier but at C later.
    one = trip(("A", "09:00"), ("B", "09:20:01", "09:30"), ("C", "09:40"))
    two = trip(("A", "09:00"), ("B", "09:20:00", "09:30"), ("C", "09:41"))
    assert build_timetable(town(one, two), SERVICE_DATE, ("bus",)).n_lanes == 2


def test_overtaking_at_a_departure_alone_splits():
    # The second waits less at B and leaves it first, but is behind at every arrival.
    one = trip(("A", "09:00"), ("B", "09:20", "09:31"), ("C", "09:50"))
    two = trip(("A", "09:05"), ("B", "09:25", "09:30"), ("C", "09:51"))
    assert build_timetable(town(one, two), SERVICE_DATE, ("bus",)).n_lanes == 2


@pytest.mark.parametrize("kind", ["pickup", "drop_off"])
def test_trips_that_differ_in_pickup_or_drop_off_are_different_patterns(kind):
    plain = trip(("A", "09:00"), ("B", "09:10"))
    other = trip(call("A", "10:00", **{kind: 1}), call("B", "10:10"))
    built = build_timetable(town(plain, other), SERVICE_DATE, ("bus",))
    assert built.n_lanes == 2
    flags = built.can_board if kind == "pickup" else built.can_alight
    assert sorted(flags.tolist()) == [False, True, True, True]


@pytest.mark.parametrize("kind", [2, 3])
def test_by_arrangement_still_boards_and_alights(kind):
    line = trip(call("A", "09:00", pickup=kind), call("B", "09:10", drop_off=kind))
    built = build_timetable(town(line), SERVICE_DATE, ("bus",))
    assert built.can_board.all() and built.can_alight.all()


def test_a_stop_called_at_twice_is_listed_twice():
    built = build_timetable(
        town(trip(("A", "09:00"), ("B", "09:10"), ("A", "09:20"))), SERVICE_DATE, ("bus",)
    )
    calls = slice(built.stop_first[0], built.stop_first[1])
    assert built.stop_position[calls].tolist() == [0, 2]


def test_modes_choose_the_trips():
    routes = [
        route("bus", trip(("A", "09:00"), ("B", "09:10"))),
        route("tram", trip(("A", "09:00"), ("B", "09:05")), route_type=0),
    ]
    pack = town(routes=routes)
    assert build_timetable(pack, SERVICE_DATE, ("bus",)).trip_index.tolist() == [0]
    assert build_timetable(pack, SERVICE_DATE, ("bus", "tram")).n_trips == 2
    assert build_timetable(pack, SERVICE_DATE, ("ferry",)).n_lanes == 0


def test_the_day_before_and_the_day_after_are_on_the_dates_own_clock():
    # Daily 25:10 to 25:40 and 00:20 to 00:50, read from Tuesday: Monday's 25:10 at 01:10, and
    # Wednesday's 00:20 at 24:20 where the span reaches that far.
    pack = town(trip(("A", "25:10"), ("B", "25:40")), trip(("A", "00:20"), ("B", "00:50")))

    def starts(span_s):
        built = build_timetable(pack, SERVICE_DATE, ("bus",), span_s=span_s)
        return sorted(int(built.times_of_lane(0)[1][0, row]) for row in range(built.n_trips))

    own = [seconds("00:20"), seconds("01:10"), seconds("25:10")]
    assert starts(DAY_S) == own
    # Two days: Wednesday's trips that start by 48:00; its own 25:10 would be at 49:10.
    assert starts(2 * DAY_S) == sorted([*own, seconds("24:20"), 2 * DAY_S + seconds("00:20")])[:4]


def test_a_clock_change_moves_the_day_before_by_an_hour():
    # Clocks go forward on Sunday 30 March 2025: Saturday's noon is 23 hours before Sunday's noon,
    # so Saturday's 25:10 stands at 25:10 - 23:00 = 02:10 of Sunday's clock.
    late = {"late": Calendar("0000010")}
    pack = town(trip(("A", "25:10"), ("B", "25:40"), calendar="late"), calendars=late)
    built = build_timetable(pack, dt.date(2025, 3, 30), ("bus",))
    assert built.departure_s[0] == seconds("02:10")


def test_a_span_counts_in_whole_days():
    assert timetable_span_s(Query()) == DAY_S
    # 20:51 and 3 hours of horizon, a minute of slack and 8 minutes of walk: midnight.
    assert timetable_span_s(Query(window_start_s=72_000, window_end_s=seconds("20:51"))) == DAY_S
    assert timetable_span_s(Query(window_start_s=72_000, window_end_s=seconds("20:51:01"))) == 2 * DAY_S


def test_arrays_can_not_be_changed():
    built = build_timetable(town(trip(("A", "09:00"), ("B", "09:10"))), SERVICE_DATE, ("bus",))
    with pytest.raises(ValueError, match="read-only"):
        built.departure_s[0] = 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=3), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
def test_no_lane_overtakes_and_no_trip_is_lost_whatever_their_order(gaps, random):
    trips = []
    for gap in gaps:
        times = np.cumsum(gap) * 60 + 30_000
        trips.append(trip(*((stop, int(time)) for stop, time in zip("ABC", times, strict=True))))
    random.shuffle(trips)
    built = build_timetable(town(*trips), SERVICE_DATE, ("bus",))
    assert sorted(built.trip_index.tolist()) == list(range(len(trips)))
    for lane in range(built.n_lanes):
        arrivals, departures = built.times_of_lane(lane)
        assert (np.diff(arrivals, axis=1) >= 0).all()
        assert (np.diff(departures, axis=1) >= 0).all()
        for row, index in enumerate(built.trip_index[built.trip_first[lane] : built.trip_first[lane + 1]]):
            assert departures[:, row].tolist() == [c.departure_s for c in trips[index].calls]
