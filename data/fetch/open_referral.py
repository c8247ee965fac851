"""An Open Referral UK feed (3.0 and 1.x): every page, and every service by its id.

Lists leave out what is nested (places, times, costs), so each service is asked
for on its own: four at a time at most, kept as they come, so that a second run
goes on where a first one stopped.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from data.errors import DownloadError
from data.fetch.addresses import SourceAddress, check_address
from data.fetch.cache import write_atomic
from data.fetch.http import Client, UnusableAnswerError
from data.fetch.result import Fetched, Planned

KEY = "open_referral"
AT_ONCE = 4
PAGE_SIZE = 100
MAX_PAGES = 2000
MAX_SERVICES = 100_000

CountProgress = Callable[[int, int], None]


def plan_feed(address: str) -> Planned:
    """Return what would be fetched of a feed."""
    source = _source(address)
    return Planned(KEY, source.title, source.url("services"), note="each service on its own, four at a time")


def fetch_feed(
    client: Client, address: str, target: Path, *, progress: CountProgress | None = None
) -> Fetched:
    """Write all services of a feed, each with what is nested in it, as one JSON file.

    Parameters
    ----------
    address
        The API's base address, with or without ``/services``.
    target
        .json; ``data.sources.open_referral.read_open_referral`` reads it.
    progress
        Told of (services done, services in all).

    Raises
    ------
    DownloadError
        When the feed says another number of services than it gives.
    """
    source = _source(address)
    url = source.url("services")
    listed = _list_services(client, source, url)
    whole, gone = _fetch_each(client, source, url, listed, progress)
    services = [whole[key] for key in sorted(whole)]
    content = {"address": url, "services": services}
    write_atomic(target, json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1).encode())
    notes = (
        (f"{len(gone)} services of the list were gone when asked for: {', '.join(gone[:5])}",) if gone else ()
    )
    return Fetched(KEY, source.title, target, url, target.stat().st_size, count=len(services),
                   counted="services", notes=notes)  # fmt: skip


def _source(address: str) -> SourceAddress:
    url = check_address(address, "--services").partition("?")[0].partition("#")[0].rstrip("/")
    if url.endswith("/services"):
        url = url.removesuffix("/services")
    return SourceAddress(KEY, f"Open Referral feed of {urlsplit(url).hostname}", url)


def _list_services(client: Client, source: SourceAddress, url: str) -> dict[str, dict[str, Any]]:
    """Services of all pages by id, counted against what the feed says that it has."""
    found: dict[str, dict[str, Any]] = {}
    total: int | None = None
    page_numbers = [*range(1, MAX_PAGES + 1)]
    for number in page_numbers:
        page = client.get_json(source, url, {"page": number, "per_page": PAGE_SIZE}, check=_check_page)
        before = len(found)
        entries = _contents(page)
        _add(found, entries)
        if isinstance(page, list):
            return found
        total = _first_number(page, ("total_items", "totalElements"))
        pages = _first_number(page, ("total_pages", "totalPages"))
        last = page.get("last_page") is True or page.get("last") is True
        # Some servers ignore what page was asked for and send the first one for ever.
        if not entries or len(found) == before or last or (pages is not None and number >= pages):
            break
        if len(found) > MAX_SERVICES:
            raise DownloadError(source.title, url, f"lists more than {MAX_SERVICES:,} services",
                                "ask the publisher for a smaller feed")  # fmt: skip
    if total is not None and len(found) < total:
        # Some count their pages from 0.
        page = client.get_json(source, url, {"page": 0, "per_page": PAGE_SIZE}, check=_check_page)
        _add(found, _contents(page))
    if total is not None and len(found) < total:
        raise DownloadError(
            source.title, url, f"says that it has {total:,} services and lists {len(found):,}",
            "run it again with --refresh; if it stays so, tell the publisher, or give a file of services",
        )  # fmt: skip
    return found


def _check_page(page: Any) -> None:
    if isinstance(page, Mapping) and "error" in page and not _contents(page):
        raise UnusableAnswerError(f"answered with an error inside a good answer: {str(page['error'])[:150]}")
    if not isinstance(page, list) and not (
        isinstance(page, Mapping)
        and any(isinstance(page.get(name), list) for name in ("contents", "content"))
    ):
        raise UnusableAnswerError(
            "sent no page of services", "check the address: it must be that of an Open Referral UK API"
        )


def _contents(page: Any) -> list[Any]:
    if isinstance(page, list):
        return page
    for name in ("contents", "content"):
        if isinstance(page.get(name), list):
            return list(page[name])
    return []


def _add(found: dict[str, dict[str, Any]], entries: list[Any]) -> None:
    for entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get("id"), str | int):
            found.setdefault(str(entry["id"]), entry)


def _first_number(page: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    for name in names:
        value = page.get(name)
        if isinstance(value, int | str) and str(value).isdigit():
            return int(value)
    return None


def _fetch_each(
    client: Client,
    source: SourceAddress,
    url: str,
    listed: Mapping[str, dict[str, Any]],
    progress: CountProgress | None,
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Every service in full; ids of those that were gone, which stay as the list had them."""
    whole: dict[str, dict[str, Any]] = {}
    gone: list[str] = []
    stop = threading.Event()

    def fetch(key: str) -> dict[str, Any] | None:
        if stop.is_set():
            return None

        def check(answer: Any) -> None:
            if not isinstance(answer, dict) or str(answer.get("id")) != key:
                raise UnusableAnswerError(f"sent another service than {key[:60]}", again=True)

        try:
            answer: dict[str, Any] = client.get_json(source, f"{url}/{quote(key, safe='')}", check=check)
        except DownloadError as error:
            if error.status in (404, 410):
                return None
            raise
        return answer

    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="open-referral")
    try:
        waiting = {pool.submit(fetch, key): key for key in sorted(listed)}
        for done, future in enumerate(as_completed(waiting), start=1):
            key, answer = waiting[future], future.result()
            if answer is None:
                gone.append(key)
            # What the list says and the service doesn't repeat is kept.
            whole[key] = {**listed[key], **(answer or {})}
            if progress is not None:
                progress(done, len(listed))
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
    return whole, sorted(gone)
