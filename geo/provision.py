"""What each neighbourhood has of each category: number in reach, nearest and third nearest."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.areapack import AreaPack
from data.errors import PackError
from data.venues import list_whole_services
from geo.gap import list_categories
from geo.profile import NONE
from geo.reach import to_nullable
from geo.tables import ReachTable


def compute_provision(neighbourhoods: ReachTable, pack: AreaPack) -> pd.DataFrame:
    """Count and rank services in reach, neighbourhood x category.

    Parameters
    ----------
    neighbourhoods : ReachTable
        By neighbourhood.

    Returns
    -------
    DataFrame
        ``neighbourhood_id, kind, category, services`` (of the category, at a
        venue), ``in_reach`` (of them in reach, by the class of most people),
        ``nearest_s`` and ``third_nearest_s`` (best durations of those in reach,
        Int32, null where there are fewer). A service at several venues is one,
        reached at its nearest.

    Raises
    ------
    PackError
        The pack has no services.
    """
    if pack.services is None:
        raise PackError("The pack has no services or places.")
    frame = neighbourhoods.frame
    hoods = frame["origin_id"].drop_duplicates()
    m = len(frame) // max(1, len(hoods))
    ids = frame["service_id"].to_numpy(object)[:m]
    categories, members = list_categories(pack.services, ids)
    reached = frame["reach_class"].isin(neighbourhoods.query.reached_classes).to_numpy().reshape(-1, m)
    best_s = frame["best_duration_s"].to_numpy(np.int32, na_value=NONE).reshape(-1, m)
    best_s = np.where(reached, best_s, NONE)
    own = pack.services.set_index("service_id").loc[ids].reset_index()
    whole = pd.factorize(list_whole_services(own))[0]
    if len(set(whole)) < m:
        order = np.argsort(whole, kind="stable")
        first = np.flatnonzero(np.diff(whole[order], prepend=-1))
        best_s = np.minimum.reduceat(best_s[:, order], first, axis=1)
        reached = np.logical_or.reduceat(reached[:, order], first, axis=1)
        members = members[:, order][:, first]
    parts = []
    for row, member in zip(categories.to_dict("records"), members, strict=True):
        ranked = np.sort(best_s[:, member], axis=1)
        third = ranked[:, 2] if ranked.shape[1] > 2 else np.full(len(ranked), NONE, np.int32)
        parts.append(
            pd.DataFrame(
                {
                    "neighbourhood_id": hoods.array,
                    **row,
                    "in_reach": reached[:, member].sum(axis=1),
                    "nearest_s": to_nullable(np.ascontiguousarray(ranked[:, 0])),
                    "third_nearest_s": to_nullable(np.ascontiguousarray(third)),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
