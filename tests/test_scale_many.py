"""Many to many: only pairs in reach, in bounded memory, and the same numbers as the reach table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import ExportError, QueryError
from data.packio import load_pack
from geo.__main__ import main
from geo.engine import Engine
from geo.many import build_many, compute_pairs, stream_pairs
from geo.matrix import choose_destinations, choose_origins, export_matrix
from geo.matrix_table import MATRIX_CLASSES
from geo.profile import compute_matrix
from geo.query import Query
from geo.write import read_metadata
from tests.proof import line_town
from tests.strategies import questions
from tests.towns import point, service, street, trip

VALUES = ("walk_time_s", "best_duration_s", "share_in_reach")


def points_of(frame: pd.DataFrame, id_column: str) -> pd.DataFrame:
    return frame.rename(columns={id_column: "id"})[["id", "x", "y"]]


def own_points(engine: Engine) -> tuple[pd.DataFrame, pd.DataFrame]:
    return (
        points_of(engine.pack.origin_points, "point_id"),
        points_of(engine.own_services(), "service_id"),
    )


def one_boarding(query: Query) -> Query:
    """The same question for one bus, the only one that a matrix answers."""
    return replace(query, boardings=1)


def rows_of(frame: pd.DataFrame, destination: str, names: list[str]) -> dict[tuple[str, str], tuple]:
    """Rows by pair, nulls as None; classes that the matrix does not tell apart as one."""
    classes = frame["reach_class"].astype(str).replace(["two_buses", "not_in_reach"], "no_one_bus")
    columns = [frame["origin_id"], frame[destination], classes, *(frame[name] for name in names)]
    found = {}
    for origin, to, *values in zip(*columns, strict=True):
        found[str(origin), str(to)] = tuple(None if pd.isna(value) else value for value in values)
    return found


def check_equals_reach(engine: Engine, query: Query, out: Path) -> None:
    """Both layouts, read back from their files, against the reach table of the same pairs."""
    origins, services = own_points(engine)
    names = [*VALUES, *(f"travel_time_p{p}_s" for p in query.percentiles)]
    expected = rows_of(engine.reach(query, level="point").frame, "service_id", names)
    export_matrix(engine, query, origins, services, out, rows="all")
    every = pd.read_parquet(out)
    assert rows_of(every, "destination_id", names) == expected
    assert set(every["reach_class"]) <= set(MATRIX_CLASSES)
    pairs = list(zip(every["origin_id"], every["destination_id"], strict=True))
    assert pairs == list(expected), "origins outermost, both in the order given"

    export_matrix(engine, query, origins, services, out)
    reached = pd.read_parquet(out)
    in_reach = {pair: row for pair, row in expected.items() if row[0] in ("walk", "one_bus")}
    assert rows_of(reached, "destination_id", names) == in_reach
    assert len(reached) == len(in_reach)


@settings(max_examples=20)
@given(
    question=questions(), origins=st.integers(1, 3), destinations=st.integers(1, 3), pairs=st.integers(1, 9)
)
def test_blocks_decide_memory_and_never_an_answer(question, origins, destinations, pairs) -> None:
    town, query = question
    engine = Engine(town.build())
    query = one_boarding(query)
    inputs = build_many(engine, query, *own_points(engine))
    whole = compute_pairs(inputs, query)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("geo.many.TABLE_PAIRS", pairs)
        blocks = list(stream_pairs(inputs, query, block_origins=origins, block_destinations=destinations))
    assert [block.first for block in blocks] == list(range(0, len(inputs.origin_ids), origins))
    assert np.array_equal(np.concatenate([np.diff(block.indptr) for block in blocks]), np.diff(whole.indptr))
    for name in ("destination", "walk_s", "ride_s", "in_reach_s", "percentile_s"):
        joined = np.concatenate([getattr(block, name) for block in blocks], axis=-1)
        assert np.array_equal(joined, getattr(whole, name)), name


def test_a_file_says_what_a_missing_row_means(tmp_path: Path) -> None:
    """Home to clinic: 75 s walk, 60 s slack, 600 s ride, 75 s walk. The farm is far from every street."""
    town = line_town(
        trip(("A", "09:40"), ("E", "09:50")),
        points=[point("home", 0, 0), point("farm", 5000, 2000), point("late", 9000, 0)],
        services=[service("clinic", 5000, 0), service("hut", 200, 900)],
    )
    out = tmp_path / "matrix.parquet"
    engine, query = Engine(town), Query(window_start_s=34_200, window_end_s=35_400)
    assert export_matrix(engine, query, *own_points(engine), out) == 1
    row = pd.read_parquet(out).iloc[0]
    assert (row["origin_id"], row["destination_id"], row["reach_class"]) == ("home", "clinic", "one_bus")
    assert row["best_duration_s"] == 75 + 60 + 600 + 75
    assert pd.isna(row["walk_time_s"])
    metadata = read_metadata(out)
    assert metadata["not_known"] == {
        "origins": {"outside_data": ["farm"], "no_timetable": []},
        "destinations": {"outside_data": ["hut"], "no_timetable": []},
    }
    assert "not_known" in metadata["without_row"]
    assert metadata["matrix"] == {"rows": "reached", "origins": 3, "destinations": 2}


def test_no_timetable_is_not_known_and_never_zero(tmp_path: Path) -> None:
    """Stop B has a bus on no date: who lives by it alone is not cut off, as far as anyone knows."""
    town = line_town(
        trip(("C", "09:40"), ("E", "09:50")), points=[point("home", 1100, 0), point("near", 2100, 0)],
        services=[service("clinic", 5000, 0), service("hall", 1100, -500)],
        streets=[street((0, 0), (1100, 0), (10_000, 0)), street((1100, 0), (1100, -500))],
    )  # fmt: skip
    engine, out = Engine(town), tmp_path / "matrix.parquet"
    query = Query(window_start_s=34_200, window_end_s=35_400)
    export_matrix(engine, query, *own_points(engine), out, rows="all")
    share = pd.read_parquet(out).set_index(["origin_id", "destination_id"])["share_in_reach"]
    assert read_metadata(out)["not_known"] == {
        "origins": {"outside_data": [], "no_timetable": ["home"]},
        "destinations": {"outside_data": [], "no_timetable": ["hall"]},
    }
    assert pd.isna(share["home", "clinic"]) and share["near", "clinic"] > 0
    assert pd.isna(share["near", "hall"]) and share["home", "hall"] == 1  # on foot that is known


def test_what_cannot_be_asked_is_refused_whole(tmp_path: Path) -> None:
    engine = Engine(line_town(trip(("A", "09:40"), ("E", "09:50"))))
    origins, services = own_points(engine)
    twice = pd.concat([services, services])
    with pytest.raises(QueryError) as refusal:
        asked = Query(boardings=2, percentiles=())
        export_matrix(engine, asked, origins.iloc[:0], twice, tmp_path / "m.parquet")
    assert "two boardings" in str(refusal.value) and "origins: there is none" in str(refusal.value)
    assert "percentiles: there is none" in str(refusal.value)
    assert "'clinic' stands twice" in str(refusal.value)
    with pytest.raises(ExportError, match="csv"):
        export_matrix(engine, Query(), origins, services, tmp_path / "m.csv")
    assert not list(tmp_path.iterdir())


def test_the_command_line_writes_points_to_stops_and_back_again_the_same_bytes(
    tmp_path: Path, capsys
) -> None:
    first, again = tmp_path / "first.parquet", tmp_path / "again.parquet"
    assert main(["matrix", "demo", "--out", str(first)]) == 0
    assert "pairs written to" in capsys.readouterr().err
    assert main(["matrix", "demo", "--out", str(again)]) == 0
    assert first.read_bytes() == again.read_bytes()
    frame = pd.read_parquet(first)
    assert len(frame) and set(frame["reach_class"]) == {"walk", "one_bus"}
    assert frame["best_duration_s"].max() <= 2700
    csv = tmp_path / "mine.csv"
    place = load_pack("demo").origin_points.iloc[0]
    csv.write_text(f"id,lon,lat\nmine,{place['lon']},{place['lat'] + 0.3}\n")  # near the area, and not in it
    assert main(["matrix", "demo", "--out", str(again), "--origins", "neighbourhoods",
                 "--destinations", "services"]) == 0  # fmt: skip
    assert main(["matrix", "demo", "--out", str(again), "--origins", str(csv)]) == 0
    assert read_metadata(again)["not_known"]["origins"]["outside_data"] == ["mine"]


@pytest.mark.real_data
def test_newport_equals_the_reach_table(real_pack, tmp_path: Path) -> None:
    check_equals_reach(Engine(real_pack("newport")), Query(), tmp_path / "newport.parquet")


@pytest.mark.real_data
def test_oldham_to_every_stop_equals_the_dense_matrix(real_pack) -> None:
    engine, query = Engine(real_pack("oldham")), Query()
    inputs = build_many(engine, query, choose_origins(engine, "points"), choose_destinations(engine, "stops"))
    dense = compute_matrix(inputs.timetable, inputs.access, inputs.egress, inputs.direct, query)
    pairs = compute_pairs(inputs, query)
    row, column = np.nonzero(dense.best_s <= query.cutoff_s)
    assert np.array_equal(np.repeat(np.arange(len(inputs.origin_ids)), np.diff(pairs.indptr)), row)
    assert np.array_equal(pairs.destination, column)
    for name in ("walk_s", "ride_s", "in_reach_s"):
        assert np.array_equal(getattr(pairs, name), getattr(dense, name)[row, column])
    assert np.array_equal(pairs.percentile_s, dense.percentile_s[:, row, column])
