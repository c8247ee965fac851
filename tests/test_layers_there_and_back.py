"""There and back in words and exports: assumed times are never a plain yes; a file says what made it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from data.packio import write_pack
from geo.engine import Engine
from geo.query import Query
from geo.roundtrip import DEFAULT_ROUND_TRIP
from geo.sessions import ASSUMED_LENGTH_S, ASSUMED_START_S
from geo.tables import REASONS, GapTable, ReachTable
from geo.whatif.command import describe_totals
from geo.whatif.difference import compute_what_if
from geo.whatif.model import RemoveService, Scenario
from geo.write import read_metadata
from layers.__main__ import main
from layers.command import say_command
from layers.export import ExportRequest, export_pack
from layers.measures import gap_measure, number_in_reach
from layers.planner import build_category_table, build_group_table, build_headline, say_cells
from layers.reach_panel import summarise_reach
from layers.there_and_back import (
    ASSUMED_ALONE,
    WHAT_IS_ASSUMED,
    ThereAndBack,
    knows_sessions,
    say_assumed,
    say_people_assumed,
    say_sessions,
    say_verdict,
    weigh_neighbourhoods,
)
from layers.what_if import build_difference_table, say_difference, say_difference_cells
from layers.why_panel import say_nothing_missing
from layers.words import REASON_WORDS, say_clock, say_title
from tests.roundtrip_towns import assumed_town
from tests.test_layers_map import build_small_town


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(build_small_town())


def test_the_words_name_the_engines_assumed_session() -> None:
    times = f"{say_clock(ASSUMED_START_S)} to {say_clock(ASSUMED_START_S + ASSUMED_LENGTH_S)}"
    assert times in say_verdict("one_bus", pd.NA, True, REASON_WORDS)
    assert times in WHAT_IS_ASSUMED and times in say_sessions(ThereAndBack())


@pytest.mark.parametrize("reason", [name for name in REASONS if name not in ("outside_data", "no_timetable")])
@pytest.mark.parametrize("reach_class", ["walk", "one_bus", "not_in_reach"])
def test_an_assumed_verdict_says_so_first(reach_class: str, reason: str) -> None:
    words = say_verdict(reach_class, reason, True, REASON_WORDS)
    assert words.startswith("Assumed: ") and "assumed" not in say_verdict(
        reach_class, reason, False, REASON_WORDS
    )
    if reason == "no_return" and reach_class == "not_in_reach":
        assert "no bus home after it ends" in words


def test_what_is_not_known_stays_not_known() -> None:
    assert say_verdict("outside_data", "outside_data", True, REASON_WORDS).startswith("Not known")
    assert say_verdict("not_in_reach", "no_timetable", True, REASON_WORDS).startswith("Not known")


def test_a_town_without_sessions_is_all_assumed_and_says_so(engine: Engine) -> None:
    """Its bus runs one way only: from N1 there is a way there, and none back."""
    table = engine.reach_there_and_back(Query())
    assert not knows_sessions(engine.pack) and "1 are counted by an assumed session" in say_assumed(table)
    summary = summarise_reach(engine.pack, table, "N1", kind="service", category=None)
    assert summary.in_reach == 0 and "come home from" in summary.sentence
    assert summary.table["Reach"].iloc[0].startswith("Assumed: ")


@pytest.fixture(scope="module")
def told() -> tuple[Engine, ReachTable, GapTable]:
    """A town in which 80 of 150 get there and back: 30 to nothing but the club, whose times nobody told."""
    engine = Engine(assumed_town())
    points = engine.reach_there_and_back(Query(), level="point")
    return engine, points, engine.gap(Query(), points=points)


def test_people_by_assumed_times_alone_are_said_wherever_people_in_reach_are(told) -> None:
    engine, points, gap = told
    pack, anything = engine.pack, {"kind": "service", "category": "*", "group_id": "all"}
    line = build_headline(pack, gap, **anything)
    assert line is not None and (line.in_reach, line.in_reach_assumed) == ("80", "30 of them assumed")
    food = build_headline(pack, gap, **{**anything, "category": "Food"})
    assert food is not None and food.in_reach_assumed == "all of them assumed"
    health = build_headline(pack, gap, **{**anything, "category": "Health"})
    assert health is not None and health.in_reach_assumed == ""

    table = build_category_table(gap, kind="service", group_id="all")
    assert table["In reach"].to_dict() == {"*": 80, "Food": 80, "Health": 50}
    assert table[ASSUMED_ALONE].to_dict() == {"*": 30, "Food": 80, "Health": 0}
    groups = build_group_table(pack, gap, kind="service", category="*", level="neighbourhood", area_id="N1")
    assert say_cells(groups)[ASSUMED_ALONE](groups.loc["g", ASSUMED_ALONE]) == "fewer than 10"

    said = say_people_assumed(gap, "N1", **anything)
    assert "Of 100 people there, 30 have one in reach there and back, all of them only by assumed" in said
    assert WHAT_IS_ASSUMED in said and "10:30 to 12:30 is assumed where no times are known" in said
    asked = {"kind": "service", "category": "Food"}
    assert say_nothing_missing(gap, "N2", **asked).endswith("in reach, all of them only by assumed times.")
    assert say_nothing_missing(gap, "N2", kind="service", category="*").endswith("on the left in reach.")
    assert say_people_assumed(gap, "N2", **anything) == ""  # the clinic's times are known
    assert say_people_assumed(gap, "N2", **{**anything, "group_id": "g"}) == ""  # not published there
    measure = gap_measure(pack, gap, column="cut_off", unit="share", **anything)
    assert "only by assumed times (10:30 to 12:30" in measure.leaves_out
    number = number_in_reach(pack, weigh_neighbourhoods(points, pack), kind="service", category="*")
    assert number.texts == ("0", "2, 1 of them assumed")  # of N1 most are afar


def test_getting_there_rests_on_no_session(told) -> None:
    engine = told[0]
    gap = engine.gap(Query())
    anything = {"kind": "service", "category": "*", "group_id": "all"}
    line = build_headline(engine.pack, gap, **anything)
    assert line is not None and line.in_reach_assumed == ""
    assert ASSUMED_ALONE not in build_category_table(gap, kind="service", group_id="all")
    assert say_people_assumed(gap, "N1", **anything) == ""
    measure = gap_measure(engine.pack, gap, column="cut_off", unit="share", **anything)
    assert "assumed" not in measure.leaves_out


def test_files_count_people_by_assumed_times_alone(told, tmp_path: Path) -> None:
    out = tmp_path / "town.gpkg"
    request = ExportRequest(Query(), ("neighbourhoods", "gap"), trip=ThereAndBack())
    export_pack(told[0], request, out, today=dt.date(2025, 7, 1), progress=lambda _done, _doing: None)
    hoods = gpd.read_file(out, layer="neighbourhoods").set_index("neighbourhood_id")
    assert hoods["any_in_reach_assumed"].to_dict() == {"N1": 30, "N2": 0}
    gap = gpd.read_file(out, layer="gap")
    np.testing.assert_array_equal(gap["in_reach_assumed"], told[2].frame["in_reach_assumed"])
    assert "assumed" in read_metadata(out)["columns"]["in_reach_assumed"]
    assert "10:30 to 12:30 is assumed" in read_metadata(out)["title"]


def test_what_if_says_who_rests_on_assumed_times_then_and_now(told) -> None:
    """Without the clinic nobody loses all, but the 50 who walk have assumed times alone then."""
    scenario = Scenario("No clinic", (RemoveService(service="clinic"),))
    found = compute_what_if(told[0], Query(scenario=scenario), settings=DEFAULT_ROUND_TRIP)
    anything = {"kind": "service", "category": "*", "group_id": "all"}
    assert "80 are so only by assumed times, 30 now" in say_difference(found, **anything)
    table = build_difference_table(found, by="ward", **anything)
    assert table[["Only by assumed times now", "Only by assumed times then"]].to_numpy().tolist() == [
        [30, 80]
    ]
    assert set(say_difference_cells(table)) >= {"Only by assumed times now", "Only by assumed times then"}
    assert "only by assumed times 30 before, 80 after" in describe_totals(found)
    there = compute_what_if(told[0], Query(scenario=scenario))
    assert "assumed" not in say_difference(there, **anything) + describe_totals(there)


def test_a_title_says_sessions_and_no_window(engine: Engine) -> None:
    trip = ThereAndBack(1)
    title = say_title("X", Query(), engine.pack.manifest, say_sessions(trip))
    assert "a session on a Tuesday (10:30 to 12:30 is assumed where nobody told us its times)" in title
    assert "09:30" not in title and "each way one bus" in title


def test_an_export_says_there_and_back(engine: Engine, tmp_path: Path) -> None:
    out = tmp_path / "reach.parquet"
    request = ExportRequest(Query(), ("reach",), trip=ThereAndBack())
    export_pack(engine, request, out, today=dt.date(2025, 7, 1), progress=lambda _done, _doing: None)
    expected = engine.reach_there_and_back(Query()).frame
    read = pd.read_parquet(out)
    assert read["reason"].astype(str).tolist() == expected["reason"].astype(str).tolist()
    metadata = read_metadata(out)
    assert metadata["round_trip"]["linger_s"] == 2700 and "there and back" in metadata["title"]


def test_the_command_line_gives_the_same(engine: Engine, tmp_path: Path) -> None:
    write_pack(engine.pack, tmp_path / "town")
    out = tmp_path / "reach.csv"
    command = say_command(str(tmp_path / "town"), Query(), str(out), "reach", trip=ThereAndBack(2))
    assert "--there-and-back --day wednesday" in command
    assert main(command.split()[3:]) == 0
    assert pd.read_csv(out)["assumed"].all()
