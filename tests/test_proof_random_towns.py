"""Engine and slow reference on random towns, new ones each run, until they differ in any value.

A failure prints the smallest town found and a ``@reproduce_failure`` line that
shows it again. ``ONE_BUS_REACH_TOWNS`` sets how many towns are tried.
"""

from __future__ import annotations

import os
from collections import Counter

import pandas as pd
import pytest
from hypothesis import assume, given, note, settings

from data.areapack import AreaPack
from geo.engine import Engine
from geo.query import Query
from tests import reference_people
from tests.proof import differences, frame_rows, reference_rows
from tests.reference import (
    build_reference,
    exact_percentile,
    longest_times,
    percentile_s,
    rides,
    walk_all_the_way_s,
)
from tests.reference_walk import AmbiguousTown
from tests.strategies import TownSpec, questions

TOWNS = int(os.environ.get("ONE_BUS_REACH_TOWNS", "300"))
SEEN: Counter[str] = Counter()


def reference_or_skip(pack: AreaPack, query: Query, level: str = "point"):
    """The reference's rows; towns in which two streets are equally near a place have no one answer."""
    try:
        return reference_rows(pack, query, level)
    except AmbiguousTown:
        assume(False)


@settings(max_examples=TOWNS)
@given(question=questions())
def test_every_value_of_every_pair_equals_the_reference(question: tuple[TownSpec, Query]) -> None:
    spec, query = question
    pack = spec.build()
    theirs = reference_or_skip(pack, query)
    for row in theirs.values():
        SEEN[row["reach_class"]] += 1
        SEEN[row["reason"] or "reached"] += 1
    note(str(query))
    engine = Engine(pack)
    points = engine.reach(query, level="point")
    assert differences(frame_rows(points.frame), theirs) == []
    hoods = reference_people.neighbourhood_rows(pack, query, theirs)
    assert differences(frame_rows(engine.reach(query).frame), hoods) == []
    assert gap_differences(engine.gap(query, points=points).frame, pack, query, theirs) == []


def gap_differences(frame: pd.DataFrame, pack: AreaPack, query: Query, theirs: dict) -> list[str]:
    """Values in which the engine's gap and the reference's differ."""
    lines = []
    for level in ("neighbourhood", "ward", "area"):
        ours = frame[frame["level"] == level]
        rows = {(r.area_id, r.kind, r.category, r.group_id): r for r in ours.itertuples()}
        for key, totals in reference_people.gap(pack, query, level, theirs).items():
            if key not in rows:
                lines.append(f"{level} {key}: missing")
                continue
            people = rows[key].people
            if pd.isna(people):
                continue
            for name, value in totals.items():
                got = getattr(rows[key], name)
                if pd.isna(got) or abs(got - value) > 1e-6:
                    lines.append(f"{level} {key} {name}: engine {got}, reference {value}")
    return lines


def test_the_random_towns_were_worth_trying() -> None:
    """Random towns that never reach anything prove nothing: most classes and reasons were met."""
    if sum(SEEN.values()) < 1000:
        pytest.skip("too few towns were tried to judge them")
    assert SEEN["one_bus"] >= 10, SEEN
    assert SEEN["walk"] >= 10, SEEN
    assert SEEN["not_in_reach"] >= 10, SEEN
    assert len(SEEN) >= 9, SEEN  # of 5 classes, 7 reasons and 'reached'


@settings(max_examples=40)
@given(question=questions())
def test_percentiles_by_the_second_equal_the_exact_fractions(question: tuple[TownSpec, Query]) -> None:
    """The reference's own check: one-second brute force against fractions, rounded up."""
    spec, query = question
    pack = spec.build()
    places = {("origin", p.point_id): (p.x, p.y) for p in pack.origin_points.itertuples()}
    places |= {("service", s.service_id): (s.x, s.y) for s in pack.services.itertuples()}
    try:
        town = build_reference(pack, query, places)
    except AmbiguousTown:
        assume(False)
    for origin in (key for key in places if key[0] == "origin"):
        for service in (key for key in places if key[0] == "service"):
            found = list(rides(town, origin, service)) if not {origin, service} & town.outside else []
            walk_s = walk_all_the_way_s(town, origin, service)
            times = longest_times(query, found, walk_s)
            for p in (1, 33, 50, 85, 100):
                exact = exact_percentile(query, found, walk_s, p)
                assert percentile_s(times, p) == (None if exact is None else -(-exact // 1))
