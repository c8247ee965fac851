"""Random counties: several random towns side by side in one pack, too far apart to reach one another.

A question asked of a county is asked of each of its towns at once: the towns are
small, and an engine's answer costs nearly as much for one as for seven. They share
a date and a query, the names of categories, and nothing else.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import shapely
from hypothesis import strategies as st

from tests.random_sessions import both_ways
from tests.strategies import TownSpec, among, towns
from tests.towns import Call, Route, Stop, Street

APART_M = 20_000
LETTERS = "abcdefg"
# Every place of a town lies in this box about its corner, and no place of another does.
SURROUNDINGS = shapely.box(-5_000, -8_000, 9_000, 8_000)


@st.composite
def counties(draw: st.DrawFn, start_s: int) -> TownSpec:
    """One town, or six or seven, half of them with lines that run there and back."""
    straight = draw(among(False, False, False, True))
    specs = []
    for _ in range(draw(among(1, 6, 7, 6, 7, 6, 7, 6, 7))):
        spec = draw(towns(start_s, straight=straight))
        specs.append(draw(both_ways(spec, start_s)) if draw(st.booleans()) else spec)
    return join_towns(specs)


def join_towns(specs: list[TownSpec]) -> TownSpec:
    """Put towns side by side; everything of the first begins with an "a", of the second with a "b"."""
    moved = [
        _move(spec, letter, APART_M * n) for n, (spec, letter) in enumerate(zip(specs, LETTERS, strict=False))
    ]
    covered = [spec.coverage is not None for spec in specs]
    surroundings = [_shift(SURROUNDINGS, APART_M * n) for n in range(len(specs))]
    parts = [own.coverage or all_of_it for own, all_of_it in zip(moved, surroundings, strict=True)]
    return TownSpec(
        streets=None if specs[0].streets is None else tuple(s for one in moved for s in one.streets or ()),
        stops={key: stop for one in moved for key, stop in one.stops.items()},
        routes=tuple(r for one in moved for r in one.routes),
        points=tuple(p for one in moved for p in one.points),
        services=tuple(s for one in moved for s in one.services),
        wards={hood: ward for one in moved for hood, ward in one.wards.items()},
        groups={"g": {hood: n for one in moved for hood, n in one.groups["g"].items()}},
        coverage=shapely.union_all(parts) if any(covered) else None,
    )


def _shift(area: shapely.Geometry, east: float) -> shapely.Geometry:
    return shapely.transform(area, lambda xy: xy + np.array([east, 0.0]))


def _move(spec: TownSpec, letter: str, east: float) -> TownSpec:
    """The town that far to the east, its names begun with a letter."""

    def street(one: Street) -> Street:
        line = tuple((x + east, y) for x, y in one.line)
        return dataclasses.replace(one, line=line, name=one.name and f"{letter} {one.name}")

    def route(one: Route) -> Route:
        trips = tuple(
            dataclasses.replace(trip, calls=tuple(call(c) for c in trip.calls)) for trip in one.trips
        )
        return dataclasses.replace(one, route_id=letter + one.route_id, trips=trips)

    def call(one: Call) -> Call:
        return dataclasses.replace(one, stop=letter + one.stop)

    def stop(one: Stop) -> Stop:
        return dataclasses.replace(one, x=one.x + east)

    coverage = spec.coverage and _shift(spec.coverage, east)
    return TownSpec(
        streets=spec.streets and tuple(street(one) for one in spec.streets),
        stops={letter + key: stop(one) for key, one in spec.stops.items()},
        routes=tuple(route(one) for one in spec.routes),
        points=tuple(
            dataclasses.replace(
                p, point_id=letter + p.point_id, x=p.x + east, neighbourhood=letter + p.neighbourhood
            )
            for p in spec.points
        ),
        services=tuple(
            dataclasses.replace(s, service_id=letter + s.service_id, x=s.x + east) for s in spec.services
        ),
        wards={letter + hood: letter + ward for hood, ward in spec.wards.items()},
        groups={"g": {letter + hood: n for hood, n in spec.groups["g"].items()}},
        coverage=coverage,
    )
