"""Files that come whole or not at all, and where the program may keep what it can make again."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import platformdirs

PRIVATE, PUBLIC = 0o600, 0o644


def user_cache() -> Path:
    """Return the program's own folder among the user's caches, where the operating system keeps them."""
    return platformdirs.user_cache_path("one-bus-reach", appauthor=False)


@contextmanager
def writing(path: Path, *, mode: int = PUBLIC) -> Iterator[BinaryIO]:
    """Open a file that takes its place when the block ends: beside it first, so that no reader meets a part.

    Parameters
    ----------
    mode
        Who may read it: ``PUBLIC``, everybody on this machine; ``PRIVATE``, the user alone.

    Raises
    ------
    OSError
        The folder isn't there or can't be written; what was at ``path`` stays.
    """
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:80]}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        Path(part).chmod(mode)
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def write_kept(path: Path, parts: Iterable[bytes | memoryview]) -> Path | None:
    """Write a file of a cache, to which it is no fault that it can't be written; None then, else ``path``."""
    try:
        path.parent.mkdir(exist_ok=True)
        with writing(path) as stream:
            stream.writelines(parts)
    except OSError:
        return None
    return path
