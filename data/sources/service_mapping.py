"""Which column is which field, proposed to a person before anything is read.

``propose_mapping`` looks; a person confirms or changes; ``read_services`` is then
given the mapping and guesses nothing. Without that step (``python -m data build``)
only exact and clearly misspelt headers are read, and every guess is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz, process

from data.errors import SourceError, UsageError
from data.sources.service_headers import (
    KNOWN,
    LIKENESS,
    SHORTEST_GUESSED,
    HeaderMatch,
    count_known,
    match_headers,
    normalise_header,
)
from data.sources.service_places import normalise_postcode
from data.sources.service_tables import RawTable, read_table
from data.template.columns import FIELDS

# Headers less like than this to any name are not worth proposing.
WEAKEST = 70.0
_SAMPLE = 3
_CONTENT_FROM, _CONTENT_SHARE = 50, 0.6
_BY_CONTENT: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("postcode", lambda cell: normalise_postcode(cell) is not None),
    ("email", lambda cell: bool(re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", cell))),
    ("website", lambda cell: bool(re.match(r"(?:https?://|www\.)\S+", cell, re.IGNORECASE))),
)


@dataclass(frozen=True)
class ProposedColumn:
    """One column of a file.

    Attributes
    ----------
    position : from 0
    header : as the file has it
    field : of the template, None where none is proposed
    confidence : 0 to 100; 100 is the template's own name or one known to mean it
    basis : exact, near, content (by what the cells hold) or none
    alternatives : other fields it may be, likeliest first
    samples : its first filled cells
    """

    position: int
    header: str
    field: str | None
    confidence: float
    basis: str
    alternatives: tuple[str, ...]
    samples: tuple[str, ...]


@dataclass(frozen=True)
class ProposedMapping:
    """What is proposed for a file: its columns, how many rows, and what was passed over above the header."""

    file: str
    columns: tuple[ProposedColumn, ...]
    rows: int
    remarks: tuple[tuple[str, str], ...]

    @property
    def mapping(self) -> dict[int, str | None]:
        """The proposal as ``read_services`` takes it: position to field (None: kept with the record)."""
        return {column.position: column.field for column in self.columns}


def count_near(row: Sequence[str]) -> int:
    """Say how many cells of a row may name a column, near names too; for files with no exact name."""
    cells = [normalise_header(cell) for cell in row if 0 < len(cell) < 60]
    fields = {
        KNOWN[found[0]]
        for name in cells
        if (found := process.extractOne(name, list(KNOWN), scorer=fuzz.ratio, score_cutoff=WEAKEST))
        and len(name) >= SHORTEST_GUESSED
    }
    return len(fields) if len(fields) > 1 else 0


def read_any_table(path: Path) -> RawTable:
    """Read a table by exact names of columns, else by near ones.

    Raises
    ------
    SourceError
    """
    try:
        return read_table(path, count_known)
    except SourceError as error:
        try:
            return read_table(path, count_near)
        except SourceError:
            raise error from None


def propose_mapping(path: Path) -> ProposedMapping:
    """Look at a register and propose what its columns are.

    Raises
    ------
    SourceError
        When the file can't be read, or no row looks like a header.
    """
    table = read_any_table(Path(path))
    exact: dict[int, str] = {}
    for position, cell in enumerate(table.header):
        field = KNOWN.get(normalise_header(cell))
        if field and field not in exact.values():
            exact[position] = field
    taken = set(exact.values())
    ranked = {
        position: _rank(normalise_header(cell))
        for position, cell in enumerate(table.header)
        if position not in exact
    }
    proposed: dict[int, tuple[str, float, str]] = {}
    # The best likeness chooses first, so that a weaker one doesn't take its field.
    for likeness, position, field in sorted(
        ((score, position, field) for position, best in ranked.items() for field, score in best),
        key=lambda guess: (-guess[0], guess[1]),
    ):
        if position not in proposed and field not in taken:
            proposed[position] = (field, likeness, "near")
            taken.add(field)
    for position in ranked:
        cells = [row[position] for row in table.rows[:_CONTENT_FROM] if row[position]]
        field = _field_by_content(cells)
        if field and field not in taken and position not in proposed:
            proposed[position] = (field, 60.0, "content")
            taken.add(field)
    columns = []
    for position, header in enumerate(table.header):
        field, confidence, basis = (
            (exact[position], 100.0, "exact")
            if position in exact
            else proposed.get(position, (None, 0.0, "none"))
        )
        others = tuple(name for name, _ in ranked.get(position, ()) if name != field)
        filled = [row[position] for row in table.rows if row[position]]
        columns.append(
            ProposedColumn(position, header, field, confidence, basis, others[:3], tuple(filled[:_SAMPLE]))
        )
    return ProposedMapping(Path(path).name, tuple(columns), len(table.rows), table.remarks)


def _rank(name: str) -> list[tuple[str, float]]:
    """Fields that a name may mean, likeliest first; also with its words in another order ("code post")."""
    if len(name) < 3:
        return []
    best: dict[str, float] = {}
    for known, field in KNOWN.items():
        score = max(fuzz.ratio(name, known), fuzz.token_sort_ratio(name, known) - 2)
        if score >= WEAKEST:
            best[field] = max(best.get(field, 0.0), score)
    return sorted(best.items(), key=lambda item: (-item[1], item[0]))[:4]


def _field_by_content(cells: Sequence[str]) -> str | None:
    for field, fits in _BY_CONTENT:
        if cells and sum(map(fits, cells)) >= _CONTENT_SHARE * len(cells):
            return field
    return None


def apply_mapping(header: Sequence[str], mapping: Mapping[int, str | None] | None) -> HeaderMatch:
    """Return where each field is: as confirmed, or matched by name where nothing was confirmed.

    Raises
    ------
    UsageError
        Naming columns that aren't there, fields that aren't the template's or stand twice.
    """
    if mapping is None:
        return match_headers(header)
    faults = [f"there is no column {position + 1}" for position in mapping if not 0 <= position < len(header)]
    chosen = [field for field in mapping.values() if field]
    faults += [f"{field!r} is no column of the template" for field in chosen if field not in FIELDS]
    faults += [
        f"{field} is given to several columns" for field in sorted({*chosen}) if chosen.count(field) > 1
    ]
    if not chosen:
        faults.append("no column has a field")
    if faults:
        raise UsageError("The columns can't be read as confirmed:", faults)
    fields = {field: position for position, field in mapping.items() if field}
    read = set(fields.values())
    others = {position: cell for position, cell in enumerate(header) if position not in read}
    remarks = tuple(
        ("column_unknown", f"{cell!r} is no column of the template; kept with the record")
        for cell in others.values()
        if cell
    )
    return HeaderMatch(fields, others, remarks)


__all__ = [
    "LIKENESS",
    "ProposedColumn",
    "ProposedMapping",
    "apply_mapping",
    "count_near",
    "propose_mapping",
    "read_any_table",
]
