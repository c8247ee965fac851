"""A bar on stderr for what takes a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from geo.progress import Progress


@contextmanager
def progress_bar(doing: str) -> Iterator[Progress]:
    """A bar on stderr that says what is being done; gives what is to be told of it."""
    with tqdm(
        total=1.0, desc=doing, unit="", bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}"
    ) as bar:

        def show(done: float, now: str) -> None:
            bar.set_description_str(now)
            bar.update(done - bar.n)

        yield show
