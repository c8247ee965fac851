"""Hand-derived towns: neighbourhoods by weight, and the gap's three totals."""

from __future__ import annotations

import pandas as pd
import pytest
import shapely

from geo.query import Query
from tests.proof import line_town
from tests.reference_people import gap as reference_gap
from tests.towns import build_town, point, route, service, street, trip

BUS = trip(("A", "09:40"), ("E", "09:50"))


def two_points(near: float, far: float):
    """One neighbourhood: ``near`` people beside stop A, ``far`` people where no stop is near."""
    return [point("near", 0, 0, near, "N1"), point("far", 8000, 0, far, "N1")]


def test_a_neighbourhood_has_the_class_of_most_of_its_people(ask):
    most_near = ask(line_town(BUS, points=two_points(70, 30)), pair=("N1", "clinic"), level="neighbourhood")
    assert (most_near["reach_class"], most_near["reason"]) == ("one_bus", None)
    assert most_near["share_in_reach_people"] == pytest.approx(0.7)
    most_far = ask(line_town(BUS, points=two_points(30, 70)), pair=("N1", "clinic"), level="neighbourhood")
    assert (most_far["reach_class"], most_far["reason"]) == ("not_in_reach", "no_stop_near_origin")
    assert most_far["share_in_reach_people"] == pytest.approx(0.3)


def test_times_of_a_neighbourhood_are_weighted_medians(ask):
    # 10, 45 and 45 people live 75, 150 and 450 s from stop A: half of the weight lies within 150 s.
    points = [point("p", 0, 0, 10), point("q", 300, 0, 45), point("r", 700, 0, 45)]
    row = ask(
        line_town(BUS, points=points, stops={"B": (9000, 0)}), pair=("N1", "clinic"), level="neighbourhood"
    )
    assert row["best_duration_s"] == 150 + 60 + 600 + 75


def test_a_median_is_null_where_most_are_unreached(ask):
    row = ask(line_town(BUS, points=two_points(49, 51)), pair=("N1", "clinic"), level="neighbourhood")
    assert row["best_duration_s"] is None
    row = ask(line_town(BUS, points=two_points(51, 49)), pair=("N1", "clinic"), level="neighbourhood")
    assert row["best_duration_s"] == 810


def test_a_reason_is_that_of_most_people_of_the_class(ask):
    # 40 have no stop near, 25 + 20 no bus at a stop that is served the other way only: not in reach 85,
    # of whom most (45) have no direct bus; 15 are in reach.
    points = [
        point("a", 8000, 0, 40),
        point("b", 3100, 0, 25),
        point("c", 3200, 0, 20),
        point("d", 0, 0, 15),
    ]
    town = line_town(BUS, trip(("E", "09:40"), ("D", "09:50")), points=points)
    row = ask(town, pair=("N1", "clinic"), level="neighbourhood")
    assert (row["reach_class"], row["reason"]) == ("not_in_reach", "no_direct_bus")


# ------------------------------------------------------------------ the gap


def gap_town():
    """Two neighbourhoods, two wards, three ways for people to stand.

    N1 (100 people): 60 beside stop A (in reach by bus), 40 where no stop is near (cut off).
    N2 (50 people): 30 outside the coverage (not known), 20 beside the clinic (walk).
    The food bank lies beside stop Z, which no bus serves: not known for all but those in walking
    distance, and for those without a stop near, cut off.
    """
    return build_town(
        streets=[street((0, 0), (20_000, 0))],
        stops={"A": (100, 0), "E": (4900, 0), "Z": (12_000, 0)},
        routes=[route("1", BUS)],
        points=[
            point("p1", 0, 0, 60, "N1"),
            point("p2", 8000, 0, 40, "N1"),
            point("p3", 17_000, 0, 30, "N2"),
            point("p4", 5100, 0, 20, "N2"),
        ],
        services=[
            service("clinic", 5000, 0, "Health"),
            service("food", 12_000, 0, "Food"),
            service("line", None, None, "Health", delivery="phone"),
            service("school", 100, 0, "School", kind="place"),
        ],
        groups={"g": {"N1": 10, "N2": None}},
        wards={"N1": "W1", "N2": "W1"},
        coverage=shapely.box(-1000, -1000, 15_000, 1000),
    )


EXPECTED = {
    # (area, kind, category, group): (in reach, cut off, not known)
    ("N1", "service", "Health", "all"): (60, 40, 0),
    ("N2", "service", "Health", "all"): (20, 0, 30),
    ("N1", "service", "Food", "all"): (0, 40, 60),  # p1 has stops; the food bank's stop has no timetable
    ("N2", "service", "Food", "all"): (0, 0, 50),
    ("N1", "service", "*", "all"): (60, 40, 0),
    ("N2", "service", "*", "all"): (20, 0, 30),
    ("N1", "place", "School", "all"): (60, 40, 0),
    ("N2", "place", "School", "all"): (0, 20, 30),  # p4 is near E, but the bus runs the other way
    ("N1", "service", "Health", "g"): (6, 4, 0),  # the group's 10 people are split by weight
}


def test_the_reference_counts_people_as_worked_out_by_hand():
    found = reference_gap(gap_town(), Query())
    for key, (in_reach, cut_off, not_known) in EXPECTED.items():
        assert found[key] == pytest.approx(
            {"in_reach": in_reach, "cut_off": cut_off, "not_known": not_known}
        ), key


def gap_rows(pack, query=None):
    from geo.engine import Engine

    frame = Engine(pack).gap(query or Query()).frame
    return {
        (r["level"], r["area_id"], r["kind"], r["category"], r["group_id"]): r
        for r in frame.to_dict("records")
    }


def test_the_engine_counts_people_as_worked_out_by_hand():
    found = gap_rows(gap_town())
    for key, expected in EXPECTED.items():
        row = found[("neighbourhood", *key)]
        assert (row["in_reach"], row["cut_off"], row["not_known"]) == pytest.approx(expected), key


def test_the_three_totals_sum_to_residents_in_wards_and_the_area():
    found = gap_rows(gap_town())
    for level, area in (("ward", "W1"), ("area", "town")):
        row = found[level, area, "service", "Health", "all"]
        assert (row["in_reach"], row["cut_off"], row["not_known"]) == pytest.approx((80, 40, 30))
        assert row["people"] == 150
        assert row["share_cut_off"] == pytest.approx(40 / 120)
        assert row["share_not_known"] == pytest.approx(30 / 150)
        assert row["services"] == 1  # the telephone line is no venue


def test_a_group_that_was_not_published_is_null_and_never_zero():
    row = gap_rows(gap_town())["neighbourhood", "N2", "service", "Health", "g"]
    assert pd.isna(row["people"])
    assert pd.isna(row["cut_off"])
