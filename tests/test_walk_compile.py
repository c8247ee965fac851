"""Kernels: compiled when first needed, kept in the user's cache, the same over any blocks."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numba import types

from geo.compile import IN_I4, kernel
from geo.threads import run_blocks

CHECKOUT = Path(__file__).resolve().parent.parent


def run_python(code: str, **environment: str) -> str:
    kept = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.skipif(sys.platform != "linux", reason="the cache folder's name is the system's")
def test_the_cache_lies_in_the_users_folder(tmp_path) -> None:
    code = "import geo.compile, numba; print(numba.config.CACHE_DIR)"
    kept = Path(run_python(code, XDG_CACHE_HOME=str(tmp_path)))
    assert kept.parent == tmp_path / "one-bus-reach" / "numba"
    own = run_python(code, NUMBA_CACHE_DIR=str(tmp_path / "own"))
    assert Path(own) == tmp_path / "own" / kept.name
    assert run_python(code, NUMBA_CACHE_DIR=own) == own  # a second process of the first's environment


def test_a_change_of_what_kernels_share_changes_the_cache_folder(tmp_path) -> None:
    from geo import compile as compiling

    named = compiling._name_cache_folder(tmp_path)
    shared = Path(compiling.__file__).with_name("kernel_helpers.py")
    assert named == tmp_path / f"shared-{hashlib.sha256(shared.read_bytes()).hexdigest()[:12]}"


def test_importing_compiles_nothing(tmp_path) -> None:
    code = (
        "import geo.engine; from geo.compile import list_kernels as k;"
        "print(len(k()) > 10, any(x.dispatcher.signatures for x in k()))"
    )
    assert run_python(code, NUMBA_CACHE_DIR=str(tmp_path)) == "True False"
    assert not list(tmp_path.rglob("*.nbc"))


def test_a_kernel_takes_its_signature_only() -> None:
    from geo import compile as compiling

    before = list(compiling._KERNELS)
    try:

        @kernel(types.int64(IN_I4))
        def add_up(values):  # type: ignore[no-untyped-def]
            total = 0
            for value in values:
                total += value
            return total

        values = np.arange(5, dtype=np.int32)
        assert add_up(values) == 10
        values.flags.writeable = False  # as a pack's arrays are
        assert add_up(values) == 10
        with pytest.raises(TypeError):
            add_up(np.arange(5, dtype=np.float64))
    finally:
        compiling._KERNELS[:] = before


@pytest.mark.parametrize("rows", [0, 1, 31, 64, 1000])
def test_blocks_cover_all_rows_in_order(rows: int) -> None:
    parts = run_blocks(rows, lambda first, last: list(range(first, last)))
    assert [row for part in parts for row in part] == list(range(rows))


def test_a_fault_in_a_block_is_told_and_the_threads_go_on() -> None:
    def work(first: int, last: int) -> int:
        if first >= 500:
            raise ValueError("block of row 500")
        return last - first

    for _ in range(3):
        with pytest.raises(ValueError, match="row 500"):
            run_blocks(1000, work)
    assert sum(run_blocks(500, work)) == 500


def test_blocks_of_several_callers_keep_apart() -> None:
    with ThreadPoolExecutor(4) as callers:
        found = list(callers.map(lambda k: run_blocks(2000, lambda a, b: (k, b - a)), range(40)))
    for k, parts in enumerate(found):
        assert {mark for mark, _ in parts} == {k} and sum(rows for _, rows in parts) == 2000
