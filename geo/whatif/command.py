"""The command ``python -m geo whatif``: the difference that a scenario makes, as a file."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import UsageError
from data.packio import load_pack
from geo.engine import Engine
from geo.gap import ANY_CATEGORY
from geo.names import clean_name
from geo.options import (
    add_query_options,
    add_round_trip_options,
    check_there_and_back,
    day_from_options,
    describe_trip_options,
    query_from_options,
    trip_from_options,
)
from geo.whatif.words import say_outside
from geo.write import TABLE_SUFFIXES, build_metadata, check_target, write_table

MOST_TOLD = 6

if TYPE_CHECKING:
    import pandas as pd

    from geo.whatif.difference import WhatIf


def add_whatif_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.parquet|.csv")
    parser.add_argument(
        "--pairs",
        type=Path,
        metavar="FILE.parquet|.csv",
        help="also every neighbourhood and service that differs",
    )
    add_round_trip_options(parser, switch=True)
    add_query_options(parser, percentiles=False)


def run_whatif(options: argparse.Namespace) -> None:
    """Answer with and without the scenario, and write who gains and who loses."""
    from geo.whatif.difference import DIFFERENCE_COLUMNS, PAIR_COLUMNS, compare_pairs, compute_what_if

    if options.scenario is None:
        raise UsageError("whatif needs a scenario: --scenario FILE.toml (docs/scenarios.md).")
    check_there_and_back(options)
    check_target(options.out, TABLE_SUFFIXES)
    if options.pairs is not None:
        check_target(options.pairs, TABLE_SUFFIXES)
    query = query_from_options(options)
    engine = Engine(load_pack(options.pack))
    settings = trip_from_options(options) if options.there_and_back else None
    day = day_from_options(options)
    found = compute_what_if(engine, query, settings=settings, day=day)
    asked = None if settings is None else describe_trip_options(options)

    def metadata(title: str, columns: dict[str, str]) -> dict[str, object]:
        facts = build_metadata(
            engine.pack.manifest.model_copy(update={"notes": found.changed.pack.manifest.notes}), title,
            query=query, service_date=found.after.service_date, today=dt.date.today(), columns=columns,
        )  # fmt: skip
        return facts | ({"round_trip": asked} if asked else {})

    assert query.scenario is not None
    write_table(found.frame, options.out, metadata(f"What if: {query.scenario.name}", DIFFERENCE_COLUMNS))
    if options.pairs is not None:
        pairs = compare_pairs(engine.pack, found.changed.pack, found.before, found.after)
        title = f"What if: {query.scenario.name}, neighbourhoods and services that differ"
        write_table(pairs, options.pairs, metadata(title, PAIR_COLUMNS))
    print(f"{len(found.frame):,} rows written to {options.out}\n{describe_totals(found)}", file=sys.stderr)
    if (outside := say_outside(found.list_outside())) is not None:
        print(f"note: {outside}", file=sys.stderr)


def describe_totals(found: WhatIf) -> str:
    """The whole area in a line a kind, and under it the categories with most people who gain or lose."""
    frame = found.frame
    rows = frame[(frame["level"] == "area") & (frame["group_id"] == "all")]
    lines = []
    for kind, own in rows.groupby("kind", sort=False):
        every = own[own["category"] == ANY_CATEGORY].iloc[0]
        lines.append(f"any {kind}: {_say_row(every)}")
        moved = (own["gained"] + own["lost"]).round()
        differ = own[(own["category"] != ANY_CATEGORY) & (moved > 0)]
        differ = differ.loc[moved[differ.index].sort_values(ascending=False, kind="stable").index]
        lines += [
            f"  {clean_name(row['category'])}: {_say_row(row)}"
            for _, row in differ.head(MOST_TOLD).iterrows()
        ]
        if len(differ) > MOST_TOLD:
            lines.append(f"  and {len(differ) - MOST_TOLD} more, in the file")
    return "\n".join(lines)


def _say_row(row: pd.Series) -> str:
    return (
        f"{row['gained']:,.0f} people gain reach, {row['lost']:,.0f} lose it "
        f"({row['in_reach_before']:,.0f} before, {row['in_reach_after']:,.0f} after, "
        f"{row['not_known_after']:,.0f} not known{_say_assumed(row)})"
    )


def _say_assumed(row: pd.Series) -> str:
    """How many of a row's people rest on assumed times alone; empty where nobody does."""
    before, after = row["in_reach_assumed_before"], row["in_reach_assumed_after"]
    if not (before > 0 or after > 0):
        return ""
    return f"; only by assumed times {before:,.0f} before, {after:,.0f} after"
