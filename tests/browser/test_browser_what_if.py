"""A trial in a real browser: from a file or built in the form, followed by map and journey, taken back."""

from __future__ import annotations

import tomllib
from pathlib import Path

from playwright.sync_api import expect

from data.packio import load_pack
from geo.whatif.toml import load_scenario
from tests.conftest import CHECKOUT

WAIT_MS = 120_000
SECRET = "Zebra pop-up"
GAINED = "people gain reach of at least one"
NOT_REAL = "Trial, not today's timetable"
NO_SUCH = """
[[change]]
kind = "headway"
route = "22x"
every_min = 30

[[change]]
kind = "remove_service"
service = "no such service"
"""


def open_upload(visitor, url: str):
    visitor.page.goto(f"{url}?area=demo&tab=Planner")
    visitor.page.get_by_text("What if …? Try a change").click(timeout=WAIT_MS)
    visitor.page.get_by_role("tab", name="From a file").click(timeout=WAIT_MS)
    return visitor.page


def choose(page, label: str, text: str, option: str) -> None:
    """Type into a list and click what it offers, as a person does."""
    box = page.get_by_role("combobox", name=label).first
    box.click(timeout=WAIT_MS)
    box.fill(text)
    page.get_by_role("option", name=option).first.click(timeout=WAIT_MS)
    page.keyboard.press("Escape")  # a list of several stays open, over the rest of the page


def test_a_trial_is_built_shown_followed_and_taken_back(dashboard, visit) -> None:
    """Form, then map layer and table, land in reach, journey, the switch, and back."""
    visitor = visit()
    page = visitor.page
    visitor.open(f"{dashboard}?area=demo&place=X01000005")
    today = visitor.in_map(
        "() => obr.layers.reach.getLayers().filter((one) => one.toGeoJSON).map((one) => one.toGeoJSON())"
    )
    page.get_by_text("What if …? Try a change").click(timeout=WAIT_MS)
    choose(page, "Change", "minibus", "A minibus between places")
    times = page.get_by_label("Times, by commas")
    times.fill("09:40, 12:45", timeout=WAIT_MS)
    times.press("Enter")
    choose(page, "Places, in the order of the way", "002A", "Fernley Vale 002A (Skelbeck)")
    # The other end is picked on the map, where the click chooses no neighbourhood.
    page.get_by_role("button", name="Pick on the map").click(timeout=WAIT_MS)
    expect(page.get_by_text("Click on the map for")).to_be_visible(timeout=WAIT_MS)
    visitor.settle()
    pack = load_pack("demo")
    goal = pack.services.set_index("service_id").loc["FV-009"]
    visitor.frame.owner.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # the hint above the map has moved it
    page.mouse.click(*visitor.pixel_of(float(goal["lon"]), float(goal["lat"])))
    expect(page.get_by_text("a point in Fernley Vale").first).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("button", name="Done").click(timeout=WAIT_MS)
    expect(page.get_by_text("Click on the map for")).to_have_count(0, timeout=WAIT_MS)
    visitor.settle()
    before = visitor.drawn()
    add = page.get_by_role("button", name="Add this change")
    expect(add).to_be_enabled(timeout=WAIT_MS)
    add.click()
    expect(page.get_by_text(GAINED).first).to_be_visible(timeout=WAIT_MS)
    visitor.wait_for_change(before)
    visitor.settle()

    # The word is in sight wherever one scrolls, the line is on the map, the land in reach has grown.
    bar = page.get_by_text(NOT_REAL).first
    visitor.frame.owner.scroll_into_view_if_needed()
    expect(bar).to_be_in_viewport()
    assert visitor.in_map("() => obr.layers.trial.getLayers().length") == 3  # a line and its two stops
    grown = visitor.in_map(
        "() => obr.layers.reach.getLayers().filter((one) => one.toGeoJSON).map((one) => one.toGeoJSON())"
    )
    assert grown != today
    assert visitor.frame.owner.get_attribute("title").startswith(NOT_REAL)
    expect(page.get_by_text("What if: who gains and who loses reach")).to_be_visible()
    assert "Minibus" not in page.url and "trial" not in page.url

    # The journey is on the bus that nobody runs, and every product of it says so.
    page.get_by_role("tab", name="Connector").click()
    choose(page, "To", str(goal["name"]), str(goal["name"]))
    expect(page.get_by_text("take bus Minibus").first).to_be_visible(timeout=WAIT_MS)
    bar_of_files = page.frame_locator("iframe[title='Print or save this journey']")
    with page.expect_download() as waiting:
        bar_of_files.get_by_role("button", name="Save the sheet (HTML)").click(timeout=WAIT_MS)
    saved = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert waiting.value.suggested_filename == "trial_journey.html"
    assert saved.count('class="trial"') == 2 and "Minibus" in saved

    # Today, by the switch; then for good.
    page.get_by_role("radio", name="Today").or_(page.get_by_role("button", name="Today")).first.click()
    expect(page.locator(".st-key-trial_bar")).to_have_count(0, timeout=WAIT_MS)
    expect(page.locator(".st-key-trial_bar_today")).to_be_visible()
    page.get_by_role("tab", name="Planner").click()
    visitor.settle()
    assert (
        visitor.in_map(
            "() => obr.layers.reach.getLayers().filter((one) => one.toGeoJSON).map((one) => one.toGeoJSON())"
        )
        == today
    )
    page.get_by_role("button", name="Take the whole trial back").click()
    expect(page.get_by_text(GAINED)).to_have_count(0, timeout=WAIT_MS)
    visitor.settle()
    assert visitor.in_map("() => !obr.layers.trial")


def test_a_scenario_s_file_is_refused_in_words_or_taken_and_is_one_visitor_s_own(
    dashboard, visit, tmp_path: Path
) -> None:
    page, other = open_upload(visit(), dashboard), open_upload(visit(), dashboard)
    chosen = page.locator('input[type="file"]').first

    def give(name: str, content: str) -> None:
        (tmp_path / name).write_text(content, encoding="utf-8")
        chosen.set_input_files(str(tmp_path / name))

    # What is not TOML, what is not there, and what it may have meant.
    give("torn.toml", "name = ")
    expect(page.get_by_text("is not TOML")).to_be_visible(timeout=WAIT_MS)
    give("wrong.toml", NO_SUCH)
    problem = page.get_by_role("alert").filter(has_text="22x")
    expect(problem).to_contain_text("'no such service' is no service of the pack", timeout=WAIT_MS)
    expect(problem).to_contain_text("Did you mean 22")
    assert page.get_by_text("gain reach").count() == 0, "a refused file changes nothing"
    page.get_by_role("button", name="Remove wrong.toml").click()
    expect(problem).to_have_count(0, timeout=WAIT_MS)

    scenario = (CHECKOUT / "docs" / "scenarios" / "pop_up.toml").read_text(encoding="utf-8")
    give("taken.toml", scenario.replace("Tea and talk", SECRET))
    expect(page.get_by_text(GAINED).first).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_text(SECRET).first).to_be_visible()

    # What is downloaded is what was given; link and neighbour know nothing of it.
    with page.expect_download(timeout=WAIT_MS) as waiting:
        page.get_by_text("Download as TOML").click()
    given, saved = load_scenario(tmp_path / "taken.toml"), Path(waiting.value.path())
    assert tomllib.loads(saved.read_text(encoding="utf-8"))["name"] == given.name
    assert "Zebra" not in page.url and "trial" not in page.url
    other.wait_for_timeout(500)
    assert SECRET not in other.content() and other.get_by_text("gain reach").count() == 0

    page.get_by_role("button", name="Take the whole trial back").click()
    expect(page.get_by_text(GAINED)).to_have_count(0, timeout=WAIT_MS)
