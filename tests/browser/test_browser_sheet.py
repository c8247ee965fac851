"""The Connector's sheet in a real browser: saved by the browser itself, and two sides of A4 on paper."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
from pathlib import Path

from data.packio import load_pack
from geo.engine import Engine
from geo.journey import Journey
from geo.journey_sheet import build_sheet
from geo.places import resolve_place
from geo.query import Query
from layers.journey_page import build_page


def open_connector(visitor, url):
    visitor.page.goto(url)
    visitor.page.get_by_text("The way home").first.wait_for(timeout=120_000)
    bar = visitor.page.frame_locator("iframe[title='Print or save this journey']")
    bar.get_by_role("button", name="Print the sheet (A4)").wait_for()
    return bar


def test_the_sheet_is_saved_by_the_browser_and_nothing_runs(dashboard, visit) -> None:
    hood = load_pack("demo").neighbourhoods["neighbourhood_id"].iloc[3]
    visitor = visit()
    bar = open_connector(visitor, f"{dashboard}?tab=Connector&place={hood}")
    for name, sign in (
        ("Save the sheet (HTML)", "The way home"),
        ("Save as text", "Check before you travel"),
        ("Save as data (JSON)", '"there"'),
    ):
        with visitor.page.expect_download() as waiting:
            bar.get_by_role("button", name=name).click()
        download = waiting.value
        assert download.url.startswith("blob:"), "no server hands it out"
        assert sign in Path(download.path()).read_text(encoding="utf-8")
        if name.endswith("(JSON)"):
            assert json.loads(Path(download.path()).read_text(encoding="utf-8"))["home"]["words"]
    assert visitor.page.get_by_text("As a text message").is_visible()

    hostile = visit()
    open_connector(hostile, f"{dashboard}?tab=Connector&area=hostile&place=N1")
    for frame in hostile.page.frames:
        assert frame.evaluate("() => window.pwned") is None
        assert frame.evaluate("() => document.querySelectorAll('img[src=\"x\"], [onerror]').length") == 0


def find_bus_both_ways(engine, query):
    """A sheet with rides in both directions, where there is most to print."""
    hoods, services = engine.pack.neighbourhoods["neighbourhood_id"], engine.venues["service_id"]
    for hood, service_id in itertools.product(hoods.iloc[::5], services.iloc[::3]):
        home, place = resolve_place(engine.pack, hood), resolve_place(engine.pack, service_id)
        sheet = build_sheet(engine, query, home, place, arrive_by_s=37_800, home_s=45_000)
        if all(isinstance(way.journey, Journey) and len(way.journey.legs) == 3 for way in sheet.ways):
            return sheet
    raise AssertionError("the demo has no bus there and back")


def test_there_and_back_fill_the_two_sides_of_one_sheet(browser) -> None:
    pack = load_pack("demo")
    engine, query = Engine(pack), Query()
    sheet = find_bus_both_ways(engine, query)
    place = sheet.there.journey.destination
    page = browser.new_page()
    page.set_content(build_page(sheet, pack, query, place.place_id, today=dt.date(2026, 1, 1)))
    paper = page.pdf(prefer_css_page_size=True)
    page.close()
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 2
    (width, height) = re.search(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", paper).groups()
    assert abs(float(width) - 595.3) < 1 and abs(float(height) - 841.9) < 1, "A4, in points"
