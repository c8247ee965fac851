"""Random scenarios for random towns: every kind of change, about what the town has."""

from __future__ import annotations

import re

from hypothesis import strategies as st

from data.areapack import AreaPack
from data.errors import QueryError
from data.service_days import WEEKDAYS
from geo.whatif.apply import apply_scenario
from geo.whatif.model import (
    AddFootpath,
    AddService,
    AddStop,
    Change,
    ChangeHeadway,
    CloseStreet,
    FirstBus,
    HeldOn,
    LastBus,
    Minibus,
    MoveStop,
    RemoveService,
    Scenario,
)
from tests.reference_trips import read
from tests.strategies import among


@st.composite
def spots(draw: st.DrawFn, pack: AreaPack, town: str = "") -> str:
    """A place: a stop by its id, or coordinates near an origin, a stop or a service."""
    stops = places_of(pack, "stops", "stop_id", town)
    if draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from(sorted(stop for stop, *_ in stops)))
    points = places_of(pack, "origin_points", "point_id", town)
    services = places_of(pack, "services", "service_id", town)
    _, *place = draw(
        st.sampled_from(draw(st.sampled_from([one for one in (stops, points, services) if one])))
    )
    # About 7 m a step: onto, beside and away from what is there.
    lon, lat = (degrees + 0.0001 * draw(st.integers(-9, 9)) for degrees in place)
    return f"{lon:.7f},{lat:.7f}"


def places_of(pack: AreaPack, table: str, key: str, town: str) -> list[tuple[str, float, float]]:
    """Ids (those that begin with the town's letter), longitudes and latitudes."""
    rows = read(getattr(pack, table), key, "lon", "lat")
    return [row for row in rows if row[0].startswith(town) and row[1] is not None]


@st.composite
def days(draw: st.DrawFn) -> tuple[str, ...]:
    """All days in half of the cases, else some: the towns' day is a Tuesday."""
    some = draw(among(WEEKDAYS, WEEKDAYS, WEEKDAYS[:5], ("tuesday",), ("monday", "wednesday")))
    return tuple(some)


@st.composite
def changes(draw: st.DrawFn, pack: AreaPack, around_s: int, town: str = "") -> Change:
    """One change of any kind about a town of the pack; it may be one that the town can't take."""

    def clock(low: int = -3600, high: int = 5400) -> int:
        return max(0, around_s + draw(st.integers(low, high)))

    routes = sorted(r for (r,) in read(pack.feed.routes, "route_id") if r.startswith(town)) or ["R0"]
    stops = sorted(stop for stop, *_ in places_of(pack, "stops", "stop_id", town))
    kinds = ["add_service", "remove_service", "minibus", "move_stop"]
    kinds += ["add_stop", "headway", "first_bus", "last_bus", "move_stop_of_route"] * 2
    kinds += ["footpath", "close_street"] * 2 if pack.walk is not None else []
    kind = draw(st.sampled_from(kinds))
    route = draw(st.sampled_from(routes))
    if kind == "add_service":
        start = clock()
        held = HeldOn(
            day=draw(st.sampled_from(WEEKDAYS[:3])), start=start, end=start + draw(st.integers(600, 7200))
        )
        sessions = draw(among((), (held,)))
        category = draw(among("Food", "Health", "New"))
        return AddService(name="Added", category=category, at=draw(spots(pack, town)), sessions=sessions)
    if kind == "remove_service":
        return RemoveService(
            service=draw(
                st.sampled_from(sorted(s for s, *_ in places_of(pack, "services", "service_id", town)))
            )
        )
    if kind == "minibus":
        first = clock()
        return Minibus(
            name="Mini", places=tuple(draw(st.lists(spots(pack, town), min_size=2, max_size=3))),
            departures=(first, first + draw(st.integers(1, 1800))), both_ways=draw(st.booleans()),
            days=draw(days()), mode=draw(among("bus", "bus", "special_bus")),
        )  # fmt: skip
    if kind.startswith("move_stop"):
        of_route = route if kind.endswith("route") else None
        return MoveStop(stop=draw(st.sampled_from(stops)), to=draw(spots(pack, town)), route=of_route)
    if kind == "add_stop":
        if draw(st.booleans()):
            return AddStop(route=route, stop=draw(st.sampled_from(stops)), dwell_s=draw(among(0, 20)))
        after = draw(among(None, *stops))
        return AddStop(route=route, at=draw(spots(pack, town)), after=after)
    if kind == "headway":
        return ChangeHeadway(route=route, every_min=draw(among(3, 7.5, 20)), days=draw(days()))
    if kind in ("first_bus", "last_bus"):
        of = FirstBus if kind == "first_bus" else LastBus
        every = draw(among(None, 11))
        return of(route=route, time=clock(), every_min=every, days=draw(days()))
    if kind == "footpath":
        return AddFootpath(
            points=tuple(draw(st.lists(spots(pack, town), min_size=2, max_size=3))), steps=draw(st.booleans())
        )
    names = [name for name in pack.walk.street_names if name.startswith(town)]
    name = draw(st.sampled_from(names or ["None"]))
    return CloseStreet(street=name, near=draw(spots(pack, town)), within_m=draw(among(20, 300)))


@st.composite
def scenarios(draw: st.DrawFn, pack: AreaPack, around_s: int) -> Scenario | None:
    """One to three changes that the town can take; None where it could take none of those drawn."""
    return take(
        pack, [[change] for change in draw(st.lists(changes(pack, around_s), min_size=1, max_size=3))]
    )


@st.composite
def scenarios_of_county(draw: st.DrawFn, pack: AreaPack, around_s: int) -> Scenario | None:
    """A change for each town of a county (``tests/counties.py``): the first of two that it can take."""
    letters = sorted({point[0] for (point,) in read(pack.origin_points, "point_id")})
    return take(pack, [[draw(changes(pack, around_s, letter)) for _ in range(2)] for letter in letters])


def take(pack: AreaPack, drawn: list[list[Change]]) -> Scenario | None:
    """Of each choice the first change that can be put onto the pack: a refusal names those that can't."""
    left = [list(choice) for choice in drawn]
    while any(left):
        left = [choice for choice in left if choice]
        try:
            scenario = Scenario("Drawn", tuple(choice[0] for choice in left))
            apply_scenario(pack, scenario)
        except QueryError as error:
            refused = {int(number) for number in re.findall(r"change (\d+) \(", str(error))}
            left = [choice[n in refused :] for n, choice in enumerate(left, 1)]
        else:
            return scenario
    return None
