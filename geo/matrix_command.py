"""python -m geo matrix: many origins to many destinations, as a file of the pairs in reach."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

from data.errors import UsageError
from data.packio import load_pack
from geo.engine import Engine
from geo.matrix import choose_destinations, choose_origins, export_matrix
from geo.matrix_table import MATRIX_SUFFIXES
from geo.options import add_query_options, query_from_options
from geo.parts import PART_ORIGINS
from geo.progress_bar import progress_bar
from geo.write import check_target


def add_matrix_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the matrix."""
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.parquet")
    parser.add_argument(
        "--origins", default="points", metavar="points|neighbourhoods|CSV",
        help="where people live (the default), one point inside each neighbourhood, or yours: id, lon, lat",
    )  # fmt: skip
    parser.add_argument(
        "--destinations", default="stops", metavar="stops|services|CSV",
        help="every stop of the pack (the default), its services at a venue, or your own: id, lon, lat",
    )  # fmt: skip
    parser.add_argument(
        "--rows", choices=("reached", "all"), default="reached",
        help="reached (the default): only pairs in reach on foot or by one bus; all: every pair",
    )  # fmt: skip
    group = parser.add_argument_group("in parts (docs/scale.md)")
    group.add_argument(
        "--cluster", metavar="tcp://HOST:PORT", help="compute on a dask.distributed cluster that you trust"
    )
    group.add_argument("--parts", type=Path, metavar="DIR", help="keep finished parts there, to go on later")
    group.add_argument(
        "--part-origins", type=int, metavar=str(PART_ORIGINS), help="at most so many origins a part"
    )  # fmt: skip
    add_query_options(parser)


def run_matrix(options: argparse.Namespace) -> None:
    """Run the command."""
    check_target(options.out, MATRIX_SUFFIXES)
    if options.part_origins is not None and not (options.parts or options.cluster):
        raise UsageError("--part-origins: would change nothing without --parts or --cluster; leave it out.")
    query = query_from_options(options)
    engine = Engine(load_pack(options.pack)).under(query.scenario)
    origins = choose_origins(engine, options.origins)
    destinations = choose_destinations(engine, options.destinations)
    part_origins = PART_ORIGINS if options.part_origins is None else options.part_origins
    with progress_bar("matrix") as progress:
        written = export_matrix(
            engine, query, origins, destinations, options.out,
            rows=options.rows, cluster=options.cluster, parts=options.parts,
            part_origins=part_origins, today=dt.date.today(), progress=progress,
        )  # fmt: skip
    pairs = f"{len(origins):,} x {len(destinations):,} pairs"
    print(f"{written:,} rows of {pairs} written to {options.out}", file=sys.stderr)
    if options.parts is not None:
        print(f"the parts in {options.parts} are not needed any more", file=sys.stderr)
