"""The words that people read: reasons, numbers, times and titles (product.md's rules).

A neighbourhood is never labelled, a count under ten is never printed, and a
missing number never reads as nought.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TypeVar

import pandas as pd

from data.date_words import say_date, say_day
from data.manifest import Manifest
from geo.query import Query
from geo.tables import SMALL_COUNT
from geo.whatif.words import say_trial

_Key = TypeVar("_Key", str, str | int)
NO_SERVICE = "No service within one bus"
NOT_KNOWN = "Not known"
IN_REACH = "In reach"
NOT_PUBLISHED = "not published"
FEW = "fewer than 10"
SMALL_BASE = "too few to compare"
TEST_DATA = "Test data: not for decisions"
STRAIGHT_LINES = "Walking is measured in straight lines, because this area has no street data."

SMALL_RATE_BASE = 50

CLASS_WORDS = {
    "outside_data": "Not known: outside the street data",
    "walk": "In reach on foot",
    "one_bus": "In reach by one bus",
    "two_buses": "Needs two buses",
    "not_in_reach": "Not in reach by bus",
}
REASON_WORDS = {
    "outside_data": "not known: outside the street data",
    "no_stop_near_origin": "no bus stop near enough to home",
    "no_stop_near_service": "no bus stop near enough to the service",
    "no_timetable": "not known: the timetable has no bus at the stops near there",
    "no_direct_bus": "no bus goes from near home to near the service",
    "direct_bus_other_times": "a direct bus runs, but at other times",
    "too_long": "a direct bus runs, but takes too long",
    "no_return": "no bus back",
}
MODE_WORDS = {
    "bus": "bus",
    "tram": "tram",
    "coach": "coach",
    "special_bus": "special bus",
    "rail": "train",
    "ferry": "ferry",
    "other": "other vehicle",
}


def say_clock(seconds: float) -> str:
    """Seconds of the service day as a clock time; past midnight says so.

    >>> say_clock(90_600)
    '01:10 the next day'
    """
    minutes = int(seconds // 60)
    days, minutes = divmod(minutes, 24 * 60)
    clock = f"{minutes // 60:02d}:{minutes % 60:02d}"
    if days == 0:
        return clock
    return f"{clock} the next day" if days == 1 else f"{clock} the day before" if days == -1 else clock


def say_minutes(seconds: object) -> str:
    """A duration in whole minutes, rounded up so that nobody is promised too much."""
    if pd.isna(seconds):  # type: ignore[call-overload]
        return ""
    return f"{-(-int(seconds) // 60)} min"  # type: ignore[call-overload]


def say_people(people: object) -> str:
    """A count of people; under ten reads 'fewer than 10', missing 'not published'."""
    if pd.isna(people):  # type: ignore[call-overload]
        return NOT_PUBLISHED
    whole = round(float(people))  # type: ignore[arg-type]
    return f"{whole:,}" if whole >= SMALL_COUNT else "0" if float(people) == 0 else FEW  # type: ignore[arg-type]


def say_share(share: object, base: object) -> str:
    """A share as a percentage; a base under 50 reads 'too few to compare'."""
    if pd.isna(share) or pd.isna(base):  # type: ignore[call-overload]
        return NOT_KNOWN.lower()
    if float(base) < SMALL_RATE_BASE:  # type: ignore[arg-type]
        return SMALL_BASE
    return say_percent(float(share))  # type: ignore[arg-type]


def say_percent(share: float) -> str:
    """A share of one as a percentage without false precision."""
    percent = 100 * share
    if 0 < percent < 1:
        return "under 1%"
    if 99 < percent < 100:
        return "over 99%"
    return f"{percent:.0f}%"


def say_modes(modes: Sequence[str]) -> str:
    """The modes in words, joined by 'or'."""
    return " or ".join(MODE_WORDS.get(mode, mode) for mode in modes)


def say_walk(query: Query) -> str:
    """How far and how fast people walk in this question."""
    walk = query.walk
    steps = ", no steps" if walk.avoid_steps else ""
    return f"at most {walk.max_walk_m} m to or from a stop at {walk.speed_kmh:g} km/h{steps}"


def say_question(
    query: Query, service_date: dt.date, completeness: float | None = None, when: str | None = None
) -> str:
    """Date, window, cut-off, mode and walk: what stands in every table's title.

    ``when`` stands in place of date and window (``layers.there_and_back.say_sessions``).
    """
    served = "" if completeness is None else f" (it serves {say_percent(completeness)} of active stops)"
    boardings = "one" if query.boardings == 1 else "at most two"
    if when is None:
        window = f"{say_clock(query.window_start_s)} to {say_clock(query.window_end_s)}"
        when = f"leaving {window} on {say_day(service_date)},"
    return (
        f"{when} {boardings} {say_modes(query.modes)}, "
        f"at most {query.cutoff_s / 60:g} minutes in all, walking {say_walk(query)}; "
        f"timetable of {say_date(service_date)}{served}"
    )


def say_title(what: str, query: Query, manifest: Manifest, when: str | None = None) -> str:
    """A table's or map's full title: what it shows and the question behind it; of a trial, that first."""
    day = query.service_date or manifest.timetable.service_date
    straight = "; walking in straight lines" if manifest.walk.mode == "straight_line" else ""
    question = say_question(query, day, manifest.timetable.completeness, when)
    return f"{_say_trial_first(query)}{what}, {say_area(manifest)}: {question}{straight}"


def say_journey_title(query: Query, manifest: Manifest) -> str:
    """What stands under a journey: the day, vehicle and walk it was looked up for."""
    day = query.service_date or manifest.timetable.service_date
    straight = "; walking in straight lines" if manifest.walk.mode == "straight_line" else ""
    return (
        f"{_say_trial_first(query)}Journeys in {say_area(manifest)} on {say_day(day)}, "
        f"one {say_modes(query.modes)}, "
        f"walking {say_walk(query)}; timetable of {say_date(day)}{straight}"
    )


def _say_trial_first(query: Query) -> str:
    return "" if query.scenario is None else f"{say_trial(query.scenario)}. "


def say_map_credit(manifest: Manifest) -> str:
    """The line on the map itself: who drew the streets; all other sources stand below it."""
    drawn = [s.attribution for s in manifest.sources if s.part in ("streets", "ground")]
    return " · ".join([*dict.fromkeys(drawn), "all sources below the map"])


def say_test_data(manifest: Manifest, today: dt.date) -> str | None:
    """The warning that stands beside every headline, map, export and print, or None."""
    why = manifest.why_test_data(today)
    return f"{TEST_DATA} ({why})" if why else None


def say_area(manifest: Manifest) -> str:
    """The area's name; a fictional one never stands without the word."""
    return say_area_name(manifest.name, manifest.fictional)


def say_area_name(name: str, fictional: bool) -> str:
    """As ``say_area``, where only the name is known; a name that says so itself stays as it is."""
    return f"{name} (fictional)" if fictional and "fictional" not in name.casefold() else name


def say_reason(reach_class: str, reason: object) -> str:
    """A pair's verdict in one line."""
    words = CLASS_WORDS.get(reach_class, reach_class)
    if reach_class in ("walk", "one_bus", "outside_data") or pd.isna(reason):  # type: ignore[call-overload]
        return words
    if reason == "no_timetable":
        return "Not known: the timetable has no bus at the stops near there"
    return f"{words}: {REASON_WORDS.get(str(reason), str(reason))}"


def number_alike(labels: dict[_Key, str]) -> dict[_Key, str]:
    """The labels, each once, as a list needs them that chooses by words: later ones alike are numbered."""
    apart: dict[_Key, str] = {}
    given = set(labels.values())
    used: set[str] = set()
    for key, label in labels.items():
        words, number = label, 1
        while words in used or (number > 1 and words in given):
            number += 1
            words = f"{label} – {number}"
        used.add(words)
        apart[key] = words
    return apart
