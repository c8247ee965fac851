"""When is it in reach? The five times of the week as map layers, table and words.

Colour is never the only cue: classes run from pale to dark, one has dots, and
what is not known is hatched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from data.areapack import AreaPack
from data.date_words import say_day
from geo.timeofday import Time
from geo.when import TIMES_IN_REACH, TIMES_KNOWN, WhenTable
from layers.catalogue import Drawn, Layer, LegendEntry
from layers.measures import ANY_CATEGORY
from layers.planner import HOUSEHOLDS, NUMBER, PEOPLE, SHARE, UNKNOWN
from layers.styles import Theme, build_palette, choose_fills
from layers.text import escape_for_map
from layers.words import IN_REACH, NO_SERVICE, NOT_KNOWN, SMALL_RATE_BASE, say_clock

TIME_WORDS = {
    "weekday_morning": "Weekday morning",
    "weekday_afternoon": "Weekday afternoon",
    "weekday_evening": "Weekday evening",
    "saturday": "Saturday",
    "sunday": "Sunday",
}
_STATE_WORDS = {"in_reach": "in reach", "cut_off": "no service", "not_known": "not known"}
NO_SUCH_DAY = "no such day in the timetable"
TIMES = "Times in reach"
_LIMITS = (
    "What most people of a neighbourhood have, getting there on one bus or on foot: whether a service is "
    "open at that time is not asked here. Other Saturdays and Sundays may have other buses."
)


@dataclass(frozen=True)
class Classed:
    """A class for each neighbourhood (-1: not known), with its words: what one layer is drawn from."""

    layer_id: str
    title: str
    labels: tuple[str, ...]
    classes: np.ndarray
    texts: tuple[str, ...]
    date: str
    leaves_out: str


def say_time(time: Time) -> str:
    """A time with its day and hours: "Saturday: Saturday 5 September 2026, 09:30 to 11:30"."""
    name = TIME_WORDS[time.name]
    if time.date is None:
        return f"{name}: {NO_SUCH_DAY}"
    hours = f"{say_clock(time.window_start_s)} to {say_clock(time.window_end_s)}"
    return f"{name}: {say_day(time.date)}, {hours}"


def say_times(times: Sequence[Time]) -> str:
    """All times with their days, one after the other."""
    return "; ".join(say_time(time) for time in times)


def list_times(table: WhenTable) -> list[str]:
    """Names of the times that the timetable has a day for."""
    return [time.name for time in table.times if time.date is not None]


def choose_rows(pack: AreaPack, table: WhenTable, kind: str, category: str) -> pd.DataFrame:
    """One row per neighbourhood, in the pack's order, with null where nothing of the category is held."""
    if pack.neighbourhoods is None:
        raise ValueError("a pack without neighbourhoods has no times by neighbourhood")
    rows = table.frame[(table.frame["kind"] == kind) & (table.frame["category"] == category)]
    return rows.set_index("neighbourhood_id").reindex(pack.neighbourhoods["neighbourhood_id"])


def count_times(pack: AreaPack, table: WhenTable, *, kind: str, category: str) -> Classed:
    """At how many of the times the category is in reach, in up to four classes."""
    rows = choose_rows(pack, table, kind, category)
    names = list_times(table)
    total = len(names)
    half = total // 2
    count = rows[TIMES_IN_REACH].to_numpy(np.float64, na_value=0.0)
    known = rows[TIMES_KNOWN].to_numpy(np.float64, na_value=0.0) > 0
    classes = np.select([count == 0, count <= half, count < total], [0, 1, 2], default=3)
    labels = (
        "at none of them",
        f"at {_span(1, half)} of the {total}",
        f"at {_span(half + 1, total - 1)} of the {total}",
        f"at all {total}",
    )
    what = "services" if kind == "service" else "places"
    return Classed(
        layer_id=f"when:{kind}:{category}",
        title=f"When {what} are in reach{_of(category)}: at how many of {total} times",
        labels=labels,
        classes=np.where(known, classes, -1),
        texts=tuple(_say_row(row, names) for row in rows.to_dict("records")),
        date=say_times(table.times),
        leaves_out=_LIMITS,
    )


def compare_times(
    pack: AreaPack, table: WhenTable, one: str, other: str, *, kind: str, category: str
) -> Classed:
    """In reach at one time and not at another, at both, at neither, or not known."""
    rows = choose_rows(pack, table, kind, category)
    first, second = (rows[f"{name}_state"].astype(object) for name in (one, other))
    unknown = ~(first.isin(["in_reach", "cut_off"]) & second.isin(["in_reach", "cut_off"])).to_numpy()
    a, b = ((state == "in_reach").to_numpy() for state in (first, second))
    what = "Services" if kind == "service" else "Places"
    chosen = [time for time in table.times if time.name in (one, other)]
    return Classed(
        layer_id=f"when:{kind}:{category}:{one}:{other}",
        title=f"{what} in reach{_of(category)}: {_mid(one)} against {_mid(other)}",
        labels=(
            "at neither",
            f"{_mid(other)} only",
            f"{_mid(one)} only",
            "at both",
        ),
        classes=np.where(unknown, -1, 2 * a + b),
        texts=tuple(
            f"{TIME_WORDS[one]}: {_say_state(x)}; {_mid(other)}: {_say_state(y)}"
            for x, y in zip(first, second, strict=True)
        ),
        date=say_times(chosen),
        leaves_out=_LIMITS,
    )


def draw_classed(classed: Classed, theme: Theme) -> Drawn:
    """Colour neighbourhoods by class; hatched where it is not known."""
    palette = build_palette("teal", theme)
    fills = choose_fills(palette, len(classed.labels))
    legend = [
        LegendEntry(label, fill, count=int((classed.classes == number).sum()))
        for number, (label, fill) in enumerate(zip(classed.labels, fills, strict=True))
        if (classed.classes == number).any()
    ]
    missing = int((classed.classes < 0).sum())
    if missing:
        legend.append(LegendEntry(NOT_KNOWN.lower(), palette.missing, count=missing))
    return Drawn(
        Layer(
            layer_id=classed.layer_id,
            title=classed.title,
            unit="times of the week",
            source="timetable, streets and services of this area, computed here",
            date=classed.date,
            leaves_out=classed.leaves_out,
            geometry="polygon",
            static=False,
            legend=tuple(legend),
        ),
        {
            "shading": {
                "label": escape_for_map(classed.title),
                "classes": classed.classes.tolist(),
                "values": [escape_for_map(text) for text in classed.texts],
                "fills": [asdict(fill) for fill in fills],
                "missing": asdict(palette.missing),
            }
        },
    )


def build_when_table(pack: AreaPack, table: WhenTable, *, kind: str, category: str) -> pd.DataFrame:
    """Neighbourhoods with their five times in words; fewest times first. The index is the area's id."""
    rows = choose_rows(pack, table, kind, category)
    hoods = pack.neighbourhoods
    if hoods is None:
        raise ValueError("a pack without neighbourhoods has no times by neighbourhood")
    columns: dict[str, object] = {"Neighbourhood": hoods["name"].to_numpy(object)}
    if hoods["ward_name"].notna().any():
        columns["Ward"] = hoods["ward_name"].to_numpy(object)
    columns[TIMES] = rows[TIMES_IN_REACH].astype("Int64").array
    for time in table.times:
        states = rows[f"{time.name}_state"].astype(object)
        columns[TIME_WORDS[time.name]] = [
            NO_SUCH_DAY if time.date is None else _say_state(state) for state in states
        ]
    shown = pd.DataFrame(columns, index=rows.index)
    return shown.sort_values([TIMES, "Neighbourhood"], kind="stable")


def build_people_table(
    table: WhenTable, *, kind: str, category: str, group_id: str, counted: str = "people"
) -> pd.DataFrame | None:
    """People (or households) of the whole area at each time: in reach, with no service, not known.

    None without counts.
    """
    if table.gap is None:
        return None
    gap = table.gap
    chosen = (gap["level"] == "area") & (gap["kind"] == kind) & (gap["category"] == category)
    rows = gap[chosen & (gap["group_id"] == group_id)]
    if rows.empty:
        return None
    row = rows.iloc[0]
    lines = []
    whole = HOUSEHOLDS if counted == "households" else PEOPLE
    for time in table.times:
        inside, outside, unknown = (
            float(row[f"{time.name}_{state}"]) for state in ("in_reach", "cut_off", "not_known")
        )
        base = inside + outside
        lines.append(
            {
                "Time": TIME_WORDS[time.name],
                "Day and hours": say_time(time).partition(": ")[2],
                whole: float("nan") if pd.isna(row["people"]) else float(row["people"]),
                IN_REACH: inside,
                NUMBER: outside,
                SHARE: outside / base if base >= SMALL_RATE_BASE else float("nan"),
                UNKNOWN: unknown,
            }
        )
    return pd.DataFrame(lines)


def say_difference(classed: Classed) -> str:
    """How many neighbourhoods are in each class, in one sentence: the map without the map."""
    total = len(classed.classes)
    parts = [
        f"{int((classed.classes == number).sum()):,} {label}" for number, label in enumerate(classed.labels)
    ]
    unknown = int((classed.classes < 0).sum())
    parts += [f"{unknown:,} {NOT_KNOWN.lower()}"] if unknown else []
    return f"Of {total:,} neighbourhoods: {', '.join(part for part in parts if not part.startswith('0 '))}."


def _span(first: int, last: int) -> str:
    if last <= first:
        return str(first)
    return f"{first} or {last}" if last == first + 1 else f"{first} to {last}"


def _of(category: str) -> str:
    return "" if category == ANY_CATEGORY else f" ({category})"


def _say_state(state: object) -> str:
    return NO_SUCH_DAY if pd.isna(state) else _STATE_WORDS[str(state)]  # type: ignore[call-overload]


def _say_row(row: dict, names: Sequence[str]) -> str:
    inside = [name for name in names if row[f"{name}_state"] == "in_reach"]
    unknown = [name for name in names if row[f"{name}_state"] == "not_known"]
    if len(inside) == len(names):
        return "in reach at all of them"
    said = _join(inside) if inside else f"at none: {NO_SERVICE.lower()}"
    if len(unknown) == len(names):
        return NOT_KNOWN.lower()
    return said + (f"; not known: {_join(unknown)}" if unknown else "")


def _join(names: Sequence[str]) -> str:
    return ", ".join(_mid(name) for name in names)


def _mid(name: str) -> str:
    """A time's name inside a sentence; days keep their capital."""
    return TIME_WORDS[name].replace("Weekday", "weekday")
