"""The command line: python -m geo reach | gap | roundtrip | timesofday | whatif | why | isochrone | ..."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from pathlib import Path

from data.errors import QueryError, UsageError
from data.packio import load_pack
from data.points import read_points
from geo.answer_file import write_answer
from geo.engine import Engine, Level, warm
from geo.isochrone import Statistic
from geo.matrix_command import add_matrix_options, run_matrix
from geo.options import (
    add_query_options,
    add_round_trip_options,
    check_there_and_back,
    clock_to_seconds,
    cutoffs_to_seconds,
    day_from_options,
    describe_trip_options,
    print_json,
    query_from_options,
    run_command,
    trip_from_options,
)
from geo.places import check_points_near
from geo.progress_bar import progress_bar as _progress_bar
from geo.query import Query
from geo.whatif.command import add_whatif_options, run_whatif
from geo.why_command import add_why_options, run_why
from geo.write import (
    FEATURE_SUFFIXES,
    TABLE_SUFFIXES,
    build_metadata,
    check_target,
    write_features,
)


def _open(options: argparse.Namespace, query: Query) -> Engine:
    """The engine of the pack, as the query's scenario (if any) changes it."""
    return Engine(load_pack(options.pack)).under(query.scenario)


def _run_reach(options: argparse.Namespace) -> None:
    from geo.tables import describe_reach

    check_target(options.out, TABLE_SUFFIXES)
    check_there_and_back(options)
    if options.origins is not None and options.origins_level == "neighbourhood":
        raise UsageError(
            "--origins-level neighbourhood: your own origins lie in none; leave one of both out."
        )
    query = query_from_options(options)
    engine = _open(options, query)
    pack = engine.pack
    if options.there_and_back:
        _write_there_and_back(options, engine, query)
        return
    origins, services = (
        check_points_near(pack, read_points(path, crs=pack.crs)) if path else None
        for path in (options.origins, options.services)
    )
    level: Level = "point" if origins is not None else options.origins_level or "neighbourhood"
    with _progress_bar("reach") as progress:
        table = engine.reach(query, origins=origins, services=services, level=level, progress=progress)
    write_answer(
        options, table.frame, pack.manifest, f"Reach by {level}", query=query,
        service_date=table.service_date, columns=describe_reach(query, level),
    )  # fmt: skip


def _write_there_and_back(options: argparse.Namespace, engine: Engine, query: Query) -> None:
    """The reach table as a round trip inside session times."""
    from geo.tables import describe_reach

    if options.origins or options.services:
        raise UsageError(
            "--there-and-back needs the pack's own services and their sessions; leave out your own."
        )
    level: Level = options.origins_level or "neighbourhood"
    with _progress_bar("sessions") as progress:
        table = engine.reach_there_and_back(
            query, trip_from_options(options), day=day_from_options(options), level=level, progress=progress
        )
    columns = describe_reach(query, level, there_and_back=True)
    write_answer(
        options, table.frame, engine.pack.manifest, f"Reach there and back by {level}",
        query=query, service_date=table.service_date, columns=columns,
        round_trip=describe_trip_options(options),
    )  # fmt: skip


def _run_roundtrip(options: argparse.Namespace) -> None:
    from geo.roundtrip import list_dates
    from geo.tables import ROUNDTRIP_COLUMNS, ROUNDTRIP_PEOPLE_COLUMN

    check_target(options.out, TABLE_SUFFIXES)
    query, day = query_from_options(options), day_from_options(options)
    settings = trip_from_options(options)
    engine = _open(options, query)
    with _progress_bar("sessions") as progress:
        table = engine.round_trips(
            query, settings, day=day, level=options.origins_level,
            service_ids=[options.service] if options.service else None, progress=progress,
        )  # fmt: skip
    columns = dict(ROUNDTRIP_COLUMNS)
    if table.level == "neighbourhood":
        columns[ROUNDTRIP_PEOPLE_COLUMN] = "float64, 0 to 1: share of people with verdict yes or assumed_yes"
    dates = list_dates(table)
    asked = {"service": options.service, "service_dates": [date.isoformat() for date in dates]}
    write_answer(
        options, table.frame, engine.pack.manifest, f"There and back inside session times, by {table.level}",
        query=query, service_date=dates[0] if dates else None, columns=columns,
        round_trip=describe_trip_options(options) | asked,
    )  # fmt: skip


def _run_timesofday(options: argparse.Namespace) -> None:
    from geo.timeofday import describe_columns, describe_times
    from geo.when import compute_when, describe_gap_columns, describe_when_columns

    check_target(options.out, TABLE_SUFFIXES)
    if options.by != "service" and options.origins_level == "point":
        raise UsageError(f"--origins-level point: --by {options.by} is about neighbourhoods; leave one out.")
    query = query_from_options(options)
    engine = _open(options, query)
    with _progress_bar("times of day") as progress:
        if options.by == "service":
            table = engine.times_of_day(query, level=options.origins_level, progress=progress)
            times, frame, columns = table.times, table.frame, describe_columns(table)
            title = f"Reach by time of day, by {table.level}"
        else:
            when = compute_when(engine, query, progress=progress)
            times, frame, columns = when.times, when.frame, describe_when_columns(when)
            title = "When each category is in reach, by neighbourhood"
            if options.by == "gap":
                if when.gap is None:
                    raise UsageError("The pack has no counts of people: ask --by category.")
                frame, columns = when.gap, describe_gap_columns(when)
                title = "People with no service within one bus, by time of day"
    write_answer(
        options, frame, engine.pack.manifest, title, query=query, service_date=engine.service_date(query),
        columns=columns, times=describe_times(times),
    )  # fmt: skip


def _run_gap(options: argparse.Namespace) -> None:
    from geo.tables import GAP_COLUMNS

    check_target(options.out, TABLE_SUFFIXES)
    check_there_and_back(options)
    query = query_from_options(options)
    engine = _open(options, query)
    title, points = "People with no service within one bus", None
    if options.there_and_back:
        title = "People with no service within one bus there and back"
        points = engine.reach_there_and_back(
            query, trip_from_options(options), day=day_from_options(options), level="point"
        )
    table = engine.gap(query, points=points)
    write_answer(
        options, table.frame, engine.pack.manifest, title, query=query, service_date=table.service_date,
        columns=GAP_COLUMNS, round_trip=describe_trip_options(options) if options.there_and_back else None,
    )  # fmt: skip


def _run_isochrone(options: argparse.Namespace) -> None:
    from geo.places import resolve_place
    from geo.tables import ISOCHRONE_COLUMNS

    check_target(options.out, FEATURE_SUFFIXES)
    if options.best and options.percentiles:
        raise UsageError("--best, --percentiles: two different questions; leave one of both out.")
    query = query_from_options(options)
    engine = _open(options, query)
    pack = engine.pack
    place = resolve_place(pack, options.origin)
    statistics: tuple[Statistic, ...] = options.percentiles or ("best",)
    bands = engine.isochrones(query, place, options.cutoffs, statistics=statistics)
    if bands.geometry.isna().all():
        raise QueryError(
            f"{place.label} lies outside the area that the data cover, so nothing is known of it."
        )
    metadata = build_metadata(
        pack.manifest, f"Reach from {place.label}", query=query,
        service_date=engine.service_date(query), today=dt.date.today(), columns=ISOCHRONE_COLUMNS,
    )  # fmt: skip
    write_features(bands, options.out, metadata)
    count = "1 isochrone" if len(bands) == 1 else f"{len(bands)} isochrones"
    print(f"{count} written to {options.out}", file=sys.stderr)


def _run_journey(options: argparse.Namespace) -> None:
    from geo.journey_json import journey_to_json
    from geo.journey_sheet import build_sheet, sheet_in_short, sheet_in_words, sheet_to_json
    from geo.places import resolve_place

    query = query_from_options(options)
    engine = _open(options, query)
    pack = engine.pack
    origin, destination = resolve_place(pack, options.origin), resolve_place(pack, options.to)
    sheet = build_sheet(
        engine, query, origin, destination,
        depart_s=options.depart, arrive_by_s=options.arrive_by, home_s=options.home,
    )  # fmt: skip
    if options.json:
        one_way = sheet.home is None
        there = sheet.there
        print_json(
            journey_to_json(there.journey, pack, there.service) if one_way else sheet_to_json(sheet, pack)
        )
        return
    why = pack.manifest.why_test_data(dt.date.today())
    lines = sheet_in_short(sheet, pack) if options.short else sheet_in_words(sheet, pack)
    print("\n".join([*([f"Test data: not for decisions ({why})"] if why else []), *lines]))


def _run_prepare(options: argparse.Namespace) -> None:
    query = query_from_options(options)
    pack = load_pack(options.pack)
    started = time.perf_counter()
    files = Engine(pack).prepare(query)
    print(
        f"prepared {', '.join(path.name for path in files)} in {time.perf_counter() - started:.1f} s",
        file=sys.stderr,
    )


def _run_warm(_options: argparse.Namespace) -> None:
    started = time.perf_counter()
    with _progress_bar("compiling") as progress:
        warm(progress=progress)
    print(f"compiled in {time.perf_counter() - started:.1f} s", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m geo", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, run: object, words: str, *, pack: bool = True) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=words, description=words)
        sub.set_defaults(run=run)
        if pack:
            sub.add_argument("pack", help="an area pack's directory, or a name from `python -m data list`")
        return sub

    reach = command("reach", _run_reach, "one row per origin and service: class, reason, times")
    reach.add_argument("--out", type=Path, required=True, metavar="FILE.parquet|.csv")
    reach.add_argument("--origins", type=Path, metavar="CSV", help="your own origins: id, lon, lat")
    reach.add_argument("--services", type=Path, metavar="CSV", help="your own destinations: id, lon, lat")
    reach.add_argument("--origins-level", choices=("neighbourhood", "point"))
    add_round_trip_options(reach, switch=True)
    add_query_options(reach)

    gap = command("gap", _run_gap, "category x group x area: people in reach, not, and not known")
    gap.add_argument("--out", type=Path, required=True, metavar="FILE.parquet|.csv")
    add_round_trip_options(gap, switch=True)
    add_query_options(gap, percentiles=False)

    roundtrip = command(
        "roundtrip", _run_roundtrip, "one row per origin and session: there in time, and a way home"
    )
    roundtrip.add_argument("--out", type=Path, required=True, metavar="FILE.parquet|.csv")
    roundtrip.add_argument("--service", metavar="ID|NAME", help="one service only")
    roundtrip.add_argument("--origins-level", choices=("neighbourhood", "point"), default="neighbourhood")
    add_round_trip_options(roundtrip)
    add_query_options(roundtrip, window=False, percentiles=False, boardings=False)

    times = command(
        "timesofday", _run_timesofday, "reach on a weekday morning, afternoon, evening, Saturday and Sunday"
    )
    times.add_argument("--out", type=Path, required=True, metavar="FILE.parquet|.csv")
    times.add_argument("--origins-level", choices=("neighbourhood", "point"), default="neighbourhood")
    times.add_argument(
        "--by", choices=("service", "category", "gap"), default="service",
        help="a row for each service; for each neighbourhood and category; or as the gap: people by group",
    )  # fmt: skip
    add_query_options(times, window=False, percentiles=False)

    matrix = command("matrix", run_matrix, "many origins to many destinations: a row for each pair in reach")
    add_matrix_options(matrix)
    whatif = command("whatif", run_whatif, "whom a scenario brings within reach, and who falls out of it")
    add_whatif_options(whatif)
    why = command("why", run_why, "what would bring a category within reach of people who have none")
    add_why_options(why)

    isochrone = command(
        "isochrone", _run_isochrone, "the land in reach from one place, a polygon per cut-off"
    )
    isochrone.add_argument("--origin", required=True, metavar="ID|lon,lat")
    isochrone.add_argument(
        "--cutoffs", type=cutoffs_to_seconds, default=(900, 1800, 2700, 3600), metavar="15,30,45,60"
    )
    isochrone.add_argument("--best", action="store_true", help="the timetabled question (the default)")
    isochrone.add_argument("--out", type=Path, required=True, metavar="FILE.geojson|.gpkg")
    add_query_options(isochrone, cutoff=False)

    journey = command(
        "journey", _run_journey, "one journey in words: which stop, which bus, where to get off"
    )
    journey.add_argument("--from", dest="origin", required=True, metavar="ID|lon,lat")
    journey.add_argument("--to", required=True, metavar="SERVICE_ID|lon,lat")
    when = journey.add_mutually_exclusive_group(required=True)
    when.add_argument("--arrive-by", type=clock_to_seconds, metavar="10:30")
    when.add_argument("--depart", type=clock_to_seconds, metavar="09:40")
    journey.add_argument(
        "--home", type=clock_to_seconds, metavar="12:30", help="and the way home, leaving then or later"
    )
    form = journey.add_mutually_exclusive_group()
    form.add_argument("--short", action="store_true", help="as a text message; leaves out where it starts")
    form.add_argument("--json", action="store_true", help="print JSON and nothing else")
    add_query_options(journey, window=False, percentiles=False, cutoff=False, boardings=False)

    prepare = command(
        "prepare",
        _run_prepare,
        "keep in PACK/derived what the first such question needs: streets, timetable, walks to grid cells",
    )
    add_query_options(prepare, percentiles=False, scenario=False)
    command("warm", _run_warm, "compile the engine now rather than at the first question", pack=False)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code (0, 2 usage, 3 data)."""
    return run_command(_parser(), lambda options: options.run(options), arguments)


if __name__ == "__main__":
    sys.exit(main())
