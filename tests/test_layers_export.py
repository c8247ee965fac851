"""Exports, re-read by geopandas and pandas: same figures, and all that made them inside."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest

from data.errors import ExportError
from data.packio import load_pack, write_pack
from geo.engine import Engine
from geo.query import Query
from geo.when import compute_when
from geo.write import read_metadata, side_file
from layers.__main__ import main
from layers.command import say_command
from layers.export import ALL_PARTS, PARTS, ExportRequest, choose_parts, export_pack
from layers.there_and_back import ThereAndBack
from tests.test_layers_map import build_small_town

TODAY = dt.date(2025, 7, 1)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(build_small_town())


def export(
    engine: Engine, out: Path, *parts: str, origins: tuple[str, ...] | None = ("N1",)
) -> list[tuple[float, str]]:
    told: list[tuple[float, str]] = []
    request = ExportRequest(Query(), tuple(parts), origins)
    export_pack(engine, request, out, today=TODAY, progress=lambda done, doing: told.append((done, doing)))
    return told


def test_a_geopackage_holds_all_parts(engine: Engine, tmp_path: Path) -> None:
    out = tmp_path / "all.gpkg"
    told = export(engine, out)
    assert {name for name, _ in pyogrio.list_layers(out)} == set(PARTS) - {"indicators"}  # it has none
    hoods = gpd.read_file(out, layer="neighbourhoods")
    assert hoods.crs == "EPSG:27700" and hoods["any_people"].sum() == 230
    gap = gpd.read_file(out, layer="gap")
    assert len(gap) == len(engine.gap(Query()).frame)
    bands = gpd.read_file(out, layer="isochrones")
    assert bands["cutoff_s"].tolist() == [900, 1800, 2700, 3600] and bands.geometry.is_valid.all()
    metadata = read_metadata(out)
    assert metadata["query"]["cutoff_s"] == 2700 and metadata["warning"].startswith("Test data")
    assert metadata["area"]["pack_digest"] == "town" and "engine_version" in metadata
    done = [share for share, _ in told]
    assert done == sorted(done) and done[-1] == 1


def test_times_of_day_are_columns_and_a_table(engine: Engine, tmp_path: Path) -> None:
    told: list[float] = []
    out = tmp_path / "all.gpkg"
    request = ExportRequest(Query(), (*PARTS, "times"), ("N1",), times_of_day=True)
    export_pack(engine, request, out, today=TODAY, progress=lambda done, _doing: told.append(done))
    assert told == sorted(told)
    found = compute_when(engine, Query())
    times, gap = (gpd.read_file(out, layer=name) for name in ("times", "gap"))
    assert times["in_reach_at"].fillna("").tolist() == found.frame["in_reach_at"].fillna("").tolist()
    np.testing.assert_array_equal(gap["sunday_cut_off"], found.gap["sunday_cut_off"])
    np.testing.assert_array_equal(gap["weekday_morning_in_reach"], gap["in_reach"])  # the question's own
    hoods = gpd.read_file(out, layer="neighbourhoods").set_index("neighbourhood_id")
    any_service = found.frame[found.frame["category"] == "*"].set_index("neighbourhood_id")
    assert hoods["any_sunday_state"].to_dict() == any_service["sunday_state"].astype(str).to_dict()
    metadata = read_metadata(out)
    assert metadata["times"]["sunday"]["service_date"] == found.times[4].date.isoformat()
    assert {"any_sunday_state", "sunday_cut_off", "in_reach_at"} <= set(metadata["columns"])
    main(
        [
            "export",
            str(write_town(engine, tmp_path)),
            "--what",
            "gap",
            "--times-of-day",
            "--out",
            str(tmp_path / "g.csv"),
        ]
    )
    assert "saturday_not_known" in pd.read_csv(tmp_path / "g.csv")


def write_town(engine: Engine, folder: Path) -> Path:
    write_pack(engine.pack, folder / "town")
    return folder / "town"


@pytest.mark.parametrize("suffix", [".geojson", ".parquet"])
def test_features(engine: Engine, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"bands{suffix}"
    export(engine, out, "isochrones", origins=None)
    bands = gpd.read_file(out) if suffix == ".geojson" else gpd.read_parquet(out)
    assert sorted(set(bands["origin_id"])) == ["N1", "N2", "N3"]
    assert bands.crs == ("EPSG:4326" if suffix == ".geojson" else "EPSG:27700")
    assert read_metadata(out)["query"]["window_start_s"] == 34_200


@pytest.mark.parametrize("part", ["gap", "reach"])
def test_tables(engine: Engine, tmp_path: Path, part: str) -> None:
    for suffix in (".csv", ".parquet"):
        export(engine, tmp_path / f"{part}{suffix}", part)
    text, binary = pd.read_csv(tmp_path / f"{part}.csv"), pd.read_parquet(tmp_path / f"{part}.parquet")
    assert list(text.columns) == list(binary.columns) and len(text) == len(binary) > 0
    assert json.loads(side_file(tmp_path / f"{part}.csv").read_text())["title"].startswith(
        ("No service within one bus", "Reach of every")
    )


def test_unreached_is_null_in_every_format(tmp_path: Path) -> None:
    far = Engine(build_small_town(routes=[]))
    export(far, tmp_path / "reach.parquet", "reach")
    export(far, tmp_path / "reach.csv", "reach")
    table = pd.read_parquet(tmp_path / "reach.parquet")
    assert table.loc[table["origin_id"] == "N1", "best_duration_s"].isna().all()
    assert pd.read_csv(tmp_path / "reach.csv").loc[0, "best_duration_s"] != 0


@pytest.mark.parametrize(
    ("name", "parts"),
    [("a.geojson", ("gap",)), ("a.csv", ("gap", "reach")), ("a.xlsx", ()), ("missing/a.csv", ())],
)
def test_what_a_format_cant_hold_is_said_before_anything_is_computed(
    tmp_path: Path, name: str, parts: tuple
) -> None:
    with pytest.raises(ExportError):
        choose_parts(tmp_path / name, parts)


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack = write_pack(build_small_town(), tmp_path / "town")
    out = tmp_path / "gap.csv"
    arguments = ["export", str(pack), "--out", str(out), "--cutoff", "30", "--window", "09:00-10:00"]
    assert main(arguments) == 0
    assert read_metadata(out)["query"]["cutoff_s"] == 1800
    shown = capsys.readouterr()
    assert shown.out == "" and "wrote" in shown.err
    first = out.read_bytes()
    assert main(arguments) == 0 and out.read_bytes() == first  # same pack, same query, same bytes
    assert main(["export", str(tmp_path / "nothing"), "--out", str(out)]) == 3
    assert main(["export", str(pack), "--out", str(out), "--cutoff", "9999"]) == 2
    with pytest.raises(SystemExit) as usage:
        main(["export", str(pack), "--out", str(out), "--what", "everything"])
    assert usage.value.code == 2
    assert out.read_bytes() == first  # nothing was half-written


def test_the_command_shown_says_only_what_differs() -> None:
    assert say_command("demo", Query(), "gap.csv") == "python -m layers export demo --out gap.csv"
    query = Query(cutoff_s=1800, modes=("bus", "tram"), window_start_s=36_000)
    shown = say_command("demo", query, "gap.csv", "gap")
    assert shown == (
        "python -m layers export demo --out gap.csv --what gap --window 10:00-11:30 "
        "--cutoff 30 --modes bus,tram"
    )


@pytest.mark.parametrize("part", ALL_PARTS)
def test_each_column_of_a_file_is_described(part: str, tmp_path: Path) -> None:
    pack = load_pack("demo") if part == "indicators" else build_small_town()
    out = tmp_path / ("file.geojson" if part in ("neighbourhoods", "isochrones") else "file.csv")
    trip = None if part in ("times", "isochrones") else ThereAndBack()
    request = ExportRequest(Query(percentiles=(20,)), (part,), ("N1",), trip=trip, times_of_day=part == "gap")
    export_pack(Engine(pack), request, out, today=TODAY, progress=lambda _done, _doing: None)
    read = gpd.read_file(out).drop(columns="geometry") if out.suffix == ".geojson" else pd.read_csv(out)
    described = read_metadata(out)["columns"]
    assert set(described) == set(read.columns) and all(described.values())


def test_a_pack_without_services_has_its_land_and_neighbourhoods(tmp_path: Path) -> None:
    engine = Engine(dataclasses.replace(build_small_town(), services=None, sessions=None))
    export(engine, tmp_path / "some.gpkg", "neighbourhoods", "isochrones")
    assert len(gpd.read_file(tmp_path / "some.gpkg", layer="neighbourhoods")) > 0
    with pytest.raises(ExportError, match="and so no gap, reach; choose other parts"):
        export(engine, tmp_path / "all.gpkg")
