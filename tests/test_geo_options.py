"""The command line: what is typed becomes the query that was meant, or a clear refusal."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import QueryError, UsageError
from geo.__main__ import main
from geo.options import (
    add_query_options,
    check_there_and_back,
    clock_to_seconds,
    cutoffs_to_seconds,
    join_negative_values,
    query_from_options,
)
from geo.query import Query
from layers.__main__ import main as layers_main


def parse(*arguments: str) -> Query:
    parser = argparse.ArgumentParser()
    add_query_options(parser)
    return query_from_options(parser.parse_args(join_negative_values(arguments)))


def test_no_options_give_the_defaults_of_the_definitions():
    query = parse()
    assert query == Query()
    assert (query.cutoff_s, query.window_start_s, query.window_end_s) == (45 * 60, 34_200, 41_400)
    assert (query.walk.leg_limit_mm, query.walk.total_limit_mm) == (640_000, 1_280_000)


def test_every_option_reaches_the_query():
    query = parse(
        "--date", "2026-11-24", "--window", "23:30-25:30", "--cutoff", "30", "--percentiles", "50,85,95",
        "--max-walk", "400", "--max-walk-total", "500", "--walk-speed", "3.6", "--avoid-steps",
        "--board-slack", "0", "--modes", "bus,tram", "--boardings", "2",
    )  # fmt: skip
    assert query.service_date is not None and query.service_date.isoformat() == "2026-11-24"
    assert (query.window_start_s, query.window_end_s) == (84_600, 91_800)
    assert (query.cutoff_s, query.percentiles, query.board_slack_s) == (1_800, (50, 85, 95), 0)
    assert (query.walk.max_walk_m, query.walk.total_limit_mm, query.walk.avoid_steps) == (400, 500_000, True)
    assert query.walk.speed_mm_per_h == 3_600_000
    assert (query.modes, query.boardings) == (("bus", "tram"), 2)


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(QueryError) as caught:
        parse("--window", "11:30-09:30", "--cutoff", "0", "--modes", "bus,broomstick", "--walk-speed", "40")
    assert len(caught.value.faults) == 4
    assert "broomstick" in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["9.30", "24:60", "ten", "-1:00", "", "99:00", "09:30:99"])
def test_times_that_are_none_are_refused(text: str):
    with pytest.raises(argparse.ArgumentTypeError, match="not a time"):
        clock_to_seconds(text)


@given(st.integers(0, 48), st.integers(0, 59), st.integers(0, 59))
def test_a_clock_time_is_its_seconds(hours: int, minutes: int, seconds: int):
    assert clock_to_seconds(f"{hours}:{minutes:02d}:{seconds:02d}") == hours * 3600 + minutes * 60 + seconds


def test_cutoffs_are_ascending_and_each_once():
    assert cutoffs_to_seconds("45,15,45") == (900, 2700)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["--origin", "-2.99,51.58"], ["--origin=-2.99,51.58"]),
        (["--origin", "-.5,51"], ["--origin=-.5,51"]),
        (["--from", "-2.99,51.58", "--to", "-3,51.6"], ["--from=-2.99,51.58", "--to=-3,51.6"]),
        (["--origin=-2,5", "--best"], ["--origin=-2,5", "--best"]),
        (["--origin", "2.99,51.58"], ["--origin", "2.99,51.58"]),
    ],
)
def test_coordinates_west_of_greenwich_are_typed_as_they_are(typed: list[str], meant: list[str]):
    assert join_negative_values(typed) == meant


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["gap", "demo", "--day", "sunday"], "--day: would change nothing"),
        (["reach", "demo", "--early", "10", "--stay", "30"], "--early, --stay: would change nothing"),
        (["why", "demo", "--linger", "30"], "add --there-and-back"),
        (["whatif", "demo", "--scenario", "no.toml", "--day", "sunday"], "add --there-and-back"),
        (["gap", "demo", "--there-and-back", "--window", "17:00-19:00"], "--window: would change nothing"),
        (["reach", "demo", "--there-and-back", "--percentiles", "85"], "--percentiles: would change nothing"),
        (["gap", "demo", "--there-and-back", "--boardings", "2"], "--boardings 2"),
        (["matrix", "demo", "--part-origins", "50"], "--part-origins: would change nothing"),
        (["timesofday", "demo", "--by", "gap", "--origins-level", "point"], "leave one out"),
        (["reach", "demo", "--origins", "own.csv", "--origins-level", "neighbourhood"], "leave one of both"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(arguments, words, tmp_path: Path, capsys):
    out = tmp_path / ("out.parquet" if arguments[0] == "matrix" else "out.csv")
    assert main([*arguments, "--out", str(out)]) == 2
    assert words in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_an_export_there_and_back_has_land_that_the_window_counts_for(tmp_path: Path, capsys):
    ask = ["export", "demo", "--out", str(tmp_path / "gap.csv")]
    assert layers_main([*ask, "--day", "sunday"]) == 2
    assert "add --there-and-back" in capsys.readouterr().err
    assert layers_main([*ask, "--origins", "X01000001", "--cutoffs", "15"]) == 2
    assert "--origins, --cutoffs: about isochrones only" in capsys.readouterr().err
    assert layers_main([*ask, "--what", "reach", "--times-of-day"]) == 2
    assert "adds to gap and neighbourhoods only" in capsys.readouterr().err and not list(tmp_path.iterdir())
    both = argparse.Namespace(there_and_back=True, window=(0, 60), boardings=1)
    check_there_and_back(both, window_counts=True)
    with pytest.raises(UsageError):
        check_there_and_back(both)


@pytest.mark.parametrize(
    "arguments",
    [
        ["journey", "demo", "--from", "a", "--to", "b", "--depart", "09:00", "--window", "09:00-10:00"],
        ["journey", "demo", "--from", "a", "--to", "b", "--depart", "09:00", "--boardings", "2"],
        ["roundtrip", "demo", "--out", "r.csv", "--window", "09:00-10:00"],
        ["timesofday", "demo", "--out", "t.csv", "--window", "09:00-10:00"],
    ],
)
def test_what_a_command_does_not_look_at_is_no_option_of_it(arguments: list[str], capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2 and "unrecognized arguments" in capsys.readouterr().err


def test_best_and_percentiles_are_two_questions(tmp_path: Path, capsys):
    out = str(tmp_path / "land.geojson")
    assert (
        main(["isochrone", "demo", "--origin", "X01000001", "--best", "--percentiles", "50", "--out", out])
        == 2
    )
    assert "two different questions" in capsys.readouterr().err
