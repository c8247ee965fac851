"""There and back as one sheet: what a connector reads out, prints or sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from data.areapack import AreaPack
from data.date_words import say_date, say_day
from data.errors import QueryError
from geo.clock import clock
from geo.held import say_not_held
from geo.journey import Journey, NoJourney, RideLeg, WalkLeg
from geo.journey_json import journey_to_json, route_to_json
from geo.journey_words import (
    Instruction,
    list_instructions,
    read_headsign,
    say_last,
    say_vehicle,
    tell_other_times,
)
from geo.names import clean_name
from geo.places import Place
from geo.query import Query
from geo.ride_service import (
    RideService,
    RouteService,
    find_last_ride,
    find_other_times,
    find_ride_service,
)
from geo.stop_words import read_stop
from geo.tables import NOT_KNOWN_REASONS
from geo.whatif.words import DO_NOT_TRAVEL, TRIAL, say_trial_of

if TYPE_CHECKING:
    from geo.engine import Engine

THERE, HOME = "The way there", "The way home"


@dataclass(frozen=True)
class Way:
    """One direction: the journey, and what else runs."""

    title: str
    journey: Journey | NoJourney
    service: RideService | None
    last: RouteService | None  # the latest ride of the day, of any route; told on the way home
    other_times: tuple[RouteService, ...] = ()  # direct buses of the day, where none runs around that time

    def instructions(self, pack: AreaPack) -> list[Instruction]:
        """Head, what to do, the last bus home, and what to check."""
        *told, check = list_instructions(self.journey, pack, self.service)
        if self.other_times:
            told.append(tell_other_times(self.other_times, pack))
        on_foot = isinstance(self.journey, Journey) and self.service is None and len(self.journey.legs) == 1
        if self.title == HOME and not on_foot and not self.not_known:
            told.append(Instruction("last", say_last_home(self, pack)))
        return [*told, check]

    @property
    def not_known(self) -> bool:
        """Whether the data say nothing of this way, so that no bus can't be told from no data."""
        return isinstance(self.journey, NoJourney) and self.journey.reason in NOT_KNOWN_REASONS


@dataclass(frozen=True)
class Sheet:
    """A journey there and, where it was asked for, home again."""

    there: Way
    home: Way | None

    @property
    def ways(self) -> tuple[Way, ...]:
        return (self.there,) if self.home is None else (self.there, self.home)


def build_sheet(
    engine: Engine,
    query: Query,
    origin: Place,
    destination: Place,
    *,
    depart_s: int | None = None,
    arrive_by_s: int | None = None,
    home_s: int | None = None,
) -> Sheet:
    """Find the way there (``find_journey``'s times) and, leaving at or after ``home_s``, the way home.

    Raises
    ------
    QueryError
        As ``find_journey``, or the way home would begin before the one there ends.
    """
    engine = engine.under(query.scenario)
    journey = engine.journey(query, origin, destination, depart_s=depart_s, arrive_by_s=arrive_by_s)
    there = Way(
        THERE, journey, find_ride_service(engine, query, journey), None,
        find_other_times(engine, query, journey),
    )  # fmt: skip
    if home_s is None:
        return Sheet(there, None)
    there_s = journey.arrive_s if isinstance(journey, Journey) else (arrive_by_s or depart_s or 0)
    if home_s < there_s:
        raise QueryError(
            f"home, leaving at {clock(home_s)}: is before the arrival at "
            f"{clock(there_s, round_up=True)}; give a later time (after midnight write 24:30 for 00:30)."
        )
    back = engine.journey(query, destination, origin, depart_s=home_s)
    service = find_ride_service(engine, query, back)
    last = find_last_ride(engine, query, destination, origin)
    return Sheet(there, Way(HOME, back, service, last, find_other_times(engine, query, back)))


def say_last_home(way: Way, pack: AreaPack) -> str:
    """The last way home of the day, or that there is none."""
    if way.last is None:
        return "No single bus goes home that day."
    same = None if way.service is None else way.service.own.from_stop_id
    return f"The last one home that day: {say_last(way.last, pack, same_stop_as=same)}."


def sheet_in_words(sheet: Sheet, pack: AreaPack) -> list[str]:
    """The sheet in lines; details begin with two spaces, the check comes once and last."""
    trial = say_trial_of(pack)
    lines: list[str] = []
    check = ""
    for way in sheet.ways:
        *told, last = way.instructions(pack)
        check = last.text
        lines += ["", way.title.upper()] if sheet.home is not None else []
        for instruction in told:
            lines.append(instruction.text)
            lines.extend(f"  {detail}" for detail in instruction.details)
    return [*([] if trial is None else [trial]), *lines[1 if sheet.home is not None else 0 :], check]


def sheet_in_short(sheet: Sheet, pack: AreaPack) -> list[str]:
    """The sheet as a text message: what to do, and nothing else.

    Where it starts is left out: it may be somebody's home. Of a trial the first line says so.
    """
    goal = clean_name(sheet.there.journey.destination.label) or "where you are going"
    lines = [] if pack.trial is None else [f"{TRIAL.upper()}. {DO_NOT_TRAVEL}"]
    lines.append(f"To {goal}, {say_day(sheet.there.journey.service_date)}")
    for way in sheet.ways:
        lines.extend(_shorten(way, pack))
    newest = pack.manifest.timetable.latest_start_date
    check = "check before you travel" if pack.trial is None else "changed, for a trial only"
    return [*lines, f"Timetable of {say_date(newest)}: {check}."]


def _shorten(way: Way, pack: AreaPack) -> list[str]:
    name = "THERE" if way.title == THERE else "HOME"
    journey = way.journey
    if isinstance(journey, NoJourney):
        what = (
            "not known, the data don't cover it"
            if way.not_known
            else "no journey on one bus around that time"
        )
        lines = [f"{name}: {what}."]
    else:
        lines = [not_held] if (not_held := say_not_held(journey, pack)) is not None else []
        lines.append(f"{name}: leave at {clock(journey.depart_s)}.")
        for leg in journey.legs:
            lines.extend(_shorten_walk(leg, pack) if isinstance(leg, WalkLeg) else _shorten_ride(leg, pack))
        lines.append(f"Arrive {clock(journey.arrive_s, round_up=True)}.")
    if way.last is not None:
        number = say_vehicle(way.last.mode, way.last.number, None)
        lines.append(f"Last one home: {number} at {clock(way.last.last_s)}.")
    return lines


def _shorten_walk(leg: WalkLeg, pack: AreaPack) -> list[str]:
    minutes = max(1, -(-leg.duration_s // 60))
    if leg.to_stop_id is None:
        return [f"Walk {minutes} min."] if leg.length_m >= 1 else []
    stop = read_stop(pack, leg.to_stop_id)
    street = f", {stop.street}" if stop.street and stop.street not in stop.title else ""
    heading = f", buses head {stop.heading}" if stop.heading else ""
    return [f"Walk {minutes} min to {stop.title}{street}{heading}."]


def _shorten_ride(leg: RideLeg, pack: AreaPack) -> list[str]:
    off, before = read_stop(pack, leg.to_stop_id), read_stop(pack, leg.previous_stop_id)
    about = "about " if leg.approximate else ""
    vehicle = say_vehicle(leg.mode, leg.route_short_name, None, read_headsign(leg.headsign))
    stops = "1 stop" if leg.stops_ridden == 1 else f"{leg.stops_ridden} stops"
    after = f", after {before.title}" if leg.stops_ridden > 1 else ""
    return [
        f"{about.capitalize()}{clock(leg.departure_s)} {vehicle}.",
        f"Off at {about}{clock(leg.arrival_s, round_up=True)}, {off.title} ({stops}{after}).",
    ]


def sheet_to_json(sheet: Sheet, pack: AreaPack) -> dict[str, Any]:
    """The sheet as JSON: ``there`` and ``home`` (null where not asked for) as of ``journey_to_json``."""
    told: dict[str, Any] = {
        "there": {
            **journey_to_json(sheet.there.journey, pack, sheet.there.service),
            "other_times": [route_to_json(one) for one in sheet.there.other_times],
        },
        "home": None,
        "trial": pack.trial,
        "short": sheet_in_short(sheet, pack),
    }
    if sheet.home is not None:
        last = sheet.home.last
        told["home"] = {
            **journey_to_json(sheet.home.journey, pack, sheet.home.service),
            "other_times": [route_to_json(one) for one in sheet.home.other_times],
            "last_home": None if last is None else route_to_json(last),
        }
    return told
