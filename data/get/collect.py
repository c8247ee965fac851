"""Bringing every raw file of an area, each counted against what must be there."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from data.coordinates import BRITISH_GRID, LON_LAT, between
from data.errors import DownloadError, SourceError, UsageError
from data.fetch import bods, deprivation, naptan, nomis, open_geography, postcodes, streets, wimd
from data.fetch.authorities import Authority
from data.fetch.download import ByteProgress
from data.fetch.http import Client
from data.fetch.result import Fetched
from data.get.extract import take_extract
from data.get.options import MARGIN_M, GetOptions
from data.get.school_dates import WORDS as SCHOOL_WORDS
from data.get.school_dates import read_school_dates
from data.get.services import fetch_services

Bar = Callable[[str], AbstractContextManager[ByteProgress]]


@dataclass(frozen=True)
class RawArea:
    """The raw files of an area.

    Attributes
    ----------
    root : the folder that paths of the configuration start at
    folder : the area's own folder below it
    files : what was brought, by what it is for
    codes : neighbourhoods, from the boundaries
    missing : sentences on what could not be had, for the page
    school_dates : school terms and holidays that the user gave, as ``[timetable]`` has them
    """

    root: Path
    folder: Path
    files: dict[str, Fetched]
    codes: tuple[str, ...]
    missing: tuple[str, ...] = field(default=())
    school_dates: dict[str, Any] | None = None

    def relative(self, key: str) -> str:
        """The path of a file as the configuration writes it."""
        return self.files[key].path.relative_to(self.root).as_posix()


def collect(
    client: Client, authorities: Sequence[Authority], options: GetOptions, area_id: str, root: Path, bar: Bar
) -> RawArea:
    """Bring every raw file into ``root``; what is there and fresh is not fetched again.

    Small and quick answers come first, so that what can't work is known before a
    gigabyte was waited for.

    Raises
    ------
    DownloadError
        When a source can't be had whole. What arrived stays, and a next run goes on from there.
    """
    folder, shared = folder_of(root, area_id), root / "shared"
    files: dict[str, Fetched] = {}
    missing: list[str] = []

    client.tell("boundaries")
    files["boundaries"] = open_geography.fetch_boundaries(client, authorities, folder / "boundaries.geojson")
    codes = tuple(open_geography.read_codes(files["boundaries"].path))
    client.tell("output areas")
    files["output_areas"] = open_geography.fetch_output_areas(client, codes, folder / "output_areas.geojson")
    parents = open_geography.read_parents(files["output_areas"].path)
    client.tell("residents by output area")
    files["people"] = nomis.fetch_output_area_people(
        client, authorities, parents, folder / "output_area_people.csv"
    )
    for table in nomis.TABLES:
        client.tell(f"census table {table}")
        files[table] = nomis.fetch_census(client, authorities, table, codes, folder / f"{table.lower()}.csv")
    files["lookup"] = open_geography.fetch_lookup(client, authorities, folder / "lsoa_2011_2021.csv")

    try:
        files["wards"] = open_geography.fetch_wards(client, codes, folder / "wards.csv")
    except DownloadError as error:
        if error.status != 404:
            raise
        missing.append(
            "Wards aren't known: Open Geography's lookup has another name now (services.ward_lookup in "
            "data/fetch/addresses.toml). Totals are by neighbourhood and for the whole place."
        )

    area = read_area(files["boundaries"].path)
    atco = naptan.choose_atco_areas(authorities)
    with bar("stops") as progress:
        name = f"naptan_{'_'.join(atco) or 'all'}.csv"
        files["stops"] = naptan.fetch_stops(client, atco, shared / name, progress=progress)
    with bar("postcodes") as progress:
        files["postcodes"] = postcodes.fetch_postcodes(
            client, grid_box(area, MARGIN_M), shared / "code_point_open.zip", folder / "postcodes.csv",
            progress=progress,
        )  # fmt: skip
    with bar("deprivation") as progress:
        found = deprivation.fetch_deprivation(
            client, codes, shared / "deprivation_2025.csv", folder / "deprivation.csv", progress=progress
        )
    if found is not None:
        files["deprivation"] = found
    if welsh := wimd.read_old_codes(files["lookup"].path):
        with bar("deprivation in Wales") as progress:
            files["wimd"] = wimd.fetch_wimd(
                client, welsh, shared / "wimd.ods", folder / "wimd.csv", progress=progress
            )
        missing.append(str(client.source("wimd").settings["remark"]))
    if options.streets is not None:
        client.tell(f"streets: cutting the area out of {options.streets.name}")
        files["streets"] = take_extract(
            options.streets, files["boundaries"].path, folder / "streets.osm.pbf", margin_m=MARGIN_M
        )
    else:
        with bar("streets") as progress:
            files["streets"] = streets.fetch_streets(client, area, folder / "streets.osm", progress=progress)
    client.tell("regions of timetables that the area and its margin touch")
    for number, region in enumerate(bods.choose_regions(client, authorities, area, MARGIN_M)):
        with bar(f"timetable ({region})") as progress:
            key = "timetable" if number == 0 else f"timetable_{region}"
            files[key] = bods.fetch_timetable(
                client, region, shared / f"bods_{region}.zip", progress=progress
            )
    if options.services_file is not None:
        given = options.services_file
        files["services"] = _take_file(
            given, folder / f"services{given.suffix.lower()}", "services", f"Services: {given.name}"
        )
    elif options.services_url is not None:
        with bar("services") as progress:
            files["services"] = fetch_services(client, options.services_url, folder, progress=progress)
    else:
        missing.append(
            "No register of services was given (--services FILE or address): the places are OpenStreetMap's, "
            "a starting list that nobody has checked."
        )
    school_dates = None
    if options.school_dates is not None:
        school_dates = read_school_dates(options.school_dates)
    else:
        missing.append(SCHOOL_WORDS)
    return RawArea(root, folder, files, codes, tuple(missing), school_dates)


def folder_of(root: Path, area_id: str) -> Path:
    """Return an area's own folder of raw files."""
    return root / "areas" / area_id


def read_area(boundaries: Path) -> shapely.Geometry:
    """Return the neighbourhoods together, in degrees."""
    features = json.loads(boundaries.read_text(encoding="utf-8"))["features"]
    shapes = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])
    return shapely.union_all(shapely.make_valid(shapes))


def grid_box(area: shapely.Geometry, margin_m: float) -> tuple[float, float, float, float]:
    """Return the box around an area (in degrees) in metres of the National Grid, with a margin."""
    west, south, east, north = area.bounds
    lon, lat = np.array([west, west, east, east]), np.array([south, north, south, north])
    x, y = between(lon, lat, LON_LAT, BRITISH_GRID)
    return (
        float(np.min(x)) - margin_m, float(np.min(y)) - margin_m,
        float(np.max(x)) + margin_m, float(np.max(y)) + margin_m,
    )  # fmt: skip


def _take_file(given: Path, target: Path, source: str, title: str) -> Fetched:
    """Put a user's file beside the others: whole or not at all, the user's own stays."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        same = target.is_file() and target.samefile(given)
        if not same:
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
            os.close(handle)
            try:
                shutil.copyfile(given, name)
                Path(name).replace(target)
            finally:
                Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{given}: can't be copied to {target.parent} ({error.strerror}).") from error
    size = target.stat().st_size
    if not size:
        raise SourceError(f"{given.name}: the file is empty.")
    return Fetched(source, title, target, "", size)
