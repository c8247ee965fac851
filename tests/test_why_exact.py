"""The why table against the engine: a change that is found must do it, and the step below must not.

Both are asked of the engine anew, on the demo and on Newport; random towns are compared with the
slow reference in ``tests/test_proof_random_towns.py``.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.areapack import AreaPack
from data.packio import load_pack
from geo.engine import Engine
from geo.gap import find_states
from geo.inputs import ReachInputs
from geo.query import Query
from geo.roundtrip import RoundTripSettings
from geo.thereandback import compute_there_and_back

DEMO = Path(__file__).parent.parent / "data" / "packs" / "demo"


class NoFartherOnFoot(Engine):
    """The engine where nobody walks farther all the way than the usual 1,280 m, whatever is asked."""

    def inputs(self, query: Query, **points: Any) -> ReachInputs:
        found = super().inputs(query, **points)
        return dataclasses.replace(found, direct=found.direct.within(Query().walk.total_limit_mm))


def with_walk(query: Query, metres: int) -> Query:
    return dataclasses.replace(query, walk=dataclasses.replace(query.walk, max_walk_m=metres))


def with_walk_all_the_way(query: Query, metres: int) -> Query:
    """Two walks to stops can't be more than the usual 1,280 m, so that more is on foot all the way."""
    return dataclasses.replace(query, walk=dataclasses.replace(query.walk, max_walk_total_m=metres))


def with_cutoff(query: Query, minutes: int) -> Query:
    return dataclasses.replace(query, cutoff_s=60 * minutes)


# Of each limit: its column, the step, the engine and the query with another limit.
LIMITS = {
    "walk": ("walk_m", 10, NoFartherOnFoot, with_walk),
    "walk_all_the_way": ("walk_all_the_way_m", 10, Engine, with_walk_all_the_way),
    "cutoff": ("cutoff_min", 1, Engine, with_cutoff),
}


def change_points(
    engine: Engine, query: Query, hood: str, trip: RoundTripSettings | None, *, cut_off: bool = False
) -> dict[str, set[str]]:
    """Origin points of a neighbourhood with each category in reach (or cut off); None: the way there only."""
    own = engine.pack.origin_points
    points = own[own["neighbourhood_id"] == hood].rename(columns={"point_id": "id"}).reset_index(drop=True)
    table = (
        engine.reach(query, level="point", origins=points)
        if trip is None
        else compute_there_and_back(engine, query, trip, origins=points)
    )
    categories, state = find_states(table, engine.pack, query)
    return {
        f"{row['kind']} {row['category']}": {
            str(points["id"][at]) for at in np.flatnonzero(state[int(cut_off)][number])
        }
        for number, row in categories.iterrows()
    }


@pytest.fixture(scope="module")
def demo_rows() -> tuple[Engine, pd.DataFrame]:
    engine = Engine(load_pack(DEMO))
    hoods = [str(one) for one in engine.pack.neighbourhoods["neighbourhood_id"]]
    frame = engine.why(Query(), RoundTripSettings(), kind="service", neighbourhood_ids=hoods[4:8]).frame
    return engine, frame


def test_on_the_demo_each_kind_of_change_does_it_and_one_step_less_does_not(demo_rows) -> None:
    engine, frame = demo_rows
    engines = {Engine: engine, NoFartherOnFoot: NoFartherOnFoot(engine.pack)}
    trip, seen = RoundTripSettings(), Counter()
    weight = dict(
        zip(engine.pack.origin_points["point_id"], engine.pack.origin_points["weight"], strict=True)
    )
    for row in frame.to_dict("records"):
        key, hood = f"{row['kind']} {row['category']}", row["neighbourhood_id"]
        before = change_points(engine, Query(), hood, trip)[key]
        least = row["cut_off"] / row["people"] / 2

        def gained(asked: Engine, query: Query, key=key, hood=hood, before=before) -> float:
            return sum(weight[one] for one in change_points(asked, query, hood, trip)[key] - before)

        for name, (column, step, kind, change) in LIMITS.items():
            if pd.notna(row[column]) and seen[name] < 2:
                seen[name] += 1
                limit, asked = int(row[column]), engines[kind]
                assert gained(asked, change(Query(), limit)) >= least - 1e-9, (name, row["sentence"])
                assert gained(asked, change(Query(), limit - step)) < least - 1e-9, (name, row["sentence"])
        if pd.notna(row["session_shift_min"]) and seen["session"] < 2:
            seen["session"] += 1
            moved = Engine(move_session(engine.pack, row["session_id"], int(row["session_shift_min"])))
            assert gained(moved, Query()) >= least - 1e-9, row["sentence"]
        if pd.notna(row["bus_trip_id"]) and seen["bus"] < 2:
            seen["bus"] += 1
            for minutes, does_it in (
                (int(row["bus_later_min"]), True),
                (int(row["bus_later_min"]) - 1, False),
            ):
                later = Engine(run_again(engine.pack, row["bus_trip_id"], 60 * minutes))
                assert (gained(later, Query()) >= least - 1e-9) == does_it, row["sentence"]
    assert min(seen[name] for name in ("walk", "walk_all_the_way", "session", "bus")) >= 1, seen


@pytest.mark.real_data
@pytest.mark.parametrize("trip", [None, RoundTripSettings()], ids=["there", "there and back"])
def test_on_newport_the_walks_and_cut_off_named_do_it_and_one_step_less_does_not(
    real_pack: Callable[[str], Any], trip: RoundTripSettings | None
) -> None:
    engine, query = Engine(real_pack("newport")), Query()
    engines = {Engine: engine, NoFartherOnFoot: NoFartherOnFoot(engine.pack)}
    own = engine.pack.origin_points
    weight = dict(zip(own["point_id"], own["weight"], strict=True))
    hoods = [str(one) for one in engine.pack.neighbourhoods["neighbourhood_id"]][::4]
    frame = engine.why(query, trip, neighbourhood_ids=hoods).frame
    asked: Counter[str] = Counter()
    for name, step, kind, change in LIMITS.values():
        told = frame[frame[name].notna()].groupby("neighbourhood_id").head(2).head(6)
        for row in told.to_dict("records"):
            key, hood = f"{row['kind']} {row['category']}", row["neighbourhood_id"]
            cut_off = change_points(engine, query, hood, trip, cut_off=True)[key]
            half = sum(weight[one] for one in cut_off) / 2

            now, less = (
                cut_off & change_points(engines[kind], change(query, limit), hood, trip)[key]
                for limit in (int(row[name]), int(row[name]) - step)
            )
            asked[name] += 1
            assert sum(weight[one] for one in now) >= half - 1e-9, row["sentence"]
            assert sum(weight[one] for one in less) < half - 1e-9, row["sentence"]
            if name != "cutoff_min":
                assert row[f"{name.removesuffix('_m')}_point_id"] in now - less, row["sentence"]
    assert min(asked[name] for name, *_ in LIMITS.values()) >= 2, asked


def move_session(pack: AreaPack, session_id: str, minutes: int) -> AreaPack:
    """The pack with one session moved; the demo's have known times."""
    table = pack.sessions.copy()
    chosen = table["session_id"] == session_id
    table.loc[chosen, ["start_s", "end_s"]] += 60 * minutes
    assert chosen.any()
    return dataclasses.replace(pack, sessions=table)


def run_again(pack: AreaPack, trip_id: str, later_s: int) -> AreaPack:
    """The pack with a copy of a trip that runs later."""
    feed = pack.feed
    at = int(np.flatnonzero(feed.trips["trip_id"] == trip_id)[0])
    calls = feed.stop_times["trip_index"] == at
    again = {name: values[calls].copy() for name, values in feed.stop_times.items()}
    again["trip_index"][:] = len(feed.trips)
    for name in ("arrival_s", "departure_s"):
        again[name] += later_s
    copy = feed.trips.iloc[[at]].assign(trip_id=f"{trip_id} again")
    trips = pd.concat([feed.trips, copy], ignore_index=True).astype(feed.trips.dtypes.to_dict())
    times = {name: np.concatenate([values, again[name]]) for name, values in feed.stop_times.items()}
    return dataclasses.replace(pack, feed=dataclasses.replace(feed, trips=trips, stop_times=times))
