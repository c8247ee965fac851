"""Bringing every raw file of an area, each counted against what must be there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
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
from data.files import PRIVATE, writing
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
    found = _Collection(client, tuple(authorities), options, folder_of(root, area_id), root / "shared", bar)
    codes = found.bring_people()
    found.bring_wards(codes)
    area = read_area(found.files["boundaries"].path)
    found.bring_stops_and_postcodes(area)
    found.bring_deprivation(codes)
    found.bring_streets(area)
    found.bring_timetables(area)
    found.bring_services()
    school_dates = None
    if options.school_dates is not None:
        school_dates = read_school_dates(options.school_dates)
    else:
        found.missing.append(SCHOOL_WORDS)
    return RawArea(root, found.folder, found.files, codes, tuple(found.missing), school_dates)


@dataclass
class _Collection:
    """The raw files of one run, as they come: each ``bring_`` adds to ``files`` and ``missing``."""

    client: Client
    authorities: tuple[Authority, ...]
    options: GetOptions
    folder: Path  # the area's own
    shared: Path  # what areas have in common
    bar: Bar
    files: dict[str, Fetched] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def bring_people(self) -> tuple[str, ...]:
        """Boundaries, output areas and the census; returns the neighbourhoods' codes."""
        client, files, folder = self.client, self.files, self.folder
        client.tell("boundaries")
        files["boundaries"] = open_geography.fetch_boundaries(
            client, self.authorities, folder / "boundaries.geojson"
        )
        codes = tuple(open_geography.read_codes(files["boundaries"].path))
        client.tell("output areas")
        files["output_areas"] = open_geography.fetch_output_areas(
            client, codes, folder / "output_areas.geojson"
        )
        parents = open_geography.read_parents(files["output_areas"].path)
        client.tell("residents by output area")
        files["people"] = nomis.fetch_output_area_people(
            client, self.authorities, parents, folder / "output_area_people.csv"
        )
        for table in nomis.TABLES:
            client.tell(f"census table {table}")
            target = folder / f"{table.lower()}.csv"
            files[table] = nomis.fetch_census(client, self.authorities, table, codes, target)
        files["lookup"] = open_geography.fetch_lookup(client, self.authorities, folder / "lsoa_2011_2021.csv")
        return codes

    def bring_wards(self, codes: tuple[str, ...]) -> None:
        """The ward of each neighbourhood, where the lookup has a name that is known."""
        try:
            self.files["wards"] = open_geography.fetch_wards(self.client, codes, self.folder / "wards.csv")
        except DownloadError as error:
            if error.status != 404:
                raise
            self.missing.append(
                "Wards aren't known: Open Geography's lookup has another name now (services.ward_lookup in "
                "data/fetch/addresses.toml). Totals are by neighbourhood and for the whole place."
            )

    def bring_stops_and_postcodes(self, area: shapely.Geometry) -> None:
        """NaPTAN's stops, and the postcodes of the area and its margin."""
        atco = naptan.choose_atco_areas(self.authorities)
        with self.bar("stops") as progress:
            target = self.shared / f"naptan_{'_'.join(atco) or 'all'}.csv"
            self.files["stops"] = naptan.fetch_stops(self.client, atco, target, progress=progress)
        with self.bar("postcodes") as progress:
            self.files["postcodes"] = postcodes.fetch_postcodes(
                self.client, grid_box(area, MARGIN_M), self.shared / "code_point_open.zip",
                self.folder / "postcodes.csv", progress=progress,
            )  # fmt: skip

    def bring_deprivation(self, codes: tuple[str, ...]) -> None:
        """The index of each nation that the area has neighbourhoods in."""
        with self.bar("deprivation") as progress:
            found = deprivation.fetch_deprivation(
                self.client, codes, self.shared / "deprivation_2025.csv", self.folder / "deprivation.csv",
                progress=progress,
            )  # fmt: skip
        if found is not None:
            self.files["deprivation"] = found
        if welsh := wimd.read_old_codes(self.files["lookup"].path):
            with self.bar("deprivation in Wales") as progress:
                self.files["wimd"] = wimd.fetch_wimd(
                    self.client, welsh, self.shared / "wimd.ods", self.folder / "wimd.csv", progress=progress
                )
            self.missing.append(str(self.client.source("wimd").settings["remark"]))

    def bring_streets(self, area: shapely.Geometry) -> None:
        """The area's streets: cut out of an extract where one is given, else from Overpass."""
        extract, url = self.options.streets_file, ""
        if (part := self.options.streets_part) is not None:
            with self.bar(f"streets ({part})") as progress:
                target = self.shared / f"geofabrik_{part.replace('/', '_')}.osm.pbf"
                whole = streets.fetch_extract(self.client, part, target, progress=progress)
            extract, url = whole.path, whole.url
        if extract is None:
            with self.bar("streets") as progress:
                self.files["streets"] = streets.fetch_streets(
                    self.client, area, self.folder / "streets.osm", progress=progress
                )
            return
        self.client.tell(f"streets: cutting the area out of {extract.name}")
        cut = take_extract(
            extract, self.files["boundaries"].path, self.folder / "streets.osm.pbf", margin_m=MARGIN_M
        )
        self.files["streets"] = replace(cut, url=url)

    def bring_timetables(self, area: shapely.Geometry) -> None:
        """The timetable of every region that the area and its margin touch, its own first."""
        self.client.tell("regions of timetables that the area and its margin touch")
        for number, region in enumerate(bods.choose_regions(self.client, self.authorities, area, MARGIN_M)):
            with self.bar(f"timetable ({region})") as progress:
                key = "timetable" if number == 0 else f"timetable_{region}"
                self.files[key] = bods.fetch_timetable(
                    self.client, region, self.shared / f"bods_{region}.zip", progress=progress
                )

    def bring_services(self) -> None:
        """The register that was given, as a file or by its address."""
        if (given := self.options.services_file) is not None:
            target = self.folder / f"services{given.suffix.lower()}"
            self.files["services"] = _take_file(given, target, "services", f"Services: {given.name}")
        elif self.options.services_url is not None:
            with self.bar("services") as progress:
                self.files["services"] = fetch_services(
                    self.client, self.options.services_url, self.folder, progress=progress
                )
        else:
            self.missing.append(
                "No register of services was given (--services FILE or address): the places are "
                "OpenStreetMap's, a starting list that nobody has checked."
            )


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
            with given.open("rb") as source_file, writing(target, mode=PRIVATE) as stream:
                shutil.copyfileobj(source_file, stream)
    except OSError as error:
        raise UsageError(f"{given}: can't be copied to {target.parent} ({error.strerror}).") from error
    size = target.stat().st_size
    if not size:
        raise SourceError(f"{given.name}: the file is empty.")
    return Fetched(source, title, target, "", size)
