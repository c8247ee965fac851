"""A register of services from an address: a CSV or XLSX file, or an Open Referral feed."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from data.fetch.addresses import SourceAddress, check_address
from data.fetch.body import read_chunks
from data.fetch.download import ByteProgress, download, was_fetched_from
from data.fetch.http import Client, UnusableAnswerError
from data.fetch.open_referral import CountProgress, fetch_feed, plan_feed
from data.fetch.result import Fetched, Planned, describe_download
from data.fetch.sniff import first_word, what_is_wrong
from data.fetch.zips import BadZipError, check_zip
from data.sources.service_tables import MOST_UNPACKED

KEY = "services"
MAX_BYTES = 100_000_000
_KINDS = {".csv": "csv", ".xlsx": "zip", ".json": "json"}


def fetch_services(
    client: Client, address: str, folder: Path, *, progress: ByteProgress | None = None
) -> Fetched:
    """Bring a register into ``folder``: the file that is at the address, else all of an Open Referral feed.

    The address's ending says what it is. Where it says nothing ("/download/17",
    "?format=csv"), what the server sends there does, whatever it is called by it.

    Raises
    ------
    UsageError
        When the address is none.
    DownloadError
        When it can't be had whole.
    """
    url = check_address(address, "--services")
    parts = urlsplit(url)
    source = SourceAddress(KEY, f"Services from {parts.hostname}", f"{parts.scheme}://{parts.netloc}")
    ending = name_ending(url) or _look(client, source, url, folder)
    if ending is None:
        return fetch_feed(client, url, folder / "services.json", progress=_count_services(client))
    found = download(
        client, source, url, folder / f"services{ending}", kind=_KINDS[ending],
        check=_CHECKS.get(ending), max_bytes=MAX_BYTES, progress=progress,
    )  # fmt: skip
    return describe_download(source, source.title, found)


def plan_services(address: str) -> Planned:
    """Return what would be fetched of a register's address."""
    url = check_address(address, "--services")
    return Planned(KEY, "Register of services", url) if name_ending(url) else plan_feed(url)


def name_ending(url: str) -> str | None:
    """Return the ending of a file that this reads, None where the address doesn't say one."""
    ending = PurePosixPath(urlsplit(url).path).suffix.lower()
    return ending if ending in _KINDS else None


def _look(client: Client, source: SourceAddress, url: str, folder: Path) -> str | None:
    """Say what is at an address by its first bytes: ".csv" or ".xlsx", None for a feed and what else isn't.

    Headers are not believed: a workbook is sent as octet-stream, or as a web page.
    """
    for ending in (".csv", ".xlsx"):
        if was_fetched_from(folder / f"services{ending}", url):
            return ending
    if client.offline:
        return None

    def ask() -> str | None:
        with client.ask(source, url) as response:
            if response.status_code != 200:
                return None  # an API's base often answers with nothing; its /services is asked next
            start = next((piece for piece, _ in read_chunks(
                response, max_bytes=MAX_BYTES, patience=client.patience
            )), b"")  # fmt: skip
            if what_is_wrong("zip", start) is None:
                return ".xlsx"
            is_text = what_is_wrong("csv", start) is None and not first_word(start).startswith(b"[")
            return ".csv" if is_text and any(mark in start for mark in (b",", b";", b"\t")) else None

    found: str | None = client.persist(ask)
    return found


def _count_services(client: Client) -> CountProgress:
    """Say how many services have come, at every tenth of them."""

    def progress(done: int, total: int) -> None:
        if total and (done == total or done % max(total // 10, 1) == 0):
            client.tell(f"services: {done:,} of {total:,}")

    return progress


def _check_workbook(path: Path) -> None:
    try:
        check_zip(path, max_unpacked=MOST_UNPACKED, must_have=("[Content_Types].xml",))
    except BadZipError as error:
        raise UnusableAnswerError(f"sent a workbook that {error}", again=True) from error


def _check_feed(path: Path) -> None:
    """A page of a feed is not the feed."""
    try:
        found = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnusableAnswerError(f"sent JSON that can't be read ({str(error)[:80]})", again=True) from error
    pages = found.get("total_pages", found.get("totalPages")) if isinstance(found, dict) else None
    if str(pages).isdigit() and int(str(pages)) > 1:
        raise UnusableAnswerError(
            f"sent one of {pages} pages", "give the address of the Open Referral API itself"
        )


_CHECKS = {".xlsx": _check_workbook, ".json": _check_feed}
