"""How long work tells its caller how far it is: a bar, a status line, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable

# Told the share done, 0 to 1, and what is being done.
Progress = Callable[[float, str], None]
# Told the share done, 0 to 1, by steps that have no words of their own.
ShareDone = Callable[[float], None]


def no_progress(_done: float, _doing: str) -> None:
    """For callers that show nothing."""
