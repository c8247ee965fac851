"""The shared layer against a server that misbehaves: each fault with the answer a naive client would give."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
import requests

from data.errors import DownloadError, UsageError
from data.fetch.addresses import SourceAddress, load_addresses
from data.fetch.body import BrokenBodyError, read_whole
from data.fetch.cache import cache_folder
from data.fetch.http import Client, UnusableAnswerError
from data.fetch.retry import Patience, read_retry_after
from tests.loopback.server import Loopback

pytest_plugins = ("tests.loopback.fixtures",)

ROWS = {"rows": [{"code": f"X{number:08d}", "people": number} for number in range(200)]}
BODY = json.dumps(ROWS).encode()
Make = Callable[..., Client]


@pytest.fixture
def source(server: Loopback) -> SourceAddress:
    server.serve("/rows", BODY, headers={"ETag": '"one"'})
    return SourceAddress("nomis", "Nomis", server.base)


@pytest.mark.parametrize(
    "fault", ["cut", "reset", "drip", "claims_more", "claims_less", "html", "empty", "gzip_cut", "not_json",
              "busy429", "busy503", "silent"],
)  # fmt: skip
def test_a_passing_fault_is_asked_again(
    server: Loopback,
    source: SourceAddress,
    client: Client,
    waits: list[float],
    fault: str,
) -> None:
    server.break_next(fault, "/rows")
    assert client.get_json(source, source.url("rows")) == ROWS
    assert [asked.fault for asked in server.log] == [fault, ""] and len(waits) == 1


@pytest.mark.parametrize("fault", ["html", "gzip_cut", "cut", "reset"])
def test_text_that_any_parser_would_take_is_held_to_what_was_sent(
    server: Loopback, source: SourceAddress, client: Client, fault: str
) -> None:
    """No JSON here, whose end would tell: half a table is a table, and so is a page of a sign-in."""
    table = b"code,people\n" + b"X01,1\n" * 5000
    server.serve("/table", table, content_type="text/csv")
    server.break_next(fault, "/table")
    assert client.get_bytes(source, source.url("table"), kind="csv") == table


def test_bytes_are_counted_whatever_the_library_does() -> None:
    class Raw:
        chunks: ClassVar[list[bytes]] = [b"abc", b""]

        def read1(self, amount: int, decode_content: bool) -> bytes:
            assert amount and not decode_content
            return self.chunks.pop(0)

    response = requests.Response()
    response.headers["Content-Length"] = "5"
    response.raw = Raw()
    with pytest.raises(BrokenBodyError, match="after 3 of 5 bytes"):
        read_whole(response, max_bytes=100, patience=Patience())


@pytest.mark.parametrize("fault", ["cut", "html", "claims_less", "gzip_cut", "busy503"])
def test_a_fault_that_stays_ends_with_source_address_and_advice(
    server: Loopback,
    source: SourceAddress,
    client: Client,
    fault: str,
) -> None:
    server.break_next(fault, "/rows", times=99)
    with pytest.raises(DownloadError) as caught:
        client.get_json(source, source.url("rows"))
    assert len(server.log) == 3
    assert "Nomis" in str(caught.value) and f"{server.base}/rows" in str(caught.value)
    assert "what to do" in str(caught.value)
    with pytest.raises(DownloadError, match="not in the cache"):  # and nothing of it was kept
        Client(client.addresses, cache=client.cache, offline=True).get_json(source, source.url("rows"))


def test_gzip_is_unpacked(server: Loopback, source: SourceAddress, client: Client) -> None:
    server.break_next("gzip", "/rows")
    assert client.get_json(source, source.url("rows")) == ROWS
    assert len(gzip.compress(BODY)) < len(BODY)


def test_a_gzip_bomb_is_refused_at_once(
    server: Loopback,
    source: SourceAddress,
    client: Client,
) -> None:
    server.break_next("gzip_bomb", "/rows", times=9)
    with pytest.raises(DownloadError, match="unpacks to more than"):
        client.get_json(source, source.url("rows"))
    with pytest.raises(DownloadError, match="unpacks to more than 1,"):
        client.get_bytes(source, source.url("rows"), max_bytes=1_000_000)
    assert len(server.log) == 2


def test_a_body_over_the_limit_is_refused_before_it_is_read(
    source: SourceAddress,
    client: Client,
) -> None:
    with pytest.raises(DownloadError, match="at most 100 are taken"):
        client.get_bytes(source, source.url("rows"), max_bytes=100)


def test_retry_after_is_waited_for_and_a_long_one_is_told(
    server: Loopback,
    source: SourceAddress,
    client: Client,
    waits: list[float],
) -> None:
    server.break_next("busy429", "/rows", retry_after="17")
    client.get_json(source, source.url("rows"))
    assert 17 <= waits[0] <= 18
    server.break_next("busy429", "/other", retry_after="7200", times=9)
    with pytest.raises(DownloadError, match="asked too often"):
        client.get_json(source, source.url("other"))
    assert len(waits) == 1


def test_retry_after_may_be_a_date() -> None:
    now = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
    assert read_retry_after("Mon, 23 Nov 2026 12:00:30 GMT", now) == 30
    assert read_retry_after("Mon, 23 Nov 2026 11:00:00 GMT", now) == 0
    assert read_retry_after("5") == 5
    assert (
        read_retry_after("soon") is None and read_retry_after("-5") is None and read_retry_after(None) is None
    )


def test_waits_grow_between_tries(
    server: Loopback,
    source: SourceAddress,
    client: Client,
    waits: list[float],
) -> None:
    server.break_next("busy503", "/rows", times=2)
    client.get_json(source, source.url("rows"))
    assert len(waits) == 2 and 0 < waits[0] < waits[1]


def test_a_redirect_to_another_host_is_refused(
    server: Loopback,
    source: SourceAddress,
    client: Client,
) -> None:
    elsewhere = server.base.replace("127.0.0.1", "localhost") + "/rows"
    for target in (elsewhere, "file:///etc/passwd", "http://169.254.169.254/latest"):
        server.break_next("redirect_away", "/rows", to=target)
        with pytest.raises(DownloadError, match="another place"):
            client.get_json(source, source.url("rows"))
    assert len(server.log) == 3
    allowed = SourceAddress("nomis", "Nomis", server.base, hosts=frozenset({"localhost"}))
    server.break_next("redirect_away", "/rows", to=elsewhere)
    assert client.get_json(allowed, allowed.url("rows")) == ROWS


def test_a_redirect_on_the_same_host_is_followed_and_a_circle_is_not(
    server: Loopback,
    source: SourceAddress,
    client: Client,
) -> None:
    server.break_next("redirect_here", "/old", to="/rows")
    assert client.get_json(source, source.url("old")) == ROWS
    server.break_next("redirect_here", "/circle", to="/circle", times=99)
    with pytest.raises(DownloadError, match="redirected more than"):
        client.get_json(source, source.url("circle"))


def test_what_is_gone_is_not_asked_again(
    server: Loopback,
    source: SourceAddress,
    client: Client,
) -> None:
    server.break_next("gone404", "/rows", times=9)
    with pytest.raises(DownloadError, match=r"answered 404[\s\S]*addresses.toml") as caught:
        client.get_json(source, source.url("rows"))
    assert caught.value.status == 404 and len(server.log) == 1


def test_nobody_listening_is_told(client: Client) -> None:
    source = SourceAddress("nomis", "Nomis", "http://127.0.0.1:9")
    with pytest.raises(DownloadError, match="can't be reached"):
        client.get_json(source, source.url("rows"))


def test_a_young_answer_is_not_asked_for_and_an_old_one_by_its_validator(
    server: Loopback,
    source: SourceAddress,
    make_client: Make,
) -> None:
    client = make_client()
    client.get_json(source, source.url("rows"))
    assert client.get_json(source, source.url("rows")) == ROWS and len(server.log) == 1
    assert client.get_json(source, source.url("rows"), fresh_s=0) == ROWS
    assert [asked.status for asked in server.log] == [200, 304]
    assert make_client(refresh=True).get_json(source, source.url("rows")) == ROWS
    assert len(server.log) == 3


def test_offline_uses_what_is_kept_and_asks_nobody(
    server: Loopback,
    source: SourceAddress,
    make_client: Make,
) -> None:
    make_client().get_json(source, source.url("rows"), {"page": 1})
    offline = make_client(offline=True)
    assert offline.get_json(source, source.url("rows"), {"page": 1}, fresh_s=0) == ROWS
    with pytest.raises(DownloadError, match=r"rows\?page=2[\s\S]*without --offline"):
        offline.get_json(source, source.url("rows"), {"page": 2})
    assert len(server.log) == 1


def test_a_damaged_answer_in_the_cache_is_fetched_again(
    server: Loopback,
    source: SourceAddress,
    client: Client,
) -> None:
    client.get_json(source, source.url("rows"))
    (body,) = client.cache.root.rglob("*.body")
    body.write_bytes(body.read_bytes()[:-40])
    assert client.get_json(source, source.url("rows")) == ROWS and len(server.log) == 2


def test_what_a_check_refuses_is_not_kept(
    server: Loopback,
    source: SourceAddress,
    client: Client,
) -> None:
    def refuse(value: object) -> None:
        assert value == ROWS
        raise UnusableAnswerError("is not what was asked for", "ask for something else")

    with pytest.raises(DownloadError, match=r"not what was asked for[\s\S]*ask for something else"):
        client.get_json(source, source.url("rows"), check=refuse)
    assert client.get_json(source, source.url("rows")) == ROWS and len(server.log) == 2


def test_requests_say_who_asks_and_send_no_password(
    server: Loopback,
    source: SourceAddress,
    client: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    client.get_json(source, source.url("rows"))
    assert server.log[0].headers["user-agent"].startswith("OneBusReach/")
    assert "authorization" not in server.log[0].headers


def test_addresses_can_be_moved_and_wrong_ones_are_refused() -> None:
    table = load_addresses(environ={"ONE_BUS_REACH_URL_NOMIS": "http://127.0.0.1:1/x"})
    assert table["nomis"].url("/a") == "http://127.0.0.1:1/x/a"
    for bad in ("nomis", "ftp://a.example", "https://", "http://me:secret@a.example", "http://[1"):
        with pytest.raises(UsageError) as caught:
            load_addresses({"nomis": bad}, environ={})
        assert "secret" not in str(caught.value) or "http" not in bad
    with pytest.raises(UsageError, match="unknown sources: nomos"):
        load_addresses({"nomos": "https://a.example"}, environ={})


def test_the_cache_lies_where_the_environment_says(tmp_path: Path) -> None:
    assert cache_folder({"ONE_BUS_REACH_CACHE": str(tmp_path)}) == tmp_path
    assert "one-bus-reach" in str(cache_folder({}))
