"""What if: a scenario's difference as a map layer, tables and words.

Colour is never the only cue: losses have dots, gains have none, no change is
pale, and the words beside each neighbourhood say both numbers.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from data.areapack import AreaPack
from data.date_words import say_date
from geo.roundtrip import RoundTripSettings
from geo.whatif.difference import DIFFERENCE_COLUMNS, WhatIf
from geo.whatif.words import say_outside
from geo.write import build_metadata, side_file, write_table
from layers.catalogue import Drawn, Layer, LegendEntry
from layers.measures import ALL, ANY_CATEGORY
from layers.styles import GROUND, Fill, Theme, build_palette
from layers.text import escape_for_map
from layers.there_and_back import ASSUMED_ALONE, SAME_PEOPLE, WHAT_IS_ASSUMED
from layers.words import say_people

MUCH = 100
PEOPLE, NOW, THEN, GAINED, LOST = "People", "In reach now", "In reach then", "Gain reach", "Lose reach"
HOUSEHOLDS = "Households"
ASSUMED_NOW, ASSUMED_THEN = f"{ASSUMED_ALONE} now", f"{ASSUMED_ALONE} then"
NEAREST_NOW, NEAREST_THEN = "Nearest now", "Nearest then"
LABELS = (
    f"{MUCH} or more lose reach",
    f"some lose reach, under {MUCH}",
    "no change",
    f"some gain reach, under {MUCH}",
    f"{MUCH} or more gain reach",
)
_LIMITS = (
    "Nobody has made these changes. People counted as gaining reach have none of the category in reach now; "
    "whether they would go is not said, nor what the change would cost. Who only gets there sooner, or has "
    "more to choose from, is not counted."
)


def choose_rows(frame: pd.DataFrame, level: str, kind: str, category: str, group_id: str) -> pd.DataFrame:
    """Rows of a difference for one level, kind, category and group, by area_id."""
    chosen = (frame["level"] == level) & (frame["kind"] == kind) & (frame["category"] == category)
    return frame[chosen & (frame["group_id"] == group_id)].set_index("area_id")


def build_fills(theme: Theme) -> tuple[Fill, ...]:
    """From much lost to much gained: losses dotted, no change the ground's own colour, gains plain."""
    lost, gained = build_palette("orange", theme), build_palette("teal", theme)
    low, high = lost.classes[0].colour, lost.classes[3].colour
    return (
        Fill(high, "dots", low),
        lost.classes[1],
        Fill(GROUND[theme]["land"]),
        gained.classes[2],
        gained.classes[3],
    )


def draw_difference(
    pack: AreaPack, found: WhatIf, theme: Theme, *, kind: str, category: str, group_id: str
) -> Drawn:
    """Neighbourhoods by how many people gain reach, net of those who lose it."""
    if pack.neighbourhoods is None:
        raise ValueError("a pack without neighbourhoods has no difference by neighbourhood")
    rows = choose_rows(found.frame, "neighbourhood", kind, category, group_id)
    counted = _counted(rows)
    whose = [category] if category != ANY_CATEGORY else []
    whose += list(rows["group_name"].iloc[:1]) if group_id != ALL else []
    rows = rows.reindex(pack.neighbourhoods["neighbourhood_id"])
    gained, lost = (rows[name].to_numpy(np.float64, na_value=np.nan) for name in ("gained", "lost"))
    net = np.round(gained - lost, 3)
    known = np.isfinite(net)
    classes = np.select([net <= -MUCH, net < 0, net == 0, net < MUCH], [0, 1, 2, 3], default=4)
    classes = np.where(known, classes, -1)
    fills = build_fills(theme)
    missing = build_palette("teal", theme).missing
    legend = [
        LegendEntry(label, fill, count=int((classes == number).sum()))
        for number, (label, fill) in enumerate(zip(LABELS, fills, strict=True))
        if (classes == number).any()
    ]
    if not known.all():
        legend.append(LegendEntry("not published", missing, count=int((~known).sum())))
    of = f" ({', '.join(whose)})" if whose else ""
    scenario = found.query.scenario
    name = scenario.name if scenario is not None else ""
    title = f"What if: {name}: {counted} who gain or lose reach{of}"
    return Drawn(
        Layer(
            layer_id="what_if",
            title=title,
            unit=counted,
            source="a scenario, computed here",
            date=f"timetable of {say_date(found.after.service_date)}",
            leaves_out=_LIMITS,
            geometry="polygon",
            static=False,
            legend=tuple(legend),
        ),
        {
            "shading": {
                "label": escape_for_map(title),
                "classes": classes.tolist(),
                "values": [escape_for_map(_say_both(g, x)) for g, x in zip(gained, lost, strict=True)],
                "fills": [asdict(fill) for fill in fills],
                "missing": asdict(missing),
            }
        },
    )


def _counted(rows: pd.DataFrame) -> str:
    """What the rows of one group count: people, or households."""
    return "people" if rows.empty else str(rows["counted"].iloc[0])


def _say_both(gained: float, lost: float) -> str:
    if not np.isfinite(gained):
        return "not published"
    if gained == 0 and lost == 0:
        return "no change"
    parts = [(gained, "gain reach"), (lost, "lose it")]
    return ", ".join(f"{say_people(number)} {words}" for number, words in parts if number > 0)


def build_difference_table(
    found: WhatIf, *, by: str, kind: str, category: str, group_id: str
) -> pd.DataFrame:
    """Rows that differ: by neighbourhood, ward, group or category; most people first.

    Numbers stay numbers, so that any column sorts; :func:`say_difference_cells` has the words.
    """
    frame = found.frame
    if by in ("neighbourhood", "ward"):
        rows = choose_rows(frame, by, kind, category, group_id)
        first, names = by.capitalize(), rows["area_name"]
    elif by == "group":
        rows = frame[(frame["level"] == "area") & (frame["kind"] == kind) & (frame["category"] == category)]
        of = rows["group_name"] + " (" + rows["counted"] + ")"
        first, names = "Group", rows["group_name"].where(rows["counted"] == "people", of)
    else:
        rows = frame[(frame["level"] == "area") & (frame["kind"] == kind) & (frame["group_id"] == group_id)]
        first, names = "Category", rows["category"].replace({ANY_CATEGORY: "Any"})
    columns: dict[str, Any] = {first: names.to_numpy(object)}
    whole = HOUSEHOLDS if len(rows) and (rows["counted"] == "households").all() else PEOPLE
    for name, source in ((whole, "people"), (GAINED, "gained"), (LOST, "lost"),
                         (NOW, "in_reach_before"), (THEN, "in_reach_after")):  # fmt: skip
        columns[name] = rows[source].to_numpy(np.float64, na_value=np.nan)
    both_ways = bool(rows["in_reach_assumed_before"].notna().any())
    if both_ways:
        for name, side in ((ASSUMED_NOW, "before"), (ASSUMED_THEN, "after")):
            columns[name] = rows[f"in_reach_assumed_{side}"].to_numpy(np.float64)
    if by == "neighbourhood":
        columns[NEAREST_NOW] = rows["nearest_before_s"].to_numpy(np.float64, na_value=np.nan)
        columns[NEAREST_THEN] = rows["nearest_after_s"].to_numpy(np.float64, na_value=np.nan)
    table = pd.DataFrame(columns)
    moved = (table[GAINED] > 0) | (table[LOST] > 0)
    if both_ways:
        moved |= (table[ASSUMED_NOW] - table[ASSUMED_THEN]).abs() > SAME_PEOPLE
    if by == "neighbourhood":
        both = table[[NEAREST_NOW, NEAREST_THEN]].fillna(-1.0)
        moved |= both[NEAREST_NOW] != both[NEAREST_THEN]
    size = table[GAINED].fillna(0) + table[LOST].fillna(0)
    table = table.assign(size=size)[moved].sort_values(
        ["size", first], ascending=[False, True], kind="stable"
    )
    return table.drop(columns="size").reset_index(drop=True)


def say_difference_cells(table: pd.DataFrame) -> dict[str, Callable[[Any], str]]:
    """A function for each number column that gives the words to show."""
    words: dict[str, Callable[[Any], str]] = {
        name: say_people
        for name in (PEOPLE, HOUSEHOLDS, GAINED, LOST, NOW, THEN, ASSUMED_NOW, ASSUMED_THEN)
        if name in table
    }
    words |= {name: _say_minutes for name in (NEAREST_NOW, NEAREST_THEN) if name in table}
    return words


def _say_minutes(seconds: float) -> str:
    return "none in reach" if pd.isna(seconds) else f"{int(-(-seconds // 60))} min"


def say_difference(found: WhatIf, *, kind: str, category: str, group_id: str) -> str:
    """One sentence for the whole area."""
    rows = choose_rows(found.frame, "area", kind, category, group_id)
    if rows.empty:
        return "Nothing can be said of this choice."
    row = rows.iloc[0]
    if pd.isna(row["gained"]):
        return "This group's counts are not published for the whole area."
    if row["gained"] == 0 and row["lost"] == 0:
        return say_outside(found.list_outside()) or (
            "Nobody gains or loses reach: whoever the change touches has one of this kind in reach already, "
            f"or still has none.{_say_assumed(row)}"
        )
    return (
        f"{say_people(row['gained'])} {row['counted']} gain reach of at least one, "
        f"{say_people(row['lost'])} lose it: "
        f"{say_people(row['in_reach_after'])} in reach, {say_people(row['in_reach_before'])} now."
        f"{_say_assumed(row)}"
    )


def _say_assumed(row: pd.Series) -> str:
    """How many rest on assumed times alone, then and now; empty where nobody does, and of getting there."""
    now, then = row["in_reach_assumed_before"], row["in_reach_assumed_after"]
    if not (now > 0 or then > 0):
        return ""
    return (
        f" Of those in reach, {say_people(then)} are so {ASSUMED_ALONE.lower()}, {say_people(now)} now: "
        f"{WHAT_IS_ASSUMED}."
    )


def export_difference(
    pack: AreaPack, found: WhatIf, *, settings: RoundTripSettings | None, today: dt.date
) -> bytes:
    """The difference as a CSV with its metadata beside it, in one zip."""
    scenario = found.query.scenario
    manifest = pack.manifest.model_copy(update={"notes": found.changed.pack.manifest.notes})
    metadata = build_metadata(
        manifest, f"What if: {scenario.name if scenario else ''}", query=found.query,
        service_date=found.after.service_date, today=today, columns=DIFFERENCE_COLUMNS,
    )  # fmt: skip
    if settings is not None:
        metadata["round_trip"] = asdict(settings)
    packed = io.BytesIO()
    with TemporaryDirectory() as folder:
        out = Path(folder) / "what_if.csv"
        write_table(found.frame, out, metadata)
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in (out, side_file(out)):
                archive.write(file, file.name)
    return packed.getvalue()
