"""Whole street files: two formats that must agree, faults, coverage, ground, real Newport."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data.areapack import WalkNetwork
from data.errors import SourceError, UsageError
from data.sources import osm
from data.sources.osm import read_streets
from data.sources.osm_read_xml import read_osm_xml
from data.sources.street_coverage import box_coverage, build_coverage
from tests.street_files import StreetFile

CRS = "EPSG:27700"
HOSTILE = "<script>alert(1)</script> `${x}` {{ y }} \"quoted\" & 'so' \\ Łódź اردو"

TOWN = StreetFile(
    nodes={
        1: (0, 0), 2: (100, 0), 3: (200, 10), 4: (300, 0), 5: (200, 150), 6: (100, 150), 7: (400, 0),
        8: (50, 300), 9: (60, 300), 10: (60, 310), 20: (-80, -80), 21: (500, -80), 22: (500, 400), 23: (-80,
               400),
        24: (150, 50), 25: (170, 50), 26: (170, 80), 27: (150, 80), 30: (0, -40), 31: (400, -40),
    },
    ways={
        101: ([1, 2, 3, 4], {"highway": "residential", "name": HOSTILE}),
        102: ([3, 5, 6, 2], {"highway": "footway", "oneway": "-1"}),
        103: ([4, 7], {"highway": "motorway"}),
        104: ([5, 8], {"highway": "steps", "name": "Jacob's Ladder"}),
        105: ([8, 9, 10, 8], {"highway": "pedestrian", "area": "yes"}),
        106: ([6, 5], {"highway": "cycleway", "oneway": "yes"}),
        107: ([1, 6], {"highway": "service", "access": "private"}),
        108: ([24, 25, 26, 27, 24], {"building": "yes"}),
        110: ([20, 21, 22, 23, 20], {}),
        111: ([24, 25, 26, 27, 24], {}),
        112: ([30, 31], {"railway": "rail"}),
        113: ([31, 30], {"waterway": "river", "name": "Ebb"}),
        114: ([30, 31], {"railway": "rail", "service": "siding"}),
        115: ([20, 21, 22, 23, 20], {"natural": "tree_row"}),
    },
    relations={
        900: ([(110, "outer"), (111, "inner")], {"type": "multipolygon", "leisure": "park",
               "name": "Great Moor"})
    },
)  # fmt: skip


def assert_same(one: WalkNetwork, other: WalkNetwork) -> None:
    for item in fields(WalkNetwork):
        left, right = getattr(one, item.name), getattr(other, item.name)
        if isinstance(left, np.ndarray):
            assert left.dtype == right.dtype, item.name
            assert np.array_equal(left, right), item.name
        else:
            assert left == right, item.name


def test_the_same_streets_as_osm_and_as_pbf_give_the_same_network(tmp_path: Path) -> None:
    from_xml = read_streets(TOWN.write_osm(tmp_path / "town.osm"), crs=CRS)
    from_pbf = read_streets(TOWN.write_pbf(tmp_path / "town.osm.pbf"), crs=CRS)
    assert_same(from_xml.walk, from_pbf.walk)
    assert from_xml.osm_way.tolist() == from_pbf.osm_way.tolist()
    assert from_xml.coverage.equals(from_pbf.coverage)
    assert from_xml.ground.equals(from_pbf.ground)
    assert str(from_xml.data_date) == str(from_pbf.data_date) == "2024-03-05"
    assert from_xml.faults == from_pbf.faults == []


def test_osm_is_read_through_osmnx_and_pbf_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(osm, "read_osm_xml", lambda path: read.append(path.name) or read_osm_xml(path))
    read_streets(TOWN.write_osm(tmp_path / "town.osm"), crs=CRS)
    read_streets(TOWN.write_pbf(tmp_path / "town.osm.pbf"), crs=CRS)
    assert read == ["town.osm"]


def test_an_osm_file_with_its_ways_before_its_nodes_is_the_same(tmp_path: Path) -> None:
    sorted_file = read_streets(TOWN.write_osm(tmp_path / "a.osm"), crs=CRS)
    unsorted = read_streets(TOWN.write_osm(tmp_path / "b.osm", ways_first=True), crs=CRS)
    assert_same(sorted_file.walk, unsorted.walk)
    assert unsorted.faults == []
    assert unsorted.ground.equals(sorted_file.ground)


TAGS = st.sampled_from(
    [
        {"highway": "path"},
        {"highway": "residential", "name": "High Street", "oneway": "-1"},
        {"highway": "steps"},
        {"highway": "motorway"},
        {"highway": "pedestrian", "area": "yes"},
        {"highway": "service", "access": "private"},
        {"building": "yes"},
        {"junction": "roundabout", "highway": "tertiary"},
    ]
)
PLACES = st.integers(-400, 400)
REFS = st.lists(st.integers(1, 8), min_size=2, max_size=6)


@given(
    st.lists(st.tuples(PLACES, PLACES), min_size=8, max_size=8),
    st.lists(st.tuples(REFS, TAGS), min_size=1, max_size=6),
)
@settings(max_examples=10)
def test_random_streets_are_the_same_in_both_formats(
    tmp_path_factory: pytest.TempPathFactory,
    places: list[tuple[int, int]],
    ways: list[tuple[list[int], dict[str, str]]],
) -> None:
    folder = tmp_path_factory.mktemp("streets")
    town = StreetFile(dict(enumerate(places, start=1)), dict(enumerate(ways, start=1)))
    answers = []
    for path in (town.write_osm(folder / "t.osm"), town.write_pbf(folder / "t.osm.pbf")):
        try:
            answers.append(read_streets(path, crs=CRS))
        except SourceError as error:
            assert "no street" in str(error)
    assert len(answers) in (0, 2)
    if answers:
        assert_same(answers[0].walk, answers[1].walk)
        assert answers[0].osm_way.tolist() == answers[1].osm_way.tolist()


def test_what_the_network_holds(tmp_path: Path) -> None:
    found = read_streets(TOWN.write_pbf(tmp_path / "town.osm.pbf"), crs=CRS)
    walk = found.walk
    assert sorted(set(found.osm_way.tolist())) == [101, 102, 104, 105, 106]
    assert set(walk.street_names) == {"Jacob's Ladder", " ".join(HOSTILE.split())}
    assert walk.steps.sum() == 1
    # 101 is cut at 2 and 3; 102 at 5 and 6 (its ends are junctions); the pedestrian ring starts at 8.
    assert np.bincount(found.osm_way - 101).tolist() == [3, 3, 0, 1, 1, 1]


def test_osmnx_settings_are_as_before_whatever_happens(tmp_path: Path) -> None:
    from osmnx import settings

    names = [name for name in dir(settings) if not name.startswith("_")]
    before = {name: repr(getattr(settings, name)) for name in names}
    read_osm_xml(TOWN.write_osm(tmp_path / "town.osm"))
    (tmp_path / "broken.osm").write_text("<osm><node id='1'", encoding="utf-8")
    with pytest.raises(SourceError):
        read_osm_xml(tmp_path / "broken.osm")
    assert {name: repr(getattr(settings, name)) for name in names} == before


@pytest.mark.parametrize("ending", ["osm", "osm.pbf"])
def test_faults_are_counted_and_ways_interrupted_never_bridged(tmp_path: Path, ending: str) -> None:
    faulty = StreetFile(
        nodes={1: (0, 0), 2: (100, 0), 3: (300, 0), 4: (400, 0), 5: (400, 0)},
        ways={
            1: ([1, 2, 99, 3, 4], {"highway": "path"}),  # node 99 is not in the file
            2: ([2, 2, 3], {"highway": "path"}),
            3: ([4], {"highway": "path"}),
            4: ([4, 5], {"highway": "path"}),
        },
    )
    path = tmp_path / f"faulty.{ending}"
    found = read_streets(faulty.write_osm(path) if ending == "osm" else faulty.write_pbf(path), crs=CRS)
    assert {fault.code: fault.count for fault in found.faults} == {
        "broken_reference": 1,
        "repeated_node": 1,
        "way_of_one_node": 1,
        "edge_of_no_length": 1,
    }
    assert all(fault.file == path.name for fault in found.faults)
    # Way 1 is left as 1-2 and 3-4: 200 m, with the 200 m between 2 and 3 only by way 2.
    assert found.osm_way.tolist() == [1, 1, 2]
    assert np.round(found.walk.length_mm / 1e5).tolist() == [1, 1, 2]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("streets.osm.pbf", b"not a pbf at all", "can't be read"),
        ("streets.osm", b"<osm><way", "can't be read"),
        ("streets.shp", b"", "give .osm.pbf or .osm"),
        ("streets.osm", b"<osm version='0.6'></osm>", "no street"),
    ],
)
def test_a_file_that_is_no_street_file_is_refused_in_words(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=says) as caught:
        read_streets(tmp_path / name, crs=CRS)
    assert name in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone\.osm\.pbf: no such file"):
        read_streets(tmp_path / "gone.osm.pbf", crs=CRS)


def test_ground_has_the_park_with_its_hole_the_river_and_the_main_line(tmp_path: Path) -> None:
    ground = read_streets(TOWN.write_osm(tmp_path / "town.osm"), crs=CRS).ground
    assert ground["kind"].tolist() == ["green", "rail", "water"]
    assert ground["name"].tolist()[0] == "Great Moor"
    assert ground["name"].tolist()[2] == "Ebb"
    park = ground.geometry.iloc[0]
    # 580 x 480 m less the hole of 20 x 30 m, in a plane scaled by about 0.9996.
    assert park.area == pytest.approx(580 * 480 - 600, rel=0.01)
    assert shapely.get_dimensions(ground.geometry.iloc[1]) == 1


def grid(columns: int, rows: int, spacing: float, tail: int = 0) -> StreetFile:
    """Streets in a grid, and one road that runs out of it to the east."""
    nodes = {r * 100 + c + 1: (c * spacing, r * spacing) for r in range(rows) for c in range(columns)}
    ways = {r + 1: ([r * 100 + c + 1 for c in range(columns)], {"highway": "path"}) for r in range(rows)}
    ways |= {50 + c: ([r * 100 + c + 1 for r in range(rows)], {"highway": "path"}) for c in range(columns)}
    if tail:
        nodes[9999] = (columns * spacing + tail, 0.0)
        ways[999] = ([columns, 9999], {"highway": "path"})
    return StreetFile(nodes, ways)


def test_coverage_fills_the_town_and_drops_the_road_that_runs_out_of_it(tmp_path: Path) -> None:
    # 11 x 11 streets 300 m apart: a square of 3 km; the road goes on for 6 km.
    found = read_streets(grid(11, 11, 300.0, tail=6000).write_pbf(tmp_path / "t.osm.pbf"), crs=CRS)
    bare = read_streets(grid(11, 11, 300.0).write_pbf(tmp_path / "b.osm.pbf"), crs=CRS)
    assert bare.coverage.area == pytest.approx(9e6, rel=0.1)
    assert found.coverage.area == pytest.approx(bare.coverage.area, rel=0.05)
    assert found.walk.node_x.max() > found.coverage.bounds[2] + 5000


def test_coverage_closes_gaps_between_country_lanes(tmp_path: Path) -> None:
    # Lanes 1.2 km apart: the fields between them are covered (snapping has its own limit of 300 m).
    found = read_streets(grid(4, 4, 1200.0).write_pbf(tmp_path / "t.osm.pbf"), crs=CRS)
    assert found.coverage.area == pytest.approx(3600**2, rel=0.1)
    assert all(not part.interiors for part in found.coverage.geoms)


def test_coverage_of_a_single_street_is_not_empty(tmp_path: Path) -> None:
    lone = StreetFile({1: (0, 0), 2: (400, 0)}, {1: ([1, 2], {"highway": "path"})})
    walk = read_streets(lone.write_pbf(tmp_path / "t.osm.pbf"), crs=CRS).walk
    assert build_coverage(walk).area > 0


def test_a_configured_box_is_taken_instead(tmp_path: Path) -> None:
    path = grid(4, 4, 300.0).write_pbf(tmp_path / "t.osm.pbf")
    box = (-3.05, 51.55, -2.9, 51.6)
    found = read_streets(path, crs=CRS, coverage_bbox=box)
    assert found.coverage.equals(box_coverage(box, CRS))
    # 0.15 degrees of longitude at 51.575 N is 10.4 km, 0.05 of latitude 5.6 km.
    assert found.coverage.area == pytest.approx(10.4e3 * 5.56e3, rel=0.01)


@pytest.mark.parametrize("box", [(1, 2, 1, 3), (-200, 50, 0, 51), (0, 51, 1, 50)])
def test_a_box_that_is_none_is_refused(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(UsageError, match="west, south, east, north"):
        box_coverage(box, CRS)


def test_progress_is_told_in_words(tmp_path: Path) -> None:
    told: list[str] = []
    read_streets(TOWN.write_pbf(tmp_path / "town.osm.pbf"), crs=CRS, progress=told.append)
    assert len(told) == 4
    assert all(words.startswith("streets: ") for words in told)


@pytest.mark.real_data
def test_newport_streets(real_data: Path) -> None:
    found = read_streets(real_data / "newport" / "osm" / "newport-2023-06-13.osm.pbf", crs=CRS)
    walk = found.walk
    assert found.faults == []
    assert str(found.data_date) == "2023-06-12"
    assert len(walk.u) == 24_366
    assert len(walk.node_x) == 14_429
    assert 1232 < walk.length_mm.sum() / 1e6 < 1237  # km: 933 of streets, the rest crossings of squares
    assert np.isin(found.osm_way, (39245618, 1060348077)).sum() > 200  # John Frost Square, Queensway
    assert "motorway" not in walk.highway_names
    assert walk.steps.sum() == 143
    # The header's box and the outermost nodes say 143 square kilometres; the streets are whole in 81.
    assert 78e6 < found.coverage.area < 83e6
    assert {"water", "green", "rail"} == set(found.ground["kind"])
    assert shapely.is_valid(found.ground.geometry.to_numpy()).mean() > 0.99
