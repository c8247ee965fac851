"""The gap and what neighbourhoods have: sums, nulls, small numbers, two boardings."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from data.errors import PackError
from geo.engine import Engine
from geo.query import Query
from geo.tables import GAP_COLUMNS
from tests.towns import build_town, point, route, service, trip


def make_town(**fields):
    """Straight lines: A and B are joined by a bus, B and C by another; nobody is near D's service.

    N1 has 80 people at A and 20 at C; N2 has 60 far from any stop.
    """
    return build_town(
        stops={"A": (0, 0), "B": (5000, 0), "C": (10_000, 0)},
        routes=[
            route("1", trip(("A", "09:40"), ("B", "09:50"))),
            route("2", trip(("B", "09:55"), ("C", "10:05"))),
        ],
        points=[
            point("a", 0, 0, 80, "N1"),
            point("c", 10_000, 0, 20, "N1"),
            point("far", 50_000, 0, 60, "N2"),
        ],
        services=[
            service("b", 5000, 0, "Advice"),
            service("c", 10_000, 0, "Lunch"),
            service("nowhere", None, None, "Advice"),
            service("phone", 0, 0, "Advice", delivery="phone"),
        ],
        groups={"g": {"N1": 40, "N2": None}, "none": {"N1": None, "N2": None}},
        wards={"N1": "W", "N2": "W"},
        **fields,
    )


def rows(query=None, town=None):
    frame = Engine(town or make_town()).gap(query or Query()).frame
    assert list(frame.columns) == list(GAP_COLUMNS)
    return frame.set_index(["level", "area_id", "category", "group_id"])


def test_people_are_split_over_points_by_weight():
    found = rows()
    advice = found.loc["neighbourhood", "N1", "Advice", "g"]
    assert (advice["in_reach"], advice["cut_off"], advice["not_known"]) == pytest.approx((32, 8, 0))
    assert advice["share_cut_off"] == pytest.approx(0.2)
    assert advice["services"] == 1


def test_two_boardings_count_when_asked_for():
    lunch = ("neighbourhood", "N1", "Lunch", "all")
    assert rows().loc[lunch, "in_reach"] == pytest.approx(20)
    assert rows(Query(boardings=2)).loc[lunch, "in_reach"] == pytest.approx(100)


def test_a_count_that_was_not_published_is_null_everywhere():
    found = rows()
    missing = [("neighbourhood", "N2", "*", "g"), ("neighbourhood", "N1", "*", "none")]
    # N1's 40 are not all of the ward's: a part is not passed off as the whole.
    missing += [("ward", "W", "*", "g"), ("area", "town", "*", "g"), ("area", "town", "*", "none")]
    for key in missing:
        row = found.loc[key]
        for name in ("people", "in_reach", "cut_off", "not_known", "share_cut_off", "share_not_known"):
            assert pd.isna(row[name]), (key, name)
        assert not row["small_count"]


def test_the_three_totals_sum_to_people_in_every_row():
    found = rows()
    known = found[found["people"].notna()]
    total = known["in_reach"] + known["cut_off"] + known["not_known"]
    assert np.allclose(total, known["people"].astype(float), atol=1e-9)
    assert found.loc[("area", "town", "*", "all"), "people"] == 160


def test_any_category_is_at_least_the_best_of_them():
    found = rows()
    parts = [found.loc[("area", "town", category, "all"), "in_reach"] for category in ("Advice", "Lunch")]
    assert found.loc[("area", "town", "*", "all"), "in_reach"] >= max(parts)


def test_small_counts_and_small_bases_are_flagged():
    found = rows()
    assert found.loc[("neighbourhood", "N1", "*", "g"), "small_base"]  # 40 under 50
    assert not found.loc[("neighbourhood", "N1", "*", "g"), "small_count"]
    assert not found.loc[("neighbourhood", "N1", "*", "all"), "small_base"]


def test_a_pack_without_counts_says_why_there_is_no_gap():
    town = dataclasses.replace(make_town(), census=None)
    with pytest.raises(PackError, match="no counts of people"):
        Engine(town).gap(Query())


def test_provision_counts_and_ranks_what_is_in_reach():
    frame = Engine(make_town()).provision(Query()).set_index(["neighbourhood_id", "category"])
    near = frame.loc["N1", "*"]
    # By the class of most people: from A the advice service is 60 + 600 s away, lunch is not in reach.
    assert (near["services"], near["in_reach"], near["nearest_s"]) == (2, 1, 660)
    assert pd.isna(near["third_nearest_s"])
    assert frame.loc[("N2", "*"), "in_reach"] == 0

    # Straight lines count 1.3 times: 100, 200 and 300 m are 130, 260 and 390 m, at 80 m a minute.
    places = [service(f"s{metres}", metres, 0) for metres in (300, 100, 200, 9000)]
    town = build_town(stops={"A": (0, 0)}, points=[point("a", 0, 0, 80, "N1")], services=places)
    row = Engine(town).provision(Query()).set_index(["neighbourhood_id", "category"]).loc["N1", "*"]
    assert (row["services"], row["in_reach"], row["nearest_s"], row["third_nearest_s"]) == (4, 3, 98, 293)
