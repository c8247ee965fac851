"""A changed timetable: trips copied, replaced or given other days. The tables given are never changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from data import schema
from data.areapack import AreaPack, Feed
from data.coordinates import to_lon_lat
from data.frames import build_frame
from data.service_days import WEEKDAYS
from geo.patterns import find_first_calls, spread_ranges
from geo.whatif.names import Spot

_ADDED, _REMOVED = 1, 2


def freeze(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Make arrays read-only, as a pack's are."""
    for array in arrays.values():
        array.flags.writeable = False
    return dict(arrays)


def append_rows(table: schema.Table, frame: pd.DataFrame, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """A table with more rows; columns that a row doesn't name are null."""
    if not rows:
        return frame
    added = build_frame(table, {name: [row.get(name) for row in rows] for name in table.column_names})
    joined = pd.concat([frame[table.column_names], added], ignore_index=True)
    return joined.astype(frame[table.column_names].dtypes.to_dict())


def add_stop_row(pack: AreaPack, stop_id: str, name: str, spot: Spot) -> tuple[AreaPack, int]:
    """A pack with one more stop, and its row."""
    row = {
        "stop_id": _unused(stop_id, set(pack.stops["stop_id"])), "name": name,
        "x": spot.x, "y": spot.y, "lon": spot.lon, "lat": spot.lat,
        "active": True, "in_feed": True, "served": False, "in_area": True,
    }  # fmt: skip
    return replace(pack, stops=append_rows(schema.STOPS, pack.stops, [row])), len(pack.stops)


def place_stop(pack: AreaPack, row: int, spot: Spot) -> AreaPack:
    """A pack with one stop elsewhere; what its sign says of the old place is dropped."""
    stops = pack.stops.copy()
    for column, value in (("x", spot.x), ("y", spot.y), ("lon", spot.lon), ("lat", spot.lat)):
        stops.loc[stops.index[row], column] = value
    for column in ("indicator", "bearing", "street", "landmark"):
        stops.loc[stops.index[row], column] = None
    return replace(pack, stops=stops)


def spot_at(pack: AreaPack, label: str, x: float, y: float) -> Spot:
    """A spot of metres in the pack's CRS."""
    lon, lat = to_lon_lat(x, y, pack.crs)
    return Spot(label, x, y, float(lon), float(lat))


@dataclass(frozen=True)
class Copies:
    """Trips to be added: each the copy of a trip, so many seconds later, on some days."""

    trip: np.ndarray  # int64[k], rows of the feed's trips
    shift_s: np.ndarray  # int64[k]
    service_id: Sequence[str]


def rebuild_trips(feed: Feed, keep: np.ndarray, copies: Copies, mark: str) -> Feed:
    """Keep some trips (bool[trips]) and add copies after them, called ``mark/number``."""
    first = find_first_calls(feed.stop_times, len(feed.trips))
    source = np.concatenate((np.flatnonzero(keep), copies.trip)).astype(np.int64)
    shift = np.concatenate((np.zeros(int(keep.sum()), np.int64), copies.shift_s)).astype(np.int64)
    counts = first[source + 1] - first[source]
    calls = spread_ranges(first[source], counts)
    times = {name: values[calls] for name, values in feed.stop_times.items()}
    times["trip_index"] = np.repeat(np.arange(len(source), dtype=np.int32), counts)
    for name in ("arrival_s", "departure_s"):
        times[name] = (times[name] + np.repeat(shift, counts)).astype(np.int32)
    trips = feed.trips.iloc[source].reset_index(drop=True)
    n_kept = int(keep.sum())
    if len(copies.trip):
        new = slice(n_kept, None)
        ids = trips["trip_id"].astype(object).to_numpy(copy=True)
        service = trips["service_id"].astype(object).to_numpy(copy=True)
        block = trips["block_id"].astype(object).to_numpy(copy=True)
        ids[new] = [f"{mark}/{number}" for number in range(1, len(copies.trip) + 1)]
        service[new] = list(copies.service_id)
        block[new] = None
        for name, values in (("trip_id", ids), ("service_id", service), ("block_id", block)):
            trips[name] = pd.Series(values, dtype=feed.trips[name].dtype)
    return replace(feed, trips=trips, stop_times=freeze(times))


def rename_service(feed: Feed, trips: np.ndarray, service_ids: Sequence[str]) -> Feed:
    """Let trips (rows) run on other days."""
    service = feed.trips["service_id"].astype(object).to_numpy(copy=True)
    service[trips] = list(service_ids)
    frame = feed.trips.assign(service_id=pd.Series(service, dtype=feed.trips["service_id"].dtype))
    return replace(feed, trips=frame)


def list_dates(pack: AreaPack) -> np.ndarray:
    """Every date of the timetable, datetime64[D]."""
    facts = pack.manifest.timetable
    return np.arange(np.datetime64(facts.first_date, "D"), np.datetime64(facts.last_date, "D") + 1)


def weekdays_of(dates: np.ndarray) -> np.ndarray:
    """0 Monday to 6 Sunday of datetime64[D]; 1970-01-01 was a Thursday."""
    return (dates.astype(np.int64) + 3) % 7


def add_calendar(feed: Feed, dates: np.ndarray, mark: str) -> tuple[Feed, str]:
    """Give a feed a service that runs on exactly these dates (datetime64[D], ascending, at least one).

    Written as weekdays with exceptions: a list of dates would be long in a feed that runs to 2099.
    """
    first, last = dates[0], dates[-1]
    span = np.arange(first, last + 1)
    runs = np.zeros(len(span), bool)
    runs[(dates - first).astype(np.int64)] = True
    day = weekdays_of(span)
    usual = np.array([2 * int(runs[day == n].sum()) > int((day == n).sum()) for n in range(7)])
    differs = np.flatnonzero(runs != usual[day])
    service_id = _unused(mark, {*feed.calendar["service_id"], *feed.calendar_dates["service_id"]})
    row = {
        "service_id": service_id,
        **{name: bool(usual[n]) for n, name in enumerate(WEEKDAYS)},
        "start_date": _date(first),
        "end_date": _date(last),
    }
    exceptions = [
        {
            "service_id": service_id,
            "date": _date(span[at]),
            "exception_type": _ADDED if runs[at] else _REMOVED,
        }
        for at in differs
    ]
    return replace(
        feed,
        calendar=append_rows(schema.CALENDAR, feed.calendar, [row]),
        calendar_dates=append_rows(schema.CALENDAR_DATES, feed.calendar_dates, exceptions),
    ), service_id


def _unused(name: str, taken: set[str]) -> str:
    number, one = 1, name
    while one in taken:
        number += 1
        one = f"{name} {number}"
    return one


def _date(day: np.datetime64) -> dt.date:
    return day.astype("datetime64[D]").astype(object)
