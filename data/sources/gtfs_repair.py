"""Repair the times of calls: wraps at midnight, blanks, trips that go backwards.

All functions work on the calls of many trips at once, as arrays of equal
length sorted by trip and then by sequence.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from data.sources.gtfs_times import UNKNOWN

DAY_S = 86_400
# A bus that seems to arrive more than half a day before it left has passed midnight
# in a feed that starts again at 00:00. A smaller step back is an error: adding a day
# there would make the trip monotone too, and 24 hours long.
WRAP_STEP_S = DAY_S // 2
CALLS_AT_ONCE = 500_000


def fill_one_sided(arrival_s: np.ndarray, departure_s: np.ndarray) -> int:
    """Take a blank arrival from the departure and the other way round, in place; return how many."""
    no_arrival = (arrival_s == UNKNOWN) & (departure_s != UNKNOWN)
    no_departure = (departure_s == UNKNOWN) & (arrival_s != UNKNOWN)
    arrival_s[no_arrival] = departure_s[no_arrival]
    departure_s[no_departure] = arrival_s[no_departure]
    return int(no_arrival.sum() + no_departure.sum())


def add_day_at_wrap(
    trip: np.ndarray, arrival_s: np.ndarray, departure_s: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Add 24 h from where a trip passes midnight and starts again at 00:xx, in place.

    Returns
    -------
    wrapped, backwards
        Trips (sorted, unique) that were repaired, and trips that step backwards still.
    """
    # Some trips at a time: the sums below take 60 bytes a call, and a region has ten million calls.
    edges = _cut_between_trips(trip, CALLS_AT_ONCE)
    parts = [
        _add_day_at_wrap(trip[first:after], arrival_s[first:after], departure_s[first:after])
        for first, after in pairwise(edges)
    ]
    wrapped = np.concatenate([part[0] for part in parts])
    backwards = np.concatenate([part[1] for part in parts])
    return wrapped, backwards


def _cut_between_trips(trip: np.ndarray, at_once: int) -> list[int]:
    """Row numbers from 0 to the end that part the calls, about so many at once, and no trip in two."""
    edges = [0]
    while edges[-1] + at_once < len(trip):
        after = edges[-1] + at_once
        edges.append(after + int(np.searchsorted(trip[after:], trip[after - 1], "right")))
    return [*edges, len(trip)]


def _add_day_at_wrap(
    trip: np.ndarray, arrival_s: np.ndarray, departure_s: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    known = np.flatnonzero(arrival_s != UNKNOWN)
    times = np.empty(2 * len(known), np.int64)
    times[0::2] = arrival_s[known]
    times[1::2] = departure_s[known]
    owner = np.repeat(trip[known], 2)
    same_trip = owner[1:] == owner[:-1]
    wraps = np.zeros(len(times), np.int64)
    wraps[1:] = same_trip & (np.diff(times) <= -WRAP_STEP_S)
    days = np.cumsum(wraps)
    first = np.flatnonzero(np.r_[True, ~same_trip]) if len(times) else np.empty(0, np.int64)
    days -= np.repeat(days[first], np.diff(np.r_[first, len(times)]))
    times += DAY_S * days
    backwards = np.unique(owner[1:][same_trip & (np.diff(times) < 0)])
    arrival_s[known] = times[0::2]
    departure_s[known] = times[1::2]
    return np.setdiff1d(owner[wraps > 0], backwards), backwards


def find_uninterpolable(trip: np.ndarray, arrival_s: np.ndarray) -> np.ndarray:
    """Mark calls without a time that have no timed call before or none after them in their trip."""
    if not (arrival_s == UNKNOWN).any():
        return np.zeros(len(trip), bool)
    before, after = _neighbours(arrival_s != UNKNOWN)
    return (arrival_s == UNKNOWN) & ~(
        (before >= 0)
        & (after < len(trip))
        & (trip[before] == trip)
        & (trip[np.minimum(after, len(trip) - 1)] == trip)
    )


def interpolate_blanks(
    trip: np.ndarray,
    arrival_s: np.ndarray,
    departure_s: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    shape_dist: np.ndarray | None,
) -> tuple[np.ndarray, int]:
    """Give blank calls a time by distance along the trip, in place.

    ``shape_dist_traveled`` is used where a trip has it for every call and it
    never falls; else straight lines from stop to stop; between calls at one
    place, the number of calls. Times are rounded to the second.

    Parameters
    ----------
    trip, arrival_s, departure_s
        int[n]; every blank call has a timed call before and after it.
    x, y
        float64[n], metres: where the calls are.
    shape_dist
        float64[n] with NaN where blank, or None.

    Returns
    -------
    interpolated
        bool[n].
    by_shape
        How many were placed by ``shape_dist_traveled``.
    """
    blank = arrival_s == UNKNOWN
    rows = np.flatnonzero(blank)
    if not len(rows):
        return blank, 0
    step = np.hypot(np.diff(x, prepend=x[:1]), np.diff(y, prepend=y[:1]))
    along = np.cumsum(step)
    uses_shape = np.zeros(len(trip), bool)
    if shape_dist is not None:
        falls = np.zeros(len(trip), bool)
        falls[1:] = (trip[1:] == trip[:-1]) & (np.diff(shape_dist) < 0)
        broken = np.unique(trip[~np.isfinite(shape_dist) | falls])
        uses_shape = ~np.isin(trip, broken)
        along = np.where(uses_shape, shape_dist, along)
    before, after = _neighbours(~blank)
    before, after = before[rows], after[rows]
    span = along[after] - along[before]
    share = np.where(
        span > 0,
        (along[rows] - along[before]) / np.where(span > 0, span, 1),
        (rows - before) / (after - before),
    )
    ride_s = arrival_s[after].astype(np.int64) - departure_s[before]
    times = departure_s[before] + np.rint(share * ride_s).astype(np.int64)
    arrival_s[rows] = times
    departure_s[rows] = times
    return blank, int(uses_shape[rows].sum())


def _neighbours(known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the nearest known call at or before each row (-1: none) and at or after it (n: none)."""
    n = len(known)
    rows = np.arange(n)
    before = np.maximum.accumulate(np.where(known, rows, -1)) if n else rows
    after = np.minimum.accumulate(np.where(known, rows, n)[::-1])[::-1] if n else rows
    return before, after
