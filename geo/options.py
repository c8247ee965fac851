"""Command-line options by the same name in every room, and how they are read.

Minutes and metres on the command line; seconds and whole metres in the query.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import OneBusReachError, UsageError
from data.modes import MODES
from geo.clock import parse_clock
from geo.query import Query, WalkSettings
from geo.roundtrip import RoundTripSettings
from geo.roundtrip_words import describe_round_trip
from geo.sessions import parse_weekday

if TYPE_CHECKING:
    from geo.whatif.model import Scenario

_NEGATIVE = re.compile(r"^-\.?\d")


def clock_to_seconds(text: str) -> int:
    """Seconds of a clock time ``HH:MM`` or ``HH:MM:SS``; hours may pass 24, up to 48."""
    try:
        seconds = parse_clock(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if seconds >= 49 * 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time; hours go up to 48")
    return seconds


def _window(text: str) -> tuple[int, int]:
    start, dash, end = text.partition("-")
    if not dash:
        raise argparse.ArgumentTypeError(f"{text!r} is not a window; write it like 09:30-11:30")
    return clock_to_seconds(start), clock_to_seconds(end)


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write it like 2026-11-24") from error


def _minutes_to_seconds(text: str) -> int:
    try:
        seconds = round(float(text) * 60)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes") from error
    return seconds


def cutoffs_to_seconds(text: str) -> tuple[int, ...]:
    """Cut-offs in minutes joined by commas, as ascending seconds without repeats."""
    return tuple(sorted({_minutes_to_seconds(part) for part in text.split(",")}))


def _percentiles(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r}: write whole percentiles joined by commas, like 50,85"
        ) from error


def _modes(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


def add_query_options(
    parser: argparse.ArgumentParser, *, window: bool = True, percentiles: bool = True, cutoff: bool = True,
    boardings: bool = True, scenario: bool = True,
) -> None:  # fmt: skip
    """Add the options that make a Query; the defaults are the Query's own.

    What would not count in a command's answer is not an option of it.
    """
    default = Query()
    group = parser.add_argument_group("the question")
    group.add_argument("--date", type=_date, help="service date (default: the pack's)")
    if window:
        group.add_argument(
            "--window", type=_window, metavar="09:30-11:30", help="departure window; hours may pass 24"
        )
    if cutoff:
        group.add_argument(
            "--cutoff",
            type=_minutes_to_seconds,
            default=default.cutoff_s,
            metavar="45",
            help="minutes, inclusive",
        )
    if percentiles:
        group.add_argument("--percentiles", type=_percentiles, metavar="50,85")
    group.add_argument(
        "--max-walk", type=int, default=default.walk.max_walk_m, metavar="640", help="metres a leg"
    )
    group.add_argument(
        "--max-walk-total", type=int, metavar="1280", help="metres in all (default: twice a leg)"
    )
    group.add_argument("--walk-speed", type=float, default=default.walk.speed_kmh, metavar="4.8", help="km/h")
    group.add_argument("--avoid-steps", action="store_true", help="leave flights of steps out of every walk")
    group.add_argument("--board-slack", type=int, default=default.board_slack_s, metavar="60", help="seconds")
    group.add_argument(
        "--modes", type=_modes, default=default.modes, metavar="bus,tram", help=", ".join(MODES)
    )
    if boardings:
        group.add_argument("--boardings", type=int, default=default.boardings, choices=(1, 2))
    if scenario:
        group.add_argument(
            "--scenario",
            type=Path,
            metavar="FILE.toml",
            help="what if: changes nobody has made (docs/scenarios.md)",
        )


def add_round_trip_options(parser: argparse.ArgumentParser, *, switch: bool = False) -> None:
    """Add the options of a round trip inside session times; ``switch`` adds the one that asks for it."""
    group = parser.add_argument_group("there and back")
    if switch:
        group.add_argument(
            "--there-and-back", action="store_true", help="in reach: there in time, and home again"
        )
    group.add_argument("--day", metavar="tuesday", help="only sessions of this weekday (default: any day's)")
    for name, minutes, words in (
        ("--early", 30, "minutes one may arrive before the start"),
        ("--linger", 45, "minutes one may wait after the end"),
        ("--stay", 60, "minutes of a visit in drop-in hours"),
    ):
        group.add_argument(name, type=_minutes_to_seconds, metavar=str(minutes), help=words)


def trip_from_options(options: argparse.Namespace) -> RoundTripSettings:
    """The settings of :func:`add_round_trip_options`; the defaults are the RoundTripSettings' own."""
    asked = {"early_s": options.early, "linger_s": options.linger, "stay_s": options.stay}
    return RoundTripSettings(**{name: value for name, value in asked.items() if value is not None})


def check_there_and_back(options: argparse.Namespace, *, window_counts: bool = False) -> None:
    """Refuse options that would change nothing, because ``--there-and-back`` is or is not given.

    ``window_counts``: some of what the command writes has a departure window all the same.

    Raises
    ------
    UsageError
        Naming all of them.
    """

    def given(*names: str) -> str:
        return ", ".join(f"--{name}" for name in names if getattr(options, name, None) is not None)

    if not options.there_and_back:
        if names := given("day", "early", "linger", "stay"):
            raise UsageError(
                f"{names}: would change nothing, since sessions count only there and back; "
                "add --there-and-back, or leave it out (--date chooses another day's buses)."
            )
    elif not window_counts and (names := given("window", "percentiles")):
        raise UsageError(
            f"{names}: would change nothing there and back, where each session sets its own times; "
            "leave it out (--day chooses the sessions), or leave out --there-and-back."
        )
    elif options.boardings != 1:
        raise UsageError("--boardings 2: there and back is looked for on one bus each way; leave it out.")


def day_from_options(options: argparse.Namespace) -> int | None:
    """The weekday asked for, 0 Monday; None for any. Raises QueryError for what is none."""
    return None if options.day is None else parse_weekday(options.day)


def describe_trip_options(options: argparse.Namespace) -> dict[str, Any]:
    """What a file's metadata say of the round trip that was asked for."""
    return describe_round_trip(trip_from_options(options), day_from_options(options))


def _load_scenario(path: Path) -> Scenario:
    from geo.whatif.toml import load_scenario  # here: what checks a scenario takes long to set up

    return load_scenario(path)


def query_from_options(options: argparse.Namespace) -> Query:
    """Build the validated Query; raises QueryError naming all that is wrong."""
    default = Query()
    window = getattr(options, "window", None) or (default.window_start_s, default.window_end_s)
    return Query(
        service_date=options.date,
        window_start_s=window[0],
        window_end_s=window[1],
        cutoff_s=getattr(options, "cutoff", default.cutoff_s),
        percentiles=getattr(options, "percentiles", default.percentiles) or default.percentiles,
        walk=WalkSettings(
            speed_kmh=options.walk_speed,
            max_walk_m=options.max_walk,
            max_walk_total_m=options.max_walk_total,
            avoid_steps=options.avoid_steps,
        ),
        board_slack_s=options.board_slack,
        modes=options.modes,
        boardings=getattr(options, "boardings", default.boardings),
        scenario=_load_scenario(path) if (path := getattr(options, "scenario", None)) else None,
    )


def join_negative_values(arguments: Sequence[str]) -> list[str]:
    """Let coordinates west of Greenwich be typed as they are.

    ``--origin -2.99,51.58`` would be read as an option without a value and an
    option ``-2``; joined by ``=`` it is what the user meant.
    """
    joined: list[str] = []
    for argument in arguments:
        if _NEGATIVE.match(argument) and joined and joined[-1].startswith("--") and "=" not in joined[-1]:
            joined[-1] = f"{joined[-1]}={argument}"
        else:
            joined.append(argument)
    return joined


def run_command(
    parser: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], None],
    arguments: Sequence[str] | None = None,
) -> int:
    """Parse, run, and turn what went wrong into a message and an exit code.

    0: done. 2: the command line asks for something that can't be. 3: the data.
    """
    options = parser.parse_args(join_negative_values(sys.argv[1:] if arguments is None else arguments))
    try:
        run(options)
    except OneBusReachError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt as stop:
        print(f"stopped; {stop if stop.args else 'nothing was left half-written.'}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    return 0


def print_json(value: object) -> None:
    """Print JSON and nothing else (for --json)."""
    print(json.dumps(value, indent=1, ensure_ascii=False))
