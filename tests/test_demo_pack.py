"""The committed pack of the fictional borough: small, sound, said to be fictional, and like a place."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from data.areapack import AreaPack
from data.check import check_pack
from data.demo import PACK_DIR
from data.packio import load_pack


@pytest.fixture(scope="module")
def pack() -> AreaPack:
    return load_pack(PACK_DIR)


@pytest.fixture(scope="module")
def lengths(pack: AreaPack) -> coo_array:
    walk = pack.walk
    assert walk is not None
    size = len(walk.node_x)
    return coo_array((walk.length_mm / 1000.0, (walk.u, walk.v)), shape=(size, size)).tocsr()


def test_pack_is_sound_and_small() -> None:
    assert check_pack(PACK_DIR).problems == ()
    assert sum(path.stat().st_size for path in PACK_DIR.glob("*")) < 8_000_000


def test_fictional_stands_everywhere(pack: AreaPack) -> None:
    manifest = pack.manifest
    assert manifest.fictional and "fictional" in manifest.name.lower()
    assert all("fictional" in source.title.lower() for source in manifest.sources)
    assert any("fictional" in note for note in manifest.notes)
    assert all("fictional" in line.lower() for line in manifest.licences)


def test_every_part_came_through_the_build(pack: AreaPack) -> None:
    assert pack.walk is not None and pack.coverage is not None and pack.manifest.walk.mode == "network"
    assert pack.origin_points is not None and set(pack.origin_points.basis) == {"output_area"}
    assert pack.services is not None and set(pack.services.kind) == {"service", "place"}
    assert pack.manifest.has_register
    assert pack.manifest.timetable.completeness is not None
    assert 0.9 < pack.manifest.timetable.completeness < 1.0
    assert pack.ground is not None and set(pack.ground.kind) == {"water", "green", "rail"}
    assert pack.groups is not None and (~pack.groups.is_aggregate).sum() >= 19


def test_neighbourhoods_cover_the_borough_without_gaps_or_overlaps(pack: AreaPack) -> None:
    areas = pack.neighbourhoods
    assert areas is not None and 80 <= len(areas) <= 120
    assert areas.geometry.is_valid.all()
    whole = shapely.union_all(areas.geometry.array, grid_size=0.01)
    assert areas.geometry.area.sum() == pytest.approx(whole.area, rel=1e-3)
    assert areas.ward_name.nunique() >= 15
    assert (shapely.get_num_geometries(areas.geometry.array) == 1).all()
    assert (shapely.get_num_interior_rings(shapely.get_geometry(areas.geometry.array, 0)) == 0).all()


def test_stops_name_the_town_centre_and_the_suburbs(pack: AreaPack) -> None:
    assert set(pack.manifest.centres) <= set(pack.stops.locality)
    assert pack.stops.locality.nunique() > 20
    assert (pack.stops.stop_type == "BCS").sum() >= 10  # stands of the bus station


def test_streets_are_named_and_hang_together(pack: AreaPack, lengths: coo_array) -> None:
    walk = pack.walk
    assert walk is not None
    parts, _ = connected_components(lengths, directed=False)
    assert parts == 1
    assert len(walk.street_names) > 1_000
    assert (walk.street >= 0).mean() > 0.8
    kinds = {walk.highway_names[i] for i in np.unique(walk.highway)}
    assert {"residential", "pedestrian", "footway", "path", "steps", "primary"} <= kinds
    assert walk.steps.any()


def test_streets_are_no_square_grid(pack: AreaPack) -> None:
    walk = pack.walk
    assert walk is not None
    dx = walk.node_x[walk.v] - walk.node_x[walk.u]
    dy = walk.node_y[walk.v] - walk.node_y[walk.u]
    angle = np.degrees(np.arctan2(dy, dx)) % 90
    weight, _ = np.histogram(angle, bins=18, range=(0, 90), weights=walk.length_mm)
    assert weight.max() / weight.sum() < 0.15  # a square grid has nearly all in one bin


def test_river_and_railway_are_barriers(pack: AreaPack, lengths: coo_array) -> None:
    walk, ground = pack.walk, pack.ground
    assert walk is not None and ground is not None
    wet = shapely.union_all(ground[ground.kind == "water"].geometry.array)
    xs, ys, start = walk.geometry_x, walk.geometry_y, walk.geometry_offset
    lines = [shapely.LineString(np.column_stack([xs[a:b], ys[a:b]])) for a, b in pairwise(start)]
    over_water = [line for line in lines if line.crosses(wet)]
    assert 4 <= len(over_water) <= 8
    rail = shapely.union_all(
        ground[(ground.kind == "rail") & (ground.name == "Fernley line (fictional)")].geometry.array
    )
    assert 5 <= sum(line.crosses(rail) for line in lines) <= 12
    # Junctions 200 m apart or less across the river are often a long walk from each other.
    nodes = np.column_stack([walk.node_x, walk.node_y])
    pairs = cKDTree(nodes).query_pairs(200.0, output_type="ndarray")
    across = [
        (a, b) for a, b in pairs[::7] if shapely.LineString(nodes[[a, b]]).intersection(wet).length > 30
    ][:150]
    rows = sorted({a for a, _ in across})
    walked = dijkstra(lengths, directed=False, indices=rows, limit=6_000)
    detour = [walked[rows.index(a), b] / max(np.hypot(*(nodes[a] - nodes[b])), 1) for a, b in across]
    assert len(detour) > 30 and np.median(detour) > 3


def test_most_people_live_near_a_stop_and_some_do_not(pack: AreaPack) -> None:
    points, stops = pack.origin_points, pack.stops
    assert points is not None
    served = stops[stops.served]
    distance, _ = cKDTree(served[["x", "y"]]).query(points[["x", "y"]])
    share = points.residents[distance <= 400].sum() / points.residents.sum()
    assert 0.8 < share < 0.98
    assert (distance > 640).any()
