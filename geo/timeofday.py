"""Reach by time of day: weekday morning, afternoon and evening, Saturday and Sunday, side by side.

"In reach on a weekday morning, not on Sunday" is a column here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from data.errors import QueryError
from geo.progress import Progress, no_progress
from geo.query import Query
from geo.sessions import choose_dates
from geo.tables import ReachTable

if TYPE_CHECKING:
    from geo.engine import Engine

_SATURDAY, _SUNDAY = 5, 6
# Every window is two hours long, and the weekend's are the morning's: so that
# what differs between two columns is the time and nothing else.
WINDOWS: dict[str, tuple[int, int]] = {
    "weekday_morning": (34_200, 41_400),  # 09:30-11:30
    "weekday_afternoon": (48_600, 55_800),  # 13:30-15:30
    "weekday_evening": (64_800, 72_000),  # 18:00-20:00
    "saturday": (34_200, 41_400),
    "sunday": (34_200, 41_400),
}
IN_REACH_COLUMN = "in_reach_at"


@dataclass(frozen=True)
class Time:
    """A date and a departure window; ``date`` None: the timetable has no such day."""

    name: str
    date: dt.date | None
    window_start_s: int
    window_end_s: int


@dataclass(frozen=True)
class TimesTable:
    """One row per (origin, service); for each time three columns.

    ``<time>_class``, ``<time>_best_duration_s`` and ``<time>_share_in_reach``
    are those of a reach table (and null throughout where ``times`` has no
    date); by neighbourhood also ``<time>_share_in_reach_people``.
    ``in_reach_at`` joins the names of the times at which the class is walk or
    one_bus (where two boardings are allowed also two_buses) by ';', null where it is none.
    """

    frame: pd.DataFrame
    times: tuple[Time, ...]
    level: str
    query: Query
    area_id: str
    pack_digest: str


def choose_times(engine: Engine, query: Query) -> tuple[Time, ...]:
    """Choose the five times: the query's own date for weekdays, the nearest Saturday and Sunday after it.

    Where the timetable ends before, the last before the date; bank holidays are
    passed over.

    Raises
    ------
    QueryError
        The query's date is a Saturday or Sunday, or not in the timetable.
    """
    date = engine.service_date(query)
    if date.weekday() >= _SATURDAY:
        raise QueryError(
            f"date {date.isoformat()} is a {date:%A}; times of day are compared from a Monday to Friday on."
        )
    weekend = choose_dates(engine.pack.manifest, (_SATURDAY, _SUNDAY), start=date)
    dates = {"saturday": weekend.get(_SATURDAY), "sunday": weekend.get(_SUNDAY)}
    return tuple(Time(name, dates.get(name, date), *window) for name, window in WINDOWS.items())


def ask_at(query: Query, time: Time) -> Query:
    """Return the query asked for one of the times; its own date and window do not count."""
    return replace(
        query,
        service_date=time.date,
        window_start_s=time.window_start_s,
        window_end_s=time.window_end_s,
    )


def compute_times_of_day(
    engine: Engine,
    query: Query,
    *,
    level: Literal["neighbourhood", "point"] = "neighbourhood",
    progress: Progress = no_progress,
) -> TimesTable:
    """Compute reach at each of the five times; the query's own window does not count."""
    times = choose_times(engine, query)
    tables: dict[str, ReachTable] = {}
    for done, time in enumerate(times):
        progress(done / len(times), time.name.replace("_", " "))
        if time.date is not None:
            tables[time.name] = engine.reach(ask_at(query, time), level=level)
    progress(1.0, "done")
    frame = _assemble(times, {name: table.frame for name, table in tables.items()}, query.reached_classes)
    return TimesTable(frame, times, level, query, engine.pack.area_id, engine.pack.digest)


def _assemble(
    times: tuple[Time, ...], frames: dict[str, pd.DataFrame], reached_classes: tuple[str, ...]
) -> pd.DataFrame:
    base = frames[times[0].name]
    columns: dict[str, object] = {name: base[name].array for name in ("origin_id", "service_id")}
    kept = ["reach_class", "best_duration_s", "share_in_reach"]
    kept += ["share_in_reach_people"] if "share_in_reach_people" in base else []
    reached = np.full(len(base), "", dtype=object)
    for time in times:
        frame = frames.get(time.name)
        for name in kept:
            column = f"{time.name}_{name.removeprefix('reach_')}"
            columns[column] = (
                base[name].array[:0].take(np.full(len(base), -1), allow_fill=True)
                if frame is None
                else frame[name].array
            )
        if frame is not None:
            reached += np.where(frame["reach_class"].isin(reached_classes), f";{time.name}", "")
    joined = pd.Series([text[1:] or None for text in reached], dtype="str")
    return pd.DataFrame({**columns, IN_REACH_COLUMN: joined}, copy=False)


def describe_times(times: Iterable[Time]) -> dict[str, object]:
    """The dates and windows as plain JSON values, for a file's metadata."""
    return {
        time.name: {
            "service_date": None if time.date is None else time.date.isoformat(),
            "window_start_s": time.window_start_s,
            "window_end_s": time.window_end_s,
            **({} if time.date else {"note": "the timetable has no such day"}),
        }
        for time in times
    }


def describe_columns(table: TimesTable) -> dict[str, str]:
    """What each column holds, for a file's metadata."""
    words = {"origin_id": "string", "service_id": "string"}
    for time in table.times:
        for name, meaning in (
            ("class", "category of CLASSES; null: the timetable has no such day"),
            ("best_duration_s", "Int32: see the reach table"),
            ("share_in_reach", "float64, 0 to 1: share of the window"),
            ("share_in_reach_people", "float64, 0 to 1: share of the people with class walk or one_bus"),
        ):
            if f"{time.name}_{name}" in table.frame:
                words[f"{time.name}_{name}"] = meaning
    reached = " or ".join(table.query.reached_classes)
    return {**words, IN_REACH_COLUMN: f"string: times with class {reached}, joined by ';'; null: at none"}
