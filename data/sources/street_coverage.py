"""Where the streets are whole: the polygon outside of which a pack knows nothing.

An extract is cut along a border, but keeps ways that cross it whole, so that
single roads run far out of it; its header may name a box larger than the data.
"""

from __future__ import annotations

import numpy as np
import shapely
from pyproj import Transformer
from scipy import ndimage
from shapely.geometry import MultiPolygon, Polygon, box

from data.areapack import WalkNetwork
from data.errors import UsageError

CELL_M = 100.0
# Country lanes lie up to a mile apart: gaps narrower than twice this are closed.
CLOSE_M = 800.0
# What is narrower than twice this after closing is a road that runs out of the extract.
OPEN_M = 300.0

Box = tuple[float, float, float, float]


def build_coverage(walk: WalkNetwork) -> MultiPolygon:
    """Outline the area that the streets cover, in the network's CRS.

    Cells of 100 m that a street passes are closed (gaps filled), then opened
    (tentacles dropped), and gaps inside filled: 300 m from a street is judged
    separately. A network too small for that keeps its closed cells.
    """
    if not len(walk.u):
        return MultiPolygon()
    x, y = _points_along(walk, CELL_M / 2)
    margin = int(np.ceil((CLOSE_M + OPEN_M) / CELL_M)) + 2
    column0, row0 = np.floor(x.min() / CELL_M) - margin, np.floor(y.min() / CELL_M) - margin
    columns = (np.floor(x / CELL_M) - column0).astype(np.int64)
    rows = (np.floor(y / CELL_M) - row0).astype(np.int64)
    cells = np.zeros((rows.max() + margin + 1, columns.max() + margin + 1), dtype=bool)
    cells[rows, columns] = True
    near = ndimage.distance_transform_edt(~cells) * CELL_M <= CLOSE_M
    closed = ndimage.binary_fill_holes(ndimage.distance_transform_edt(near) * CELL_M > CLOSE_M) | cells
    core = ndimage.distance_transform_edt(closed) * CELL_M > OPEN_M
    opened = ndimage.distance_transform_edt(~core) * CELL_M <= OPEN_M if core.any() else closed
    return _outline(opened, column0 * CELL_M, row0 * CELL_M)


def box_coverage(lon_lat_box: Box, crs: str) -> MultiPolygon:
    """Project a box of degrees (west, south, east, north) to the pack's CRS.

    Raises
    ------
    UsageError
        When the four numbers don't make a box on earth.
    """
    west, south, east, north = lon_lat_box
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise UsageError(
            f"coverage box {lon_lat_box}: write west, south, east, north in degrees, "
            "west < east and south < north"
        )
    edges = shapely.segmentize(box(west, south, east, north), 0.01)
    to_plane = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    projected = shapely.transform(edges, to_plane.transform, interleaved=False)
    return MultiPolygon([shapely.set_precision(projected, 0.001)])


def _points_along(walk: WalkNetwork, spacing_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Points on every street, at most ``spacing_m`` apart."""
    x, y = walk.geometry_x, walk.geometry_y
    dx, dy = np.diff(x), np.diff(y)
    same_edge = np.ones(len(dx), dtype=bool)
    same_edge[walk.geometry_offset[1:-1] - 1] = False
    number = np.where(same_edge, np.ceil(np.hypot(dx, dy) / spacing_m), 0).astype(np.int64)
    segment = np.repeat(np.arange(len(dx)), number)
    along = (np.arange(len(segment)) - np.repeat(np.cumsum(number) - number, number)) / number[segment]
    return (
        np.concatenate([x, x[segment] + along * dx[segment]]),
        np.concatenate([y, y[segment] + along * dy[segment]]),
    )


def _outline(cells: np.ndarray, x0: float, y0: float) -> MultiPolygon:
    """The union of true cells, its staircase smoothed by less than a cell."""
    rows, columns = np.nonzero(np.diff(cells.astype(np.int8), axis=1, prepend=0, append=0))
    # Along a row, edges between false and true come in pairs: one box for each run of cells.
    start, stop, row = columns[0::2], columns[1::2], rows[0::2]
    runs = shapely.box(x0 + start * CELL_M, y0 + row * CELL_M, x0 + stop * CELL_M, y0 + (row + 1) * CELL_M)
    merged = shapely.simplify(shapely.union_all(runs), CELL_M * 0.75)
    parts = [merged] if isinstance(merged, Polygon) else list(getattr(merged, "geoms", ()))
    return MultiPolygon(sorted(parts, key=lambda part: part.bounds))
