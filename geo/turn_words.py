"""The turns of a walk in words: "left into Tib Street, 120 m"."""

from __future__ import annotations

from collections.abc import Sequence

from geo.turns import (
    CYCLE_PATH,
    FOOTPATH,
    OFF_STREET,
    PRECINCT,
    ROAD,
    SERVICE_ROAD,
    SQUARE,
    STEPS,
    TRACK,
    WalkStep,
)

# How a way without a name is walked. Whether steps go up or down is not in the data.
_ALONG = {
    FOOTPATH: "along the footpath",
    CYCLE_PATH: "along the cycle path",
    TRACK: "along the track",
    STEPS: "by the steps",
    SQUARE: "across the square",
    PRECINCT: "along the pedestrian street",
    SERVICE_ROAD: "along the side road",
    ROAD: "along the road",
    OFF_STREET: "off the street",
}
_TURNS = {
    "straight": "straight on",
    "bear_left": "bear left",
    "bear_right": "bear right",
    "left": "left",
    "right": "right",
    "sharp_left": "sharp left",
    "sharp_right": "sharp right",
    "turn_round": "turn round",
}
_COMPASS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")


def name_heading(heading_deg: float) -> str:
    """The nearest of eight points of the compass.

    >>> name_heading(359)
    'north'
    """
    return _COMPASS[round(heading_deg / 45) % 8]


def turns_in_words(steps: Sequence[WalkStep]) -> list[str]:
    """One phrase a step, in order; its metres in tens, which sum to the whole walk's.

    A step of under five metres may be told without its length.
    """
    metres = round_to_tens([step.length_mm for step in steps])
    words = []
    for number, (step, length_m) in enumerate(zip(steps, metres, strict=True)):
        following = steps[number + 1] if number + 1 < len(steps) else None
        before = steps[number - 1] if number else None
        phrase = _say_step(step, before, following)
        words.append(f"{phrase}, {length_m:,} m" if length_m else phrase)
    return words


def round_to_tens(lengths_mm: Sequence[int]) -> list[int]:
    """Lengths in tens of metres that sum to their rounded sum (largest remainders first).

    >>> round_to_tens([14_000, 14_000, 14_000])
    [20, 10, 10]
    """
    ten_mm = 10_000
    whole = [length // ten_mm for length in lengths_mm]
    missing = (sum(lengths_mm) + ten_mm // 2) // ten_mm - sum(whole)
    by_rest = sorted(range(len(whole)), key=lambda i: (-(lengths_mm[i] % ten_mm), i))
    for i in by_rest[:missing]:
        whole[i] += 1
    return [10 * tens for tens in whole]


def _say_step(step: WalkStep, before: WalkStep | None, following: WalkStep | None) -> str:
    if step.turn == "start":
        heading = name_heading(step.heading_deg)
        if step.kind == OFF_STREET:
            goal = f" to {_name(following)}" if following is not None else ""
            return f"go {heading}{goal}"
        return f"go {heading} {_along(step)}"
    if step.kind == OFF_STREET:
        return f"{_TURNS[step.turn]}, leaving the street"
    turn = _TURNS[step.turn]
    at = "at the roundabout " if step.roundabout else ""
    if step.same_street and step.street is not None and step.kind != STEPS:
        return f"{at}{turn}, staying on {step.street}"
    if step.turn == "turn_round":
        return f"{at}turn round, and go {_along(step)}"
    # From a yard or a field one doesn't turn "into" the street that one comes to.
    into = step.street is not None and step.kind != STEPS and not (before and before.kind == OFF_STREET)
    return f"{at}{turn} {f'into {step.street}' if into else _along(step)}"


def _along(step: WalkStep) -> str:
    if step.street is None:
        return _ALONG[step.kind]
    return f"by the steps of {step.street}" if step.kind == STEPS else f"along {step.street}"


def _name(step: WalkStep | None) -> str:
    if step is None:
        return "the street"
    if step.street is not None:
        return step.street
    return _ALONG[step.kind].partition(" ")[2]
