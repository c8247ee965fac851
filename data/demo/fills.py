"""Residential streets, one way of laying them out for each age of building."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import LineString, MultiLineString, MultiPoint, Point, Polygon
from shapely.geometry.base import BaseGeometry

from data.demo.geometry import (
    Noise,
    densify,
    end_keys,
    lines_of,
    long_axis,
    merge_lines,
    node_lines,
    prune_stubs,
    smooth_line,
    smooth_ring,
)


@dataclass(frozen=True)
class Street:
    """One stretch of street before it gets its name."""

    line: LineString
    highway: str
    district: int
    kind: str


def _inside(lines: list[LineString], ground: BaseGeometry) -> list[LineString]:
    return [part for line in lines for part in lines_of(line.intersection(ground))]


def _not_beside(lines: list[LineString], border: BaseGeometry, distance_m: float) -> list[LineString]:
    """Leave out stretches that run close beside the district's border for long."""
    strip = border.buffer(distance_m)
    kept = []
    for line in lines:
        if line.intersection(strip).length > max(2.4 * distance_m, 0.75 * line.length):
            kept.extend(part for part in lines_of(line.difference(strip)) if part.length > 30)
        else:
            kept.append(line)
    return kept


def _lattice(
    polygon: Polygon,
    axis: np.ndarray,
    along_m: float,
    across_m: float,
    rng: np.random.Generator,
    noise: Noise,
) -> list[LineString]:
    """Return two families of lines, ``across_m`` and ``along_m`` apart, warped by the noise."""
    side = np.array([-axis[1], axis[0]])
    centre = np.array(polygon.centroid.coords[0])
    reach = 0.75 * np.hypot(*np.ptp(np.array(polygon.exterior.coords), axis=0))
    lines = []
    for direction, normal, gap in ((axis, side, across_m), (side, axis, along_m)):
        offset = -reach + rng.uniform(0, gap)
        while offset < reach:
            ends = [
                centre + normal * offset - direction * reach,
                centre + normal * offset + direction * reach,
            ]
            straight = shapely.get_coordinates(densify(LineString(ends), 35.0))
            lines.append(LineString(straight + noise.at(straight)))
            offset += gap * rng.uniform(0.86, 1.16)
    return lines


def _drop_some(lines: list[LineString], share: float, rng: np.random.Generator) -> list[LineString]:
    return [line for line, chance in zip(lines, rng.random(len(lines)), strict=True) if chance >= share]


def _fill_lattice(
    polygon: Polygon,
    ground: BaseGeometry,
    rng: np.random.Generator,
    *,
    along_m: float,
    across_m: float,
    warp_m: float,
    wavelength_m: float,
    drop: float,
    beside_m: float,
) -> list[LineString]:
    axis, _, _ = long_axis(polygon)
    turn = rng.uniform(-0.12, 0.12)
    axis = np.array(
        [np.cos(turn) * axis[0] - np.sin(turn) * axis[1], np.sin(turn) * axis[0] + np.cos(turn) * axis[1]]
    )
    lines = _lattice(polygon, axis, along_m, across_m, rng, Noise(rng, wavelength_m, warp_m))
    pieces = node_lines(_inside(lines, ground))
    pieces = _not_beside(pieces, polygon.boundary, beside_m)
    return prune_stubs(_drop_some(pieces, drop, rng), 32.0, keep=polygon.boundary)


def _fill_rings(polygon: Polygon, ground: BaseGeometry, rng: np.random.Generator) -> list[LineString]:
    """Crescents round a green, with spokes: the garden estates of the 1920s and 1930s."""
    middle = np.array(polygon.representative_point().coords[0])
    reach = float(np.max(np.hypot(*(np.array(polygon.exterior.coords) - middle).T)))
    noise = Noise(rng, 500.0, 22.0)
    lines = []
    radius = rng.uniform(55, 70)
    angle = np.linspace(0, 2 * np.pi, 72)
    while radius < reach:
        ring = middle + radius * np.column_stack([np.cos(angle), 0.85 * np.sin(angle)])
        lines.append(LineString(ring + noise.at(ring)))
        radius += rng.uniform(78, 100)
    spokes, start = 7, rng.uniform(0, 1)
    for number in range(2 * spokes):
        theta = np.pi * (number + start + rng.uniform(-0.12, 0.12)) / spokes
        inner = 55.0 if number % 2 == 0 else 190.0
        ray = np.array([np.cos(theta), 0.85 * np.sin(theta)])
        straight = middle + np.linspace(inner, 1.3 * reach, 30)[:, None] * ray
        lines.append(LineString(straight + noise.at(straight)))
    pieces = node_lines(_inside(lines, ground))
    pieces = _not_beside(pieces, polygon.boundary, 24.0)
    return prune_stubs(_drop_some(pieces, 0.16, rng), 35.0, keep=polygon.boundary)


def _cells(ground: Polygon, spacing_m: float, rng: np.random.Generator) -> list[LineString]:
    """Return the walls of relaxed Voronoi cells of about ``spacing_m`` across."""
    minx, miny, maxx, maxy = ground.bounds
    rows = np.arange(miny - spacing_m, maxy + spacing_m, spacing_m * 0.87)
    points = []
    for number, y in enumerate(rows):
        xs = np.arange(minx - spacing_m, maxx + spacing_m, spacing_m) + (number % 2) * spacing_m / 2
        points.append(np.column_stack([xs, np.full(len(xs), y)]))
    xy = np.vstack(points)
    xy = xy + rng.uniform(-0.42, 0.42, xy.shape) * spacing_m
    walls = shapely.voronoi_polygons(MultiPoint(xy), only_edges=True)
    return _inside(node_lines([walls]), ground)


def _tree_and_loops(
    lines: list[LineString], rng: np.random.Generator, loops: float
) -> tuple[list[LineString], list[LineString]]:
    """Keep a random spanning tree and some loops; return kept lines and those left over."""
    weight = rng.random(len(lines)) * np.array([line.length for line in lines]) ** 0.25
    parent: dict[tuple[float, float], tuple[float, float]] = {}

    def root(key: tuple[float, float]) -> tuple[float, float]:
        while parent.setdefault(key, key) != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    kept, left = [], []
    for index in np.argsort(weight, kind="stable"):
        first, last = (root(key) for key in end_keys(lines[index]))
        if first != last:
            parent[first] = last
            kept.append(lines[index])
        else:
            (kept if rng.random() < loops else left).append(lines[index])
    return kept, left


def _round_corners(lines: list[LineString]) -> list[LineString]:
    return [smooth_line(np.array(line.coords), 2) for line in merge_lines(lines)]


def _connectors(
    lines: list[LineString], roads: BaseGeometry, every_m: float, reach_m: float
) -> list[LineString]:
    """Return short links from the estate's own junctions to the roads around it."""
    nodes = sorted({key for line in lines for key in end_keys(line)})
    if not nodes or roads.is_empty:
        return []
    tree = shapely.STRtree([Point(node) for node in nodes])
    links, used = [], set()
    for road in lines_of(roads):
        count = max(1, int(road.length // every_m))
        for number in range(count):
            spot = road.interpolate((number + 0.5) / count, normalized=True)
            index = int(tree.nearest(spot))
            node = Point(nodes[index])
            foot = road.interpolate(road.project(node))
            if index not in used and 5 < node.distance(foot) < reach_m:
                used.add(index)
                links.append(LineString([node, foot]))
    return links


def _fill_estate(
    polygon: Polygon,
    ground: Polygon,
    roads: BaseGeometry,
    rng: np.random.Generator,
    *,
    spacing_m: float,
    loops: float,
    paths: float,
    every_m: float,
) -> tuple[list[LineString], list[LineString]]:
    """Loops and culs-de-sac; footpaths join some of the dead ends."""
    inner = max(lines_polygons(ground.buffer(-38.0)), key=lambda part: part.area, default=None)
    if inner is None or inner.area < 3_000:
        return [], []
    walls = [line for line in _cells(inner, spacing_m, rng) if line.length > 1]
    walls = prune_stubs(walls, 40.0)
    kept, left = _tree_and_loops(walls, rng, loops)
    kept = prune_stubs(kept, 26.0)
    links = _connectors(kept, roads, every_m, 190.0)
    ways = _round_corners(kept + links)
    foot = [line for line in left if rng.random() < paths]
    on_street = shapely.union_all(ways).buffer(0.6) if ways else Polygon()
    foot = [line for line in foot if all(on_street.intersects(Point(key)) for key in end_keys(line))]
    del polygon
    return ways, foot


def _ray(start: np.ndarray, heading: float, length_m: float, curve: float) -> LineString:
    steps = np.linspace(0, 1, 7)[1:]
    angle = heading + curve * steps
    return LineString(
        np.vstack(
            [start, start + np.cumsum(np.column_stack([np.cos(angle), np.sin(angle)]), axis=0) * length_m / 6]
        )
    )


def _fill_loop_estate(
    ground: BaseGeometry, roads: BaseGeometry, rng: np.random.Generator
) -> tuple[list[LineString], list[LineString]]:
    """Estates of the 1960s: a loop road, culs-de-sac off it on both sides, footpaths between their heads."""
    ways: list[LineString] = []
    foot: list[LineString] = []
    for whole in lines_polygons(ground):
        inset = rng.uniform(78, 98)
        for inner in lines_polygons(whole.buffer(-inset)):
            if inner.is_empty or inner.area < 4_000:
                continue
            _add_loop(whole, inner, inset, roads, rng, ways, foot)
    return ways, foot


def _add_loop(
    whole: Polygon,
    inner: Polygon,
    inset_m: float,
    roads: BaseGeometry,
    rng: np.random.Generator,
    ways: list[LineString],
    foot: list[LineString],
) -> None:
    ring = Polygon(inner.exterior).simplify(18.0)
    loop = LineString(smooth_ring(shapely.get_coordinates(ring.exterior)[:-1], 3).exterior)
    mine = [loop]
    axis, length, width = long_axis(inner)
    if width > 190:
        middle = np.array(inner.centroid.coords[0])
        count = 1 + int(length > 420)
        side = np.array([-axis[1], axis[0]])
        for number in range(count):
            across = middle + axis * ((number + 0.5) / count - 0.5) * length * 0.8
            spine = LineString(
                [across - side * width, across + axis * rng.uniform(-25, 25), across + side * width]
            )
            mine += [
                smooth_line(np.array(p.coords), 2)
                for p in lines_of(spine.intersection(Polygon(loop)))
                if p.length > 90
            ]
    mine += _connectors(
        [piece for line in mine for piece in _pieces(line, 60.0)], roads, 330.0, inset_m * 1.9
    )
    heads: list[Point] = []
    for base in list(mine[: 1 + sum(line.length > 120 for line in mine[1:])]):
        position = 0.0
        while position < base.length - 20:
            position += rng.uniform(46, 74)
            for turn in (np.pi / 2, -np.pi / 2):
                if rng.random() < 0.86:
                    _add_head(base, position + rng.uniform(-14, 14), turn, whole, mine, heads, rng)
    ways += mine
    for head in heads:
        if rng.random() < 0.6:
            others = [line for line in mine if line.distance(head) > 4]
            near = min(others, key=lambda line: line.distance(head), default=None)
            if near is not None and near.distance(head) < 75:
                foot.append(LineString([head, near.interpolate(near.project(head))]))
            elif roads.distance(head) < 70:
                foot.append(LineString([head, shapely.shortest_line(head, roads).coords[1]]))


def _pieces(line: LineString, step_m: float) -> list[LineString]:
    xy = shapely.get_coordinates(densify(line, step_m))
    return [LineString(pair) for pair in zip(xy[:-1], xy[1:], strict=True)]


def _add_head(
    base: LineString,
    position: float,
    turn: float,
    whole: Polygon,
    mine: list[LineString],
    heads: list[Point],
    rng: np.random.Generator,
) -> None:
    """Grow one cul-de-sac from ``base`` as far as there is room."""
    if not 5 < position < base.length - 5:
        return
    start = np.array(base.interpolate(position).coords[0])
    step = np.array(base.interpolate(position + 1).coords[0]) - start
    heading = float(np.arctan2(step[1], step[0])) + turn + rng.uniform(-0.2, 0.2)
    curve = rng.uniform(-0.5, 0.5)
    others = shapely.union_all(mine)
    for length in (rng.uniform(80, 125), 70.0, 45.0):
        arm = _ray(start, heading, length, curve)
        tail = LineString(shapely.get_coordinates(arm)[1:])
        if whole.contains(tail) and others.distance(tail) > min(30.0, length / 6.5) and _clear(others, arm):
            mine.append(arm)
            heads.append(Point(arm.coords[-1]))
            return


def _clear(others: BaseGeometry, arm: LineString) -> bool:
    """Say whether the arm's outer half keeps a garden's distance from every other street."""
    outer = LineString(shapely.get_coordinates(arm)[3:])
    return bool(others.distance(outer) > 27.0)


def lines_polygons(geometry: BaseGeometry) -> list[Polygon]:
    return [geometry] if isinstance(geometry, Polygon) else list(getattr(geometry, "geoms", []))


def fill_district(
    kind: str,
    number: int,
    polygon: Polygon,
    ground: BaseGeometry,
    roads: BaseGeometry,
    rng: np.random.Generator,
) -> list[Street]:
    """Lay out one district's streets.

    Parameters
    ----------
    kind, number
        The district's kind and number.
    polygon : Polygon
        The district.
    ground : geometry
        The part of it that can be built on (water, tracks and the edge left out).
    roads : geometry
        The roads along its border.
    """

    def streets(lines: list[LineString], highway: str) -> list[Street]:
        return [Street(line, highway, number, kind) for line in lines if line.length > 1]

    if kind == "centre":
        lines = _fill_lattice(
            polygon, ground, rng, along_m=88, across_m=66, warp_m=26, wavelength_m=330, drop=0.2, beside_m=15
        )
        near = [line for line in lines if line.centroid.distance(Point(0, 0)) < 255]
        return streets(near, "pedestrian") + streets(
            [line for line in lines if line not in near], "unclassified"
        )
    if kind == "terrace":
        lines = _fill_lattice(
            polygon, ground, rng, along_m=150, across_m=57, warp_m=9, wavelength_m=520, drop=0.1, beside_m=20
        )
        return streets(lines, "residential")
    if kind == "semi":
        lines = _fill_lattice(
            polygon,
            ground,
            rng,
            along_m=165,
            across_m=86,
            warp_m=44,
            wavelength_m=520,
            drop=0.17,
            beside_m=30,
        )
        return streets(lines, "residential")
    if kind == "garden":
        return streets(_fill_rings(polygon, ground, rng), "residential")
    if kind == "field":
        return []
    if kind == "estate":
        ways, foot = _fill_loop_estate(ground, roads, rng)
        return streets(ways, "residential") + streets(foot, "footway")
    if kind in ("modern", "village"):
        spacing, loops, paths, every = {
            "modern": (92.0, 0.16, 0.4, 300.0),
            "village": (105.0, 0.25, 0.35, 190.0),
        }[kind]
        whole = max(lines_polygons(ground), key=lambda part: part.area, default=None)
        if whole is None:
            return []
        ways, foot = _fill_estate(
            polygon, whole, roads, rng, spacing_m=spacing, loops=loops, paths=paths, every_m=every
        )
        return streets(ways, "residential") + streets(foot, "footway")
    if kind in ("works", "campus"):
        lines = _fill_lattice(
            polygon,
            ground,
            rng,
            along_m=190,
            across_m=130,
            warp_m=10,
            wavelength_m=600,
            drop=0.25,
            beside_m=35,
        )
        return streets(lines, "unclassified" if kind == "works" else "service")
    return streets(_park_paths(polygon, ground, rng), "footway")


def _park_paths(polygon: Polygon, ground: BaseGeometry, rng: np.random.Generator) -> list[LineString]:
    """Return a loop inside the park and paths that cross it from gate to gate."""
    loop = polygon.buffer(-45.0)
    lines: list[LineString] = [
        LineString(part.exterior) for part in lines_polygons(loop) if not part.is_empty
    ]
    noise = Noise(rng, 260.0, 10.0)
    border = polygon.exterior
    start = rng.uniform(0, 0.3)
    for number in range(3):
        a = border.interpolate((start + number / 6) % 1, normalized=True)
        b = border.interpolate((start + number / 6 + 0.5) % 1, normalized=True)
        lines.append(noise.bend(LineString([a, b])))
    return _inside(lines, MultiLineString(lines).envelope.intersection(ground) if lines else ground)
