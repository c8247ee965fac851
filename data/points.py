"""Points that a user brings: a CSV with id, lon, lat."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np
import pandas as pd

from data.errors import SourceError
from data.sources.lookups import read_text

MAX_FAULTS_SHOWN = 20
_COLUMNS = ("id", "lon", "lat")


def _coordinate(text: str | None, limit: float) -> float | None:
    """Return the number, or None when it isn't one within -limit..limit."""
    try:
        value = float((text or "").strip())
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= limit else None


def read_points(path: Path, *, crs: str) -> pd.DataFrame:
    """Read a CSV of points.

    Parameters
    ----------
    path : Path
        A CSV with a header naming at least ``id``, ``lon`` and ``lat``
        (degrees, EPSG:4326), in any order; UTF-8 or Windows-1252.
    crs : str
        The projected CRS of ``x`` and ``y`` in the result.

    Returns
    -------
    DataFrame
        Columns id (str), lon, lat (degrees), x, y (metres in ``crs``).

    Raises
    ------
    SourceError
        Naming every faulty row at once: missing, repeated or non-numeric
        values, and coordinates outside the projection.
    """
    from pyproj import Transformer  # here: most questions bring no points of their own

    reader = csv.DictReader(io.StringIO(read_text(path)), skipinitialspace=True)
    header = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
    missing = [name for name in _COLUMNS if name not in header]
    if missing:
        found = "".join(c for c in ", ".join(header) if c.isprintable())
        raise SourceError(
            f"{path.name}: no column {', '.join(missing)}; it must be a CSV in UTF-8, its columns parted by "
            f"commas, with a header that names id, lon and lat (found: {found[:80] or 'nothing'})."
        )
    faults: list[str] = []
    rows: dict[str, tuple[float, float]] = {}
    for record in reader:
        line = reader.line_num
        if not any((value or "").strip() for value in record.values() if isinstance(value, str)):
            continue
        point_id = (record[header["id"]] or "").strip()
        lon = _coordinate(record[header["lon"]], 180)
        lat = _coordinate(record[header["lat"]], 90)
        before = len(faults)
        if not point_id:
            faults.append(f"line {line}: id is empty; give every point an id.")
        elif point_id in rows:
            faults.append(f"line {line}: id {point_id!r} stands twice; ids must differ.")
        if lon is None:
            faults.append(f"line {line}: lon {record[header['lon']]!r} is not a number from -180 to 180.")
        if lat is None:
            faults.append(f"line {line}: lat {record[header['lat']]!r} is not a number from -90 to 90.")
        if len(faults) == before and lon is not None and lat is not None:
            rows[point_id] = (lon, lat)
    if not rows and not faults:
        faults.append("no points: the file holds a header only.")
    if not faults:
        ids = list(rows)
        lon_lat = np.array(list(rows.values()), dtype=float).reshape(-1, 2)
        x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon_lat[:, 0], lon_lat[:, 1])
        faults = [
            f"point {ids[i]!r}: {lon_lat[i, 0]}, {lon_lat[i, 1]} can't be projected to {crs}; "
            "it is too far from the area (are lon and lat swapped?)."
            for i in np.flatnonzero(~(np.isfinite(x) & np.isfinite(y)))
        ]
    if faults:
        shown = faults[:MAX_FAULTS_SHOWN]
        if len(faults) > len(shown):
            shown.append(f"and {len(faults) - len(shown)} more of the kind.")
        raise SourceError(f"{path.name}: can't be used as it is:", shown)
    return pd.DataFrame({"id": ids, "lon": lon_lat[:, 0], "lat": lon_lat[:, 1], "x": x, "y": y})
