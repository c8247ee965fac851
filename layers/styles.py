"""Colours, patterns and symbols: colour-blind-safe, and never colour alone.

Neighbouring classes differ by at least 3:1 in contrast as they are seen (the
fill over the ground, WCAG 1.4.11). No four plain colours can all do that from
white to black, so one class is the palest with dots of the next one's colour,
and what is not known is hatched. ``tests/test_layers_styles.py`` measures all of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Theme = Literal["light", "dark"]
FILL_OPACITY = 0.92


@dataclass(frozen=True)
class Fill:
    """How one class of polygons is filled. ``ink`` is the pattern's colour."""

    colour: str
    pattern: Literal["plain", "dots", "hatch"] = "plain"
    ink: str = "#000000"


@dataclass(frozen=True)
class Palette:
    """Fills of the classes from low to high, and of what is missing."""

    classes: tuple[Fill, ...]
    missing: Fill
    line: str


@dataclass(frozen=True)
class Symbol:
    """How a point is drawn; the shape tells kinds apart without colour."""

    shape: Literal["circle", "square", "diamond", "triangle", "cross", "star", "pentagon", "hexagon", "ring"]
    fill: str
    line: str
    radius: float


# Shapes by their corners, the first on top: how many, and how far in every second one lies.
CORNERS: dict[str, tuple[int, float]] = {"star": (10, 0.45), "pentagon": (5, 1.0), "hexagon": (6, 1.0)}


def corners_of(shape: str, x: float, y: float, radius: float) -> list[tuple[float, float]]:
    """The corners of a shape of ``CORNERS`` around a point, in pixels (y downwards)."""
    count, inner = CORNERS[shape]
    around = []
    for n in range(count):
        angle, reach = 2 * math.pi * n / count, radius * (inner if n % 2 else 1.0)
        around.append((x + reach * math.sin(angle), y - reach * math.cos(angle)))
    return around


_MISSING = {
    "light": Fill("#f4f4f0", "hatch", "#6b6b66"),
    "dark": Fill("#20262d", "hatch", "#9aa3ad"),
}

# Each hue: three colours of the light theme, low to high, then of the dark theme.
HUES: dict[str, dict[Theme, tuple[str, str, str]]] = {
    "blue": {"light": ("#eef5fd", "#3a84ca", "#05214a"), "dark": ("#132539", "#3f86c8", "#eaf5ff")},
    "purple": {"light": ("#f6eefa", "#a060bd", "#35094a"), "dark": ("#2c1838", "#a266bd", "#faedff")},
    "orange": {"light": ("#fef3e8", "#c0681c", "#411a00"), "dark": ("#35200e", "#bb702c", "#fff0e0")},
    "teal": {"light": ("#e9f7f4", "#228a7f", "#022823"), "dark": ("#0f302d", "#2f948a", "#d5fbf4")},
}

GROUND: dict[Theme, dict[str, str]] = {
    "light": {
        "land": "#f2f1ec", "water": "#c3d9e8", "green": "#dbe7d0", "rail": "#8d8d88",
        "street_major": "#c9b98f", "street": "#cfcdc5", "path": "#dad8d0", "outline": "#5b5b57",
        "ink": "#1a1a18",
    },
    "dark": {
        "land": "#161a1f", "water": "#1d3447", "green": "#1d2b20", "rail": "#6d7278",
        "street_major": "#5c5440", "street": "#3b4048", "path": "#31363d", "outline": "#a9b0b8",
        "ink": "#f0f2f4",
    },
}  # fmt: skip

# Isochrone bands, shortest first: fills pale enough for the dark outline to
# part every two neighbours by 3:1; dashes and printed minutes say which is which.
REACH_BANDS: dict[Theme, tuple[str, ...]] = {
    "light": ("#2f9e8f", "#6cc0a9", "#a9dcc6", "#dcf2e6"),
    "dark": ("#7fd8c4", "#4aa893", "#2b7465", "#1a483f"),
}
REACH_LINE: dict[Theme, str] = {"light": "#06302a", "dark": "#eafff9"}
REACH_DASHES = ("", "8 4", "4 4", "1 4")

CIRCLE: dict[Theme, Fill] = {"light": Fill("#b3261e"), "dark": Fill("#ff8a80")}
CIRCLE_LINE: dict[Theme, str] = {"light": "#ffffff", "dark": "#1a1a18"}

SYMBOLS: dict[Theme, dict[str, Symbol]] = {
    "light": {
        "service": Symbol("diamond", "#d81b60", "#ffffff", 6),
        "place": Symbol("circle", "#5f6368", "#ffffff", 4),
        "reached": Symbol("diamond", "#1a1a18", "#ffffff", 8),
        "stop": Symbol("square", "#1f3c88", "#ffffff", 3.5),
        "stop_not_served": Symbol("cross", "#7a1f1f", "#7a1f1f", 4),
    },
    "dark": {
        "service": Symbol("diamond", "#ff80ab", "#101214", 6),
        "place": Symbol("circle", "#b4bac1", "#101214", 4),
        "reached": Symbol("diamond", "#ffffff", "#101214", 8),
        "stop": Symbol("square", "#9db8ff", "#101214", 3.5),
        "stop_not_served": Symbol("cross", "#ffb4a9", "#ffb4a9", 4),
    },
}
# What a trial adds, moves or takes away: one colour says "trial", the shape and the dashes say what.
TRIAL_INK: dict[Theme, str] = {"light": "#6a1b9a", "dark": "#dcb3ff"}
ROUTE_LINE: dict[Theme, str] = {"light": "#1f3c88", "dark": "#9db8ff"}
ROUTE_WIDTHS = (1.5, 3.0, 5.0, 7.5)  # px, by trips an hour
CHOSEN_LINE: dict[Theme, str] = {"light": "#000000", "dark": "#ffffff"}


def build_palette(hue: str, theme: Theme) -> Palette:
    """The four classes of a hue; the second is the first with dots."""
    low, middle, high = HUES[hue][theme]
    return Palette(
        classes=(Fill(low), Fill(low, "dots", middle), Fill(middle), Fill(high)),
        missing=_MISSING[theme],
        line=GROUND[theme]["outline"],
    )


def choose_fills(palette: Palette, count: int) -> tuple[Fill, ...]:
    """Fills for up to four classes; three and fewer need no pattern."""
    low, _, middle, high = palette.classes
    return {0: (), 1: (low,), 2: (low, middle), 3: (low, middle, high)}.get(count, palette.classes)
