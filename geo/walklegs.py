"""Walking legs within a limit, many points at once: one call for streets and for straight lines."""

from __future__ import annotations

import weakref

import numpy as np

from geo.hublabels import HubLabels, build_hub_labels
from geo.hubwalks import HubIndex, build_hub_index, find_walks_by_hubs, label_points
from geo.legs import Legs
from geo.query import WalkSettings
from geo.snap import Snapped
from geo.straightline import StraightLine, find_lines
from geo.threads import run_blocks
from geo.transpose import transpose_legs
from geo.walkgraph import WalkGraph

# With this few sources only the targets about them are looked at.
FEW_SOURCES = 8
# Streets are never shorter than the straight line, but for the rounding of their edges.
ROUNDING_M = 10.0


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
        What the points were snapped to.
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
        return transpose_legs(transpose_legs(found, len(targets)), len(sources))  # sorts each row
    return _find_walks(graph, sources, targets, limit_mm, index)


def compute_walks(
    graph: WalkGraph | StraightLine,
    origins: Snapped,
    destinations: Snapped,
    stops: Snapped,
    stop_index: HubIndex | None,
    walk: WalkSettings,
) -> tuple[Legs, Legs, Legs]:
    """Walk from origins to stops, from destinations to stops, and all the way between the two.

    The same as three times :func:`compute_legs`, but for many points sooner:
    the hubs of each point are looked up once.

    Returns
    -------
    access, egress : Legs
        At most the leg limit.
    direct : Legs
        Origins to destinations, at most the whole-walk limit.
    """
    leg_mm, total_mm = walk.leg_limit_mm, walk.total_limit_mm
    labels = None if isinstance(graph, StraightLine) else graph.labels
    if (
        isinstance(graph, StraightLine)
        or labels is None
        or stop_index is None
        or not 0 <= leg_mm <= stop_index.limit_mm
        or not 0 <= total_mm <= labels.reach_mm
        or min(len(origins), len(destinations)) < FEW_SOURCES
    ):
        access, egress = (
            compute_legs(graph, points, stops, leg_mm, index=stop_index) for points in (origins, destinations)
        )
        return access, egress, compute_legs(graph, origins, destinations, total_mm)
    farthest_mm = max(leg_mm, total_mm)
    from_hubs, to_hubs = (
        label_points(graph, labels, points, farthest_mm) for points in (origins, destinations)
    )
    return (
        find_walks_by_hubs(from_hubs, stop_index, leg_mm),
        find_walks_by_hubs(to_hubs, stop_index, leg_mm),
        find_walks_by_hubs(from_hubs, build_hub_index(graph, to_hubs), total_mm),
    )


def _find_walks(
    graph: WalkGraph, sources: Snapped, targets: Snapped, limit_mm: int, index: HubIndex | None
) -> Legs:
    """Join the hubs of both."""
    labels = graph.labels
    if labels is None or labels.reach_mm < limit_mm:
        labels, index = _labels_reaching(graph, _round_up(limit_mm)), None
    hubs = label_points(graph, labels, sources, limit_mm)
    if index is not None and index.limit_mm >= limit_mm:
        return find_walks_by_hubs(hubs, index, limit_mm)
    if len(sources) >= FEW_SOURCES:
        known = label_points(graph, labels, targets, limit_mm)
        return find_walks_by_hubs(hubs, build_hub_index(graph, known), limit_mm)
    near = np.zeros(len(targets), bool)
    for x, y in zip(sources.x, sources.y, strict=True):
        near |= np.hypot(targets.x - x, targets.y - y) <= limit_mm / 1000 + ROUNDING_M
    rows = np.flatnonzero(near).astype(np.int32)
    nearby = build_hub_index(graph, label_points(graph, labels, targets.take(rows), limit_mm))
    found = find_walks_by_hubs(hubs, nearby, limit_mm)
    return Legs(found.indptr, rows[found.target], found.length_mm)


def _round_up(limit_mm: int) -> int:
    """The next kilometre's double: 1, 2, 4, ... km, so that few sets of labels serve all limits."""
    reach_mm = 1_000_000
    while reach_mm < limit_mm:
        reach_mm *= 2
    return reach_mm


# Of each graph those that reach farthest, which serve shorter walks too. They go with the graph:
# streets as somebody's scenario changes them do not outlive the visit.
_FARTHER: weakref.WeakKeyDictionary[WalkGraph, HubLabels] = weakref.WeakKeyDictionary()


def _labels_reaching(graph: WalkGraph, reach_mm: int) -> HubLabels:
    """Labels for walks past those that the graph carries (longer limits than any preset's)."""
    labels = _FARTHER.get(graph)
    if labels is None or labels.reach_mm < reach_mm:
        labels = _FARTHER[graph] = build_hub_labels(graph.arc_indptr, graph.arcs, reach_mm=reach_mm)
    return labels


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
