"""Cutting an area out of an extract, and the outline that Overpass is asked for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import osmium
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data.coordinates import BRITISH_GRID, LON_LAT, between
from data.errors import SourceError
from data.fetch.streets import outline_polygons
from data.get.extract import list_boxes, take_extract
from data.sources.osm import read_streets
from data.sources.osm_clip import clip_osm
from tests.street_files import StreetFile
from tests.test_streets_files import CRS, TOWN, assert_same

EVERYWHERE = (-180.0, -90.0, 180.0, 90.0)


def test_degrees_keep_a_centimetre_on_the_way_from_metres() -> None:
    """Rounded to three decimals, as metres are, a corner lay up to 100 m off."""
    x, y = np.array([392_004.36]), np.array([405_012.77])
    back = between(*between(x, y, BRITISH_GRID, LON_LAT), LON_LAT, BRITISH_GRID)
    assert np.hypot(back[0] - x, back[1] - y)[0] < 0.02
    same = between(np.array([-2.12345678]), np.array([53.0]), LON_LAT, LON_LAT)
    assert same[0][0] == -2.1234568


def test_the_outline_leaves_out_no_metre_of_the_margin() -> None:
    coast = [(i * 137.3 % 4000, i * 91.7 % 3000) for i in range(60)]
    grid = shapely.MultiPoint([(392_000 + x, 405_000 + y) for x, y in coast]).convex_hull
    area = shapely.transform(
        grid, lambda points: np.column_stack(between(points[:, 0], points[:, 1], BRITISH_GRID, LON_LAT))
    )
    (degrees,) = outline_polygons(area, 1500)
    corners = np.array(degrees.exterior.coords)
    outline = shapely.Polygon(np.column_stack(between(corners[:, 0], corners[:, 1], LON_LAT, BRITISH_GRID)))
    assert outline.contains(grid.buffer(1499.9))
    assert grid.buffer(2200).contains(outline)


@pytest.mark.parametrize("ending", ["osm", "osm.pbf"])
def test_a_clip_of_everything_is_the_same_network_and_ground(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"town.{ending}"
    path = TOWN.write_pbf(path) if ending == "osm.pbf" else TOWN.write_osm(path, ways_first=True)
    clip_osm(path, tmp_path / "clip.osm.pbf", [EVERYWHERE])
    whole = read_streets(TOWN.write_pbf(tmp_path / "whole.osm.pbf"), crs=CRS)
    cut = read_streets(tmp_path / "clip.osm.pbf", crs=CRS)
    assert_same(whole.walk, cut.walk)
    assert whole.ground.to_wkb().equals(cut.ground.to_wkb())
    assert whole.data_date == cut.data_date


def read_ids(path: Path) -> dict[str, dict[int, list[int]]]:
    found: dict[str, dict[int, list[int]]] = {"n": {}, "w": {}, "r": {}}
    for item in osmium.FileProcessor(path):
        parts = []
        if isinstance(item, osmium.osm.Way):
            parts = [node.ref for node in item.nodes]
        elif isinstance(item, osmium.osm.Relation):
            parts = [member.ref for member in item.members]
        found[item.type_str()][item.id] = parts
    return found


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["highway", "landuse", "building", "none"]),
            st.lists(st.integers(0, 35), min_size=2, max_size=5),
        ),
        min_size=1, max_size=8,
    ),
    st.lists(st.lists(st.integers(0, 7), min_size=1, max_size=3), max_size=3),
    st.lists(st.integers(0, 35), max_size=4),
)  # fmt: skip
def test_ways_are_whole_and_none_is_taken_from_elsewhere(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: list[tuple[str, list[int]]],
    groups: list[list[int]],
    places: list[int],
) -> None:
    """Against a plain reading of the rule, over a grid of nodes of which the box takes nine."""
    folder = tmp_path_factory.mktemp("clip")
    file = StreetFile(
        nodes={node + 1: (node % 6 * 1000.0, node // 6 * 1000.0) for node in range(36)},
        ways={
            number: ([node + 1 for node in refs], {} if key == "none" else {key: "grass"})
            for number, (key, refs) in enumerate(drawn)
        },
        relations={
            number: ([(way, "outer") for way in members], {"type": "multipolygon", "natural": "water"})
            for number, members in enumerate(groups)
        },
        node_tags={node + 1: {"amenity": "library"} for node in places},
    )
    low, high = file.degrees(1), file.degrees(15)  # the corner, and two streets east and north of it
    clip_osm(file.write_pbf(folder / "a.osm.pbf"), folder / "b.osm.pbf", [(*low, *high)])
    inside = {
        node for node in file.nodes
        if low[0] <= file.degrees(node)[0] <= high[0] and low[1] <= file.degrees(node)[1] <= high[1]
    }  # fmt: skip
    assert len(inside) == 9
    wanted = {way for way, (refs, tags) in file.ways.items()
              if set(refs) & inside and {"highway", "landuse"} & set(tags)}  # fmt: skip
    touching = {way for way, (refs, _) in file.ways.items() if set(refs) & inside}
    areas = {area for area, (members, _) in file.relations.items() if {ref for ref, _ in members} & touching}
    wanted |= {way for area in areas for way, _ in file.relations[area][0] if way in file.ways}
    nodes = {ref for way in wanted for ref in file.ways[way][0]} | (inside & set(file.node_tags))
    found = read_ids(folder / "b.osm.pbf")
    assert set(found["n"]) == nodes
    assert found["w"] == {way: list(file.ways[way][0]) for way in wanted}
    assert set(found["r"]) == areas


def write_boundaries(path: Path, *corners: tuple[float, float], side: float = 400) -> Path:
    features = []
    for east, north in corners:
        file = StreetFile(
            nodes={1: (east, north), 2: (east + side, north), 3: (east + side, north + side)}, ways={}
        )
        ring = [file.degrees(1), file.degrees(2), file.degrees(3), file.degrees(1)]
        features.append({"type": "Feature", "properties": {},
                         "geometry": {"type": "Polygon", "coordinates": [ring]}})  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_an_extract_of_another_place_is_refused_and_leaves_the_old_one(tmp_path: Path) -> None:
    extract = TOWN.write_pbf(tmp_path / "town.osm.pbf")
    target = tmp_path / "raw" / "streets.osm.pbf"
    here = write_boundaries(tmp_path / "here.geojson", (0, 0))
    found = take_extract(extract, here, target, margin_m=500)
    assert found.count and str(found.date) == "2024-03-05"
    before = target.read_bytes()
    far = write_boundaries(tmp_path / "far.geojson", (0, 0), (40_000, 40_000))
    with pytest.raises(SourceError, match=r"town\.osm\.pbf: has streets near 50%[\s\S]*--streets"):
        take_extract(extract, far, target, margin_m=500)
    assert target.read_bytes() == before
    (tmp_path / "empty.osm.pbf").touch()
    with pytest.raises(SourceError, match="empty"):
        take_extract(tmp_path / "empty.osm.pbf", here, target, margin_m=500)
    (tmp_path / "broken.osm.pbf").write_bytes(extract.read_bytes()[:-40])
    with pytest.raises(SourceError, match="fetch the file again"):
        take_extract(tmp_path / "broken.osm.pbf", here, target, margin_m=500)
    assert sorted(path.name for path in target.parent.iterdir()) == [
        ".streets.osm.pbf.source.json", "streets.osm.pbf"
    ]  # fmt: skip


def test_a_cut_is_used_again_until_the_extract_or_the_area_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract, target = TOWN.write_pbf(tmp_path / "town.osm.pbf"), tmp_path / "streets.osm.pbf"
    here = write_boundaries(tmp_path / "here.geojson", (0, 0))
    calls = []
    monkeypatch.setattr("data.get.extract.clip_osm", lambda *given: calls.append(1) or clip_osm(*given))
    one = take_extract(extract, here, target, margin_m=500)
    assert take_extract(extract, here, target, margin_m=500) == one and len(calls) == 1
    take_extract(extract, here, target, margin_m=600)
    TOWN.write_pbf(extract)
    take_extract(extract, here, target, margin_m=600)
    assert len(calls) == 3


def test_two_places_far_apart_are_two_boxes(tmp_path: Path) -> None:
    from data.get.extract import read_shapes

    near = read_shapes(write_boundaries(tmp_path / "a.geojson", (0, 0), (700, 0)))
    assert len(list_boxes(near, 100)) == 2 and len(list_boxes(near, 200)) == 1
    far = read_shapes(write_boundaries(tmp_path / "b.geojson", (0, 0), (90_000, 0)))
    (west, south, east, north), other = list_boxes(far, 10_000)
    assert (east - west) * 69_200 == pytest.approx(20_400, abs=300)
    assert (north - south) * 111_250 == pytest.approx(20_400, abs=300) and other[0] > east
