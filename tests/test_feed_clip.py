"""Clipping to an area, headways, shapes."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from data.errors import FeedError
from data.sources import gtfs_frequencies, gtfs_zip
from tests.feed_files import (
    DEGREES,
    PLACES,
    SOUND,
    T1,
    X,
    Y,
    calls_of,
    calls_text,
    fault_counts,
    read_feed,
    stops_text,
)

H9 = 9 * 3600
AROUND_A = shapely.Point(PLACES["A"]).buffer(100)


def trips_text(*ids: str) -> str:
    return "route_id,service_id,trip_id\n" + "".join(f"R1,WD,{name}\n" for name in ids)


def ride(trip: str, *stops: str) -> list[str]:
    return [f"{trip},09:{k:02d}:00,09:{k:02d}:00,{stop},{k}" for k, stop in enumerate(stops)]


def test_trips_that_call_inside_are_kept_whole_and_others_go(tmp_path: Path) -> None:
    result = read_feed(
        tmp_path,
        clip=AROUND_A,
        trips=trips_text("T1", "FAR", "T3"),
        stop_times=calls_text(*T1, *ride("FAR", "C", "D", "E"), *ride("T3", "C", "A")),
    )
    assert result.feed.trips["trip_id"].tolist() == ["T1", "T3"]
    assert [stop for stop, *_ in calls_of(result, "T1")] == ["A", "B", "C", "D"]
    # E lies outside and no kept trip calls there.
    assert result.stops["stop_id"].tolist() == ["A", "B", "C", "D"]
    assert result.feed.stop_times["trip_index"].tolist() == [0, 0, 0, 0, 1, 1]


def test_the_margin_reaches_out_and_is_inclusive(tmp_path: Path) -> None:
    spot = shapely.box(X - 10, Y - 10, X, Y + 10)
    kept = read_feed(tmp_path, clip=spot, margin_m=1000.1, stop_times=calls_text(*ride("T1", "B", "C")))
    assert kept.stops["stop_id"].tolist() == ["A", "B", "C"]
    assert kept.stops["served"].tolist() == [False, True, True]
    with pytest.raises(FeedError, match="no trip calls in the area"):
        read_feed(tmp_path, clip=spot, margin_m=900, stop_times=calls_text(*ride("T1", "B", "C")))


def test_scattered_rows_of_a_trip_are_all_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # T1's first rows lie outside and are let go before its last row turns out to lie inside.
    monkeypatch.setattr(gtfs_zip, "BLOCK_BYTES", 256)
    late = ride("T1", "B", "C", "D", "A")
    others = [row for k in range(30) for row in ride(f"F{k}", "C", "D")]
    result = read_feed(
        tmp_path,
        clip=AROUND_A,
        trips=trips_text("T1", *(f"F{k}" for k in range(30))),
        stop_times=calls_text(*late[:3], *others, late[3]),
    )
    assert [stop for stop, *_ in calls_of(result, "T1")] == ["B", "C", "D", "A"]
    assert result.feed.trips["trip_id"].tolist() == ["T1"]
    assert fault_counts(result) == {"stop_times_ungrouped": 1}


def test_a_trip_cut_by_a_batch_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gtfs_zip, "BLOCK_BYTES", 160)
    rides = [row for k in range(20) for row in ride(f"T{k}", "D", "C", "B", "A" if k % 2 else "E")]
    result = read_feed(
        tmp_path,
        clip=AROUND_A,
        trips=trips_text(*(f"T{k}" for k in range(20))),
        stop_times=calls_text(*rides),
    )
    assert result.feed.trips["trip_id"].tolist() == [f"T{k}" for k in range(1, 20, 2)]
    assert len(result.feed.stop_times["trip_index"]) == 40
    assert fault_counts(result) == {}


def test_clipping_changes_nothing_about_the_trips_it_keeps(tmp_path: Path) -> None:
    changed = {
        "trips": trips_text("FAR", "T1"),
        "stop_times": calls_text(*ride("FAR", "C", "D", "E"), T1[0], "T1,,,B,2", *T1[2:]),
    }
    clipped = read_feed(tmp_path, clip=AROUND_A, **changed)
    assert calls_of(clipped, "T1") == calls_of(read_feed(tmp_path, **changed), "T1")


def test_what_no_kept_trip_refers_to_goes(tmp_path: Path) -> None:
    result = read_feed(
        tmp_path,
        clip=AROUND_A,
        agency=SOUND["agency"] + "O2,Other,,Europe/London\n",
        routes=SOUND["routes"] + "R2,O2,2,,3\n",
        trips=trips_text("T1") + "R2,WE,FAR\n",
        stop_times=calls_text(*T1, *ride("FAR", "C", "D", "E")),
        calendar=SOUND["calendar"] + "WE,0,0,0,0,0,1,1,20230601,20230630\n",
    )
    assert result.feed.agency["agency_id"].tolist() == ["OP"]
    assert result.feed.routes["route_id"].tolist() == ["R1"]
    assert result.feed.calendar["service_id"].tolist() == ["WD"]
    assert fault_counts(result) == {}


FREQUENCIES = "trip_id,start_time,end_time,headway_secs,exact_times\n"


def test_headways_become_trips(tmp_path: Path) -> None:
    result = read_feed(
        tmp_path, frequencies=FREQUENCIES + "T1,10:00:00,10:30:00,600,\nT1,25:00:00,25:01:00,60,1\n"
    )
    trips = result.feed.trips
    assert trips["trip_id"].tolist() == ["T1@10:00:00", "T1@10:10:00", "T1@10:20:00", "T1@25:00:00"]
    assert trips["approximate"].tolist() == [True, True, True, False]
    assert calls_of(result, "T1@10:10:00")[0] == ("A", 36_600, 36_600)
    assert calls_of(result, "T1@10:10:00")[3] == ("D", 37_500, 37_500)
    assert result.feed.stop_times["trip_index"].tolist() == [k for k in range(4) for _ in range(4)]
    assert fault_counts(result) == {"frequencies_expanded": 4}


def test_headways_leave_other_trips_as_they_are(tmp_path: Path) -> None:
    result = read_feed(
        tmp_path,
        trips=trips_text("T0", "T1", "T2"),
        stop_times=calls_text(*ride("T0", "A", "B"), *T1, *ride("T2", "B", "A")),
        frequencies=FREQUENCIES + "T1,10:00:00,10:10:00,600,0\nT1,10:00:00,10:10:00,600,1\n",
    )
    assert result.feed.trips["trip_id"].tolist() == ["T0", "T2", "T1@10:00:00", "T1@10:00:00#2"]
    assert calls_of(result, "T0")[0] == ("A", H9, H9)
    assert calls_of(result, "T2")[0] == ("B", H9, H9)


@pytest.mark.parametrize(
    "line",
    [
        "T1,10:00:00,10:30:00,0,0",
        "T1,ten,10:30:00,600,0",
        "T1,10:30:00,10:00:00,600,0",
        "T1,10:00:00,10:30:00,,",
    ],
)
def test_headways_that_can_not_be(tmp_path: Path, line: str) -> None:
    result = read_feed(tmp_path, frequencies=FREQUENCIES + line + "\n")
    assert fault_counts(result) == {"frequency_malformed": 1}
    assert result.feed.trips["trip_id"].tolist() == ["T1"]


def test_headways_that_would_fill_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gtfs_frequencies, "MAX_NEW_CALLS", 1000)
    with pytest.raises(FeedError, match="can't be meant"):
        read_feed(tmp_path, frequencies=FREQUENCIES + "T1,00:00:00,24:00:00,1,0\n")


def shape_rows(name: str, *stops: str) -> str:
    return "".join(f"{name},{DEGREES[stop][1]},{DEGREES[stop][0]},{k}\n" for k, stop in enumerate(stops))


def test_shapes(tmp_path: Path) -> None:
    result = read_feed(
        tmp_path,
        trips="route_id,service_id,trip_id,shape_id\nR1,WD,T1,S1\nR1,WD,T2,S2\nR1,WD,T3,GONE\nR1,WD,T4,\n",
        stop_times=calls_text(*[row.replace("T1", f"T{k}") for k in range(1, 5) for row in T1]),
        shapes="shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n"
        + shape_rows("UNUSED", "A", "E")
        + "".join(reversed(shape_rows("S1", "A", "B", "D").splitlines(keepends=True)))
        + shape_rows("S2", "A")
        + "S1,here,there,9\n",
    )
    shapes = result.feed.shapes
    assert shapes is not None
    assert shapes["shape_id"].tolist() == ["S1"]
    line = shapes.geometry.iloc[0]
    assert [round(x - X) for x, _ in line.coords] == [0, 1000, 3000]
    assert result.feed.trips["shape_id"].isna().tolist() == [False, True, True, True]
    faults = fault_counts(result)
    assert faults == {"shape_point_malformed": 1, "shape_dangling": 2}


def test_trips_that_name_shapes_in_a_feed_without_any(tmp_path: Path) -> None:
    result = read_feed(tmp_path, trips="route_id,service_id,trip_id,shape_id\nR1,WD,T1,S1\n")
    assert result.feed.shapes is None
    assert fault_counts(result) == {"no_shapes": 1, "shape_dangling": 1}


def test_west_of_greenwich_and_far_away_in_another_projection(tmp_path: Path) -> None:
    stops = stops_text(A="-30.03,-51.23", B="-30.04,-51.22", C="-30.05,-51.21", D="-30.06,-51.20")
    from data.sources.gtfs import read_gtfs
    from tests.feed_files import write_feed

    result = read_gtfs(write_feed(tmp_path, stops=stops), crs="EPSG:32722")
    assert result.stops["x"].between(470_000, 490_000).iloc[:4].all()
    assert len(calls_of(result, "T1")) == 4
