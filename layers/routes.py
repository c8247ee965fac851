"""Bus routes on the map: where they run, and how often in the window that is asked about.

"Trips an hour" is one way, at the stop that the route serves most often, with
duplicate trips left out: what somebody waiting there would meet.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import shapely

from data.areapack import AreaPack, Feed
from data.duplicates import find_duplicate_trips
from data.service_days import find_trips_on
from geo.query import DAY_S, Query

_SIMPLIFY_M = 8.0


def route_of_trip(feed: Feed) -> np.ndarray:
    """Row in ``routes`` of each trip, int64."""
    rows = pd.Index(feed.routes["route_id"]).get_indexer(pd.Index(feed.trips["route_id"]))
    return np.asarray(rows)


def build_route_lines(pack: AreaPack, frame: shapely.Geometry) -> np.ndarray:
    """One MultiLineString a route (pack CRS), cut to ``frame``; empty where it has no line.

    Routes whose trips have shapes follow them; the others run straight from
    stop to stop, each pair of stops drawn once.
    """
    feed = pack.feed
    lines = np.full(len(feed.routes), shapely.MultiLineString(), dtype=object)
    route = route_of_trip(feed)
    shaped = _shape_lines(feed, route)
    hops = _hop_lines(pack, route)
    for row in range(len(lines)):
        line = shaped.get(row, hops.get(row))
        if line is not None:
            lines[row] = line
    return shapely.intersection(lines, frame)


def _shape_lines(feed: Feed, route: np.ndarray) -> dict[int, shapely.Geometry]:
    if feed.shapes is None or feed.shapes.empty:
        return {}
    used = pd.DataFrame({"route": route, "shape_id": feed.trips["shape_id"]}).dropna().drop_duplicates()
    geometry = pd.Series(
        shapely.simplify(np.asarray(feed.shapes.geometry), _SIMPLIFY_M),
        index=pd.Index(feed.shapes["shape_id"]),
    )
    used = used[used["shape_id"].isin(geometry.index)]
    return {
        int(row): shapely.union_all(geometry[part["shape_id"]].to_numpy())  # type: ignore[arg-type]
        for row, part in used.groupby("route")
    }


def _hop_lines(pack: AreaPack, route: np.ndarray) -> dict[int, shapely.Geometry]:
    times = pack.feed.stop_times
    trip, stop = times["trip_index"].astype(np.int64), times["stop_index"].astype(np.int64)
    if len(trip) < 2:
        return {}
    same = trip[1:] == trip[:-1]
    one, other = np.minimum(stop[1:], stop[:-1])[same], np.maximum(stop[1:], stop[:-1])[same]
    count = len(pack.stops)
    keys = np.unique((route[trip[1:][same]] * count + one) * count + other)
    owner, pair = np.divmod(keys, count * count)
    one, other = np.divmod(pair, count)
    xy = pack.stops[["x", "y"]].to_numpy()
    segments = shapely.linestrings(np.stack([xy[one], xy[other]], axis=1))
    starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    ends = np.r_[starts[1:], len(owner)]
    return {
        int(owner[start]): shapely.multilinestrings(segments[start:end])
        for start, end in zip(starts, ends, strict=True)
    }


def compute_trips_per_hour(pack: AreaPack, query: Query) -> np.ndarray:
    """Trips an hour of each route in the query's window, float64 (0: none runs then).

    Departures of the service date and of the day before (after midnight) are
    counted at each stop where people may board; the busiest stop counts.
    """
    feed = pack.feed
    perhour = np.zeros(len(feed.routes))
    if feed.trips.empty or not len(feed.stop_times["trip_index"]):
        return perhour
    date = query.service_date or pack.manifest.timetable.service_date
    times = feed.stop_times
    trip = times["trip_index"]
    # Nobody boards at a trip's last call, whatever the feed says of it.
    boards = (times["pickup_type"] != 1) & np.r_[trip[1:] == trip[:-1], False]
    route = route_of_trip(feed)
    calls = []
    for days_back in (0, 1):
        day = date - dt.timedelta(days=days_back)
        runs = _running(feed, day)
        departure = times["departure_s"] - days_back * DAY_S
        inside = boards & runs[trip] & (departure >= query.window_start_s) & (departure <= query.window_end_s)
        rows = np.flatnonzero(inside)
        # A loop that calls twice at its end is still one bus.
        calls.append(
            np.unique(
                np.column_stack([np.full(len(rows), days_back), trip[rows], times["stop_index"][rows]]),
                axis=0,
            )
        )
    merged = np.concatenate(calls)
    if not len(merged):
        return perhour
    by_stop = pd.DataFrame({"route": route[merged[:, 1]], "stop": merged[:, 2]}).value_counts(sort=False)
    busiest = by_stop.groupby("route").max()
    hours = (query.window_end_s - query.window_start_s) / 3600
    perhour[busiest.index.to_numpy()] = busiest.to_numpy() / hours
    return perhour


def _running(feed: Feed, date: dt.date) -> np.ndarray:
    """Which trips run on ``date``, duplicates left out, bool[trips]."""
    runs = np.zeros(len(feed.trips), dtype=bool)
    runs[find_trips_on(feed, date)] = True
    runs[find_duplicate_trips(feed, date).drop] = False
    return runs
