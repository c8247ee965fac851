"""What must hold whatever the town: one more bus, an unrelated route, another place, another order."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import geo.threads
from geo.engine import Engine
from geo.query import Query
from geo.tables import NOT_KNOWN_REASONS, REASONS
from tests.proof import differences, engine_rows, frame_rows
from tests.reference_walk import AmbiguousTown, compute_walks
from tests.strategies import TownSpec, bus_routes, questions
from tests.towns import Point, Route, Stop, Trip, call

SOME = settings(max_examples=25)
RANK = {"outside_data": 0, "walk": 1, "one_bus": 2, "two_buses": 3, "not_in_reach": 4}


def no_later(after: float | None, before: float | None) -> bool:
    """Null is never: no time is later than that."""
    return before is None or (after is not None and after <= before)


def assume_one_answer(spec: TownSpec, query: Query) -> None:
    """Leave out towns in which two streets are equally near a place: rounding would decide."""
    pack = spec.build()
    places = {("p", p.point_id): (p.x, p.y) for p in pack.origin_points.itertuples()}
    places |= {("v", s.service_id): (s.x, s.y) for s in pack.services.itertuples()}
    places |= {("s", s.stop_id): (s.x, s.y) for s in pack.stops.itertuples()}
    try:
        compute_walks(pack, places, avoid_steps=query.walk.avoid_steps)
    except AmbiguousTown:
        assume(False)


@SOME
@given(question=questions(), data=st.data())
def test_one_more_bus_never_makes_anyone_later(question: tuple[TownSpec, Query], data: st.DataObject) -> None:
    spec, query = question
    more = data.draw(bus_routes(list(spec.stops), query.window_start_s))
    before = engine_rows(spec.build(), query)
    extra = tuple(replace(route, route_id=f"extra {route.route_id}") for route in more)
    after = engine_rows(replace(spec, routes=spec.routes + extra).build(), query)
    for pair, old in before.items():
        new = after[pair]
        assert RANK[new["reach_class"]] <= RANK[old["reach_class"]]
        assert new["walk_time_s"] == old["walk_time_s"]
        assert (new["share_in_reach"] or 0) >= (old["share_in_reach"] or 0)
        for column in old:
            if column == "best_duration_s" or column.startswith("travel_time_"):
                assert no_later(new[column], old[column]), (pair, column)


@SOME
@given(question=questions())
def test_an_unrelated_route_alters_nothing(question: tuple[TownSpec, Query]) -> None:
    spec, query = question
    far = {"far 1": Stop(60_000, 60_000), "far 2": Stop(61_000, 60_000)}
    start_s = query.window_start_s
    route = Route(
        "far",
        tuple(Trip((call("far 1", s), call("far 2", s + 60))) for s in range(start_s, start_s + 1800, 300)),
    )
    changed = replace(spec, stops={**far, **spec.stops}, routes=(route, *spec.routes))
    assert differences(engine_rows(changed.build(), query), engine_rows(spec.build(), query)) == []


@SOME
@given(question=questions(), east=st.integers(-90_000, 90_000), north=st.integers(-90_000, 90_000))
def test_a_town_that_is_moved_keeps_its_answers(
    question: tuple[TownSpec, Query], east: int, north: int
) -> None:
    spec, query = question
    assume_one_answer(spec, query)
    moved = replace(spec, origin=(spec.origin[0] + east, spec.origin[1] + north))
    assert differences(engine_rows(moved.build(), query), engine_rows(spec.build(), query)) == []


@SOME
@given(question=questions(), seed=st.integers(0, 2**32))
def test_the_order_of_rows_does_not_matter(question: tuple[TownSpec, Query], seed: int) -> None:
    spec, query = question
    assume_one_answer(spec, query)
    order = random.Random(seed)

    def shuffled(items: tuple) -> tuple:
        return tuple(order.sample(items, len(items)))

    def numbered(route: Route) -> Route:
        return replace(
            route, trips=tuple(replace(t, trip_id=f"{route.route_id} {i}") for i, t in enumerate(route.trips))
        )

    routes = [numbered(route) for route in spec.routes]
    mixed = replace(
        spec,
        streets=None if spec.streets is None else shuffled(spec.streets),
        stops=dict(shuffled(tuple(spec.stops.items()))),
        routes=shuffled(tuple(replace(route, trips=shuffled(route.trips)) for route in routes)),
        points=shuffled(spec.points),
        services=shuffled(spec.services),
    )
    for level in ("point", "neighbourhood"):
        first, second = engine_rows(spec.build(), query, level), engine_rows(mixed.build(), query, level)
        assert differences(second, first) == []


@SOME
@given(question=questions())
def test_a_doubled_horizon_changes_only_values_above_the_cutoff(question: tuple[TownSpec, Query]) -> None:
    spec, query = question
    # A journey that is left for after the horizon takes longer than it from any moment of the window.
    query = replace(query, horizon_s=max(query.horizon_s, query.cutoff_s))
    pack = spec.build()
    before, after = engine_rows(pack, query), engine_rows(pack, replace(query, horizon_s=2 * query.horizon_s))
    for pair, old in before.items():
        for column, value in old.items():
            if column.startswith("travel_time_"):
                assert no_later(after[pair][column], value)
                if after[pair][column] != value:
                    assert value is None or value > query.cutoff_s
                    assert after[pair][column] > query.cutoff_s
            elif column != "reason":
                assert after[pair][column] == value, (pair, column)


@SOME
@given(question=questions())
def test_exactly_one_reason_where_neither_walk_nor_one_bus(question: tuple[TownSpec, Query]) -> None:
    spec, query = question
    for level in ("point", "neighbourhood"):
        for row in engine_rows(spec.build(), query, level).values():
            if row["reach_class"] in ("walk", "one_bus"):
                assert row["reason"] is None
            else:
                assert row["reason"] in REASONS
            assert (row["reach_class"] == "outside_data") == (row["reason"] == "outside_data")
            if level == "point" and row["reach_class"] not in ("walk", "one_bus"):
                assert row["infrequent"] is False


@SOME
@given(question=questions())
def test_a_ride_adds_up_and_keeps_the_walk_limits(question: tuple[TownSpec, Query]) -> None:
    spec, query = question
    for row in engine_rows(spec.build(), query).values():
        parts = [row[f"best_{part}_s"] for part in ("wait", "ride", "walk")]
        if None in parts:
            assert parts == [None, None, None]
            assert row["best_duration_s"] == row["walk_time_s"]
            continue
        options = [sum(parts), row["walk_time_s"]]
        assert row["best_duration_s"] == min(option for option in options if option is not None)
        # Each of the two legs is rounded up, so together they may pass the limit's own seconds by one.
        limit_s = -(-query.walk.total_limit_mm * 3600 // query.walk.speed_mm_per_h)
        assert row["best_walk_s"] <= limit_s + 1


@SOME
@given(question=questions())
def test_the_three_totals_sum_to_residents(question: tuple[TownSpec, Query]) -> None:
    spec, query = question
    pack = spec.build()
    engine = Engine(pack)
    frame = engine.gap(query).frame
    known = frame[frame["people"].notna()]
    total = known["in_reach"] + known["cut_off"] + known["not_known"]
    assert (abs(total - known["people"].astype(float)) < 1e-6).all()
    # Areas are sums of wards, wards of neighbourhoods.
    for column in ("in_reach", "cut_off", "not_known"):
        sums = (
            known[known["group_id"] == "all"].groupby(["kind", "category", "level"])[column].sum().unstack()
        )
        assert (abs(sums["area"] - sums["neighbourhood"]) < 1e-6).all()
        assert (abs(sums["area"] - sums["ward"]) < 1e-6).all()
    # People not known have no pair that is known: not counted as cut off anywhere.
    points = frame_rows(engine.reach(query, level="point").frame)
    if all(row["reason"] in NOT_KNOWN_REASONS for row in points.values()):
        assert (known["cut_off"] == 0).all()


def test_one_thread_and_several_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.proof import line_town, make_query
    from tests.towns import service, trip

    numbers = random.Random(20250610)
    points = [Point(f"P{i}", numbers.uniform(0, 5000), numbers.uniform(-90, 90)) for i in range(150)]
    services = [service(f"V{i}", numbers.uniform(0, 5000), numbers.uniform(-90, 90)) for i in range(20)]
    trips = [
        trip(("A", t), ("B", t + 200), ("D", t + 500), ("E", t + 700)) for t in range(33_000, 45_000, 777)
    ]
    pack = line_town(*trips, points=points, services=services)
    frames = []
    for threads in (1, 2, 5):
        monkeypatch.setattr(geo.threads, "count_threads", lambda threads=threads: threads)
        frames.append(Engine(pack).reach(make_query(), level="point").frame)
    for frame in frames[1:]:
        assert frame.equals(frames[0])
