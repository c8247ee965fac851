"""The lie of the land: river, railway, hill, border and main roads of the fictional borough.

Everything is drawn in local metres with the market cross at (0, 0), and moved
to a spot of open sea in EPSG:27700 only when it is written: an online map shows
water there, so that nobody takes the borough for a real one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from shapely.geometry import LineString, Point, Polygon

from data.demo.geometry import Noise, smooth_line, smooth_ring

BOROUGH = "Fernley Vale"
TOWN = "Fernley"
AREA_NAME = "Fernley Vale (fictional)"
AREA_ID = "demo"
CRS = "EPSG:27700"
ORIGIN_EASTING, ORIGIN_NORTHING = 560_000.0, 540_000.0
"""The market cross: in the North Sea, about 120 km off the coast of Teesside."""
SEED = 20_261_123

SKETCH_UNIT_M = 850.0
"""The sketch below is drawn in units of this many metres."""

Sketched = tuple[float, float]


@dataclass(frozen=True)
class Road:
    """A road of the skeleton, drawn by hand and bent by the noise."""

    name: str
    line: LineString
    highway: str


@dataclass(frozen=True)
class Village:
    """A village on its own ground: name, middle (metres) and radius."""

    name: str
    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Land:
    """The ground that everything else is laid out on; local metres."""

    river: LineString
    water: Polygon
    railway: LineString
    station: Point
    border: Polygon
    urban: Polygon
    roads: list[Road]
    villages: list[Village]
    greens: list[tuple[str, str, Polygon]] = field(default_factory=list)
    """Woods, moor and reservoir as (name, OSM tag ``key=value``, polygon)."""


_RIVER: list[Sketched] = [
    (-1.7, 7.2), (-1.3, 5.9), (-0.75, 4.8), (-0.35, 3.9), (0.65, 3.2), (1.05, 2.3), (0.75, 1.5),
    (0.5, 0.75),
    (0.62, 0.1), (1.15, -0.5), (1.75, -1.1), (2.1, -1.9), (1.75, -2.8), (1.3, -3.7), (1.75, -4.9),
    (2.5, -6.0),
    (2.7, -7.2),
]  # fmt: skip
_RAILWAY: list[Sketched] = [
    (-7.4, -4.0), (-5.6, -3.2), (-4.0, -2.5), (-2.4, -1.75), (-1.2, -1.15), (-0.3, -0.98), (0.6, -1.3),
    (1.6, -1.75), (2.6, -1.75), (4.0, -2.2), (5.6, -2.9), (7.4, -3.3),
]  # fmt: skip
_RADIALS: list[tuple[str, str, list[Sketched]]] = [
    ("Northgate Road", "primary", [(0.02, 0.4), (-0.05, 1.1), (-0.45, 2.0), (-0.85, 3.0), (-1.2, 3.9),
        (-1.95, 5.0), (-2.1, 6.9)]),
    ("Hallowell Road", "primary", [(0.85, 0.5), (1.45, 1.15), (2.2, 1.95), (2.75, 2.9), (3.35, 3.5),
        (4.05, 3.75), (4.75, 4.6), (5.9, 6.2)]),
    ("Saltergate Road", "primary", [(0.4, 0.34), (0.55, 0.43), (0.85, 0.5), (1.8, 0.45), (3.0, 0.15),
        (4.1, 0.55), (5.4, 0.35), (7.2, 0.6)]),
    ("Wharf Road", "secondary", [(0.3, -0.28), (0.62, -0.5), (1.0, -0.52), (1.35, -0.52), (1.9, -0.75),
        (2.5, -1.3), (2.95, -2.3), (3.5, -3.2), (4.7, -4.4), (5.9, -6.2)]),
    ("Priory Road", "primary", [(-0.05, -0.4), (-0.05, -1.0), (0.2, -1.8), (0.35, -2.7), (0.25, -3.6),
        (0.55, -4.8), (0.35, -6.9)]),
    ("Moorfield Road", "secondary", [(-0.33, -0.26), (-0.95, -0.75), (-1.55, -1.5), (-2.2, -2.3),
        (-3.1, -3.1), (-4.1, -4.2), (-5.2, -6.0)]),
    ("Westbourne Road", "primary", [(-0.43, 0.0), (-1.2, 0.08), (-2.1, -0.25), (-3.2, -0.2),
        (-4.5, -0.55), (-7.2, -0.35)]),
    ("Abbotsway", "secondary", [(-0.32, 0.28), (-0.95, 0.9), (-1.7, 1.5), (-2.4, 2.3), (-3.4, 2.9),
        (-4.4, 3.9), (-5.9, 5.6)]),
]  # fmt: skip
_OTHER: list[tuple[str, str, list[Sketched]]] = [
    ("Mercer Way", "secondary", [(1.75, 0.46), (1.95, -0.15), (1.85, -0.72)]),
    ("Mercer Way", "secondary", [(1.75, 0.46), (1.72, 1.0), (1.45, 1.25), (0.78, 1.6), (-0.15, 1.55),
        (-0.95, 1.55), (-1.5, 1.3), (-1.85, 0.6), (-1.7, -0.1), (-1.6, -0.8), (-1.1, -1.65),
        (-0.3, -1.85), (0.25, -1.9)]),
    ("Ringland Avenue", "secondary", [(2.75, 2.9), (1.9, 3.3), (0.9, 3.05), (-0.05, 3.15), (-0.9, 3.1),
        (-1.9, 3.0), (-2.6, 2.45)]),
    ("Ringland Avenue", "secondary", [(-2.6, 2.45), (-3.15, 1.5), (-3.3, 0.6), (-3.15, -0.2),
        (-3.25, -1.2), (-2.95, -2.0), (-2.65, -2.7)]),
    ("Ringland Avenue", "secondary", [(-2.65, -2.7), (-1.6, -2.95), (-0.6, -3.05), (0.35, -2.95),
        (1.2, -2.85), (2.2, -2.75), (3.25, -2.75)]),
    ("Ringland Avenue", "secondary", [(3.25, -2.75), (3.4, -1.6), (3.2, -0.7), (3.05, 0.15),
        (3.05, 1.0), (2.65, 1.75), (2.3, 2.1)]),
    ("Eastmoor Lane", "tertiary", [(4.1, 0.52), (4.05, 1.2), (4.35, 1.8), (4.5, 2.5), (5.05, 3.0),
        (4.7, 3.6), (4.3, 3.95)]),
    ("Scar Lane", "tertiary", [(5.05, 3.0), (5.5, 3.5), (5.3, 4.1), (5.1, 4.6), (5.0, 5.05)]),
    ("Highmarl Lane", "tertiary", [(3.5, 3.6), (3.1, 4.2), (3.35, 4.75), (2.7, 5.1), (1.9, 5.1),
        (0.8, 4.7), (-0.05, 4.55), (-1.05, 4.3), (-1.55, 4.45)]),
    ("Skelbeck Lane", "tertiary", [(-3.2, 0.75), (-4.0, 1.1), (-4.85, 1.35), (-5.1, 2.1), (-4.8, 3.0),
        (-4.15, 3.6)]),
    ("Carr Lane", "tertiary", [(0.55, -4.7), (-0.5, -4.6), (-1.4, -4.85), (-2.5, -4.4), (-3.5, -3.6)]),
    ("Withy Lane", "tertiary", [(3.45, -2.45), (4.3, -1.6), (4.8, -0.9), (4.6, -0.2), (4.75, 0.45)]),
    ("Ferry Lane", "tertiary", [(0.35, -3.75), (0.9, -4.2), (1.15, -4.9), (0.5, -5.0)]),
]  # fmt: skip
_INNER_RING: list[Sketched] = [
    (-0.43, 0.0), (-0.36, 0.26), (-0.15, 0.38), (0.13, 0.42), (0.36, 0.34), (0.42, 0.08), (0.36, -0.22),
    (0.16, -0.37), (-0.12, -0.4), (-0.34, -0.27),
]  # fmt: skip
_BORDER: list[Sketched] = [
    (0.2, 5.9), (2.4, 6.0), (4.3, 5.7), (5.8, 5.1), (6.2, 3.2), (5.9, 1.5), (5.8, -0.6), (5.0, -2.4),
    (4.9, -4.1),
    (3.4, -4.7), (1.6, -5.3), (-0.8, -5.6), (-2.9, -5.0), (-4.4, -4.6), (-5.1, -3.0), (-5.9, -1.5),
    (-6.0, 0.6),
    (-5.9, 2.6), (-5.2, 4.6), (-3.4, 5.2), (-1.6, 5.6),
]  # fmt: skip
_URBAN: list[Sketched] = [
    (0.3, 4.0), (1.6, 3.75), (2.9, 3.4), (3.35, 2.3), (3.6, 1.4), (4.05, 0.75), (4.0, -0.3), (3.8, -1.5),
    (4.1, -2.9), (3.6, -3.7), (2.6, -3.4), (1.5, -3.5), (1.0, -4.1), (-0.4, -4.0), (-1.6, -3.7),
    (-3.0, -3.6),
    (-3.8, -3.2), (-3.7, -2.0), (-4.2, -0.9), (-4.1, 0.3), (-3.9, 1.5), (-3.7, 2.6), (-2.8, 3.3),
    (-1.9, 3.9),
    (-0.9, 4.2),
]  # fmt: skip
_VILLAGES: list[tuple[str, float, float, float]] = [
    ("Overscar", 5.02, 3.05, 0.36),
    ("Highmarl", 2.85, 5.0, 0.4),
    ("Netherlow", 4.4, 1.95, 0.34),
    ("Corrowby", 4.95, 4.85, 0.37),
    ("Skelbeck", -4.9, 1.6, 0.42),
    ("Marlow Cross", -4.35, 3.75, 0.36),
    ("Carr End", -1.3, -4.8, 0.38),
    ("Withy Bank", 4.7, -0.85, 0.34),
]
_GREENS: list[tuple[str, str, float, float, float]] = [
    ("Overscar Moor", "natural=heath", 4.15, 2.75, 0.42),
    ("Corrow Wood", "landuse=forest", 5.45, 4.1, 0.3),
    ("Marl Reservoir", "natural=water", 1.65, 4.4, 0.26),
    ("Highmarl Plantation", "natural=wood", 2.3, 4.55, 0.3),
    ("Skelbeck Wood", "landuse=forest", -5.35, 2.6, 0.33),
    ("Carr Common", "leisure=common", -2.3, -5.0, 0.3),
    ("Ferry Meadows", "landuse=meadow", 1.25, -4.4, 0.24),
    ("Withy Holt", "natural=wood", 4.35, -2.3, 0.3),
    ("Marlow Wood", "natural=wood", -3.65, 4.3, 0.28),
]


def _scaled(points: list[Sketched]) -> list[tuple[float, float]]:
    return [(x * SKETCH_UNIT_M, y * SKETCH_UNIT_M) for x, y in points]


def _blob(x: float, y: float, radius: float, rng: np.random.Generator) -> Polygon:
    angle = np.linspace(0, 2 * np.pi, 11, endpoint=False)
    reach = radius * rng.uniform(0.6, 1.35, len(angle))
    ring = np.round(np.column_stack([x + reach * np.cos(angle), y + reach * np.sin(angle)]), 2)
    return smooth_ring(ring, 3)


def build_land(rng: np.random.Generator) -> Land:
    """Lay out the ground; the same generator state gives the same ground."""
    bend = Noise(rng, wavelength=1150.0, amplitude=75.0)
    wind = Noise(rng, wavelength=420.0, amplitude=55.0)
    river = Noise(rng, wavelength=900.0, amplitude=60.0).bend(smooth_line(_scaled(_RIVER), 4))
    water = river.buffer(21.0)
    railway = smooth_line(_scaled(_RAILWAY), 5)
    roads = [Road("Ring Road", LineString(smooth_ring(_scaled(_INNER_RING)).exterior), "primary")]
    for name, highway, points in _RADIALS:
        roads.append(Road(name, bend.bend(smooth_line(_scaled(points))), highway))
    for name, highway, points in _OTHER:
        field_ = wind if highway == "tertiary" else bend
        roads.append(Road(name, field_.bend(smooth_line(_scaled(points))), highway))
    return Land(
        river=river,
        water=water,
        railway=railway,
        station=Point(-300.0, -835.0),
        border=smooth_ring(_scaled(_BORDER), 2),
        urban=smooth_ring(_scaled(_URBAN), 2),
        roads=roads,
        greens=[
            (name, tag, _blob(x * SKETCH_UNIT_M, y * SKETCH_UNIT_M, r * SKETCH_UNIT_M, rng).difference(water))
            for name, tag, x, y, r in _GREENS
        ],
        villages=[
            Village(name, x * SKETCH_UNIT_M, y * SKETCH_UNIT_M, r * 1000.0) for name, x, y, r in _VILLAGES
        ],
    )
