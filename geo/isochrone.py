"""Land in reach from one place within a time: an exact value per cell, drawn as bands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import shapely
from numba import types

from data.errors import QueryError
from geo.bands import build_band
from geo.cells import Cells, CellWalks, build_grid, compute_discs, find_neighbours, get_street_cells
from geo.compile import IN_I4, IN_I8, OUT_I4, kernel
from geo.legs import Legs, leg_seconds
from geo.places import Place
from geo.profile import (
    NONE,
    StopProfiles,
    compute_cells,
    compute_matrix,
    compute_stop_profiles,
    walk_limit_binds,
)
from geo.query import Query
from geo.snap import Snapped, snap_points
from geo.straightline import StraightLine
from geo.transpose import transpose_legs
from geo.walklegs import compute_legs

if TYPE_CHECKING:
    import geopandas as gpd

    from geo.engine import Engine

Statistic = int | Literal["best"]


@dataclass(frozen=True)
class CellValues:
    """Travel time of each cell, int32 seconds, ``NONE`` where it isn't reached.

    ``by_statistic`` holds one array a statistic: walking all the way and one
    bus, whichever is quicker.
    """

    cells: Cells
    by_statistic: dict[Statistic, np.ndarray]


@kernel(types.int64(IN_I4, IN_I4, IN_I8, IN_I4, IN_I4, types.int64, OUT_I4))
def _spread_best(stop, best_s, indptr, cell, egress_s, cutoff_s, value_s):  # type: ignore[no-untyped-def]
    """Lower each cell's value to the best by any of its stops."""
    changed = 0
    for i in range(len(stop)):
        if best_s[i] > cutoff_s:
            continue
        for slot in range(indptr[stop[i]], indptr[stop[i] + 1]):
            total = best_s[i] + egress_s[slot]
            if total < value_s[cell[slot]]:
                value_s[cell[slot]] = total
                changed += 1
    return changed


def compute_isochrones(
    engine: Engine,
    query: Query,
    place: Place,
    cutoffs_s: Sequence[int],
    statistics: Sequence[Statistic] = ("best",),
) -> gpd.GeoDataFrame:
    """Compute one cumulative MultiPolygon per statistic and cut-off.

    Parameters
    ----------
    cutoffs_s : sequence of int
        Seconds, inclusive; each as long as a query's cut-off may be.
    statistics : sequence of int or "best"
        "best": the timetabled question, the best journey leaving inside the
        window. A number: that percentile of turning up and going.

    Returns
    -------
    GeoDataFrame
        Columns origin_id, cutoff_s, statistic ("best", "p50", ...), geometry in
        the pack's CRS: empty where nothing is in reach, null where the place is
        outside the data.

    Raises
    ------
    QueryError
        A cut-off or percentile is out of range, or the query asks for two buses.
    """
    import geopandas as gpd

    if query.boardings != 1:
        raise QueryError("Isochrones show the land within one bus; ask with one boarding.")
    if not cutoffs_s or not statistics:
        raise QueryError("An isochrone needs at least one cut-off and one statistic.")
    for cutoff_s in cutoffs_s:
        replace(query, cutoff_s=int(cutoff_s))  # checks the range
    rows: list[tuple[str, int, str]] = []
    bands: list[shapely.MultiPolygon | None] = []
    origin = engine.snap(query.walk.avoid_steps, pd.DataFrame({"x": [place.x], "y": [place.y]}))
    values = (
        None if origin.outside[0] else compute_cell_values(engine, query, origin, max(cutoffs_s), statistics)
    )
    for statistic in statistics:
        name = "best" if statistic == "best" else f"p{statistic}"
        for cutoff_s in cutoffs_s:
            rows.append((place.place_id, int(cutoff_s), name))
            if values is None:
                bands.append(None)
            else:
                bands.append(build_band(values.cells, values.by_statistic[statistic] <= cutoff_s))
    frame = pd.DataFrame(rows, columns=["origin_id", "cutoff_s", "statistic"])
    frame["geometry"] = gpd.GeoSeries(bands, crs=engine.pack.crs)
    return gpd.GeoDataFrame(frame)


def compute_cell_values(
    engine: Engine, query: Query, origin: Snapped, longest_s: int, statistics: Sequence[Statistic]
) -> CellValues:
    """Compute the travel time of every cell from one point.

    ``longest_s``: cells that take longer may be left as not reached.
    """
    percentiles = tuple(dict.fromkeys(s for s in statistics if s != "best"))
    query = replace(query, percentiles=percentiles)
    walk, graph = query.walk, engine.graph(query.walk.avoid_steps)
    stops, timetable = engine.snapped_stops(walk.avoid_steps), engine.timetable(query)
    access = engine.legs_to_stops(walk, origin)
    # Profiles of stops don't know the whole-walk limit; where it binds they only
    # tell which stops are worth a look.
    loose = replace(query, walk=replace(walk, max_walk_total_m=None))
    access_s = leg_seconds(access.length_mm, walk.speed_mm_per_h)
    profiles = compute_stop_profiles(timetable, access.target, access_s, loose)
    useful = profiles.stop[_shortest_s(profiles, with_waiting=bool(percentiles)) <= longest_s]
    if isinstance(graph, StraightLine):
        cells, walks, direct = _lay_discs(graph, origin, stops, useful, query)
    else:
        cells, walks = get_street_cells(engine, walk)
        direct = compute_legs(graph, origin, cells.points, walk.total_limit_mm)
    walk_s = np.full(len(cells.flat), NONE, dtype=np.int32)
    walk_s[direct.target] = leg_seconds(direct.length_mm, walk.speed_mm_per_h)
    by_statistic: dict[Statistic, np.ndarray] = {}
    near = _cells_near(walks.by_stop, useful, len(cells.flat))
    if walk_limit_binds(query):
        matrix = compute_matrix(timetable, access, walks.by_cell.take(near), direct.keep_targets(near), query)
        by_statistic["best"] = _put(walk_s, near, matrix.best_s[0])
        for k, percentile in enumerate(percentiles):
            by_statistic[percentile] = _put(walk_s, near, matrix.percentile_s[k, 0])
        return CellValues(cells, by_statistic)
    if "best" in statistics:
        egress_s = leg_seconds(walks.by_stop.length_mm, walk.speed_mm_per_h)
        by_statistic["best"] = walk_s.copy()
        _spread_best(
            profiles.stop, profiles.best_s, walks.by_stop.indptr, walks.by_stop.target, egress_s, longest_s,
            by_statistic["best"],
        )  # fmt: skip
    if percentiles:
        times = compute_cells(profiles, walks.by_cell.take(near), walk_s[near], query)
        for k, percentile in enumerate(percentiles):
            by_statistic[percentile] = _put(walk_s, near, times.percentile_s[k])
    return CellValues(cells, by_statistic)


def _shortest_s(profiles: StopProfiles, *, with_waiting: bool) -> np.ndarray:
    """A bound from below on every statistic of each stop, int32 seconds.

    With waiting, journeys that leave after the window count too: they serve
    who turns up near its end.
    """
    shortest_s = profiles.best_s.copy()
    if with_waiting and len(profiles.leave_s):
        duration_s = np.append(profiles.arrive_s - profiles.leave_s, NONE)
        filled = np.diff(profiles.indptr) > 0
        least = np.minimum.reduceat(duration_s, profiles.indptr[:-1])
        shortest_s[filled] = np.minimum(shortest_s, least)[filled]
    return shortest_s


def _lay_discs(
    graph: StraightLine, origin: Snapped, stops: Snapped, useful: np.ndarray, query: Query
) -> tuple[Cells, CellWalks, Legs]:
    """Cells within a straight walk of the origin or of a useful stop."""
    walk = query.walk
    useful = np.sort(useful[~stops.outside[useful]])
    x, y = np.append(stops.x[useful], origin.x), np.append(stops.y[useful], origin.y)
    reach_m = max(walk.leg_limit_mm, walk.total_limit_mm) / (graph.detour_factor * 1000)
    grid = build_grid(x.min() - reach_m, y.min() - reach_m, x.max() + reach_m, y.max() + reach_m)
    discs = compute_discs(graph, grid, x[:-1], y[:-1], walk.leg_limit_mm)
    direct = compute_discs(graph, grid, x[-1:], y[-1:], walk.total_limit_mm)
    touched = np.zeros(grid.columns * grid.rows, dtype=bool)
    touched[discs.target] = True
    touched[direct.target] = True
    flat = np.flatnonzero(touched).astype(np.int32)
    row_of = np.cumsum(touched, dtype=np.int32) - 1
    counts = np.zeros(len(stops), dtype=np.int64)
    counts[useful] = np.diff(discs.indptr)
    by_stop = Legs(np.concatenate(([0], np.cumsum(counts))), row_of[discs.target], discs.length_mm)
    centres = snap_points(graph, *grid.centres(flat))
    east, north = find_neighbours(grid, flat)
    cells = Cells(grid, flat, centres, east >= 0, north >= 0)
    walks = CellWalks(by_stop, transpose_legs(by_stop, len(flat)))
    return cells, walks, Legs(direct.indptr, row_of[direct.target], direct.length_mm)


def _cells_near(by_stop: Legs, stops: np.ndarray, cell_count: int) -> np.ndarray:
    """Rows of the cells within a leg of any of these stops, ascending."""
    marked = np.zeros(cell_count, dtype=bool)
    for stop in stops.tolist():
        marked[by_stop.target[by_stop.indptr[stop] : by_stop.indptr[stop + 1]]] = True
    return np.flatnonzero(marked)


def _put(values: np.ndarray, rows: np.ndarray, new: np.ndarray) -> np.ndarray:
    out = values.copy()
    out[rows] = new
    return out
