"""Timetables of neighbouring regions as one: ids kept apart by feed, stops and operators joined."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from data.errors import FeedError
from data.sources.gtfs import GtfsResult
from data.sources.gtfs_join import join_timetables
from tests.feed_files import DEGREES, WEEKDAYS, calls_text, read_feed

NEW = "agency_id,agency_name,agency_url,agency_timezone\nOP,Other Buses,https://example.org,Europe/London\n"


def feed(tmp_path: Path, name: str, **changed: str) -> GtfsResult:
    (tmp_path / name).mkdir()
    return read_feed(tmp_path / name, **changed)


def calls_of(result: GtfsResult, trip: str) -> list[tuple[str, int]]:
    """Stops and departures of a trip, by names and not by rows."""
    row = result.feed.trips.index[result.feed.trips["trip_id"] == trip][0]
    calls = result.feed.stop_times
    mine = calls["trip_index"] == row
    stops = result.stops["stop_id"].to_numpy()[calls["stop_index"][mine]]
    return list(zip(stops.tolist(), calls["departure_s"][mine].tolist(), strict=True))


def test_one_id_for_two_things_stays_two_things(tmp_path: Path) -> None:
    first = feed(tmp_path, "one")
    # The other region's T1 of its R1 runs the other way, at other times and days, for another operator.
    lon, lat = DEGREES["E"]
    second = feed(
        tmp_path, "two",
        agency=NEW,
        stops="stop_id,stop_name,stop_lat,stop_lon\n"
        + "".join(f"{s},Their {s},{DEGREES[s][1]:.7f},{DEGREES[s][0]:.7f}\n" for s in ("D", "A"))
        + f"F,Far,{lat:.7f},{lon:.7f}\n",
        stop_times=calls_text(
            "T1,10:00:00,10:00:00,D,1", "T1,10:20:00,10:20:00,A,2", "T1,10:40:00,10:40:00,F,3"
        ),
        calendar=f"service_id,{WEEKDAYS},start_date,end_date\nWD,0,0,0,0,0,1,1,20230601,20230630\n",
    )  # fmt: skip
    both = join_timetables([first, second], ["one.zip", "two.zip"])
    assert both.feed.trips["trip_id"].tolist() == ["T1", "2:T1"]
    assert both.feed.trips["route_id"].tolist() == ["R1", "2:R1"]
    assert both.feed.trips["service_id"].tolist() == ["WD", "2:WD"]
    assert both.feed.calendar["service_id"].tolist() == ["WD", "2:WD"]
    assert both.feed.calendar["saturday"].tolist() == [False, True]
    # Stops are the nation's: they stand once, under the first feed's names.
    assert both.stops["stop_id"].tolist() == ["A", "B", "C", "D", "E", "F"]
    assert both.stops["name"].tolist()[3] == "Stop D"
    assert both.stops["served"].tolist() == [True, True, True, True, False, True]
    assert calls_of(both, "T1") == calls_of(first, "T1")
    assert calls_of(both, "2:T1") == [("D", 36000), ("A", 37200), ("F", 38400)]
    # OP is Test Buses here and Other Buses there.
    assert both.feed.agency["agency_id"].tolist() == ["OP", "2:OP"]
    assert both.feed.routes["agency_id"].tolist() == ["OP", "2:OP"]


def test_a_trip_that_both_have_counts_once_and_one_of_other_days_stays(tmp_path: Path) -> None:
    first = feed(tmp_path, "one")
    # The same trip under other ids, of the same operator by name, and a second one at ten.
    other = {
        "agency": "agency_id,agency_name,agency_url,agency_timezone\nX9,TEST Buses,https://e.org,Europe/London\n",
        "routes": "route_id,agency_id,route_short_name,route_long_name,route_type\nQ,X9,1,,3\n",
        "trips": "route_id,service_id,trip_id\nQ,S,same\nQ,S,later\n",
        "stop_times": calls_text(
            *(f"same,09:{5 * n:02}:00,09:{5 * n:02}:00,{stop},{n}" for n, stop in enumerate("ABCD")),
            *(f"later,10:{5 * n:02}:00,10:{5 * n:02}:00,{stop},{n}" for n, stop in enumerate("ABCD")),
        ),
    }  # fmt: skip
    calendar = "service_id," + WEEKDAYS + ",start_date,end_date\nS,1,1,1,1,1,0,0,{},20230630\n"
    second = feed(tmp_path, "two", **other, calendar=calendar.format("20230601"))
    both = join_timetables([first, second], ["one.zip", "two.zip"])
    assert both.feed.agency["agency_name"].tolist() == ["Test Buses"]
    assert both.feed.trips["trip_id"].tolist() == ["T1", "2:later"]
    assert calls_of(both, "2:later") == [(s, t + 3600) for s, t in calls_of(first, "T1")]
    assert [(f.code, f.count) for f in both.faults if f.code == "trip_in_two_feeds"] == [
        ("trip_in_two_feeds", 1)
    ]
    assert set(both.feed.stop_times["trip_index"]) == {0, 1}
    # From another day on it is not known to be the same: both stay.
    third = feed(tmp_path, "three", **other, calendar=calendar.format("20230605"))
    assert len(join_timetables([first, third], ["one.zip", "three.zip"]).feed.trips) == 3


def test_one_feed_is_as_it_was_and_other_time_zones_are_refused(tmp_path: Path) -> None:
    first = feed(tmp_path, "one")
    alone = join_timetables([first], ["one.zip"])
    pd.testing.assert_frame_equal(alone.feed.trips, first.feed.trips)
    assert alone is first
    paris = replace(first, info=replace(first.info, timezone="Europe/Paris"))
    with pytest.raises(FeedError, match=r"different time zones \(Europe/London, Europe/Paris\)"):
        join_timetables([first, paris], ["one.zip", "two.zip"])


def test_what_is_wrong_in_each_feed_is_told_with_its_name(tmp_path: Path) -> None:
    results = [feed(tmp_path, "one"), feed(tmp_path, "two", agency=NEW)]
    both = join_timetables(results, ["one.zip", "two.zip"])
    files = {fault.file for fault in both.faults}
    assert "one.zip: stops.txt" in files
    assert "two.zip: stops.txt" in files
