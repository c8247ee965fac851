"""A stop as a person finds it: its name, which of several it is, its street, and the way buses face."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.areapack import AreaPack
from geo.gridref import grid_reference_in
from geo.names import clean_name, read_name

CHECK_STOP = "check the stop with the operator"
BEARINGS = {
    "N": "north", "NE": "north-east", "E": "east", "SE": "south-east",
    "S": "south", "SW": "south-west", "W": "west", "NW": "north-west",
}  # fmt: skip
# Short forms of NaPTAN's indicators, written out; what is not here (Stop B, Bay 4) stays.
_INDICATORS = {
    "opp": "opposite", "oppositte": "opposite", "adj": "next to it", "adjacent": "next to it",
    "nr": "near", "o/s": "outside", "os": "outside", "bef": "before", "aft": "after", "cnr": "corner",
    "jct": "junction", "junct": "junction", "jn": "junction", "nb": "northbound",
    "sb": "southbound", "eb": "eastbound", "wb": "westbound", "stn": "station", "tu allan": "outside",
    "gyferbyn": "opposite", "ger": "near",
}  # fmt: skip
_OF_A_HOUSE = ("opposite", "outside", "near", "before", "after", "next to", "at")


@dataclass(frozen=True)
class StopWords:
    """What is known of a stop, in words; names from outside, on one line, not escaped.

    ``title`` is its name with what tells it from others of that name, else
    "stop on {street}", else "unnamed stop, grid reference ..."; never a code.
    """

    stop_id: str
    title: str
    name: str | None
    indicator: str | None
    street: str | None
    landmark: str | None
    locality: str | None
    heading: str | None  # buses head this way: "north-east"
    bearing: str | None  # as NaPTAN writes it: "NE"
    grid_reference: str | None
    lon: float
    lat: float

    @property
    def check(self) -> str | None:
        """What to do about a stop without a name."""
        return CHECK_STOP if self.name is None else None

    @property
    def with_article(self) -> str:
        """'the stop Market Square (Stop B)', 'the stop on High Street', 'an unnamed stop, ...'."""
        if self.name is not None:
            return f"the stop {self.title}"
        return f"the {self.title}" if self.street else f"an {self.title}"


def read_stop(pack: AreaPack, stop_id: str) -> StopWords:
    """Read a stop of the pack; KeyError where it has none of that id."""
    rows = np.flatnonzero(pack.stops["stop_id"].to_numpy(object) == stop_id)
    if not len(rows):
        raise KeyError(stop_id)
    return describe_stop(pack.stops.iloc[rows[0]], pack.crs)


def describe_stop(row: pd.Series, crs: str) -> StopWords:
    """Put a row of the pack's stops into words."""
    codes = frozenset(
        code.casefold() for code in (clean_name(row["stop_id"]), clean_name(row["stop_code"])) if code
    )
    name, street, landmark, locality = (
        read_name(row[column], codes) for column in ("name", "street", "landmark", "locality")
    )
    indicator = _read_indicator(row["indicator"], codes)
    reference = grid_reference_in(crs, float(row["x"]), float(row["y"]))
    bearing = (clean_name(row["bearing"]) or "").upper()
    if name is not None:
        name = _without_doubled_end(name)
        title = name if _says(name, indicator) else f"{_without_number(name, indicator)} ({indicator})"
    else:
        where = f"grid reference {reference}" if reference else _latitude(row)
        base = f"stop on {street}" if street else f"unnamed stop, {where}"
        title = base if _says(base, indicator) or not street else f"{base} ({indicator})"
    return StopWords(
        stop_id=str(row["stop_id"]), title=title, name=name, indicator=indicator, street=street,
        landmark=landmark, locality=locality, heading=BEARINGS.get(bearing),
        bearing=bearing if bearing in BEARINGS else None, grid_reference=reference,
        lon=float(row["lon"]), lat=float(row["lat"]),
    )  # fmt: skip


def _latitude(row: pd.Series) -> str:
    return f"latitude {float(row['lat']):.5f}, longitude {float(row['lon']):.5f}"


def _says(name: str, indicator: str | None) -> bool:
    """Whether a name already holds its indicator: 'Bus Station Stand 7' and 'Stand 7'."""
    if indicator is None:
        return True
    return re.search(rf"(?<!\w){re.escape(indicator)}(?!\w)", name, re.IGNORECASE) is not None


def _without_number(name: str, indicator: str | None) -> str:
    """'Friars Walk 11' of the indicator 'Bay 11' without the number that the indicator says."""
    base, _, last = name.rpartition(" ")
    number = (indicator or "").rpartition(" ")[2]
    doubled = base and last.casefold() == number.casefold() and any(c.isdigit() for c in last)
    return base if doubled else name


def _without_doubled_end(name: str) -> str:
    """'Bus Station Stand 7 (Stand 7)' without what it says twice."""
    if match := re.fullmatch(r"(.+?)\s*\(([^()]+)\)", name):
        base, inner = match[1], match[2].strip()
        if base.casefold().endswith(inner.casefold()):
            return base
    return name


def _read_indicator(value: object, codes: frozenset[str]) -> str | None:
    """An indicator written out: 'opp 29' is 'opposite number 29'."""
    text = read_name(value, codes)
    if text is None:
        return None
    text = re.sub(r"^\((.+)\)$", r"\1", text)
    text = re.sub(
        r"(?<!\w)([NS]?[EW]|[NS])-?bound\b",
        lambda m: f"{BEARINGS[m[1].upper()]}bound",
        text,
        flags=re.IGNORECASE,
    )
    if (whole := _INDICATORS.get(text.casefold())) is not None:
        return whole
    first, _, rest = text.partition(" ")
    first = {"adj": "next to", "adjacent": "next to"}.get(
        first.casefold(), _INDICATORS.get(first.casefold(), first)
    )
    if not rest:
        return first
    if first.casefold() in _OF_A_HOUSE:
        if re.fullmatch(r"(?:no\.?\s*)?\d+[A-Za-z]?", rest, re.IGNORECASE):
            number = re.sub(r"^no\.?\s*", "", rest, flags=re.IGNORECASE)
            return f"{first.lower()} number {number}"
        if rest.casefold() in ("jct", "junct", "jn", "junction"):
            return f"{first.lower()} the junction"
        return f"{first.lower()} {rest}"
    return f"{first} {rest}"
