"""Timetables, stops, streets, postcodes, deprivation: files come whole, and the importers read them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
import shapely
import shapely.geometry

from data.errors import DownloadError, UsageError
from data.fetch.authorities import find_authorities
from data.fetch.bods import fetch_timetable, own_regions, plan_timetable
from data.fetch.deprivation import fetch_deprivation, plan_deprivation
from data.fetch.http import Client
from data.fetch.naptan import choose_atco_areas, fetch_stops, plan_stops
from data.fetch.postcodes import fetch_postcodes, plan_postcodes
from data.fetch.streets import fetch_extract, plan_extract, plan_streets
from data.fetch.wimd import fetch_wimd
from data.sources.faultlog import FaultLog
from data.sources.naptan import read_naptan
from data.sources.postcodes import read_postcodes
from tests.get_place import WIMD_PATH, wimd
from tests.loopback.authority import FernleyVale
from tests.loopback.server import Loopback
from tests.test_fetch_download import make_zip

pytest_plugins = ("tests.loopback.fixtures",)

Make = Callable[..., Client]
FEED = dict.fromkeys(("stops.txt", "routes.txt", "trips.txt", "stop_times.txt"), b"a\n1\n")
BODS = "/bods/timetable/download/gtfs-file/north_west/"


@pytest.fixture
def area(vale: FernleyVale) -> shapely.Geometry:
    return shapely.union_all([shapely.geometry.shape(row["geometry"]) for row in vale.rows["lsoa"]])


def test_the_timetable_comes_and_starts_anew_where_range_is_ignored(
    server: Loopback, vale: FernleyVale, client: Client, tmp_path: Path
) -> None:
    server.break_next("cut", "/bods")
    found = fetch_timetable(client, "north_west", tmp_path / "feed.zip")
    assert found.path.read_bytes() == (vale.raw / "demo" / "bus" / "fernley_vale_gtfs.zip").read_bytes()
    assert [asked.status for asked in server.log] == [200, 200] and str(found.date) == "2026-09-01"
    assert fetch_timetable(client, "north_west", tmp_path / "feed.zip").from_cache


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({**FEED, "../../evil.txt": b"x"}, "leads out"),
        ({**FEED, "shapes.txt": bytes(60_000_000)}, "a bomb"),
        ({"stops.txt": b"x"}, "holds no routes.txt"),
    ],
)
def test_dangerous_or_poor_timetables_never_replace_the_old_one(
    server: Loopback, client: Client, tmp_path: Path, members: dict[str, bytes], words: str
) -> None:
    server.serve(BODS, make_zip(members))
    target = tmp_path / "feed.zip"
    target.write_bytes(b"old")
    with pytest.raises(DownloadError, match=words):
        fetch_timetable(client, "north_west", target)
    assert target.read_bytes() == b"old" and not (tmp_path.parent / "evil.txt").exists()


@pytest.mark.parametrize("fault", ["claims_less", "html", "gzip_cut", "reset"])
def test_a_short_or_strange_timetable_is_fetched_again(
    server: Loopback, vale: FernleyVale, client: Client, tmp_path: Path, fault: str
) -> None:
    server.break_next(fault, "/bods")
    fetch_timetable(client, "north_west", tmp_path / "feed.zip")
    assert len(server.log) == 2 and vale.etag


def test_regions_and_areas_cover_every_authority() -> None:
    greater = find_authorities(["Oldham", "Bury"])
    assert own_regions(greater) == ["north_west"] and choose_atco_areas(greater) == ("180",)
    far = find_authorities(["Oldham", "Islington"])
    assert own_regions(far) == ["north_west", "london"] and choose_atco_areas(far) == ("180", "490")
    assert own_regions(find_authorities(["Newport", "Oldham"])) == ["wales", "north_west"]
    assert own_regions(find_authorities(["Oldham", "Thurrock"])) == ["england"]
    assert choose_atco_areas(find_authorities(["Oldham", "Thurrock"])) == ()


def test_unknown_regions_and_codes_are_told_before_anybody_is_asked(server: Loopback, client: Client) -> None:
    with pytest.raises(UsageError, match="no region of BODS"):
        fetch_timetable(client, "../../etc", Path("x"))
    with pytest.raises(UsageError, match="three digits"):
        fetch_stops(client, ["18"], Path("x"))
    with pytest.raises(UsageError, match="as Geofabrik does"):
        fetch_extract(client, "../secret", Path("x"))
    assert server.log == []


def test_stops_come_and_are_counted(
    server: Loopback, vale: FernleyVale, client: Client, tmp_path: Path
) -> None:
    found = fetch_stops(client, ["999"], tmp_path / "naptan.csv")
    assert server.log[0].query == {"dataFormat": "csv", "atcoAreaCodes": "999"}
    stops, _ = read_naptan(tmp_path / "naptan.csv", crs="EPSG:27700")
    assert found.count == len(stops) > 400
    with pytest.raises(DownloadError, match="no stop for area 490"):
        fetch_stops(client, ["999", "490"], tmp_path / "other.csv")
    fetch_stops(client, [], tmp_path / "all.csv")
    assert "atcoAreaCodes" not in server.log[-1].query and vale.raw


def test_stops_that_end_in_a_row_are_fetched_again(
    server: Loopback, vale: FernleyVale, client: Client, tmp_path: Path
) -> None:
    server.break_next("claims_less", "/naptan")
    fetch_stops(client, ["999"], tmp_path / "naptan.csv")
    assert len(server.log) == 2 and vale.raw


def test_an_extract_is_held_to_its_checksum(
    server: Loopback, vale: FernleyVale, client: Client, tmp_path: Path
) -> None:
    server.break_next("cut", r"pbf$")
    found = fetch_extract(client, "england/fernley-vale", tmp_path / "a.osm.pbf")
    assert found.path.read_bytes() == vale.extract()
    assert [asked.status for asked in server.asked(r"pbf$")] == [200, 206]
    server.serve("/geofabrik/europe/united-kingdom/england/b-latest.osm.pbf", vale.extract())
    server.serve("/geofabrik/europe/united-kingdom/england/b-latest.osm.pbf.md5", b"0" * 32 + b"  b\n")
    with pytest.raises(DownloadError, match="MD5"):
        fetch_extract(client, "england/b", tmp_path / "b.osm.pbf")


def test_postcodes_of_a_box(server: Loopback, vale: FernleyVale, client: Client, tmp_path: Path) -> None:
    box = (550_000.0, 530_000.0, 570_000.0, 550_000.0)
    found = fetch_postcodes(client, box, tmp_path / "whole.zip", tmp_path / "pc.csv")
    frame = read_postcodes(
        tmp_path / "pc.csv", crs="EPSG:27700", neighbourhoods=None, margin_m=0, log=FaultLog("postcodes")
    )
    assert found.count == len(frame) > 1000 and all(frame["postcode"].str.startswith("ZZ"))
    assert server.log[0].query["area"] == "GB" and "redirect" in server.log[0].query and vale.raw
    with pytest.raises(DownloadError, match="no postcode in the area"):
        fetch_postcodes(client, (0, 0, 1, 1), tmp_path / "whole.zip", tmp_path / "no.csv")


def test_postcodes_from_another_host_are_refused(server: Loopback, client: Client, tmp_path: Path) -> None:
    server.break_next("redirect_away", "/code_point_open", to="http://localhost:1/codepo.zip")
    with pytest.raises(DownloadError, match=r"another place[\s\S]*code_point_open"):
        fetch_postcodes(client, (0, 0, 1, 1), tmp_path / "w.zip", tmp_path / "p.csv")


def test_deprivation_of_the_area_only(
    server: Loopback, vale: FernleyVale, client: Client, tmp_path: Path
) -> None:
    found = fetch_deprivation(
        client, [*vale.lsoas, "W01000001"], tmp_path / "whole.csv", tmp_path / "imd.csv"
    )
    assert found is not None and found.count == 99
    with (tmp_path / "imd.csv").open(newline="") as stream:
        assert {row["LSOA code (2021)"] for row in csv.DictReader(stream)} == set(vale.lsoas)
    with pytest.raises(DownloadError, match="lacks 1 of 1 LSOAs"):
        fetch_deprivation(client, ["E01888888"], tmp_path / "whole.csv", tmp_path / "no.csv")
    asked = len(server.log)
    assert fetch_deprivation(client, ["W01000001"], tmp_path / "w.csv", tmp_path / "w2.csv") is None
    assert len(server.log) == asked


def test_a_deprivation_file_that_was_cut_is_noticed(
    server: Loopback, vale: FernleyVale, client: Client, tmp_path: Path
) -> None:
    server.break_next("claims_less", "/deprivation", times=9)
    with pytest.raises(DownloadError, match="of 33,755 LSOAs"):
        fetch_deprivation(client, vale.lsoas, tmp_path / "whole.csv", tmp_path / "imd.csv")


WELSH = ["W01889902", "W01889900"]
WIMD_FAULTS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "half a spreadsheet": (lambda body: body[: len(body) // 2], "zip"),
    "a web page": (lambda _: b"<!doctype html><html>Sorry", "web page"),
    "half of Wales": (lambda _: wimd(900), "900 of 1,909"),
    "another sheet": (lambda _: wimd(sheet="Sheet1"), "without the sheet"),
    "other columns": (
        lambda body: _zip_with(body, b"overall rank", b"total rank"), "without LSOA code, overall rank"
    ),
    "broken inside": (lambda body: _zip_with(body, b"</table:table>", b"</table:tab>"), "broken inside"),
}  # fmt: skip


def _zip_with(body: bytes, old: bytes, new: bytes) -> bytes:
    import io
    import zipfile

    from tests import get_place

    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return get_place._zip({name: data.replace(old, new).decode() for name, data in files.items()})


@pytest.mark.parametrize("case", WIMD_FAULTS)
def test_a_welsh_index_that_is_not_whole_is_noticed(
    server: Loopback, client: Client, tmp_path: Path, case: str
) -> None:
    change, words = WIMD_FAULTS[case]
    server.serve(f"/wimd/{WIMD_PATH}", change(wimd()), content_type="application/octet-stream")
    with pytest.raises(DownloadError, match=words) as error:
        fetch_wimd(client, WELSH, tmp_path / "wimd.ods", tmp_path / "wimd.csv")
    assert error.value.advice
    assert not (tmp_path / "wimd.csv").exists()


def test_the_welsh_index_of_an_area_only(server: Loopback, client: Client, tmp_path: Path) -> None:
    server.serve(f"/wimd/{WIMD_PATH}", wimd(), content_type="application/octet-stream")
    found = fetch_wimd(client, WELSH, tmp_path / "wimd.ods", tmp_path / "wimd.csv")
    assert (found.count, found.counted) == (2, "LSOA 2011")
    with (tmp_path / "wimd.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows == [["LSOA code", "WIMD 2019 rank", "WIMD 2019 decile"],
                    ["W01889900", "1", "1"], ["W01889902", "301", "3"]]  # fmt: skip
    with pytest.raises(DownloadError, match="lacks 1 of 2 LSOAs"):
        fetch_wimd(client, ["W01889900", "W01999999"], tmp_path / "wimd.ods", tmp_path / "no.csv")


def test_plans_say_where_and_how_large(server: Loopback, vale: FernleyVale, make_client: Make) -> None:
    client = make_client()
    feed = plan_timetable(client, "north_west")
    assert feed.size_bytes == (vale.raw / "demo" / "bus" / "fernley_vale_gtfs.zip").stat().st_size
    assert plan_stops(client, ["999"]).size_bytes and plan_deprivation(client).size_bytes
    assert plan_extract(client, "england/fernley-vale").size_bytes == len(vale.extract())
    assert "km²" in plan_streets(client).note and plan_postcodes(client).size_bytes
    assert {asked.method for asked in server.log} == {"HEAD"}
    offline = make_client(offline=True)
    assert plan_timetable(offline, "north_west").size_bytes == 89_000_000
