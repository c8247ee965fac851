"""Read CSV tables as text: any encoding met in public files, columns found by name."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from data.errors import SourceError

MAX_FAULTS_SHOWN = 20
_MISSING = frozenset({"", "-", "..", ".", "c", "x", ":", "na", "n/a", "null", "none", "nan"})


def read_text(path: Path) -> str:
    """Return a file's text: UTF-8 with or without byte-order mark, else Windows-1252."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path.name}: can't be read ({error.strerror}); check the path.") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV as text, nothing guessed: every value a stripped string, missing ones empty.

    Raises
    ------
    SourceError
        When the file is empty, has a header that repeats a name, rows longer
        than the header, or is a web page or error message saved as CSV.
    """
    text = read_text(path)
    if text.lstrip()[:1] in ("<", "{"):
        raise SourceError(f"{path.name}: is not CSV but a web page or an error message; fetch it again.")
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if any(cell.strip() for cell in row)]
    if not rows:
        raise SourceError(f"{path.name}: the file is empty.")
    header = [name.strip() for name in rows[0]]
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    faults = [f"column {name!r} stands twice in the header" for name in repeated]
    width = len(header)
    too_long = [number for number, row in enumerate(rows, start=1) if any(c.strip() for c in row[width:])]
    if too_long:
        faults.append(f"{len(too_long)} rows are longer than the header, the first is row {too_long[0]}")
    if faults:
        raise SourceError(f"{path.name}: can't be read as a table:", faults)
    body = [[cell.strip() for cell in row[:width]] + [""] * (width - len(row)) for row in rows[1:]]
    return pd.DataFrame(body, columns=header, dtype="str")


def find_column(frame: pd.DataFrame, name: str, file: str) -> str:
    """Return the frame's own spelling of a column, found regardless of case.

    Raises
    ------
    SourceError
        Naming the columns that the file has.
    """
    if name in frame.columns:
        return name
    matches = [column for column in frame.columns if str(column).casefold() == name.casefold()]
    if len(matches) == 1:
        return str(matches[0])
    have = ", ".join(map(str, frame.columns[:30]))
    raise SourceError(f"{file}: no column {name!r}; it has: {have}. Name the right one in the configuration.")


def detect_column(frame: pd.DataFrame, candidates: Iterable[str], what: str, file: str, key: str) -> str:
    """Return the one column whose name is among the known names, regardless of case.

    Raises
    ------
    SourceError
        When none or several are; says which key of the configuration settles it.
    """
    known = {name.casefold() for name in candidates}
    matches = [str(column) for column in frame.columns if str(column).casefold() in known]
    if len(matches) == 1:
        return matches[0]
    have = ", ".join(map(str, frame.columns[:30]))
    problem = f"can't tell {what} among {', '.join(matches)}" if matches else f"no column known as {what}"
    raise SourceError(f"{file}: {problem} (columns: {have}); set {key} in the configuration.")


def read_columns(path: Path, columns: dict[str, str]) -> pd.DataFrame:
    """Read named columns of a CSV under names of our own.

    Parameters
    ----------
    path : Path
    columns : dict
        Our name to the file's name.
    """
    frame = read_csv(path)
    found = {ours: find_column(frame, theirs, path.name) for ours, theirs in columns.items()}
    return pd.DataFrame({ours: frame[theirs] for ours, theirs in found.items()})


def parse_counts(values: pd.Series, file: str, what: str) -> pd.Series:
    """Read counts of people: whole numbers from 0, thousands commas allowed; a mark for missing is null.

    Returns
    -------
    Series of Int64

    Raises
    ------
    SourceError
        Naming values that are neither a count nor a known mark for missing.
    """
    text = values.str.replace(",", "", regex=False).str.strip()
    missing = text.str.casefold().isin(_MISSING)
    numbers = pd.to_numeric(text.where(~missing), errors="coerce")
    wrong = ~missing & (numbers.isna() | (numbers < 0) | (numbers != numbers.round()) | (numbers > 2**31 - 1))
    if wrong.any():
        shown = [
            f"row {index + 2}: {what} is {values[index]!r}"
            for index in values.index[wrong][:MAX_FAULTS_SHOWN]
        ]
        raise SourceError(f"{file}: {int(wrong.sum())} values are not counts of people:", shown)
    return numbers.astype("Int64")


def read_relation(path: Path, old_column: str, new_column: str) -> pd.DataFrame:
    """Read which old areas and new areas share people.

    Returns
    -------
    DataFrame
        Columns old and new (codes), each pair once.
    """
    frame = read_columns(path, {"old": old_column, "new": new_column})
    return frame[(frame["old"] != "") & (frame["new"] != "")].drop_duplicates().reset_index(drop=True)
