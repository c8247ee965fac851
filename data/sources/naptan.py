"""Read stops from NaPTAN's CSV, or from a list of stopping points shaped like TfGM's.

Both name a stop by its ATCO code, which is the stop_id of a British GTFS feed.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj

from data.errors import SourceError
from data.manifest import Fault
from data.sources.faultlog import FaultLog, shorten_example

BUS_STOP_TYPES = ("BCT", "BCS", "BCE", "BST")
TRAM_STOP_TYPES = ("PLT", "MET", "TMU")
BEARINGS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
# Irish grid references stand in Northern Irish rows; the rest is Ordnance Survey's.
GRIDS = {"": "EPSG:27700", "UKOS": "EPSG:27700", "IRISHOS": "EPSG:29902", "IRISH": "EPSG:29902"}
GONE = frozenset({"inactive", "del", "deleted", "pending", "pen", "sus", "suspended"})
FAR_M = 100.0
MAX_BYTES = 1024**3

_COLUMNS = {
    "atcocode": "stop_id",
    "naptancode": "stop_code",
    "commonname": "name",
    "indicator": "indicator",
    "bearing": "bearing",
    "street": "street",
    "landmark": "landmark",
    "localityname": "locality",
    "stoptype": "stop_type",
    "status": "status",
    "gridtype": "grid",
    "easting": "easting",
    "northing": "northing",
    "longitude": "lon",
    "latitude": "lat",
}
NAPTAN_COLUMNS = (
    "stop_id", "name", "stop_code", "indicator", "bearing", "street", "landmark", "locality", "stop_type",
    "x", "y", "lon", "lat", "active",
)  # fmt: skip


def read_naptan(path: Path, *, crs: str) -> tuple[pd.DataFrame, list[Fault]]:
    """Read all stops of the file, of every type, those that are gone included.

    Parameters
    ----------
    path
        A CSV with at least ATCOCode and either Longitude and Latitude or
        Easting and Northing. Names, status and the rest may be missing.
    crs
        The pack's projected CRS.

    Returns
    -------
    stops
        Columns NAPTAN_COLUMNS; text is null where blank; ``active`` is False
        for stops with a status that says they are gone, True where there is none.
    faults
        What was repaired or left out.

    Raises
    ------
    SourceError
        The file is missing, too large, no CSV, or lacks columns.
    """
    path = Path(path)
    log = FaultLog("stops")
    raw = _read_text(path, log)
    text = {name: raw[name].str.strip() for name in _COLUMNS.values()}
    code = text["stop_id"]
    blank = code == ""
    log.add("id_blank", "dropped", blank.sum(), "rows without an ATCO code; left out", file=path.name)
    # Of rows with one code, an active one counts before one that is gone.
    active = ~text["status"].str.lower().isin(GONE)
    repeated = pd.DataFrame({"code": code.str.upper(), "gone": ~active}).sort_values("gone", kind="stable")[
        "code"
    ]
    repeated = repeated.duplicated().reindex(raw.index) & ~blank
    log.add(
        "id_repeated",
        "dropped",
        repeated.sum(),
        "an ATCO code again; one row is kept",
        code[repeated],
        file=path.name,
    )
    lon, lat = _locate(text, log, path.name)
    x, y = _project(lon, lat, "EPSG:4326", crs)
    placed = np.isfinite(x) & np.isfinite(y)
    log.add(
        "stop_without_place",
        "dropped",
        int((~placed & ~blank).sum()),
        "stops without coordinates that can be",
        code[~placed & ~blank],
        file=path.name,
    )
    bearing = text["bearing"].str.upper()
    odd = ~bearing.isin(BEARINGS) & (bearing != "")
    log.add(
        "bearing_unknown",
        "repaired",
        odd.sum(),
        "bearings that are none; read as blank",
        bearing[odd],
        file=path.name,
    )
    name = text["name"]
    coded = (name == code) & ~blank
    log.add(
        "stop_name_is_code",
        "repaired",
        coded.sum(),
        "stops named by their code only",
        code[coded],
        file=path.name,
    )
    stops = pd.DataFrame(
        {
            **{column: text[column].where(text[column] != "", None) for column in NAPTAN_COLUMNS[2:9]},
            "stop_id": code,
            "name": name.where((name != "") & ~coded, None),
            "bearing": bearing.where(bearing.isin(BEARINGS), None),
            "x": x,
            "y": y,
            "lon": lon,
            "lat": lat,
            "active": active,
        }
    )
    kept = stops[~blank & ~repeated & placed]
    return kept[list(NAPTAN_COLUMNS)].reset_index(drop=True), log.faults


def _read_text(path: Path, log: FaultLog) -> pd.DataFrame:
    """All columns that are known, as text under their own names; absent ones blank."""
    if not path.is_file():
        raise SourceError(f"{path.name}: there is no such file; check the configuration's path")
    if path.stat().st_size > MAX_BYTES:
        raise SourceError(f"{path.name}: larger than {MAX_BYTES:,} bytes; clip it to the area first")
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
        log.add("not_utf8", "repaired", 1, "not UTF-8; read as cp1252", file=path.name)
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise SourceError(f"{path.name}: {shorten_example(error)}") from None
    names = [_COLUMNS.get(column.strip().lower(), "") for column in header]
    faults = []
    if "stop_id" not in names:
        faults.append("column ATCOCode is missing")
    if not {"lon", "lat"} <= set(names) and not {"easting", "northing"} <= set(names):
        faults.append("neither Longitude and Latitude nor Easting and Northing are there")
    if faults:
        raise SourceError(f"{path.name}: not a list of stops as NaPTAN writes it", faults)
    # Rows with too few fields are whole up to there; rows with too many can't be trusted.
    ragged = 0
    rows: list[list[str]] = []
    wanted = {name: position for position, name in reversed(list(enumerate(names))) if name}
    try:
        for fields in reader:
            if len(fields) > len(header):
                ragged += 1
            elif fields:
                rows.append([fields[at] if at < len(fields) else "" for at in wanted.values()])
    except csv.Error as error:
        raise SourceError(f"{path.name}: {shorten_example(error)}") from None
    log.add(
        "row_ragged", "dropped", ragged, "rows with more fields than the header; left out", file=path.name
    )
    frame = pd.DataFrame(rows, columns=list(wanted), dtype=str)
    for name in _COLUMNS.values():
        if name not in frame:
            frame[name] = ""
    return frame.astype(str)


def _numbers(values: pd.Series) -> np.ndarray:
    return pd.to_numeric(values, errors="coerce").to_numpy(float, copy=True)


def _project(x: np.ndarray, y: np.ndarray, source: str, target: str) -> tuple[np.ndarray, np.ndarray]:
    there = np.isfinite(x) & np.isfinite(y)
    out_x, out_y = np.full(len(x), np.nan), np.full(len(x), np.nan)
    if there.any():
        transformer = pyproj.Transformer.from_crs(source, target, always_xy=True)
        out_x[there], out_y[there] = transformer.transform(x[there], y[there])
    bad = ~(np.isfinite(out_x) & np.isfinite(out_y))
    out_x[bad], out_y[bad] = np.nan, np.nan
    return out_x, out_y


def _locate(text: dict[str, pd.Series], log: FaultLog, file: str) -> tuple[np.ndarray, np.ndarray]:
    """Longitude and latitude, from the grid reference where they are blank or can't be."""
    lon, lat = _numbers(text["lon"]), _numbers(text["lat"])
    given = (np.abs(lon) <= 180) & (np.abs(lat) <= 90) & ~((np.abs(lon) < 1e-6) & (np.abs(lat) < 1e-6))
    lon, lat = np.where(given, lon, np.nan), np.where(given, lat, np.nan)
    easting, northing = _numbers(text["easting"]), _numbers(text["northing"])
    unset = ~((easting > 0) & (northing > 0))
    easting[unset], northing[unset] = np.nan, np.nan
    grid = text["grid"].str.upper().str.replace(" ", "").to_numpy()
    grid_lon, grid_lat = np.full(len(lon), np.nan), np.full(len(lon), np.nan)
    for kind in dict.fromkeys(GRIDS.values()):
        rows = np.array([GRIDS.get(name) == kind for name in grid], bool)
        grid_lon[rows], grid_lat[rows] = _project(easting[rows], northing[rows], kind, "EPSG:4326")
    odd = ~pd.Series(grid).isin(list(GRIDS)).to_numpy()
    log.add(
        "grid_unknown",
        "note",
        int(odd.sum()),
        "rows with a GridType that is not known; only their longitude and latitude are used",
        grid[odd],
        file=file,
    )
    # Metres of a degree, near enough to tell a slip of the pen from two roundings of one place.
    apart_m = 111_000 * np.hypot((lon - grid_lon) * np.cos(np.radians(lat)), lat - grid_lat)
    log.add(
        "stop_coordinates_differ",
        "note",
        int((apart_m > FAR_M).sum()),
        "stops whose grid reference lies over 100 m from their longitude and latitude; the latter are used",
        text["stop_id"][apart_m > FAR_M],
        file=file,
    )
    filled = ~given & np.isfinite(grid_lon)
    log.add(
        "stop_placed_by_grid",
        "repaired",
        int(filled.sum()),
        "stops without longitude and latitude; placed by Easting and Northing",
        text["stop_id"][filled],
        file=file,
    )
    return np.where(filled, grid_lon, lon), np.where(filled, grid_lat, lat)
