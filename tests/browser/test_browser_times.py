"""Times of day in a real browser: two maps, a table, and a link that opens the same."""

from __future__ import annotations

from playwright.sync_api import expect

from data.packio import load_pack
from geo.engine import Engine
from geo.query import Query
from geo.when import compute_when
from layers.when import choose_rows, compare_times, count_times

WAIT_MS = 120_000
ANY = {"kind": "service", "category": "*"}


def classes_drawn(visitor) -> list[str]:
    """The fill of each neighbourhood on the map, in the order of their rows."""
    script = """() => obr.layers.neighbourhoods.getLayers()
        .sort((a, b) => a.feature.properties.i - b.feature.properties.i)
        .map((one) => one.options.fillColor + one.options.pattern)"""
    return visitor.in_map(script)


def choose(visitor, label: str, option: str) -> None:
    before = visitor.drawn()
    visitor.page.get_by_role("combobox", name=label).first.click(timeout=WAIT_MS)
    visitor.page.get_by_role("option", name=option).first.click(timeout=WAIT_MS)
    visitor.wait_for_change(before)
    visitor.settle()


def alike(drawn: list[str], classes: list[int]) -> bool:
    """Whether neighbourhoods of one class are drawn alike, and those of two classes are not."""
    looks = {
        number: {drawn[at] for at, own in enumerate(classes) if own == number} for number in set(classes)
    }
    return all(len(own) == 1 for own in looks.values()) and len(set.union(*looks.values())) == len(looks)


def test_times_of_day_are_drawn_compared_listed_and_linked(dashboard, visit) -> None:
    pack = load_pack("demo")
    table = compute_when(Engine(pack), Query())
    visitor = visit()
    page = visitor.page
    visitor.open(f"{dashboard}?area=demo")

    choose(visitor, "Shading", "Times of day: how many")
    counted = count_times(pack, table, **ANY)
    assert alike(classes_drawn(visitor), counted.classes.tolist())
    expect(page.get_by_text("At how many of 5 times", exact=False).first).to_be_attached(timeout=WAIT_MS)
    assert "times of the week" in visitor.frame.owner.get_attribute("title")

    choose(visitor, "Shading", "Times of day: two compared")
    choose(visitor, "against", "Saturday")
    compared = compare_times(pack, table, "weekday_morning", "saturday", **ANY)
    assert alike(classes_drawn(visitor), compared.classes.tolist())
    assert "against=saturday" in page.url

    # The same without the map: a table whose rows choose a neighbourhood.
    page.get_by_role("radio", name="By time of day").or_(
        page.get_by_role("button", name="By time of day")
    ).first.click(timeout=WAIT_MS)
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible(timeout=WAIT_MS)
    rows = choose_rows(pack, table, **ANY)
    assert len(rows) == len(pack.neighbourhoods)

    # A link opens the same map for somebody else.
    other = visit().open(page.url)
    assert alike(classes_drawn(other), compared.classes.tolist())
