"""Blocks of rows over a thread pool, for kernels that release the GIL."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

Result = TypeVar("Result")


def count_threads() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def run_blocks(
    row_count: int, work: Callable[[int, int], Result], *, min_rows: int = 32, blocks_per_thread: int = 4
) -> list[Result]:
    """Call ``work(first, last)`` on blocks of rows; results in order of the rows.

    The answer must not depend on the blocks: they differ from one machine to
    another. ``work`` must not call this itself.
    """
    threads = count_threads()
    blocks = max(1, min(threads * blocks_per_thread, row_count // min_rows))
    bounds = [row_count * block // blocks for block in range(blocks + 1)]
    if blocks == 1 or threads == 1:
        return [work(first, last) for first, last in itertools.pairwise(bounds)]
    results: dict[int, Result] = {}
    # One iterator for all: each block is taken by whoever is free. The caller
    # works too, so that it never waits for a thread to wake up.
    waiting = iter(range(blocks))

    def take() -> None:
        for block in waiting:
            results[block] = work(bounds[block], bounds[block + 1])

    helpers = [_keep_pool(threads, os.getpid()).submit(take) for _ in range(min(threads, blocks) - 1)]
    try:
        take()
    finally:
        for helper in helpers:
            if not helper.cancel():
                helper.result()
    return [results[block] for block in range(blocks)]


@lru_cache(maxsize=4)
def _keep_pool(threads: int, process: int) -> ThreadPoolExecutor:
    """Threads that wait for work: starting them anew costs more than many a matrix.

    One pool a process, since a forked child inherits none of its parent's threads.
    """
    del process
    return ThreadPoolExecutor(threads, thread_name_prefix="one-bus-reach")
