"""What the Planner reads: the headline and the tables, as plain frames.

A table keeps its numbers as numbers, so that it can be sorted by any column;
``say_cells`` gives the words that are shown in their place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from data.areapack import AreaPack
from geo.tables import GapTable
from layers.circumstances import DECILE, build_columns, say_cell
from layers.circumstances import SHARE_COLUMNS as CIRCUMSTANCES
from layers.measures import ALL, ANY_CATEGORY, gap_rows, group_words, list_groups
from layers.there_and_back import ASSUMED_ALONE, say_assumed_part
from layers.words import (
    IN_REACH,
    NO_SERVICE,
    NOT_KNOWN,
    SMALL_BASE,
    SMALL_RATE_BASE,
    number_alike,
    say_people,
    say_percent,
)

LEVEL_NAMES = {"neighbourhood": "Neighbourhood", "ward": "Ward", "area": "Area"}

PEOPLE, HOUSEHOLDS = "People", "Households"
NUMBER = NO_SERVICE
SHARE = "Share of those known"
UNKNOWN = NOT_KNOWN
UNKNOWN_SHARE = "Share not known"
SERVICES = "Services"
WITHOUT_IT, MORE_PEOPLE = "People without it", "More people"  # of layers.why_panel
PEOPLE_COLUMNS = (PEOPLE, HOUSEHOLDS, IN_REACH, ASSUMED_ALONE, NUMBER, UNKNOWN, WITHOUT_IT, MORE_PEOPLE)
SHARE_COLUMNS = (SHARE, UNKNOWN_SHARE)


@dataclass(frozen=True)
class Headline:
    """The three totals of the whole area, which sum to its people."""

    people: str
    in_reach: str
    cut_off: str
    share_cut_off: str
    not_known: str
    share_not_known: str
    note: str
    counted: str = "people"
    in_reach_assumed: str = ""  # there and back: how many in reach have nothing but assumed times


def list_kinds(pack: AreaPack) -> tuple[str, ...]:
    """Kinds of destination that the pack holds, services before places."""
    if pack.services is None:
        return ()
    held = set(pack.services["kind"])
    return tuple(kind for kind in ("service", "place") if kind in held)


def list_categories(pack: AreaPack, kind: str) -> tuple[str, ...]:
    """The pack's own categories of a kind, in alphabetical order, 'any' first."""
    if pack.services is None:
        return (ANY_CATEGORY,)
    return (ANY_CATEGORY, *sorted(pack.services.loc[pack.services["kind"] == kind, "category"].unique()))


def name_neighbourhoods(pack: AreaPack) -> dict[str, str]:
    """Names of the pack's neighbourhoods by id, each once, in alphabetical order; none where it has none."""
    if pack.neighbourhoods is None:
        return {}
    hoods = pack.neighbourhoods
    names = zip(hoods["neighbourhood_id"].tolist(), hoods["name"].tolist(), strict=True)
    return number_alike(dict(sorted(names, key=lambda item: item[1])))


def build_headline(
    pack: AreaPack, gap: GapTable, *, kind: str, category: str, group_id: str
) -> Headline | None:
    """The area's totals in words, or None where the table has no such row."""
    rows = gap_rows(gap, "area", kind, category, group_id)
    if rows.empty:
        return None
    row = rows.iloc[0]
    known = _number(row["in_reach"]) + _number(row["cut_off"])
    _, leaves_out = group_words(pack, group_id)
    notes = [f"{leaves_out.rstrip('.')}."] if leaves_out else []
    if kind == "place":
        notes.append(
            "No register of services is loaded: these are places, such as schools and libraries, "
            "that stand in for services."
            if not pack.manifest.has_register
            else "These are places, such as schools and libraries, not services."
        )
    return Headline(
        people=say_people(row["people"]),
        in_reach=say_people(row["in_reach"]),
        cut_off=say_people(row["cut_off"]),
        share_cut_off=_share(row["share_cut_off"], known),
        not_known=say_people(row["not_known"]),
        share_not_known=_share(row["share_not_known"], _number(row["people"])),
        note=" ".join(notes),
        counted=str(row["counted"]),
        in_reach_assumed=f"{say_assumed_part(row)} of them assumed" if row["in_reach_assumed"] > 0 else "",
    )


def build_area_table(
    pack: AreaPack, gap: GapTable, *, level: str, kind: str, category: str, group_id: str
) -> pd.DataFrame:
    """Neighbourhoods or wards with number, share and not known together, most people first.

    The index is the area's id. Shares on a base under 50 and counts that are
    not published are null.
    """
    rows = gap_rows(gap, level, kind, category, group_id)
    table = _columns(rows)
    table.insert(0, LEVEL_NAMES[level], rows["area_name"].to_numpy(object))
    if level == "neighbourhood" and pack.neighbourhoods is not None:
        wards = pack.neighbourhoods.set_index("neighbourhood_id")["ward_name"]
        if wards.notna().any():
            table.insert(1, "Ward", wards.reindex(table.index).to_numpy(object))
        if pack.neighbourhoods["edge"].any():
            edge = pack.neighbourhoods.set_index("neighbourhood_id")["edge"]
            table["At the border"] = np.where(edge.reindex(table.index).fillna(False), "yes", "")
    if level == "neighbourhood":
        table = table.join(build_columns(pack))
    return table.sort_values([NUMBER, LEVEL_NAMES[level]], ascending=[False, True], kind="stable")


def build_group_table(pack: AreaPack, gap: GapTable, *, kind: str, category: str, level: str = "area",
                      area_id: str | None = None) -> pd.DataFrame:  # fmt: skip
    """Every group of the whole area, or of one ward or neighbourhood; the index is the group's id."""
    frame = gap.frame
    chosen = (frame["level"] == level) & (frame["kind"] == kind) & (frame["category"] == category)
    if area_id is not None:
        chosen &= frame["area_id"] == area_id
    rows = frame[chosen].set_index("group_id")
    order = [ALL, *(g for g in list_groups(pack)["group_id"] if g != ALL)]
    rows = rows.reindex([group for group in order if group in rows.index])
    table = _columns(rows)
    names = rows["group_name"].where(
        rows["counted"] == "people", rows["group_name"] + " (" + rows["counted"] + ")"
    )
    table.insert(0, "Group", names.to_numpy(object))
    return table


def build_category_table(gap: GapTable, *, kind: str, group_id: str) -> pd.DataFrame:
    """Every category for the whole area, with how many venues each has; the index is the category."""
    frame = gap.frame
    rows = frame[(frame["level"] == "area") & (frame["kind"] == kind) & (frame["group_id"] == group_id)]
    rows = rows.set_index("category")
    table = _columns(rows)
    table.insert(0, "Category", ["Any" if c == ANY_CATEGORY else c for c in rows.index])
    table.insert(1, SERVICES, rows["services"].to_numpy())
    return table


def _columns(rows: pd.DataFrame) -> pd.DataFrame:
    people = rows["people"].to_numpy(np.float64, na_value=np.nan)
    unknown = rows["not_known"].to_numpy(np.float64, na_value=np.nan)
    share = rows["share_cut_off"].to_numpy(np.float64, na_value=np.nan)
    unknown_share = rows["share_not_known"].to_numpy(np.float64, na_value=np.nan)
    counted = HOUSEHOLDS if len(rows) and (rows["counted"] == "households").all() else PEOPLE
    both_ways = {}
    if rows["in_reach_assumed"].notna().any():
        names = {IN_REACH: "in_reach", ASSUMED_ALONE: "in_reach_assumed"}
        both_ways = {title: rows[name].to_numpy(np.float64) for title, name in names.items()}
    return pd.DataFrame(
        {
            counted: people,
            **both_ways,
            NUMBER: rows["cut_off"].to_numpy(np.float64, na_value=np.nan),
            SHARE: np.where(people - unknown >= SMALL_RATE_BASE, share, np.nan),
            UNKNOWN: unknown,
            UNKNOWN_SHARE: np.where(people >= SMALL_RATE_BASE, unknown_share, np.nan),
        },
        index=rows.index,
    )


def say_cells(table: pd.DataFrame) -> dict[str, Callable[[Any], str]]:
    """A function for each number column that gives the words to show."""
    words: dict[str, Callable[[Any], str]] = {
        column: say_people for column in PEOPLE_COLUMNS if column in table
    }
    words |= {column: partial(say_cell, column) for column in (*CIRCUMSTANCES, DECILE) if column in table}
    words |= {column: _say_rate for column in SHARE_COLUMNS if column in table}
    if SERVICES in table:
        words[SERVICES] = lambda value: "" if pd.isna(value) else f"{int(value):,}"
    return words


def _say_rate(value: float) -> str:
    return SMALL_BASE if pd.isna(value) else say_percent(value)


def _share(share: Any, base: float) -> str:
    if pd.isna(share):
        return NOT_KNOWN.lower()
    return SMALL_BASE if base < SMALL_RATE_BASE else say_percent(float(share))


def _number(value: Any) -> float:
    return 0.0 if pd.isna(value) else float(value)
