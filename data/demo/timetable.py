"""The timetable: calendars, trips and the GTFS files that hold them."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence

import numpy as np
import shapely

from data.demo.buses import BusNetwork, Pattern
from data.demo.land import AREA_NAME
from data.demo.lines import LINES, OPERATORS, Band
from data.demo.place import to_grid, to_lon_lat
from data.service_days import WEEKDAYS

FIRST_DAY, LAST_DAY = dt.date(2026, 9, 1), dt.date(2027, 3, 31)
BANK_HOLIDAYS = (
    dt.date(2026, 12, 25), dt.date(2026, 12, 28), dt.date(2027, 1, 1), dt.date(2027, 3, 26),
    dt.date(2027, 3, 29),
)  # fmt: skip
SCHOOL_HOLIDAYS = (
    (dt.date(2026, 10, 26), dt.date(2026, 10, 30)),
    (dt.date(2026, 12, 21), dt.date(2027, 1, 1)),
    (dt.date(2027, 2, 15), dt.date(2027, 2, 19)),
    (dt.date(2027, 3, 26), dt.date(2027, 3, 31)),
)
_DAYS = {
    "MF": (1, 1, 1, 1, 1, 0, 0), "SA": (0, 0, 0, 0, 0, 1, 0), "SU": (0, 0, 0, 0, 0, 0, 1),
    "SCH": (1, 1, 1, 1, 1, 0, 0),
    "FRSA": (0, 0, 0, 0, 1, 1, 0), "TUFR": (0, 1, 0, 0, 1, 0, 0),
}  # fmt: skip
_NO_BUSES = dt.date(2026, 12, 25)


def _seconds(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def clock(seconds: int) -> str:
    """Write seconds as HH:MM:SS; hours pass 24."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def slowdown(departure_s: int, days: str) -> float:
    """Say how much longer than in the free evening a bus takes that leaves at this time."""
    hour = departure_s / 3600
    if days in ("SU", "FRSA") or hour < 6.5 or hour >= 19.5:
        return 0.9
    if days in ("MF", "SCH") and (7.25 <= hour < 9.25 or 15.0 <= hour < 18.0):
        return 1.2
    return 1.05


def _departures(band: Band, direction: int) -> list[int]:
    first, last, every = _seconds(band.first), _seconds(band.last), band.every_min * 60
    shift = (every // 2) // 60 * 60 if direction == 1 and every <= 3600 else (2400 if direction == 1 else 0)
    if first == last:
        return [first]
    out = list(range(first + shift, last + 1, every))
    return out or [last]


def call_times(pattern: Pattern, departure_s: int, days: str) -> list[tuple[int, int]]:
    """Return (arrival, departure) at each call, whole seconds, strictly forward."""
    factor = slowdown(departure_s, days)
    times: list[tuple[int, int]] = []
    start = pattern.calls[0].run_s
    for index, call in enumerate(pattern.calls):
        arrival = departure_s + round((call.run_s - start) * factor / 5.0) * 5
        if times and arrival <= times[-1][1]:
            arrival = times[-1][1] + 10
        wait = 120 if _is_timing_point(pattern, index) else 0
        if wait:
            start -= wait / factor
        times.append((arrival, arrival + wait))
    return times


def _is_timing_point(pattern: Pattern, index: int) -> bool:
    """A line that passes through the bus station waits there for two minutes."""
    middle = 0 < index < len(pattern.calls) - 1
    line = pattern.line
    return (
        middle
        and not line.circular
        and not line.skips_station
        and pattern.calls[index].stop in _stands(pattern)
    )


def _stands(pattern: Pattern) -> set[int]:
    return {pattern.station_stop} if pattern.station_stop is not None else set()


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def _calendar_dates(codes: Iterable[str]) -> list[tuple[str, str, int]]:
    rows: list[tuple[str, str, int]] = []
    for code in codes:
        days = _DAYS[code]
        for holiday in BANK_HOLIDAYS:
            if code == "SU" and holiday != _NO_BUSES and not days[holiday.weekday()]:
                rows.append((code, f"{holiday:%Y%m%d}", 1))
            elif days[holiday.weekday()]:
                rows.append((code, f"{holiday:%Y%m%d}", 2))
        if code == "SCH":
            for first, last in SCHOOL_HOLIDAYS:
                for number in range((last - first).days + 1):
                    day = first + dt.timedelta(number)
                    row = (code, f"{day:%Y%m%d}", 2)
                    if day.weekday() < 5 and row not in rows:
                        rows.append(row)
    return sorted(rows)


def build_gtfs(buses: BusNetwork) -> dict[str, str]:
    """Return the text of each GTFS file by name."""
    agency = [
        (code, name, "https://buses.fernleyvale.example", "Europe/London", "en", "01632 960100")
        for code, name in OPERATORS
    ]
    routes = [
        (f"FV-{line.number}", line.operator, line.number, line.name, line.route_type)
        for line in LINES
        if not line.withdrawn
    ]
    trips, calls = [], []
    codes: list[str] = []
    for pattern in buses.patterns:
        line = pattern.line
        shape = f"{line.number}-{pattern.direction}"
        number = 0
        for band in line.bands:
            if line.route_type == 712 and (band.first < "12:00") != (pattern.direction == 0):
                continue
            if band.days not in codes:
                codes.append(band.days)
            for departure in _departures(band, pattern.direction if line.route_type != 712 else 0):
                number += 1
                trip = f"FV-{line.number}-{band.days}-{pattern.direction}-{number:03d}"
                trips.append(
                    (f"FV-{line.number}", band.days, trip, pattern.headsign, pattern.direction, shape)
                )
                for sequence, (call, (arrive, leave)) in enumerate(
                    zip(pattern.calls, call_times(pattern, departure, band.days), strict=True), start=1
                ):
                    stop = buses.stops[call.stop]
                    calls.append(
                        (
                            trip,
                            clock(arrive),
                            clock(leave),
                            stop.code,
                            sequence,
                            call.pickup_type,
                            call.drop_off_type,
                        )
                    )
    stops = []
    for stop in buses.stops:
        if stop.in_feed:
            lon, lat = to_lon_lat(*to_grid(stop.x, stop.y))
            stops.append((stop.code, stop.name, f"{lat:.6f}", f"{lon:.6f}", ""))
    shapes = []
    for pattern in buses.patterns:
        xy = shapely.get_coordinates(pattern.path.simplify(2.0))
        along = np.r_[0, np.cumsum(np.hypot(*np.diff(xy, axis=0).T))]
        for sequence, ((x, y), metres) in enumerate(zip(xy, along, strict=True)):
            lon, lat = to_lon_lat(*to_grid(x, y))
            shape = f"{pattern.line.number}-{pattern.direction}"
            shapes.append((shape, f"{lat:.6f}", f"{lon:.6f}", sequence, f"{metres:.0f}"))
    calendar = [(code, *_DAYS[code], f"{FIRST_DAY:%Y%m%d}", f"{LAST_DAY:%Y%m%d}") for code in sorted(codes)]
    info = [
        (
            f"{AREA_NAME}, generated",
            "https://fernleyvale.example",
            "en",
            f"{FIRST_DAY:%Y%m%d}",
            f"{LAST_DAY:%Y%m%d}",
            "fictional-1",
        )
    ]
    return {
        "agency.txt": _table(
            ("agency_id", "agency_name", "agency_url", "agency_timezone", "agency_lang", "agency_phone"),
            agency,
        ),
        "stops.txt": _table(("stop_id", "stop_name", "stop_lat", "stop_lon", "parent_station"), stops),
        "routes.txt": _table(
            ("route_id", "agency_id", "route_short_name", "route_long_name", "route_type"), routes
        ),
        "trips.txt": _table(
            ("route_id", "service_id", "trip_id", "trip_headsign", "direction_id", "shape_id"), trips
        ),
        "stop_times.txt": _table(
            (
                "trip_id",
                "arrival_time",
                "departure_time",
                "stop_id",
                "stop_sequence",
                "pickup_type",
                "drop_off_type",
            ),
            calls,
        ),
        "calendar.txt": _table(("service_id", *WEEKDAYS, "start_date", "end_date"), calendar),
        "calendar_dates.txt": _table(
            ("service_id", "date", "exception_type"), _calendar_dates(sorted(codes))
        ),
        "shapes.txt": _table(
            ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence", "shape_dist_traveled"), shapes
        ),
        "feed_info.txt": _table(
            (
                "feed_publisher_name",
                "feed_publisher_url",
                "feed_lang",
                "feed_start_date",
                "feed_end_date",
                "feed_version",
            ),
            info,
        ),
    }
