"""Boundaries: three formats, columns found or named, and each fault of a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import box, mapping

from data.errors import SourceError
from data.sources.boundaries import assign_to_largest, check_count, read_areas
from data.sources.faultlog import FaultLog
from data.sources.splits import build_split_areas

GRID = "EPSG:27700"
# Two squares of about 1.1 km by 0.7 km near Newport, side by side, in degrees.
LEFT, RIGHT = box(-3.00, 51.58, -2.99, 51.59), box(-2.99, 51.58, -2.98, 51.59)


def feature(geometry: Any, **properties: Any) -> dict:
    return {"type": "Feature", "properties": properties, "geometry": mapping(geometry) if geometry else None}


def write(path: Path, *features: dict, name: str = "areas.geojson", **top: Any) -> Path:
    out = path / name
    out.write_text(
        json.dumps({"type": "FeatureCollection", "features": list(features), **top}), encoding="utf-8"
    )
    return out


def two(path: Path, **top: Any) -> Path:
    return write(
        path,
        feature(LEFT, LSOA21CD="W1", LSOA21NM="One"),
        feature(RIGHT, LSOA21CD="W2", LSOA21NM="Two"),
        **top,
    )


def read(path: Path, **options: Any) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    log = FaultLog("neighbourhoods")
    areas = read_areas(path, crs=GRID, log=log, **options)
    return areas, {fault.code: fault.count for fault in log.faults}


def test_geojson_with_the_ons_columns(tmp_path: Path) -> None:
    areas, faults = read(two(tmp_path))
    assert list(areas["area_id"]) == ["W1", "W2"]
    assert list(areas["name"]) == ["One", "Two"]
    assert areas.crs.to_epsg() == 27700
    # 0.01 degree of longitude at 51.585 N: 111,320 m x cos(51.585) x 0.01 = 692 m; of latitude 1,112 m.
    assert areas.area.iloc[0] == pytest.approx(692 * 1112, rel=0.01)
    assert faults == {}


def test_geopackage_and_its_layers(tmp_path: Path) -> None:
    frame = gpd.read_file(two(tmp_path)).to_crs(GRID)
    path = tmp_path / "areas.gpkg"
    frame.to_file(path, layer="lsoa", driver="GPKG")
    assert list(read(path)[0]["area_id"]) == ["W1", "W2"]
    frame.iloc[:1].to_file(path, layer="other", driver="GPKG")
    with pytest.raises(SourceError, match="has layers"):
        read(path)
    assert list(read(path, layer="other")[0]["area_id"]) == ["W1"]
    with pytest.raises(SourceError, match="can't be read as boundaries"):
        read(path, layer="absent")


def test_topojson(tmp_path: Path) -> None:
    # One arc around LEFT, quantised to hundredths of a degree from (-3, 51.58).
    topology = {
        "type": "Topology",
        "transform": {"scale": [0.01, 0.01], "translate": [-3.0, 51.58]},
        "arcs": [[[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1]]],
        "objects": {
            "areas": {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "arcs": [[0]], "properties": {"LSOA21CD": "W1", "LSOA21NM": "One"}}
                ],
            }
        },
    }
    path = tmp_path / "areas.topojson"
    path.write_text(json.dumps(topology))
    areas, faults = read(path)
    assert list(areas["area_id"]) == ["W1"]
    expected = gpd.GeoSeries([LEFT], crs="EPSG:4326").to_crs(GRID).iloc[0]
    assert shapely.hausdorff_distance(areas.geometry.iloc[0], expected) < 0.5
    assert faults == {"crs_missing": 1}  # TopoJSON has no place to say it


def test_another_coordinate_system_is_reprojected(tmp_path: Path) -> None:
    web = gpd.read_file(two(tmp_path)).to_crs("EPSG:3857")
    web.to_file(tmp_path / "web.gpkg", driver="GPKG")
    areas, _ = read(tmp_path / "web.gpkg")
    expected, _ = read(two(tmp_path))
    assert shapely.hausdorff_distance(areas.geometry.iloc[1], expected.geometry.iloc[1]) < 0.01


def test_british_grid_is_told_by_its_numbers(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"code": ["A"]}, geometry=[box(330000, 188000, 331000, 189000)])
    with pytest.warns(UserWarning, match="'crs' was not provided"):
        frame.to_file(tmp_path / "bng.gpkg", driver="GPKG")
    areas, faults = read(tmp_path / "bng.gpkg")
    assert areas.area.iloc[0] == pytest.approx(1e6)
    assert faults == {"crs_missing": 1}


def test_columns_named_by_the_configuration_in_any_case(tmp_path: Path) -> None:
    path = write(tmp_path, feature(LEFT, Zone=7, Label=None, other="x"))
    areas, _ = read(path, id_column="zone", name_column="LABEL")
    assert list(areas["area_id"]) == ["7"]
    assert list(areas["name"]) == ["7"]  # a name that is missing is not invented: the code stands
    with pytest.raises(SourceError, match="set id_column"):
        read(path)
    with pytest.raises(SourceError, match="no column 'nope'; it has: Zone"):
        read(path, id_column="nope")


def test_invalid_geometry_is_repaired_and_counted(tmp_path: Path) -> None:
    bow_tie = shapely.Polygon([(-3.0, 51.58), (-2.99, 51.59), (-2.99, 51.58), (-3.0, 51.59)])
    areas, faults = read(write(tmp_path, feature(bow_tie, code="A"), feature(RIGHT, code="B")))
    assert areas.geometry.is_valid.all()
    assert areas.area.iloc[0] == pytest.approx(areas.area.iloc[1] / 2, rel=0.01)
    assert faults == {"invalid_geometry": 1}


def test_useless_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        feature(LEFT, code=""),
        feature(None, code="none"),
        feature(shapely.LineString([(-3, 51.58), (-2.99, 51.59)]), code="line"),
        feature(RIGHT, code=" B "),
    )
    areas, faults = read(path)
    assert list(areas["area_id"]) == ["B"]
    assert faults == {"area_without_code": 1, "area_without_geometry": 1, "not_a_polygon": 1}


def test_parts_of_one_area_in_several_rows_are_joined(tmp_path: Path) -> None:
    path = write(tmp_path, feature(RIGHT, code="B"), feature(LEFT, code="A"), feature(RIGHT, code="A"))
    areas, faults = read(path)
    assert list(areas["area_id"]) == ["B", "A"]
    assert areas.area.iloc[1] == pytest.approx(2 * areas.area.iloc[0], rel=0.001)
    assert faults == {"area_repeated": 1}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.geojson", '{"error": {"code": 400, "message": "Invalid URL"}}', "server's error.*Invalid URL"),
        ("a.geojson", '{"type": "FeatureCollection", "features": [', "cut short"),
        ("a.geojson", '{"features": [], "properties": {"exceededTransferLimit": true}}',
         "stopped at its limit"),
        ("a.geojson", '{"type": "FeatureCollection", "features": [], "exceededTransferLimit": true}',
         "stopped at its limit"),
        ("a.geojson", "[1, 2]", "not GeoJSON"),
        ("a.geojson", '{"type": "FeatureCollection", "features": []}', "a.geojson"),
        ("a.gpkg", "not a database", "can't be read as boundaries"),
        ("a.exe", "MZ", "boundaries are read from"),
    ],
)  # fmt: skip
def test_files_that_hold_no_boundaries(tmp_path: Path, name: str, text: str, says: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(SourceError, match=says):
        read(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        read(tmp_path / "none.geojson")


def test_a_count_that_is_not_the_expected_one(tmp_path: Path) -> None:
    areas, _ = read(two(tmp_path))
    check_count(areas, 2, "x")
    check_count(areas, None, "x")
    with pytest.raises(SourceError, match="2 areas, the configuration expects 3"):
        check_count(areas, 3, "areas.geojson")


def frame(**areas: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"area_id": list(areas), "name": list(areas)}, geometry=list(areas.values()), crs=GRID
    )


def relation(*pairs: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["old", "new"])


def split(coarse: gpd.GeoDataFrame, parents: gpd.GeoDataFrame, *pairs: tuple[str, str]) -> tuple[dict, dict]:
    log = FaultLog("neighbourhoods")
    result = build_split_areas(coarse, parents, relation(*pairs), log)
    return dict(zip(result["area_id"], result.geometry, strict=True)), {f.code: f.count for f in log.faults}


def test_unchanged_and_merged_areas_take_the_finer_boundary() -> None:
    parents = frame(same=box(0, 0, 10, 10), m1=box(10, 0, 20, 10), m2=box(20, 0, 30, 10))
    coarse = frame(same=box(1, 1, 9, 12), merged=box(11, 0, 28, 9))
    found, faults = split(coarse, parents, ("same", "same"), ("m1", "merged"), ("m2", "merged"))
    assert found["same"].equals(box(0, 0, 10, 10))
    assert found["merged"].equals(box(10, 0, 30, 10))
    assert faults == {"boundary_from_parent": 2}


def test_split_areas_share_their_parent_without_gap_or_overlap() -> None:
    parents = frame(old=box(0, 0, 10, 10))
    # Coarse children that neither fill the parent nor keep inside it, and overlap each other a little.
    coarse = frame(west=box(-1, 1, 5.2, 9), east=box(5, 1, 12, 9))
    found, faults = split(coarse, parents, ("old", "west"), ("old", "east"))
    west, east = found["west"], found["east"]
    assert west.intersection(east).area == pytest.approx(0)
    assert west.union(east).equals(box(0, 0, 10, 10)) or west.union(east).area == pytest.approx(100)
    # By hand: west keeps its 5.2 x 8 of the parent, east 4.8 x 8; the two strips of 10 x 1 left over
    # border west longer (5.2 against 4.8) and are not cut.
    assert west.area == pytest.approx(5.2 * 8 + 20)
    assert east.area == pytest.approx(4.8 * 8)
    assert faults == {"boundary_cut_from_parent": 2}


def test_areas_that_the_lookup_or_parents_lack_stay_as_they_are() -> None:
    parents = frame(old=box(0, 0, 10, 10), a=box(10, 0, 20, 10), b=box(20, 0, 30, 10))
    coarse = frame(
        new=box(50, 0, 60, 10), half=box(0, 0, 5, 10), x1=box(10, 0, 16, 10), x2=box(16, 0, 30, 10)
    )
    pairs = (("old", "half"), ("old", "other half, not here"), ("a", "x1"), ("a", "x2"), ("b", "x2"))
    found, faults = split(coarse, parents, *pairs)
    for row in coarse.itertuples():
        if row.area_id in ("new", "half", "x2"):
            assert found[row.area_id].equals(row.geometry)
    assert faults["boundary_simplified"] == 3


def test_largest_share_decides_and_strangers_get_none() -> None:
    wards = frame(a=box(0, 0, 10, 10), b=box(10, 0, 20, 10))
    areas = frame(mostly_b=box(8, 0, 14, 1), even=box(9, 0, 11, 1), far=box(50, 50, 51, 51))
    assert list(assign_to_largest(areas, wards)) == [1, 0, -1]  # of equal shares the first row
    assert np.all(assign_to_largest(areas.iloc[:0], wards) == [])
