"""What a trial adds, moves or takes away, as a layer of the map with symbols of its own.

It is sent with the message to one visitor's map and is never a file. One colour
stands for "trial"; shape, width and dashes say what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from data.areapack import AreaPack
from geo.whatif.marks import Mark, MarkKind
from layers.catalogue import Drawn, Layer, LegendEntry, Line
from layers.geojson import to_degrees, to_geojson
from layers.styles import GROUND, TRIAL_INK, Symbol, Theme
from layers.text import escape_for_map

TITLE = "In this trial (not there today)"
WORDS: dict[MarkKind, str] = {
    "service_added": "a service more",
    "service_removed": "a service that is gone",
    "stop_added": "a stop more, or where more buses stop",
    "stop_moved": "a stop that is moved: where it is",
    "stop_left": "a stop that is moved: where it was",
    "move": "from where it was to where it is",
    "minibus": "a new line, straight from place to place",
    "street_closed": "a street that is closed",
    "footpath": "a new footpath",
}
# Width and dashes of each kind of line.
_LINES: dict[str, tuple[float, str]] = {
    "move": (2.0, "3 4"),
    "minibus": (4.5, "14 5"),
    "street_closed": (7.0, "3 3"),
    "footpath": (4.0, "2 5"),
}


def build_symbols(theme: Theme) -> dict[str, Symbol]:
    """The symbol of each kind of point."""
    ink, land = TRIAL_INK[theme], GROUND[theme]["land"]
    return {
        "service_added": Symbol("star", ink, land, 10),
        "service_removed": Symbol("cross", ink, ink, 7),
        "stop_added": Symbol("pentagon", ink, land, 7),
        "stop_moved": Symbol("hexagon", ink, land, 7),
        "stop_left": Symbol("ring", ink, ink, 6),
    }


def draw_trial(pack: AreaPack, marks: Sequence[Mark], theme: Theme) -> Drawn | None:
    """The marks of a scenario (``ScenarioEngine.marks``); None where it puts nothing on the map."""
    if not marks:
        return None
    symbols, ink, halo = build_symbols(theme), TRIAL_INK[theme], GROUND[theme]["land"]
    degrees = to_degrees(np.array([mark.geometry for mark in marks], dtype=object), pack.crs)
    points, lines = [], []
    for mark, geometry in zip(marks, degrees, strict=True):
        text = _say(mark)
        if mark.kind in symbols:
            points.append({"at": [geometry.y, geometry.x], "look": vars(symbols[mark.kind]), "text": text})
            continue
        weight, dash = _LINES[mark.kind]
        lines.append(
            {
                "geometry": to_geojson(geometry),
                "colour": ink,
                "weight": weight,
                "dash": dash,
                "halo": halo,
                "text": text,
            }
        )
    counts = {kind: sum(mark.kind == kind for mark in marks) for kind in WORDS}
    legend = tuple(
        LegendEntry(words, symbols.get(kind) or Line(ink, *_LINES[kind]), count=counts[kind])
        for kind, words in WORDS.items()
        if counts[kind]
    )
    parts: dict[str, Any] = {"trial": {"points": points, "lines": lines}}
    return Drawn(
        Layer(
            layer_id="trial",
            title=TITLE,
            unit="places and lines",
            source="your own scenario",
            date="no date: nobody has made it",
            leaves_out="Other times of buses have no place on the map. A new line is drawn straight; a bus "
            "would drive along roads.",
            geometry="line",
            static=False,
            legend=legend,
        ),
        parts,
    )


def _say(mark: Mark) -> str:
    """What a mark is, and its name."""
    name = escape_for_map(mark.label)
    return (f"<b>{name}</b><br>" if name else "") + f"trial: {WORDS[mark.kind]}"


def list_gone(marks: Sequence[Mark], kind: MarkKind) -> list[int]:
    """Rows, in the pack as it stands, of the services or stops that are not there (any more)."""
    return [mark.row for mark in marks if mark.kind == kind and mark.row is not None]
