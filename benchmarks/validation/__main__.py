"""python -m benchmarks.validation: the tables of docs/validation.md, from one run.

Needs the built pack of Newport (``--packs``), the raw files (``--raw``), an
environment with the peers (``--peers``, see benchmarks/peers-requirements.txt)
and, for further feeds, two archives: ``pip download --no-deps --no-binary :all:
gtfs_kit==13.0.1`` and ``pip download --no-deps aequilibrae==1.7.2``.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.validation.cases import (
    ROOT,
    Case,
    describe_case,
    make_cairns,
    make_coquimbo,
    make_newport,
)
from benchmarks.validation.compare import find_differences
from benchmarks.validation.ladders import cafein_ladder, ferrobus_ladder, nigiri_ladder
from benchmarks.validation.leftovers import confirm, decide_leftovers
from benchmarks.validation.run import NIGIRI_LONGEST_S, Climbed, Runner, climb
from benchmarks.validation.tables import SUMMARY_HEAD, ByChance, Compared, ladder_lines, summary_row

# Name of the engine, and of the package that carries it.
PEERS = {"cafein": "cafein", "nigiri": "pynigiri", "ferrobus": "ferrobus"}
FEEDS = ("newport", "cairns", "coquimbo")


def compare(case: Case, folder: Path, peers_python: Path, peer: str) -> Compared:
    """One peer on one feed: up the ladder, ours worked out anew, the rest decided."""
    runner = Runner(case, folder, peers_python)
    ladder = {
        "cafein": lambda: cafein_ladder(streets=case.real_streets),
        "ferrobus": lambda: ferrobus_ladder(streets=case.real_streets),
        "nigiri": nigiri_ladder,
    }[peer]()
    climbed = climb(runner, peer, ladder, NIGIRI_LONGEST_S if peer == "nigiri" else None)
    by_chance = count_by_chance(runner, climbed, peer)
    return Compared(
        peer, runner, climbed, confirm(runner, climbed), decide_leftovers(runner, climbed), by_chance
    )


def count_by_chance(runner: Runner, climbed: Climbed, peer: str) -> list[ByChance]:
    """Ask a peer the same again at the first two rows and the last plain one: how many answers changed."""
    found: list[ByChance] = []
    asked: list[dict[str, object]] = []
    for row in (0, 1, climbed.plain):
        settings = climbed.peer_settings[row]
        if settings not in asked:
            asked.append(settings)
            again = climbed.cut(runner.peer(peer, {**settings, "asked_again": True}))
            differs = find_differences(again, climbed.peer[row])
            changed = int((again != climbed.peer[row]).sum())
            found.append(ByChance(climbed.stages[row].name, changed, int(differs.sum())))
    return found


def describe_run(peers_python: Path) -> str:
    """Say what was run: commit, system, versions."""
    git = ["git", "-C", str(ROOT)]
    commit, changed = (
        subprocess.run([*git, *words], capture_output=True, text=True, check=False).stdout.strip()
        for words in (["rev-parse", "--short", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
    )
    ask = "import importlib.metadata as m, json, sys; print(json.dumps([m.version(n) for n in sys.argv[1:]]))"
    found = subprocess.run(
        [str(peers_python), "-c", ask, *PEERS.values()], capture_output=True, text=True, check=True
    )
    names = zip(PEERS.values(), json.loads(found.stdout), strict=True)
    versions = ", ".join(f"{name} {version}" for name, version in names)
    return (
        f"Run of {time.strftime('%d %B %Y').lstrip('0')}, commit {commit or 'unknown'}"
        f"{' with changes' if changed else ''}; {platform.system()}, Python {platform.python_version()}; "
        f"{versions}."
    )


def main() -> int:
    """Run what is asked for and print (or write) Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.validation", description=__doc__)
    parser.add_argument("--raw", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--packs", type=Path, required=True, help="folder with a built newport")
    parser.add_argument("--peers", type=Path, required=True, help="the python of the peers' environment")
    parser.add_argument("--gtfs-kit", type=Path, help="gtfs_kit's source archive (.tar.gz), for Cairns")
    parser.add_argument("--aequilibrae", type=Path, help="AequilibraE's wheel (.whl), for Coquimbo")
    parser.add_argument("--only", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--feeds", nargs="+", choices=FEEDS, default=list(FEEDS))
    parser.add_argument("--minutes", type=int, default=60, help="how many minutes from 09:30 on")
    parser.add_argument("--out", type=Path, help="write Markdown here too")
    options = parser.parse_args()
    sources = {
        "newport": options.packs / "newport", "coquimbo": options.aequilibrae, "cairns": options.gtfs_kit
    }  # fmt: skip
    began_s = time.monotonic()
    about = [describe_run(options.peers)]
    summary, tables, lines = list(SUMMARY_HEAD), [], about
    with tempfile.TemporaryDirectory() as name:
        for feed in options.feeds:
            if sources[feed] is None:
                print(f"{feed} is left out: its archive is not given (--help)")
                continue
            folder = Path(name) / feed
            folder.mkdir()
            if feed == "newport":
                case = make_newport(options.raw, sources[feed], folder)
            else:
                make = make_coquimbo if feed == "coquimbo" else make_cairns
                case = make(sources[feed], folder)
            case = dataclasses.replace(case, minutes=options.minutes)
            about.append(describe_case(case))
            for peer in options.only:
                one = compare(case, folder, options.peers, peer)
                summary.append(summary_row(one))
                tables += ladder_lines(one)
                took = f"The run took {(time.monotonic() - began_s) / 60:.0f} minutes."
                lines = [*(f"- {line}" for line in [*about, took]), "", *summary, *tables]
                if options.out:  # what is done so far, should a later engine fail
                    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
