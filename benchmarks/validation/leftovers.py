"""Differences that no rule explains: decided against the raw timetable.

Where this engine is the quicker, its journey must exist: the earliest arrival
by one trip is worked out again from the feed's own text files, with nothing of
this program but the walks to stops, which both engines were given the same.
Where the peer is the quicker, this engine is asked again with longer walks: when
that gives the peer's answer, the peer walked further than it was told to.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.validation.compare import WITHIN_S
from benchmarks.validation.feeds import read_csv, services_of
from benchmarks.validation.own import Asked, legs_of
from benchmarks.validation.run import Climbed, Runner

CHECKED = 400
SEED = 7
LONGER_WALK_M = (1280, 2500)


@dataclass(frozen=True)
class Leftovers:
    """Last-stage differences by what was decided; bool, all of one shape."""

    missed: np.ndarray  # a quicker journey exists, and the peer does not give it
    further: np.ndarray  # the peer's answer needs a longer walk than the limit
    left: np.ndarray
    checked: int  # of ``missed``, worked out again from the raw files
    confirmed: int


class RawTrips:
    """Calls of a date's trips from the feed's text files, boarding and alighting as they say."""

    def __init__(self, folder: Path, date: dt.date, *, read_pickup: bool, whole_minutes: bool) -> None:
        running = services_of(folder, date)
        trips = {row["trip_id"] for row in read_csv(folder, "trips.txt") if row["service_id"] in running}
        calls: dict[str, list[tuple[int, str, int, int, bool, bool]]] = defaultdict(list)
        for row in read_csv(folder, "stop_times.txt"):
            if row["trip_id"] in trips:
                on = not read_pickup or (row.get("pickup_type") or "0") != "1"
                off = not read_pickup or (row.get("drop_off_type") or "0") != "1"
                unit = 60 if whole_minutes else 1
                arrives, departs = (
                    _clock(row[name]) // unit * unit for name in ("arrival_time", "departure_time")
                )
                calls[row["trip_id"]].append(
                    (int(row["stop_sequence"]), row["stop_id"], arrives, departs, on, off)
                )
        self.trips = [sorted(each) for each in calls.values()]

    def earliest(self, to_stops: dict[str, int], from_stops: dict[str, int], at_s: int) -> int | None:
        """Arrival by one ride, every trip from each of its calls to each later one."""
        best = None
        for calls in self.trips:
            boarded = False
            for _, stop, arrives, departs, on, off in calls:
                if boarded and off and stop in from_stops:
                    home = arrives + from_stops[stop]
                    best = home if best is None else min(best, home)
                if on and stop in to_stops and departs >= at_s + to_stops[stop]:
                    boarded = True
        return best


def _clock(text: str) -> int:
    hours, minutes, seconds = text.strip().split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def decide_leftovers(runner: Runner, climbed: Climbed) -> Leftovers:
    """Put every difference of the last stage into one class."""
    own, peer, differs = climbed.own[-1], climbed.peer[-1], climbed.differs[-1]
    none = np.zeros_like(differs)
    if not differs.any():
        return Leftovers(none, none, none, 0, 0)
    missed = differs & (own >= 0) & ((peer < 0) | (peer > own))
    quicker = differs & ~missed
    further = none.copy()
    settings = climbed.own_settings[-1]
    for limit_m in LONGER_WALK_M:
        if (quicker & ~further).any():
            longer = runner.own({**settings, "max_walk_m": limit_m, "nearest_stops": 0})
            further |= quicker & (longer >= 0) & (longer <= peer + WITHIN_S)
    asked = runner.ready(settings)
    chosen = np.argwhere(missed)
    if len(chosen) > CHECKED:
        chosen = chosen[np.sort(np.random.default_rng(SEED).choice(len(chosen), CHECKED, replace=False))]
    trips = RawTrips(
        runner.case.feeds["raw"],
        runner.case.date,
        read_pickup=not settings.get("no_pickup_rules", False),
        whole_minutes=settings.get("minute_feed", False),
    )
    confirmed = sum(_is_confirmed(asked, trips, own[tuple(place)], *place.tolist()) for place in chosen)
    return Leftovers(missed, further, quicker & ~further, len(chosen), confirmed)


def _is_confirmed(asked: Asked, trips: RawTrips, own_s: int, minute: int, origin: int, end: int) -> bool:
    """Say whether walk or ride, worked out anew, take as long as this engine says."""
    speed, stop_id = asked.query.walk.speed_mm_per_h, asked.engine.pack.stops["stop_id"].tolist()
    at_s = asked.query.window_start_s + 60 * minute
    walks = [legs_of(legs, row, speed) for legs, row in ((asked.access, origin), (asked.egress, end))]
    to_stops, from_stops = ({stop_id[stop]: s for stop, s in walk.items()} for walk in walks)
    arrives = trips.earliest(to_stops, from_stops, at_s)
    direct = legs_of(asked.direct, origin, speed).get(end)
    found = [value for value in (None if arrives is None else arrives - at_s, direct) if value is not None]
    return bool(found) and min(found) == own_s
