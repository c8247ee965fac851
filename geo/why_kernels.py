"""Why not in reach: the least walk to a stop, the least cut-off and the moved session that would do it.

Whether a category is in reach of a point at given limits is asked of one
function (:func:`_works`), which stops at the first journey that does. Reach
never shrinks as a limit grows, so the least limit is found by bisection. A
moved session is another matter: each shift is tried.

Legs come sorted by length, so that those past a limit are never looked at.
"""

from __future__ import annotations

import numpy as np

from geo.compile import I8, IN_B1, IN_B1_2D, IN_I4, IN_I8, OUT_I4_2D, OUT_I8_2D, helper, kernel
from geo.kernel_helpers import first_at_or_after, forget_home_calls, list_home_calls

NONE = np.iinfo(np.int64).max
THERE, SESSION, DROP_IN = 0, 1, 2


@helper
def _scan(  # type: ignore[no-untyped-def]
    outward, leaving_home, any_will_do, from_s, to_s,
    call_from, call_to, call_lane, call_position, call_s, call_mm,
    head, home_next, home_position, home_s, home_mm,
    can_board, can_alight, lane_first, trip_first, time_first, arrival_s, departure_s,
    slack_s, leg_mm, total_mm, cutoff_s,
):  # fmt: skip
    """The earliest arrival of rides to the venue, or minus the latest leave of rides home; NONE of none.

    Rides count that are at the venue (``leaving_home``: leave home) in
    [from_s, to_s] and keep the limits. ``any_will_do`` stops at the first.
    """
    best = np.int64(NONE)
    for call in range(call_from, call_to):
        if call_mm[call] > leg_mm:
            break
        lane = call_lane[call]
        home = head[lane]
        venue = call_position[call]
        if home < 0 or not (can_alight if outward else can_board)[lane_first[lane] + venue]:
            continue
        count = trip_first[lane + 1] - trip_first[lane]
        at_venue = time_first[lane] + venue * count
        first, last = 0, 0
        if not leaving_home:
            apart_s = -call_s[call] if outward else slack_s + call_s[call]
            times = arrival_s if outward else departure_s
            first = first_at_or_after(times, at_venue, count, from_s + apart_s)
            last = first_at_or_after(times, at_venue, count, to_s + apart_s + 1)
        while home >= 0 and home_mm[home] <= leg_mm:
            at = home_position[home]
            if (
                (at < venue if outward else at > venue)
                and (can_board if outward else can_alight)[lane_first[lane] + at]
                and np.int64(home_mm[home]) + call_mm[call] <= total_mm
            ):
                at_home = time_first[lane] + at * count
                if leaving_home:
                    ready_s = slack_s + home_s[home]
                    first = first_at_or_after(departure_s, at_home, count, from_s + ready_s)
                    last = first_at_or_after(departure_s, at_home, count, to_s + ready_s + 1)
                on, before_s = (at_home, home_s[home]) if outward else (at_venue, call_s[call])
                off, after_s = (at_venue, call_s[call]) if outward else (at_home, home_s[home])
                # Times never decrease within a lane: the first that keeps the cut-off is the best.
                for k in range(last - first):
                    trip = first + k if outward else last - 1 - k
                    leave_s = departure_s[on + trip] - slack_s - before_s
                    there_s = arrival_s[off + trip] + after_s
                    if there_s - leave_s <= cutoff_s:
                        best = min(best, np.int64(there_s) if outward else -np.int64(leave_s))
                        break
                if any_will_do and best != NONE:
                    return best
            home = home_next[home]
    return best


@helper
def _works(  # type: ignore[no-untyped-def]
    kind, a_from, a_to, b_from, b_to, stay_s, walk_s, call_from, call_to,
    call_lane, call_position, call_s, call_mm, head, home_next, home_position, home_s, home_mm,
    can_board, can_alight, lane_first, trip_first, time_first, arrival_s, departure_s,
    slack_s, leg_mm, total_mm, cutoff_s,
):  # fmt: skip
    """Whether one can be there (and back) within the limits; ``walk_s`` is the walk all the way."""
    if walk_s <= cutoff_s:
        return True
    arrive = _scan(
        True, kind == THERE, kind != DROP_IN, a_from, a_to, call_from, call_to,
        call_lane, call_position, call_s, call_mm, head, home_next, home_position, home_s, home_mm,
        can_board, can_alight, lane_first, trip_first, time_first, arrival_s, departure_s,
        slack_s, leg_mm, total_mm, cutoff_s,
    )  # fmt: skip
    if arrive == NONE or kind == THERE:
        return arrive != NONE
    leave = _scan(
        False, False, kind != DROP_IN, b_from, b_to, call_from, call_to,
        call_lane, call_position, call_s, call_mm, head, home_next, home_position, home_s, home_mm,
        can_board, can_alight, lane_first, trip_first, time_first, arrival_s, departure_s,
        slack_s, leg_mm, total_mm, cutoff_s,
    )  # fmt: skip
    if leave == NONE or kind == SESSION:
        return leave != NONE
    return arrive + stay_s <= -leave


@kernel(
    (
        I8, I8, IN_I8, IN_I4, IN_I4, IN_I4,  # origins, access
        IN_I8, IN_I4, IN_I4,  # walking all the way
        IN_I8, IN_I4, IN_I4, IN_I4, IN_I4,  # calls near each service
        IN_I8, IN_I4, IN_I8, IN_I8, IN_I8, IN_I8, IN_I8, IN_I8,  # bundles of asks
        IN_I8, IN_I4, IN_I4, IN_B1, IN_B1, IN_I8, IN_I8, IN_I8, IN_I4, IN_I4,  # timetable
        I8, I8, I8, I8, IN_I8, IN_I8, IN_I8, IN_B1_2D,
        OUT_I4_2D, OUT_I4_2D, OUT_I8_2D,
    )
)  # fmt: skip
def fill_remedies(  # type: ignore[no-untyped-def]
    origin_from, origin_to, access_first, access_stop, access_s, access_mm,
    direct_first, direct_service, direct_s,
    call_first, call_lane, call_position, call_s, call_mm,
    bundle_first, ask_service, ask_kind, ask_a_from, ask_a_to, ask_b_from, ask_b_to, ask_stay,
    stop_first, stop_lane, stop_position, can_board, can_alight,
    lane_first, trip_first, time_first, arrival_s, departure_s,
    slack_s, leg_mm, total_mm, cutoff_s, walk_steps_mm, cutoff_steps_s, shifts_s, wanted,
    walk_step, cutoff_step, shift_bits,
):  # fmt: skip
    """Fill, for the wanted pairs of an origin and a bundle of asks, the least steps that work.

    ``walk_step`` and ``cutoff_step`` come filled with the number of steps (no
    step works) or with what another bundle of the same column has found.
    ``shift_bits`` [origin, ask] has bit j set where the ask moved by
    ``shifts_s[j]`` works. ``total_mm`` of -1 is twice the leg limit. Walks all the way
    are those within today's limit: ``walk_step`` is of walks to and from a bus.
    """
    n_services = len(call_first) - 1
    head = np.full(len(lane_first) - 1, -1, np.int64)
    far = np.iinfo(np.int32).max
    walk_s_of = np.full(n_services, far, np.int64)
    for origin in range(origin_from, origin_to):
        some = False
        for bundle in range(len(bundle_first) - 1):
            some = some or wanted[origin, bundle]
        if not some:
            continue
        # The longest walk comes first, so a list begins with the shortest.
        home_next, home_lane, home_position, home_s, home_mm = list_home_calls(
            access_first[origin], access_first[origin + 1], access_stop, access_s, access_mm,
            stop_first, stop_lane, stop_position, head,
        )  # fmt: skip
        for leg in range(direct_first[origin], direct_first[origin + 1]):
            walk_s_of[direct_service[leg]] = direct_s[leg]

        for bundle in range(len(bundle_first) - 1):
            if not wanted[origin, bundle]:
                continue
            first, last = bundle_first[bundle], bundle_first[bundle + 1]
            for what in range(2):
                steps = len(walk_steps_mm) if what == 0 else len(cutoff_steps_s)
                found = walk_step[origin, bundle] if what == 0 else cutoff_step[origin, bundle]
                low, high = np.int64(-1), np.int64(found)  # low fails, high works (or is past the end)
                middle = high - 1  # only something better than what is known counts
                while high - low > 1:
                    limit_mm = walk_steps_mm[middle] if what == 0 else leg_mm
                    limit_s = cutoff_s if what == 0 else cutoff_steps_s[middle]
                    whole_mm = total_mm if total_mm >= 0 else 2 * limit_mm
                    works = False
                    for ask in range(first, last):
                        service = ask_service[ask]
                        if _works(
                            ask_kind[ask], ask_a_from[ask], ask_a_to[ask], ask_b_from[ask], ask_b_to[ask],
                            ask_stay[ask], walk_s_of[service],
                            call_first[service], call_first[service + 1],
                            call_lane, call_position, call_s, call_mm,
                            head, home_next, home_position, home_s, home_mm,
                            can_board, can_alight, lane_first, trip_first, time_first,
                            arrival_s, departure_s, slack_s, limit_mm, whole_mm, limit_s,
                        ):  # fmt: skip
                            works = True
                            break
                    if works:
                        high = middle
                    else:
                        if middle == found - 1:
                            break  # the last one fails, so all do
                        low = middle
                    middle = (low + high) >> 1
                if high < steps:
                    if what == 0:
                        walk_step[origin, bundle] = high
                    else:
                        cutoff_step[origin, bundle] = high
            for ask in range(first, last):
                service = ask_service[ask]
                for j in range(len(shifts_s)):
                    shift = shifts_s[j]
                    if _works(
                        ask_kind[ask], ask_a_from[ask] + shift, ask_a_to[ask] + shift,
                        ask_b_from[ask] + shift, ask_b_to[ask] + shift,
                        ask_stay[ask], walk_s_of[service],
                        call_first[service], call_first[service + 1],
                        call_lane, call_position, call_s, call_mm,
                        head, home_next, home_position, home_s, home_mm,
                        can_board, can_alight, lane_first, trip_first, time_first,
                        arrival_s, departure_s, slack_s, leg_mm, total_mm if total_mm >= 0 else 2 * leg_mm,
                        cutoff_s,
                    ):  # fmt: skip
                        shift_bits[origin, ask] |= np.int64(1) << j

        forget_home_calls(home_lane, head)
        for leg in range(direct_first[origin], direct_first[origin + 1]):
            walk_s_of[direct_service[leg]] = far
