"""`python -m data check`: a sound pack passes, and each planted fault is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow.parquet as pq
import pytest
from shapely.geometry import box

from data.__main__ import main
from data.areapack import AreaPack
from data.check import check_content, check_pack, find_content_faults
from data.errors import PackError
from data.packio import write_pack
from tests.towns import build_town, point, route, service, street, trip


@pytest.fixture
def town() -> AreaPack:
    return build_town(
        streets=[street((0, 0), (3000, 0), name="High Street")],
        stops={"A": (100, 0), "B": (2500, 0)},
        routes=[route("1", trip(("A", "09:40"), ("B", "09:50")), trip(("A", "10:40"), ("B", "10:50")))],
        points=[point("home", 0, 0, people=120), point("edge", 900, 0, people=30)],
        services=[service("clinic", 2600, 0)],
        groups={"asian": {"N1": 20}},
    )


def with_calls(pack: AreaPack, **changed: np.ndarray) -> AreaPack:
    return replace(pack, feed=replace(pack.feed, stop_times={**pack.feed.stop_times, **changed}))


def with_frame(pack: AreaPack, name: str, change: Callable) -> AreaPack:
    return replace(pack, **{name: change(getattr(pack, name))})


def test_a_sound_town_has_no_faults(town: AreaPack) -> None:
    assert find_content_faults(town) == []
    check_content(town)


FAULTS: dict[str, tuple[Callable[[AreaPack], AreaPack], str]] = {
    "key twice": (
        lambda p: with_frame(p, "services", lambda f: f.loc[[0, 0]].reset_index(drop=True)),
        "services: service_id stands twice: clinic",
    ),
    "reference lost": (
        lambda p: with_frame(p, "origin_points", lambda f: f.assign(neighbourhood_id="nowhere")),
        "origin_points: neighbourhood_id not in neighbourhoods: nowhere",
    ),
    "no place": (
        lambda p: with_frame(p, "stops", lambda f: f.assign(x=[np.nan, 1.0])),
        "stops: coordinates missing",
    ),
    "half a place": (
        lambda p: with_frame(p, "services", lambda f: f.assign(x=np.nan)),
        "services: coordinates missing or half given: clinic",
    ),
    "degrees": (
        lambda p: with_frame(p, "stops", lambda f: f.assign(lon=300.0)),
        "stops: lon, lat are no degrees",
    ),
    "weights": (
        lambda p: with_frame(p, "origin_points", lambda f: f.assign(weight=f["weight"] * 0.9)),
        "weights don't sum to 1",
    ),
    "residents": (
        lambda p: with_frame(p, "origin_points", lambda f: f.assign(residents=f["residents"] + 1)),
        "residents don't sum to the population",
    ),
    "population": (
        lambda p: with_frame(p, "neighbourhoods", lambda f: f.assign(population=f["population"] + 1)),
        "'all' is not the population",
    ),
    "trip out of range": (
        lambda p: with_calls(p, trip_index=p.feed.stop_times["trip_index"] + 5),
        "trip_index points outside its table",
    ),
    "calls out of order": (
        lambda p: with_calls(p, **{k: v[::-1] for k, v in p.feed.stop_times.items()}),
        "not sorted by trip_index",
    ),
    "back in time": (
        lambda p: with_calls(p, arrival_s=p.feed.stop_times["arrival_s"][::-1].copy()),
        "go back in time",
    ),
    "pickup": (
        lambda p: with_calls(p, pickup_type=p.feed.stop_times["pickup_type"] + np.int8(7)),
        "pickup_type is not 0, 1, 2 or 3",
    ),
    "service_id": (
        lambda p: replace(p, feed=replace(p.feed, trips=p.feed.trips.assign(service_id="never"))),
        "service_id in neither calendar: never",
    ),
    "served": (
        lambda p: with_frame(p, "stops", lambda f: f.assign(served=False)),
        "active stops are served",
    ),
    "walk": (
        lambda p: replace(p, walk=replace(p.walk, u=p.walk.u + 10_000)),
        "walk_edges: u or v points outside",
    ),
    "length": (
        lambda p: replace(p, walk=replace(p.walk, length_mm=p.walk.length_mm * 0)),
        "walk_edges: lengths of 0",
    ),
    "mode": (lambda p: replace(p, walk=None), "says walk mode 'network'"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_named(town: AreaPack, name: str) -> None:
    plant, says = FAULTS[name]
    faults = find_content_faults(plant(town))
    assert any(says in fault for fault in faults), faults
    with pytest.raises(PackError, match="contradicts itself"):
        check_content(plant(town))


def test_an_aggregate_must_be_its_members_sum(town: AreaPack) -> None:
    assert town.groups is not None
    member = town.groups["group_id"] == "asian"
    groups = town.groups.assign(is_aggregate=member, members=np.where(member, "all", None))
    faults = find_content_faults(replace(town, groups=groups))
    assert [fault for fault in faults if "is not its members' sum" in fault], faults


def test_check_prints_the_manifest_and_passes(
    town: AreaPack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = write_pack(town, tmp_path / "town")
    assert main(["check", str(out)]) == 0
    text = capsys.readouterr().out
    assert "FICTIONAL" in text
    assert "The pack itself: sound" in text
    assert "2 of 2 active stops are served" in text
    assert "Test data: not for decisions (the place is fictional" in text
    assert "streets without a coverage polygon" in text


def test_check_says_how_many_people_the_streets_cover(town: AreaPack, tmp_path: Path) -> None:
    """Homes at 0 and 900 m with 120 and 30 people; the streets are whole up to 500 m only."""
    assert town.origin_points is not None
    x, y = town.origin_points[["x", "y"]].iloc[0]
    coverage = gpd.GeoDataFrame(
        {"part": ["streets"]}, geometry=[box(x - 10, y - 10, x + 500, y + 10)], crs=town.crs
    )
    out = write_pack(replace(town, coverage=coverage), tmp_path / "town")
    n_areas = town.origin_points["neighbourhood_id"].nunique()
    assert check_pack(out).coverage == (
        f"streets cover no part of {n_areas - 1} of {n_areas} neighbourhoods; 80.0% of residents live inside"
    )


def test_content_changed_behind_the_manifests_back_is_found(
    town: AreaPack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = write_pack(town, tmp_path / "town")
    path = out / "stops.parquet"
    table = pq.read_table(path)
    names = ["Another name"] * table.num_rows
    pq.write_table(table.set_column(1, table.schema.field("name"), [names]), path)
    assert main(["check", str(out), "--json"]) == 3
    captured = capsys.readouterr()
    found = json.loads(captured.out)  # nothing but JSON on stdout
    assert found["sound"] is False
    assert found["problems"] == ["stops.parquet: content is not what was written (its digest differs)"]
    assert "not sound" in captured.err


def test_facts_changed_in_the_manifest_are_found(town: AreaPack, tmp_path: Path) -> None:
    out = write_pack(town, tmp_path / "town")
    path = out / "manifest.json"
    path.write_text(path.read_text().replace('"detour_factor": 1.3', '"detour_factor": 1.1'))
    assert any("facts are not what was written" in problem for problem in check_pack(out).problems)


def test_strangers_in_the_folder_are_named(town: AreaPack, tmp_path: Path) -> None:
    out = write_pack(town, tmp_path / "town")
    (out / "derived").mkdir()
    (out / "notes.txt").write_text("x")
    assert check_pack(out).problems == ("notes.txt: is not part of the pack",)


def test_no_pack_there_is_exit_code_3_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "no/such/pack"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "no/such/pack" in captured.err
    assert "Traceback" not in captured.err


def test_usage_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["check"])
    assert caught.value.code == 2
    assert main(["build", "no-such.toml", "--raw", "."]) == 2
    assert "no-such.toml" in capsys.readouterr().err


def test_list_prints_json_only(
    town: AreaPack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ONE_BUS_REACH_PACKS", str(tmp_path))
    write_pack(town, tmp_path / "town")
    assert main(["list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"area_id": "town", "name": "Town", "path": str(tmp_path / "town"), "fictional": True} in rows
