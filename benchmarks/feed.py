"""python -m benchmarks.feed --raw DIR: how long a region's timetable takes, and how much memory.

Two figures: building Oldham from the feed of all Greater Manchester (under 20 s),
and streaming a stop_times of 400 MB, made by repeating that feed's under new trip
ids, clipped to Oldham (under 60 s and 1 GB). Each runs in a process of its own.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import peak_mb

ROOT = Path(__file__).resolve().parents[1]
GTFS = "greater_manchester/tfgm_cif2018_357services_built_gtfs.zip"
STOPS = "greater_manchester/TfGMStoppingPoints.csv"
BYTES = 400_000_000
MARGIN_M = 10_000
LIMITS = {"build": (20.0, None), "stream": (60.0, 1000.0)}


def _repeat(lines: list[bytes], copies: int, column: int) -> Iterator[bytes]:
    """The header, then every row ``copies`` times with a trip id of its own."""
    yield lines[0]
    for copy in range(copies):
        mark = b"" if copy == 0 else b"c%d-" % copy
        for start in range(1, len(lines), 100_000):
            rows = []
            for line in lines[start : start + 100_000]:
                cells = line.split(b",")
                cells[column] = mark + cells[column]
                rows.append(b",".join(cells))
            yield b"".join(rows)


def write_large_feed(source: Path, target: Path, size: int = BYTES) -> tuple[int, int]:
    """Write a feed whose stop_times has ``size`` bytes or a little more; return its bytes and copies."""
    written = 0
    with (
        zipfile.ZipFile(source) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        copies = -(-size // old.getinfo("stop_times.txt").file_size)
        for item in old.infolist():
            if item.filename not in ("trips.txt", "stop_times.txt"):
                new.writestr(item, old.read(item))
                continue
            lines = io.BytesIO(old.read(item)).readlines()
            if not lines[-1].endswith(b"\n"):
                lines[-1] += b"\n"
            column = lines[0].decode("utf-8-sig").strip().split(",").index("trip_id")
            with new.open(item.filename, "w", force_zip64=True) as stream:
                for piece in _repeat(lines, copies, column):
                    stream.write(piece)
                    written += len(piece) if item.filename == "stop_times.txt" else 0
    return written, copies


def _build(raw: Path) -> dict[str, object]:
    """Oldham's pack, but from the feed and the stops of all Greater Manchester."""
    from data.build import build_pack
    from data.config import AreaConfig, load_config

    config = load_config(ROOT / "data" / "areas" / "oldham.toml")
    values = config.model_dump()
    values["timetable"]["gtfs"]["file"] = GTFS
    values["stops"]["file"] = STOPS
    started = time.perf_counter()
    pack = build_pack(AreaConfig.model_validate(values), raw)
    return {"seconds": time.perf_counter() - started, "trips": len(pack.feed.trips)}


def _stream(raw: Path, feed: Path) -> dict[str, object]:
    """Only the reading of the feed, clipped as the build clips it."""
    import shapely

    from data.build import resolve_raw
    from data.config import load_config
    from data.sources.boundaries import read_areas
    from data.sources.faultlog import FaultLog
    from data.sources.gtfs import read_gtfs

    config = load_config(ROOT / "data" / "areas" / "oldham.toml")
    assert config.neighbourhoods is not None
    areas = read_areas(
        resolve_raw(raw, config.neighbourhoods.boundaries), crs="EPSG:27700",
        id_column=config.neighbourhoods.id_column, log=FaultLog("neighbourhoods"),
    )  # fmt: skip
    clip = shapely.union_all(areas.geometry.to_numpy())
    started = time.perf_counter()
    result = read_gtfs(feed, crs="EPSG:27700", clip=clip, margin_m=MARGIN_M)
    return {"seconds": time.perf_counter() - started, "trips": len(result.feed.trips)}


def _measure(*arguments: str) -> dict[str, float]:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.feed", *arguments],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return found


def main() -> int:
    """Print both figures, with the machine's load; 1 when one is over its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, required=True)
    parser.add_argument("--only", choices=("build", "stream"), help=argparse.SUPPRESS)
    parser.add_argument("--feed", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    raw = options.raw.resolve()
    if options.only:
        found = _build(raw) if options.only == "build" else _stream(raw, options.feed)
        print(json.dumps({**found, "peak_mb": peak_mb()}))
        return 0
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    figures = {"build": _measure("--raw", str(raw), "--only", "build")}
    with tempfile.TemporaryDirectory() as folder:
        feed = Path(folder) / "large.zip"
        size, copies = write_large_feed(raw / GTFS, feed)
        print(f"stop_times: {size / 1e6:.0f} MB, {copies} copies; zip {feed.stat().st_size / 1e6:.0f} MB")
        figures["stream"] = _measure("--raw", str(raw), "--only", "stream", "--feed", str(feed))
    print(f"load after: {os.getloadavg()[0]:.1f}")
    over = False
    for name, figure in figures.items():
        seconds, megabytes = LIMITS[name]
        over |= figure["seconds"] > seconds or (megabytes is not None and figure["peak_mb"] > megabytes)
        print(
            f"{name}: {figure['seconds']:.1f} s (limit {seconds:.0f}), peak {figure['peak_mb']:.0f} MB "
            f"(limit {megabytes or 'none'}), {figure['trips']:.0f} trips kept"
        )
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
