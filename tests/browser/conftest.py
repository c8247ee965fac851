"""A browser and a dashboard for the tests of this folder; skipped visibly where there is no Chromium."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from data.packio import write_pack
from geo.engine import warm
from tests.browser.driver import Visitor, find_chromium, open_browser, run_server
from tests.browser.hostile import build_hostile_town


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark this folder's tests; without a Chromium skip them, but never in CI."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if find_chromium() is None and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert find_chromium(), "CI must have a Chromium: the browser tests may not be skipped there"
    with open_browser() as chromium:
        yield chromium


@pytest.fixture(scope="session")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboard with the demo and a town of hostile names; its address."""
    warm()  # into numba's cache, where the server finds it
    packs = tmp_path_factory.mktemp("packs")
    write_pack(build_hostile_town(), packs / "hostile")
    with run_server(packs) as url:
        yield url


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Make a visitor with a session of their own; no fault of the page is let pass."""
    contexts, visitors = [], []

    def make(**options) -> Visitor:
        contexts.append(browser.new_context(viewport={"width": 1400, "height": 1000}, **options))
        visitors.append(Visitor(contexts[-1]))
        return visitors[-1]

    yield make
    faults = [fault for visitor in visitors for fault in visitor.faults]
    for context in contexts:
        context.close()
    assert not faults
