"""The comparison with other engines: what counts as a difference, and rides worked out from text files."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from benchmarks.validation.compare import count_agreement, find_causes, find_differences
from benchmarks.validation.feeds import calls_of, write_feed, write_timed
from benchmarks.validation.rides import FAR, RawRides, Search


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


def write_texts(folder: Path, **changed: str) -> Path:
    folder.mkdir()
    for name, text in FEED.items():
        (folder / name).write_text(changed.get(name.removesuffix(".txt"), text), encoding="utf-8")
    return folder


def write_calls(folder: Path, **trips: list[tuple[str, str]]) -> Path:
    """A feed of these trips on one route, each a list of (stop, time)."""
    about = "".join(f"R,on,{trip}\n" for trip in trips)
    calls = "".join(
        f"{trip},{time},{time},{stop},{number},0,0\n"
        for trip, stops in trips.items()
        for number, (stop, time) in enumerate(stops)
    )
    heads = {name: FEED[f"{name}.txt"].partition("\n")[0] + "\n" for name in ("trips", "stop_times")}
    return write_texts(folder, trips=heads["trips"] + about, stop_times=heads["stop_times"] + calls)


def routes_of(folder: Path) -> dict[str, str]:
    with (folder / "trips.txt").open() as file:
        return {row["trip_id"]: row["route_id"] for row in csv.DictReader(file)}


def walks(stops: dict[int, int]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(list(stops), np.int64), np.array(list(stops.values()), np.int64)


def test_the_dated_feed_keeps_routes_and_drops_trips_of_other_dates(tmp_path: Path) -> None:
    dated = write_feed(write_texts(tmp_path / "raw"), tmp_path / "dated", TUESDAY)
    assert routes_of(dated) == {"out": "R", "back": "R"}  # the other ran until last year
    assert "off" not in (dated / "calendar.txt").read_text()


def test_both_directions_and_trips_that_overtake_become_routes_of_their_own(tmp_path: Path) -> None:
    both = write_feed(write_texts(tmp_path / "raw"), tmp_path / "lanes", TUESDAY, lanes=True)
    assert len(set(routes_of(both).values())) == 2
    raw = write_calls(
        tmp_path / "fast",
        slow=[("X", "10:00:00"), ("Y", "10:30:00")],
        fast=[("X", "10:10:00"), ("Y", "10:20:00")],
        last=[("X", "10:40:00"), ("Y", "10:50:00")],
    )
    routes = routes_of(write_feed(raw, tmp_path / "split", TUESDAY, lanes=True))
    assert routes["slow"] == routes["last"] != routes["fast"]


def test_calls_at_stops_that_are_left_out_are_gone(tmp_path: Path) -> None:
    near = write_feed(write_texts(tmp_path / "raw"), tmp_path / "near", TUESDAY, stops={"X", "Z"})
    assert "Y" not in {line.split(",")[3] for line in (near / "stop_times.txt").read_text().splitlines()}
    nothing = write_feed(tmp_path / "raw", tmp_path / "one", TUESDAY, stops={"X"})
    assert not (nothing / "trips.txt").exists()  # a trip with one call carries nobody


def test_calls_without_a_time_get_one_by_distance(tmp_path: Path) -> None:
    # Y at 51.1 is half way from X to Z; the last trip has all its times.
    calls = FEED["stop_times.txt"].replace("out,10:05:30,10:05:30,Y", "out,,,Y")
    raw = write_texts(tmp_path / "raw", stop_times=calls)
    found = {row["stop_id"]: row["arrival_time"] for row in calls_of(raw, {"out"})["out"]}
    assert found == {"X": "10:00:00", "Y": "10:05:00", "Z": "10:10:00"}
    timed = write_timed(raw, tmp_path / "timed")
    assert "out,10:05:00,10:05:00,Y,2,1,0" in (timed / "stop_times.txt").read_text().splitlines()
    assert (timed / "stops.txt").read_bytes() == (raw / "stops.txt").read_bytes()
    full = write_texts(tmp_path / "full")
    assert write_timed(full, tmp_path / "same") == full


@pytest.mark.parametrize(
    ("read_pickup", "whole_minutes", "to_stop", "to_x_s", "expected_s"),
    [
        # 09:50 at X (row 0) after 5 minutes: the 10:00 to Z (row 2), and 2 minutes on from there.
        (True, False, 0, 300, 1200 + 120),
        (True, False, 0, 600, 1200 + 120),
        (True, False, 0, 601, FAR),  # a second too late
        (True, False, 1, 0, FAR),  # nobody may board at Y
        (False, False, 1, 0, 1200 + 120),
    ],
)
def test_the_raw_trips_give_the_first_arrival_and_read_who_may_board(
    tmp_path: Path, read_pickup: bool, whole_minutes: bool, to_stop: int, to_x_s: int, expected_s: int
) -> None:
    raw = write_texts(tmp_path / "raw")
    rides = RawRides(raw, TUESDAY, read_pickup=read_pickup, whole_minutes=whole_minutes)
    found = rides.travel_times(35_400, walks({to_stop: to_x_s}), [walks({2: 120})])
    assert found.tolist() == [expected_s]


def test_the_raw_trips_cut_seconds_off_and_know_the_days_beside(tmp_path: Path) -> None:
    raw = write_texts(tmp_path / "raw")
    to_y = [walks({1: 0})]
    exact, cut = (RawRides(raw, TUESDAY, whole_minutes=whole) for whole in (False, True))
    assert exact.travel_times(36_000, walks({0: 0}), to_y).tolist() == [330]  # 10:05:30
    assert cut.travel_times(36_000, walks({0: 0}), to_y).tolist() == [300]
    # On Monday evening the Tuesday trips are 14 hours away; a week later none is known.
    monday = dt.date(2025, 6, 9)
    assert RawRides(raw, monday).travel_times(72_000, walks({0: 0}), to_y).tolist() == [FAR]
    beside = RawRides(raw, monday, days=(-1, 0, 1))
    assert beside.travel_times(72_000, walks({0: 0}), to_y).tolist() == [14 * 3600 + 330]


def test_rides_from_the_files_are_those_of_trying_every_trip_and_stop(tmp_path: Path) -> None:
    draw = np.random.default_rng(3)
    for number in range(40):
        trips: dict[str, list[tuple[str, int]]] = {}
        for trip in range(int(draw.integers(1, 6))):
            times = np.sort(draw.integers(36_000, 40_000, int(draw.integers(2, 6))))
            stops = draw.choice(["X", "Y", "Z"], len(times))
            trips[f"t{trip}"] = list(zip(stops.tolist(), times.tolist(), strict=True))
        clock = {
            trip: [(stop, f"{s // 3600}:{s // 60 % 60:02d}:{s % 60:02d}") for stop, s in calls]
            for trip, calls in trips.items()
        }
        rides = RawRides(write_calls(tmp_path / str(number), **clock), TUESDAY)
        access, egress = (dict(enumerate(draw.integers(0, 900, 3).tolist())) for _ in range(2))
        at_s = int(draw.integers(35_000, 39_000))
        found = int(rides.travel_times(at_s, walks(access), [walks(egress)])[0])
        best = FAR
        for calls in trips.values():
            for i, (board, leaves_s) in enumerate(calls):
                for alight, arrives_s in calls[i + 1 :]:
                    if leaves_s >= at_s + access["XYZ".index(board)]:
                        best = min(best, arrives_s + egress["XYZ".index(alight)] - at_s)
        assert found == best
        # Several moments at once are each by itself, walking on included.
        moments = np.array([at_s, at_s + 60, at_s + 1200])
        onward = [walks({(stop + 1) % 3: 30, (stop + 2) % 3: 90}) for stop in range(3)]
        for search in (Search(), Search(quicker=True), Search(leaves=True, again=True)):
            asked = (walks(access), [walks(egress), walks({1: 0})], onward, search)
            together = rides.travel_times(moments, *asked)
            assert together.tolist() == [rides.travel_times(int(at), *asked).tolist() for at in moments]


STOPS5 = FEED["stops.txt"] + "V,V,51.3,-3\nW,W,51.4,-3\n"
NOWHERE = walks({})


def test_walking_on_follows_each_of_a_peers_rules(tmp_path: Path) -> None:
    # The bus waits at Z from 10:10 to 10:12; from Z 60 s to V, from V 60 s to W, nothing to W from Z.
    calls = FEED["stop_times.txt"].replace("10:10:00,10:10:00,Z", "10:10:00,10:12:00,Z")
    raw = write_texts(tmp_path / "raw", stop_times=calls, stops=STOPS5)
    rides = RawRides(raw, TUESDAY)
    onward = [NOWHERE, NOWHERE, walks({3: 60}), walks({4: 60}), NOWHERE]

    def to(stop: int, search: Search, access: dict[int, int] | None = None) -> int:
        ends = [walks({stop: 5})]
        return int(rides.travel_times(36_000, walks(access or {0: 0}), ends, onward, search)[0])

    assert to(2, Search()) == 600 + 5
    assert to(3, Search()) == 600 + 60 + 5
    assert to(3, Search(leaves=True)) == 720 + 60 + 5
    assert to(2, Search(leaves=True)) == 600 + 5  # who gets off there has arrived
    # On foot Z is reached before the bus: nobody walks on from it, but Z itself is reached.
    soon = {0: 0, 2: 500}
    assert to(3, Search(), soon) == 600 + 60 + 5
    assert to(3, Search(quicker=True), soon) == FAR
    assert to(2, Search(quicker=True), soon) == 500 + 5
    assert to(3, Search(quicker=True), {0: 0, 2: 601}) == 600 + 60 + 5
    # Twice: only from stops that a bus calls at, after the first in the feed's order.
    assert to(4, Search(again=True)) == FAR
    calls += "late,10:00:00,10:00:00,X,1,0,0\nlate,10:50:00,10:50:00,V,2,0,0\n"
    trips = FEED["trips.txt"] + "R,on,late\n"
    rides = RawRides(write_texts(tmp_path / "late", stop_times=calls, stops=STOPS5, trips=trips), TUESDAY)
    assert to(4, Search()) == 3000 + 60 + 5
    assert to(4, Search(again=True)) == 600 + 60 + 60 + 5
