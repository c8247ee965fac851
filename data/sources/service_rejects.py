"""The rows that were not imported, as a table to download, put right and import again."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

# A spreadsheet takes cells that begin so for formulas, and computes them.
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class RejectedRow:
    """One row that was not imported, as the file had it, and why."""

    number: int
    code: str
    reason: str
    cells: tuple[str, ...]


def guard_formula(text: str) -> str:
    """Return text that no spreadsheet computes: with an apostrophe before what looks like a formula.

    Plain numbers ("-2.11") stay numbers.
    """
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def unguard_formula(text: str) -> str:
    """Return text without the apostrophe that ``guard_formula`` put before it."""
    return text[1:] if text.startswith("'") and guard_formula(text[1:]) == text else text


def rejects_to_csv(header: Sequence[str], rejected: Sequence[RejectedRow]) -> bytes:
    """Return the rejected rows as CSV for a spreadsheet: row number, reason, and the file's own columns.

    UTF-8 with a byte-order mark, so that a spreadsheet reads names as they are.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["row in the file", "why it was not imported", *map(guard_formula, header)])
    for row in rejected:
        writer.writerow([row.number, guard_formula(row.reason), *map(guard_formula, row.cells)])
    return text.getvalue().encode("utf-8-sig")
