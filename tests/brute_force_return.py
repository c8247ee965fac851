"""There and back by brute force over raw files: every bus there with every bus home.

Beside :mod:`tests.brute_force`, and like it imports nothing of the program.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from tests.brute_force import Place, Question, RawStreets, RawTimetable, StraightLines

EARLY_S, LINGER_S, STAY_S = 1_800, 2_700, 3_600


@dataclass(frozen=True)
class Ride:
    """One journey on one trip: leaving, arriving and walking (seconds); which trip, from where and when."""

    leave: int
    arrive: int
    walk: int
    trip: int
    board: str
    departs: int

    @property
    def duration(self) -> int:
        return self.arrive - self.leave


@dataclass(frozen=True)
class RoundTrip:
    """What is told of one pair of a place and a session; None where there is no way."""

    leave_home_s: int | None
    arrive_s: int | None
    leave_venue_s: int | None
    arrive_home_s: int | None
    slack_s: int | None
    later_buses_home: int | None


NOTHING = RoundTrip(None, None, None, None, None, None)


def list_rides(
    timetable: RawTimetable, question: Question, access: dict[str, int], egress: dict[str, int]
) -> list[Ride]:
    """Every trip from each of its calls to each later call; walks in millimetres."""

    def seconds(mm: int) -> int:
        return -(-mm * 3600 // question.mm_per_h)

    rides = []
    for number, trip in enumerate(timetable.trips):
        for i, (board, _, departs, may_board, _) in enumerate(trip):
            if not may_board or access.get(board, question.leg_mm + 1) > question.leg_mm:
                continue
            for alight, arrives, _, _, may_alight in trip[i + 1 :]:
                off = egress.get(alight, question.leg_mm + 1)
                if may_alight and off <= question.leg_mm and access[board] + off <= question.total_mm:
                    on_foot = seconds(access[board])
                    rides.append(
                        Ride(
                            departs - question.slack_s - on_foot, arrives + seconds(off),
                            on_foot + seconds(off), number, board, departs,
                        )
                    )  # fmt: skip
    return rides


class Pair:
    """A home and a venue: the rides each way, and the walk."""

    def __init__(
        self,
        timetable: RawTimetable,
        walking: StraightLines | RawStreets,
        question: Question,
        home: Place,
        venue: Place,
    ) -> None:
        self.timetable, self.question = timetable, question
        from_home = walking.lengths(home, {**timetable.stops, "the venue itself": venue})
        self.near_venue = walking.lengths(venue, timetable.stops)
        walk_mm = from_home.pop("the venue itself", None)
        self.near_home = from_home
        self.out = list_rides(timetable, question, from_home, self.near_venue)
        self.back = list_rides(timetable, question, self.near_venue, from_home)
        self.walk_s = None
        if walk_mm is not None and walk_mm <= question.total_mm:
            seconds = -(-walk_mm * 3600 // question.mm_per_h)
            self.walk_s = seconds if seconds <= question.cutoff_s else None

    def in_time(self, rides: list[Ride]) -> list[Ride]:
        return [ride for ride in rides if ride.duration <= self.question.cutoff_s]

    def session(self, start: int, end: int) -> RoundTrip:
        """There by ``start``, home after ``end``."""
        walk, foot = self.walk_s, -1
        out = [r for r in self.in_time(self.out) if start - EARLY_S <= r.arrive <= start]
        back = [r for r in self.in_time(self.back) if end <= r.leave <= end + LINGER_S]
        moments = [r.leave for r in out]
        if walk is not None:
            out.append(Ride(start - walk, start, walk, foot, "", 0))
            back.append(Ride(end, end + walk, walk, foot, "", 0))
            moments += [start - EARLY_S - walk, start - walk]
        there = min(out, key=lambda r: (-r.leave, r.walk, r.arrive), default=None)
        home = min(back, key=lambda r: (r.arrive, -r.leave, r.walk), default=None)
        if there is None or home is None:
            return RoundTrip(there and there.leave, there and there.arrive, None, None, None, None)
        return RoundTrip(
            there.leave, there.arrive, home.leave, home.arrive, max(moments) - min(moments),
            self.count_later(home, end),
        )  # fmt: skip

    def drop_in(self, opens: int, closes: int) -> RoundTrip:
        """Come while it is open, stay, and leave: the least time away from home."""
        stay, walk = min(STAY_S, closes - opens), self.walk_s
        latest = closes - stay
        out = [r for r in self.in_time(self.out) if opens <= r.arrive <= latest]
        back = [r for r in self.in_time(self.back) if opens + stay <= r.leave <= closes + LINGER_S]
        best: tuple[int, int, int] | None = None
        works: list[int] = []
        for there, home in product(out, back):
            if home.leave >= there.arrive + stay:
                key = (home.arrive - there.leave, there.walk + home.walk, there.leave)
                best = key if best is None else min(best, key)
                works.append(there.leave)
        if walk is not None:
            for there in out:
                key = (there.arrive + stay + walk - there.leave, there.walk + walk, there.leave)
                best = key if best is None else min(best, key)
                works.append(there.leave)
            for home in back:
                arrive = min(home.leave - stay, latest)
                if arrive >= opens:
                    key = (home.arrive - (arrive - walk), walk + home.walk, arrive - walk)
                    best = key if best is None else min(best, key)
            key = (2 * walk + stay, 2 * walk, opens - walk)
            best = key if best is None else min(best, key)
            works += [opens - walk, latest - walk]
        if best is None:
            return NOTHING
        return RoundTrip(best[2], None, None, best[2] + best[0], max(works) - min(works), None)

    def count_later(self, home: Ride, end: int) -> int:
        """Other vehicles that leave the venue after the one taken; what runs twice counts once."""
        until = end + self.question.horizon_s
        later = {r.trip for r in self.in_time(self.back) if home.leave < r.leave <= until} - {home.trip}
        return len({(self.timetable.names[n][:2], tuple(self.timetable.trips[n])) for n in later})

    def earliest_end(self, opens: int, closes: int) -> int:
        """When a visit in drop-in hours ends at the earliest, by bus."""
        stay = min(STAY_S, closes - opens)
        return min(r.arrive for r in self.in_time(self.out) if opens <= r.arrive <= closes - stay) + stay

    def last_before(self, end: int) -> Ride | None:
        """The last bus home before ``end``."""
        before = [r for r in self.in_time(self.back) if r.leave < end]
        return max(before, key=lambda r: r.leave, default=None)
