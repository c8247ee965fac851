"""Bus Open Data Service: a region's timetable as one GTFS zip, replaced only by a whole one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from data.errors import UsageError
from data.fetch.authorities import Authority
from data.fetch.download import ByteProgress, download
from data.fetch.http import Client, UnusableAnswerError
from data.fetch.result import Fetched, Planned, describe_download
from data.fetch.zips import BadZipError, check_zip

NEEDED = ("stops.txt", "routes.txt", "trips.txt", "stop_times.txt")
# All of Great Britain was 7.8 GB unpacked.
MAX_UNPACKED = 20_000_000_000
MAX_ZIP = 4_000_000_000


def choose_region(authorities: Sequence[Authority]) -> str:
    """Return the smallest feed that covers all authorities: their region, their nation, or all."""
    regions = {authority.bods_region for authority in authorities}
    if len(regions) == 1:
        return regions.pop()
    nations = {authority.nation for authority in authorities}
    return nations.pop() if len(nations) == 1 else "all"


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
