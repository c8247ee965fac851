"""Whatever stands in the tables, the importer answers with a sound feed or with a FeedError."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import FeedError, SourceError
from data.schema import STOP_TIMES
from data.service_days import choose_service_date
from data.sources.gtfs import GtfsResult
from data.sources.naptan import read_naptan
from tests.feed_files import CRS, SOUND, read_feed
from tests.test_feed_stops import HEADER, row

TABLES = {
    **SOUND,
    "frequencies": "trip_id,start_time,end_time,headway_secs,exact_times\nT1,10:00:00,10:20:00,600,0\n",
    "shapes": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\nS,51.5,-3,1\nS,51.6,-3,2\n",
    "trips": "route_id,service_id,trip_id,shape_id,direction_id\nR1,WD,T1,S,0\n",
}
PIECES = st.one_of(
    st.sampled_from(
        [
            '"',
            '""',
            ",",
            ",,",
            "\n",
            "\r\n",
            "\r",
            "\ufeff",
            "\x00",
            "-1",
            "99999999999",
            "1e9",
            "NaN",
            "inf",
            "T1",
            "24:00:00",
        ]
    ),
    st.text(max_size=6),
)


def check_sound(result: GtfsResult) -> None:
    """What the pack's schema and the engine rest on."""
    calls, trips, stops = result.feed.stop_times, result.feed.trips, result.stops
    assert len({len(calls[name]) for name in STOP_TIMES.column_names}) == 1
    assert calls["stop_index"].min() >= 0
    assert calls["stop_index"].max() < len(stops)
    assert (np.diff(calls["trip_index"]) >= 0).all()
    same = np.diff(calls["trip_index"]) == 0
    assert (np.diff(calls["stop_sequence"])[same] >= 0).all()
    assert (calls["arrival_s"] <= calls["departure_s"]).all()
    assert (calls["arrival_s"][1:][same] >= calls["departure_s"][:-1][same]).all()
    assert (calls["arrival_s"] >= 0).all()
    assert (np.bincount(calls["trip_index"], minlength=len(trips)) >= 2).all()
    assert trips["trip_id"].is_unique
    assert stops["stop_id"].is_unique
    assert np.isfinite(stops[["x", "y", "lon", "lat"]].to_numpy(float)).all()
    assert set(trips["route_id"]) == set(result.feed.routes["route_id"])
    assert set(result.feed.routes["agency_id"]) == set(result.feed.agency["agency_id"])


@settings(max_examples=60)
@given(st.sampled_from(sorted(TABLES)), st.data())
def test_damaged_tables(table: str, data: st.DataObject) -> None:
    text = TABLES[table]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(PIECES) + text[at + data.draw(st.integers(0, 6)) :]
    with tempfile.TemporaryDirectory() as folder:
        try:
            result = read_feed(Path(folder), **{**TABLES, table: text})
        except FeedError as error:
            assert str(error).startswith("feed.zip: ")
            return
    check_sound(result)
    assert all(fault.count > 0 for fault in result.faults)
    try:
        choose_service_date(result.feed)
    except FeedError as error:
        assert "no trip runs" in str(error)


@settings(max_examples=25)
@given(st.sampled_from(sorted(SOUND)), st.binary(max_size=60))
def test_tables_of_bytes(table: str, raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            check_sound(read_feed(Path(folder), **{**TABLES, table: raw}))
        except FeedError as error:
            assert str(error).startswith("feed.zip: ")


NAPTAN = "\n".join([HEADER, row("A"), row("B", "B", lon="", lat=""), row("C", "C", status="inactive")]) + "\n"


@settings(max_examples=60)
@given(st.data())
def test_damaged_lists_of_stops(data: st.DataObject) -> None:
    text = NAPTAN
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(PIECES) + text[at + data.draw(st.integers(0, 6)) :]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "naptan.csv"
        file.write_bytes(text.encode("utf-8", "replace"))
        try:
            stops, _ = read_naptan(file, crs=CRS)
        except SourceError as error:
            assert str(error).startswith("naptan.csv: ")
            return
    assert stops["stop_id"].is_unique
    assert np.isfinite(stops[["x", "y", "lon", "lat"]].to_numpy(float)).all()
