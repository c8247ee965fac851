"""The layer that every client asks through: waits, asks again, remembers, and says what went wrong."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from data.errors import DownloadError
from data.fetch.addresses import Addresses, SourceAddress, load_addresses
from data.fetch.body import BrokenBodyError, TooLargeError, declared_length, read_whole
from data.fetch.cache import Cache, Entry
from data.fetch.retry import PASSING_STATUS, Again, Patience, TryAgainError, read_retry_after
from data.fetch.sniff import what_is_wrong

USER_AGENT = "OneBusReach/1 (area pack builder; python-requests)"
DAY_S = 86_400.0
MAX_ANSWER = 256_000_000
MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_ADDRESS = 300

Params = Mapping[str, str | int]
Check = Callable[[bytes], None]


class UnusableAnswerError(Exception):
    """Raised by a client's check: the answer arrived, and isn't what was asked for.

    Parameters
    ----------
    problem, advice : words for the user
    again : whether asking again may help
    status : the fault's code, where the answer names one
    """

    def __init__(
        self, problem: str, advice: str = "", *, again: bool = False, status: int | None = None
    ) -> None:
        super().__init__(problem)
        self.problem, self.advice, self.again, self.status = problem, advice, again, status


def say_nothing(words: str) -> None:
    """Stand in where nobody asked for progress."""


def shorten_address(url: str) -> str:
    """Return an address fit for a message: printable, and not pages long."""
    shown = "".join(char if char.isprintable() else "?" for char in url)
    return (
        shown if len(shown) <= _LONGEST_ADDRESS else f"{shown[:_LONGEST_ADDRESS]}… ({len(shown)} characters)"
    )


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
            session.auth = _no_auth
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
            for _ in range(MAX_REDIRECTS + 1):
                response = self._session().request(
                    method,
                    address,
                    headers=sent,
                    data=body or None,
                    stream=True,
                    allow_redirects=False,
                    timeout=(self.patience.connect_s, read_s),
                )
                if response.status_code not in _REDIRECTS or "Location" not in response.headers:
                    break
                address = _follow(source, url, response)
                if response.status_code == 303:
                    method, body = "GET", b""
                response.close()
            else:
                raise DownloadError(
                    source.title, shorten_address(url), f"redirected more than {MAX_REDIRECTS} times",
                    "try again later; if it stays so, change the address in data/fetch/addresses.toml",
                )  # fmt: skip
            yield response
        except (TooLargeError, BrokenBodyError, requests.RequestException, urllib3.exceptions.HTTPError,
                ConnectionError, TimeoutError) as error:  # fmt: skip
            raise _fault_of(source, url, error) from error
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


def unusable(source: SourceAddress, url: str, error: UnusableAnswerError) -> DownloadError:
    """Return the error for an answer that a check refused."""
    kind = TryAgainError if error.again else DownloadError
    advice = error.advice or "try again later; the service may be down or the address may have changed"
    return kind(source.title, shorten_address(url), error.problem, advice, status=error.status)


def offline_error(source: SourceAddress, url: str) -> DownloadError:
    """Return the error for an address that isn't kept and mayn't be asked."""
    return DownloadError(
        source.title, shorten_address(url), "is not in the cache, and --offline asks nobody",
        "run once without --offline, or put the file there by hand",
    )  # fmt: skip


def check_status(source: SourceAddress, url: str, response: requests.Response, *fine: int) -> None:
    """Raise for every status but 200 and those called fine."""
    status = response.status_code
    if status in (200, *fine):
        return
    shown = shorten_address(url)
    if status in PASSING_STATUS:
        error = TryAgainError(
            source.title, shown, _STATUS.get(status, f"answered {status}"), _LATER, status=status
        )
        error.retry_after_s = read_retry_after(response.headers.get("Retry-After"))
        raise error
    advice = _LATER
    if status in (404, 410):
        advice = (
            "the address may have changed: look it up at the publisher's and put it into "
            "data/fetch/addresses.toml, or set another base in the environment"
        )
    elif status in (401, 403):
        advice = (
            "the server wants a permission that this program doesn't have; look at the address in a browser"
        )
    raise DownloadError(source.title, shown, f"answered {status}", advice, status=status)


_LATER = "try again later; what has arrived is kept, and the next run goes on from there"
_STATUS = {
    429: "says that it was asked too often (429)",
    502: "is out of order for the moment (502)",
    503: "is out of order for the moment (503)",
    504: "took too long (504)",
}


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send nobody's password: without this, requests would look for one in the user's .netrc."""
    return request


def _port(scheme: str, port: int | None) -> int:
    return port or {"http": 80, "https": 443}.get(scheme, 0)


def _follow(source: SourceAddress, first: str, response: requests.Response) -> str:
    """Return the address that a redirect leads to, when it stays where it may."""
    target = requests.compat.urljoin(response.url, response.headers["Location"])
    try:
        here, there, start = urlsplit(response.url), urlsplit(target), urlsplit(first)
        host, port = (there.hostname or "").lower(), _port(there.scheme, there.port)
        same = host == start.hostname and (
            port == _port(start.scheme, start.port) or (start.scheme, there.scheme) == ("http", "https")
        )
        safe = there.scheme == "https" or (there.scheme == "http" and here.scheme == "http")
    except ValueError:
        host, same, safe = "?", False, False
    if (same or host in source.hosts) and safe:
        return target
    raise DownloadError(
        source.title,
        shorten_address(first),
        f"redirects to {shorten_address(target)}, which is another place than the one asked; not followed",
        f"if {host} is known to belong to the publisher, add it to hosts of [sources.{source.key}] in "
        "data/fetch/addresses.toml",
    )


def _fault_of(source: SourceAddress, url: str, error: Exception) -> DownloadError:
    """Say in words what a library's exception means; most faults of a connection may pass."""
    shown = shorten_address(url)
    if isinstance(error, TooLargeError):
        return DownloadError(
            source.title, shown, str(error), "this isn't the file that was meant; check the address"
        )
    if isinstance(error, requests.exceptions.SSLError):
        return DownloadError(
            source.title, shown, "its certificate can't be trusted",
            "check the computer's clock, and whether a proxy stands between you and the server",
        )  # fmt: skip
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return DownloadError(source.title, shown, "is no web address", "check the address")
    if isinstance(error, BrokenBodyError):
        return TryAgainError(source.title, shown, f"the answer {error}", _LATER)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        words = "can't be reached in time"
    elif isinstance(error, requests.exceptions.Timeout | urllib3.exceptions.ReadTimeoutError | TimeoutError):
        words = "stopped answering"
    elif isinstance(error, urllib3.exceptions.IncompleteRead | urllib3.exceptions.ProtocolError):
        words = "the connection broke off in the middle of the answer"
    else:
        words = "can't be reached"
    return TryAgainError(source.title, shown, words, f"check the network connection; {_LATER}")
