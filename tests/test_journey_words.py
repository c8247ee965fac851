"""Journeys in words: what a person needs, in order, whatever the names hold."""

from __future__ import annotations

import dataclasses
import re

import pytest

from geo.engine import Engine
from geo.journey_words import clock, journey_in_words
from geo.places import resolve_place
from geo.query import Query
from geo.ride_service import find_ride_service
from tests.towns import Stop, build_town, point, route, service, street, trip

STREETS = [
    street((0, 0), (0, 500), name="Hill Road"),
    street((0, 0), (3000, 0), name="High Street"),
    street((3000, 0), (3000, 200), name="Library Lane"),
]
HOME = "a point in Neighbourhood N1"


def make_pack(trips, *, streets=STREETS, stop_fields=None, service_fields=None):
    pack = build_town(
        streets=streets,
        stops={"A": Stop(120, 0), "M": Stop(1500, 0), "B": Stop(2880, 0)},
        routes=[route("R", *trips, short_name="7", agency="Town Buses")],
        points=[point("home", 0, 40)],
        services=[service("clinic", 3000, 80, **(service_fields or {}))],
    )
    stops = pack.stops.copy()
    for (stop_id, column), value in (stop_fields or {}).items():
        stops[column] = stops[column].astype(object)
        stops.loc[stops["stop_id"] == stop_id, column] = value
    return dataclasses.replace(pack, stops=stops)


def tell(pack, depart_s: int = 34_200, query: Query | None = None) -> list[str]:
    journey = Engine(pack).journey(
        query or Query(), resolve_place(pack, "home"), resolve_place(pack, "clinic"), depart_s=depart_s
    )
    return journey_in_words(journey, pack)


DAY_TRIP = trip(("A", "09:40"), ("M", "09:45"), ("B", "09:50:20"), headsign="Library")


def test_the_whole_journey_in_order() -> None:
    pack = make_pack(
        [DAY_TRIP],
        stop_fields={
            ("A", "name"): "Market Square", ("A", "indicator"): "Stop Q3", ("A", "bearing"): "E",
            ("A", "street"): "High Street", ("A", "landmark"): "the Clock",
            ("M", "name"): "Half Way", ("B", "name"): "Old Mill", ("B", "indicator"): "opp",
        },
    )  # fmt: skip
    lines = tell(pack)
    assert lines == [
        # Leave 09:37:00, arrive 09:50:20 + 150 s = 09:52:50.
        f"From {HOME} to Service clinic on Tuesday 10 June 2025: 16 minutes, leaving 09:37.",
        "Walk 160 m (2 minutes) to the stop Market Square (Stop Q3), on High Street, near the Clock, "
        "on the side where buses head east.",
        "  Go south along Hill Road, 40 m.",
        "  Left into High Street, 120 m.",
        "At 09:40 take bus 7 (Town Buses) towards Library. Be at the stop by 09:39.",
        "Stay on for 2 stops (11 minutes). The stop before yours is Half Way.",
        "Get off at the stop Old Mill (opposite) at 09:51.",
        "Walk 200 m (3 minutes) to Service clinic.",
        "  Go east along High Street, 120 m.",
        "  Left into Library Lane, 80 m.",
        "You arrive at 09:53.",
        "Check before you travel: these times are of Tuesday 10 June 2025, from a timetable that begins "
        "1 January 2025; buses change, and this one may have.",
    ]


def test_one_stop_is_the_next() -> None:
    lines = tell(make_pack([trip(("A", "09:40"), ("B", "09:50"))]))
    assert any("get off at the next stop after Stop A" in line for line in lines)
    assert any("Ask the driver" in line for line in lines), "no headsign: it can't say towards where"


@pytest.mark.parametrize(
    ("name", "street_name", "expected"),
    [
        (None, "Mill Lane", "the stop on Mill Lane (check the stop with the operator)"),
        (None, None, "an unnamed stop, grid reference SK 0012 0000 (check the stop with the operator)"),
        # The code stood where the name should.
        ("A", "Mill Lane", "the stop on Mill Lane (check the stop with the operator)"),
        ("  Mill\n  Lane ", None, "the stop Mill Lane"),
    ],
)
def test_a_stop_without_a_name_is_never_its_code(name, street_name, expected) -> None:
    pack = make_pack([DAY_TRIP], stop_fields={("A", "name"): name, ("A", "street"): street_name})
    walk = tell(pack)[1]
    assert f" to {expected}" in walk
    assert not re.search(r"\bA\b", walk)


def test_hostile_names_stay_on_one_line() -> None:
    nasty = "Bad\x00\x1b[31m\nName\u202e<script>alert(1)</script>"
    pack = make_pack(
        [dataclasses.replace(DAY_TRIP, headsign=nasty)],
        stop_fields={("A", "name"): nasty, ("M", "name"): nasty, ("A", "street"): nasty},
        service_fields={"name": nasty},
    )
    lines = tell(pack)
    assert len(lines) == 12
    assert all(line.isprintable() for line in lines)
    assert "<script>" in lines[1], "words are not escaped here, but where they are shown"


def test_straight_lines_are_said_to_be() -> None:
    lines = tell(make_pack([DAY_TRIP], streets=None))
    assert lines[2].startswith("  Measured in a straight line") and "along" not in lines[1]


def test_about_times_and_after_midnight() -> None:
    late = dataclasses.replace(trip(("A", "24:10"), ("M", "24:15"), ("B", "24:20")), approximate=True)
    lines = tell(make_pack([late]), depart_s=23 * 3600 + 1800)
    assert any(line.startswith("At about 00:10 (the next day) take") for line in lines)
    assert lines[0].endswith("leaving 00:07 (the next day).")


@pytest.mark.parametrize(
    ("time_s", "up", "expected"),
    [
        (34_259, False, "09:30"),
        (34_259, True, "09:31"),
        (34_260, True, "09:31"),
        (86_399, True, "00:00 (the next day)"),
        (-60, False, "23:59 (the day before)"),
        (180_000, False, "02:00 (2 days later)"),
    ],
)
def test_clock(time_s: int, up: bool, expected: str) -> None:
    assert clock(time_s, round_up=up) == expected


def test_no_journey_in_words() -> None:
    lines = tell(make_pack([trip(("B", "09:40"), ("A", "09:50"))]))
    assert lines[0].startswith(
        "No journey on one bus from a point in Neighbourhood N1 to Service clinic: no single bus"
    )
    assert lines[-1].startswith("Check before you travel")


@pytest.mark.parametrize(
    ("home", "stops", "says"),
    [
        ((0, 5000), {}, f"{HOME} lies outside the area that the data cover"),
        ((0, 40), {("B", "served"): False}, "near Service clinic, but the timetable has no times for them"),
        ((0, 40), {("A", "active"): False}, f"no stop within the walking limit of {HOME}."),
        ((0, 40), {("B", "active"): False}, "no stop within the walking limit of Service clinic."),
        ((0, 40), {("A", "served"): False, ("B", "served"): False}, "near each of the two places, but"),
    ],
)
def test_no_journey_says_which_place_it_is_about(home, stops, says: str) -> None:
    pack = build_town(
        streets=STREETS, stops={"A": Stop(120, 0), "B": Stop(2880, 0)},
        routes=[route("R", trip(("A", "05:40"), ("B", "05:50")))],
        points=[point("home", *home)], services=[service("clinic", 3000, 80)],
    )  # fmt: skip
    table = pack.stops.set_index("stop_id")
    for (stop_id, column), value in stops.items():
        table.loc[stop_id, column] = value
    assert says in tell(dataclasses.replace(pack, stops=table.reset_index()[list(pack.stops)]))[0]


def test_walking_all_the_way() -> None:
    pack = make_pack([])
    near = dataclasses.replace(
        pack, services=pack.services.assign(x=pack.stops["x"][0], y=pack.stops["y"][0])
    )
    lines = tell(near)
    assert lines[0].endswith("2 minutes, leaving 09:30.")
    assert lines[1:4] == [
        "Walk 160 m (2 minutes) to Service clinic.",
        "  Go south along Hill Road, 40 m.",
        "  Left into High Street, 120 m.",
    ]


def test_an_operators_code_is_never_told_and_parts_no_buses() -> None:
    """Two operators that the timetable has codes for only, and one that it names, on one road."""
    later = {agency: trip(("A", at), ("B", at)) for agency, at in (("GMN", "10:10"), ("First", "10:40"))}
    both = [route("R", DAY_TRIP, short_name="7", agency="STO")]
    both += [route(agency, one, short_name="7", agency=agency) for agency, one in later.items()]
    pack = build_town(
        streets=STREETS, stops={"A": Stop(120, 0), "M": Stop(1500, 0), "B": Stop(2880, 0)}, routes=both,
        points=[point("home", 0, 40)], services=[service("clinic", 3000, 80)],
    )  # fmt: skip
    engine = Engine(pack)
    journey = engine.journey(
        Query(), resolve_place(pack, "home"), resolve_place(pack, "clinic"), depart_s=34_200
    )
    words = "\n".join(journey_in_words(journey, pack, find_ride_service(engine, Query(), journey)))
    assert "STO" not in words and "GMN" not in words
    assert "take bus 7 towards Library" in words and "How often: at 09:40 and 10:10." in words
    assert "Also between these two stops: bus 7 (First), once, at 10:40." in words
