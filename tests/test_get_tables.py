"""`get`: the tables beside the ethnic groups, wards, school dates; and the app opens what it made."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard_tabs import stages, state
from data.check import check_pack
from data.config import load_config
from data.errors import DownloadError, UsageError
from data.fetch import authorities, bods
from data.fetch.http import Client
from data.get import GetOptions
from data.get.run import plan_only
from data.packio import load_pack
from data.stored import load_manifest
from geo.engine import warm
from tests import get_place
from tests.get_place import CODE, LSOAS, NAME, people_of, rank_of, serve_place, serve_welsh_place
from tests.loopback.fixtures import client, make_client, server, waits
from tests.loopback.server import Loopback, Reply
from tests.test_get_whole import alter, get, place

ROOT = Path(__file__).resolve().parent.parent
__all__ = ["client", "make_client", "place", "server", "waits"]


def test_age_english_cars_and_deprivation_are_in_the_pack(place: Loopback, client: Client, tmp_path: Path):
    assert place.log == []
    pack = load_pack(get(client, tmp_path / "pack").pack)
    values = pack.indicator_values.set_index(["indicator_id", "neighbourhood_id"])
    for code in LSOAS:
        dimension = "c2021_age_19"
        older = sum(people_of(code, category, dimension) for category in range(14, 19))
        row = values.loc[("age_65_plus", code)]
        assert (row["count"], row["base"]) == (older, people_of(code, 0, dimension))
        assert values.loc[("cars_none", code), "count"] == people_of(code, 1, "c2021_cars_5")
        little = people_of(code, 4, "c2021_engprf_6") + people_of(code, 5, "c2021_engprf_6")
        assert values.loc[("english_little", code), "count"] == little
        assert values.loc[("deprivation_iod_2025", code), "rank"] == rank_of(code)
    assert set(values["basis"]) == {"published"}
    assert {"TS007A", "TS029", "TS045", "IoD 2025"} == set(pack.indicators["source_table"])
    assert "English Indices of Deprivation 2025" in " ".join(pack.manifest.licences)


def test_a_welsh_place_has_its_own_nations_index_where_the_land_is_the_same(
    server: Loopback, client: Client, tmp_path: Path
):
    serve_welsh_place(server)
    plan = plan_only(client, GetOptions((NAME,), tmp_path / "pack"))
    assert "Welsh Index of Multiple Deprivation 2019" in plan
    assert "English Indices" not in plan
    got = get(client, tmp_path / "pack")
    assert server.asked("/deprivation/") == []
    pack = load_pack(got.pack)
    codes = [code.replace("E0", "W0") for code in LSOAS]
    values = pack.indicator_values[pack.indicator_values["indicator_id"] == "deprivation_wimd_2019"]
    values = values.set_index("neighbourhood_id")
    # The third area of 2011 became the third and the fourth of 2021.
    assert values["basis"].to_dict() == dict(
        zip(codes, ("same_area", "same_area", "not_known", "not_known"), strict=True)
    )
    assert values.loc[codes[:2], "rank"].tolist() == [1, 151]
    assert values.loc[codes[:2], "decile"].tolist() == [1, 2]
    assert "WIMD 2019 is not known for 2 of 4 neighbourhoods" in got.words
    assert f"- {client.source('wimd').settings['remark']}" in got.words
    assert "Welsh Index of Multiple Deprivation" in " ".join(pack.manifest.licences)
    assert not any("English Indices" in source.title for source in pack.manifest.sources)


def test_where_no_lookup_of_wards_answers_the_page_says_so(place: Loopback, client: Client, tmp_path: Path):
    gone = b'{"error": {"code": 400, "message": "Invalid URL"}}'
    alter(place, "/LSOA21_WD", lambda reply: replace(reply, body=gone))
    got = get(client, tmp_path / "pack")
    assert load_pack(got.pack).neighbourhoods["ward_id"].isna().all()
    assert "Wards aren't known" in got.words


def test_a_lookup_of_wards_that_lacks_an_area_stops_it(place: Loopback, client: Client, tmp_path: Path):
    def lose(reply: Reply) -> Reply:
        answer = json.loads(reply.body)
        if "count" in answer:
            return replace(reply, body=b'{"count": 3}')
        rows = [one for one in answer["features"] if one["attributes"]["LSOA21CD"] != list(LSOAS)[-1]]
        return replace(reply, body=json.dumps(answer | {"features": rows}).encode())

    alter(place, "/LSOA21_WD", lose)
    with pytest.raises(DownloadError, match="no ward for 1 of 4"):
        get(client, tmp_path / "pack")


def test_school_dates_are_taken_from_a_table_and_wrong_ones_refused(
    place: Loopback, client: Client, tmp_path: Path
):
    table = tmp_path / "dates.csv"
    table.write_text("what,first,last\nholiday,2026-01-05,2026-02-27\nTerm,2026-03-02,2026-03-27\n")
    got = get(client, tmp_path / "pack", school_dates=table)
    config = load_config(got.page.with_name("area.toml"))
    assert config.timetable.school_holidays == ((dt.date(2026, 1, 5), dt.date(2026, 2, 27)),)
    assert config.timetable.school_terms == ((dt.date(2026, 3, 2), dt.date(2026, 3, 27)),)
    assert "School terms and holidays" not in got.words
    # The rule would have taken a day of January, which is now a holiday.
    assert load_manifest(got.pack).timetable.service_date >= dt.date(2026, 3, 3)
    asked = len(place.log)
    table.write_text(
        "what,first,last\nbreak,2026-01-05,2026-01-09\nterm,5 Jan,2026-02-01\nterm,2026-02-02,2026-01-01\n"
    )
    with pytest.raises(UsageError) as error:
        get(client, tmp_path / "pack", school_dates=table)
    assert len(error.value.faults) == 3
    with pytest.raises(UsageError, match="no such file"):
        get(client, tmp_path / "pack", school_dates=tmp_path / "gone.csv")
    assert len(place.log) == asked


def test_the_pack_is_in_the_list_and_the_app_opens_it_with_these_columns(
    place: Loopback, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert place.log == []
    monkeypatch.setenv("ONE_BUS_REACH_PACKS", str(tmp_path / "packs"))
    got = get(client, None)  # where packs are listed from
    monkeypatch.setattr(stages, "STATIC_FOLDER", tmp_path / "static")
    st.cache_resource.clear()
    warm()
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=240)
    app.query_params["area"] = "thorn_green"
    app.query_params["group"] = "cars_none"
    app.run()
    assert not app.exception
    assert app.selectbox(key=state.AREA).value == "thorn_green"
    group = app.selectbox(key=state.GROUP)
    assert group.value == "cars_none"
    assert [option for option in group.options if "Aged 65 and over" in option]
    assert "Deprivation (IoD 2025)" in app.selectbox(key=state.SHADE).options
    metrics = {metric.label: metric.value for metric in app.metric}
    households = sum(people_of(code, 1, "c2021_cars_5") for code in LSOAS)
    assert metrics["Households"] == f"{households:,}"
    tables = [frame.value for frame in app.dataframe]
    assert any("Deprivation decile" in table and "No car (households)" in table for table in tables)
    assert load_manifest(got.pack).area_id == "thorn_green"
    st.cache_resource.clear()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("S12000036", "is in Scotland"),
        ("City of Edinburgh Council", "is in Scotland"),
        ("Scottish Borders", "Nomis has the census of England and Wales"),
        ("Na h-Eileanan Siar", "boundaries of data zones"),
        ("Belfast City Council", "is in Northern Ireland"),
    ],
)
def test_what_is_missing_beyond_england_and_wales_is_named(
    server: Loopback, client: Client, tmp_path: Path, name: str, words: str
):
    with pytest.raises(UsageError, match=words):
        get(client, tmp_path / "pack", name)
    assert server.log == []


def over_the_border(change: dict[str, tuple[str, str]]) -> bytes:
    """The place's timetable as another region's feed has it: the same ids, other words in some files."""
    with zipfile.ZipFile(io.BytesIO(get_place.timetable())) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    for name, (old, new) in change.items():
        assert old in files[name]
        files[name] = files[name].replace(old, new)
    return get_place._zip(files)


YORKSHIRE = "/bods/timetable/download/gtfs-file/yorkshire/"


@pytest.fixture
def border(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> Loopback:
    """Thorn Green in the north west, with Leeds 8 km away and Birmingham beyond the margin."""
    thorn = authorities.Authority(CODE, NAME, "england", "north_west", (), (NAME,))
    monkeypatch.setattr(authorities, "_ask", lambda _: [thorn])
    serve_place(server, region="north_west")
    return server


def test_a_place_at_a_border_has_the_buses_of_each_region_that_its_margin_touches(
    border: Loopback, client: Client, tmp_path: Path
):
    # The same trip ids, of another operator: from Market Place to the Old Depot, which no other bus serves.
    other = over_the_border(
        {
            "agency.txt": ("Thorn Green Buses", "White Rose Coaches"),
            "stop_times.txt": ("9990TG002", "9990TG004"),
        }
    )
    border.serve(YORKSHIRE, other, content_type="application/zip")
    got = get(client, tmp_path / "pack")
    asked = {asked.path for asked in border.log if "/bods/" in asked.path}
    assert asked == {YORKSHIRE, YORKSHIRE.replace("yorkshire", "north_west")}
    pack = load_pack(got.pack)
    assert pack.feed.agency["agency_name"].tolist() == ["Thorn Green Buses", "White Rose Coaches"]
    trips = pack.feed.trips["trip_id"].tolist()
    assert trips == [*(f"T{n}" for n in range(20)), *(f"2:T{n}" for n in range(20))]
    assert pack.stops["stop_id"].is_unique
    assert pack.manifest.timetable.completeness == 1.0  # three quarters without the neighbour's feed
    for region in ("north_west", "yorkshire"):
        assert f"region {region}".replace("_", "\\_") in got.words or f"region {region}" in got.words
    assert check_pack(got.pack).problems == ()


@pytest.mark.parametrize("case", ["the same feed", "no bus on this side"])
def test_a_neighbours_timetable_counts_nothing_twice_and_may_have_no_bus_here(
    border: Loopback, client: Client, tmp_path: Path, case: str
):
    same = case == "the same feed"
    body = get_place.timetable() if same else over_the_border({"stops.txt": (",53.", ",50.")})
    border.serve(YORKSHIRE, body, content_type="application/zip")
    got = get(client, tmp_path / "pack")
    pack = load_pack(got.pack)
    assert len(pack.feed.trips) == 20
    assert pack.manifest.timetable.completeness == 0.75
    codes = {fault.code for fault in pack.manifest.faults}
    assert ("trip_in_two_feeds" if same else "feed_without_trips") in codes
    assert ("on the same dates; counted once" if same else "has no trip in the area") in got.words


def test_a_neighbours_timetable_that_was_cut_makes_no_pack(border: Loopback, client: Client, tmp_path: Path):
    whole = get_place.timetable()
    border.serve(YORKSHIRE, whole[: len(whole) // 2], content_type="application/zip")
    with pytest.raises(DownloadError, match="zip"):
        get(client, tmp_path / "pack")
    assert not (tmp_path / "pack").exists()


@pytest.mark.parametrize(
    ("own", "near", "expected"),
    [
        (["north_west"], {"yorkshire", "wales"}, ["north_west", "wales", "yorkshire"]),
        (["north_east"], {"scotland"}, ["north_east", "scotland"]),
        (["wales"], {"england", "north_west"}, ["wales", "england"]),
        (["north_west"], {"england"}, ["england"]),
        (["england"], {"north_west", "wales"}, ["england", "wales"]),
        (["london", "south_east"], set(), ["london", "south_east"]),
    ],
)
def test_a_nations_feed_holds_its_regions(own: list[str], near: set[str], expected: list[str]):
    assert bods._least(own, {*own, *near}) == expected
