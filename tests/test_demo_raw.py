"""The fictional borough's raw files: same bytes, invented ids, a timetable that could run."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import subprocess
import sys
import zipfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from data.demo import CONFIG_FILE, PACK_DIR
from data.packio import write_pack

CHECKOUT = Path(__file__).resolve().parents[1]
# The nineteen names of TS021, typed from the census and not taken from the generator.
ASIAN = "Asian, Asian British or Asian Welsh: "
BLACK = "Black, Black British, Black Welsh, Caribbean or African: "
MIXED = "Mixed or Multiple ethnic groups: "
NINETEEN = {
    *(ASIAN + name for name in ("Bangladeshi", "Chinese", "Indian", "Pakistani", "Other Asian")),
    *(BLACK + name for name in ("African", "Caribbean", "Other Black")),
    *(MIXED + name for name in ("White and Asian", "White and Black African", "White and Black Caribbean")),
    MIXED + "Other Mixed or Multiple ethnic groups",
    "White: English, Welsh, Scottish, Northern Irish or British",
    *("White: " + name for name in ("Irish", "Gypsy or Irish Traveller", "Roma", "Other White")),
    "Other ethnic group: Arab",
    "Other ethnic group: Any other ethnic group",
}


@pytest.fixture(scope="module")
def raw(demo_raw: Path) -> Path:
    return demo_raw / "demo"


@pytest.fixture(scope="module")
def feed(raw: Path) -> dict[str, pd.DataFrame]:
    with zipfile.ZipFile(raw / "bus" / "fernley_vale_gtfs.zip") as archive:
        return {
            name.removesuffix(".txt"): pd.read_csv(archive.open(name), dtype=str, keep_default_na=False)
            for name in archive.namelist()
        }


@pytest.fixture(scope="module")
def calls(feed: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the calls with seconds, the trip's line and days, and the stop's place in metres."""
    table = feed["stop_times"].merge(feed["trips"], on="trip_id").merge(feed["routes"], on="route_id")
    table = table.merge(feed["stops"], on="stop_id")
    for name in ("arrival", "departure"):
        parts = table[f"{name}_time"].str.split(":", expand=True).astype(int)
        table[f"{name}_s"] = parts[0] * 3600 + parts[1] * 60 + parts[2]
    lat, lon = table.stop_lat.astype(float), table.stop_lon.astype(float)
    table["y"], table["x"] = lat * 111_320.0, lon * 111_320.0 * np.cos(np.radians(54.7))
    table["stop_sequence"] = table.stop_sequence.astype(int)
    return table.sort_values(["trip_id", "stop_sequence"], ignore_index=True)


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the raw files once more, in a process whose sets and dictionaries hash otherwise."""
    out = tmp_path_factory.mktemp("demo_again")
    code = (
        "import sys; from pathlib import Path; from data.demo import write_raw; write_raw(Path(sys.argv[1]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    subprocess.run([sys.executable, "-c", code, str(out)], check=True, cwd=CHECKOUT, env=environment)
    return out / "demo"


def test_another_process_writes_the_same_bytes(raw: Path, again: Path) -> None:
    assert _digests(again) == _digests(raw)


def _build(raw: Path, out: Path) -> Path:
    from data.build import build_pack
    from data.config import load_config

    return write_pack(build_pack(load_config(CONFIG_FILE), raw.parent), out)


def test_rebuilding_gives_the_same_bytes_and_the_committed_pack(
    raw: Path, again: Path, tmp_path: Path
) -> None:
    first, second = _build(raw, tmp_path / "first"), _build(again, tmp_path / "second")
    assert _digests(first) == _digests(second)
    # Another machine's sine may differ in its last bit: the committed pack is compared to a micrometre.
    names = sorted(path.name for path in first.glob("*.parquet"))
    assert names == sorted(path.name for path in PACK_DIR.glob("*.parquet"))
    for name in names:
        built, committed = (pd.read_parquet(folder / name) for folder in (first, PACK_DIR))
        if "geometry" in built:
            shapes = [shapely.from_wkb(table.pop("geometry").to_numpy()) for table in (built, committed)]
            assert shapely.equals_exact(shapes[0], shapes[1], tolerance=1e-6).all(), name
        pd.testing.assert_frame_equal(built, committed, rtol=0, atol=1e-6, obj=name)


def test_zip_entries_carry_no_clock(raw: Path) -> None:
    with zipfile.ZipFile(raw / "bus" / "fernley_vale_gtfs.zip") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2026, 9, 1, 0, 0, 0)}


def test_ids_cannot_be_mistaken_for_real_ones(raw: Path, feed: dict[str, pd.DataFrame]) -> None:
    areas = pd.read_csv(raw / "lookups" / "lsoa_ward.csv")
    for column in ("lsoa21_code", "ward24_code", "ltla24_code"):
        assert areas[column].str.fullmatch(r"X0\d{7}").all()
    assert areas.lsoa21_code.is_unique
    assert areas.lsoa21_name.str.fullmatch(r"Fernley Vale \d{3}[A-E]").all()
    postcodes = pd.read_csv(raw / "lookups" / "postcodes.csv")
    assert postcodes.postcode.str.fullmatch(r"ZZ[1-9] [1-9][A-Z]{2}").all()
    assert postcodes.postcode.is_unique
    assert feed["stops"].stop_id.str.fullmatch(r"9990FV\d{5}").all()
    assert feed["agency"].agency_name.str.contains("fictional").all()
    assert feed["feed_info"].feed_publisher_name.str.contains("fictional").all()


def test_the_borough_lies_in_open_sea(raw: Path, feed: dict[str, pd.DataFrame]) -> None:
    # The coast of Teesside is near easting 467,000; this is over 80 km east of it.
    postcodes = pd.read_csv(raw / "lookups" / "postcodes.csv")
    assert postcodes.easting.between(553_000, 567_000).all()
    assert postcodes.northing.between(533_000, 547_000).all()
    assert feed["stops"].stop_lon.astype(float).between(0.35, 0.65).all()


def test_census_has_the_nineteen_groups_and_totals_that_agree(raw: Path) -> None:
    table = pd.read_csv(raw / "census" / "ts021_nomis.csv")
    assert list(table.columns) == [
        "GEOGRAPHY_CODE", "GEOGRAPHY_NAME", "C2021_ETH_20", "C2021_ETH_20_NAME", "OBS_VALUE",
    ]  # fmt: skip
    total = table[table.C2021_ETH_20 == 0].set_index("GEOGRAPHY_CODE").OBS_VALUE
    groups = table[table.C2021_ETH_20 != 0]
    assert set(groups.C2021_ETH_20_NAME) == NINETEEN
    assert (groups.groupby("GEOGRAPHY_CODE").OBS_VALUE.sum() == total).all()
    assert 80 <= len(total) <= 120
    assert total.between(1_000, 3_000).all()
    assert 150_000 <= total.sum() <= 200_000
    points = pd.read_csv(raw / "census" / "output_area_points.csv")
    assert (points.groupby("lsoa21_code").persons.sum() == total).all()


def test_groups_are_clustered_and_small_counts_exist(raw: Path) -> None:
    table = pd.read_csv(raw / "census" / "ts021_nomis.csv")
    wide = table.pivot_table(index="GEOGRAPHY_CODE", columns="C2021_ETH_20", values="OBS_VALUE")
    share = wide.div(wide[0], axis=0)
    points = pd.read_csv(raw / "census" / "output_area_points.csv")
    middle = points.groupby("lsoa21_code")[["easting", "northing"]].mean() - np.array([560_000, 540_000])
    pakistani, bangladeshi, white_british = share[11], share[12], share[1]
    assert pakistani.max() > 0.4 and bangladeshi.max() > 0.4
    assert middle.easting[pakistani.idxmax()] < -400 and middle.easting[bangladeshi.idxmax()] > 400
    far = np.hypot(middle.easting, middle.northing) > 3_800
    assert far.sum() >= 5 and (white_british[far] > 0.9).all()
    assert 0.55 < (wide[1].sum() / wide[0].sum()) < 0.75
    assert (wide[3] < 10).mean() > 0.5  # Gypsy or Irish Traveller: few in most neighbourhoods


def test_times_only_go_forward_at_speeds_a_bus_can_drive(calls: pd.DataFrame) -> None:
    assert (calls.departure_s >= calls.arrival_s).all()
    same = calls.trip_id == calls.trip_id.shift(-1)
    ride_s = (calls.arrival_s.shift(-1) - calls.departure_s)[same]
    assert (ride_s > 0).all()
    metres = np.hypot(calls.x.shift(-1) - calls.x, calls.y.shift(-1) - calls.y)[same]
    assert (3.6 * metres / ride_s).max() < 70
    trips = calls.assign(metres=metres.reindex(calls.index)).groupby("trip_id")
    seconds = trips.arrival_s.max() - trips.departure_s.min()
    speed = 3.6 * trips.metres.sum() / seconds
    assert speed.between(8, 45).all()
    assert (trips.size() >= 2).all()


def test_files_refer_to_each_other(feed: dict[str, pd.DataFrame]) -> None:
    assert set(feed["trips"].route_id) == set(feed["routes"].route_id)
    assert set(feed["trips"].service_id) == set(feed["calendar"].service_id)
    assert set(feed["stop_times"].trip_id) == set(feed["trips"].trip_id)
    assert set(feed["stop_times"].stop_id) <= set(feed["stops"].stop_id)
    assert set(feed["trips"].shape_id) == set(feed["shapes"].shape_id)
    assert set(feed["routes"].agency_id) <= set(feed["agency"].agency_id)
    assert feed["trips"].trip_id.is_unique and feed["stops"].stop_id.is_unique


def _first_departures(calls: pd.DataFrame, line: str, days: str, direction: str = "0") -> np.ndarray:
    mine = (calls.route_short_name == line) & (calls.service_id == days) & (calls.direction_id == direction)
    first = calls[mine & (calls.stop_sequence == 1)]
    return np.sort(first.departure_s.to_numpy())


def test_lines_run_as_the_borough_needs_them(calls: pd.DataFrame) -> None:
    gaps = np.diff(_first_departures(calls, "1", "MF"))
    assert np.median(gaps) == 8 * 60  # a frequent radial
    assert set(np.diff(_first_departures(calls, "5", "MF"))) == {3600}  # the hourly estate service
    evening = _first_departures(calls, "6", "MF")
    assert np.diff(evening[evening < 18 * 3600]).max() == 15 * 60
    assert np.diff(evening[evening > 19 * 3600]).min() == 60 * 60  # thin in the evening
    assert _first_departures(calls, "7", "MF")[-1] == 18.5 * 3600  # the last bus
    assert np.diff(_first_departures(calls, "20", "MF")).min() == 2 * 3600  # to the villages
    types = calls.drop_duplicates("route_short_name").set_index("route_short_name").route_type
    assert types["T"] == "0" and types["S7"] == "712" and types["C9"] == "200"
    assert (types == "3").sum() >= 12
    assert len(_first_departures(calls, "7", "SU")) == 0
    assert len(_first_departures(calls, "1", "SU")) < 0.6 * len(_first_departures(calls, "1", "MF"))


def test_awkward_trips_are_there(calls: pd.DataFrame, feed: dict[str, pd.DataFrame]) -> None:
    assert calls.departure_s.max() > 26 * 3600  # past midnight, on the day before's service
    circular = calls[calls.route_short_name == "8"].groupby("trip_id").stop_id
    assert ((circular.nunique() < circular.size()) & (circular.first() == circular.last())).all()
    middle = calls[(calls.route_short_name == "X50") & (calls.stop_sequence > 1)]
    assert ((middle.pickup_type == "1") & (middle.drop_off_type == "0")).any()
    assert ((middle.pickup_type == "0") & (middle.drop_off_type == "1")).any()
    removed = feed["calendar_dates"].query("service_id == 'SCH' and exception_type == '2'").date
    assert {"20261026", "20270215"} <= set(removed)
    added = feed["calendar_dates"].query("service_id == 'SU' and exception_type == '1'").date
    assert {"20261228", "20270101"} <= set(added)


def test_stops_stand_on_both_sides_at_walkable_distances(raw: Path, calls: pd.DataFrame) -> None:
    with (raw / "bus" / "naptan.csv").open(encoding="utf-8-sig", newline="") as lines:
        stops = list(csv.DictReader(lines))
    assert all(stop["CommonName"] for stop in stops)
    poles = [stop for stop in stops if stop["StopType"] == "BCT"]
    assert {stop["Bearing"] for stop in poles} == {"N", "NE", "E", "SE", "S", "SW", "W", "NW"}
    sides = defaultdict(set)
    for stop in poles:
        sides[stop["CommonName"], stop["Street"]].add(stop["Indicator"])
    assert np.mean([both == {"adj", "opp"} for both in sides.values()]) > 0.6
    bus = calls[(calls.route_type == "3") & (calls.route_short_name != "X50")]
    same = bus.trip_id == bus.trip_id.shift(-1)
    metres = np.hypot(bus.x.shift(-1) - bus.x, bus.y.shift(-1) - bus.y)[same]
    assert 230 < metres.median() < 400
    unserved = {stop["ATCOCode"] for stop in stops} - set(calls.stop_id)
    assert 0 < len(unserved) < 0.1 * len(stops)


def test_contacts_are_kept_for_fiction(raw: Path) -> None:
    services = pd.read_csv(raw / "services" / "services.csv", dtype=str)
    places = pd.read_csv(raw / "services" / "osm_amenities.csv", dtype=str)
    drama = re.compile(
        r"01632 960\d{3}|0113 496 0\d{3}|0161 496 0\d{3}|07700 900\d{3}|0306 999 0\d{3}|0808 157 0\d{3}"
    )
    phones = pd.concat([services.phone, places.phone]).dropna()
    assert len(phones) > 150 and phones.map(lambda text: drama.fullmatch(text) is not None).all()
    assert services.website.dropna().str.fullmatch(r"https://[a-z]+\.example").all()
    assert services.email.dropna().str.endswith(".example").all()
