"""The layers that change with the area only: each becomes one file the browser fetches.

A feature's ``i`` is its row in the pack's table: messages to the map say which
rows look how, and never send a geometry twice. Every name is escaped here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.areapack import AreaPack, WalkNetwork
from layers.geojson import build_collection, build_points, to_degrees
from layers.routes import build_route_lines
from layers.static_files import StaticFiles
from layers.text import escape_for_map

SIMPLIFY_M = 4.0  # below a pixel at the zoom where a neighbourhood fills the screen
MAJOR_STREETS = frozenset({"motorway", "trunk", "primary", "secondary", "tertiary"})
PATHS = frozenset({"footway", "path", "steps", "cycleway", "bridleway", "track", "corridor", "pedestrian"})
_SURROUNDINGS_M = 3_000  # how far round the neighbourhoods streets, stops and routes are drawn


@dataclass(frozen=True)
class StaticLayers:
    """URLs by layer name, and what the map needs to open.

    ``bounds`` is [[south, west], [north, east]] in degrees.
    """

    urls: dict[str, str]
    bounds: tuple[tuple[float, float], tuple[float, float]]


def publish_static_layers(pack: AreaPack, static: StaticFiles) -> StaticLayers:
    """Write the pack's layers to ``static/`` (or inline) and say where they are."""
    frame = frame_of(pack)
    makers: dict[str, Callable[[], bytes | None]] = {
        "ground": lambda: build_ground(pack),
        "streets": lambda: build_streets(pack, frame),
        "neighbourhoods": lambda: build_neighbourhoods(pack),
        "services": lambda: build_services(pack, "service"),
        "places": lambda: build_services(pack, "place"),
        "stops": lambda: build_stops(pack, frame),
        "routes": lambda: build_routes(pack, frame),
        "outside": lambda: build_outside(pack),
    }
    urls = {}
    for name, make in makers.items():
        content = make()
        if content is not None:
            urls[name] = static.publish(f"{pack.area_id}-{name}", content, ".json")
    west, south, east, north = (
        float(v) for v in to_degrees(shapely.box(*inner_bounds(pack)), pack.crs).item().bounds
    )
    return StaticLayers(urls, ((south, west), (north, east)))


def inner_bounds(pack: AreaPack) -> tuple[float, float, float, float]:
    """Where the map opens, in the pack's CRS: the neighbourhoods, else the served stops, else all stops."""
    if pack.neighbourhoods is not None and len(pack.neighbourhoods):
        west, south, east, north = pack.neighbourhoods.total_bounds
        return float(west), float(south), float(east), float(north)
    stops = pack.stops[pack.stops["served"]] if pack.stops["served"].any() else pack.stops
    if stops.empty:
        return (0.0, 0.0, 1.0, 1.0)
    # Feeds hold stops far away: the middle 96% is the place.
    (west, south), (east, north) = stops[["x", "y"]].quantile([0.02, 0.98]).to_numpy()
    return float(west), float(south), float(east), float(north)


def frame_of(pack: AreaPack) -> shapely.Geometry:
    """The rectangle that is drawn, in the pack's CRS."""
    west, south, east, north = inner_bounds(pack)
    return shapely.box(
        west - _SURROUNDINGS_M, south - _SURROUNDINGS_M, east + _SURROUNDINGS_M, north + _SURROUNDINGS_M
    )


def build_neighbourhoods(pack: AreaPack) -> bytes | None:
    """Outlines simplified together, so that neighbours still share their border."""
    hoods = pack.neighbourhoods
    if hoods is None or hoods.empty:
        return None
    shapes = np.asarray(hoods.geometry)
    try:
        simple = shapely.coverage_simplify(shapes, SIMPLIFY_M)
    except shapely.errors.GEOSException:  # overlapping outlines are not a coverage
        simple = shapely.simplify(shapes, SIMPLIFY_M)
    simple = np.where(shapely.is_empty(simple), shapes, simple)
    middles = to_degrees(shapely.point_on_surface(shapes), pack.crs)
    wards = hoods["ward_name"]
    return build_collection(
        to_degrees(simple, pack.crs),  # type: ignore[arg-type]
        (
            {
                "i": row,
                "n": escape_for_map(name),
                "w": "" if pd.isna(ward) else escape_for_map(ward),
                "p": [middle.y, middle.x],
            }
            for row, (name, ward, middle) in enumerate(zip(hoods["name"], wards, middles, strict=True))
        ),
    )


def build_ground(pack: AreaPack) -> bytes | None:
    """Water, green and railways under everything else."""
    if pack.ground is None or pack.ground.empty:
        return None
    ground: gpd.GeoDataFrame = pack.ground.sort_values("kind", kind="stable")
    shapes = shapely.simplify(np.asarray(ground.geometry), SIMPLIFY_M)
    return build_collection(to_degrees(shapes, pack.crs), ({"k": kind} for kind in ground["kind"]))  # type: ignore[arg-type]


def build_streets(pack: AreaPack, frame: shapely.Geometry) -> bytes | None:
    """Streets as three features: paths, streets, main roads on top."""
    if pack.walk is None or not len(pack.walk.u):
        return None
    lines = street_lines(pack.walk)
    near = shapely.intersects(lines, frame)
    kinds = np.array([_street_kind(name) for name in pack.walk.highway_names] or ["street"])
    kind_of_edge = kinds[pack.walk.highway]
    simple = shapely.simplify(lines, SIMPLIFY_M)
    order = ("path", "street", "street_major")
    merged = np.array(
        [shapely.multilinestrings(simple[near & (kind_of_edge == kind)]) for kind in order], dtype=object
    )
    return build_collection(to_degrees(merged, pack.crs), ({"k": kind} for kind in order))  # type: ignore[arg-type]


def street_lines(walk: WalkNetwork) -> np.ndarray:
    """Each edge's geometry as a line in the pack's CRS."""
    xy = np.column_stack([walk.geometry_x, walk.geometry_y])
    counts = np.diff(walk.geometry_offset)
    return shapely.linestrings(xy, indices=np.repeat(np.arange(len(counts)), counts))


def _street_kind(highway: str) -> str:
    plain = highway.removesuffix("_link")
    return "street_major" if plain in MAJOR_STREETS else "path" if plain in PATHS else "street"


def category_numbers(pack: AreaPack) -> dict[str, int]:
    """Each category's number in the map's files, in alphabetical order."""
    if pack.services is None:
        return {}
    return {name: number for number, name in enumerate(sorted(pack.services["category"].unique()))}


def build_services(pack: AreaPack, kind: str) -> bytes | None:
    """Services or places that have a place on the map; ``i`` is the row in the pack's services."""
    if pack.services is None:
        return None
    numbers = category_numbers(pack)
    rows = pack.services.reset_index(drop=True)
    rows = rows[
        (rows["kind"] == kind) & rows["lon"].notna() & rows["delivery"].isin(["venue", "several_venues"])
    ]
    if rows.empty:
        return None
    return build_points(
        rows["lon"],
        rows["lat"],
        (
            {"i": int(row), "c": numbers[category], "t": _service_tip(name, category, organisation)}
            for row, name, category, organisation in zip(
                rows.index, rows["name"], rows["category"], rows["organisation"], strict=True
            )
        ),
    )


def _service_tip(name: object, category: str, organisation: object) -> str:
    title = escape_for_map(None if pd.isna(name) else name) or "unnamed"  # type: ignore[call-overload]
    by = "" if pd.isna(organisation) else f"<br>{escape_for_map(organisation)}"  # type: ignore[call-overload]
    return f"<b>{title}</b><br>{escape_for_map(category)}{by}"


def build_stops(pack: AreaPack, frame: shapely.Geometry) -> bytes | None:
    """Active stops; ``s`` says which ones no bus of the timetable serves."""
    west, south, east, north = frame.bounds
    stops = pack.stops.reset_index(drop=True)
    near = stops["x"].between(west, east) & stops["y"].between(south, north)
    rows = stops[near & (stops["active"] | stops["served"])]
    if rows.empty:
        return None
    return build_points(
        rows["lon"],
        rows["lat"],
        (
            {
                "i": int(row),
                "s": "usual" if served else "not_served",
                "t": _stop_tip(name, street, towards, served),
            }
            for row, name, street, towards, served in zip(
                rows.index, rows["name"], rows["street"], rows["indicator"], rows["served"], strict=True
            )
        ),
    )


def _stop_tip(name: object, street: object, indicator: object, served: bool) -> str:
    if not pd.isna(name):  # type: ignore[call-overload]
        title = escape_for_map(name)
    else:
        title = "unnamed stop" if pd.isna(street) else f"stop on {escape_for_map(street)}"  # type: ignore[call-overload]
    where = "" if pd.isna(indicator) else f" ({escape_for_map(indicator)})"  # type: ignore[call-overload]
    return f"<b>{title}</b>{where}" + ("" if served else "<br>no bus in this timetable")


def build_routes(pack: AreaPack, frame: shapely.Geometry) -> bytes | None:
    """Each route once, along its shapes or from stop to stop; ``i`` is the row in the pack's routes."""
    routes = pack.feed.routes
    if routes.empty:
        return None
    lines = build_route_lines(pack, frame)
    return build_collection(
        to_degrees(lines, pack.crs),  # type: ignore[arg-type]
        (
            {"i": row, "m": mode, "n": route_title(short, long)}
            for row, (short, long, mode) in enumerate(
                zip(routes["route_short_name"], routes["route_long_name"], routes["mode"], strict=True)
            )
        ),
    )


def route_title(short_name: object, long_name: object) -> str:
    """A route's number and name for the map, escaped."""
    parts = [escape_for_map(part) for part in (short_name, long_name) if not pd.isna(part)]  # type: ignore[call-overload]
    return " ".join(dict.fromkeys(part for part in parts if part)) or "unnamed route"


def build_outside(pack: AreaPack) -> bytes | None:
    """The part of the neighbourhoods that the street data leave out."""
    if pack.coverage is None or pack.neighbourhoods is None:
        return None
    streets = pack.coverage[pack.coverage["part"] == "streets"]
    if streets.empty:
        return None
    outside = shapely.difference(pack.neighbourhoods.union_all(), streets.union_all())
    outside = shapely.simplify(outside, SIMPLIFY_M)
    if outside.is_empty:
        return None
    return build_collection(to_degrees([outside], pack.crs), [{}])  # type: ignore[arg-type]
