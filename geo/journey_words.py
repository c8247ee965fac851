"""A journey in plain English, for the person who makes it and whoever helps them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from data.areapack import AreaPack
from data.calendars import say_bank_holiday
from data.date_words import say_date, say_day
from geo.clock import clock
from geo.held import say_not_held
from geo.journey import Journey, NoJourney, RideLeg, WalkLeg
from geo.names import clean_name, put_in_case
from geo.ride_service import RideService, RouteService
from geo.stop_words import CHECK_STOP, StopWords, read_stop
from geo.turn_words import turns_in_words
from geo.whatif.words import TRIAL, say_trial_of

_VEHICLES = {
    "bus": "bus",
    "coach": "coach",
    "special_bus": "bus",
    "tram": "tram",
    "rail": "train",
    "ferry": "ferry",
}
_REASONS = {
    "outside_data": "{about} lies outside the area that the data cover, so nothing is known.",
    "no_stop_near_origin": "there is no stop within the walking limit of {about}.",
    "no_stop_near_service": "there is no stop within the walking limit of {about}.",
    "no_timetable": "there are stops near {about}, but the timetable has no times for them: it is not known.",
    "no_direct_bus": "no single bus goes from near the start to near the destination that day.",
    "direct_bus_other_times": "a direct bus runs that day, but not around that time.",
}
MOST_OTHERS = 4
# How a walk from a stop sets out, against the way its bus goes on.
_AHEAD_DEG, _BACK_DEG = 45, 135
_BEARING_DEG = {
    name: 45.0 * number for number, name in enumerate(("N", "NE", "E", "SE", "S", "SW", "W", "NW"))
}

Kind = Literal["head", "held", "walk", "ride", "stay", "alight", "arrive", "other_times", "last", "check"]


@dataclass(frozen=True)
class Instruction:
    """One thing to do, and what belongs to it; names in it are not escaped for any format."""

    kind: Kind
    text: str
    details: tuple[str, ...] = ()


def journey_in_words(
    journey: Journey | NoJourney, pack: AreaPack, service: RideService | None = None
) -> list[str]:
    """Tell a journey in lines, in the order in which they are needed; details begin with two spaces.

    Names from outside stand on one line and without control characters; they
    are not escaped for any format.
    """
    lines: list[str] = []
    for instruction in list_instructions(journey, pack, service):
        lines.append(instruction.text)
        lines.extend(f"  {detail}" for detail in instruction.details)
    return lines


def list_instructions(
    journey: Journey | NoJourney, pack: AreaPack, service: RideService | None = None
) -> list[Instruction]:
    """Tell a journey as instructions: a head, what to do, and what to check.

    Parameters
    ----------
    service : RideService, optional
        What ``find_ride_service`` says of the journey: how often, first and last, other routes.
    """
    start = clean_name(journey.origin.label) or "the start"
    end = clean_name(journey.destination.label) or "the destination"
    check = Instruction("check", say_check(pack, journey.service_date))
    trial = "" if pack.trial is None else f"{TRIAL}. "
    if isinstance(journey, NoJourney):
        return [
            Instruction("head", f"{trial}No journey on one bus from {start} to {end}: {_say_why(journey)}"),
            check,
        ]
    total = _minutes(journey.arrive_s - journey.depart_s)
    day = say_day(journey.service_date)
    head = f"{trial}From {start} to {end} on {day}: {total}, leaving {clock(journey.depart_s)}."
    told = [Instruction("head", head)]
    if (not_held := say_not_held(journey, pack)) is not None:
        told.append(Instruction("held", not_held))
    came_by: StopWords | None = None
    for leg in journey.legs:
        if isinstance(leg, RideLeg):
            told.extend(_tell_ride(leg, journey, pack, service))
            came_by = read_stop(pack, leg.to_stop_id)
        elif (walk := _tell_walk(leg, journey, pack, came_by)) is not None:
            told.append(walk)
    return [*told, Instruction("arrive", f"You arrive at {clock(journey.arrive_s, round_up=True)}."), check]


def _say_why(journey: NoJourney) -> str:
    """The reason, with the place that it is about; of both, "each of the two places"."""
    names = [clean_name(one.label) or "one of the two places" for one in journey.about]
    about = names[0] if len(names) == 1 else "each of the two places"
    return _REASONS.get(journey.reason, journey.reason).replace("{about}", about)


def _minutes(duration_s: int) -> str:
    minutes = max(1, -(-duration_s // 60))
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def _metres(length_m: float) -> str:
    """Ten metres at a time: nobody walks to the metre. Under 10 m reads 10 m."""
    return f"{max(10, int((length_m + 5) // 10) * 10):,} m"


def _find_stop_words(stop: StopWords) -> str:
    """What tells the stop from the one across the road: its street and the way its buses head."""
    words = stop.with_article
    for before, name in (("on", stop.street), ("near", stop.landmark)):
        if name is not None and name.casefold() not in words.casefold():
            words += f", {before} {name}"
    if stop.heading is not None:
        words += f", on the side where buses head {stop.heading}"
    return words + _check_stop(stop)


def _check_stop(stop: StopWords) -> str:
    return f" ({CHECK_STOP})" if stop.check else ""


def _tell_walk(
    leg: WalkLeg, journey: Journey, pack: AreaPack, came_by: StopWords | None
) -> Instruction | None:
    stop = None if leg.to_stop_id is None else read_stop(pack, leg.to_stop_id)
    goal = _find_stop_words(stop) if stop else clean_name(journey.destination.label) or "where you are going"
    if leg.length_m < 1:
        return None if stop is None else Instruction("walk", f"The stop is where you are: {goal}.")
    text = f"Walk {_metres(leg.length_m)} ({_minutes(leg.duration_s)}) to {goal}."
    if leg.directions is None:
        note = "Measured in a straight line with an allowance, because this data has no streets: use a map."
        return Instruction("walk", text, (note,))
    turns = [f"{words[:1].upper()}{words[1:]}." for words in turns_in_words(leg.directions.steps)]
    if came_by is not None and came_by.bearing is not None:
        turns[0] = _against_the_bus(turns[0], leg.directions.steps[0].heading_deg, came_by.bearing)
    if leg.directions.end_side is not None:
        what = "The stop is" if stop else "It is"
        turns[-1] += f" {what} on your {leg.directions.end_side}."
    return Instruction("walk", text, tuple(turns))


def _against_the_bus(words: str, heading_deg: float, bearing: str) -> str:
    """Add to a first step whether it goes the way that the bus goes on."""
    apart = abs((heading_deg - _BEARING_DEG[bearing] + 180) % 360 - 180)
    if apart <= _AHEAD_DEG:
        return f"{words[:-1]} (the way the bus goes on)."
    return f"{words[:-1]} (back the way the bus came)." if apart >= _BACK_DEG else words


def say_vehicle(mode: str, number: str | None, agency: str | None, headsign: str | None = None) -> str:
    """'bus 7 (Town Buses) towards Library'; what the timetable lacks is left out."""
    vehicle, number = _VEHICLES.get(mode, "vehicle"), clean_name(number)
    words = f"{vehicle} {number}" if number else f"the {vehicle}"
    if (operator := clean_name(agency)) is not None:
        words += f" ({operator})"
    return words + (f" towards {headsign}" if headsign else "")


def read_headsign(headsign: str | None) -> str | None:
    """A headsign without a "towards" of its own, in ordinary case."""
    words = clean_name(headsign)
    if words is None:
        return None
    return put_in_case(re.sub(r"^(?:towards|to)\s+", "", words, flags=re.IGNORECASE)) or None


def _tell_ride(
    leg: RideLeg, journey: Journey, pack: AreaPack, service: RideService | None
) -> list[Instruction]:
    on, off, before, last = (
        read_stop(pack, stop_id)
        for stop_id in (leg.from_stop_id, leg.to_stop_id, leg.previous_stop_id, leg.last_stop_id)
    )
    about = "about " if leg.approximate else ""
    ready = clock(leg.departure_s - journey.board_slack_s)
    headsign = read_headsign(leg.headsign)
    vehicle = say_vehicle(leg.mode, leg.route_short_name, leg.agency_name, headsign)
    text = f"At {about}{clock(leg.departure_s)} take {vehicle}. Be at the stop by {ready}."
    if headsign is None:
        ends = f"This trip ends at {last.title}. " if last.name is not None else ""
        text += f" {ends}Ask the driver whether it goes to your stop."
    duration = _minutes(leg.arrival_s - leg.departure_s)
    if leg.stops_ridden == 1:
        stay = f"Stay on for 1 stop ({duration}): get off at the next stop after {on.title}."
    elif before.name is None and before.street is None:
        stay = (
            f"Stay on for {leg.stops_ridden} stops ({duration}). The stop before yours has no name in this "
            f"timetable ({_place_words(before)}): count the stops, or ask the driver to tell you."
        )
    else:
        stay = f"Stay on for {leg.stops_ridden} stops ({duration}). The stop before yours is {before.title}."
    street = off.street if off.street and off.street.casefold() not in off.title.casefold() else None
    get_off = f"Get off at {off.with_article}{f', on {street},' if street else ''}"
    at = f"at {about}{clock(leg.arrival_s, round_up=True)}"
    return [
        Instruction("ride", text, tuple(_tell_service(leg, pack, service))),
        Instruction("stay", stay),
        Instruction("alight", f"{get_off} {at}{_check_stop(off)}."),
    ]


def _place_words(stop: StopWords) -> str:
    return f"grid reference {stop.grid_reference}" if stop.grid_reference else stop.title


def _tell_service(leg: RideLeg, pack: AreaPack, service: RideService | None) -> list[str]:
    """How often, the next one, first and last, and what else would do."""
    if service is None:
        return []
    own, about = service.own, "about " if service.own.approximate else ""
    lines = [f"How often: {own.frequency}."]
    following = service.next_s.get(leg.departure_s)
    miss = "This is the last one that day."
    if following is not None:
        miss = f"If you miss it, the next one is at {about}{clock(following)}."
    lines.append(
        f"{miss} The first that day is {about}at {clock(own.first_s)}, the last at {clock(own.last_s)}."
    )
    same = [other for other in service.others if other.same_stops]
    if same:
        lines.append(f"Also between these two stops: {_join([_tell_other(one) for one in same])}.")
    near = [other for other in service.others if not other.same_stops][:MOST_OTHERS]
    for other in near:
        start, end = read_stop(pack, other.from_stop_id), read_stop(pack, other.to_stop_id)
        from_words = "the same stop" if other.from_stop_id == own.from_stop_id else start.title
        to_words = "the same stop" if other.to_stop_id == own.to_stop_id else end.title
        lines.append(
            f"From stops nearby: {_tell_other(other)}, from {from_words} to {to_words} "
            f"(walks of {_metres(other.walk_m)} in all)."
        )
    return lines


def tell_other_times(services: Sequence[RouteService], pack: AreaPack) -> Instruction:
    """When the direct buses of the day run, where none does around the time asked about."""
    lines = [
        f"{say_vehicle(one.mode, one.number, one.agency_name)}, {one.frequency}, from "
        f"{read_stop(pack, one.from_stop_id).with_article} to {read_stop(pack, one.to_stop_id).title}."
        for one in services[:MOST_OTHERS]
    ]
    lines = [f"{line[:1].upper()}{line[1:]}" for line in lines]
    return Instruction("other_times", "It runs at other times:", tuple(lines))


def _tell_other(other: RouteService) -> str:
    return f"{say_vehicle(other.mode, other.number, other.agency_name)}, {other.frequency}"


def _join(words: list[str]) -> str:
    return "; ".join(words)


def say_last(last: RouteService, pack: AreaPack, *, same_stop_as: str | None = None) -> str:
    """The last way of all of a day: 'bus 53 (Town Buses) at 22:15 from the stop Market Square'."""
    about = "about " if last.approximate else ""
    stop = read_stop(pack, last.from_stop_id)
    place = "the same stop" if last.from_stop_id == same_stop_as else stop.with_article + _check_stop(stop)
    vehicle = say_vehicle(last.mode, last.number, last.agency_name)
    return f"{vehicle} at {about}{clock(last.last_s)} from {place}"


def say_check(pack: AreaPack, date: dt.date) -> str:
    """The timetable's date and what to do about it; of a trial, that nobody can travel so."""
    newest = pack.manifest.timetable.latest_start_date  # what is older is still of it
    if pack.trial is not None:
        return (
            f"{say_trial_of(pack)} The times are of {say_day(date)}, from a timetable that begins "
            f"{say_date(newest)}, changed."
        )
    holiday = say_bank_holiday(pack.manifest, date)
    return (
        f"Check before you travel: these times are of {say_day(date)}, from a timetable that begins "
        f"{say_date(newest)}; buses change, and this one may have.{f' {holiday}' if holiday else ''}"
    )
