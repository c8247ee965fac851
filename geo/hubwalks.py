"""Walking legs between points by joining the hubs they know (``geo.hublabels``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import types

from geo.compile import IN_B1, IN_I4, IN_I8, OUT_I4, OUT_I8, kernel
from geo.hublabels import FAR_MM, HubLabels
from geo.legs import Legs
from geo.snap import Snapped
from geo.threads import run_blocks
from geo.transpose import transpose_legs
from geo.walkgraph import WalkGraph


@dataclass(frozen=True)
class HubIndex:
    """Targets by the hubs that they know, and by the chain that they lie on."""

    by_hub: Legs  # rows: hubs by rank; target: row of the targets
    chain_indptr: np.ndarray  # int32[C + 1] into on_chain
    on_chain: np.ndarray  # int32, rows of the targets
    offset_mm: np.ndarray  # int32[targets]
    off_network_mm: np.ndarray  # int32[targets]
    limit_mm: int


@kernel(
    types.int64(
        types.int64, types.int64, IN_I4, IN_I4, IN_I4, IN_B1, IN_I4, IN_I4, IN_I4,
        IN_I8, IN_I4, IN_I4, types.int64, IN_I8, OUT_I8, OUT_I4, OUT_I4,
    )
)  # fmt: skip
def _label_points(  # type: ignore[no-untyped-def]
    first, last, chain, offset_mm, off_network_mm, outside, chain_u, chain_v, chain_length_mm,
    indptr, hub, distance_mm, limit_mm, room_indptr, counts, out_hub, out_mm,
):  # fmt: skip
    """Merge the labels of both ends of each point's chain; what is too far is left out."""
    for i in range(first, last):
        at = room_indptr[i]
        if not outside[i] and off_network_mm[i] <= limit_mm:
            c = chain[i]
            to_u = off_network_mm[i] + offset_mm[i]
            to_v = off_network_mm[i] + chain_length_mm[c] - offset_mm[i]
            a, a_end = indptr[chain_u[c]], indptr[chain_u[c] + 1]
            b, b_end = indptr[chain_v[c]], indptr[chain_v[c] + 1]
            while a < a_end or b < b_end:
                if b == b_end or (a < a_end and hub[a] < hub[b]):
                    rank, length = hub[a], to_u + distance_mm[a]
                    a += 1
                elif a == a_end or hub[b] < hub[a]:
                    rank, length = hub[b], to_v + distance_mm[b]
                    b += 1
                else:
                    rank, length = hub[a], min(to_u + distance_mm[a], to_v + distance_mm[b])
                    a += 1
                    b += 1
                if length <= limit_mm:
                    out_hub[at], out_mm[at] = rank, length
                    at += 1
        counts[i] = at - room_indptr[i]
    return 0


@kernel(
    types.Tuple((types.int32[::1], types.int32[::1]))(
        types.int64, types.int64, IN_I4, IN_I4, IN_I4, IN_B1, IN_I8, IN_I8, IN_I4, IN_I4,
        IN_I8, IN_I4, IN_I4, IN_I4, IN_I4, IN_I4, IN_I4, types.int64, OUT_I8,
    )
)  # fmt: skip
def _join_rows(  # type: ignore[no-untyped-def]
    first, last, chain, offset_mm, off_network_mm, outside, label_first, label_count, label_hub, label_mm,
    hub_indptr, hub_target, hub_mm, chain_indptr, on_chain, target_offset_mm, target_off_network_mm,
    limit_mm, counts,
):  # fmt: skip
    """Find the targets within the limit of the points first..last, in no order within a row."""
    best = np.full(len(target_offset_mm), FAR_MM, np.int32)
    size = 1024
    out = np.empty((2, size), np.int32)
    written = 0
    for i in range(first, last):
        row_start = written
        if not outside[i]:
            # No row can find more than all targets; make room once a row.
            while size - written < len(best):
                wider = np.empty((2, 2 * size), np.int32)
                for k in range(written):
                    wider[0, k], wider[1, k] = out[0, k], out[1, k]
                out = wider
                size *= 2
            for slot in range(chain_indptr[chain[i]], chain_indptr[chain[i] + 1]):
                target = on_chain[slot]
                along = abs(target_offset_mm[target] - offset_mm[i])
                length = off_network_mm[i] + along + target_off_network_mm[target]
                if length <= limit_mm:
                    best[target] = length
                    out[0, written] = target
                    written += 1
            for k in range(label_first[i], label_first[i] + label_count[i]):
                so_far = label_mm[k]
                for slot in range(hub_indptr[label_hub[k]], hub_indptr[label_hub[k] + 1]):
                    length = so_far + hub_mm[slot]
                    if length <= limit_mm:
                        target = hub_target[slot]
                        if length < best[target]:
                            if best[target] == FAR_MM:
                                out[0, written] = target
                                written += 1
                            best[target] = length
            for k in range(row_start, written):
                target = out[0, k]
                out[1, k] = best[target]
                best[target] = FAR_MM
        counts[i] = written - row_start
    return out[0, :written].copy(), out[1, :written].copy()


def _label(graph: WalkGraph, labels: HubLabels, points: Snapped, limit_mm: int) -> tuple[np.ndarray, ...]:
    """Rows of (first, count) into hubs and distances, one a point; rows may have room at their end."""
    at = np.where(points.outside, 0, points.chain)
    room = np.zeros(len(points), np.int64)
    if len(graph.chain_u):
        for end in (graph.chain_u[at], graph.chain_v[at]):
            room += labels.indptr[end + 1] - labels.indptr[end]
    first_of = np.concatenate(([0], np.cumsum(room))).astype(np.int64)
    counts = np.empty(len(points), np.int64)
    hub, length_mm = np.empty(first_of[-1], np.int32), np.empty(first_of[-1], np.int32)
    run_blocks(
        len(points),
        lambda first, last: _label_points(
            first, last, points.chain, points.offset_mm, points.off_network_mm, points.outside,
            graph.chain_u, graph.chain_v, graph.chain_length_mm,
            labels.indptr, labels.hub, labels.distance_mm, limit_mm, first_of, counts, hub, length_mm,
        ),
        min_rows=512,
    )  # fmt: skip
    return first_of, counts, hub, length_mm


def build_hub_index(graph: WalkGraph, labels: HubLabels, targets: Snapped, limit_mm: int) -> HubIndex:
    """Index targets, so that many points can be joined with them."""
    first_of, counts, hub, length_mm = _label(graph, labels, targets, limit_mm)
    kept = np.arange(len(hub)) - np.repeat(first_of[:-1], np.diff(first_of)) < np.repeat(
        counts, np.diff(first_of)
    )
    rows = Legs(np.concatenate(([0], np.cumsum(counts))), hub[kept], length_mm[kept])
    listed = np.flatnonzero(~targets.outside).astype(np.int32)
    listed = listed[np.argsort(targets.chain[listed], kind="stable")]
    per_chain = np.bincount(targets.chain[listed], minlength=len(graph.chain_u))
    return HubIndex(
        by_hub=transpose_legs(rows, len(labels.indptr) - 1),
        chain_indptr=np.concatenate(([0], np.cumsum(per_chain))).astype(np.int32),
        on_chain=listed,
        offset_mm=targets.offset_mm,
        off_network_mm=targets.off_network_mm,
        limit_mm=limit_mm,
    )


def find_walks_by_hubs(
    graph: WalkGraph, labels: HubLabels, sources: Snapped, index: HubIndex, limit_mm: int
) -> Legs:
    """Join points with indexed targets; targets in ascending order in each row.

    Raises
    ------
    ValueError
        The limit is past what the labels or the index were made for.
    """
    if limit_mm > min(labels.reach_mm, index.limit_mm):
        raise ValueError(f"{limit_mm} mm is past the {min(labels.reach_mm, index.limit_mm)} mm of the labels")
    first_of, counts, hub, length_mm = _label(graph, labels, sources, limit_mm)
    found = np.zeros(len(sources), np.int64)
    parts = run_blocks(
        len(sources),
        lambda first, last: _join_rows(
            first, last, sources.chain, sources.offset_mm, sources.off_network_mm, sources.outside,
            first_of, counts, hub, length_mm,
            index.by_hub.indptr, index.by_hub.target, index.by_hub.length_mm, index.chain_indptr,
            index.on_chain, index.offset_mm, index.off_network_mm, limit_mm, found,
        ),
        min_rows=64,
    )  # fmt: skip
    return Legs(
        np.concatenate(([0], np.cumsum(found))),
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
    )
