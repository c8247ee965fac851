"""Round trips of the committed fictional borough: against journeys told one by one, and run twice."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from data.packio import load_pack
from geo.engine import Engine
from geo.journey import Journey
from geo.places import resolve_place
from geo.query import Query
from geo.roundtrip import RoundTripSettings

SETTINGS = RoundTripSettings()
SERVICES = ("FV-001", "FV-010", "FV-042", "FV-085", "FV-136")


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(load_pack("demo"))


@pytest.fixture(scope="module")
def table(engine: Engine) -> pd.DataFrame:
    return engine.round_trips(Query(), SETTINGS, service_ids=list(SERVICES), level="point").frame


def test_each_leg_is_the_journey_that_is_told_for_it(engine: Engine, table: pd.DataFrame):
    """``Engine.journey`` finds one journey at a time, by other code."""
    works = table[table["verdict"] == "yes"]
    assert len(works) > 200
    for row in works.iloc[:: len(works) // 25].itertuples():
        query = Query(service_date=row.service_date)
        home, venue = resolve_place(engine.pack, row.origin_id), resolve_place(engine.pack, row.service_id)
        out = engine.journey(query, home, venue, arrive_by_s=row.session_start_s)
        assert isinstance(out, Journey) and out.depart_s == row.leave_home_s, row
        back = engine.journey(query, venue, home, depart_s=row.session_end_s)
        assert isinstance(back, Journey) and back.arrive_s == row.arrive_home_s, row


def test_where_there_is_no_return_no_journey_home_is_told_in_time(engine: Engine, table: pd.DataFrame):
    stuck = table[table["reason"] == "no_return"]
    assert len(stuck) > 5
    for row in stuck.iloc[:: max(1, len(stuck) // 10)].itertuples():
        query = Query(service_date=row.service_date, horizon_s=SETTINGS.linger_s)
        home, venue = resolve_place(engine.pack, row.origin_id), resolve_place(engine.pack, row.service_id)
        back = engine.journey(query, venue, home, depart_s=row.session_end_s)
        if isinstance(back, Journey):  # then it takes too long
            assert back.arrive_s - back.depart_s > query.cutoff_s, row
        assert row.text


def test_bounds_hold_in_every_row(table: pd.DataFrame):
    works = table[(table["verdict"] == "yes") & (table["session_kind"] == "session")]
    assert works["wait_before_s"].between(0, SETTINGS.early_s).all()
    assert works["wait_after_s"].between(0, SETTINGS.linger_s).all()
    assert works["outward_duration_s"].le(2700).all() and works["return_duration_s"].le(2700).all()
    assert (works["arrive_s"] + works["wait_before_s"]).eq(works["session_start_s"]).all()
    assert works["slack_s"].ge(0).all() and works["later_buses_home"].ge(0).all()


def test_a_looser_question_never_takes_a_session_away(engine: Engine, table: pd.DataFrame):
    strict = dataclasses.replace(SETTINGS, early_s=600, linger_s=600)
    narrow = engine.round_trips(Query(cutoff_s=1500), strict, service_ids=list(SERVICES), level="point").frame
    before, after = narrow["verdict"].eq("yes"), table["verdict"].eq("yes")
    assert (after | ~before).all() and after.sum() > before.sum() > 0


def test_one_thread_and_two_give_the_same(
    engine: Engine, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
):
    for threads in (1, 2):
        monkeypatch.setattr("geo.threads.count_threads", lambda n=threads: n)
        again = engine.round_trips(Query(), SETTINGS, service_ids=list(SERVICES), level="point").frame
        pd.testing.assert_frame_equal(again, table)
