"""From origin points to neighbourhoods: classes of most people, weighted medians and shares.

Definitions: docs/methods.md, "People".
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.areapack import AreaPack
from data.errors import PackError
from geo.profile import NONE
from geo.reach import to_nullable
from geo.tables import CLASSES, PEOPLE_COLUMN, REASONS, ReachTable, RoundTripTable

# Sums of weights are compared after rounding, so that ties do not depend on the order of sums.
WEIGHT_DECIMALS = 9
_REACHED = ("walk", "one_bus")


def compute_neighbourhood_reach(points: ReachTable, pack: AreaPack) -> ReachTable:
    """Weight the rows of origin points into one row per (neighbourhood, service).

    A row has the class that most of the neighbourhood's weight has, and of the
    points of that class the reason that most of their weight has; of equals the
    first in the order of ``CLASSES`` and ``REASONS``. Each time is the weighted
    median over all points, unreached counting as infinite; medians of parts need
    not sum to the median of the whole. ``share_in_reach`` is the weighted mean
    over the people whose reach is known, ``infrequent`` holds when it does for
    most of the weight that is in reach.

    Raises
    ------
    PackError
        The pack has no origin points, or the table is of other points.
    """
    frame = points.frame
    order, weight, hood, hood_ids = weigh_points(points, pack)
    n, n_hoods = len(weight), len(hood_ids)
    m = len(frame) // max(1, n)

    def by_point(values: np.ndarray) -> np.ndarray:
        """A column as [point, service], points of a neighbourhood side by side."""
        return values.reshape(n, m)[order]

    reach_class = by_point(frame["reach_class"].cat.codes.to_numpy())
    reason = by_point(frame["reason"].cat.codes.to_numpy())

    def total(values: np.ndarray) -> np.ndarray:
        """Sum over the points of each neighbourhood, weighted: float64[hoods, m]."""
        return sum_rows(values * weight[:, None], hood, n_hoods)

    of_class = np.stack([total(reach_class == code) for code in range(len(CLASSES))])
    main_class = np.argmax(np.round(of_class, WEIGHT_DECIMALS), axis=0).astype(np.int8)
    in_main_class = reach_class == main_class[hood]
    of_reason = np.stack([total(in_main_class & (reason == code)) for code in range(len(REASONS))])
    main_reason = np.argmax(np.round(of_reason, WEIGHT_DECIMALS), axis=0).astype(np.int8)
    reached_codes = [CLASSES.index(name) for name in _REACHED]
    main_reason[np.isin(main_class, reached_codes)] = -1

    reached = np.isin(reach_class, reached_codes)
    share_of_people = total(reached)
    infrequent = by_point(frame["infrequent"].to_numpy())
    columns: dict[str, object] = {
        "origin_id": pd.array(hood_ids, dtype="str").take(np.repeat(np.arange(n_hoods), m)),
        "service_id": frame["service_id"].array[:m].take(np.tile(np.arange(m), n_hoods)),
        "reach_class": pd.Categorical.from_codes(main_class.ravel(), pd.Index(CLASSES)),
        "reason": pd.Categorical.from_codes(main_reason.ravel(), pd.Index(REASONS)),
    }
    for name in frame.columns:
        if name.endswith("_s"):
            values = by_point(frame[name].to_numpy(np.int32, na_value=NONE))
            columns[name] = to_nullable(weighted_medians(values, weight, hood, n_hoods))
    # The mean over the people whose reach is known; null, and never zero, where it is nobody's.
    share = by_point(frame["share_in_reach"].to_numpy())
    known = total(~np.isnan(share))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_share = np.where(known > 0, total(np.nan_to_num(share)) / known, np.nan)
    columns["share_in_reach"] = as_share(mean_share).ravel()
    columns["infrequent"] = (
        (np.round(2 * total(infrequent) - share_of_people, WEIGHT_DECIMALS) >= 0)
        & np.isin(main_class, reached_codes)
        & (total(infrequent) > 0)
    ).ravel()
    columns[PEOPLE_COLUMN] = np.where(known > 0, as_share(share_of_people), np.nan).ravel()
    return ReachTable(
        pd.DataFrame(columns, copy=False),
        "neighbourhood",
        points.query,
        points.service_date,
        points.area_id,
        points.pack_digest,
    )


def weighted_medians(values: np.ndarray, weight: np.ndarray, hood: np.ndarray, n_hoods: int) -> np.ndarray:
    """Find, per neighbourhood and column, the smallest value that half of the weight does not pass.

    Parameters
    ----------
    values : int32[n, m], ``NONE`` counting as infinite
    weight : float64[n]
    hood : int[n], the neighbourhood of each row, in blocks of equal numbers from 0 up

    Returns
    -------
    int32[n_hoods, m], ``NONE`` where the median is infinite
    """
    medians = np.full((n_hoods, values.shape[1]), NONE, np.int32)
    first = np.searchsorted(hood, np.arange(n_hoods + 1))
    sizes = np.diff(first)
    # Neighbourhoods with equally many points are stacked and sorted together.
    for size in np.unique(sizes[sizes > 0]):
        hoods = np.flatnonzero(sizes == size)
        rows = first[hoods][:, None] + np.arange(size)
        stacked = values[rows]  # [hoods, size, m]
        if size == 1:
            medians[hoods] = stacked[:, 0]
            continue
        order = np.argsort(stacked, axis=1, kind="stable")
        running = np.cumsum(weight[rows][np.arange(len(hoods))[:, None, None], order], axis=1)
        half = running[:, -1:, :] / 2
        at = np.argmax(running >= half - 10.0**-WEIGHT_DECIMALS, axis=1)[:, None, :]
        medians[hoods] = np.take_along_axis(np.take_along_axis(stacked, order, axis=1), at, axis=1)[:, 0]
    return medians


def sum_rows(values: np.ndarray, hood: np.ndarray, n_hoods: int) -> np.ndarray:
    """Sum the rows of each neighbourhood (numbers in blocks from 0 up): [hoods, m]."""
    first = np.searchsorted(hood, np.arange(n_hoods))
    if not len(values):
        return np.zeros((n_hoods, values.shape[1]))
    return np.add.reduceat(values, first, axis=0)


def as_share(values: np.ndarray) -> np.ndarray:
    """Sums of weights as shares: whole where rounding alone kept them from it."""
    return np.clip(np.round(values, 12), 0.0, 1.0)


def weigh_points(
    points: ReachTable | RoundTripTable, pack: AreaPack
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Order that puts a neighbourhood's points side by side; weights and numbers in it; ids by number."""
    own = pack.origin_points
    if own is None or own.empty:
        raise PackError("The pack has no origin points: reach by neighbourhood needs them.")
    rows = find_points(points, own)
    number, hood_ids = pd.factorize(own["neighbourhood_id"].to_numpy(object)[rows])
    order = np.argsort(number, kind="stable")
    return (
        order,
        own["weight"].to_numpy(np.float64)[rows][order],
        number[order],
        [str(one) for one in hood_ids],
    )


def find_points(points: ReachTable | RoundTripTable, own: pd.DataFrame) -> np.ndarray:
    """Find the row in the pack's origin points of each origin of a table by point.

    Raises
    ------
    PackError
        An origin is none of the pack's.
    """
    ids = points.frame["origin_id"].to_numpy(object)
    changes = np.flatnonzero(ids[1:] != ids[:-1]) + 1  # all services of an origin stand together
    row_of = {point: row for row, point in enumerate(own["point_id"])}
    strangers = [one for one in ids[np.append(0, changes)] if one not in row_of] if len(ids) else []
    if strangers:
        raise PackError("Origins that are none of the pack's points:", strangers[:20])
    return np.array([row_of[one] for one in ids[np.append(0, changes)]] if len(ids) else [], np.int64)
