"""Round trips by neighbourhood, "there and back" as reach and gap, times of day, and their files."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from data.errors import QueryError
from geo.engine import Engine
from geo.query import Query
from geo.roundtrip import DEFAULT_ROUND_TRIP
from geo.roundtrip_words import describe_round_trip
from geo.tables import REACH_COLUMNS, ROUNDTRIP_COLUMNS, THERE_AND_BACK_COLUMNS, VERDICTS
from geo.timeofday import WINDOWS
from geo.whatif.difference import compute_what_if
from geo.whatif.model import RemoveService, Scenario
from tests.roundtrip_towns import (
    WEDNESDAY,
    ask_frame,
    assumed_town,
    back,
    session,
    there,
    town,
    with_sessions,
)
from tests.towns import Calendar, point, service

# One neighbourhood: 30 people at home near stop A, 70 two kilometres from every bus.
HOMES = (
    point("home", 0, 0, people=30),
    point("afar", 9_000, 0, people=70),
    point("near", 4_900, 0, 50, "N2"),
)


def three_homes(*rows: dict):
    pack = town(there("10:00"), back("12:05"), points=list(HOMES), services=SERVICES)
    return with_sessions(pack, *(rows or (session("10:30", "12:00"),)))


SERVICES = [service("clinic", 5_000, 0, "Health"), service("club", 5_000, 0, "Food")]


def test_a_neighbourhood_has_the_verdict_of_most_of_its_people():
    frame = ask_frame(three_homes(), level="neighbourhood", service_ids=["clinic"])
    rows = frame.set_index("origin_id")
    assert list(frame.columns) == [*ROUNDTRIP_COLUMNS, "share_there_and_back_people"]
    assert rows.loc["N1", "verdict"] == "no" and rows.loc["N1", "reason"] == "no_stop_near_origin"
    assert rows.loc["N1", "share_there_and_back_people"] == 0.3
    assert pd.isna(rows.loc["N1", "leave_home_s"])  # the median of 30% with and 70% without
    assert rows.loc["N2", "verdict"] == "yes" and rows.loc["N2", "return_by"] == "walk"


def test_columns_are_the_documented_ones_and_nothing_stands_for_nothing():
    frame = ask_frame(three_homes())
    assert list(frame.columns) == list(ROUNDTRIP_COLUMNS)
    assert list(frame["verdict"].cat.categories) == list(VERDICTS)
    numbers = frame[[name for name in frame if name.endswith("_s")]]
    assert numbers.max().max() < 3 * 86_400 and numbers.min().min() >= 0
    failed = ~frame["verdict"].isin(["yes", "assumed_yes"])
    assert frame.loc[failed, "reason"].notna().all() and frame.loc[~failed, "reason"].isna().all()


def test_there_and_back_is_a_reach_table():
    engine = Engine(three_homes())
    frame = engine.reach_there_and_back(Query(), level="point").frame
    plain = engine.reach(Query(), level="point").frame
    assert list(frame.columns) == [*plain.columns, *THERE_AND_BACK_COLUMNS]
    assert (frame.dtypes[plain.columns] == plain.dtypes).all()
    rows = frame.set_index(["origin_id", "service_id"])
    assert rows.loc[("home", "clinic"), "reach_class"] == "one_bus"
    assert rows.loc[("home", "clinic"), "best_duration_s"] == 1410
    assert rows.loc[("near", "clinic"), "reach_class"] == "walk"
    assert rows.loc[("near", "clinic"), "walk_time_s"] == 75
    assert rows.loc[("afar", "clinic"), "reason"] == "no_stop_near_origin"
    # Nothing is known of the club's times: 12:05 is before the assumed end.
    assert rows.loc[("home", "club"), "reason"] == "no_return" and rows.loc[("home", "club"), "assumed"]
    hoods = engine.reach_there_and_back(Query()).frame
    assert set(REACH_COLUMNS) - {"travel_time"} < set(hoods.columns) and "assumed" in hoods


def test_of_several_sessions_one_that_works_is_enough_and_a_day_narrows_them():
    pack = three_homes(session("10:30", "12:00"), session("10:30", "13:00", weekday=WEDNESDAY))
    engine = Engine(pack)

    def row(day: int | None):
        return engine.reach_there_and_back(Query(), day=day, level="point").frame.set_index(
            ["origin_id", "service_id"]
        ).loc[("home", "clinic")]  # fmt: skip

    assert row(None)["reach_class"] == "one_bus" and row(None)["share_in_reach"] == 0.5
    assert row(1)["reach_class"] == "one_bus" and row(1)["share_in_reach"] == 1.0
    assert row(WEDNESDAY)["reach_class"] == "not_in_reach" and row(WEDNESDAY)["reason"] == "no_return"
    # On Thursday the clinic has no session, and so no row.
    thursday = engine.reach_there_and_back(Query(), day=3, level="point").frame
    assert set(thursday["service_id"]) == {"club"}


def test_work_parted_to_fit_the_memory_gives_the_same(monkeypatch):
    pack = three_homes(session("10:30", "12:00"), session("10:30", "13:00", weekday=WEDNESDAY))
    engine = Engine(pack)

    def tables():
        return [
            engine.round_trips(Query(), level="point").frame,
            engine.round_trips(Query()).frame,
            engine.reach_there_and_back(Query(), level="point").frame,
            engine.reach_there_and_back(Query()).frame,
        ]

    whole = tables()
    monkeypatch.setattr("geo.roundtrip.LARGEST_BLOCK", 1)
    for ours, theirs in zip(tables(), whole, strict=True):
        pd.testing.assert_frame_equal(ours, theirs)


def test_the_gap_counts_people_who_can_not_come_home():
    engine = Engine(three_homes(session("10:30", "13:00")))
    points = engine.reach_there_and_back(Query(), level="point")
    frame = engine.gap(Query(), points=points).frame
    health = frame[
        (frame["level"] == "area") & (frame["category"] == "Health") & (frame["group_id"] == "all")
    ]
    there_only = engine.gap(Query()).frame
    plain = there_only[(there_only["level"] == "area") & (there_only["category"] == "Health")]
    # There: 30 by bus and 50 on foot. There and back: the 30 miss the bus at 12:05.
    assert plain.iloc[0]["in_reach"] == 80 and plain.iloc[0]["cut_off"] == 70
    assert health.iloc[0]["in_reach"] == 50 and health.iloc[0]["cut_off"] == 100


def test_whoever_is_in_reach_by_assumed_times_alone_is_counted_apart():
    engine = Engine(assumed_town())
    points = engine.reach_there_and_back(Query(), level="point")
    names = ["in_reach", "in_reach_assumed", "cut_off", "not_known"]
    rows = engine.gap(Query(), points=points).frame.set_index(["level", "area_id", "category", "group_id"])
    by_hand = {
        ("area", "town", "Health", "all"): (50, 0, 100, 0),
        ("area", "town", "Food", "all"): (80, 80, 70, 0),
        ("area", "town", "*", "all"): (80, 30, 70, 0),
        ("ward", "W1", "*", "all"): (80, 30, 70, 0),
        ("neighbourhood", "N1", "*", "all"): (30, 30, 70, 0),
        ("neighbourhood", "N2", "*", "all"): (50, 0, 0, 0),
        ("neighbourhood", "N1", "*", "g"): (6, 6, 14, 0),
    }
    for key, expected in by_hand.items():
        assert tuple(rows.loc[key, names]) == pytest.approx(expected), key
    # A group that is not published stays null; getting there rests on nobody's times.
    assert rows.loc[("neighbourhood", "N2", "*", "g"), names].isna().all()
    assert engine.gap(Query()).frame["in_reach_assumed"].isna().all()
    # Without the clinic the 50 who walk have assumed times alone too.
    scenario = Scenario("No clinic", (RemoveService(service="clinic"),))
    found = compute_what_if(engine, Query(scenario=scenario), settings=DEFAULT_ROUND_TRIP).frame
    change = found.set_index(["level", "category", "group_id"]).loc[("area", "*", "all")]
    assert (change["in_reach_assumed_before"], change["in_reach_assumed_after"]) == (30, 80)
    assert (change["in_reach_after"], change["gained"], change["lost"]) == (80, 0, 0)
    gone = found.set_index(["level", "category", "group_id"]).loc[("area", "Health", "all")]
    assert (gone["in_reach_after"], gone["in_reach_assumed_after"], gone["cut_off_after"]) == (0, 0, 150)
    plain = compute_what_if(engine, Query(scenario=scenario)).frame
    assert plain[["in_reach_assumed_before", "in_reach_assumed_after"]].isna().all(axis=None)


def test_there_and_back_says_the_waits_and_what_is_to_spare_of_the_best_session():
    """By point they are a round trip's own numbers; by neighbourhood their weighted medians."""
    engine = Engine(three_homes(session("10:30", "12:00")))
    trips = engine.round_trips(Query(), level="point").frame
    names = ["wait_before_s", "wait_after_s", "slack_s", "later_buses_home"]
    table = engine.reach_there_and_back(Query(), level="point").frame
    assert table["slack_s"].notna().any() and (table["slack_s"].dropna() > 0).any()
    for row in table.to_dict("records"):
        same = trips[(trips["origin_id"] == row["origin_id"]) & (trips["service_id"] == row["service_id"])]
        theirs = same[["outward_duration_s", *names]].astype(object)
        ours = [None if pd.isna(row[name]) else row[name] for name in ("best_duration_s", *names)]
        assert ours in theirs.where(theirs.notna(), None).to_numpy().tolist()
    own = engine.pack.origin_points.set_index("point_id")
    hoods = engine.reach_there_and_back(Query()).frame
    for row in hoods.to_dict("records"):
        points = table[table["service_id"] == row["service_id"]].assign(
            hood=lambda frame: own["neighbourhood_id"].reindex(frame["origin_id"]).to_numpy(),
            weight=lambda frame: own["weight"].reindex(frame["origin_id"]).to_numpy(),
        )
        points = points[points["hood"] == row["origin_id"]]
        for name in names:
            ordered = points.assign(value=points[name].astype(float).fillna(np.inf)).sort_values("value")
            median = ordered["value"][ordered["weight"].cumsum() >= 0.5 - 1e-9].iloc[0]
            assert (np.isinf(median) and pd.isna(row[name])) or median == row[name]


def weekly_town():
    """Mornings on weekdays, evenings on none, Saturdays all day, no bus on Sundays."""
    calendars = {"weekdays": Calendar("1111100"), "saturdays": Calendar("0000010")}
    trips = [
        there("10:00", calendar="weekdays"),
        there("14:00", calendar="weekdays"),
        there("10:00", calendar="saturdays"),
    ]
    return town(*trips, calendars=calendars)


def test_in_reach_on_a_weekday_morning_not_on_sunday():
    table = Engine(weekly_town()).times_of_day(Query(), level="point")
    row = table.frame.iloc[0]
    assert [row[f"{name}_class"] for name in WINDOWS] == [
        "one_bus", "one_bus", "not_in_reach", "one_bus", "not_in_reach"
    ]  # fmt: skip
    assert row["in_reach_at"] == "weekday_morning;weekday_afternoon;saturday"
    assert row["weekday_morning_best_duration_s"] == 1410 and pd.isna(row["sunday_best_duration_s"])
    # The service date is Tuesday 10 June 2025.
    assert [time.date.day for time in table.times] == [10, 10, 10, 14, 15]


def test_times_of_day_are_reach_of_that_date_and_window():
    engine = Engine(weekly_town())
    table = engine.times_of_day(Query(cutoff_s=1500))
    for time in table.times:
        asked = Query(
            cutoff_s=1500, service_date=time.date,
            window_start_s=time.window_start_s, window_end_s=time.window_end_s,
        )  # fmt: skip
        frame = engine.reach(asked).frame
        assert list(table.frame[f"{time.name}_class"]) == list(frame["reach_class"])
        assert list(table.frame[f"{time.name}_share_in_reach_people"]) == list(frame["share_in_reach_people"])


def test_a_timetable_without_a_weekend_has_empty_columns_and_says_so():
    calendars = {"daily": Calendar(start=dt.date(2025, 6, 9), end=dt.date(2025, 6, 13))}
    table = Engine(town(there("10:00"), calendars=calendars)).times_of_day(Query())
    assert [time.date is None for time in table.times] == [False, False, False, True, True]
    assert table.frame["sunday_class"].isna().all() and table.frame["sunday_share_in_reach"].isna().all()


def test_times_of_day_start_from_a_weekday():
    with pytest.raises(QueryError, match="is a Saturday"):
        Engine(weekly_town()).times_of_day(Query(service_date=dt.date(2025, 6, 14)))


def test_the_files_say_what_was_asked(tmp_path):
    from geo.__main__ import main

    out = tmp_path / "there.parquet"
    assert (
        main(
            [
                "roundtrip",
                "demo",
                "--service",
                "FV-001",
                "--day",
                "tuesday",
                "--early",
                "20",
                "--out",
                str(out),
            ]
        )
        == 0
    )
    metadata = json.loads(pq.read_schema(out).metadata[b"one_bus_reach"])
    assert metadata["round_trip"]["early_s"] == 1200 and metadata["round_trip"]["day"] == "tuesday"
    assert metadata["round_trip"]["service_dates"] == ["2026-09-08"]
    assert set(pd.read_parquet(out)["service_id"]) == {"FV-001"}
    out = tmp_path / "reach.csv"
    assert main(["reach", "demo", "--there-and-back", "--day", "sunday", "--out", str(out)]) == 0
    assert main(["gap", "demo", "--there-and-back", "--out", str(tmp_path / "gap.csv")]) == 0
    metadata = json.loads((tmp_path / "gap.csv.meta.json").read_text())
    assert "there and back" in metadata["title"]
    assert metadata["round_trip"] == describe_round_trip(DEFAULT_ROUND_TRIP, None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--day", "funday"], "no weekday"),
        (["--service", "nothing-of-the-kind"], "is no neighbourhood"),
        (["--date", "2031-01-01"], "runs from 2026-09-01 to 2027-03-31"),
        (["--linger", "999"], "linger 999 min"),
        (["--date", "2026-09-08", "--day", "monday"], "is a Tuesday, not a Monday"),
    ],
)
def test_what_can_not_be_asked_is_refused(arguments, words, tmp_path, capsys):
    from geo.__main__ import main

    assert main(["roundtrip", "demo", "--out", str(tmp_path / "out.csv"), *arguments]) == 2
    assert words in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_there_and_back_of_points_of_ones_own_is_refused(tmp_path, capsys):
    from geo.__main__ import main

    own = tmp_path / "own.csv"
    own.write_text("id,lon,lat\na,-2.0,53.5\n")
    out = str(tmp_path / "out.csv")
    assert main(["reach", "demo", "--there-and-back", "--origins", str(own), "--out", out]) == 2
    assert "needs the pack's own" in capsys.readouterr().err
