"""Bad input at the command line: refused with a message that says what to do, or handled."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from data.errors import PackError, QueryError
from data.packio import load_pack
from geo.__main__ import main
from geo.engine import Engine
from geo.query import Query
from geo.roundtrip import RoundTripSettings
from tests.proof import make_query
from tests.roundtrip_towns import back, session, there, town

DEMO = str(Path(__file__).parent.parent / "data" / "packs" / "demo")
HAS = "2026-09-01 to 2027-03-31; choose a date in it"
TABLES = ("reach", "gap", "roundtrip", "timesofday", "why")


def refuse(capsys: pytest.CaptureFixture[str], tmp_path: Path, *arguments: str) -> str:
    """What a command says as it refuses, having written nothing."""
    out = tmp_path / ("x.geojson" if arguments[0] == "isochrone" else "x.csv")
    assert main([arguments[0], DEMO, "--out", str(out), *arguments[1:]]) == 2
    assert not out.exists()
    return capsys.readouterr().err


@pytest.mark.parametrize("command", TABLES)
def test_dates_outside_the_feed_are_refused_with_those_it_has(command: str, tmp_path: Path, capsys):
    assert HAS in refuse(capsys, tmp_path, command, "--date", "2031-01-01")


def test_a_journey_and_an_isochrone_on_such_a_date_too(tmp_path: Path, capsys):
    place = str(open_demo().pack.neighbourhoods["neighbourhood_id"].iloc[0])
    assert HAS in refuse(capsys, tmp_path, "isochrone", "--origin", place, "--date", "1999-01-01")
    assert (
        main(["journey", DEMO, "--from", place, "--to", place, "--depart", "9:00", "--date", "1999-01-01"])
        == 2
    )
    assert HAS in capsys.readouterr().err


def open_demo() -> Engine:
    return Engine(load_pack(DEMO))


def test_a_window_across_midnight_is_told_how_to_write(tmp_path: Path, capsys):
    said = refuse(capsys, tmp_path, "reach", "--window", "23:30-01:30")
    assert "window 23:30 to 01:30" in said and "write 23:30-25:30" in said
    assert Query(window_start_s=84_600, window_end_s=91_800).window_end_s == 91_800


@pytest.mark.parametrize(
    ("option", "value"), [("--walk-speed", "nan"), ("--walk-speed", "inf"), ("--cutoff", "inf")]
)
def test_numbers_that_are_none_are_refused(option: str, value: str, tmp_path: Path, capsys):
    if option == "--cutoff":
        with pytest.raises(SystemExit) as caught:
            main(["reach", DEMO, "--out", str(tmp_path / "x.csv"), option, value])
        assert caught.value.code == 2
        return
    assert "walk speed" in refuse(capsys, tmp_path, "reach", option, value)


@pytest.mark.parametrize("command", ["reach", "matrix"])
def test_points_far_from_the_area_are_refused_by_name(command: str, tmp_path: Path, capsys):
    hood = open_demo().pack.origin_points.iloc[0]
    points = tmp_path / "points.csv"
    points.write_text(f"id,lon,lat\nhere,{hood['lon']},{hood['lat']}\nswapped,{hood['lat']},{hood['lon']}\n")
    out = tmp_path / "x.parquet"
    assert main([command, DEMO, "--out", str(out), "--origins", str(points)]) == 2
    said = capsys.readouterr().err
    assert "swapped: " in said and "here: " not in said and "are they swapped?" in said
    assert not out.exists()


def test_a_session_that_ends_before_it_starts_is_refused_by_name_whatever_asks():
    pack = town(there("09:50"), back("12:10"), held=session("12:00", "10:30"))
    trip = RoundTripSettings()
    for ask in (Engine.round_trips, Engine.reach_there_and_back, Engine.why):
        with pytest.raises(PackError, match=r"clinic.*ends at 10:30, before it starts at 12:00"):
            ask(Engine(pack), make_query(), trip)


def test_sessions_and_windows_over_a_clock_change_keep_to_the_clock_on_the_wall():
    # On 30 March 2025 clocks go forward: a Sunday's session at 10:30 has that Sunday's buses.
    pack = town(there("09:50"), back("12:10"), held=session("10:30", "12:00", weekday=6))
    frame = (
        Engine(pack)
        .round_trips(make_query(service_date=dt.date(2025, 3, 30)), RoundTripSettings(), level="point")
        .frame
    )
    assert frame["verdict"].tolist() == ["yes"]


def test_a_date_out_of_the_feed_is_refused_by_the_library_too():
    pack = town(there("09:50"), back("12:10"))
    for ask in (Engine.reach, Engine.gap, Engine.round_trips, Engine.why, Engine.times_of_day):
        with pytest.raises(QueryError, match="choose a date in it"):
            ask(Engine(pack), make_query(service_date=dt.date(1999, 1, 1)))
