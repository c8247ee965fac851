"""Registers as they come: messy tables in, rows of the schema out, every row accounted for."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import SourceError
from data.frames import frame_to_arrow
from data.schema import SERVICES, SESSIONS
from data.sources.services import ServicesResult, read_services
from data.template import COLUMNS, HEADERS

CRS = "EPSG:27700"


def write(path: Path, rows: list[list[str]], *, encoding: str = "utf-8", delimiter: str = ",") -> Path:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def read(tmp_path: Path, rows: list[list[str]], **how: str) -> ServicesResult:
    return read_services(write(tmp_path / "services.csv", rows, **how), crs=CRS)


def codes(result: ServicesResult) -> dict[str, int]:
    return {fault.code: fault.count for fault in result.faults}


def only(result: ServicesResult) -> pd.Series:
    assert len(result.services) == 1
    return result.services.iloc[0]


FULL = {
    "service_id": "TG-1", "organisation": "Thorn Green Trust", "service": "Lunch club",
    "description": "A lunch",
    "category": "Lunch club", "delivery": "several venues", "address": "12 Chapel St",
    "locality": "Thorn Green",
    "postcode": "np201ga", "lon": "-2.9973", "lat": "51.5893", "easting": "", "northing": "",
    "website": "https://example.org", "phone": "01632 960001", "email": "a@example.org", "cost": "£3",
    "cost_note": "Carers free", "referral": "self or GP", "referral_note": "A chat first",
    "referred_by": "GP; self", "target_groups": "older people; carers", "not_used_by": "men under 50",
    "languages": "English; Urdu", "women_only": "no", "age_min": "55", "age_max": "", "faith": "none",
    "transport_offered": "yes", "sessions": "Wed 12-2", "opening_hours": "Mon-Fri 9-5", "capacity": "25",
    "outcome_data": "Yearly survey", "gaps": "Weekends", "verified": "yes", "updated": "03/06/2024",
}  # fmt: skip


def test_every_column_of_the_template_arrives(tmp_path: Path) -> None:
    assert tuple(FULL) == HEADERS
    result = read(tmp_path, [list(FULL), list(FULL.values())])
    row = only(result)
    assert codes(result) == {}
    assert result.counts.imported == 1
    assert row[["service_id", "kind", "name", "organisation"]].tolist() == [
        "TG-1", "service", "Lunch club", "Thorn Green Trust",
    ]  # fmt: skip
    assert row["delivery"] == "several_venues"
    assert (row["cost"], row["cost_note"]) == ("paid", "£3. Carers free")
    assert (row["referral"], row["referral_note"]) == ("mixed", "self or GP. A chat first")
    assert row["target_groups"] == "older people;carers"
    assert row["languages"] == "English;Urdu"
    assert (row["women_only"], row["transport_offered"], row["verified"]) == (False, True, True)
    assert (row["age_min"], row["capacity"]) == (55, 25)
    assert pd.isna(row["age_max"])
    assert str(row["updated"]) == "2024-06-03"
    assert (row["postcode"], row["location_basis"]) == ("NP20 1GA", "given")
    assert (row["lon"], row["lat"]) == (-2.9973, 51.5893)
    assert pd.isna(row["extra"])
    session = result.sessions.iloc[0]
    assert (session["session_id"], session["weekday"], session["start_s"]) == ("TG-1/1", 2, 43_200)


def test_a_half_empty_record_is_no_fault_and_missing_stays_missing(tmp_path: Path) -> None:
    result = read(
        tmp_path, [list(HEADERS), ["1", "", "Chat line", *[""] * 2, "phone", *[""] * (len(HEADERS) - 6)]]
    )
    row = only(result)
    assert codes(result) == {}
    assert row["category"] == "Not stated"
    assert not row["verified"]
    missing = set(SERVICES.column_names) - {
        "service_id",
        "kind",
        "name",
        "category",
        "delivery",
        "verified",
        "source",
    }
    assert row[sorted(missing)].isna().all()
    assert len(result.sessions) == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = [["Service ", "ORGANISATION", "Post Code"], ["Café – “Ty Gwyn”", "Élan, Trust; Ltd", "NP20 1GA"]]
    row = only(read(tmp_path, rows, encoding=encoding, delimiter=delimiter))
    assert row["name"] == "Café – “Ty Gwyn”"
    assert row["organisation"] == "Élan, Trust; Ltd"


def test_title_rows_blank_rows_other_order_and_trailing_spaces(tmp_path: Path) -> None:
    rows = [
        ["Services in Thorn Green, 2024", "", ""],
        ["", "", ""],
        ["Provider  ", " Name of service", "Who refers?"],
        ["Trust ", "  Lunch   club ", "GP"],
        ["", "", ""],
        ["Trust", "Walks", ""],
    ]
    result = read(tmp_path, rows)
    assert sorted(result.services["name"]) == ["Lunch club", "Walks"]
    assert result.services["referred_by"].dropna().tolist() == ["GP"]
    assert (result.counts.rows, result.counts.blank) == (2, 1)
    assert codes(result)["title_rows"] == 1
    # Rows are numbered as a spreadsheet numbers them.
    assert {row for row, code, _ in result.row_faults if code == "id_made"} == {4, 6}


def test_misspelt_headers_are_guessed_and_doubtful_ones_are_named(tmp_path: Path) -> None:
    rows = [
        ["service", "organisaton", "Phone number", "Telephone", "age mix", "Colour"],
        ["Walks", "Trust", "1", "2", "20", "red"],
    ]
    result = read(tmp_path, rows)
    found = codes(result)
    assert only(result)["organisation"] == "Trust"
    assert found["column_guessed"] == 1
    assert found["column_repeated"] == 1
    assert found["column_ambiguous"] == 1
    ambiguous = next(fault for fault in result.faults if fault.code == "column_ambiguous")
    assert "age_max or age_min" in ambiguous.examples[0]
    # Nothing that was written is lost.
    assert json.loads(only(result)["extra"]) == {"Telephone": "2", "age mix": "20", "Colour": "red"}


def test_a_file_without_our_header_is_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="template"):
        read(tmp_path, [["a", "b"], ["1", "2"]])
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(SourceError, match="empty"):
        read_services(tmp_path / "empty.csv", crs=CRS)
    (tmp_path / "fake.xlsx").write_bytes(b"not a workbook")
    with pytest.raises(SourceError, match=r"fake\.xlsx"):
        read_services(tmp_path / "fake.xlsx", crs=CRS)
    with pytest.raises(SourceError, match="no such file"):
        read_services(tmp_path / "gone.csv", crs=CRS)


def test_every_row_is_imported_warned_of_or_rejected(tmp_path: Path) -> None:
    rows = [
        ["service_id", "service", "lon", "lat", "cost"],
        ["1", "Walks", "-2.99", "51.58", "free"],  # 2 imported
        ["1", "Walks", "-2.99", "51.58", "free"],  # 3 the same again
        ["1", "Talks", "-2.99", "51.58", "free"],  # 4 the id is taken
        ["2", "Swims", "-2.99", "51.58", "ask"],  # 5 cost not understood
        ["", "", "", "", ""],
        ["service_id", "service", "lon", "lat", "cost"],  # 7 the header again
        ["Total", "", "", "", ""],  # 8 no service
    ]
    result = read(tmp_path, rows)
    counts = result.counts
    assert (counts.rows, counts.imported, counts.warned, counts.rejected, counts.blank) == (6, 1, 2, 3, 1)
    reasons = {row: code for row, code, _ in result.row_faults}
    assert reasons == {
        3: "row_repeated", 4: "id_repeated", 5: "not_understood", 7: "header_repeated", 8: "row_without_name",
    }  # fmt: skip
    assert result.services["service_id"].is_unique
    asked = result.services.set_index("name").loc["Swims"]
    assert pd.isna(asked["cost"])
    assert asked["cost_note"] == "ask"


def test_ids_that_were_made_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    rows = [["Trust", "Walks"], ["Trust", "Talks"], ["", "Swims"]]
    header = [["organisation", "service"]]
    one = read(tmp_path, header + rows).services.set_index("name")["service_id"]
    other = read(tmp_path, header + rows[::-1]).services.set_index("name")["service_id"]
    assert one.to_dict() == other.to_dict()


HOSTILE = [
    "<script>alert(1)</script>", "</script><img src=x onerror=alert(1)>", "`${alert(1)}`", "{{ 7*7 }}",
    "=1+1",
    "=cmd|' /C calc'!A0", "+44 1632 960001", "@SUM(A1)", "-1", "';DROP TABLE x;--", "\\u0000", "اردو", "😀",
]  # fmt: skip


def test_hostile_text_is_kept_as_text(tmp_path: Path) -> None:
    rows = [[str(n), text, text, text] for n, text in enumerate(HOSTILE)]
    result = read(tmp_path, [["service_id", "service", "description", "gaps"], *rows])
    for column in ("name", "description", "gaps"):
        assert result.services[column].tolist() == HOSTILE
    assert result.counts.rejected == 0


def test_a_workbook_reads_as_its_csv_does(tmp_path: Path) -> None:
    from openpyxl import Workbook

    header = ["service_id", "service", "updated", "capacity", "lon", "lat", "women_only", "sessions"]
    values = ["1", "=1+1 walks", "2024-06-03", "25", "-2.99", "51.58", "yes", "Tue 10-12"]
    workbook = Workbook()
    notes = workbook.active
    notes.append(["Read me first"])
    sheet = workbook.create_sheet("Register")
    sheet.append(["Register of services"])
    sheet.merge_cells("A1:D1")
    sheet.append(header)
    import datetime as dt

    sheet.append([1, "x", dt.datetime(2024, 6, 3), 25.0, -2.99, 51.58, True, "Tue 10-12"])
    sheet["B3"].value = "=1+1 walks"
    sheet["B3"].data_type = "s"
    workbook.save(tmp_path / "services.xlsx")
    from_workbook = read_services(tmp_path / "services.xlsx", crs=CRS)
    from_csv = read(tmp_path, [header, values])
    pd.testing.assert_frame_equal(from_workbook.services, from_csv.services)
    pd.testing.assert_frame_equal(from_workbook.sessions, from_csv.sessions)
    assert codes(from_workbook) == {"title_rows": 1, "sheets_ignored": 1}


def test_a_formula_gives_the_value_saved_with_it_or_nothing(tmp_path: Path) -> None:
    from openpyxl import Workbook

    workbook = Workbook()
    sheet = workbook.active
    sheet.append(["service_id", "service", "capacity"])
    sheet.append(["1", "Walks", "=20+5"])
    workbook.save(tmp_path / "services.xlsx")
    assert pd.isna(only(read_services(tmp_path / "services.xlsx", crs=CRS))["capacity"])


def test_sessions_that_are_not_understood_are_kept_and_counted(tmp_path: Path) -> None:
    rows = [
        ["service_id", "service", "sessions", "delivery"],
        ["1", "Walks", "Tue 10-12; when dry", "online"],
    ]
    result = read(tmp_path, rows)
    assert result.sessions["rule"].tolist() == ["weekly", "unparsed"]
    assert result.sessions["text"].tolist() == ["Tue 10-12", "when dry"]
    assert codes(result) == {"session_unparsed": 1}


def test_ages_from_spans_and_the_wrong_way_round(tmp_path: Path) -> None:
    rows = [["service", "organisation", "age_min", "age_max", "delivery"],
            ["A", "T", "16-25", "", "phone"], ["B", "T", "60", "20", "phone"]]  # fmt: skip
    result = read(tmp_path, rows)
    young, odd = result.services.iloc[0], result.services.iloc[1]
    assert (young["age_min"], young["age_max"]) == (16, 25)
    assert pd.isna(odd["age_min"])
    assert json.loads(odd["extra"]) == {"age_min": "60", "age_max": "20"}


CELLS = st.text(max_size=12) | st.sampled_from(
    [
        "",
        "n/a",
        "free",
        "£3",
        "yes",
        "Tue 10-12",
        "0",
        "NaN",
        "inf",
        "51.58",
        "-2.99",
        "NP20 1GA",
        "=1+1",
        "#REF!",
    ]
)


@given(st.lists(st.lists(CELLS, min_size=len(HEADERS), max_size=len(HEADERS)), max_size=4))
@settings(max_examples=40)
def test_any_cells_give_rows_that_fit_the_schema_and_add_up(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    path = write(tmp_path_factory.mktemp("any") / "s.csv", [list(HEADERS), *rows], encoding="utf-8")
    result = read_services(path, crs=CRS)
    counts = result.counts
    assert counts.imported + counts.warned + counts.rejected == counts.rows
    assert counts.imported + counts.warned <= len(result.services)  # a cell may name several
    assert result.services["service_id"].is_unique
    assert set(result.sessions["service_id"]) <= set(result.services["service_id"])
    frame_to_arrow(SERVICES, result.services)
    frame_to_arrow(SESSIONS, result.sessions)


def test_every_field_of_the_template_is_a_column_of_the_pack_or_a_way_to_one() -> None:
    ways_to_others = {"easting", "northing", "sessions"}
    assert {column.field for column in COLUMNS} - ways_to_others <= set(SERVICES.column_names)
    never_asked = {"kind", "x", "y", "location_basis", "source", "extra"}
    assert set(SERVICES.column_names) - never_asked <= {column.field for column in COLUMNS}
