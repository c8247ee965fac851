"""The last bus home, run later: how much later it would have to leave (docs/methods.md, "Why")."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from geo import roundtrip_kernels as rk
from geo.inputs import ReachInputs
from geo.legs import Legs, leg_seconds
from geo.query import Query
from geo.reasons import REASON_CODE
from geo.roundtrip import RoundTripSettings, compute_round_trips, span_of_session, split_plan
from geo.sessions import PlannedSession
from geo.timetable import Timetable

if TYPE_CHECKING:
    from geo.engine import Engine

MINUTE_S = 60


@dataclass(frozen=True)
class LaterBus:
    """A bus of the timetable that would have to run again, later."""

    date: dt.date  # whose timetable it is of
    trip: int  # row in the feed's trips
    leaves_s: int  # its departure now, where people board it
    later_min: int
    weight: float  # of the cut-off people whom it takes home

    @property
    def needed_s(self) -> int:
        return self.leaves_s + self.later_min * MINUTE_S


@dataclass(frozen=True)
class _Missed:
    """A point that can get to a session and not home: the last bus, and from when one would serve."""

    point: int
    session: int
    trip: int
    leaves_s: int
    ready_s: int


class LaterBuses:
    """Finds, for groups of points and sessions, the last bus that must run least later.

    Parameters
    ----------
    inputs, plan
        As of ``geo.roundtrip.plan_round_trips``.
    wanted : bool[points, sessions]
    """

    def __init__(
        self,
        engine: Engine,
        inputs: ReachInputs,
        plan: tuple[PlannedSession, ...],
        query: Query,
        settings: RoundTripSettings,
        wanted: np.ndarray,
    ) -> None:
        self.engine, self.inputs, self.plan = engine, inputs, plan
        self.query, self.settings = query, settings
        self.service = inputs.find_services(one.service_id for one in plan).tolist()
        self.missed = self._list_missed(wanted)
        self.of_point: dict[int, list[int]] = {}  # rows of missed
        for row, one in enumerate(self.missed):
            self.of_point.setdefault(one.point, []).append(row)
        self._latest_leave = lru_cache(maxsize=None)(self._find_latest_leave)
        self._calls = lru_cache(maxsize=None)(self._list_calls)
        self._row_of = lru_cache(maxsize=None)(self._find_row)

    def _list_missed(self, wanted: np.ndarray) -> list[_Missed]:
        rows: list[_Missed] = []
        start = 0
        sessions = np.flatnonzero(wanted.any(axis=0))
        asked = [self.plan[number] for number in sessions]
        for part in split_plan(asked, len(self.inputs.origin_ids)):
            trips = compute_round_trips(self.engine, self.inputs, part, self.query, self.settings)
            own = sessions[start : start + len(part)]
            start += len(part)
            last = trips.fields[:, :, rk.LAST_TRIP]
            no_return = trips.reason == REASON_CODE["no_return"]
            missed = np.asarray(no_return & (last != rk.NONE) & wanted[:, own], bool)
            for point, k in np.argwhere(missed).tolist():
                field = trips.fields[point, k]
                rows.append(
                    _Missed(int(point), int(own[k]), int(last[point, k]),
                            int(field[rk.LAST_DEPARTURE]), int(field[rk.END]))
                )  # fmt: skip
        return rows

    def find(
        self, points: Sequence[int], sessions: Sequence[int], weight: dict[int, float], least: float
    ) -> LaterBus | None:
        """The bus that must run least later to take at least ``least`` of the weight home.

        Of buses equally late the one that takes more people, then the first in the timetable.
        """
        chosen = set(sessions)
        rows = sorted(row for point in set(points) for row in self.of_point.get(point, ()))
        missed = [self.missed[row] for row in rows if self.missed[row].session in chosen]
        found: tuple[int, float, int] | None = None
        bus: LaterBus | None = None
        # One trip may run on two days of a date's timetable: each is a bus of its own.
        run_of = {m: (self._date(m), m.trip, self._run(m)) for m in missed}
        for date, trip, run in sorted(set(run_of.values())):
            told = [m for m in missed if run_of[m] == (date, trip, run)]
            # What stands in the text: the departure that most people would have caught.
            by_departure: dict[int, float] = {}
            for m in told:
                by_departure[m.leaves_s] = by_departure.get(m.leaves_s, 0.0) + weight[m.point]
            leaves_s = min(by_departure, key=lambda at: (-round(by_departure[at], 9), at))
            spans = self._spans(date, told[0], missed)
            for later in sorted({low for _, low, high in spans if low <= high}):
                served = {point for point, low, high in spans if low <= later <= high}
                total = sum(weight[point] for point in sorted(served))
                if total < least - 1e-9:
                    continue
                key = (later, -round(total, 9), trip)
                if found is None or key < found:
                    found, bus = key, LaterBus(date, trip, leaves_s, later, total)
                break
        return bus

    def _spans(self, date: dt.date, told: _Missed, missed: Sequence[_Missed]) -> list[tuple[int, int, int]]:
        """(point, least, most) whole minutes by which the trip told may be later, to serve each session."""
        spans = []
        for m in missed:
            session = self.plan[m.session]
            if session.date != date:
                continue
            leave_s = self._latest_leave(
                told.session, told.trip, told.leaves_s, m.point, self.service[m.session]
            )
            if leave_s is None:
                continue
            low = max(1, -(-(m.ready_s - leave_s) // MINUTE_S))  # later, and never sooner
            high = (session.end_s + self.settings.linger_s - leave_s) // MINUTE_S
            spans.append((m.point, low, high))
        return spans

    def _find_latest_leave(
        self, session: int, trip: int, departure_s: int, point: int, service: int
    ) -> int | None:
        """When one must leave a service to go home on this trip as it runs now; None where it does not."""
        calls = self._calls(session, trip, departure_s)
        speed, query = self.query.walk.speed_mm_per_h, self.query
        from_stop, to_stop = _row(self.inputs.egress, service, speed), _row(self.inputs.access, point, speed)
        best = None
        for i, (stop, _, departs_s, may_board, _) in enumerate(calls):
            if not may_board or stop not in from_stop:
                continue
            walk_mm, walk_s = from_stop[stop]
            leave_s = departs_s - query.board_slack_s - walk_s
            for home, arrives_s, _, _, may_alight in calls[i + 1 :]:
                if not may_alight or home not in to_stop:
                    continue
                home_mm, home_s = to_stop[home]
                if (
                    walk_mm + home_mm <= query.walk.total_limit_mm
                    and arrives_s + home_s - leave_s <= query.cutoff_s
                    and (best is None or leave_s > best)
                ):
                    best = leave_s
        return best

    def _list_calls(
        self, session: int, trip: int, departure_s: int
    ) -> list[tuple[int, int, int, bool, bool]]:
        """Calls of a trip: stop, arrival, departure, and whether one may board and alight."""
        return _calls_of(self._timetable(session), self._row_of(session, trip, departure_s))

    def _date(self, missed: _Missed) -> dt.date:
        date = self.plan[missed.session].date
        assert date is not None  # else no bus was looked for
        return date

    def _run(self, missed: _Missed) -> int:
        """Which of the timetable's runs of a trip was missed."""
        return self._row_of(missed.session, missed.trip, missed.leaves_s)

    def _find_row(self, session: int, trip: int, departure_s: int) -> int:
        """The row of the timetable in which a trip departs somewhere at a time."""
        timetable = self._timetable(session)
        for row in np.flatnonzero(timetable.trip_index == trip).tolist():
            if any(departs == departure_s for _, _, departs, _, _ in _calls_of(timetable, row)):
                return row
        raise AssertionError("a bus that the timetable does not hold")

    def _timetable(self, session: int) -> Timetable:
        one = self.plan[session]
        assert one.date is not None
        return self.engine.timetable_on(self.query, one.date, span_of_session(one, self.query, self.settings))


def _calls_of(timetable: Timetable, row: int) -> list[tuple[int, int, int, bool, bool]]:
    lane = int(np.searchsorted(timetable.trip_first, row, side="right")) - 1
    arrival, departure = timetable.times_of_lane(lane)
    at = row - int(timetable.trip_first[lane])
    own = slice(int(timetable.lane_first[lane]), int(timetable.lane_first[lane + 1]))
    return list(
        zip(
            timetable.stop[own].tolist(), arrival[:, at].tolist(), departure[:, at].tolist(),
            timetable.can_board[own].tolist(), timetable.can_alight[own].tolist(), strict=True,
        )
    )  # fmt: skip


def _row(legs: Legs, row: int, speed_mm_per_h: int) -> dict[int, tuple[int, int]]:
    """Length and seconds of the walk to each stop of one row."""
    own = slice(int(legs.indptr[row]), int(legs.indptr[row + 1]))
    seconds = leg_seconds(legs.length_mm[own], speed_mm_per_h)
    return {
        stop: (mm, s)
        for stop, mm, s in zip(
            legs.target[own].tolist(), legs.length_mm[own].tolist(), seconds.tolist(), strict=True
        )
    }
