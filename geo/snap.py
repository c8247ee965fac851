"""Points put onto the walk network: the nearest point of the nearest edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geo.segments import find_nearest_segment
from geo.straightline import StraightLine
from geo.walkgraph import WalkGraph

FARTHEST_SNAP_MM = 300_000


@dataclass(frozen=True)
class Snapped:
    """n points and where they join the streets.

    On straight lines ``edge`` and ``chain`` are -1 and both distances 0.
    A point that is ``outside`` reaches nothing and is reached by nothing.
    """

    x: np.ndarray  # float64[n], the point itself, metres in the pack's CRS
    y: np.ndarray
    edge: np.ndarray  # int32[n], row of the walk network's edges, -1 when outside
    chain: np.ndarray  # int32[n], -1 when outside
    offset_mm: np.ndarray  # int32[n], along the chain from its first junction
    off_network_mm: np.ndarray  # int32[n], from the point to the street
    outside: np.ndarray  # bool[n]

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: np.ndarray | list[int] | slice) -> Snapped:
        """Return the points of these rows, in this order."""
        return Snapped(
            self.x[rows], self.y[rows], self.edge[rows], self.chain[rows],
            self.offset_mm[rows], self.off_network_mm[rows], self.outside[rows],
        )  # fmt: skip


def snap_points(
    graph: WalkGraph | StraightLine,
    x: np.ndarray,
    y: np.ndarray,
    *,
    coverage: BaseGeometry | None = None,
    farthest_mm: int = FARTHEST_SNAP_MM,
) -> Snapped:
    """Snap points to the nearest point of the nearest edge.

    Parameters
    ----------
    graph : WalkGraph or StraightLine
    x, y : float64[n]
        Metres in the pack's CRS. A point without coordinates (NaN) is outside.
    coverage : shapely geometry, optional
        Where the streets are whole, in the pack's CRS; points not in it (its
        border belongs to it) are outside.
    farthest_mm : int
        Points farther than this from every street are outside.

    Returns
    -------
    Snapped
        Of edges equally near the lowest row is taken.
    """
    x = np.array(x, dtype=np.float64)
    y = np.array(y, dtype=np.float64)
    known = np.isfinite(x) & np.isfinite(y)
    covered = known.copy()
    if coverage is not None and known.any():
        shapely.prepare(coverage)
        covered[known] = shapely.intersects_xy(coverage, x[known], y[known])
    none = np.full(len(x), -1, dtype=np.int32)
    zero = np.zeros(len(x), dtype=np.int32)
    if isinstance(graph, StraightLine):
        return Snapped(x, y, none, none, zero, zero, ~covered)

    index = graph.segments
    # A little over the limit is searched, since the limit holds in whole millimetres.
    segment, share, distance_m = find_nearest_segment(index, x, y, farthest_mm / 1000 + 0.001)
    off_network_mm = np.rint(distance_m * 1000).astype(np.int64)
    inside = covered & (segment >= 0) & (off_network_mm <= farthest_mm)
    at = segment[inside]
    edge = index.edge[at]
    step_m = np.hypot(index.x1[at] - index.x0[at], index.y1[at] - index.y0[at])
    drawn_m = index.edge_length_m[edge]
    length_mm = graph.network.length_mm[edge].astype(np.int64)
    along = (index.along_m[at] + share[inside] * step_m) / np.where(drawn_m > 0, drawn_m, 1.0)
    on_edge_mm = np.clip(np.rint(along * length_mm).astype(np.int64), 0, length_mm)
    on_chain_mm = graph.edge_start_mm[edge] + np.where(
        graph.edge_reversed[edge], length_mm - on_edge_mm, on_edge_mm
    )
    snapped = Snapped(x, y, none, none.copy(), zero, zero.copy(), ~inside)
    snapped.edge[inside] = edge
    snapped.chain[inside] = graph.edge_chain[edge]
    snapped.offset_mm[inside] = on_chain_mm
    snapped.off_network_mm[inside] = off_network_mm[inside]
    return snapped


def snap_frame(
    graph: WalkGraph | StraightLine, points: pd.DataFrame, *, coverage: BaseGeometry | None = None
) -> Snapped:
    """Snap a frame's points (columns x, y: metres in the pack's CRS, missing where not known)."""
    # A plain column is taken as it stands: pandas takes longer over missing values than the search does.
    x, y = (
        column.to_numpy() if column.dtype == np.float64 else column.to_numpy(np.float64, na_value=np.nan)
        for column in (points["x"], points["y"])
    )
    return snap_points(graph, x, y, coverage=coverage)
