"""Two boardings against a plain search over every pair of rides."""

from __future__ import annotations

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from geo.inputs import ReachInputs
from geo.legs import Legs
from geo.profile import compute_matrix
from geo.query import Query, WalkSettings
from geo.timetable import build_timetable
from geo.twobuses import NONE, compute_two_buses
from tests.test_profile_exact import STEP_MM, STEP_S, to_legs, walk_s
from tests.towns import SERVICE_DATE, build_town, call, route, shifted, trip

STOPS = 7
START, END = 36_000, 36_600


def random_town(seed: int):
    """Lines over a few stops, each run several times; walks between stops that differ both ways."""
    rng = np.random.default_rng(seed)
    kinds = np.array([0, 0, 0, 0, 1])
    trips = []
    for _ in range(rng.integers(3, 8)):
        time = START + STEP_S * int(rng.integers(0, 40))
        calls = []
        for stop in rng.integers(0, STOPS, rng.integers(2, 6)):
            arrive = time + STEP_S * int(rng.integers(1, 7))
            time = arrive + STEP_S * int(rng.integers(0, 2))
            pickup, drop_off = (int(kind) for kind in rng.choice(kinds, 2))
            calls.append(call(str(stop), arrive, time, pickup=pickup, drop_off=drop_off))
        line = trip(*calls)
        late = rng.choice(20, rng.integers(0, 3), replace=False)
        trips += [line, *shifted(line, [calls[0].departure_s + STEP_S * (1 + int(n)) for n in late])]

    def legs(most: int) -> dict[int, int]:
        near = rng.choice(STOPS, rng.integers(1, most), replace=False)
        return {int(stop): STEP_MM * int(rng.integers(0, 5)) for stop in near}

    access = [legs(4) for _ in range(2)]
    egress = [legs(4) for _ in range(3)]
    # A stop's leg to itself has a length (off the network and back) that must not be walked.
    changes = [{**legs(4), stop: 7 * STEP_MM} for stop in range(STOPS)]
    total = [None, 90, 130, 170][rng.integers(0, 4)]
    return trips, access, egress, changes, total, int(rng.integers(300, 1500))


def search_two(trips, access, egress, changes, query):
    """The shortest duration of two rides on different trips, or None."""
    best = None
    for first in trips:
        for i, on in enumerate(first.calls):
            if on.pickup == 1 or int(on.stop) not in access:
                continue
            a = access[int(on.stop)]
            leave = on.departure_s - query.board_slack_s - walk_s(a)
            if not query.window_start_s <= leave <= query.window_end_s:
                continue
            for off in first.calls[i + 1 :]:
                if off.drop_off == 1:
                    continue
                near = {**changes[int(off.stop)], int(off.stop): 0}
                for second in trips:
                    if second is first:
                        continue
                    for k, on2 in enumerate(second.calls):
                        if on2.pickup == 1 or int(on2.stop) not in near:
                            continue
                        c = near[int(on2.stop)]
                        if on2.departure_s < off.arrival_s + 120 + walk_s(c):
                            continue
                        for off2 in second.calls[k + 1 :]:
                            e = egress.get(int(off2.stop))
                            if e is None or off2.drop_off == 1 or a + c + e > query.walk.total_limit_mm:
                                continue
                            took = off2.arrival_s + walk_s(e) - leave
                            if took <= query.cutoff_s and (best is None or took < best):
                                best = took
    return best


@settings(max_examples=200, deadline=None, phases=[Phase.generate])
@given(st.integers(0, 2**32))
def test_two_boardings_equal_a_search_over_everything(seed) -> None:
    trips, access, egress, changes, total, cutoff = random_town(seed)
    pack = build_town(stops={str(i): (100.0 * i, 0.0) for i in range(STOPS)}, routes=[route("1", *trips)])
    query = Query(
        window_start_s=START,
        window_end_s=END,
        cutoff_s=cutoff,
        walk=WalkSettings(max_walk_m=190, max_walk_total_m=total),
    )
    nobody = Legs(np.zeros(3, np.int64), np.empty(0, np.int32), np.empty(0, np.int32))
    inputs = ReachInputs(
        timetable=build_timetable(pack, SERVICE_DATE, ("bus",)),
        origin_ids=np.array(["a", "b"], object),
        service_ids=np.array(["x", "y", "z"], object),
        access=to_legs(access),
        egress=to_legs(egress),
        direct=nobody,
        transfers=to_legs(changes),
        origin_outside=np.zeros(2, bool),
        service_outside=np.zeros(3, bool),
        stop_active=np.ones(STOPS, bool),
        stop_served=np.ones(STOPS, bool),
    )
    one_bus = compute_matrix(inputs.timetable, inputs.access, inputs.egress, inputs.direct, query).ride_s
    wanted = one_bus > cutoff
    found = compute_two_buses(inputs, query, wanted)
    for o in range(2):
        for d in range(3):
            expected = search_two(trips, access[o], egress[d], changes, query) if wanted[o, d] else None
            assert found[o, d] == (NONE if expected is None else expected)
