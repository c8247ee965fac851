"""National grid references."""

from __future__ import annotations

import math

from data.coordinates import BRITISH_GRID, transformer

_LETTERS = "ABCDEFGHJKLMNOPQRSTUVWXYZ"  # without I
_SQUARE_M = 100_000


def grid_reference(easting_m: float, northing_m: float, *, digits: int = 4) -> str | None:
    """An Ordnance Survey grid reference, or None outside the national grid.

    Parameters
    ----------
    easting_m, northing_m : float
        Metres, EPSG:27700.
    digits : int
        For each of the two numbers, 1 to 5; 4 name a square of 10 m. As the
        Ordnance Survey does, numbers are cut and not rounded: they name the
        square's south-west corner.

    Examples
    --------
    >>> grid_reference(651409.903, 313177.270, digits=5)
    'TG 51409 13177'
    """
    if not 1 <= digits <= 5:
        raise ValueError(f"digits={digits}: must be from 1 to 5")
    if not (math.isfinite(easting_m) and math.isfinite(northing_m)):
        return None
    if not (0 <= easting_m < 7 * _SQUARE_M and 0 <= northing_m < 13 * _SQUARE_M):
        return None
    column, row = int(easting_m // _SQUARE_M), int(northing_m // _SQUARE_M)
    # Squares of 500 km, then of 100 km in them: five by five letters from the north-west.
    # The grid's origin is the south-west corner of square S, two columns and one row into the letters.
    large = (3 - row // 5) * 5 + column // 5 + 2
    small = (4 - row % 5) * 5 + column % 5
    size = 10 ** (5 - digits)
    east, north = (int(value % _SQUARE_M // size) for value in (easting_m, northing_m))
    return f"{_LETTERS[large]}{_LETTERS[small]} {east:0{digits}d} {north:0{digits}d}"


def grid_reference_in(crs: str, x_m: float, y_m: float, *, digits: int = 4) -> str | None:
    """The grid reference of a point of any CRS; None outside Great Britain's grid."""
    if crs != BRITISH_GRID:
        x_m, y_m = transformer(crs, BRITISH_GRID).transform(x_m, y_m)
    return grid_reference(x_m, y_m, digits=digits)
