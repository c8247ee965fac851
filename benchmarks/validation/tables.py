"""Ladders as Markdown: agreement stage by stage, differences by cause, an example of each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from benchmarks.validation.leftovers import Confirmed, Leftovers
from benchmarks.validation.own import Asked, find_ride
from benchmarks.validation.run import Climbed, Runner
from benchmarks.validation.walks import legs_of


@dataclass(frozen=True)
class ByChance:
    """A peer asked the same question twice, in two processes."""

    stage: str
    changed: int  # answers that are not the same
    larger: int  # of them, those over a minute apart, or with a way in one process only


@dataclass(frozen=True)
class Compared:
    """One peer on one feed, with everything that the tables say of it."""

    peer: str
    runner: Runner
    climbed: Climbed
    confirmed: Confirmed
    leftovers: Leftovers
    by_chance: list[ByChance]


def _share(value: float) -> str:
    """Two decimals; 100.00% is all and nothing less."""
    return f"{100 * value:.2f}%" if value == 1 else f"{min(100 * value, 99.99):.2f}%"


def _seconds(value: int) -> str:
    return "none" if value < 0 else f"{value:,} s"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _choose(runner: Runner, mask: np.ndarray) -> tuple[int, int, int]:
    """One difference, by a hash of its ids: nobody picked it."""
    pairs = np.argwhere(mask.any(axis=0))
    case = runner.case

    def key(pair: np.ndarray) -> str:
        text = f"{case.origins[pair[0]]}|{case.destinations[pair[1]]}"
        return hashlib.sha256(text.encode()).hexdigest()

    origin, end = min(pairs, key=key)
    return int(np.flatnonzero(mask[:, origin, end])[0]), int(origin), int(end)


def _example(runner: Runner, climbed: Climbed, stage: int, place: tuple[int, int, int]) -> str:
    """Who, when, both answers before and after, and our ride with its stops."""
    minute, origin, end = place
    case = runner.case
    before = max(stage - 1, 0)
    asked = runner.ready(climbed.own_settings[before])
    at_s = asked.query.window_start_s + 60 * minute
    answers = f"ours {_seconds(climbed.own[before][place])}, theirs {_seconds(climbed.peer[before][place])}"
    if stage < len(climbed.stages):
        answers += f"; then {_seconds(climbed.own[stage][place])} and {_seconds(climbed.peer[stage][place])}"
    told = _tell_way(asked, origin, end, at_s, int(climbed.own[before][place]))
    pair = f"`{case.origins[origin]}` to `{case.destinations[end]}` at {_clock(at_s)[:5]}"
    return f"{pair}: {answers}; {told}"


def _tell_way(asked: Asked, origin: int, end: int, at_s: int, took_s: int) -> str:
    """Say which way our answer stands for."""
    if 0 <= took_s == legs_of(asked.direct, origin, asked.query.walk.speed_mm_per_h).get(end):
        return "on foot here"
    ride = find_ride(asked, origin, end, at_s)
    if ride is None:
        return "no ride here"
    home_s = ride.arrives_s + ride.walk_on_s - at_s
    kind = "ride here" if home_s == took_s else f"first ride here ({home_s:,} s)"
    return (
        f"{kind}: `{ride.board}` {_clock(ride.departs_s)} to `{ride.alight}` "
        f"{_clock(ride.arrives_s)}, walks {ride.walk_s} and {ride.walk_on_s} s"
    )


SUMMARY_HEAD = (
    "| feed | peer | within a minute, as they come | every rule the same | last row "
    "| larger differences: as they come, every rule the same, last row | ours, worked out anew |",
    "|---|---|---|---|---|---|---|",
)


def summary_row(one: Compared) -> str:
    """One row for each feed and peer, under ``SUMMARY_HEAD``."""
    rows = (0, one.climbed.plain, -1)
    first, plain, last = (one.climbed.agreement[row] for row in rows)
    counts = ", ".join(f"{int(one.climbed.differs[row].sum()):,}" for row in rows)
    return (
        f"| {one.runner.case.name} | {one.peer} | {_share(first.share)} "
        f"| **{_share(plain.share)}** of {plain.reached:,} | {_share(last.share)} | {counts} "
        f"| {one.confirmed.equal:,} of {one.confirmed.answers:,} equal |"
    )


def ladder_lines(one: Compared) -> list[str]:
    """Both tables of a ladder, and what was decided of the rest."""
    climbed = one.climbed
    lines = [
        "",
        f"### {one.runner.case.name}, {one.peer}",
        "",
        "| made the same, one more at a time | within a minute, of those either reaches in 45 minutes "
        "| of those either ever reaches | larger differences |",
        "|---|---|---|---|",
    ]
    for stage, found, differs in zip(climbed.stages, climbed.agreement, climbed.differs, strict=True):
        lines.append(
            f"| {stage.name} | {_share(found.share)} of {found.reached:,} "
            f"| {_share(found.share_ever)} of {found.reached_ever:,} | {int(differs.sum()):,} |"
        )
    return [*lines, "", *_check_lines(one), "", *_cause_lines(one), *_leftover_lines(one)]


def _check_lines(one: Compared) -> list[str]:
    """Who was checked against what, in two sentences."""
    found = one.confirmed
    chance = "; ".join(
        f"{asked.changed:,} at the row *{asked.stage}*, {asked.larger:,} of them by over a minute"
        if asked.changed
        else f"none at the row *{asked.stage}*"
        for asked in one.by_chance
    )
    return [
        f"Of this engine's {found.answers:,} answers at the row *{found.stage}* ({found.reached:,} with a "
        f"way), {found.equal:,} are the same to the second when worked out anew from the raw files. Asked "
        f"the same question twice, {one.peer} changes so many of its answers: {chance}."
    ]


def _cause_lines(one: Compared) -> list[str]:
    climbed = one.climbed
    causes = climbed.causes
    total = int(climbed.differs[0].sum())
    lines = [
        f"The {total:,} differences of the first row, by the rule that they come from:",
        "",
        "| cause | differences | pairs | what differs | an example, before and after it is made the same |",
        "|---|---|---|---|---|",
    ]
    for number, stage in enumerate(climbed.stages):
        mask = causes == number
        if number == 0 or not mask.any():
            continue
        example = _example(one.runner, climbed, number, _choose(one.runner, mask))
        says = stage.says.replace("{peer}", one.peer)
        pairs = int(mask.any(axis=0).sum())
        lines.append(f"| {stage.name} | {int(mask.sum()):,} | {pairs:,} | {says} | {example} |")
    return lines


def _leftover_lines(one: Compared) -> list[str]:
    """What is left at the last stage, by what was decided."""
    count = int(one.climbed.differs[-1].sum())
    if count == 0:
        return ["", "No difference is left at the last row."]
    lines = [
        "",
        f"What became of the differences of the last row ({count:,}):",
        "",
        "| decided | differences | an example |",
        "|---|---|---|",
    ]
    for mask, words in (
        (one.leftovers.missed, f"a quicker journey exists, by the raw files, that {one.peer} does not give"),
        *(
            (mask, f"{one.peer} walks further than the limit: with up to {limit_m:,} m ours is as quick")
            for limit_m, mask in one.leftovers.further.items()
        ),
        (one.leftovers.left, "unexplained"),
    ):
        if mask.any():
            example = _example(one.runner, one.climbed, len(one.climbed.stages), _choose(one.runner, mask))
            lines.append(f"| {words} | {int(mask.sum()):,} | {example} |")
    return lines
