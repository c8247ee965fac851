"""The Planner's tables, reach from a place, the Connector's facts, bands, about the numbers."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.engine import Engine
from geo.places import resolve_place
from geo.query import Query
from geo.service_names import tell_services_apart
from layers.about import build_about
from layers.connector import describe_service, describe_times, list_destinations
from layers.direct_buses import list_direct_buses
from layers.measures import gap_measure, number_in_reach
from layers.planner import (
    NUMBER,
    PEOPLE,
    SHARE,
    UNKNOWN,
    build_area_table,
    build_category_table,
    build_group_table,
    build_headline,
    list_categories,
    list_kinds,
    say_cells,
)
from layers.reach_bands import build_bands, choose_cutoffs
from layers.reach_panel import add_buses, summarise_reach
from layers.words import number_alike
from tests.roundtrip_towns import session, with_sessions
from tests.towns import build_town, call, point, route, service, street, trip

# High Street, 6 km. A bus from A (100 m) to B (2.5 km) at 09:40 and 10:40.
# p1 reaches the clinic by bus, p2 on foot (1.1 km is within the whole walk of
# 1,280 m), p3 at 5.9 km by nothing at all.
QUESTION = {"kind": "service", "category": "*"}


@pytest.fixture(scope="module")
def town():
    return build_town(
        streets=[street((0, 0), (6000, 0), name="High Street")],
        stops={"A": (100, 0), "B": (2500, 0)},
        routes=[route("1", trip(("A", "09:40"), ("B", "09:50")), trip(("A", "10:40"), ("B", "10:50")))],
        points=[
            point("p1", 0, 0, people=120, neighbourhood="N1"),
            point("p2", 1500, 0, people=80, neighbourhood="N2"),
            point("p3", 5900, 0, people=60, neighbourhood="N3"),
        ],
        services=[service("clinic", 2600, 0)],
        groups={"roma": {"N1": 12, "N2": 4, "N3": 8}},
        wards={"N1": "West", "N2": "West", "N3": "East"},
    )


@pytest.fixture(scope="module")
def answers(town):
    engine = Engine(town)
    return engine, engine.gap(Query()), engine.reach(Query())


def test_the_three_totals_are_the_towns(town, answers) -> None:
    line = build_headline(town, answers[1], group_id="all", **QUESTION)
    assert line is not None
    assert (line.people, line.in_reach, line.cut_off, line.not_known) == ("260", "200", "60", "0")
    assert line.share_cut_off == "23%"


def test_a_small_group_is_not_given_a_rate(town, answers) -> None:
    line = build_headline(town, answers[1], group_id="roma", **QUESTION)
    assert line is not None
    assert line.cut_off == "fewer than 10" and line.share_cut_off == "too few to compare"


@pytest.mark.parametrize(("unknown", "told"), [(10, True), (11, False)])
def test_a_rate_needs_fifty_people_of_whom_it_is_known(town, answers, unknown: int, told: bool) -> None:
    frame = answers[1].frame.copy()
    row = (frame["area_id"] == "N3") & (frame["group_id"] == "all")
    frame.loc[row, ["cut_off", "not_known"]] = [60.0 - unknown, float(unknown)]
    table = build_area_table(
        town, replace(answers[1], frame=frame), level="neighbourhood", group_id="all", **QUESTION
    )
    assert pd.notna(table.loc["N3", SHARE]) == told
    row = (frame["level"] == "area") & (frame["group_id"] == "all")
    frame.loc[row, ["in_reach", "cut_off", "share_cut_off"]] = [0.0, 60.0 - unknown, 1.0]
    line = build_headline(town, replace(answers[1], frame=frame), group_id="all", **QUESTION)
    assert line is not None and (line.share_cut_off == "100%") == told


def test_neighbourhoods_with_most_people_stand_first(town, answers) -> None:
    table = build_area_table(town, answers[1], level="neighbourhood", group_id="all", **QUESTION)
    assert table.index.tolist()[0] == "N3"
    assert table.loc["N3", NUMBER] == 60 and table.loc["N3", SHARE] == 1
    assert table.loc["N1", NUMBER] == 0 and table.loc["N1", UNKNOWN] == 0
    assert table[PEOPLE].sum() == 260


def test_wards_add_their_neighbourhoods_up(town, answers) -> None:
    table = build_area_table(town, answers[1], level="ward", group_id="all", **QUESTION)
    assert dict(zip(table["Ward"], table[PEOPLE], strict=True)) == {"East": 60, "West": 200}


def test_cells_read_as_words(town, answers) -> None:
    table = build_area_table(town, answers[1], level="neighbourhood", group_id="roma", **QUESTION)
    words = say_cells(table)
    assert words[NUMBER](table.loc["N3", NUMBER]) == "fewer than 10"
    assert words[SHARE](table.loc["N3", SHARE]) == "too few to compare"


def test_groups_and_categories(town, answers) -> None:
    groups = build_group_table(town, answers[1], **QUESTION)
    assert groups.index.tolist() == ["all", "roma"]
    one = build_group_table(town, answers[1], level="neighbourhood", area_id="N3", **QUESTION)
    assert one.loc["all", NUMBER] == 60
    categories = build_category_table(answers[1], kind="service", group_id="all")
    assert categories["Category"].tolist()[0] == "Any" and set(categories["Services"]) == {1}
    assert list_kinds(town) == ("service",)
    assert list_categories(town, "service")[0] == "*"


def test_number_and_share_are_two_measures(town, answers) -> None:
    number = gap_measure(town, answers[1], column="cut_off", unit="people", group_id="all", **QUESTION)
    share = gap_measure(town, answers[1], column="cut_off", unit="share", group_id="all", **QUESTION)
    assert number.values.tolist() == [0, 0, 60] and share.values.tolist() == [0, 0, 1]
    assert number.title != share.title and "No service within one bus" in number.title


def test_reach_from_a_place(town, answers) -> None:
    by_bus = summarise_reach(town, answers[2], "N1", kind="service", category=None)
    assert (by_bus.in_reach, by_bus.total, by_bus.rows_in_reach) == (1, 1, [0])
    assert by_bus.table["Reach"].tolist() == ["In reach by one bus"]
    none = summarise_reach(town, answers[2], "N3", kind="service", category=None)
    assert none.in_reach == 0 and none.rows_in_reach == []
    assert none.table["Reach"].tolist() == ["Not in reach by bus: no bus stop near enough to home"]
    assert summarise_reach(town, answers[2], "N1", kind="place", category=None).total == 0


def test_bands_nest_and_are_labelled_on_land(town, answers) -> None:
    cutoffs = choose_cutoffs(2700)
    assert cutoffs == (900, 1800, 2700)
    bands = build_bands(answers[0].isochrones(Query(), resolve_place(town, "N1"), cutoffs))
    shapes = [shapely.geometry.shape(band["geometry"]) for band in bands]
    assert [band["minutes"] for band in bands] == [15, 30, 45]
    for inner, outer in itertools.pairwise(shapes):
        assert inner.difference(outer).area < 1e-3 * outer.area
    for band, shape in zip(bands, shapes, strict=True):
        lat, lon = band["label"]
        assert shape.distance(shapely.Point(lon, lat)) < 1e-9


@pytest.mark.parametrize("cutoff", [60, 900, 960, 2700, 5400, 14_400])
def test_at_most_four_bands_end_at_the_cutoff(cutoff: int) -> None:
    bands = choose_cutoffs(cutoff)
    assert bands[-1] == cutoff and len(bands) <= 4 and list(bands) == sorted(set(bands))


def test_the_connectors_facts_say_what_is_not_stated(town) -> None:
    assert list(list_destinations(town, "service", "*")) == ["clinic"]
    assert list_destinations(town, "service", "No such category") == {}
    facts = dict(describe_service(town, "clinic"))
    assert facts["Cost"] == "not stated" and facts["Languages"] == "not stated"
    assert describe_service(town, "nowhere") == []
    assert describe_times(town, "clinic") == ("Sessions", "not stated")


def test_services_of_one_name_are_told_apart_wherever_they_are_chosen_or_listed(town) -> None:
    """By who runs them, else where they are; a list chooses by its words, so no two may be the same."""
    facts = [  # name, organisation, address, x
        ("Tea dance", "Friends", "1 Mill Lane", 0), ("tea dance", "Friends", "9 Mill Lane", 0),
        ("Tea dance", "Chapel", None, 0), ("Choir", "Chapel", None, 0), (None, None, None, 0),
        (None, None, None, 1500), (None, None, None, 1500), ("Bingo", None, None, 0),
        ("Bingo", None, None, 0),
    ]  # fmt: skip
    first = town.services.iloc[[0] * len(facts)].reset_index(drop=True)
    names, run_by, where, x = (list(one) for one in zip(*facts, strict=True))
    origin = town.services["x"].iloc[0] - 2600
    services = first.assign(
        service_id=[f"s{n}" for n in range(len(facts))], name=pd.array(names, "str"),
        x=[origin + at for at in x],
        organisation=pd.array(run_by, "str"), address=pd.array(where, "str"), category="Meeting",
    )  # fmt: skip
    pack = replace(town, services=services)
    apart = tell_services_apart(pack)
    hood = town.neighbourhoods.set_index("neighbourhood_id")["name"]
    assert apart == {
        "s0": "Friends, 1 Mill Lane",
        "s1": "Friends, 9 Mill Lane",
        "s2": "Chapel",
        "s4": hood["N1"],
        "s5": hood["N2"],
        "s6": f"{hood['N2']}, 2",
        "s8": "2",
    }
    titles = list_destinations(pack, "service", "*")
    assert len(set(titles.values())) == len(titles) == len(facts)
    assert titles["s2"] == "Tea dance, Chapel (Meeting)" and titles["s3"] == "Choir (Meeting)"
    engine = Engine(pack)
    listed = summarise_reach(pack, engine.reach(Query()), "N1", kind="service", category=None).table[
        "Service"
    ]
    assert len(set(listed)) == len(facts) and "tea dance, Friends, 9 Mill Lane" in set(listed)


def test_labels_of_a_list_are_each_once() -> None:
    labels = number_alike({"a": "x", "b": "x", "c": "x – 2", "d": "x"})
    assert labels == {"a": "x", "b": "x – 3", "c": "x – 2", "d": "x – 4"}


def test_opening_hours_are_told_by_weekday(town) -> None:
    def told(*rows, hours="as mapped") -> tuple[str, str]:
        pack = with_sessions(town, *rows)
        services = pack.services.assign(opening_hours=pd.array([hours] * len(pack.services), "str"))
        return describe_times(replace(pack, services=services), "clinic")

    def opened(weekday: int, start: str, end: str, **fields):
        return session(start, end, weekday=weekday, kind="drop_in", text="as mapped", **fields)

    week = [opened(day, "09:00", "17:00") for day in range(4)]
    friday = [opened(4, "09:00", "12:00"), opened(4, "13:00", "24:00")]
    assert told(*week, *friday) == (
        "Open", "Monday to Thursday 09:00 to 17:00; Friday 09:00 to 12:00 and 13:00 to midnight",
    )  # fmt: skip
    shut = [opened(day, "10:00", "13:00", bank_holidays=False) for day in (5, 6)]
    assert told(*shut)[1] == "Saturday and Sunday 10:00 to 13:00; closed on bank holidays"
    assert told(*(opened(day, "00:00", "24:00") for day in range(7)))[1] == "Every day all day and night"
    # Not said is not "closed"; and what is no plain week stays as it was written.
    assert "bank" not in told(shut[0], opened(6, "10:00", "13:00"))[1]
    assert told(*week, opened(5, "10:00", "12:00", rule="last"))[1] == "as mapped"
    # A register's sessions stay in its own words.
    held = session("10:30", "12:00", text="Tuesdays, 10.30 till noon")
    assert told(held, hours=None) == ("Sessions", "Tuesdays, 10.30 till noon")


def test_about_the_numbers_says_what_the_manifest_says(town) -> None:
    page = build_about(town, Query(), dt.date(2026, 1, 1))
    assert page.warning is not None and "fictional" in page.warning
    assert any("10 June 2025" in fact for fact in page.facts)
    assert page.groups["Group"].tolist()[0] == "All residents"
    assert isinstance(page.sources, pd.DataFrame) and page.faults.empty


def test_straight_lines_are_said() -> None:
    pack = build_town(stops={"A": (0, 0)}, points=[point("p", 0, 0, people=10)])
    page = build_about(pack, Query(), dt.date(2026, 1, 1))
    assert any("straight lines" in fact for fact in page.facts)


def test_number_in_reach_is_nought_only_where_it_is_known(town, answers) -> None:
    measure = number_in_reach(town, answers[2], kind="service", category="*")
    assert measure.values.tolist() == [1, 1, 0] and measure.texts == ("1", "1", "0")
    frame = answers[2].frame.assign(reason=answers[2].frame["reason"].astype("string"))
    frame.loc[frame["origin_id"] == "N3", "reason"] = "no_timetable"
    unknown = number_in_reach(town, replace(answers[2], frame=frame), kind="service", category="*")
    assert np.isnan(unknown.values[2]) and unknown.texts[2] == "not known"


def test_direct_buses_are_those_that_leave_in_the_window() -> None:
    pack = build_town(
        streets=[street((0, 0), (6000, 0))],
        stops={"A": (100, 0), "B": (2500, 0), "C": (5000, 0)},
        routes=[
            route("10", trip(("A", "09:40"), ("B", "09:50"))),
            route("2", trip(("A", "10:40"), ("B", "10:50"))),
            route("late", trip(("A", "13:40"), ("B", "13:50"))),
            route("back", trip(("B", "09:40"), ("A", "09:50"))),
            route("elsewhere", trip(("A", "09:40"), ("C", "09:50"))),
            route("no_alighting", trip(("A", "09:40"), call("B", "09:50", drop_off=1), ("C", "10:00"))),
        ],
        points=[point("p1", 0, 0, people=120, neighbourhood="N1")],
        services=[service("clinic", 2600, 0)],
    )
    engine = Engine(pack)
    buses = list_direct_buses(engine, Query(), "N1")
    assert buses == {"clinic": ("2", "10")}
    summary = summarise_reach(pack, engine.reach(Query()), "N1", kind="service", category=None)
    assert add_buses(summary.table, pack, buses)["Direct buses"].tolist() == ["2, 10"]


def test_no_bus_is_direct_to_what_stands_at_the_stop_that_it_leaves_from() -> None:
    pack = build_town(
        streets=[street((0, 0), (6000, 0))],
        stops={"A": (100, 0), "B": (5000, 0)},
        routes=[route("10", trip(("A", "09:40"), ("B", "09:50")))],
        points=[point("p1", 0, 0, people=120, neighbourhood="N1")],
        services=[service("shop", 200, 0)],
    )
    assert list_direct_buses(Engine(pack), Query(), "N1") == {}


def test_a_bus_that_passes_the_first_stop_too_early_may_be_in_time_at_the_next() -> None:
    """A and A2 are both near home; the bus calls at A two minutes before the window and at A2 inside it."""
    pack = build_town(
        streets=[street((0, 0), (6000, 0))],
        stops={"A": (100, 0), "A2": (500, 0), "B": (2500, 0)},
        routes=[route("10", trip(("A", "09:28"), ("A2", "09:33"), ("B", "09:40")))],
        points=[point("p1", 0, 0, people=120, neighbourhood="N1")],
        services=[service("clinic", 2600, 0)],
    )
    assert list_direct_buses(Engine(pack), Query(), "N1") == {"clinic": ("10",)}
