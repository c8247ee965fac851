"""Who is right: this engine's answers worked out anew from the raw timetable, every one of them.

The earliest arrival by one trip is found in the feed's own text files, with
nothing of this program but the walks to stops. Where the peer is the quicker,
this engine is asked again with longer walks: when that gives the peer's answer,
the peer walked further than it was told to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.validation.compare import WITHIN_S
from benchmarks.validation.run import Climbed, Runner

LONGER_WALK_M = (645, 660, 700, 800, 1280, 2500)


@dataclass(frozen=True)
class Confirmed:
    """This engine against the raw files, at the last stage at which it is the engine that answers."""

    stage: str
    answers: int  # pairs and minutes, with or without a way
    equal: int  # to the second
    reached: int  # of ``answers``, those with a way


@dataclass(frozen=True)
class Leftovers:
    """Last-stage differences by what was decided; bool, all of one shape."""

    missed: np.ndarray  # a quicker journey exists by the raw files, and the peer does not give it
    further: dict[int, np.ndarray]  # the peer's answer needs walks of up to so many metres
    left: np.ndarray


def confirm(runner: Runner, climbed: Climbed) -> Confirmed:
    """Work every answer of ours out anew from the feed's text files."""
    engine = [row for row, settings in enumerate(climbed.own_settings) if not settings.get("from_files")]
    stage = engine[-1]
    own = climbed.own[stage]
    anew = climbed.cut(runner.from_files(climbed.own_settings[stage]))
    return Confirmed(climbed.stages[stage].name, own.size, int((own == anew).sum()), int((own >= 0).sum()))


def decide_leftovers(runner: Runner, climbed: Climbed) -> Leftovers:
    """Put every difference of the last stage into one class."""
    own, peer, differs = climbed.own[-1], climbed.peer[-1], climbed.differs[-1]
    missed, left = np.zeros_like(differs), differs.copy()
    further: dict[int, np.ndarray] = {}
    if differs.any():
        settings = climbed.own_settings[-1]
        ours_quicker = differs & (own >= 0) & ((peer < 0) | (peer > own))
        missed = ours_quicker & (climbed.cut(runner.from_files(settings)) == own)
        left &= ~missed
        for limit_m in LONGER_WALK_M:
            if (left & ~ours_quicker).any():
                longer = runner.own({**settings, "max_walk_m": limit_m, "nearest_stops": 0})
                further[limit_m] = left & ~ours_quicker & (longer >= 0) & (longer <= peer + WITHIN_S)
                left &= ~further[limit_m]
    return Leftovers(missed, further, left)
