"""What else runs where a journey rides: how often, first and last, and the other routes that would do.

All of it for one *travel day*: 04:00 to 04:00 the next morning by the clock of
the journey's service date, so that a night bus is the last of its evening
however the timetable writes it.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo.frequency import describe_frequency
from geo.journey import Journey, NoJourney, RideLeg, find_pairs, name_route, snap_ends, walk_s, walks_of_ends
from geo.places import Place
from geo.query import DAY_S, Query
from geo.timetable import Timetable

if TYPE_CHECKING:
    from geo.engine import Engine

TRAVEL_DAY_STARTS_S = 4 * 3600


@dataclass(frozen=True)
class RouteService:
    """One route between one pair of stops on a travel day; seconds of the service date."""

    mode: str
    number: str | None
    agency_name: str | None
    from_stop_id: str
    to_stop_id: str
    same_stops: bool  # as the journey's ride
    departures_s: tuple[int, ...]  # increasing, each once
    shortest_ride_s: int
    walk_m: float  # at both ends together
    before_s: int  # walk to the stop and board slack
    approximate: bool

    @property
    def first_s(self) -> int:
        return self.departures_s[0]

    @property
    def last_s(self) -> int:
        return self.departures_s[-1]

    @property
    def frequency(self) -> str:
        """In words, e.g. "every 12 minutes from 07:10 until 18:10, then hourly until 22:10"."""
        return describe_frequency([s // 60 for s in self.departures_s], approximate=self.approximate)


@dataclass(frozen=True)
class RideService:
    """A ride's own route, the others that would do, and the last of them all that day.

    The last is the one for which one may leave the origin latest: of one trip
    that calls near there twice, the call that leaves more time.
    """

    own: RouteService
    others: tuple[RouteService, ...]
    last: RouteService

    @property
    def next_s(self) -> dict[int, int]:
        """The next departure of the ride's own route after each."""
        times = self.own.departures_s
        return dict(itertools.pairwise(times))


def find_ride_service(engine: Engine, query: Query, journey: Journey | NoJourney) -> RideService | None:
    """Find what runs between the journey's stops, or stops near both ends, on its travel day.

    Stops near both are those within the query's walk limits: a leg's, and the
    whole walk's for both together. Routes are told apart by vehicle, number and
    operator. Of another route's pairs of stops the one told is the journey's
    own, else the one with the least walking, then the most departures.

    Returns
    -------
    RideService or None
        None where there is no journey, for one on foot, and before 04:00 of its service date, where
        the travel day is the day before's.
    """
    if isinstance(journey, NoJourney):
        return None
    ride = next((leg for leg in journey.legs if isinstance(leg, RideLeg)), None)
    if ride is None or ride.departure_s < TRAVEL_DAY_STARTS_S:
        return None
    day = (ride.departure_s - TRAVEL_DAY_STARTS_S) // DAY_S
    services = _list_services(engine, query, journey.origin, journey.destination, journey.service_date, day)
    services = [replace(s, same_stops=_pair(s) == (ride.from_stop_id, ride.to_stop_id)) for s in services]
    own_key = (ride.mode, ride.route_short_name, ride.agency_name)
    own = next(s for s in services if s.same_stops and _key(s) == own_key)
    others = [s for s in _choose_pairs(services) if _key(s) != own_key]
    others.sort(key=lambda s: (not s.same_stops, -len(s.departures_s), s.number or "", s.mode))
    return RideService(own, tuple(others), _find_last(services))


def find_other_times(engine: Engine, query: Query, journey: Journey | NoJourney) -> tuple[RouteService, ...]:
    """Where a direct bus runs at other times of the day only: each such route, most departures first.

    All of the travel day of the service date; empty for every other journey.
    """
    if not isinstance(journey, NoJourney) or journey.reason != "direct_bus_other_times":
        return ()
    services = _list_services(engine, query, journey.origin, journey.destination, journey.service_date, 0)
    return tuple(
        sorted(_choose_pairs(services), key=lambda s: (-len(s.departures_s), s.number or "", s.mode))
    )


def find_last_ride(engine: Engine, query: Query, origin: Place, destination: Place) -> RouteService | None:
    """The ride of the query's date for which one may leave latest; None where no bus goes at all.

    Of those alike the one with the least walking.
    """
    date = engine.service_date(query)
    services = _list_services(engine, query, origin, destination, date, 0)
    return _find_last(services) if services else None


def _find_last(services: Sequence[RouteService]) -> RouteService:
    return max(services, key=lambda s: (s.last_s - s.before_s, s.same_stops, -s.walk_m))


def _list_services(
    engine: Engine, query: Query, origin: Place, destination: Place, date: dt.date, day: int
) -> list[RouteService]:
    """Every route and pair of stops of the travel day that begins ``day`` days after ``date``."""
    first_s = day * DAY_S + TRAVEL_DAY_STARTS_S
    # Every departure of the travel day, in whole days.
    span_s = -(-(first_s + DAY_S) // DAY_S) * DAY_S
    timetable = engine.timetable_on(query, date, span_s)
    ends = snap_ends(engine, query, origin, destination)
    if ends.outside.any():
        return []
    access, egress = walks_of_ends(engine, query, ends)
    table = _list_departures(engine, timetable, query, access, egress, (first_s, first_s + DAY_S - 1))
    return [] if table is None else _by_route(engine, table)


def _pair(service: RouteService) -> tuple[str, str]:
    return service.from_stop_id, service.to_stop_id


def _key(service: RouteService) -> tuple[str, str | None, str | None]:
    return service.mode, service.number, service.agency_name


def _list_departures(
    engine: Engine,
    timetable: Timetable,
    query: Query,
    access: dict[int, int],
    egress: dict[int, int],
    day_s: tuple[int, int],
) -> pd.DataFrame | None:
    """Every departure from a stop near the one end that later calls at one near the other."""
    parts: list[pd.DataFrame] = []
    for lane, board, alight, access_mm, egress_mm in find_pairs(timetable, query, access, egress):
        arrivals, departures = timetable.times_of_lane(lane)
        inside = np.flatnonzero((departures[board] >= day_s[0]) & (departures[board] <= day_s[1]))
        if not len(inside):
            continue
        first = int(timetable.lane_first[lane])
        parts.append(
            pd.DataFrame(
                {
                    "trip": timetable.trip_index[int(timetable.trip_first[lane]) + inside],
                    "from": int(timetable.stop[first + board]),
                    "to": int(timetable.stop[first + alight]),
                    "departure_s": departures[board][inside],
                    "ride_s": arrivals[alight][inside] - departures[board][inside],
                    "walk_mm": access_mm + egress_mm,
                    "before_s": walk_s(access_mm, query) + query.board_slack_s,
                }
            )
        )
    if not parts:
        return None
    table = pd.concat(parts, ignore_index=True)
    trips, routes = engine.pack.feed.trips, engine.pack.feed.routes
    row = pd.Index(routes["route_id"]).get_indexer(pd.Index(trips["route_id"]))[table["trip"]]
    return table.assign(route=row, approximate=trips["approximate"].to_numpy(bool)[table["trip"]])


def _by_route(engine: Engine, table: pd.DataFrame) -> list[RouteService]:
    """One service for each route, as people tell routes apart, and pair of stops."""
    routes, stop_ids = engine.pack.feed.routes, engine.pack.stops["stop_id"].to_numpy(object)
    named = {row: name_route(engine.pack.feed, routes.iloc[row]) for row in table["route"].unique().tolist()}
    key = {row: number for number, row in enumerate(named)}
    first_of: dict[tuple[str | None, ...], int] = {}
    same = {row: first_of.setdefault(name, key[row]) for row, name in named.items()}
    table = table.assign(name=table["route"].map(same))
    services = []
    for _, part in table.groupby(["name", "from", "to"], sort=True):
        mode, number, agency = named[int(part["route"].iloc[0])]
        on, off = int(part["from"].iloc[0]), int(part["to"].iloc[0])
        ids = str(stop_ids[on]), str(stop_ids[off])
        services.append(
            RouteService(
                mode=mode, number=number, agency_name=agency, from_stop_id=ids[0], to_stop_id=ids[1],
                same_stops=False,
                departures_s=tuple(np.unique(part["departure_s"]).tolist()),
                shortest_ride_s=int(part["ride_s"].min()),
                walk_m=int(part["walk_mm"].min()) / 1000,
                before_s=int(part["before_s"].min()),
                approximate=bool(part["approximate"].any()),
            )
        )  # fmt: skip
    return services


def _choose_pairs(services: Iterable[RouteService]) -> list[RouteService]:
    """The pair of stops that each route is told with."""
    chosen: dict[tuple[str, str | None, str | None], RouteService] = {}

    def rank(s: RouteService) -> tuple[bool, float, int, str, str]:
        return (not s.same_stops, s.walk_m, -len(s.departures_s), s.from_stop_id, s.to_stop_id)

    for service in services:
        at = _key(service)
        if at not in chosen or rank(service) < rank(chosen[at]):
            chosen[at] = service
    return list(chosen.values())
