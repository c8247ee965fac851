"""Random scenarios for random towns: every kind of change, about what the town has."""

from __future__ import annotations

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


@st.composite
def spots(draw: st.DrawFn, pack: AreaPack) -> str:
    """A place: a stop by its id, or coordinates near an origin, a stop or a service."""
    if draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from(sorted(pack.stops["stop_id"])))
    tables = [pack.stops, pack.origin_points, pack.services]
    table = draw(st.sampled_from([one for one in tables if one is not None and len(one)]))
    row = table.iloc[draw(st.integers(0, len(table) - 1))]
    # About 7 m a step: onto, beside and away from what is there.
    lon, lat = (float(row[name]) + 0.0001 * draw(st.integers(-9, 9)) for name in ("lon", "lat"))
    return f"{lon:.7f},{lat:.7f}"


@st.composite
def days(draw: st.DrawFn) -> tuple[str, ...]:
    """All days in half of the cases, else some: the towns' day is a Tuesday."""
    some = draw(st.sampled_from([WEEKDAYS, WEEKDAYS, WEEKDAYS[:5], ("tuesday",), ("monday", "wednesday")]))
    return tuple(some)


@st.composite
def changes(draw: st.DrawFn, pack: AreaPack, around_s: int) -> Change:
    """One change of any kind; it may be one that the town can't take."""

    def clock(low: int = -3600, high: int = 5400) -> int:
        return max(0, around_s + draw(st.integers(low, high)))

    routes = sorted(pack.feed.routes["route_id"]) or ["R0"]
    stops = sorted(pack.stops["stop_id"])
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
        sessions = draw(st.sampled_from([(), (held,)]))
        category = draw(st.sampled_from(["Food", "Health", "New"]))
        return AddService(name="Added", category=category, at=draw(spots(pack)), sessions=sessions)
    if kind == "remove_service":
        return RemoveService(service=draw(st.sampled_from(sorted(pack.services["service_id"]))))
    if kind == "minibus":
        first = clock()
        return Minibus(
            name="Mini", places=tuple(draw(st.lists(spots(pack), min_size=2, max_size=3))),
            departures=(first, first + draw(st.integers(1, 1800))), both_ways=draw(st.booleans()),
            days=draw(days()), mode=draw(st.sampled_from(["bus", "bus", "special_bus"])),
        )  # fmt: skip
    if kind.startswith("move_stop"):
        of_route = route if kind.endswith("route") else None
        return MoveStop(stop=draw(st.sampled_from(stops)), to=draw(spots(pack)), route=of_route)
    if kind == "add_stop":
        if draw(st.booleans()):
            return AddStop(
                route=route, stop=draw(st.sampled_from(stops)), dwell_s=draw(st.sampled_from([0, 20]))
            )
        after = draw(st.sampled_from([None, *stops]))
        return AddStop(route=route, at=draw(spots(pack)), after=after)
    if kind == "headway":
        return ChangeHeadway(route=route, every_min=draw(st.sampled_from([3, 7.5, 20])), days=draw(days()))
    if kind in ("first_bus", "last_bus"):
        of = FirstBus if kind == "first_bus" else LastBus
        every = draw(st.sampled_from([None, 11]))
        return of(route=route, time=clock(), every_min=every, days=draw(days()))
    if kind == "footpath":
        return AddFootpath(
            points=tuple(draw(st.lists(spots(pack), min_size=2, max_size=3))), steps=draw(st.booleans())
        )
    name = draw(st.sampled_from(list(pack.walk.street_names) or ["None"]))
    return CloseStreet(street=name, near=draw(spots(pack)), within_m=draw(st.sampled_from([20, 300])))


@st.composite
def scenarios(draw: st.DrawFn, pack: AreaPack, around_s: int) -> Scenario | None:
    """One to three changes that the town can take; None where it could take none of those drawn."""
    made: tuple[Change, ...] = ()
    for change in draw(st.lists(changes(pack, around_s), min_size=1, max_size=3)):
        try:
            apply_scenario(pack, Scenario("Drawn", (*made, change)))
        except QueryError:
            continue
        made = (*made, change)
    return Scenario("Drawn", made) if made else None
