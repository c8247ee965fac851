"""Between frames in memory and Arrow tables of the pack, by the schema and nothing else.

Types in memory: text is pandas ``str`` (missing: NaN), nullable whole numbers and
truth values are pandas ``Int8/Int32/Int64/boolean`` (missing: NA), others plain
numpy; dates are ``datetime.date`` objects (missing: None); geometry columns make a
GeoDataFrame in the pack's CRS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from data.errors import PackError
from data.schema import BYTES, FLOAT, Column, Table

_NULLABLE = {
    pa.int8(): pd.Int8Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


def _column_to_arrow(column: Column, values: Any) -> pa.Array:
    if column.type == BYTES:
        # One spelling of the bytes, so that equal geometry has an equal digest.
        wkb = shapely.to_wkb(np.asarray(values, dtype=object), output_dimension=2, byte_order=1)
        return pa.array(wkb, type=BYTES, from_pandas=True)
    if isinstance(values, pd.Series) and values.dtype == object:
        values = values.to_numpy()
    array = pa.array(values, type=column.type, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if column.type == FLOAT:
        array = pc.add(array, 0.0)  # -0.0 becomes 0.0: equal values, equal digest
    return array


def frame_to_arrow(table: Table, frame: pd.DataFrame | Mapping[str, Any]) -> pa.Table:
    """Return the frame as an Arrow table with exactly the schema's columns, in its order.

    Raises
    ------
    PackError
        Naming every column that is missing, unknown, of another type, or null
        where the schema allows none.
    """
    names = list(frame.columns) if isinstance(frame, pd.DataFrame) else list(frame)
    faults = [f"{table.name}: column {name!r} is missing" for name in table.column_names if name not in names]
    faults += [
        f"{table.name}: column {name!r} is not in data/schema.py; remove it or add it there"
        for name in names
        if name not in table.column_names
    ]
    arrays: list[pa.Array] = []
    for column in table.columns:
        if column.name not in names:
            continue
        try:
            array = _column_to_arrow(column, frame[column.name])
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            faults.append(f"{table.name}: column {column.name!r} can't be {column.type}: {error}")
            continue
        if array.null_count and not column.nullable:
            faults.append(f"{table.name}: column {column.name!r} is empty in {array.null_count} rows")
        arrays.append(array)
    if faults:
        raise PackError(f"Table {table.name} does not fit its schema:", faults)
    return pa.Table.from_arrays(arrays, schema=table.to_arrow())


def _column_to_array(
    column: Column, values: pa.ChunkedArray
) -> pd.api.extensions.ExtensionArray | np.ndarray:
    """Return the column without an index: aligning as many as a pack has takes longer than reading them."""
    mapper = _NULLABLE.get if column.nullable and column.type in _NULLABLE else None
    series = values.to_pandas(types_mapper=mapper)
    return series.array if pd.api.types.is_extension_array_dtype(series.dtype) else series.to_numpy()


def _read_geometry(table: Table, column: Column, values: pa.ChunkedArray) -> np.ndarray:
    try:
        return np.asarray(shapely.from_wkb(values.to_numpy(zero_copy_only=False)))
    except shapely.errors.GEOSException as error:
        raise PackError(
            f"{table.name}: column {column.name!r} holds no geometry ({error}); build the pack again."
        ) from error


def check_geometry(table: Table, arrow: pa.Table) -> None:
    """Raise PackError where a geometry column holds something else."""
    for column in table.columns:
        if column.type == BYTES and table.geometry:
            _read_geometry(table, column, arrow.column(column.name))


def arrow_to_frame(table: Table, arrow: pa.Table, *, crs: str | None = None) -> pd.DataFrame:
    """Return the Arrow table as a frame; a GeoDataFrame in ``crs`` when the table has geometry."""
    data: dict[str, Any] = {}
    for column in table.columns:
        values = arrow.column(column.name)
        if column.type == BYTES and table.geometry:
            data[column.name] = _read_geometry(table, column, values)
        else:
            data[column.name] = _column_to_array(column, values)
    if table.geometry:
        import geopandas as gpd  # here, since many questions need no geometry and it takes long to import

        return gpd.GeoDataFrame(data, geometry="geometry", crs=crs)
    return pd.DataFrame(data)


def build_frame(
    table: Table, data: pd.DataFrame | Mapping[str, Any], *, crs: str | None = None
) -> pd.DataFrame:
    """Return ``data`` with the schema's columns, order and types, as a loaded pack would have it."""
    return arrow_to_frame(table, frame_to_arrow(table, data), crs=crs)


def build_empty_frame(table: Table, *, crs: str | None = None) -> pd.DataFrame:
    """Return the table with no rows and the right types."""
    return arrow_to_frame(table, table.to_arrow().empty_table(), crs=crs)
