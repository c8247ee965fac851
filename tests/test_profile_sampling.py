"""Sampling by the minute, worked out by hand, and against the exact percentiles."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import QueryError
from geo.engine import Engine
from geo.profile import NONE, compute_matrix
from geo.query import Query
from geo.sampling import compute_sampled_percentiles
from tests.towns import build_town, point, route, service, shifted, trip


def ask(query, **fields):
    # The stops are at the doors: 60 s of slack, 10 minutes of ride. Buses at 10:01, 10:05 and 10:21.
    line = trip(("A", "10:01"), ("B", "10:11"))
    town = build_town(
        stops={"A": (0, 0), "B": (5000, 0)},
        routes=[route("1", *shifted(line, ["10:01", "10:05", "10:21"]))],
        points=[point("p", 0, 0)],
        services=[service("s", 5000, 0)],
    )
    inputs = Engine(town).inputs(query)
    legs = (inputs.timetable, inputs.access, inputs.egress, inputs.direct)
    return compute_sampled_percentiles(*legs, query, **fields)[:, 0, 0], compute_matrix(*legs, query)


def test_samples_by_the_minute_worked_out_by_hand():
    # Leaves at 10:00, 10:04 and 10:20. From 10:00 to 10:09: 11; 14, 13, 12, 11; 26, 25, 24, 23, 22 minutes.
    query = Query(window_start_s=36_000, window_end_s=36_600, percentiles=(10, 50, 60, 100))
    found, _ = ask(query)
    # In order: 11, 11, 12, 13, 14, 22, 23, 24, 25, 26 minutes; ranks 1, 5, 6 and 10.
    assert found.tolist() == [660, 840, 1320, 1560]


def test_samples_every_second_are_near_the_exact():
    query = Query(window_start_s=36_000, window_end_s=36_600, percentiles=(1, 37, 50, 85, 99))
    found, matrix = ask(query, step_s=1)
    assert np.abs(found - matrix.percentile_s[:, 0, 0]).max() <= 3  # a second for each bus waited for


def test_moments_without_a_bus_are_infinite():
    # The last leave is 10:20: from 10:25 on nothing leaves.
    query = Query(window_start_s=36_000, window_end_s=39_000, percentiles=(30, 50), horizon_s=0)
    found, _ = ask(query)
    assert found[1] == NONE
    assert found[0] < 1600


def test_a_bus_that_beats_the_walk_by_a_second_is_taken():
    # 640 m and a detour of 1.3: 624 s on foot. The bus takes a second, without slack or walks.
    line = trip(("A", "10:10:22"), ("B", "10:10:23"))
    town = build_town(
        stops={"A": (0, 0), "B": (640, 0)},
        routes=[route("1", line)],
        points=[point("p", 0, 0)],
        services=[service("s", 640, 0)],
    )
    query = Query(window_start_s=36_000, window_end_s=36_001, percentiles=(50,), board_slack_s=0)
    inputs = Engine(town).inputs(query)
    legs = (inputs.timetable, inputs.access, inputs.egress, inputs.direct)
    assert compute_matrix(*legs, query).walk_s.tolist() == [[624]]
    assert compute_sampled_percentiles(*legs, query).tolist() == [[[623]]]
    # A second earlier the walk is as quick.
    later = Query(window_start_s=35_999, window_end_s=36_000, percentiles=(50,), board_slack_s=0)
    assert compute_sampled_percentiles(*legs, later).tolist() == [[[624]]]


def test_a_window_from_midnight_is_refused():
    with pytest.raises(QueryError, match="starts after"):
        ask(Query(window_start_s=0, window_end_s=600))
