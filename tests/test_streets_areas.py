"""Pedestrian areas are crossed in a straight line: worked out by hand, and random outlines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from data.areapack import WalkNetwork
from data.sources.osm import read_streets
from data.sources.osm_segments import FaultTally, build_segments
from data.sources.street_areas import MOST_CORNERS
from data.sources.streets import build_walk_network
from tests.street_files import StreetFile

CRS = "EPSG:27700"
EAST, NORTH = 400_000, 300_000
TO_DEGREES = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
SQUARE = {"highway": "pedestrian", "area": "yes", "name": "Market Square"}
STREET = {"highway": "residential"}

Places = Mapping[int, tuple[float, float]]
Ways = Mapping[int, tuple[Sequence[int], Mapping[str, str]]]


def build(places: Places, ways: Ways) -> WalkNetwork:
    """Nodes at metres east and north of a corner."""
    lon, lat = TO_DEGREES.transform(
        [EAST + east for east, _ in places.values()], [NORTH + north for _, north in places.values()]
    )
    segments = build_segments(
        dict(zip(places, zip(lon, lat, strict=True), strict=True)),
        [(way, tags, list(pairwise(refs))) for way, (refs, tags) in ways.items()],
    )
    return build_walk_network(segments, crs=CRS, tally=FaultTally()).walk


def walk_m(walk: WalkNetwork, start: tuple[float, float], end: tuple[float, float]) -> float | None:
    """Shortest way between two nodes of the network, by networkx."""
    graph = nx.Graph()
    for u, v, mm in zip(walk.u.tolist(), walk.v.tolist(), walk.length_mm.tolist(), strict=True):
        if mm < graph.get_edge_data(u, v, {"mm": math.inf})["mm"]:
            graph.add_edge(u, v, mm=mm)

    def node(place: tuple[float, float]) -> int:
        off = np.hypot(walk.node_x - EAST - place[0], walk.node_y - NORTH - place[1])
        assert off.min() < 0.01, place
        return int(off.argmin())

    try:
        return nx.shortest_path_length(graph, node(start), node(end), weight="mm") / 1000
    except nx.NetworkXNoPath:
        return None


# A square of 100 m with a street at its south-west and one at its north-east corner.
BOX = {1: (0, 0), 2: (100, 0), 3: (100, 100), 4: (0, 100), 5: (-50, 0), 6: (150, 100)}
BOX_STREETS = {20: ([5, 1], STREET), 21: ([3, 6], STREET)}


def test_a_square_is_crossed_from_corner_to_corner() -> None:
    walk = build(BOX, {10: ([1, 2, 3, 4, 1], SQUARE), **BOX_STREETS})
    # 50 m of street, the diagonal of 100 m x 100 m, 50 m of street; round the outline it would be 300 m.
    assert walk_m(walk, (-50, 0), (150, 100)) == pytest.approx(100 + math.sqrt(2) * 100, abs=0.002)
    # Four sides, two diagonals, two streets; the crossings are the square's by name.
    assert len(walk.u) == 8
    assert sum(walk.street >= 0) == 6
    assert walk.street_names == ("Market Square",)


def test_the_same_outline_without_area_is_a_street_round_a_block() -> None:
    walk = build(BOX, {10: ([1, 2, 3, 4, 1], {"highway": "pedestrian"}), **BOX_STREETS})
    assert walk_m(walk, (-50, 0), (150, 100)) == pytest.approx(300, abs=0.002)


def test_round_an_inward_corner_the_way_bends_there_and_nowhere_else() -> None:
    # An L: 100 m wide, its arms 30 m; doors at the far ends of both arms, the inward corner at (30, 30).
    places = {1: (0, 0), 2: (100, 0), 3: (100, 30), 4: (30, 30), 5: (30, 100), 6: (0, 100)}
    walk = build(places, {10: ([1, 2, 3, 4, 5, 6, 1], SQUARE)})
    # (100, 0) to (30, 30) to (0, 100): twice sqrt(70^2 + 30^2) = 152.3 m; the straight line leaves the area.
    assert walk_m(walk, (100, 0), (0, 100)) == pytest.approx(2 * math.hypot(70, 30), abs=0.002)


def test_no_crossing_leaves_the_area() -> None:
    # A U whose arms are 80 m deep and 20 m apart: from tip to tip one goes down and up again.
    places = {
        1: (0, 0), 2: (60, 0), 3: (60, 100), 4: (40, 100), 5: (40, 20), 6: (20, 20), 7: (20, 100), 8: (0, 100)
    }  # fmt: skip
    walk = build(places, {10: ([1, 2, 3, 4, 5, 6, 7, 8, 1], SQUARE)})
    assert walk_m(walk, (20, 100), (40, 100)) == pytest.approx(80 + 20 + 80, abs=0.002)


@pytest.mark.parametrize(
    "refs",
    [[1, 2, 3, 4], [1, 3, 2, 4, 1], [1, 2, 99, 3, 4, 1]],
    ids=["open", "crosses itself", "a node is missing"],
)
def test_an_outline_that_is_no_ring_keeps_its_lines_and_gains_none(refs: list[int]) -> None:
    pairs = [(a, b) for a, b in pairwise(refs) if 99 not in (a, b)]
    lon, lat = TO_DEGREES.transform([EAST + BOX[n][0] for n in BOX], [NORTH + BOX[n][1] for n in BOX])
    segments = build_segments(dict(zip(BOX, zip(lon, lat, strict=True), strict=True)), [(10, SQUARE, pairs)])
    walk = build_walk_network(segments, crs=CRS, tally=FaultTally()).walk
    lines = sum(math.dist(BOX[a], BOX[b]) for a, b in pairs)
    assert walk.length_mm.sum() / 1000 == pytest.approx(lines, abs=0.01)


def test_a_very_fine_outline_is_crossed_to_and_from_its_doors_only() -> None:
    corners = MOST_CORNERS + 2
    places: dict[int, tuple[float, float]] = {
        n + 1: (100 * math.cos(2 * math.pi * n / corners), 100 * math.sin(2 * math.pi * n / corners))
        for n in range(corners)
    }
    places[900] = (200, 0)
    ring = [*range(1, corners + 1), 1]
    walk = build(places, {10: (ring, SQUARE), 20: ([900, 1], STREET)})
    # One door sees every corner but itself and its two neighbours, which stay mere bends of the outline.
    assert len(walk.u) == 1 + (corners - 3) + (corners - 2)
    assert walk_m(walk, (200, 0), (-100, 0)) == pytest.approx(300, abs=0.002)


def test_both_formats_give_the_same_crossings(tmp_path: Path) -> None:
    town = StreetFile(BOX, {10: ([3, 4, 1, 2, 3], SQUARE), **BOX_STREETS})
    xml = read_streets(town.write_osm(tmp_path / "t.osm"), crs=CRS).walk
    pbf = read_streets(town.write_pbf(tmp_path / "t.osm.pbf"), crs=CRS).walk
    assert len(xml.u) == len(pbf.u) == 8
    assert xml.length_mm.tolist() == pbf.length_mm.tolist()
    assert xml.u.tolist() == pbf.u.tolist()


@settings(max_examples=25)
@given(st.lists(st.integers(10, 100), min_size=4, max_size=9))
def test_random_outlines_are_crossed_exactly_where_the_line_stays_inside(radii: list[int]) -> None:
    """Stars about a centre: simple outlines with inward corners of every kind."""
    turn = 2 * math.pi / len(radii)
    places = {
        n + 1: (round(r * math.cos(n * turn), 2), round(r * math.sin(n * turn), 2))
        for n, r in enumerate(radii)
    }
    outline = list(places.values())
    # A stub at each corner, so that each is a node of the network.
    stubs = {n + 100: (east * 1.2, north * 1.2) for n, (east, north) in places.items()}
    streets = {n + 100: ([n, n + 100], STREET) for n in places}
    walk = build({**places, **stubs}, {10: ([*places, 1], SQUARE), **streets})
    area = shapely.Polygon(outline)
    for i, one in enumerate(outline):
        for other in outline[i + 1 :]:
            metres = walk_m(walk, one, other)
            assert metres is not None
            straight = math.dist(one, other)
            assert metres > straight - 0.02
            points = shapely.points(
                [
                    (one[0] + t * (other[0] - one[0]), one[1] + t * (other[1] - one[1]))
                    for t in np.linspace(0, 1, 41)
                ]
            )
            outside_m = shapely.distance(area, points).max()
            if outside_m > 2:  # so that the way round is longer by more than rounding
                assert metres > straight + 0.01
            elif shapely.covers(shapely.buffer(area, -0.05), points[1:-1]).all():
                assert metres == pytest.approx(straight, abs=0.02)
