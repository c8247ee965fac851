"""Open Referral UK: fetched by pages and ids, mapped to our tables, and written out again."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.__main__ import main
from data.build_services import read_all_services
from data.config import Services
from data.errors import DownloadError, SourceError, UsageError
from data.fetch.http import Client
from data.fetch.open_referral import fetch_feed, plan_feed
from data.open_referral_export import export_open_referral
from data.packio import load_pack
from data.sources.open_referral import read_open_referral
from data.sources.open_referral_times import read_clock, read_schedule, write_schedule
from data.sources.services import ServicesResult, read_services
from tests.loopback.open_referral import PROFILE_EXAMPLE, V1_EXAMPLE, Feed, make_services
from tests.loopback.server import Loopback

pytest_plugins = ("tests.loopback.fixtures",)

CRS = "EPSG:27700"
Make = Callable[..., Client]


def read(tmp_path: Path, services: Any, **more: Any) -> ServicesResult:
    path = tmp_path / "feed.json"
    path.write_text(json.dumps(services), encoding="utf-8")
    return read_open_referral(path, crs=CRS, **more)


def one(tmp_path: Path, **changes: Any) -> tuple[dict[str, Any], ServicesResult]:
    result = read(tmp_path, [{**PROFILE_EXAMPLE, **changes}])
    return result.services.to_dict("records")[0], result


@pytest.mark.parametrize("version", [3, 1])
@pytest.mark.parametrize("zero_based", [False, True])
def test_every_page_and_every_service(
    server: Loopback, client: Client, tmp_path: Path, version: int, zero_based: bool
) -> None:
    feed = Feed(make_services(23), version=version, zero_based=zero_based, slow_s=0.01).install(server)
    told: list[tuple[int, int]] = []
    found = fetch_feed(
        client,
        f"{server.base}/feed/services?page=1",
        tmp_path / "f.json",
        progress=lambda *now: told.append(now),
    )
    assert found.count == 23 and told[-1] == (23, 23)
    assert 1 < feed.most_at_once <= 4
    result = read_open_referral(tmp_path / "f.json", crs=CRS)
    assert len(result.services) == 23 and len(result.sessions) == 46  # what is nested came too


def test_a_second_run_goes_on_where_the_first_stopped(
    server: Loopback, make_client: Make, tmp_path: Path
) -> None:
    Feed(make_services(12)).install(server)
    server.break_next("busy503", r"services/0000000b", times=99)
    with pytest.raises(DownloadError, match="503"):
        fetch_feed(make_client(), f"{server.base}/feed", tmp_path / "f.json")
    assert not (tmp_path / "f.json").exists()
    server.faults.clear()
    before = len(server.log)
    assert fetch_feed(make_client(), f"{server.base}/feed", tmp_path / "f.json").count == 12
    assert len(server.log) - before <= 4  # of twelve, only those not kept
    again = fetch_feed(make_client(offline=True), f"{server.base}/feed", tmp_path / "g.json")
    assert again.count == 12 and (tmp_path / "f.json").read_bytes() == (tmp_path / "g.json").read_bytes()


def test_a_feed_that_lists_fewer_than_it_says_stops(server: Loopback, client: Client, tmp_path: Path) -> None:
    Feed(make_services(8), says=9).install(server)
    with pytest.raises(DownloadError, match="has 9 services and lists 8"):
        fetch_feed(client, f"{server.base}/feed", tmp_path / "f.json")
    server.responders.clear()
    Feed(make_services(8), same_page=True).install(server, "/stuck")
    with pytest.raises(DownloadError, match="has 8 services and lists 5"):
        fetch_feed(client, f"{server.base}/stuck", tmp_path / "f.json")
    assert len(server.log) < 10


@pytest.mark.parametrize("fault", ["html", "cut", "busy429", "not_json", "error200"])
def test_one_service_that_stumbles(server: Loopback, client: Client, tmp_path: Path, fault: str) -> None:
    Feed(make_services(6)).install(server)
    server.break_next(fault, r"services/00000003")
    assert fetch_feed(client, f"{server.base}/feed", tmp_path / "f.json").count == 6
    assert len(read_open_referral(tmp_path / "f.json", crs=CRS).sessions) == 12


def test_services_that_are_gone_stay_as_the_list_had_them(
    server: Loopback, client: Client, tmp_path: Path
) -> None:
    services = make_services(3)
    Feed(services, gone=frozenset({services[1]["id"]})).install(server)
    found = fetch_feed(client, f"{server.base}/feed", tmp_path / "f.json")
    assert found.count == 3 and services[1]["id"] in found.notes[0]


def test_what_is_no_feed_is_told(server: Loopback, client: Client, tmp_path: Path) -> None:
    server.serve("/other/services", b'{"hello": "world"}')
    with pytest.raises(DownloadError, match=r"no page of services[\s\S]*Open Referral UK API"):
        fetch_feed(client, f"{server.base}/other", tmp_path / "f.json")
    with pytest.raises(UsageError, match="no web address"):
        fetch_feed(client, "feed.json", tmp_path / "f.json")
    assert plan_feed("https://a.example/api/services").url == "https://a.example/api/services"


def test_the_profile_s_own_example(tmp_path: Path) -> None:
    record, result = one(tmp_path)
    assert record["name"] == "Community Counselling" and record["organisation"] == "Example Organization Inc."
    assert record["description"] == "Counselling & support.\nBy trained people."
    assert np.isnan(record["lat"])  # latitude 100 is no place on earth
    codes = {code for _, code, _ in result.row_faults}
    assert codes == {"coordinates_outside", "no_place"}
    extra = json.loads(record["extra"])
    assert extra["coordinates_given"] == [101, 100] and extra["accreditations"] == "BASC"
    assert extra["funding"] == PROFILE_EXAMPLE["funding"]
    assert (
        record["postcode"] == "ZZ1 1AA"
        and record["address"] == "1 High Street"
        and record["locality"] == "Fernley"
    )
    assert record["cost"] == "paid" and "£35" in record["cost_note"] and "per hour" in record["cost_note"]
    assert (record["age_min"], record["age_max"]) == (12, 100) and record["languages"] == "Urdu;en"
    assert record["category"] == "Counselling" and record["target_groups"] == "People with depression"
    assert record["updated"] == dt.date(2005, 1, 1) and record["verified"]
    assert record["phone"] == "01632 960001" and "Ann Persona" not in json.dumps(record, default=str)
    assert [
        (row["weekday"], row["start_s"], row["end_s"], row["kind"], row["from_date"])
        for row in result.sessions.to_dict("records")
    ] == [
        (3, 36_000, 64_800, "drop_in", dt.date(2005, 1, 1)),
        (4, 36_000, 64_800, "drop_in", dt.date(2005, 1, 1)),
    ]


def test_the_older_version(tmp_path: Path) -> None:
    result = read(tmp_path, {"totalElements": 1, "content": [V1_EXAMPLE]})
    record = result.services.to_dict("records")[0]
    assert record["service_id"] == "17" and record["category"] == "Lunch club" and record["age_min"] == 60
    assert record["target_groups"] == "Older people" and record["cost"] == "donation"
    assert record["languages"] == "English;Punjabi" and record["location_basis"] == "given"
    assert abs(record["lat"] - 54.73) < 1e-6 and record["address"] == "2 Mill Lane" and not record["verified"]
    rows = result.sessions.to_dict("records")
    assert [(row["rule"], row["kind"]) for row in rows] == [("second", "session"), ("unparsed", "session")]
    assert rows[0]["weekday"] == 1 and rows[0]["start_s"] == 43_200 and "bymonthday 15" in rows[1]["text"]


def test_postcodes_place_what_coordinates_don_t(tmp_path: Path) -> None:
    postcodes = pd.DataFrame({"postcode": ["ZZ1 1AA"], "x": [560_000.0], "y": [540_000.0]})
    result = read(tmp_path, [PROFILE_EXAMPLE], postcodes=postcodes)
    record = result.services.to_dict("records")[0]
    assert (record["x"], record["y"], record["location_basis"]) == (560_000.0, 540_000.0, "postcode")


def test_defunct_services_are_left_out_and_counted(tmp_path: Path) -> None:
    said = ("active", "inactive", "defunct", "temporarily closed", "Active", None)
    services = [{**PROFILE_EXAMPLE, "id": str(at), "status": status} for at, status in enumerate(said)]
    result = read(tmp_path, [*services, "rubbish", {"id": "x"}, services[0]])
    assert list(result.services["service_id"]) == ["0", "3", "4", "5"]
    counts = result.counts
    assert (counts.rows, counts.rejected) == (
        9,
        5,
    ) and counts.imported + counts.warned + counts.rejected == counts.rows
    by_code = {fault.code: fault.count for fault in result.faults}
    assert by_code["defunct"] == 2 and by_code["temporarily_closed"] == 1 and by_code["not_an_object"] == 1
    assert by_code["row_without_name"] == 1 and by_code["row_repeated"] == 1


def test_several_places_and_none(tmp_path: Path) -> None:
    def at(lat: float, lon: float, name: str) -> dict[str, Any]:
        return {"location": {"name": name, "latitude": lat, "longitude": lon}}

    record, result = one(
        tmp_path, service_at_locations=[at(0, 0, "A"), at(51.5, -3.0, "B"), at(51.6, -3.1, "C")]
    )
    assert (
        record["delivery"] == "several_venues"
        and abs(record["lat"] - 51.5) < 1e-6
        and record["address"] == "B"
    )
    # Where nothing is held and nobody can go is no venue.
    assert [place["name"] for place in json.loads(record["extra"])["other_locations"]] == ["A"]
    assert result.services["address"].tolist() == ["B", "C"]
    swapped, result = one(tmp_path, service_at_locations=[at(-3.0, 51.5, "B")])
    assert abs(swapped["lat"] - 51.5) < 1e-6 and result.row_faults[0][1] == "coordinates_swapped"
    online, _ = one(tmp_path, service_at_locations=[], deliverable_type="Online")
    assert online["delivery"] == "online"


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ({"freq": "WEEKLY", "byday": "MO", "opens_at": "09:30", "closes_at": "11:00"},
         [("weekly", 0, 34_200, 39_600)]),
        ({"freq": "WEEKLY", "interval": 2, "byday": "MO,WE", "opens_at": "09:00Z"},
         [("fortnightly", 0, 32_400, None), ("fortnightly", 2, 32_400, None)]),
        ({"freq": "MONTHLY", "byday": "-1FR", "opens_at": "18:00:00+01:00"}, [("last", 4, 64_800, None)]),
        ({"freq": "MONTHLY", "byday": "1MO,3MO"}, [("first", 0, None, None), ("third", 0, None, None)]),
        ({"freq": "WEEKLY", "dtstart": "2026-11-24", "opens_at": "10:00"}, [("weekly", 1, 36_000, None)]),
        ({"byday": "Monday", "opens_at": "20:00", "closes_at": "01:00"}, [("weekly", 0, 72_000, 90_000)]),
        ({"freq": "WEEKLY", "byday": "TU", "opens_at": "10:00", "description": "Term time only"},
         [("term_time", 1, 36_000, None)]),
        ({"description": "Tuesdays 10am-12pm"}, [("weekly", 1, 36_000, 43_200)]),
        ({"freq": "MONTHLY", "byday": "5MO"}, [("unparsed", None, None, None)]),
        ({"freq": "WEEKLY", "interval": 3, "byday": "MO"}, [("unparsed", None, None, None)]),
        ({"freq": "WEEKLY", "interval": "often", "byday": "MO"}, [("unparsed", None, None, None)]),
        ({"freq": "YEARLY", "byday": "MO"}, [("unparsed", None, None, None)]),
        ({"opens_at": "10:00"}, [("unparsed", None, None, None)]),
        ({"id": "x"}, []),
    ],
)  # fmt: skip
def test_schedules(schedule: dict[str, Any], expected: list[tuple[Any, ...]]) -> None:
    found = [(one.rule, one.weekday, one.start_s, one.end_s)
             for one in read_schedule(schedule)]  # fmt: skip
    assert found == expected


def test_clocks_that_are_none() -> None:
    assert [read_clock(text) for text in ("25:00", "10:61", "ten", None, 10, "24:00")] == [None] * 5 + [
        86_400
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=25)
@given(
    st.dictionaries(st.sampled_from([*PROFILE_EXAMPLE, *V1_EXAMPLE, "eligibility", "taxonomy_terms"]), JSON)
)
def test_no_json_brings_the_reader_down(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, Any]
) -> None:
    result = read(tmp_path_factory.mktemp("fuzz"), [{**PROFILE_EXAMPLE, **changes}, changes])
    assert result.counts.rows == 2


@pytest.mark.parametrize("text", ["", "nonsense", "{}", '{"services": 3}', "[" * 100_000])
def test_files_that_are_no_feed(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(SourceError, match=r"a\.json"):
        read_open_referral(tmp_path / "a.json", crs=CRS)


UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def check_ids(value: Any) -> None:
    """Every id is a UUID, wherever it stands."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "id" or (name.endswith("_id") and name != "link_id"):
                assert UUID.fullmatch(inner), (name, inner)
            check_ids(inner)
    elif isinstance(value, list):
        for inner in value:
            check_ids(inner)


@pytest.fixture(scope="module")
def register(demo_raw: Path) -> ServicesResult:
    return read_services(demo_raw / "demo" / "services" / "services.csv", crs=CRS)


def test_our_services_out_and_in_again(register: ServicesResult, tmp_path: Path) -> None:
    feed = export_open_referral(register.services, register.sessions)
    text = json.dumps(feed, allow_nan=False)
    check_ids(json.loads(text))
    for service in feed["services"]:
        assert service["name"] and service["url"] and service["status"] == "active"
        assert all(
            schedule.get("freq", "WEEKLY") in ("WEEKLY", "MONTHLY") for schedule in service["schedules"]
        )
        assert "organization" not in service or {"id", "name", "description"} <= set(service["organization"])
        assert all({"id", "taxonomy"} <= set(one["taxonomy_term"]) for one in service["attributes"])
    costs = [service["cost_options"][0] for service in feed["services"] if "cost_options" in service]
    free = sum(cost.get("amount") == 0 for cost in costs)
    assert 0 < free == (register.services["cost"] == "free").sum() < len(costs)
    again = read(tmp_path, feed, source_title=str(register.services["source"].iloc[0]))
    before = register.services.sort_values("service_id").reset_index(drop=True)
    after = again.services.sort_values("service_id").reset_index(drop=True)
    # A register that names no service is exported under its organisation, and a site is written out whole.
    for column in before.columns.drop(["x", "y", "name", "website"]):
        assert before[column].astype(object).where(before[column].notna(), None).tolist() == (
            after[column].astype(object).where(after[column].notna(), None).tolist()
        ), column
    for axis in ("x", "y"):
        assert np.allclose(before[axis].astype(float), after[axis].astype(float), atol=0.02, equal_nan=True)
    assert again.counts.rejected == 0
    columns = ["service_id", "kind", "weekday", "start_s", "end_s", "rule", "from_date", "to_date"]
    assert _sorted(register.sessions, columns) == _sorted(again.sessions, columns)


def _sorted(sessions: pd.DataFrame, columns: list[str]) -> list[tuple[str, ...]]:
    return sorted({tuple(map(str, row)) for row in sessions[columns].itertuples(index=False)})


def test_a_pack_is_built_from_a_feed(tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    path.write_text(json.dumps({"services": [V1_EXAMPLE, PROFILE_EXAMPLE]}))
    part = Services.model_validate(
        {"kind": "register", "source": {"file": "feed.json", "title": "Fernley directory", "publisher": "p"}}
    )
    services, sessions, faults = read_all_services([(part, path)], crs=CRS, postcodes=None)
    assert list(services["service_id"]) == ["17", PROFILE_EXAMPLE["id"]] and len(sessions) == 4
    assert set(services["source"]) == {"Fernley directory"} and {fault.code for fault in faults} >= {
        "no_place"
    }


def test_the_export_is_the_same_every_time(register: ServicesResult) -> None:
    shuffled = register.services.sample(frac=1, random_state=3)
    one_way = export_open_referral(register.services, register.sessions)
    assert json.dumps(one_way) == json.dumps(export_open_referral(shuffled, register.sessions))


@given(
    st.sampled_from(["session", "drop_in"]), st.integers(0, 6), st.integers(0, 22 * 12), st.integers(1, 60),
    st.sampled_from(["weekly", "fortnightly", "first", "second", "third", "fourth", "last", "term_time"]),
)  # fmt: skip
def test_sessions_survive_the_journey(kind: str, day: int, start: int, lasts: int, rule: str) -> None:
    start_s, end_s = start * 300, min((start + lasts) * 300, 86_400 - 1)
    (session,) = read_schedule(
        write_schedule(kind=kind, weekday=day, start_s=start_s, end_s=end_s, rule=rule, text="Meeting")
    )
    assert (session.kind, session.weekday, session.start_s, session.end_s, session.rule) == (
        kind, day, start_s, end_s, rule,
    )  # fmt: skip


def test_the_command_writes_a_packs_services_as_others_read_them(tmp_path: Path) -> None:
    pack = load_pack("demo")
    own = set(pack.services.loc[pack.services["kind"] == "service", "service_id"])
    assert 0 < len(own) < len(pack.services)
    for name in ("services.json", "services.csv"):
        assert main(["register", "demo", "--out", str(tmp_path / name)]) == 0
    feed = json.loads((tmp_path / "services.json").read_text(encoding="utf-8"))
    check_ids(feed)
    assert len(feed["services"]) == len(own)
    again = read_services(tmp_path / "services.csv", crs=CRS)
    assert set(again.services["service_id"]) == own and again.counts.rejected == 0
    assert main(["register", "demo", "--out", str(tmp_path / "services.xlsx")]) == 2
