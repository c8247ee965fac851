"""The faults of a register, row by row and by kind, and the words for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from data.manifest import Fault

PART = "services"
# Said of a row, and no warning: most registers have no ids, and nobody need do anything about it.
HARMLESS = frozenset({"id_made", "phone_nought"})
MAX_EXAMPLES = 10

# code: (severity, what is wrong and what was done about it)
MESSAGES: dict[str, tuple[str, str]] = {
    "encoding": ("note", "the file is not in UTF-8"),
    "delimiter": ("note", "the columns are not parted by commas"),
    "title_rows": ("note", "rows above the header were passed over"),
    "sheets_ignored": ("note", "the workbook has several sheets; one was read"),
    "column_guessed": ("repaired", "a header is not the template's; taken for the likeliest column"),
    "column_ambiguous": ("missing", "a header may mean several columns; its values are kept but not read"),
    "column_repeated": ("missing", "several columns mean the same; the first is read, the others are kept"),
    "column_unknown": ("note", "columns that the template does not have; kept with each record"),
    "cell_without_header": ("note", "cells under no header; kept with the record"),
    "header_repeated": ("dropped", "the header stands among the rows again"),
    "row_without_name": ("dropped", "rows that name no service, organisation or description"),
    "row_repeated": ("dropped", "rows that stand in the file twice, word for word"),
    "total_row": ("dropped", "rows that only hold a total or a count"),
    "id_made": ("repaired", "rows without an id; one was made from organisation, name, postcode and address"),
    "id_repeated": ("repaired", "rows with the id of another row; kept under an id of their own"),
    "spreadsheet_error": ("missing", "cells that hold a spreadsheet's error and no value"),
    "not_understood": ("missing", "cells whose words were not understood; kept, and treated as not stated"),
    "several_services": ("repaired", "cells that name several services; each became a service of its own"),
    "sessions_shared": ("missing", "session times of several services together; kept as they are written"),
    "session_dates": (
        "missing",
        "session times with dates that were refused, for the reason given; kept as they are written",
    ),
    "session_year": (
        "note",
        "dates without a year; read as the year of the row's last check, else of the timetable's day",
    ),
    "phone_nought": ("repaired", "telephone numbers kept as numbers; the 0 at their start was put back"),
    "session_unparsed": ("missing", "session times that were not understood; kept as they are written"),
    "postcode_malformed": ("missing", "postcodes that are none; kept with the record"),
    "postcode_not_found": ("missing", "postcodes that the area's table does not have (closed, or too far)"),
    "postcode_corrected": ("repaired", "postcodes put right as a person confirmed"),
    "far_from_postcode": ("note", "coordinates more than 2 km from their postcode; the coordinates are used"),
    "coordinates_unreadable": ("missing", "coordinates that are no numbers, or only half there; not used"),
    "coordinates_zero": ("missing", "coordinates of nought, which stand for 'not known'; not used"),
    "coordinates_outside": ("missing", "coordinates outside the country of the pack's projection; not used"),
    "coordinates_swapped": ("repaired", "longitude and latitude the wrong way round; exchanged"),
    "no_place": ("missing", "services at a venue with no place known; counted, but not in reach of anybody"),
}  # fmt: skip


@dataclass
class FaultBook:
    """Collects what was wrong, by row and for the file as a whole."""

    file: str
    part: str = PART
    rows: list[tuple[int, str, str]] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)
    _rejected: set[int] = field(default_factory=set)

    def remark(self, code: str, words: str) -> None:
        """Note something about the file as a whole."""
        self.remarks.append((code, words))

    def warn(self, row: int, code: str, words: str) -> None:
        """Note something about a row that is imported."""
        self.rows.append((row, code, words))

    def reject(self, row: int, code: str, words: str) -> None:
        """Note why a row is not imported; what was noted of it before no longer matters."""
        self.rows = [entry for entry in self.rows if entry[0] != row]
        self.rows.append((row, code, words))
        self._rejected.add(row)

    def rejected_rows(self) -> set[int]:
        """Numbers of the rows that were not imported."""
        return set(self._rejected)

    def warned_rows(self) -> set[int]:
        """Numbers of the rows that were imported with something to look at."""
        return {row for row, code, _ in self.rows if code not in HARMLESS} - self._rejected

    def to_faults(self, messages: Mapping[str, tuple[str, str]]) -> list[Fault]:
        """One fault a kind, in the order of ``messages``."""
        examples: dict[str, list[str]] = {}
        for code, words in self.remarks:
            examples.setdefault(code, []).append(words)
        for row, code, words in self.rows:
            examples.setdefault(code, []).append(f"row {row}: {words}")
        return [
            Fault.model_validate(
                {
                    "part": self.part,
                    "code": code,
                    "severity": severity,
                    "count": len(examples[code]),
                    "message": message,
                    "examples": tuple(examples[code][:MAX_EXAMPLES]),
                    "file": self.file,
                }
            )
            for code, (severity, message) in messages.items()
            if code in examples
        ]
