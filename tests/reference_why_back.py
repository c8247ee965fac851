"""The slow, plain reference of "why", there and back inside session times: read it as the specification."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from data.areapack import AreaPack
from geo.query import Query
from tests.reference import Town, two_rides
from tests.reference_people import Rows
from tests.reference_roundtrip import build_town_of_date
from tests.reference_sessions import Asks, Held, list_held, trip_rows
from tests.reference_trips import TripRun
from tests.reference_walk import Key
from tests.reference_why import (
    NEVER,
    Needs,
    Pair,
    Way,
    Weights,
    asks_for_cutoff_min,
    asks_for_walk_all_the_way_m,
    asks_for_walk_m,
    walk_allowed,
    ways,
    why,
    widen,
)

SHIFTS_MIN = [sign * minutes for minutes in range(15, 181, 15) for sign in (1, -1)]
EARLIEST_S, LATEST_S = 6 * 3600, 24 * 3600
LONGEST_SHIFT_S = 180 * 60
TripRows = dict[Pair, dict[str, Any]]


def rows_of_services(pack: AreaPack, query: Query, asks: Asks, trips: TripRows) -> Rows:
    """There and back as reach: a service is in reach when some session of it works."""
    rows: Rows = {}
    for held in list_held(pack, query, asks.early_s):
        for (p, session), trip in trips.items():
            if session == held.session:
                row = rows.setdefault(
                    (p, held.service), {"reach_class": "not_in_reach", "reason": trip["reason"]}
                )
                if trip["works"]:
                    row |= {"reach_class": "one_bus", "reason": None}
    return rows


def why_back(pack: AreaPack, query: Query, asks: Asks, trips: TripRows | None = None) -> dict:
    """The table of there and back; ``trips`` are those of ``reference_sessions.trip_rows``."""
    trips = trip_rows(pack, query, asks) if trips is None else trips
    rows = rows_of_services(pack, query, asks, trips)
    return why(pack, query, rows, partial(_needs, asks=asks, trips=trips))


def _needs(
    pack: AreaPack, query: Query, pairs: Iterable[Pair], _theirs: Rows, *, asks: Asks, trips: TripRows
) -> Needs:
    sessions: dict[str, list[_Session]] = {}
    for held in list_held(pack, query, asks.early_s):
        sessions.setdefault(held.service, []).append(_Session(pack, query, asks, held))
    needs = Needs(each_way=2, others=lambda members, cut: _others(sessions, trips, members, cut))
    for p, s in pairs:
        own = sessions[s]
        needs.walk_m[p, s] = min(one.asks(p, partial(asks_for_walk_m, query)) for one in own)
        needs.all_the_way_m[p, s] = min(
            one.asks(p, partial(asks_for_walk_all_the_way_m, query)) for one in own
        )
        needs.cutoff_min[p, s] = min(one.asks(p, partial(asks_for_cutoff_min, query)) for one in own)
        needs.second_s[p, s] = 0 if any(one.by_two_buses(p) for one in own) else NEVER
    return needs


@dataclass
class _Session:
    """A session, and the journeys to and from it."""

    pack: AreaPack
    query: Query
    asked: Asks
    held: Held

    def __post_init__(self) -> None:
        latest_s = self.held.end_s + LONGEST_SHIFT_S
        town = partial(build_town_of_date, self.pack, date=self.held.date, end_s=latest_s)
        self.wide: Town = town(widen(self.query), linger_s=self.asked.linger_s)
        self.near: Town = town(self.query, linger_s=self.asked.linger_s)
        self.place: Key = ("service", self.held.service)
        self.journeys: dict[str, tuple[list[Way], list[Way]]] = {}

    def ways(self, p: str) -> tuple[list[Way], list[Way]]:
        if p not in self.journeys:
            home = ("origin", p)
            self.journeys[p] = [*ways(self.wide, home, self.place)], [*ways(self.wide, self.place, home)]
        return self.journeys[p]

    def asks(self, p: str, ask: Callable[[Way], float], later_s: int = 0) -> float:
        """The least limit with which it can be gone to and left again; NEVER where none is enough."""
        start_s, end_s = self.held.start_s + later_s, self.held.end_s + later_s
        early_s, linger_s = self.asked.early_s, self.asked.linger_s
        stay_s = min(self.asked.stay_s, end_s - start_s)
        drop_in = self.held.kind == "drop_in"
        arrive = (start_s, end_s - stay_s) if drop_in else (start_s - early_s, start_s)
        leave = (start_s + stay_s if drop_in else end_s, end_s + linger_s)
        there, back = self.ways(p)
        outs = [w for w in there if w.arrive_s is None or arrive[0] <= w.arrive_s <= arrive[1]]
        homes = [w for w in back if w.leave_s is None or leave[0] <= w.leave_s <= leave[1]]
        return min(
            (
                max(ask(out), ask(home))
                for out in outs
                for home in homes
                # On foot one arrives as it opens, or leaves as it closes, and has stayed long enough.
                if not drop_in
                or out.arrive_s is None
                or home.leave_s is None
                or home.leave_s >= out.arrive_s + stay_s
            ),
            default=NEVER,
        )

    def works_later(self, p: str, minutes: int) -> bool:
        """Whether it works, everything else as it is, when it is moved."""
        later_s = 60 * minutes
        if self.held.start_s + later_s < EARLIEST_S or self.held.end_s + later_s > LATEST_S:
            return False

        return self.asks(p, self._now, later_s) < NEVER

    def _now(self, way: Way) -> float:
        """Nothing, where the limits are kept as they are."""
        in_time = way.duration_s <= self.query.cutoff_s
        return 0 if in_time and walk_allowed(self.query, way, self.query.walk.max_walk_m) else NEVER

    def by_two_buses(self, p: str) -> bool:
        """Whether at most two buses each way would do; a visit in drop-in hours is taken in their middle."""
        start_s, end_s, drop_in = self.held.start_s, self.held.end_s, self.held.kind == "drop_in"
        stay_s = min(self.asked.stay_s, end_s - start_s)
        middle_s = (start_s + end_s - stay_s) // 2
        arrive = (start_s, middle_s) if drop_in else (start_s - self.asked.early_s, start_s)
        leave = (middle_s + stay_s if drop_in else end_s, end_s + self.asked.linger_s)
        home = ("origin", p)
        if {home, self.place} & self.near.outside:
            return False
        there, back = self._times(home, self.place), self._times(self.place, home)
        return any(at is None or arrive[0] <= at <= arrive[1] for _, at in there) and any(
            at is None or leave[0] <= at <= leave[1] for at, _ in back
        )

    def _times(self, origin: Key, destination: Key) -> Iterator[tuple[int | None, int | None]]:
        """Leave and arrive (None: whenever one likes) of journeys of at most two buses within the cut-off."""
        for way in ways(self.near, origin, destination):
            if self._now(way) < NEVER:
                yield way.leave_s, way.arrive_s
        for leave_s, arrive_s in two_rides(self.near, origin, destination):
            if arrive_s - leave_s <= self.query.cutoff_s:
                yield leave_s, arrive_s

    # The last bus home, run again later.

    def last_bus(self, p: str) -> TripRun | None:
        """The bus that leaves last before the end, of those that would bring one home."""
        rides = [
            (leave_s, -arrive_s, -departure_s, run.trip_id, run)
            for run, leave_s, arrive_s, departure_s in self._rides_home(p)
            if 0 <= leave_s < self.held.end_s
        ]
        return max(rides)[-1] if rides else None

    def _rides_home(self, p: str, of: TripRun | None = None) -> Iterator[tuple[TripRun, int, int, int]]:
        """Rides home (of one trip) that keep the limits: trip, leave, arrive, departure."""
        walk, town = self.query.walk, self.near
        egress = town.stops_near(self.place, walk.leg_limit_mm)
        access = town.stops_near(("origin", p), walk.leg_limit_mm)
        for run in town.runs if of is None else [of]:
            for i, on in enumerate(run.calls):
                for off in run.calls[i + 1 :]:
                    if not (on.may_board and off.may_alight and on.stop in egress and off.stop in access):
                        continue
                    leave_s = on.departure_s - self.query.board_slack_s - town.seconds(egress[on.stop])
                    arrive_s = off.arrival_s + town.seconds(access[off.stop])
                    whole_mm = egress[on.stop] + access[off.stop]
                    if whole_mm <= walk.total_limit_mm and arrive_s - leave_s <= self.query.cutoff_s:
                        yield run, leave_s, arrive_s, on.departure_s

    def ready_s(self, p: str) -> int:
        """From when one could leave for home: the end, or of drop-in hours the end of the earliest visit."""
        if self.held.kind != "drop_in":
            return self.held.end_s
        stay_s = min(self.asked.stay_s, self.held.end_s - self.held.start_s)
        arrivals = [
            self.held.start_s if way.arrive_s is None else way.arrive_s
            for way in self.ways(p)[0]
            if self._now(way) < NEVER
        ]
        return min(at for at in arrivals if self.held.start_s <= at <= self.held.end_s - stay_s) + stay_s

    def minutes_later(self, p: str, run: TripRun) -> range:
        """By how many minutes the trip may run later to take one home."""
        leave_s = max((leave_s for _, leave_s, _, _ in self._rides_home(p, run)), default=None)
        if leave_s is None:
            return range(0)
        latest_s = self.held.end_s + self.asked.linger_s
        least = -(-(self.ready_s(p) - leave_s) // 60)
        return range(max(1, least), (latest_s - leave_s) // 60 + 1)  # later, and never sooner


def _others(
    sessions: dict[str, list[_Session]], trips: TripRows, members: list[str], cut: Weights
) -> tuple[dict[str, tuple[float, float]], dict[str, Any]]:
    """The session that has to move least, and the last bus home that has to run least later."""
    own = [one for service in sessions if service in members for one in sessions[service]]
    offers: dict[str, tuple[float, float]] = {}
    row: dict[str, Any] = dict.fromkeys(
        ("session_id", "session_shift_min", "session_start_s", "bus_later_min")
    )
    half = sum(weight for _, weight in cut) / 2 - 1e-9
    for minutes in SHIFTS_MIN:
        gained = [round(sum(w for p, w in cut if one.works_later(p, minutes)), 9) for one in own]
        if max(gained) >= half:
            best = own[gained.index(max(gained))]
            offers["session"] = abs(minutes), max(gained)
            row |= {"session_id": best.held.session, "session_shift_min": minutes}
            row["session_start_s"] = best.held.start_s + 60 * minutes
            break
    bus = _later_bus(own, trips, cut, half)
    if bus is not None:
        offers["bus"] = bus
        row["bus_later_min"] = bus[0]
    return offers, row


def _later_bus(own: list[_Session], trips: TripRows, cut: Weights, half: float) -> tuple[int, float] | None:
    """Minutes, and the weight of those whom the bus then takes home."""
    missed = [
        (p, one, bus)
        for p, _ in cut
        for one in own
        if trips[p, one.held.session]["reason"] == "no_return" and (bus := one.last_bus(p)) is not None
    ]
    found: list[tuple[int, float]] = []
    for date, run in {(one.held.date, bus) for _, one, bus in missed}:
        spans = [(p, one.minutes_later(p, run)) for p, one, _ in missed if one.held.date == date]
        for minutes in sorted({span.start for _, span in spans if span}):
            served = {p for p, span in spans if minutes in span}
            gained = sum(weight for p, weight in cut if p in served)
            if gained >= half:
                found.append((minutes, gained))
                break
    return min(found, key=lambda bus: (bus[0], -bus[1]), default=None)
