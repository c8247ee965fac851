"""A pack that prepare has sealed is opened without reading it, and never believed when it has changed."""

from __future__ import annotations

import copy
import os
import pickle
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import stored, tables
from data.areapack import AreaPack
from data.errors import PackError
from data.packio import load_pack, write_pack
from data.seal import SEAL
from data.stored import seal_pack
from data.tables import pack_to_arrow
from geo.engine import Engine
from geo.query import Query
from tests.towns import build_town, point, route, service, street, trip


def sealed_town(folder: Path) -> Path:
    town = build_town(
        streets=[street((0, 0), (3000, 0), name="High Street"), street((1000, 0), (1000, 500))],
        stops={"A": (100, 0), "B": (2500, 0)},
        routes=[route("1", trip(("A", "09:40"), ("B", "09:50")))],
        points=[point("home", 0, 0, people=120)],
        services=[service("clinic", 2600, 0)],
    )
    out = write_pack(town, folder)
    assert seal_pack(out) == out / SEAL
    return out


def read_nothing(*_: object) -> None:
    raise AssertionError("a table was read")


def plant(path: Path, data: bytes, *, same_time: bool) -> None:
    before = path.stat()
    path.write_bytes(data)
    times = (before.st_atime_ns, before.st_mtime_ns) if same_time else (0, before.st_mtime_ns + 10**9)
    os.utime(path, ns=times)


def flip(path: Path) -> bytes:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x40
    return bytes(data)


def test_a_sealed_pack_is_opened_unread_and_holds_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = sealed_town(tmp_path / "town")
    (out / SEAL).rename(tmp_path / "seal")
    plain = pack_to_arrow(load_pack(out))
    (tmp_path / "seal").rename(out / SEAL)
    with monkeypatch.context() as unread:
        unread.setattr(stored, "_read_table", read_nothing)
        sealed = load_pack(out)
        assert sealed.manifest.table_rows["stops"] == 2
        with pytest.raises(AssertionError, match="was read"):
            _ = sealed.stops
    found = pack_to_arrow(sealed)
    assert list(found) == list(plain) and all(found[name].equals(plain[name]) for name in plain)


def test_a_copy_bears_its_seal_still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = sealed_town(tmp_path / "town")
    shutil.copytree(out, tmp_path / "copy", copy_function=shutil.copyfile)  # the files' times are new
    monkeypatch.setattr(stored, "_read_table", read_nothing)
    assert load_pack(tmp_path / "copy").area_id == "town"


@pytest.mark.parametrize("same_time", [True, False])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda out: (out / "stops.parquet").unlink(), "stops.parquet: the file is missing"),
        (lambda _: b"PAR1 not really", "stops.parquet: can't be read"),
        (lambda out: (out / "trips.parquet").read_bytes(), "stops.parquet: column 'stop_id' is missing"),
    ],
)
def test_a_seal_hides_no_fault(
    tmp_path: Path, change: Callable[[Path], bytes | None], says: str, *, same_time: bool
) -> None:
    out = sealed_town(tmp_path / "town")
    data = change(out)
    if data is not None:
        plant(out / "stops.parquet", data, same_time=same_time)
    with pytest.raises(PackError, match="the pack is not whole") as caught:
        load_pack(out)
    assert says in str(caught.value)


def test_a_change_of_no_other_size_is_noticed_when_the_pack_is_opened(tmp_path: Path) -> None:
    out = sealed_town(tmp_path / "town")
    file = out / "stops.parquet"
    changed = file.read_bytes().replace(b"stop_id", b"step_id")
    plant(file, changed, same_time=False)
    with pytest.raises(PackError, match="step_id"):
        load_pack(out)


def test_a_change_that_hides_its_time_is_noticed_when_the_table_is_read(tmp_path: Path) -> None:
    out = sealed_town(tmp_path / "town")
    plant(out / "stops.parquet", flip(out / "stops.parquet"), same_time=True)
    pack = load_pack(out)
    assert len(pack.feed.trips) == 1
    with pytest.raises(PackError, match=r"stops.parquet: has changed since the pack was opened"):
        _ = pack.stops


def test_a_pack_rebuilt_under_an_open_one_is_not_mixed_with_it(tmp_path: Path) -> None:
    out = sealed_town(tmp_path / "town")
    pack = load_pack(out)
    stops, rebuilt = pack.stops, load_pack(out)
    assert rebuilt.services is not None
    write_pack(replace(rebuilt, services=rebuilt.services.assign(name="New name")), out)
    assert pack.stops is stops
    with pytest.raises(PackError, match="has changed since"):
        _ = pack.services
    shutil.rmtree(out)
    with pytest.raises(PackError, match="can't be read any more"):
        _ = pack.services


@pytest.mark.parametrize(
    "broken",
    [b"", b"{}", b"[1]", b'{"layout": 1}', b"\xff\xfe", b'{"layout": 1, "schema": "x", "files": {}}'],
)
def test_a_broken_seal_is_none(tmp_path: Path, broken: bytes) -> None:
    out = sealed_town(tmp_path / "town")
    (out / SEAL).write_bytes(broken)
    assert len(load_pack(out).stops) == 2
    (out / "stops.parquet").unlink()
    with pytest.raises(PackError, match="the file is missing"):
        load_pack(out)


def test_a_changed_manifest_breaks_the_seal(tmp_path: Path) -> None:
    out = sealed_town(tmp_path / "town")
    manifest = out / "manifest.json"
    plant(manifest, manifest.read_bytes().replace(b'"stops": 2', b'"stops": 3'), same_time=False)
    with pytest.raises(PackError, match="2 rows, the manifest says 3"):
        load_pack(out)


def move_stop(out: Path) -> None:
    """A table that is whole, of as many rows, and of other values."""
    file = out / "stops.parquet"
    stops = pq.read_table(file)
    x = stops.column_names.index("x")
    moved = pa.array([2500.0 + value for value in stops["x"].to_pylist()])
    pq.write_table(stops.set_column(x, stops.field(x), moved), file)


def change_time_zone(out: Path) -> None:
    manifest = out / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"Europe/London", b"Europe/Athens"))


@pytest.mark.parametrize(
    ("change", "says"), [(move_stop, "stops.parquet: content is not"), (change_time_zone, "facts are not")]
)
def test_what_was_kept_of_older_content_is_never_taken_for_the_new(
    tmp_path: Path, change: Callable[[Path], None], says: str
) -> None:
    out = sealed_town(tmp_path / "town")
    engine = Engine(load_pack(out))
    assert len(engine.prepare(Query())) == 4
    plain = engine.reach(Query(), level="point").frame
    change(out)
    with pytest.raises(PackError, match="is not what was built") as caught:
        load_pack(out)
    assert says in str(caught.value)
    (out / SEAL).unlink()  # what was kept is still there
    with pytest.raises(PackError, match="is not what was built"):
        load_pack(out)
    with pytest.raises(PackError, match="is not what was built"):
        seal_pack(out)
    shutil.rmtree(out / "derived")  # nothing older to be mixed with
    anew = Engine(load_pack(out)).reach(Query(), level="point").frame
    assert anew.equals(plain) == (change is change_time_zone)


def test_a_damaged_pack_is_not_sealed(tmp_path: Path) -> None:
    out = sealed_town(tmp_path / "town")
    (out / SEAL).unlink()
    (out / "stops.parquet").write_bytes(b"PAR1")
    with pytest.raises(PackError, match="can't be read"):
        seal_pack(out)
    assert not (out / SEAL).exists()


def test_a_frame_is_made_once_and_is_one_for_all_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = load_pack(sealed_town(tmp_path / "town"))
    made: list[str] = []
    make = tables.arrow_to_frame

    def count(table, arrow, *, crs=None):  # type: ignore[no-untyped-def]
        made.append(table.name)
        return make(table, arrow, crs=crs)

    monkeypatch.setattr(tables, "arrow_to_frame", count)
    with ThreadPoolExecutor(4) as pool:
        frames = list(pool.map(lambda _: pack.services, range(16)))
    assert len({id(frame) for frame in frames}) == 1
    assert pack.services is frames[0] and set(made) == {"services"}, "no other table became a frame"
    assert pack.sessions is not None and pack.postcodes is None
    assert not hasattr(pack, "no_such_table")


def test_copies_hold_everything_and_a_changed_pack_lies_in_no_folder(tmp_path: Path) -> None:
    pack = load_pack(sealed_town(tmp_path / "town"))
    assert pack.path is not None
    assert replace(pack, services=None).path is None
    assert pack.in_folder(tmp_path).path == tmp_path
    for other in (copy.copy(pack), pickle.loads(pickle.dumps(pack)), replace(pack)):
        assert isinstance(other, AreaPack)
        whole, again = pack_to_arrow(pack), pack_to_arrow(other)
        assert all(again[name].equals(whole[name]) for name in whole)
