"""The search for two boardings: origins forward, latest leave first.

Taking leaves from the latest to the earliest, whatever an earlier leave finds
must beat what a later one found before: same stop or trip, no later, with no
more walking. Else it is dropped, since the later leave makes the shorter
journey. Walking and time are two criteria, so labels are Pareto sets of both.

Such a label may have come by the very trip that the dropped one would have
boarded next, which it can't board itself (a change is to a *different* trip).
It loses nothing: staying on that trip makes the journey with one bus, and pairs
with one bus are not asked for here.
"""

from __future__ import annotations

import numpy as np

from geo.compile import I8, IN_B1, IN_B1_2D, IN_I4, IN_I8, OUT_I4_2D, helper, kernel
from geo.kernel_helpers import first_at_or_after

NONE = np.iinfo(np.int32).max
CHANGE_S = 120  # least time between two buses, beside the walk


@helper
def _offer(heads, key, pool, used, x, y, walk):  # type: ignore[no-untyped-def]
    """Add a label to a list unless one there is no worse in all three; unlink what it makes superfluous.

    Returns the (grown) pool and how much of it is used: as much as before where
    the label was dropped.
    """
    node = heads[key]
    while node >= 0:
        if pool[node, 0] <= x and pool[node, 1] <= y and pool[node, 2] <= walk:
            return pool, used
        node = pool[node, 3]
    previous = np.int64(-1)
    node = heads[key]
    while node >= 0:
        after = pool[node, 3]
        if pool[node, 0] >= x and pool[node, 1] >= y and pool[node, 2] >= walk:
            if previous < 0:
                heads[key] = after
            else:
                pool[previous, 3] = after
        else:
            previous = node
        node = after
    if used == len(pool):
        larger = np.empty((2 * used, 4), np.int64)
        for i in range(used):
            for j in range(4):
                larger[i, j] = pool[i, j]
        pool = larger
    pool[used, 0] = x
    pool[used, 1] = y
    pool[used, 2] = walk
    pool[used, 3] = heads[key]
    heads[key] = used
    return pool, used + 1


@kernel(
    (
        I8, I8, IN_I8, IN_I4, IN_I4, IN_I4,  # origins, access
        IN_I8, IN_I4, IN_I4, IN_I4,  # stop to destinations
        IN_I8, IN_I4, IN_I4, IN_I4,  # changes on foot
        IN_I8, IN_I4, IN_I4, IN_B1, IN_B1, IN_I8, IN_I8, IN_I8, IN_I4, IN_I4, IN_I4, IN_I4,  # timetable
        I8, I8, I8, I8, I8, I8, I8,
        IN_B1_2D, OUT_I4_2D,
    )
)  # fmt: skip
def fill_two_buses(  # type: ignore[no-untyped-def]
    origin_from, origin_to, access_first, access_stop, access_s, access_mm,
    goal_first, goal, goal_s, goal_mm,
    change_first, change_stop, change_s, change_mm,
    stop_first, stop_lane, stop_position, can_board, can_alight,
    lane_first, trip_first, time_first, arrival_s, departure_s, stop_of, last_goal,
    start_s, end_s, cutoff_s, slack_s, total_limit_mm, longest_goal_mm, longest_change_mm,
    wanted, duration_s,
):  # fmt: skip
    """Fill the best duration with two boardings within the cut-off, where ``wanted``; else ``NONE``.

    ``goal_first, goal, ...`` lead from a stop to the destinations near it;
    ``last_goal[lane]`` is the last position of a lane from which any is near, or -1.
    """
    n_stops = len(stop_first) - 1
    n_lanes = len(lane_first) - 1
    # Lists of labels: (arrival, walk) where one got off; (ready, walk) where one may board next;
    # (trip, position, walk) on each lane as first and as second ride.
    ready_at = n_stops
    first_ride_at = 2 * n_stops
    second_ride_at = 2 * n_stops + n_lanes
    heads = np.full(2 * n_stops + 2 * n_lanes, -1, np.int64)
    pool = np.empty((4096, 4), np.int64)
    event_at = np.empty(end_s - start_s + 1, np.int64)  # boardings by their leave, as linked lists
    zero = np.int64(0)
    # Less walking than this is worth nothing: the rest can't pass the whole-walk limit.
    enough_last = total_limit_mm - longest_goal_mm
    enough_change = enough_last - longest_change_mm
    for origin in range(origin_from, origin_to):
        any_wanted = False
        for destination in range(wanted.shape[1]):
            any_wanted |= wanted[origin, destination]
        if not any_wanted:
            continue
        for i in range(len(heads)):
            heads[i] = -1
        used = 0
        for slot in range(end_s - start_s + 1):
            event_at[slot] = -1
        n_events = 0  # at most: every trip at every call near
        for leg in range(access_first[origin], access_first[origin + 1]):
            for call in range(stop_first[access_stop[leg]], stop_first[access_stop[leg] + 1]):
                n_events += trip_first[stop_lane[call] + 1] - trip_first[stop_lane[call]]
        next_event = np.empty(n_events, np.int64)
        event_leg = np.empty(n_events, np.int64)
        event_call = np.empty(n_events, np.int64)
        event_trip = np.empty(n_events, np.int64)
        n_events = 0
        for leg in range(access_first[origin], access_first[origin + 1]):
            stop = access_stop[leg]
            ready = slack_s + access_s[leg]
            for call in range(stop_first[stop], stop_first[stop + 1]):
                lane = stop_lane[call]
                count = trip_first[lane + 1] - trip_first[lane]
                at = time_first[lane] + stop_position[call] * count
                if can_board[lane_first[lane] + stop_position[call]]:
                    first = first_at_or_after(departure_s, at, count, start_s + ready)
                    for trip in range(first, first_at_or_after(departure_s, at, count, end_s + ready + 1)):
                        slot = departure_s[at + trip] - ready - start_s
                        next_event[n_events] = event_at[slot]
                        event_at[slot] = n_events
                        event_leg[n_events] = leg
                        event_call[n_events] = call
                        event_trip[n_events] = trip
                        n_events += 1

        event = np.int64(-1)
        leave = end_s + 1
        while True:
            while event < 0 and leave > start_s:
                leave -= 1
                event = event_at[leave - start_s]
            if event < 0:
                break
            leg = event_leg[event]
            lane1 = stop_lane[event_call[event]]
            board = np.int64(stop_position[event_call[event]])
            trip1 = event_trip[event]
            event = next_event[event]
            walk1 = max(np.int64(access_mm[leg]), enough_change)
            before = used
            pool, used = _offer(heads, first_ride_at + lane1, pool, used, trip1, board, walk1)
            if used == before:
                continue
            latest = leave + cutoff_s
            count1 = trip_first[lane1 + 1] - trip_first[lane1]
            for off in range(board + 1, lane_first[lane1 + 1] - lane_first[lane1]):
                arrive = np.int64(arrival_s[time_first[lane1] + off * count1 + trip1])
                if not can_alight[lane_first[lane1] + off] or arrive + CHANGE_S > latest:
                    continue
                stop1 = stop_of[lane_first[lane1] + off]
                before = used
                pool, used = _offer(heads, stop1, pool, used, arrive, zero, walk1)
                if used == before:
                    continue
                # The first turn changes where one got off, without a walk; the others walk.
                for change in range(change_first[stop1] - 1, change_first[stop1 + 1]):
                    stop2, walk2, ready = stop1, np.int64(access_mm[leg]), arrive + CHANGE_S
                    if change >= change_first[stop1]:
                        stop2 = change_stop[change]
                        if stop2 == stop1:
                            continue
                        walk2 += change_mm[change]
                        ready += change_s[change]
                    if walk2 > total_limit_mm or ready > latest:
                        continue
                    walk2 = max(walk2, enough_last)
                    before = used
                    pool, used = _offer(heads, ready_at + stop2, pool, used, ready, zero, walk2)
                    if used == before:
                        continue
                    for call in range(stop_first[stop2], stop_first[stop2 + 1]):
                        lane2 = stop_lane[call]
                        board2 = np.int64(stop_position[call])
                        if board2 >= last_goal[lane2] or not can_board[lane_first[lane2] + board2]:
                            continue
                        count2 = trip_first[lane2 + 1] - trip_first[lane2]
                        at = time_first[lane2] + board2 * count2
                        trip2 = first_at_or_after(departure_s, at, count2, ready)
                        if lane2 == lane1 and trip2 == trip1:
                            trip2 += 1
                        if trip2 >= count2 or departure_s[at + trip2] > latest:
                            continue
                        before = used
                        pool, used = _offer(heads, second_ride_at + lane2, pool, used, trip2, board2, walk2)
                        if used == before:
                            continue
                        for off2 in range(board2 + 1, last_goal[lane2] + 1):
                            arrive2 = arrival_s[time_first[lane2] + off2 * count2 + trip2]
                            if arrive2 > latest or not can_alight[lane_first[lane2] + off2]:
                                continue
                            stop3 = stop_of[lane_first[lane2] + off2]
                            for way in range(goal_first[stop3], goal_first[stop3 + 1]):
                                took = arrive2 + goal_s[way] - leave
                                if (
                                    took <= cutoff_s
                                    and took < duration_s[origin, goal[way]]
                                    and wanted[origin, goal[way]]
                                    and walk2 + goal_mm[way] <= total_limit_mm
                                ):
                                    duration_s[origin, goal[way]] = took
