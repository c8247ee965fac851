"""python -m benchmarks.validation: the tables of docs/validation.md, from a real run.

Needs the built pack of Newport (``--packs``), the raw files (``--raw``), an
environment with the peers (``--peers``, see benchmarks/peers-requirements.txt)
and, for a second feed, the source archive of gtfs_kit (``--gtfs-kit``: ``pip
download --no-deps --no-binary :all: gtfs_kit==13.0.1``).
"""

from __future__ import annotations

import argparse
import dataclasses
import platform
import sys
import tempfile
from pathlib import Path

from benchmarks.validation.feeds import ROOT, Case, make_cairns, make_newport
from benchmarks.validation.ladders import cafein_ladder, ferrobus_ladder, nigiri_ladder
from benchmarks.validation.leftovers import decide_leftovers
from benchmarks.validation.run import NIGIRI_LONGEST_S, Runner, climb
from benchmarks.validation.tables import ladder_lines, leftover_lines

PEERS = ("cafein", "nigiri", "ferrobus")


def compare_case(case: Case, folder: Path, peers_python: Path, peers: list[str]) -> list[str]:
    """Every peer on one feed, as Markdown."""
    runner = Runner(case, folder, peers_python)
    lines = []
    for peer in peers:
        ladder = {
            "cafein": lambda: cafein_ladder(streets=case.real_streets),
            "ferrobus": lambda: ferrobus_ladder(streets=case.real_streets),
            "nigiri": nigiri_ladder,
        }[peer]()
        climbed = climb(runner, peer, ladder, NIGIRI_LONGEST_S if peer == "nigiri" else None)
        lines += ["", f"### {case.name}, {peer}", "", *ladder_lines(runner, peer, climbed)]
        leftovers = decide_leftovers(runner, climbed)
        lines += leftover_lines(runner, peer, climbed, leftovers)
    return lines


def main() -> int:
    """Run what is asked for and print (or write) Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.validation", description=__doc__)
    parser.add_argument("--raw", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--packs", type=Path, required=True, help="folder with a built newport")
    parser.add_argument("--peers", type=Path, required=True, help="the python of the peers' environment")
    parser.add_argument("--gtfs-kit", type=Path, help="gtfs_kit's source archive (.tar.gz)")
    parser.add_argument("--only", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--feeds", nargs="+", choices=("newport", "cairns"), default=["newport", "cairns"])
    parser.add_argument("--minutes", type=int, default=60, help="how many minutes from 09:30 on")
    parser.add_argument("--out", type=Path, help="write Markdown here too")
    options = parser.parse_args()
    lines = [f"Python {platform.python_version()}, {platform.system()}."]
    with tempfile.TemporaryDirectory() as name:
        for feed in options.feeds:
            folder = Path(name) / feed
            folder.mkdir()
            if feed == "newport":
                case = make_newport(options.raw, options.packs / "newport", folder)
            elif options.gtfs_kit is not None:
                case = make_cairns(options.gtfs_kit, folder)
            else:
                print("cairns is left out: give --gtfs-kit")
                continue
            case = dataclasses.replace(case, minutes=options.minutes)
            lines += compare_case(case, folder, options.peers, options.only)
    print("\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
