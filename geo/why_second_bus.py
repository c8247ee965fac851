"""Whether a second bus would do: for getting there, and for a round trip inside session times.

The search for two boardings (``geo.twobuses``) takes a window of leaving. A
session sets when one arrives; so the timetable is turned round in time, where
arriving becomes leaving, and the same search is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from geo.inputs import ReachInputs
from geo.profile import NONE, compute_matrix
from geo.query import DAY_S, Query
from geo.roundtrip import RoundTripSettings, span_of_session
from geo.sessions import PlannedSession
from geo.timetable import Timetable
from geo.transpose import transpose_legs
from geo.twobuses import compute_two_buses

if TYPE_CHECKING:
    from geo.engine import Engine

# Times are turned round about this moment, so that they stay positive.
MIRROR_S = 4 * DAY_S


@dataclass(frozen=True, slots=True)
class _Search(Query):
    """A question of the program's own, whose window is a session's: it may be a single moment.

    Nobody has asked it, so nothing is checked; nothing is read of it that needs a window of some length.
    """

    def __post_init__(self) -> None:
        pass


def mirror_timetable(timetable: Timetable) -> Timetable:
    """The timetable backwards: every trip calls in the other order, at MIRROR_S minus its times."""
    n_positions, n_trips = len(timetable.stop), len(timetable.trip_index)
    n_times = len(timetable.arrival_s)
    stop = np.ascontiguousarray(timetable.stop[::-1])
    lane_first = np.ascontiguousarray(n_positions - timetable.lane_first[::-1])
    by_stop = np.argsort(stop, kind="stable")
    lane = np.repeat(np.arange(timetable.n_lanes, dtype=np.int32), np.diff(lane_first))
    position = (np.arange(n_positions) - lane_first[lane]).astype(np.int32)
    ends = np.append(timetable.time_first[1:], n_times)
    return replace(
        timetable,
        stop=stop,
        can_board=np.ascontiguousarray(timetable.can_alight[::-1]),
        can_alight=np.ascontiguousarray(timetable.can_board[::-1]),
        lane_first=lane_first,
        trip_first=np.ascontiguousarray(n_trips - timetable.trip_first[::-1]),
        time_first=np.ascontiguousarray(n_times - ends[::-1]),
        arrival_s=np.ascontiguousarray(MIRROR_S - timetable.departure_s[::-1]),
        departure_s=np.ascontiguousarray(MIRROR_S - timetable.arrival_s[::-1]),
        trip_index=np.ascontiguousarray(timetable.trip_index[::-1]),
        trip_shift_s=np.ascontiguousarray(timetable.trip_shift_s[::-1]),
        stop_lane=lane[by_stop],
        stop_position=position[by_stop],
    )


def find_two_buses_there(inputs: ReachInputs, query: Query, wanted: np.ndarray) -> np.ndarray:
    """Seconds of the shortest journey by two buses: float64[points, services], infinite where none."""
    duration_s = compute_two_buses(inputs, query, wanted)
    return np.where(duration_s == NONE, np.inf, duration_s)


def find_two_buses_there_and_back(
    engine: Engine,
    inputs: ReachInputs,
    plan: tuple[PlannedSession, ...],
    query: Query,
    settings: RoundTripSettings,
    wanted: np.ndarray,
) -> np.ndarray:
    """Whether a round trip with at most two buses each way works: bool[points, sessions].

    A visit in drop-in hours is taken in the middle of them.

    Parameters
    ----------
    wanted : bool[points, sessions]
        Pairs to look for, none of which works with one bus each way.
    """
    works = np.zeros(wanted.shape, bool)
    rows = inputs.find_services(one.service_id for one in plan)
    groups: dict[tuple[object, ...], list[int]] = {}
    for number, one in enumerate(plan):
        if one.date is not None and wanted[:, number].any():
            # The second bus home may leave as late as the cut-off after the last moment of leaving.
            last = replace(one, end_s=one.end_s + settings.linger_s)
            key = (one.date, span_of_session(last, query, settings), one.kind, one.start_s, one.end_s)
            groups.setdefault(key, []).append(number)
    mirrored: dict[tuple[object, object], Timetable] = {}
    for (date, span, *_), numbers in groups.items():
        one = plan[numbers[0]]
        timetable = engine.timetable_on(query, date, span)  # type: ignore[arg-type]
        if (date, span) not in mirrored:
            mirrored = {(date, span): mirror_timetable(timetable)}  # one at a time: dates stand together
        arrive, leave = _windows(one, settings)
        services = rows[numbers]
        want = np.ascontiguousarray(wanted[:, numbers].T)
        turned = (MIRROR_S - arrive[1] - query.board_slack_s, MIRROR_S - arrive[0] - query.board_slack_s)
        there = _reached(inputs, mirrored[date, span], services, query, turned, want)
        if there.any():
            works[:, numbers] = _reached(inputs, timetable, services, query, leave, want & there).T
    return works


def _windows(one: PlannedSession, settings: RoundTripSettings) -> tuple[tuple[int, int], tuple[int, int]]:
    """When to arrive and when to leave for home, both ends included."""
    if one.kind != "drop_in":
        return (one.start_s - settings.early_s, one.start_s), (one.end_s, one.end_s + settings.linger_s)
    stay_s = min(settings.stay_s, one.end_s - one.start_s)
    middle_s = (one.start_s + one.end_s - stay_s) // 2
    return (one.start_s, middle_s), (middle_s + stay_s, one.end_s + settings.linger_s)


def _reached(
    inputs: ReachInputs,
    timetable: Timetable,
    services: np.ndarray,
    query: Query,
    window: tuple[int, int],
    wanted: np.ndarray,
) -> np.ndarray:
    """Wanted pairs of services and points with a journey from the one to the other by at most two buses."""
    own = {field.name: getattr(query, field.name) for field in fields(Query)}
    own |= {"window_start_s": window[0], "window_end_s": window[1]}
    own |= {"percentiles": (), "horizon_s": 0, "boardings": 1}
    asked = _Search(**own)
    swapped = replace(
        inputs,
        timetable=timetable,
        origin_ids=inputs.service_ids[services],
        service_ids=inputs.origin_ids,
        access=inputs.egress.take(services),
        egress=inputs.access,
        direct=transpose_legs(inputs.direct, len(inputs.service_ids)).take(services),
        origin_outside=inputs.service_outside[services],
        service_outside=inputs.origin_outside,
    )
    matrix = compute_matrix(timetable, swapped.access, swapped.egress, swapped.direct, asked)
    one = wanted & (matrix.best_s <= query.cutoff_s)
    rest = wanted & ~one
    if not rest.any():
        return one
    return one | (compute_two_buses(swapped, asked, rest) != NONE) & rest
