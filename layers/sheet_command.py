"""``python -m layers sheet``: one journey there and back as a sheet to print."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path
from typing import Any

from data.errors import ExportError
from data.packio import load_pack
from geo.engine import Engine
from geo.journey_sheet import build_sheet
from geo.options import add_query_options, clock_to_seconds, query_from_options
from geo.places import resolve_place
from geo.write import check_target, replace_file
from layers.journey_page import build_page


def add_sheet_command(commands: Any) -> None:
    """Add the command to the parser's commands."""
    words = "write one journey there and back as a sheet to print (HTML, two sides of A4)"
    sheet = commands.add_parser("sheet", help=words, description=words)
    sheet.add_argument("pack", help="an area pack's folder, or its name as `python -m data list` gives it")
    sheet.add_argument("--from", dest="origin", required=True, metavar="ID|lon,lat")
    sheet.add_argument("--to", required=True, metavar="SERVICE_ID|lon,lat")
    when = sheet.add_mutually_exclusive_group(required=True)
    when.add_argument("--arrive-by", type=clock_to_seconds, metavar="10:30")
    when.add_argument("--depart", type=clock_to_seconds, metavar="09:40")
    sheet.add_argument("--home", type=clock_to_seconds, metavar="12:30", help="the way home, leaving then")
    sheet.add_argument("--out", type=Path, required=True, metavar="FILE.html")
    add_query_options(sheet, window=False, percentiles=False, cutoff=False, boardings=False)
    sheet.set_defaults(run=_run_sheet)


def _run_sheet(options: argparse.Namespace) -> None:
    if options.out.suffix.lower() not in (".html", ".htm"):
        raise ExportError(f"{options.out.name}: a sheet is HTML; use .html (words, text message and JSON: "
                          "`python -m geo journey`).")  # fmt: skip
    check_target(options.out, (".html", ".htm"))
    query = query_from_options(options)
    engine = Engine(load_pack(options.pack)).under(query.scenario)
    origin, destination = (resolve_place(engine.pack, text) for text in (options.origin, options.to))
    sheet = build_sheet(
        engine, query, origin, destination,
        depart_s=options.depart, arrive_by_s=options.arrive_by, home_s=options.home,
    )  # fmt: skip
    service_id = destination.place_id if destination.kind == "service" else None
    page = build_page(sheet, engine.pack, query, service_id, today=dt.date.today())

    def write(target: Path) -> None:
        target.write_text(page, encoding="utf-8")

    replace_file(options.out, write)
    print(f"wrote {options.out}", file=sys.stderr)
