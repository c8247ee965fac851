"""Estates: culs-de-sac and loops of the 1960s, winding closes of later years, and village lanes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPoint, Point, Polygon
from shapely.geometry.base import BaseGeometry

from data.demo.geometry import (
    densify,
    end_keys,
    lines_inside,
    lines_of,
    long_axis,
    merge_lines,
    node_lines,
    polygons_of,
    prune_stubs,
    smooth_line,
    smooth_ring,
)


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
    return lines_inside(node_lines([walls]), ground)


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

    kept: list[LineString] = []
    left: list[LineString] = []
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


def fill_winding_estate(
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
    inner = max(polygons_of(ground.buffer(-38.0)), key=lambda part: part.area, default=None)
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
    return ways, foot


def _ray(start: np.ndarray, heading: float, length_m: float, curve: float) -> LineString:
    steps = np.linspace(0, 1, 7)[1:]
    angle = heading + curve * steps
    way = (np.cos(angle), np.sin(angle))
    return LineString(
        np.round(np.vstack([start, start + np.cumsum(np.column_stack(way), axis=0) * length_m / 6]), 3)
    )


def fill_loop_estate(
    ground: BaseGeometry, roads: BaseGeometry, rng: np.random.Generator
) -> tuple[list[LineString], list[LineString]]:
    """Estates of the 1960s: a loop road, culs-de-sac off it on both sides, footpaths between their heads."""
    ways: list[LineString] = []
    foot: list[LineString] = []
    for whole in polygons_of(ground):
        inset = rng.uniform(78, 98)
        for inner in polygons_of(whole.buffer(-inset)):
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
    return [LineString(pair) for pair in pairwise(xy)]


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
