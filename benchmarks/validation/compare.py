"""Two engines' travel times beside each other: how many agree, and which rule each difference comes from.

A comparison is a ladder of stages. At the first, both engines run as they are;
at each further one, one more rule is made the same on both sides. A difference
is put down to the rule at whose stage it vanishes for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

WITHIN_S = 60
CUTOFF_S = 2_700


@dataclass(frozen=True)
class Stage:
    """One more rule made the same.

    Attributes
    ----------
    name, says : the rule in a word, and how the two engines have it
    own, peer : what each side's settings gain at this stage; earlier stages' stay
    tolerance : further settings of our side, one run each: a difference that any of them
        removes is put down to this stage (walks within a metre of the limit)
    ask_again : the peer is asked once more about each pair and minute that still differs, alone and
        with the two stops of our ride only
    """

    name: str
    says: str
    own: dict[str, Any] = field(default_factory=dict)
    peer: dict[str, Any] = field(default_factory=dict)
    tolerance: tuple[dict[str, Any], ...] = ()
    ask_again: bool = False


@dataclass(frozen=True)
class Agreement:
    """Counts over all pairs and minutes of a stage."""

    reached: int  # by either engine within the cut-off
    agree: int  # of these
    reached_ever: int  # by either at all
    agree_ever: int

    @property
    def share(self) -> float:
        return self.agree / max(self.reached, 1)

    @property
    def share_ever(self) -> float:
        return self.agree_ever / max(self.reached_ever, 1)


def find_differences(own: np.ndarray, peer: np.ndarray) -> np.ndarray:
    """Where one reaches and the other does not, or they are over a minute apart (bool, same shape)."""
    return ((own < 0) != (peer < 0)) | ((own >= 0) & (peer >= 0) & (np.abs(own - peer) > WITHIN_S))


def count_agreement(own: np.ndarray, peer: np.ndarray, differs: np.ndarray) -> Agreement:
    """Count pairs and minutes that either engine reaches, and those that agree within a minute."""
    ever = (own >= 0) | (peer >= 0)
    soon = ((own >= 0) & (own <= CUTOFF_S)) | ((peer >= 0) & (peer <= CUTOFF_S))
    return Agreement(
        int(soon.sum()), int((soon & ~differs).sum()), int(ever.sum()), int((ever & ~differs).sum())
    )


def find_causes(differs: Sequence[np.ndarray]) -> np.ndarray:
    """Stage from which each first-stage difference is gone for good.

    Parameters
    ----------
    differs
        One array of differences a stage, bool, all of one shape.

    Returns
    -------
    int8, 0 where there was no difference at the first stage, ``len(differs)`` where one is left at the last.
    """
    last = np.zeros(differs[0].shape, np.int8)
    for stage, found in enumerate(differs):
        last[found] = stage + 1
    return np.where(differs[0], last, 0).astype(np.int8)
