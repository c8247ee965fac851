"""The reach table: columns, nulls, blocks, and people-weighted rows."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from geo import profile
from geo.engine import Engine
from geo.people import compute_neighbourhood_reach, weighted_medians
from geo.profile import NONE, compute_matrix
from geo.query import Query, WalkSettings
from geo.tables import PEOPLE_COLUMN, REACH_COLUMNS
from tests.proof import line_town
from tests.towns import build_town, point, route, service, shifted, trip

LINE = trip(("A", "09:30"), ("B", "09:45"), ("C", "10:00"))


def make_town(points=None):
    """A straight-line town 6 km long; three stops, a bus every 20 minutes from 09:30 to 12:10."""
    times = [34_200 + 1_200 * k for k in range(9)]
    return build_town(
        stops={"A": (0, 0), "B": (3000, 0), "C": (6000, 0)},
        routes=[route("1", *shifted(LINE, times))],
        points=points
        or [point("p1", 0, 100), point("p2", 3000, 100), point("p3", 6000, 100), point("p4", 9000, 0)],
        services=[service("s1", 0, 50), service("s2", 3000, 50), service("s3", 6000, 50)],
    )


def test_columns_are_those_of_the_schema_in_their_order():
    frame = Engine(make_town()).reach(Query(percentiles=(20, 100)), level="point").frame
    expected = []
    for name in REACH_COLUMNS:
        expected += ["travel_time_p20_s", "travel_time_p100_s"] if name == "travel_time" else [name]
    assert list(frame.columns) == expected
    for name in frame.columns:
        if name.endswith("_s"):
            assert frame[name].dtype == pd.Int32Dtype()
    hoods = Engine(make_town()).reach(Query(percentiles=(20, 100))).frame
    assert list(hoods.columns) == [*expected, PEOPLE_COLUMN]


def test_rows_come_origin_by_origin_in_the_order_given():
    frame = Engine(make_town()).reach(Query(), level="point").frame
    assert frame["origin_id"].tolist() == [p for p in ("p1", "p2", "p3", "p4") for _ in range(3)]
    assert frame["service_id"].tolist() == ["s1", "s2", "s3"] * 4


def test_no_value_is_null_and_no_number_stands_for_it():
    frame = Engine(make_town()).reach(Query(), level="point").frame
    row = frame[(frame["origin_id"] == "p4") & (frame["service_id"] == "s1")].iloc[0]
    for name in frame.columns:
        if name.endswith("_s"):
            assert row[name] is pd.NA
    numbers = frame.select_dtypes("number").to_numpy(float, na_value=np.nan)
    assert np.nanmax(numbers) < 86_400
    assert np.nanmin(numbers) >= 0
    assert (row["share_in_reach"], row["infrequent"]) == (0, False)


def test_parts_of_the_best_ride_sum_to_its_duration():
    frame = Engine(make_town()).reach(Query(), level="point").frame
    rides = frame[frame["reach_class"] == "one_bus"]
    assert len(rides) == 3  # forwards only
    parts = rides["best_wait_s"] + rides["best_ride_s"] + rides["best_walk_s"]
    assert (parts == rides["best_duration_s"]).all()


def test_an_hourly_bus_is_in_reach_by_the_timetable_and_infrequent():
    town = build_town(
        stops={"A": (0, 0), "B": (3000, 0)},
        routes=[route("1", *shifted(trip(("A", "10:00"), ("B", "10:15")), ["10:00", "11:00", "12:00"]))],
        points=[point("p", 0, 0)],
        services=[service("s", 3000, 0)],
    )
    row = Engine(town).reach(Query(cutoff_s=2_400), level="point").frame.iloc[0]
    # Leave at 09:59 and 10:59: 16 minutes. Within 40 minutes for 24 minutes before each: 48 of 120.
    assert row["best_duration_s"] == 960
    assert row["share_in_reach"] == pytest.approx(48 / 120)
    assert row["infrequent"]
    assert row["reach_class"] == "one_bus"


def test_blocks_of_origins_and_destinations_do_not_change_the_answer(monkeypatch):
    inputs = Engine(make_town()).inputs(Query())
    legs = (inputs.timetable, inputs.access, inputs.egress, inputs.direct)
    whole = compute_matrix(*legs, Query())
    monkeypatch.setattr(profile, "DESTINATION_BLOCK", 2)
    monkeypatch.setattr("geo.threads.count_threads", lambda: 3)
    monkeypatch.setattr(
        profile, "run_blocks", lambda n, work, **_: [work(row, row + 1) for row in reversed(range(n))]
    )
    parts = compute_matrix(*legs, Query())
    for field in dataclasses.fields(whole):
        assert np.array_equal(getattr(whole, field.name), getattr(parts, field.name)), field.name


def test_a_trip_given_twice_changes_no_time():
    # Duplicates matter to trips per hour only, so the timetable need not drop them.
    once = make_town()
    times = [34_200 + 1_200 * k for k in range(9)]
    line = shifted(LINE, times)
    twice = build_town(
        stops={"A": (0, 0), "B": (3000, 0), "C": (6000, 0)},
        routes=[route("1", *line), route("1-again", *line)],
        points=[point(p, 3000 * i, 100) for i, p in enumerate(("p1", "p2", "p3"))] + [point("p4", 9000, 0)],
        services=[service("s1", 0, 50), service("s2", 3000, 50), service("s3", 6000, 50)],
    )
    frames = [Engine(town).reach(Query(), level="point").frame for town in (once, twice)]
    pd.testing.assert_frame_equal(*frames)


def test_checking_a_limit_that_can_not_bind_changes_nothing(monkeypatch):
    query = Query(walk=WalkSettings(max_walk_m=4_000))
    inputs = Engine(make_town()).inputs(query)
    legs = (inputs.timetable, inputs.access, inputs.egress, inputs.direct)
    loose = compute_matrix(*legs, query)
    monkeypatch.setattr(profile, "walk_limit_binds", lambda _: True)
    checked = compute_matrix(*legs, query)
    for field in dataclasses.fields(loose):
        assert np.array_equal(getattr(loose, field.name), getattr(checked, field.name)), field.name


def test_weighted_medians_count_unreached_as_infinite():
    values = np.array([[10, NONE, 5], [20, NONE, 6], [30, 7, NONE], [40, 8, NONE]], np.int32)
    hood = np.array([0, 0, 0, 1])
    weight = np.array([0.25, 0.25, 0.5, 1.0])
    medians = weighted_medians(values, weight, hood, 2)
    # Half of the weight lies at 20 and below; 7 has half of it; 6 has half of it.
    assert medians.tolist() == [[20, 7, 6], [40, 8, NONE]]


def test_points_of_a_neighbourhood_need_not_stand_together():
    points = [
        point("a", 0, 100, 30, "N1"),
        point("b", 9000, 0, 50, "N2"),
        point("c", 9500, 0, 20, "N1"),
        point("d", 6000, 100, 50, "N2"),
    ]
    frame = Engine(make_town(points)).reach(Query()).frame.set_index(["origin_id", "service_id"])
    assert frame.loc[("N1", "s3"), PEOPLE_COLUMN] == pytest.approx(0.6)
    assert frame.loc[("N2", "s3"), PEOPLE_COLUMN] == pytest.approx(0.5)
    # Half walk, half have no stop near: of equals the first in the order of classes.
    assert frame.loc[("N2", "s3"), "reach_class"] == "walk"


def test_neighbourhoods_refuse_points_that_are_not_the_packs():
    town = make_town()
    reach = Engine(town).reach(Query(), level="point")
    reach.frame["origin_id"] = "stranger"
    with pytest.raises(Exception, match="none of the pack's points"):
        compute_neighbourhood_reach(reach, town)


@pytest.mark.parametrize(
    ("start_s", "end_s", "inside"),
    [
        (35_880, 36_000, True),  # the only bus is left for at 09:58:00 = 35,880 s: the first moment
        (35_881, 36_000, False),
        (35_000, 35_880, True),  # the last moment
        (35_000, 35_879, False),
    ],
)
def test_the_window_is_closed_at_both_ends(start_s, end_s, inside):
    # 80 m to A are 60 s, and 60 s of slack: the bus of 10:00 is left for at 09:58.
    town = build_town(
        stops={"A": (0, 0), "B": (3000, 0)},
        routes=[route("1", trip(("A", "10:00"), ("B", "10:15")))],
        points=[point("p", 0, 80)],
        services=[service("s", 3000, 0)],
        detour_factor=1.0,
    )
    query = Query(window_start_s=start_s, window_end_s=end_s)
    row = Engine(town).reach(query, level="point").frame.iloc[0]
    assert row["reach_class"] == ("one_bus" if inside else "not_in_reach")
    assert inside or row["reason"] == "direct_bus_other_times"
    assert pd.isna(row["best_duration_s"]) != inside
    # Who turns up before it can take it, whichever side of the window's end it is left for.
    # (In the first window only its first moment can.)
    assert pd.isna(row["travel_time_p50_s"]) == (end_s == 36_000)


@pytest.mark.parametrize(("cutoff_s", "infrequent"), [(1_410, False), (1_409, True)])
def test_a_bus_that_half_of_the_window_can_wait_for_is_not_infrequent(cutoff_s: int, infrequent: bool):
    # One leaves home at 09:37:45 and arrives at 09:51:15, 35,475 s. With 1,410 s one may turn up from
    # 34,065 s on: 600 s of the window's 1,200; with a second less 599.
    town = line_town(trip(("A", "09:40"), ("E", "09:50")))
    query = Query(window_start_s=33_600, window_end_s=34_800, cutoff_s=cutoff_s)
    row = Engine(town).reach(query, level="point").frame.iloc[0]
    assert (row["reach_class"], row["infrequent"]) == ("one_bus", infrequent)
