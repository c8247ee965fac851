"""Walking legs on random messy towns: the engine's against the plain graph of the reference."""

from __future__ import annotations

import os

import numpy as np
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo.snap import snap_points
from geo.straightline import StraightLine
from geo.walkgraph import build_walk_graph
from geo.walklegs import compute_legs
from tests.reference_walk import AmbiguousTown, compute_walks
from tests.strategies import TownSpec, towns

WALKS = int(os.environ.get("ONE_BUS_REACH_TOWNS", "300")) // 3


@settings(max_examples=WALKS)
@given(
    spec=towns(34_200),
    avoid_steps=st.booleans(),
    limit_mm=st.sampled_from([1_500_000, 400_000, 640_000, 45_000, 0]),
)
def test_legs_between_all_places_equal_the_reference_to_the_millimetre(
    spec: TownSpec, avoid_steps: bool, limit_mm: int
) -> None:
    pack = spec.build()
    places = {("origin", p.point_id): (p.x, p.y) for p in pack.origin_points.itertuples()}
    places |= {("service", s.service_id): (s.x, s.y) for s in pack.services.itertuples()}
    places |= {("stop", s.stop_id): (s.x, s.y) for s in pack.stops.itertuples()}
    try:
        lengths, outside = compute_walks(pack, places, avoid_steps=avoid_steps)
    except AmbiguousTown:
        assume(False)
    keys = list(places)
    graph = (
        build_walk_graph(pack.walk, avoid_steps=avoid_steps) if pack.walk is not None else StraightLine(1.3)
    )
    x, y = np.array(list(places.values())).T
    covered = None if pack.coverage is None else shapely.union_all(pack.coverage.geometry.to_numpy())
    snapped = snap_points(graph, x, y, coverage=covered)
    assert {key for key, out in zip(keys, snapped.outside, strict=True) if out} == outside
    legs = compute_legs(graph, snapped, snapped, limit_mm)
    for i, a in enumerate(keys):
        row = slice(legs.indptr[i], legs.indptr[i + 1])
        assert list(legs.target[row]) == sorted(set(legs.target[row]))
        found = {keys[t]: int(mm) for t, mm in zip(legs.target[row], legs.length_mm[row], strict=True)}
        assert found == {b: mm for b, mm in lengths[a].items() if mm <= limit_mm}
