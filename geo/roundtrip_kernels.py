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

from geo.compile import I8, IN_B1, IN_I4, IN_I8, OUT_I4_3D, helper, kernel
from geo.kernel_helpers import first_at_or_after, forget_home_calls, list_home_calls, room_for

NONE = np.iinfo(np.int32).max

# Fields of the result, int32 each; NONE where there is no value. Trips are rows
# of the timetable's trips; ON_FOOT is walking all the way.
ON_FOOT = -1
OUT_LEAVE, OUT_ARRIVE, OUT_WALK, OUT_TRIP, SLACK = 0, 1, 2, 3, 4
BACK_LEAVE, BACK_ARRIVE, BACK_WALK, BACK_TRIP, LATER = 5, 6, 7, 8, 9
END = 10  # when the stay ends: the session's end, or arrival and stay (no return: of the earliest arrival)
WHY = 11  # why there is no way there, see below
LAST_TRIP, LAST_DEPARTURE, NEXT_TRIP, NEXT_DEPARTURE, LONG_TRIP, LONG_DURATION = 12, 13, 14, 15, 16, 17
N_FIELDS = 18

WHY_NO_DIRECT, WHY_OTHER_TIMES, WHY_TOO_LONG, WHY_NO_RETURN = 0, 1, 2, 3

# Columns of a list of rides.
_LEAVE, _ARRIVE, _WALK, _TRIP, _DEPARTURE = 0, 1, 2, 3, 4


@helper
def _offer(best: Any, key: Any) -> None:
    """Keep the smaller of two keys in ``best``; fields are compared in order."""
    field = 0
    while field < len(key) - 1 and key[field] == best[field]:
        field += 1
    if key[field] < best[field]:
        for each in range(len(key)):
            best[each] = key[each]


@helper
def _clear(best: Any) -> None:
    for field in range(len(best)):
        best[field] = NONE


@helper
def _set4(key, a, b, c, d):  # type: ignore[no-untyped-def]
    key[0] = a
    key[1] = b
    key[2] = c
    key[3] = d


@helper
def _set8(key, a, b, c, d, e, f, g, h):  # type: ignore[no-untyped-def]
    _set4(key, a, b, c, d)
    key[4] = e
    key[5] = f
    key[6] = g
    key[7] = h


@helper
def _list_rides(  # type: ignore[no-untyped-def]
    outward, rides, from_s, to_s, call_from, call_to, call_lane, call_position, call_s, call_mm,
    head, home_next, home_position, home_s, home_mm,
    can_board, can_alight, lane_first, trip_first, time_first, arrival_s, departure_s, slack_s, limit_mm,
):  # fmt: skip
    """Rides to the venue that arrive there, or home that leave from there, in [from_s, to_s].

    Returns the list (another one when it had to grow), how many there are, and
    whether any trip of the timetable calls near both in order, whenever it runs.
    """
    n = 0
    direct = False
    for call in range(call_from, call_to):
        lane = call_lane[call]
        home = head[lane]
        venue = call_position[call]
        if home < 0 or not (can_alight if outward else can_board)[lane_first[lane] + venue]:
            continue
        count = trip_first[lane + 1] - trip_first[lane]
        # Seconds between the bus at the venue's stop and the venue.
        apart_s = -call_s[call] if outward else slack_s + call_s[call]
        times = arrival_s if outward else departure_s
        at_venue = time_first[lane] + venue * count
        first = first_at_or_after(times, at_venue, count, from_s + apart_s)
        last = first_at_or_after(times, at_venue, count, to_s + apart_s + 1)
        while home >= 0:
            at = home_position[home]
            if (
                (at < venue if outward else at > venue)
                and (can_board if outward else can_alight)[lane_first[lane] + at]
                and np.int64(home_mm[home]) + call_mm[call] <= limit_mm
            ):
                direct = True
                at_home = time_first[lane] + at * count
                on, before_s = (at_home, home_s[home]) if outward else (at_venue, call_s[call])
                off, after_s = (at_venue, call_s[call]) if outward else (at_home, home_s[home])
                for trip in range(first, last):
                    rides = room_for(1, rides, n)
                    rides[n, _LEAVE] = departure_s[on + trip] - slack_s - before_s
                    rides[n, _ARRIVE] = arrival_s[off + trip] + after_s
                    rides[n, _WALK] = before_s + after_s
                    rides[n, _TRIP] = trip_first[lane] + trip
                    rides[n, _DEPARTURE] = departure_s[on + trip]
                    n += 1
            home = home_next[home]
    return rides, n, direct


@helper
def _in_time(rides, k, cutoff_s):  # type: ignore[no-untyped-def]
    return rides[k, _ARRIVE] - rides[k, _LEAVE] <= cutoff_s


@helper
def _choose_outward(rides, n, walk_s, from_s, to_s, cutoff_s, best, key, result):  # type: ignore[no-untyped-def]
    """Latest leave, then least walking, then earliest arrival; and the slack."""
    _clear(best)
    first = np.int64(NONE)
    if walk_s <= cutoff_s:
        _set4(best, walk_s - to_s, walk_s, to_s, ON_FOOT)
        first = from_s - walk_s
    for k in range(n):
        if _in_time(rides, k, cutoff_s):
            _set4(key, -rides[k, _LEAVE], rides[k, _WALK], rides[k, _ARRIVE], rides[k, _TRIP])
            _offer(best, key)
            first = min(first, rides[k, _LEAVE])
    if best[1] != NONE:
        _set4(result[OUT_LEAVE:], -best[0], best[2], best[1], best[3])
        result[SLACK] = -best[0] - first


@helper
def _choose_return(rides, n, walk_s, end_s, last_s, cutoff_s, best, key, result):  # type: ignore[no-untyped-def]
    """Earliest arrival home, then latest leave, then least walking."""
    _clear(best)
    if walk_s <= cutoff_s:
        _set4(best, end_s + walk_s, -end_s, walk_s, ON_FOOT)
    for k in range(n):
        if rides[k, _LEAVE] <= last_s and _in_time(rides, k, cutoff_s):
            _set4(key, rides[k, _ARRIVE], -rides[k, _LEAVE], rides[k, _WALK], rides[k, _TRIP])
            _offer(best, key)
    if best[0] != NONE:
        _set4(result[BACK_LEAVE:], -best[1], best[0], best[2], best[3])


@helper
def _order_by_arrival(rides, n, cutoff_s):  # type: ignore[no-untyped-def]
    """Rows of the rides within the cut-off, earliest arrival first (a shell sort)."""
    order = np.empty(n, np.int64)
    m = 0
    for k in range(n):
        if _in_time(rides, k, cutoff_s):
            order[m] = k
            m += 1
    gap = m >> 1
    while gap > 0:
        for i in range(gap, m):
            row = order[i]
            j = i
            while j >= gap and rides[order[j - gap], _ARRIVE] > rides[row, _ARRIVE]:
                order[j] = order[j - gap]
                j -= gap
            order[j] = row
        gap >>= 1
    return order, m


@helper
def _choose_visit(  # type: ignore[no-untyped-def]
    out, n_out, back, n_back, walk_s, open_s, close_s, stay_s, last_s, cutoff_s, best, key, result
):
    """Drop-in hours: the pair of journeys with the least time away from home.

    One may stay longer than ``stay_s``, so an earlier arrival or a later leave
    for home never spoils a pair: of the outward rides that arrive in time for a
    return, the one with the latest leave is the best.
    """
    walks = walk_s <= cutoff_s
    order, n = _order_by_arrival(out, n_out, cutoff_s)
    arrive = np.empty(n, np.int64)
    # Running best over arrivals: -leave, walk, arrive, trip.
    running = np.empty((n, 4), np.int64)
    _clear(best)
    for i in range(n):
        k = order[i]
        _set4(key, -out[k, _LEAVE], out[k, _WALK], out[k, _ARRIVE], out[k, _TRIP])
        _offer(best, key)
        arrive[i] = out[k, _ARRIVE]
        _set4(running[i], best[0], best[1], best[2], best[3])
    # Keys: time away, whole walk, leave home, arrive, leave venue, outward walk, trips; smaller is better.
    _clear(best)
    last_leave = np.int64(-NONE)  # of the returns
    if walks:
        last_leave = close_s
        _set8(best, 2 * walk_s + stay_s, 2 * walk_s, open_s - walk_s, open_s, open_s + stay_s, walk_s, -1, -1)
        for i in range(n):
            k = order[i]
            leave, there, walk = out[k, _LEAVE], out[k, _ARRIVE], out[k, _WALK]
            away_s = there + stay_s + walk_s - leave
            _set8(key, away_s, walk + walk_s, leave, there, there + stay_s, walk, out[k, _TRIP], ON_FOOT)
            _offer(best, key)
    for k in range(n_back):
        if back[k, _LEAVE] > last_s or not _in_time(back, k, cutoff_s):
            continue
        home_s, leave_s, walk = back[k, _ARRIVE], back[k, _LEAVE], back[k, _WALK]
        latest = leave_s - stay_s
        before = first_at_or_after(arrive, 0, n, latest + 1) - 1
        if before >= 0:
            last_leave = max(last_leave, leave_s)
            leave, first_walk, there = -running[before, 0], running[before, 1], running[before, 2]
            trip = running[before, 3]
            away_s, way_back = home_s - leave, back[k, _TRIP]
            _set8(key, away_s, first_walk + walk, leave, there, leave_s, first_walk, trip, way_back)
            _offer(best, key)
        if walks:
            last_leave = max(last_leave, leave_s)
            there = min(latest, close_s - stay_s)
            away_s = home_s - there + walk_s
            _set8(key, away_s, walk_s + walk, there - walk_s, there, leave_s, walk_s, ON_FOOT, back[k, _TRIP])
            _offer(best, key)
    if best[0] != NONE:
        _set4(result[OUT_LEAVE:], best[2], best[3], best[5], best[6])
        _set4(result[BACK_LEAVE:], best[4], best[2] + best[0], best[1] - best[5], best[7])
        result[END] = best[3] + stay_s
        latest = min(last_leave, close_s) - stay_s
        first, last = np.int64(NONE), np.int64(-NONE)
        if walks:
            first, last = open_s - walk_s, latest - walk_s
        for i in range(n):
            if arrive[i] <= latest:
                first = min(first, out[order[i], _LEAVE])
                last = max(last, out[order[i], _LEAVE])
        result[SLACK] = last - first
    elif n > 0:
        _set4(result[OUT_LEAVE:], -running[n - 1, 0], running[n - 1, 2], running[n - 1, 1], running[n - 1, 3])
        # No return: a bus home would serve from the end of the earliest visit on.
        result[END] = arrive[0] + stay_s


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
def _tell_next(rides, n, end_s, last_s, cutoff_s, best, key, result):  # type: ignore[no-untyped-def]
    """No return: the next bus home after the longest wait, and the one in time that takes too long."""
    _clear(best)
    slow_s = np.int64(NONE)
    for k in range(n):
        took_s = rides[k, _ARRIVE] - rides[k, _LEAVE]
        if rides[k, _LEAVE] > last_s:
            if took_s <= cutoff_s:
                _set4(key, rides[k, _LEAVE], rides[k, _ARRIVE], rides[k, _DEPARTURE], rides[k, _TRIP])
                _offer(best, key)
        elif rides[k, _LEAVE] >= end_s and cutoff_s < took_s < slow_s:
            slow_s = took_s
            result[LONG_DURATION] = took_s
            result[LONG_TRIP] = rides[k, _TRIP]
    if best[0] != NONE:
        result[NEXT_DEPARTURE] = best[2]
        result[NEXT_TRIP] = best[3]


@helper
def _tell_last(rides, n, cutoff_s, best, key, result):  # type: ignore[no-untyped-def]
    """No return: the last bus home before the end."""
    _clear(best)
    for k in range(n):
        if _in_time(rides, k, cutoff_s):
            _set4(key, -rides[k, _LEAVE], rides[k, _ARRIVE], rides[k, _DEPARTURE], rides[k, _TRIP])
            _offer(best, key)
    if best[1] != NONE:
        result[LAST_DEPARTURE] = best[2]
        result[LAST_TRIP] = best[3]


@kernel(
    (
        I8, I8, IN_I8, IN_I4, IN_I4, IN_I4,  # origins, access
        IN_I8, IN_I4, IN_I4,  # walking all the way
        IN_I8, IN_I4, IN_I4, IN_I4, IN_I4,  # calls near each service
        IN_I4, IN_I8, IN_I8, IN_B1,  # sessions
        IN_I8, IN_I4, IN_I4, IN_B1, IN_B1, IN_I8, IN_I8, IN_I8, IN_I4, IN_I4, IN_B1,  # timetable
        I8, I8, I8, I8, I8, I8, I8,
        OUT_I4_3D,
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
    best = np.zeros(8, np.int64)
    key = np.zeros(8, np.int64)
    for origin in range(origin_from, origin_to):
        home_next, home_lane, home_position, home_s, home_mm = list_home_calls(
            access_first[origin], access_first[origin + 1], access_stop, access_s, access_mm,
            stop_first, stop_lane, stop_position, head,
        )  # fmt: skip
        for leg in range(direct_first[origin], direct_first[origin + 1]):
            walk_of[direct_service[leg]] = direct_s[leg]

        for session in range(n_sessions):
            service = session_service[session]
            start, end = session_start[session], session_end[session]
            walk = walk_of[service]
            result = results[origin, session]
            stay = min(stay_s, end - start)
            drop_in = session_drop_in[session]
            last_back = end + linger_s
            # In turn: the way there, the ways home after the end, and where there is none those before it.
            from_s, to_s = (start, end - stay) if drop_in else (start - early_s, start)
            direct = False
            n_out = 0
            for part in range(3):
                rides, n, some = _list_rides(
                    part == 0, out if part == 0 else back, from_s, to_s,
                    call_first[service], call_first[service + 1], call_lane, call_position, call_s, call_mm,
                    head, home_next, home_position, home_s, home_mm,
                    can_board, can_alight, lane_first, trip_first, time_first, arrival_s, departure_s,
                    slack_s, limit_mm,
                )  # fmt: skip
                if part == 0:
                    out, n_out, direct = rides, n, some
                    from_s, to_s = start + stay if drop_in else end, end + max(linger_s, horizon_s)
                    continue
                back = rides
                if part == 2:
                    _tell_last(back, n, cutoff_s, best, key, result)
                    break
                if drop_in:
                    _choose_visit(
                        out, n_out, back, n, walk, start, end, stay, last_back, cutoff_s, best, key, result
                    )
                else:
                    result[END] = end
                    _choose_outward(out, n_out, walk, start - early_s, start, cutoff_s, best, key, result)
                    _choose_return(back, n, walk, end, last_back, cutoff_s, best, key, result)
                if result[BACK_LEAVE] != NONE:
                    stamp = origin * n_sessions + session
                    _count_later(back, n, cutoff_s, counted, seen, stamp, result)
                if result[OUT_LEAVE] == NONE:
                    result[WHY] = WHY_NO_DIRECT
                    if direct:
                        result[WHY] = WHY_TOO_LONG if n_out > 0 else WHY_OTHER_TIMES
                    break
                if result[BACK_LEAVE] != NONE:
                    break
                result[WHY] = WHY_NO_RETURN
                _tell_next(back, n, end, last_back, cutoff_s, best, key, result)
                from_s, to_s = np.int64(0), end - 1

        forget_home_calls(home_lane, head)
        for leg in range(direct_first[origin], direct_first[origin + 1]):
            walk_of[direct_service[leg]] = NONE
