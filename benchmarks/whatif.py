"""How long a what-if takes: python -m benchmarks.whatif --packs PACKS, against the limit of 2 s.

The pack's engine is warm and its own answer at hand, as in the app; the
scenario is new each time. Measured is everything from the scenario to the
table of people who gain and lose, beside a full computation on the changed
pack (an engine made anew, its streets' labels and all).
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from data.packio import load_pack
from geo.engine import Engine, warm
from geo.query import Query
from geo.roundtrip import DEFAULT_ROUND_TRIP
from geo.tables import ReachTable
from geo.whatif.apply import apply_scenario
from geo.whatif.difference import compute_difference, compute_what_if
from geo.whatif.model import Change, Scenario
from tests.test_whatif_real_data import MoveStop, list_changes, route_of_stop

LIMIT_S = 2.0


def _median_s(run: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds + 1):  # the first is not counted
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


def _measure_change(
    engine: Engine, change: Change, points: ReachTable, back: ReachTable, rounds: int
) -> tuple[float, ...]:
    """Seconds of a what-if, of one there and back, and of a full computation."""
    scenario = Scenario(change.kind, (change,))
    asked = replace(Query(), scenario=scenario)

    def compute_anew() -> object:
        changed = apply_scenario(engine.pack, scenario)
        after = Engine(changed).reach(Query(), level="point")
        return compute_difference(engine.pack, changed, points, after)

    return (
        _median_s(lambda: compute_what_if(engine, asked, before=points), rounds),
        _median_s(lambda: compute_what_if(engine, asked, settings=DEFAULT_ROUND_TRIP, before=back), rounds),
        _median_s(compute_anew, rounds),
    )


def main() -> None:
    """Print a table of medians, seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packs", type=Path, required=True)
    parser.add_argument("--areas", nargs="*", default=["newport", "oldham"])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    warm()
    print("| area | change | what if | there and back | full computation |\n|---|---|---|---|---|")
    for area in options.areas:
        engine = Engine(load_pack(str(options.packs / area)))
        points = engine.reach(Query(), level="point")
        back = engine.reach_there_and_back(Query(), level="point")
        worst = 0.0
        for change in list_changes(engine.pack):
            if isinstance(change, MoveStop) and change.route and not route_of_stop(engine.pack, change):
                continue
            there_s, back_s, anew_s = _measure_change(engine, change, points, back, options.rounds)
            worst = max(worst, there_s, back_s)
            print(f"| {area} | {change.kind} | {there_s:.2f} | {back_s:.2f} | {anew_s:.2f} |", flush=True)
        print(f"{area}: slowest {worst:.2f} s, {'within' if worst < LIMIT_S else 'OVER'} {LIMIT_S:g} s")


if __name__ == "__main__":
    main()
