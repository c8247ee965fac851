"""Small functions that the kernels of several files share.

numba's cache does not notice a change of a helper in another file, so the
cache's folder is named after this file's content (``geo.compile``).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geo.compile import helper

# Position of the lowest set bit of a 64-bit word, by multiplication (de Bruijn).
_DEBRUIJN = np.uint64(0x03F79D71B4CB0A89)
_BIT = np.zeros(64, np.int64)
for _i in range(64):
    _BIT[((int(_DEBRUIJN) << _i) & (2**64 - 1)) >> 58] = _i
_ONE = np.uint64(1)


@helper
def lowest_bit(bits):  # type: ignore[no-untyped-def]
    """Position of the lowest set bit of a word that has one."""
    return _BIT[((bits & (~bits + _ONE)) * _DEBRUIJN) >> np.uint64(58)]


@helper
def first_at_or_after(times: Any, start: int, count: int, value: int) -> int:
    """Bisect: the first of ``times[start:start + count]`` not before ``value``, counted from start."""
    low, high = 0, count
    while low < high:
        middle = (low + high) >> 1
        if times[start + middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@helper
def room_for(more, rows, used):  # type: ignore[no-untyped-def]
    """Return the table, or one at least twice as long, with room for more than the rows used."""
    if used + more <= len(rows):
        return rows
    longer = np.empty((2 * (used + more), rows.shape[1]), rows.dtype)
    for i in range(used):
        for j in range(rows.shape[1]):
            longer[i, j] = rows[i, j]
    return longer


@helper
def list_home_calls(  # type: ignore[no-untyped-def]
    first, last, access_stop, access_s, access_mm, stop_first, stop_lane, stop_position, head
):
    """List the calls near a home, whose walks are the legs first..last, lane by lane.

    ``head`` [lane] comes filled with -1 and leads to the lane's call of the last
    leg; ``next`` leads from each call to the one of the leg before.
    :func:`forget_home_calls` empties it again.

    Returns
    -------
    next int64[n], lane, position, seconds and millimetres of the walk int32[n]
    """
    n = 0
    for leg in range(first, last):
        n += stop_first[access_stop[leg] + 1] - stop_first[access_stop[leg]]
    following = np.empty(n, np.int64)
    lane = np.empty(n, np.int32)
    position = np.empty(n, np.int32)
    walk_s = np.empty(n, np.int32)
    walk_mm = np.empty(n, np.int32)
    at = 0
    for leg in range(first, last):
        stop = access_stop[leg]
        for call in range(stop_first[stop], stop_first[stop + 1]):
            lane[at] = stop_lane[call]
            position[at] = stop_position[call]
            walk_s[at] = access_s[leg]
            walk_mm[at] = access_mm[leg]
            following[at] = head[lane[at]]
            head[lane[at]] = at
            at += 1
    return following, lane, position, walk_s, walk_mm


@helper
def forget_home_calls(lane, head):  # type: ignore[no-untyped-def]
    """Empty ``head`` of what :func:`list_home_calls` put there."""
    for each in lane:
        head[each] = -1


@helper
def seconds_within(n, leave_s, arrive_s, start_s, limit_s):  # type: ignore[no-untyped-def]
    """Length of the set of moments from which a ride arrives within ``limit_s``, in whole seconds.

    The ``n`` journeys are Pareto, earliest leave first. Moments between the
    leave before and a leave L take between A - L and A - the leave before: of
    them, those no earlier than A - limit count.
    """
    total = 0
    earlier = np.int64(start_s)
    for i in range(n):
        total += max(0, leave_s[i] - max(earlier, arrive_s[i] - limit_s))
        earlier = leave_s[i]
    return total


@helper
def summarise(n, leave_s, arrive_s, walk_s, start_s, end_s, cutoff_s, percentiles, times_s):  # type: ignore[no-untyped-def]
    """Fill ``times_s`` with the percentiles (no value: ``walk_s``); return the seconds in reach.

    The set length is an integer at every whole second T, continuous and never
    decreasing; so the percentile rounded up is the smallest whole T whose set
    is long enough. It lies between two bounds, which are drawn together by
    where a straight line between them would have it and, every other step, by
    halving.
    """
    window = end_s - start_s
    reached = leave_s[n - 1] - start_s if n else 0
    shortest, longest = np.int64(walk_s), np.int64(0)
    earlier = np.int64(start_s)
    for i in range(n):
        shortest = min(shortest, arrive_s[i] - leave_s[i])
        longest = max(longest, arrive_s[i] - earlier)
        earlier = leave_s[i]
    for k in range(len(percentiles)):
        # In hundredths, so that a share of the window is a whole number.
        needed = percentiles[k] * window
        time = np.int64(walk_s)
        if n and 100 * reached >= needed and shortest < walk_s:
            # Too short at low (nothing at all takes less than the shortest), long enough at high.
            low, high = shortest - 1, longest
            at_low, at_high = np.int64(0), 100 * reached
            halve = False
            while high - low > 1:
                if halve:
                    middle = (low + high) >> 1
                else:
                    middle = low + (needed - at_low) * (high - low) // (at_high - at_low)
                    middle = min(max(middle, low + 1), high - 1)
                halve = not halve
                at_middle = 100 * seconds_within(n, leave_s, arrive_s, start_s, middle)
                if at_middle >= needed:
                    high, at_high = middle, at_middle
                else:
                    low, at_low = middle, at_middle
            time = min(time, high)
        times_s[k] = time
    if walk_s <= cutoff_s:
        return window
    return seconds_within(n, leave_s, arrive_s, start_s, cutoff_s)
