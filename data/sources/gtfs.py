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
from data.sources.gtfs_clean import clean_calls
from data.sources.gtfs_frequencies import expand_frequencies
from data.sources.gtfs_shapes import read_shapes
from data.sources.gtfs_stop_times import read_stop_times
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
        trips, calls = clean_calls(trips, stops, calls, log, complete=inside is None)
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
