"""Postcodes: Code-Point Open cut to an area."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from data.errors import DownloadError
from data.fetch.cache import write_csv
from data.fetch.download import ByteProgress, download
from data.fetch.http import Client, UnusableAnswerError
from data.fetch.result import Fetched, Planned, describe_download
from data.fetch.zips import BadZipError, check_zip
from data.sources.postcodes import normalise_postcode

MAX_UNPACKED = 2_000_000_000
MAX_ZIP = 500_000_000
HEADER = ("postcode", "quality", "easting", "northing")

Box = tuple[float, float, float, float]


def plan_postcodes(client: Client) -> Planned:
    """Return what would be fetched."""
    source = client.source("code_point_open")
    return Planned(source.key, source.title, _url(client), source.settings["size"], "size as seen before")


def fetch_postcodes(
    client: Client, box: Box, whole: Path, target: Path, *, progress: ByteProgress | None = None
) -> Fetched:
    """Bring Code-Point Open and write the postcodes of a box.

    Parameters
    ----------
    box
        West, south, east, north in metres of the National Grid (EPSG:27700).
    whole
        Where the zip of Great Britain is kept.
    target
        CSV: postcode, quality, easting, northing.

    Raises
    ------
    DownloadError
        When the zip is broken or dangerous, or no postcode lies in the box.
    """
    source = client.source("code_point_open")
    found = download(
        client, source, _url(client), whole, kind="zip", check=_check, max_bytes=MAX_ZIP, progress=progress
    )
    rows = list(_read_box(whole, box))
    if not rows:
        raise DownloadError(
            source.title, _url(client), "has no postcode in the area",
            "is the area in Great Britain? The product's columns may have changed, too",
        )  # fmt: skip
    write_csv(target, HEADER, sorted(rows))
    described = describe_download(source, source.title, found, count=len(rows), counted="postcodes")
    return Fetched(**(vars(described) | {"path": target, "size_bytes": target.stat().st_size}))


def _url(client: Client) -> str:
    source = client.source("code_point_open")
    return f"{source.url(source.settings['path'])}?area=GB&format=CSV&redirect"


def _check(path: Path) -> None:
    try:
        check_zip(path, max_unpacked=MAX_UNPACKED)
        with zipfile.ZipFile(path) as archive:
            if not _members(archive):
                raise BadZipError("holds no table of postcodes")
    except BadZipError as error:
        raise UnusableAnswerError(f"sent a file that {error}", again=True) from error


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The tables of postcodes: every CSV but those of the folder of documents."""
    return [
        member
        for member in archive.infolist()
        if member.filename.lower().endswith(".csv")
        and "doc" not in [part.lower() for part in PurePosixPath(member.filename).parts[:-1]]
    ]


def _read_box(path: Path, box: Box) -> Iterable[tuple[str, str, str, str]]:
    """Postcodes of the box; the product has no header: postcode, quality, easting, northing, ..."""
    west, south, east, north = box
    with zipfile.ZipFile(path) as archive:
        for member in _members(archive):
            with archive.open(member) as stream:
                for row in csv.reader(io.TextIOWrapper(stream, encoding="cp1252", errors="replace")):
                    if len(row) < 4 or (postcode := normalise_postcode(row[0])) is None:
                        continue
                    try:
                        x, y = float(row[2]), float(row[3])
                    except ValueError:
                        continue
                    if west <= x <= east and south <= y <= north and (x, y) != (0, 0):
                        yield postcode, row[1].strip(), row[2].strip(), row[3].strip()
