"""The slow, plain reference of one-bus reach: read it as the specification.

Every journey is made by trying each trip of yesterday, today and later from
each of its calls to each later call. Every percentile is made by asking each
second of the window. No array code, no cleverness, and nothing of the engine.
"""

from __future__ import annotations

import datetime as dt
import itertools
import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from data.areapack import AreaPack
from geo.query import Query
from tests.reference_walk import XY, Key, compute_walks, walk_seconds, within

DAY_S = 86_400
CHANGE_S = 120
CHANGE_LIMIT_MM = 400_000


@dataclass(frozen=True)
class Call:
    """One call of a trip on the clock of the service date."""

    stop: str
    arrival_s: int
    departure_s: int
    may_board: bool
    may_alight: bool


@dataclass(frozen=True)
class TripRun:
    """A trip on one day: ``day`` is -1 (yesterday's), 0 or 1, its calls on today's clock."""

    trip_id: str
    day: int
    calls: tuple[Call, ...]


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


# ---------------------------------------------------------------- timetable


def runs_on(exceptions: list, calendar: list, service_id: str, date: dt.date) -> bool:
    """Calendar plus added minus removed."""
    for row in exceptions:
        if row.service_id == service_id and _as_date(row.date) == date:
            return row.exception_type == 1
    for row in calendar:
        if row.service_id == service_id and _as_date(row.start_date) <= date <= _as_date(row.end_date):
            return bool(getattr(row, date.strftime("%A").lower()))
    return False


def _as_date(value: dt.date | pd.Timestamp) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value


def clock_shift_s(pack: AreaPack, date: dt.date, days: int) -> int:
    """Seconds from the zero of ``date`` (noon minus 12 h) to the zero of ``days`` later."""
    zone = zoneinfo.ZoneInfo(pack.manifest.timetable.timezone)
    noon = [dt.datetime.combine(d, dt.time(12), zone) for d in (date, date + dt.timedelta(days=days))]
    return round(noon[1].timestamp() - noon[0].timestamp())


def timetable_end_s(query: Query) -> int:
    """Trips that start later are not in the timetable: the last useful departure, in whole days."""
    slowest_walk_s = walk_seconds(query.walk.leg_limit_mm, query.walk.speed_mm_per_h)
    last_s = query.window_end_s + max(query.horizon_s, query.cutoff_s)
    last_s += query.board_slack_s + slowest_walk_s
    return -(-last_s // DAY_S) * DAY_S


def expand_trips(pack: AreaPack, date: dt.date, query: Query) -> list[TripRun]:
    """Make the timetable of a date, in the modes asked for.

    The date's own trips, those of the day before that still run at its zero or
    later, and those of following days that start within the timetable's end.
    """
    mode = dict(zip(pack.feed.routes["route_id"], pack.feed.routes["mode"], strict=True))
    stop_ids = list(pack.stops["stop_id"])
    times = pack.feed.stop_times
    rows: dict[int, list[int]] = {}
    for row, trip_index in enumerate(times["trip_index"].tolist()):
        rows.setdefault(trip_index, []).append(row)
    exceptions = list(pack.feed.calendar_dates.itertuples())
    calendar = list(pack.feed.calendar.itertuples())
    trips = list(enumerate(pack.feed.trips.itertuples()))
    runs = []
    for day in (-1, 0, 1, 2):
        shift = clock_shift_s(pack, date, day)
        on_day = date + dt.timedelta(days=day)
        services = {trip.service_id for _, trip in trips}
        running = {s for s in services if runs_on(exceptions, calendar, s, on_day)}
        for index, trip in trips:
            if mode[trip.route_id] not in query.modes or trip.service_id not in running:
                continue
            calls = tuple(
                Call(
                    stop=stop_ids[times["stop_index"][row]],
                    arrival_s=int(times["arrival_s"][row]) + shift,
                    departure_s=int(times["departure_s"][row]) + shift,
                    may_board=int(times["pickup_type"][row]) != 1,
                    may_alight=int(times["drop_off_type"][row]) != 1,
                )
                for row in rows.get(index, [])
            )
            if not calls or (day < 0 and calls[-1].arrival_s < 0):
                continue
            if day > 0 and calls[0].departure_s > timetable_end_s(query):
                continue
            runs.append(TripRun(trip.trip_id, day, calls))
    return runs


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
        return within(self.lengths[key], "stop", limit_mm, self.pack.stops["stop_id"])


_WALKED: list[tuple] = []


def _walk_once(pack: AreaPack, places: Mapping[Key, XY], stops: Mapping[Key, XY], avoid_steps: bool) -> tuple:
    """All walks of a town; several questions of one town in a row walk once."""
    for walked_pack, walked_places, avoided, found in _WALKED:
        if walked_pack is pack and avoided == avoid_steps and walked_places == places:
            return found
    found = compute_walks(pack, places, stops, avoid_steps=avoid_steps)
    _WALKED[:] = [(pack, dict(places), avoid_steps, found)]
    return found


def build_reference(pack: AreaPack, query: Query, places: Mapping[Key, XY]) -> Town:
    """Walk between all places and stops and expand the trips of three days."""
    date = query.service_date or pack.manifest.timetable.service_date
    stops = {("stop", s.stop_id): (s.x, s.y) for s in pack.stops.itertuples()}
    lengths, outside = _walk_once(pack, places, stops, query.walk.avoid_steps)
    return Town(pack, query, date, expand_trips(pack, date, query), lengths, outside)


def rides(town: Town, origin: Key, service: Key) -> Iterator[Ride]:
    """Every ride of every trip that the walk limits allow, whenever it leaves."""
    walk, slack = town.query.walk, town.query.board_slack_s
    access = town.stops_near(origin, walk.leg_limit_mm)
    egress = town.stops_near(service, walk.leg_limit_mm)
    for run in town.runs:
        for i, boarding in enumerate(run.calls):
            if not boarding.may_board or boarding.stop not in access:
                continue
            for alighting in run.calls[i + 1 :]:
                if not alighting.may_alight or alighting.stop not in egress:
                    continue
                if access[boarding.stop] + egress[alighting.stop] > walk.total_limit_mm:
                    continue
                to_stop = town.seconds(access[boarding.stop])
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
    walk, slack = town.query.walk, town.query.board_slack_s
    access = town.stops_near(origin, walk.leg_limit_mm)
    egress = town.stops_near(service, walk.leg_limit_mm)
    change_limit_mm = min(walk.leg_limit_mm, CHANGE_LIMIT_MM)
    best = None
    seconds_rides = [
        (run, boarding, alighting)
        for run in town.runs
        for i, boarding in enumerate(run.calls)
        for alighting in run.calls[i + 1 :]
        if boarding.may_board and alighting.may_alight and alighting.stop in egress
    ]
    for first in town.runs:
        for i, board in enumerate(first.calls):
            if not board.may_board or board.stop not in access:
                continue
            leave_s = board.departure_s - slack - town.seconds(access[board.stop])
            if not in_window(town, leave_s):
                continue
            for change in first.calls[i + 1 :]:
                if not change.may_alight:
                    continue
                near = {**town.stops_near(("stop", change.stop), change_limit_mm), change.stop: 0}
                for run, boarding, alighting in seconds_rides:
                    if (run.trip_id, run.day) == (first.trip_id, first.day) or boarding.stop not in near:
                        continue
                    if boarding.departure_s < change.arrival_s + CHANGE_S + town.seconds(near[boarding.stop]):
                        continue
                    whole_walk = access[board.stop] + near[boarding.stop] + egress[alighting.stop]
                    if whole_walk > walk.total_limit_mm:
                        continue
                    took = alighting.arrival_s + town.seconds(egress[alighting.stop]) - leave_s
                    if took <= town.query.cutoff_s and (best is None or took < best):
                        best = took
    return best


# ---------------------------------------------------------------- profiles


def longest_times(query: Query, found: list[Ride], walk_s: int | None) -> list[int | None]:
    """For each second (n, n + 1] of the window the longest t(d) in it, None where unreached.

    Within a second t falls as d grows, because the next journey is the same one:
    so its longest is one second more than t(n + 1), or the walk where that is shorter.
    """
    last = query.window_end_s + query.horizon_s
    by_leave = sorted(
        (r for r in found if query.window_start_s <= r.leave_s <= last), key=lambda r: -r.leave_s
    )
    times: list[int | None] = []
    earliest, k = None, 0
    for n in range(query.window_end_s - 1, query.window_start_s - 1, -1):
        while k < len(by_leave) and by_leave[k].leave_s >= n + 1:
            arrive_s = by_leave[k].arrive_s
            earliest = arrive_s if earliest is None else min(earliest, arrive_s)
            k += 1
        options = [t for t in (walk_s, None if earliest is None else earliest - n) if t is not None]
        times.append(min(options, default=None))
    return times


def percentile_s(times: list[int | None], percentile: int) -> int | None:
    """The smallest whole T with t(d) <= T on at least p% of the window, None when unreached."""
    reached = sorted(t for t in times if t is not None)
    needed = -(-percentile * len(times) // 100)
    return reached[needed - 1] if needed <= len(reached) else None


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
    active = dict(zip(town.pack.stops["stop_id"], town.pack.stops["active"], strict=True))
    served = dict(zip(town.pack.stops["stop_id"], town.pack.stops["served"], strict=True))
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


def row(town: Town, origin: Key, service: Key) -> dict[str, object]:
    """Every column of the pair but the two ids."""
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
    elif two_boardings(town, origin, service) is not None:
        reach_class = "two_buses"
    else:
        reach_class = "not_in_reach"
    times = longest_times(query, found, walk_s)
    in_reach_s = sum(t is not None and t <= query.cutoff_s for t in times)
    window_s = query.window_end_s - query.window_start_s
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
        **{f"travel_time_p{p}_s": percentile_s(times, p) for p in query.percentiles},
        "share_in_reach": None if reason in ("outside_data", "no_timetable") else in_reach_s / window_s,
        "infrequent": known and 100 * in_reach_s < 50 * window_s,
    }
