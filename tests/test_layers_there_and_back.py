"""There and back in words and exports: assumed times are never a plain yes; a file says what made it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from data.packio import write_pack
from geo.engine import Engine
from geo.query import Query
from geo.sessions import ASSUMED_LENGTH_S, ASSUMED_START_S
from geo.tables import REASONS
from geo.write import read_metadata
from layers.__main__ import main
from layers.command import say_command
from layers.export import ExportRequest, export_pack
from layers.reach_panel import summarise_reach
from layers.there_and_back import ThereAndBack, knows_sessions, say_assumed, say_sessions, say_verdict
from layers.words import REASON_WORDS, say_clock, say_title
from tests.test_layers_map import build_small_town


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(build_small_town())


def test_the_words_name_the_engines_assumed_session() -> None:
    times = f"{say_clock(ASSUMED_START_S)} to {say_clock(ASSUMED_START_S + ASSUMED_LENGTH_S)}"
    assert times in say_verdict("one_bus", pd.NA, True, REASON_WORDS)


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


def test_a_title_says_sessions_and_no_window(engine: Engine) -> None:
    trip = ThereAndBack(1)
    title = say_title("X", Query(), engine.pack.manifest, say_sessions(trip))
    assert "a session on a Tuesday" in title and "09:30" not in title and "each way one bus" in title


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
