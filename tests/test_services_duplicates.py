"""A charity officer's file: headers confirmed, postcodes offered, duplicates merged, rejects returned."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import SourceError, UsageError
from data.frames import frame_to_arrow
from data.schema import SERVICES, SESSIONS
from data.sources.service_corrections import PostcodeBook
from data.sources.service_duplicates import compare_services, find_likely_duplicates, merge_services
from data.sources.service_export import register_to_csv
from data.sources.service_mapping import propose_mapping
from data.sources.service_rejects import guard_formula, rejects_to_csv, unguard_formula
from data.sources.service_several import split_services
from data.sources.services import ServicesResult, read_services

CRS = "EPSG:27700"
POSTCODES = pd.DataFrame(
    {"postcode": ["OL1 1AA", "OL8 1QD", "M40 2JB"], "x": [392_000.0] * 3, "y": [405_000.0] * 3}
)


def write(path: Path, rows: list[list[str]]) -> Path:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def read(tmp_path: Path, rows: list[list[str]], **more: object) -> ServicesResult:
    return read_services(write(tmp_path / "s.csv", rows), crs=CRS, postcodes=POSTCODES, **more)  # type: ignore[arg-type]


def check_sum(result: ServicesResult) -> None:
    counts = result.counts
    assert counts.imported + counts.warned + counts.rejected == counts.rows
    assert len(result.rejected) == counts.rejected


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0L1 1AA", "OL1 1AA"), ("OLI IAA", "OL1 1AA"), ("ol11aa ", None), ("OL11A", "OL1 1AA"),
        ("OL1 1AAA", "OL1 1AA"), ("LO1 1AA", "OL1 1AA"), ("OL1 1AB", "OL1 1AA"), ("0L8 lQD", "OL8 1QD"),
        ("M4O 2JB", "M40 2JB"), ("SW1A 1AA", None), ("", None), ("in the park", None),
    ],
)  # fmt: skip
def test_postcodes_with_one_error_are_offered_and_real_ones_are_left_alone(written: str, meant: str | None):
    offers = PostcodeBook(POSTCODES["postcode"]).offer(written)
    assert (offers[0][0] if offers else None) == meant


@given(st.text(max_size=12))
def test_only_postcodes_of_the_table_are_ever_offered(written: str):
    offers = PostcodeBook(POSTCODES["postcode"]).offer(written)
    assert {code for code, _ in offers} <= set(POSTCODES["postcode"])


def test_an_offer_is_applied_only_when_it_was_accepted(tmp_path: Path):
    rows = [["service_id", "service", "postcode"], ["1", "Walks", "0L1 1AA"]]
    unasked = read(tmp_path, rows)
    assert pd.isna(unasked.services["x"].iloc[0])
    offer = unasked.offers[0]
    assert (offer.row, offer.service_id, offer.written, offer.offers[0][0]) == (2, "1", "0L1 1AA", "OL1 1AA")
    accepted = read(tmp_path, rows, corrections={offer.written: offer.offers[0][0]})
    row = accepted.services.iloc[0]
    assert (row["postcode"], row["x"], row["location_basis"]) == ("OL1 1AA", 392_000.0, "postcode")
    assert json.loads(row["extra"])["postcode"] == "0L1 1AA"
    assert [fault.code for fault in accepted.faults] == ["postcode_corrected"]
    assert accepted.offers == ()


def test_near_headers_are_proposed_and_read_only_as_confirmed(tmp_path: Path):
    path = write(
        tmp_path / "s.csv",
        [["Our services 2024"], ["Servise nam", "Providr", "Code Post", "Where?", "Colour"],
         ["Walks", "Trust", "OL1 1AA", "OL8 1QD", "green"]],
    )  # fmt: skip
    proposed = propose_mapping(path)
    by_header = {column.header: column for column in proposed.columns}
    assert by_header["Servise nam"].field == "name"
    assert by_header["Providr"].field == "organisation"
    assert (by_header["Code Post"].field, by_header["Code Post"].basis) == ("postcode", "near")
    assert by_header["Colour"].field is None
    assert by_header["Providr"].confidence < 100 and by_header["Code Post"].confidence < 100
    assert by_header["Providr"].samples == ("Trust",)
    result = read_services(path, crs=CRS, postcodes=POSTCODES, mapping=proposed.mapping)
    row = result.services.iloc[0]
    assert (row["name"], row["organisation"], row["postcode"]) == ("Walks", "Trust", "OL1 1AA")
    changed = proposed.mapping | {
        by_header["Code Post"].position: None,
        by_header["Where?"].position: "postcode",
    }
    row = read_services(path, crs=CRS, postcodes=POSTCODES, mapping=changed).services.iloc[0]
    assert row["postcode"] == "OL8 1QD"
    assert json.loads(row["extra"])["Code Post"] == "OL1 1AA"


def test_a_column_of_postcodes_is_known_by_what_it_holds(tmp_path: Path):
    path = write(tmp_path / "s.csv", [["service", "organisation", "zzz"], ["Walks", "Trust", "OL1 1AA"]])
    column = propose_mapping(path).columns[2]
    assert (column.field, column.basis) == ("postcode", "content")


def test_a_workbook_with_merged_title_rows_is_proposed_and_read(tmp_path: Path):
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet["A1"] = "Directory of services, Spring 2024"
    sheet.merge_cells("A1:D2")
    for row in (["Service Name", "Organsation", "When", "Post-code"],
                ["Walks", "Trust", "Tues 10-12, term time only", "OL1 1AA"]):  # fmt: skip
        sheet.append(row)
    path = tmp_path / "list.xlsx"
    book.save(path)
    proposed = propose_mapping(path)
    assert [column.field for column in proposed.columns] == ["name", "organisation", "sessions", "postcode"]
    assert [column.basis for column in proposed.columns] == ["exact", "near", "exact", "exact"]
    result = read_services(path, crs=CRS, postcodes=POSTCODES, mapping=proposed.mapping)
    assert result.services["organisation"].tolist() == ["Trust"]
    assert result.sessions[["weekday", "rule"]].to_numpy().tolist() == [[1, "term_time"]]


def test_a_mapping_that_cannot_be_is_refused_with_all_its_faults(tmp_path: Path):
    rows = [["service", "organisation"], ["Walks", "Trust"]]
    with pytest.raises(UsageError) as error:
        read(tmp_path, rows, mapping={0: "name", 1: "name", 7: "colour"})
    assert len(error.value.faults) == 3


def test_several_services_in_a_cell_become_several_and_the_rows_still_add_up(tmp_path: Path):
    result = read(
        tmp_path,
        [["service_id", "service", "organisation", "sessions", "postcode"],
         ["1", "Lunch club; Tai chi", "Trust", "Tues 12-2\nThurs 10-11", "OL1 1AA"],
         ["2", "1. Knitting 2. Choir", "Trust", "Fri 10-12", "OL1 1AA"],
         ["3", "Advice, housing and debt", "Trust", "Mon 9-12; Tue 9-12", "OL1 1AA"]],
    )  # fmt: skip
    assert result.services["name"].tolist() == [
        "Lunch club", "Tai chi", "Knitting", "Choir", "Advice, housing and debt"
    ]  # fmt: skip
    assert result.services["service_id"].is_unique
    days = result.sessions.set_index("service_id")["weekday"]
    assert (days["1/1"], days["1/2"]) == (1, 3)
    assert result.sessions.set_index("service_id")["rule"][["2/1", "2/2"]].tolist() == ["unparsed"] * 2
    assert (result.counts.rows, result.counts.warned, result.counts.imported) == (3, 2, 1)
    check_sum(result)


@pytest.mark.parametrize(
    ("name", "sessions", "parts"),
    [
        ("Community lunch\nfor older people", "", 1),
        ("Lunch\nTai chi", "Mon 12-2\nTue 10-11", 2),
        ("- Lunch\n- Tai chi", "", 2),
        ("• Lunch • Tai chi", "", 2),
        ("Advice / Housing / Debt", "", 3),
        ("24/7 helpline", "", 1),
        ("Arts & crafts, sewing and knitting", "", 1),
    ],
)
def test_line_breaks_part_only_what_is_a_list(name: str, sessions: str, parts: int):
    assert len(split_services(name, sessions)) == parts


@given(st.text(max_size=60))
def test_parting_a_name_loses_no_word(name: str):
    parts = split_services(name)
    assert parts
    if len(parts) > 1:
        assert all(part in name for part in parts)
        assert len({part.casefold() for part in parts}) == len(parts)


DOUBLE = [
    ["service_id", "organisation", "service", "postcode", "phone", "languages", "sessions", "gaps"],
    ["A", "Age Friends Ltd", "Lunch Club", "OL1 1AA", "", "English; Urdu", "Tues 12-2", "Weekends"],
    [
        "B",
        "age friends",
        "Club, Lunch",
        "ol11aa",
        "01632 960001",
        "urdu;Bengali",
        "Tue 12-2; Thu 12-2",
        "Nights",
    ],
    ["C", "Age Friends", "Lunch club", "OL8 1QD", "", "", "", ""],
    ["D", "Age Friends", "Walking group 1", "OL1 1AA", "", "", "", ""],
    ["E", "Age Friends", "Walking group 2", "OL1 1AA", "", "", "", ""],
    ["F", "", "Lunch club", "OL1 1AA", "", "", "", ""],
    ["G", "Age Friends", "Choir", "OL1 1AA", "", "", "", ""],
]


def test_duplicates_need_organisation_name_and_postcode(tmp_path: Path):
    result = read(tmp_path, DOUBLE)
    pairs = find_likely_duplicates(result.services)
    assert [(pair.one, pair.other) for pair in pairs] == [("A", "B")]
    assert "OL1 1AA" in pairs[0].why
    beside = compare_services(result.services, "A", "B").set_index("field")
    assert (beside.at["gaps", "one"], beside.at["gaps", "other"], beside.at["gaps", "same"]) == (
        "Weekends", "Nights", False,
    )  # fmt: skip
    assert "website" not in beside.index


def test_merging_keeps_everything_that_either_said(tmp_path: Path):
    result = read(tmp_path, DOUBLE)
    services, sessions = merge_services(result.services, result.sessions, [("A", "B")])
    assert services["service_id"].tolist() == ["A", "C", "D", "E", "F", "G"]
    row = services.iloc[0]
    assert (row["phone"], row["gaps"]) == ("01632 960001", "Weekends")
    assert row["languages"] == "English;Urdu;Bengali"
    lost = json.loads(row["extra"])["merged"][0]
    assert (lost["service_id"], lost["gaps"], lost["name"]) == ("B", "Nights", "Club, Lunch")
    own = sessions[sessions["service_id"] == "A"]
    assert own["weekday"].tolist() == [1, 3]
    frame_to_arrow(SERVICES, services)
    frame_to_arrow(SESSIONS, sessions)
    assert result.services["service_id"].tolist() == list("ABCDEFG")  # what was given is not changed


def test_merging_follows_chains_and_refuses_what_cannot_be(tmp_path: Path):
    result = read(tmp_path, DOUBLE)
    services, _ = merge_services(result.services, result.sessions, [("A", "B"), ("C", "B")])
    assert services["service_id"].tolist() == ["C", "D", "E", "F", "G"]
    merged = json.loads(services.iloc[0]["extra"])["merged"]
    assert "A" in json.dumps(merged)
    assert "B" in json.dumps(merged)
    for pairs in ([("A", "A")], [("A", "gone")], [("A", "B"), ("B", "A")]):
        with pytest.raises(SourceError):
            merge_services(result.services, result.sessions, pairs)


def test_rejected_rows_come_back_with_reason_and_without_formulas(tmp_path: Path):
    result = read(
        tmp_path,
        [["service_id", "service", "postcode", "=1+1"], ["1", "Walks", "OL1 1AA", ""],
         ["", "", "=HYPERLINK(1)", "@x"], ["1", "Walks", "OL1 1AA", ""], ["2", "Choir", "", "-3"]],
    )  # fmt: skip
    check_sum(result)
    table = list(csv.reader(io.StringIO(rejects_to_csv(result.header, result.rejected).decode("utf-8-sig"))))
    assert table[0][:3] == ["row in the file", "why it was not imported", "service_id"]
    assert [row[0] for row in table[1:]] == ["3", "4"]
    assert table[1][4] == "'=HYPERLINK(1)"
    assert not any(cell.startswith(("=", "@", "+", "-")) for row in table for cell in row)


@given(st.text(max_size=20))
def test_no_guarded_text_is_a_formula(text: str):
    guarded = guard_formula(text)
    number = re.fullmatch(r"[+-]?\d+(\.\d+)?", guarded)
    assert number or not guarded.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguard_formula(guarded) == unguard_formula(text)
    assert guarded in (text, f"'{text}")


def test_the_template_has_two_examples_and_notes_that_are_not_imported(tmp_path: Path):
    from openpyxl import load_workbook

    from data.template import COLUMNS, write_template

    book = load_workbook(write_template(tmp_path / "t.xlsx"))
    assert [cell.comment is not None for cell in book["Services"][1]] == [True] * len(COLUMNS)
    examples = [[cell.value for cell in row] for row in book["Examples"].iter_rows()]
    assert len(examples) == 3
    table = write(tmp_path / "e.csv", [[cell or "" for cell in row] for row in examples])
    result = read_services(table, crs=CRS)
    assert result.faults == []
    assert len(result.services) == 2
    assert set(result.sessions["rule"]) <= {"weekly", "fortnightly", "first", "term_time"}
    assert read_services(tmp_path / "t.xlsx", crs=CRS).counts.rows == 0


def test_a_register_written_down_again_reads_the_same(tmp_path: Path):
    rows = [
        *DOUBLE,
        ["G", "=cmd()", "-1 club", "0L1 1AA", "+44 1632 960001", "", "every other Thursday 2-4pm", "@home"],
    ]
    first = read(tmp_path, rows)
    again = tmp_path / "again.csv"
    again.write_bytes(register_to_csv(first.services, first.sessions))
    second = read_services(again, crs=CRS, postcodes=POSTCODES)
    columns = [name for name in SERVICES.column_names if name not in ("extra", "source")]
    pd.testing.assert_frame_equal(second.services[columns], first.services[columns])
    times = [name for name in SESSIONS.column_names if name != "text"]
    pd.testing.assert_frame_equal(second.sessions[times], first.sessions[times])
    assert second.counts.rejected == 0
