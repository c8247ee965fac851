"""The small GTFS tables: operators, routes, trips, stops, calendars; checked and typed."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyproj

from data.modes import mode_of_route_type
from data.service_days import WEEKDAYS
from data.sources.faultlog import FaultLog
from data.sources.gtfs_times import parse_dates
from data.sources.gtfs_zip import FeedZip

REQUIRED_COLUMNS = {
    "agency.txt": ("agency_name", "agency_timezone"),
    "stops.txt": ("stop_id", "stop_lat", "stop_lon"),
    "routes.txt": ("route_id", "route_type"),
    "trips.txt": ("route_id", "service_id", "trip_id"),
    "stop_times.txt": ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"),
}
NO_ROUTE_TYPE = -1
OPEN_END_YEAR = 2090


def check_structure(feed: FeedZip) -> None:
    """Note every required file and column that is missing as fatal, all at once."""
    log = feed.log
    for name, columns in REQUIRED_COLUMNS.items():
        if name not in feed:
            log.add_fatal(f"{name}: the file is missing from the zip")
            continue
        header = feed.header(name)
        missing = [column for column in columns if column not in header]
        if not header:
            log.add_fatal(f"{name}: the file is empty")
        elif missing:
            log.add_fatal(f"{name}: column {', '.join(missing)} is missing; it has {', '.join(header[:12])}")
    has_calendar = bool(feed.header("calendar.txt"))
    has_dates = bool(feed.header("calendar_dates.txt"))
    if not has_calendar and not has_dates:
        log.add_fatal(
            "calendar.txt and calendar_dates.txt: both missing or empty; one is needed to know any day"
        )
    for name, columns, there in (
        ("calendar.txt", ("service_id", *WEEKDAYS, "start_date", "end_date"), has_calendar),
        ("calendar_dates.txt", ("service_id", "date", "exception_type"), has_dates),
    ):
        missing = [column for column in columns if there and column not in feed.header(name)]
        if missing:
            log.add_fatal(f"{name}: column {', '.join(missing)} is missing")
        if not there:
            log.add("no_" + name.removesuffix(".txt"), "missing", 1, f"the feed has no {name}", file=name)


def _read(feed: FeedZip, name: str, columns: tuple[str, ...]) -> pd.DataFrame:
    return feed.read(name, columns).to_pandas()


def _drop_repeated(frame: pd.DataFrame, key: str, log: FaultLog, file: str) -> pd.DataFrame:
    """Drop rows without an id, and rows whose id an earlier row has."""
    blank = frame[key] == ""
    log.add("id_blank", "dropped", blank.sum(), f"rows without {key}; left out", file=file)
    repeated = frame[key].duplicated() & ~blank
    log.add(
        "id_repeated",
        "dropped",
        repeated.sum(),
        f"{key} again; the first row is kept",
        frame[key][repeated],
        file=file,
    )
    return frame[~blank & ~repeated].reset_index(drop=True)


def _or_null(values: pd.Series) -> pd.Series:
    return values.where(values != "", None)


def read_agency(feed: FeedZip) -> pd.DataFrame:
    """Operators: agency_id, agency_name, agency_timezone; one without an id may stand alone."""
    log, file = feed.log, "agency.txt"
    agency = _read(feed, file, ("agency_id", "agency_name", "agency_timezone"))
    if len(agency) == 0:
        log.add_fatal(f"{file}: has no row")
        return agency
    if len(agency) > 1:
        agency = _drop_repeated(agency, "agency_id", log, file)
    zones = agency["agency_timezone"]
    for zone in zones.unique():
        try:
            ZoneInfo(zone)
        except (ValueError, OSError, KeyError):
            log.add_fatal(f"{file}: agency_timezone {zone!r} is no time zone of the IANA list")
    if zones.nunique() > 1:
        log.add(
            "agency_timezones_differ",
            "repaired",
            int((zones != zones.iloc[0]).sum()),
            f"operators with another time zone than the first; all are read as {zones.iloc[0]}",
            zones.unique(),
            file=file,
        )
        agency["agency_timezone"] = zones.iloc[0]
    unnamed = agency["agency_name"] == ""
    log.add(
        "agency_unnamed",
        "repaired",
        unnamed.sum(),
        "operators without a name; the id stands for it",
        file=file,
    )
    agency.loc[unnamed, "agency_name"] = agency.loc[unnamed, "agency_id"].replace("", "Operator not stated")
    return agency


def read_routes(feed: FeedZip, agency: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Routes with their mode; returns them and the operators, with one added for routes that name none."""
    log, file = feed.log, "routes.txt"
    routes = _read(feed, file, ("route_id", "agency_id", "route_short_name", "route_long_name", "route_type"))
    routes = _drop_repeated(routes, "route_id", log, file)
    if len(agency) == 1:
        routes.loc[routes["agency_id"] == "", "agency_id"] = agency["agency_id"].iloc[0]
    unknown = ~routes["agency_id"].isin(agency["agency_id"])
    if unknown.any():
        log.add(
            "route_unknown_agency",
            "repaired",
            unknown.sum(),
            "routes whose operator is blank or not in agency.txt; shown as 'Operator not stated'",
            routes["route_id"][unknown],
            file=file,
        )
        # The id is kept where there is one, so that two operators left out of agency.txt stay two.
        ids = routes["agency_id"][unknown].drop_duplicates()
        added = pd.DataFrame(
            {
                "agency_id": ids,
                "agency_name": "Operator not stated",
                "agency_timezone": agency["agency_timezone"].iloc[0],
            }
        )
        agency = pd.concat([agency, added], ignore_index=True)
    types = pd.to_numeric(routes["route_type"].where(routes["route_type"].str.fullmatch(r"\d{1,4}")))
    log.add(
        "route_type_missing",
        "repaired",
        types.isna().sum(),
        "routes without a readable route_type; kept, but not counted as buses",
        routes["route_id"][types.isna()],
        file=file,
    )
    routes["route_type"] = types.fillna(NO_ROUTE_TYPE).astype("int32")
    routes["mode"] = [mode_of_route_type(value) for value in routes["route_type"]]
    other = (routes["mode"] == "other") & types.notna()
    log.add(
        "route_type_other",
        "note",
        other.sum(),
        "routes of a type that is no bus, coach, tram, rail or ferry; kept, not counted as buses",
        routes["route_type"][other],
        file=file,
    )
    unnamed = (routes["route_short_name"] == "") & (routes["route_long_name"] == "")
    log.add(
        "route_unnamed",
        "note",
        unnamed.sum(),
        "routes without any name",
        routes["route_id"][unnamed],
        file=file,
    )
    for column in ("route_short_name", "route_long_name"):
        routes[column] = _or_null(routes[column])
    return routes, agency


@dataclass(frozen=True)
class Calendars:
    """calendar and calendar_dates in the pack's columns, and every service_id that a file defines."""

    calendar: pd.DataFrame
    calendar_dates: pd.DataFrame
    service_ids: frozenset[str]


def read_calendars(feed: FeedZip) -> Calendars:
    """The days of every service; rows with a malformed date are dropped and counted."""
    calendar, weekly = _read_weekdays(feed)
    dates, by_date = _read_exceptions(feed)
    return Calendars(calendar, dates, frozenset(weekly | by_date))


def _read_weekdays(feed: FeedZip) -> tuple[pd.DataFrame, set[str]]:
    """calendar.txt, and every service that it names, those of dropped rows too."""
    log, file = feed.log, "calendar.txt"
    calendar = _read(feed, file, ("service_id", *WEEKDAYS, "start_date", "end_date"))
    calendar = _drop_repeated(calendar, "service_id", log, file)
    flags = calendar[list(WEEKDAYS)]
    odd = ~flags.isin(["0", "1"])
    log.add(
        "calendar_flag_malformed",
        "repaired",
        int(odd.to_numpy().sum()),
        "weekday flags that are neither 0 nor 1; read as 0",
        calendar["service_id"][odd.any(axis=1)],
        file=file,
    )
    calendar[list(WEEKDAYS)] = flags == "1"
    calendar["start_date"], calendar["end_date"] = (
        parse_dates(calendar["start_date"]),
        parse_dates(calendar["end_date"]),
    )
    named = set(calendar["service_id"])
    bad = calendar["start_date"].isna() | calendar["end_date"].isna()
    log.add(
        "date_malformed",
        "dropped",
        bad.sum(),
        "rows with a date that is none",
        calendar["service_id"][bad],
        file=file,
    )
    reversed_ = calendar["start_date"] > calendar["end_date"]
    log.add(
        "calendar_reversed",
        "dropped",
        reversed_.sum(),
        "rows that end before they start",
        calendar["service_id"][reversed_],
        file=file,
    )
    calendar = calendar[~bad & ~reversed_].reset_index(drop=True)
    open_ended = calendar["end_date"].dt.year >= OPEN_END_YEAR
    log.add(
        "end_date_open",
        "note",
        open_ended.sum(),
        "services with an end date that only means 'until further notice'",
        calendar["end_date"][open_ended].dt.strftime("%Y%m%d"),
        file=file,
    )
    calendar = calendar.assign(
        start_date=calendar["start_date"].dt.date.astype(object),
        end_date=calendar["end_date"].dt.date.astype(object),
    ).astype(dict.fromkeys(WEEKDAYS, bool))
    return calendar, named


def _read_exceptions(feed: FeedZip) -> tuple[pd.DataFrame, set[str]]:
    """calendar_dates.txt, and every service that it names, those of dropped rows too."""
    log, file = feed.log, "calendar_dates.txt"
    dates = _read(feed, file, ("service_id", "date", "exception_type"))
    named = set(dates["service_id"]) - {""}
    parsed = parse_dates(dates["date"])
    bad = parsed.isna() | (dates["service_id"] == "")
    log.add(
        "date_malformed", "dropped", bad.sum(), "rows with a date that is none", dates["date"][bad], file=file
    )
    odd_type = ~dates["exception_type"].isin(["1", "2"]) & ~bad
    log.add(
        "exception_type_unknown",
        "dropped",
        odd_type.sum(),
        "rows whose exception_type is neither 1 (added) nor 2 (removed)",
        dates["exception_type"][odd_type],
        file=file,
    )
    dates = dates.assign(date=parsed)[~bad & ~odd_type]
    repeated = dates.duplicated(["service_id", "date"])
    log.add(
        "calendar_date_repeated",
        "dropped",
        int(repeated.sum()),
        "a service and date again; the first row is kept",
        dates["service_id"][repeated],
        file=file,
    )
    dates = dates[~repeated].reset_index(drop=True)
    dates = dates.assign(
        date=dates["date"].dt.date.astype(object), exception_type=dates["exception_type"].astype("int8")
    )
    return dates, named


def read_trips(feed: FeedZip, routes: pd.DataFrame, service_ids: frozenset[str]) -> pd.DataFrame:
    """Trips of known routes and services, in the file's order."""
    log, file = feed.log, "trips.txt"
    columns = ("trip_id", "route_id", "service_id", "trip_headsign", "direction_id", "block_id", "shape_id")
    trips = _drop_repeated(_read(feed, file, columns), "trip_id", log, file)
    for code, key, known, what in (
        ("trip_unknown_route", "route_id", routes["route_id"], "routes.txt"),
        ("trip_unknown_service", "service_id", list(service_ids), "either calendar file"),
    ):
        unknown = ~trips[key].isin(known)
        log.add(
            code,
            "dropped",
            unknown.sum(),
            f"trips whose {key} is not in {what}",
            trips["trip_id"][unknown],
            file=file,
        )
        trips = trips[~unknown]
    direction = trips["direction_id"].where(trips["direction_id"].isin(["0", "1"]))
    odd = direction.isna() & (trips["direction_id"] != "")
    log.add(
        "direction_unknown",
        "repaired",
        odd.sum(),
        "direction_id that is neither 0 nor 1; read as blank",
        file=file,
    )
    trips = trips.assign(direction_id=pd.to_numeric(direction).astype("Int8"), approximate=False)
    for column in ("trip_headsign", "block_id", "shape_id"):
        trips[column] = _or_null(trips[column])
    return trips.reset_index(drop=True)


def read_stops(feed: FeedZip, crs: str) -> pd.DataFrame:
    """All rows of stops.txt that name a stop, with x and y (NaN where there is no place).

    Returns
    -------
    pandas.DataFrame
        stop_id, stop_code, name, location_type, lon, lat, x, y.
    """
    log, file = feed.log, "stops.txt"
    columns = ("stop_id", "stop_code", "stop_name", "stop_lat", "stop_lon", "location_type")
    raw = _drop_repeated(_read(feed, file, columns), "stop_id", log, file)
    lon, lat = (
        pd.to_numeric(raw[column], errors="coerce").to_numpy(float) for column in ("stop_lon", "stop_lat")
    )
    possible = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    # (0, 0) lies in the Gulf of Guinea: it is how publishers write "not known".
    placed = possible & ~((np.abs(lon) < 1e-6) & (np.abs(lat) < 1e-6))
    lon, lat = np.where(placed, lon, np.nan), np.where(placed, lat, np.nan)
    x, y = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    x, y = np.asarray(x, float), np.asarray(y, float)
    outside = placed & ~(np.isfinite(x) & np.isfinite(y))
    x[~placed | outside], y[~placed | outside] = np.nan, np.nan
    is_stop = ~raw["location_type"].isin(["2", "3", "4"])
    log.add(
        "stop_without_place",
        "dropped",
        int((~np.isfinite(x) & is_stop).sum()),
        "stops at (0, 0) or with blank or impossible coordinates; calls there are left out",
        raw["stop_id"][~np.isfinite(x) & is_stop],
        file=file,
    )
    name = raw["stop_name"]
    coded = (name == raw["stop_id"]) & (name != "")
    log.add(
        "stop_name_is_code",
        "repaired",
        coded.sum(),
        "stops named by their code only; shown as unnamed",
        raw["stop_id"][coded],
        file=file,
    )
    log.add(
        "stop_unnamed",
        "note",
        (name == "").sum(),
        "stops without a name",
        raw["stop_id"][name == ""],
        file=file,
    )
    kind = pd.to_numeric(raw["location_type"].where(raw["location_type"].isin(list("01234")), "0")).astype(
        "int8"
    )
    return pd.DataFrame(
        {
            "stop_id": raw["stop_id"],
            "stop_code": _or_null(raw["stop_code"]),
            "name": name.where(~coded & (name != ""), None),
            "location_type": kind,
            "lon": lon,
            "lat": lat,
            "x": x,
            "y": y,
        }
    )
