"""A grid over the straight segments of the streets, to find the nearest fast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import types

from data.areapack import WalkNetwork
from geo.compile import IN_F8, IN_I4, OUT_F8, OUT_I4, kernel
from geo.threads import run_blocks

CELL_M = 50.0
# A network is cut into at most this many cells, however far it stretches.
MOST_CELLS = 4_000_000


@dataclass(frozen=True)
class SegmentIndex:
    """Segments of the streets, in order of edge, listed by grid cell.

    Segment ``s`` runs from (x0, y0)[s] to (x1, y1)[s], in metres, and begins
    ``along_m[s]`` metres from the edge's first point.
    """

    x0: np.ndarray  # float64[S]
    y0: np.ndarray
    x1: np.ndarray
    y1: np.ndarray
    along_m: np.ndarray  # float64[S]
    edge: np.ndarray  # int32[S], ascending
    edge_length_m: np.ndarray  # float64[E], as drawn, for the share along the edge
    grid_x0: float
    grid_y0: float
    cell_m: float
    columns: int
    rows: int
    cell_indptr: np.ndarray  # int32[columns * rows + 1]
    cell_segments: np.ndarray  # int32, ascending in each cell


@kernel(
    types.int32(
        IN_F8,
        IN_F8,
        IN_F8,
        IN_F8,
        types.float64,
        types.float64,
        types.float64,
        types.int64,
        types.int64,
        OUT_I4,
        OUT_I4,
    )
)
def _fill_grid(x0, y0, x1, y1, grid_x0, grid_y0, cell_m, columns, rows, indptr, listed):  # type: ignore[no-untyped-def]
    """List each segment in every cell that it touches; count only, when ``listed`` is empty.

    The cells are found column by column: within a column the segment spans
    the rows between where it enters and where it leaves. One row more on
    either side makes up for rounding.
    """
    counting = len(listed) == 0
    for s in range(len(x0)):
        ax, ay, bx, by = x0[s], y0[s], x1[s], y1[s]
        if ax > bx:
            ax, ay, bx, by = bx, by, ax, ay
        first_column = min(max(int((ax - grid_x0) / cell_m), 0), columns - 1)
        last_column = min(max(int((bx - grid_x0) / cell_m), 0), columns - 1)
        for column in range(first_column, last_column + 1):
            low, high = ay, by
            if last_column > first_column:
                left = max(grid_x0 + column * cell_m, ax)
                right = min(grid_x0 + (column + 1) * cell_m, bx)
                low = ay + (by - ay) * (left - ax) / (bx - ax)
                high = ay + (by - ay) * (right - ax) / (bx - ax)
            if low > high:
                low, high = high, low
            first_row = min(max(int((low - grid_y0 - 1e-6) / cell_m), 0), rows - 1)
            last_row = min(max(int((high - grid_y0 + 1e-6) / cell_m), 0), rows - 1)
            for row in range(first_row, last_row + 1):
                cell = row * columns + column
                if counting:
                    indptr[cell + 1] += 1
                else:
                    listed[indptr[cell]] = s
                    indptr[cell] += 1
    return 0


@kernel(
    types.int32(
        IN_F8, IN_F8, types.int64, types.int64,
        IN_F8, IN_F8, IN_F8, IN_F8,
        types.float64, types.float64, types.float64, types.int64, types.int64, IN_I4, IN_I4,
        types.float64, OUT_I4, OUT_F8, OUT_F8,
    )
)  # fmt: skip
def _find_nearest(  # type: ignore[no-untyped-def]
    x, y, first, last, x0, y0, x1, y1, grid_x0, grid_y0, cell_m, columns, rows, indptr, listed,
    limit_m, nearest, share, distance_m,
):  # fmt: skip
    """Find the nearest segment of each point, ring by ring of cells about it.

    Of segments equally near the lowest is kept; segments are in order of edge.
    """
    for i in range(first, last):
        nearest[i] = -1
        px, py = x[i], y[i]
        if not (np.isfinite(px) and np.isfinite(py)):
            continue
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
        best = limit_m * limit_m
        best_segment = -1
        best_share = 0.0
        ring = 0
        while True:
            for r in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
                whole = r == row - ring or r == row + ring
                step = 1 if whole or ring == 0 else 2 * ring
                c = column - ring
                while c <= column + ring:
                    if 0 <= c < columns:
                        cell = r * columns + c
                        for slot in range(indptr[cell], indptr[cell + 1]):
                            s = listed[slot]
                            dx = x1[s] - x0[s]
                            dy = y1[s] - y0[s]
                            square = dx * dx + dy * dy
                            t = 0.0
                            if square > 0.0:
                                t = ((px - x0[s]) * dx + (py - y0[s]) * dy) / square
                            # The ends' own coordinates, so that two edges that
                            # meet in a node are equally far from the point.
                            if t <= 0.0:
                                t = 0.0
                                qx, qy = x0[s], y0[s]
                            elif t >= 1.0:
                                t = 1.0
                                qx, qy = x1[s], y1[s]
                            else:
                                qx, qy = x0[s] + t * dx, y0[s] + t * dy
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
        nearest[i] = best_segment
        share[i] = best_share
        distance_m[i] = np.sqrt(best)
    return 0


def build_segment_index(walk: WalkNetwork, edges: np.ndarray) -> SegmentIndex:
    """List the segments of ``edges`` (ascending rows of the network) by grid cell."""
    offset = walk.geometry_offset
    x, y = walk.geometry_x, walk.geometry_y
    step_m = np.hypot(np.diff(x), np.diff(y))
    starts = np.ones(len(x), dtype=bool)
    starts[offset[1:] - 1] = False  # an edge's last point begins no segment
    first = np.flatnonzero(starts)
    edge = np.repeat(np.arange(len(offset) - 1, dtype=np.int32), np.diff(offset) - 1)
    run_m = np.concatenate(([0.0], np.cumsum(step_m)))
    along_m = run_m[first] - run_m[offset[edge]]
    edge_length_m = run_m[offset[1:] - 1] - run_m[offset[:-1]]
    wanted = np.zeros(len(offset) - 1, dtype=bool)
    wanted[edges] = True
    keep = wanted[edge]
    first, edge, along_m = first[keep], edge[keep], along_m[keep]
    x0, y0, x1, y1 = x[first], y[first], x[first + 1], y[first + 1]
    if len(first) == 0:
        grid_x0 = grid_y0 = width = height = 0.0
    else:
        grid_x0, grid_y0 = float(min(x0.min(), x1.min())), float(min(y0.min(), y1.min()))
        width = float(max(x0.max(), x1.max())) - grid_x0
        height = float(max(y0.max(), y1.max())) - grid_y0
    cell_m = max(CELL_M, float(np.sqrt(width * height / MOST_CELLS)), max(width, height) / MOST_CELLS)
    columns, rows = int(width / cell_m) + 1, int(height / cell_m) + 1
    counts = np.zeros(columns * rows + 1, dtype=np.int32)
    _fill_grid(x0, y0, x1, y1, grid_x0, grid_y0, cell_m, columns, rows, counts, np.empty(0, np.int32))
    indptr = np.cumsum(counts, dtype=np.int32)
    listed = np.empty(indptr[-1], dtype=np.int32)
    if len(listed):
        _fill_grid(x0, y0, x1, y1, grid_x0, grid_y0, cell_m, columns, rows, indptr.copy(), listed)
    return SegmentIndex(
        x0=x0, y0=y0, x1=x1, y1=y1, along_m=along_m, edge=edge, edge_length_m=edge_length_m,
        grid_x0=grid_x0, grid_y0=grid_y0, cell_m=cell_m, columns=columns, rows=rows,
        cell_indptr=indptr, cell_segments=listed,
    )  # fmt: skip


def find_nearest_segment(
    index: SegmentIndex, x: np.ndarray, y: np.ndarray, limit_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the nearest segment of each point within ``limit_m`` (inclusive).

    Returns
    -------
    segment : int32[n]
        -1 where none is near enough.
    share : float64[n]
        Where on the segment, 0 at its first end to 1 at its last.
    distance_m : float64[n]
    """
    x = np.ascontiguousarray(x, dtype=np.float64)
    y = np.ascontiguousarray(y, dtype=np.float64)
    nearest = np.full(len(x), -1, dtype=np.int32)
    share, distance_m = np.zeros(len(x)), np.zeros(len(x))
    run_blocks(
        len(x),
        lambda first, last: _find_nearest(
            x, y, first, last, index.x0, index.y0, index.x1, index.y1, index.grid_x0, index.grid_y0,
            index.cell_m, index.columns, index.rows, index.cell_indptr, index.cell_segments,
            limit_m, nearest, share, distance_m,
        ),
        min_rows=64,
    )  # fmt: skip
    return nearest, share, distance_m
