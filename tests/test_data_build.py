"""Whole builds of tiny places: what is optional, what is refused, and the same bytes every time."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import box

from data.__main__ import main
from data.areapack import AreaPack
from data.build import STEPS, build_pack
from data.check import find_content_faults
from data.config import load_config
from data.coordinates import choose_crs
from data.edges import find_edges
from data.errors import OneBusReachError, SourceError
from data.packio import load_pack, write_pack
from tests.feed_files import X, Y, write_feed

PUBLISHER = """
[publishers.someone]
owner = "Someone"
licence = "CC0"
attribution = "Someone, CC0"
"""
TIMETABLE = """
[timetable.gtfs]
file = "feed.zip"
title = "Timetable"
publisher = "someone"
date = 2023-06-01
"""
PEOPLE = """
[neighbourhoods]
level = "LSOA 2021"
expected = 2

[neighbourhoods.boundaries]
file = "areas.geojson"
title = "Boundaries"
publisher = "someone"

[neighbourhoods.wards]
id_column = "WD"
name_column = "WN"

[neighbourhoods.wards.boundaries]
file = "wards.geojson"
title = "Wards"
publisher = "someone"

[census]
table = "TS021"
year = 2021

[census.counts]
file = "counts.csv"
title = "Counts"
publisher = "someone"
date = 2021-03-21

[postcodes]
file = "codes.csv"
title = "Postcodes"
publisher = "someone"

[[services]]
kind = "schools"

[services.source]
file = "schools.csv"
title = "Schools"
publisher = "someone"
"""
SCHOOLS = "urn,establishment_name,easting,northing\n1,One School,331500,188010\n2,Two School,333000,188010\n"


def write_config(path: Path, *parts: str, **keys: str) -> Path:
    head = 'area_id = "tiny"\nname = "Tiny"\n' + "".join(f"{key} = {value}\n" for key, value in keys.items())
    out = path / "tiny.toml"
    out.write_text("\n".join([head, PUBLISHER, TIMETABLE, *parts]), encoding="utf-8")
    return out


def write_raw(raw: Path) -> Path:
    """Two neighbourhoods of 1.5 km by 400 m around stops A and B, and C and D of the sound feed."""
    raw.mkdir(exist_ok=True)
    write_feed(raw)
    west, east = box(X - 200, Y - 200, X + 1500, Y + 200), box(X + 1500, Y - 200, X + 3200, Y + 200)
    areas = gpd.GeoDataFrame(
        {"LSOA21CD": ["E", "W"], "LSOA21NM": ["East", "West"]}, geometry=[east, west], crs="EPSG:27700"
    )
    areas.to_crs("EPSG:4326").to_file(raw / "areas.geojson", driver="GeoJSON")
    wards = gpd.GeoDataFrame(
        {"WD": ["w"], "WN": ["Whole"]}, geometry=[box(X - 300, Y - 300, X + 3300, Y + 300)], crs="EPSG:27700"
    )
    wards.to_crs("EPSG:4326").to_file(raw / "wards.geojson", driver="GeoJSON")
    (raw / "counts.csv").write_text(
        "lsoa21_code,total_residents,ethnic_group,n\nE,100,White,60\nE,100,Other ethnic group,40\n"
        "W,200,White,150\nW,200,Other ethnic group,50\n"
    )
    (raw / "codes.csv").write_text(
        "postcode,quality,easting,northing\n"
        f"NP10 0AA,10,{X:.0f},{Y:.0f}\nNP10 0AB,10,{X + 1000:.0f},{Y:.0f}\n"
    )
    (raw / "schools.csv").write_text(SCHOOLS)
    return raw


def build(path: Path, *parts: str, **keys: str) -> AreaPack:
    return build_pack(load_config(write_config(path, *parts, **keys)), write_raw(path / "raw"))


def test_a_place_with_people_places_and_no_streets(tmp_path: Path) -> None:
    pack = build(tmp_path, PEOPLE)
    assert find_content_faults(pack) == []
    areas = pack.neighbourhoods
    assert areas is not None
    assert list(areas["neighbourhood_id"]) == ["E", "W"]
    assert list(areas["population"]) == [100, 200]
    assert list(areas["ward_name"]) == ["Whole", "Whole"]
    points = pack.origin_points
    assert points is not None
    assert points["basis"].tolist() == ["centroid", "postcode", "postcode"]
    assert points["residents"].tolist() == [100.0, 100.0, 100.0]
    assert pack.services is not None
    assert set(pack.services["kind"]) == {"place"}
    assert pack.walk is None
    manifest = pack.manifest
    assert not manifest.has_register
    assert (manifest.crs, manifest.walk.mode) == ("EPSG:27700", "straight_line")
    assert "Walking is measured in straight lines times 1.3: this pack has no streets." in manifest.notes
    assert manifest.as_of == pd.Timestamp("2023-06-01").date()
    # E lies 5 km away, inside the margin; A to D inside the neighbourhoods.
    assert pack.stops.set_index("stop_id")["in_area"].to_dict() == {
        "A": True, "B": True, "C": True, "D": True, "E": False,
    }  # fmt: skip
    assert manifest.timetable.completeness == 1.0


def test_a_neighbourhood_without_counts_stays_and_is_not_known(tmp_path: Path) -> None:
    config = load_config(write_config(tmp_path, PEOPLE))
    raw = write_raw(tmp_path / "raw")
    (raw / "counts.csv").write_text(
        "lsoa21_code,total_residents,ethnic_group,n\nW,200,White,150\nW,200,Other ethnic group,50\n"
    )
    pack = build_pack(config, raw)
    assert find_content_faults(pack) == []
    assert pack.neighbourhoods is not None
    assert pack.neighbourhoods["population"].tolist() == [pd.NA, 200]
    assert pack.origin_points is not None
    assert pack.origin_points["residents"].isna().tolist() == [True, False, False]
    assert {f.code for f in pack.manifest.faults if f.severity == "missing"} >= {"area_without_counts"}


def test_sources_name_part_file_and_hash_but_no_path_of_the_machine(tmp_path: Path) -> None:
    pack = build(tmp_path, PEOPLE)
    sources = {source.file: source for source in pack.manifest.sources}
    assert {file: source.part for file, source in sources.items()} == {
        "feed.zip": "timetable", "areas.geojson": "neighbourhoods", "wards.geojson": "wards",
        "counts.csv": "census", "codes.csv": "postcodes", "schools.csv": "services",
    }  # fmt: skip
    raw = (tmp_path / "raw" / "counts.csv").read_bytes()
    assert sources["counts.csv"].sha256 == hashlib.sha256(raw).hexdigest()
    assert sources["counts.csv"].size_bytes == len(raw)
    assert str(tmp_path) not in pack.manifest.model_dump_json()
    assert pack.manifest.licences == ("Someone, CC0",)


def test_the_timetable_alone_makes_a_pack_anywhere_in_the_world(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    # Wellington, New Zealand: 174.78 E, 41.29 S lies in UTM zone 60 south.
    stops = "stop_id,stop_name,stop_lat,stop_lon\nA,A,-41.29,174.78\nB,B,-41.30,174.78\nC,C,-41.31,174.78\n"
    write_feed(
        raw,
        stops=stops + "D,D,-41.32,174.78\nE,E,-41.33,174.78\n",
        agency="agency_id,agency_name,agency_url,agency_timezone\nOP,T,https://example.org,Pacific/Auckland\n",
    )
    pack = build_pack(load_config(write_config(tmp_path)), raw)
    assert pack.manifest.crs == "EPSG:32760"
    assert pack.manifest.timetable.timezone == "Pacific/Auckland"
    assert pack.neighbourhoods is None
    assert pack.origin_points is None
    assert pack.stops["in_area"].all()
    y = pack.stops["y"].to_numpy()
    # 0.01 degree of latitude is 1,110.5 m there, times the projection's scale of 0.9996 to 1.0004.
    assert np.diff(y) == pytest.approx(-1110.5, rel=0.001)
    loaded = load_pack(write_pack(pack, tmp_path / "pack"))
    assert loaded.manifest == pack.manifest


@pytest.mark.parametrize(
    ("lon", "lat", "timezone", "crs"),
    [
        (-2.99, 51.58, "Europe/London", "EPSG:27700"),
        (-2.99, 51.58, None, "EPSG:27700"),
        (1.85, 50.95, "Europe/Paris", "EPSG:32631"),  # Calais lies in Great Britain's box
        (13.4, 52.5, "Europe/Berlin", "EPSG:32633"),
        (-122.3, 47.6, "America/Los_Angeles", "EPSG:32610"),
        (180.0, 10.0, None, "EPSG:32660"),
        (-180.0, -10.0, None, "EPSG:32701"),
    ],
)
def test_coordinate_systems_follow_the_place(lon: float, lat: float, timezone: str | None, crs: str) -> None:
    assert choose_crs(lon, lat, timezone) == crs


def test_building_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    config = load_config(write_config(tmp_path, PEOPLE))
    raw = write_raw(tmp_path / "raw")
    one, two = (write_pack(build_pack(config, raw), tmp_path / name) for name in ("one", "two"))
    for item in one.iterdir():
        assert item.read_bytes() == (two / item.name).read_bytes(), item.name
    assert len(list(one.iterdir())) == len(list(two.iterdir()))


def test_a_pack_just_built_is_what_a_loaded_one_is(tmp_path: Path) -> None:
    pack = build(tmp_path, PEOPLE)
    loaded = load_pack(write_pack(pack, tmp_path / "pack"))
    pd.testing.assert_frame_equal(loaded.origin_points, pack.origin_points)
    pd.testing.assert_frame_equal(loaded.feed.calendar, pack.feed.calendar)
    assert loaded.digest == pack.digest


def test_all_missing_raw_files_are_named_at_once(tmp_path: Path) -> None:
    config = load_config(write_config(tmp_path, PEOPLE))
    raw = write_raw(tmp_path / "raw")
    (raw / "counts.csv").unlink()
    (raw / "feed.zip").unlink()
    with pytest.raises(SourceError) as caught:
        build_pack(config, raw)
    assert len(caught.value.faults) == 2
    assert "timetable.gtfs: feed.zip: no such file" in str(caught.value)
    assert "census.counts: counts.csv: no such file" in str(caught.value)


def test_links_that_lead_out_of_the_raw_folder_are_not_followed(tmp_path: Path) -> None:
    config = load_config(write_config(tmp_path, PEOPLE))
    raw = write_raw(tmp_path / "raw")
    secret = tmp_path / "secret.csv"
    (raw / "counts.csv").rename(secret)
    (raw / "counts.csv").symlink_to(secret)
    with pytest.raises(SourceError, match=r"census\.counts: .*lies outside"):
        build_pack(config, raw)


def test_fictional_places_and_notes_are_said(tmp_path: Path) -> None:
    pack = build(tmp_path, fictional="true", notes='["Ask before you print."]', detour_factor="1.4")
    assert pack.manifest.fictional
    assert pack.manifest.notes[0] == "This place is fictional: made up for demonstration and tests."
    assert pack.manifest.notes[-1] == "Ask before you print."
    own_words = build(tmp_path, fictional="true", notes='["Tiny is fictional."]').manifest.notes
    assert [note for note in own_words if "fictional" in note] == ["Tiny is fictional."]
    assert pack.manifest.walk.detour_factor == 1.4


def test_a_fixed_service_date_is_kept_with_its_reason(tmp_path: Path) -> None:
    fixed = '\n[timetable]\nservice_date = 2023-06-15\nwhy = "the survey\'s day"\n'
    config = write_config(tmp_path)
    config.write_text(config.read_text().replace("\n[timetable.gtfs]", fixed + "\n[timetable.gtfs]"))
    pack = build_pack(load_config(config), write_raw(tmp_path / "raw"))
    assert str(pack.manifest.timetable.service_date) == "2023-06-15"
    assert "the survey's day" in pack.manifest.timetable.service_date_why


class Told:
    """Notes what progress was told."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, words: str) -> None:
        self.steps.append(words)

    def tell(self, words: str) -> None: ...

    def part(self, done: int, total: int) -> None:
        assert 0 <= done <= total


def test_progress_is_told_of_every_step(tmp_path: Path) -> None:
    told = Told()
    build_pack(load_config(write_config(tmp_path, PEOPLE)), write_raw(tmp_path / "raw"), told)
    assert len(told.steps) == STEPS == len(set(told.steps))


def edges(services: pd.DataFrame | None, margin_m: float = 10_000, near: float = 0.6) -> list[bool]:
    """Three areas of 3 km in a row; all people of the middle one live over 2 km from the border.

    Of the western one the share ``near`` lives nearer.
    """
    areas = gpd.GeoDataFrame(
        {"neighbourhood_id": ["w", "m", "e"]},
        geometry=[box(0, 0, 3000, 9000), box(3000, 0, 6000, 9000), box(6000, 0, 9000, 9000)],
    )
    points = pd.DataFrame(
        {
            "neighbourhood_id": ["w", "w", "m", "e"],
            "x": [1000.0, 2900.0, 4500.0, 8000.0],
            "y": [4500.0] * 4,
            "weight": [near, 1 - near, 1.0, 1.0],
        }
    )
    return list(find_edges(areas, points, services, edge_m=2000, margin_m=margin_m))


def venue(x: float, y: float, delivery: str = "venue") -> pd.DataFrame:
    return pd.DataFrame({"x": [x], "y": [y], "delivery": [delivery]})


def test_edges_are_where_most_people_live_near_a_border_with_nothing_beyond() -> None:
    assert edges(None) == [True, False, True]
    assert edges(None, near=0.4) == [False, False, True]  # some people of the west, not most
    assert edges(venue(4500, 4500)) == [True, False, True]  # inside: nothing beyond is loaded
    assert edges(venue(-500, 4500), margin_m=1000) == [False, False, True]  # beyond the western border only
    assert edges(venue(-500, 4500)) == [False, False, False]  # within 10 km of all of them
    assert edges(venue(-500, 4500, "online"), margin_m=1000) == [True, False, True]
    assert edges(venue(np.nan, np.nan)) == [True, False, True]


def test_a_tidal_river_through_town_is_no_border() -> None:
    river = box(4400, -10, 4600, 9010)
    areas = gpd.GeoDataFrame(
        {"neighbourhood_id": ["a"]}, geometry=[shapely.difference(box(0, 0, 9000, 9000), river)]
    )
    points = pd.DataFrame({"neighbourhood_id": ["a"], "x": [4300.0], "y": [4500.0], "weight": [1.0]})
    assert list(find_edges(areas, points, None, edge_m=2000, margin_m=10_000)) == [False]


def test_the_command_line_builds_checks_and_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, raw = write_config(tmp_path, PEOPLE), write_raw(tmp_path / "raw")
    monkeypatch.setenv("ONE_BUS_REACH_PACKS", str(tmp_path / "packs"))
    assert main(["build", str(config), "--raw", str(raw)]) == 0
    captured = capsys.readouterr()
    assert captured.out.strip() == str(tmp_path / "packs" / "tiny")
    assert "neighbourhoods" in captured.err  # the bar says what is being done, on stderr
    assert "timetable: feed.zip" in captured.err
    assert main(["check", "tiny", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["manifest"]["area_id"] == "tiny"


def test_faults_of_raw_files_end_with_exit_code_3_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, raw = write_config(tmp_path, PEOPLE), write_raw(tmp_path / "raw")
    write_feed(raw, stop_times=None)
    out = tmp_path / "pack"
    assert main(["build", str(config), "--raw", str(raw), "--out", str(out), "--quiet"]) == 3
    err = capsys.readouterr().err
    assert "stop_times.txt" in err
    assert "Traceback" not in err
    assert not out.exists()


def test_an_out_that_may_not_be_replaced_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, raw = write_config(tmp_path, PEOPLE), write_raw(tmp_path / "raw")
    assert main(["build", str(config), "--raw", str(raw), "--out", str(raw)]) == 3
    err = capsys.readouterr().err
    assert "not an area pack" in err
    assert "raw files" not in err  # no step had begun


def test_stopping_leaves_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, raw = write_config(tmp_path), write_raw(tmp_path / "raw")

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("data.packio.pq.write_table", stop)
    out = tmp_path / "packs" / "tiny"
    assert main(["build", str(config), "--raw", str(raw), "--out", str(out), "--quiet"]) == 130
    assert list(out.parent.iterdir()) == []
    assert "nothing was changed" in capsys.readouterr().err


def test_a_raw_folder_that_is_none_is_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", str(write_config(tmp_path)), "--raw", str(tmp_path / "none")]) == 2
    assert "--raw is not a folder" in capsys.readouterr().err


def test_a_feed_far_from_the_neighbourhoods_is_refused(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw")
    far = "\n".join(f"{stop},{stop},57.1{i},-2.1" for i, stop in enumerate("ABCDE"))
    write_feed(raw, stops=f"stop_id,stop_name,stop_lat,stop_lon\n{far}\n")
    with pytest.raises(OneBusReachError, match="no trip calls in the area"):
        build_pack(load_config(write_config(tmp_path, PEOPLE)), raw)
