"""This project's engine, every minute's travel times, with a peer's rules taken over one by one."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
from pyproj import Transformer

from benchmarks.validation.rides import DAY_S, FAR, RawRides, Search
from benchmarks.validation.walks import (
    add_footpaths,
    join_by_stops,
    keep_nearest,
    keep_to_last_piece,
    legs_of,
    list_walks,
    round_to_minutes,
)
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
    "piece_past_limit",  # walking all the way: the last piece of street may pass the limit
)
# Only where rides are worked out from the feed's files (``from_files``): see ``Search``.
SEARCH_RULES = ("quicker", "leaves", "again")
EARTH_M = 6_371_008.8  # mean radius, as the peers' haversine has it


def take_rules(pack: AreaPack, rules: frozenset[str], date: dt.date, *, whole_mm: int = 0) -> AreaPack:
    """Change what the engine reads where a rule asks for it.

    ``whole_mm``: pieces of street are cut down to multiples of it (a second's walk).
    """
    pack = dataclasses.replace(pack)  # it lies in no folder: nothing kept beside the pack fits a changed one
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


@dataclasses.dataclass(frozen=True)
class Asked:
    """A question made ready: the engine, the query and the walking legs of both."""

    engine: Engine
    query: Query
    access: Legs
    egress: Legs
    direct: Legs
    # For a peer that walks on after the ride: from stop to stop, and from a stop to the destination.
    onward: Legs
    last: Legs


def make_ready(settings: dict[str, object]) -> Asked:
    """Load, snap and walk by the settings' rules."""
    rules = frozenset(name for name in RULES if settings.get(name))
    date = dt.date.fromisoformat(str(settings["service_date"]))
    walk = WalkSettings(
        speed_kmh=float(str(settings["walk_speed_kmh"])), max_walk_m=int(str(settings["max_walk_m"]))
    )
    pack = load_pack(Path(str(settings["pack"])))
    file = Path(str(settings["points"]))
    points = read_points(file, crs=pack.crs)
    is_origin = (pd.read_csv(file)["role"] == "origin").to_numpy()
    origins, destinations = (points[chosen].reset_index(drop=True) for chosen in (is_origin, ~is_origin))
    last_mm = Engine(pack).snap(False, destinations).off_network_mm
    if settings.get("own_streets"):
        walk_network = read_streets(Path(str(settings["own_streets"])), crs=pack.crs).walk
        pack = dataclasses.replace(pack, walk=walk_network)
    whole_mm = walk.speed_mm_per_h // 3600 if "whole_seconds" in rules else 0
    engine = Engine(take_rules(pack, rules, date, whole_mm=whole_mm))
    start_s = clock_to_seconds(str(settings["window_start"])) + int(str(settings.get("later_s", 0)))
    query = Query(
        service_date=date, window_start_s=start_s, window_end_s=start_s + 1, board_slack_s=0, modes=MODES,
        walk=walk, percentiles=(50,), horizon_s=DAY_S,
    )  # fmt: skip
    ends = [engine.snap(False, frame) for frame in (origins, destinations)]
    access, last = (engine.legs_to_stops(walk, end) for end in ends)
    in_feed = pack.stops["in_feed"].to_numpy(bool)
    if settings.get("nearest_stops"):
        access = keep_nearest(access, in_feed, int(str(settings["nearest_stops"])))
    if "minute_legs" in rules:
        access, last = (round_to_minutes(legs, walk.speed_mm_per_h) for legs in (access, last))
    egress, onward = last, engine.legs_to_stops(walk, engine.snapped_stops(False))
    if "footpaths" in rules:
        access, egress = (add_footpaths(legs, onward, in_feed) for legs in (access, last))
        # Three legs in a row may be walked, each within its limit.
        query = dataclasses.replace(
            query, walk=dataclasses.replace(walk, max_walk_total_m=4 * walk.max_walk_m)
        )
    if "minute_legs" in rules:
        # Walking all the way is not asked of an engine without streets.
        direct = Legs(np.zeros(len(ends[0]) + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.int32))
    elif "piece_past_limit" in rules:
        farthest_mm = walk.leg_limit_mm + int(last_mm.max(initial=0))
        direct = compute_legs(engine.graph(False), *ends, farthest_mm)
        direct = keep_to_last_piece(direct, last_mm, walk.leg_limit_mm)
    else:
        limit_mm = walk.leg_limit_mm if "by_stops" in rules else walk.total_limit_mm
        direct = compute_legs(engine.graph(False), *ends, limit_mm)
    if "by_stops" in rules:
        direct = join_by_stops(direct, access, last, in_feed)
    return Asked(engine, query, access, egress, direct, onward, last)


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


def every_minute_from_files(asked: Asked, settings: dict[str, object]) -> np.ndarray:
    """The same from the feed's text files and the walks: no timetable and no search of the engine's."""
    date = asked.query.service_date
    rides = RawRides(
        Path(str(settings["raw_feed"])),
        date,
        days=(0,) if settings.get("date_only") else (-1, 0, 1),
        read_pickup=not settings.get("no_pickup_rules"),
        whole_minutes=bool(settings.get("minute_feed")),
    )
    stop_id = asked.engine.pack.stops["stop_id"].tolist()
    position = {stop: number for number, stop in enumerate(rides.stop_ids)}
    number_of = np.array([position.get(stop, -1) for stop in stop_id])
    row_of = {stop: row for row, stop in enumerate(stop_id)}
    speed = asked.query.walk.speed_mm_per_h
    walks_on = bool(settings.get("walks_on"))
    search = Search(**{name: bool(settings.get(name)) for name in SEARCH_RULES})
    to_stops = list_walks(asked.access, number_of, speed)
    from_stops = list_walks(asked.last if walks_on else asked.egress, number_of, speed)
    onward = None
    if walks_on:
        every = list_walks(asked.onward, number_of, speed)
        nowhere = (np.empty(0, np.int64), np.empty(0, np.int64))
        onward = [every[row_of[stop]] if stop in row_of else nowhere for stop in rides.stop_ids]
    times = np.full((int(str(settings["window_minutes"])), len(to_stops), len(from_stops)), FAR)
    direct = np.full(times.shape[1:], FAR)
    origin = np.repeat(np.arange(len(direct)), np.diff(asked.direct.indptr))
    direct[origin, asked.direct.target] = leg_seconds(asked.direct.length_mm, speed)
    moments = asked.query.window_start_s + 60 * np.arange(len(times))
    for row, walks in enumerate(to_stops):
        times[:, row] = rides.travel_times(moments, walks, from_stops, onward, search)
    times = np.minimum(times, direct)
    return np.where(times == FAR, -1, times).astype(np.int32)


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


def answer(settings: dict[str, object]) -> np.ndarray:
    """Every minute's travel times by these settings, from the engine or (``from_files``) the feed's files."""
    asked = make_ready(settings)
    if settings.get("from_files"):
        return every_minute_from_files(asked, settings)
    return every_minute(asked, int(str(settings["window_minutes"])))
