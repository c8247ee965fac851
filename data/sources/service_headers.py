"""Which column of a file is which field of the template, whatever people call it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from data.template.columns import COLUMNS

# A misspelt header is taken for the template's from this likeness (0 to 100) up.
LIKENESS = 85.0
# Two different fields closer to each other than this make the header ambiguous.
CLEARLY_BETTER = 4.0
# Shorter names are only taken when they are written exactly ("x", "id", "tel").
SHORTEST_GUESSED = 5


def normalise_header(text: str) -> str:
    """Lower case, words parted by single spaces, nothing but letters and digits."""
    return " ".join(re.sub(r"[^0-9a-z]+", " ", re.sub(r"\(.*?\)", " ", text.casefold())).split())


def _known_names() -> dict[str, str]:
    names: dict[str, str] = {}
    for column in COLUMNS:
        for name in (column.header, column.field, *column.also):
            names.setdefault(normalise_header(name), column.field)
    return names


KNOWN = _known_names()


def count_known(row: Sequence[str]) -> int:
    """Say how many cells of a row name a column of the template exactly."""
    fields = {KNOWN[name] for cell in row if len(cell) < 60 and (name := normalise_header(cell)) in KNOWN}
    return len(fields) if len(fields) > 1 else 0


@dataclass(frozen=True)
class HeaderMatch:
    """Where each field is found, what else the file holds, and what was doubtful.

    Attributes
    ----------
    fields : position of the column by field
    others : header by position, for columns of no field
    remarks : (code, words) one a doubtful column
    """

    fields: dict[str, int]
    others: dict[int, str]
    remarks: tuple[tuple[str, str], ...]


def match_headers(header: Sequence[str]) -> HeaderMatch:
    """Match a header's cells to fields: exact names first, then misspelt ones.

    A header as like to two fields, and a second column for one field, are
    matched to none: the column's values are kept among the others.
    """
    fields: dict[str, int] = {}
    others: dict[int, str] = {}
    remarks: list[tuple[str, str]] = []
    guessed: list[tuple[int, str]] = []
    for position, cell in enumerate(header):
        name = normalise_header(cell)
        field = KNOWN.get(name)
        if field is None:
            guessed.append((position, name))
        elif field in fields:
            first = header[fields[field]]
            remarks.append(
                ("column_repeated", f"{cell!r} and {first!r} both mean {field}; the first is read")
            )
            others[position] = cell
        else:
            fields[field] = position
    for position, name in guessed:
        cell = header[position]
        likely = _likely_fields(name)
        if len(likely) > 1:
            remarks.append(
                ("column_ambiguous", f"{cell!r} may be {' or '.join(likely)}; rename it to one of them")
            )
        elif likely and likely[0] not in fields:
            fields[likely[0]] = position
            remarks.append(("column_guessed", f"{cell!r} was read as {likely[0]}"))
            continue
        elif likely:
            first = header[fields[likely[0]]]
            remarks.append(
                ("column_repeated", f"{cell!r} and {first!r} both mean {likely[0]}; the first is read")
            )
        elif name:
            remarks.append(("column_unknown", f"{cell!r} is no column of the template; kept with the record"))
        others[position] = cell
    return HeaderMatch(fields, others, tuple(remarks))


def _likely_fields(name: str) -> list[str]:
    """Fields that a misspelt name is like, the likeliest alone when it is clearly so."""
    if len(name) < SHORTEST_GUESSED:
        return []
    best: dict[str, float] = {}
    for known, score, _ in process.extract(
        name, list(KNOWN), scorer=fuzz.ratio, score_cutoff=LIKENESS, limit=10
    ):
        field = KNOWN[known]
        best[field] = max(best.get(field, 0.0), score)
    ranked = sorted(best, key=lambda field: (-best[field], field))
    if not ranked:
        return []
    return [field for field in ranked if best[ranked[0]] - best[field] < CLEARLY_BETTER]
