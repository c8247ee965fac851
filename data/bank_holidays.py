"""Bank holidays of the United Kingdom, from a committed table and not from a clock or the network."""

from __future__ import annotations

import csv
import datetime as dt
from functools import cache
from pathlib import Path

from data.errors import UsageError

NATIONS = ("england_wales", "scotland", "northern_ireland")
TABLE = Path(__file__).with_name("bank_holidays.csv")


@cache
def load_bank_holidays(nation: str = "england_wales") -> frozenset[dt.date]:
    """Load the bank holidays of one nation.

    Parameters
    ----------
    nation
        One of NATIONS.

    Raises
    ------
    UsageError
        There is no such nation in the table.
    """
    if nation not in NATIONS:
        raise UsageError(f"nation {nation!r} has no bank holidays here; use one of {', '.join(NATIONS)}")
    with TABLE.open(encoding="utf-8", newline="") as handle:
        return frozenset(
            dt.date.fromisoformat(row["date"]) for row in csv.DictReader(handle) if row["nation"] == nation
        )
