"""A trial in a real browser: from a file or built in the form, followed by map and journey, taken back."""

from __future__ import annotations

import tomllib
from pathlib import Path

from playwright.sync_api import expect

from geo.whatif.toml import load_scenario
from tests.conftest import CHECKOUT

WAIT_MS = 120_000
SECRET = "Zebra pop-up"
GAINED = "people gain reach of at least one"
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
