"""Isochrones as the map draws them: degrees, and where each band's minutes are printed."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from layers.geojson import to_degrees, to_geojson


def choose_cutoffs(cutoff_s: int) -> tuple[int, ...]:
    """Bands to draw for a cut-off, in seconds: thirds of an hour's quarters up to it, and it."""
    quarters = [minutes * 60 for minutes in (15, 30, 45, 60, 90, 120) if minutes * 60 < cutoff_s]
    return (*quarters[-3:], cutoff_s)


def build_bands(isochrones: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Bands for ``catalogue.draw_reach``, shortest first; empty ones are left out.

    Parameters
    ----------
    isochrones : GeoDataFrame
        Of one place and one statistic (columns cutoff_s, geometry), in the pack's CRS.
    """
    ordered = isochrones.sort_values("cutoff_s", kind="stable")
    ordered = ordered[~(ordered.geometry.isna() | ordered.geometry.is_empty)]
    if ordered.empty:
        return []
    degrees = to_degrees(ordered.geometry.to_numpy(), str(ordered.crs))
    insides = [None, *degrees[:-1]]
    return [
        {
            "minutes": int(cutoff_s) // 60,
            "geometry": to_geojson(geometry),
            "label": _outermost(geometry, inside),
        }
        for cutoff_s, geometry, inside in zip(ordered["cutoff_s"], degrees, insides, strict=True)
    ]


def _outermost(geometry: shapely.Geometry, inside: shapely.Geometry | None) -> list[float]:
    """[lat, lon] of the band's point furthest from the band inside it, so that labels stand apart."""
    parts = shapely.get_parts(geometry)
    areas = shapely.area(parts)
    # Not on an islet that the label itself would cover.
    xy = shapely.get_coordinates(shapely.get_exterior_ring(parts[areas >= areas.max() / 5]))
    if inside is None:
        away = xy[:, 1]
    else:
        shapely.prepare(inside)
        away = shapely.distance(shapely.points(xy), inside)
    lon, lat = xy[int(np.argmax(away))]
    return [float(lat), float(lon)]
