"""This engine's walking legs, changed into those of a peer's rules."""

from __future__ import annotations

import numpy as np

from geo.legs import Legs, leg_seconds


def join_by_stops(direct: Legs, access: Legs, egress: Legs, in_feed: np.ndarray) -> Legs:
    """Walk as the peers do: all the way within a leg, or by way of a stop without a ride."""

    def dense(legs: Legs, columns: int) -> np.ndarray:
        table = np.full((len(legs.indptr) - 1, columns), np.inf, np.float32)
        table[np.repeat(np.arange(len(table)), np.diff(legs.indptr)), legs.target] = legs.length_mm
        return table

    to_stops, from_stops = dense(access, len(in_feed)), dense(egress, len(in_feed))
    walk = dense(direct, len(from_stops))
    for row in range(len(walk)):
        near = np.flatnonzero(np.isfinite(to_stops[row]) & in_feed)
        if len(near):
            walk[row] = np.minimum(walk[row], (to_stops[row, near] + from_stops[:, near]).min(axis=1))
    row, column = np.nonzero(np.isfinite(walk))
    first = np.concatenate(([0], np.cumsum(np.bincount(row, minlength=len(walk)))))
    return Legs(first, column.astype(np.int32), walk[row, column].astype(np.int32))


def round_to_minutes(legs: Legs, speed_mm_per_h: int) -> Legs:
    """Lengthen each leg to a whole number of minutes."""
    a_minute_mm = speed_mm_per_h // 60
    return Legs(legs.indptr, legs.target, (-(-legs.length_mm // a_minute_mm) * a_minute_mm).astype(np.int32))


def keep_nearest(legs: Legs, in_feed: np.ndarray, count: int) -> Legs:
    """Keep the walks from each point to the nearest stops of the feed only."""
    row = np.repeat(np.arange(len(legs.indptr) - 1), np.diff(legs.indptr))
    known = in_feed[legs.target]
    row, target, length = row[known], legs.target[known], legs.length_mm[known]
    order = np.lexsort((length, row))
    place = np.empty(len(row), np.int64)
    place[order] = np.arange(len(row)) - np.searchsorted(row, row)[order]
    kept = place < count
    first = np.concatenate(([0], np.cumsum(np.bincount(row[kept], minlength=len(legs.indptr) - 1))))
    return Legs(first, target[kept], length[kept])


def add_footpaths(legs: Legs, between: Legs, in_feed: np.ndarray) -> Legs:
    """Reach further stops by walking on from the stops that the legs lead to."""
    points, stops = len(legs.indptr) - 1, len(between.indptr) - 1
    reached: list[np.ndarray] = []
    lengths: list[np.ndarray] = []
    for point in range(points):
        row = np.full(stops, np.iinfo(np.int32).max, np.int64)
        for slot in range(int(legs.indptr[point]), int(legs.indptr[point + 1])):
            stop, length = int(legs.target[slot]), int(legs.length_mm[slot])
            if not in_feed[stop]:
                continue
            row[stop] = min(row[stop], length)
            onward = slice(int(between.indptr[stop]), int(between.indptr[stop + 1]))
            further = between.target[onward]
            row[further] = np.minimum(row[further], length + between.length_mm[onward])
        found = np.flatnonzero((row < np.iinfo(np.int32).max) & in_feed)
        reached.append(found.astype(np.int32))
        lengths.append(row[found].astype(np.int32))
    first = np.concatenate(([0], np.cumsum([len(found) for found in reached]))).astype(np.int64)
    return Legs(first, np.concatenate(reached), np.concatenate(lengths))


def keep_to_last_piece(legs: Legs, last_mm: np.ndarray, limit_mm: int) -> Legs:
    """Keep the walks whose last piece of street begins within the limit, wherever it ends.

    ``last_mm``: length of the piece that each target stands at the end of.
    """
    kept = legs.length_mm - last_mm[legs.target] <= limit_mm
    first = np.concatenate(([0], np.cumsum(kept)))[legs.indptr]
    return Legs(first.astype(np.int64), legs.target[kept], legs.length_mm[kept])


def legs_of(legs: Legs, row: int, speed_mm_per_h: int) -> dict[int, int]:
    """Seconds to each stop (row of the pack's stops) that a point has a leg to."""
    part = slice(int(legs.indptr[row]), int(legs.indptr[row + 1]))
    return dict(
        zip(
            legs.target[part].tolist(),
            leg_seconds(legs.length_mm[part], speed_mm_per_h).tolist(),
            strict=True,
        )
    )


def list_walks(legs: Legs, number_of: np.ndarray, speed_mm_per_h: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Each row's targets by another numbering, and seconds; targets without a number (-1) are left out."""
    seconds = leg_seconds(legs.length_mm, speed_mm_per_h).astype(np.int64)
    listed = []
    for start, end in zip(legs.indptr[:-1].tolist(), legs.indptr[1:].tolist(), strict=True):
        numbers = number_of[legs.target[start:end]]
        listed.append((numbers[numbers >= 0], seconds[start:end][numbers >= 0]))
    return listed
