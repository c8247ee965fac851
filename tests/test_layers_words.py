"""Words: small counts, missing numbers, times past midnight, and words that are never used."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.query import Query
from geo.tables import CLASSES, REASONS
from layers.words import (
    say_clock,
    say_minutes,
    say_people,
    say_percent,
    say_reason,
    say_share,
    say_test_data,
    say_title,
)
from tests.towns import build_town

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("people", "words"),
    [
        (0, "0"), (0.4, "fewer than 10"), (9, "fewer than 10"), (9.4, "fewer than 10"), (10, "10"),
        (1234.5, "1,234"), (np.nan, "not published"), (pd.NA, "not published"), (None, "not published"),
    ],
)  # fmt: skip
def test_counts(people: object, words: str) -> None:
    assert say_people(people) == words


def test_shares() -> None:
    assert say_share(0.25, 49.9) == "too few to compare"
    assert say_share(0.25, 50) == "25%"
    assert say_share(np.nan, 100) == "not known"
    assert say_share(pd.NA, 100) == "not known"
    assert [say_percent(v) for v in (0, 0.001, 0.5, 0.999, 1)] == [
        "0%",
        "under 1%",
        "50%",
        "over 99%",
        "100%",
    ]


def test_times() -> None:
    assert say_clock(34_200) == "09:30"
    assert say_clock(90_600) == "01:10 the next day"
    assert say_clock(-600) == "23:50 the day before"
    assert [say_minutes(v) for v in (0, 1, 60, 61, pd.NA)] == ["0 min", "1 min", "1 min", "2 min", ""]


def test_every_class_and_reason_has_words() -> None:
    for reach_class in CLASSES:
        for reason in (*REASONS, pd.NA):
            words = say_reason(reach_class, reason)
            assert words and "_" not in words


def test_not_known_is_never_called_out_of_reach() -> None:
    assert say_reason("not_in_reach", "no_timetable").startswith("Not known")
    assert say_reason("outside_data", "outside_data").startswith("Not known")


def test_titles_carry_date_cutoff_mode_and_the_timetables_date() -> None:
    manifest = build_town(stops={"A": (0, 0)}).manifest
    title = say_title("Gap", Query(modes=("bus", "tram"), cutoff_s=1800), manifest)
    for part in ("10 June 2025", "30 minutes", "one bus or tram", "09:30 to 11:30", "Town (fictional)"):
        assert part in title


def test_test_data_is_judged_by_the_readers_day() -> None:
    town = build_town(stops={"A": (0, 0)}, completeness=0.95)
    manifest = town.manifest.model_copy(update={"fictional": False})
    assert say_test_data(manifest, dt.date(2025, 7, 1)) is None
    old = say_test_data(manifest, dt.date(2027, 7, 1))
    assert old is not None and old.startswith("Test data: not for decisions")


def test_words_that_are_never_shown() -> None:
    """product.md: no label on a neighbourhood, no stigma, and the census's own names."""
    banned = re.compile(
        r"cut-off area|lonel|parallel lives|non-white|\bBAME\b|step-free access", re.IGNORECASE
    )
    files = [*ROOT.glob("layers/**/*.py"), *ROOT.glob("layers/browser/*"), *ROOT.glob("dashboard*.py"),
             *ROOT.glob("dashboard_tabs/*.py")]  # fmt: skip
    assert len(files) > 20
    found = [
        f"{file.name}: {match[0]}" for file in files for match in [banned.search(file.read_text())] if match
    ]
    assert not found
