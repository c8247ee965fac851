"""When a category is in reach: the five times by neighbourhood, by group, on the map, in tables and files."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.errors import PackError, QueryError
from data.packio import write_pack
from geo.__main__ import main
from geo.engine import Engine
from geo.query import Query
from geo.timeofday import WINDOWS
from geo.when import STATES, WhenTable, ask_at, compute_when
from geo.write import read_metadata
from layers import when
from layers.catalogue import Drawn
from tests.contrast import THEMES
from tests.roundtrip_towns import there, town
from tests.test_roundtrip_tables import weekly_town
from tests.towns import Calendar, build_town, point, route, service, trip


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(weekly_town())


@pytest.fixture(scope="module")
def table(engine: Engine) -> WhenTable:
    return compute_when(engine, Query())


def test_the_five_times_by_hand(table: WhenTable):
    """Buses on weekdays at 10:00 and 14:00, on Saturdays at 10:00, on Sundays none."""
    row = table.frame[table.frame["category"] == "*"].iloc[0]
    assert [row[f"{name}_state"] for name in WINDOWS] == [
        "in_reach", "in_reach", "cut_off", "in_reach", "cut_off",
    ]  # fmt: skip
    assert row["in_reach_at"] == "weekday_morning;weekday_afternoon;saturday"
    assert (row["times_in_reach"], row["times_known"]) == (3, 5)
    assert [time.date for time in table.times] == [
        *[dt.date(2025, 6, 10)] * 3, dt.date(2025, 6, 14), dt.date(2025, 6, 15),
    ]  # fmt: skip


def check_against_the_gap(engine: Engine, query: Query) -> None:
    """Each time's columns are the gap of that date and window; states are those of most people."""
    found = compute_when(engine, query)
    assert found.gap is not None
    for time in found.times:
        if time.date is None:
            assert found.frame[f"{time.name}_state"].isna().all()
            assert found.gap[[f"{time.name}_{state}" for state in STATES]].isna().all(axis=None)
            continue
        gap = engine.gap(ask_at(query, time)).frame
        for state in STATES:
            np.testing.assert_array_equal(found.gap[f"{time.name}_{state}"], gap[state])
        people = gap[(gap["level"] == "neighbourhood") & (gap["group_id"] == "all")].set_index(
            ["area_id", "kind", "category"]
        )
        for row in found.frame.to_dict("records"):
            three = people.loc[(row["neighbourhood_id"], row["kind"], row["category"]), list(STATES)]
            if not three.sum() > 0:  # nobody lives there, or nobody was counted
                continue
            assert three[row[f"{time.name}_state"]] >= three.max() - 1e-6
            base = three["in_reach"] + three["cut_off"]
            share = row[f"{time.name}_share_in_reach_people"]
            assert np.isnan(share) if base == 0 else abs(share - three["in_reach"] / base) < 1e-6


def test_each_time_is_the_gap_of_its_date_and_window(engine: Engine):
    check_against_the_gap(engine, Query(cutoff_s=1500))


def test_two_buses_count_where_they_are_asked_for(engine: Engine):
    check_against_the_gap(engine, Query(boardings=2))


def test_where_the_timetable_has_no_weekend_its_columns_are_empty():
    calendars = {"daily": Calendar(start=dt.date(2025, 6, 9), end=dt.date(2025, 6, 13))}
    found = compute_when(Engine(town(there("10:00"), calendars=calendars)), Query())
    assert found.frame["sunday_state"].isna().all() and found.frame["times_known"].max() == 3
    assert when.list_times(found) == ["weekday_morning", "weekday_afternoon", "weekday_evening"]
    assert when.say_time(found.times[4]) == "Sunday: no such day in the timetable"


def test_a_day_at_the_weekend_or_outside_the_timetable_is_refused(engine: Engine):
    with pytest.raises(
        QueryError, match="is a Saturday; times of day are compared from a Monday to Friday on"
    ):
        compute_when(engine, Query(service_date=dt.date(2025, 6, 14)))
    with pytest.raises(QueryError, match=r"runs from .* to .*; choose a date in it"):
        compute_when(engine, Query(service_date=dt.date(1999, 6, 15)))
    bare = replace(engine.pack, neighbourhoods=None, origin_points=None)
    with pytest.raises(PackError, match="no neighbourhoods"):
        compute_when(Engine(bare), Query())


def test_the_command_writes_all_three_tables(engine: Engine, tmp_path: Path):
    write_pack(engine.pack, tmp_path / "town")
    for by, columns in (
        ("category", {"neighbourhood_id", "category", "sunday_state", "times_in_reach"}),
        ("gap", {"level", "group_id", "counted", "sunday_cut_off", "weekday_morning_in_reach"}),
        ("service", {"origin_id", "sunday_class"}),
    ):
        out = tmp_path / f"{by}.csv"
        assert main(["timesofday", str(tmp_path / "town"), "--by", by, "--out", str(out)]) == 0
        assert columns <= set(pd.read_csv(out).columns)
        described = read_metadata(out)
        assert described["times"]["sunday"]["service_date"] == "2025-06-15"
        assert set(described["columns"]) == set(pd.read_csv(out).columns)


# The map's layers and the tables, in words.


def test_the_count_of_times_has_classes_words_and_dates(engine: Engine, table: WhenTable):
    classed = when.count_times(engine.pack, table, kind="service", category="*")
    assert classed.labels == ("at none of them", "at 1 or 2 of the 5", "at 3 or 4 of the 5", "at all 5")
    assert set(classed.classes) == {2}
    assert classed.texts[0] == "weekday morning, weekday afternoon, Saturday"
    assert "Sunday: Sunday 15 June 2025, 09:30 to 11:30" in classed.date
    assert when.say_difference(classed).endswith("at 3 or 4 of the 5.")


@pytest.mark.parametrize(
    ("one", "other", "label"),
    [
        ("weekday_morning", "sunday", "weekday morning only"), ("sunday", "saturday", "Saturday only"),
        ("weekday_morning", "saturday", "at both"), ("weekday_evening", "sunday", "at neither"),
    ],
)  # fmt: skip
def test_two_times_compared(engine: Engine, table: WhenTable, one: str, other: str, label: str):
    classed = when.compare_times(engine.pack, table, one, other, kind="service", category="*")
    assert {classed.labels[number] for number in classed.classes} == {label}


def test_what_is_not_known_is_hatched_and_never_a_class(engine: Engine, table: WhenTable):
    frame = table.frame.copy()
    frame["sunday_state"] = pd.Categorical(["not_known"] * len(frame), STATES)
    frame["times_known"] = 0
    unknown = replace(table, frame=frame)
    compared = when.compare_times(engine.pack, unknown, "saturday", "sunday", kind="service", category="*")
    counted = when.count_times(engine.pack, unknown, kind="service", category="*")
    for classed in (compared, counted):
        assert set(classed.classes) == {-1}
        for theme in THEMES:
            drawn: Drawn = when.draw_classed(classed, theme)
            assert [entry.label for entry in drawn.layer.legend] == ["not known"]
            assert drawn.parts["shading"]["missing"]["pattern"] == "hatch"


def test_the_tables_say_the_same(engine: Engine, table: WhenTable):
    shown = when.build_when_table(engine.pack, table, kind="service", category="*")
    assert shown.iloc[0][["Times in reach", "Weekday morning", "Sunday"]].tolist() == [
        3, "in reach", "no service",
    ]  # fmt: skip
    people = when.build_people_table(table, kind="service", category="*", group_id="all")
    assert people is not None
    sunday = people.set_index("Time").loc["Sunday"]
    assert sunday["In reach"] == 0 and sunday["No service within one bus"] == sunday["People"] > 0
    assert sunday["Day and hours"] == "Sunday 15 June 2025, 09:30 to 11:30"
    asked = {"kind": "service", "category": "*", "group_id": "all"}
    households = when.build_people_table(table, counted="households", **asked)
    assert households is not None and "People" not in households
    assert households["Households"].tolist() == people["People"].tolist()


def test_the_list_of_times_counts_two_buses_where_they_are_allowed():
    """Home to the change at 09:40, on from it at 10:00: two buses, on weekday mornings only."""
    town = build_town(
        stops={"home": (0, 0), "change": (3000, 0), "end": (6000, 0)},
        routes=[
            route("1", trip(("home", "09:40"), ("change", "09:50"))),
            route("2", trip(("change", "10:00"), ("end", "10:10"))),
        ],
        points=[point("p", 0, 0)],
        services=[service("s", 6000, 0)],
    )
    one, two = (Engine(town).times_of_day(Query(boardings=n), level="point").frame.iloc[0] for n in (1, 2))
    assert one["weekday_morning_class"] == two["weekday_morning_class"] == "two_buses"
    assert pd.isna(one["in_reach_at"]) and "weekday_morning" in two["in_reach_at"].split(";")
