"""Stops added and moved, by hand (see ``tests/test_whatif_towns.py``)."""

from __future__ import annotations

from tests.test_whatif_towns import BY_BUS, at, change, refusal, ride, town
from tests.towns import route, service, street, trip


def test_a_stop_more_takes_its_share_of_the_ride_and_delays_what_follows(ask):
    # 2,000 m in 600 s. The new stop lies on the way, 500 m from Home: a quarter, 150 s. Standing there for
    # 20 s makes everybody beyond it 20 s later.
    pack = change(
        town("09:40", services=[service("clinic", 2180, 0), service("shop", 680, 0)]),
        'kind = "add_stop"', 'route = "1"', f'at = "{at(590)}"',
    )  # fmt: skip
    assert ask(pack, pair=("home", "shop"), max_walk_m=100)["best_duration_s"] == 68 + 60 + 150 + 68
    assert ask(pack)["best_duration_s"] == BY_BUS + 20


def test_a_stop_aside_costs_the_way_round_at_the_routes_speed(ask):
    # 2,000 m in 600 s are 3.33 m/s. The stop aside is 1,250 m from both: 500 m more, so 150 s more.
    # Half of 750 s is 375 s. Standing takes 0 s.
    streets = [street((-100, 0), (1090, 0), (9000, 0)), street((1090, 0), (1090, 900))]
    pack = change(
        town("09:40", streets=streets, services=[service("clinic", 2180, 0), service("shop", 1090, 840)]),
        'kind = "add_stop"', 'route = "1"', f'at = "{at(1090, 750)}"', "dwell_s = 0",
    )  # fmt: skip
    assert ask(pack)["best_duration_s"] == BY_BUS + 150
    assert ask(pack, pair=("home", "shop"))["best_duration_s"] == 68 + 60 + 375 + 68


def test_a_stop_comes_where_it_is_least_out_of_the_way(ask):
    # Home, Middle and Town are 1,000 m and 300 s apart. The new stop is half way from Middle to Town, so
    # 450 s from Home; before Middle it would be the way there and back.
    by_middle = trip(("Home", "09:40"), ("Middle", "09:45"), ("Town", "09:50"), calendar="daily")
    pack = change(
        town(
            stops={"Home": (90, 0), "Town": (2090, 0), "Middle": (1090, 0)},
            routes=[route("1", by_middle)],
            services=[service("clinic", 2180, 0), service("shop", 1680, 0)],
        ),
        'kind = "add_stop"', 'route = "1"', f'at = "{at(1590)}"',
    )  # fmt: skip
    assert ask(pack, pair=("home", "shop"), max_walk_m=100)["best_duration_s"] == 68 + 60 + 450 + 68
    assert ask(pack)["best_duration_s"] == BY_BUS + 20


def test_a_stop_after_the_last_makes_the_route_longer(ask):
    # 1,000 m beyond Town at 2,000 m in 600 s: 300 s more.
    pack = change(
        town("09:40", services=[service("clinic", 2180, 0), service("farm", 3180, 0)]),
        'kind = "add_stop"', 'route = "1"', f'at = "{at(3090)}"', 'after = "Town"',
    )  # fmt: skip
    assert ask(pack, pair=("home", "farm"))["best_duration_s"] == BY_BUS + 300
    assert ask(pack)["best_duration_s"] == BY_BUS


def test_an_existing_stop_comes_onto_a_route_and_is_served(ask):
    # Idle stands at 1000 m, 910 of 2,000 m from Home: 273 s.
    pack = town("09:40", services=[service("shop", 1090, 0)])
    assert ask(pack, pair=("home", "shop"), max_walk_m=100)["reason"] == "no_timetable"
    pack = change(pack, 'kind = "add_stop"', 'route = "1"', 'stop = "Idle"')
    assert bool(pack.stops.set_index("stop_id").loc["Idle", "served"])
    assert ask(pack, pair=("home", "shop"), max_walk_m=100)["best_duration_s"] == 68 + 60 + 273 + 68
    assert "all buses of the route call there already" in refusal(
        pack, 'kind = "add_stop"', 'route = "1"', 'stop = "Idle"'
    )


def test_a_stop_moved_is_walked_to_elsewhere_at_the_same_times(ask):
    # 390 m are walked in 292.5 s, so 293 s.
    moved = change(town("09:40"), 'kind = "move_stop"', 'stop = "Home"', f'to = "{at(390)}"')
    assert ask(moved)["best_duration_s"] == 293 + 60 + 600 + 68


def test_a_stop_moved_for_one_route_stays_for_the_other(ask):
    pack = town(routes=[route("1", ride("09:40")), route("2", ride("09:45", minutes=11))])
    both = ask(change(pack, 'kind = "move_stop"', 'stop = "Home"', f'to = "{at(390)}"', "route = 1"))
    # Route 1 from the new stop would take 1,021 s; route 2 from the old one takes a minute more than before.
    assert both["best_duration_s"] == BY_BUS + 60
    assert "calls at 'Idle'" in refusal(
        pack, 'kind = "move_stop"', 'stop = "Idle"', f'to = "{at(390)}"', "route = 1"
    )
