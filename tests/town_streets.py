"""Streets of a test town to a walk network."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import networkx as nx
import numpy as np

from data.areapack import WalkNetwork
from tests.town_spec import XY, Street, street

ORIGIN = (400_000.0, 300_000.0)
PAD_NODES = 200


def grid_streets(columns: int, rows: int, spacing: float = 100.0, *, origin: XY = (0.0, 0.0)) -> list[Street]:
    """A grid of streets: rows run east (named '1st row'...), columns run north."""
    x0, y0 = origin
    xs = [x0 + spacing * i for i in range(columns)]
    ys = [y0 + spacing * j for j in range(rows)]
    return [street(*((x, y) for x in xs), name=f"Row {j}") for j, y in enumerate(ys)] + [
        street(*((x, y) for y in ys), name=f"Column {i}") for i, x in enumerate(xs)
    ]


def build_walk_network(streets: Sequence[Street], origin: XY = ORIGIN) -> WalkNetwork:
    """Streets to nodes (ends, shared vertices) and edges with integer lengths, padded (see above)."""
    uses: dict[XY, int] = {}
    for s in streets:
        for i, vertex in enumerate(s.line):
            is_node = s.every_vertex or i in (0, len(s.line) - 1)
            uses[vertex] = uses.get(vertex, 0) + (2 if is_node else 1)
    pieces: list[tuple[list[XY], Street]] = []
    for s in streets:
        part = [s.line[0]]
        for vertex in s.line[1:]:
            part.append(vertex)
            if uses[vertex] > 1:
                pieces.append((part, s))
                part = [vertex]
    pieces += _pads(pieces)
    nodes = {vertex: i for i, vertex in enumerate(dict.fromkeys(v for p, _ in pieces for v in (p[0], p[-1])))}
    lines = [np.array(part) for part, _ in pieces]
    lengths = [np.hypot(*np.diff(line, axis=0).T).sum() for line in lines]
    street_names = tuple(dict.fromkeys(s.name for _, s in pieces if s.name))
    highways = tuple(dict.fromkeys(s.highway for _, s in pieces))
    places = np.array(list(nodes)).reshape(-1, 2) + origin
    spread = np.concatenate(lines).reshape(-1, 2) + origin if lines else np.zeros((0, 2))
    return WalkNetwork(
        node_x=_fixed(places[:, 0]),
        node_y=_fixed(places[:, 1]),
        u=_fixed([nodes[part[0]] for part, _ in pieces], np.int32),
        v=_fixed([nodes[part[-1]] for part, _ in pieces], np.int32),
        length_mm=_fixed([round(1000 * length) for length in lengths], np.int32),
        steps=_fixed([s.steps for _, s in pieces], bool),
        street=_fixed([street_names.index(s.name) if s.name else -1 for _, s in pieces], np.int32),
        street_names=street_names,
        highway=_fixed([highways.index(s.highway) for _, s in pieces], np.int32),
        highway_names=highways,
        geometry_offset=_fixed(np.concatenate([[0], np.cumsum([len(line) for line in lines])]), np.int64),
        geometry_x=_fixed(spread[:, 0]),
        geometry_y=_fixed(spread[:, 1]),
    )


def _pads(pieces: list[tuple[list[XY], Street]]) -> list[tuple[list[XY], Street]]:
    """Dead ends of 1 mm edges that bring each component to at least 200 nodes, with or without its steps."""
    pads = []
    for with_steps in (True, False):
        graph = nx.Graph()
        graph.add_edges_from((p[0], p[-1]) for p, s in pieces + pads if with_steps or not s.steps)
        islands = {v for p, s in pieces if s.island for v in (p[0], p[-1])}
        for component in nx.connected_components(graph):
            if component & islands or len(component) >= 200:
                continue
            x, y = min(component, key=lambda v: (v[1], v[0]))
            chain = [(x, y)] + [(x, round(y - k / 1000, 3)) for k in range(1, PAD_NODES + 1)]
            pad = Street(tuple(chain), highway="service")
            pads += [([a, b], pad) for a, b in itertools.pairwise(chain)]
    return pads


def _fixed(values: Any, dtype: Any = np.float64) -> np.ndarray:
    array = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array
