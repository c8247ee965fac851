"""What would change it, in towns worked out by hand: one for each kind of answer, and ties.

The street is ``tests.proof.line_town``'s: 80 metres a minute, home 75 s from A,
the clinic 75 s from E, a bus from A to E in 20 minutes. A journey home to clinic
is 75 s walk + 60 s slack + ride + 75 s walk: 23.5 minutes with a ride of 20.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pandas as pd
import pytest

from data.areapack import AreaPack
from geo.engine import Engine
from geo.roundtrip import RoundTripSettings
from tests.proof import line_town, make_query
from tests.roundtrip_towns import back, session, there, town, with_sessions
from tests.town_spec import seconds
from tests.towns import point, route, service, trip

BACK = RoundTripSettings()


def rows(pack: AreaPack, settings: RoundTripSettings | None = None, **fields: Any) -> dict[str, dict]:
    """The why table's rows by category, nulls as None."""
    table = Engine(pack).why(make_query(**fields), settings, category=fields.pop("category", None))
    return {
        record["category"]: {name: None if pd.isna(value) else value for name, value in record.items()}
        for record in table.frame.to_dict("records")
    }


def only(pack: AreaPack, settings: RoundTripSettings | None = None, **fields: Any) -> dict:
    """The row of the clinic's category; any service's is the same but for its name."""
    found = rows(pack, settings, **fields)
    any_row, row = found.pop("*"), *found.values()
    for name in set(row) - {"category", "sentence"}:
        assert row[name] == any_row[name], name
    return row


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


def test_a_longer_journey():
    # 75 s + 60 s + 45 minutes + 75 s: 48.5 minutes.
    row = only(line_town(there("09:40", minutes=45)))
    assert (row["answer"], row["cutoff_min"], row["cost_min"]) == ("cutoff", 49, 4.0)
    assert "if a journey could take 49 minutes instead of 45" in row["sentence"]
    assert row["walk_m"] is None


@pytest.mark.parametrize(("arrives", "cutoff_min"), [("11:36:30", 120), ("11:36:31", None)])
def test_the_longest_journey_looked_at_is_one_of_them(arrives: str, cutoff_min: int | None):
    # 3.5 minutes and the ride.
    assert only(line_town(trip(("A", "09:40"), ("E", arrives))))["cutoff_min"] == cutoff_min


def test_nothing_would_do_it_and_how_far_the_nearest_is():
    row = only(line_town(back("09:40")))  # the other way only
    assert row["answer"] == "nothing"
    assert (row["cost_min"], row["people_gained"], row["nearest_m"]) == (None, 0.0, 5000)
    assert row["sentence"].endswith("the nearest is 5.0 km away in a straight line.")


def test_a_second_bus():
    # A to C in 10 minutes, five minutes to change, C to E in 10: 75 + 60 s, 25 minutes, 75 s.
    lines = [
        route("1", trip(("A", "09:40"), ("C", "09:50"))),
        route("2", trip(("C", "09:55"), ("E", "10:05"))),
    ]
    row = only(line_town(routes=lines))
    assert (row["answer"], row["second_bus"], row["second_bus_s"]) == ("second_bus", True, 1710)
    assert "with a second bus (29 minutes)" in row["sentence"]
    # Two homes, the other four minutes farther: both are brought in, the median time is the shorter.
    homes = [
        point("a", 0, 0, people=60, neighbourhood="N"),
        point("b", -320, 0, people=40, neighbourhood="N"),
    ]
    row = only(
        line_town(routes=lines, points=homes, streets=None, detour_factor=1.0), window_start_s=9 * 3600
    )
    assert (row["second_bus_s"], row["second_bus_people"], row["people_gained"]) == (1710, 100.0, 100.0)
    two = Engine(line_town(routes=lines)).why(make_query(boardings=2)).frame
    assert two.empty  # asked with two buses, it is in reach


def test_a_session_that_starts_later():
    # The bus is there at 10:51:15, for a session at 10:30 too late by 21 minutes: 30 later is enough.
    row = only(town(there("10:30"), back("13:00")), BACK)
    assert (row["answer"], row["session_shift_min"], row["session_start_s"]) == ("session", 30, 11 * 3600)
    assert "if the session of Service clinic on Tuesday started at 11:00 instead of 10:30" in row["sentence"]
    assert row["session_day"] == "tuesday"
    assert row["session_service_id"] == "clinic"


@pytest.mark.parametrize(("arrives", "shift_min"), [("10:43:45", 15), ("10:43:46", 30)])
def test_one_may_arrive_as_it_starts(arrives: str, shift_min: int):
    # 75 s from the stop: at 10:45:00 for a session moved from 10:30 to 10:45, or a second too late.
    row = only(town(trip(("A", "10:23"), ("E", arrives)), back("13:00")), BACK)
    assert row["session_shift_min"] == shift_min


def test_of_two_equal_moves_the_later_session():
    # There at 9:59:15 and 10:29:15, at most ten minutes early; home at 11:42:45 and 12:12:45, at most 15
    # after.
    trips = (there("09:38"), there("10:08"), back("11:45"), back("12:15"))
    row = only(town(*trips, held=session("10:20", "11:50")), RoundTripSettings(early_s=600, linger_s=900))
    assert (row["session_shift_min"], row["answer"]) == (15, "session")


def test_a_later_last_bus():
    # The session ends at 12:00; 75 s to the stop and 60 s there: no bus before 12:02:15 can be caught, so
    # the one
    # of 11:10 would have to leave at 12:03. The bus there arrives at 10:11:15: no session before 10:15 works.
    row = only(town(there("09:50"), back("11:10", headsign="Moss Road")), BACK)
    assert (row["answer"], row["bus_later_min"], row["cost_min"]) == ("bus", 53, 53.0)
    assert (row["bus_leaves_s"], row["bus_needed_s"]) == (11 * 3600 + 600, 12 * 3600 + 180)
    assert row["session_shift_min"] is None
    assert (
        "if one more bus, the 1 towards Moss Road, left for home at 12:03 on Tuesday (the last now leaves at "
        "11:10), 100 more people here could"
    ) in row["sentence"]
    assert (row["bus"], row["bus_day"]) == ("1 towards Moss Road", "tuesday")


def test_the_cheaper_of_a_later_bus_and_an_earlier_session():
    # With a bus home at 11:50 one leaves at 11:47:45: a session that ends at 11:45 would do, or a bus 13
    # minutes later.
    row = only(town(there("09:50"), back("11:50")), BACK)
    assert (row["session_shift_min"], row["bus_later_min"], row["answer"]) == (-15, 13, "bus")
    # With one at 11:47 the bus would have to be 16 minutes later.
    row = only(town(there("09:50"), back("11:48")), BACK)
    assert (row["session_shift_min"], row["bus_later_min"], row["answer"]) == (
        -15,
        15,
        "session",
    )  # equal: a tie


def test_the_bus_home_of_a_drop_in_counts_from_the_earliest_visit():
    # Open 10:00 to 16:00. There at 10:11:15, an hour's visit, 11:11:15 out, at the stop 11:13:30; the bus
    # is at 11:10.
    held = session("10:00", "16:00", kind="drop_in")
    row = only(town(there("09:50"), there("14:00"), back("11:10"), held=held), BACK)
    assert (row["bus_later_min"], row["bus_needed_s"], row["answer"]) == (4, 11 * 3600 + 840, "bus")
    assert "if Service clinic were open" not in row["sentence"]


def test_a_bus_that_runs_on_two_days_is_later_on_one_of_them_and_never_earlier():
    # The 06:10 home runs every day. On Tuesday it would have to leave at 12:03 (above), 353 minutes later.
    # Wednesday's hours, all day and night, are read from 24:00 of Tuesday: there at 10:21:15, out an hour
    # later, at the stop at 11:23:30: 314 minutes. Taken for Tuesday's it would be a day too early.
    every_day = session("00:00", "24:00", kind="drop_in", weekday=2)
    pack = with_sessions(line_town(there("10:00"), back("06:10")), session("10:30", "12:00"), every_day)
    row = only(pack, BACK)
    assert (row["answer"], row["bus_later_min"], row["cost_min"]) == ("bus", 314, 314.0)
    assert (row["bus_leaves_s"], row["bus_needed_s"]) == (seconds("30:10"), seconds("35:24"))
    assert "left for home at 11:24 on Wednesday (the last now leaves at 06:10)," in row["sentence"]


@pytest.mark.parametrize(("home", "walk_m"), [("11:13:30", 720), ("11:13:29", None)])
def test_a_visit_may_be_just_as_long_as_asked_for(home: str, walk_m: int | None):
    # There at 10:11:15; after an hour 75 s to the stop and 60 s there: 11:13:30.
    held = session("10:00", "16:00", kind="drop_in")
    pack = line_town(there("09:50"), back(home), home=-620.0, streets=None, detour_factor=1.0)
    assert only(with_sessions(pack, held), BACK)["walk_m"] == walk_m


def test_drop_in_hours_that_open_earlier():
    # There at 09:51:15 before it opens, no bus after; home at 12:10: from 09:45 it works, an hour inside.
    held = session("10:00", "12:00", kind="drop_in")
    row = only(town(there("09:30"), back("12:10"), held=held), BACK)
    assert (row["answer"], row["session_shift_min"]) == ("session", -15)
    assert "if Service clinic were open from 09:45 to 11:45 on Tuesday instead of from" in row["sentence"]


def test_a_second_bus_there_and_back():
    lines = [
        route("1", trip(("A", "09:40"), ("C", "09:50")), trip(("C", "12:25"), ("A", "12:35"))),
        route("2", trip(("C", "09:55"), ("E", "10:05")), trip(("E", "12:10"), ("C", "12:20"))),
    ]
    for held in (session("10:30", "12:00"), session("10:00", "12:20", kind="drop_in")):
        pack = with_sessions(line_town(routes=lines), held)
        row = only(pack, BACK)
        assert (row["answer"], row["second_bus"], row["second_bus_s"]) == ("second_bus", True, None)
        assert "with a second bus each way" in row["sentence"]
        one_way = with_sessions(line_town(routes=[lines[0], route("2", lines[1].trips[0])]), held)
        assert not only(one_way, BACK)["second_bus"]  # there, and not home
        too_late = with_sessions(line_town(routes=lines), session("10:00", "12:00"))
        assert not only(too_late, BACK)["second_bus"]  # the second bus arrives at 10:06:15


THERE_BY_TWO = trip(("A", "09:40"), ("C", "09:50")), trip(("C", "09:55"), ("E", "10:05"))
HOME_BY_TWO = trip(("E", "12:10"), ("C", "12:20")), trip(("C", "12:25"), ("A", "12:35"))
AT_ONCE = RoundTripSettings(early_s=0, linger_s=0)


@pytest.mark.parametrize(
    ("held", "settings", "second_bus"),
    [
        # There at 10:06:15; at the stop 75 + 60 s before 12:10. No time to come early or linger.
        (session("10:06:15", "12:07:45"), AT_ONCE, True),
        (session("10:06:16", "12:07:45"), AT_ONCE, False),
        (session("10:06:14", "12:07:45"), AT_ONCE, False),
        (session("10:06:15", "12:07:46"), AT_ONCE, False),
        (session("10:06:15", "12:07:44"), AT_ONCE, False),
        # Hours no longer than a visit are one: one must be there as it opens.
        (session("10:06:15", "11:06:15", kind="drop_in"), RoundTripSettings(linger_s=3690), True),
        (session("10:06:16", "11:06:16", kind="drop_in"), RoundTripSettings(linger_s=3690), False),
        (session("10:06:15", "11:06:15", kind="drop_in"), RoundTripSettings(linger_s=3689), False),
    ],
)
def test_a_second_bus_keeps_to_the_second(held: dict, settings: RoundTripSettings, *, second_bus: bool):
    pack = line_town(
        routes=[route("1", THERE_BY_TWO[0], HOME_BY_TWO[1]), route("2", THERE_BY_TWO[1], HOME_BY_TWO[0])]
    )
    assert only(with_sessions(pack, held), settings)["second_bus"] is second_bus


def test_the_second_bus_home_may_be_the_next_days():
    # Out at 23:37:45, at C by 23:50, on from there at 00:05 by the next day's timetable: home at 00:16:15.
    out = trip(("A", "21:40"), ("C", "21:50")), trip(("C", "21:55"), ("E", "22:05"))
    late, early = trip(("E", "23:40"), ("C", "23:50")), trip(("C", "00:05"), ("A", "00:15"))
    pack = line_town(routes=[route("1", out[0], early), route("2", out[1], late)])
    held = session("22:30", "23:00")
    assert only(with_sessions(pack, held), BACK, horizon_s=0)["second_bus"] is True


def test_half_of_those_cut_off_must_gain_and_everyone_who_does_is_counted():
    # Three homes at 700, 800 and 900 m from the stop: 10, 20 and 10 people. 800 m brings in 30 of them.
    homes = [point(f"p{n}", 100.0 - apart, 0, people=people, neighbourhood="N")
             for n, (apart, people) in enumerate([(700, 10), (800, 20), (900, 10)])]  # fmt: skip
    pack = line_town(there("09:50"), points=homes, streets=None, detour_factor=1.0)
    row = only(pack)
    assert (row["walk_m"], row["walk_people"], row["people_gained"]) == (800, 30.0, 30.0)
    assert (row["people"], row["cut_off"], row["share_cut_off"]) == (40.0, 40.0, 1.0)
    # A fourth within the limit is in reach and counts neither way: 30 of 50 people are cut off by 700 and
    # 800 m.
    near = point("near", 0.0, 0, people=10, neighbourhood="N")
    row = only(line_town(there("09:50"), points=[near, *homes[:2]], streets=None, detour_factor=1.0))
    assert (row["cut_off"], row["share_cut_off"], row["walk_m"]) == (30.0, 0.75, 800)
    # Exactly half is enough.
    even = [dataclasses.replace(home, people=20) for home in homes[:2]]
    row = only(line_town(there("09:50"), points=even, streets=None, detour_factor=1.0))
    assert (row["walk_m"], row["walk_people"]) == (700, 20.0)


def test_of_equal_costs_the_order_decides():
    # Home 720 m from the stop on a bus of 34 minutes: 9 + 1 + 34 + 1.25 minutes are 45.25, over 45: neither
    # walk nor
    # cut-off alone does it.
    pack = line_town(there("09:40", minutes=34), home=-620.0, streets=None, detour_factor=1.0)
    assert only(pack)["answer"] == "nothing"
    # Two ways: 40 m farther to one bus, or a bus of 43 minutes nearby. Both cost a minute: the cut-off
    # comes first.
    pack = line_town(
        streets=None, detour_factor=1.0, stops={"X": (0, 680)},
        routes=[
            route("1", trip(("A", "09:40"), ("E", "10:22:30"))),
            route("2", trip(("X", "09:40"), ("E", "10:00"))),
        ],
    )  # fmt: skip
    row = only(pack)
    assert (row["walk_m"], row["cutoff_min"], row["cost_min"], row["answer"]) == (680, 46, 1.0, "cutoff")


def test_the_least_over_the_services_of_a_category():
    pack = line_town(
        there("09:40", minutes=45), there("09:41", minutes=50),
        services=[
            service("far", 5000, 0), service("farther", 5100, 0), service("food", 5500, 0, category="Food")
        ],
    )  # fmt: skip
    found = rows(pack)
    assert {name: row["cutoff_min"] for name, row in found.items()} == {"*": 49, "Advice": 49, "Food": 55}
    assert found["*"]["sentence"].startswith("Any service: ")


def test_what_lies_outside_the_timetable_is_not_known_and_has_no_row():
    pack = line_town(there("09:40"))
    held = session("10:30", "12:00", from_date=pd.Timestamp("2031-01-01").date())
    assert rows(with_sessions(pack, held), BACK) == {}
