"""How colours are seen, by the definitions of WCAG 2: what the tests of styles measure with."""

from __future__ import annotations

from typing import get_args

from layers.styles import Theme

THEMES: tuple[Theme, ...] = get_args(Theme)
MINIMUM_CONTRAST = 3.0


def blend(colour: str, ground: str, opacity: float) -> str:
    """The colour seen when ``colour`` lies over ``ground`` (both '#rrggbb')."""
    over, under = _channels(colour), _channels(ground)
    mixed = (round(opacity * a + (1 - opacity) * b) for a, b in zip(over, under, strict=True))
    return "#" + "".join(f"{value:02x}" for value in mixed)


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio of two colours, 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    linear = [
        value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
