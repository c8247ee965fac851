"""Towns with sessions, for tests of round trips."""

from __future__ import annotations

import dataclasses
from typing import Any

import pandas as pd

from data import schema
from data.areapack import AreaPack
from data.frames import build_frame
from geo.engine import Engine
from geo.roundtrip import RoundTripSettings
from tests.proof import line_town, make_query
from tests.town_spec import Trip, seconds, trip
from tests.towns import point, service

MIN = 60
TUESDAY, WEDNESDAY = 1, 2


def session(start: str | None, end: str | None, **fields: Any) -> dict[str, Any]:
    """A session at the clinic, on Tuesdays unless said otherwise."""
    times = {"start_s": start and seconds(start), "end_s": end and seconds(end)}
    row = {"service_id": "clinic", "kind": "session", "weekday": TUESDAY, "rule": "weekly", **times, **fields}
    return {"session_id": f"{row['service_id']}/{row['weekday']}/{start}/{row['rule']}", **row}


def with_sessions(pack: AreaPack, *rows: dict[str, Any]) -> AreaPack:
    """The pack with these sessions and no others."""
    columns = {name: [row.get(name) for row in rows] for name in schema.SESSIONS.column_names}
    return dataclasses.replace(pack, sessions=build_frame(schema.SESSIONS, columns))


def there(depart: str, **fields: Any) -> Trip:
    """From A to E in 20 minutes: home to clinic leaves 2:15 before and arrives 1:15 after the bus."""
    return _ride("A", "E", depart, **fields)


def back(depart: str, **fields: Any) -> Trip:
    """From E to A in 20 minutes: clinic to home leaves 2:15 before and arrives 1:15 after the bus."""
    return _ride("E", "A", depart, **fields)


def _ride(first: str, last: str, depart: str, **fields: Any) -> Trip:
    minutes = fields.pop("minutes", 20)
    return trip((first, depart), (last, seconds(depart) + minutes * MIN), **fields)


def ask_frame(pack: AreaPack, **fields: Any) -> pd.DataFrame:
    """The round trips of a pack by point; query and settings fields mixed, as they come."""
    own = {f.name for f in dataclasses.fields(RoundTripSettings)}
    settings = RoundTripSettings(**{name: fields.pop(name) for name in own & fields.keys()})
    asked = {name: fields.pop(name) for name in ("day", "service_ids", "level") if name in fields}
    return Engine(pack).round_trips(make_query(**fields), settings, **{"level": "point", **asked}).frame


def ask(pack: AreaPack, **fields: Any) -> dict[str, Any]:
    """The one row of home and the clinic's one session, nulls as None."""
    frame = ask_frame(pack, **fields)
    rows = frame.to_dict("records")
    assert len(rows) == 1, frame
    return {name: None if pd.isna(value) else value for name, value in rows[0].items()}


def town(*trips: Trip, held: dict[str, Any] | None = None, **fields: Any) -> AreaPack:
    """Home and clinic five kilometres apart on one street, with the clinic's one session."""
    return with_sessions(line_town(*trips, **fields), held or session("10:30", "12:00"))


def assumed_town() -> AreaPack:
    """The bus home at 12:35 is in time for the club, if it ends at 12:30 as assumed, not for the clinic.

    So of N1 the 30 at home have the club by assumed times alone, and the 70 afar have nothing; the 50 of
    N2, who walk, have the clinic too.
    """
    homes = [point("home", 0, 0, 30), point("afar", 9_000, 0, 70), point("near", 4_900, 0, 50, "N2")]
    services = [service("clinic", 5_000, 0, "Health"), service("club", 5_000, 0, "Food")]
    groups, wards = {"g": {"N1": 20, "N2": None}}, {"N1": "W1", "N2": "W1"}
    return town(
        there("10:00"), back("12:35"), held=session("10:30", "13:00"),
        points=homes, services=services, groups=groups, wards=wards,
    )  # fmt: skip


def at(text: str) -> int:
    return seconds(text)
