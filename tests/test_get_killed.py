"""A whole `get` through loopback servers, killed at random moments: the next run makes the same pack."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.check import check_pack
from data.stored import load_manifest
from tests.forking import Forks
from tests.get_place import serve_place
from tests.loopback.fixtures import KEYS
from tests.loopback.server import Loopback

KILLS = 10
CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture
def runner() -> Iterator[Forks]:
    if not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    with Loopback().running() as server:
        serve_place(server)
        bases = {f"ONE_BUS_REACH_URL_{key.upper()}": f"{server.base}/{key}" for key in KEYS}
        started = Forks("tests.get_runner", CHECKOUT, bases)
        yield started
        started.close()


def test_killed_at_ten_random_moments_the_next_run_makes_the_same_pack(runner: Forks, tmp_path: Path):
    def command(name: str) -> tuple[object, ...]:
        return "get", "Thorn Green", "--quiet", "--cache", tmp_path / name, "--out", tmp_path / f"{name}-pack"

    begun = time.monotonic()
    runner.start(os.devnull, *command("whole"))
    assert runner.wait() == 0
    took = time.monotonic() - begun
    whole = tmp_path / "whole-pack"
    assert check_pack(whole).problems == ()
    digest = load_manifest(whole).digest

    seed = random.SystemRandom().randrange(10**6)
    dice, killed, number = random.Random(seed), 0, 0
    while killed < KILLS:
        number += 1
        assert number <= 3 * KILLS, f"seed {seed}: runs are over before they can be killed"
        delay = dice.uniform(0, took)
        what = f"seed {seed}, run {number} killed after {delay:.3f} of {took:.3f} s"
        begun = time.monotonic()
        child = runner.start(os.devnull, *command(f"c{number}"))
        time.sleep(delay)
        with contextlib.suppress(ProcessLookupError):  # where this run was quicker than the first
            os.kill(child, signal.SIGKILL)
        code = runner.wait()
        assert code in (0, -signal.SIGKILL), what
        pack = tmp_path / f"c{number}-pack"
        if pack.exists():  # whole or not at all
            assert load_manifest(pack).digest == digest, what
        if code == 0:
            took = min(took, time.monotonic() - begun)
            continue
        killed += 1
        runner.start(os.devnull, *command(f"c{number}"))
        assert runner.wait() == 0, what
        assert load_manifest(pack).digest == digest, what
    assert check_pack(pack).problems == ()


def test_ctrl_c_says_that_what_arrived_is_kept(tmp_path: Path, monkeypatch, capsys):
    from data.__main__ import main

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("data.get.run.run_get", interrupted)
    assert main(["get", "Oldham", "--cache", str(tmp_path)]) == 130
    assert "the same command goes on from there" in capsys.readouterr().err
