"""Driving the dashboard in a real browser: a server, a Chromium, and what the map has drawn."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, Request, Route, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUM_ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    # Nothing but this machine has a name: what the page asks of others fails at once.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]  # fmt: skip
LOCAL = ("http://127.0.0.1:", "data:", "blob:")
WAIT_MS = 240_000
# Whether no part of the page has run for 0.4 s. The script's state stands in the page for tests; the
# picture of a running page comes late and would let a click fall between two runs.
IDLE = """() => {
    const app = document.querySelector('[data-testid="stApp"]');
    const idle = app?.dataset.testScriptState === "notRunning";
    window.idleSince = idle ? window.idleSince ?? performance.now() : undefined;
    return idle && performance.now() - window.idleSince > 400;
}"""


def find_chromium() -> str | None:
    """The machine's Chromium, or None."""
    return next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)


@contextmanager
def run_server(packs: Path | None = None, **environment: str) -> Iterator[str]:
    """Run the dashboard on a free port of this machine; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = {**os.environ, **environment}
    if packs is not None:
        variables["ONE_BUS_REACH_PACKS"] = str(packs)
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.headless", "true",
               "--server.address", "127.0.0.1", "--server.port", str(port)]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_until_it_answers(f"http://127.0.0.1:{port}/_stcore/health", process)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(20)


def _wait_until_it_answers(url: str, process: subprocess.Popen, limit_s: float = 60) -> None:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the dashboard ended with code {process.returncode} before it answered")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.2)
    raise RuntimeError("the dashboard did not answer")


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A headless Chromium that can reach this machine only."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGS)
        yield browser
        browser.close()


class Visitor:
    """One visitor's page, and everything that went wrong on it."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("dialog", self._dialog)
        self.page.on("console", lambda m: m.type == "error" and self.faults.append(f"console: {m.text}"))
        context.route("**/*", self._route)

    def _dialog(self, dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _route(self, route: Route, request: Request) -> None:
        if request.url.startswith(LOCAL):
            route.continue_()
        else:
            self.faults.append(f"asked another machine: {request.url}")
            route.abort()

    @property
    def frame(self) -> FrameLocator:
        """The map's frame, found by the title that a screen reader reads."""
        return self.page.frame_locator('iframe[title*="timetable of"]')

    def open(self, url: str) -> Visitor:
        """Open the page and wait until the map is drawn and the engine has answered."""
        self.page.goto(url)
        self.frame.locator("body[data-drawn]").wait_for(timeout=WAIT_MS)
        self.page.get_by_test_id("stMetric").first.wait_for(timeout=WAIT_MS)
        self.settle()
        return self

    def settle(self) -> None:
        """Wait until no part of the page runs any more."""
        self.page.evaluate("() => { window.idleSince = undefined; }")
        self.page.wait_for_function(IDLE, timeout=WAIT_MS)

    def drawn(self) -> str | None:
        """Which message the map shows."""
        return self.frame.locator("body").get_attribute("data-drawn", timeout=WAIT_MS)

    def wait_for_change(self, before: str | None) -> None:
        """Wait until the map shows another message than ``before``."""
        self.frame.locator(f'body[data-drawn]:not([data-drawn="{before}"])').wait_for(timeout=WAIT_MS)

    def in_map(self, script: str, argument: object = None) -> object:
        """Evaluate a function of the map's frame."""
        return self.frame.locator("body").evaluate(f"(_, given) => ({script})(given)", argument)

    def pixel_of(self, lon: float, lat: float) -> tuple[float, float]:
        """Where on the page the map draws a point (degrees)."""
        at = self.in_map("([lon, lat]) => window.map.latLngToContainerPoint([lat, lon])", [lon, lat])
        box = self.frame.owner.bounding_box()
        assert isinstance(at, dict) and box is not None
        return box["x"] + at["x"], box["y"] + at["y"]

    def click_on_map(self, lon: float, lat: float) -> float:
        """Click the canvas at a point; returns the seconds until the answer was drawn."""
        before = self.drawn()
        self.frame.owner.scroll_into_view_if_needed()
        x, y = self.pixel_of(lon, lat)
        start = time.perf_counter()
        self.page.mouse.click(x, y)
        self.wait_for_change(before)
        return time.perf_counter() - start
