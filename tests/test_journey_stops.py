"""Stops in words: grid references by known values, NaPTAN's short forms, and never a code for a name."""

from __future__ import annotations

import dataclasses
import json
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from geo.engine import Engine
from geo.gridref import grid_reference, grid_reference_in
from geo.journey_json import journey_to_json
from geo.journey_words import journey_in_words
from geo.names import clean_name, put_in_case, read_name
from geo.places import resolve_place
from geo.query import Query
from geo.ride_service import find_ride_service
from geo.stop_words import describe_stop
from tests.towns import Stop, build_town, point, route, service, street, trip


@pytest.mark.parametrize(
    ("easting", "northing", "digits", "expected"),
    [
        # The Ordnance Survey's own worked example (A guide to coordinate systems in Great Britain).
        (651_409.903, 313_177.270, 5, "TG 51409 13177"),
        # South-west corners of 100 km squares, as printed on every sheet's key.
        (0, 0, 1, "SV 0 0"),
        (500_000, 100_000, 1, "TQ 0 0"),
        (300_000, 400_000, 1, "SD 0 0"),
        (300_000, 300_000, 1, "SJ 0 0"),
        (300_000, 600_000, 1, "NT 0 0"),
        (400_000, 1_200_000, 1, "HP 0 0"),
        (200_000, 700_000, 1, "NN 0 0"),
        (600_000, 300_000, 1, "TG 0 0"),
        # Ben Nevis is NN 166 712, Newport Cathedral ST 309 876.
        (216_650, 771_250, 3, "NN 166 712"),
        (330_950, 187_620, 3, "ST 309 876"),
        # Cut, never rounded.
        (399_999.99, 399_999.99, 4, "SJ 9999 9999"),
    ],
)
def test_grid_references_by_known_values(easting, northing, digits, expected) -> None:
    assert grid_reference(easting, northing, digits=digits) == expected


def test_outside_the_grid_there_is_none() -> None:
    for easting, northing in ((-1, 0), (0, -1), (700_000, 0), (0, 1_300_000), (float("nan"), 0)):
        assert grid_reference(easting, northing) is None
    with pytest.raises(ValueError, match="digits=6"):
        grid_reference(0, 0, digits=6)
    x, y = Transformer.from_crs("EPSG:27700", "EPSG:32630", always_xy=True).transform(391_005, 404_005)
    assert grid_reference_in("EPSG:32630", x, y) == "SD 9100 0400", "whatever CRS a pack is in"


def stop_row(**fields) -> pd.Series:
    empty = dict.fromkeys(("name", "stop_code", "indicator", "bearing", "street", "landmark", "locality"))
    place = {"x": 391_005.0, "y": 404_005.0, "lon": -2.1367, "lat": 53.5327}
    return pd.Series({"stop_id": "1800SB04781", **empty, **place, **fields})


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"name": "Library", "indicator": "opp"}, "Library (opposite)"),
        ({"name": "Library", "indicator": "opp 29"}, "Library (opposite number 29)"),
        ({"name": "Library", "indicator": "o/s Iceland"}, "Library (outside Iceland)"),
        ({"name": "Library", "indicator": "opp junct"}, "Library (opposite the junction)"),
        ({"name": "Library", "indicator": "adj"}, "Library (next to it)"),
        ({"name": "Library", "indicator": "Stop Q3"}, "Library (Stop Q3)"),
        ({"name": "Library", "indicator": "SW-bound"}, "Library (south-westbound)"),
        ({"name": "Library", "indicator": "N-bound platform"}, "Library (northbound platform)"),
        ({"name": "Bus Stn Stand A (Stand A)", "indicator": None}, "Bus Stn Stand A"),
        ({"name": "Bus Stn Stand A", "indicator": "Stand A"}, "Bus Stn Stand A"),
        ({"name": "Friars Walk 11", "indicator": "Bay 11"}, "Friars Walk (Bay 11)"),
        ({"name": "MARKET SQUARE", "indicator": "---"}, "Market Square"),
        ({"name": "Market Square (1800SB04781)"}, "Market Square"),
        ({"name": "Jews` Cemetery"}, "Jews' Cemetery"),
        ({"name": "1800SB04781", "street": "Mill Lane"}, "stop on Mill Lane"),
        ({"name": "1800sb04781", "street": "Mill Lane", "indicator": "opp"}, "stop on Mill Lane (opposite)"),
        ({"name": "1800SB99999", "street": "---"}, "unnamed stop, grid reference SD 9100 0400"),
        ({"name": "man", "stop_code": "MAN"}, "unnamed stop, grid reference SD 9100 0400"),
        ({"name": "N/A"}, "unnamed stop, grid reference SD 9100 0400"),
    ],
)  # fmt: skip
def test_titles(fields, title) -> None:
    stop = describe_stop(stop_row(**fields), "EPSG:27700")
    assert stop.title == title
    assert (stop.check is None) == (stop.name is not None)


def test_where_there_is_no_grid() -> None:
    row = stop_row(x=5_000.0, y=-5_000.0, lat=49.7, lon=-7.5)
    assert describe_stop(row, "EPSG:27700").title == "unnamed stop, latitude 49.70000, longitude -7.50000"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ST MARY'S ROAD", "St Mary's Road"),
        ("THE SHIP ON THE SHORE", "The Ship on the Shore"),
        ("NHS WALK-IN CENTRE", "NHS Walk-in Centre"),
        ("YMCA", "YMCA"),
        ("McDonald's", "McDonald's"),
        ("STAND A", "Stand A"),
        ("A4042 ROUNDABOUT", "A4042 Roundabout"),
    ],
)
def test_capitals(text, expected) -> None:
    assert put_in_case(text) == expected


CODES = ("1800SB04781", "1800SB04782", "5310AWB30345", "490000001A", "managjtd")
hostile = st.one_of(
    st.none(),
    st.sampled_from(CODES),
    st.sampled_from(CODES).map(str.lower),
    st.sampled_from(CODES).map(lambda code: f"  {code}\n"),
    st.sampled_from(CODES).map(lambda code: f"Stop ({code})"),
    st.sampled_from(["", " ", "\t", "---", "N/A", "null", "Mill Lane", "\u202e", "<b>", "{}", "`${x}`"]),
    st.text(max_size=12),
)
TOWN = build_town(
    streets=[street((0, 0), (3000, 0))],
    stops={"1800SB04781": Stop(120, 0), "1800SB04782": Stop(1500, 0), "5310AWB30345": Stop(2880, 0)},
    routes=[
        route("R", trip(("1800SB04781", "09:40"), ("1800SB04782", "09:45"), ("5310AWB30345", "09:50"))),
        route("S", trip(("1800SB04781", "10:40"), ("1800SB04782", "10:45"))),
    ],
    points=[point("home", 0, 40)],
    services=[service("clinic", 3000, 40)],
)
COLUMNS = ("name", "stop_code", "indicator", "bearing", "street", "landmark", "locality")


@settings(max_examples=40)
@given(st.lists(st.tuples(*[hostile] * len(COLUMNS)), min_size=3, max_size=3))
def test_no_code_is_ever_told_as_a_name(rows) -> None:
    cells = zip(COLUMNS, zip(*rows, strict=True), strict=True)
    stops = TOWN.stops.assign(**{name: list(column) for name, column in cells})
    pack = dataclasses.replace(TOWN, stops=stops)
    engine = Engine(pack)
    for end in ("clinic", "1800SB04782"):
        journey = engine.journey(
            Query(), resolve_place(pack, "home"), resolve_place(pack, end), depart_s=9 * 3600 + 1800
        )
        service_words = find_ride_service(engine, Query(), journey)
        told = "\n".join(journey_in_words(journey, pack, service_words))
        codes = {code.casefold() for code in CODES[:4]}
        assert not any(code in told.casefold() for code in codes), told
        assert all(line.isprintable() for line in told.split("\n"))
        # As JSON codes stand under keys that say so, and nowhere else.
        answer = json.loads(json.dumps(journey_to_json(journey, pack, service_words)))
        for key, value in walk_values(answer):
            if isinstance(value, str) and key not in ("id", "trip_id") and not key.endswith("stop_id"):
                assert not any(code in value.casefold() for code in codes), (key, value)


def walk_values(value, key=""):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from walk_values(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from walk_values(inner, key)
    else:
        yield key, value


@given(st.text(max_size=40))
def test_names_are_one_printable_line_or_none(text: str) -> None:
    name = read_name(text)
    if name is not None:
        plain = re.sub("[\u200c\u200d]", "", name)  # joiners, which some scripts need
        assert plain.isprintable() and name == name.strip() and re.search(r"\w", name)


def test_names_keep_the_joiners_that_their_script_needs() -> None:
    assert clean_name(" \u06a9\u062a\u0627\u0628\u200c\u062e\u0627\u0646\u0647\u202e\n1 ") == (
        "\u06a9\u062a\u0627\u0628\u200c\u062e\u0627\u0646\u0647 1"
    )
