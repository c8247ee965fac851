"""A walk told turn by turn: where to turn, which way, into what, and how far.

The rules (docs/numbers.md): an angle up to 25 degrees is straight on, up to 60
a bear, up to 120 a turn, up to 175 a sharp turn, beyond that turning round.
Angles lie between the last and the first 20 m of what is walked before and
after. Pieces of one street are one step; a piece under 15 m (the corner of a
junction, a crossing) belongs to its neighbour, flights of steps never do.
The lengths of the steps sum to the walk's, to the millimetre.
"""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass, replace

import numpy as np

from data.areapack import WalkNetwork
from geo.names import clean_name
from geo.walkgraph import WalkGraph
from geo.walkpath import PathPiece, WalkPath

STRAIGHT_DEG, BEAR_DEG, TURN_DEG, SHARP_DEG = 25.0, 60.0, 120.0, 175.0
MEASURED_M = 20.0
SHORTEST_STEP_MM = 15_000
# Corners at junctions are told from these on: of one street, and of ways without a name.
STREET_CORNER_DEG, PATH_CORNER_DEG = 60.0, 45.0
# Farther than this from the street, the way to it is a step of its own.
OFF_STREET_MM = 20_000
SIDE_TOLD_MM = 3_000
ROUNDABOUT_LONGEST_M = 400.0
ROUNDNESS = 0.8  # of a ring: area over that of a circle of its length; a square has 0.785

FOOTPATH, CYCLE_PATH, TRACK, STEPS = "footpath", "cycle_path", "track", "steps"
SQUARE, PRECINCT, SERVICE_ROAD, ROAD, OFF_STREET = "square", "precinct", "service_road", "road", "off_street"
_KINDS = {
    "footway": FOOTPATH, "path": FOOTPATH, "bridleway": FOOTPATH, "corridor": FOOTPATH,
    "cycleway": CYCLE_PATH, "track": TRACK, "steps": STEPS, "pedestrian": PRECINCT,
    "service": SERVICE_ROAD,
}  # fmt: skip


@dataclass(frozen=True)
class WalkStep:
    """One stretch of a walk and the turn that begins it.

    ``turn`` is start, straight, bear_left, bear_right, left, right, sharp_left,
    sharp_right or turn_round; ``angle_deg`` is its angle, clockwise positive,
    None at the start. ``heading_deg`` is the way it sets out, clockwise from
    grid north. ``x``, ``y`` (pack's CRS) is where it begins.
    """

    turn: str
    angle_deg: float | None
    heading_deg: float
    street: str | None
    kind: str
    length_mm: int
    x: float
    y: float
    roundabout: bool = False  # the turn is made round a roundabout
    same_street: bool = False  # a corner of the street that is walked already


@dataclass(frozen=True)
class Directions:
    """A walk's steps, and on which side its end lies (None: ahead, or too near to tell)."""

    steps: tuple[WalkStep, ...]
    end_side: str | None


@dataclass(frozen=True)
class _Run:
    """What is walked without a turn: its name, and the lines of its own beginning and end."""

    street: str | None
    kind: str
    length_mm: int
    head: np.ndarray  # float64[n, 2]
    tail: np.ndarray
    ring: bool = False
    round_before: bool = False

    @property
    def label(self) -> tuple[str | None, str]:
        return (self.street, STEPS if self.kind == STEPS else "") if self.street else (None, self.kind)


def compute_turns(graph: WalkGraph, path: WalkPath) -> Directions:
    """Tell a walk on streets turn by turn."""
    runs = _join_pieces(graph, path)
    runs = _absorb_short(_walk_rings(runs))
    runs = _add_ends(path, runs)
    steps: list[WalkStep] = []
    for number, run in enumerate(runs):
        before = runs[number - 1] if number else None
        angle = None if before is None else _angle(before.tail, run.head)
        same = before is not None and before.label == run.label
        turn = "start" if angle is None else name_turn(angle)
        if turn == "turn_round" and not same and angle is not None and abs(angle) < 180:
            # Back along another way: on which side it lies is what finds it.
            turn = "sharp_right" if angle > 0 else "sharp_left"
        steps.append(
            WalkStep(
                turn=turn,
                angle_deg=angle,
                heading_deg=_heading(run.head, from_end=False),
                street=run.street,
                kind=run.kind,
                length_mm=run.length_mm,
                x=float(run.head[0, 0]),
                y=float(run.head[0, 1]),
                roundabout=run.round_before,
                same_street=same,
            )
        )
    return Directions(tuple(steps), _find_side(path, runs))


def name_turn(angle_deg: float) -> str:
    """The name of a turn by its angle (clockwise positive, -180 to 180)."""
    size, side = abs(angle_deg), "right" if angle_deg > 0 else "left"
    if size <= STRAIGHT_DEG:
        return "straight"
    if size <= BEAR_DEG:
        return f"bear_{side}"
    if size <= TURN_DEG:
        return side
    return f"sharp_{side}" if size <= SHARP_DEG else "turn_round"


def _join_pieces(graph: WalkGraph, path: WalkPath) -> list[_Run]:
    """Neighbouring pieces of one street, cut at its corners."""
    network, facts = graph.network, _ways_of(graph)
    junctions = graph.junction_node
    runs: list[_Run] = []
    ended_at = -1
    for piece in path.pieces:
        run = _run_of_piece(network, facts, piece)
        if runs and _same_way(runs[-1], run):
            last = runs[-1]
            at = int(np.searchsorted(junctions, ended_at)) if ended_at >= 0 else len(junctions)
            is_junction = at < len(junctions) and junctions[at] == ended_at
            if not is_junction or run.ring or _on_one_line(last, run):
                runs[-1] = _merge(last, run)
                ended_at = piece.ends_at
                continue
        runs.append(run)
        ended_at = piece.ends_at
    return runs


def _run_of_piece(network: WalkNetwork, facts: _Ways, piece: PathPiece) -> _Run:
    number = int(network.street[piece.edge])
    street = clean_name(network.street_names[number]) if number >= 0 else None
    highway = network.highway_names[int(network.highway[piece.edge])]
    kind = STEPS if network.steps[piece.edge] else _KINDS.get(highway, ROAD)
    way = -1 if network.osm_way is None else int(network.osm_way[piece.edge])
    if kind == PRECINCT and way in facts.areas:
        kind = SQUARE
    line = np.column_stack((piece.xs, piece.ys))
    return _Run(street, kind, piece.length_mm, line, line, ring=kind == ROAD and way in facts.rings)


def _same_way(one: _Run, other: _Run) -> bool:
    return one.label == other.label and one.ring == other.ring


def _merge(one: _Run, other: _Run) -> _Run:
    """Two runs as one; its ends keep as much of their lines as angles are measured on."""
    joined = one.length_mm + other.length_mm
    head, tail = one.head, other.tail
    whole = one.kind != STEPS  # a flight that doubles back is measured by itself
    if whole and _length(head) < MEASURED_M:
        head = np.concatenate((head, other.head))
    if whole and _length(tail) < MEASURED_M:
        tail = np.concatenate((one.tail, tail))
    return replace(one, length_mm=joined, head=head, tail=tail)


def _walk_rings(runs: list[_Run]) -> list[_Run]:
    """Take roundabouts out: how they are left is an angle between the roads before and after."""
    kept: list[_Run] = []
    waiting_mm = 0
    for number, run in enumerate(runs):
        if run.ring and kept and number < len(runs) - 1:
            waiting_mm += run.length_mm
        elif waiting_mm:
            kept.append(replace(run, length_mm=run.length_mm + waiting_mm, round_before=True))
            waiting_mm = 0
        else:
            kept.append(run)
    return kept


def _absorb_short(runs: list[_Run]) -> list[_Run]:
    """Give what is too short to tell to its neighbour, and join what then is one street."""
    runs = list(runs)
    while len(runs) > 1:
        short = [i for i, run in enumerate(runs) if run.length_mm < SHORTEST_STEP_MM and run.kind != STEPS]
        if not short:
            break
        at = min(short, key=lambda i: (runs[i].length_mm, i))
        to = at - 1 if at else 1
        runs[to] = replace(runs[to], length_mm=runs[to].length_mm + runs[at].length_mm)
        if runs[at].round_before and at + 1 < len(runs):
            runs[at + 1] = replace(runs[at + 1], round_before=True)
        del runs[at]
        if 0 < at < len(runs):
            one, other = runs[at - 1], runs[at]
            if _same_way(one, other) and not other.round_before and _on_one_line(one, other):
                runs[at - 1 : at + 1] = [_merge(one, other)]
    return runs


def _on_one_line(one: _Run, other: _Run) -> bool:
    if one.kind == STEPS:  # flights that double back are one way up or down
        return True
    corner = STREET_CORNER_DEG if one.street else PATH_CORNER_DEG
    return abs(_angle(one.tail, other.head)) < corner


def _add_ends(path: WalkPath, runs: list[_Run]) -> list[_Run]:
    """Add the ways between the streets and the points at both ends."""
    line = np.column_stack((path.xs, path.ys))
    before_mm, after_mm = path.off_mm
    if not runs:  # both points join the street at one place, or there is no street
        return [_Run(None, OFF_STREET, path.length_mm, line, line)]
    if before_mm > OFF_STREET_MM:
        runs = [_Run(None, OFF_STREET, before_mm, line[:2], line[:2]), *runs]
    else:
        runs = [replace(runs[0], length_mm=runs[0].length_mm + before_mm), *runs[1:]]
    if after_mm > OFF_STREET_MM:
        return [*runs, _Run(None, OFF_STREET, after_mm, line[-2:], line[-2:])]
    return [*runs[:-1], replace(runs[-1], length_mm=runs[-1].length_mm + after_mm)]


def _find_side(path: WalkPath, runs: list[_Run]) -> str | None:
    """The side of the last street that the end lies on."""
    if not path.pieces or not SIDE_TOLD_MM <= path.off_mm[1] <= OFF_STREET_MM:
        return None
    street, end = runs[-1].tail, np.array([path.xs[-1], path.ys[-1]])
    angle = _angle(street, np.stack((street[-1], end)))
    return None if not BEAR_DEG <= abs(angle) <= TURN_DEG else "right" if angle > 0 else "left"


def _length(line: np.ndarray) -> float:
    return float(np.hypot(*np.diff(line, axis=0).T).sum())


def _heading(line: np.ndarray, *, from_end: bool) -> float:
    """Degrees clockwise from north, over the first (or last) ``MEASURED_M`` of a line."""
    points = line[::-1] if from_end else line
    along = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))))
    reach = min(MEASURED_M, along[-1])
    there = np.array([np.interp(reach, along, points[:, 0]), np.interp(reach, along, points[:, 1])])
    dx, dy = points[0] - there if from_end else there - points[0]
    return math.degrees(math.atan2(dx, dy)) % 360


def _angle(before: np.ndarray, after: np.ndarray) -> float:
    """Degrees from the way a line ends to the way the next begins, -180 to 180, clockwise positive."""
    turn = _heading(after, from_end=False) - _heading(before, from_end=True)
    # Rounded, so that noise in the last digit never decides at a threshold.
    turn = round((turn + 180) % 360 - 180, 6)
    return 180.0 if turn == -180 else turn


@dataclass(frozen=True)
class _Ways:
    """OSM ways that are more than a line: round rings of road, and areas."""

    rings: frozenset[int]
    areas: frozenset[int]


def _find_ways(network: WalkNetwork) -> _Ways:
    if network.osm_way is None:
        return _Ways(frozenset(), frozenset())
    kinds = np.array([_KINDS.get(name, ROAD) for name in network.highway_names], dtype=object)
    kind = kinds[network.highway]
    ways, row = np.unique(network.osm_way, return_inverse=True)
    edges = np.bincount(row)
    ends = np.unique(np.column_stack((np.tile(row, 2), np.append(network.u, network.v))), axis=0)
    nodes = np.bincount(ends[:, 0])
    # A line has one node more than edges, a ring as many, an area that is crossed fewer.
    closed = edges >= nodes
    length_m = np.bincount(row, weights=network.length_mm / 1000)
    is_precinct = np.bincount(row, weights=kind == PRECINCT) > 0
    is_road = np.bincount(row, weights=kind == ROAD) == edges
    areas = ways[closed & is_precinct]
    candidates = np.flatnonzero((edges == nodes) & is_road & (length_m <= ROUNDABOUT_LONGEST_M))
    rings = [int(ways[i]) for i in candidates if _is_round(network, np.flatnonzero(row == i), length_m[i])]
    return _Ways(frozenset(rings), frozenset(areas.tolist()))


def _is_round(network: WalkNetwork, edges: np.ndarray, length_m: float) -> bool:
    """Whether a ring's edges enclose about as much as a circle of their length would."""
    points = np.concatenate(
        [np.arange(network.geometry_offset[e], network.geometry_offset[e + 1]) for e in edges]
    )
    x, y = network.geometry_x[points], network.geometry_y[points]
    order = np.argsort(np.arctan2(y - y.mean(), x - x.mean()))  # seen from inside, a round ring is in order
    x, y = x[order], y[order]
    area = abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
    return bool(4 * math.pi * area / length_m**2 >= ROUNDNESS)


# Goes with the graph: streets as somebody's scenario changes them do not outlive the visit.
_FOUND: weakref.WeakKeyDictionary[WalkGraph, _Ways] = weakref.WeakKeyDictionary()


def _ways_of(graph: WalkGraph) -> _Ways:
    found = _FOUND.get(graph)
    if found is None:
        found = _FOUND[graph] = _find_ways(graph.network)
    return found
