"""Legs turned round: walking is the same both ways."""

from __future__ import annotations

import numpy as np
from numba import types

from geo.compile import IN_I4, IN_I8, OUT_I4, OUT_I8, kernel
from geo.legs import Legs


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
