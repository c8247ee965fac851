"""A street closed, a footpath added (definitions: docs/scenarios.md)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import shapely

from data.areapack import AreaPack, WalkNetwork
from geo.snap import snap_points
from geo.walkgraph import UNJOINED_KIND, build_walk_graph
from geo.whatif.model import AddFootpath, CloseStreet
from geo.whatif.names import FaultyChange, find_spot, offer_nearest

_EDGE_COLUMNS = ("u", "v", "length_mm", "steps", "street", "highway")
NO_WAY = -1  # a path that OpenStreetMap has no number for


def close_street(pack: AreaPack, change: CloseStreet) -> AreaPack:
    """Leave out every edge of an OSM way, or of a name within a distance of a place."""
    walk = _streets_of(pack)
    if change.way is not None:
        if walk.osm_way is None:
            raise FaultyChange("way", "the pack's streets have no numbers; give street and near")
        closed = walk.osm_way == change.way
        if not closed.any():
            raise FaultyChange("way", f"{change.way}: no street of the pack has this OpenStreetMap number")
    else:
        closed = _find_named(pack, walk, change)
    if closed.all():
        raise FaultyChange("street" if change.way is None else "way", "no street would be left")
    return replace(pack, walk=_keep_edges(walk, ~closed))


def add_footpath(pack: AreaPack, change: AddFootpath) -> AreaPack:
    """Join the streets nearest to the first and the last point by a line through all of them."""
    walk = _streets_of(pack)
    spots = [find_spot(pack, f"points.{n}", text) for n, text in enumerate(change.points, 1)]
    walk, start = _join(walk, spots[0].x, spots[0].y, "points.1")
    walk, end = _join(walk, spots[-1].x, spots[-1].y, f"points.{len(spots)}")
    x = np.array([walk.node_x[start], *(s.x for s in spots[1:-1]), walk.node_x[end]])
    y = np.array([walk.node_y[start], *(s.y for s in spots[1:-1]), walk.node_y[end]])
    length_mm = int(np.rint(np.hypot(np.diff(x), np.diff(y)).sum() * 1000))
    if length_mm == 0:
        raise FaultyChange("points", "the path has no length: both ends join the streets at one point")
    names, street = walk.street_names, -1
    if change.name is not None:
        names = names if change.name in names else (*names, change.name)
        street = names.index(change.name)
    kind = UNJOINED_KIND
    kinds = walk.highway_names if kind in walk.highway_names else (*walk.highway_names, kind)
    walk = replace(walk, street_names=names, highway_names=kinds)
    edge = {
        "u": start, "v": end, "length_mm": length_mm, "steps": change.steps, "street": street,
        "highway": kinds.index(kind), "osm_way": NO_WAY,
    }  # fmt: skip
    return replace(pack, walk=_append_edge(walk, edge, x, y))


def _streets_of(pack: AreaPack) -> WalkNetwork:
    if pack.walk is None:
        raise FaultyChange(
            "kind", f"{pack.manifest.name} has no streets (walks are straight lines), so none can be changed"
        )
    return pack.walk


def _find_named(pack: AreaPack, walk: WalkNetwork, change: CloseStreet) -> np.ndarray:
    """bool[E]: edges of this name of which a part is within the distance of the place."""
    wanted = str(change.street).casefold()
    numbers = [n for n, name in enumerate(walk.street_names) if name.casefold() == wanted]
    named = np.isin(walk.street, numbers)
    if not named.any():
        offer = offer_nearest(str(change.street), {name: name for name in walk.street_names})
        raise FaultyChange("street", f"{str(change.street)[:60]!r} is no street of the pack.{offer}")
    spot = find_spot(pack, "near", str(change.near))
    edges = np.flatnonzero(named)
    lines = [shapely.LineString(np.column_stack(_line(walk, int(edge)))) for edge in edges]
    away_m = shapely.distance(np.array(lines), shapely.Point(spot.x, spot.y))
    if away_m.min() > change.within_m:
        raise FaultyChange(
            "near", f"the nearest part of {change.street} is {away_m.min():,.0f} m away; "
            f"within_m is {change.within_m:g}",
        )  # fmt: skip
    closed = np.zeros(len(walk.u), bool)
    closed[edges[away_m <= change.within_m]] = True
    return closed


def _line(walk: WalkNetwork, edge: int) -> tuple[np.ndarray, np.ndarray]:
    part = slice(int(walk.geometry_offset[edge]), int(walk.geometry_offset[edge + 1]))
    return walk.geometry_x[part], walk.geometry_y[part]


def _frozen(walk: WalkNetwork) -> WalkNetwork:
    for value in vars(walk).values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return walk


def _keep_edges(walk: WalkNetwork, kept: np.ndarray) -> WalkNetwork:
    sizes = np.diff(walk.geometry_offset)
    points = np.repeat(kept, sizes)
    return _frozen(
        replace(
            walk,
            **{name: getattr(walk, name)[kept] for name in _EDGE_COLUMNS},
            geometry_offset=np.concatenate(([0], np.cumsum(sizes[kept]))).astype(np.int64),
            geometry_x=walk.geometry_x[points],
            geometry_y=walk.geometry_y[points],
            osm_way=None if walk.osm_way is None else walk.osm_way[kept],
        )
    )


def _append_edge(walk: WalkNetwork, edge: dict[str, Any], x: np.ndarray, y: np.ndarray) -> WalkNetwork:
    columns: dict[str, Any] = {
        name: np.append(getattr(walk, name), edge[name]).astype(getattr(walk, name).dtype)
        for name in _EDGE_COLUMNS
    }
    ways = walk.osm_way
    return _frozen(
        replace(
            walk,
            **columns,
            geometry_offset=np.append(walk.geometry_offset, walk.geometry_offset[-1] + len(x)),
            geometry_x=np.append(walk.geometry_x, x),
            geometry_y=np.append(walk.geometry_y, y),
            osm_way=None if ways is None else np.append(ways, edge["osm_way"]).astype(ways.dtype),
        )
    )


def _join(walk: WalkNetwork, x: float, y: float, field: str) -> tuple[WalkNetwork, int]:
    """The node at the nearest point of the nearest street, made there where there was none."""
    graph = build_walk_graph(walk, avoid_steps=False)
    place = snap_points(graph, np.array([x]), np.array([y]))
    if place.outside[0]:
        raise FaultyChange(field, "no street is within 300 m")
    edge = int(place.edge[0])
    length_mm = int(walk.length_mm[edge])
    along_mm = int(place.offset_mm[0] - graph.edge_start_mm[edge])
    if graph.edge_reversed[edge]:
        along_mm = length_mm - along_mm
    if along_mm == 0:
        return walk, int(walk.u[edge])
    if along_mm == length_mm:
        return walk, int(walk.v[edge])
    return _split(walk, edge, along_mm)


def _split(walk: WalkNetwork, edge: int, along_mm: int) -> tuple[WalkNetwork, int]:
    """Part an edge in two; their whole millimetres add up to what it had."""
    x, y = _line(walk, edge)
    drawn = np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))))
    at_m = drawn[-1] * along_mm / walk.length_mm[edge]
    cut_x, cut_y = float(np.interp(at_m, drawn, x)), float(np.interp(at_m, drawn, y))
    before, after = drawn < at_m, drawn > at_m
    halves = (
        (np.append(x[before], cut_x), np.append(y[before], cut_y)),
        (np.concatenate(([cut_x], x[after])), np.concatenate(([cut_y], y[after]))),
    )
    node = len(walk.node_x)
    facts = {name: getattr(walk, name)[edge] for name in ("steps", "street", "highway")}
    facts["osm_way"] = NO_WAY if walk.osm_way is None else walk.osm_way[edge]
    ends = (
        {"u": walk.u[edge], "v": node, "length_mm": along_mm},
        {"u": node, "v": walk.v[edge], "length_mm": int(walk.length_mm[edge]) - along_mm},
    )
    kept = np.ones(len(walk.u), bool)
    kept[edge] = False
    walk = _keep_edges(
        replace(walk, node_x=np.append(walk.node_x, cut_x), node_y=np.append(walk.node_y, cut_y)), kept
    )
    for own, (half_x, half_y) in zip(ends, halves, strict=True):
        walk = _append_edge(walk, {**facts, **own}, half_x, half_y)
    return walk, node
