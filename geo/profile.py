"""Exact one-ride profiles of many pairs: best ride, percentiles, share in reach.

Definitions: docs/methods.md, "Profile and the two questions". The arrays here
are the engine's own: whole seconds, with ``NONE`` where there is no value. They
become nulls in the tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.errors import QueryError
from geo.destinations import WALK_BITS, WALK_MASK, index_destinations
from geo.legs import Legs, leg_seconds
from geo.matrix_kernels import NONE, fill_matrix
from geo.profile_kernels import fill_cells, profile_stops
from geo.progress import ShareDone
from geo.query import Query
from geo.threads import run_blocks
from geo.timetable import Timetable

__all__ = [
    "NONE",
    "CellTimes",
    "Matrix",
    "StopProfiles",
    "compute_cells",
    "compute_matrix",
    "compute_stop_profiles",
]

# Destinations at a time: bounds the index's memory whatever the number of services.
DESTINATION_BLOCK = 2_048


@dataclass(frozen=True)
class Matrix:
    """Results for n origins (rows) and m destinations; int32 seconds, ``NONE`` for no value."""

    walk_s: np.ndarray  # [n, m] walking all the way, within the whole-walk limit
    ride_s: np.ndarray  # [n, m] best ride that leaves inside the window, whatever its length
    ride_walk_s: np.ndarray  # [n, m] access and egress walk of that ride (of equals the least)
    in_reach_s: np.ndarray  # [n, m] seconds of the window from which t <= cut-off
    percentile_s: np.ndarray  # [percentiles, n, m] rounded up to the second
    direct_bus: np.ndarray  # bool[n, m] some trip of the timetable calls near both, in order
    window_s: int

    @property
    def best_s(self) -> np.ndarray:
        """Best journey, walking all the way included."""
        return np.minimum(self.walk_s, self.ride_s)

    def put_walks(self, at: np.ndarray, walk_s: np.ndarray, cutoff_s: int) -> None:
        """Write walks to these places, row by row; walking all the way is a journey at every moment."""
        self.walk_s.ravel()[at] = walk_s
        self.in_reach_s.ravel()[at] = np.where(walk_s <= cutoff_s, np.int32(self.window_s), np.int32(0))
        for plane in self.percentile_s:
            plane.ravel()[at] = walk_s


def make_empty_matrix(n: int, m: int, percentiles: int, window_s: int) -> Matrix:
    """Without any way between any two points."""
    walk_s, ride_s, ride_walk_s = (np.full((n, m), NONE, np.int32) for _ in range(3))
    percentile_s = np.full((percentiles, n, m), NONE, np.int32)
    return Matrix(
        walk_s,
        ride_s,
        ride_walk_s,
        np.zeros((n, m), np.int32),
        percentile_s,
        np.zeros((n, m), bool),
        window_s,
    )


class Rides:
    """Rides from all origins to all destinations: made ready once, computed block by block.

    Raises
    ------
    QueryError
        A walk takes longer than the engine can hold (over 36 hours).
    """

    def __init__(self, timetable: Timetable, access: Legs, egress: Legs, query: Query) -> None:
        self.access, self.egress, self.query = access, egress, query
        self.access_s, self.egress_s = (
            walk_seconds(legs, query.walk.speed_mm_per_h) for legs in (access, egress)
        )
        # Below zero: the whole-walk limit can't bind, and need not be checked.
        self.total_limit_mm = query.walk.total_limit_mm if walk_limit_binds(query) else -1
        self.percentiles = np.array(query.percentiles, np.int64)
        t = timetable
        lanes = (t.lane_first, t.trip_first, t.time_first, t.arrival_s, t.departure_s)
        self._boarding = (t.stop_first, t.stop_lane, t.stop_position, t.can_board, *lanes)
        self._alighting = (t.stop_first, t.stop_lane, t.stop_position, t.can_alight, *lanes)

    def index_block(self, to_first: int, to_last: int) -> tuple[np.ndarray, ...]:
        """The lanes that lead to a block of destinations (:func:`geo.destinations.index_destinations`)."""
        egress, query = self.egress, self.query
        return index_destinations(
            egress.indptr, egress.target, self.egress_s, egress.length_mm, to_first, to_last,
            *self._alighting,
            query.window_start_s + query.board_slack_s,
            query.window_end_s + query.board_slack_s + int(self.access_s.max(initial=0)),
            int(self.total_limit_mm < 0),
        )  # fmt: skip

    def fill_block(
        self,
        index: tuple[np.ndarray, ...],
        matrix: Matrix,
        rows: tuple[int, int],
        columns: tuple[int, int],
        *,
        first_origin: int = 0,
    ) -> None:
        """Add the rides of these rows to these columns, which are the index's, of a matrix.

        ``first_origin`` is the origin of the matrix's row 0.
        """
        access, query = self.access, self.query
        fill_matrix(
            *rows, access.indptr[first_origin:], access.target, self.access_s, access.length_mm,
            *columns, *self._boarding, *index,
            query.window_start_s, query.window_end_s, query.horizon_s, query.cutoff_s, query.board_slack_s,
            self.total_limit_mm, self.percentiles,
            matrix.walk_s, matrix.ride_s, matrix.ride_walk_s, matrix.in_reach_s, matrix.percentile_s,
            matrix.direct_bus,
        )  # fmt: skip


@dataclass(frozen=True)
class StopProfiles:
    """One origin's Pareto journeys to every stop, without the walk from the stop.

    Row ``i`` is stop ``stop[i]``; its journeys are ``leave_s, arrive_s[indptr[i]
    : indptr[i + 1]]``, earliest leave first, leaves inside the closed window. A
    journey that leaves later stands with the window's end as its leave: it
    serves who waits, and is not in ``best_key``.
    """

    stop: np.ndarray  # int32[R], row in the pack's stops
    indptr: np.ndarray  # int64[R + 1]
    leave_s: np.ndarray  # int32
    arrive_s: np.ndarray  # int32
    best_key: np.ndarray  # int64[R], see best_s
    n_stops: int

    @property
    def best_s(self) -> np.ndarray:
        """Best duration to each stop of journeys leaving inside the window; ``NONE`` where none."""
        return np.minimum(self.best_key >> WALK_BITS, NONE).astype(np.int32)


@dataclass(frozen=True)
class CellTimes:
    """One origin's results for n cells, as in :class:`Matrix`."""

    ride_s: np.ndarray
    ride_walk_s: np.ndarray
    in_reach_s: np.ndarray
    percentile_s: np.ndarray  # [percentiles, n]


def walk_limit_binds(query: Query) -> bool:
    """True when two legs within the leg limit may together pass the whole-walk limit."""
    return query.walk.total_limit_mm < 2 * query.walk.leg_limit_mm


def compute_matrix(
    timetable: Timetable,
    access: Legs,
    egress: Legs,
    direct: Legs,
    query: Query,
    *,
    progress: ShareDone | None = None,
) -> Matrix:
    """Compute all pairs of origins and destinations.

    Parameters
    ----------
    access, egress : Legs
        Origins to stops and destinations to stops, at most the leg limit.
    direct : Legs
        Origins to destinations, at most the whole-walk limit.
    progress : callable, optional
        Called with the share done, 0 to 1.

    Raises
    ------
    QueryError
        A walk takes longer than the engine can hold (over 36 hours).
    """
    n, m = len(access.indptr) - 1, len(egress.indptr) - 1
    rides = Rides(timetable, access, egress, query)
    matrix = make_empty_matrix(n, m, len(query.percentiles), query.window_end_s - query.window_start_s)
    on_foot = np.repeat(np.arange(n) * m, np.diff(direct.indptr)) + direct.target
    matrix.put_walks(on_foot, walk_seconds(direct, query.walk.speed_mm_per_h), query.cutoff_s)
    for first in range(0, m, DESTINATION_BLOCK):
        last = min(first + DESTINATION_BLOCK, m)
        index = rides.index_block(first, last)

        def fill(row: int, stop: int, columns=(first, last), index=index) -> None:  # type: ignore[no-untyped-def]
            rides.fill_block(index, matrix, (row, stop), columns)

        run_blocks(n, fill, min_rows=8, blocks_per_thread=8)
        if progress is not None:
            progress(last / m)
    return matrix


def compute_stop_profiles(
    timetable: Timetable, access_stops: np.ndarray, access_s: np.ndarray, query: Query
) -> StopProfiles:
    """Compute one origin's journeys to every stop.

    Only where the whole-walk limit can't bind (:func:`walk_limit_binds`): a stop
    has one profile whatever is walked after it. Else use :func:`compute_matrix`.

    Parameters
    ----------
    access_stops : int array, rows of the pack's stops
    access_s : int array, walks to them
    """
    if walk_limit_binds(query):
        raise ValueError("stop profiles can't hold a whole-walk limit under twice the leg limit")
    stop, indptr, leave_s, arrive_s, best_key = profile_stops(
        access_stops.astype(np.int32), access_s.astype(np.int32),
        timetable.stop_first, timetable.stop_lane, timetable.stop_position,
        timetable.can_board, timetable.can_alight, timetable.lane_first, timetable.trip_first,
        timetable.time_first, timetable.arrival_s, timetable.departure_s, timetable.stop,
        query.window_start_s, query.window_end_s, query.horizon_s, query.board_slack_s,
    )  # fmt: skip
    return StopProfiles(stop, indptr, leave_s, arrive_s, best_key, len(timetable.stop_first) - 1)


def compute_cells(profiles: StopProfiles, egress: Legs, walk_s: np.ndarray, query: Query) -> CellTimes:
    """Merge one origin's stop profiles into the times of many cells.

    Parameters
    ----------
    egress : Legs
        Cells to stops (rows of the pack's stops), at most the leg limit.
    walk_s : int32[cells]
        Walking all the way, ``NONE`` where there is no way or it is too far.
    """
    n = len(egress.indptr) - 1
    egress_s = walk_seconds(egress, query.walk.speed_mm_per_h)
    row_of_stop = np.full(profiles.n_stops, -1, np.int32)
    row_of_stop[profiles.stop] = np.arange(len(profiles.stop), dtype=np.int32)
    percentiles = np.array(query.percentiles, np.int64)
    ride_s, ride_walk_s, in_reach_s = (np.empty(n, np.int32) for _ in range(3))
    percentile_s = np.empty((len(percentiles), n), np.int32)

    def fill(first: int, last: int) -> None:
        fill_cells(
            first, last, egress.indptr, egress.target, egress_s, walk_s,
            row_of_stop, profiles.indptr, profiles.leave_s, profiles.arrive_s, profiles.best_key,
            query.window_start_s, query.window_end_s, query.cutoff_s, percentiles,
            ride_s, ride_walk_s, in_reach_s, percentile_s,
        )  # fmt: skip

    run_blocks(n, fill, min_rows=1_024)
    return CellTimes(ride_s, ride_walk_s, in_reach_s, percentile_s)


def walk_seconds(legs: Legs, speed_mm_per_h: int) -> np.ndarray:
    """Whole seconds of each leg; QueryError where one is too long for a key."""
    seconds = leg_seconds(legs.length_mm, speed_mm_per_h)
    if len(seconds) and int(seconds.max()) > WALK_MASK:
        raise QueryError(f"A walk of {int(seconds.max())} s is longer than the engine can hold.")
    return seconds
