"""Class breaks a person can read: round numbers, at most four classes, no empty ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

CLASS_COUNT = 4
# The break between nought and anything at all: nought is a class of its own
# where many neighbourhoods have it, or where it means something (nobody).
ABOVE_ZERO = 5e-324  # the smallest number above it
_MANY_ZEROS = 0.25


def round_nicely(value: float) -> float:
    """To one significant figure, or two where the first is a one: 1.27 -> 1.3, 347 -> 300."""
    if abs(value) < 1e-300 or not math.isfinite(value):
        return 0.0
    exponent = math.floor(math.log10(abs(value)))
    step = 10.0 ** (exponent - 1 if abs(value) < 2 * 10.0**exponent else exponent)
    return round(value / step) * step


def choose_breaks(values: np.ndarray, *, count: int = CLASS_COUNT) -> tuple[float, ...]:
    """Inner breaks near the quantiles of the known values, rounded, ascending, each parting some values.

    Parameters
    ----------
    values : float64[n]
        NaN is unknown and does not count.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return ()
    if known.min() >= 0 and (known == 0).mean() >= _MANY_ZEROS and known.max() > 0:
        positive = np.where(values > 0, values, np.nan)
        return (ABOVE_ZERO, *choose_breaks(positive, count=count - 1))
    quantiles = np.quantile(known, [i / count for i in range(1, count)])
    breaks: list[float] = []
    for value in quantiles:
        nice = float(f"{round_nicely(float(value)):.10g}")
        if known.min() < nice <= known.max() and (not breaks or nice > breaks[-1]):
            below = breaks[-1] if breaks else -math.inf
            if ((known >= below) & (known < nice)).any():
                breaks.append(nice)
    return tuple(breaks)


def classify(values: np.ndarray, breaks: Sequence[float]) -> np.ndarray:
    """Class of each value, int64: 0 below the first break, -1 where unknown."""
    known = np.isfinite(values)
    classes = np.searchsorted(np.asarray(breaks, float), np.where(known, values, 0.0), side="right")
    return np.where(known, classes, -1)


def label_classes(breaks: Sequence[float], say: Callable[[float], str]) -> tuple[str, ...]:
    """What stands beside each class in the legend."""
    if not breaks:
        return ("all",)
    labels = ["none" if breaks[0] == ABOVE_ZERO else f"under {say(breaks[0])}"]
    for low, high in pairwise(breaks):
        labels.append(f"{_from(low, say)} to under {say(high)}")
    if breaks[-1] == ABOVE_ZERO:
        return (*labels, "some")
    return (*labels, f"{say(breaks[-1])} and over")


def _from(low: float, say: Callable[[float], str]) -> str:
    return "some" if low == ABOVE_ZERO else say(low)
