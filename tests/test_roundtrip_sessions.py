"""Which sessions are held when, what is assumed about them, and what is refused."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data.calendars import Calendar as SchoolCalendar
from data.errors import PackError, QueryError
from data.manifest import CalendarFacts
from data.sources.service_sessions import read_sessions
from geo.engine import Engine
from geo.query import Query
from geo.sessions import Session, choose_dates, parse_weekday, plan_sessions, read_sessions_table
from tests.roundtrip_towns import WEDNESDAY, ask, ask_frame, at, back, session, there, town, with_sessions
from tests.towns import Calendar, service

TUESDAYS = [dt.date(2025, 6, day) for day in (3, 10, 17, 24)]  # June 2025 begins on a Sunday
BUSES = (there("10:00"), back("12:05"))


def held_on(rule: str, dates: list[dt.date], **fields) -> list[int]:
    one = Session("s", "s/1", weekday=1, start_s=36_000, end_s=40_000, rule=rule, **fields)
    return [date.day for date in dates if one.runs_on(date)]


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("weekly", [3, 10, 17, 24]), ("first", [3]), ("second", [10]), ("third", [17]), ("fourth", [24]),
        ("last", [24]), ("term_time", [3, 10, 17, 24]), ("fortnightly", [3, 10, 17, 24]),
    ],
)  # fmt: skip
def test_rules_of_a_month(rule: str, days: list[int]):
    assert held_on(rule, TUESDAYS) == days


def test_the_last_and_the_fourth_differ_in_a_month_of_five():
    july = [dt.date(2025, 7, day) for day in (1, 8, 15, 22, 29)]
    assert held_on("fourth", july) == [22] and held_on("last", july) == [29]


def test_fortnightly_counts_from_its_first_date():
    assert held_on("fortnightly", TUESDAYS, from_date=dt.date(2025, 5, 20)) == [3, 17]
    # From a Wednesday on: its first Tuesday is 27 May.
    assert held_on("fortnightly", TUESDAYS, from_date=dt.date(2025, 5, 21)) == [10, 24]


def test_from_and_to_dates_are_both_inside():
    assert held_on("weekly", TUESDAYS, from_date=TUESDAYS[1], to_date=TUESDAYS[2]) == [10, 17]


def test_term_time_leaves_holidays_out_where_they_are_known():
    one = Session("s", "s/1", weekday=1, rule="term_time")
    half_term = SchoolCalendar(
        terms=((dt.date(2025, 6, 2), dt.date(2025, 7, 18)),),
        holidays=((dt.date(2025, 6, 9), dt.date(2025, 6, 13)),),
    )
    assert [date.day for date in TUESDAYS if one.runs_on(date, half_term)] == [3, 17, 24]
    manifest = town(*BUSES).manifest
    plan = plan_sessions(["s"], [replace(one, start_s=36_000, end_s=40_000)], manifest, calendar=half_term)
    assert plan[0].date == dt.date(2025, 6, 17)
    assert "in term time only" in plan[0].note
    assert not plan[0].assumed


def test_where_terms_are_not_known_a_term_time_session_is_assumed():
    held = session("10:30", "12:00", rule="term_time")
    row = ask(town(*BUSES, held=held))
    assert row["verdict"] == "assumed_yes"
    assert row["note"] == "in term time only, and whether 2025-06-10 lies in term is not known"
    known = with_calendar(
        town(*BUSES, held=held), school_terms=((dt.date(2025, 6, 2), dt.date(2025, 7, 18)),)
    )
    assert ask(known)["verdict"] == "yes"
    # The pack's calendar is honoured without anybody handing it on: the day asked for is no school day.
    half = with_calendar(
        known,
        school_terms=known.manifest.calendar.school_terms,
        school_holidays=((dt.date(2025, 6, 9), dt.date(2025, 6, 13)),),
    )
    assert ask(half)["service_date"] == dt.date(2025, 6, 17)
    with pytest.raises(QueryError, match="No session is held on that day"):
        ask(half, service_date=dt.date(2025, 6, 10))


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("term_time", [3, 17, 24]), ("first_in_term", [3]), ("second_in_term", []), ("last_in_term", [24]),
        ("fortnightly_in_term", [3, 17]),
    ],
)  # fmt: skip
def test_every_rule_keeps_to_terms(rule: str, days: list[int]):
    half_term = SchoolCalendar(
        terms=((dt.date(2025, 6, 2), dt.date(2025, 7, 18)),),
        holidays=((dt.date(2025, 6, 9), dt.date(2025, 6, 13)),),
    )
    first = TUESDAYS[0] if rule.startswith("fortnightly") else None
    one = Session("s", "s/1", weekday=1, start_s=36_000, end_s=40_000, rule=rule, from_date=first)
    assert [date.day for date in TUESDAYS if one.runs_on(date, half_term)] == days


@pytest.mark.parametrize("rule", ["second_in_term", "fortnightly_in_term"])
def test_whatever_recurs_in_terms_that_nobody_knows_is_assumed(rule: str):
    row = ask(town(*BUSES, held=session("10:30", "12:00", rule=rule)))
    assert row["verdict"] == "assumed_yes"
    assert "in term time only, and whether 2025-06-10 lies in term is not known" in row["note"]


def test_the_second_tuesday_in_term_is_passed_over_in_half_term():
    pack = with_calendar(
        town(*BUSES, held=session("10:30", "12:00", rule="second_in_term")),
        school_terms=((dt.date(2025, 6, 2), dt.date(2025, 7, 18)),),
        school_holidays=((dt.date(2025, 6, 9), dt.date(2025, 6, 13)),),
    )
    row = ask(pack)
    assert (row["service_date"], row["verdict"], row["note"]) == (
        dt.date(2025, 7, 8), "yes", "in term time only",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Tue 10:30-12:00", "yes"),
        ("Tue 10:30-12:00; closed in August", "assumed_yes"),
        ("Tue 10:30-12:00 (closed in August)", "assumed_yes"),
        ("Tue 10:30-12:00; except half term", "assumed_yes"),
        ("Tue 10:30-12:00; by appointment only", "assumed_yes"),
        ("Tue 10:30-11:40; by appointment only", "assumed_no"),
    ],
)
def test_what_was_not_read_leaves_no_plain_answer_and_is_quoted(text: str, verdict: str):
    rows = [one.to_row("clinic", number) for number, one in enumerate(read_sessions(text))]
    late = {"linger_s": 0} if verdict == "assumed_no" else {}
    row = ask(with_sessions(town(*BUSES), *rows), **late)
    assert row["verdict"] == verdict
    unread = text.partition(";")[2].strip() or text.partition("00 ")[2]
    told = f"times as told, but '{unread}' was not read: ask the venue"
    assert row["note"] == (told if unread else None)


def test_hostile_words_that_were_not_read_are_quoted_on_one_short_line():
    unread = session(None, None, weekday=None, rule="unparsed", text="closed\n\u202e\x07 " + "<b>" * 100)
    others = [dict(unread, session_id=f"clinic/{n}", text=f"not in week {n}") for n in range(9)]
    note = ask(with_sessions(town(*BUSES), session("10:30", "12:00"), unread, *others))["note"]
    assert "'closed <b>" in note and "week 1'" in note and "week 5" not in note
    assert len(note) < 250 and note.isprintable()
    nothing = session(None, None, weekday=None, rule="unparsed")
    row = ask(with_sessions(town(*BUSES), session("10:30", "12:00"), nothing))
    assert row["verdict"] == "assumed_yes" and "a part of them was not read" in row["note"]


def test_what_is_open_all_night_has_its_own_date_beside_the_timetables():
    row = ask(town(*BUSES, held=session("00:00", "24:00", kind="drop_in")))
    assert (row["session_date"], row["session_hours"]) == (dt.date(2025, 6, 10), "00:00 to 24:00")
    assert (row["service_date"], row["session_start_s"]) == (dt.date(2025, 6, 9), 86_400)
    row = ask(town(*BUSES, held=session("10:30", "12:00")))
    assert row["session_date"] == row["service_date"] and row["session_hours"] == "10:30 to 12:00"


def test_a_fortnightly_session_of_unknown_weeks_is_assumed_on_a_day_that_is_asked_for():
    pack = town(*BUSES, held=session("10:30", "12:00", rule="fortnightly"))
    assert ask(pack)["verdict"] == "yes"
    row = ask(pack, service_date=dt.date(2025, 6, 10))
    assert row["verdict"] == "assumed_yes" and "whether this is one is not known" in row["note"]


def test_bank_holidays_have_hours_of_their_own():
    weekly = Session("s", "s/1", "drop_in", 0, 36_000, 50_400, rule="weekly", bank_holidays=False)
    special = Session("s", "s/2", "drop_in", None, 43_200, 50_400, rule="bank_holiday", bank_holidays=True)
    manifest = town(*BUSES).manifest  # 5 May 2025 is a bank holiday and a Monday
    held = plan_sessions(["s"], [weekly, special], manifest, on=dt.date(2025, 5, 5))
    assert [one.session_id for one in held] == ["s/2"] and not held[0].assumed
    held = plan_sessions(["s"], [weekly, special], manifest, on=dt.date(2025, 5, 12))
    assert [one.session_id for one in held] == ["s/1"]
    # Hours of two days in the year are no answer to "any day".
    assert [one.session_id for one in plan_sessions(["s"], [weekly, special], manifest)] == ["s/1"]
    # Outside the United Kingdom none is known.
    abroad = manifest.model_copy(update={"calendar": CalendarFacts(nation=None)})
    held = plan_sessions(["s"], [weekly, special], abroad, on=dt.date(2025, 5, 5))
    assert [one.session_id for one in held] == ["s/1"]


def with_calendar(pack, **fields):
    return replace(pack, manifest=pack.manifest.model_copy(update={"calendar": CalendarFacts(**fields)}))


def test_a_session_is_looked_at_on_its_next_date():
    # The town's service date is Tuesday 10 June 2025, the second of the month.
    for rule, date in (
        ("weekly", dt.date(2025, 6, 10)), ("second", dt.date(2025, 6, 10)), ("first", dt.date(2025, 7, 1)),
        ("last", dt.date(2025, 6, 24)),
    ):  # fmt: skip
        assert ask(town(*BUSES, held=session("10:30", "12:00", rule=rule)))["service_date"] == date


def test_the_timetable_is_the_sessions_own_date():
    calendars = {"wed": Calendar("0010000")}
    trips = (there("10:00", calendar="wed"), back("12:05", calendar="wed"))
    on_tuesday = town(*trips, calendars=calendars)
    assert ask(on_tuesday)["verdict"] == "no"
    on_wednesday = town(*trips, calendars=calendars, held=session("10:30", "12:00", weekday=WEDNESDAY))
    row = ask(on_wednesday)
    assert row["verdict"] == "yes" and row["service_date"] == dt.date(2025, 6, 11)


def test_a_first_tuesday_has_that_tuesdays_buses():
    calendars = {"july": Calendar("1111111", start=dt.date(2025, 7, 1))}
    trips = (there("10:00", calendar="july"), back("12:05", calendar="july"))
    assert ask(town(*trips, calendars=calendars))["verdict"] == "no"
    assert (
        ask(town(*trips, calendars=calendars, held=session("10:30", "12:00", rule="first")))["verdict"]
        == "yes"
    )


def test_bank_holidays_are_passed_over():
    manifest = town(service_date=dt.date(2025, 5, 2)).manifest  # Monday 5 May 2025 is one
    assert choose_dates(manifest, (0, 1)) == {0: dt.date(2025, 5, 12), 1: dt.date(2025, 5, 6)}


def test_near_the_end_of_the_timetable_the_last_date_before_is_taken():
    ends = {"daily": Calendar(end=dt.date(2025, 6, 12))}
    manifest = town(calendars=ends, service_date=dt.date(2025, 6, 11)).manifest
    assert choose_dates(manifest, (1, 3, 5)) == {
        1: dt.date(2025, 6, 10), 3: dt.date(2025, 6, 12), 5: dt.date(2025, 6, 7),
    }  # fmt: skip


def test_sessions_outside_the_timetables_dates_are_not_known_and_say_which_it_has():
    held = session("10:30", "12:00", from_date=dt.date(2026, 1, 1), to_date=dt.date(2026, 3, 1))
    row = ask(town(*BUSES, held=held))
    assert (row["verdict"], row["reason"], row["service_date"]) == ("not_known", "no_timetable", None)
    assert "from 2026-01-01 until 2026-03-01" in row["note"]
    assert "the timetable has 2025-01-01 to 2025-12-31" in row["note"]


def test_a_date_outside_the_timetable_is_refused_and_says_which_it_has():
    with pytest.raises(QueryError, match="2025-01-01 to 2025-12-31"):
        ask(town(*BUSES), service_date=dt.date(2030, 1, 1))


def test_a_date_asks_for_what_is_held_on_it():
    pack = with_sessions(
        town(*BUSES),
        session("10:30", "12:00"), session("10:30", "12:00", rule="first"),
        session("10:30", "12:00", weekday=WEDNESDAY),
    )  # fmt: skip
    assert len(ask_frame(pack)) == 3
    assert list(ask_frame(pack, service_date=dt.date(2025, 6, 17))["session_id"]) == ["clinic/1/10:30/weekly"]
    assert len(ask_frame(pack, service_date=dt.date(2025, 7, 1))) == 2
    assert len(ask_frame(pack, day=1)) == 2
    with pytest.raises(QueryError, match="No session"):
        ask_frame(pack, day=6)
    with pytest.raises(QueryError, match="is a Tuesday, not a Wednesday"):
        ask_frame(pack, service_date=dt.date(2025, 6, 17), day=WEDNESDAY)


def test_a_service_of_which_nothing_is_known_has_the_default_session():
    frame = ask_frame(with_sessions(town(there("10:00"), back("12:35"))))
    assert list(frame["session_id"]) == ["clinic/assumed"] and list(frame["verdict"]) == ["assumed_yes"]
    on_sunday = ask_frame(with_sessions(town(there("10:00"), back("12:35"))), day=6)
    assert list(on_sunday["service_date"]) == [dt.date(2025, 6, 15)]


def test_what_nobody_could_read_is_no_session_where_a_weekday_is_known():
    unread = session(None, None, weekday=None, rule="unparsed")
    assert len(ask_frame(with_sessions(town(*BUSES), session("10:30", "12:00"), unread))) == 1
    assert list(ask_frame(with_sessions(town(*BUSES), unread))["verdict"]) == [
        "assumed_no"
    ]  # 12:05 is too soon


def test_fortnightly_without_a_first_date_says_that_the_weeks_are_not_known():
    assert (
        "which weeks is not said"
        in ask(town(*BUSES, held=session("10:30", "12:00", rule="fortnightly")))["note"]
    )


def test_sessions_that_can_not_be_are_refused_all_at_once():
    pack = with_sessions(
        town(*BUSES),
        session("12:00", "10:30"),
        session("10:00", "10:00", rule="last"),
        session("10:30", "11:00", weekday=9),
        session("10:30", "50:00"),
        session("10:30", "11:00", rule="monthly"),
        session("10:30", "11:00", kind="gig"),
        session("01:00", "26:00"),
        session("10:30", "11:30", from_date=dt.date(2025, 2, 1), to_date=dt.date(2025, 1, 1)),
    )
    with pytest.raises(PackError) as caught:
        ask_frame(pack)
    told = str(caught.value)
    assert "ends at 10:30, before it starts at 12:00" in told and "write 25:00 for 01:00" in told
    assert "weekday 9" in told and "48:00" in told and "'monthly'" in told and "'gig'" in told
    assert "over 24 hours" in told and "before it begins on 2025-02-01" in told
    assert len(caught.value.faults) == 9  # 50:00 is both too late and too long


def test_no_table_of_sessions_is_no_session():
    assert read_sessions_table(None) == []


@pytest.mark.parametrize(("text", "day"), [("tuesday", 1), ("Tue", 1), (" SUNDAY ", 6), ("th", 3)])
def test_weekdays_by_name(text: str, day: int):
    assert parse_weekday(text) == day


@pytest.mark.parametrize("text", ["", "t", "funday", "tuesdays or so", "0", "x" * 5000])
def test_what_is_no_weekday_is_refused(text: str):
    with pytest.raises(QueryError, match="use one of monday") as caught:
        parse_weekday(text)
    assert len(str(caught.value)) < 300


def test_a_service_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(QueryError, match="clinic"):
        ask_frame(town(*BUSES), service_ids=["clinik"])
    with pytest.raises(QueryError, match="is a stop, no service"):
        ask_frame(town(*BUSES), service_ids=["A"])


def test_a_service_outside_the_area_is_outside_the_data_and_one_without_a_place_is_none():
    pack = town(*BUSES, services=[service("clinic", 90_000, 0), service("lost", None, None)])
    frame = ask_frame(pack)
    assert list(frame["service_id"]) == ["clinic"]
    assert list(frame["reason"]) == ["outside_data"] and list(frame["verdict"]) == ["not_known"]
    assert frame[["leave_home_s", "arrive_home_s", "slack_s", "later_buses_home"]].isna().all(axis=None)


def test_origins_without_coordinates_are_outside_the_data():
    pack = town(*BUSES)
    origins = pd.DataFrame({"id": ["nowhere", "far"], "x": [np.nan, 1e9], "y": [np.nan, 1e9]})
    frame = Engine(pack).round_trips(Query(), origins=origins).frame
    assert list(frame["reason"]) == ["outside_data", "outside_data"]


def test_hostile_names_stay_on_one_line():
    long = "Moss\nRoad\t\x07" + "<script>" * 50
    row = ask(town(there("10:00"), back("11:52", headsign=long)))
    assert "\n" not in row["text"] and "\x07" not in row["text"] and len(row["text"]) < 200
    assert row["last_bus_home_s"] == at("11:52")
