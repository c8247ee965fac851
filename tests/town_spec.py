"""The words that test towns are written in: streets, stops, trips, routes, points, services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

XY = tuple[float, float]


def seconds(text: str | int) -> int:
    """'HH:MM' or 'HH:MM:SS' (hours may pass 24) to seconds; integers pass through."""
    if isinstance(text, int):
        return text
    parts = [int(part) for part in text.split(":")]
    return parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) == 3 else 0)


@dataclass(frozen=True)
class Street:
    """A polyline; a vertex shared with another street is a junction."""

    line: tuple[XY, ...]
    name: str | None = None
    steps: bool = False
    highway: str = "residential"
    island: bool = False  # no padding: too small a component to be snapped to
    every_vertex: bool = False  # each vertex becomes a node, junction or not


def street(*line: XY, name: str | None = None, **fields: Any) -> Street:
    """Write a street as its vertices."""
    return Street(tuple((float(x), float(y)) for x, y in line), name, **fields)


@dataclass(frozen=True)
class Call:
    """A trip's call at a stop; pickup and drop-off as in GTFS (1: none)."""

    stop: str
    arrival_s: int
    departure_s: int
    pickup: int = 0
    drop_off: int = 0


def call(
    stop: str, arrive: str | int, depart: str | int | None = None, *, pickup: int = 0, drop_off: int = 0
) -> Call:
    """Write a call: one time for both, or arrival and departure."""
    return Call(stop, seconds(arrive), seconds(arrive if depart is None else depart), pickup, drop_off)


@dataclass(frozen=True)
class Trip:
    """One vehicle trip; ``trip_id`` None is numbered within its route."""

    calls: tuple[Call, ...]
    trip_id: str | None = None
    calendar: str = "daily"
    headsign: str | None = None
    approximate: bool = False


def trip(*calls: Call | tuple, trip_id: str | None = None, calendar: str = "daily", **fields: Any) -> Trip:
    """Write a trip as calls: ``("A", "09:40")``, ``("A", "09:40", "09:41")`` or ``call(...)``."""
    made = tuple(c if isinstance(c, Call) else call(*c) for c in calls)
    return Trip(made, trip_id, calendar, **fields)


def shifted(pattern: Trip, times: Iterable[str | int]) -> list[Trip]:
    """Copies of a trip whose first departure is at each of ``times`` (as frequencies.txt expands)."""
    first = pattern.calls[0].departure_s
    copies = []
    for time in times:
        by = seconds(time) - first
        moved = tuple(
            Call(c.stop, c.arrival_s + by, c.departure_s + by, c.pickup, c.drop_off) for c in pattern.calls
        )
        copies.append(Trip(moved, None, pattern.calendar, pattern.headsign, pattern.approximate))
    return copies


@dataclass(frozen=True)
class Route:
    """A route with its trips; ``route_type`` 3 is an ordinary bus."""

    route_id: str
    trips: tuple[Trip, ...]
    route_type: int = 3
    short_name: str | None = None
    agency: str = "Town Buses"


def route(route_id: str, *trips: Trip, **fields: Any) -> Route:
    """Write a route."""
    return Route(route_id, tuple(trips), **fields)


@dataclass(frozen=True)
class Calendar:
    """Days on which trips run: weekdays (Monday first) in a span, plus added, minus removed."""

    days: str = "1111111"
    start: dt.date = dt.date(2025, 1, 1)
    end: dt.date = dt.date(2025, 12, 31)
    added: tuple[dt.date, ...] = ()
    removed: tuple[dt.date, ...] = ()

    def runs_on(self, date: dt.date) -> bool:
        """True when a trip of this calendar runs on ``date``."""
        weekly = self.start <= date <= self.end and self.days[date.weekday()] == "1"
        return (weekly or date in self.added) and date not in self.removed

    @property
    def ever_runs(self) -> bool:
        """True when some date is served at all."""
        span = (self.end - self.start).days + 1
        return any(self.runs_on(self.start + dt.timedelta(days=i)) for i in range(span)) or any(
            self.runs_on(date) for date in self.added
        )


@dataclass(frozen=True)
class Stop:
    """A stop; ``served`` is worked out from the trips."""

    x: float
    y: float
    active: bool = True
    in_feed: bool = True
    name: str | None = None
    street: str | None = None
    stop_type: str | None = "BCT"
    in_area: bool = True


@dataclass(frozen=True)
class Point:
    """An origin point; ``people`` None: no count (equal weights in its neighbourhood)."""

    point_id: str
    x: float
    y: float
    people: float | None = 100
    neighbourhood: str = "N1"


def point(point_id: str, x: float, y: float, people: float | None = 100, neighbourhood: str = "N1") -> Point:
    """Write an origin point."""
    return Point(point_id, x, y, people, neighbourhood)


@dataclass(frozen=True)
class Service:
    """A service (or place); other columns of the table go into ``fields``."""

    service_id: str
    x: float | None
    y: float | None
    category: str = "Advice"
    kind: str = "service"
    delivery: str = "venue"
    fields: Mapping[str, Any] = field(default_factory=dict)


def service(
    service_id: str, x: float | None, y: float | None, category: str = "Advice", **fields: Any
) -> Service:
    """Write a service; ``kind`` and ``delivery`` and any column of the services table may be given."""
    own = {key: fields.pop(key) for key in ("kind", "delivery") if key in fields}
    return Service(service_id, x, y, category, **own, fields=fields)
