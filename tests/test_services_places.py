"""Where services are: coordinates in every state of disrepair, postcodes, OSM amenities, schools."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from data.errors import SourceError
from data.sources.osm_amenities import category_of, read_amenities
from data.sources.schools import read_schools
from data.sources.service_places import normalise_postcode, read_number
from data.sources.services import ServicesResult, read_services
from tests.street_files import StreetFile

CRS = "EPSG:27700"
# The pack's postcode table: one in the middle of Newport.
POSTCODES = pd.DataFrame({"postcode": ["NP20 1GA"], "x": [331_005.0], "y": [188_299.0]})


def locate(tmp_path: Path, **cells: str) -> tuple[pd.Series, set[str]]:
    path = tmp_path / "s.csv"
    header = ["service_id", "service", *cells]
    path.write_text(
        "\t".join(header) + "\n" + "\t".join(["1", "Walks", *cells.values()]) + "\n", encoding="utf-8"
    )
    result: ServicesResult = read_services(path, crs=CRS, postcodes=POSTCODES)
    return result.services.iloc[0], {fault.code for fault in result.faults} - {"delimiter"}


def test_degrees_grid_and_postcode_lead_to_the_same_place(tmp_path: Path) -> None:
    by_degrees, faults = locate(tmp_path, lon="-2.9973", lat="51.5893")
    assert faults == set()
    by_grid, _ = locate(tmp_path, easting="331005", northing="188299")
    by_postcode, _ = locate(tmp_path, postcode="np20 1ga")
    for row in (by_grid, by_postcode):
        assert abs(row["x"] - by_degrees["x"]) < 5
        assert abs(row["lat"] - by_degrees["lat"]) < 1e-4
    assert [row["location_basis"] for row in (by_degrees, by_grid, by_postcode)] == [
        "given",
        "given",
        "postcode",
    ]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"lon": "0", "lat": "0"}, "coordinates_zero"),
        ({"lon": "NaN", "lat": "51.58"}, "coordinates_unreadable"),
        ({"lon": "inf", "lat": "51.58"}, "coordinates_unreadable"),
        ({"lon": "-2.99", "lat": ""}, "coordinates_unreadable"),
        ({"lon": "west", "lat": "51.58"}, "coordinates_unreadable"),
        ({"lon": "-2.99", "lat": "151.58"}, "coordinates_outside"),
        ({"lon": "2.99", "lat": "51.58"}, "coordinates_outside"),  # the minus is gone: never put back
        ({"lon": "331005", "lat": "188299"}, "coordinates_outside"),
        ({"easting": "0", "northing": "0"}, "coordinates_zero"),
        ({"easting": "-5", "northing": "188299"}, "coordinates_outside"),
    ],
)
def test_impossible_coordinates_are_named_and_the_postcode_is_used(
    tmp_path: Path, cells: dict[str, str], code: str
) -> None:
    row, faults = locate(tmp_path, **cells)
    assert faults == {code, "no_place"}
    assert pd.isna(row["x"]) and pd.isna(row["location_basis"])
    assert all(value in row["extra"] for value in cells.values() if value != "NaN")
    row, faults = locate(tmp_path, **cells, postcode="NP20 1GA")
    assert faults == {code}
    assert row["location_basis"] == "postcode"


def test_swapped_degrees_are_put_right_only_where_that_is_sure(tmp_path: Path) -> None:
    row, faults = locate(tmp_path, lon="51.5893", lat="-2.9973")
    assert faults == {"coordinates_swapped"}
    assert (row["lon"], row["lat"]) == (-2.9973, 51.5893)


def test_coordinates_far_from_their_postcode_are_noted_and_used(tmp_path: Path) -> None:
    row, faults = locate(tmp_path, lon="-2.9", lat="51.5893", postcode="NP20 1GA")
    assert faults == {"far_from_postcode"}
    assert row["location_basis"] == "given"


def test_postcodes_that_are_none_or_unknown(tmp_path: Path) -> None:
    row, faults = locate(tmp_path, postcode="NP20")
    assert faults == {"postcode_malformed", "no_place"}
    assert pd.isna(row["postcode"])
    row, faults = locate(tmp_path, postcode="NP20 1ZZ")
    assert faults == {"postcode_not_found", "no_place"}
    assert row["postcode"] == "NP20 1ZZ"


def test_a_service_that_comes_to_people_needs_no_place(tmp_path: Path) -> None:
    for delivery in ("home visits", "by phone", "online"):
        _, faults = locate(tmp_path, delivery=delivery)
        assert faults == set()


def test_postcodes_and_numbers_as_written() -> None:
    assert normalise_postcode(" np201ga ") == "NP20 1GA"
    assert normalise_postcode("M1  1AE") == "M1 1AE"
    assert normalise_postcode("EC1A-1BB") == "EC1A 1BB"
    assert normalise_postcode("NP20") is None
    assert normalise_postcode("hello") is None
    assert (read_number("51,58"), read_number("−2.99°"), read_number("331,005.5")) == (
        51.58,
        -2.99,
        331_005.5,
    )
    assert read_number("1e400") is None


AMENITIES = """\
osm_type,osm_id,key,value,name,street,postcode,religion,social_facility,phone,opening_hours,lon,lat
node,1,amenity,library,Central Library,John Street,NP20 1GA,,,,Mo-Fr 09:00-17:00,-2.99,51.58
node,2,amenity,pub,The Bell,,,,,,,-2.99,51.58
way,3,amenity,place_of_worship,,,,muslim,,,,-2.98,51.58
way,3,amenity,place_of_worship,Again,,,muslim,,,,-2.98,51.58
node,4,amenity,social_facility,<b>Bank</b>,,,,food_bank,,,-2.97,51.58
node,5,amenity,clinic,No place,,NP20 1GA,,,,,,
"""


def test_amenities_become_unverified_places(tmp_path: Path) -> None:
    path = tmp_path / "amenities.csv"
    path.write_text(AMENITIES, encoding="utf-8")
    result = read_amenities(path, crs=CRS, postcodes=POSTCODES, source_title="OSM")
    places = result.services.set_index("service_id")
    assert places["category"].to_dict() == {
        "osm-node-1": "Library",
        "osm-node-4": "Food bank",
        "osm-node-5": "GP surgery or clinic",
        "osm-way-3": "Place of worship",
    }
    assert set(places["kind"]) == {"place"}
    assert not places["verified"].any()
    assert pd.isna(places.loc["osm-way-3", "name"])
    assert places.loc["osm-way-3", "faith"] == "muslim"
    assert places.loc["osm-node-1", "opening_hours"] == "Mo-Fr 09:00-17:00"
    assert places.loc["osm-node-4", "name"] == "<b>Bank</b>"
    assert places.loc["osm-node-5", "location_basis"] == "postcode"
    counts = result.counts
    assert (counts.rows, counts.rejected, len(places)) == (6, 2, 4)
    left = next(fault for fault in result.faults if fault.code == "left_out")
    assert left.examples == ("1 amenity=pub",)


def test_categories_that_another_file_knows_better_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "amenities.csv"
    path.write_text(AMENITIES, encoding="utf-8")
    assert "Library" not in set(read_amenities(path, crs=CRS, leave_out=("Library",)).services["category"])


def test_what_is_a_place_and_what_is_not() -> None:
    assert (
        category_of({"amenity": "doctors"}) == category_of({"healthcare": "clinic"}) == "GP surgery or clinic"
    )
    assert category_of({"amenity": "parking", "healthcare": "pharmacy"}) == "Pharmacy"
    assert category_of({"amenity": "parking"}) is None
    assert category_of({"club": "no"}) is None
    assert category_of({}) is None


@pytest.mark.parametrize("ending", ["osm", "osm.pbf"])
def test_places_straight_from_a_street_file(tmp_path: Path, ending: str) -> None:
    town = StreetFile(
        nodes={1: (0, 0), 2: (20, 0), 3: (20, 20), 4: (0, 20), 5: (500, 500)},
        ways={10: ([1, 2, 3, 4, 1], {"building": "yes", "amenity": "community_centre", "name": "Hall"})},
        node_tags={5: {"amenity": "pharmacy", "addr:housenumber": "7", "addr:street": "High Street"}},
    )
    path = tmp_path / f"town.{ending}"
    places = read_amenities(
        town.write_osm(path) if ending == "osm" else town.write_pbf(path), crs=CRS
    ).services.set_index("service_id")
    assert places["category"].to_dict() == {"osm-node-5": "Pharmacy", "osm-way-10": "Community centre"}
    assert places.loc["osm-node-5", "address"] == "7 High Street"
    # The hall's point lies inside it.
    west, south = town.degrees(1)
    east, north = town.degrees(3)
    assert west < places.loc["osm-way-10", "lon"] < east
    assert south < places.loc["osm-way-10", "lat"] < north


def test_an_amenities_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "amenities.csv"
    path.write_text("key,value,name\namenity,library,x\n", encoding="utf-8")
    with pytest.raises(SourceError, match="osm_type"):
        read_amenities(path, crs=CRS)


def test_schools_in_latin_1_with_blank_coordinates(tmp_path: Path) -> None:
    path = tmp_path / "schools.csv"
    path.write_bytes(
        "URN,EstablishmentName,EstablishmentStatus (name),Easting,Northing,Postcode\r\n"
        "401503.0,Ysgol Tŷ,Open,,,\r\n".replace("ŷ", "ÿ").encode("cp1252")
        + "401504,École,Open,331096.0,189392.0,\r\n401505,Shut,Closed,331096,189392,\r\n"
        "401506,By post,Open,,,NP20 1GA\r\n".encode("cp1252")
    )
    result = read_schools(path, crs=CRS, postcodes=POSTCODES)
    schools = result.services.set_index("service_id")
    assert list(schools.index) == ["school-401503", "school-401504", "school-401506"]
    assert schools["name"].tolist() == ["Ysgol Tÿ", "École", "By post"]
    assert set(schools["category"]) == {"School"}
    assert schools["x"].isna().tolist() == [True, False, False]
    assert abs(schools.loc["school-401504", "lon"] + 2.99621) < 1e-4
    assert not schools["verified"].any()
    assert {f.code: f.count for f in result.faults} == {"encoding": 1, "school_closed": 1, "no_place": 1}
    assert (result.counts.imported, result.counts.warned, result.counts.rejected) == (2, 1, 1)


@pytest.mark.real_data
def test_newport_amenities(real_data: Path) -> None:
    result = read_amenities(
        real_data / "newport" / "services" / "osm_amenities_newport_2023-06-13.csv", crs=CRS
    )
    counts = result.counts
    assert (counts.rows, counts.rejected, len(result.services)) == (464, 215, 249)
    found = result.services["category"].value_counts().to_dict()
    some = ("Place of worship", "Community centre", "Pharmacy", "Library")
    assert {name: found[name] for name in some} == {
        "Place of worship": 55, "Community centre": 18, "Pharmacy": 12, "Library": 6,
    }  # fmt: skip
    assert found["GP surgery or clinic"] == 18
    assert result.services["x"].notna().all()


@pytest.mark.real_data
def test_amenities_of_the_street_file_are_those_of_the_table(real_data: Path) -> None:
    newport = real_data / "newport"
    table = read_amenities(newport / "services" / "osm_amenities_newport_2023-06-13.csv", crs=CRS).services
    streets = read_amenities(newport / "osm" / "newport-2023-06-13.osm.pbf", crs=CRS).services
    both = table.merge(streets, on="service_id")
    assert len(both) >= 240
    assert (both["category_x"] == both["category_y"]).mean() > 0.98


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("area", "rows", "placed"),
    [("newport", 61, 42), ("oldham", 127, 127), ("newcastle", 113, 113), ("islington", 75, 75)],
)
def test_schools_of_the_four_areas(real_data: Path, area: str, rows: int, placed: int) -> None:
    result = read_schools(real_data / area / "services" / "gias_schools_2025.csv", crs=CRS)
    assert len(result.services) == result.counts.rows == rows
    assert result.services["x"].notna().sum() == placed
