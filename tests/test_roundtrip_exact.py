"""Round trips in towns small enough to work out by hand; the sums stand in the comments.

Home is 100 m (75 s at 80 m a minute) from stop A, the clinic 100 m from stop E;
the slack before boarding is 60 s. So a bus at A at 09:40 that is at E at 10:00
means leaving home at 09:37:45 and arriving at the clinic at 10:01:15.
"""

from __future__ import annotations

import datetime as dt

import pytest

from data.errors import QueryError
from tests.roundtrip_towns import MIN, ask, ask_frame, at, back, session, there, town, with_sessions
from tests.towns import Calendar, call, route, trip


def test_there_and_back_with_every_number():
    row = ask(town(there("09:40"), there("10:00"), back("12:05"), back("12:35"), back("13:05")))
    assert row["verdict"] == "yes" and row["reason"] is None
    # Both 09:40 and 10:00 arrive (10:01:15, 10:21:15) in 10:00-10:30; the later one is the best.
    assert row["leave_home_s"] == at("09:57:45") and row["arrive_s"] == at("10:21:15")
    assert row["wait_before_s"] == at("10:30") - at("10:21:15") == 525
    assert row["outward_duration_s"] == 75 + 60 + 20 * MIN + 75 == row["return_duration_s"]
    assert row["outward_walk_s"] == 150 == row["return_walk_s"]
    assert row["slack_s"] == 20 * MIN  # one may leave at 09:37:45 or at 09:57:45
    # 12:05 leaves the clinic at 12:02:45; two more buses follow within three hours.
    assert row["leave_venue_s"] == at("12:02:45") and row["arrive_home_s"] == at("12:26:15")
    assert row["wait_after_s"] == 165 and row["later_buses_home"] == 2
    assert row["outward_by"] == row["return_by"] == "one_bus"
    assert row["outward_route"] == row["return_route"] == "1"
    assert row["service_date"] == dt.date(2025, 6, 10)  # the town's own Tuesday
    assert row["text"] is None and row["note"] is None


def test_a_later_bus_counts_up_to_the_horizon_after_the_end():
    # For the bus at 15:02:15 one leaves at 15:00:00, three hours after the end.
    last_in = ask(town(there("10:00"), back("12:05"), back("15:02:15")))
    assert last_in["later_buses_home"] == 1
    assert ask(town(there("10:00"), back("12:05"), back("15:02:16")))["later_buses_home"] == 0


def test_a_bus_listed_twice_is_one_bus():
    pack = town(there("10:00"), back("12:05"), back("12:35", trip_id="x"), back("12:35", trip_id="y"))
    assert ask(pack)["later_buses_home"] == 1


def test_a_bus_that_comes_by_twice_is_one_bus():
    # The 12:10 home comes by the clinic again at 12:50, the 13:30 at 14:10: after the first there is one.
    once = trip(("E", "12:10"), ("A", "12:30"), ("E", "12:50"), ("A", "13:10"))
    later = trip(("E", "13:30"), ("A", "13:50"), ("E", "14:10"), ("A", "14:30"))
    row = ask(town(there("09:50"), once, later))
    assert (row["leave_venue_s"], row["later_buses_home"]) == (at("12:07:45"), 1)


def test_the_last_bus_before_the_end_is_no_return_and_is_named():
    pack = town(
        routes=[
            route(
                "r53",
                there("10:00"),
                back("11:30", headsign="Moss Road"),
                back("11:52", headsign="Moss Road"),
                short_name="53",
            ),
        ],
    )
    row = ask(pack)
    assert (row["verdict"], row["reason"]) == ("no", "no_return")
    assert row["last_bus_home_s"] == at("11:52")
    assert row["text"] == "the last 53 towards Moss Road leaves at 11:52; the session ends at 12:00"
    assert row["leave_home_s"] == at("09:57:45")  # there is a way there
    assert row["leave_venue_s"] is None and row["later_buses_home"] is None


def test_a_bus_that_leaves_as_the_session_ends_is_missed_by_a_second():
    # Its stop must be reached 60 s before: leave at 12:00 needs the bus at 12:02:15.
    assert ask(town(there("10:00"), back("12:02:15")))["wait_after_s"] == 0
    row = ask(town(there("10:00"), back("12:02:14")))
    assert row["reason"] == "no_return" and row["last_bus_home_s"] == at("12:02:14")


def test_no_bus_back_at_all():
    row = ask(town(there("10:00")))
    assert row["reason"] == "no_return" and row["last_bus_home_s"] is None
    assert row["text"] == "no single bus goes back within 45 minutes that day; the session ends at 12:00"


def test_a_bus_home_that_takes_too_long_is_named_with_its_minutes():
    # 75 + 60 + 50 min + 75 s = 53 min 30 s.
    row = ask(town(there("10:00"), back("12:10", minutes=50)))
    assert row["reason"] == "no_return"
    assert "takes 54 minutes door to door, over the 45 allowed" in row["text"]


def test_arriving_exactly_at_the_start():
    # The bus is at E at 10:28:45: the clinic at 10:30:00.
    row = ask(town(there("10:08:45"), back("12:05")))
    assert row["verdict"] == "yes" and row["wait_before_s"] == 0 and row["slack_s"] == 0
    late = ask(town(there("10:08:46"), back("12:05")))
    assert (late["verdict"], late["reason"]) == ("no", "direct_bus_other_times")


def test_arriving_exactly_thirty_minutes_early():
    # The bus is at E at 09:58:45: the clinic at 10:00:00, which is the earliest allowed.
    assert ask(town(there("09:38:45"), back("12:05")))["wait_before_s"] == 30 * MIN
    assert ask(town(there("09:38:44"), back("12:05")))["reason"] == "direct_bus_other_times"
    assert ask(town(there("09:38:44"), back("12:05")), early_s=1801)["verdict"] == "yes"


def test_lingering_exactly_forty_five_minutes():
    # Leaves at 12:45:00 for the bus at 12:47:15.
    assert ask(town(there("10:00"), back("12:47:15")))["wait_after_s"] == 45 * MIN
    row = ask(town(there("10:00"), back("12:47:16")))
    assert row["reason"] == "no_return"
    assert row["text"] == (
        "the next 1 leaves at 12:47, after the longest wait of 45 minutes; the session ends at 12:00"
    )
    assert ask(town(there("10:00"), back("12:47:16")), linger_s=2701)["verdict"] == "yes"


def test_one_may_linger_past_the_horizon():
    # The horizon only says how far ahead later buses are counted.
    assert ask(town(there("09:50"), back("12:40")), horizon_s=0)["verdict"] == "yes"


def test_each_leg_keeps_the_cut_off_inclusively():
    # 75 + 60 + 20 min + 75 s = 1410 s each way.
    pack = town(there("10:00"), back("12:05"))
    assert ask(pack, cutoff_s=1410)["verdict"] == "yes"
    assert ask(pack, cutoff_s=1409)["reason"] == "too_long"


def test_the_whole_walk_limit_holds_for_each_leg_inclusively():
    # 100 m to the stop and 100 m from it.
    pack = town(there("10:00"), back("12:05"))
    assert ask(pack, max_walk_total_m=200)["verdict"] == "yes"
    assert ask(pack, max_walk_total_m=199)["reason"] == "no_direct_bus"


def test_boarding_and_alighting_honour_what_the_timetable_allows():
    no_way_back = trip(("E", "12:05"), call("A", "12:25", drop_off=1))
    assert ask(town(there("10:00"), no_way_back))["reason"] == "no_return"
    no_way_there = trip(call("A", "10:00", pickup=1), ("E", "10:20"))
    assert ask(town(no_way_there, back("12:05")))["reason"] == "no_direct_bus"


def test_waiting_at_home_or_at_the_venue_is_no_part_of_a_leg():
    # Leaves 28 minutes after the end and arrives 29 minutes early; both legs are 23.5 minutes.
    row = ask(town(there("09:39:45"), back("12:30")), cutoff_s=1410)
    assert row["verdict"] == "yes"
    assert row["wait_before_s"] == 29 * MIN and row["wait_after_s"] == 27 * MIN + 45


def test_on_foot_both_ways_with_no_bus_at_all():
    # 1,200 m is 900 s of walking, within the 1,280 m of the whole walk.
    row = ask(town(clinic=1200.0))
    assert row["verdict"] == "yes" and row["outward_by"] == row["return_by"] == "walk"
    assert row["leave_home_s"] == at("10:15") and row["arrive_s"] == at("10:30")
    assert row["leave_venue_s"] == at("12:00") and row["arrive_home_s"] == at("12:15")
    assert row["slack_s"] == 30 * MIN  # one may leave from 09:45 on
    assert row["later_buses_home"] == 0 and row["outward_route"] is None
    # A millimetre farther than the whole-walk limit; no bus calls anywhere, so nothing is known.
    assert ask(town(clinic=1280.0))["verdict"] == "yes"
    assert ask(town(clinic=1280.001))["reason"] == "no_timetable"


def test_of_walking_and_a_bus_the_later_leave_and_the_earlier_arrival_home_count():
    # On foot 900 s. The bus at A at 10:25 means leaving at 10:22:45; at B at 10:27, there at 10:28:15.
    pack = town(trip(("A", "10:25"), ("B", "10:27")), trip(("B", "12:14"), ("A", "12:15")), clinic=1200.0)
    row = ask(pack)
    assert row["outward_by"] == "one_bus" and row["leave_home_s"] == at("10:22:45")
    # On foot home at 12:15:00; the bus would be home at 12:16:15.
    assert row["return_by"] == "walk" and row["arrive_home_s"] == at("12:15")
    assert row["later_buses_home"] == 1  # it leaves the clinic at 12:11:45


def test_drop_in_hours():
    # Open 09:00-12:00: arrive from 09:00 to 11:00, home after an hour.
    held = session("09:00", "12:00", kind="drop_in")
    row = ask(town(there("08:30"), there("09:40"), back("10:30"), back("11:10"), held=held))
    # 08:30 is there at 08:51:15, too early. 09:40 is there at 10:01:15: home from 11:01:15, the bus at 11:10.
    assert row["verdict"] == "yes" and row["arrive_s"] == at("10:01:15")
    assert row["leave_venue_s"] == at("11:07:45") and row["wait_after_s"] == at("11:07:45") - at("11:01:15")
    assert row["wait_before_s"] is None and row["slack_s"] == 0


def test_drop_in_takes_the_least_time_away_from_home():
    held = session("09:00", "16:00", kind="drop_in")
    # Pairs: 09:40/11:40 (2 h + 20 min), 10:00/11:40 (1 h 40 + ...), 13:00/14:30 (1 h 30 + ...).
    pack = town(there("09:40"), there("10:00"), there("13:00"), back("11:40"), back("14:30"), held=held)
    row = ask(pack)
    assert (row["leave_home_s"], row["leave_venue_s"]) == (at("12:57:45"), at("14:27:45"))
    # 12:57:45 is the last leave that works, 09:37:45 the first.
    assert row["slack_s"] == at("12:57:45") - at("09:37:45")


def test_drop_in_at_its_bounds():
    # Open 09:00 to 11:00: the last arrival is 10:00:00, for the bus at A at 09:38:45.
    held = session("09:00", "11:00", kind="drop_in")
    assert ask(town(there("09:38:45"), back("11:02:15"), held=held))["wait_after_s"] == 0
    assert ask(town(there("09:38:46"), back("11:02:15"), held=held))["reason"] == "direct_bus_other_times"
    assert ask(town(there("09:38:45"), back("11:02:14"), held=held))["reason"] == "no_return"
    # One may wait 45 minutes after it closes: leave at 11:45 for the bus at 11:47:15.
    assert ask(town(there("09:38:45"), back("11:47:15"), held=held))["verdict"] == "yes"
    assert ask(town(there("09:38:45"), back("11:47:16"), held=held))["reason"] == "no_return"


def test_where_there_is_no_bus_home_from_drop_in_hours_the_earliest_visit_s_end_is_told():
    # 10:00 is there at 10:21:15, so a visit of an hour ends at 11:21:15, after the last bus.
    text = "the last 1 leaves at 09:30; a visit ends at 11:21 at the earliest"
    held = session("09:00", "16:00", kind="drop_in")
    assert ask(town(there("10:00"), back("09:30"), held=held))["text"] == text
    # Open day and night: read from 24:00 of the evening before, and told by its own day's clock.
    row = ask(town(there("10:00"), back("09:30"), held=session("00:00", "24:00", kind="drop_in")))
    assert (row["service_date"], row["session_start_s"]) == (dt.date(2025, 6, 9), at("24:00"))
    assert row["text"] == text


def test_drop_in_on_foot():
    row = ask(town(clinic=1200.0, held=session("09:00", "12:00", kind="drop_in")))
    # 15 minutes there, an hour, 15 minutes back: of equally long visits the first.
    assert (row["leave_home_s"], row["arrive_home_s"]) == (at("08:45"), at("10:15"))
    assert row["slack_s"] == 2 * 3600  # one may arrive up to 11:00


def test_drop_in_on_foot_there_and_by_bus_home_after_closing():
    # Open 09:00 to 10:00, so one is there at 09:00 and no later, having left at 08:45. On foot one is home
    # at 10:15. The bus at B at 10:07:15 (leave at 10:05) is at A at 10:09:15: home at 10:10:30 and sooner.
    held = session("09:00", "10:00", kind="drop_in")
    row = ask(town(trip(("B", "10:07:15"), ("A", "10:09:15")), clinic=1200.0, held=held))
    assert row["outward_by"] == "walk" and row["return_by"] == "one_bus"
    assert (row["leave_home_s"], row["arrive_s"]) == (at("08:45"), at("09:00"))
    assert (row["leave_venue_s"], row["arrive_home_s"]) == (at("10:05"), at("10:10:30"))
    assert (row["wait_after_s"], row["slack_s"]) == (5 * MIN, 0)


def test_drop_in_hours_shorter_than_a_visit_are_a_visit_themselves():
    held = session("10:00", "10:40", kind="drop_in")
    assert ask(town(there("09:38:45"), back("10:42:15"), held=held))["verdict"] == "yes"


def test_a_session_past_midnight():
    # 23:30 to 25:00; home by the 25:10, which is a trip of the same service date, or the 01:10 of the next.
    held = session("23:30", "25:00")
    row = ask(town(there("23:05"), back("25:10"), held=held))
    assert row["verdict"] == "yes" and row["leave_venue_s"] == at("25:07:45")
    calendars = {"wed": Calendar("0010000")}
    row = ask(town(there("23:05"), back("01:10", calendar="wed"), held=held, calendars=calendars))
    assert row["verdict"] == "yes" and row["arrive_home_s"] == at("25:31:15")


def test_a_session_just_after_midnight_has_the_buses_of_the_evening_before():
    # Wednesday 00:20: read on Tuesday's timetable, at 24:20.
    held = session("00:20", "01:20", weekday=2)
    row = ask(town(there("23:50"), back("25:30"), held=held))
    assert row["service_date"] == dt.date(2025, 6, 10) and row["session_start_s"] == at("24:20")
    assert row["verdict"] == "yes" and row["arrive_s"] == at("24:11:15")


def test_over_a_clock_change_the_timetable_of_the_next_day_is_an_hour_nearer():
    # Summer time begins on Sunday 30 March 2025: Sunday's 01:10 stands at 24:10 of Saturday's clock.
    held = session("22:30", "24:00", weekday=5)
    calendars = {"sun": Calendar("0000001")}
    trips = (there("22:05"), back("01:10", calendar="sun"))
    pack = town(*trips, held=held, calendars=calendars, service_date=dt.date(2025, 3, 29))
    row = ask(pack)
    assert row["verdict"] == "yes" and row["leave_venue_s"] == at("24:07:45")


@pytest.mark.parametrize("day", [dt.date(2025, 3, 30), dt.date(2025, 10, 26)])
def test_in_the_night_of_a_clock_change_a_session_after_midnight_is_when_the_clock_says_so(day: dt.date):
    # At 00:20 of a Sunday the clocks have not changed yet: it is 24:20 of Saturday, whose buses bring one.
    held = session("00:20", "00:50", weekday=6)
    row = ask(town(there("23:50"), back("25:00", calendar="sat"), held=held, service_date=day,
                   calendars={"sat": Calendar("0000010")}))  # fmt: skip
    assert (row["session_start_s"], row["session_end_s"]) == (at("24:20"), at("24:50"))
    assert row["verdict"] == "yes" and row["leave_venue_s"] == at("24:57:45")


def test_a_session_that_ends_after_the_clocks_have_changed_lasts_an_hour_less_or_more():
    # From 00:20 to 03:00 on the wall are an hour and 40 minutes in spring, three and 40 in autumn.
    for day, end in ((dt.date(2025, 3, 30), "26:00"), (dt.date(2025, 10, 26), "28:00")):
        row = ask(town(there("23:50"), held=session("00:20", "03:00", weekday=6), service_date=day))
        assert (row["session_start_s"], row["session_end_s"]) == (at("24:20"), at(end))


def test_no_way_there_has_the_reasons_of_reach():
    assert ask(town(back("12:05")))["reason"] == "no_direct_bus"
    assert ask(town(there("07:00"), back("12:05")))["reason"] == "direct_bus_other_times"
    assert ask(town(there("09:30", minutes=50), back("12:05")))["reason"] == "too_long"
    assert ask(town(there("10:00"), back("12:05"), home=9_000.0))["reason"] == "no_stop_near_origin"
    far = ask(town(there("10:00"), back("12:05"), clinic=9_000.0))
    assert far["reason"] == "no_stop_near_service"
    never = ask(town(there("10:00", calendar="never"), calendars={"never": Calendar("0000000")}))
    assert (never["verdict"], never["reason"]) == ("not_known", "no_timetable")


def test_times_that_nobody_knows_are_assumed_and_said_so():
    pack = town(there("10:00"), back("12:35"), held=session(None, None))
    row = ask(pack)
    assert row["verdict"] == "assumed_yes"
    assert (row["session_start_s"], row["session_end_s"]) == (at("10:30"), at("12:30"))
    assert "assumed" in row["note"]
    row = ask(town(there("10:00"), held=session(None, None)))
    assert row["verdict"] == "assumed_no" and "the session, if held as assumed, ends at 12:30" in row["text"]


def test_an_end_that_is_not_known_is_two_hours_after_the_start():
    row = ask(town(there("10:00"), back("12:35"), held=session("10:30", None)))
    assert row["session_end_s"] == at("12:30") and row["verdict"] == "assumed_yes"


def test_settings_that_can_not_be_are_refused_all_at_once():
    with pytest.raises(QueryError) as caught:
        ask(town(), early_s=-1, linger_s=5 * 3600)
    assert "early" in str(caught.value) and "linger" in str(caught.value)


def test_each_session_has_the_same_answer_alone_and_among_others():
    rows = [
        session("10:30", "12:00"), session("09:00", "16:00", kind="drop_in"), session("23:30", "25:00"),
        session("10:30", "12:00", weekday=2), session("10:30", "11:00", rule="last"),
    ]  # fmt: skip
    base = town(there("09:40"), there("10:00"), there("13:00"), back("11:40"), back("12:35"), back("25:30"))
    together = ask_frame(with_sessions(base, *rows)).set_index("session_id")
    for row in rows:
        alone = ask_frame(with_sessions(base, row)).set_index("session_id")
        assert alone.loc[row["session_id"]].astype(str).equals(together.loc[row["session_id"]].astype(str))
