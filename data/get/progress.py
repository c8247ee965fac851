"""Progress of fetching: bytes, speed and time left for each file; words for the rest; all on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from data.fetch.download import ByteProgress


def tell(words: str) -> None:
    """Say one line, above a bar where there is one."""
    tqdm.write(words, file=sys.stderr)


@contextmanager
def show_bytes(what: str) -> Iterator[ByteProgress]:
    """Show a bar of the bytes of one file; what is in the cache already shows none."""
    bar: tqdm | None = None

    def progress(done: int, total: int | None, _left_s: float | None) -> None:
        nonlocal bar
        if bar is None:
            bar = tqdm(
                desc=what, total=total, initial=done, unit="B", unit_scale=True, file=sys.stderr,
                dynamic_ncols=True, mininterval=0.2,
            )  # fmt: skip
        bar.total = total
        bar.n = done
        bar.refresh()

    try:
        yield progress
    finally:
        if bar is not None:
            bar.close()


def say_nothing(words: str) -> None:
    """Stand in for ``tell`` with --quiet."""


@contextmanager
def show_nothing(_what: str) -> Iterator[ByteProgress]:
    """Stand in for ``show_bytes`` with --quiet."""
    yield _no_bytes


def _no_bytes(_done: int, _total: int | None, _left_s: float | None) -> None: ...
