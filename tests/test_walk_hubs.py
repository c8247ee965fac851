"""Hub labels answer what a search answers, to the millimetre."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.hublabels import build_hub_labels
from geo.hubwalks import build_hub_index, find_walks_by_hubs, label_points
from geo.walkgraph import WalkGraph, build_walk_graph
from geo.walklegs import compute_legs
from tests.test_walk_legs import make_network, place_on, walks


def with_labels(graph: WalkGraph, reach_mm: int) -> WalkGraph:
    return replace(graph, labels=build_hub_labels(graph.arc_indptr, graph.arcs, reach_mm=reach_mm))


def equal(a, b) -> bool:
    return all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in ("indptr", "target", "length_mm")
    )


@settings(max_examples=200)
@given(walks(), st.integers(0, 150_000))
def test_labels_of_any_reach_give_the_same_legs(case, reach_mm: int) -> None:
    node_count, edges, a, b, limit, avoid_steps = case
    graph = build_walk_graph(make_network(node_count, edges), avoid_steps=avoid_steps)
    sources, targets = place_on(graph, a), place_on(graph, b)
    # tests/test_walk_legs.py holds these to scipy; labels made for the occasion are not kept in the graph.
    expected = compute_legs(graph, sources, targets, limit)
    # Labels that reach less far than the limit are not used, those that just reach it are.
    assert equal(compute_legs(with_labels(graph, reach_mm), sources, targets, limit), expected)
    assert equal(compute_legs(with_labels(graph, limit), sources, targets, limit), expected)


@settings(max_examples=50)
@given(walks())
def test_an_index_made_for_longer_walks_gives_the_same(case) -> None:
    node_count, edges, a, b, limit, avoid_steps = case
    graph = with_labels(build_walk_graph(make_network(node_count, edges), avoid_steps=avoid_steps), 120_000)
    sources, targets = place_on(graph, a), place_on(graph, b)
    index = build_hub_index(graph, label_points(graph, graph.labels, targets, 120_000))
    assert equal(
        compute_legs(graph, sources, targets, limit, index=index),
        compute_legs(graph, sources, targets, limit),
    )


def test_the_limit_holds_to_the_millimetre_where_the_hub_is_the_target() -> None:
    """Five streets of 500 m from one crossing, which is everybody's hub: from 200 m along one to it."""
    edges = [(0, arm, 500_000, False) for arm in range(1, 6)]
    graph = with_labels(build_walk_graph(make_network(6, edges), avoid_steps=False), 600_000)
    sources, targets = place_on(graph, [(0, 200_000, 0)]), place_on(graph, [(1, 0, 0)])
    assert compute_legs(graph, sources, targets, 200_000).length_mm.tolist() == [200_000]
    assert compute_legs(graph, sources, targets, 199_999).length_mm.tolist() == []


def test_a_limit_past_the_labels_is_refused() -> None:
    graph = build_walk_graph(make_network(2, [(0, 1, 5_000, False)]), avoid_steps=False)
    labels = build_hub_labels(graph.arc_indptr, graph.arcs, reach_mm=1_000)
    point = place_on(graph, [(0, 10, 0)])
    hubs = label_points(graph, labels, point, 1_000)
    with pytest.raises(ValueError, match="past the 1000 mm"):
        find_walks_by_hubs(hubs, build_hub_index(graph, hubs), 1_001)
    with pytest.raises(ValueError, match="past the 1000 mm"):
        label_points(graph, labels, point, 1_001)


@pytest.mark.real_data
def test_newport_one_by_one_and_all_at_once(real_pack) -> None:
    """tests/test_walk_real.py holds Newport to scipy; few sources look only at the targets about them."""
    from geo.engine import Engine

    newport = real_pack("newport")
    engine = Engine(newport)
    graph, stops = engine.graph(False), engine.snapped_stops(False)
    origins = engine.snap(False, newport.origin_points)
    together = compute_legs(graph, origins, stops, 640_000)
    assert len(together.target) > 3_000
    assert equal(compute_legs(graph, origins, stops, 640_000, index=engine.stop_index(False)), together)
    for row in range(0, len(origins), 25):
        alone = compute_legs(graph, origins.take([row]), stops, 640_000)
        part = slice(together.indptr[row], together.indptr[row + 1])
        assert alone.target.tolist() == together.target[part].tolist()
        assert alone.length_mm.tolist() == together.length_mm[part].tolist()
