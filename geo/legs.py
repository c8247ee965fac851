"""Walking legs between points as compressed sparse rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Legs:
    """Walks from each of n points (rows) to targets within a limit.

    Row ``i`` holds ``target[indptr[i]:indptr[i + 1]]`` in ascending order, each
    once, with the walk's length in whole millimetres, the off-network distance
    at both ends included.
    """

    indptr: np.ndarray  # int64[n + 1]
    target: np.ndarray  # int32
    length_mm: np.ndarray  # int32


def leg_seconds(length_mm: np.ndarray, speed_mm_per_h: int) -> np.ndarray:
    """Whole seconds of each leg: ceil(length / speed), in integers, int32."""
    scaled = length_mm.astype(np.int64) * 3600
    return (-(-scaled // speed_mm_per_h)).astype(np.int32)
