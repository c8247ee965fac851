"""What is recomputed equals what is computed anew, with several changes to one random town.

One change to each of many towns: ``tests/test_proof_random_towns.py``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from data.errors import QueryError
from geo.engine import Engine
from geo.query import Query
from geo.roundtrip import DEFAULT_ROUND_TRIP
from geo.whatif import recompute
from geo.whatif.apply import apply_scenario
from geo.whatif.difference import compute_what_if
from geo.whatif.engine import ScenarioEngine
from geo.whatif.recompute import recompute_reach, recompute_there_and_back
from tests.roundtrip_towns import with_sessions
from tests.strategies import questions
from tests.whatif_strategies import scenarios

HELD = st.tuples(
    st.sampled_from(["session", "drop_in"]), st.integers(600, 3600), st.sampled_from([300, 600, 1200, 3700])
)


@pytest.fixture(autouse=True, scope="module")
def _never_everything():
    """Towns are so small that a change touches most pairs: here the rest is taken over all the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recompute, "LARGEST_SHARE", 1.0)
        yield


def answer(ask):
    """What a question gives, or the words in which it is refused."""
    try:
        return ask()
    except QueryError as error:
        return str(error)


def assert_same(ours, theirs) -> None:
    if isinstance(ours, str) or isinstance(theirs, str):
        assert ours == theirs
        return
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)


@given(st.integers(1, 5), st.integers(1, 5), st.data())
def test_the_blocks_to_be_computed_hold_every_pair_that_can_differ(rows, columns, data):
    size = rows * columns
    flags = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
    pairs = np.array(flags).reshape(rows, columns)
    held = np.zeros_like(pairs)
    for row, column in recompute._blocks(pairs):
        held[np.ix_(row, column)] = True
    assert held[pairs].all()
    assert pairs.any() or not held.any()


@given(questions(), st.data())
@settings(max_examples=8)
def test_every_value_equals_that_of_a_full_computation(question, data):
    """Reach, there and back, gap and difference: every table, every value, every type."""
    spec, query = question
    around_s = query.window_start_s
    pack = with_sessions(
        spec.build(),
        *(
            {"service_id": one.service_id, "session_id": f"{one.service_id}/{kind}", "kind": kind,
             "weekday": 1, "rule": "weekly", "start_s": around_s + start_s,
             "end_s": around_s + start_s + length_s}
            for one in spec.services
            for kind, start_s, length_s in data.draw(st.lists(HELD, max_size=2, unique_by=lambda of: of[0]))
        ),
    )  # fmt: skip
    scenario = data.draw(scenarios(pack, around_s))
    assume(scenario is not None)
    asked = replace(query, scenario=scenario)
    base, anew = Engine(pack), Engine(apply_scenario(pack, scenario))
    before = base.reach(query, level="point")
    changed = ScenarioEngine(base, scenario)

    after = answer(lambda: recompute_reach(changed, before, asked).frame)
    table = answer(lambda: anew.reach(query, level="point"))
    if isinstance(table, str):
        assert after == table  # the last service was taken away
        return
    assert_same(after, table.frame)
    there = answer(lambda: base.reach_there_and_back(query, level="point"))
    if not isinstance(there, str):
        ours = answer(lambda: recompute_there_and_back(changed, there, asked, DEFAULT_ROUND_TRIP).frame)
        assert_same(ours, answer(lambda: anew.reach_there_and_back(query, level="point").frame))

    difference = compute_what_if(base, asked, before=before, changed=changed).frame
    key = ["level", "area_id", "kind", "category", "group_id"]
    for side, engine, points in (("before", base, before), ("after", anew, table)):
        gap = engine.gap(query, points=points).frame.set_index(key)
        own = difference.set_index(key).loc[gap.index]
        for name in ("in_reach", "cut_off", "not_known"):
            np.testing.assert_array_equal(own[f"{name}_{side}"], gap[name])
        assert (own[f"services_{side}"] == gap["services"]).all()
    counted = difference[difference["people"].notna()]
    net = counted["in_reach_before"] + counted["gained"] - counted["lost"]
    np.testing.assert_allclose(net, counted["in_reach_after"], atol=1e-6)


@given(questions(), st.data())
@settings(max_examples=5)
def test_the_pack_itself_is_never_changed(question, data):
    """A scenario makes another pack; the one that it was made from gives the same answers after."""
    spec, query = question
    pack = spec.build()
    before = Engine(pack).reach(query, level="point").frame
    scenario = data.draw(scenarios(pack, query.window_start_s))
    assume(scenario is not None)
    asked: Query = replace(query, scenario=scenario)
    answer(lambda: Engine(pack).reach(asked, level="point"))
    pd.testing.assert_frame_equal(Engine(pack).reach(query, level="point").frame, before)


@pytest.mark.nightly
@given(questions(), st.data())
@settings(max_examples=3_000)
def test_every_value_equals_that_of_a_full_computation_nightly(question, data):
    """The same on many more towns."""
    test_every_value_equals_that_of_a_full_computation.hypothesis.inner_test(question, data)
