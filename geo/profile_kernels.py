"""Exact one-ride profiles: what is computed per origin, lane and destination.

How it goes. For an origin and a lane, the latest leave with which one can be
aboard trip r after boarding k is a running maximum of departure - slack -
access. Each alighting strictly later on the lane gives (leave, arrive). The
journeys of a pair are dropped into an array with one slot for every second of
the window (a bitmap tells which are taken), from which the Pareto journeys are
read in order: nothing is ever sorted.

The file is long because numba's cache does not notice a change of a helper in
another file.

*Leaves after the window* matter only to moments before its end that wait for
them, so they all fall into the slot of the window's end; they never count as a
journey inside the window (``best``).

*Keys.* A leave and an arrival travel as ``time << 17 | walk``: their difference
is duration and whole walk in one number, and of two journeys of the same
duration the one with less walking is the smaller. A leave's walk is stored as
``WALK_MASK - walk``, so that the larger key leaves later, then walks less.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geo.compile import IN_B1, IN_I4, IN_I8, OUT_I4, helper, kernel
from geo.destinations import NO_KEY, WALK_BITS, WALK_MASK

NONE = np.iinfo(np.int32).max  # within the engine: unreached
_NO_TRIP = np.iinfo(np.int32).max

_I8 = IN_I8.dtype
_OUT_I4_2D = IN_I4.copy(ndim=2, readonly=False)
_OUT_I4_3D = IN_I4.copy(ndim=3, readonly=False)
_OUT_B1_2D = IN_B1.copy(ndim=2, readonly=False)

# Position of the lowest set bit of a 64-bit word, by multiplication (de Bruijn).
_DEBRUIJN = np.uint64(0x03F79D71B4CB0A89)
_BIT = np.zeros(64, np.int64)
for _i in range(64):
    _BIT[((int(_DEBRUIJN) << _i) & (2**64 - 1)) >> 58] = _i
_ONE = np.uint64(1)


@helper
def _first_at_or_after(times: Any, start: int, count: int, value: int) -> int:
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
def _board(  # type: ignore[no-untyped-def]
    legs_from, legs_to, access_stop, access_s, access_mm,
    stop_first, stop_lane, stop_position, can_board, lane_first, trip_first, time_first, departure_s,
    lane_group, slot_of_lane, start_s, end_s, horizon_s, slack_s, running,
):  # fmt: skip
    """Boardings of one origin on every lane that leads to a destination.

    ``running`` of 1: leaves are running maxima over the lane's boardings so far; of
    0: each boarding's own (where the whole-walk limit must be checked for each).

    Returns
    -------
    lanes int32[T]; board_first int64[T + 1] (boardings of each, ascending
    position); board_position, board_mm int32[B]; trip_from, trip_count int64[T];
    leave_first int64[B] and leave int64[...] (keys, -1 for none); late int64[B]:
    the first trip whose leave comes after the window, within the horizon.
    """
    n_calls = 0
    for leg in range(legs_from, legs_to):
        n_calls += stop_first[access_stop[leg] + 1] - stop_first[access_stop[leg]]
    found_touched = np.empty(n_calls, np.int32)
    found_position = np.empty(n_calls, np.int32)
    found_leg = np.empty(n_calls, np.int64)
    lanes = np.empty(n_calls, np.int32)
    board_first = np.zeros(n_calls + 1, np.int64)
    n_boardings = 0
    n_touched = 0
    for leg in range(legs_from, legs_to):
        stop = access_stop[leg]
        for call in range(stop_first[stop], stop_first[stop + 1]):
            lane = stop_lane[call]
            if (
                lane_group[lane + 1] == lane_group[lane]
                or not can_board[lane_first[lane] + stop_position[call]]
            ):
                continue
            if slot_of_lane[lane] < 0:
                slot_of_lane[lane] = n_touched
                lanes[n_touched] = lane
                n_touched += 1
            found_touched[n_boardings] = slot_of_lane[lane]
            found_position[n_boardings] = stop_position[call]
            found_leg[n_boardings] = leg
            board_first[slot_of_lane[lane] + 1] += 1
            n_boardings += 1
    lanes = lanes[:n_touched]
    fill = np.empty(n_touched, np.int64)
    for touched in range(n_touched):
        slot_of_lane[lanes[touched]] = -1
        fill[touched] = board_first[touched]
        board_first[touched + 1] += board_first[touched]
    board_position = np.empty(n_boardings, np.int32)
    board_s = np.empty(n_boardings, np.int32)
    board_mm = np.empty(n_boardings, np.int32)
    for found in range(n_boardings):
        touched = found_touched[found]
        at = fill[touched]
        fill[touched] += 1
        while at > board_first[touched] and board_position[at - 1] > found_position[found]:
            board_position[at] = board_position[at - 1]
            board_s[at] = board_s[at - 1]
            board_mm[at] = board_mm[at - 1]
            at -= 1
        board_position[at] = found_position[found]
        board_s[at] = access_s[found_leg[found]]
        board_mm[at] = access_mm[found_leg[found]]

    trip_from = np.zeros(n_touched, np.int64)
    trip_count = np.zeros(n_touched, np.int64)
    leave_first = np.zeros(n_boardings, np.int64)
    late = np.full(n_boardings, _NO_TRIP, np.int64)
    size = 0
    for touched in range(n_touched):
        lane = lanes[touched]
        count = trip_first[lane + 1] - trip_first[lane]
        begin, end = count, np.int64(0)
        for at in range(board_first[touched], board_first[touched + 1]):
            start = time_first[lane] + board_position[at] * count
            ready = slack_s + board_s[at]
            begin = min(begin, _first_at_or_after(departure_s, start, count, start_s + ready))
            after = _first_at_or_after(departure_s, start, count, end_s + ready + 1)
            end = max(end, min(after + 1, count))
            if after < count and departure_s[start + after] - ready <= end_s + horizon_s:
                late[at] = after
            if running == 1 and at > board_first[touched]:
                late[at] = min(late[at], late[at - 1])
        trip_from[touched] = begin
        trip_count[touched] = max(end - begin, 0)
        for at in range(board_first[touched], board_first[touched + 1]):
            leave_first[at] = size
            size += trip_count[touched]
    leave = np.empty(size, np.int64)
    for touched in range(n_touched):
        lane = lanes[touched]
        count = trip_first[lane + 1] - trip_first[lane]
        for at in range(board_first[touched], board_first[touched + 1]):
            start = time_first[lane] + board_position[at] * count + trip_from[touched]
            for trip in range(trip_count[touched]):
                leave_s = departure_s[start + trip] - slack_s - board_s[at]
                key = np.int64(-1)
                if start_s <= leave_s <= end_s:
                    key = (leave_s << WALK_BITS) + WALK_MASK - board_s[at]
                if running == 1 and at > board_first[touched]:
                    key = max(key, leave[leave_first[at - 1] + trip])
                leave[leave_first[at] + trip] = key
    return (
        lanes, board_first, board_position, board_mm, trip_from, trip_count, leave_first, leave, late
    )  # fmt: skip


@helper
def _drop(slots, words, slot, arrive_s):  # type: ignore[no-untyped-def]
    """Put a journey into its slot unless one that arrives no later is there."""
    if arrive_s < slots[slot]:
        slots[slot] = arrive_s
        words[slot >> 6] |= _ONE << np.uint64(slot & 63)


@helper
def _alight_at(  # type: ignore[no-untyped-def]
    slots, words, best, end_s, leave, leave_at, trip_from, trip_count, late, arrival_s, time_at, egress_s
):
    """Drop the journeys of one boarding (or running maximum) and one alighting; return the best key."""
    for trip in range(trip_count):
        key = leave[leave_at + trip]
        if key >= 0:
            arrive_s = arrival_s[time_at + trip_from + trip] + np.int64(egress_s)
            best = min(best, (arrive_s << WALK_BITS) + egress_s - key)
            _drop(slots, words, end_s - (key >> WALK_BITS), arrive_s)
    if late != _NO_TRIP:
        _drop(slots, words, 0, arrival_s[time_at + late] + np.int64(egress_s))
    return best


@helper
def _take_pareto(slots, words, end_s, leave_s, arrive_s):  # type: ignore[no-untyped-def]
    """Read the Pareto journeys, latest leave first, and leave the slots empty; return how many."""
    n = 0
    earliest = np.int64(NONE)
    for word in range(len(words)):
        bits = words[word]
        if bits == 0:
            continue
        words[word] = 0
        while bits != 0:
            low = bits & (~bits + _ONE)
            bits ^= low
            slot = (word << 6) + _BIT[(low * _DEBRUIJN) >> np.uint64(58)]
            if slots[slot] < earliest:
                earliest = slots[slot]
                leave_s[n] = end_s - slot
                arrive_s[n] = earliest
                n += 1
            slots[slot] = NONE
    return n


@helper
def _seconds_within(n, leave_s, arrive_s, start_s, limit_s):  # type: ignore[no-untyped-def]
    """Length of the set of moments from which a ride arrives within ``limit_s``, in whole seconds.

    Moments between the next earlier leave and a leave L take between A - L and
    A - earlier leave: of them, those no earlier than A - limit count.
    """
    total = 0
    for i in range(n):
        earlier = leave_s[i + 1] if i + 1 < n else start_s
        total += max(0, leave_s[i] - max(earlier, arrive_s[i] - limit_s))
    return total


@helper
def _summarise(n, leave_s, arrive_s, walk_s, start_s, end_s, cutoff_s, percentiles, times_s):  # type: ignore[no-untyped-def]
    """Fill ``times_s`` with the percentiles (NONE: unreached); return the seconds in reach.

    The set length is an integer at every whole second T, continuous and never
    decreasing; so the percentile rounded up is the smallest whole T whose set
    is long enough, found by bisection without any division.
    """
    window = end_s - start_s
    reached = leave_s[0] - start_s if n else 0
    for k in range(len(percentiles)):
        time = np.int64(walk_s)
        if n and 100 * reached >= percentiles[k] * window:
            low, high = np.int64(0), np.int64(0)
            for i in range(n):
                earlier = leave_s[i + 1] if i + 1 < n else start_s
                high = max(high, arrive_s[i] - earlier)
            while low < high:
                middle = (low + high) >> 1
                if 100 * _seconds_within(n, leave_s, arrive_s, start_s, middle) >= percentiles[k] * window:
                    high = middle
                else:
                    low = middle + 1
            time = min(time, low)
        times_s[k] = time
    if walk_s <= cutoff_s:
        return window
    return _seconds_within(n, leave_s, arrive_s, start_s, cutoff_s)


@kernel(
    (
        _I8, _I8, IN_I8, IN_I4, IN_I4, IN_I4,  # origins, access
        _I8, _I8,  # destinations
        IN_I8, IN_I4, IN_I4, IN_B1, IN_I8, IN_I8, IN_I8, IN_I4, IN_I4,  # timetable
        IN_I8, IN_I4, IN_I8, IN_I4, IN_I4, IN_I4, IN_I8, IN_I8, IN_I8,  # index_destinations
        _I8, _I8, _I8, _I8, _I8, _I8, IN_I8,  # the question
        _OUT_I4_2D, _OUT_I4_2D, _OUT_I4_2D, _OUT_I4_2D, _OUT_I4_3D, _OUT_B1_2D,
    )
)  # fmt: skip
def fill_matrix(  # type: ignore[no-untyped-def]
    origin_from, origin_to, access_first, access_stop, access_s, access_mm,
    destination_from, destination_to,
    stop_first, stop_lane, stop_position, can_board,
    lane_first, trip_first, time_first, arrival_s, departure_s,
    lane_group, group_destination, group_alight, alight_position, alight_s, alight_mm,
    lane_from, column_first, column,
    start_s, end_s, horizon_s, cutoff_s, slack_s, total_limit_mm, percentiles,
    walk_s, ride_s, ride_walk_s, in_reach_s, percentile_s, direct_bus,
):  # fmt: skip
    """Add the rides of some origins to some destinations.

    The outputs come filled with what holds without any bus: ``walk_s``, and its
    like in ``percentile_s`` and ``in_reach_s``; nothing elsewhere.

    ``total_limit_mm`` below zero: the whole-walk limit can't bind and isn't
    checked. Outputs are [origin, destination] but ``percentile_s``, which is
    [percentile, origin, destination].
    """
    limited = total_limit_mm >= 0
    n_destinations = destination_to - destination_from
    slots = np.full(end_s - start_s + 1, NONE, np.int32)
    words = np.zeros(((end_s - start_s) >> 6) + 1, np.uint64)
    pareto_leave = np.empty(end_s - start_s + 1, np.int64)
    pareto_arrive = np.empty(end_s - start_s + 1, np.int64)
    times_s = np.empty(len(percentiles), np.int64)
    slot_of_lane = np.full(len(lane_first) - 1, -1, np.int32)
    head = np.full(n_destinations, -1, np.int64)
    reached = np.empty(n_destinations, np.int32)
    for origin in range(origin_from, origin_to):
        (
            lanes, board_first, board_position, board_mm, trip_from, trip_count, leave_first, leave, late
        ) = _board(
            access_first[origin], access_first[origin + 1], access_stop, access_s, access_mm,
            stop_first, stop_lane, stop_position, can_board, lane_first, trip_first, time_first, departure_s,
            lane_group, slot_of_lane, start_s, end_s, horizon_s, slack_s, np.int64(not limited),
        )  # fmt: skip
        n_links = 0
        for touched in range(len(lanes)):
            n_links += lane_group[lanes[touched] + 1] - lane_group[lanes[touched]]
        link_next = np.empty(n_links, np.int64)
        link_touched = np.empty(n_links, np.int32)
        link_group = np.empty(n_links, np.int64)
        n_links = 0
        n_reached = 0
        for touched in range(len(lanes)):
            lane = lanes[touched]
            for group in range(lane_group[lane], lane_group[lane + 1]):
                if alight_position[group_alight[group + 1] - 1] <= board_position[board_first[touched]]:
                    continue  # got off before anyone can get on
                at = group_destination[group] - destination_from
                if head[at] < 0:
                    reached[n_reached] = at
                    n_reached += 1
                link_next[n_links] = head[at]
                link_touched[n_links] = touched
                link_group[n_links] = group
                head[at] = n_links
                n_links += 1

        for i in range(n_reached):
            best = np.int64(NO_KEY)
            direct = False
            link = head[reached[i]]
            head[reached[i]] = -1
            while link >= 0:
                touched = link_touched[link]
                group = link_group[link]
                link = link_next[link]
                lane = lanes[touched]
                first_board, last_board = board_first[touched], board_first[touched + 1] - 1
                if not limited and alight_position[group_alight[group]] > board_position[last_board]:
                    # All boardings come before all alightings: the column has the earliest arrivals.
                    direct = True
                    column_at = column_first[group] - lane_from[lane]
                    leave_at = leave_first[last_board]
                    for trip in range(trip_count[touched]):
                        key = leave[leave_at + trip]
                        if key >= 0:
                            arrive_key = column[column_at + trip_from[touched] + trip]
                            best = min(best, arrive_key - key)
                            _drop(slots, words, end_s - (key >> WALK_BITS), arrive_key >> WALK_BITS)
                    if late[last_board] != _NO_TRIP:
                        _drop(slots, words, 0, column[column_at + late[last_board]] >> WALK_BITS)
                    continue
                count = trip_first[lane + 1] - trip_first[lane]
                for alight in range(group_alight[group], group_alight[group + 1]):
                    time_at = time_first[lane] + alight_position[alight] * count
                    for board in range(last_board, first_board - 1, -1):
                        # Strictly later by position: a lane may call at a stop twice.
                        if board_position[board] >= alight_position[alight]:
                            continue
                        if limited and np.int64(board_mm[board]) + alight_mm[alight] > total_limit_mm:
                            continue
                        direct = True
                        best = _alight_at(
                            slots, words, best, end_s, leave, leave_first[board],
                            trip_from[touched], trip_count[touched], late[board],
                            arrival_s, time_at, alight_s[alight],
                        )  # fmt: skip
                        if not limited:
                            break  # the running maximum holds the earlier boardings
            destination = reached[i] + destination_from
            direct_bus[origin, destination] = direct
            n = _take_pareto(slots, words, end_s, pareto_leave, pareto_arrive)
            if best != NO_KEY:
                ride_s[origin, destination] = (best + WALK_MASK) >> WALK_BITS
                ride_walk_s[origin, destination] = (best + WALK_MASK) & WALK_MASK
            if n:
                in_reach_s[origin, destination] = _summarise(
                    n, pareto_leave, pareto_arrive, walk_s[origin, destination],
                    start_s, end_s, cutoff_s, percentiles, times_s,
                )  # fmt: skip
                for k in range(len(percentiles)):
                    percentile_s[k, origin, destination] = times_s[k]


@kernel(
    (
        IN_I4, IN_I4, IN_I4,  # access of the one origin
        IN_I8, IN_I4, IN_I4, IN_B1, IN_B1, IN_I8, IN_I8, IN_I8, IN_I4, IN_I4, IN_I4,  # timetable
        IN_I8, _I8, _I8, _I8, _I8,
    )
)  # fmt: skip
def profile_stops(  # type: ignore[no-untyped-def]
    access_stop, access_s, access_mm,
    stop_first, stop_lane, stop_position, can_board, can_alight,
    lane_first, trip_first, time_first, arrival_s, departure_s, stop,
    every_lane, start_s, end_s, horizon_s, slack_s,
):  # fmt: skip
    """Journeys of one origin to every stop, without the walk from it.

    Returns
    -------
    stops int32[R]; first int64[R + 1]; leave_s, arrive_s int32 (latest leave
    first); best int64[R], the key of the best journey leaving inside the window.
    """
    slot_of_lane = np.full(len(lane_first) - 1, -1, np.int32)
    (lanes, board_first, board_position, _, trip_from, trip_count, leave_first, leave, late) = _board(
        np.int64(0), np.int64(len(access_stop)), access_stop, access_s, access_mm,
        stop_first, stop_lane, stop_position, can_board, lane_first, trip_first, time_first, departure_s,
        every_lane, slot_of_lane, start_s, end_s, horizon_s, slack_s, np.int64(1),
    )  # fmt: skip
    n_links = 0
    for touched in range(len(lanes)):
        n_links += lane_first[lanes[touched] + 1] - lane_first[lanes[touched]]
    head = np.full(len(stop_first) - 1, -1, np.int64)
    link_next = np.empty(n_links, np.int64)
    link_board = np.empty(n_links, np.int64)
    link_touched = np.empty(n_links, np.int32)
    link_position = np.empty(n_links, np.int32)
    reached = np.empty(min(n_links, len(head)), np.int32)
    n_links = 0
    n_reached = 0
    size = 0
    for touched in range(len(lanes)):
        lane = lanes[touched]
        board = board_first[touched]
        for position in range(board_position[board] + 1, lane_first[lane + 1] - lane_first[lane]):
            while board + 1 < board_first[touched + 1] and board_position[board + 1] < position:
                board += 1
            if not can_alight[lane_first[lane] + position]:
                continue
            at = stop[lane_first[lane] + position]
            if head[at] < 0:
                reached[n_reached] = at
                n_reached += 1
            link_next[n_links] = head[at]
            link_board[n_links] = board
            link_touched[n_links] = touched
            link_position[n_links] = position
            head[at] = n_links
            n_links += 1
            size += trip_count[touched] + 1

    window = end_s - start_s
    slots = np.full(window + 1, NONE, np.int32)
    words = np.zeros((window >> 6) + 1, np.uint64)
    pareto_leave = np.empty(window + 1, np.int64)
    pareto_arrive = np.empty(window + 1, np.int64)
    first = np.zeros(n_reached + 1, np.int64)
    best = np.full(n_reached, NO_KEY, np.int64)
    leave_s = np.empty(size, np.int32)
    arrive_s = np.empty(size, np.int32)
    size = 0
    for i in range(n_reached):
        link = head[reached[i]]
        while link >= 0:
            touched = link_touched[link]
            lane = lanes[touched]
            board = link_board[link]
            time_at = time_first[lane] + link_position[link] * (trip_first[lane + 1] - trip_first[lane])
            best[i] = _alight_at(
                slots, words, best[i], end_s, leave, leave_first[board],
                trip_from[touched], trip_count[touched], late[board], arrival_s, time_at, np.int32(0),
            )  # fmt: skip
            link = link_next[link]
        n = _take_pareto(slots, words, end_s, pareto_leave, pareto_arrive)
        for j in range(n):
            leave_s[size] = pareto_leave[j]
            arrive_s[size] = pareto_arrive[j]
            size += 1
        first[i + 1] = size
        if best[i] != NO_KEY:
            best[i] += WALK_MASK
    return reached[:n_reached].copy(), first, leave_s[:size].copy(), arrive_s[:size].copy(), best


@kernel(
    (
        _I8, _I8, IN_I8, IN_I4, IN_I4, IN_I4,  # cells: from, to, egress; walking all the way
        IN_I4, IN_I8, IN_I4, IN_I4, IN_I8,  # stop profiles
        _I8, _I8, _I8, IN_I8,
        OUT_I4, OUT_I4, OUT_I4, _OUT_I4_2D,
    )
)  # fmt: skip
def fill_cells(  # type: ignore[no-untyped-def]
    cell_from, cell_to, egress_first, egress_stop, egress_s, walk_s,
    row_of_stop, first, leave_s, arrive_s, best,
    start_s, end_s, cutoff_s, percentiles,
    ride_s, ride_walk_s, in_reach_s, percentile_s,
):  # fmt: skip
    """Merge stop profiles into the profile of each cell (``percentile_s`` is [percentile, cell])."""
    window = end_s - start_s
    slots = np.full(window + 1, NONE, np.int32)
    words = np.zeros((window >> 6) + 1, np.uint64)
    pareto_leave = np.empty(window + 1, np.int64)
    pareto_arrive = np.empty(window + 1, np.int64)
    times_s = np.empty(len(percentiles), np.int64)
    for cell in range(cell_from, cell_to):
        best_key = np.int64(NO_KEY)
        for leg in range(egress_first[cell], egress_first[cell + 1]):
            row = row_of_stop[egress_stop[leg]]
            if row < 0:
                continue
            walk = np.int64(egress_s[leg])
            if best[row] != NO_KEY:
                best_key = min(best_key, best[row] + (walk << WALK_BITS) + walk)
            for at in range(first[row], first[row + 1]):
                _drop(slots, words, end_s - leave_s[at], arrive_s[at] + walk)
        n = _take_pareto(slots, words, end_s, pareto_leave, pareto_arrive)
        in_reach_s[cell] = _summarise(
            n, pareto_leave, pareto_arrive, walk_s[cell], start_s, end_s, cutoff_s, percentiles, times_s
        )
        for k in range(len(percentiles)):
            percentile_s[k, cell] = times_s[k]
        ride_s[cell] = NONE
        ride_walk_s[cell] = NONE
        if best_key != NO_KEY:
            ride_s[cell] = best_key >> WALK_BITS
            ride_walk_s[cell] = best_key & WALK_MASK
