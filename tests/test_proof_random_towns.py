"""Engine and slow reference on random towns, new ones each run, until they differ in any value.

Towns are asked in counties (``tests/counties.py``), each county everything at once: reach by
point and by neighbourhood, who is cut off, round trips to its sessions, the five times of day,
journeys and what else runs there, many to many and in parts, what would change it, and what a
scenario changes. A failure prints the smallest county found and a ``@reproduce_failure`` line
that shows it again. Every run of the whole suite asks ``TOWNS`` of each question; a nightly run
(``pytest -m nightly``) ``NIGHTLY_TOWNS``, and one county in ``NIGHTLY_SHARE`` the dear
questions; each count is checked.
"""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption

from data.areapack import AreaPack
from geo.engine import Engine
from geo.query import Query
from geo.roundtrip import RoundTripSettings
from geo.tables import ANSWERS, REASONS, GapTable, ReachTable
from geo.timeofday import WINDOWS
from geo.whatif.model import Scenario
from tests import random_sessions
from tests.counties import counties
from tests.proof import reference_rows
from tests.random_journeys import journey_differences, ride_service_differences
from tests.random_questions import matrix_differences, reach_differences, times_of_day_differences
from tests.random_scenarios import scenario_differences
from tests.random_why import why_back_differences, why_differences
from tests.reference import (
    build_reference,
    exact_percentile,
    longest_times,
    percentile_s,
    rides,
    walk_all_the_way_s,
)
from tests.reference_people import Rows, points, venues
from tests.reference_sessions import Asks, trip_rows
from tests.reference_walk import AmbiguousTown
from tests.strategies import WINDOWS_S, TownSpec, queries, questions
from tests.whatif_strategies import scenarios_of_county

TOWNS = int(os.environ.get("ONE_BUS_REACH_TOWNS", "500"))
NIGHTLY_TOWNS = int(os.environ.get("ONE_BUS_REACH_NIGHTLY_TOWNS", "20000"))
# Questions that cost most are asked of one county in so many in a nightly run.
DEAR = ("times of day", "many to many and in parts", "what if")
NIGHTLY_SHARE = int(os.environ.get("ONE_BUS_REACH_NIGHTLY_SHARE", "4"))
FEWEST_PER_COUNTY = 4  # on average they have five to six; those after the last that is promised are not asked
QUESTIONS = (
    "reach", "round trips", "times of day", "journeys", "many to many and in parts", "why",
    "why, there and back", "what if",
)  # fmt: skip
KINDS_OF_CHANGE = (
    "add_service", "remove_service", "add_stop", "move_stop", "headway", "first_bus", "last_bus", "minibus",
    "close_street", "footpath",
)  # fmt: skip
SEEN: Counter[str] = Counter()


@dataclasses.dataclass(frozen=True)
class Asked:
    """A county and everything that is asked of it."""

    pack: AreaPack
    query: Query
    trips: RoundTripSettings
    journeys: tuple[tuple[str, str, int, bool], ...]  # from, to, when, and whether it is when to leave
    dear: bool
    scenario: Scenario | None
    part_origins: int

    @property
    def towns(self) -> int:
        return len(self.letters)

    @property
    def letters(self) -> set[str]:
        return {p[0] for p, *_ in points(self.pack)}


@st.composite
def everything(draw: st.DrawFn, share: int = 1) -> Asked:
    """A county whose buses run at some time of day, and all questions: the dear ones in one of ``share``."""
    time = draw(st.sampled_from([None, None, None, *WINDOWS]))
    start_s = WINDOWS[time][0] if time else draw(st.sampled_from(WINDOWS_S))
    start_s += draw(st.integers(0, 300))
    pack, trips = draw(random_sessions.with_sessions(draw(counties(start_s)), start_s))
    journeys = []
    for letter in sorted({p[0] for p, *_ in points(pack)}):
        from_there = [p for p, *_ in points(pack) if p.startswith(letter)]
        to_there = [s for s, *_ in venues(pack) if s.startswith(letter)]
        time_s = max(0, start_s + draw(st.integers(-1800, 5400)))
        ends = draw(st.sampled_from(from_there)), draw(st.sampled_from(to_there))
        journeys.append((*ends, time_s, draw(st.booleans())))
    dear = draw(st.integers(1, share)) == share
    return Asked(
        pack,
        draw(queries(start_s)),
        trips,
        tuple(journeys),
        dear,
        draw(scenarios_of_county(pack, start_s)) if dear else None,
        draw(st.integers(1, 6)),
    )


def check_county(asked: Asked) -> None:
    """Compare every value of every answer; a place equally near to two streets has no one answer."""
    note("\n".join(f"{name}: {getattr(asked, name)}" for name in ("query", "trips", "scenario", "journeys")))
    pack, query, engine = asked.pack, asked.query, Engine(asked.pack)
    try:
        theirs = reference_rows(pack, query)
    except AmbiguousTown:
        assume(False)
    reach = engine.reach(query, level="point")
    gap = engine.gap(query, points=reach)
    assert reach_differences(pack, query, reach, gap, theirs) == []
    found = engine.round_trips(query, asked.trips, level="point").frame
    trips = trip_rows(pack, query, Asks(**dataclasses.asdict(asked.trips)))
    assert random_sessions.differences(found, pack, query, asked.trips, trips) == []
    home_again = engine.reach_there_and_back(query, asked.trips, level="point")
    people = engine.gap(query, points=home_again).frame
    assert random_sessions.gap_differences(people, pack, query, asked.trips, trips) == []
    for origin, service, time_s, forward in asked.journeys:
        assert [*journey_differences(engine, query, origin, service, time_s, forward=forward)] == []
        assert [*ride_service_differences(engine, query, origin, service, time_s)] == []
    assert why_differences(engine, query, theirs, SEEN) == []
    assert why_back_differences(engine, query, asked.trips, trips, SEEN) == []
    for row in theirs.values():
        SEEN[row["reach_class"]] += 1
        SEEN[row["reason"] or "reached"] += 1
    for question in ("reach", "round trips", "journeys"):  # the others are counted where they are asked
        SEEN[question] += asked.towns
    if asked.dear:
        check_dear(asked, engine, reach, gap, home_again, theirs)


def check_dear(
    asked: Asked, engine: Engine, reach: ReachTable, gap: GapTable, home_again: ReachTable, theirs: Rows
) -> None:
    """The questions that cost most."""
    query = asked.query
    assert times_of_day_differences(engine, query, SEEN) == []
    with tempfile.TemporaryDirectory() as folder:
        assert matrix_differences(engine, query, theirs, Path(folder), asked.part_origins) == []
    SEEN["times of day"] += asked.towns
    SEEN["many to many and in parts"] += asked.towns
    if asked.scenario is not None:
        answers = (reach, gap, home_again)
        assert [*scenario_differences(engine, *answers, query, asked.scenario, asked.trips)] == []
        SEEN["what if"] += len(asked.scenario.changes)
        for change in asked.scenario.changes:
            SEEN[f"what if: {change.kind}"] += 1


def check_until(asked: Asked, towns: int, questions: tuple[str, ...]) -> None:
    """Check a county, unless as many towns as promised have been asked each question, and all agreed."""
    if SEEN["failed"] or min(SEEN[question] for question in questions) < towns:
        try:
            check_county(asked)
        except UnsatisfiedAssumption:
            raise
        except Exception:
            SEEN["failed"] += 1  # from here on it is tried again and again, to find the smallest
            raise


@settings(max_examples=TOWNS // FEWEST_PER_COUNTY)
@given(asked=everything())
def test_every_value_of_every_answer_equals_the_reference(asked: Asked) -> None:
    check_until(asked, TOWNS, QUESTIONS)


@pytest.mark.nightly
@settings(max_examples=NIGHTLY_TOWNS // FEWEST_PER_COUNTY)
@given(asked=everything(NIGHTLY_SHARE))
def test_twenty_thousand_towns_equal_the_reference(asked: Asked) -> None:
    check_until(asked, NIGHTLY_TOWNS, tuple(question for question in QUESTIONS if question not in DEAR))


@pytest.mark.nightly
def test_the_nightly_run_tried_as_many_towns_as_it_says() -> None:
    print(f"random towns: {dict(SEEN)}; sessions: {dict(random_sessions.SEEN)}")
    for question in QUESTIONS:
        # Which counties are asked the dear questions is drawn too: fewer than their share may be.
        least = NIGHTLY_TOWNS * 0.4 / NIGHTLY_SHARE if question in DEAR else NIGHTLY_TOWNS
        assert SEEN[question] >= least, (question, SEEN)


def test_the_random_towns_were_worth_trying(request: pytest.FixtureRequest) -> None:
    """The count is as promised, and the towns had something to differ in."""
    names = {item.name for item in request.session.items}
    if "test_every_value_of_every_answer_equals_the_reference" not in names or not SEEN:
        pytest.skip("no random town was tried in this run")
    trips = random_sessions.SEEN
    print(f"random towns: {dict(SEEN)}; sessions: {dict(trips)}")
    if TOWNS < 200:
        pytest.skip("too few towns were tried to judge them")
    for question in QUESTIONS:
        assert SEEN[question] >= TOWNS, (question, SEEN)
    assert SEEN["one_bus"] >= 10, SEEN
    assert SEEN["walk"] >= 10, SEEN
    assert SEEN["not_in_reach"] >= 10, SEEN
    assert sum(SEEN[reason] > 0 for reason in REASONS) >= 5, SEEN
    for time in WINDOWS:
        assert SEEN[f"{time} reached"] >= 5, SEEN
        assert SEEN[f"{time} not reached"] >= 5, SEEN
    for kind in KINDS_OF_CHANGE:
        assert SEEN[f"what if: {kind}"] >= 1, SEEN
    answers = {one: SEEN[f"why, there and back: {one}"] + SEEN[f"why: {one}"] for one in ANSWERS}
    assert sum(number > 0 for number in answers.values()) >= 5, SEEN
    assert answers["walk"] and answers["walk_all_the_way"] >= 10, SEEN
    # By bus both ways is rare here, two to a dozen; test_proof_real_round_trips.py has it from raw files.
    for wanted in ("works", "drop_in works", "drop_in fails", "session works"):
        assert trips[wanted] >= 5, trips
    assert trips["no_return"] and trips["direct_bus_other_times"], trips
    assert trips["some by assumed times"] >= 5, trips


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
                assert percentile_s(query, times, p) == (None if exact is None else -(-exact // 1))
