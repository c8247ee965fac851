"""python -m benchmarks.scale --packs DIR --out docs: how cost grows, in one command (some four minutes).

Greater Manchester's neighbourhoods and points against every stop; from 100
points to all; from one copy of the region to twenty side by side; Newport and
twenty copies of it on their streets. Each case
runs in a process of its own, three times after a first that is not counted; the
median is quoted and the memory is the process's peak, loading included. Writes
``scale.png`` and the table between the marks in ``benchmarks.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
REGION = "greater_manchester"
ON_STREETS = "newport"  # the region has no streets here: its walks are straight lines
SEED = 20_231
SAMPLES = (100, 300, 1_000, 3_000)
COPIES = (1, 2, 5, 10, 20)
MARKS = "<!-- scale: begin -->", "<!-- scale: end -->"


@dataclass(frozen=True)
class Case:
    """What one process measures."""

    origins: str  # neighbourhoods or points
    destinations: str  # stops, served or some (500 stops)
    copies: int = 1
    sample: int | None = None
    parts: bool = False
    rounds: int = 3
    region: str = REGION


def measure(case: Case, packs: Path) -> dict[str, Any]:
    """Load, then answer from coordinates to the pairs in reach; seconds, pairs, rows, memory."""
    from benchmarks.country import copy_side_by_side
    from data.packio import load_pack
    from geo.engine import Engine
    from geo.many import build_many, stream_pairs
    from geo.matrix import choose_destinations, choose_origins
    from geo.query import Query

    pack = load_pack(packs / case.region)
    if case.copies > 1:
        pack = copy_side_by_side(pack, case.copies)
    engine, query = Engine(pack), Query()
    random = np.random.default_rng(SEED)
    origins, destinations = choose_origins(engine, case.origins), choose_destinations(engine, "stops")
    if case.sample is not None:
        origins = origins.iloc[np.sort(random.choice(len(origins), case.sample, replace=False))]
    if case.destinations == "served":
        destinations = destinations[pack.stops["served"].to_numpy(bool)]
    if case.destinations == "some":
        destinations = destinations.iloc[np.sort(random.choice(len(destinations), 500, replace=False))]
    origins, destinations = origins.reset_index(drop=True), destinations.reset_index(drop=True)
    engine.timetable(query)
    engine.snapped_stops(False)
    loaded_mb = _peak_mb()
    seconds, rows = [], 0
    for _ in range(case.rounds + 1):
        started = time.perf_counter()
        if case.parts:
            rows = _in_parts(engine, query, origins, destinations)
        else:
            inputs = build_many(engine, query, origins, destinations)
            rows = sum(len(block) for block in stream_pairs(inputs, query))
        seconds.append(time.perf_counter() - started)
    return {
        "seconds": statistics.median(seconds[1:]), "origins": len(origins), "rows": rows,
        "destinations": len(destinations), "loaded_mb": loaded_mb, "peak_mb": _peak_mb(),
    }  # fmt: skip


def _in_parts(engine: Any, query: Any, origins: Any, destinations: Any) -> int:
    """The whole way with a file for each part, and the result's file."""
    import tempfile

    from geo.matrix import export_matrix

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return export_matrix(
            engine, query, origins, destinations, folder / "matrix.parquet", parts=folder / "parts"
        )


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_case(case: Case, packs: Path) -> dict[str, Any]:
    """Measure a case in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", "--packs", str(packs), "--case", json.dumps(asdict(case))],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    print(f"{case}: {found['seconds']:.2f} s, {found['peak_mb']:.0f} MB", file=sys.stderr, flush=True)
    return found


def slope(across: list[float], seconds: list[float]) -> float:
    """The exponent of growth: 1 is linear."""
    return float(np.polyfit(np.log(across), np.log(seconds), 1)[0])


def _row(words: str, found: dict[str, Any], aim: str) -> str:
    return (
        f"| {words} | {found['origins']:,} x {found['destinations']:,} | {found['rows']:,} | "
        f"{found['seconds']:.2f} | {found['peak_mb'] / 1000:.2f} | {aim} |"
    )


def _curve(across: Sequence[float], cases: list[dict[str, Any]]) -> dict[str, list[float]]:
    return {
        "x": list(across),
        "seconds": [case["seconds"] for case in cases],
        "mb": [case["peak_mb"] for case in cases],
    }


def make_report(packs: Path) -> tuple[list[str], dict[str, dict[str, list[float]]]]:
    """Measure everything: lines of Markdown, and the curves."""
    everything = {
        "neighbourhoods to every stop": (Case("neighbourhoods", "stops"), "1 s, 2 GB"),
        "points to every stop": (Case("points", "stops"), "6 s, 2 GB"),
        "neighbourhoods to every stop that is served": (Case("neighbourhoods", "served"), ""),
        "points to every stop that is served": (Case("points", "served"), ""),
        "points to every stop, in parts, all files written": (
            Case("points", "stops", parts=True, rounds=1),
            "",
        ),
    }
    found = {words: run_case(case, packs) for words, (case, _) in everything.items()}
    samples = [run_case(Case("points", "stops", sample=size), packs) for size in SAMPLES]
    samples.append(found["points to every stop"])
    some = [run_case(Case("neighbourhoods", "some", copies=n), packs) for n in COPIES]
    stops = [found["neighbourhoods to every stop"]]
    stops += [run_case(Case("neighbourhoods", "stops", copies=n, rounds=1), packs) for n in COPIES[1:]]
    points = run_case(Case("points", "some", copies=COPIES[-1], rounds=1), packs)
    streets = {
        f"{ON_STREETS}{words}, {origins} to every stop": Case(
            origins, "stops", copies=copies, rounds=1, region=ON_STREETS
        )
        for copies, words in ((1, ""), (COPIES[-1], f", {COPIES[-1]} copies"))
        for origins in ("neighbourhoods", "points")
    }
    on_streets = {words: run_case(case, packs) for words, case in streets.items()}
    curves = {
        "origins": _curve([case["origins"] for case in samples], samples),
        "some": _curve(COPIES, some),
        "stops": _curve(COPIES, stops),
    }
    exponents = {name: slope(curve["x"], curve["seconds"]) for name, curve in curves.items()}
    lines = [
        f"Greater Manchester, two-hour window, exact p50 and p85, {os.cpu_count()} processors, Python "
        f"{platform.python_version()};",
        "from coordinates to the pairs in reach, pack and timetable loaded. Rows are the pairs in reach;",
        "memory is the process's peak, loading included. Every stop: also those that no bus here serves.",
        "Greater Manchester comes without streets here: its walks are straight lines times 1.3, and each",
        "output area has one seeded point in its neighbourhood (no file here says where they lie). Walks",
        "on real streets are in Newport's rows. Copies hold the trips of the date and the days beside it.",
        "",
        "| case | pairs | rows | s | GB | aim |",
        "|---|---|---|---|---|---|",
        *(_row(words, found[words], aim) for words, (_, aim) in everything.items()),
        *(
            _row(f"copies: {n}; neighbourhoods to every stop", case, "")
            for n, case in zip(COPIES[1:], stops[1:], strict=True)
        ),
        *(
            _row(f"copies: {n}; neighbourhoods to 500 stops in all", case, "5 s" if n == COPIES[-1] else "")
            for n, case in zip(COPIES, some, strict=True)
        ),
        _row(f"copies: {COPIES[-1]}; points to 500 stops in all", points, ""),
        *(_row(f"on streets: {words.capitalize()}", case, "") for words, case in on_streets.items()),
        "",
        "Growth, as the exponent of a straight line through the logarithms (1 is linear; under 1 a fixed",
        f"cost shows): {exponents['origins']:.2f} in origins, {SAMPLES[0]} to {samples[-1]['origins']:,};",
        f"{exponents['stops']:.2f} in copies of the region, to every stop of all of them;",
        f"{exponents['some']:.2f} in copies, to 500 stops in all.",
        "",
        "![Seconds and memory against origins and copies](scale.png)",
    ]
    return lines, curves


def draw(curves: dict[str, dict[str, list[float]]], path: Path) -> None:
    """Draw seconds and memory against origins and against copies."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(12, 3.8), constrained_layout=True)
    panels = (
        (axes[0], "Greater Manchester: points to every stop", "origin points", ("origins",)),
        (
            axes[1],
            "Copies of the region side by side",
            "copies (1,702 neighbourhoods)",
            ("stops", "some"),
        ),
    )
    words = {"origins": "measured", "stops": "to every stop of all copies", "some": "to 500 stops in all"}
    for axis, title, label, names in panels:
        for name, marker in zip(names, "os", strict=False):
            x, y = curves[name]["x"], curves[name]["seconds"]
            (line,) = axis.loglog(x, y, marker=marker, label=f"{words[name]} (exponent {slope(x, y):.2f})")
            axis.loglog(x, [y[-1] * one / x[-1] for one in x], "--", color=line.get_color(), alpha=0.4)
        axis.set(title=title, xlabel=label, ylabel="seconds")
        axis.legend(title="dashed: exactly linear", fontsize=8, title_fontsize=8)
    for name, marker in zip(("stops", "some"), "os", strict=True):
        axes[2].plot(curves[name]["x"], np.array(curves[name]["mb"]) / 1000, marker=marker, label=words[name])
    axes[2].set(title="Memory of the process, loading included", xlabel="copies", ylabel="GB", ylim=0)
    axes[2].legend(fontsize=8)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def write_report(lines: list[str], page: Path) -> None:
    """Put the lines between the marks of the page."""
    text = page.read_text(encoding="utf-8")
    block = "\n".join([MARKS[0], *lines, MARKS[1]])
    new, count = re.subn(f"{MARKS[0]}.*?{MARKS[1]}", lambda _: block, text, flags=re.DOTALL)
    if count != 1:
        raise SystemExit(f"{page}: the marks {MARKS} must stand in it once")
    page.write_text(new, encoding="utf-8")


def main() -> int:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--packs", type=Path, default=ROOT / "data" / "packs")
    parser.add_argument("--out", type=Path, help="folder of benchmarks.md and scale.png (docs)")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(measure(Case(**json.loads(options.case)), options.packs)))
        return 0
    for name in (REGION, ON_STREETS):
        if not (options.packs / name).is_dir():
            parser.error(f"--packs {options.packs}: no {name} there; build it with `python -m data build`")
    started = time.perf_counter()
    lines, curves = make_report(options.packs)
    print("\n".join(lines))
    print(f"took {time.perf_counter() - started:.0f} s", file=sys.stderr)
    if options.out:
        draw(curves, options.out / "scale.png")
        write_report(lines, options.out / "benchmarks.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
