"""A journey to a service that is not held when one arrives says so; what is not known is never said to be."""

from __future__ import annotations

import datetime as dt

import pytest

from geo.engine import Engine
from geo.held import say_not_held
from geo.journey_sheet import build_sheet, sheet_in_short, sheet_in_words
from geo.places import resolve_place
from geo.query import Query
from tests.roundtrip_towns import back, session, there, town, with_sessions

# One arrives at 10:11:15 on Tuesday 10 June 2025, the second Tuesday of the month.
TRIPS = (there("09:50"), back("12:30"))
WEDNESDAY, FIRST_DAY = 2, dt.date(2025, 6, 1)
TOMORROW = session("10:30", "12:30", weekday=WEDNESDAY)
UNREAD = session(None, None, weekday=None, rule="unparsed")


def told(*held, **query) -> str | None:
    pack = with_sessions(town(*TRIPS), *held)
    ends = resolve_place(pack, "home"), resolve_place(pack, "clinic")
    return say_not_held(Engine(pack).journey(Query(**query), *ends, depart_s=34_200), pack)


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ([session("10:30", "12:30")], None),
        ([TOMORROW], "is not held on Tuesday 10 June 2025; it is held on Wednesday."),
        ([session("09:00", "17:00", kind="drop_in", weekday=6)], "10 June 2025; it is open on Sunday."),
        ([session("10:30", "12:30", rule="first")], "it is held on the first Tuesday of the month."),
        ([session("10:30", "12:30", rule="last_in_term")], "on the last Tuesday of the month in term time."),
        ([session("10:30", "12:30", rule="second")], None),
        ([TOMORROW, session("10:30", "12:30")], None),
        # Over for good: no other day of it is offered.
        ([session("10:30", "12:30", to_date=FIRST_DAY)], "is not held on Tuesday 10 June 2025. Ask before"),
        ([session("08:00", "10:00")], "is held until 10:00 that day, and you arrive later."),
        ([session("08:00", "10:11:16")], None),
        ([session("08:00", None)], None),
        # Monday night's goes on until Tuesday's noon; of days that nobody could read nothing is said.
        ([session("22:00", "36:00", weekday=0)], None),
        ([UNREAD], None),
        ([TOMORROW, UNREAD], None),
        ([], None),
    ],
)  # fmt: skip
def test_by_hand(held, words: str | None) -> None:
    said = told(*held)
    assert said is None if words is None else words in str(said), said


def test_it_stands_first_on_sheet_and_message_and_not_on_the_way_home() -> None:
    pack = with_sessions(town(*TRIPS), TOMORROW)
    ends = resolve_place(pack, "home"), resolve_place(pack, "clinic")
    sheet = build_sheet(Engine(pack), Query(), *ends, depart_s=34_200, home_s=43_200)
    words, short = sheet_in_words(sheet, pack), sheet_in_short(sheet, pack)
    assert words[2].startswith("As far as is known, Service clinic is not held on Tuesday 10 June 2025")
    assert short[1] == words[2] and "\n".join(words).count("As far as is known") == 1


def test_after_midnight_it_is_the_day_of_arriving() -> None:
    pack = with_sessions(
        town(there("24:10")), session("22:00", "23:00"), session("00:15", "03:00", weekday=WEDNESDAY)
    )
    ends = resolve_place(pack, "home"), resolve_place(pack, "clinic")
    assert say_not_held(Engine(pack).journey(Query(), *ends, depart_s=86_400), pack) is None
