"""A ladder as Markdown: agreement stage by stage, differences by cause, an example of each."""

from __future__ import annotations

import hashlib

import numpy as np

from benchmarks.validation.leftovers import Leftovers
from benchmarks.validation.own import find_ride
from benchmarks.validation.run import Climbed, Runner


def _share(value: float) -> str:
    return f"{100 * value:.2f}%"


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
    ride = find_ride(asked, origin, end, at_s)
    answers = f"ours {_seconds(climbed.own[before][place])}, theirs {_seconds(climbed.peer[before][place])}"
    if stage < len(climbed.stages):
        answers += f"; then {_seconds(climbed.own[stage][place])} and {_seconds(climbed.peer[stage][place])}"
    told = "no ride here"
    if ride is not None:
        told = (
            f"ride here: `{ride.board}` {_clock(ride.departs_s)} to `{ride.alight}` "
            f"{_clock(ride.arrives_s)}, walks {ride.walk_s} and {ride.walk_on_s} s"
        )
    pair = f"`{case.origins[origin]}` to `{case.destinations[end]}` at {_clock(at_s)[:5]}"
    return f"{pair}: {answers}; {told}"


def ladder_lines(runner: Runner, peer: str, climbed: Climbed) -> list[str]:
    """Both tables of a ladder."""
    shape = climbed.causes.shape
    lines = [
        f"{shape[1]} x {shape[2]} pairs at {shape[0]} minutes each.",
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
    total = int(climbed.differs[0].sum())
    lines += [
        "",
        f"The {total:,} differences of the first row, by the rule that they come from:",
        "",
        "| cause | differences | pairs | what differs | an example, before and after it is made the same |",
        "|---|---|---|---|---|",
    ]
    for number, stage in enumerate(climbed.stages):
        mask = climbed.causes == number
        if number == 0 or not mask.any():
            continue
        example = _example(runner, climbed, number, _choose(runner, mask))
        says = stage.says.replace("{peer}", peer)
        pairs = int(mask.any(axis=0).sum())
        lines.append(f"| {stage.name} | {int(mask.sum()):,} | {pairs:,} | {says} | {example} |")
    return lines


def leftover_lines(runner: Runner, peer: str, climbed: Climbed, leftovers: Leftovers) -> list[str]:
    """What is left at the last stage, by what was decided."""
    count = int(climbed.differs[-1].sum())
    if count == 0:
        return ["", "No difference is left at the last stage."]
    lines = [
        "",
        f"The {count:,} differences of the last row:",
        "",
        "| decided | differences | an example |",
        "|---|---|---|",
    ]
    for mask, words in (
        (
            leftovers.missed,
            f"a quicker journey exists that {peer} does not give ({leftovers.confirmed} of "
            f"{leftovers.checked} worked out again from the raw files agree with ours to the second)",
        ),
        (leftovers.further, f"{peer} walks further than the limit; with longer walks ours is as quick"),
        (leftovers.left, "unexplained"),
    ):
        if mask.any():
            example = _example(runner, climbed, len(climbed.stages), _choose(runner, mask))
            lines.append(f"| {words} | {int(mask.sum()):,} | {example} |")
    return lines
