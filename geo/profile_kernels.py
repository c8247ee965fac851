"""Exact one-ride profiles of one origin: to every stop, and from stops on to many cells.

The latest leave with which one can be aboard a trip after a boarding is a
running maximum of departure - slack - access. Each alighting strictly later on
the lane gives (leave, arrive). The journeys are dropped into an array with one
slot for every second of the window (a bitmap tells which are taken), from which
the Pareto journeys are read in order: nothing is ever sorted. Of many
origins and destinations ``geo.matrix_kernels`` makes the same sooner.

*Leaves after the window* matter only to moments before its end that wait for
them, so they all fall into the slot of the window's end; they never count as a
journey inside the window (``best``).

Keys of leaves and arrivals: see ``geo.matrix_kernels``.
"""

from __future__ import annotations

import numpy as np

from geo.compile import I8, IN_B1, IN_I4, IN_I8, OUT_I4, OUT_I4_2D, helper, kernel
from geo.destinations import NO_KEY, WALK_BITS, WALK_MASK
from geo.kernel_helpers import first_at_or_after, list_home_calls, lowest_bit, summarise
from geo.matrix_kernels import NONE

_NO_TRIP = np.iinfo(np.int32).max


_ONE = np.uint64(1)


@helper
def _board(  # type: ignore[no-untyped-def]
    access_stop, access_s,
    stop_first, stop_lane, stop_position, can_board, lane_first, trip_first, time_first, departure_s,
    start_s, end_s, horizon_s, slack_s,
):  # fmt: skip
    """Boardings of one origin on every lane; leaves are running maxima over the lane's boardings so far.

    Returns
    -------
    lanes int32[T]; board_first int64[T + 1] (boardings of each, ascending
    position); board_position int32[B]; trip_from, trip_count int64[T];
    leave_first int64[B] and leave int64[...] (keys, -1 for none); late int64[B]:
    the first trip whose leave comes after the window, within the horizon.
    """
    head = np.full(len(lane_first) - 1, -1, np.int64)
    # Seconds stand for lengths too, which nobody reads: no whole-walk limit is checked here.
    following, lane_of, position_of, walk_s, _ = list_home_calls(
        0, len(access_stop), access_stop, access_s, access_s, stop_first, stop_lane, stop_position, head
    )
    lanes = np.empty(len(lane_of), np.int32)
    board_first = np.zeros(len(lane_of) + 1, np.int64)
    board_position = np.empty(len(lane_of), np.int32)
    board_s = np.empty(len(lane_of), np.int32)
    n_boardings = 0
    n_touched = 0
    for lane in lane_of:
        call = head[lane]
        head[lane] = -1  # met again, the lane has no calls left
        while call >= 0:
            if can_board[lane_first[lane] + position_of[call]]:
                at = n_boardings
                n_boardings += 1
                while at > board_first[n_touched] and board_position[at - 1] > position_of[call]:
                    board_position[at] = board_position[at - 1]
                    board_s[at] = board_s[at - 1]
                    at -= 1
                board_position[at] = position_of[call]
                board_s[at] = walk_s[call]
            call = following[call]
        if n_boardings > board_first[n_touched]:
            lanes[n_touched] = lane
            n_touched += 1
            board_first[n_touched] = n_boardings
    lanes = lanes[:n_touched]

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
            begin = min(begin, first_at_or_after(departure_s, start, count, start_s + ready))
            after = first_at_or_after(departure_s, start, count, end_s + ready + 1)
            end = max(end, min(after + 1, count))
            if after < count and departure_s[start + after] - ready <= end_s + horizon_s:
                late[at] = after
            if at > board_first[touched]:
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
                if at > board_first[touched]:
                    key = max(key, leave[leave_first[at - 1] + trip])
                leave[leave_first[at] + trip] = key
    return lanes, board_first, board_position, trip_from, trip_count, leave_first, leave, late


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
    """Read the Pareto journeys, earliest leave first, and leave the slots empty; return how many."""
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
            slot = (word << 6) + lowest_bit(low)
            if slots[slot] < earliest:
                earliest = slots[slot]
                leave_s[n] = end_s - slot
                arrive_s[n] = earliest
                n += 1
            slots[slot] = NONE
    for i in range(n // 2):
        j = n - 1 - i
        leave_s[i], leave_s[j] = leave_s[j], leave_s[i]
        arrive_s[i], arrive_s[j] = arrive_s[j], arrive_s[i]
    return n


@kernel(
    (
        IN_I4, IN_I4,  # access of the one origin
        IN_I8, IN_I4, IN_I4, IN_B1, IN_B1, IN_I8, IN_I8, IN_I8, IN_I4, IN_I4, IN_I4,  # timetable
        I8, I8, I8, I8,
    )
)  # fmt: skip
def profile_stops(  # type: ignore[no-untyped-def]
    access_stop, access_s,
    stop_first, stop_lane, stop_position, can_board, can_alight,
    lane_first, trip_first, time_first, arrival_s, departure_s, stop,
    start_s, end_s, horizon_s, slack_s,
):  # fmt: skip
    """Journeys of one origin to every stop, without the walk from it.

    Returns
    -------
    stops int32[R]; first int64[R + 1]; leave_s, arrive_s int32 (earliest leave
    first); best int64[R], the key of the best journey leaving inside the window.
    """
    lanes, board_first, board_position, trip_from, trip_count, leave_first, leave, late = _board(
        access_stop, access_s,
        stop_first, stop_lane, stop_position, can_board, lane_first, trip_first, time_first, departure_s,
        start_s, end_s, horizon_s, slack_s,
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
        I8, I8, IN_I8, IN_I4, IN_I4, IN_I4,  # cells: from, to, egress; walking all the way
        IN_I4, IN_I8, IN_I4, IN_I4, IN_I8,  # stop profiles
        I8, I8, I8, IN_I8,
        OUT_I4, OUT_I4, OUT_I4, OUT_I4_2D,
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
        in_reach_s[cell] = summarise(
            n, pareto_leave, pareto_arrive, walk_s[cell], start_s, end_s, cutoff_s, percentiles, times_s
        )
        for k in range(len(percentiles)):
            percentile_s[k, cell] = times_s[k]
        ride_s[cell] = NONE
        ride_walk_s[cell] = NONE
        if best_key != NO_KEY:
            ride_s[cell] = best_key >> WALK_BITS
            ride_walk_s[cell] = best_key & WALK_MASK
