"""What a reach computation reads: the timetable, who walks where, and which buses call there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from geo.legs import Legs, leg_seconds
from geo.patterns import spread_ranges
from geo.timetable import Timetable


@dataclass(frozen=True)
class ReachInputs:
    """Everything between a pack and the profiles, for n origins and m services.

    Attributes
    ----------
    origin_ids, service_ids : sequences of n and m strings
    access : Legs
        Origins to stops (rows of the pack's stops), at most the leg limit.
    egress : Legs
        Services to stops, at most the leg limit.
    direct : Legs
        Origins to services, at most the whole-walk limit.
    transfers : Legs or None
        Every stop of the pack to other stops, at most min(leg limit, 400 m).
        None: two boardings are not looked for. A stop's leg to itself is not
        used: changing where one got off takes no walk.
    origin_outside, service_outside : bool[n], bool[m]
        More than 300 m from any street or outside the coverage.
    stop_active, stop_served : bool[stops]
    """

    timetable: Timetable
    origin_ids: np.ndarray
    service_ids: np.ndarray
    access: Legs
    egress: Legs
    direct: Legs
    transfers: Legs | None
    origin_outside: np.ndarray
    service_outside: np.ndarray
    stop_active: np.ndarray
    stop_served: np.ndarray

    def find_services(self, service_ids: Iterable[object]) -> np.ndarray:
        """Rows of services by their ids, int64[n]; KeyError for one that is not among them."""
        row = {str(one): number for number, one in enumerate(self.service_ids)}
        return np.array([row[str(one)] for one in service_ids], np.int64)

    def take(self, origins: np.ndarray, services: np.ndarray | None = None) -> ReachInputs:
        """Return some of the origins and services (ascending rows of each); None: all services."""
        part = replace(
            self,
            origin_ids=self.origin_ids[origins],
            access=self.access.take(origins),
            direct=self.direct.take(origins),
            origin_outside=self.origin_outside[origins],
        )
        if services is None:
            return part
        return replace(
            part,
            service_ids=self.service_ids[services],
            egress=self.egress.take(services),
            direct=part.direct.keep_targets(services),
            service_outside=self.service_outside[services],
        )


@dataclass(frozen=True)
class NearCalls:
    """Calls of the timetable near each of m points; row ``i`` has ``first[i] .. first[i + 1] - 1``."""

    first: np.ndarray  # int64[m + 1]
    lane: np.ndarray  # int32[k]
    position: np.ndarray  # int32[k], in the lane
    walk_s: np.ndarray  # int32[k], between the point and the stop
    walk_mm: np.ndarray  # int32[k]


def list_near_calls(timetable: Timetable, legs: Legs, speed_mm_per_h: int) -> NearCalls:
    """List the calls at the stops that points' legs lead to, in the order of the legs."""
    first = timetable.stop_first
    per_leg = first[legs.target + 1] - first[legs.target]
    calls = spread_ranges(first[legs.target], per_leg)
    total = np.concatenate(([0], np.cumsum(per_leg)))
    return NearCalls(
        first=total[legs.indptr].astype(np.int64),
        lane=timetable.stop_lane[calls],
        position=timetable.stop_position[calls],
        walk_s=np.repeat(leg_seconds(legs.length_mm, speed_mm_per_h), per_leg),
        walk_mm=np.repeat(legs.length_mm, per_leg),
    )
