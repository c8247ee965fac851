"""GeoJSON as the browser gets it: EPSG:4326, five decimals (about a metre), no more.

Text in the properties must have been escaped by ``layers.text`` before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import shapely

from data.coordinates import transformer

DECIMALS = 5
_DEGREES = "EPSG:4326"
# pyproj makes a transformer anew in every thread, which takes longer than an
# isochrone, and a page runs in a new thread each time: one thread keeps them.
_WORKER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="degrees")


def to_degrees(geometries: Any, crs: str) -> np.ndarray:
    """Geometries of ``crs`` in EPSG:4326 (lon, lat), rounded to five decimals."""

    def convert(xy: np.ndarray) -> np.ndarray:
        lon, lat = _transform(crs, _DEGREES, xy[:, 0], xy[:, 1])
        return np.round(np.column_stack([lon, lat]), DECIMALS)

    return shapely.transform(np.asarray(geometries, dtype=object), convert)


def from_degrees(lon: float, lat: float, crs: str) -> tuple[float, float]:
    """A point in ``crs``; infinite where it can't be projected."""
    x, y = _transform(_DEGREES, crs, lon, lat)
    return float(x), float(y)


def _transform(source: str, target: str, x: Any, y: Any) -> tuple[Any, Any]:
    return _WORKER.submit(lambda: transformer(source, target).transform(x, y)).result()


def to_geojson(geometry: shapely.Geometry) -> Any:
    """One geometry already in degrees as plain JSON values."""
    return json.loads(shapely.to_geojson(geometry))


def build_collection(degrees: Sequence[Any], properties: Iterable[Mapping[str, Any]]) -> bytes:
    """A FeatureCollection as bytes, in the given order; empty geometries are left out."""
    features = [
        f'{{"type":"Feature","properties":{_dump(values)},"geometry":{text}}}'
        for geometry, text, values in zip(degrees, shapely.to_geojson(degrees), properties, strict=True)
        if geometry is not None and not geometry.is_empty
    ]
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'.encode()


def build_points(lon: Any, lat: Any, properties: Iterable[Mapping[str, Any]]) -> bytes:
    """A FeatureCollection of points in degrees; points without a place are left out."""
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    known = np.isfinite(lon) & np.isfinite(lat)
    points = np.full(len(lon), None, dtype=object)
    points[known] = shapely.points(np.round(lon[known], DECIMALS), np.round(lat[known], DECIMALS))
    return build_collection(points, properties)  # type: ignore[arg-type]


def _dump(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))
