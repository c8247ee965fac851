"""The way between two points: its line, and the streets it follows."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from geo.snap import Snapped
from geo.straightline import StraightLine
from geo.walkgraph import ARC_CHAIN, ARC_FLAGS, ARC_LENGTH, ARC_NODE, REVERSED, WalkGraph


@dataclass(frozen=True)
class PathPart:
    """A stretch along one street, or along pieces without a name."""

    street: str | None
    length_mm: int
    edges: tuple[int, ...]


@dataclass(frozen=True)
class PathPiece:
    """A stretch of one edge, in the direction of walking."""

    edge: int
    length_mm: int
    xs: np.ndarray
    ys: np.ndarray
    ends_at: int  # the network's node at which it ends, -1 between two nodes


@dataclass(frozen=True)
class WalkPath:
    """A shortest walk between two points.

    ``length_mm`` is the leg's length: the parts and the way from either point
    to its street (``off_mm``). The line (metres, pack's CRS) runs from point to point.
    """

    length_mm: int
    xs: np.ndarray
    ys: np.ndarray
    parts: tuple[PathPart, ...]
    pieces: tuple[PathPiece, ...] = ()  # none on straight lines
    off_mm: tuple[int, int] = (0, 0)


def compute_path(graph: WalkGraph | StraightLine, a: Snapped, b: Snapped) -> WalkPath | None:
    """Compute the shortest walk from the one point of ``a`` to the one of ``b``.

    Returns None where there is no way. As long as ``compute_legs`` says, to
    the millimetre; of equally short ways always the same one.
    """
    if a.outside[0] or b.outside[0]:
        return None
    if isinstance(graph, StraightLine):
        length = int(np.rint(np.hypot(b.x[0] - a.x[0], b.y[0] - a.y[0]) * (graph.detour_factor * 1000)))
        return WalkPath(length, np.append(a.x, b.x), np.append(a.y, b.y), (PathPart(None, length, ()),))
    stretches = _find_stretches(graph, a, b)
    if stretches is None:
        return None
    pieces = [piece for chain, begin, end in stretches for piece in _cut_chain(graph, chain, begin, end)]
    drawn = tuple(_describe_piece(graph, *piece) for piece in pieces if piece[1] != piece[2])
    lines = [(piece.xs, piece.ys) for piece in drawn]
    on_network = sum(abs(end - begin) for _, begin, end in stretches)
    return WalkPath(
        int(a.off_network_mm[0] + on_network + b.off_network_mm[0]),
        *_join_lines([(a.x[:1], a.y[:1]), *lines, (b.x[:1], b.y[:1])]),
        _name_parts(graph, pieces),
        drawn,
        (int(a.off_network_mm[0]), int(b.off_network_mm[0])),
    )


def _find_stretches(graph: WalkGraph, a: Snapped, b: Snapped) -> list[tuple[int, int, int]] | None:
    """List the stretches (chain, from mm, to mm) of the shortest way, in order."""
    chain_a, at_a = int(a.chain[0]), int(a.offset_mm[0])
    chain_b, at_b = int(b.chain[0]), int(b.offset_mm[0])
    length_b = int(graph.chain_length_mm[chain_b])
    # The last stretch from either end of b's chain; on a loop the ends are one
    # junction, and the shorter way round is taken.
    finish: dict[int, tuple[int, int]] = {}
    for junction, end in ((int(graph.chain_u[chain_b]), 0), (int(graph.chain_v[chain_b]), length_b)):
        rest = abs(at_b - end)
        if junction not in finish or rest < finish[junction][0]:
            finish[junction] = (rest, end)
    best = abs(at_b - at_a) if chain_a == chain_b else None
    best_junction: int | None = None

    label: dict[int, int] = {}
    came_by: dict[int, tuple[int | None, int, int, int]] = {}  # junction before, stretch
    queue: list[tuple[int, int]] = []
    length_a = int(graph.chain_length_mm[chain_a])
    for junction, end in ((int(graph.chain_u[chain_a]), 0), (int(graph.chain_v[chain_a]), length_a)):
        length = abs(end - at_a)
        if length < label.get(junction, length + 1):
            label[junction] = length
            came_by[junction] = (None, chain_a, at_a, end)
            heapq.heappush(queue, (length, junction))
    while queue:
        length, junction = heapq.heappop(queue)
        if length > label[junction]:
            continue
        if best is not None and length >= best:
            break
        if junction in finish and (best is None or length + finish[junction][0] < best):
            best, best_junction = length + finish[junction][0], junction
        for slot in range(graph.arc_indptr[junction], graph.arc_indptr[junction + 1]):
            arc = graph.arcs[slot]
            to, arc_length = int(arc[ARC_NODE]), int(arc[ARC_LENGTH])
            if length + arc_length < label.get(to, length + arc_length + 1):
                label[to] = length + arc_length
                begin, end = (arc_length, 0) if arc[ARC_FLAGS] & REVERSED else (0, arc_length)
                came_by[to] = (junction, int(arc[ARC_CHAIN]), begin, end)
                heapq.heappush(queue, (length + arc_length, to))
    if best is None:
        return None
    if best_junction is None:
        return [(chain_a, at_a, at_b)]
    stretches = [(chain_b, finish[best_junction][1], at_b)]
    before: int | None = best_junction
    while before is not None:
        before, chain, begin, end = came_by[before]
        stretches.append((chain, begin, end))
    return stretches[::-1]


def _cut_chain(graph: WalkGraph, chain: int, begin: int, end: int) -> list[tuple[int, int, int]]:
    """List the edges (edge, from mm, to mm along the edge from u) of a stretch of a chain."""
    low, high = min(begin, end), max(begin, end)
    edges = graph.chain_edges[graph.chain_indptr[chain] : graph.chain_indptr[chain + 1]]
    starts = graph.edge_start_mm[edges]
    first = max(int(np.searchsorted(starts, low, "right")) - 1, 0)
    last = max(int(np.searchsorted(starts, high, "left")), first + 1)
    pieces = []
    for edge in edges[first:last].tolist():
        start, length = int(graph.edge_start_mm[edge]), int(graph.network.length_mm[edge])
        from_mm, to_mm = max(low - start, 0), min(high - start, length)
        if graph.edge_reversed[edge]:
            from_mm, to_mm = length - from_mm, length - to_mm
        pieces.append((edge, from_mm, to_mm))
    return pieces if begin <= end else [(edge, to, from_) for edge, from_, to in reversed(pieces)]


def _describe_piece(graph: WalkGraph, edge: int, begin_mm: int, end_mm: int) -> PathPiece:
    network = graph.network
    whole = int(network.length_mm[edge])
    ends_at = int(network.u[edge]) if end_mm == 0 else int(network.v[edge]) if end_mm == whole else -1
    xs, ys = _draw_piece(graph, edge, begin_mm, end_mm)
    return PathPiece(edge, abs(end_mm - begin_mm), xs, ys, ends_at)


def _draw_piece(graph: WalkGraph, edge: int, begin_mm: int, end_mm: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a stretch of an edge, in the direction of walking."""
    network = graph.network
    points = slice(network.geometry_offset[edge], network.geometry_offset[edge + 1])
    x, y = network.geometry_x[points], network.geometry_y[points]
    along = np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))))
    # The drawn line may differ from the stated length; both are walked evenly.
    scale = along[-1] / max(int(network.length_mm[edge]), 1)
    low, high = min(begin_mm, end_mm) * scale, max(begin_mm, end_mm) * scale
    inside = (along > low) & (along < high)
    at = np.concatenate(([low], along[inside], [high]))
    line = np.interp(at, along, x), np.interp(at, along, y)
    return line if begin_mm <= end_mm else (line[0][::-1], line[1][::-1])


def _join_lines(lines: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Join lines end to end, leaving points out that repeat the one before."""
    x = np.concatenate([line[0] for line in lines])
    y = np.concatenate([line[1] for line in lines])
    moved = np.hypot(np.diff(x), np.diff(y)) > 1e-6
    keep = np.concatenate(([True], moved))
    if keep.sum() < 2:  # a line has two points, even from a place to itself
        keep[-1] = True
    return x[keep], y[keep]


def _name_parts(graph: WalkGraph, pieces: list[tuple[int, int, int]]) -> tuple[PathPart, ...]:
    """Put neighbouring pieces of one street together."""
    network = graph.network
    parts: list[PathPart] = []
    for edge, begin, end in pieces:
        length = abs(end - begin)
        if length == 0:
            continue
        number = int(network.street[edge])
        street = network.street_names[number] if number >= 0 else None
        if parts and parts[-1].street == street:
            last = parts.pop()
            parts.append(PathPart(street, last.length_mm + length, (*last.edges, edge)))
        else:
            parts.append(PathPart(street, length, (edge,)))
    return tuple(parts)
