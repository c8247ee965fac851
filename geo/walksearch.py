"""Walking legs within a limit: a bounded search over chains, many points at once."""

from __future__ import annotations

import numpy as np
from numba import types

from geo.compile import IN_B1, IN_I4, IN_I4_2D, OUT_I8, helper, kernel
from geo.hubwalks import HubIndex, build_hub_index, find_walks_by_hubs
from geo.legs import Legs
from geo.snap import Snapped
from geo.straightline import StraightLine, find_lines
from geo.threads import run_blocks
from geo.transpose import transpose_legs
from geo.walkgraph import ARC_CHAIN, ARC_FLAGS, ARC_LENGTH, ARC_NODE, DEAD_END, REVERSED, WalkGraph

FAR_MM = np.int32(np.iinfo(np.int32).max)
# Junctions wait in buckets this wide (about 16 m); narrower than most chains,
# so that a junction is seldom settled twice, and few enough to step through.
BUCKET_SHIFT = 14
# Without an index of the targets, fewer sources than these are searched from.
FEWEST_TO_INDEX = 8
NOT_WAITING = np.int32(np.iinfo(np.int32).min)


@helper
def _grow(values, room):  # type: ignore[no-untyped-def]
    """Return a copy with more room at its end."""
    longer = np.empty(room, values.dtype)
    for k in range(len(values)):  # numba takes seconds to compile an assignment to a slice
        longer[k] = values[k]
    return longer


@helper
def _queue(at, length, label, bucket, after, before):  # type: ignore[no-untyped-def]
    """Give a junction a shorter label and put it into that label's bucket, out of any other."""
    if before[at] != NOT_WAITING:
        a, b = after[at], before[at]
        if b >= 0:
            after[b] = a
        else:
            bucket[-1 - b] = a
        if a >= 0:
            before[a] = b
    label[at] = length
    k = length >> BUCKET_SHIFT
    first = bucket[k]
    after[at] = first
    before[at] = -1 - k
    if first >= 0:
        before[first] = at
    bucket[k] = at


@helper
def _label_junctions(arc_indptr, arcs, limit_mm, label, touched, count, bucket, after, before):  # type: ignore[no-untyped-def]
    """Label all junctions within the limit of those that wait in the buckets; return how many.

    A bucket is a doubly linked list of junctions whose labels are about the
    same. Within one they come in no order and labels are corrected, so that
    what is left at the end is exact whatever the buckets' width.
    """
    for k in range(len(bucket)):
        while bucket[k] >= 0:
            at = bucket[k]
            following = after[at]
            bucket[k] = following
            if following >= 0:
                before[following] = -1 - k
            before[at] = NOT_WAITING
            so_far = label[at]
            for slot in range(arc_indptr[at], arc_indptr[at + 1]):
                if arcs[slot, ARC_FLAGS] & DEAD_END:
                    continue  # it leads nowhere; its targets are seen from this side
                to = arcs[slot, ARC_NODE]
                length = so_far + arcs[slot, ARC_LENGTH]
                if length <= limit_mm and length < label[to]:
                    if label[to] == FAR_MM:
                        touched[count] = to
                        count += 1
                    _queue(to, length, label, bucket, after, before)
    return count


@kernel(
    types.Tuple((types.int32[::1], types.int32[::1]))(
        types.int64, types.int64, IN_I4, IN_I4_2D, IN_I4, IN_I4, IN_I4,
        IN_I4, IN_I4, IN_I4, IN_B1,
        IN_I4, IN_I4_2D, IN_I4, IN_I4, IN_I4, types.int64, types.int64, OUT_I8,
    )
)  # fmt: skip
def _search_rows(  # type: ignore[no-untyped-def]
    first, last, arc_indptr, arcs, chain_u, chain_v, chain_length_mm,
    chain, offset_mm, off_network_mm, outside,
    target_indptr, arc_targets, target_index, target_offset_mm, target_off_network_mm,
    target_count, limit_mm, counts,
):  # fmt: skip
    """Find the targets within the limit of the points first..last, in no order within a row."""
    junctions = len(arc_indptr) - 1
    # One workspace for all rows; each row leaves it as it found it.
    label = np.full(junctions, FAR_MM, np.int32)  # from the point, its way to the street included
    touched = np.empty(junctions, np.int32)
    after = np.empty(junctions, np.int32)
    before = np.full(junctions, NOT_WAITING, np.int32)
    bucket = np.full((limit_mm >> BUCKET_SHIFT) + 1, -1, np.int32)
    best = np.full(target_count, FAR_MM, np.int32)
    size = 1024 + target_count
    out_target = np.empty(size, np.int32)
    out_length = np.empty(size, np.int32)
    written = 0
    for i in range(first, last):
        row_start = written
        counts[i] = 0
        start_mm = off_network_mm[i]
        if outside[i] or start_mm > limit_mm:
            continue
        if size - written < target_count:  # no row finds more than all targets
            size *= 2
            out_target = _grow(out_target, size)
            out_length = _grow(out_length, size)
        home = chain[i]
        # Targets on the point's own chain, straight along it.
        for slot in range(target_indptr[home], target_indptr[home + 1]):
            length = start_mm + abs(target_offset_mm[slot] - offset_mm[i]) + target_off_network_mm[slot]
            if length <= limit_mm:
                best[target_index[slot]] = length
                out_target[written] = target_index[slot]
                written += 1
        # Both ends of that chain, and all junctions from there.
        count = 0
        for side in range(2):
            at = chain_u[home] if side == 0 else chain_v[home]
            length = start_mm + (offset_mm[i] if side == 0 else chain_length_mm[home] - offset_mm[i])
            if length <= limit_mm and length < label[at]:
                if label[at] == FAR_MM:
                    touched[count] = at
                    count += 1
                _queue(at, length, label, bucket, after, before)
        count = _label_junctions(arc_indptr, arcs, limit_mm, label, touched, count, bucket, after, before)
        # Targets on the chains about those junctions.
        for k in range(count):
            at = touched[k]
            so_far = label[at]
            label[at] = FAR_MM
            for slot in range(arc_indptr[at], arc_indptr[at + 1]):
                for t in range(arc_targets[slot, 0], arc_targets[slot, 1]):
                    along = target_offset_mm[t]
                    if arcs[slot, ARC_FLAGS] & REVERSED:
                        along = arcs[slot, ARC_LENGTH] - along
                    length = so_far + along + target_off_network_mm[t]
                    if length <= limit_mm:
                        target = target_index[t]
                        if best[target] == FAR_MM:
                            out_target[written] = target
                            written += 1
                        if length < best[target]:
                            best[target] = length
        for k in range(row_start, written):
            out_length[k] = best[out_target[k]]
            best[out_target[k]] = FAR_MM
        counts[i] = written - row_start
    return out_target[:written].copy(), out_length[:written].copy()


def compute_legs(
    graph: WalkGraph | StraightLine,
    sources: Snapped,
    targets: Snapped,
    limit_mm: int,
    *,
    index: HubIndex | None = None,
) -> Legs:
    """Compute the shortest walks between two sets of points, up to a limit.

    Parameters
    ----------
    graph : WalkGraph or StraightLine
        What the points were snapped to. With hub labels that reach as far as
        the limit they are joined; else the streets are searched: the same
        integers either way.
    sources, targets : Snapped
        Rows and targets of the result.
    limit_mm : int
        Longest walk, inclusive, the way from the points to the streets included.
    index : HubIndex, optional
        Of these targets, where they are asked about often.

    Returns
    -------
    Legs
        Outside points have empty rows and are nobody's target.
    """
    if limit_mm < 0 or len(sources) == 0 or len(targets) == 0:
        return Legs(np.zeros(len(sources) + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.int32))
    if isinstance(graph, StraightLine):
        found = _find_lines(graph, sources, targets, limit_mm)
    elif (
        graph.labels is not None
        and limit_mm <= graph.labels.reach_mm
        and (index is not None or len(sources) >= FEWEST_TO_INDEX)
    ):
        if index is None or index.limit_mm < limit_mm:
            index = build_hub_index(graph, graph.labels, targets, limit_mm)
        found = find_walks_by_hubs(graph, graph.labels, sources, index, limit_mm)
    elif len(targets) < len(sources):  # walking is the same both ways: search from the fewer points
        return transpose_legs(_find_walks(graph, targets, sources, limit_mm), len(sources))
    else:
        found = _find_walks(graph, sources, targets, limit_mm)
    return transpose_legs(transpose_legs(found, len(targets)), len(sources))  # sorts each row


def _find_walks(graph: WalkGraph, sources: Snapped, targets: Snapped, limit_mm: int) -> Legs:
    """Search the streets from each source; no order within a row."""
    listed = np.flatnonzero(~targets.outside & (targets.off_network_mm <= limit_mm))
    listed = listed[np.argsort(targets.chain[listed], kind="stable")].astype(np.int32)
    chains = len(graph.chain_u)
    per_chain = np.bincount(targets.chain[listed], minlength=chains)
    target_indptr = np.concatenate(([0], np.cumsum(per_chain))).astype(np.int32)
    # Each arc's targets beside each other, so that no arc looks its chain up.
    on_arc = graph.arcs[:, ARC_CHAIN]
    arc_targets = np.column_stack((target_indptr[on_arc], target_indptr[on_arc + 1]))
    target_offset, target_off_network = targets.offset_mm[listed], targets.off_network_mm[listed]
    counts = np.zeros(len(sources), dtype=np.int64)

    def search(first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        return _search_rows(
            first, last, graph.arc_indptr, graph.arcs, graph.chain_u, graph.chain_v, graph.chain_length_mm,
            sources.chain, sources.offset_mm, sources.off_network_mm, sources.outside,
            target_indptr, arc_targets, listed, target_offset, target_off_network,
            len(targets), limit_mm, counts,
        )  # fmt: skip

    parts = run_blocks(len(sources), search)
    return Legs(
        np.concatenate(([0], np.cumsum(counts))),
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
    )


def _find_lines(graph: StraightLine, sources: Snapped, targets: Snapped, limit_mm: int) -> Legs:
    """List the targets near each source; no order within a row."""
    mm_per_m = graph.detour_factor * 1000
    reach_m = (limit_mm + 1) / mm_per_m
    listed = np.flatnonzero(~targets.outside)
    x, y = targets.x[listed], targets.y[listed]
    if len(listed) == 0:
        return Legs(np.zeros(len(sources) + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.int32))
    x0, y0 = float(x.min()), float(y.min())
    # Cells as wide as the reach, unless the targets lie very far apart.
    width, height = float(x.max()) - x0, float(y.max()) - y0
    cell_m = max(reach_m, np.sqrt(width * height / 1e6), max(width, height) / 1e6)
    columns, rows = int(width / cell_m) + 1, int(height / cell_m) + 1
    cell = ((y - y0) / cell_m).astype(np.int64) * columns + ((x - x0) / cell_m).astype(np.int64)
    order = np.argsort(cell, kind="stable")
    cell_indptr = np.concatenate(([0], np.cumsum(np.bincount(cell, minlength=columns * rows)))).astype(
        np.int32
    )
    listed, x, y = listed[order].astype(np.int32), x[order], y[order]
    source_x = np.where(sources.outside, np.nan, sources.x)
    counts = np.zeros(len(sources), dtype=np.int64)

    def run(target: np.ndarray, length_mm: np.ndarray, count: np.ndarray) -> None:
        run_blocks(
            len(sources),
            lambda first, last: find_lines(
                source_x, sources.y, first, last, x, y, listed, x0, y0, cell_m, columns, rows, cell_indptr,
                reach_m, mm_per_m, limit_mm, count, target, length_mm,
            ),
        )  # fmt: skip

    nothing = np.empty(0, dtype=np.int32)
    run(nothing, nothing, counts)
    indptr = np.concatenate(([0], np.cumsum(counts)))
    target, length_mm = np.empty(indptr[-1], dtype=np.int32), np.empty(indptr[-1], dtype=np.int32)
    if len(target):
        run(target, length_mm, indptr[:-1].copy())
    return Legs(indptr, target, length_mm)
