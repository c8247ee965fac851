"""LSOA-sized neighbourhoods drawn round the homes, along streets, and their wards."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from data.demo.geometry import node_lines, polygons_of
from data.demo.homes import Homes
from data.demo.land import BOROUGH, SKETCH_UNIT_M, Land
from data.demo.streets import Network

PEOPLE_PER_NEIGHBOURHOOD = 1_740


@dataclass(frozen=True)
class Neighbourhood:
    """One LSOA-sized area; local metres."""

    code: str
    name: str
    ward_code: str
    ward_name: str
    polygon: BaseGeometry
    population: int
    x: float
    y: float
    kind: str


def _blocks(network: Network, land: Land, rng: np.random.Generator) -> list[Polygon]:
    """Return the ground between streets, river and railway; open country is cut into plots."""
    minx, miny, maxx, maxy = land.border.bounds
    grid = [(x, y) for x in np.arange(minx, maxx, 620.0) for y in np.arange(miny, maxy, 620.0)]
    plots = np.array(grid) + rng.uniform(-240, 240, (len(grid), 2))
    walls = shapely.voronoi_polygons(shapely.MultiPoint(plots), only_edges=True)
    walls = walls.intersection(land.border).difference(land.urban)
    lines = [edge.line for edge in network.edges if edge.highway not in ("path", "footway")]
    lines += [land.river, land.railway, land.border.exterior, land.urban.exterior, walls]
    blocks = polygons_of(shapely.polygonize(node_lines(lines)))
    blocks = [block for block in blocks if land.border.contains(block.representative_point())]
    return sorted(blocks, key=lambda block: block.centroid.coords[0])


def _neighbours(blocks: list[Polygon], barrier: BaseGeometry) -> list[list[int]]:
    """List for each block those that share a stretch of border that is not a barrier."""
    tree = shapely.STRtree(blocks)
    first, second = tree.query(blocks, predicate="touches")
    pairs = [(a, b) for a, b in zip(first.tolist(), second.tolist(), strict=True) if a < b]
    array = np.array(blocks)
    left, right = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    shared = shapely.intersection(array[left], array[right])
    length = shapely.length(shared)
    dry = shapely.length(shapely.difference(shared, barrier))
    out: list[list[int]] = [[] for _ in blocks]
    for a, b, long_, open_ in zip(left, right, length, dry, strict=True):
        if long_ > 4 and open_ > 4:
            out[a].append(int(b))
            out[b].append(int(a))
    return out


def _parts(members: set[int], around: list[list[int]]) -> list[list[int]]:
    """Return the connected parts of a set of blocks, largest first."""
    left, parts = set(members), []
    for start in sorted(members):
        if start not in left:
            continue
        left.discard(start)
        part, stack = [start], [start]
        while stack:
            for other in around[stack.pop()]:
                if other in left:
                    left.discard(other)
                    part.append(other)
                    stack.append(other)
        parts.append(part)
    return sorted(parts, key=len, reverse=True)


def _balanced(xy: np.ndarray, people: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Group points into ``count`` compact groups of about the same number of people."""
    centres = xy[rng.choice(len(xy), count, replace=False, p=people / people.sum())]
    pull = np.ones(count)
    label = np.zeros(len(xy), dtype=int)
    for _ in range(90):
        distance = np.hypot(xy[:, None, 0] - centres[None, :, 0], xy[:, None, 1] - centres[None, :, 1])
        label = np.argmin((distance + 60.0) * pull, axis=1)
        size = np.bincount(label, people, count)
        pull = np.clip(pull * (np.maximum(size, 1) * count / people.sum()) ** 0.12, 0.4, 2.5)
        for axis in (0, 1):
            total = np.bincount(label, people * xy[:, axis], count)
            centres[:, axis] = np.where(size > 0, total / np.maximum(size, 1e-9), centres[:, axis])
    return label


def _partition(
    blocks: list[Polygon], people: np.ndarray, around: list[list[int]], land: Land, rng: np.random.Generator
) -> np.ndarray:
    """Give each block the number of its neighbourhood; each is in one piece and 1,000 to 3,000 strong."""
    xy = np.array([block.centroid.coords[0] for block in blocks])
    in_town = shapely.contains_xy(land.urban, xy[:, 0], xy[:, 1])
    label = np.full(len(blocks), -1)
    used = len(land.villages)
    for number, village in enumerate(land.villages):
        near = np.hypot(*(xy - (village.x, village.y)).T) < village.radius * 1.5
        label[near & ~in_town & (people > 0)] = number
    for zone in _parts(set(range(len(blocks))), around):
        lived = np.array([block for block in sorted(zone) if people[block] > 0 and in_town[block]], dtype=int)
        count = round(people[lived].sum() / PEOPLE_PER_NEIGHBOURHOOD) if len(lived) else 0
        if count < 1:
            continue
        label[lived] = used + _balanced(xy[lived], people[lived], count, rng)
        used += count
    for number in range(used):
        for part in _parts(set(np.flatnonzero(label == number).tolist()), around)[1:]:
            label[part] = -1
    _grow(label, xy, around)
    _even_out(label, people, around, used, len(land.villages))
    _absorb_small(label, people, around, used)
    return label


def _absorb_small(label: np.ndarray, people: np.ndarray, around: list[list[int]], count: int) -> None:
    """Give neighbourhoods under 1,150 people to their smallest neighbour."""
    size = np.bincount(label, people, count)
    for number in np.argsort(size, kind="stable"):
        if size[number] >= 1_150:
            break
        members = np.flatnonzero(label == number)
        beside = sorted(
            {int(label[o]) for block in members for o in around[block]} - {int(number)}, key=lambda n: size[n]
        )
        if beside and size[beside[0]] + size[number] < 2_950:
            label[members] = beside[0]
            size[beside[0]] += size[number]
            size[number] = 0


def _grow(label: np.ndarray, xy: np.ndarray, around: list[list[int]]) -> None:
    """Hand unclaimed blocks to the nearest claimed neighbour, outwards."""
    queue = [(0.0, int(block), int(label[block])) for block in np.flatnonzero(label >= 0)]
    heapq.heapify(queue)
    done = set()
    while queue:
        distance, block, number = heapq.heappop(queue)
        if block in done:
            continue
        done.add(block)
        label[block] = number
        for other in around[block]:
            if other not in done and label[other] < 0:
                heapq.heappush(queue, (distance + float(np.hypot(*(xy[other] - xy[block]))), other, number))
    for left in np.flatnonzero(label < 0):
        claimed = np.flatnonzero(label >= 0)
        label[left] = label[claimed[np.argmin(np.hypot(*(xy[claimed] - xy[left]).T))]]


def _even_out(label: np.ndarray, people: np.ndarray, around: list[list[int]], count: int, fixed: int) -> None:
    """Move border blocks from large to small neighbours while both stay in one piece."""
    size = np.bincount(label, people, count)
    for _ in range(60):
        moved = False
        for block in np.argsort(-size[label], kind="stable"):
            home = label[block]
            if home < fixed:
                continue
            options = sorted(
                {int(label[other]) for other in around[block]} - {int(home)}, key=lambda n: size[n]
            )
            options = [number for number in options if number >= fixed]
            if not options or people[block] == 0:
                continue
            best = options[0]
            if size[home] - size[best] < 500 + people[block]:
                continue
            members = set(np.flatnonzero(label == home).tolist()) - {int(block)}
            if not members or len(_parts(members, around)) > 1:
                continue
            label[block] = best
            size[home] -= people[block]
            size[best] += people[block]
            moved = True
        if not moved:
            break


WARD_PLACES: dict[str, tuple[float, float]] = {
    "Market": (0, 0), "Riverside": (0.9, -0.9), "Weirside": (0.9, 1.3), "Holt Park": (-1.1, 0.6),
    "Priorsgate": (0.1, -2.1), "Mercer": (2.0, 0.0), "Infirmary": (-2.5, 0.9), "Abbotsway": (-2.6, 2.5),
    "Northgate": (-0.6, 2.3), "Larkfield": (-1.2, 3.5), "Ringland": (1.2, 3.0), "Hallowell": (2.4, 2.2),
    "Eastmoor": (3.5, 0.3), "Kestrel Moss": (2.3, -3.0), "Jubilee": (-2.2, -1.3), "Moorfield": (-3.0, -2.8),
    "Wharf": (3.2, -1.4), "Highmarl and Corrowby": (3.7, 5.0), "Overscar and Netherlow": (4.8, 2.4),
    "Skelbeck": (-4.6, 2.6), "Carr End": (-1.0, -4.4),
    "Sandlow": (-3.7, -0.5), "Westbourne": (-1.5, -0.5),
}  # fmt: skip


def _letters(labels: np.ndarray, xy: np.ndarray) -> list[str]:
    """Name areas as the census office does: a number for about five of them, north to south, and a letter."""
    order = list(np.argsort(-xy[:, 1], kind="stable"))
    names = [""] * len(labels)
    number = 0
    while order:
        first = order[0]
        near = sorted(order, key=lambda i: (float(np.hypot(*(xy[i] - xy[first]))), i))[:5]
        number += 1
        for letter, index in zip("ABCDE", sorted(near), strict=False):
            names[index] = f"{BOROUGH} {number:03d}{letter}"
        order = [index for index in order if index not in near]
    return names


def build_neighbourhoods(
    network: Network, land: Land, homes: Homes, rng: np.random.Generator
) -> tuple[list[Neighbourhood], np.ndarray]:
    """Draw the neighbourhoods; also return, for each home, the number of its neighbourhood."""
    blocks = _blocks(network, land, rng)
    tree = shapely.STRtree(blocks)
    points = shapely.points(homes.xy)
    home, block_of = tree.query_nearest(points, all_matches=False)
    block = np.empty(len(points), dtype=int)
    block[home] = block_of
    people = np.bincount(block, homes.people, len(blocks))
    barrier = shapely.union_all([land.river, land.railway]).buffer(3.0)
    label = _partition(blocks, people, _neighbours(blocks, barrier), land, rng)
    numbers = np.unique(label)
    label = np.searchsorted(numbers, label)
    of_home = label[block]
    count = len(numbers)
    total = np.bincount(of_home, homes.people, count)
    xy = np.column_stack([np.bincount(of_home, homes.people * homes.xy[:, a], count) / total for a in (0, 1)])
    names = _letters(np.arange(count), xy)
    wards = list(WARD_PLACES)
    spots = np.array(list(WARD_PLACES.values())) * SKETCH_UNIT_M
    nearest = [int(np.argmin(np.hypot(*(spots - xy[i]).T))) for i in range(count)]
    present = sorted({wards[i] for i in nearest})
    out = []
    for number in range(count):
        shape = shapely.union_all([blocks[i] for i in np.flatnonzero(label == number)])
        kinds, weights = homes.kind[of_home == number], homes.people[of_home == number]
        tally = {kind: float(weights[kinds == kind].sum()) for kind in sorted(set(kinds.tolist()))}
        ward = wards[nearest[number]]
        out.append(
            Neighbourhood(
                code=f"X01{number + 1:06d}",
                name=names[number],
                ward_code=f"X05{present.index(ward) + 1:06d}",
                ward_name=ward,
                polygon=shape,
                population=round(float(total[number])),
                x=float(xy[number, 0]),
                y=float(xy[number, 1]),
                kind=max(tally, key=lambda kind: tally[kind]),
            )
        )
    return out, of_home
