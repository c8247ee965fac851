"""Profiles against a plain search that looks at every trip, boarding, alighting and half second."""

from __future__ import annotations

import dataclasses

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from geo.legs import Legs
from geo.profile import NONE, compute_cells, compute_matrix, compute_stop_profiles
from geo.query import Query, WalkSettings
from geo.timetable import build_timetable
from tests.towns import SERVICE_DATE, build_town, call, route, trip

STOPS = 6
START, END = 36_000, 36_240
STEP_S = 20  # times lie on a coarse grid, so that ends of the window and ties are met often
STEP_MM = 26_600  # walked in 19.95 s: ceil gives 20


def to_legs(rows: list[dict[int, int]]) -> Legs:
    indptr = np.cumsum([0, *(len(row) for row in rows)]).astype(np.int64)
    pairs = [pair for row in rows for pair in sorted(row.items())]
    return Legs(indptr, np.array([p[0] for p in pairs], np.int32), np.array([p[1] for p in pairs], np.int32))


def walk_s(length_mm: int) -> int:
    return -(-length_mm * 3600 // 4_800_000)


def random_town(seed: int):
    """Trips over a few stops, some calling twice at one, overtaking, without pickup or drop-off.

    Made from a seed, and not piece by piece by hypothesis, whose pieces are mostly
    small: a town must be dense to have two boardings and two alightings on a lane.
    """
    rng = np.random.default_rng(seed)
    kinds = np.array([0, 0, 0, 0, 0, 1, 2, 3])
    trips = []
    for _ in range(rng.integers(1, 7)):
        time = START + STEP_S * int(rng.integers(-10, 25))
        calls = []
        for stop in rng.integers(0, STOPS, rng.integers(2, 7)):
            arrive = time + STEP_S * int(rng.integers(0, 5))
            time = arrive + STEP_S * int(rng.integers(0, 4) == 0)
            pickup, drop_off = (int(kind) for kind in rng.choice(kinds, 2))
            calls.append(call(str(stop), arrive, time, pickup=pickup, drop_off=drop_off))
        trips.append(trip(*calls))
        for _ in range(rng.integers(0, 3)):  # the same pattern again, perhaps overtaking
            late = int(rng.integers(0, 240))
            later = [max(0, late - 15 * i) for i in range(len(calls))]
            trips.append(
                trip(
                    *(
                        dataclasses.replace(c, arrival_s=c.arrival_s + by, departure_s=c.departure_s + by)
                        for c, by in zip(calls, later, strict=True)
                    )
                )
            )

    def legs() -> dict[int, int]:
        near = rng.choice(STOPS, rng.integers(0, STOPS), replace=False)
        return {int(stop): STEP_MM * int(rng.integers(0, 5)) - int(rng.integers(0, 2)) for stop in near}

    access = [{stop: max(0, mm) for stop, mm in legs().items()} for _ in range(2)]
    egress = [{stop: max(0, mm) for stop, mm in legs().items()} for _ in range(3)]
    direct = [{d: int(rng.integers(0, 400_000)) for d in range(3) if rng.random() < 0.2} for _ in range(2)]
    total = [None, None, 120, 60][rng.integers(0, 4)]
    return trips, access, egress, direct, total, int(rng.integers(60, 600)), STEP_S * int(rng.integers(0, 12))


def all_rides(trips, access, egress, query):
    """Every (leave, arrive, walk, direct) of one pair, from the trips as they were written."""
    rides = []
    for t in trips:
        for i, on in enumerate(t.calls):
            for j in range(i + 1, len(t.calls)):
                off = t.calls[j]
                a, e = access.get(int(on.stop)), egress.get(int(off.stop))
                if a is None or e is None or on.pickup == 1 or off.drop_off == 1:
                    continue
                if a + e > query.walk.total_limit_mm:
                    continue
                leave = on.departure_s - query.board_slack_s - walk_s(a)
                rides.append((leave, off.arrival_s + walk_s(e), walk_s(a) + walk_s(e)))
    return rides


def check_pair(rides, walk, query, got):
    start, end = query.window_start_s, query.window_end_s
    inside = [(arrive - leave, w) for leave, arrive, w in rides if start <= leave <= end]
    assert (got["ride_s"], got["ride_walk_s"]) == (min(inside) if inside else (NONE, NONE))
    usable = [(leave, arrive) for leave, arrive, _ in rides if start <= leave <= end + query.horizon_s]

    def t(d: float) -> float:
        ride = min((arrive - d for leave, arrive in usable if leave >= d), default=np.inf)
        return min(ride, walk)

    # t falls with slope 1 between whole seconds, so on (k, k + 1] it runs from t(k+) down to t(k + 1).
    ends = np.array([t(k + 1) for k in range(start, end)])
    window = end - start
    assert got["in_reach_s"] == sum(
        1 if walk <= query.cutoff_s else int(v + 1 <= query.cutoff_s) for v in ends
    )
    for p, found in zip(query.percentiles, got["percentile_s"], strict=True):
        times = np.sort([walk if v == walk or v + 1 >= walk else v + 1 for v in ends])
        # Whole seconds T: |{t <= T}| is the number of seconds whose greatest t is at most T.
        rank = -(-p * window // 100)
        expected = times[rank - 1]
        assert found == (NONE if np.isinf(expected) else expected)


@settings(max_examples=200, deadline=None, phases=[Phase.generate])
@given(st.integers(0, 2**32))
def test_profiles_equal_a_search_over_everything(seed) -> None:
    trips, access, egress, direct, total, cutoff, horizon = random_town(seed)
    pack = build_town(
        stops={str(i): (100.0 * i, 0.0) for i in range(STOPS)},
        routes=[route("1", *trips)] if trips else [],
    )
    query = Query(
        window_start_s=START,
        window_end_s=END,
        cutoff_s=cutoff,
        percentiles=(1, 33, 50, 85, 100),
        walk=WalkSettings(max_walk_m=110, max_walk_total_m=total),
        horizon_s=horizon,
    )
    timetable = build_timetable(pack, SERVICE_DATE, ("bus",))
    matrix = compute_matrix(timetable, to_legs(access), to_legs(egress), to_legs(direct), query)
    for o in range(2):
        cells = None
        if total is None:
            profiles = compute_stop_profiles(
                timetable,
                np.array(sorted(access[o]), np.int32),
                np.array([walk_s(access[o][s]) for s in sorted(access[o])], np.int32),
                query,
            )
            walks = np.array([walk_s(direct[o][d]) if d in direct[o] else NONE for d in range(3)], np.int32)
            cells = compute_cells(profiles, to_legs(egress), walks, query)
        for d in range(3):
            rides = all_rides(trips, access[o], egress[d], query)
            walk = walk_s(direct[o][d]) if d in direct[o] else np.inf
            got = {name: getattr(matrix, name)[o, d] for name in ("ride_s", "ride_walk_s", "in_reach_s")} | {
                "percentile_s": matrix.percentile_s[:, o, d]
            }
            check_pair(rides, walk, query, got)
            assert matrix.direct_bus[o, d] == bool(rides)
            if cells is not None:
                got = {name: getattr(cells, name)[d] for name in ("ride_s", "ride_walk_s", "in_reach_s")} | {
                    "percentile_s": cells.percentile_s[:, d]
                }
                check_pair(rides, walk, query, got)
