"""What a scenario calls things by, found in the pack; what isn't there is refused with the nearest names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process, utils

from data.areapack import AreaPack
from data.errors import QueryError
from geo.places import resolve_place
from geo.stop_words import describe_stop

MOST_OFFERED = 3
_LONGEST_QUERY = 100


class FaultyChange(Exception):
    """One change can't be made: which field, and why."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(f"{field}: {words}")


class OnRoute(Protocol):
    """What a change says of the buses that it is about."""

    @property
    def route(self) -> str: ...
    @property
    def operator(self) -> str | None: ...


@dataclass(frozen=True)
class Spot:
    """A place of a scenario: where it is, and the stop (row of the pack's stops) where it is one."""

    label: str
    x: float
    y: float
    lon: float
    lat: float
    stop: int | None = None


def offer_nearest(wanted: str, known: Mapping[str, str], *, short: bool = False) -> str:
    """The nearest of what there is (what to compare with -> what to print), as an error shall offer it.

    ``short``: numbers and the like, of which every character counts.
    """
    # A part of a name is a good guess at it; a text of a letter or two is a part of almost any.
    listed = [one for one in known if short or len(one) > 2]
    found = process.extract(
        wanted[:_LONGEST_QUERY],
        listed,
        scorer=fuzz.ratio if short else fuzz.WRatio,
        processor=utils.default_process,
        limit=MOST_OFFERED,
        score_cutoff=45 if short else 60,
    )
    nearest = list(dict.fromkeys(known[choice] for choice, _, _ in found))
    return f" Did you mean {' or '.join(nearest)}?" if nearest else ""


def find_spot(pack: AreaPack, field: str, text: str) -> Spot:
    """The place that a text names, by the rules of ``geo.places``."""
    try:
        place = resolve_place(pack, text)
    except QueryError as error:
        raise FaultyChange(field, str(error)) from error
    stop = None
    if place.kind == "stop":
        stop = int(np.flatnonzero(pack.stops["stop_id"].to_numpy(object) == place.place_id)[0])
    return Spot(place.label, place.x, place.y, place.lon, place.lat, stop)


def find_service(pack: AreaPack, text: str) -> int:
    """Row of the service of this id, or of this name where only one has it."""
    services = pack.services
    if services is None or services.empty:
        raise FaultyChange("service", f"{text[:60]!r}: {pack.manifest.name} has no services")
    rows = np.flatnonzero(services["service_id"].to_numpy(object) == text)
    if not len(rows):
        rows = _same(services["name"], text)
    ids = services["service_id"].astype(str)
    if len(rows) == 1:
        return int(rows[0])
    if len(rows) > 1:
        raise FaultyChange(
            "service", f"{text[:60]!r} is the name of {len(rows)}; give an id: {_list(ids.iloc[rows])}"
        )
    known = {one: one for one in ids} | {
        str(name): f"{name} ({one})"
        for name, one in zip(services["name"], ids, strict=True)
        if isinstance(name, str)
    }
    raise FaultyChange("service", f"{text[:60]!r} is no service of the pack.{offer_nearest(text, known)}")


def find_stop(pack: AreaPack, field: str, text: str) -> int:
    """Row of the stop of this id, or of this name where only one has it."""
    stops = pack.stops
    ids = stops["stop_id"].astype(str)
    rows = np.flatnonzero(ids.to_numpy(object) == text)
    if not len(rows):
        rows = _same(stops["name"], text)
    if not len(rows):
        described = pd.Series(
            [describe_stop(row, pack.crs).title for _, row in _named_alike(stops, text).iterrows()]
        )
        rows = _named_alike(stops, text).index.to_numpy()[_same(described, text)]
    if len(rows) == 1:
        return int(rows[0])
    if len(rows) > 1:
        listed = _list(
            f"{ids.iloc[row]} ({describe_stop(stops.iloc[row], pack.crs).title})" for row in rows[:5]
        )
        raise FaultyChange(field, f"{text[:60]!r} is the name of {len(rows)} stops; give an id: {listed}")
    known = {one: one for one in ids} | {
        str(name): f"{name} ({one})"
        for name, one in zip(stops["name"], ids, strict=True)
        if isinstance(name, str)
    }
    raise FaultyChange(field, f"{text[:60]!r} is no stop of the pack.{offer_nearest(text, known)}")


def _named_alike(stops: pd.DataFrame, text: str) -> pd.DataFrame:
    """Stops whose name a text begins with: 'Market Street (opposite)' for Market Street."""
    name = text.partition(" (")[0].casefold()
    return stops[stops["name"].astype("string").str.casefold().eq(name).fillna(False).to_numpy(bool)]


def find_trips(pack: AreaPack, change: OnRoute) -> np.ndarray:
    """Rows of the feed's trips on the route of this id or number (and operator), ascending.

    A number that several operators have is refused without one: which of them
    would change is not to be guessed.
    """
    feed = pack.feed
    routes = feed.routes
    wanted = (routes["route_id"].to_numpy(object) == change.route) | _flags(
        routes["route_short_name"], change.route
    )
    operator = routes["agency_id"].map(
        feed.agency.drop_duplicates("agency_id").set_index("agency_id")["agency_name"]
    )
    if not wanted.any():
        # By the number that people know; its id only where there is no number like it.
        numbers = {one: one for one in routes["route_short_name"].dropna().astype(str)}
        ids = {one: one for one in routes["route_id"].astype(str)}
        offer = offer_nearest(change.route, numbers, short=True) or offer_nearest(
            change.route, ids, short=True
        )
        raise FaultyChange("route", f"{change.route[:60]!r} is no route of the pack.{offer}")
    if change.operator is not None:
        theirs = wanted & (_flags(operator, change.operator) | _flags(routes["agency_id"], change.operator))
        if not theirs.any():
            names = operator[wanted].dropna().unique()
            raise FaultyChange(
                "operator",
                f"{change.operator[:60]!r} has no route {change.route[:60]!r}; it is of {_list(names)}",
            )
        wanted = theirs
    elif len(theirs := list(dict.fromkeys(operator[wanted].dropna()))) > 1:
        raise FaultyChange("operator", f"route {change.route[:60]!r} is of {_list(theirs)}; say which")
    trips = np.flatnonzero(feed.trips["route_id"].isin(routes["route_id"][wanted]).to_numpy(bool))
    if not len(trips):
        raise FaultyChange("route", f"{change.route[:60]!r} has no trips in the timetable")
    return trips


def name_directions(pack: AreaPack, trips: np.ndarray) -> list[tuple[str, str, str]]:
    """For each trip its route, and its direction by the source: id, else headsign, else where it ends."""
    feed = pack.feed
    table = feed.trips.iloc[trips]
    ends = _last_stops(pack, trips)
    ids = pack.stops["stop_id"].to_numpy(object)
    directions = []
    for route, direction, headsign, end in zip(
        table["route_id"], table["direction_id"], table["trip_headsign"], ends, strict=True
    ):
        if not pd.isna(direction):
            directions.append((str(route), "direction", str(int(direction))))
        elif isinstance(headsign, str):
            directions.append((str(route), "towards", headsign))
        else:
            directions.append((str(route), "ends at", str(ids[end])))
    return directions


def choose_direction(
    pack: AreaPack, trips: np.ndarray, towards: str | None, direction: int | None
) -> np.ndarray:
    """Those of the trips that go towards a place (headsign or last stop), or in a direction of the source."""
    if direction is not None:
        known = pack.feed.trips["direction_id"].iloc[trips]
        trips = trips[known.eq(direction).fillna(False).to_numpy(bool)]
        if not len(trips):
            numbers = sorted({int(one) for one in known.dropna()})
            raise FaultyChange(
                "direction",
                f"{direction}: the route has {_list(numbers) if numbers else 'no directions; use towards'}",
            )
    if towards is None:
        return trips
    headsign = pack.feed.trips["trip_headsign"].iloc[trips].reset_index(drop=True)
    ends = pack.stops.iloc[_last_stops(pack, trips)].reset_index(drop=True)
    going = _flags(headsign, towards) | _flags(ends["name"], towards) | _flags(ends["stop_id"], towards)
    if not going.any():
        told = {str(one): str(one) for one in (*headsign.dropna(), *ends["name"].dropna(), *ends["stop_id"])}
        offer = offer_nearest(towards, told) or f" It goes towards {_list(told)}."
        raise FaultyChange("towards", f"{towards[:60]!r}: no bus of the route goes there.{offer}")
    return trips[going]


def _last_stops(pack: AreaPack, trips: np.ndarray) -> np.ndarray:
    counts = np.bincount(pack.feed.stop_times["trip_index"], minlength=len(pack.feed.trips))
    return pack.feed.stop_times["stop_index"][np.cumsum(counts)[trips] - 1]


def _flags(values: pd.Series, text: str) -> np.ndarray:
    same = values.astype("string").str.strip().str.casefold().eq(text.casefold())
    return same.fillna(False).to_numpy(bool)


def _same(values: pd.Series, text: str) -> np.ndarray:
    return np.flatnonzero(_flags(values, text))


def _list(values: Iterable[object]) -> str:
    told = [str(one) for one in values]
    return ", ".join(told[:8]) + (f" and {len(told) - 8} more" if len(told) > 8 else "")
