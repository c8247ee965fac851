"""Opening hours of OpenStreetMap as sessions: every minute as the library says."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opening_hours import OpeningHours

from data.calendars import Calendar
from data.sources.opening_hours import read_opening_hours
from data.sources.osm_amenities import read_amenities
from data.sources.service_sessions import Session
from geo.sessions import Session as PackSession

SERVICE_DATE = dt.date(2023, 6, 13)
WEEKS = 8
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
_PH = OpeningHours("PH", country="GB", auto_country=False, auto_timezone=False)
# The library's own holidays of Great Britain: the check asks it, so the sessions must go by the same days.
LIBRARY_HOLIDAYS = frozenset(
    day
    for day in (dt.date(2022, 1, 1) + n * DAY for n in range(4 * 365))
    if _PH.is_open(dt.datetime.combine(day, dt.time(12)))
)


def test_the_library_has_holidays_to_compare_with():
    assert dt.date(2023, 4, 7) in LIBRARY_HOLIDAYS and len(LIBRARY_HOLIDAYS) >= 15


def read(text: str) -> list[Session]:
    return list(read_opening_hours(text, service_date=SERVICE_DATE).sessions)


def codes(text: str) -> list[str]:
    return [code for code, _ in read_opening_hours(text, service_date=SERVICE_DATE).remarks]


def rows(text: str) -> list[tuple]:
    return [(one.weekday, one.start_s, one.end_s, one.rule) for one in read(text)]


def open_minutes(sessions: list[Session], first: dt.date, days: int) -> tuple[set[int], set[int]]:
    """Minutes from midnight of ``first`` that the sessions open, and those of which they say nothing."""
    calendar = Calendar(bank_holidays=LIBRARY_HOLIDAYS)
    opened: set[int] = set()
    unknown: set[int] = set()
    for offset in range(-1, days):  # hours of the day before may last past midnight
        date = first + offset * DAY
        for one in sessions:
            held = PackSession(
                "place", "place/1", one.kind, one.weekday, one.start_s, one.end_s, one.from_date,
                one.to_date, one.rule, one.bank_holidays,
            )  # fmt: skip
            if not held.runs_on(date, calendar):
                continue
            if one.start_s is None or one.end_s is None:
                unknown.update(range(offset * 1440, (offset + 2) * 1440))
                continue
            opened.update(range(offset * 1440 + one.start_s // 60, offset * 1440 + one.end_s // 60))
    inside = set(range(days * 1440))
    return opened & inside, unknown & inside


def library_minutes(text: str, first: dt.date, days: int) -> set[int]:
    """The slow check: the library's state at every minute, one after the other."""
    hours = OpeningHours(text, country="GB", auto_country=False, auto_timezone=False)
    begin = dt.datetime.combine(first, dt.time())
    return {minute for minute in range(days * 1440) if hours.is_open(begin + minute * MINUTE)}


clocks = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02d}:{quarter % 4 * 15:02d}")
DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


@st.composite
def opening_hours(draw: st.DrawFn) -> str:
    """Rules as people write them: days, several hours, nights, seasons, weeks of the month, bank holidays."""
    written = []
    for _ in range(draw(st.integers(1, 4))):
        first, last = draw(st.sampled_from(DAYS)), draw(st.sampled_from(DAYS))
        days = draw(
            st.sampled_from([first, f"{first}-{last}", f"{first},{last}", "Mo-Su", f"{first}[2]", ""])
        )
        season = draw(st.sampled_from(["", "", "", "Apr-Sep", "Nov-Feb", "May 10-Jun 20", "Dec 24-26"]))
        begin = draw(clocks)
        end = draw(clocks.filter(lambda clock, begin=begin: clock != begin) | st.just("24:00"))
        times = draw(st.sampled_from([f"{begin}-{end}", "09:00-12:00,13:00-17:00", "off", "00:00-24:00"]))
        written.append(" ".join(f"{season} {days} {times}".split()))
    bank = draw(st.sampled_from(["", "", "; PH off", "; PH 10:00-14:00", "; PH off; Dec 25-26 off"]))
    return "; ".join(written) + bank


@settings(max_examples=15, deadline=None)
@given(opening_hours(), st.integers(-150, 300))
def test_the_sessions_are_open_at_every_minute_that_the_library_says(text: str, start: int):
    first = SERVICE_DATE + start * DAY
    opened, unknown = open_minutes(read(text), first, 7 * WEEKS)
    if "PH" in text:
        # Hours past midnight belong to the day they begin on. The library closes a holiday itself, but
        # leaves open what a usual such day would have left for the morning after.
        unknown |= {
            offset * 1440 + minute
            for offset in range(7 * WEEKS)
            if first + (offset - 1) * DAY in LIBRARY_HOLIDAYS
            for minute in range(1440)
        }
    assert opened - unknown == library_minutes(text, first, 7 * WEEKS) - unknown, text


@pytest.mark.parametrize(
    "text",
    [
        "Mo-Fr 09:00-17:00; Sa 09:00-12:00", "Fr,Sa 20:00-02:00", "24/7", "Mo-Th 06:00-23:00,15:00-20:00",
        "Mo-Fr 06:00-22:00; Sa-Su 08:00-20:00; PH 08:00-20:00", "We[2,-1] 10:00-12:00", "Su 12:00-10:30",
        "Mar-Oct Mo-Sa 08:00-19:00; Nov-Feb Mo-Sa 08:00-18:00; PH 09:30-18:00", "week 1-53/2 We 10:00-12:00",
        "Mo 08:00-24:00; Tu 00:00-24:00; We 00:00-03:00", "PH,Mo 10:00-12:00",
    ],
)  # fmt: skip
def test_hand_picked_hours_keep_every_minute(text: str):
    first = dt.date(2023, 4, 3)  # these eight weeks hold four bank holidays
    opened, unknown = open_minutes(read(text), first, 7 * WEEKS)
    assert not unknown
    assert opened == library_minutes(text, first, 7 * WEEKS)


def test_what_rows_come_of_it():
    assert rows("Tu 09:00-12:00,13:00-17:30") == [
        (1, 32_400, 43_200, "weekly"), (1, 46_800, 63_000, "weekly"),
    ]  # fmt: skip
    assert rows("Fr 20:00-02:00") == [(4, 72_000, 93_600, "weekly")]
    assert rows("24/7") == [(day, 0, 86_400, "weekly") for day in range(7)]
    assert rows("Th[1] 10:00-12:00; Th[-1] 14:00-15:00") == [
        (3, 36_000, 43_200, "first"), (3, 50_400, 54_000, "last"),
    ]  # fmt: skip
    assert rows("We 14:00-16:00; SH off") == [(2, 50_400, 57_600, "term_time")]
    assert rows("We[1] 14:00-16:00; SH off") == [(2, 50_400, 57_600, "first_in_term")]
    assert {one.kind for one in read("We 10:00-10:45; Th 10:00-17:00; PH 10:00-12:00")} == {"drop_in"}


def test_bank_holidays_are_said_only_where_the_source_says_them():
    assert {one.bank_holidays for one in read("Mo-Fr 09:00-17:00")} == {None}
    closed = read("Mo-Fr 09:00-17:00; PH off")
    assert {(one.rule, one.bank_holidays) for one in closed} == {("weekly", False)}
    assert rows("Mo 09:00-17:00; PH 10:00-14:00")[-1] == (None, 36_000, 50_400, "bank_holiday")
    # Other hours in December than in May: known to be other than usual, not known which.
    assert rows("Mo-Fr 09:00-17:00; Dec PH 10:00-14:00")[-1] == (None, None, None, "bank_holiday")
    assert codes("Mo-Fr 09:00-17:00; Dec PH 10:00-14:00") == ["opening_hours_bank"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Mon to Fri nine till five", "opening_hours_unreadable"),
        ("Mo-Fr 9-5 (ring)", "opening_hours_unreadable"), ("x" * 5000, "opening_hours_unreadable"),
        ("", "opening_hours_never"), ("Mo-Su off", "opening_hours_never"),
        ("Mo-Su dawn-dusk", "opening_hours_by_sun"), ("Mo 18:00+", "opening_hours_open_end"),
        ("Su 08:00-12:00/01:00", "opening_hours_open_end"),
        ("Mo-Fr 09:00-17:00; SH 10:00-12:00", "opening_hours_school"),
        # The library loses four of these five days (2.1.4), so it isn't asked.
        ('Mo-Fr 09:00-17:00 || "by phone"', "opening_hours_fallback"),
    ],
)  # fmt: skip
def test_what_cant_be_read_is_not_known_and_never_closed(text: str, code: str):
    assert codes(text) == [code]
    assert rows(text) == [(None, None, None, "unparsed")]


def test_days_by_appointment_are_not_known_while_the_others_are():
    text = 'Mo 10:00-15:00; Tu "by appointment"; We 14:00-16:00'
    assert rows(text) == [
        (0, 36_000, 54_000, "weekly"), (1, None, None, "unparsed"), (2, 50_400, 57_600, "weekly"),
    ]  # fmt: skip
    assert codes(text) == ["opening_hours_in_part"]


@settings(max_examples=100, deadline=None)
@given(st.text('MoTuWePHSH0123456789:-,;[]"|/+ off24/7week', max_size=40) | st.text(max_size=60))
def test_no_text_breaks_it(text: str):
    result = read_opening_hours(text, service_date=SERVICE_DATE)
    assert result.sessions
    assert all((one.start_s is None) == (one.end_s is None) for one in result.sessions)


HEADER = "osm_type,osm_id,key,value,name,opening_hours,lon,lat\n"


def test_places_have_sessions_and_faults_that_name_them(tmp_path: Path):
    table = tmp_path / "places.csv"
    table.write_text(
        HEADER + "node,1,amenity,library,Library,Tu 10:00-16:00,-2.99,51.58\n"
        "node,2,amenity,pharmacy,Pharmacy,ring the bell,-2.99,51.58\n"
        "node,3,amenity,doctors,Surgery,,-2.99,51.58\n"
    )
    result = read_amenities(table, crs="EPSG:27700", service_date=SERVICE_DATE)
    assert result.sessions is not None
    told = result.sessions[["service_id", "session_id", "kind", "weekday", "start_s", "rule"]].astype(object)
    assert told.where(told.notna(), None).to_numpy().tolist() == [
        ["osm-node-1", "osm-node-1/1", "drop_in", 1, 36_000, "weekly"],
        ["osm-node-2", "osm-node-2/1", "drop_in", None, None, "unparsed"],
    ]
    fault = next(fault for fault in result.faults if fault.code == "opening_hours_unreadable")
    assert fault.count == 1 and "osm-node-2" in fault.examples[0] and "correct" in fault.message
    extra = result.services.set_index("service_id")["extra"]
    assert json.loads(extra["osm-node-2"])["opening_hours_not_read"] == "ring the bell"
    assert "opening_hours_not_read" not in json.loads(extra["osm-node-1"])
    assert result.services["opening_hours"].tolist()[:2] == ["Tu 10:00-16:00", "ring the bell"]


@pytest.mark.real_data
def test_newports_hours_are_read(real_data: Path):
    table = real_data / "newport" / "services" / "osm_amenities_newport_2023-06-13.csv"
    result = read_amenities(table, crs="EPSG:27700", service_date=SERVICE_DATE)
    assert result.sessions is not None
    timed = result.sessions[result.sessions["start_s"].notna()]
    written = result.services["opening_hours"].notna()
    assert timed["service_id"].nunique() >= 0.9 * written.sum() > 50
    library = result.sessions[result.sessions["service_id"] == "osm-way-540759408"]
    assert len(library) == 0 or library["rule"].tolist() == ["unparsed"]
