"""Community transport: a small bus between places (definitions: docs/scenarios.md)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from data import schema
from data.areapack import AreaPack
from data.service_days import WEEKDAYS
from geo.whatif.feed import add_calendar, add_stop_row, append_rows, freeze, list_dates, weekdays_of
from geo.whatif.model import Minibus
from geo.whatif.names import FaultyChange, find_spot

SHORTEST_RUN_S = 60
_ROUTE_TYPE = {"bus": 3, "tram": 0, "coach": 200, "special_bus": 715, "rail": 2, "ferry": 4, "other": 1700}


def add_minibus(pack: AreaPack, change: Minibus, mark: str) -> AreaPack:
    """Add a route with a trip at each departure and, both ways, one back after a rest."""
    spots = [find_spot(pack, f"places.{n}", text) for n, text in enumerate(change.places, 1)]
    stops = []
    for number, spot in enumerate(spots, 1):
        if spot.stop is None:
            pack, row = add_stop_row(pack, f"{mark} stop {number}", spot.label, spot)
            stops.append(row)
        else:
            stops.append(spot.stop)
    if len(set(stops)) < 2:
        raise FaultyChange("places", "all of them are one stop")
    if change.minutes:
        run_s = [round(minutes * 60) for minutes in change.minutes]
    else:
        metres = np.hypot(np.diff([s.x for s in spots]), np.diff([s.y for s in spots])) * change.detour_factor
        run_s = [int(one) for one in np.ceil(np.round(metres * 3.6 / change.speed_kmh, 6))]
    run_s = [max(SHORTEST_RUN_S, one) for one in run_s]

    dates = list_dates(pack)
    dates = dates[np.isin(weekdays_of(dates), [WEEKDAYS.index(day) for day in change.days])]
    if not len(dates):
        raise FaultyChange("days", "the timetable has no such day")
    feed, service_id = add_calendar(pack.feed, dates, mark)
    agency = {
        "agency_id": mark,
        "agency_name": change.name,
        "agency_timezone": pack.manifest.timetable.timezone,
    }
    route = {
        "route_id": mark, "agency_id": mark, "route_short_name": change.name,
        "route_type": _ROUTE_TYPE[change.mode], "mode": change.mode,
    }  # fmt: skip
    trips: list[dict[str, Any]] = []
    calls: list[tuple[int, int, int, int]] = []  # trip, sequence, stop, time
    n_before = len(feed.trips)

    def run(leave_s: int, path: list[int], parts: list[int], direction: int, headsign: str) -> int:
        times = np.concatenate(([leave_s], leave_s + np.cumsum(parts)))
        row = n_before + len(trips)
        calls.extend(
            (row, n, stop, int(time)) for n, (stop, time) in enumerate(zip(path, times, strict=True), 1)
        )
        trips.append(
            {
                "trip_id": f"{mark}/{len(trips) + 1}", "route_id": mark, "service_id": service_id,
                "trip_headsign": headsign, "direction_id": direction, "approximate": False,
            }
        )  # fmt: skip
        return int(times[-1])

    for leave_s in change.times:
        there_s = run(leave_s, stops, run_s, 0, spots[-1].label)
        if change.both_ways:
            back_s = there_s + round(change.turn_min * 60)
            run(back_s, stops[::-1], run_s[::-1], 1, spots[0].label)
    added = np.array(calls, np.int64)
    columns = {
        "trip_index": added[:, 0], "stop_sequence": added[:, 1], "stop_index": added[:, 2],
        "arrival_s": added[:, 3], "departure_s": added[:, 3],
    }  # fmt: skip
    zero = np.zeros(len(added))
    stop_times = {
        name: np.concatenate((values, columns.get(name, zero).astype(values.dtype)))
        for name, values in feed.stop_times.items()
    }
    feed = replace(
        feed,
        agency=append_rows(schema.AGENCY, feed.agency, [agency]),
        routes=append_rows(schema.ROUTES, feed.routes, [route]),
        trips=append_rows(schema.TRIPS, feed.trips, trips),
        stop_times=freeze(stop_times),
    )
    return replace(pack, feed=feed)
