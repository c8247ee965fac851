"""The comparisons of random towns can fail: a lie of the engine about any one value is noticed.

One small county, worked out once by the reference. Each column that is compared is altered in
each table in turn, in one row; a comparison that does not see it would let a fault of the engine pass.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from geo import matrix_table
from geo.engine import Engine
from geo.query import Query
from geo.roundtrip import RoundTripSettings
from geo.whatif.model import RemoveService, Scenario
from tests import random_journeys, random_questions, random_scenarios, random_sessions
from tests.proof import line_town, reference_rows
from tests.random_why import why_back_differences, why_differences
from tests.reference_sessions import Asks, trip_rows
from tests.roundtrip_towns import back, session, there, with_sessions
from tests.towns import point, service, trip

ASKED = Query(window_start_s=34_200, window_end_s=36_000, percentiles=(50,))
TRIPS = RoundTripSettings()
# Clinic: in reach. Farm: a bus too slow for the cut-off. Hut: beyond the walk limit.
PACK = with_sessions(
    line_town(
        there("09:40"),
        back("15:00"),
        trip(("A", "09:45"), ("C", "10:45")),
        points=[point("home", 0, 0), point("away", 200, 0, people=30, neighbourhood="N2")],
        services=[
            service("clinic", 5_000, 0),
            service("farm", 2_200, 0, "Food"),
            service("hut", 5_900, 0, "Health"),
        ],
        wards={"N1": "W1", "N2": "W1"},
    ),
    session("10:15", "12:00"),
    session("10:15", "14:30", service_id="hut"),
    session("10:15", "15:30", service_id="farm"),
)


def alter(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """The table with one value of a column, its last, another than it was."""
    values = frame[column].astype(object).tolist()
    was = values[-1]
    if pd.isna(was) or not isinstance(was, (int, float)):
        values[-1] = 7 if pd.isna(was) and frame[column].dtype != "str" else "another"
    else:
        values[-1] = not was if isinstance(was, bool) else was + 1
    kind = object if isinstance(frame[column].dtype, pd.CategoricalDtype) else frame[column].dtype
    return frame.assign(**{column: pd.Series(values, dtype=kind, index=frame.index)})


def lie_of(table: Any, column: str) -> Any:
    return dataclasses.replace(table, frame=alter(table.frame, column))


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """The engine and what the reference says, which agree."""
    engine, rows = Engine(PACK), reference_rows(PACK, ASKED)
    trips = trip_rows(PACK, ASKED, Asks(**dataclasses.asdict(TRIPS)))
    points = engine.reach(ASKED, level="point")
    return {
        "engine": engine, "rows": rows, "trips": trips, "points": points,
        "gap": engine.gap(ASKED, points=points),
    }  # fmt: skip


def unnoticed(columns: list[str], ask: Callable[[str | None], Any]) -> list[str]:
    """Columns whose lie nothing comes of; the truth itself must be without differences."""
    assert list(ask(None)) == []
    assert columns
    return [column for column in columns if not list(ask(column))]


def test_reach_and_gap(told) -> None:
    def ask(column: str | None, of: str = "points") -> list[str]:
        given = {name: told[name] for name in ("points", "gap")}
        if column is not None:
            given[of] = lie_of(given[of], column)
        return random_questions.reach_differences(PACK, ASKED, given["points"], given["gap"], told["rows"])

    classes = ("reach_class", "reason")  # neighbourhoods are counted from their codes
    compared = [c for c in next(iter(told["rows"].values())) if c not in classes]
    assert unnoticed(compared, ask) == []
    columns = ["in_reach", "in_reach_assumed", "cut_off", "not_known"]
    assert unnoticed(columns, lambda column: ask(column, "gap")) == []


def test_round_trips(told) -> None:
    frame = told["engine"].round_trips(ASKED, TRIPS, level="point").frame

    def ask(column: str | None) -> list[str]:
        lied = frame if column is None else alter(frame, column)
        return random_sessions.differences(lied, PACK, ASKED, TRIPS, told["trips"])

    columns = [
        "session_kind", "session_date", "session_hours", "service_date", "session_start_s", "session_end_s",
        "verdict",
    ]  # fmt: skip
    assert unnoticed([*columns, *random_sessions.OUTWARD, *random_sessions.HOMEWARD], ask) == []


def test_the_gap_there_and_back(told) -> None:
    engine = told["engine"]
    points = engine.reach_there_and_back(ASKED, TRIPS, level="point")
    frame = engine.gap(ASKED, points=points).frame

    def ask(column: str | None) -> list[str]:
        lied = frame if column is None else alter(frame, column)
        return random_sessions.gap_differences(lied, PACK, ASKED, TRIPS, told["trips"])

    assert unnoticed(["in_reach", "in_reach_assumed", "cut_off", "not_known"], ask) == []


def test_times_of_day(told, monkeypatch) -> None:
    def ask(column: str | None, name: str) -> list[str]:
        true = getattr(random_questions, name)
        with monkeypatch.context() as patch:
            if column is not None and column.startswith("gap "):
                patch.setattr(
                    random_questions,
                    name,
                    lambda *args: dataclasses.replace(
                        found := true(*args), gap=alter(found.gap, column.removeprefix("gap "))
                    ),
                )
            elif column is not None:
                patch.setattr(
                    random_questions, name, lambda *args, **more: lie_of(true(*args, **more), column)
                )
            return random_questions.times_of_day_differences(told["engine"], ASKED, Counter())

    for name, columns in (
        ("compute_times_of_day", ["sunday_class", "saturday_best_duration_s", "in_reach_at"]),
        ("compute_when", ["weekday_morning_state", "sunday_share_in_reach_people", "in_reach_at",
                          "times_in_reach", "times_known", "gap saturday_in_reach", "gap sunday_cut_off"]),
    ):  # fmt: skip
        assert unnoticed(columns, lambda column, name=name: ask(column, name)) == []


def test_why(told, monkeypatch) -> None:
    true = Engine.why

    def ask(column: str | None, *, home_again: bool) -> list[str]:
        with monkeypatch.context() as patch:
            if column is not None:
                patch.setattr(Engine, "why", lambda *args: lie_of(true(*args), column))
            if home_again:
                return why_back_differences(told["engine"], ASKED, TRIPS, told["trips"], Counter())
            return why_differences(told["engine"], ASKED, told["rows"], Counter())

    columns = [
        "cut_off", "share_cut_off", "answer", "cost_min", "people_gained", "walk_m", "walk_people",
        "cutoff_min", "cutoff_people", "second_bus", "second_bus_s", "second_bus_people", "nearest_m",
    ]  # fmt: skip
    assert unnoticed(columns, lambda column: ask(column, home_again=False)) == []
    columns += ["session_shift_min", "session_id", "session_people", "bus_later_min", "bus_people"]
    assert unnoticed(columns, lambda column: ask(column, home_again=True)) == []


def test_many_to_many_and_parts(told, monkeypatch, tmp_path: Path) -> None:
    def ask(column: str | None, where: str = "every") -> list[str]:
        true = random_questions.matrix_rows

        def rows(file: Path) -> list[dict[str, Any]]:
            found = true(file)
            if column is not None and file.stem == where:
                found[-1][column] = (found[-1][column] or 0) + 1 if column.endswith("_s") else "another"
            return found

        with monkeypatch.context() as patch:
            patch.setattr(random_questions, "matrix_rows", rows)
            return random_questions.matrix_differences(told["engine"], ASKED, told["rows"], tmp_path, 1)

    columns = ["reach_class", "walk_time_s", "best_duration_s", "travel_time_p50_s", "destination_id"]
    for where in ("every", "whole"):
        assert unnoticed(columns, lambda column, where=where: ask(column, where)) == []

    whole = tmp_path / "whole.parquet"
    true = random_questions.export_matrix

    def loses_a_row(*args: Any, **more: Any) -> int:
        found = true(*args, **more)
        if more.get("parts") is not None:
            table = matrix_table.pq.read_table(args[4])
            matrix_table.pq.write_table(table.slice(0, len(table) - 1), args[4])
        return found

    monkeypatch.setattr(random_questions, "export_matrix", loses_a_row)
    found = random_questions.matrix_differences(told["engine"], ASKED, told["rows"], tmp_path, 1)
    assert "parts differ from the whole" in found and whole.exists()


def test_journeys(told, monkeypatch) -> None:
    true = Engine.journey

    def ask(column: str | None) -> list[str]:
        def lie(*args: Any, **more: Any) -> Any:
            found = true(*args, **more)
            return dataclasses.replace(found, **{column: getattr(found, column) + 60})

        with monkeypatch.context() as patch:
            if column is not None:
                patch.setattr(Engine, "journey", lie)
            return [
                *random_journeys.journey_differences(
                    told["engine"], ASKED, "home", "clinic", 34_200, forward=True
                )
            ]

    assert unnoticed(["depart_s", "arrive_s"], ask) == []


def test_what_if(told, monkeypatch) -> None:
    scenario = Scenario("No farm", (RemoveService(service="farm"),))
    true, back_true = random_scenarios.compute_what_if, random_scenarios.recompute_there_and_back
    people_true = random_scenarios.compute_difference
    there = told["engine"].reach_there_and_back(ASKED, TRIPS, level="point")

    def ask(column: str | None) -> list[str]:
        table, _, name = (column or "").partition(" ")
        with monkeypatch.context() as patch:
            if table == "reach":
                patch.setattr(
                    random_scenarios,
                    "compute_what_if",
                    lambda *a, **k: dataclasses.replace(f := true(*a, **k), after=lie_of(f.after, name)),
                )
            if table == "gained":
                patch.setattr(
                    random_scenarios, "compute_what_if", lambda *a, **k: lie_of(true(*a, **k), name)
                )
            if table == "back":
                patch.setattr(
                    random_scenarios,
                    "recompute_there_and_back",
                    lambda *a, **k: lie_of(back_true(*a, **k), name),
                )
            if table == "people":
                patch.setattr(
                    random_scenarios, "compute_difference", lambda *a, **k: alter(people_true(*a, **k), name)
                )
            return [
                *random_scenarios.scenario_differences(
                    told["engine"], told["points"], told["gap"], there, ASKED, scenario, TRIPS
                )
            ]

    columns = [
        f"reach {c}" for c in ("reach_class", "best_duration_s", "share_in_reach", "travel_time_p50_s")
    ]
    columns += [f"back {c}" for c in ("reach_class", "best_duration_s", "slack_s", "later_buses_home")]
    columns += [
        f"gained {c}" for c in ("gained", "lost", "in_reach_before", "in_reach_after", "cut_off_after")
    ]
    columns += [f"people in_reach_assumed_{side}" for side in ("before", "after")]
    assert unnoticed(columns, ask) == []
