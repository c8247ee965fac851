"""There and back on one sheet: words, text message, JSON, page to print, command line."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from data.errors import QueryError
from geo.__main__ import main as geo_main
from geo.engine import Engine
from geo.journey_sheet import build_sheet, sheet_in_short, sheet_in_words, sheet_to_json
from geo.places import resolve_place
from geo.query import Query
from geo.whatif.model import LastBus, Scenario
from layers.__main__ import main as layers_main
from layers.journey_page import build_page, build_toolbar
from layers.journey_sketch import sketch_walk
from layers.text import escape_for_map
from tests.towns import Stop, build_town, point, route, service, shifted, street, trip

TODAY = dt.date(2025, 6, 1)
STREETS = [
    street((0, 0), (0, 500), name="Hill Road"),
    street((0, 0), (3000, 0), name="High Street"),
    street((3000, 0), (3000, 200), name="Library Lane"),
]
OUT = trip(("A", "09:40"), ("M", "09:45"), ("B", "09:50"), headsign="TOWARDS LIBRARY")
BACK = trip(("B", "12:40"), ("M", "12:45"), ("A", "12:50"), headsign="Hill")


def make_pack(*trips, name="Advice Centre"):
    return build_town(
        streets=STREETS,
        stops={"A": Stop(120, 0), "M": Stop(1500, 0), "B": Stop(2880, 0)},
        routes=[route("R", *(trips or (OUT, *shifted(BACK, ["12:40", "17:52"]))), short_name="7")],
        points=[point("home", 0, 40)],
        services=[service("clinic", 3000, 80, name=name, address="1 Library Lane")],
    )


def make_sheet(pack, *, home_s: int | None = 12 * 3600 + 1800):
    origin, destination = resolve_place(pack, "home"), resolve_place(pack, "clinic")
    return build_sheet(Engine(pack), Query(), origin, destination, arrive_by_s=37_800, home_s=home_s)


def test_both_ways_in_words_with_the_last_one_home() -> None:
    pack = make_pack()
    lines = sheet_in_words(make_sheet(pack), pack)
    assert lines[0] == "THE WAY THERE" and "THE WAY HOME" in lines
    assert "At 09:40 take bus 7 (Town Buses) towards Library. Be at the stop by 09:39." in lines
    assert "The last one home that day: bus 7 (Town Buses) at 17:52 from the same stop." in lines
    assert [line for line in lines if line.startswith("Check before you travel")] == lines[-1:]


def test_home_is_told_even_when_the_last_bus_has_gone() -> None:
    pack = make_pack()
    lines = sheet_in_words(make_sheet(pack, home_s=20 * 3600), pack)
    assert any(line.startswith("No journey on one bus from Advice Centre") for line in lines)
    assert "The last one home that day: bus 7 (Town Buses) at 17:52 from the stop Stop B." in lines
    none = make_pack(OUT)
    assert "No single bus goes home that day." in sheet_in_words(make_sheet(none), none)


@pytest.mark.parametrize("home", ["09:00", "09:52"])
def test_nobody_goes_home_before_they_are_there(home: str) -> None:
    """The bus arrives at 09:50, and the walk takes until 09:53."""
    home_s = int(home[:2]) * 3600 + int(home[3:]) * 60
    with pytest.raises(QueryError, match=f"leaving at {home}: is before the arrival at 09:53"):
        make_sheet(make_pack(), home_s=home_s)


def test_where_no_bus_runs_around_that_time_the_times_of_those_that_run_are_told() -> None:
    pack = make_pack()
    sheet = make_sheet(pack, home_s=20 * 3600)
    lines = sheet_in_words(sheet, pack)
    told = "  Bus 7 (Town Buses), at 12:40 and 17:52, from the stop Stop B to Stop A."
    assert lines[lines.index("It runs at other times:") + 1] == told
    assert sheet_to_json(sheet, pack)["home"]["other_times"][0]["frequency"] == "at 12:40 and 17:52"
    assert escape_for_map(told.strip()) in build_page(sheet, pack, Query(), "clinic", today=TODAY)
    # Where there is no direct bus, or there is a journey, nothing of the kind is told.
    assert sheet.there.other_times == () == make_sheet(make_pack(OUT)).ways[1].other_times


def test_where_nothing_is_known_it_is_not_said_that_no_bus_goes_home() -> None:
    pack = build_town(
        streets=STREETS,
        stops={"A": Stop(120, 0), "B": Stop(2880, 0)},
        routes=[route("R", trip(("A", "09:40"), ("B", "09:50")), short_name="7")],
        points=[point("home", 0, 5000)],
        services=[service("clinic", 3000, 80, name="Advice Centre")],
    )
    sheet = make_sheet(pack)
    words = "\n".join(sheet_in_words(sheet, pack))
    assert words.count("so nothing is known.") == 2 and "No single bus" not in words
    short = sheet_in_short(sheet, pack)
    assert "HOME: not known, the data don't cover it." in short


def test_under_a_scenario_the_whole_sheet_is_of_the_changed_timetable() -> None:
    engine = Engine(make_pack())
    scenario = Scenario(name="Later", changes=(LastBus(route="7", time=19 * 3600, towards="Hill"),))
    changed = engine.under(scenario)
    ends = resolve_place(engine.pack, "home"), resolve_place(engine.pack, "clinic")
    asked = {"arrive_by_s": 37_800, "home_s": 45_000}
    for own in (engine, changed):
        sheet = build_sheet(own, Query(scenario=scenario), *ends, **asked)
        last = "The last one home that day: bus 7 (Town Buses) at 19:00 from the same stop."
        assert last in sheet_in_words(sheet, changed.pack)


def test_a_text_message_says_where_times_are_only_about_so_and_keeps_names_as_they_are() -> None:
    pack = make_pack(replace(OUT, approximate=True), BACK)
    lines = sheet_in_short(make_sheet(pack, home_s=None), pack)
    assert "About 09:40 bus 7 towards Library." in lines
    assert "Off at about 09:50, Stop B (2 stops, after Stop M)." in lines


def test_the_text_message_is_short_and_leaves_out_the_start() -> None:
    pack = make_pack()
    lines = sheet_in_short(make_sheet(pack), pack)
    assert lines == [
        "To Advice Centre, Tuesday 10 June 2025",
        "THERE: leave at 09:37.",
        "Walk 2 min to Stop A.",
        "09:40 bus 7 towards Library.",
        "Off at 09:50, Stop B (2 stops, after Stop M).",
        "Walk 3 min.",
        "Arrive 09:53.",
        "HOME: leave at 12:36.",
        "Walk 3 min to Stop B.",
        "12:40 bus 7 towards Hill.",
        "Off at 12:50, Stop A (2 stops, after Stop M).",
        "Walk 2 min.",
        "Arrive 12:52.",
        "Last one home: bus 7 at 17:52.",
        "Timetable of 1 January 2025: check before you travel.",
    ]
    assert len("\n".join(lines)) < 480, "three text messages"
    assert not any("home" in line for line in lines[:7]), "no word of the origin's place"


def test_json_has_both_ways_and_nothing_that_json_lacks() -> None:
    pack = make_pack()
    told = json.loads(json.dumps(sheet_to_json(make_sheet(pack), pack), allow_nan=False))
    assert told["home"]["last_home"]["last_s"] == 17 * 3600 + 52 * 60
    assert told["there"]["timetable"]["begins"] == "2025-01-01"
    walk, ride, _ = told["there"]["legs"]
    assert [step["words"] for step in walk["steps"]] == [
        "go south along Hill Road, 40 m",
        "left into High Street, 120 m",
    ]
    assert ride["service"]["own"]["frequency"] == "once, at 09:40"
    assert sheet_to_json(make_sheet(pack, home_s=None), pack)["home"] is None


def test_the_page_holds_all_and_runs_nothing() -> None:
    pack = make_pack(name="</style><script>alert(1)</script>`${x}`")
    page = build_page(make_sheet(pack), pack, Query(), "clinic", today=TODAY)
    assert page.count("Check before you travel") == 2, "on both sides"
    assert "<script" not in page and "`" not in page and "${" not in page
    assert "1 Library Lane" in page and "Tuesday 10 June 2025" in page
    pictures = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)
    assert len(pictures) == 4
    for picture in pictures:
        ET.fromstring(base64.b64decode(picture))  # whole XML


def test_the_toolbar_carries_the_files_inside_it() -> None:
    pack = make_pack(name="</script><img src=x onerror=alert(1)>")
    bar = build_toolbar(make_sheet(pack), pack, Query(), "clinic", today=TODAY)
    assert bar.count("<script>") == bar.count("</script>") == 1 and "<img src=x" not in bar
    files = dict(re.findall(r'data-name="([^"]+)" data-type="[^"]+" data-content="([^"]+)"', bar))
    assert set(files) == {"journey.html", "journey.txt", "journey.json"}
    assert json.loads(base64.b64decode(files["journey.json"]))["there"]["legs"]
    assert base64.b64decode(files["journey.txt"]).decode().startswith("THE WAY THERE")


def test_a_sketch_shows_the_way_its_turns_and_the_streets() -> None:
    pack = make_pack()
    walk = make_sheet(pack).there.journey.legs[0]
    svg = sketch_walk(pack, walk, start="start", end="bus <stop>")
    assert svg is not None
    root = ET.fromstring(svg)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"start", "bus <stop>", "2", "N", "High Street"} <= set(texts)
    assert sketch_walk(build_town(streets=None), walk, start="", end="") is None, "no streets, no sketch"


def test_the_command_lines(capsys, tmp_path, demo) -> None:
    hood = demo.neighbourhoods["neighbourhood_id"].iloc[3]
    service_id = Engine(demo).venues["service_id"].iloc[0]
    ask = ["demo", "--from", hood, "--to", service_id, "--arrive-by", "10:30", "--home", "12:30"]
    assert geo_main(["journey", *ask]) == 0
    assert "THE WAY HOME" in capsys.readouterr().out
    assert geo_main(["journey", *ask, "--short"]) == 0
    assert "check before you travel" in capsys.readouterr().out
    assert geo_main(["journey", *ask, "--json"]) == 0
    assert {"there", "home", "short"} <= json.loads(capsys.readouterr().out).keys()
    assert layers_main(["sheet", *ask, "--out", str(tmp_path / "sheet.html")]) == 0
    assert "The way home" in (tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert layers_main(["sheet", *ask, "--out", str(tmp_path / "sheet.pdf")]) == 3
    assert layers_main(["sheet", *ask, "--out", str(tmp_path / "none" / "sheet.html")]) == 3
    (tmp_path / "folder.html").mkdir()
    assert layers_main(["sheet", *ask, "--out", str(tmp_path / "folder.html")]) == 3
    assert "is a directory" in capsys.readouterr().err


@pytest.fixture(scope="module")
def demo():
    from data.packio import load_pack

    return load_pack("demo")
