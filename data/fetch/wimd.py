"""Deprivation in Wales: the Welsh index, cut to an area; on areas of 2011, which a lookup leads to."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from data.errors import DownloadError
from data.fetch.cache import write_csv
from data.fetch.download import ByteProgress, download
from data.fetch.http import Client, UnusableAnswerError
from data.fetch.ods import read_sheet
from data.fetch.result import Fetched, Planned, describe_download

MAX_BYTES = 100_000_000
HEADER = ("LSOA code", "WIMD {year} rank", "WIMD {year} decile")
_CODE = re.compile(r"W01\d{6}")


def plan_wimd(client: Client) -> Planned:
    """Return what would be fetched for Welsh areas."""
    source = client.source("wimd")
    url = source.url(source.settings["path"])
    return Planned(source.key, source.title, url, client.measure(source, url))


def read_old_codes(lookup: Path) -> list[str]:
    """Return the Welsh areas of 2011 in a lookup of ``open_geography.fetch_lookup``."""
    with lookup.open(encoding="utf-8", newline="") as stream:
        return sorted({row["LSOA11CD"] for row in csv.DictReader(stream) if row["LSOA11CD"].startswith("W")})


def fetch_wimd(
    client: Client, lsoas: Sequence[str], whole: Path, target: Path, *, progress: ByteProgress | None = None
) -> Fetched:
    """Bring the Welsh index and write rank and decile of some areas as CSV.

    Parameters
    ----------
    lsoas
        Welsh codes of the index's own areas (``[sources.wimd]`` says of which census).
    whole, target
        Where the spreadsheet of all of Wales is kept, and where the rows go.

    Raises
    ------
    DownloadError
        When the spreadsheet is cut, has another form, or lacks an area.
    """
    source = client.source("wimd")
    sheet, most = str(source.settings["sheet"]), int(source.settings["lsoas"])

    def check(path: Path) -> None:
        found = _read(path, sheet)
        if len(found) < most:
            raise UnusableAnswerError(f"sent {len(found):,} of {most:,} LSOAs", again=True)

    url = source.url(source.settings["path"])
    brought = download(
        client, source, url, whole, kind="zip", check=check, max_bytes=MAX_BYTES, progress=progress
    )
    found = _read(whole, sheet)
    missing = sorted(set(lsoas) - found.keys())
    if missing:
        raise DownloadError(
            source.title, url,
            f"lacks {len(missing)} of {len(set(lsoas))} LSOAs ({', '.join(missing[:5])})",
            f"the index is on {source.settings['area_level']}; is the lookup of other years?",
        )  # fmt: skip
    header = [name.format(year=source.settings["year"]) for name in HEADER]
    write_csv(target, header, ((code, *found[code]) for code in sorted(set(lsoas))))
    described = describe_download(
        source, source.title, brought, count=len(set(lsoas)), counted=str(source.settings["area_level"])
    )
    return Fetched(**(vars(described) | {"path": target, "size_bytes": target.stat().st_size}))


def _read(path: Path, sheet: str) -> dict[str, tuple[str, str]]:
    """Rank and decile by code; the header stands below a title of some rows."""
    rows = read_sheet(path, sheet)
    at: tuple[int, int, int] | None = None
    found: dict[str, tuple[str, str]] = {}
    for row in rows:
        if at is None:
            names = [re.sub(r"\s+", " ", name.casefold()) for name in row]
            at = _columns(names)
            continue
        if len(row) > max(at) and _CODE.fullmatch(row[at[0]]):
            rank, decile = (value.replace(",", "").removesuffix(".0") for value in (row[at[1]], row[at[2]]))
            if not (rank.isdigit() and decile.isdigit()):
                raise UnusableAnswerError(f"sent {row[at[1]][:20]!r} as the rank of {row[at[0]]}", again=True)
            found[row[at[0]]] = rank, decile
    if at is None:
        shown = "; ".join(" | ".join(row)[:80] for row in rows[:3])
        raise UnusableAnswerError(
            f"sent a sheet without LSOA code, overall rank and overall decile (it begins: {shown})",
            "the spreadsheet has another form: see [sources.wimd] in data/fetch/addresses.toml",
        )
    return found


def _columns(names: Sequence[str]) -> tuple[int, int, int] | None:
    wanted = (r"lsoa code", r"wimd \d{4} overall rank", r"wimd \d{4} overall decile")
    found = [next((at for at, name in enumerate(names) if re.fullmatch(one, name)), None) for one in wanted]
    if any(at is None for at in found):
        return None
    return tuple(found)  # type: ignore[return-value]
