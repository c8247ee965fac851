"""osmnx asking Overpass under this package's rules: faults, waits, its cache, and the file that is made."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import shapely
import shapely.geometry

from data.errors import DownloadError, UsageError
from data.fetch.http import Client
from data.fetch.overpass_elements import what_is_broken, write_osm
from data.fetch.streets import fetch_streets, list_questions
from data.sources.ground import read_ground
from data.sources.osm import read_streets
from data.sources.osm_amenities import read_amenities
from data.sources.osm_read_pbf import read_osm_pbf
from tests.get_place import OVERPASS, degrees, streets
from tests.loopback import overpass
from tests.loopback.authority import FernleyVale
from tests.loopback.server import Asked, Loopback, Reply

pytest_plugins = ("tests.loopback.fixtures",)

Make = Callable[..., Client]
CRS = "EPSG:27700"
AREA = shapely.Polygon([degrees(*corner) for corner in ((0, 0), (2000, 0), (2000, 2000), (0, 2000))])


@pytest.fixture
def place(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> Loopback:
    """Overpass of a small place; nobody may sleep but by the client's patience."""
    server.add(lambda asked: overpass.answer(streets(), asked) if asked.path == OVERPASS else None)
    real = time.sleep
    monkeypatch.setattr("osmnx._overpass.time.sleep", lambda seconds: real(min(seconds, 0.02)))
    return server


def test_streets_places_and_ground_come_as_the_file_has_them(
    server: Loopback, vale: FernleyVale, client: Client, tmp_path: Path
) -> None:
    """Fernley Vale's whole map, asked for in three questions, is read as the map itself is."""
    area = shapely.union_all([shapely.geometry.shape(row["geometry"]) for row in vale.rows["lsoa"]])
    got = fetch_streets(client, area, tmp_path / "streets.osm")
    own = vale.raw / "demo" / "osm" / "fernley_vale.osm"
    assert str(got.date) == "2026-09-01" and got.count and got.count > 500 and not got.from_cache
    one, other = read_osm_pbf(got.path).segments, read_osm_pbf(own).segments
    for item in fields(one):
        assert np.array_equal(getattr(one, item.name), getattr(other, item.name)), item.name
    assert len(one.way) > 1000
    ground, whole = read_ground(got.path, crs=CRS), read_ground(own, crs=CRS)
    assert len(ground) and ground.to_wkb().equals(whole.to_wkb())
    places = read_amenities(got.path, crs=CRS).services
    assert len(places) and places.equals(read_amenities(own, crs=CRS).services)
    assert [asked.method for asked in server.log] == ["POST"] * 3
    assert sorted(path.name for path in tmp_path.glob("*streets*")) == [
        ".streets.osm.source.json", "streets.osm"
    ]  # fmt: skip


def test_what_is_there_is_used_and_another_question_is_asked(
    place: Loopback, make_client: Make, tmp_path: Path
) -> None:
    target = tmp_path / "streets.osm"
    with pytest.raises(DownloadError, match="--offline asks nobody"):
        fetch_streets(make_client(offline=True), AREA, target)
    fetch_streets(make_client(), AREA, target)
    assert len(place.log) == 3
    assert fetch_streets(make_client(), AREA, target).from_cache
    assert fetch_streets(make_client(offline=True), AREA, target).from_cache and len(place.log) == 3
    fetch_streets(make_client(), AREA, target, margin_m=1600)
    assert len(place.log) == 6
    fetch_streets(make_client(refresh=True), AREA, target, margin_m=1600)
    assert len(place.log) == 9
    target.write_bytes(target.read_bytes() + b"<!-- somebody's own -->")
    fetch_streets(make_client(), AREA, target, margin_m=1600)
    assert len(place.log) == 12


@pytest.mark.parametrize(
    "fault", ["cut", "reset", "drip", "claims_more", "claims_less", "html", "empty", "gzip_cut", "not_json",
              "error200", "busy429", "busy503", "busy504"],
)  # fmt: skip
def test_a_passing_fault_is_asked_again_by_our_patience(
    place: Loopback, client: Client, tmp_path: Path, waits: list[float], fault: str
) -> None:
    place.break_next(fault, "/overpass", skip=1)
    found = fetch_streets(client, AREA, tmp_path / "streets.osm")
    assert found.count == 62 and [asked.fault for asked in place.log] == ["", fault, "", ""]
    assert len(waits) == 1


@pytest.mark.parametrize("fault", ["cut", "html", "busy504"])
def test_a_fault_that_stays_ends_and_the_next_run_goes_on_with_the_question_it_stopped_at(
    place: Loopback, client: Client, tmp_path: Path, fault: str
) -> None:
    target = tmp_path / "streets.osm"
    target.write_bytes(b"old")
    place.break_next(fault, "/overpass", skip=2, times=99)
    with pytest.raises(DownloadError, match=r"Overpass[\s\S]*what to do"):
        fetch_streets(client, AREA, target)
    assert target.read_bytes() == b"old" and len(place.log) == 2 + 3
    place.faults.clear()
    place.log.clear()
    assert fetch_streets(client, AREA, target).count == 62 and len(place.log) == 1


def test_waits_are_told_and_retry_after_is_honoured(
    place: Loopback, make_client: Make, tmp_path: Path, waits: list[float]
) -> None:
    told: list[str] = []
    shown: list[int] = []
    place.break_next("busy429", "/overpass", retry_after="60")
    fetch_streets(
        make_client(tell=told.append), AREA, tmp_path / "streets.osm",
        progress=lambda done, *_: shown.append(done),
    )  # fmt: skip
    assert shown == sorted(shown) and shown[-1] > shown[0] > 0  # one count over all questions
    assert any("asked too often" in line and "waiting 60 s" in line for line in told) and waits[0] >= 60
    assert [line for line in told if "of 3" in line] and "streets (1 of 3)" in told[0]


def with_remark(reply: Reply) -> Reply:
    words = b', "remark": "runtime error: Query timed out in \\"query\\" at line 1 after 181 seconds."}'
    return replace(reply, body=reply.body[:-1] + words)


def test_a_good_answer_that_says_it_gave_up_is_never_kept(
    place: Loopback, client: Client, tmp_path: Path
) -> None:
    honest = place.responders[0]
    broken = [True, True]

    def gives_up(asked: Asked) -> Reply | None:
        reply = honest(asked)
        return with_remark(reply) if reply and broken and broken.pop() else reply

    place.responders[0] = gives_up
    assert fetch_streets(client, AREA, tmp_path / "streets.osm").count == 62
    broken += [True] * 99
    with pytest.raises(DownloadError, match=r"gave up in the middle \(runtime error[\s\S]*--streets"):
        fetch_streets(client, AREA, tmp_path / "other.osm")
    assert not (tmp_path / "other.osm").exists()


def test_a_bomb_and_a_redirect_are_refused_at_once(place: Loopback, client: Client, tmp_path: Path) -> None:
    place.break_next("gzip_bomb", "/overpass")
    with pytest.raises(DownloadError, match="unpacks to more than"):
        fetch_streets(client, AREA, tmp_path / "a.osm")
    for to, words in (("http://169.254.169.254/x", "another place"), ("/elsewhere", "has moved to")):
        place.break_next("redirect_away", "/overpass", to=to)
        with pytest.raises(DownloadError, match=words):
            fetch_streets(client, AREA, tmp_path / "a.osm")
    assert len(place.log) == 3


def test_what_a_kill_left_of_osmnx_s_cache_is_asked_again(
    place: Loopback, client: Client, tmp_path: Path
) -> None:
    """osmnx writes its cache in place: half a file, and it fails on it for ever."""
    target = tmp_path / "streets.osm"
    place.break_next("busy503", "/overpass", skip=2, times=3)
    with pytest.raises(DownloadError):
        fetch_streets(client, AREA, target)
    first, second = sorted((tmp_path / ".streets.osm.answers").rglob("*.json"))
    first.write_bytes(first.read_bytes()[:-100])
    place.log.clear()
    assert fetch_streets(client, AREA, target).count == 62
    assert len(place.log) == 2 and not second.exists()


def test_osmnx_is_left_as_it_was_and_says_who_asks(
    place: Loopback, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from osmnx import settings

    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    before, resolve = dict(vars(settings)), socket.getaddrinfo
    fetch_streets(client, AREA, tmp_path / "streets.osm")
    assert {name: value for name, value in vars(settings).items() if before[name] is not value} == {}
    assert socket.getaddrinfo is resolve
    sent = place.log[0].headers
    assert sent["user-agent"].startswith("OneBusReach/") and "osmnx" not in json.dumps(sent).lower()
    assert "authorization" not in sent and "/status" not in {asked.path for asked in place.log}
    assert not (Path.cwd() / "cache").exists()


def test_places_far_apart_are_asked_about_one_by_one() -> None:
    """osmnx would ask for the hull of all parts: Oldham and Newcastle, and the Pennines between them."""
    far = shapely.union(AREA, shapely.affinity.translate(AREA, yoff=1.5))
    questions = list_questions(far, 1500)
    assert [one.about for one in questions] == ["streets", "places", "water, green and railways"] * 2
    assert all(one.polygon.area < 12 * AREA.area for one in questions)
    assert shapely.union_all([one.polygon for one in questions]).contains(far)
    assert "community_centre" in questions[1].tags["amenity"] and questions[1].tags["club"] is True
    with pytest.raises(UsageError, match="--streets"):
        fetch_streets(Client(), shapely.box(-3, 51, -1, 53), Path("x"))


@pytest.mark.parametrize(
    "element",
    [3, {}, {"type": "area", "id": 1}, {"type": "node", "id": "1"}, {"type": "node", "id": 1, "lat": 1},
     {"type": "node", "id": 1, "lat": 91, "lon": 0}, {"type": "node", "id": 1, "lat": float("nan"), "lon": 0},
     {"type": "way", "id": 1}, {"type": "way", "id": 1, "nodes": ["2"]},
     {"type": "way", "id": True, "nodes": []}, {"type": "relation", "id": 1, "members": [{"type": "way"}]},
     {"type": "node", "id": 1, "lat": 1, "lon": 1, "tags": {"name": 3}}],
)  # fmt: skip
def test_elements_that_are_none_are_refused(
    place: Loopback, client: Client, tmp_path: Path, element: object
) -> None:
    assert what_is_broken(element)
    body = json.dumps({"elements": [element]}).encode()
    place.responders.insert(0, lambda asked: Reply(body) if asked.path == OVERPASS else None)
    with pytest.raises(DownloadError, match="sent"):
        fetch_streets(client, AREA, tmp_path / "streets.osm")
    assert list(tmp_path.rglob("*.osm")) == []


def test_no_text_breaks_the_file(tmp_path: Path) -> None:
    name = "<script>\"'&]]>\x00\x1b\ud800\n\t Łódź اردو"
    nodes = [{"type": "node", "id": at, "lat": 53.5 + at / 1000, "lon": -2.1} for at in (1, 2)]
    way = {"type": "way", "id": 7, "nodes": [1, 2], "tags": {"highway": "path", "name": name}}
    answer = tmp_path / "a.json"
    answer.write_text(json.dumps({"osm3s": {"timestamp_osm_base": '"><x>'}, "elements": [way, *nodes]}))
    write_osm([answer, answer], tmp_path / "a.osm")
    walk = read_streets(tmp_path / "a.osm", crs=CRS).walk
    assert walk.street_names == ("<script>\"'&]]> Łódź اردو",) and len(walk.u) == 1
