"""What a scenario does to a random town, beside the slow reference on a town that was changed by other means.

The changes are made here to the town's own description (or, for a street, to the arrays of
its walks) by plain code that knows nothing of ``geo.whatif``, as docs/scenarios.md defines them; the
reference is then asked about that town.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import assume, event, given, reject, settings
from hypothesis import strategies as st

from data.areapack import AreaPack, WalkNetwork
from geo.engine import Engine
from geo.whatif.model import (
    AddService,
    Change,
    ChangeHeadway,
    CloseStreet,
    FirstBus,
    LastBus,
    MoveStop,
    RemoveService,
    Scenario,
)
from tests.proof import differences, frame_rows, reference_rows
from tests.reference_walk import AmbiguousTown
from tests.strategies import TownSpec, questions
from tests.towns import Call, Route, Service, Trip

CLOSED = "Closed Street"


def leaves(trip: Trip) -> int:
    return trip.calls[0].departure_s


def at(trip: Trip, time_s: int) -> Trip:
    """The same stops and running times, leaving at another time."""
    by = time_s - leaves(trip)
    return replace(
        trip,
        calls=tuple(
            Call(c.stop, c.arrival_s + by, c.departure_s + by, c.pickup, c.drop_off) for c in trip.calls
        ),
    )


def with_headway(trips: list[Trip], every_s: int) -> list[Trip]:
    """From the first to the last, which both stay; each like the one nearest in time, of two the earlier."""
    first, last = trips[0], trips[-1]
    made, time = [first], leaves(first) + every_s
    while time < leaves(last):
        made.append(at(min(trips, key=lambda t: (abs(leaves(t) - time), leaves(t))), time))
        time += every_s
    return [*made, last]


def with_last_bus(trips: list[Trip], time: int, every_s: int | None) -> list[Trip]:
    """None after the time; where that is later, one at it, and between at the spacing from the last on."""
    made, last = [one for one in trips if leaves(one) <= time], trips[-1]
    if leaves(last) < time:
        between = range(leaves(last) + every_s, time, every_s) if every_s else ()
        made += [at(last, s) for s in (*between, time)]
    return made


def with_first_bus(trips: list[Trip], time: int, every_s: int | None) -> list[Trip]:
    made, first = [one for one in trips if leaves(one) >= time], trips[0]
    if time < leaves(first):
        between = range(leaves(first) - every_s, time, -every_s) if every_s else ()
        made += [at(first, s) for s in (*between, time)]
    return made


def without_street(walk: WalkNetwork, name: str) -> WalkNetwork:
    kept = np.array([street < 0 or walk.street_names[street] != name for street in walk.street])
    lines = [
        (walk.geometry_x[a:b], walk.geometry_y[a:b])
        for a, b, keep in zip(walk.geometry_offset, walk.geometry_offset[1:], kept, strict=False)
        if keep
    ]
    return replace(
        walk,
        **{name: getattr(walk, name)[kept] for name in ("u", "v", "length_mm", "steps", "street", "highway")},
        geometry_offset=np.cumsum([0, *(len(x) for x, _ in lines)]),
        geometry_x=np.concatenate([x for x, _ in lines] or [np.empty(0)]),
        geometry_y=np.concatenate([y for _, y in lines] or [np.empty(0)]),
        osm_way=None if walk.osm_way is None else walk.osm_way[kept],
    )


Made = tuple[TownSpec, Change, AreaPack]


def of_services(spec: TownSpec, draw: Callable) -> Made:
    if draw(st.booleans()):
        assume(len(spec.services) > 1)
        gone = draw(st.sampled_from(spec.services))
        left = tuple(one for one in spec.services if one is not gone)
        return spec, RemoveService(service=gone.service_id), spec.build(services=left)
    stop = draw(st.sampled_from(sorted(spec.stops)))
    place = spec.stops[stop]
    added = Service("what-if-1", place.x, place.y, category="Added")
    return (
        spec,
        AddService(name="New", category="Added", at=stop),
        spec.build(services=(*spec.services, added)),
    )


def of_stops(spec: TownSpec, draw: Callable) -> Made:
    moved, to = draw(st.lists(st.sampled_from(sorted(spec.stops)), min_size=2, max_size=2, unique=True))
    there = spec.stops[to]
    stops = spec.stops | {moved: replace(spec.stops[moved], x=there.x, y=there.y)}
    return spec, MoveStop(stop=moved, to=to), spec.build(stops=stops)


def of_buses(spec: TownSpec, draw: Callable) -> Made:
    """One route, whose trips all run daily and take the same stops."""
    assume(spec.routes)
    chosen: Route = draw(st.sampled_from(spec.routes))
    trips = sorted((replace(one, calendar="daily") for one in chosen.trips), key=leaves)
    times = [leaves(one) for one in trips]
    assume(len(set(times)) == len(times))
    own = [replace(r, trips=tuple(trips)) if r is chosen else r for r in spec.routes]
    spec = replace(spec, routes=tuple(own))
    kind = draw(st.sampled_from(("headway", "last", "first")))
    minutes = draw(st.sampled_from((2, 7, 15)))
    every = draw(st.sampled_from((None, minutes)))
    time = draw(st.integers(max(0, times[0] - 1800), times[-1] + 1800))
    change: Change
    if kind == "headway":
        change, after = (
            ChangeHeadway(route=chosen.route_id, every_min=minutes),
            with_headway(trips, 60 * minutes),
        )
    elif kind == "last":
        assume(times[0] <= time)
        change = LastBus(route=chosen.route_id, time=time, every_min=every)
        after = with_last_bus(trips, time, every and 60 * every)
    else:
        assume(time <= times[-1])
        change = FirstBus(route=chosen.route_id, time=time, every_min=every)
        after = with_first_bus(trips, time, every and 60 * every)
    event(f"buses: {kind}, {'more' if len(after) > len(trips) else 'no more'}")
    routes = tuple(replace(r, trips=tuple(after)) if r.route_id == chosen.route_id else r for r in own)
    return spec, change, spec.build(routes=routes)


def of_streets(spec: TownSpec, draw: Callable) -> Made:
    assume(spec.streets is not None and len(spec.streets) > 1)
    assert spec.streets is not None
    number = draw(st.integers(0, len(spec.streets) - 1))
    spec = replace(
        spec,
        streets=tuple(
            replace(one, name=CLOSED) if i == number else one for i, one in enumerate(spec.streets)
        ),
    )
    pack = spec.build()
    assert pack.walk is not None
    near = draw(st.sampled_from(sorted(spec.stops)))
    changed = replace(pack, walk=without_street(pack.walk, CLOSED))
    return spec, CloseStreet(street=CLOSED, near=near, within_m=5000), changed


@given(questions(), st.sampled_from((of_services, of_stops, of_buses, of_buses, of_streets)), st.data())
@settings(max_examples=60)
def test_a_changed_town_equals_the_reference_on_a_town_changed_by_other_means(question, kind, data):
    spec, query = question
    spec, change, changed = kind(spec, data.draw)
    event(kind.__name__)
    scenario = Scenario("Drawn", (change,))
    ours = Engine(spec.build()).reach(replace(query, scenario=scenario), level="point").frame
    try:
        theirs = reference_rows(changed, query)
    except AmbiguousTown:  # a place as near to one street as to another
        reject()
    assert differences(frame_rows(ours), theirs) == []
