"""The class of every pair and, where it is not in reach by walk or one bus, why.

Definitions: docs/methods.md, "Class and reason"; docs/design.md, decisions 4 to 8.
"""

from __future__ import annotations

import numpy as np

from geo.inputs import ReachInputs
from geo.legs import Legs
from geo.profile import Matrix
from geo.query import Query
from geo.tables import CLASSES, NOT_KNOWN_REASONS, REASONS

CLASS_CODE = {name: code for code, name in enumerate(CLASSES)}
REASON_CODE = {name: code for code, name in enumerate(REASONS)}
NO_REASON = -1
NOT_KNOWN_CODES = [REASON_CODE[name] for name in NOT_KNOWN_REASONS]


def classify(inputs: ReachInputs, query: Query, matrix: Matrix, two_buses: np.ndarray) -> np.ndarray:
    """Name the class of each pair: int8[n, m], codes of ``CLASSES``; the first that holds.

    Parameters
    ----------
    two_buses : bool[n, m]
        Some journey with two boardings is within the cut-off.
    """
    outside = inputs.origin_outside[:, None] | inputs.service_outside[None, :]
    reach_class = np.full(matrix.ride_s.shape, CLASS_CODE["not_in_reach"], np.int8)
    # From the last to the first: an earlier class overwrites a later one.
    reach_class[two_buses] = CLASS_CODE["two_buses"]
    reach_class[matrix.ride_s <= query.cutoff_s] = CLASS_CODE["one_bus"]
    reach_class[matrix.walk_s <= query.cutoff_s] = CLASS_CODE["walk"]
    reach_class[outside] = CLASS_CODE["outside_data"]
    return reach_class


def find_reasons(inputs: ReachInputs, matrix: Matrix, reach_class: np.ndarray, none: int) -> np.ndarray:
    """Name the reason of each pair: int8[n, m], codes of ``REASONS`` or ``NO_REASON``.

    Parameters
    ----------
    none : int
        What stands in the matrix for no value.
    """
    origin_near, origin_served = find_stops_near(inputs, inputs.access)
    service_near, service_served = find_stops_near(inputs, inputs.egress)
    reason = np.full(reach_class.shape, REASON_CODE["too_long"], np.int8)
    # From the last to the first: an earlier reason overwrites a later one.
    reason[matrix.ride_s == none] = REASON_CODE["direct_bus_other_times"]
    reason[~matrix.direct_bus] = REASON_CODE["no_direct_bus"]
    reason[~origin_served, :] = REASON_CODE["no_timetable"]
    reason[:, ~service_served] = REASON_CODE["no_timetable"]
    reason[:, ~service_near] = REASON_CODE["no_stop_near_service"]
    reason[~origin_near, :] = REASON_CODE["no_stop_near_origin"]
    reason[reach_class == CLASS_CODE["outside_data"]] = REASON_CODE["outside_data"]
    in_reach = (reach_class == CLASS_CODE["walk"]) | (reach_class == CLASS_CODE["one_bus"])
    reason[in_reach] = NO_REASON
    return reason


def find_stops_near(inputs: ReachInputs, legs: Legs) -> tuple[np.ndarray, np.ndarray]:
    """Whether each point has an active stop within the leg limit, and one that is served."""
    active = inputs.stop_active[legs.target]
    served = active & inputs.stop_served[legs.target]
    return _any_in_row(active, legs.indptr), _any_in_row(served, legs.indptr)


def _any_in_row(flag: np.ndarray, indptr: np.ndarray) -> np.ndarray:
    counts = np.concatenate(([0], np.cumsum(flag)))
    return counts[indptr[1:]] > counts[indptr[:-1]]
