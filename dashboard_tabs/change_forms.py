"""The fields of the ten kinds of change, in plain words; each gives what makes the change, or None so far."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from data.areapack import AreaPack
from data.service_days import WEEKDAYS
from geo.clock import parse_clock
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
)
from layers import scenario_choices
from layers.measures import ANY_CATEGORY
from layers.planner import list_categories
from layers.scenario_choices import RouteChoice
from layers.words import say_clock

from . import look, state
from .pick import ask_place, ask_places

Make = Callable[[], Change]
_DAYS: dict[str, tuple[str, ...]] = {
    "every day": WEEKDAYS,
    "Monday to Friday": WEEKDAYS[:5],
    "Saturday and Sunday": WEEKDAYS[5:],
    **{day.capitalize(): (day,) for day in WEEKDAYS},
}
_TIMES_S = tuple(range(4 * 3600, 28 * 3600 + 1, 900))
_BOTH, _NEW_STOP, _SHORTEST = "both ways", "a new stop", "where the way round is shortest"
_SET_TIMES, _EVERY = "At set times", "Every so many minutes"


@dataclass(frozen=True)
class Area:
    """What a form asks about: the pack as it stands, and its routes."""

    pack: AreaPack
    routes: tuple[RouteChoice, ...]


def list_kinds(area: Area) -> dict[str, Callable[[Area], Make | None]]:
    """The kinds of change that the area's data allow, by what the form calls them."""
    pack = area.pack
    kinds: dict[str, Callable[[Area], Make | None]] = {"A service more": _ask_service}
    if pack.services is not None and len(pack.services):
        kinds["A service less"] = _ask_gone
    if area.routes:
        kinds |= {
            "A later (or earlier) last bus": _ask_last,
            "An earlier (or later) first bus": _ask_first,
            "Buses more (or less) often": _ask_often,
            "A stop more on a route": _ask_stop,
            "A stop elsewhere": _ask_move,
        }
    kinds["A minibus between places"] = _ask_minibus
    if pack.walk is not None:
        kinds |= {"A street closed": _ask_street, "A new footpath": _ask_path}
    return kinds


def say_missing(area: Area) -> str | None:
    """What can't be tried here, and why."""
    if area.pack.walk is not None:
        return None
    return (
        "A street can't be closed and a footpath not added here: the area has no street data, so walks are "
        "straight lines."
    )


def _ask_service(area: Area) -> Make | None:
    place = ask_place(area.pack, "change_service_at", "Where", start=st.session_state.get(state.PLACE))
    one, two = st.columns(2)
    categories = [name for name in list_categories(area.pack, "service") if name != ANY_CATEGORY] or [
        "Service"
    ]
    category = one.selectbox("Category", categories, key="change_category", accept_new_options=True)
    name = two.text_input("Name", "A pop-up session", max_chars=100, key="change_name")
    one, two, three, four = st.columns([0.4, 0.2, 0.2, 0.2], vertical_alignment="bottom")
    days = one.multiselect(
        "On", WEEKDAYS, ["tuesday"], format_func=str.capitalize, key="change_days",
        help="No day: its times are not known.",
    )  # fmt: skip
    start = two.time_input("From", dt.time(10, 30), step=900, key="change_from")
    end = three.time_input("Until", dt.time(12, 30), step=900, key="change_until")
    drop_in = four.checkbox("Drop in at any time", key="change_drop_in")
    if place is None or not name.strip() or not category:
        return None
    return lambda: AddService(
        name=name,
        category=category,
        at=place.place_id,
        sessions=tuple(
            HeldOn(day=day, start=start, end=end, drop_in=drop_in) for day in WEEKDAYS if day in days
        ),
    )


def _ask_gone(area: Area) -> Make | None:
    names = scenario_choices.list_services(area.pack)
    chosen = st.selectbox(
        "Service", list(names), key="change_gone", index=None, format_func=lambda one: names.get(one, one),
        placeholder="Type some letters of its name",
    )  # fmt: skip
    return None if chosen is None else lambda: RemoveService(service=chosen)


def _ask_route(area: Area, cell=st) -> RouteChoice:
    return cell.selectbox(
        "Route", area.routes, key="change_route", format_func=lambda one: one.label, filter_mode="contains"
    )


def _ask_towards(area: Area, route: RouteChoice, cell) -> str | None:
    ends = scenario_choices.list_directions(area.pack, route)
    chosen = cell.selectbox(
        "Direction", [_BOTH, *ends], key=f"change_towards_{route.label}",
        format_func=lambda one: one if one == _BOTH else f"towards {ends.get(one, one)}",
    )  # fmt: skip
    return None if chosen == _BOTH else chosen


def _ask_buses(area: Area) -> tuple[dict, list]:
    """Route, direction and days as a change has them, and the cells of a row below."""
    one, two, three = st.columns([0.44, 0.32, 0.24])
    route = _ask_route(area, one)
    towards = _ask_towards(area, route, two)
    days = three.selectbox("On", list(_DAYS), key="change_on")
    look.caption(scenario_choices.say_buses_now(area.pack, route, towards))
    buses = {"route": route.route, "operator": route.operator, "towards": towards, "days": _DAYS[days]}
    return buses, st.columns(3)


def _ask_time(cell, label: str, key: str, first: str) -> int:
    st.session_state.setdefault(key, parse_clock(first))
    return cell.selectbox(label, _TIMES_S, key=key, format_func=say_clock)


def _ask_often(area: Area) -> Make | None:
    buses, (one, two, _) = _ask_buses(area)
    every = one.number_input("A bus every … minutes", 2, 240, 30, key="change_every")
    part = two.selectbox("When", ["from the first bus to the last", "in part of the day"], key="change_part")
    if part.startswith("from"):
        return lambda: ChangeHeadway(**buses, every_min=every)
    one, two, _ = st.columns(3)
    start, end = (
        _ask_time(one, "From", "change_start", "09:00"),
        _ask_time(two, "Until", "change_end", "16:00"),
    )
    return lambda: ChangeHeadway(**buses, every_min=every, start=start, end=end)


def _ask_last(area: Area) -> Make | None:
    buses, (one, two, _) = _ask_buses(area)
    time = _ask_time(one, "Last bus at", "change_last", "21:00")
    every = two.number_input(
        "Until then a bus every … minutes", 0, 240, 60, key="change_last_every", help="0: only the last one."
    )
    st.caption(
        "When it leaves its first stop. A time before the present last bus takes the buses after it away."
    )
    return lambda: LastBus(**buses, time=time, every_min=every or None)


def _ask_first(area: Area) -> Make | None:
    buses, (one, two, _) = _ask_buses(area)
    time = _ask_time(one, "First bus at", "change_first", "06:00")
    every = two.number_input(
        "After it a bus every … minutes", 0, 240, 60, key="change_first_every", help="0: only the first one."
    )
    st.caption(
        "When it leaves its first stop. A time after the present first bus takes the buses before it away."
    )
    return lambda: FirstBus(**buses, time=time, every_min=every or None)


def _ask_stop(area: Area) -> Make | None:
    one, two = st.columns([0.58, 0.42])
    route = _ask_route(area, one)
    towards = _ask_towards(area, route, two)
    place = ask_place(area.pack, "change_stop_at", "Where buses shall stop")
    near = {} if place is None else scenario_choices.list_stops_near(area.pack, place)
    one, two, three = st.columns(3)
    stop = one.selectbox(
        "Stop", [_NEW_STOP, *near], key="change_stop", format_func=lambda stop: near.get(stop, stop),
        help="A new one just there, or one of the stops within 500 m.",
    )  # fmt: skip
    name = two.text_input(
        "Its name", "New stop", max_chars=100, key="change_stop_name", disabled=stop != _NEW_STOP
    )
    called = scenario_choices.list_stops_of(area.pack, route)
    after = three.selectbox(
        "After",
        [_SHORTEST, *called],
        key=f"change_after_{route.label}",
        format_func=lambda one: called.get(one, one),
    )
    if place is None:
        return None
    where = {"at": place.place_id, "name": name} if stop == _NEW_STOP else {"stop": stop}
    return lambda: AddStop(
        route=route.route, operator=route.operator, towards=towards,
        after=None if after == _SHORTEST else after, **where,
    )  # fmt: skip


def _ask_move(area: Area) -> Make | None:
    one, two = st.columns(2)
    route = _ask_route(area, one)
    called = scenario_choices.list_stops_of(area.pack, route)
    stop = two.selectbox(
        "Stop", list(called), key=f"change_moved_{route.label}", format_func=lambda one: called.get(one, one)
    )
    place = ask_place(area.pack, "change_move_to", "Moved to")
    only = st.checkbox(f"For route {route.route} only: other buses stay at the old place", key="change_only")
    if place is None:
        return None
    own = {"route": route.route, "operator": route.operator} if only else {}
    return lambda: MoveStop(stop=stop, to=place.place_id, **own)


def _ask_minibus(area: Area) -> Make | None:
    places = ask_places(area.pack, "change_places", "Places, in the order of the way")
    one, two, three = st.columns([0.4, 0.3, 0.3], vertical_alignment="bottom")
    name = one.text_input("Name", "Minibus", max_chars=100, key="change_bus_name")
    days = two.selectbox("On", list(_DAYS), index=1, key="change_bus_days")
    both = three.checkbox("It comes back", True, key="change_both")
    how = st.segmented_control(
        "It leaves", [_SET_TIMES, _EVERY], default=_SET_TIMES, required=True, key="change_how"
    )
    one, two, three, four = st.columns(4)
    turn = four.number_input("Minutes before it comes back", 0, 240, 5, key="change_turn", disabled=not both)
    if how == _SET_TIMES:
        text = one.text_input("Times, by commas", "09:15, 12:45", max_chars=400, key="change_departures")
        times = {"departures": tuple(part.strip() for part in text.split(",") if part.strip())}
    else:
        every = one.number_input("Every … minutes", 5, 240, 60, key="change_bus_every")
        times = {"every_min": every, "start": _ask_time(two, "From", "change_bus_start", "09:00"),
                 "end": _ask_time(three, "Until", "change_bus_end", "16:00")}  # fmt: skip
    st.caption("It drives at 25 km/h over 1.3 times the straight line, and counts as a bus.")
    if places is None or not name.strip():
        return None
    return lambda: Minibus(
        name=name, places=tuple(place.place_id for place in places), days=_DAYS[days], both_ways=both,
        turn_min=turn, **times,
    )  # fmt: skip


def _ask_street(area: Area) -> Make | None:
    place = ask_place(area.pack, "change_street_at", "On or near")
    one, two = st.columns([0.65, 0.35])
    within = two.number_input(
        "Closed within … metres", 20, 2000, 250, 10, key="change_within",
        help="Every piece of the street of which a part lies within this distance of the place.",
    )  # fmt: skip
    if place is None:
        st.caption("Choose a place first: the streets near it are then offered.")
        return None
    near = scenario_choices.list_streets_near(area.pack, place, within)
    if not near:
        st.warning("No street lies within that distance.")
        return None
    street = one.selectbox(
        "Street", list(near), key="change_street", format_func=lambda one: near.get(one, str(one))
    )
    if isinstance(street, int):
        return lambda: CloseStreet(way=street)
    return lambda: CloseStreet(street=street, near=place.place_id, within_m=within)


def _ask_path(area: Area) -> Make | None:
    points = ask_places(area.pack, "change_points", "From, by way of, to")
    one, two = st.columns([0.6, 0.4], vertical_alignment="bottom")
    name = one.text_input("Name (may be empty)", max_chars=100, key="change_path_name")
    steps = two.checkbox("It has steps", key="change_steps")
    st.caption("Straight from point to point, joined to the nearest street (within 300 m) at both ends.")
    if points is None:
        return None
    return lambda: AddFootpath(
        points=tuple(p.place_id for p in points), name=name.strip() or None, steps=steps
    )
