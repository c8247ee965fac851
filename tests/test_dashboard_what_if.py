"""What if, by Streamlit's test runner: every part follows a trial, which is one visitor's own."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from data.packio import load_pack
from geo.engine import Engine, warm
from geo.places import resolve_place
from geo.query import Query
from geo.whatif.toml import parse_scenario
from layers.reach_bands import build_bands, choose_cutoffs
from tests.conftest import CHECKOUT
from tests.test_dashboard_app import message_sent, open_tab, texts

TIMEOUT_S = 120
NOT_REAL = "Trial, not today's timetable"


@pytest.fixture(scope="module", autouse=True)
def _ready() -> None:
    warm()


def open_page() -> AppTest:
    return AppTest.from_file(str(CHECKOUT / "dashboard.py"), default_timeout=TIMEOUT_S)


@pytest.fixture
def app() -> Iterator[AppTest]:
    page = open_page()
    yield page
    assert not page.exception, page.exception


def widget(page: AppTest, key: str) -> Any:
    """Any widget by its key."""
    kinds = ("selectbox", "multiselect", "number_input", "text_input", "time_input", "checkbox", "button",
             "button_group")  # fmt: skip
    return next(one for kind in kinds for one in page.get(kind) if getattr(one, "key", None) == key)


def says(page: AppTest) -> str:
    return texts(page).replace("\\", "").replace("&#x27;", "'")


def add_minibus(page: AppTest) -> Any:
    """A minibus from two villages without a bus to the town and back; gives the trial in force."""
    widget(page, "change_kind").set_value("A minibus between places").run()
    widget(page, "change_places").set_value(["X01000005", "X01000006", "FV-009"])
    widget(page, "change_bus_name").set_value("Zebra ride")
    widget(page, "change_departures").set_value("09:40, 12:45").run()
    widget(page, "change_add").click().run()
    assert not page.error, [one.value for one in page.error]
    return page.session_state["trial_held"]


def test_every_part_of_the_page_follows_the_trial_until_it_is_taken_back(app: AppTest) -> None:
    app.run()
    before = [metric.value for metric in app.metric]
    own = add_minibus(app)
    tried = [metric.value for metric in app.metric]
    assert tried != before, "the headline counts who gains"
    message = message_sent(app)
    assert "What if" in message["shading"]["label"] and max(message["shading"]["classes"]) >= 3
    assert any("Zebra ride" in line["text"] for line in message["trial"]["lines"])
    table = next(frame.value for frame in app.dataframe if "Gain reach" in frame.value)
    gained = f"{round(table['Gain reach'].sum()):,} people gain reach of at least one"
    assert gained in says(app) and NOT_REAL in says(app)

    # The land in reach is the trial's, by the engine's own answer.
    app.selectbox(key="place").set_value("X01000005").run()
    engine = Engine(load_pack("demo"))
    place, query = resolve_place(engine.pack, "X01000005"), Query(scenario=own.scenario)
    cutoffs = choose_cutoffs(query.cutoff_s)

    def bands(engine: Engine, query: Query) -> list[Any]:
        return [band["geometry"] for band in build_bands(engine.isochrones(query, place, cutoffs))]

    shown = [band["geometry"] for band in reversed(message_sent(app)["reach"])]
    assert shown == bands(engine.under(own.scenario), query)
    today = bands(engine, replace(query, scenario=None))
    assert shown != today

    # So is the journey, and each product of it says what it is.
    open_tab(app, "Connector")
    app.selectbox(key="to_service").set_value("FV-009").run()
    told = says(app)
    assert "take bus Zebra ride" in told and told.count(NOT_REAL) >= 4, "the bar, the warning, both heads"
    short = next(code.value for code in app.code if "THERE" in code.value)
    assert short.startswith(NOT_REAL.upper())
    open_tab(app, "Analyst")
    assert any("--scenario scenario.toml" in code.value for code in app.code)

    # Today, by the switch; and for good.
    widget(app, "trial_show").set_value("Today").run()
    open_tab(app, "Planner")
    assert [metric.value for metric in app.metric] == before
    assert [band["geometry"] for band in reversed(message_sent(app)["reach"])] == today
    held = str(dict(app.query_params))
    assert "Zebra" not in held and "trial" not in held and "change" not in held
    app.button(key="trial_forget").click().run()
    assert "trial" not in message_sent(app) and NOT_REAL not in says(app) and "Zebra" not in says(app)


def test_a_trial_is_one_visitor_s_own(app: AppTest) -> None:
    app.run()
    own = add_minibus(app)
    # From a file could come a category that nobody has: it may be chosen, and stands in no link.
    pop_up = parse_scenario((CHECKOUT / "docs/scenarios/pop_up.toml").read_bytes(), "pop_up.toml")
    secret = replace(pop_up, changes=(replace(pop_up.changes[0], category="Zebra club"),))
    held = replace(own, scenario=secret, engine=own.engine.base.under(secret), answers={})
    app.session_state["trial_held"] = held
    app.run()
    app.selectbox(key="category").set_value("Zebra club").run()
    assert app.selectbox(key="category").value == "Zebra club"
    assert "Zebra" not in str(dict(app.query_params))
    other = open_page()
    other.run()
    assert "Zebra" not in says(other) and "gain reach" not in says(other)
    assert "trial" not in message_sent(other)


def sessions_script() -> None:
    """A page that only holds trials: ``ask`` in its session says what to do."""
    import streamlit as st

    from dashboard_tabs import stages, trial
    from geo.whatif.model import RemoveService, Scenario

    entry = stages.list_areas([])[0]
    key = stages.key_of(entry)
    ask = st.session_state.get("ask")
    if ask == "elsewhere":
        trial.held(stages.AreaKey("other", "digest", "path"))
    elif ask == "forget":
        trial.forget()
    elif ask is not None:
        assert trial.use(key, Scenario(ask, (RemoveService(service=ask),)))


@pytest.mark.parametrize("end", ["forget", "elsewhere"])
def test_one_trial_a_session_and_none_once_it_is_taken_back_or_another_area_opened(end: str) -> None:
    page = AppTest.from_function(sessions_script, default_timeout=TIMEOUT_S)
    engines = []
    for ask in ("FV-009", "FV-010"):
        page.session_state["ask"] = ask
        page.run()
        engines.append(weakref.ref(page.session_state["trial_held"].engine))
    assert engines[0]() is None, "the one before is let go as another takes its place"
    assert engines[1]() is not None
    page.session_state["ask"] = end
    page.run()
    assert not page.exception and engines[1]() is None and "trial_held" not in page.session_state
    gc.collect()


def test_nothing_of_a_scenario_stays_in_what_is_shared() -> None:
    """The shared engine knows no scenario, and no cached stage takes one."""
    import inspect

    from dashboard_tabs import stages

    engine = Engine(load_pack("demo"))
    scenario = parse_scenario((CHECKOUT / "docs/scenarios/pop_up.toml").read_bytes(), "pop_up.toml")
    first, second = engine.under(scenario), engine.under(scenario)
    assert first is not second, "a changed engine is kept by whoever asked for it, and by nobody else"
    assert engine.scenario is None
    assert "Scenario" not in inspect.getsource(stages)
