"""Run engines side by side: processes that load once, rounds interleaved, medians."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# A call longer than this is its turn's only one; shorter ones are repeated for so long, and at most so often.
LONG_S = 1.0
TURN_S = 0.5
MOST_CALLS = 15


def peak_mb() -> float:
    """Return the most memory that this process has had, MB (10^6 bytes).

    From the process's own table where the system has one: what ``getrusage``
    says begins at the size of the process that started this one.
    """
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6
    except (OSError, IndexError, ValueError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


@dataclass
class Worker:
    """One engine in a process of its own, told which case to run next."""

    name: str
    command: Sequence[str]
    cwd: Path
    seconds: dict[str, list[float]] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    peak_mb: float = 0.0
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command, cwd=self.cwd, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        load_s = self._read()
        if load_s is not None:
            self.count("load", load_s)

    def run(self, case: str) -> float | None:
        """Run a case once, without counting it; seconds, None where it failed."""
        assert self.process is not None and self.process.stdin is not None
        self.process.stdin.write(case + "\n")
        self.process.stdin.flush()
        return self._read()

    def count(self, case: str, seconds: float) -> None:
        self.seconds.setdefault(case, []).append(seconds)

    def stop(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
            self.process.wait(timeout=30)

    def median(self, case: str) -> float | None:
        found = self.seconds.get(case)
        return statistics.median(found) if found else None

    def _read(self) -> float | None:
        assert self.process is not None and self.process.stdout is not None
        while line := self.process.stdout.readline():
            if not line.startswith('{"case"'):
                continue  # a library's own words
            answer = json.loads(line)
            self.peak_mb = answer["peak_mb"]
            self.values[answer["case"]] = answer["value"]
            seconds: float | None = answer["seconds"]
            return seconds
        raise RuntimeError(f"{self.name} ended early (code {self.process.wait()}): {' '.join(self.command)}")


def run_turn(worker: Worker, case: str) -> float | None:
    """Median of one turn's calls of a case, by one rule for every engine; None where it failed.

    A short case's first call of a turn is not counted: it comes after others
    had the processor and its caches for seconds, which would be a good part of
    it. It is then called again and again for a while. A long case is called once.
    """
    first_s = worker.run(case)
    if first_s is None or first_s > LONG_S:
        return first_s
    counted: list[float] = []
    while len(counted) < MOST_CALLS and sum(counted) < TURN_S:
        seconds = worker.run(case)
        if seconds is None:
            return None
        counted.append(seconds)
    return statistics.median(counted)


def run_interleaved(workers: Sequence[Worker], cases: dict[str, Sequence[str]], *, rounds: int) -> None:
    """Run each worker's cases for ``rounds`` turns, one turn of every worker after the other.

    The first round warms caches and is not counted.
    """
    for turn in range(rounds + 1):
        for worker in workers:
            for case in cases.get(worker.name, ()):
                seconds = run_turn(worker, case)
                if turn > 0 and seconds is not None:
                    worker.count(case, seconds)
