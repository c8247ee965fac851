"""The comparison with other engines: what counts as a difference, and where it is put down to."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import osmium

from benchmarks.validation.compare import count_agreement, find_causes, find_differences
from benchmarks.validation.feeds import split_by_pattern
from benchmarks.validation.leftovers import RawTrips
from benchmarks.validation.street_files import write_by_rules
from tests.street_files import StreetFile


def test_over_a_minute_or_reached_by_one_only_is_a_difference() -> None:
    own = np.array([100, 100, 100, 100, -1, -1])
    peer = np.array([160, 161, 39, -1, 50, -1])
    assert find_differences(own, peer).tolist() == [False, True, True, True, True, False]


def test_agreement_counts_every_pair_that_either_reaches_and_drops_none() -> None:
    own = np.array([2700, 2701, 9000, -1, -1])
    peer = np.array([2700, 2701, -1, 2600, -1])
    found = count_agreement(own, peer, find_differences(own, peer))
    # Within 45 minutes: the first (both, agree) and the fourth (theirs only); ever: all but the last.
    assert (found.agree, found.reached) == (1, 2)
    assert (found.agree_ever, found.reached_ever) == (2, 4)


def test_a_difference_is_put_down_to_the_stage_at_which_it_vanishes_for_good() -> None:
    yes, no = True, False
    stages = [
        np.array([yes, yes, yes, no, yes]),
        np.array([no, yes, no, no, yes]),
        np.array([no, no, yes, yes, yes]),
        np.array([no, no, no, no, yes]),
    ]
    # Gone at stage 1; at 2; at 1 but back at 2, so 3; none at first; still there after all four.
    assert find_causes(stages).tolist() == [1, 2, 3, 0, 4]


FEED = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\nA,A,http://a.example,Europe/London\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\nX,X,51,-3\nY,Y,51.1,-3\nZ,Z,51.2,-3\n",
    "routes.txt": "route_id,agency_id,route_short_name,route_type\nR,A,1,3\n",
    "trips.txt": "route_id,service_id,trip_id\nR,on,out\nR,on,back\nR,off,other\n",
    "stop_times.txt": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type\n"
        "out,10:00:00,10:00:00,X,1,0,0\nout,10:05:30,10:05:30,Y,2,1,0\nout,10:10:00,10:10:00,Z,3,0,0\n"
        "back,11:00:00,11:00:00,Z,1,0,0\nback,11:05:00,11:05:00,Y,2,0,0\nback,11:10:00,11:10:00,X,3,0,0\n"
        "other,09:00:00,09:00:00,X,1,0,0\nother,09:10:00,09:10:00,Z,2,0,0\n"
    ),
    "calendar.txt": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "on,0,1,0,0,0,0,0,20250101,20251231\noff,0,1,0,0,0,0,0,20240101,20241231\n"
    ),
}
TUESDAY = dt.date(2025, 6, 10)


def write_feed(folder: Path) -> Path:
    folder.mkdir()
    for name, text in FEED.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_both_directions_of_a_route_become_routes_of_their_own(tmp_path: Path) -> None:
    split_by_pattern(write_feed(tmp_path / "raw"), tmp_path / "split", TUESDAY)
    with (tmp_path / "split" / "trips.txt").open() as file:
        routes = {row["trip_id"]: row["route_id"] for row in csv.DictReader(file)}
    assert set(routes) == {"out", "back"}  # the other ran until last year
    assert routes["out"] != routes["back"]


def test_the_raw_trips_give_the_first_arrival_and_read_who_may_board(tmp_path: Path) -> None:
    raw = write_feed(tmp_path / "raw")
    trips = RawTrips(raw, TUESDAY, read_pickup=True, whole_minutes=False)
    # 09:50, 5 minutes to X: the 10:00 to Z, and 2 minutes on from there.
    assert trips.earliest({"X": 300}, {"Z": 120}, 35_400) == 36_600 + 120
    assert trips.earliest({"X": 601}, {"Z": 120}, 35_400) is None  # a second too late
    assert trips.earliest({"Y": 0}, {"Z": 0}, 35_400) is None  # nobody may board at Y
    free = RawTrips(raw, TUESDAY, read_pickup=False, whole_minutes=False)
    assert free.earliest({"Y": 0}, {"Z": 0}, 35_400) == 36_600
    cut = RawTrips(raw, TUESDAY, read_pickup=True, whole_minutes=True)
    assert cut.earliest({"X": 0}, {"Y": 0}, 35_400) == 36_300  # 10:05:30


def test_one_rule_of_the_streets_is_settled_at_a_time(tmp_path: Path) -> None:
    # A street of 220 nodes, so that it is no scrap; a private one, a square, and a scrap of two nodes.
    nodes = {n: (float(10 * n), 0.0) for n in range(1, 221)}
    nodes |= {901: (0, 100), 902: (50, 100), 903: (50, 150), 904: (0, 150), 950: (900, 900), 951: (950, 900)}
    town = StreetFile(
        nodes,
        {
            1: (list(range(1, 221)), {"highway": "residential"}),
            2: ([1, 901], {"highway": "residential"}),
            3: ([220, 902], {"highway": "service", "access": "private"}),
            4: ([901, 902, 903, 904, 901], {"highway": "pedestrian", "area": "yes"}),
            5: ([950, 951], {"highway": "path"}),
        },
    )
    raw = town.write_pbf(tmp_path / "raw.osm.pbf")

    def ways(*rules: str) -> dict[int, dict[str, str]]:
        path = write_by_rules(raw, tmp_path / "out.osm.pbf", "EPSG:27700", frozenset(rules))
        return {item.id: dict(item.tags) for item in osmium.FileProcessor(str(path)) if item.is_way()}

    assert set(ways()) == {1, 2, 3, 4, 5}
    assert set(ways("closed")) == {1, 2, 4, 5}
    assert ways("closed", "open")[1] == {"highway": "footway"}
    assert ways("closed", "open")[4]["area"] == "yes"
    crossed = ways("closed", "open", "squares")
    assert "area" not in crossed[4]
    assert len(crossed) == 4 + 2  # the square's two diagonals
    assert set(ways("closed", "open", "squares", "pieces")) == set(crossed) - {5}
