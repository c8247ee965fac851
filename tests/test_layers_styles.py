"""Colours: neighbouring classes 3:1 apart as they are seen, and never colour alone."""

from __future__ import annotations

import itertools

import pytest

from layers.styles import (
    CHOSEN_LINE,
    CIRCLE,
    CIRCLE_LINE,
    FILL_OPACITY,
    GROUND,
    HUES,
    REACH_BANDS,
    REACH_DASHES,
    REACH_LINE,
    ROUTE_LINE,
    ROUTE_WIDTHS,
    SYMBOLS,
    Fill,
    Theme,
    build_palette,
    choose_fills,
)
from tests.contrast import MINIMUM_CONTRAST, THEMES, blend, contrast

both_themes = pytest.mark.parametrize("theme", THEMES)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # WCAG's own well-known example


def seen(fill: Fill, theme: Theme) -> str:
    return blend(fill.colour, GROUND[theme]["land"], FILL_OPACITY)


@both_themes
@pytest.mark.parametrize("hue", HUES)
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_neighbouring_classes_differ_by_colour_or_by_pattern(hue: str, count: int, theme: Theme) -> None:
    fills = choose_fills(build_palette(hue, theme), count)
    assert len(fills) == count
    for one, other in itertools.pairwise(fills):
        if one.pattern == other.pattern:
            assert contrast(seen(one, theme), seen(other, theme)) >= MINIMUM_CONTRAST
        else:
            # The pattern's own ink stands out from the fill under it.
            patterned = other if other.pattern != "plain" else one
            assert contrast(patterned.ink, seen(patterned, theme)) >= MINIMUM_CONTRAST


@both_themes
@pytest.mark.parametrize("hue", HUES)
def test_all_classes_and_the_missing_are_told_apart_without_hue(hue: str, theme: Theme) -> None:
    palette = build_palette(hue, theme)
    looks = [(fill.pattern, round(contrast(seen(fill, theme), "#000000"), 1)) for fill in palette.classes]
    assert len(set(looks)) == 4
    assert palette.missing.pattern == "hatch"
    assert all(fill.pattern != "hatch" for fill in palette.classes)
    assert contrast(palette.missing.ink, palette.missing.colour) >= MINIMUM_CONTRAST


@both_themes
def test_every_band_is_parted_by_its_line(theme: Theme) -> None:
    for band in REACH_BANDS[theme]:
        under = blend(band, GROUND[theme]["land"], 0.62)
        assert contrast(REACH_LINE[theme], under) >= MINIMUM_CONTRAST
    assert len(set(REACH_DASHES)) == len(REACH_DASHES)


@both_themes
def test_points_and_lines_stand_out_from_the_ground(theme: Theme) -> None:
    land = GROUND[theme]["land"]
    for symbol in SYMBOLS[theme].values():
        assert contrast(symbol.fill, land) >= MINIMUM_CONTRAST
    for colour in (ROUTE_LINE[theme], CHOSEN_LINE[theme], CIRCLE[theme].colour, GROUND[theme]["outline"]):
        assert contrast(colour, land) >= MINIMUM_CONTRAST
    assert contrast(CIRCLE_LINE[theme], CIRCLE[theme].colour) >= MINIMUM_CONTRAST
    assert list(ROUTE_WIDTHS) == sorted(set(ROUTE_WIDTHS))


@both_themes
def test_kinds_of_points_differ_in_shape(theme: Theme) -> None:
    kinds = ("service", "place", "stop", "stop_not_served")
    assert len({SYMBOLS[theme][kind].shape for kind in kinds}) == len(kinds)
