"""Points put onto the walk network: the nearest point of the nearest edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numba import types
from shapely.geometry.base import BaseGeometry

from geo.compile import IN_B1, IN_F8, IN_F8_2D, IN_I4, OUT_B1, OUT_I4, kernel
from geo.straightline import StraightLine
from geo.threads import run_blocks
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


@kernel(
    types.int32(
        IN_F8, IN_F8, IN_B1, types.int64, types.int64,
        IN_F8_2D, IN_F8, IN_F8, IN_I4, IN_F8,
        types.float64, types.float64, types.float64, types.int64, types.int64, IN_I4, IN_I4,
        IN_I4, IN_I4, IN_I4, IN_B1, types.int64,
        OUT_I4, OUT_I4, OUT_I4, OUT_I4, OUT_B1,
    )
)  # fmt: skip
def _snap(  # type: ignore[no-untyped-def]
    x, y, wanted, first, last, ends, along_m, step_m, segment_edge, edge_length_m,
    grid_x0, grid_y0, cell_m, columns, rows, indptr, listed,
    length_mm, edge_chain, edge_start_mm, edge_reversed, farthest_mm,
    edge_of, chain_of, offset_mm, off_network_mm, outside,
):  # fmt: skip
    """Find each wanted point's nearest segment, ring by ring of cells, and where it lies on its chain.

    Of segments equally near the lowest is kept; segments are in order of edge.
    """
    for i in range(first, last):
        if not wanted[i]:
            continue
        px, py = x[i], y[i]
        column = int(np.floor((px - grid_x0) / cell_m))
        row = int(np.floor((py - grid_y0) / cell_m))
        # Everything in rings past ``ring`` is at least this far from the point,
        # plus ring whole cells.
        inner = min(
            px - (grid_x0 + column * cell_m),
            grid_x0 + (column + 1) * cell_m - px,
            py - (grid_y0 + row * cell_m),
            grid_y0 + (row + 1) * cell_m - py,
        )
        # A little over the limit is searched, since the limit holds in whole millimetres.
        limit_m = farthest_mm / 1000 + 0.001
        best = limit_m * limit_m
        best_segment = -1
        best_share = 0.0
        ring = 0
        while True:
            for r in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
                whole = r == row - ring or r == row + ring
                step = 1 if whole or ring == 0 else 2 * ring
                # A cell that is farther than the best so far is passed over; a little
                # nearer than it is, for the rounding of its borders.
                cell_y = grid_y0 + r * cell_m - py
                away_y = max(cell_y, -cell_y - cell_m, 1e-6) - 1e-6
                c = column - ring
                while c <= column + ring:
                    cell_x = grid_x0 + c * cell_m - px
                    away_x = max(cell_x, -cell_x - cell_m, 1e-6) - 1e-6
                    if 0 <= c < columns and away_x * away_x + away_y * away_y <= best:
                        cell = r * columns + c
                        for slot in range(indptr[cell], indptr[cell + 1]):
                            s = listed[slot]
                            x0, y0, x1, y1 = ends[s, 0], ends[s, 1], ends[s, 2], ends[s, 3]
                            dx, dy = x1 - x0, y1 - y0
                            square = dx * dx + dy * dy
                            t = 0.0
                            if square > 0.0:
                                t = ((px - x0) * dx + (py - y0) * dy) / square
                            # The ends' own coordinates, so that two edges that
                            # meet in a node are equally far from the point.
                            if t <= 0.0:
                                t = 0.0
                                qx, qy = x0, y0
                            elif t >= 1.0:
                                t = 1.0
                                qx, qy = x1, y1
                            else:
                                qx, qy = x0 + t * dx, y0 + t * dy
                            d = (px - qx) * (px - qx) + (py - qy) * (py - qy)
                            if d < best or (d == best and (best_segment == -1 or s < best_segment)):
                                best = d
                                best_segment = s
                                best_share = t
                    c += step
            reach = inner + ring * cell_m
            if reach >= 0.0 and reach * reach > best:
                break
            ring += 1
        off_mm = int(np.rint(np.sqrt(best) * 1000))
        if best_segment < 0 or off_mm > farthest_mm:
            continue
        edge = segment_edge[best_segment]
        drawn_m = edge_length_m[edge] if edge_length_m[edge] > 0 else 1.0
        along = (along_m[best_segment] + best_share * step_m[best_segment]) / drawn_m
        on_edge_mm = min(max(int(np.rint(along * length_mm[edge])), 0), np.int64(length_mm[edge]))
        if edge_reversed[edge]:
            on_edge_mm = length_mm[edge] - on_edge_mm
        edge_of[i] = edge
        chain_of[i] = edge_chain[edge]
        offset_mm[i] = edge_start_mm[edge] + on_edge_mm
        off_network_mm[i] = off_mm
        outside[i] = False
    return 0


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
    covered = np.isfinite(x) & np.isfinite(y)
    if coverage is not None and len(x):
        shapely.prepare(coverage)
        known = slice(None) if covered.all() else covered
        covered[known] = shapely.intersects_xy(coverage, x[known], y[known])
    if isinstance(graph, StraightLine):
        none, zero = np.full(len(x), -1, dtype=np.int32), np.zeros(len(x), dtype=np.int32)
        return Snapped(x, y, none, none, zero, zero, ~covered)
    edge, chain = np.full(len(x), -1, np.int32), np.full(len(x), -1, np.int32)
    offset_mm, off_network_mm = np.zeros(len(x), np.int32), np.zeros(len(x), np.int32)
    outside = np.ones(len(x), bool)
    index, length_mm = graph.segments, np.ascontiguousarray(graph.network.length_mm, np.int32)
    run_blocks(
        len(x),
        lambda first, last: _snap(
            x, y, covered, first, last,
            index.ends, index.along_m, index.step_m, index.edge, index.edge_length_m,
            index.grid_x0, index.grid_y0, index.cell_m, index.columns, index.rows,
            index.cell_indptr, index.cell_segments,
            length_mm, graph.edge_chain, graph.edge_start_mm, graph.edge_reversed, farthest_mm,
            edge, chain, offset_mm, off_network_mm, outside,
        ),
        min_rows=64,
    )  # fmt: skip
    return Snapped(x, y, edge, chain, offset_mm, off_network_mm, outside)


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
