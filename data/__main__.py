"""Command line: ``python -m data get|build|check|list|report|register|demo|template``."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from data.errors import OneBusReachError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m data", description="Area packs: build, check, list.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    get = commands.add_parser("get", help="fetch any place of England and Wales and make its pack")
    get.add_argument(
        "names", nargs="+", metavar="NAME_OR_CODE", help='local authorities: "Oldham", E08000004, ...'
    )
    get.add_argument("--out", type=Path, metavar="PACK_DIR", help="default: where packs are listed from")
    get.add_argument("--plan", action="store_true", help="say what would be fetched, and do nothing")
    get.add_argument("--offline", action="store_true", help="use what is kept, ask nobody")
    get.add_argument("--refresh", action="store_true", help="ask again about everything that is kept")
    get.add_argument(
        "--streets", metavar="FILE.pbf|PART",
        help="an extract instead of Overpass: a file, or a part of Geofabrik's (england/greater-manchester)",
    )  # fmt: skip
    get.add_argument(
        "--services", metavar="URL|FILE", help="a register (.csv, .xlsx) or an Open Referral UK feed"
    )
    get.add_argument(
        "--school-dates", type=Path, metavar="FILE.csv", help="school terms and holidays: what, first, last"
    )
    get.add_argument("--cache", type=Path, metavar="DIR", help="where what was fetched is kept")
    get.add_argument("--quiet", action="store_true", help="no progress, no page")
    build = commands.add_parser("build", help="make an area pack from local raw files")
    build.add_argument("config", type=Path, metavar="CONFIG.toml", help="for example data/areas/newport.toml")
    build.add_argument(
        "--raw", type=Path, required=True, metavar="DIR", help="the configuration's paths start here"
    )
    build.add_argument("--out", type=Path, metavar="PACK_DIR", help="default: where packs are listed from")
    build.add_argument("--quiet", action="store_true", help="no progress bar")
    check = commands.add_parser("check", help="verify a pack; print its manifest and the faults found")
    check.add_argument("pack", metavar="PACK", help="a folder, or a listed name")
    check.add_argument("--json", action="store_true", help="print JSON only")
    listing = commands.add_parser("list", help="list the packs that the app offers")
    listing.add_argument("--json", action="store_true", help="print JSON only")
    report = commands.add_parser("report", help="say what a pack's timetable holds and lacks")
    report.add_argument("pack", metavar="PACK", help="a folder, or a listed name")
    report.add_argument(
        "--out", type=Path, metavar="FILE", help=".html, .md or .json; printed as Markdown when left out"
    )
    register = commands.add_parser("register", help="write a pack's services down for others")
    register.add_argument("pack", metavar="PACK", help="a folder, or a listed name")
    register.add_argument(
        "--out", type=Path, required=True, metavar="FILE",
        help=".json (Open Referral UK 3.0) or .csv (the template's columns)",
    )  # fmt: skip
    demo = commands.add_parser("demo", help="make the fictional borough's raw files and its pack")
    demo.add_argument("--raw", type=Path, metavar="DIR", help="keep the raw files here")
    demo.add_argument("--out", type=Path, metavar="PACK_DIR", help="default: data/packs/demo")
    template = commands.add_parser("template", help="write an empty register of services to fill in")
    template.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help=".xlsx (with a guide) or .csv"
    )
    return parser


def _get(options: argparse.Namespace) -> int:
    from data.fetch.cache import Cache
    from data.fetch.http import Client
    from data.get.options import GetOptions
    from data.get.progress import say_nothing, show_bytes, show_nothing, tell
    from data.get.run import STOPPED, plan_only, run_get

    quiet = options.quiet or options.plan
    client = Client(
        cache=Cache(options.cache) if options.cache else None,
        offline=options.offline,
        refresh=options.refresh,
        tell=say_nothing if quiet else tell,
    )
    asked = GetOptions(
        tuple(options.names), options.out, options.streets, options.services, options.school_dates
    )
    try:
        if options.plan:
            print(plan_only(client, asked))
            return 0
        bar = show_nothing if quiet else show_bytes
        got = run_get(client, asked, bar=bar, quiet=quiet, today=dt.date.today)
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)
        return 130
    print(got.pack if quiet else f"{got.words}\nThis page: {got.page}")
    return 0


def _build(options: argparse.Namespace) -> int:
    from data.build import STEPS, build_pack  # slow imports only where needed
    from data.config import load_config
    from data.errors import UsageError
    from data.packio import check_out, default_out, write_pack
    from data.progress import BarProgress, SilentProgress

    config = load_config(options.config)
    if not options.raw.is_dir():
        raise UsageError(f"{options.raw}: --raw is not a folder.")
    out = check_out(options.out or default_out(config.area_id))  # before the long work, not after it
    if options.quiet:
        pack = build_pack(config, options.raw, SilentProgress())
        out = write_pack(pack, out)
    else:
        with BarProgress(STEPS + 1) as bar:
            pack = build_pack(config, options.raw, bar)
            bar.step("writing the pack")
            out = write_pack(pack, out)
    faults = pack.manifest.faults
    print(f"{out}", file=sys.stdout)
    print(
        f"{config.name}: {len(faults)} kinds of faults in the raw files; "
        f"`python -m data check {out}` shows them.",
        file=sys.stderr,
    )
    return 0


def _check(options: argparse.Namespace) -> int:
    from data.check import check_pack, describe_report

    report = check_pack(options.pack)
    if options.json:
        found = {
            "path": str(report.path),
            "sound": not report.problems,
            "problems": list(report.problems),
            "manifest": report.manifest.model_dump(mode="json"),
        }
        print(json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False))
    else:
        print(describe_report(report, dt.date.today()))
    if report.problems:
        print(f"{report.path}: not sound ({len(report.problems)} problems).", file=sys.stderr)
        return 3
    return 0


def _list(options: argparse.Namespace) -> int:
    from data.packio import list_packs, pack_folders

    faults: list[str] = []
    entries = list_packs(faults)
    if options.json:
        rows = [
            {"area_id": e.area_id, "name": e.name, "path": str(e.path), "fictional": e.fictional}
            for e in entries
        ]
        print(json.dumps(rows, indent=1, ensure_ascii=False))
    else:
        for entry in entries:
            said = not entry.fictional or "fictional" in entry.name.casefold()
            print(f"{entry.area_id:<20} {entry.name}{'' if said else ' (fictional)'}  {entry.path}")
        if not entries:
            print(f"No packs in {', '.join(map(str, pack_folders()))}.", file=sys.stderr)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 0


def _report(options: argparse.Namespace) -> int:
    from data.packio import load_pack
    from data.report import build_feed_report, report_to_markdown, write_report

    report = build_feed_report(load_pack(options.pack))
    print(write_report(report, options.out) if options.out else report_to_markdown(report))
    return 0


def _register(options: argparse.Namespace) -> int:
    from data.errors import UsageError
    from data.fetch.cache import write_atomic
    from data.open_referral_export import export_open_referral
    from data.packio import load_pack
    from data.sources.service_export import register_to_csv
    from data.venues import count_services

    pack, out = load_pack(options.pack), options.out
    own = None if pack.services is None else pack.services[pack.services["kind"] == "service"]
    if own is None or own.empty or pack.sessions is None:
        raise UsageError(f"{pack.manifest.name} has no services of a register; build it with one.")
    if out.suffix.lower() == ".json":
        feed = export_open_referral(own, pack.sessions)
        written = json.dumps(feed, indent=1, ensure_ascii=False, allow_nan=False).encode()
    elif out.suffix.lower() == ".csv":
        written = register_to_csv(own, pack.sessions)
    else:
        raise UsageError(f"{out.name}: a register is written as .json or .csv.")
    write_atomic(out, written)
    print(f"{out}: {count_services(own):,} services; places of no register are left out", file=sys.stderr)
    return 0


def _demo(options: argparse.Namespace) -> int:
    from data.demo import run_demo  # the generator is large

    print(run_demo(options.raw, options.out))
    return 0


def _template(options: argparse.Namespace) -> int:
    from data.template import write_template

    print(write_template(options.out))
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code (0, 2 usage, 3 data)."""
    options = _parser().parse_args(argv)
    commands = {
        "get": _get, "build": _build, "check": _check, "list": _list, "report": _report,
        "register": _register, "demo": _demo, "template": _template,
    }  # fmt: skip
    try:
        return commands[options.command](options)
    except OneBusReachError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        print("Stopped; nothing was changed.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
