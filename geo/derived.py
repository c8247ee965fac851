"""Arrays kept beside a pack in ``PACK/derived/``: a cache that changes no answer.

A file's name is a digest of the pack's own digest, the engine's version and
the settings, so that a stale one is never found. One that is absent, broken or
of another shape is worked out again; where the folder can't be written, nothing
is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from data.areapack import AreaPack
from geo.version import ENGINE_VERSION

_KEY = "key"


def _key_of(pack: AreaPack, name: str, settings: Mapping[str, Any]) -> str:
    facts = {"name": name, "pack": pack.digest, "engine": ENGINE_VERSION, **settings}
    return json.dumps(facts, sort_keys=True)


def derived_path(pack: AreaPack, name: str, settings: Mapping[str, Any]) -> Path | None:
    """Name the file; None for a pack that lies in no folder or has no digest."""
    if pack.path is None or not pack.digest:
        return None
    digest = hashlib.sha256(_key_of(pack, name, settings).encode()).hexdigest()[:20]
    return pack.path / "derived" / f"{name}-{digest}.npz"


def load_derived(pack: AreaPack, name: str, settings: Mapping[str, Any]) -> dict[str, np.ndarray] | None:
    """Read kept arrays, or None where there are none that can be used."""
    path = derived_path(pack, name, settings)
    if path is None or not path.is_file():
        return None
    try:
        # The archive's checksums are verified as the arrays are read.
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None
    if str(arrays.pop(_KEY, "")) != _key_of(pack, name, settings):
        return None
    return arrays


def write_derived(
    pack: AreaPack, name: str, settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> Path | None:
    """Keep arrays whole or not at all; returns the file, None where it can't be written."""
    path = derived_path(pack, name, settings)
    if path is None:
        return None
    try:
        path.parent.mkdir(exist_ok=True)
        handle, part = tempfile.mkstemp(prefix=f".{name}-", suffix=".npz", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(
                    file, allow_pickle=False, **{_KEY: np.array(_key_of(pack, name, settings))}, **arrays
                )
            Path(part).chmod(0o644)  # mkstemp lets nobody else read it
            Path(part).replace(path)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
    except OSError:
        return None
    return path
