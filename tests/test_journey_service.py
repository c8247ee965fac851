"""What else runs where a journey rides, by hand and against a slow search."""

from __future__ import annotations

from geo.engine import Engine
from geo.journey import Journey
from geo.journey_words import journey_in_words
from geo.places import resolve_place
from geo.query import Query, WalkSettings
from geo.ride_service import find_ride_service
from tests.towns import build_town, call, point, route, service, shifted, street, trip

LINE = [street((0, 0), (3000, 0), name="High Street")]
NINE = 9 * 3600


def town(*routes):
    return build_town(
        streets=LINE,
        stops={"A": (100, 0), "A2": (300, 0), "B": (2900, 0), "B2": (2700, 0)},
        routes=list(routes),
        points=[point("home", 0, 0)],
        services=[service("clinic", 3000, 0)],
    )


def ask(pack, depart_s=NINE, query=None):
    engine, query = Engine(pack), query or Query()
    journey = engine.journey(
        query, resolve_place(pack, "home"), resolve_place(pack, "clinic"), depart_s=depart_s
    )
    return journey, find_ride_service(engine, query, journey)


HOURLY = shifted(trip(("A", "00:00"), ("B", "00:20")), [f"{hour:02d}:10" for hour in range(7, 19)])


def test_own_route_first_last_and_the_next() -> None:
    pack = town(route("1", *HOURLY, short_name="1"))
    journey, found = ask(pack)
    assert isinstance(journey, Journey) and found is not None
    assert (found.own.first_s, found.own.last_s) == (7 * 3600 + 600, 18 * 3600 + 600)
    assert found.own.frequency == "hourly from 07:10 until 18:10"
    assert found.others == () and found.last == found.own
    told = "\n".join(journey_in_words(journey, pack, found))
    assert "How often: hourly from 07:10 until 18:10." in told
    assert "If you miss it, the next one is at 10:10. The first that day is at 07:10, the last" in told
    journey, found = ask(pack, 18 * 3600)
    assert "This is the last one that day." in "\n".join(journey_in_words(journey, pack, found))


def test_other_routes_at_the_same_stops_and_nearby() -> None:
    pack = town(
        route("1", *HOURLY, short_name="1"),
        route("1x", *shifted(HOURLY[0], ["20:10"]), short_name="1"),  # people say "the 1" of it too
        route("2", *shifted(HOURLY[0], ["06:30", "22:00"]), short_name="2"),
        # From the next stop along to the one before: 300 m and 300 m of walking.
        route("3", trip(("A2", "23:00"), ("B2", "23:10")), short_name="3"),
        route("4", trip(("B", "09:00"), ("A", "09:10")), short_name="4"),  # the other way
        route("5", trip(call("A", "09:00", pickup=1), ("B", "09:10")), short_name="5"),  # nobody gets on
        # Yesterday's 28:00 is the first of this travel day; today's is of the next.
        route("6", trip(("A", "28:00"), ("B", "28:10")), short_name="6"),
        route("7", trip(("A", "09:00"), ("B", "09:10")), short_name="7", route_type=200),  # a coach
    )
    journey, found = ask(pack)
    assert found is not None and found.own.last_s == 20 * 3600 + 600
    others = [(other.number, other.same_stops, other.walk_m) for other in found.others]
    assert others == [("2", True, 200.0), ("6", True, 200.0), ("3", False, 600.0)]
    assert found.others[1].departures_s == (4 * 3600,)
    assert (found.last.number, found.last.last_s) == ("3", 23 * 3600)
    told = "\n".join(journey_in_words(journey, pack, found))
    assert "Also between these two stops: bus 2 (Town Buses), at 06:30 and 22:00; bus 6" in told
    assert (
        "From stops nearby: bus 3 (Town Buses), once, at 23:00, from Stop A2 to Stop B2 (walks of 600 m"
        in told
    )
    # 300 m at either end is too far for who walks 250 m.
    _, found = ask(pack, query=Query(walk=WalkSettings(max_walk_m=250)))
    assert found is not None and [s.number for s in found.others] == ["2", "6"]
    # Each leg is within 350 m, and both together are over 500.
    _, found = ask(pack, query=Query(walk=WalkSettings(max_walk_m=350, max_walk_total_m=500)))
    assert found is not None and [s.number for s in found.others] == ["2", "6"]


def test_another_route_is_told_with_the_stops_that_take_the_least_walking() -> None:
    # From A2 (300 m) it comes to B2 (300 m from the clinic) and then to B (100 m).
    nearby = trip(("A2", "08:00"), ("B2", "08:10"), ("B", "08:12"))
    _, found = ask(town(route("1", *HOURLY, short_name="1"), route("8", nearby, short_name="8")))
    assert found is not None
    assert [(other.number, other.to_stop_id, other.walk_m) for other in found.others] == [("8", "B", 400.0)]


def test_the_last_is_the_one_for_which_one_may_leave_latest() -> None:
    # A at 20:00 is 75 s from home, A2 at 20:01 is 225 s: to the later bus one leaves sooner.
    near, far = trip(("A", "20:00"), ("B", "20:20")), trip(("A2", "20:01"), ("B", "20:20"))
    pack = town(route("1", *HOURLY, near, short_name="1"), route("9", far, short_name="9"))
    _, found = ask(pack)
    assert found is not None and (found.last.number, found.last.last_s) == ("1", 20 * 3600)


def test_the_travel_day_ends_at_four_in_the_morning() -> None:
    late = trip(("A", "25:10"), ("B", "25:30"))
    pack = town(route("1", *HOURLY, late, short_name="1"))
    _, found = ask(pack)
    # 25:10 belongs to this evening; that of the day before, at 01:10, to the evening before.
    assert found is not None and found.own.first_s == 7 * 3600 + 600 and found.own.last_s == 25 * 3600 + 600
    journey, found = ask(pack, 3600)
    assert isinstance(journey, Journey) and found is None, "01:10 is of the travel day before"


def test_none_without_a_ride() -> None:
    assert ask(town())[1] is None
