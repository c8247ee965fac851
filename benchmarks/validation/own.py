"""This project's engine, every minute's travel times, with a peer's rules taken over one by one.

Usage: python -m benchmarks.validation.own SETTINGS.json
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from pyproj import Transformer

from data.areapack import AreaPack
from data.modes import MODES
from data.packio import load_pack
from data.points import read_points
from data.service_days import services_on
from data.sources.osm import read_streets
from geo.engine import Engine
from geo.legs import Legs, leg_seconds
from geo.options import clock_to_seconds
from geo.profile import NONE
from geo.query import Query, WalkSettings
from geo.sampling import compute_sampled_percentiles
from geo.walklegs import compute_legs

# What a setting of this name, where true, makes this engine do.
RULES = (
    "date_only",  # only trips of the date itself
    "minute_feed",  # the timetable's seconds cut off
    "minute_legs",  # walks to stops rounded up to whole minutes, no walking all the way
    "no_pickup_rules",  # everyone may board and alight everywhere
    "sphere",  # streets measured on a sphere
    "whole_seconds",  # pieces of street cut down to whole seconds
    "by_stops",  # without a bus: within a leg, or by way of one stop
    "footpaths",  # further stops by walking on from a stop, at both ends
)
EARTH_M = 6_371_008.8  # mean radius, as the peers' haversine has it


def take_rules(pack: AreaPack, rules: frozenset[str], date: dt.date, *, whole_mm: int = 0) -> AreaPack:
    """Change what the engine reads where a rule asks for it.

    ``whole_mm``: pieces of street are cut down to multiples of it (a second's walk).
    """
    pack = dataclasses.replace(pack, path=None)  # nothing kept beside the pack fits a changed one
    feed = pack.feed
    if "date_only" in rules:
        runs = services_on(feed, date)
        stamp = pd.Timestamp(date)
        days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
        only = pd.DataFrame({"service_id": sorted(runs)})
        for column in feed.calendar.columns.drop("service_id"):
            only[column] = True if column in days else stamp
        only = only.astype(feed.calendar.dtypes.to_dict())[list(feed.calendar.columns)]
        feed = dataclasses.replace(feed, calendar=only, calendar_dates=feed.calendar_dates.iloc[:0])
    if "minute_feed" in rules:
        times = {name: feed.stop_times[name] // 60 * 60 for name in ("arrival_s", "departure_s")}
        feed = dataclasses.replace(feed, stop_times={**feed.stop_times, **times})
    pack = dataclasses.replace(pack, feed=feed)
    if "no_pickup_rules" in rules:
        free = {name: np.zeros_like(feed.stop_times[name]) for name in ("pickup_type", "drop_off_type")}
        pack = dataclasses.replace(
            pack, feed=dataclasses.replace(feed, stop_times={**feed.stop_times, **free})
        )
    walk = pack.walk
    if walk is not None and "sphere" in rules:
        to_degrees = Transformer.from_crs(pack.crs, "EPSG:4326", always_xy=True)
        lon, lat = np.radians(to_degrees.transform(walk.geometry_x, walk.geometry_y))
        half = (
            np.sin(np.diff(lat) / 2) ** 2 + np.cos(lat[1:]) * np.cos(lat[:-1]) * np.sin(np.diff(lon) / 2) ** 2
        )
        steps = np.append(2 * EARTH_M * np.arcsin(np.sqrt(half)), 0.0)
        steps[walk.geometry_offset[1:] - 1] = 0.0
        length = np.rint(np.add.reduceat(steps, walk.geometry_offset[:-1]) * 1000)
        if whole_mm:
            length = length // whole_mm * whole_mm
        pack = dataclasses.replace(pack, walk=dataclasses.replace(walk, length_mm=length.astype(np.int32)))
    return pack


def join_by_stops(direct: Legs, access: Legs, egress: Legs, in_feed: np.ndarray) -> Legs:
    """Walk as the peers do: all the way within a leg, or by way of a stop without a ride."""

    def dense(legs: Legs, columns: int) -> np.ndarray:
        table = np.full((len(legs.indptr) - 1, columns), np.inf, np.float32)
        table[np.repeat(np.arange(len(table)), np.diff(legs.indptr)), legs.target] = legs.length_mm
        return table

    to_stops, from_stops = dense(access, len(in_feed)), dense(egress, len(in_feed))
    walk = dense(direct, len(from_stops))
    for row in range(len(walk)):
        near = np.flatnonzero(np.isfinite(to_stops[row]) & in_feed)
        if len(near):
            walk[row] = np.minimum(walk[row], (to_stops[row, near] + from_stops[:, near]).min(axis=1))
    row, column = np.nonzero(np.isfinite(walk))
    first = np.concatenate(([0], np.cumsum(np.bincount(row, minlength=len(walk)))))
    return Legs(first, column.astype(np.int32), walk[row, column].astype(np.int32))


def round_to_minutes(legs: Legs, speed_mm_per_h: int) -> Legs:
    """Lengthen each leg to a whole number of minutes."""
    a_minute_mm = speed_mm_per_h // 60
    return Legs(legs.indptr, legs.target, (-(-legs.length_mm // a_minute_mm) * a_minute_mm).astype(np.int32))


def keep_nearest(legs: Legs, in_feed: np.ndarray, count: int) -> Legs:
    """Keep the walks from each point to the nearest stops of the feed only."""
    row = np.repeat(np.arange(len(legs.indptr) - 1), np.diff(legs.indptr))
    known = in_feed[legs.target]
    row, target, length = row[known], legs.target[known], legs.length_mm[known]
    order = np.lexsort((length, row))
    place = np.empty(len(row), np.int64)
    place[order] = np.arange(len(row)) - np.searchsorted(row, row)[order]
    kept = place < count
    first = np.concatenate(([0], np.cumsum(np.bincount(row[kept], minlength=len(legs.indptr) - 1))))
    return Legs(first, target[kept], length[kept])


def add_footpaths(legs: Legs, between: Legs, in_feed: np.ndarray) -> Legs:
    """Reach further stops by walking on from the stops that the legs lead to."""
    points, stops = len(legs.indptr) - 1, len(between.indptr) - 1
    reached: list[np.ndarray] = []
    lengths: list[np.ndarray] = []
    for point in range(points):
        row = np.full(stops, np.iinfo(np.int32).max, np.int64)
        for slot in range(int(legs.indptr[point]), int(legs.indptr[point + 1])):
            stop, length = int(legs.target[slot]), int(legs.length_mm[slot])
            if not in_feed[stop]:
                continue
            row[stop] = min(row[stop], length)
            onward = slice(int(between.indptr[stop]), int(between.indptr[stop + 1]))
            further = between.target[onward]
            row[further] = np.minimum(row[further], length + between.length_mm[onward])
        found = np.flatnonzero((row < np.iinfo(np.int32).max) & in_feed)
        reached.append(found.astype(np.int32))
        lengths.append(row[found].astype(np.int32))
    first = np.concatenate(([0], np.cumsum([len(found) for found in reached]))).astype(np.int64)
    return Legs(first, np.concatenate(reached), np.concatenate(lengths))


@dataclasses.dataclass(frozen=True)
class Asked:
    """A question made ready: the engine, the query and the three kinds of walking legs."""

    engine: Engine
    query: Query
    access: Legs
    egress: Legs
    direct: Legs


def make_ready(settings: dict[str, object]) -> Asked:
    """Load, snap and walk by the settings' rules."""
    rules = frozenset(name for name in RULES if settings.get(name))
    date = dt.date.fromisoformat(str(settings["service_date"]))
    pack = load_pack(Path(str(settings["pack"])))
    if settings.get("own_streets"):
        walk_network = read_streets(Path(str(settings["own_streets"])), crs=pack.crs).walk
        pack = dataclasses.replace(pack, walk=walk_network)
    whole_mm = (
        int(float(str(settings["walk_speed_kmh"])) * 1_000_000 / 3600) if "whole_seconds" in rules else 0
    )
    pack = take_rules(pack, rules, date, whole_mm=whole_mm)
    engine = Engine(pack)
    start_s = clock_to_seconds(str(settings["window_start"]))
    walk = WalkSettings(
        speed_kmh=float(str(settings["walk_speed_kmh"])), max_walk_m=int(str(settings["max_walk_m"]))
    )
    query = Query(
        service_date=date, window_start_s=start_s, window_end_s=start_s + 1, board_slack_s=0, modes=MODES,
        walk=walk, percentiles=(50,), horizon_s=86_400,
    )  # fmt: skip
    file = Path(str(settings["points"]))
    points = read_points(file, crs=pack.crs)
    is_origin = (pd.read_csv(file)["role"] == "origin").to_numpy()
    ends = [engine.snap(False, points[chosen].reset_index(drop=True)) for chosen in (is_origin, ~is_origin)]
    access, egress = (engine.legs_to_stops(walk, end) for end in ends)
    in_feed = pack.stops["in_feed"].to_numpy(bool)
    if settings.get("nearest_stops"):
        access = keep_nearest(access, in_feed, int(str(settings["nearest_stops"])))
    if "footpaths" in rules:
        between = engine.legs_to_stops(walk, engine.snapped_stops(False))
        access, egress = (add_footpaths(legs, between, in_feed) for legs in (access, egress))
        query = dataclasses.replace(
            query, walk=dataclasses.replace(walk, max_walk_total_m=4 * walk.max_walk_m)
        )
    limit_mm = walk.leg_limit_mm if "by_stops" in rules else walk.total_limit_mm
    direct = compute_legs(engine.graph(False), *ends, limit_mm)
    if "minute_legs" in rules:
        access, egress = (round_to_minutes(legs, walk.speed_mm_per_h) for legs in (access, egress))
        # Walking all the way is not asked of an engine without streets.
        direct = Legs(np.zeros(len(ends[0]) + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.int32))
    if "by_stops" in rules:
        direct = join_by_stops(direct, access, egress, in_feed)
    return Asked(engine, query, access, egress, direct)


def every_minute(asked: Asked, minutes: int) -> np.ndarray:
    """Travel times at each minute, int32[minutes, origins, destinations], -1 where there is none."""
    planes = []
    for minute in range(minutes):
        at = asked.query.window_start_s + 60 * minute
        query = dataclasses.replace(asked.query, window_start_s=at, window_end_s=at + 1)
        timetable = asked.engine.timetable(query)
        found = compute_sampled_percentiles(timetable, asked.access, asked.egress, asked.direct, query)[0]
        planes.append(np.where(found == NONE, -1, found))
    return np.stack(planes).astype(np.int32)


@dataclasses.dataclass(frozen=True)
class Ride:
    """One bus: where and when it is boarded and left, seconds of the service date."""

    walk_s: int
    board: str
    departs_s: int
    alight: str
    arrives_s: int
    walk_on_s: int
    trip: str


def legs_of(legs: Legs, row: int, speed_mm_per_h: int) -> dict[int, int]:
    """Seconds to each stop (row of the pack's stops) that a point has a leg to."""
    part = slice(int(legs.indptr[row]), int(legs.indptr[row + 1]))
    return dict(
        zip(
            legs.target[part].tolist(),
            leg_seconds(legs.length_mm[part], speed_mm_per_h).tolist(),
            strict=True,
        )
    )


def find_ride(asked: Asked, origin: int, destination: int, at_s: int) -> Ride | None:
    """Find the ride that arrives first, trip by trip: for the examples that a reader can look up."""
    speed = asked.query.walk.speed_mm_per_h
    to_stops, from_stops = legs_of(asked.access, origin, speed), legs_of(asked.egress, destination, speed)
    timetable = asked.engine.timetable(asked.query)
    best: tuple[int, Ride] | None = None
    stop_id = asked.engine.pack.stops["stop_id"].tolist()
    trip_id = asked.engine.pack.feed.trips["trip_id"]
    for lane in range(timetable.n_lanes):
        part = slice(int(timetable.lane_first[lane]), int(timetable.lane_first[lane + 1]))
        stops = timetable.stop[part].tolist()
        arrives, departs = timetable.times_of_lane(lane)
        for i, board in enumerate(stops):
            if board not in to_stops or not timetable.can_board[part][i]:
                continue
            trips = np.flatnonzero(departs[i] >= at_s + to_stops[board])
            if not len(trips):
                continue
            trip = int(trips[0])
            for j in range(i + 1, len(stops)):
                if stops[j] in from_stops and timetable.can_alight[part][j]:
                    home = int(arrives[j][trip]) + from_stops[stops[j]]
                    if best is None or home < best[0]:
                        row = timetable.trip_index[int(timetable.trip_first[lane]) + trip]
                        left_at, trip_name = int(arrives[j][trip]), str(trip_id.iloc[row])
                        best = home, Ride(
                            to_stops[board], stop_id[board], int(departs[i][trip]),
                            stop_id[stops[j]], left_at, from_stops[stops[j]], trip_name,
                        )  # fmt: skip
    return best[1] if best else None


def main() -> int:
    settings = json.loads(Path(sys.argv[1]).read_text())
    np.save(settings["out"], every_minute(make_ready(settings), settings["window_minutes"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
