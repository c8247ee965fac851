"""Of one neighbourhood and category: each remedy with its number, and which is the cheapest."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from data.areapack import AreaPack
from data.service_days import WEEKDAYS
from geo.query import DAY_S
from geo.roundtrip_words import name_bus
from geo.sessions import PlannedSession
from geo.tables import ANSWERS
from geo.why_bus import LaterBus
from geo.why_search import SHIFTS_MIN

if TYPE_CHECKING:
    from geo.why import Search

# What a remedy costs each way, in minutes asked of somebody: walking counts double, a second bus half an
# hour. A walk to a stop has one from the other stop beside it: its extra minutes are those of both.
WALK_WEIGHT, WALKS_EACH_WAY = 2.0, 2
SECOND_BUS_MIN = 30.0
_EPSILON = 1e-9


class Cell:
    """One neighbourhood and category: each remedy with its number, and the cheapest of them."""

    def __init__(
        self,
        pack: AreaPack,
        found: Search,
        points: np.ndarray,
        weight: np.ndarray,
        people: float,
        members: np.ndarray,
    ) -> None:
        self.pack, self.found, self.points, self.people = pack, found, points, people
        self.weight, self.members = weight[points], members
        self.half = float(self.weight.sum()) / 2
        self.values: dict[str, Any] = {}

    def look_up(self, place: np.ndarray, at: np.ndarray) -> None:
        """Fill ``values``: the columns from "answer" on, without the sentence."""
        found, query = self.found, self.found.query
        ways = 1 if found.settings is None else 2
        cost: dict[str, float] = {}
        gained: dict[str, float] = {}

        def offer(name: str, minutes: float, total: float) -> None:
            cost[name], gained[name] = minutes, total

        metres_a_minute = query.walk.speed_mm_per_h / 60_000
        least_walk_m = self._least(found.remedies.walk_m[self.points])
        walk_m, total = self._median(least_walk_m)
        if np.isfinite(walk_m):
            extra_min = WALKS_EACH_WAY * (walk_m - query.walk.max_walk_m) / metres_a_minute
            offer("walk", ways * WALK_WEIGHT * extra_min, total)
        least_all_m = self._least(found.remedies.walk_all_the_way_m[self.points])
        all_m, total = self._median(least_all_m)
        if np.isfinite(all_m):
            extra_min = (all_m - query.walk.total_limit_mm / 1000) / metres_a_minute
            offer("walk_all_the_way", ways * WALK_WEIGHT * extra_min, total)
        cutoff, total = self._median(self._least(found.remedies.cutoff_min[self.points]))
        if np.isfinite(cutoff):
            offer("cutoff", ways * (cutoff - query.cutoff_s / 60), total)
        session, shift_min, total = self._move_session()
        if session is not None:
            offer("session", abs(shift_min), total)
        bus = self._later_bus()
        if bus is not None:
            offer("bus", bus.later_min, bus.weight)
        chosen = np.isin(found.second_column, self.members)
        by_two_s = found.second[self.points][:, chosen].min(axis=1, initial=np.inf)
        second_s, _ = self._median(by_two_s)
        if np.isfinite(second_s):
            # Not a limit that is raised: whoever two buses serve is brought in, however long it takes.
            offer("second_bus", ways * SECOND_BUS_MIN, float(self.weight[np.isfinite(by_two_s)].sum()))

        services = np.flatnonzero(np.isin(found.cells.column, self.members))
        apart_m = np.hypot(*(at[self.points][:, None, :] - place[services][None, :, :]).transpose(2, 0, 1))
        nearest_m, _ = self._median(apart_m.min(axis=1, initial=np.inf))
        answer = min(cost, key=lambda name: (round(cost[name], 6), ANSWERS.index(name)), default="nothing")
        self.values = {
            "answer": answer,
            "cost_min": cost.get(answer),
            "people_gained": self._people(gained.get(answer, 0.0)),
            "walk_m": walk_m,
            "walk_people": self._people(gained.get("walk")),
            "walk_point_id": self._point_at(least_walk_m, walk_m),
            "walk_all_the_way_m": all_m,
            "walk_all_the_way_people": self._people(gained.get("walk_all_the_way")),
            "walk_all_the_way_point_id": self._point_at(least_all_m, all_m),
            "cutoff_min": cutoff,
            "cutoff_people": self._people(gained.get("cutoff")),
            "session_service_id": None if session is None else session.service_id,
            "session_id": None if session is None else session.session_id,
            "session_kind": None if session is None else session.kind,
            "session_day": None if session is None else _day_of(session),
            "session_start_s": None if session is None else session.start_s + shift_min * 60,
            "session_end_s": None if session is None else session.end_s + shift_min * 60,
            "session_shift_min": None if session is None else shift_min,
            "session_assumed": None if session is None else session.assumed,
            "session_people": self._people(gained.get("session")),
            "bus": None if bus is None else name_bus(self.pack, bus.trip),
            "bus_trip_id": None if bus is None else self._feed("trip_id", bus.trip),
            "bus_day": None if bus is None else _weekday(bus.date, bus.leaves_s),
            "bus_leaves_s": None if bus is None else bus.leaves_s,
            "bus_needed_s": None if bus is None else bus.needed_s,
            "bus_later_min": None if bus is None else bus.later_min,
            "bus_people": self._people(gained.get("bus")),
            "second_bus": bool(np.isfinite(second_s)),
            "second_bus_s": second_s if second_s > 0 else None,
            "second_bus_people": self._people(gained.get("second_bus")),
            "nearest_m": nearest_m,
        }

    def _least(self, values: np.ndarray) -> np.ndarray:
        """Of each point the least over the categories."""
        return np.asarray(values[:, self.members].min(axis=1, initial=np.inf))

    def _people(self, weight: float | None) -> float | None:
        return None if weight is None else weight * self.people

    def _feed(self, name: str, trip: int) -> str:
        return str(self.pack.feed.trips[name].iloc[trip])

    def _point_at(self, values: np.ndarray, value: float) -> str | None:
        """The first of the points that has just this value; None where that is no limit."""
        own = self.pack.origin_points
        if own is None or not np.isfinite(value):
            return None
        row = self.found.cells.points[self.points[np.argmax(values == value)]]
        return str(own["point_id"].iloc[row])

    def _median(self, values: np.ndarray) -> tuple[float, float]:
        """The smallest value that half of the cut-off weight does not pass, and the weight up to it."""
        order = np.argsort(values, kind="stable")
        running = np.cumsum(self.weight[order])
        value = float(values[order][np.argmax(running >= self.half - _EPSILON)])
        return value, float(self.weight[values <= value].sum())

    def _move_session(self) -> tuple[PlannedSession | None, int, float]:
        """The session that moves least for half of the people: it, the minutes, and the weight gained."""
        remedies = self.found.remedies
        plan = remedies.asks.plan
        asks = np.flatnonzero(np.isin(remedies.asks.column, self.members))
        if plan is None or not len(asks):
            return None, 0, 0.0
        bits = remedies.shift_bits[self.points][:, asks]
        if not bits.any():
            return None, 0, 0.0
        for j, minutes in enumerate(SHIFTS_MIN):
            total = np.round(self.weight @ ((bits >> j) & 1), 9)
            best = int(np.argmax(total))
            if total[best] >= self.half - _EPSILON:
                return plan[asks[best]], minutes, float(total[best])
        return None, 0, 0.0

    def _later_bus(self) -> LaterBus | None:
        if self.found.later is None:
            return None
        sessions = np.flatnonzero(np.isin(self.found.plan_column, self.members)).tolist()
        weight = dict(zip(self.points.tolist(), self.weight.tolist(), strict=True))
        return self.found.later.find(self.points.tolist(), sessions, weight, self.half)


def _day_of(session: PlannedSession) -> str | None:
    """The weekday on which a session is held, where that is known."""
    return None if session.assumed or session.date is None else _weekday(session.date, session.start_s)


def _weekday(date: dt.date, time_s: int) -> str:
    """The weekday, by the clock, of a time of a date's timetable."""
    return WEEKDAYS[(date.weekday() + time_s // DAY_S) % 7]
