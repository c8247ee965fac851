"""Read a GTFS zip into the pack's timetable, clipped to an area.

Nothing is unpacked to disk; stop_times is streamed. What is wrong is repaired
or left out, counted and named (``data.manifest.Fault``); what makes the feed
unusable is raised, all faults of the file together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.areapack import Feed
from data.errors import FeedError
from data.manifest import Fault
from data.schema import AGENCY, CALENDAR, CALENDAR_DATES, ROUTES, STOPS, TRIPS
from data.service_days import find_services_with_days
from data.sources.faultlog import FaultLog
from data.sources.gtfs_frequencies import expand_frequencies
from data.sources.gtfs_repair import add_day_at_wrap, fill_one_sided, find_uninterpolable, interpolate_blanks
from data.sources.gtfs_shapes import read_shapes
from data.sources.gtfs_stop_times import NO_SEQUENCE, read_stop_times
from data.sources.gtfs_tables import (
    Calendars,
    check_structure,
    read_agency,
    read_calendars,
    read_routes,
    read_stops,
    read_trips,
)
from data.sources.gtfs_times import parse_dates
from data.sources.gtfs_zip import FeedZip
from data.sources.stops import compute_served

FILE = "stop_times.txt"
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class GtfsInfo:
    """What the file says of itself, and how much of it was kept."""

    publisher: str | None
    version: str | None
    start_date: dt.date | None
    end_date: dt.date | None
    timezone: str
    trips_in_file: int
    stops_in_file: int


@dataclass(frozen=True)
class GtfsResult:
    """A timetable in the pack's tables, its stops, and what was wrong with it."""

    feed: Feed
    stops: pd.DataFrame
    faults: list[Fault]
    info: GtfsInfo


def read_gtfs(
    path: Path,
    *,
    crs: str,
    clip: shapely.Geometry | None = None,
    margin_m: float = 0.0,
    progress: Callable[[int, int], None] | None = None,
) -> GtfsResult:
    """Read a timetable; keep the trips that call in the area, whole, on all their dates.

    Parameters
    ----------
    path
        A GTFS zip.
    crs
        The pack's projected CRS, units metres.
    clip
        The area, in ``crs``; None keeps everything.
    margin_m
        How far around the area a call counts too.
    progress
        Called with the bytes of stop_times read and in all.

    Returns
    -------
    GtfsResult
        ``stops`` has the columns of ``data.schema.STOPS``: the stops that kept
        trips call at, and all others inside the area and margin, in the file's
        order. ``served`` is final; ``active`` and ``in_area`` hold for a feed
        without NaPTAN and an area without neighbourhoods until
        ``data.sources.stops.merge_stops`` knows better.

    Raises
    ------
    FeedError
        With every fault that can't be repaired.
    """
    log = FaultLog("timetable")
    path = Path(path)
    with FeedZip(path, log) as zipped:
        check_structure(zipped)
        _raise_fatal(path, log)
        agency = read_agency(zipped)
        _raise_fatal(path, log)
        routes, agency = read_routes(zipped, agency)
        calendars = read_calendars(zipped)
        trips = read_trips(zipped, routes, calendars.service_ids)
        stops = read_stops(zipped, crs)
        trips_in_file, stops_in_file = len(trips), len(stops)
        inside = _find_inside(stops, clip, margin_m)
        calls = read_stop_times(zipped, trips["trip_id"], stops["stop_id"], inside, progress)
        n_reached = len(np.unique(calls["trip"]))
        trips, calls = _repair(trips, stops, calls, log, complete=inside is None)
        if not len(trips):
            what = (
                "no trip calls in the area"
                if n_reached == 0 and inside is not None
                else "no usable trip is left"
            )
            raise FeedError(
                f"{path.name}: {what}",
                [f"{fault.code}: {fault.count:,} {fault.message}" for fault in log.faults],
            )
        trips, calls = expand_frequencies(zipped, trips, calls)
        shapes, trips = read_shapes(zipped, trips, crs)
        info = _read_info(zipped, str(agency["agency_timezone"].iloc[0]), trips_in_file, stops_in_file)
    stops, calls = _prune_stops(stops, calls, inside, log)
    feed = _prune_tables(agency, routes, trips, calls, calendars, shapes, log, complete=inside is None)
    return GtfsResult(feed, _finish_stops(stops, feed), log.faults, info)


def _raise_fatal(path: Path, log: FaultLog) -> None:
    if log.fatal:
        raise FeedError(f"{path.name}: this timetable can't be used", log.fatal)


def _find_inside(stops: pd.DataFrame, clip: shapely.Geometry | None, margin_m: float) -> np.ndarray | None:
    """bool[stops]: a vehicle can call there and it lies in the area and its margin; None: all are."""
    if clip is None:
        return None
    area = clip.buffer(margin_m) if margin_m > 0 else clip
    shapely.prepare(area)
    x, y = stops["x"].to_numpy(), stops["y"].to_numpy()
    placed = np.isfinite(x)
    inside = np.zeros(len(stops), bool)
    inside[placed] = shapely.intersects_xy(area, x[placed], y[placed])
    return inside


def _repair(
    trips: pd.DataFrame, stops: pd.DataFrame, calls: Arrays, log: FaultLog, *, complete: bool
) -> tuple[pd.DataFrame, Arrays]:
    """Sort the calls, leave out those that can't be used, repair times, drop trips with fewer than two."""
    trip_id = trips["trip_id"].to_numpy()

    def keep(rows: np.ndarray) -> Arrays:
        return calls if rows.all() else {name: values[rows] for name, values in calls.items()}

    reached = np.zeros(len(trips), bool)
    reached[calls["trip"]] = True
    if complete:
        log.add(
            "trip_without_calls",
            "dropped",
            int((~reached).sum()),
            "trips that stop_times.txt says nothing of",
            trip_id[~reached],
            file="trips.txt",
        )
    x = stops["x"].to_numpy()
    calls = keep((calls["stop"] >= 0) & (calls["sequence"] != NO_SEQUENCE))
    placed = np.isfinite(x[calls["stop"]])
    log.add(
        "call_without_place",
        "dropped",
        int((~placed).sum()),
        "calls at stops without a place; the trip is kept where two calls remain",
        trip_id[calls["trip"][~placed][:50]],
        file=FILE,
    )
    calls = keep(placed)
    odd = stops["location_type"].to_numpy()[calls["stop"]] != 0
    log.add(
        "call_at_station",
        "repaired",
        int(odd.sum()),
        "calls at a station or entrance and not at a stop; read as a stop at that place",
        stops["stop_id"].to_numpy()[calls["stop"][odd][:50]],
        file=FILE,
    )
    order = np.lexsort((calls["sequence"], calls["trip"]))
    if (np.diff(order) < 0).any():
        calls = {name: values[order] for name, values in calls.items()}
    same = np.zeros(len(order), bool)
    same[1:] = (np.diff(calls["trip"]) == 0) & (np.diff(calls["sequence"]) == 0)
    again = np.zeros(len(order), bool)
    again[1:] = same[1:] & (np.diff(calls["stop"]) == 0)
    for code, rows, message in (
        ("call_repeated", again, "calls with the stop_sequence and stop of the call before; left out"),
        (
            "stop_sequence_repeated",
            same & ~again,
            "calls with the stop_sequence of another; taken in the file's order",
        ),
    ):
        severity = "dropped" if rows is again else "note"
        log.add(
            code,
            "dropped" if severity == "dropped" else "note",
            int(rows.sum()),
            message,
            trip_id[calls["trip"][rows][:50]],
            file=FILE,
        )
    calls = keep(~again)
    calls["interpolated"] = np.zeros(len(calls["trip"]), bool)
    for name in ("arrival_s", "departure_s"):
        calls[name] = calls[name].copy()
    log.add(
        "time_one_sided",
        "repaired",
        fill_one_sided(calls["arrival_s"], calls["departure_s"]),
        "calls with only an arrival or only a departure; one stands for both",
        file=FILE,
    )
    endless = find_uninterpolable(calls["trip"], calls["arrival_s"])
    log.add(
        "time_missing_at_end",
        "dropped",
        int(endless.sum()),
        "calls before the first or after the last time of their trip; left out",
        trip_id[calls["trip"][endless][:50]],
        file=FILE,
    )
    calls = keep(~endless)
    wrapped, backwards = add_day_at_wrap(calls["trip"], calls["arrival_s"], calls["departure_s"])
    log.add(
        "trip_wraps_midnight",
        "repaired",
        len(wrapped),
        "trips that start again at 00:xx after midnight; 24 hours added from there",
        trip_id[wrapped],
        file=FILE,
    )
    log.add(
        "trip_steps_backwards",
        "dropped",
        len(backwards),
        "trips with a call earlier than the one before, not by passing midnight; left out",
        trip_id[backwards],
        file=FILE,
    )
    calls = keep(~np.isin(calls["trip"], backwards))
    blank, by_shape = interpolate_blanks(
        calls["trip"],
        calls["arrival_s"],
        calls["departure_s"],
        x[calls["stop"]],
        stops["y"].to_numpy()[calls["stop"]],
        calls["shape_dist"] if np.isfinite(calls["shape_dist"]).any() else None,
    )
    calls["interpolated"] = blank
    log.add(
        "time_interpolated",
        "repaired",
        int(blank.sum()),
        f"blank times filled in by distance along the trip ({by_shape:,} by shape_dist_traveled, the rest by "
        "straight lines between stops)",
        trip_id[calls["trip"][blank][:50]],
        file=FILE,
    )
    count = np.bincount(calls["trip"], minlength=len(trips))
    short = reached & (count < 2)
    short[backwards] = False
    log.add(
        "trip_too_short",
        "dropped",
        int(short.sum()),
        "trips with fewer than two usable calls; no one can ride them",
        trip_id[short],
        file=FILE,
    )
    return _renumber_trips(trips, keep(count[calls["trip"]] >= 2), count >= 2)


def _renumber_trips(trips: pd.DataFrame, calls: Arrays, kept: np.ndarray) -> tuple[pd.DataFrame, Arrays]:
    number = np.cumsum(kept) - 1
    calls = dict(calls, trip=number[calls["trip"]].astype(np.int32))
    return trips[kept].reset_index(drop=True), calls


def _prune_stops(
    stops: pd.DataFrame, calls: Arrays, inside: np.ndarray | None, log: FaultLog
) -> tuple[pd.DataFrame, Arrays]:
    """Keep the stops that are called at, and boarding places that lie in the area."""
    called = np.zeros(len(stops), bool)
    called[calls["stop"]] = True
    near = np.isfinite(stops["x"].to_numpy()) & (stops["location_type"].to_numpy() == 0)
    kept = called | (near if inside is None else near & inside)
    log.add(
        "stop_unused",
        "note",
        int((kept & ~called).sum()),
        "stops that no trip calls at",
        stops["stop_id"][kept & ~called],
        file="stops.txt",
    )
    number = np.cumsum(kept) - 1
    calls = dict(calls, stop=number[calls["stop"]].astype(np.int32))
    return stops[kept].reset_index(drop=True), calls


def _prune_tables(
    agency: pd.DataFrame,
    routes: pd.DataFrame,
    trips: pd.DataFrame,
    calls: Arrays,
    calendars: Calendars,
    shapes: gpd.GeoDataFrame | None,
    log: FaultLog,
    *,
    complete: bool,
) -> Feed:
    """Follow the foreign keys: only what the kept trips refer to stays."""
    unused = ~routes["route_id"].isin(trips["route_id"])
    if complete:
        log.add(
            "route_without_trips",
            "note",
            unused.sum(),
            "routes without a usable trip; left out",
            routes["route_id"][unused],
            file="routes.txt",
        )
    routes = routes[~unused]
    agency = agency[agency["agency_id"].isin(routes["agency_id"])]
    used = trips["service_id"].unique()
    calendar = calendars.calendar[calendars.calendar["service_id"].isin(used)]
    dates = calendars.calendar_dates[calendars.calendar_dates["service_id"].isin(used)]
    stop_times = {
        "trip_index": calls["trip"],
        "stop_sequence": calls["sequence"],
        "stop_index": calls["stop"],
        "arrival_s": calls["arrival_s"],
        "departure_s": calls["departure_s"],
        "pickup_type": calls["pickup"],
        "drop_off_type": calls["drop_off"],
        "interpolated": calls["interpolated"],
    }
    for values in stop_times.values():
        values.flags.writeable = False
    feed = Feed(
        agency=agency[AGENCY.column_names].reset_index(drop=True),
        routes=routes[ROUTES.column_names].reset_index(drop=True),
        trips=trips[TRIPS.column_names].reset_index(drop=True),
        stop_times=stop_times,
        calendar=calendar[CALENDAR.column_names].reset_index(drop=True),
        calendar_dates=dates[CALENDAR_DATES.column_names].reset_index(drop=True),
        shapes=shapes,
    )
    never = ~trips["service_id"].isin(find_services_with_days(feed))
    log.add(
        "service_never_runs",
        "note",
        trips["service_id"][never].nunique(),
        f"services without any day, with {int(never.sum()):,} trips; they serve nothing",
        trips["service_id"][never].unique(),
        file="calendar.txt",
    )
    return feed


def _finish_stops(stops: pd.DataFrame, feed: Feed) -> pd.DataFrame:
    """Give the stops all columns of the pack's table."""
    frame = stops.assign(
        **dict.fromkeys(("indicator", "bearing", "street", "landmark", "locality", "stop_type"), None),
        active=True,
        in_feed=True,
        served=compute_served(feed, len(stops)),
        in_area=True,
    )
    return frame[STOPS.column_names]


def _read_info(feed: FeedZip, timezone: str, trips_in_file: int, stops_in_file: int) -> GtfsInfo:
    columns = ("feed_publisher_name", "feed_version", "feed_start_date", "feed_end_date")
    rows = feed.read("feed_info.txt", columns).to_pandas()
    values = rows.iloc[0] if len(rows) else pd.Series("", index=columns)
    start, end = parse_dates(values[["feed_start_date", "feed_end_date"]].astype("str"))
    return GtfsInfo(
        publisher=values["feed_publisher_name"] or None,
        version=values["feed_version"] or None,
        start_date=None if pd.isna(start) else start.date(),
        end_date=None if pd.isna(end) else end.date(),
        timezone=timezone,
        trips_in_file=trips_in_file,
        stops_in_file=stops_in_file,
    )
