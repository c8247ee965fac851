"""There and back: what is computed per origin and session.

For one origin and one session every ride that could matter is listed: those
that arrive in the session's arrival window, and those that leave for home after
it. On a lane times never decrease from trip to trip, so the trips that count
are found by bisection, and there are few of them.

Of equally good journeys the choice is the same on every machine: keys are
compared to the last field, the row of the trip in the timetable.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geo.compile import IN_B1, IN_I4, IN_I8, helper, kernel

NONE = np.iinfo(np.int32).max

# Fields of the result, int32 each; NONE where there is no value. Trips are rows
# of the timetable's trips; ON_FOOT is walking all the way.
ON_FOOT = -1
OUT_LEAVE, OUT_ARRIVE, OUT_WALK, OUT_TRIP, SLACK = 0, 1, 2, 3, 4
BACK_LEAVE, BACK_ARRIVE, BACK_WALK, BACK_TRIP, LATER = 5, 6, 7, 8, 9
END = 10  # when the stay ends: the session's end, or arrival and stay
WHY = 11  # why there is no way there, see below
LAST_TRIP, LAST_DEPARTURE, NEXT_TRIP, NEXT_DEPARTURE, LONG_TRIP, LONG_DURATION = 12, 13, 14, 15, 16, 17
N_FIELDS = 18

WHY_NO_DIRECT, WHY_OTHER_TIMES, WHY_TOO_LONG, WHY_NO_RETURN = 0, 1, 2, 3

# Columns of a list of rides.
_LEAVE, _ARRIVE, _WALK, _TRIP, _DEPARTURE = 0, 1, 2, 3, 4

_I8 = IN_I8.dtype
_OUT_I4_3D = IN_I4.copy(ndim=3, readonly=False)


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
def _smaller(a: Any, b: Any) -> Any:
    """The smaller of two keys (numba's ``min`` takes no tuples)."""
    return b if b < a else a


@helper
def _add(rides, n, leave_s, arrive_s, walk_s, trip, departure_s):  # type: ignore[no-untyped-def]
    """Append a ride; returns the list, which is another one when it had to grow."""
    if n == len(rides):
        grown = np.empty((2 * n, 5), np.int64)
        grown[:n] = rides
        rides = grown
    rides[n, _LEAVE] = leave_s
    rides[n, _ARRIVE] = arrive_s
    rides[n, _WALK] = walk_s
    rides[n, _TRIP] = trip
    rides[n, _DEPARTURE] = departure_s
    return rides


@helper
def _list_outward(  # type: ignore[no-untyped-def]
    rides, from_s, to_s, call_from, call_to, call_lane, call_position, call_s, call_mm,
    head, home_next, home_position, home_s, home_mm,
    can_board, can_alight, lane_first, trip_first, time_first, arrival_s, departure_s, slack_s, limit_mm,
):  # fmt: skip
    """Rides from home that arrive at the venue in [from_s, to_s].

    Returns the list, how many there are, and whether any trip of the timetable
    calls near both in order, whenever it runs.
    """
    n = 0
    direct = False
    for call in range(call_from, call_to):
        lane = call_lane[call]
        home = head[lane]
        if home < 0 or not can_alight[lane_first[lane] + call_position[call]]:
            continue
        count = trip_first[lane + 1] - trip_first[lane]
        off = time_first[lane] + call_position[call] * count
        first = _first_at_or_after(arrival_s, off, count, from_s - call_s[call])
        last = _first_at_or_after(arrival_s, off, count, to_s - call_s[call] + 1)
        while home >= 0:
            at = home_position[home]
            if (
                at < call_position[call]
                and can_board[lane_first[lane] + at]
                and np.int64(home_mm[home]) + call_mm[call] <= limit_mm
            ):
                direct = True
                on = time_first[lane] + at * count
                for trip in range(first, last):
                    departure = departure_s[on + trip]
                    rides = _add(
                        rides, n, departure - slack_s - home_s[home], arrival_s[off + trip] + call_s[call],
                        home_s[home] + call_s[call], trip_first[lane] + trip, departure,
                    )  # fmt: skip
                    n += 1
            home = home_next[home]
    return rides, n, direct


@helper
def _list_return(  # type: ignore[no-untyped-def]
    rides, from_s, to_s, call_from, call_to, call_lane, call_position, call_s, call_mm,
    head, home_next, home_position, home_s, home_mm,
    can_board, can_alight, lane_first, trip_first, time_first, arrival_s, departure_s, slack_s, limit_mm,
):  # fmt: skip
    """Rides home that leave the venue in [from_s, to_s]; the list and how many there are."""
    n = 0
    for call in range(call_from, call_to):
        lane = call_lane[call]
        home = head[lane]
        if home < 0 or not can_board[lane_first[lane] + call_position[call]]:
            continue
        count = trip_first[lane + 1] - trip_first[lane]
        on = time_first[lane] + call_position[call] * count
        ready_s = slack_s + call_s[call]
        first = _first_at_or_after(departure_s, on, count, from_s + ready_s)
        last = _first_at_or_after(departure_s, on, count, to_s + ready_s + 1)
        while home >= 0:
            at = home_position[home]
            if (
                at > call_position[call]
                and can_alight[lane_first[lane] + at]
                and np.int64(home_mm[home]) + call_mm[call] <= limit_mm
            ):
                off = time_first[lane] + at * count
                for trip in range(first, last):
                    departure = departure_s[on + trip]
                    rides = _add(
                        rides, n, departure - ready_s, arrival_s[off + trip] + home_s[home],
                        home_s[home] + call_s[call], trip_first[lane] + trip, departure,
                    )  # fmt: skip
                    n += 1
            home = home_next[home]
    return rides, n


@helper
def _in_time(rides, k, cutoff_s):  # type: ignore[no-untyped-def]
    return rides[k, _ARRIVE] - rides[k, _LEAVE] <= cutoff_s


@helper
def _store_outward(result, leave_s, arrive_s, walk_s, trip):  # type: ignore[no-untyped-def]
    result[OUT_LEAVE] = leave_s
    result[OUT_ARRIVE] = arrive_s
    result[OUT_WALK] = walk_s
    result[OUT_TRIP] = trip


@helper
def _store_return(result, leave_s, arrive_s, walk_s, trip):  # type: ignore[no-untyped-def]
    result[BACK_LEAVE] = leave_s
    result[BACK_ARRIVE] = arrive_s
    result[BACK_WALK] = walk_s
    result[BACK_TRIP] = trip


@helper
def _choose_outward(rides, n, walk_s, from_s, to_s, cutoff_s, result):  # type: ignore[no-untyped-def]
    """Latest leave, then least walking, then earliest arrival; and the slack."""
    # A key: -leave, walk, arrive, trip; smaller is better.
    best = (np.int64(NONE), np.int64(NONE), np.int64(NONE), np.int64(NONE))
    first = np.int64(NONE)
    if walk_s <= cutoff_s:
        best = (-(to_s - walk_s), walk_s, to_s, np.int64(ON_FOOT))
        first = from_s - walk_s
    for k in range(n):
        if _in_time(rides, k, cutoff_s):
            key = (-rides[k, _LEAVE], rides[k, _WALK], rides[k, _ARRIVE], rides[k, _TRIP])
            best = _smaller(best, key)
            first = min(first, rides[k, _LEAVE])
    if best[1] != NONE:
        _store_outward(result, -best[0], best[2], best[1], best[3])
        result[SLACK] = -best[0] - first


@helper
def _choose_return(rides, n, walk_s, end_s, last_s, cutoff_s, result):  # type: ignore[no-untyped-def]
    """Earliest arrival home, then latest leave, then least walking."""
    best = (np.int64(NONE), np.int64(NONE), np.int64(NONE), np.int64(NONE))
    if walk_s <= cutoff_s:
        best = (end_s + walk_s, -end_s, walk_s, np.int64(ON_FOOT))
    for k in range(n):
        if rides[k, _LEAVE] <= last_s and _in_time(rides, k, cutoff_s):
            best = _smaller(best, (rides[k, _ARRIVE], -rides[k, _LEAVE], rides[k, _WALK], rides[k, _TRIP]))
    if best[0] != NONE:
        _store_return(result, -best[1], best[0], best[2], best[3])


@helper
def _choose_visit(  # type: ignore[no-untyped-def]
    out, n_out, back, n_back, walk_s, open_s, close_s, stay_s, last_s, cutoff_s, result
):
    """Drop-in hours: the pair of journeys with the least time away from home.

    One may stay longer than ``stay_s``, so an earlier arrival or a later leave
    for home never spoils a pair: of the outward rides that arrive in time for a
    return, the one with the latest leave is the best.
    """
    nothing = np.int64(NONE)
    walks = walk_s <= cutoff_s
    order = np.argsort(out[:n_out, _ARRIVE])
    arrive = np.empty(n_out, np.int64)
    # Running best over arrivals: -leave, walk, arrive, trip.
    running = np.empty((n_out, 4), np.int64)
    n = 0
    for k in order:
        if not _in_time(out, k, cutoff_s):
            continue
        key = (-out[k, _LEAVE], out[k, _WALK], out[k, _ARRIVE], out[k, _TRIP])
        if n > 0:
            key = _smaller(key, (running[n - 1, 0], running[n - 1, 1], running[n - 1, 2], running[n - 1, 3]))
        arrive[n] = out[k, _ARRIVE]
        for field in range(4):
            running[n, field] = key[field]
        n += 1
    # Keys: time away, whole walk, leave home, arrive, leave venue, outward walk, trips; smaller is better.
    best = (nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing)
    last_leave = np.int64(-NONE)  # of the returns
    if walks:
        last_leave = close_s
        best = (
            2 * walk_s + stay_s, 2 * walk_s, open_s - walk_s, open_s, open_s + stay_s, walk_s,
            np.int64(ON_FOOT), np.int64(ON_FOOT),
        )  # fmt: skip
        for k in range(n_out):
            if _in_time(out, k, cutoff_s):
                leave, there, walk = out[k, _LEAVE], out[k, _ARRIVE], out[k, _WALK]
                pair = (
                    there + stay_s + walk_s - leave, walk + walk_s, leave, there, there + stay_s, walk,
                    out[k, _TRIP], np.int64(ON_FOOT),
                )  # fmt: skip
                best = _smaller(best, pair)
    for k in range(n_back):
        if back[k, _LEAVE] > last_s or not _in_time(back, k, cutoff_s):
            continue
        latest = back[k, _LEAVE] - stay_s
        before = np.searchsorted(arrive[:n], latest, "right")
        if before > 0:
            last_leave = max(last_leave, back[k, _LEAVE])
            leave, walk, there = -running[before - 1, 0], running[before - 1, 1], running[before - 1, 2]
            pair = (
                back[k, _ARRIVE] - leave, walk + back[k, _WALK], leave, there, back[k, _LEAVE], walk,
                running[before - 1, 3], back[k, _TRIP],
            )  # fmt: skip
            best = _smaller(best, pair)
        if walks:
            last_leave = max(last_leave, back[k, _LEAVE])
            there = min(latest, close_s - stay_s)
            pair = (
                back[k, _ARRIVE] - there + walk_s, walk_s + back[k, _WALK], there - walk_s, there,
                back[k, _LEAVE], walk_s, np.int64(ON_FOOT), back[k, _TRIP],
            )  # fmt: skip
            best = _smaller(best, pair)
    if best[0] != NONE:
        _store_outward(result, best[2], best[3], best[5], best[6])
        _store_return(result, best[4], best[2] + best[0], best[1] - best[5], best[7])
        result[END] = best[3] + stay_s
        latest = min(last_leave, close_s) - stay_s
        first, last = nothing, -nothing
        if walks:
            first, last = open_s - walk_s, latest - walk_s
        for k in range(n_out):
            if _in_time(out, k, cutoff_s) and out[k, _ARRIVE] <= latest:
                first, last = min(first, out[k, _LEAVE]), max(last, out[k, _LEAVE])
        result[SLACK] = last - first
    elif n > 0:
        _store_outward(result, -running[n - 1, 0], running[n - 1, 2], running[n - 1, 1], running[n - 1, 3])
        result[END] = close_s


@helper
def _count_later(rides, n, cutoff_s, counted, seen, stamp, result):  # type: ignore[no-untyped-def]
    """Count the other trips that leave for home after the chosen return."""
    later = 0
    for k in range(n):
        trip = rides[k, _TRIP]
        if (
            rides[k, _LEAVE] > result[BACK_LEAVE]
            and trip != result[BACK_TRIP]
            and counted[trip]
            and seen[trip] != stamp
            and _in_time(rides, k, cutoff_s)
        ):
            seen[trip] = stamp
            later += 1
    result[LATER] = later


@helper
def _tell_next(rides, n, end_s, last_s, cutoff_s, result):  # type: ignore[no-untyped-def]
    """No return: the next bus home after the longest wait, and the one in time that takes too long."""
    following = (np.int64(NONE), np.int64(NONE), np.int64(NONE), np.int64(NONE))
    slow = (np.int64(NONE), np.int64(NONE), np.int64(NONE))
    for k in range(n):
        if rides[k, _LEAVE] > last_s:
            if _in_time(rides, k, cutoff_s):
                key = (rides[k, _LEAVE], rides[k, _ARRIVE], rides[k, _DEPARTURE], rides[k, _TRIP])
                following = _smaller(following, key)
        elif rides[k, _LEAVE] >= end_s and not _in_time(rides, k, cutoff_s):
            slower = (rides[k, _ARRIVE] - rides[k, _LEAVE], rides[k, _LEAVE], rides[k, _TRIP])
            slow = _smaller(slow, slower)
    if following[0] != NONE:
        result[NEXT_DEPARTURE] = following[2]
        result[NEXT_TRIP] = following[3]
    if slow[0] != NONE:
        result[LONG_DURATION] = slow[0]
        result[LONG_TRIP] = slow[2]


@helper
def _tell_last(rides, n, cutoff_s, result):  # type: ignore[no-untyped-def]
    """No return: the last bus home before the end."""
    last = (np.int64(NONE), np.int64(NONE), np.int64(NONE), np.int64(NONE))
    for k in range(n):
        if _in_time(rides, k, cutoff_s):
            key = (-rides[k, _LEAVE], rides[k, _ARRIVE], rides[k, _DEPARTURE], rides[k, _TRIP])
            last = _smaller(last, key)
    if last[1] != NONE:
        result[LAST_DEPARTURE] = last[2]
        result[LAST_TRIP] = last[3]


@kernel(
    (
        _I8, _I8, IN_I8, IN_I4, IN_I4, IN_I4,  # origins, access
        IN_I8, IN_I4, IN_I4,  # walking all the way
        IN_I8, IN_I4, IN_I4, IN_I4, IN_I4,  # calls near each service
        IN_I4, IN_I8, IN_I8, IN_B1,  # sessions
        IN_I8, IN_I4, IN_I4, IN_B1, IN_B1, IN_I8, IN_I8, IN_I8, IN_I4, IN_I4, IN_B1,  # timetable
        _I8, _I8, _I8, _I8, _I8, _I8, _I8,
        _OUT_I4_3D,
    )
)  # fmt: skip
def fill_round_trips(  # type: ignore[no-untyped-def]
    origin_from, origin_to, access_first, access_stop, access_s, access_mm,
    direct_first, direct_service, direct_s,
    call_first, call_lane, call_position, call_s, call_mm,
    session_service, session_start, session_end, session_drop_in,
    stop_first, stop_lane, stop_position, can_board, can_alight,
    lane_first, trip_first, time_first, arrival_s, departure_s, counted,
    early_s, linger_s, stay_s, horizon_s, cutoff_s, slack_s, limit_mm,
    results,
):  # fmt: skip
    """Fill ``results`` [origin, session, field] for some origins; it comes filled with NONE."""
    n_services = len(call_first) - 1
    n_sessions = len(session_service)
    head = np.full(len(lane_first) - 1, -1, np.int64)
    walk_of = np.full(n_services, NONE, np.int64)
    seen = np.full(len(counted), -1, np.int64)
    out = np.empty((256, 5), np.int64)
    back = np.empty((256, 5), np.int64)
    for origin in range(origin_from, origin_to):
        n_home = 0
        for leg in range(access_first[origin], access_first[origin + 1]):
            n_home += stop_first[access_stop[leg] + 1] - stop_first[access_stop[leg]]
        home_next = np.empty(n_home, np.int64)
        home_lane = np.empty(n_home, np.int32)
        home_position = np.empty(n_home, np.int32)
        home_s = np.empty(n_home, np.int32)
        home_mm = np.empty(n_home, np.int32)
        n_home = 0
        for leg in range(access_first[origin], access_first[origin + 1]):
            stop = access_stop[leg]
            for call in range(stop_first[stop], stop_first[stop + 1]):
                lane = stop_lane[call]
                home_next[n_home] = head[lane]
                home_lane[n_home] = lane
                home_position[n_home] = stop_position[call]
                home_s[n_home] = access_s[leg]
                home_mm[n_home] = access_mm[leg]
                head[lane] = n_home
                n_home += 1
        for leg in range(direct_first[origin], direct_first[origin + 1]):
            walk_of[direct_service[leg]] = direct_s[leg]

        for session in range(n_sessions):
            service = session_service[session]
            start, end = session_start[session], session_end[session]
            walk = walk_of[service]
            result = results[origin, session]
            calls = (call_first[service], call_first[service + 1])
            stay = min(stay_s, end - start)
            from_s, to_s, earliest_back = start - early_s, start, end
            if session_drop_in[session]:
                from_s, to_s, earliest_back = start, end - stay, start + stay
            last_back = end + linger_s
            out, n_out, direct = _list_outward(
                out, from_s, to_s, *calls, call_lane, call_position, call_s, call_mm,
                head, home_next, home_position, home_s, home_mm,
                can_board, can_alight, lane_first, trip_first, time_first, arrival_s, departure_s,
                slack_s, limit_mm,
            )  # fmt: skip
            back, n_back = _list_return(
                back, earliest_back, end + max(linger_s, horizon_s), *calls,
                call_lane, call_position, call_s, call_mm,
                head, home_next, home_position, home_s, home_mm,
                can_board, can_alight, lane_first, trip_first, time_first, arrival_s, departure_s,
                slack_s, limit_mm,
            )  # fmt: skip
            if session_drop_in[session]:
                _choose_visit(out, n_out, back, n_back, walk, start, end, stay, last_back, cutoff_s, result)
            else:
                result[END] = end
                _choose_outward(out, n_out, walk, from_s, to_s, cutoff_s, result)
                _choose_return(back, n_back, walk, end, last_back, cutoff_s, result)
            if result[OUT_LEAVE] == NONE:
                result[WHY] = WHY_NO_DIRECT
                if direct:
                    result[WHY] = WHY_TOO_LONG if n_out > 0 else WHY_OTHER_TIMES
            elif result[BACK_LEAVE] == NONE:
                result[WHY] = WHY_NO_RETURN
                _tell_next(back, n_back, end, last_back, cutoff_s, result)
                back, n_back = _list_return(
                    back, np.int64(0), end - 1, *calls, call_lane, call_position, call_s, call_mm,
                    head, home_next, home_position, home_s, home_mm,
                    can_board, can_alight, lane_first, trip_first, time_first, arrival_s, departure_s,
                    slack_s, limit_mm,
                )  # fmt: skip
                _tell_last(back, n_back, cutoff_s, result)
            if result[BACK_LEAVE] != NONE:
                stamp = origin * n_sessions + session
                _count_later(back, n_back, cutoff_s, counted, seen, stamp, result)

        for at in range(n_home):
            head[home_lane[at]] = -1
        for leg in range(direct_first[origin], direct_first[origin + 1]):
            walk_of[direct_service[leg]] = NONE
