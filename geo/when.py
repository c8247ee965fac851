"""When is a category in reach? People of each neighbourhood at the five times of the week, side by side.

"In reach on Tuesday morning, not on Sunday" as columns: by neighbourhood and
category, and by category, group and area as in the gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data.errors import PackError
from geo.gap import compute_gap, find_states, weigh_states
from geo.people import WEIGHT_DECIMALS
from geo.progress import Progress, no_progress
from geo.query import Query
from geo.reach import compute_reach
from geo.tables import GAP_COLUMNS, PEOPLE_ROW_COLUMNS, GapTable
from geo.timeofday import IN_REACH_COLUMN, WINDOWS, Time, ask_at, choose_times

if TYPE_CHECKING:
    from geo.engine import Engine

STATES = ("in_reach", "cut_off", "not_known")
TIMES_IN_REACH, TIMES_KNOWN = "times_in_reach", "times_known"


@dataclass(frozen=True)
class AtTime:
    """What holds at one time, as a step towards the table.

    ``share`` is float64[neighbourhoods, STATES, categories], the share of each
    neighbourhood's people; ``gap`` is None in a pack without counts of people.
    """

    time: Time
    categories: pd.DataFrame
    share: np.ndarray
    gap: GapTable | None


@dataclass(frozen=True)
class WhenTable:
    """The five times side by side.

    ``frame`` has one row per (neighbourhood, kind, category); category "*" is any
    of the kind. For each time ``<time>_state`` (category of STATES: that of most
    of the people there; null: the timetable has no such day) and
    ``<time>_share_in_reach_people`` (null where reach is known for none). Then
    ``in_reach_at`` (names of the times with state in_reach, joined by ';'; null:
    none), ``times_in_reach`` and ``times_known``. ``gap`` has a gap's rows, and
    for each time the people in reach, cut off and not known; None without counts.
    """

    frame: pd.DataFrame
    gap: pd.DataFrame | None
    times: tuple[Time, ...]
    query: Query
    area_id: str
    pack_digest: str


def compute_at(engine: Engine, query: Query, time: Time) -> AtTime | None:
    """Compute one time; None where the timetable has no such day.

    Raises
    ------
    PackError
        The pack has no neighbourhoods, or no services or places.
    """
    engine = engine.under(query.scenario)
    pack = engine.pack
    if pack.neighbourhoods is None or pack.origin_points is None:
        raise PackError(f"{pack.manifest.name} has no neighbourhoods to compare times of day in.")
    if time.date is None:
        return None
    asked = ask_at(query, time)
    inputs = engine.inputs(asked)
    if asked.boardings == 1:
        # Two buses are in reach of nobody then, and looking for them takes most of the time.
        inputs = replace(inputs, transfers=None)
    points = compute_reach(pack, inputs, asked)
    categories, state = find_states(points, pack, asked)
    counted = pack.census is not None and pack.groups is not None
    return AtTime(
        time,
        categories,
        weigh_states(points, pack, state),
        compute_gap(points, pack, asked) if counted else None,
    )


def compute_when(engine: Engine, query: Query, *, progress: Progress = no_progress) -> WhenTable:
    """Compute the five times in one call; the query's own window does not count.

    Raises
    ------
    QueryError
        The query's date is a Saturday or Sunday, or not in the timetable.
    PackError
        The pack has no neighbourhoods, or no services or places.
    """
    engine = engine.under(query.scenario)
    times = choose_times(engine, query)
    parts = []
    for done, time in enumerate(times):
        progress(done / len(times), time.name.replace("_", " "))
        parts.append(compute_at(engine, query, time))
    progress(1.0, "done")
    return join_times(engine, query, times, parts)


def join_times(
    engine: Engine, query: Query, times: Sequence[Time], parts: Sequence[AtTime | None]
) -> WhenTable:
    """Put the times (:func:`compute_at`, in the order of ``times``) side by side."""
    pack = engine.under(query.scenario).pack
    first = next(part for part in parts if part is not None)
    assert pack.neighbourhoods is not None
    n, m = len(pack.neighbourhoods), len(first.categories)
    hood, category = np.repeat(np.arange(n), m), np.tile(np.arange(m), n)
    columns: dict[str, object] = {
        "neighbourhood_id": pack.neighbourhoods["neighbourhood_id"].array.take(hood),
        **{name: first.categories[name].array.take(category) for name in ("kind", "category")},
    }
    names = np.full(n * m, "", dtype=object)
    reached = np.zeros(n * m, np.int8)
    known = np.zeros(n * m, np.int8)
    for time, part in zip(times, parts, strict=True):
        state, share = _judge(part, n, m)
        columns[f"{time.name}_state"] = pd.Categorical.from_codes(state, pd.Index(STATES))
        columns[f"{time.name}_share_in_reach_people"] = share
        inside = state == 0
        names += np.where(inside, f";{time.name}", "")
        reached += inside
        known += inside | (state == 1)
    columns[IN_REACH_COLUMN] = pd.Series([text[1:] or None for text in names], dtype="str")
    columns[TIMES_IN_REACH], columns[TIMES_KNOWN] = reached, known
    frame = pd.DataFrame(columns, copy=False)
    gap = _join_gaps(times, parts) if first.gap is not None else None
    return WhenTable(frame, gap, tuple(times), query, pack.area_id, pack.digest)


def _judge(part: AtTime | None, n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """State of most people (-1: no such day) and share in reach of those known, by row of the table."""
    if part is None:
        return np.full(n * m, -1, np.int8), np.full(n * m, np.nan)
    share = np.round(part.share, WEIGHT_DECIMALS)
    state = np.argmax(share, axis=1).astype(np.int8)
    base = share[:, 0] + share[:, 1]
    with np.errstate(invalid="ignore"):
        in_reach = np.where(base > 0, share[:, 0] / np.where(base > 0, base, 1.0), np.nan)
    return state.ravel(), in_reach.ravel()


def _join_gaps(times: Sequence[Time], parts: Sequence[AtTime | None]) -> pd.DataFrame:
    gaps = [None if part is None or part.gap is None else part.gap.frame for part in parts]
    first = next(gap for gap in gaps if gap is not None)
    columns: dict[str, object] = {name: first[name].array for name in PEOPLE_ROW_COLUMNS}
    for time, gap in zip(times, gaps, strict=True):
        for state in STATES:
            columns[f"{time.name}_{state}"] = (
                np.full(len(first), np.nan) if gap is None else gap[state].to_numpy()
            )
    columns |= {name: first[name].array for name in ("small_count", "services")}
    return pd.DataFrame(columns, copy=False)


def describe_when_columns(table: WhenTable) -> dict[str, str]:
    """What each column of ``frame`` holds, for a file's metadata."""
    known = describe_time_columns()
    return {
        "neighbourhood_id": "string",
        "kind": "service or place",
        "category": "string; '*' is any category of the kind",
        **{str(name): known[str(name)] for name in table.frame if name in known},
    }


def describe_gap_columns(table: WhenTable) -> dict[str, str]:
    """What each column of ``gap`` holds, for a file's metadata."""
    assert table.gap is not None
    known = {**describe_time_columns(), **GAP_COLUMNS}
    return {str(name): known[str(name)] for name in table.gap}


def describe_time_columns() -> dict[str, str]:
    """Every column of times that a table may have, in ``frame``, in ``gap`` or added to another."""
    words = {
        IN_REACH_COLUMN: "string: times with state in_reach, joined by ';'; null: at none",
        TIMES_IN_REACH: "int8: how many they are",
        TIMES_KNOWN: "int8: at how many times it is known",
    }
    for name in WINDOWS:
        words[f"{name}_state"] = "category in_reach, cut_off, not_known: of most people; null: no such day"
        words[f"{name}_share_in_reach_people"] = "float64, 0 to 1: of the people whose reach is known"
        for state, meaning in zip(STATES, ("in reach", "cut off", "not known"), strict=True):
            words[f"{name}_{state}"] = f"float64: people {meaning} at that time; null: no such day"
    return words | {f"any_{name}": f"any category: {meaning}" for name, meaning in words.items()}
