"""Walking legs within a limit: a bounded search over chains, many points at once."""

from __future__ import annotations

import numpy as np
from numba import types

from geo.compile import IN_B1, IN_I4, IN_I4_2D, IN_I8, OUT_I4, OUT_I8, helper, kernel
from geo.legs import Legs
from geo.snap import Snapped
from geo.straightline import StraightLine, find_lines
from geo.threads import run_blocks
from geo.walkgraph import WalkGraph

FAR_MM = np.int32(np.iinfo(np.int32).max)
# Junctions wait in buckets this wide (about 16 m); narrower than most chains,
# so that a junction is seldom settled twice, and few enough to step through.
BUCKET_SHIFT = 14


@helper
def _grow(values, room):  # type: ignore[no-untyped-def]
    """Return a copy with more room at its end."""
    longer = np.empty(room, values.dtype)
    longer[: len(values)] = values
    return longer


@kernel(
    types.Tuple((types.int32[::1], types.int32[::1]))(
        types.int64, types.int64, IN_I4, IN_I4_2D, IN_I4, IN_I4, IN_I4,
        IN_I4, IN_I4, IN_I4, IN_B1,
        IN_I4, IN_I4, IN_I4, IN_I4, types.int64, types.int64, OUT_I8,
    )
)  # fmt: skip
def _search_rows(  # type: ignore[no-untyped-def]
    first, last, arc_indptr, arcs, chain_u, chain_v, chain_length_mm,
    chain, offset_mm, off_network_mm, outside,
    target_indptr, target_index, target_offset_mm, target_off_network_mm, target_count, limit_mm, counts,
):  # fmt: skip
    """Find the targets within the limit of the points first..last, in no order within a row.

    The search corrects labels within a bucket, so what is left at the end is
    exact whatever the bucket's width.
    """
    shift, far = BUCKET_SHIFT, FAR_MM
    junctions = len(arc_indptr) - 1
    label = np.full(junctions, far, np.int32)  # distance from the point, off-network part included
    touched = np.empty(junctions, np.int32)
    bucket = np.full((limit_mm >> shift) + 1, -1, np.int32)  # its latest entry
    room = 1024
    entry_junction = np.empty(room, np.int32)
    entry_label = np.empty(room, np.int32)
    entry_before = np.empty(room, np.int32)  # the entry of the same bucket before it
    best = np.full(target_count, far, np.int32)
    size = 1024
    out_target = np.empty(size, np.int32)
    out_length = np.empty(size, np.int32)
    written = 0
    for i in range(first, last):
        row_start = written
        counts[i] = 0
        start_mm = off_network_mm[i]
        if outside[i] or start_mm > limit_mm:
            continue
        home = chain[i]
        touched_count = 0
        entries = 0
        # Both ends of the point's own chain.
        for side in range(2):
            at = chain_u[home] if side == 0 else chain_v[home]
            length = start_mm + (offset_mm[i] if side == 0 else chain_length_mm[home] - offset_mm[i])
            if length <= limit_mm and length < label[at]:
                if label[at] == far:
                    touched[touched_count] = at
                    touched_count += 1
                label[at] = length
                b = length >> shift
                entry_junction[entries] = at
                entry_label[entries] = length
                entry_before[entries] = bucket[b]
                bucket[b] = entries
                entries += 1
        for b in range(len(bucket)):
            while bucket[b] != -1:
                entry = bucket[b]
                bucket[b] = entry_before[entry]
                at = entry_junction[entry]
                so_far = entry_label[entry]
                if so_far > label[at]:
                    continue  # a shorter way was found meanwhile
                for slot in range(arc_indptr[at], arc_indptr[at + 1]):
                    to = arcs[slot, 0]
                    length = so_far + arcs[slot, 1]
                    if length <= limit_mm and length < label[to]:
                        if label[to] == far:
                            touched[touched_count] = to
                            touched_count += 1
                        label[to] = length
                        if entries == room:
                            room *= 2
                            entry_junction = _grow(entry_junction, room)
                            entry_label = _grow(entry_label, room)
                            entry_before = _grow(entry_before, room)
                        to_b = length >> shift
                        entry_junction[entries] = to
                        entry_label[entries] = length
                        entry_before[entries] = bucket[to_b]
                        bucket[to_b] = entries
                        entries += 1
        # Targets on the point's own chain, straight along it.
        for slot in range(target_indptr[home], target_indptr[home + 1]):
            along = target_offset_mm[slot] - offset_mm[i]
            length = start_mm + (along if along >= 0 else -along) + target_off_network_mm[slot]
            if length <= limit_mm:
                target = target_index[slot]
                if best[target] == far:
                    if written == size:
                        size *= 2
                        out_target = _grow(out_target, size)
                        out_length = _grow(out_length, size)
                    out_target[written] = target
                    written += 1
                if length < best[target]:
                    best[target] = length
        # Targets on the chains about the junctions that were reached.
        for k in range(touched_count):
            at = touched[k]
            so_far = label[at]
            label[at] = far
            for slot in range(arc_indptr[at], arc_indptr[at + 1]):
                along_chain = arcs[slot, 2]
                for t in range(target_indptr[along_chain], target_indptr[along_chain + 1]):
                    along = target_offset_mm[t]
                    if arcs[slot, 3] == 1:
                        along = arcs[slot, 1] - along
                    length = so_far + along + target_off_network_mm[t]
                    if length <= limit_mm:
                        target = target_index[t]
                        if best[target] == far:
                            if written == size:
                                size *= 2
                                out_target = _grow(out_target, size)
                                out_length = _grow(out_length, size)
                            out_target[written] = target
                            written += 1
                        if length < best[target]:
                            best[target] = length
        for k in range(row_start, written):
            target = out_target[k]
            out_length[k] = best[target]
            best[target] = far
        counts[i] = written - row_start
    return out_target[:written].copy(), out_length[:written].copy()


@kernel(types.int32(IN_I8, IN_I4, IN_I4, types.int64, OUT_I8, OUT_I4, OUT_I4))
def _transpose(indptr, target, length_mm, target_count, out_indptr, out_row, out_length):  # type: ignore[no-untyped-def]
    """Turn rows and targets round; the rows of the result are in ascending order."""
    out_indptr[:] = 0
    for k in range(len(target)):
        out_indptr[target[k] + 1] += 1
    for t in range(target_count):
        out_indptr[t + 1] += out_indptr[t]
    for row in range(len(indptr) - 1):
        for k in range(indptr[row], indptr[row + 1]):
            at = out_indptr[target[k]]
            out_row[at] = row
            out_length[at] = length_mm[k]
            out_indptr[target[k]] = at + 1
    for t in range(target_count, 0, -1):
        out_indptr[t] = out_indptr[t - 1]
    out_indptr[0] = 0
    return 0


def transpose_legs(legs: Legs, target_count: int) -> Legs:
    """Turn sources and targets round; walking is the same both ways."""
    indptr = np.empty(target_count + 1, dtype=np.int64)
    row, length_mm = np.empty_like(legs.target), np.empty_like(legs.length_mm)
    _transpose(legs.indptr, legs.target, legs.length_mm, target_count, indptr, row, length_mm)
    return Legs(indptr, row, length_mm)


def compute_legs(graph: WalkGraph | StraightLine, sources: Snapped, targets: Snapped, limit_mm: int) -> Legs:
    """Compute the shortest walks between two sets of points, up to a limit.

    Parameters
    ----------
    graph : WalkGraph or StraightLine
        What the points were snapped to.
    sources, targets : Snapped
        Rows and targets of the result.
    limit_mm : int
        Longest walk, inclusive, the way from the points to the streets included.

    Returns
    -------
    Legs
        Outside points have empty rows and are nobody's target.
    """
    if limit_mm < 0 or len(sources) == 0 or len(targets) == 0:
        return Legs(np.zeros(len(sources) + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.int32))

    def find(points: Snapped, others: Snapped) -> Legs:
        if isinstance(graph, StraightLine):
            return _find_lines(graph, points, others, limit_mm)
        return _find_walks(graph, points, others, limit_mm)

    # Walking is the same both ways, so search from the fewer points.
    if len(targets) < len(sources):
        return transpose_legs(find(targets, sources), len(sources))
    turned = transpose_legs(find(sources, targets), len(targets))
    return transpose_legs(turned, len(sources))


def _find_walks(graph: WalkGraph, sources: Snapped, targets: Snapped, limit_mm: int) -> Legs:
    """Search the streets from each source; no order within a row."""
    listed = np.flatnonzero(~targets.outside & (targets.off_network_mm <= limit_mm))
    listed = listed[np.argsort(targets.chain[listed], kind="stable")].astype(np.int32)
    chains = len(graph.chain_u)
    per_chain = np.bincount(targets.chain[listed], minlength=chains)
    target_indptr = np.concatenate(([0], np.cumsum(per_chain))).astype(np.int32)
    target_offset, target_off_network = targets.offset_mm[listed], targets.off_network_mm[listed]
    counts = np.zeros(len(sources), dtype=np.int64)

    def search(first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        return _search_rows(
            first, last, graph.arc_indptr, graph.arcs, graph.chain_u, graph.chain_v, graph.chain_length_mm,
            sources.chain, sources.offset_mm, sources.off_network_mm, sources.outside,
            target_indptr, listed, target_offset, target_off_network, len(targets), limit_mm, counts,
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
