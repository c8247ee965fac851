"""Write, load and list area packs: a folder of Parquet tables beside ``manifest.json``."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data.areapack import AreaPack
from data.digest import compute_pack_digest, compute_table_digest
from data.errors import PackError
from data.schema import TABLES, Table
from data.stored import MANIFEST, load_manifest, open_tables
from data.tables import arrow_to_pack, pack_to_arrow

PACKS_VARIABLE = "ONE_BUS_REACH_PACKS"


@dataclass(frozen=True)
class PackEntry:
    """A pack that the app offers."""

    area_id: str
    name: str
    path: Path
    fictional: bool


def compute_digest(pack: AreaPack) -> str:
    """Return the pack's digest: sha256 over its tables' content and the facts that change answers."""
    digests = {name: compute_table_digest(table) for name, table in pack_to_arrow(pack).items()}
    return compute_pack_digest(pack.manifest, digests)


def _with_digests(pack: AreaPack) -> tuple[AreaPack, dict[str, pa.Table]]:
    arrow = pack_to_arrow(pack)
    digests = {name: compute_table_digest(table) for name, table in arrow.items()}
    manifest = pack.manifest.model_copy(
        update={
            "table_rows": {name: table.num_rows for name, table in arrow.items()},
            "table_digests": digests,
            "digest": compute_pack_digest(pack.manifest, digests),
        }
    )
    return replace(pack, manifest=manifest), arrow


def fill_digests(pack: AreaPack) -> AreaPack:
    """Return the pack with its digest, the tables' digests and their row counts in the manifest."""
    return _with_digests(pack)[0]


def _write_table(table: Table, arrow: pa.Table, folder: Path) -> None:
    text = [column.name for column in table.columns if column.type == pa.string()]
    # One row group: columns come back as one chunk, ready to be used as arrays.
    pq.write_table(
        arrow,
        folder / f"{table.name}.parquet",
        compression="zstd",
        compression_level=9,
        use_dictionary=text,
        row_group_size=max(arrow.num_rows, 1),
    )


def _replace_folder(new: Path, out: Path) -> None:
    """Put ``new`` in ``out``'s place; when that fails, what was there stays."""
    if not out.exists():
        new.rename(out)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}.old-", dir=out.parent))
    out.rename(old / "pack")
    try:
        new.rename(out)
    except OSError:
        (old / "pack").rename(out)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def check_out(out: Path) -> Path:
    """Return ``out`` resolved; raise PackError when a pack may not be written there."""
    out = Path(out).resolve()
    if out.exists() and not (out.is_dir() and ((out / MANIFEST).exists() or not any(out.iterdir()))):
        raise PackError(f"{out}: is there already and is not an area pack; choose another --out.")
    return out


def write_pack(pack: AreaPack, out: Path) -> Path:
    """Write a pack to the folder ``out``: whole, or not at all.

    The tables are written to a folder beside ``out`` which then takes its
    place. Parquet files and manifest have the same bytes for the same content
    (same library versions).

    Returns
    -------
    Path
        ``out``, resolved.

    Raises
    ------
    PackError
        When a table does not fit its schema, or ``out`` holds something that
        is not a pack, or can't be written. A pack that was there is kept.
    """
    out = check_out(out)
    pack, arrow = _with_digests(pack)
    text = json.dumps(pack.manifest.model_dump(mode="json"), sort_keys=True, indent=1, ensure_ascii=False)
    temporary: Path | None = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}.new-", dir=out.parent))
        temporary.chmod(0o755)
        for name, table in arrow.items():
            _write_table(TABLES[name], table, temporary)
        (temporary / MANIFEST).write_text(text + "\n", encoding="utf-8", newline="\n")
        _replace_folder(temporary, out)
    except OSError as error:
        raise PackError(
            f"{out}: can't be written ({error.strerror or error}); check the folder and the free space."
        ) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    return out


def pack_folders() -> list[Path]:
    """Return the folders packs are looked for in: the variable's, then the checkout's own."""
    given = [Path(part) for part in os.environ.get(PACKS_VARIABLE, "").split(os.pathsep) if part.strip()]
    return [*given, Path(__file__).resolve().parent / "packs"]


def default_out(area_id: str) -> Path:
    """Return where a pack is written when no --out is given."""
    return pack_folders()[0] / area_id


def list_packs(faults: list[str] | None = None) -> list[PackEntry]:
    """Return the packs on offer; of two with one area_id the first found counts.

    What looks like a pack and can't be read is named in ``faults`` (where a
    list is given), so that one broken pack does not hide the others.
    """
    entries: dict[str, PackEntry] = {}
    for parent in pack_folders():
        try:
            candidates = [parent, *sorted(parent.iterdir())] if parent.is_dir() else []
        except OSError as error:
            if faults is not None:
                faults.append(f"{parent}: can't be listed ({error.strerror}).")
            continue
        for folder in candidates:
            if folder.name.startswith(".") or not (folder / MANIFEST).is_file():
                continue
            try:
                manifest = load_manifest(folder)
            except PackError as error:
                if faults is not None:
                    faults.append(str(error))
                continue
            entry = PackEntry(manifest.area_id, manifest.name, folder, manifest.fictional)
            entries.setdefault(entry.area_id, entry)
    return list(entries.values())


def find_pack(path_or_name: str | Path) -> Path:
    """Return the folder of a pack given as a path or as the name of a listed one."""
    folder = Path(path_or_name)
    with contextlib.suppress(OSError):  # a name too long for a path is no path
        if (folder / MANIFEST).is_file():
            return folder
    listed = {entry.area_id: entry.path for entry in list_packs()}
    if str(path_or_name) in listed:
        return listed[str(path_or_name)]
    names = ", ".join(sorted(listed)) or "none"
    raise PackError(
        f"{path_or_name}: no area pack there, and none listed by that name (listed: {names}); "
        "see `python -m data list`, or build one with `python -m data build`."
    )


def load_pack(path_or_name: str | Path) -> AreaPack:
    """Load an area pack by path or listed name.

    Checks format, columns, types and row counts; that the content still has
    its digest is `python -m data check`'s to say, as it takes longer. A pack
    that bears the seal of an earlier check (``data.seal``) is not read again:
    each of its tables is read, and compared with its seal, when it is asked for.

    Raises
    ------
    PackError
        Naming file and column, and what to do.
    """
    folder = find_pack(path_or_name)
    manifest = load_manifest(folder)
    return arrow_to_pack(manifest, open_tables(folder, manifest), path=folder.resolve())
