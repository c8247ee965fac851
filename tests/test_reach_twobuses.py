"""Two boardings against a plain search over every pair of rides."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
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


@st.composite
def towns(draw: st.DrawFn):
    """Lines over a few stops, each run several times; walks between stops that differ both ways."""
    trips = []
    for _ in range(draw(st.integers(1, 5))):
        n = draw(st.integers(2, 5))
        stops = draw(st.lists(st.integers(0, STOPS - 1), min_size=n, max_size=n))
        time = START + STEP_S * draw(st.integers(-5, 40))
        calls = []
        for stop in stops:
            arrive = time + STEP_S * draw(st.integers(1, 6))
            time = arrive + STEP_S * draw(st.integers(0, 1))
            kinds = st.sampled_from([0, 0, 0, 0, 1])
            calls.append(call(str(stop), arrive, time, pickup=draw(kinds), drop_off=draw(kinds)))
        line = trip(*calls)
        first = calls[0].departure_s
        late = draw(st.lists(st.integers(1, 20), max_size=2, unique=True))
        trips += [line, *shifted(line, [first + STEP_S * steps for steps in late])]
    walks = st.integers(0, 5).map(lambda steps: steps * STEP_MM)
    leg = st.dictionaries(st.integers(0, STOPS - 1), walks, max_size=3)
    access = draw(st.lists(leg, min_size=2, max_size=2))
    egress = draw(st.lists(leg, min_size=3, max_size=3))
    # A stop's leg to itself has a length (off the network and back) that must not be walked.
    changes = [{s: 7 * STEP_MM, **draw(leg)} for s in range(STOPS)]
    total = draw(st.sampled_from([None, 100, 200, 300]))
    return trips, access, egress, changes, total, draw(st.integers(120, 900))


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


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(towns())
def test_two_boardings_equal_a_search_over_everything(town) -> None:
    trips, access, egress, changes, total, cutoff = town
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
