"""What every worker speaks: a case's name in, one line of JSON out.

A worker is a process of its own, in its own environment, that loads once and
then runs a case each time it is told to, so that rounds of several engines can
be interleaved in one run. This file is imported by workers that run without
the project's dependencies: the standard library only.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any


def serve(load: Callable[[], dict[str, Callable[[], Any]]]) -> None:
    """Run ``load``, report its seconds, then serve its cases until stdin ends."""
    started = time.perf_counter()
    cases = load()
    report("load", time.perf_counter() - started, None)
    for line in sys.stdin:
        case = line.strip()
        if case not in cases:
            report(case, None, f"no such case; there are {', '.join(cases)}")
            continue
        started = time.perf_counter()
        try:
            value = cases[case]()
        except Exception as error:
            report(case, None, f"{type(error).__name__}: {error}")
        else:
            report(case, time.perf_counter() - started, value)


def report(case: str, seconds: float | None, value: Any) -> None:
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"case": case, "seconds": seconds, "value": value, "peak_mb": peak_mb}), flush=True)
