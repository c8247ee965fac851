"""What lies in a pack's folder: tables read and checked at once, or later where they bear a seal."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from data.digest import compute_pack_digest, compute_table_digest
from data.errors import PackError
from data.frames import check_geometry
from data.manifest import FORMAT_VERSION, Manifest
from data.schema import TABLES, WALK_EDGES, Table
from data.seal import SEAL, Stamp, read_seal, stamp_file, write_seal
from data.tables import count_points

MANIFEST = "manifest.json"
REBUILD = "build the pack again with `python -m data build`"


def load_manifest(folder: Path) -> Manifest:
    """Read a pack's manifest and check that this version can read the pack."""
    path = folder / MANIFEST
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PackError(f"{folder}: no {MANIFEST} here, so it is not an area pack; {REBUILD}.") from error
    except (OSError, ValueError) as error:
        raise PackError(f"{path}: can't be read ({error}); {REBUILD}.") from error
    version = raw.get("format_version") if isinstance(raw, dict) else None
    if version != FORMAT_VERSION:
        raise PackError(f"{path}: pack format {version!r}, this program reads {FORMAT_VERSION}; {REBUILD}.")
    try:
        return Manifest.model_validate(raw)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise PackError(f"{path}: not a manifest as this program writes it; {REBUILD}:", faults) from error


def _schema_faults(table: Table, found: pa.Schema) -> list[str]:
    faults = []
    file = f"{table.name}.parquet"
    for column in table.columns:
        if column.name not in found.names:
            faults.append(f"{file}: column {column.name!r} is missing")
        elif found.field(column.name).type != column.type:
            faults.append(
                f"{file}: column {column.name!r} is {found.field(column.name).type}, should be {column.type}"
            )
    faults += [
        f"{file}: column {name!r} is unknown" for name in found.names if name not in table.column_names
    ]
    return faults


def _read_table(source: Path | pa.BufferReader) -> pa.Table:
    # Not pq.read_table: it makes a data set of each file, which takes longer than reading most of them.
    with pq.ParquetFile(source) as file:
        return file.read(use_threads=False)


def _read_or_fail(path: Path) -> pa.Table | Exception:
    try:
        return _read_table(path)
    except (OSError, pa.ArrowException) as error:
        return error


def _content_faults(table: Table, read: pa.Table, rows: int) -> list[str]:
    """Say what is wrong with a table's columns, nulls, rows and geometry."""
    file = f"{table.name}.parquet"
    wrong = _schema_faults(table, read.schema)
    if not wrong:
        wrong = [
            f"{file}: column {column.name!r} is empty in {read.column(column.name).null_count} rows"
            for column in table.columns
            if not column.nullable and read.column(column.name).null_count
        ]
    if read.num_rows != rows:
        wrong.append(f"{file}: {read.num_rows} rows, the manifest says {rows}")
    return wrong


def load_tables(folder: Path, manifest: Manifest) -> dict[str, pa.Table]:
    """Read every table of the manifest and check columns, types, nulls, row counts and geometry.

    Raises
    ------
    PackError
        Naming every missing file, column and row count at once.
    """
    arrow: dict[str, pa.Table] = {}
    listed = [name for name in TABLES if name in manifest.table_rows]
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        # The longest table comes last in TABLES: what is begun first should take longest.
        paths = [folder / f"{name}.parquet" for name in reversed(listed)]
        found = dict(zip(reversed(listed), pool.map(_read_or_fail, paths), strict=True))
    faults = [
        f"{name}: a table this program doesn't know" for name in manifest.table_rows if name not in TABLES
    ]
    for name, table in TABLES.items():
        path = folder / f"{name}.parquet"
        if name not in manifest.table_rows:
            if table.required:
                faults.append(f"{path.name}: the manifest lists no such table, and a pack needs it")
            continue
        read = found[name]
        if isinstance(read, FileNotFoundError):
            faults.append(f"{path.name}: the file is missing")
        elif isinstance(read, Exception):
            faults.append(f"{path.name}: can't be read ({str(read).splitlines()[0]})")
        elif wrong := _content_faults(table, read, manifest.table_rows[name]):
            faults += wrong
        else:
            arrow[name] = read.select(table.column_names)
    if faults:
        raise PackError(f"{folder}: the pack is not whole; {REBUILD}:", faults)
    for name, read in arrow.items():
        check_geometry(TABLES[name], read)
    if WALK_EDGES.name in arrow:
        count_points(arrow[WALK_EDGES.name])
    return arrow


def find_digest_faults(manifest: Manifest, arrow: Mapping[str, pa.Table]) -> list[str]:
    """Say what of a pack's content is not what its manifest was written for."""
    digests = {name: compute_table_digest(table) for name, table in arrow.items()}
    faults = [
        f"{name}.parquet: content is not what was written (its digest differs)"
        for name, digest in digests.items()
        if manifest.table_digests.get(name) != digest
    ]
    if compute_pack_digest(manifest, digests) != manifest.digest and not faults:
        faults.append(f"{MANIFEST}: facts are not what was written (the pack's digest differs)")
    return faults


def _check_digests(folder: Path, manifest: Manifest, arrow: Mapping[str, pa.Table]) -> None:
    if faults := find_digest_faults(manifest, arrow):
        raise PackError(f"{folder}: the pack is not what was built; {REBUILD}:", faults)


class SealedTables(Mapping[str, pa.Table]):
    """Tables of a sealed pack, each read when it is asked for and compared with its seal."""

    def __init__(self, folder: Path, manifest: Manifest, stamps: dict[str, Stamp]) -> None:
        self._folder, self._names, self._stamps = folder, tuple(manifest.table_rows), stamps

    def __getitem__(self, name: str) -> pa.Table:
        if name not in self._names:
            raise KeyError(name)
        file = f"{name}.parquet"
        try:
            data = (self._folder / file).read_bytes()
        except OSError as error:
            raise PackError(
                f"{self._folder / file}: can't be read any more ({error.strerror}); open the pack again."
            ) from error
        if hashlib.sha256(data).hexdigest() != self._stamps[file].sha256:
            raise PackError(
                f"{self._folder / file}: has changed since the pack was opened; open the pack again."
            )
        return _read_table(pa.BufferReader(data)).select(TABLES[name].column_names)

    def __contains__(self, name: object) -> bool:
        return name in self._names  # without reading it

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _file_names(manifest: Manifest) -> list[str]:
    return [MANIFEST, *(f"{name}.parquet" for name in manifest.table_rows)]


def open_tables(folder: Path, manifest: Manifest) -> Mapping[str, pa.Table]:
    """Return the pack's tables: still to be read where it is sealed, else read and checked.

    What was worked out of a pack is kept beside it by the pack's digest. Where there is any and no seal
    holds, the content is therefore compared with its digest, which else is `python -m data check`'s to do.
    """
    stamps = read_seal(folder, _file_names(manifest))
    if stamps is not None:
        return SealedTables(folder, manifest, stamps)
    arrow = load_tables(folder, manifest)
    if (folder / SEAL).parent.is_dir():
        _check_digests(folder, manifest, arrow)
    return arrow


def seal_pack(folder: Path) -> Path | None:
    """Read and check a pack's tables, their digests too, and seal them; None where that can't be written.

    Raises
    ------
    PackError
        As ``load_tables`` does, or when a file changes meanwhile.
    """
    names = _file_names(load_manifest(folder))

    def stamp() -> dict[str, Stamp]:
        return {name: stamp_file(folder / name) for name in names if (folder / name).is_file()}

    before = stamp()
    manifest = load_manifest(folder)
    _check_digests(folder, manifest, load_tables(folder, manifest))
    if stamp() != before:
        raise PackError(f"{folder}: the pack was changed while it was read; try again.")
    return write_seal(folder, before)
