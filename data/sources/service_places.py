"""Where a service is: coordinates given, or its postcode, and what is wrong with them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import pandas as pd
from pyproj import CRS, Transformer

BRITISH_GRID = "EPSG:27700"
# Coordinates and postcode further apart than this can't both be right.
FAR_FROM_POSTCODE_M = 2000.0

_POSTCODE = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})")


def normalise_postcode(text: str) -> str | None:
    """Write a full postcode as upper case with one space; None when it isn't one."""
    found = _POSTCODE.fullmatch(re.sub(r"[^0-9A-Z]", "", text.upper()))
    return f"{found[1]} {found[2]}" if found else None


@dataclass(frozen=True)
class Location:
    """A place in the pack's CRS and in degrees, and where it was taken from."""

    x: float
    y: float
    lon: float
    lat: float
    basis: str


class Locator:
    """Finds places in one area: knows its CRS, where on earth that holds, and its postcodes.

    Parameters
    ----------
    crs
        Projected CRS of the pack.
    postcodes
        Table with ``postcode``, ``x``, ``y`` (in ``crs``), or None.
    """

    def __init__(self, crs: str, postcodes: pd.DataFrame | None) -> None:
        self._to_plane = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
        self._from_grid = Transformer.from_crs(BRITISH_GRID, "EPSG:4326", always_xy=True)
        area = CRS(crs).area_of_use
        self._bounds = (
            (area.west, area.south, area.east, area.north) if area else (-180.0, -90.0, 180.0, 90.0)
        )
        self._postcodes: dict[str, tuple[float, float]] = {}
        if postcodes is not None:
            keys = postcodes["postcode"].astype(str)
            places = zip(postcodes["x"].astype(float), postcodes["y"].astype(float), strict=True)
            self._postcodes = {
                normalise_postcode(key) or key: place for key, place in zip(keys, places, strict=True)
            }

    @property
    def has_postcodes(self) -> bool:
        """Whether there is a postcode table to look anything up in."""
        return bool(self._postcodes)

    def from_degrees(self, lon_text: str, lat_text: str) -> tuple[Location | None, str | None]:
        """Place of a longitude and latitude, and the code of a fault, where there is one.

        Swapped numbers are put right only when they can't be meant as they
        stand and lie in the area the other way round.
        """
        lon, lat = read_number(lon_text), read_number(lat_text)
        if lon is None or lat is None:
            return None, "coordinates_unreadable"
        if lon == 0 and lat == 0:
            return None, "coordinates_zero"
        if self._is_in_area(lon, lat):
            return self._locate(lon, lat, "given"), None
        if self._is_in_area(lat, lon):
            return self._locate(lat, lon, "given"), "coordinates_swapped"
        return None, "coordinates_outside"

    def from_grid(self, easting_text: str, northing_text: str) -> tuple[Location | None, str | None]:
        """Place of a National Grid reference in metres, and the code of a fault."""
        easting, northing = read_number(easting_text), read_number(northing_text)
        if easting is None or northing is None:
            return None, "coordinates_unreadable"
        if easting == 0 and northing == 0:
            return None, "coordinates_zero"
        if not (0 < easting < 700_000 and 0 < northing < 1_300_000):
            return None, "coordinates_outside"
        lon, lat = self._from_grid.transform(easting, northing)
        if not self._is_in_area(lon, lat):
            return None, "coordinates_outside"
        return self._locate(lon, lat, "given"), None

    def from_postcode(self, postcode: str) -> Location | None:
        """Place of a postcode as the pack's table has it."""
        place = self._postcodes.get(postcode)
        if place is None:
            return None
        lon, lat = self._to_plane.transform(*place, direction="INVERSE")
        return Location(round(place[0], 3), round(place[1], 3), round(lon, 7), round(lat, 7), "postcode")

    def _is_in_area(self, lon: float, lat: float) -> bool:
        west, south, east, north = self._bounds
        return west <= lon <= east and south <= lat <= north

    def _locate(self, lon: float, lat: float, basis: str) -> Location:
        x, y = self._to_plane.transform(lon, lat)
        return Location(round(x, 3), round(y, 3), round(lon, 7), round(lat, 7), basis)


def distance_m(one: Location, other: Location) -> float:
    """Straight line between two places, metres."""
    return math.hypot(one.x - other.x, one.y - other.y)


def read_number(text: str) -> float | None:
    """Read a finite number, also with a decimal comma or a degree sign; None for anything else."""
    cleaned = text.strip().rstrip("°").replace("−", "-")
    if cleaned.count(",") == 1 and "." not in cleaned:
        cleaned = cleaned.replace(",", ".")
    elif "," in cleaned:
        cleaned = cleaned.replace(",", "")
    try:
        number = float(cleaned)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
