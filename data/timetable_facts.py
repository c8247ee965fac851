"""Sum up a timetable for the manifest: its dates, the day it is read on, completeness, duplicates."""

from __future__ import annotations

import pandas as pd

from data.areapack import Feed
from data.duplicates import find_duplicate_trips
from data.manifest import Fault, TimetableFacts
from data.service_days import ServiceDate
from data.sources.faultlog import FaultLog
from data.sources.stops import compute_completeness


def build_timetable_facts(
    feed: Feed, stops: pd.DataFrame, chosen: ServiceDate
) -> tuple[TimetableFacts, list[Fault]]:
    """Build what the manifest says of the timetable, and the faults that only the whole shows.

    Parameters
    ----------
    feed
        The timetable.
    stops
        The merged table of stops.
    chosen
        The service date, from ``choose_service_date``.
    """
    log = FaultLog("timetable")
    duplicates = find_duplicate_trips(feed, chosen.date)
    log.add(
        "trip_duplicate",
        "note",
        len(duplicates.drop),
        f"trips that repeat another of the same operator on {chosen.date:%Y-%m-%d}; left out of headways",
        feed.trips["trip_id"].iloc[duplicates.drop],
    )
    log.add(
        "trip_identical_other_operator",
        "note",
        sum(duplicates.shared.values()),
        "pairs of identical trips of different operators; both kept",
        [f"{a} and {b}: {count}" for (a, b), count in duplicates.shared.items()],
    )
    log.add(
        "operator_without_service",
        "note",
        len(chosen.operators_without_service),
        f"operators with no trip on {chosen.date:%Y-%m-%d}",
        chosen.operators_without_service,
    )
    completeness = compute_completeness(stops)
    dates = chosen.feed_dates
    facts = TimetableFacts(
        service_date=chosen.date,
        service_date_why=chosen.why,
        first_date=dates.first,
        last_date=dates.last,
        latest_start_date=dates.latest_start,
        completeness=completeness.share,
        active_stops=completeness.active_stops,
        served_stops=completeness.served_stops,
        trips_on_service_date=chosen.trips,
        operators_without_service=chosen.operators_without_service,
        duplicate_trips=duplicates.by_operator,
        timezone=str(feed.agency["agency_timezone"].iloc[0]),
    )
    return facts, log.faults
