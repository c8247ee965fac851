"""Water, green and railways for the map that needs no internet.

Read with pyosmium, which puts multipolygon relations together, from .osm.pbf
and .osm alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely
from osmium.filter import KeyFilter
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from data.errors import SourceError
from data.sources.osm_segments import FaultTally

SIMPLIFY_M = 2.0
# Smaller ponds and verges than this can't be made out on a map of a borough.
SMALLEST_AREA_M2 = 400.0

GROUND_KEYS = ("natural", "waterway", "landuse", "leisure", "railway")
_WATER = {("natural", "water"), ("waterway", "riverbank"), ("waterway", "dock"), ("landuse", "reservoir"),
          ("landuse", "basin")}  # fmt: skip
_GREEN = {
    ("leisure", "park"), ("leisure", "garden"), ("leisure", "nature_reserve"), ("leisure", "golf_course"),
    ("leisure", "common"), ("leisure", "recreation_ground"), ("landuse", "grass"), ("landuse", "forest"),
    ("landuse", "recreation_ground"), ("landuse", "village_green"), ("landuse", "cemetery"),
    ("landuse", "meadow"), ("landuse", "allotments"), ("natural", "wood"), ("natural", "scrub"),
    ("natural", "heath"), ("natural", "grassland"),
}  # fmt: skip
_RAIL = {("railway", "rail"), ("railway", "tram"), ("railway", "light_rail"), ("railway", "subway")}
_RIVERS = {("waterway", "river"), ("waterway", "canal")}
_SIDINGS = frozenset({"siding", "yard", "spur", "crossover"})
_UNDERGROUND = frozenset({"yes", "culvert", "building_passage"})


def kind_of_area(tags: Mapping[str, str]) -> str | None:
    """Name the ground that a closed shape with these tags is, or None."""
    pairs = {(key, tags[key]) for key in GROUND_KEYS if key in tags}
    if pairs & _WATER:
        return "water"
    return "green" if pairs & _GREEN else None


def kind_of_line(tags: Mapping[str, str]) -> str | None:
    """Name the ground that a line with these tags is: main railways, rivers and canals."""
    if tags.get("tunnel") in _UNDERGROUND:
        return None
    pairs = {(key, tags[key]) for key in GROUND_KEYS if key in tags}
    if pairs & _RAIL and tags.get("service") not in _SIDINGS:
        return "rail"
    return "water" if pairs & _RIVERS else None


def read_ground(
    path: Path, *, crs: str, within: BaseGeometry | None = None, tally: FaultTally | None = None
) -> gpd.GeoDataFrame:
    """Read areas of water and green, and lines of rivers and railways.

    Parameters
    ----------
    path
        .osm.pbf or .osm file.
    crs
        Projected CRS of the answer, metres.
    within
        Shapes are cut to the box around this geometry (in ``crs``).
    tally
        Gains ``ground_shape_broken`` for shapes that can't be put together.

    Returns
    -------
    GeoDataFrame
        ``kind`` (water, green, rail), ``name`` (null where none), ``geometry``
        (polygons and lines, simplified by 2 m), in a fixed order.
    """
    tally = tally if tally is not None else FaultTally()
    rows: list[tuple[str, str | None, bytes, int]] = []
    writer = osmium.geom.WKBFactory()
    try:
        reader = (
            osmium.FileProcessor(str(path))
            .with_areas(KeyFilter(*GROUND_KEYS))
            .with_filter(KeyFilter(*GROUND_KEYS))
        )
        for item in reader:
            if not isinstance(item, (osmium.osm.Way, osmium.osm.Area)):
                continue
            tags = {tag.k: tag.v for tag in item.tags}
            kind = kind_of_area(tags) if isinstance(item, osmium.osm.Area) else kind_of_line(tags)
            if kind is None:
                continue
            name = " ".join(tags.get("name", "").split()) or None
            try:
                if isinstance(item, osmium.osm.Area):
                    shape = writer.create_multipolygon(item)
                else:
                    shape = writer.create_linestring(item)
            except (RuntimeError, osmium.InvalidLocationError):
                tally.add("ground_shape_broken", f"{item.type_str()}{item.id}")
                continue
            rows.append((kind, name, bytes.fromhex(shape), item.id))
    except (RuntimeError, OSError) as error:
        raise SourceError(f"{path.name}: can't be read as OpenStreetMap data: {error}") from error
    rows.sort(key=lambda row: (row[0], row[3]))
    frame = pd.DataFrame({"kind": [row[0] for row in rows], "name": [row[1] for row in rows]}, dtype="object")
    shapes = _project(shapely.from_wkb([row[2] for row in rows]), crs, within)
    ground = gpd.GeoDataFrame(frame, geometry=shapes, crs=crs)
    is_area = shapely.get_dimensions(shapes) == 2
    kept = ~shapely.is_empty(shapes) & (~is_area | (shapely.area(shapes) >= SMALLEST_AREA_M2))
    return ground[kept].reset_index(drop=True)


def _project(shapes: np.ndarray, crs: str, within: BaseGeometry | None) -> np.ndarray:
    """Shapes of degrees in metres, repaired, cut to a box and simplified."""
    to_plane = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    shapes = shapely.transform(shapes, to_plane.transform, interleaved=False)
    if within is not None and not within.is_empty:
        broken = ~shapely.is_valid(shapes)
        shapes[broken] = shapely.make_valid(shapes[broken])
        shapes = shapely.clip_by_rect(shapes, *within.bounds)
    shapes = shapely.simplify(shapes, SIMPLIFY_M, preserve_topology=True)
    return shapely.transform(shapes, lambda values: values.round(2))
