"""One number a neighbourhood, with its words: what shading and circles are drawn from.

Missing is NaN and drawn as missing; it is never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from data.areapack import AreaPack
from data.date_words import say_date
from data.indicators import list_counted, values_of
from geo.tables import NOT_KNOWN_REASONS, GapTable, ReachTable
from layers.classes import ABOVE_ZERO
from layers.words import (
    NO_SERVICE,
    NOT_KNOWN,
    SMALL_BASE,
    SMALL_RATE_BASE,
    say_people,
    say_percent,
    say_share,
)

ALL = "all"
ANY_CATEGORY = "*"
PEOPLE, HOUSEHOLDS = "people", "households"
Unit = Literal["people", "households", "share", "share of households", "services", "decile"]


@dataclass(frozen=True)
class Measure:
    """A value for each neighbourhood, in the order of the pack's table.

    Attributes
    ----------
    values : float64[n]
        People, or a share from 0 to 1; NaN where missing or not to be shown.
    texts : tuple of str
        What each reads in words.
    known : str
        What a missing value is called in the legend.
    """

    measure_id: str
    title: str
    unit: Unit
    values: np.ndarray
    texts: tuple[str, ...]
    source: str
    date: str
    leaves_out: str
    hue: str
    missing_words: str
    static: bool
    breaks: tuple[float, ...] | None = None
    labels: tuple[str, ...] | None = None


def list_groups(pack: AreaPack) -> pd.DataFrame:
    """The pack's census groups in their order, then what is counted beside them; none where there is none.

    Columns: group_id, name, leaves_out, is_aggregate and counted (people or households).
    """
    columns = ["group_id", "name", "leaves_out", "is_aggregate", "counted"]
    if pack.groups is None:
        return pd.DataFrame(columns=columns)
    groups = pack.groups.sort_values("sort_order", kind="stable").assign(counted=PEOPLE)
    return pd.concat([groups[columns], list_counted(pack)[columns]], ignore_index=True)


def counted_of(pack: AreaPack, group_id: str) -> str:
    """What a group's numbers count: people, or households."""
    rows = list_counted(pack)
    rows = rows[rows["group_id"] == group_id]
    return PEOPLE if rows.empty else str(rows["counted"].iloc[0])


def group_words(pack: AreaPack, group_id: str) -> tuple[str, str]:
    """A group's own name, and what must be said that it leaves out."""
    if group_id == ALL:
        return "All residents", ""
    groups = list_groups(pack).set_index("group_id")
    if group_id not in groups.index:
        return group_id, ""
    row = groups.loc[group_id]
    return str(row["name"]), "" if pd.isna(row["leaves_out"]) else str(row["leaves_out"])


def people_of(pack: AreaPack, group_id: str) -> np.ndarray:
    """Residents (or households) of a group by neighbourhood, float64[n], NaN where not published."""
    if pack.neighbourhoods is None:
        return np.empty(0)
    if group_id in set(list_counted(pack)["group_id"]):
        return values_of(pack, group_id, "count")
    ids = pack.neighbourhoods["neighbourhood_id"]
    if group_id == ALL:
        return pack.neighbourhoods["population"].to_numpy(np.float64, na_value=np.nan)
    if pack.census is None:
        return np.full(len(ids), np.nan)
    rows = pack.census[pack.census["group_id"] == group_id].set_index("neighbourhood_id")["people"]
    return rows.reindex(ids).to_numpy(np.float64, na_value=np.nan)


def base_of(pack: AreaPack, group_id: str) -> np.ndarray:
    """What a group is a share of, by neighbourhood: all residents, or the total of its own table."""
    if group_id in set(list_counted(pack)["group_id"]):
        return values_of(pack, group_id, "base")
    return people_of(pack, ALL)


def _census_source(pack: AreaPack, group_id: str) -> tuple[str, str]:
    others = list_counted(pack).set_index("group_id")
    if group_id in others.index:
        row = others.loc[group_id]
        return f"table {row['source_table']}", str(row["source_year"])
    titles = [source.title for source in pack.manifest.sources if source.part == "census"]
    year = pack.manifest.census_year
    return "; ".join(dict.fromkeys(titles)) or "census counts", str(year) if year else "date not stated"


_CENSUS_LIMITS = (
    "The census changes small counts a little before publishing them. "
    "It says where people lived on census day, not who uses a service."
)


def census_count(pack: AreaPack, group_id: str) -> Measure:
    """People of a census group."""
    name, leaves_out = group_words(pack, group_id)
    source, date = _census_source(pack, group_id)
    values = people_of(pack, group_id)
    counted = counted_of(pack, group_id)
    return Measure(
        measure_id=f"census_count:{group_id}",
        title="Population" if group_id == ALL else f"{name}: {counted}",
        unit="people" if counted == PEOPLE else "households",
        values=values,
        texts=tuple(say_people(v) for v in values),
        source=source,
        date=date,
        leaves_out=_join(leaves_out, _CENSUS_LIMITS),
        hue="blue",
        missing_words="not published",
        static=True,
    )


def census_share(pack: AreaPack, group_id: str) -> Measure:
    """Share of residents (or of households) who are of a group."""
    name, leaves_out = group_words(pack, group_id)
    source, date = _census_source(pack, group_id)
    people, base = people_of(pack, group_id), base_of(pack, group_id)
    bases = list_counted(pack).set_index("group_id")["base_name"]
    of = str(bases.get(group_id, "residents"))
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(base > 0, np.minimum(people / base, 1.0), np.nan)
    texts = tuple(say_share(s, b) for s, b in zip(shares, base, strict=True))
    return Measure(
        measure_id=f"census_share:{group_id}",
        title=f"{name}: share of {of}",
        unit="share" if counted_of(pack, group_id) == PEOPLE else "share of households",
        values=np.where(base >= SMALL_RATE_BASE, shares, np.nan),
        texts=texts,
        source=source,
        date=date,
        leaves_out=_join(leaves_out, _CENSUS_LIMITS),
        hue="blue",
        missing_words=f"not published, or {SMALL_BASE}",
        static=True,
    )


_ASSUMED_COUNT = (
    "Whoever gets there and back only by assumed times (10:30 to 12:30, where nobody told us when a service "
    "is held) counts as in reach here; the tables say how many they are."
)
GAP_COLUMN_WORDS = {"cut_off": NO_SERVICE, "not_known": NOT_KNOWN}


def gap_rows(gap: GapTable, level: str, kind: str, category: str, group_id: str) -> pd.DataFrame:
    """Rows of a gap table for one level, kind, category and group, by area_id."""
    frame = gap.frame
    chosen = (
        (frame["level"] == level)
        & (frame["kind"] == kind)
        & (frame["category"] == category)
        & (frame["group_id"] == group_id)
    )
    return frame[chosen].set_index("area_id")


def gap_measure(
    pack: AreaPack,
    gap: GapTable,
    *,
    column: str,
    unit: Literal["people", "share"],
    kind: str,
    category: str,
    group_id: str,
) -> Measure:
    """Number or share of people with no service within one bus, or whose reach is not known.

    Parameters
    ----------
    column : {'cut_off', 'not_known'}
    unit : {'people', 'share'}
        The share of people with no service leaves out those not known.
    """
    if pack.neighbourhoods is None:
        raise ValueError("a pack without neighbourhoods has no gap by neighbourhood")
    ids = pack.neighbourhoods["neighbourhood_id"]
    rows = gap_rows(gap, "neighbourhood", kind, category, group_id).reindex(ids)
    name, leaves_out = group_words(pack, group_id)
    if unit == "people":
        values = rows[column].to_numpy(np.float64, na_value=np.nan)
        texts = tuple(say_people(v) for v in values)
    else:
        share = rows["share_cut_off" if column == "cut_off" else "share_not_known"]
        shares = share.to_numpy(np.float64, na_value=np.nan)
        base = rows["people"].to_numpy(np.float64, na_value=np.nan)
        if column == "cut_off":
            base = base - rows["not_known"].to_numpy(np.float64, na_value=np.nan)
        texts = tuple(say_share(s, b) for s, b in zip(shares, base, strict=True))
        values = np.where(base >= SMALL_RATE_BASE, shares, np.nan)
    what = GAP_COLUMN_WORDS[column]
    of = f" ({category})" if category != ANY_CATEGORY else ""
    counted = counted_of(pack, group_id)
    who = counted if group_id == ALL else f"{counted}, {name}"
    shown: Unit = unit if counted == PEOPLE else "households" if unit == "people" else "share of households"
    title = f"{what}{of}: {'number of' if unit == 'people' else 'share of'} {who}"
    facts = pack.manifest.timetable
    return Measure(
        measure_id=f"{column}_{unit}:{group_id}",
        title=title,
        unit=shown,
        values=values,
        texts=texts,
        source="timetable, streets and census of this area, computed here",
        date=f"timetable of {say_date(gap.service_date)}",
        leaves_out=_join(
            leaves_out,
            _gap_limits(column, facts.completeness),
            _ASSUMED_COUNT if (rows["in_reach_assumed"] > 0).any() else "",
        ),
        hue="purple" if column == "cut_off" else "teal",
        missing_words=f"not known, or {SMALL_BASE}" if unit == "share" else "not known",
        static=False,
        # The same classes whatever is asked, so that two maps can be compared.
        breaks=(ABOVE_ZERO, 0.25, 0.75) if unit == "share" else None,
    )


def number_in_reach(pack: AreaPack, reach: ReachTable, *, kind: str, category: str) -> Measure:
    """How many services or places of a category most people of each neighbourhood have in reach.

    Parameters
    ----------
    reach : ReachTable
        By neighbourhood. A neighbourhood of which nothing is known is NaN.
    """
    if pack.neighbourhoods is None or pack.services is None:
        raise ValueError("a pack without neighbourhoods or services has no number in reach")
    ids = pack.neighbourhoods["neighbourhood_id"]
    wanted = pack.services[pack.services["kind"] == kind]
    if category != ANY_CATEGORY:
        wanted = wanted[wanted["category"] == category]
    rows = reach.frame[reach.frame["service_id"].isin(wanted["service_id"])]
    inside = rows["reach_class"].isin(reach.query.reached_classes)
    unknown = rows["reason"].isin(NOT_KNOWN_REASONS)
    counts = inside.groupby(rows["origin_id"].astype(object)).sum().reindex(ids)
    nothing_known = unknown.groupby(rows["origin_id"].astype(object)).all().reindex(ids)
    known = ~nothing_known.fillna(True).to_numpy(bool)
    assumed = np.zeros(len(ids))
    if "assumed" in rows:
        of_these = (inside & rows["assumed"]).groupby(rows["origin_id"].astype(object)).sum().reindex(ids)
        assumed = of_these.fillna(0).to_numpy(np.float64)
    values = np.where(known, counts.to_numpy(np.float64, na_value=np.nan), np.nan)
    what = "services" if kind == "service" else "places"
    of = f" ({category})" if category != ANY_CATEGORY else ""
    return Measure(
        measure_id=f"in_reach:{kind}:{category}",
        title=f"Number of {what} in reach{of}",
        unit="services",
        values=values,
        texts=tuple(
            "not known" if np.isnan(v) else f"{v:,.0f}" + (f", {a:,.0f} of them assumed" if a else "")
            for v, a in zip(values, assumed, strict=True)
        ),
        source="timetable, streets and services of this area, computed here",
        date=f"timetable of {say_date(reach.service_date)}",
        leaves_out=_gap_limits("cut_off", pack.manifest.timetable.completeness),
        hue="orange",
        missing_words="not known",
        static=False,
    )


def _gap_limits(column: str, completeness: float | None) -> str:
    served = (
        ""
        if completeness is None
        else f" The timetable serves {say_percent(completeness)} of the active stops; "
        "a bus it lacks is not counted."
    )
    if column == "not_known":
        return (
            "People whose home lies outside the street data, or near whom the timetable has no bus at all."
            + served
        )
    return (
        "Only services held at a venue count: those that come to people's homes or work by phone or online "
        "are left out, and so are lifts. People whose reach is not known are left out of number and share."
        + served
    )


def _join(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
