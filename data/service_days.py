"""Which services run on which day, and the one day that the timetable is read on.

Service days are set algebra: what the calendar says, plus the dates added,
minus the dates removed. There is no clock here: the same feed gives the same
day for ever.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from data.areapack import Feed
from data.bank_holidays import load_bank_holidays
from data.date_words import say_day
from data.errors import FeedError

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ADDED = 1
WEEKS_AFTER_START = 12
LOOK_BACK_DAYS = 730
_KEPT = "_days_of_calendars"

DatePeriod = tuple[dt.date, dt.date]


def _to_days(dates: pd.Series) -> np.ndarray:
    """datetime64[D] of a column of dates, whatever kind of date a file or a test put there."""
    if len(dates) == 0:
        return np.empty(0, "datetime64[D]")
    if dates.dtype == object:
        return np.array(dates.to_list(), dtype="datetime64[D]")
    return pd.to_datetime(dates).to_numpy().astype("datetime64[D]")


@dataclass(frozen=True)
class _Days:
    """The two calendar tables as arrays over one list of services."""

    services: pd.Index
    flags: np.ndarray  # bool[calendar rows, 7]
    start: np.ndarray  # datetime64[D][calendar rows]
    end: np.ndarray
    row: np.ndarray  # service of each calendar row
    exception_service: np.ndarray
    exception_day: np.ndarray
    exception_type: np.ndarray


def _arrays(feed: Feed) -> _Days:
    """The calendars as arrays, kept with the feed, which is never changed: sessions ask for many days."""
    kept = feed.__dict__.get(_KEPT)
    if kept is None:
        kept = feed.__dict__[_KEPT] = _read_calendars(feed.calendar, feed.calendar_dates)
    return kept


def _read_calendars(calendar: pd.DataFrame, dates: pd.DataFrame) -> _Days:
    services = pd.Index(pd.unique(pd.concat([calendar["service_id"], dates["service_id"]]).astype(object)))
    return _Days(
        services,
        calendar[list(WEEKDAYS)].to_numpy(bool).reshape(len(calendar), 7),
        _to_days(calendar["start_date"]),
        _to_days(calendar["end_date"]),
        services.get_indexer(calendar["service_id"].astype(object)),
        services.get_indexer(dates["service_id"].astype(object)),
        _to_days(dates["date"]),
        dates["exception_type"].to_numpy(int),
    )


def _weekday(days: np.ndarray) -> np.ndarray:
    """0 Monday to 6 Sunday; 1970-01-01 was a Thursday."""
    return (days.astype("datetime64[D]").astype(np.int64) + 3) % 7


def _compute_active(days: _Days, dates: np.ndarray) -> np.ndarray:
    """bool[services, dates]: does the service run on the date?"""
    active = np.zeros((len(days.services), len(dates)), bool)
    within = (days.start[:, None] <= dates) & (dates <= days.end[:, None])
    np.logical_or.at(active, days.row, days.flags[:, _weekday(dates)] & within)
    if len(dates):
        order = np.argsort(dates)
        place = np.minimum(np.searchsorted(dates, days.exception_day, sorter=order), len(dates) - 1)
        place = order[place]
        met = dates[place] == days.exception_day
        active[days.exception_service[met], place[met]] = days.exception_type[met] == ADDED
    return active


def services_on(feed: Feed, date: dt.date) -> frozenset[str]:
    """Name the services that run on a date: calendar plus added minus removed.

    Parameters
    ----------
    feed
        The timetable.
    date
        The service date; trips of it may run past midnight.
    """
    days = _arrays(feed)
    active = _compute_active(days, np.array([date], "datetime64[D]"))
    return frozenset(days.services[active[:, 0]])


def find_running_days(feed: Feed, service_ids: Sequence[str], dates: np.ndarray) -> np.ndarray:
    """bool[services, dates]: on which of the dates (datetime64[D]) does each service run?"""
    days = _arrays(feed)
    row = days.services.get_indexer(pd.Index(list(service_ids), dtype=object))
    return _compute_active(days, dates)[row] & (row >= 0)[:, None]


def find_trips_on(feed: Feed, date: dt.date) -> np.ndarray:
    """Row numbers of the trips that run on a service date, ascending, int64[n]."""
    return np.flatnonzero(feed.trips["service_id"].isin(services_on(feed, date)))


def find_services_with_days(feed: Feed) -> frozenset[str]:
    """Name the services that run on at least one date.

    A service whose seven days are all 0 and that has no added date never runs,
    nor does one whose every date is removed.
    """
    days = _arrays(feed)
    count = np.zeros(len(days.services), np.int64)
    for weekday in range(7):
        # Whole weeks and the rest, so that an end in 2099 costs no more than one next week.
        first = days.start + (weekday - _weekday(days.start)) % 7
        times = (days.end - first).astype(np.int64) // 7 + 1
        np.add.at(count, days.row, np.where(days.flags[:, weekday], np.maximum(times, 0), 0))
    # An exception only counts where it changes what the calendar says of its day.
    row_of = np.full(len(days.services), -1)
    row_of[days.row] = np.arange(len(days.row))
    row = row_of[days.exception_service]
    planned = row >= 0
    at, day = row[planned], days.exception_day[planned]
    planned[planned] = days.flags[at, _weekday(day)] & (days.start[at] <= day) & (day <= days.end[at])
    added = days.exception_type == ADDED
    np.add.at(count, days.exception_service[added & ~planned], 1)
    np.subtract.at(count, days.exception_service[~added & planned], 1)
    return frozenset(days.services[count > 0])


def service_day_offset_s(date: dt.date, other_date: dt.date, timezone: str) -> int:
    """Seconds to add to a time of ``other_date`` to read it as a time of ``date``.

    Times count from noon minus 12 hours, so over a clock change the day before
    is 82,800 or 90,000 seconds away and not 86,400.

    Parameters
    ----------
    date
        The service date that the timetable is read on.
    other_date
        The service date of the trip, for example the day before.
    timezone
        The agency's, for example 'Europe/London'.
    """
    zone = ZoneInfo(timezone)
    noon, other_noon = (dt.datetime.combine(day, dt.time(12), zone).timestamp() for day in (date, other_date))
    return round(other_noon - noon)


def wall_clock_s(date: dt.date, other_date: dt.date, time_s: int, timezone: str) -> int:
    """Seconds of ``date``'s clock at which the clock on the wall says a time of ``other_date``.

    Ten past midnight is ten past 24 of the day before, also in the night in
    which the clocks change: they do so later.
    """
    zone = ZoneInfo(timezone)
    zero = dt.datetime.combine(date, dt.time(12), zone).timestamp() - 43_200
    midnight = dt.datetime.combine(other_date, dt.time(0), zone)
    # Adding to a time with a zone moves the hands of the clock on its wall.
    return round((midnight + dt.timedelta(seconds=time_s)).timestamp() - zero)


@dataclass(frozen=True)
class FeedDates:
    """The dates that a feed covers; services that never run are left out."""

    first: dt.date
    last: dt.date
    latest_start: dt.date
    by_operator: dict[str, DatePeriod]  # agency_id -> its first and last date


def compute_feed_dates(feed: Feed) -> FeedDates:
    """First and last date of the feed and of each operator, and the latest start_date.

    Raises
    ------
    FeedError
        No trip runs on any date.
    """
    running = find_services_with_days(feed)
    # A row whose seven days are all 0 only carries dates of calendar_dates: its own dates mean nothing.
    ordinary = feed.calendar[feed.calendar[list(WEEKDAYS)].to_numpy(bool).any(axis=1)]
    added = feed.calendar_dates[feed.calendar_dates["exception_type"].to_numpy(int) == ADDED]
    added_days = _to_days(added["date"])
    spans = pd.DataFrame(
        {
            "service_id": [*ordinary["service_id"], *added["service_id"]],
            "start": np.concatenate([_to_days(ordinary["start_date"]), added_days]).astype("datetime64[s]"),
            "end": np.concatenate([_to_days(ordinary["end_date"]), added_days]).astype("datetime64[s]"),
        }
    )
    spans = spans[spans["service_id"].isin(running)]
    spans = spans.groupby("service_id").agg({"start": "min", "end": "max"})
    trips = feed.trips[["route_id", "service_id"]].drop_duplicates()
    used = trips.merge(feed.routes[["route_id", "agency_id"]], on="route_id").merge(
        spans, left_on="service_id", right_index=True
    )
    if not len(used):
        raise FeedError("timetable: no trip runs on any date; check calendar.txt and calendar_dates.txt")
    by_operator = used.groupby("agency_id").agg({"start": "min", "end": "max"})
    in_calendar = used["service_id"].isin(ordinary["service_id"])
    starts = used["start"][in_calendar] if in_calendar.any() else by_operator["start"]
    return FeedDates(
        used["start"].min().date(),
        used["end"].max().date(),
        starts.max().date(),
        {str(agency): (row.start.date(), row.end.date()) for agency, row in by_operator.iterrows()},
    )


@dataclass(frozen=True)
class ServiceDate:
    """The day on which the timetable is read, and why that one."""

    date: dt.date
    why: str
    trips: int
    candidates: tuple[dt.date, ...]  # empty where the configuration fixed the date
    relaxed: bool  # the rule found no day, and a weaker one was taken
    feed_dates: FeedDates
    operators_without_service: tuple[str, ...]


def choose_service_date(
    feed: Feed,
    *,
    school_holidays: Sequence[DatePeriod] = (),
    fixed: tuple[dt.date, str] | None = None,
    nation: str | None = "england_wales",
) -> ServiceDate:
    """Choose one ordinary day for the timetable.

    Candidates are Tuesdays to Thursdays inside the dates of all operators, from
    the latest start_date (when all that the feed announces has begun) to 12
    weeks after it, neither bank nor school holiday. The one with the median
    number of trips is taken (of an even number, the lower of the middle two),
    ties to the earliest. Where there is no candidate, the rule is relaxed step
    by step, and ``why`` says how far.

    Parameters
    ----------
    feed
        The timetable, clipped to the area.
    school_holidays
        First and last day of each.
    fixed
        A date and the reason for it, from the configuration.
    nation
        Whose bank holidays: 'england_wales', 'scotland', 'northern_ireland';
        None, and any feed outside the Europe/London time zone, has none known.

    Raises
    ------
    FeedError
        No trip runs on any date, or none on the fixed one.
    """
    known = compute_feed_dates(feed)
    if fixed is not None:
        date, reason = fixed
        trips = len(find_trips_on(feed, date))
        if not trips:
            raise FeedError(
                f"configuration: service_date {date:%Y-%m-%d}: no trip of the timetable runs on it; "
                f"its dates are {known.first:%Y-%m-%d} to {known.last:%Y-%m-%d}"
            )
        why = f"{say_day(date)}, fixed by the configuration: {reason}"
        return ServiceDate(date, why, trips, (), False, known, operators_without_service(feed, date))

    if not (feed.agency["agency_timezone"] == "Europe/London").any():
        nation = None
    holidays = load_bank_holidays(nation) if nation is not None else frozenset()
    days = _list_days(known)
    per_day = _count_trips(feed, days)
    periods = [np.array(period, "datetime64[D]") for period in known.by_operator.values()]
    n_covering = sum((first <= days) & (days <= last) for first, last in periods)
    in_all = n_covering == len(periods)
    in_most = n_covering == max(n_covering[per_day > 0], default=0)
    midweek = np.isin(_weekday(days), (1, 2, 3))
    workday = _weekday(days) < 5
    begun = days >= np.datetime64(known.latest_start)
    no_bank = ~np.isin(days, np.array(sorted(holidays), "datetime64[D]"))
    no_school = np.ones(len(days), bool)
    for first, last in school_holidays:
        no_school &= ~((np.datetime64(first) <= days) & (days <= np.datetime64(last)))

    everyone = "Tuesday to Thursday, inside all operators' dates"
    rule = f"{everyone}, within 12 weeks of the latest start date"
    spared = "no bank holiday" if nation is not None else "no bank holidays known for this place"
    school = "no school holiday" if school_holidays else "no school holidays given"
    most = "inside the dates of as many operators as there are"
    stages = (
        (midweek & in_all & begun & no_bank & no_school, f"{rule}, {spared}, {school}"),
        (midweek & in_all & begun & no_bank, f"{rule}, {spared}; school holidays allowed"),
        (midweek & in_all & no_bank, f"{everyone}, {spared}; before the latest start date"),
        (midweek & in_most & no_bank, f"Tuesday to Thursday, {spared}; {most}"),
        (workday & in_most, f"Monday to Friday, {most}; holidays allowed"),
        (np.ones(len(days), bool), "any day with a trip"),
    )
    for number, (mask, words) in enumerate(stages):
        rows = np.flatnonzero(mask & (per_day > 0))
        if not len(rows):
            continue
        counts = np.sort(per_day[rows])
        median = counts[(len(counts) - 1) // 2]
        date = days[rows[per_day[rows] == median][0]].item()
        why = (
            f"{say_day(date)}: of {len(rows)} candidates ({words}) the earliest with the median "
            f"number of trips, {int(median):,}"
        )
        if number:
            why = f"{why}. No day meets the whole rule"
        return ServiceDate(
            date,
            why,
            int(median),
            tuple(days[rows].tolist()),
            number > 0,
            known,
            operators_without_service(feed, date),
        )
    raise FeedError("timetable: no trip runs on any date near its latest start date")


def _list_days(known: FeedDates) -> np.ndarray:
    """Days to look at: to 12 weeks after the latest start, and two years before it for weaker rules."""
    last = min(known.last, known.latest_start + dt.timedelta(weeks=WEEKS_AFTER_START))
    first = max(known.first, known.latest_start - dt.timedelta(days=LOOK_BACK_DAYS))
    return np.arange(np.datetime64(first), np.datetime64(last) + 1)


def _count_trips(feed: Feed, dates: np.ndarray) -> np.ndarray:
    """int64[dates]: trips that run on each date."""
    days = _arrays(feed)
    trips = feed.trips["service_id"].value_counts()
    weight = np.array([trips.get(service, 0) for service in days.services], np.int64)
    return weight @ _compute_active(days, dates)


def operators_without_service(feed: Feed, date: dt.date) -> tuple[str, ...]:
    """Name the operators of the feed that have no trip on a date, in alphabetical order."""
    routes = feed.trips["route_id"].iloc[find_trips_on(feed, date)]
    running = set(feed.routes["agency_id"][feed.routes["route_id"].isin(routes)])
    idle = ~feed.agency["agency_id"].isin(running)
    return tuple(sorted(feed.agency["agency_name"][idle]))
