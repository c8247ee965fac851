"""There and back: reach that counts a service only where a session can be gone to and come home from."""

from __future__ import annotations

from dataclasses import dataclass

from data.areapack import AreaPack
from data.service_days import WEEKDAYS
from geo.engine import Engine
from geo.progress import Progress
from geo.query import Query
from geo.roundtrip import DEFAULT_ROUND_TRIP, RoundTripSettings
from geo.tables import ReachTable
from geo.thereandback import compute_neighbourhood_there_and_back

ASSUMED = "assumed"
_HOW = {"walk": "There and back on foot", "one_bus": "There and back, at most one bus each way"}
_IF_HELD = " if held as assumed (10:30 to 12:30 where no times are known)"


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
        f"there and back: to a session on {day}, at most {early} minutes early, and home again within "
        f"{linger} minutes of its end; each way"
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
        "where their source gives no times, else a day that may be none of theirs): what is said of those is "
        "assumed, not known."
    )


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
