"""The feed report: each finding finds exactly what a small town was given, and nothing else."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from data.__main__ import main
from data.errors import UsageError
from data.manifest import Fault
from data.packio import write_pack
from data.report import build_feed_report, report_to_html, report_to_json, report_to_markdown, write_report
from data.report.write import draw_places
from tests.browser.hostile import build_hostile_town
from tests.towns import Calendar, build_town, route, street, trip

STREET = street((0, 0), (9000, 0), name="High Street")
STOPS = {"A": (100, 0), "B": (2500, 0), "C": (8500, 0), "D": (4000, 450)}


def finding(report, code):
    return next(item for item in report.findings if item.code == code)


def town(**changed):
    spec = {
        "streets": [STREET],
        "stops": STOPS,
        "routes": [
            route("1", trip(("A", "09:40"), ("B", "09:50"))),
            route("2", trip(("B", "10:10"), ("C", "10:12")), trip(("B", "24:30"), ("C", "24:40"))),
        ],
    }
    return build_town(**(spec | changed))


def test_speeds_are_judged_by_distance_time_and_a_minute_of_rounding():
    report = build_feed_report(town())
    fast = finding(report, "impossible_speeds")
    # 6 km in 2 (+1) minutes is 120 km/h; the same pair in 10 minutes is an ordinary bus.
    assert fast.count == 1
    assert "6.0 km in 2 min, 1 trip," in fast.examples[0]
    assert [point.label for point in fast.points] == [fast.examples[0]] * 2
    slower = town(routes=[route("2", trip(("B", "10:10"), ("C", "10:13")))])
    assert finding(build_feed_report(slower), "impossible_speeds").count == 0


def test_stops_without_service_and_far_from_streets_are_told_apart():
    routes = [route("1", trip(("A", "09:40"), ("D", "09:50")))]
    report = build_feed_report(town(routes=routes))
    idle, far = finding(report, "stops_without_service"), finding(report, "stops_far_from_streets")
    assert (idle.count, idle.total) == (2, 4)
    assert any("(B)" in name for name in idle.examples)
    assert (far.count, far.total) == (1, 2)
    assert "(D)" in far.examples[0]
    place = far.points[0]
    stops = town().stops.set_index("stop_id")
    assert (place.lon, place.lat) == pytest.approx((stops.lon["D"], stops.lat["D"]), abs=1e-6)


def test_active_stops_that_the_timetable_does_not_know_are_what_it_lacks():
    pack = town()
    stops = pack.stops.set_index("stop_id")
    stops.loc[["C", "D"], "in_feed"] = False
    stops.loc["D", "active"] = False  # gone: nobody misses it
    stops.loc["B", "in_area"] = False
    lacking = finding(build_feed_report(replace(pack, stops=stops.reset_index())), "stops_not_in_feed")
    assert (lacking.count, lacking.total, lacking.severity) == (1, 2, "missing")
    assert "(C)" in lacking.examples[0]
    unknown = finding(build_feed_report(pack), "stops_not_in_feed")
    assert (unknown.count, unknown.severity) == (None, "not_known")


def test_without_streets_the_distance_to_them_is_not_known_rather_than_nought():
    far = finding(build_feed_report(town(streets=None)), "stops_far_from_streets")
    assert (far.count, far.severity) == (None, "not_known")


def test_trips_by_hour_sum_to_the_trips_of_the_day_and_pass_midnight():
    report = build_feed_report(town())
    assert report.trips_by_hour[9] == {"bus": 1}
    assert report.trips_by_hour[24] == {"bus": 1}
    assert sum(sum(row.values()) for row in report.trips_by_hour.values()) == 3
    assert report.trips_on_service_date == report.trips_by_date[report.service_date] == 3
    assert sum(row.trips for row in report.operators) == sum(row.trips for row in report.routes) == 3
    assert "00 (next day)" in report_to_markdown(report)


def test_all_trips_without_lines_are_counted_by_operator():
    shapes = finding(build_feed_report(town()), "trips_without_shape")
    assert (shapes.count, shapes.total) == (3, 3)
    assert shapes.examples[0].endswith("3 trips")


def test_an_operator_without_a_trip_that_day_is_named_with_its_dates_and_shown_where_its_buses_call():
    over = Calendar(start=dt.date(2025, 1, 6), end=dt.date(2025, 2, 2))
    pack = town(
        calendars={"over": over},
        routes=[
            route("1", trip(("A", "09:40"), ("B", "09:50"))),
            route("9", trip(("D", "09:40"), ("C", "09:50"), calendar="over"), agency="Old Line"),
        ],
    )
    timetable = pack.manifest.timetable.model_copy(update={"operators_without_service": ("Old Line",)})
    pack = replace(pack, manifest=pack.manifest.model_copy(update={"timetable": timetable}))
    found = finding(build_feed_report(pack), "operators_without_service")
    assert (found.count, found.total, found.severity) == (1, 2, "missing")
    assert found.examples == ("Old Line: 1 trip, which runs from 6 January 2025 to 2 February 2025",)
    stops = pack.stops.set_index("stop_id")
    (point,) = found.points
    assert (point.lon, point.lat) == pytest.approx((stops.lon["D"], stops.lat["D"]), abs=1e-6)
    assert "Old Line: 1 trip," in report_to_html(build_feed_report(pack))


def test_trips_that_are_there_twice_are_counted_by_operator_and_shown_where_they_set_off():
    twice = trip(("B", "10:10"), ("C", "10:25"))
    pack = town(routes=[route("1", trip(("A", "09:40"), ("B", "09:50"))), route("2", twice, twice)])
    report = build_feed_report(pack)
    found = finding(report, "duplicate_trips")
    assert (found.count, found.total, found.severity) == (1, 3, "dropped")
    assert "Town Buses: 1 trip, for example route 2, 10:10 from" in found.examples[0]
    assert "(B)" in found.examples[0] and len(found.points) == 1
    assert [row.duplicates for row in report.operators] == [1]
    assert finding(build_feed_report(town()), "duplicate_trips").severity == "ok"


def test_what_the_importer_did_is_shown_where_its_examples_are():
    pack = town()
    trips = pack.feed.trips
    faults = tuple(
        Fault.model_validate({"part": "timetable", "code": code, "severity": "repaired", "count": 1,
                              "message": "m", "examples": (example,), "file": "f"})
        for code, example in (
            ("of_stop", "A"), ("of_stop_far", "A: 306 m"), ("of_trip", trips["trip_id"].iloc[0]),
            ("of_route", trips["route_id"].iloc[0]), ("of_service", trips["service_id"].iloc[0]),
            ("of_nothing", "no longer there"),
        )
    )  # fmt: skip
    pack = replace(pack, manifest=pack.manifest.model_copy(update={"faults": faults}))
    report = build_feed_report(pack)
    found = {item.code: len(item.points) for item in report.findings if item.code.startswith("timetable:")}
    assert found == {
        "timetable:of_stop": 1, "timetable:of_stop_far": 1, "timetable:of_trip": 1, "timetable:of_route": 1,
        "timetable:of_service": 1, "timetable:of_nothing": 0,
    }  # fmt: skip


def test_hostile_names_do_not_leave_their_place():
    pack = town()
    name = "<script>alert(1)</script>|\"'`[x](javascript:y)"
    pack = replace(pack, stops=pack.stops.assign(name=name))
    report = build_feed_report(pack)
    page = report_to_html(report)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert r"\[x\](javascript" in report_to_markdown(report)  # no link
    assert json.loads(report_to_json(report))["area_id"] == report.area_id


def test_the_command_writes_what_its_name_says_and_refuses_the_rest(tmp_path: Path, capsys):
    pack = write_pack(town(), tmp_path / "pack")
    for ending, start in ((".html", "<!doctype html>"), (".md", "# Timetable of"), (".json", "{")):
        out = tmp_path / f"report{ending}"
        assert main(["report", str(pack), "--out", str(out)]) == 0
        assert out.read_text(encoding="utf-8").startswith(start)
    assert main(["report", str(pack)]) == 0
    assert "# Timetable of" in capsys.readouterr().out
    assert main(["report", str(pack), "--out", str(tmp_path / "report.doc")]) == 2
    with pytest.raises(UsageError, match="not there"):
        write_report(build_feed_report(town()), tmp_path / "no" / "report.md")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "pack", "report.html", "report.json", "report.md"
    ]  # fmt: skip


@pytest.mark.real_data
def test_newport_says_how_little_its_thinned_timetable_serves(real_pack):
    pack = real_pack("newport")
    report = build_feed_report(pack)
    lacking = finding(report, "stops_not_in_feed")
    assert lacking.count
    assert len(lacking.points) == min(lacking.count, 500)
    assert report.completeness == pack.manifest.timetable.completeness < 0.9
    assert finding(report, "stops_far_from_streets").count is not None


WITHOUT_PLACE = ("timetable:no_calendar_dates", "timetable:end_date_open", "timetable:trip_steps_backwards",
                 "timetable:operator_without_service")  # fmt: skip


@pytest.mark.real_data
@pytest.mark.parametrize("area", ["newport", "oldham"])
def test_every_finding_of_a_real_timetable_has_an_example_and_a_place(real_pack, area: str):
    """But those of the whole file, and of trips that were dropped: these are in no table any more."""
    report = build_feed_report(real_pack(area))
    codes = {item.code for item in report.findings}
    assert codes >= {
        "stops_not_in_feed", "stops_without_service", "impossible_speeds", "stops_far_from_streets",
        "stops_misplaced", "trips_without_shape", "operators_without_service", "duplicate_trips",
    }  # fmt: skip
    for item in report.findings:
        if item.count and item.code not in WITHOUT_PLACE:
            assert item.examples and item.points, item.code
    assert report.operators and report.routes and report.trips_by_hour and report.trips_by_date
    assert report.first_date <= report.service_date <= report.last_date
    assert set(report.operators_without_service) == ({"SPT"} if area == "oldham" else set())
    words = report_to_markdown(report)
    assert report.service_date_why.split(":")[0] in words
    if area == "oldham":
        assert "SPT: 4 trips, which run from 21 February 2017" in words


def test_pictures_of_hostile_places_are_well_formed() -> None:
    report = build_feed_report(build_hostile_town())
    assert any("\x1b" in point.label for found in report.findings for point in found.points)
    drawn = [svg for found in report.findings if (svg := draw_places(report, found))]
    assert drawn
    for svg in drawn:
        ElementTree.fromstring(svg)  # one control character, and a browser shows no picture at all
    assert not {"\x00", "\x1b"} & set(report_to_html(report) + report_to_markdown(report))
