"""Read the lines that vehicles follow, for the trips that were kept."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
import shapely

from data.sources.gtfs_zip import FeedZip

FILE = "shapes.txt"
COLUMNS = ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence")


def read_shapes(feed: FeedZip, trips: pd.DataFrame, crs: str) -> tuple[gpd.GeoDataFrame | None, pd.DataFrame]:
    """Read the shapes that trips name; a shape that is not there is taken off its trips.

    Returns
    -------
    shapes
        shape_id and LineString in ``crs``, sorted by id; None when there is none.
    trips
        With shape_id null where the file has no such line.
    """
    log = feed.log
    wanted = trips["shape_id"].dropna().unique()
    without = int(trips["shape_id"].isna().sum())
    log.add(
        "trip_without_shape",
        "note",
        without,
        "trips without a shape; lines are drawn from stop to stop",
        trips["trip_id"][trips["shape_id"].isna()],
        file="trips.txt",
    )
    if not len(wanted):
        return None, trips
    missing = [column for column in COLUMNS if column not in feed.header(FILE)]
    points = pd.DataFrame(columns=["shape", "lon", "lat", "sequence"])
    if missing:
        log.add(
            "no_shapes",
            "missing",
            1,
            f"trips name shapes, but {FILE} is missing or lacks columns",
            missing,
            file=FILE,
        )
    else:
        ids = pa.array(wanted, pa.string())
        points = feed.scan(FILE, COLUMNS, lambda batches: _read_points(batches, ids))
    bad = points[["lon", "lat", "sequence"]].isna().any(axis=1)
    log.add(
        "shape_point_malformed",
        "dropped",
        bad.sum(),
        "points without a number where one is needed",
        file=FILE,
    )
    points = points[~bad].sort_values(["shape", "sequence"], kind="stable")
    count = np.bincount(points["shape"].to_numpy(int), minlength=len(wanted))
    whole = count >= 2
    log.add(
        "shape_dangling",
        "dropped",
        int((~whole).sum()),
        "shapes that trips name and that have fewer than two points; their lines are drawn from stop to stop",
        wanted[~whole],
        file=FILE,
    )
    trips = trips.assign(shape_id=trips["shape_id"].where(trips["shape_id"].isin(wanted[whole]), None))
    points = points[whole[points["shape"].to_numpy(int)]]
    if not len(points):
        return None, trips
    x, y = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(
        points["lon"].to_numpy(float), points["lat"].to_numpy(float)
    )
    rank = np.cumsum(whole) - 1
    lines = shapely.linestrings(np.column_stack([x, y]), indices=rank[points["shape"].to_numpy(int)])
    shapes = gpd.GeoDataFrame({"shape_id": wanted[whole]}, geometry=lines, crs=crs)
    return shapes.sort_values("shape_id", ignore_index=True), trips


def _read_points(batches: Iterator[pa.RecordBatch], ids: pa.Array) -> pd.DataFrame:
    parts = []
    for batch in batches:
        shape = pc.index_in(pc.utf8_trim_whitespace(batch.column("shape_id")), value_set=ids)
        rows = pc.is_valid(shape)
        kept = batch.filter(rows)
        lat, lon, sequence = (
            pd.to_numeric(kept.column(name).to_pandas(), errors="coerce").to_numpy(float)
            for name in ("shape_pt_lat", "shape_pt_lon", "shape_pt_sequence")
        )
        lat, lon = np.where(np.abs(lat) <= 90, lat, np.nan), np.where(np.abs(lon) <= 180, lon, np.nan)
        parts.append(
            pd.DataFrame(
                {
                    "shape": shape.drop_null().to_numpy(zero_copy_only=False),
                    "lon": lon,
                    "lat": lat,
                    "sequence": sequence,
                }
            )
        )
    if not parts:
        return pd.DataFrame(
            {"shape": np.empty(0, int), "lon": np.empty(0), "lat": np.empty(0), "sequence": np.empty(0)}
        )
    return pd.concat(parts, ignore_index=True)
