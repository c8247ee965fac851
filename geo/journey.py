"""One journey between two places: the exact best, with its stops, times and streets."""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from shapely.geometry import LineString

from data.areapack import Feed
from data.coordinates import transformer
from data.errors import QueryError
from geo.clock import typed_clock
from geo.legs import leg_seconds
from geo.places import Place
from geo.query import Query
from geo.snap import Snapped
from geo.straightline import StraightLine
from geo.timetable import Timetable
from geo.turns import Directions, compute_turns
from geo.walklegs import compute_legs
from geo.walkpath import compute_path

if TYPE_CHECKING:
    from geo.engine import Engine

_OPERATOR_CODE = re.compile(r"[A-Z0-9]{2,6}")


@dataclass(frozen=True)
class WalkLeg:
    """A walk. ``streets`` are (name or None, metres) in order; the line is in EPSG:4326."""

    from_stop_id: str | None  # None: the origin
    to_stop_id: str | None  # None: the destination
    duration_s: int
    length_m: float
    geometry: LineString
    streets: tuple[tuple[str | None, float], ...]
    straight_line: bool  # a pack without streets: not a way that anyone can follow
    directions: Directions | None  # turn by turn; None where it is a straight line


@dataclass(frozen=True)
class RideLeg:
    """A ride from one stop to a later one of the same trip."""

    mode: str
    route_id: str
    route_short_name: str | None
    agency_name: str | None
    headsign: str | None
    trip_id: str
    from_stop_id: str
    to_stop_id: str
    departure_s: int
    arrival_s: int
    stops_ridden: int  # calls after boarding, the one to get off at included
    previous_stop_id: str  # the call before it; the boarding stop on a ride of one stop
    last_stop_id: str  # where the trip ends
    approximate: bool  # the timetable gives only how often it runs


@dataclass(frozen=True)
class Journey:
    """Seconds from noon minus 12 h of the service date; may pass 86,400."""

    service_date: dt.date
    origin: Place
    destination: Place
    depart_s: int
    arrive_s: int
    board_slack_s: int
    legs: tuple[WalkLeg | RideLeg, ...]


@dataclass(frozen=True)
class NoJourney:
    """There is none; ``reason`` is one of ``geo.tables.REASONS``, ``about`` the ends that it is about."""

    service_date: dt.date
    origin: Place
    destination: Place
    reason: str
    about: tuple[Place, ...] = ()


@dataclass(frozen=True, order=True)
class _Ride:
    """A candidate ride; sorts best first."""

    rank: tuple[int, int, int, int]
    trip_index: int
    board: int
    alight: int
    lane: int
    trip_row: int
    leave_s: int
    arrive_s: int


def find_journey(
    engine: Engine,
    query: Query,
    origin: Place,
    destination: Place,
    *,
    depart_s: int | None = None,
    arrive_by_s: int | None = None,
) -> Journey | NoJourney:
    """Find the best journey of at most one boarding, walking all the way included.

    Parameters
    ----------
    query : Query
        Its date, walk, modes and board slack count; its window and cut-off don't.
    depart_s : int
        Leave at or after: the earliest arrival; of those the latest leave, then
        the least walking. Looks ``query.horizon_s`` ahead.
    arrive_by_s : int
        Arrive at or before: the latest leave; of those the earliest arrival,
        then the least walking. Looks ``query.horizon_s`` back.

    Raises
    ------
    QueryError
        Not exactly one of the two times, or it can't be.
    """
    if (depart_s is None) == (arrive_by_s is None):
        raise QueryError("Give either a time to leave or a time to arrive by.")
    time_s = depart_s if depart_s is not None else arrive_by_s
    assert time_s is not None
    if not 0 <= time_s < 2 * 86_400:
        raise QueryError(f"time {typed_clock(time_s)}: must be from 00:00 to 47:59 of the service date.")
    # The timetable must hold all that leaves up to the horizon after the time.
    query = replace(query, window_start_s=max(time_s - 1, 0), window_end_s=max(time_s, 1))
    walk, graph = query.walk, engine.graph(query.walk.avoid_steps)
    ends = snap_ends(engine, query, origin, destination)
    a, b = ends.take([0]), ends.take([1])
    date, timetable = engine.service_date(query), engine.timetable(query)
    if ends.outside.any():
        about = tuple(end for end, out in zip((origin, destination), ends.outside, strict=True) if out)
        return NoJourney(date, origin, destination, "outside_data", about)
    stops = engine.snapped_stops(walk.avoid_steps)
    access, egress = walks_of_ends(engine, query, ends)
    direct = compute_legs(graph, a, b, walk.total_limit_mm)

    rides = list(_find_rides(timetable, query, access, egress, depart_s, arrive_by_s))
    best = min(rides, default=None)
    if len(direct.length_mm):
        length = int(direct.length_mm[0])
        duration = walk_s(length, query)
        leave = depart_s if depart_s is not None else time_s - duration
        rank = _rank(leave, leave + duration, length, 0, forward=depart_s is not None)
        if best is None or rank <= best.rank:
            leg = _walk_leg(engine, query, a, b, None, None)
            return Journey(date, origin, destination, leave, leave + duration, query.board_slack_s, (leg,))
    if best is None:
        reason, unknown = _why_none(engine, timetable, query, access, egress)
        about = tuple(end for end, one in zip((origin, destination), unknown, strict=True) if one)
        return NoJourney(date, origin, destination, reason, about)
    ride = _ride_leg(engine, timetable, best)
    stop_ids = engine.pack.stops["stop_id"].to_numpy(object)
    first = int(timetable.lane_first[best.lane])
    on, off = int(timetable.stop[first + best.board]), int(timetable.stop[first + best.alight])
    legs = (
        _walk_leg(engine, query, a, stops.take([on]), None, str(stop_ids[on])),
        ride,
        _walk_leg(engine, query, stops.take([off]), b, str(stop_ids[off]), None),
    )
    return Journey(date, origin, destination, best.leave_s, best.arrive_s, query.board_slack_s, legs)


def snap_ends(engine: Engine, query: Query, origin: Place, destination: Place) -> Snapped:
    """Both ends on the streets, as two points."""
    places = pd.DataFrame({"x": [origin.x, destination.x], "y": [origin.y, destination.y]})
    return engine.snap(query.walk.avoid_steps, places)


def walks_of_ends(engine: Engine, query: Query, ends: Snapped) -> tuple[dict[int, int], dict[int, int]]:
    """Walks in mm between each end and the stops (rows) within the leg limit."""
    legs = engine.legs_to_stops(query.walk, ends)
    return (
        _as_dict(legs.target, legs.length_mm, legs.indptr, 0),
        _as_dict(legs.target, legs.length_mm, legs.indptr, 1),
    )


def _as_dict(target: np.ndarray, length_mm: np.ndarray, indptr: np.ndarray, row: int) -> dict[int, int]:
    part = slice(indptr[row], indptr[row + 1])
    return dict(zip(target[part].tolist(), length_mm[part].tolist(), strict=True))


def walk_s(length_mm: int, query: Query) -> int:
    """Seconds of a walk, as the engine counts them."""
    return int(leg_seconds(np.array([length_mm]), query.walk.speed_mm_per_h)[0])


def _rank(
    leave_s: int, arrive_s: int, walk_mm: int, boardings: int, *, forward: bool
) -> tuple[int, int, int, int]:
    """Smaller is better: earliest arrival then latest leave, or the other way round."""
    times = (arrive_s, -leave_s) if forward else (-leave_s, arrive_s)
    return (*times, walk_mm, boardings)


def _calls_near(timetable: Timetable, near: dict[int, int]) -> dict[int, list[tuple[int, int]]]:
    """By lane: (position, walk in mm) of its calls at the stops of ``near``."""
    calls: dict[int, list[tuple[int, int]]] = {}
    for stop, length in near.items():
        for slot in range(timetable.stop_first[stop], timetable.stop_first[stop + 1]):
            calls.setdefault(int(timetable.stop_lane[slot]), []).append(
                (int(timetable.stop_position[slot]), length)
            )
    return calls


def find_pairs(
    timetable: Timetable, query: Query, access: dict[int, int], egress: dict[int, int]
) -> Iterator[tuple[int, int, int, int, int]]:
    """All (lane, board, alight, access mm, egress mm) that the rules of boarding and walking allow."""
    boardings, alightings = _calls_near(timetable, access), _calls_near(timetable, egress)
    for lane in sorted(boardings.keys() & alightings.keys()):
        first = int(timetable.lane_first[lane])
        for board, access_mm in boardings[lane]:
            if not timetable.can_board[first + board]:
                continue
            for alight, egress_mm in alightings[lane]:
                if (
                    alight > board
                    and timetable.can_alight[first + alight]
                    and access_mm + egress_mm <= query.walk.total_limit_mm
                ):
                    yield lane, board, alight, access_mm, egress_mm


def _find_rides(
    timetable: Timetable,
    query: Query,
    access: dict[int, int],
    egress: dict[int, int],
    depart_s: int | None,
    arrive_by_s: int | None,
) -> Iterator[_Ride]:
    """The best trip of each pair of boarding and alighting.

    Times never decrease from trip to trip of a lane, so each is found by bisection.
    """
    for lane, board, alight, access_mm, egress_mm in find_pairs(timetable, query, access, egress):
        arrivals, departures = timetable.times_of_lane(lane)
        departs, arrives = departures[board], arrivals[alight]
        before_s = walk_s(access_mm, query) + query.board_slack_s
        after_s = walk_s(egress_mm, query)
        if depart_s is not None:
            first = bisect_left(departs, depart_s + before_s)
            last = bisect_right(departs, depart_s + query.horizon_s + before_s) - 1
            if first > last:
                continue
            # The latest trip that arrives as early.
            row = min(bisect_right(arrives, arrives[first]) - 1, last)
        else:
            assert arrive_by_s is not None
            last = bisect_right(arrives, arrive_by_s - after_s) - 1
            if last < 0 or arrives[last] + after_s < arrive_by_s - query.horizon_s:
                continue
            # The earliest trip that leaves as late.
            row = bisect_left(departs, departs[last])
        leave_s, arrive_s = int(departs[row]) - before_s, int(arrives[row]) + after_s
        yield _Ride(
            _rank(leave_s, arrive_s, access_mm + egress_mm, 1, forward=depart_s is not None),
            int(timetable.trip_index[timetable.trip_first[lane] + row]),
            board, alight, lane, row, leave_s, arrive_s,
        )  # fmt: skip


def _why_none(
    engine: Engine, timetable: Timetable, query: Query, access: dict[int, int], egress: dict[int, int]
) -> tuple[str, tuple[bool, bool]]:
    """The first reason that holds, in the order of the definitions, and which ends it is about."""
    active = engine.pack.stops["active"].to_numpy(bool)
    served = engine.pack.stops["served"].to_numpy(bool)
    near_origin = [stop for stop in access if active[stop]]
    near_service = [stop for stop in egress if active[stop]]
    if not near_origin:
        return "no_stop_near_origin", (True, False)
    if not near_service:
        return "no_stop_near_service", (False, True)
    unknown = not served[near_origin].any(), not served[near_service].any()
    if any(unknown):
        return "no_timetable", unknown
    some_pair = next(find_pairs(timetable, query, access, egress), None)
    return "no_direct_bus" if some_pair is None else "direct_bus_other_times", (True, True)


def _text(value: Any) -> str | None:
    return None if value is None or pd.isna(value) else str(value)


def name_route(feed: Feed, route: pd.Series) -> tuple[str, str | None, str | None]:
    """How people tell a route (row of ``feed.routes``) from others: vehicle, number (else name), operator.

    An operator that the timetable only has a code for has no name: nobody finds it written on a bus.
    """
    agency = feed.agency[feed.agency["agency_id"] == route["agency_id"]]
    operator = _text(agency.iloc[0]["agency_name"]) if len(agency) else None
    if operator is not None and operator == str(route["agency_id"]) and _OPERATOR_CODE.fullmatch(operator):
        operator = None
    number = _text(route["route_short_name"]) or _text(route["route_long_name"])
    if operator == number:  # a minibus that has one name for both
        operator = None
    return str(route["mode"]), number, operator


def _ride_leg(engine: Engine, timetable: Timetable, ride: _Ride) -> RideLeg:
    feed, stop_ids = engine.pack.feed, engine.pack.stops["stop_id"].to_numpy(object)
    trip = feed.trips.iloc[ride.trip_index]
    route = feed.routes[feed.routes["route_id"] == trip["route_id"]].iloc[0]
    mode, number, operator = name_route(feed, route)
    arrivals, departures = timetable.times_of_lane(ride.lane)
    stops = timetable.stop[timetable.lane_first[ride.lane] : timetable.lane_first[ride.lane + 1]]
    return RideLeg(
        mode=mode,
        route_id=str(route["route_id"]),
        route_short_name=number,
        agency_name=operator,
        headsign=_text(trip["trip_headsign"]),
        trip_id=str(trip["trip_id"]),
        from_stop_id=str(stop_ids[stops[ride.board]]),
        to_stop_id=str(stop_ids[stops[ride.alight]]),
        departure_s=int(departures[ride.board, ride.trip_row]),
        arrival_s=int(arrivals[ride.alight, ride.trip_row]),
        stops_ridden=ride.alight - ride.board,
        previous_stop_id=str(stop_ids[stops[ride.alight - 1]]),
        last_stop_id=str(stop_ids[stops[-1]]),
        approximate=bool(trip["approximate"]),
    )


def _walk_leg(
    engine: Engine, query: Query, a: Snapped, b: Snapped, from_stop_id: str | None, to_stop_id: str | None
) -> WalkLeg:
    graph = engine.graph(query.walk.avoid_steps)
    path = compute_path(graph, a, b)
    assert path is not None, "a leg was found between the two"
    lon, lat = transformer(engine.pack.crs, "EPSG:4326").transform(path.xs, path.ys)
    return WalkLeg(
        from_stop_id=from_stop_id,
        to_stop_id=to_stop_id,
        duration_s=walk_s(path.length_mm, query),
        length_m=path.length_mm / 1000,
        geometry=LineString(np.round(np.column_stack((lon, lat)), 6)),
        streets=tuple((part.street, part.length_mm / 1000) for part in path.parts),
        straight_line=engine.pack.walk is None,
        directions=None if isinstance(graph, StraightLine) else compute_turns(graph, path),
    )
