"""Parts of a matrix: computed anywhere, kept as files, put together in the order of the whole.

A part's file is named by a digest of the question, the points and the pack, is
put in its place when it is whole, and is believed only while its checksum holds.
So a run that was stopped goes on where it was, and never takes an older answer
for its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from data.areapack import AreaPack
from data.errors import ExportError, PartError
from data.packio import compute_digest
from geo.legs import Legs
from geo.many import BLOCK_ORIGINS, Pairs, compute_pairs, join_pairs
from geo.partition import Cutter, Part, number_inputs, split_area
from geo.query import Query, WalkSettings
from geo.timetable import Timetable
from geo.version import ENGINE_VERSION
from geo.write import replace_file

# Origins of a part: some seconds of work, so that little is lost with a worker.
PART_ORIGINS = 500
_PAIR_COLUMNS = ("destination", "walk_s", "ride_s", "in_reach_s")
_TIMES = (
    "stop", "can_board", "can_alight", "lane_first", "trip_first", "time_first", "arrival_s", "departure_s",
    "trip_index", "trip_shift_s", "stop_first", "stop_lane", "stop_position",
)  # fmt: skip
_LEGS = ("access", "egress", "direct")
_SETTINGS = (
    "window_start_s", "window_end_s", "cutoff_s", "percentiles", "board_slack_s", "modes", "horizon_s",
)  # fmt: skip


@dataclass(frozen=True)
class Tile:
    """One part before it is cut: which origins, and what its answer is called."""

    number: int
    origins: np.ndarray  # int64, ascending rows
    key: str

    def path(self, folder: Path) -> Path:
        return folder / f"part-{self.number:05d}-{self.key[:20]}.arrow"


def list_tiles(
    pack: AreaPack, query: Query, origins: pd.DataFrame, destinations: pd.DataFrame, most: int
) -> list[Tile]:
    """Divide the origins by area, at most ``most`` together.

    The query must name its service date: a key tells everything that an answer depends on.
    """
    sha = hashlib.sha256()
    digest = pack.digest if pack.path is not None else compute_digest(pack)
    sha.update(json.dumps([ENGINE_VERSION, digest, repr(query)]).encode())
    for points in (origins, destinations):
        sha.update(json.dumps([str(one) for one in points["id"]]).encode())
        sha.update(np.ascontiguousarray(points[["x", "y"]].to_numpy(np.float64, na_value=np.nan)).tobytes())
    x, y = (origins[name].to_numpy(np.float64, na_value=np.nan) for name in ("x", "y"))
    tiles = []
    for number, rows in enumerate(split_area(x, y, most)):
        own = sha.copy()
        own.update(rows.astype(np.int64).tobytes())
        tiles.append(Tile(number, rows.astype(np.int64), own.hexdigest()))
    return tiles


# A part on its way to a worker: arrays of numbers, never pickled objects.


def part_to_bytes(part: Part, query: Query, key: str) -> bytes:
    """Pack a part and its question."""
    settings = {name: getattr(query, name) for name in _SETTINGS} | {"walk": asdict(query.walk)}
    facts = {"engine": ENGINE_VERSION, "key": key, "settings": settings}
    arrays: dict[str, np.ndarray] = {"facts": np.array(json.dumps(facts)), "destinations": part.destinations}
    arrays |= {f"timetable.{name}": getattr(part.inputs.timetable, name) for name in _TIMES}
    for kind in _LEGS:
        legs: Legs = getattr(part.inputs, kind)
        arrays |= {f"{kind}.{name}": getattr(legs, name) for name in ("indptr", "target", "length_mm")}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def compute_part(payload: bytes) -> bytes:
    """Compute a part that :func:`part_to_bytes` packed; gives the bytes of its file.

    Raises
    ------
    PartError
        It comes from another version of the engine.
    """
    with np.load(io.BytesIO(payload), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    facts = json.loads(str(arrays["facts"]))
    if facts["engine"] != ENGINE_VERSION:
        raise PartError(
            f"This worker has engine {ENGINE_VERSION} and was sent a part by engine {facts['engine']}; "
            "install the same version of the program on every machine."
        )
    settings = facts["settings"]
    walk = WalkSettings(**settings.pop("walk"))
    settings |= {name: tuple(settings[name]) for name in ("percentiles", "modes")}
    query = Query(walk=walk, **settings)
    timetable = Timetable(
        service_date=pd.Timestamp(0).date(), modes=query.modes, span_s=0,
        **{name: arrays[f"timetable.{name}"] for name in _TIMES},
    )  # fmt: skip
    access, egress, direct = (
        Legs(*(arrays[f"{kind}.{name}"] for name in ("indptr", "target", "length_mm"))) for kind in _LEGS
    )
    inputs = number_inputs(timetable, access, egress, direct)
    pairs = compute_pairs(inputs, query)
    pairs = replace(pairs, destination=arrays["destinations"].astype(np.int32)[pairs.destination])
    return pairs_to_bytes(pairs, facts["key"])


# A part's answer as a file: Arrow, uncompressed, so that it can be read where it lies.


def _checksum(pairs: Pairs) -> str:
    sha = hashlib.sha256(np.ascontiguousarray(pairs.indptr).tobytes())
    for column in (*(getattr(pairs, name) for name in _PAIR_COLUMNS), *pairs.percentile_s):
        sha.update(np.ascontiguousarray(column).tobytes())
    return sha.hexdigest()


def pairs_to_bytes(pairs: Pairs, key: str) -> bytes:
    """A part's answer as the bytes of an Arrow file."""
    columns = {name: pa.array(getattr(pairs, name)) for name in _PAIR_COLUMNS}
    # Side by side, so that they too can be read where they lie.
    times = np.ascontiguousarray(pairs.percentile_s.T).ravel()
    columns["percentiles"] = pa.FixedSizeListArray.from_arrays(times, max(1, len(pairs.percentile_s)))
    batch = pa.RecordBatch.from_pydict(columns)
    facts = {
        "key": key, "checksum": _checksum(pairs), "window_s": pairs.window_s,
        "indptr": pairs.indptr.tobytes().hex(),
    }  # fmt: skip
    schema = batch.schema.with_metadata({"part": json.dumps(facts)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, schema) as writer:
        writer.write_batch(batch.replace_schema_metadata(schema.metadata))
    return sink.getvalue().to_pybytes()


def _read(source: pa.NativeFile) -> tuple[Pairs, dict[str, str]]:
    file = pa.ipc.open_file(source)
    facts = json.loads(file.schema.metadata[b"part"])
    batch = file.get_batch(0)
    own = [batch.column(name).to_numpy() for name in _PAIR_COLUMNS]
    listed = batch.column("percentiles")
    times = listed.flatten().to_numpy().reshape(batch.num_rows, listed.type.list_size).T
    indptr = np.frombuffer(bytes.fromhex(facts["indptr"]), np.int64)
    return Pairs(0, indptr, own[0], own[1], own[2], own[3], times, int(facts["window_s"])), facts


def find_finished(tile: Tile, folder: Path) -> bool:
    """Whether the tile's answer lies there, whole and of this very question."""
    try:
        with pa.memory_map(str(tile.path(folder))) as source:
            pairs, facts = _read(source)
            return facts["key"] == tile.key and facts["checksum"] == _checksum(pairs)
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError):
        return False


def keep_part(tile: Tile, folder: Path, answer: bytes) -> None:
    """Put a finished part's file in its place, whole or not at all.

    Raises
    ------
    PartError
        The answer is not that of this tile.
    """
    try:
        pairs, facts = _read(pa.BufferReader(answer))
        sound = facts["key"] == tile.key and facts["checksum"] == _checksum(pairs)
    except (pa.ArrowException, ValueError, KeyError, TypeError):
        sound = False
    if not sound:
        raise PartError(f"part {tile.number}: a worker sent back something else than its answer; run again.")

    def write(target: Path) -> None:
        target.write_bytes(answer)

    replace_file(tile.path(folder), write)


def open_folder(folder: Path) -> None:
    """Make the folder of the parts where it is not there yet."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(
            f"{folder}: can't hold the parts ({error.strerror}); give another folder."
        ) from error


def remove_parts(folder: Path) -> None:
    """Take the parts away, and the folder where nothing else is in it: a file of somebody's stays."""
    for file in folder.glob("part-*.arrow"):
        with contextlib.suppress(OSError):
            file.unlink()
    with contextlib.suppress(OSError):
        folder.rmdir()


Runner = Callable[[Iterator[tuple[Tile, bytes]]], Iterator[tuple[Tile, bytes]]]


def run_here(tasks: Iterator[tuple[Tile, bytes]]) -> Iterator[tuple[Tile, bytes]]:
    """Compute parts one after the other in this process."""
    for tile, payload in tasks:
        yield tile, compute_part(payload)


def compute_missing(
    tiles: list[Tile], cutter: Cutter, folder: Path, run: Runner, progress: Callable[[int, int], None]
) -> int:
    """Compute the parts that are not finished yet; returns how many they were.

    Parts are cut as the runner asks for them, so that few are in memory at once.
    """
    waiting = [tile for tile in tiles if not find_finished(tile, folder)]
    done = len(tiles) - len(waiting)
    progress(done, len(tiles))
    tasks = ((tile, part_to_bytes(cutter.cut(tile.origins), cutter.query, tile.key)) for tile in waiting)
    for tile, answer in run(tasks):
        keep_part(tile, folder, answer)
        done += 1
        progress(done, len(tiles))
    return len(waiting)


def merge_parts(tiles: list[Tile], folder: Path, count: int) -> Iterator[Pairs]:
    """Read finished parts as blocks of origins in the order of the whole, as ``stream_pairs`` gives them."""
    tile_of, row_of = np.empty(count, np.int64), np.empty(count, np.int64)
    for number, tile in enumerate(tiles):
        tile_of[tile.origins], row_of[tile.origins] = number, np.arange(len(tile.origins))

    @lru_cache(maxsize=256)
    def open_part(number: int) -> Pairs:
        return _read(pa.memory_map(str(tiles[number].path(folder))))[0]

    for first in range(0, count, BLOCK_ORIGINS):
        block = np.arange(first, min(first + BLOCK_ORIGINS, count))
        order = np.argsort(tile_of[block], kind="stable")
        numbers = np.unique(tile_of[block])
        found = [open_part(one).take(row_of[block[tile_of[block] == one]]) for one in numbers.tolist()]
        yield replace(join_pairs(found).take(np.argsort(order, kind="stable")), first=first)
