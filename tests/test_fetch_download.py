"""Downloads that break off, lie about their length, or change under the reader's hands."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from data.errors import DownloadError
from data.fetch.addresses import SourceAddress
from data.fetch.download import download
from data.fetch.http import Client, UnusableAnswerError
from data.fetch.zips import BadZipError, check_zip
from tests.loopback.server import Loopback

pytest_plugins = ("tests.loopback.fixtures",)

CONTENT = b"code,people\n" + b"".join(b"X%08d,%d\n" % (row, row * 7 % 900) for row in range(60_000))
OTHER = CONTENT.replace(b"X0", b"Y0")
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
Make = Callable[..., Client]


@pytest.fixture
def source(server: Loopback) -> SourceAddress:
    server.serve("/file", CONTENT, content_type="text/csv", ranges=True, headers={"ETag": '"a"'})
    server.serve("/noranges", CONTENT, content_type="text/csv", headers={"ETag": '"a"'})
    server.serve("/bare", CONTENT, content_type="text/csv", ranges=True)
    return SourceAddress("bods", "BODS", server.base)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "raw" / "file.csv"


def left_over(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir() if ".part" in path.name)


@pytest.mark.parametrize("fault", ["cut", "reset"])
def test_a_broken_download_goes_on_where_it_stopped(
    server: Loopback, source: SourceAddress, client: Client, target: Path, fault: str
) -> None:
    server.break_next(fault, "/file", after="200000")
    download(client, source, source.url("file"), target, kind="csv")
    assert target.read_bytes() == CONTENT and left_over(target) == []
    first, second = server.log
    # A reset may throw away what was on its way; what has arrived is not asked for again.
    start = int(second.headers.get("range", "bytes=0-")[6:-1])
    assert second.headers.get("if-range") == ('"a"' if start else None)
    assert (first.status, second.status) == (200, 206 if start else 200)
    assert start == 200_000 or fault == "reset"


@pytest.mark.parametrize("path", ["noranges", "bare"])
def test_where_range_is_ignored_or_unsafe_it_starts_anew(
    server: Loopback, source: SourceAddress, client: Client, target: Path, path: str
) -> None:
    server.break_next("cut", path, times=2)
    download(client, source, source.url(path), target)
    assert target.read_bytes() == CONTENT
    assert [("range" in asked.headers) for asked in server.log] == [
        False,
        path == "noranges",
        path == "noranges",
    ]


def test_a_file_that_changed_in_between_is_not_glued_together(
    server: Loopback, source: SourceAddress, client: Client, target: Path
) -> None:
    server.break_next("cut", "/file", after="300000")
    server.break_next("busy503", "/file", times=99)
    with pytest.raises(DownloadError, match="503"):
        download(client, source, source.url("file"), target)
    assert left_over(target)
    server.faults.clear()
    server.responders.clear()
    server.serve("/file", OTHER, ranges=True, headers={"ETag": '"b"'})
    download(client, source, source.url("file"), target)
    assert target.read_bytes() == OTHER and "range" in server.log[-1].headers


@pytest.mark.parametrize("bytes_", ["bytes 0-9/10", "bytes 5-9/", "none", f"bytes 5-14/{len(CONTENT)}"])
def test_a_part_that_was_not_asked_for_is_refused(
    server: Loopback, source: SourceAddress, client: Client, target: Path, bytes_: str
) -> None:
    from tests.loopback.server import Asked, Reply

    def wrong_part(asked: Asked) -> Reply | None:
        if "range" not in asked.headers or asked.path != "/file":
            return None
        return Reply(OTHER[-10:], status=206, headers={"ETag": '"a"', "Content-Range": bytes_})

    server.responders.insert(0, wrong_part)
    server.break_next("cut", "/file")
    download(client, source, source.url("file"), target)
    assert target.read_bytes() == CONTENT and [asked.status for asked in server.log] == [200, 206, 200]


def test_a_part_of_the_right_length_from_the_wrong_place_is_not_glued_on(
    server: Loopback, source: SourceAddress, client: Client, target: Path
) -> None:
    from tests.loopback.server import Asked, Reply

    rest = len(CONTENT) - len(CONTENT) // 2
    headers = {"ETag": '"a"', "Content-Range": f"bytes 0-{rest - 1}/{len(CONTENT)}"}

    def from_the_start(asked: Asked) -> Reply | None:
        ranged = "range" in asked.headers and asked.path == "/file"
        return Reply(CONTENT[:rest], status=206, headers=headers) if ranged else None

    server.responders.insert(0, from_the_start)
    server.break_next("cut", "/file")
    download(client, source, source.url("file"), target)
    assert target.read_bytes() == CONTENT


def test_a_slow_line_that_delivers_something_each_time_is_not_given_up(
    server: Loopback, source: SourceAddress, client: Client, target: Path
) -> None:
    server.break_next("cut", "/file", times=6, after="90000")  # patience has three tries without progress
    download(client, source, source.url("file"), target)
    assert target.read_bytes() == CONTENT and len(server.log) == 7


@pytest.mark.parametrize("fault", ["claims_less", "cut", "html", "gzip_cut", "busy503"])
def test_what_fails_leaves_the_old_file_as_it_was(
    server: Loopback, source: SourceAddress, client: Client, target: Path, fault: str
) -> None:
    def whole(path: Path) -> None:
        if path.stat().st_size != len(CONTENT):
            raise UnusableAnswerError("is not whole", again=True)

    target.parent.mkdir()
    target.write_bytes(b"old")
    server.break_next(fault, "/noranges", times=99)
    with pytest.raises(DownloadError, match="BODS"):
        download(client, source, source.url("noranges"), target, kind="csv", check=whole)
    assert target.read_bytes() == b"old"
    server.faults.clear()
    download(client, source, source.url("noranges"), target, kind="csv", check=whole)
    assert target.read_bytes() == CONTENT


def test_gzip_in_transit_is_unpacked_and_counted_as_it_travels(
    server: Loopback, source: SourceAddress, client: Client, target: Path
) -> None:
    server.break_next("gzip", "/file")
    download(client, source, source.url("file"), target)
    assert target.read_bytes() == CONTENT
    assert server.log[0].headers["accept-encoding"] == "identity"


def test_a_wrong_checksum_is_refused_after_a_second_try(
    server: Loopback, source: SourceAddress, client: Client, target: Path
) -> None:
    with pytest.raises(DownloadError, match="MD5"):
        download(client, source, source.url("file"), target, md5="0" * 32)
    assert not target.exists() and left_over(target) == [] and len(server.log) == 2
    download(client, source, source.url("file"), target, md5=MD5)
    download(client, source, source.url("file"), target, md5=MD5, fresh_s=0)
    assert len(server.log) == 3  # the same checksum: nothing to ask


def test_what_is_there_is_used_then_asked_about_then_replaced(
    server: Loopback, source: SourceAddress, make_client: Make, target: Path
) -> None:
    url = source.url("file")
    assert not download(make_client(), source, url, target).from_cache
    assert download(make_client(), source, url, target).from_cache and len(server.log) == 1
    assert download(make_client(), source, url, target, fresh_s=0).from_cache
    assert [asked.status for asked in server.log] == [200, 304]
    target.write_bytes(CONTENT[:-5])  # somebody cut it short
    assert not download(make_client(), source, url, target).from_cache
    assert target.read_bytes() == CONTENT
    assert not download(make_client(), source, source.url("noranges"), target).from_cache  # another address


def test_offline_takes_what_is_there(source: SourceAddress, make_client: Make, target: Path) -> None:
    offline = make_client(offline=True)
    with pytest.raises(DownloadError, match=r"/file[\s\S]*without --offline"):
        download(offline, source, source.url("file"), target)
    target.parent.mkdir()
    target.write_bytes(b"by hand")
    assert download(offline, source, source.url("file"), target).fetched is None


def test_size_limit_and_free_space(
    source: SourceAddress, client: Client, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DownloadError, match="at most 1,000 are taken"):
        download(client, source, source.url("file"), target, max_bytes=1_000)
    import shutil

    real = shutil.disk_usage(target.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real._replace(free=10 + 0 * len(str(path))))
    with pytest.raises(DownloadError, match="are free"):
        download(client, source, source.url("file"), target)


def test_progress_says_bytes_and_ends_with_all(source: SourceAddress, client: Client, target: Path) -> None:
    told: list[tuple[int, int | None, float | None]] = []
    download(client, source, source.url("file"), target, progress=lambda *given: told.append(given))
    assert told[-1] == (len(CONTENT), len(CONTENT), 0.0)


_KILLED = """
import sys
from pathlib import Path
from data.fetch.addresses import SourceAddress
from data.fetch.download import download
from data.fetch.http import Client
source = SourceAddress("bods", "BODS", sys.argv[1])
download(Client(), source, source.url("file"), Path(sys.argv[2]))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_kill_in_the_middle_breaks_nothing_and_the_next_run_goes_on(
    server: Loopback, source: SourceAddress, client: Client, target: Path, tmp_path: Path, how: signal.Signals
) -> None:
    target.parent.mkdir()
    target.write_bytes(b"old")
    server.break_next("silent", "/file", after="300000", seconds="30")
    environ = {**os.environ, "ONE_BUS_REACH_CACHE": str(tmp_path / "other")}
    run = subprocess.Popen(
        [sys.executable, "-c", _KILLED, server.base, str(target)], env=environ, stderr=subprocess.DEVNULL
    )
    part = target.with_name(".file.csv.part")
    for _ in range(1000):
        if part.is_file() and part.stat().st_size >= 300_000:
            break
        time.sleep(0.02)
    run.send_signal(how)
    run.wait(20)
    assert target.read_bytes() == b"old"
    download(client, source, source.url("file"), target)
    assert target.read_bytes() == CONTENT and left_over(target) == []
    assert server.log[-1].status == 206 and server.log[-1].headers["range"] == "bytes=300000-"


def test_a_kill_after_the_last_byte_needs_no_request(
    server: Loopback, source: SourceAddress, client: Client, target: Path
) -> None:
    target.parent.mkdir()
    target.with_name(".file.csv.part").write_bytes(CONTENT)
    note = {"url": source.url("file"), "etag": '"a"', "size": len(CONTENT)}
    target.with_name(".file.csv.part.json").write_text(json.dumps(note))
    download(client, source, source.url("file"), target)
    assert target.read_bytes() == CONTENT and server.log == []


def make_zip(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"../stops.txt": b"x"}, "leads out"),
        ({"/etc/stops.txt": b"x"}, "leads out"),
        ({"a\\..\\..\\stops.txt": b"x"}, "leads out"),
        ({"C:/stops.txt": b"x"}, "leads out"),
        ({"stops.txt": bytes(60_000_000)}, "a bomb"),
        ({"stops.txt": bytes(3_000_000), "b": bytes(99_000_000)}, "at most 100,000,000"),
        ({"other.txt": b"x"}, "holds no stops.txt"),
    ],
)
def test_zips_that_climb_or_burst_are_refused(tmp_path: Path, members: dict[str, bytes], words: str) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(make_zip(members))
    with pytest.raises(BadZipError, match=words):
        check_zip(path, max_unpacked=100_000_000, must_have=("stops.txt",))


def test_zips_that_lie_or_are_cut_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    good = make_zip({"stops.txt": b"abc" * 5000, "trips.txt": os.urandom(4000)})
    path.write_bytes(good)
    check_zip(path, max_unpacked=100_000, must_have=("stops.txt",), read_all=True)
    path.write_bytes(good[:-100])
    with pytest.raises(BadZipError, match="can't be opened"):
        check_zip(path, max_unpacked=100_000)
    torn = bytearray(good)
    torn[len(good) // 2] ^= 0xFF
    path.write_bytes(bytes(torn))
    with pytest.raises(BadZipError):
        check_zip(path, max_unpacked=100_000, read_all=True)
    # One that says in its directory that 15,000 bytes are 20.
    size = (15_000).to_bytes(4, "little")
    path.write_bytes(good.replace(size, (20).to_bytes(4, "little")))
    with pytest.raises(BadZipError):
        check_zip(path, max_unpacked=100_000, read_all=True)
