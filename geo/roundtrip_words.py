"""Words for the bus home that there isn't ("the last 53 ... leaves at 17:52"), and for what was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from data.areapack import AreaPack
from data.service_days import WEEKDAYS
from geo import roundtrip_kernels as rk
from geo.clock import clock
from geo.names import clean_name
from geo.query import DAY_S, Query
from geo.reasons import REASON_CODE
from geo.sessions import PlannedSession

if TYPE_CHECKING:
    from geo.roundtrip import RoundTripSettings

_TOLD = (
    rk.LAST_TRIP, rk.LAST_DEPARTURE, rk.NEXT_TRIP, rk.NEXT_DEPARTURE, rk.LONG_TRIP, rk.LONG_DURATION, rk.END,
)  # fmt: skip
LONGEST_NAME = 60


def name_routes(pack: AreaPack) -> pd.api.extensions.ExtensionArray:
    """The number (else the name) of each of the feed's trips' routes, as people say it."""
    routes = pack.feed.routes
    names = routes["route_short_name"].astype("str").fillna(routes["route_long_name"].astype("str"))
    by_id = pd.Series([short_name(one) for one in names], index=routes["route_id"], dtype="str")
    return by_id.reindex(pack.feed.trips["route_id"]).array


def describe_missing_return(
    pack: AreaPack,
    fields: np.ndarray,
    reason: np.ndarray,
    plan: Sequence[PlannedSession],
    query: Query,
    linger_s: int,
) -> pd.api.extensions.ExtensionArray:
    """Say, for each pair with reason no_return, which bus home there is; null elsewhere."""
    n, k = reason.shape
    rows = np.flatnonzero((reason == REASON_CODE["no_return"]).ravel())
    text = np.full(n * k, None, dtype=object)
    if len(rows):
        told = fields.reshape(n * k, -1)[rows][:, _TOLD]
        keys, which = np.unique(np.column_stack((told, rows % k)), axis=0, return_inverse=True)
        routes = name_routes(pack)

        def bus(trip: int) -> str:
            return _say_bus(routes[trip], pack.feed.trips["trip_headsign"].iloc[trip])

        words = [_describe(key.tolist(), plan, bus, query, linger_s) for key in keys]
        text[rows] = np.array(words, dtype=object)[which.ravel()]
    return pd.array(text, dtype="str")


def name_bus(pack: AreaPack, trip: int) -> str:
    """A trip (row of the feed's trips) as people know it: "53 towards Moss Road"."""
    row = pack.feed.trips.iloc[trip]
    route = pack.feed.routes[pack.feed.routes["route_id"] == row["route_id"]].iloc[0]
    name = route["route_short_name"]
    return _say_bus(short_name(route["route_long_name"] if pd.isna(name) else name), row["trip_headsign"])


def _say_bus(route: str | None, headsign: str | None) -> str:
    number = "bus" if pd.isna(route) else str(route)
    towards = None if pd.isna(headsign) else short_name(str(headsign))
    return f"{number} towards {towards}" if towards else number


def _describe(key: list[int], plan: Sequence[PlannedSession], bus, query: Query, linger_s: int) -> str:  # type: ignore[no-untyped-def]
    last_trip, last_s, next_trip, next_s, long_trip, long_s, end_s, number = key
    session = plan[number]
    # What begins at 24:10 of the evening before is told as people say it, at 00:10 of its own day.
    shift_s = session.start_s // DAY_S * DAY_S

    def at(time_s: int) -> str:
        return "midnight" if time_s - shift_s == DAY_S else clock(time_s - shift_s)

    parts = []
    if last_trip != rk.NONE and next_trip == rk.NONE:
        parts.append(f"the last {bus(last_trip)} leaves at {at(last_s)}")
    elif last_trip != rk.NONE:
        parts.append(f"the {bus(last_trip)} leaves at {at(last_s)}, too soon")
    if long_trip != rk.NONE:
        minutes, most = -(-long_s // 60), query.cutoff_s // 60
        parts.append(f"the {bus(long_trip)} takes {minutes} minutes door to door, over the {most} allowed")
    if next_trip != rk.NONE:
        wait = f"after the longest wait of {linger_s // 60} minutes"
        parts.append(f"the next {bus(next_trip)} leaves at {at(next_s)}, {wait}")
    if session.kind == "drop_in":
        end = f"a visit ends at {at(end_s)} at the earliest"
    else:
        end = f"the session{', if held as assumed,' if session.assumed else ''} ends at {at(session.end_s)}"
    if not parts:
        return f"no single bus goes back within {query.cutoff_s // 60} minutes that day; {end}"
    return f"{'; '.join(parts)}; {end}"


def short_name(text: str | None) -> str | None:
    """A name from outside on one line, without control characters, cut where it is absurdly long."""
    words = clean_name(text)
    return words if words is None or len(words) <= LONGEST_NAME else f"{words[: LONGEST_NAME - 1]}…"


def describe_round_trip(settings: RoundTripSettings, day: int | None) -> dict[str, Any]:
    """What was asked of there and back as plain JSON values, for a file's metadata; ``day``: 0 is Monday."""
    return {
        **asdict(settings),
        "day": None if day is None else WEEKDAYS[day],
        "assumed": "the source gives no times, and a session from 10:30 to 12:30 stands for it; or what it "
        "says of them is not all certain, or not all understood",
    }
