"""Trips of a pattern that do not overtake each other share a lane.

In a lane, arrivals and departures never decrease from one trip to the next at
any position, so "the first trip not before" is the best trip, and can be found
by bisection.
"""

from __future__ import annotations

import numpy as np

from geo.compile import IN_I4, IN_I8, OUT_I8, kernel


@kernel((IN_I8, IN_I8, IN_I8, IN_I8, IN_I4, IN_I4, OUT_I8))
def split_into_lanes(
    pattern: np.ndarray,
    first_call: np.ndarray,
    n_calls: np.ndarray,
    shift_s: np.ndarray,
    arrival_s: np.ndarray,
    departure_s: np.ndarray,
    lane: np.ndarray,
) -> None:
    """Give every trip the first lane of its pattern whose last trip it doesn't overtake.

    Trips come sorted by pattern, then by the sum of their times: of two trips
    that do not overtake each other the earlier has the smaller sum. ``lane`` is
    filled with numbers that count through all patterns.
    """
    n = len(pattern)
    last = np.empty(max(n, 1), np.int64)  # last trip of each lane of the pattern at hand
    n_lanes = 0
    base = 0
    for t in range(n):
        if t == 0 or pattern[t] != pattern[t - 1]:
            base += n_lanes
            n_lanes = 0
        chosen = n_lanes
        for candidate in range(n_lanes):
            before = last[candidate]
            offset = shift_s[t] - shift_s[before]
            fits = True
            for j in range(n_calls[t]):
                a = first_call[t] + j
                b = first_call[before] + j
                if arrival_s[a] + offset < arrival_s[b] or departure_s[a] + offset < departure_s[b]:
                    fits = False
                    break
            if fits:
                chosen = candidate
                break
        if chosen == n_lanes:
            n_lanes += 1
        last[chosen] = t
        lane[t] = base + chosen
