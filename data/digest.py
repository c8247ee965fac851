"""Digests over content: equal values give equal digests, however the files were written."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.manifest import Manifest

# What else changes answers, besides the tables.
_FACTS = (
    "format_version",
    "area_id",
    "fictional",
    "crs",
    "walk",
    "timetable",
    "calendar",
    "neighbourhood_level",
    "census_year",
    "centres",
    "has_register",
    "notes",
)


def _bytes_of(numbers: pa.Array) -> bytes:
    return np.ascontiguousarray(numbers.to_numpy(zero_copy_only=False)).tobytes()


def _update_with_values(sha: hashlib._Hash, array: pa.Array) -> None:
    """Feed one array's values: lengths and bytes for text, little-endian numbers for the rest."""
    kind = array.type
    # A list's inner field has one name in memory and another in a file.
    name = f"list of {kind.value_type}" if pa.types.is_list(kind) else str(kind)
    sha.update(f"{name}:{len(array)}:{array.null_count};".encode())
    if array.null_count:
        sha.update(np.packbits(pc.is_valid(array).to_numpy(zero_copy_only=False)).tobytes())
    if pa.types.is_list(kind):
        sha.update(_bytes_of(pc.list_value_length(array).fill_null(0)))
        _update_with_values(sha, array.flatten())
        return
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        filled = array.fill_null("" if pa.types.is_string(kind) else b"")
        sha.update(_bytes_of(pc.binary_length(filled)))
        if len(filled):
            _, offsets, values = filled.buffers()
            ends = np.frombuffer(offsets, dtype=np.int32)[filled.offset : filled.offset + len(filled) + 1]
            if values is not None:
                sha.update(memoryview(values)[int(ends[0]) : int(ends[-1])])
        return
    if pa.types.is_boolean(kind):
        array = array.cast(pa.uint8())
    elif pa.types.is_date32(kind):
        array = array.cast(pa.int32())
    numbers = array.fill_null(0) if array.null_count else array
    sha.update(_bytes_of(numbers))


def compute_table_digest(arrow: pa.Table) -> str:
    """Return the sha256 of a table's columns, types and values (nulls apart from zeros)."""
    sha = hashlib.sha256()
    for name, column in zip(arrow.column_names, arrow.columns, strict=True):
        sha.update(f"{name};".encode())
        array = column.combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            array = pa.concat_arrays([*array.chunks, pa.array([], type=array.type)])
        _update_with_values(sha, array)
    return sha.hexdigest()


def compute_pack_digest(manifest: Manifest, table_digests: dict[str, str]) -> str:
    """Return the sha256 over the tables' digests and the manifest's facts that change answers."""
    facts = manifest.model_dump(mode="json", include=set(_FACTS))
    text = json.dumps({"facts": facts, "tables": table_digests}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
