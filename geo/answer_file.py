"""What a command answered, as a file that says what made it, and a line that says it is written."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Mapping
from typing import Any

import pandas as pd

from data.calendars import say_bank_holiday
from data.manifest import Manifest
from geo.query import Query
from geo.write import build_metadata, write_table


def write_answer(
    options: argparse.Namespace, frame: pd.DataFrame, manifest: Manifest, title: str, *, query: Query,
    service_date: dt.date | None, columns: Mapping[str, str], round_trip: Mapping[str, Any] | None = None,
    times: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Write a table to ``options.out``.

    Parameters
    ----------
    manifest
        Of the pack that answered.
    columns
        What each column holds.
    round_trip
        What was asked of there and back (``geo.roundtrip_words.describe_round_trip``).
    times
        What the times of day are (``geo.timeofday.describe_times``).
    """
    metadata = build_metadata(
        manifest, title, query=query, service_date=service_date, today=dt.date.today(), columns=columns
    )
    if round_trip is not None:
        metadata["round_trip"] = dict(round_trip)
    if times is not None:
        metadata["times"] = dict(times)
    write_table(frame, options.out, metadata)
    if beware := say_bank_holiday(manifest, service_date or manifest.timetable.service_date):
        print(beware, file=sys.stderr)
    print(f"{len(frame):,} rows written to {options.out}", file=sys.stderr)
