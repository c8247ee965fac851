"""Walks turn by turn: each turn worked out by hand, and what must hold for any walk."""

from __future__ import annotations

import dataclasses
import gc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import turns
from geo.snap import snap_points
from geo.turn_words import round_to_tens, turns_in_words
from geo.turns import compute_turns, name_turn
from geo.walkgraph import build_walk_graph
from geo.walkpath import compute_path
from tests.test_walk_legs import make_network, place_on, walks
from tests.towns import build_walk_network, street

X0, Y0 = 400_000.0, 300_000.0


def direct(streets, start, end, *, ways=None):
    """Directions from one point to another; ``ways`` gives streets their OSM way."""
    network = build_walk_network(streets)
    if ways is not None:
        number = {name: way for way, names in ways.items() for name in names}
        names = [network.street_names[s] if s >= 0 else None for s in network.street]
        way = [
            10_000 if network.highway_names[kind] == "service" else number[name]
            for name, kind in zip(names, network.highway, strict=True)
        ]  # the padding of test towns is service roads
        network = dataclasses.replace(network, osm_way=np.array(way))
    graph = build_walk_graph(network, avoid_steps=False)
    a, b = (snap_points(graph, np.array([X0 + x]), np.array([Y0 + y])) for x, y in (start, end))
    path = compute_path(graph, a, b)
    assert path is not None
    return compute_turns(graph, path), path


def words(streets, start, end, **fields):
    told, path = direct(streets, start, end, **fields)
    assert sum(step.length_mm for step in told.steps) == path.length_mm
    return turns_in_words(told.steps)


# Station Road comes up from the south to a crossing with Mill Street (west-east); north of it: Hill Road.
CROSSING = [
    street((0, -200), (0, 0), name="Station Road"),
    street((0, 0), (0, 200), name="Hill Road"),
    street((-200, 0), (0, 0), name="Mill Street"),
    street((0, 0), (200, 0), name="Tib Street"),
]


def test_nothing_is_kept_of_streets_that_are_gone():
    gc.collect()
    before = len(turns._FOUND)
    direct(CROSSING, (0, -120), (0, 120))
    gc.collect()
    assert len(turns._FOUND) <= before


@pytest.mark.parametrize(
    ("end", "last"),
    [
        ((-120, 0), "left into Mill Street, 120 m"),
        ((120, 0), "right into Tib Street, 120 m"),
        ((0, 120), "straight on into Hill Road, 120 m"),
    ],
)
def test_left_right_and_straight_on(end, last) -> None:
    assert words(CROSSING, (0, -200), end) == ["go north along Station Road, 200 m", last]


@pytest.mark.parametrize(
    ("angle", "turn"),
    [
        (0, "straight"), (25, "straight"), (25.1, "bear_right"), (-25.1, "bear_left"), (60, "bear_right"),
        (60.1, "right"), (-90, "left"), (120, "right"), (-120.1, "sharp_left"), (175, "sharp_right"),
        (-175.1, "turn_round"), (180, "turn_round"),
    ],
)  # fmt: skip
def test_turns_by_their_angle(angle, turn) -> None:
    assert name_turn(angle) == turn


@pytest.mark.parametrize(
    ("bearing_deg", "last"),
    [
        (20, "straight on into Branch, 100 m"),
        (45, "bear right into Branch, 100 m"),
        (-45, "bear left into Branch, 100 m"),
        (100, "right into Branch, 100 m"),
        (-150, "sharp left into Branch, 100 m"),
        (150, "sharp right into Branch, 100 m"),
    ],
)
def test_a_fork_at_every_angle(bearing_deg, last) -> None:
    end = (100 * np.sin(np.radians(bearing_deg)), 100 * np.cos(np.radians(bearing_deg)))
    streets = [street((0, -100), (0, 0), name="Trunk"), street((0, 0), end, name="Branch")]
    assert words(streets, (0, -100), end) == ["go north along Trunk, 100 m", last]


def test_turning_round_at_the_end_of_a_central_reservation() -> None:
    # Two carriageways of one road, 10 m apart, joined at the east: out on one, back on the other.
    streets = [
        street((0, 0), (200, 0), name="Ring Road"),
        street((200, 0), (200, 10), name="Ring Road"),
        street((200, 10), (0, 10), name="Ring Road"),
        street((200, 0), (300, 0), name="Far Road"),
        street((200, 10), (300, 10), name="Far Road"),
    ]
    assert words(streets, (100, 0), (60, 10)) == [
        "go east along Ring Road, 110 m",
        "turn round, staying on Ring Road, 140 m",
    ]


def ring(radius=25.0, points=16, start_deg=270.0):
    angles = np.radians(start_deg + 360 / points * np.arange(points + 1))
    return [(round(radius * np.cos(a), 6), round(radius * np.sin(a), 6)) for a in angles]


def test_a_roundabout_is_left_by_the_angle_between_its_roads() -> None:
    # Radius 25 m, arms at its south, east, north; the ring has no name, its way is 1.
    round_ = ring()
    arms = [
        street((0, -125), round_[0], name="South Road"),
        street(round_[4], (125, 0), name="East Road"),
        street(round_[8], (0, 125), name="North Road"),
    ]
    streets = [*arms, *(street(*round_[i : i + 5]) for i in range(0, 16, 4))]
    ways = {1: [None], 2: ["South Road"], 3: ["East Road"], 4: ["North Road"]}
    quarter = 8 * 25 * np.sin(np.pi / 16)  # four chords: 39.0 m
    assert words(streets, (0, -125), (125, 0), ways=ways) == [
        "go north along South Road, 100 m",
        f"at the roundabout right into East Road, {round((100 + quarter) / 10) * 10} m",
    ]
    assert words(streets, (0, -125), (0, 125), ways=ways) == [
        "go north along South Road, 100 m",
        f"at the roundabout straight on into North Road, {round((100 + 2 * quarter) / 10) * 10} m",
    ]


def test_a_block_of_houses_is_no_roundabout() -> None:
    square = [(0, 0), (60, 0), (60, 60), (0, 60), (0, 0)]
    streets = [
        street((-100, 0), (0, 0), name="In"), street(*square), street((60, 60), (60, 160), name="Out"),
    ]  # fmt: skip
    told = words(streets, (-100, 0), (60, 160), ways={1: [None], 2: ["In"], 3: ["Out"]})
    assert not any("roundabout" in phrase for phrase in told)


def test_pieces_of_one_street_are_one_step_and_bends_are_no_turns() -> None:
    # High Street in three pieces, bending by 90 degrees where nothing else meets it, side streets elsewhere.
    streets = [
        street((0, 0), (100, 0), name="High Street"),
        street((100, 0), (200, 0), (200, 100), name="High Street"),
        street((200, 100), (200, 200), name="High Street"),
        street((100, 0), (100, -50), name="Side Street"),
        street((200, 100), (250, 100), name="Other Street"),
    ]
    assert words(streets, (0, 0), (200, 200)) == ["go east along High Street, 400 m"]


def test_a_street_that_turns_a_corner_at_a_junction_is_told_to() -> None:
    streets = [
        street((0, 0), (100, 0), name="High Street"),
        street((100, 0), (100, 100), name="High Street"),
        street((100, 0), (200, 0), name="Ahead Street"),
    ]
    assert words(streets, (0, 0), (100, 100)) == [
        "go east along High Street, 100 m",
        "left, staying on High Street, 100 m",
    ]


def test_the_jitter_of_a_junction_is_no_turn() -> None:
    # A road that is crossed 12 m to the left, and goes on: straight on, its metres counted.
    streets = [
        street((0, 0), (100, 0), name="West Street"),
        street((100, 0), (100, 12), name="Cross Street"),
        street((100, 12), (200, 12), name="East Street"),
    ]
    assert words(streets, (0, 0), (200, 12)) == [
        "go east along West Street, 110 m",
        "straight on into East Street, 100 m",
    ]
    streets[1] = street((100, 0), (100, 20), name="Cross Street")
    streets[2] = street((100, 20), (200, 20), name="East Street")
    assert words(streets, (0, 0), (200, 20)) == [
        "go east along West Street, 100 m",
        "left into Cross Street, 20 m",
        "right into East Street, 100 m",
    ]


def test_ways_without_a_name_are_told_by_what_they_are() -> None:
    streets = [
        street((0, 0), (100, 0), highway="footway"),
        street((100, 0), (100, 8), highway="steps", steps=True),
        street((100, 8), (100, 108), highway="cycleway"),
        street((100, 108), (0, 108), highway="service"),
        street((0, 108), (0, 208), highway="track"),
        street((0, 208), (100, 208), highway="pedestrian"),
        street((100, 208), (100, 308), highway="unclassified"),
    ]
    assert words(streets, (0, 0), (100, 308)) == [
        "go east along the footpath, 100 m",
        "left by the steps, 10 m",  # ever so short, but not everybody can climb them
        "straight on along the cycle path, 100 m",
        "left along the side road, 100 m",
        "right along the track, 100 m",
        "right along the pedestrian street, 100 m",
        "left along the road, 100 m",
    ]


def test_flights_of_steps_that_double_back_are_one() -> None:
    streets = [
        street((0, 0), (100, 0), name="Quay"),
        street((100, 0), (110, 0), highway="steps", steps=True),
        street((110, 0), (110, 3), highway="steps", steps=True),
        street((110, 3), (100, 3), highway="steps", steps=True),
        street((110, 0), (140, 0), highway="steps", steps=True),  # another flight, to elsewhere
        street((100, 3), (100, 103), name="Terrace"),
    ]
    assert words(streets, (0, 0), (100, 103)) == [
        "go east along Quay, 100 m",
        "straight on by the steps, 20 m",
        "right into Terrace, 100 m",
    ]


def test_back_along_another_way_is_a_sharp_turn() -> None:
    streets = [street((0, 0), (100, 0), name="Out"), street((100, 0), (0, 4), name="Back")]
    assert words(streets, (0, 0), (20, 3.2))[1].startswith("sharp left into Back")


def test_a_square_is_crossed() -> None:
    corners = [(0, 0), (60, 0), (60, 60), (0, 60)]
    sides = [street(corners[i], corners[(i + 1) % 4], highway="pedestrian") for i in range(4)]
    diagonals = [street(corners[i], corners[i + 2], highway="pedestrian") for i in (0, 1)]
    streets = [*sides, *diagonals, street((-100, 0), (0, 0), name="Lane")]
    assert words(streets, (-100, 0), (60, 60), ways={1: [None], 2: ["Lane"]}) == [
        "go east along Lane, 100 m",
        "bear left across the square, 80 m",
    ]


def test_ends_off_the_street_and_the_side_they_lie_on() -> None:
    # From 40 m north of the road, to a place 30 m south of it.
    assert words(CROSSING, (-150, 40), (150, -30)) == [
        "go south to Mill Street, 40 m",
        "left along Mill Street, 150 m",
        "straight on into Tib Street, 150 m",
        "right, leaving the street, 30 m",
    ]
    near, _ = direct(CROSSING, (-150, 0), (150, -6))
    assert near.end_side == "right"
    assert direct(CROSSING, (-150, 0), (150, 6))[0].end_side == "left"
    assert direct(CROSSING, (150, 0), (-150, 6))[0].end_side == "right"
    assert direct(CROSSING, (-150, 0), (150, 1))[0].end_side is None, "too near to tell"


def test_metres_are_in_tens_and_sum_to_the_whole() -> None:
    assert round_to_tens([44_000, 44_000, 44_000]) == [50, 40, 40]  # 132 m is 130 m
    assert round_to_tens([4_000]) == [0]
    assert round_to_tens([]) == []


@given(st.lists(st.integers(1, 2_000_000), min_size=1, max_size=30))
def test_rounded_metres_always_sum_and_are_within_ten(lengths: list[int]) -> None:
    told = round_to_tens(lengths)
    assert sum(told) == (sum(lengths) + 5_000) // 10_000 * 10
    assert all(
        abs(10_000 * (metres // 10) - length) < 10_000 for metres, length in zip(told, lengths, strict=True)
    )


@settings(max_examples=80)
@given(walks())
def test_steps_sum_to_the_walk_whatever_the_streets(case) -> None:
    node_count, edges, a, b, _, avoid_steps = case
    graph = build_walk_graph(make_network(node_count, edges), avoid_steps=avoid_steps)
    sources, targets = place_on(graph, a[:2]), place_on(graph, b[:2])
    for i in range(len(sources)):
        for j in range(len(targets)):
            path = compute_path(graph, sources.take([i]), targets.take([j]))
            if path is None:
                continue
            steps = compute_turns(graph, path).steps
            assert sum(step.length_mm for step in steps) == path.length_mm
            assert [step.turn == "start" for step in steps] == [n == 0 for n in range(len(steps))]
            assert len(turns_in_words(steps)) == len(steps)
