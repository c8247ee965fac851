"""Several timetables of one area as one: ids kept apart by feed, stops and operators joined.

An area near a border is served from feeds of several regions. Stops are the nation's
(ATCO codes) and stand once; operators are joined by their names; everything else is
numbered by feed, because two feeds may use one id for two things. A trip that both
publish, on the same dates, is one trip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd

from data.areapack import Feed
from data.errors import FeedError
from data.manifest import Fault
from data.sources.faultlog import FaultLog
from data.sources.gtfs import GtfsResult
from data.sources.stops import compute_served

_OWN_IDS = ("route_id", "trip_id", "service_id", "shape_id", "block_id")


def join_timetables(results: Sequence[GtfsResult], names: Sequence[str]) -> GtfsResult:
    """Join timetables that were read for the same area.

    Parameters
    ----------
    results
        At least one; ids of the first stay as they are, those of the others get "2:", "3:", ... before them.
    names
        The feeds' file names, for what is said of faults.

    Raises
    ------
    FeedError
        When the feeds are of different time zones.
    """
    zones = {result.info.timezone for result in results}
    if len(zones) > 1:
        raise FeedError(
            f"{', '.join(names)}: timetables of different time zones ({', '.join(sorted(zones))})"
        )
    if len(results) == 1:
        return results[0]
    log = FaultLog("timetable")
    stops = pd.concat([result.stops for result in results], ignore_index=True)
    stops = stops.drop_duplicates("stop_id", ignore_index=True)
    row_of = pd.Series(np.arange(len(stops), dtype=np.int32), index=stops["stop_id"])
    feeds = [_number(result, number, row_of) for number, result in enumerate(results, start=1)]
    feeds = _join_operators(feeds)
    joined = _concat(feeds)
    joined = _drop_repeats(joined, len(feeds[0].trips), log)
    stops["served"] = compute_served(joined, len(stops))
    faults: list[Fault] = []
    for result, name in zip(results, names, strict=True):
        faults += [
            fault.model_copy(update={"file": f"{name}: {fault.file}" if fault.file else name})
            for fault in result.faults
        ]
    info = replace(
        results[0].info,
        trips_in_file=sum(result.info.trips_in_file for result in results),
        stops_in_file=len(stops),
    )
    return GtfsResult(joined, stops, [*faults, *log.faults], info)


def _number(result: GtfsResult, number: int, row_of: pd.Series) -> Feed:
    """A feed with its own ids numbered, and its calls at the rows of the joined stops."""
    feed = result.feed
    mark = "" if number == 1 else f"{number}:"

    def own(frame: pd.DataFrame) -> pd.DataFrame:
        columns = [name for name in _OWN_IDS if name in frame.columns]
        changed = {name: frame[name].where(frame[name].isna(), mark + frame[name]) for name in columns}
        return frame.assign(**changed) if mark else frame

    rows = row_of.loc[result.stops["stop_id"]].to_numpy(np.int32)
    calls = dict(feed.stop_times)
    calls["stop_index"] = rows[calls["stop_index"]]
    shapes = None if feed.shapes is None else own(feed.shapes)
    return replace(
        feed,
        routes=own(feed.routes),
        trips=own(feed.trips),
        calendar=own(feed.calendar),
        calendar_dates=own(feed.calendar_dates),
        shapes=shapes,
        stop_times=calls,
    )


def _join_operators(feeds: Sequence[Feed]) -> list[Feed]:
    """One id for operators of one name; an id that another operator has already is numbered."""
    by_name: dict[str, str] = {}
    used: set[str] = set()
    joined = []
    for number, feed in enumerate(feeds, start=1):
        ids: dict[str, str] = {}
        new: list[bool] = []
        for agency_id, name in zip(feed.agency["agency_id"], feed.agency["agency_name"], strict=True):
            key = str(name).strip().casefold()
            known = by_name.get(key)
            new.append(known is None)
            if known is None:
                known = str(agency_id) if agency_id not in used else f"{number}:{agency_id}"
                by_name[key] = known
                used.add(known)
            ids[str(agency_id)] = known
        agency = feed.agency.assign(agency_id=[ids[str(one)] for one in feed.agency["agency_id"]])
        routes = feed.routes.assign(agency_id=[ids[str(one)] for one in feed.routes["agency_id"]])
        joined.append(replace(feed, agency=agency[new], routes=routes))
    return joined


def _concat(feeds: Sequence[Feed]) -> Feed:
    first_trip = np.cumsum([0, *(len(feed.trips) for feed in feeds)])
    calls = {
        name: np.concatenate(
            [
                feed.stop_times[name] + (np.int32(start) if name == "trip_index" else 0)
                if name == "trip_index"
                else feed.stop_times[name]
                for feed, start in zip(feeds, first_trip[:-1], strict=True)
            ]
        )
        for name in feeds[0].stop_times
    }
    shapes = [feed.shapes for feed in feeds if feed.shapes is not None]
    return Feed(
        agency=pd.concat([feed.agency for feed in feeds], ignore_index=True),
        routes=pd.concat([feed.routes for feed in feeds], ignore_index=True),
        trips=pd.concat([feed.trips for feed in feeds], ignore_index=True),
        stop_times=_read_only(calls),
        calendar=pd.concat([feed.calendar for feed in feeds], ignore_index=True),
        calendar_dates=pd.concat([feed.calendar_dates for feed in feeds], ignore_index=True),
        shapes=gpd.GeoDataFrame(pd.concat(shapes, ignore_index=True), crs=shapes[0].crs) if shapes else None,
    )


def _read_only(calls: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    for values in calls.values():
        values.flags.writeable = False
    return calls


def _drop_repeats(feed: Feed, first: int, log: FaultLog) -> Feed:
    """Leave out trips of later feeds that an earlier one has: same calls, dates, route, mode and operator."""
    trips = feed.trips.merge(
        feed.routes[["route_id", "agency_id", "route_short_name", "mode"]], on="route_id", how="left"
    )
    calls = feed.stop_times
    starts = np.searchsorted(calls["trip_index"], np.arange(len(trips) + 1))
    parts = [np.ascontiguousarray(calls[name]) for name in
             ("stop_index", "arrival_s", "departure_s", "pickup_type", "drop_off_type")]  # fmt: skip
    dates = _dates_of(feed)
    seen: set[tuple[object, ...]] = set()
    keep = np.ones(len(trips), bool)
    columns = zip(
        trips["agency_id"], trips["route_short_name"].fillna(""), trips["mode"], trips["service_id"],
        strict=True,
    )  # fmt: skip
    for row, ((start, end), (agency, name, mode, service)) in enumerate(
        zip(pairwise(starts.tolist()), columns, strict=True)
    ):
        key = (agency, name, mode, dates.get(service), *(part[start:end].tobytes() for part in parts))
        if row < first:
            seen.add(key)
        elif key in seen:
            keep[row] = False
    gone = ~keep
    log.add(
        "trip_in_two_feeds",
        "note",
        int(gone.sum()),
        "trips that a neighbouring region's timetable has too, on the same dates; counted once",
        feed.trips["trip_id"][gone],
    )
    if not gone.any():
        return feed
    number = (np.cumsum(keep) - 1).astype(np.int32)
    stays = keep[calls["trip_index"]]
    left = {name: values[stays] for name, values in calls.items()}
    left["trip_index"] = number[left["trip_index"]]
    kept = feed.trips[keep].reset_index(drop=True)
    routes = feed.routes[feed.routes["route_id"].isin(kept["route_id"])].reset_index(drop=True)
    shapes = feed.shapes
    if shapes is not None:
        shapes = shapes[shapes["shape_id"].isin(kept["shape_id"])].reset_index(drop=True)
    used = set(kept["service_id"])
    return replace(
        feed,
        agency=feed.agency[feed.agency["agency_id"].isin(routes["agency_id"])].reset_index(drop=True),
        routes=routes,
        trips=kept,
        stop_times=_read_only(left),
        calendar=feed.calendar[feed.calendar["service_id"].isin(used)].reset_index(drop=True),
        calendar_dates=feed.calendar_dates[feed.calendar_dates["service_id"].isin(used)].reset_index(
            drop=True
        ),
        shapes=shapes,
    )


def _dates_of(feed: Feed) -> dict[str, tuple[object, ...]]:
    """What says on which dates a service runs, by service_id, as something that can be compared."""
    weekly = {
        row[0]: tuple(row[1:]) for row in feed.calendar.astype(object).itertuples(index=False, name=None)
    }
    single: dict[str, list[tuple[object, ...]]] = {}
    rows = feed.calendar_dates.astype(object).itertuples(index=False, name=None)
    for service, date, exception in rows:
        single.setdefault(service, []).append((date, int(exception)))
    return {
        service: (weekly.get(service), tuple(sorted(single.get(service, []), key=str)))
        for service in {*weekly, *single}
    }
