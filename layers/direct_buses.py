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

_NOWHERE = np.iinfo(np.int32).max


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
    board = _first_boarding(inputs, _targets(inputs.access, rows))
    routes_of_lane = _routes_leaving(engine, inputs, query, board)
    timetable = inputs.timetable
    found = {}
    for row, service_id in enumerate(inputs.service_ids):
        slots = _slots(inputs, _targets(inputs.egress, np.array([row])))
        lanes, positions = timetable.stop_lane[slots], timetable.stop_position[slots]
        may_alight = timetable.can_alight[timetable.lane_first[lanes] + positions]
        reached = np.unique(lanes[may_alight & (positions > board[lanes])])
        names = {name for lane in reached for name in routes_of_lane.get(int(lane), ())}
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


def _first_boarding(inputs: ReachInputs, stops: np.ndarray) -> np.ndarray:
    """First position of each lane at which somebody near the stops may board."""
    timetable = inputs.timetable
    board = np.full(timetable.n_lanes, _NOWHERE, np.int64)
    slots = _slots(inputs, stops)
    lanes, positions = timetable.stop_lane[slots], timetable.stop_position[slots]
    may_board = timetable.can_board[timetable.lane_first[lanes] + positions]
    np.minimum.at(board, lanes[may_board], positions[may_board])
    return board


def _routes_leaving(
    engine: Engine, inputs: ReachInputs, query: Query, board: np.ndarray
) -> dict[int, frozenset[str]]:
    """Names of the routes of each lane's trips that leave in time, by lane."""
    timetable, routes = inputs.timetable, engine.pack.feed.routes
    route = route_of_trip(engine.pack.feed)
    longest_walk_s = int(leg_seconds(np.array([query.walk.leg_limit_mm]), query.walk.speed_mm_per_h)[0])
    latest = query.window_end_s + query.board_slack_s + longest_walk_s
    named = {}
    for lane in np.flatnonzero(board != _NOWHERE):
        trips = slice(timetable.trip_first[lane], timetable.trip_first[lane + 1])
        count = trips.stop - trips.start
        start = timetable.time_first[lane] + board[lane] * count
        departure = timetable.departure_s[start : start + count]
        inside = (departure >= query.window_start_s + query.board_slack_s) & (departure <= latest)
        rows = np.unique(route[timetable.trip_index[trips][inside]])
        if len(rows):
            names = routes["route_short_name"].iloc[rows].fillna("unnumbered")
            named[int(lane)] = frozenset(clean_text(name) for name in names)
    return named


def _by_number(name: str) -> tuple[int, str]:
    """Routes in the order people expect: 2, 10, 10A, X3."""
    digits = re.match(r"\d+", name)
    return (int(digits[0]) if digits else 1_000_000, name)
