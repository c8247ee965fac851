"""Reach under a scenario from reach without it: what can differ is computed, the rest is taken over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from geo.inputs import ReachInputs
from geo.query import Query
from geo.reach import compute_reach
from geo.roundtrip import RoundTripSettings, plan_sessions_of
from geo.sessions import PlannedSession
from geo.tables import ReachTable
from geo.thereandback import compute_planned
from geo.whatif.affected import find_affected
from geo.whatif.engine import ScenarioEngine

# With more of the pairs than this to be computed, all are: the strips would cost more than they save.
LARGEST_SHARE = 0.7


def recompute_reach(engine: ScenarioEngine, before: ReachTable, query: Query) -> ReachTable:
    """Reach by point under the engine's scenario.

    Parameters
    ----------
    engine : ScenarioEngine
    before : ReachTable
        By point, the base engine's answer to the same query without the scenario.
    query : Query
        With the engine's scenario.

    Returns
    -------
    ReachTable
        Equal to ``engine.reach(query, level="point")``.
    """
    old = engine.base.inputs(replace(query, scenario=None))
    new = engine.inputs(query)
    affected = find_affected(engine.base.pack, engine.pack, old, new, two_buses=True)

    def compute(rows: np.ndarray, columns: np.ndarray) -> pd.DataFrame:
        return compute_reach(engine.pack, new.take(rows, columns), query).frame

    frame = _patch(before.frame, affected.old_column, affected.pairs(two_buses=True), compute)
    return ReachTable(frame, "point", query, before.service_date, engine.pack.area_id, engine.pack.digest)


def recompute_there_and_back(
    engine: ScenarioEngine,
    before: ReachTable,
    query: Query,
    settings: RoundTripSettings,
    *,
    day: int | None = None,
) -> ReachTable:
    """The same for reach as a round trip inside session times (``engine.reach_there_and_back``)."""
    old = engine.base.inputs(replace(query, scenario=None))
    new = engine.inputs(query)
    affected = find_affected(engine.base.pack, engine.pack, old, new, two_buses=False)
    plan = plan_sessions_of(engine, query, settings, day=day)
    held = list(dict.fromkeys(one.service_id for one in plan))
    columns = new.find_services(held)
    # The services of the table as it was: those with a session on the day.
    n_before = len(before.frame) // max(1, len(new.origin_ids))
    was = {
        str(one): number for number, one in enumerate(before.frame["service_id"].to_numpy(object)[:n_before])
    }
    old_column = np.array([was.get(one, -1) for one in held], np.int64)

    def compute(rows: np.ndarray, chosen: np.ndarray) -> pd.DataFrame:
        inputs, own = _narrow(new, plan, rows, columns[chosen], [held[at] for at in chosen])
        return compute_planned(engine, inputs, own, query, settings).frame

    pairs = affected.pairs(two_buses=False)[:, columns] | _held_otherwise(engine, plan, query, settings, day)
    frame = _patch(before.frame, old_column, pairs, compute)
    return ReachTable(frame, "point", query, before.service_date, engine.pack.area_id, engine.pack.digest)


def _held_otherwise(
    engine: ScenarioEngine,
    plan: tuple[PlannedSession, ...],
    query: Query,
    settings: RoundTripSettings,
    day: int | None,
) -> np.ndarray:
    """bool[services of the plan]: its sessions are others than they were (one goes, one of its id comes)."""
    now = _by_service(plan)
    if engine.pack.sessions is engine.base.pack.sessions:
        return np.zeros(len(now), bool)
    was = _by_service(plan_sessions_of(engine.base, replace(query, scenario=None), settings, day=day))
    return np.array([was.get(service) != held for service, held in now.items()], bool)


def _by_service(plan: tuple[PlannedSession, ...]) -> dict[str, list[PlannedSession]]:
    sessions: dict[str, list[PlannedSession]] = {}
    for one in plan:
        sessions.setdefault(one.service_id, []).append(one)
    return sessions


def _narrow(
    inputs: ReachInputs,
    plan: tuple[PlannedSession, ...],
    rows: np.ndarray,
    columns: np.ndarray,
    services: list[str],
) -> tuple[ReachInputs, tuple[PlannedSession, ...]]:
    wanted = set(services)
    return inputs.take(rows, columns), tuple(one for one in plan if one.service_id in wanted)


def _patch(
    before: pd.DataFrame,
    old_column: np.ndarray,
    pairs: np.ndarray,
    compute: Callable[[np.ndarray, np.ndarray], pd.DataFrame],
) -> pd.DataFrame:
    """Take over the rows of pairs that stay, and compute blocks that hold all others.

    ``pairs`` is bool[n, m]; ``old_column`` the number of each service in the
    table as it was, -1 for new ones (all of whose pairs are to be computed).
    """
    n, m = pairs.shape
    if not n or not m or pairs.mean() > LARGEST_SHARE:
        return compute(np.arange(n), np.arange(m))
    row = np.arange(n)[:, None] * (len(before) // n) + old_column[None, :]
    parts, size = [before], len(before)
    for rows, columns in _blocks(pairs):
        part = compute(rows, columns)
        row[np.ix_(rows, columns)] = size + np.arange(len(part)).reshape(len(rows), len(columns))
        parts.append(part)
        size += len(part)
    if len(parts) == 1 and np.array_equal(row.ravel(), np.arange(len(before))):
        return before
    return pd.concat(parts, ignore_index=True).take(row.ravel()).reset_index(drop=True)


def _blocks(pairs: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Blocks (rows x columns) that together hold every true pair, and few others.

    Whole rows first, then whole columns of the rest, then what is left as one block.
    """
    left = pairs.copy()
    blocks = []
    every_row, every_column = np.arange(pairs.shape[0]), np.arange(pairs.shape[1])
    rows = np.flatnonzero(left.all(axis=1))
    if len(rows):
        blocks.append((rows, every_column))
        left[rows] = False
    others = np.setdiff1d(every_row, rows)
    columns = np.flatnonzero(pairs[others].all(axis=0)) if len(others) else np.empty(0, np.int64)
    if len(columns):
        blocks.append((others, columns))
        left[:, columns] = False
    if left.any():
        blocks.append((np.flatnonzero(left.any(axis=1)), np.flatnonzero(left.any(axis=0))))
    return blocks
