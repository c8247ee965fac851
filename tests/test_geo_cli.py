"""The engine's command line on the demo: what it writes, prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from data.packio import load_pack
from geo.__main__ import main
from geo.tables import CLASSES, GAP_COLUMNS, REASONS
from geo.write import read_metadata

HOOD = "X01000001"


@pytest.fixture(scope="module")
def demo():
    return load_pack("demo")


@pytest.fixture(scope="module")
def reach(tmp_path_factory) -> pd.DataFrame:
    out = tmp_path_factory.mktemp("reach") / "reach.parquet"
    assert main(["reach", "demo", "--out", str(out), "--percentiles", "50,85"]) == 0
    frame = pd.read_parquet(out)
    frame.attrs["metadata"] = read_metadata(out)
    return frame


def test_reach_has_one_row_per_neighbourhood_and_venue(reach, demo):
    venues = demo.services["delivery"].isin(["venue", "several_venues"]) & demo.services["x"].notna()
    assert len(reach) == len(demo.neighbourhoods) * venues.sum()
    assert not reach.duplicated(["origin_id", "service_id"]).any()
    assert list(reach.columns[:6]) == [
        "origin_id", "service_id", "reach_class", "reason", "walk_time_s", "best_duration_s",
    ]  # fmt: skip
    assert {"travel_time_p50_s", "travel_time_p85_s", "share_in_reach", "infrequent"} <= set(reach.columns)
    assert set(reach["reach_class"]) <= set(CLASSES) and set(reach["reason"].dropna()) <= set(REASONS)
    in_reach = reach["reach_class"].isin(["walk", "one_bus"])
    assert (reach["reason"].isna() == in_reach).all()
    assert 0.2 < in_reach.mean() < 0.8, "a demo in which there is something to see"


def test_every_file_says_what_made_it(reach):
    metadata = reach.attrs["metadata"]
    assert metadata["query"]["cutoff_s"] == 2700 and metadata["query"]["walk"]["max_walk_total_m"] == 1280
    assert metadata["fictional"] is True and metadata["warning"].startswith("Test data: not for decisions")
    assert metadata["sources"] and all(source["licence"] for source in metadata["sources"])
    assert (
        metadata["timetable"]["service_date"]
        and metadata["engine_version"]
        and metadata["area"]["pack_digest"]
    )


def test_points_of_ones_own(tmp_path: Path, demo):
    hoods = demo.origin_points.head(2)
    venue = demo.services[demo.services["x"].notna()].head(1)
    (tmp_path / "from.csv").write_text(
        "id,lon,lat\n" + "".join(f"o{i},{p.lon},{p.lat}\n" for i, p in enumerate(hoods.itertuples()))
    )
    (tmp_path / "to.csv").write_text(f"id,lon,lat\nclub,{venue['lon'].iloc[0]},{venue['lat'].iloc[0]}\n")
    out = tmp_path / "own.csv"
    own = ["--origins", str(tmp_path / "from.csv"), "--services", str(tmp_path / "to.csv")]
    assert main(["reach", "demo", "--out", str(out), *own]) == 0
    frame = pd.read_csv(out)
    assert frame[["origin_id", "service_id"]].to_numpy().tolist() == [["o0", "club"], ["o1", "club"]]
    by_point = tmp_path / "points.parquet"
    assert main(["reach", "demo", "--out", str(by_point), "--origins-level", "point"]) == 0
    table = pd.read_parquet(by_point).set_index(["origin_id", "service_id"])
    same = table.loc[(hoods["point_id"].iloc[0], venue["service_id"].iloc[0])]
    assert frame["reach_class"][0] == same["reach_class"]
    if pd.notna(same["best_duration_s"]):  # degrees are rounded, so a walk may round up a second more
        assert frame["best_duration_s"][0] == pytest.approx(same["best_duration_s"], abs=2)


def test_gap_adds_up_to_the_residents(tmp_path: Path, demo):
    out = tmp_path / "gap.csv"
    assert main(["gap", "demo", "--out", str(out)]) == 0
    gap = pd.read_csv(out)
    assert list(gap.columns) == list(GAP_COLUMNS)
    parts = gap["in_reach"] + gap["cut_off"] + gap["not_known"]
    assert (parts - gap["people"]).abs().max() < 1e-6
    everyone = gap[(gap["level"] == "area") & (gap["group_id"] == "all") & (gap["category"] == "*")]
    assert set(everyone["people"]) == {demo.neighbourhoods["population"].sum()}
    assert read_metadata(out)["title"] == "People with no service within one bus"


def test_isochrones_nest_and_hold_the_origin(tmp_path: Path, demo):
    point = demo.origin_points.iloc[0]
    for suffix in (".geojson", ".gpkg"):
        out = tmp_path / f"bands{suffix}"
        arguments = ["--origin", f"{point.lon},{point.lat}", "--cutoffs", "15,30,45", "--out", str(out)]
        assert main(["isochrone", "demo", *arguments]) == 0
        bands = gpd.read_file(out).to_crs(demo.crs).sort_values("cutoff_s")
        assert bands["cutoff_s"].tolist() == [900, 1800, 2700]
        areas = bands.area.tolist()
        assert areas == sorted(areas) and areas[0] > 10_000
        for small, large in zip(bands.geometry, bands.geometry[1:], strict=False):
            assert small.difference(large.buffer(1)).area < 1


def test_a_journey_in_words_and_as_json(capsys, reach, demo):
    rides = reach[(reach["origin_id"] == HOOD) & (reach["reach_class"] == "one_bus")]
    service = rides["service_id"].iloc[0]
    assert main(["journey", "demo", "--from", HOOD, "--to", service, "--depart", "09:40", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["service_date"] == demo.manifest.timetable.service_date.isoformat()
    ride = next(leg for leg in told["legs"] if leg["mode"] != "walk")
    assert {"route_id", "trip_id", "from_stop_id", "to_stop_id", "departure_s", "arrival_s"} <= set(ride)
    walk = next(leg for leg in told["legs"] if leg["mode"] == "walk")
    assert {"duration_s", "length_m", "geometry"} <= set(walk)
    assert main(["journey", "demo", "--from", HOOD, "--to", service, "--depart", "09:40"]) == 0
    words = capsys.readouterr().out
    assert "Test data: not for decisions" in words and "check before you travel" in words.lower()
    route = demo.feed.routes.set_index("route_id").loc[ride["route_id"], "route_short_name"]
    assert f" {route}" in words


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["gap", "nowhere", "--out", "gap.csv"], 3, "nowhere"),
        (["gap", "demo", "--out", "gap.xlsx"], 3, "use .parquet, .csv"),
        (["gap", "demo", "--out", "gap.csv", "--date", "1999-01-01"], 2, "runs from"),
        (["gap", "demo", "--out", "gap.csv", "--cutoff", "0"], 2, "1 to 240 minutes"),
        (["isochrone", "demo", "--origin", "X0100000l", "--out", "i.geojson"], 2, "X0100000"),
        (["isochrone", "demo", "--origin", "nan,nan", "--out", "i.geojson"], 2, "nan"),
        (
            ["isochrone", "demo", "--origin", "0.1,54.7", "--out", "i.geojson"],
            2,
            "outside the area that the data",
        ),
        (["reach", "demo", "--out", "r.csv", "--origins", "missing.csv"], 3, "missing.csv"),
    ],
)
def test_refusals_say_why_and_leave_nothing(arguments, code, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == code
    captured = capsys.readouterr()
    assert words in captured.err and captured.out == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments", [["gap", "demo"], ["gap", "demo", "--out", "g.csv", "--window", "9-11"], []]
)
def test_usage_faults_end_with_2(arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
