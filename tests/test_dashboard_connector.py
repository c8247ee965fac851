"""The Connector by Streamlit's own test runner: both ways, the day, and what a client types."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from data.packio import load_pack
from geo.engine import warm
from tests.conftest import CHECKOUT
from tests.test_dashboard_app import TIMEOUT_S, open_tab, texts


@pytest.fixture(scope="module", autouse=True)
def _ready() -> None:
    warm()


@pytest.fixture
def app() -> Iterator[AppTest]:
    page = AppTest.from_file(str(CHECKOUT / "dashboard.py"), default_timeout=TIMEOUT_S)
    yield page
    assert not page.exception, page.exception


def test_the_connector_tells_both_ways(app: AppTest) -> None:
    open_tab(app, "Connector")
    hood = load_pack("demo").neighbourhoods["neighbourhood_id"].iloc[3]
    app.selectbox(key="from_hood").set_value(hood).run()
    words = texts(app)
    assert "The way there" in words and "The way home" in words and "Check before you travel" in words


def test_the_connectors_day_is_the_pages_until_another_is_chosen(app: AppTest) -> None:
    open_tab(app, "Connector")
    hood = load_pack("demo").neighbourhoods["neighbourhood_id"].iloc[3]
    app.selectbox(key="from_hood").set_value(hood).run()
    facts = load_pack("demo").manifest.timetable
    assert app.date_input(key="on_date").value == facts.service_date
    sunday = facts.service_date + dt.timedelta(days=6 - facts.service_date.weekday())
    app.date_input(key="on_date").set_value(sunday).run()
    assert f"Sunday {sunday.day}" in texts(
        app
    ) and f"{facts.service_date:%A} {facts.service_date.day}" not in texts(app)
    # A weekday chosen for sessions is the day of the journey too.
    app.sidebar.selectbox(key="day").set_value(5).run()
    assert app.date_input(key="on_date").value.weekday() == 5 and "Saturday" in texts(app)
    assert "on_date" not in app.query_params


def test_what_a_client_types_goes_nowhere_but_the_session(app: AppTest) -> None:
    open_tab(app, "Connector")
    place = load_pack("demo").origin_points.iloc[0]
    typed = f"{place['lon']:.4f},{place['lat']:.4f}"
    app.text_input(key="from_text").set_value(typed).run()
    assert "The way there" in texts(app)
    assert typed not in str(dict(app.query_params))
    app.text_input(key="from_text").set_value("<script>alert(1)</script>").run()
    assert any("no neighbourhood" in error.value for error in app.error)
    app.text_input(key="from_text").set_value("![x](https://example.org/x.png)").run()
    assert app.error
    assert "![x](" not in texts(app), "what was typed is text, not an image"
    app.text_input(key="from_text").set_value("").run()


def test_each_destination_of_one_name_can_be_chosen(app: AppTest) -> None:
    """Ten services of the demo are called Knit and natter: the list must lead to the one that was meant."""
    open_tab(app, "Connector")
    services = load_pack("demo").services.set_index("service_id")
    alike = services[(services["name"] == "Knit and natter") & services["x"].notna()]
    options = app.selectbox(key="to_service").options
    assert len(alike) > 2 and len(set(options)) == len(options)
    for service_id in alike.index[[0, 4]]:
        label = next(one for one in options if alike.loc[service_id, "organisation"] in one and "Knit" in one)
        app.selectbox(key="to_service").select(label).run()
        assert app.selectbox(key="to_service").value == service_id
