"""Find trips that a feed holds twice on one date.

Overlapping calendars and files make some feeds count most of a weekday's buses
twice. It changes no travel time, only how often a bus seems to come.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.areapack import Feed
from data.service_days import services_on

_COMPARED = ("stop_index", "arrival_s", "departure_s", "pickup_type", "drop_off_type")


@dataclass(frozen=True)
class DuplicateTrips:
    """What to leave out on a date, and what only to report."""

    drop: np.ndarray  # int64[n], rows of feed.trips, ascending
    by_operator: dict[str, int]  # agency_name -> trips to leave out
    shared: dict[tuple[str, str], int]  # two operators' names -> identical trips of both, kept


def find_duplicate_trips(feed: Feed, date: dt.date) -> DuplicateTrips:
    """Find the trips of a service date that repeat another, see :func:`find_duplicates_among`.

    Parameters
    ----------
    date
        The service date (for trips that started the day before, that day).
    """
    return find_duplicates_among(feed, services_on(feed, date))


def find_duplicates_among(feed: Feed, service_ids: frozenset[str]) -> DuplicateTrips:
    """Find the trips that repeat another where all of these services run on one date.

    Two trips are duplicates when they run that date with the same stops,
    times, pickup and drop-off, route short name, mode and operator. The one
    with the smallest (route_id, trip_id) is kept. Identical trips of different
    operators may be two buses: they are counted, not dropped.

    Parameters
    ----------
    feed
        The timetable; ``stop_times`` sorted by trip_index, stop_sequence.
    service_ids
        GTFS services; most dates of a feed have the same ones as some other.
    """
    running = np.flatnonzero(feed.trips["service_id"].isin(service_ids))
    trips = _with_equal_calls(feed, running)
    routes = feed.routes.set_index("route_id")
    table = feed.trips.iloc[trips["trip"]][["route_id", "trip_id"]].reset_index(drop=True)
    table["trip"], table["calls"] = trips["trip"], trips["calls"]
    table["agency_id"] = routes["agency_id"].reindex(table["route_id"]).to_numpy()
    table["mode"] = routes["mode"].reindex(table["route_id"]).to_numpy()
    table["name"] = routes["route_short_name"].reindex(table["route_id"]).fillna("").to_numpy()
    table = table.sort_values(["route_id", "trip_id"], kind="stable")
    repeats = table.duplicated(["calls", "name", "mode", "agency_id"])
    dropped = table[repeats]
    names = feed.agency.drop_duplicates("agency_id").set_index("agency_id")["agency_name"]
    by_operator = Counter(names.reindex(dropped["agency_id"]).fillna("Operator not stated"))
    shared: Counter[tuple[str, str]] = Counter()
    for _, group in table[~repeats].groupby(["calls", "name", "mode"]):
        if len(group) > 1:
            operators = sorted(names.reindex(group["agency_id"]).fillna("Operator not stated"))
            shared.update((a, b) for place, a in enumerate(operators) for b in operators[place + 1 :])
    return DuplicateTrips(
        np.sort(dropped["trip"].to_numpy(np.int64)),
        dict(sorted(by_operator.items())),
        dict(sorted(shared.items())),
    )


def _with_equal_calls(feed: Feed, running: np.ndarray) -> pd.DataFrame:
    """Trips that share all their calls with another: trip, and a number for each set of equal calls."""
    calls = feed.stop_times
    owner = calls["trip_index"]
    first, after = np.searchsorted(owner, running, "left"), np.searchsorted(owner, running, "right")
    has_calls = after > first
    running, first, after = running[has_calls], first[has_calls], after[has_calls]
    if not len(running):
        return pd.DataFrame({"trip": np.empty(0, np.int64), "calls": np.empty(0, np.int64)})
    # Most trips are told apart by a sum of mixed numbers; only trips with equal sums are compared in full.
    mixed = np.zeros(len(owner), np.uint64)
    starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    place = np.arange(len(owner)) - np.repeat(starts, np.diff(np.r_[starts, len(owner)]))
    for column in (place, *(calls[name] for name in _COMPARED)):
        mixed = (mixed ^ column.astype(np.int64).view(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    total = np.r_[np.uint64(0), np.cumsum(mixed, dtype=np.uint64)]
    frame = pd.DataFrame({"sum": total[after] - total[first], "length": after - first})
    doubtful = np.flatnonzero(frame.duplicated(keep=False))
    number: dict[tuple[bytes, ...], int] = {}
    same = np.array(
        [
            number.setdefault(
                tuple(calls[name][first[row] : after[row]].tobytes() for name in _COMPARED), len(number)
            )
            for row in doubtful
        ],
        np.int64,
    )
    return pd.DataFrame({"trip": running[doubtful], "calls": same})
