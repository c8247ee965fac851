"""Each kind of change by hand: what it does to a journey, in minutes worked out in the comments.

The town lies along one street. Home is at 0 m, the stop Home at 90 m, the stop
Town at 2,090 m and the clinic at 2,180 m. 90 m are walked in 67.5 s, so 68 s;
boarding takes 60 s. ``ask`` puts every question to the engine and to the slow
reference.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pyproj
import pytest

from data.errors import QueryError
from data.service_days import find_trips_on
from geo.engine import Engine
from geo.query import Query
from geo.roundtrip import DEFAULT_ROUND_TRIP
from geo.whatif.apply import apply_scenario
from geo.whatif.engine import ScenarioEngine
from geo.whatif.recompute import recompute_there_and_back
from geo.whatif.toml import parse_scenario
from tests.roundtrip_towns import session, with_sessions
from tests.towns import (
    _TO_LONLAT,
    CRS,
    ORIGIN,
    Calendar,
    build_town,
    point,
    route,
    seconds,
    service,
    street,
    trip,
)

_TO_METRES = pyproj.Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
TUESDAY, WEDNESDAY, SATURDAY = (dt.date(2025, 6, day) for day in (10, 11, 14))
BY_BUS = 68 + 60 + 600 + 68  # walk, boarding, ten minutes' ride, walk


def at(x: float, y: float = 0.0) -> str:
    """A place of the town as a scenario writes it."""
    east, north = x + ORIGIN[0], y + ORIGIN[1]
    # There and back again the projection is a millimetre off; so the place is written that much aside.
    lon, lat = _TO_LONLAT.transform(east, north)
    back = _TO_METRES.transform(lon, lat)
    lon, lat = _TO_LONLAT.transform(2 * east - back[0], 2 * north - back[1])
    return f"{lon:.12f},{lat:.12f}"


def town(*departures: str, **changes):
    """Ten minutes from Home to Town at each departure, on one straight street."""
    made = {
        "streets": [street((-100, 0), (9000, 0), name="High Street")],
        "stops": {"Home": (90, 0), "Town": (2090, 0), "Idle": (1000, 0)},
        "routes": [route("1", *(ride(time) for time in departures))],
        "points": [point("home", 0, 0)],
        "services": [service("clinic", 2180, 0)],
    }
    return build_town(**made | changes)


def ride(time: str, minutes: float = 10, calendar: str = "daily", **fields):
    start = seconds(time)
    return trip(("Home", start), ("Town", start + round(60 * minutes)), calendar=calendar, **fields)


def change(pack, *lines: str):
    """The pack under one change, as its file would write it; TOML keys, one a line."""
    text = "\n".join(("[[change]]", *lines))
    return apply_scenario(pack, parse_scenario(text.encode(), "test.toml"))


def refusal(pack, *lines: str) -> str:
    with pytest.raises(QueryError) as refused:
        change(pack, *lines)
    return str(refused.value)


def leaves(pack, date: dt.date = TUESDAY) -> list[str]:
    """When the buses of a date leave their first stops."""
    times = pack.feed.stop_times
    first = np.searchsorted(times["trip_index"], find_trips_on(pack.feed, date))
    return [f"{s // 3600:02d}:{s % 3600 // 60:02d}" for s in sorted(times["departure_s"][first].tolist())]


def test_a_service_more(ask):
    pack = change(
        town("09:40"), 'kind = "add_service"', 'name = "Tea"', 'category = "Food"', f'at = "{at(2180)}"'
    )
    assert ask(pack, pair=("home", "what-if-1"))["best_duration_s"] == BY_BUS
    assert ask(pack)["best_duration_s"] == BY_BUS  # the clinic is as it was


def test_an_added_services_session_is_gone_to_and_come_home_from():
    # There at 09:50 + 68 s; the session ends at 11:00; the bus home leaves Town at 11:05, so one leaves
    # the club 128 s before, at 11:02:52. Without that bus there is no way home.
    back = trip(("Town", "11:05"), ("Home", "11:15"))
    session = 'sessions = [{ day = "tuesday", start = "10:00", end = "11:00" }]'
    for routes, verdict in (([route("1", ride("09:40"), back)], "yes"), ([route("1", ride("09:40"))], "no")):
        pack = change(
            town(routes=routes), 'kind = "add_service"', 'id = "club"', 'name = "Tea"', 'category = "Food"',
            f'at = "{at(2180)}"', session,
        )  # fmt: skip
        row = Engine(pack).round_trips(Query(), service_ids=["club"], level="point").frame.iloc[0]
        assert row["verdict"] == verdict
        assert (row["session_start_s"], row["session_end_s"]) == (10 * 3600, 11 * 3600)
        if verdict == "yes":
            assert row["leave_venue_s"] == seconds("11:02:52")


def test_a_service_less(ask):
    pack = town("09:40", services=[service("clinic", 2180, 0), service("club", 0, 0)])
    rows = ask(change(pack, 'kind = "remove_service"', 'service = "clinic"'), pair=None)
    assert set(rows) == {("home", "club")}
    assert set(ask(change(pack, 'kind = "remove_service"', 'service = "service club"'), pair=None)) == {
        ("home", "clinic")
    }


def test_a_headway_fills_the_day_between_first_and_last_bus(ask):
    pack = town("09:00", "10:00", "11:05")
    often = change(pack, 'kind = "headway"', "route = 1", "every_min = 20")
    assert leaves(often) == ["09:00", "09:20", "09:40", "10:00", "10:20", "10:40", "11:00", "11:05"]
    window = {"window_start_s": seconds("09:30"), "window_end_s": seconds("09:50")}
    # The bus of 10:00 is left home for at 09:57:52, that of 09:40 at 09:37:52.
    assert ask(pack, **window)["reason"] == "direct_bus_other_times"
    assert ask(often, **window)["best_duration_s"] == BY_BUS


@pytest.mark.parametrize(
    "lines",
    [
        ['kind = "headway"', "every_min = 0.01"],
        ['kind = "first_bus"', 'time = "01:00"', "every_min = 0.01"],
        ['kind = "last_bus"', 'time = "24:00"', "every_min = 0.01"],
    ],
)
def test_more_buses_than_any_timetable_has_are_refused(lines):
    assert "makes more than 20,000 buses" in refusal(town("09:00", "17:00"), *lines, "route = 1")


def test_a_headway_in_part_of_the_day_leaves_the_rest():
    pack = town("06:00", "07:10", "09:00", "09:30", "10:00", "18:00")
    part = change(pack, 'kind = "headway"', "route = 1", "every_min = 15", 'start = "07:00"', 'end = "09:30"')
    quarter = [f"{h:02d}:{m:02d}" for h in (7, 8, 9) for m in (10, 25, 40, 55) if (h, m) <= (9, 25)]
    assert leaves(part) == ["06:00", *quarter, "09:30", "10:00", "18:00"]


def test_an_added_bus_runs_as_the_one_nearest_in_time(ask):
    # Ten minutes in the morning, fourteen in the afternoon; of equally near ones the earlier.
    pack = town(routes=[route("1", ride("09:00"), ride("17:00", minutes=14))])
    pack = change(pack, 'kind = "headway"', "route = 1", "every_min = 240")
    assert leaves(pack) == ["09:00", "13:00", "17:00"]
    for time, minutes in (("12:30", 10), ("16:30", 14)):
        window = {"window_start_s": seconds(time), "window_end_s": seconds(time) + 1800}
        assert ask(pack, **window)["best_duration_s"] == 68 + 60 + 60 * minutes + 68


def test_calendars_that_share_a_day_are_one_days_buses():
    # Tuesday has the daily buses and one of its own: a headway of 30 minutes is that, not twice that.
    pack = town(
        routes=[route("1", ride("09:00"), ride("11:00"), ride("10:10", calendar="tue"))],
        calendars={"tue": Calendar("0100000")},
    )
    pack = change(pack, 'kind = "headway"', "route = 1", "every_min = 30", 'days = "weekdays"')
    every_half_hour = ["09:00", "09:30", "10:00", "10:30", "11:00"]
    assert leaves(pack, TUESDAY) == leaves(pack, WEDNESDAY) == every_half_hour
    assert leaves(pack, SATURDAY) == ["09:00", "11:00"]


def test_each_direction_keeps_its_own_first_and_last_bus():
    there = [ride(time, headsign="Town") for time in ("09:00", "10:00")]
    back = [trip(("Town", time), ("Home", time + 600), headsign="Home") for time in (36_000, 43_200)]
    pack = town(routes=[route("1", *there, *back)])
    both = change(pack, 'kind = "headway"', "route = 1", "every_min = 60")
    assert leaves(both) == ["09:00", "10:00", "10:00", "11:00", "12:00"]
    one = change(pack, 'kind = "headway"', "route = 1", "every_min = 30", 'towards = "town"')
    assert leaves(one) == ["09:00", "09:30", "10:00", "10:00", "12:00"]
    assert "Did you mean Town" in refusal(
        pack, 'kind = "headway"', "route = 1", "every_min = 9", 'towards = "Twn"'
    )


def test_a_later_last_bus(ask):
    pack = town("09:00", "18:00")
    evening = {"window_start_s": seconds("20:00"), "window_end_s": seconds("21:30")}
    assert ask(pack, **evening)["reason"] == "direct_bus_other_times"
    later = change(pack, 'kind = "last_bus"', "route = 1", 'time = "21:00"')
    assert leaves(later) == ["09:00", "18:00", "21:00"]
    assert ask(later, **evening)["best_duration_s"] == BY_BUS
    hourly = change(pack, 'kind = "last_bus"', "route = 1", 'time = "20:30"', "every_min = 60")
    assert leaves(hourly) == ["09:00", "18:00", "19:00", "20:00", "20:30"]


def test_a_later_last_bus_runs_the_usual_way():
    # The last bus now ends at Idle; the others, and so the new one, run on to Town.
    short = trip(("Home", "18:00"), ("Idle", "18:05"))
    pack = town(routes=[route("1", ride("09:00", headsign="T"), ride("10:00", headsign="T"), short)])
    pack = change(pack, 'kind = "last_bus"', "route = 1", 'time = "21:00"', 'towards = "T"')
    times = pack.feed.stop_times
    new = times["stop_index"][times["departure_s"] >= seconds("21:00")]
    assert pack.stops["stop_id"].iloc[new].tolist() == ["Home", "Town"]


def test_an_earlier_last_bus_leaves_the_later_ones_out():
    pack = town("09:00", "10:00", "18:00")
    assert leaves(change(pack, 'kind = "last_bus"', "route = 1", 'time = "10:00"')) == ["09:00", "10:00"]
    assert "first leaves at 09:00" in refusal(pack, 'kind = "last_bus"', "route = 1", 'time = "08:59"')


def test_an_earlier_and_a_later_first_bus():
    pack = town("09:00", "10:00")
    assert leaves(change(pack, 'kind = "first_bus"', "route = 1", 'time = "07:30"')) == [
        "07:30",
        "09:00",
        "10:00",
    ]
    hourly = change(pack, 'kind = "first_bus"', "route = 1", 'time = "06:30"', "every_min = 60")
    assert leaves(hourly) == ["06:30", "07:30", "08:30", "09:00", "10:00"]
    assert leaves(change(pack, 'kind = "first_bus"', "route = 1", 'time = "09:01"')) == ["10:00"]
    assert "last leaves at 10:00" in refusal(pack, 'kind = "first_bus"', "route = 1", 'time = "10:01"')


def test_a_minibus_runs_there_and_back_at_its_own_speed(ask):
    # From the door: 2,180 m x 1.3 at 25 km/h are 408.1 s, so 409 s. Back after five minutes.
    lines = [
        'kind = "minibus"',
        'name = "Dial"',
        f'places = ["{at(0)}", "{at(2180)}"]',
        'departures = ["10:00"]',
    ]
    pack = change(town(), *lines)
    assert ask(pack)["best_duration_s"] == 60 + 409
    assert leaves(pack) == ["10:00", "10:11"]  # 10:00 + 409 s + 300 s = 10:11:49
    assert leaves(change(town(), *lines, "both_ways = false")) == ["10:00"]
    assert ask(change(town(), *lines, "minutes = [12]"))["best_duration_s"] == 60 + 720
    assert leaves(change(town(), *lines, 'days = "weekend"')) == []


def test_a_minibus_counts_as_a_bus_unless_it_is_another_vehicle(ask):
    lines = [
        'kind = "minibus"',
        'name = "Dial"',
        f'places = ["{at(0)}", "{at(2180)}"]',
        'departures = ["10:00"]',
    ]
    special = change(town(), *lines, 'mode = "special_bus"')
    assert ask(special)["reach_class"] == "not_in_reach"
    assert ask(special, modes=("bus", "special_bus"))["best_duration_s"] == 60 + 409


def test_a_pack_without_streets_says_so():
    pack = town("09:40", streets=None)
    assert "has no streets" in refusal(pack, 'kind = "close_street"', "way = 4")
    assert "has no streets" in refusal(pack, 'kind = "footpath"', f'points = ["{at(0)}", "{at(9)}"]')


def test_changes_are_made_in_their_order(ask):
    # The stop that the first change brings is moved by the second.
    text = f"""
    [[change]]
    kind = "add_stop"
    route = "1"
    at = "{at(590)}"
    name = "Corner"
    [[change]]
    kind = "move_stop"
    stop = "Corner"
    to = "{at(650)}"
    """
    pack = town("09:40", services=[service("shop", 680, 0)])
    pack = apply_scenario(pack, parse_scenario(text.encode(), "two.toml"))
    # 30 m from there are walked in 22.5 s, so 23 s.
    assert ask(pack, pair=("home", "shop"), max_walk_m=100)["best_duration_s"] == 68 + 60 + 150 + 23


def test_a_bus_home_taken_away_is_noticed_by_what_is_recomputed():
    # The only bus home leaves Town at 11:05; without it nobody gets back from the session. Of two homes and
    # two services only one pair can change: the other home and the other service have no bus at all.
    back = trip(("Town", "11:05"), ("Home", "11:15"), headsign="Home")
    early = trip(("Town", "07:05"), ("Home", "07:15"), headsign="Home")
    pack = with_sessions(
        town(
            routes=[route("1", ride("09:40", headsign="Town"), early, back)],
            points=[point("home", 0, 0), point("far", 7000, 0)],
            services=[service("clinic", 2180, 0), service("barn", 5000, 0)],
        ),
        session("10:00", "11:00"),
    )
    base, query = Engine(pack), Query()
    lines = ('kind = "last_bus"', "route = 1", 'towards = "Home"', 'time = "08:00"')
    scenario = parse_scenario("\n".join(("[[change]]", *lines)).encode(), "test.toml")
    before = base.reach_there_and_back(query, level="point")
    changed = ScenarioEngine(base, scenario)
    asked = replace(query, scenario=scenario)
    after = recompute_there_and_back(changed, before, asked, DEFAULT_ROUND_TRIP).frame
    full = Engine(apply_scenario(pack, scenario)).reach_there_and_back(query, level="point").frame
    pd.testing.assert_frame_equal(after, full, check_exact=True)
    pairs = before.frame.set_index(["origin_id", "service_id"])["reach_class"]
    assert pairs[("home", "clinic")] == "one_bus"
    assert after.set_index(["origin_id", "service_id"])["reach_class"][("home", "clinic")] == "not_in_reach"


def test_a_service_of_the_same_id_may_be_held_at_other_times():
    # There at 09:51:08, home by the bus of 11:05: in time for 10:00 to 11:00, too late for 09:45 to 11:00.
    # The club goes and comes again under its own id, at its own place: no walk and no bus is another.
    back = trip(("Town", "11:05"), ("Home", "11:15"))
    pack = with_sessions(
        town(routes=[route("1", ride("09:40"), back)], services=[service("club", 2180, 0)]),
        session("10:00", "11:00", service_id="club"),
    )
    text = f"""
    [[change]]
    kind = "remove_service"
    service = "club"
    [[change]]
    kind = "add_service"
    id = "club"
    name = "Club"
    category = "Advice"
    at = "{at(2180)}"
    sessions = [{{ day = "tuesday", start = "09:45", end = "11:00" }}]
    """
    base, scenario = Engine(pack), parse_scenario(text.encode(), "again.toml")
    before = base.reach_there_and_back(Query(), level="point")
    changed, asked = ScenarioEngine(base, scenario), Query(scenario=scenario)
    after = recompute_there_and_back(changed, before, asked, DEFAULT_ROUND_TRIP).frame
    full = Engine(apply_scenario(pack, scenario)).reach_there_and_back(Query(), level="point").frame
    pd.testing.assert_frame_equal(after, full, check_exact=True)
    assert before.frame["reach_class"].tolist() == ["one_bus"]
    assert after["reach_class"].tolist() == ["not_in_reach"]
