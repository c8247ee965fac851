"""python -m geo why: what would bring a category within reach of people who have none."""

from __future__ import annotations

import argparse
from pathlib import Path

from data.packio import load_pack
from geo.answer_file import write_answer
from geo.engine import Engine
from geo.options import (
    add_query_options,
    add_round_trip_options,
    check_there_and_back,
    day_from_options,
    describe_trip_options,
    query_from_options,
    trip_from_options,
)
from geo.progress_bar import progress_bar
from geo.tables import WHY_COLUMNS
from geo.write import TABLE_SUFFIXES, check_target


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
    check_there_and_back(options)
    query = query_from_options(options)
    trip, day = trip_from_options(options), day_from_options(options)
    engine = Engine(load_pack(options.pack)).under(query.scenario)
    with progress_bar("why") as progress:
        table = engine.why(
            query, trip if options.there_and_back else None, day=day if options.there_and_back else None,
            neighbourhood_ids=[options.place] if options.place else None,
            kind=options.kind, category=options.category, progress=progress,
        )  # fmt: skip
    write_answer(
        options, table.frame, engine.pack.manifest, "What would bring a category within reach", query=query,
        service_date=table.service_date, columns=WHY_COLUMNS,
        round_trip=describe_trip_options(options) if options.there_and_back else None,
    )  # fmt: skip
