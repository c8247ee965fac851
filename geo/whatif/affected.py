"""Which pairs of an origin and a service a scenario can touch.

What is said of a pair follows from: the walks from the origin to stops, those
from the service to stops, the walk between the two, whether the stops near each
are active and served, whether each is inside the data, and the vehicle trips
that call near both. With two boardings also from trips that call near one of
them only, and from the walks between stops. So a pair none of which has changed
has the answer that it had. Here these are compared, as they were and as they
are, whatever the changes were called: nothing is believed of a change, and the
rest is proven by comparison with a full computation
(``tests/test_proof_random_towns.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.areapack import AreaPack
from geo.inputs import ReachInputs
from geo.legs import Legs
from geo.patterns import find_first_calls, spread_ranges
from geo.timetable import Timetable


@dataclass(frozen=True)
class Affected:
    """Origins (n) and services (m, as changed) that a scenario can touch.

    Everything from an origin of ``rows`` or to a service of ``columns`` is to be
    computed, and all pairs of ``rows_by_bus`` and ``columns_by_bus``; with two
    boardings everything from the one and to the other, and all pairs of
    ``rows_by_change`` and ``columns_by_change``. ``old_column`` is the number
    each service had, -1 where it is new.
    """

    rows: np.ndarray  # bool[n]
    columns: np.ndarray  # bool[m]
    rows_by_bus: np.ndarray  # bool[n]
    columns_by_bus: np.ndarray  # bool[m]
    rows_by_change: np.ndarray  # bool[n]
    columns_by_change: np.ndarray  # bool[m]
    old_column: np.ndarray  # int64[m]

    def pairs(self, *, two_buses: bool) -> np.ndarray:
        """bool[n, m]: the pairs to be computed."""
        rows, columns = self.rows[:, None], self.columns[None, :]
        by_bus, to_bus = self.rows_by_bus[:, None], self.columns_by_bus[None, :]
        if not two_buses:
            return rows | columns | (by_bus & to_bus)
        changing = self.rows_by_change[:, None] & self.columns_by_change[None, :]
        return rows | columns | by_bus | to_bus | changing


def find_affected(
    old: AreaPack, new: AreaPack, before: ReachInputs, after: ReachInputs, *, two_buses: bool
) -> Affected:
    """Compare the packs' trips and the walks of all origins and services.

    Parameters
    ----------
    before, after : ReachInputs
        Of the same query, all origins and services; stops keep their rows.
    """
    stops = find_changed_stops(old, new)
    known = {str(one): number for number, one in enumerate(before.service_ids)}
    old_column = np.array([known.get(str(one), -1) for one in after.service_ids], np.int64)
    stayed = np.flatnonzero(old_column >= 0)
    was = old_column[stayed]

    flags = (_flags_of(before, len(new.stops)), _flags_of(after, len(new.stops)))
    rows = _differing(before.access, after.access, *flags) | (before.origin_outside != after.origin_outside)
    direct = after.direct.keep_targets(stayed)
    rows |= _differing(before.direct.keep_targets(was), direct)
    columns = np.ones(len(after.service_ids), bool)
    columns[stayed] = _differing(before.egress.take(was), after.egress.take(stayed), *flags)
    columns[stayed] |= before.service_outside[was] != after.service_outside[stayed]

    near_rows = _touching(after.access, stops) | _touching(before.access, stops)
    near_columns = _touching(after.egress, stops)
    nowhere_row, nowhere_column = np.zeros(len(rows), bool), np.zeros(len(columns), bool)
    if two_buses and before.transfers is not None and after.transfers is not None:
        # A change at a stop that is new is between trips of which one is new: near_rows or near_columns.
        kept = np.arange(len(old.stops))
        changing = np.zeros(len(new.stops), bool)
        changing[kept] = _differing(before.transfers, after.transfers.take(kept).keep_targets(kept))
        # Whoever can ride to such a stop, and whatever can be ridden to from one.
        on_way = _on_lanes_of(changing, before.timetable) | _on_lanes_of(changing, after.timetable)
        nowhere_row, nowhere_column = _touching(after.access, on_way), _touching(after.egress, on_way)
    return Affected(rows, columns, near_rows, near_columns, nowhere_row, nowhere_column, old_column)


def find_changed_stops(old: AreaPack, new: AreaPack) -> np.ndarray:
    """bool[stops of new]: some trip that is gone, new or different calls there, or did.

    A trip is different when its calls, its times, its vehicle or any date on
    which it runs are.
    """
    touched = np.zeros(len(new.stops), bool)
    if new.feed is old.feed:
        return touched
    first_old, first_new = (
        find_first_calls(pack.feed.stop_times, len(pack.feed.trips)) for pack in (old, new)
    )
    row_old = {trip: row for row, trip in enumerate(old.feed.trips["trip_id"])}
    match = np.array([row_old.get(trip, -1) for trip in new.feed.trips["trip_id"]], np.int64)
    pair_new = np.flatnonzero(match >= 0)
    pair_old = match[pair_new]
    same = np.diff(first_new)[pair_new] == np.diff(first_old)[pair_old]
    pair_new, pair_old = pair_new[same], pair_old[same]
    counts = np.diff(first_new)[pair_new]
    calls_new, calls_old = (
        spread_ranges(first_new[pair_new], counts),
        spread_ranges(first_old[pair_old], counts),
    )
    differs = np.zeros(len(calls_new), bool)
    for name in ("stop_index", "arrival_s", "departure_s", "pickup_type", "drop_off_type"):
        differs |= new.feed.stop_times[name][calls_new] != old.feed.stop_times[name][calls_old]
    total = np.concatenate(([0], np.cumsum(differs)))
    ends = np.cumsum(counts)
    stays = total[ends] == total[ends - counts]
    stays &= _facts(new)[pair_new] == _facts(old)[pair_old]
    stays &= ~_other_days(old, new)[pair_new]
    gone, come = np.ones(len(old.feed.trips), bool), np.ones(len(new.feed.trips), bool)
    gone[pair_old[stays]] = False
    come[pair_new[stays]] = False
    for pack, trips in ((old, gone), (new, come)):
        times = pack.feed.stop_times
        touched[times["stop_index"][trips[times["trip_index"]]]] = True
    return touched


def _facts(pack: AreaPack) -> np.ndarray:
    """Route, calendar and vehicle of each trip, as one text."""
    trips = pack.feed.trips
    mode = trips["route_id"].map(pack.feed.routes.set_index("route_id")["mode"])
    joined = trips["route_id"].astype(str) + "\n" + trips["service_id"].astype(str) + "\n" + mode.astype(str)
    return joined.to_numpy(object)


def _other_days(old: AreaPack, new: AreaPack) -> np.ndarray:
    """bool[trips of new]: the trip's calendar may run on other dates than it did."""
    known = {*old.feed.calendar["service_id"], *old.feed.calendar_dates["service_id"]}
    stays = True
    for name in ("calendar", "calendar_dates"):
        before, after = getattr(old.feed, name), getattr(new.feed, name)
        stays &= after.iloc[: len(before)].equals(before)
        stays &= known.isdisjoint(after["service_id"].iloc[len(before) :])
    # Scenarios only ever add calendars. Were one changed, every trip would have to be looked at.
    return np.full(len(new.feed.trips), not stays)


def _flags_of(inputs: ReachInputs, n_stops: int) -> np.ndarray:
    """int8[stops]: active and served, as one number; -1 for stops that are not there yet."""
    flags = np.full(n_stops, -1, np.int8)
    flags[: len(inputs.stop_active)] = inputs.stop_active * 2 + inputs.stop_served
    return flags


def _differing(
    before: Legs, after: Legs, flags_before: np.ndarray | None = None, flags_after: np.ndarray | None = None
) -> np.ndarray:
    """bool[rows]: the row has other targets, other lengths, or targets with other flags."""
    counts = np.diff(after.indptr)
    differs = np.diff(before.indptr) != counts
    rows = np.flatnonzero(~differs)
    counts = counts[rows]
    at_before = spread_ranges(before.indptr[rows], counts)
    at_after = spread_ranges(after.indptr[rows], counts)
    other = (before.target[at_before] != after.target[at_after]) | (
        before.length_mm[at_before] != after.length_mm[at_after]
    )
    if flags_before is not None and flags_after is not None:
        other |= flags_before[before.target[at_before]] != flags_after[after.target[at_after]]
    total = np.concatenate(([0], np.cumsum(other)))
    ends = np.cumsum(counts)
    differs[rows] = total[ends] > total[ends - counts]
    return differs


def _touching(legs: Legs, stops: np.ndarray) -> np.ndarray:
    """bool[rows]: some leg leads to one of the stops (bool[stops])."""
    total = np.concatenate(([0], np.cumsum(stops[legs.target])))
    return total[legs.indptr[1:]] > total[legs.indptr[:-1]]


def _on_lanes_of(stops: np.ndarray, timetable: Timetable) -> np.ndarray:
    """bool[stops]: all stops of the lanes that call at some of these."""
    lane = np.repeat(np.arange(timetable.n_lanes), np.diff(timetable.lane_first))
    calling = np.zeros(timetable.n_lanes, bool)
    calling[lane[stops[timetable.stop]]] = True
    found = np.zeros(len(stops), bool)
    found[timetable.stop[calling[lane]]] = True
    return found
