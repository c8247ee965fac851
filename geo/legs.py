"""Walking legs between points as compressed sparse rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geo.patterns import spread_ranges


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

    def take(self, rows: np.ndarray) -> Legs:
        """Return these rows, in this order."""
        count = np.diff(self.indptr)[rows]
        indptr = np.concatenate(([0], np.cumsum(count))).astype(np.int64)
        at = spread_ranges(self.indptr[rows], count)
        return Legs(indptr, self.target[at], self.length_mm[at])

    def append(self, other: Legs) -> Legs:
        """Return these rows and then the other's, which lead to the same targets."""
        return Legs(
            np.concatenate((self.indptr, self.indptr[-1] + other.indptr[1:])),
            np.concatenate((self.target, other.target)),
            np.concatenate((self.length_mm, other.length_mm)),
        )

    def keep_targets(self, targets: np.ndarray) -> Legs:
        """Return the legs to these targets (ascending rows), which are numbered anew."""
        number = np.full(
            max(int(self.target.max(initial=-1)), int(targets.max(initial=-1))) + 1, -1, np.int32
        )
        number[targets] = np.arange(len(targets), dtype=np.int32)
        kept = self._keep(number[self.target] >= 0)
        return Legs(kept.indptr, number[kept.target], kept.length_mm)

    def within(self, limit_mm: int) -> Legs:
        """Return the legs of at most this length."""
        return self._keep(self.length_mm <= limit_mm)

    def _keep(self, kept: np.ndarray) -> Legs:
        total = np.concatenate(([0], np.cumsum(kept))).astype(np.int64)
        return Legs(total[self.indptr], self.target[kept], self.length_mm[kept])


def leg_seconds(length_mm: np.ndarray, speed_mm_per_h: int) -> np.ndarray:
    """Whole seconds of each leg: ceil(length / speed), in integers, int32."""
    scaled = length_mm.astype(np.int64) * 3600
    return (-(-scaled // speed_mm_per_h)).astype(np.int32)
