"""Random messy little towns, and random questions to ask of them.

Towns are small enough for the slow reference and messy on purpose: streets side
by side between the same corners, crescents, loops that end where they begin,
dead ends, steps, scraps of street that are too small to count, stops off the
street, lines that overlap or call twice, trips that overtake, skipped pick-ups,
trips of the day before and after, school buses and trams, unserved stops.
"""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass

import shapely
from hypothesis import strategies as st

from data.areapack import AreaPack
from geo.query import Query, WalkSettings
from tests.towns import (
    ORIGIN,
    Calendar,
    Call,
    Point,
    Route,
    Service,
    Stop,
    Street,
    Trip,
    build_town,
    street,
)

CALENDARS = {
    "today": Calendar("0100000"),
    "yesterday": Calendar("1000000"),
    "tomorrow": Calendar("0010000"),
    "removed": Calendar(removed=(dt.date(2025, 6, 10),)),
    "never": Calendar("0000000"),
}
WINDOWS_S = (600, 9 * 3600 + 1800, 23 * 3600 + 1800)  # just past midnight, in the morning, late


@dataclass(frozen=True)
class TownSpec:
    """Everything ``build_town`` takes; kept apart so that a test can change one thing."""

    streets: tuple[Street, ...] | None
    stops: dict[str, Stop]
    routes: tuple[Route, ...]
    points: tuple[Point, ...]
    services: tuple[Service, ...]
    wards: dict[str, str]
    groups: dict[str, dict[str, int | None]]
    coverage: shapely.Geometry | None
    origin: tuple[float, float] = ORIGIN

    def build(self, **changes: object) -> AreaPack:
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__} | changes
        return build_town(calendars=CALENDARS, **fields)


@functools.lru_cache(maxsize=None, typed=True)
def among(*values: object) -> st.SearchStrategy:
    """One of these; the strategy for the same values is made once, which is much of the time of drawing."""
    return st.sampled_from(values)


def _mm(draw: st.DrawFn, low_m: float, high_m: float) -> float:
    return draw(st.integers(int(low_m * 1000), int(high_m * 1000))) / 1000


@st.composite
def street_maps(draw: st.DrawFn) -> tuple[Street, ...]:
    """A crooked grid with some blocks missing, and the oddities that streets have."""
    columns, rows = draw(st.integers(2, 4)), draw(st.integers(2, 4))
    spacing = draw(among(600, 250, 600, 90))
    crook = spacing // 4
    corner = {
        (i, j): (
            i * spacing + draw(st.integers(-crook, crook)),
            j * spacing + draw(st.integers(-crook, crook)),
        )
        for i in range(columns)
        for j in range(rows)
    }
    blocks = [((i, j), (i + 1, j)) for i in range(columns - 1) for j in range(rows)]
    blocks += [((i, j), (i, j + 1)) for i in range(columns) for j in range(rows - 1)]
    made = []
    for a, b in blocks:
        kind = draw(among("plain", "plain", "plain", "none", "steps", "bent", "twin"))
        (ax, ay), (bx, by) = corner[a], corner[b]
        middle = ((ax + bx) / 2 + 0.137 * (by - ay), (ay + by) / 2 - 0.137 * (bx - ax))
        if kind in ("plain", "twin"):
            made.append(street((ax, ay), (bx, by), name=f"Street {a}"))
        if kind in ("bent", "twin"):
            made.append(street((ax, ay), middle, (bx, by), name="Crescent", every_vertex=draw(st.booleans())))
        if kind == "steps":
            made.append(street((ax, ay), (bx, by), steps=True, highway="steps"))
    x, y = corner[0, 0]
    if draw(st.booleans()):  # a loop that ends where it begins
        made.append(street((x, y), (x - 41, y + 7), (x - 37, y - 45), (x, y), name="The Loop"))
    if draw(st.booleans()):  # a scrap that no one is put on, between the streets
        made.append(street((x + 19, y + 23), (x + 31, y + 29), island=True))
    if not made:
        made.append(street(corner[0, 0], corner[1, 0]))
    return tuple(made)


@st.composite
def calls(draw: st.DrawFn, start_s: int, path: list[str]) -> tuple[Call, ...]:
    """Calls along a path of stops, from ``start_s`` on."""
    made, now = [], start_s
    for stop in path:
        dwell = draw(among(0, 0, 0, 30, 150))
        pickup = draw(among(*[0] * 8, 1, 2))
        drop_off = draw(among(*[0] * 8, 1, 3))
        made.append(Call(stop, now, now + dwell, pickup, drop_off))
        now += dwell + draw(among(60, 17, 240, 601, 0, 1500))
    return tuple(made)


@st.composite
def bus_routes(draw: st.DrawFn, stop_ids: list[str], window_start_s: int) -> tuple[Route, ...]:
    """A few routes whose trips pass around the window, on the day, the day before or after."""
    made = []
    for number in range(draw(among(2, 3, 4, 1, 0))):
        path = draw(st.lists(st.sampled_from(stop_ids), min_size=4, max_size=6))
        trips = []
        for _ in range(draw(among(3, 2, 4, 1))):
            calendar, shift = draw(
                among(
                    *[("daily", 0)] * 8,
                    ("today", 0),
                    ("yesterday", 86_400),
                    ("tomorrow", -86_400),
                    ("removed", 0),
                    ("never", 0),
                )
            )
            start_s = max(0, window_start_s + shift + draw(st.integers(-600, 3000)))
            trips.append(Trip(draw(calls(start_s, path)), calendar=calendar))
        route_type = draw(among(*[3] * 6, 704, 0, 712, 200))
        made.append(Route(f"R{number}", tuple(trips), route_type))
    if draw(st.booleans()):  # two lines that meet: from the first hub by the third to the second
        first_s = window_start_s + draw(st.integers(0, 900))
        change_s = draw(among(600, 120, 119, 300, 1800))
        ride_s = draw(among(120, 900, 2400))
        first = (Call("S0", first_s, first_s), Call("S2", first_s + 120, first_s + 120))
        then_s = first_s + 120 + change_s
        second = (Call("S2", then_s, then_s), Call("S1", then_s + ride_s, then_s + ride_s))
        made += [Route("M0", (Trip(first),)), Route("M1", (Trip(second),))]
    return tuple(made)


@st.composite
def towns(draw: st.DrawFn, window_start_s: int, *, straight: bool | None = None) -> TownSpec:
    """A town whose buses run around the window; one in four (or as ``straight`` says) has no streets."""
    if straight is None:
        straight = draw(among(False, False, False, True))
    streets = None if straight else draw(street_maps())
    vertices = (
        [(0.0, 0.0), (400.0, 300.0), (1200.0, -500.0)]
        if streets is None
        else [v for s in streets for v in s.line]
    )
    xs, ys = [v[0] for v in vertices], [v[1] for v in vertices]
    distinct = sorted({*vertices, *((xs[0] + 7.0 * step, ys[0] + 5.0) for step in (1, 2, 3))})
    hubs = draw(st.lists(st.sampled_from(distinct), min_size=3, max_size=3, unique=True))

    def place(hub: int) -> tuple[float, float]:
        """A place a little way from a hub, or (one in twelve) anywhere."""
        if draw(st.integers(0, 11)) == 11:
            return _mm(draw, min(xs) - 400, max(xs) + 400), _mm(draw, min(ys) - 40, max(ys) + 40)
        x, y = hubs[hub % 3]
        return round(x + _mm(draw, -35, 35), 3), round(y + _mm(draw, -35, 35), 3)

    stop_ids = [f"S{i}" for i in range(draw(st.integers(3, 7)))]
    stops = {
        key: Stop(*place(i), active=draw(among(True, True, True, False))) for i, key in enumerate(stop_ids)
    }
    points = tuple(
        Point(
            f"P{i}",
            *place(draw(among(0, 0, 2))),
            people=draw(st.integers(1, 60)),
            neighbourhood=draw(among("N1", "N2")),
        )
        for i in range(draw(st.integers(1, 4)))
    )
    services = tuple(
        Service(
            f"V{i}",
            *place(draw(among(1, 1, 2))),
            category=draw(among("Food", "Health")),
            kind=draw(among("service", "service", "place")),
        )
        for i in range(draw(st.integers(1, 3)))
    )  # fmt: skip
    coverage = None
    if streets is not None and draw(st.integers(0, 9)) == 7:
        coverage = shapely.box(min(xs) - 90, min(ys) - 90, place(0)[0], max(ys) + 90)
        coverage = coverage if coverage.area > 0 else None
    return TownSpec(
        streets=streets,
        stops=stops,
        routes=draw(bus_routes(stop_ids, window_start_s)),
        points=points,
        services=services,
        wards={"N1": "W1", "N2": draw(among("W1", "W2"))},
        groups={"g": {"N1": draw(st.integers(0, 40)), "N2": draw(st.one_of(st.none(), st.integers(0, 40)))}},
        coverage=coverage,
    )


@st.composite
def queries(draw: st.DrawFn, window_start_s: int) -> Query:
    """A question with odd limits, speeds and windows."""
    leg_limit_m = draw(among(250, 640, 120, 250, 640, 60, 0))
    return Query(
        window_start_s=window_start_s,
        window_end_s=window_start_s + draw(among(2400, 1111, 3001, 120, 1)),
        cutoff_s=draw(among(2700, 1501, 900, 300)),
        percentiles=tuple(sorted(draw(st.sets(among(1, 10, 33, 50, 85, 99, 100), min_size=1)))),
        walk=WalkSettings(
            speed_kmh=draw(among(4.8, 3.6, 3.7, 5.123)),
            max_walk_m=leg_limit_m,
            max_walk_total_m=draw(among(None, None, None, leg_limit_m, leg_limit_m // 2, 3 * leg_limit_m)),
            avoid_steps=draw(st.booleans()),
        ),
        board_slack_s=draw(among(0, 60, 120)),
        modes=draw(among(("bus",), ("bus", "tram"), ("bus",), ("bus", "coach", "special_bus"), ("tram",))),
        boardings=draw(among(1, 1, 2)),
        horizon_s=draw(among(0, 600, 3600)),
    )


@st.composite
def questions(draw: st.DrawFn) -> tuple[TownSpec, Query]:
    """A town and a question asked of it."""
    start_s = draw(st.sampled_from(WINDOWS_S)) + draw(st.integers(0, 300))
    return draw(towns(start_s)), draw(queries(start_s))
