"""Two boardings, only to tell "two buses" from "no way".

Definition: docs/methods.md, "Journey"; docs/design.md, decision 10.
"""

from __future__ import annotations

import numpy as np

from geo.inputs import ReachInputs
from geo.legs import leg_seconds
from geo.progress import ShareDone
from geo.query import Query
from geo.threads import run_blocks
from geo.transpose import transpose_legs
from geo.twobuses_kernels import NONE, fill_two_buses

ORIGINS_AT_A_TIME = 512


def compute_two_buses(
    inputs: ReachInputs,
    query: Query,
    wanted: np.ndarray,
    *,
    progress: ShareDone | None = None,
) -> np.ndarray:
    """Compute the shortest journeys with two boardings that leave inside the window.

    Exact for pairs that have no journey within the cut-off with one: of others
    it may miss some.

    Parameters
    ----------
    wanted : bool[n, m]
        Pairs to look for.
    progress : callable, optional
        Called with the share done, 0 to 1.

    Returns
    -------
    int32[n, m], seconds; ``NONE`` where there is none within the cut-off.
    """
    if inputs.transfers is None:
        raise ValueError("two boardings need walks between stops")
    timetable, access, egress, change = inputs.timetable, inputs.access, inputs.egress, inputs.transfers
    speed = query.walk.speed_mm_per_h
    n = len(inputs.origin_ids)
    goals = transpose_legs(egress, len(inputs.stop_active))  # from a stop to its destinations

    lane = np.repeat(np.arange(timetable.n_lanes), np.diff(timetable.lane_first))
    useful = timetable.can_alight & (np.diff(goals.indptr)[timetable.stop] > 0)
    position = np.arange(len(lane)) - timetable.lane_first[lane]
    last_goal = np.full(timetable.n_lanes, -1, np.int32)
    last_goal[lane[useful]] = position[useful]  # ascending: the last one stays

    duration_s = np.full(wanted.shape, NONE, np.int32)
    access_s, change_s = leg_seconds(access.length_mm, speed), leg_seconds(change.length_mm, speed)

    def fill(first: int, last: int) -> None:
        fill_two_buses(
            first, last, access.indptr, access.target, access_s, access.length_mm,
            goals.indptr, goals.target, leg_seconds(goals.length_mm, speed), goals.length_mm,
            change.indptr, change.target, change_s, change.length_mm,
            timetable.stop_first, timetable.stop_lane, timetable.stop_position,
            timetable.can_board, timetable.can_alight,
            timetable.lane_first, timetable.trip_first, timetable.time_first,
            timetable.arrival_s, timetable.departure_s, timetable.stop, last_goal,
            query.window_start_s, query.window_end_s, query.cutoff_s, query.board_slack_s,
            query.walk.total_limit_mm, int(goals.length_mm.max(initial=0)),
            int(change.length_mm.max(initial=0)), wanted, duration_s,
        )  # fmt: skip

    # In parts, so that progress is told from the caller's own thread, as a dashboard needs.
    for start in range(0, n, ORIGINS_AT_A_TIME):
        stop = min(start + ORIGINS_AT_A_TIME, n)

        def fill_part(first: int, last: int, start: int = start) -> None:
            fill(start + first, start + last)

        run_blocks(stop - start, fill_part, min_rows=8)
        if progress is not None:
            progress(stop / n)
    return duration_s
