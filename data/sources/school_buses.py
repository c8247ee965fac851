"""Buses that carry pupils: told by the area's configuration, since many timetables call them buses.

GTFS has a type for school buses (712) that public feeds seldom use: theirs are
type 3. Which bus takes anybody and which only pupils stands in no file, so what
looks like one is named for a person to judge, and only what the configuration
lists is set apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from rapidfuzz import process

from data.areapack import Feed
from data.errors import SourceError
from data.sources.faultlog import FaultLog

MODE = "special_bus"
# To school and home again, by the clock on the wall.
MORNING_S = (6 * 3600 + 30 * 60, 9 * 3600 + 15 * 60)
AFTERNOON_S = (14 * 3600 + 30 * 60, 17 * 3600)
MOST_DEPARTURES = 2  # of each half of a day: more is a bus for commuters
DAY_S = 24 * 3600


def mark_school_routes(routes: pd.DataFrame, listed: Sequence[str], *, file: str) -> pd.DataFrame:
    """Return the routes, those whose number is listed with the mode of school buses.

    Parameters
    ----------
    routes : of one timetable or several, as ``data.schema`` has them
    listed : ``route_short_name`` as people write it; capitals don't matter
    file : the timetable, for the message

    Raises
    ------
    SourceError
        A number is none of the timetable's: all of them at once, each with the likeliest ones.
    """
    names = routes["route_short_name"].astype("str").str.casefold()
    known = sorted(set(routes["route_short_name"].dropna().astype(str)))
    wrong = []
    for name in listed:
        if name.casefold() not in set(names):
            likely = [found for found, *_ in process.extract(name, known, limit=3)]
            wrong.append(f"{name!r}" + (f" (nearest: {', '.join(likely)})" if likely else ""))
    if wrong:
        raise SourceError(
            f"{file}: school_routes names routes that the area's timetable has not: {'; '.join(wrong)}. "
            "Write them as in route_short_name of routes.txt, or take them off the list."
        )
    chosen = names.isin([name.casefold() for name in listed])
    return routes.assign(mode=routes["mode"].where(~chosen, MODE))


def note_likely_school_routes(feed: Feed, log: FaultLog, *, file: str) -> None:
    """Name the buses that run only before and after school, at most twice each, for a person to judge."""
    first_s = pd.Series(feed.stop_times["departure_s"]).groupby(feed.stop_times["trip_index"]).min()
    trips = feed.trips.assign(first_s=first_s.reindex(range(len(feed.trips))).to_numpy() % DAY_S)
    names = []
    buses = feed.routes[feed.routes["mode"] == "bus"].set_index("route_id")["route_short_name"]
    for route, times in trips.groupby("route_id")["first_s"]:
        if route not in buses.index:
            continue
        at = np.unique(times)
        halves = [(low <= at) & (at <= high) for low, high in (MORNING_S, AFTERNOON_S)]
        if all(0 < half.sum() <= MOST_DEPARTURES for half in halves) and np.all(halves[0] | halves[1]):
            names.append(str(buses[route]))
    log.add(
        "school_route_likely", "note", len(names),
        "routes with a bus or two before school and after it, and no other; counted as buses for anybody: "
        "list in school_routes of the configuration those that take pupils only",
        sorted(names), file=file,
    )  # fmt: skip
