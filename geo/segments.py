"""A grid over the straight segments of the streets, to find the nearest fast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import types

from data.areapack import WalkNetwork
from geo.compile import IN_F8_2D, OUT_I4, kernel

CELL_M = 50.0
# A network is cut into at most this many cells, however far it stretches.
MOST_CELLS = 4_000_000


@dataclass(frozen=True)
class SegmentIndex:
    """Segments of the streets, in order of edge, listed by grid cell.

    Segment ``s`` runs from (x0, y0) to (x1, y1) of ``ends[s]``, in metres, and
    begins ``along_m[s]`` metres from the edge's first point.
    """

    ends: np.ndarray  # float64[S, 4]: x0, y0, x1, y1, side by side since a search reads all four at once
    along_m: np.ndarray  # float64[S]
    step_m: np.ndarray  # float64[S], its own length
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
        IN_F8_2D, types.float64, types.float64, types.float64, types.int64, types.int64, OUT_I4, OUT_I4
    )
)
def _fill_grid(ends, grid_x0, grid_y0, cell_m, columns, rows, indptr, listed):  # type: ignore[no-untyped-def]
    """List each segment in every cell that it touches; count only, when ``listed`` is empty.

    The cells are found column by column: within a column the segment spans
    the rows between where it enters and where it leaves. One row more on
    either side makes up for rounding.
    """
    counting = len(listed) == 0
    for s in range(len(ends)):
        ax, ay, bx, by = ends[s, 0], ends[s, 1], ends[s, 2], ends[s, 3]
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
    step_m = step_m[first]
    ends = np.column_stack((x[first], y[first], x[first + 1], y[first + 1]))
    if len(first) == 0:
        grid_x0 = grid_y0 = width = height = 0.0
    else:
        grid_x0, grid_y0 = float(ends[:, ::2].min()), float(ends[:, 1::2].min())
        width, height = float(ends[:, ::2].max()) - grid_x0, float(ends[:, 1::2].max()) - grid_y0
    cell_m = max(CELL_M, float(np.sqrt(width * height / MOST_CELLS)), max(width, height) / MOST_CELLS)
    columns, rows = int(width / cell_m) + 1, int(height / cell_m) + 1
    counts = np.zeros(columns * rows + 1, dtype=np.int32)
    _fill_grid(ends, grid_x0, grid_y0, cell_m, columns, rows, counts, np.empty(0, np.int32))
    indptr = np.cumsum(counts, dtype=np.int32)
    listed = np.empty(indptr[-1], dtype=np.int32)
    if len(listed):
        _fill_grid(ends, grid_x0, grid_y0, cell_m, columns, rows, indptr.copy(), listed)
    return SegmentIndex(
        ends=ends, along_m=along_m, step_m=step_m, edge=edge, edge_length_m=edge_length_m,
        grid_x0=grid_x0, grid_y0=grid_y0, cell_m=cell_m, columns=columns, rows=rows,
        cell_indptr=indptr, cell_segments=listed,
    )  # fmt: skip
