"""The grid of 50 m cells that isochrones are drawn on, and the walks to its cells.

The grid is aligned to multiples of the cell in the pack's CRS. In a pack with
streets a cell is land whose centre lies within 100 m of a street; the cells and
the walks from every stop to them are worked out once and may be kept in
``PACK/derived/``. On straight lines every cell counts, and the walks are
worked out for each question, since a disc needs no search.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import shapely
from numba import types

from data.areapack import AreaPack
from geo.compile import IN_F8, OUT_I4, OUT_I8, kernel
from geo.derived import derived_path, load_derived, write_derived
from geo.legs import Legs
from geo.query import WalkSettings
from geo.snap import Snapped, snap_points
from geo.straightline import StraightLine
from geo.transpose import transpose_legs
from geo.walkgraph import WalkGraph
from geo.walklegs import compute_legs

if TYPE_CHECKING:
    from geo.engine import Engine

CELL_M = 50
FARTHEST_OFF_STREET_MM = 100_000
# Neighbouring cells are one piece of land where their streets are joined by a
# walk of at most two cells, or where the pack knows its water and railways and
# neither lies between them; a river is not bridged.
LINK_LIMIT_MM = 2 * CELL_M * 1000


@dataclass(frozen=True)
class Grid:
    """Columns and rows of cells; cell (c, r) has its centre in ((c + .5), (r + .5)) x CELL_M.

    ``column0`` and ``row0`` are counted from the CRS's origin.
    """

    column0: int
    row0: int
    columns: int
    rows: int

    def centres(self, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Centres in metres of cells given as row x columns + column."""
        row, column = np.divmod(flat, self.columns)
        return (self.column0 + column + 0.5) * CELL_M, (self.row0 + row + 0.5) * CELL_M


@dataclass(frozen=True)
class Cells:
    """Cells that may be reached, and which neighbours are one piece of land.

    ``link_east[i]`` says whether cell ``i`` and the cell east of it are both
    here and joined; ``link_north`` likewise.
    """

    grid: Grid
    flat: np.ndarray  # int32[n], ascending, row x columns + column
    points: Snapped
    link_east: np.ndarray  # bool[n]
    link_north: np.ndarray  # bool[n]


@dataclass(frozen=True)
class CellWalks:
    """Walks between stops and cells within the leg limit, both ways round."""

    by_stop: Legs  # rows: stops, targets: cells
    by_cell: Legs  # rows: cells, targets: stops


def build_grid(x_min: float, y_min: float, x_max: float, y_max: float) -> Grid:
    """Cover a rectangle (metres) with whole cells."""
    column0, row0 = int(np.floor(x_min / CELL_M)), int(np.floor(y_min / CELL_M))
    columns = int(np.floor(x_max / CELL_M)) - column0 + 1
    rows = int(np.floor(y_max / CELL_M)) - row0 + 1
    return Grid(column0, row0, columns, rows)


def build_street_cells(pack: AreaPack, graph: WalkGraph) -> Cells:
    """Find the cells on land within 100 m of a street, and the links between them."""
    segments = graph.segments
    coverage = None if pack.coverage is None or pack.coverage.empty else pack.coverage.geometry.union_all()
    if len(segments.edge) == 0:
        nothing = snap_points(graph, np.empty(0), np.empty(0))
        return Cells(Grid(0, 0, 1, 1), np.empty(0, np.int32), nothing, np.empty(0, bool), np.empty(0, bool))
    xs, ys = segments.ends[:, ::2], segments.ends[:, 1::2]
    margin = FARTHEST_OFF_STREET_MM / 1000
    grid = build_grid(xs.min() - margin, ys.min() - margin, xs.max() + margin, ys.max() + margin)
    flat = np.arange(grid.columns * grid.rows, dtype=np.int32)
    points = snap_points(graph, *grid.centres(flat), coverage=coverage, farthest_mm=FARTHEST_OFF_STREET_MM)
    land = np.flatnonzero(~points.outside & ~_is_water(pack, points))
    flat, points = flat[land], points.take(land)
    east, north = find_neighbours(grid, flat)
    linked = _link_by_streets(graph, points, (east, north))
    barriers = _list_barriers(pack)
    if len(barriers):
        linked = [
            link | _is_open_ground(points, there, link, barriers)
            for link, there in zip(linked, (east, north), strict=True)
        ]
    return Cells(grid, flat, points, *linked)


def _is_water(pack: AreaPack, points: Snapped) -> np.ndarray:
    """Say which points lie in water, where the pack knows."""
    wet = np.zeros(len(points), dtype=bool)
    if pack.ground is None:
        return wet
    water = pack.ground.geometry[pack.ground["kind"] == "water"].to_numpy()
    water = water[shapely.get_dimensions(water) == 2]
    inside, _ = shapely.STRtree(water).query(shapely.points(points.x, points.y), predicate="intersects")
    wet[inside] = True
    return wet


def find_neighbours(grid: Grid, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row in ``flat`` of the cell east and of the cell north of each, -1 where there is none."""
    row_of = np.full(grid.columns * (grid.rows + 1) + 1, -1, dtype=np.int32)
    row_of[flat] = np.arange(len(flat), dtype=np.int32)
    last_column = flat % grid.columns == grid.columns - 1
    return np.where(last_column, -1, row_of[flat + 1]), row_of[flat + grid.columns]


def _list_barriers(pack: AreaPack) -> np.ndarray:
    """Water and railways, where the pack knows them; none where it doesn't."""
    if pack.ground is None:
        return np.empty(0, dtype=object)
    return pack.ground.geometry[pack.ground["kind"].isin(("water", "rail"))].to_numpy()


def _is_open_ground(
    points: Snapped, neighbour: np.ndarray, linked: np.ndarray, barriers: np.ndarray
) -> np.ndarray:
    """Say which cells that no short walk joins have neither water nor rails between them.

    Gardens between two terraces part nobody: both cells are reached by their
    own streets, and a gap drawn there would look like a border.
    """
    rows = np.flatnonzero((neighbour >= 0) & ~linked)
    ends = np.column_stack(
        (points.x[rows], points.y[rows], points.x[neighbour[rows]], points.y[neighbour[rows]])
    )
    lines = shapely.linestrings(ends.reshape(-1, 2, 2))
    crossed, _ = shapely.STRtree(barriers).query(lines, predicate="intersects")
    rows = np.delete(rows, np.unique(crossed))
    open_ground = np.zeros(len(linked), dtype=bool)
    open_ground[rows] = True
    return open_ground


def _link_by_streets(
    graph: WalkGraph, points: Snapped, neighbours: tuple[np.ndarray, np.ndarray]
) -> list[np.ndarray]:
    """Say which neighbouring cells have nearest edges at most two cells apart on the network."""
    network = graph.network
    nodes, at = np.unique(
        np.concatenate((network.u[points.edge], network.v[points.edge])), return_inverse=True
    )
    end_u, end_v = at[: len(points)], at[len(points) :]
    ends = _place_nodes(graph, points.edge, end_u, end_v, len(nodes))
    near = compute_legs(graph, ends, ends, LINK_LIMIT_MM)
    key = np.repeat(np.arange(len(nodes), dtype=np.int64), np.diff(near.indptr)) * len(nodes) + near.target

    def joined(other: np.ndarray) -> np.ndarray:
        rows = np.flatnonzero(other >= 0)
        there = other[rows]
        link = points.edge[rows] == points.edge[there]
        for a in (end_u[rows], end_v[rows]):
            for b in (end_u[there], end_v[there]):
                wanted = a.astype(np.int64) * len(nodes) + b
                found = np.searchsorted(key, wanted)
                link |= key[np.minimum(found, len(key) - 1)] == wanted
        out = np.zeros(len(points), dtype=bool)
        out[rows] = link
        return out

    return [joined(other) for other in neighbours]


def _place_nodes(
    graph: WalkGraph, edge: np.ndarray, end_u: np.ndarray, end_v: np.ndarray, count: int
) -> Snapped:
    """The ends of edges as points on the network; each node by any one edge that it ends."""
    chain, offset = np.empty(count, np.int32), np.empty(count, np.int32)
    length = graph.network.length_mm[edge]
    for end, is_far in ((end_u, graph.edge_reversed[edge]), (end_v, ~graph.edge_reversed[edge])):
        chain[end] = graph.edge_chain[edge]
        offset[end] = graph.edge_start_mm[edge] + np.where(is_far, length, 0)
    nothing = np.zeros(count)
    return Snapped(
        nothing, nothing, np.zeros(count, np.int32), chain, offset, np.zeros(count, np.int32),
        np.zeros(count, bool),
    )  # fmt: skip


@kernel(
    types.int64(
        IN_F8, IN_F8, types.int64, types.int64, types.int64, types.int64, types.float64,
        types.float64, types.int64, OUT_I8, OUT_I4, OUT_I4,
    )
)  # fmt: skip
def _fill_discs(x, y, column0, row0, columns, rows, cell_m, mm_per_m, limit_mm, count, target, length_mm):  # type: ignore[no-untyped-def]
    """List the cells about each point; count only, when ``target`` is empty.

    ``count`` holds one number a row: how many there are, or where the row's next one goes.
    """
    counting = len(target) == 0
    reach_m = (limit_mm + 1) / mm_per_m
    total = 0
    for i in range(len(x)):
        c0 = max(int(np.floor((x[i] - reach_m) / cell_m)) - column0, 0)
        c1 = min(int(np.floor((x[i] + reach_m) / cell_m)) - column0, columns - 1)
        r0 = max(int(np.floor((y[i] - reach_m) / cell_m)) - row0, 0)
        r1 = min(int(np.floor((y[i] + reach_m) / cell_m)) - row0, rows - 1)
        found = 0
        for row in range(r0, r1 + 1):
            dy = (row0 + row + 0.5) * cell_m - y[i]
            for column in range(c0, c1 + 1):
                dx = (column0 + column + 0.5) * cell_m - x[i]
                length = np.int64(np.rint(np.sqrt(dx * dx + dy * dy) * mm_per_m))
                if length <= limit_mm:
                    if not counting:
                        target[count[i] + found] = row * columns + column
                        length_mm[count[i] + found] = length
                    found += 1
        total += found
        count[i] = found if counting else count[i] + found
    return total


def compute_discs(graph: StraightLine, grid: Grid, x: np.ndarray, y: np.ndarray, limit_mm: int) -> Legs:
    """Straight-line walks from points to all cells of a grid (targets: flat cells)."""
    where = (grid.column0, grid.row0, grid.columns, grid.rows, float(CELL_M), graph.detour_factor * 1000)
    counts = np.zeros(len(x), dtype=np.int64)
    nothing = np.empty(0, dtype=np.int32)
    _fill_discs(x, y, *where, limit_mm, counts, nothing, nothing)
    indptr = np.concatenate(([0], np.cumsum(counts)))
    target, length_mm = np.empty(indptr[-1], dtype=np.int32), np.empty(indptr[-1], dtype=np.int32)
    if len(target):
        _fill_discs(x, y, *where, limit_mm, indptr[:-1].copy(), target, length_mm)
    return Legs(indptr, target, length_mm)


class _Kept:
    """What was worked out for one engine: cells by avoid_steps, walks by settings."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.cells: dict[bool, Cells] = {}
        self.walks: dict[tuple[bool, int], CellWalks] = {}
        self.files: dict[tuple[bool, int], Path | None] = {}


_KEPT: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()
# Walks kept in memory for so many settings of the walk; the oldest goes first.
MOST_KEPT_WALKS = 4


def get_street_cells(engine: Engine, walk: WalkSettings) -> tuple[Cells, CellWalks]:
    """Cells and their walks: from memory, else from ``PACK/derived/``, else worked out."""
    if (base := getattr(engine, "base", None)) is not None and engine.graph is base.graph:
        return _share_cells(engine, base, walk)
    kept = _KEPT.setdefault(engine, _Kept())
    setting = (walk.avoid_steps, walk.leg_limit_mm)
    with kept.lock:
        if setting not in kept.walks:
            graph = engine.graph(walk.avoid_steps)
            assert isinstance(graph, WalkGraph), "straight lines have no cells to keep"
            stops = engine.snapped_stops(walk.avoid_steps)
            cells, by_stop, path = _load_or_build(
                engine.pack, graph, stops, walk, kept.cells.get(walk.avoid_steps)
            )
            if len(kept.walks) >= MOST_KEPT_WALKS:
                del kept.walks[next(iter(kept.walks))]
            kept.cells.setdefault(walk.avoid_steps, cells)
            kept.walks[setting] = CellWalks(by_stop, transpose_legs(by_stop, len(cells.flat)))
            kept.files[setting] = path
        return kept.cells[walk.avoid_steps], kept.walks[setting]


def _share_cells(engine: Engine, base: Engine, walk: WalkSettings) -> tuple[Cells, CellWalks]:
    """Those of the engine that a scenario left the streets of; only stops that moved or are new walk anew."""
    cells, walks = get_street_cells(base, walk)
    new, old = engine.snapped_stops(walk.avoid_steps), base.snapped_stops(walk.avoid_steps)
    if new is old:
        return cells, walks
    own = _KEPT.setdefault(engine, _Kept())
    setting = (walk.avoid_steps, walk.leg_limit_mm)
    with own.lock:
        if setting not in own.walks:
            graph, stayed = engine.graph(walk.avoid_steps), np.arange(len(old))  # stops keep their rows
            moved = np.flatnonzero((new.x[stayed] != old.x) | (new.y[stayed] != old.y))
            others = np.concatenate((moved, np.arange(len(old), len(new))))
            found = compute_legs(graph, new.take(others), cells.points, walk.leg_limit_mm)
            row = np.arange(len(new))
            row[others] = len(old) + np.arange(len(others))
            by_stop = walks.by_stop.append(found).take(row)
            own.walks[setting] = CellWalks(by_stop, transpose_legs(by_stop, len(cells.flat)))
        return cells, own.walks[setting]


def _load_or_build(
    pack: AreaPack, graph: WalkGraph, stops: Snapped, walk: WalkSettings, cells: Cells | None
) -> tuple[Cells, Legs, Path | None]:
    """Read the cells and walks that an earlier run kept, or work them out and keep them."""
    settings = {"avoid_steps": walk.avoid_steps, "leg_limit_mm": walk.leg_limit_mm, "cell_m": CELL_M}
    arrays = load_derived(pack, "cells", settings)
    if arrays is not None and (found := _from_arrays(arrays, graph, stops)) is not None:
        return (*found, derived_path(pack, "cells", settings))
    if cells is None:
        cells = build_street_cells(pack, graph)
    by_stop = compute_legs(graph, stops, cells.points, walk.leg_limit_mm)
    return cells, by_stop, write_derived(pack, "cells", settings, _to_arrays(cells, by_stop))


def _to_arrays(cells: Cells, by_stop: Legs) -> dict[str, np.ndarray]:
    grid, points = cells.grid, cells.points
    return {
        "grid": np.array([grid.column0, grid.row0, grid.columns, grid.rows], dtype=np.int64),
        "flat": cells.flat, "edge": points.edge, "chain": points.chain, "offset_mm": points.offset_mm,
        "off_network_mm": points.off_network_mm, "link_east": cells.link_east, "link_north": cells.link_north,
        "indptr": by_stop.indptr, "target": by_stop.target, "length_mm": by_stop.length_mm,
    }  # fmt: skip


def _from_arrays(
    arrays: dict[str, np.ndarray], graph: WalkGraph, stops: Snapped
) -> tuple[Cells, Legs] | None:
    """Put kept arrays together; None where they can't be of this pack."""
    try:
        grid = Grid(*(int(value) for value in arrays["grid"]))
        flat, legs = arrays["flat"], Legs(arrays["indptr"], arrays["target"], arrays["length_mm"])
        x, y = grid.centres(flat)
        points = Snapped(
            x, y, arrays["edge"], arrays["chain"], arrays["offset_mm"], arrays["off_network_mm"],
            np.zeros(len(flat), dtype=bool),
        )  # fmt: skip
        cells = Cells(grid, flat, points, arrays["link_east"], arrays["link_north"])
    except (KeyError, TypeError, ValueError):
        return None
    per_cell = (
        points.edge,
        points.chain,
        points.offset_mm,
        points.off_network_mm,
        cells.link_east,
        cells.link_north,
    )
    fits = (
        all(len(values) == len(flat) for values in per_cell)
        and len(legs.indptr) == len(stops) + 1
        and len(legs.target) == len(legs.length_mm) == legs.indptr[-1]
        and flat.max(initial=-1) < grid.columns * grid.rows
        and legs.target.max(initial=-1) < len(flat)
        and points.chain.max(initial=-1) < len(graph.chain_u)
    )
    return (cells, legs) if fits else None


def prepare_cells(engine: Engine, walk: WalkSettings) -> list[Path]:
    """Work out the cells and their walks now and keep them in ``PACK/derived/``.

    Returns the files; none on straight lines, where there is nothing to keep,
    and where the folder can't be written.
    """
    if isinstance(engine.graph(walk.avoid_steps), StraightLine):
        return []
    get_street_cells(engine, walk)
    path = _KEPT[engine].files[walk.avoid_steps, walk.leg_limit_mm]
    return [] if path is None else [path]
