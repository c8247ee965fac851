"""What stands wherever a trial is shown: nobody may take it for what really runs."""

from __future__ import annotations

from data.areapack import AreaPack
from geo.names import clean_name
from geo.whatif.model import Scenario

TRIAL = "Trial, not today's timetable"
DO_NOT_TRAVEL = "Do not travel by it: it holds changes that nobody has made."


def say_trial(scenario: Scenario) -> str:
    """A trial in one line, by its name and how many changes it has."""
    count = len(scenario.changes)
    changes = "1 change that nobody has made" if count == 1 else f"{count} changes that nobody has made"
    return f"{TRIAL}: {_quote(scenario.name)}, {changes}"


def say_trial_of(pack: AreaPack) -> str | None:
    """The same of a pack that a scenario has changed, with what to do about it; None of a real one."""
    return None if pack.trial is None else f"{TRIAL}: {_quote(pack.trial)}. {DO_NOT_TRAVEL}"


def _quote(name: str) -> str:
    return f"“{clean_name(name) or 'without a name'}”"
