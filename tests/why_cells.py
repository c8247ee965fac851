"""The rows of the why table of a town, as plain values."""

from __future__ import annotations

from typing import Any

import pandas as pd

from data.areapack import AreaPack
from geo.engine import Engine
from geo.roundtrip import RoundTripSettings
from tests.proof import make_query


def rows(pack: AreaPack, settings: RoundTripSettings | None = None, **fields: Any) -> dict[str, dict]:
    """The why table's rows by category, nulls as None."""
    table = Engine(pack).why(make_query(**fields), settings, category=fields.pop("category", None))
    return {
        record["category"]: {name: None if pd.isna(value) else value for name, value in record.items()}
        for record in table.frame.to_dict("records")
    }


def only(pack: AreaPack, settings: RoundTripSettings | None = None, **fields: Any) -> dict:
    """The row of the clinic's category; any service's is the same but for its name."""
    found = rows(pack, settings, **fields)
    any_row, row = found.pop("*"), *found.values()
    for name in set(row) - {"category", "sentence"}:
        assert row[name] == any_row[name], name
    return row
