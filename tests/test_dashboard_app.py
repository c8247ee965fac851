"""The page by Streamlit's own test runner: every tab, preset and extreme; links; the click's session key."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from data.packio import load_pack, write_pack
from geo.engine import Engine, warm
from geo.query import WALK_PRESETS, Query
from layers.measures import list_groups
from layers.words import say_people
from tests.browser.hostile import HOSTILE_NAMES, build_hostile_town
from tests.towns import build_town, route, trip

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_S = 90


@pytest.fixture(scope="module", autouse=True)
def _ready() -> None:
    """The engine is ready before the page is: what it shows while it waits is the browser's test."""
    warm()


@pytest.fixture
def app() -> Iterator[AppTest]:
    page = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=TIMEOUT_S)
    yield page
    assert not page.exception, page.exception


def texts(page: AppTest) -> str:
    kinds = (page.markdown, page.caption, page.warning, page.info, page.text, page.error, page.subheader)
    plain = " ".join(element.value for kind in kinds for element in kind)
    return plain + " ".join(element.proto.body for element in page.get("html"))


def message_sent(page: AppTest) -> dict:
    """The message to the map, out of the component's arguments."""
    frames = [json.loads(element.proto.json_args) for element in page.get("component_instance")]
    script = next(arguments["feature_group"] for arguments in frames if arguments.get("feature_group"))
    start = script.index("{", script.index("obr.change("))
    return json.JSONDecoder().raw_decode(script[start:])[0]


def test_the_first_page(app: AppTest) -> None:
    app.run()
    assert not app.error
    words = texts(app)
    assert "Fictional" in words and "Test data: not for decisions" in words
    main = [
        "Planner",
        "Connector",
        "Analyst",
        "About the numbers",
        "The data",
    ]
    assert [tab.label for tab in app.tabs if tab.label in main] == main  # the Planner has tabs of its own
    labels = [metric.label for metric in app.metric]
    assert labels == ["People", "There and back: at least one", "There and back: no service", "Not known"]
    message = message_sent(app)
    assert (
        len(message["shading"]["classes"]) == len(load_pack("demo").neighbourhoods) and "reach" not in message
    )


@pytest.mark.parametrize("preset", [*WALK_PRESETS, "Own settings"])
def test_every_walk_preset(app: AppTest, preset: str) -> None:
    app.run()
    app.sidebar.selectbox(key="walk").set_value(preset).run()
    assert not app.error and len(app.metric) == 4


@pytest.mark.parametrize(
    ("within", "leave"), [(15, (18_000, 19_800)), (90, (18_000, 93_600)), (45, (91_800, 93_600))]
)
def test_extremes(app: AppTest, within: int, leave: tuple[int, int]) -> None:
    app.query_params["within"] = str(within)
    app.query_params["leave"] = f"{leave[0]}-{leave[1]}"
    app.run()
    assert not app.error
    assert app.sidebar.select_slider(key="within").value == within
    assert tuple(app.sidebar.select_slider(key="leave").value) == leave


def test_an_empty_window_is_refused_in_words(app: AppTest) -> None:
    app.run()
    app.sidebar.select_slider(key="leave").set_value((36_000, 36_000)).run()
    assert "two different times" in texts(app)


def test_tram_group_kind_and_category(app: AppTest) -> None:
    app.run()
    group = list_groups(load_pack("demo"))["group_id"].iloc[-1]
    app.sidebar.toggle(key="tram").set_value(True)
    app.sidebar.selectbox(key="group").set_value(group)
    app.sidebar.radio(key="kind").set_value("place").run()
    assert not app.error
    category = app.sidebar.selectbox(key="category").options[1]
    app.sidebar.selectbox(key="category").select(category).run()
    assert "not services" in texts(app)
    for shade in app.selectbox(key="shade").options:
        app.selectbox(key="shade").select(shade).run()
        assert not app.error
    for circles in app.selectbox(key="circles").options:
        app.selectbox(key="circles").select(circles).run()
        assert ("circles" in message_sent(app)) == (circles != "Nothing")


def test_a_click_and_the_list_are_the_same_choice(app: AppTest) -> None:
    app.run()
    hoods = load_pack("demo").neighbourhoods
    hood = hoods.to_crs("EPSG:4326").geometry.iloc[7].representative_point()
    app.session_state["map"] = {"last_clicked": {"lat": hood.y, "lng": hood.x}}
    app.run()
    assert app.selectbox(key="place").value == hoods["neighbourhood_id"].iloc[7]
    clicked = message_sent(app)
    assert clicked["chosen"]["row"] == 7 and [band["minutes"] for band in clicked["reach"]] == [45, 30, 15]
    assert app.query_params["place"] in (
        hoods["neighbourhood_id"].iloc[7],
        [hoods["neighbourhood_id"].iloc[7]],
    )

    other = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=TIMEOUT_S).run()
    other.selectbox(key="place").set_value(hoods["neighbourhood_id"].iloc[7]).run()
    assert message_sent(other) == clicked


def test_a_click_outside_or_nonsense_changes_nothing(app: AppTest) -> None:
    for clicked in ({"lat": 0, "lng": 0}, {"lat": "x"}, {"lat": 1e9, "lng": -1e9}, "text"):
        app.session_state["map"] = {"last_clicked": clicked}
        app.run()
        assert app.selectbox(key="place").value is None


def test_clearing_the_choice_clears_the_map(app: AppTest) -> None:
    app.query_params["place"] = str(load_pack("demo").neighbourhoods["neighbourhood_id"].iloc[0])
    app.run()
    assert "reach" in message_sent(app)
    app.selectbox(key="place").set_value(None).run()
    message = message_sent(app)
    assert "reach" not in message and "chosen" not in message


@pytest.mark.parametrize("value", ["", "999", "-1", "nan", "<script>", "demo", "' or 1=1", "15,30", "१५"])
def test_links_are_clamped(app: AppTest, value: str) -> None:
    for key in (
        "area",
        "walk",
        "leave",
        "within",
        "tram",
        "group",
        "kind",
        "category",
        "place",
        "shade",
        "circles",
        "tab",
        "trip",
        "day",
    ):
        app.query_params[key] = value
    app.run()
    assert not app.error
    assert app.sidebar.select_slider(key="within").value == 45
    assert app.selectbox(key="place").value is None


def open_tab(page: AppTest, name: str) -> AppTest:
    page.session_state["tab"] = name
    return page.run()


def click_on(page: AppTest, row: int) -> str:
    """Click the map in the middle of a neighbourhood; returns its id."""
    hoods = load_pack("demo").neighbourhoods
    middle = hoods.to_crs("EPSG:4326").geometry.iloc[row].representative_point()
    page.session_state["map"] = {"last_clicked": {"lat": middle.y, "lng": middle.x}}
    page.run()
    return str(hoods["neighbourhood_id"].iloc[row])


def test_the_connector_and_analyst_know_what_was_clicked(app: AppTest) -> None:
    app.run()
    first = click_on(app, 7)
    open_tab(app, "Connector")
    assert app.selectbox(key="from_hood").value == first and "The way there" in texts(app)
    # Another choice there is its own, until another click.
    own = str(load_pack("demo").neighbourhoods["neighbourhood_id"].iloc[3])
    app.selectbox(key="from_hood").set_value(own).run()
    assert app.selectbox(key="from_hood").value == own and app.selectbox(key="place").value == first
    open_tab(app, "Analyst")
    assert app.selectbox(key="isochrones_from").value == first
    open_tab(app, "Connector")
    assert app.selectbox(key="from_hood").value == own
    second = click_on(app, 12)
    assert app.selectbox(key="from_hood").value == second
    open_tab(app, "Analyst")
    assert app.selectbox(key="isochrones_from").value == second


def test_settings_stay_while_another_tab_is_open(app: AppTest) -> None:
    app.query_params["trip"] = "there"
    app.run()
    open_tab(app, "Analyst")
    app.radio(key="own_boardings").set_value(2)
    app.number_input(key="own_slack").set_value(240).run()
    open_tab(app, "About the numbers")
    assert "at most two" in texts(app)
    open_tab(app, "Analyst")
    assert app.number_input(key="own_slack").value == 240 and app.radio(key="own_boardings").value == 2
    assert not any("default value" in warning.value for warning in app.warning)


@pytest.mark.parametrize("name", ["Planner", "Connector", "Analyst", "About the numbers", "The data"])
def test_every_tab_by_its_link(app: AppTest, name: str) -> None:
    app.query_params["tab"] = name
    app.run()
    assert not app.error and [tab.label for tab in app.tabs].count(name) == 1
    marks = {"Planner": "Where and who", "Connector": "One journey, in words", "Analyst": "Downloads",
             "About the numbers": "What the numbers leave out", "The data": "The timetable"}  # fmt: skip
    assert marks[name] in texts(app) + " ".join(one.value for one in app.subheader)


def numbers(page: AppTest) -> list[str]:
    return [metric.value for metric in page.metric]


def test_there_and_back_drives_numbers_panel_and_titles(app: AppTest) -> None:
    hood = str(load_pack("demo").neighbourhoods["neighbourhood_id"].iloc[0])
    app.query_params["place"] = hood
    app.run()
    assert app.sidebar.radio(key="trip").value == "back"  # the default where sessions are known
    app.sidebar.radio(key="trip").set_value("there").run()
    assert "No service within one bus" in [metric.label for metric in app.metric]
    assert app.query_params["trip"] in ("there", ["there"])
    there, title = numbers(app), message_sent(app)["title"]
    app.sidebar.radio(key="trip").set_value("back").run()
    assert not app.error
    back, words = numbers(app), texts(app).replace("\\", "")
    assert back != there and back[0] == there[0]  # the same people, other verdicts
    assert "There and back: no service" in [metric.label for metric in app.metric]
    assert "assumed session (10:30 to 12:30" in words and "can be gone to and come home from" in words
    assert message_sent(app)["title"] != title
    reach = [str(value) for table in app.dataframe for value in table.value.get("Reach", [])]
    engine = Engine(load_pack("demo"))
    table = engine.reach_there_and_back(Query()).frame
    own = table[table["origin_id"] == hood]
    services = load_pack("demo").services
    own = own[own["service_id"].isin(services.loc[services["kind"] == "service", "service_id"])]
    # An assumed verdict never reads as a plain yes or no; a missing bus home is named.
    known = ~own["reason"].isin(["outside_data", "no_timetable"])
    assert sum(words.startswith("Assumed: ") for words in reach) == int((own["assumed"] & known).sum()) > 0
    assert sum("no bus home" in words.lower() for words in reach) == int((own["reason"] == "no_return").sum())
    gap = engine.gap(Query(), points=engine.reach_there_and_back(Query(), level="point")).frame
    row = gap[(gap["level"] == "area") & (gap["kind"] == "service") & (gap["category"] == "*")]
    row = row.set_index("group_id").loc["all"]
    assert back[2] == say_people(row["cut_off"])
    # Whoever has nothing else than assumed times is said beside those in reach, and for each category.
    assert 0 < row["in_reach_assumed"] < row["in_reach"]
    assert app.metric[1].delta == f"{say_people(row['in_reach_assumed'])} of them assumed"
    app.segmented_control(key="table_view").set_value("category").run()
    tables = [table.value for table in app.dataframe if "Only by assumed times" in table.value]
    assert (tables[0]["Only by assumed times"] <= tables[0]["In reach"]).all()
    assert "who has nothing else (nobody told us when it is held" in texts(app).replace("\\", "")

    app.sidebar.selectbox(key="day").set_value(6).run()
    assert not app.error and "to a session on a Sunday" in texts(app)
    app.sidebar.radio(key="trip").set_value("there").run()
    assert numbers(app) == there


def test_times_of_day_are_a_map_and_a_table(app: AppTest) -> None:
    """Two times compared: the classes on the map are the columns of the table, and the words say the days."""
    app.query_params.update(
        {"trip": "there", "category": "Lunch club", "shade": "Times of day: two compared"}
    )
    app.run()
    one, other = app.selectbox("time"), app.selectbox("against")
    assert (one.value, other.value) == ("weekday_morning", "sunday")
    shading = message_sent(app)["shading"]
    words = texts(app).replace("\\", "")
    assert "Sunday: Sunday 6 September 2026, 09:30 to 11:30" in words
    assert "weekday morning only" in words and "Of 99 neighbourhoods:" in words
    app.segmented_control("table_view").set_value("when").run()
    table = next(frame.value for frame in app.dataframe if "Times in reach" in frame.value)
    only = (table["Weekday morning"] == "in reach") & (table["Sunday"] == "no service")
    assert 0 < only.sum() == sum(number == 2 for number in shading["classes"])
    other.set_value("saturday").run()
    assert "saturday" in app.query_params["against"]
    assert "against Saturday" in texts(app)
    app.selectbox("shade").set_value("Times of day: how many").run()
    counted = message_sent(app)["shading"]["classes"]
    assert sum(number == 0 for number in counted) == (table["Times in reach"] == 0).sum() > 0
    assert "at none of them" in texts(app)


def test_there_and_back_by_link_and_in_an_export(app: AppTest) -> None:
    app.query_params["day"] = "1"
    app.query_params["tab"] = "Analyst"
    app.run()
    assert app.sidebar.selectbox(key="day").value == 1
    app.selectbox(key="what").set_value("reach").run()
    app.selectbox(key="format_reach").set_value(".parquet").run()
    next(button for button in app.button if button.label == "Prepare the file").click().run()
    assert not app.error and "--there-and-back --day tuesday" in " ".join(code.value for code in app.code)
    frame = pd.read_parquet(io.BytesIO(app.session_state["prepared"][2]))
    assert frame["assumed"].any() and not frame["assumed"].all()


def test_without_known_sessions_there_and_back_is_offered_and_assumed(app: AppTest, packs: Path) -> None:
    write_pack(build_hostile_town(), packs / "hostile")
    app.query_params["area"] = "hostile"
    app.run()
    assert not app.error and app.sidebar.radio(key="trip").value == "there"  # the default where none is known
    app.sidebar.radio(key="trip").set_value("back").run()
    assert not app.error and "a session from 10:30 to 12:30 is assumed" in texts(app)
    assert app.query_params["trip"] in ("back", ["back"])
    # Each area has its own default until the visitor chooses; what is chosen stays.
    app.sidebar.radio(key="trip").set_value("there").run()
    app.sidebar.selectbox(key="area").set_value("demo").run()
    assert app.sidebar.radio(key="trip").value == "back" and "trip" not in app.query_params
    app.sidebar.radio(key="trip").set_value("there").run()
    app.sidebar.selectbox(key="area").set_value("hostile").run()
    app.sidebar.selectbox(key="area").set_value("demo").run()
    assert not app.error


def test_the_analyst_prepares_every_kind_of_file(app: AppTest) -> None:
    app.query_params["place"] = str(load_pack("demo").neighbourhoods["neighbourhood_id"].iloc[0])
    open_tab(app, "Analyst")
    for part, suffix in (("gap", ".csv"), ("isochrones", ".geojson"), ("Everything", ".gpkg")):
        app.selectbox(key="what").set_value(part).run()
        app.selectbox(key=f"format_{part}").set_value(suffix).run()
        next(button for button in app.button if button.label == "Prepare the file").click().run()
        assert not app.error
        _, name, content = app.session_state["prepared"]
        assert name.startswith("demo_") and len(content) > 500


def test_the_analysts_settings_change_the_question(app: AppTest) -> None:
    app.query_params["trip"] = "there"
    open_tab(app, "Analyst")
    before = app.metric[2].value
    app.number_input(key="own_leg").set_value(0)
    app.number_input(key="own_total").set_value(0)
    app.sidebar.selectbox(key="walk").set_value("Own settings").run()
    assert app.metric[2].value != before  # nobody walks, so hardly anybody reaches anything
    app.radio(key="own_boardings").set_value(2).run()
    assert "at most two" in texts(app)


@pytest.fixture
def packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ONE_BUS_REACH_PACKS", str(tmp_path))
    return tmp_path


def test_hostile_names_are_shown_as_text(app: AppTest, packs: Path) -> None:
    write_pack(build_hostile_town(), packs / "hostile")
    app.query_params["area"] = "hostile"
    app.query_params["place"] = "N0"
    app.run()
    assert not app.error
    pages = " ".join(element.proto.body for element in app.get("html"))
    for name in HOSTILE_NAMES[:3]:
        assert name not in pages


def test_a_pack_of_stops_and_trips_only(app: AppTest, packs: Path) -> None:
    """No neighbourhoods, streets, services or counts: the page says what it can't say, and breaks nowhere."""
    bare = build_town(
        stops={"A": (0, 0), "B": (2000, 0)}, routes=[route("1", trip(("A", "09:40"), ("B", "09:50")))]
    )
    write_pack(bare, packs / "town")
    app.query_params["area"] = "town"
    app.run()
    assert not app.error and app.info
    app.session_state["map"] = {"last_clicked": {"lat": 52.5978, "lng": -2.0014}}
    app.run()
    assert not app.error


def test_a_broken_pack_does_not_hide_the_others(app: AppTest, packs: Path) -> None:
    (packs / "broken").mkdir()
    (packs / "broken" / "manifest.json").write_text("{")
    app.run()
    assert len(app.metric) == 4 and len(app.warning) == 2
