"""Residential streets, one way of laying them out for each age of building."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import LineString, MultiLineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from data.demo.estates import fill_loop_estate, fill_winding_estate
from data.demo.geometry import (
    Noise,
    densify,
    lines_inside,
    lines_of,
    long_axis,
    node_lines,
    polygons_of,
    prune_stubs,
)


@dataclass(frozen=True)
class Street:
    """One stretch of street before it gets its name."""

    line: LineString
    highway: str
    district: int
    kind: str


def _not_beside(lines: list[LineString], border: BaseGeometry, distance_m: float) -> list[LineString]:
    """Leave out stretches that run close beside the district's border for long."""
    strip = border.buffer(distance_m)
    kept: list[LineString] = []
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
    pieces = node_lines(lines_inside(lines, ground))
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
    pieces = node_lines(lines_inside(lines, ground))
    pieces = _not_beside(pieces, polygon.boundary, 24.0)
    return prune_stubs(_drop_some(pieces, 0.16, rng), 35.0, keep=polygon.boundary)


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
        ways, foot = fill_loop_estate(ground, roads, rng)
        return streets(ways, "residential") + streets(foot, "footway")
    if kind in ("modern", "village"):
        spacing, loops, paths, every = {
            "modern": (92.0, 0.16, 0.4, 300.0),
            "village": (105.0, 0.25, 0.35, 190.0),
        }[kind]
        whole = max(polygons_of(ground), key=lambda part: part.area, default=None)
        if whole is None:
            return []
        ways, foot = fill_winding_estate(
            whole, roads, rng, spacing_m=spacing, loops=loops, paths=paths, every_m=every
        )
        return streets(ways, "residential") + streets(foot, "steps" if kind == "village" else "footway")
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
    lines: list[LineString] = [LineString(part.exterior) for part in polygons_of(loop) if not part.is_empty]
    noise = Noise(rng, 260.0, 10.0)
    border = polygon.exterior
    start = rng.uniform(0, 0.3)
    for number in range(3):
        a = border.interpolate((start + number / 6) % 1, normalized=True)
        b = border.interpolate((start + number / 6 + 0.5) % 1, normalized=True)
        lines.append(noise.bend(LineString([a, b])))
    return lines_inside(lines, MultiLineString(lines).envelope.intersection(ground) if lines else ground)
