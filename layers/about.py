"""About the numbers: what a pack says of itself, in words and tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from data.areapack import AreaPack
from data.date_words import say_date
from data.manifest import Manifest, TimetableFacts
from geo.query import Query
from geo.version import ENGINE_VERSION
from layers.circumstances import describe_tables
from layers.measures import list_groups
from layers.words import STRAIGHT_LINES, say_area, say_percent, say_question, say_test_data

SEVERITY_WORDS = {
    "note": "noted",
    "repaired": "repaired",
    "dropped": "left out",
    "missing": "missing",
}

DEFINITIONS = """
- **In reach**, getting there: some journey that leaves home inside the window takes no longer than the
  cut-off, on foot all the way or with one ride on one vehicle. Walking to the stop, a minute's slack
  before boarding, the wait, the ride and the walk at the end all count. The wait at home for a bus that
  one has looked up does not.
- **In reach, there and back**: some session of the service can be gone to and come home from, each way
  on foot or with one ride, within the cut-off: there at most 30 minutes before it starts, and away
  within 45 minutes of its end. Where people may drop in, they stay an hour. The session's times count,
  and the departure window does not.
- **Assumed**: the source does not say when a service is held. A session from 10:30 to 12:30 is then
  counted, and what follows from it is never a plain yes or no. **Only by assumed times** are those of
  the people in reach who have nothing of the category in reach by times that are known.
- **Slack in leaving**: the time from the first to the last moment of leaving home with which a session
  works. **Wait before** and **wait after** are at the venue.
- **Times of day**: getting there, in five windows of two hours: weekday morning, afternoon and evening,
  Saturday and Sunday, each on one named day. Whether a service is open then is not asked.
- **What would change it**: each change alone, everything else as asked. One counts when it brings in at
  least half of the people of a neighbourhood who have none of the category in reach. The first named
  asks the fewest minutes of anybody: walking counts double, a second bus half an hour each way.
- **Trial**: changes that a visitor tries, and that nobody has made. Whatever is shown of one says so.
- **Turn up and go** (p50, p85): the time that half, or 85%, of all moments in the window achieve, for
  somebody who does not look the bus up, getting there. A service in reach by the timetable but not
  at the median moment is marked "only now and then".
- **No service within one bus**: people with no service of the category in reach, where that is known.
- **Not known**: people whose home lies outside the street data, or near whom, or near every service of
  the category, the timetable has no bus on any date. In reach, no service within one bus and not known
  sum to the residents; shares leave out the not known.
- People stand at several weighted points in each neighbourhood, not at its centre. A group's people are
  split over those points as all residents are.
- A rate says where people live, not who goes. One bus is a planning rule, not a law: transport is not a
  barrier for everyone, and confidence, safety, cost, language and somebody to go with the first time
  matter as well.
"""

LEAVES_OUT = (
    "Fares, delays, full buses, the weather, hills, lighting and how safe a walk feels.",
    "Whether a stop, a vehicle or a path is step-free: no source here says so.",
    "Lifts from friends, taxis, community transport, and a service's own transport unless the register "
    "names it.",
    "Services that the register does not have, and buses that the timetable does not have.",
    "Whether a service suits somebody: language, cost, referral and who it is for are shown where they "
    "are known.",
)


@dataclass(frozen=True)
class About:
    """The page's parts: sentences, then tables."""

    title: str
    warning: str | None
    facts: tuple[str, ...]
    notes: tuple[str, ...]
    sources: pd.DataFrame
    faults: pd.DataFrame
    groups: pd.DataFrame
    circumstances: pd.DataFrame
    licences: tuple[str, ...]


def build_about(pack: AreaPack, query: Query, today: dt.date, when: str | None = None) -> About:
    """All that a reader must know to judge the numbers; ``today`` judges the data's age."""
    manifest = pack.manifest
    day = query.service_date or manifest.timetable.service_date
    return About(
        title=f"About the numbers: {say_area(manifest)}",
        warning=say_test_data(manifest, today),
        facts=(
            *_timetable_facts(manifest),
            _walk_fact(manifest),
            f"The question asked now: {say_question(query, day, when=when)}.",
            f"Engine version {ENGINE_VERSION}; area pack {manifest.digest[:12] or 'not digested'}.",
        ),
        notes=manifest.notes,
        sources=_sources_table(manifest),
        faults=_faults_table(manifest),
        groups=_groups_table(pack),
        circumstances=describe_tables(pack),
        licences=manifest.licences,
    )


def _timetable_facts(manifest: Manifest) -> list[str]:
    facts = manifest.timetable
    lines = [
        f"The timetable is read for {say_service_date(facts)}. "
        f"{facts.trips_on_service_date:,} trips run that day; the feed runs from "
        f"{say_date(facts.first_date)} to {say_date(facts.last_date)}."
    ]
    if facts.completeness is None:
        lines.append(
            "How complete the timetable is can't be said: there is no list of stops to hold it against."
        )
    else:
        lines.append(
            f"It serves {facts.served_stops:,} of {facts.active_stops:,} active stops in the area "
            f"({say_percent(facts.completeness)})."
        )
    if facts.operators_without_service:
        lines.append("Operators with no trip that day: " + ", ".join(facts.operators_without_service) + ".")
    if facts.duplicate_trips:
        counts = ", ".join(f"{name} {count:,}" for name, count in facts.duplicate_trips.items())
        lines.append(f"Trips that the feed holds twice are left out of trips an hour: {counts}.")
    return lines


def say_service_date(facts: TimetableFacts) -> str:
    """The day that the timetable is read for, and why that one."""
    day, why = say_date(facts.service_date), facts.service_date_why.rstrip(". ")
    return why if day in why else f"{facts.service_date:%A} {day}: {why}"


def _walk_fact(manifest: Manifest) -> str:
    if manifest.walk.mode == "straight_line":
        return f"{STRAIGHT_LINES} Each line is lengthened by {manifest.walk.detour_factor:g}."
    return "Walking follows streets and paths of the street data, door to door."


def _sources_table(manifest: Manifest) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Part": source.part,
                "Title": source.title,
                "Owner": source.owner,
                "Date": say_date(source.date) if source.date else "not stated",
                "Licence": source.licence,
                "File": source.file,
            }
            for source in manifest.sources
        ],
        columns=["Part", "Title", "Owner", "Date", "Licence", "File"],
    )


def _faults_table(manifest: Manifest) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Part": fault.part,
                "What": fault.message,
                "Done": SEVERITY_WORDS[fault.severity],
                "Count": fault.count,
                "For example": "; ".join(fault.examples[:3]),
            }
            for fault in manifest.faults
        ],
        columns=["Part", "What", "Done", "Count", "For example"],
    )


def _groups_table(pack: AreaPack) -> pd.DataFrame:
    groups = list_groups(pack)
    return pd.DataFrame(
        {
            "Group": groups["name"].to_numpy(object),
            "Counts": groups["counted"].to_numpy(object),
            "A sum of others": ["yes" if value else "" for value in groups["is_aggregate"]],
            "Leaves out": groups["leaves_out"].fillna("").to_numpy(object),
        }
    )
