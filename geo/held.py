"""Whether a service is held when somebody gets there, in words: nobody shall travel to a closed door.

Said only where the source tells all of a service's days; what is not known is no reason to stay at home.
"""

from __future__ import annotations

import datetime as dt

from data.areapack import AreaPack
from data.calendars import load_calendar
from data.service_days import WEEKDAYS
from data.session_rules import MONTHLY
from geo.clock import clock
from geo.journey import Journey
from geo.names import clean_name
from geo.query import DAY_S
from geo.sessions import Session, read_sessions_table


def say_not_held(journey: Journey, pack: AreaPack) -> str | None:
    """That the destination is not held, or over, when one arrives; None where it may be, or nobody knows."""
    sessions = pack.sessions
    if journey.destination.kind != "service" or sessions is None:
        return None
    rows = (sessions["service_id"] == journey.destination.place_id).to_numpy(bool)
    own = read_sessions_table(sessions[rows])
    if not own or not all(one.is_timed for one in own):
        return None
    later, arrive_s = divmod(journey.arrive_s, DAY_S)
    date = journey.service_date + dt.timedelta(days=later)
    calendar = load_calendar(pack.manifest)
    before = date - dt.timedelta(days=1)
    if any(one.runs_on(before, calendar) and (one.end_s or 0) > DAY_S for one in own):
        return None  # it may still be going on
    there = clean_name(journey.destination.label) or "it"
    verb = "open" if all(one.kind == "drop_in" for one in own) else "held"
    today = [one for one in own if one.runs_on(date, calendar)]
    if not today:
        when = list(dict.fromkeys(_say_days(one) for one in own if _lasts(one, date)))
        instead = f"; it is {verb} {', '.join(when)}" if when else ""
        on = f"{date:%A} {date.day} {date:%B %Y}"
        return f"As far as is known, {there} is not {verb} on {on}{instead}. Ask before you go."
    ends_s = [one.end_s for one in today]
    last_s = max((end for end in ends_s if end is not None), default=None)
    if None in ends_s or last_s is None or arrive_s < last_s:
        return None
    return f"As far as is known, {there} is {verb} until {clock(last_s)} that day, and you arrive later."


def _lasts(session: Session, date: dt.date) -> bool:
    """Whether a date lies between its first and its last, where it has them."""
    return (session.from_date or date) <= date <= (session.to_date or date)


def _say_days(session: Session) -> str:
    """'on Tuesday', 'on the first Tuesday of the month in term time', 'every other Tuesday'."""
    if session.weekday is None:
        return "on bank holidays"
    day = WEEKDAYS[session.weekday].title()
    if session.recurs in MONTHLY:
        told = f"on the {session.recurs} {day} of the month"
    else:
        told = f"every other {day}" if session.recurs == "fortnightly" else f"on {day}"
    return f"{told} in term time" if session.in_term else told
