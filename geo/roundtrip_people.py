"""Round trips from origin points to neighbourhoods: what most people's verdict is, and medians."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from data.areapack import AreaPack
from geo.people import WEIGHT_DECIMALS, as_share, sum_rows, weigh_points, weighted_medians
from geo.profile import NONE
from geo.reach import to_nullable
from geo.tables import REASONS, ROUNDTRIP_PEOPLE_COLUMN, VERDICTS, RoundTripTable

_OF_SESSION = (
    "service_id",
    "session_id",
    "session_kind",
    "session_date",
    "session_hours",
    "service_date",
    "note",
)
_OF_ONE_POINT = ("outward_by", "outward_route", "return_by", "return_route", "text")


def compute_neighbourhood_round_trips(points: RoundTripTable, pack: AreaPack) -> RoundTripTable:
    """Weight the rows of origin points into one row per (neighbourhood, session).

    A row has the verdict that most of the neighbourhood's weight has and, of the
    points of that verdict, the reason that most of their weight has; of equals
    the first in the order of ``VERDICTS`` and ``REASONS``. Each number is the
    weighted median over all points, none counting as infinite. Buses and words
    are those of the heaviest point with that verdict and reason.

    Raises
    ------
    PackError
        The pack has no origin points, or the table is of other points.
    """
    frame = points.frame
    order, weight, hood, hood_ids = weigh_points(points, pack)
    n, n_hoods = len(weight), len(hood_ids)
    k = len(frame) // max(1, n)

    def by_point(values: np.ndarray) -> np.ndarray:
        return values.reshape(n, k)[order]

    def total(values: np.ndarray) -> np.ndarray:
        return np.round(sum_rows(values * weight[:, None], hood, n_hoods), WEIGHT_DECIMALS)

    verdict = by_point(frame["verdict"].cat.codes.to_numpy())
    reason = by_point(frame["reason"].cat.codes.to_numpy())
    of_verdict = np.stack([total(verdict == code) for code in range(len(VERDICTS))])
    main_verdict = np.argmax(of_verdict, axis=0).astype(np.int8)
    in_main = verdict == main_verdict[hood]
    of_reason = np.stack([total(in_main & (reason == code)) for code in range(len(REASONS))])
    main_reason = np.where(of_reason.max(axis=0) > 0, np.argmax(of_reason, axis=0), -1).astype(np.int8)
    works = np.isin(verdict, [VERDICTS.index(name) for name in ("yes", "assumed_yes")])

    # Row (in the table by point) of the point that speaks for each neighbourhood and session.
    alike = in_main & (reason == main_reason[hood])
    first = np.searchsorted(hood, np.arange(n_hoods + 1))
    speaker = np.stack(
        [
            order[a + np.argmax(np.where(alike[a:b], weight[a:b, None], -1.0), axis=0)]
            if b > a
            else np.zeros(k, int)
            for a, b in itertools.pairwise(first)
        ]
    ) * k + np.arange(k)
    columns: dict[str, object] = {
        "origin_id": pd.array(hood_ids, dtype="str").take(np.repeat(np.arange(n_hoods), k)),
        "verdict": pd.Categorical.from_codes(main_verdict.ravel(), pd.Index(VERDICTS)),
        "reason": pd.Categorical.from_codes(main_reason.ravel(), pd.Index(REASONS)),
    }
    for name in frame.columns:
        if name in _OF_SESSION or name in ("session_start_s", "session_end_s"):
            columns[name] = frame[name].array[:k].take(np.tile(np.arange(k), n_hoods))
        elif name in _OF_ONE_POINT:
            columns[name] = frame[name].array.take(speaker.ravel())
        elif name.endswith("_s") or name == "later_buses_home":
            values = by_point(frame[name].to_numpy(np.int32, na_value=NONE))
            columns[name] = to_nullable(weighted_medians(values, weight, hood, n_hoods))
    known = total(verdict != VERDICTS.index("not_known"))
    share = np.where(known > 0, as_share(total(works)), np.nan)  # missing is never zero
    columns[ROUNDTRIP_PEOPLE_COLUMN] = share.ravel()
    table = pd.DataFrame(columns, copy=False)[[*frame.columns, ROUNDTRIP_PEOPLE_COLUMN]]
    return RoundTripTable(
        table, "neighbourhood", points.query, points.early_s, points.linger_s, points.stay_s,
        points.area_id, points.pack_digest,
    )  # fmt: skip
