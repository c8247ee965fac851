"""Districts: what the main roads, the river and the railway enclose, and what was built there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points

from data.demo.geometry import (
    GRID_M,
    lines_of,
    long_axis,
    merge_lines,
    node_lines,
    polygons_of,
    prune_stubs,
    smooth_line,
    split_polygon,
)
from data.demo.land import SKETCH_UNIT_M, Land, Road, Sketched

MAX_DISTRICT_M2 = {"terrace": 330_000.0, "semi": 420_000.0, "estate": 430_000.0}
_PARKS: list[tuple[str, Sketched]] = [
    ("Holt Park", (-1.1, 0.55)),
    ("Weir Meadows", (1.25, 2.35)),
    ("Jubilee Park", (-2.35, -1.1)),
    ("Mercer Park", (2.45, -0.35)),
    ("Larkfield Recreation Ground", (-1.35, 2.35)),
    ("Tannery Green", (0.75, -2.25)),
    ("Kestrel Moss", (2.4, -3.0)),
    ("Abbey Wood", (-3.2, 2.2)),
]
_WORKS: list[tuple[str, Sketched]] = [
    ("Weirside Works", (1.55, -2.3)),
    ("Wharf Road Industrial Estate", (2.6, -1.85)),
    ("Sidings Business Park", (-1.5, -1.75)),
    ("Moorfield Trading Estate", (-3.3, -2.7)),
]
_CAMPUS: list[tuple[str, Sketched]] = [("Fernley Infirmary", (-2.45, 0.85))]


@dataclass(frozen=True)
class District:
    """A stretch of ground with one kind of building.

    ``kind`` is centre, terrace, semi, garden, estate, modern, village, park,
    works, campus or field (not built on).
    """

    kind: str
    polygon: Polygon
    name: str
    number: int


@dataclass(frozen=True)
class Skeleton:
    """The main roads, cut at their junctions, with the collectors that were added."""

    roads: list[Road]
    districts: list[District]


def join_ends(roads: list[Road], reach_m: float = 260.0) -> list[Road]:
    """Carry each road's ends on to the nearest other road within reach, and no further."""
    out = []
    for road in roads:
        xy = list(road.line.coords)
        if xy[0] != xy[-1]:
            others = shapely.union_all([other.line for other in roads if other is not road])
            start, end = Point(xy[0]), Point(xy[-1])
            if 0 < start.distance(others) < reach_m:
                xy.insert(0, nearest_points(start, others)[1].coords[0])
            if 0 < end.distance(others) < reach_m:
                xy.append(nearest_points(end, others)[1].coords[0])
        out.append(Road(road.name, LineString(xy), road.highway))
    return out


def node_roads(roads: list[Road], stub_m: float = 200.0) -> list[Road]:
    """Cut roads at each other; each piece keeps the name and class of the road it came from."""
    lines = prune_stubs(node_lines([road.line for road in roads]), stub_m)
    tree = shapely.STRtree([road.line for road in roads])
    middles = [line.interpolate(0.5, normalized=True) for line in lines]
    out = []
    for line, middle in zip(lines, middles, strict=True):
        near = sorted(int(i) for i in tree.query(middle, predicate="dwithin", distance=2 * GRID_M))
        index = near[0] if near else int(tree.nearest(middle))
        out.append(Road(roads[index].name, line, roads[index].highway))
    return out


def _kind_by_place(x: float, y: float, rng: np.random.Generator) -> str:
    r = float(np.hypot(x, y)) / SKETCH_UNIT_M
    if r < 0.56:
        return "centre"
    if r < 1.9 + 0.25 * np.sin(3 * np.arctan2(y, x)):
        return "terrace"
    if r < 2.85:
        return str(rng.choice(["semi", "semi", "garden"]))
    return str(
        rng.choice(["estate", "estate", "modern", "field"] if r > 3.05 else ["estate", "estate", "modern"])
    )


def _cut_across(polygon: Polygon, rng: np.random.Generator) -> LineString:
    """Return a slightly bent line across the middle, square to the long side."""
    axis, length, width = long_axis(polygon)
    across = np.array([-axis[1], axis[0]])
    middle = np.array(polygon.centroid.coords[0]) + axis * length * rng.uniform(-0.07, 0.07)
    reach = 1.2 * max(width, length)
    lean = axis * rng.uniform(-0.16, 0.16) * reach
    bow = axis * rng.uniform(-60, 60)
    return smooth_line(
        np.array([middle - across * reach - lean, middle + bow, middle + across * reach + lean]), 4
    )


def _subdivide(
    polygon: Polygon, rng: np.random.Generator, cuts: list[LineString]
) -> list[tuple[str, Polygon]]:
    point = polygon.representative_point()
    kind = _kind_by_place(point.x, point.y, rng)
    limit = MAX_DISTRICT_M2.get(
        kind, MAX_DISTRICT_M2["semi"] if kind == "garden" else MAX_DISTRICT_M2["estate"]
    )
    if kind == "centre" or polygon.area < limit:
        return [(kind, polygon)]
    cut = _cut_across(polygon, rng)
    parts = split_polygon(polygon, cut)
    if len(parts) < 2 or min(part.area for part in parts) < 25_000:
        return [(kind, polygon)]
    cuts.extend(lines_of(cut.intersection(polygon)))
    parts.sort(key=lambda part: part.centroid.coords[0])
    return [found for part in parts for found in _subdivide(part, rng, cuts)]


def _claim(
    found: list[tuple[str, Polygon]], places: list[tuple[str, Sketched]], kind: str, names: dict[int, str]
) -> None:
    for name, (x, y) in places:
        spot = Point(x * SKETCH_UNIT_M, y * SKETCH_UNIT_M)
        order = sorted(range(len(found)), key=lambda i: found[i][1].distance(spot))
        index = next(i for i in order if i not in names and found[i][0] not in ("centre",))
        found[index] = (kind, found[index][1])
        names[index] = name


def build_skeleton(land: Land, rng: np.random.Generator) -> Skeleton:
    """Cut the urban ground into districts and add the collector roads between them."""
    main = node_roads(join_ends(land.roads))
    edge = land.urban.exterior
    walls: list[BaseGeometry] = [*(road.line for road in main), land.river, land.railway, edge]
    faces = [
        face
        for face in polygons_of(shapely.polygonize(node_lines(walls)))
        if land.urban.contains(face.representative_point()) and face.area > 4_000
    ]
    faces.sort(key=lambda face: face.centroid.coords[0])
    cuts: list[LineString] = []
    found = [piece for face in faces for piece in _subdivide(face, rng, cuts)]
    names: dict[int, str] = {}
    for places, kind in ((_PARKS, "park"), (_WORKS, "works"), (_CAMPUS, "campus")):
        _claim(found, places, kind, names)
    no_road = shapely.union_all([land.railway, land.river, edge]).buffer(45.0)
    collectors = [
        Road(f"collector {number}", piece, "tertiary")
        for number, piece in enumerate(
            piece for cut in cuts for piece in lines_of(cut.difference(no_road)) if piece.length > 60
        )
    ]
    districts = [
        District(kind, polygon, names.get(number, ""), number) for number, (kind, polygon) in enumerate(found)
    ]
    for village in land.villages:
        number = len(districts)
        angle = np.linspace(0, 2 * np.pi, 18, endpoint=False)
        radius = village.radius * rng.uniform(0.7, 1.15, len(angle))
        ring = np.column_stack([village.x + radius * np.cos(angle), village.y + radius * np.sin(angle)])
        districts.append(District("village", Polygon(ring).buffer(30.0), village.name, number))
    return Skeleton(roads=main + collectors, districts=districts)


__all__ = ["District", "Skeleton", "build_skeleton", "join_ends", "merge_lines", "node_roads"]
