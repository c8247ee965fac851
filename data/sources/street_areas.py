"""Squares and other pedestrian areas: walked across, not only round their outline.

OpenStreetMap draws a square as a closed way with ``area=yes``. Routers that
know lines only take its outline (a detour of minutes round a large square) or
drop it (the streets that end there fall apart). People cross it in a straight
line, so every two corners of the outline that see each other inside the area
are joined: the shortest way between any two of them inside the area is then in
the network, because such a way bends at corners only.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from data.sources.osm_segments import StreetSegments

# An outline of more corners (a long promenade drawn finely) is crossed to and from the streets
# that meet it only: crossings between all corners would outnumber the streets of a town.
MOST_CORNERS = 200


def add_area_crossings(segments: StreetSegments, x: np.ndarray, y: np.ndarray) -> StreetSegments:
    """Add a straight segment between every two corners of an area that see each other.

    A crossing lies wholly inside its area (its outline belongs to it) and has the area's way
    and tags. An area whose outline is open, touches itself or is broken by a missing node keeps
    its outline only, and so do areas drawn as multipolygon relations, which no reader hands over.

    Parameters
    ----------
    segments
        What a reader found.
    x, y
        float64[N], metres in the pack's plane, of each of its nodes.
    """
    ways = [row for row, tags in enumerate(segments.way_tags) if tags.get("area", "").strip() == "yes"]
    if not ways:
        return segments
    by_way = np.argsort(segments.way, kind="stable")
    first = np.searchsorted(segments.way[by_way], np.arange(len(segments.way_tags) + 1))
    pairs = np.unique(
        np.column_stack((np.tile(segments.way, 2), np.append(segments.start, segments.end))), axis=0
    )
    ways_at_node = np.bincount(pairs[:, 1], minlength=len(segments.node_id))
    of_way, start, end = [segments.way], [segments.start], [segments.end]
    for way in ways:
        rows = by_way[first[way] : first[way + 1]]
        ring = _find_ring(segments.start[rows], segments.end[rows])
        if ring is None:
            continue
        one, other = _find_crossings(ring, x[ring], y[ring], ways_at_node[ring] > 1)
        of_way.append(np.full(len(one), way, segments.way.dtype))
        start.append(np.minimum(one, other))
        end.append(np.maximum(one, other))
    return replace(segments, way=np.concatenate(of_way), start=np.concatenate(start), end=np.concatenate(end))


def _find_ring(start: np.ndarray, end: np.ndarray) -> np.ndarray | None:
    """Nodes of the one closed ring that the segments make, from the lowest; None where they make none."""
    following = dict(zip(start.tolist(), end.tolist(), strict=True))
    if len(following) != len(start) or len(start) < 4:  # a triangle has no crossing
        return None
    node = lowest = min(following)
    ring: list[int] = []
    while len(ring) < len(start):
        ring.append(node)
        if node not in following:
            return None
        node = following[node]
        if node == lowest:
            break
    return np.array(ring) if len(ring) == len(start) and node == lowest else None


def _find_crossings(
    ring: np.ndarray, x: np.ndarray, y: np.ndarray, is_door: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Both nodes of every crossing; ``is_door`` says at which nodes another street meets the outline."""
    corners = np.column_stack((x, y))
    area = shapely.Polygon(corners)
    if not area.is_valid:
        return ring[:0], ring[:0]
    one, other = np.triu_indices(len(ring), 1)
    neighbours = (other - one == 1) | (other - one == len(ring) - 1)
    kept = ~neighbours if len(ring) <= MOST_CORNERS else ~neighbours & (is_door[one] | is_door[other])
    one, other = one[kept], other[kept]
    shapely.prepare(area)
    seen = shapely.covers(area, shapely.linestrings(np.stack((corners[one], corners[other]), axis=1)))
    return ring[one[seen]], ring[other[seen]]
