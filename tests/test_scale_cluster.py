"""The same call over a cluster: two workers, one of them killed midway, the same bytes."""

from __future__ import annotations

import os
import signal
import sys
import time
import types
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from data.errors import PartError, UsageError
from data.packio import load_pack
from geo.__main__ import main
from geo.cluster import _take_answer
from geo.engine import Engine
from geo.matrix import choose_destinations, choose_origins, export_matrix
from geo.query import Query
from tests.cluster_work import FOLDER_VARIABLE, compute_when_told

PART_ORIGINS = 20
WAIT_S = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Iterator[object]:
    distributed = pytest.importorskip("distributed", reason="requirements-cluster.txt is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER_VARIABLE, str(folder))  # the workers inherit it
        # Streamlit's tests leave their page as the main program, which every worker would run at its start.
        patch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as running:
            yield running


@pytest.fixture(scope="module")
def demo() -> Engine:
    return Engine(load_pack("demo"))


def logged(folder: Path, what: str) -> list[tuple[str, int]]:
    """(part, process) of every part that was started or finished."""
    names = [path.name.split("-") for path in folder.glob(f"{what}-*")]
    return [(key, int(process)) for _, key, process in names]


def kill_one_at_work(folder: Path, kept: Path) -> int:
    """Kill a worker that has started a part and not finished it; the other parts then go on."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        at_work = set(logged(folder, "started")) - set(logged(folder, "finished"))
        if at_work and list(kept.glob("*.arrow")):
            process = min(process for _, process in at_work)
            os.kill(process, signal.SIGKILL)
            (folder / "killed").touch()
            return process
        time.sleep(0.02)
    raise AssertionError("no worker was at work")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_killed_worker_loses_no_part(
    cluster, demo: Engine, folder: Path, tmp_path: Path, monkeypatch
) -> None:
    points = choose_origins(demo, "points"), choose_destinations(demo, "stops")
    whole, out, kept = tmp_path / "whole.parquet", tmp_path / "matrix.parquet", tmp_path / "kept"
    export_matrix(demo, Query(), *points, whole)
    monkeypatch.setattr("geo.cluster.compute_part", compute_when_told)
    killed: list[int] = []
    seen: list[str] = []

    def watch(_done: float, doing: str) -> None:
        seen.append(doing)
        if doing.startswith("part 1 of"):
            killed.append(kill_one_at_work(folder, kept))

    address = cluster.scheduler_address
    export_matrix(
        demo, Query(), *points, out, cluster=address, parts=kept, part_origins=PART_ORIGINS, progress=watch
    )
    assert out.read_bytes() == whole.read_bytes()
    parts = len(list(kept.glob("*.arrow")))
    assert parts >= 6
    assert [f"part {done} of {parts}" for done in range(parts + 1)] == [x for x in seen if x[:5] == "part "]

    started, finished = logged(folder, "started"), logged(folder, "finished")
    unfinished = set(started) - set(finished)
    assert {process for _, process in unfinished} == set(killed), "only the killed one left parts undone"
    assert {key for key, _ in unfinished} <= {key for key, _ in finished}, "and another one did them"
    assert len(finished) == parts and set(Counter(key for key, _ in finished).values()) == {1}, (
        "no finished part was computed twice"
    )

    out.unlink()
    sorted(kept.glob("*.arrow"))[2].unlink()
    monkeypatch.undo()
    export_matrix(demo, Query(), *points, out, cluster=address, parts=kept, part_origins=PART_ORIGINS)
    assert out.read_bytes() == whole.read_bytes()

    by_command = tmp_path / "command.parquet"
    arguments = ["matrix", "demo", "--out", str(by_command), "--cluster", address]
    assert main([*arguments, "--part-origins", "150"]) == 0
    pd.testing.assert_frame_equal(pd.read_parquet(by_command), pd.read_parquet(whole))
    assert not by_command.with_name("command.parquet.parts").exists(), "the file is there; its parts may go"


def test_where_no_scheduler_answers_says_so(demo: Engine, tmp_path: Path, monkeypatch) -> None:
    pytest.importorskip("distributed", reason="requirements-cluster.txt is not installed")
    monkeypatch.setattr("geo.cluster.CONNECT_S", 1)
    points = choose_origins(demo, "neighbourhoods"), choose_destinations(demo, "services")
    out = tmp_path / "matrix.parquet"
    with pytest.raises(UsageError, match="no scheduler answers there"):
        export_matrix(demo, Query(), *points, out, cluster="tcp://127.0.0.1:9")
    assert not list(tmp_path.iterdir()), "no folder of parts where there is no part"


def test_without_dask_it_says_what_to_install(demo: Engine, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    points = choose_origins(demo, "neighbourhoods"), choose_destinations(demo, "services")
    with pytest.raises(UsageError, match=r"requirements-cluster\.txt"):
        export_matrix(demo, Query(), *points, tmp_path / "m.parquet", cluster="tcp://127.0.0.1:9")
    assert export_matrix(demo, Query(), *points, tmp_path / "m.parquet") > 0, "and nothing else needs it"


def test_a_scheduler_that_has_not_got_the_program_is_told_how_to_start() -> None:
    pytest.importorskip("distributed", reason="requirements-cluster.txt is not installed")

    class Future:
        def __init__(self, words: str) -> None:
            self.words = words

        def result(self) -> bytes:
            raise RuntimeError(self.words)

    # As dask words it; the whole of it was seen with a scheduler started by the command `dask scheduler`.
    with pytest.raises(PartError, match="in the program's folder, by `python -m dask scheduler`"):
        _take_answer(Future("Error during deserialization of the task graph. This frequently\noccurs if ..."))
    with pytest.raises(RuntimeError, match="another fault"):
        _take_answer(Future("another fault"))
