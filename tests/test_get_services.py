"""`--services`: a register at an address, whatever its server calls it, and what must not become one."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from data.errors import DownloadError, UsageError
from data.fetch.http import Client
from data.get.options import GetOptions
from data.get.services import fetch_services
from data.sources.service_mapping import propose_mapping
from tests.loopback.open_referral import V1_EXAMPLE, Feed, make_services
from tests.loopback.server import HTML, Loopback
from tests.officers_workbook import build_csv, build_workbook

pytest_plugins = ("tests.loopback.fixtures",)

Make = Callable[..., Client]


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/sharedStrings.xml", b" " * 60_000_000)
    return packed.getvalue()


@pytest.mark.parametrize(
    "kind", ["text/html", "application/octet-stream", "application/json", "image/png", "text/csv"]
)
@pytest.mark.parametrize("path", ["/list.xlsx", "/LIST.XLSX", "/download/17", "/export"])
def test_a_workbook_is_one_whatever_its_server_calls_it(
    server: Loopback, client: Client, tmp_path: Path, path: str, kind: str
) -> None:
    server.serve(path, build_workbook(), content_type=kind)
    found = fetch_services(client, f"{server.base}{path}?format=table", tmp_path)
    assert found.path.name == "services.xlsx" and found.path.read_bytes() == build_workbook()
    assert propose_mapping(found.path).rows == 14


@pytest.mark.parametrize("path", ["/list.csv", "/download/18"])
def test_a_csv_of_windows_without_an_ending(
    server: Loopback, make_client: Make, tmp_path: Path, path: str
) -> None:
    server.serve(path, build_csv(), content_type="text/html")
    url = f"{server.base}{path}"
    found = fetch_services(make_client(), url, tmp_path)
    assert found.path.name == "services.csv" and found.path.read_bytes() == build_csv()
    asked = len(server.log)
    assert fetch_services(make_client(offline=True), url, tmp_path).from_cache and len(server.log) == asked


@pytest.mark.parametrize("fault", ["cut", "reset", "claims_less", "html", "busy503", "gzip_cut"])
def test_a_workbook_that_comes_broken_is_fetched_again(
    server: Loopback, client: Client, tmp_path: Path, fault: str
) -> None:
    server.serve("/list.xlsx", build_workbook())
    server.break_next(fault, "/list")
    assert fetch_services(client, f"{server.base}/list.xlsx", tmp_path).path.read_bytes() == build_workbook()


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/a.xlsx", HTML, "web page"),
        ("/a.csv", HTML, "web page"),
        ("/a.xlsx", b"PK\x03\x04 and nothing", "can't be opened as a zip"),
        ("/a.xlsx", build_workbook()[:-3000], "can't be opened as a zip"),
        ("/a.xlsx", bomb(), "a bomb"),
        ("/download/3", bomb(), "a bomb"),
        ("/a.csv", build_workbook(), "isn't a CSV table"),
        ("/a.json", b'{"contents": [', "can't be read"),
        ("/a.json", b'{"contents": [{"id": "1"}], "total_pages": 3}', "one of 3 pages"),
        ("/page", HTML, "no page of services|answered 404"),
    ],
)
def test_what_is_no_register_is_refused_with_the_reason(
    server: Loopback, client: Client, tmp_path: Path, path: str, body: bytes, words: str
) -> None:
    server.serve(path, body)
    (tmp_path / "services.xlsx").write_bytes(b"old")
    with pytest.raises(DownloadError, match=words):
        fetch_services(client, f"{server.base}{path}", tmp_path)
    assert (tmp_path / "services.xlsx").read_bytes() == b"old"


def test_a_feed_and_a_feed_s_file(server: Loopback, client: Client, tmp_path: Path) -> None:
    Feed(make_services(7)).install(server)
    assert fetch_services(client, f"{server.base}/feed", tmp_path).count == 7
    assert fetch_services(client, f"{server.base}/feed/services", tmp_path).count == 7
    server.serve("/all.json", json.dumps([V1_EXAMPLE]).encode())
    assert json.loads(fetch_services(client, f"{server.base}/all.json", tmp_path).path.read_bytes())


def test_files_of_this_machine(tmp_path: Path) -> None:
    for name in ("a.csv", "a.XLSX", "a.json"):
        (tmp_path / name).write_bytes(b"x")
        GetOptions(("Oldham",), services=str(tmp_path / name)).check()
    for name, words in (("a.ods", r"\.csv, \.xlsx"), ("b.csv", "no such file")):
        with pytest.raises(UsageError, match=words):
            GetOptions(("Oldham",), services=str(tmp_path / name)).check()
    for url in ("http://me:secret@a.example/x.csv", "https://"):
        with pytest.raises(UsageError) as caught:
            fetch_services(Client(), url, tmp_path)
        assert "secret" not in str(caught.value)
