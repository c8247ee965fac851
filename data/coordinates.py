"""Coordinate systems: which one a pack has, and the way to it and back."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pyproj import Transformer

LON_LAT = "EPSG:4326"
BRITISH_GRID = "EPSG:27700"
# Great Britain with the Scottish isles; the British National Grid's own area of use.
_GB_BOX = (-8.7, 49.8, 1.9, 60.9)


@lru_cache(maxsize=16)
def transformer(source: str, target: str) -> Transformer:
    """The projection from one CRS to another, x (longitude) first."""
    from pyproj import Transformer  # here: not every question asks for degrees

    return Transformer.from_crs(source, target, always_xy=True)  # a tenth of a second each time


def choose_crs(lon: float, lat: float, timezone: str | None = None) -> str:
    """Choose a pack's projected CRS for a place.

    Parameters
    ----------
    lon, lat : float
        Degrees.
    timezone : str, optional
        The timetable's; keeps northern France, which lies in the same box, off
        the British grid.

    Returns
    -------
    str
        EPSG:27700 in Great Britain, else the UTM zone (WGS 84).
    """
    west, south, east, north = _GB_BOX
    if west <= lon <= east and south <= lat <= north and timezone in (None, "Europe/London"):
        return BRITISH_GRID
    zone = min(int((lon + 180) // 6) + 1, 60)
    return f"EPSG:{32600 + zone}" if lat >= 0 else f"EPSG:{32700 + zone}"


def to_lon_lat(x: Any, y: Any, crs: str) -> tuple[np.ndarray, np.ndarray]:
    """Return degrees for metres in ``crs``, rounded to 7 decimals (a centimetre).

    Rounded, so that files have the same bytes whatever the last bits of the
    projection library's sums.
    """
    lon, lat = transformer(crs, LON_LAT).transform(np.asarray(x), np.asarray(y))
    return np.round(lon, 7), np.round(lat, 7)


def between(x: Any, y: Any, source: str, target: str) -> tuple[np.ndarray, np.ndarray]:
    """Move coordinates from one CRS to another, rounded to the millimetre, or to 7 decimals of a degree."""
    from pyproj import CRS

    decimals = 7 if CRS(target).is_geographic else 3
    if CRS(source) == CRS(target):
        return np.round(np.asarray(x, float), decimals), np.round(np.asarray(y, float), decimals)
    moved = transformer(source, target).transform(np.asarray(x), np.asarray(y))
    return np.round(moved[0], decimals), np.round(moved[1], decimals)
