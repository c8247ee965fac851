"""Many origins to many destinations, from a pack to a file: one call, wherever it is computed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

from data.errors import QueryError
from data.points import read_points
from geo.engine import Engine, Progress
from geo.many import Rows, build_many, find_facts, stream_pairs
from geo.matrix_table import MATRIX_SUFFIXES, describe_columns, write_matrix
from geo.query import Query
from geo.write import build_metadata, check_target


def choose_origins(engine: Engine, choice: str) -> pd.DataFrame:
    """Origins by name or file: columns id, x, y.

    ``points``: the pack's origin points, where people live. ``neighbourhoods``:
    one point inside each, whoever lives there. Else the path of a CSV with id, lon, lat.
    """
    pack = engine.pack
    if choice == "points":
        return _as_points(engine.own_origins(), "point_id")
    if choice == "neighbourhoods":
        if pack.neighbourhoods is None or pack.neighbourhoods.empty:
            raise QueryError(
                f"{pack.manifest.name} has no neighbourhoods; give your own points with --origins."
            )
        inside = pack.neighbourhoods.geometry.representative_point()
        return pd.DataFrame({"id": pack.neighbourhoods["neighbourhood_id"], "x": inside.x, "y": inside.y})
    return read_points(Path(choice), crs=pack.crs)


def choose_destinations(engine: Engine, choice: str) -> pd.DataFrame:
    """Destinations by name or file: ``stops`` (every stop of the pack), ``services`` or a CSV's path."""
    if choice == "stops":
        return _as_points(engine.pack.stops, "stop_id")
    if choice == "services":
        return _as_points(engine.own_services(), "service_id")
    return read_points(Path(choice), crs=engine.pack.crs)


def _as_points(frame: pd.DataFrame, id_column: str) -> pd.DataFrame:
    return frame[[id_column, "x", "y"]].rename(columns={id_column: "id"}).reset_index(drop=True)


def export_matrix(
    engine: Engine, query: Query, origins: pd.DataFrame, destinations: pd.DataFrame, out: Path, *,
    rows: Rows = "reached", today: dt.date | None = None, progress: Progress = lambda _done, _doing: None,
) -> int:  # fmt: skip
    """Compute the matrix and write it block by block; returns the number of rows.

    Parameters
    ----------
    origins, destinations : DataFrame
        Columns id, x, y (metres in the pack's CRS).
    out : Path
        A Parquet file (columns: ``geo.matrix_table.MATRIX_COLUMNS``), origins
        outermost, both in the order given.
    rows : "reached" or "all"
        "reached": only pairs in reach on foot or by one bus. "all": every pair.
    today : date, optional
        Decides only whether old data are called test data.
    """
    check_target(out, MATRIX_SUFFIXES)
    progress(0.0, "walking")
    inputs = build_many(engine, query, origins, destinations)
    from_facts, to_facts = find_facts(inputs)
    metadata = build_metadata(
        engine.pack.manifest, "Matrix of one-bus reach", query=query,
        service_date=inputs.timetable.service_date, today=today, columns=describe_columns(query),
    )  # fmt: skip
    metadata["matrix"] = {"rows": rows, "origins": len(origins), "destinations": len(destinations)}
    blocks = stream_pairs(inputs, query, rows=rows, progress=lambda done: progress(done, "riding"))
    written = write_matrix(blocks, out, metadata, query, from_facts, to_facts)
    progress(1.0, "done")
    return written
