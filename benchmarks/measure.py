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
        self._read()

    def run(self, case: str) -> None:
        assert self.process is not None and self.process.stdin is not None
        self.process.stdin.write(case + "\n")
        self.process.stdin.flush()
        self._read()

    def stop(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
            self.process.wait(timeout=30)

    def median(self, case: str) -> float | None:
        found = self.seconds.get(case)
        return statistics.median(found) if found else None

    def _read(self) -> None:
        assert self.process is not None and self.process.stdout is not None
        while line := self.process.stdout.readline():
            if not line.startswith('{"case"'):
                continue  # a library's own words
            answer = json.loads(line)
            self.peak_mb = answer["peak_mb"]
            self.values[answer["case"]] = answer["value"]
            if answer["seconds"] is not None:
                self.seconds.setdefault(answer["case"], []).append(answer["seconds"])
            return
        raise RuntimeError(f"{self.name} ended early (code {self.process.wait()}): {' '.join(self.command)}")


def run_interleaved(workers: Sequence[Worker], cases: dict[str, Sequence[str]], *, rounds: int) -> None:
    """Run each worker's cases ``rounds`` times, one round of every worker after the other.

    A first round warms caches and is not counted; nor is each worker's first
    call of a turn, which comes after others had the machine for seconds.
    """
    for counted in range(rounds + 1):
        for worker in workers:
            mine = cases.get(worker.name, ())
            if mine:
                worker.run(mine[0])
                worker.seconds[mine[0]].pop()
            for case in mine:
                worker.run(case)
                if counted == 0:
                    worker.seconds.pop(case, None)
