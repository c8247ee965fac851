"""From segments to the walk network: edges between junctions, in millimetres.

Everything is done on whole arrays, so that an extract of a county takes
seconds. The order of nodes and edges follows OSM ids and never the file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pyproj import Transformer
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from data.areapack import WalkNetwork
from data.sources.osm_segments import FaultTally, StreetSegments
from data.sources.street_areas import add_area_crossings
from data.sources.walkable import is_steps


@dataclass(frozen=True)
class BuiltStreets:
    """A walk network and the OSM way that each of its edges came from."""

    walk: WalkNetwork
    osm_way: np.ndarray  # int64[E]


def build_walk_network(segments: StreetSegments, *, crs: str, tally: FaultTally) -> BuiltStreets:
    """Join segments to edges that run from junction to junction.

    A node is a junction when several ways meet there, a way crosses itself, or
    a way ends. Lengths are measured in the plane of ``crs`` along the full
    line and rounded once an edge, to the millimetre; node coordinates are
    rounded to the millimetre first, so that another version of the projection
    library gives the same pack. Nodes in the same place joined by an edge of
    no length become one. Pedestrian areas are crossed (``street_areas``).

    Parameters
    ----------
    segments
        What a reader found, degrees.
    crs
        Projected CRS of the pack, metres.
    tally
        Gains ``node_outside_projection`` and ``edge_of_no_length``.
    """
    to_plane = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = (np.round(values, 3) for values in to_plane.transform(segments.node_lon, segments.node_lat))
    segments = _drop_unplaced(segments, np.isfinite(x) & np.isfinite(y), tally)
    segments = add_area_crossings(segments, x, y)
    head, rank = _chain(segments)

    # One row a segment, ordered edge by edge (by way, both ends, second node) and along the edge within.
    last_of_head = np.full(len(head), -1, dtype=np.int64)
    order_along = np.argsort(rank, kind="stable")
    last_of_head[head[order_along]] = order_along  # the highest rank is written last
    first = head
    order = np.lexsort(
        (
            rank,
            first,
            segments.end[first],
            segments.end[last_of_head[first]],
            segments.start[first],
            segments.way[first],
        )
    )
    starts = np.flatnonzero(rank[order] == 0)
    ends = np.append(starts[1:], len(order))[: len(starts)] - 1

    way = segments.way[order[starts]]
    from_node, to_node = segments.start[order[starts]], segments.end[order[ends]]
    points, offset = _edge_points(segments, order, starts, ends)
    px, py = x[points], y[points]
    length_mm = _edge_lengths_mm(px, py, offset)

    from_node, to_node, kept = _merge_same_place(from_node, to_node, length_mm, tally)
    keep_point = np.repeat(kept, np.diff(offset))
    counts = np.diff(offset)[kept]
    way, length_mm = way[kept], length_mm[kept]

    used, rows = np.unique(np.concatenate([from_node[kept], to_node[kept]]), return_inverse=True)
    edges = len(way)
    street, street_names = _names(segments, way, "name")
    highway, highway_names = _names(segments, way, "highway")
    steps = np.array([is_steps(tags) for tags in segments.way_tags], dtype=bool)
    walk = WalkNetwork(
        node_x=x[used],
        node_y=y[used],
        u=rows[:edges].astype(np.int32),
        v=rows[edges:].astype(np.int32),
        length_mm=length_mm.astype(np.int32),
        steps=steps[way] if edges else np.zeros(0, dtype=bool),
        street=street,
        street_names=street_names,
        highway=highway,
        highway_names=highway_names,
        geometry_offset=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        geometry_x=px[keep_point],
        geometry_y=py[keep_point],
    )
    return BuiltStreets(walk, segments.way_id[way])


def _drop_unplaced(segments: StreetSegments, placed: np.ndarray, tally: FaultTally) -> StreetSegments:
    """Leave out segments that end where the projection has no place."""
    if placed.all():
        return segments
    for node in segments.node_id[~placed].tolist():
        tally.add("node_outside_projection", f"node {node}")
    kept = placed[segments.start] & placed[segments.end]
    return StreetSegments(
        segments.node_id, segments.node_lon, segments.node_lat, segments.way_id, segments.way_tags,
        segments.way[kept], segments.start[kept], segments.end[kept],
    )  # fmt: skip


def _chain(segments: StreetSegments) -> tuple[np.ndarray, np.ndarray]:
    """First segment of each segment's edge, and the segment's place along it (int64[S] each)."""
    count, nodes = len(segments.way), len(segments.node_id)
    goes_in = np.bincount(segments.end, minlength=nodes)
    goes_out = np.bincount(segments.start, minlength=nodes)
    segment_in = np.full(nodes, -1, dtype=np.int64)
    segment_out = np.full(nodes, -1, dtype=np.int64)
    segment_in[segments.end] = np.arange(count)
    segment_out[segments.start] = np.arange(count)
    inner = (goes_in == 1) & (goes_out == 1)
    inner[inner] = segments.way[segment_in[inner]] == segments.way[segment_out[inner]]
    previous = np.where(inner[segments.start], segment_in[segments.start], -1)
    previous = _cut_rings(previous, segments)

    # Pointer doubling: after k rounds every segment knows the one 2^k before it, or its edge's first.
    head = np.where(previous < 0, np.arange(count), previous)
    rank = (previous >= 0).astype(np.int64)
    while True:
        further = head[head]
        if np.array_equal(further, head):
            return head, rank
        rank += rank[head]
        head = further


def _cut_rings(previous: np.ndarray, segments: StreetSegments) -> np.ndarray:
    """Open each closed ring without a junction at its node of the smallest id."""
    count = len(previous)
    linked = np.flatnonzero(previous >= 0)
    links = coo_matrix(
        (np.ones(len(linked), dtype=np.int8), (linked, previous[linked])), shape=(count, count)
    )
    parts, part = connected_components(links, directed=False)
    is_ring = np.bincount(part, minlength=parts) == np.bincount(part[linked], minlength=parts)
    lowest = np.full(parts, np.iinfo(np.int64).max)
    np.minimum.at(lowest, part, segments.start.astype(np.int64))
    opened = is_ring[part] & (segments.start == lowest[part])
    return np.where(opened, -1, previous)


def _edge_points(
    segments: StreetSegments, order: np.ndarray, starts: np.ndarray, ends: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Nodes along every edge (both ends included) one after another, and int64[E + 1] offsets."""
    offset = np.concatenate([[0], np.cumsum(ends - starts + 2)]).astype(np.int64)
    points = np.empty(offset[-1], dtype=np.int64)
    is_last = np.zeros(len(points), dtype=bool)
    is_last[offset[1:] - 1] = True
    points[~is_last] = segments.start[order]
    points[is_last] = segments.end[order[ends]]
    return points, offset


def _edge_lengths_mm(x: np.ndarray, y: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Length of every line, rounded once to the millimetre (int64[E])."""
    if len(offset) < 2:
        return np.zeros(0, dtype=np.int64)
    steps = np.append(np.hypot(np.diff(x), np.diff(y)), 0.0)
    steps[offset[1:] - 1] = 0.0  # from one edge's last point to the next edge's first
    return np.rint(np.add.reduceat(steps, offset[:-1]) * 1000).astype(np.int64)


def _merge_same_place(
    from_node: np.ndarray, to_node: np.ndarray, length_mm: np.ndarray, tally: FaultTally
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Drop edges of no length, making their two nodes one (else the network would fall apart there)."""
    kept = length_mm > 0
    if kept.all():
        return from_node, to_node, kept
    tally.add("edge_of_no_length", count=int((~kept).sum()))
    size = int(max(from_node.max(), to_node.max())) + 1
    none = ~kept
    pairs = coo_matrix(
        (np.ones(none.sum(), dtype=np.int8), (from_node[none], to_node[none])), shape=(size, size)
    )
    parts, part = connected_components(pairs, directed=False)
    lowest = np.full(parts, size, dtype=np.int64)
    np.minimum.at(lowest, part, np.arange(size))
    return lowest[part[from_node]], lowest[part[to_node]], kept


def _names(segments: StreetSegments, way: np.ndarray, key: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Index of every edge's tag value in the sorted distinct values; -1 where the way has none."""
    values = [" ".join(tags.get(key, "").split()) for tags in segments.way_tags]
    wanted = np.unique(way)
    names = tuple(sorted({values[row] for row in wanted.tolist()} - {""}))
    position = {name: index for index, name in enumerate(names)}
    of_way = np.array([position.get(value, -1) for value in values], dtype=np.int32)
    return (of_way[way] if len(way) else np.zeros(0, dtype=np.int32)), names
