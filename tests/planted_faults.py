"""Plant faults one at a time in a copy of the program and see that the tests notice each.

    python -m tests.planted_faults            all faults
    python -m tests.planted_faults D-1        those whose name holds the words

A fault is an exact replacement in one source file: it must match once, so that
this script fails loudly, and not silently, when the code it damages has moved.
First the copy as it is must pass the same tests. Everything happens in one
temporary folder, whose numba cache begins as a copy of this checkout's and keeps
what no fault has touched.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.forking import Forks

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("data", "geo", "layers", "tests", "pyproject.toml")
TOWNS = "tests/test_proof_towns.py"
REASONS = "tests/test_proof_reasons.py"
TIMETABLE = "tests/test_proof_timetable.py"
PEOPLE = "tests/test_proof_people.py"
DUPLICATES = "tests/test_feed_duplicates.py"
OPTIONS = "tests/test_geo_options.py"


@dataclass(frozen=True)
class PlantedFault:
    """A mistake that someone might make, and the tests that must notice it."""

    name: str
    file: str
    sound: str
    faulty: str
    tests: tuple[str, ...]
    nightly: bool = False  # kernels have to be compiled anew, or the tests take long


FAULTS = (
    PlantedFault(
        "walk limit off by one (millimetre)",
        "geo/query.py",
        "return self.max_walk_m * 1000",
        "return self.max_walk_m * 1000 - 1",
        (f"{TOWNS}::test_leg_limit_is_inclusive_to_the_last_millimetre_at_the_origin",),
    ),
    PlantedFault(
        "cut-off off by one (second)",
        "geo/reasons.py",
        "reach_class[matrix.ride_s <= query.cutoff_s]",
        "reach_class[matrix.ride_s < query.cutoff_s]",
        (f"{TOWNS}::test_cutoff_is_inclusive",),
    ),
    PlantedFault(
        "pickup_type ignored",
        "geo/timetable.py",
        '["pickup_type"][leading_calls] != NO_BOARDING',
        '["pickup_type"][leading_calls] != 99',
        (f"{TOWNS}::test_boarding_honours_pickup_type",),
    ),
    PlantedFault(
        "drop_off_type ignored",
        "geo/timetable.py",
        '["drop_off_type"][leading_calls] != NO_BOARDING',
        '["drop_off_type"][leading_calls] != 99',
        (f"{TOWNS}::test_alighting_honours_drop_off_type",),
    ),
    PlantedFault(
        "D-1 lost",
        "geo/timetable.py",
        "itertools.count(-1)",
        "itertools.count(0)",
        (f"{TIMETABLE}::test_a_trip_at_2510_of_the_day_before_is_found_at_0110",),
    ),
    PlantedFault(
        "clock changes forgotten",
        "geo/timetable.py",
        "shift = service_day_offset_s(service_date, date, pack.manifest.timetable.timezone)",
        "shift = days_after * DAY_S",
        (f"{TIMETABLE}::test_clocks_go_back", f"{TIMETABLE}::test_clocks_go_forward"),
        nightly=True,
    ),
    PlantedFault(
        "seconds for minutes",
        "geo/options.py",
        "seconds = round(float(text) * 60)",
        "seconds = round(float(text))",
        (f"{OPTIONS}::test_cutoffs_are_ascending_and_each_once",),
    ),
    PlantedFault(
        "walking legs rounded down",
        "geo/legs.py",
        "(-(-scaled // speed_mm_per_h))",
        "(scaled // speed_mm_per_h)",
        (f"{TOWNS}::test_speed_rounds_each_leg_up",),
        nightly=True,
    ),
    PlantedFault(
        "UNREACHED as 0",
        "geo/reach.py",
        "return pd.arrays.IntegerArray(flat, flat == NONE)",
        "return pd.arrays.IntegerArray(np.where(flat == NONE, 0, flat).astype(np.int32), flat < 0)",
        (f"{TIMETABLE}::test_unreachable_for_part_of_the_window",),
    ),
    PlantedFault(
        "node for edge snapping",
        "geo/snap.py",
        "np.rint(along * length_mm[edge])",
        "np.rint(np.rint(along) * length_mm[edge])",
        (f"{TOWNS}::test_places_stand_on_edges_and_not_on_nodes",),
    ),
    PlantedFault(
        "duplicate trips kept in headways",
        "data/duplicates.py",
        'repeats = table.duplicated(["calls", "name", "mode", "agency_id"])',
        'repeats = table.duplicated(["calls", "name", "mode", "agency_id"]) & False',
        (DUPLICATES,),
    ),
    PlantedFault(
        "weights ignored",
        "geo/people.py",
        'own["weight"].to_numpy(np.float64)[rows][order]',
        "np.full(len(rows), 1.0 / len(rows))[order]",
        (f"{PEOPLE}::test_a_neighbourhood_has_the_class_of_most_of_its_people",),
        nightly=True,
    ),
    PlantedFault(
        "not known counted as cut off",
        "geo/gap.py",
        "~any_reached & any_known, ~any_reached & ~any_known",
        "~any_reached, ~any_reached & ~any_known & ~any_known.any()",
        (f"{PEOPLE}::test_the_engine_counts_people_as_worked_out_by_hand",),
    ),
    PlantedFault(
        "unserved stops taken for a timetable",
        "geo/reasons.py",
        "served = active & inputs.stop_served[legs.target]",
        "served = active",
        (f"{REASONS}::test_no_timetable_near_the_origin",),
    ),
    PlantedFault(
        "whole-walk limit forgotten",
        "geo/profile.py",
        "return query.walk.total_limit_mm < 2 * query.walk.leg_limit_mm",
        "return False",
        (f"{TOWNS}::test_whole_walk_limit_holds_for_access_and_egress_together",),
    ),
    PlantedFault(
        "school buses count",
        "data/modes.py",
        "SPECIAL_BUS_TYPES = frozenset({710, 712, 715})",
        "SPECIAL_BUS_TYPES = frozenset()\nBUS_TYPES |= {710, 712, 715}",
        (f"{REASONS}::test_others_do_not_count_unless_asked_for",),
        nightly=True,
    ),
    PlantedFault(
        "alighting by stop and not by position",
        "geo/matrix_kernels.py",
        "done = np.int64(past[at])",
        "done = np.int64(n_goals)",
        (f"{TOWNS}::test_a_circular_route_that_calls_twice_is_ridden_by_position",),
        nightly=True,
    ),
    PlantedFault(
        "moments from which nothing is reached left out of percentiles",
        "geo/kernel_helpers.py",
        "if n and 100 * reached >= needed and shortest < walk_s:",
        "if n and shortest < walk_s:",
        (f"{TIMETABLE}::test_unreachable_for_part_of_the_window",),
        nightly=True,
    ),
    PlantedFault(
        "journeys: left for right",
        "geo/turns.py",
        'side = abs(angle_deg), "right" if angle_deg > 0 else "left"',
        'side = abs(angle_deg), "right" if angle_deg < 0 else "left"',
        ("tests/test_walk_turns.py::test_left_right_and_straight_on",),
        nightly=True,
    ),
    PlantedFault(
        "journeys: a claim of how often that is two minutes off",
        "geo/frequency.py",
        "if most - middle <= 1 and middle - least <= 1:",
        "if most - middle <= 2 and middle - least <= 2:",
        ("tests/test_journey_frequency.py::test_every_claim_holds_for_the_departures",),
        nightly=True,
    ),
    PlantedFault(
        "journeys: a code told as a stop's name",
        "geo/names.py",
        "if name.casefold() in _PLACEHOLDERS | codes or",
        "if name.casefold() in _PLACEHOLDERS or",
        ("tests/test_journey_words.py::test_a_stop_without_a_name_is_never_its_code",),
        nightly=True,
    ),
    PlantedFault(
        "journeys: other routes beyond the walk limit",
        "geo/journey.py",
        "and access_mm + egress_mm <= query.walk.total_limit_mm",
        "and access_mm <= query.walk.total_limit_mm",
        ("tests/test_journey_service.py::test_other_routes_at_the_same_stops_and_nearby",),
        nightly=True,
    ),
)


def copy_tree(target: Path) -> None:
    """Copy what the tests need, without caches and built packs."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            ignore = shutil.ignore_patterns("__pycache__", "packs", "*.pyc")
            shutil.copytree(source, target / name, ignore=ignore)
        else:
            shutil.copy2(source, target / name)


def copy_compiled(tree: Path) -> None:
    """Give the copy what numba has compiled of this checkout: files are told by path, time and size."""
    importlib.import_module("geo.compile")  # names the folder, which numba reads when it is imported
    locator = importlib.import_module("numba.core.caching").UserProvidedCacheLocator
    kept = Path(os.environ["NUMBA_CACHE_DIR"])
    own, copied = (locator.get_suitable_cache_subpath(str(root / "geo" / "x.py")) for root in (ROOT, tree))
    if (kept / own).is_dir():
        shutil.copytree(kept / own, tree / "numba-cache" / kept.name / copied)


@contextmanager
def start_tests(tree: Path) -> Iterator[Forks]:
    """A process that runs tests of the copy, with the copy's own cache."""
    environment = {
        "NUMBA_CACHE_DIR": str(tree / "numba-cache"), "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    forks = Forks("tests.fault_runner", tree, environment)
    try:
        yield forks
    finally:
        forks.close()


def run_tests(forks: Forks, tree: Path, tests: tuple[str, ...]) -> tuple[int, str]:
    """Run tests of the copy, the engine's alone, up to the first failure; exit code and what was printed."""
    log = tree / "tests.log"
    forks.start(log, "-q", "-x", "-p", "no:cacheprovider", "-k", "not reference", *tests)
    return forks.wait(), log.read_text(encoding="utf-8")


def plant(tree: Path, fault: PlantedFault) -> None:
    """Put the fault into the copy; raise when the sound text is not there exactly once."""
    path = tree / fault.file
    text = path.read_text(encoding="utf-8")
    times = text.count(fault.sound)
    if times != 1 or fault.sound == fault.faulty:
        raise LookupError(
            f"{fault.name}: {fault.file} holds the text to damage {times} times and not once; "
            "the code has moved, bring tests/planted_faults.py up to it"
        )
    path.write_text(text.replace(fault.sound, fault.faulty), encoding="utf-8")


def check_fault(forks: Forks, tree: Path, fault: PlantedFault) -> str | None:
    """Plant one fault, run its tests, take it out again; say what is wrong, or None when it was noticed."""
    try:
        plant(tree, fault)
    except LookupError as error:
        return str(error)
    try:
        code, printed = run_tests(forks, tree, fault.tests)
    finally:
        shutil.copy2(ROOT / fault.file, tree / fault.file)  # its old time too: numba's cache holds
    if code == 0:
        return f"{fault.name}: no test noticed it"
    if code != 1 or "AssertionError" not in printed:
        return f"{fault.name}: the tests broke instead of failing\n{printed[-4000:]}"
    return None


def check_faults(faults: tuple[PlantedFault, ...] = FAULTS, *, tell: bool = False) -> list[str]:
    """Run everything; return what is wrong, nothing when every fault was noticed."""
    with tempfile.TemporaryDirectory(prefix="planted-faults-") as folder:
        tree = Path(folder)
        copy_tree(tree)
        copy_compiled(tree)
        with start_tests(tree) as forks:
            every = tuple(dict.fromkeys(test for fault in faults for test in fault.tests))
            code, printed = run_tests(forks, tree, every)
            if code != 0:
                return [f"the sound copy does not pass its tests\n{printed[-5000:]}"]
            problems = []
            for fault in faults:
                problem = check_fault(forks, tree, fault)
                if tell:
                    print(f"{'NOT NOTICED' if problem else 'noticed':12} {fault.name}", flush=True)
                if problem:
                    problems.append(problem)
            return problems


def main(words: list[str]) -> int:
    """Command line: 0 when every planted fault was noticed."""
    chosen = tuple(fault for fault in FAULTS if all(word in fault.name for word in words))
    problems = check_faults(chosen, tell=True)
    print("\n".join(problems) or f"all {len(chosen)} planted faults were noticed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
