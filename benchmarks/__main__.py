"""python -m benchmarks: every figure of docs/benchmarks.md, made in one run.

Needs packs (``--packs DIR`` with newport and greater_manchester, made by
``python -m data build``), the raw files (``--raw``) and, for the ratios, an
environment with the peers (``--peers``, see benchmarks/peers-requirements.txt).
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Worker, run_interleaved
from benchmarks.points import write_newport_points, write_region_points, write_settings
from data.modes import MODES
from data.packio import load_pack

ROOT = Path(__file__).resolve().parents[1]
WORKERS = ROOT / "benchmarks" / "workers"
AREAS = ("newport", "newport_2011", "oldham", "greater_manchester")
GTFS = "newport/bus/newport-20230613_gtfs.zip"
OWN_LOADS = tuple(
    f"{case}_{pack}" for case in ("load", "tables", "ready", "first") for pack in ("built", "prepared")
)
CAFEIN_LOADS = ("load_kept", "load_mapped", "first_kept", "first_mapped")
STREETS = "newport/osm/newport-2023-06-13.osm.pbf"


def _seconds(command: list[str], **env: str) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env={**os.environ, **env})
    return time.perf_counter() - started


def _median_load_s(pack: Path, rounds: int) -> float:
    code = (
        "import time, sys; from data.packio import load_pack; t = time.perf_counter(); "
        "load_pack(sys.argv[1]); print(time.perf_counter() - t)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code, str(pack)], cwd=ROOT, check=True, capture_output=True, text=True
        )
        for _ in range(rounds)
    ]
    return statistics.median(float(run.stdout) for run in runs)


def packs_table(raw: Path, rounds: int) -> list[str]:
    """Build and load of each pack."""
    lines = ["| pack | build s | load s |", "|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        for area in AREAS:
            out = Path(folder) / area
            build = _seconds(
                [
                    sys.executable,
                    "-m",
                    "data",
                    "build",
                    f"data/areas/{area}.toml",
                    "--raw",
                    str(raw),
                    "--out",
                    str(out),
                ]
            )
            lines.append(f"| {area} | {build:.1f} | {_median_load_s(out, rounds):.2f} |")
        lines.append(f"| demo | | {_median_load_s(ROOT / 'data' / 'packs' / 'demo', rounds):.2f} |")
    return lines


def compile_lines() -> list[str]:
    """The first call after installation, and the next one."""
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, "-m", "geo", "warm"]
        first, second = _seconds(command, NUMBA_CACHE_DIR=cache), _seconds(command, NUMBA_CACHE_DIR=cache)
    return [
        f"- `python -m geo warm`, whole process: first time ever {first:.1f} s, from the cache {second:.1f} s"
    ]


def _times(theirs: float | None, ours: float | None) -> str:
    """How many times sooner ours is."""
    return "-" if not theirs or not ours else f"{theirs / ours:.{1 if theirs > ours else 2}f}"


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.1f}"


def _fastest(peer: Worker | None, cases: Sequence[str]) -> float | None:
    """A peer's best median of several ways to answer one question; None where it answered none."""
    medians = [peer.median(case) for case in cases] if peer else []
    return min((seconds for seconds in medians if seconds is not None), default=None)


def newport_lines(raw: Path, packs: Path, peers: Path | None, rounds: int) -> list[str]:
    """All origin points x all places, beside the peers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pack = load_pack(packs / "newport")
        points, settings, feed = folder / "points.csv", folder / "settings.json", folder / "gtfs"
        origins, places = write_newport_points(pack, points)
        assert pack.neighbourhoods is not None
        built, prepared = folder / "built", folder / "prepared"
        for copy in (built, prepared):
            shutil.copytree(packs / "newport", copy, ignore=shutil.ignore_patterns("derived"))
        _seconds([sys.executable, "-m", "geo", "prepare", str(prepared), "--modes", ",".join(MODES)])
        write_settings(
            pack, settings, folder,
            isochrone_origin="-2.997,51.588", built_pack=str(built), prepared_pack=str(prepared),
        )  # fmt: skip
        with zipfile.ZipFile(raw / GTFS) as archive:
            archive.extractall(feed)
        own = Worker(
            "own",
            [sys.executable, "own_worker.py", str(packs / "newport"), str(points), str(settings)],
            WORKERS,
        )
        workers, cases = (
            [own],
            {
                "own": (
                    "single",
                    "window",
                    "window2h",
                    "isochrone",
                    "isochrone_p50",
                    "isochrone_first",
                    "reach_table",
                    "reach_table_first",
                    *OWN_LOADS,
                )
            },
        )
        if peers is not None:
            common = [str(raw / STREETS), str(points), str(settings)]
            workers.append(
                Worker("cafein", [str(peers), "cafein_worker.py", str(raw / GTFS), *common], WORKERS)
            )
            workers.append(
                Worker("ferrobus", [str(peers), "ferrobus_worker.py", str(feed), *common], WORKERS)
            )
            cases["cafein"] = (
                "single_tbtr",
                "single_raptor",
                "window_tbtr",
                "window_raptor",
                "window2h_tbtr",
                "window2h_raptor",
                *CAFEIN_LOADS,
            )
            cases["ferrobus"] = ("single_one_by_one", "single_matrix", "window_matrix")
        for worker in workers:
            worker.start()
        run_interleaved(workers, cases, rounds=rounds)
        for worker in workers:
            worker.stop()
    lines = [
        f"Newport, {origins} origin points x {places} places, all given cold, medians of {rounds} "
        "interleaved turns (of a turn's calls the median, the first not counted):",
        "",
        "| case | ms | cafein ms | ratio | ferrobus ms | ratio |",
        "|---|---|---|---|---|---|",
    ]
    by_name = {worker.name: worker for worker in workers}
    for title, mine, theirs, ferro in (
        ("one departure", "single", ("single_tbtr", "single_raptor"), ("single_one_by_one", "single_matrix")),
        ("60-minute window, p50 and p85", "window", ("window_tbtr", "window_raptor"), ("window_matrix",)),
        ("two-hour window, p50 and p85", "window2h", ("window2h_tbtr", "window2h_raptor"), ()),
    ):
        own_s = own.median(mine)
        peers_s = [_fastest(by_name.get("cafein"), theirs), _fastest(by_name.get("ferrobus"), ferro)]
        ratios = [f"{other / own_s:.1f}" if other and own_s else "-" for other in peers_s]
        lines.append(
            f"| {title} | {_ms(own_s)} | {_ms(peers_s[0])} | {ratios[0]} | {_ms(peers_s[1])} | {ratios[1]} |"
        )
    loads = ", ".join(f"{w.name} {w.median('load'):.2f} s, {w.peak_mb:.0f} MB" for w in workers)
    best, median = _ms(own.median("isochrone")), _ms(own.median("isochrone_p50"))
    return [
        *lines,
        "",
        f"- isochrone of 45 minutes on a 50 m grid, polygons included: best {best} ms, median {median} ms; "
        f"the first to a prepared pack, opening it included: {_ms(own.median('isochrone_first'))} ms",
        "- reach table with classes, reasons and two boardings, default query: "
        f"{_ms(own.median('reach_table'))} ms; the first: {_ms(own.median('reach_table_first'))} ms",
        *load_lines(own, by_name.get("cafein")),
        "- load from nothing (own: built pack, graph and timetable; peers: raw files) and peak memory: "
        + loads,
    ]


def load_lines(own: Worker, cafein: Worker | None) -> list[str]:
    """Loading, and from there to a first answer, ours beside each of cafein's ways."""
    names = {"raw": "load", "saved": "load_kept", "mapped": "load_mapped"}
    theirs = {name: cafein.median(case) if cafein else None for name, case in names.items()}
    head = ["case", "ms", *(f"times sooner than cafein {name} ({_ms(s)} ms)" for name, s in theirs.items())]
    lines = ["", f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for title, case in (
        ("built pack: tables read and checked", "load_built"),
        ("built pack: every table made a frame too", "tables_built"),
        ("built pack, to the first question: graph, hub labels, timetable", "ready_built"),
        ("prepared pack: opened", "load_prepared"),
        ("prepared pack, to the first question: graph, hub labels, timetable", "ready_prepared"),
    ):
        own_s = own.median(case)
        ratios = [_times(other, own_s) for other in theirs.values()]
        lines.append(f"| {' | '.join([title, _ms(own_s), *ratios])} |")
    saved, mapped = (cafein.median(case) if cafein else None for case in ("first_kept", "first_mapped"))
    first_s = own.median("first_prepared")
    return [
        *lines,
        "",
        "- from the files to the first answer, one departure from one point to all places: built pack "
        f"{_ms(own.median('first_built'))} ms, prepared {_ms(first_s)} ms; "
        f"cafein saved {_ms(saved)} ms ({_times(saved, first_s)} times), "
        f"mapped {_ms(mapped)} ms ({_times(mapped, first_s)} times)",
    ]


def region_lines(packs: Path, rounds: int) -> list[str]:
    """Greater Manchester: every neighbourhood x 500 points, two-hour window."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pack = load_pack(packs / "greater_manchester")
        points, settings = folder / "points.csv", folder / "settings.json"
        origins, places = write_region_points(pack, points)
        write_settings(pack, settings, folder)
        own = Worker(
            "own",
            [sys.executable, "own_worker.py", str(packs / "greater_manchester"), str(points), str(settings)],
            WORKERS,
        )
        own.start()
        run_interleaved([own], {"own": ("single", "window2h")}, rounds=rounds)
        own.stop()
    return [
        f"- Greater Manchester, {origins} x {places}, cold: one departure {_ms(own.median('single'))} ms, "
        f"two-hour window {_ms(own.median('window2h'))} ms; load {own.median('load'):.2f} s; "
        f"peak {own.peak_mb:.0f} MB"
    ]


def main() -> int:
    """Run the parts asked for and print (or write) Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--raw", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--packs", type=Path, default=ROOT / "data" / "packs")
    parser.add_argument("--peers", type=Path, help="the python of the peers' environment")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", nargs="+", choices=("packs", "compile", "newport", "region", "browser"))
    parser.add_argument("--out", type=Path, help="write Markdown here too")
    options = parser.parse_args()
    if not options.raw.is_dir():
        parser.error(f"--raw {options.raw}: no such directory; the benchmarks need the real files")
    only = options.only or ("packs", "compile", "newport", "region", "browser")
    lines = [
        f"Conditions: {os.cpu_count()} processors, Python {platform.python_version()}, {platform.system()}.",
        "",
    ]
    parts = {
        "packs": lambda: packs_table(options.raw, options.rounds),
        "compile": compile_lines,
        "newport": lambda: newport_lines(options.raw, options.packs, options.peers, options.rounds),
        "region": lambda: region_lines(options.packs, options.rounds),
        "browser": lambda: _browser_lines(options.packs, options.rounds),
    }
    for part in only:
        found = ["", *parts[part]()]
        print("\n".join(found), flush=True)
        lines += found
    if options.out:
        options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


def _browser_lines(packs: Path, rounds: int) -> list[str]:
    from benchmarks.browser import browser_lines

    return browser_lines(packs, rounds)


if __name__ == "__main__":
    sys.exit(main())
