"""Hand-derived towns: the minutes are worked out in the comments, then asserted.

People walk 80 metres a minute (4.8 km/h), so 100 m take 75 s and 640 m take
480 s. Each town is put to the engine and to the slow reference, which proves
the reference that the random towns lean on.
"""

from __future__ import annotations

import pytest

from tests.proof import line_town
from tests.towns import Stop, build_town, call, grid_streets, point, route, service, street, trip

# ------------------------------------------------------------------ one bus


def test_one_bus_is_walk_slack_ride_walk(ask):
    # Walk home-A 100 m = 75 s, slack 60 s, ride 09:40-09:50 = 600 s, walk E-clinic 100 m = 75 s: 810 s.
    row = ask(line_town(trip(("A", "09:40"), ("E", "09:50"))))
    assert row["reach_class"] == "one_bus"
    assert row["reason"] is None
    assert row["best_duration_s"] == 75 + 60 + 600 + 75
    assert (row["best_walk_s"], row["best_wait_s"], row["best_ride_s"]) == (150, 60, 600)
    assert row["walk_time_s"] is None  # 5,000 m is far past the whole-walk limit


def test_dwelling_counts_from_the_departure_to_the_arrival(ask):
    # The bus stands at A 09:35-09:40 and at E 09:50-09:58: one boards by 09:40 and gets off at 09:50.
    row = ask(line_town(trip(("A", "09:35", "09:40"), ("E", "09:50", "09:58"))))
    assert row["best_ride_s"] == 600


def test_board_slack_is_a_setting(ask):
    row = ask(line_town(trip(("A", "09:40"), ("E", "09:50"))), board_slack_s=0)
    assert row["best_duration_s"] == 750
    assert row["best_wait_s"] == 0


def test_cutoff_is_inclusive(ask):
    # 2,700 s = 75 + 60 + 2,490 + 75: a ride of 41 min 30 s is just in reach, one second more is not.
    just = ask(line_town(trip(("A", "09:40"), ("E", "10:21:30"))))
    assert (just["reach_class"], just["best_duration_s"]) == ("one_bus", 2700)
    over = ask(line_town(trip(("A", "09:40"), ("E", "10:21:31"))))
    assert (over["reach_class"], over["reason"], over["best_duration_s"]) == (
        "not_in_reach",
        "too_long",
        2701,
    )


def test_the_line_runs_one_way(ask):
    row = ask(line_town(trip(("E", "09:40"), ("A", "09:50"))))
    assert (row["reach_class"], row["reason"]) == ("not_in_reach", "no_direct_bus")


def test_speed_rounds_each_leg_up(ask):
    # At 3.7 km/h 100 m take 97.297... s: each leg counts 98 s, both together 196 s and not 195 s.
    row = ask(line_town(trip(("A", "09:40"), ("E", "09:50"))), speed_kmh=3.7)
    assert row["best_walk_s"] == 196


# ------------------------------------------------------------------ walking all the way


def test_walk_all_the_way(ask):
    # 400 m at 80 m a minute: 5 minutes. No bus at all.
    row = ask(line_town(clinic=400))
    assert (row["reach_class"], row["reason"]) == ("walk", None)
    assert row["walk_time_s"] == row["best_duration_s"] == row["travel_time_p50_s"] == 300
    assert (row["share_in_reach"], row["infrequent"]) == (1.0, False)
    assert row["best_ride_s"] is None


def test_walk_beats_a_slower_bus(ask):
    # Walk 1,200 m = 900 s. Bus: 75 + 60 + 900 + 75 (B to 1,200 m) = 1,110 s.
    row = ask(line_town(trip(("A", "09:40"), ("B", "09:55")), clinic=1200))
    assert (row["reach_class"], row["best_duration_s"]) == ("walk", 900)
    assert row["travel_time_p85_s"] == 900


def test_a_quicker_bus_leaves_the_class_walk(ask):
    # Bus: 75 + 60 + 120 + 75 = 330 s beats walking (900 s), but nobody needs it: class walk.
    row = ask(line_town(trip(("A", "09:40"), ("B", "09:42")), clinic=1200))
    assert (row["reach_class"], row["best_duration_s"], row["walk_time_s"]) == ("walk", 330, 900)
    assert row["travel_time_p85_s"] == 900


def test_a_walk_past_the_cutoff_is_no_walk_class(ask):
    # 1,200 m = 900 s, cut-off 899 s; the whole-walk limit (1,280 m) would allow it.
    row = ask(line_town(clinic=1200), cutoff_s=899)
    assert row["reach_class"] == "not_in_reach"
    assert row["walk_time_s"] == row["best_duration_s"] == 900
    assert ask(line_town(clinic=1200), cutoff_s=900)["reach_class"] == "walk"


# ------------------------------------------------------------------ walk limits, to the millimetre


@pytest.mark.parametrize(("home", "reason"), [(740.0, None), (740.001, "no_stop_near_origin")])
def test_leg_limit_is_inclusive_to_the_last_millimetre_at_the_origin(ask, home, reason):
    # Home stands 640.000 m, then 640.001 m past stop A, in the middle of an edge.
    town = line_town(
        trip(("A", "09:40"), ("E", "09:50")), home=home, stops={"B": Stop(9000, 0, active=False)}
    )
    row = ask(town)
    assert row["reason"] == reason
    if reason is None:
        assert row["best_walk_s"] == 480 + 75


@pytest.mark.parametrize(("clinic", "reason"), [(5540.0, None), (5540.001, "no_stop_near_service")])
def test_leg_limit_is_inclusive_to_the_last_millimetre_at_the_service(ask, clinic, reason):
    assert ask(line_town(trip(("A", "09:40"), ("E", "09:50")), clinic=clinic))["reason"] == reason


@pytest.mark.parametrize(("clinic", "reach_class"), [(1280.0, "walk"), (1280.001, "not_in_reach")])
def test_whole_walk_limit_is_twice_the_leg_limit(ask, clinic, reach_class):
    assert ask(line_town(clinic=clinic))["reach_class"] == reach_class


@pytest.mark.parametrize(("clinic", "reason"), [(5000.0, None), (5000.001, "no_direct_bus")])
def test_whole_walk_limit_holds_for_access_and_egress_together(ask, clinic, reason):
    # 100 m to A and 100 m from E are allowed 200 m; each leg alone is far below its limit.
    town = line_town(trip(("A", "09:40"), ("E", "09:50")), clinic=clinic)
    assert ask(town, max_walk_total_m=200)["reason"] == reason


def test_a_long_access_pairs_with_a_short_egress(ask):
    # Whole walk 700 m. Home is 600 m from A; E is 100 m, D2 300 m from the clinic. D2 comes
    # earlier, but 600 + 300 = 900 m is too much: 450 + 60 + 900 + 75 s by E.
    town = line_town(
        trip(("A", "09:40"), ("D2", "09:45"), ("E", "09:55")),
        home=700,
        stops={"D2": (5300, 0), "B": (9000, 0)},
    )
    row = ask(town, max_walk_total_m=700)
    assert row["best_duration_s"] == 450 + 60 + 900 + 75


@pytest.mark.parametrize(("clinic", "reach_class"), [(1100.0, "one_bus"), (1100.001, "not_in_reach")])
def test_a_hop_of_one_stop_does_not_get_round_the_walk_limit(ask, clinic, reach_class):
    # Whole walk 1,000 m. A hop of 100 m from P (500 m) to Q (600 m) leaves 500 + 500 m to walk: allowed.
    # One millimetre more is not, although each leg is below 640 m.
    town = build_town(
        streets=[street((0, 0), (3000, 0))],
        stops={"P": (500, 0), "Q": (600, 0)},
        routes=[route("1", trip(("P", "10:00"), ("Q", "10:01")))],
        points=[point("home", 0, 0)],
        services=[service("clinic", clinic, 0)],
    )
    assert ask(town, max_walk_total_m=1000)["reach_class"] == reach_class


def test_walking_by_way_of_a_stop_is_not_a_way_round_the_limit(ask):
    # Stop P lies half way: 640 m on either side of it, but no bus takes anyone anywhere.
    town = build_town(
        streets=[street((0, 0), (3000, 0))],
        stops={"P": (640, 0)},
        points=[point("home", 0, 0)],
        services=[service("clinic", 1280, 0)],
    )
    assert ask(town, max_walk_total_m=1279)["reach_class"] == "not_in_reach"
    assert ask(town, max_walk_total_m=1280)["reach_class"] == "walk"


# ------------------------------------------------------------------ streets


def test_places_stand_on_edges_and_not_on_nodes(ask):
    # One edge from 0 to 10,000 m has nodes at its ends alone: a node would be 740 m and more away.
    row = ask(line_town(trip(("A", "09:40"), ("E", "09:50")), home=700))
    assert row["best_walk_s"] == 450 + 75


def test_off_the_street_is_walked_too(ask):
    # Home 60 m north of the street: 60 + 100 m = 120 s; the clinic 20 m south: 20 + 100 m = 90 s.
    town = line_town(
        trip(("A", "09:40"), ("E", "09:50")),
        points=[point("home", 0, 60)],
        services=[service("clinic", 5000, -20)],
    )
    assert ask(town)["best_walk_s"] == 120 + 90


def test_walking_follows_the_streets(ask):
    # On a grid of 100 m blocks (0, 0) to (300, 200) is 500 m = 375 s, whichever way one turns.
    town = build_town(
        streets=grid_streets(5, 5), points=[point("home", 0, 0)], services=[service("clinic", 300, 200)]
    )
    assert ask(town)["walk_time_s"] == 375


def test_two_places_on_one_edge_walk_along_it(ask):
    # Both on the long side of a block, 50 m apart; round the block would be 350 m more.
    town = build_town(
        streets=grid_streets(2, 2), points=[point("home", 20, 0)], services=[service("clinic", 70, 0)]
    )
    assert ask(town)["walk_time_s"] == 38  # 50 m = 37.5 s, rounded up


def test_a_shorter_way_round_beats_the_way_along_the_edge(ask):
    # A crescent of 900 m joins (0, 0) and (100, 0), which a street of 100 m joins directly.
    # Home 50 m in from one end, the clinic 50 m in from the other: 50 + 100 + 50 = 200 m, not 800 m.
    town = build_town(
        streets=[street((0, 0), (100, 0)), street((0, 0), (0, 400), (100, 400), (100, 0), name="Crescent")],
        points=[point("home", 0, 50)],
        services=[service("clinic", 100, 50)],
    )
    assert ask(town)["walk_time_s"] == 150


def test_steps_are_left_out_for_prams(ask):
    # By the steps 100 m, round by the ramp 500 m = 375 s at 4.8 km/h.
    town = build_town(
        streets=[
            street((-50, 0), (0, 0), name="Lower Road"),
            street((0, 0), (0, 100), steps=True, highway="steps"),
            street((0, 0), (200, 0), (200, 100), (0, 100), name="Ramp"),
            street((0, 100), (-50, 100), name="Upper Road"),
        ],
        points=[point("home", -40, 0)],
        services=[service("clinic", -40, 100)],
    )
    assert ask(town)["walk_time_s"] == 135  # 40 + 100 + 40 = 180 m
    assert ask(town, avoid_steps=True)["walk_time_s"] == 435  # 40 + 500 + 40 = 580 m


def test_a_component_under_200_nodes_is_never_snapped_to(ask):
    # A private-looking scrap of street lies 10 m from home, High Street 60 m: home stands on High Street.
    town = line_town(
        trip(("A", "09:40"), ("E", "09:50")),
        streets=[street((0, 0), (10_000, 0)), street((0, 70), (50, 70), island=True)],
        points=[point("home", 0, 60)],
    )
    assert ask(town)["best_walk_s"] == 120 + 75


def test_straight_lines_where_there_are_no_streets(ask):
    # 300 m east and 400 m north are 500 m, times 1.3 = 650 m = 487.5 s.
    town = build_town(points=[point("home", 0, 0)], services=[service("clinic", 300, 400)])
    assert ask(town)["walk_time_s"] == 488


# ------------------------------------------------------------------ boarding and alighting


@pytest.mark.parametrize("pickup", [0, 1, 2, 3])
def test_boarding_honours_pickup_type(ask, pickup):
    town = line_town(trip(call("A", "09:40", pickup=pickup), ("E", "09:50")))
    assert ask(town)["reason"] == ("no_direct_bus" if pickup == 1 else None)


@pytest.mark.parametrize("drop_off", [0, 1, 2, 3])
def test_alighting_honours_drop_off_type(ask, drop_off):
    town = line_town(trip(("A", "09:40"), call("E", "09:50", drop_off=drop_off)))
    assert ask(town)["reason"] == ("no_direct_bus" if drop_off == 1 else None)


def test_a_stop_without_pickup_may_still_be_alighted_at(ask):
    town = line_town(trip(call("A", "09:40", drop_off=1), call("E", "09:50", pickup=1)))
    assert ask(town)["reach_class"] == "one_bus"


def test_a_circular_route_that_calls_twice_is_ridden_by_position(ask):
    # From E; A 09:40, B 09:45, C 09:50, A again 09:55. From C to A: 300 s, to A's second call.
    loop = trip(("E", "09:20"), ("A", "09:40"), ("B", "09:45"), ("C", "09:50"), ("A", "09:55"))
    town = line_town(loop, home=2200, clinic=0)
    row = ask(town)
    assert (row["best_ride_s"], row["best_duration_s"]) == (300, 75 + 60 + 300 + 75)


def test_a_circular_route_is_boarded_where_it_calls_last(ask):
    # A 09:40, B 09:50, A 10:00, C 10:05: to C one boards at A's second call, and rides 5 minutes, not 25.
    town = line_town(trip(("A", "09:40"), ("B", "09:50"), ("A", "10:00"), ("C", "10:05")), clinic=2200)
    row = ask(town)
    assert (row["best_ride_s"], row["best_duration_s"]) == (300, 75 + 60 + 300 + 75)


def test_overlapping_stops_of_origin_and_service_on_one_line(ask):
    # Home at 500 m is near P (0), Q (600), R (1,100); the clinic at 1,500 m near R and S (2,100).
    # Whole walk 900 m: R is near both, but 600 + 400 m of walking is too much for a ride that starts there.
    # Best: Q 09:41 to R 09:42: 75 + 60 + 60 + 300 = 495 s. By P: 375 + 60 + 120 + 300 = 855 s.
    town = build_town(
        streets=[street((0, 0), (3000, 0))],
        stops={"P": (0, 0), "Q": (600, 0), "R": (1100, 0), "S": (2100, 0)},
        routes=[route("1", trip(("P", "09:40"), ("Q", "09:41"), ("R", "09:42"), ("S", "09:44")))],
        points=[point("home", 500, 0)],
        services=[service("clinic", 1500, 0)],
    )
    row = ask(town, max_walk_total_m=900)
    assert (row["best_duration_s"], row["best_ride_s"], row["walk_time_s"]) == (495, 60, None)


def test_trips_that_overtake_each_other(ask):
    # The slow bus leaves A 09:40 and reaches E 10:20; the fast one leaves 09:45 and reaches E 10:00.
    # Best: 75 + 60 + 900 + 75 = 1,110 s, and nobody who is in time for the slow bus waits for it.
    town = line_town(trip(("A", "09:40"), ("E", "10:20")), trip(("A", "09:45"), ("E", "10:00")))
    row = ask(town, window_start_s=34_200, window_end_s=34_200 + 450, percentiles=(50, 100))
    # 09:30-09:37:30, before both: t(d) = 10:01:15 - d, from 1,875 s at 09:30 to 1,425 s; median 1,650 s.
    assert row["travel_time_p50_s"] == 1650
    assert row["travel_time_p100_s"] == 1875
    assert ask(town)["best_duration_s"] == 1110
