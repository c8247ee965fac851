"""One process at a time: the system's own file locks, which end with the process that holds them.

A killed run leaves its lock file behind, and nothing that anybody would have
to remove: what counts is the lock on it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from data.errors import UsageError
from data.fetch.cache import CACHE_VARIABLE

POLL_S = 0.2


@contextmanager
def only_one(path: Path, what: str) -> Iterator[None]:
    """Hold a lock, or refuse at once when another process does.

    Parameters
    ----------
    path : the lock file
    what : what may be done by one process only, for the message

    Raises
    ------
    UsageError
        Saying which run is in the way and what to do.
    """
    lock = _take(path)
    if lock is None:
        raise UsageError(
            f"{what} is being fetched by another run, which works in the same folder ({path.parent}). Wait "
            "until it is done and start this again (what it fetched is then there), or give this one a "
            f"folder of its own by --cache or {CACHE_VARIABLE}."
        )
    try:
        yield
    finally:
        lock.release()


@contextmanager
def in_turn(path: Path, tell: Callable[[str], object]) -> Iterator[None]:
    """Hold a lock; say so and wait while another process does."""
    lock = _take(path)
    if lock is None:
        tell(f"{path.name.strip('.').removesuffix('.lock')}: another run is fetching it; waiting for that")
        while (lock := _take(path)) is None:
            time.sleep(POLL_S)
    try:
        yield
    finally:
        lock.release()


def _take(path: Path) -> FileLock | None:
    """Return the lock, held; None while another process holds it."""
    lock = FileLock(path, thread_local=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        return None
    except OSError as error:
        raise UsageError(
            f"{path.parent}: can't be written to ({error.strerror}); free some space, or set "
            f"{CACHE_VARIABLE} to a folder of your own."
        ) from error
    return lock
