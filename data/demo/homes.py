"""Homes along the streets, and the people in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from data.demo.land import Land
from data.demo.streets import Network

TARGET_PEOPLE = 174_000
_HOME_EVERY_M = {
    "terrace": 11.5, "centre": 13.0, "semi": 19.0, "garden": 19.0, "estate": 18.0, "modern": 19.0,
    "village": 13.5,
}  # fmt: skip
"""Metres of street frontage to a home, on each side, by the age of the street."""
_PEOPLE_PER_HOME = {
    "terrace": 2.75, "centre": 1.6, "semi": 2.4, "garden": 2.4, "estate": 2.35, "modern": 2.5, "village": 2.3,
}  # fmt: skip


@dataclass(frozen=True)
class Homes:
    """Every home of the borough: place (local metres), people, kind of street, the edge it stands on."""

    xy: np.ndarray  # float64[n, 2]
    people: np.ndarray  # float64[n]
    kind: np.ndarray  # str[n]
    edge: np.ndarray  # int[n]


def build_homes(network: Network, land: Land, rng: np.random.Generator) -> Homes:
    """Stand homes along the streets, nine metres from the middle of the road."""
    shapely.prepare(land.border)
    shapely.prepare(land.urban)
    xy, people, kinds, edges = [], [], [], []
    for number, edge in enumerate(network.edges):
        kind = edge.kind
        if edge.highway in ("footway", "path", "steps", "service", "pedestrian") and kind != "centre":
            continue
        if kind not in _HOME_EVERY_M:
            middle = edge.line.interpolate(0.5, normalized=True)
            every, per_home, kind = (
                (30.0, 2.2, "main") if land.urban.contains(middle) else (260.0, 2.4, "country")
            )
        else:
            every, per_home = _HOME_EVERY_M[kind], _PEOPLE_PER_HOME[kind]
        count = int(edge.line.length / every + rng.random())
        if count == 0:
            continue
        along = (np.arange(count) + 0.5) / count * edge.line.length
        spots = shapely.get_coordinates(shapely.line_interpolate_point(edge.line, along))
        ahead = shapely.get_coordinates(
            shapely.line_interpolate_point(edge.line, np.minimum(along + 1, edge.line.length))
        )
        behind = shapely.get_coordinates(shapely.line_interpolate_point(edge.line, np.maximum(along - 1, 0)))
        step = ahead - behind
        normal = np.column_stack([-step[:, 1], step[:, 0]]) / np.maximum(np.hypot(*step.T), 1e-9)[:, None]
        both = np.vstack([spots + 9 * normal, spots - 9 * normal])
        xy.append(both)
        people.append(np.full(2 * count, per_home))
        kinds += [kind] * (2 * count)
        edges.append(np.full(2 * count, number))
    points, weight = np.vstack(xy), np.concatenate(people)
    dry = ~shapely.contains_xy(land.water.buffer(5), points[:, 0], points[:, 1])
    inside = shapely.contains_xy(land.border, points[:, 0], points[:, 1]) & dry
    weight = weight * rng.uniform(0.75, 1.25, len(weight))
    scale = TARGET_PEOPLE / weight[inside].sum()
    return Homes(
        points[inside], weight[inside] * scale, np.array(kinds)[inside], np.concatenate(edges)[inside]
    )
