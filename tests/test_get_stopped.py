"""Ctrl-C in the middle of a download, two runs at once, and locks that outlive nobody."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from data.__main__ import main
from data.errors import UsageError
from data.fetch.addresses import SourceAddress
from data.fetch.download import download
from data.fetch.http import Client
from data.fetch.locks import only_one
from data.get.run import STOPPED
from data.stored import load_manifest
from tests.get_place import serve_place
from tests.loopback.fixtures import KEYS, client, make_client, server, waits
from tests.loopback.server import Loopback

__all__ = ["client", "make_client", "server", "waits"]
CHECKOUT = Path(__file__).resolve().parent.parent


def test_ctrl_c_in_a_slow_download_then_the_second_run_asks_for_the_rest_only(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """And meanwhile another run of the same place is refused, and one in a folder of its own isn't."""
    serve_place(server, ranges=True)
    for key in KEYS:
        monkeypatch.setenv(f"ONE_BUS_REACH_URL_{key.upper()}", f"{server.base}/{key}")

    def command(cache: str) -> list[str]:
        folders = ["--cache", str(tmp_path / cache), "--out", str(tmp_path / f"{cache}-pack")]
        return ["get", "Thorn Green", *folders]

    server.break_next("drip", "/bods")
    run = subprocess.Popen(
        [sys.executable, "-m", "data", *command("a")], cwd=CHECKOUT, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    begun = time.monotonic()
    while not server.asked("/bods"):
        assert run.poll() is None and time.monotonic() - begun < 120, "never came to the timetable"
        time.sleep(0.05)
    time.sleep(1)
    assert main(command("a")) == 2
    assert re.search(r"Thorn Green is being fetched by another run[\s\S]*--cache", capsys.readouterr().err)
    assert len(server.asked("/bods")) == 1
    assert main(command("b")) == 0

    os.killpg(run.pid, signal.SIGINT)  # as the terminal does, to everybody in the group
    out, said = run.communicate(timeout=60)
    assert run.returncode == 130
    assert said.rstrip().endswith(STOPPED) and "Traceback" not in said and "Error" not in said and not out
    assert not (tmp_path / "a-pack").exists()
    shared = tmp_path / "a" / "raw" / "shared"
    part = shared / ".bods_england.zip.part"
    have = part.stat().st_size
    assert have > 0 and not (shared / "bods_england.zip").exists()

    server.log.clear()
    assert main(command("a")) == 0
    (rest,) = server.asked("/bods")
    assert (rest.status, rest.headers["range"]) == (206, f"bytes={have}-")
    assert [asked.path for asked in server.log if asked.method != "HEAD"] == [rest.path]  # all else is kept
    assert load_manifest(tmp_path / "a-pack").digest == load_manifest(tmp_path / "b-pack").digest
    assert not part.exists()


def test_a_file_that_two_runs_want_is_fetched_once(
    server: Loopback, make_client: Callable[..., Client], tmp_path: Path
):
    """Two places of one region share its timetable: the second waits, says so, and finds it there."""
    server.serve("/file", bytes(range(256)) * 8, headers={"ETag": '"a"'})
    server.break_next("silent", "/file", seconds="1")
    source, told = SourceAddress("bods", "BODS", server.base), list[str]()
    results = []

    def fetch() -> None:
        found = download(make_client(tell=told.append), source, source.url("file"), tmp_path / "shared" / "f")
        results.append(found.from_cache)

    threads = [threading.Thread(target=fetch) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == [False, True]
    assert [asked.fault for asked in server.log] == ["silent", ""]
    assert any("another run is fetching it" in line for line in told)


def test_a_lock_ends_with_its_process_and_its_file_is_in_nobody_s_way(tmp_path: Path):
    lock = tmp_path / "place" / ".get.lock"
    held = subprocess.Popen(
        [sys.executable, "-c", "import sys, time, pathlib, data.fetch.locks as l\n"
         "with l.only_one(pathlib.Path(sys.argv[1]), 'X'): print('held', flush=True); time.sleep(60)",
         str(lock)],
        cwd=CHECKOUT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert held.stdout is not None and held.stdout.readline().strip() == "held"
    with pytest.raises(UsageError, match="Oldham is being fetched by another run"), only_one(lock, "Oldham"):
        pass
    held.kill()
    held.wait(20)
    assert lock.exists()
    with only_one(lock, "Oldham"):
        pass
    with only_one(lock, "Oldham"):  # and again
        pass
