"""Feeds as text files: read without any engine's code, and written with one rule settled."""

from __future__ import annotations

import csv
import datetime as dt
import io
import shutil
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np

Row = dict[str, str]


def read_csv(folder: Path, name: str) -> list[Row]:
    """Rows of one file of a feed; none where it is absent."""
    path = folder / name
    if not path.is_file():
        return []
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def read_clock(text: str) -> int:
    """Seconds of a time of day, which may pass 24 hours."""
    hours, minutes, seconds = text.strip().split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def services_of(folder: Path, date: dt.date) -> set[str]:
    """Services that run on a date, from the raw files alone."""
    day = date.strftime("%A").lower()
    stamp = date.strftime("%Y%m%d")
    running = {
        row["service_id"]
        for row in read_csv(folder, "calendar.txt")
        if row[day] == "1" and row["start_date"] <= stamp <= row["end_date"]
    }
    for row in read_csv(folder, "calendar_dates.txt"):
        if row["date"] == stamp:
            (running.add if row["exception_type"] == "1" else running.discard)(row["service_id"])
    return running


def calls_of(folder: Path, trips: set[str]) -> dict[str, list[Row]]:
    """Calls of these trips in their order, blank times filled in."""
    calls: dict[str, list[Row]] = defaultdict(list)
    for row in read_csv(folder, "stop_times.txt"):
        if row["trip_id"] in trips:
            calls[row["trip_id"]].append(row)
    ordered = {trip: sorted(rows, key=lambda row: int(row["stop_sequence"])) for trip, rows in calls.items()}
    if any(not row["arrival_time"].strip() for rows in calls.values() for row in rows):
        place = {
            row["stop_id"]: (float(row["stop_lon"]), float(row["stop_lat"]))
            for row in read_csv(folder, "stops.txt")
        }
        for rows in ordered.values():
            _fill_times(rows, place)
    return ordered


def _fill_times(rows: list[Row], place: dict[str, tuple[float, float]]) -> None:
    """Give calls without a time one by distance, along straight lines from stop to stop, in place."""
    lon, lat = np.array([place[row["stop_id"]] for row in rows]).T
    steps = np.hypot(np.diff(lon) * np.cos(np.radians(lat[:-1])), np.diff(lat))
    along = np.append(0.0, np.cumsum(steps))
    timed = [at for at, row in enumerate(rows) if row["arrival_time"].strip()]
    for before, after in pairwise(timed):
        blank = np.arange(before + 1, after)
        leaves, arrives = read_clock(rows[before]["departure_time"]), read_clock(rows[after]["arrival_time"])
        share = (along[blank] - along[before]) / (along[after] - along[before])
        for at, time_s in zip(blank.tolist(), np.rint(leaves + share * (arrives - leaves)), strict=True):
            clock = f"{int(time_s) // 3600:02d}:{int(time_s) // 60 % 60:02d}:{int(time_s) % 60:02d}"
            rows[at]["arrival_time"] = rows[at]["departure_time"] = clock


def write_timed(source: Path, target: Path) -> Path:
    """Copy a feed with its blank times filled in; the feed itself where it has none."""
    rows = read_csv(source, "stop_times.txt")
    if all(row["arrival_time"].strip() for row in rows):
        return source
    shutil.copytree(source, target)
    calls = calls_of(source, {row["trip_id"] for row in rows})
    _write_csv(target / "stop_times.txt", [row for trip in calls.values() for row in trip])
    return target


def _write_csv(path: Path, rows: list[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_feed(
    source: Path, target: Path, date: dt.date, *, lanes: bool = False, stops: set[str] | None = None
) -> Path:
    """Write a feed of the date's trips.

    Parameters
    ----------
    lanes
        Trips that call at the same stops and of which none overtakes another become a route of their own.
    stops
        Calls at any other stop are left out, and so are those stops.
    """
    target.mkdir(exist_ok=True)
    running = services_of(source, date)
    trips = {row["trip_id"]: row for row in read_csv(source, "trips.txt") if row["service_id"] in running}
    calls = {
        trip: [row for row in rows if stops is None or row["stop_id"] in stops]
        for trip, rows in calls_of(source, set(trips)).items()
    }
    calls = {trip: rows for trip, rows in calls.items() if len(rows) > 1}
    routes = {row["route_id"]: row for row in read_csv(source, "routes.txt")}
    lane_of = _find_lanes(trips, calls) if lanes else {trip: trips[trip]["route_id"] for trip in calls}
    stops_kept = [row for row in read_csv(source, "stops.txt") if stops is None or row["stop_id"] in stops]
    tables = {
        "agency.txt": read_csv(source, "agency.txt"),
        "stops.txt": stops_kept,
        "routes.txt": [
            {**routes[trips[trip]["route_id"]], "route_id": lane}
            for lane, trip in {lane: trip for trip, lane in lane_of.items()}.items()
        ],
        "trips.txt": [{**trips[trip], "route_id": lane} for trip, lane in lane_of.items()],
        "stop_times.txt": [row for rows in calls.values() for row in rows],
    }
    tables |= {
        name: [row for row in read_csv(source, name) if row["service_id"] in running]
        for name in ("calendar.txt", "calendar_dates.txt")
    }
    for name, rows in tables.items():
        if rows:
            _write_csv(target / name, rows)
    return target


def _find_lanes(trips: dict[str, Row], calls: dict[str, list[Row]]) -> dict[str, str]:
    """Name each trip's lane: same route, same stops, nobody overtakes."""
    patterns: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for trip, rows in calls.items():
        patterns[(trips[trip]["route_id"], *(row["stop_id"] for row in rows))].append(trip)
    times = {
        trip: [read_clock(row[end]) for row in rows for end in ("arrival_time", "departure_time")]
        for trip, rows in calls.items()
    }
    lane_of: dict[str, str] = {}
    for number, members in enumerate(patterns.values()):
        last: list[list[int]] = []  # times of the last trip of each lane
        for trip in sorted(members, key=lambda trip: (times[trip], trip)):
            behind = [np.all(np.less_equal(before, times[trip])) for before in last]
            lane = behind.index(True) if True in behind else len(last)
            last[lane : lane + 1] = [times[trip]]
            lane_of[trip] = f"pattern{number}lane{lane}"
    return lane_of
