"""What prepare keeps beside a pack: the same arrays, the same answers, and never another pack's."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas.testing
import pytest
from shapely.geometry import box

from data.areapack import AreaPack
from data.packio import load_pack, write_pack
from geo import derived, ready
from geo.derived import derived_path, load_derived, write_derived
from geo.engine import Engine
from geo.query import Query, WalkSettings
from tests.architecture import imported
from tests.conftest import CHECKOUT
from tests.towns import build_town, point, route, service, street, trip

QUERY = Query()


def street_town(**more: Any) -> AreaPack:
    return build_town(
        streets=[
            street((0, 0), (1000, 0), (1600, 0), (5000, 0), (6000, 0), name="Long Road"),
            street((1000, 0), (1000, 500), (1600, 500), (1600, 0)),
            street((5000, 0), (5000, 300), steps=True),
        ],
        stops={"A": (100, 0), "B": (5000, 20), "C": (1000, 400)},
        routes=[
            route("1", trip(("A", "09:40"), ("B", "09:50")), trip(("A", "10:40"), ("B", "10:50"))),
            route("2", trip(("C", "09:45"), ("B", "10:00"))),
        ],
        points=[point("home", 0, 0), point("hill", 1300, 480)],
        services=[service("clinic", 5200, 0), service("library", 1500, 500)],
        **more,
    )


def ask(pack: AreaPack, query: Query = QUERY) -> Any:
    return Engine(pack).reach(query, level="point").frame


def assert_same(one: Any, other: Any, at: str = "engine") -> None:
    """Every array, number and text of two dataclasses, and their types."""
    assert type(one) is type(other), at
    for field in dataclasses.fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if dataclasses.is_dataclass(a):
            assert_same(a, b, f"{at}.{field.name}")
        elif isinstance(a, np.ndarray):
            assert a.dtype == b.dtype and a.shape == b.shape, f"{at}.{field.name}"
            np.testing.assert_array_equal(a, b, err_msg=f"{at}.{field.name}")
        else:
            assert a == b, f"{at}.{field.name}"


def must_not_build(*_: object, **__: object) -> None:
    raise AssertionError("built anew")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_pack(street_town(coverage=box(-500, -500, 7000, 700)), tmp_path / "town")


@pytest.mark.parametrize("avoid_steps", [False, True])
def test_what_was_kept_is_what_would_be_built(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, avoid_steps: bool
) -> None:
    query = Query(walk=WalkSettings(avoid_steps=avoid_steps))
    built = Engine(load_pack(folder))
    answer = built.reach(query, level="point").frame
    names = [file.name.partition("-")[0] for file in built.prepare(query)]
    assert names == ["seal.json", "streets", "timetable", "cells"]

    for name in ("build_walk_graph", "build_hub_labels", "build_hub_index", "build_timetable", "snap_points"):
        monkeypatch.setattr(ready, name, must_not_build)
    kept = Engine(load_pack(folder))
    assert_same(kept.graph(avoid_steps), built.graph(avoid_steps))
    assert_same(kept.snapped_stops(avoid_steps), built.snapped_stops(avoid_steps))
    assert_same(kept.stop_index(avoid_steps), built.stop_index(avoid_steps))
    assert_same(kept.timetable(query), built.timetable(query))
    pandas.testing.assert_frame_equal(kept.reach(query, level="point").frame, answer)
    assert kept.coverage is not None and kept.coverage.equals_exact(built.coverage)
    assert (answer["reach_class"] == "one_bus").any() and not kept.graph(avoid_steps).arcs.flags.writeable


def test_broken_files_are_built_anew(folder: Path) -> None:
    answer = ask(load_pack(folder))
    files = Engine(load_pack(folder)).prepare(QUERY)[1:3]
    assert [file.suffix for file in files] == [".safetensors"] * 2
    for file in files:
        whole = file.read_bytes()
        damaged = [bytearray(whole) for _ in range(12)]
        for number, copy in enumerate(damaged):
            copy[len(copy) * number // len(damaged)] ^= 1 << number % 8
        cut = [whole[: len(whole) * part // 4] for part in range(4)]
        for broken in [*damaged, *cut, b"{}" * 40, whole + b"\0" * 8]:
            file.unlink()  # never in place: what is mapped must stay
            file.write_bytes(broken)
            found = Engine(load_pack(folder))
            kept = found.kept_streets(False)
            if file is files[0]:
                assert kept is None
            else:
                assert_same(found.timetable(QUERY), Engine(street_town()).timetable(QUERY))
        file.unlink()
        file.write_bytes(b"broken")
        pandas.testing.assert_frame_equal(ask(load_pack(folder)), answer)


def test_nothing_of_another_pack_or_question_is_taken(folder: Path, tmp_path: Path) -> None:
    files = Engine(load_pack(folder)).prepare(QUERY)
    other = build_town(
        streets=[street((0, 0), (900, 0))],
        stops={"A": (100, 0), "B": (800, 0)},
        routes=[route("9", trip(("A", "09:31"), ("B", "09:33")))],
        points=[point("home", 0, 0)],
        services=[service("clinic", 900, 0)],
    )
    elsewhere = write_pack(other, tmp_path / "other")
    plain = ask(load_pack(elsewhere))
    own = Engine(load_pack(elsewhere)).prepare(QUERY)
    for mine, theirs in zip(own[1:3], files[1:3], strict=True):
        mine.unlink()
        mine.write_bytes(theirs.read_bytes())  # another pack's, under the name of this one's
    pandas.testing.assert_frame_equal(ask(load_pack(elsewhere)), plain)

    pack = load_pack(folder)
    later = Engine(pack).timetable(dataclasses.replace(QUERY, service_date=Engine(pack).service_date(QUERY)
                                                       + dt.timedelta(days=1)))  # fmt: skip
    assert later.service_date != Engine(pack).timetable(QUERY).service_date
    trams = Engine(pack).timetable(dataclasses.replace(QUERY, modes=frozenset({"tram"})))
    assert trams.n_trips == 0 and Engine(pack).timetable(QUERY).n_trips > 0


def test_a_changed_pack_takes_nothing_that_was_kept(folder: Path) -> None:
    pack = load_pack(folder)
    Engine(pack).prepare(QUERY)
    times = {name: values.copy() for name, values in pack.feed.stop_times.items()}
    times["departure_s"] += 600
    times["arrival_s"] += 600
    changed = dataclasses.replace(pack, feed=dataclasses.replace(pack.feed, stop_times=times))
    assert changed.digest == pack.digest
    np.testing.assert_array_equal(
        Engine(changed).timetable(QUERY).departure_s, Engine(pack).timetable(QUERY).departure_s + 600
    )
    assert Engine(changed).kept_streets(False) is None


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    pack = street_town().in_folder(tmp_path)
    arrays = {
        "flags": np.array([True, False, True]),
        "bytes": np.arange(5, dtype=np.uint8),
        "whole": np.arange(12, dtype=np.int32).reshape(3, 4),
        "long": np.array([-(2**62), 2**62]),
        "real": np.array([0.1, -0.0, np.nan, np.inf]),
        "none": np.empty((0, 4), np.int32),
        "strided": np.arange(20, dtype=np.int32)[::3],
    }
    path = write_derived(pack, "test", {"n": 1}, arrays)
    assert path is not None and path == derived_path(pack, "test", {"n": 1})
    found = load_derived(pack, "test", {"n": 1})
    assert found is not None and set(found) == set(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype and found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes() and found[name].flags.aligned
    assert load_derived(pack, "test", {"n": 2}) is None
    assert [item.name for item in path.parent.iterdir()] == [path.name], "nothing half written"


def test_what_other_code_made_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = street_town().in_folder(tmp_path)
    write_derived(pack, "test", {}, {"one": np.ones(3)})
    assert load_derived(pack, "test", {}) is not None
    monkeypatch.setattr(derived, "_digest_makers", lambda: "of another day")
    assert load_derived(pack, "test", {}) is None


def test_every_module_that_makes_what_is_kept_is_among_the_makers() -> None:
    """Whatever streets, timetables and cells are built with; not what only compiles, shares out or asks."""
    beside = {"geo.compile", "geo.threads", "geo.query", "geo.version", "geo.engine"}
    todo, found = ["geo.kept", "geo.cells"], set()
    while todo:
        module = todo.pop()
        found.add(module)
        names = {name for _, name in imported(CHECKOUT / f"{module.replace('.', '/')}.py", CHECKOUT)}
        todo += [name for name in names - found - beside if name.startswith("geo.")]
    assert {f"{module.replace('.', '/')}.py" for module in found} <= set(derived.MAKERS)
    assert all((CHECKOUT / name).is_file() for name in derived.MAKERS)


def test_straight_lines_keep_a_timetable_only(tmp_path: Path) -> None:
    town = build_town(
        stops={"A": (100, 0), "B": (5000, 0)},
        routes=[route("1", trip(("A", "09:40"), ("B", "09:50")))],
        points=[point("home", 0, 0)],
        services=[service("clinic", 5200, 0)],
    )
    folder = write_pack(town, tmp_path / "town")
    answer = ask(load_pack(folder))
    files = Engine(load_pack(folder)).prepare(QUERY)
    assert [file.name.partition("-")[0] for file in files] == ["seal.json", "timetable"]
    pandas.testing.assert_frame_equal(ask(load_pack(folder)), answer)
