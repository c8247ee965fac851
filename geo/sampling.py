"""Percentiles by sampling, as other engines make them: only to compare with those.

This engine's own percentiles are exact (``geo.profile``).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from data.errors import QueryError
from geo.legs import Legs
from geo.profile import NONE, compute_matrix, walk_seconds
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
    nobody_walks = Legs(np.zeros_like(direct.indptr), direct.target[:0], direct.length_mm[:0])
    walk_s = np.full((len(access.indptr) - 1, len(egress.indptr) - 1), NONE, np.int32)
    origin = np.repeat(np.arange(len(walk_s)), np.diff(direct.indptr))
    walk_s[origin, direct.target] = walk_seconds(direct, query.walk.speed_mm_per_h)
    samples = []
    for moment in moments:
        # In the second before a whole second all moments wait for the same journey, so the longest
        # time of that second is the time at its end and one more. The walk is compared after that: a ride
        # that beats it by a second would look like the walk.
        second = replace(
            query,
            window_start_s=moment - 1,
            window_end_s=moment,
            percentiles=(100,),
            horizon_s=query.window_end_s - moment + query.horizon_s,
        )
        longest = compute_matrix(timetable, access, egress, nobody_walks, second).percentile_s[0]
        samples.append(np.minimum(np.where(longest == NONE, NONE, longest - 1), walk_s))
    ordered = np.sort(np.stack(samples), axis=0)
    ranks = [-(-percentile * len(moments) // 100) - 1 for percentile in query.percentiles]
    return ordered[ranks]
