"""What a feed report is made of: plain values, ready to be written in any form."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True)
class MapPoint:
    """A place of a finding: degrees, and what to write beside it."""

    lon: float
    lat: float
    label: str


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for in the timetable.

    Attributes
    ----------
    code : stable slug
    title : a few words
    count, total : how many of how many; ``count`` is None when it could not be looked for
    unit : what is counted
    message : what it means, what was done or can be done about it
    severity : ok, note, repaired, dropped, missing, or not_known
    examples : in words
    points : where they are, all of them up to ``MAX_POINTS``
    """

    code: str
    title: str
    count: int | None
    total: int | None
    unit: str
    message: str
    severity: str
    examples: tuple[str, ...] = ()
    points: tuple[MapPoint, ...] = ()

    @property
    def share(self) -> float | None:
        """``count / total``, None where either is not known or the total is nought."""
        return self.count / self.total if self.count is not None and self.total else None


def say_trips(count: int) -> str:
    """Return "1 trip", "1,200 trips"."""
    return f"{count:,} trip{'' if count == 1 else 's'}"


@dataclass(frozen=True)
class OperatorRow:
    """One operator; trips are those of the service date without duplicates."""

    name: str
    routes: int
    trips: int
    all_trips: int
    first_date: dt.date | None
    last_date: dt.date | None
    duplicates: int
    without_shape: int


@dataclass(frozen=True)
class RouteRow:
    """One route on the service date."""

    name: str
    long_name: str | None
    operator: str
    mode: str
    trips: int
    first_s: int | None
    last_s: int | None


@dataclass(frozen=True)
class FeedReport:
    """Everything that is said of a pack's timetable.

    Attributes
    ----------
    trips_by_hour
        Hour (24 and later: after midnight of the same service day) to mode to trips that set off in it.
    trips_by_date
        Trips that run on each date, from a week before the service date to five weeks after it.
    outline
        Rings of the neighbourhoods' union in degrees, simplified: a ground for small maps.
    """

    area_id: str
    name: str
    fictional: bool
    digest: str
    service_date: dt.date
    service_date_why: str
    first_date: dt.date
    last_date: dt.date
    completeness: float | None
    active_stops: int
    served_stops: int
    trips_on_service_date: int
    operators: tuple[OperatorRow, ...]
    operators_without_service: tuple[str, ...]
    routes: tuple[RouteRow, ...]
    trips_by_hour: dict[int, dict[str, int]]
    trips_by_date: dict[dt.date, int]
    findings: tuple[Finding, ...]
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    outline: tuple[tuple[tuple[float, float], ...], ...] = field(default=(), repr=False)
