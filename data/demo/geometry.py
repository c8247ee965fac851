"""Small geometry helpers of the fictional borough: smooth lines, noise, noding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import shapely
from shapely.geometry import LineString, MultiLineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

Array = np.ndarray
GRID_M = 0.5
"""Every vertex lies on this grid, so that lines which meet share the very same vertex."""


class Noise:
    """A smooth random vector field: a sum of sine waves with seeded phases.

    Parameters
    ----------
    rng : numpy Generator
    wavelength : float
        Metres.
    amplitude : float
        Metres; the field's values stay within about twice this.
    """

    def __init__(self, rng: np.random.Generator, wavelength: float, amplitude: float) -> None:
        angle = rng.uniform(0, 2 * np.pi, (2, 5))
        wave = 2 * np.pi / (wavelength * rng.uniform(0.7, 1.6, (2, 5)))
        self._kx, self._ky = wave * np.cos(angle), wave * np.sin(angle)
        self._phase = rng.uniform(0, 2 * np.pi, (2, 5))
        self._scale = amplitude / np.sqrt(5)

    def at(self, xy: Array) -> Array:
        """Return the displacement, metres, at points of shape (n, 2)."""
        x, y = xy[:, 0, None], xy[:, 1, None]
        waves = [np.sin(x * self._kx[i] + y * self._ky[i] + self._phase[i]).sum(axis=1) for i in (0, 1)]
        return np.round(self._scale * np.column_stack(waves), 3)  # processors differ in a sine's last bit

    def bend(self, line: LineString, *, fixed_ends: bool = True) -> LineString:
        """Displace a line's points; the ends stay where they are unless told otherwise."""
        xy = shapely.get_coordinates(densify(line, 40.0))
        shift = self.at(xy)
        if fixed_ends:
            along = np.r_[0, np.cumsum(np.hypot(*np.diff(xy, axis=0).T))]
            near_end = np.minimum(along, along[-1] - along)
            shift *= np.clip(near_end / 250.0, 0, 1)[:, None]
        return LineString(xy + shift)


def densify(line: LineString, step_m: float) -> LineString:
    """Add points so that no step of the line is longer than ``step_m`` metres."""
    return shapely.segmentize(line, step_m)


def smooth_line(points: Sequence[tuple[float, float]] | Array, rounds: int = 3) -> LineString:
    """Cut corners (Chaikin) with the two ends kept; points are (x, y) in metres."""
    xy = np.asarray(points, dtype=float)
    for _ in range(rounds):
        if len(xy) < 3:
            break
        quarter = 0.75 * xy[:-1] + 0.25 * xy[1:]
        three_quarters = 0.25 * xy[:-1] + 0.75 * xy[1:]
        middle = np.empty((2 * len(quarter), 2))
        middle[0::2], middle[1::2] = quarter, three_quarters
        xy = np.vstack([xy[:1], middle[1:-1], xy[-1:]])
    return LineString(xy)


def smooth_ring(points: Sequence[tuple[float, float]] | Array, rounds: int = 3) -> Polygon:
    """Cut the corners of a closed ring; points are (x, y) in metres, the first not repeated."""
    xy = np.asarray(points, dtype=float)
    for _ in range(rounds):
        following = np.roll(xy, -1, axis=0)
        out = np.empty((2 * len(xy), 2))
        out[0::2], out[1::2] = 0.75 * xy + 0.25 * following, 0.25 * xy + 0.75 * following
        xy = out
    return Polygon(xy)


def lines_of(geometry: BaseGeometry) -> list[LineString]:
    """List the simple lines inside any geometry, in its own order."""
    if geometry.is_empty:
        return []
    if isinstance(geometry, LineString):
        return [geometry]
    if isinstance(geometry, (Point, Polygon)):
        return []
    return [line for part in geometry.geoms for line in lines_of(part)]


def polygons_of(geometry: BaseGeometry) -> list[Polygon]:
    """List the polygons inside any geometry, in its own order."""
    if isinstance(geometry, Polygon):
        return [] if geometry.is_empty else [geometry]
    return [polygon for part in getattr(geometry, "geoms", ()) for polygon in polygons_of(part)]


def node_lines(lines: Iterable[BaseGeometry]) -> list[LineString]:
    """Cut lines at every crossing and touch, on the common grid; duplicates vanish."""
    noded = shapely.union_all(list(lines), grid_size=GRID_M)
    return sorted(lines_of(noded), key=lambda line: line.coords[0] + line.coords[-1] + (line.length,))


def merge_lines(lines: Iterable[LineString]) -> list[LineString]:
    """Join lines end to end wherever exactly two meet."""
    merged = lines_of(shapely.line_merge(MultiLineString(list(lines))))
    return sorted(merged, key=lambda line: line.coords[0] + line.coords[-1] + (line.length,))


def end_keys(line: LineString) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the two ends of a line, rounded so that equal places compare equal."""
    first, last = line.coords[0], line.coords[-1]
    return (round(first[0], 2), round(first[1], 2)), (round(last[0], 2), round(last[1], 2))


def degrees(lines: Iterable[LineString]) -> dict[tuple[float, float], int]:
    """Count the line ends at each end point."""
    out: dict[tuple[float, float], int] = {}
    for line in lines:
        for key in end_keys(line):
            out[key] = out.get(key, 0) + 1
    return out


def prune_stubs(
    lines: list[LineString], shorter_than_m: float, keep: BaseGeometry | None = None
) -> list[LineString]:
    """Drop dead ends shorter than given, unless their end touches ``keep``."""
    while True:
        count = degrees(lines)
        kept = []
        for line in lines:
            loose = [key for key in end_keys(line) if count[key] == 1]
            if keep is not None:
                loose = [key for key in loose if keep.distance(Point(key)) > 1.0]
            if not loose or line.length >= shorter_than_m:
                kept.append(line)
        if len(kept) == len(lines):
            return kept
        lines = kept


def long_axis(polygon: Polygon) -> tuple[Array, float, float]:
    """Return the unit vector of the long side of the smallest box around, its length and its width."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(polygon))
    if len(corners) < 4:
        return np.array([1.0, 0.0]), polygon.length / 2, 1.0
    a, b = corners[1] - corners[0], corners[2] - corners[1]
    if np.hypot(*a) < np.hypot(*b):
        a, b = b, a
    return a / np.hypot(*a), float(np.hypot(*a)), float(np.hypot(*b))


def split_polygon(polygon: Polygon, cut: LineString) -> list[Polygon]:
    """Split a polygon by a line that crosses it."""
    lines = shapely.union_all([polygon.boundary, cut])
    parts = shapely.get_parts(shapely.polygonize([lines]))
    return [part for part in parts if polygon.contains(part.representative_point())]


def lines_inside(lines: list[LineString], ground: BaseGeometry) -> list[LineString]:
    """Cut lines to the ground that they may lie on."""
    return [part for line in lines for part in lines_of(line.intersection(ground))]
