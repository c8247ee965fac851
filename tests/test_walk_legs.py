"""Walking legs, to the millimetre, against scipy on the streets as they are drawn."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from data.areapack import WalkNetwork
from geo.legs import Legs
from geo.snap import Snapped, snap_points
from geo.straightline import StraightLine
from geo.walkgraph import WalkGraph, build_walk_graph
from geo.walklegs import compute_legs
from tests.towns import build_walk_network, grid_streets, street

Spec = list[tuple[int, int, int, bool]]  # u, v, length_mm, steps


def make_network(node_count: int, edges: Spec) -> WalkNetwork:
    """A network of these edges; drawn roughly, since only lengths matter here."""
    rng = np.random.default_rng(1)
    node_x, node_y = rng.uniform(0, 500, node_count), rng.uniform(0, 500, node_count)
    u, v, length, steps = (np.array(column) for column in zip(*edges, strict=True))
    # Three points each, so that a loop has somewhere to go.
    xs = np.column_stack((node_x[u], (node_x[u] + node_x[v]) / 2 + 7, node_x[v])).ravel()
    ys = np.column_stack((node_y[u], (node_y[u] + node_y[v]) / 2 + 5, node_y[v])).ravel()
    return WalkNetwork(
        node_x=node_x, node_y=node_y, u=u.astype(np.int32), v=v.astype(np.int32),
        length_mm=length.astype(np.int32), steps=steps.astype(bool),
        street=np.full(len(edges), -1, np.int32), street_names=(),
        highway=np.zeros(len(edges), np.int32), highway_names=("residential",),
        geometry_offset=np.arange(len(edges) + 1, dtype=np.int64) * 3, geometry_x=xs, geometry_y=ys,
    )  # fmt: skip


def place_on(graph: WalkGraph, points: list[tuple[int, int, int]]) -> Snapped:
    """Points given as (edge, mm along the edge from u, mm off the street)."""
    edge, on_edge, off = (np.array(c, dtype=np.int32) for c in zip(*points, strict=True))
    length = graph.network.length_mm[edge]
    offset = graph.edge_start_mm[edge] + np.where(graph.edge_reversed[edge], length - on_edge, on_edge)
    outside = graph.edge_chain[edge] < 0  # on steps, where steps are left out
    return Snapped(
        np.zeros(len(edge)), np.zeros(len(edge)), np.where(outside, -1, edge).astype(np.int32),
        np.where(outside, -1, graph.edge_chain[edge]).astype(np.int32),
        np.where(outside, 0, offset).astype(np.int32), off, outside,
    )  # fmt: skip


def on_edge_mm(graph: WalkGraph, points: Snapped) -> np.ndarray:
    """Where on its edge each point is, mm from u."""
    start, length = graph.edge_start_mm[points.edge], graph.network.length_mm[points.edge]
    along = points.offset_mm - start
    return np.where(graph.edge_reversed[points.edge], length - along, along)


def reference_lengths(graph: WalkGraph, sources: Snapped, targets: Snapped) -> np.ndarray:
    """All lengths by scipy's Dijkstra: every edge cut at its points, inf where there is no way.

    Edges and points are read from the network and from (edge, offset) only.
    scipy takes a length of 0 for no edge, so every edge gets a tiny share more.
    """
    network = graph.network
    nodes = len(network.node_x)
    first_source, first_target = nodes, nodes + len(sources)
    by_edge: dict[int, list[tuple[int, int]]] = {}
    for points, first in ((sources, first_source), (targets, first_target)):
        for i, mm in enumerate(on_edge_mm(graph, points)):
            if not points.outside[i]:
                by_edge.setdefault(int(points.edge[i]), []).append((int(mm), first + i))
    shortest: dict[tuple[int, int], int] = {}
    for edge in range(len(network.u)):
        if graph.avoid_steps and network.steps[edge]:
            continue
        stations = [(0, int(network.u[edge])), *sorted(by_edge.get(edge, []))]
        stations.append((int(network.length_mm[edge]), int(network.v[edge])))
        for (a_mm, a), (b_mm, b) in itertools.pairwise(stations):
            key = (min(a, b), max(a, b))
            shortest[key] = min(shortest.get(key, b_mm - a_mm), b_mm - a_mm)
    size = first_target + len(targets)
    pairs = np.array([k for k in shortest if k[0] != k[1]]).reshape(-1, 2)
    weights = np.array([shortest[k] + 1e-5 for k in shortest if k[0] != k[1]])
    matrix = coo_array((weights, (pairs[:, 0], pairs[:, 1])), shape=(size, size)).tocsr()
    found = dijkstra(matrix, directed=False, indices=np.arange(first_source, first_target))
    lengths = np.floor(found[:, first_target:] + 0.5)
    lengths = lengths + sources.off_network_mm[:, None] + targets.off_network_mm[None, :]
    lengths[sources.outside, :] = np.inf
    lengths[:, targets.outside] = np.inf
    return lengths


def as_matrix(legs: Legs, shape: tuple[int, int]) -> np.ndarray:
    """Legs as a full table, inf where there is none; checks the order within rows."""
    out = np.full(shape, np.inf)
    for row in range(shape[0]):
        part = slice(legs.indptr[row], legs.indptr[row + 1])
        assert (np.diff(legs.target[part]) > 0).all(), "targets ascend, each once"
        out[row, legs.target[part]] = legs.length_mm[part]
    return out


@st.composite
def walks(draw: st.DrawFn) -> tuple[int, Spec, list, list, int, bool]:
    """Small networks with loops, parallel edges, cycles, stubs, flat edges; points on their edges."""
    node_count = draw(st.integers(1, 12))
    node = st.integers(0, node_count - 1)
    length = st.one_of(st.integers(0, 3), st.integers(1, 40_000), st.just(16_384))
    edges = draw(st.lists(st.tuples(node, node, length, st.booleans()), min_size=1, max_size=24))
    ring = draw(st.integers(0, node_count))  # a cycle, so that pure ones come often
    edges += [(k, (k + 1) % ring, 10_000 + k, False) for k in range(ring)]

    def points() -> list[tuple[int, int, int]]:
        chosen = draw(st.lists(st.integers(0, len(edges) - 1), min_size=1, max_size=8))
        return [(e, draw(st.integers(0, edges[e][2])), draw(st.integers(0, 5_000))) for e in chosen]

    return node_count, edges, points(), points(), draw(st.integers(0, 120_000)), draw(st.booleans())


@settings(max_examples=150)
@given(walks())
def test_legs_equal_scipy_on_random_networks(case) -> None:
    node_count, edges, a, b, limit, avoid_steps = case
    graph = build_walk_graph(make_network(node_count, edges), avoid_steps=avoid_steps)
    sources, targets = place_on(graph, a), place_on(graph, b)
    expected = reference_lengths(graph, sources, targets)
    expected[expected > limit] = np.inf
    shape = (len(a), len(b))
    assert (as_matrix(compute_legs(graph, sources, targets, limit), shape) == expected).all()
    # Searching from the other side is the same question.
    assert (as_matrix(compute_legs(graph, targets, sources, limit), shape[::-1]) == expected.T).all()


@settings(max_examples=100)
@given(walks())
def test_chains_keep_every_edge_once(case) -> None:
    node_count, edges, *_, avoid_steps = case
    graph = build_walk_graph(make_network(node_count, edges), avoid_steps=avoid_steps)
    kept = [e for e, spec in enumerate(edges) if not (avoid_steps and spec[3])]
    assert sorted(graph.chain_edges.tolist()) == kept
    lengths = (
        np.add.reduceat(graph.network.length_mm[graph.chain_edges], graph.chain_indptr[:-1]) if kept else []
    )
    assert list(lengths) == graph.chain_length_mm.tolist()
    # A junction is a node where other than two edges meet, or where a cycle was cut open.
    degree = np.bincount(np.array([edges[e][:2] for e in kept], dtype=int).ravel(), minlength=node_count)
    decides = set(np.flatnonzero((degree != 2) & (degree > 0)))
    assert decides <= set(graph.junction_node.tolist())
    assert all(degree[n] == 2 for n in set(graph.junction_node.tolist()) - decides)


def test_grid_town_by_hand() -> None:
    # Streets every 100 m. From (0, 10) on column 0, 4 m off it to the west, to
    # (200, 110) on column 2: 90 m up to row 1, 200 m along, 10 m up: 300 m, and
    # 4 m to the street.
    graph = build_walk_graph(build_walk_network(grid_streets(4, 4)), avoid_steps=False)
    x0, y0 = 400_000.0, 300_000.0
    home = snap_points(graph, np.array([x0 - 4]), np.array([y0 + 10]))
    away = snap_points(graph, np.array([x0 + 200]), np.array([y0 + 110]))
    assert compute_legs(graph, home, away, 304_000).length_mm.tolist() == [304_000]
    # Inclusive: a millimetre less and it is too far.
    assert compute_legs(graph, home, away, 303_999).length_mm.tolist() == []
    # Two points of one chain walk straight along it.
    near = snap_points(graph, np.array([x0 + 3]), np.array([y0 + 30]))
    assert compute_legs(graph, home, near, 640_000).length_mm.tolist() == [27_000]


def test_steps_are_left_out_before_anything_else() -> None:
    # A hill climbed by 50 m of steps or by a 400 m road.
    streets = [
        street((0, 0), (100, 0)),
        street((100, 0), (150, 0), steps=True),
        street((100, 0), (100, 175), (150, 175), (150, 0)),
        street((150, 0), (250, 0)),
    ]
    network = build_walk_network(streets)
    x, y = np.array([400_000.0]), np.array([300_000.0])
    for avoid_steps, expected in ((False, 250_000), (True, 600_000)):
        graph = build_walk_graph(network, avoid_steps=avoid_steps)
        a, b = snap_points(graph, x, y), snap_points(graph, x + 250, y)
        assert compute_legs(graph, a, b, 640_000).length_mm.tolist() == [expected]


def test_outside_points_have_no_legs() -> None:
    graph = build_walk_graph(build_walk_network(grid_streets(4, 4)), avoid_steps=False)
    x = 400_000.0 + np.array([-300.0, -300.002, 50.0, np.nan])
    y = 300_000.0 + np.array([50.0, 50.0, 50.0, 50.0])
    points = snap_points(graph, x, y)
    assert points.outside.tolist() == [False, True, False, True]  # 300 m is still near enough
    legs = as_matrix(compute_legs(graph, points, points, 5_000_000), (4, 4))
    assert np.isinf(legs[[1, 3]]).all() and np.isinf(legs[:, [1, 3]]).all()
    assert legs[0, 0] == 600_000  # to the street and back: the point itself is not on it
    assert np.isfinite(legs[0, 2])


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=20),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=20),
    st.integers(0, 20),
)
def test_straight_lines_equal_all_pairs(a: list, b: list, limit_units: int) -> None:
    graph = StraightLine(1.3)
    limit = limit_units * 1_300  # whole metres times the factor, so that limits are met exactly
    xa, ya = (np.array(a, dtype=float).reshape(-1, 2) + 400_000).T
    xb, yb = (np.array(b, dtype=float).reshape(-1, 2) + 400_000).T
    sources, targets = snap_points(graph, xa, ya), snap_points(graph, xb, yb)
    expected = np.rint(np.hypot(xa[:, None] - xb, ya[:, None] - yb) * 1.3 * 1000)
    expected[expected > limit] = np.inf
    got = as_matrix(compute_legs(graph, sources, targets, limit), (len(a), len(b)))
    assert (got == expected).all()


@pytest.mark.parametrize("rows", [0, 1])
def test_no_points_no_legs(rows: int) -> None:
    graph = build_walk_graph(build_walk_network(grid_streets(3, 3)), avoid_steps=False)
    some = snap_points(graph, np.full(rows, 400_000.0), np.full(rows, 300_000.0))
    none = snap_points(graph, np.empty(0), np.empty(0))
    assert compute_legs(graph, some, none, 1000).indptr.tolist() == [0] * (rows + 1)
    assert compute_legs(graph, none, some, 1000).indptr.tolist() == [0]
