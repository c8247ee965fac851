"""Walking legs between points by joining the hubs they know (``geo.hublabels``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import types

from geo.compile import IN_B1, IN_I4, IN_I8, OUT_I4, OUT_I8, kernel
from geo.hublabels import FAR_MM, HubLabels
from geo.kernel_helpers import lowest_bit
from geo.legs import Legs
from geo.snap import Snapped
from geo.threads import run_blocks
from geo.walkgraph import WalkGraph

_ONE = np.uint64(1)
# Hubs list their targets in order of the way to them, in steps of 2 to this power of millimetres.
STEP_BITS = 12
# The stops' index serves legs of every preset.
LEG_INDEX_MM = 800_000


@dataclass(frozen=True)
class PointHubs:
    """n points and the hubs that each of them knows within a limit."""

    points: Snapped
    labels: HubLabels
    hubs: Legs  # rows: the points; target: hubs by rank
    limit_mm: int


@dataclass(frozen=True)
class HubIndex:
    """Targets by the hubs that they know, and by the chain that they lie on."""

    by_hub: Legs  # rows: hubs by rank; target: row of the targets, the nearest step first
    chain_indptr: np.ndarray  # int64[C + 1] into on_chain
    on_chain: np.ndarray  # int32, rows of the targets
    offset_mm: np.ndarray  # int32[targets]
    off_network_mm: np.ndarray  # int32[targets]
    limit_mm: int


@kernel(
    types.Tuple((types.int32[::1], types.int32[::1]))(
        types.int64, types.int64, IN_I4, IN_I4, IN_I4, IN_B1, IN_I4, IN_I4, IN_I4,
        IN_I8, IN_I4, IN_I4, types.int64, OUT_I8,
    )
)  # fmt: skip
def _label_points(  # type: ignore[no-untyped-def]
    first, last, chain, offset_mm, off_network_mm, outside, chain_u, chain_v, chain_length_mm,
    indptr, hub, distance_mm, limit_mm, counts,
):  # fmt: skip
    """Merge the labels of both ends of each point's chain; what is too far is left out."""
    room = np.int64(1)
    for i in range(first, last):
        if not outside[i] and off_network_mm[i] <= limit_mm:
            u, v = chain_u[chain[i]], chain_v[chain[i]]
            room += indptr[u + 1] - indptr[u] + indptr[v + 1] - indptr[v]
    out_hub, out_mm = np.empty(room, np.int32), np.empty(room, np.int32)
    at = 0
    for i in range(first, last):
        before = at
        if not outside[i] and off_network_mm[i] <= limit_mm:
            c = chain[i]
            to_u = off_network_mm[i] + offset_mm[i]
            to_v = off_network_mm[i] + chain_length_mm[c] - offset_mm[i]
            a, a_end = indptr[chain_u[c]], indptr[chain_u[c] + 1]
            b, b_end = indptr[chain_v[c]], indptr[chain_v[c] + 1]
            # Written without branches: which list goes on is anybody's guess.
            while a < a_end and b < b_end:
                hub_a, hub_b = hub[a], hub[b]
                by_u, by_v = to_u + distance_mm[a], to_v + distance_mm[b]
                length = min(
                    by_u if hub_a <= hub_b else limit_mm + 1, by_v if hub_b <= hub_a else limit_mm + 1
                )
                out_hub[at], out_mm[at] = min(hub_a, hub_b), length
                at += length <= limit_mm
                a += hub_a <= hub_b
                b += hub_b <= hub_a
            if a == a_end:
                a, a_end, to_u = b, b_end, to_v
            for k in range(a, a_end):
                out_hub[at], out_mm[at] = hub[k], to_u + distance_mm[k]
                at += out_mm[at] <= limit_mm
        counts[i] = at - before
    return out_hub[:at].copy(), out_mm[:at].copy()


@kernel(types.int64(IN_I4, IN_I4, OUT_I8, OUT_I4))
def _sort_by_key(keys, entries, first, ordered):  # type: ignore[no-untyped-def]
    """Order entries by their keys, equal ones as they come; those of key k begin at ``first[k]``."""
    first[:] = 0
    for entry in entries:
        first[keys[entry] + 1] += 1
    for key in range(len(first) - 1):
        first[key + 1] += first[key]
    # Each beginning moves to the end of its list as that is filled, and back afterwards.
    for entry in entries:
        ordered[first[keys[entry]]] = entry
        first[keys[entry]] += 1
    for key in range(len(first) - 1, 0, -1):
        first[key] = first[key - 1]
    first[0] = 0
    return 0


@kernel(
    types.Tuple((types.int32[::1], types.int32[::1]))(
        types.int64, types.int64, IN_I4, IN_I4, IN_I4, IN_B1, IN_I8, IN_I4, IN_I4,
        IN_I8, IN_I4, IN_I4, IN_I8, IN_I4, IN_I4, IN_I4, types.int64, OUT_I8,
    )
)  # fmt: skip
def _join_rows(  # type: ignore[no-untyped-def]
    first, last, chain, offset_mm, off_network_mm, outside, label_indptr, label_hub, label_mm,
    hub_indptr, hub_target, hub_mm, chain_indptr, on_chain, target_offset_mm, target_off_network_mm,
    limit_mm, counts,
):  # fmt: skip
    """Find the targets within the limit of the points first..last, ascending within a row."""
    n_targets = len(target_offset_mm)
    best = np.full(n_targets, FAR_MM, np.int32)
    # Targets found, as bits, and which words of them hold any.
    words = np.zeros((n_targets >> 6) + 1, np.uint64)
    filled = np.zeros((n_targets >> 12) + 1, np.uint64)
    size = 1024
    out = np.empty((2, size), np.int32)
    written = 0
    for i in range(first, last):
        before = written
        if not outside[i]:
            # No row can find more than all targets; make room once a row.
            while size - written < n_targets:
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
                    words[target >> 6] |= _ONE << np.uint64(target & 63)
                    filled[target >> 12] |= _ONE << np.uint64((target >> 6) & 63)
            for k in range(label_indptr[i], label_indptr[i + 1]):
                left_mm = limit_mm - label_mm[k]
                for slot in range(hub_indptr[label_hub[k]], hub_indptr[label_hub[k] + 1]):
                    length = hub_mm[slot]
                    if length > left_mm:
                        # All that follow are of this step or farther.
                        if (length >> STEP_BITS) << STEP_BITS > left_mm:
                            break
                        continue
                    target = hub_target[slot]
                    length += label_mm[k]
                    if length < best[target]:
                        best[target] = length
                        words[target >> 6] |= _ONE << np.uint64(target & 63)
                        filled[target >> 12] |= _ONE << np.uint64((target >> 6) & 63)
            for f in range(len(filled)):
                some = filled[f]
                filled[f] = 0
                while some != 0:
                    word = (f << 6) + lowest_bit(some)
                    some &= some - _ONE
                    bits = words[word]
                    words[word] = 0
                    while bits != 0:
                        target = (word << 6) + lowest_bit(bits)
                        bits &= bits - _ONE
                        out[0, written], out[1, written] = target, best[target]
                        best[target] = FAR_MM
                        written += 1
        counts[i] = written - before
    return out[0, :written].copy(), out[1, :written].copy()


def label_points(graph: WalkGraph, labels: HubLabels, points: Snapped, limit_mm: int) -> PointHubs:
    """Look up the hubs of points, once for every search within the limit.

    Raises
    ------
    ValueError
        The limit is past what the labels were made for.
    """
    if limit_mm > labels.reach_mm:
        raise ValueError(f"{limit_mm} mm is past the {labels.reach_mm} mm of the labels")

    def label(first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        return _label_points(
            first, last, points.chain, points.offset_mm, points.off_network_mm, points.outside,
            graph.chain_u, graph.chain_v, graph.chain_length_mm,
            labels.indptr, labels.hub, labels.distance_mm, limit_mm, counts,
        )  # fmt: skip

    counts = np.zeros(len(points), np.int64)
    return PointHubs(
        points, labels, _join_parts(counts, run_blocks(len(points), label, min_rows=512)), limit_mm
    )


def build_hub_index(graph: WalkGraph, targets: PointHubs) -> HubIndex:
    """Index targets, so that many points can be joined with them."""
    points, hubs = targets.points, targets.hubs
    row = np.repeat(np.arange(len(points), dtype=np.int32), np.diff(hubs.indptr))
    step = hubs.length_mm >> STEP_BITS
    _, by_step = _sort(step, np.arange(len(row), dtype=np.int32), (targets.limit_mm >> STEP_BITS) + 1)
    hub_indptr, order = _sort(hubs.target, by_step, len(targets.labels.indptr) - 1)
    inside = np.flatnonzero(~points.outside).astype(np.int32)
    chain_indptr, on_chain = _sort(points.chain, inside, len(graph.chain_u))
    return HubIndex(
        by_hub=Legs(hub_indptr, row[order], hubs.length_mm[order]),
        chain_indptr=chain_indptr,
        on_chain=on_chain,
        offset_mm=points.offset_mm,
        off_network_mm=points.off_network_mm,
        limit_mm=targets.limit_mm,
    )


def _sort(keys: np.ndarray, entries: np.ndarray, key_count: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each key's list begins, and the entries in order of their keys."""
    first, ordered = np.empty(key_count + 1, np.int64), np.empty_like(entries)
    _sort_by_key(keys, entries, first, ordered)
    return first, ordered


def find_walks_by_hubs(sources: PointHubs, index: HubIndex, limit_mm: int) -> Legs:
    """Join points with indexed targets.

    Raises
    ------
    ValueError
        The limit is past what the points or the index were made for.
    """
    reach_mm = min(sources.limit_mm, index.limit_mm)
    if limit_mm > reach_mm:
        raise ValueError(f"{limit_mm} mm is past the {reach_mm} mm of the labels")
    points, hubs = sources.points, sources.hubs

    def join(first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        return _join_rows(
            first, last, points.chain, points.offset_mm, points.off_network_mm, points.outside,
            hubs.indptr, hubs.target, hubs.length_mm,
            index.by_hub.indptr, index.by_hub.target, index.by_hub.length_mm, index.chain_indptr,
            index.on_chain, index.offset_mm, index.off_network_mm, limit_mm, counts,
        )  # fmt: skip

    counts = np.zeros(len(points), np.int64)
    return _join_parts(counts, run_blocks(len(points), join, min_rows=64))


def _join_parts(counts: np.ndarray, parts: list[tuple[np.ndarray, np.ndarray]]) -> Legs:
    """Rows of so many targets each, from the targets and lengths of blocks of rows."""
    indptr = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=indptr[1:])
    if len(parts) == 1:
        return Legs(indptr, *parts[0])
    return Legs(indptr, *(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
