"""Census counts by ethnic group: long, wide and Nomis-shaped files to one table.

Categories are joined on their names, never on code numbers. A count that is not
there is null, never zero; whether areas are missing is found by counting them
against the boundaries, since servers cut long answers without a word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from data.config import Census, CountsTable
from data.errors import SourceError
from data.sources.boundaries import ID_COLUMNS
from data.sources.faultlog import FaultLog
from data.sources.groups import ALL, SHORT_NAMES, build_groups
from data.sources.lookups import detect_column, find_column, parse_counts, read_csv

NOMIS_ROW_LIMIT = 25_000
# Published groups may sum to a little less than the residents (0.06% in 2011); more is a group left out.
LARGEST_DIFFERENCE = 0.01
_TOTAL_NAMES = frozenset(
    {"total", "total: all usual residents", "all usual residents", "all", "all residents"}
)
_TOTAL_COLUMNS = (
    "Persons",
    "total_residents",
    "total",
    "all usual residents",
    "usual_residents",
    "population",
)
# What bulk files write before each category.
_VARIABLE = re.compile(
    r"^(ethnic group|age|proficiency in english language|number of cars or vans):\s*(?=\S)", re.IGNORECASE
)
_GROUP_COLUMNS = ("ethnic_group", "ethnic group", "ethnicity", "group", "category", "age_group")
_COUNT_COLUMNS = ("n", "count", "people", "observation", "obs_value", "value", "usual_residents")
_AREA_COLUMNS = (*ID_COLUMNS, "geography_code", "geography code", "lsoa", "oa", "lsoa_code")
_WIDE_IGNORED = frozenset(
    {"lsoa", "oa", "msoa", "lad", "rgn", "ltla", "date", "geography", "geography code", "rural urban"}
)
_NOT_DIMENSIONS = frozenset(
    {"geography", "date", "measures", "rural_urban", "freq", "cell", "obs_status", "obs_conf"}
)


@dataclass(frozen=True)
class CensusResult:
    """``groups`` and ``census`` by the schema; ``population`` by neighbourhood_id (Int32, null: no count)."""

    groups: pd.DataFrame
    census: pd.DataFrame
    population: pd.Series


def read_census(path: Path, config: Census, area_ids: pd.Series, log: FaultLog) -> CensusResult:
    """Read a table of counts for the neighbourhoods.

    Parameters
    ----------
    path : Path
        CSV; long, wide or Nomis-shaped (told apart by its columns).
    config : Census
        Names of columns where they can't be found out.
    area_ids : Series of str
        The neighbourhoods, from the boundaries.
    log : FaultLog

    Raises
    ------
    SourceError
        Naming what can't be used: values that are no counts, two counts for
        one area and group, a table cut at the server's limit, a table of
        other areas altogether.
    """
    counts, rows = read_counts(path, config, log)
    counts = match_areas(counts, area_ids, rows, path.name, log)
    return _build(counts, config, path.name, log)


def read_counts(path: Path, config: CountsTable, log: FaultLog) -> tuple[pd.DataFrame, int]:
    """Read a table of counts of any of the three shapes.

    Returns
    -------
    DataFrame of Int64
        Areas by the table's finest categories, and ``ALL`` where a total is given.
    int
        How many rows the file has.
    """
    frame = read_csv(path)
    shape = config.shape or _detect_shape(frame)
    read = {"long": _read_long, "wide": _read_wide, "nomis": _read_nomis}[shape]
    long = read(frame, config, path.name, log)
    long["category"] = long["category"].map(lambda name: _clean_name(name, config.names))
    long["people"] = parse_counts(long["people"], path.name, "the count")
    return _pivot(_drop_repeats(long, path.name, log), path.name), len(frame)


def _detect_shape(frame: pd.DataFrame) -> str:
    names = {str(name).casefold() for name in frame.columns}
    if "obs_value" in names and "geography_code" in names:
        return "nomis"
    if names & set(_COUNT_COLUMNS) and names & set(_GROUP_COLUMNS):
        return "long"
    return "wide"


def _clean_name(name: str, names: dict[str, str]) -> str:
    """Return the census's own name of a category, whatever the file writes before or instead of it."""
    if name in names:
        return names[name]
    name = re.sub(r"\s+", " ", _VARIABLE.sub("", name)).strip()
    if name in names:
        return names[name]
    if name.casefold() in _TOTAL_NAMES or name.casefold().startswith("total: all"):
        return ALL
    return SHORT_NAMES.get(name, name)


def _column(
    frame: pd.DataFrame, given: str | None, known: tuple[str, ...], what: str, file: str, key: str
) -> str:
    if given:
        return find_column(frame, given, file)
    return detect_column(frame, known, what, file, f"census.{key}")


def _read_long(frame: pd.DataFrame, config: CountsTable, file: str, log: FaultLog) -> pd.DataFrame:
    area = _column(frame, config.area_column, _AREA_COLUMNS, "the area's code", file, "area_column")
    group = _column(frame, config.group_column, _GROUP_COLUMNS, "the group's name", file, "group_column")
    count = _column(frame, config.count_column, _COUNT_COLUMNS, "the count", file, "count_column")
    long = pd.DataFrame({"area_id": frame[area], "category": frame[group], "people": frame[count]})
    total = config.total_column
    if total is None and "total_residents" in frame.columns:
        total = "total_residents"
    if total is not None:
        totals = frame[[area, find_column(frame, total, file)]].drop_duplicates()
        totals.columns = pd.Index(["area_id", "people"])
        totals = totals[totals["people"] != ""]
        unequal = totals["area_id"].duplicated(keep=False)
        if unequal.any():
            shown = sorted(totals["area_id"][unequal].unique())[:5]
            raise SourceError(f"{file}: areas with several totals in column {total!r}: {', '.join(shown)}")
        long = pd.concat([long, totals.assign(category=ALL)], ignore_index=True)
    return _drop_blank(long, file, log)


def _read_wide(frame: pd.DataFrame, config: CountsTable, file: str, log: FaultLog) -> pd.DataFrame:
    area = _column(frame, config.area_column, _AREA_COLUMNS, "the area's code", file, "area_column")
    ignored = {name.casefold() for name in config.ignore_columns} | _WIDE_IGNORED
    used: list[str] = []
    unused: list[str] = []
    for name in map(str, frame.columns):
        if name == area or name.casefold() in ignored:
            continue
        known = name in config.names or name in SHORT_NAMES or name == config.total_column
        known = known or bool(_VARIABLE.match(name)) or name in _TOTAL_COLUMNS
        known = known or name.casefold().startswith("main language is ")
        (used if known or ": " in name else unused).append(name)
    if not used:
        raise SourceError(
            f"{file}: no column is a known group; set census.names in the configuration "
            f"(columns: {', '.join(map(str, frame.columns[:30]))})."
        )
    log.add(
        "column_unused", "note", len(unused), "columns that are no known group; not read", unused, file=file
    )
    long = frame.melt(id_vars=[area], value_vars=used, var_name="category", value_name="people")
    long = long.rename(columns={area: "area_id"}).astype("str")
    total = config.total_column or next((name for name in used if name in _TOTAL_COLUMNS), None)
    if total is not None:
        long["category"] = long["category"].replace({total: ALL})
    return _drop_blank(long, file, log)


def _read_nomis(frame: pd.DataFrame, config: CountsTable, file: str, log: FaultLog) -> pd.DataFrame:
    area = find_column(frame, config.area_column or "GEOGRAPHY_CODE", file)
    count = find_column(frame, config.count_column or "OBS_VALUE", file)
    if config.group_column:
        group = find_column(frame, config.group_column, file)
    else:
        by_name = {str(name).casefold(): str(name) for name in frame.columns}
        dimensions = [
            by_name[f"{name}_name"]
            for name in by_name
            if f"{name}_name" in by_name and name not in _NOT_DIMENSIONS
        ]
        if len(dimensions) != 1:
            found = ", ".join(dimensions) or "none"
            raise SourceError(
                f"{file}: needs one column of category names ending in _NAME (found: {found}); "
                "ask Nomis for the dimension's name too, or set census.group_column."
            )
        group = dimensions[0]
    measures = next((name for name in frame.columns if str(name).casefold() == "measures"), None)
    if measures is not None and frame[measures].nunique() > 1:
        frame = frame[frame[measures] == "20100"]  # 20100 are counts, 20301 are percentages
    long = pd.DataFrame({"area_id": frame[area], "category": frame[group], "people": frame[count]})
    return _drop_blank(long.reset_index(drop=True), file, log)


def _drop_blank(long: pd.DataFrame, file: str, log: FaultLog) -> pd.DataFrame:
    blank = (long["area_id"] == "") | (long["category"] == "")
    log.add(
        "row_without_area_or_group",
        "dropped",
        int(blank.sum()),
        "rows without area or group; left out",
        file=file,
    )
    return long[~blank].reset_index(drop=True)


def _drop_repeats(long: pd.DataFrame, file: str, log: FaultLog) -> pd.DataFrame:
    same = long.duplicated()
    log.add(
        "row_repeated",
        "dropped",
        int(same.sum()),
        "rows that repeat an earlier one; left out",
        long["area_id"][same].unique(),
        file=file,
    )
    long = long[~same]
    key = ["area_id", "category"]
    torn = long.duplicated(key, keep=False)
    if torn.any():
        shown = [
            f"{row.area_id}: {row.category}" for row in long[torn].drop_duplicates(key).head(10).itertuples()
        ]
        raise SourceError(f"{file}: several counts for one area and group:", shown)
    return long


def _pivot(long: pd.DataFrame, file: str) -> pd.DataFrame:
    """Areas by categories, Int64, subtotals left out where their parts are there."""
    wide = long.pivot(index="area_id", columns="category", values="people").astype("Int64")
    names = [str(name) for name in wide.columns]
    subtotals = [name for name in names if any(other.startswith(f"{name}: ") for other in names)]
    wide = wide.drop(columns=subtotals)
    if len(wide.columns.drop(ALL, errors="ignore")) == 0:
        raise SourceError(f"{file}: holds a total and no groups.")
    return wide


def match_areas(
    counts: pd.DataFrame, area_ids: pd.Series, rows: int, file: str, log: FaultLog
) -> pd.DataFrame:
    """Put the counts in the boundaries' order; areas without any are null and named."""
    missing = area_ids[~area_ids.isin(counts.index)]
    if len(missing) == len(area_ids):
        raise SourceError(
            f"{file}: none of its {len(counts)} areas is in the boundaries (for example {counts.index[0]}); "
            "are both of the same year and place? Codes of 2011 and 2021 don't join."
        )
    if len(missing) and rows >= NOMIS_ROW_LIMIT and rows % NOMIS_ROW_LIMIT == 0:
        raise SourceError(
            f"{file}: has exactly {rows:,} rows and lacks {len(missing)} of {len(area_ids)} areas: the "
            f"server cut the answer at {NOMIS_ROW_LIMIT:,}; fetch the rest with RecordOffset and join the "
            "pages."
        )
    log.add(
        "area_without_counts",
        "missing",
        len(missing),
        "neighbourhoods that the table has no counts for; their people are not known",
        missing,
        file=file,
    )
    beyond = counts.index[~counts.index.isin(area_ids)]
    log.add(
        "area_beyond_boundaries",
        "note",
        len(beyond),
        "areas that have no boundary here; not read",
        beyond,
        file=file,
    )
    return counts.reindex(area_ids)


def _check_whole(sums: pd.Series, totals: pd.Series, file: str) -> None:
    """Raise when the groups are not all of the residents: a category was not asked for."""
    both = sums.notna() & totals.notna()
    in_groups, in_all = int(sums[both].sum()), int(totals[both].sum())
    if abs(in_groups - in_all) > LARGEST_DIFFERENCE * in_all:
        raise SourceError(
            f"{file}: its groups sum to {in_groups:,} people and its residents to {in_all:,}: "
            "a group is missing, or one is counted twice; fetch all categories of the table."
        )


def _build(counts: pd.DataFrame, config: Census, file: str, log: FaultLog) -> CensusResult:
    categories = [str(name) for name in counts.columns if name != ALL]
    present = counts.dropna(how="all")
    holes = int(present.isna().sum().sum())
    log.add(
        "count_missing",
        "missing",
        holes,
        "counts that are not published or left out; read as not known",
        present.index[present.isna().any(axis=1)],
        file=file,
    )
    sums = counts[categories].sum(axis=1, skipna=False)
    if ALL in counts.columns:
        _check_whole(sums, counts[ALL], file)
        differ = (sums != counts[ALL]).fillna(False)
        log.add(
            "groups_differ_from_total",
            "note",
            int(differ.sum()),
            f"areas whose groups sum to another number than the residents given ({int(sums.sum()):,} against "
            f"{int(counts[ALL].sum()):,} in all); both are kept as published",
            counts.index[differ],
            file=file,
        )
    else:
        counts = counts.assign(**{ALL: sums})
        log.add(
            "total_from_groups",
            "note",
            len(counts),
            "residents are the sum of the groups: no total given",
            file=file,
        )
    groups = build_groups(categories, table=config.table, year=config.year)
    id_of = dict(zip(groups["name"], groups["group_id"], strict=True))
    by_id = counts.rename(columns={name: id_of[name] for name in categories})
    aggregates = groups[groups["is_aggregate"]]
    for group_id, members in zip(aggregates["group_id"], aggregates["members"], strict=True):
        by_id[group_id] = by_id[str(members).split(";")].sum(axis=1, skipna=False)
    by_id = by_id[list(groups["group_id"])].astype("Int32")
    by_id = by_id.rename_axis(index="neighbourhood_id", columns="group_id")
    people = pd.Series(by_id.stack(future_stack=True), name="people")
    census = people.reset_index()
    return CensusResult(groups, census, by_id[ALL])
