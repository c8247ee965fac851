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
from geo.query import Query
from geo.roundtrip import RoundTripSettings
from geo.thereandback import compute_there_and_back

DEMO = Path(__file__).parent.parent / "data" / "packs" / "demo"


def with_walk(query: Query, metres: int) -> Query:
    return dataclasses.replace(query, walk=dataclasses.replace(query.walk, max_walk_m=metres))


def with_cutoff(query: Query, minutes: int) -> Query:
    return dataclasses.replace(query, cutoff_s=60 * minutes)


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

        changes = [("walk", row["walk_m"], 10, with_walk), ("cutoff", row["cutoff_min"], 1, with_cutoff)]
        for name, value, step, change in changes:
            if pd.notna(value) and seen[name] < 2:
                seen[name] += 1
                assert gained(engine, change(Query(), int(value))) >= least - 1e-9, (name, row["sentence"])
                assert gained(engine, change(Query(), int(value) - step)) < least - 1e-9, (
                    name,
                    row["sentence"],
                )
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
    assert seen["walk"] and seen["session"] and seen["bus"], seen


@pytest.mark.real_data
@pytest.mark.parametrize("trip", [None, RoundTripSettings()], ids=["there", "there and back"])
def test_on_newport_the_walk_and_cut_off_named_do_it_and_one_step_less_does_not(
    real_pack: Callable[[str], Any], trip: RoundTripSettings | None
) -> None:
    engine, query = Engine(real_pack("newport")), Query()
    own = engine.pack.origin_points
    weight = dict(zip(own["point_id"], own["weight"], strict=True))
    hoods = [str(one) for one in engine.pack.neighbourhoods["neighbourhood_id"]][::4]
    frame = engine.why(query, trip, neighbourhood_ids=hoods).frame
    asked: Counter[str] = Counter()
    for name, step, change in (("walk_m", 10, with_walk), ("cutoff_min", 1, with_cutoff)):
        told = frame[frame[name].notna()].groupby("neighbourhood_id").head(2).head(6)
        for row in told.to_dict("records"):
            key, hood = f"{row['kind']} {row['category']}", row["neighbourhood_id"]
            cut_off = change_points(engine, query, hood, trip, cut_off=True)[key]
            half = sum(weight[one] for one in cut_off) / 2

            def gained(limit: int, key=key, hood=hood, change=change, cut_off=cut_off) -> float:
                now = change_points(engine, change(query, limit), hood, trip)[key]
                return sum(weight[one] for one in cut_off & now)

            asked[name] += 1
            assert gained(int(row[name])) >= half - 1e-9, row["sentence"]
            assert gained(int(row[name]) - step) < half - 1e-9, row["sentence"]
    assert asked["walk_m"] >= 2, asked
    assert asked["cutoff_min"] >= 2, asked


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
