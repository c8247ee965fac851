"""The feeds that are compared on, as packs, points and files for every engine."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
import json
import subprocess
import sys
import tarfile
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.points import SEED, write_newport_points
from benchmarks.validation.street_files import write_by_rules, write_grid, write_joined
from data.packio import load_pack
from data.points import read_points
from geo.engine import Engine
from geo.snap import Snapped
from geo.walkgraph import WalkGraph

ROOT = Path(__file__).resolve().parents[2]
NEWPORT_GTFS = "newport/bus/newport-20230613_gtfs.zip"
NEWPORT_STREETS = "newport/osm/newport-2023-06-13.osm.pbf"
CAIRNS_IN_SDIST = "data/cairns_gtfs.zip"
CAIRNS_CRS = "EPSG:28355"
CAIRNS_CONFIG = """
area_id = "cairns"
name = "Cairns"
crs = "EPSG:28355"
[publishers.translink]
owner = "Department of Transport and Main Roads, Queensland"
licence = "as carried by gtfs_kit"
attribution = "TransLink, by way of gtfs_kit"
[timetable]
nation = "none"
[timetable.gtfs]
file = "gtfs.zip"
title = "Bus timetables, Cairns"
publisher = "translink"
[streets.osm]
file = "grid.osm.pbf"
title = "A made-up grid of streets"
publisher = "translink"
"""
STREET_RULES = {
    "closed": "closed",
    "open": "closed open",
    "squares": "closed open squares",
    "pieces": "closed open squares pieces",
}


@dataclass(frozen=True)
class Case:
    """One feed made ready: files by name, for all engines the same."""

    name: str
    pack: Path
    points: Path
    gtfs: Path
    # Folders: "raw"; "split", a route for every pattern of the date; "near", also no stops off the streets.
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


def make_cairns(sdist: Path, folder: Path, *, points: int = 150) -> Case:
    """Cairns: the feed that gtfs_kit's source archive carries, on a made-up grid of streets."""
    with tarfile.open(sdist) as archive:
        member = next(name for name in archive.getnames() if name.endswith(CAIRNS_IN_SDIST))
        content = archive.extractfile(member)
        assert content is not None
        (folder / "gtfs.zip").write_bytes(content.read())
    with zipfile.ZipFile(folder / "gtfs.zip") as archive, archive.open("stops.txt") as file:
        stops = pd.read_csv(file)
    lon, lat = stops["stop_lon"].to_numpy(float), stops["stop_lat"].to_numpy(float)
    write_grid(lon, lat, folder / "grid.osm.pbf", CAIRNS_CRS, block_m=100, reach_m=900)
    (folder / "cairns.toml").write_text(CAIRNS_CONFIG, encoding="utf-8")
    pack = folder / "pack"
    command = [sys.executable, "-m", "data", "build", str(folder / "cairns.toml"), "--raw", str(folder)]
    subprocess.run([*command, "--out", str(pack)], cwd=ROOT, check=True, capture_output=True)
    draw = np.random.default_rng(SEED)
    rows = []
    for role in ("origin", "destination"):
        near = draw.choice(len(stops), points)
        shift = draw.uniform(-0.004, 0.004, (2, points))  # some 400 m either way
        for number, stop in enumerate(near.tolist()):
            place = (round(lon[stop] + shift[0, number], 6), round(lat[stop] + shift[1, number], 6))
            rows.append((f"{role[0]}{number:03d}", *place, role))
    pd.DataFrame(rows, columns=["id", "lon", "lat", "role"]).to_csv(folder / "points.csv", index=False)
    return _make_case(
        "Cairns", pack, folder / "gtfs.zip", folder / "grid.osm.pbf", folder, real_streets=False
    )


def _make_case(
    name: str, pack_path: Path, gtfs: Path, raw: Path, folder: Path, *, real_streets: bool
) -> Case:
    pack = load_pack(pack_path)
    engine = Engine(pack)
    graph = engine.graph(False)
    assert isinstance(graph, WalkGraph)
    file = folder / "points.csv"
    ends = [engine.snap(False, read_points(file, crs=pack.crs)), engine.snapped_stops(False)]
    places = Snapped(
        *(np.concatenate([getattr(end, part.name) for end in ends]) for part in dataclasses.fields(Snapped))
    )
    streets = {"raw": raw}
    for rules_name, rules in STREET_RULES.items() if real_streets else ():
        target = folder / f"{rules_name}.osm.pbf"
        streets[rules_name] = write_by_rules(raw, target, pack.crs, frozenset(rules.split()))
    streets["joined"] = write_joined(pack, graph, places, folder / "joined.osm.pbf")
    date = pack.manifest.timetable.service_date
    with zipfile.ZipFile(gtfs) as archive:
        archive.extractall(folder / "feed")
    split_by_pattern(folder / "feed", folder / "split", date)
    stops = engine.snapped_stops(False)
    on_streets = set(pack.stops["stop_id"].to_numpy()[~stops.outside].tolist())
    split_by_pattern(folder / "feed", folder / "near", date, stops=on_streets)
    points = pd.read_csv(file)
    ids = [points.loc[points["role"] == role, "id"].tolist() for role in ("origin", "destination")]
    feeds = {"raw": folder / "feed", "split": folder / "split", "near": folder / "near"}
    zone = pack.manifest.timetable.timezone
    return Case(name, pack_path, file, gtfs, feeds, streets, real_streets, zone, date, *ids)


def read_csv(folder: Path, name: str) -> list[dict[str, str]]:
    """Rows of one file of a feed; none where it is absent."""
    path = folder / name
    if not path.is_file():
        return []
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def services_of(folder: Path, date: dt.date) -> set[str]:
    """Services that run on a date, from the raw files alone."""
    day = date.strftime("%A").lower()
    stamp = date.strftime("%Y%m%d")
    running = {
        row["service_id"]
        for row in read_csv(folder, "calendar.txt")
        if row[day] == "1" and row["start_date"] <= stamp <= row["end_date"]
    }
    for row in read_csv(folder, "calendar_dates.txt"):
        if row["date"] == stamp:
            (running.add if row["exception_type"] == "1" else running.discard)(row["service_id"])
    return running


def split_by_pattern(source: Path, target: Path, date: dt.date, *, stops: set[str] | None = None) -> None:
    """Write a feed of the date's trips in which every sequence of stops is a route of its own.

    ``stops``: calls at any other stop are left out, and so are those stops.
    """
    target.mkdir(exist_ok=True)
    running = services_of(source, date)
    calls: dict[str, list[tuple[int, str]]] = defaultdict(list)
    kept_stops = [row for row in read_csv(source, "stops.txt") if stops is None or row["stop_id"] in stops]
    times = [row for row in read_csv(source, "stop_times.txt") if stops is None or row["stop_id"] in stops]
    for row in times:
        calls[row["trip_id"]].append((int(row["stop_sequence"]), row["stop_id"]))
    routes = {row["route_id"]: row for row in read_csv(source, "routes.txt")}
    number: dict[tuple[str, tuple[str, ...]], str] = {}
    trips = []
    for row in read_csv(source, "trips.txt"):
        if row["service_id"] in running:
            key = (row["route_id"], tuple(stop for _, stop in sorted(calls[row["trip_id"]])))
            if len(key[1]) < 2:
                continue
            trips.append({**row, "route_id": number.setdefault(key, f"pattern{len(number)}")})
    kept = {row["trip_id"] for row in trips}
    tables = {
        "routes.txt": [{**routes[route], "route_id": name} for (route, _), name in number.items()],
        "trips.txt": trips,
        "stop_times.txt": [row for row in times if row["trip_id"] in kept],
    }
    tables["stops.txt"] = kept_stops
    for name in ("agency.txt", "calendar.txt", "calendar_dates.txt"):
        tables[name] = read_csv(source, name)
    for name, rows in tables.items():
        if rows:
            with (target / name).open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)


def common_settings(case: Case) -> dict[str, object]:
    """What is the same on both sides from the start."""
    return {
        "pack": str(case.pack),
        "points": str(case.points),
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
