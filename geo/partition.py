"""A region cut by area: parts that need nothing of each other, and answer as the whole would.

What can matter to the origins of one part is followed, not guessed at:

1. the stops within the leg limit of its origins, by the walks themselves;
2. the lanes that can be boarded there, with their trips of the window and the horizon;
3. the stops that those lanes come to afterwards;
4. the destinations with a walk from a stop that a ride of at most the cut-off comes to (a longer ride
   can't be part of a pair in reach), or with a walk from an origin;
5. of those destinations every walk to a stop of 3, since slower journeys of a pair in reach count in its
   percentiles.

Every journey of every pair in reach is thus in the part, and no journey is in it that the region has not: the
rows are the same. A part holds numbers only: no names and no coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geo.compile import I8, IN_B1, IN_I4, IN_I8, OUT_B1, OUT_I8, kernel
from geo.inputs import ReachInputs
from geo.legs import Legs, leg_seconds
from geo.patterns import spread_ranges
from geo.query import Query
from geo.timetable import Timetable
from geo.transpose import transpose_legs


@dataclass(frozen=True)
class Part:
    """What one part's answer is computed from.

    ``inputs`` numbers stops, origins and destinations anew: origin ``i`` is row
    ``origins[i]`` of the region's, destination ``j`` row ``destinations[j]``.
    """

    origins: np.ndarray  # int64, ascending
    destinations: np.ndarray  # int64, ascending
    inputs: ReachInputs


def split_area(x: np.ndarray, y: np.ndarray, most: int) -> list[np.ndarray]:
    """Halve the area across its longer side until no tile holds more than ``most`` points.

    Points without coordinates go with the westernmost. Returns ascending rows
    of each tile; the same points give the same tiles.
    """
    x, y = (np.where(np.isfinite(v), v, np.nanmin(v) if np.isfinite(v).any() else 0.0) for v in (x, y))
    waiting, tiles = [np.arange(len(x))], []
    while waiting:
        rows = waiting.pop()
        if len(rows) <= most:
            tiles.append(np.sort(rows))
            continue
        along = x if np.ptp(x[rows]) >= np.ptp(y[rows]) else y
        order = rows[np.argsort(along[rows], kind="stable")]
        half = len(order) // 2
        waiting += [order[half:], order[:half]]
    return tiles


@kernel(
    (
        IN_B1, IN_I4, IN_B1, IN_B1, IN_I8, IN_I8, IN_I8, IN_I4, IN_I4, I8, I8, I8, I8,
        OUT_B1, OUT_B1, OUT_I8, OUT_I8,
    )
)  # fmt: skip
def _follow_lanes(  # type: ignore[no-untyped-def]
    near, stop, can_board, can_alight, lane_first, trip_first, time_first, arrival_s, departure_s,
    earliest_s, last_leave_s, last_useful_s, longest_s, later, reached, trip_from, trip_to,
):  # fmt: skip
    """Mark where lanes boarded near the origins can be got off, and the trips that can matter.

    ``later``: after a boarding. ``reached``: after a ride of at most
    ``longest_s`` that departs from ``earliest_s`` to ``last_leave_s``. Trips
    ``trip_from`` up to (not with) ``trip_to`` depart somewhere near by ``last_useful_s``.
    """
    for lane in range(len(lane_first) - 1):
        first, last = lane_first[lane], lane_first[lane + 1]
        count = trip_first[lane + 1] - trip_first[lane]
        boarded = False
        for at in range(first, last):
            if boarded and can_alight[at]:
                later[at] = True
            boarded = boarded or (near[stop[at]] and can_board[at])
        trip_from[lane], trip_to[lane] = count, 0
        if not boarded:
            continue
        for trip in range(count):
            aboard_s = np.int64(-1)
            for at in range(first, last):
                time_at = time_first[lane] + (at - first) * count + trip
                if aboard_s >= 0 and can_alight[at] and arrival_s[time_at] - aboard_s <= longest_s:
                    reached[at] = True
                if near[stop[at]] and can_board[at] and earliest_s <= departure_s[time_at] <= last_useful_s:
                    trip_from[lane] = min(trip_from[lane], trip)
                    trip_to[lane] = trip + 1
                    if departure_s[time_at] <= last_leave_s:
                        aboard_s = max(aboard_s, np.int64(departure_s[time_at]))


class Cutter:
    """Cuts parts out of one region's inputs, one after the other."""

    def __init__(self, inputs: ReachInputs, query: Query) -> None:
        self.inputs, self.query = inputs, query
        slowest_s = int(leg_seconds(inputs.access.length_mm, query.walk.speed_mm_per_h).max(initial=0))
        self.earliest_s = query.window_start_s + query.board_slack_s
        self.last_leave_s = query.window_end_s + query.board_slack_s + slowest_s
        self.last_useful_s = self.last_leave_s + query.horizon_s

    @cached_property
    def _from_stops(self) -> Legs:
        """Walks from each stop to destinations."""
        return transpose_legs(self.inputs.egress, len(self.inputs.timetable.stop_first) - 1)

    def cut(self, origins: np.ndarray) -> Part:
        """Cut out what matters to these origins (ascending rows)."""
        inputs, t = self.inputs, self.inputs.timetable
        n_stops = len(t.stop_first) - 1
        access, direct = inputs.access.take(origins), inputs.direct.take(origins)
        near = np.zeros(n_stops, bool)
        near[access.target] = True
        later, reached = np.zeros(len(t.stop), bool), np.zeros(len(t.stop), bool)
        trip_from, trip_to = np.zeros(t.n_lanes, np.int64), np.zeros(t.n_lanes, np.int64)
        _follow_lanes(
            near, t.stop, t.can_board, t.can_alight, t.lane_first, t.trip_first, t.time_first,
            t.arrival_s, t.departure_s, self.earliest_s, self.last_leave_s, self.last_useful_s,
            self.query.cutoff_s, later, reached, trip_from, trip_to,
        )  # fmt: skip
        come_to = self._from_stops.take(np.unique(t.stop[reached]).astype(np.int64))
        destinations = np.unique(np.concatenate((come_to.target, direct.target))).astype(np.int64)
        got_off = np.zeros(n_stops, bool)
        got_off[t.stop[later]] = True
        egress = inputs.egress.take(destinations)
        egress = _keep_legs(egress, got_off[egress.target])
        left = np.zeros(n_stops, bool)
        left[egress.target] = True
        board = near[t.stop] & t.can_board
        stops = np.flatnonzero(near | left)
        timetable = _cut_timetable(t, board, later & left[t.stop], trip_from, trip_to, stops)
        return Part(
            origins,
            destinations,
            number_inputs(
                timetable,
                _renumber(access, stops, n_stops),
                _renumber(egress, stops, n_stops),
                _renumber(direct, destinations, len(inputs.service_ids)),
            ),
        )


def number_inputs(timetable: Timetable, access: Legs, egress: Legs, direct: Legs) -> ReachInputs:
    """Inputs of points that have numbers only."""
    n, m = len(access.indptr) - 1, len(egress.indptr) - 1
    n_stops = len(timetable.stop_first) - 1
    return ReachInputs(
        timetable, np.arange(n), np.arange(m), access, egress, direct, None,
        np.zeros(n, bool), np.zeros(m, bool), np.ones(n_stops, bool), np.ones(n_stops, bool),
    )  # fmt: skip


def _keep_legs(legs: Legs, kept: np.ndarray) -> Legs:
    before = np.concatenate(([0], np.cumsum(kept)))
    return Legs(before[legs.indptr], legs.target[kept], legs.length_mm[kept])


def _renumber(legs: Legs, kept: np.ndarray, count: int) -> Legs:
    """Count targets by their place among ``kept``, which holds all of them."""
    place = np.full(count, -1, np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    return Legs(legs.indptr, place[legs.target], legs.length_mm)


def _cut_timetable(
    t: Timetable, board: np.ndarray, alight: np.ndarray, trip_from: np.ndarray, trip_to: np.ndarray,
    stops: np.ndarray,
) -> Timetable:  # fmt: skip
    """Keep the lanes that are boarded and left, where they are, with the trips that can matter."""
    lane_of = np.repeat(np.arange(t.n_lanes), np.diff(t.lane_first))
    trips = np.maximum(trip_to - trip_from, 0)
    is_left = np.zeros(t.n_lanes, bool)
    is_left[lane_of[alight]] = True
    kept = np.flatnonzero((board | alight) & (is_left & (trips > 0))[lane_of])
    lane = lane_of[kept]
    lanes, lane_first = np.unique(lane, return_index=True)
    lane_first = np.append(lane_first, len(kept)).astype(np.int64)
    count = np.diff(t.trip_first)
    position = kept - t.lane_first[lane]
    times = spread_ranges(t.time_first[lane] + position * count[lane] + trip_from[lane], trips[lane])
    trip_first = np.concatenate(([0], np.cumsum(trips[lanes]))).astype(np.int64)
    time_first = np.concatenate(([0], np.cumsum(np.diff(lane_first) * trips[lanes])))[:-1].astype(np.int64)
    trip = spread_ranges(t.trip_first[lanes] + trip_from[lanes], trips[lanes])
    place = np.full(len(t.stop_first) - 1, -1, np.int32)
    place[stops] = np.arange(len(stops), dtype=np.int32)
    stop = place[t.stop[kept]]
    by_stop = np.argsort(stop, kind="stable")
    new_lane = np.repeat(np.arange(len(lanes), dtype=np.int32), np.diff(lane_first))
    within = (np.arange(len(kept)) - lane_first[new_lane]).astype(np.int32)
    return Timetable(
        service_date=t.service_date, modes=t.modes, span_s=t.span_s,
        stop=stop, can_board=board[kept], can_alight=alight[kept],
        lane_first=lane_first, trip_first=trip_first, time_first=time_first,
        arrival_s=t.arrival_s[times], departure_s=t.departure_s[times],
        trip_index=t.trip_index[trip], trip_shift_s=t.trip_shift_s[trip],
        stop_first=np.searchsorted(stop[by_stop], np.arange(len(stops) + 1)).astype(np.int64),
        stop_lane=new_lane[by_stop], stop_position=within[by_stop],
    )  # fmt: skip
