"""What would change it, in towns worked out by hand: walks to and from stops, all the way, a second bus.

The street and its times are those of ``tests/test_why_towns.py``.
"""

from __future__ import annotations

import pytest

from geo.roundtrip import RoundTripSettings
from tests.proof import line_town
from tests.roundtrip_towns import session, there, town, with_sessions
from tests.town_spec import seconds
from tests.towns import point, route, trip
from tests.why_cells import only

BACK = RoundTripSettings()


def test_walk_a_little_farther():
    # Home at -620 m along: 720 m to A. The walk is 9 minutes, the journey 9 + 1 + 20 + 1.25 minutes.
    pack = line_town(there("09:40"), home=-620.0, streets=None, detour_factor=1.0)
    row = only(pack)
    assert row["answer"] == "walk"
    assert row["walk_m"] == 720
    assert row["cost_min"] == 4.0  # 80 m is a minute, at both ends, and a minute's walk counts as two
    assert (row["cutoff_min"], row["second_bus"], row["people_gained"]) == (None, False, 100.0)
    assert (row["walk_people"], row["walk_point_id"]) == (100.0, "home")
    assert (row["walk_all_the_way_m"], row["walk_all_the_way_people"]) == (None, None)
    assert (row["walk_all_the_way_point_id"], row["nearest_m"]) == (None, 5620)
    assert row["sentence"] == (
        "Advice: if a walk to or from a stop could be 720 m instead of 640 m, "
        "100 more people here could get there."
    )


@pytest.mark.parametrize(("apart", "walk_m"), [(720.0, 720), (720.001, 730), (710.001, 720)])
def test_walk_limits_are_whole_tens_of_metres(apart: float, walk_m: int):
    pack = line_town(there("09:50"), home=100.0 - apart, streets=None, detour_factor=1.0)
    assert only(pack)["walk_m"] == walk_m


@pytest.mark.parametrize(("apart", "walk_m"), [(720.0, 720), (720.001, 730)])
def test_the_walk_at_the_other_end_counts_alike(apart: float, walk_m: int):
    pack = line_town(there("09:50"), clinic=4900.0 + apart, streets=None, detour_factor=1.0)
    assert only(pack)["walk_m"] == walk_m


@pytest.mark.parametrize(("apart", "walk_m"), [(1600.0, 1600), (1600.001, None)])
def test_the_farthest_walk_looked_at_is_one_of_them(apart: float, walk_m: int | None):
    pack = line_town(there("09:55"), home=100.0 - apart, streets=None, detour_factor=1.0)
    assert only(pack)["walk_m"] == walk_m


@pytest.mark.parametrize(("whole", "walk_m"), [(820, 720), (819, None)])
def test_the_whole_walk_may_be_all_of_its_limit(whole: int, walk_m: int | None):
    # 720 m to the stop and 100 m from the other one.
    pack = line_town(there("09:50"), home=-620.0, streets=None, detour_factor=1.0)
    assert only(pack, max_walk_total_m=whole)["walk_m"] == walk_m


@pytest.mark.parametrize(("end", "walk_m"), [("09:40", 720), ("09:39:59", None)])
def test_one_may_leave_at_the_very_end_of_the_window(end: str, walk_m: int | None):
    # Nine minutes' walk and one of slack before the bus of 09:50.
    pack = line_town(there("09:50"), home=-620.0, streets=None, detour_factor=1.0)
    assert only(pack, window_end_s=seconds(end))["walk_m"] == walk_m


def test_the_whole_walk_by_bus_stays_twice_the_walk_at_one_end():
    pack = line_town(there("09:50"), home=-620.0, clinic=5620.0, streets=None, detour_factor=1.0)
    row = only(pack)
    assert (row["answer"], row["walk_m"]) == ("walk", 720)


# Buses by which the timetable is known, and that help nobody: the other way, and past the clinic.
AWAY = trip(("E", "09:40"), ("D", "09:45"), ("C", "09:50"), ("B", "09:55"), ("A", "10:05"))
ELSEWHERE = trip(("D", "09:40"), ("C", "09:45"))


def test_walk_all_the_way_where_no_bus_helps():
    # 1,375 m, in tens of metres 1,380: 100 m more than 1,280 are 1.25 minutes, counted twice.
    pack = line_town(AWAY, home=3625.0, streets=None, detour_factor=1.0)
    for whole_m in (None, 1280):
        row = only(pack, max_walk_total_m=whole_m)
        assert (row["answer"], row["walk_all_the_way_m"], row["cost_min"]) == ("walk_all_the_way", 1380, 2.5)
        assert (row["walk_m"], row["walk_people"], row["walk_point_id"]) == (None, None, None)
        assert (row["walk_all_the_way_people"], row["walk_all_the_way_point_id"]) == (100.0, "home")
    assert row["sentence"] == (
        "Advice: if people could walk all the way, 1,380 m instead of 1,280 m, "
        "100 more people here could get there."
    )
    row = only(with_sessions(pack, session("10:30", "12:00")), BACK)
    assert (row["answer"], row["walk_all_the_way_m"], row["walk_m"]) == ("walk_all_the_way", 1380, None)
    assert row["cost_min"] == 5.0
    assert row["sentence"] == (
        "Advice: if people could walk all the way, 1,380 m there and as far back, instead of 1,280 m, "
        "100 more people here could get there and back."
    )


@pytest.mark.parametrize(
    ("apart", "limits", "all_the_way_m"),
    [
        (1280.001, {}, 1290),
        (1300.0, {}, 1300),
        (1300.001, {}, 1310),
        (3200.0, {}, 3200),
        (3200.001, {}, None),
        (1400.0, {"cutoff_s": 1050}, 1400),  # 17.5 minutes on foot
        (1400.0, {"cutoff_s": 1049}, None),
        (1000.0, {"max_walk_m": 400}, 1000),
        (1000.0, {"max_walk_total_m": 900}, 1000),
        (2900.0, {"max_walk_m": 1600, "max_walk_total_m": 2000}, 2900),
    ],
)
def test_the_walk_all_the_way_is_in_whole_tens_and_within_the_cut_off(
    apart: float, limits: dict[str, int], all_the_way_m: int | None
):
    pack = line_town(AWAY, home=5000.0 - apart, streets=None, detour_factor=1.0)
    assert only(pack, **limits)["walk_all_the_way_m"] == all_the_way_m


@pytest.mark.parametrize(("apart", "walk_m", "answer"), [(690, 690, "walk"), (691, 700, "walk_all_the_way")])
def test_a_walk_to_a_stop_costs_that_at_the_other_end_too(apart: int, walk_m: int, answer: str):
    # 690 m to a stop is 50 m more at either end, 1,380 m all the way 100 m more at once: a tie.
    there_only = trip(("X", "09:50"), ("E", "10:05"))
    home_too = trip(("E", "12:10"), ("X", "12:20"))
    for trips, settings in (((there_only,), None), ((there_only, home_too), BACK)):
        pack = town(
            *trips, ELSEWHERE, home=3620.0, stops={"X": (3620 - apart, 0)}, streets=None, detour_factor=1.0
        )
        row = only(pack, settings)
        assert (row["walk_m"], row["walk_all_the_way_m"], row["answer"]) == (walk_m, 1380, answer)
    # There by bus and back on foot is walking all the way, which a longer walk to a stop does not allow.
    pack = town(
        there_only, ELSEWHERE, home=3620.0, stops={"X": (3620 - apart, 0)}, streets=None, detour_factor=1.0
    )
    row = only(pack, BACK)
    assert (row["walk_m"], row["walk_all_the_way_m"], row["answer"]) == (None, 1380, "walk_all_the_way")


@pytest.mark.parametrize(
    ("on_foot", "walk_m", "all_the_way_m"), [(20, 700, 1400), (21, None, 1400), (19, 700, None)]
)
def test_a_walk_of_one_kind_counts_only_those_whom_it_brings_in(
    on_foot: int, walk_m: int | None, all_the_way_m: int | None
):
    # One home 700 m from the stop of a bus, one 1,400 m from the clinic and beyond every stop's bus.
    homes = [
        point("bus", -600, 0, people=20, neighbourhood="N"),
        point("foot", 3600, 0, people=on_foot, neighbourhood="N"),
    ]
    row = only(line_town(there("09:50"), ELSEWHERE, points=homes, streets=None, detour_factor=1.0))
    assert (row["walk_m"], row["walk_all_the_way_m"]) == (walk_m, all_the_way_m)
    assert row["walk_people"] == (20 if walk_m else None)
    assert row["walk_point_id"] == ("bus" if walk_m else None)
    assert row["walk_all_the_way_people"] == (on_foot if all_the_way_m else None)
    assert row["walk_all_the_way_point_id"] == ("foot" if all_the_way_m else None)


TWO_LINES = [
    route("1", trip(("C", "09:40"), ("B", "09:45")), trip(("B", "12:25"), ("C", "12:30"))),
    route("2", trip(("B", "09:50"), ("E", "10:05")), trip(("E", "12:05"), ("B", "12:20"))),
]


@pytest.mark.parametrize("settings", [None, BACK])
@pytest.mark.parametrize(
    ("home", "apart", "answer"),
    [
        (2520.0, 5000, "walk_all_the_way"),  # 2,480 m
        (2519.0, 5000, "second_bus"),  # 2,490 m
        (1600.0, 1240, "walk"),
        (1600.0, 1241, "second_bus"),
    ],
)
def test_a_second_bus_is_named_beyond_1240_m_at_each_end(
    home: float, apart: int, answer: str, settings: RoundTripSettings | None
):
    # A bus from X to the clinic and back, X so far from home; C is within 500 m of it, B 1,600 m or more.
    straight = route("3", trip(("X", "09:55"), ("E", "10:05")), trip(("E", "12:10"), ("X", "12:20")))
    lines = [*TWO_LINES, straight]
    pack = line_town(
        home=home, routes=lines, stops={"B": (0, 0), "X": (home, apart)}, streets=None, detour_factor=1.0
    )
    row = only(with_sessions(pack, session("10:30", "12:00")), settings)
    ways = 1 if settings is None else 2
    assert (row["answer"], row["cost_min"], row["second_bus"]) == (answer, 30.0 * ways, True)


@pytest.mark.parametrize(("leaves", "answer"), [("11:58", "walk_all_the_way"), ("11:59", "bus")])
def test_walking_all_the_way_comes_before_a_later_bus(leaves: str, answer: str):
    # Home 520 m from D and 1,380 m from the clinic: 100 m more, twice, counted double, are five minutes.
    trips = (trip(("D", "09:50"), ("E", "10:00")), trip(("E", leaves), ("D", "12:08")))
    pack = town(*trips, home=3620.0, streets=None, detour_factor=1.0)
    row = only(pack, BACK)
    assert (row["answer"], row["bus_later_min"]) == (answer, 5 if leaves == "11:58" else 4)
