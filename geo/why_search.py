"""What the search for remedies reads, and its run: the least walks, the least cut-off, the moved session.

Definitions: docs/methods.md, "Why". The kernel is ``geo.why_kernels``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from geo import why_kernels as wk
from geo.inputs import ReachInputs, list_near_calls
from geo.legs import Legs, leg_seconds
from geo.query import Query
from geo.roundtrip import RoundTripSettings, span_of_session
from geo.sessions import PlannedSession
from geo.threads import run_blocks
from geo.timetable import Timetable

if TYPE_CHECKING:
    from geo.engine import Engine

WALK_STEP_M, FARTHEST_WALK_M = 10, 1_600
FARTHEST_ALL_THE_WAY_M = 2 * FARTHEST_WALK_M
LONGEST_CUTOFF_MIN = 120
SHIFT_STEP_MIN, LARGEST_SHIFT_MIN = 15, 180
# Sessions are moved about the day, not into the night.
EARLIEST_START_S, LATEST_END_S = 6 * 3600, 24 * 3600
# The smallest move first, and of two equal ones the later.
SHIFTS_MIN = tuple(
    sign * minutes
    for minutes in range(SHIFT_STEP_MIN, LARGEST_SHIFT_MIN + 1, SHIFT_STEP_MIN)
    for sign in (1, -1)
)


@dataclass(frozen=True)
class Asks:
    """What makes a service count: a departure window, or its sessions; k of them.

    ``service`` and ``column`` are rows of the inputs' services and numbers of the
    categories. Times are those of ``geo.why_kernels``: arrive (or leave home) in
    [a_from, a_to], leave in [b_from, b_to]. ``plan`` is None for the way there.
    """

    service: np.ndarray
    column: np.ndarray
    kind: np.ndarray
    a_from: np.ndarray
    a_to: np.ndarray
    b_from: np.ndarray
    b_to: np.ndarray
    stay: np.ndarray
    plan: tuple[PlannedSession, ...] | None

    def take(self, rows: np.ndarray) -> Asks:
        """These asks alone, in this order."""
        plan = None if self.plan is None else tuple(self.plan[row] for row in rows)
        names = ("service", "column", "kind", "a_from", "a_to", "b_from", "b_to", "stay")
        return Asks(**{name: getattr(self, name)[rows] for name in names}, plan=plan)


@dataclass(frozen=True)
class Remedies:
    """Least limits of each point and category, and which moved sessions work.

    ``walk_m`` (to or from a stop), ``walk_all_the_way_m`` and ``cutoff_min`` are
    float64[points, categories], infinite where no limit looked at is enough.
    ``shift_bits`` int64[points, asks]: bit j for ``SHIFTS_MIN[j]``.
    """

    walk_m: np.ndarray
    walk_all_the_way_m: np.ndarray
    cutoff_min: np.ndarray
    shift_bits: np.ndarray
    asks: Asks


def ask_window(query: Query, service: np.ndarray, column: np.ndarray) -> Asks:
    """Asks for getting there: one a service, leaving home inside the query's window."""
    same = np.ones(len(service), np.int64)
    return Asks(
        service, column, np.full(len(service), wk.THERE, np.int32),
        same * query.window_start_s, same * query.window_end_s, 0 * same, 0 * same, 0 * same, None,
    )  # fmt: skip


def ask_sessions(
    plan: Sequence[PlannedSession], settings: RoundTripSettings, service: np.ndarray, column: np.ndarray
) -> Asks:
    """Asks for there and back: one a session; those without a date in the timetable are left out."""
    kept = np.array([row for row, one in enumerate(plan) if one.date is not None], np.int64)
    chosen = tuple(plan[row] for row in kept)
    start = np.array([one.start_s for one in chosen], np.int64)
    end = np.array([one.end_s for one in chosen], np.int64)
    drop_in = np.array([one.kind == "drop_in" for one in chosen], bool)
    stay = np.where(drop_in, np.minimum(settings.stay_s, end - start), 0)
    return Asks(
        service=service[kept],
        column=column[kept],
        kind=np.where(drop_in, wk.DROP_IN, wk.SESSION).astype(np.int32),
        a_from=np.where(drop_in, start, start - settings.early_s),
        a_to=np.where(drop_in, end - stay, start),
        b_from=np.where(drop_in, start + stay, end),
        b_to=end + settings.linger_s,
        stay=stay,
        plan=chosen,
    )


def widen_query(query: Query) -> Query:
    """The query with the longest walks that are looked at."""
    walk = query.walk
    leg_m = max(FARTHEST_WALK_M, walk.max_walk_m)
    whole_m = max(FARTHEST_ALL_THE_WAY_M, walk.total_limit_mm // 1000)
    return replace(query, walk=replace(walk, max_walk_m=leg_m, max_walk_total_m=whole_m))


def list_walk_steps_m(query: Query) -> np.ndarray:
    """Walk limits looked at: whole tens of metres above the query's own."""
    first = query.walk.max_walk_m // WALK_STEP_M + 1
    return np.arange(first, FARTHEST_WALK_M // WALK_STEP_M + 1, dtype=np.int64) * WALK_STEP_M


def list_cutoff_steps_min(query: Query) -> np.ndarray:
    """Cut-offs looked at: whole minutes above the query's own."""
    return np.arange(query.cutoff_s // 60 + 1, LONGEST_CUTOFF_MIN + 1, dtype=np.int64)


def compute_remedies(
    engine: Engine,
    inputs: ReachInputs,
    query: Query,
    settings: RoundTripSettings | None,
    asks: Asks,
    wanted: np.ndarray,
) -> Remedies:
    """Find the least limits of the wanted points and categories.

    Parameters
    ----------
    inputs : ReachInputs
        Of the query as widened (:func:`widen_query`).
    wanted : bool[points, categories]
    """
    walk_steps_m, cutoff_steps = list_walk_steps_m(query), list_cutoff_steps_min(query)
    walk_step = np.full(wanted.shape, len(walk_steps_m), np.int32)
    cutoff_step = np.full(wanted.shape, len(cutoff_steps), np.int32)
    shift_bits = np.zeros((len(wanted), len(asks.service)), np.int64)
    # What lies outside is in reach at no limit, and what nobody wants is not looked at.
    usable = np.flatnonzero(
        ~inputs.service_outside[asks.service] & np.asarray(wanted.any(axis=0))[asks.column]
    )
    access = sort_by_length(inputs.access, longest_first=True)
    for timetable, rows in _group_by_date(engine, inputs, query, settings, asks, usable):
        _run_group(
            inputs, access, timetable, query, asks, rows, wanted,
            walk_steps_m * 1000, cutoff_steps * 60, walk_step, cutoff_step, shift_bits,
        )  # fmt: skip
    shift_bits &= _allowed_shifts(asks)[None, :]
    return Remedies(
        np.append(walk_steps_m, np.inf)[walk_step],
        np.where(wanted, _walk_all_the_way_m(inputs, query, asks, usable, wanted.shape), np.inf),
        np.append(cutoff_steps, np.inf)[cutoff_step],
        shift_bits,
        asks,
    )


def _walk_all_the_way_m(
    inputs: ReachInputs, query: Query, asks: Asks, usable: np.ndarray, shape: tuple[int, ...]
) -> np.ndarray:
    """Least limits of walking all the way to a service of each category: float64[points, categories].

    Whoever can walk there can walk back, and when is all the same: so it is the
    shortest way to a service that has a usable ask.
    """
    direct, speed = inputs.direct, query.walk.speed_mm_per_h
    column = np.full(len(inputs.service_ids), -1, np.int64)
    column[asks.service[usable]] = asks.column[usable]
    point = np.repeat(np.arange(shape[0]), np.diff(direct.indptr))
    step_m = -(-direct.length_mm.astype(np.int64) // (1000 * WALK_STEP_M)) * WALK_STEP_M
    kept = (column[direct.target] >= 0) & (step_m <= FARTHEST_ALL_THE_WAY_M)
    kept &= leg_seconds(direct.length_mm, speed) <= query.cutoff_s
    least_m = np.full(shape, np.inf)
    np.minimum.at(least_m, (point[kept], column[direct.target[kept]]), step_m[kept])
    return least_m


def _group_by_date(
    engine: Engine,
    inputs: ReachInputs,
    query: Query,
    settings: RoundTripSettings | None,
    asks: Asks,
    rows: np.ndarray,
) -> list[tuple[Timetable, np.ndarray]]:
    """Asks by the timetable that answers them."""
    if asks.plan is None or settings is None:
        return [(inputs.timetable, rows)] if len(rows) else []
    wide = replace(widen_query(query), cutoff_s=max(query.cutoff_s, LONGEST_CUTOFF_MIN * 60))
    groups: dict[tuple[object, int], list[int]] = {}
    for row in rows.tolist():
        one = asks.plan[row]
        latest = replace(one, end_s=one.end_s + LARGEST_SHIFT_MIN * 60)
        groups.setdefault((one.date, span_of_session(latest, wide, settings)), []).append(row)
    return [
        (engine.timetable_on(query, date, span), np.array(chosen))  # type: ignore[arg-type]
        for (date, span), chosen in groups.items()
    ]


def _run_group(
    inputs: ReachInputs,
    access: Legs,
    timetable: Timetable,
    query: Query,
    asks: Asks,
    rows: np.ndarray,
    wanted: np.ndarray,
    walk_steps_mm: np.ndarray,
    cutoff_steps_s: np.ndarray,
    walk_step: np.ndarray,
    cutoff_step: np.ndarray,
    shift_bits: np.ndarray,
) -> None:
    """Run the kernel for asks of one timetable; ``access`` has the longest legs first."""
    rows = rows[np.argsort(asks.column[rows], kind="stable")]
    columns, first = np.unique(asks.column[rows], return_index=True)
    bundle_first = np.append(first, len(rows)).astype(np.int64)
    speed = query.walk.speed_mm_per_h
    total_mm = -1 if query.walk.max_walk_total_m is None else query.walk.total_limit_mm
    services, service = np.unique(asks.service[rows], return_inverse=True)
    egress = sort_by_length(inputs.egress.take(services))
    near = list_near_calls(timetable, egress, speed)
    # All the way people walk as far as now: how much farther is another matter (_walk_all_the_way_m).
    direct = inputs.direct.keep_targets(services).within(query.walk.total_limit_mm)
    part = [walk_step[:, columns], cutoff_step[:, columns], shift_bits[:, rows]]
    part = [np.ascontiguousarray(one) for one in part]
    want = np.ascontiguousarray(wanted[:, columns])
    shifts_s = np.array([] if asks.plan is None else SHIFTS_MIN, np.int64) * 60
    times = [
        np.ascontiguousarray(getattr(asks, name)[rows])
        for name in ("kind", "a_from", "a_to", "b_from", "b_to", "stay")
    ]

    def fill(origin_from: int, origin_to: int) -> None:
        wk.fill_remedies(
            origin_from, origin_to,
            access.indptr, access.target, leg_seconds(access.length_mm, speed), access.length_mm,
            direct.indptr, direct.target, leg_seconds(direct.length_mm, speed),
            near.first, near.lane, near.position, near.walk_s, near.walk_mm,
            bundle_first, service.astype(np.int32), times[0].astype(np.int64), *times[1:],
            timetable.stop_first, timetable.stop_lane, timetable.stop_position,
            timetable.can_board, timetable.can_alight, timetable.lane_first, timetable.trip_first,
            timetable.time_first, timetable.arrival_s, timetable.departure_s,
            query.board_slack_s, query.walk.leg_limit_mm, total_mm, query.cutoff_s,
            walk_steps_mm, cutoff_steps_s, shifts_s, want, *part,
        )  # fmt: skip

    run_blocks(len(inputs.origin_ids), fill, min_rows=8, blocks_per_thread=8)
    walk_step[:, columns], cutoff_step[:, columns], shift_bits[:, rows] = part


def _allowed_shifts(asks: Asks) -> np.ndarray:
    """Bits of the shifts that keep a session inside the day: int64[asks]."""
    bits = np.zeros(len(asks.service), np.int64)
    for row, one in enumerate(asks.plan or ()):
        for j, minutes in enumerate(SHIFTS_MIN):
            if one.start_s + minutes * 60 >= EARLIEST_START_S and one.end_s + minutes * 60 <= LATEST_END_S:
                bits[row] |= np.int64(1) << j
    return bits


def sort_by_length(legs: Legs, *, longest_first: bool = False) -> Legs:
    """The same legs, each row by length (not by target, as legs are elsewhere)."""
    row = np.repeat(np.arange(len(legs.indptr) - 1), np.diff(legs.indptr))
    order = np.lexsort((legs.target, -legs.length_mm if longest_first else legs.length_mm, row))
    return Legs(legs.indptr, legs.target[order], legs.length_mm[order])
