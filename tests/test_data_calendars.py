"""School terms and bank holidays of a pack: what is listed, what lies between, and what nobody knows."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from data.calendars import Calendar, build_calendar, list_school_holidays, say_bank_holiday
from data.manifest import CalendarFacts
from data.packio import load_pack
from geo.__main__ import main
from geo.journey_words import say_check
from geo.write import build_metadata

DEMO = Path(__file__).resolve().parents[1] / "data" / "packs" / "demo"


def day(month: int, number: int) -> dt.date:
    return dt.date(2026, month, number)


SPRING, SUMMER = (day(1, 5), day(3, 27)), (day(4, 13), day(7, 17))
HALF_TERM = (day(2, 16), day(2, 20))


@pytest.mark.parametrize(
    ("terms", "holidays", "date", "known"),
    [
        ((SPRING, SUMMER), (HALF_TERM,), day(1, 5), True),
        ((SPRING, SUMMER), (HALF_TERM,), day(2, 18), False),
        # Between two terms lie holidays; before the first and after the last nobody knows.
        ((SPRING, SUMMER), (), day(4, 1), False), ((SPRING, SUMMER), (), day(1, 4), None),
        ((SPRING, SUMMER), (), day(7, 18), None),
        # Where only holidays are listed, what lies between them is term.
        ((), (HALF_TERM, (day(4, 1), day(4, 10))), day(3, 2), True), ((), (HALF_TERM,), day(2, 16), False),
        ((), (HALF_TERM,), day(3, 2), None), ((), (), day(3, 2), None),
        # A listed holiday is known for one also outside the listed terms.
        ((SPRING,), ((day(7, 20), day(8, 31)),), day(8, 1), False),
    ],
)  # fmt: skip
def test_term_holiday_or_not_known(terms, holidays, date: dt.date, known: bool | None):
    assert Calendar(terms=terms, holidays=holidays).is_term(date) is known


def test_the_service_date_avoids_what_lies_between_terms_too():
    calendar = build_calendar(CalendarFacts(school_terms=(SUMMER, SPRING), school_holidays=(HALF_TERM,)))
    assert list_school_holidays(calendar) == (HALF_TERM, (day(3, 28), day(4, 12)))


def test_bank_holidays_are_a_nations_and_none_abroad():
    st_andrews = dt.date(2026, 11, 30)
    assert st_andrews in build_calendar(CalendarFacts(nation="scotland")).bank_holidays
    assert st_andrews not in build_calendar(CalendarFacts()).bank_holidays
    assert not build_calendar(CalendarFacts(), "Europe/Paris").bank_holidays
    assert not build_calendar(CalendarFacts(nation=None)).bank_holidays


def test_a_bank_holiday_is_told_of_in_files_and_on_sheets_and_no_other_day_is():
    pack = load_pack(DEMO)
    christmas, eve = dt.date(2026, 12, 25), dt.date(2026, 12, 24)
    words = say_bank_holiday(pack.manifest, christmas)
    assert words is not None and words.startswith("Friday 25 December 2026 is a bank holiday")
    assert say_bank_holiday(pack.manifest, eve) is None
    assert words in build_metadata(pack.manifest, "Gap", service_date=christmas)["notes"]
    assert words in say_check(pack, christmas)
    assert "bank holiday" not in say_check(pack, eve)
    assert build_metadata(pack.manifest, "Gap", service_date=eve)["notes"] == list(pack.manifest.notes)
    # Whose bank holidays it keeps is not known: nothing is said.
    nowhere = pack.manifest.model_copy(update={"calendar": CalendarFacts(nation=None)})
    assert say_bank_holiday(nowhere, christmas) is None


def test_the_command_says_it_beside_its_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["gap", str(DEMO), "--date", "2026-12-25", "--out", str(tmp_path / "gap.csv")]) == 0
    assert "Friday 25 December 2026 is a bank holiday" in capsys.readouterr().err
