"""Asking the engine and the slow reference the same question."""

from __future__ import annotations

from typing import Any

import pandas as pd

from data.areapack import AreaPack
from geo.query import Query, WalkSettings
from tests import reference_people
from tests.towns import build_town, point, route, service, street


def make_query(**fields: Any) -> Query:
    """Make a query; walk settings may be given beside its own fields."""
    walk = {name: fields.pop(name) for name in WalkSettings.__dataclass_fields__ if name in fields}
    return Query(walk=WalkSettings(**walk), **fields)


def engine_rows(pack: AreaPack, query: Query, level: str = "point") -> dict[tuple[str, str], dict]:
    """Rows of the engine's reach table, nulls as None, by (origin, service)."""
    from geo.engine import Engine

    frame = Engine(pack).reach(query, level=level).frame
    return frame_rows(frame)


def frame_rows(frame: pd.DataFrame) -> dict[tuple[str, str], dict]:
    """Rows of a reach table, nulls as None, by (origin, service)."""
    return {(str(row.pop("origin_id")), str(row.pop("service_id"))): row for row in list_rows(frame)}


def list_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of any table as plain values, nulls as None."""
    names = list(frame.columns)
    columns = []
    for name in names:
        missing = frame[name].isna().tolist()
        columns.append([None if no else v for v, no in zip(frame[name].tolist(), missing, strict=True)])
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def reference_rows(pack: AreaPack, query: Query, level: str = "point") -> dict[tuple[str, str], dict]:
    """The same rows by the slow reference."""
    if level == "point":
        return reference_people.point_rows(pack, query)
    return reference_people.neighbourhood_rows(pack, query)


def differences(ours: dict, theirs: dict, *, skip: tuple[str, ...] = ()) -> list[str]:
    """Every value in which two tables of rows differ, in words."""
    lines = [f"{key}: only in one table" for key in sorted(set(ours) ^ set(theirs))]
    for key in sorted(set(ours) & set(theirs)):
        for name, value in theirs[key].items():
            if name in skip:
                continue
            got = ours[key].get(name, "(no such column)")
            same = (
                abs(got - value) < 1e-9
                if isinstance(value, float) and isinstance(got, float)
                else got == value
            )
            if not same:
                lines.append(f"{key} {name}: engine {got!r}, reference {value!r}")
    return lines


def line_town(*trips: Any, home: float = 0.0, clinic: float = 5000.0, **fields: Any) -> AreaPack:
    """One straight street, 10 km long; stops A to E at 100, 1100, 2100, 3100 and 4900 m along it.

    At 80 metres a minute home (0 m) is 75 s from A, and the clinic (5,000 m) 75 s
    from E. Two places on the street are as far apart as their numbers say.
    """
    stops = {"A": (100, 0), "B": (1100, 0), "C": (2100, 0), "D": (3100, 0), "E": (4900, 0)}
    return build_town(
        streets=fields.pop("streets", [street((0, 0), (10_000, 0), name="High Street")]),
        stops={**stops, **fields.pop("stops", {})},
        routes=fields.pop("routes", [route("1", *trips)]),
        points=fields.pop("points", [point("home", home, 0)]),
        services=fields.pop("services", [service("clinic", clinic, 0)]),
        **fields,
    )
