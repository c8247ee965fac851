"""What a change puts on the ground or takes off it, as places and lines that a map can show.

Read off the packs before and after a change, so that what is shown is what was computed with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import shapely

from data.areapack import AreaPack, WalkNetwork
from geo.stop_words import describe_stop
from geo.whatif.model import AddStop, Change
from geo.whatif.names import find_spot, find_stop

MarkKind = Literal[
    "service_added", "service_removed", "stop_added", "stop_moved", "stop_left", "move",
    "minibus", "street_closed", "footpath",
]  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """One thing on the map.

    Attributes
    ----------
    geometry : shapely geometry
        In the pack's CRS: a point, or lines.
    label : str
        Its name, as its source writes it; empty where it has none.
    row : int or None
        Of a stop that is elsewhere or a service that is gone: its row in the pack as it stood before.
    """

    kind: MarkKind
    geometry: shapely.Geometry
    label: str
    row: int | None = None


def find_marks(change: Change, before: AreaPack, after: AreaPack) -> list[Mark]:
    """Everything that one change has put up, moved or taken away; nothing of a change of times."""
    return [
        *_find_services(before, after),
        *_find_stops(change, before, after),
        *_find_lines(before, after),
        *_find_streets(before, after),
    ]


def _find_services(before: AreaPack, after: AreaPack) -> list[Mark]:
    if after.services is before.services:
        return []
    marks: list[Mark] = []
    for kind, table, other in (
        ("service_removed", before.services, after.services),
        ("service_added", after.services, before.services),
    ):
        if table is None:
            continue
        known = set() if other is None else set(other["service_id"])
        for row in np.flatnonzero(~table["service_id"].isin(known).to_numpy(bool)):
            one = table.iloc[row]
            if pd.notna(one["x"]) and pd.notna(one["y"]):
                at = shapely.Point(float(one["x"]), float(one["y"]))
                name = one["category"] if pd.isna(one["name"]) else one["name"]
                gone = int(row) if kind == "service_removed" else None
                marks.append(Mark(kind, at, str(name), gone))  # type: ignore[arg-type]
    return marks


def _find_stops(change: Change, before: AreaPack, after: AreaPack) -> list[Mark]:
    if isinstance(change, AddStop):
        row = len(before.stops)
        if len(after.stops) == row:  # one that was there: more buses call
            row = find_stop(before, "stop", change.stop) if change.stop else _stop_at(before, str(change.at))
        return [_stop(after, row, "stop_added")]
    marks = []
    known = len(before.stops)
    if after.stops is not before.stops:
        old, new = (pack.stops[["x", "y"]].to_numpy(float)[:known] for pack in (before, after))
        for moved in np.flatnonzero((old != new).any(axis=1)).tolist():
            marks += _move(before, after, moved, moved)
    if change.kind == "move_stop" and change.route is not None:
        target = known if len(after.stops) > known else _stop_at(before, change.to)
        return _move(before, after, find_stop(before, "stop", change.stop), target, stays=True)
    return marks + [_stop(after, row, "stop_added") for row in range(known, len(after.stops))]


def _stop_at(pack: AreaPack, text: str) -> int:
    """The stop that a place is; only asked where the change has found it to be one."""
    stop = find_spot(pack, "at", text).stop
    if stop is None:
        raise ValueError("the place of a change without a new stop is no stop")
    return stop


def _stop(pack: AreaPack, row: int, kind: MarkKind, was: int | None = None) -> Mark:
    stop = pack.stops.iloc[row]
    title = describe_stop(stop, pack.crs).title
    return Mark(kind, shapely.Point(float(stop["x"]), float(stop["y"])), title, was)


def _move(before: AreaPack, after: AreaPack, row: int, target: int, *, stays: bool = False) -> list[Mark]:
    """Where a stop was, where it is, and a line from the one to the other; ``stays``: for other routes."""
    left = _stop(before, row, "stop_left", None if stays else row)
    moved = _stop(after, target, "stop_moved")
    return [left, moved, Mark("move", shapely.LineString([left.geometry, moved.geometry]), left.label)]


def _find_lines(before: AreaPack, after: AreaPack) -> list[Mark]:
    """Routes that are new, straight from stop to stop."""
    routes, feed = after.feed.routes, after.feed
    if routes is before.feed.routes:
        return []
    marks = []
    for route in routes[~routes["route_id"].isin(set(before.feed.routes["route_id"]))].to_dict("records"):
        trip = np.flatnonzero((feed.trips["route_id"] == route["route_id"]).to_numpy(bool))[:1]
        stops = feed.stop_times["stop_index"][np.isin(feed.stop_times["trip_index"], trip)]
        line = shapely.LineString(after.stops[["x", "y"]].to_numpy(float)[stops])
        marks.append(Mark("minibus", line, str(route["route_short_name"])))
    return marks


def _find_streets(before: AreaPack, after: AreaPack) -> list[Mark]:
    """Streets that are gone, or the path that is new."""
    old, new = before.walk, after.walk
    if old is None or new is None or new is old:
        return []
    if len(new.u) > len(old.u):  # a path comes last, after the streets that it parted
        return [Mark("footpath", _lines(new, np.array([len(new.u) - 1])), _name(new, len(new.u) - 1))]
    columns = [old.u, old.v, old.length_mm, old.geometry_x[old.geometry_offset[:-1]]]
    left = [new.u, new.v, new.length_mm, new.geometry_x[new.geometry_offset[:-1]]]
    kept: Any = pd.MultiIndex.from_arrays(left)
    closed = np.flatnonzero(~pd.MultiIndex.from_arrays(columns).isin(kept))
    names = dict.fromkeys(name for edge in closed if (name := _name(old, int(edge))))
    return [Mark("street_closed", _lines(old, closed), ", ".join(names))]


def _name(walk: WalkNetwork, edge: int) -> str:
    number = int(walk.street[edge])
    return "" if number < 0 else walk.street_names[number]


def _lines(walk: WalkNetwork, edges: np.ndarray) -> shapely.MultiLineString:
    parts = [slice(int(walk.geometry_offset[edge]), int(walk.geometry_offset[edge + 1])) for edge in edges]
    return shapely.MultiLineString(
        [np.column_stack((walk.geometry_x[part], walk.geometry_y[part])) for part in parts]
    )
