"""Scenario files: what is read, what is refused and in which words, and writing them back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from data.errors import QueryError
from geo.query import Query
from geo.whatif.apply import apply_scenario
from geo.whatif.model import LastBus, Scenario
from geo.whatif.toml import KINDS, load_scenario, parse_scenario, scenario_to_toml
from geo.write import query_to_dict
from tests.strategies import towns
from tests.test_whatif_towns import TUESDAY, at, refusal, ride, town
from tests.towns import Stop, route
from tests.whatif_strategies import scenarios

FAULTY = b"""
name = ""
author = "me"

[[change]]
kind = "headwy"

[[change]]
kind = "headway"
rout = 5
every_min = 0
start = "nine"
days = ["tuesday", "someday"]

[[change]]
kind = "close_street"

[[change]]
kind = "add_service"
name = "Tea"
category = "Food"
at = "ZZ1 1AA"
sessions = [{ day = "tuesday", start = "10:00", end = "09:00" }]

[[change]]
kind = "minibus"
name = "Dial"
places = ["a"]
departures = ["49:00"]
"""


def refused(content: bytes, file: str = "mine.toml") -> str:
    with pytest.raises(QueryError) as error:
        parse_scenario(content, file)
    assert error.value.exit_code == 2
    return str(error.value)


def test_all_faults_are_told_at_once_with_file_change_and_field():
    words = refused(FAULTY)
    assert words.startswith("mine.toml: ")
    for line in (
        "author: is not a key that may stand here",
        "name: ",
        "change 1, kind 'headwy': use one of add_service",
        "Did you mean headway?",
        "change 2 (headway), route: is missing",
        "change 2 (headway), rout: is not a key of this kind of change",
        "change 2 (headway), every_min: must be over 0",
        "change 2 (headway), start: 'nine' is not a time; write it like 09:30",
        "change 2 (headway), days: 'someday' is no day",
        "change 3 (close_street): give either way",
        "change 4 (add_service), sessions.1: ends before it starts",
        "change 5 (minibus), places: must be at least 2 of them",
        "change 5 (minibus), departures.1: must be at most 48:00",
    ):
        assert line in words, line


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name = ", "is not TOML"),
        (b"\xff\xfe", "is not text in UTF-8"),
        (b'name = "a"\nname = "b"', "a key stands there twice"),
        (b'[[change]]\nkind = "headway"\nroute = "1"\nevery_min = true', "every_min: must be a number"),
        (b'[[change]]\nkind = "remove_service"\nservice = [1]', "service: must be one text in quotes"),
        (b'[[change]]\nkind = "close_street"\nway = 1.5', "way: must be a whole number"),
        (b'name = "Nothing"', "[[change]]: there is none"),
        (b"change = 3", "[[change]]: there is none"),
        (b"change = [3]", "change 1"),
        (b"#" * 200_000, "at most 100,000"),
        (b'[[change]]\nkind = "remove_service"\nservice = "a\\nb"', "control characters"),
        (b'[[change]]\nkind = "headway"\nroute = "1"\nevery_min = nan', "every_min"),
        (b'[[change]]\nkind = "minibus"\nname = "m"\nplaces = ["a", "b"]', "give either departures"),
        (b'[[change]]\nkind = "last_bus"\nroute = "1"\ntime = "23:00"\n' * 51, "at most 50"),
    ],
)
def test_what_is_no_scenario_is_refused(content, words):
    assert words in refused(content)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(QueryError, match=r"gone\.toml: can't be read"):
        load_scenario(tmp_path / "gone.toml")


def test_names_that_the_pack_has_not_got_are_refused_together_with_the_nearest():
    pack = town(
        routes=[
            route("53", ride("09:40"), short_name="53"),
            route("7a", ride("09:50"), short_name="7", agency="Village Buses"),
            route("7b", ride("09:55"), short_name="7"),
        ],
        stops={"Home": (90, 0), "Town": (2090, 0), "m": Stop(400, 0, name="Market Place"),
               "a": Stop(500, 0, name="Twin"), "b": Stop(510, 0, name="Twin")},
    )  # fmt: skip
    text = b"""
    [[change]]
    kind = "last_bus"
    route = "54"
    time = "23:00"
    [[change]]
    kind = "move_stop"
    stop = "Market Plaice"
    to = "home"
    [[change]]
    kind = "move_stop"
    stop = "Twin"
    to = "home"
    [[change]]
    kind = "remove_service"
    service = "clinc"
    [[change]]
    kind = "add_stop"
    route = "53"
    at = "nan,nan"
    [[change]]
    kind = "add_stop"
    route = "53"
    operator = "Village Buses"
    stop = "Home"
    [[change]]
    kind = "headway"
    route = "7"
    every_min = 20
    [[change]]
    kind = "last_bus"
    route = "53"
    towards = "Narnia"
    time = "23:00"
    """
    with pytest.raises(QueryError) as error:
        apply_scenario(pack, parse_scenario(text, "mine.toml"))
    words = str(error.value)
    for line in (
        "change 1 (last_bus), route: '54' is no route of the pack. Did you mean 53?",
        "change 2 (move_stop), stop: 'Market Plaice' is no stop of the pack. Did you mean Market Place (m)",
        "change 3 (move_stop), stop: 'Twin' is the name of 2 stops; give an id: a (Twin), b (Twin)",
        "change 4 (remove_service), service: 'clinc' is no service of the pack. Did you mean clinic",
        "change 5 (add_stop), at: nan,nan: no place on Earth",
        "change 6 (add_stop), operator: 'Village Buses' has no route '53'; it is of Town Buses",
        "change 7 (headway), operator: route '7' is of Village Buses, Town Buses; say which",
        "change 8 (last_bus), towards: 'Narnia': no bus of the route goes there. It goes towards ",
    ):
        assert line in words, words


def test_a_place_out_of_the_area_is_refused():
    assert "more than 50 km from" in refusal(
        town("09:40"), 'kind = "add_service"', 'name = "x"', 'category = "y"', 'at = "2.35,48.85"'
    )
    assert "no street is within 300 m" in refusal(
        town("09:40"), 'kind = "footpath"', f'points = ["{at(0, 900)}", "{at(9)}"]'
    )


def test_a_day_that_the_route_does_not_run_is_refused():
    pack = town(routes=[route("1", ride("09:40"))], calendars=None)
    assert TUESDAY.weekday() == 1
    assert "would be left" in refusal(
        pack, 'kind = "first_bus"', "route = 1", 'time = "10:00"', 'days = "sunday"'
    )


@given(st.data())
@settings(max_examples=15)
def test_a_scenario_written_and_read_again_is_the_same(data):
    pack = data.draw(towns(34_200)).build()
    assume(pack.services is not None)
    scenario = data.draw(scenarios(pack, 34_200))
    assume(scenario is not None)
    scenario = Scenario(data.draw(st.sampled_from(['Tea "and" \\ talk', "Ünï", "1"])), scenario.changes)
    again = parse_scenario(scenario_to_toml(scenario).encode(), "again.toml")
    assert again == scenario and again.digest == scenario.digest and hash(again) == hash(scenario)


def test_names_may_hold_the_joiners_that_their_script_needs():
    name = "\u06a9\u062a\u0627\u0628\u200c\u062e\u0627\u0646\u0647"
    text = f'name = "{name}"\n[[change]]\nkind = "remove_service"\nservice = "{name}"\n'
    scenario = parse_scenario(text.encode(), "test.toml")
    assert scenario.name == scenario.changes[0].service == name


def test_what_a_scenario_is_called_changes_no_digest_and_every_field_does():
    bus = LastBus(route="1", time=3600)
    assert Scenario("a", (bus,)).digest == Scenario("b", (bus,)).digest
    others = [
        LastBus(route="2", time=3600),
        LastBus(route="1", time=3601),
        LastBus(route="1", time=3600, every_min=9),
    ]
    assert len({Scenario("a", (one,)).digest for one in (bus, *others)}) == 4


def test_a_scenario_is_part_of_the_query_and_of_a_files_metadata():
    pack = town("09:40")
    scenario = Scenario("Later", (LastBus(route="1", time=79_200),))
    query = replace(Query(), scenario=scenario)
    assert query != Query() and hash(query) != hash(Query())
    told = query_to_dict(query, TUESDAY)["scenario"]
    assert told["digest"] == scenario.digest and told["changes"][0]["time"] == 79_200
    assert "scenario" not in query_to_dict(Query(), TUESDAY)
    changed = apply_scenario(pack, scenario)
    assert changed.digest != pack.digest and "nobody has made" in changed.manifest.notes[-1]


def test_each_kind_is_documented():
    from tests.conftest import CHECKOUT

    text = (CHECKOUT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f'kind = "{kind}"' not in text] == []
