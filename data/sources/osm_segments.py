"""Streets as every reader hands them over: ways cut into straight segments.

Both readers (``osm_read_pbf``, ``osm_read_xml``) produce the same arrays for
the same data, so that what follows cannot depend on the file's format.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from data.manifest import Fault

PART = "streets"
MAX_EXAMPLES = 5


@dataclass(frozen=True)
class StreetSegments:
    """Walkable ways as segments between neighbouring nodes, in way direction.

    Attributes
    ----------
    node_id : int64[N], ascending
    node_lon, node_lat : float64[N], degrees (EPSG:4326)
    way_id : int64[W], ascending
    way_tags : W mappings with the tags of ``walkable.KEPT_TAGS``
    way : int32[S], row in ``way_id``
    start, end : int32[S], rows in ``node_id``, never equal
    """

    node_id: np.ndarray
    node_lon: np.ndarray
    node_lat: np.ndarray
    way_id: np.ndarray
    way_tags: tuple[Mapping[str, str], ...]
    way: np.ndarray
    start: np.ndarray
    end: np.ndarray


@dataclass
class FaultTally:
    """Counts one file's faults by kind while it is read; examples are way ids."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, code: str, example: object = None, count: int = 1) -> None:
        """Count a fault; the first few examples are kept."""
        self.counts[code] = self.counts.get(code, 0) + count
        shown = self.examples.setdefault(code, [])
        if example is not None and len(shown) < MAX_EXAMPLES:
            shown.append(str(example))

    def to_faults(
        self, messages: Mapping[str, tuple[str, str]], *, file: str, part: str = PART
    ) -> list[Fault]:
        """Turn the counts into faults; ``messages`` gives severity and text by code."""
        faults = []
        for code, (severity, message) in messages.items():
            if self.counts.get(code):
                faults.append(
                    Fault.model_validate(
                        {
                            "part": part,
                            "code": code,
                            "severity": severity,
                            "count": self.counts[code],
                            "message": message,
                            "examples": tuple(self.examples[code]),
                            "file": file,
                        }
                    )
                )
        return faults


def build_segments(
    locations: Mapping[int, tuple[float, float]],
    ways: Iterable[tuple[int, Mapping[str, str], Sequence[tuple[int, int]]]],
) -> StreetSegments:
    """Put segments into arrays in one canonical order.

    Parameters
    ----------
    locations
        (lon, lat) in degrees by node id; nodes that no segment uses are left out.
    ways
        (way id, tags, [(from node id, to node id), ...]) in any order. A segment
        that the way passes twice, in either direction, is kept once; one from a
        node to itself not at all.
    """
    way_ids: list[int] = []
    tags_of_way: list[Mapping[str, str]] = []
    of_way: list[int] = []
    start_ids: list[int] = []
    end_ids: list[int] = []
    for way_id, tags, pairs in sorted(ways, key=lambda item: item[0]):
        kept = {pair for pair in pairs if pair[0] != pair[1]}
        # Of a segment walked there and back the direction with the smaller first id stays, in both readers.
        once = [pair for pair in kept if pair[0] < pair[1] or (pair[1], pair[0]) not in kept]
        if not once:
            continue
        once.sort()
        of_way.extend([len(way_ids)] * len(once))
        start_ids.extend(pair[0] for pair in once)
        end_ids.extend(pair[1] for pair in once)
        way_ids.append(way_id)
        tags_of_way.append(tags)
    ends = np.array([start_ids, end_ids], dtype=np.int64).reshape(2, -1)
    node_id, rows = np.unique(ends, return_inverse=True)
    rows = rows.reshape(ends.shape).astype(np.int32)
    lon_lat = np.array([locations[node] for node in node_id.tolist()], dtype=np.float64).reshape(-1, 2)
    return StreetSegments(
        node_id=node_id,
        node_lon=np.ascontiguousarray(lon_lat[:, 0]),
        node_lat=np.ascontiguousarray(lon_lat[:, 1]),
        way_id=np.array(way_ids, dtype=np.int64),
        way_tags=tuple(tags_of_way),
        way=np.array(of_way, dtype=np.int32),
        start=rows[0],
        end=rows[1],
    )
