"""A scenario put onto a pack: area pack in, area pack out, nothing else looked at or changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from data.areapack import AreaPack
from data.errors import QueryError
from data.sources.stops import compute_served
from geo.whatif.buses import change_first_bus, change_headway, change_last_bus
from geo.whatif.minibus import add_minibus
from geo.whatif.model import Change, Scenario
from geo.whatif.names import FaultyChange
from geo.whatif.services import add_service, remove_service
from geo.whatif.stops import add_stop, move_stop
from geo.whatif.streets import add_footpath, close_street

# Each makes a pack of a pack, a change, and the name that what it adds goes by.
_MAKE: dict[str, Callable[[AreaPack, Any, str], AreaPack]] = {
    "add_service": add_service,
    "remove_service": lambda pack, change, _mark: remove_service(pack, change),
    "add_stop": add_stop,
    "move_stop": move_stop,
    "headway": change_headway,
    "first_bus": change_first_bus,
    "last_bus": change_last_bus,
    "minibus": add_minibus,
    "close_street": lambda pack, change, _mark: close_street(pack, change),
    "footpath": lambda pack, change, _mark: add_footpath(pack, change),
}


def apply_scenario(
    pack: AreaPack, scenario: Scenario, see: Callable[[Change, AreaPack, AreaPack], None] | None = None
) -> AreaPack:
    """Make the scenario's changes, one after the other.

    The result shares with ``pack`` what no change touches. Stops and origin
    points keep their rows; what is added stands after them. Its digest is of
    the pack's and the scenario's; it lies in no folder.

    Parameters
    ----------
    see : callable, optional
        Is shown each change with the pack before and after it.

    Raises
    ------
    QueryError
        Changes that can't be made, all of them: a stop, route, service, street
        or place that the pack hasn't got (with the nearest names), and the like.
    """
    faults = []
    changed = pack
    for number, change in enumerate(scenario.changes, 1):
        try:
            made = _MAKE[change.kind](changed, change, f"what-if-{number}")
        except FaultyChange as fault:
            faults.append(f"change {number} ({change.kind}), {fault}")
            continue
        if see is not None:
            see(change, changed, made)
        changed = made
    if faults:
        raise QueryError(f"{scenario.name}: the scenario can't be put onto {pack.manifest.name}:", faults)
    served = compute_served(changed.feed, len(changed.stops))
    stops = changed.stops
    if not np.array_equal(served, stops["served"].to_numpy(bool)):
        # A stop that loses its last bus is not served any more, one that gets its first is.
        stops = stops.assign(served=served)
    count = len(scenario.changes)
    note = f"What if: {scenario.name}, with {count} change{'s' if count > 1 else ''} that nobody has made."
    manifest = changed.manifest.model_copy(
        update={
            "digest": hashlib.sha256(f"{pack.digest}:{scenario.digest}".encode()).hexdigest(),
            "notes": (*pack.manifest.notes, note),
            "table_digests": {},
            "table_rows": {},
        }
    )
    return replace(changed, stops=stops, manifest=manifest, trial=scenario.name)
