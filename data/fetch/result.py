"""What a client brings back, and what it would bring."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

from data.fetch.addresses import SourceAddress
from data.fetch.download import Downloaded


@dataclass(frozen=True)
class Fetched:
    """One file that is there and was counted.

    Attributes
    ----------
    source : key of ``addresses.toml`` (its publisher gives the licence line)
    title, path, url
    size_bytes
    date : the day the data are from, where the source says
    count, counted : how many of what it holds (142, "LSOA boundaries")
    notes : what the reader of the pack should know
    from_cache : nothing was fetched for it this time
    """

    source: str
    title: str
    path: Path
    url: str
    size_bytes: int
    date: dt.date | None = None
    count: int | None = None
    counted: str = ""
    notes: tuple[str, ...] = ()
    from_cache: bool = False


@dataclass(frozen=True)
class Planned:
    """One thing that would be fetched: from where, and how large, where anybody knows."""

    source: str
    title: str
    url: str
    size_bytes: int | None = None
    note: str = ""


def read_http_date(text: str | None) -> dt.date | None:
    """Return the day of a Last-Modified header, None where there is none."""
    try:
        return parsedate_to_datetime(text).date() if text else None
    except ValueError:
        return None


def describe_download(
    source: SourceAddress, title: str, found: Downloaded, *, count: int | None = None, counted: str = "",
    notes: tuple[str, ...] = (),
) -> Fetched:  # fmt: skip
    """Return what a download brought, dated by the server where it says a date."""
    return Fetched(
        source.key, title, found.path, found.url, found.size_bytes, read_http_date(found.last_modified),
        count, counted, notes, found.from_cache,
    )  # fmt: skip
