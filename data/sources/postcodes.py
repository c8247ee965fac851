"""Postcodes offline: Code-Point Open (Ordnance Survey), as it is sold or clipped."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.coordinates import BRITISH_GRID, between
from data.errors import SourceError
from data.schema import POSTCODES
from data.sources.faultlog import FaultLog
from data.sources.lookups import read_text

_POSTCODE = re.compile(r"^([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})$")
# The product's own columns, which it ships without a header.
_OWN_HEADER = ("postcode", "positional_quality_indicator", "eastings", "northings")
_COLUMNS = {
    "postcode": ("postcode", "pcd", "pcds"),
    "quality": ("quality", "positional_quality_indicator"),
    "x": ("easting", "eastings", "oseast1m"),
    "y": ("northing", "northings", "osnrth1m"),
}
_MAX_UNPACKED = 2_000_000_000


def normalise_postcode(text: str) -> str | None:
    """Return a postcode in upper case with one space, or None when it can't be one."""
    match = _POSTCODE.match(re.sub(r"\s+", "", text.upper()))
    return f"{match[1]} {match[2]}" if match else None


def read_postcodes(
    path: Path,
    *,
    crs: str,
    neighbourhoods: gpd.GeoDataFrame | None,
    margin_m: float,
    log: FaultLog,
) -> pd.DataFrame:
    """Read postcodes' places; each gets the neighbourhood that its point lies in.

    The point is that of one address of the postcode, so a postcode on a border
    may count to one side only. Postcodes beyond the margin are left out.

    Parameters
    ----------
    path : Path
        CSV with or without a header (EPSG:27700), or the product's zip.
    crs : str
        The pack's.
    neighbourhoods : GeoDataFrame or None
        In ``crs``; None keeps every postcode, without a neighbourhood.

    Returns
    -------
    DataFrame
        Columns of ``data.schema.POSTCODES``, sorted by postcode.
    """
    raw = _read_rows(path)
    raw["postcode"] = raw["postcode"].map(lambda text: normalise_postcode(text) or "")
    quality = pd.to_numeric(raw["quality"], errors="coerce")
    x, y = pd.to_numeric(raw["x"], errors="coerce"), pd.to_numeric(raw["y"], errors="coerce")
    no_code = raw["postcode"] == ""
    log.add(
        "postcode_malformed",
        "dropped",
        int(no_code.sum()),
        "rows without a postcode; left out",
        file=path.name,
    )
    # Quality 90 means no coordinates: the product writes 0, 0.
    no_place = ~no_code & (x.isna() | y.isna() | (quality == 90) | ((x == 0) & (y == 0)))
    log.add(
        "postcode_without_place",
        "dropped",
        int(no_place.sum()),
        "postcodes without coordinates; left out",
        raw["postcode"][no_place],
        file=path.name,
    )
    frame = pd.DataFrame(
        {
            "postcode": raw["postcode"],
            "x": x,
            "y": y,
            "quality": quality.astype("Float64").round().astype("Int32"),
        }
    )
    frame = frame[~no_code & ~no_place].sort_values("postcode", kind="stable")
    again = frame["postcode"].duplicated()
    log.add(
        "postcode_repeated",
        "dropped",
        int(again.sum()),
        "rows of a postcode that was there before; the first stays",
        frame["postcode"][again],
        file=path.name,
    )
    frame = frame[~again].reset_index(drop=True)
    if frame.empty:
        raise SourceError(f"{path.name}: no postcode that can be used; is it Code-Point Open as CSV?")
    frame["x"], frame["y"] = between(frame["x"], frame["y"], BRITISH_GRID, crs)
    frame["neighbourhood_id"] = None
    if neighbourhoods is not None:
        frame = _place(frame, neighbourhoods, margin_m)
    return frame[POSTCODES.column_names]


def _place(frame: pd.DataFrame, neighbourhoods: gpd.GeoDataFrame, margin_m: float) -> pd.DataFrame:
    area = shapely.union_all(neighbourhoods.geometry.to_numpy()).buffer(margin_m)
    shapely.prepare(area)
    frame = frame[shapely.intersects_xy(area, frame["x"], frame["y"])].reset_index(drop=True)
    row = find_areas(frame["x"].to_numpy(), frame["y"].to_numpy(), neighbourhoods)
    ids = neighbourhoods["neighbourhood_id"].to_numpy(dtype=object)
    frame["neighbourhood_id"] = pd.Series(ids[row]).where(row >= 0, None)
    return frame


def find_areas(x: np.ndarray, y: np.ndarray, areas: gpd.GeoDataFrame) -> np.ndarray:
    """Return for each point the row of the area it lies in, -1 where none; on a border the first."""
    tree = shapely.STRtree(areas.geometry.to_numpy())
    point, area = tree.query(shapely.points(x, y), predicate="intersects")
    row = np.full(len(x), len(areas))
    np.minimum.at(row, point, area)
    return np.where(row == len(areas), -1, row)


def _read_rows(path: Path) -> pd.DataFrame:
    if path.suffix.lower() != ".zip":
        return _parse(read_text(path), path.name)
    frames = []
    try:
        with zipfile.ZipFile(path) as archive:
            members = [
                item
                for item in archive.infolist()
                if item.filename.lower().endswith(".csv") and "doc/" not in item.filename.lower()
            ]
            if sum(item.file_size for item in members) > _MAX_UNPACKED:
                raise SourceError(f"{path.name}: unpacks to more than 2 GB; that is not Code-Point Open.")
            frames = [
                _parse(archive.read(item).decode("cp1252", errors="replace"), f"{path.name}/{item.filename}")
                for item in members
            ]
    except (zipfile.BadZipFile, OSError) as error:
        raise SourceError(f"{path.name}: can't be opened as a zip ({error}); fetch it again.") from error
    if not frames:
        raise SourceError(f"{path.name}: holds no CSV of postcodes.")
    return pd.concat(frames, ignore_index=True)


def _parse(text: str, file: str) -> pd.DataFrame:
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if any(cell.strip() for cell in row)]
    if not rows:
        raise SourceError(f"{file}: the file is empty.")
    if normalise_postcode(rows[0][0]) is not None:
        header, body = list(_OWN_HEADER), rows
    else:
        header, body = [cell.strip().casefold() for cell in rows[0]], rows[1:]
    position = {
        ours: next((i for i, name in enumerate(header) if name in theirs), None)
        for ours, theirs in _COLUMNS.items()
    }
    missing = [ours for ours, at in position.items() if at is None and ours != "quality"]
    if missing:
        raise SourceError(
            f"{file}: no column for {', '.join(missing)} (found: {', '.join(header[:15])}); "
            "it must name postcode, easting and northing, or be Code-Point Open as published."
        )

    def cells(at: int | None) -> list[str]:
        return [row[at].strip() if at is not None and at < len(row) else "" for row in body]

    return pd.DataFrame({ours: cells(at) for ours, at in position.items()}, dtype="str")
