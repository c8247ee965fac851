"""An area pack taken apart into its tables, and put together again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.areapack import AreaPack, Feed, WalkNetwork
from data.errors import PackError
from data.frames import arrow_to_frame, frame_to_arrow
from data.manifest import Manifest
from data.schema import STOP_TIMES, TABLES, WALK_EDGES, WALK_NODES

_PARTS = (
    "stops",
    "neighbourhoods",
    "groups",
    "census",
    "indicators",
    "indicator_values",
    "origin_points",
    "services",
    "sessions",
    "postcodes",
    "coverage",
    "ground",
)
_FEED_PARTS = ("agency", "routes", "trips", "stop_times", "calendar", "calendar_dates", "shapes")


def _read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def _names_of(codes: np.ndarray, names: tuple[str, ...]) -> pa.Array:
    """Spell codes out; -1 is null."""
    indices = pa.array(codes, mask=codes < 0, type=pa.int32())
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, type=pa.string())).dictionary_decode()


def walk_to_arrow(walk: WalkNetwork) -> dict[str, pa.Table]:
    """Return the walk network as its two tables."""
    offsets = pa.array(walk.geometry_offset.astype(np.int32))
    edges = pa.Table.from_arrays(
        [
            pa.array(walk.u, type=pa.int32()),
            pa.array(walk.v, type=pa.int32()),
            pa.array(walk.length_mm, type=pa.int32()),
            pa.array(walk.steps, type=pa.bool_()),
            _names_of(np.asarray(walk.street), walk.street_names),
            _names_of(np.asarray(walk.highway), walk.highway_names),
            pa.nulls(len(walk.u), pa.int64()) if walk.osm_way is None else pa.array(walk.osm_way, pa.int64()),
            pa.ListArray.from_arrays(offsets, pa.array(walk.geometry_x, type=pa.float64())),
            pa.ListArray.from_arrays(offsets, pa.array(walk.geometry_y, type=pa.float64())),
        ],
        schema=WALK_EDGES.to_arrow(),
    )
    nodes = frame_to_arrow(WALK_NODES, {"x": walk.node_x, "y": walk.node_y})
    return {"walk_nodes": nodes, "walk_edges": edges}


def _plain(arrow: pa.Table, name: str) -> np.ndarray:
    column = arrow.column(name)
    array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # combine_chunks of no chunk at all
        array = pa.concat_arrays([*array.chunks, pa.array([], type=array.type)])
    return _read_only(array.to_numpy(zero_copy_only=False))


def _codes_of(arrow: pa.Table, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    encoded = pc.dictionary_encode(arrow.column(name).combine_chunks())
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    return _read_only(codes), tuple(encoded.dictionary.to_pylist())


def count_points(edges: pa.Table) -> np.ndarray:
    """Count each street's points; PackError where a street has more of one coordinate than of the other."""
    counts, others = (
        pc.list_value_length(edges.column(name)).to_numpy(zero_copy_only=False) for name in ("xs", "ys")
    )
    if not np.array_equal(counts, others):
        raise PackError("walk_edges: columns 'xs' and 'ys' differ in length; build the pack again.")
    return counts


def arrow_to_walk(nodes: pa.Table, edges: pa.Table) -> WalkNetwork:
    """Return the walk network of its two tables, with read-only arrays."""
    street, street_names = _codes_of(edges, "street")
    highway, highway_names = _codes_of(edges, "highway")
    counts = count_points(edges)
    xs, ys = edges.column("xs").combine_chunks(), edges.column("ys").combine_chunks()
    offsets = np.zeros(edges.num_rows + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    ways = edges.column("osm_way")
    return WalkNetwork(
        node_x=_plain(nodes, "x"),
        node_y=_plain(nodes, "y"),
        u=_plain(edges, "u"),
        v=_plain(edges, "v"),
        length_mm=_plain(edges, "length_mm"),
        steps=_plain(edges, "steps"),
        street=street,
        street_names=street_names,
        highway=highway,
        highway_names=highway_names,
        geometry_offset=_read_only(offsets),
        geometry_x=_read_only(xs.flatten().to_numpy()),
        geometry_y=_read_only(ys.flatten().to_numpy()),
        osm_way=None if ways.null_count else _plain(edges, "osm_way"),
    )


def pack_to_arrow(pack: AreaPack) -> dict[str, pa.Table]:
    """Return every table that the pack has, by name, in the schema's order.

    Raises
    ------
    PackError
        Naming every column of every table that does not fit the schema.
    """
    parts: dict[str, Any] = {name: getattr(pack, name) for name in _PARTS}
    parts |= {name: getattr(pack.feed, name) for name in _FEED_PARTS}
    arrow: dict[str, pa.Table] = {}
    faults: list[str] = []
    for name, part in parts.items():
        if part is None:
            continue
        try:
            arrow[name] = frame_to_arrow(TABLES[name], part)
        except PackError as error:
            faults += error.faults
    if faults:
        raise PackError("The pack does not fit its schema:", faults)
    if pack.walk is not None:
        arrow |= walk_to_arrow(pack.walk)
    return {name: arrow[name] for name in TABLES if name in arrow}


def arrow_to_pack(manifest: Manifest, arrow: Mapping[str, pa.Table], *, path: Path | None = None) -> AreaPack:
    """Put a pack together from its tables; the reverse of ``pack_to_arrow``.

    A table becomes a frame (and a sealed one is read) when it is first asked for.
    """

    def read(name: str) -> Any:
        if name == "walk":
            nodes, edges = WALK_NODES.name, WALK_EDGES.name
            return arrow_to_walk(arrow[nodes], arrow[edges]) if nodes in arrow and edges in arrow else None
        if name == STOP_TIMES.name:
            times = arrow[STOP_TIMES.name]
            return {column: _plain(times, column) for column in STOP_TIMES.column_names}
        return arrow_to_frame(TABLES[name], arrow[name], crs=manifest.crs) if name in arrow else None

    return AreaPack.read_later(read, manifest=manifest, feed=Feed.read_later(read), path=path)
