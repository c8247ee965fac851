"""A register brought in by a person: the template filled in badly, uploaded, confirmed, corrected, merged."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Locator, expect

from data.packio import load_pack
from data.template import write_template

WAIT_MS = 60_000
SECRET = "Zebra Friendship Circle"


def fill_badly(path: Path, postcodes: list[str]) -> Path:
    """The template as it comes back: two headers changed, columns swapped, typing errors, a row twice."""
    write_template(path)
    book = load_workbook(path)
    sheet, row, header = book["Services"], 1, [str(cell.value) for cell in book["Services"][1]]
    for written, instead in (
        ("organisation", "Organisatn"),
        ("postcode", "Postc0de"),
        ("sessions", "On when"),
    ):
        sheet.cell(row, header.index(written) + 1, instead)
    wrong = postcodes[0].replace("1", "l", 1)
    filled = [
        {"service": "Lunch club", "organisation": SECRET, "postcode": wrong, "sessions": "Tues 10-12"},
        {"service": "Choir", "organisation": "Singers", "postcode": postcodes[1],
         "sessions": "every other Thursday"},
        {"service": "The Choir", "organisation": "Singers", "postcode": postcodes[1],
         "sessions": "Thursdays 7-9pm, term time only"},
        {"service": "Walks; Tai chi", "organisation": "Movers", "postcode": postcodes[1]},
        {"sessions": "Fri 2-4"},
    ]  # fmt: skip
    for number, cells in enumerate(filled, start=row + 1):
        for name, value in cells.items():
            sheet.cell(number, header.index(name) + 1, value)
    sheet.insert_rows(1)
    sheet["A1"] = "OUR LIST 2024 - do not edit!!"
    sheet.merge_cells("A1:F1")
    book.save(path)
    return path


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    codes = load_pack("demo").postcodes["postcode"]
    return fill_badly(tmp_path / "our list.xlsx", sorted(code for code in codes if "1" in code))


def open_register(visitor, url: str):
    visitor.page.goto(f"{url}?area=demo&tab=The+data")
    visitor.page.get_by_text("Bring in a register", exact=True).click(timeout=WAIT_MS)
    visitor.page.get_by_text("Bring in a register of services").wait_for(timeout=WAIT_MS)
    return visitor


def shown(visitor, words: str) -> Locator:
    found = visitor.page.get_by_text(words).first
    expect(found).to_be_visible(timeout=WAIT_MS)
    return found


def download(visitor, label: str) -> str:
    with visitor.page.expect_download(timeout=WAIT_MS) as waiting:
        visitor.page.get_by_text(label).click()
    return Path(waiting.value.path()).read_text(encoding="utf-8-sig")


def test_a_badly_filled_template_is_put_right_step_by_step(dashboard, visit, upload: Path) -> None:
    visitor, other = open_register(visit(), dashboard), open_register(visit(), dashboard)
    page = visitor.page
    page.locator('input[type="file"][accept*="xlsx"]').set_input_files(str(upload))
    # Nothing is read before the columns are confirmed.
    shown(visitor, "1. Which column is which")
    assert page.get_by_text("2. What became of every row").count() == 0
    expect(page.get_by_text("Organisatn: organisation").first).to_be_visible(timeout=WAIT_MS)
    page.get_by_text("The columns are right").click()
    shown(visitor, "2. What became of every row")
    said = shown(visitor, "5 rows:").inner_text()
    numbers = [int(part.split()[0]) for part in said.split("rows: ")[1].rstrip(".").split(", ")[:3]
               if part.split()[0].isdigit()]  # fmt: skip
    assert sum(numbers) == 5 and "1 rejected" in said, said
    assert "5 services" in said  # one cell named two

    rejected = list(csv.reader(io.StringIO(download(visitor, "Rejected rows, with the reason (.csv)"))))
    assert len(rejected) == 2 and any("Fri 2-4" in cell for cell in rejected[1])

    # A postcode with a typing error is offered what it may mean, and nothing is changed unasked.
    offer = page.locator('[data-testid="stSelectbox"]').filter(has_text="Row ").first
    offer.get_by_role("combobox").click()
    page.get_by_role("option").filter(has_text="look alike").first.click()
    shown(visitor, "Put right:")

    # Two that may be one stand side by side: keep, merge, undo.
    page.get_by_role("button", name="Merge: one service").first.click()
    expect(page.get_by_text("1 of them merged")).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("button", name="Undo the merging").click()
    expect(page.get_by_text("1 of them merged")).to_have_count(0, timeout=WAIT_MS)
    page.get_by_role("button", name="Keep both").first.click()
    shown(visitor, "None: no two of one organisation")

    put_right = download(visitor, "The register, put right (.csv)")
    rows = list(csv.DictReader(io.StringIO(put_right)))
    assert len(rows) == 5 and {row["organisation"] for row in rows} == {SECRET, "Singers", "Movers"}
    assert all(row["postcode"] and "l" not in row["postcode"] for row in rows)
    assert {row["sessions"] for row in rows} >= {"Tues 10-12", "every other Thursday"}

    # The other visitor, in the same page at the same time, has none of it; nor has anybody who comes after.
    other.page.wait_for_timeout(500)
    assert SECRET not in other.page.content()
    assert other.page.get_by_text("1. Which column is which").count() == 0
    late = open_register(visit(), dashboard)
    assert (
        late.page.get_by_text("1. Which column is which").count() == 0 and SECRET not in late.page.content()
    )
