"""The zip and its tables: missing parts, odd text, hostile archives."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from data.errors import FeedError
from data.sources import gtfs_zip
from data.sources.gtfs import read_gtfs
from tests.feed_files import (
    CRS,
    SOUND,
    T1,
    calls_of,
    calls_text,
    fault_counts,
    read_feed,
    stops_text,
    write_feed,
)

HOURS_9 = 9 * 3600


def refuse(path: Path, **changed: str | bytes | None) -> FeedError:
    with pytest.raises(FeedError) as caught:
        read_feed(path, **changed)
    return caught.value


def test_the_sound_feed_has_no_fault(tmp_path: Path) -> None:
    result = read_feed(tmp_path)
    assert fault_counts(result) == {}
    assert calls_of(result, "T1") == [
        (s, HOURS_9 + t, HOURS_9 + t) for s, t in zip("ABCD", (0, 300, 600, 900), strict=True)
    ]
    assert result.stops["served"].tolist() == [True, True, True, True, False]
    assert result.info.timezone == "Europe/London"


def test_a_file_that_is_no_zip_and_one_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "feed.zip"
    path.write_text("<html>503 Service Unavailable</html>")
    with pytest.raises(FeedError, match="not a zip"):
        read_gtfs(path, crs=CRS)
    with pytest.raises(FeedError, match="no such file"):
        read_gtfs(tmp_path / "absent.zip", crs=CRS)


def test_a_truncated_zip(tmp_path: Path) -> None:
    path = write_feed(tmp_path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(FeedError, match="cut short"):
        read_gtfs(path, crs=CRS)


def test_a_zip_with_a_damaged_member(tmp_path: Path) -> None:
    rows = [
        f"T1,{9 + k // 60:02d}:{k % 60:02d}:00,{9 + k // 60:02d}:{k % 60:02d}:00,{'ABCD'[k % 4]},{k}"
        for k in range(400)
    ]
    path = write_feed(tmp_path, stop_times=calls_text(*rows))
    with zipfile.ZipFile(path) as zipped:
        info = zipped.getinfo("stop_times.txt")
        at = info.header_offset + 30 + len(info.filename) + info.compress_size // 2
    data = bytearray(path.read_bytes())
    data[at : at + 8] = bytes(8)
    path.write_bytes(data)
    with pytest.raises(FeedError, match=r"stop_times.txt"):
        read_gtfs(path, crs=CRS)


def test_every_missing_file_and_column_is_named_at_once(tmp_path: Path) -> None:
    error = refuse(
        tmp_path,
        stops=None,
        routes=None,
        calendar=None,
        calendar_dates=None,
        trips="route_id,trip_id\nR1,T1\n",
        agency="",
    )
    text = str(error)
    for part in (
        "stops.txt",
        "routes.txt",
        "both missing",
        "trips.txt: column service_id",
        "agency.txt: the file is empty",
    ):
        assert part in text
    assert len(error.faults) == 5


def test_an_empty_stop_times(tmp_path: Path) -> None:
    assert "no usable trip" in str(refuse(tmp_path, stop_times=calls_text()))


@pytest.mark.parametrize("calendar_dates", [None, "", "service_id,date,exception_type\n"])
def test_calendar_dates_missing_or_empty(tmp_path: Path, calendar_dates: str | None) -> None:
    result = read_feed(tmp_path, calendar_dates=calendar_dates)
    assert len(result.feed.calendar_dates) == 0
    assert (fault_counts(result) == {}) == (calendar_dates is not None and calendar_dates != "")


def test_calendar_dates_as_the_only_calendar(tmp_path: Path) -> None:
    result = read_feed(
        tmp_path, calendar=None, calendar_dates="service_id,date,exception_type\nWD,20230613,1\n"
    )
    assert fault_counts(result) == {"no_calendar": 1}
    assert result.stops["served"].sum() == 4


def test_byte_order_mark_crlf_quotes_spaces_and_another_order_of_columns(tmp_path: Path) -> None:
    result = read_feed(
        tmp_path,
        stops=("\ufeff" + stops_text()).replace("\n", "\r\n").encode(),
        routes='"route_id", route_type ,"route_short_name","agency_id"\r\n"R1","3","1, ""red"" one","OP"\r\n',
        trips='trip_id,service_id,route_id,trip_headsign\nT1,WD,R1,"Town\nCentre"\n',
        stop_times=calls_text(
            *(",".join(reversed(row.split(","))) for row in T1),
            header="stop_sequence,stop_id,departure_time,arrival_time,trip_id",
        ),
    )
    assert fault_counts(result) == {}
    assert result.feed.routes["route_short_name"].tolist() == ['1, "red" one']
    assert result.feed.trips["trip_headsign"].tolist() == ["Town\nCentre"]
    assert len(calls_of(result, "T1")) == 4


def test_lines_that_end_with_a_carriage_return_alone(tmp_path: Path) -> None:
    result = read_feed(tmp_path, **{name: text.replace("\n", "\r") for name, text in SOUND.items()})
    assert fault_counts(result) == {}
    assert len(calls_of(result, "T1")) == 4


def test_latin_1_text(tmp_path: Path) -> None:
    result = read_feed(
        tmp_path,
        stops=stops_text().replace("Stop A", "Caffè d’Oro").encode("cp1252"),
        stop_times=calls_text(*T1).replace("T1,", "Tö,").encode("cp1252"),
        trips="route_id,service_id,trip_id\nR1,WD,Tö\n".encode("cp1252"),
    )
    assert fault_counts(result) == {"not_utf8": 3}
    assert result.stops["name"].iloc[0] == "Caffè d’Oro"
    assert len(calls_of(result, "Tö")) == 4


def test_utf_16_is_named(tmp_path: Path) -> None:
    assert "UTF-16" in str(refuse(tmp_path, stops=stops_text().encode("utf-16")))


def test_ragged_rows_are_counted(tmp_path: Path) -> None:
    result = read_feed(tmp_path, stop_times=calls_text(*T1, "T1,09:20:00", "T1,1,2,3,4,5,6,7"))
    assert fault_counts(result) == {"row_ragged": 2}


def test_a_folder_inside_the_zip(tmp_path: Path) -> None:
    result = read_gtfs(write_feed(tmp_path, folder="export/gtfs/"), crs=CRS)
    assert fault_counts(result) == {"zip_nested_folder": 1}


def test_names_that_point_outside_the_zip_are_ignored(tmp_path: Path) -> None:
    path = write_feed(tmp_path)
    with zipfile.ZipFile(path, "a") as zipped:
        for name in ("../stops.txt", "/etc/stop_times.txt", "..\\trips.txt"):
            zipped.writestr(name, "hostile")
    result = read_gtfs(path, crs=CRS)
    assert fault_counts(result) == {"zip_path_unsafe": 3}
    assert sorted(child.name for child in tmp_path.iterdir()) == ["feed.zip"]


def test_a_zip_without_tables(tmp_path: Path) -> None:
    path = tmp_path / "feed.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("readme.md", "hello")
    with pytest.raises(FeedError, match="not a GTFS"):
        read_gtfs(path, crs=CRS)


def test_a_bomb_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gtfs_zip, "RATIO_MATTERS_FROM_BYTES", 1024)
    monkeypatch.setattr(gtfs_zip, "MAX_TABLE_BYTES", 100_000)
    error = refuse(tmp_path, stop_times=b"0" * 1_000_000, trips=b"0" * 200_000)
    assert len([fault for fault in error.faults if fault.startswith("stop_times.txt: unpacks")]) == 1
    assert any(fault.startswith("trips.txt: 200,000 bytes") for fault in error.faults)


@pytest.mark.parametrize("row", ['"T1,09:20:00,09:20:00,A,5', 'T1,09:20:00,09:20:00,"A,5'])
def test_an_open_quote_is_refused_and_does_not_swallow_the_rest(tmp_path: Path, row: str) -> None:
    assert "quote is opened" in str(refuse(tmp_path, stop_times=calls_text(*T1[:2], row, *T1[2:])))


def test_reading_does_not_depend_on_where_batches_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"T{k},{row[3:]}" for k in range(60) for row in T1]
    trips = "route_id,service_id,trip_id\n" + "".join(f"R1,WD,T{k}\n" for k in range(60))
    whole = read_feed(tmp_path, stop_times=calls_text(*rows), trips=trips)
    monkeypatch.setattr(gtfs_zip, "BLOCK_BYTES", 600)
    pieces = read_feed(tmp_path, stop_times=calls_text(*rows), trips=trips)
    assert {name: values.tolist() for name, values in whole.feed.stop_times.items()} == {
        name: values.tolist() for name, values in pieces.feed.stop_times.items()
    }


def test_the_same_bytes_give_the_same_feed_whatever_the_zip_is_called(tmp_path: Path) -> None:
    path = write_feed(tmp_path)
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as old, zipfile.ZipFile(other, "w") as new:
        for name in reversed(old.namelist()):
            new.writestr(name, old.read(name))
    one, two = read_gtfs(path, crs=CRS), read_gtfs(other, crs=CRS)
    assert one.stops.equals(two.stops)
    assert one.feed.trips.equals(two.feed.trips)
    assert set(SOUND) >= {"agency", "stops"}
