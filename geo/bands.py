"""Cells in reach to polygons: one cumulative MultiPolygon per cut-off."""

from __future__ import annotations

from typing import Any

import contourpy
import numpy as np
import shapely

from geo.cells import CELL_M, Cells, find_neighbours

# Cells and the points half-way between them are nodes of a grid of 25 m; the
# border runs this far from a node inside towards one outside, in half cells.
# Two pieces of land that no walk joins are thus left 2 m apart.
BORDER = 0.96


def _mark_nodes(cells: Cells, inside: np.ndarray) -> tuple[np.ndarray, int, int]:
    """Mark the nodes of the half-cell grid that are in reach.

    A half-way node is in when both its cells are and they are linked; the
    middle of four cells, when the four half-way nodes about it are.

    Returns
    -------
    nodes : float64[rows, columns], with a border of nodes outside
    column, row : int
        Of the first node, counted in half cells from the first cell's centre.
    """
    chosen = np.flatnonzero(inside)
    row, column = np.divmod(cells.flat[chosen], cells.grid.columns)
    row0, column0 = int(row.min()), int(column.min())
    nodes = np.zeros((2 * (int(row.max()) - row0) + 3, 2 * (int(column.max()) - column0) + 3))
    at_row, at_column = 2 * (row - row0) + 1, 2 * (column - column0) + 1
    nodes[at_row, at_column] = 1
    east, north = find_neighbours(cells.grid, cells.flat)
    to_east = cells.link_east[chosen] & inside[east[chosen]]
    nodes[at_row[to_east], at_column[to_east] + 1] = 1
    to_north = cells.link_north[chosen] & inside[north[chosen]]
    nodes[at_row[to_north] + 1, at_column[to_north]] = 1
    middle = nodes[2:-1:2, 2:-1:2]
    middle[:] = nodes[2:-1:2, 1:-2:2] * nodes[2:-1:2, 3::2] * nodes[1:-2:2, 2:-1:2] * nodes[3::2, 2:-1:2]
    return nodes, 2 * column0 - 1, 2 * row0 - 1


def _drop_straight(points: np.ndarray, rings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave out the points on straight runs; the ends of rings stay."""
    step = np.diff(points, axis=0)
    turn = np.abs(step[:-1, 0] * step[1:, 1] - step[:-1, 1] * step[1:, 0]) > 1e-6
    keep = np.concatenate(([True], turn, [True]))
    keep[rings[:-1]] = True
    keep[rings[1:] - 1] = True
    return points[keep], np.concatenate(([0], np.cumsum(keep)))[rings]


def build_band(cells: Cells, inside: np.ndarray) -> shapely.MultiPolygon:
    """Draw the cells marked ``inside`` (bool[n]) as a MultiPolygon in the pack's CRS.

    It holds the centre of every marked cell, and no point of it is farther
    than a cell from one. Marking more cells only ever adds to it.
    """
    if not inside.any():
        return shapely.MultiPolygon()
    nodes, column, row = _mark_nodes(cells, inside)
    x = (cells.grid.column0 + 0.5) * CELL_M + (column + np.arange(nodes.shape[1])) * CELL_M / 2
    y = (cells.grid.row0 + 0.5) * CELL_M + (row + np.arange(nodes.shape[0])) * CELL_M / 2
    contours = contourpy.contour_generator(
        x, y, nodes, name="serial", fill_type=contourpy.FillType.ChunkCombinedOffsetOffset
    )
    # One chunk: its points, where its rings begin, at which ring its polygons begin.
    filled: Any = contours.filled(1 - BORDER, 2.0)
    chunk_points, chunk_rings, chunk_polygons = filled
    # Whole centimetres: the same coordinates whichever cells are marked.
    points, rings = _drop_straight(np.round(chunk_points[0], 2), chunk_rings[0].astype(np.int64))
    polygons = chunk_polygons[0].astype(np.int64)
    return shapely.from_ragged_array(
        shapely.GeometryType.MULTIPOLYGON, points, (rings, polygons, np.array([0, len(polygons) - 1]))
    )[0]
