"""Which sessions are looked at, on which date: a part of the slow, plain reference.

Knows the rules that random towns have: weekly, every other week, the first to last of a month,
each in school terms only or not; without a weekday; without times; with something beside them
that was not understood. Random towns have no bank holidays.
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
COLUMNS = ("service_id", "session_id", "kind", "weekday", "start_s", "end_s", "rule", "from_date", "text")
LOOKED_AT_DAYS = 120


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
    session_date: dt.date
    hours: str
    rule: str
    unread: tuple[str, ...] | None  # words beside it that nobody understood, None where there are none

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
        # What has no weekday is no session where a weekday is known, but leaves a doubt of the others;
        # who has no sessions has the default.
        timed = [row for row in own if row[3] is not None]
        left = [row[8] for row in own if row[3] is None] if timed else []
        unread = tuple(" ".join(words.split()) for words in left if words) if left else None
        own = timed or own[:1]
        own = own or [(service, f"{service}/assumed", "session", None, None, None, "unparsed", None, None)]
        held += [_hold(pack, query, early_s, unread, *row) for row in own]
    return held


def _in_term(pack: AreaPack, date: dt.date) -> bool | None:
    """Whether a date lies in term, None where nothing is listed that tells."""
    terms, holidays = pack.manifest.calendar.school_terms, pack.manifest.calendar.school_holidays
    if any(first <= date <= last for first, last in holidays):
        return False
    if any(first <= date <= last for first, last in terms):
        return True
    # Between two terms is a holiday.
    before, after = any(last < date for _, last in terms), any(date < first for first, _ in terms)
    return False if before and after else None


def _recurs(rule: str, from_date: dt.date | None, date: dt.date) -> bool:
    """Whether a rule holds on a date of its weekday, terms apart."""
    if from_date is not None and date < from_date:
        return False
    if rule.startswith("fortnightly") and from_date is not None:
        # Counted from the first such weekday on.
        while from_date.weekday() != date.weekday():
            from_date += dt.timedelta(days=1)
        return (date - from_date).days % 14 == 0
    if rule.startswith("last"):
        return (date + dt.timedelta(days=7)).month != date.month
    nth = [n for n, name in enumerate(ORDINALS) if rule.startswith(name)]
    return not nth or (date.day - 1) // 7 == nth[0]


def _find_date(pack: AreaPack, weekday: int, rule: str, from_date: dt.date | None) -> dt.date:
    """The next date it is held, else the last before; those known to lie in term first."""
    facts = pack.manifest.timetable
    start = max(facts.service_date, from_date or facts.service_date)
    days = [*range(LOOKED_AT_DAYS + 1), *range(-1, -LOOKED_AT_DAYS - 1, -1)]
    dates = [start + dt.timedelta(days=n) for n in days]
    dates = [day for day in dates if facts.first_date <= day <= facts.last_date and day.weekday() == weekday]
    dates = [day for day in dates if _recurs(rule, from_date, day)]
    if "term" not in rule:
        return dates[0]
    terms = {True: [], None: [], False: []}
    for day in dates:
        terms[_in_term(pack, day)].append(day)
    return (terms[True] + terms[None])[0]


def _hold(
    pack: AreaPack, query: Query, early_s: int, unread: tuple[str, ...] | None, service: str, session: str,
    kind: str, weekday: int | None, start_s: int | None, end_s: int | None, rule: str,
    from_date: dt.date | None, _: str | None,
) -> Held:  # fmt: skip
    date = pack.manifest.timetable.service_date
    if weekday is not None:
        date = _find_date(pack, weekday, rule, from_date)
    elif from_date is not None:
        date = max(date, from_date)  # on any day, from then on
    terms_unknown = weekday is not None and "term" in rule and _in_term(pack, date) is None
    assumed = weekday is None or terms_unknown or start_s is None or end_s is None or unread is not None
    if start_s is None or end_s is None:
        start_s, end_s = ASSUMED_S
    clocks = [f"{time // 3600:02d}:{time // 60 % 60:02d}" for time in (start_s, end_s)]
    own = (date, " to ".join(clocks), rule, unread)
    # Who must leave home before midnight reads the evening before.
    if start_s < early_s + walk_seconds(query.walk.leg_limit_mm, query.walk.speed_mm_per_h):
        zone = zoneinfo.ZoneInfo(pack.manifest.timetable.timezone)
        start_s, end_s = (seen_from_the_day_before(date, at, zone) for at in (start_s, end_s))
        date -= dt.timedelta(days=1)
    return Held(service, session, kind, date, start_s, end_s, assumed, *own)


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
