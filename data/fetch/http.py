"""The layer that every client asks through: waits, asks again, remembers, and says what went wrong."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from data.errors import DownloadError
from data.fetch.addresses import Addresses, SourceAddress, load_addresses
from data.fetch.body import declared_length, read_whole
from data.fetch.cache import Cache, Entry
from data.fetch.faults import (
    CONNECTION_FAULTS,
    REDIRECTS,
    UnusableAnswerError,
    check_status,
    fault_of,
    follow_redirect,
    offline_error,
    shorten_address,
    unusable,
)
from data.fetch.retry import Again, Patience
from data.fetch.sniff import what_is_wrong

__all__ = [
    "DAY_S", "Client", "UnusableAnswerError", "check_status", "offline_error", "parse_json",
    "send_no_password", "unusable",
]  # fmt: skip

USER_AGENT = "OneBusReach/1 (area pack builder; python-requests)"
DAY_S = 86_400.0
MAX_ANSWER = 256_000_000
MAXREDIRECTS = 5

Params = Mapping[str, str | int]
Check = Callable[[bytes], None]


def say_nothing(words: str) -> None:
    """Stand in where nobody asked for progress."""


class Client:
    """Asks public sources, politely and with a memory.

    Parameters
    ----------
    addresses
        The table of sources; the committed one with the environment's overrides when left out.
    cache
        Where answers are kept; the user's cache folder when left out.
    offline
        Use what is kept, ask nobody.
    refresh
        Ask about everything that is kept, however young.
    tell
        Told in words about waits.
    patience
        Timeouts, tries and waits.
    """

    def __init__(
        self,
        addresses: Addresses | None = None,
        *,
        cache: Cache | None = None,
        offline: bool = False,
        refresh: bool = False,
        tell: Callable[[str], object] = say_nothing,
        patience: Patience | None = None,
    ) -> None:
        self.addresses = addresses or load_addresses()
        self.cache = cache or Cache()
        self.offline, self.refresh, self.tell = offline, refresh, tell
        self.patience = patience or Patience()
        self._local = threading.local()

    def source(self, key: str) -> SourceAddress:
        """Return a source of the table."""
        return self.addresses[key]

    def _session(self) -> requests.Session:
        """One session a thread: they are not meant to be shared."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.headers["User-Agent"] = USER_AGENT
            session.auth = send_no_password
            adapter = HTTPAdapter(max_retries=0)  # asking again is Again's, which also watches the body
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            self._local.session = session
        return session

    def get_bytes(
        self,
        source: SourceAddress,
        url: str,
        params: Params | None = None,
        *,
        kind: str = "any",
        check: Check | None = None,
        max_bytes: int = MAX_ANSWER,
        fresh_s: float = DAY_S,
        send_json: Any = None,
    ) -> bytes:
        """Return an answer's body, from the cache where it is young or the server calls it unchanged.

        Parameters
        ----------
        source, url, params
            Whom to ask for what.
        kind
            json, csv, zip, pbf, osm or any: what its first bytes must look like.
        check
            Called with the body; raises ``UnusableAnswerError``. What fails it is never kept.
        max_bytes
            More than this is refused, packed or unpacked.
        fresh_s
            A kept answer younger than this is used without asking.
        send_json
            Sent as JSON by POST, where it isn't None.

        Raises
        ------
        DownloadError
            Naming source, address and what to do.
        """
        address = requests.Request("GET", url, params=dict(params or {})).prepare().url or url
        body = b"" if send_json is None else json.dumps(send_json, separators=(",", ":")).encode()
        key = self.cache.key(address, body)
        kept = self.cache.load(key)
        if kept and (self.offline or (not self.refresh and kept[0].age_s() < fresh_s)):
            return kept[1]
        if self.offline:
            raise offline_error(source, address)

        def work() -> bytes:
            headers = dict(kept[0].validators) if kept else {}
            with self.ask(source, address, headers=headers, body=body) as response:
                if response.status_code == 304 and kept:
                    entry, known = kept
                    self.cache.touch(key, Entry(**(vars(entry) | {"fetched": time.time()})))
                    return known
                check_status(source, address, response)
                data = read_whole(response, max_bytes=max_bytes, patience=self.patience)
                self._check(source, address, data, kind, check)
                entry = Entry(
                    url=address,
                    sha256=sha256(data).hexdigest(),
                    fetched=time.time(),
                    etag=response.headers.get("ETag"),
                    last_modified=response.headers.get("Last-Modified"),
                )
            self.cache.save(key, entry, data)
            return data

        return self.persist(work)

    def get_json(
        self,
        source: SourceAddress,
        url: str,
        params: Params | None = None,
        *,
        check: Callable[[Any], None] | None = None,
        max_bytes: int = MAX_ANSWER,
        fresh_s: float = DAY_S,
        send_json: Any = None,
    ) -> Any:
        """Return an answer as parsed JSON; ``check`` is given the parsed value. Else as ``get_bytes``."""

        def check_bytes(data: bytes) -> None:
            value = parse_json(data)
            if check is not None:
                check(value)

        data = self.get_bytes(
            source, url, params, kind="json", check=check_bytes, max_bytes=max_bytes, fresh_s=fresh_s,
            send_json=send_json,
        )  # fmt: skip
        return json.loads(data.decode("utf-8-sig"))

    def measure(self, source: SourceAddress, url: str) -> int | None:
        """Return how many bytes the server says a file has, None where it doesn't say (or offline)."""
        if self.offline:
            return None
        try:
            with self.ask(source, url, method="HEAD", headers={"Accept-Encoding": "identity"}) as response:
                return declared_length(response) if response.status_code == 200 else None
        except DownloadError:
            return None

    def persist(self, work: Callable[[], Any]) -> Any:
        """Do the work, and again when what went wrong may pass."""
        return Again(self.patience, self.tell).run(work)

    @contextmanager
    def ask(
        self,
        source: SourceAddress,
        url: str,
        *,
        method: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        content_type: str = "application/json",
    ) -> Iterator[requests.Response]:
        """Send one request, follow what redirects are allowed, and give the open answer.

        Faults of the connection, also while the caller reads, become ``TryAgainError``.
        """
        sent = {"Accept-Encoding": "gzip", **(headers or {})}
        if body:
            sent["Content-Type"] = content_type
        method = method or ("POST" if body else "GET")
        # Some servers think for long before the first byte: Overpass for as long as it is allowed to.
        read_s = max(self.patience.read_s, float(source.settings.get("read_s", 0)))
        address, response = url, None
        try:
            for _ in range(MAXREDIRECTS + 1):
                response = self._session().request(
                    method,
                    address,
                    headers=sent,
                    data=body or None,
                    stream=True,
                    allow_redirects=False,
                    timeout=(self.patience.connect_s, read_s),
                )
                if response.status_code not in REDIRECTS or "Location" not in response.headers:
                    break
                address = follow_redirect(source, url, response)
                if response.status_code == 303:
                    method, body = "GET", b""
                response.close()
            else:
                raise DownloadError(
                    source.title, shorten_address(url), f"redirected more than {MAXREDIRECTS} times",
                    "try again later; if it stays so, change the address in data/fetch/addresses.toml",
                )  # fmt: skip
            yield response
        except CONNECTION_FAULTS as error:
            raise fault_of(source, url, error) from error
        finally:
            if response is not None:
                response.close()

    def _check(self, source: SourceAddress, url: str, data: bytes, kind: str, check: Check | None) -> None:
        try:
            if problem := what_is_wrong(kind, data):
                raise UnusableAnswerError(problem, again=True)
            if check is not None:
                check(data)
        except UnusableAnswerError as error:
            raise unusable(source, url, error) from error


def parse_json(data: bytes) -> Any:
    """Return parsed JSON; raises ``UnusableAnswerError`` when it was cut short or is none."""
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnusableAnswerError(f"sent JSON that can't be read ({str(error)[:80]})", again=True) from error


def send_no_password(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send nobody's password: without this, requests would look for one in the user's .netrc."""
    return request
