"""Writes the empty template as CSV or XLSX."""

from __future__ import annotations

import csv
from pathlib import Path

from data.errors import UsageError
from data.template.columns import COLUMNS, HEADERS, TemplateColumn

# Rows of the sheet that offer the accepted words in a drop-down list.
ROWS_WITH_LISTS = 1000
_CHOICES = {column.header: column.accepted for column in COLUMNS if column.accepted}
# A drop-down that only suggests: anything may be written, and is kept when it isn't understood.
_SUGGESTED = ("delivery", "cost", "referral", "women_only", "transport_offered", "verified")

# Beside the examples of the columns: a service that comes to people, half of it not known.
SECOND_EXAMPLE = {
    "service_id": "TG-002", "organisation": "Thorn Green Carers", "service": "Home visits for carers",
    "description": "Somebody to talk to, at home", "category": "Carers' support", "delivery": "home",
    "locality": "Thorn Green", "phone": "01632 960002", "cost": "free", "referral": "organisation",
    "referred_by": "GP; social worker", "target_groups": "carers", "languages": "English; Polish",
    "sessions": "every other Thursday 14:00-16:00", "verified": "no",
}  # fmt: skip


def write_template(path: Path) -> Path:
    """Write the services template, with a guide to its columns.

    Parameters
    ----------
    path
        ``.csv``: the header alone. ``.xlsx``: a sheet "Services" with the
        header, a note on each of its cells and drop-down lists, a sheet
        "Guide" that explains every column with an example, and a sheet
        "Examples" with two services written down. Only "Services" is imported.

    Raises
    ------
    UsageError
        When the name ends in neither, or the folder is not there.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise UsageError(f"{path}: the folder {path.parent} is not there; make it first")
    if path.suffix.lower() == ".csv":
        # With a byte-order mark, so that a spreadsheet reads what is typed into it as UTF-8.
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerow(HEADERS)
    elif path.suffix.lower() == ".xlsx":
        _write_workbook(path)
    else:
        raise UsageError(f"{path.name}: name the template .csv or .xlsx")
    return path


def _write_workbook(path: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    workbook = Workbook()
    sheet = workbook.active
    sheet.title = "Services"
    sheet.append(list(HEADERS))
    for number, header in enumerate(HEADERS, start=1):
        letter = get_column_letter(number)
        sheet.cell(1, number).font = Font(bold=True)
        sheet.column_dimensions[letter].width = max(12, len(header) + 4)
        sheet.cell(1, number).comment = Comment(_note_of(COLUMNS[number - 1]), "One Bus Reach")
        if header in _SUGGESTED:
            words = [word.strip() for word in _CHOICES[header].split(";") if " for example " not in word]
            choice = DataValidation(type="list", formula1='"' + ",".join(words) + '"', allow_blank=True)
            choice.showErrorMessage = False
            sheet.add_data_validation(choice)
            choice.add(f"{letter}2:{letter}{ROWS_WITH_LISTS}")
    sheet.freeze_panes = "A2"
    guide = workbook.create_sheet("Guide")
    guide.append(["Column name", "What to write", "Words that are understood", "For example"])
    for cell in guide[1]:
        cell.font = Font(bold=True)
    for column in COLUMNS:
        guide.append([column.header, column.meaning, column.accepted, column.example])
    for letter, width in zip("ABCD", (20, 60, 50, 36), strict=True):
        guide.column_dimensions[letter].width = width
    for row in guide.iter_rows(min_row=2):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.number_format = "@"
    examples = workbook.create_sheet("Examples")
    examples.append(list(HEADERS))
    for row in ({column.header: column.example for column in COLUMNS}, SECOND_EXAMPLE):
        examples.append([row.get(header, "") for header in HEADERS])
    for cell in examples[1]:
        cell.font = Font(bold=True)
    for row in examples.iter_rows(min_row=2):
        for cell in row:
            cell.number_format = "@"
    workbook.save(path)


def _note_of(column: TemplateColumn) -> str:
    parts = [column.meaning]
    if column.accepted:
        parts.append(f"Understood: {column.accepted}")
    if column.example:
        parts.append(f"For example: {column.example}")
    return ".\n".join(parts)
