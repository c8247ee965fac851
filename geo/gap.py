"""People in reach, cut off and not known, by category, group and area.

Definitions: docs/methods.md, "People"; docs/design.md, decision 9.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.areapack import AreaPack
from data.errors import PackError
from data.indicators import list_counted, values_of
from data.venues import list_whole_services
from geo.people import find_points
from geo.query import Query
from geo.tables import (
    CLASSES,
    GAP_COLUMNS,
    NOT_KNOWN_REASONS,
    REASONS,
    SMALL_COUNT,
    GapTable,
    ReachTable,
)

ANY_CATEGORY = "*"
SMALL_BASE = 50


def compute_gap(points: ReachTable, pack: AreaPack, query: Query) -> GapTable:
    """Count people by whether any service of a category is in reach of their origin point.

    Beside the census's groups stand the counts of ``data.indicators.list_counted``: people of
    an age, households without a car. A group's people are split over the points of a
    neighbourhood by weight. A group's count that is missing in a neighbourhood is null there, and
    so are the sums of a ward or area that it belongs to: a part is not passed off as the whole.

    Parameters
    ----------
    points : ReachTable
        By point, of all the pack's origin points.
    query : Query
        With ``boardings`` of 2, two buses count as in reach.

    Raises
    ------
    PackError
        The pack has no counts of people.
    """
    if (
        pack.neighbourhoods is None
        or pack.origin_points is None
        or pack.groups is None
        or pack.census is None
    ):
        raise PackError(
            "The pack has no counts of people, so there is no gap to count: reach alone can be asked for."
        )
    if points.level != "point":
        raise ValueError("the gap is counted from reach by point")
    categories, state = find_states(points, pack, query)
    areas, ward = list_areas(pack, pack.neighbourhoods)
    groups, counts = list_and_count(pack, pack.neighbourhoods, pack.groups, pack.census)

    share = weigh_states(points, pack, state)
    known = ~np.isnan(counts)
    people_of_hood = np.where(known, counts, 0.0)
    totals = roll_up(share[:, :, :, None] * people_of_hood[:, None, None, :], ward)
    people, has_count = roll_up(people_of_hood, ward), roll_up(~known, ward) == 0
    frame = _assemble(groups, categories, areas, people, has_count, totals)
    return GapTable(frame, query, points.service_date, points.area_id, points.pack_digest)


def weigh_states(points: ReachTable, pack: AreaPack, state: np.ndarray) -> np.ndarray:
    """Share of each neighbourhood's people in each state: float64[hoods, states, categories].

    ``state`` is that of the points (:func:`find_states`).
    """
    own = pack.origin_points
    assert own is not None and pack.neighbourhoods is not None
    rows = find_points(points, own)
    hood = pd.Index(pack.neighbourhoods["neighbourhood_id"]).get_indexer(own["neighbourhood_id"].iloc[rows])
    weight = own["weight"].to_numpy(np.float64)[rows]
    share = np.zeros((len(pack.neighbourhoods), *state.shape[:2]))
    np.add.at(share, hood, state.transpose(2, 0, 1) * weight[:, None, None])
    # A neighbourhood none of whose points was asked about is not known, whatever the category.
    rest = 1.0 - share[:, :3].sum(axis=1)
    share[:, 2] += np.where(rest > 1e-9, rest, 0.0)
    return share


def find_states(points: ReachTable, pack: AreaPack, query: Query) -> tuple[pd.DataFrame, np.ndarray]:
    """Categories (kind, category, services) and whether each point is in reach, cut off or not known.

    Returns
    -------
    DataFrame [kind, category, services]; bool[3, categories, points], there and back
    bool[4, categories, points]: the fourth are those in reach who are so by assumed
    sessions alone, since no service of the category is in reach by a session of known times
    """
    frame = points.frame
    n_points = max(1, frame["origin_id"].nunique())
    m = len(frame) // n_points
    service_ids = frame["service_id"].to_numpy(object)[:m]
    services = pack.services
    if services is None:
        raise PackError("The pack has no services or places, so there is no gap to count.")
    listed, member = list_categories(services, service_ids)
    codes = frame["reach_class"].cat.codes.to_numpy().reshape(-1, m)
    reasons = frame["reason"].cat.codes.to_numpy().reshape(-1, m)
    reached = np.isin(codes, [CLASSES.index(name) for name in query.reached_classes])
    not_known = np.isin(reasons, [REASONS.index(name) for name in NOT_KNOWN_REASONS])
    # Float products: numpy has no fast product of booleans.
    pick = member.astype(np.float32)

    def any_of(pairs: np.ndarray) -> np.ndarray:
        """Whether a pair of the point with some service of the category is true: bool[categories, points]."""
        return (pick @ pairs.T.astype(np.float32)) > 0

    any_reached, any_known = any_of(reached), any_of(~not_known)
    states = [any_reached, ~any_reached & any_known, ~any_reached & ~any_known]
    if "assumed" in frame:
        # A pair's row is of its best session, and known times come before assumed ones.
        assumed = frame["assumed"].to_numpy(bool).reshape(-1, m)
        states.append(any_reached & ~any_of(reached & ~assumed))
    return listed, np.stack(states)


def list_categories(services: pd.DataFrame, service_ids: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """Categories of some services, and which of these each holds.

    Returns
    -------
    DataFrame [kind, category, services], services before places and any category
    ("*") first, a service at several venues counted once; bool[categories, service_ids]
    """
    table = services.set_index("service_id").loc[service_ids]
    kind, category = table["kind"].to_numpy(object), table["category"].to_numpy(object)
    wanted = [
        (one, name)
        for one in sorted(set(kind), reverse=True)
        for name in (ANY_CATEGORY, *sorted(set(category[kind == one])))
    ]
    member = np.array(
        [(kind == one) & ((category == name) | (name == ANY_CATEGORY)) for one, name in wanted], bool
    ).reshape(len(wanted), len(service_ids))
    listed = pd.DataFrame(wanted, columns=["kind", "category"])
    whole = list_whole_services(table.reset_index())
    listed["services"] = [len(set(whole[own])) for own in member]
    return listed, member


def roll_up(values: np.ndarray, ward: np.ndarray) -> np.ndarray:
    """Sum neighbourhoods [hoods, ...] into [hoods, then wards, then the whole area, ...].

    ``ward`` is the number of each neighbourhood's ward, -1 where it has none.
    """
    of_wards = np.zeros((int(ward.max(initial=-1)) + 1, *values.shape[1:]))
    np.add.at(of_wards, ward[ward >= 0], values[ward >= 0])
    return np.concatenate([values, of_wards, values.sum(axis=0, keepdims=True)])


def list_areas(pack: AreaPack, hoods: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Areas (level, area_id, area_name) in the order of ``roll_up``, and each neighbourhood's ward."""
    rows = [
        ("neighbourhood", hood, name)
        for hood, name in zip(hoods["neighbourhood_id"], hoods["name"], strict=True)
    ]
    wards = hoods[hoods["ward_id"].notna()].drop_duplicates("ward_id").sort_values("ward_id")
    rows += [
        ("ward", ward, ward if pd.isna(name) else name)
        for ward, name in zip(wards["ward_id"], wards["ward_name"], strict=True)
    ]
    rows.append(("area", pack.area_id, pack.manifest.name))
    ward_number = pd.Index(wards["ward_id"]).get_indexer(hoods["ward_id"])
    return pd.DataFrame(rows, columns=["level", "area_id", "area_name"]), ward_number


def list_and_count(
    pack: AreaPack, hoods: pd.DataFrame, groups: pd.DataFrame, census: pd.DataFrame
) -> tuple[pd.DataFrame, np.ndarray]:
    """Groups and the counts beside them (group_id, name, counted), and float64[hoods, groups].

    NaN stands where a count is not published.
    """
    others = list_counted(pack)
    listed = pd.concat(
        [groups[["group_id", "name"]].assign(counted="people"), others[["group_id", "name", "counted"]]],
        ignore_index=True,
    )
    more = [values_of(pack, one, "count") for one in others["group_id"]]
    return listed, np.column_stack([count_groups(hoods, groups, census), *more])


def count_groups(hoods: pd.DataFrame, groups: pd.DataFrame, census: pd.DataFrame) -> np.ndarray:
    """Census counts as float64[hoods, groups], in the pack's order of both, NaN where not published."""
    hood = pd.Index(hoods["neighbourhood_id"]).get_indexer(pd.Index(census["neighbourhood_id"]))
    group = pd.Index(groups["group_id"]).get_indexer(pd.Index(census["group_id"]))
    counts = np.full((len(hoods), len(groups)), np.nan)
    inside = (hood >= 0) & (group >= 0)
    people = census["people"].to_numpy(np.float64, na_value=np.nan)
    counts[hood[inside], group[inside]] = people[inside]
    return counts


def _assemble(
    groups: pd.DataFrame,
    categories: pd.DataFrame,
    areas: pd.DataFrame,
    people: np.ndarray,
    has_count: np.ndarray,
    totals: np.ndarray,
) -> pd.DataFrame:
    """One row per area x category x group, nested so; ``totals`` is [areas, states, categories, groups]."""
    n_areas, n_states, n_categories, n_groups = totals.shape
    area = np.repeat(np.arange(n_areas), n_categories * n_groups)
    category = np.tile(np.repeat(np.arange(n_categories), n_groups), n_areas)
    group = np.tile(np.arange(n_groups), n_areas * n_categories)
    in_reach, cut_off, not_known = (totals[:, state].ravel() for state in range(3))
    assumed = totals[:, 3].ravel() if n_states > 3 else np.full(len(area), np.nan)
    count, counted = people[area, group], has_count[area, group]
    base = in_reach + cut_off
    with np.errstate(invalid="ignore", divide="ignore"):
        share_cut_off = np.where(base > 0, cut_off / base, np.nan)
        share_not_known = np.where(count > 0, not_known / count, np.nan)

    def or_null(values: np.ndarray) -> np.ndarray:
        return np.where(counted, values, np.nan)

    columns = {
        **{name: areas[name].array.take(area) for name in ("level", "area_id", "area_name")},
        **{name: categories[name].array.take(category) for name in ("kind", "category")},
        **{
            target: groups[source].array.take(group)
            for target, source in (("group_id", "group_id"), ("group_name", "name"), ("counted", "counted"))
        },
        "people": pd.arrays.IntegerArray(np.round(count).astype(np.int64), ~counted),
        "in_reach": or_null(in_reach),
        "in_reach_assumed": or_null(assumed),
        "cut_off": or_null(cut_off),
        "not_known": or_null(not_known),
        "share_cut_off": or_null(share_cut_off),
        "share_not_known": or_null(share_not_known),
        "small_count": counted & (count < SMALL_COUNT),
        "small_base": counted & (base < SMALL_BASE),
        "services": categories["services"].to_numpy(np.int64)[category],
    }
    frame = pd.DataFrame(columns, copy=False)
    return frame[list(GAP_COLUMNS)]
