"""Many origins to many destinations: rows only for pairs in reach, in bounded memory.

A region has far more pairs than answers: of Greater Manchester's neighbourhoods
and stops one pair in twenty-five is in reach. So the kernel fills a small table
of a few origins at a time, what is in reach is taken out of it, and only what
was touched is emptied again: time and memory follow the answers, not the pairs.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from data.errors import QueryError
from geo.engine import Engine
from geo.inputs import ReachInputs
from geo.partition import Cutter
from geo.patterns import spread_ranges
from geo.profile import NONE, Rides, make_empty_matrix, walk_seconds
from geo.progress import ShareDone
from geo.query import Query
from geo.reasons import find_stops_near
from geo.threads import run_blocks

Rows = Literal["reached", "all"]

# Pairs of the table that one thread works in: 25 bytes each, so that it stays in the processor's cache.
TABLE_PAIRS = 200_000
MOST_ROWS = 64
# Origins answered at a time: what can matter to them and what is in reach of them is held.
BLOCK_ORIGINS = 512
# Destinations indexed at a time: bounds the index's memory.
BLOCK_DESTINATIONS = 32_768


@dataclass(frozen=True)
class Pairs:
    """Pairs of n origins from number ``first`` on, origin by origin; seconds, ``NONE`` for no value.

    Row ``i`` holds ``destination[indptr[i]:indptr[i + 1]]``, ascending. All k
    pairs are in reach on foot or by one bus, unless every pair was asked for.
    """

    first: int
    indptr: np.ndarray  # int64[n + 1]
    destination: np.ndarray  # int32[k]
    walk_s: np.ndarray  # int32[k] walking all the way, within the whole-walk limit
    ride_s: np.ndarray  # int32[k] best ride that leaves inside the window
    in_reach_s: np.ndarray  # int32[k] seconds of the window from which t <= cut-off
    percentile_s: np.ndarray  # int32[percentiles, k]
    window_s: int

    def __len__(self) -> int:
        return len(self.destination)

    @property
    def best_s(self) -> np.ndarray:
        """Best journey, walking all the way included."""
        return np.minimum(self.walk_s, self.ride_s)

    def take(self, rows: np.ndarray) -> Pairs:
        """Return the pairs of these origins (numbers from 0, after ``first``), in this order."""
        counts = np.diff(self.indptr)[rows]
        indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        at = spread_ranges(self.indptr[rows], counts)
        return Pairs(
            0, indptr, self.destination[at], self.walk_s[at], self.ride_s[at], self.in_reach_s[at],
            self.percentile_s[:, at], self.window_s,
        )  # fmt: skip


def join_pairs(blocks: list[Pairs]) -> Pairs:
    """Put blocks of origins that follow one another together; at least one."""
    ends = np.cumsum([0, *(len(block) for block in blocks)])
    indptr = [np.zeros(1, np.int64)]
    indptr += [block.indptr[1:] + end for block, end in zip(blocks, ends, strict=False)]

    def join(name: str) -> np.ndarray:
        return np.concatenate([getattr(block, name) for block in blocks], axis=-1)

    return Pairs(
        blocks[0].first, np.concatenate(indptr), join("destination"), join("walk_s"), join("ride_s"),
        join("in_reach_s"), join("percentile_s"), blocks[0].window_s,
    )  # fmt: skip


def build_many(
    engine: Engine, query: Query, origins: pd.DataFrame, destinations: pd.DataFrame
) -> ReachInputs:
    """Walk from points to stops: what :func:`stream_pairs` reads.

    Parameters
    ----------
    origins, destinations : DataFrame
        Columns id, x, y (metres in the pack's CRS).

    Raises
    ------
    QueryError
        Two boardings are asked for, an id stands twice, or there is no point.
    """
    check_many(query, origins, destinations)
    engine = engine.under(query.scenario)
    walk, stops = query.walk, engine.pack.stops
    from_points, to_points = (
        engine.snap(walk.avoid_steps, origins),
        engine.snap(walk.avoid_steps, destinations),
    )
    access, egress, direct = engine.walks(walk, from_points, to_points)
    return ReachInputs(
        timetable=engine.timetable(query),
        origin_ids=origins["id"].to_numpy(object),
        service_ids=destinations["id"].to_numpy(object),
        access=access,
        egress=egress,
        direct=direct,
        transfers=None,
        origin_outside=from_points.outside,
        service_outside=to_points.outside,
        stop_active=stops["active"].to_numpy(bool),
        stop_served=stops["served"].to_numpy(bool),
    )


def check_many(query: Query, origins: pd.DataFrame, destinations: pd.DataFrame) -> None:
    """Raise QueryError where the question can't be asked of these points."""
    faults = []
    if query.boardings != 1:
        faults.append("two boardings: only `reach` looks for a second bus; ask for one here")
    if not query.percentiles:
        faults.append("percentiles: there is none; a matrix needs one at least")
    for words, points in (("origins", origins), ("destinations", destinations)):
        if points.empty:
            faults.append(f"{words}: there is none")
        twice = points["id"][points["id"].duplicated()].unique()[:5]
        faults += [f"{words}: id {one!r} stands twice; ids must differ" for one in twice]
    if faults:
        raise QueryError("The matrix can't be made as asked:", faults)


@dataclass(frozen=True)
class PointFacts:
    """What is known of n origins or destinations, whatever the pair."""

    ids: np.ndarray  # strings [n]
    outside: np.ndarray  # bool[n], outside the data
    near: np.ndarray  # bool[n], an active stop within the leg limit
    served: np.ndarray  # bool[n], one of them has a timetable on some date of the feed

    def list_not_known(self) -> dict[str, list[str]]:
        """Ids of the points whose reach by bus is not known, by reason."""
        unserved = ~self.outside & self.near & ~self.served
        return {
            "outside_data": [str(one) for one in self.ids[self.outside]],
            "no_timetable": [str(one) for one in self.ids[unserved]],
        }


def find_facts(inputs: ReachInputs) -> tuple[PointFacts, PointFacts]:
    """What is known of the origins, and of the destinations."""
    return (
        PointFacts(
            inputs.origin_ids, inputs.origin_outside, *find_stops_near(inputs, inputs.access)
        ),
        PointFacts(
            inputs.service_ids, inputs.service_outside, *find_stops_near(inputs, inputs.egress)
        ),
    )  # fmt: skip


def stream_pairs(
    inputs: ReachInputs,
    query: Query,
    *,
    rows: Rows = "reached",
    block_origins: int = BLOCK_ORIGINS,
    block_destinations: int = BLOCK_DESTINATIONS,
    progress: ShareDone | None = None,
) -> Iterator[Pairs]:
    """Answer block after block of origins, in order.

    Where only pairs in reach are wanted, each block is asked of what can matter
    to it (:mod:`geo.partition`): the cost of a block does not grow with the region.

    Parameters
    ----------
    inputs : ReachInputs
        As :func:`build_many` makes them (``transfers`` is not read).
    rows : "reached" or "all"
        "all" gives a row for every pair, also where there is no way at all.
    block_origins, block_destinations : int
        Points at a time; decide memory and never an answer.
    progress : callable, optional
        Called with the share done, 0 to 1, after each block.
    """
    n = len(inputs.origin_ids)
    cutter = Cutter(inputs, query) if rows == "reached" else None
    whole = _Filler(inputs, query, rows) if rows == "all" else None
    for first in range(0, n, block_origins):
        last = min(first + block_origins, n)
        if cutter is not None:
            part = cutter.cut(np.arange(first, last))
            found = compute_pairs(part.inputs, query, block_destinations=block_destinations)
            yield replace(
                found, first=first, destination=part.destinations.astype(np.int32)[found.destination]
            )
        elif whole is not None:
            yield whole.answer(first, last, block_destinations)
        if progress is not None:
            progress(last / n)


def compute_pairs(
    inputs: ReachInputs,
    query: Query,
    *,
    rows: Rows = "reached",
    block_destinations: int = BLOCK_DESTINATIONS,
) -> Pairs:
    """Answer all origins at once, of the inputs as they are."""
    return _Filler(inputs, query, rows).answer(0, len(inputs.origin_ids), block_destinations)


class _Table:
    """What the kernel fills, for a few origins: all without a value but where someone has just written."""

    def __init__(self, rows: int, columns: int, percentiles: int, window_s: int) -> None:
        # In whole words, so that rows without a bus are passed over eight pairs at a time.
        self.words = np.zeros(-(-rows * columns // 8), np.uint64)
        self.touched = self.words.view(bool)
        self.matrix = replace(
            make_empty_matrix(rows, columns, percentiles, window_s),
            direct_bus=self.touched[: rows * columns].reshape(rows, columns),
        )

    def find_touched(self) -> np.ndarray:
        """Places (row by row, ascending) where a bus has been looked at, or a walk was marked."""
        word = np.flatnonzero(self.words)
        return (word[:, None] * 8 + np.arange(8)).ravel()[self.touched.reshape(-1, 8)[word].ravel()]

    def empty(self, at: np.ndarray) -> None:
        """Leave no value at these places."""
        matrix = self.matrix
        for plane in (matrix.walk_s, matrix.ride_s, matrix.ride_walk_s, *matrix.percentile_s):
            plane.ravel()[at] = NONE
        matrix.in_reach_s.ravel()[at] = 0
        self.touched[at] = False


class _Filler:
    """Calls the kernel on a few origins at a time and takes out what is wanted."""

    def __init__(self, inputs: ReachInputs, query: Query, rows: Rows) -> None:
        self.inputs, self.query, self.rows = inputs, query, rows
        self.rides = Rides(inputs.timetable, inputs.access, inputs.egress, query)
        self.direct_s = walk_seconds(inputs.direct, query.walk.speed_mm_per_h)
        self.window_s = query.window_end_s - query.window_start_s
        self.own = threading.local()  # a table for each thread
        self.indexed: tuple[tuple[int, int], tuple[np.ndarray, ...]] | None = None

    def answer(self, first: int, last: int, block_destinations: int) -> Pairs:
        """Answer a block of origins to all destinations, so many at a time."""
        m = len(self.inputs.service_ids)
        beside = [
            self._answer_block(first, last, to_first, min(to_first + block_destinations, m))
            for to_first in range(0, m, block_destinations)
        ]
        return _join_beside(beside) if beside else self._no_pairs(first, last - first)

    def _no_pairs(self, first: int, n: int) -> Pairs:
        """What origins reach where there is no destination at all."""
        none = np.empty(0, np.int32)
        times = np.empty((len(self.query.percentiles), 0), np.int32)
        return Pairs(first, np.zeros(n + 1, np.int64), none, none, none, none, times, self.window_s)

    def _answer_block(self, first: int, last: int, to_first: int, to_last: int) -> Pairs:
        index = self._index(to_first, to_last)
        parts = run_blocks(
            last - first,
            lambda a, b: self._fill(index, first + a, first + b, to_first, to_last),
            min_rows=8, blocks_per_thread=8,
        )  # fmt: skip
        joined = join_pairs(list(itertools.chain.from_iterable(parts)))
        return replace(joined, first=first, destination=joined.destination + np.int32(to_first))

    def _index(self, to_first: int, to_last: int) -> tuple[np.ndarray, ...]:
        """The lanes that lead to a block of destinations; the last one asked for is kept."""
        if self.indexed is None or self.indexed[0] != (to_first, to_last):
            self.indexed = ((to_first, to_last), self.rides.index_block(to_first, to_last))
        return self.indexed[1]

    def _fill(
        self, index: tuple[np.ndarray, ...], first: int, last: int, to_first: int, to_last: int
    ) -> list[Pairs]:
        width = to_last - to_first
        step = max(1, min(TABLE_PAIRS // width, MOST_ROWS))
        table = getattr(self.own, "table", None)
        if table is None or table.matrix.walk_s.shape != (step, width):
            self.own.table = table = _Table(step, width, len(self.query.percentiles), self.window_s)
        return [
            self._fill_rows(table, index, row, min(row + step, last), to_first, to_last)
            for row in range(first, last, step)
        ]

    def _fill_rows(
        self, table: _Table, index: tuple[np.ndarray, ...], first: int, last: int, to_first: int, to_last: int
    ) -> Pairs:
        matrix, cutoff_s, width, n = table.matrix, self.query.cutoff_s, to_last - to_first, last - first
        on_foot, walks = self._find_walks(first, last, to_first, to_last)
        matrix.put_walks(on_foot, self.direct_s[walks], cutoff_s)
        self.rides.fill_block(index, matrix, (0, n), (0, width), first_origin=first)
        table.touched[on_foot] = True
        touched = table.find_touched()
        if self.rows == "reached":
            best_s = np.minimum(matrix.walk_s.ravel()[touched], matrix.ride_s.ravel()[touched])
            at = touched[best_s <= cutoff_s]
        else:
            at = np.arange(n * width)
        row = at // width
        pairs = Pairs(
            first, np.concatenate(([0], np.cumsum(np.bincount(row, minlength=n)))).astype(np.int64),
            (at - row * width).astype(np.int32), matrix.walk_s.ravel()[at], matrix.ride_s.ravel()[at],
            matrix.in_reach_s.ravel()[at],
            matrix.percentile_s.reshape(len(matrix.percentile_s), -1)[:, at], self.window_s,
        )  # fmt: skip
        table.empty(touched)
        return pairs

    def _find_walks(
        self, first: int, last: int, to_first: int, to_last: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Places in the table of walking all the way, and the rows of the direct legs."""
        direct = self.inputs.direct
        legs = np.arange(direct.indptr[first], direct.indptr[last])
        row = np.repeat(np.arange(last - first), np.diff(direct.indptr[first : last + 1]))
        target = direct.target[legs]
        inside = (target >= to_first) & (target < to_last)
        return (row * (to_last - to_first) + target - to_first)[inside], legs[inside]


def _join_beside(blocks: list[Pairs]) -> Pairs:
    """Put blocks of the same origins to ascending destinations together."""
    if len(blocks) == 1:
        return blocks[0]
    n = len(blocks[0].indptr) - 1
    tall = join_pairs(blocks)
    row = np.concatenate([np.repeat(np.arange(n), np.diff(block.indptr)) for block in blocks])
    order = np.argsort(row, kind="stable")
    return replace(
        tall, indptr=np.concatenate(([0], np.cumsum(np.bincount(row, minlength=n)))).astype(np.int64),
        destination=tall.destination[order], walk_s=tall.walk_s[order], ride_s=tall.ride_s[order],
        in_reach_s=tall.in_reach_s[order], percentile_s=tall.percentile_s[:, order],
    )  # fmt: skip
