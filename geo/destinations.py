"""Which destinations each lane leads to, and when each trip brings one there.

A *goal* is a destination on a lane, to those who board within a stretch of the
lane: all of them have the same alightings before them, so each trip has one
earliest arrival there. Mostly one goal serves a whole lane; where a lane passes
a destination twice, or stops of it lie on either side, there are more.

*Keys.* An arrival travels as ``time << 17 | walk``; leaves have ``WALK_MASK -
walk`` in the lower bits. Their difference holds duration and whole walk in one
number, and of two journeys that take equally long the one with less walking is
the smaller.
"""

from __future__ import annotations

import numpy as np

from geo.compile import I8, IN_B1, IN_I4, IN_I8, helper, kernel
from geo.kernel_helpers import first_at_or_after

WALK_BITS = 17  # 131,071 s: above two legs of 5 km at 0.5 km/h
WALK_MASK = (1 << WALK_BITS) - 1
NO_KEY = np.iinfo(np.int64).max


@helper
def _trips_of_window(lane, lane_first, trip_first, time_first, departure_s, earliest_s, latest_s):  # type: ignore[no-untyped-def]
    """Trips of a lane that can be boarded with a leave inside the window, and the first after it."""
    count = trip_first[lane + 1] - trip_first[lane]
    start = time_first[lane]
    begin = first_at_or_after(departure_s, start, count, earliest_s)
    end = begin
    for position in range(lane_first[lane + 1] - lane_first[lane]):
        at = start + position * count
        while begin > 0 and departure_s[at + begin - 1] >= earliest_s:
            begin -= 1
        while end < count and departure_s[at + end] <= latest_s:
            end += 1
    return begin, max(begin, min(end + 1, count))


@helper
def _add_goals(n, first, last, n_trips, alight_position, alight_s, arrival_s, at, count, keys, position):  # type: ignore[no-untyped-def]
    """Add one destination's goals on one lane, the last first, to ``keys`` [goal, trip] and ``position``.

    From the last alighting back, an alighting makes another goal where some
    trip arrives sooner by it than by all that follow. Returns how many goals
    there are now.
    """
    before = n
    for alight in range(last - 1, first - 1, -1):
        start = at + alight_position[alight] * count
        walk_s = np.int64(alight_s[alight])
        sooner = n == before
        for trip in range(n_trips):
            key = ((arrival_s[start + trip] + walk_s) << WALK_BITS) + walk_s
            if n > before:
                sooner |= key < keys[n - 1, trip]
                key = min(key, keys[n - 1, trip])
            keys[n, trip] = key
        if sooner:
            position[n] = alight_position[alight]
            n += 1
    return n


@helper
def _list_alightings(  # type: ignore[no-untyped-def]
    egress_first, egress_stop, egress_s, egress_mm, destination_from, destination_to,
    stop_first, stop_lane, stop_position, can_alight, lane_first,
):  # fmt: skip
    """List, lane by lane, where destinations can be got off for: by destination, then by position.

    Returns
    -------
    first int64[L + 1]; destination (counted from ``destination_from``), position,
    walk in seconds and millimetres int32[A]
    """
    n_lanes = len(lane_first) - 1
    first_of = np.zeros(n_lanes + 1, np.int64)
    for leg in range(egress_first[destination_from], egress_first[destination_to]):
        stop = egress_stop[leg]
        for call in range(stop_first[stop], stop_first[stop + 1]):
            lane = stop_lane[call]
            if stop_position[call] > 0 and can_alight[lane_first[lane] + stop_position[call]]:
                first_of[lane + 1] += 1
    for lane in range(n_lanes):
        first_of[lane + 1] += first_of[lane]
    n_entries = first_of[n_lanes]
    destination_of = np.empty(n_entries, np.int32)
    alight_position = np.empty(n_entries, np.int32)
    alight_s = np.empty(n_entries, np.int32)
    alight_mm = np.empty(n_entries, np.int32)
    fill = first_of[:-1].copy()
    for destination in range(destination_to - destination_from):
        row = destination_from + destination
        for leg in range(egress_first[row], egress_first[row + 1]):
            stop = egress_stop[leg]
            for call in range(stop_first[stop], stop_first[stop + 1]):
                lane = stop_lane[call]
                position = stop_position[call]
                if position == 0 or not can_alight[lane_first[lane] + position]:
                    continue  # nobody has boarded before the first call
                # Destinations come in order; positions of one are put in order here.
                at = fill[lane]
                fill[lane] += 1
                while (
                    at > first_of[lane]
                    and destination_of[at - 1] == destination
                    and alight_position[at - 1] > position
                ):
                    destination_of[at] = destination
                    alight_position[at] = alight_position[at - 1]
                    alight_s[at] = alight_s[at - 1]
                    alight_mm[at] = alight_mm[at - 1]
                    at -= 1
                destination_of[at] = destination
                alight_position[at] = position
                alight_s[at] = egress_s[leg]
                alight_mm[at] = egress_mm[leg]
    return first_of, destination_of, alight_position, alight_s, alight_mm


@helper
def _lay_out_goals(  # type: ignore[no-untyped-def]
    entry_first, destination_of, alight_position, alight_s, lane_from, lane_trips,
    lane_first, trip_first, time_first, arrival_s,
):  # fmt: skip
    """Make the goals of each lane, those of its beginning first, and the rows of keys of its trips.

    Returns
    -------
    lane_goal, goal_destination, goal_position, the first position of each goal's
    stretch, past, row_first and row, as :func:`index_destinations` has them
    """
    n_lanes = len(lane_first) - 1
    n_entries = entry_first[n_lanes]
    most_trips = np.int64(0)
    most_alights = np.int64(0)
    for lane in range(n_lanes):
        if entry_first[lane + 1] > entry_first[lane]:
            most_trips = max(most_trips, lane_trips[lane])
            most_alights = max(most_alights, entry_first[lane + 1] - entry_first[lane])
    lane_goal = np.zeros(n_lanes + 1, np.int64)
    goal_destination = np.empty(n_entries, np.int32)
    goal_position = np.empty(n_entries, np.int32)
    goal_from = np.empty(n_entries, np.int32)
    past = np.zeros(lane_first[n_lanes], np.int32)
    row_first = np.zeros(n_lanes, np.int64)
    row = np.empty(1024, np.int64)
    size = np.int64(0)
    keys = np.empty((most_alights + 1, most_trips), np.int64)
    position_of = np.empty(most_alights, np.int32)
    goes_to = np.empty(most_alights, np.int32)
    begin = np.empty(most_alights, np.int32)
    for lane in range(n_lanes):
        first, last = entry_first[lane], entry_first[lane + 1]
        lane_goal[lane + 1] = lane_goal[lane]
        if first == last:
            continue
        count, n_trips = trip_first[lane + 1] - trip_first[lane], lane_trips[lane]
        n = np.int64(0)
        at = first
        while at < last:
            end = at + 1
            while end < last and destination_of[end] == destination_of[at]:
                end += 1
            before = n
            n = _add_goals(
                n, at, end, n_trips, alight_position, alight_s, arrival_s, time_first[lane] + lane_from[lane],
                count, keys, position_of,
            )  # fmt: skip
            for k in range(before, n):
                goes_to[k] = destination_of[at]
                begin[k] = position_of[k + 1] if k + 1 < n else 0
            # Those of the lane's beginning are counted by position, for a counting sort.
            past[lane_first[lane] + position_of[n - 1]] += 1
            at = end
        beyond = np.int32(0)
        for each in range(lane_first[lane + 1] - 1, lane_first[lane] - 1, -1):
            here = past[each]
            past[each] = beyond
            beyond += here
        n_later = np.int64(beyond)
        base = lane_goal[lane]
        row_first[lane] = size
        if size + n * n_trips > len(row):
            longer = np.empty(2 * (size + n * n_trips), np.int64)
            for each in range(size):
                longer[each] = row[each]
            row = longer
        for k in range(n):
            if begin[k] == 0:
                each = lane_first[lane] + position_of[k]
                goal = int(past[each])
                past[each] += 1
            else:
                goal = int(n_later)
                n_later += 1
            goal_destination[base + goal] = goes_to[k]
            goal_position[base + goal] = position_of[k]
            goal_from[base + goal] = begin[k]
            for trip in range(n_trips):
                row[size + trip * n + goal] = keys[k, trip]
        # Each now counts those from its position on: one position further is what is past it.
        for each in range(lane_first[lane], lane_first[lane + 1] - 1):
            past[each] = past[each + 1]
        past[lane_first[lane + 1] - 1] = 0
        size += n * n_trips
        lane_goal[lane + 1] = base + n
    return lane_goal, goal_destination, goal_position, goal_from, past, row_first, row


@helper
def _list_later_goals(lane_first, lane_goal, goal_position, goal_from):  # type: ignore[no-untyped-def]
    """List the goals whose stretch doesn't begin with the lane, at each position that they serve.

    Returns
    -------
    listed_first int64[P + 1], listed int32[...] (goals)
    """
    n_lanes = len(lane_first) - 1
    first = np.zeros(lane_first[n_lanes] + 1, np.int64)
    for lane in range(n_lanes):
        for goal in range(lane_goal[lane], lane_goal[lane + 1]):
            if goal_from[goal] > 0:
                for each in range(lane_first[lane] + goal_from[goal], lane_first[lane] + goal_position[goal]):
                    first[each + 1] += 1
    for each in range(len(first) - 1):
        first[each + 1] += first[each]
    listed = np.empty(first[-1], np.int32)
    fill = first[:-1].copy()
    for lane in range(n_lanes):
        for goal in range(lane_goal[lane], lane_goal[lane + 1]):
            if goal_from[goal] > 0:
                for each in range(lane_first[lane] + goal_from[goal], lane_first[lane] + goal_position[goal]):
                    listed[fill[each]] = goal
                    fill[each] += 1
    return first, listed


@kernel(
    (
        IN_I8, IN_I4, IN_I4, IN_I4, I8, I8,  # egress, destinations from and to
        IN_I8, IN_I4, IN_I4, IN_B1, IN_I8, IN_I8, IN_I8, IN_I4, IN_I4,  # timetable
        I8, I8, I8,
    )
)  # fmt: skip
def index_destinations(  # type: ignore[no-untyped-def]
    egress_first, egress_stop, egress_s, egress_mm, destination_from, destination_to,
    stop_first, stop_lane, stop_position, can_alight,
    lane_first, trip_first, time_first, arrival_s, departure_s,
    earliest_s, latest_s, with_goals,
):  # fmt: skip
    """List, lane by lane, where destinations can be got off for, and their goals.

    A lane's goals that serve all who board before a position stand first, in
    descending order of it; ``past`` tells how many lie past a position. The
    others serve a stretch that begins later; they are listed at each position
    that they serve.

    Parameters
    ----------
    with_goals : 0 leaves the goals out (they don't hold where a whole-walk limit is checked).

    Returns
    -------
    lane_alight int64[L + 1], alight_destination int32[A] (counted from
    ``destination_from``), alight_position, alight_s, alight_mm int32[A];
    lane_from, lane_trips int64[L] (first trip of the window, and how many);
    lane_goal int64[L + 1], goal_destination, goal_position int32[G] (of its
    first alighting); past int32[P]; listed_first int64[P + 1], listed int32[...]
    (goals); row_first int64[L], row int64[...] (keys [trip, goal] of each lane)
    """
    entry_first, destination_of, alight_position, alight_s, alight_mm = _list_alightings(
        egress_first, egress_stop, egress_s, egress_mm, destination_from, destination_to,
        stop_first, stop_lane, stop_position, can_alight, lane_first,
    )  # fmt: skip
    n_lanes = len(lane_first) - 1
    lane_from = np.zeros(n_lanes, np.int64)
    lane_trips = np.zeros(n_lanes, np.int64)
    for lane in range(n_lanes):
        if entry_first[lane + 1] > entry_first[lane]:
            trip, end = _trips_of_window(
                lane, lane_first, trip_first, time_first, departure_s, earliest_s, latest_s
            )
            lane_from[lane] = trip
            lane_trips[lane] = end - trip
    goals_of = entry_first if with_goals else np.zeros_like(entry_first)
    lane_goal, goal_destination, goal_position, goal_from, past, row_first, row = _lay_out_goals(
        goals_of, destination_of, alight_position, alight_s, lane_from, lane_trips,
        lane_first, trip_first, time_first, arrival_s,
    )  # fmt: skip
    listed_first, listed = _list_later_goals(lane_first, lane_goal, goal_position, goal_from)
    return (
        entry_first, destination_of, alight_position, alight_s, alight_mm, lane_from, lane_trips,
        lane_goal, goal_destination, goal_position, past, listed_first, listed, row_first, row,
    )  # fmt: skip
