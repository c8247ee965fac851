"""Reading one sheet of an OpenDocument spreadsheet: values as text, nothing else of it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from data.fetch.http import UnusableAnswerError
from data.fetch.zips import BadZipError, check_zip

MAX_UNPACKED = 300_000_000
# Spreadsheets end in empty rows and columns "repeated a million times".
MAX_COLUMNS, MAX_ROWS = 200, 200_000
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


def read_sheet(path: Path, sheet: str) -> list[list[str]]:
    """Return the rows of a sheet, each with its trailing empty cells cut.

    Raises
    ------
    UnusableAnswerError
        When the file is cut, is no spreadsheet, or has no such sheet.
    """
    try:
        check_zip(path, max_unpacked=MAX_UNPACKED, must_have=("content.xml",), read_all=True)
        with zipfile.ZipFile(path) as archive, archive.open("content.xml") as stream:
            rows = list(_rows(stream, sheet))
    except (BadZipError, KeyError, zipfile.BadZipFile) as error:
        raise UnusableAnswerError(f"sent a spreadsheet that {error}", again=True) from error
    except ElementTree.ParseError as error:
        raise UnusableAnswerError(
            f"sent a spreadsheet that is broken inside ({error})", again=True
        ) from error
    if not rows:
        raise UnusableAnswerError(f"sent a spreadsheet without the sheet {sheet!r}, or with nothing in it")
    return rows


def _rows(stream: IO[bytes], sheet: str) -> Iterator[list[str]]:
    inside = False
    given = 0
    for event, element in ElementTree.iterparse(stream, events=("start", "end")):
        if element.tag == f"{_TABLE}table":
            if event == "start":
                inside = element.get(f"{_TABLE}name") == sheet
            else:
                if inside:
                    return
                element.clear()
        elif event == "end" and element.tag == f"{_TABLE}table-row":
            if inside and (cells := _cells(element)):
                given += 1
                if given > MAX_ROWS:
                    raise BadZipError(f"has over {MAX_ROWS:,} rows")
                yield cells
            element.clear()


def _cells(row: ElementTree.Element) -> list[str]:
    cells: list[str] = []
    for cell in row:
        if cell.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            continue
        value = cell.get(f"{_OFFICE}value")
        if value is None:
            value = " ".join("".join(part.itertext()) for part in cell.iter(f"{_TEXT}p"))
        times = cell.get(f"{_TABLE}number-columns-repeated", "1")
        count = int(times) if times.isdigit() else 1
        cells += [value.strip()] * min(count, MAX_COLUMNS - len(cells))
    while cells and not cells[-1]:
        cells.pop()
    return cells
