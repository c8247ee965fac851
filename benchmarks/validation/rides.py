"""One ride at a time, worked out from a feed's text files: nothing here is the engine's.

The walks are given; which trips run, when they call and who may board is read
from the text files, and every trip is tried from each of its calls to each
later one. It says whether this engine is right where a peer differs, and it can
follow a peer's way of searching where that changes the answer.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.validation.feeds import calls_of, read_clock, read_csv, services_of

FAR = np.int64(2) ** 40
DAY_S = 86_400
Walks = list[tuple[np.ndarray, np.ndarray]]  # for each point its stops (positions) and seconds


@dataclass(frozen=True)
class Search:
    """Where a peer's way of searching changes the answer.

    Attributes
    ----------
    quicker : nobody walks on from a stop that walking from the origin reaches before the bus
    leaves : walking on begins when the bus leaves the stop, not when it arrives
    again : whoever walked to a stop may walk on from it, stops taken in the feed's order
    """

    quicker: bool = False
    leaves: bool = False
    again: bool = False


class RawRides:
    """Every call of the trips that run on a date (and, asked for, on the days beside it)."""

    def __init__(
        self,
        folder: Path,
        date: dt.date,
        *,
        days: tuple[int, ...] = (0,),
        read_pickup: bool = True,
        whole_minutes: bool = False,
    ) -> None:
        self.stop_ids = [row["stop_id"] for row in read_csv(folder, "stops.txt")]
        position = {stop: number for number, stop in enumerate(self.stop_ids)}
        unit = 60 if whole_minutes else 1
        columns: list[tuple[int, int, int, bool, bool]] = []
        first: list[int] = []
        for day in days:
            running = services_of(folder, date + dt.timedelta(days=day))
            trips = {row["trip_id"] for row in read_csv(folder, "trips.txt") if row["service_id"] in running}
            for calls in calls_of(folder, trips).values():
                start = len(columns)
                for row in calls:
                    arrives, departs = (
                        read_clock(row[name]) // unit * unit + day * DAY_S
                        for name in ("arrival_time", "departure_time")
                    )
                    may = [
                        not read_pickup or (row.get(name) or "0") != "1"
                        for name in ("pickup_type", "drop_off_type")
                    ]
                    first.append(start)
                    columns.append((position[row["stop_id"]], arrives, departs, may[0], may[1]))
        table = np.array(columns, dtype=np.int64).reshape(-1, 5)
        self._stop, arrives, departs = table[:, 0], table[:, 1], table[:, 2]
        self._first = np.array(first, dtype=np.int64)
        self._boards = np.where(table[:, 3] == 1, departs, -FAR)
        # Arrival first, departure after it: the least is the first to arrive.
        alights = np.where(table[:, 4] == 1, arrives * DAY_S * 4 + departs, FAR * DAY_S)
        self._by_stop = np.argsort(self._stop, kind="stable")
        self._alights = alights[self._by_stop]
        served, self._group = np.unique(self._stop[self._by_stop], return_index=True)
        self._served = served

    def ride(self, ready_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First arrival at every stop by one ride, and when that bus leaves it; FAR where there is none.

        ``ready_s``: for each moment (rows) when one stands at each stop; so are both results.
        """
        boards = self._boards >= ready_s[:, self._stop]
        before = np.cumsum(boards, axis=1) - boards
        on_board = before > before[:, self._first]
        found = np.where(on_board[:, self._by_stop], self._alights, FAR * DAY_S)
        arrives, leaves = np.full((2, *ready_s.shape), FAR)
        if len(self._stop):
            best = np.minimum.reduceat(found, self._group, axis=1)
            has = best < FAR * DAY_S
            for times, part in zip((arrives, leaves), np.divmod(best, DAY_S * 4), strict=True):
                times[:, self._served] = np.where(has, part, FAR)
        return arrives, leaves

    def travel_times(
        self, at_s: int | np.ndarray, to_stops: tuple[np.ndarray, np.ndarray], from_stops: Walks,
        onward: Walks | None = None, search: Search | None = None,
    ) -> np.ndarray:  # fmt: skip
        """Seconds from one origin to every destination by one ride, FAR where there is none.

        Parameters
        ----------
        at_s
            One moment, or several: then each has a row of the result.
        to_stops, from_stops
            Walks of the origin, and of every destination.
        onward, search
            Walks from every stop to others, and the peer's way of walking on after the ride; then a
            walk by way of the first stop counts too.
        """
        moments = np.atleast_1d(at_s)
        ready = np.full((len(moments), len(self.stop_ids)), FAR)
        ready[:, to_stops[0]] = moments[:, None] + to_stops[1]
        arrives, leaves = self.ride(ready)
        if onward is not None:
            arrives = _walk_on(arrives, leaves, ready, onward, search or Search())
        home = np.stack(
            [np.min(arrives[:, stops] + walk, axis=1, initial=FAR) for stops, walk in from_stops], axis=1
        )
        took = np.where(home >= FAR, FAR, home - moments[:, None])
        return took[0] if np.ndim(at_s) == 0 else took


def _walk_on(
    arrives: np.ndarray, leaves: np.ndarray, ready: np.ndarray, onward: Walks, search: Search
) -> np.ndarray:
    """Arrival at every stop by ride and walking on, or on foot alone; moments are rows."""
    got_off = arrives < (ready if search.quicker else FAR)
    found = arrives.copy()
    goes = leaves.copy() if search.leaves else arrives.copy()
    start = goes if search.again else goes.copy()
    for stop in np.flatnonzero(got_off.any(axis=0)).tolist():
        others, walk = onward[stop]
        there = np.where(got_off[:, stop, None], start[:, stop, None] + walk, FAR)
        sooner = (there < found[:, others]) & (there < goes[:, others])
        found[:, others] = np.where(sooner, there, found[:, others])
        goes[:, others] = np.where(sooner, there, goes[:, others])
    return np.minimum(found, ready)
