"""More or fewer buses: a route's headway, its first and its last bus (definitions: docs/scenarios.md).

A bus that is added does what a bus of the route already does, at another time:
the same stops, the same running times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from data.areapack import AreaPack, Feed
from data.service_days import WEEKDAYS, find_running_days
from geo.clock import typed_clock
from geo.patterns import TripCalls, group_by_pattern, index_calls
from geo.whatif.feed import (
    Copies,
    add_calendar,
    list_dates,
    rebuild_trips,
    rename_service,
    weekdays_of,
)
from geo.whatif.model import ChangeHeadway, FirstBus, LastBus, spaced
from geo.whatif.names import FaultyChange, choose_direction, find_trips, name_directions

MOST_ADDED = 20_000


@dataclass(frozen=True)
class _Day:
    """The buses of one direction on days that are alike, by departure from their first stop."""

    trip: np.ndarray  # int64[k], rows of the feed's trips
    leave_s: np.ndarray  # int64[k], ascending
    usual: np.ndarray  # bool[k], has the stops that most of them have


# What a change does to such a day: which buses go, which are copied, and when the copies leave.
_Edit = Callable[[_Day], tuple[np.ndarray, np.ndarray, np.ndarray]]


def change_headway(pack: AreaPack, change: ChangeHeadway, mark: str) -> AreaPack:
    """Let buses leave every so many minutes from the first to the last bus of the span; both stay."""

    def edit(day: _Day) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        inside = np.flatnonzero((day.leave_s >= change.start) & (day.leave_s <= change.end))
        if not len(inside):
            return _nothing(day)
        times = day.leave_s[inside]
        leave = np.array(sorted({*spaced(int(times[0]), int(times[-1]), change.every_min), int(times[-1])}))
        _check_added(len(leave))
        # The bus nearest in time shows the way; of two equally near the earlier.
        nearest = np.argmin(np.abs(leave[:, None] - times[None, :]), axis=1)
        gone = np.zeros(len(day.trip), bool)
        gone[inside] = True
        return gone, inside[nearest], leave

    return _change_days(pack, change, mark, edit)


def change_first_bus(pack: AreaPack, change: FirstBus, mark: str) -> AreaPack:
    """Start earlier (one bus, or buses at a spacing until the present first), or leave early buses out."""

    def edit(day: _Day) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        first = int(day.leave_s[0])
        if change.time >= first:
            return _leave_out(day, day.leave_s < change.time, "the last leaves at", int(day.leave_s[-1]))
        leave = [change.time]
        if change.every_min is not None:
            leave = list(spaced(change.time, first - 1, change.every_min))
            _check_added(len(leave))
        return _add(day, int(np.flatnonzero(day.usual)[0]), leave)

    return _change_days(pack, change, mark, edit)


def change_last_bus(pack: AreaPack, change: LastBus, mark: str) -> AreaPack:
    """Run on later (one bus, or buses at a spacing after the present last), or leave late buses out."""

    def edit(day: _Day) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        last = int(day.leave_s[-1])
        if change.time <= last:
            return _leave_out(day, day.leave_s > change.time, "the first leaves at", int(day.leave_s[0]))
        leave = [change.time]
        if change.every_min is not None:
            between = spaced(last, change.time, change.every_min)[1:]
            leave = sorted({*between, change.time})
            _check_added(len(leave))
        return _add(day, int(np.flatnonzero(day.usual)[-1]), leave)

    return _change_days(pack, change, mark, edit)


def _check_added(count: int) -> None:
    """Refuse as soon as there are too many: a file from outside must not fill the memory first."""
    if count > MOST_ADDED:
        raise FaultyChange("every_min", f"makes more than {MOST_ADDED:,} buses")


def _nothing(day: _Day) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    none = np.empty(0, np.int64)
    return np.zeros(len(day.trip), bool), none, none


def _leave_out(
    day: _Day, gone: np.ndarray, words: str, time_s: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if gone.all():
        raise FaultyChange(
            "time", f"no bus would be left on some days ({words} {typed_clock(time_s)}); name other days"
        )
    return gone, *_nothing(day)[1:]


def _add(day: _Day, like: int, leave: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.zeros(len(day.trip), bool), np.full(len(leave), like), np.array(leave, np.int64)


def _change_days(
    pack: AreaPack, change: ChangeHeadway | FirstBus | LastBus, mark: str, edit: _Edit
) -> AreaPack:
    """Edit each direction on each kind of day, and give what results the dates it runs on.

    A kind of day is the set of dates on which the same calendars of the
    direction run: two calendars that share a Friday are one Friday's buses.
    """
    feed = pack.feed
    trips = choose_direction(pack, find_trips(pack, change), change.towards, change.direction)
    calls = index_calls(feed.stop_times, len(feed.trips))
    first = calls.first
    trips = trips[first[trips + 1] - first[trips] >= 2]
    leave_s = np.zeros(len(feed.trips), np.int64)
    leave_s[trips] = feed.stop_times["departure_s"][first[trips]]
    service = feed.trips["service_id"].to_numpy(object)
    dates = list_dates(pack)
    asked = np.isin(weekdays_of(dates), [WEEKDAYS.index(day) for day in change.days])

    directions = name_directions(pack, trips)
    kept = np.ones(len(feed.trips), bool)
    rest: dict[int, np.ndarray] = {}  # trips that keep some of their dates: which
    copies: list[tuple[int, int, np.ndarray]] = []  # trip, seconds later, dates
    met = False
    for direction in dict.fromkeys(directions):
        own = trips[[one == direction for one in directions]]
        services = list(dict.fromkeys(service[own]))
        runs = find_running_days(feed, services, dates)
        of_service = np.array([services.index(one) for one in service[own]])
        left = runs.copy()[of_service]  # bool[own trips, dates] that stay as they are
        for alike in _kinds_of_day(runs[:, asked], np.flatnonzero(asked)):
            today = np.flatnonzero(runs[of_service, alike[0]])
            if not len(today):
                continue
            met = True
            day = _one_day(calls, own[today], leave_s)
            gone, like, times = edit(day)
            when = dates[alike]
            place = {int(trip): at for at, trip in enumerate(own)}
            for trip in day.trip[gone]:
                left[place[int(trip)], alike] = False
            copies += [
                (int(day.trip[at]), int(time - day.leave_s[at]), when)
                for at, time in zip(like, times, strict=True)
            ]
            _check_added(len(copies))
        for at, trip in enumerate(own):
            if not np.array_equal(left[at], runs[of_service[at]]):
                rest[int(trip)] = dates[left[at]]
    if not met:
        raise FaultyChange("days", "no bus of the route runs on these days")
    kept[[trip for trip, days in rest.items() if not len(days)]] = False
    return replace(pack, feed=_write(feed, kept, rest, copies, mark))


def _kinds_of_day(runs: np.ndarray, dates: np.ndarray) -> list[np.ndarray]:
    """Columns of ``runs`` (bool[services, dates]) that are alike, as arrays of their date numbers."""
    if not len(dates):
        return []
    _, kind = np.unique(np.packbits(runs, axis=0), axis=1, return_inverse=True)
    kind = kind.ravel()
    order = np.argsort(kind, kind="stable")
    return np.split(dates[order], np.flatnonzero(np.diff(kind[order])) + 1)


def _one_day(calls: TripCalls, trips: np.ndarray, leave_s: np.ndarray) -> _Day:
    trips = trips[np.lexsort((trips, leave_s[trips]))]
    pattern = group_by_pattern(calls, trips)
    return _Day(trips, leave_s[trips], pattern == np.argmax(np.bincount(pattern)))


def _write(
    feed: Feed,
    kept: np.ndarray,
    rest: dict[int, np.ndarray],
    copies: list[tuple[int, int, np.ndarray]],
    mark: str,
) -> Feed:
    """The feed with these trips and calendars; equal sets of dates share a calendar."""
    calendars: dict[bytes, str] = {}
    known: dict[int, str] = {}  # by identity: thousands of copies share few arrays

    def calendar_of(dates: np.ndarray) -> str:
        nonlocal feed
        if id(dates) not in known:
            key = dates.tobytes()
            if key not in calendars:
                feed, calendars[key] = add_calendar(feed, dates, mark)
            known[id(dates)] = calendars[key]
        return known[id(dates)]

    some = {trip: days for trip, days in rest.items() if len(days)}
    moved = [calendar_of(days) for days in some.values()]
    service_ids = [calendar_of(days) for _, _, days in copies]
    if some:
        feed = rename_service(feed, np.array(list(some)), moved)
    made = Copies(
        np.array([trip for trip, _, _ in copies], np.int64),
        np.array([shift for _, shift, _ in copies], np.int64),
        service_ids,
    )
    return rebuild_trips(feed, kept, made, mark)
