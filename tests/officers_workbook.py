"""A register as a charity officer keeps it: a workbook of many hands, and the same as CSV of Windows."""

from __future__ import annotations

import csv
import datetime as dt
import functools
import io

from openpyxl import Workbook
from openpyxl.styles import Font

HEADER = ("Contact Tel.", "Post code", "When is it on?", "Name of Organisation ", "What they do",
          "Service name", "Cost?", "Who is it for", "Languages spoken", "Any notes")  # fmt: skip
ROWS: list[tuple[object, ...]] = [
    ("01632 960001", "OL1 1AA", "Tues 10-12", "Thorn Green Elders", "Hot lunch", "Lunch club", "£3.50",
     "Older people; carers", "English, Urdu", "Parking at rear"),
    (1632960002, "OL1 1AB", "every other Thursday", "Thorn Green Elders", "Bingo", "Bingo afternoon", "free",
     "Over 60s", "English", ""),
    ("01632 960003", "0L1 1AA", "Mon and Wed 1.30pm - 3pm, term time only", "St Mark’s", "Toddlers",
     "Stay & Play – café", "donations welcome", "families", None, None),
    (None, "OL1 lAB", "Weds 10am – 12 noon", "Wednesday Women’s Circle", "Sewing, chat", "Sewing circle",
     "Free", "Women", "Punjabi / Urdu", "women only"),
    ("01632 960001", "OL1 1AA", "Tuesdays 10-12", "Thorn Green Elders ", "Hot lunch and chat", "Lunch Club",
     "£3.50", "older people", "English", "entered twice?"),
    ("n/a", "OL1 1AB", "Mon 9-11\nTue 2-4\nFri 10-12", "Advice Shop", "Debt, benefits and housing",
     "Debt advice\nBenefits advice\nHousing advice", "Free", "Anyone", None, None),
    (None, None, None, "Total services: 6"),
    (),
    ("01632 960009", "NOT KNOWN", "by appointment", "Carers’ Hub", "Support for carers", "Carers support", "",
     "Carers", "", dt.datetime(2024, 6, 3)),
    HEADER,
    ("01632 960010", "OL1 1AC", "1st Tuesday of the month 10am-noon", "Diabetes Group (Thorn Green)",
     "Meeting", "Diabetes group", "", "", "", ""),
    ("01632 960011", "OL1 1AA", dt.time(10, 30), "Chess Club", "Chess", "Chess", "", "", "", ""),
    ("01632 960012", "OL11AA", "Thurs 7-9pm", "Men’s Shed", "Woodwork", "Men’s Shed", "£2", "men", "", ""),
    (None, None, "Fri 2-4", None, None, None, None, None, None, "no name!"),
    ("01632 960012", "OL11AA", "Thurs 7-9pm", "Men’s Shed", "Woodwork", "Men’s Shed", "£2", "men", "", ""),
]  # fmt: skip
FILLED = sum(1 for row in ROWS if any(row))


@functools.cache
def build_workbook() -> bytes:
    """A sheet of notes, merged title rows above the header, a merged total among the rows."""
    book = Workbook()
    book.active.title = "READ ME"
    book.active["A1"] = "Please do not change this workbook. Ask Sue (ext 214)."
    sheet = book.create_sheet("Befriending & groups 24-25")
    for row, title in (
        (1, "Thorn Green Voluntary Action – Directory"),
        (2, "Updated by Sue, v7 FINAL final"),
    ):
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=8)
        sheet.cell(row, 1, title).font = Font(bold=True, size=16)
    sheet.append([])
    for row_cells in (HEADER, *ROWS):
        sheet.append(list(row_cells))
    sheet.merge_cells("D11:F11")
    sheet.column_dimensions["C"].hidden = True
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def build_csv() -> bytes:
    """The same as Windows saves it: code page 1252, semicolons, titles without their merging."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(["Thorn Green Voluntary Action – Directory"])
    writer.writerow([])
    for row in (HEADER, *ROWS):
        writer.writerow(
            [cell.strftime("%H:%M") if isinstance(cell, dt.time)
             else cell.strftime("%Y-%m-%d") if isinstance(cell, dt.datetime) else cell for cell in row]
        )  # fmt: skip
    return text.getvalue().encode("cp1252")
