"""Dates in session times: read as written, by a year that is said, or refused with what to write instead."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.sources.service_sessions import read_sessions
from data.sources.services import read_services
from data.sources.session_dates import read_dates

WRITTEN = dt.date(2026, 9, 15)


def dates(text: str, reference: dt.date | None = WRITTEN) -> tuple[str, str | None, str | None]:
    (found,) = read_sessions(text, reference=reference)
    return (
        found.rule,
        found.from_date and found.from_date.isoformat(),
        found.to_date and found.to_date.isoformat(),
    )


@pytest.mark.parametrize(
    ("text", "rule", "first", "last"),
    [
        ("Tues 10-12 from 3 March to 12 July", "weekly", "2027-03-03", "2027-07-12"),
        ("Tuesday 10-12, 3 March - 12 July 2026", "weekly", "2026-03-03", "2026-07-12"),
        ("Tuesday 10-12 from 1 October 2025 to 31 March", "weekly", "2025-10-01", "2026-03-31"),
        ("Fri 10-12 from 1 October to 31 March", "weekly", "2026-10-01", "2027-03-31"),
        ("Mondays 2-4pm until 12 July", "weekly", None, "2027-07-12"),
        ("Mon 10-12; from 3 March to 12 July 2027", "weekly", "2027-03-03", "2027-07-12"),
        ("1st Tuesday 10-12 from September", "first", "2026-09-01", None),
        ("Wed 10-12 until February 2028", "weekly", None, "2028-02-29"),
        ("every other Thursday 2-4pm starting 3 September 2026", "fortnightly", "2026-09-03", None),
        ("Tue 10-12 from 12/09/2026 to 3/12/2026", "weekly", "2026-09-12", "2026-12-03"),
        ("Mon 10-12 until further notice", "weekly", None, None),
        ("Sat 10-12 term time only, from 5 September to 19 December", "term_time", "2026-09-05",
         "2026-12-19"),
        ("Fri 10-12 up to 2026-12-18", "weekly", None, "2026-12-18"),
    ],
)  # fmt: skip
def test_dates_are_read(text: str, rule: str, first: str | None, last: str | None):
    assert dates(text) == (rule, first, last)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Mon 10-12 until Easter", "'easter' is no date"), ("Mon 10-12; until Easter", "'easter' is no date"),
        ("Mon 10-12 from the end of summer", "'summer' is no date"),
        ("Tue 10-12 from 12 July 2027 to 3 March 2027", "before they begin on 2027-07-12"),
        ("Tue 10-12 from 31 February 2027", "'31 february 2027' is no date"),
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused_and_says_what_to_write(text: str, words: str):
    (found,) = read_sessions(text, reference=WRITTEN)
    assert (found.rule, found.weekday, found.start_s, found.text) == ("unparsed", None, None, text)
    assert found.remark is not None and found.remark[0] == "session_dates" and words in found.remark[1]


def test_without_a_year_and_nobody_to_say_which_it_is_refused():
    (found,) = read_sessions("Mon 10-12 from 3 March")
    assert found.rule == "unparsed" and found.remark == (
        "session_dates", "the dates have no year; write it, such as 12 July 2026",
    )  # fmt: skip
    assert dates("Mon 10-12 from 3 March 2027", None) == ("weekly", "2027-03-03", None)


@pytest.mark.parametrize("text", ["Tue 10-12 3 March", "May Day 10-12"])
def test_a_single_day_stays_in_words(text: str):
    assert dates(text) == ("unparsed", None, None)


def test_bank_holidays_left_out():
    for text in ("Mon 10-12 except bank holidays", "Mon 10-12; not on bank holidays"):
        (found,) = read_sessions(text)
        assert (found.rule, found.weekday, found.bank_holidays) == ("weekly", 0, False)
    assert read_sessions("Mon 10-12")[0].bank_holidays is None


days = st.dates(dt.date(2020, 1, 1), dt.date(2035, 12, 31))
FORMATS = ("%d %B %Y", "%d %b %Y", "%d/%m/%Y", "%Y-%m-%d", "%B %d, %Y")


@settings(max_examples=60, deadline=None)
@given(
    days, days, st.sampled_from(FORMATS), st.sampled_from(["from {} to {}", "between {} and {}", "{} - {}"])
)
def test_every_way_of_writing_says_the_same_days(first: dt.date, last: dt.date, form: str, words: str):
    first, last = sorted((first, last))
    text = words.format(first.strftime(form), last.strftime(form)).casefold()
    read = read_dates(f"tue 10-12 {text}")
    assert (read.first, read.last, read.refused) == (first, last, None)
    assert read.words.split() == ["tue", "10-12"]


@settings(max_examples=60, deadline=None)
@given(days, st.integers(0, 330), days)
def test_the_year_that_is_taken_is_the_one_whose_span_is_not_over(
    first: dt.date, length: int, written: dt.date
):
    last = first + dt.timedelta(days=length)
    if (2, 29) in {(day.month, day.day) for day in (first, last)}:
        return
    read = read_dates(f"tue 10-12 from {first:%d %B} to {last:%d %B}".casefold(), written)
    assert read.first is not None and read.last is not None and read.year_assumed
    assert (read.first.month, read.first.day) == (first.month, first.day)
    assert (read.last.month, read.last.day) == (last.month, last.day)
    assert read.first <= read.last and read.last >= written  # not over, and
    assert read.last.replace(year=read.last.year - 1) < written  # no earlier such span is


@settings(max_examples=100, deadline=None)
@given(st.text("0123456789/-. fromtuilbewnadgMarchJulyEs,;", max_size=60))
def test_no_text_breaks_it(text: str):
    for found in read_sessions(f"Mon 10-12 {text}", reference=WRITTEN):
        assert not (found.from_date and found.to_date and found.to_date < found.from_date)


def test_a_register_s_dates_go_by_the_row_s_check_else_by_the_timetable(tmp_path: Path):
    register = tmp_path / "register.csv"
    register.write_text(
        "service_id,service,sessions,updated\n"
        "a,Lunch,Tue 10-12 from 3 March to 12 July,01/04/2026\n"
        "b,Art,Tue 10-12 from 3 March to 12 July,\n"
        "c,Tea,Tue 10-12 until Easter,\n"
    )
    result = read_services(register, crs="EPSG:27700", service_date=dt.date(2027, 10, 5))
    table = result.sessions.set_index("service_id")
    assert table.loc["a", "from_date"] == dt.date(2026, 3, 3) and table.loc["a", "to_date"] == dt.date(
        2026, 7, 12
    )
    assert table.loc["b", "from_date"] == dt.date(2028, 3, 3)
    assert table.loc["c", "rule"] == "unparsed" and pd.isna(table.loc["c", "from_date"])
    told = {(number, code): words for number, code, words in result.row_faults}
    assert "no date; write the day" in told[4, "session_dates"]
    assert "read as from 03/03/2026 until 12/07/2026" in told[2, "session_year"]
