"""Read GTFS clock times and dates from text, a column at a time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

UNKNOWN = -1
"""Stands for 'no time' inside the importer; none is left when it returns."""

_CLOCK = r"^(?P<h>[0-9]{1,3}):(?P<m>[0-5][0-9]):(?P<s>[0-5][0-9])$"
_DATE = r"^[0-9]{8}$"


def parse_times(values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Turn 'HH:MM:SS' into seconds; hours may have one digit and pass 24.

    Only distinct values are parsed: a feed of millions of calls has a few
    thousand of them.

    Parameters
    ----------
    values
        Strings, shape (n,).

    Returns
    -------
    seconds
        int32[n], UNKNOWN where blank or malformed.
    malformed
        bool[n], true where there is text that is no time ('10:15:00am').
    """
    encoded = values.dictionary_encode()
    texts = pc.utf8_trim_whitespace(encoded.dictionary)
    parts = pc.extract_regex(texts, _CLOCK)
    hours, minutes, seconds = (
        pc.fill_null(pc.cast(pc.struct_field(parts, name), pa.int32()), UNKNOWN).to_numpy(
            zero_copy_only=False
        )
        for name in "hms"
    )
    matched = pc.is_valid(parts).to_numpy(zero_copy_only=False)
    total = np.where(matched, hours * 3600 + minutes * 60 + seconds, UNKNOWN).astype(np.int32)
    bad = ~matched & pc.not_equal(texts, "").to_numpy(zero_copy_only=False)
    rows = encoded.indices.to_numpy(zero_copy_only=False)
    return total[rows], bad[rows]


def parse_dates(values: pd.Series) -> pd.Series:
    """Turn 'YYYYMMDD' into datetime64[s]; NaT where it is no date."""
    shaped = values.where(values.str.fullmatch(_DATE[1:-1]))
    return pd.to_datetime(shaped, format="%Y%m%d", errors="coerce").astype("datetime64[s]")
