"""Leave out the calls that can't be used, repair times, and drop trips that no one can ride.

What is done, in this order: calls at unknown or unplaced stops and without a
sequence go; calls are sorted; a call told twice goes; one-sided times are
filled; calls before the first and after the last time go; 24 hours are added
where a trip passes midnight; trips that step backwards go; blank times are
interpolated; trips with fewer than two calls go.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from data.manifest import Severity
from data.sources.faultlog import MAX_EXAMPLES, FaultLog
from data.sources.gtfs_repair import add_day_at_wrap, fill_one_sided, find_uninterpolable, interpolate_blanks
from data.sources.gtfs_stop_times import FILE, NO_SEQUENCE, pick_rows
from data.sources.gtfs_times import UNKNOWN

Arrays = dict[str, np.ndarray]


def clean_calls(
    trips: pd.DataFrame, stops: pd.DataFrame, calls: Arrays, log: FaultLog, *, complete: bool
) -> tuple[pd.DataFrame, Arrays]:
    """Turn the calls as read into calls that can be ridden.

    Parameters
    ----------
    trips
        Trips of the file, a row each, as ``calls['trip']`` counts them.
    stops
        As ``read_stops`` gives them, a row each, as ``calls['stop']`` counts them.
    calls
        As ``read_stop_times`` gives them. The dictionary is emptied: a region's calls are too many to
        be held twice.
    log
        Where faults go.
    complete
        No clip was made: a trip without calls is a fault and not just elsewhere.

    Returns
    -------
    trips, calls
        The trips that are left; calls sorted by trip (renumbered) and sequence,
        with ``interpolated`` added and every time known.
    """
    trip_id = trips["trip_id"].to_numpy()
    x, y = stops["x"].to_numpy(), stops["y"].to_numpy()

    def note(code: str, severity: Severity, rows: np.ndarray, message: str) -> None:
        """Count marked calls, with the trips of the first as examples."""
        examples = trip_id[calls["trip"][np.flatnonzero(rows)[: 10 * MAX_EXAMPLES]]]
        log.add(code, severity, int(rows.sum()), message, examples, file=FILE)

    def note_trips(
        code: str, severity: Severity, which: Iterable[int], message: str, file: str = FILE
    ) -> None:
        rows = list(which)
        log.add(code, severity, len(rows), message, trip_id[rows[:MAX_EXAMPLES]], file=file)

    reached = np.bincount(calls["trip"], minlength=len(trips)) > 0
    given, calls = calls, dict(calls)
    given.clear()
    if complete:
        note_trips(
            "trip_without_calls",
            "dropped",
            np.flatnonzero(~reached),
            "trips that stop_times.txt says nothing of",
            "trips.txt",
        )
    calls = _take(calls, (calls["stop"] >= 0) & (calls["sequence"] != NO_SEQUENCE))
    unplaced = ~np.isfinite(x)[calls["stop"]]
    note(
        "call_without_place",
        "dropped",
        unplaced,
        "calls at stops without a place; the trip is kept where two calls remain",
    )
    calls = _take(calls, ~unplaced)
    at_station = (stops["location_type"].to_numpy() != 0)[calls["stop"]]
    note(
        "call_at_station",
        "repaired",
        at_station,
        "calls at a station or entrance and not at a stop; read as a stop at that place",
    )
    calls = _sort(calls)
    again, same_sequence = _find_repeated(calls)
    note("call_repeated", "dropped", again, "calls with the stop and stop_sequence of the call before")
    note(
        "stop_sequence_repeated",
        "note",
        same_sequence & ~again,
        "calls with the stop_sequence of another call of the trip; taken in the file's order",
    )
    calls = _take(calls, ~again)
    for name in ("arrival_s", "departure_s"):
        calls[name] = np.require(calls[name], requirements="W")  # times are repaired in place below
    log.add(
        "time_one_sided",
        "repaired",
        fill_one_sided(calls["arrival_s"], calls["departure_s"]),
        "calls with only an arrival or only a departure; one stands for both",
        file=FILE,
    )
    endless = find_uninterpolable(calls["trip"], calls["arrival_s"])
    note(
        "time_missing_at_end",
        "dropped",
        endless,
        "calls before the first or after the last known time of their trip",
    )
    calls = _take(calls, ~endless)
    wrapped, backwards = add_day_at_wrap(calls["trip"], calls["arrival_s"], calls["departure_s"])
    note_trips(
        "trip_wraps_midnight",
        "repaired",
        wrapped,
        "trips that start again at 00:xx after midnight; 24 hours added from there",
    )
    note_trips(
        "trip_steps_backwards",
        "dropped",
        backwards,
        "trips with a call earlier than the one before, other than by passing midnight",
    )
    steps_back = np.zeros(len(trips), bool)
    steps_back[backwards] = True
    calls = _take(calls, ~steps_back[calls["trip"]])
    blank, by_shape = calls["arrival_s"] == UNKNOWN, 0
    if blank.any():
        blank, by_shape = interpolate_blanks(
            calls["trip"],
            calls["arrival_s"],
            calls["departure_s"],
            x[calls["stop"]],
            y[calls["stop"]],
            calls["shape_dist"] if np.isfinite(calls["shape_dist"]).any() else None,
        )
    calls["interpolated"] = blank
    note(
        "time_interpolated",
        "repaired",
        blank,
        f"blank times filled in by distance along the trip: {by_shape:,} by shape_dist_traveled, "
        f"{int(blank.sum()) - by_shape:,} by straight lines between stops",
    )
    count = np.bincount(calls["trip"], minlength=len(trips))
    short = reached & (count < 2)
    short[backwards] = False
    note_trips(
        "trip_too_short",
        "dropped",
        np.flatnonzero(short),
        "trips with fewer than two usable calls; no one can ride them",
    )
    kept = count >= 2
    calls = _take(calls, kept[calls["trip"]])
    calls["trip"] = (np.cumsum(kept) - 1)[calls["trip"]].astype(np.int32)
    return trips[kept].reset_index(drop=True), calls


def _take(calls: Arrays, rows: np.ndarray) -> Arrays:
    """Keep the marked calls and empty what was given, so that no more than one column is held twice.

    A feed without faults is never copied.
    """
    if rows.all():
        return calls
    return {name: pick_rows(calls.pop(name), rows) for name in list(calls)}


def _sort(calls: Arrays) -> Arrays:
    trip, sequence = calls["trip"], calls["sequence"]
    # Nearly every feed is sorted already; looking costs bits where sorting costs numbers of 8 bytes a call.
    if ((trip[1:] > trip[:-1]) | ((trip[1:] == trip[:-1]) & (sequence[1:] >= sequence[:-1]))).all():
        return calls
    order = np.lexsort((calls["sequence"], calls["trip"]))
    return {name: calls.pop(name)[order] for name in list(calls)}


def _find_repeated(calls: Arrays) -> tuple[np.ndarray, np.ndarray]:
    """Mark calls that repeat the one before (trip, sequence and stop), and those with its sequence."""
    same = np.zeros(len(calls["trip"]), bool)
    same[1:] = (np.diff(calls["trip"]) == 0) & (np.diff(calls["sequence"]) == 0)
    again = same.copy()
    again[1:] &= np.diff(calls["stop"]) == 0
    return again, same
