"""NaPTAN: the stops of some areas, or of the whole country, as CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from data.errors import UsageError
from data.fetch.authorities import Authority
from data.fetch.download import ByteProgress, download
from data.fetch.http import Client, UnusableAnswerError
from data.fetch.result import Fetched, Planned, describe_download

MAX_BYTES = 1_000_000_000
_CODE = re.compile(r"\d{3}")


def choose_atco_areas(authorities: Sequence[Authority]) -> tuple[str, ...]:
    """Return the area codes of all authorities; none (the whole country) where one of them isn't known."""
    if any(not authority.atco_areas for authority in authorities):
        return ()
    return tuple(sorted({code for authority in authorities for code in authority.atco_areas}))


def plan_stops(client: Client, atco_areas: Sequence[str]) -> Planned:
    """Return what would be fetched."""
    source, where = client.source("naptan"), _words(atco_areas)
    return Planned(source.key, f"NaPTAN stops, {where}", _url(client, atco_areas),
                   client.measure(source, _url(client, atco_areas)))  # fmt: skip


def fetch_stops(
    client: Client, atco_areas: Sequence[str], target: Path, *, progress: ByteProgress | None = None
) -> Fetched:
    """Bring NaPTAN's stops.

    Parameters
    ----------
    atco_areas
        Three-digit area codes; empty: the whole country.

    Raises
    ------
    DownloadError
        When the table is cut, or an area that was asked for has no stop in it.
    """
    counted: dict[str, int] = {}

    def check(path: Path) -> None:
        counted.clear()
        counted.update(count_stops(path))
        missing = [code for code in atco_areas if code not in counted]
        if missing:
            raise UnusableAnswerError(
                f"sent no stop for area {', '.join(missing)}",
                "check the area codes (they begin every ATCO code), or fetch the whole country",
            )

    found = download(
        client, client.source("naptan"), _url(client, atco_areas), target, kind="csv", check=check,
        max_bytes=MAX_BYTES, progress=progress,
    )  # fmt: skip
    if not counted:
        counted.update(count_stops(target))
    return describe_download(
        client.source("naptan"), f"NaPTAN stops, {_words(atco_areas)}", found,
        count=sum(counted.values()), counted="stops",
    )  # fmt: skip


def count_stops(path: Path) -> dict[str, int]:
    """Return how many stops each area has; raises ``UnusableAnswerError`` for what is no NaPTAN table."""
    counts: dict[str, int] = {}
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        rows = csv.reader(stream)
        header = [name.strip().casefold() for name in next(rows, [])]
        if "atcocode" not in header:
            raise UnusableAnswerError("sent a table without the column ATCOCode", again=True)
        at, width = header.index("atcocode"), len(header)
        last: list[str] = []
        for row in rows:
            if row:
                last = row
                if at < len(row) and row[at].strip():
                    counts[row[at].strip()[:3]] = counts.get(row[at].strip()[:3], 0) + 1
    if last and len(last) < width:
        raise UnusableAnswerError("sent a table that ends in the middle of a row", again=True)
    if not counts:
        raise UnusableAnswerError("sent a table without stops")
    return counts


def _words(atco_areas: Sequence[str]) -> str:
    return f"areas {', '.join(atco_areas)}" if atco_areas else "the whole country"


def _url(client: Client, atco_areas: Sequence[str]) -> str:
    wrong = [code for code in atco_areas if not _CODE.fullmatch(code)]
    if wrong:
        raise UsageError(f"{', '.join(wrong)}: ATCO area codes have three digits, like 180.")
    source = client.source("naptan")
    query = {"dataFormat": "csv"} | ({"atcoAreaCodes": ",".join(atco_areas)} if atco_areas else {})
    return f"{source.url(source.settings['path'])}?{urlencode(query, safe=',')}"
