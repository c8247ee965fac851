"""The importers on the real timetables beside the checkout."""

from __future__ import annotations

import datetime as dt
import time
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from data.duplicates import find_duplicate_trips
from data.service_days import choose_service_date, compute_feed_dates, find_trips_on
from data.sources.gtfs import GtfsResult, read_gtfs
from data.sources.naptan import read_naptan
from data.sources.stops import compute_completeness, merge_stops
from data.timetable_facts import build_timetable_facts

pytestmark = pytest.mark.real_data
CRS = "EPSG:27700"
NEWPORT = "newport/bus/newport-20230613_gtfs.zip"
OLDHAM = "oldham/bus/oldham_tfgm_cif2018_built_gtfs.zip"
GREATER_MANCHESTER = "greater_manchester/tfgm_cif2018_357services_built_gtfs.zip"


def counts(result: GtfsResult) -> dict[str, int]:
    return {fault.code: fault.count for fault in result.faults}


def area_of(path: Path) -> shapely.Geometry:
    return gpd.read_file(path).to_crs(CRS).union_all()


def clock(text: str) -> int:
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def plain_calls(path: Path) -> list[tuple[str, int, str, int, int]]:
    """(trip, sequence, stop, arrival, departure) of every row, by the plainest means there is."""
    with zipfile.ZipFile(path) as zipped, zipped.open("stop_times.txt") as handle:
        raw = pd.read_csv(handle, dtype=str, keep_default_na=False)
    return sorted(
        (trip, int(sequence), stop, clock(arrival), clock(departure))
        for trip, sequence, stop, arrival, departure in zip(
            raw["trip_id"],
            raw["stop_sequence"],
            raw["stop_id"],
            raw["arrival_time"],
            raw["departure_time"],
            strict=True,
        )
    )


def our_calls(result: GtfsResult) -> list[tuple[str, int, str, int, int]]:
    calls = result.feed.stop_times
    trip_id, stop_id = result.feed.trips["trip_id"].to_numpy(), result.stops["stop_id"].to_numpy()
    return sorted(
        zip(
            trip_id[calls["trip_index"]].tolist(),
            calls["stop_sequence"].tolist(),
            stop_id[calls["stop_index"]].tolist(),
            calls["arrival_s"].tolist(),
            calls["departure_s"].tolist(),
            strict=True,
        )
    )


def test_newport(real_data: Path) -> None:
    result = read_gtfs(real_data / NEWPORT, crs=CRS)
    feed = result.feed
    assert (len(feed.routes), len(feed.trips), len(feed.stop_times["trip_index"])) == (16, 176, 7765)
    assert len(find_trips_on(feed, dt.date(2023, 6, 13))) == 176
    assert len(find_trips_on(feed, dt.date(2023, 6, 11))) == 22
    assert result.info.stops_in_file == 2686
    assert result.stops["served"].sum() == 655
    assert feed.stop_times["arrival_s"].max() == 31 * 3600 + 30 * 60
    assert feed.routes["mode"].value_counts().to_dict() == {"bus": 12, "coach": 4}
    assert feed.shapes is not None
    assert our_calls(result) == plain_calls(real_data / NEWPORT)
    assert counts(result) == {"no_calendar_dates": 1, "trip_without_shape": 70}


def test_newport_stops(real_data: Path) -> None:
    area = area_of(real_data / "newport/boundaries/lsoa21.geojson")
    naptan, faults = read_naptan(real_data / "newport/bus/naptan_newport_clip_500m.csv", crs=CRS)
    assert (len(naptan), int(naptan["active"].sum()), faults) == (1000, 923, [])
    result = read_gtfs(real_data / NEWPORT, crs=CRS, clip=area, margin_m=10_000)
    assert len(result.feed.trips) == 176
    stops, merged = merge_stops(result.stops, naptan, area=area, margin_m=10_000)
    assert {fault.code: fault.count for fault in merged} == {
        "stop_places_differ": 1,
        "stop_not_in_naptan": 397,
    }
    # Of 655 stops with a bus 258 are in NaPTAN's clip; 665 of its 923 active ones have none.
    listed = stops["stop_id"].isin(naptan["stop_id"][naptan["active"]])
    assert (listed & stops["served"]).sum() == 923 - 665 == 655 - 397
    completeness = compute_completeness(stops)
    assert completeness.share is not None
    assert 0.2 < completeness.share < 0.35
    facts, _ = build_timetable_facts(result.feed, stops, choose_service_date(result.feed))
    assert (facts.trips_on_service_date, facts.service_date) == (176, dt.date(2023, 6, 6))
    assert facts.timezone == "Europe/London"


def test_oldham(real_data: Path) -> None:
    result = read_gtfs(real_data / OLDHAM, crs=CRS)
    feed = result.feed
    assert (len(feed.routes), len(feed.trips), len(feed.stop_times["trip_index"])) == (43, 3790, 206_663)
    assert our_calls(result) == plain_calls(real_data / OLDHAM)
    assert result.stops["name"].isna().all()
    assert compute_feed_dates(feed).last == dt.date(2099, 12, 31)
    assert counts(result) == {
        "no_calendar_dates": 1,
        "end_date_open": 35,
        "stop_name_is_code": 2065,
        "trip_without_shape": 3790,
        "service_never_runs": 4,
    }
    chosen = choose_service_date(feed)
    assert (chosen.date, chosen.relaxed) == (dt.date(2018, 4, 11), False)
    # One operator runs on Sundays only here: it drops out of a Wednesday and is named.
    assert chosen.operators_without_service == ("SPT",)


def test_oldham_stops(real_data: Path) -> None:
    naptan, faults = read_naptan(real_data / "oldham/bus/oldham_stops_TfGMStoppingPoints.csv", crs=CRS)
    assert (len(naptan), bool(naptan["active"].all()), faults) == (2052, True, [])
    result = read_gtfs(real_data / OLDHAM, crs=CRS)
    area = area_of(real_data / "oldham/boundaries/lsoa21_ons_generalised20m.geojson")
    stops, _ = merge_stops(result.stops, naptan, area=area, margin_m=1000)
    assert 0.4 < (compute_completeness(stops).share or 0) < 0.9
    assert stops["stop_type"].isin(["BCT", "BCS", "BCE", "BST"])[~stops["in_feed"]].all()


@pytest.fixture(scope="module")
def greater_manchester(real_data: Path) -> tuple[GtfsResult, float]:
    """The scale case and the seconds that reading it took."""
    started = time.perf_counter()
    result = read_gtfs(real_data / GREATER_MANCHESTER, crs=CRS)
    return result, time.perf_counter() - started


def test_greater_manchester(greater_manchester: tuple[GtfsResult, float]) -> None:
    result, seconds = greater_manchester
    feed = result.feed
    assert seconds < 60  # 3 s on an idle machine
    # One trip of 39,638, with 74 calls, jumps back and forth and is left out.
    assert counts(result)["trip_steps_backwards"] == 1
    assert (len(feed.trips), len(feed.routes)) == (39_637, 351)
    assert len(feed.stop_times["trip_index"]) == 1_668_486
    calls = feed.stop_times
    same = np.diff(calls["trip_index"]) == 0
    assert (np.diff(calls["arrival_s"])[same] >= 0).all()
    assert (np.diff(calls["stop_sequence"])[same] > 0).all()
    duplicates = find_duplicate_trips(feed, dt.date(2018, 4, 10))
    assert duplicates.by_operator == {"GMS": 8, "JSC": 1, "NOR": 1, "RDT": 4, "WBT": 1}


def test_clipping_greater_manchester_to_oldham_keeps_whole_trips(
    real_data: Path, greater_manchester: tuple[GtfsResult, float]
) -> None:
    area = area_of(real_data / "oldham/boundaries/lsoa21_ons_generalised20m.geojson")
    whole = greater_manchester[0]
    clipped = read_gtfs(real_data / GREATER_MANCHESTER, crs=CRS, clip=area, margin_m=500)
    x, y = whole.stops["x"].to_numpy(), whole.stops["y"].to_numpy()
    calls = whole.feed.stop_times
    inside = shapely.intersects_xy(area.buffer(500), x, y)
    wanted = np.unique(calls["trip_index"][inside[calls["stop_index"]]])
    assert clipped.feed.trips["trip_id"].tolist() == whole.feed.trips["trip_id"].iloc[wanted].tolist()
    rows = np.isin(calls["trip_index"], wanted)
    for name in ("stop_sequence", "arrival_s", "departure_s"):
        assert np.array_equal(clipped.feed.stop_times[name], calls[name][rows])
