"""The layer catalogue: what each layer is, where it is from, how to read it and what it leaves out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from data.areapack import AreaPack
from data.date_words import say_date
from geo.query import Query
from layers.classes import choose_breaks, classify, label_classes, round_nicely
from layers.measures import Measure
from layers.static_layers import category_numbers
from layers.styles import (
    CIRCLE,
    CIRCLE_LINE,
    GROUND,
    REACH_BANDS,
    REACH_DASHES,
    REACH_LINE,
    ROUTE_LINE,
    ROUTE_WIDTHS,
    SYMBOLS,
    Fill,
    Symbol,
    Theme,
    build_palette,
    choose_fills,
)
from layers.text import escape_for_map
from layers.words import say_people

GeometryKind = Literal["polygon", "circle", "point", "line", "band"]
CIRCLE_RADIUS_MAX_PX = 22.0
UNIT_WORDS = {
    "share": "% of people",
    "share of households": "% of households",
    "decile": "tenths of the nation's areas, 1 the most deprived",
}
TRIPS_PER_HOUR_BREAKS = (1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Line:
    """How a line looks: the width and dashes say what the colour does not."""

    colour: str
    width: float
    dash: str = ""


@dataclass(frozen=True)
class LegendEntry:
    """One line of a legend. ``count`` is how many neighbourhoods it holds, where that is known."""

    label: str
    look: Fill | Symbol | Line
    size: float = 0.0
    count: int | None = None


@dataclass(frozen=True)
class Layer:
    """What a person must know to read a layer."""

    layer_id: str
    title: str
    unit: str
    source: str
    date: str
    leaves_out: str
    geometry: GeometryKind
    static: bool
    legend: tuple[LegendEntry, ...]


@dataclass(frozen=True)
class Drawn:
    """A layer and its parts of the message to the map (see ``layers/browser/map.js``)."""

    layer: Layer
    parts: dict[str, Any]


def draw_shading(measure: Measure, theme: Theme) -> Drawn:
    """Colour neighbourhoods by class; hatched where there is no value."""
    palette = build_palette(measure.hue, theme)
    breaks = choose_breaks(measure.values) if measure.breaks is None else measure.breaks
    classes = classify(measure.values, breaks)
    say = _speaker(measure)
    fills = choose_fills(palette, len(breaks) + 1)
    labels = measure.labels or label_classes(breaks, say)
    legend = [
        LegendEntry(label, fill, count=int((classes == number).sum()))
        for number, (label, fill) in enumerate(zip(labels, fills, strict=True))
        if (classes == number).any()
    ]
    missing = int((classes < 0).sum())
    if missing:
        legend.append(LegendEntry(measure.missing_words, palette.missing, count=missing))
    return Drawn(
        _layer_of(measure, "polygon", tuple(legend)),
        {
            "shading": {
                "label": escape_for_map(measure.title),
                "classes": classes.tolist(),
                "values": [escape_for_map(text) for text in measure.texts],
                "fills": [_fill(fill) for fill in fills],
                "missing": _fill(palette.missing),
            }
        },
    )


def draw_circles(measure: Measure, theme: Theme) -> Drawn:
    """Circles whose area grows with the number; a cross where there is no value, nothing at nought."""
    values = measure.values
    known = np.isfinite(values)
    largest = float(values[known].max()) if known.any() and values[known].max() > 0 else 1.0
    radii = np.where(known, CIRCLE_RADIUS_MAX_PX * np.sqrt(np.maximum(values, 0) / largest), -1.0)
    # A count that exists is seen, however small.
    radii = np.where(known & (values > 0), np.maximum(radii, 2.0), radii)
    fill = CIRCLE[theme]
    sizes = dict.fromkeys(round_nicely(largest * part) for part in (1.0, 0.4, 0.1))
    legend = [
        LegendEntry(
            f"{say_people(size)} {measure.unit}",
            fill,
            size=CIRCLE_RADIUS_MAX_PX * float(np.sqrt(min(size / largest, 1.1))),
        )
        for size in sizes
        if size >= 1
    ]
    missing = int((~known).sum())
    if missing:
        ink = GROUND[theme]["ink"]
        legend.append(LegendEntry(measure.missing_words, Symbol("cross", ink, ink, 4), count=missing))
    return Drawn(
        _layer_of(measure, "circle", tuple(legend)),
        {
            "circles": {
                "label": escape_for_map(measure.title),
                "values": [escape_for_map(text) for text in measure.texts],
                "radii": [round(float(radius), 1) for radius in radii],
                "fill": fill.colour,
                "line": CIRCLE_LINE[theme],
                "missing": GROUND[theme]["ink"],
            }
        },
    )


def draw_points(
    pack: AreaPack, kind: str, theme: Theme, *, categories: frozenset[str] | None, reached: list[int] | None,
    without: Sequence[int] = (),
) -> Drawn:  # fmt: skip
    """Services or places, all or those of some categories; those in reach stand out.

    Parameters
    ----------
    kind : {'service', 'place'}
    reached : list of int or None
        Rows of the pack's services in reach of what is chosen; None: nothing is chosen.
    without : sequence of int
        Rows that are left out.
    """
    symbols = SYMBOLS[theme]
    numbers = category_numbers(pack)
    chosen = None if categories is None else sorted(numbers[c] for c in categories if c in numbers)
    what = "Services" if kind == "service" else "Places (stand-in destinations, not services)"
    legend = [LegendEntry(what.split(" (")[0], symbols[kind])]
    if reached is not None:
        legend.append(LegendEntry("in reach of the chosen place", symbols["reached"]))
    sources = [source for source in pack.manifest.sources if source.part in ("services", "places")]
    return Drawn(
        Layer(
            layer_id=f"{kind}s",
            title=what if categories is None else f"{what}: {', '.join(sorted(categories))}",
            unit="venues",
            source="; ".join(dict.fromkeys(s.title for s in sources)) or "not stated",
            date=_dates(pack, ("services", "places")),
            leaves_out="What has no venue on record, and what comes to people's homes or works by phone "
            "or online. A register is never complete.",
            geometry="point",
            static=True,
            legend=tuple(legend),
        ),
        {
            f"{kind}s": {
                "categories": chosen,
                "without": list(without),
                "reached": reached,
                "looks": {"usual": _symbol(symbols[kind]), "reached": _symbol(symbols["reached"])},
            }
        },
    )


def draw_stops(pack: AreaPack, theme: Theme, *, without: Sequence[int] = ()) -> Drawn:
    """Active stops but those of the rows ``without``; those without any bus in the timetable are crosses."""
    symbols = SYMBOLS[theme]
    facts = pack.manifest.timetable
    return Drawn(
        Layer(
            layer_id="stops",
            title="Bus and tram stops",
            unit="stops",
            source="; ".join(
                dict.fromkeys(s.title for s in pack.manifest.sources if s.part in ("stops", "timetable"))
            ),
            date=_dates(pack, ("stops", "timetable")),
            leaves_out="Stops that are deleted or suspended. A cross is a stop that people can stand at "
            "and that no bus of this timetable serves "
            f"({facts.served_stops:,} of {facts.active_stops:,} are served).",
            geometry="point",
            static=True,
            legend=(
                LegendEntry("stop with a bus", symbols["stop"]),
                LegendEntry("stop without a bus in this timetable", symbols["stop_not_served"]),
            ),
        ),
        {
            "stops": {
                "without": list(without),
                "looks": {
                    "usual": _symbol(symbols["stop"]),
                    "not_served": _symbol(symbols["stop_not_served"]),
                },
            }
        },
    )


def draw_routes(pack: AreaPack, trips_per_hour: np.ndarray, query: Query, theme: Theme) -> Drawn:
    """Routes that run in the window, wider where buses are more frequent; other modes dashed."""
    modes = pack.feed.routes["mode"].isin(query.modes).to_numpy()
    values = np.where(modes & (trips_per_hour > 0), trips_per_hour, np.nan)
    classes = classify(values, TRIPS_PER_HOUR_BREAKS)
    colour = ROUTE_LINE[theme]
    labels = label_classes(TRIPS_PER_HOUR_BREAKS, lambda v: f"{v:g}")
    legend = [
        LegendEntry(f"{label} an hour", Line(colour, width), count=int((classes == number).sum()))
        for number, (label, width) in enumerate(zip(labels, ROUTE_WIDTHS, strict=True))
    ]
    if (pack.feed.routes["mode"] != "bus").to_numpy()[classes >= 0].any():
        legend.append(LegendEntry("tram or other vehicle", Line(colour, 3.0, "8 5")))
    day = query.service_date or pack.manifest.timetable.service_date
    return Drawn(
        Layer(
            layer_id="routes",
            title="Bus routes by trips an hour",
            unit="trips an hour, one way, at the route's busiest stop",
            source="; ".join(dict.fromkeys(s.title for s in pack.manifest.sources if s.part == "timetable")),
            date=f"timetable of {say_date(day)}",
            leaves_out="Duplicate trips in the timetable, routes that do not run in the chosen window, "
            "and modes that do not count as the one bus. Without shapes in the timetable, lines run "
            "straight from stop to stop.",
            geometry="line",
            static=True,
            legend=tuple(legend),
        ),
        {
            "routes": {
                "classes": classes.tolist(),
                "values": [
                    ""
                    if np.isnan(v)
                    else escape_for_map(f"{v:.1f} trips an hour, one way, at its busiest stop")
                    for v in values
                ],
                "line": colour,
                "widths": list(ROUTE_WIDTHS),
            }
        },
    )


def draw_reach(
    bands: list[dict[str, Any]], place: str, query: Query, date: str, theme: Theme, *, filled: bool
) -> Drawn:
    """Isochrone bands, nested, shortest on top; each band has its own dashes and printed minutes.

    Parameters
    ----------
    bands : list of dict
        ``minutes``, ``geometry`` (GeoJSON, degrees) and ``label`` ([lat, lon] or None), shortest first.
    filled : bool
        False: outlines only, over a shading that stays.
    """
    line, halo = REACH_LINE[theme], GROUND[theme]["land"]
    looks = []
    for number, band in enumerate(bands):
        inside = band["minutes"] * 60 == query.cutoff_s
        looks.append(
            {
                **band,
                "fill": REACH_BANDS[theme][min(number, len(REACH_BANDS[theme]) - 1)],
                "line": line,
                "halo": halo,
                "dash": REACH_DASHES[min(number, len(REACH_DASHES) - 1)] or None,
                "weight": 2 if inside else 1,
                "text": f"{band['minutes']} min",
            }
        )
    legend = tuple(
        LegendEntry(
            f"within {look['minutes']} minutes" + (" (the cut-off)" if look["weight"] == 2 else ""),
            Fill(look["fill"]) if filled else Line(line, look["weight"], look["dash"] or ""),
        )
        for look in looks
    )
    return Drawn(
        Layer(
            layer_id="reach",
            title=f"Reach from {place}" + ("" if query.scenario is None else ", in the trial"),
            unit="minutes, walking and one bus",
            source="timetable and streets of this area, computed here",
            date=date,
            leaves_out="The wait at home for a bus that one has looked up is not counted. Land more than "
            "100 m from a street is left blank. Buses that are late are not foreseen.",
            geometry="band",
            static=False,
            legend=legend,
        ),
        {"reach": list(reversed(looks)), "filled": filled},
    )


def draw_outside(pack: AreaPack, theme: Theme) -> Drawn:
    """Land that the street data leave out, hatched."""
    missing = build_palette("blue", theme).missing
    return Drawn(
        Layer(
            layer_id="outside",
            title="Outside the data",
            unit="land",
            source="; ".join(dict.fromkeys(s.title for s in pack.manifest.sources if s.part == "streets"))
            or "none",
            date=_dates(pack, ("streets",)),
            leaves_out="Nothing can be said about reach from there: the people who live there are "
            "'not known', never 'no service'.",
            geometry="polygon",
            static=True,
            legend=(LegendEntry("outside the street data", missing),),
        ),
        {"outside": {"colour": missing.colour, "ink": missing.ink}},
    )


def _layer_of(measure: Measure, geometry: GeometryKind, legend: tuple[LegendEntry, ...]) -> Layer:
    return Layer(
        layer_id=measure.measure_id,
        title=measure.title,
        unit=UNIT_WORDS.get(measure.unit, measure.unit),
        source=measure.source,
        date=measure.date,
        leaves_out=measure.leaves_out,
        geometry=geometry,
        static=measure.static,
        legend=legend,
    )


def _speaker(measure: Measure) -> Callable[[float], str]:
    if not measure.unit.startswith("share"):
        return lambda value: f"{value:,.0f}"
    return lambda value: f"{100 * value:.2g}%"


def _dates(pack: AreaPack, parts: tuple[str, ...]) -> str:
    dates = sorted({source.date for source in pack.manifest.sources if source.part in parts and source.date})
    return ", ".join(say_date(date) for date in dates) or "date not stated"


def _fill(fill: Fill) -> dict[str, str]:
    return {"colour": fill.colour, "pattern": fill.pattern, "ink": fill.ink}


def _symbol(symbol: Symbol) -> dict[str, Any]:
    return {"shape": symbol.shape, "fill": symbol.fill, "line": symbol.line, "radius": symbol.radius}
