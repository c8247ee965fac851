"""The engine on real data against a brute force over the raw files, equal to the second.

``tests/brute_force.py`` shares no code with the program: it reads the GTFS zip
and the street file itself. Here it is given the places of 20 pairs in Newport
(streets) and 20 in Oldham (straight lines). Deleting a route is checked over
all pairs, from what each route alone can do.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.areapack import AreaPack, Feed
from geo.engine import Engine
from geo.query import Query
from tests import brute_force

pytestmark = pytest.mark.real_data

NEWPORT_FEED = "newport/bus/newport-20230613_gtfs.zip"
OLDHAM_FEED = "oldham/bus/oldham_tfgm_cif2018_built_gtfs.zip"
# How many pairs of each kind: mostly one bus, and some of every other kind that walking and riding decide.
WANTED = {
    "one_bus": 10,
    "walk": 3,
    "two_buses": 3,
    "too_long": 1,
    "direct_bus_other_times": 1,
    "no_direct_bus": 2,
}


@pytest.fixture(scope="module")
def reach(real_pack: Callable[[str], AreaPack]) -> Callable[[str], tuple[AreaPack, pd.DataFrame]]:
    """The pack and its reach by point."""
    made: dict[str, tuple[AreaPack, pd.DataFrame]] = {}

    def get(name: str) -> tuple[AreaPack, pd.DataFrame]:
        if name not in made:
            pack = real_pack(name)
            made[name] = (pack, Engine(pack).reach(Query(), level="point").frame)
        return made[name]

    return get


def choose_pairs(frame: pd.DataFrame) -> pd.DataFrame:
    """Twenty pairs, chosen by a hash of their ids and never by their answers' values."""
    kind = frame["reach_class"].astype(str)
    kind = kind.where(kind != "not_in_reach", frame["reason"].astype(str))
    ids = frame["origin_id"].astype(str) + "|" + frame["service_id"].astype(str)
    chosen = []
    for name, count in WANTED.items():
        rows = frame[kind == name]
        order = ids[kind == name].map(lambda text: hashlib.sha256(text.encode()).hexdigest())
        chosen.append(rows.loc[order.sort_values().index[:count]])
    some = pd.concat(chosen)
    missing = sum(WANTED.values()) - len(some)
    if missing:  # a kind that the area has too few of: more rides instead
        rides = frame[(kind == "one_bus") & ~frame.index.isin(some.index)]
        order = ids[rides.index].map(lambda text: hashlib.sha256(text.encode()).hexdigest())
        some = pd.concat([some, rides.loc[order.sort_values().index[:missing]]])
    return some


def compare(
    pack: AreaPack,
    frame: pd.DataFrame,
    timetable: brute_force.RawTimetable,
    walking: brute_force.StraightLines | brute_force.RawStreets,
) -> None:
    """Assert that twenty pairs are the same to the second."""
    assert pack.origin_points is not None
    assert pack.services is not None
    points = pack.origin_points.set_index("point_id")
    services = pack.services.set_index("service_id")
    question = brute_force.Question(pack.manifest.timetable.service_date)
    pairs = choose_pairs(frame)
    assert len(pairs) == 20
    wrong = []
    for pair in pairs.to_dict("records"):
        home, service = points.loc[pair["origin_id"]], services.loc[pair["service_id"]]
        theirs = brute_force.answer(
            timetable, walking, question, (home["x"], home["y"]), (service["x"], service["y"])
        )
        for column, value in dataclasses.asdict(theirs).items():
            ours = None if pd.isna(pair[column]) else pair[column]
            if ours != (pytest.approx(value, abs=1e-12) if column == "share_in_reach" else value):
                wrong.append((pair["origin_id"], pair["service_id"], column, ours, value))
        expected = "not_in_reach"
        if theirs.walk_time_s is not None and theirs.walk_time_s <= question.cutoff_s:
            expected = "walk"
        elif theirs.best_duration_s is not None and theirs.best_duration_s <= question.cutoff_s:
            expected = "one_bus"
        elif brute_force.reachable_by_two(
            timetable, walking, question, (home["x"], home["y"]), (service["x"], service["y"])
        ):
            expected = "two_buses"
        if pair["reach_class"] != expected:
            wrong.append((pair["origin_id"], pair["service_id"], "class", pair["reach_class"], expected))
    assert wrong == []


def test_newport_on_streets_equals_brute_force_to_the_second(
    reach: Callable[[str], tuple[AreaPack, pd.DataFrame]],
    real_data: Path,
    newport_streets: brute_force.RawStreets,
) -> None:
    pack, frame = reach("newport")
    timetable = brute_force.RawTimetable(
        real_data / NEWPORT_FEED, pack.manifest.timetable.service_date, pupils_only=brute_force.SCHOOL_BUSES
    )
    compare(pack, frame, timetable, newport_streets)


def test_oldham_in_straight_lines_equals_brute_force_to_the_second(
    reach: Callable[[str], tuple[AreaPack, pd.DataFrame]], real_data: Path
) -> None:
    pack, frame = reach("oldham")
    timetable = brute_force.RawTimetable(real_data / OLDHAM_FEED, pack.manifest.timetable.service_date)
    compare(pack, frame, timetable, brute_force.StraightLines())


def keep_routes(feed: Feed, route_ids: set[str]) -> Feed:
    """The feed with these routes' trips alone."""
    kept = feed.trips["route_id"].isin(route_ids).to_numpy(bool)
    number = np.cumsum(kept) - 1
    calls = kept[feed.stop_times["trip_index"]]
    times = {name: values[calls] for name, values in feed.stop_times.items()}
    times["trip_index"] = number[times["trip_index"]].astype(np.int32)
    return dataclasses.replace(feed, trips=feed.trips[kept].reset_index(drop=True), stop_times=times)


def best_durations(pack: AreaPack, feed: Feed) -> tuple[pd.Series, pd.Series, pd.DataFrame]:
    """Best ride or walk, walk alone, and the whole table, of every pair with this feed."""
    frame = Engine(dataclasses.replace(pack, feed=feed)).reach(Query(), level="point").frame
    never = np.iinfo(np.int64).max
    return (
        frame["best_duration_s"].astype("Int64").fillna(never).astype(np.int64),
        frame["walk_time_s"].astype("Int64").fillna(never).astype(np.int64),
        frame,
    )


def test_deleting_a_route_changes_exactly_the_pairs_whose_best_journey_used_it(
    real_pack: Callable[[str], AreaPack],
) -> None:
    """One bus is one trip of one route; so a pair's best is the least over routes of each alone, and walking.

    A pair's best journey *used* a route when nothing else, no other route and no
    walk, is as quick: where another ties, the best duration stays. Exactly those
    pairs change, to the least of what is left; and a pair that the route alone
    gives no ride keeps its travel times at every percentile and its share too.
    """
    pack = real_pack("newport")
    whole, walk, table = best_durations(pack, pack.feed)
    routes = list(pack.feed.routes["route_id"])
    alone = {route: best_durations(pack, keep_routes(pack.feed, {route})) for route in routes}
    least = np.minimum.reduce([walk, *(best for best, _, _ in alone.values())])
    assert (least == whole).all()
    used = {route: int((best < walk).sum()) for route, (best, _, _) in alone.items()}
    busiest = sorted(used, key=lambda route: (-used[route], route))[:3]
    assert used[busiest[-1]] > 0
    for route in busiest:
        others = np.minimum.reduce([walk, *(best for other, (best, _, _) in alone.items() if other != route)])
        expected = others > whole
        after, _, after_table = best_durations(pack, keep_routes(pack.feed, set(routes) - {route}))
        assert expected.sum() > 0
        assert ((after != whole) == expected).all()
        assert (after == others).all()
        # No ride leaves inside the window and none is waited for: the route alone does nothing for the pair.
        only = alone[route][2]
        idle = (only["best_ride_s"].isna() & only["travel_time_p50_s"].isna()).to_numpy()
        assert idle.any()
        for column in ("travel_time_p50_s", "travel_time_p85_s", "share_in_reach"):
            assert after_table.loc[idle, column].equals(table.loc[idle, column])


@pytest.mark.parametrize(("name", "residents"), [("newport", 159_569), ("oldham", 242_078)])
def test_in_reach_cut_off_and_not_known_sum_to_the_residents(
    reach: Callable[[str], tuple[AreaPack, pd.DataFrame]], name: str, residents: int
) -> None:
    """Of every category, each resident is in exactly one of the three."""
    pack, _ = reach(name)
    frame = Engine(pack).gap(Query()).frame
    everyone = frame[frame["group_id"] == "all"]
    for level in ("neighbourhood", "ward", "area"):
        rows = everyone[everyone["level"] == level]
        total = rows.assign(total=rows["in_reach"] + rows["cut_off"] + rows["not_known"])
        by_category = total.groupby(["kind", "category"])["total"].sum()
        assert len(by_category) >= 2
        assert by_category.to_numpy() == pytest.approx(residents, abs=1e-3)
    assert (frame[["in_reach", "cut_off", "not_known"]].min() > -1e-9).all()
