"""Files that are a cache: written whole or not at all, and no fault where they can't be written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def write_whole(path: Path, parts: Iterable[bytes | memoryview]) -> Path | None:
    """Write a file beside its place and put it there; returns it, None where it can't be written."""
    try:
        path.parent.mkdir(exist_ok=True)
        handle, part = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.writelines(parts)
            Path(part).chmod(0o644)  # mkstemp lets nobody else read it
            Path(part).replace(path)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
    except OSError:
        return None
    return path
