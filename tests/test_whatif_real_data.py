"""Each kind of change on Newport and Oldham: what is recomputed equals a full computation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data.areapack import AreaPack
from geo.engine import Engine
from geo.query import Query
from geo.roundtrip import DEFAULT_ROUND_TRIP
from geo.whatif.apply import apply_scenario
from geo.whatif.engine import ScenarioEngine
from geo.whatif.model import (
    AddFootpath,
    AddService,
    AddStop,
    Change,
    ChangeHeadway,
    CloseStreet,
    FirstBus,
    LastBus,
    Minibus,
    MoveStop,
    RemoveService,
    Scenario,
)
from geo.whatif.recompute import recompute_reach, recompute_there_and_back

pytestmark = pytest.mark.real_data


def list_changes(pack: AreaPack) -> list[Change]:
    """One change of each kind, about the busiest route and neighbourhoods with people."""
    routes = pack.feed.routes[pack.feed.routes["mode"] == "bus"].set_index("route_id")
    trips = pack.feed.trips["route_id"].value_counts()
    route = routes.loc[next(one for one in trips.index if one in routes.index), "route_short_name"]
    hoods = pack.neighbourhoods["neighbourhood_id"].tolist()
    points = pack.origin_points["point_id"].tolist()
    calls = np.bincount(pack.feed.stop_times["stop_index"], minlength=len(pack.stops))
    stop = pack.stops["stop_id"].iloc[int(np.argmax(calls))]
    changes: list[Change] = [
        AddService(name="New", category="New", at=hoods[3]),
        RemoveService(service=pack.services["service_id"].iloc[5]),
        AddStop(route=route, at=hoods[7]),
        MoveStop(stop=stop, to=points[11]),
        MoveStop(stop=stop, to=points[11], route=route) if calls.max() else MoveStop(stop=stop, to=points[2]),
        ChangeHeadway(route=route, every_min=10),
        FirstBus(route=route, time=10 * 3600, days=("tuesday", "wednesday")),
        LastBus(route=route, time=23 * 3600, every_min=30),
        Minibus(name="Dial", places=(hoods[0], hoods[30]), departures=(34_800, 39_600)),
    ]
    if pack.walk is not None:
        mean_x, mean_y = pack.origin_points["x"].mean(), pack.origin_points["y"].mean()
        middle = np.argmin(
            np.hypot(pack.walk.node_x[pack.walk.u] - mean_x, pack.walk.node_y[pack.walk.u] - mean_y)
        )
        changes.append(CloseStreet(way=int(pack.walk.osm_way[middle])))
        inside = ~Engine(pack).snap(False, pack.origin_points).outside
        near = [point for point, known in zip(points, inside, strict=True) if known]
        changes.append(AddFootpath(points=(near[40], near[41])))
    return changes


def route_of_stop(pack: AreaPack, change: MoveStop) -> bool:
    """Whether the route that a stop is moved for calls there at all."""
    stop = int(np.flatnonzero(pack.stops["stop_id"].to_numpy(object) == change.stop)[0])
    trips = np.unique(pack.feed.stop_times["trip_index"][pack.feed.stop_times["stop_index"] == stop])
    ids = set(pack.feed.trips["route_id"].iloc[trips])
    routes = pack.feed.routes
    return bool(ids & set(routes.loc[routes["route_short_name"] == change.route, "route_id"]))


@pytest.mark.parametrize("area", ["newport", "oldham"])
def test_each_kind_of_change_equals_a_full_computation(area, real_pack):
    pack = real_pack(area)
    base, query = Engine(pack), Query()
    before = base.reach(query, level="point")
    there = base.reach_there_and_back(query, level="point")
    moved = 0
    for change in list_changes(pack):
        if isinstance(change, MoveStop) and change.route is not None and not route_of_stop(pack, change):
            continue
        scenario = Scenario(change.kind, (change,))
        asked, changed = replace(query, scenario=scenario), ScenarioEngine(base, scenario)
        anew = Engine(apply_scenario(pack, scenario))
        ours = recompute_reach(changed, before, asked).frame
        pd.testing.assert_frame_equal(ours, anew.reach(query, level="point").frame, check_exact=True)
        back = recompute_there_and_back(changed, there, asked, DEFAULT_ROUND_TRIP).frame
        full = anew.reach_there_and_back(query, level="point").frame
        pd.testing.assert_frame_equal(back, full, check_exact=True)
        moved += not (len(ours) == len(before.frame) and ours.equals(before.frame))
    assert moved >= 4, "these changes change something"
