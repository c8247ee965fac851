"""The fictional borough of Fernley Vale: a seeded generator of raw source files.

Nothing here is real: people, streets, buses and services come out of a random
number generator with a fixed seed. The files are of the same kinds as real
ones, and the same ``build`` reads them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from data.demo.borough import Borough, build_borough
from data.demo.circumstances import write_circumstances
from data.demo.land import AREA_ID, SEED, SKETCH_UNIT_M
from data.demo.services import build_services
from data.demo.timetable import build_gtfs
from data.demo.write import (
    write_boundaries,
    write_census,
    write_gtfs,
    write_osm,
    write_output_areas,
    write_places,
    write_postcodes,
    write_stops,
    write_table,
    write_wards,
)
from data.progress import BarProgress, Progress, SilentProgress
from data.template.columns import HEADERS

CONFIG_FILE = Path(__file__).resolve().parents[1] / "areas" / "demo.toml"
PACK_DIR = Path(__file__).resolve().parents[1] / "packs" / AREA_ID

DRAWING_STEPS = 5

__all__ = ["CONFIG_FILE", "PACK_DIR", "build_borough", "run_demo", "write_raw"]


def write_raw(out: Path, seed: int = SEED, progress: Progress | None = None) -> Path:
    """Write the borough's raw source files.

    Parameters
    ----------
    out : Path
        Folder for them; made where it doesn't exist.
    seed : int
        The same seed gives the same bytes.
    progress : Progress, optional
        Told the ``DRAWING_STEPS`` steps; silent when not given.

    Returns
    -------
    Path
        ``out``: the folder to give to ``build`` as ``--raw`` with ``data/areas/demo.toml``.
    """
    borough: Borough = build_borough(seed, progress)
    (progress or SilentProgress()).step("writing raw files")
    demo = out / "demo"
    write_gtfs(demo / "bus" / "fernley_vale_gtfs.zip", build_gtfs(borough.buses))
    tram = next(p.path for p in borough.buses.patterns if p.line.route_type == 0)
    write_osm(
        demo / "osm" / "fernley_vale.osm",
        borough.network,
        borough.land,
        borough.greens,
        tram,
        borough.amenities,
    )
    write_boundaries(demo / "boundaries" / "neighbourhoods.geojson", borough.areas)
    write_wards(demo / "lookups" / "lsoa_ward.csv", borough.areas)
    write_census(demo / "census" / "ts021_nomis.csv", borough.areas, borough.counts)
    write_circumstances(demo / "census", borough.areas, borough.counts, np.random.default_rng([seed, 101]))
    write_output_areas(demo / "census" / "output_area_points.csv", borough.output_areas)
    write_postcodes(demo / "lookups" / "postcodes.csv", borough.postcodes)
    write_stops(demo / "bus" / "naptan.csv", borough.buses.stops)
    write_places(demo / "services" / "osm_amenities.csv", borough.amenities)
    services = build_services(
        borough.amenities, borough.finder, SKETCH_UNIT_M, np.random.default_rng([seed, 100])
    )
    write_table(demo / "services" / "services.csv", HEADERS, [[row[h] for h in HEADERS] for row in services])
    return out


def run_demo(raw: Path | None = None, out: Path | None = None) -> Path:
    """Write the raw files and build the demo's pack from them, with a progress bar on stderr.

    Parameters
    ----------
    raw : Path, optional
        Where to leave the raw files; a temporary folder that is removed, when not given.
    out : Path, optional
        The pack's folder; ``data/packs/demo`` when not given.

    Returns
    -------
    Path
        The pack's folder.
    """
    from data.build import STEPS, build_pack  # slow imports only where needed
    from data.config import load_config
    from data.packio import write_pack

    with tempfile.TemporaryDirectory() as folder, BarProgress(DRAWING_STEPS + STEPS + 1) as progress:
        place = write_raw(raw or Path(folder), progress=progress)
        pack = build_pack(load_config(CONFIG_FILE), place, progress)
        progress.step("writing the pack")
        return write_pack(pack, out or PACK_DIR)
