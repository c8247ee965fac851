"""A running server and a client that neither waits nor writes outside the test's folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from data.fetch.addresses import Addresses, load_addresses
from data.fetch.cache import Cache
from data.fetch.http import Client
from data.fetch.retry import Patience
from tests.loopback.authority import FernleyVale
from tests.loopback.server import Loopback

KEYS = tuple(load_addresses(environ={}).sources)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback().running() as running:
        yield running


def local_addresses(server: Loopback, settings: Mapping[str, Mapping[str, Any]] | None = None) -> Addresses:
    """Return the table with every base on the server: ``/nomis``, ``/bods``, and so on."""
    table = load_addresses({key: f"{server.base}/{key}" for key in KEYS}, environ={})
    changed = {
        key: replace(table[key], settings={**table[key].settings, **more})
        for key, more in (settings or {}).items()
    }
    return Addresses({**table.sources, **changed}, table.publishers)


@pytest.fixture
def waits() -> list[float]:
    """Sleeps that were asked for, and not slept."""
    return []


@pytest.fixture
def make_client(server: Loopback, tmp_path: Path, waits: list[float]) -> Callable[..., Client]:
    """Make clients that share one cache; keywords go to ``Client``, ``settings`` to the table."""

    def make(settings: Mapping[str, Mapping[str, Any]] | None = None, **more: Any) -> Client:
        patience = Patience(
            connect_s=2, read_s=3, tries=3, slow_window_s=0.5, slowest_bytes_s=200,
            sleep=waits.append, uniform=lambda low, high: (low + high) / 2,
        )  # fmt: skip
        return Client(
            local_addresses(server, settings), cache=Cache(tmp_path / "cache"), patience=patience, **more
        )

    return make


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Client:
    return make_client()


@pytest.fixture
def vale(server: Loopback, demo_raw: Path) -> FernleyVale:
    """Fernley Vale on the server; its knobs may be turned at any time."""
    return FernleyVale(demo_raw).install(server)
