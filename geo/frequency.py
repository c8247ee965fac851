"""How often a bus runs, in words that hold for every departure: "every 12 minutes until 18:10, then hourly".

The rule (docs/numbers.md). Departures are whole minutes, each once. They are
cut into stretches, each with one claim about the gaps between its departures:

- *every N minutes* (*hourly*, *every 2 hours*): each gap is N, give or take one minute;
- *about every N minutes*: each gap is N give or take 15% (at least two minutes);
- *about every X to Y minutes*: no gap is shorter than X or longer than Y; the longest is at most
  three times the shortest, and from 10 minutes on both are widened to fives;
- *at 09:12 and 10:47*: these departures.

Of all ways to cut, the one whose claims are the plainest (fewest and firmest)
is told. What would need more than four stretches is told as one: how many
departures, and the shortest and longest gap. Up to four departures are listed.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from geo.clock import clock

MOST_LISTED = 4
MOST_STRETCHES = 4
ABOUT_SHARE = 0.15
ABOUT_LEAST_MIN = 2
WIDEST = 3
_USUAL_MIN = frozenset({10, 15, 20, 30, 60, 120})
Claim = Literal["every", "about", "range", "apart", "at"]
# What a stretch costs: plainer claims are cheaper, and each stretch is one more thing to remember.
_COST = {"every": 2.0, "about": 3.8, "range": 7.5, "at": 1.5}
_COST_OF_ODD, _COST_OF_WIDE, _COST_OF_TIME = 2.4, 2.5, 0.8


@dataclass(frozen=True)
class Stretch:
    """Departures after ``after_min`` up to ``until_min`` and what holds for the gaps before each.

    ``shortest_min`` and ``longest_min`` are the gaps as claimed; both are N for
    "every" and "about". ``times_min`` are listed for "at"; "apart" is all departures in one.
    """

    claim: Claim
    until_min: int
    shortest_min: int = 0
    longest_min: int = 0
    times_min: tuple[int, ...] = ()


def describe_frequency(departures_min: Sequence[int], *, approximate: bool = False) -> str:
    """Say how often and from when to when; "" without departures.

    Parameters
    ----------
    departures_min : sequence of int
        Minutes of the service day, may pass 1,440; any order, repeats allowed.
    approximate : bool
        The timetable gives only how often: no time is then said as exact.

    Examples
    --------
    >>> describe_frequency([540, 570, 600, 630, 660])
    'every 30 minutes from 09:00 until 11:00'
    """
    times = sorted(set(departures_min))
    if not times:
        return ""
    about = "about " if approximate else ""
    if len(times) <= MOST_LISTED:
        return f"{'once, ' if len(times) == 1 else ''}{about}at {_list(times)}"
    stretches = cut_departures(times)
    words: list[str] = []
    listed: list[int] = []
    for number, stretch in enumerate(stretches):
        if stretch.claim == "at":
            listed.extend(stretch.times_min)
            if number + 1 < len(stretches) and stretches[number + 1].claim == "at":
                continue
            words.append(f"{about}at {_list(listed)}")
            listed = []
            continue
        start = f" from {clock(60 * times[0])}" if number == 0 else ""
        claim = _say_claim(stretch, approximate)
        if stretch.claim == "apart":
            gaps = f"{about}{stretch.shortest_min} to {stretch.longest_min} minutes apart"
            return f"{len(times)} times{start} until {clock(60 * times[-1])}, {gaps}"
        words.append(f"{claim}{start} until {clock(60 * stretch.until_min)}")
    return ", then ".join(words)


def cut_departures(times_min: Sequence[int]) -> list[Stretch]:
    """Cut five or more increasing departures into stretches.

    The first departure belongs to the first stretch, whose gaps begin with it;
    where that is a list it is in the list.
    """
    times = tuple(times_min)
    last = len(times) - 1

    @cache
    def stretches_from(at: int) -> list[tuple[int, Stretch]]:
        found = []
        gaps: list[int] = []
        for end in range(at + 1, last + 1):
            gaps.append(times[end] - times[end - 1])
            if (stretch := _claim(times, at, end, gaps)) is not None:
                found.append((end, stretch))
            elif max(gaps) > WIDEST * min(gaps):  # nothing longer holds either
                break
        return found

    @cache
    def best(at: int, left: int) -> tuple[float, tuple[Stretch, ...]] | None:
        """The cheapest cut of the departures after number ``at``, in at most ``left`` stretches."""
        if at == last:
            return 0.0, ()
        if left == 0:
            return None
        found: tuple[float, tuple[Stretch, ...]] | None = None
        for end, stretch in reversed(stretches_from(at)):
            rest = best(end, left - 1)
            if rest is None:
                continue
            cost = _cost(stretch) + rest[0]
            if found is None or cost < found[0] - 1e-9:
                found = cost, (stretch, *rest[1])
        return found

    answer = best(0, MOST_STRETCHES)
    if answer is not None:
        return list(answer[1])
    gaps = [b - a for a, b in itertools.pairwise(times)]
    return [Stretch("apart", times[-1], min(gaps), max(gaps))]


def _claim(times: tuple[int, ...], at: int, end: int, gaps: list[int]) -> Stretch | None:
    """The firmest claim that holds for the departures after number ``at`` up to ``end``; None: none does."""
    least, most = min(gaps), max(gaps)
    if len(gaps) >= 2:
        middle = _headway(gaps)
        if most - middle <= 1 and middle - least <= 1:
            return Stretch("every", times[end], middle, middle)
        if max(most - middle, middle - least) <= _about(middle):
            return Stretch("about", times[end], middle, middle)
        if len(gaps) >= 3 and most <= WIDEST * least:
            # Widened to fives: the claim still holds, and is easier to keep in mind.
            wide = (least // 5 * 5, -(-most // 5) * 5) if least >= 10 else (least, most)
            return Stretch("range", times[end], *wide)
    if len(gaps) <= 2:
        first = at if at == 0 else at + 1
        return Stretch("at", times[end], times_min=times[first : end + 1])
    return None


def _cost(stretch: Stretch) -> float:
    cost = _COST[stretch.claim] + _COST_OF_TIME * max(len(stretch.times_min) - 1, 0)
    if stretch.claim == "about" and stretch.shortest_min not in _USUAL_MIN:
        cost += _COST_OF_ODD
    if stretch.claim == "range" and stretch.longest_min > 2 * stretch.shortest_min:
        cost += _COST_OF_WIDE
    return cost


def _headway(gaps: list[int]) -> int:
    """The N that suits all gaps best: within a minute of each, else near enough; rounder ones first."""
    least, most = min(gaps), max(gaps)
    exact = range(most - 1, least + 2)
    if exact:
        return min(exact, key=lambda n: (-gaps.count(n), _roundness(n), n))
    middle = (least + most) // 2
    near = [n for n in range(least, most + 1) if max(most - n, n - least) <= _about(n)]
    return min(near, key=lambda n: (_roundness(n), abs(n - middle), n), default=middle)


def _about(minutes: int) -> int:
    """How far from N a gap of "about every N minutes" may be."""
    return max(ABOUT_LEAST_MIN, int(minutes * ABOUT_SHARE))


def _roundness(minutes: int) -> int:
    return 0 if minutes in _USUAL_MIN else 1 if minutes % 5 == 0 else 2


def _say_claim(stretch: Stretch, approximate: bool) -> str:
    if stretch.claim == "range":
        return f"about every {stretch.shortest_min} to {stretch.longest_min} minutes"
    about = "about " if approximate or stretch.claim == "about" else ""
    minutes = stretch.shortest_min
    if minutes == 60:
        return f"{about}hourly"
    if minutes % 60 == 0:
        return f"{about}every {minutes // 60} hours"
    return f"{about}every {'minute' if minutes == 1 else f'{minutes} minutes'}"


def _list(times_min: Sequence[int]) -> str:
    words = [clock(60 * time) for time in times_min]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
