"""Cutting an area out of an OpenStreetMap extract, so that a county's file doesn't become the pack's.

What is taken: streets, water, green, railways and places with any node in the
boxes, each way whole, and areas made of several ways whole too. Everything
else is let go while it is read: what is held grows with the area, and with the
extract only the table of its nodes' places, which lies on disk when large.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import osmium
from osmium.filter import KeyFilter

from data.errors import SourceError
from data.sources.ground import GROUND_KEYS
from data.sources.osm_amenities import PLACE_KEYS
from data.sources.osm_read_pbf import header_date, write_in_order

# Up to here (about 30 million nodes, half a gigabyte) their places fit into memory.
LARGE_FILE = 300_000_000
# No way's first node lies further from the rest of it than this: so most ways are judged by one node.
FAR_DEGREES = 0.4
_KEYS = ("highway", *GROUND_KEYS, *PLACE_KEYS)

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Clipped:
    """What was cut out.

    Attributes
    ----------
    ways : how many, streets and others
    street_lon, street_lat : float64[], the first node inside of each street, degrees
    data_date : the day the extract says it is from, else that of its newest way here
    """

    ways: int
    street_lon: np.ndarray
    street_lat: np.ndarray
    data_date: dt.date | None


@dataclass
class _Kept:
    """What will be written; places of nodes by id, in degrees."""

    locations: dict[int, tuple[float, float]] = field(default_factory=dict)
    nodes: dict[int, osmium.osm.mutable.Node] = field(default_factory=dict)
    ways: dict[int, osmium.osm.mutable.Way] = field(default_factory=dict)
    relations: dict[int, osmium.osm.mutable.Relation] = field(default_factory=dict)
    street_lon: array[float] = field(default_factory=lambda: array("d"))
    street_lat: array[float] = field(default_factory=lambda: array("d"))
    newest: float = 0.0


def clip_osm(
    path: Path, target: Path, boxes: Sequence[Box], check: Callable[[Clipped], None] | None = None
) -> Clipped:
    """Write what lies in the boxes to ``target`` (.osm.pbf), whole or not at all.

    Parameters
    ----------
    path
        .osm.pbf or .osm.
    boxes
        West, south, east, north in degrees, margin included.
    check
        Told of what was cut out before it takes its place; raises what it likes.

    Raises
    ------
    SourceError
        When the file can't be read as OpenStreetMap data.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="clip-", dir=target.parent) as folder:
            source = path
            if not path.name.lower().endswith(".pbf"):
                source = write_in_order(path, Path(folder) / "in-order.osm.pbf")
            kept = _Kept()
            table = osmium.index.create_map(_choose_storage(source, Path(folder)))
            said = _read_own(source, table, boxes, kept)
            _read_areas_of_several_ways(source, table, boxes, kept)
            newest = dt.datetime.fromtimestamp(kept.newest, dt.UTC).date() if kept.newest > 0 else None
            clipped = Clipped(
                len(kept.ways), np.array(kept.street_lon), np.array(kept.street_lat), said or newest
            )
            if check is not None:
                check(clipped)
            written = Path(folder) / "clip.osm.pbf"
            _write(kept, said, written)
            written.replace(target)
    except (RuntimeError, UnicodeDecodeError) as error:
        raise SourceError(
            f"{path.name}: can't be read as OpenStreetMap data ({str(error)[:150]}); fetch the file again"
        ) from error
    return clipped


def _choose_storage(path: Path, folder: Path) -> str:
    """Where the places of all nodes are kept while reading."""
    if path.stat().st_size < LARGE_FILE:
        return "flex_mem"
    return f"sparse_file_array,{folder / 'nodes.places'}"


def _read_own(path: Path, table: Any, boxes: Sequence[Box], kept: _Kept) -> dt.date | None:
    """Keep the nodes and ways that say themselves what they are; return the day that the header says."""
    reader = osmium.FileProcessor(path, osmium.osm.NODE | osmium.osm.WAY).with_locations(table)
    said = header_date(reader)
    for item in reader.with_filter(KeyFilter(*_KEYS)):
        if isinstance(item, osmium.osm.Node):
            place = (item.location.lon, item.location.lat) if item.location.valid() else None
            is_place = any(key in item.tags for key in PLACE_KEYS)
            if place and is_place and _inside(place, boxes):
                kept.locations[item.id] = place
                kept.nodes[item.id] = osmium.osm.mutable.Node(
                    id=item.id, location=place, tags=dict(item.tags), version=max(item.version, 1)
                )
        elif isinstance(item, osmium.osm.Way):
            places = [
                (node.ref, (node.lon, node.lat) if node.location.valid() else None) for node in item.nodes
            ] if _is_near(item, boxes) else []  # fmt: skip
            first = next((place for _, place in places if place and _inside(place, boxes)), None)
            if first is None:
                continue
            _keep_way(item, places, kept)
            if "highway" in item.tags:
                kept.newest = max(kept.newest, item.timestamp.timestamp() if item.timestamp else 0.0)
                kept.street_lon.append(first[0])
                kept.street_lat.append(first[1])
    return said


def _is_near(way: osmium.osm.Way, boxes: Sequence[Box]) -> bool:
    """False where the first node alone shows that no node can lie inside."""
    if not len(way.nodes):
        return False
    first = way.nodes[0].location
    return not first.valid() or _inside((first.lon, first.lat), boxes, FAR_DEGREES)


def _inside(place: tuple[float, float], boxes: Sequence[Box], margin: float = 0.0) -> bool:
    lon, lat = place
    return any(
        west - margin <= lon <= east + margin and south - margin <= lat <= north + margin
        for west, south, east, north in boxes
    )


def _keep_way(
    way: osmium.osm.Way, places: Iterable[tuple[int, tuple[float, float] | None]], kept: _Kept
) -> None:
    refs = []
    for ref, place in places:
        refs.append(ref)
        if place:
            kept.locations[ref] = place
    kept.ways[way.id] = osmium.osm.mutable.Way(
        id=way.id, nodes=refs, tags=dict(way.tags), version=max(way.version, 1), timestamp=way.timestamp
    )


def _read_areas_of_several_ways(path: Path, table: Any, boxes: Sequence[Box], kept: _Kept) -> None:
    """Keep multipolygons of which any way has a node inside, with all of their ways."""
    areas: dict[int, tuple[dict[str, str], list[tuple[str, int, str]]]] = {}
    for item in osmium.FileProcessor(path, osmium.osm.RELATION).with_filter(
        KeyFilter(*GROUND_KEYS, *PLACE_KEYS)
    ):
        if isinstance(item, osmium.osm.Relation) and item.tags.get("type") == "multipolygon":
            members = [(member.type, member.ref, member.role) for member in item.members]
            areas[item.id] = dict(item.tags), members
    asked = {ref for _, members in areas.values() for kind, ref, _ in members if kind == "w"}
    touching = set(kept.ways) & asked
    for way in _ways_of(path, asked - touching):
        places = (_place_of(table, node.ref) for node in way.nodes)
        if any(place and _inside(place, boxes) for place in places):
            touching.add(way.id)
    needed: set[int] = set()
    for key, (tags, members) in areas.items():
        ways = {ref for kind, ref, _ in members if kind == "w"}
        if ways & touching:
            needed |= ways
            kept.relations[key] = osmium.osm.mutable.Relation(id=key, members=members, tags=tags, version=1)
    for way in _ways_of(path, needed - set(kept.ways)):
        _keep_way(way, [(node.ref, _place_of(table, node.ref)) for node in way.nodes], kept)


def _ways_of(path: Path, ids: set[int]) -> Iterator[osmium.osm.Way]:
    if not ids:
        return
    tracker = osmium.IdTracker()
    for way_id in ids:
        tracker.add_way(way_id)
    for item in osmium.FileProcessor(path, osmium.osm.WAY).with_filter(tracker.id_filter()):
        if isinstance(item, osmium.osm.Way):
            yield item


def _place_of(table: Any, node: int) -> tuple[float, float] | None:
    try:
        location = table.get(node)
    except KeyError:
        return None
    return (location.lon, location.lat) if location.valid() else None


def _write(kept: _Kept, date: dt.date | None, path: Path) -> None:
    """Write nodes, ways and relations, each by id, as every reader wants them."""
    header = osmium.io.Header()
    if date:
        header.set("osmosis_replication_timestamp", f"{date.isoformat()}T00:00:00Z")
    with osmium.SimpleWriter(os.fspath(path), header=header) as writer:
        for node in sorted(kept.locations):
            known = kept.nodes.get(node)
            writer.add_node(
                known or osmium.osm.mutable.Node(id=node, location=kept.locations[node], version=1)
            )
        for way in sorted(kept.ways):
            writer.add_way(kept.ways[way])
        for relation in sorted(kept.relations):
            writer.add_relation(kept.relations[relation])
