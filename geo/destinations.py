"""Which destinations each lane leads to, and when each trip brings one there.

*Keys.* An arrival travels as ``time << 17 | walk``; leaves have ``WALK_MASK -
walk`` in the lower bits. Their difference holds duration and whole walk in one
number, and of two journeys that take equally long the one with less walking is
the smaller.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geo.compile import IN_B1, IN_I4, IN_I8, helper, kernel

WALK_BITS = 17  # 131,071 s: above two legs of 5 km at 0.5 km/h
WALK_MASK = (1 << WALK_BITS) - 1
NO_KEY = np.iinfo(np.int64).max

_I8 = IN_I8.dtype


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
def _trips_of_window(lane, lane_first, trip_first, time_first, departure_s, earliest_s, latest_s):  # type: ignore[no-untyped-def]
    """Trips of a lane that can be boarded with a leave inside the window, and the first after it."""
    count = trip_first[lane + 1] - trip_first[lane]
    begin, end = count, 0
    for position in range(lane_first[lane + 1] - lane_first[lane]):
        start = time_first[lane] + position * count
        begin = min(begin, _first_at_or_after(departure_s, start, count, earliest_s))
        end = max(end, _first_at_or_after(departure_s, start, count, latest_s + 1) + 1)
    end = min(end, count)
    return begin, max(begin, end)


@kernel(
    (
        IN_I8, IN_I4, IN_I4, IN_I4, _I8, _I8,  # egress, destinations from and to
        IN_I8, IN_I4, IN_I4, IN_B1, IN_I8, IN_I8, IN_I8, IN_I4, IN_I4,  # timetable
        _I8, _I8,
    )
)  # fmt: skip
def index_destinations(  # type: ignore[no-untyped-def]
    egress_first, egress_stop, egress_s, egress_mm, destination_from, destination_to,
    stop_first, stop_lane, stop_position, can_alight,
    lane_first, trip_first, time_first, arrival_s, departure_s,
    earliest_s, latest_s,
):  # fmt: skip
    """List, lane by lane, which destinations can be got off for, where, and when one is there.

    A *group* is one destination on one lane. Its column holds, for each trip of
    the window, the key of the earliest arrival at the destination over all its
    alightings on the lane.

    Returns
    -------
    lane_group int64[L + 1], group_destination int32[G], group_alight int64[G + 1],
    alight_position int32[A], alight_s int32[A], alight_mm int32[A] (ascending
    position in each group), lane_from int64[L] (first trip of the window),
    column_first int64[G], column int64[...]
    """
    n_lanes = len(lane_first) - 1
    entry_first = np.zeros(n_lanes + 1, np.int64)
    for leg in range(egress_first[destination_from], egress_first[destination_to]):
        stop = egress_stop[leg]
        for call in range(stop_first[stop], stop_first[stop + 1]):
            lane = stop_lane[call]
            if can_alight[lane_first[lane] + stop_position[call]]:
                entry_first[lane + 1] += 1
    for lane in range(n_lanes):
        entry_first[lane + 1] += entry_first[lane]
    n_entries = entry_first[n_lanes]
    destination_of = np.empty(n_entries, np.int32)
    alight_position = np.empty(n_entries, np.int32)
    alight_s = np.empty(n_entries, np.int32)
    alight_mm = np.empty(n_entries, np.int32)
    fill = entry_first[:-1].copy()
    for destination in range(destination_from, destination_to):
        for leg in range(egress_first[destination], egress_first[destination + 1]):
            stop = egress_stop[leg]
            for call in range(stop_first[stop], stop_first[stop + 1]):
                lane = stop_lane[call]
                position = stop_position[call]
                if not can_alight[lane_first[lane] + position]:
                    continue
                # Destinations come in order; positions of one are put in order here.
                at = fill[lane]
                fill[lane] += 1
                while (
                    at > entry_first[lane]
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

    lane_group = np.zeros(n_lanes + 1, np.int64)
    for lane in range(n_lanes):
        groups = 0
        for at in range(entry_first[lane], entry_first[lane + 1]):
            if at == entry_first[lane] or destination_of[at] != destination_of[at - 1]:
                groups += 1
        lane_group[lane + 1] = lane_group[lane] + groups
    n_groups = lane_group[n_lanes]
    group_destination = np.empty(n_groups, np.int32)
    group_alight = np.empty(n_groups + 1, np.int64)
    column_first = np.empty(n_groups, np.int64)
    lane_from = np.zeros(n_lanes, np.int64)
    lane_to = np.zeros(n_lanes, np.int64)
    size = 0
    group = 0
    for lane in range(n_lanes):
        if lane_group[lane + 1] == lane_group[lane]:
            continue
        lane_from[lane], lane_to[lane] = _trips_of_window(
            lane, lane_first, trip_first, time_first, departure_s, earliest_s, latest_s
        )
        for at in range(entry_first[lane], entry_first[lane + 1]):
            if at == entry_first[lane] or destination_of[at] != destination_of[at - 1]:
                group_destination[group] = destination_of[at]
                group_alight[group] = at
                column_first[group] = size
                size += lane_to[lane] - lane_from[lane]
                group += 1
    group_alight[n_groups] = n_entries

    column = np.full(size, NO_KEY, np.int64)
    for lane in range(n_lanes):
        count = trip_first[lane + 1] - trip_first[lane]
        for group in range(lane_group[lane], lane_group[lane + 1]):
            for at in range(group_alight[group], group_alight[group + 1]):
                start = time_first[lane] + alight_position[at] * count
                for trip in range(lane_from[lane], lane_to[lane]):
                    key = ((arrival_s[start + trip] + np.int64(alight_s[at])) << WALK_BITS) + alight_s[at]
                    cell = column_first[group] + trip - lane_from[lane]
                    if key < column[cell]:
                        column[cell] = key
    return (
        lane_group, group_destination, group_alight, alight_position, alight_s, alight_mm,
        lane_from, column_first, column,
    )  # fmt: skip
