"""Origin points: output areas, lookups and splits, postcodes, one point, seeded points; weights sum to 1."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import box

from data.config import OutputAreas, RawFile
from data.errors import SourceError
from data.schema import ORIGIN_POINTS, POSTCODES
from data.sources.faultlog import FaultLog
from data.sources.origin_points import (
    assign_output_areas,
    build_origin_points,
    build_synthetic_points,
    points_inside,
    read_output_areas,
)
from data.sources.postcodes import find_areas, normalise_postcode, read_postcodes

GRID = "EPSG:27700"
FILE = RawFile(file="x.csv", title="x", publisher="ons")
X, Y = 330_000.0, 188_000.0


def square(column: int, row: int = 0) -> shapely.Geometry:
    """A square of 100 m, columns going east."""
    return box(X + 100 * column, Y + 100 * row, X + 100 * (column + 1), Y + 100 * (row + 1))


def hoods(**areas: tuple[shapely.Geometry, int | None]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "neighbourhood_id": list(areas),
            "population": pd.array([people for _, people in areas.values()], dtype="Int32"),
        },
        geometry=[geometry for geometry, _ in areas.values()],
        crs=GRID,
    )


def output_areas(**rows: tuple[str | None, float, float, float]) -> pd.DataFrame:
    """area_id, people, and x, y in metres from the corner."""
    return pd.DataFrame(
        [(key, area, people, X + x, Y + y) for key, (area, people, x, y) in rows.items()],
        columns=["point_id", "area_id", "people", "x", "y"],
    )


def relation(*pairs: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["old", "new"])


def counts(log: FaultLog) -> dict[str, int]:
    return {fault.code: fault.count for fault in log.faults}


def test_output_areas_go_by_lookup_and_by_place_only_among_a_splits_children() -> None:
    areas = hoods(same=(square(0), 100), west=(square(1), 60), east=(square(2), 40))
    points = output_areas(
        a=("same", 50, 250, 50),  # lies in east by its point; the lookup says unchanged, and that counts
        b=("old", 30, 150, 50),
        c=("old", 10, 250, 50),
        d=("old", 10, 50, 50),  # lies in 'same', which is no child of 'old': the nearest child is west
        e=("old", 5, 900, 50),  # lies nowhere: nearest is east
        f=("elsewhere", 99, 50, 50),
    )
    log = FaultLog("origin_points")
    found = assign_output_areas(
        points, areas, relation(("same", "same"), ("old", "west"), ("old", "east")), log
    )
    assert dict(zip(found["point_id"], found["neighbourhood_id"], strict=True)) == {
        "a": "same", "b": "west", "c": "east", "d": "west", "e": "east",
    }  # fmt: skip
    assert counts(log) == {"output_area_nearest_child": 2, "output_area_elsewhere": 1}


def test_without_a_code_the_place_decides_and_a_code_of_today_needs_no_lookup() -> None:
    areas = hoods(west=(square(0), 1), east=(square(1), 1))
    points = output_areas(a=(None, 1, 150, 50), b=("west", 1, 150, 50), c=(None, 1, 999, 50))
    found = assign_output_areas(points, areas, None, FaultLog("origin_points"))
    assert dict(zip(found["point_id"], found["neighbourhood_id"], strict=True)) == {"a": "east", "b": "west"}


def test_merged_areas_take_the_points_of_both() -> None:
    areas = hoods(new=(box(X, Y, X + 200, Y + 100), 10))
    points = output_areas(a=("m1", 1, 50, 50), b=("m2", 1, 150, 50))
    found = assign_output_areas(points, areas, relation(("m1", "new"), ("m2", "new")), FaultLog("x"))
    assert list(found["neighbourhood_id"]) == ["new", "new"]


def postcodes(*rows: tuple[str, str | None, float, float]) -> pd.DataFrame:
    return pd.DataFrame(
        [(code, X + x, Y + y, 10, hood) for code, hood, x, y in rows],
        columns=["postcode", "x", "y", "quality", "neighbourhood_id"],
    )


def test_weights_are_scaled_and_gaps_filled_in_the_order_of_the_rules() -> None:
    areas = hoods(
        counted=(square(0), 300), posted=(square(1), 90), bare=(square(2), 70), unknown=(square(3), None)
    )
    points = output_areas(a=("counted", 10, 20, 20), b=("counted", 30, 60, 60), u=("unknown", 5, 350, 50))
    log = FaultLog("origin_points")
    found = build_origin_points(
        areas,
        crs=GRID,
        output_areas=assign_output_areas(points, areas, None, log),
        postcodes=postcodes(
            ("NP10 0AA", "counted", 10, 10), ("NP10 0AB", "posted", 110, 10), ("NP10 0AD", "posted", 130, 10),
            ("NP10 0AE", "posted", 160, 10), ("NP10 0AF", None, 999, 10),
        ),
        log=log,
    ).set_index("point_id")  # fmt: skip
    assert found.loc["a", "weight"] == 0.25
    assert found.loc["b", "residents"] == 225.0  # 30 of 40 of 300
    assert found["basis"].value_counts().to_dict() == {"output_area": 3, "postcode": 3, "centroid": 1}
    assert found.loc["posted:NP100AB", "residents"] == pytest.approx(30.0)
    assert (found.loc["bare:centre", "x"], found.loc["bare:centre", "y"]) == (X + 250, Y + 50)
    assert np.isnan(found.loc["u", "residents"])  # nobody counted there: not known, not nobody
    assert found.groupby("neighbourhood_id")["weight"].sum().tolist() == pytest.approx([1, 1, 1, 1])
    assert counts(log) == {"points_from_postcodes": 1, "points_from_centroids": 1}
    assert list(found.reset_index().columns) == ORIGIN_POINTS.column_names


def test_one_point_lies_inside_a_crescent() -> None:
    crescent = shapely.Point(0, 0).buffer(100).difference(shapely.Point(30, 0).buffer(95))
    assert not crescent.contains(crescent.centroid)
    assert crescent.contains(points_inside(np.array([crescent]))[0])


def test_degrees_of_points_are_right() -> None:
    found = build_origin_points(
        hoods(a=(square(0), 1)), crs=GRID, output_areas=None, postcodes=None, log=FaultLog("x")
    )
    point = gpd.GeoSeries(gpd.points_from_xy(found["x"], found["y"]), crs=GRID).to_crs("EPSG:4326")[0]
    assert (found["lon"][0], found["lat"][0]) == pytest.approx((point.x, point.y), abs=1e-7)


def read_oas(path: Path, text: str, places: str, **settings: Any) -> tuple[pd.DataFrame, dict[str, int]]:
    (path / "oa.csv").write_text(text)
    (path / "places.csv").write_text(places)
    config = OutputAreas(
        counts=FILE, id_column="OA", people_column="Persons", points=FILE, points_id_column="OA",
        x_column="x", y_column="y", points_crs=GRID, **settings,
    )  # fmt: skip
    log = FaultLog("origin_points")
    return read_output_areas(path / "oa.csv", path / "places.csv", config, crs=GRID, log=log), counts(log)


def test_output_areas_without_people_count_or_place(tmp_path: Path) -> None:
    found, faults = read_oas(
        tmp_path,
        "OA,Persons,LSOA\na,10,L\nempty,0,L\nunknown,c,L\nlost,7,L\n",
        "OA,x,y\na,330001,188001\nempty,330002,188002\nunknown,1,1\nlost,,\n",
        area_column="LSOA",
    )
    assert list(found["point_id"]) == ["a"]
    assert (found["x"][0], found["area_id"][0]) == (330001.0, "L")
    assert faults == {"output_area_without_count": 1, "output_area_without_point": 1}


def test_output_areas_that_stand_twice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="stand twice"):
        read_oas(tmp_path, "OA,Persons\na,1\na,2\n", "OA,x,y\na,1,1\n")


def synthetic(
    path: Path, rows: list[tuple[str, str]], areas: gpd.GeoDataFrame, seed: int = 7
) -> pd.DataFrame:
    file = path / "lookup.csv"
    file.write_text("oa,lsoa\n" + "".join(f"{oa},{lsoa}\n" for oa, lsoa in rows))
    return build_synthetic_points(
        areas, file, id_column="oa", area_column="lsoa", seed=seed, crs=GRID, log=FaultLog("x")
    )


def test_seeded_points_lie_inside_and_depend_on_their_own_code_only(tmp_path: Path) -> None:
    crescent = shapely.Point(X, Y).buffer(100).difference(shapely.Point(X + 30, Y).buffer(95))
    areas = hoods(a=(crescent, None), b=(square(5), None), none=(square(9), None))
    found = synthetic(tmp_path, [("o1", "a"), ("o2", "a"), ("o3", "b"), ("o4", "gone")], areas)
    for row in found.itertuples():
        area = areas.set_index("neighbourhood_id").geometry[row.neighbourhood_id]
        assert area.intersects(shapely.Point(row.x, row.y))
    assert found["basis"].tolist() == ["synthetic", "synthetic", "synthetic", "centroid"]
    assert found["residents"].isna().all()
    assert found["weight"].tolist() == [0.5, 0.5, 1.0, 1.0]
    alone = synthetic(tmp_path, [("o2", "a")], areas).set_index("point_id")
    assert alone.loc["o2", "x"] == found.set_index("point_id").loc["o2", "x"]
    other = synthetic(tmp_path, [("o2", "a")], areas, seed=8).set_index("point_id")
    assert other.loc["o2", "x"] != alone.loc["o2", "x"]


HEADER = "postcode,quality,easting,northing\n"


def read_codes(path: Path, text: str, areas: gpd.GeoDataFrame | None = None, name: str = "codes.csv") -> Any:
    file = path / name
    file.write_text(text)
    log = FaultLog("postcodes")
    return read_postcodes(file, crs=GRID, neighbourhoods=areas, margin_m=1000, log=log), counts(log)


def test_postcodes_with_a_header_get_the_neighbourhood_they_lie_in(tmp_path: Path) -> None:
    areas = hoods(west=(square(0), 1), east=(square(1), 1))
    found, faults = read_codes(
        tmp_path,
        HEADER + "np100ab,10,330150,188050\nNP10 0AA,10,330050,188050\nNP10 0AD,50,330500,188050\n"
        "NP99 9ZZ,10,340000,188000\n",
        areas,
    )
    assert list(found.columns) == POSTCODES.column_names
    assert list(found["postcode"]) == ["NP10 0AA", "NP10 0AB", "NP10 0AD"]  # sorted; the last is 9 km away
    assert found["neighbourhood_id"].tolist()[:2] == ["west", "east"]
    assert pd.isna(found["neighbourhood_id"][2])
    assert faults == {}


def test_code_point_open_as_published_has_no_header(tmp_path: Path) -> None:
    text = '"NP100AA",10,327203,188953,"W92000004","","W11000028","","W06000022","W05001646"\n'
    found, _ = read_codes(tmp_path, text)
    assert (found["postcode"][0], found["x"][0], found["quality"][0]) == ("NP10 0AA", 327203.0, 10)
    with zipfile.ZipFile(tmp_path / "codepo_gb.zip", "w") as archive:
        archive.writestr("Doc/Code-Point_Open_Column_Headers.csv", "PC,PQ,EA,NO\n")
        archive.writestr("Data/CSV/np.csv", text)
    log = FaultLog("postcodes")
    zipped = read_postcodes(tmp_path / "codepo_gb.zip", crs=GRID, neighbourhoods=None, margin_m=0, log=log)
    pd.testing.assert_frame_equal(zipped, found)


def test_postcodes_without_place_or_sense_are_counted(tmp_path: Path) -> None:
    rows = "NP10 0AA,10,330000,188000\nNP10 0AA,10,331000,188000\n"
    rows += "NP10 0AB,90,0,0\nNP10 0AD,10,,\nrubbish,10,1,1\n"
    found, faults = read_codes(tmp_path, HEADER + rows)
    assert list(found["x"]) == [330000.0]
    assert faults == {"postcode_malformed": 1, "postcode_repeated": 1, "postcode_without_place": 2}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("postcode,lat,lon\nNP10 0AA,1,2\n", "no column for x, y"),
        (HEADER + "rubbish,1,2,3\n", "no postcode that can be used"),
    ],
)
def test_files_that_hold_no_postcodes(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SourceError, match=says):
        read_codes(tmp_path, text)


def test_a_zip_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="can't be opened as a zip"):
        read_codes(tmp_path, "not a zip", name="codes.zip")


@pytest.mark.parametrize(
    ("text", "code"),
    [("np100aa", "NP10 0AA"), (" w1a  1aa ", "W1A 1AA"), ("M1 1AE", "M1 1AE"), ("NP10", None), ("", None)],
)
def test_postcodes_are_written_one_way(text: str, code: str | None) -> None:
    assert normalise_postcode(text) == code


def test_a_point_on_a_border_counts_to_the_first_area() -> None:
    areas = hoods(west=(square(0), 1), east=(square(1), 1))
    assert list(find_areas(np.array([X + 100, X + 1000]), np.array([Y + 50, Y]), areas)) == [0, -1]
