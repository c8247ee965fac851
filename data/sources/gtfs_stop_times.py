"""Stream stop_times.txt in one pass, keeping only the trips that call in the area.

A trip is kept whole. The file is nearly always grouped by trip, so the rows of
a trip that has ended outside the area are let go at once; should such a trip
turn up again inside it, a second pass fetches what was let go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from data.manifest import Severity
from data.memory import give_back_memory
from data.sources.faultlog import MAX_EXAMPLES
from data.sources.gtfs_times import parse_times
from data.sources.gtfs_zip import FeedZip

COLUMNS = (
    "trip_id",
    "stop_id",
    "arrival_time",
    "departure_time",
    "stop_sequence",
    "pickup_type",
    "drop_off_type",
    "shape_dist_traveled",
)
NO_SEQUENCE = -1
FILE = "stop_times.txt"

Arrays = dict[str, np.ndarray]


@dataclass
class _Tally:
    """Counts of one pass, added to the log only when the pass has succeeded."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, code: str, rows: np.ndarray, values: pa.Array) -> None:
        count = int(rows.sum())
        if count:
            self.counts[code] = self.counts.get(code, 0) + count
            shown = self.examples.setdefault(code, [])
            if len(shown) < MAX_EXAMPLES:
                shown += [str(values[int(row)]) for row in np.flatnonzero(rows)[:MAX_EXAMPLES]]


@dataclass
class _Scan:
    """One pass over the file: which trips are wanted, which were let go, what is kept."""

    trip_ids: pa.Array
    stop_ids: pa.Array
    stop_inside: np.ndarray | None
    wanted: np.ndarray
    let_go: np.ndarray
    kept: list[Arrays] = field(default_factory=list)
    pending: Arrays | None = None
    tally: _Tally = field(default_factory=_Tally)

    def consume(self, batches: Iterator[pa.RecordBatch]) -> _Scan:
        # Started anew when the file turns out to be in another encoding.
        self.kept, self.pending, self.tally = [], None, _Tally()
        for batch in batches:
            self._take(_parse_batch(batch, self.trip_ids, self.stop_ids, self.tally))
        if self.pending is not None:
            self._sort_out(self.pending, last_trip=-1)
            self.pending = None
        return self

    def _take(self, rows: Arrays) -> None:
        if self.pending is not None:
            rows = {name: _join([self.pending[name], rows[name]]) for name in rows}
            self.pending = None
        if len(rows["trip"]):
            self._sort_out(rows, last_trip=int(rows["trip"][-1]))

    def _sort_out(self, rows: Arrays, last_trip: int) -> None:
        if self.stop_inside is not None:
            stop = rows["stop"]
            self.wanted[rows["trip"][(stop >= 0) & self.stop_inside[stop]]] = True
        keep = self.wanted[rows["trip"]]
        if keep.any():
            self.kept.append(
                {name: pick_rows(values, keep) for name, values in rows.items()} if not keep.all() else rows
            )
        if keep.all():
            return
        # The batch may have cut its last trip in two: its rows wait for the next batch.
        waits = ~keep & (rows["trip"] == last_trip)
        self.let_go[rows["trip"][~keep & ~waits]] = True
        if waits.any():
            self.pending = {name: pick_rows(values, waits) for name, values in rows.items()}


def read_stop_times(
    feed: FeedZip,
    trip_ids: pd.Series,
    stop_ids: pd.Series,
    stop_inside: np.ndarray | None,
    progress: Callable[[int, int], None] | None = None,
) -> Arrays:
    """Read the calls of all trips that call inside.

    Parameters
    ----------
    feed
        The open zip.
    trip_ids, stop_ids
        Ids in the order that the indices of the result refer to.
    stop_inside
        bool[stops]: which stops lie in the area; None keeps every trip.
    progress
        Called with bytes read and bytes in all.

    Returns
    -------
    dict of arrays
        In the file's order: trip (int32), stop (int32, -1 unknown), sequence
        (int32, NO_SEQUENCE where malformed), arrival_s, departure_s (int32,
        UNKNOWN where blank), pickup, drop_off (int8), shape_dist (float64, NaN
        where blank). Empty arrays when nothing was kept.
    """
    scan = _Scan(
        pa.array(trip_ids, pa.string()),
        pa.array(stop_ids, pa.string()),
        stop_inside,
        wanted=np.full(len(trip_ids), stop_inside is None),
        let_go=np.zeros(len(trip_ids), bool),
    )
    feed.scan(FILE, COLUMNS, scan.consume, progress=progress)
    if (scan.wanted & scan.let_go).any():
        feed.log.add(
            "stop_times_ungrouped",
            "note",
            int((scan.wanted & scan.let_go).sum()),
            "trips whose rows lie scattered in the file; it was read twice",
            file=FILE,
        )
        faults_so_far = scan.tally
        scan.stop_inside = None
        feed.scan(FILE, COLUMNS, scan.consume, progress=progress)
        scan.tally = faults_so_far
    _log_tally(feed, scan.tally)
    give_back_memory()  # the text of the last batches, and the holes between what was kept
    if not scan.kept:
        scan.kept = [_parse_batch(_no_rows(), scan.trip_ids, scan.stop_ids, _Tally())]
    # Piece by piece, so that no more than one column is held twice.
    joined = {name: _join([part.pop(name) for part in scan.kept]) for name in list(scan.kept[0])}
    give_back_memory()
    return joined


def _join(parts: list[np.ndarray]) -> np.ndarray:
    """Join a column's pieces; one that is blank throughout stays one number."""
    if all(part.strides == (0,) and len(part) for part in parts):
        return np.broadcast_to(parts[0][:1], sum(map(len, parts)))
    return np.concatenate(parts)


def pick_rows(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Marked rows; of a column that is one number throughout, so many of it."""
    return values[: int(rows.sum())] if values.strides == (0,) and len(values) else values[rows]


def _no_rows() -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({name: pa.array([], pa.string()) for name in COLUMNS})


_FAULTS: dict[str, tuple[Severity, str]] = {
    "stop_time_unknown_trip": ("dropped", "calls of trips that are not in trips.txt or were left out there"),
    "stop_time_unknown_stop": ("dropped", "calls at stops that are not in stops.txt"),
    "time_malformed": ("repaired", "times that are none, such as '10:15:00am'; treated as blank"),
    "stop_sequence_malformed": ("dropped", "calls without a whole number as stop_sequence"),
    "pickup_type_unknown": ("repaired", "pickup_type that is not 0 to 3; read as 0, regular"),
    "drop_off_type_unknown": ("repaired", "drop_off_type that is not 0 to 3; read as 0, regular"),
}


def _log_tally(feed: FeedZip, tally: _Tally) -> None:
    for code, (severity, message) in _FAULTS.items():
        feed.log.add(
            code, severity, tally.counts.get(code, 0), message, tally.examples.get(code, ()), file=FILE
        )


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    if name in batch.schema.names:
        return batch.column(name)
    return pa.repeat("", batch.num_rows)


def _find(values: pa.Array, ids: pa.Array) -> np.ndarray:
    """Position of each value in ids, -1 where absent; blanks around an id are not part of it."""
    found = pc.index_in(values, value_set=ids)
    if found.null_count:
        found = pc.coalesce(found, pc.index_in(pc.utf8_trim_whitespace(values), value_set=ids))
    return pc.fill_null(found, -1).to_numpy(zero_copy_only=False)


def _parse_batch(batch: pa.RecordBatch, trip_ids: pa.Array, stop_ids: pa.Array, tally: _Tally) -> Arrays:
    trip_text = _column(batch, "trip_id")
    trip = _find(trip_text, trip_ids)
    tally.add("stop_time_unknown_trip", trip < 0, trip_text)
    if (trip < 0).any():
        keep = pa.array(trip >= 0)
        batch, trip = batch.filter(keep), trip[trip >= 0]
    stop_text = _column(batch, "stop_id")
    stop = _find(stop_text, stop_ids)
    tally.add("stop_time_unknown_stop", stop < 0, stop_text)
    times = {}
    for name in ("arrival", "departure"):
        text = _column(batch, f"{name}_time")
        times[name], malformed = parse_times(text)
        tally.add("time_malformed", malformed, text)
    sequence_text = _column(batch, "stop_sequence")
    sequence = _parse_whole(sequence_text)
    tally.add("stop_sequence_malformed", sequence == NO_SEQUENCE, sequence_text)
    flags = {}
    for name in ("pickup_type", "drop_off_type"):
        text = _column(batch, name)
        position = _find(text, pa.array(["0", "1", "2", "3", ""]))
        tally.add(f"{name}_unknown", position < 0, text)
        flags[name] = np.where((position < 0) | (position == 4), 0, position).astype(np.int8)
    return {
        "trip": trip.astype(np.int32),
        "stop": stop.astype(np.int32),
        "sequence": sequence,
        "arrival_s": times["arrival"],
        "departure_s": times["departure"],
        "pickup": flags["pickup_type"],
        "drop_off": flags["drop_off_type"],
        "shape_dist": _parse_decimal(_column(batch, "shape_dist_traveled")),
    }


def _parse_whole(text: pa.Array) -> np.ndarray:
    try:
        values = pc.cast(text, pa.int32()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        plain = pc.utf8_trim_whitespace(text).to_pandas()
        shaped = plain.where(plain.str.fullmatch(r"\d{1,9}"))
        values = pd.to_numeric(shaped).fillna(NO_SEQUENCE).to_numpy()
    values = values.astype(np.int32)
    return np.where(values < 0, NO_SEQUENCE, values).astype(np.int32)


def _parse_decimal(text: pa.Array) -> np.ndarray:
    if not pc.any(pc.not_equal(text, "")).as_py():
        return np.broadcast_to(np.float64(np.nan), len(text))  # most feeds have none: no memory for it
    try:
        return pc.cast(pc.if_else(pc.equal(text, ""), None, text), pa.float64()).to_numpy(
            zero_copy_only=False
        )
    except pa.ArrowInvalid:
        return pd.to_numeric(text.to_pandas(), errors="coerce").to_numpy(float)
