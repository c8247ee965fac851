"""The walk network contracted to chains: fewer nodes, the same distances.

A node where exactly two street pieces meet decides nothing, so runs of such
nodes become one *chain* between two *junctions*. A point on the network is a
(chain, offset from the chain's first junction); no length is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import types

from data.areapack import WalkNetwork
from geo.compile import IN_I4, OUT_B1, OUT_I4, kernel
from geo.hublabels import HubLabels
from geo.segments import SegmentIndex, build_segment_index

SMALLEST_COMPONENT_NODES = 200
# A footpath of a scenario: nobody starts from it, so that it makes nobody's walk longer.
UNJOINED_KIND = "what-if footpath"
# Columns of WalkGraph.arcs, and the bits of the last.
ARC_NODE, ARC_LENGTH, ARC_CHAIN, ARC_FLAGS = range(4)
REVERSED = 1


@dataclass(frozen=True, eq=False)  # large arrays: one graph is itself and no other
class WalkGraph:
    """Chains between junctions, and where each edge of the network lies on them.

    Lengths are whole millimetres. J junctions, C chains, E edges of
    ``network``; edges left out (steps, where avoided) have ``edge_chain`` -1.
    """

    network: WalkNetwork
    avoid_steps: bool
    junction_node: np.ndarray  # int32[J], row of the network's nodes
    chain_u: np.ndarray  # int32[C], junction where the chain begins
    chain_v: np.ndarray  # int32[C], junction where it ends; equal to chain_u on a loop
    chain_length_mm: np.ndarray  # int32[C]
    chain_indptr: np.ndarray  # int32[C + 1] into chain_edges
    chain_edges: np.ndarray  # int32, edges in order from chain_u to chain_v
    edge_chain: np.ndarray  # int32[E]
    edge_start_mm: np.ndarray  # int32[E], where on its chain the edge begins
    edge_reversed: np.ndarray  # bool[E], the chain walks the edge from v to u
    arc_indptr: np.ndarray  # int32[J + 1] into arcs
    arcs: np.ndarray  # int32[2C, 4]: junction at the far end, length, chain, flags: REVERSED
    # where it leaves from chain_v's side
    segments: SegmentIndex  # of the edges that points may be snapped to
    labels: HubLabels | None = None  # of the junctions, where they were worked out

    @property
    def junction_count(self) -> int:
        return len(self.junction_node)


@kernel(
    types.Tuple((types.int32, types.int32))(
        IN_I4,
        IN_I4,
        IN_I4,
        IN_I4,
        IN_I4,
        OUT_B1,
        OUT_I4,
        OUT_I4,
        OUT_B1,
        OUT_I4,
        OUT_I4,
        OUT_I4,
        OUT_I4,
        OUT_I4,
    )
)
def _walk_chains(  # type: ignore[no-untyped-def]
    u, v, length_mm, incident_indptr, incident_edge, is_junction,
    edge_chain, edge_start_mm, edge_reversed,
    chain_u, chain_v, chain_length_mm, chain_indptr, chain_edges,
):  # fmt: skip
    """Follow every chain from its junctions; return how many chains and edges."""
    chains = 0
    placed = 0
    chain_indptr[0] = 0
    # Junctions first; what is left after them are cycles without a junction,
    # which are cut open at the first node of their lowest edge.
    for round_ in range(2):
        outer = len(is_junction) if round_ == 0 else len(u)
        for outer_index in range(outer):
            if round_ == 0:
                if not is_junction[outer_index]:
                    continue
                start = outer_index
                first = incident_indptr[start]
                last = incident_indptr[start + 1]
            else:
                if edge_chain[outer_index] != -1:
                    continue
                start = u[outer_index]
                is_junction[start] = True
                first = incident_indptr[start]
                last = first + 1
            for slot in range(first, last):
                edge = incident_edge[slot]
                if edge_chain[edge] != -1:
                    continue
                node = start
                length = 0
                while True:
                    edge_chain[edge] = chains
                    edge_start_mm[edge] = length
                    backwards = u[edge] != node
                    edge_reversed[edge] = backwards
                    node = u[edge] if backwards else v[edge]
                    length += length_mm[edge]
                    chain_edges[placed] = edge
                    placed += 1
                    if is_junction[node]:
                        break
                    here = incident_indptr[node]
                    edge = incident_edge[here + 1] if incident_edge[here] == edge else incident_edge[here]
                chain_u[chains] = start
                chain_v[chains] = node
                chain_length_mm[chains] = length
                chains += 1
                chain_indptr[chains] = placed
    return chains, placed


def _count_component_nodes(node_count: int, u: np.ndarray, v: np.ndarray, bends: np.ndarray) -> np.ndarray:
    """Count for each edge the nodes of its component.

    The points where a street only bends count too: they are nodes of the map,
    whether or not the network was simplified when it was read.
    """
    from scipy.sparse import coo_array  # here: an engine whose streets were kept has no use for it
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(u), dtype=np.int8), (u, v)), shape=(node_count, node_count))
    _, label = connected_components(links, directed=False)
    size = np.bincount(label) + np.bincount(label[u], weights=bends, minlength=label.max(initial=-1) + 1)
    return size[label[u]]


def build_walk_graph(
    walk: WalkNetwork, *, avoid_steps: bool, min_component_nodes: int = SMALLEST_COMPONENT_NODES
) -> WalkGraph:
    """Contract the walk network to chains and index its edges for snapping.

    Parameters
    ----------
    walk : WalkNetwork
        Streets; walking goes both ways.
    avoid_steps : bool
        Leave flights of steps out, before anything else is done: what only
        steps connect is then not connected.
    min_component_nodes : int
        Points are never snapped to a component with fewer nodes. Where the
        largest component is itself smaller (a hamlet, a test), that one's size
        is the threshold instead.

    Returns
    -------
    WalkGraph
    """
    kept = np.flatnonzero(~walk.steps) if avoid_steps else np.arange(len(walk.u))
    u = np.ascontiguousarray(walk.u[kept], dtype=np.int32)
    v = np.ascontiguousarray(walk.v[kept], dtype=np.int32)
    length_mm = np.ascontiguousarray(walk.length_mm[kept], dtype=np.int32)
    node_count, edge_count = len(walk.node_x), len(kept)

    ends = np.concatenate((u, v))
    edge_of_end = np.tile(np.arange(edge_count, dtype=np.int32), 2)
    order = np.lexsort((edge_of_end, ends))
    degree = np.bincount(ends, minlength=node_count)
    incident_indptr = np.concatenate(([0], np.cumsum(degree))).astype(np.int32)
    is_junction = (degree != 2) & (degree > 0)

    edge_chain = np.full(edge_count, -1, dtype=np.int32)
    edge_start_mm = np.zeros(edge_count, dtype=np.int32)
    edge_reversed = np.zeros(edge_count, dtype=bool)
    chain_u, chain_v, chain_length, chain_edges = (np.empty(edge_count, dtype=np.int32) for _ in range(4))
    chain_indptr = np.empty(edge_count + 1, dtype=np.int32)
    chains, placed = _walk_chains(
        u, v, length_mm, incident_indptr, edge_of_end[order], is_junction,
        edge_chain, edge_start_mm, edge_reversed, chain_u, chain_v, chain_length, chain_indptr, chain_edges,
    )  # fmt: skip

    junction_node = np.flatnonzero(is_junction).astype(np.int32)
    junction_of_node = np.full(node_count, -1, dtype=np.int32)
    junction_of_node[junction_node] = np.arange(len(junction_node), dtype=np.int32)
    chain_u = junction_of_node[chain_u[:chains]]
    chain_v = junction_of_node[chain_v[:chains]]
    chain_length = chain_length[:chains].copy()
    arc_indptr, arcs = _build_arcs(len(junction_node), chain_u, chain_v, chain_length)

    component_nodes = _count_component_nodes(node_count, u, v, np.diff(walk.geometry_offset)[kept] - 2)
    joined = component_nodes >= min(min_component_nodes, component_nodes.max(initial=0))
    if UNJOINED_KIND in walk.highway_names:
        joined &= walk.highway[kept] != walk.highway_names.index(UNJOINED_KIND)
    snappable = kept[joined]

    def spread(values: np.ndarray, fill: int | bool) -> np.ndarray:
        out = np.full(len(walk.u), fill, dtype=values.dtype)
        out[kept] = values
        return out

    return WalkGraph(
        network=walk,
        avoid_steps=avoid_steps,
        junction_node=junction_node,
        chain_u=chain_u,
        chain_v=chain_v,
        chain_length_mm=chain_length,
        chain_indptr=chain_indptr[: chains + 1].copy(),
        chain_edges=kept[chain_edges[:placed]].astype(np.int32),
        edge_chain=spread(edge_chain, -1),
        edge_start_mm=spread(edge_start_mm, 0),
        edge_reversed=spread(edge_reversed, False),
        arc_indptr=arc_indptr,
        arcs=arcs,
        segments=build_segment_index(walk, snappable.astype(np.int32)),
    )


def _build_arcs(
    junction_count: int, chain_u: np.ndarray, chain_v: np.ndarray, chain_length_mm: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Lay the chains out from each junction; a loop appears from both its ends."""
    chain = np.arange(len(chain_u), dtype=np.int32)
    here = np.concatenate((chain_u, chain_v))
    reversed_ = np.repeat(np.array([0, 1], dtype=np.int32), len(chain))
    there = np.concatenate((chain_v, chain_u))
    degree = np.bincount(here, minlength=junction_count)
    flags = reversed_ * REVERSED
    arcs = np.column_stack((there, np.tile(chain_length_mm, 2), np.tile(chain, 2), flags))
    order = np.lexsort((reversed_, arcs[:, ARC_CHAIN], here))
    indptr = np.concatenate(([0], np.cumsum(degree)))
    return indptr.astype(np.int32), np.ascontiguousarray(arcs[order], dtype=np.int32)
