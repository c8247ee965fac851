"""The timetable of one service date: lanes of trips that do not overtake."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass

import numpy as np

from data.areapack import AreaPack
from data.service_days import service_day_offset_s, services_on
from geo.lanes import split_into_lanes
from geo.patterns import NO_BOARDING, group_by_pattern, index_calls, spread_ranges
from geo.query import DAY_S, Query


@dataclass(frozen=True)
class Timetable:
    """Trips of a date as lanes: same calls, same order, no overtaking.

    Lane ``l`` has the positions ``lane_first[l] .. lane_first[l + 1] - 1`` (rows
    of ``stop``, ``can_board``, ``can_alight``) and the trips
    ``trip_first[l] .. trip_first[l + 1] - 1`` (rows of ``trip_index``,
    ``trip_shift_s``), earliest first. With ``m`` trips, the times at its
    position ``j`` are ``departure_s[time_first[l] + j * m :][:m]``, so that they
    lie side by side in the order of trips and never decrease.

    Times are seconds from noon minus 12 h of the service date, for trips of
    neighbouring dates too (``trip_shift_s`` is already inside them).

    ``stop_first[s] .. stop_first[s + 1] - 1`` are the rows of ``stop_lane`` and
    ``stop_position`` at which stop ``s`` (row of the pack's stops) is called at.
    All arrays are read-only.
    """

    service_date: dt.date
    modes: tuple[str, ...]
    span_s: int
    stop: np.ndarray  # int32[P], row in the pack's stops
    can_board: np.ndarray  # bool[P]
    can_alight: np.ndarray  # bool[P]
    lane_first: np.ndarray  # int64[L + 1]
    trip_first: np.ndarray  # int64[L + 1]
    time_first: np.ndarray  # int64[L]
    arrival_s: np.ndarray  # int32[trips x positions of each lane]
    departure_s: np.ndarray  # int32
    trip_index: np.ndarray  # int32[T], row in the feed's trips
    trip_shift_s: np.ndarray  # int32[T], added to the feed's times
    stop_first: np.ndarray  # int64[stops + 1]
    stop_lane: np.ndarray  # int32[P]
    stop_position: np.ndarray  # int32[P], counted from 0 in the lane

    @property
    def n_lanes(self) -> int:
        return len(self.lane_first) - 1

    @property
    def n_trips(self) -> int:
        return len(self.trip_index)

    def times_of_lane(self, lane: int) -> tuple[np.ndarray, np.ndarray]:
        """Arrivals and departures of a lane, int32[positions, trips] each."""
        positions = int(self.lane_first[lane + 1] - self.lane_first[lane])
        trips = int(self.trip_first[lane + 1] - self.trip_first[lane])
        part = slice(int(self.time_first[lane]), int(self.time_first[lane]) + positions * trips)
        return (
            self.arrival_s[part].reshape(positions, trips),
            self.departure_s[part].reshape(positions, trips),
        )


def timetable_span_s(query: Query) -> int:
    """How far a query's timetable must reach, in whole days.

    Whole days, so that a timetable serves many queries and the answer to one
    does not depend on which other was asked before. A second bus may leave as
    late as the cut-off after the window.
    """
    slowest_walk_s = -(-query.walk.leg_limit_mm * 3600 // query.walk.speed_mm_per_h)
    latest_s = query.window_end_s + max(query.horizon_s, query.cutoff_s)
    last_departure = latest_s + query.board_slack_s + slowest_walk_s
    return max(1, -(-last_departure // DAY_S)) * DAY_S


def count_timetables_to_keep(pack: AreaPack) -> int:
    """How many timetables an engine keeps: sessions are on many dates; as many as fit some 400 MB."""
    rows = pack.manifest.table_rows.get("stop_times")  # said there: an estimate need not read the table
    n_calls = max(1, len(pack.feed.stop_times["arrival_s"]) if rows is None else rows)
    return min(64, max(12, 400_000_000 // (40 * n_calls)))


def build_timetable(
    pack: AreaPack, service_date: dt.date, modes: tuple[str, ...], span_s: int = DAY_S
) -> Timetable:
    """Build the lanes of a service date.

    Holds the date's trips, those of the day before that still run at 0 s, and
    those of following days that start by ``span_s``.

    Parameters
    ----------
    modes : tuple of str
        Vehicles that count (``data.modes.MODES``).
    span_s : int
        Last departure needed, see ``timetable_span_s``.
    """
    feed = pack.feed
    calls = index_calls(feed.stop_times, len(feed.trips))
    arrival, departure = feed.stop_times["arrival_s"], feed.stop_times["departure_s"]
    trip, shift = _choose_trips(pack, service_date, modes, calls.first, arrival, departure, span_s)

    n_calls = calls.first[trip + 1] - calls.first[trip]
    distinct, inverse = np.unique(trip, return_inverse=True)
    pattern = group_by_pattern(calls, distinct)[inverse]
    total = np.concatenate(([0], np.cumsum(arrival.astype(np.int64) + departure)))
    time_sum = total[calls.first[trip + 1]] - total[calls.first[trip]] + 2 * n_calls * shift
    order = np.lexsort((shift, trip, time_sum, pattern))
    trip, shift, n_calls, pattern = trip[order], shift[order], n_calls[order], pattern[order]

    lane = np.empty(len(trip), np.int64)
    first_call = calls.first[trip]
    split_into_lanes(pattern, first_call, n_calls, shift, arrival, departure, lane)
    order = np.argsort(lane, kind="stable")
    trip, shift, n_calls, first_call, lane = (a[order] for a in (trip, shift, n_calls, first_call, lane))

    n_lanes = int(lane[-1]) + 1 if len(lane) else 0
    trip_first = np.searchsorted(lane, np.arange(n_lanes + 1)).astype(np.int64)
    leader = trip_first[:-1]
    positions = n_calls[leader]
    lane_first = np.concatenate(([0], np.cumsum(positions))).astype(np.int64)
    trips_in_lane = np.diff(trip_first)
    time_first = np.concatenate(([0], np.cumsum(positions * trips_in_lane)))[:-1].astype(np.int64)

    # Position-major: each call goes to lane start + position x trips + trip.
    source = spread_ranges(first_call, n_calls)
    position = spread_ranges(np.zeros_like(n_calls), n_calls)
    row_in_lane = np.arange(len(trip)) - trip_first[lane]
    target = np.repeat(time_first[lane] + row_in_lane, n_calls) + position * np.repeat(
        trips_in_lane[lane], n_calls
    )
    shift_of_call = np.repeat(shift, n_calls)
    arrival_s = np.empty(len(source), np.int32)
    departure_s = np.empty(len(source), np.int32)
    arrival_s[target] = arrival[source] + shift_of_call
    departure_s[target] = departure[source] + shift_of_call

    leading_calls = spread_ranges(first_call[leader], positions)
    stop = feed.stop_times["stop_index"][leading_calls].astype(np.int32)
    by_stop = np.argsort(stop, kind="stable")  # then by lane, then by position
    lane_of_position = np.repeat(np.arange(n_lanes, dtype=np.int32), positions)
    within = spread_ranges(np.zeros_like(positions), positions).astype(np.int32)
    timetable = Timetable(
        service_date=service_date,
        modes=tuple(modes),
        span_s=span_s,
        stop=stop,
        can_board=feed.stop_times["pickup_type"][leading_calls] != NO_BOARDING,
        can_alight=feed.stop_times["drop_off_type"][leading_calls] != NO_BOARDING,
        lane_first=lane_first,
        trip_first=trip_first,
        time_first=time_first,
        arrival_s=arrival_s,
        departure_s=departure_s,
        trip_index=trip.astype(np.int32),
        trip_shift_s=shift.astype(np.int32),
        stop_first=np.searchsorted(stop[by_stop], np.arange(len(pack.stops) + 1)).astype(np.int64),
        stop_lane=lane_of_position[by_stop],
        stop_position=within[by_stop],
    )
    for value in vars(timetable).values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return timetable


def _choose_trips(
    pack: AreaPack,
    service_date: dt.date,
    modes: tuple[str, ...],
    first: np.ndarray,
    arrival: np.ndarray,
    departure: np.ndarray,
    span_s: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the trips that run, and the seconds to add to each one's times."""
    feed = pack.feed
    counted_routes = feed.routes.loc[feed.routes["mode"].isin(modes), "route_id"]
    usable = feed.trips["route_id"].isin(counted_routes).to_numpy(bool) & (np.diff(first) >= 2)
    service = feed.trips["service_id"]
    chosen, shifts = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for days_after in itertools.count(-1):
        date = service_date + dt.timedelta(days=days_after)
        shift = service_day_offset_s(service_date, date, pack.manifest.timetable.timezone)
        if shift > span_s:
            break
        running = np.flatnonzero(usable & service.isin(list(services_on(feed, date))).to_numpy(bool))
        if days_after < 0:
            running = running[arrival[first[running + 1] - 1] + shift >= 0]
        if days_after > 0:
            running = running[departure[first[running]] + shift <= span_s]
        chosen.append(running)
        shifts.append(np.full(len(running), shift, np.int64))
    return np.concatenate(chosen), np.concatenate(shifts)
