"""A synthetic country: copies of one region side by side, with one timetable of all of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd

from data.areapack import AreaPack, Feed, WalkNetwork
from data.service_days import services_on

COLUMNS = 5
GAP_M = 20_000.0
REPEATED = ("length_mm", "steps", "street", "highway")  # of a piece of street, wherever it lies


def copy_side_by_side(pack: AreaPack, copies: int) -> AreaPack:
    """Put copies of a region into one pack, in rows of five, 20 km apart.

    Stops, trips and their times, streets and what they cover, origin points and
    neighbourhoods' outlines are copied, ids marked by the copy's number. Only trips of the service date and
    the days beside it are kept: no other is read. ``lon`` and ``lat`` stay
    those of the region, which nothing here reads.
    """
    stops, feed = pack.stops, pack.feed
    date = pack.manifest.timetable.service_date
    running = set().union(*(services_on(feed, date + dt.timedelta(days=day)) for day in (-1, 0, 1)))
    kept = feed.trips["service_id"].isin(running).to_numpy(bool)
    new_row = np.cumsum(kept) - 1
    called = kept[feed.stop_times["trip_index"]]
    times = {name: column[called] for name, column in feed.stop_times.items()}
    times["trip_index"] = new_row[times["trip_index"]].astype(np.int32)
    trips, n_trips = feed.trips[kept].reset_index(drop=True), int(kept.sum())
    copy_of_call = np.repeat(np.arange(copies, dtype=np.int32), len(times["trip_index"]))
    many = {name: np.tile(column, copies) for name, column in times.items()}
    many["trip_index"] += copy_of_call * np.int32(n_trips)
    many["stop_index"] = many["stop_index"] + copy_of_call * np.int32(len(stops))
    for column in many.values():
        column.flags.writeable = False
    width, height = (float(np.ptp(stops[name])) + GAP_M for name in ("x", "y"))
    steps = [(copy % COLUMNS * width, copy // COLUMNS * height) for copy in range(copies)]
    points, hoods = pack.origin_points, pack.neighbourhoods
    assert points is not None and hoods is not None
    moved = [hoods.geometry.translate(dx, dy) for dx, dy in steps]
    many_hoods = _repeat(hoods, steps, ("neighbourhood_id",))
    coverage = pack.coverage
    if coverage is not None:
        parts = [coverage.geometry.translate(dx, dy) for dx, dy in steps]
        coverage = _repeat(coverage, steps, ()).set_geometry(
            pd.concat(parts, ignore_index=True).to_numpy(), crs=coverage.crs
        )
    return replace(
        pack,
        stops=_repeat(stops, steps, ("stop_id",)),
        origin_points=_repeat(points, steps, ("point_id", "neighbourhood_id")),
        neighbourhoods=many_hoods.set_geometry(pd.concat(moved, ignore_index=True).to_numpy(), crs=hoods.crs),
        feed=Feed(
            feed.agency, feed.routes, _repeat(trips, steps, ("trip_id",)), many, feed.calendar,
            feed.calendar_dates,
        ),
        walk=_repeat_streets(pack.walk, steps) if pack.walk is not None else None, coverage=coverage,
        groups=None, census=None, services=None, sessions=None, postcodes=None, ground=None,
    )  # fmt: skip


def _repeat_streets(walk: WalkNetwork, steps: list[tuple[float, float]]) -> WalkNetwork:
    copies = len(steps)
    dx, dy = np.array(steps).T

    def moved(values: np.ndarray, by: np.ndarray) -> np.ndarray:
        return (values[None, :] + by[:, None]).ravel()

    nodes = np.arange(copies, dtype=np.int32) * np.int32(len(walk.node_x))
    pieces = np.arange(copies, dtype=np.int64) * len(walk.geometry_x)
    return replace(
        walk,
        node_x=moved(walk.node_x, dx), node_y=moved(walk.node_y, dy),
        u=moved(walk.u, nodes), v=moved(walk.v, nodes),
        **{name: np.tile(getattr(walk, name), copies) for name in REPEATED},
        geometry_offset=np.append(moved(walk.geometry_offset[:-1], pieces), copies * len(walk.geometry_x)),
        geometry_x=moved(walk.geometry_x, dx), geometry_y=moved(walk.geometry_y, dy),
        osm_way=None if walk.osm_way is None else np.tile(walk.osm_way, copies),
    )  # fmt: skip


def _repeat(frame: pd.DataFrame, steps: list[tuple[float, float]], ids: tuple[str, ...]) -> pd.DataFrame:
    copies = []
    for number, (dx, dy) in enumerate(steps):
        copy = frame.copy()
        for name in ids:
            copy[name] = copy[name].astype(str) + f"~{number}"
        if "x" in copy:
            copy["x"], copy["y"] = copy["x"] + dx, copy["y"] + dy
        copies.append(copy)
    return pd.concat(copies, ignore_index=True)
