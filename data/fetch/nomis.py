"""Nomis: tables of the Census 2021, all rows of them or none.

An anonymous answer is cut at 25,000 rows without a word, and a question for a
whole authority may come back empty. So answers are paged until nothing comes,
areas are counted against the boundaries, and what lacks is asked for by code.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from data.errors import DownloadError, UsageError
from data.fetch.authorities import Authority
from data.fetch.cache import write_csv
from data.fetch.http import Client, UnusableAnswerError
from data.fetch.result import Fetched, Planned

Level = Literal["oa", "lsoa", "msoa"]
TABLES = ("TS021", "TS007A", "TS029", "TS045")
MAX_PAGES = 2000
_SHOWN = 5


@dataclass(frozen=True)
class _Cell:
    area: str
    area_name: str
    category: str
    category_name: str
    people: str


@dataclass(frozen=True)
class _Table:
    """One census table as Nomis names it."""

    dataset: str
    title: str
    dimension: str
    categories: tuple[str, ...]


def fetch_census(
    client: Client,
    authorities: Sequence[Authority],
    table: str,
    areas: Sequence[str],
    target: Path,
    *,
    level: Level = "lsoa",
) -> Fetched:
    """Write one table for all areas, in the shape of Nomis's own answer.

    Parameters
    ----------
    client, authorities
    table
        TS021 (19 ethnic groups), TS007A (age), TS029 (English) or TS045 (cars).
    areas
        The codes that must be in it, from the boundaries; empty: take what there is.
    target
        CSV: GEOGRAPHY_CODE, GEOGRAPHY_NAME, the dimension, its name, OBS_VALUE.

    Raises
    ------
    DownloadError
        When an area or a category is missing after everything was asked for.
    """
    asked = _table(client, table)
    cells, url = _fetch(client, authorities, asked, asked.categories, areas, level)
    return _write(client, target, asked, cells, url, f"Census 2021, {table} {asked.title}")


def fetch_output_area_people(
    client: Client, authorities: Sequence[Authority], parents: Mapping[str, str], target: Path
) -> Fetched:
    """Write usual residents by output area as CSV: OA21CD, LSOA21CD, people.

    Parameters
    ----------
    parents
        Output area to LSOA (``open_geography.read_parents``).
    """
    table = _table(client, "TS021")
    cells, url = _fetch(client, authorities, table, ("0",), sorted(parents), "oa")
    people = {cell.area: cell.people for cell in cells}
    rows = ((area, parents[area], people[area]) for area in sorted(people) if area in parents)
    write_csv(target, ("OA21CD", "LSOA21CD", "people"), rows)
    title = "Census 2021, residents by output area"
    return Fetched(
        "nomis", title, target, url, target.stat().st_size, count=len(people), counted="output areas"
    )


def plan_census(
    client: Client, authorities: Sequence[Authority], tables: Iterable[str] = TABLES
) -> list[Planned]:
    """Return what would be asked of Nomis."""
    source = client.source("nomis")
    plans = []
    for name in tables:
        table = _table(client, name)
        for authority in authorities:
            place = f"{authority.code}{source.settings['types']['lsoa']}"
            url = source.url(source.settings["path"].format(dataset=table.dataset))
            plans.append(
                Planned(source.key, f"{name} {table.title}, {authority.name}", f"{url}?geography={place}",
                        note=f"in pages of up to {source.settings['row_limit']:,} rows")
            )  # fmt: skip
    return plans


def _table(client: Client, name: str) -> _Table:
    tables = client.source("nomis").settings["tables"]
    if name not in tables:
        raise UsageError(f"{name}: no census table that this program knows ({', '.join(tables)}).")
    given = tables[name]
    categories = tuple(str(code) for code in range(int(given["last_code"]) + 1))
    return _Table(given["dataset"], given["title"], given["dimension"], categories)


def _fetch(
    client: Client,
    authorities: Sequence[Authority],
    table: _Table,
    categories: Sequence[str],
    areas: Sequence[str],
    level: Level,
) -> tuple[list[_Cell], str]:
    """Every cell that was asked for, each once; by authority first, then by code what lacks."""
    source = client.source("nomis")
    url = source.url(source.settings["path"].format(dataset=table.dataset))
    cells: dict[tuple[str, str], _Cell] = {}
    wanted = set(areas)

    def add(found: Iterable[_Cell]) -> None:
        for cell in found:
            key = cell.area, cell.category
            if wanted and cell.area not in wanted:
                continue
            if key in cells and cells[key].people != cell.people:
                raise DownloadError(
                    source.title, url, f"sent two counts for {cell.area}, category {cell.category}",
                    "run it again with --refresh; pages of two versions may have met",
                )  # fmt: skip
            cells[key] = cell

    def lacking() -> list[str]:
        if not wanted:
            return []
        have: dict[str, int] = dict.fromkeys(wanted, 0)
        for area, _ in cells:
            have[area] += 1
        return sorted(area for area, number in have.items() if number < len(categories))

    def enough() -> bool:
        return bool(wanted) and not lacking()

    for authority in authorities:
        place = f"{authority.code}{source.settings['types'][level]}"
        try:
            add(_pages(client, url, table, categories, place, enough))
        except DownloadError as error:
            # A code that Nomis doesn't know may be refused instead of answered with nothing.
            if error.status not in (400, 404) or not wanted:
                raise
    step = int(source.settings["codes_a_call"])
    codes = lacking()
    for start in range(0, len(codes), step):
        add(_pages(client, url, table, categories, ",".join(codes[start : start + step]), enough))
    missing = lacking()
    if missing:
        raise DownloadError(
            source.title, url,
            f"has no complete counts for {len(missing)} of {len(wanted)} areas, asked for by authority and "
            f"one by one ({', '.join(missing[:_SHOWN])})",
            "run it again later with --refresh; if it stays so, check that boundaries and census are of 2021",
        )  # fmt: skip
    if not cells:
        raise DownloadError(
            source.title,
            url,
            "sent no rows at all",
            "check the authority's code; see nomisweb.co.uk for news",
        )
    return [cells[key] for key in sorted(cells, key=lambda key: (key[0], int(key[1])))], url


def _pages(
    client: Client,
    url: str,
    table: _Table,
    categories: Sequence[str],
    geography: str,
    enough: Callable[[], bool],
) -> Iterator[_Cell]:
    """Ask for page after page until there is enough, or one comes back empty.

    A short page alone isn't taken for the last one: a server may cut earlier than it is asked to.
    """
    source = client.source("nomis")
    limit, offset = int(source.settings["row_limit"]), 0
    for _ in range(MAX_PAGES):
        params: dict[str, str | int] = {
            "date": "latest",
            "geography": geography,
            table.dimension: ",".join(categories),
            "measures": source.settings["measures"],
            "select": f"geography_code,geography_name,{table.dimension},{table.dimension}_name,obs_value",
            "RecordLimit": limit,
            "RecordOffset": offset,
        }
        try:
            data = client.get_bytes(
                source, url, params, check=lambda answer: _check_cells(answer, table.dimension)
            )
        except DownloadError as error:
            # Beyond the end some servers answer with an error; what is there is counted afterwards.
            if offset and error.status in (400, 404):
                return
            raise
        cells = _read_cells(data, table.dimension)
        yield from cells
        offset += len(cells)
        if not cells or (len(cells) < limit and enough()):
            return


def _check_cells(data: bytes, dimension: str) -> None:
    """Raise when an answer can't be read; it is then not kept."""
    _read_cells(data, dimension)


def _read_cells(data: bytes, dimension: str) -> list[_Cell]:
    """Read an answer by its column names, of any case and order; an empty answer has no cells."""
    text = data.decode("utf-8-sig", errors="replace")
    if not text.strip():
        return []
    rows = list(csv.reader(io.StringIO(text, newline="")))
    header = {re.sub(r"^_+", "", name.strip()).casefold(): position for position, name in enumerate(rows[0])}
    needed = ("geography_code", "geography_name", dimension, f"{dimension}_name", "obs_value")
    missing = [name for name in needed if name not in header]
    if missing:
        if len(rows) == 1 and len(rows[0]) <= 1:
            raise UnusableAnswerError(
                f"answered {text.strip()[:120]!r}", "check the dataset in addresses.toml"
            )
        raise UnusableAnswerError(
            f"sent a table without {', '.join(missing)} (it has {', '.join(map(str, rows[0][:12]))})",
            "the dataset's columns have changed; see [sources.nomis.tables] in data/fetch/addresses.toml",
        )
    at = [header[name] for name in needed]
    cells = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) <= max(at):
            raise UnusableAnswerError(f"sent a table that ends in the middle of row {number}", again=True)
        area, name, category, words, people = (row[position].strip() for position in at)
        category = category.lstrip("_")
        if not category.isdigit():
            raise UnusableAnswerError(f"sent the category {category[:20]!r} in row {number}", again=True)
        if people and not re.fullmatch(r"\d+(\.0+)?", people):
            raise UnusableAnswerError(f"sent the count {people[:20]!r} in row {number}", again=True)
        cells.append(_Cell(area, name, category, words, people.partition(".")[0]))
    return cells


def _write(
    client: Client, target: Path, table: _Table, cells: Sequence[_Cell], url: str, title: str
) -> Fetched:
    dimension = table.dimension.upper()
    header = ("GEOGRAPHY_CODE", "GEOGRAPHY_NAME", dimension, f"{dimension}_NAME", "OBS_VALUE")
    write_csv(
        target, header,
        ((cell.area, cell.area_name, cell.category, cell.category_name, cell.people) for cell in cells),
    )  # fmt: skip
    areas = len({cell.area for cell in cells})
    return Fetched(client.source("nomis").key, title, target, url, target.stat().st_size,
                   count=areas, counted="areas")  # fmt: skip
