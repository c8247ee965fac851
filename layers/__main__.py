"""The command line of layers: ``python -m layers export | sheet PACK --out FILE``."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from data.errors import UsageError
from data.packio import load_pack
from geo.engine import Engine
from geo.options import (
    add_query_options,
    add_round_trip_options,
    check_there_and_back,
    cutoffs_to_seconds,
    day_from_options,
    query_from_options,
    run_command,
    trip_from_options,
)
from layers.export import ALL_PARTS, CUTOFFS_S, ExportRequest, choose_parts, export_pack
from layers.sheet_command import add_sheet_command
from layers.there_and_back import ThereAndBack


def build_parser() -> argparse.ArgumentParser:
    """The options, by the same names as ``python -m geo``."""
    parser = argparse.ArgumentParser(prog="python -m layers", description="Exports of One Bus Reach.")
    commands = parser.add_subparsers(dest="command", required=True)
    export = commands.add_parser(
        "export",
        help="write neighbourhoods, gap, reach and isochrones",
        description="Write neighbourhoods, gap, reach and isochrones. A GeoPackage holds all as layers; "
        "GeoJSON, Parquet and CSV hold one. The query, versions, data dates and licences stand inside "
        "(beside a CSV in FILE.meta.json).",
    )
    export.add_argument("pack", help="an area pack's folder, or its name as `python -m data list` gives it")
    export.add_argument("--out", type=Path, required=True, metavar="FILE.gpkg|.geojson|.parquet|.csv")
    export.add_argument(
        "--what",
        default="",
        metavar=",".join(ALL_PARTS),
        help="parts joined by commas (default: what the format holds)",
    )
    export.add_argument(
        "--origins", default="", metavar="ID,ID",
        help="neighbourhoods to draw isochrones from (default: every one)",
    )  # fmt: skip
    export.add_argument(
        "--cutoffs", type=cutoffs_to_seconds, metavar="15,30,45,60",
        help="bands of the isochrones, minutes",
    )  # fmt: skip
    export.add_argument(
        "--isochrone-percentiles", action="store_true",
        help="draw isochrones for turning up at the percentiles, not for the best journey",
    )  # fmt: skip
    export.add_argument(
        "--times-of-day", action="store_true",
        help="give gap and neighbourhoods columns of weekday morning, afternoon, evening, Saturday, Sunday",
    )  # fmt: skip
    add_query_options(export)
    add_round_trip_options(export, switch=True)
    export.set_defaults(run=_run_export)
    add_sheet_command(commands)
    return parser


def _trip_from_options(options: argparse.Namespace) -> ThereAndBack | None:
    if not options.there_and_back:
        return None
    return ThereAndBack(day_from_options(options), trip_from_options(options))


def run(options: argparse.Namespace) -> None:
    """Run the command that was asked for."""
    options.run(options)


def _check_parts(options: argparse.Namespace, parts: Sequence[str]) -> None:
    """Refuse options about a part that is not written."""
    land = [name for name in ("origins", "cutoffs", "isochrone_percentiles") if getattr(options, name)]
    if land and "isochrones" not in parts:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in land)
        raise UsageError(
            f"{names}: about isochrones only, which {options.out.name} has none of; leave it out."
        )
    if options.times_of_day and not {"gap", "neighbourhoods"} & set(parts):
        raise UsageError(
            "--times-of-day: adds to gap and neighbourhoods only; leave it out, or --what times."
        )


def _run_export(options: argparse.Namespace) -> None:
    wanted = tuple(part.strip() for part in options.what.split(",") if part.strip())
    unknown = [part for part in wanted if part not in ALL_PARTS]
    if unknown:
        build_parser().error(f"--what {', '.join(unknown)}: choose from {', '.join(ALL_PARTS)}")
    check_there_and_back(options, window_counts=True)
    parts = choose_parts(options.out, wanted)
    _check_parts(options, parts)
    query = query_from_options(options)
    request = ExportRequest(
        query=query,
        parts=parts,
        origins=tuple(part.strip() for part in options.origins.split(",") if part.strip()) or None,
        cutoffs_s=options.cutoffs or CUTOFFS_S,
        statistics=query.percentiles if options.isochrone_percentiles else ("best",),
        trip=_trip_from_options(options),
        times_of_day=options.times_of_day,
    )
    with tqdm(total=100, unit="%", bar_format="{desc} |{bar}| {percentage:3.0f}%", file=sys.stderr) as bar:

        def show(done: float, doing: str) -> None:
            bar.set_description_str(f"{doing:<28.28}")
            bar.update(round(100 * done) - bar.n)

        show(0.0, "opening the area")
        export_pack(
            Engine(load_pack(options.pack)), request, options.out, today=dt.date.today(), progress=show
        )
    print(f"wrote {options.out}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(build_parser(), run, arguments)


if __name__ == "__main__":
    sys.exit(main())
