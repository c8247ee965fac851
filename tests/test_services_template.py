"""The template that is handed out is the one that is read."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from data.errors import UsageError
from data.sources.service_headers import KNOWN, match_headers, normalise_header
from data.sources.services import read_services
from data.template import COLUMNS, HEADERS, write_template


def test_both_kinds_hold_every_column_and_read_back_empty(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    table = write_template(tmp_path / "services.csv")
    book = write_template(tmp_path / "services.xlsx")
    with table.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [list(HEADERS)]
    sheets = load_workbook(book)
    assert [cell.value for cell in sheets["Services"][1]] == list(HEADERS)
    assert [row[0].value for row in sheets["Guide"].iter_rows(min_row=2)] == list(HEADERS)
    for path in (table, book):
        result = read_services(path, crs="EPSG:27700")
        assert result.counts.rows == len(result.services) == 0


def test_the_examples_of_the_guide_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "example.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADERS, [column.example for column in COLUMNS]])
    result = read_services(path, crs="EPSG:27700")
    assert result.faults == []
    assert len(result.services) == 1
    assert result.sessions["rule"].tolist() == ["weekly"]


def test_every_name_of_a_column_means_one_column_only() -> None:
    names = [
        (normalise_header(name), column.field)
        for column in COLUMNS
        for name in {normalise_header(other): other for other in (column.header, column.field, *column.also)}
    ]
    assert all(KNOWN[name] == field for name, field in names)
    assert match_headers([header.upper().replace("_", " ") for header in HEADERS]).fields == {
        column.field: position for position, column in enumerate(COLUMNS)
    }


def test_another_ending_or_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.csv or \.xlsx"):
        write_template(tmp_path / "services.ods")
    with pytest.raises(UsageError, match="not there"):
        write_template(tmp_path / "gone" / "services.csv")


def test_the_documentation_has_every_column_and_every_fault() -> None:
    from data.sources.service_faults import MESSAGES

    page = (Path(__file__).parent.parent / "docs" / "services_template.md").read_text(encoding="utf-8")
    for column in COLUMNS:
        assert f"| `{column.header}` | {column.meaning} | {column.accepted} | {column.example} |" in page
    for code, (_, message) in MESSAGES.items():
        assert f"| `{code}` | {message} |" in page


def test_the_session_examples_of_the_documentation_are_read_as_it_says() -> None:
    from data.sources.service_sessions import read_sessions

    page = (Path(__file__).parent.parent / "docs" / "services_template.md").read_text(encoding="utf-8")
    rows = page.split("## Session times")[1].split("## ")[0].splitlines()
    examples = [row.split("|")[1:3] for row in rows if row.startswith("| `")]
    assert len(examples) == 15
    for written, meaning in examples:
        rules = {session.rule for session in read_sessions(written.strip().strip("`"))}
        assert (rules == {"unparsed"}) == ("not understood" in meaning or "refused" in meaning), written
        assert (len(rules) > 1) == ("assumed" in meaning or "the same" in meaning), written
