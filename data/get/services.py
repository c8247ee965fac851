"""A register of services from an address: a CSV or XLSX file, or an Open Referral feed."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from data.fetch.addresses import SourceAddress, check_address
from data.fetch.download import ByteProgress, download
from data.fetch.http import Client, UnusableAnswerError
from data.fetch.open_referral import CountProgress, fetch_feed, plan_feed
from data.fetch.result import Fetched, Planned, describe_download
from data.fetch.zips import BadZipError, check_zip

KEY = "services"
MAX_BYTES = 100_000_000
MAX_UNPACKED = 1_000_000_000


def fetch_services(
    client: Client, address: str, folder: Path, *, progress: ByteProgress | None = None
) -> Fetched:
    """Bring a register into ``folder``: the file that the address names, else all of an Open Referral feed.

    Raises
    ------
    UsageError
        When the address is none.
    DownloadError
        When it can't be had whole.
    """
    url = check_address(address, "--services")
    parts = urlsplit(url)
    ending = PurePosixPath(parts.path).suffix.lower()
    if not names_a_file(url):
        return fetch_feed(client, url, folder / "services.json", progress=_count_services(client))
    source = SourceAddress(KEY, f"Services from {parts.hostname}", f"{parts.scheme}://{parts.netloc}")
    found = download(
        client, source, url, folder / f"services{ending}", kind="csv" if ending == ".csv" else "zip",
        check=_check_workbook if ending == ".xlsx" else None, max_bytes=MAX_BYTES, progress=progress,
    )  # fmt: skip
    return describe_download(source, source.title, found)


def plan_services(address: str) -> Planned:
    """Return what would be fetched of a register's address."""
    url = check_address(address, "--services")
    return Planned(KEY, "Register of services", url) if names_a_file(url) else plan_feed(url)


def names_a_file(url: str) -> bool:
    """Say whether an address is that of a table; any other is taken for an Open Referral feed."""
    return PurePosixPath(urlsplit(url).path).suffix.lower() in (".csv", ".xlsx")


def _count_services(client: Client) -> CountProgress:
    """Say how many services have come, at every tenth of them."""

    def progress(done: int, total: int) -> None:
        if total and (done == total or done % max(total // 10, 1) == 0):
            client.tell(f"services: {done:,} of {total:,}")

    return progress


def _check_workbook(path: Path) -> None:
    try:
        check_zip(path, max_unpacked=MAX_UNPACKED, must_have=("[Content_Types].xml",))
    except BadZipError as error:
        raise UnusableAnswerError(f"sent a workbook that {error}", again=True) from error
