"""Reach as "there and back": a reach table whose classes say that a session can be gone to and left again.

Definitions: docs/methods.md, "Session, round trip".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data.areapack import AreaPack
from geo import roundtrip_kernels as rk
from geo.inputs import ReachInputs
from geo.legs import leg_seconds
from geo.people import compute_neighbourhood_reach, sum_rows, weigh_points, weighted_medians
from geo.profile import NONE
from geo.progress import Progress, no_progress
from geo.query import Query
from geo.reach import to_nullable
from geo.reasons import CLASS_CODE, NO_REASON, REASON_CODE
from geo.roundtrip import (
    RoundTrips,
    RoundTripSettings,
    compute_round_trips,
    plan_round_trips,
    seconds_between,
    split_plan,
)
from geo.sessions import PlannedSession
from geo.tables import CLASSES, NOT_KNOWN_REASONS, REASONS, THERE_AND_BACK_COLUMNS, ReachTable

if TYPE_CHECKING:
    from geo.engine import Engine

_TO_SPARE = tuple(name for name in THERE_AND_BACK_COLUMNS if name != "assumed")
_NEVER = np.int64(1) << 40
_ASSUMED = np.int64(1) << 30


def compute_there_and_back(
    engine: Engine,
    query: Query,
    settings: RoundTripSettings,
    *,
    day: int | None = None,
    origins: pd.DataFrame | None = None,
    progress: Progress = no_progress,
) -> ReachTable:
    """Compute one row per (origin point, service): can some session of it be gone to, and come home from?

    The columns are those of a reach table, so that gap, map and exports take
    it; they speak of the service's best session: one that works (known times
    before assumed ones, then the least time on the two journeys), else the one
    that comes closest, by the order of ``REASONS``. ``reach_class`` is walk when
    both journeys are on foot, one_bus when the round trip works otherwise;
    ``best_*`` are the outward journey's; ``share_in_reach`` is the share of the
    service's sessions that work. Nobody turns up and goes to a session:
    percentiles are null and ``infrequent`` is false. The further column
    ``assumed`` (bool) says that the default session stands for unknown times, and
    the others of THERE_AND_BACK_COLUMNS how long one waits and what there is to spare.

    Services without a session on the day or date asked for have no rows.
    """
    progress(0.0, "walking")
    inputs, plan = plan_round_trips(engine, query, settings, day=day, origins=origins)
    return compute_planned(engine, inputs, plan, query, settings, progress=progress)


def compute_planned(
    engine: Engine,
    inputs: ReachInputs,
    plan: tuple[PlannedSession, ...],
    query: Query,
    settings: RoundTripSettings,
    *,
    progress: Progress = no_progress,
) -> ReachTable:
    """The table of a plan whose services are among those of the inputs (:func:`compute_there_and_back`)."""
    parts = split_plan(plan, len(inputs.origin_ids))
    blocks = []
    for done, part in enumerate(parts):
        progress(0.2 + 0.7 * done / len(parts), "there and back")
        blocks.append(_compute_block(compute_round_trips(engine, inputs, part, query, settings), query))
    values = {name: np.hstack([block[name] for block in blocks]) for name in blocks[0]}
    n, m = values["reach_class"].shape
    ids = [str(one) for one in inputs.origin_ids]
    service_ids = list(dict.fromkeys(one.service_id for one in plan))
    columns: dict[str, object] = {
        "origin_id": pd.Series(ids, dtype="str").array.take(np.repeat(np.arange(n), m)),
        "service_id": pd.Series(service_ids, dtype="str").array.take(np.tile(np.arange(m), n)),
        "reach_class": pd.Categorical.from_codes(values["reach_class"].ravel(), pd.Index(CLASSES)),
        "reason": pd.Categorical.from_codes(values["reason"].ravel(), pd.Index(REASONS)),
        "walk_time_s": to_nullable(_walk_times(inputs, service_ids, query)),
    }
    for name in ("best_duration_s", "best_wait_s", "best_ride_s", "best_walk_s"):
        columns[name] = to_nullable(values[name])
    for p in query.percentiles:
        columns[f"travel_time_p{p}_s"] = to_nullable(np.full((n, m), NONE, np.int32))
    columns["share_in_reach"] = values["share"].ravel()
    columns["infrequent"] = np.zeros(n * m, bool)
    columns["assumed"] = values["assumed"].ravel()
    for name in _TO_SPARE:
        columns[name] = to_nullable(values[name])
    frame = pd.DataFrame(columns, copy=False)
    date = engine.service_date(query)
    return ReachTable(frame, "point", query, date, engine.pack.area_id, engine.pack.digest)


def _compute_block(trips: RoundTrips, query: Query) -> dict[str, np.ndarray]:
    """What the table says of the best session of each service: arrays [n, services of the block]."""
    best, first = _choose_sessions(trips)
    origin = np.arange(len(best))[:, None]
    fields, reason = trips.fields[origin, best], trips.reason[origin, best]
    works = reason == NO_REASON
    on_foot = (fields[:, :, rk.OUT_TRIP] == rk.ON_FOOT) & (fields[:, :, rk.BACK_TRIP] == rk.ON_FOOT)
    reach_class = np.full(best.shape, CLASS_CODE["not_in_reach"], np.int8)
    reach_class[works] = CLASS_CODE["one_bus"]
    reach_class[works & on_foot] = CLASS_CODE["walk"]
    reach_class[reason == REASON_CODE["outside_data"]] = CLASS_CODE["outside_data"]

    start = np.array([one.start_s for one in trips.plan], np.int64)[best]
    fixed = np.array([one.kind == "session" for one in trips.plan])[best]
    leave, arrive = fields[:, :, rk.OUT_LEAVE], fields[:, :, rk.OUT_ARRIVE]
    none = leave == NONE
    duration = np.where(none, NONE, arrive - np.where(none, 0, leave))
    no_ride = none | (fields[:, :, rk.OUT_TRIP] == rk.ON_FOOT)
    walk = np.where(no_ride, NONE, fields[:, :, rk.OUT_WALK])
    ride = np.where(no_ride, NONE, duration - query.board_slack_s - np.where(no_ride, 0, walk))
    sizes = np.diff(np.append(first, len(trips.plan)))
    share = np.add.reduceat(trips.works, first, axis=1, dtype=float) / sizes
    share[np.isin(reason, [REASON_CODE[name] for name in NOT_KNOWN_REASONS])] = np.nan
    return {
        "reach_class": reach_class,
        "reason": reason,
        "best_duration_s": duration.astype(np.int32),
        "best_wait_s": np.where(no_ride, NONE, query.board_slack_s).astype(np.int32),
        "best_ride_s": ride.astype(np.int32),
        "best_walk_s": walk.astype(np.int32),
        "share": share,
        "assumed": np.array([one.assumed for one in trips.plan])[best],
        "wait_before_s": seconds_between(arrive, start, fixed),
        "wait_after_s": seconds_between(fields[:, :, rk.END], fields[:, :, rk.BACK_LEAVE]),
        "slack_s": fields[:, :, rk.SLACK].astype(np.int32),
        "later_buses_home": fields[:, :, rk.LATER].astype(np.int32),
    }


def compute_neighbourhood_there_and_back(points: ReachTable, pack: AreaPack) -> ReachTable:
    """Weight the rows of origin points into one per (neighbourhood, service), as for reach.

    ``assumed`` holds where it does for at least half of the neighbourhood's
    weight; waits, slack and later buses are weighted medians, none counting as infinite.
    """
    table = compute_neighbourhood_reach(points, pack)
    order, weight, hood, hood_ids = weigh_points(points, pack)
    assumed = points.frame["assumed"].to_numpy(float).reshape(len(weight), -1)[order]
    half = sum_rows(assumed * weight[:, None], hood, len(hood_ids)) >= 0.5 - 1e-9
    to_spare = {
        name: to_nullable(
            weighted_medians(
                points.frame[name].to_numpy(np.int32, na_value=NONE).reshape(len(weight), -1)[order],
                weight, hood, len(hood_ids),
            )
        )
        for name in _TO_SPARE
    }  # fmt: skip
    return replace(table, frame=table.frame.assign(assumed=half.ravel(), **to_spare))


def _choose_sessions(trips: RoundTrips) -> tuple[np.ndarray, np.ndarray]:
    """The best session of each service: its number in the plan int64[n, m], and each service's first.

    A plan has the sessions of a service side by side.
    """
    service = [one.service_id for one in trips.plan]
    first = np.array([k for k in range(len(service)) if k == 0 or service[k] != service[k - 1]], np.int64)
    fields = trips.fields.astype(np.int64)
    took = fields[:, :, rk.OUT_ARRIVE] - fields[:, :, rk.OUT_LEAVE]
    took += fields[:, :, rk.BACK_ARRIVE] - fields[:, :, rk.BACK_LEAVE]
    assumed = np.array([one.assumed for one in trips.plan])
    cost = np.where(trips.works, took + np.where(assumed, _ASSUMED, 0), _NEVER - trips.reason)
    best = np.empty((len(cost), len(first)), np.int64)
    for number, (a, b) in enumerate(zip(first, np.append(first[1:], len(service)), strict=True)):
        best[:, number] = a + np.argmin(cost[:, a:b], axis=1)
    return best, first


def _walk_times(inputs: ReachInputs, service_ids: list[str], query: Query) -> np.ndarray:
    """Seconds of walking all the way, within the whole-walk limit: int32[n, m]."""
    n = len(inputs.origin_ids)
    walk = np.full((n, len(inputs.service_ids)), NONE, np.int32)
    rows = np.repeat(np.arange(n), np.diff(inputs.direct.indptr))
    walk[rows, inputs.direct.target] = leg_seconds(inputs.direct.length_mm, query.walk.speed_mm_per_h)
    column = {str(one): at for at, one in enumerate(inputs.service_ids)}
    return np.ascontiguousarray(walk[:, [column[one] for one in service_ids]])
