"""Streets closed and footpaths added, by hand (see ``tests/test_whatif_towns.py``)."""

from __future__ import annotations

import pandas as pd

from geo.engine import Engine
from geo.query import Query
from geo.whatif import recompute
from geo.whatif.apply import apply_scenario
from geo.whatif.engine import ScenarioEngine
from geo.whatif.toml import parse_scenario
from geo.whatif.words import say_outside
from tests.test_whatif_towns import at, change, refusal, town
from tests.towns import build_town, point, service, street


def ring():
    """Home and shop 400 m apart on Direct Road, 1,000 m apart round about."""
    return town(
        streets=[
            street((0, 0), (400, 0), name="Direct Road"),
            street((0, 0), (0, 300), (400, 300), (400, 0), name="Round Road"),
        ],
        stops={"Home": (0, 0)},
        routes=[],
        services=[service("clinic", 400, 0)],
    )


def test_a_closed_street_is_walked_round(ask):
    assert ask(ring())["walk_time_s"] == 300
    closed = change(
        ring(), 'kind = "close_street"', 'street = "Direct Road"', f'near = "{at(200)}"', "within_m = 50"
    )
    assert ask(closed)["walk_time_s"] == 750


def test_only_the_street_near_the_place_is_closed():
    words = refusal(
        ring(), 'kind = "close_street"', 'street = "Direct Road"', f'near = "{at(200, 300)}"', "within_m = 50"
    )
    assert "300 m away" in words
    assert "Did you mean Direct Road" in refusal(
        ring(), 'kind = "close_street"', 'street = "Directt Rd"', f'near = "{at(200)}"'
    )


def test_a_long_road_is_closed_near_the_place_and_open_elsewhere(ask):
    # High Street is one name from 0 to 800 m. Its first half is closed: round by the lane it is 1,000 m
    # instead of 400 m to the clinic, and the second half is as it was.
    pack = town(
        streets=[
            street((0, 0), (400, 0), (800, 0), name="High Street"),
            street((0, 0), (0, 300), (400, 300), (400, 0), name="Lane"),
        ],
        stops={"Home": (0, 0)},
        routes=[],
        points=[point("home", 0, 0), point("mid", 400, 0)],
        services=[service("clinic", 400, 0), service("shop", 800, 0)],
    )
    closed = change(pack, 'kind = "close_street"', 'street = "High Street"', f'near = "{at(200)}"',
                    "within_m = 50")  # fmt: skip
    assert ask(closed, pair=("home", "clinic"))["walk_time_s"] == 750
    assert ask(closed, pair=("mid", "shop"))["walk_time_s"] == 300


def streets_apart():
    """Two streets 200 m apart that meet 500 m away; home and shop face each other."""
    return town(
        streets=[
            street((500, 0), (0, 0), (0, 200), (500, 200), name="Bend"),
            street((500, 0), (900, 0), name="On"),
        ],
        stops={"Home": (0, 0)},
        routes=[],
        points=[point("home", 490, 0)],
        services=[service("clinic", 490, 200)],
    )


def test_a_footpath_is_walked_along(ask):
    # 490 + 200 + 490 m are walked in 885 s; straight over 200 m, 150 s.
    assert ask(streets_apart())["walk_time_s"] == 885
    lines = ['kind = "footpath"', f'points = ["{at(490)}", "{at(490, 200)}"]']
    assert ask(change(streets_apart(), *lines))["walk_time_s"] == 150
    # By way of a point 120 m aside: 2 x hypot(100, 120) = 312.4 m, 234.3 s, so 235 s.
    by_way = f'points = ["{at(490)}", "{at(610, 100)}", "{at(490, 200)}"]'
    assert ask(change(streets_apart(), lines[0], by_way))["walk_time_s"] == 235


def test_a_footpath_of_steps_is_no_way_for_who_avoids_steps(ask):
    lines = ['kind = "footpath"', f'points = ["{at(490)}", "{at(490, 200)}"]', "steps = true"]
    assert ask(change(streets_apart(), *lines))["walk_time_s"] == 150
    assert ask(change(streets_apart(), *lines), avoid_steps=True)["walk_time_s"] == 885


def test_nobody_starts_from_a_footpath(ask):
    # A house 60 m from its street and 10 m from the path still starts from the street: 60 + 10 + 200 + 0.
    path = ['kind = "footpath"', f'points = ["{at(490)}", "{at(490, 200)}"]']
    aside = build_town(
        streets=[street((500, 0), (0, 0), (0, 200), (500, 200)), street((500, 0), (900, 0))],
        stops={"Home": (0, 0)},
        points=[point("home", 500, 60)],
        services=[service("clinic", 490, 200)],
    )
    assert ask(change(aside, *path))["walk_time_s"] == 203  # 270 m: 202.5 s


def test_what_stands_where_no_street_is_known_is_said():
    """A hall 500 m from every street: nobody gains by it, because nobody is known to get there."""
    pack = streets_apart()
    text = f"""
    [[change]]
    kind = "add_service"
    name = "Lighthouse"
    category = "Food"
    at = "{at(490, 700)}"
    [[change]]
    kind = "add_service"
    name = "Hall"
    category = "Food"
    at = "{at(490, 210)}"
    [[change]]
    kind = "minibus"
    name = "Ferry"
    places = ["{at(490)}", "{at(490, 700)}"]
    departures = ["10:00"]
    """
    scenario = parse_scenario(text.encode(), "mine.toml")
    names = Engine(pack).under(scenario).list_outside(avoid_steps=False)
    assert len(names) == 2 and names[0] == "Lighthouse"
    assert "“Lighthouse”" in str(say_outside(names)) and say_outside([]) is None


def test_who_is_cut_off_from_the_streets_is_recomputed_though_no_walk_of_theirs_was_any(monkeypatch):
    # Farm and barn stand on a spur without a stop, too far from each other and from all else to walk. Without
    # the spur both are over 300 m from any street: no walk and no bus is another, and yet the reason is.
    pack = town(
        "09:40",
        streets=[street((-100, 0), (9000, 0)), street((9000, 0), (9000, 2500), name="Spur")],
        points=[point("home", 0, 0), point("farm", 9000, 500)],
        services=[service("clinic", 2180, 0), service("barn", 9000, 2500)],
    )
    lines = ('kind = "close_street"', 'street = "Spur"', f'near = "{at(9000, 1000)}"', "within_m = 5000")
    scenario = parse_scenario("\n".join(("[[change]]", *lines)).encode(), "test.toml")
    base, query = Engine(pack), Query()
    before = base.reach(query, level="point")
    monkeypatch.setattr(recompute, "LARGEST_SHARE", 1.0)
    after = recompute.recompute_reach(ScenarioEngine(base, scenario), before, Query(scenario=scenario)).frame
    full = Engine(apply_scenario(pack, scenario)).reach(query, level="point").frame
    pd.testing.assert_frame_equal(after, full, check_exact=True)
    reasons = [frame["reason"].astype(object).tolist()[1:] for frame in (before.frame, after)]
    assert reasons == [
        ["no_stop_near_service", "no_stop_near_origin", "no_stop_near_origin"],
        ["outside_data"] * 3,
    ]
