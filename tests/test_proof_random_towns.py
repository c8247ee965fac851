"""Engine and slow reference on random towns, new ones each run, until they differ in any value.

Each town is asked everything at once: reach by point and by neighbourhood, who is cut off,
round trips to its sessions, and one of the five times of day. A failure prints the smallest
town found and a ``@reproduce_failure`` line that shows it again. Every run of the whole suite
tries ``TOWNS``, a nightly run (``pytest -m nightly``) ``NIGHTLY_TOWNS``; each count is checked.
"""

from __future__ import annotations

import dataclasses
import os
from collections import Counter

import pandas as pd
import pytest
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

from data.areapack import AreaPack
from geo.engine import Engine
from geo.people import compute_neighbourhood_reach
from geo.query import Query
from geo.roundtrip import RoundTripSettings
from geo.tables import REASONS
from geo.timeofday import IN_REACH_COLUMN, WINDOWS, compute_times_of_day
from tests import random_sessions, reference_people
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
from tests.strategies import WINDOWS_S, TownSpec, queries, questions, towns

TOWNS = int(os.environ.get("ONE_BUS_REACH_TOWNS", "500"))
NIGHTLY_TOWNS = int(os.environ.get("ONE_BUS_REACH_NIGHTLY_TOWNS", "20000"))
SEEN: Counter[str] = Counter()


@dataclasses.dataclass(frozen=True)
class Asked:
    """A random town and everything that is asked of it."""

    pack: AreaPack
    query: Query
    trips: RoundTripSettings
    time: str  # of geo.timeofday.WINDOWS


@st.composite
def everything(draw: st.DrawFn) -> Asked:
    """A town whose buses run at some time of day, half of the towns with lines that run there and back."""
    time = draw(st.sampled_from([None, None, None, *WINDOWS]))
    start_s = WINDOWS[time][0] if time else draw(st.sampled_from(WINDOWS_S))
    start_s += draw(st.integers(0, 300))
    spec = draw(towns(start_s))
    if draw(st.booleans()):
        spec = draw(random_sessions.both_ways(spec, start_s))
    pack, trips = draw(random_sessions.with_sessions(spec, start_s))
    return Asked(pack, draw(queries(start_s)), trips, time or draw(st.sampled_from(list(WINDOWS))))


def check_town(asked: Asked) -> None:
    """Compare every value of every answer; towns in which two streets are equally near have no one answer."""
    note(f"{asked.query}\n{asked.trips}\n{asked.time}\n{asked.pack.sessions}")
    pack, query = asked.pack, asked.query
    try:
        theirs = reference_rows(pack, query)
        engine = Engine(pack)
        assert times_of_day_differences(engine, asked) == []
        trips = engine.round_trips(query, asked.trips, level="point").frame
        assert random_sessions.differences(trips, pack, query, asked.trips) == []
    except AmbiguousTown:
        assume(False)
    points = engine.reach(query, level="point")
    assert differences(frame_rows(points.frame), theirs) == []
    hoods = reference_people.neighbourhood_rows(pack, query, theirs)
    assert differences(frame_rows(compute_neighbourhood_reach(points, pack).frame), hoods) == []
    assert gap_differences(engine.gap(query, points=points).frame, pack, query, theirs) == []
    SEEN["towns"] += 1
    for row in theirs.values():
        SEEN[row["reach_class"]] += 1
        SEEN[row["reason"] or "reached"] += 1


def times_of_day_differences(engine: Engine, asked: Asked) -> list[str]:
    """Values in which the columns of one time of day differ from the reference's at its date and window."""
    table = compute_times_of_day(engine, asked.query, level="point")
    time = next(time for time in table.times if time.name == asked.time)
    assert time.date is not None  # the random feeds run all year
    window = {"window_start_s": time.window_start_s, "window_end_s": time.window_end_s}
    query = dataclasses.replace(asked.query, service_date=time.date, **window)
    theirs = reference_rows(asked.pack, query)
    ours = frame_rows(table.frame)
    lines = []
    for key, row in theirs.items():
        reached = row["reach_class"] in ("walk", "one_bus")
        SEEN[f"{asked.time} {'reached' if reached else 'not reached'}"] += 1
        for name in ("class", "best_duration_s", "share_in_reach"):
            got, value = ours[key][f"{asked.time}_{name}"], row["reach_class" if name == "class" else name]
            if got != (pytest.approx(value, abs=1e-9) if isinstance(value, float) else value):
                lines.append(f"{key} {asked.time} {name}: engine {got!r}, reference {value!r}")
        named = asked.time in (ours[key][IN_REACH_COLUMN] or "").split(";")
        if named != reached:
            lines.append(
                f"{key}: {IN_REACH_COLUMN} {ours[key][IN_REACH_COLUMN]}, reference {row['reach_class']}"
            )
    return lines


@settings(max_examples=TOWNS)
@given(asked=everything())
def test_every_value_of_every_answer_equals_the_reference(asked: Asked) -> None:
    check_town(asked)


@pytest.mark.nightly
@settings(max_examples=NIGHTLY_TOWNS)
@given(asked=everything())
def test_twenty_thousand_towns_equal_the_reference(asked: Asked) -> None:
    check_town(asked)


@pytest.mark.nightly
def test_the_nightly_run_tried_as_many_towns_as_it_says() -> None:
    print(f"random towns: {SEEN['towns']}")
    assert SEEN["towns"] >= NIGHTLY_TOWNS


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


def test_the_random_towns_were_worth_trying(request: pytest.FixtureRequest) -> None:
    """The count is as promised, and the towns had something to differ in."""
    names = {item.name for item in request.session.items}
    if "test_every_value_of_every_answer_equals_the_reference" not in names or not SEEN:
        pytest.skip("no random town was tried in this run")
    trips = random_sessions.SEEN
    print(f"random towns: {SEEN['towns']}; {dict(SEEN)}; sessions: {dict(trips)}")
    assert SEEN["towns"] >= TOWNS
    if TOWNS < 200:
        pytest.skip("too few towns were tried to judge them")
    assert SEEN["one_bus"] >= 10, SEEN
    assert SEEN["walk"] >= 10, SEEN
    assert SEEN["not_in_reach"] >= 10, SEEN
    assert sum(SEEN[reason] > 0 for reason in REASONS) >= 5, SEEN
    for time in WINDOWS:
        assert SEEN[f"{time} reached"] >= 5, SEEN
        assert SEEN[f"{time} not reached"] >= 5, SEEN
    for wanted in ("works", "by bus both ways", "drop_in works", "drop_in fails", "session works"):
        assert trips[wanted] >= 5, trips
    assert trips["no_return"] and trips["direct_bus_other_times"], trips


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
