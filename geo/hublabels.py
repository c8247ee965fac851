"""Walking distances without searching: every junction knows its way to a few hubs.

Two junctions at most ``reach_mm`` apart have a hub on a shortest path between
them that both know (a bounded two-hop cover: T. Akiba, Y. Iwata, Y. Yoshida,
"Fast exact shortest-path distance queries on large networks by pruned landmark
labeling", SIGMOD 2013). So the walk between any two points is the smallest sum
over the hubs they share, and legs from many points to many targets are a join
of short lists, some twenty times faster than a search from every point. Exact:
the same integers as a search gives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import types

from geo.compile import IN_I4, IN_I4_2D, OUT_I8, kernel

FAR_MM = np.int32(np.iinfo(np.int32).max)
# Twice the leg limit of the longest preset: every default whole walk.
REACH_MM = 1_600_000
# Junctions wait in buckets this wide (about 16 m): narrower than most streets, so
# that one is seldom settled twice, and few enough to step through.
BUCKET_SHIFT = 14
SMALLEST_SAMPLE = 256
JUNCTIONS_PER_SAMPLE = 32


@dataclass(frozen=True)
class HubLabels:
    """For each of J junctions the hubs that it knows and how far they are.

    Row ``j`` is ``hub[indptr[j]:indptr[j + 1]]``, numbers of hubs by rank in
    ascending order, with ``distance_mm`` beside it. Good for walks between
    junctions of at most ``reach_mm``.
    """

    reach_mm: int
    indptr: np.ndarray  # int64[J + 1]
    hub: np.ndarray  # int32, rank of the hub, 0 the most travelled
    distance_mm: np.ndarray  # int32


@kernel(types.int64(IN_I4, IN_I4_2D, IN_I4, types.int64, OUT_I8))
def _count_through(arc_indptr, arcs, roots, reach_mm, through):  # type: ignore[no-untyped-def]
    """Count for each junction how many shortest paths from the roots lead through it."""
    junctions = len(arc_indptr) - 1
    label = np.full(junctions, FAR_MM, np.int32)
    parent = np.full(junctions, -1, np.int32)
    below = np.zeros(junctions, np.int64)
    buckets = (reach_mm >> BUCKET_SHIFT) + 1
    head = np.full(buckets, -1, np.int32)
    # More entries than any search needs; one that did would only rank a little worse.
    room = 4 * len(arcs) + 16
    settled = np.empty(room, np.int32)
    entry = np.empty(room, np.int32)
    entry_label = np.empty(room, np.int32)
    before = np.empty(room, np.int32)
    for root in roots:
        label[root] = 0
        parent[root] = -1
        entry[0], entry_label[0], before[0] = root, 0, -1
        head[0] = 0
        used = 1
        count = 0
        for b in range(buckets):
            while head[b] != -1:
                k = head[b]
                head[b] = before[k]
                at, so_far = entry[k], entry_label[k]
                if so_far > label[at]:
                    continue
                settled[count] = at
                count += 1
                for slot in range(arc_indptr[at], arc_indptr[at + 1]):
                    to = arcs[slot, 0]
                    length = so_far + arcs[slot, 1]
                    if length <= reach_mm and length < label[to] and used < room:
                        label[to] = length
                        parent[to] = at
                        entry[used], entry_label[used], before[used] = (
                            to,
                            length,
                            head[length >> BUCKET_SHIFT],
                        )
                        head[length >> BUCKET_SHIFT] = used
                        used += 1
        for k in range(count):
            below[settled[k]] = 1
        for k in range(count - 1, -1, -1):
            at = settled[k]
            if parent[at] >= 0:
                below[parent[at]] += below[at]
            through[at] += below[at]
            below[at] = 0
        for k in range(used):
            label[entry[k]] = FAR_MM
    return 0


@kernel(
    types.Tuple((types.int64[::1], types.int32[::1], types.int32[::1]))(IN_I4, IN_I4_2D, IN_I4, types.int64)
)
def _label_junctions(arc_indptr, arcs, order, reach_mm):  # type: ignore[no-untyped-def]
    """Search from the junctions in order of rank; go no further where a higher hub already serves."""
    junctions = len(arc_indptr) - 1
    label = np.full(junctions, FAR_MM, np.int32)
    from_hub = np.full(junctions, FAR_MM, np.int32)  # by rank: how far the present hub is from each hub
    buckets = (reach_mm >> BUCKET_SHIFT) + 1
    head = np.full(buckets, -1, np.int32)
    room = 4 * len(arcs) + 16
    entry = np.empty(room, np.int32)
    entry_label = np.empty(room, np.int32)
    before = np.empty(room, np.int32)
    # Labels in rows with room to grow, the highest hubs first: they serve most often.
    size = 48
    count = np.zeros(junctions, np.int32)
    label_hub = np.empty((junctions, size), np.int32)
    label_mm = np.empty((junctions, size), np.int32)
    for rank in range(junctions):
        hub = order[rank]
        for k in range(count[hub]):
            from_hub[label_hub[hub, k]] = label_mm[hub, k]
        label[hub] = 0
        entry[0], entry_label[0], before[0] = hub, 0, -1
        head[0] = 0
        used = 1
        for b in range(buckets):
            while head[b] != -1:
                e = head[b]
                head[b] = before[e]
                at, so_far = entry[e], entry_label[e]
                if so_far > label[at]:
                    continue
                served = False
                for k in range(count[at]):
                    if from_hub[label_hub[at, k]] <= so_far - label_mm[at, k]:
                        served = True
                        break
                if served:
                    continue
                k = count[at]
                if k == size:
                    wider_hub = np.empty((junctions, 2 * size), np.int32)
                    wider_mm = np.empty((junctions, 2 * size), np.int32)
                    for j in range(junctions):
                        for c in range(count[j]):
                            wider_hub[j, c] = label_hub[j, c]
                            wider_mm[j, c] = label_mm[j, c]
                    label_hub, label_mm = wider_hub, wider_mm
                    size *= 2
                label_hub[at, k], label_mm[at, k] = rank, so_far
                count[at] = k + 1
                for slot in range(arc_indptr[at], arc_indptr[at + 1]):
                    to = arcs[slot, 0]
                    length = so_far + arcs[slot, 1]
                    if length <= reach_mm and length < label[to]:
                        if used == room:
                            longer = np.empty((3, 2 * room), np.int32)
                            for e in range(used):
                                longer[0, e], longer[1, e], longer[2, e] = entry[e], entry_label[e], before[e]
                            entry, entry_label, before = longer[0], longer[1], longer[2]
                            room *= 2
                        label[to] = length
                        entry[used], entry_label[used], before[used] = (
                            to,
                            length,
                            head[length >> BUCKET_SHIFT],
                        )
                        head[length >> BUCKET_SHIFT] = used
                        used += 1
        for e in range(used):
            label[entry[e]] = FAR_MM
        for k in range(count[hub]):
            from_hub[label_hub[hub, k]] = FAR_MM
    indptr = np.zeros(junctions + 1, np.int64)
    for at in range(junctions):
        indptr[at + 1] = indptr[at] + count[at]
    hub_out = np.empty(indptr[junctions], np.int32)
    mm_out = np.empty(indptr[junctions], np.int32)
    for at in range(junctions):
        for k in range(count[at]):
            hub_out[indptr[at] + k] = label_hub[at, k]
            mm_out[indptr[at] + k] = label_mm[at, k]
    return indptr, hub_out, mm_out


def build_hub_labels(arc_indptr: np.ndarray, arcs: np.ndarray, *, reach_mm: int = REACH_MM) -> HubLabels:
    """Label every junction of a walk graph.

    Parameters
    ----------
    arc_indptr, arcs : arrays of ``geo.walkgraph.WalkGraph``
    reach_mm : int
        Longest walk between junctions that the labels must answer.

    Returns
    -------
    HubLabels
        Junctions that many shortest paths use come first, which keeps the
        lists short (on real streets some 30 hubs); their order decides the
        size and never an answer.
    """
    junctions = len(arc_indptr) - 1
    if junctions == 0:
        return HubLabels(reach_mm, np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.int32))
    samples = min(junctions, max(SMALLEST_SAMPLE, junctions // JUNCTIONS_PER_SAMPLE))
    roots = np.unique(np.linspace(0, junctions - 1, samples).astype(np.int32))
    through = np.zeros(junctions, np.int64)
    _count_through(arc_indptr, arcs, roots, reach_mm, through)
    order = np.argsort(-through, kind="stable").astype(np.int32)
    return HubLabels(reach_mm, *_label_junctions(arc_indptr, arcs, order, reach_mm))
