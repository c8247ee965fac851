"""Which sessions are looked at, on which date: a part of the slow, plain reference.

Knows the rules that random towns have: weekly, in term time only (of terms nothing is known
there), and the first to fourth of a month; without a weekday; without times. Random towns
have no bank holiday ahead.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import asdict, dataclass

from data.areapack import AreaPack
from geo.query import Query
from tests.reference_people import NOT_KNOWN, STATES, count_people, points, venues
from tests.reference_roundtrip import Times, build_town_of_date, round_trip
from tests.reference_trips import DAY_S, once, read
from tests.reference_walk import walk_seconds

ASSUMED_S = (10 * 3600 + 1800, 12 * 3600 + 1800)
ORDINALS = ("first", "second", "third", "fourth")
COLUMNS = ("service_id", "session_id", "kind", "weekday", "start_s", "end_s", "rule")


@dataclass(frozen=True)
class Held:
    """A session on the clock of the date whose timetable is read."""

    service: str
    session: str
    kind: str
    date: dt.date
    start_s: int
    end_s: int
    assumed: bool

    @property
    def times(self) -> Times:
        return Times(self.kind, self.start_s, self.end_s)


@dataclass(frozen=True)
class Asks:
    """What a question about round trips asks for beside the query."""

    early_s: int
    linger_s: int
    stay_s: int


def list_held(pack: AreaPack, query: Query, early_s: int) -> list[Held]:
    """Every session of every venue, in their order."""
    held = []
    for service, *_ in venues(pack):
        own = [row for row in read(pack.sessions, *COLUMNS) if row[0] == service]
        # What has no weekday adds nothing where a weekday is known; who has no sessions has the default.
        own = [row for row in own if row[3] is not None] or own[:1]
        own = own or [(service, f"{service}/assumed", "session", None, None, None, "unparsed")]
        held += [_hold(pack, query, early_s, *row) for row in own]
    return held


def _hold(
    pack: AreaPack, query: Query, early_s: int, service: str, session: str, kind: str,
    weekday: int | None, start_s: int | None, end_s: int | None, rule: str,
) -> Held:  # fmt: skip
    date = pack.manifest.timetable.service_date
    while weekday is not None and not (
        date.weekday() == weekday and (rule not in ORDINALS or (date.day - 1) // 7 == ORDINALS.index(rule))
    ):
        date += dt.timedelta(days=1)
    assumed = weekday is None or rule == "term_time" or start_s is None or end_s is None
    if start_s is None or end_s is None:
        start_s, end_s = ASSUMED_S
    # Who must leave home before midnight reads the evening before.
    if start_s < early_s + walk_seconds(query.walk.leg_limit_mm, query.walk.speed_mm_per_h):
        zone = zoneinfo.ZoneInfo(pack.manifest.timetable.timezone)
        start_s, end_s = (seen_from_the_day_before(date, at, zone) for at in (start_s, end_s))
        date -= dt.timedelta(days=1)
    return Held(service, session, kind, date, start_s, end_s, assumed)


def seen_from_the_day_before(date: dt.date, time_s: int, zone: zoneinfo.ZoneInfo) -> int:
    """Seconds from noon minus 12 h of the day before to a time on the wall, whatever the clocks do."""
    hands = dt.datetime.combine(date, dt.time()) + dt.timedelta(seconds=time_s)
    noon = dt.datetime.combine(date, dt.time(12)) - dt.timedelta(days=1)
    apart = hands.replace(tzinfo=zone).astimezone(dt.UTC) - noon.replace(tzinfo=zone).astimezone(dt.UTC)
    return round(apart.total_seconds()) + DAY_S // 2


def trip_rows(pack: AreaPack, query: Query, asks: Asks) -> dict[tuple[str, str], dict[str, object]]:
    """By (origin point, session): the values of ``reference_roundtrip.round_trip``."""
    rows = {}
    for held in list_held(pack, query, asks.early_s):
        key = ("town of", query, held.date, held.end_s, asks.linger_s)
        town = once(
            pack,
            key,
            lambda held=held: build_town_of_date(pack, query, held.date, held.end_s, asks.linger_s),
        )
        for p, *_ in points(pack):
            pair = ("origin", p), ("service", held.service)
            rows[p, held.session] = round_trip(town, *pair, held.times, **asdict(asks))
    return rows


def gap_back(
    pack: AreaPack, query: Query, asks: Asks, trips: dict[tuple[str, str], dict], level: str
) -> dict[tuple[str, str, str, str], dict]:
    """People by whether they get to some session and home; ``trips`` are those of :func:`trip_rows`.

    Whoever does so by nothing but sessions whose times nobody told is in reach, and counted once
    more as in reach by assumption.
    """
    held = list_held(pack, query, asks.early_s)

    def stand(p: str, members: list[str]) -> list[str]:
        own = [(one, trips[p, one.session]) for one in held if one.service in members]
        told = {one.assumed for one, trip in own if trip["works"]}
        if told:
            return ["in_reach", "in_reach_assumed"] if told == {True} else ["in_reach"]
        return ["not_known" if all(trip["reason"] in NOT_KNOWN for _, trip in own) else "cut_off"]

    return count_people(pack, level, (*STATES, "in_reach_assumed"), stand)
