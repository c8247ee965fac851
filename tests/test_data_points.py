"""Points that a user brings: read whole, or refused with every fault at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import SourceError
from data.points import read_points


def write(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "points.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_points_come_in_degrees_and_metres(tmp_path: Path):
    points = read_points(
        write(tmp_path, "lat, lon ,ID,note\n51.589899352,-2.997363297,home,x\n"), crs="EPSG:27700"
    )
    assert points[["id", "lon", "lat"]].to_numpy().tolist() == [["home", -2.997363297, 51.589899352]]
    # A stop in Newport that is published in both: 331002, 188366 on the National Grid.
    assert points["x"][0] == pytest.approx(331_002, abs=1)
    assert points["y"][0] == pytest.approx(188_366, abs=1)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_encodings_of_spreadsheets_are_read(tmp_path: Path, encoding: str):
    assert (
        read_points(write(tmp_path, "id,lon,lat\r\ncafé,-3,51.6\r\n\r\n", encoding), crs="EPSG:27700")["id"][
            0
        ]
        == "café"
    )


def test_every_fault_is_named_with_its_line(tmp_path: Path):
    text = "id,lon,lat\na,-3,51.6\na,-3,51.6\n,-3,51.6\nb,nan,51.6\nc,-3,north\nd,200,51.6\n"
    with pytest.raises(SourceError) as caught:
        read_points(write(tmp_path, text), crs="EPSG:27700")
    assert [fault.split(":")[0] for fault in caught.value.faults] == [
        "line 3",
        "line 4",
        "line 5",
        "line 6",
        "line 7",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [("name,x,y\n", "no column id, lon, lat"), ("", "found: nothing"), ("id,lon,lat\n", "no points")],
)
def test_files_without_points_are_refused(tmp_path: Path, text: str, words: str):
    with pytest.raises(SourceError, match=words):
        read_points(write(tmp_path, text), crs="EPSG:27700")


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(SourceError, match=r"none\.csv: can't be read"):
        read_points(tmp_path / "none.csv", crs="EPSG:27700")
