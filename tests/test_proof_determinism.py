"""Five runs, one and two threads: the same bytes of every value, on the demo and on Newport.

Each run starts anew: the pack read from disk, its own engine, nothing kept from
the run before. Values are hashed as bytes, column by column with their kinds and
nulls, geometry as WKB.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import shapely

import geo.threads
from data.areapack import AreaPack
from data.packio import load_pack
from geo.engine import Engine
from geo.places import resolve_place
from geo.query import Query

DEMO = Path(__file__).resolve().parents[1] / "data" / "packs" / "demo"
THREADS = (1, 2, 2, 1, 2)  # five runs
CUTOFFS_S = (900, 1800, 2700)


def hash_values(frame: pd.DataFrame) -> str:
    """SHA-256 over every column's name, kind, nulls and bytes."""
    digest = hashlib.sha256()
    for name in frame.columns:
        column = frame[name]
        digest.update(f"{name} {column.dtype} {len(column)}".encode())
        if str(column.dtype) == "geometry":
            for part in shapely.to_wkb(column.to_numpy()):
                digest.update(part)
            continue
        digest.update(column.isna().to_numpy().tobytes())
        values = column.dropna()
        if isinstance(values.dtype, pd.CategoricalDtype) or not pd.api.types.is_numeric_dtype(values.dtype):
            digest.update("\0".join(map(repr, values.tolist())).encode())
        else:
            digest.update(values.to_numpy().tobytes())
    return digest.hexdigest()


def answer(folder: Path) -> dict[str, str]:
    """Hashes of all kinds of answers, from a pack read anew."""
    pack = load_pack(folder)
    engine = Engine(pack)
    query = Query()
    points = engine.reach(query, level="point")
    assert pack.origin_points is not None
    home = pack.origin_points.sort_values("weight").iloc[-1]
    place = resolve_place(pack, f"{home['lon']},{home['lat']}")
    statistics: tuple[Any, ...] = ("best", 50)
    # There and back looks at every session; told one by one, a few show it.
    some = engine.own_services()["service_id"].astype(str)[::4].tolist()
    frames = {
        "reach by point": points.frame,
        "reach by neighbourhood": engine.reach(query).frame,
        "gap": engine.gap(query, points=points).frame,
        "round trips": engine.round_trips(query, service_ids=some).frame,
        "there and back": engine.reach_there_and_back(query).frame,
        "isochrones": engine.isochrones(query, place, CUTOFFS_S, statistics=statistics),
    }
    assert all(len(frame) for frame in frames.values())
    return {name: hash_values(pd.DataFrame(frame)) for name, frame in frames.items()}


def assert_five_runs_agree(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    for threads in THREADS:
        monkeypatch.setattr(geo.threads, "count_threads", lambda threads=threads: threads)
        runs.append(answer(folder))
    for run in runs[1:]:
        assert run == runs[0]


def test_five_runs_of_the_demo_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert_five_runs_agree(DEMO, monkeypatch)


@pytest.mark.real_data
def test_five_runs_of_newport_give_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch, real_pack: Callable[[str], AreaPack]
) -> None:
    folder = real_pack("newport").path
    assert folder is not None
    assert_five_runs_agree(folder, monkeypatch)


def test_a_changed_value_changes_the_hash() -> None:
    frame = pd.DataFrame({"s": pd.array([1, None, 3], "Int32"), "c": pd.Categorical(["a", "b", None])})
    same = hash_values(frame)
    assert hash_values(frame.copy()) == same
    for column, value in (("s", 2), ("s", None), ("c", "b"), ("c", None)):
        other = frame.copy()
        other.loc[0, column] = value
        assert hash_values(other) != same
