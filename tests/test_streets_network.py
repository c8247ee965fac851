"""From ways to edges between junctions: shapes that go wrong, and random networks."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data.areapack import WalkNetwork
from data.sources.osm_segments import FaultTally, build_segments
from data.sources.streets import BuiltStreets, build_walk_network

CRS = "EPSG:27700"


def build(
    places: dict[int, tuple[float, float]],
    ways: dict[int, list[int]],
    tags: dict[int, dict[str, str]] | None = None,
) -> BuiltStreets:
    """Nodes at degrees, ways as lists of node ids."""
    said = tags or {}
    segments = build_segments(
        places,
        [(way, said.get(way, {"highway": "path"}), list(pairwise(refs))) for way, refs in ways.items()],
    )
    return build_walk_network(segments, crs=CRS, tally=FaultTally())


def line(count: int) -> dict[int, tuple[float, float]]:
    """Nodes 1..count along a line that bends, in Newport."""
    return {n: (-3.0 + n * 0.001, 51.58 + (n % 2) * 0.0005) for n in range(1, count + 1)}


def ends(walk: WalkNetwork) -> list[tuple[int, int]]:
    return list(zip(walk.u.tolist(), walk.v.tolist(), strict=True))


def points(walk: WalkNetwork, edge: int) -> int:
    return int(walk.geometry_offset[edge + 1] - walk.geometry_offset[edge])


def test_a_way_without_junctions_is_one_edge_with_its_whole_line() -> None:
    walk = build(line(5), {1: [1, 2, 3, 4, 5]}).walk
    assert ends(walk) == [(0, 1)]
    assert points(walk, 0) == 5
    assert len(walk.node_x) == 2


def test_a_way_is_cut_where_another_meets_it_but_not_where_one_passes_over_it() -> None:
    # Way 2 ends on way 1's node 3; way 3 crosses way 1 without a node in common (a bridge).
    places = line(5) | {10: (-2.997, 51.59), 11: (-2.996, 51.57), 12: (-2.9961, 51.59)}
    built = build(places, {1: [1, 2, 3, 4, 5], 2: [3, 10], 3: [11, 12]})
    assert built.osm_way.tolist() == [1, 1, 2, 3]
    assert len(built.walk.node_x) == 6


def test_two_ways_in_a_row_stay_two_edges_because_their_names_may_differ() -> None:
    built = build(
        line(4),
        {1: [1, 2], 2: [2, 3, 4]},
        {1: {"highway": "path", "name": "Long  Row "}, 2: {"highway": "steps"}},
    )
    walk = built.walk
    assert built.osm_way.tolist() == [1, 2]
    assert [walk.street_names[i] if i >= 0 else None for i in walk.street] == ["Long Row", None]
    assert walk.steps.tolist() == [False, True]
    assert [walk.highway_names[i] for i in walk.highway] == ["path", "steps"]


def test_a_ring_without_junctions_is_a_loop_from_its_lowest_node() -> None:
    places = {1: (-3.0, 51.58), 2: (-2.99, 51.58), 3: (-2.99, 51.59)}
    for refs in ([2, 3, 1, 2], [1, 2, 3, 1], [3, 1, 2, 3]):
        walk = build(places, {7: refs}).walk
        assert ends(walk) == [(0, 0)]
        assert points(walk, 0) == 4
        # National Grid easting of node 1, the westernmost.
        assert walk.node_x[0] == walk.geometry_x.min()


def test_a_ring_that_one_street_touches_starts_there() -> None:
    places = {1: (-3.0, 51.58), 2: (-2.99, 51.58), 3: (-2.99, 51.59), 9: (-2.98, 51.6)}
    built = build(places, {7: [1, 2, 3, 1], 8: [3, 9]})
    loops = [edge for edge in ends(built.walk) if edge[0] == edge[1]]
    assert len(loops) == 1
    assert len(built.walk.u) == 2


def test_a_way_that_crosses_itself_is_cut_at_the_crossing() -> None:
    # A lollipop: 1-2, then round 2-3-4-2.
    walk = build(line(4), {1: [1, 2, 3, 4, 2]}).walk
    assert sorted(points(walk, edge) for edge in range(len(walk.u))) == [2, 4]
    assert sum(u == v for u, v in ends(walk)) == 1


def test_parallel_ways_between_the_same_nodes_are_both_kept() -> None:
    places = {1: (-3.0, 51.58), 2: (-2.99, 51.58), 3: (-2.995, 51.583)}
    walk = build(places, {1: [1, 2], 2: [2, 3, 1]}).walk
    assert len(walk.u) == 2
    assert len(set(walk.length_mm.tolist())) == 2


def test_a_segment_that_a_way_goes_back_along_is_kept_once() -> None:
    walk = build(line(3), {1: [1, 2, 3, 2, 1]}).walk
    once = build(line(3), {1: [1, 2, 3]}).walk
    assert walk.length_mm.sum() == once.length_mm.sum()


def test_an_edge_of_no_length_joins_its_ends_and_the_network_stays_whole() -> None:
    places = {1: (-3.0, 51.58), 2: (-2.99, 51.58), 3: (-2.99, 51.58), 4: (-2.98, 51.58)}
    tally = FaultTally()
    segments = build_segments(
        places,
        [
            (1, {"highway": "path"}, [(1, 2)]),
            (2, {"highway": "path"}, [(2, 3)]),
            (3, {"highway": "path"}, [(3, 4)]),
        ],
    )
    built = build_walk_network(segments, crs=CRS, tally=tally)
    assert built.osm_way.tolist() == [1, 3]
    assert ends(built.walk) == [(0, 1), (1, 2)]
    assert tally.counts == {"edge_of_no_length": 1}


def test_a_node_where_the_projection_has_no_place_interrupts_the_way() -> None:
    tally = FaultTally()
    segments = build_segments(
        {1: (-3.0, 51.58), 2: (-2.99, 51.58), 3: (-2.98, 95.0)}, [(1, {"highway": "path"}, [(1, 2), (2, 3)])]
    )
    built = build_walk_network(segments, crs=CRS, tally=tally)
    assert len(built.walk.u) == 1
    assert tally.counts == {"node_outside_projection": 1}


def test_lengths_are_millimetres_of_the_plane() -> None:
    # (400000, 300000) and (400100, 300000) on the National Grid, given in degrees.
    from pyproj import Transformer

    to_degrees = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    places = {1: to_degrees.transform(400_000, 300_000), 2: to_degrees.transform(400_100, 300_000)}
    assert abs(int(build(places, {1: [1, 2]}).walk.length_mm[0]) - 100_000) <= 2


def test_no_street_at_all_gives_an_empty_network() -> None:
    walk = build({}, {}).walk
    assert len(walk.u) == len(walk.node_x) == 0
    assert walk.geometry_offset.tolist() == [0]


WAYS = st.lists(st.lists(st.integers(1, 9), min_size=2, max_size=7), min_size=1, max_size=6)


@given(WAYS, st.randoms())
def test_random_networks_keep_every_segment_whatever_their_order(
    ways: list[list[int]], random: object
) -> None:
    """Against a plain graph: every segment once, as many components, lines that fit their nodes."""
    places = {n: (-3.0 + 0.001 * (n % 3) + 0.00001 * n, 51.58 + 0.001 * (n // 3)) for n in range(1, 10)}
    numbered = dict(enumerate(ways, start=1))
    built = build(places, numbered)
    walk = built.walk

    plain = nx.MultiGraph()
    for way, refs in numbered.items():
        kept = {frozenset(pair) for pair in pairwise(refs) if pair[0] != pair[1]}
        plain.add_edges_from((*sorted(pair), way) for pair in kept)
    assert len(walk.geometry_x) - len(walk.u) == plain.number_of_edges()
    graph = nx.MultiGraph()
    graph.add_edges_from(ends(walk))
    if len(plain):
        assert nx.number_connected_components(graph) == nx.number_connected_components(plain)
    # Where an edge's line starts and stops are its nodes.
    first, last = walk.geometry_offset[:-1], walk.geometry_offset[1:] - 1
    assert np.array_equal(walk.geometry_x[first], walk.node_x[walk.u])
    assert np.array_equal(walk.geometry_y[last], walk.node_y[walk.v])
    for edge in range(len(walk.u)):
        part = slice(walk.geometry_offset[edge], walk.geometry_offset[edge + 1])
        metres = np.hypot(np.diff(walk.geometry_x[part]), np.diff(walk.geometry_y[part])).sum()
        assert walk.length_mm[edge] == round(metres * 1000)

    # Another order of the same ways changes nothing.
    shuffled = list(numbered.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other = build(places, dict(shuffled)).walk
    assert np.array_equal(other.length_mm, walk.length_mm)
    assert np.array_equal(other.u, walk.u)
    assert np.array_equal(other.geometry_x, walk.geometry_x)
