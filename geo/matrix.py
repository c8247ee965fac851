"""Many origins to many destinations, from a pack to a file: one call, wherever it is computed."""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import replace
from pathlib import Path

import pandas as pd

from data.errors import OneBusReachError, QueryError, UsageError
from data.points import read_points
from geo.cluster import run_on_cluster
from geo.engine import Engine
from geo.many import Rows, build_many, find_facts, stream_pairs
from geo.matrix_table import MATRIX_SUFFIXES, describe_columns, write_matrix
from geo.partition import Cutter
from geo.parts import (
    PART_ORIGINS,
    compute_missing,
    list_tiles,
    merge_parts,
    open_folder,
    remove_parts,
    run_here,
)
from geo.places import check_points_near
from geo.progress import Progress, no_progress
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
    return check_points_near(pack, read_points(Path(choice), crs=pack.crs))


def choose_destinations(engine: Engine, choice: str) -> pd.DataFrame:
    """Destinations by name or file: ``stops`` (every stop of the pack), ``services`` or a CSV's path."""
    if choice == "stops":
        return _as_points(engine.pack.stops, "stop_id")
    if choice == "services":
        return _as_points(engine.own_services(), "service_id")
    return check_points_near(engine.pack, read_points(Path(choice), crs=engine.pack.crs))


def _as_points(frame: pd.DataFrame, id_column: str) -> pd.DataFrame:
    return frame[[id_column, "x", "y"]].rename(columns={id_column: "id"}).reset_index(drop=True)


def export_matrix(
    engine: Engine, query: Query, origins: pd.DataFrame, destinations: pd.DataFrame, out: Path, *,
    rows: Rows = "reached", cluster: str | None = None, parts: Path | None = None,
    part_origins: int = PART_ORIGINS, today: dt.date | None = None, progress: Progress = no_progress,
) -> int:  # fmt: skip
    """Compute the matrix and write it block by block; returns the number of rows.

    Parameters
    ----------
    origins, destinations : DataFrame
        Columns id, x, y (metres in the pack's CRS).
    out : Path
        A Parquet file (columns: ``geo.matrix_table.MATRIX_COLUMNS``), origins
        outermost, both in the order given; the same bytes wherever it was computed.
    rows : "reached" or "all"
        "reached": only pairs in reach on foot or by one bus. "all": every pair.
    cluster : str, optional
        Address of a dask.distributed scheduler whose workers compute the parts.
        It must be one that you trust: see :mod:`geo.cluster`.
    parts : Path, optional
        Folder where finished parts are kept, for a run that may be stopped to go
        on later. With a cluster and no folder, ``OUT.parts`` until the file is there.
    part_origins : int
        At most so many origins a part; decides memory and never an answer.
    today : date, optional
        Decides only whether old data are called test data.

    Raises
    ------
    QueryError, UsageError
        The question can't be asked so.
    PartError
        A part could not be computed; the finished ones are kept.
    KeyboardInterrupt
        Of a run in parts that is stopped: how many are finished, where they are, and how to go on.
    """
    check_target(out, MATRIX_SUFFIXES)
    in_parts = cluster is not None or parts is not None
    if in_parts and rows != "reached":
        raise UsageError("Every pair (--rows all) can't be made in parts; leave out --cluster and --parts.")
    if part_origins < 1:
        raise UsageError(f"--part-origins {part_origins}: must be at least 1.")
    run = run_here if cluster is None else run_on_cluster(cluster)
    engine = engine.under(query.scenario)
    progress(0.0, "walking")
    inputs = build_many(engine, query, origins, destinations)
    service_date = inputs.timetable.service_date
    metadata = build_metadata(
        engine.pack.manifest, "Matrix of one-bus reach", query=query, service_date=service_date,
        today=today, columns=describe_columns(query),
    )  # fmt: skip
    metadata["matrix"] = {"rows": rows, "origins": len(origins), "destinations": len(destinations)}
    facts = find_facts(inputs)
    if in_parts:
        folder = parts or out.with_name(out.name + ".parts")
        open_folder(folder)
        dated = replace(query, service_date=service_date)
        tiles = list_tiles(engine.pack, dated, origins, destinations, part_origins)
        finished = 0

        def show(done: int, total: int) -> None:
            nonlocal finished
            finished = done
            progress(0.95 * done / total, f"part {done} of {total}")

        try:
            compute_missing(tiles, Cutter(inputs, dated), folder, run, show)
        except KeyboardInterrupt as stop:
            raise KeyboardInterrupt(
                f"{finished} of {len(tiles)} parts are finished and kept in {folder}; "
                "the same command goes on with the rest."
            ) from stop
        except OneBusReachError:
            with contextlib.suppress(OSError):
                folder.rmdir()  # where no part is finished yet, there is nothing to go on with
            raise
        written = write_matrix(merge_parts(tiles, folder, len(origins)), out, metadata, query, *facts)
        if parts is None:
            remove_parts(folder)
    else:
        blocks = stream_pairs(inputs, query, rows=rows, progress=lambda done: progress(done, "riding"))
        written = write_matrix(blocks, out, metadata, query, *facts)
    progress(1.0, "done")
    return written
