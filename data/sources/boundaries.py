"""Neighbourhoods' and wards' boundaries from GeoJSON, GeoPackage or TopoJSON."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from data.coordinates import BRITISH_GRID, LON_LAT
from data.errors import SourceError
from data.sources.faultlog import FaultLog
from data.sources.lookups import detect_column, find_column

_SUFFIXES = (".geojson", ".json", ".topojson", ".gpkg")
_UNITS = ("lsoa", "oa", "msoa", "dz", "wd", "ward", "iz", "sa2", "sa1")
_YEARS = ("", "01", "11", "21", "22", "23", "24", "25", "26")
ID_COLUMNS = (
    *(f"{unit}{year}{end}" for unit in _UNITS for year in _YEARS for end in ("cd", "_code")),
    *("area_code", "code", "geography_code", "datazone", "geoid", "id"),
)
NAME_COLUMNS = (
    *(f"{unit}{year}{end}" for unit in _UNITS for year in _YEARS for end in ("nm", "_name")),
    *("area_name", "name", "geography_name"),
)


def read_areas(
    path: Path,
    *,
    crs: str,
    id_column: str | None = None,
    name_column: str | None = None,
    layer: str | None = None,
    log: FaultLog,
) -> gpd.GeoDataFrame:
    """Read areas with a code and a name, one row a code, valid polygons only.

    Parameters
    ----------
    path : Path
        GeoJSON, GeoPackage or TopoJSON.
    crs : str
        The projected CRS of the result. A file that says none is taken to be
        in degrees (EPSG:4326) or on the British grid, by its numbers.
    id_column, name_column : str, optional
        Found by the names that public files use, when not given.
    layer : str, optional
        Of a GeoPackage that holds several.
    log : FaultLog
        Gets what was repaired or left out.

    Returns
    -------
    GeoDataFrame
        Columns area_id, name, geometry (Polygon or MultiPolygon), in the
        file's order.

    Raises
    ------
    SourceError
        When the file can't be read, is cut short by the server, or holds no
        area that can be used.
    """
    frame = _read_file(path, layer)
    id_name = (
        find_column(frame, id_column, path.name)
        if id_column
        else _detect(frame, ID_COLUMNS, path, "id_column")
    )
    if name_column:
        name_name: str | None = find_column(frame, name_column, path.name)
    else:
        known = [c for c in frame.columns if str(c).casefold() in NAME_COLUMNS]
        name_name = str(known[0]) if len(known) == 1 else None
    ids = _as_text(frame[id_name])
    names = _as_text(frame[name_name]) if name_name else ids
    areas = gpd.GeoDataFrame({"area_id": ids, "name": names.where(names != "", ids)}, geometry=frame.geometry)
    areas = _project(areas, path, crs, log)
    areas = _drop_useless(areas, path, log)
    areas = _repair(areas, path, log)
    areas = _join_parts(areas, path, log)
    if areas.empty:
        raise SourceError(f"{path.name}: no area that can be used; check the file and the column names.")
    return areas


def _detect(frame: pd.DataFrame, names: tuple[str, ...], path: Path, key: str) -> str:
    filled = frame.loc[:, frame.notna().any()]  # readers of TopoJSON add an empty "id"
    return detect_column(filled, names, "the area's code", path.name, key)


def _as_text(values: pd.Series) -> pd.Series:
    text = values.astype("object").where(values.notna(), "")
    return text.map(lambda value: str(value).strip()).astype("str")


def _read_file(path: Path, layer: str | None) -> gpd.GeoDataFrame:
    if path.suffix.lower() not in _SUFFIXES:
        raise SourceError(f"{path.name}: boundaries are read from {', '.join(_SUFFIXES)}; convert the file.")
    if not path.is_file():
        raise SourceError(f"{path.name}: no such file; check --raw and the configuration.")
    if path.suffix.lower() != ".gpkg":
        _check_answer(path)
    try:
        if layer is None and path.suffix.lower() == ".gpkg":
            layers = [name for name, kind in pyogrio.list_layers(path) if kind]
            if len(layers) > 1:
                raise SourceError(
                    f"{path.name}: has layers {', '.join(layers)}; set layer in the configuration."
                )
            layer = layers[0] if layers else None
        with warnings.catch_warnings():
            # What the reader warns of comes back as missing geometry, and is counted as that.
            warnings.simplefilter("ignore")
            options = {"layer": layer} if layer else {}
            frame = gpd.read_file(path, on_invalid="ignore", **options)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, RuntimeError) as error:
        raise SourceError(f"{path.name}: can't be read as boundaries ({error}).") from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise SourceError(f"{path.name}: has no geometry.")
    return frame


def _check_answer(path: Path) -> None:
    """Refuse what a map server says instead of boundaries, or in place of the rest of them."""
    try:
        answer = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SourceError(f"{path.name}: can't be read ({error.strerror}); check the path.") from error
    except ValueError as error:
        raise SourceError(f"{path.name}: is not JSON, or was cut short ({error}); fetch it again.") from error
    if not isinstance(answer, dict):
        raise SourceError(f"{path.name}: is JSON, but not GeoJSON or TopoJSON.")
    if isinstance(answer.get("error"), dict):
        raise SourceError(
            f"{path.name}: holds the server's error and no boundaries: {answer['error'].get('message')!r}."
        )
    properties = answer.get("properties")
    if answer.get("exceededTransferLimit") or (
        isinstance(properties, dict) and properties.get("exceededTransferLimit")
    ):
        raise SourceError(
            f"{path.name}: the server stopped at its limit (exceededTransferLimit); fetch all pages."
        )


def _project(areas: gpd.GeoDataFrame, path: Path, crs: str, log: FaultLog) -> gpd.GeoDataFrame:
    if areas.crs is None:
        west, south, east, north = areas.total_bounds
        if -180 <= west <= east <= 180 and -90 <= south <= north <= 90:
            assumed = LON_LAT
        elif 0 <= west <= east <= 700_000 and 0 <= south <= north <= 1_300_000:
            assumed = BRITISH_GRID
        else:
            raise SourceError(f"{path.name}: says no coordinate system, and its numbers don't tell; add one.")
        log.add(
            "crs_missing",
            "repaired",
            1,
            f"the file says no coordinate system; read as {assumed} by its numbers",
            file=path.name,
        )
        areas = areas.set_crs(assumed)
    projected = areas.to_crs(crs)
    bounds = projected.total_bounds
    if len(projected) and not np.isfinite(bounds).all():
        raise SourceError(
            f"{path.name}: its coordinates can't be projected to {crs}; are lon and lat swapped?"
        )
    return projected


def _drop_useless(areas: gpd.GeoDataFrame, path: Path, log: FaultLog) -> gpd.GeoDataFrame:
    no_code = areas["area_id"] == ""
    log.add(
        "area_without_code",
        "dropped",
        int(no_code.sum()),
        "areas without a code; left out",
        areas["name"][no_code],
        file=path.name,
    )
    empty = ~no_code & (areas.geometry.isna() | areas.geometry.is_empty)
    log.add(
        "area_without_geometry",
        "dropped",
        int(empty.sum()),
        "areas without a boundary; left out",
        areas["area_id"][empty],
        file=path.name,
    )
    return areas[~no_code & ~empty].reset_index(drop=True)


def _repair(areas: gpd.GeoDataFrame, path: Path, log: FaultLog) -> gpd.GeoDataFrame:
    geometry = shapely.force_2d(areas.geometry.to_numpy())
    invalid = ~shapely.is_valid(geometry)
    geometry[invalid] = shapely.make_valid(geometry[invalid])
    log.add(
        "invalid_geometry",
        "repaired",
        int(invalid.sum()),
        "boundaries that cross themselves; repaired",
        areas["area_id"][invalid],
        file=path.name,
    )
    geometry = np.array([polygons_of(part) for part in geometry], dtype=object)
    no_area = shapely.is_empty(geometry) if len(geometry) else np.zeros(0, bool)
    log.add(
        "not_a_polygon",
        "dropped",
        int(no_area.sum()),
        "shapes without any area; left out",
        areas["area_id"][no_area],
        file=path.name,
    )
    return areas.set_geometry(gpd.GeoSeries(geometry, crs=areas.crs))[~no_area].reset_index(drop=True)


def polygons_of(geometry: shapely.Geometry) -> shapely.Geometry:
    """Return the polygons of a geometry, lines and points left out; empty when there are none."""
    if geometry.geom_type in ("Polygon", "MultiPolygon"):
        return geometry
    parts = [
        part for part in shapely.get_parts(geometry, return_index=False) if part.geom_type.endswith("Polygon")
    ]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def _join_parts(areas: gpd.GeoDataFrame, path: Path, log: FaultLog) -> gpd.GeoDataFrame:
    again = areas["area_id"].duplicated()
    if not again.any():
        return areas
    log.add(
        "area_repeated",
        "repaired",
        int(again.sum()),
        "rows with the code of an earlier one; joined to it",
        areas["area_id"][again].unique(),
        file=path.name,
    )
    return areas.dissolve("area_id", aggfunc="first", sort=False).reset_index()[
        ["area_id", "name", "geometry"]
    ]


def check_count(areas: gpd.GeoDataFrame, expected: int | None, file: str) -> None:
    """Raise when a file has another number of areas than the configuration knows there to be."""
    if expected is not None and len(areas) != expected:
        raise SourceError(
            f"{file}: {len(areas)} areas, the configuration expects {expected}; "
            "is the download whole, and of the right place and year?"
        )


def assign_to_largest(areas: gpd.GeoDataFrame, others: gpd.GeoDataFrame) -> pd.Series:
    """For each area, the row of ``others`` that shares most of its surface; -1 where none does."""
    tree = shapely.STRtree(others.geometry.to_numpy())
    left, right = tree.query(areas.geometry.to_numpy(), predicate="intersects")
    shared = shapely.area(
        shapely.intersection(areas.geometry.to_numpy()[left], others.geometry.to_numpy()[right])
    )
    best = np.full(len(areas), -1)
    # Last wins: the largest surface, and among equals the first row.
    order = np.lexsort((-right, shared, left))
    best[left[order]] = right[order]
    return pd.Series(best, index=areas.index)
