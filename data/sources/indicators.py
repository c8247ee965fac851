"""Age, English, cars and deprivation: tables of the census and of the indices, by neighbourhood.

A table of the very same areas is joined on their codes. A table on the areas of
another census is joined by a lookup, and only where an area kept its land: what
was split or merged since is not known. A table of larger areas gives its shares
and no counts. Nothing else is ever joined: the build stops and says what to give.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from data.config import Indicators, RawFile
from data.errors import SourceError
from data.frames import build_frame
from data.schema import INDICATOR_VALUES, INDICATORS
from data.sources.census import match_areas, read_counts
from data.sources.faultlog import FaultLog
from data.sources.groups import ALL
from data.sources.indicator_names import Category, name_categories, name_ranking
from data.sources.lookups import find_column, parse_counts, read_columns, read_csv, read_relation

_RANK = re.compile(r"imd[_ ]rank|.*\(imd\) rank\b.*|wimd \d{4}( overall)? rank", re.IGNORECASE)
_DECILE = re.compile(r"imd[_ ]decile|.*\(imd\) decile\b.*|wimd \d{4}( overall)? decile", re.IGNORECASE)
_CODE = re.compile(
    r"(lsoa|msoa|oa|datazone)?_?(11|21)?_?(cd|code)|lsoa code.*|geography[_ ]code", re.IGNORECASE
)


@dataclass(frozen=True)
class Joined:
    """Which area of the table tells of each neighbourhood; "" where none does."""

    area: pd.Series
    basis: str


def read_indicators(
    tables: tuple[Indicators, ...],
    areas: gpd.GeoDataFrame,
    level: str,
    resolve: Callable[[RawFile], Path],
    log: FaultLog,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read all tables of indicators.

    Parameters
    ----------
    tables : tuple of Indicators
        As the configuration has them.
    areas : GeoDataFrame
        The neighbourhoods (neighbourhood_id, geometry), in the pack's CRS.
    level : str
        What they are, for example "LSOA 2021".
    resolve : callable
        From a raw file of the configuration to its path.

    Returns
    -------
    indicators, values : DataFrame
        By ``schema.INDICATORS`` and ``schema.INDICATOR_VALUES``: every neighbourhood
        has a row for every indicator.

    Raises
    ------
    SourceError
        Naming what can't be used, and a table of other areas that nothing leads from.
    """
    definitions: list[dict[str, object]] = []
    values: list[pd.DataFrame] = []
    ids = areas["neighbourhood_id"]
    for table in tables:
        joined = _join(table, areas, level, resolve, log)
        read = _read_ranks if table.topic == "deprivation" else _read_table
        for definition, numbers in read(table, resolve(table.source), ids, joined, log):
            common = {"source_table": table.table, "source_year": table.year, "topic": table.topic}
            common |= {"area_level": table.area_level or level, "sort_order": len(definitions)}
            definitions.append(common | definition)
            values.append(
                numbers.assign(neighbourhood_id=ids.to_numpy(), indicator_id=str(definition["indicator_id"]))
            )
    frame = pd.DataFrame(definitions)
    clash = frame["indicator_id"][frame["indicator_id"].duplicated()]
    if len(clash):
        raise SourceError(f"[[indicators]]: two tables tell of the same: {', '.join(clash)}; leave one out.")
    return (
        build_frame(INDICATORS, frame[INDICATORS.column_names]),
        build_frame(INDICATOR_VALUES, pd.concat(values, ignore_index=True)[INDICATOR_VALUES.column_names]),
    )


def _join(
    table: Indicators, areas: gpd.GeoDataFrame, level: str, resolve: Callable[[RawFile], Path], log: FaultLog
) -> Joined:
    ids = areas["neighbourhood_id"].reset_index(drop=True)
    if table.wider is not None:
        path = resolve(table.wider.lookup)
        columns = {"key": table.wider.key_column, "wider": table.wider.id_column}
        pairs = read_columns(path, columns).drop_duplicates()
        torn = pairs["key"][pairs["key"].duplicated()]
        if len(torn):
            raise SourceError(f"{path.name}: neighbourhoods in several larger areas: {', '.join(torn[:5])}")
        area = ids.map(pairs.set_index("key")["wider"]).fillna("")
        words = (
            f"neighbourhoods whose {table.area_level or 'larger area'} the lookup does not tell: "
            f"{table.table} is not known for them"
        )
        _log_missing(log, "area_without_wider", ids[area == ""], words, path.name)
        return Joined(area, "wider_area")
    if table.area_lookup is not None:
        lookup = table.area_lookup
        relation = read_relation(resolve(lookup.lookup), lookup.old_column, lookup.new_column)
        alone = ~relation["old"].duplicated(keep=False) & ~relation["new"].duplicated(keep=False)
        known = relation[alone].set_index("new")["old"]
        area = ids.map(known).fillna("")
        words = (
            f"neighbourhoods that were split or merged between {table.area_level or 'the areas of'} "
            f"{table.table} and {level}: its numbers are of other land, and not known for them"
        )
        _log_missing(log, "area_split_or_merged", ids[area == ""], words, Path(table.source.file).name)
        return Joined(area, "same_area")
    if table.area_level is not None and table.area_level != level:
        raise SourceError(
            f"{table.source.file}: tells of {table.area_level}, and the neighbourhoods are {level}: "
            "codes of the two don't join. Give indicators.area_lookup (areas of another census) or "
            "indicators.wider (larger areas)."
        )
    return Joined(ids, "published")


def _read_table(
    table: Indicators, path: Path, ids: pd.Series, joined: Joined, log: FaultLog
) -> list[tuple[dict[str, object], pd.DataFrame]]:
    """Every category of a census table, and the sums that people ask for."""
    counts, rows = read_counts(path, table, log)
    if joined.basis == "published":
        counts = match_areas(counts, ids, rows, path.name, log)
    else:
        _check_any(counts.index, joined, path.name)
    base = counts[ALL] if ALL in counts else counts.sum(axis=1, skipna=False)
    categories = name_categories(table.topic, [str(name) for name in counts.columns if name != ALL])
    found = []
    for category in categories:
        count = counts[list(category.members)].sum(axis=1, skipna=False)
        found.append((_define(category), _numbers(count, base, joined)))
    return found


def _define(category: Category) -> dict[str, object]:
    return {
        "indicator_id": category.indicator_id,
        "name": category.name,
        "unit": category.unit,
        "base_name": category.base_name,
        "is_aggregate": len(category.members) > 1,
        "members": ";".join(category.members) if len(category.members) > 1 else None,
        "leaves_out": category.leaves_out,
        "ranked_of": None,
    }


def _numbers(count: pd.Series, base: pd.Series, joined: Joined) -> pd.DataFrame:
    """Count, base and share of each neighbourhood, Int64 and float, null where not known."""
    own = joined.area.to_numpy(object)
    own_count = count.reindex(own).astype("Int64").reset_index(drop=True)
    own_base = base.reindex(own).astype("Int64").reset_index(drop=True)
    both = (own_count.notna() & own_base.notna() & (own_base > 0).fillna(False)).to_numpy(bool)
    # Published counts are perturbed, so that a sum of several may pass the table's own total.
    share = np.full(len(own), np.nan)
    share[both] = np.minimum(own_count[both].astype(float) / own_base[both].astype(float), 1.0)
    if joined.basis == "wider_area":
        own_count = own_base = pd.Series(pd.array([None] * len(own), dtype="Int64"))
        known = both
    else:
        known = (own_count.notna() | own_base.notna()).to_numpy(bool)
    return pd.DataFrame(
        {
            "count": own_count.astype("Int32"),
            "base": own_base.astype("Int32"),
            "share": share,
            "rank": pd.array([None] * len(own), dtype="Int32"),
            "decile": pd.array([None] * len(own), dtype="Int8"),
            "basis": np.where(known, joined.basis, "not_known"),
        }
    )


def _read_ranks(
    table: Indicators, path: Path, ids: pd.Series, joined: Joined, log: FaultLog
) -> list[tuple[dict[str, object], pd.DataFrame]]:
    """The overall rank and decile of an index; its parts are not read."""
    frame = read_csv(path)
    file = path.name
    area = _find(frame, table.area_column, _CODE, "area_column", file)
    columns = {
        "rank": _find(frame, table.rank_column, _RANK, "rank_column", file),
        "decile": _find(frame, table.decile_column, _DECILE, "decile_column", file),
    }
    again = frame[area][frame[area].duplicated()]
    if len(again):
        raise SourceError(f"{file}: areas that stand twice: {', '.join(again.unique()[:5])}")
    numbers = pd.DataFrame(
        {name: parse_counts(frame[column], file, f"the {name}") for name, column in columns.items()}
    ).set_index(frame[area])
    for name, most in (("rank", table.ranked_of or 0), ("decile", 10)):
        wrong = ((numbers[name] < 1) | (numbers[name] > most)).fillna(False)
        if wrong.any():
            raise SourceError(
                f"{file}: {int(wrong.sum())} values of {columns[name]!r} are not from 1 to {most:,} "
                f"(for example {numbers.index[wrong][0]}): is it another nation's or another year's index?"
            )
    if joined.basis == "published":
        numbers = match_areas(numbers, ids, len(frame), file, log)
    else:
        _check_any(numbers.index, joined, file)
        unranked = joined.area[~joined.area.isin(numbers.index) & (joined.area != "")]
        _log_missing(
            log, "area_without_rank", unranked, "neighbourhoods whose area the index does not rank", file
        )
    own = numbers.reindex(joined.area.to_numpy(object)).reset_index(drop=True)
    empty = pd.array([None] * len(own), dtype="Int32")
    known = own.notna().any(axis=1)
    values = pd.DataFrame(
        {
            "count": empty,
            "base": empty,
            "share": np.nan,
            "rank": own["rank"].astype("Int32"),
            "decile": own["decile"].astype("Int8"),
            "basis": np.where(known, joined.basis, "not_known"),
        }
    )
    return [(name_ranking(table.table, table.ranked_of or 0), values)]


def _find(frame: pd.DataFrame, given: str | None, known: re.Pattern[str], key: str, file: str) -> str:
    if given:
        return find_column(frame, given, file)
    found = [str(name) for name in frame.columns if known.fullmatch(str(name).strip())]
    if len(found) != 1:
        have = ", ".join(map(str, frame.columns[:12]))
        what = f"can't tell which of {', '.join(found)} is meant" if found else "no column known"
        raise SourceError(f"{file}: {what}; set indicators.{key} in the configuration (columns: {have}).")
    return found[0]


def _log_missing(log: FaultLog, code: str, examples: pd.Series, words: str, file: str) -> None:
    log.add(code, "missing", len(examples), words, examples, file=file)


def _check_any(codes: pd.Index, joined: Joined, file: str) -> None:
    if not joined.area.isin(codes).any():
        raise SourceError(
            f"{file}: none of its {len(codes)} areas (for example {codes[0]}) is one that the "
            "neighbourhoods lead to; are lookup and table of the same year and place?"
        )
