"""The whole street network: skeleton, districts, lanes and paths, cut at junctions and named."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely.geometry import LineString, Point
from shapely.geometry.base import BaseGeometry

from data.demo.districts import District, Skeleton
from data.demo.fills import Street, fill_district
from data.demo.geometry import GRID_M, Noise, end_keys, lines_of, node_lines
from data.demo.land import Land
from data.demo.names import StreetNames

_RANK = {
    "primary": 0, "secondary": 1, "tertiary": 2, "unclassified": 3, "residential": 4, "pedestrian": 5,
    "service": 6, "footway": 7, "path": 8, "steps": 9,
}  # fmt: skip
DRIVABLE = frozenset({"primary", "secondary", "tertiary", "unclassified", "residential", "service"})


@dataclass
class Edge:
    """A stretch of street between two junctions; local metres."""

    u: int
    v: int
    line: LineString
    highway: str
    kind: str
    district: int
    name: str | None = None
    bridge: bool = False


@dataclass
class Network:
    """Junctions and the streets between them."""

    nodes: np.ndarray  # float64[N, 2], local metres
    edges: list[Edge]
    incident: list[list[int]] = field(default_factory=list)


def _buildable(district: District, land: Land, parks: BaseGeometry) -> BaseGeometry:
    barrier = shapely.union_all([land.river.buffer(48.0), land.railway.buffer(24.0)])
    ground = district.polygon.difference(barrier)
    if district.kind not in ("park", "village"):
        ground = ground.difference(parks.buffer(18.0))
        rim = land.urban.exterior.buffer(18.0)
        ground = ground.difference(rim)
    return ground


def _country_paths(land: Land, skeleton: Skeleton, rng: np.random.Generator) -> list[Street]:
    """Field paths between the villages and the town, and the towpath along the river."""
    wander = Noise(rng, 380.0, 38.0)
    out = []
    roads = shapely.union_all([road.line for road in skeleton.roads])
    wet = [polygon for _, tag, polygon in land.greens if tag == "natural=water"]
    no_path = shapely.union_all([land.urban, land.river.buffer(40), land.railway.buffer(9), *wet])
    hearts = [roads.interpolate(roads.project(Point(v.x, v.y))) for v in land.villages]
    town_roads = roads.intersection(land.urban)
    ways: list[tuple[Point, Point]] = []
    for number, heart in enumerate(hearts):
        order = sorted(range(len(hearts)), key=lambda i: hearts[i].distance(heart))
        ways += [(heart, hearts[other]) for other in order[1:3] if other > number or order.index(other) == 1]
        ways.append((heart, town_roads.interpolate(town_roads.project(heart))))
    for start, end in ways:
        if start.distance(end) > 4_200 or start.distance(end) < 300:
            continue
        parts = lines_of(wander.bend(LineString([start, end])).difference(no_path))
        out += [Street(part, "path", -1, "country") for part in parts if part.length > 120]
    towpath = land.river.offset_curve(34.0)
    parts = lines_of(towpath.intersection(land.urban.buffer(400)))
    return out + [Street(part, "footway", -1, "towpath") for part in parts]


def _is_bridge(line: LineString, land: Land) -> bool:
    return line.crosses(land.river) or line.crosses(land.railway)


def build_network(land: Land, skeleton: Skeleton, names: StreetNames, rng: np.random.Generator) -> Network:
    """Lay out every street, cut at junctions, keep what hangs together, and name it."""
    parks = shapely.union_all([d.polygon for d in skeleton.districts if d.kind == "park"])
    road_lines = shapely.union_all([road.line for road in skeleton.roads])
    streets = [Street(road.line, road.highway, -1, road.name) for road in skeleton.roads]
    for district in skeleton.districts:
        ground = _buildable(district, land, parks)
        reach = district.polygon.buffer(260.0 if district.kind == "village" else 3.0)
        around = road_lines.intersection(reach)
        streets += fill_district(district.kind, district.number, district.polygon, ground, around, rng)
    streets += _country_paths(land, skeleton, rng)
    wet = land.river.buffer(26.0)
    dry = [street for street in streets if street.district < 0 or not street.line.intersects(wet)]
    network = _cut(dry)
    network = _connected(network)
    for edge in network.edges:
        edge.bridge = _is_bridge(edge.line, land)
    name_streets(network, names, skeleton, land)
    return network


def _cut(streets: list[Street]) -> Network:
    lines = node_lines([street.line for street in streets])
    streets = sorted(streets, key=lambda street: _RANK[street.highway])
    tree = shapely.STRtree([street.line for street in streets])
    middles = np.array([line.interpolate(0.5, normalized=True) for line in lines])
    pairs = tree.query(middles, predicate="dwithin", distance=3 * GRID_M)
    best = np.full(len(lines), len(streets))
    np.minimum.at(best, pairs[0], pairs[1])
    index: dict[tuple[float, float], int] = {}
    edges = []
    for line, source in zip(lines, best, strict=True):
        if source == len(streets):
            continue
        street = streets[source]
        u, v = (index.setdefault(key, len(index)) for key in end_keys(line))
        edges.append(Edge(u, v, line, street.highway, street.kind, street.district))
    return _joined(Network(np.array(list(index)), edges))


def _incidence(network: Network) -> list[list[int]]:
    out: list[list[int]] = [[] for _ in range(len(network.nodes))]
    for number, edge in enumerate(network.edges):
        out[edge.u].append(number)
        if edge.v != edge.u:
            out[edge.v].append(number)
    return out


def _joined(network: Network) -> Network:
    """Merge the two streets of every node where exactly two of one kind meet."""
    incident = _incidence(network)
    edges: list[Edge | None] = list(network.edges)
    for node, pair in enumerate(incident):
        live = [number for number in pair if edges[number] is not None]
        if len(live) != 2:
            continue
        a, b = edges[live[0]], edges[live[1]]
        if a is None or b is None or a.u == a.v or b.u == b.v:
            continue
        if (a.highway, a.kind, a.district) != (b.highway, b.kind, b.district):
            continue
        first = list(a.line.coords) if a.v == node else list(a.line.coords)[::-1]
        second = list(b.line.coords) if b.u == node else list(b.line.coords)[::-1]
        u = a.u if a.v == node else a.v
        v = b.v if b.u == node else b.u
        if u == v:
            continue
        joined = Edge(u, v, LineString(first + second[1:]), a.highway, a.kind, a.district)
        edges[live[0]], edges[live[1]] = joined, None
        incident[v] = [live[0] if number == live[1] else number for number in incident[v]]
    return _renumbered(network.nodes, [edge for edge in edges if edge is not None])


def _renumbered(nodes: np.ndarray, edges: list[Edge]) -> Network:
    used = sorted({node for edge in edges for node in (edge.u, edge.v)})
    place = {old: new for new, old in enumerate(used)}
    for edge in edges:
        edge.u, edge.v = place[edge.u], place[edge.v]
    network = Network(nodes[used], edges)
    network.incident = _incidence(network)
    return network


def _connected(network: Network) -> Network:
    """Keep the largest piece, leave out tiny dead ends and what can't be reached."""
    for _ in range(3):
        degree = [len(edges) for edges in network.incident]
        kept = [
            edge
            for edge in network.edges
            if edge.line.length >= 22 or (degree[edge.u] > 1 and degree[edge.v] > 1)
        ]
        network = _joined(_renumbered(network.nodes, kept))
    label = np.full(len(network.nodes), -1)
    sizes: list[int] = []
    for start in range(len(network.nodes)):
        if label[start] >= 0:
            continue
        label[start], stack, size = len(sizes), [start], 0
        while stack:
            node = stack.pop()
            size += 1
            for number in network.incident[node]:
                edge = network.edges[number]
                other = edge.v if edge.u == node else edge.u
                if label[other] < 0:
                    label[other] = len(sizes)
                    stack.append(other)
        sizes.append(size)
    main = int(np.argmax(sizes))
    return _renumbered(network.nodes, [edge for edge in network.edges if label[edge.u] == main])


def _bearing_out(network: Network, number: int, node: int) -> np.ndarray:
    edge = network.edges[number]
    xy = shapely.get_coordinates(edge.line)
    if edge.u != node:
        xy = xy[::-1]
    step = xy[min(2, len(xy) - 1)] - xy[0]
    return step / max(np.hypot(*step), 1e-9)


def name_streets(network: Network, names: StreetNames, skeleton: Skeleton, land: Land) -> None:
    """Give one name to each run of street that goes straight on through its junctions."""
    edges = network.edges
    parent = list(range(len(edges)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for node, around in enumerate(network.incident):
        options = []
        for i, a in enumerate(around):
            for b in around[i + 1 :]:
                same = edges[a].highway == edges[b].highway and edges[a].district == edges[b].district
                if same and edges[a].kind == edges[b].kind:
                    cosine = float(_bearing_out(network, a, node) @ _bearing_out(network, b, node))
                    if cosine < -0.75:
                        options.append((cosine, a, b))
        taken: set[int] = set()
        for _, a, b in sorted(options):
            if a not in taken and b not in taken:
                taken |= {a, b}
                parent[root(a)] = root(b)
    strokes: dict[int, list[int]] = {}
    for number in range(len(edges)):
        strokes.setdefault(root(number), []).append(number)
    kinds = {district.number: district for district in skeleton.districts}
    for members in strokes.values():
        sample = edges[members[0]]
        length = sum(edges[number].line.length for number in members)
        name = names.name_for(
            sample.highway, sample.kind, kinds.get(sample.district), length, land, sample.line
        )
        for number in members:
            edges[number].name = name
