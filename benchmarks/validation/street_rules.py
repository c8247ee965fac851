"""Copies of a street map in which one rule after another of who walks where is settled this engine's way.

Every engine reads OpenStreetMap by rules of its own. To find out which rule a
difference comes from, a peer is given copies of the file, each with one more
rule settled: ways that we do not walk for one reason are gone, ways that we
walk are ordinary footways, a square has its crossings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import osmium
from pyproj import Transformer
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from benchmarks.validation.street_files import ADDED, FOOTWAY, StreetWriter
from data.sources.osm_read_pbf import read_osm_pbf
from data.sources.street_areas import add_area_crossings
from data.sources.walkable import is_steps, is_walkable
from geo.walkgraph import SMALLEST_COMPONENT_NODES

# In the order in which they are settled; the file of a rule has all before it settled too.
STREET_RULES = (
    "gates",  # tags of nodes are gone: gates, bollards, stiles
    "lines",  # ways that are no highway are gone: railways, ferries, rivers
    "access",  # ways that we leave out for their access tag are gone
    "foot",  # ... for their foot tag
    "kinds",  # ... for being what they are: motorways, trunk roads without a pavement, building sites
    "steps",  # steps are plain footways
    "ways",  # and so is every other way that we walk, but areas
    "outlines",  # the outlines of areas too
    "squares",  # areas are crossed from corner to corner
    "pieces",  # pieces of under 200 nodes are gone
)
PARTED = ", parted"
_GONE = ("lines", "access", "foot", "kinds")
_PLAIN = ("steps", "ways", "outlines")
_CLOSED = ("no", "private")


def find_rule(tags: Mapping[str, str]) -> str:
    """Name the rule that keeps a way in our network or out of it.

    A way that is left out is put down to the tag without which it would be walked; where two tags
    close it, to the later rule.
    """
    if "highway" not in tags:
        return "lines"
    if is_walkable(tags):
        return "outlines" if tags.get("area") == "yes" else "steps" if is_steps(tags) else "ways"
    closed = [rule for rule in ("access", "foot") if tags.get(rule) in _CLOSED]
    for without in (*((rule,) for rule in closed), tuple(closed)):  # each tag alone, then both
        if without and is_walkable({k: v for k, v in tags.items() if k not in without}):
            return without[-1]
    return "kinds"


# What ferrobus' reader of maps (osm4routing) takes for a way that some vehicle or walker may use: it cuts
# ways where two of these meet.
_READ_HIGHWAYS = frozenset(
    {
        "cycleway", "path", "footway", "steps", "pedestrian", "primary", "primary_link", "secondary",
        "tertiary", "unclassified", "residential", "living_street", "road", "service", "track",
        "motorway", "motorway_link", "trunk", "trunk_link",
    }
)  # fmt: skip


def is_read_by_ferrobus(tags: Mapping[str, str]) -> bool:
    """Say whether ferrobus keeps a way when it reads a map."""
    return (
        tags.get("highway") in _READ_HIGHWAYS
        or any(key in tags for key in ("railway", "cycleway", "busway"))
        or any(tags.get(key, "no") not in ("no", "false") for key in ("foot", "pedestrian", "bicycle"))
    )


@dataclass(frozen=True)
class _Way:
    number: int
    nodes: list[int]
    tags: dict[str, str]
    rule: str


class StreetMap:
    """A map read once, to be written with any number of rules settled."""

    def __init__(self, raw: Path, crs: str) -> None:
        found = read_osm_pbf(raw).segments
        to_plane = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
        x, y = to_plane.transform(found.node_lon, found.node_lat)
        crossed = add_area_crossings(found, np.round(x, 3), np.round(y, 3))
        links = coo_array(
            (np.ones(len(crossed.start), np.int8), (crossed.start, crossed.end)), shape=(len(x), len(x))
        )
        _, piece = connected_components(links, directed=False)
        small = np.bincount(piece)[piece] < SMALLEST_COMPONENT_NODES
        self._small = set(found.node_id[small].tolist())
        added = slice(len(found.start), None)
        self._crossings = np.column_stack(
            [found.node_id[end[added]] for end in (crossed.start, crossed.end)]
        ).tolist()
        self._ways: list[_Way] = []
        self._place: dict[int, tuple[float, float]] = {}
        reader = osmium.FileProcessor(str(raw), osmium.osm.NODE | osmium.osm.WAY).with_locations()
        for item in reader:
            if isinstance(item, osmium.osm.Way) and len(item.tags):
                nodes = [node for node in item.nodes if node.location.valid()]
                self._place.update({node.ref: (node.location.lon, node.location.lat) for node in nodes})
                tags = dict(item.tags)
                self._ways.append(_Way(item.id, [node.ref for node in nodes], tags, find_rule(tags)))

    def write(self, path: Path, settled: frozenset[str], *, parted: bool = False) -> Path:
        """Write the map with these of ``STREET_RULES`` settled.

        ``parted``: no two streets join the same two junctions, as ferrobus sees them.
        """
        out = StreetWriter()
        for way in self._ways:
            if way.rule in _GONE and way.rule in settled:
                continue
            if "pieces" in settled and way.rule in _PLAIN and not self._small.isdisjoint(way.nodes):
                continue
            tags = FOOTWAY if way.rule in _PLAIN and way.rule in settled else way.tags
            out.nodes.update({node: self._place[node] for node in way.nodes})
            out.ways.append((way.number, list(way.nodes), tags))
        if "squares" in settled:
            for number, ends in enumerate(self._crossings):
                if not ("pieces" in settled and ends[0] in self._small):
                    out.ways.append((ADDED + number, list(ends), FOOTWAY))
        if parted:
            out.part_ways(is_read_by_ferrobus)
        return out.save(path)


def write_street_files(raw: Path, folder: Path, crs: str) -> dict[str, Path]:
    """Write a file for every rule, with all rules before it settled too: paths by rule.

    Each is there parted as well (``PARTED`` after its name), and so is the raw map.
    """
    streets = StreetMap(raw, crs)
    files = {}
    for number, rule in enumerate(("raw", *STREET_RULES)):
        settled = frozenset(STREET_RULES[:number])
        if number:
            files[rule] = streets.write(folder / f"{rule}.osm.pbf", settled)
        files[rule + PARTED] = streets.write(folder / f"{rule}_parted.osm.pbf", settled, parted=True)
    return files
