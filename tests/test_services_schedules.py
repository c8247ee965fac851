"""Schedules of Open Referral against a calendar library's reading of the same RRULE, date by date."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from dateutil import rrule
from hypothesis import given, settings
from hypothesis import strategies as st

from data.sources.open_referral import read_open_referral
from data.sources.open_referral_times import read_schedule
from geo.sessions import Session as PackSession

FIRST = dt.date(2025, 1, 1)
SPAN_DAYS = 3 * 365
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
TIMES = {"opens_at": "10:00", "closes_at": "11:00"}


def held(schedule: dict[str, Any]) -> list[dt.date]:
    """The dates of a schedule within the span, by its sessions."""
    sessions = [
        PackSession(
            "s", "s/1", one.kind, one.weekday, one.start_s, one.end_s, one.from_date, one.to_date, one.rule
        )
        for one in read_schedule(schedule)
    ]
    assert sessions and all(one.rule != "unparsed" for one in sessions)
    span = (FIRST + dt.timedelta(days=n) for n in range(SPAN_DAYS))
    return [day for day in span if any(one.runs_on(day) for one in sessions)]


def dates_of_rrule(schedule: dict[str, Any]) -> list[dt.date]:
    """The same by dateutil, which knows nothing of this program."""
    numbers = {"WEEKLY": rrule.WEEKLY, "MONTHLY": rrule.MONTHLY, "DAILY": rrule.DAILY}
    weekdays = []
    for part in schedule["byday"].split(","):
        day = getattr(rrule, part[-2:])
        weekdays.append(day(int(part[:-2])) if part[:-2] else day)
    until = schedule.get("until")
    rule = rrule.rrule(
        numbers[schedule["freq"]], interval=schedule.get("interval", 1), byweekday=weekdays,
        dtstart=dt.datetime.fromisoformat(schedule["dtstart"]), count=schedule.get("count"),
        wkst=getattr(rrule, schedule.get("wkst", "MO")),
        until=dt.datetime.fromisoformat(until) if until else None,
    )  # fmt: skip
    last = FIRST + dt.timedelta(days=SPAN_DAYS)
    limits = [dt.date.fromisoformat(schedule.get(name, day)) for name, day in
              (("valid_from", FIRST.isoformat()), ("valid_to", last.isoformat()))]  # fmt: skip
    found = []
    for moment in rule:
        if moment.date() >= last:
            break
        if limits[0] <= moment.date() <= limits[1]:
            found.append(moment.date())
    return found


@st.composite
def schedules(draw: st.DrawFn) -> dict[str, Any]:
    freq = draw(st.sampled_from(["WEEKLY", "WEEKLY", "MONTHLY", "DAILY"]))
    days = draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=3, unique=True))
    if freq == "MONTHLY":
        days = [f"{draw(st.sampled_from([1, 2, 3, 4, -1]))}{day}" for day in days]
    start = FIRST + dt.timedelta(days=draw(st.integers(0, 200)))
    schedule = {"freq": freq, "byday": ",".join(days), "dtstart": start.isoformat(), **TIMES}
    if freq == "WEEKLY":
        schedule["interval"] = draw(st.sampled_from([1, 2]))
    if draw(st.booleans()):
        schedule["wkst"] = draw(st.sampled_from(DAYS))
    for name in draw(st.lists(st.sampled_from(["valid_from", "valid_to"]), max_size=2, unique=True)):
        far = draw(st.integers(0, 100)) + (300 if name == "valid_to" else 0)
        schedule[name] = (start + dt.timedelta(days=far)).isoformat()
    # RFC 5545: a rule has a count or an until, never both.
    ends = draw(st.sampled_from(["", "", "count", "until"]))
    if ends == "count":
        schedule["count"] = draw(st.integers(1, 40)) + 30 * len(days) * (freq != "MONTHLY")
    elif ends == "until":
        schedule["until"] = (start + dt.timedelta(days=draw(st.integers(320, 800)))).isoformat()
    return schedule


@settings(max_examples=60, deadline=None)
@given(schedules())
def test_every_date_is_a_calendar_librarys(schedule: dict[str, Any]):
    # A count that ends before valid_from leaves nothing: such a schedule is refused.
    expected = dates_of_rrule(schedule)
    if all(one.rule == "unparsed" for one in read_schedule(schedule)):
        assert expected == []
    else:
        assert held(schedule) == expected, schedule


def test_a_fortnight_counts_from_its_first_date_of_all():
    # dtstart is a Wednesday; the fortnight's Mondays are those of the weeks after next, not of the next.
    schedule = {"freq": "WEEKLY", "interval": 2, "byday": "MO,WE", "dtstart": "2025-01-08", **TIMES}
    assert [day.day for day in held(schedule)[:3]] == [8, 20, 22]
    # Where weeks begin on Sundays, Sunday 6 September 2026 and the Monday after it are of one week.
    sunday = schedule | {"byday": "SU,MO", "dtstart": "2026-09-06", "wkst": "SU"}
    assert [(day.month, day.day) for day in held(sunday)[:3]] == [(9, 6), (9, 7), (9, 20)]
    later = schedule | {"valid_from": "2025-01-10"}
    assert [day.day for day in held(later)[:2]] == [20, 22]


@pytest.mark.parametrize(
    "schedule",
    [
        {"freq": "WEEKLY", "byday": "FR", "bymonthday": "13"}, {"freq": "MONTHLY", "bymonthday": "15"},
        {"freq": "DAILY", "interval": 2}, {"freq": "WEEKLY", "byday": "MO", "byweekno": "1,3"},
        {"freq": "WEEKLY", "byday": "MO", "count": 10}, {"freq": "MONTHLY", "interval": 2, "byday": "1MO"},
        {"freq": "WEEKLY", "byday": "MO", "valid_from": "2026-05-01", "valid_to": "2026-04-01"},
        {"freq": "WEEKLY", "byday": "MO", "dtstart": "2026-05-01", "until": "2026-04-01"},
        {"freq": "WEEKLY", "byday": "MO", "interval": 2, "dtstart": "2026-05-01", "wkst": "XX"},
    ],
)  # fmt: skip
def test_what_no_session_holds_is_kept_and_said(schedule: dict[str, Any], tmp_path: Path):
    (found,) = read_schedule(schedule | TIMES)
    assert (found.rule, found.weekday, found.start_s, found.from_date) == ("unparsed", None, None, None)
    feed = tmp_path / "feed.json"
    feed.write_text(json.dumps([{"id": "a", "name": "Lunch", "schedules": [schedule | TIMES]}]))
    result = read_open_referral(feed, crs="EPSG:27700")
    assert json.loads(result.services["extra"][0])["schedules_not_read"] == [schedule | TIMES]
    assert "session_unparsed" in {code for _, code, _ in result.row_faults}
    told = result.sessions["text"][0]
    assert all(str(value) in told for value in schedule.values())


WEEKLY = {"freq": "WEEKLY", "byday": "TU", **TIMES}
MONTHLY = {"freq": "MONTHLY", "byday": "1TU,3TU", **TIMES}
FORTNIGHTLY = {**WEEKLY, "interval": 2, "dtstart": "2026-09-08"}


@pytest.mark.parametrize(
    ("pieces", "rules"),
    [
        (WEEKLY, ["term_time"]), (MONTHLY, ["first_in_term", "third_in_term"]),
        (FORTNIGHTLY, ["fortnightly_in_term"]),
    ],
)  # fmt: skip
def test_any_rule_can_be_in_term_time(pieces: dict[str, Any], rules: list[str]):
    assert [one.rule for one in read_schedule(pieces | {"description": "Term time only."})] == rules


@pytest.mark.parametrize(
    ("pieces", "description", "unread"),
    [
        (WEEKLY, "closed in August", ["closed in August"]),
        (WEEKLY, "by appointment only", ["by appointment only"]),
        (WEEKLY, "Tea and cake, or a chat. Not held in half term. Come along!", ["Not held in half term"]),
        (WEEKLY, "1st Tuesday of the month", ["1st Tuesday of the month"]),
        (WEEKLY, "every other Tuesday; except bank holidays", ["every other Tuesday"]),
        (WEEKLY, "Tuesdays until 3 July 2026", ["Tuesdays until 3 July 2026"]),
        (WEEKLY, "Tuesdays until Easter", ["Tuesdays until Easter"]),
        (WEEKLY, "runs in May", ["runs in May"]),
        (WEEKLY | {"valid_to": "2026-07-03"}, "Tuesdays until 3 July 2026", []),
        (MONTHLY, "1st and 3rd Tuesday of the month, not on bank holidays", []),
        (FORTNIGHTLY, "every other Tuesday", []),
        (WEEKLY, "First come, first served. You may bring a friend, or two. No need to book.", []),
        (WEEKLY, "", []),
    ],
)
def test_what_a_description_takes_away_is_kept_beside_the_schedule(
    pieces: dict[str, Any], description: str, unread: list[str]
):
    found = read_schedule(pieces | {"description": description})
    assert [one.text for one in found if not one.is_read] == unread
    assert [one.weekday for one in found if one.is_read] == [1] * len(pieces["byday"].split(","))
    holidays = "bank holidays" in description
    assert {one.bank_holidays for one in found if one.is_read} == {False if holidays else None}


@pytest.mark.parametrize(
    ("times", "start_s", "told"),
    [
        ({"opens_at": "12:00", "closes_at": "10:00"}, 43_200,
         "closes_at '10:00' is not after opens_at '12:00'"),
        ({"opens_at": "10:00", "closes_at": "10:00"}, 36_000,
         "closes_at '10:00' is not after opens_at '10:00'"),
        ({"opens_at": "10:00", "closes_at": "noon"}, 36_000, "closes_at 'noon' is no time of day"),
        ({"opens_at": "25:00", "closes_at": "12:00"}, None, "opens_at '25:00' is no time of day"),
    ],
)  # fmt: skip
def test_a_time_that_can_not_be_names_file_record_and_field(
    times: dict[str, str], start_s: int | None, told: str, tmp_path: Path
):
    feed = tmp_path / "feed.json"
    lunch = {
        "id": "lunch",
        "name": "Lunch",
        "schedules": [{"freq": "WEEKLY", "byday": "MO", **TIMES}, WEEKLY | times],
    }
    feed.write_text(json.dumps([lunch]))
    result = read_open_referral(feed, crs="EPSG:27700")
    (fault,) = [fault for fault in result.faults if fault.code == "session_hours"]
    assert fault.file == "feed.json" and fault.count == 1
    assert f"row 1: lunch, schedules[1]: {told}" in fault.examples[0]
    row = result.sessions.iloc[1]
    assert (None if row["start_s"] is pd.NA else row["start_s"]) == start_s
    assert (row["end_s"] is pd.NA) == (start_s is not None)
