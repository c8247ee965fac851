"""Ways along the streets that a bus can use."""

from __future__ import annotations

import heapq

import numpy as np
from shapely.geometry import LineString

from data.demo.land import SKETCH_UNIT_M, Sketched
from data.demo.streets import DRIVABLE, Network

Step = tuple[int, bool]
"""A street of the network and whether it is travelled forwards."""
_COST = {
    "primary": 0.8,
    "secondary": 0.85,
    "tertiary": 1.0,
    "unclassified": 1.25,
    "residential": 1.7,
    "service": 2.5,
}


class Router:
    """Shortest ways along streets that a bus can use; main roads count as shorter."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._usable = [edge.highway in DRIVABLE for edge in network.edges]
        on_road = sorted(
            {n for e, ok in zip(network.edges, self._usable, strict=True) if ok for n in (e.u, e.v)}
        )
        self._nodes = np.array(on_road)

    def nearest(self, at: Sketched) -> int:
        """Return the junction on a road nearest to a point of the sketch."""
        distance = np.hypot(*(self.network.nodes[self._nodes] - np.array(at) * SKETCH_UNIT_M).T)
        return int(self._nodes[np.argmin(distance)])

    def way(self, start: int, end: int) -> list[Step]:
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


def drop_spurs(steps: list[Step]) -> list[Step]:
    """Leave out going into a side street only to turn round and come back."""
    out: list[Step] = []
    for number, forwards in steps:
        if out and out[-1] == (number, not forwards):
            out.pop()
        else:
            out.append((number, forwards))
    return out


def line_of_steps(network: Network, steps: list[Step]) -> LineString:
    """Join the streets of a way into one line, in the direction of travel."""
    coords: list[tuple[float, ...]] = []
    for number, forwards in steps:
        xy = list(network.edges[number].line.coords)
        xy = xy if forwards else xy[::-1]
        coords += xy if not coords else xy[1:]
    return LineString(coords)
