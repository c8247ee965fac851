"""The engine's results: columns, units and null rules, in one place.

Unreached is null, never a number. Times are whole seconds, rounded up.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from geo.query import Query

CLASSES = ("outside_data", "walk", "one_bus", "two_buses", "not_in_reach")
REASONS = (
    "outside_data",
    "no_stop_near_origin",
    "no_stop_near_service",
    "no_timetable",
    "no_direct_bus",
    "direct_bus_other_times",
    "too_long",
    "no_return",
)
NOT_KNOWN_REASONS = ("outside_data", "no_timetable")
# Of people: fewer are not told apart ("fewer than 10").
SMALL_COUNT = 10

# Columns of a reach table, in order; the percentiles' columns stand where
# "travel_time" does, one each: travel_time_p50_s, travel_time_p85_s, ...
REACH_COLUMNS: dict[str, str] = {
    "origin_id": "string",
    "service_id": "string",
    "reach_class": "category of CLASSES",
    "reason": "category of REASONS; null when the class is walk or one_bus",
    "walk_time_s": "Int32: walking all the way, within the whole-walk limit; else null",
    "best_duration_s": "Int32: arrive - leave of the best journey leaving inside the window, walking "
    "all the way included; null when there is none. May pass the cut-off (reason too_long).",
    "best_wait_s": "Int32: of the best ride: board slack and wait; null without a ride",
    "best_ride_s": "Int32: of the best ride: in-vehicle time",
    "best_walk_s": "Int32: of the best ride: access and egress walk",
    "travel_time": "Int32: percentile of t over the window; null when unreached",
    "share_in_reach": "float64, 0 to 1: share of the window from which t <= cut-off; null when not known",
    "infrequent": "bool: in reach by the timetable, but the median moment of turning up is not",
}
# Only in the table by neighbourhood: the share of all its people for whom the
# class is walk or one_bus, 0 to 1; null where reach is known for none of them.
PEOPLE_COLUMN = "share_in_reach_people"


ISOCHRONE_COLUMNS: dict[str, str] = {
    "origin_id": "string: the place that the land is reached from",
    "cutoff_s": "Int32: the land holds all that is reached within so many seconds; null where the place is "
    "outside the data",
    "statistic": "string: best (the timetabled question), or p50 and the like (turn up and go)",
}


@dataclass(frozen=True)
class ReachTable:
    """One row per (origin, service), origins outermost, both in the order given.

    ``level`` is "point" or "neighbourhood".
    """

    frame: pd.DataFrame
    level: str
    query: Query
    service_date: dt.date
    area_id: str
    pack_digest: str


# What a reach table of there and back says beside them, of each service's best session.
THERE_AND_BACK_COLUMNS: dict[str, str] = {
    "assumed": "bool: the default session stands for unknown times, or it may not be held that day",
    "wait_before_s": "Int32: waiting at the venue before the start; null for drop-in hours",
    "wait_after_s": "Int32: waiting at the venue after the end (drop-in hours: after the stay)",
    "slack_s": "Int32: how late one may leave home and still arrive, after the first moment that works; "
    "0: there is one moment only",
    "later_buses_home": "Int32: other buses home after the one taken, within the horizon after the end",
}


def describe_reach(query: Query, level: str, *, there_and_back: bool = False) -> dict[str, str]:
    """What each column of a reach table holds, for a file's metadata; ``level`` as of ReachTable."""
    words: dict[str, str] = {}
    for name, meaning in REACH_COLUMNS.items():
        if name == "travel_time":
            words |= {f"travel_time_p{p}_s": meaning for p in query.percentiles}
        else:
            words[name] = meaning
    if there_and_back:
        words |= THERE_AND_BACK_COLUMNS
    if level == "neighbourhood":
        words[PEOPLE_COLUMN] = "float64, 0 to 1: share of the people for whom the class is walk or one_bus"
    return words


# Rows: (level, area, kind, category, group). category "*" is any category.
# Whom a row counts, and of what: shared by every table of people.
PEOPLE_ROW_COLUMNS: dict[str, str] = {
    "level": "neighbourhood, ward or area",
    "area_id": "string",
    "area_name": "string",
    "kind": "service or place",
    "category": "string; '*' is any category of the kind",
    "group_id": "string; 'all' is all residents",
    "group_name": "string",
    "counted": "people or households: what the row's numbers count",
    "people": "Int64: residents (or households) of the group; null where not published",
}
GAP_COLUMNS: dict[str, str] = {
    **PEOPLE_ROW_COLUMNS,
    "in_reach": "float64: people with at least one of the category in reach",
    "in_reach_assumed": "float64: those of in_reach who have nothing in reach but by assumed sessions, since "
    "nobody told when theirs are held; null of getting there, which asks for no session",
    "cut_off": "float64: people with none in reach, known",
    "not_known": "float64: people whose reach is not known; in_reach + cut_off + not_known = people",
    "share_cut_off": "float64: cut_off / (in_reach + cut_off); null when that base is 0",
    "share_not_known": "float64: not_known / people",
    "small_count": "bool: people under 10, to be read 'fewer than 10'",
    "small_base": "bool: known people under 50, 'too few to compare'",
    "services": "Int64: how many of the category the pack holds (venues)",
}


@dataclass(frozen=True)
class GapTable:
    """Category x group x area level: people in reach, cut off and not known."""

    frame: pd.DataFrame
    query: Query
    service_date: dt.date
    area_id: str
    pack_digest: str


# The verdict on a session: whether a person can be there in time and get home.
# "assumed": the source doesn't say when the session is, and the default stands for it; or what it
# says is not all certain, or not all understood.
VERDICTS = ("yes", "assumed_yes", "no", "assumed_no", "not_known")

# Rows: (origin, session). Definitions: docs/methods.md, "Session, round trip".
ROUNDTRIP_COLUMNS: dict[str, str] = {
    "origin_id": "string",
    "service_id": "string",
    "session_id": "string; SERVICE/assumed for the default session of a service without any",
    "session_kind": "session (be there at the start) or drop_in",
    "session_date": "the session's own date; null: the timetable has no date of it",
    "session_hours": "its clock times on that date: '10:30 to 12:00'; '22:00 to 25:30' ends at 01:30",
    "service_date": "date whose timetable is read: the day before session_date where it begins soon after "
    "midnight",
    "session_start_s": "Int32: seconds from noon minus 12 h of service_date; may pass 86,400",
    "session_end_s": "Int32",
    "verdict": "category of VERDICTS",
    "reason": "category of REASONS; null when the verdict is yes or assumed_yes",
    "leave_home_s": "Int32: of the best outward journey; null when there is none",
    "arrive_s": "Int32: at the venue",
    "wait_before_s": "Int32: start - arrive; null for drop-in hours",
    "outward_duration_s": "Int32: arrive - leave home",
    "outward_walk_s": "Int32: walking in it",
    "outward_by": "category walk or one_bus",
    "outward_route": "string: the bus's number; null on foot",
    "leave_venue_s": "Int32: of the best return journey; null when there is none",
    "arrive_home_s": "Int32",
    "wait_after_s": "Int32: leave venue - end (drop-in hours: - the end of the stay)",
    "return_duration_s": "Int32: arrive home - leave venue",
    "return_walk_s": "Int32",
    "return_by": "category walk or one_bus",
    "return_route": "string",
    "slack_s": "Int32: from the first to the last moment of leaving home that works; 0: there is only one",
    "later_buses_home": "Int32: other buses home after the chosen return, within the horizon after the end",
    "last_bus_home_s": "Int32: departure of the last bus home before the end; with reason no_return only",
    "text": "string: with reason no_return, the bus that there is, in words",
    "note": "string: what is assumed about the session, or not known",
}
# Only in the table by neighbourhood: the people-weighted share whose verdict is yes or assumed_yes.
ROUNDTRIP_PEOPLE_COLUMN = "share_there_and_back_people"


@dataclass(frozen=True)
class RoundTripTable:
    """One row per (origin, session), origins outermost, both in the order given.

    ``level`` is "point" or "neighbourhood"; ``early_s``, ``linger_s`` and
    ``stay_s`` are the settings it was computed with.
    """

    frame: pd.DataFrame
    level: str
    query: Query
    early_s: int
    linger_s: int
    stay_s: int
    area_id: str
    pack_digest: str


# What would bring a category within reach, of equal costs the first; "nothing": none of what was looked at.
# Of equal costs the first is the answer.
ANSWERS = ("session", "cutoff", "walk", "walk_all_the_way", "bus", "second_bus", "nothing")

# Rows: (neighbourhood, category) where some people have none in reach. Definitions: docs/methods.md, "Why".
# Every number tells of its remedy alone, and is null where that would not do.
WHY_COLUMNS: dict[str, str] = {
    "neighbourhood_id": "string",
    "name": "string",
    "kind": "service or place",
    "category": "string; '*' is any category of the kind",
    "people": "float64: residents; null where not published",
    "cut_off": "float64: people with none of the category in reach",
    "share_cut_off": "float64: of the people whose reach is known",
    "answer": "string: the cheapest of ANSWERS",
    "cost_min": "float64: what it costs, in minutes asked of somebody; null with answer nothing",
    "people_gained": "float64: of those cut off, people whom the answer brings within reach",
    "walk_m": "Int32: the least limit of a walk to or from a stop, in tens of metres, that does it by bus",
    "walk_people": "float64: people whom that brings within reach",
    "walk_point_id": "string: an origin point for which it takes just that",
    "walk_all_the_way_m": "Int32: the least limit of walking all the way, in tens of metres, that does it",
    "walk_all_the_way_people": "float64: people whom that brings within reach",
    "walk_all_the_way_point_id": "string: an origin point for which it takes just that",
    "cutoff_min": "Int32: the least cut-off in minutes that does it",
    "cutoff_people": "float64",
    "session_service_id": "string: the service whose session has to move least",
    "session_id": "string",
    "session_kind": "string: session or drop_in",
    "session_day": "string: the weekday on which it is held; null where that is assumed",
    "session_start_s": "Int32: when it would have to start; seconds from noon minus 12 h",
    "session_end_s": "Int32: and end, as long as it is now",
    "session_shift_min": "Int32: how much later (negative: earlier) that is",
    "session_assumed": "boolean: the source doesn't say when it is held now",
    "session_people": "float64",
    "bus": "string: the last bus home that has to run least later, by its number and where it goes",
    "bus_trip_id": "string: its trip in the timetable",
    "bus_day": "string: the weekday on which it leaves",
    "bus_leaves_s": "Int32: when it leaves now, where most of them would board it",
    "bus_needed_s": "Int32: when one would have to leave there",
    "bus_later_min": "Int32",
    "bus_people": "float64",
    "second_bus": "bool: two buses (each way) would do it",
    "second_bus_s": "Int32: the journey there by two buses; null for there and back",
    "second_bus_people": "float64",
    "nearest_m": "Int32: the nearest of the category, in a straight line",
    "sentence": "string: the answer in words",
}


@dataclass(frozen=True)
class WhyTable:
    """One row per (neighbourhood, category) that some people have not in reach, with what would change it."""

    frame: pd.DataFrame
    query: Query
    there_and_back: bool
    service_date: dt.date
    area_id: str
    pack_digest: str
