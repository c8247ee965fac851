"""The slow, plain reference of one-bus reach: read it as the specification.

Every journey is made by trying each trip of yesterday, today and later from
each of its calls to each later call. Every percentile is made by asking each
second of the window. No array code, no cleverness, and nothing of the engine.
"""

from __future__ import annotations

import bisect
import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from data.areapack import AreaPack
from geo.query import Query
from tests.reference_trips import Call, TripRun, expand_trips, once, read
from tests.reference_walk import XY, Key, compute_walks, walk_seconds, within

__all__ = ["Call", "TripRun", "expand_trips"]  # of the timetable, for who reads on from here

CHANGE_S = 120
CHANGE_LIMIT_MM = 400_000


@dataclass(frozen=True, order=True)
class Ride:
    """One ride, door to door."""

    leave_s: int
    arrive_s: int
    walk_s: int
    wait_s: int
    ride_s: int

    @property
    def duration_s(self) -> int:
        return self.arrive_s - self.leave_s


# ---------------------------------------------------------------- one pair


@dataclass(frozen=True)
class Town:
    """What all pairs of one question share."""

    pack: AreaPack
    query: Query
    date: dt.date
    runs: list[TripRun]
    lengths: Mapping[Key, Mapping[Key, int]]
    outside: set[Key]

    def seconds(self, length_mm: int) -> int:
        return walk_seconds(length_mm, self.query.walk.speed_mm_per_h)

    def stops_near(self, key: Key, limit_mm: int) -> dict[str, int]:
        if (key, limit_mm) not in self._near:
            ids = [stop for (stop,) in read(self.pack.stops, "stop_id")]
            self._near[key, limit_mm] = within(self.lengths[key], "stop", limit_mm, ids)
        return self._near[key, limit_mm]

    @cached_property
    def _near(self) -> dict[tuple[Key, int], dict[str, int]]:
        return {}

    @cached_property
    def boardings_at(self) -> dict[str, list[tuple[TripRun, int]]]:
        """The calls at each stop at which one may get on: trip and number of the call."""
        found: dict[str, list[tuple[TripRun, int]]] = {}
        for run in self.runs:
            for i, call in enumerate(run.calls):
                if call.may_board:
                    found.setdefault(call.stop, []).append((run, i))
        return found


def build_reference(pack: AreaPack, query: Query, places: Mapping[Key, XY]) -> Town:
    """Walk between all places and stops and expand the trips of three days."""
    date = query.service_date or pack.manifest.timetable.service_date
    stops = {("stop", stop): (x, y) for stop, x, y in read(pack.stops, "stop_id", "x", "y")}
    key = ("walks", tuple(places.items()), query.walk.avoid_steps)
    lengths, outside = once(
        pack, key, lambda: compute_walks(pack, places, stops, avoid_steps=query.walk.avoid_steps)
    )
    return Town(pack, query, date, expand_trips(pack, date, query), lengths, outside)


def rides(town: Town, origin: Key, service: Key) -> Iterator[Ride]:
    """Every ride of every trip that the walk limits allow, whenever it leaves."""
    walk, slack = town.query.walk, town.query.board_slack_s
    access = town.stops_near(origin, walk.leg_limit_mm)
    egress = town.stops_near(service, walk.leg_limit_mm)
    for stop in access:
        for run, i in town.boardings_at.get(stop, []):
            boarding = run.calls[i]
            for alighting in run.calls[i + 1 :]:
                if not alighting.may_alight or alighting.stop not in egress:
                    continue
                if access[stop] + egress[alighting.stop] > walk.total_limit_mm:
                    continue
                to_stop = town.seconds(access[stop])
                from_stop = town.seconds(egress[alighting.stop])
                yield Ride(
                    leave_s=boarding.departure_s - slack - to_stop,
                    arrive_s=alighting.arrival_s + from_stop,
                    walk_s=to_stop + from_stop,
                    wait_s=slack,
                    ride_s=alighting.arrival_s - boarding.departure_s,
                )


def walk_all_the_way_s(town: Town, origin: Key, service: Key) -> int | None:
    """Seconds to walk all the way, or None past the whole-walk limit."""
    length_mm = town.lengths[origin].get(service)
    if length_mm is None or length_mm > town.query.walk.total_limit_mm:
        return None
    return town.seconds(length_mm)


def in_window(town: Town, leave_s: int) -> bool:
    """The window is closed: a journey that leaves exactly at its end is inside."""
    return town.query.window_start_s <= leave_s <= town.query.window_end_s


def two_boardings(town: Town, origin: Key, service: Key) -> int | None:
    """Shortest duration of two rides that leaves inside the window and keeps the cut-off, or None."""
    took = (
        arrive_s - leave_s
        for leave_s, arrive_s in two_rides(town, origin, service)
        if in_window(town, leave_s) and arrive_s - leave_s <= town.query.cutoff_s
    )
    return min(took, default=None)


def two_rides(town: Town, origin: Key, service: Key) -> Iterator[tuple[int, int]]:
    """Leave and arrive of every two rides with a change between them, whenever they leave."""
    walk, slack = town.query.walk, town.query.board_slack_s
    access = town.stops_near(origin, walk.leg_limit_mm)
    change_limit_mm = min(walk.leg_limit_mm, CHANGE_LIMIT_MM)
    seconds = once(town, ("second rides", service), lambda: second_rides(town, service))
    for stop in access if seconds else ():
        for run, i in town.boardings_at.get(stop, []):
            leave_s = run.calls[i].departure_s - slack - town.seconds(access[stop])
            for change in run.calls[i + 1 :]:
                if not change.may_alight:
                    continue
                near = {**town.stops_near(("stop", change.stop), change_limit_mm), change.stop: 0}
                for again, between_mm in near.items():
                    ready_s = change.arrival_s + CHANGE_S + town.seconds(between_mm)
                    for trip, departure_s, arrive_s, egress_mm in seconds.get(again, []):
                        if trip == (run.trip_id, run.day) or departure_s < ready_s:
                            continue
                        if access[stop] + between_mm + egress_mm <= walk.total_limit_mm:
                            yield leave_s, arrive_s


def second_rides(town: Town, service: Key) -> dict[str, list[tuple[tuple[str, int], int, int, int]]]:
    """Rides to a service by the stop where they begin: trip, departure, arrival there, last walk."""
    egress = town.stops_near(service, town.query.walk.leg_limit_mm)
    found: dict[str, list] = {}
    for stop, boardings in town.boardings_at.items():
        for run, i in boardings:
            for off in run.calls[i + 1 :]:
                if off.may_alight and off.stop in egress:
                    arrive_s = off.arrival_s + town.seconds(egress[off.stop])
                    ride = (run.trip_id, run.day), run.calls[i].departure_s, arrive_s, egress[off.stop]
                    found.setdefault(stop, []).append(ride)
    return found


# ---------------------------------------------------------------- profiles


def longest_times(query: Query, found: list[Ride], walk_s: int | None) -> list[int]:
    """Of each second (n, n + 1] of the window the longest t(d) in it, sorted; unreached ones are left out.

    Within a second t falls as d grows, because the next journey is the same one:
    so its longest is one second more than t(n + 1), or the walk where that is shorter.
    Between two leaves every second has the same next journey.
    """
    start, end = query.window_start_s, query.window_end_s
    usable = [r for r in found if start <= r.leave_s <= end + query.horizon_s]
    usable.sort(key=lambda r: -r.leave_s)
    times: list[int] = []
    later, earliest, k = end, None, 0
    for leave in [*sorted({r.leave_s for r in usable if start < r.leave_s < end}, reverse=True), start]:
        while k < len(usable) and usable[k].leave_s > leave:
            earliest = min(usable[k].arrive_s, earliest or usable[k].arrive_s)
            k += 1
        seconds = range(leave, later)  # each n whose second ends by the later leave, and not by this one
        if earliest is None:
            times += [] if walk_s is None else [walk_s] * len(seconds)
        elif walk_s is None:
            times += [earliest - n for n in seconds]
        else:
            times += [min(walk_s, earliest - n) for n in seconds]
        later = leave
    return sorted(times)


def percentile_s(query: Query, times: list[int], percentile: int) -> int | None:
    """The smallest whole T with t(d) <= T on at least p% of the window, None when unreached."""
    needed = -(-percentile * (query.window_end_s - query.window_start_s) // 100)
    return times[needed - 1] if needed <= len(times) else None


def exact_percentile(query: Query, found: list[Ride], walk_s: int | None, percentile: int) -> Fraction | None:
    """inf{T : 100 |{d : t(d) <= T}| >= p W} as a fraction, from the pieces of t: no seconds, no rounding."""
    start, end = query.window_start_s, query.window_end_s
    usable = [r for r in found if start <= r.leave_s <= end + query.horizon_s]
    cuts = sorted({start, end, *(r.leave_s for r in usable if r.leave_s < end)})
    pieces = []  # on (a, b] the next journey arrives at `arrive`
    for a, b in itertools.pairwise(cuts):
        pieces.append((a, b, min((r.arrive_s for r in usable if r.leave_s >= b), default=None)))

    def length_within(limit: Fraction) -> Fraction:
        total = Fraction(0)
        for a, b, arrive in pieces:
            if walk_s is not None and walk_s <= limit:
                total += b - a
            elif arrive is not None:
                total += max(Fraction(0), min(Fraction(b - a), b - (arrive - limit)))
        return total

    target = Fraction(percentile * (end - start), 100)
    corners = {Fraction(arrive - edge) for a, b, arrive in pieces if arrive is not None for edge in (a, b)}
    corners |= {Fraction(walk_s)} if walk_s is not None else set()
    low = None
    for high in sorted(corners):
        if length_within(high) >= target:
            if low is None:
                return high
            # Between two corners the length grows along a straight line, then may jump at the walk.
            middle = (low + high) / 2
            slope = (length_within(middle) - length_within(low)) / (middle - low)
            if slope == 0:
                return high
            return min(high, low + (target - length_within(low)) / slope)
        low = high
    return None


# ---------------------------------------------------------------- classes and reasons


def reason_of(town: Town, origin: Key, service: Key, found: list[Ride]) -> str:
    """The first reason that holds, for a pair in reach by neither walk nor one bus."""
    limit_mm = town.query.walk.leg_limit_mm
    active = dict(read(town.pack.stops, "stop_id", "active"))
    served = dict(read(town.pack.stops, "stop_id", "served"))
    if origin in town.outside or service in town.outside:
        return "outside_data"
    near_origin = [s for s in town.stops_near(origin, limit_mm) if active[s]]
    near_service = [s for s in town.stops_near(service, limit_mm) if active[s]]
    if not near_origin:
        return "no_stop_near_origin"
    if not near_service:
        return "no_stop_near_service"
    if not any(served[s] for s in near_origin) or not any(served[s] for s in near_service):
        return "no_timetable"
    if not found:
        return "no_direct_bus"
    if not any(in_window(town, r.leave_s) for r in found):
        return "direct_bus_other_times"
    return "too_long"


def row(town: Town, origin: Key, service: Key, *, two_buses: bool = True) -> dict[str, object]:
    """Every column of the pair but the two ids; a second bus may be left out of it."""
    query = town.query
    found = [] if {origin, service} & town.outside else list(rides(town, origin, service))
    walk_s = None if {origin, service} & town.outside else walk_all_the_way_s(town, origin, service)
    inside = [r for r in found if in_window(town, r.leave_s)]
    best = min(inside, key=lambda r: (r.duration_s, r.walk_s, r.leave_s), default=None)
    durations = [d for d in (walk_s, best.duration_s if best else None) if d is not None]
    best_duration_s = min(durations, default=None)
    if {origin, service} & town.outside:
        reach_class = "outside_data"
    elif walk_s is not None and walk_s <= query.cutoff_s:
        reach_class = "walk"
    elif best is not None and best.duration_s <= query.cutoff_s:
        reach_class = "one_bus"
    elif two_buses and two_boardings(town, origin, service) is not None:
        reach_class = "two_buses"
    else:
        reach_class = "not_in_reach"
    times = longest_times(query, found, walk_s)
    window_s = query.window_end_s - query.window_start_s
    in_reach_s = bisect.bisect_right(times, query.cutoff_s)
    known = reach_class in ("walk", "one_bus")
    reason = None if known else reason_of(town, origin, service, found)
    return {
        "reach_class": reach_class,
        "reason": reason,
        "walk_time_s": walk_s,
        "best_duration_s": best_duration_s,
        "best_wait_s": best.wait_s if best else None,
        "best_ride_s": best.ride_s if best else None,
        "best_walk_s": best.walk_s if best else None,
        **{f"travel_time_p{p}_s": percentile_s(query, times, p) for p in query.percentiles},
        "share_in_reach": None if reason in ("outside_data", "no_timetable") else in_reach_s / window_s,
        "infrequent": known and 100 * in_reach_s < 50 * window_s,
    }
