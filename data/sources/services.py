"""A register of services out of CSV or XLSX in the project's template.

Half-empty records are the normal case: what is missing stays null. Every row
of the file is imported, imported with a warning, or rejected with a reason.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from data.frames import build_frame
from data.manifest import Fault
from data.schema import SERVICES, SESSIONS
from data.sources.service_corrections import PostcodeBook, PostcodeOffer
from data.sources.service_faults import MESSAGES, FaultBook
from data.sources.service_headers import HeaderMatch, count_known, normalise_header
from data.sources.service_mapping import apply_mapping, read_any_table
from data.sources.service_places import Locator
from data.sources.service_rejects import RejectedRow, unguard_formula
from data.sources.service_rows import Row, read_record, read_row_sessions
from data.sources.service_several import share_sessions, split_services
from data.sources.service_tables import RawTable, read_table
from data.sources.service_words import is_not_known

# "Total services: 6", or "Total" and a number, under a table; "Total Fitness" is a place.
_TOTAL = re.compile(
    r"(?:(?:grand |sub[- ]?)?totals?|count)(?: (?:number|of|all|services|groups|organisations|entries|rows))*"
    r"\s*[:=]?\s*[\d,]*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[\d,. ]+")


@dataclass(frozen=True)
class RowCounts:
    """What became of a file's rows: ``imported + warned + rejected == rows``."""

    rows: int
    imported: int
    warned: int
    rejected: int
    blank: int


@dataclass(frozen=True)
class ServicesResult:
    """Services and sessions of one file, as ``data.schema`` has them.

    Attributes
    ----------
    services, sessions : frames with the columns of SERVICES and SESSIONS
    faults : one a kind, counted, with row numbers in the examples
    counts : what became of every row
    row_faults : (row number as a spreadsheet counts, code, words), all of them
    header : as the file has it
    rejected : rows that were not imported, with their cells; ``service_rejects.rejects_to_csv`` writes them
    offers : postcodes that can't be found, and what they may mean
    """

    services: pd.DataFrame
    sessions: pd.DataFrame
    faults: list[Fault]
    counts: RowCounts
    row_faults: tuple[tuple[int, str, str], ...]
    header: tuple[str, ...] = ()
    rejected: tuple[RejectedRow, ...] = ()
    offers: tuple[PostcodeOffer, ...] = ()


def read_services(
    path: Path,
    *,
    crs: str,
    postcodes: pd.DataFrame | None = None,
    source_title: str = "services",
    mapping: Mapping[int, str | None] | None = None,
    corrections: Mapping[str, str] | None = None,
    service_date: dt.date | None = None,
) -> ServicesResult:
    """Read a register of services.

    Parameters
    ----------
    path
        .csv or .xlsx with the columns of ``data.template`` in any order.
    crs
        Projected CRS of the pack.
    postcodes
        The pack's postcode table, or None.
    source_title
        Title of the manifest's source, written into ``source``.
    mapping
        Which column is which field, as a person confirmed it
        (``service_mapping.propose_mapping``); left out, exact and clearly
        misspelt headers are read.
    corrections
        Postcodes as the file writes them to what a person says is meant.
    service_date
        The day that the timetable is read on, by which session dates without a
        year are read where a row doesn't say when it was checked.

    Returns
    -------
    ServicesResult

    Raises
    ------
    SourceError
        When the file can't be read or has no header of the template.
    UsageError
        When ``mapping`` doesn't fit the file.
    """
    path = Path(path)
    table = read_table(path, count_known) if mapping is None else read_any_table(path)
    match = apply_mapping(table.header, mapping)
    book = FaultBook(file=path.name)
    for code, words in (*table.remarks, *match.remarks):
        book.remark(code, words)
    locator = Locator(crs, postcodes)
    known = PostcodeBook(() if postcodes is None else postcodes["postcode"].astype(str))
    corrected = {written.strip(): meant for written, meant in (corrections or {}).items()}
    records: list[dict[str, object]] = []
    sessions: list[dict[str, object]] = []
    rejected: list[RejectedRow] = []
    offers: list[PostcodeOffer] = []
    seen: dict[str, tuple[str, ...]] = {}
    imported = 0
    for number, cells in zip(table.row_numbers, table.rows, strict=True):
        row = _split_row(number, cells, match, table, book)
        _correct_postcode(row, corrected)
        reason = _why_rejected(row, cells, table)
        service_id = None if reason else _take_id(row, cells, seen)
        if service_id is None:
            code, words = reason or ("row_repeated", "the same row stands further up")
            book.reject(number, code, words)
            rejected.append(RejectedRow(number, code, words, cells))
            continue
        imported += 1
        for one, one_id in _split_several(row, service_id):
            record = read_record(one, locator) | {
                "service_id": one_id,
                "kind": "service",
                "source": source_title,
            }
            record["extra"] = json.dumps(one.extra, ensure_ascii=False, sort_keys=True) if one.extra else None
            records.append(record)
            checked = record.get("updated")
            reference = checked if isinstance(checked, dt.date) else service_date
            sessions.extend(read_row_sessions(one, one_id, reference))
        written = row.text("postcode")
        if (
            known
            and written
            and records[-1].get("location_basis") is None
            and (may_be := known.offer(written))
        ):
            offers.append(PostcodeOffer(number, service_id, written, may_be))
    warned = book.warned_rows()
    counts = RowCounts(
        rows=len(table.rows),
        imported=imported - len(warned),
        warned=len(warned),
        rejected=len(rejected),
        blank=table.blank_rows,
    )
    return ServicesResult(
        services=build_services(records),
        sessions=build_frame(
            SESSIONS, {name: [row[name] for row in sessions] for name in SESSIONS.column_names}
        ),
        faults=book.to_faults(MESSAGES),
        counts=counts,
        row_faults=tuple(book.rows),
        header=table.header,
        rejected=tuple(rejected),
        offers=tuple(offers),
    )


def _correct_postcode(row: Row, corrected: Mapping[str, str]) -> None:
    """Put a person's postcode in the place of the one that the file has, and keep what it had."""
    written = row.cells.get("postcode", "").strip()
    if written in corrected:
        row.note("postcode_corrected", f"{written[:20]!r} was read as {corrected[written]!r}")
        row.extra["postcode"] = written
        row.cells["postcode"] = corrected[written]


def _split_several(row: Row, service_id: str) -> list[tuple[Row, str]]:
    """Part a row whose name holds several services; its other cells hold for each of them."""
    times = row.text("sessions")
    names = split_services(row.text("name") or "", times or "")
    if len(names) == 1:
        return [(row, service_id)]
    row.note("several_services", ", ".join(names)[:120])
    shared = share_sessions(times, len(names)) if times else None
    extra = row.extra | {"several": row.cells["name"]}
    unshared = times if times and shared is None else None
    if unshared:
        row.note("sessions_shared", repr(unshared[:60]))
    parts = []
    for place, name in enumerate(names):
        cells = row.cells | {"name": name}
        if times:
            cells["sessions"] = shared[place] if shared else ""
        # From the second on they say nothing that the row has not said already.
        note = row.note if place == 0 else _say_nothing
        part = replace(row, cells=cells, extra=dict(extra), note=note, record={}, unshared_sessions=unshared)
        parts.append((part, f"{service_id}/{place + 1}"))
    return parts


def _say_nothing(code: str, words: str) -> None:
    """Stand in where a fault of the row has been noted already."""


def build_services(records: list[dict[str, object]]) -> pd.DataFrame:
    """Put records (missing fields are null) into a frame with the columns of SERVICES."""
    columns = {name: [record.get(name) for record in records] for name in SERVICES.column_names}
    return build_frame(SERVICES, columns)


def _split_row(
    number: int, cells: tuple[str, ...], match: HeaderMatch, table: RawTable, book: FaultBook
) -> Row:
    extra: dict[str, str] = {}
    for position, header in match.others.items():
        if cells[position] and not is_not_known(cells[position]):
            extra[header or f"column {position + 1}"] = unguard_formula(cells[position])
    unnamed = [position for position in match.others if not table.header[position] and cells[position]]
    if unnamed:
        book.warn(number, "cell_without_header", f"{len(unnamed)} cell(s) under no header")
    by_field = {name: unguard_formula(cells[position]) for name, position in match.fields.items()}
    return Row(number, by_field, extra, lambda code, words: book.warn(number, code, words))


def _why_rejected(row: Row, cells: tuple[str, ...], table: RawTable) -> tuple[str, str] | None:
    """Say why a row can't be a service, or None when it can."""
    if [normalise_header(cell) for cell in cells] == [normalise_header(cell) for cell in table.header]:
        return "header_repeated", "the header again"
    if all(is_not_known(row.cells.get(name, "")) for name in ("name", "organisation", "description")):
        return "row_without_name", "names no service, organisation or description"
    filled = [cell for cell in cells if not is_not_known(cell)]
    if (
        len(filled) <= 2
        and _TOTAL.fullmatch(filled[0].strip())
        and all(_NUMBER.fullmatch(cell) for cell in filled[1:])
    ):
        return "total_row", filled[0][:60]
    return None


def _take_id(row: Row, cells: tuple[str, ...], seen: dict[str, tuple[str, ...]]) -> str | None:
    """Give the row its id: its own, else one made from its words; None for a row seen before."""
    given = row.text("service_id")
    basis = "|".join(
        (row.text(name) or "").casefold() for name in ("organisation", "name", "postcode", "address")
    )
    service_id = given or f"svc-{_digest(basis)}"
    if service_id not in seen:
        seen[service_id] = cells
        if given is None:
            row.note("id_made", service_id)
        return service_id
    if seen[service_id] == cells:
        return None
    # Made from the whole row, so that the id stays the same when rows change places.
    other = f"{service_id}~{_digest('|'.join(cells))}"
    if other in seen:
        return None
    seen[other] = cells
    row.note("id_repeated", f"{service_id!r} is taken; this row is {other!r}")
    return other


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:10]
