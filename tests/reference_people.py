"""The people part of the slow, plain reference: tables, neighbourhoods and the gap."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from data.areapack import AreaPack
from geo.query import Query
from tests.reference import Town, build_reference, row
from tests.reference_trips import read

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
REACHED = ("walk", "one_bus")
STATES = ("in_reach", "cut_off", "not_known")


def venues(pack: AreaPack) -> list[tuple[str, float, float, str, str]]:
    """Services that people travel to (at a venue, and it is known where): id, x, y, kind and category."""
    rows = read(pack.services, "service_id", "x", "y", "kind", "category", "delivery")
    return [
        (service, x, y, kind, category)
        for service, x, y, kind, category, delivery in rows
        if delivery in ("venue", "several_venues") and x is not None
    ]


def points(pack: AreaPack) -> list[tuple[str, str, float]]:
    """Origin points: id, neighbourhood and weight."""
    return read(pack.origin_points, "point_id", "neighbourhood_id", "weight")


def build_town_of(pack: AreaPack, query: Query) -> Town:
    """The reference for all origin points and venues of a pack."""
    places = {("origin", p): (x, y) for p, x, y in read(pack.origin_points, "point_id", "x", "y")}
    places |= {("service", s): (x, y) for s, x, y, *_ in venues(pack)}
    return build_reference(pack, query, places)


def point_rows(pack: AreaPack, query: Query) -> Rows:
    """One row for every (origin point, venue)."""
    town = build_town_of(pack, query)
    return {
        (p, s): row(town, ("origin", p), ("service", s)) for p, *_ in points(pack) for s, *_ in venues(pack)
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
    for hood in dict.fromkeys(hood for _, hood, _ in points(pack)):
        for service, *_ in venues(pack):
            rows = [(by_point[p, service], weight) for p, own, weight in points(pack) if own == hood]
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
    rows = point_rows(pack, query) if by_point is None else by_point
    return count_people(
        pack, level, STATES, lambda p, members: [state_of([rows[p, s] for s in members], query)]
    )


def count_people(
    pack: AreaPack, level: str, states: tuple[str, ...], stand: Callable[[str, list[str]], list[str]]
) -> dict[tuple[str, str, str, str], dict]:
    """People in each state by (area, kind, category, group).

    ``stand`` says in which states a point is as to some services.
    """
    wards = dict(read(pack.neighbourhoods, "neighbourhood_id", "ward_id"))
    counts = {(h, group): n for h, group, n in read(pack.census, "neighbourhood_id", "group_id", "people")}
    result: dict[tuple[str, str, str, str], dict] = {}
    for kind, name, members in categories(pack):
        for p, hood, weight in points(pack):
            own = stand(p, members)
            area = {"neighbourhood": hood, "ward": wards[hood], "area": pack.area_id}[level]
            for (group,) in read(pack.groups, "group_id"):
                people = counts[hood, group]
                total = result.setdefault((area, kind, name, group), dict.fromkeys(states, 0.0))
                for state in own if people is not None else ():
                    total[state] += float(people) * weight
    return result


def categories(pack: AreaPack) -> list[tuple[str, str, list[str]]]:
    """Kind, category and services of each category, "*" (any of the kind) too."""
    table = venues(pack)
    return [
        (kind, name, [s for s, _, _, of, category in table if of == kind and name in ("*", category)])
        for kind in dict.fromkeys(kind for *_, kind, _ in table)
        for name in ["*", *dict.fromkeys(category for *_, of, category in table if of == kind)]
    ]


def states_of_most(pack: AreaPack, query: Query, by_point: Rows) -> dict[tuple[str, str, str], tuple]:
    """By (neighbourhood, kind, category): the state of most people, the share in reach of those known."""
    result = {}
    for kind, name, members in categories(pack):
        for hood in dict.fromkeys(hood for _, hood, _ in points(pack)):
            weights = dict.fromkeys(STATES, 0.0)
            for p, own, weight in points(pack):
                if own == hood:
                    weights[state_of([by_point[p, s] for s in members], query)] += weight
            known = weights["in_reach"] + weights["cut_off"]
            state = heaviest(weights.items(), STATES)
            result[hood, kind, name] = state, weights["in_reach"] / known if known else None
    return result


def state_of(rows: list[dict], query: Query) -> str:
    """Whether somebody has one of several services in reach, is cut off from all, or it is not known."""
    good = ("walk", "one_bus", "two_buses") if query.boardings == 2 else ("walk", "one_bus")
    if any(r["reach_class"] in good for r in rows):
        return "in_reach"
    return "not_known" if all(r["reason"] in NOT_KNOWN for r in rows) else "cut_off"
