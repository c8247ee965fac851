"""Names of indicators: each category of a table, and the sums that people ask for.

An id is made from what a category means, not from its place or spelling: bands of
age by their bounds, answers on English and cars by their words. A sum stands only
where the table's categories add up to exactly it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from data.sources.groups import slug_of

# Sums of bands of age: from, to (None: and over). The 2019 study found a gap for adults of 25 to 50.
_AGE_SUMS = ((25, 49), (65, None), (75, None))
_ENGLISH = (
    (re.compile(r"cannot speak english well", re.I), "english_not_well"),
    (re.compile(r"cannot speak english", re.I), "english_cannot"),
    (re.compile(r"speak english very well", re.I), "english_very_well"),
    (re.compile(r"speak english well", re.I), "english_well"),
    (re.compile(r"main language is english", re.I), "english_main"),
)
_CARS = (
    (re.compile(r"^no cars", re.I), "cars_none"),
    (re.compile(r"^(1|one) car", re.I), "cars_1"),
    (re.compile(r"^(2|two) cars", re.I), "cars_2"),
    (re.compile(r"^(3|three) or more cars", re.I), "cars_3_plus"),
)
_BASES = {
    "age": ("people", "usual residents"),
    "english": ("people", "usual residents aged 3 and over"),
    "cars": ("households", "households"),
}
_NATIONS = {"IoD": "England", "IMD": "England", "WIMD": "Wales"}
_LEAVES_OUT = {
    "age": None,
    "english": "Leaves out children under 3, and says nothing of reading and writing. In Wales, Welsh "
    "counts as English does",
    "cars": "Counts households and not people. A car in the household need not be there for everyone in it",
}


@dataclass(frozen=True)
class Category:
    """An indicator that is counted: which categories of the table it is the sum of."""

    indicator_id: str
    name: str
    unit: str
    base_name: str
    members: tuple[str, ...]
    leaves_out: str | None


def name_categories(topic: str, names: Iterable[str]) -> list[Category]:
    """Return the sums that people ask for, and then every category, in the table's own sense of order."""
    unit, base = _BASES[topic]
    keyed: dict[str, str] = {}
    for name in names:
        keyed[name] = _free(_id_of(topic, name), set(keyed.values()))

    def build(indicator_id: str, name: str, members: tuple[str, ...]) -> Category:
        return Category(indicator_id, name, unit, base, members, _LEAVES_OUT[topic])

    sums = [
        build(indicator_id, name, members)
        for indicator_id, name, members in (_age_sums(keyed) if topic == "age" else _english_sums(keyed))
        if indicator_id not in keyed.values()
    ]
    order = sorted(keyed, key=lambda name: (_order(topic, keyed[name]), name))
    return [*sums, *(build(keyed[name], name, (name,)) for name in order)]


def name_ranking(table: str, ranked_of: int) -> dict[str, object]:
    """Return the definition of an index's overall rank."""
    nation = next((name for start, name in _NATIONS.items() if table.startswith(start)), "one nation")
    return {
        "indicator_id": f"deprivation_{slug_of(table)}",
        "name": f"Deprivation ({table})",
        "unit": "rank",
        "base_name": None,
        "is_aggregate": False,
        "members": None,
        "leaves_out": f"Ranks the areas of {nation} only, and can't be compared with another nation's or an "
        "earlier index. It ranks areas and not people: not everyone in a deprived area is deprived, and "
        "most deprived people live elsewhere",
        "ranked_of": ranked_of,
    }


def _bounds(name: str) -> tuple[int, int | None] | None:
    """The first and last year of age of a band, None at the end for "and over"."""
    numbers = [int(number) for number in re.findall(r"\d+", name)]
    if "and under" in name and len(numbers) == 1:
        return 0, numbers[0]
    if re.search(r"and over|or over|\+", name) and len(numbers) == 1:
        return numbers[0], None
    return (numbers[0], numbers[1]) if len(numbers) == 2 and numbers[0] <= numbers[1] else None


def _age_id(bounds: tuple[int, int | None]) -> str:
    return f"age_{bounds[0]}_plus" if bounds[1] is None else f"age_{bounds[0]}_{bounds[1]}"


def _id_of(topic: str, name: str) -> str:
    if topic == "age" and (bounds := _bounds(name)) is not None:
        return _age_id(bounds)
    for pattern, indicator_id in {"english": _ENGLISH, "cars": _CARS}.get(topic, ()):
        if pattern.search(name):
            return indicator_id
    return f"{topic}_{slug_of(name) or 'category'}"


def _free(wanted: str, used: set[str]) -> str:
    number = 2
    free = wanted
    while free in used:
        free, number = f"{wanted}_{number}", number + 1
    return free


def _order(topic: str, indicator_id: str) -> tuple[int, ...]:
    if topic == "age":
        return tuple(int(number) for number in re.findall(r"\d+", indicator_id))
    known = {"english": ("english_main", "english_very_well", "english_well", "english_not_well",
                         "english_cannot"),
             "cars": ("cars_none", "cars_1", "cars_2", "cars_3_plus")}[topic]  # fmt: skip
    return (known.index(indicator_id) if indicator_id in known else len(known),)


def _age_sums(keyed: dict[str, str]) -> list[tuple[str, str, tuple[str, ...]]]:
    bands = {name: bounds for name in keyed if (bounds := _bounds(name)) is not None}
    found = []
    for first, last in _AGE_SUMS:
        members = sorted(
            (name for name, (low, high) in bands.items()
             if low >= first and (last is None or (high is not None and high <= last))),
            key=lambda name: bands[name][0],
        )  # fmt: skip
        # The bands must follow one another from the first year to the last, without a hole.
        edges = [bands[name] for name in members]
        whole = bool(edges) and edges[0][0] == first and edges[-1][1] == last
        whole = whole and all(a[1] is not None and a[1] + 1 == b[0] for a, b in pairwise(edges))
        if whole:
            words = f"Aged {first} and over" if last is None else f"Aged {first} to {last}"
            found.append((_age_id((first, last)), words, tuple(members)))
    return found


def _english_sums(keyed: dict[str, str]) -> list[tuple[str, str, tuple[str, ...]]]:
    by_id = {indicator_id: name for name, indicator_id in keyed.items()}
    members = [by_id[one] for one in ("english_not_well", "english_cannot") if one in by_id]
    if len(members) < 2:
        return []
    return [("english_little", "Cannot speak English well, or at all", tuple(members))]
