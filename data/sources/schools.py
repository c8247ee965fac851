"""Schools out of the national register (GIAS), as places of the category "School"."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from data.errors import SourceError
from data.sources.osm_amenities import PlacesResult
from data.sources.service_faults import MESSAGES, FaultBook
from data.sources.service_places import Location, Locator, normalise_postcode
from data.sources.service_tables import read_table
from data.sources.service_words import is_not_known, read_whole_number
from data.sources.services import RowCounts, build_services

CATEGORY = "School"

# Field to the headers it goes by, in lower case without anything but letters and digits:
# the register's own ("EstablishmentName") and those of tables made from it ("establishment_name").
_HEADERS: dict[str, tuple[str, ...]] = {
    "urn": ("urn",),
    "name": ("establishmentname", "schoolname"),
    "type": ("establishmenttype", "typeofestablishmentname", "typeofestablishment"),
    "phase": ("educationphase", "phaseofeducationname", "phaseofeducation"),
    "status": ("establishmentstatusname", "establishmentstatus", "status"),
    "street": ("street",),
    "locality": ("locality", "town"),
    "postcode": ("postcode",),
    "website": ("schoolwebsite", "website"),
    "phone": ("telephonenum", "telephone"),
    "pupils": ("numberofpupils",),
    "easting": ("easting",),
    "northing": ("northing",),
    "lon": ("longitude", "lon"),
    "lat": ("latitude", "lat"),
}
_BY_HEADER = {header: name for name, headers in _HEADERS.items() for header in headers}

_MESSAGES = {**MESSAGES, "school_closed": ("dropped", "schools that the register lists as closed")}


def read_schools(
    path: Path,
    *,
    crs: str,
    postcodes: pd.DataFrame | None = None,
    source_title: str = "Schools register",
) -> PlacesResult:
    """Read schools; those without coordinates are kept, with no place.

    Parameters
    ----------
    path
        CSV (UTF-8 or Windows-1252) or XLSX of the register, coordinates in
        EPSG:27700 or degrees.
    crs
        Projected CRS of the pack.
    postcodes
        The pack's postcode table, for schools without coordinates, or None.
    source_title
        Title of the manifest's source.

    Raises
    ------
    SourceError
        When the file can't be read or has no column for URN and name.
    """
    path = Path(path)
    table = read_table(
        path, lambda row: len({_field_of(cell) for cell in row} - {None}), advice="the header must name URN"
    )
    columns: dict[str, int] = {}
    for position, cell in enumerate(table.header):
        name = _field_of(cell)
        if name:
            columns.setdefault(name, position)
    missing = [_HEADERS[name][0] for name in ("urn", "name") if name not in columns]
    if missing:
        raise SourceError(f"{path.name}: no column {', '.join(missing)}; is it the register of schools?")
    book = FaultBook(file=path.name, part="places")
    for code, words in table.remarks:
        book.remark(code, words)
    locator = Locator(crs, postcodes)
    records: dict[str, dict[str, object]] = {}
    for number, cells in zip(table.row_numbers, table.rows, strict=True):
        row = {name: cells[at] for name, at in columns.items() if not is_not_known(cells[at])}
        school_id = f"school-{(row.get('urn') or f'row{number}').removesuffix('.0')}"
        if "name" not in row and "urn" not in row:
            book.reject(number, "row_without_name", "neither URN nor name")
        elif row.get("status", "").casefold() == "closed":
            book.reject(number, "school_closed", school_id)
        elif school_id in records:
            book.reject(number, "row_repeated", school_id)
        else:
            records[school_id] = _read_record(number, row, locator, book) | {
                "service_id": school_id,
                "source": source_title,
            }
    warned, rejected = book.warned_rows(), book.rejected_rows()
    return PlacesResult(
        services=build_services([records[school_id] for school_id in sorted(records)]),
        faults=book.to_faults(_MESSAGES),
        counts=RowCounts(
            len(table.rows), len(records) - len(warned), len(warned), len(rejected), table.blank_rows
        ),
    )


def _field_of(header: str) -> str | None:
    return _BY_HEADER.get("".join(character for character in header.casefold() if character.isalnum()))


def _read_record(number: int, row: dict[str, str], locator: Locator, book: FaultBook) -> dict[str, object]:
    location = _locate(number, row, locator, book)
    known = {name: row[name] for name in ("type", "phase", "pupils") if name in row}
    record: dict[str, object] = {
        "kind": "place",
        "name": row.get("name"),
        "category": CATEGORY,
        "delivery": "venue",
        "address": row.get("street"),
        "locality": row.get("locality"),
        "postcode": normalise_postcode(row.get("postcode", "")),
        "website": row.get("website"),
        "phone": row.get("phone"),
        "capacity": None,
        "verified": False,
        "extra": json.dumps(known, ensure_ascii=False, sort_keys=True) if known else None,
    }
    if "pupils" in known and read_whole_number(known["pupils"], most=100_000) is None:
        book.warn(number, "not_understood", f"pupils: {known['pupils'][:40]!r}")
    if location:
        record |= {"x": location.x, "y": location.y, "lon": location.lon, "lat": location.lat}
        record["location_basis"] = location.basis
    return record


def _locate(number: int, row: dict[str, str], locator: Locator, book: FaultBook) -> Location | None:
    """The grid reference is the register's own; degrees are only made from it."""
    tries: Sequence[tuple[str, str]] = (("easting", "northing"), ("lon", "lat"))
    for first, second in tries:
        if first not in row and second not in row:
            continue
        finder = locator.from_grid if first == "easting" else locator.from_degrees
        location, code = finder(row.get(first, ""), row.get(second, ""))
        if code:
            book.warn(number, code, f"{first} {row.get(first)}, {second} {row.get(second)}")
        if location:
            return location
    postcode = normalise_postcode(row.get("postcode", ""))
    by_postcode = locator.from_postcode(postcode) if postcode else None
    if by_postcode:
        return by_postcode
    book.warn(number, "no_place", "no coordinates")
    return None
