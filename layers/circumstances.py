"""What else is known of neighbourhoods, as people read it: deprivation, age, English, cars.

Counts are asked about as groups are (``measures.list_groups``). Here are the rest: a
decile, shares of larger areas, the columns of the Planner's table, and the whole as a file.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from data.areapack import AreaPack
from data.indicators import HEADLINES, list_counted, values_of
from layers.measures import Measure
from layers.words import NOT_KNOWN, SMALL_RATE_BASE, say_percent

# The Planner's columns: heading, and the indicator that it shows the share of.
SHARE_COLUMNS = {
    "Aged 65 and over": "age_65_plus",
    "Little English": "english_little",
    "No car (households)": "cars_none",
}
DECILE = "Deprivation decile"
_DECILE_LABELS = ("8 to 10 (least deprived)", "5 to 7", "3 and 4", "1 and 2 (most deprived)")
_BASIS_WORDS = {
    "same_area": " Areas that were split or merged since are not known.",
    "wider_area": " Counted for larger areas only: a neighbourhood is shown with the share of the larger "
    "area it lies in.",
}
EXPORT_COLUMNS: dict[str, str] = {
    "neighbourhood_id": "string",
    "neighbourhood_name": "string",
    "indicator_id": "string",
    "indicator_name": "string: the source's own name of the category, or ours where it is a sum",
    "topic": "age, english, cars or deprivation",
    "unit": "people, households or rank",
    "count": "Int32: people or households; null where not known",
    "base": "Int32: the same table's total, of base_name",
    "base_name": "string",
    "share": "float64: count / base; of the larger area where basis is wider_area",
    "rank": "Int32: 1 is the most deprived area of the nation",
    "decile": "Int8: 1 is the most deprived tenth of the nation's areas",
    "ranked_of": "Int32: how many areas were ranked",
    "basis": "published, same_area (another census's area with the same land), wider_area or not_known",
    "source_table": "string",
    "source_year": "Int32",
    "area_level": "string: the areas that the source tells of",
    "leaves_out": "string",
}


def list_shades(pack: AreaPack) -> dict[str, str]:
    """What can shade the map beside groups, by its words: ranks, and shares that have no counts."""
    if pack.indicators is None or pack.indicator_values is None:
        return {}
    asked = set(list_counted(pack)["group_id"])
    shades = {}
    table = pack.indicators.sort_values("sort_order", kind="stable")
    for indicator_id, name, unit in table[["indicator_id", "name", "unit"]].astype(str).to_numpy().tolist():
        ranked = unit == "rank"
        if not ranked and (indicator_id not in HEADLINES or indicator_id in asked):
            continue
        if np.isfinite(values_of(pack, indicator_id, "decile" if ranked else "share")).any():
            shades[name if ranked else f"{name}: share"] = indicator_id
    return shades


def shade_measure(pack: AreaPack, indicator_id: str) -> Measure:
    """The decile of an index, or the share of an indicator, for each neighbourhood."""
    if pack.indicators is None or pack.indicator_values is None:
        raise ValueError("a pack without indicators has none to shade by")
    row = pack.indicators.set_index("indicator_id").loc[indicator_id]
    values = pack.indicator_values
    bases = set(values.loc[values["indicator_id"] == indicator_id, "basis"])
    limits: str = "" if pd.isna(row["leaves_out"]) else f"{row['leaves_out']}."
    limits += "".join(words for basis, words in _BASIS_WORDS.items() if basis in bases)
    share = _shares(pack, indicator_id)
    measure = Measure(
        measure_id=f"indicator:{indicator_id}",
        title=f"{row['name']}: share of {row['base_name']}",
        unit="share" if row["unit"] == "people" else "share of households",
        values=share,
        texts=tuple(_say_share(value) for value in share),
        source=f"{row['source_table']}, by {row['area_level']}",
        date=str(row["source_year"]),
        leaves_out=limits,
        hue="blue",
        missing_words=NOT_KNOWN.lower(),
        static=True,
    )
    if row["unit"] != "rank":
        return measure
    decile = values_of(pack, indicator_id, "decile")
    rank = values_of(pack, indicator_id, "rank")
    return replace(
        measure,
        title=f"{row['name']}: decile",
        unit="decile",
        # The most deprived are the darkest.
        values=11 - decile,
        texts=tuple(
            NOT_KNOWN.lower() if np.isnan(d) else f"decile {d:.0f}, rank {r:,.0f} of {row['ranked_of']:,}"
            for d, r in zip(decile, rank, strict=True)
        ),
        hue="orange",
        breaks=(4, 7, 9),
        labels=_DECILE_LABELS,
    )


def build_columns(pack: AreaPack) -> pd.DataFrame:
    """The Planner's columns by neighbourhood_id: shares and the decile, each where it is known of any."""
    if pack.neighbourhoods is None or pack.indicators is None:
        return pd.DataFrame()
    columns = {heading: _shares(pack, one) for heading, one in SHARE_COLUMNS.items()}
    ranks = pack.indicators.loc[pack.indicators["unit"] == "rank", "indicator_id"]
    # Where an area lies in two nations, each neighbourhood has the decile of its own.
    deciles = [values_of(pack, str(one), "decile") for one in ranks]
    if deciles:
        together = np.stack(deciles)
        columns[DECILE] = np.where(np.isfinite(together).any(axis=0), np.nansum(together, axis=0), np.nan)
    table = pd.DataFrame(columns, index=pd.Index(pack.neighbourhoods["neighbourhood_id"]))
    return table.dropna(axis="columns", how="all")


def build_export(pack: AreaPack) -> pd.DataFrame | None:
    """Every indicator of every neighbourhood with what it is (``EXPORT_COLUMNS``); None: there is none."""
    if pack.indicators is None or pack.indicator_values is None or pack.neighbourhoods is None:
        return None
    names = pack.neighbourhoods.set_index("neighbourhood_id")["name"]
    table = pack.indicator_values.merge(
        pack.indicators.rename(columns={"name": "indicator_name"}), on="indicator_id", how="left"
    )
    table["neighbourhood_name"] = table["neighbourhood_id"].map(names)
    return table[list(EXPORT_COLUMNS)]


def describe_tables(pack: AreaPack) -> pd.DataFrame:
    """For the page about the numbers: each table, what its areas are, and for how many it is known."""
    columns = ["Table", "Year", "Tells of", "Its areas", "Known for", "Leaves out"]
    if pack.indicators is None or pack.indicator_values is None or pack.neighbourhoods is None:
        return pd.DataFrame(columns=columns)
    rows = []
    for table, own in pack.indicators.groupby("source_table", sort=False):
        values = pack.indicator_values[pack.indicator_values["indicator_id"].isin(own["indicator_id"])]
        known = values.loc[values["basis"] != "not_known", "neighbourhood_id"].nunique()
        first = own.iloc[0]
        words = {"age": "age", "english": "proficiency in English", "cars": "cars and vans"}
        rows.append(
            {
                "Table": str(table),
                "Year": str(first["source_year"]),
                "Tells of": words.get(str(first["topic"]), str(first["topic"])),
                "Its areas": str(first["area_level"]),
                "Known for": f"{known:,} of {len(pack.neighbourhoods):,} neighbourhoods",
                "Leaves out": "" if pd.isna(first["leaves_out"]) else str(first["leaves_out"]),
            }
        )
    return pd.DataFrame(rows, columns=columns)


def say_cell(column: str, value: float) -> str:
    """A cell of ``build_columns`` in words."""
    if column == DECILE:
        return NOT_KNOWN.lower() if np.isnan(value) else f"{value:.0f}"
    return _say_share(value)


def _shares(pack: AreaPack, indicator_id: str) -> np.ndarray:
    """Shares, NaN where not known or where a published base is too small for a rate."""
    share, base = values_of(pack, indicator_id, "share"), values_of(pack, indicator_id, "base")
    return np.where(base < SMALL_RATE_BASE, np.nan, share)


def _say_share(share: float) -> str:
    return NOT_KNOWN.lower() if np.isnan(share) else say_percent(share)
