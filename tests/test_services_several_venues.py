"""Open Referral services at several places: each a venue with the times held there, one service still."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from data.open_referral_export import export_open_referral
from data.sources.open_referral import read_open_referral
from data.sources.service_export import register_to_csv
from data.sources.services import ServicesResult, read_services
from data.venues import count_services
from geo.engine import Engine
from geo.query import Query
from tests.towns import build_town, point, route, service, trip

CRS = "EPSG:27700"
TUESDAY = {"freq": "WEEKLY", "byday": "TU", "opens_at": "10:00", "closes_at": "12:00"}
THURSDAY = {"freq": "WEEKLY", "byday": "TH", "opens_at": "14:00", "closes_at": "16:00"}
MONTHLY = {"freq": "MONTHLY", "byday": "1FR", "opens_at": "09:00", "closes_at": "10:00"}
HALL_1 = {"id": "h1", "name": "Hall 1", "latitude": 51.5, "longitude": -3.0}
HALL_2 = {"id": "h2", "name": "Hall 2", "latitude": 51.6, "longitude": -3.1}
TWO_HALLS = [
    {"id": "l1", "location": HALL_1, "schedules": [TUESDAY]},
    {"id": "l2", "location": HALL_2, "schedules": [THURSDAY]},
]  # fmt: skip


def read(folder: Path, links: list[Any], **fields: Any) -> ServicesResult:
    path = folder / "feed.json"
    path.write_text(json.dumps([{"id": "lunch", "name": "Lunch", "service_at_locations": links, **fields}]))
    return read_open_referral(path, crs=CRS)


def held(result: ServicesResult) -> dict[str, list[int]]:
    """Weekdays of the sessions of each venue."""
    days: dict[str, list[int]] = {str(one): [] for one in result.services["service_id"]}
    for row in result.sessions.to_dict("records"):
        days[str(row["service_id"])].append(row["weekday"])
    return days


def test_each_hall_has_its_own_times_and_its_own_place(tmp_path: Path):
    result = read(tmp_path, TWO_HALLS, schedules=[MONTHLY])
    assert held(result) == {"lunch/hall-1": [4, 1], "lunch/hall-2": [4, 3]}
    assert result.services["lat"].round(3).tolist() == [51.5, 51.6]
    assert result.services["address"].tolist() == ["Hall 1", "Hall 2"]
    assert result.services["name"].tolist() == ["Lunch", "Lunch"]
    assert set(result.services["delivery"]) == {"several_venues"}
    assert result.sessions["session_id"].is_unique
    # One entry of the file, one service of the register.
    assert (result.counts.rows, result.counts.imported + result.counts.warned) == (1, 1)
    assert count_services(result.services) == 1


def test_the_ids_do_not_hang_on_the_order_of_the_feed(tmp_path: Path):
    turned = read(tmp_path, TWO_HALLS[::-1], schedules=[MONTHLY])
    assert {key: sorted(days) for key, days in held(turned).items()} == {
        "lunch/hall-1": [1, 4], "lunch/hall-2": [3, 4],
    }  # fmt: skip


def test_one_hall_is_one_venue_as_before(tmp_path: Path):
    result = read(tmp_path, TWO_HALLS[:1], schedules=[MONTHLY])
    assert held(result) == {"lunch": [4, 1]} and result.services["delivery"].tolist() == ["venue"]
    assert result.services["extra"].isna().all()


@pytest.mark.parametrize(
    ("links", "fields", "expected"),
    [
        # One location named by a link for each schedule.
        ([TWO_HALLS[0], {"location": HALL_1, "schedules": [THURSDAY]}], {}, {"lunch": [1, 3]}),
        # A schedule of the service that says whose it is, by the link or by the location.
        ([{"id": "l1", "location": HALL_1}, {"id": "l2", "location": HALL_2}],
         {"schedules": [TUESDAY | {"service_at_location_id": "l2"}, THURSDAY | {"location_id": "h1"}]},
         {"lunch/hall-1": [3], "lunch/hall-2": [1]}),
        # The service lists again what its links say.
        (TWO_HALLS, {"schedules": [TUESDAY | {"service_id": "lunch"}, THURSDAY]},
         {"lunch/hall-1": [1], "lunch/hall-2": [3]}),
        ([{**TWO_HALLS[0], "schedules": [TUESDAY | {"id": "s1"}]}, TWO_HALLS[1]],
         {"schedules": [TUESDAY | {"id": "s1"}, TUESDAY | {"id": "s2"}]},
         {"lunch/hall-1": [1], "lunch/hall-2": [1, 3]}),
        # A link to a location that stands among the service's locations only.
        ([{"location_id": "h2", "schedules": [THURSDAY]}], {"locations": [HALL_1, HALL_2]},
         {"lunch/hall-1": [], "lunch/hall-2": [3]}),
        # A place without a place: its times are nobody else's.
        ([TWO_HALLS[0], {"id": "l9", "schedules": [THURSDAY]}], {},
         {"lunch/hall-1": [1], "lunch/place-2": [3]}),
        ([TWO_HALLS[0], {"location": {"name": "Hall 9", "latitude": 0, "longitude": 0},
                         "schedules": THURSDAY}], {},
         {"lunch/hall-1": [1], "lunch/hall-9": [3]}),
        # Nothing is known of the second place, and nothing is held there.
        ([TWO_HALLS[0], {"location": {"name": "Hall 9"}}], {}, {"lunch": [1]}),
        # No place at all.
        ([{"id": "l1", "schedules": [TUESDAY]}], {}, {"lunch": [1]}),
        # Hostile pieces.
        ([None, 3, "x", {"location": "Hall 1"}, {"location": None, "schedules": [None, 7]}, TWO_HALLS[0]],
         {"schedules": ["x", None]}, {"lunch": [1]}),
        ([{"location": HALL_1 | {"id": None, "name": "../../<b>etc"}},
          {"location": HALL_2 | {"id": [], "name": "\n"}}],
         {}, {"lunch/etc": [], "lunch/place-2": []}),
        # Two halls of one name.
        ([{"location": HALL_1}, {"location": HALL_2 | {"name": "Hall 1"}}], {},
         {"lunch/hall-1": [], "lunch/hall-1-2": []}),
    ],
)  # fmt: skip
def test_whose_schedule_it_is(
    tmp_path: Path, links: list[Any], fields: dict[str, Any], expected: dict[str, Any]
):
    result = read(tmp_path, links, **fields)
    assert {key: sorted(days) for key, days in held(result).items()} == expected
    assert count_services(result.services) == 1


def test_a_schedule_of_a_place_that_is_not_there_makes_no_place_certain(tmp_path: Path):
    result = read(tmp_path, TWO_HALLS, schedules=[MONTHLY | {"location_id": "h7"}])
    rules = result.sessions.groupby("service_id")["rule"].agg(list).to_dict()
    assert rules == {"lunch/hall-1": ["weekly", "unparsed"], "lunch/hall-2": ["weekly", "unparsed"]}
    (fault,) = [fault for fault in result.faults if fault.code == "session_elsewhere"]
    assert "schedules[0]" in fault.examples[0] and fault.count == 2


def test_out_and_in_again_nothing_changes(tmp_path: Path):
    result = read(tmp_path, TWO_HALLS, schedules=[MONTHLY | {"description": "Term time; closed in August"}])
    before = (result.services, result.sessions)
    for _ in range(2):
        path = tmp_path / "again.json"
        path.write_text(json.dumps(export_open_referral(*before)))
        again = read_open_referral(path, crs=CRS)
        columns = ["service_id", "name", "delivery", "address", "lat", "extra", "location_basis"]
        pd.testing.assert_frame_equal(
            before[0][columns].sort_values("service_id", ignore_index=True),
            again.services[columns].sort_values("service_id", ignore_index=True),
            check_exact=False, atol=1e-6,
        )  # fmt: skip
        key = ["service_id", "weekday", "start_s", "end_s", "rule", "text"]
        assert _rows(before[1][key]) == _rows(again.sessions[key])
        assert count_services(again.services) == 1
        before = (again.services, again.sessions)
    table = tmp_path / "again.csv"
    table.write_bytes(register_to_csv(result.services, result.sessions))
    assert count_services(read_services(table, crs=CRS).services) == 1


def _rows(frame: pd.DataFrame) -> list[tuple[str, ...]]:
    return sorted(tuple(map(str, row)) for row in frame.itertuples(index=False))


def test_two_venues_of_one_service_are_one_in_what_a_neighbourhood_has():
    pack = build_town(
        stops={"A": (0, 0), "B": (3000, 0), "C": (6000, 0)},
        routes=[route("1", trip(("A", "09:40"), ("B", "09:50"), ("C", "10:00")))],
        points=[point("a", 0, 0, 10, "N1")],
        services=[
            service("lunch/b", 3000, 0), service("lunch/c", 6000, 0), service("other", 6000, 0),
            service("far/a", 90_000, 0),
        ],
    )  # fmt: skip
    assert pack.services is not None
    extra = ['{"venue_of": "lunch"}'] * 2 + [None, None]
    whole = dataclasses.replace(pack, services=pack.services.assign(extra=pd.array(extra, dtype="str")))
    of_places, of_services = (Engine(one).provision(Query()).iloc[0] for one in (pack, whole))
    assert (of_places["services"], of_places["in_reach"]) == (4, 3)
    assert (of_services["services"], of_services["in_reach"]) == (3, 2)
    assert of_services["nearest_s"] == of_places["nearest_s"]
    assert of_services["third_nearest_s"] is pd.NA and of_places["third_nearest_s"] > 0
    assert set(Engine(whole).gap(Query()).frame["services"]) == {3}
