"""Walking where a pack has no streets: straight lines times a detour factor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import types

from geo.compile import IN_F8, IN_I4, OUT_I4, OUT_I8, kernel


@dataclass(frozen=True)
class StraightLine:
    """Stands where a walk graph would; takes the same calls.

    A walk is ``round(distance x detour_factor)``, in whole millimetres.
    """

    detour_factor: float = 1.3
    avoid_steps: bool = False


@kernel(
    types.int64(
        IN_F8, IN_F8, types.int64, types.int64, IN_F8, IN_F8, IN_I4,
        types.float64, types.float64, types.float64, types.int64, types.int64, IN_I4,
        types.float64, types.float64, types.int64, OUT_I8, OUT_I4, OUT_I4,
    )
)  # fmt: skip
def find_lines(  # type: ignore[no-untyped-def]
    x, y, first, last, target_x, target_y, target_index,
    grid_x0, grid_y0, cell_m, columns, rows, cell_indptr,
    reach_m, mm_per_m, limit_mm, count, target, length_mm,
):  # fmt: skip
    """Find the targets near each point; count only, when ``target`` is empty.

    Targets are sorted by grid cell. ``count`` holds one number a row: how many
    were found, or, when filling, where the row's next one goes.
    """
    counting = len(target) == 0
    total = 0
    for i in range(first, last):
        px, py = x[i], y[i]
        if not (np.isfinite(px) and np.isfinite(py)):
            continue
        c0 = max(int(np.floor((px - reach_m - grid_x0) / cell_m)), 0)
        c1 = min(int(np.floor((px + reach_m - grid_x0) / cell_m)), columns - 1)
        r0 = max(int(np.floor((py - reach_m - grid_y0) / cell_m)), 0)
        r1 = min(int(np.floor((py + reach_m - grid_y0) / cell_m)), rows - 1)
        if c1 < c0:
            continue
        found = 0
        for row in range(r0, r1 + 1):
            for slot in range(cell_indptr[row * columns + c0], cell_indptr[row * columns + c1 + 1]):
                dx = px - target_x[slot]
                dy = py - target_y[slot]
                square = dx * dx + dy * dy
                if square > reach_m * reach_m:
                    continue
                length = np.int64(np.rint(np.sqrt(square) * mm_per_m))
                if length <= limit_mm:
                    if not counting:
                        at = count[i] + found
                        target[at] = target_index[slot]
                        length_mm[at] = length
                    found += 1
        total += found
        if counting:
            count[i] = found
        else:
            count[i] += found
    return total
