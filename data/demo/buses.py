"""Bus and tram lines: where they run along the streets, and the stops on both sides."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely
from shapely.geometry import LineString, Point

from data.demo.amenities import Amenity
from data.demo.land import SKETCH_UNIT_M, TOWN, Land, Sketched
from data.demo.lines import LINES, Line
from data.demo.streets import DRIVABLE, Network

STATION_AT: Sketched = (0.24, -0.17)
STATION_NAME = f"{TOWN} Interchange"
_COST = {
    "primary": 0.8,
    "secondary": 0.85,
    "tertiary": 1.0,
    "unclassified": 1.25,
    "residential": 1.7,
    "service": 2.5,
}
_SPEED_KMH = {
    "primary": 25.0,
    "secondary": 25.0,
    "tertiary": 23.0,
    "unclassified": 17.0,
    "residential": 17.0,
    "service": 14.0,
}
_CENTRE_KMH, _COUNTRY_KMH, _TRAM_FACTOR = 14.0, 40.0, 1.25
_COMPASS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")


@dataclass
class Stop:
    """One stop: a pole on one side of a street; local metres."""

    code: str
    name: str
    indicator: str
    bearing: str
    street: str
    landmark: str
    locality: str
    x: float
    y: float
    stop_type: str = "BCT"
    active: bool = True
    in_feed: bool = True


@dataclass(frozen=True)
class Call:
    """A line's call at a stop: running seconds from the start of the path, pickup and drop-off rules."""

    stop: int
    run_s: float
    along_m: float
    pickup_type: int = 0
    drop_off_type: int = 0


@dataclass(frozen=True)
class Pattern:
    """One direction of a line: its calls in order and its way along the streets."""

    line: Line
    direction: int
    headsign: str
    calls: tuple[Call, ...]
    path: LineString
    station_stop: int | None = None


@dataclass
class BusNetwork:
    """All stops and all patterns."""

    stops: list[Stop] = field(default_factory=list)
    patterns: list[Pattern] = field(default_factory=list)


class _Router:
    """Shortest ways along streets that a bus can use; main roads count as shorter."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._usable = [edge.highway in DRIVABLE for edge in network.edges]
        on_road = sorted(
            {n for e, ok in zip(network.edges, self._usable, strict=True) if ok for n in (e.u, e.v)}
        )
        self._nodes = np.array(on_road)

    def nearest(self, at: Sketched) -> int:
        distance = np.hypot(*(self.network.nodes[self._nodes] - np.array(at) * SKETCH_UNIT_M).T)
        return int(self._nodes[np.argmin(distance)])

    def way(self, start: int, end: int) -> list[tuple[int, bool]]:
        """Return (edge, forwards) from start to end."""
        best = {start: 0.0}
        came: dict[int, tuple[int, int]] = {}
        queue = [(0.0, start)]
        while queue:
            cost, node = heapq.heappop(queue)
            if node == end:
                break
            if cost > best[node]:
                continue
            for number in self.network.incident[node]:
                edge = self.network.edges[number]
                if not self._usable[number]:
                    continue
                other = edge.v if edge.u == node else edge.u
                further = cost + edge.line.length * _COST[edge.highway]
                if further < best.get(other, np.inf):
                    best[other] = further
                    came[other] = (number, node)
                    heapq.heappush(queue, (further, other))
        steps = []
        node = end
        while node != start:
            number, before = came[node]
            steps.append((number, self.network.edges[number].u == before))
            node = before
        return steps[::-1]


def _without_spurs(steps: list[tuple[int, bool]]) -> list[tuple[int, bool]]:
    """Leave out going into a side street only to turn round and come back."""
    out: list[tuple[int, bool]] = []
    for number, forwards in steps:
        if out and out[-1] == (number, not forwards):
            out.pop()
        else:
            out.append((number, forwards))
    return out


def _path_line(network: Network, steps: list[tuple[int, bool]]) -> LineString:
    coords: list[tuple[float, ...]] = []
    for number, forwards in steps:
        xy = list(network.edges[number].line.coords)
        xy = xy if forwards else xy[::-1]
        coords += xy if not coords else xy[1:]
    return LineString(coords)


class _StopMaker:
    """Keeps the stop places of each street, so that lines which share a street share its stops."""

    def __init__(
        self, network: Network, land: Land, localities: dict[str, Sketched], sights: list[Amenity]
    ) -> None:
        self._network, self._land = network, land
        self._localities = localities
        self._places: dict[tuple[int, bool], list[float]] = {}
        self._poles: dict[tuple[int, float, bool, bool], int] = {}
        self._names: dict[tuple[int, float], tuple[str, str]] = {}
        self._stands: dict[str, int] = {}
        self._sights = sights
        self._tree = shapely.STRtree([Point(sight.x, sight.y) for sight in sights])
        self.stops: list[Stop] = []

    def stand(self, key: str) -> int:
        """Return the line's own stand at the bus station."""
        if key not in self._stands:
            number = len(self._stands)
            x, y = np.array(STATION_AT) * SKETCH_UNIT_M + (
                14.0 * (number % 9) - 56.0,
                11.0 - 22.0 * (number // 9 % 2),
            )
            self._stands[key] = self._add(
                Stop(
                    "",
                    STATION_NAME,
                    f"Stand {chr(65 + number)}",
                    "",
                    "",
                    "Bus station",
                    f"{TOWN} Town Centre",
                    x,
                    y,
                    "BCS",
                )
            )
        return self._stands[key]

    def _add(self, stop: Stop) -> int:
        stop.code = f"9990FV{len(self.stops) + 1:05d}"
        self.stops.append(stop)
        return len(self.stops) - 1

    def _locality(self, x: float, y: float) -> str:
        spots = {
            name: np.hypot(sx * SKETCH_UNIT_M - x, sy * SKETCH_UNIT_M - y)
            for name, (sx, sy) in self._localities.items()
        }
        return min(spots, key=lambda name: spots[name])

    def _name(self, number: int, along: float) -> tuple[str, str]:
        """Name a stop place after a sight close by, else after the nearest side street."""
        key = (number, along)
        if key in self._names:
            return self._names[key]
        edge = self._network.edges[number]
        spot = edge.line.interpolate(along)
        near = [
            self._sights[int(i)] for i in self._tree.query(spot.buffer(75.0)) if self._sights[int(i)].name
        ]
        near.sort(key=lambda sight: (np.hypot(sight.x - spot.x, sight.y - spot.y), sight.name))
        landmark = near[0].name if near else ""
        ends = (edge.u, edge.v) if along < edge.line.length / 2 else (edge.v, edge.u)
        side = [
            self._network.edges[other].name
            for node in ends
            for other in self._network.incident[node]
            if self._network.edges[other].name and self._network.edges[other].name != edge.name
        ]
        sided = [name for name in side if name and not name.endswith(("path", "Path"))]
        taken = {stop.name for stop in self.stops}
        options = [
            *([landmark] if landmark and near[0].named_after else []),
            *sided,
            landmark,
            edge.name or "",
        ]
        name = next((o for o in options if o and o not in taken), None) or next(
            (o for o in options if o), "Lane End"
        )
        self._names[key] = (name, landmark if landmark != name else "")
        return self._names[key]

    def pole(self, number: int, along: float, forwards: bool, *, tram: bool) -> int:
        """Return the pole on the left of the street in the direction of travel."""
        key = (number, along, forwards, tram)
        if key in self._poles:
            return self._poles[key]
        edge = self._network.edges[number]
        spot = min(max(along + (14.0 if forwards else -14.0), 4.0), max(edge.line.length - 4.0, 4.0))
        here = np.array(edge.line.interpolate(spot).coords[0])
        step = np.array(edge.line.interpolate(min(spot + 3, edge.line.length)).coords[0]) - np.array(
            edge.line.interpolate(max(spot - 3, 0)).coords[0]
        )
        step = (step if forwards else -step) / max(np.hypot(*step), 1e-9)
        x, y = here + 6.0 * np.array([-step[1], step[0]])
        bearing = _COMPASS[round(np.degrees(np.arctan2(step[0], step[1])) / 45) % 8]
        name, landmark = self._name(number, along)
        if tram:
            toward = f"{bearing}-bound platform"
            stop = Stop(
                "", name, toward, bearing, edge.name or "", landmark, self._locality(x, y), x, y, "PLT"
            )
        else:
            word = "adj" if forwards else "opp"
            stop = Stop("", name, word, bearing, edge.name or "", landmark, self._locality(x, y), x, y)
        self._poles[key] = self._add(stop)
        return self._poles[key]

    def places(
        self, steps: list[tuple[int, bool]], spacing_m: float, *, tram: bool
    ) -> list[tuple[float, int, float, bool]]:
        """Return (along the path, edge, along the edge, forwards): places already there, gaps filled."""
        found, run = [], 0.0
        spans = []
        for number, forwards in steps:
            length = self._network.edges[number].line.length
            spans.append((run, number, length, forwards))
            found += [
                (run + (along if forwards else length - along), number, along, forwards)
                for along in self._places.get((number, tram), [])
            ]
            run += length
        found.sort()
        marks = [60.0 - spacing_m, *(place[0] for place in found), run - 60.0 + spacing_m]
        for before, after in pairwise(marks):
            count = int((after - before) / spacing_m + 0.35) - 1
            for part in range(1, count + 1):
                target = before + (after - before) * part / (count + 1)
                start, number, length, forwards = next(s for s in reversed(spans) if s[0] <= max(target, 0))
                offset = min(max(target - start, 0.0), length)
                margin = min(25.0, length / 2)
                offset = min(max(offset, margin), length - margin)
                along = round(offset if forwards else length - offset, 1)
                self._places.setdefault((number, tram), []).append(along)
                found.append((start + offset, number, along, forwards))
        return sorted(set(found))


def _speed_mps(network: Network, land: Land, number: int, *, tram: bool) -> float:
    edge = network.edges[number]
    middle = edge.line.interpolate(0.5, normalized=True)
    r = np.hypot(middle.x, middle.y) / SKETCH_UNIT_M
    speed = _SPEED_KMH[edge.highway]
    if r < 0.6:
        speed = min(speed, _CENTRE_KMH)
    elif r < 1.3:
        speed *= 0.82
    elif not land.urban.contains(middle):
        speed = _COUNTRY_KMH if edge.highway in ("primary", "secondary") else 30.0
    return speed * (_TRAM_FACTOR if tram else 1.0) / 3.6


def _pattern(
    line: Line, direction: int, steps: list[tuple[int, bool]], maker: _StopMaker, network: Network, land: Land
) -> Pattern:
    speeds = np.array([_speed_mps(network, land, number, tram=line.route_type == 0) for number, _ in steps])
    lengths = np.array([network.edges[number].line.length for number, _ in steps])
    run = np.r_[0, np.cumsum(lengths)]
    clock = np.r_[0, np.cumsum(lengths / speeds)]
    tram = line.route_type == 0
    station = Point(np.array(STATION_AT) * SKETCH_UNIT_M)
    places = maker.places(steps, line.spacing_m, tram=tram)
    path = _path_line(network, steps)
    stands = [] if line.skips_station else _station_marks(path, station)
    calls: list[Call] = []
    for mark in stands:
        stand = maker.stand(_stand_key(line, direction))
        calls.append(Call(stand, float(np.interp(mark, run, clock)), mark))
    for along, number, offset, forwards in places:
        spot = network.edges[number].line.interpolate(offset)
        if stands and spot.distance(station) < 190:
            continue
        if line.every_nth > 1 and not _kept(line, network, land, number, offset):
            continue
        stop = maker.pole(number, offset, forwards, tram=tram)
        calls.append(Call(stop, float(np.interp(along, run, clock)), along))
    calls.sort(key=lambda call: call.along_m)
    calls = [call for i, call in enumerate(calls) if i == 0 or call.stop != calls[i - 1].stop]
    headsign = line.headsigns[direction]
    station_stop = maker.stand(_stand_key(line, direction)) if stands else None
    return Pattern(
        line, direction, headsign, tuple(_with_rules(line, calls, station_stop)), path, station_stop
    )


def _stand_key(line: Line, direction: int) -> str:
    """Lines that pass through have a stand for each direction; the others have one."""
    passes = line.via[0] != "station" and line.via[-1] != "station"
    return f"{line.number}-{direction}" if passes else line.number


def _kept(line: Line, network: Network, land: Land, number: int, offset: float) -> bool:
    """Limited-stop lines call at few places: a fixed choice by place, the same both ways."""
    spot = network.edges[number].line.interpolate(offset)
    return (int(spot.x // 10) * 7 + int(spot.y // 10) * 13) % line.every_nth == 0 or not land.border.contains(
        spot
    )


def _station_marks(path: LineString, station: Point) -> list[float]:
    """Return where along the path the bus station is: at the start, the end, both, or in passing."""
    marks = []
    if Point(path.coords[0]).distance(station) < 150:
        marks.append(0.0)
    if Point(path.coords[-1]).distance(station) < 150:
        marks.append(path.length)
    if not marks and path.distance(station) < 150:
        marks.append(path.project(station))
    return marks


def _with_rules(line: Line, calls: list[Call], station: int | None) -> list[Call]:
    """Set who may get on and off where.

    The first call only picks up and the last only sets down. A limited-stop line
    only sets down on its way into town and only picks up on its way out.
    """
    out = []
    middle = next((i for i, call in enumerate(calls) if call.stop == station), len(calls) // 2)
    for index, call in enumerate(calls):
        pickup, drop = 0, 0
        if line.limited_in_town and 1 < index < len(calls) - 2 and index != middle:
            pickup, drop = (1, 0) if index < middle else (0, 1)
        if index == 0:
            pickup, drop = 0, 1
        elif index == len(calls) - 1:
            pickup, drop = 1, 0
        out.append(Call(call.stop, call.run_s, call.along_m, pickup, drop))
    return out


def build_buses(
    network: Network, land: Land, localities: dict[str, Sketched], sights: list[Amenity]
) -> BusNetwork:
    """Lay every line along the streets and stand its stops."""
    router = _Router(network)
    maker = _StopMaker(network, land, localities, sights)
    buses = BusNetwork()
    for line in LINES:
        marks = [router.nearest(STATION_AT if at == "station" else at) for at in line.via]
        there = _without_spurs([step for a, b in pairwise(marks) for step in router.way(a, b)])
        back = [(number, not forwards) for number, forwards in reversed(there)]
        ways = [there] if line.one_way else [there, back]
        for direction, steps in enumerate(ways):
            pattern = _pattern(line, direction, steps, maker, network, land)
            if line.withdrawn:
                continue
            buses.patterns.append(pattern)
    buses.stops = maker.stops
    served = {call.stop for pattern in buses.patterns for call in pattern.calls}
    for index, stop in enumerate(buses.stops):
        stop.in_feed = index in served or index % 3 == 0
    return buses
