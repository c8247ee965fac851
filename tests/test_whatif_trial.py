"""A trial in force: land in reach and journeys follow it, and every product and map says so."""

from __future__ import annotations

import datetime as dt
import gc
import json
import re
import unicodedata
import weakref
from dataclasses import replace
from html.parser import HTMLParser

import geopandas as gpd
import numpy as np
import pytest

from data.packio import load_pack
from geo.__main__ import main as geo_main
from geo.cells import get_street_cells
from geo.engine import Engine
from geo.journey_sheet import build_sheet, sheet_in_short, sheet_in_words, sheet_to_json
from geo.places import resolve_place
from geo.query import Query
from geo.whatif.apply import apply_scenario
from geo.whatif.toml import parse_scenario
from geo.whatif.words import say_trial
from geo.write import build_metadata, read_metadata
from layers.__main__ import main as layers_main
from layers.export import ExportRequest, export_pack
from layers.journey_page import build_page, build_toolbar
from layers.legend import build_legend
from layers.offline_map import as_script
from layers.text import escape_for_map
from layers.trial_map import draw_trial
from layers.words import say_journey_title, say_title
from tests.conftest import CHECKOUT

DOCUMENT = (CHECKOUT / "docs" / "scenarios.md").read_text(encoding="utf-8")
EXAMPLES = {
    re.search(r'kind = "(\w+)"', text)[1]: text
    for text in re.findall(r"```toml\n# .*?\n(.*?)```", DOCUMENT, re.DOTALL)
}
POP_UP = CHECKOUT / "docs" / "scenarios" / "pop_up.toml"
TODAY = dt.date(2026, 1, 1)
NOT_REAL = "Trial, not today's timetable"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(load_pack("demo"))


def scenario_of(kind: str):
    return parse_scenario(EXAMPLES[kind].encode(), f"{kind}.toml")


@pytest.mark.parametrize("kind", ["minibus", "move_stop", "add_service", "headway"])
def test_land_in_reach_equals_that_of_the_changed_pack_and_shares_its_cells(engine, kind):
    scenario = scenario_of(kind)
    asked, plain = Query(scenario=scenario), Query()
    changed, anew = engine.under(scenario), Engine(apply_scenario(engine.pack, scenario))
    place = resolve_place(engine.pack, "X01000005")
    ours, theirs = (
        one.isochrones(query, place, (900, 2700)) for one, query in ((changed, asked), (anew, plain))
    )
    assert ours.geometry.geom_equals_exact(theirs.geometry, 0).all()
    cells, walks = get_street_cells(changed, plain.walk)
    base_cells, base_walks = get_street_cells(engine, plain.walk)
    assert cells is base_cells
    assert (walks is base_walks) == (kind in ("add_service", "headway"))
    full = get_street_cells(anew, plain.walk)[1]
    for name in ("indptr", "target", "length_mm"):
        np.testing.assert_array_equal(getattr(walks.by_stop, name), getattr(full.by_stop, name))
        np.testing.assert_array_equal(getattr(walks.by_cell, name), getattr(full.by_cell, name))


def test_a_village_s_land_grows_with_its_minibus(engine):
    place = resolve_place(engine.pack, "X01000005")
    asked = Query(window_start_s=9 * 3600, window_end_s=10 * 3600)
    today = engine.isochrones(asked, place, (2700,)).geometry.area.iloc[0]
    scenario = scenario_of("minibus")
    tried = engine.under(scenario).isochrones(replace(asked, scenario=scenario), place, (2700,))
    assert tried.geometry.area.iloc[0] > 1.5 * today


def test_a_changed_engine_is_let_go_and_so_is_all_that_it_alone_held(engine):
    changed = engine.under(scenario_of("minibus"))
    place = resolve_place(engine.pack, "X01000005")
    changed.isochrones(Query(scenario=changed.scenario), place, (900,))
    gone = [weakref.ref(changed), weakref.ref(changed.pack), weakref.ref(changed.snapped_stops(False))]
    del changed
    gc.collect()
    assert [ref() for ref in gone] == [None, None, None]


def mark_kinds(engine, kind: str) -> dict[str, list[str]]:
    """Labels of the marks of an example by kind of mark."""
    found: dict[str, list[str]] = {}
    for mark in engine.under(scenario_of(kind)).marks:
        found.setdefault(mark.kind, []).append(mark.label)
    return found


def test_what_each_kind_of_change_puts_on_the_map(engine):
    marks = {kind: mark_kinds(engine, kind) for kind in EXAMPLES}
    service = engine.pack.services.set_index("service_id").loc["FV-009", "name"]
    assert marks["add_service"] == {"service_added": ["Tea and talk"]}
    assert marks["remove_service"] == {"service_removed": [service]}
    assert marks["add_stop"] == {"stop_added": ["Carr Green"]}
    assert list(marks["move_stop"]) == ["stop_left", "stop_moved", "move"]
    assert marks["minibus"]["minibus"] == ["Dial-a-ride"] and len(marks["minibus"]["stop_added"]) == 2
    assert marks["close_street"] == {"street_closed": ["Mercer Way"]}
    assert list(marks["footpath"]) == ["footpath"]
    assert [marks[kind] for kind in ("headway", "first_bus", "last_bus")] == [{}, {}, {}]


def test_marks_lie_where_the_change_is(engine):
    pack = engine.pack
    home = resolve_place(pack, "X01000080")
    stop = pack.stops.set_index("stop_id").loc["9990FV00289"]
    left, moved, line = engine.under(scenario_of("move_stop")).marks
    assert (left.geometry.x, left.geometry.y) == (stop["x"], stop["y"])
    assert (moved.geometry.x, moved.geometry.y) == (home.x, home.y)
    assert line.geometry.length == pytest.approx(left.geometry.distance(moved.geometry))
    assert pack.stops["stop_id"].iloc[left.row] == "9990FV00289"
    closed = engine.under(scenario_of("close_street")).marks[0].geometry
    named = [n for n, name in enumerate(pack.walk.street_names) if name == "Mercer Way"]
    length_mm = pack.walk.length_mm[np.isin(pack.walk.street, named)].sum()
    assert 0 < closed.length <= length_mm / 1000 * 1.01
    path = engine.under(scenario_of("footpath")).marks[0].geometry
    end = resolve_place(pack, "9990FV00288")
    assert path.distance(gpd.points_from_xy([end.x], [end.y])[0]) < 300


def test_a_stop_moved_for_one_route_stays_for_the_others(engine):
    text = '[[change]]\nkind = "move_stop"\nstop = "9990FV00001"\nto = "9990FV00002"\nroute = "1"\n'
    left, moved, _ = engine.under(parse_scenario(text.encode(), "t.toml")).marks
    assert (left.kind, left.row, moved.kind) == ("stop_left", None, "stop_moved")
    names = engine.pack.stops.set_index("stop_id")["name"]
    assert names["9990FV00002"] in moved.label


@pytest.fixture(scope="module")
def tried(engine):
    """The minibus's sheet for a village: engine, query and sheet with the trial."""
    scenario = scenario_of("minibus")
    changed, query = engine.under(scenario), Query(scenario=scenario)
    ends = resolve_place(engine.pack, "X01000005"), resolve_place(engine.pack, "9990FV00001")
    return changed, query, build_sheet(changed, query, *ends, arrive_by_s=37_800, home_s=45_000)


def test_a_journey_on_a_trial_s_bus_says_that_it_is_none_to_travel_by(engine, tried):
    changed, query, sheet = tried
    pack = changed.pack
    words, short = sheet_in_words(sheet, pack), sheet_in_short(sheet, pack)
    assert "Dial-a-ride" in "\n".join(words), "the journey is on the bus that nobody runs"
    assert words[0].startswith(NOT_REAL) and "Do not travel by it" in words[0]
    assert words[-1].startswith(NOT_REAL) and not any("Check before" in line for line in words)
    assert short[0].startswith(NOT_REAL.upper()) and "Do not travel" in short[0]
    for way in sheet.ways:
        assert way.instructions(pack)[0].text.startswith(NOT_REAL)
    told = sheet_to_json(sheet, pack)
    assert told["trial"] == told["there"]["trial"] == pack.trial and NOT_REAL in told["home"]["check"]
    page = build_page(sheet, pack, query, None, today=TODAY)
    assert page.count('<p class="trial">') == 2 and f"<title>{NOT_REAL}".replace("'", "&#x27;")[:12] in page
    assert 'data-name="trial_journey.html"' in build_toolbar(sheet, pack, query, None, today=TODAY)
    assert say_journey_title(query, pack.manifest).startswith(NOT_REAL)
    assert say_title("Map", query, engine.pack.manifest).startswith(NOT_REAL)


def test_a_real_journey_says_nothing_of_trials(engine):
    ends = resolve_place(engine.pack, "X01000004"), resolve_place(engine.pack, "9990FV00001")
    sheet = build_sheet(engine, Query(), *ends, arrive_by_s=37_800, home_s=45_000)
    page = build_page(sheet, engine.pack, Query(), None, today=TODAY)
    told = json.dumps(sheet_to_json(sheet, engine.pack))
    assert '"trial": null' in told
    for text in (page.partition("</style>")[2], told.replace('"trial": null', ""),
                 *sheet_in_words(sheet, engine.pack), *sheet_in_short(sheet, engine.pack),
                 say_title("Map", Query(), engine.pack.manifest)):  # fmt: skip
        assert "trial" not in text.casefold()


def test_files_carry_the_word(engine, tmp_path):
    scenario = scenario_of("add_service")
    query = Query(scenario=scenario)
    assert build_metadata(engine.pack.manifest, "t", query=query)["trial"].startswith(NOT_REAL)
    assert "trial" not in build_metadata(engine.pack.manifest, "t", query=Query())
    out = tmp_path / "reach.parquet"
    request = ExportRequest(query, ("reach",))
    export_pack(engine.under(scenario), request, out, today=TODAY, progress=lambda _done, _what: None)
    told = read_metadata(out)
    assert told["title"].startswith(NOT_REAL) and any("nobody has made" in note for note in told["notes"])


def test_the_command_line_says_it_too(tmp_path, capsys):
    scenario = tmp_path / "minibus.toml"
    scenario.write_text(EXAMPLES["minibus"], encoding="utf-8")
    asked = ["demo", "--from", "X01000005", "--to", "what-if-1 stop 2", "--arrive-by", "10:30",
             "--scenario", str(scenario)]  # fmt: skip
    assert geo_main(["journey", *asked, "--short"]) == 0
    assert NOT_REAL.upper() in capsys.readouterr().out
    page = tmp_path / "sheet.html"
    assert layers_main(["sheet", *asked, "--out", str(page)]) == 0
    assert 'class="trial"' in page.read_text(encoding="utf-8")
    table = tmp_path / "reach.parquet"
    export = ["export", "demo", "--what", "reach", "--scenario", str(POP_UP), "--out", str(table)]
    assert layers_main(export) == 0
    assert read_metadata(table)["trial"].startswith(NOT_REAL)
    assert "what-if-1" in set(gpd.pd.read_parquet(table)["service_id"])


HOSTILE = (
    '<img src=x onerror="window.pwned=1">',
    "</script><script>window.pwned=1</script>",
    "`${window.pwned=1}`",
    "\N{BUS} \N{MINIBUS} Ünï [x](javascript:alert(1)) **b**",
    "חדש שירות جديد",
    "W" * 100,
)


class Elements(HTMLParser):
    """What a browser would make elements and handlers of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts, self.handlers, self.images = 0, [], []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.images += [value for name, value in attrs if tag == "img" and name == "src"]


@pytest.mark.parametrize("name", HOSTILE, ids=["img", "script", "template", "emoji", "rtl", "long"])
def test_a_hostile_name_is_text_on_every_product(engine, name):
    quoted = json.dumps(name, ensure_ascii=False)
    text = f"name = {quoted}\n" + EXAMPLES["minibus"].replace('"Dial-a-ride"', quoted)
    scenario = parse_scenario(text.encode(), "t.toml")
    changed, query = engine.under(scenario), Query(scenario=scenario)
    ends = resolve_place(engine.pack, "X01000005"), resolve_place(engine.pack, "9990FV00001")
    sheet = build_sheet(changed, query, *ends, arrive_by_s=37_800, home_s=45_000)
    for page, scripts in (
        (build_page(sheet, changed.pack, query, None, today=TODAY), 0),
        (build_toolbar(sheet, changed.pack, query, None, today=TODAY), 1),
    ):
        found = Elements(page)
        assert (found.scripts, found.handlers) == (scripts, [])
        assert all(one.startswith("data:image/svg+xml") for one in found.images)
        assert escape_for_map(name) in page, "it is shown as it is written"
    drawn = draw_trial(changed.pack, changed.marks, "light")
    message = as_script(drawn.parts)
    assert not set("<`") & set(message) and "${" not in message
    legend = Elements(build_legend(drawn.layer))
    assert (legend.scripts, legend.handlers) == (0, [])
    assert name in "\n".join(sheet_in_words(sheet, changed.pack))


def test_a_name_from_right_to_left_keeps_the_number_of_changes_outside():
    """Digits that follow such a name, with no letter between, are drawn inside it."""
    scenario = parse_scenario(f'name = "{HOSTILE[4]}"\n{EXAMPLES["minibus"]}'.encode(), "t.toml")
    after = say_trial(scenario).partition(HOSTILE[4])[2]
    first = next(one for one in after if unicodedata.bidirectional(one) in ("L", "R", "AL", "EN", "AN"))
    assert unicodedata.bidirectional(first) == "L" and "1 change that nobody has made" in after
