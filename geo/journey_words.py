"""A journey in plain English, for the person who makes it and whoever helps them."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from data.areapack import AreaPack
from geo.journey import Journey, NoJourney, RideLeg, WalkLeg
from geo.places import describe_stop

_BEARINGS = {
    "N": "north", "NE": "north-east", "E": "east", "SE": "south-east",
    "S": "south", "SW": "south-west", "W": "west", "NW": "north-west",
}  # fmt: skip
_VEHICLES = {
    "bus": "bus",
    "coach": "coach",
    "special_bus": "bus",
    "tram": "tram",
    "rail": "train",
    "ferry": "ferry",
}
_REASONS = {
    "outside_data": "one of the two places is outside the area that the data cover, so nothing is known.",
    "no_stop_near_origin": "there is no stop within the walking limit of the start.",
    "no_stop_near_service": "there is no stop within the walking limit of the destination.",
    "no_timetable": "there are stops nearby, but the timetable has no times for them: it is not known.",
    "no_direct_bus": "no single bus goes from near the start to near the destination that day.",
    "direct_bus_other_times": "a direct bus runs that day, but not around that time.",
}
# A way is told by the streets that make it up; shorter ones only confuse.
SHORTEST_TOLD_M = 20
MOST_STREETS = 4


def clock(time_s: int, *, round_up: bool = False) -> str:
    """Time of day of a time in seconds, to the minute: down for leaving, up for arriving."""
    minutes = -(-time_s // 60) if round_up else time_s // 60
    day, minute = divmod(minutes, 24 * 60)
    text = f"{minute // 60:02d}:{minute % 60:02d}"
    return text + {0: "", 1: " (the next day)", -1: " (the day before)"}.get(day, f" ({day} days later)")


def _clean(text: str | None) -> str | None:
    """A name from outside on one line, without control characters."""
    if text is None:
        return None
    return "".join(c for c in " ".join(text.split()) if c.isprintable()) or None


def _minutes(duration_s: int) -> str:
    minutes = max(1, -(-duration_s // 60))
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def _metres(length_m: float) -> str:
    """Ten metres at a time: nobody walks to the metre. Under 10 m reads 10 m."""
    return f"{max(10, round(length_m / 10) * 10):,} m"


def _join(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and then " + words[-1]


def _along(leg: WalkLeg) -> str:
    """Name the streets of a walk in order, as far as they have names."""
    if leg.straight_line:
        return " (measured in a straight line with an allowance: this data has no streets)"
    told: list[str] = []
    for name, length_m in leg.streets:
        words = _clean(name)
        if words is not None and length_m >= SHORTEST_TOLD_M and (not told or told[-1] != words):
            told.append(words)
    if not told:
        return ""
    if len(told) > MOST_STREETS:
        return f" by way of {_join([told[0], *told[-(MOST_STREETS - 1) :]])}"
    return f" along {_join(told)}"


def _stop_row(pack: AreaPack, stop_id: str) -> pd.Series:
    return pack.stops.iloc[pack.stops["stop_id"].tolist().index(stop_id)]


def _where_stop_is(row: pd.Series) -> str:
    """What tells the stop from the one across the road: its street and the way its buses face."""
    name = describe_stop(row)
    words = ""
    street = _clean(None if pd.isna(row["street"]) else str(row["street"]))
    if street is not None and street.casefold() not in name.casefold():
        words += f", on {street}"
    landmark = _clean(None if pd.isna(row["landmark"]) else str(row["landmark"]))
    if landmark is not None and landmark.casefold() not in f"{name}{words}".casefold():
        words += f", near {landmark}"
    bearing = None if pd.isna(row["bearing"]) else _BEARINGS.get(str(row["bearing"]).strip().upper())
    if bearing is not None:
        words += f", on the side where buses head {bearing}"
    return words


def _walk_words(leg: WalkLeg, journey: Journey, pack: AreaPack) -> str | None:
    if leg.to_stop_id is not None:
        row = _stop_row(pack, leg.to_stop_id)
        target = f"{_stop_words(row)}{_where_stop_is(row)}"
    else:
        target = _clean(journey.destination.label) or "where you are going"
    if leg.length_m < 1:
        return None if leg.to_stop_id is None else f"The stop is where you are: {target}."
    return f"Walk {_metres(leg.length_m)} ({_minutes(leg.duration_s)}){_along(leg)}, to {target}."


def _stop_words(row: pd.Series) -> str:
    """A stop's name in a sentence: 'the stop Market Square (Stop B)' or 'the stop on High Street'."""
    name = describe_stop(row)
    if name.startswith("stop on "):
        return f"the {name}"
    return f"an {name}" if name.startswith("unnamed") else f"the stop {name}"


def _vehicle_words(leg: RideLeg) -> str:
    vehicle = _VEHICLES.get(leg.mode, "vehicle")
    number = _clean(leg.route_short_name)
    words = f"{vehicle} {number}" if number else f"the {vehicle}"
    agency, headsign = _clean(leg.agency_name), _clean(leg.headsign)
    if agency:
        words += f" ({agency})"
    return words + (f" towards {headsign}" if headsign else "")


def _ride_words(leg: RideLeg, journey: Journey, pack: AreaPack) -> list[str]:
    on, off, before = (
        _stop_row(pack, stop_id) for stop_id in (leg.from_stop_id, leg.to_stop_id, leg.previous_stop_id)
    )
    about = "about " if leg.approximate else ""
    ready = clock(leg.departure_s - journey.board_slack_s)
    lines = [f"At {about}{clock(leg.departure_s)} take {_vehicle_words(leg)}. Be at the stop by {ready}."]
    headed = _clean(leg.headsign)
    if headed is None:
        lines[0] += " Ask the driver whether it goes to the stop below."
    duration = _minutes(leg.arrival_s - leg.departure_s)
    if leg.stops_ridden == 1:
        lines.append(f"Stay on for 1 stop ({duration}): get off at the next stop after {describe_stop(on)}.")
    else:
        lines.append(
            f"Stay on for {leg.stops_ridden} stops ({duration}). "
            f"The stop before yours is {describe_stop(before)}."
        )
    lines.append(
        f"Get off at {_stop_words(off)}{_on_street(off)} at {about}{clock(leg.arrival_s, round_up=True)}."
    )
    return lines


def _on_street(row: pd.Series) -> str:
    street = _clean(None if pd.isna(row["street"]) else str(row["street"]))
    return f", on {street}," if street and street.casefold() not in describe_stop(row).casefold() else ""


def _date_words(date: dt.date) -> str:
    return f"{date:%A} {date.day} {date:%B %Y}"


def _check_words(pack: AreaPack, date: dt.date) -> str:
    facts = pack.manifest.timetable
    return (
        f"Check before you travel: these times are of {_date_words(date)}, from a timetable that begins "
        f"{facts.first_date.day} {facts.first_date:%B %Y}; buses change, and this one may have."
    )


def journey_in_words(journey: Journey | NoJourney, pack: AreaPack) -> list[str]:
    """Tell a journey in sentences, in the order in which they are needed.

    Names from outside stand on one line and without control characters; they
    are not escaped for any format.
    """
    start = _clean(journey.origin.label) or "the start"
    end = _clean(journey.destination.label) or "the destination"
    if isinstance(journey, NoJourney):
        why = _REASONS.get(journey.reason, journey.reason)
        return [
            f"No journey on one bus from {start} to {end}: {why}",
            _check_words(pack, journey.service_date),
        ]
    total = _minutes(journey.arrive_s - journey.depart_s)
    lines = [
        f"From {start} to {end} on {_date_words(journey.service_date)}: {total}, "
        f"leaving {clock(journey.depart_s)}."
    ]
    for leg in journey.legs:
        if isinstance(leg, RideLeg):
            lines.extend(_ride_words(leg, journey, pack))
        elif (words := _walk_words(leg, journey, pack)) is not None:
            lines.append(words)
    lines.append(f"You arrive at {clock(journey.arrive_s, round_up=True)}.")
    lines.append(_check_words(pack, journey.service_date))
    return lines
