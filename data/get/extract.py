"""A street extract of the user's own: cut to the area, and refused where it doesn't cover it."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from scipy.spatial import cKDTree

from data.coordinates import BRITISH_GRID, LON_LAT, between
from data.errors import SourceError, UsageError
from data.fetch.cache import write_atomic
from data.fetch.result import Fetched
from data.sources.osm_clip import Box, Clipped, clip_osm

LEAST_COVERED = 0.9
# Further than this from any street lies no neighbourhood that the extract covers, moors included.
NEAR_STREET_M = 2_000.0


def take_extract(given: Path, boundaries: Path, target: Path, *, margin_m: float) -> Fetched:
    """Cut the area out of an extract; the user's file stays as it is.

    Parameters
    ----------
    given
        .osm.pbf or .osm.
    boundaries
        The neighbourhoods, GeoJSON in degrees.
    target
        .osm.pbf; a cut of the same file and area is used again.
    margin_m
        How far beyond the border.

    Raises
    ------
    SourceError
        When the extract can't be read, or isn't of this area.
    UsageError
        When the disk can't be written to.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shapes = read_shapes(boundaries)
        boxes = list_boxes(shapes, margin_m)
        state = given.stat()
        note = {"file": given.name, "size": state.st_size, "modified": state.st_mtime_ns, "boxes": boxes}
        beside = target.with_name(f".{target.name}.source.json")
        known = _load_note(beside)
        if known is None or known["note"] != json.loads(json.dumps(note)) or not target.is_file():
            if not state.st_size:
                raise SourceError(f"{given.name}: the file is empty.")
            clipped = clip_osm(given, target, boxes, lambda found: _check_covers(given.name, shapes, found))
            date = clipped.data_date.isoformat() if clipped.data_date else None
            known = {"note": note, "ways": clipped.ways, "date": date}
            write_atomic(beside, json.dumps(known).encode())
    except OSError as error:
        raise UsageError(f"{given}: can't be cut to {target.parent} ({error.strerror or error}).") from error
    return Fetched(
        "osm", "OpenStreetMap extract", target, "", target.stat().st_size,
        date=dt.date.fromisoformat(known["date"]) if known["date"] else None,
        count=int(known["ways"]), counted="ways of the area",
    )  # fmt: skip


def read_shapes(boundaries: Path) -> np.ndarray:
    """Return each neighbourhood's shape, degrees."""
    features = json.loads(boundaries.read_text(encoding="utf-8"))["features"]
    shapes = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])
    return shapely.make_valid(shapes)


def list_boxes(shapes: np.ndarray, margin_m: float) -> list[Box]:
    """Return boxes in degrees around the shapes with a margin; those that touch are one.

    Two places far from each other don't take in all that lies between them.
    """
    x, y = _to_grid(shapely.bounds(shapes))
    boxes = shapely.box(
        x.min(axis=1) - margin_m, y.min(axis=1) - margin_m, x.max(axis=1) + margin_m, y.max(axis=1) + margin_m
    )
    parts = list(boxes)
    while True:
        merged = shapely.get_parts(shapely.union_all(parts))
        if len(merged) == len(parts):
            break
        parts = [shapely.envelope(part) for part in merged]
    found = []
    for west, south, east, north in sorted(tuple(part.bounds) for part in parts):
        lon, lat = between(
            np.array([west, west, east, east]), np.array([south, north, south, north]), BRITISH_GRID, LON_LAT
        )
        found.append((float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())))
    return found


def _to_grid(bounds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners of boxes of degrees in metres, each float64[boxes, 4]."""
    lon, lat = bounds[:, [0, 0, 2, 2]], bounds[:, [1, 3, 1, 3]]
    x, y = between(lon.ravel(), lat.ravel(), LON_LAT, BRITISH_GRID)
    return x.reshape(lon.shape), y.reshape(lat.shape)


def _check_covers(name: str, shapes: np.ndarray, found: Clipped) -> None:
    """Raise when neighbourhoods lie far from every street: the extract is of another place, or was cut."""
    inside = shapely.point_on_surface(shapes)
    near = np.zeros(len(shapes), bool)
    if len(found.street_lon):
        streets = np.column_stack(between(found.street_lon, found.street_lat, LON_LAT, BRITISH_GRID))
        places = np.column_stack(between(shapely.get_x(inside), shapely.get_y(inside), LON_LAT, BRITISH_GRID))
        near = cKDTree(streets).query(places)[0] <= NEAR_STREET_M
    if near.mean() < LEAST_COVERED:
        raise SourceError(
            f"{name}: has streets near {near.mean():.0%} of the {len(near):,} neighbourhoods; it is an "
            "extract of another place, or was cut. Fetch the one that covers the whole place from "
            "download.geofabrik.de and give it with --streets, or leave --streets out to ask Overpass."
        )


def _load_note(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) and {"note", "ways", "date"} <= set(found) else None
    except (OSError, ValueError):
        return None
