"""python -m geo why: what would bring a category within reach of people who have none."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

from data.packio import load_pack
from geo.engine import Engine
from geo.options import add_query_options, add_round_trip_options, query_from_options
from geo.progress_bar import progress_bar
from geo.roundtrip import RoundTripSettings
from geo.sessions import parse_weekday
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
    trip = RoundTripSettings(early_s=options.early, linger_s=options.linger, stay_s=options.stay)
    day = None if options.day is None else parse_weekday(options.day)
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
        metadata["round_trip"] = {
            "early_s": trip.early_s, "linger_s": trip.linger_s, "stay_s": trip.stay_s, "day": options.day,
        }  # fmt: skip
    write_table(table.frame, options.out, metadata)
    print(f"{len(table.frame):,} rows written to {options.out}", file=sys.stderr)
