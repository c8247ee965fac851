"""Arrays kept beside a pack in ``PACK/derived/``: a cache that changes no answer.

A file's name is a digest of the pack's own digest, the engine's version, the
settings and the very code that made it, so that a stale one is never found. One
that is absent or broken is worked out again; where the folder can't be written,
nothing is kept.

Files are laid out as safetensors (a header in JSON, then the arrays' bytes side
by side) and mapped into memory: what a question doesn't touch is never copied.
They are replaced, never rewritten, so that what is mapped stays as it was.
"""

from __future__ import annotations

import hashlib
import json
import math
import mmap
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from data.areapack import AreaPack
from data.files import write_kept
from geo.version import ENGINE_VERSION

_METADATA = "__metadata__"
_TYPES = {
    "BOOL": np.dtype(bool), "U8": np.dtype("u1"), "I8": np.dtype("i1"),
    "I32": np.dtype("<i4"), "I64": np.dtype("<i8"), "F64": np.dtype("<f8"),
}  # fmt: skip
_NAMES = {dtype: name for name, dtype in _TYPES.items()}
_PAGE = 4096
# What makes the arrays that are kept: another state of it may make others, or lay them out otherwise.
MAKERS = (
    "data/service_days.py", "geo/cells.py", "geo/derived.py", "geo/hublabels.py", "geo/hubwalks.py",
    "geo/kept.py", "geo/kernel_helpers.py", "geo/lanes.py", "geo/legs.py", "geo/patterns.py",
    "geo/segments.py", "geo/snap.py", "geo/straightline.py", "geo/timetable.py", "geo/transpose.py",
    "geo/walkgraph.py", "geo/walklegs.py",
)  # fmt: skip


@cache
def _digest_makers() -> str:
    program = Path(__file__).resolve().parent.parent
    return hashlib.sha256(b"".join((program / name).read_bytes() for name in MAKERS)).hexdigest()


def _key_of(pack: AreaPack, name: str, settings: Mapping[str, Any]) -> str:
    facts = {"name": name, "pack": pack.digest, "engine": ENGINE_VERSION, "made_by": _digest_makers()}
    return json.dumps(facts | dict(settings), sort_keys=True)


def derived_path(pack: AreaPack, name: str, settings: Mapping[str, Any]) -> Path | None:
    """Name the file; None for a pack that lies in no folder or has no digest."""
    if pack.path is None or not pack.digest:
        return None
    digest = hashlib.sha256(_key_of(pack, name, settings).encode()).hexdigest()[:20]
    return pack.path / "derived" / f"{name}-{digest}.safetensors"


def _checksum(body: np.ndarray) -> str:
    """Return the sha256 over the sums of the bytes' pages, at the speed of memory.

    A file that decayed or was cut shows: a page's sum tells of any one word that
    is another. Words that changed places within a page, or changes that make up
    for each other, don't: this is no guard against somebody who means it.
    """
    whole = len(body) - len(body) % _PAGE
    pages = body[:whole].reshape(-1, _PAGE).view("<u8").sum(axis=1, dtype=np.uint64)
    return hashlib.sha256(pages.tobytes() + body[whole:].tobytes()).hexdigest()


def load_derived(pack: AreaPack, name: str, settings: Mapping[str, Any]) -> dict[str, np.ndarray] | None:
    """Map kept arrays (read-only), or None where there are none that can be used."""
    path = derived_path(pack, name, settings)
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        start = 8 + int.from_bytes(mapped[:8], "little")
        header = json.loads(mapped[8:start])
        body = np.frombuffer(mapped, np.uint8, offset=start)
        if header.pop(_METADATA) != {"key": _key_of(pack, name, settings), "checksum": _checksum(body)}:
            return None
        return {key: _read_array(mapped, start, fact) for key, fact in header.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _read_array(mapped: mmap.mmap, start: int, fact: dict[str, Any]) -> np.ndarray:
    shape = fact["shape"]
    array = np.frombuffer(
        mapped, _TYPES[fact["dtype"]], count=math.prod(shape), offset=start + fact["data_offsets"][0]
    )
    return array if len(shape) == 1 else array.reshape(shape)


def write_derived(
    pack: AreaPack, name: str, settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> Path | None:
    """Keep arrays whole or not at all; returns the file, None where it can't be written."""
    path = derived_path(pack, name, settings)
    if path is None:
        return None
    # The widest numbers first: so each array begins where its numbers may begin.
    order = sorted(arrays, key=lambda key: (-arrays[key].dtype.itemsize, key))
    laid_out = {key: np.ascontiguousarray(arrays[key]) for key in order}
    body = np.frombuffer(b"".join(array.tobytes() for array in laid_out.values()), np.uint8)
    header: dict[str, Any] = {_METADATA: {"key": _key_of(pack, name, settings), "checksum": _checksum(body)}}
    end = 0
    for key, array in laid_out.items():
        begin, end = end, end + array.nbytes
        header[key] = {
            "dtype": _NAMES[array.dtype], "shape": list(array.shape), "data_offsets": [begin, end]
        }  # fmt: skip
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # so that the arrays begin at a multiple of 8
    return write_kept(path, [len(text).to_bytes(8, "little"), text, body.data])
