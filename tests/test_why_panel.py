"""The why table and the last bus home as the page shows them; the command line; the files."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pandas as pd
import pytest

from geo.__main__ import main
from geo.engine import Engine
from geo.tables import WHY_COLUMNS
from layers.export import ExportRequest, export_pack
from layers.reach_panel import summarise_reach
from layers.text import escape_for_map
from layers.there_and_back import ThereAndBack
from layers.why_panel import (
    add_last_buses,
    ask_why,
    build_why_table,
    draw_changes,
    list_last_buses,
    say_last_buses,
    say_nothing_missing,
)
from tests.proof import make_query
from tests.roundtrip_towns import back, session, there, town
from tests.towns import point, trip

EVIL = "<script>alert(1)</script>"


def test_the_list_names_the_last_bus_home():
    pack = town(there("09:50"), back("11:10", headsign="Moss Road"))
    engine, query, trip = Engine(pack), make_query(), ThereAndBack()
    reach = engine.reach_there_and_back(query, trip.settings)
    hood = str(pack.neighbourhoods["neighbourhood_id"].iloc[0])
    buses = list_last_buses(engine, query, trip, reach, hood)
    assert buses == {"clinic": "the last 1 towards Moss Road leaves at 11:10; the session ends at 12:00"}
    table = summarise_reach(pack, reach, hood, kind="service", category=None).table
    told = f"Service clinic: {buses['clinic']}"
    assert say_last_buses(table, pack, buses) == [told]
    said = add_last_buses(table, pack, buses)["Reach"].tolist()
    assert said == [
        "No bus home after it ends: the last 1 towards Moss Road leaves at 11:10; the session ends at 12:00"
    ]


def test_where_all_come_home_no_bus_is_named():
    pack = town(there("09:50"), back("12:10"))
    engine, query, trip = Engine(pack), make_query(), ThereAndBack()
    reach = engine.reach_there_and_back(query, trip.settings)
    assert list_last_buses(engine, query, trip, reach, "home") == {}


def test_a_row_shows_every_change_and_the_cheapest_in_words():
    pack = town(there("09:50"), back("11:50", headsign=EVIL), points=[point("home", 0, 0, people=1240)])
    hood = str(pack.neighbourhoods["neighbourhood_id"].iloc[0])
    why = ask_why(Engine(pack), make_query(), ThereAndBack(), hood)
    table = build_why_table(why, pack, kind="service", category=None)
    assert table["Category"].tolist() == ["Any", "Advice"]
    row = table.iloc[1]
    assert row["What would change it"] == (
        f"If one more bus, the 1 towards {EVIL}, left for home at 12:03 on Tuesday "
        "(the last now leaves at 11:50)"
    )
    assert (row["People without it"], row["More people"]) == (1240.0, 1240.0)
    others = (
        "Walk to or from a stop",
        "Walk all the way",
        "A longer journey",
        "A second bus",
    )
    assert [row[name] for name in others] == ["no"] * 4
    # 11:50 is missed by 13 minutes.
    moved, later = row["A session moved"], row["A later bus home"]
    assert (moved, later) == ("10:15: 1,240 people", "13 min later: 1,240 people")
    assert row["Nearest"] == "5.0 km"
    drawn = draw_changes(table.assign(Category=EVIL))
    assert "13 min later: 1,240 people" in drawn and "1,240 people without it" in drawn
    assert escape_for_map(EVIL) in drawn and EVIL not in drawn
    assert why.frame["sentence"].iloc[1].endswith("1,240 more people here could get there and back.")
    assert build_why_table(why, pack, kind="place", category=None).empty


def test_a_walk_to_a_stop_and_a_walk_all_the_way_stand_apart():
    # X with a bus both ways is 700 m from home, the clinic 1,380 m.
    # A bus from D elsewhere tells that the timetable knows of where home is.
    elsewhere = trip(("D", "09:40"), ("C", "09:45"))
    trips = trip(("X", "09:50"), ("E", "10:00")), trip(("E", "12:10"), ("X", "12:20")), elsewhere
    pack = town(*trips, home=3620.0, stops={"X": (2920, 0)}, streets=None, detour_factor=1.0)
    hood = str(pack.neighbourhoods["neighbourhood_id"].iloc[0])
    why = ask_why(Engine(pack), make_query(), ThereAndBack(), hood)
    table = build_why_table(why, pack, kind="service", category="Advice")
    row = table.iloc[0]
    assert row["Walk to or from a stop"] == "700 m: 100 people"
    assert row["Walk all the way"] == "1,380 m: 100 people"
    assert row["What would change it"] == (
        "If people could walk all the way, 1,380 m there and as far back, instead of 1,280 m"
    )
    drawn = draw_changes(table)
    assert "Walk to or from a stop" in drawn and "Walk all the way" in drawn


@pytest.mark.parametrize("category", ["Advice: debt, money", "1, 2: 3, 4: 5"])
def test_a_category_s_name_may_hold_what_parts_a_sentence(category):
    pack = town(there("09:50"), back("11:50", headsign="Hill: Top, Moss"))
    pack = dataclasses.replace(pack, services=pack.services.assign(category=category))
    hood = str(pack.neighbourhoods["neighbourhood_id"].iloc[0])
    table = build_why_table(
        ask_why(Engine(pack), make_query(), ThereAndBack(), hood), pack, kind="service", category=None
    )
    assert table["Category"].tolist() == ["Any", category]
    words = (
        "If one more bus, the 1 towards Hill: Top, Moss, left for home at 12:03 on Tuesday "
        "(the last now leaves at 11:50)"
    )
    assert table["What would change it"].tolist() == [words, words]


def test_fewer_than_ten_people_are_never_counted_out():
    pack = town(there("09:50"), back("11:50"), points=[point("home", 0, 0, people=7)])
    frame = Engine(pack).why(make_query(), ThereAndBack().settings).frame
    assert "fewer than 10 more people here could" in frame["sentence"].iloc[0]


def test_the_command_line_writes_the_table_and_its_meaning(tmp_path):
    out = tmp_path / "why.csv"
    place = "--category=*"
    assert (
        main(["why", "data/packs/demo", "--out", str(out), "--kind", "service", place, "--cutoff", "30"]) == 0
    )
    frame = pd.read_csv(out)
    assert list(frame.columns) == list(WHY_COLUMNS)
    assert set(frame["category"]) == {"*"} and set(frame["kind"]) == {"service"}
    meta = json.loads((tmp_path / "why.csv.meta.json").read_text())
    assert set(meta["columns"]) == set(WHY_COLUMNS)
    assert meta["query"]["cutoff_s"] == 1800


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--place", "Nowhere at all"], "Nowhere at all"),
        (["--category", "Lunch clubs"], "Did you mean 'Lunch club'? Choose from '*' (any), "),
        (["--place", "nan,nan"], "nan"),
    ],
)
def test_what_is_not_there_is_refused(arguments, words, tmp_path, capsys):
    assert main(["why", "data/packs/demo", "--out", str(tmp_path / "why.csv"), *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_term_and_day_narrow_what_is_asked():
    pack = town(there("09:50"), back("11:50"), held=session("10:30", "12:00"))
    frame = Engine(pack).why(make_query(), ThereAndBack().settings, day=1, category="Advice").frame
    assert frame["category"].tolist() == ["Advice"]


def test_it_is_a_part_of_the_export_with_its_meaning(tmp_path):
    pack = town(there("09:50"), back("11:50"))
    request = ExportRequest(make_query(), ("why",), trip=ThereAndBack())
    out = tmp_path / "why.csv"
    export_pack(Engine(pack), request, out, today=dt.date(2026, 1, 1), progress=lambda _done, _what: None)
    frame = pd.read_csv(out)
    assert frame["answer"].tolist() == ["bus", "bus"]
    meta = json.loads((tmp_path / "why.csv.meta.json").read_text())
    assert set(WHY_COLUMNS) <= set(meta["columns"]) and meta["round_trip"]["linger_s"] == 2700


def test_where_nothing_is_known_of_anybody_it_is_not_said_that_all_have_it():
    outside = point("far", 0, 9000, people=50, neighbourhood="OUT")
    pack = town(there("09:50"), back("12:10"), points=[point("home", 0, 0, neighbourhood="IN"), outside])
    gap = Engine(pack).gap(make_query())
    asked = {"kind": "service", "category": "*"}
    assert "Everybody here whose reach is known" in say_nothing_missing(gap, "IN", **asked)
    assert say_nothing_missing(gap, "OUT", **asked).startswith("It is not known of anybody here")
    assert "Everybody" in say_nothing_missing(None, "OUT", **asked)
