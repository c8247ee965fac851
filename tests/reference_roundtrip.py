"""The slow, plain reference of round trips: read it as the specification.

Every trip of the day before, the day and after is tried from each call to each
later call, both ways; every pair of journeys is looked at. Nothing is shared
with the engine but the words for classes and reasons.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

from data.areapack import AreaPack
from geo.query import Query
from tests.reference import Town, reason_of, rides, walk_all_the_way_s
from tests.reference_people import build_town_of
from tests.reference_trips import DAY_S, once, read
from tests.reference_walk import Key


@dataclass(frozen=True)
class Journey:
    """Door to door; ``trip`` None is on foot."""

    leave_s: int
    arrive_s: int
    walk_s: int
    trip: tuple[str, int] | None
    departure_s: int | None

    @property
    def duration_s(self) -> int:
        return self.arrive_s - self.leave_s


def journeys(town: Town, origin: Key, destination: Key) -> Iterator[Journey]:
    """Every ride of every trip that the walk limits allow, with its trip."""
    walk, slack = town.query.walk, town.query.board_slack_s
    access = town.stops_near(origin, walk.leg_limit_mm)
    egress = town.stops_near(destination, walk.leg_limit_mm)
    for stop in access:
        for run, i in town.boardings_at.get(stop, []):
            on = run.calls[i]
            for off in run.calls[i + 1 :]:
                if not off.may_alight or off.stop not in egress:
                    continue
                if access[stop] + egress[off.stop] > walk.total_limit_mm:
                    continue
                before, after = town.seconds(access[stop]), town.seconds(egress[off.stop])
                yield Journey(
                    on.departure_s - slack - before, off.arrival_s + after, before + after,
                    (run.trip_id, run.day), on.departure_s,
                )  # fmt: skip


@dataclass(frozen=True)
class Times:
    """A session on the clock of the date whose timetable is read."""

    kind: str
    start_s: int
    end_s: int


def round_trip(
    town: Town, origin: Key, service: Key, session: Times, *, early_s: int, linger_s: int, stay_s: int
) -> dict[str, object]:
    """The values of one row, but those that only repeat the session."""
    cutoff = town.query.cutoff_s
    if {origin, service} & town.outside:
        return {"works": False, "reason": "outside_data"}
    there = list(journeys(town, origin, service))
    back = list(journeys(town, service, origin))
    walk_s = walk_all_the_way_s(town, origin, service)
    on_foot = walk_s is not None and walk_s <= cutoff
    if session.kind == "drop_in":
        row = _visit(session, there, back, walk_s if on_foot else None, cutoff, linger_s, stay_s)
        first_arrival, last_arrival = (
            session.start_s,
            session.end_s - min(stay_s, session.end_s - session.start_s),
        )
    else:
        row = _session(session, there, back, walk_s if on_foot else None, cutoff, early_s, linger_s)
        first_arrival, last_arrival = session.start_s - early_s, session.start_s
    if row.get("leave_home_s") is None:
        arrives = [j for j in there if first_arrival <= j.arrive_s <= last_arrival]
        reason = reason_of(town, origin, service, list(rides(town, origin, service)))
        if reason in ("direct_bus_other_times", "too_long"):
            reason = "too_long" if arrives else "direct_bus_other_times"
        return {**row, "works": False, "reason": reason}
    if row.get("leave_venue_s") is None:
        before = [j for j in back if 0 <= j.leave_s < session.end_s and j.duration_s <= cutoff]
        last = max(before, key=lambda j: (j.leave_s, -j.arrive_s, -j.departure_s), default=None)
        return {**row, "works": False, "reason": "no_return", "last_bus_home_s": last and last.departure_s}
    horizon_end = session.end_s + max(linger_s, town.query.horizon_s)
    repeated = once(town, ("repeated",), lambda: repeated_trips(town))
    # Which of two trips with the same times is taken is not told apart here: the count leaves one such out.
    later = {
        j.trip
        for j in back
        if row["leave_venue_s"] < j.leave_s <= horizon_end
        and j.duration_s <= cutoff
        and j.trip[0] not in repeated
    }
    same = {
        j.trip for j in back
        if (j.leave_s, j.arrive_s) == (row["leave_venue_s"], row["arrive_home_s"]) and row["back_on_bus"]
    }  # fmt: skip
    counts = {len(later - {trip}) for trip in same} or {len(later)}
    return {**row, "works": True, "reason": None, "later_counts": counts}


def _session(
    session: Times, there: list[Journey], back: list[Journey], walk_s: int | None, cutoff: int,
    early_s: int, linger_s: int,
) -> dict[str, object]:  # fmt: skip
    outs = [j for j in there if session.start_s - early_s <= j.arrive_s <= session.start_s]
    outs = [j for j in outs if j.duration_s <= cutoff]
    homes = [
        j for j in back if session.end_s <= j.leave_s <= session.end_s + linger_s and j.duration_s <= cutoff
    ]
    leaves = [j.leave_s for j in outs]
    if walk_s is not None:
        outs.append(Journey(session.start_s - walk_s, session.start_s, walk_s, None, None))
        homes.append(Journey(session.end_s, session.end_s + walk_s, walk_s, None, None))
        leaves += [session.start_s - walk_s, session.start_s - early_s - walk_s]
    row: dict[str, object] = {}
    if outs:
        best = min(outs, key=lambda j: (-j.leave_s, j.walk_s, j.arrive_s))
        row |= _outward(best)
        row |= {"wait_before_s": session.start_s - best.arrive_s, "slack_s": max(leaves) - min(leaves)}
    if homes:
        best = min(homes, key=lambda j: (j.arrive_s, -j.leave_s, j.walk_s))
        row |= _homeward(best)
        row |= {"wait_after_s": best.leave_s - session.end_s}
    return row


def _visit(
    session: Times, there: list[Journey], back: list[Journey], walk_s: int | None, cutoff: int,
    linger_s: int, stay_s: int,
) -> dict[str, object]:  # fmt: skip
    """Drop-in hours, by trying every pair; walking is tried at every second that could be best."""
    stay = min(stay_s, session.end_s - session.start_s)
    opens, last_in = session.start_s, session.end_s - stay
    outs = [j for j in there if opens <= j.arrive_s <= last_in and j.duration_s <= cutoff]
    homes = [
        j for j in back if opens + stay <= j.leave_s <= session.end_s + linger_s and j.duration_s <= cutoff
    ]
    if walk_s is not None:
        arrivals = {opens, last_in, *(min(j.leave_s - stay, last_in) for j in homes)}
        leaves = {opens + stay, session.end_s, *(j.arrive_s + stay for j in outs)}
        outs += [Journey(a - walk_s, a, walk_s, None, None) for a in arrivals]
        homes += [Journey(a, a + walk_s, walk_s, None, None) for a in leaves]
    pairs = [(o, h) for o in outs for h in homes if h.leave_s >= o.arrive_s + stay]
    if not pairs:
        if not outs:
            return {}
        best = min(outs, key=lambda j: (-j.leave_s, j.walk_s, j.arrive_s))
        return _outward(best)

    def rank(pair: tuple[Journey, Journey]) -> tuple[int, ...]:
        out, home = pair
        away = home.arrive_s - out.leave_s
        return away, out.walk_s + home.walk_s, out.leave_s, out.arrive_s, home.leave_s, out.walk_s

    out, home = min(pairs, key=rank)
    possible = [o.leave_s for o, _ in pairs]
    return {
        **_outward(out),
        **_homeward(home),
        "wait_after_s": home.leave_s - out.arrive_s - stay,
        "slack_s": max(possible) - min(possible),
    }


def _outward(best: Journey) -> dict[str, object]:
    return {"leave_home_s": best.leave_s, "arrive_s": best.arrive_s, "outward_walk_s": best.walk_s}


def _homeward(best: Journey) -> dict[str, object]:
    return {
        "leave_venue_s": best.leave_s,
        "arrive_home_s": best.arrive_s,
        "return_walk_s": best.walk_s,
        "back_on_bus": best.trip is not None,
    }


def build_town_of_date(pack: AreaPack, query: Query, date: dt.date, end_s: int, linger_s: int) -> Town:
    """The reference's town on a date, with all trips that may matter to a session that ends at ``end_s``."""
    horizon_s, end_s = max(query.horizon_s, linger_s), min(end_s, 2 * DAY_S)
    wide = replace(
        query, service_date=date, window_start_s=end_s - 1, window_end_s=end_s, horizon_s=horizon_s
    )
    return build_town_of(pack, wide)


def repeated_trips(town: Town) -> set[str]:
    """Trips of the date that another of the same route repeats: of equals the first by name counts."""
    route = dict(read(town.pack.feed.trips, "trip_id", "route_id"))
    seen: dict[object, str] = {}
    repeated = set()
    for run in sorted(town.runs, key=lambda run: run.trip_id):
        if run.day == 0:
            first = seen.setdefault((route[run.trip_id], run.calls), run.trip_id)
            repeated |= {run.trip_id} - {first}
    return repeated
