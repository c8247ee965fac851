"""When to ask again, and how long to wait before it: backoff with jitter that honours Retry-After."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TypeVar

import tenacity

from data.errors import DownloadError

T = TypeVar("T")

# Answers that say "not now": too many requests, a gateway's trouble, a server's moment of weakness.
PASSING_STATUS = frozenset({408, 429, 500, 502, 503, 504})


class TryAgainError(DownloadError):
    """A fault that may pass. ``progressed``: bytes arrived that needn't be asked for again."""

    retry_after_s: float | None = None
    progressed: bool = False


@dataclass(frozen=True)
class Patience:
    """How long a client waits, and for what.

    Attributes
    ----------
    connect_s, read_s
        Timeouts of one connection and of one read.
    tries
        Requests without any progress before it gives up.
    first_wait_s, longest_wait_s
        The backoff's first mean wait and its ceiling; also the longest Retry-After that is waited for.
    slowest_bytes_s, slow_window_s
        Fewer bytes a second than this over so many seconds is a stalled answer.
    sleep, uniform
        Injected, so that tests neither wait nor throw dice.
    """

    connect_s: float = 15.0
    read_s: float = 90.0
    tries: int = 6
    first_wait_s: float = 1.0
    longest_wait_s: float = 300.0
    slowest_bytes_s: float = 200.0
    slow_window_s: float = 60.0
    sleep: Callable[[float], None] = field(default=time.sleep)
    uniform: Callable[[float, float], float] = field(default=random.uniform)


def read_retry_after(value: str | None, now: dt.datetime | None = None) -> float | None:
    """Return the seconds that Retry-After (a number or a date) asks for, None where it says nothing."""
    if not value:
        return None
    text = value.strip()
    if text.isdigit():
        return float(text[:9])
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=dt.UTC)
    return max(0.0, (when - (now or dt.datetime.now(dt.UTC))).total_seconds())


class Again:
    """Runs one piece of work until it succeeds, fails for good, or patience ends.

    Parameters
    ----------
    patience : Patience
    tell : callable
        Told in words what went wrong and how long it waits.
    """

    def __init__(self, patience: Patience, tell: Callable[[str], object]) -> None:
        self._patience = patience
        self._tell = tell

    def run(self, work: Callable[[], T]) -> T:
        """Call ``work`` until it returns; ``TryAgainError`` asks for another go.

        Raises
        ------
        DownloadError
            The last fault, when too many tries brought nothing, or when the
            server asks for a longer wait than patience has.
        """
        fruitless = 0

        def stop(state: tenacity.RetryCallState) -> bool:
            nonlocal fruitless
            error = _error_of(state)
            # A slow line that delivers a little each time is not a broken one.
            fruitless = 0 if error.progressed else fruitless + 1
            too_long = (error.retry_after_s or 0) > self._patience.longest_wait_s
            return too_long or fruitless >= self._patience.tries or state.attempt_number >= 100

        def wait(state: tenacity.RetryCallState) -> float:
            # tenacity asks this before ``stop``, which counts this fault.
            error = _error_of(state)
            asked = error.retry_after_s
            doublings = 1 if error.progressed else fruitless + 1
            ceiling = min(self._patience.longest_wait_s, self._patience.first_wait_s * 2**doublings)
            if asked is not None:
                # At least what was asked for, and not everybody at the same moment.
                return asked + self._patience.uniform(0, self._patience.first_wait_s)
            return self._patience.uniform(self._patience.first_wait_s / 2, ceiling)

        def say(state: tenacity.RetryCallState) -> None:
            seconds = state.next_action.sleep if state.next_action else 0
            self._tell(f"{_error_of(state).short}; waiting {seconds:.0f} s before asking again")

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TryAgainError),
            stop=stop,
            wait=wait,
            before_sleep=say,
            sleep=self._patience.sleep,
            reraise=True,
        )
        return retrying(work)


def _error_of(state: tenacity.RetryCallState) -> TryAgainError:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, TryAgainError):  # pragma: no cover - tenacity asks about these only
        raise TypeError("asked about an outcome that is no fault")
    return error
