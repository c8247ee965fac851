"""python -m geo why: what would bring a category within reach of people who have none."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

from data.packio import load_pack
from geo.engine import Engine
from geo.options import (
    add_query_options,
    add_round_trip_options,
    day_from_options,
    describe_trip_options,
    query_from_options,
    trip_from_options,
)
from geo.progress_bar import progress_bar
from geo.tables import WHY_COLUMNS
from geo.write import TABLE_SUFFIXES, build_metadata, check_target, write_table


def add_why_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the question."""
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.parquet|.csv")
    parser.add_argument("--place", metavar="ID|NAME", help="one neighbourhood only")
    parser.add_argument("--kind", choices=("service", "place"), help="services only, or places only")
    parser.add_argument("--category", metavar="NAME", help="one category only; '*' is any")
    add_round_trip_options(parser, switch=True)
    add_query_options(parser, percentiles=False)


def run_why(options: argparse.Namespace) -> None:
    """Run the command."""
    check_target(options.out, TABLE_SUFFIXES)
    query = query_from_options(options)
    trip, day = trip_from_options(options), day_from_options(options)
    pack = load_pack(options.pack)
    with progress_bar("why") as progress:
        table = Engine(pack).why(
            query, trip if options.there_and_back else None, day=day if options.there_and_back else None,
            neighbourhood_ids=[options.place] if options.place else None,
            kind=options.kind, category=options.category, progress=progress,
        )  # fmt: skip
    metadata = build_metadata(
        pack.manifest, "What would bring a category within reach", query=query,
        service_date=table.service_date, today=dt.date.today(), columns=WHY_COLUMNS,
    )  # fmt: skip
    if options.there_and_back:
        metadata["round_trip"] = describe_trip_options(options)
    write_table(table.frame, options.out, metadata)
    print(f"{len(table.frame):,} rows written to {options.out}", file=sys.stderr)
