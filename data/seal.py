"""A seal on a pack that was read whole: which files they were, so that they need not be read to be believed.

Reading all tables to see that none is missing or damaged takes longer than the
first question needs. ``python -m geo prepare`` reads them once and notes each
file's size, time and sha256 in ``PACK/derived/``. While sizes and times stay as
they were, the pack is opened without reading the tables; each is compared with
its sha256 when it is first read. A file of another time (a copied pack) is
compared at once. Anything else, and the seal does not count.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from data.files import write_kept
from data.schema import TABLES

SEAL = Path("derived") / "seal.json"
_LAYOUT = 1


@dataclass(frozen=True)
class Stamp:
    """What a file was like when it was read."""

    size: int
    time_ns: int
    sha256: str


@cache
def _describe_schema() -> str:
    """Name the tables as this program reads them: another program's seal says nothing of its checks."""
    facts = [
        (
            table.name,
            table.required,
            [(column.name, str(column.type), column.nullable) for column in table.columns],
        )
        for table in TABLES.values()
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def stamp_file(path: Path) -> Stamp:
    """Read a file's stamp; OSError where it can't be read."""
    time_ns = path.stat().st_mtime_ns
    data = path.read_bytes()
    return Stamp(len(data), time_ns, hashlib.sha256(data).hexdigest())


def write_seal(folder: Path, stamps: dict[str, Stamp]) -> Path | None:
    """Keep the stamps of files that were read and found whole; None where they can't be written."""
    facts = {
        "layout": _LAYOUT,
        "schema": _describe_schema(),
        "files": {name: asdict(stamp) for name, stamp in sorted(stamps.items())},
    }
    return write_kept(folder / SEAL, [json.dumps(facts, indent=1).encode()])


def read_seal(folder: Path, names: list[str]) -> dict[str, Stamp] | None:
    """Return the stamps of the files of these names, or None where any is not what was sealed."""
    try:
        facts = json.loads((folder / SEAL).read_bytes())
        if facts["layout"] != _LAYOUT or facts["schema"] != _describe_schema():
            return None
        stamps = {name: Stamp(**stamp) for name, stamp in facts["files"].items()}
        if set(stamps) != set(names):
            return None
        for name, stamp in stamps.items():
            found = (folder / name).stat()
            if found.st_size != stamp.size:
                return None
            if found.st_mtime_ns != stamp.time_ns and stamp_file(folder / name).sha256 != stamp.sha256:
                return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return stamps
