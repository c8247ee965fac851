"""A register brought in step by step: columns confirmed, postcodes offered, duplicates side by side, rejects.

Each function is a pure step from what was read to what a page shows; the page
only asks and remembers the answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from data.areapack import AreaPack
from data.sources.service_duplicates import (
    LikelyDuplicate,
    compare_services,
    find_likely_duplicates,
    merge_services,
)
from data.sources.service_export import register_to_csv
from data.sources.service_faults import HARMLESS, MESSAGES
from data.sources.service_mapping import ProposedColumn, ProposedMapping, propose_mapping
from data.sources.service_rejects import rejects_to_csv
from data.sources.services import ServicesResult, read_services
from data.template import COLUMNS
from data.text import clean_text

NOT_READ = "Keep with the record, don't read"
FIELDS: dict[str, str] = {column.field: f"{column.header}: {column.meaning}" for column in COLUMNS}
_BASES = {
    "exact": "the template's own name, or one known to mean it",
    "near": "a name like it",
    "content": "what its cells hold",
    "none": "not known",
}


@dataclass(frozen=True)
class Imported:
    """A register read as confirmed, with duplicates merged as decided.

    Attributes
    ----------
    result : as the file was read
    services, sessions : after merging
    merged : services that are part of another now
    """

    result: ServicesResult
    services: pd.DataFrame
    sessions: pd.DataFrame
    merged: int


def propose(path: Path) -> ProposedMapping:
    """Return what the file's columns may be. Raises ``SourceError`` for what is no table."""
    return propose_mapping(path)


def say_column(column: ProposedColumn) -> str:
    """Say of one column what it is taken for, why, and what its first cells are."""
    name = clean_text(column.header) or f"column {column.position + 1} (without a header)"
    cells = ", ".join(clean_text(sample)[:40] for sample in column.samples) or "empty"
    if column.field is None:
        return f"{name}: not read ({cells})"
    sure = "" if column.basis == "exact" else f", {column.confidence:.0f} of 100"
    return f"{name}: {column.field}, by {_BASES[column.basis]}{sure} ({cells})"


def list_choices(column: ProposedColumn) -> list[str | None]:
    """Return the fields to choose from for a column, likeliest first; None keeps it unread."""
    likely = [column.field, *column.alternatives]
    first = [field for field in dict.fromkeys(likely) if field]
    return [*first, None, *(field for field in FIELDS if field not in first)]


def find_clashes(mapping: Mapping[int, str | None]) -> list[str]:
    """Return sentences on fields that several columns were given."""
    chosen = [field for field in mapping.values() if field]
    return [
        f"{field} is chosen for {chosen.count(field)} columns; keep one of them."
        for field in dict.fromkeys(chosen)
        if chosen.count(field) > 1
    ]


def import_register(
    path: Path,
    pack: AreaPack,
    *,
    mapping: Mapping[int, str | None],
    corrections: Mapping[str, str] | None = None,
    merges: Sequence[tuple[str, str]] = (),
    title: str = "services",
) -> Imported:
    """Read a register as it was confirmed.

    Raises
    ------
    SourceError, UsageError
        When the file can't be read so.
    """
    result = read_services(
        path, crs=pack.crs, postcodes=pack.postcodes, source_title=title, mapping=mapping,
        corrections=corrections,
    )  # fmt: skip
    services, sessions = merge_services(result.services, result.sessions, merges)
    return Imported(result, services, sessions, len(result.services) - len(services))


def list_duplicates(imported: Imported) -> tuple[LikelyDuplicate, ...]:
    """Return the pairs that may be one service, of the services as they are now."""
    return find_likely_duplicates(imported.services)


def say_pair(imported: Imported, pair: LikelyDuplicate) -> str:
    """Say which two services may be one, by their names, and why."""
    services = imported.services.set_index("service_id")
    one, other = (
        clean_text(services.at[key, "name"]) or clean_text(services.at[key, "organisation"]) or key
        for key in (pair.one, pair.other)
    )
    return f"“{one}” and “{other}”: {clean_text(pair.why)}"


def build_pair_table(imported: Imported, pair: LikelyDuplicate) -> pd.DataFrame:
    """Return two services side by side: a row a field that either has."""
    table = compare_services(imported.services, pair.one, pair.other)
    shown = table.assign(
        field=table["field"].str.replace("_", " "),
        one=table["one"].map(clean_text),
        other=table["other"].map(clean_text),
        same=table["same"].map({True: "yes", False: "no"}),
    )
    return shown.set_axis(["Field", "First", "Second", "Same"], axis=1)


def say_counts(imported: Imported) -> str:
    """Say what became of the file's rows, so that they can be added up."""
    counts = imported.result.counts
    words = (
        f"{counts.rows:,} rows: {counts.imported:,} imported, {counts.warned:,} imported with a warning, "
        f"{counts.rejected:,} rejected."
    )
    if counts.blank:
        words += f" {counts.blank:,} blank rows were passed over."
    services = f" They hold {len(imported.result.services):,} services"
    return words + services + (f", {imported.merged:,} of them merged." if imported.merged else ".")


def build_row_table(imported: Imported) -> pd.DataFrame:
    """Return every remark on a row that asks for a look: its number, whether it was imported, and why."""
    rejected = {row.number for row in imported.result.rejected}
    rows = [
        (number, "rejected" if number in rejected else "imported", MESSAGES[code][1], clean_text(words))
        for number, code, words in imported.result.row_faults
        if code not in HARMLESS
    ]
    return pd.DataFrame(rows, columns=["Row", "What became of it", "Why", "What it says"])


def export_rejects(imported: Imported) -> bytes:
    """Return the rejected rows as CSV, safe to open in a spreadsheet."""
    return rejects_to_csv(imported.result.header, imported.result.rejected)


def export_register(imported: Imported) -> bytes:
    """Return the register as confirmed, corrected and merged, as CSV in the template."""
    return register_to_csv(imported.services, imported.sessions)
