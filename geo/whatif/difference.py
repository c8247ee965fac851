"""Whom a scenario brings within reach, and who falls out of it: people by category, group and area.

Definitions: docs/methods.md, "What if".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data.areapack import AreaPack
from data.errors import PackError, QueryError
from geo.gap import find_states, list_and_count, list_areas, roll_up, weigh_states
from geo.people import compute_neighbourhood_reach
from geo.profile import NONE
from geo.provision import compute_provision
from geo.query import Query
from geo.reach import to_nullable
from geo.roundtrip import RoundTripSettings
from geo.tables import PEOPLE_COLUMN, PEOPLE_ROW_COLUMNS, SMALL_COUNT, ReachTable
from geo.whatif.engine import ScenarioEngine
from geo.whatif.recompute import recompute_reach, recompute_there_and_back

if TYPE_CHECKING:
    from geo.engine import Engine

# Rows: (level, area, kind, category, group), as in the gap table.
DIFFERENCE_COLUMNS: dict[str, str] = {
    **PEOPLE_ROW_COLUMNS,
    "in_reach_before": "float64: people with at least one of the category in reach, as things are",
    "in_reach_after": "float64: the same under the scenario",
    "in_reach_assumed_before": "float64: those of in_reach_before who are so by assumed sessions alone; null "
    "of getting there",
    "in_reach_assumed_after": "float64: the same of in_reach_after",
    "gained": "float64: people in reach under the scenario and not before",
    "lost": "float64: people in reach before and not under the scenario",
    "cut_off_before": "float64: people with none in reach, known",
    "cut_off_after": "float64",
    "not_known_before": "float64: people whose reach is not known",
    "not_known_after": "float64",
    "small_count": "bool: people under 10, to be read 'fewer than 10'",
    "services_before": "Int64: how many of the category the pack holds (venues)",
    "services_after": "Int64: under the scenario",
    "nearest_before_s": "Int32: neighbourhoods only: time to the nearest of the category that is in reach "
    "(median person); null: none is",
    "nearest_after_s": "Int32: under the scenario",
}
# Rows: (neighbourhood, service) of which anything here differs.
PAIR_COLUMNS: dict[str, str] = {
    "origin_id": "string: neighbourhood",
    "service_id": "string",
    "class_before": "category of CLASSES; null: the service is new",
    "class_after": "category of CLASSES; null: the service is gone",
    "best_before_s": "Int32: best_duration_s as things are",
    "best_after_s": "Int32: under the scenario",
    "change_s": "Int32: after - before; null where either is",
    "share_people_before": "float64, 0 to 1: share of the people with class walk or one_bus",
    "share_people_after": "float64, 0 to 1",
}
_KEY = ["kind", "category"]
_STATES = ("in_reach", "cut_off", "not_known", "in_reach_assumed")  # of geo.gap.find_states; there: three


@dataclass(frozen=True)
class WhatIf:
    """A scenario's answer beside the one without it.

    ``before`` and ``after`` are by origin point; ``frame`` has the columns of
    ``DIFFERENCE_COLUMNS``.
    """

    frame: pd.DataFrame
    before: ReachTable
    after: ReachTable
    query: Query
    changed: ScenarioEngine

    def list_outside(self) -> list[str]:
        """Names of what was put where the pack has no streets: nobody can be known to gain by it."""
        return self.changed.list_outside(avoid_steps=self.query.walk.avoid_steps)


def compute_what_if(
    engine: Engine,
    query: Query,
    *,
    settings: RoundTripSettings | None = None,
    day: int | None = None,
    before: ReachTable | None = None,
    changed: ScenarioEngine | None = None,
) -> WhatIf:
    """Answer a query with a scenario, and say what differs from the pack as it stands.

    Parameters
    ----------
    engine : Engine
        Of the pack as it stands.
    query : Query
        With a scenario.
    settings : RoundTripSettings, optional
        In reach means there and back, inside session times; None: there.
    day : int, optional
        Only sessions of this weekday; for there and back.
    before : ReachTable, optional
        The answer by point without the scenario, where it is at hand.
    changed : ScenarioEngine, optional
        ``engine.under(query.scenario)``, where it is at hand.

    Raises
    ------
    QueryError
        No scenario, or one that the pack can't take.
    PackError
        The pack has no counts of people.
    """
    if query.scenario is None:
        raise QueryError("What if needs a scenario; give one with --scenario.")
    if changed is None:
        under = engine.under(query.scenario)
        assert isinstance(under, ScenarioEngine)
        changed = under
    plain = replace(query, scenario=None)
    if settings is None:
        before = before or engine.reach(plain, level="point")
        after = recompute_reach(changed, before, query)
    else:
        before = before or engine.reach_there_and_back(plain, settings, day=day, level="point")
        after = recompute_there_and_back(changed, before, query, settings, day=day)
    frame = compute_difference(engine.pack, changed.pack, before, after)
    return WhatIf(frame, before, after, query, changed)


def compute_difference(old: AreaPack, new: AreaPack, before: ReachTable, after: ReachTable) -> pd.DataFrame:
    """People in reach before and after (``DIFFERENCE_COLUMNS``), by category, group and area.

    Gained and lost are counted point by point, so that as many who gain and
    lose do not hide each other.

    Parameters
    ----------
    before, after : ReachTable
        By point, of all the pack's origin points in the same order.
    """
    if old.neighbourhoods is None or old.origin_points is None or old.groups is None or old.census is None:
        raise PackError("The pack has no counts of people, so nobody can be counted as gaining reach.")
    categories, was, will = _align(
        find_states(before, old, before.query), find_states(after, new, after.query)
    )
    gained, lost = will[0] & ~was[0], was[0] & ~will[0]
    hoods = old.neighbourhoods
    parts = (was, will, np.stack([gained, lost, ~gained & ~lost]))
    share = np.concatenate([weigh_states(before, old, part) for part in parts], axis=1)
    counts_of = [f"{name}_{side}" for side in ("before", "after") for name in _STATES[: len(was)]]
    counts_of += ["gained", "lost"]  # what is left over are all others
    areas, ward = list_areas(old, hoods)
    groups, counts = list_and_count(old, hoods, old.groups, old.census)
    known = ~np.isnan(counts)
    people_of_hood = np.where(known, counts, 0.0)
    totals = roll_up(share[:, :, :, None] * people_of_hood[:, None, None, :], ward)
    people, counted = roll_up(people_of_hood, ward), roll_up(~known, ward) == 0

    n_areas, n_groups = people.shape
    n_categories = len(categories)
    area = np.repeat(np.arange(n_areas), n_categories * n_groups)
    category = np.tile(np.repeat(np.arange(n_categories), n_groups), n_areas)
    group = np.tile(np.arange(n_groups), n_areas * n_categories)
    published = counted[area, group]
    count = people[area, group]

    def number(state: int) -> np.ndarray:
        return np.where(published, totals[:, state].ravel(), np.nan)

    nearest = [_nearest(table, pack, hoods, categories) for table, pack in ((before, old), (after, new))]

    def seconds(values: np.ndarray) -> pd.arrays.IntegerArray:
        whole = np.full((n_areas, n_categories), NONE, np.int32)
        whole[: len(hoods)] = values
        return to_nullable(whole[area, category])

    columns = {
        **{name: areas[name].array.take(area) for name in ("level", "area_id", "area_name")},
        **{name: categories[name].array.take(category) for name in _KEY},
        "group_id": groups["group_id"].array.take(group),
        "group_name": groups["name"].array.take(group),
        "counted": groups["counted"].array.take(group),
        "people": pd.arrays.IntegerArray(np.round(count).astype(np.int64), ~published),
        **dict.fromkeys(("in_reach_assumed_before", "in_reach_assumed_after"), np.full(len(area), np.nan)),
        **{name: number(state) for state, name in enumerate(counts_of)},
        "small_count": published & (count < SMALL_COUNT),
        "services_before": categories["services_before"].to_numpy(np.int64)[category],
        "services_after": categories["services_after"].to_numpy(np.int64)[category],
        "nearest_before_s": seconds(nearest[0]),
        "nearest_after_s": seconds(nearest[1]),
    }  # fmt: skip
    return pd.DataFrame(columns, copy=False)[list(DIFFERENCE_COLUMNS)]


def compare_pairs(old: AreaPack, new: AreaPack, before: ReachTable, after: ReachTable) -> pd.DataFrame:
    """Neighbourhoods and services whose class, best time or share of people differs (``PAIR_COLUMNS``).

    Parameters
    ----------
    before, after : ReachTable
        By point.
    """
    sides = []
    for table, pack, side in ((before, old, "before"), (after, new, "after")):
        frame = compute_neighbourhood_reach(table, pack).frame
        named = {"reach_class": f"class_{side}", "best_duration_s": f"best_{side}_s",
                 PEOPLE_COLUMN: f"share_people_{side}"}  # fmt: skip
        sides.append(frame[["origin_id", "service_id", *named]].rename(columns=named))
    both = sides[0].merge(sides[1], on=["origin_id", "service_id"], how="outer", sort=False)
    both["change_s"] = both["best_after_s"] - both["best_before_s"]
    same = np.ones(len(both), bool)
    for name in ("class_{}", "best_{}_s", "share_people_{}"):
        left, right = (both[name.format(side)].astype(object) for side in ("before", "after"))
        same &= ((left == right) | (left.isna() & right.isna())).fillna(False).to_numpy(bool)
    return both[~same][list(PAIR_COLUMNS)].reset_index(drop=True)


def _align(
    before: tuple[pd.DataFrame, np.ndarray], after: tuple[pd.DataFrame, np.ndarray]
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """The categories of both, and the states bool[states, categories, points] in that order.

    Of a category that has no service nobody is in reach, and that is known.
    """
    listed = pd.concat([before[0][_KEY], after[0][_KEY]]).drop_duplicates()
    listed = listed.sort_values(_KEY, ascending=[False, True], ignore_index=True)  # services before places
    made = []
    for name, (table, state) in (("services_before", before), ("services_after", after)):
        row = pd.MultiIndex.from_frame(table[_KEY]).get_indexer(pd.MultiIndex.from_frame(listed))
        own = np.zeros((len(state), len(listed), state.shape[2]), bool)
        own[:, row >= 0] = state[:, row[row >= 0]]
        own[1, row < 0] = True
        made.append(own)
        listed[name] = np.where(row >= 0, table["services"].to_numpy(np.int64)[np.maximum(row, 0)], 0)
    return listed, made[0], made[1]


def _nearest(points: ReachTable, pack: AreaPack, hoods: pd.DataFrame, categories: pd.DataFrame) -> np.ndarray:
    """Seconds to the nearest in reach: int32[hoods, categories], ``NONE`` where there is none."""
    table = compute_provision(compute_neighbourhood_reach(points, pack), pack)
    key = ["neighbourhood_id", *_KEY]
    wanted = pd.MultiIndex.from_arrays(
        [
            np.repeat(hoods["neighbourhood_id"].to_numpy(object), len(categories)),
            np.tile(categories["kind"].to_numpy(object), len(hoods)),
            np.tile(categories["category"].to_numpy(object), len(hoods)),
        ]
    )
    row = pd.MultiIndex.from_arrays([table[name].to_numpy(object) for name in key]).get_indexer(wanted)
    seconds = table["nearest_s"].to_numpy(np.int32, na_value=NONE)
    found = np.where(row >= 0, seconds[np.maximum(row, 0)], NONE)
    return found.astype(np.int32).reshape(len(hoods), len(categories))
