"""Walkable ways out of an OpenStreetMap file with pyosmium, in one pass.

Made for .osm.pbf; it reads .osm as well (nodes before ways) and is the way
out for .osm files whose ways refer to nodes that the file does not have.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import osmium
from osmium.filter import EntityFilter, KeyFilter

from data.errors import SourceError
from data.sources.osm_segments import FaultTally, StreetSegments, build_segments
from data.sources.walkable import KEPT_TAGS, is_walkable


@dataclass(frozen=True)
class OsmStreets:
    """Segments of one file, what was wrong with them, and the data's date."""

    segments: StreetSegments
    tally: FaultTally
    data_date: dt.date | None


def read_osm_pbf(path: Path) -> OsmStreets:
    """Read the walkable ways of a file.

    A way's piece between two nodes is kept when both have coordinates: where
    a reference is broken the way is interrupted, never bridged.

    Raises
    ------
    SourceError
        When the file can't be read as OpenStreetMap data.
    """
    tally = FaultTally()
    locations: dict[int, tuple[float, float]] = {}
    ways: dict[int, tuple[dict[str, str], list[tuple[int, int]]]] = {}
    newest = 0.0
    try:
        reader = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations()
        # Nodes and ways that are no streets never reach Python: that is most of the file.
        reader = reader.with_filter(EntityFilter(osmium.osm.WAY)).with_filter(KeyFilter("highway"))
        cut_on = header_date(reader)
        for item in reader:
            if not isinstance(item, osmium.osm.Way):
                continue
            newest = max(newest, item.timestamp.timestamp() if item.timestamp else 0.0)
            tags = {key: value for key in KEPT_TAGS if (value := item.tags.get(key)) is not None}
            if not is_walkable(tags):
                continue
            if item.id in ways:
                tally.add("duplicate_way", item.id)
            ways[item.id] = (tags, _read_pairs(item, locations, tally))
    except (RuntimeError, OSError, UnicodeDecodeError) as error:
        message = f"{path.name}: can't be read as OpenStreetMap data: {error}; fetch the file again"
        raise SourceError(message) from error
    segments = build_segments(locations, ((way_id, tags, pairs) for way_id, (tags, pairs) in ways.items()))
    date = cut_on or (dt.datetime.fromtimestamp(newest, dt.UTC).date() if newest > 0 else None)
    return OsmStreets(segments, tally, date)


def _read_pairs(
    way: osmium.osm.Way, locations: dict[int, tuple[float, float]], tally: FaultTally
) -> list[tuple[int, int]]:
    """Neighbouring nodes of a way; nodes seen on the way are added to ``locations``."""
    refs: list[int | None] = []
    for node in way.nodes:
        ref, location = node.ref, node.location
        if ref not in locations:
            if not location.valid():
                tally.add("broken_reference", f"way {way.id}, node {ref}")
                refs.append(None)
                continue
            locations[ref] = (location.lon_without_check(), location.lat_without_check())
        refs.append(ref)
    if len(refs) < 2:
        tally.add("way_of_one_node", way.id)
    pairs = [(a, b) for a, b in pairwise(refs) if a is not None and b is not None]
    repeated = sum(a == b for a, b in pairs)
    if repeated:
        tally.add("repeated_node", way.id, repeated)
    return pairs


def header_date(reader: osmium.FileProcessor) -> dt.date | None:
    """The date an extract was cut, as its header says; most don't."""
    for key in ("osmosis_replication_timestamp", "timestamp"):
        text = reader.header.get(key, "")
        try:
            return dt.datetime.fromisoformat(text.replace("Z", "+00:00")).date()
        except ValueError:
            continue
    return None


def write_in_order(path: Path, copy: Path) -> Path:
    """Write a copy with nodes before ways before relations, each by id."""
    reader = osmium.MergeInputReader()
    reader.add_file(str(path))
    with osmium.SimpleWriter(str(copy)) as writer:
        reader.apply(writer)
    return copy
