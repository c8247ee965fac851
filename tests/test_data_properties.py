"""What must hold for any input: one table in three shapes, any split, any weights, any text in a pack."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from data.config import Census, RawFile
from data.frames import arrow_to_frame, frame_to_arrow
from data.packio import compute_digest, load_pack, write_pack
from data.schema import SHAPES
from data.sources.boundaries import polygons_of
from data.sources.census import CensusResult, read_census
from data.sources.faultlog import FaultLog
from data.sources.origin_points import build_origin_points
from data.sources.splits import build_split_areas
from tests.test_data_census import NINETEEN
from tests.towns import build_town, point

CRS = "EPSG:27700"
COUNTS = st.lists(st.lists(st.integers(0, 500), min_size=19, max_size=19), min_size=1, max_size=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("properties")


def read(folder: Path, table: pd.DataFrame, n_areas: int) -> CensusResult:
    path = folder / "counts.csv"
    table.to_csv(path, index=False)
    config = Census(counts=RawFile(file="x", title="x", publisher="x"), table="TS021", year=2021)
    ids = pd.Series([f"A{number}" for number in range(n_areas)], dtype="str")
    return read_census(path, config, ids, FaultLog("census"))


@settings(max_examples=15)
@given(counts=COUNTS, order=st.permutations(range(19)))
def test_one_table_is_read_alike_in_three_shapes(
    folder: Path, counts: list[list[int]], order: list[int]
) -> None:
    rows = [
        (f"A{area}", place, NINETEEN[group], people[group])
        for area, people in enumerate(counts)
        for place, group in enumerate(order)
    ]
    columns = ["GEOGRAPHY_CODE", "C2021_ETH_20", "C2021_ETH_20_NAME", "OBS_VALUE"]
    nomis = pd.DataFrame(rows, columns=columns)
    long = nomis.rename(
        columns={"GEOGRAPHY_CODE": "lsoa21_code", "C2021_ETH_20_NAME": "ethnic_group", "OBS_VALUE": "n"}
    )[["lsoa21_code", "n", "ethnic_group"]]
    wide = nomis.pivot(index="GEOGRAPHY_CODE", columns="C2021_ETH_20_NAME", values="OBS_VALUE")
    wide.columns = [f"Ethnic group: {name}" for name in wide.columns]
    wide = wide.reset_index(names="geography code")
    results = [read(folder, table, len(counts)) for table in (nomis, long, wide)]
    for result in results:
        assert result.population.tolist() == [sum(people) for people in counts]
        pd.testing.assert_frame_equal(result.census, results[0].census)
        pd.testing.assert_frame_equal(result.groups, results[0].groups)


BOXES = st.lists(
    st.tuples(st.integers(-5, 14), st.integers(-5, 14), st.integers(1, 12), st.integers(1, 12)),
    min_size=2,
    max_size=4,
)


@given(boxes=BOXES)
def test_children_of_a_split_always_make_up_their_parent(boxes: list[tuple[int, int, int, int]]) -> None:
    """Also where the simplified children miss parts of it, overlap, or lie partly outside."""
    parent = box(0, 0, 10, 10)
    names = [f"c{number}" for number in range(len(boxes))]
    shapes = [box(x, y, x + width, y + height) for x, y, width, height in boxes]
    coarse = gpd.GeoDataFrame({"area_id": names, "name": names}, geometry=shapes, crs=CRS)
    parents = gpd.GeoDataFrame({"area_id": ["p"], "name": ["p"]}, geometry=[parent], crs=CRS)
    relation = pd.DataFrame({"old": "p", "new": names})
    found = build_split_areas(coarse, parents, relation, FaultLog("x")).geometry.to_numpy()
    if not any(shape.intersection(parent).area for shape in shapes):
        assert all(a.equals(b) for a, b in zip(found, shapes, strict=True))  # nothing to cut by
        return
    assert shapely.area(found).sum() == pytest.approx(100)
    assert shapely.union_all(found).symmetric_difference(parent).area == pytest.approx(0, abs=1e-9)


@given(
    people=st.lists(st.integers(1, 2000), min_size=1, max_size=20),
    population=st.one_of(st.none(), st.integers(0, 5000)),
)
def test_weights_sum_to_one_and_residents_to_the_population(
    people: list[int], population: int | None
) -> None:
    areas = gpd.GeoDataFrame(
        {"neighbourhood_id": ["n"], "population": pd.array([population], dtype="Int32")},
        geometry=[box(330000, 188000, 330100, 188100)],
        crs=CRS,
    )
    places = pd.DataFrame(
        {
            "point_id": [f"p{number}" for number in range(len(people))],
            "neighbourhood_id": "n",
            "people": [float(n) for n in people],
            "x": 330050.0,
            "y": 188050.0,
        }
    )
    points = build_origin_points(areas, crs=CRS, output_areas=places, postcodes=None, log=FaultLog("x"))
    assert points["weight"].sum() == pytest.approx(1)
    share = dict(zip(points["point_id"], points["weight"], strict=True))
    assert share["p0"] * sum(people) == pytest.approx(people[0])
    if population is None:
        assert points["residents"].isna().all()
    else:
        assert points["residents"].sum() == pytest.approx(population)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=25)
@given(names=st.lists(st.one_of(st.none(), TEXT), min_size=2, max_size=2))
def test_any_text_comes_back_as_it_was(folder: Path, names: list[str | None]) -> None:
    town = build_town(stops={"A": (0, 0), "B": (500, 0)}, points=[point("home", 0, 0)])
    town = replace(town, stops=town.stops.assign(name=names))
    loaded = load_pack(write_pack(town, folder / "town"))
    assert [None if pd.isna(name) else name for name in loaded.stops["name"]] == names
    assert compute_digest(loaded) == compute_digest(town) == loaded.digest


@given(points=st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=2, max_size=6))
def test_geometry_comes_back_to_the_last_bit(points: list[tuple[float, float]]) -> None:
    frame = gpd.GeoDataFrame({"shape_id": ["s"]}, geometry=[shapely.LineString(points)], crs=CRS)
    back = arrow_to_frame(SHAPES, frame_to_arrow(SHAPES, frame), crs=CRS)
    assert shapely.to_wkb(back.geometry.iloc[0]) == shapely.to_wkb(frame.geometry.iloc[0])


@given(shape=st.sampled_from([shapely.Point(0, 0), shapely.LineString([(0, 0), (1, 1)]), box(0, 0, 1, 1)]))
def test_only_surfaces_are_kept(shape: shapely.Geometry) -> None:
    mixed = shapely.GeometryCollection([shape, box(5, 5, 6, 6)])
    assert polygons_of(mixed).area == shape.area + 1
