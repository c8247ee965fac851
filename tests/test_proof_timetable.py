"""Hand-derived towns: days before and after, clock changes, windows, percentiles, frequencies.

Times are seconds from noon minus 12 h of the service date, Tuesday 10 June 2025
unless the town says otherwise. Home is 75 s from stop A, the clinic 75 s from E.
"""

from __future__ import annotations

import datetime as dt

import pytest

from tests.proof import line_town
from tests.towns import Calendar, route, seconds, shifted, trip

BEFORE_BOARDING_S = 75 + 60  # walk to A, board slack
TUESDAYS = Calendar("0100000")
MONDAYS = Calendar("1000000")
WEDNESDAYS = Calendar("0010000")


def window(start: str, end: str) -> dict[str, int]:
    return {"window_start_s": seconds(start), "window_end_s": seconds(end)}


# ------------------------------------------------------------------ yesterday's and tomorrow's trips


@pytest.mark.parametrize(("days", "reason"), [(MONDAYS, None), (TUESDAYS, "direct_bus_other_times")])
def test_a_trip_at_2510_of_the_day_before_is_found_at_0110(ask, days, reason):
    # Monday's 25:10 passes A on Tuesday at 01:10. Tuesday's own 25:10 is of Wednesday night.
    town = line_town(trip(("A", "25:10"), ("E", "25:20"), calendar="late"), calendars={"late": days})
    row = ask(town, **window("01:00", "01:30"))
    assert row["reason"] == reason
    if reason is None:
        assert row["best_duration_s"] == BEFORE_BOARDING_S + 600 + 75


def test_todays_own_trip_past_midnight_is_found_past_midnight(ask):
    town = line_town(trip(("A", "25:10"), ("E", "25:20"), calendar="late"), calendars={"late": TUESDAYS})
    assert ask(town, **window("25:00", "25:30"))["reach_class"] == "one_bus"


def test_tomorrows_early_trip_is_found_late_in_the_evening(ask):
    # Wednesday's 00:05 is left for at 24:02:45 on Tuesday's clock.
    town = line_town(trip(("A", "00:05"), ("E", "00:15"), calendar="early"), calendars={"early": WEDNESDAYS})
    assert ask(town, **window("23:30", "24:10"))["reach_class"] == "one_bus"
    # Turning up at 23:30-23:50 one waits for it: t(d) = 24:16:15 - d, from 46 min 15 s to 26 min 15 s.
    row = ask(town, **window("23:30", "23:50"), percentiles=(50, 100))
    assert (row["reason"], row["travel_time_p100_s"]) == ("direct_bus_other_times", 46 * 60 + 15)
    assert row["travel_time_p50_s"] == 36 * 60 + 15


def test_calendar_dates_add_and_remove(ask):
    day = dt.date(2025, 6, 10)
    bus = trip(("A", "09:40"), ("E", "09:50"), calendar="c")
    added = line_town(bus, calendars={"c": Calendar("0000000", added=(day,))})
    removed = line_town(bus, calendars={"c": Calendar("1111111", removed=(day,))})
    over = line_town(bus, calendars={"c": Calendar("1111111", end=dt.date(2025, 6, 9))})
    last = line_town(bus, calendars={"c": Calendar("1111111", end=day)})
    assert ask(added)["reach_class"] == "one_bus"
    assert ask(removed)["reason"] == "no_direct_bus"
    assert ask(over)["reason"] == "no_direct_bus"
    assert ask(last)["reach_class"] == "one_bus"  # the end date is inclusive


def test_the_query_may_ask_for_another_date(ask):
    town = line_town(trip(("A", "09:40"), ("E", "09:50"), calendar="c"), calendars={"c": WEDNESDAYS})
    assert ask(town, service_date=dt.date(2025, 6, 11))["reach_class"] == "one_bus"
    assert ask(town, service_date=dt.date(2025, 6, 13))["reason"] == "no_direct_bus"


# ------------------------------------------------------------------ clock changes


def test_clocks_go_back(ask):
    # Sunday 26 October 2025 is counted from noon GMT minus 12 h; Saturday from noon BST minus 12 h,
    # 25 hours earlier. Saturday's 25:10 (01:10 BST) passes at 00:10 on Sunday's clock.
    days = {"late": Calendar("0000010")}
    town = line_town(
        trip(("A", "25:10"), ("E", "25:20"), calendar="late"),
        calendars=days,
        service_date=dt.date(2025, 10, 26),
    )
    assert ask(town, **window("00:00", "00:30"))["reach_class"] == "one_bus"
    assert ask(town, **window("01:00", "01:30"))["reason"] == "direct_bus_other_times"


def test_clocks_go_forward(ask):
    # Sunday 30 March 2025: Saturday's 25:10 (01:10 GMT, 02:10 BST) passes at 02:10 on Sunday's clock.
    town = line_town(
        trip(("A", "25:10"), ("E", "25:20"), calendar="late"),
        calendars={"late": Calendar("0000010")},
        service_date=dt.date(2025, 3, 30),
    )
    assert ask(town, **window("02:00", "02:30"))["reach_class"] == "one_bus"
    assert ask(town, **window("01:00", "01:30"))["reason"] == "direct_bus_other_times"


def test_the_evening_before_clocks_go_forward(ask):
    # Seen from Saturday 29 March, Sunday's zero (noon BST minus 12 h) is at 23:00. A trip that Sunday's
    # timetable writes as 00:40 passes at 23:40 on Saturday's clock.
    town = line_town(
        trip(("A", "00:40"), ("E", "00:50"), calendar="early"),
        calendars={"early": Calendar("0000001")},
        service_date=dt.date(2025, 3, 29),
    )
    assert ask(town, **window("23:30", "23:50"), horizon_s=0)["reach_class"] == "one_bus"


def test_the_agencys_time_zone_decides(ask):
    # In Phoenix clocks never change: Saturday's 25:10 passes at 01:10 on any Sunday.
    town = line_town(
        trip(("A", "25:10"), ("E", "25:20"), calendar="late"),
        calendars={"late": Calendar("0000010")},
        service_date=dt.date(2025, 10, 26),
        timezone="America/Phoenix",
    )
    assert ask(town, **window("01:00", "01:30"))["reach_class"] == "one_bus"


# ------------------------------------------------------------------ the window's edges


@pytest.mark.parametrize(
    ("departs", "reach_class"),
    [
        ("09:32:14", "not_in_reach"),  # left for at 09:29:59
        ("09:32:15", "one_bus"),  # left for at 09:30:00 exactly
        ("11:32:15", "one_bus"),  # left for at 11:30:00 exactly
        ("11:32:16", "not_in_reach"),  # left for at 11:30:01
    ],
)
def test_the_window_is_closed(ask, departs, reach_class):
    start = seconds(departs)
    row = ask(line_town(trip(("A", start), ("E", start + 600))))
    assert row["reach_class"] == reach_class
    if reach_class == "not_in_reach":
        assert row["reason"] == "direct_bus_other_times"
        assert row["best_duration_s"] is None


def test_a_bus_left_for_at_the_very_start_helps_no_one_who_turns_up(ask):
    # Only the moment 09:30:00 itself catches it: a set of length zero.
    row = ask(line_town(trip(("A", "09:32:15"), ("E", "09:42:15"))))
    assert (row["reach_class"], row["share_in_reach"], row["infrequent"]) == ("one_bus", 0.0, True)
    assert row["travel_time_p50_s"] is None


def test_a_bus_inside_the_window_counts_though_a_later_one_overtakes_it(ask):
    # Left for at 11:30:00, arrives 12:10; another is left for at 11:31:00 and arrives 12:05. The first
    # is dominated, but it is the one journey that leaves inside the window: 75 + 60 + 2,265 + 75.
    town = line_town(trip(("A", "11:32:15"), ("E", "12:10")), trip(("A", "11:33:15"), ("E", "12:05")))
    row = ask(town)
    assert (row["reach_class"], row["best_duration_s"]) == ("one_bus", 75 + 60 + 2265 + 75)


# ------------------------------------------------------------------ turn up and go


def test_percentiles_of_an_even_headway(ask):
    # Every 10 minutes all day, 810 s door to door: t is uniform on 810 to 1,410 s over the two hours.
    bus = trip(("A", "08:00"), ("E", "08:10"))
    town = line_town(*shifted(bus, range(8 * 3600, 15 * 3600, 600)))
    row = ask(town, percentiles=(1, 25, 50, 85, 100))
    assert row["travel_time_p1_s"] == 810 + 6
    assert row["travel_time_p25_s"] == 810 + 150
    assert row["travel_time_p50_s"] == 810 + 300
    assert row["travel_time_p85_s"] == 810 + 510
    assert row["travel_time_p100_s"] == 810 + 600
    assert (row["share_in_reach"], row["infrequent"]) == (1.0, False)


def test_percentiles_are_rounded_up_and_comparisons_are_not(ask):
    # Window of 101 s before a bus that is left for at its end: t is uniform on 810 to 911 s.
    # The median is 860.5 s: written 861. In reach within 860 s is 50 of 101 s, less than half.
    departs = seconds("10:00")
    end = departs - BEFORE_BOARDING_S
    town = line_town(trip(("A", departs), ("E", departs + 600)))
    fields = {"window_start_s": end - 101, "window_end_s": end, "percentiles": (50,)}
    row = ask(town, **fields, cutoff_s=860)
    assert row["travel_time_p50_s"] == 861
    assert row["share_in_reach"] == pytest.approx(50 / 101, abs=1e-12)
    assert row["infrequent"] is True
    assert ask(town, **fields, cutoff_s=861)["infrequent"] is False  # 51 of 101 s


def test_unreachable_for_part_of_the_window(ask):
    # One bus, left for at 10:30:00, the middle of the window; nothing after it within the horizon.
    # On half of the window t is finite, from 3,600 + 810 s down to 810 s.
    town = line_town(trip(("A", "10:32:15"), ("E", "10:42:15")))
    row = ask(town, percentiles=(25, 50, 51))
    assert row["travel_time_p25_s"] == 810 + 1800
    assert row["travel_time_p50_s"] == 810 + 3600  # exactly half: still reached
    assert row["travel_time_p51_s"] is None  # unreached is null, not a number
    assert row["share_in_reach"] == pytest.approx((2700 - 810) / 7200, abs=1e-12)
    assert row["infrequent"] is True


def test_the_horizon_ends_the_wait(ask):
    # The bus is left for at 14:30:00, three hours after the window's end: the last that counts.
    town = line_town(trip(("A", "14:32:15"), ("E", "14:42:15")))
    assert ask(town, percentiles=(100,))["travel_time_p100_s"] == 5 * 3600 + 810
    late = line_town(trip(("A", "14:32:16"), ("E", "14:42:16")))
    assert ask(late, percentiles=(100,))["travel_time_p100_s"] is None
    assert ask(late, percentiles=(100,), horizon_s=10_801)["travel_time_p100_s"] == 5 * 3600 + 811


def test_one_walks_rather_than_wait_longer(ask):
    # Walking takes 900 s; the bus 330 s, left for at 10:27:45: t = min(900, 11... - d).
    # t < 900 only in the 570 s before the bus is left for.
    town = line_town(trip(("A", "10:30"), ("B", "10:32")), clinic=1200)
    row = ask(town, percentiles=(5, 10, 100))
    # 5% of 7,200 s = 360 s: 330 + 360. 10% = 720 s is past the 570 s: the walk.
    assert row["travel_time_p5_s"] == 690
    assert row["travel_time_p10_s"] == row["travel_time_p100_s"] == 900


def test_infrequent_is_in_reach_by_the_timetable_only(ask):
    # One bus in two hours: in reach for (2,700 - 810) of 7,200 s.
    row = ask(line_town(trip(("A", "10:30"), ("E", "10:40"))))
    assert (row["reach_class"], row["infrequent"]) == ("one_bus", True)
    assert row["share_in_reach"] == pytest.approx(1890 / 7200, abs=1e-12)


def test_frequencies_are_expanded_trips(ask):
    # Every 15 minutes from 09:00 to 11:00, as frequencies.txt would expand it, marked approximate.
    bus = trip(("A", "00:00"), ("E", "00:10"), approximate=True)
    every = line_town(*shifted(bus, range(9 * 3600, 11 * 3600 + 1, 900)))
    written = line_town(*(trip(("A", t), ("E", t + 600)) for t in range(9 * 3600, 11 * 3600 + 1, 900)))
    assert ask(every) == ask(written)
    # Up to 10:57:45 t is uniform on 810 to 1,710 s; after that no bus leaves: 1,935 s are unreached.
    row = ask(every, percentiles=(73, 74))
    assert row["travel_time_p73_s"] is not None  # 5,265 of 7,200 s = 73.1%
    assert row["travel_time_p74_s"] is None


def test_duplicate_trips_leave_travel_times_alone(ask):
    bus = trip(("A", "09:40"), ("E", "09:50"))
    assert ask(line_town(bus)) == ask(line_town(bus, bus, bus))


def test_the_second_bus_may_be_tomorrows(ask):
    # Tuesday's 23:52 reaches C at 23:56; Wednesday's 00:01 goes on to E, 24:01 on Tuesday's clock.
    # No horizon at all: the second bus counts although nobody leaves home after 23:50.
    routes = [
        route("1", trip(("A", "23:52"), ("C", "23:56"), calendar="today")),
        route("2", trip(("C", "00:01"), ("E", "00:09"), calendar="tomorrow")),
    ]
    town = line_town(routes=routes, calendars={"today": TUESDAYS, "tomorrow": WEDNESDAYS})
    row = ask(town, **window("23:40", "23:50"), horizon_s=0)
    assert (row["reach_class"], row["reason"]) == ("two_buses", "no_direct_bus")
