"""Deprivation in England: File 7 of the indices of 2025, cut to an area's LSOAs. Wales: ``wimd.py``."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from data.errors import DownloadError
from data.fetch.cache import write_csv
from data.fetch.download import ByteProgress, download
from data.fetch.http import Client, UnusableAnswerError
from data.fetch.result import Fetched, Planned, describe_download

MAX_BYTES = 200_000_000


def plan_deprivation(client: Client) -> Planned:
    """Return what would be fetched for English areas."""
    source = client.source("deprivation")
    url = source.url(source.settings["path"])
    return Planned(source.key, source.title, url, client.measure(source, url))


def fetch_deprivation(
    client: Client,
    lsoas: Sequence[str],
    whole: Path,
    target: Path,
    *,
    progress: ByteProgress | None = None,
) -> Fetched | None:
    """Bring the indices of 2025 and write the rows of an area's LSOAs.

    Parameters
    ----------
    lsoas
        Codes of 2021; Welsh ones have no row. Without an English one nothing is fetched.
    whole
        Where the file of the whole country is kept.
    target
        The rows of ``lsoas``, with the file's own header.

    Returns
    -------
    Fetched or None
        None where no LSOA is English.

    Raises
    ------
    DownloadError
        When the file is cut or lacks an area.
    """
    english = {code for code in lsoas if code.startswith("E")}
    if not english:
        return None
    source = client.source("deprivation")

    def check(path: Path) -> None:
        rows = sum(1 for _ in _rows(path)) - 1
        if rows < int(source.settings["lsoas"]):
            raise UnusableAnswerError(f"sent {rows:,} of {source.settings['lsoas']:,} LSOAs", again=True)

    url = source.url(source.settings["path"])
    found = download(
        client, source, url, whole, kind="csv", check=check, max_bytes=MAX_BYTES, progress=progress
    )
    rows = _rows(whole)
    header = next(rows)
    at = _code_column(header)
    kept = sorted(
        (row for row in rows if len(row) > at and row[at].strip() in english), key=lambda row: row[at]
    )
    missing = english - {row[at].strip() for row in kept}
    if missing:
        raise DownloadError(
            source.title, url,
            f"lacks {len(missing)} of {len(english)} LSOAs ({', '.join(sorted(missing)[:5])})",
            "indices of 2025 are on LSOAs of 2021; are the boundaries of another year?",
        )  # fmt: skip
    write_csv(target, header, kept)
    described = describe_download(source, source.title, found, count=len(kept), counted="LSOAs")
    return Fetched(**(vars(described) | {"path": target, "size_bytes": target.stat().st_size}))


def _rows(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        yield from (row for row in csv.reader(stream) if row)


def _code_column(header: Sequence[str]) -> int:
    """The column of LSOA codes: "LSOA code (2021)" in the file as published."""
    for position, name in enumerate(header):
        if "lsoa code" in name.casefold() or name.strip().casefold() in ("lsoa21cd", "lsoa_code"):
            return position
    return 0
