"""Random towns on the days about a clock change: engine and slow reference, value for value.

The towns of ``tests/test_proof_random_towns.py`` stand on a Tuesday in June. Here the same
towns, with their buses just past midnight and late at night, stand on the two days around a
night in which the clocks change, where the day before is 23 or 25 hours away.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from data.areapack import AreaPack
from tests.test_proof_random_towns import Asked, check_county, everything

DATES = tuple(dt.date(2025, *day) for day in ((3, 29), (3, 30), (3, 31), (10, 25), (10, 26), (10, 27)))
NIGHTLY = int(os.environ.get("ONE_BUS_REACH_NIGHTLY_TOWNS", "20000")) // 50
NEVER_DEAR = 1_000_000


def stand_on(pack: AreaPack, date: dt.date) -> AreaPack:
    """The pack on another date, its sessions on that date's weekday (and the days about it)."""
    assert pack.sessions is not None
    weekday = pack.sessions["weekday"]
    days = (date - pack.manifest.timetable.service_date).days % 7
    facts = pack.manifest.timetable.model_copy(update={"service_date": date})
    return dataclasses.replace(
        pack,
        sessions=pack.sessions.assign(weekday=((weekday + days) % 7).astype(weekday.dtype)),
        manifest=pack.manifest.model_copy(update={"timetable": facts}),
    )


def check_on(asked: Asked, date: dt.date) -> None:
    assume(asked.query.window_start_s < 3600 or asked.query.window_start_s > 23 * 3600)
    check_county(dataclasses.replace(asked, pack=stand_on(asked.pack, date), dear=False))


@settings(max_examples=3)
@given(asked=everything(NEVER_DEAR), date=st.sampled_from(DATES))
def test_towns_about_a_clock_change_equal_the_reference(asked: Asked, date: dt.date) -> None:
    check_on(asked, date)


@pytest.mark.nightly
@settings(max_examples=NIGHTLY)
@given(asked=everything(NEVER_DEAR), date=st.sampled_from(DATES))
def test_many_towns_about_a_clock_change_equal_the_reference(asked: Asked, date: dt.date) -> None:
    check_on(asked, date)
