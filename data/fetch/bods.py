"""Bus Open Data Service: a region's timetable as one GTFS zip, replaced only by a whole one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely

from data.coordinates import BRITISH_GRID, LON_LAT, between
from data.errors import UsageError
from data.fetch.authorities import Authority, load_authorities
from data.fetch.download import ByteProgress, download
from data.fetch.http import Client, UnusableAnswerError
from data.fetch.open_geography import find_neighbours
from data.fetch.result import Fetched, Planned, describe_download
from data.fetch.zips import BadZipError, check_zip

NEEDED = ("stops.txt", "routes.txt", "trips.txt", "stop_times.txt")
# All of Great Britain was 7.8 GB unpacked.
MAX_UNPACKED = 20_000_000_000
MAX_ZIP = 4_000_000_000


def own_regions(authorities: Sequence[Authority]) -> list[str]:
    """Return the feeds of the authorities themselves, that of the first of them first."""
    return _least([one.bods_region for one in authorities], {one.bods_region for one in authorities})


def choose_regions(
    client: Client, authorities: Sequence[Authority], area: shapely.Geometry, margin_m: float
) -> list[str]:
    """Return every feed that the area and its margin touch, the area's own first.

    Regions are those of the neighbouring authorities, told by the names of the LSOAs within
    the margin. Where a neighbour's region isn't certain its nation's feed is taken, which holds it.

    Parameters
    ----------
    area
        The neighbourhoods together, in degrees.
    margin_m
        How far around it buses count.

    Raises
    ------
    DownloadError
        When the neighbours can't be asked for whole.
    """
    own = own_regions(authorities)
    near = _in_metres(area).buffer(margin_m)
    west, south, east, north = near.bounds
    lon, lat = between(
        np.array([west, west, east, east]), np.array([south, north, south, north]), BRITISH_GRID, LON_LAT
    )
    box = float(min(lon)), float(min(lat)), float(max(lon)), float(max(lat))
    by_name = {
        name: authority for authority in (*load_authorities(), *authorities) for name in authority.lsoa_names
    }
    found = set(own)
    codes = {authority.code for authority in authorities}
    for code, name, outline in find_neighbours(client, box):
        authority = by_name.get(name.rpartition(" ")[0])
        if authority is not None and authority.code in codes:
            continue
        if _in_metres(shapely.from_geojson(json.dumps(outline))).intersects(near):
            nation = "wales" if code.startswith("W") else "england"
            found.add(nation if authority is None else authority.bods_region)
    # Open Geography ends at the border (data/fetch/addresses.toml says where the list is from).
    if codes & set(client.source("bods").settings["beside_scotland"]):
        found.add("scotland")
    return _least(own, found)


def _least(own: Sequence[str], found: set[str]) -> list[str]:
    """The area's own first; England's feed holds all of England's regions."""
    if "england" in found:
        found = {"england", *(found & {"wales", "scotland"})}
    first = own[0] if own[0] in found else "england"
    return [first, *sorted(found - {first})]


def _in_metres(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(
        shape, lambda xy: np.column_stack(between(xy[:, 0], xy[:, 1], LON_LAT, BRITISH_GRID))
    )


def plan_timetable(client: Client, region: str) -> Planned:
    """Return what would be fetched, and how large it is where the server or the table says."""
    source = client.source("bods")
    url = _url(client, region)
    size = client.measure(source, url)
    note = "size as the server says it"
    if size is None:
        size = source.settings["sizes"].get(region)
        note = "size as seen before" if size else "size not known; a whole nation is over 1 GB"
    return Planned(source.key, f"Timetable, region {region}", url, size, note)


def fetch_timetable(
    client: Client, region: str, target: Path, *, progress: ByteProgress | None = None
) -> Fetched:
    """Bring the GTFS zip of a BODS region.

    The server ignores Range, so what breaks off starts anew; the bytes are
    compared with Content-Length, and the zip is opened, before it replaces an older one.

    Raises
    ------
    UsageError
        When there is no such region.
    DownloadError
        When it can't be had whole.
    """
    found = download(
        client, client.source("bods"), _url(client, region), target, kind="zip", check=check_timetable,
        max_bytes=MAX_ZIP, progress=progress,
    )  # fmt: skip
    title = f"Bus Open Data Service timetable, region {region}"
    return describe_download(client.source("bods"), title, found)


def check_timetable(path: Path) -> None:
    """Raise ``UnusableAnswerError`` when a file is no whole GTFS zip, or a dangerous one."""
    try:
        check_zip(path, max_unpacked=MAX_UNPACKED, must_have=NEEDED)
    except BadZipError as error:
        raise UnusableAnswerError(
            f"sent a timetable that {error}", "try again later: the feed is rebuilt every morning", again=True
        ) from error


def _url(client: Client, region: str) -> str:
    source = client.source("bods")
    if region not in source.settings["regions"]:
        raise UsageError(f"{region!r}: no region of BODS; there are {', '.join(source.settings['regions'])}.")
    return source.url(source.settings["path"].format(region=region))
