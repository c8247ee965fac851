"""Journeys against the slow reference, and by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from data.errors import QueryError
from geo.engine import Engine
from geo.journey import Journey, NoJourney, RideLeg, WalkLeg
from geo.journey_json import journey_to_json
from geo.places import resolve_place
from geo.query import Query
from tests import reference
from tests.reference_walk import AmbiguousTown
from tests.strategies import questions
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


def best_of_reference(pack, query, origin, destination, depart_s, arrive_by_s):
    """(leave, arrive) by looking at every ride there is; None where there is none."""
    places = {("o", "o"): (origin.x, origin.y), ("d", "d"): (destination.x, destination.y)}
    town = reference.build_reference(pack, query, places)
    if town.outside & set(places):
        return "outside"
    times = [(r.leave_s, r.arrive_s) for r in reference.rides(town, ("o", "o"), ("d", "d"))]
    walk_s = reference.walk_all_the_way_s(town, ("o", "o"), ("d", "d"))
    if depart_s is not None:
        times = [t for t in times if depart_s <= t[0] <= depart_s + query.horizon_s]
        times += [] if walk_s is None else [(depart_s, depart_s + walk_s)]
        return min(((arrive, -leave) for leave, arrive in times), default=None)
    times = [t for t in times if arrive_by_s - query.horizon_s <= t[1] <= arrive_by_s]
    times += [] if walk_s is None else [(arrive_by_s - walk_s, arrive_by_s)]
    return min(((-leave, arrive) for leave, arrive in times), default=None)


@settings(max_examples=60)
@given(questions(), st.booleans(), st.integers(-1800, 5400))
def test_journeys_equal_the_reference(question, forward: bool, after_s: int) -> None:
    spec, query = question
    pack = spec.build()
    time_s = max(query.window_start_s + after_s, 0)
    when = {"depart_s": time_s} if forward else {"arrive_by_s": time_s}
    query = dataclasses.replace(query, window_start_s=max(time_s - 1, 0), window_end_s=max(time_s, 1))
    engine = Engine(pack)
    origin, destination = resolve_place(pack, "P0"), resolve_place(pack, "V0")
    try:
        best = best_of_reference(
            pack, query, origin, destination, when.get("depart_s"), when.get("arrive_by_s")
        )
    except AmbiguousTown:
        reject()
    journey = engine.journey(query, origin, destination, **when)
    if best is None or best == "outside":
        assert isinstance(journey, NoJourney)
        assert (journey.reason == "outside_data") == (best == "outside")
        return
    assert isinstance(journey, Journey)
    leave, arrive = journey.depart_s, journey.arrive_s
    assert ((arrive, -leave) if forward else (-leave, arrive)) == best
    # What is told adds up.
    speed = query.walk.speed_mm_per_h
    walked = 0
    for leg in journey.legs:
        if isinstance(leg, WalkLeg):
            length = round(leg.length_m * 1000)
            walked += length
            assert leg.duration_s == -(-length * 3600 // speed)
            assert len(np.asarray(leg.geometry.coords)) >= 2
    assert walked <= query.walk.total_limit_mm
    rides = [leg for leg in journey.legs if isinstance(leg, RideLeg)]
    assert len(rides) <= 1
    if rides:
        before, ride, after = journey.legs
        assert leave + before.duration_s + query.board_slack_s == ride.departure_s
        assert ride.arrival_s + after.duration_s == arrive
        assert ride.mode in query.modes and ride.stops_ridden >= 1
    else:
        assert leave + journey.legs[0].duration_s == arrive
