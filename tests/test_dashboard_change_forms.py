"""The form of a scenario: every kind of change built from names, and the file equal to what is read back."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard_tabs.change_forms import Area, list_kinds, say_missing
from data.date_words import say_day
from data.packio import load_pack
from geo.sessions import choose_dates
from geo.whatif import model
from geo.whatif.toml import KINDS, parse_scenario, scenario_to_toml
from layers.scenario_choices import (
    list_places,
    list_routes,
    list_services,
    list_stops_of,
    list_streets_near,
    say_buses_now,
)
from tests.conftest import CHECKOUT
from tests.test_dashboard_what_if import widget
from tests.town_spec import Calendar
from tests.towns import build_town, point, route, service, trip

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


def form_script() -> None:
    """The form alone, on the demo; in its session ``click`` is a click on the map, ``typed`` a place."""
    import streamlit as st

    from dashboard_tabs import change_forms, pick, stages
    from layers.messages import Click
    from layers.scenario_choices import list_routes

    pack = stages.open_pack(stages.key_of(stages.list_areas([])[0]))
    if (click := st.session_state.pop("click", None)) is not None:
        st.session_state["taken"] = pick.take_click(Click(*click))
    if (typed := st.session_state.pop("typed", None)) is not None:
        st.session_state["change_service_at"] = typed
    area = change_forms.Area(pack, tuple(list_routes(pack, ("bus",))))
    kinds = change_forms.list_kinds(area)
    pick.draw_hint()
    make = kinds[st.selectbox("Change", list(kinds), key="change_kind")](area)
    try:
        st.session_state["made"] = None if make is None else make()
    except ValueError:  # half filled: an end before its start, which the page says when it is added
        st.session_state["made"] = None


@pytest.fixture
def form() -> AppTest:
    return AppTest.from_function(form_script, default_timeout=60).run()


def called(number: str):
    """A route of the demo by its number."""
    return next(one for one in list_routes(load_pack("demo"), ("bus",)) if one.route == number)


LABEL_1, LABEL_4 = called("1").label, called("4").label
THIRD_STOP = list(list_stops_of(load_pack("demo"), called("4")))[2]
HELD = tuple(model.HeldOn(day=day, start="14:00", end="15:30", drop_in=True) for day in ("tuesday", "friday"))
# Of each kind: what the form calls it, what is filled in, and the change that must come of it.
FORMS: dict[str, tuple[str, dict[str, Any], model.Change]] = {
    "add_service": (
        "A service more",
        {"service_at": "X01000006", "category": "Befriending", "name": "Tea", "days": ["tuesday", "friday"],
         "from": dt.time(14, 0), "until": dt.time(15, 30), "drop_in": True},
        model.AddService(name="Tea", category="Befriending", at="X01000006", sessions=HELD),
    ),
    "remove_service": ("A service less", {"gone": "FV-009"}, model.RemoveService(service="FV-009")),
    "add_stop": (
        "A stop more on a route",
        {"route": called("4"), "stop_at": "X01000080", "stop_name": "Carr Green"},
        model.AddStop(route="4", at="X01000080", name="Carr Green"),
    ),
    "move_stop": (
        "A stop elsewhere",
        {"route": called("4"), f"moved_{LABEL_4}": THIRD_STOP, "move_to": "X01000080", "only": True},
        model.MoveStop(stop=THIRD_STOP, to="X01000080", route="4"),
    ),
    "headway": (
        "Buses more (or less) often",
        {"route": called("4"), "on": "Monday to Friday", "every": 20, "part": "in part of the day",
         "start": 9 * 3600, "end": 15 * 3600},
        model.ChangeHeadway(route="4", every_min=20, start="09:00", end="15:00", days=WEEKDAYS),
    ),
    "first_bus": (
        "An earlier (or later) first bus",
        {"route": called("4"), "on": "every day", "first": 10 * 3600 + 1800, "first_every": 0},
        model.FirstBus(route="4", time="10:30"),
    ),
    "last_bus": (
        "A later (or earlier) last bus",
        {"route": called("1"), f"towards_{LABEL_1}": "Larkfield", "last": 26 * 3600, "last_every": 45},
        model.LastBus(route="1", towards="Larkfield", time="26:00", every_min=45),
    ),
    "minibus": (
        "A minibus between places",
        {"places": ["X01000005", "X01000006"], "bus_name": "Dial-a-ride", "bus_days": "every day",
         "turn": 120, "departures": "09:15, 12:45"},
        model.Minibus(name="Dial-a-ride", places=("X01000005", "X01000006"), departures=("09:15", "12:45"),
                      turn_min=120),
    ),
    "close_street": (
        "A street closed",
        {"street_at": "X01000081", "within": 600, "street": "Mercer Way"},
        model.CloseStreet(street="Mercer Way", near="X01000081", within_m=600),
    ),
    "footpath": (
        "A new footpath",
        {"points": ["X01000080", "X01000081"], "path_name": "The cut", "steps": True},
        model.AddFootpath(points=("X01000080", "X01000081"), name="The cut", steps=True),
    ),
}  # fmt: skip


def test_the_form_builds_every_kind_by_names_and_its_file_reads_back_the_same(form: AppTest) -> None:
    pack = load_pack("demo")
    codes = {*pack.stops["stop_id"], *pack.services["service_id"], *pack.neighbourhoods["neighbourhood_id"]}
    assert set(FORMS) == set(KINDS)
    changes = []
    for kind, (words, fields, change) in FORMS.items():
        widget(form, "change_kind").set_value(words).run()
        for key, value in fields.items():  # what one field offers follows those before it
            widget(form, f"change_{key}").set_value(value).run()
        assert not form.exception, form.exception
        assert form.session_state["made"] == change, kind
        changes.append(form.session_state["made"])
        fields_shown = [*form.get("selectbox"), *form.get("multiselect")]
        words_shown = {
            word.strip("(),.") for one in fields_shown for text in one.options for word in text.split()
        }
        assert words_shown and not words_shown & codes, kind
    scenario = model.Scenario("Built", tuple(changes))
    again = parse_scenario(scenario_to_toml(scenario).encode(), "scenario.toml")
    assert again == scenario and again.digest == scenario.digest


def test_a_click_fills_the_field_that_waits_for_it(form: AppTest) -> None:
    assert form.session_state["made"] is None
    form.session_state["click"] = (-1.9, 54.0)
    form.run()
    assert form.session_state["taken"] is False, "no field waits: the click is the map's"
    pack = load_pack("demo")
    hood = pack.neighbourhoods.to_crs(4326).iloc[5]
    lon, lat = hood.geometry.representative_point().coords[0]
    widget(form, "change_service_at_pick").click().run()
    assert "Click on the map for" in form.info[0].value
    form.session_state["click"] = (lon, lat)
    form.run()
    assert form.session_state["taken"] is True and not form.info
    made, text = form.session_state["made"], f"{lon:.5f},{lat:.5f}"
    assert made.at == text
    field = widget(form, "change_service_at")
    assert field.options[0].startswith(f"a point in {hood['name']}")

    # Several places: each click is one more, until "Done".
    widget(form, "change_kind").set_value("A new footpath").run()
    widget(form, "change_points_pick").click().run()
    for step in (0.0, 0.001):
        form.session_state["click"] = (lon + step, lat)
        form.run()
    widget(form, "change_points_done").click().run()
    assert not form.info
    assert form.session_state["made"].points == (text, f"{lon + 0.001:.5f},{lat:.5f}")


def test_what_is_typed_is_refused_with_the_nearest_names_and_no_codes(form: AppTest) -> None:
    form.session_state["typed"] = "Highmarl vilage hall"
    form.run()
    told = form.warning[0].value.replace("\\", "")
    assert "is no name, postcode" in told and "Highmarl Village Hall" in told and "FV-" not in told
    assert form.session_state["made"] is None
    postcode = str(load_pack("demo").postcodes["postcode"].iloc[0])
    form.session_state["typed"] = postcode
    form.run()
    assert not form.warning and form.session_state["made"].at == postcode


def test_what_the_data_can_t_take_is_not_offered_and_it_is_said() -> None:
    pack = load_pack("demo")
    bare = Area(replace(pack, walk=None, services=None), ())
    assert list(list_kinds(bare)) == ["A service more", "A minibus between places"]
    assert "no street data" in str(say_missing(bare)) and say_missing(Area(pack, ())) is None


def test_two_operators_of_one_number_are_told_apart_and_so_are_equal_names() -> None:
    ride = trip(("A", "09:40"), ("B", "09:50"))
    pack = build_town(
        stops={"A": (0, 0), "B": (900, 0)},
        routes=[route("R", ride, short_name="7"), route("S", ride, short_name="7")],
        points=[point("home", 0, 0)],
        services=[service("one", 0, 0, name="Hall"), service("two", 900, 0, name="Hall")],
    )
    routes = pack.feed.routes.assign(agency_id=["X", "Y"])
    agency = pack.feed.agency.iloc[[0, 0]].assign(agency_id=["X", "Y"], agency_name=["Red", "Blue"])
    pack = replace(pack, feed=replace(pack.feed, routes=routes, agency=agency))
    found = list_routes(pack, ("bus",))
    assert [(one.route, one.operator) for one in found] == [("7", "Blue"), ("7", "Red")]
    for labels in (list_services(pack), list_places(pack), {one.label: one.label for one in found}):
        assert len(set(labels.values())) == len(labels) >= 2


def test_streets_near_a_place_are_those_that_a_closure_finds() -> None:
    """Every street that is offered can be closed there, and none nearer is left out."""
    from geo.places import resolve_place
    from geo.whatif.apply import apply_scenario

    pack = load_pack("demo")
    place = resolve_place(pack, "X01000081")
    near = list_streets_near(pack, place, 150)
    assert len(near) >= 2
    named = [name for name in near if isinstance(name, str)]
    changes = [model.CloseStreet(street=name, near="X01000081", within_m=150) for name in named]
    changes += [model.CloseStreet(way=way) for way in near if isinstance(way, int)]
    for change in changes[:4]:
        assert len(apply_scenario(pack, model.Scenario("t", (change,))).walk.u) < len(pack.walk.u)


def test_the_form_says_when_a_route_runs_now() -> None:
    """Whoever moves a first or last bus must know the present one, on weekdays, Saturdays and Sundays."""
    pack = build_town(
        stops={"A": (0, 0), "B": (3000, 0)},
        routes=[
            route("1", trip(("A", "05:50"), ("B", "06:00")), trip(("B", "22:10"), ("A", "22:20")),
                  trip(("A", "24:40"), ("B", "24:50")), trip(("A", "10:05"), ("B", "10:15"), calendar="sat")),
        ],
        calendars={"daily": Calendar("1111100"), "sat": Calendar("0000010")},
    )  # fmt: skip
    (one,) = list_routes(pack, ("bus",))
    days = pack.manifest.timetable.service_date, *choose_dates(pack.manifest, (5, 6)).values()
    weekday, saturday, sunday = (say_day(date) for date in days)
    assert say_buses_now(pack, one, None) == (
        f"As it is now, from the first stop: {weekday} 3 buses, 05:50 to 00:40 the next day; "
        f"{saturday} 1 bus, 10:05; {sunday} none."
    )
    assert "1 bus, 22:10" in say_buses_now(pack, one, "A")


@pytest.mark.parametrize("kind", ["A service more", "A later (or earlier) last bus"])
def test_a_change_that_is_not_whole_yet_says_so(kind: str) -> None:
    page = AppTest.from_file(str(CHECKOUT / "dashboard.py"), default_timeout=120).run()
    widget(page, "change_kind").set_value(kind).run()
    whole = kind.startswith("A later")
    told = [one.value for one in page.caption]
    assert any("Fill in what is still empty" in one for one in told) is not whole
    assert any("As it is now" in one for one in told) is whole
    assert widget(page, "change_add").disabled is not whole
