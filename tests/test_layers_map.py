"""Static layers, the catalogue, the message and the folium map."""

from __future__ import annotations

import json
import re
from pathlib import Path

import folium
import numpy as np
import pytest
import shapely

from geo.query import Query
from layers.catalogue import draw_circles, draw_outside, draw_points, draw_routes, draw_shading, draw_stops
from layers.legend import build_legend
from layers.measures import census_count, census_share
from layers.messages import Click, build_message, find_neighbourhood, read_click, row_of_neighbourhood
from layers.offline_map import ChangingLayers, MapView, OfflineMap, as_script, build_map
from layers.routes import compute_trips_per_hour
from layers.static_files import StaticFiles, publish_browser_code
from layers.static_layers import inner_bounds, publish_static_layers
from tests.browser.hostile import HOSTILE_NAMES, build_hostile_town
from tests.towns import build_town, point, route, service, street, trip

GROUPS = {"roma": {"N1": 12, "N2": None, "N3": 0}}


def build_small_town(**changes):
    spec = {
        "streets": [street((0, 0), (3000, 0), name="High Street")],
        "stops": {"A": (100, 0), "B": (2500, 0)},
        "routes": [route("1", trip(("A", "09:40"), ("B", "09:50")), trip(("A", "10:40"), ("B", "10:50")))],
        "points": [
            point("p1", 0, 0, people=120, neighbourhood="N1"),
            point("p2", 1500, 0, people=80, neighbourhood="N2"),
            point("p3", 2900, 0, people=30, neighbourhood="N3"),
        ],
        "services": [service("clinic", 2600, 0)],
        "groups": GROUPS,
    }
    return build_town(**{**spec, **changes})


def published(url: str, folder: Path) -> dict:
    return json.loads((folder / url.rsplit("/", 1)[1]).read_bytes())


def test_files_are_named_by_their_content(tmp_path: Path) -> None:
    static = StaticFiles(tmp_path / "static")
    one = static.publish("demo-a_b/../x", b"{}", ".json")
    assert one == static.publish("demo-a_b/../x", b"{}", ".json")
    assert one != static.publish("demo-a_b/../x", b"[]", ".json")
    assert sorted(file.name for file in (tmp_path / "static").iterdir()) == sorted(
        url.rsplit("/", 1)[1] for url in (one, static.publish("demo-a_b/../x", b"[]", ".json"))
    )
    assert re.fullmatch(r"\.\./\.\./app/static/[A-Za-z0-9-]+\.json", one)


def test_a_folder_that_cant_be_written_means_inline_and_a_clear_message(tmp_path: Path) -> None:
    blocked = tmp_path / "static"
    blocked.write_text("a file where the folder should be")
    static = StaticFiles(blocked)
    url = static.publish("demo", b'{"a":1}', ".json")
    assert url == "data:application/json;base64,eyJhIjoxfQ=="
    assert static.problem is not None and "can't be written" in static.problem
    code = publish_browser_code(static)
    assert all(link.startswith("data:") for _, link in (*code.scripts, *code.styles))
    urls = publish_static_layers(build_small_town(), static).urls
    assert urls and all(url.startswith("data:") for url in urls.values())


def test_static_layers_are_whole_and_in_degrees(tmp_path: Path) -> None:
    pack = build_small_town()
    static = publish_static_layers(pack, StaticFiles(tmp_path))
    assert set(static.urls) == {"streets", "neighbourhoods", "services", "stops", "routes"}
    hoods = published(static.urls["neighbourhoods"], tmp_path)["features"]
    assert [f["properties"]["i"] for f in hoods] == [0, 1, 2]
    for feature, shape in zip(hoods, pack.neighbourhoods.to_crs("EPSG:4326").geometry, strict=True):
        drawn = shapely.from_geojson(json.dumps(feature["geometry"]))
        assert drawn.symmetric_difference(shape).area < 0.02 * shape.area
        lat, lon = feature["properties"]["p"]
        assert shape.contains(shapely.Point(lon, lat))
    decimals = re.findall(r"-?\d+\.(\d+)", json.dumps(hoods))
    assert max(map(len, decimals)) <= 5
    (south, west), (north, east) = static.bounds
    assert south < north and west < east


def test_a_map_without_neighbourhoods_opens_where_the_buses_are_and_not_at_a_stop_far_away() -> None:
    stops = {f"S{n}": (100.0 * n, 50.0 * n) for n in range(60)} | {"far": (400_000.0, 0.0)}
    pack = build_town(stops=stops, routes=[route("1", trip(*((name, "09:40") for name in stops)))])
    west, _, east, north = inner_bounds(pack)
    assert east - west < 6_000 and north - pack.stops["y"].min() < 3_000


def test_every_name_in_every_file_is_escaped(tmp_path: Path) -> None:
    """Nothing of a hostile name reaches a file as it was: no markup but our own, no template signs."""
    static = publish_static_layers(build_hostile_town(), StaticFiles(tmp_path))
    for url in static.urls.values():
        for feature in published(url, tmp_path)["features"]:
            for text in feature["properties"].values():
                if isinstance(text, str):
                    plain = re.sub(r"</?b>|<br>", "", text)
                    assert not set(plain) & set("<>\"'`\\${}\n\x00\x1b\u2028")


def test_coverage_neighbours_still_share_their_borders(tmp_path: Path) -> None:
    pack = build_small_town()
    rough = [(x, 40.0 * (i % 2)) for i, x in enumerate(range(0, 401, 5))]
    west, south = 400_000.0, 300_000.0
    top = shapely.Polygon([*rough, (400, 500), (0, 500)])
    bottom = shapely.Polygon([*rough, (400, -500), (0, -500)])
    shapes = [shapely.affinity.translate(s, west, south) for s in (top, bottom)]
    two = pack.neighbourhoods.iloc[:2].set_geometry(shapes, crs=pack.crs)
    from dataclasses import replace

    static = publish_static_layers(replace(pack, neighbourhoods=two), StaticFiles(tmp_path))
    one, other = (
        shapely.from_geojson(json.dumps(f["geometry"]))
        for f in published(static.urls["neighbourhoods"], tmp_path)["features"]
    )
    assert one.intersection(other).area == 0
    assert one.union(other).area == pytest.approx(one.area + other.area)


def test_trips_an_hour_are_one_way_at_the_busiest_stop_without_duplicates() -> None:
    twice = trip(("A", "09:40"), ("B", "09:50"), trip_id="copy")
    pack = build_small_town(
        routes=[
            # 09:40, its duplicate, 10:40, and back again: one an hour either way in 09:30-11:30.
            route(
                "1",
                trip(("A", "09:40"), ("B", "09:50"), trip_id="one"),
                twice,
                trip(("A", "10:40"), ("B", "10:50"), trip_id="two"),
                trip(("B", "10:00"), ("A", "10:10"), trip_id="back"),
                trip(("A", "12:40"), ("B", "12:50"), trip_id="late"),
            ),
            route("2", trip(("A", "20:00"), ("B", "20:10"))),
            # 25:30 of the day before is 01:30 today.
            route("3", trip(("A", "25:30"), ("B", "25:40"))),
        ]
    )
    assert compute_trips_per_hour(pack, Query()).tolist() == [1.0, 0.0, 0.0]
    night = Query(window_start_s=3600, window_end_s=7200)
    assert compute_trips_per_hour(pack, night).tolist() == [0.0, 0.0, 1.0]


def test_missing_is_drawn_as_missing_and_nought_as_nought() -> None:
    pack = build_small_town()
    drawn = draw_shading(census_count(pack, "roma"), "light")
    shading = drawn.parts["shading"]
    assert shading["classes"][1] == -1 and shading["classes"][0] >= 0 and shading["classes"][2] >= 0
    assert shading["values"] == ["12", "not published", "0"]
    assert shading["missing"]["pattern"] == "hatch"
    assert drawn.layer.legend[-1].label == "not published" and drawn.layer.legend[-1].count == 1
    circles = draw_circles(census_count(pack, "roma"), "light").parts["circles"]
    assert circles["radii"][1] == -1 and circles["radii"][2] == 0 and circles["radii"][0] > 0


def test_a_share_on_a_small_base_is_not_shaded() -> None:
    drawn = draw_shading(census_share(build_small_town(), "roma"), "dark")
    assert drawn.parts["shading"]["classes"] == [0, -1, -1]  # 30 residents are too few
    assert drawn.parts["shading"]["values"] == ["10%", "not known", "too few to compare"]


def test_circle_areas_grow_with_the_number() -> None:
    pack = build_small_town()
    radii = draw_circles(census_count(pack, "all"), "light").parts["circles"]["radii"]
    assert radii[0] ** 2 / radii[1] ** 2 == pytest.approx(120 / 80, rel=0.05)


def test_every_layer_says_unit_source_date_legend_and_what_it_leaves_out() -> None:
    pack = build_small_town()
    query = Query()
    layers = [
        draw_shading(census_count(pack, "all"), "light"),
        draw_circles(census_count(pack, "roma"), "light"),
        draw_points(pack, "service", "light", categories=None, reached=[0]),
        draw_stops(pack, "light"),
        draw_routes(pack, compute_trips_per_hour(pack, query), query, "light"),
        draw_outside(pack, "light"),
    ]
    for drawn in layers:
        facts = drawn.layer
        assert facts.title and facts.unit and facts.date and facts.legend and facts.leaves_out
        legend = build_legend(facts)
        assert facts.title in legend and "<script" not in legend


def test_a_message_is_small_and_json() -> None:
    pack = build_small_town()
    drawn = [draw_shading(census_count(pack, "all"), "light"), draw_stops(pack, "light")]
    message = build_message(drawn, title="T\n<b>", chosen=None, pack=pack, theme="light")
    assert set(message) == {"title", "shading", "stops"}
    assert json.loads(as_script(message)) == message
    assert not set(as_script(message)) & set("<>&`")


def test_clicks_are_text_from_outside() -> None:
    assert read_click({"lat": 51.5, "lng": -3.0}) == Click(-3.0, 51.5)
    for nonsense in (
        None,
        {},
        {"lat": "x", "lng": 1},
        {"lat": 95, "lng": 400},
        {"lat": float("nan"), "lng": 0},
        7,
    ):
        assert read_click(nonsense) is None


def test_a_click_finds_its_neighbourhood() -> None:
    pack = build_small_town()
    for row, shape in enumerate(pack.neighbourhoods.to_crs("EPSG:4326").geometry):
        middle = shape.representative_point()
        found = find_neighbourhood(pack, Click(middle.x, middle.y))
        assert found == pack.neighbourhoods["neighbourhood_id"].iloc[row]
        assert row_of_neighbourhood(pack, found) == row
    assert find_neighbourhood(pack, Click(-3.0, 51.5)) is None
    assert row_of_neighbourhood(pack, "nowhere") is None


@pytest.fixture
def view(tmp_path: Path):
    static = StaticFiles(tmp_path)
    return MapView(
        publish_static_layers(build_hostile_town(), static), "Map", HOSTILE_NAMES
    ), publish_browser_code(static)


def test_the_map_names_no_other_machine(view) -> None:
    page = build_map(*view).get_root().render()
    assert not re.findall(r"(?:src|href)=[\"']?(?:https?:)?//", page)
    assert "cdn" not in page.lower()


def test_folium_itself_stays_as_it_was(view) -> None:
    before = list(folium.Map.default_js), list(folium.Map.default_css)
    one, other = build_map(*view), build_map(*view)
    assert one is not other and one.default_js is not other.default_js
    assert (list(folium.Map.default_js), list(folium.Map.default_css)) == before
    assert isinstance(one, OfflineMap)


def test_hostile_attribution_and_titles_stay_inside_their_strings(view) -> None:
    page = build_map(*view).get_root().render()
    for name in HOSTILE_NAMES[:5]:
        assert name not in page.replace("`", "\0`") or name == "`"
    assert page.count("<script>window.pwned") == 0
    group = ChangingLayers({"title": HOSTILE_NAMES[2]})
    assert "<" not in group.message and "`" not in group.message


def test_an_empty_message_is_still_a_message() -> None:
    assert json.loads(ChangingLayers({}).message) == {"serial": ChangingLayers({}).serial}


def test_routes_of_other_modes_are_left_out() -> None:
    pack = build_small_town(
        routes=[
            route("1", trip(("A", "09:40"), ("B", "09:50"))),
            route("T", trip(("A", "09:40"), ("B", "09:50")), route_type=0),
        ]
    )
    perhour = compute_trips_per_hour(pack, Query())
    assert perhour.tolist() == [0.5, 0.5]
    assert draw_routes(pack, perhour, Query(), "light").parts["routes"]["classes"] == [0, -1]
    both = Query(modes=("bus", "tram"))
    assert draw_routes(pack, perhour, both, "light").parts["routes"]["classes"] == [0, 0]
    assert np.isfinite(perhour).all()
