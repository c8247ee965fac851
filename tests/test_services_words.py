"""Costs, referrals, lists, numbers and dates, as people write them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.sources import service_words as words


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("free", "free"), ("Free of charge", "free"), ("No cost", "free"), ("£0", "free"), ("0", "free"),
        ("none", "free"), ("No", "free"), ("£3", "paid"), ("3.50", "paid"), ("£1,200 a year", "paid"),
        ("50p", "paid"), ("Yes", "paid"), ("£3, free for carers", "paid"), ("membership", "paid"),
        ("not free", "paid"), ("donation", "donation"), ("Free, donations welcome", "donation"),
        ("suggested donation £2", "donation"), ("pay what you can", "donation"),
        ("ask the office", None), ("carefree fun", None),
        ("nothing to pay", "free"), ("No membership fee", "free"),
    ],
)  # fmt: skip
def test_cost(text: str, meant: str | None) -> None:
    assert words.read_cost(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("self", "self"), ("Self referral", "self"), ("drop-in", "self"), ("open access", "self"),
        ("No referral needed", "self"), ("Direct engagement", "self"), ("GP referral only", "organisation"),
        ("by professionals", "organisation"), ("from other organisations only", "organisation"),
        ("no self-referral", "organisation"), ("social worker", "organisation"), ("both", "mixed"),
        ("self or GP", "mixed"), ("mixed and ad hoc", "mixed"), ("ring Mary", None), ("selfish", None),
        ("various agencies", "organisation"), ("self-referral, then an assessment", "self"),
    ],
)  # fmt: skip
def test_referral(text: str, meant: str | None) -> None:
    assert words.read_referral(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("venue", "venue"), ("Several venues", "several_venues"), ("several_venues", "several_venues"),
        ("home visits", "home"), ("in people's homes", "home"), ("telephone", "phone"), ("Zoom", "online"),
        ("venue and online", "venue"), ("online or by phone", "online"), ("somewhere", None),
        ("The Welcome House, in person", "venue"), ("across the borough", "several_venues"),
    ],
)  # fmt: skip
def test_delivery(text: str, meant: str | None) -> None:
    assert words.read_delivery(text) == meant


def test_a_blank_is_missing_and_none_is_an_answer() -> None:
    for text in ("", "n/a", "N/A", "not known", "TBC", "?", "-", "#REF!", "Not stated."):
        assert words.is_not_known(text), text
    for text in ("none", "no", "0", "nil", "unknown quantity"):
        assert not words.is_not_known(text), text


@pytest.mark.parametrize(
    ("text", "meant"), [("Yes", True), ("y", True), ("TRUE", True), ("1", True), ("no", False), ("0", False),
                        ("maybe", None), ("on request", None)]
)  # fmt: skip
def test_yes_no(text: str, meant: bool | None) -> None:
    assert words.read_yes_no(text) is meant


def test_women_only_says_who_may_come() -> None:
    assert words.read_women_only("Ladies only") is True
    assert words.read_women_only("men and women") is False
    assert words.read_women_only("mostly women") is None


def test_lists_keep_census_names_whole_and_say_each_once() -> None:
    census = "Asian, Asian British or Asian Welsh; Carers; carers"
    assert words.read_list(census) == "Asian, Asian British or Asian Welsh;Carers"
    assert words.read_list("older people, carers") == "older people;carers"
    assert words.read_list("none") is None
    assert words.read_languages("Urdu, Punjabi and English/Somali") == "Urdu;Punjabi;English;Somali"


@pytest.mark.parametrize(
    ("text", "meant"), [("25", 25), ("25.0", 25), ("about 25", 25), ("max 25 people", 25), ("55+", 55),
                        ("18 years", 18),
                        ("lots", None), ("20-30", None), ("999999", None), ("-5", None), ("2.5", None)]
)  # fmt: skip
def test_whole_numbers(text: str, meant: int | None) -> None:
    assert words.read_whole_number(text, most=100_000) == meant


def test_spans() -> None:
    assert words.read_span("16-25") == (16, 25)
    assert words.read_span("16 to 25 years") == (16, 25)
    assert words.read_span("25-16") is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2024-06-03", dt.date(2024, 6, 3)), ("03/06/2024", dt.date(2024, 6, 3)),
        ("3.6.24", dt.date(2024, 6, 3)),
        ("3rd June 2024", dt.date(2024, 6, 3)), ("Monday 3 Jun 2024", dt.date(2024, 6, 3)),
        ("2024-06-03 10:00", dt.date(2024, 6, 3)), ("45446", dt.date(2024, 6, 3)),
        ("29/02/2024", dt.date(2024, 2, 29)), ("29/02/2023", None), ("06/13/2024", None), ("June 2024", None),
        ("soon", None), ("0000-01-01", None),
    ],
)  # fmt: skip
def test_dates_are_day_first_and_never_guessed(text: str, meant: dt.date | None) -> None:
    assert words.read_date(text) == meant


@given(st.dates(min_value=dt.date(1990, 1, 1), max_value=dt.date(2099, 12, 31)))
def test_dates_come_back(date: dt.date) -> None:
    for pattern in ("%Y-%m-%d", "%d/%m/%Y", "%d %B %Y"):
        assert words.read_date(date.strftime(pattern)) == date


@given(st.text(max_size=80))
def test_no_text_breaks_a_reader(text: str) -> None:
    cleaned = words.clean_text(text)
    cleaned.encode("utf-8")
    assert "\x00" not in cleaned
    for reader in (words.read_cost, words.read_referral, words.read_delivery, words.read_yes_no,
                   words.read_list,
                   words.read_languages, words.read_date, words.read_span,
                   words.read_women_only):  # fmt: skip
        reader(cleaned)
    words.read_whole_number(cleaned, most=10)
