"""The engine of a changed pack, which takes from the unchanged one's what the changes leave as it was."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.areapack import AreaPack
from geo.engine import Engine
from geo.snap import snap_points
from geo.whatif.apply import apply_scenario
from geo.whatif.marks import Mark, find_marks
from geo.whatif.model import Scenario


class ScenarioEngine(Engine):
    """Answers queries about a pack as a scenario changes it.

    Parameters
    ----------
    base : Engine
        Of the pack as it stands. Streets, their hub labels, walks and
        timetables that the scenario doesn't touch are the base's own.
    scenario : Scenario
        Queries answered here have it as their ``scenario``.

    Attributes
    ----------
    marks : tuple of Mark
        What the scenario puts on the map.
    """

    def __init__(self, base: Engine, scenario: Scenario) -> None:
        marks: list[Mark] = []
        pack = apply_scenario(base.pack, scenario, lambda *step: marks.extend(find_marks(*step)))
        super().__init__(pack)
        self.marks = tuple(marks)
        self.base, self.scenario = base, scenario
        old, new = base.pack, self.pack
        if new.feed is old.feed and len(new.stops) == len(old.stops):
            self._timetable, self.duplicate_trips = base._timetable, base.duplicate_trips
        if new.walk is not old.walk:
            return
        self.graph = base.graph
        self._snapped_origins = base._snapped_origins
        stops_stay, services_stay = _same_places(old, new), new.services is old.services
        if stops_stay:
            self.snapped_stops, self.stop_index = base.snapped_stops, base.stop_index
            self._access, self._transfers = base._access, base._transfers
        if services_stay:
            self._snapped_services, self._direct = base._snapped_services, base._direct
        if stops_stay and services_stay:
            self._egress = base._egress

    def list_outside(self, *, avoid_steps: bool) -> list[str]:
        """Names of what the scenario puts where the pack has no streets: nobody is known to walk there."""
        new = [mark for mark in self.marks if mark.kind in ("service_added", "stop_added", "stop_moved")]
        at = pd.DataFrame({"x": [mark.geometry.x for mark in new], "y": [mark.geometry.y for mark in new]})
        off_street = snap_points(
            self.graph(avoid_steps), at["x"].to_numpy(float), at["y"].to_numpy(float)
        ).outside
        uncovered = self.snap(avoid_steps, at).outside  # stops count beyond the coverage, services don't
        return [
            mark.label
            for mark, off, out in zip(new, off_street, uncovered, strict=True)
            if (out if mark.kind == "service_added" else off)
        ]


def _same_places(old: AreaPack, new: AreaPack) -> bool:
    """Whether all stops are where they were; a stop's flags are no matter of walking."""
    return len(old.stops) == len(new.stops) and all(
        np.array_equal(old.stops[name].to_numpy(), new.stops[name].to_numpy()) for name in ("x", "y")
    )
