"""What went wrong, in words: statuses, redirects and a library's exceptions as errors that say what to do."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests
import urllib3

from data.errors import DownloadError
from data.fetch.addresses import SourceAddress
from data.fetch.body import BrokenBodyError, TooLargeError
from data.fetch.retry import PASSING_STATUS, TryAgainError, read_retry_after

REDIRECTS = frozenset({301, 302, 303, 307, 308})
CONNECTION_FAULTS = (
    TooLargeError, BrokenBodyError, requests.RequestException, urllib3.exceptions.HTTPError, ConnectionError,
    TimeoutError,
)  # fmt: skip
_LONGEST_ADDRESS = 300


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


def shorten_address(url: str) -> str:
    """Return an address fit for a message: printable, and not pages long."""
    shown = "".join(char if char.isprintable() else "?" for char in url)
    return (
        shown if len(shown) <= _LONGEST_ADDRESS else f"{shown[:_LONGEST_ADDRESS]}… ({len(shown)} characters)"
    )


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


def _port(scheme: str, port: int | None) -> int:
    return port or {"http": 80, "https": 443}.get(scheme, 0)


def follow_redirect(source: SourceAddress, first: str, response: requests.Response) -> str:
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


def fault_of(source: SourceAddress, url: str, error: Exception) -> DownloadError:
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
