"""Snapping against shapely: the nearest point of the nearest edge."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data.areapack import WalkNetwork
from geo.snap import Snapped, snap_points
from geo.straightline import StraightLine
from geo.walkgraph import build_walk_graph
from tests.test_walk_legs import make_network, on_edge_mm, walks
from tests.towns import ORIGIN, build_walk_network, street


def draw_edges(network: WalkNetwork) -> np.ndarray:
    lines = np.column_stack((network.geometry_x, network.geometry_y))
    return shapely.linestrings(
        lines, indices=np.repeat(np.arange(len(network.u)), np.diff(network.geometry_offset))
    )


@settings(max_examples=60)
@given(walks(), st.integers(0, 2**32 - 1), st.sampled_from([1.0, 7.0, 0.01]))
def test_snapping_equals_shapely(case, seed: int, stretch: float) -> None:
    node_count, edges, *_ = case
    network = make_network(node_count, edges)
    graph = build_walk_graph(network, avoid_steps=False, min_component_nodes=1)
    rng = np.random.default_rng(seed)
    # In, about and far from the streets; some exactly on a node.
    x, y = rng.uniform(-400, 900, (2, 40)) * stretch
    x[:5], y[:5] = network.node_x[0], network.node_y[0]
    snapped = snap_points(graph, x, y)
    lines = draw_edges(network)
    points = shapely.points(x, y)
    distance = shapely.distance(points[:, None], lines[None, :])
    nearest = distance.min(axis=1)
    assert (snapped.outside == (np.rint(nearest * 1000) > 300_000)).all()
    inside = np.flatnonzero(~snapped.outside)
    assert np.abs(snapped.off_network_mm[inside] - nearest[inside] * 1000).max(initial=0) <= 0.501
    own = distance[inside, snapped.edge[inside]]
    assert np.abs(own - nearest[inside]).max(initial=0) < 1e-6
    share = shapely.line_locate_point(lines[snapped.edge[inside]], points[inside], normalized=True)
    at = shapely.line_interpolate_point(lines[snapped.edge[inside]], share, normalized=True)
    length = network.length_mm[snapped.edge[inside]]
    got = shapely.line_interpolate_point(
        lines[snapped.edge[inside]],
        on_edge_mm(graph, snapped.take(inside)) / np.maximum(length, 1),
        normalized=True,
    )
    # Rounded to the millimetre of the stated length, which may differ from the drawn one.
    drawn = shapely.length(lines[snapped.edge[inside]])
    tolerance = 1e-6 + 0.501 * drawn / np.maximum(length, 1)
    near = shapely.distance(at, got) <= tolerance
    # A line that comes equally near twice has two right answers.
    twice = np.abs(shapely.distance(points[inside], got) - nearest[inside]) <= tolerance
    assert (near | twice | (length == 0)).all()


def snap_in(streets, xs: list[float], ys: list[float], **options) -> Snapped:
    graph = build_walk_graph(build_walk_network(streets), avoid_steps=False)
    return snap_points(graph, np.array(xs) + ORIGIN[0], np.array(ys) + ORIGIN[1], **options)


def test_of_edges_equally_near_the_lowest_is_taken() -> None:
    # 50 m north of a crossing of four streets, and on the crossing itself.
    streets = [
        street((0, 0), (100, 0)),
        street((0, 0), (-100, 0)),
        street((0, 0), (0, -100)),
        street((0, 0), (100, -100)),
    ]
    snapped = snap_in(streets, [0, 0], [50, 0])
    assert snapped.edge.tolist() == [0, 0] and snapped.off_network_mm.tolist() == [50_000, 0]


def test_the_limit_of_300_m_is_inclusive() -> None:
    snapped = snap_in([street((0, 0), (100, 0))], [50, 50, 50], [300, 300.0004, 300.001])
    assert snapped.outside.tolist() == [False, False, True]


def test_small_components_are_no_streets() -> None:
    # An island of one street 10 m away, the network 200 m away.
    streets = [street((0, 0), (500, 0)), street((0, 190), (500, 190), island=True)]
    snapped = snap_in(streets, [100], [200])
    assert snapped.off_network_mm[0] == 200_000
    # Where all are small the largest still counts: a hamlet has streets.
    lone = snap_in([street((0, 190), (500, 190), island=True)], [100], [200])
    assert lone.off_network_mm[0] == 10_000


def test_what_only_steps_connect_is_an_island_without_them() -> None:
    streets = [
        street((0, 0), (500, 0)),
        street((0, 0), (0, 100), steps=True),
        street((0, 100), (40, 100), island=True),
    ]
    network = build_walk_network(streets)
    x, y = np.array([ORIGIN[0] + 30]), np.array([ORIGIN[1] + 110])
    for avoid_steps, off_mm in ((False, 10_000), (True, 110_000)):
        graph = build_walk_graph(network, avoid_steps=avoid_steps)
        assert snap_points(graph, x, y).off_network_mm[0] == off_mm


def test_outside_the_coverage_is_outside_its_border_inside() -> None:
    box = shapely.box(ORIGIN[0], ORIGIN[1] - 50, ORIGIN[0] + 60, ORIGIN[1] + 50)
    snapped = snap_in([street((0, 0), (100, 0))], [30, 60, 60.001], [10, 10, 10], coverage=box)
    assert snapped.outside.tolist() == [False, False, True]
    straight = snap_points(
        StraightLine(), np.array([0.0, 99.0, np.nan]), np.zeros(3), coverage=shapely.box(-1, -1, 1, 1)
    )
    assert straight.outside.tolist() == [False, True, True]


@pytest.mark.real_data
def test_real_streets_snap_as_shapely_does(real_data) -> None:
    from data.sources.osm import read_streets

    streets = read_streets(real_data / "newport/osm/newport-2023-06-13.osm.pbf", crs="EPSG:27700")
    network = streets.walk
    graph = build_walk_graph(network, avoid_steps=False, min_component_nodes=1)
    rng = np.random.default_rng(5)
    chosen = rng.integers(0, len(network.node_x), 500)
    x, y = network.node_x[chosen] + rng.normal(0, 80, 500), network.node_y[chosen] + rng.normal(0, 80, 500)
    snapped = snap_points(graph, x, y)
    tree = shapely.STRtree(draw_edges(network))
    _, distance = tree.query_nearest(shapely.points(x, y), return_distance=True, all_matches=False)
    assert np.abs(snapped.off_network_mm - distance * 1000).max() <= 0.501
