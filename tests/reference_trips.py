"""The timetable part of the slow, plain reference: a pack's tables as plain rows, the trips of a date.

What several questions of one pack have in common is worked out once (``once``).
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from data.areapack import AreaPack
from geo.query import Query
from tests.reference_walk import walk_seconds

DAY_S = 86_400
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_KEPT: dict[tuple, tuple[Any, Any]] = {}
MOST_KEPT = 400


@dataclass(frozen=True)
class Call:
    """One call of a trip on the clock of the service date."""

    stop: str
    arrival_s: int
    departure_s: int
    may_board: bool
    may_alight: bool


@dataclass(frozen=True)
class TripRun:
    """A trip on one day: ``day`` is -1 (yesterday's), 0 or 1, its calls on today's clock."""

    trip_id: str
    day: int
    calls: tuple[Call, ...]


def once(of: Any, key: tuple, make: Callable[[], Any]) -> Any:
    """What ``make`` gives; asked again of the same object (nothing in a pack ever changes), what it gave."""
    kept = _KEPT.get((id(of), *key))
    if kept is None or kept[0] is not of:
        if len(_KEPT) >= MOST_KEPT:
            _KEPT.clear()
        kept = _KEPT[id(of), *key] = of, make()
    return kept[1]


def read(table: pd.DataFrame, *columns: str) -> list[tuple]:
    """Columns of a table as plain rows, None where there is no value."""
    values = (once(table, (name,), lambda name=name: _plain(table[name])) for name in columns)
    return list(zip(*values, strict=True))


def _plain(column: pd.Series) -> list:
    missing = column.isna().tolist()
    return [None if no else value for value, no in zip(column.tolist(), missing, strict=True)]


def runs_on(pack: AreaPack, service_id: str, date: dt.date) -> bool:
    """Calendar plus added minus removed."""
    for service, on, kind in read(pack.feed.calendar_dates, "service_id", "date", "exception_type"):
        if service == service_id and _as_date(on) == date:
            return kind == 1
    for service, start, end, *flags in read(
        pack.feed.calendar, "service_id", "start_date", "end_date", *DAYS
    ):
        if service == service_id and _as_date(start) <= date <= _as_date(end):
            return bool(flags[date.weekday()])
    return False


def _as_date(value: dt.date | pd.Timestamp) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value


def clock_shift_s(pack: AreaPack, date: dt.date, days: int) -> int:
    """Seconds from the zero of ``date`` (noon minus 12 h) to the zero of ``days`` later."""
    zone = zoneinfo.ZoneInfo(pack.manifest.timetable.timezone)
    noon = [dt.datetime.combine(d, dt.time(12), zone) for d in (date, date + dt.timedelta(days=days))]
    return round(noon[1].timestamp() - noon[0].timestamp())


def timetable_end_s(query: Query) -> int:
    """Trips that start later are not in the timetable: the last useful departure, in whole days."""
    slowest_walk_s = walk_seconds(query.walk.leg_limit_mm, query.walk.speed_mm_per_h)
    last_s = query.window_end_s + max(query.horizon_s, query.cutoff_s)
    last_s += query.board_slack_s + slowest_walk_s
    return -(-last_s // DAY_S) * DAY_S


def calls_of_trips(pack: AreaPack) -> list[list[Call]]:
    """The calls of each trip, on the clock of its own day."""
    stop_ids = [stop for (stop,) in read(pack.stops, "stop_id")]
    names = ("trip_index", "stop_index", "arrival_s", "departure_s", "pickup_type", "drop_off_type")
    calls: list[list[Call]] = [[] for _ in range(len(pack.feed.trips))]
    for trip, stop, arrive_s, depart_s, pickup, drop_off in zip(
        *(pack.feed.stop_times[name].tolist() for name in names), strict=True
    ):
        calls[trip].append(Call(stop_ids[stop], arrive_s, depart_s, pickup != 1, drop_off != 1))
    return calls


def trips_of_day(pack: AreaPack, date: dt.date, day: int, modes: tuple[str, ...]) -> list[TripRun]:
    """The trips of one day near a date, on the clock of the date."""
    mode_of = dict(read(pack.feed.routes, "route_id", "mode"))
    shift = clock_shift_s(pack, date, day)
    on_day = date + dt.timedelta(days=day)
    trips = read(pack.feed.trips, "trip_id", "route_id", "service_id")
    running = {s for s in {service for *_, service in trips} if runs_on(pack, s, on_day)}
    calls = once(pack, ("calls",), lambda: calls_of_trips(pack))
    return [
        TripRun(
            trip_id,
            day,
            tuple(
                Call(c.stop, c.arrival_s + shift, c.departure_s + shift, c.may_board, c.may_alight)
                for c in own
            ),
        )
        for (trip_id, route_id, service), own in zip(trips, calls, strict=True)
        if own and mode_of[route_id] in modes and service in running
    ]


def expand_trips(pack: AreaPack, date: dt.date, query: Query) -> list[TripRun]:
    """Make the timetable of a date, in the modes asked for.

    The date's own trips, those of the day before that still run at its zero or
    later, and those of following days that start within the timetable's end.
    """
    runs = []
    for day in (-1, 0, 1, 2):
        key = ("trips", date, day, query.modes)
        for run in once(pack, key, lambda day=day: trips_of_day(pack, date, day, query.modes)):
            if day < 0 and run.calls[-1].arrival_s < 0:
                continue
            if day > 0 and run.calls[0].departure_s > timetable_end_s(query):
                continue
            runs.append(run)
    return runs
