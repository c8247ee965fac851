"""Bus and tram lines laid along the streets: calls in order, running times, who may get on and off."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from shapely.geometry import LineString, Point

from data.demo.amenities import Amenity
from data.demo.land import SKETCH_UNIT_M, Land, Sketched
from data.demo.lines import LINES, Line
from data.demo.stops import STATION_AT, Stop, StopMaker
from data.demo.streets import Network
from data.demo.ways import Router, Step, drop_spurs, line_of_steps

_SPEED_KMH = {
    "primary": 25.0,
    "secondary": 25.0,
    "tertiary": 23.0,
    "unclassified": 17.0,
    "residential": 17.0,
    "service": 14.0,
}
_CENTRE_KMH, _COUNTRY_KMH, _TRAM_FACTOR = 14.0, 40.0, 1.25


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
    line: Line, direction: int, steps: list[Step], maker: StopMaker, network: Network, land: Land
) -> Pattern:
    speeds = np.array([_speed_mps(network, land, number, tram=line.route_type == 0) for number, _ in steps])
    lengths = np.array([network.edges[number].line.length for number, _ in steps])
    run = np.r_[0, np.cumsum(lengths)]
    clock = np.r_[0, np.cumsum(lengths / speeds)]
    tram = line.route_type == 0
    station = Point(np.array(STATION_AT) * SKETCH_UNIT_M)
    places = maker.places(steps, line.spacing_m, tram=tram)
    path = line_of_steps(network, steps)
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
    router = Router(network)
    maker = StopMaker(network, localities, sights)
    buses = BusNetwork()
    for line in LINES:
        marks = [router.nearest(STATION_AT if at == "station" else at) for at in line.via]
        there = drop_spurs([step for a, b in pairwise(marks) for step in router.way(a, b)])
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
