"""Hand-derived towns: classes and reasons one by one, two buses, modes, what is outside the data."""

from __future__ import annotations

import datetime as dt

import pytest
import shapely

from tests.proof import line_town
from tests.towns import Calendar, Stop, build_town, call, point, route, service, street, trip

BUS = trip(("A", "09:40"), ("E", "09:50"))


# ------------------------------------------------------------------ reasons, in their order


def test_no_stop_near_origin(ask):
    # The nearest stop of home at 8,000 m is E at 4,900 m.
    assert ask(line_town(BUS, home=8000))["reason"] == "no_stop_near_origin"


def test_a_stop_that_is_not_active_is_no_stop(ask):
    town = line_town(BUS, home=8000, stops={"Z": Stop(8000, 0, active=False)})
    assert ask(town)["reason"] == "no_stop_near_origin"


def test_no_stop_near_service(ask):
    assert ask(line_town(BUS, clinic=8000))["reason"] == "no_stop_near_service"


def test_no_stop_near_origin_comes_before_no_stop_near_service(ask):
    assert ask(line_town(BUS, home=7000, clinic=9000))["reason"] == "no_stop_near_origin"


def test_no_timetable_near_the_origin(ask):
    # Stop Z is active, but no trip on any date calls there: what people can reach is not known.
    row = ask(line_town(BUS, home=8000, stops={"Z": (8000, 0)}))
    assert (row["reach_class"], row["reason"]) == ("not_in_reach", "no_timetable")


def test_no_timetable_near_the_service(ask):
    assert ask(line_town(BUS, clinic=8000, stops={"Z": (8000, 0)}))["reason"] == "no_timetable"


def test_one_served_stop_beside_an_unserved_one_is_a_timetable(ask):
    back = trip(("E", "09:40"), ("A", "09:50"))
    assert ask(line_town(back, stops={"Z": (0, 0)}))["reason"] == "no_direct_bus"


def test_a_stop_served_on_another_date_has_a_timetable(ask):
    # The trip runs on 12 June alone; on 10 June no bus calls near both, but that much is known.
    calendars = {"once": Calendar("0000000", added=(dt.date(2025, 6, 12),))}
    town = line_town(trip(("A", "09:40"), ("E", "09:50"), calendar="once"), calendars=calendars)
    assert ask(town)["reason"] == "no_direct_bus"


def test_a_trip_that_never_runs_serves_nothing(ask):
    town = line_town(
        trip(("A", "09:40"), ("E", "09:50"), calendar="never"), calendars={"never": Calendar("0000000")}
    )
    assert ask(town)["reason"] == "no_timetable"


def test_direct_bus_other_times(ask):
    assert ask(line_town(trip(("A", "14:00"), ("E", "14:10"))))["reason"] == "direct_bus_other_times"


def test_too_long_tells_wait_ride_and_walk(ask):
    # 75 + 60 + 3,600 + 75 = 3,810 s, past 45 minutes.
    row = ask(line_town(trip(("A", "09:40"), ("E", "10:40"))))
    assert (row["reason"], row["best_duration_s"]) == ("too_long", 3810)
    assert (row["best_wait_s"], row["best_ride_s"], row["best_walk_s"]) == (60, 3600, 150)
    assert row["share_in_reach"] == 0


# ------------------------------------------------------------------ outside the data


@pytest.mark.parametrize(("north", "outside"), [(300.0, False), (300.001, True)])
def test_more_than_300_m_from_any_street_is_outside_the_data(ask, north, outside):
    town = line_town(BUS, points=[point("home", 0, north)])
    row = ask(town)
    if outside:
        assert (row["reach_class"], row["reason"]) == ("outside_data", "outside_data")
        assert row["walk_time_s"] is row["best_duration_s"] is row["travel_time_p50_s"] is None
    else:
        assert row["best_walk_s"] == 300 + 75  # 300 + 100 m, and 100 m


def test_outside_the_coverage_polygon_is_outside_the_data(ask):
    # The street goes on to 10,000 m, but the extract is known to be whole up to 4,950 m only.
    town = line_town(BUS, coverage=shapely.box(-1000, -1000, 4950, 1000))
    assert ask(town)["reason"] == "outside_data"
    whole = line_town(BUS, coverage=shapely.box(-1000, -1000, 5050, 1000))
    assert ask(whole)["reach_class"] == "one_bus"


# ------------------------------------------------------------------ two boardings


def two_lines(second_departs: str, *, stops=None, change_stop: str = "C"):
    """Line 1 takes home (A) to C by 09:50; line 2 leaves ``change_stop`` for the clinic (E)."""
    second = trip((change_stop, second_departs), ("E", "10:02"))
    return line_town(
        routes=[route("1", trip(("A", "09:40"), ("C", "09:50"))), route("2", second)], stops=stops or {}
    )


@pytest.mark.parametrize(("departs", "reach_class"), [("09:52", "two_buses"), ("09:51:59", "not_in_reach")])
def test_a_change_takes_120_seconds_at_least(ask, departs, reach_class):
    row = ask(two_lines(departs))
    assert (row["reach_class"], row["reason"]) == (reach_class, "no_direct_bus")


@pytest.mark.parametrize(("departs", "reach_class"), [("09:53", "two_buses"), ("09:52:59", "not_in_reach")])
def test_a_change_by_a_walk_takes_the_walk_too(ask, departs, reach_class):
    # C2 is 80 m from C: 60 s, beside the 120 s.
    assert ask(two_lines(departs, stops={"C2": (2180, 0)}, change_stop="C2"))["reach_class"] == reach_class


@pytest.mark.parametrize(("far", "reach_class"), [(400.0, "two_buses"), (400.001, "not_in_reach")])
def test_a_change_is_at_most_400_m(ask, far, reach_class):
    # 400 m = 300 s, beside the 120 s: 09:50 + 7 min = 09:57 (and one second for the millimetre).
    town = two_lines("09:57:01", stops={"C2": (2100 + far, 0)}, change_stop="C2")
    assert ask(town)["reach_class"] == reach_class


@pytest.mark.parametrize(("total", "reach_class"), [(280, "two_buses"), (279, "not_in_reach")])
def test_the_change_counts_in_the_whole_walk(ask, total, reach_class):
    # 100 m to A, 80 m from C to C2, 100 m from E.
    town = two_lines("09:55", stops={"C2": (2180, 0)}, change_stop="C2")
    assert ask(town, max_walk_total_m=total)["reach_class"] == reach_class


def test_two_buses_keep_the_cutoff(ask):
    # Leave 09:37:45, arrive 10:03:15: 1,530 s.
    assert ask(two_lines("09:55"), cutoff_s=1530)["reach_class"] == "two_buses"
    assert ask(two_lines("09:55"), cutoff_s=1529)["reach_class"] == "not_in_reach"


def test_two_buses_leave_inside_the_window(ask):
    # The first bus is left for at 09:37:45.
    late = 9 * 3600 + 37 * 60 + 46
    assert ask(two_lines("09:55"), window_start_s=late - 1)["reach_class"] == "two_buses"
    assert ask(two_lines("09:55"), window_start_s=late)["reach_class"] == "not_in_reach"


def test_the_second_bus_honours_pickup_and_mode(ask):
    first = route("1", trip(("A", "09:40"), ("C", "09:50")))
    tram = route("2", trip(("C", "09:55"), ("E", "10:02")), route_type=0)
    assert ask(line_town(routes=[first, tram]))["reach_class"] == "not_in_reach"
    assert ask(line_town(routes=[first, tram]), modes=("bus", "tram"))["reach_class"] == "two_buses"


def test_three_buses_are_none(ask):
    routes = [
        route("1", trip(("A", "09:40"), ("B", "09:42"))),
        route("2", trip(("B", "09:45"), ("D", "09:47"))),
        route("3", trip(("D", "09:50"), ("E", "09:52"))),
    ]
    assert ask(line_town(routes=routes))["reach_class"] == "not_in_reach"


def test_getting_off_and_on_the_same_trip_is_no_change(ask):
    # The bus stands at C for 10 minutes. One trip is one boarding: too long by itself, and no two buses.
    town = line_town(trip(("A", "09:40"), ("C", "09:50", "10:00"), ("E", "10:40")))
    assert (ask(town)["reach_class"], ask(town)["reason"]) == ("not_in_reach", "too_long")


def test_a_line_that_is_slow_directly_may_be_quicker_with_a_change(ask):
    # Directly 3,810 s; by C and the express 09:37:45-10:03:15.
    routes = [
        route("1", trip(("A", "09:40"), ("C", "09:50"), ("E", "10:40"))),
        route("2", trip(("C", "09:55"), ("E", "10:02"))),
    ]
    row = ask(line_town(routes=routes))
    assert (row["reach_class"], row["reason"], row["best_duration_s"]) == ("two_buses", "too_long", 3810)


# ------------------------------------------------------------------ which vehicles count


@pytest.mark.parametrize("route_type", [3, 11, 700, 704, 709, 711, 713, 714, 716, 800])
def test_buses_count(ask, route_type):
    assert ask(line_town(routes=[route("1", BUS, route_type=route_type)]))["reach_class"] == "one_bus"


@pytest.mark.parametrize("route_type", [0, 1, 2, 4, 200, 209, 299, 400, 710, 712, 715, 900])
def test_others_do_not_count_unless_asked_for(ask, route_type):
    assert ask(line_town(routes=[route("1", BUS, route_type=route_type)]))["reason"] == "no_direct_bus"


@pytest.mark.parametrize("route_type", [0, 1, 400, 404, 900, 906])
def test_a_switch_lets_tram_and_metro_count(ask, route_type):
    town = line_town(routes=[route("T", BUS, route_type=route_type)])
    assert ask(town, modes=("bus", "tram"))["reach_class"] == "one_bus"


def test_a_school_bus_counts_only_when_asked_for(ask):
    town = line_town(routes=[route("S1", BUS, route_type=712)])
    assert ask(town, modes=("bus", "special_bus"))["reach_class"] == "one_bus"


# ------------------------------------------------------------------ several at once


def test_services_worth_1_2_4_8_say_exactly_which_are_reached(ask):
    # Worth 1 beside home (walk), 2 at B, 4 at C (the bus does not stop to let people off), 8 at E.
    worth = {"one": 1, "two": 2, "four": 4, "eight": 8}
    town = build_town(
        streets=[street((0, 0), (10_000, 0))],
        stops={"A": (100, 0), "B": (2100, 0), "C": (4100, 0), "E": (6100, 0)},
        routes=[
            route("1", trip(("A", "09:40"), ("B", "09:45"), call("C", "09:50", drop_off=1), ("E", "09:55")))
        ],
        points=[point("home", 0, 0)],
        services=[
            service("one", 200, 0),
            service("two", 2100, 0),
            service("four", 4100, 0),
            service("eight", 6100, 0),
        ],
    )
    rows = ask(town, pair=None)
    reached = sum(worth[s] for (_, s), row in rows.items() if row["reach_class"] in ("walk", "one_bus"))
    assert reached == 1 + 2 + 8
