"""Places by what users type."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from data.errors import QueryError
from geo.places import check_points_near, choose_origin_point, make_place, resolve_place
from tests.towns import ORIGIN, Stop, build_town, point, service, street


@pytest.fixture(scope="module")
def pack():
    made = build_town(
        streets=[street((0, 0), (3000, 0))],
        stops={
            "0690001": Stop(100, 0, name="Market Square"),
            "0690002": Stop(900, 0, name="Old Mill"),
            "0690003": Stop(920, 0, name="Old Mill"),
        },
        points=[
            point("P1", 0, 0, people=100, neighbourhood="W01"),
            point("P2", 90, 0, people=300, neighbourhood="W01"),
            point("P3", 400, 0, people=100, neighbourhood="W01"),
        ],
        services=[
            service("S1", 200, 0, name="Food Bank"),
            service("S2", 300, 0, name="Chess Club"),
            service("S3", 400, 0, name="Chess Club"),
            service("S4", None, None, name="Telephone Friends", delivery="phone"),
            service("S5", None, None, name="Lost Hall"),
        ],
    )
    postcodes = pd.DataFrame(
        {
            "postcode": ["NP19 8AA"],
            "x": [ORIGIN[0] + 5.0],
            "y": [ORIGIN[1]],
            "quality": [10],
            "neighbourhood_id": [None],
        }
    )
    return dataclasses.replace(made, postcodes=postcodes)


@pytest.mark.parametrize(
    ("text", "kind", "place_id", "label"),
    [
        ("W01", "neighbourhood", "W01", "Neighbourhood W01"),
        ("P3", "point", "P3", "a point in Neighbourhood W01"),
        ("S1", "service", "S1", "Food Bank"),
        (" S1 ", "service", "S1", "Food Bank"),
        ("food bank", "service", "S1", "Food Bank"),
        ("0690001", "stop", "0690001", "Market Square"),
        ("market square", "stop", "0690001", "Market Square"),
        ("np198aa", "postcode", "NP19 8AA", "NP19 8AA"),
        ("NP19 8AA", "postcode", "NP19 8AA", "NP19 8AA"),
    ],
)
def test_places_by_name(pack, text, kind, place_id, label) -> None:
    place = resolve_place(pack, text)
    assert (place.kind, place.place_id, place.label) == (kind, place_id, label)
    back = make_place(pack, place.lon, place.lat)
    assert abs(back.x - place.x) < 0.01 and abs(back.y - place.y) < 0.01


@pytest.mark.parametrize(("dx", "dy"), [(1, 0), (-1, 0), (0, 1), (0, -1), (0.75, 0.75)])
def test_own_points_may_lie_near_the_area_and_not_far_from_it(pack, dx, dy) -> None:
    west, south, east, north = pack.neighbourhoods.total_bounds
    x, y = (east if dx > 0 else west) + dx * 49_000, (north if dy > 0 else south) + dy * 49_000
    points = pd.DataFrame({"id": ["mine"], "lon": [-2.0], "lat": [52.0], "x": [x], "y": [y]})
    if dx * dy == 0:
        assert check_points_near(pack, points) is points
    with pytest.raises(QueryError, match=r"Points more than 50 km[\s\S]*mine: -2,52"):
        check_points_near(pack, points.assign(x=x + dx * 1_100, y=y + dy * 1_100))
    with pytest.raises(QueryError, match="mine"):
        check_points_near(pack, points.assign(x=np.inf))


def test_a_neighbourhood_stands_where_most_of_its_people_are(pack) -> None:
    # Mean of 0, 90, 400 m at weights .2, .6, .2 is 134 m: P2 at 90 is nearest.
    assert choose_origin_point(pack.origin_points)["point_id"] == "P2"
    assert resolve_place(pack, "W01").x == ORIGIN[0] + 90


def test_coordinates_west_of_greenwich(pack) -> None:
    lon, lat = pack.origin_points.iloc[0][["lon", "lat"]]
    place = resolve_place(pack, f" {lon:.6f} , {lat:.6f} ")
    assert lon < 0 and place.kind == "coordinates"
    assert abs(place.x - ORIGIN[0]) < 0.2 and abs(place.y - ORIGIN[1]) < 0.2


@pytest.mark.parametrize("text", ["nan,51.5", "-2.0,inf", "181,0", "-2,91", "52.6,-2.0", "0,0", "1e400,52"])
def test_coordinates_that_are_no_place_here(pack, text) -> None:
    with pytest.raises(QueryError, match=r"no place on Earth|more than 50 km"):
        resolve_place(pack, text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Food Bnak", r"Did you mean Food Bank \(S1\)"),
        ("Chess Club", "Chess Club"),  # two of the name: offered, not guessed
        ("old mill", r"give the id of one:\n  - 0690002, Old Mill"),
        ("Markt Square", r"Did you mean Market Square \(0690001\)"),
        ("", "no neighbourhood"),
        ("qqqqqqqqqqqqqqqq", r"nor lon,lat\.$"),
        ("NP20 1ZZ", "not among the postcodes"),
        ("S4", "it works by phone"),
        ("S5", "its place is not known; choose another"),
        ("<b>\x00\n" * 50, "no neighbourhood"),
    ],
)
def test_what_is_not_found_says_so(pack, text, says) -> None:
    with pytest.raises(QueryError, match=says) as caught:
        resolve_place(pack, text)
    assert len(str(caught.value)) < 400
