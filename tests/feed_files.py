"""Tiny GTFS zips for tests: one sound feed, and what a test changes in it.

Stops A, B, C, D lie 1,000 m apart on a west-east line of EPSG:27700 near
Newport, and E 5,000 m east of D. Trip T1 calls at A, B, C, D at 09:00, 09:05,
09:10, 09:15 on weekdays of June 2023.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pyproj

from data.sources.gtfs import GtfsResult, read_gtfs

CRS = "EPSG:27700"
X, Y = 331_000.0, 188_000.0
PLACES = {"A": (X, Y), "B": (X + 1000, Y), "C": (X + 2000, Y), "D": (X + 3000, Y), "E": (X + 8000, Y)}
_TO_DEGREES = pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
DEGREES = {stop: _TO_DEGREES.transform(*place) for stop, place in PLACES.items()}


def stops_text(**changed: str) -> str:
    """stops.txt; a keyword gives another 'lat,lon' for a stop."""
    lines = [
        f"{stop},Stop {stop}," + changed.get(stop, f"{lat:.7f},{lon:.7f}")
        for stop, (lon, lat) in DEGREES.items()
    ]
    return "\n".join(["stop_id,stop_name,stop_lat,stop_lon", *lines]) + "\n"


def calls_text(*rows: str, header: str = "trip_id,arrival_time,departure_time,stop_id,stop_sequence") -> str:
    return "\n".join([header, *rows]) + "\n"


T1 = (
    "T1,09:00:00,09:00:00,A,1",
    "T1,09:05:00,09:05:00,B,2",
    "T1,09:10:00,09:10:00,C,3",
    "T1,09:15:00,09:15:00,D,4",
)
WEEKDAYS = "monday,tuesday,wednesday,thursday,friday,saturday,sunday"
SOUND = {
    "agency": "agency_id,agency_name,agency_url,agency_timezone\nOP,Test Buses,https://example.org,Europe/London\n",
    "routes": "route_id,agency_id,route_short_name,route_long_name,route_type\nR1,OP,1,,3\n",
    "trips": "route_id,service_id,trip_id\nR1,WD,T1\n",
    "stops": stops_text(),
    "stop_times": calls_text(*T1),
    "calendar": f"service_id,{WEEKDAYS},start_date,end_date\nWD,1,1,1,1,1,0,0,20230601,20230630\n",
    "calendar_dates": "service_id,date,exception_type\n",
}


def write_feed(path: Path, *, folder: str = "", **changed: str | bytes | None) -> Path:
    """Write the sound feed with some tables changed; None leaves one out."""
    out = path / "feed.zip"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, text in {**SOUND, **changed}.items():
            if text is not None:
                zipped.writestr(f"{folder}{name}.txt", text)
    return out


def read_feed(
    path: Path, *, clip: Any = None, margin_m: float = 0.0, **changed: str | bytes | None
) -> GtfsResult:
    """Write and read a feed."""
    return read_gtfs(write_feed(path, **changed), crs=CRS, clip=clip, margin_m=margin_m)


def fault_counts(result: GtfsResult) -> dict[str, int]:
    """Count by code, leaving out what the sound feed always notes."""
    counts: dict[str, int] = {}
    for fault in result.faults:
        if fault.code not in {"trip_without_shape", "stop_unused"}:
            counts[fault.code] = counts.get(fault.code, 0) + fault.count
    return counts


def calls_of(result: GtfsResult, trip_id: str) -> list[tuple[str, int, int]]:
    """(stop_id, arrival_s, departure_s) of a trip's calls, in order."""
    trip = result.feed.trips.index[result.feed.trips["trip_id"] == trip_id][0]
    calls = result.feed.stop_times
    rows = (calls["trip_index"] == trip).nonzero()[0]
    return [
        (
            str(result.stops["stop_id"].iloc[calls["stop_index"][row]]),
            int(calls["arrival_s"][row]),
            int(calls["departure_s"][row]),
        )
        for row in rows
    ]
