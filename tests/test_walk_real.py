"""Walking legs of Newport, to the millimetre, against scipy on the streets uncontracted."""

from __future__ import annotations

import numpy as np
import pytest

from geo.snap import snap_points
from geo.walkgraph import build_walk_graph
from geo.walklegs import compute_legs
from geo.walkpath import compute_path
from tests.test_walk_legs import as_matrix, reference_lengths


@pytest.mark.real_data
@pytest.mark.parametrize("avoid_steps", [False, True])
def test_newport_legs_equal_scipy(real_data, avoid_steps: bool) -> None:
    from data.sources.osm import read_streets

    network = read_streets(real_data / "newport/osm/newport-2023-06-13.osm.pbf", crs="EPSG:27700").walk
    graph = build_walk_graph(network, avoid_steps=avoid_steps)
    rng = np.random.default_rng(11)
    points = []
    for count in (60, 400):
        chosen = rng.integers(0, len(network.node_x), count)
        x, y = (axis[chosen] + rng.normal(0, 70, count) for axis in (network.node_x, network.node_y))
        points.append(snap_points(graph, x, y))
    sources, targets = points
    expected = reference_lengths(graph, sources, targets)
    for limit_mm in (640_000, 1_280_000):
        within = np.where(expected <= limit_mm, expected, np.inf)
        got = as_matrix(compute_legs(graph, sources, targets, limit_mm), within.shape)
        assert np.isfinite(within).sum() > 100
        assert (got == within).all()
    row, column = (int(i[0]) for i in np.nonzero(np.isfinite(within) & (within > 600_000)))
    path = compute_path(graph, sources.take([row]), targets.take([column]))
    assert path is not None and path.length_mm == expected[row, column]
    drawn_mm = np.hypot(np.diff(path.xs), np.diff(path.ys)).sum() * 1000
    assert abs(drawn_mm - path.length_mm) < 20 + path.length_mm / 1000
