"""`get` in one process: plan, offline, options, and every way an answer may be silently short."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import osmium
import pytest

from data.__main__ import main
from data.config import load_config
from data.errors import DownloadError, OneBusReachError, UsageError
from data.fetch.http import Client
from data.get import GetOptions, Got, run_get
from data.get.options import name_area
from data.get.progress import show_nothing
from data.get.run import plan_only
from data.packio import list_packs, load_pack
from data.stored import load_manifest
from tests.get_place import CODE, LSOAS, NAME, OAS, people_of, serve_place
from tests.loopback.fixtures import client, make_client, server, waits
from tests.loopback.server import Asked, Loopback, Reply
from tests.officers_workbook import build_workbook

__all__ = ["client", "make_client", "server", "waits"]
TODAY = dt.date(2026, 11, 1)


def get(client: Client, out: Path | None, *names: str, **options: object) -> Got:
    asked = GetOptions(names or (NAME,), out, **options)  # type: ignore[arg-type]
    return run_get(client, asked, bar=show_nothing, quiet=True, today=lambda: TODAY)


@pytest.fixture
def place(server: Loopback) -> Loopback:
    serve_place(server)
    return server


def alter(server: Loopback, path: str, change: Callable[[Reply], Reply]) -> None:
    """Change every honest answer of a path."""
    honest = server.responders.copy()

    def responder(asked: Asked) -> Reply | None:
        if not re.search(path, asked.path):
            return None
        reply = next((reply for one in honest if (reply := one(asked))), None)
        return None if reply is None else change(reply)

    server.responders.insert(0, responder)


def test_a_made_up_authority_becomes_a_whole_pack_with_a_page(
    place: Loopback, client: Client, tmp_path: Path
):
    got = get(client, tmp_path / "pack")
    pack = load_pack(got.pack)
    assert pack.digest == got.digest
    assert set(pack.neighbourhoods["neighbourhood_id"]) == set(LSOAS)
    groups = pack.groups
    assert (~groups["is_aggregate"] & (groups["group_id"] != "all")).sum() == 19
    total = pack.census[pack.census["group_id"] == "all"].set_index("neighbourhood_id")["people"]
    assert {code: int(total[code]) for code in LSOAS} == {code: people_of(code, 0) for code in LSOAS}
    assert len(pack.origin_points) == len(OAS)
    assert set(pack.origin_points["basis"]) == {"output_area"}
    assert pack.manifest.timetable.completeness == 0.75
    assert sorted(pack.services["category"]) == ["Community centre", "Library"]
    assert set(pack.postcodes["postcode"]) == {"OL1 1AA", "OL1 1AB"}
    assert dict(
        zip(pack.neighbourhoods["neighbourhood_id"], pack.neighbourhoods["ward_name"], strict=True)
    ) == {code: ("West", "East")[place % 2] for place, code in enumerate(LSOAS)}
    page = got.page.read_text(encoding="utf-8")
    assert page == got.words
    for words in ("Open Government Licence", "OpenStreetMap contributors", "2026-10-01", "8 output areas",
                  "TS029 proficiency in English", "School terms and holidays aren't known",
                  "75% of the active stops"):  # fmt: skip
        assert words in page
    # Everything again from what is kept: nobody is asked, and the pack is the same.
    asked = len(place.log)
    assert get(client, tmp_path / "pack").digest == got.digest
    assert len(place.log) == asked


def test_offline_uses_the_cache_only(place: Loopback, make_client: Callable[..., Client], tmp_path: Path):
    offline = make_client(offline=True)
    with pytest.raises(OneBusReachError):
        get(offline, tmp_path / "pack")
    assert place.log == []
    digest = get(make_client(), tmp_path / "pack").digest
    asked = len(place.log)
    assert get(offline, tmp_path / "other").digest == digest
    assert len(place.log) == asked


def test_a_plan_writes_nothing_and_asks_for_names_and_sizes_only(
    place: Loopback, client: Client, tmp_path: Path
):
    words = plan_only(client, GetOptions((NAME,), tmp_path / "pack"))
    assert "Nothing was fetched and nothing was written." in words
    for source in ("TS021", "TS007A", "TS029", "TS045", "NaPTAN", "Code-Point Open", "Timetable", "overpass"):
        assert source in words
    assert re.search(r"Deprivation 2025, File 7 \(1\.\d MB\)", words)
    others = [asked for asked in place.log if asked.method != "HEAD"]
    assert all("/LAD_" in asked.path for asked in others)
    assert list(tmp_path.iterdir()) == []
    place.log.clear()
    assert "Oldham" in plan_only(client, GetOptions(("oldham council",), tmp_path / "pack"))
    assert {asked.method for asked in place.log} == {"HEAD"}


def _without_last_area(reply: Reply) -> Reply:
    last = list(LSOAS)[-1].encode()
    lines = [line for line in reply.body.splitlines(keepends=True) if not line.startswith(last)]
    return replace(reply, body=b"".join(lines))


def _half(reply: Reply) -> Reply:
    return replace(reply, body=reply.body[: len(reply.body) // 2])


SHORT: dict[str, tuple[str, Callable[[Reply], Reply], str]] = {
    "census without one area": ("NM_2041_1", _without_last_area, "no complete counts"),
    "a table of cars without one area": ("NM_2063_1", _without_last_area, "no complete counts"),
    "census cut in a row": ("NM_2041_1", lambda reply: replace(reply, body=reply.body[:-9]), "Nomis"),
    "boundaries: an error in a good answer": (
        "Boundaries", lambda reply: replace(reply, body=b'{"error": {"code": 400, "message": "no"}}'), "no",
    ),
    "no output areas": (
        "/Output_Areas",
        lambda reply: replace(reply, body=b'{"type": "FeatureCollection", "features": [], "count": 0}'),
        "output areas",
    ),
    "timetable: half a zip": ("/bods/", _half, "zip"),
    "timetable: a web page": ("/bods/", lambda reply: replace(reply, body=b"<html><body>Hi"), "web page"),
    "stops cut in a row": (
        "/naptan/", lambda reply: replace(reply, body=reply.body[:-30]), "middle of a row"
    ),
    "postcodes: half a zip": ("/code_point", _half, "zip"),
    "deprivation: half a country": ("/deprivation/", _half, "LSOAs"),
    "streets cut": ("/overpass/", _half, "can't be read"),
    "streets: given up in the middle": (
        "/overpass/",
        lambda reply: replace(reply, body=reply.body[:-1] + b', "remark": "runtime error: timed out"}'),
        "gave up in the middle",
    ),
    "streets: none": (
        "/overpass/", lambda reply: replace(reply, body=b'{"elements": []}'), "no street at all"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SHORT)
def test_a_short_answer_stops_with_the_fix_and_never_makes_a_pack(
    place: Loopback, client: Client, tmp_path: Path, case: str
):
    path, change, words = SHORT[case]
    alter(place, path, change)
    with pytest.raises(DownloadError) as error:
        get(client, tmp_path / "pack")
    assert words in str(error.value)
    assert error.value.advice
    assert "http://" in error.value.address
    assert not (tmp_path / "pack").exists()


def test_an_older_pack_stays_when_a_refresh_fails(
    place: Loopback, make_client: Callable[..., Client], tmp_path: Path
):
    digest = get(make_client(), tmp_path / "pack").digest
    newer = {"Last-Modified": "Fri, 02 Oct 2026 06:00:00 GMT"}
    alter(place, "/bods/", lambda reply: replace(_half(reply), headers=newer))
    with pytest.raises(DownloadError):
        get(make_client(refresh=True), tmp_path / "pack")
    assert load_manifest(tmp_path / "pack").digest == digest


def test_a_timetable_of_another_place_is_no_pack(place: Loopback, client: Client, tmp_path: Path):
    from tests import get_place

    place.responders.insert(
        0,
        lambda asked: Reply(
            get_place._zip(_elsewhere(get_place.timetable())), "application/zip"
        ) if "/bods/" in asked.path else None,
    )  # fmt: skip
    with pytest.raises(OneBusReachError) as error:
        get(client, tmp_path / "pack")
    assert error.value.exit_code == 3
    assert not (tmp_path / "pack").exists()


def _elsewhere(packed: bytes) -> dict[str, str]:
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    files["stops.txt"] = re.sub(r",53\.", ",50.", files["stops.txt"])
    return files


def test_a_register_and_an_extract_of_ones_own_are_taken_in(place: Loopback, client: Client, tmp_path: Path):
    from tests import get_place

    register = tmp_path / "Our list.csv"
    register.write_text("service_id,service,postcode\n1,Lunch club,OL1 1AA\n", encoding="utf-8")
    extract = tmp_path / "streets.osm"
    extract.write_bytes(get_place.streets())
    got = get(client, tmp_path / "pack", services=str(register), streets=str(extract))
    pack = load_pack(got.pack)
    assert pack.manifest.has_register
    assert pack.services.set_index("service_id").at["1", "location_basis"] == "postcode"
    assert place.asked("/overpass/") == []
    assert "licence is not stated" in got.words
    assert extract.read_bytes() == get_place.streets()


def test_a_county_s_extract_is_cut_to_the_place_and_another_county_s_is_refused(
    place: Loopback, client: Client, tmp_path: Path
):
    """The extract has the place and a town 40 km off: the pack is that of the place's own extract.

    So it is where Geofabrik has the county.
    """
    from tests import get_place

    town = get_place.streets().decode()
    away = re.sub(r'lat="53\.(\d)', lambda found: f'lat="53.{int(found[1]) + 4}', town)
    away = re.sub(r'(id|ref)="(\d+)"', lambda found: f'{found[1]}="{int(found[2]) + 500_000}"', away)
    for name, text in (("own", town), ("far", away)):
        (tmp_path / f"{name}.osm").write_text(text, encoding="utf-8")
    body = "".join(text[text.index("<node") : text.index("</osm>")] for text in (town, away))
    (tmp_path / "county.osm").write_text(f'<?xml version="1.0"?><osm version="0.6">{body}</osm>')
    own = get(client, tmp_path / "a", streets=str(tmp_path / "own.osm"))
    got = get(client, tmp_path / "b", streets=str(tmp_path / "county.osm"))
    assert got.digest == own.digest and load_pack(got.pack).walk is not None
    assert "62 ways of the area" in got.words

    county = tmp_path / "county.osm.pbf"
    with osmium.SimpleWriter(str(county)) as writer:
        for entity in osmium.FileProcessor(str(tmp_path / "county.osm")):
            writer.add(entity)
    path = "/geofabrik/europe/united-kingdom/england/thorn-latest.osm.pbf"
    place.serve(path, county.read_bytes(), content_type="application/octet-stream")
    md5 = hashlib.md5(county.read_bytes(), usedforsecurity=False).hexdigest()
    place.serve(f"{path}.md5", f"{md5}  thorn-latest.osm.pbf\n".encode())
    plan = plan_only(client, GetOptions((NAME,), None, streets="england/thorn"))
    assert path in plan and "overpass" not in plan
    fetched = get(client, tmp_path / "d", streets="england/thorn")
    assert fetched.digest == own.digest and path in fetched.words
    with pytest.raises(OneBusReachError, match=r"near 0% of the 4 neighbourhoods[\s\S]*--streets"):
        get(client, tmp_path / "c", streets=str(tmp_path / "far.osm"))
    assert not (tmp_path / "c").exists()


def test_a_register_at_an_address_is_fetched_and_a_web_page_is_refused(
    place: Loopback, client: Client, tmp_path: Path
):
    place.serve("/list.csv", b"service_id,service,postcode\n1,Lunch club,OL1 1AA\n", content_type="text/csv")
    got = get(client, tmp_path / "pack", services=f"{place.base}/list.csv")
    assert load_manifest(got.pack).has_register
    place.serve("/download/7", build_workbook(), content_type="text/html")
    got = get(client, tmp_path / "book", services=f"{place.base}/download/7")
    assert (load_pack(got.pack).services["kind"] == "service").sum() == 12
    place.serve("/page.csv", b"<!doctype html><html>sign in</html>", content_type="text/html")
    with pytest.raises(DownloadError, match="web page"):
        get(client, tmp_path / "pack", services=f"{place.base}/page.csv")


def test_an_open_referral_feed_becomes_the_register(place: Loopback, client: Client, tmp_path: Path):
    from tests.loopback.open_referral import Feed, make_services

    Feed(make_services(12)).install(place)
    got = get(client, tmp_path / "pack", services=f"{place.base}/feed/services")
    services = load_pack(got.pack).services
    assert (services["kind"] == "service").sum() == 12
    assert "12 services" in got.words
    assert "feed" in plan_only(client, GetOptions((NAME,), tmp_path / "p", services=f"{place.base}/feed"))


def test_without_out_the_pack_is_in_the_list(
    place: Loopback, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert place.log == []
    monkeypatch.setenv("ONE_BUS_REACH_PACKS", str(tmp_path / "packs"))
    got = run_get(client, GetOptions((NAME,)), bar=show_nothing, quiet=True, today=lambda: TODAY)
    assert [entry.path for entry in list_packs() if entry.area_id == "thorn_green"] == [got.pack]


@pytest.mark.parametrize(("name", "code"), [("Oldam", 2), ("S12000036", 2), ("Oldham", 3)])
def test_the_command_says_by_its_exit_code_whose_fault_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, code: int
):
    folders = ["--cache", str(tmp_path / "cache"), "--out", str(tmp_path / "pack")]
    assert main(["get", name, "--offline", *folders]) == code
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert "Oldham" in said.err or "England and Wales" in said.err
    assert not (tmp_path / "pack").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"streets": "gone.osm.pbf"}, "no such file"),
        ({"streets": "map.png"}, ".osm.pbf"),
        ({"streets": "../england"}, "as Geofabrik names"),
        ({"services": "gone.csv"}, "no such file"),
        ({"services": "list.pdf"}, ".csv"),
    ],
)
def test_options_that_cannot_be_are_refused_before_any_request(
    place: Loopback, client: Client, tmp_path: Path, options: dict[str, object], words: str
):
    with pytest.raises(UsageError, match=re.escape(words)):
        get(client, tmp_path / "pack", **options)
    assert place.log == []


@pytest.mark.usefixtures("place")
def test_a_name_that_is_none_is_refused_with_near_names(client: Client, tmp_path: Path):
    with pytest.raises(UsageError, match="Oldham"):
        get(client, tmp_path / "pack", "Oldam")
    with pytest.raises(UsageError, match="is in Scotland"):
        get(client, tmp_path / "pack", "S12000036")


def test_several_places_are_one_area():
    from data.fetch.authorities import find_authorities

    oldham = find_authorities(["Oldham", "Newcastle upon Tyne"])
    assert name_area(oldham) == ("oldham_newcastle_upon_tyne", "Oldham and Newcastle upon Tyne")
    area_id, name = name_area(find_authorities(["Oldham", "Rochdale", "Newport", "Islington", "Redbridge",
                                                "Newcastle upon Tyne", "Cardiff"]))  # fmt: skip
    assert len(area_id) <= 64
    assert name.endswith("Newcastle upon Tyne and Cardiff")
    assert CODE not in area_id


@pytest.mark.usefixtures("place")
def test_the_configuration_written_is_one_that_build_reads(client: Client, tmp_path: Path):
    got = get(client, tmp_path / "pack")
    config = load_config(got.page.with_name("area.toml"))
    assert config.area_id == "thorn_green"
    assert config.neighbourhoods is not None
    assert config.neighbourhoods.expected == len(LSOAS)
    assert {publisher.licence for publisher in config.publishers.values()} == {
        "Open Government Licence v3.0", "Open Database Licence (ODbL) 1.0"
    }  # fmt: skip
