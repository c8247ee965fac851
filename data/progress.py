"""Progress of long work: what is being done, on stderr."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Protocol, Self

from tqdm import tqdm


class Progress(Protocol):
    """Told what is being done; says it, or nothing."""

    def step(self, words: str) -> None:
        """A new step begins."""

    def tell(self, words: str) -> None:
        """Something smaller within the step."""

    def part(self, done: int, total: int) -> None:
        """So much of the step is done (in whatever it counts)."""


class SilentProgress:
    """For tests and callers that show nothing."""

    def step(self, words: str) -> None: ...

    def tell(self, words: str) -> None: ...

    def part(self, done: int, total: int) -> None: ...


class BarProgress:
    """A bar with one unit for each step, and the step's name before it."""

    def __init__(self, steps: int) -> None:
        self._bar = tqdm(
            total=steps,
            file=sys.stderr,
            dynamic_ncols=True,
            bar_format="{desc} |{bar:20}| {n:.0f}/{total_fmt} {elapsed}{postfix}",
        )
        self._steps = steps
        self._begun = 0
        self._percent = -1

    def step(self, words: str) -> None:
        self._bar.n = self._begun
        self._begun += 1
        self._percent = -1
        self._bar.set_postfix_str("", refresh=False)
        self._bar.set_description_str(words, refresh=True)

    def tell(self, words: str) -> None:
        self._bar.set_postfix_str(words, refresh=True)

    def part(self, done: int, total: int) -> None:
        percent = 100 * done // total if total else 0
        if percent != self._percent:
            self._percent = percent
            self._bar.set_postfix_str(f"{percent}%", refresh=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._bar.update(self._steps - self._bar.n)
            self._bar.set_postfix_str("", refresh=False)
            self._bar.set_description_str("done", refresh=True)
        self._bar.close()
