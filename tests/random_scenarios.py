"""What a scenario changes, recomputed where it can matter, beside a full computation of the changed pack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.errors import QueryError
from geo.engine import Engine
from geo.query import Query
from geo.roundtrip import RoundTripSettings
from geo.tables import GapTable, ReachTable
from geo.whatif import recompute
from geo.whatif.difference import compute_difference, compute_what_if
from geo.whatif.engine import ScenarioEngine
from geo.whatif.model import Scenario
from geo.whatif.recompute import recompute_there_and_back

KEY = ["level", "area_id", "kind", "category", "group_id"]


def answer(ask: Callable[[], Any]) -> Any:
    """What a question gives, or the words in which it is refused."""
    try:
        return ask()
    except QueryError as error:
        return str(error)


def table_differences(what: str, ours: Any, theirs: Any) -> Iterator[str]:
    """Whether two tables, or refusals, are the same: every value, every type."""
    if isinstance(ours, str) or isinstance(theirs, str):
        if not (isinstance(ours, str) and ours == theirs):
            yield f"{what}: recomputed {str(ours)[:200]!r}, anew {str(theirs)[:200]!r}"
        return
    try:
        pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
    except AssertionError as error:
        yield f"{what}: recomputed (left), anew (right): {error}"


def scenario_differences(
    base: Engine,
    before: ReachTable,
    gap: GapTable,
    there: ReachTable,
    query: Query,
    scenario: Scenario,
    trips: RoundTripSettings,
) -> Iterator[str]:
    """Reach, there and back, and who gains and loses.

    ``before``, its ``gap`` and ``there`` and back are the engine's without the scenario.

    Towns are so small that a change touches most pairs: here the rest is taken over all the same.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recompute, "LARGEST_SHARE", 1.0)
        changed = ScenarioEngine(base, scenario)
        asked, anew = replace(query, scenario=scenario), Engine(changed.pack)
        found = answer(lambda: compute_what_if(base, asked, before=before, changed=changed))
        table = answer(lambda: anew.reach(query, level="point"))
        if isinstance(found, str) or isinstance(table, str):
            if found != table:  # the last service was taken away
                yield f"recomputed {str(found)[:200]!r}, anew {str(table)[:200]!r}"
            return
        yield from table_differences("reach", found.after.frame, table.frame)
        ours = answer(lambda: recompute_there_and_back(changed, there, asked, trips))
        theirs = answer(lambda: anew.reach_there_and_back(query, trips, level="point"))
        frames = [getattr(one, "frame", one) for one in (ours, theirs)]
        lines = list(table_differences("there and back", *frames))
        yield from lines
        # People are counted by the same code whatever changes: one kind of change says enough for less.
        if not lines and isinstance(ours, ReachTable) and scenario.changes[0].kind == "remove_service":
            people = compute_difference(base.pack, changed.pack, there, ours)
            yield from who_gains(people, base.gap(query, points=there), anew.gap(query, points=theirs))
        yield from who_gains(found.frame, gap, anew.gap(query, points=table))


def who_gains(difference: pd.DataFrame, before: GapTable, after: GapTable) -> Iterator[str]:
    """The difference's columns are those of the two gaps, and those who gain and lose make it up."""
    for side, gap in (("before", before.frame), ("after", after.frame)):
        own = gap[KEY].merge(difference, on=KEY, how="left", validate="one_to_one")
        for name in ("in_reach", "in_reach_assumed", "cut_off", "not_known", "services"):
            if not np.array_equal(own[f"{name}_{side}"], gap[name], equal_nan=True):
                yield f"{name}_{side} is not that of the gap"
    counted = difference[difference["people"].notna()]
    net = counted["in_reach_before"] + counted["gained"] - counted["lost"]
    if not np.allclose(net, counted["in_reach_after"], atol=1e-6):
        yield "in reach before, plus gained, less lost is not in reach after"
