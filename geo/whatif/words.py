"""What stands wherever a trial is shown: nobody may take it for what really runs."""

from __future__ import annotations

from collections.abc import Iterable

from data.areapack import AreaPack
from geo.names import clean_name
from geo.whatif.model import Scenario

TRIAL = "Trial, not today's timetable"
DO_NOT_TRAVEL = "Do not travel by it: it holds changes that nobody has made."


def say_trial(scenario: Scenario) -> str:
    """A trial in one line, by its name and how many changes it has.

    A letter follows the name: a number would be drawn inside a name written from right to left.
    """
    count = len(scenario.changes)
    changes = "1 change" if count == 1 else f"{count} changes"
    return f"{TRIAL}: {_quote(scenario.name)}, with {changes} that nobody has made"


def say_outside(names: Iterable[str]) -> str | None:
    """That nothing can be known of what lies where the data have no streets; None where nothing does."""
    told = [_quote(name) for name in names]
    if not told:
        return None
    lies = "lies" if len(told) == 1 else "lie"
    return (
        f"{', '.join(told)} {lies} outside the streets of the data: who could get there is not known, "
        "and nobody is counted as gaining by it."
    )


def say_trial_of(pack: AreaPack) -> str | None:
    """The same of a pack that a scenario has changed, with what to do about it; None of a real one."""
    return None if pack.trial is None else f"{TRIAL}: {_quote(pack.trial)}. {DO_NOT_TRAVEL}"


def _quote(name: str) -> str:
    return f"“{clean_name(name) or 'without a name'}”"
