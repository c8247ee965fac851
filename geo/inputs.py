"""What a reach computation reads: the timetable and who walks where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from geo.legs import Legs
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

    def take(self, origins: np.ndarray, services: np.ndarray) -> ReachInputs:
        """Return some of the origins and services (ascending rows of each)."""
        return replace(
            self,
            origin_ids=self.origin_ids[origins],
            service_ids=self.service_ids[services],
            access=self.access.take(origins),
            egress=self.egress.take(services),
            direct=self.direct.take(origins).keep_targets(services),
            origin_outside=self.origin_outside[origins],
            service_outside=self.service_outside[services],
        )
