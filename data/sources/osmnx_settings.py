"""osmnx's settings are module globals: set under a lock for one call and put back, whatever happens."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LOCK = threading.Lock()


@contextmanager
def osmnx_settings(**values: Any) -> Iterator[None]:
    """Set some of ``osmnx.settings`` for one call.

    What osmnx leaves behind in the process is put back too: to ask the same
    server twice it replaces ``socket.getaddrinfo``, for good.
    """
    from osmnx import settings

    with _LOCK:
        before = {name: getattr(settings, name) for name in values}
        resolve = socket.getaddrinfo
        try:
            for name, value in values.items():
                setattr(settings, name, value)
            yield
        finally:
            for name, value in before.items():
                setattr(settings, name, value)
            socket.getaddrinfo = resolve
