"""Trips with the same stops in the same order become one pattern."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NO_BOARDING = 1  # GTFS pickup_type and drop_off_type: 1 is "not available"


@dataclass(frozen=True)
class TripCalls:
    """Where each trip's calls lie in the stop_times arrays.

    ``first[t]:first[t + 1]`` are the calls of trip ``t`` of the feed.
    """

    first: np.ndarray  # int64[trips + 1]
    code: np.ndarray  # int64[calls]: stop, pickup and drop-off in one number


def find_first_calls(stop_times: dict[str, np.ndarray], n_trips: int) -> np.ndarray:
    """int64[trips + 1]: trip t's calls are the rows ``first[t] .. first[t + 1] - 1`` of ``stop_times``."""
    counts = np.bincount(stop_times["trip_index"], minlength=n_trips)
    first = np.zeros(n_trips + 1, np.int64)
    np.cumsum(counts, out=first[1:])
    return first


def index_calls(stop_times: dict[str, np.ndarray], n_trips: int) -> TripCalls:
    """Find every trip's calls; ``stop_times`` is sorted by trip."""
    first = find_first_calls(stop_times, n_trips)
    code = stop_times["stop_index"].astype(np.int64) << 8
    code |= stop_times["pickup_type"].astype(np.int64) << 4
    code |= stop_times["drop_off_type"].astype(np.int64)
    return TripCalls(first, code)


def group_by_pattern(calls: TripCalls, trips: np.ndarray) -> np.ndarray:
    """Number the patterns of some trips in the order in which they appear.

    Patterns are compared call by call (as bytes), not by a hash alone: two
    patterns taken for one would be a bus that does not exist.

    Parameters
    ----------
    trips : int array [k], rows of the feed's trips

    Returns
    -------
    int64[k], the pattern of each trip
    """
    number: dict[bytes, int] = {}
    data = calls.code.view(np.uint8).tobytes()
    bounds = (calls.first * calls.code.itemsize).tolist()
    patterns = [
        number.setdefault(data[bounds[trip] : bounds[trip + 1]], len(number)) for trip in trips.tolist()
    ]
    return np.array(patterns, np.int64)


def spread_ranges(first: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Join the ranges ``first[i] .. first[i] + count[i] - 1`` into one index array."""
    ends = np.cumsum(count)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total, dtype=np.int64) + np.repeat(first - (ends - count), count)
