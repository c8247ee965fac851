"""Ways between two points: as long as the leg, whole, and named by their streets."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

from geo.snap import snap_points
from geo.straightline import StraightLine
from geo.walkgraph import build_walk_graph
from geo.walklegs import compute_legs
from geo.walkpath import compute_path
from tests.test_walk_legs import make_network, place_on, walks
from tests.towns import build_walk_network, grid_streets, street

X0, Y0 = 400_000.0, 300_000.0


@settings(max_examples=150)
@given(walks())
def test_path_is_as_long_as_the_leg(case) -> None:
    node_count, edges, a, b, _, avoid_steps = case
    graph = build_walk_graph(make_network(node_count, edges), avoid_steps=avoid_steps)
    sources, targets = place_on(graph, a[:2]), place_on(graph, b[:2])
    legs = compute_legs(graph, sources, targets, 10_000_000)
    for i in range(len(sources)):
        row = slice(legs.indptr[i], legs.indptr[i + 1])
        length = dict(zip(legs.target[row].tolist(), legs.length_mm[row].tolist(), strict=True))
        for j in range(len(targets)):
            path = compute_path(graph, sources.take([i]), targets.take([j]))
            assert (path is None) == (j not in length)
            if path is not None:
                assert path.length_mm == length[j]
                off = sources.off_network_mm[i] + targets.off_network_mm[j]
                assert sum(part.length_mm for part in path.parts) + off == path.length_mm


def test_path_follows_named_streets() -> None:
    streets = [
        street((0, 0), (0, 200), name="North Road"),
        street((0, 200), (150, 200)),
        street((150, 200), (300, 200), name="High Street"),
        street((300, 200), (400, 200), name="High Street"),
    ]
    graph = build_walk_graph(build_walk_network(streets), avoid_steps=False)
    a = snap_points(graph, np.array([X0 - 10]), np.array([Y0 + 50]))
    b = snap_points(graph, np.array([X0 + 350]), np.array([Y0 + 205]))
    path = compute_path(graph, a, b)
    assert path is not None
    assert [(p.street, p.length_mm) for p in path.parts] == [
        ("North Road", 150_000),
        (None, 150_000),
        ("High Street", 200_000),
    ]
    assert path.length_mm == 10_000 + 500_000 + 5_000
    line = list(zip(path.xs - X0, path.ys - Y0, strict=True))
    assert line == [(-10, 50), (0, 50), (0, 200), (150, 200), (300, 200), (350, 200), (350, 205)]
    back = compute_path(graph, b, a)
    assert back is not None
    assert list(zip(back.xs - X0, back.ys - Y0, strict=True)) == line[::-1]


def test_path_between_neighbours_on_one_street_does_not_leave_it() -> None:
    graph = build_walk_graph(build_walk_network(grid_streets(4, 4)), avoid_steps=False)
    a = snap_points(graph, np.array([X0]), np.array([Y0 + 20]))
    b = snap_points(graph, np.array([X0]), np.array([Y0 + 20]))
    path = compute_path(graph, a, b)
    assert path is not None and path.length_mm == 0 and path.parts == ()
    assert len(path.xs) == 2


def test_no_way_no_path_and_straight_lines() -> None:
    apart = [street((0, 0), (100, 0)), street((0, 250), (100, 250))]
    graph = build_walk_graph(build_walk_network(apart), avoid_steps=False)
    a = snap_points(graph, np.array([X0]), np.array([Y0]))
    b = snap_points(graph, np.array([X0]), np.array([Y0 + 250]))
    assert compute_path(graph, a, b) is None
    line = StraightLine(1.3)
    path = compute_path(
        line,
        snap_points(line, np.array([X0]), np.array([Y0])),
        snap_points(line, np.array([X0]), np.array([Y0 + 100])),
    )
    assert path is not None and path.length_mm == 130_000 and len(path.xs) == 2
