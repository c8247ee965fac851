"""One realistic register, as workbook and as CSV of Windows: what every row becomes, worked out by eye."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from data.errors import SourceError
from data.sources.service_duplicates import find_likely_duplicates
from data.sources.service_mapping import propose_mapping
from data.sources.service_rejects import rejects_to_csv
from data.sources.services import ServicesResult, read_services
from data.template import write_template
from tests.officers_workbook import FILLED, HEADER, build_csv, build_workbook

CRS = "EPSG:27700"
POSTCODES = pd.DataFrame(
    {"postcode": ["OL1 1AA", "OL1 1AB"], "x": [392_300.0, 393_700.0], "y": [405_300.0, 406_700.0]}
)
HOUR = 3600


@pytest.fixture(scope="module", params=["xlsx", "csv"])
def register(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("officer") / f"Directory v7.{request.param}"
    path.write_bytes(build_workbook() if request.param == "xlsx" else build_csv())
    return path


@pytest.fixture(scope="module")
def result(register: Path) -> ServicesResult:
    proposed = propose_mapping(register)
    return read_services(register, crs=CRS, postcodes=POSTCODES, mapping=proposed.mapping)


def test_every_column_is_known_by_an_officer_s_own_word_for_it(register: Path) -> None:
    found = {
        column.header.strip(): (column.field, column.basis) for column in propose_mapping(register).columns
    }
    assert [found[name.strip()][0] for name in HEADER] == [
        "phone", "postcode", "sessions", "organisation", "description", "name", "cost", "target_groups",
        "languages", None,
    ]  # fmt: skip


def test_the_counts_add_up_and_every_rejected_row_is_given_back(result: ServicesResult) -> None:
    counts = result.counts
    assert (counts.rows, counts.blank) == (FILLED, 1)
    assert (counts.imported, counts.warned, counts.rejected) == (3, 7, 4)
    assert counts.imported + counts.warned + counts.rejected == counts.rows
    assert [row.code for row in result.rejected] == [
        "total_row", "header_repeated", "row_without_name", "row_repeated"
    ]  # fmt: skip
    back = list(csv.reader(io.StringIO(rejects_to_csv(result.header, result.rejected).decode("utf-8-sig"))))
    assert len(back) == 1 + counts.rejected
    assert any("Total services: 6" in cell for cell in back[1])
    warned = {row for row, code, _ in result.row_faults if code not in ("id_made", "phone_nought")}
    assert len(warned - {row.number for row in result.rejected}) == counts.warned


def test_services_and_times_are_as_they_were_meant(result: ServicesResult) -> None:
    by_name = result.services.set_index("name")
    assert sorted(result.services["name"]) == sorted(
        ["Lunch club", "Lunch Club", "Bingo afternoon", "Stay & Play – café", "Sewing circle", "Debt advice",
         "Benefits advice", "Housing advice", "Carers support", "Diabetes group", "Chess", "Men’s Shed"]
    )  # fmt: skip
    assert by_name.at["Bingo afternoon", "phone"] == "01632960002"  # a spreadsheet had dropped the 0
    assert by_name.at["Men’s Shed", "postcode"] == "OL1 1AA"
    assert by_name.at["Stay & Play – café", "cost"] == "donation"
    assert by_name.at["Lunch club", "cost_note"] == "£3.50"
    assert by_name.at["Sewing circle", "languages"] == "Punjabi;Urdu"
    assert "Parking at rear" in by_name.at["Lunch club", "extra"]
    names = result.services.set_index("service_id")["name"]
    times = {
        (names[row["service_id"]], row["rule"], *(None if pd.isna(row[name]) else int(row[name])
                                                 for name in ("weekday", "start_s", "end_s")))
        for row in result.sessions.to_dict("records")
    }  # fmt: skip
    assert times == {
        ("Lunch club", "weekly", 1, 10 * HOUR, 12 * HOUR),
        ("Lunch Club", "weekly", 1, 10 * HOUR, 12 * HOUR),
        ("Bingo afternoon", "fortnightly", 3, None, None),
        ("Stay & Play – café", "term_time", 0, 13 * HOUR + 1800, 15 * HOUR),
        ("Stay & Play – café", "term_time", 2, 13 * HOUR + 1800, 15 * HOUR),
        ("Sewing circle", "weekly", 2, 10 * HOUR, 12 * HOUR),
        ("Debt advice", "weekly", 0, 9 * HOUR, 11 * HOUR),
        ("Benefits advice", "weekly", 1, 14 * HOUR, 16 * HOUR),
        ("Housing advice", "weekly", 4, 10 * HOUR, 12 * HOUR),
        ("Carers support", "unparsed", None, None, None),
        ("Diabetes group", "first", 1, 10 * HOUR, 12 * HOUR),
        ("Chess", "unparsed", None, None, None),
        ("Men’s Shed", "weekly", 3, 19 * HOUR, 21 * HOUR),
    }
    assert len(result.sessions) == len(times)


def test_postcodes_are_offered_and_put_right_only_when_somebody_says_so(
    register: Path, result: ServicesResult
) -> None:
    assert {offer.written: offer.offers[0][0] for offer in result.offers} == {
        "0L1 1AA": "OL1 1AA", "OL1 lAB": "OL1 1AB", "OL1 1AC": "OL1 1AA"
    }  # fmt: skip
    placed = result.services.set_index("name")["location_basis"]
    assert placed[["Stay & Play – café", "Sewing circle", "Diabetes group"]].isna().all()
    again = read_services(
        register, crs=CRS, postcodes=POSTCODES, mapping=propose_mapping(register).mapping,
        corrections={"0L1 1AA": "OL1 1AA", "OL1 lAB": "OL1 1AB"},
    )  # fmt: skip
    placed = again.services.set_index("name")["location_basis"]
    assert placed[["Stay & Play – café", "Sewing circle"]].eq("postcode").all()
    assert [offer.written for offer in again.offers] == ["OL1 1AC"]


def test_the_duplicate_stands_beside_its_other(result: ServicesResult) -> None:
    names = result.services.set_index("service_id")["name"]
    (pair,) = find_likely_duplicates(result.services)
    assert sorted([names[pair.one], names[pair.other]]) == ["Lunch Club", "Lunch club"]


def test_the_sheet_that_was_filled_in_is_read_and_not_the_template_s_examples(tmp_path: Path) -> None:
    """Somebody renamed three headers: now the sheet of examples has more of the template's names."""
    path = write_template(tmp_path / "ours.xlsx")
    book = load_workbook(path)
    sheet = book["Services"]
    for number, header in ((1, "Ref no."), (2, "Organisatn"), (3, "Servise")):
        sheet.cell(1, number, header)
    for number, value in ((1, "A1"), (2, "Our Own Trust"), (3, "Our own lunch")):
        sheet.cell(2, number, value)
    sheet.insert_rows(1)
    sheet["A1"] = "OUR LIST"
    book.save(path)
    result = read_services(path, crs=CRS)
    assert list(result.services["name"]) == ["Our own lunch"] and result.counts.rows == 1
    book["Services"].delete_rows(3)
    book.save(path)
    assert read_services(path, crs=CRS).counts.rows == 0


@pytest.mark.parametrize("name", ["Total Fitness", "Count Me In", "Totally Thorn Green"])
def test_a_name_that_only_begins_like_a_total_is_a_service(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.csv").write_text(f"service,organisation,postcode\n{name},,\nTotal,,12\n")
    result = read_services(tmp_path / "a.csv", crs=CRS)
    assert list(result.services["name"]) == [name] and [row.code for row in result.rejected] == ["total_row"]


def test_a_workbook_that_unpacks_to_gigabytes_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/sharedStrings.xml", b" " * 60_000_000)
    with pytest.raises(SourceError, match=r"bomb\.xlsx: unpacks to .* a bomb"):
        propose_mapping(path)
    path.write_bytes(b"not a workbook")
    with pytest.raises(SourceError, match=r"(?i)save it again"):
        propose_mapping(path)
