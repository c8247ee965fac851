"""Percentiles by sampling, as other engines make them: only to compare with those.

This engine's own percentiles are exact (``geo.profile``).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from data.errors import QueryError
from geo.legs import Legs
from geo.profile import NONE, compute_matrix
from geo.query import Query
from geo.timetable import Timetable


def compute_sampled_percentiles(
    timetable: Timetable, access: Legs, egress: Legs, direct: Legs, query: Query, *, step_s: int = 60
) -> np.ndarray:
    """Compute nearest-rank percentiles of t(d) at d = window start, + step, ... before the window's end.

    Returns
    -------
    int32[percentiles, n, m], seconds; ``geo.profile.NONE`` where unreached.

    Raises
    ------
    QueryError
        The window starts at 0 s.
    """
    if query.window_start_s == 0:
        raise QueryError("Sampling needs a window that starts after 00:00.")
    moments = range(query.window_start_s, query.window_end_s, step_s)
    samples = []
    for moment in moments:
        # In the second before a whole second all moments wait for the same journey, so the longest
        # time of that second is the time at its end and one more, or the walk.
        second = replace(
            query,
            window_start_s=moment - 1,
            window_end_s=moment,
            percentiles=(100,),
            horizon_s=query.window_end_s - moment + query.horizon_s,
        )
        matrix = compute_matrix(timetable, access, egress, direct, second)
        longest = matrix.percentile_s[0]
        samples.append(np.where((longest == NONE) | (longest == matrix.walk_s), longest, longest - 1))
    ordered = np.sort(np.stack(samples), axis=0)
    ranks = [-(-percentile * len(moments) // 100) - 1 for percentile in query.percentiles]
    return ordered[ranks]
