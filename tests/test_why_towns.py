"""What would change it, in towns worked out by hand: one for each kind of answer, and ties.

The street is ``tests.proof.line_town``'s: 80 metres a minute, home 75 s from A,
the clinic 75 s from E, a bus from A to E in 20 minutes. A journey home to clinic
is 75 s walk + 60 s slack + ride + 75 s walk: 23.5 minutes with a ride of 20.
"""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from geo.engine import Engine
from geo.roundtrip import RoundTripSettings
from tests.proof import line_town, make_query
from tests.roundtrip_towns import back, session, there, town, with_sessions
from tests.town_spec import seconds
from tests.towns import point, route, service, trip
from tests.why_cells import only, rows

BACK = RoundTripSettings()


@pytest.mark.parametrize(("clinic", "cutoff_min"), [(960.0, 12), (960.001, 13)])
def test_a_walk_may_take_all_of_the_minutes(clinic: float, cutoff_min: int):
    # 80 metres a minute, all the way on foot: the bus goes the other way.
    other_way = trip(("B", "09:40"), ("A", "09:45"))
    pack = line_town(other_way, clinic=clinic, streets=None, detour_factor=1.0)
    assert only(pack, cutoff_s=600)["cutoff_min"] == cutoff_min


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
