"""Street files that differ from the map's own by one rule at a time.

Every engine reads OpenStreetMap by rules of its own. To find out which rule a
difference comes from, a peer is given copies of the file in which one rule
after another is already settled our way: a way that only it would walk is
gone, a way that only we walk is an ordinary footway, a square has its
crossings, pieces cut off by the extract's edge are gone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import osmium
from pyproj import Transformer
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from data.areapack import AreaPack
from data.sources.osm_read_pbf import read_osm_pbf
from data.sources.street_areas import add_area_crossings
from geo.snap import Snapped
from geo.walkgraph import SMALLEST_COMPONENT_NODES, WalkGraph

FOOTWAY = {"highway": "footway"}
# Ids of what is added; the map's own are far below.
ADDED = 10**14


class _Writer:
    """Nodes first, ways after: what the format wants, whatever the order of asking."""

    def __init__(self) -> None:
        self.nodes: dict[int, tuple[float, float]] = {}
        self.ways: list[tuple[int, list[int], dict[str, str]]] = []

    def save(self, path: Path) -> Path:
        with osmium.SimpleWriter(str(path), overwrite=True) as out:
            for node, place in sorted(self.nodes.items()):
                out.add_node(osmium.osm.mutable.Node(id=node, location=place, version=1))
            for way, nodes, tags in sorted(self.ways):
                out.add_way(osmium.osm.mutable.Way(id=way, nodes=nodes, tags=tags, version=1))
        return path


def write_by_rules(raw: Path, path: Path, crs: str, rules: frozenset[str]) -> Path:
    """Copy the streets of ``raw`` with some rules settled our way.

    Parameters
    ----------
    rules
        Of ``closed`` (ways that we do not walk are gone), ``open`` (ways that we walk are plain
        footways), ``squares`` (so are areas and what crosses them) and ``pieces`` (pieces of
        under 200 nodes are gone).
    """
    found = read_osm_pbf(raw).segments
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(found.node_lon, found.node_lat)
    crossed = add_area_crossings(found, np.round(x, 3), np.round(y, 3))
    links = coo_array(
        (np.ones(len(crossed.start), np.int8), (crossed.start, crossed.end)), shape=(len(x), len(x))
    )
    _, piece = connected_components(links, directed=False)
    small = np.bincount(piece)[piece] < SMALLEST_COMPONENT_NODES
    small_node = dict(zip(found.node_id.tolist(), small.tolist(), strict=True))
    row_of = {way: row for row, way in enumerate(found.way_id.tolist())}
    out = _Writer()
    reader = osmium.FileProcessor(str(raw), osmium.osm.NODE | osmium.osm.WAY).with_locations()
    for item in reader:
        if not isinstance(item, osmium.osm.Way) or "highway" not in item.tags:
            continue
        ours = item.id in row_of
        if not ours and "closed" in rules:
            continue
        tags = dict(item.tags)
        if ours and ("squares" if tags.get("area") == "yes" else "open") in rules:
            tags = FOOTWAY
        nodes = [node for node in item.nodes if node.location.valid()]
        if "pieces" in rules and ours and any(small_node.get(node.ref, False) for node in nodes):
            continue
        out.nodes.update({node.ref: (node.location.lon, node.location.lat) for node in nodes})
        out.ways.append((item.id, [node.ref for node in nodes], tags))
    if "squares" in rules:
        rows = range(len(found.start), len(crossed.start))
        for number, row in enumerate(rows):
            ends = found.node_id[[crossed.start[row], crossed.end[row]]].tolist()
            if not ("pieces" in rules and small_node[ends[0]]):
                out.ways.append((ADDED + number, ends, FOOTWAY))
    return out.save(path)


def write_joined(pack: AreaPack, graph: WalkGraph, places: Snapped, path: Path) -> Path:
    """Write the pack's network with every place as a node of its own, joined as we join it.

    A place stands at the end of a straight footway from the point of the street that it is
    nearest to, so that no engine has to choose a street for it.
    """
    walk = pack.walk
    assert walk is not None
    to_degrees = Transformer.from_crs(pack.crs, "EPSG:4326", always_xy=True)
    out = _Writer()
    lon, lat = to_degrees.transform(walk.node_x, walk.node_y)
    out.nodes = {row + 1: place for row, place in enumerate(zip(lon.tolist(), lat.tolist(), strict=True))}
    on_edge: dict[int, list[int]] = {}
    for row in np.flatnonzero(~places.outside).tolist():
        on_edge.setdefault(int(places.edge[row]), []).append(row)
    place_x, place_y = to_degrees.transform(places.x, places.y)
    next_id = len(out.nodes) + 1
    for edge in np.unique(graph.segments.edge).tolist():
        part = slice(int(walk.geometry_offset[edge]), int(walk.geometry_offset[edge + 1]))
        xs, ys = walk.geometry_x[part], walk.geometry_y[part]
        along = np.append(0.0, np.cumsum(np.hypot(np.diff(xs), np.diff(ys))))
        here = on_edge.get(edge, [])
        feet = np.array([_nearest_along(xs, ys, along, places.x[row], places.y[row]) for row in here])
        stations = np.concatenate([along[1:-1], feet])
        owners = [-1] * (len(along) - 2) + here
        nodes = [int(walk.u[edge]) + 1]
        for index in np.argsort(stations, kind="stable").tolist():
            px, py = np.interp(stations[index], along, xs), np.interp(stations[index], along, ys)
            out.nodes[next_id] = to_degrees.transform(px, py)
            nodes.append(next_id)
            next_id += 1
            if owners[index] >= 0:
                row = owners[index]
                out.nodes[next_id] = (float(place_x[row]), float(place_y[row]))
                out.ways.append((2 * ADDED + row, [nodes[-1], next_id], FOOTWAY))
                next_id += 1
        nodes.append(int(walk.v[edge]) + 1)
        out.ways.append((edge + 1, nodes, FOOTWAY))
    return out.save(path)


def _nearest_along(xs: np.ndarray, ys: np.ndarray, along: np.ndarray, px: float, py: float) -> float:
    """Metres along a line to its point nearest to a place."""
    dx, dy = np.diff(xs), np.diff(ys)
    square = dx * dx + dy * dy
    share = ((px - xs[:-1]) * dx + (py - ys[:-1]) * dy) / np.where(square > 0, square, 1.0)
    share = np.clip(share, 0.0, 1.0)
    off = np.hypot(xs[:-1] + share * dx - px, ys[:-1] + share * dy - py)
    best = int(off.argmin())
    return float(along[best] + share[best] * np.sqrt(square[best]))


def write_grid(
    lon: np.ndarray, lat: np.ndarray, path: Path, crs: str, *, block_m: float, reach_m: float
) -> Path:
    """Invent streets where a feed comes without any: a grid of blocks about the given stops."""
    to_plane = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = to_plane.transform(lon, lat)
    cells = set()
    reach = int(np.ceil(reach_m / block_m))
    for column, row in zip(
        np.round(x / block_m).astype(int).tolist(), np.round(y / block_m).astype(int).tolist(), strict=True
    ):
        cells |= {(column + a, row + b) for a in range(-reach, reach + 1) for b in range(-reach, reach + 1)}
    order = {cell: number + 1 for number, cell in enumerate(sorted(cells))}
    out = _Writer()
    for cell, number in order.items():
        out.nodes[number] = to_plane.transform(cell[0] * block_m, cell[1] * block_m, direction="INVERSE")
        for step, (a, b) in enumerate(((1, 0), (0, 1))):
            neighbour = order.get((cell[0] + a, cell[1] + b))
            if neighbour is not None:
                out.ways.append((2 * number + step, [number, neighbour], {"highway": "residential"}))
    return out.save(path)
