"""The slow, plain reference of "why": read it as the specification.

Nothing is searched for: every journey says itself which limits it asks for (the
walk at either end and in all, the minutes it takes), so that the least limit with
which a place is in reach is the least that any of its journeys asks for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from data.areapack import AreaPack
from geo.query import Query
from tests.reference import Town, in_window, two_boardings
from tests.reference_people import Rows, build_town_of, categories, points, state_of, venues
from tests.reference_trips import read
from tests.reference_walk import Key

NEVER = math.inf
FARTHEST_WALK_M, FARTHEST_ON_FOOT_M, WALK_STEP_M, LONGEST_CUTOFF_MIN = 1_600, 3_200, 10, 120
# Of equal costs the first is named.
ORDER = ("session", "cutoff", "walk", "walk_all_the_way", "bus", "second_bus")
WALK_WEIGHT, SECOND_BUS_MIN = 2.0, 30.0  # a minute walked; each way
Pair = tuple[str, str]
Weights = list[tuple[str, float]]  # origin points


@dataclass(frozen=True)
class Way:
    """A journey, and what it asks for: ``leave_s`` None is on foot all the way, whenever one likes."""

    leave_s: int | None
    arrive_s: int | None
    longest_mm: int  # the longer of the two walks; 0 on foot, which only the whole walk limits
    walk_mm: int
    duration_s: int

    @property
    def on_foot(self) -> bool:
        return self.leave_s is None


def widen(query: Query) -> Query:
    """The query with the longest walks that are looked at."""
    leg_m, whole_m = query.walk.max_walk_m, query.walk.total_limit_mm // 1000
    wide = {
        "max_walk_m": max(FARTHEST_WALK_M, leg_m),
        "max_walk_total_m": max(FARTHEST_ON_FOOT_M, whole_m),
    }
    return replace(query, walk=replace(query.walk, **wide))


def ways(town: Town, origin: Key, destination: Key) -> Iterator[Way]:
    """Every journey within the walks that are looked at, whatever the time, and on foot."""
    if {origin, destination} & town.outside:
        return
    walk, slack = town.query.walk, town.query.board_slack_s
    whole_mm = town.lengths[origin].get(destination)
    if whole_mm is not None and whole_mm <= walk.total_limit_mm:
        yield Way(None, None, 0, whole_mm, town.seconds(whole_mm))
    access = town.stops_near(origin, walk.leg_limit_mm)
    egress = town.stops_near(destination, walk.leg_limit_mm)
    for stop, before_mm in access.items():
        for run, i in town.boardings_at.get(stop, []):
            leave_s = run.calls[i].departure_s - slack - town.seconds(before_mm)
            for off in run.calls[i + 1 :]:
                if not off.may_alight or off.stop not in egress:
                    continue
                after_mm = egress[off.stop]
                arrive_s = off.arrival_s + town.seconds(after_mm)
                yield Way(
                    leave_s, arrive_s, max(before_mm, after_mm), before_mm + after_mm, arrive_s - leave_s
                )


def walk_allowed(query: Query, way: Way, limit_m: int) -> bool:
    """Within a limit of walks to and from stops; the whole walk stays twice that, or as it is set.

    On foot all the way it stays as the query has it.
    """
    whole_mm = query.walk.total_limit_mm
    if not way.on_foot and query.walk.max_walk_total_m is None:
        whole_mm = 2 * 1000 * limit_m
    return way.longest_mm <= 1000 * limit_m and way.walk_mm <= whole_mm


def asks_for_walk_m(query: Query, way: Way) -> float:
    """The least limit of a walk to or from a stop, above the query's own, with which the journey counts."""
    if way.duration_s > query.cutoff_s:
        return NEVER
    first = (query.walk.max_walk_m // WALK_STEP_M + 1) * WALK_STEP_M
    for limit_m in range(first, FARTHEST_WALK_M + 1, WALK_STEP_M):
        if walk_allowed(query, way, limit_m):
            return limit_m
    return NEVER


def asks_for_walk_all_the_way_m(query: Query, way: Way) -> float:
    """The least limit of walking all the way, above the query's own, with which the journey counts.

    A journey by bus keeps the limits that it has.
    """
    if way.duration_s > query.cutoff_s:
        return NEVER
    first = (query.walk.total_limit_mm // (1000 * WALK_STEP_M) + 1) * WALK_STEP_M
    for limit_m in range(first, FARTHEST_ON_FOOT_M + 1, WALK_STEP_M):
        if way.walk_mm <= 1000 * limit_m if way.on_foot else walk_allowed(query, way, query.walk.max_walk_m):
            return limit_m
    return NEVER


def asks_for_cutoff_min(query: Query, way: Way) -> float:
    """The least step of the cut-off, above the query's own, with which the journey counts."""
    if not walk_allowed(query, way, query.walk.max_walk_m):
        return NEVER
    minutes = max(-(-way.duration_s // 60), query.cutoff_s // 60 + 1)
    return minutes if minutes <= LONGEST_CUTOFF_MIN else NEVER


def median(values: list[tuple[float, float]]) -> tuple[float, float]:
    """Of (value, weight): the least value that at least half does not pass, and the weight up to it."""
    half = sum(weight for _, weight in values) / 2
    for value in sorted({v for v, _ in values}):
        total = sum(weight for v, weight in values if v <= value)
        if total >= half - 1e-9:
            return value, total
    raise AssertionError("all of it passes half")


@dataclass
class Needs:
    """What each (origin point, service) asks for, and seconds of the shortest two rides.

    ``others`` gives further remedies of some cut-off points (with their weights) and services: by
    name the cost in minutes and the weight brought in, and the columns that tell of them.
    """

    walk_m: dict[Pair, float] = field(default_factory=dict)
    all_the_way_m: dict[Pair, float] = field(default_factory=dict)
    cutoff_min: dict[Pair, float] = field(default_factory=dict)
    second_s: dict[Pair, float] = field(default_factory=dict)
    each_way: int = 1  # how often the minutes are asked for
    others: Callable[[list[str], Weights], tuple[dict[str, tuple[float, float]], dict[str, Any]]] = (
        lambda _members, _cut: ({}, {})
    )


def needs_there(pack: AreaPack, query: Query, pairs: Iterable[Pair], theirs: Rows) -> Needs:
    """Of getting there inside the window."""
    wide, near = build_town_of(pack, widen(query)), build_town_of(pack, query)
    needs = Needs()
    for p, s in pairs:
        found = [
            way
            for way in ways(wide, ("origin", p), ("service", s))
            if way.leave_s is None or in_window(near, way.leave_s)
        ]
        needs.walk_m[p, s] = min((asks_for_walk_m(query, way) for way in found), default=NEVER)
        needs.all_the_way_m[p, s] = min(
            (asks_for_walk_all_the_way_m(query, way) for way in found), default=NEVER
        )
        needs.cutoff_min[p, s] = min((asks_for_cutoff_min(query, way) for way in found), default=NEVER)
        two = theirs[p, s]["reach_class"] == "two_buses"
        needs.second_s[p, s] = (two_boardings(near, ("origin", p), ("service", s)) if two else None) or NEVER
    return needs


def why(
    pack: AreaPack, query: Query, theirs: Rows, find: Callable[[AreaPack, Query, Iterable[Pair], Rows], Needs]
) -> dict[tuple[str, str, str], dict[str, Any]]:
    """By (neighbourhood, kind, category) of which some are cut off: what would bring half of them in reach.

    ``theirs`` are the rows of the query by point; ``find`` is :func:`needs_there`, or of there and back.
    """
    counts = read(pack.census, "neighbourhood_id", "group_id", "people")
    people = {hood: n for hood, group, n in counts if group == "all"}
    place = {s: (x, y) for s, x, y, *_ in venues(pack)}
    home = {p: (x, y) for p, x, y in read(pack.origin_points, "point_id", "x", "y")}
    cells: dict[tuple[str, str, str], tuple[list[str], Weights, float]] = {}
    for kind, name, members in categories(pack):
        for hood in dict.fromkeys(hood for _, hood, _ in points(pack)):
            states = [
                (p, weight, state_of([theirs[p, s] for s in members], query))
                for p, own, weight in points(pack)
                if own == hood
            ]
            cut = [(p, weight) for p, weight, state in states if state == "cut_off"]
            if cut:
                reached = sum(weight for _, weight, state in states if state == "in_reach")
                cells[hood, kind, name] = members, cut, reached
    wanted = dict.fromkeys((p, s) for members, cut, _ in cells.values() for p, _ in cut for s in members)
    needs = find(pack, query, wanted, theirs)
    result = {}
    for (hood, kind, name), (members, cut, reached) in cells.items():
        total = sum(weight for _, weight in cut)
        apart = [(min(math.dist(home[p], place[s]) for s in members), weight) for p, weight in cut]
        result[hood, kind, name] = {
            "people": people[hood],
            "cut_off": total * people[hood],
            "share_cut_off": total / (total + reached),
            "nearest_m": int(median(apart)[0]),
            **remedies(query, needs, members, cut, people[hood]),
        }
    return result


def remedies(query: Query, needs: Needs, members: list[str], cut: Weights, people: float) -> dict[str, Any]:
    """Each remedy alone, and the cheapest of them."""

    def least(of: dict[Pair, float]) -> list[tuple[float, float]]:
        return [(min(of[p, s] for s in members), weight) for p, weight in cut]

    walk, by_walk = median(least(needs.walk_m))
    on_foot, by_foot = median(least(needs.all_the_way_m))
    cutoff, by_cutoff = median(least(needs.cutoff_min))
    second, _ = median(least(needs.second_s))
    by_second = sum(weight for value, weight in least(needs.second_s) if value < NEVER)
    metres_a_minute = query.walk.speed_mm_per_h / 60_000
    both_walks_min = 2 * (walk - query.walk.max_walk_m) / metres_a_minute
    on_foot_min = (on_foot - query.walk.total_limit_mm / 1000) / metres_a_minute
    offers = {
        "walk": (needs.each_way * WALK_WEIGHT * both_walks_min, by_walk),
        "walk_all_the_way": (needs.each_way * WALK_WEIGHT * on_foot_min, by_foot),
        "cutoff": (needs.each_way * (cutoff - query.cutoff_s / 60), by_cutoff),
        "second_bus": (needs.each_way * SECOND_BUS_MIN if second < NEVER else NEVER, by_second),
    }
    others, row = needs.others(members, cut)
    offers = {name: offer for name, offer in {**offers, **others}.items() if offer[0] < NEVER}
    answer = min(offers, key=lambda name: (round(offers[name][0], 6), ORDER.index(name)), default="nothing")
    cost, gained = offers.get(answer, (None, 0.0))
    row |= {"answer": answer, "cost_min": cost, "people_gained": gained * people}
    row |= {"walk_m": walk if walk < NEVER else None, "cutoff_min": cutoff if cutoff < NEVER else None}
    row |= {"walk_all_the_way_m": on_foot if on_foot < NEVER else None}
    for name, limit, of in (
        ("walk", walk, needs.walk_m), ("walk_all_the_way", on_foot, needs.all_the_way_m)
    ):  # fmt: skip
        just = [p for p, _ in cut if min(of[p, s] for s in members) == limit < NEVER]
        row[f"{name}_point_id"] = just[0] if just else None
    row |= {"second_bus": second < NEVER, "second_bus_s": second if 0 < second < NEVER else None}
    for name in ORDER:
        row[f"{name}_people"] = offers[name][1] * people if name in offers else None
    return row
