"""Exact one-ride profiles of many pairs: what is computed per origin, lane and destination.

How it goes. For an origin and a lane, the latest leave with which one can be
aboard a trip after a boarding is a running maximum of departure - slack -
access. A lane's trips wait in the slots of their leaves, one for every second
of the window (a bitmap tells which are taken), so that they are taken up latest
leave first without sorting. Each trip then brings the origin to all
destinations of its lane, which lie side by side in a row (``geo.destinations``);
what arrives sooner than all before it is a Pareto journey of that destination.

*Leaves after the window* matter only to moments before its end that wait for
them, so they all count as leaving at the window's end; they are never a journey
inside the window (``best``).

*Keys.* A leave and an arrival travel as ``time << 17 | walk``: their difference
is duration and whole walk in one number, and of two journeys of the same
duration the one with less walking is the smaller. A leave's walk is stored as
``WALK_MASK - walk``, so that the larger key leaves later, then walks less.
"""

from __future__ import annotations

import numpy as np

from geo.compile import I8, IN_B1, IN_I4, IN_I8, OUT_B1_2D, OUT_I4_2D, OUT_I4_3D, helper, kernel
from geo.destinations import NO_KEY, WALK_BITS, WALK_MASK
from geo.kernel_helpers import lowest_bit, room_for, summarise

NONE = np.iinfo(np.int32).max  # within the engine: unreached

_ONE = np.uint64(1)

# Columns of an entry: the next one in its slot, its leave's key, and where it leads:
# either a row of keys and the groups that it belongs to, or (no groups) one arrival.
_NEXT, _LEAVE, _ROW, _GOAL, _N_GOALS = 0, 1, 2, 3, 4
# Columns of a destination's journey in the log: the one before, which leaves later.
_BEFORE, _LEAVE_S, _ARRIVE_S = 0, 1, 2


@helper
def _at_least(n, scratch):  # type: ignore[no-untyped-def]
    """Return the array, or an empty one with room for n."""
    return scratch if n <= len(scratch) else np.empty(2 * n, scratch.dtype)


@helper
def _longer(values):  # type: ignore[no-untyped-def]
    """Return an array of twice the length that begins with these values."""
    longer = np.empty(2 * len(values), values.dtype)
    for i in range(len(values)):
        longer[i] = values[i]
    return longer


@helper
def _enter(slots, words, entries, used, end_s, leave_key, row, goal, n_goals):  # type: ignore[no-untyped-def]
    """Put an entry into the slot of its leave."""
    slot = end_s - (leave_key >> WALK_BITS)
    entries[used, _NEXT] = slots[slot]
    entries[used, _LEAVE] = leave_key
    entries[used, _ROW] = row
    entries[used, _GOAL] = goal
    entries[used, _N_GOALS] = n_goals
    slots[slot] = used
    words[slot >> 6] |= _ONE << np.uint64(slot & 63)


@helper
def _list_boardings(  # type: ignore[no-untyped-def]
    legs_from, legs_to, access_stop, stop_first, stop_lane, stop_position,
    can_board, lane_first, lane_alight, boardings, boarding_of_lane, lanes,
):  # fmt: skip
    """List one origin's boardings of the lanes that lead to destinations, linked lane by lane.

    ``lanes`` is filled with those lanes; ``boarding_of_lane``, -1 throughout
    before, leads to the last boarding of each.

    Returns
    -------
    boardings int32[..., 3] (the one before of its lane, position, leg), another
    array where it had to grow; how many lanes there are
    """
    n_touched = 0
    n_boardings = 0
    for leg in range(legs_from, legs_to):
        stop = access_stop[leg]
        boardings = room_for(stop_first[stop + 1] - stop_first[stop], boardings, n_boardings)
        for call in range(stop_first[stop], stop_first[stop + 1]):
            lane = stop_lane[call]
            if lane_alight[lane + 1] == lane_alight[lane]:
                continue
            if not can_board[lane_first[lane] + stop_position[call]]:
                continue
            if boarding_of_lane[lane] < 0:
                lanes[n_touched] = lane
                n_touched += 1
            boardings[n_boardings, 0] = boarding_of_lane[lane]
            boardings[n_boardings, 1] = stop_position[call]
            boardings[n_boardings, 2] = leg
            boarding_of_lane[lane] = n_boardings
            n_boardings += 1
    return boardings, n_touched


@helper
def _enter_each_pair(  # type: ignore[no-untyped-def]
    alight_from, alight_to, alight_destination, alight_position, alight_s, alight_mm,
    arrival_s, first_at, count, n_trips, n, position, walk_mm, late, leave, total_limit_mm,
    direct_bus, at_end, slots, words, entries, used, end_s,
):  # fmt: skip
    """Enter a lane's rides one by one, where the whole walk of each pair of stops has to be checked.

    Every alighting, strictly later by position than a boarding: a lane may call
    at a stop twice. Returns the (grown) entries and how many there are.
    """
    for alight in range(alight_from, alight_to):
        destination = np.int64(alight_destination[alight])
        at = first_at + alight_position[alight] * count
        walk_after = np.int64(alight_s[alight])
        for k in range(n):
            if position[k] >= alight_position[alight]:
                break
            if np.int64(walk_mm[k]) + alight_mm[alight] > total_limit_mm:
                continue
            direct_bus[destination] = True
            if late[k] < n_trips:
                at_end[destination] = min(at_end[destination], arrival_s[at + late[k]] + walk_after)
            entries = room_for(n_trips, entries, used)
            for trip in range(n_trips):
                key = leave[k * n_trips + trip]
                if key >= 0:
                    arrive_key = ((arrival_s[at + trip] + walk_after) << WALK_BITS) + walk_after
                    _enter(slots, words, entries, used, end_s, key, arrive_key, destination, np.int64(0))
                    used += 1
    return entries, used


@helper
def _take_latest_first(  # type: ignore[no-untyped-def]
    slots, words, entries, end_s, goal_destination, row, log, best, earliest, at_end, last_logged
):
    """Take the entries up, latest leave first, and log each destination's Pareto journeys.

    ``slots`` and ``words`` are empty afterwards; ``earliest`` holds each
    destination's earliest arrival, ``at_end`` that of leaving at the window's
    end, ``last_logged`` its journey that leaves first. Returns the (grown) log.
    """
    for i in range(len(earliest)):
        earliest[i] = at_end[i]
    logged = 0
    for word in range(len(words)):
        bits = words[word]
        words[word] = 0
        while bits != 0:
            slot = (word << 6) + lowest_bit(bits)
            bits &= bits - _ONE
            leave_s = end_s - slot
            at = int(slots[slot])
            slots[slot] = -1
            while at >= 0:
                key, arrival = entries[at, _LEAVE], entries[at, _ROW]
                goal, n_goals = entries[at, _GOAL], entries[at, _N_GOALS]
                at = entries[at, _NEXT]
                n = max(n_goals, 1)
                log = room_for(n, log, logged)
                for k in range(n):
                    destination, arrive_key = goal, arrival
                    if n_goals > 0:
                        destination, arrive_key = np.int64(goal_destination[goal + k]), row[arrival + k]
                    best[destination] = min(best[destination], arrive_key - key)
                    arrive_s = arrive_key >> WALK_BITS
                    if arrive_s >= earliest[destination]:
                        continue
                    earliest[destination] = arrive_s
                    before = last_logged[destination]
                    if slot == 0:
                        at_end[destination] = arrive_s
                    elif before >= 0 and log[before, _LEAVE_S] == leave_s:
                        log[before, _ARRIVE_S] = arrive_s
                    else:
                        log[logged, _BEFORE] = before
                        log[logged, _LEAVE_S] = leave_s
                        log[logged, _ARRIVE_S] = arrive_s
                        last_logged[destination] = logged
                        logged += 1
    return log


@kernel(
    (
        I8, I8, IN_I8, IN_I4, IN_I4, IN_I4,  # origins, access
        I8, I8,  # destinations
        IN_I8, IN_I4, IN_I4, IN_B1, IN_I8, IN_I8, IN_I8, IN_I4, IN_I4,  # timetable
        IN_I8, IN_I4, IN_I4, IN_I4, IN_I4, IN_I8, IN_I8,  # index_destinations
        IN_I8, IN_I4, IN_I4, IN_I4, IN_I8, IN_I4, IN_I8, IN_I8,
        I8, I8, I8, I8, I8, I8, IN_I8,  # the question
        OUT_I4_2D, OUT_I4_2D, OUT_I4_2D, OUT_I4_2D, OUT_I4_3D, OUT_B1_2D,
    )
)  # fmt: skip
def fill_matrix(  # type: ignore[no-untyped-def]
    origin_from, origin_to, access_first, access_stop, access_s, access_mm,
    destination_from, destination_to,
    stop_first, stop_lane, stop_position, can_board,
    lane_first, trip_first, time_first, arrival_s, departure_s,
    lane_alight, alight_destination, alight_position, alight_s, alight_mm, lane_from, lane_trips,
    lane_goal, goal_destination, goal_position, past, listed_first, listed, row_first, row,
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
    window = end_s - start_s
    slots = np.full(window + 1, -1, np.int32)
    words = np.zeros((window >> 6) + 1, np.uint64)
    entries = np.empty((256, 5), np.int64)
    log = np.empty((1024, 3), np.int32)
    pareto_leave = np.empty(window + 2, np.int64)
    pareto_arrive = np.empty(window + 2, np.int64)
    times_s = np.empty(len(percentiles), np.int64)
    # Of each destination: the best key inside the window; the earliest arrival
    # so far; that of leaving at the window's end; its last journey in the log.
    best = np.full(n_destinations, NO_KEY, np.int64)
    earliest = np.full(n_destinations, NONE, np.int32)
    at_end = np.full(n_destinations, NONE, np.int32)
    last_logged = np.full(n_destinations, -1, np.int32)
    n_lanes = len(lane_first) - 1
    lanes = np.empty(n_lanes, np.int32)
    boarding_of_lane = np.full(n_lanes, -1, np.int32)
    boardings = np.empty((256, 3), np.int32)  # of all lanes: the next of the lane, position, leg
    most = 64
    position = np.empty(most, np.int32)  # of one lane's boardings
    walk = np.empty(most, np.int32)
    walk_mm = np.empty(most, np.int32)
    late = np.empty(most, np.int64)
    leave = np.empty(256, np.int64)  # [boarding, trip]
    for origin in range(origin_from, origin_to):
        boardings, n_touched = _list_boardings(
            access_first[origin], access_first[origin + 1], access_stop, stop_first, stop_lane, stop_position,
            can_board, lane_first, lane_alight, boardings, boarding_of_lane, lanes,
        )  # fmt: skip
        used = 0
        # Not a function of its own: a call with this many arrays, for every origin and lane, costs as much
        # as the work does.
        for touched in range(n_touched):
            lane = lanes[touched]
            first_trip, n_trips = lane_from[lane], lane_trips[lane]
            count = trip_first[lane + 1] - trip_first[lane]
            # The lane's boardings by ascending position.
            n = 0
            boarding = boarding_of_lane[lane]
            boarding_of_lane[lane] = -1
            while boarding >= 0:
                if n == most:
                    most *= 2
                    position, walk, walk_mm = _longer(position), _longer(walk), _longer(walk_mm)
                    late = np.empty(most, np.int64)
                at = n
                while at > 0 and position[at - 1] > boardings[boarding, 1]:
                    position[at], walk[at], walk_mm[at] = position[at - 1], walk[at - 1], walk_mm[at - 1]
                    at -= 1
                leg = boardings[boarding, 2]
                position[at], walk[at], walk_mm[at] = boardings[boarding, 1], access_s[leg], access_mm[leg]
                n += 1
                boarding = boardings[boarding, 0]
            leave = _at_least(n * n_trips, leave)
            # Leaves are running maxima over the boardings so far, where nothing has to be
            # checked of each; a boarding that lets one leave no later then is of no use.
            n_kept = 0
            for k in range(n):
                at = time_first[lane] + position[k] * count + first_trip
                here = n_kept * n_trips
                late[n_kept] = n_trips
                useful = n_kept == 0 or limited
                for trip in range(n_trips):
                    leave_s = departure_s[at + trip] - slack_s - walk[k]
                    key = np.int64(-1)
                    if start_s <= leave_s <= end_s:
                        key = (leave_s << WALK_BITS) + WALK_MASK - walk[k]
                    elif end_s < leave_s <= end_s + horizon_s and late[n_kept] == n_trips:
                        late[n_kept] = trip
                    if n_kept > 0 and not limited:
                        before = leave[here - n_trips + trip]
                        useful |= key > before
                        key = max(key, before)
                    leave[here + trip] = key
                if n_kept > 0 and not limited:
                    useful |= late[n_kept] < late[n_kept - 1]
                    late[n_kept] = min(late[n_kept], late[n_kept - 1])
                if useful:
                    position[n_kept] = position[k]
                    walk_mm[n_kept] = walk_mm[k]
                    n_kept += 1
            n = n_kept

            if limited:
                entries, used = _enter_each_pair(
                    lane_alight[lane], lane_alight[lane + 1], alight_destination, alight_position, alight_s,
                    alight_mm, arrival_s, time_first[lane] + first_trip, count, n_trips, n, position, walk_mm,
                    late, leave, total_limit_mm, direct_bus[origin, destination_from:], at_end, slots, words,
                    entries, used, end_s,
                )  # fmt: skip
                continue

            first_goal = lane_goal[lane]
            n_goals = lane_goal[lane + 1] - first_goal
            done = np.int64(0)
            next_position = np.iinfo(np.int32).max
            for k in range(n - 1, -1, -1):
                at = lane_first[lane] + position[k]
                # Goals got off for between this boarding and the next; later ones are the next's,
                # whose leaves are no earlier. The first boarding tells of all whether there is a bus.
                begin = done if k > 0 else np.int64(0)
                done = np.int64(past[at])
                if k == 0:
                    for goal in range(first_goal, first_goal + done):
                        direct_bus[origin, destination_from + goal_destination[goal]] = True
                    for i in range(listed_first[at], listed_first[at + 1]):
                        direct_bus[origin, destination_from + goal_destination[listed[i]]] = True
                if late[k] < n_trips:
                    late_row = row_first[lane] + late[k] * n_goals
                    for goal in range(begin, done):
                        destination = goal_destination[first_goal + goal]
                        at_end[destination] = min(at_end[destination], row[late_row + goal] >> WALK_BITS)
                    for i in range(listed_first[at], listed_first[at + 1]):
                        destination = goal_destination[listed[i]]
                        arrive_s = row[late_row + listed[i] - first_goal] >> WALK_BITS
                        at_end[destination] = min(at_end[destination], arrive_s)
                for trip in range(n_trips):
                    key = leave[k * n_trips + trip]
                    if key < 0:
                        continue
                    entries = room_for(1 + listed_first[at + 1] - listed_first[at], entries, used)
                    trip_row = row_first[lane] + trip * n_goals
                    if done > begin:
                        _enter(
                            slots, words, entries, used, end_s, key, trip_row + begin, first_goal + begin,
                            done - begin,
                        )  # fmt: skip
                        used += 1
                    for i in range(listed_first[at], listed_first[at + 1]):
                        goal = int(listed[i])
                        if goal_position[goal] <= next_position:
                            _enter(
                                slots, words, entries, used, end_s, key, trip_row + goal - first_goal, goal,
                                np.int64(1),
                            )  # fmt: skip
                            used += 1
                next_position = position[k]

        log = _take_latest_first(
            slots, words, entries, end_s, goal_destination, row, log, best, earliest, at_end, last_logged
        )
        for i in range(n_destinations):
            if earliest[i] == NONE:
                continue
            destination = destination_from + i
            n = 0
            at = int(last_logged[i])
            last_logged[i] = -1
            while at >= 0:
                pareto_leave[n] = log[at, _LEAVE_S]
                pareto_arrive[n] = log[at, _ARRIVE_S]
                at = int(log[at, _BEFORE])
                n += 1
            if at_end[i] != NONE:
                pareto_leave[n] = end_s
                pareto_arrive[n] = at_end[i]
                at_end[i] = NONE
                n += 1
            if best[i] != NO_KEY:
                ride_s[origin, destination] = (best[i] + WALK_MASK) >> WALK_BITS
                ride_walk_s[origin, destination] = (best[i] + WALK_MASK) & WALK_MASK
                best[i] = NO_KEY
            in_reach_s[origin, destination] = summarise(
                n, pareto_leave, pareto_arrive, walk_s[origin, destination],
                start_s, end_s, cutoff_s, percentiles, times_s,
            )  # fmt: skip
            for k in range(len(percentiles)):
                percentile_s[k, origin, destination] = times_s[k]
