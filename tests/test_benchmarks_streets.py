"""Street files with a rule settled, parted, joined or made of links: each changes its own ways, no others."""

from __future__ import annotations

import sqlite3
import struct
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import osmium
import pytest
from pyproj import Transformer

from benchmarks.validation.street_files import StreetWriter, write_grid, write_joined, write_links
from benchmarks.validation.street_rules import (
    PARTED,
    STREET_RULES,
    StreetMap,
    find_rule,
    is_read_by_ferrobus,
    write_street_files,
)
from data.packio import load_pack
from geo.engine import Engine
from tests.street_files import StreetFile

DEMO = Path(__file__).resolve().parents[1] / "data" / "packs" / "demo"


@pytest.mark.parametrize(
    ("tags", "rule"),
    [
        ({"railway": "rail"}, "lines"),
        ({"highway": "service", "access": "private"}, "access"),
        ({"highway": "service", "access": "private", "foot": "yes"}, "ways"),
        ({"highway": "path", "foot": "private"}, "foot"),
        ({"highway": "path", "foot": "private", "access": "no"}, "foot"),
        ({"highway": "construction", "access": "no"}, "kinds"),
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
    assert set(files) == {*STREET_RULES, *(rule + PARTED for rule in ("raw", *STREET_RULES))}
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
    ends = join_ends(ways)
    assert len(ends) == len(set(ends))
    assert all(a != b for a, b in ends)


def join_ends(ways: list[list[int]]) -> list[tuple[int, ...]]:
    """Each piece's two junctions: nodes at an end, or of two ways."""
    uses = Counter(node for nodes in ways for node in nodes)
    uses += Counter(node for nodes in ways for node in (nodes[0], nodes[-1]))
    ends = []
    for nodes in ways:
        junctions = [node for node in nodes if uses[node] > 1]
        ends += [tuple(sorted(pair)) for pair in pairwise(junctions)]
    return ends


def test_streets_that_join_the_same_junctions_are_parted_in_a_map(tmp_path: Path) -> None:
    # Two ways from 2 to 4, of which one is a railway; a path round by 9 shares 3 with nothing ferrobus reads.
    nodes = {n: (100.0 * n, 0.0) for n in range(1, 6)} | {8: (300.0, 90.0), 9: (300.0, -90.0)}
    town = StreetFile(
        nodes,
        {
            1: ([1, 2, 3, 4, 5], {"highway": "residential"}),
            2: ([2, 8, 4], {"railway": "rail"}),
            3: ([2, 9, 4], {"highway": "path", "name": "Round"}),
            4: ([3, 8], {"building": "yes"}),
            5: ([2, 4], {"highway": "steps"}),
        },
    )
    streets = StreetMap(town.write_pbf(tmp_path / "raw.osm.pbf"), "EPSG:27700")

    def read_by_ferrobus(path: Path) -> dict[int, list[int]]:
        found = osmium.FileProcessor(str(path), osmium.osm.WAY)
        ways = {item.id: ([node.ref for node in item.nodes], dict(item.tags)) for item in found}
        return {number: nodes for number, (nodes, tags) in ways.items() if is_read_by_ferrobus(tags)}

    whole, parted = (
        read_by_ferrobus(streets.write(tmp_path / f"{name}.osm.pbf", frozenset(), parted=name == "parted"))
        for name in ("whole", "parted")
    )
    assert Counter(join_ends(list(whole.values())))[(2, 4)] == 4
    ends = join_ends(list(parted.values()))
    assert len(ends) == len(set(ends))
    # The ways stay and get stubs; where there is no node between the junctions, one is put there.
    assert {way: parted[way] for way in (1, 2, 3)} == {way: whole[way] for way in (1, 2, 3)}
    assert (parted[5][0], len(parted[5]), parted[5][2]) == (2, 3, 4)
    assert read_ways(tmp_path / "parted.osm.pbf")[3]["name"] == "Round"
    # Once railways are gone three are left, and all are parted.
    lines = read_by_ferrobus(streets.write(tmp_path / "l.osm.pbf", frozenset({"lines"}), parted=True))
    assert len(lines) == 3 + 3


def test_a_made_up_grid_is_one_piece(tmp_path: Path) -> None:
    # Stops 1 km and 3 km apart, blocks of 100 m, one either way of each: 9 nodes and 12 streets.
    lon, lat = Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True).transform(
        np.array([300_000, 301_000, 304_000]), np.full(3, 200_000)
    )
    path = write_grid(lon, lat, tmp_path / "grid.osm.pbf", "EPSG:27700", block_m=100, reach_m=100)
    ways = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations()
    to_plane = Transformer.from_crs("EPSG:4326", "EPSG:27700", always_xy=True)
    long = []
    for way in ways:
        if way.is_way():
            x, y = to_plane.transform([n.lon for n in way.nodes], [n.lat for n in way.nodes])
            long.append(round(float(np.hypot(x[1] - x[0], y[1] - y[0]))))
    assert Counter(long) == {100: 3 * 12, 800: 1, 2800: 1}


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


def test_places_stand_at_the_end_of_a_footway_of_their_own(tmp_path: Path) -> None:
    demo_pack = load_pack(DEMO)
    engine = Engine(demo_pack)
    stops = engine.snapped_stops(False)
    path = write_joined(demo_pack, engine.graph(False), stops, tmp_path / "joined.osm.pbf")
    placed = int((~stops.outside).sum())
    ways = read_ways(path)
    assert sum(way >= 2 * 10**14 for way in ways) == placed
