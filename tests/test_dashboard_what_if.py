"""What if, in the page by Streamlit's own test runner: built, shown, forgotten, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from geo.engine import warm
from geo.whatif.toml import parse_scenario
from tests.conftest import CHECKOUT
from tests.test_dashboard_app import message_sent, texts

TIMEOUT_S = 120


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


def add_service(page: AppTest) -> None:
    """A pop-up in Highmarl, where nobody has any service (docs/scenarios.md has its number)."""
    page.selectbox(key="place").set_value("X01000006").run()
    submit = next(button for button in page.button if button.label == "Add this change")
    next(box for box in page.selectbox if box.label == "Category" and box.key != "category").set_value(
        "Befriending"
    )
    submit.click().run()


def test_a_scenario_is_shown_on_map_and_in_a_table_and_is_one_visitors_own(app: AppTest) -> None:
    app.run()
    add_service(app)
    assert not app.error
    assert "1,526 people gain reach of at least one, 0 lose it" in texts(app)
    app.selectbox(key="trial_kind").set_value("A later last bus")
    app.selectbox(key="place").set_value(None).run()
    shading = message_sent(app)["shading"]
    assert "What if" in shading["label"] and any("gain reach" in text for text in shading["values"])
    assert max(shading["classes"]) == 4 and min(shading["classes"]) == 2
    table = next(frame.value for frame in app.dataframe if "Gain reach" in frame.value)
    assert round(table["Gain reach"].sum()) == 1526

    other = open_page()
    other.run()
    assert "gain reach" not in texts(other) and "What if" not in message_sent(other)["shading"]["label"]
    assert not any("trial" in name or "pop-up" in str(value) for name, value in app.query_params.items())

    next(box for box in app.selectbox if box.label == "Route").set_value("20")
    next(button for button in app.button if button.label == "Add this change").click().run()
    assert "Route 20: the last bus at" in texts(app).replace("\\", "")
    app.button(key="trial_forget").click().run()
    assert "gain reach" not in texts(app) and "What if" not in message_sent(app)["shading"]["label"]


def test_nothing_of_a_scenario_stays_in_what_is_shared() -> None:
    """The shared engine knows no scenario, and no cached stage takes one."""
    import inspect

    from dashboard_tabs import stages
    from data.packio import load_pack
    from geo.engine import Engine

    engine = Engine(load_pack("demo"))
    scenario = parse_scenario((CHECKOUT / "docs/scenarios/pop_up.toml").read_bytes(), "pop_up.toml")
    first, second = engine.under(scenario), engine.under(scenario)
    assert first is not second, "a changed engine is kept by whoever asked for it, and by nobody else"
    assert engine.scenario is None
    assert "Scenario" not in inspect.getsource(stages)
