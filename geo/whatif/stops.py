"""A stop more on a route, or a stop elsewhere (definitions: docs/scenarios.md)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from data.areapack import AreaPack
from geo.patterns import group_by_pattern, index_calls, spread_ranges
from geo.stop_words import describe_stop
from geo.whatif.feed import add_stop_row, freeze, place_stop, spot_at
from geo.whatif.model import AddStop, MoveStop
from geo.whatif.names import FaultyChange, choose_direction, find_spot, find_stop, find_trips

# A bus whose timetable tells no speed: 18 km/h in straight lines.
DEFAULT_SPEED_M_PER_S = 5.0
# More of a way round than this is a mistake in the place or the route.
LONGEST_DETOUR_M = 10_000.0


def add_stop(pack: AreaPack, change: AddStop, mark: str) -> AreaPack:
    """Let a route's buses call at one more place; all later calls of a bus move back by what that takes."""
    trips = choose_direction(pack, find_trips(pack, change), change.towards, change.direction)
    if change.stop is not None:
        stop = find_stop(pack, "stop", change.stop)
    else:
        spot = find_spot(pack, "at", str(change.at))
        if spot.stop is None:
            pack, stop = add_stop_row(pack, f"{mark} stop", change.name or "New stop", spot)
        else:
            stop = spot.stop
    after = None if change.after is None else find_stop(pack, "after", change.after)

    feed, times = pack.feed, pack.feed.stop_times
    x, y = pack.stops["x"].to_numpy(float), pack.stops["y"].to_numpy(float)
    calls = index_calls(times, len(feed.trips))
    first = calls.first
    trips = trips[first[trips + 1] - first[trips] >= 2]
    pattern = group_by_pattern(calls, trips)
    row_before: list[np.ndarray] = []  # the call after which the new one comes, a trip each
    arrive: list[np.ndarray] = []
    delay: list[np.ndarray] = []
    changed: list[np.ndarray] = []
    detours = []
    for number in range(int(pattern.max(initial=-1)) + 1):
        own = trips[pattern == number]
        begin = first[own]
        n_calls = int(first[own[0] + 1] - first[own[0]])
        stops = times["stop_index"][begin[0] : begin[0] + n_calls]
        at = _find_position(stops, stop, after, x, y)
        if at is None:
            continue
        step = np.hypot(np.diff(x[stops]), np.diff(y[stops]))
        moving_s = times["arrival_s"][begin + n_calls - 1] - times["departure_s"][begin]
        speed = np.where(moving_s > 0, step.sum() / np.maximum(moving_s, 1), 0.0)
        speed = np.where(speed > 0, speed, DEFAULT_SPEED_M_PER_S)
        to_stop = float(np.hypot(x[stops[at]] - x[stop], y[stops[at]] - y[stop]))
        leave = times["departure_s"][begin + at].astype(np.int64)
        if at == n_calls - 1:
            detours.append(to_stop)
            run = np.ceil(np.round(to_stop / speed, 6)).astype(np.int64)
            later = np.zeros(len(own), np.int64)
        else:
            onward = float(np.hypot(x[stops[at + 1]] - x[stop], y[stops[at + 1]] - y[stop]))
            detours.append(to_stop + onward - step[at])
            extra = np.ceil(np.round(np.maximum(detours[-1], 0.0) / speed, 6)).astype(np.int64)
            whole = times["arrival_s"][begin + at + 1] - leave + extra
            share = to_stop / (to_stop + onward) if to_stop + onward > 0 else 0.0
            run = np.rint(whole * share).astype(np.int64)
            later = extra + change.dwell_s
        row_before.append(begin + at)
        arrive.append(leave + run)
        delay.append(later)
        changed.append(own)
    if not changed:
        if after is not None:
            raise FaultyChange(
                "after", f"no bus of the route calls at {str(change.after)[:60]!r} and goes on from it"
            )
        raise FaultyChange("stop", "all buses of the route call there already")
    if min(detours) > LONGEST_DETOUR_M:
        raise FaultyChange(
            "at" if change.stop is None else "stop",
            f"lies {min(detours) / 1000:.1f} km out of the way; at most {LONGEST_DETOUR_M / 1000:.0f}",
        )
    every = tuple(np.concatenate(part) for part in (changed, row_before, arrive, delay))
    return replace(pack, feed=replace(feed, stop_times=_insert(times, first, stop, change.dwell_s, *every)))


def _find_position(
    stops: np.ndarray, stop: int, after: int | None, x: np.ndarray, y: np.ndarray
) -> int | None:
    """The call of a pattern that the new one follows; None where the pattern stays as it is."""
    if stop in stops:
        return None
    if after is not None:
        found = np.flatnonzero(stops == after)
        return int(found[0]) if len(found) else None
    away = np.hypot(x[stops] - x[stop], y[stops] - y[stop])
    detour = away[:-1] + away[1:] - np.hypot(np.diff(x[stops]), np.diff(y[stops]))
    return int(np.argmin(np.round(detour, 3)))  # of equals the first


def _insert(
    times: dict[str, np.ndarray],
    first: np.ndarray,
    stop: int,
    dwell_s: int,
    trips: np.ndarray,
    row_before: np.ndarray,
    arrive: np.ndarray,
    delay: np.ndarray,
) -> dict[str, np.ndarray]:
    """Stop times with one more call in each of the trips."""
    made = {name: values.copy() for name, values in times.items()}
    after = first[trips + 1] - row_before - 1  # calls that come later
    rows = spread_ranges(row_before + 1, after)
    for name in ("arrival_s", "departure_s"):
        made[name][rows] += np.repeat(delay, after).astype(np.int32)
    order = np.argsort(row_before, kind="stable")
    at = row_before[order] + 1
    new = {
        "trip_index": trips[order],
        "stop_sequence": np.zeros(len(at)),
        "stop_index": np.full(len(at), stop),
        "arrival_s": arrive[order],
        "departure_s": arrive[order] + dwell_s,
        "pickup_type": np.zeros(len(at)),
        "drop_off_type": np.zeros(len(at)),
        "interpolated": np.zeros(len(at), bool),
    }
    made = {name: np.insert(values, at, new[name].astype(values.dtype)) for name, values in made.items()}
    counts = np.bincount(made["trip_index"])
    longer = np.isin(made["trip_index"], trips)
    made["stop_sequence"][longer] = spread_ranges(np.ones(len(counts), np.int64), counts)[longer]
    return freeze(made)


def move_stop(pack: AreaPack, change: MoveStop, mark: str) -> AreaPack:
    """Put a stop elsewhere; times stay as they are. Of one route: its buses call there instead."""
    stop = find_stop(pack, "stop", change.stop)
    spot = find_spot(pack, "to", change.to)
    if change.route is None:
        return place_stop(pack, stop, spot)
    trips = find_trips(pack, change)  # type: ignore[arg-type]  # route is a text here
    times = pack.feed.stop_times
    rows = np.flatnonzero((times["stop_index"] == stop) & np.isin(times["trip_index"], trips))
    if not len(rows):
        raise FaultyChange("stop", f"no bus of {change.route[:60]!r} calls at {change.stop[:60]!r}")
    if spot.stop is None:
        name = describe_stop(pack.stops.iloc[stop], pack.crs).name or "moved stop"
        pack, target = add_stop_row(pack, f"{mark} stop", name, spot_at(pack, name, spot.x, spot.y))
    else:
        target = spot.stop
    index = times["stop_index"].copy()
    index[rows] = target
    return replace(pack, feed=replace(pack.feed, stop_times=freeze({**times, "stop_index": index})))
