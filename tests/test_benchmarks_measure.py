"""The benchmark's rule of measuring is one for every engine."""

from __future__ import annotations

from itertools import chain, repeat
from pathlib import Path

import pytest

from benchmarks import measure
from benchmarks.measure import Worker, run_interleaved, run_turn


class Scripted(Worker):
    """An engine whose calls take as long as its script says."""

    def __init__(self, name: str, script, order: list[str] | None = None) -> None:
        super().__init__(name, (), Path())
        self.script, self.order = iter(script), [] if order is None else order

    def run(self, case: str) -> float | None:
        self.order.append(f"{self.name}: {case}")
        return next(self.script)


def test_a_short_case_is_repeated_and_its_first_call_not_counted() -> None:
    worker = Scripted("any", chain((0.9, 0.2, 0.1, 0.3), repeat(9.0)))
    assert run_turn(worker, "case") == 0.2  # 0.2 + 0.1 + 0.3 fill the turn
    assert len(worker.order) == 4
    quick = Scripted("any", chain((0.5,), repeat(0.001)))
    assert run_turn(quick, "case") == 0.001
    assert len(quick.order) == 1 + measure.MOST_CALLS


@pytest.mark.parametrize("first_s", [1.5, None])
def test_a_long_case_is_called_once_and_a_failed_one_not_again(first_s: float | None) -> None:
    worker = Scripted("any", chain((first_s,), repeat(0.1)))
    assert run_turn(worker, "case") == first_s
    assert len(worker.order) == 1


def test_turns_alternate_and_the_first_round_is_not_counted() -> None:
    order: list[str] = []
    workers = [Scripted(name, chain((7.0,), repeat(2.0)), order) for name in ("a", "b")]
    run_interleaved(workers, {"a": ("case",), "b": ("case",)}, rounds=2)
    assert order == ["a: case", "b: case"] * 3
    assert [worker.seconds["case"] for worker in workers] == [[2.0, 2.0]] * 2
    assert workers[0].median("case") == 2.0
