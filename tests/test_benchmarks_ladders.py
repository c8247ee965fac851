"""A planted difference between two engines is noticed, and put down to the rule that it comes from."""

from __future__ import annotations

import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer

from benchmarks.validation.__main__ import count_by_chance
from benchmarks.validation.compare import Stage
from benchmarks.validation.leftovers import confirm, decide_leftovers
from benchmarks.validation.own import Asked, Ride, answer
from benchmarks.validation.run import Climbed, Runner, climb
from benchmarks.validation.tables import ByChance, Compared, _cause_lines, _share, _tell_way, summary_row
from benchmarks.validation.walks import (
    add_footpaths,
    join_by_stops,
    keep_nearest,
    keep_to_last_piece,
)
from data.packio import load_pack
from geo.legs import Legs

DEMO = Path(__file__).resolve().parents[1] / "data" / "packs" / "demo"
SHAPE = (2, 3, 4)
Place = tuple[int, int, int]


class TwoEngines:
    """Both answer 600 s everywhere, but for what is planted: places by the setting that removes it."""

    def __init__(
        self, planted: dict[str, tuple[int, int, int]], *, wrong: tuple[int, int, int] | None = None
    ):
        self.planted = planted
        self.wrong = wrong
        self.case = SimpleNamespace(name="Town", origins=list("abc"), destinations=list("wxyz"))
        self.began_s = 0.0

    def own(self, settings: dict) -> np.ndarray:
        times = np.full(SHAPE, 600, np.int32)
        if settings.get("max_walk_m", 640) > 1000 and "further" in self.planted:
            times[self.planted["further"]] = 300
        if settings.get("max_walk_m") == 641 and "limit" in self.planted:
            times[self.planted["limit"]] = 900
        if self.wrong and not settings.get("from_files"):
            times[self.wrong] = 480
        return times

    def from_files(self, settings: dict) -> np.ndarray:
        return self.own({**settings, "from_files": True})

    def ask_again(self, _name, _settings, _own, places: np.ndarray, before: np.ndarray) -> np.ndarray:
        self.asked_again = places.tolist()
        return np.full(len(before), 600, np.int32)

    def peer(self, _name: str, settings: dict) -> np.ndarray:
        times = np.full(SHAPE, 600, np.int32)
        for rule, place in self.planted.items():
            if not settings.get(rule):
                times[place] = {"further": 300, "never": -1, "sooner": 480}.get(rule, 900)
        return times


LADDER = [
    Stage("as they come", ""),
    Stage("streets", "{peer} walks on water", peer={"streets": True}),
    Stage("squares", "{peer} walks round squares", peer={"squares": True}),
    Stage("limit", "give or take a metre", tolerance=({"max_walk_m": 639}, {"max_walk_m": 641})),
]


def test_each_planted_difference_is_put_down_to_its_rule() -> None:
    engines = TwoEngines({"streets": (0, 1, 2), "squares": (1, 2, 3), "limit": (0, 0, 0)})
    climbed = climb(engines, "peer", LADDER)
    assert climbed.causes[0, 1, 2] == 1
    assert climbed.causes[1, 2, 3] == 2
    assert climbed.causes[0, 0, 0] == 3
    assert np.count_nonzero(climbed.causes) == 3
    assert [int(differs.sum()) for differs in climbed.differs] == [3, 2, 1, 0]
    assert [found.agree for found in climbed.agreement] == [21, 22, 23, 24]


def test_nobody_is_asked_again_where_the_peer_is_the_quicker() -> None:
    # Asked about the stops of our own ride alone, the peer would give our answer, and hide its better one.
    again = [*LADDER[:2], Stage("alone", "asked with our stops alone", ask_again=True)]
    planted = {"never": (1, 1, 1), "squares": (0, 0, 3), "sooner": (0, 2, 0), "streets": (1, 2, 2)}
    engines = TwoEngines(planted)
    climbed = climb(engines, "peer", again)
    assert engines.asked_again == [[0, 0, 3], [1, 1, 1]]
    assert climbed.causes[1, 1, 1] == climbed.causes[0, 0, 3] == 2
    assert np.argwhere(climbed.differs[-1]).tolist() == [[0, 2, 0]]
    assert decide_leftovers(engines, climbed).left[0, 2, 0]
    assert climbed.plain == 1


class Fickle(TwoEngines):
    """A second process answers otherwise, in three places, until streets are settled."""

    def peer(self, name: str, settings: dict) -> np.ndarray:
        times = super().peer(name, settings)
        if settings.get("asked_again") and not settings.get("streets"):
            times[0, 0, :3] = 601, 661, -1
        return times


def test_answers_that_change_when_asked_twice_are_counted() -> None:
    engines = Fickle({})
    found = count_by_chance(engines, climb(engines, "peer", LADDER), "peer")
    assert found == [ByChance("as they come", 3, 2), ByChance("streets", 0, 0), ByChance("squares", 0, 0)]


class NoRides(Runner):
    """Ours has no ride anywhere: the peer is not to be asked again."""

    def ready(self, _settings: dict) -> Asked:
        return SimpleNamespace(query=SimpleNamespace(window_start_s=0))

    def _run_peer(self, *_all: object, **_named: object) -> None:
        raise AssertionError("asked")


def test_where_we_have_no_ride_the_peer_keeps_its_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.validation.run.find_ride", lambda *_place: None)
    before = np.array([480, -1], np.int32)
    found = NoRides(None, tmp_path, tmp_path).ask_again("peer", {}, {}, np.zeros((2, 3), int), before)
    assert found.tolist() == [480, -1]


def test_what_no_rule_explains_is_left_and_decided() -> None:
    engines = TwoEngines({"never": (1, 1, 1), "further": (0, 2, 0)})
    climbed = climb(engines, "peer", LADDER)
    assert climbed.causes[1, 1, 1] == climbed.causes[0, 2, 0] == len(LADDER)
    found = decide_leftovers(engines, climbed)
    assert np.argwhere(found.missed).tolist() == [[1, 1, 1]]
    # The town's engine gives as much with walks of over 1,000 m, not with any shorter.
    assert {limit: np.argwhere(mask).tolist() for limit, mask in found.further.items() if mask.any()} == {
        1280: [[0, 2, 0]]
    }
    assert min(found.further) < 700
    assert not found.left.any()


def test_an_answer_of_ours_that_the_raw_files_do_not_bear_out_is_no_mistake_of_the_peers() -> None:
    engines = TwoEngines({}, wrong=(1, 0, 3))
    climbed = climb(engines, "peer", LADDER)
    checked = confirm(engines, climbed)
    assert (checked.answers, checked.equal, checked.stage) == (24, 23, "limit")
    found = decide_leftovers(engines, climbed)
    assert not found.missed.any()
    assert np.argwhere(found.left).tolist() == [[1, 0, 3]]


def test_the_check_is_of_the_last_stage_at_which_the_engine_answers() -> None:
    ladder = [*LADDER, Stage("its search", "", own={"from_files": True})]
    assert confirm(TwoEngines({}), climb(TwoEngines({}), "peer", ladder)).stage == "limit"


def test_times_past_what_the_peer_was_asked_for_count_as_none() -> None:
    climbed = climb(TwoEngines({"streets": (0, 1, 2)}), "peer", LADDER, longest_s=700)
    assert climbed.peer[0][0, 1, 2] == -1
    assert climbed.cut(np.array([700, 701])).tolist() == [700, -1]


def test_the_tables_say_cause_count_and_example(monkeypatch: pytest.MonkeyPatch) -> None:
    engines = TwoEngines({"streets": (0, 1, 2), "squares": (1, 2, 3)})
    engines.ready = lambda _settings: NO_WALKS
    monkeypatch.setattr("benchmarks.validation.tables.find_ride", lambda *_place: None)
    climbed = climb(engines, "peer", LADDER)
    one = compare_towns(engines, climbed)
    rows = [line for line in _cause_lines(one) if line.startswith(("| streets", "| squares"))]
    assert rows[0] == (
        "| streets | 1 | 1 | peer walks on water | `b` to `y` at 09:30: ours 600 s, theirs 900 s; "
        "then 600 s and 600 s; no ride here |"
    )
    assert "`c` to `z` at 09:31" in rows[1]
    assert summary_row(one) == (
        "| Town | peer | 91.67% | **100.00%** of 24 | 100.00% | 2, 0, 0 | 24 of 24 equal |"
    )


def test_what_the_last_row_allows_for_does_not_count_as_the_same() -> None:
    engines = TwoEngines({"streets": (0, 1, 2), "limit": (0, 0, 0)})
    climbed = climb(engines, "peer", LADDER)
    assert summary_row(compare_towns(engines, climbed)) == (
        "| Town | peer | 91.67% | **95.83%** of 24 | 100.00% | 2, 1, 0 | 24 of 24 equal |"
    )


def compare_towns(engines: TwoEngines, climbed: Climbed) -> Compared:
    return Compared(
        "peer", engines, climbed, confirm(engines, climbed), decide_leftovers(engines, climbed), []
    )


def test_a_share_is_a_hundred_only_when_nothing_is_left() -> None:
    assert [_share(value) for value in (1.0, 0.99999, 0.9999, 0.67892)] == [
        "100.00%", "99.99%", "99.99%", "67.89%"
    ]  # fmt: skip


def test_an_example_says_which_way_our_answer_stands_for(monkeypatch: pytest.MonkeyPatch) -> None:
    ride = Ride(60, "A", 36_060, "B", 36_360, 90, "t")
    monkeypatch.setattr("benchmarks.validation.tables.find_ride", lambda *_place: ride)
    told = "`A` 10:01:00 to `B` 10:06:00, walks 60 and 90 s"
    assert _tell_way(NO_WALKS, 0, 0, 36_000, 450) == f"ride here: {told}"
    assert _tell_way(NO_WALKS, 0, 0, 36_000, -1) == f"first ride here (450 s): {told}"
    # 100 m at 3.6 km/h.
    walks = SimpleNamespace(query=NO_WALKS.query, direct=legs({0: 100_000}))
    assert _tell_way(walks, 0, 0, 36_000, 100) == "on foot here"
    assert _tell_way(walks, 0, 0, 36_000, 450) == f"ride here: {told}"
    monkeypatch.setattr("benchmarks.validation.tables.find_ride", lambda *_place: None)
    assert _tell_way(NO_WALKS, 0, 0, 36_000, -1) == "no ride here"


def legs(*rows: dict[int, int]) -> Legs:
    first = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
    pairs = [pair for row in rows for pair in sorted(row.items())]
    target, length = (np.array([pair[part] for pair in pairs], np.int32) for part in (0, 1))
    return Legs(first, target, length)


def as_rows(found: Legs) -> list[dict[int, int]]:
    return [
        dict(zip(found.target[a:b].tolist(), found.length_mm[a:b].tolist(), strict=True))
        for a, b in zip(found.indptr[:-1], found.indptr[1:], strict=True)
    ]


NO_WALKS = SimpleNamespace(
    query=SimpleNamespace(window_start_s=34_200, walk=SimpleNamespace(speed_mm_per_h=3_600_000)),
    direct=legs({}, {}, {}),
)


def test_walks_are_changed_into_those_of_a_peers_rules() -> None:
    access, all_in_feed = legs({0: 50, 1: 20, 2: 30}, {}), np.array([True, True, True])
    assert as_rows(keep_nearest(access, all_in_feed, 1)) == [{1: 20}, {}]
    assert as_rows(keep_nearest(access, np.array([True, False, True]), 1)) == [{2: 30}, {}]
    between = legs({0: 0, 2: 15}, {1: 0, 2: 5}, {2: 0})
    assert as_rows(add_footpaths(access, between, all_in_feed)) == [{0: 50, 1: 20, 2: 25}, {}]
    # Two destinations; the first is at 40 all the way, or by way of stop 1 at 20 + 15.
    direct, egress = legs({0: 40}, {1: 99}), legs({1: 15}, {0: 7})
    assert as_rows(join_by_stops(direct, access, egress, all_in_feed)) == [{0: 35, 1: 57}, {1: 99}]
    past = legs({0: 650, 1: 650, 2: 640})
    assert as_rows(keep_to_last_piece(past, np.array([9, 10, 0]), 640)) == [{1: 650, 2: 640}]


def test_the_engine_gives_what_the_feeds_text_files_give(tmp_path: Path, demo_raw: Path) -> None:
    pack = load_pack(DEMO)
    with zipfile.ZipFile(demo_raw / "demo" / "bus" / "fernley_vale_gtfs.zip") as archive:
        archive.extractall(tmp_path / "feed")
    to_degrees = Transformer.from_crs(pack.crs, "EPSG:4326", always_xy=True)
    rows = np.random.default_rng(5).choice(len(pack.stops), 24, replace=False)
    near = pack.stops.iloc[rows]
    lon, lat = to_degrees.transform(near["x"].to_numpy() + 150, near["y"].to_numpy() - 100)
    points = pd.DataFrame({"id": [f"p{n}" for n in range(24)], "lon": lon, "lat": lat})
    points["role"] = ["origin", "destination"] * 12
    points.to_csv(tmp_path / "points.csv", index=False)
    settings = {
        "pack": str(DEMO),
        "points": str(tmp_path / "points.csv"),
        "raw_feed": str(tmp_path / "feed"),
        "service_date": pack.manifest.timetable.service_date.isoformat(),
        "window_start": "09:30",
        "window_minutes": 2,
        "walk_speed_kmh": 4.8,
        "max_walk_m": 640,
        "date_only": True,
        "by_stops": True,
    }
    ours, files = answer(settings), answer({**settings, "from_files": True})
    assert ours.tolist() == files.tolist()
    assert np.count_nonzero(ours[0] != ours[1]) > 20  # buses, and not walks alone
    # One rule taken over changes answers on both sides alike.
    nearest = {**settings, "nearest_stops": 1, "footpaths": True}
    ours, files = answer(nearest), answer({**nearest, "from_files": True})
    assert ours.tolist() == files.tolist()
