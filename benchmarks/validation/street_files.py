"""Street files for other engines: our network with every place on it, and streets for feeds without any."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import osmium
from pyproj import Transformer
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from data.areapack import AreaPack
from geo.snap import Snapped
from geo.walkgraph import WalkGraph

FOOTWAY = {"highway": "footway"}
# Ids of what is added; the map's own are far below.
ADDED = 10**14


class StreetWriter:
    """Nodes and ways in any order; the file has them as the format wants them."""

    def __init__(self) -> None:
        self.nodes: dict[int, tuple[float, float]] = {}
        self.ways: list[tuple[int, list[int], dict[str, str]]] = []
        self._last_node = 0  # that this writer added; all others are in place by then

    def part(self, pieces: list[tuple[int, list[int]]]) -> None:
        """Put a junction on every piece of street that joins the same two junctions as another.

        The junction is made by a stub of 10 cm, which leads nowhere.
        """
        ends = [tuple(sorted((nodes[0], nodes[-1]))) for _, nodes in pieces]
        count = Counter(ends)
        for (_, nodes), pair in zip(pieces, ends, strict=True):
            wanted = 2 if pair[0] == pair[1] else int(count[pair] > 1)
            while wanted and len(nodes) < 2 + wanted:
                gaps = [
                    np.hypot(*np.subtract(self.nodes[a], self.nodes[b])) for a, b in itertools.pairwise(nodes)
                ]
                longest = int(np.argmax(gaps))
                between = np.mean([self.nodes[nodes[longest]], self.nodes[nodes[longest + 1]]], axis=0)
                nodes.insert(longest + 1, self.add_node(*between.tolist()))
            for share in range(1, wanted + 1):
                node = nodes[share * (len(nodes) - 1) // (wanted + 1)]
                lon, lat = self.nodes[node]
                self.ways.append((3 * ADDED + node, [node, self.add_node(lon, lat + 1e-6)], FOOTWAY))

    def part_ways(self, is_read: Callable[[dict[str, str]], bool]) -> None:
        """Do so along the ways that an engine reads, cut at the nodes that two of these or more share."""
        read = [nodes for _, nodes, tags in self.ways if len(nodes) > 1 and is_read(tags)]
        uses = Counter(itertools.chain.from_iterable(read))
        uses.update(end for nodes in read for end in (nodes[0], nodes[-1]))
        cut: list[list[list[int]]] = []
        for nodes in read:
            at = [place for place, node in enumerate(nodes) if uses[node] > 1]
            cut.append([nodes[start : end + 1] for start, end in itertools.pairwise(at)])
        self.part([(0, piece) for pieces in cut for piece in pieces])
        for nodes, pieces in zip(read, cut, strict=True):
            nodes[:] = [pieces[0][0], *(node for piece in pieces for node in piece[1:])]

    def add_node(self, lon: float, lat: float) -> int:
        """Give a new node a number above all others."""
        self._last_node = (self._last_node or max(self.nodes)) + 1
        self.nodes[self._last_node] = (lon, lat)
        return self._last_node

    def save(self, path: Path) -> Path:
        with osmium.SimpleWriter(str(path), overwrite=True) as out:
            for node, place in sorted(self.nodes.items()):
                out.add_node(osmium.osm.mutable.Node(id=node, location=place, version=1))
            for way, nodes, tags in sorted(self.ways):
                out.add_way(osmium.osm.mutable.Way(id=way, nodes=nodes, tags=tags, version=1))
        return path


def write_joined(
    pack: AreaPack, graph: WalkGraph, places: Snapped, path: Path, *, parted: bool = False
) -> Path:
    """Write the pack's network with every place as a node of its own, joined as we join it.

    A place stands at the end of a straight footway from the point of the street that it is
    nearest to, so that no engine has to choose a street for it. ``parted``: no two pieces of
    street join the same two junctions.
    """
    walk = pack.walk
    assert walk is not None
    to_degrees = Transformer.from_crs(pack.crs, "EPSG:4326", always_xy=True)
    out = StreetWriter()
    lon, lat = to_degrees.transform(walk.node_x, walk.node_y)
    out.nodes = {row + 1: place for row, place in enumerate(zip(lon.tolist(), lat.tolist(), strict=True))}
    on_edge: dict[int, list[int]] = {}
    for row in np.flatnonzero(~places.outside).tolist():
        on_edge.setdefault(int(places.edge[row]), []).append(row)
    place_x, place_y = to_degrees.transform(places.x, places.y)
    next_id = len(out.nodes) + 1
    pieces: list[tuple[int, list[int]]] = []  # the pack's edge, and its nodes from junction to junction
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
                pieces.append((edge, nodes))
                nodes = [nodes[-1]]
        nodes.append(int(walk.v[edge]) + 1)
        pieces.append((edge, nodes))
    if parted:
        out.part(pieces)
    for number, (_, nodes) in enumerate(pieces):
        out.ways.append((number + 1, nodes, FOOTWAY))
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
    """Invent streets where a feed comes without any: a grid of blocks about the given stops.

    Where it falls into pieces, straight roads join them: some engines keep the largest piece only.
    """
    to_plane = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = to_plane.transform(lon, lat)
    cells = set()
    reach = int(np.ceil(reach_m / block_m))
    for column, row in zip(
        np.round(x / block_m).astype(int).tolist(), np.round(y / block_m).astype(int).tolist(), strict=True
    ):
        cells |= {(column + a, row + b) for a in range(-reach, reach + 1) for b in range(-reach, reach + 1)}
    order = {cell: number + 1 for number, cell in enumerate(sorted(cells))}
    out = StreetWriter()
    links = []
    for cell, number in order.items():
        out.nodes[number] = to_plane.transform(cell[0] * block_m, cell[1] * block_m, direction="INVERSE")
        for step, (a, b) in enumerate(((1, 0), (0, 1))):
            neighbour = order.get((cell[0] + a, cell[1] + b))
            if neighbour is not None:
                links.append((2 * number + step, [number, neighbour]))
    roads = _join_pieces(np.array(list(order)), np.array([nodes for _, nodes in links]) - 1) + 1
    links += [(ADDED + row, nodes) for row, nodes in enumerate(roads.tolist())]
    out.ways = [(way, nodes, {"highway": "residential"}) for way, nodes in links]
    return out.save(path)


def _join_pieces(places: np.ndarray, links: np.ndarray) -> np.ndarray:
    """Rows of places to be joined, the nearest two at a time, so that all are one piece."""
    joins: list[list[int]] = []
    while True:
        ends = np.vstack([links, np.array(joins, np.int64).reshape(-1, 2)])
        graph = coo_array((np.ones(len(ends), np.int8), ends.T), shape=(len(places), len(places)))
        count, piece = connected_components(graph, directed=False)
        if count == 1:
            return np.array(joins, np.int64).reshape(-1, 2)
        inside, outside = np.flatnonzero(piece == 0), np.flatnonzero(piece != 0)
        far, nearest = cKDTree(places[outside]).query(places[inside])
        best = int(np.argmin(far))
        joins.append([int(inside[best]), int(outside[nearest[best]])])


def write_links(database: Path, path: Path) -> Path:
    """Write the road links of an AequilibraE project: real streets, made for cars.

    Links that join a zone's centre to the roads are made up and left out.
    """
    out = StreetWriter()
    with contextlib.closing(sqlite3.connect(database)) as project:
        rows = project.execute(
            "SELECT link_id, a_node, b_node, link_type, name, geometry FROM links "
            "WHERE link_type <> 'centroid_connector' ORDER BY link_id"
        ).fetchall()
    for link, start, end, kind, name, geometry in rows:
        places = _read_line(geometry)
        ends = {0: int(start), len(places) - 1: int(end)}
        nodes = [ends.get(at, ADDED + 1000 * int(link) + at) for at in range(len(places))]
        out.nodes.update(zip(nodes, places, strict=True))
        out.ways.append((int(link), nodes, {"highway": kind, **({"name": name} if name else {})}))
    return out.save(path)


def _read_line(blob: bytes) -> list[tuple[float, float]]:
    """Longitudes and latitudes of a SpatiaLite line string."""
    order = "<" if blob[1] == 1 else ">"
    kind, count = struct.unpack_from(f"{order}ii", blob, 39)
    if kind != 2:
        raise ValueError(f"a link's geometry is of kind {kind}, not a plain line (2)")
    numbers = struct.unpack_from(f"{order}{2 * count}d", blob, 47)
    return list(zip(numbers[::2], numbers[1::2], strict=True))
