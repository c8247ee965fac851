"""A region cut by area answers as the whole does, byte by byte, and goes on where it was stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from data.errors import PartError, UsageError
from geo.__main__ import main
from geo.engine import Engine
from geo.many import build_many, compute_pairs, find_facts
from geo.matrix import choose_destinations, choose_origins, export_matrix
from geo.matrix_table import as_strings, build_batch
from geo.partition import Cutter, split_area
from geo.parts import compute_part, keep_part, list_tiles, open_folder, part_to_bytes, remove_parts
from geo.query import Query
from tests.proof import line_town
from tests.test_scale_many import own_points
from tests.towns import build_town, point, route, service, trip

QUERY = Query(window_start_s=34_200, window_end_s=35_400)


def uncut(engine: Engine, query: Query, points: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    """The matrix of the region as one piece: nothing is cut, neither into parts nor for a block."""
    inputs = build_many(engine, query, *points)
    origins, destinations = find_facts(inputs)
    ids = as_strings(destinations.ids)
    batch = build_batch(compute_pairs(inputs, query), query, origins, destinations, ids)
    return pa.Table.from_batches([batch]).to_pandas()


def check_parts_equal_the_whole(
    engine: Engine, query: Query, folder: Path, part_origins: int, points: tuple[pd.DataFrame, pd.DataFrame]
) -> int:
    """Rows of the whole, which the parts gave too: the same values as uncut, the same bytes as in one go."""
    whole, parts = folder / "whole.parquet", folder / "parts.parquet"
    rows = export_matrix(engine, query, *points, whole)
    kept = folder / "kept"
    assert export_matrix(engine, query, *points, parts, parts=kept, part_origins=part_origins) == rows
    assert parts.read_bytes() == whole.read_bytes()
    pd.testing.assert_frame_equal(
        pd.read_parquet(parts), uncut(engine, query, points), check_categorical=False
    )
    return rows


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("area", "destinations"),
    [("newport", "services"), pytest.param("oldham", "stops", marks=pytest.mark.nightly)],
)
def test_parts_equal_the_whole_on_real_data(real_pack, area: str, destinations: str, tmp_path: Path) -> None:
    engine = Engine(real_pack(area))
    points = choose_origins(engine, "points"), choose_destinations(engine, destinations)
    assert check_parts_equal_the_whole(engine, Query(), tmp_path, 90, points) > 1000
    assert len(list((tmp_path / "kept").iterdir())) > 4


def two_lines() -> Engine:
    """A line in the west, one in the east, and one across that takes 50 minutes; 45 is the cut-off."""
    return Engine(
        build_town(
            stops={"W1": (0, 0), "W2": (3000, 0), "E1": (50_000, 0), "E2": (53_000, 0), "late": (2000, 9000)},
            routes=[
                route("west", trip(("W1", "09:40"), ("W2", "09:50"), ("late", "10:40"))),
                route("east", trip(("E1", "09:40"), ("E2", "09:50"))),
                route("across", trip(("W1", "09:40"), ("E1", "10:30"))),
                route("night", trip(("W1", "22:40"), ("W2", "22:50"))),
            ],
            points=[point("west", 100, 0), point("east", 50_100, 0), point("away", 25_000, 0)],
            services=[
                service("w", 3100, 0),
                service("e", 53_100, 0),
                service("l", 2000, 9100),
                service("on foot", 25_500, 0),
            ],
        )
    )


def test_a_part_holds_what_can_matter_and_nothing_else() -> None:
    engine = two_lines()
    origins, services = own_points(engine)
    cutter = Cutter(build_many(engine, QUERY, origins, services), QUERY)
    west = cutter.cut(np.array([0]))
    assert west.destinations.tolist() == [0], "not what only a ride of 60 minutes comes to"
    timetable = west.inputs.timetable
    assert len(timetable.stop_first) - 1 == 2, "W1, where one gets on, and W2, by the service"
    assert timetable.n_lanes == 1 and timetable.n_trips == 1, "neither the night's trip nor the line across"
    nowhere = cutter.cut(np.array([2]))
    assert nowhere.destinations.tolist() == [3], "a walk of 650 m needs no stop"
    assert nowhere.inputs.timetable.n_lanes == 0
    assert cutter.cut(np.array([0, 1])).destinations.tolist() == [0, 1]


def test_a_part_holds_the_slow_and_the_late_where_they_count(tmp_path: Path) -> None:
    """One pair whose every journey is at an edge of what a part keeps.

    Home is 98 s from W, the clinic 98 s from N and 195 s from F. The 09:52:00 takes 30 minutes: boarded after
    the window (09:30 to 09:50), but left for at 09:49:22, inside it. Who comes later waits for the 10:20:00,
    which takes 50 minutes, over the cut-off, and stops at F only: there at 11:13:15. 1 in 100 of the window's
    1,200 s may take longer; of its last 38 s the last 26 count: from 09:49:34 on, 5,021 s.
    """
    town = build_town(
        stops={"W": (0, 0), "N": (20_000, 0), "F": (20_300, 0)},
        routes=[
            route("fast", trip(("W", "09:52"), ("N", "10:22"))),
            route("slow", trip(("W", "10:20"), ("F", "11:10"))),
        ],
        points=[point("home", 100, 0)],
        services=[service("clinic", 20_100, 0)],
    )
    engine, out = Engine(town), tmp_path / "matrix.parquet"
    query = Query(window_start_s=34_200, window_end_s=35_400, percentiles=(50, 99))
    assert export_matrix(engine, query, *own_points(engine), out, parts=tmp_path / "kept") == 1
    row = pd.read_parquet(out).iloc[0]
    assert row["best_duration_s"] == 98 + 60 + 1800 + 98
    assert (row["travel_time_p50_s"], row["travel_time_p99_s"]) == (44 * 60 + 16, 5021)


@pytest.mark.parametrize("start_s", [34_200, 35_100])  # one leaves at 09:45: in the window, and as it opens
def test_a_part_holds_a_ride_as_long_as_the_cut_off_from_a_later_stop_nearby(
    start_s: int, tmp_path: Path
) -> None:
    # From W, 200 m away, the ride takes 58 minutes; from X, where home is, 45: all that is allowed.
    town = build_town(
        stops={"W": (200, 0), "X": (0, 0), "N": (20_000, 0)},
        routes=[route("1", trip(("W", "09:32"), ("X", "09:45"), ("N", "10:30")))],
        points=[point("home", 0, 0)],
        services=[service("clinic", 20_000, 0)],
    )
    engine = Engine(town)
    query = Query(window_start_s=start_s, window_end_s=start_s + 1_200, board_slack_s=0)
    assert check_parts_equal_the_whole(engine, query, tmp_path, 1, own_points(engine)) == 1


def test_tiles_are_areas_and_hold_every_point_once() -> None:
    random = np.random.default_rng(5)
    x, y = random.uniform(0, 1000, 400), random.uniform(0, 300, 400)
    x[7] = y[7] = np.nan
    tiles = split_area(x, y, 30)
    assert np.array_equal(np.sort(np.concatenate(tiles)), np.arange(400))
    assert max(len(tile) for tile in tiles) <= 30
    known = [tile[np.isfinite(x[tile])] for tile in tiles]
    areas = sum(np.ptp(x[tile]) * np.ptp(y[tile]) for tile in known)
    assert areas < 1000 * 300, "tiles lie beside each other"
    assert [tile.tolist() for tile in split_area(x, y, 30)] == [tile.tolist() for tile in tiles]
    alike = np.zeros(5)
    assert sorted(len(tile) for tile in split_area(alike, alike, 2)) == [1, 2, 2]


@pytest.fixture
def counted(monkeypatch) -> Callable[[], int]:
    """How many parts have been computed since the last time it was asked."""
    calls: list[bytes] = []

    def count(payload: bytes) -> bytes:
        calls.append(payload)
        return compute_part(payload)

    def since() -> int:
        found = len(calls)
        calls.clear()
        return found

    monkeypatch.setattr("geo.parts.compute_part", count)
    return since


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path, counted) -> None:
    engine, out, kept = two_lines(), tmp_path / "matrix.parquet", tmp_path / "kept"
    points = own_points(engine)

    def stop(_done: float, doing: str) -> None:
        if doing == "part 2 of 3":
            raise KeyboardInterrupt

    def run(query: Query = QUERY, **more) -> None:
        export_matrix(engine, query, *points, out, parts=kept, part_origins=1, **more)

    with pytest.raises(KeyboardInterrupt) as stopped:
        run(progress=stop)
    assert str(stopped.value).startswith(f"2 of 3 parts are finished and kept in {kept}; the same command")
    assert counted() == 2 and not out.exists() and len(list(kept.glob("*.arrow"))) == 2
    run()
    assert counted() == 1
    whole = out.read_bytes()
    run()
    assert counted() == 0 and out.read_bytes() == whole

    first, second, third = sorted(kept.glob("*.arrow"))
    sound = first.read_bytes()
    first.write_bytes(sound[:-9])  # torn
    second.write_bytes(third.read_bytes())  # another part's answer
    damaged = bytearray(third.read_bytes())
    damaged[damaged.index(b"ARROW1") + 8 + 600] ^= 1  # one bit
    third.write_bytes(damaged)
    run()
    assert counted() >= 2 and out.read_bytes() == whole and first.read_bytes() == sound

    run(Query(window_start_s=34_200, window_end_s=35_401))
    assert counted() == 3, "another question's parts are not taken for this one's"
    moved = points[0].assign(x=points[0]["x"] + 1)
    export_matrix(engine, QUERY, moved, points[1], out, parts=kept, part_origins=1)
    assert counted() == 3, "nor those of other points"


def test_every_bit_of_a_parts_numbers_is_checked(tmp_path: Path) -> None:
    from geo.parts import find_finished

    engine = two_lines()
    origins, services = own_points(engine)
    query = Query(service_date=engine.service_date(QUERY), window_start_s=34_200, window_end_s=35_400)
    cutter = Cutter(build_many(engine, query, origins, services), query)
    tile = list_tiles(engine.pack, query, origins, services, 9)[0]
    answer = compute_part(part_to_bytes(cutter.cut(tile.origins), query, tile.key))
    keep_part(tile, tmp_path, answer)
    assert find_finished(tile, tmp_path)
    # 130 m of walking (98 s) on either side, slack and ride.
    duration = (98 + 60 + 600 + 98).to_bytes(4, "little")
    at = answer.index(duration)
    tile.path(tmp_path).write_bytes(answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1 :])
    assert not find_finished(tile, tmp_path)
    with pytest.raises(PartError, match="something else"):
        keep_part(tile, tmp_path, answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1 :])
    with pytest.raises(PartError, match="something else"):
        keep_part(tile, tmp_path, b"")


def test_a_worker_of_another_version_refuses(monkeypatch) -> None:
    engine = two_lines()
    cutter = Cutter(build_many(engine, QUERY, *own_points(engine)), QUERY)
    payload = part_to_bytes(cutter.cut(np.array([0])), QUERY, "key")
    monkeypatch.setattr("geo.parts.ENGINE_VERSION", "0.0")
    with pytest.raises(PartError, match="install the same version"):
        compute_part(payload)


def test_only_parts_are_taken_away(tmp_path: Path) -> None:
    folder = tmp_path / "m.parquet.parts"
    for name in ("part-00000-abc.arrow", "part-00001-abc.arrow", "notes.txt"):
        open_folder(folder)
        (folder / name).write_text("")
    remove_parts(folder)
    assert [one.name for one in folder.iterdir()] == ["notes.txt"]
    (folder / "notes.txt").unlink()
    remove_parts(folder)
    assert not folder.exists()


def test_what_cannot_be_made_in_parts_is_refused(tmp_path: Path, capsys) -> None:
    engine = Engine(line_town(trip(("A", "09:40"), ("E", "09:50"))))
    with pytest.raises(UsageError, match="--rows all"):
        export_matrix(engine, QUERY, *own_points(engine), tmp_path / "m.parquet", rows="all", parts=tmp_path)
    out = str(tmp_path / "m.parquet")
    assert main(["matrix", "demo", "--out", out, "--parts", str(tmp_path), "--part-origins", "0"]) == 2
    assert "--part-origins 0" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["matrix", "demo", "--out", out, "--parts", str(tmp_path / "file")]) == 3
    assert "can't hold the parts" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["10.0.0.5", "", "http://10.0.0.5:8786", "foo://bar", "tcp://a:1 "])
def test_what_is_no_address_is_refused_at_once(address: str, tmp_path: Path, capsys) -> None:
    arguments = ["matrix", "demo", "--out", str(tmp_path / "m.parquet"), "--cluster", address]
    assert main(arguments) == 2
    assert "is no address; give it as the scheduler prints it" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
