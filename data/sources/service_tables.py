"""Rows out of a CSV or XLSX file as people save them, every cell as text.

Copes with a byte-order mark, Windows-1252, UTF-16, semicolons or tabs,
title rows above the header, blank rows, several sheets.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from data.errors import SourceError
from data.fetch.zips import BadZipError, check_zip
from data.sources.service_words import clean_text

# Title rows above the header are looked through this far.
HEADER_WITHIN = 20
MOST_ROWS = 200_000
MOST_UNPACKED = 300_000_000
# A sheet with this share of the best one's known columns may be the register.
LIKE_THE_BEST = 0.5
# Sheets of the template that explain it.
NOT_REGISTERS = frozenset({"Guide", "Examples"})
_DELIMITERS = (",", ";", "\t", "|")


_Found = tuple[int, int, list[list[str]], str]  # known columns, the header's row, all rows, the sheet


@dataclass(frozen=True)
class RawTable:
    """A header and its rows; ``row_numbers`` count as a spreadsheet does, from 1."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    row_numbers: tuple[int, ...]
    blank_rows: int
    remarks: tuple[tuple[str, str], ...]  # (code, words) about the file as a whole


TEMPLATE_ADVICE = "write a template with `python -m data template --out FILE` and copy its header"


def read_table(
    path: Path, count_known: Callable[[Sequence[str]], int], *, advice: str = TEMPLATE_ADVICE
) -> RawTable:
    """Read the table of a .csv, .txt, .tsv or .xlsx file.

    Parameters
    ----------
    path
        The file.
    count_known
        Says how many cells of a row are names of columns; the row with the
        most, among the first 20, is the header.
    advice
        What to do where no row is a header.

    Raises
    ------
    SourceError
        When the file can't be read, or no row looks like a header.
    """
    ending = path.suffix.lower()
    if not path.is_file():
        raise SourceError(f"{path.name}: no such file; check the name in the configuration")
    if ending in {".xlsx", ".xlsm"}:
        candidates, remarks = _read_workbook(path)
    elif ending in {".csv", ".txt", ".tsv"}:
        candidates, remarks = _read_csv(path, count_known)
    else:
        raise SourceError(f"{path.name}: not a table this reads; save it as .csv or .xlsx")
    found = [
        (known, index, rows, name)
        for name, rows in candidates
        for known, index in [_find_header(rows, count_known)]
        if known
    ]
    if not found:
        raise SourceError(
            f"{path.name}: no row of the first {HEADER_WITHIN} names the columns looked for; {advice}"
        )
    _, index, table_rows, name = _choose_sheet(found)
    if index:
        remarks.append(("title_rows", f"{index} row(s) above the header were passed over"))
    if name and len(candidates) > 1:
        others = ", ".join(other for other, _ in candidates if other != name)
        remarks.append(("sheets_ignored", f"only the sheet {name!r} was read, not {others}"))
    return _cut(table_rows, index, remarks)


def _find_header(rows: list[list[str]], count_known: Callable[[Sequence[str]], int]) -> tuple[int, int]:
    """How many names of columns the best of the first rows has, and which row that is."""
    counted = [count_known(row) for row in rows[:HEADER_WITHIN]]
    most = max(counted, default=0)
    return most, counted.index(most) if counted else 0


def _choose_sheet(found: list[_Found]) -> _Found:
    """The first sheet with about as many known columns as any, and with rows under them.

    Not the one with the most: people change headers in the sheet that they fill
    in, and never in the examples behind it.
    """
    most = max(known for known, *_ in found)
    likely = [one for one in found if one[0] >= LIKE_THE_BEST * most]
    filled = [one for one in likely if len(one[2]) > one[1] + 1 and one[3] not in NOT_REGISTERS]
    return (filled or [one for one in likely if one[3] not in NOT_REGISTERS] or likely)[0]


def _cut(rows: Sequence[Sequence[str]], index: int, remarks: list[tuple[str, str]]) -> RawTable:
    """Header and filled rows, padded to the header's width."""
    header = list(rows[index])
    kept: list[tuple[str, ...]] = []
    numbers: list[int] = []
    blank = 0
    width = max((len(row) for row in rows[index:]), default=0)
    header.extend([""] * (width - len(header)))
    for number, row in enumerate(rows[index + 1 :], start=index + 2):
        if not any(row):
            blank += 1
            continue
        kept.append((*row, *[""] * (width - len(row))))
        numbers.append(number)
    # Blank rows at the very end are how spreadsheets are saved, not part of the table.
    trailing = len(rows) - (numbers[-1] if numbers else index + 1)
    return RawTable(tuple(header), tuple(kept), tuple(numbers), max(blank - trailing, 0), tuple(remarks))


def _read_csv(
    path: Path, count_known: Callable[[Sequence[str]], int]
) -> tuple[list[tuple[str, list[list[str]]]], list[tuple[str, str]]]:
    remarks: list[tuple[str, str]] = []
    text = _decode(path.read_bytes(), remarks)
    if not text.strip():
        raise SourceError(f"{path.name}: the file is empty")
    # The delimiter that makes a header of some line: counting marks is misled by semicolons inside of cells.
    delimiter = max(_DELIMITERS, key=lambda mark: _known_in_header(text, mark, count_known))
    if delimiter != ",":
        remarks.append(("delimiter", f"the columns are parted by {delimiter!r}, not by commas"))
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        rows = _clean(reader, path)
    except csv.Error as error:
        raise SourceError(
            f"{path.name}: can't be read as CSV: {error}; save it again from a spreadsheet"
        ) from error
    return [("", rows)], remarks


def _known_in_header(text: str, delimiter: str, count_known: Callable[[Sequence[str]], int]) -> int:
    """How many names of columns the best of the first rows holds with this delimiter."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return max(count_known([clean_text(cell) for cell in row]) for row in islice(reader, HEADER_WITHIN))
    except (csv.Error, ValueError):
        return 0


def _decode(raw: bytes, remarks: list[tuple[str, str]]) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        remarks.append(("encoding", "the file is UTF-16"))
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        remarks.append(("encoding", "the file is not UTF-8; it was read as Windows-1252"))
        return raw.decode("cp1252", errors="replace")


def _read_workbook(path: Path) -> tuple[list[tuple[str, list[list[str]]]], list[tuple[str, str]]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        # Shared words are read whole before the first row: what unpacks to gigabytes must not get there.
        check_zip(path, max_unpacked=MOST_UNPACKED, must_have=("[Content_Types].xml",))
    except BadZipError as error:
        raise SourceError(
            f"{path.name}: {error}; it is no workbook (.xlsx) that this reads. Save it again from the "
            "spreadsheet as .xlsx or .csv"
        ) from error
    try:
        # Formulas give the value that the spreadsheet saved with them: nothing is ever computed here.
        workbook = load_workbook(path, read_only=True, data_only=True)
        sheets = []
        for sheet in workbook.worksheets:
            sheet.reset_dimensions()  # what the file says of its own size is often wrong
            sheets.append((sheet.title, _clean(sheet.iter_rows(values_only=True), path)))
        workbook.close()
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        OSError,
        EOFError,
    ) as error:
        message = f"{path.name}: can't be read as a spreadsheet: {error}; save it again as .xlsx or .csv"
        raise SourceError(message) from error
    return sheets, []


def _clean(rows: Iterable[Sequence[object]], path: Path) -> list[list[str]]:
    kept: list[list[str]] = []
    for row in rows:
        if len(kept) > MOST_ROWS:
            raise SourceError(
                f"{path.name}: more than {MOST_ROWS:,} rows; a register of services has far fewer"
            )
        cells = [_cell_text(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        kept.append(cells)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _cell_text(cell: object) -> str:
    """A cell as its spreadsheet shows it: whole numbers without ".0", dates as ISO."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ", "minutes")
    if isinstance(cell, dt.time):
        return cell.strftime("%H:%M")
    return clean_text(cell)
