"""Findings about trips and who runs them; on the map a trip stands at the stop where it sets off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from data.areapack import AreaPack
from data.date_words import say_date
from data.duplicates import DuplicateTrips
from data.report.checks import MAX_EXAMPLES, MAX_POINTS, mark_stop, name_stops
from data.report.model import Finding, MapPoint, say_trips
from data.service_days import compute_feed_dates

NOT_STATED = "Operator not stated"


class TripPlaces:
    """Where trips set off, and words for them.

    Parameters
    ----------
    pack : whose timetable it is
    """

    def __init__(self, pack: AreaPack) -> None:
        feed = pack.feed
        owner = feed.stop_times["trip_index"]
        first = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]]) if len(owner) else np.empty(0, int)
        self._pack = pack
        self._stop = np.full(len(feed.trips), -1, np.int64)
        self._stop[owner[first]] = feed.stop_times["stop_index"][first]
        self._leaves_s = np.zeros(len(feed.trips), np.int64)
        self._leaves_s[owner[first]] = feed.stop_times["departure_s"][first]
        routes = feed.routes.set_index("route_id")
        route = feed.trips["route_id"]
        agency = feed.agency.drop_duplicates("agency_id").set_index("agency_id")["agency_name"]
        owners = agency.reindex(routes["agency_id"].reindex(route)).fillna(NOT_STATED)
        self.operator = owners.to_numpy(object)
        names = routes["route_short_name"].fillna(routes["route_long_name"]).reindex(route)
        self._route_name = names.fillna(pd.Series(route.to_numpy(), index=names.index)).to_numpy(object)
        self._stop_names = name_stops(pack.stops)

    def describe(self, trip: int) -> str:
        """Return a trip in words: its route, when and where it sets off, and its id."""
        trip_id = self._pack.feed.trips["trip_id"].iloc[trip]
        stop, minutes = self._stop[trip], self._leaves_s[trip] // 60
        if stop < 0:
            return f"route {self._route_name[trip]} (trip {trip_id})"
        return (
            f"route {self._route_name[trip]}, {minutes // 60:02}:{minutes % 60:02} from "
            f"{self._stop_names[stop]} (trip {trip_id})"
        )

    def mark(self, trips: Iterable[int], label: str = "") -> tuple[MapPoint, ...]:
        """Return one point for each stop that any of the trips sets off from."""
        points: dict[int, MapPoint] = {}
        for trip in trips:
            stop = int(self._stop[trip])
            if stop >= 0 and stop not in points and len(points) < MAX_POINTS:
                points[stop] = mark_stop(self._pack.stops, stop, label or self.describe(trip))
        return tuple(points.values())


def find_operators_without_service(pack: AreaPack, places: TripPlaces) -> Finding:
    """Operators that have no trip on the service date: their buses seem not to exist."""
    facts = pack.manifest.timetable
    periods = compute_feed_dates(pack.feed).by_operator
    examples, points = [], list[MapPoint]()
    for name in facts.operators_without_service:
        own = np.flatnonzero(places.operator == name)
        agencies = pack.feed.agency["agency_id"][pack.feed.agency["agency_name"] == name]
        dates = [periods[agency] for agency in agencies if agency in periods]
        when = "on no date at all"
        if dates:
            begin, end = min(first for first, _ in dates), max(last for _, last in dates)
            when = f"from {say_date(begin)} to {say_date(end)}"
        run = "runs" if len(own) == 1 else "run"
        examples.append(f"{name}: {say_trips(len(own))}, which {run} {when}")
        points += places.mark(own.tolist(), name)
    return Finding(
        "operators_without_service", "Operators without a trip on the service date", len(examples),
        len(set(places.operator)), "operators",
        "They are in the timetable, and none of their trips runs on the service date: nobody is taken to "
        "ride with them. Look whether their dates end before it or begin after it.",
        "missing" if examples else "ok", tuple(examples[:MAX_EXAMPLES]), tuple(points[:MAX_POINTS]),
    )  # fmt: skip


def find_duplicates(pack: AreaPack, places: TripPlaces, repeats: DuplicateTrips) -> Finding:
    """Trips of the service date that the timetable has twice, by operator."""
    by_operator = pd.Series(repeats.drop, dtype="int64").groupby(places.operator[repeats.drop], sort=True)
    examples = [
        f"{name}: {say_trips(len(rows))}, for example {places.describe(int(rows.iloc[0]))}"
        for name, rows in sorted(by_operator, key=lambda group: (-len(group[1]), group[0]))
    ]
    return Finding(
        "duplicate_trips", "Trips that the timetable has twice", len(repeats.drop),
        pack.manifest.timetable.trips_on_service_date, "trips of the service date",
        "Another trip of the same operator and route has the same stops and times. Each is left out once: "
        "travel times don't change by it, and buses are not counted as twice as often as they come.",
        "dropped" if len(repeats.drop) else "ok", tuple(examples[:MAX_EXAMPLES]),
        places.mark(repeats.drop.tolist()),
    )  # fmt: skip


def find_trips_without_shape(pack: AreaPack, places: TripPlaces) -> Finding:
    """Trips that have no line to draw: theirs goes straight from stop to stop."""
    trips = pack.feed.trips
    known = set() if pack.feed.shapes is None else set(pack.feed.shapes["shape_id"])
    without = ~trips["shape_id"].isin(known).to_numpy(bool)
    counts = pd.Series(places.operator[without]).value_counts(sort=False)
    counts = counts.sort_index().sort_values(ascending=False, kind="stable")
    # One trip a route: its others set off from the same few stops.
    one_a_route = np.flatnonzero(without & ~trips["route_id"].where(without).duplicated().to_numpy(bool))
    return Finding(
        "trips_without_shape", "Trips without a line on the map", int(without.sum()), len(trips), "trips",
        "The timetable has no route line for them; they are drawn straight from stop to stop. No time "
        "depends on it.",
        "note" if without.any() else "ok",
        tuple(f"{name}: {say_trips(count)}" for name, count in counts.head(MAX_EXAMPLES).items()),
        places.mark(one_a_route.tolist()),
    )  # fmt: skip


def list_what_was_done(pack: AreaPack, places: TripPlaces) -> tuple[Finding, ...]:
    """What the importer repaired, dropped or missed in timetable and stops, from the manifest.

    Its examples are records' own names. Those that are stops, trips, routes or
    services of the pack are shown where they are; what was dropped is in no table any more.
    """
    stop_of = _rows_of(pack.stops["stop_id"])
    trips = pack.feed.trips
    trip_of = _rows_of(trips["service_id"]) | _rows_of(trips["route_id"]) | _rows_of(trips["trip_id"])
    found = []
    for fault in pack.manifest.faults:
        if fault.part not in ("timetable", "stops"):
            continue
        points = list[MapPoint]()
        for example in fault.examples:
            # "5310AWB34455: 306 m": a name, and how much of what.
            name, label = example.partition(": ")[0], f"{fault.message}: {example}"
            if name in stop_of:
                points.append(mark_stop(pack.stops, stop_of[name], label))
            elif name in trip_of:
                points += places.mark([trip_of[name]], label)
        found.append(
            Finding(
                f"{fault.part}:{fault.code}", fault.code.replace("_", " ").capitalize(), fault.count, None,
                fault.file or fault.part, fault.message, fault.severity, fault.examples, tuple(points),
            )
        )  # fmt: skip
    return tuple(found)


def _rows_of(ids: Sequence[str] | pd.Series) -> dict[str, int]:
    """First row of each id."""
    rows: dict[str, int] = {}
    for row, name in enumerate(ids):
        rows.setdefault(str(name), row)
    return rows
