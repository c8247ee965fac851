"""Small towns in memory for tests: readable specifications to whole area packs.

A town lies in a desert: coordinates are metres east and north of ``ORIGIN`` in
EPSG:27700, and nothing exists but what the test writes down::

    pack = build_town(
        streets=[street((0, 0), (3000, 0), name="High Street")],
        stops={"A": (100, 0), "B": (2500, 0)},
        routes=[route("1", trip(("A", "09:40"), ("B", "09:50")))],
        points=[point("home", 0, 0, people=120)],
        services=[service("clinic", 2600, 0)],
    )

``streets=None`` gives a pack that walks in straight lines. Streets meet where
they share a vertex. Real walk networks are never snapped to where a component
has fewer than 200 nodes; so every component (unless ``island=True``) is given
``PAD_NODES`` nodes, 1 mm apart, running south from its southernmost node, which
lengthen nothing that a test measures.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from data import schema
from data.areapack import AreaPack, Feed
from data.frames import build_frame
from data.manifest import Manifest, TimetableFacts, WalkFacts
from data.modes import mode_of_route_type
from tests.town_spec import (
    XY,
    Calendar,
    Call,
    Point,
    Route,
    Service,
    Stop,
    Street,
    Trip,
    call,
    point,
    route,
    seconds,
    service,
    shifted,
    street,
    trip,
)
from tests.town_streets import ORIGIN, PAD_NODES, build_walk_network, grid_streets

__all__ = [
    "CRS",
    "ORIGIN",
    "PAD_NODES",
    "SERVICE_DATE",
    "Calendar",
    "Call",
    "Point",
    "Route",
    "Service",
    "Stop",
    "Street",
    "Trip",
    "build_town",
    "build_walk_network",
    "call",
    "grid_streets",
    "point",
    "route",
    "seconds",
    "service",
    "shifted",
    "street",
    "trip",
]

CRS = "EPSG:27700"
SERVICE_DATE = dt.date(2025, 6, 10)  # a Tuesday, no clock change near it
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TO_LONLAT = pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)


def build_town(
    *,
    stops: Mapping[str, XY | Stop] | None = None,
    routes: Sequence[Route] = (),
    streets: Sequence[Street] | None = None,
    points: Sequence[Point] = (),
    services: Sequence[Service] = (),
    calendars: Mapping[str, Calendar] | None = None,
    groups: Mapping[str, Mapping[str, int | None]] | None = None,
    wards: Mapping[str, str] | None = None,
    coverage: shapely.Geometry | None = None,
    service_date: dt.date = SERVICE_DATE,
    timezone: str = "Europe/London",
    detour_factor: float = 1.3,
    origin: XY = ORIGIN,
    completeness: float | None = None,
) -> AreaPack:
    """Make an area pack in memory.

    Parameters
    ----------
    groups : mapping of group_id to {neighbourhood_id: people or None}
        Beside 'all', which is summed from the points.
    wards : mapping of neighbourhood_id to ward name
    coverage : geometry in town coordinates, or None
        Outside it is outside the data. None: no coverage table.
    origin : pair of floats
        Where the town's (0, 0) lies in EPSG:27700; move it to move the town.
    """
    stop_specs = {key: s if isinstance(s, Stop) else Stop(*s) for key, s in (stops or {}).items()}
    calendars = {"daily": Calendar(), **(calendars or {})}
    place = _Placer(origin)
    feed, served = _build_feed(stop_specs, routes, calendars, timezone)
    stop_table = _build_stops(stop_specs, served, place)
    hoods, point_table = _build_people(points, wards or {}, place)
    group_table, census = _build_groups(groups or {}, hoods)
    walk = None if streets is None else build_walk_network(streets, origin)
    service_table = _build_services(services, place) if services else None
    manifest = Manifest(
        area_id="town",
        name="Town",
        fictional=True,
        digest="town",
        crs=CRS,
        walk=WalkFacts(mode="straight_line" if streets is None else "network", detour_factor=detour_factor),
        timetable=_timetable_facts(stop_table, feed, calendars, service_date, timezone, completeness),
        neighbourhood_level="LSOA 2021" if hoods is not None else None,
        census_year=2021 if hoods is not None else None,
        has_register=any(s.kind == "service" for s in services),
    )
    covered = None
    if coverage is not None:
        moved = shapely.transform(coverage, lambda xy: xy + np.array(origin))
        covered = _frame(schema.COVERAGE, [{"part": "streets"}], [moved])
    return AreaPack(
        manifest=manifest,
        stops=stop_table,
        feed=feed,
        neighbourhoods=hoods,
        groups=group_table,
        census=census,
        origin_points=point_table,
        services=service_table,
        sessions=_frame(schema.SESSIONS, []) if services else None,
        walk=walk,
        coverage=covered,
    )


class _Placer:
    """Town coordinates to the pack's x, y, lon, lat."""

    def __init__(self, origin: XY) -> None:
        self.origin = origin

    def __call__(self, x: float | None, y: float | None) -> dict[str, float | None]:
        if x is None or y is None:
            return dict.fromkeys(("x", "y", "lon", "lat"))
        east, north = x + self.origin[0], y + self.origin[1]
        lon, lat = _TO_LONLAT.transform(east, north)
        return {"x": east, "y": north, "lon": lon, "lat": lat}


_SAME: dict[str, pd.DataFrame] = {}
FEW_ROWS, MOST_KEPT = 6, 64


def _frame(
    table: schema.Table, rows: list[dict[str, Any]], geometry: list[Any] | None = None
) -> pd.DataFrame:
    """Rows to a table as a loaded pack has it; fails where a required value is missing."""
    columns = {name: [row.get(name) for row in rows] for name in table.column_names}
    if geometry is not None:
        columns["geometry"] = geometry
        return build_frame(table, columns, crs=CRS)
    # Most towns have the same agency and calendars; a pack's tables are never written to.
    key = f"{table.name} {rows!r}"
    if key not in _SAME or len(rows) > FEW_ROWS:
        _SAME[key] = build_frame(table, columns, crs=CRS)
        if len(_SAME) > MOST_KEPT:
            _SAME.pop(next(iter(_SAME)))
    return _SAME[key]


def _build_stops(specs: Mapping[str, Stop], served: set[str], place: _Placer) -> pd.DataFrame:
    rows = [
        {
            "stop_id": key,
            "name": s.name or f"Stop {key}",
            "street": s.street,
            "stop_type": s.stop_type,
            "active": s.active,
            "in_feed": s.in_feed,
            "served": key in served,
            "in_area": s.in_area,
            **place(s.x, s.y),
        }
        for key, s in specs.items()
    ]
    return _frame(schema.STOPS, rows)


def _build_feed(
    stops: Mapping[str, Stop], routes: Sequence[Route], calendars: Mapping[str, Calendar], timezone: str
) -> tuple[Feed, set[str]]:
    index = {key: i for i, key in enumerate(stops)}
    route_rows, trip_rows, calls, served = [], [], [], set()
    for r in routes:
        route_rows.append(
            {
                "route_id": r.route_id,
                "agency_id": r.agency,
                "route_short_name": r.short_name or r.route_id,
                "route_type": r.route_type,
                "mode": mode_of_route_type(r.route_type),
            }
        )
        for number, t in enumerate(r.trips):
            for sequence, c in enumerate(t.calls):
                calls.append((len(trip_rows), sequence, index[c.stop], c))
            if calendars[t.calendar].ever_runs:
                served.update(c.stop for c in t.calls if c.pickup != 1 or c.drop_off != 1)
            trip_rows.append(
                {
                    "trip_id": t.trip_id or f"{r.route_id}-{number}",
                    "route_id": r.route_id,
                    "service_id": t.calendar,
                    "trip_headsign": t.headsign,
                    "approximate": t.approximate,
                }
            )
    arrays = {
        "trip_index": np.array([c[0] for c in calls], np.int32),
        "stop_sequence": np.array([c[1] for c in calls], np.int32),
        "stop_index": np.array([c[2] for c in calls], np.int32),
        "arrival_s": np.array([c[3].arrival_s for c in calls], np.int32),
        "departure_s": np.array([c[3].departure_s for c in calls], np.int32),
        "pickup_type": np.array([c[3].pickup for c in calls], np.int8),
        "drop_off_type": np.array([c[3].drop_off for c in calls], np.int8),
        "interpolated": np.zeros(len(calls), bool),
    }
    for array in arrays.values():
        array.setflags(write=False)
    agencies = dict.fromkeys(r.agency for r in routes) or {"Town Buses": None}
    exceptions = [
        {"service_id": key, "date": date, "exception_type": kind}
        for key, c in calendars.items()
        for kind, dates in ((1, c.added), (2, c.removed))
        for date in dates
    ]
    feed = Feed(
        agency=_frame(
            schema.AGENCY,
            [{"agency_id": a, "agency_name": a, "agency_timezone": timezone} for a in agencies],
        ),
        routes=_frame(schema.ROUTES, route_rows),
        trips=_frame(schema.TRIPS, trip_rows),
        stop_times=arrays,
        calendar=_frame(
            schema.CALENDAR,
            [
                {
                    "service_id": key,
                    **{day: flag == "1" for day, flag in zip(DAYS, c.days, strict=True)},
                    "start_date": c.start,
                    "end_date": c.end,
                }
                for key, c in calendars.items()
            ],
        ),
        calendar_dates=_frame(schema.CALENDAR_DATES, exceptions),
    )
    return feed, served


def _build_people(
    points: Sequence[Point], wards: Mapping[str, str], place: _Placer
) -> tuple[gpd.GeoDataFrame | None, pd.DataFrame | None]:
    if not points:
        return None, None
    hood_rows, point_rows, outlines = [], [], []
    for hood in dict.fromkeys(p.neighbourhood for p in points):
        own = [p for p in points if p.neighbourhood == hood]
        counted = all(p.people is not None for p in own)
        total = sum(p.people or 0 for p in own) if counted else None
        for p in own:
            weight = p.people / total if total else 1 / len(own)
            point_rows.append(
                {
                    "point_id": p.point_id,
                    "neighbourhood_id": hood,
                    "weight": weight,
                    "residents": float(p.people) if counted else None,
                    "basis": "output_area",
                    **place(p.x, p.y),
                }
            )
        hood_rows.append(
            {
                "neighbourhood_id": hood,
                "name": f"Neighbourhood {hood}",
                "level": "LSOA 2021",
                "ward_id": wards.get(hood),
                "ward_name": wards.get(hood),
                "population": None if total is None else int(total),
                "edge": False,
            }
        )
        spread = shapely.MultiPoint([(p.x + place.origin[0], p.y + place.origin[1]) for p in own])
        outlines.append(shapely.box(*spread.buffer(50).bounds))
    order = {p.point_id: i for i, p in enumerate(points)}
    point_rows.sort(key=lambda row: order[row["point_id"]])
    return _frame(schema.NEIGHBOURHOODS, hood_rows, outlines), _frame(schema.ORIGIN_POINTS, point_rows)


def _build_groups(
    groups: Mapping[str, Mapping[str, int | None]], hoods: pd.DataFrame | None
) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    if hoods is None:
        return None, None
    everyone = dict(zip(hoods["neighbourhood_id"], hoods["population"], strict=True))
    counts = {"all": {h: None if pd.isna(n) else int(n) for h, n in everyone.items()}, **groups}
    group_rows = [
        {
            "group_id": key,
            "name": "All residents" if key == "all" else key,
            "is_aggregate": key == "all",
            "census_table": "TS021",
            "census_year": 2021,
            "sort_order": order,
        }
        for order, key in enumerate(counts)
    ]
    census_rows = [
        {"neighbourhood_id": hood, "group_id": key, "people": by_hood.get(hood)}
        for key, by_hood in counts.items()
        for hood in everyone
    ]
    return _frame(schema.GROUPS, group_rows), _frame(schema.CENSUS, census_rows)


def _build_services(services: Sequence[Service], place: _Placer) -> pd.DataFrame:
    rows = [
        {
            "service_id": s.service_id,
            "kind": s.kind,
            "name": f"Service {s.service_id}",
            "category": s.category,
            "delivery": s.delivery,
            "location_basis": None if s.x is None else "given",
            "verified": False,
            "source": "town",
            **place(s.x, s.y),
            **s.fields,
        }
        for s in services
    ]
    return _frame(schema.SERVICES, rows)


def _timetable_facts(
    stops: pd.DataFrame,
    feed: Feed,
    calendars: Mapping[str, Calendar],
    date: dt.date,
    timezone: str,
    completeness: float | None,
) -> TimetableFacts:
    active = stops["active"] & stops["in_area"]
    served = active & stops["served"]
    share = float(served.sum() / active.sum()) if active.any() else None
    return TimetableFacts(
        service_date=date,
        service_date_why="the town's own",
        first_date=min(c.start for c in calendars.values()),
        last_date=max(c.end for c in calendars.values()),
        latest_start_date=max(c.start for c in calendars.values()),
        completeness=share if completeness is None else completeness,
        active_stops=int(active.sum()),
        served_stops=int(served.sum()),
        trips_on_service_date=sum(calendars[s].runs_on(date) for s in feed.trips["service_id"]),
        timezone=timezone,
    )
