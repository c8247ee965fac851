"""The dashboard in a real browser, cut off from every other machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from data.areapack import AreaPack
from data.packio import load_pack
from tests.browser.contrast import FAINT_TEXT
from tests.browser.driver import ROOT, run_server
from tests.browser.hostile import HOSTILE_NAMES


@pytest.fixture(scope="module")
def demo() -> AreaPack:
    return load_pack("demo")


def middle_of(pack: AreaPack, row: int) -> tuple[float, float]:
    point = pack.neighbourhoods.to_crs("EPSG:4326").geometry.iloc[row].representative_point()
    return point.x, point.y


def area_m2(geometry: dict, crs: str) -> float:
    shape = shapely.geometry.shape(geometry)
    return float(gpd.GeoSeries([shape], crs="EPSG:4326").to_crs(crs).area.iloc[0])


def test_a_click_on_the_canvas_draws_what_the_command_line_computes(dashboard, visit, demo, tmp_path) -> None:
    visitor = visit().open(dashboard)
    row = 20
    seconds = visitor.click_on_map(*middle_of(demo, row))
    print(f"click to isochrone drawn: {1000 * seconds:.0f} ms")
    origin = demo.neighbourhoods["neighbourhood_id"].iloc[row]
    out = tmp_path / "bands.geojson"
    command = [sys.executable, "-m", "geo", "isochrone", "demo", "--origin", origin, "--cutoffs", "15,30,45",
               "--best", "--out", str(out)]  # fmt: skip
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    expected = gpd.read_file(out).sort_values("cutoff_s").to_crs(demo.crs).area.tolist()
    drawn = visitor.in_map("() => obr.layers.reach.getLayers().filter(l => l.toGeoJSON && l.getLayers)"
                           ".map(l => l.toGeoJSON().features[0].geometry)")  # fmt: skip
    areas = sorted(area_m2(geometry, demo.crs) for geometry in drawn)
    assert areas == pytest.approx(expected, rel=0.005)
    assert origin in visitor.page.url
    # And it is on the canvas, not only in memory: the chosen place's pixels changed colour.
    assert visitor.page.get_by_text("services with a venue can be gone to").is_visible()


def test_nothing_but_this_machine_is_asked_and_the_map_is_not_blank(dashboard, visit) -> None:
    visitor = visit().open(dashboard)
    colours = visitor.in_map(
        """() => [...document.querySelectorAll('canvas')].map(canvas => {
             const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
             const seen = new Set();
             for (let i = 0; i < data.length; i += 40) seen.add(data[i] + ',' + data[i+1] + ',' + data[i+2]);
             return seen.size;
           })"""
    )
    assert len(colours) == 2 and min(colours) > 5  # the ground's canvas and the layers'
    title = visitor.frame.owner.get_attribute("title")
    assert "No service within one bus" in title and "Fernley Vale (fictional)" in title
    # Any fault, and any request to another machine, fails the test in the fixture.


def test_every_choice_can_be_made_from_the_keyboard(dashboard, visit, demo) -> None:
    visitor = visit().open(dashboard)
    page, before = visitor.page, visitor.drawn()
    for _ in range(80):
        page.keyboard.press("Tab")
        label = page.evaluate("() => document.activeElement.getAttribute('aria-label') || ''")
        if "Reach from" in label:
            break
    else:
        pytest.fail("the list of neighbourhoods can't be reached with the Tab key")
    name = demo.neighbourhoods["name"].iloc[11]
    page.keyboard.type(name)
    page.wait_for_timeout(500)
    page.keyboard.press("Enter")
    visitor.wait_for_change(before)
    assert visitor.in_map("() => !!obr.layers.reach && !!obr.layers.chosen")
    assert demo.neighbourhoods["neighbourhood_id"].iloc[11] in page.url


def test_an_empty_choice_clears_the_map(dashboard, visit, demo) -> None:
    visitor = visit().open(f"{dashboard}?place={demo.neighbourhoods['neighbourhood_id'].iloc[4]}")
    assert visitor.in_map("() => !!obr.layers.reach")
    before = visitor.drawn()
    visitor.page.get_by_label("Clear value").first.click()
    visitor.wait_for_change(before)
    assert visitor.in_map("() => !obr.layers.reach && !obr.layers.chosen")


def test_visitors_do_not_see_each_others_choices(dashboard, visit, demo) -> None:
    one, other = visit().open(dashboard), visit().open(dashboard)
    one.click_on_map(*middle_of(demo, 9))
    before = other.drawn()
    other.page.get_by_text("Bus routes", exact=True).click()
    other.wait_for_change(before)
    assert other.in_map("() => !obr.layers.reach && !!obr.layers.routes")


@pytest.mark.parametrize("tab", ["Connector", "Analyst", "About the numbers", "The data"])
def test_every_tab_opens(dashboard, visit, tab) -> None:
    visitor = visit().open(dashboard)
    visitor.page.get_by_role("tab", name=tab).click()
    visitor.page.wait_for_timeout(300)
    assert visitor.page.get_by_role("tab", name=tab).get_attribute("aria-selected") == "true"


def test_a_link_to_another_tab_leaves_the_map_whole(dashboard, visit) -> None:
    """The map is made while its tab is closed, without a size; opened, it shows the whole area."""
    visitor = visit()
    visitor.page.goto(f"{dashboard}?area=demo&tab=Connector")
    visitor.page.get_by_text("One journey, in words").wait_for(timeout=60_000)
    visitor.page.wait_for_timeout(3_000)
    visitor.page.get_by_role("tab", name="Planner").click()
    visitor.frame.locator("body[data-drawn]").wait_for(timeout=60_000)
    visitor.page.wait_for_timeout(1_000)
    zoom, size = visitor.in_map("() => [window.map.getZoom(), window.map.getSize().x]")
    whole = visit().open(f"{dashboard}?area=demo")
    assert size > 300 and zoom == whole.in_map("() => window.map.getZoom()")


def test_the_dark_theme_reaches_the_map_and_text_is_legible_in_both(dashboard, visit) -> None:
    visitor = visit(color_scheme="dark").open(dashboard)
    assert visitor.in_map("() => document.body.classList.contains('obr-dark')")
    # And in either theme no text is too faint, the form of a trial included.
    for one in (visitor, visit(color_scheme="light").open(dashboard)):
        one.page.get_by_text("What if …? Try a change").click()
        one.settle()
        assert one.page.evaluate(FAINT_TEXT) == []
    # On a phone's narrow map the credit stands beside the scale, not over it.
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    visitor.page.wait_for_timeout(500)
    scale, credit = visitor.in_map(
        "() => ['scale', 'attribution'].map((one) => {"
        " const box = document.querySelector('.leaflet-control-' + one).getBoundingClientRect();"
        " return [box.left, box.right]; })"
    )
    assert 0 < scale[1] <= credit[0] < credit[1] <= 390


def test_print_leaves_out_what_paper_cant_use(dashboard, visit) -> None:
    visitor = visit().open(dashboard)
    visitor.page.emulate_media(media="print")
    assert not visitor.page.get_by_test_id("stSidebar").is_visible()
    assert visitor.page.get_by_text("Test data: not for decisions").first.is_visible()


def test_no_hostile_name_runs_or_becomes_an_element(dashboard, visit) -> None:
    visitor = visit().open(f"{dashboard}?area=hostile&place=N1")
    page = visitor.page
    for layer in ("Stops", "Bus routes"):
        before = visitor.drawn()
        page.get_by_text(layer, exact=True).first.click()
        visitor.wait_for_change(before)
    page.get_by_text("About these layers").click()
    visitor.frame.owner.scroll_into_view_if_needed()
    shown = []
    for lon, lat in visitor.in_map(
        """() => ['neighbourhoods', 'services', 'stops', 'routes']
             .flatMap(name => obr.layers[name].getLayers())
             .map(part => part.feature.properties.p
                ? [part.feature.properties.p[1], part.feature.properties.p[0]]
                : (part.getLatLng ? [part.getLatLng().lng, part.getLatLng().lat]
                                  : [part.getBounds().getCenter().lng, part.getBounds().getCenter().lat]))"""
    ):
        page.mouse.move(*visitor.pixel_of(lon, lat), steps=3)
        page.wait_for_timeout(80)
        shown += visitor.in_map(
            "() => [...document.querySelectorAll('.leaflet-tooltip')].map(t => t.innerText)"
        )
    text = " ".join(shown)
    for name in HOSTILE_NAMES[:6]:
        assert name in text  # shown as it is written
    for frame in page.frames:
        assert frame.evaluate("() => window.pwned") is None
        injected = frame.evaluate(
            "() => document.querySelectorAll('img[src=\"x\"], [onerror], [onload], svg[onload]').length"
        )
        assert injected == 0
    for tab in ("Connector", "Analyst", "About the numbers", "The data"):
        page.get_by_role("tab", name=tab).click()
        visitor.settle()


def test_the_status_shows_and_the_map_too_while_the_engine_is_made_ready(visit, tmp_path: Path) -> None:
    with run_server(NUMBA_CACHE_DIR=str(tmp_path)) as url:  # nothing was ever compiled there
        visitor = visit()
        visitor.page.goto(url)
        visitor.page.get_by_text("Getting the engine ready").wait_for(timeout=120_000)
        visitor.frame.locator("body[data-drawn]").wait_for(timeout=120_000)
        assert visitor.page.get_by_text("Getting the engine ready").is_visible()


def test_a_row_of_the_table_is_the_same_choice(dashboard, visit, demo) -> None:
    visitor = visit().open(dashboard)
    before = visitor.drawn()
    grid = visitor.page.locator('[data-testid="stDataFrame"]:visible').last
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    visitor.page.mouse.click(box["x"] + 15, box["y"] + 52)  # the first row's tick box
    visitor.wait_for_change(before)
    assert visitor.in_map("() => !!obr.layers.chosen && !!obr.layers.reach")
    assert any(hood in visitor.page.url for hood in demo.neighbourhoods["neighbourhood_id"])
