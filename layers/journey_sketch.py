"""A sketch of a walk: the streets around it, the way as a line, its turns numbered as in the list.

An SVG that stands on its own in black and white, for the page and for paper.
Nothing in it moves, runs or is fetched; every text from outside is escaped.
"""

from __future__ import annotations

import base64
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from data.areapack import AreaPack
from data.coordinates import transformer
from geo.journey import WalkLeg
from layers.text import escape_for_map

WIDTH_PX, HEIGHT_PX = 300, 190
_SHOWN_PX = 360
_MARGIN_M = 40.0
_LEAST_M = 200.0  # a short walk is still shown among its streets
_MAJOR = frozenset({"primary", "secondary", "tertiary", "trunk", "primary_link", "secondary_link"})
_MINOR = frozenset({"footway", "path", "steps", "cycleway", "track", "bridleway", "service", "corridor"})
_MOST_LABELS = 9
_FONT_PX = 11.5
_END_PX = 24.0


@dataclass(frozen=True)
class _View:
    """Metres of the pack's CRS to pixels; north is up."""

    west: float
    north: float
    px_per_m: float

    def place(self, points: np.ndarray) -> np.ndarray:
        return (points - (self.west, self.north)) * (self.px_per_m, -self.px_per_m)


def sketch_walk(pack: AreaPack, leg: WalkLeg, *, start: str, end: str) -> str | None:
    """Draw a walk as SVG text, or None where there are no streets to draw it on.

    Parameters
    ----------
    start, end : str
        What stands at either end ("start", "stop 53", a place's name).
    """
    if pack.walk is None or leg.directions is None or leg.length_m < 1:
        return None
    lon, lat = np.asarray(leg.geometry.coords).T
    line = np.column_stack(transformer("EPSG:4326", pack.crs).transform(lon, lat))
    view = _fit(line)
    streets, labels = _draw_streets(
        pack, view, {step.street for step in leg.directions.steps}, view.place(line[[0, -1]])
    )
    way = _path(view.place(line))
    parts = [
        f'<rect width="{WIDTH_PX}" height="{HEIGHT_PX}" fill="#fff"/>',
        *streets,
        f'<path d="{way}" fill="none" stroke="#fff" stroke-width="9" stroke-linejoin="round"/>',
        f'<path d="{way}" fill="none" stroke="#000" stroke-width="4.5" stroke-linejoin="round" '
        'stroke-dasharray="1 7" stroke-linecap="round"/>',
        *labels,
        *_draw_ends(view, line, start, end),
        *_draw_turns(view, leg, line),
        _draw_scale(view),
        f'<rect x=".5" y=".5" width="{WIDTH_PX - 1}" height="{HEIGHT_PX - 1}" fill="none" stroke="#555"/>',
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {HEIGHT_PX}" width="{WIDTH_PX}" '
        f'height="{HEIGHT_PX}" font-family="sans-serif" font-size="{_FONT_PX}">{"".join(parts)}</svg>'
    )


def as_image(svg: str, alt: str) -> str:
    """An SVG as an image element: pages that clean HTML drop inline SVG."""
    data = base64.b64encode(svg.encode()).decode()
    return (
        f'<img src="data:image/svg+xml;base64,{data}" alt="{escape_for_map(alt)}" '
        f'width="{_SHOWN_PX}" height="{_SHOWN_PX * HEIGHT_PX // WIDTH_PX}" '
        'style="max-width:100%;height:auto">'
    )


def _fit(line: np.ndarray) -> _View:
    low, high = line.min(axis=0) - _MARGIN_M, line.max(axis=0) + _MARGIN_M
    middle = (low + high) / 2
    width, height = np.maximum(high - low, (_LEAST_M, _LEAST_M * HEIGHT_PX / WIDTH_PX))
    px_per_m = min(WIDTH_PX / width, HEIGHT_PX / height)
    return _View(middle[0] - WIDTH_PX / px_per_m / 2, middle[1] + HEIGHT_PX / px_per_m / 2, float(px_per_m))


def _path(points: np.ndarray) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _draw_streets(
    pack: AreaPack, view: _View, walked: set[str | None], ends: np.ndarray
) -> tuple[list[str], list[str]]:
    """Lines of the streets in view, and the names that fit on them."""
    network = pack.walk
    assert network is not None
    lines: list[str] = []
    at: dict[str, list[np.ndarray]] = {}
    for edge in _edges_in_view(pack, view):
        points = slice(network.geometry_offset[edge], network.geometry_offset[edge + 1])
        drawn = view.place(np.column_stack((network.geometry_x[points], network.geometry_y[points])))
        kind = network.highway_names[network.highway[edge]]
        width, colour = (
            (7, "#c9c9c9") if kind in _MAJOR else (2, "#d5d5d5") if kind in _MINOR else (5, "#d9d9d9")
        )
        dash = ' stroke-dasharray="3 2"' if network.steps[edge] else ""
        lines.append(
            f'<path d="{_path(drawn)}" fill="none" stroke="{colour}" stroke-width="{width}" '
            f'stroke-linecap="round"{dash}/>'
        )
        if network.street[edge] >= 0:
            at.setdefault(network.street_names[network.street[edge]], []).append(drawn)
    return lines, _label_streets(at, walked, ends)


def _edges_in_view(pack: AreaPack, view: _View) -> list[int]:
    """Edges whose bounds meet the view."""
    network = pack.walk
    assert network is not None
    if not len(network.u):
        return []
    first = network.geometry_offset[:-1].astype(np.int64)
    x, y = network.geometry_x, network.geometry_y
    east, south = view.west + WIDTH_PX / view.px_per_m, view.north - HEIGHT_PX / view.px_per_m
    inside = (np.minimum.reduceat(x, first) <= east) & (np.maximum.reduceat(x, first) >= view.west)
    inside &= (np.minimum.reduceat(y, first) <= view.north) & (np.maximum.reduceat(y, first) >= south)
    return np.flatnonzero(inside).tolist()


def _label_streets(at: dict[str, list[np.ndarray]], walked: set[str | None], ends: np.ndarray) -> list[str]:
    """Each street's name once, along its longest straight in view, where it fits and covers no other.

    Those that are walked first, and in bold.
    """
    # Middle, and half the length: first of the words at both ends, which stand whatever is near.
    placed = [(float(x) + (-_END_PX if x > WIDTH_PX / 2 else _END_PX), float(y), _END_PX) for x, y in ends]
    found = []
    for name, pieces in at.items():
        best: tuple[float, np.ndarray, np.ndarray] | None = None
        for one, other in _segments_in_view(pieces):
            length = float(np.hypot(*(other - one)))
            if best is None or length > best[0]:
                best = length, one, other
        if best is not None:
            found.append((best[0], name, best[1], best[2]))
    labels: list[str] = []
    for length, name, one, other in sorted(
        found, key=lambda item: (item[1] not in walked, -item[0], item[1])
    ):
        half = len(name) * _FONT_PX * 0.27
        middle = (one + other) / 2
        on_way = name in walked
        if (length < half and not on_way) or len(labels) == _MOST_LABELS:
            continue
        apart = 0.5 if on_way else 0.8  # names that are needed may stand closer
        if any(math.hypot(middle[0] - x, middle[1] - y) < apart * (half + r) for x, y, r in placed):
            continue
        angle = math.degrees(math.atan2(other[1] - one[1], other[0] - one[0]))
        angle = angle - 180 if angle > 90 else angle + 180 if angle <= -90 else angle
        placed.append((middle[0], middle[1], half))
        labels.append(
            f'<text x="{middle[0]:.1f}" y="{middle[1]:.1f}" dy="-7" fill="#222" text-anchor="middle" '
            f'font-weight="{"bold" if on_way else "normal"}" '
            f'transform="rotate({angle:.1f} {middle[0]:.1f} {middle[1]:.1f})" paint-order="stroke" '
            f'stroke="#fff" stroke-width="3">{escape_for_map(name)}</text>'
        )
    return labels


def _segments_in_view(pieces: list[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The straight parts of lines, as far as they lie inside the frame."""
    lines = shapely.MultiLineString(pieces)
    inside = shapely.clip_by_rect(lines, 12, 12, WIDTH_PX - 12, HEIGHT_PX - 12)
    for part in shapely.get_parts(inside):
        yield from itertools.pairwise(shapely.get_coordinates(part))


def _draw_turns(view: _View, leg: WalkLeg, line: np.ndarray) -> list[str]:
    """A numbered disc where each step of the list begins, the first apart: that is the start."""
    assert leg.directions is not None
    along = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))))
    total = sum(step.length_mm for step in leg.directions.steps)
    discs, walked = [], 0
    for number, step in enumerate(leg.directions.steps, 1):
        if number > 1:
            reach = along[-1] * walked / total
            x, y = view.place(
                np.array([[np.interp(reach, along, line[:, 0]), np.interp(reach, along, line[:, 1])]])
            )[0]
            discs.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="#fff" stroke="#000" stroke-width="1.5"/>'
                f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" font-weight="bold">{number}</text>'
            )
        walked += step.length_mm
    return discs


def _draw_ends(view: _View, line: np.ndarray, start: str, end: str) -> list[str]:
    """A ring at the start and a black square at the end, each with its word."""
    (x, y), (u, v) = view.place(line[[0, -1]])
    return [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="#fff" stroke="#000" stroke-width="3"/>',
        f'<rect x="{u - 6:.1f}" y="{v - 6:.1f}" width="12" height="12" fill="#000"/>',
        _label_end(x, y, start),
        _label_end(u, v, end),
    ]


def _label_end(x: float, y: float, words: str) -> str:
    """Beside its point, on the side where there is room."""
    left = x > WIDTH_PX / 2
    return (
        f'<text x="{x + (-11 if left else 11):.1f}" y="{y + (16 if y < HEIGHT_PX / 2 else -8):.1f}" '
        f'text-anchor="{"end" if left else "start"}" font-weight="bold" font-size="13" paint-order="stroke" '
        f'stroke="#fff" stroke-width="4">{escape_for_map(words)}</text>'
    )


def _draw_scale(view: _View) -> str:
    """A bar of 50, 100 or 200 m, and which way north is."""
    metres = next(m for m in (50, 100, 200, 500, 1000, 100_000) if m * view.px_per_m >= 40 or m == 100_000)
    length, y = metres * view.px_per_m, HEIGHT_PX - 10
    return (
        f'<path d="M10 {y}h{length:.1f}" stroke="#000" stroke-width="3"/>'
        f'<text x="10" y="{y - 5}" paint-order="stroke" stroke="#fff" stroke-width="3">{metres} m</text>'
        f'<path d="M{WIDTH_PX - 16} 34V12m-5 8l5-9l5 9" fill="none" stroke="#000" stroke-width="2"/>'
        f'<text x="{WIDTH_PX - 16}" y="46" text-anchor="middle" font-weight="bold">N</text>'
    )
