"""Streets of an OpenStreetMap file: walk network, coverage and ground in one call."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
from shapely.geometry import MultiPolygon

from data.areapack import WalkNetwork
from data.errors import SourceError
from data.manifest import Fault
from data.sources.ground import read_ground
from data.sources.osm_read_pbf import read_osm_pbf, write_in_order
from data.sources.osm_read_xml import BrokenReferencesError, read_osm_xml
from data.sources.osm_segments import FaultTally, StreetSegments
from data.sources.street_coverage import Box, box_coverage, build_coverage
from data.sources.streets import build_walk_network

_XML_ENDINGS = (".osm", ".osm.gz", ".osm.bz2")
_PBF_ENDINGS = (".pbf",)
GROUND_MARGIN_M = 1000.0

_MESSAGES = {
    "broken_reference": (
        "repaired",
        "a street refers to a node that the file lacks; the street is interrupted there, never bridged",
    ),
    "repeated_node": ("repaired", "a street names the same node twice running; taken once"),
    "way_of_one_node": ("dropped", "a street with fewer than two nodes has no line"),
    "duplicate_way": ("dropped", "the file has the same street twice; the later one is taken"),
    "node_outside_projection": (
        "dropped",
        "a street's node lies outside the area's map projection",
    ),
    "edge_of_no_length": ("repaired", "a piece of street has no length; its two ends were made one"),
    "ground_shape_broken": (
        "dropped",
        "a shape of water, green or railway can't be put together",
    ),
}


@dataclass(frozen=True)
class StreetsResult:
    """What a street file gives.

    Attributes
    ----------
    walk : WalkNetwork, metres in the CRS asked for
    osm_way : int64[E], the OSM way of each edge
    coverage : MultiPolygon in that CRS: where the network is whole
    ground : GeoDataFrame (kind, name, geometry)
    faults : one a kind, counted
    data_date : the day the file's data are from, where it says
    """

    walk: WalkNetwork
    osm_way: np.ndarray
    coverage: MultiPolygon
    ground: gpd.GeoDataFrame
    faults: list[Fault]
    data_date: dt.date | None


def read_streets(
    path: Path,
    *,
    crs: str,
    coverage_bbox: Box | None = None,
    progress: Callable[[str], object] | None = None,
) -> StreetsResult:
    """Read the streets of an .osm.pbf (pyosmium) or .osm (osmnx) file.

    Parameters
    ----------
    path
        The file; its name's ending says the format.
    crs
        Projected CRS of the pack, for example ``EPSG:27700``.
    coverage_bbox
        West, south, east, north in degrees, where the extract's cut is known;
        otherwise the coverage is outlined from the streets themselves.
    progress
        Called with a line of words before each step.

    Raises
    ------
    SourceError
        When the file is missing, of another kind, broken, or has no street.
    """
    path = Path(path)
    tell = progress or _say_nothing
    if not path.is_file():
        raise SourceError(f"{path.name}: no such file; put the street extract there or leave streets out")
    tell(f"streets: reading {path.name}")
    with TemporaryDirectory(prefix="streets-") as folder:
        found = _read(path, Path(folder))
        segments, tally = found.segments, found.tally
        tell(f"streets: joining {len(segments.way):,} segments of {len(segments.way_id):,} ways")
        built = build_walk_network(segments, crs=crs, tally=tally)
        if not len(built.walk.u):
            raise SourceError(
                f"{path.name}: has no street that people may walk along; is it the right extract?"
            )
        tell("streets: outlining what they cover")
        coverage = box_coverage(coverage_bbox, crs) if coverage_bbox else build_coverage(built.walk)
        tell("streets: water, green and railways")
        ground = read_ground(found.path, crs=crs, within=coverage.buffer(GROUND_MARGIN_M), tally=tally)
    return StreetsResult(
        walk=built.walk,
        osm_way=built.osm_way,
        coverage=coverage,
        ground=ground,
        faults=tally.to_faults(_MESSAGES, file=path.name),
        data_date=found.data_date,
    )


def _say_nothing(words: str) -> None:
    """Stand in where nobody asked for progress."""


@dataclass(frozen=True)
class _Found:
    """What was read, and the file (or its copy in order) to read the ground from."""

    path: Path
    segments: StreetSegments
    tally: FaultTally
    data_date: dt.date | None


def _read(path: Path, folder: Path) -> _Found:
    """Read segments by the reader that the file's ending asks for."""
    name = path.name.lower()
    if not name.endswith((*_PBF_ENDINGS, *_XML_ENDINGS)):
        raise SourceError(f"{path.name}: not a street file; give .osm.pbf or .osm")
    counted = read_osm_pbf(path)
    segments = counted.segments
    if name.endswith(_XML_ENDINGS):
        # pyosmium counted the faults and found the date; the network is osmnx's wherever it can make one.
        try:
            segments = read_osm_xml(path)
        except BrokenReferencesError:
            return _Found(path, segments, counted.tally, counted.data_date)
        if counted.tally.counts.get("broken_reference"):
            # osmnx found every node: the file has ways before nodes, and pyosmium wants them after.
            path = write_in_order(path, folder / "in-order.osm.pbf")
            counted = read_osm_pbf(path)
    return _Found(path, segments, counted.tally, counted.data_date)
