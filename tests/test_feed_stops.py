"""NaPTAN, the merged table of stops, completeness."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import shapely

from data.errors import SourceError
from data.schema import STOPS
from data.sources.naptan import NAPTAN_COLUMNS, read_naptan
from data.sources.stops import compute_completeness, merge_stops
from tests.feed_files import CRS, DEGREES, PLACES, X, Y, read_feed, stops_text

HEADER = (
    "ATCOCode,NaptanCode,CommonName,Landmark,Street,Indicator,Bearing,LocalityName,GridType,Easting,Northing,"
    "Longitude,Latitude,StopType,Status"
)


def row(code: str, stop: str = "A", **changed: str) -> str:
    lon, lat = DEGREES[stop]
    x, y = PLACES[stop]
    values = {
        "code": code,
        "naptan": "nwpdmwd",
        "name": "Library",
        "landmark": "Town Hall",
        "street": "High Street",
        "indicator": "Stop Q3",
        "bearing": "SW",
        "locality": "Pill",
        "grid": "UKOS",
        "easting": f"{x:.0f}",
        "northing": f"{y:.0f}",
        "lon": f"{lon:.7f}",
        "lat": f"{lat:.7f}",
        "type": "BCT",
        "status": "active",
        **changed,
    }
    return ",".join(values.values())


def read(
    path: Path, *rows: str, header: str = HEADER, encoding: str = "utf-8-sig"
) -> tuple[pd.DataFrame, dict[str, int]]:
    file = path / "naptan.csv"
    file.write_bytes("\r\n".join([header, *rows, ""]).encode(encoding))
    stops, faults = read_naptan(file, crs=CRS)
    assert list(stops.columns) == list(NAPTAN_COLUMNS)
    return stops, {fault.code: fault.count for fault in faults}


def test_naptans_own_form(tmp_path: Path) -> None:
    stops, faults = read(
        tmp_path, row("A"), row("B", "B", status="inactive", landmark="", indicator="", bearing="")
    )
    assert faults == {}
    first = stops.iloc[0]
    words = first[["name", "stop_code", "indicator", "bearing", "street", "landmark", "locality"]].tolist()
    assert words == ["Library", "nwpdmwd", "Stop Q3", "SW", "High Street", "Town Hall", "Pill"]
    assert first["stop_type"] == "BCT"
    assert abs(first["x"] - X) < 0.1
    assert abs(first["y"] - Y) < 0.1
    assert stops["active"].tolist() == [True, False]
    assert stops[["landmark", "indicator", "bearing"]].iloc[1].isna().all()


def test_blank_degrees_are_taken_from_the_grid(tmp_path: Path) -> None:
    stops, faults = read(tmp_path, row("A", lon="", lat=""), row("B", "B", lon="0", lat="0"))
    assert faults == {"stop_placed_by_grid": 2}
    assert abs(stops["x"].to_numpy() - [X, X + 1000]).max() < 0.5
    assert abs(stops["lon"].iloc[0] - DEGREES["A"][0]) < 1e-5


def test_the_irish_grid_is_another_grid(tmp_path: Path) -> None:
    # Belfast City Hall: Irish Grid J 338 740, 54.5965 N 5.9301 W.
    stops, _ = read(
        tmp_path, row("700000", grid="IrishOS", easting="333800", northing="374000", lon="", lat="")
    )
    assert abs(stops["lon"].iloc[0] + 5.930) < 0.005
    assert abs(stops["lat"].iloc[0] - 54.597) < 0.005
    _, faults = read(tmp_path, row("A", grid="Martian", lon="", lat=""))
    assert faults == {"grid_unknown": 1, "stop_without_place": 1}


@pytest.mark.parametrize(
    ("lon", "lat"), [("NaN", "51"), ("-3", "91"), ("west", "51"), ("", "51"), ("inf", "51")]
)
def test_rows_without_any_place_are_left_out(tmp_path: Path, lon: str, lat: str) -> None:
    stops, faults = read(tmp_path, row("A", lon=lon, lat=lat, easting="", northing=""), row("B", "B"))
    assert (stops["stop_id"].tolist(), faults) == (["B"], {"stop_without_place": 1})


def test_degrees_and_grid_that_tell_different_places(tmp_path: Path) -> None:
    stops, faults = read(tmp_path, row("A", easting=f"{X + 500:.0f}"))
    assert faults == {"stop_coordinates_differ": 1}
    assert abs(stops["x"].iloc[0] - X) < 0.1


def test_codes_that_are_blank_or_come_twice(tmp_path: Path) -> None:
    stops, faults = read(tmp_path, row("A", status="inactive", name="Old"), row("a", name="New"), row(""))
    assert (stops["name"].tolist(), faults) == (["New"], {"id_repeated": 1, "id_blank": 1})


def test_names_that_are_codes_and_bearings_that_are_none(tmp_path: Path) -> None:
    stops, faults = read(tmp_path, row("A", name="A", bearing="sw"), row("B", "B", bearing="Up"))
    assert faults == {"stop_name_is_code": 1, "bearing_unknown": 1}
    assert pd.isna(stops["name"].iloc[0])
    assert stops["bearing"].iloc[0] == "SW"
    assert pd.isna(stops["bearing"].iloc[1])


def test_latin_1_and_ragged_rows(tmp_path: Path) -> None:
    stops, faults = read(tmp_path, row("A", name="Caffè"), row("B", "B") + ",x", "C", encoding="cp1252")
    assert stops["name"].tolist() == ["Caffè"]
    assert faults == {"not_utf8": 1, "row_ragged": 1, "stop_without_place": 1}


TFGM = "AtcoCode,Easting,Northing,Longitude,Latitude,StopType,BusStopType"


def test_a_list_of_stopping_points_without_names_or_status(tmp_path: Path) -> None:
    lon, lat = DEGREES["A"]
    stops, faults = read(
        tmp_path, f"1800X,{X:.0f},{Y:.0f},{lon},{lat},BCT,HAR", header=TFGM, encoding="utf-8"
    )
    assert faults == {}
    assert stops["active"].tolist() == [True]
    assert stops[["name", "street", "bearing"]].isna().all(axis=None)


def test_files_that_are_something_else(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="ATCOCode is missing") as caught:
        read(tmp_path, "1,2", header="stop,place")
    assert len(caught.value.faults) == 2
    with pytest.raises(SourceError, match="no such file"):
        read_naptan(tmp_path / "absent.csv", crs=CRS)
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(SourceError):
        read_naptan(tmp_path / "empty.csv", crs=CRS)


def merge(path: Path, *rows: str, **options: object) -> tuple[pd.DataFrame, dict[str, int]]:
    """Merge the sound feed, where A to D are served and E is not, with NaPTAN rows."""
    naptan, _ = read(path, *rows)
    stops, faults = merge_stops(read_feed(path).stops, naptan, **{"area": None, **options})  # type: ignore[arg-type]
    assert list(stops.columns) == STOPS.column_names
    return stops.set_index("stop_id", drop=False), {fault.code: fault.count for fault in faults}


def test_names_come_from_naptan_and_places_from_the_feed(tmp_path: Path) -> None:
    stops, faults = merge(tmp_path, row("A"), row("B", "B", name=""), row("C", "D"))
    assert stops["name"].tolist() == ["Library", "Stop B", "Library", "Stop D", "Stop E"]
    assert stops["indicator"].iloc[0] == "Stop Q3"
    assert pd.isna(stops.loc["D", "indicator"])
    # C is 1,000 m off in NaPTAN: counted, and the feed's place stays.
    assert abs(stops.loc["C", "x"] - PLACES["C"][0]) < 0.1
    assert faults == {"stop_places_differ": 1, "stop_not_in_naptan": 2}


def test_active_and_served(tmp_path: Path) -> None:
    stops, faults = merge(
        tmp_path,
        row("A"),
        row("B", "B", status="inactive"),  # gone, says NaPTAN, and yet served
        row("E", "E"),  # stands, in the feed, unserved
        row("F", "E"),  # stands, not in the feed
        row("G", "E", status="inactive"),
    )
    flags = (
        stops[["active", "in_feed", "served"]]
        .astype(int)
        .agg(lambda r: "".join(map(str, r)), axis=1)
        .to_dict()
    )
    assert flags == {"A": "111", "B": "111", "C": "111", "D": "111", "E": "110", "F": "100", "G": "000"}
    assert faults["stop_served_but_inactive"] == 1
    completeness = compute_completeness(stops)
    assert (completeness.active_stops, completeness.served_stops, completeness.share) == (6, 4, 4 / 6)


def test_a_feed_stop_that_naptan_says_is_gone_and_no_bus_serves(tmp_path: Path) -> None:
    stops, _ = merge(tmp_path, row("E", "E", status="inactive"))
    assert not stops.loc["E", "active"]


def test_feed_stops_that_naptan_lacks_are_active_where_served(tmp_path: Path) -> None:
    stops, _ = merge(tmp_path, row("X"))
    assert stops.loc[list("ABCDE"), "active"].tolist() == [True, True, True, True, False]


def test_without_naptan_every_boarding_place_is_active(tmp_path: Path) -> None:
    stops, faults = merge_stops(read_feed(tmp_path).stops, None, area=None)
    assert stops["active"].all()
    assert faults == []
    assert compute_completeness(stops).share == 4 / 5


def test_the_area_its_margin_and_completeness_inside_it(tmp_path: Path) -> None:
    area = shapely.box(X - 10, Y - 10, X + 1010, Y + 10)
    rows = (row("IN"), row("NEAR", "C"), row("OUT", "E"), row("CAR", type="TXR"), row("TRAM", type="PLT"))
    stops, _ = merge(tmp_path, *rows, area=area, margin_m=1500)
    assert stops["in_area"].to_dict() == {
        "A": True, "B": True, "C": False, "D": False, "E": False, "IN": True, "NEAR": False,
    }  # fmt: skip
    assert compute_completeness(stops).share == 2 / 3
    trams, _ = merge(tmp_path, *rows, area=area, margin_m=1500, trams=True)
    assert set(trams.index) - set(stops.index) == {"TRAM"}


def test_stop_index_still_holds_after_merging(tmp_path: Path) -> None:
    feed_stops = read_feed(tmp_path).stops
    stops, _ = merge(tmp_path, row("0FIRST"), row("A"))
    assert stops["stop_id"].tolist()[: len(feed_stops)] == feed_stops["stop_id"].tolist()


def test_codes_in_another_case_are_the_same_stop(tmp_path: Path) -> None:
    stops, _ = merge(tmp_path, row("a"))
    assert stops.loc["A", "name"] == "Library"
    assert "a" not in stops.index


def test_no_active_stop_is_not_a_completeness_of_nought(tmp_path: Path) -> None:
    stops, _ = merge_stops(read_feed(tmp_path).stops, None, area=shapely.box(0, 0, 1, 1))
    assert compute_completeness(stops).share is None


def test_hostile_names_pass_through_unharmed_and_unexecuted(tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)>${alert(1)}`"
    stops, _ = merge(tmp_path, row("A", name=name))
    assert stops.loc["A", "name"] == name
    result = read_feed(tmp_path, stops=stops_text().replace("Stop A", name))
    assert result.stops["name"].iloc[0] == name
