"""Expand frequencies.txt: one trip for each departure that a headway stands for."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.errors import FeedError
from data.sources.gtfs_times import UNKNOWN, parse_times
from data.sources.gtfs_zip import FeedZip

FILE = "frequencies.txt"
MAX_NEW_CALLS = 20_000_000

Arrays = dict[str, np.ndarray]


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def expand_frequencies(feed: FeedZip, trips: pd.DataFrame, calls: Arrays) -> tuple[pd.DataFrame, Arrays]:
    """Put one trip for each departure in the place of the trips that frequencies.txt names.

    A copy leaves its first stop at start_time, start_time + headway, ... before
    end_time. Its id is the template's with '@HH:MM:SS', and '#2', '#3' where
    two lines of the file give the same departure. exact_times other than 1
    makes it approximate: the bus comes about that often.

    Parameters
    ----------
    trips
        The trips, a row each, as ``calls['trip']`` counts them.
    calls
        Repaired calls, sorted by trip and sequence.
    """
    if FILE not in feed or not feed.header(FILE):
        return trips, calls
    lines = _read_lines(feed, trips)
    if not len(lines):
        return trips, calls
    first = np.searchsorted(calls["trip"], np.arange(len(trips) + 1))
    template, start_s, approximate = _list_departures(feed, lines, np.diff(first))

    copies = trips.iloc[template].reset_index(drop=True)
    ids = [f"{trip}@{_clock(int(start))}" for trip, start in zip(copies["trip_id"], start_s, strict=True)]
    copies["trip_id"] = _make_unique(ids, set(trips["trip_id"]))
    copies["approximate"] = approximate
    is_template = np.zeros(len(trips), bool)
    is_template[template] = True
    feed.log.add(
        "frequencies_expanded",
        "note",
        len(copies),
        f"trips made from the headways of {int(is_template.sum())}; {int(approximate.sum())} are approximate",
        trips["trip_id"][is_template],
        file=FILE,
    )
    expanded = _copy_calls(calls, first, template, start_s, is_template)
    return pd.concat([trips[~is_template], copies], ignore_index=True), expanded


def _read_lines(feed: FeedZip, trips: pd.DataFrame) -> pd.DataFrame:
    """Lines of trips that are there, with start_s, end_s, headway_s and template (row of the trip)."""
    table = feed.read(FILE, ("trip_id", "start_time", "end_time", "headway_secs", "exact_times"))
    lines = table.to_pandas()
    lines["start_s"], lines["end_s"] = (
        parse_times(table[name].combine_chunks())[0] for name in ("start_time", "end_time")
    )
    headway = pd.to_numeric(lines["headway_secs"].where(lines["headway_secs"].str.fullmatch(r"\d{1,6}")))
    lines["headway_s"] = headway.fillna(0).astype(int)
    position = pd.Series(np.arange(len(trips)), index=trips["trip_id"])
    # Trips that the area's clip left out are no fault: only the well-formed lines of kept trips count on.
    lines["template"] = lines["trip_id"].map(position)
    lines = lines[lines["template"].notna()].astype({"template": int})
    bad = (lines["start_s"] == UNKNOWN) | (lines["end_s"] <= lines["start_s"]) | (lines["headway_s"] <= 0)
    feed.log.add(
        "frequency_malformed",
        "dropped",
        bad.sum(),
        "lines with a time or headway that can't be; left out",
        lines["trip_id"][bad],
        file=FILE,
    )
    return lines[~bad]


def _list_departures(
    feed: FeedZip, lines: pd.DataFrame, calls_of: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each trip to be made its template, when it starts, and whether that is about so, in order of both.

    Raises
    ------
    FeedError
        There are more than can be meant.
    """
    span_s = (lines["end_s"] - lines["start_s"]).to_numpy(np.int64)
    count = -(-span_s // lines["headway_s"].to_numpy(np.int64))
    new_calls = int((count * calls_of[lines["template"].to_numpy()]).sum())
    if new_calls > MAX_NEW_CALLS:
        raise FeedError(
            f"{feed.path.name}: {FILE} stands for {new_calls:,} calls; over {MAX_NEW_CALLS:,} can't be meant"
        )
    template = np.repeat(lines["template"].to_numpy(), count)
    nth = np.arange(len(template)) - np.repeat(np.cumsum(count) - count, count)
    start_s = np.repeat(lines["start_s"].to_numpy(), count) + nth * np.repeat(
        lines["headway_s"].to_numpy(), count
    )
    approximate = np.repeat((lines["exact_times"] != "1").to_numpy(), count)
    order = np.lexsort((start_s, template))
    return template[order], start_s[order], approximate[order]


def _copy_calls(
    calls: Arrays, first: np.ndarray, template: np.ndarray, start_s: np.ndarray, is_template: np.ndarray
) -> Arrays:
    """Calls of the trips that stay, and after them those of the copies, which start at other times."""
    kept = np.flatnonzero(~is_template)
    renumbered = np.full(len(is_template), -1, np.int32)
    renumbered[kept] = np.arange(len(kept))
    stays = ~is_template[calls["trip"]]
    rows = np.concatenate([np.arange(first[trip], first[trip + 1]) for trip in template])
    n_calls = np.diff(first)[template]
    shift = np.repeat(start_s - calls["departure_s"][first[template]], n_calls)
    expanded = {name: np.concatenate([values[stays], values[rows]]) for name, values in calls.items()}
    n_kept = int(stays.sum())
    expanded["trip"] = np.concatenate(
        [
            renumbered[calls["trip"][stays]],
            np.repeat(len(kept) + np.arange(len(template)), n_calls),
        ]
    ).astype(np.int32)
    for name in ("arrival_s", "departure_s"):
        expanded[name][n_kept:] += shift.astype(np.int32)
    return expanded


def _make_unique(ids: list[str], taken: set[str]) -> list[str]:
    seen = set(taken)
    unique = []
    for base in ids:
        name, number = base, 1
        while name in seen:
            number += 1
            name = f"{base}#{number}"
        seen.add(name)
        unique.append(name)
    return unique
