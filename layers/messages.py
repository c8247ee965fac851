"""The message to the map: everything that changes on it, whole and small."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import shapely

from data.areapack import AreaPack
from data.text import clean_text
from geo.places import Place
from layers.catalogue import Drawn
from layers.geojson import from_degrees
from layers.styles import CHOSEN_LINE, GROUND, Theme


def build_message(
    drawn: Iterable[Drawn], *, title: str, chosen: Place | None, pack: AreaPack, theme: Theme
) -> dict[str, Any]:
    """Join the drawn layers' parts, what is chosen, and the title that a screen reader meets.

    Without layers and choice the map is cleared.
    """
    message: dict[str, Any] = {"title": clean_text(title)}
    for layer in drawn:
        message |= layer.parts
    if chosen is not None:
        message["chosen"] = {
            "row": row_of_neighbourhood(pack, chosen.place_id),
            "point": [round(chosen.lat, 5), round(chosen.lon, 5)],
            "line": CHOSEN_LINE[theme],
            "halo": GROUND[theme]["land"],
        }
    return message


def row_of_neighbourhood(pack: AreaPack, neighbourhood_id: str) -> int | None:
    """The neighbourhood's row in the pack's table, or None."""
    if pack.neighbourhoods is None:
        return None
    rows = (pack.neighbourhoods["neighbourhood_id"] == neighbourhood_id).to_numpy().nonzero()[0]
    return int(rows[0]) if len(rows) else None


@dataclass(frozen=True)
class Click:
    """Where somebody clicked, in degrees."""

    lon: float
    lat: float


def read_click(value: Any) -> Click | None:
    """A click as the browser reports it, or None where it is not one: it is text from outside."""
    try:
        click = Click(float(value["lng"]), float(value["lat"]))
    except (KeyError, TypeError, ValueError):
        return None
    return click if abs(click.lon) <= 180 and abs(click.lat) <= 90 else None


def find_neighbourhood(pack: AreaPack, click: Click) -> str | None:
    """The id of the neighbourhood that holds a clicked point; None outside all of them."""
    hoods = pack.neighbourhoods
    if hoods is None or hoods.empty:
        return None
    x, y = from_degrees(click.lon, click.lat, pack.crs)
    if not (abs(x) < float("inf") and abs(y) < float("inf")):
        return None
    rows = hoods.sindex.query(shapely.Point(x, y), predicate="intersects")
    return str(hoods["neighbourhood_id"].iloc[int(min(rows))]) if len(rows) else None
