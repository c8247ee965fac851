"""From the sketch's local metres to the National Grid and to degrees."""

from __future__ import annotations

from functools import cache

from pyproj import Transformer

from data.demo.land import CRS, ORIGIN_EASTING, ORIGIN_NORTHING


@cache
def _to_degrees() -> Transformer:
    return Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)


def to_grid(x: float, y: float) -> tuple[float, float]:
    """Move local metres to EPSG:27700, metres, to the decimetre."""
    return round(ORIGIN_EASTING + x, 1), round(ORIGIN_NORTHING + y, 1)


def to_lon_lat(easting: float, northing: float) -> tuple[float, float]:
    """Turn EPSG:27700 metres into EPSG:4326 degrees, rounded to a centimetre or so."""
    lon, lat = _to_degrees().transform(easting, northing)
    return round(lon, 7), round(lat, 7)
