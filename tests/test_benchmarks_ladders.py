"""A planted difference between two engines is noticed, and put down to the rule that it comes from."""

from __future__ import annotations

import sqlite3
import struct
import zipfile
from collections import Counter
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import osmium
import pandas as pd
import pytest
from pyproj import Transformer

from benchmarks.validation.compare import Stage
from benchmarks.validation.leftovers import confirm, decide_leftovers
from benchmarks.validation.own import answer
from benchmarks.validation.run import climb
from benchmarks.validation.street_files import StreetWriter, write_joined, write_links
from benchmarks.validation.street_rules import STREET_RULES, StreetMap, find_rule, write_street_files
from benchmarks.validation.tables import Compared, _cause_lines, summary_row
from benchmarks.validation.walks import (
    add_footpaths,
    join_by_stops,
    keep_nearest,
    keep_to_last_piece,
)
from data.packio import load_pack
from geo.engine import Engine
from geo.legs import Legs
from tests.street_files import StreetFile

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

    def peer(self, _name: str, settings: dict) -> np.ndarray:
        times = np.full(SHAPE, 600, np.int32)
        for rule, place in self.planted.items():
            if not settings.get(rule):
                times[place] = 300 if rule == "further" else -1 if rule == "never" else 900
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


def test_what_no_rule_explains_is_left_and_decided() -> None:
    engines = TwoEngines({"never": (1, 1, 1), "further": (0, 2, 0)})
    climbed = climb(engines, "peer", LADDER)
    assert climbed.causes[1, 1, 1] == climbed.causes[0, 2, 0] == len(LADDER)
    found = decide_leftovers(engines, climbed)
    assert np.argwhere(found.missed).tolist() == [[1, 1, 1]]
    assert np.argwhere(found.further).tolist() == [[0, 2, 0]]
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
    engines.ready = lambda _settings: SimpleNamespace(query=SimpleNamespace(window_start_s=34_200))
    monkeypatch.setattr("benchmarks.validation.tables.find_ride", lambda *_place: None)
    climbed = climb(engines, "peer", LADDER)
    one = Compared("peer", engines, climbed, confirm(engines, climbed), decide_leftovers(engines, climbed), 0)
    rows = [line for line in _cause_lines(one) if line.startswith(("| streets", "| squares"))]
    assert rows[0] == (
        "| streets | 1 | 1 | peer walks on water | `b` to `y` at 09:30: ours 600 s, theirs 900 s; "
        "then 600 s and 600 s; no ride here |"
    )
    assert "`c` to `z` at 09:31" in rows[1]
    assert summary_row(one).startswith("| Town | peer | **100.00%** of 24 | 91.67% | 2, 0 | 24 of 24 equal")


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


@pytest.mark.parametrize(
    ("tags", "rule"),
    [
        ({"railway": "rail"}, "lines"),
        ({"highway": "service", "access": "private"}, "access"),
        ({"highway": "service", "access": "private", "foot": "yes"}, "ways"),
        ({"highway": "path", "foot": "private"}, "foot"),
        ({"highway": "motorway", "foot": "no"}, "kinds"),
        ({"highway": "construction"}, "kinds"),
        ({"highway": "steps"}, "steps"),
        ({"highway": "pedestrian", "area": "yes"}, "outlines"),
        ({"highway": "residential"}, "ways"),
    ],
)
def test_a_way_is_put_down_to_the_rule_that_keeps_it_in_or_out(tags: dict[str, str], rule: str) -> None:
    assert find_rule(tags) == rule


def write_town(folder: Path) -> Path:
    # A street of 220 nodes, so that it is no scrap, one thing for each rule, and a scrap of two nodes.
    nodes = {n: (float(10 * n), 0.0) for n in range(1, 221)}
    nodes |= {901: (0, 100), 902: (50, 100), 903: (50, 150), 904: (0, 150), 950: (900, 900), 951: (950, 900)}
    town = StreetFile(
        nodes,
        {
            1: (list(range(1, 221)), {"highway": "residential"}),
            2: ([1, 901], {"highway": "steps"}),
            3: ([220, 902], {"highway": "service", "access": "private"}),
            4: ([901, 902, 903, 904, 901], {"highway": "pedestrian", "area": "yes"}),
            5: ([950, 951], {"highway": "path"}),
            6: ([100, 902], {"railway": "rail"}),
            7: ([110, 902], {"highway": "path", "foot": "no"}),
            8: ([120, 902], {"highway": "motorway"}),
        },
        node_tags={10: {"barrier": "gate"}},
    )
    return town.write_pbf(folder / "raw.osm.pbf")


def read_ways(path: Path) -> dict[int, dict[str, str]]:
    return {item.id: dict(item.tags) for item in osmium.FileProcessor(str(path)) if item.is_way()}


def test_one_rule_of_the_streets_is_settled_at_a_time(tmp_path: Path) -> None:
    files = write_street_files(write_town(tmp_path), tmp_path, "EPSG:27700")
    assert tuple(files) == STREET_RULES
    ways = {rule: read_ways(path) for rule, path in files.items()}
    assert set(ways["gates"]) == {1, 2, 3, 4, 5, 6, 7, 8}
    assert not [n for n in osmium.FileProcessor(str(files["gates"]), osmium.osm.NODE) if len(n.tags)]
    assert [set(ways["gates"]) - set(ways[rule]) for rule in ("lines", "access", "foot", "kinds")] == [
        {6}, {6, 3}, {6, 3, 7}, {6, 3, 7, 8}
    ]  # fmt: skip
    plain = {"highway": "footway"}
    assert [ways[rule][2] == plain for rule in ("kinds", "steps")] == [False, True]
    assert [ways[rule][1] == plain for rule in ("steps", "ways")] == [False, True]
    assert [ways[rule][4] == plain for rule in ("ways", "outlines")] == [False, True]
    assert len(ways["squares"]) == len(ways["outlines"]) + 2  # the square's two diagonals
    assert set(ways["pieces"]) == set(ways["squares"]) - {5}


def test_rules_are_settled_in_any_choice(tmp_path: Path) -> None:
    town = StreetMap(write_town(tmp_path), "EPSG:27700")
    assert set(read_ways(town.write(tmp_path / "a.osm.pbf", frozenset({"foot"})))) == {1, 2, 3, 4, 5, 6, 8}


def test_no_two_pieces_of_street_join_the_same_junctions_once_parted() -> None:
    out = StreetWriter()
    out.nodes = {1: (-3.0, 51.0), 2: (-3.0, 51.01), 3: (-3.01, 51.005), 4: (-3.02, 51.0)}
    pieces = [(1, [1, 2]), (2, [1, 3, 2]), (3, [2, 1]), (4, [1, 1]), (5, [1, 4])]
    out.part(pieces)
    for number, (_, nodes) in enumerate(pieces):
        out.ways.append((number + 1, nodes, {"highway": "footway"}))
    ways = [list(nodes) for _, nodes, _ in out.ways]
    uses = Counter(node for nodes in ways for node in nodes)
    uses += Counter(node for nodes in ways for node in (nodes[0], nodes[-1]))
    ends = []
    for nodes in ways:
        junctions = [node for node in nodes if uses[node] > 1]
        ends += [tuple(sorted(pair)) for pair in pairwise(junctions)]
    assert len(ends) == len(set(ends))
    assert all(a != b for a, b in ends)


def test_links_of_a_project_become_streets(tmp_path: Path) -> None:
    def blob(*places: tuple[float, float]) -> bytes:
        numbers = [number for place in places for number in place]
        frame = struct.pack("<bbi4db", 0, 1, 4326, 0, 0, 0, 0, 0x7C)
        return frame + struct.pack(f"<ii{len(numbers)}d", 2, len(places), *numbers) + b"\xfe"

    bend = blob((-71.3, -29.9), (-71.31, -29.9), (-71.3, -29.91))
    with sqlite3.connect(tmp_path / "project.sqlite") as project:
        project.execute("CREATE TABLE links (link_id, a_node, b_node, link_type, name, geometry)")
        links = [
            (1, 7, 8, "residential", "Los Carrera", bend),
            (2, 8, 9, "primary", None, blob((-71.3, -29.91), (-71.2, -29.9))),
            (3, 9, 1, "centroid_connector", None, blob((-71.2, -29.9), (-71.1, -29.9))),
        ]
        project.executemany("INSERT INTO links VALUES (?, ?, ?, ?, ?, ?)", links)
    path = write_links(tmp_path / "project.sqlite", tmp_path / "streets.osm.pbf")
    found = {item.id: item for item in osmium.FileProcessor(str(path)).with_locations() if item.is_way()}
    assert read_ways(path) == {
        1: {"highway": "residential", "name": "Los Carrera"}, 2: {"highway": "primary"}
    }  # fmt: skip
    assert sorted(found) == [1, 2]


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


def test_places_stand_at_the_end_of_a_footway_of_their_own(tmp_path: Path) -> None:
    demo_pack = load_pack(DEMO)
    engine = Engine(demo_pack)
    stops = engine.snapped_stops(False)
    path = write_joined(demo_pack, engine.graph(False), stops, tmp_path / "joined.osm.pbf")
    placed = int((~stops.outside).sum())
    ways = read_ways(path)
    assert sum(way >= 2 * 10**14 for way in ways) == placed
