"""Packs on disk: whole or not at all, the same bytes, the same values, and errors that say what to do."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import geopandas.testing
import numpy as np
import pandas as pd
import pandas.testing
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import packio
from data.areapack import AreaPack
from data.digest import compute_table_digest
from data.errors import PackError
from data.frames import build_frame, frame_to_arrow
from data.packio import compute_digest, fill_digests, list_packs, load_pack, write_pack
from data.schema import CALENDAR_DATES, NEIGHBOURHOODS, ORIGIN_POINTS, STOPS, WALK_EDGES
from data.tables import pack_to_arrow
from tests.towns import build_town, point, route, service, street, trip


@pytest.fixture
def town() -> AreaPack:
    return build_town(
        streets=[street((0, 0), (3000, 0), name="High Street"), street((1000, 0), (1000, 500))],
        stops={"A": (100, 0), "B": (2500, 0)},
        routes=[route("1", trip(("A", "09:40"), ("B", "09:50")))],
        points=[point("home", 0, 0, people=120)],
        services=[service("clinic", 2600, 0)],
    )


def hashes(folder: Path) -> dict[str, str]:
    return {item.name: hashlib.sha256(item.read_bytes()).hexdigest() for item in folder.iterdir()}


def assert_same_content(one: AreaPack, other: AreaPack) -> None:
    a, b = pack_to_arrow(one), pack_to_arrow(other)
    assert list(a) == list(b)
    for name in a:
        assert a[name].equals(b[name]), name


def test_a_written_pack_loads_with_every_value(town: AreaPack, tmp_path: Path) -> None:
    loaded = load_pack(write_pack(town, tmp_path / "town"))
    assert_same_content(loaded, town)
    assert loaded.path == (tmp_path / "town").resolve()
    assert loaded.manifest.table_rows["stop_times"] == 2
    assert loaded.walk is not None
    assert town.walk is not None
    np.testing.assert_array_equal(loaded.walk.geometry_offset, town.walk.geometry_offset)
    assert loaded.walk.street_names == town.walk.street_names
    assert str(loaded.neighbourhoods.crs) == "EPSG:27700"


def test_types_in_memory_are_the_schemas(town: AreaPack, tmp_path: Path) -> None:
    loaded = load_pack(write_pack(town, tmp_path / "town"))
    assert loaded.neighbourhoods["population"].dtype == pd.Int32Dtype()
    assert loaded.services["women_only"].dtype == pd.BooleanDtype()
    assert loaded.services["women_only"].isna().all()  # missing is neither True nor False
    assert {name: values.dtype.name for name, values in loaded.feed.stop_times.items()} == {
        "trip_index": "int32",
        "stop_sequence": "int32",
        "stop_index": "int32",
        "arrival_s": "int32",
        "departure_s": "int32",
        "pickup_type": "int8",
        "drop_off_type": "int8",
        "interpolated": "bool",
    }


def test_arrays_of_a_loaded_pack_cant_be_written_to(town: AreaPack, tmp_path: Path) -> None:
    loaded = load_pack(write_pack(town, tmp_path / "town"))
    assert loaded.walk is not None
    for array in (
        *loaded.feed.stop_times.values(),
        loaded.walk.u,
        loaded.walk.geometry_x,
        loaded.walk.street,
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_the_same_content_gives_the_same_bytes(town: AreaPack, tmp_path: Path) -> None:
    first = hashes(write_pack(town, tmp_path / "one"))
    again = hashes(write_pack(load_pack(tmp_path / "one"), tmp_path / "two"))
    assert first == again


def test_the_digest_is_of_content_and_not_of_file_bytes(town: AreaPack, tmp_path: Path) -> None:
    out = write_pack(town, tmp_path / "town")
    path = out / "stops.parquet"
    before = path.read_bytes()
    pq.write_table(pq.read_table(path), path, compression="snappy", row_group_size=1)
    assert path.read_bytes() != before
    assert compute_digest(load_pack(out)) == load_pack(out).digest == compute_digest(town)


@pytest.mark.parametrize("change", ["value", "order", "null", "fact"])
def test_any_other_content_has_another_digest(town: AreaPack, change: str) -> None:
    base = compute_digest(town)
    if change == "value":
        other = replace(town, stops=town.stops.assign(x=town.stops["x"] + 0.001))
    elif change == "order":
        other = replace(town, stops=town.stops.iloc[::-1])
    elif change == "null":  # a name that is missing is another thing than an empty one
        other = replace(town, stops=town.stops.assign(name=""))
        assert compute_digest(other) != compute_digest(replace(town, stops=town.stops.assign(name=None)))
    else:
        facts = town.manifest.walk.model_copy(update={"detour_factor": 1.4})
        other = replace(town, manifest=town.manifest.model_copy(update={"walk": facts}))
    assert compute_digest(other) != base


def test_text_can_not_slip_from_one_row_to_the_next() -> None:
    one = pa.table({"a": ["ab", "c"]})
    other = pa.table({"a": ["a", "bc"]})
    assert compute_table_digest(one) != compute_table_digest(other)
    whole = pa.table({"a": pa.chunked_array([["x", "ab", "c"]])}).slice(1)
    assert compute_table_digest(one) == compute_table_digest(whole)


def test_zero_and_minus_zero_are_one_value() -> None:
    row = {"point_id": ["p"], "neighbourhood_id": ["n"], "weight": [1.0], "basis": ["centroid"]}
    row |= {"residents": [None], "y": [0.0], "lon": [0.0], "lat": [0.0]}
    digests = {compute_table_digest(frame_to_arrow(ORIGIN_POINTS, {**row, "x": [x]})) for x in (0.0, -0.0)}
    assert len(digests) == 1


def test_a_failed_write_keeps_the_old_pack(
    town: AreaPack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = write_pack(town, tmp_path / "town")
    before = hashes(out)

    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(packio.pq, "write_table", full_disk)
    with pytest.raises(PackError, match="No space left"):
        write_pack(replace(town, services=None, sessions=None), out)
    assert hashes(out) == before
    assert [item.name for item in tmp_path.iterdir()] == ["town"]


def test_a_swap_that_fails_puts_the_old_pack_back(
    town: AreaPack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = write_pack(town, tmp_path / "town")
    before = hashes(out)
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if ".new-" in self.name:
            raise OSError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(PackError, match="Permission denied"):
        write_pack(town, out)
    monkeypatch.undo()
    assert hashes(out) == before
    assert [item.name for item in tmp_path.iterdir()] == ["town"]


def test_a_pack_takes_its_predecessors_place_wholly(town: AreaPack, tmp_path: Path) -> None:
    out = write_pack(town, tmp_path / "town")
    write_pack(replace(town, services=None, sessions=None), out)
    assert load_pack(out).services is None
    assert not (out / "services.parquet").exists()


def test_a_folder_that_is_no_pack_is_never_replaced(town: AreaPack, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("do not lose")
    with pytest.raises(PackError, match="not an area pack"):
        write_pack(town, tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "do not lose"


def rewrite(path: Path, change: object) -> None:
    table = pq.read_table(path)
    pq.write_table(change(table), path)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("plant", "says"),
    [
        (lambda out: (out / "stops.parquet").unlink(), "stops.parquet: the file is missing"),
        (lambda out: (out / "stops.parquet").write_bytes(b"PAR1 not really"), "stops.parquet: can't be read"),
        (
            lambda out: rewrite(out / "stops.parquet", lambda t: t.drop_columns(["active"])),
            "stops.parquet: column 'active' is missing",
        ),
        (
            lambda out: rewrite(
                out / "routes.parquet",
                lambda t: t.set_column(
                    t.column_names.index("route_type"), "route_type", t["route_type"].cast(pa.string())
                ),
            ),
            "routes.parquet: column 'route_type' is string, should be int32",
        ),
        (
            lambda out: rewrite(out / "stops.parquet", lambda t: t.append_column("note", t["stop_id"])),
            "column 'note' is unknown",
        ),
        (
            lambda out: rewrite(out / "stops.parquet", lambda t: t.slice(1)),
            "stops.parquet: 1 rows, the manifest says 2",
        ),
        (
            lambda out: rewrite(
                out / "trips.parquet",
                lambda t: t.set_column(0, pa.field("trip_id", pa.string()), pa.array([None], pa.string())),
            ),
            "trips.parquet: column 'trip_id' is empty in 1 rows",
        ),
        (
            lambda out: rewrite(
                out / "neighbourhoods.parquet",
                lambda t: t.set_column(
                    t.num_columns - 1,
                    pa.field("geometry", pa.binary(), nullable=False),
                    pa.array([b"not a shape"] * t.num_rows),
                ),
            ),
            "neighbourhoods: column 'geometry' holds no geometry",
        ),
        (lambda out: (out / "manifest.json").unlink(), "none listed by that name"),
        (lambda out: (out / "manifest.json").write_text('{"format_version": 99}'), "pack format 99"),
        (lambda out: (out / "manifest.json").write_text("{"), "can't be read"),
        (
            lambda out: (out / "manifest.json").write_text('{"format_version": 1, "area_id": 3}'),
            "name: Field",
        ),
    ],
)
def test_what_is_wrong_with_a_pack_is_named(town: AreaPack, tmp_path: Path, plant: object, says: str) -> None:
    out = write_pack(town, tmp_path / "town")
    plant(out)  # type: ignore[operator]
    with pytest.raises(PackError) as caught:
        load_pack(out)
    assert says in str(caught.value)
    assert "python -m data" in str(caught.value) or "build the pack again" in str(caught.value)


def test_all_faults_of_a_frame_are_named_together(town: AreaPack) -> None:
    stops = town.stops.drop(columns="active").assign(x=["far", "near"], colour="red", stop_id=[None, "B"])
    with pytest.raises(PackError) as caught:
        frame_to_arrow(STOPS, stops)
    text = str(caught.value)
    for words in (
        "'active' is missing",
        "'x' can't be double",
        "'colour' is not in",
        "'stop_id' is empty in 1",
    ):
        assert words in text


def test_frames_take_the_schemas_types_and_order() -> None:
    dates = build_frame(CALENDAR_DATES, {"date": [pd.Timestamp("2026-02-03").date()], "service_id": ["s"],
                                         "exception_type": [1.0]})  # fmt: skip
    assert list(dates.columns) == ["service_id", "date", "exception_type"]
    assert dates["exception_type"].dtype == np.int8
    empty = build_frame(NEIGHBOURHOODS, {name: [] for name in NEIGHBOURHOODS.column_names}, crs="EPSG:32633")
    assert len(empty) == 0
    assert empty.crs.to_epsg() == 32633


def test_walk_edges_keep_ways_and_unnamed_streets(town: AreaPack, tmp_path: Path) -> None:
    assert town.walk is not None
    ways = np.arange(len(town.walk.u), dtype=np.int64) + 2**40
    pack = replace(town, walk=replace(town.walk, osm_way=ways))
    loaded = load_pack(write_pack(pack, tmp_path / "town"))
    assert loaded.walk is not None
    np.testing.assert_array_equal(loaded.walk.osm_way, ways)
    np.testing.assert_array_equal(loaded.walk.street < 0, town.walk.street < 0)
    assert (loaded.walk.street < 0).any()
    schema = pq.read_schema(tmp_path / "town" / "walk_edges.parquet")
    assert schema.field("length_mm").metadata[b"unit"] == WALK_EDGES.columns[2].unit.encode() == b"mm"


def test_listing_offers_packs_by_name(
    town: AreaPack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = tmp_path / "second"
    monkeypatch.setenv(packio.PACKS_VARIABLE, f"{tmp_path / 'first'}:{second}")
    manifest = town.manifest.model_copy(update={"area_id": "elsewhere", "name": "Elsewhere"})
    write_pack(town, tmp_path / "first" / "town")
    write_pack(replace(town, manifest=manifest), second / "elsewhere")
    write_pack(town, second / "town")  # of two with one name the first folder's counts
    broken = second / "broken"
    broken.mkdir()
    (broken / "manifest.json").write_text("{}")
    faults: list[str] = []
    entries = {entry.area_id: entry for entry in list_packs(faults)}
    assert entries["town"].path == tmp_path / "first" / "town"
    assert entries["elsewhere"].name == "Elsewhere"
    assert len(faults) == 1
    assert "broken" in faults[0]
    assert load_pack("elsewhere").area_id == "elsewhere"
    assert packio.default_out("x") == tmp_path / "first" / "x"
    with pytest.raises(PackError, match=r"listed: .*elsewhere"):
        load_pack("nowhere")
    with pytest.raises(PackError, match="no area pack there"):
        load_pack("x" * 5000)


def test_a_manifest_is_sorted_json(town: AreaPack, tmp_path: Path) -> None:
    text = (write_pack(town, tmp_path / "town") / "manifest.json").read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    assert fill_digests(town).manifest == load_pack(tmp_path / "town").manifest


def test_loaded_frames_equal_what_was_written(town: AreaPack, tmp_path: Path) -> None:
    loaded = load_pack(write_pack(town, tmp_path / "town"))
    pandas.testing.assert_frame_equal(loaded.stops, build_frame(STOPS, town.stops))
    geopandas.testing.assert_geodataframe_equal(
        loaded.neighbourhoods, build_frame(NEIGHBOURHOODS, town.neighbourhoods, crs="EPSG:27700")
    )
