"""What is compared on: feeds with their streets, origins and destinations, as files for every engine."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.points import SEED, write_newport_points
from benchmarks.validation.feeds import read_csv, write_feed, write_timed
from benchmarks.validation.street_files import write_grid, write_joined, write_links
from benchmarks.validation.street_rules import write_street_files
from data.packio import load_pack
from data.points import read_points
from geo.engine import Engine
from geo.snap import Snapped
from geo.walkgraph import WalkGraph

ROOT = Path(__file__).resolve().parents[2]
NEWPORT_GTFS = "newport/bus/newport-20230613_gtfs.zip"
NEWPORT_STREETS = "newport/osm/newport-2023-06-13.osm.pbf"
CAIRNS_IN_SDIST = "data/cairns_gtfs.zip"
COQUIMBO_IN_WHEEL = "aequilibrae/reference_files/coquimbo.zip"
CONFIG = """
area_id = "{area}"
name = "{name}"
crs = "{crs}"
[publishers.package]
owner = "{owner}"
licence = "as carried by {package}"
attribution = "{owner}, by way of {package}"
[timetable]
nation = "none"
[timetable.gtfs]
file = "gtfs.zip"
title = "Bus timetables, {name}"
publisher = "package"
[streets.osm]
file = "streets.osm.pbf"
title = "Streets, {name}"
publisher = "package"
"""


@dataclass(frozen=True)
class Case:
    """One feed made ready: files by name, for all engines the same.

    Attributes
    ----------
    feeds : folders: "raw"; "timed", blank times filled in; "dated", the date's trips only; "lanes",
        also a route for every lane of them (none overtakes another); "near", also no stops off the
        streets
    streets : street files: "raw"; those of ``write_street_files`` where the streets are a map's;
        "joined" and "parted" (``write_joined``)
    """

    name: str
    pack: Path
    points: Path
    gtfs: Path
    feeds: dict[str, Path]
    streets: dict[str, Path]
    real_streets: bool
    timezone: str
    date: dt.date
    origins: list[str]
    destinations: list[str]
    minutes: int = 60


def make_newport(raw: Path, pack: Path, folder: Path) -> Case:
    """Newport: every origin point and place inside the streets."""
    write_newport_points(load_pack(pack), folder / "points.csv")
    return _make_case("Newport", pack, raw / NEWPORT_GTFS, raw / NEWPORT_STREETS, folder, real_streets=True)


def make_cairns(sdist: Path, folder: Path) -> Case:
    """Cairns: the feed that gtfs_kit's source archive carries, on a made-up grid of streets."""
    with tarfile.open(sdist) as archive:
        member = next(name for name in archive.getnames() if name.endswith(CAIRNS_IN_SDIST))
        content = archive.extractfile(member)
        if content is None:
            raise FileNotFoundError(f"{sdist}: {member} is no file")
        (folder / "gtfs.zip").write_bytes(content.read())
    lon, lat = _read_stops(folder / "gtfs.zip")
    crs = "EPSG:28355"
    write_grid(lon, lat, folder / "streets.osm.pbf", crs, block_m=100, reach_m=900)
    owner = "Department of Transport and Main Roads, Queensland"
    config = CONFIG.format(area="cairns", name="Cairns", crs=crs, owner=owner, package="gtfs_kit")
    return _make_package_case("Cairns", config, folder, real_streets=False)


def make_coquimbo(wheel: Path, folder: Path) -> Case:
    """Coquimbo: the feed and the streets that AequilibraE's wheel carries."""
    with zipfile.ZipFile(wheel) as archive:
        (folder / "coquimbo.zip").write_bytes(archive.read(COQUIMBO_IN_WHEEL))
    with zipfile.ZipFile(folder / "coquimbo.zip") as archive:
        (folder / "gtfs.zip").write_bytes(archive.read("gtfs_coquimbo.zip"))
        (folder / "project.sqlite").write_bytes(archive.read("project_database.sqlite"))
    write_links(folder / "project.sqlite", folder / "streets.osm.pbf")
    config = CONFIG.format(
        area="coquimbo", name="Coquimbo", crs="EPSG:32719", owner="LISERCO; OpenStreetMap contributors",
        package="AequilibraE",
    )  # fmt: skip
    return _make_package_case("Coquimbo", config, folder, real_streets=True)


def _read_stops(gtfs: Path) -> tuple[np.ndarray, np.ndarray]:
    with zipfile.ZipFile(gtfs) as archive, archive.open("stops.txt") as file:
        stops = pd.read_csv(file)
    return stops["stop_lon"].to_numpy(float), stops["stop_lat"].to_numpy(float)


def _make_package_case(
    name: str, config: str, folder: Path, *, real_streets: bool, points: int = 100
) -> Case:
    """Build a pack of ``gtfs.zip`` and ``streets.osm.pbf``, and draw places near stops and streets."""
    (folder / "area.toml").write_text(config, encoding="utf-8")
    pack = folder / "pack"
    command = [sys.executable, "-m", "data", "build", str(folder / "area.toml"), "--raw", str(folder)]
    subprocess.run([*command, "--out", str(pack)], cwd=ROOT, check=True, capture_output=True)
    lon, lat = _read_stops(folder / "gtfs.zip")
    draw = np.random.default_rng(SEED)
    drawn = []
    for role in ("origin", "destination"):
        near = draw.choice(len(lon), 2 * points)
        shift = draw.uniform(-0.004, 0.004, (2, 2 * points))  # some 400 m either way
        drawn.append(pd.DataFrame({"lon": lon[near] + shift[0], "lat": lat[near] + shift[1], "role": role}))
    table = pd.concat(drawn, ignore_index=True).round(6)
    table.insert(0, "id", table["role"].str[0] + (table.index % (2 * points)).astype(str).str.zfill(3))
    table.to_csv(folder / "drawn.csv", index=False)
    loaded = load_pack(pack)
    inside = ~Engine(loaded).snap(False, read_points(folder / "drawn.csv", crs=loaded.crs)).outside
    table[inside].groupby("role").head(points).to_csv(folder / "points.csv", index=False)
    gtfs, streets = folder / "gtfs.zip", folder / "streets.osm.pbf"
    return _make_case(name, pack, gtfs, streets, folder, real_streets=real_streets)


def _make_case(
    name: str, pack_path: Path, gtfs: Path, raw: Path, folder: Path, *, real_streets: bool
) -> Case:
    pack = load_pack(pack_path)
    engine = Engine(pack)
    graph = engine.graph(False)
    if not isinstance(graph, WalkGraph):
        raise TypeError(f"{pack_path}: a pack with streets is needed")
    file = folder / "points.csv"
    stops = engine.snapped_stops(False)
    ends = [engine.snap(False, read_points(file, crs=pack.crs)), stops]
    places = Snapped(
        *(np.concatenate([getattr(end, part.name) for end in ends]) for part in dataclasses.fields(Snapped))
    )
    streets = {"raw": raw} | (write_street_files(raw, folder, pack.crs) if real_streets else {})
    for joined, parted in (("joined", False), ("parted", True)):
        streets[joined] = write_joined(pack, graph, places, folder / f"{joined}.osm.pbf", parted=parted)
    date = pack.manifest.timetable.service_date
    with zipfile.ZipFile(gtfs) as archive:
        archive.extractall(folder / "feed")
    source = folder / "feed"
    on_streets = set(pack.stops["stop_id"].to_numpy()[~stops.outside].tolist())
    feeds = {
        "raw": source,
        "timed": write_timed(source, folder / "timed"),
        "dated": write_feed(source, folder / "dated", date),
        "lanes": write_feed(source, folder / "lanes", date, lanes=True),
        "near": write_feed(source, folder / "near", date, lanes=True, stops=on_streets),
    }
    points = pd.read_csv(file)
    ids = [points.loc[points["role"] == role, "id"].tolist() for role in ("origin", "destination")]
    zone = pack.manifest.timetable.timezone
    return Case(name, pack_path, file, gtfs, feeds, streets, real_streets, zone, date, *ids)


def describe_case(case: Case) -> str:
    """Say in a line how large a case is: the feed of its date, the places, the pairs."""
    calls = read_csv(case.feeds["dated"], "stop_times.txt")
    trips, stops = (len({row[name] for row in calls}) for name in ("trip_id", "stop_id"))
    return (
        f"{case.name}, {case.date:%A} {case.date.day} {case.date:%B %Y}: {trips:,} trips with {len(calls):,} "
        f"calls at {stops:,} stops; {len(case.origins)} x {len(case.destinations)} pairs at {case.minutes} "
        "minutes from 09:30 on."
    )


def common_settings(case: Case) -> dict[str, object]:
    """What is the same on both sides from the start."""
    return {
        "pack": str(case.pack),
        "points": str(case.points),
        "folder": str(case.points.parent),  # where a worker may keep what it makes
        "raw_feed": str(case.feeds["raw"]),
        "service_date": case.date.isoformat(),
        "timezone": case.timezone,
        "window_start": "09:30",
        "window_minutes": case.minutes,
        "walk_speed_kmh": 4.8,
        "max_walk_m": 640,
        "threads": 2,
    }


def write_json(path: Path, settings: dict[str, object]) -> Path:
    path.write_text(json.dumps(settings), encoding="utf-8")
    return path
