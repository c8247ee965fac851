"""GeoJSON as the browser gets it: EPSG:4326, five decimals (about a metre), no more.

Text in the properties must have been escaped by ``layers.text`` before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyproj
import shapely

DECIMALS = 5


def to_degrees(geometries: Any, crs: str) -> np.ndarray:
    """Geometries of ``crs`` in EPSG:4326 (lon, lat), rounded to five decimals."""
    transformer = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)

    def convert(xy: np.ndarray) -> np.ndarray:
        lon, lat = transformer.transform(xy[:, 0], xy[:, 1])
        return np.round(np.column_stack([lon, lat]), DECIMALS)

    return shapely.transform(np.asarray(geometries, dtype=object), convert)


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
