"""The people part of the slow, plain reference: tables, neighbourhoods and the gap."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from data.areapack import AreaPack
from geo.query import Query
from tests.reference import Town, build_reference, row

CLASS_ORDER = ("outside_data", "walk", "one_bus", "two_buses", "not_in_reach")
REASON_ORDER = (
    "outside_data",
    "no_stop_near_origin",
    "no_stop_near_service",
    "no_timetable",
    "no_direct_bus",
    "direct_bus_other_times",
    "too_long",
)
Rows = dict[tuple[str, str], dict]
NOT_KNOWN = ("outside_data", "no_timetable")


def venues(pack: AreaPack) -> pd.DataFrame:
    """Services that people travel to: at a venue, and it is known where."""
    table = pack.services
    at_venue = table["delivery"].isin(["venue", "several_venues"])
    return table[at_venue & table["x"].notna()]


def build_town_of(pack: AreaPack, query: Query) -> Town:
    """The reference for all origin points and venues of a pack."""
    places = {("origin", p.point_id): (p.x, p.y) for p in pack.origin_points.itertuples()}
    places |= {("service", s.service_id): (s.x, s.y) for s in venues(pack).itertuples()}
    return build_reference(pack, query, places)


def point_rows(pack: AreaPack, query: Query) -> Rows:
    """One row for every (origin point, venue)."""
    town, services = build_town_of(pack, query), list(venues(pack)["service_id"])
    return {
        (p, s): row(town, ("origin", p), ("service", s))
        for p in pack.origin_points["point_id"]
        for s in services
    }


def weighted_median(values: Iterable[tuple[float | None, float]]) -> float | None:
    """The smallest value that at least half of the weight does not pass; missing counts as infinite."""
    pairs = list(values)
    half = sum(weight for _, weight in pairs) / 2
    running = 0.0
    for value, weight in sorted((v, w) for v, w in pairs if v is not None):
        running += weight
        if running >= half - 1e-9:
            return value
    return None


def heaviest(values: Iterable[tuple[str, float]], order: tuple[str, ...]) -> str | None:
    """The value with the most weight; of equals the first in ``order``."""
    weights: dict[str, float] = {}
    for value, weight in values:
        weights[value] = weights.get(value, 0.0) + weight
    return min(weights, key=lambda v: (-round(weights[v], 9), order.index(v)), default=None)


def neighbourhood_rows(pack: AreaPack, query: Query, by_point: Rows | None = None) -> Rows:
    """One row for every (neighbourhood, venue): most weight, weighted share, weighted medians."""
    by_point = point_rows(pack, query) if by_point is None else by_point
    result = {}
    for hood, points in pack.origin_points.groupby("neighbourhood_id", sort=False):
        for service in venues(pack)["service_id"]:
            rows = [(by_point[p.point_id, service], p.weight) for p in points.itertuples()]
            reach_class = heaviest(((r["reach_class"], w) for r, w in rows), CLASS_ORDER)
            of_class = [(r, w) for r, w in rows if r["reach_class"] == reach_class]
            made = {"reach_class": reach_class, "reason": None}
            if reach_class not in ("walk", "one_bus"):
                made["reason"] = heaviest(((r["reason"], w) for r, w in of_class), REASON_ORDER)
            for column in rows[0][0]:
                if column.endswith("_s"):
                    made[column] = weighted_median((r[column], w) for r, w in rows)
            reached = [(r, w) for r, w in rows if r["reach_class"] in ("walk", "one_bus")]
            share = sum(w for _, w in reached)
            known = [(r, w) for r, w in rows if r["share_in_reach"] is not None]
            base = sum(w for _, w in known)
            made["share_in_reach_people"] = share if known else None
            made["share_in_reach"] = sum(r["share_in_reach"] * w for r, w in known) / base if known else None
            # Infrequent where it is so for half or more of those in reach, and the class says reached.
            seldom = sum(w for r, w in reached if r["infrequent"])
            most = seldom > 0 and 2 * seldom >= share - 1e-9
            made["infrequent"] = most and reach_class in ("walk", "one_bus")
            result[hood, service] = made
    return result


def gap(
    pack: AreaPack, query: Query, level: str = "neighbourhood", by_point: Rows | None = None
) -> dict[tuple[str, str, str, str], dict]:
    """People in reach, cut off and not known by (area, kind, category, group)."""
    by_point = point_rows(pack, query) if by_point is None else by_point
    good = ("walk", "one_bus", "two_buses") if query.boardings == 2 else ("walk", "one_bus")
    table, points = venues(pack), list(pack.origin_points.itertuples())
    wards = dict(zip(pack.neighbourhoods["neighbourhood_id"], pack.neighbourhoods["ward_id"], strict=True))
    counts = {(c.neighbourhood_id, c.group_id): c.people for c in pack.census.itertuples()}
    result: dict[tuple[str, str, str, str], dict] = {}
    for kind in table["kind"].unique():
        of_kind = table[table["kind"] == kind]
        for category in ["*", *of_kind["category"].unique()]:
            members = of_kind if category == "*" else of_kind[of_kind["category"] == category]
            for p in points:
                rows = [by_point[p.point_id, s] for s in members["service_id"]]
                if any(r["reach_class"] in good for r in rows):
                    state = "in_reach"
                elif all(r["reason"] in NOT_KNOWN for r in rows):
                    state = "not_known"
                else:
                    state = "cut_off"
                hood = p.neighbourhood_id
                area = {"neighbourhood": hood, "ward": wards[hood], "area": pack.area_id}[level]
                for group in pack.groups["group_id"]:
                    people = counts[hood, group]
                    total = result.setdefault(
                        (area, kind, category, group), {"in_reach": 0.0, "cut_off": 0.0, "not_known": 0.0}
                    )
                    if pd.isna(people):
                        continue
                    total[state] += float(people) * p.weight
    return result
