"""Stops: poles on both sides of the street, shared by the lines that pass, named as people would."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely.geometry import Point

from data.demo.amenities import Amenity
from data.demo.land import SKETCH_UNIT_M, TOWN, Sketched
from data.demo.streets import Network
from data.demo.ways import Step

STATION_AT: Sketched = (0.24, -0.17)
STATION_NAME = f"{TOWN} Interchange"
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


class StopMaker:
    """Keeps the stop places of each street, so that lines which share a street share its stops."""

    def __init__(self, network: Network, localities: dict[str, Sketched], sights: list[Amenity]) -> None:
        self._network = network
        self._localities = localities
        self._places: dict[Step, list[float]] = {}
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
        self, steps: list[Step], spacing_m: float, *, tram: bool
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
