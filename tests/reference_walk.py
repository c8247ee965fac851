"""The walking part of the slow, plain reference: read it as the specification.

Nothing here is shared with the engine. Streets are a graph of the pack's own
nodes and edges, with every place inserted as a node of its own at the nearest
point of its nearest edge; a walk is a search from one place over that graph
(``shortest``, Dijkstra's), in whole millimetres.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import networkx as nx
import numpy as np
import shapely

from data.areapack import AreaPack, WalkNetwork

MAX_OFF_STREET_M = 300.0
SMALLEST_COMPONENT = 200
TIE_M = 1e-6

XY = tuple[float, float]
Key = tuple[str, str]  # ("origin" | "stop" | "service", its id)


class AmbiguousTown(Exception):
    """Two streets are equally near a place, so that no answer is the only right one."""


@dataclass(frozen=True)
class Snap:
    """Where a place stands on the streets, or that it is outside the data."""

    edge: int
    offset_mm: int
    off_mm: int
    outside: bool


def walk_seconds(length_mm: int, speed_mm_per_h: int) -> int:
    """Each walking leg is ceil(length / speed), in whole seconds."""
    return -(-length_mm * 3600 // speed_mm_per_h)


def compute_walks(
    pack: AreaPack,
    places: Mapping[Key, XY],
    stops: Mapping[Key, XY] = MappingProxyType({}),
    *,
    avoid_steps: bool,
) -> tuple[dict[Key, dict[Key, int]], set[Key]]:
    """Lengths in millimetres between all places that can walk to each other, and who is outside.

    Returns
    -------
    lengths : dict
        ``lengths[a][b]``, off-network distance at both ends included; missing
        where there is no way or one of the two is outside the data.
    outside : set
        Places more than 300 m from any street or outside the coverage polygon.
        Stops count wherever they are near a street, also beyond the coverage.
    """
    everywhere = {**places, **stops}
    if pack.walk is None:
        return _straight_lines(everywhere, pack.manifest.walk.detour_factor), set()
    streets = _Streets(pack.walk, avoid_steps)
    snaps = {}
    for key, (x, y) in everywhere.items():
        snap = streets.snap(x, y)
        if key in places and not is_covered(pack, x, y):
            snap = Snap(snap.edge, snap.offset_mm, snap.off_mm, outside=True)
        snaps[key] = snap
    outside = {key for key, snap in snaps.items() if snap.outside}
    graph = streets.graph_with({key: snap for key, snap in snaps.items() if not snap.outside})
    lengths: dict[Key, dict[Key, int]] = {}
    for a in everywhere:
        found = {} if a in outside else shortest(graph, a)
        lengths[a] = {b: found[b] for b in everywhere if b in found}
        lengths[a] = {b: mm + snaps[a].off_mm + snaps[b].off_mm for b, mm in lengths[a].items()}
    return lengths, outside


def is_covered(pack: AreaPack, x: float, y: float) -> bool:
    """Whether the streets around a place are known; where a pack does not say, they are."""
    return (
        pack.walk is None
        or pack.coverage is None
        or any(part.covers(shapely.Point(x, y)) for part in pack.coverage.geometry)
    )


Node = tuple[str, object]  # a place, or ("node", its number)
Graph = dict[Node, list[tuple[Node, int]]]  # the ways from each node, with their lengths


def shortest(graph: Graph, start: Node) -> dict[Node, int]:
    """Dijkstra's search: of all that has been seen, the nearest is settled next."""
    settled: dict[Node, int] = {}
    seen, number = [(0, 0, start)], 0
    while seen:
        length, _, at = heapq.heappop(seen)
        if at in settled:
            continue
        settled[at] = length
        for to, further in graph[at]:
            if to not in settled:
                number += 1  # of equals the first seen; nodes are never compared
                heapq.heappush(seen, (length + further, number, to))
    return settled


def _straight_lines(places: Mapping[Key, XY], detour_factor: float) -> dict[Key, dict[Key, int]]:
    """Where a pack has no streets: the straight line times the detour factor."""
    return {
        a: {
            b: round(float(np.hypot(bx - ax, by - ay)) * detour_factor * 1000)
            for b, (bx, by) in places.items()
        }
        for a, (ax, ay) in places.items()
    }


class _Streets:
    def __init__(self, walk: WalkNetwork, avoid_steps: bool) -> None:
        self.walk = walk
        self.edges = [e for e in range(len(walk.u)) if not (avoid_steps and walk.steps[e])]
        whole = nx.MultiGraph()
        whole.add_nodes_from(range(len(walk.node_x)))
        whole.add_edges_from((int(walk.u[e]), int(walk.v[e])) for e in self.edges)
        components = list(nx.connected_components(whole))
        component_of = {node: i for i, nodes in enumerate(components) for node in nodes}
        # Where a street only bends the map has a node too, whether or not the network kept it as one.
        sizes = [len(nodes) for nodes in components]
        for e in self.edges:
            bends = int(walk.geometry_offset[e + 1] - walk.geometry_offset[e]) - 2
            sizes[component_of[int(walk.u[e])]] += bends
        enough = min(SMALLEST_COMPONENT, max(sizes, default=0))
        drawn = shapely.linestrings(
            np.column_stack([walk.geometry_x, walk.geometry_y]),
            indices=np.repeat(np.arange(len(walk.u)), np.diff(walk.geometry_offset)),
        )
        self.lines = {
            e: drawn[e]
            for e in self.edges
            # Nobody starts from a footpath that a scenario adds (docs/scenarios.md).
            if sizes[component_of[int(walk.u[e])]] >= enough
            and walk.highway_names[walk.highway[e]] != "what-if footpath"
        }
        self.all_lines = np.array(list(self.lines.values()), object)

    def snap(self, x: float, y: float) -> Snap:
        """The nearest point of the nearest edge; the first edge where several are equally near."""
        if not self.lines:
            return Snap(-1, 0, 0, outside=True)
        place = shapely.Point(x, y)
        away = shapely.distance(self.all_lines, place)
        edges, near = list(self.lines), np.flatnonzero(away < away.min() + TIE_M).tolist()
        distances = {edges[i]: float(away[i]) for i in near}
        best = min(distances, key=lambda edge: (distances[edge], edge))
        nearest = self.lines[best].interpolate(self.lines[best].project(place))
        for edge in distances:
            if distances[best] <= MAX_OFF_STREET_M:
                other = self.lines[edge].interpolate(self.lines[edge].project(place))
                if other.distance(nearest) > 0.0005:
                    raise AmbiguousTown(f"({x}, {y}) is as near to edge {best} as to edge {edge}")
        fraction = self.lines[best].project(place, normalized=True)
        offset_mm = round(fraction * int(self.walk.length_mm[best]))
        off_m = distances[best]
        return Snap(best, offset_mm, round(off_m * 1000), outside=off_m > MAX_OFF_STREET_M)

    def graph_with(self, snaps: Mapping[Key, Snap]) -> Graph:
        """The streets, each edge cut at the places that stand on it; several ways may join two nodes."""
        walk, graph = self.walk, {}
        on_edge: dict[int, list[tuple[int, Key]]] = {}
        for key, snap in snaps.items():
            on_edge.setdefault(snap.edge, []).append((snap.offset_mm, key))

        def join(a: Node, b: Node, length_mm: int) -> None:
            graph.setdefault(a, []).append((b, length_mm))
            graph.setdefault(b, []).append((a, length_mm))

        for edge in self.edges:
            position, at = 0, ("node", int(walk.u[edge]))
            for offset_mm, key in sorted(on_edge.get(edge, [])):
                join(at, key, offset_mm - position)
                position, at = offset_mm, key
            join(at, ("node", int(walk.v[edge])), int(walk.length_mm[edge]) - position)
        return graph


def within(lengths: Mapping[Key, int], kind: str, limit_mm: int, ids: Iterable[str]) -> dict[str, int]:
    """Those of ``ids`` within the limit (inclusive), with their lengths."""
    return {i: lengths[kind, i] for i in ids if (kind, i) in lengths and lengths[kind, i] <= limit_mm}
