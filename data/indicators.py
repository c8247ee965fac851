"""What else is known of a neighbourhood's people: age, English, cars, deprivation.

``INDICATORS`` says what each is, ``INDICATOR_VALUES`` has a row for every
neighbourhood and indicator. A row's ``basis`` says what its numbers are of:

published
    The source counts this very area.
same_area
    The source has an area of another census with the same land (by the lookup).
wider_area
    The source counts only the larger area that this one lies in: its share is
    told, and no count, because nobody knows how it divides.
not_known
    Nothing: not published, or the area was split or merged since.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.areapack import AreaPack

# Asked about as groups are: counts of people or households that matter to reaching a service on a bus.
HEADLINES = ("age_25_49", "age_65_plus", "age_75_plus", "english_little", "cars_none")
TOPICS = ("age", "english", "cars", "deprivation")
UNITS = ("people", "households", "rank")
BASES = ("published", "same_area", "wider_area", "not_known")
_SHOWN = 5
_NUMBERS = ("count", "base", "share", "rank", "decile")


def find_indicator_faults(
    areas: pd.DataFrame | None, indicators: pd.DataFrame | None, values: pd.DataFrame | None
) -> list[str]:
    """Return what in the two tables contradicts itself, the other, or the neighbourhoods."""
    if indicators is None or values is None:
        one = indicators is not None or values is not None
        return ["indicators and indicator_values: one is there without the other"] if one else []
    if areas is None:
        return ["indicators: there, though the pack has no neighbourhoods"]
    faults = _unknown_words(indicators, "topic", TOPICS) + _unknown_words(indicators, "unit", UNITS)
    faults += _unknown_words(values, "basis", BASES, table="indicator_values")
    rows = values.merge(indicators[["indicator_id", "unit", "ranked_of"]], on="indicator_id", how="left")
    wanted = len(areas) * len(indicators)
    if len(values) != wanted:
        faults.append(
            f"indicator_values: {len(values)} rows; {len(areas)} neighbourhoods and {len(indicators)} "
            f"indicators make {wanted}"
        )

    number = {name: rows[name].to_numpy(np.float64, na_value=np.nan) for name in _NUMBERS}
    given = {name: ~np.isnan(value) for name, value in number.items()}
    basis, unit = rows["basis"].to_numpy(object), rows["unit"].to_numpy(object)
    ranked_of = rows["ranked_of"].to_numpy(np.float64, na_value=np.nan)
    anything = np.any([given[name] for name in _NUMBERS], axis=0)
    both = given["count"] & given["base"] & (number["base"] > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = number["count"] / number["base"]
        checks = {
            "counts or bases below 0": (number["count"] < 0) | (number["base"] < 0),
            "counts above their base": number["count"] > number["base"],
            "a share that is not from 0 to 1": (number["share"] < 0) | (number["share"] > 1),
            "a share that is not count / base": both & ~(np.abs(share - number["share"]) <= 1e-9),
            "a decile that is not 1 to 10": (number["decile"] < 1) | (number["decile"] > 10),
            "a rank that is not 1 to ranked_of": (number["rank"] < 1) | (number["rank"] > ranked_of),
        }
    ranked = unit == "rank"
    checks |= {
        "a count of what is only ranked": ranked & (given["count"] | given["base"] | given["share"]),
        "a rank of what is counted": ~ranked & (given["rank"] | given["decile"]),
        "a count, though only a wider area was counted": (basis == "wider_area")
        & (given["count"] | given["base"]),
        "numbers, though nothing is known": (basis == "not_known") & anything,
        "no number, though the basis says so": (basis != "not_known") & ~anything,
    }
    for what, wrong in checks.items():
        if wrong.any():
            shown = list(dict.fromkeys(rows["neighbourhood_id"][wrong].astype(str)))
            more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
            faults.append(f"indicator_values: {what}: {', '.join(shown[:_SHOWN])}{more}")
    return faults


def _unknown_words(
    frame: pd.DataFrame, column: str, known: tuple[str, ...], *, table: str = "indicators"
) -> list[str]:
    strange = sorted(set(frame[column].astype(str)) - set(known))
    return [f"{table}: {column} is not {', '.join(known)}: {', '.join(strange[:_SHOWN])}"] if strange else []


def list_counted(pack: AreaPack) -> pd.DataFrame:
    """Return the counts beside the census's groups that can be asked about as groups are.

    Returns
    -------
    DataFrame
        group_id, name, leaves_out, is_aggregate, counted (people or households), base_name,
        source_table, source_year. Without those that no neighbourhood has a count of, and without
        an id that a census group has already.
    """
    columns = ["group_id", "name", "leaves_out", "is_aggregate", "counted", "base_name", "source_table",
               "source_year"]  # fmt: skip
    if pack.indicators is None or pack.indicator_values is None:
        return pd.DataFrame(columns=columns)
    given = pack.indicator_values.loc[pack.indicator_values["count"].notna(), "indicator_id"].unique()
    rows = pack.indicators.rename(columns={"indicator_id": "group_id", "unit": "counted"})
    taken = [] if pack.groups is None else list(pack.groups["group_id"])
    chosen = rows["group_id"].isin(HEADLINES) & rows["group_id"].isin(given) & ~rows["group_id"].isin(taken)
    return rows.loc[chosen].sort_values("sort_order", kind="stable")[columns].reset_index(drop=True)


def values_of(pack: AreaPack, indicator_id: str, column: str) -> np.ndarray:
    """Return one column of an indicator by neighbourhood, float64[n], NaN where not known."""
    if pack.neighbourhoods is None:
        return np.empty(0)
    ids = pack.neighbourhoods["neighbourhood_id"]
    if pack.indicator_values is None:
        return np.full(len(ids), np.nan)
    values = pack.indicator_values
    rows = values[values["indicator_id"] == indicator_id].set_index("neighbourhood_id")[column]
    return rows.reindex(ids).to_numpy(np.float64, na_value=np.nan)
