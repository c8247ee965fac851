"""The matrix as a Parquet file, written block by block: pairs in reach only, unless all are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data.errors import ExportError
from geo.many import Pairs, PointFacts
from geo.profile import NONE
from geo.query import Query
from geo.write import METADATA_KEY, check_target, replace_file

MATRIX_SUFFIXES = (".parquet",)
# no_one_bus: neither by walking nor by one bus. `python -m geo reach` tells two buses from no way, and why.
MATRIX_CLASSES = ("outside_data", "walk", "one_bus", "no_one_bus")
_OUTSIDE, _WALK, _ONE_BUS, _NO_ONE_BUS = range(4)
# Columns in order; the percentiles' stand where "travel_time" does.
MATRIX_COLUMNS: dict[str, str] = {
    "origin_id": "string",
    "destination_id": "string",
    "reach_class": "category: " + ", ".join(MATRIX_CLASSES),
    "walk_time_s": "int32: walking all the way, within the whole-walk limit; else null",
    "best_duration_s": "int32: arrive - leave of the best journey leaving inside the window, walking "
    "all the way included; null when there is none",
    "travel_time": "int32: percentile of t over the window; null when unreached",
    "share_in_reach": "float64, 0 to 1: share of the window from which t <= cut-off; null when not known",
}
WITHOUT_ROW = (
    "A pair without a row is in reach neither on foot nor by one bus, where neither of its points is listed "
    "under not_known; where one is, nothing is known of a bus."
)
_ID = pa.dictionary(pa.int32(), pa.string())
_TYPES = {
    "origin_id": _ID,
    "destination_id": _ID,
    "reach_class": pa.dictionary(pa.int8(), pa.string()),
    "share_in_reach": pa.float64(),
}


def describe_columns(query: Query) -> dict[str, str]:
    """Say what each column of this query's matrix holds."""
    words: dict[str, str] = {}
    for name, meaning in MATRIX_COLUMNS.items():
        if name == "travel_time":
            words |= {f"travel_time_p{p}_s": meaning for p in query.percentiles}
        else:
            words[name] = meaning
    return words


def build_batch(
    pairs: Pairs, query: Query, origins: PointFacts, destinations: PointFacts, destination_ids: pa.Array
) -> pa.RecordBatch:
    """Lay pairs out as columns, with ids, classes and nulls.

    ``destination_ids``: those of all destinations as Arrow strings. A file's dictionaries
    hold the ids that stand in the block, not a whole country's.
    """
    n = len(pairs.indptr) - 1
    row = np.repeat(np.arange(n, dtype=np.int32), np.diff(pairs.indptr))
    origin, destination = row + pairs.first, pairs.destination
    outside = origins.outside[origin] | destinations.outside[destination]
    best_s = pairs.best_s
    reach_class = np.full(len(pairs), _NO_ONE_BUS, np.int8)
    reach_class[pairs.ride_s <= query.cutoff_s] = _ONE_BUS
    reach_class[pairs.walk_s <= query.cutoff_s] = _WALK
    reach_class[outside] = _OUTSIDE
    unserved = (
        (origins.near[origin] & destinations.near[destination])
        & ~(origins.served[origin] & destinations.served[destination])
        & (reach_class == _NO_ONE_BUS)
    )
    stands = np.zeros(len(destinations.ids), bool)
    stands[destination] = True
    place = np.cumsum(stands, dtype=np.int32) - 1
    columns = {
        "origin_id": pa.DictionaryArray.from_arrays(
            row, as_strings(origins.ids[pairs.first : pairs.first + n])
        ),
        "destination_id": pa.DictionaryArray.from_arrays(
            place[destination], destination_ids.filter(pa.array(stands))
        ),
        "reach_class": pa.DictionaryArray.from_arrays(reach_class, pa.array(MATRIX_CLASSES)),
        "walk_time_s": _nullable(pairs.walk_s),
        "best_duration_s": _nullable(best_s),
        **{f"travel_time_p{p}_s": _nullable(pairs.percentile_s[k]) for k, p in enumerate(query.percentiles)},
        "share_in_reach": pa.array(pairs.in_reach_s / pairs.window_s, mask=outside | unserved),
    }
    return pa.RecordBatch.from_pydict(columns, schema=matrix_schema(query))


def matrix_schema(query: Query) -> pa.Schema:
    """The Arrow schema of this query's matrix; seconds are int32."""
    needed = ("origin_id", "destination_id", "reach_class")
    return pa.schema(
        [pa.field(name, _TYPES.get(name, pa.int32()), name not in needed) for name in describe_columns(query)]
    )


def _nullable(seconds: np.ndarray) -> pa.Array:
    return pa.array(seconds, pa.int32(), mask=seconds == NONE)


def as_strings(ids: np.ndarray) -> pa.Array:
    """Ids of any kind as Arrow strings."""
    return pa.array([str(one) for one in ids], pa.string())


def write_matrix(
    blocks: Iterable[Pairs], path: Path, metadata: Mapping[str, Any], query: Query,
    origins: PointFacts, destinations: PointFacts,
) -> int:  # fmt: skip
    """Write blocks of pairs as they come, one row group each; returns the number of rows.

    The file is put in its place when it is whole. ``metadata`` (of
    ``geo.write.build_metadata``) is written with the points whose reach is not
    known, which a file of reached pairs could not tell from points cut off.
    """
    check_target(path, MATRIX_SUFFIXES)
    metadata = {
        **metadata,
        "without_row": WITHOUT_ROW,
        "not_known": {
            "origins": origins.list_not_known(), "destinations": destinations.list_not_known()
        },
    }  # fmt: skip
    schema = matrix_schema(query).with_metadata({METADATA_KEY: json.dumps(metadata)})
    destination_ids = as_strings(destinations.ids)
    rows = 0

    def write(target: Path) -> None:
        nonlocal rows
        try:
            with pq.ParquetWriter(target, schema, compression="zstd") as writer:
                for block in blocks:
                    if len(block):
                        writer.write_batch(build_batch(block, query, origins, destinations, destination_ids))
                        rows += len(block)
        except pa.ArrowException as error:
            raise ExportError(f"{path}: can't be written ({str(error).splitlines()[0]}).") from error

    replace_file(path, write)
    return rows
