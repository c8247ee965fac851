"""One sentence that says what would bring a category within reach, with its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from data.areapack import AreaPack
from geo.clock import clock
from geo.query import DAY_S, Query
from geo.roundtrip import RoundTripSettings
from geo.roundtrip_words import short_name
from geo.tables import SMALL_COUNT

ANY_WORDS = {"service": "Any service", "place": "Any place"}


def say_why(
    record: Mapping[str, Any],
    pack: AreaPack,
    query: Query,
    settings: RoundTripSettings | None,
    apart: Mapping[str, str],
) -> str:
    """The answer of one row of the why table (``geo.tables.WHY_COLUMNS``) in words.

    Parameters
    ----------
    apart : mapping of str to str
        What tells services of one name apart (``geo.service_names``).
    """
    what = _say_category(record)
    back = settings is not None
    if record["answer"] == "nothing":
        return (
            f"{what}: no single change that was looked at would do it; the nearest is "
            f"{say_distance(record['nearest_m'])} away in a straight line."
        )
    gain = f"{say_gained(record['people_gained'])} here could get there{' and back' if back else ''}"
    return f"{what}: {say_remedy(record, str(record['answer']), pack, query, apart, back=back)}, {gain}."


def say_remedy(
    record: Mapping[str, Any],
    answer: str,
    pack: AreaPack,
    query: Query,
    apart: Mapping[str, str],
    *,
    back: bool,
) -> str:
    """One remedy as a condition: "if the walk to or from a stop could be 720 m instead of 640 m".

    ``apart``: as in :func:`say_why`; ``back``: it was asked about there and back.
    """
    if answer == "walk":
        return (
            f"if a walk to or from a stop could be {record['walk_m']:,.0f} m instead of "
            f"{query.walk.max_walk_m:,} m"
        )
    if answer == "walk_all_the_way":
        far = f"{record['walk_all_the_way_m']:,.0f} m" + (" there and as far back," if back else "")
        return f"if people could walk all the way, {far} instead of {query.walk.total_limit_mm // 1000:,} m"
    if answer == "cutoff":
        each = " each way" if back else ""
        return (
            f"if a journey{each} could take {record['cutoff_min']:.0f} minutes instead of "
            f"{query.cutoff_s / 60:g}"
        )
    if answer == "session":
        return _say_session(record, pack, apart)
    if answer == "bus":
        return _say_bus(record)
    took = record.get("second_bus_s")
    minutes = "" if took is None or pd.isna(took) else f" ({-(-int(took) // 60)} minutes)"
    return f"with a second bus{' each way' if back else ''}{minutes}"


def _say_session(record: Mapping[str, Any], pack: AreaPack, apart: Mapping[str, str]) -> str:
    assert pack.services is not None
    row = pack.services[pack.services["service_id"] == record["session_service_id"]].iloc[0]
    name = short_name(row["name"]) or f"the {short_name(row['category'])}"
    which = short_name(apart.get(str(record["session_service_id"])))
    name += f" ({which})" if which else ""
    start, end = int(record["session_start_s"]), int(record["session_end_s"])
    moved = int(record["session_shift_min"]) * 60
    now = clock(start - moved)
    assumed = " (which is assumed)" if record["session_assumed"] else ""
    day = _on_day(record["session_day"])
    if record["session_kind"] == "drop_in":
        return (
            f"if {name} were open from {clock(start)} to {clock(end)}{day} instead of from {now} to "
            f"{clock(end - moved)}{assumed}"
        )
    return f"if the session of {name}{day} started at {clock(start)} instead of {now}{assumed}"


def _on_day(weekday: str | None) -> str:
    return "" if weekday is None or pd.isna(weekday) else f" on {weekday.title()}"


def _say_bus(record: Mapping[str, Any]) -> str:
    leaves_s, needed_s = int(record["bus_leaves_s"]), int(record["bus_needed_s"])
    midnight_s = leaves_s // DAY_S * DAY_S  # as people say it, by the clock of the day on which it leaves
    return (
        f"if one more bus, the {record['bus']}, left for home at {clock(needed_s - midnight_s)}"
        f"{_on_day(record['bus_day'])} (the last now leaves at {clock(leaves_s - midnight_s)})"
    )


def _say_category(record: Mapping[str, Any]) -> str:
    name = str(record["category"])
    return ANY_WORDS[str(record["kind"])] if name == "*" else short_name(name) or "unnamed"


def say_gained(people: object) -> str:
    """'1,240 more people', or 'fewer than 10 more people'; other words where no count is published."""
    if people is None or pd.isna(people):  # type: ignore[call-overload]
        return "most of those who can't now"
    whole = round(float(people))  # type: ignore[arg-type]
    return f"{whole:,} more people" if whole >= SMALL_COUNT else "fewer than 10 more people"


def say_distance(metres: float) -> str:
    """Kilometres to a tenth, metres under one kilometre."""
    return f"{metres / 1000:,.1f} km" if metres >= 1000 else f"{metres:.0f} m"
