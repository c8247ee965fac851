"""Which buses go directly from near a neighbourhood to near each service, in the window asked about."""

from __future__ import annotations

import re

import numpy as np

from data.text import clean_text
from geo.engine import Engine
from geo.inputs import ReachInputs
from geo.legs import Legs, leg_seconds
from geo.query import Query
from layers.routes import route_of_trip


def list_direct_buses(engine: Engine, query: Query, neighbourhood_id: str) -> dict[str, tuple[str, ...]]:
    """Numbers of the routes that go there, by service_id; services without one are left out.

    A route counts when one of its trips leaves a stop near one of the
    neighbourhood's points inside the window, and calls later near the service,
    with boarding and alighting allowed. It may take longer than the cut-off.
    """
    points = engine.pack.origin_points
    if points is None or engine.venues is None:
        return {}
    inputs = engine.inputs(query)
    rows = np.flatnonzero((points["neighbourhood_id"] == neighbourhood_id).to_numpy())
    boardings = _list_boardings(engine, inputs, query, _targets(inputs.access, rows))
    timetable = inputs.timetable
    found = {}
    for row, service_id in enumerate(inputs.service_ids):
        slots = _slots(inputs, _targets(inputs.egress, np.array([row])))
        lanes, positions = timetable.stop_lane[slots], timetable.stop_position[slots]
        may_alight = timetable.can_alight[timetable.lane_first[lanes] + positions]
        last: dict[int, int] = {}  # of each lane: the last call near the service
        for lane, position in zip(lanes[may_alight].tolist(), positions[may_alight].tolist(), strict=True):
            last[lane] = max(position, last.get(lane, -1))
        names = {
            name
            for lane in boardings.keys() & last.keys()
            for position, leaving in boardings[lane]
            if position < last[lane]
            for name in leaving
        }
        if names:
            found[str(service_id)] = tuple(sorted(names, key=_by_number))
    return found


def _targets(legs: Legs, rows: np.ndarray) -> np.ndarray:
    parts = [legs.target[legs.indptr[row] : legs.indptr[row + 1]] for row in rows]
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int32)


def _slots(inputs: ReachInputs, stops: np.ndarray) -> np.ndarray:
    """Rows of ``stop_lane`` at which any of the stops is called at."""
    first = inputs.timetable.stop_first
    parts = [np.arange(first[stop], first[stop + 1]) for stop in stops]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _list_boardings(
    engine: Engine, inputs: ReachInputs, query: Query, stops: np.ndarray
) -> dict[int, list[tuple[int, frozenset[str]]]]:
    """By lane: where somebody near the stops may board, and the routes that leave there in time."""
    timetable, routes = inputs.timetable, engine.pack.feed.routes
    route = route_of_trip(engine.pack.feed)
    longest_walk_s = int(leg_seconds(np.array([query.walk.leg_limit_mm]), query.walk.speed_mm_per_h)[0])
    earliest = query.window_start_s + query.board_slack_s
    latest = query.window_end_s + query.board_slack_s + longest_walk_s
    slots = _slots(inputs, stops)
    boardings: dict[int, list[tuple[int, frozenset[str]]]] = {}
    for lane, position in zip(
        timetable.stop_lane[slots].tolist(), timetable.stop_position[slots].tolist(), strict=True
    ):
        if not timetable.can_board[timetable.lane_first[lane] + position]:
            continue
        departure = timetable.times_of_lane(lane)[1][position]
        inside = (departure >= earliest) & (departure <= latest)
        trips = timetable.trip_index[timetable.trip_first[lane] : timetable.trip_first[lane + 1]]
        names = routes["route_short_name"].iloc[np.unique(route[trips[inside]])].fillna("unnumbered")
        boardings.setdefault(lane, []).append((position, frozenset(clean_text(name) for name in names)))
    return boardings


def _by_number(name: str) -> tuple[int, str]:
    """Routes in the order people expect: 2, 10, 10A, X3."""
    digits = re.match(r"\d+", name)
    return (int(digits[0]) if digits else 1_000_000, name)
