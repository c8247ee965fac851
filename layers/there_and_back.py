"""There and back: reach that counts a service only where a session can be gone to and come home from."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from data.areapack import AreaPack
from data.service_days import WEEKDAYS
from geo.engine import Engine
from geo.progress import Progress
from geo.query import Query
from geo.roundtrip import DEFAULT_ROUND_TRIP, RoundTripSettings
from geo.tables import GapTable, ReachTable
from geo.thereandback import compute_neighbourhood_there_and_back
from layers.measures import ALL, gap_rows
from layers.words import say_people

ASSUMED = "assumed"
ASSUMED_ALONE = "Only by assumed times"  # people: of those in reach, whoever has nothing else
SAME_PEOPLE = 1e-6  # sums of weighted people in another order differ by less
WHAT_IS_ASSUMED = (
    "nobody told us when it is held, or not all of what was told could be read; 10:30 to 12:30 is assumed "
    "where no times are known"
)
_HOW = {"walk": "There and back on foot", "one_bus": "There and back, at most one bus each way"}
_IF_HELD = " if held as assumed (10:30 to 12:30 where no times are known)"
_OF_SESSION = "10:30 to 12:30 is assumed where nobody told us its times"


@dataclass(frozen=True)
class ThereAndBack:
    """Which sessions count: those of one weekday (0 Monday), or of any day."""

    day: int | None = None
    settings: RoundTripSettings = DEFAULT_ROUND_TRIP


def knows_sessions(pack: AreaPack) -> bool:
    """Whether the source says of any service when it is held."""
    table = pack.sessions
    return table is not None and bool(table["start_s"].notna().any())


def compute_points(engine: Engine, query: Query, trip: ThereAndBack | None, progress: Progress) -> ReachTable:
    """Reach by origin point, getting there (``trip`` None) or there and back."""
    if trip is None:
        return engine.reach(query, level="point")
    return engine.reach_there_and_back(query, trip.settings, day=trip.day, level="point", progress=progress)


def weigh_neighbourhoods(points: ReachTable, pack: AreaPack) -> ReachTable:
    """Reach there and back by neighbourhood."""
    return compute_neighbourhood_there_and_back(points, pack)


def say_weekday(day: int | None) -> str:
    """A weekday's name, or any day."""
    return "any day" if day is None else WEEKDAYS[day].capitalize()


def say_sessions(trip: ThereAndBack) -> str:
    """What a title says in place of the departure window."""
    day = "any day" if trip.day is None else f"a {say_weekday(trip.day)}"
    early, linger = trip.settings.early_s // 60, trip.settings.linger_s // 60
    return (
        f"there and back: to a session on {day} ({_OF_SESSION}), at most {early} minutes early, and home "
        f"again within {linger} minutes of its end; each way"
    )


def say_assumed(reach: ReachTable) -> str:
    """How much of the table rests on assumed times; empty where nothing does."""
    frame = reach.frame
    one = frame[frame["origin_id"] == frame["origin_id"].iloc[0]] if len(frame) else frame
    number = int(one[ASSUMED].sum()) if ASSUMED in one else 0
    if not number:
        return ""
    return (
        f"Of {len(one):,} services and places, {number:,} are counted by an assumed session (10:30 to 12:30 "
        "where their source gives no times, else a day that may be none of theirs, or whose words could not "
        "all be read): what is said of those is assumed, not known. The people “assumed” have nothing "
        "else in reach."
    )


def say_people_assumed(gap: GapTable, area_id: str, *, kind: str, category: str, group_id: str) -> str:
    """How many people of a neighbourhood are in reach, and how many of them by assumed times alone.

    Empty where none is, where the group is not published there, and of getting there.
    """
    row = gap_rows(gap, "neighbourhood", kind, category, group_id).reindex([area_id]).iloc[0]
    if not row["in_reach_assumed"] > 0:
        return ""
    who = row["counted"] if group_id == ALL else f"{row['counted']} ({row['group_name']})"
    return (
        f"Of {say_people(row['people'])} {who} there, {say_people(row['in_reach'])} have one in reach there "
        f"and back, {say_assumed_part(row)} of them {ASSUMED_ALONE.lower()}: "
        f"{WHAT_IS_ASSUMED}."
    )


def say_assumed_part(row: pd.Series) -> str:
    """How many of a gap row's people in reach are so by assumed times alone: a number, or all."""
    assumed, whole = row["in_reach_assumed"], row["in_reach"]
    return "all" if assumed >= whole - SAME_PEOPLE else say_people(assumed)


def say_verdict(reach_class: str, reason: object, assumed: object, reasons: dict[str, str]) -> str:
    """A pair's verdict in one line; with assumed times it is never a plain yes or no.

    Parameters
    ----------
    reasons : dict
        Words of ``geo.tables.REASONS``.
    """
    if reach_class == "outside_data" or str(reason) in ("outside_data", "no_timetable"):
        words = reasons[str(reason)]
        return words[0].upper() + words[1:]
    if reach_class in _HOW:
        words = _HOW[reach_class]
    elif str(reason) == "no_return":
        words = "No bus home after it ends"
    else:
        words = f"Not there and back: {reasons.get(str(reason), str(reason))}"
    return f"Assumed: {words[0].lower()}{words[1:]}{_IF_HELD}" if assumed else words
