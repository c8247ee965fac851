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
    "share_in_reach": "float64, 0 to 1: share of the window from which t <= cut-off",
    "infrequent": "bool: in reach by the timetable, but the median moment of turning up is not",
}
# Only in the table by neighbourhood: the people-weighted share that is in
# reach (class walk or one_bus), 0 to 1.
PEOPLE_COLUMN = "share_in_reach_people"


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


# Rows: (level, area, kind, category, group). category "*" is any category.
GAP_COLUMNS: dict[str, str] = {
    "level": "neighbourhood, ward or area",
    "area_id": "string",
    "area_name": "string",
    "kind": "service or place",
    "category": "string; '*' is any category of the kind",
    "group_id": "string; 'all' is all residents",
    "group_name": "string",
    "people": "Int64: residents of the group; null where not published",
    "in_reach": "float64: people with at least one of the category in reach",
    "cut_off": "float64: people with none in reach, known",
    "not_known": "float64: people whose reach is not known; the three sum to people",
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
