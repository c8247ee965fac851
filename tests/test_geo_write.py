"""Files are written whole, carry what made them, and are the same bytes each time."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import Point

from data.errors import ExportError
from geo.write import FEATURE_SUFFIXES, TABLE_SUFFIXES, read_metadata, side_file, write_features, write_table

METADATA = {"title": "Reach", "warning": None, "note": "walks of 640 m – straight £"}


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "origin_id": ["a", "b"],
            "travel_time_p50_s": pd.array([2700, None], dtype="Int32"),
            "reason": pd.Categorical([None, "too_long"]),
        }
    )


@pytest.fixture
def features() -> gpd.GeoDataFrame:
    shapes = [Point(331_000, 188_000).buffer(100), Point(332_000, 188_000).buffer(100)]
    return gpd.GeoDataFrame({"cutoff_s": [900, 1800]}, geometry=shapes, crs="EPSG:27700")


@pytest.mark.parametrize("suffix", TABLE_SUFFIXES)
def test_a_table_comes_back_with_its_metadata_and_unreached_is_missing(tmp_path: Path, table, suffix: str):
    path = tmp_path / f"reach{suffix}"
    write_table(table, path, METADATA)
    again = pd.read_parquet(path) if suffix == ".parquet" else pd.read_csv(path)
    assert read_metadata(path) == METADATA
    assert again["travel_time_p50_s"].isna().tolist() == [False, True]
    assert list(again.columns) == list(table.columns)
    first = path.read_bytes()
    write_table(table, path, METADATA)
    assert path.read_bytes() == first


def test_unreached_is_empty_in_csv(tmp_path: Path, table):
    write_table(table, tmp_path / "reach.csv", METADATA)
    assert (
        tmp_path / "reach.csv"
    ).read_text() == "origin_id,travel_time_p50_s,reason\na,2700,\nb,,too_long\n"


@pytest.mark.parametrize("suffix", FEATURE_SUFFIXES)
def test_features_come_back_by_geopandas_with_their_metadata(tmp_path: Path, features, suffix: str):
    path = tmp_path / f"bands{suffix}"
    write_features(features, path, METADATA)
    assert read_metadata(path) == METADATA
    if suffix == ".csv":
        flat = pd.read_csv(path)
        again = gpd.GeoDataFrame(flat, geometry=gpd.GeoSeries.from_wkt(flat["wkt"]), crs="EPSG:4326")
    else:
        again = gpd.read_parquet(path) if suffix == ".parquet" else gpd.read_file(path)
    assert again["cutoff_s"].tolist() == [900, 1800]
    in_metres = again.to_crs("EPSG:27700")
    assert in_metres.area.tolist() == pytest.approx(features.area.tolist(), rel=1e-3)
    assert in_metres.distance(features).max() < 1
    if suffix != ".gpkg":  # GeoPackage holds the time of writing
        first = path.read_bytes()
        write_features(features, path, METADATA)
        assert path.read_bytes() == first


def test_geojson_is_in_longitude_and_latitude(tmp_path: Path, features):
    write_features(features, tmp_path / "bands.geojson", METADATA)
    lon, lat = json.loads((tmp_path / "bands.geojson").read_text())["features"][0]["geometry"]["coordinates"][
        0
    ][0]
    assert -3.1 < lon < -2.9
    assert 51.5 < lat < 51.7


def test_a_geopackage_holds_several_layers_and_tables(tmp_path: Path, features, table):
    path = tmp_path / "all.gpkg"
    write_features({"isochrones": features, "reach": table.astype({"reason": "object"})}, path, METADATA)
    assert gpd.list_layers(path)["name"].tolist() == ["isochrones", "reach"]
    assert len(gpd.read_file(path, layer="reach")) == 2


def test_several_layers_are_refused_where_a_format_holds_one(tmp_path: Path, features, table):
    with pytest.raises(ExportError, match=r"holds one layer; use \.gpkg"):
        write_features({"isochrones": features, "reach": table}, tmp_path / "all.geojson", METADATA)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("reach.xlsx", "use .parquet, .csv"),
        ("reach", "without a suffix"),
        ("no/such/reach.csv", "no such directory"),
    ],
)
def test_targets_that_cannot_be_written_are_refused(tmp_path: Path, table, name: str, words: str):
    with pytest.raises(ExportError, match=words):
        write_table(table, tmp_path / name, METADATA)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, table, monkeypatch):
    path = tmp_path / "reach.csv"
    write_table(table, path, METADATA)
    before = path.read_bytes()

    def fail(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", fail)
    with pytest.raises(ExportError, match="No space left on device"):
        write_table(table.head(1), path, METADATA)
    assert path.read_bytes() == before
    assert sorted(tmp_path.iterdir()) == sorted([path, side_file(path)])


def test_no_spreadsheet_computes_what_a_name_holds(tmp_path: Path, table):
    """An apostrophe before it, in CSV only; numbers, ids and what is missing stay as they are."""
    names = table.assign(name=["=HYPERLINK(1)", None], held=pd.array(["@SUM(A1)", "-2.5"], dtype="str"))
    for suffix in TABLE_SUFFIXES:
        write_table(names, tmp_path / f"names{suffix}", METADATA)
    told = pd.read_csv(tmp_path / "names.csv", dtype="str", keep_default_na=False)
    assert told["name"].tolist() == ["'=HYPERLINK(1)", ""] and told["held"].tolist() == ["'@SUM(A1)", "-2.5"]
    assert told["origin_id"].tolist() == ["a", "b"]
    assert pd.read_parquet(tmp_path / "names.parquet")["name"].tolist()[0] == "=HYPERLINK(1)"
    assert names["name"].tolist()[0] == "=HYPERLINK(1)", "the table itself is not changed"
