"""From an area pack to its feed report. Nothing is read or written."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import numpy as np
import pandas as pd
import pyproj
import shapely

from data.areapack import AreaPack
from data.duplicates import find_duplicate_trips
from data.report import checks
from data.report import trips as trip_checks
from data.report.model import FeedReport, OperatorRow, RouteRow
from data.report.trips import NOT_STATED
from data.service_days import compute_feed_dates, find_trips_on

_DAYS_BEFORE, _DAYS_AFTER = 7, 35
_SIMPLIFY_M = 100.0


def build_feed_report(pack: AreaPack) -> FeedReport:
    """Build the report of a pack's timetable.

    Trips are counted on the pack's service date, without those that repeat
    another. The result depends on the pack alone.
    """
    facts = pack.manifest.timetable
    running = find_trips_on(pack.feed, facts.service_date)
    repeats = find_duplicate_trips(pack.feed, facts.service_date)
    kept = np.setdiff1d(running, repeats.drop)
    trips, places = _describe_trips(pack), trip_checks.TripPlaces(pack)
    return FeedReport(
        area_id=pack.area_id,
        name=pack.manifest.name,
        fictional=pack.manifest.fictional,
        digest=pack.digest,
        service_date=facts.service_date,
        service_date_why=facts.service_date_why,
        first_date=facts.first_date,
        last_date=facts.last_date,
        completeness=facts.completeness,
        active_stops=facts.active_stops,
        served_stops=facts.served_stops,
        trips_on_service_date=len(running),
        operators=_list_operators(pack, trips, kept, repeats.by_operator),
        operators_without_service=facts.operators_without_service,
        routes=_list_routes(trips.iloc[kept]),
        trips_by_hour=_count_by_hour(trips.iloc[kept]),
        trips_by_date=_count_by_date(pack, facts.service_date),
        findings=(
            checks.find_stops_not_in_feed(pack),
            checks.find_stops_without_service(pack),
            checks.find_impossible_speeds(pack),
            checks.find_stops_far_from_streets(pack),
            checks.find_stops_misplaced(pack),
            trip_checks.find_trips_without_shape(pack, places),
            trip_checks.find_operators_without_service(pack, places),
            trip_checks.find_duplicates(pack, places, repeats),
            *trip_checks.list_what_was_done(pack, places),
        ),
        sources=tuple(
            f"{source.title} ({source.date or 'date not stated'}), {source.licence}"
            for source in pack.manifest.sources
            if source.part in ("timetable", "stops", "streets")
        ),
        notes=pack.manifest.notes,
        outline=_build_outline(pack),
    )


def _describe_trips(pack: AreaPack) -> pd.DataFrame:
    """One row a trip: route, operator, mode, first departure (null without calls), whether it has a line."""
    feed = pack.feed
    routes = feed.routes.set_index("route_id").reindex(feed.trips["route_id"]).reset_index()
    agency = feed.agency.drop_duplicates("agency_id").set_index("agency_id")["agency_name"]
    owner = feed.stop_times["trip_index"]
    first = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]]) if len(owner) else np.empty(0, int)
    departure = pd.Series(pd.array([None] * len(feed.trips), dtype="Int64"))
    departure.iloc[owner[first]] = feed.stop_times["departure_s"][first].astype(np.int64)
    shapes = set() if feed.shapes is None else set(feed.shapes["shape_id"])
    return pd.DataFrame(
        {
            "route_id": routes["route_id"],
            "agency_id": routes["agency_id"],
            "operator": agency.reindex(routes["agency_id"]).fillna(NOT_STATED).to_numpy(object),
            "name": routes["route_short_name"].fillna(routes["route_long_name"]).fillna(routes["route_id"]),
            "long_name": routes["route_long_name"],
            "mode": routes["mode"],
            "departure_s": departure,
            "has_shape": feed.trips["shape_id"].isin(shapes).to_numpy(bool),
        }
    )


def _list_operators(
    pack: AreaPack, trips: pd.DataFrame, kept: np.ndarray, duplicates: dict[str, int]
) -> tuple[OperatorRow, ...]:
    periods = compute_feed_dates(pack.feed).by_operator
    on_date = Counter(trips["operator"].iloc[kept])
    rows = []
    for name, group in pack.feed.agency.groupby("agency_name", sort=True):
        own = trips[trips["operator"] == name]
        dates = [periods[agency] for agency in group["agency_id"] if agency in periods]
        rows.append(
            OperatorRow(
                name=str(name),
                routes=int(own["route_id"].nunique()),
                trips=on_date.get(name, 0),
                all_trips=len(own),
                first_date=min((first for first, _ in dates), default=None),
                last_date=max((last for _, last in dates), default=None),
                duplicates=duplicates.get(str(name), 0),
                without_shape=int((~own["has_shape"]).sum()),
            )
        )
    return tuple(sorted(rows, key=lambda row: (-row.trips, row.name)))


def _list_routes(trips: pd.DataFrame) -> tuple[RouteRow, ...]:
    rows = []
    for _, group in trips.groupby("route_id", sort=True):
        first = group.iloc[0]
        times = group["departure_s"].dropna()
        long_name = first["long_name"]
        rows.append(
            RouteRow(
                name=str(first["name"]),
                long_name=long_name if isinstance(long_name, str) else None,
                operator=str(first["operator"]),
                mode=str(first["mode"]),
                trips=len(group),
                first_s=int(times.min()) if len(times) else None,
                last_s=int(times.max()) if len(times) else None,
            )
        )
    return tuple(sorted(rows, key=lambda row: (-row.trips, row.operator, row.name)))


def _count_by_hour(trips: pd.DataFrame) -> dict[int, dict[str, int]]:
    timed = trips.dropna(subset="departure_s")
    hours = (timed["departure_s"] // 3600).astype(int)
    counts: dict[int, dict[str, int]] = {}
    if len(hours):
        counts = {hour: {} for hour in range(int(hours.min()), int(hours.max()) + 1)}
    for (hour, mode), count in sorted(Counter(zip(hours, timed["mode"], strict=True)).items()):
        counts[int(hour)][str(mode)] = count
    return counts


def _count_by_date(pack: AreaPack, date: dt.date) -> dict[dt.date, int]:
    facts = pack.manifest.timetable
    days = [date + dt.timedelta(days=offset) for offset in range(-_DAYS_BEFORE, _DAYS_AFTER + 1)]
    return {
        day: len(find_trips_on(pack.feed, day)) for day in days if facts.first_date <= day <= facts.last_date
    }


def _build_outline(pack: AreaPack) -> tuple[tuple[tuple[float, float], ...], ...]:
    if pack.neighbourhoods is None or pack.neighbourhoods.empty:
        return ()
    area = shapely.union_all(pack.neighbourhoods.geometry.to_numpy(), grid_size=1.0)
    area = shapely.simplify(area, _SIMPLIFY_M)
    back = pyproj.Transformer.from_crs(pack.crs, "EPSG:4326", always_xy=True)
    rings = []
    for part in shapely.get_parts(area):
        if isinstance(part, shapely.Polygon) and not part.is_empty:
            x, y = part.exterior.xy
            lon, lat = back.transform(np.asarray(x), np.asarray(y))
            rings.append(tuple(zip(lon.round(5).tolist(), lat.round(5).tolist(), strict=True)))
    return tuple(rings)
