"""The difference as a layer, a table and words; people gained and lost by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from data.packio import load_pack
from geo.engine import Engine
from geo.query import Query
from geo.stop_words import describe_stop
from geo.whatif.difference import WhatIf, compare_pairs, compute_what_if
from geo.whatif.toml import parse_scenario
from layers.scenario_choices import list_routes
from layers.scenario_words import Names, say_change
from layers.styles import FILL_OPACITY, GROUND
from layers.what_if import (
    LABELS,
    build_difference_table,
    build_fills,
    draw_difference,
    say_difference,
    say_difference_cells,
)
from tests.contrast import MINIMUM_CONTRAST, THEMES, blend, contrast
from tests.test_whatif_towns import BY_BUS, at, ride, town
from tests.towns import point, route, service

ANY = {"kind": "service", "category": "*", "group_id": "all"}


@pytest.fixture(scope="module")
def found() -> WhatIf:
    """Home's 120 people lose the clinic; 50 far out gain a service at their door; 30 have none either way."""
    pack = town(
        points=[
            point("home", 0, 0, people=120, neighbourhood="N1"),
            point("far", 7000, 0, people=50, neighbourhood="N2"),
            point("farther", 8900, 0, people=30, neighbourhood="N2"),
        ],
        routes=[route("10", ride("09:40")), route("9", ride("09:50")), route("X1", ride("09:55"))],
        services=[service("clinic", 2180, 0)],
        groups={"g": {"N1": 60, "N2": 16}},
    )
    text = f"""
    name = "Out of <town>"
    [[change]]
    kind = "remove_service"
    service = "clinic"
    [[change]]
    kind = "add_service"
    name = "Hall"
    category = "Advice"
    at = "{at(7000)}"
    """
    query = replace(Query(), scenario=parse_scenario(text.encode(), "t.toml"))
    return compute_what_if(Engine(pack), query)


def test_people_gained_and_lost_by_hand(found):
    rows = found.frame.set_index(["level", "area_id", "category", "group_id"])
    whole = rows.loc[("area", "town", "*", "all")]
    assert (whole["gained"], whole["lost"]) == (50, 120)
    assert (whole["in_reach_before"], whole["in_reach_after"], whole["cut_off_after"]) == (120, 50, 150)
    # A group's 16 people in N2 are spread as all residents are: 50 of 80.
    group = rows.loc[("area", "town", "*", "g")]
    assert (group["gained"], group["lost"]) == (10, 60)
    home, far = (rows.loc[("neighbourhood", hood, "*", "all")] for hood in ("N1", "N2"))
    assert home["nearest_before_s"] == BY_BUS and far["nearest_after_s"] == 0
    assert (home["gained"], home["lost"], far["gained"], far["lost"]) == (0, 120, 50, 0)


def test_pairs_that_differ(found):
    pairs = compare_pairs(found.changed.base.pack, found.changed.pack, found.before, found.after)
    told = {
        (row.origin_id, row.service_id): (row.class_before, row.class_after) for row in pairs.itertuples()
    }
    assert told[("N1", "clinic")][0] == "one_bus" and told[("N2", "what-if-2")][1] == "walk"
    assert len(told) == 4  # the service that goes and the one that comes, for both neighbourhoods


def test_the_layer_says_who_gains_and_who_loses(found):
    drawn = draw_difference(found.changed.base.pack, found, "light", **ANY)
    shading = drawn.parts["shading"]
    assert shading["classes"] == [0, 3] and len(shading["fills"]) == len(LABELS) == 5
    assert shading["values"] == ["120 lose it", "50 gain reach"]
    assert "<town>" not in shading["label"] and "&lt;town" in shading["label"]
    assert [entry.count for entry in drawn.layer.legend] == [1, 1]
    sentence = say_difference(found, **ANY)
    assert sentence == "50 people gain reach of at least one, 120 lose it: 50 in reach, 120 now."


@pytest.mark.parametrize("theme", THEMES)
def test_neighbouring_classes_differ_by_contrast_or_by_dots(theme):
    fills = build_fills(theme)
    seen = [blend(fill.colour, GROUND[theme]["land"], FILL_OPACITY) for fill in fills]
    for (one, a), (other, b) in zip(
        zip(fills, seen, strict=True), list(zip(fills, seen, strict=True))[1:], strict=False
    ):
        assert contrast(a, b) >= MINIMUM_CONTRAST or one.pattern != other.pattern
    # Dots, and dots alone, say that people lose: no colour needs to be told from another for it.
    assert [fill.pattern for fill in fills] == ["dots", "dots", "plain", "plain", "plain"]


def test_tables_hold_what_differs_most_first(found):
    hoods = build_difference_table(found, by="neighbourhood", **ANY)
    assert hoods["Lose reach"].tolist() == [120, 0] and hoods["Gain reach"].tolist() == [0, 50]
    assert build_difference_table(found, by="category", **ANY)["Category"].tolist() == ["Advice", "Any"]
    assert len(build_difference_table(found, by="group", **ANY)) == 2


def test_households_are_never_called_people(found):
    frame = found.frame
    counted = frame["counted"].where(frame["group_id"] == "all", "households")
    found = replace(found, frame=frame.assign(counted=counted))
    asked = ANY | {"group_id": "g"}
    said = say_difference(found, **asked)
    assert said == "10 households gain reach of at least one, 60 lose it: 10 in reach, 60 now."
    layer = draw_difference(found.changed.base.pack, found, "light", **asked).layer
    name = frame.loc[frame["group_id"] == "g", "group_name"].iloc[0]
    assert layer.unit == "households" and layer.title.endswith(f"households who gain or lose reach ({name})")
    table = build_difference_table(found, by="neighbourhood", **asked)
    assert "People" not in table and table["Households"].tolist() == [60, 16]
    assert say_difference_cells(table)["Households"](16) == "16"
    groups = build_difference_table(found, by="group", **ANY)["Group"].tolist()
    assert [name.endswith(" (households)") for name in groups] == [False, True]


def test_every_change_is_said_with_names_and_never_with_codes():
    text = """
    [[change]]
    kind = "add_service"
    name = "Tea"
    category = "Befriending"
    at = "X01000006"
    sessions = [{ day = "tuesday", start = "10:30", end = "12:30", drop_in = true }]
    [[change]]
    kind = "remove_service"
    service = "FV-009"
    [[change]]
    kind = "add_stop"
    route = "4"
    towards = "Priorsgate"
    stop = "9990FV00289"
    [[change]]
    kind = "move_stop"
    stop = "9990FV00289"
    to = "X01000080"
    route = "4"
    [[change]]
    kind = "headway"
    route = "22"
    every_min = 30
    start = "09:00"
    end = "16:00"
    [[change]]
    kind = "first_bus"
    route = "20"
    time = "06:00"
    [[change]]
    kind = "last_bus"
    route = "20"
    time = "25:10"
    every_min = 60
    days = "weekdays"
    [[change]]
    kind = "minibus"
    name = "Dial-a-ride"
    places = ["X01000005", "what-if-4 stop"]
    departures = ["09:15"]
    days = "weekend"
    [[change]]
    kind = "close_street"
    street = "Mercer Way"
    near = "X01000081"
    [[change]]
    kind = "footpath"
    points = ["X00000614", "-1.9, 54.0", "nowhere"]
    steps = true
    """
    pack = load_pack("demo")
    changes = parse_scenario(text.encode(), "t.toml").changes
    told = [say_change(one, Names(pack)) for one in changes]
    stop = describe_stop(pack.stops.set_index("stop_id", drop=False).loc["9990FV00289"], pack.crs).title
    hoods = pack.neighbourhoods.set_index("neighbourhood_id")["name"]
    run_by = pack.services.set_index("service_id").loc["FV-009"]  # others have its name
    service = f"{run_by['name']} ({run_by['organisation']})"
    assert told == [
        f"A service more: Tea (Befriending) at {hoods['X01000006']}. Tuesday 10:30 to 12:30, drop in.",
        f"A service less: {service}.",
        f"A stop more: {stop}, on route 4 towards Priorsgate.",
        f"A stop elsewhere: {stop} to {hoods['X01000080']}, for route 4 only.",
        "Route 22: a bus every 30 minutes from 09:00 to 16:00, every day.",
        "Route 20: the first bus at 06:00, every day.",
        "Route 20: the last bus at 01:10 the next day, every 60 minutes until then, Monday to Friday.",
        f"A minibus: Dial-a-ride, {hoods['X01000005']}, what-if-4 stop; 09:15, Saturday, Sunday.",
        f"A street closed: Mercer Way, within 250 m of {hoods['X01000081']}.",
        "A footpath: a point in Fernley Vale 016C to nowhere, with steps.",
    ]


def test_routes_are_listed_as_people_count_and_by_operator_where_two_have_the_number(found):
    pack = found.changed.base.pack
    assert [one.route for one in list_routes(pack, ("bus",))] == ["9", "10", "X1"]
    assert all(one.operator is None for one in list_routes(pack, ("bus",)))
    assert list_routes(pack, ("tram",)) == []
