"""Reach of every origin and service as a table (columns: ``geo.tables.REACH_COLUMNS``)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.areapack import AreaPack
from geo.inputs import ReachInputs
from geo.profile import NONE, Matrix, compute_matrix
from geo.progress import ShareDone
from geo.query import Query
from geo.reasons import CLASS_CODE, NOT_KNOWN_CODES, classify, find_reasons
from geo.tables import CLASSES, REASONS, ReachTable
from geo.twobuses import compute_two_buses


def compute_reach(
    pack: AreaPack, inputs: ReachInputs, query: Query, *, progress: ShareDone | None = None
) -> ReachTable:
    """Compute one row per (origin, service), origins outermost, both in the order given.

    Parameters
    ----------
    inputs : ReachInputs
        Timetable and walking legs of the query's own settings.
    progress : callable, optional
        Called with the share done, 0 to 1.
    """

    def tell(first: float, last: float) -> ShareDone | None:
        return None if progress is None else lambda done: progress(first + (last - first) * done)

    matrix = compute_matrix(
        inputs.timetable, inputs.access, inputs.egress, inputs.direct, query, progress=tell(0.0, 0.3)
    )
    two_buses = np.zeros(matrix.ride_s.shape, bool)
    reach_class = classify(inputs, query, matrix, two_buses)
    if inputs.transfers is not None:
        wanted = reach_class == CLASS_CODE["not_in_reach"]
        two_buses = compute_two_buses(inputs, query, wanted, progress=tell(0.3, 1.0)) != NONE
        reach_class[two_buses] = CLASS_CODE["two_buses"]
    reason = find_reasons(inputs, matrix, reach_class, NONE)
    frame = assemble_frame(inputs, query, matrix, reach_class, reason)
    return ReachTable(frame, "point", query, inputs.timetable.service_date, pack.area_id, pack.digest)


def assemble_frame(
    inputs: ReachInputs, query: Query, matrix: Matrix, reach_class: np.ndarray, reason: np.ndarray
) -> pd.DataFrame:
    """Lay the arrays out as a frame; what has no value becomes null."""
    n, m = reach_class.shape
    no_ride = matrix.ride_s == NONE
    in_vehicle_s = matrix.ride_s - query.board_slack_s - matrix.ride_walk_s
    in_vehicle_s[no_ride] = NONE
    wait_s = np.where(no_ride, NONE, np.int32(query.board_slack_s)).astype(np.int32)
    known = (reach_class == CLASS_CODE["walk"]) | (reach_class == CLASS_CODE["one_bus"])
    columns = {
        "origin_id": _repeat_ids(inputs.origin_ids, np.repeat(np.arange(n), m)),
        "service_id": _repeat_ids(inputs.service_ids, np.tile(np.arange(m), n)),
        "reach_class": pd.Categorical.from_codes(reach_class.ravel(), pd.Index(CLASSES)),
        "reason": pd.Categorical.from_codes(reason.ravel(), pd.Index(REASONS)),
        "walk_time_s": to_nullable(matrix.walk_s),
        "best_duration_s": to_nullable(matrix.best_s),
        "best_wait_s": to_nullable(wait_s),
        "best_ride_s": to_nullable(in_vehicle_s),
        "best_walk_s": to_nullable(matrix.ride_walk_s),
        **{
            f"travel_time_p{p}_s": to_nullable(matrix.percentile_s[k])
            for k, p in enumerate(query.percentiles)
        },
        # Missing is never zero: where reach is not known, neither is the share.
        "share_in_reach": np.where(
            np.isin(reason, NOT_KNOWN_CODES), np.nan, matrix.in_reach_s / matrix.window_s
        ).ravel(),
        # The median is above the cut-off exactly when under half of the window is in reach.
        "infrequent": (known & (2 * matrix.in_reach_s < matrix.window_s)).ravel(),
    }
    return pd.DataFrame(columns, copy=False)


def to_nullable(seconds: np.ndarray) -> pd.arrays.IntegerArray:
    """Seconds with ``NONE`` to a nullable Int32 array, flattened."""
    flat = seconds.ravel()
    return pd.arrays.IntegerArray(flat, flat == NONE)


def _repeat_ids(ids: np.ndarray, rows: np.ndarray) -> pd.api.extensions.ExtensionArray:
    return pd.array([str(one) for one in ids], dtype="str").take(rows)
