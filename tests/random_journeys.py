"""Journeys of random towns, told by the engine and found by looking at every ride there is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from geo.engine import Engine
from geo.journey import Journey, NoJourney, RideLeg, WalkLeg
from geo.places import Place, resolve_place
from geo.query import Query
from geo.ride_service import find_ride_service
from tests import reference
from tests.reference_people import build_town_of
from tests.reference_trips import DAY_S, read
from tests.test_journey_frequency import check_words

DAY_STARTS_S = 4 * 3600  # of a travel day


def best_of_reference(
    town: reference.Town, origin: str, service: str, time_s: int, *, forward: bool
) -> tuple[int, int] | None:
    """Leave and arrive by looking at every ride there is; None where there is none."""
    horizon_s, pair = town.query.horizon_s, (("origin", origin), ("service", service))
    times = [(r.leave_s, r.arrive_s) for r in reference.rides(town, *pair)]
    walk_s = reference.walk_all_the_way_s(town, *pair)
    if forward:
        times = [t for t in times if time_s <= t[0] <= time_s + horizon_s]
        times += [] if walk_s is None else [(time_s, time_s + walk_s)]
        return min(times, key=lambda t: (t[1], -t[0]), default=None)
    times = [t for t in times if time_s - horizon_s <= t[1] <= time_s]
    times += [] if walk_s is None else [(time_s - walk_s, time_s)]
    return min(times, key=lambda t: (-t[0], t[1]), default=None)


def journey_differences(
    engine: Engine, query: Query, origin: str, service: str, time_s: int, *, forward: bool
) -> Iterator[str]:
    """One journey: when one leaves and arrives, and that what is told of it adds up."""
    at_time = dataclasses.replace(query, window_start_s=max(time_s - 1, 0), window_end_s=max(time_s, 1))
    town = build_town_of(engine.pack, at_time)
    ends = resolve_place(engine.pack, origin), resolve_place(engine.pack, service)
    when = {"depart_s": time_s} if forward else {"arrive_by_s": time_s}
    journey = engine.journey(query, *ends, **when)
    outside = bool(town.outside & {("origin", origin), ("service", service)})
    best = None if outside else best_of_reference(town, origin, service, time_s, forward=forward)
    if isinstance(journey, NoJourney):
        if best is not None or (journey.reason == "outside_data") != outside:
            yield f"{origin} {service} {when}: none for {journey.reason}, reference {best}"
        return
    if (journey.depart_s, journey.arrive_s) != best:
        yield f"{origin} {service} {when}: {journey.depart_s} to {journey.arrive_s}, reference {best}"
    yield from (f"{origin} {service} {when}: {fault}" for fault in faults_of(journey, query))


def faults_of(journey: Journey, query: Query) -> Iterator[str]:
    """What of a journey's legs does not add up."""
    speed, leave, arrive = query.walk.speed_mm_per_h, journey.depart_s, journey.arrive_s
    walked = 0
    for leg in journey.legs:
        if isinstance(leg, WalkLeg):
            length = round(leg.length_m * 1000)
            walked += length
            if leg.duration_s != -(-length * 3600 // speed) or len(np.asarray(leg.geometry.coords)) < 2:
                yield f"a walk of {leg.length_m} m in {leg.duration_s} s"
    if walked > query.walk.total_limit_mm:
        yield f"{walked} mm walked"
    rides = [leg for leg in journey.legs if isinstance(leg, RideLeg)]
    if not rides:
        if leave + journey.legs[0].duration_s != arrive:
            yield "the walk does not last from leaving to arriving"
        return
    before, ride, after = journey.legs
    if leave + before.duration_s + query.board_slack_s != ride.departure_s:
        yield "one does not come to the bus as it leaves"
    if ride.arrival_s + after.duration_s != arrive:
        yield "one does not arrive after the last walk"
    if ride.mode not in query.modes or ride.stops_ridden < 1:
        yield f"{ride.stops_ridden} stops by {ride.mode}"


def ride_service_differences(
    engine: Engine, query: Query, origin: str, service: str, time_s: int
) -> Iterator[str]:
    """What else runs where a journey rides: every route, its departures, how often in words, the last bus."""
    ends: tuple[Place, Place] = (resolve_place(engine.pack, origin), resolve_place(engine.pack, service))
    journey = engine.journey(query, *ends, depart_s=max(time_s, DAY_STARTS_S))
    found = find_ride_service(engine, query, journey)
    rode = not isinstance(journey, NoJourney) and len(journey.legs) > 1
    if found is None:
        if rode and journey.legs[1].departure_s >= DAY_STARTS_S:
            yield f"{origin} {service}: nothing said of how often it runs"
        return
    ride = journey.legs[1]
    day_s = (ride.departure_s - DAY_STARTS_S) // DAY_S * DAY_S + DAY_STARTS_S
    departures, leaves = slow_departures(engine, query, origin, service, day_s)
    own, pair = (ride.mode, ride.route_short_name, ride.agency_name), (ride.from_stop_id, ride.to_stop_id)
    told = {(s.mode, s.number, s.agency_name): s for s in found.others}
    if told.keys() | {own} != departures.keys() or own in told:
        yield f"{origin} {service}: routes {sorted(told)}, reference {sorted(departures)}"
        return
    for name, one in {own: found.own, **told}.items():
        pairs = departures[name]
        if list(one.departures_s) != sorted(pairs[one.from_stop_id, one.to_stop_id]):
            yield f"{name}: at {one.departures_s}, reference {pairs[one.from_stop_id, one.to_stop_id]}"
        if one.same_stops != (pair in pairs):
            yield f"{name}: same stops {one.same_stops}"
        if not one.approximate:
            check_words(one.frequency, sorted({s // 60 for s in one.departures_s}))
    if (found.own.from_stop_id, found.own.to_stop_id) != pair:
        yield "its own route between other stops"
    if found.last.last_s - found.last.before_s != max(leaves):
        yield f"the last of all leaves home at {found.last.last_s - found.last.before_s}, not {max(leaves)}"


def slow_departures(
    engine: Engine, query: Query, origin: str, service: str, day_s: int
) -> tuple[dict[tuple, dict[tuple[str, str], set[int]]], list[int]]:
    """Route -> pair of stops -> departures of a travel day, and when one must leave for each."""
    whole = dataclasses.replace(query, window_start_s=0, window_end_s=DAY_S, horizon_s=2 * DAY_S)
    town, walk = build_town_of(engine.pack, whole), query.walk
    access = town.stops_near(("origin", origin), walk.leg_limit_mm)
    egress = town.stops_near(("service", service), walk.leg_limit_mm)
    feed = engine.pack.feed
    agency = dict(read(feed.agency, "agency_id", "agency_name"))
    line = {
        route: (mode, number, agency[of])
        for route, mode, number, of in read(feed.routes, "route_id", "mode", "route_short_name", "agency_id")
    }
    route_of = dict(read(feed.trips, "trip_id", "route_id"))
    found: dict[tuple, dict[tuple[str, str], set[int]]] = {}
    leaves = []
    for stop, before_mm in access.items():
        for run, i in town.boardings_at.get(stop, []):
            on = run.calls[i]
            for off in run.calls[i + 1 :]:
                if (
                    off.may_alight
                    and off.stop in egress
                    and before_mm + egress[off.stop] <= walk.total_limit_mm
                    and day_s <= on.departure_s < day_s + DAY_S
                ):
                    pairs = found.setdefault(line[route_of[run.trip_id]], {})
                    pairs.setdefault((on.stop, off.stop), set()).add(on.departure_s)
                    leaves.append(on.departure_s - query.board_slack_s - town.seconds(before_mm))
    return found, leaves
