"""The command line that gives the same figures as the page shows."""

from __future__ import annotations

import shlex

from geo.clock import typed_clock
from geo.query import Query
from layers.there_and_back import ThereAndBack, say_weekday

# What the page calls a scenario that it hands out.
SCENARIO_FILE = "scenario.toml"


def say_command(
    area_id: str,
    query: Query,
    out: str,
    what: str = "",
    origins: str = "",
    trip: ThereAndBack | None = None,
    *,
    times_of_day: bool = False,
) -> str:
    """``python -m layers export`` with every option that differs from its default."""
    default = Query()
    walk, usual = query.walk, default.walk
    total = None if walk.max_walk_total_m in (None, 2 * walk.max_walk_m) else walk.max_walk_total_m
    window = f"{typed_clock(query.window_start_s)}-{typed_clock(query.window_end_s)}"
    options = [
        ("--what", what, ""),
        ("--origins", origins, ""),
        ("--date", query.service_date.isoformat() if query.service_date else "", ""),
        ("--window", window, f"{typed_clock(default.window_start_s)}-{typed_clock(default.window_end_s)}"),
        ("--cutoff", f"{query.cutoff_s / 60:g}", f"{default.cutoff_s / 60:g}"),
        ("--percentiles", _join(query.percentiles), _join(default.percentiles)),
        ("--max-walk", str(walk.max_walk_m), str(usual.max_walk_m)),
        ("--max-walk-total", "" if total is None else str(total), ""),
        ("--walk-speed", f"{walk.speed_kmh:g}", f"{usual.speed_kmh:g}"),
        ("--board-slack", str(query.board_slack_s), str(default.board_slack_s)),
        ("--modes", _join(query.modes), _join(default.modes)),
        ("--boardings", str(query.boardings), str(default.boardings)),
    ]
    words = ["python", "-m", "layers", "export", area_id, "--out", out]
    for name, value, usual_value in options:
        if value != usual_value:
            words += [name, value]
    if trip is not None:
        words += ["--there-and-back", *([] if trip.day is None else ["--day", say_weekday(trip.day).lower()])]
    if times_of_day:
        words.append("--times-of-day")
    if query.scenario is not None:
        words += ["--scenario", SCENARIO_FILE]
    if walk.avoid_steps:
        words.append("--avoid-steps")
    return shlex.join(words)


def _join(values: tuple[object, ...]) -> str:
    return ",".join(str(value) for value in values)
