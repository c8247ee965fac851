"""Journeys against the slow reference, and by hand."""

from __future__ import annotations

import pytest

from data.errors import QueryError
from geo.engine import Engine
from geo.journey import Journey, NoJourney, RideLeg, WalkLeg
from geo.journey_json import journey_to_json
from geo.places import resolve_place
from geo.query import Query
from tests.towns import build_town, call, point, route, service, street, trip

STREETS = [
    street((0, 0), (0, 500), name="Hill Road"),
    street((0, 0), (3000, 0), name="High Street"),
    street((3000, 0), (3000, 200), name="Library Lane"),
]


def make_town(*trips, **fields):
    return build_town(
        streets=STREETS,
        stops={"A": (120, 0), "M": (1500, 0), "B": (2880, 0)},
        routes=[route("1", *trips)],
        points=[point("home", 0, 40)],
        services=[service("clinic", 3000, 80)],
        **fields,
    )


def ask(pack, **when) -> Journey | NoJourney:
    return Engine(pack).journey(Query(), resolve_place(pack, "home"), resolve_place(pack, "clinic"), **when)


def test_depart_by_hand() -> None:
    # Home is 40 m up Hill Road; the stop 120 m along High Street: 160 m at 80 m a
    # minute is 120 s. The bus of 09:40 needs leaving at 09:40 - 60 - 120 = 09:37.
    # From B 120 m and 80 m: 150 s after 09:50 is 09:52:30.
    pack = make_town(
        trip(("A", "09:40"), ("M", "09:45"), ("B", "09:50")),
        trip(("A", "10:00"), ("M", "10:05"), ("B", "10:10")),
    )
    journey = ask(pack, depart_s=9 * 3600 + 30 * 60)
    assert isinstance(journey, Journey)
    assert (journey.depart_s, journey.arrive_s) == (9 * 3600 + 37 * 60, 9 * 3600 + 52 * 60 + 30)
    walk, ride, last = journey.legs
    assert isinstance(walk, WalkLeg) and isinstance(ride, RideLeg) and isinstance(last, WalkLeg)
    assert (walk.duration_s, walk.length_m) == (120, 160.0)
    assert walk.streets == (("Hill Road", 40.0), ("High Street", 120.0))
    assert (ride.from_stop_id, ride.to_stop_id, ride.previous_stop_id) == ("A", "B", "M")
    assert (ride.departure_s, ride.arrival_s, ride.stops_ridden) == (34_800, 35_400, 2)
    assert ride.route_short_name == "1" and ride.trip_id == "1-0"
    assert last.streets == (("High Street", 120.0), ("Library Lane", 80.0))
    # Exactly in time still gets it; a second later it is the next.
    assert ask(pack, depart_s=9 * 3600 + 37 * 60).depart_s == 9 * 3600 + 37 * 60
    assert ask(pack, depart_s=9 * 3600 + 37 * 60 + 1).depart_s == 9 * 3600 + 57 * 60


def test_arrive_by_is_inclusive() -> None:
    pack = make_town(trip(("A", "09:40"), ("B", "09:50")), trip(("A", "10:00"), ("B", "10:10")))
    at = 10 * 3600 + 12 * 60 + 30
    assert ask(pack, arrive_by_s=at).arrive_s == at
    assert ask(pack, arrive_by_s=at - 1).arrive_s == at - 1200


def test_no_journey_says_why() -> None:
    assert ask(make_town(), depart_s=34_200).reason == "no_timetable"
    away = make_town(trip(("B", "09:40"), ("A", "09:50")))
    assert ask(away, depart_s=34_200).reason == "no_direct_bus"
    early = make_town(trip(("A", "06:40"), ("B", "06:50")))
    assert ask(early, depart_s=34_200).reason == "direct_bus_other_times"
    closed = make_town(trip(call("A", "09:40", pickup=1), call("B", "09:50")))
    assert ask(closed, depart_s=34_200).reason == "no_direct_bus"
    answer = journey_to_json(ask(early, depart_s=34_200), early)
    assert answer["legs"] == [] and answer["reason"] == "direct_bus_other_times"


def test_json_holds_what_is_promised() -> None:
    pack = make_town(trip(("A", "09:40"), ("B", "09:50")))
    answer = journey_to_json(ask(pack, depart_s=34_200), pack)
    assert answer["service_date"] == "2025-06-10"
    walk, ride, _ = answer["legs"]
    assert {"mode", "duration_s", "length_m", "geometry"} <= walk.keys()
    assert walk["mode"] == "walk" and walk["geometry"]["type"] == "LineString"
    wanted = {"mode", "route_id", "trip_id", "from_stop_id", "to_stop_id", "departure_s", "arrival_s"}
    assert wanted <= ride.keys() and ride["mode"] == "bus"


def test_one_time_is_asked_for() -> None:
    pack = make_town()
    for when in ({}, {"depart_s": 1, "arrive_by_s": 2}, {"depart_s": -1}, {"depart_s": 200_000}):
        with pytest.raises(QueryError):
            ask(pack, **when)
