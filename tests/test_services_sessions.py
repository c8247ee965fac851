"""Session times in words: what they mean, and what is not guessed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.sources.service_sessions import Session, read_sessions

MON, TUE, WED, THU, FRI, SAT, SUN = range(7)


def brief(text: str) -> list[tuple[int | None, float | None, float | None, str]]:
    """Weekday, start and end in hours, rule."""
    return [
        (
            s.weekday,
            None if s.start_s is None else s.start_s / 3600,
            None if s.end_s is None else s.end_s / 3600,
            s.rule,
        )
        for s in read_sessions(text)
    ]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Tues 10-12", [(TUE, 10, 12, "weekly")]),
        ("Tuesday 10:00-12:00; Thursday 14:00-15:30", [(TUE, 10, 12, "weekly"), (THU, 14, 15.5, "weekly")]),
        ("Tuesday 10:00-12:00\nThursday 14:00-15:30", [(TUE, 10, 12, "weekly"), (THU, 14, 15.5, "weekly")]),
        ("1st Tuesday of the month 10am-noon", [(TUE, 10, 12, "first")]),
        ("1st and 3rd Wednesday 1.30pm-3.30pm", [(WED, 13.5, 15.5, "first"), (WED, 13.5, 15.5, "third")]),
        ("Last Friday of each month, 6.30pm - 8pm", [(FRI, 18.5, 20, "last")]),
        ("every other Thursday", [(THU, None, None, "fortnightly")]),
        ("Alternate Thursdays 2–4pm", [(THU, 14, 16, "fortnightly")]),
        ("Mon 10-12, term time only", [(MON, 10, 12, "term_time")]),
        ("Mon 10-12; term-time only", [(MON, 10, 12, "term_time")]),
        ("1st Tuesday of the month 10-12, term time only", [(TUE, 10, 12, "first_in_term")]),
        ("every other Thursday 2-4pm, term time", [(THU, 14, 16, "fortnightly_in_term")]),
        ("Last Friday 10-12; term time only", [(FRI, 10, 12, "last_in_term")]),
        (
            "Mon 10-12; 2nd Wed 2-4pm; term time only",
            [(MON, 10, 12, "term_time"), (WED, 14, 16, "second_in_term")],
        ),
        ("Tue 10-12 except school holidays", [(TUE, 10, 12, "term_time")]),
        ("Tue 10-12; closed in the school holidays", [(TUE, 10, 12, "term_time")]),
        (
            "Mon & Wed 10-12, Fri 2-4pm",
            [(MON, 10, 12, "weekly"), (WED, 10, 12, "weekly"), (FRI, 14, 16, "weekly")],
        ),
        ("Monday 10-12 and 2-4", [(MON, 10, 12, "weekly"), (MON, 14, 16, "weekly")]),
        ("10-12 on Tuesdays", [(TUE, 10, 12, "weekly")]),
        ("Tue 10-12, no booking needed", [(TUE, 10, 12, "weekly")]),
        ("Wed 7pm", [(WED, 19, None, "weekly")]),
        ("Sat 10pm-2am", [(SAT, 22, 26, "weekly")]),
        ("Thursday 1000-1200", [(THU, 10, 12, "weekly")]),
        ("Saturdays and Sundays 10am until 4pm", [(SAT, 10, 16, "weekly"), (SUN, 10, 16, "weekly")]),
        ("Tuesdays", [(TUE, None, None, "weekly")]),
        ("Sat-Mon 10-11", [(MON, 10, 11, "weekly"), (SAT, 10, 11, "weekly"), (SUN, 10, 11, "weekly")]),
        # A twelve-hour clock without halves: nobody meets between one and seven in the morning.
        ("Thu 11-1", [(THU, 11, 13, "weekly")]),
        ("Tue 12-2", [(TUE, 12, 14, "weekly")]),
        ("Tue 2-4", [(TUE, 14, 16, "weekly")]),
        ("Mon 9-5", [(MON, 9, 17, "weekly")]),
        ("Tue 10-2pm", [(TUE, 10, 14, "weekly")]),
        ("Tue 02:00-04:00", [(TUE, 2, 4, "weekly")]),
    ],
)
def test_times_are_read(text: str, meant: list[tuple[int | None, float | None, float | None, str]]) -> None:
    assert brief(text) == meant


def test_drop_in_hours_are_their_own_kind() -> None:
    found = read_sessions("drop-in Mon-Fri 9-5")
    assert [(s.kind, s.weekday, s.start_s, s.end_s) for s in found] == [
        ("drop_in", day, 9 * 3600, 17 * 3600) for day in range(5)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "by appointment",
        "term time only",
        "Mondays 7-9",  # breakfast or evening?
        "Sat & Sun 8-10",
        "every second Tuesday 10-12",  # of the month, or fortnightly?
        "Tuesday or Thursday 10-12",
        "10-12 Tuesdays, 2-4 Thursdays",
        "10-12",
        "Tuesday 25:00-26:00",
        "Tuesday 12-10:75",
        "monthly on a Tuesday 10-12",
        "Tues 10-12, ring 01632 960001 first",
        "Tuesday 16:00-14:00",
        "x" * 5000 + " Tuesday 10-12",
    ],
)
def test_what_is_not_certain_is_kept_word_for_word(text: str) -> None:
    assert read_sessions(text) == [Session("session", None, None, None, "unparsed", text)]


def test_one_part_that_is_not_understood_does_not_take_the_others_with_it() -> None:
    found = read_sessions("Tuesday 10-12; some Fridays, ring first or look at the door")
    assert [(s.rule, s.text) for s in found] == [
        ("weekly", "Tuesday 10-12"),
        ("unparsed", "some Fridays, ring first or look at the door"),
    ]


@pytest.mark.parametrize(
    ("text", "told", "unread"),
    [
        ("Tue 10-12; closed in August", "Tue 10-12", "closed in August"),
        ("Tue 10-12 (closed in August)", "Tue 10-12", "(closed in August)"),
        ("Tue 10-12, closed in August", "Tue 10-12", "closed in August"),
        ("Tuesday 10-12 except August", "Tuesday 10-12", "except August"),
        ("Tue 10-12; except half term", "Tue 10-12", "except half term"),
        ("Tue 10-12 - by appointment only", "Tue 10-12", "by appointment only"),
        ("Tue 10-12 (ring 01632 960001 first)", "Tue 10-12", "(ring 01632 960001 first)"),
        ("Tue 10-12, not on the 1st Tuesday", "Tue 10-12", "not on the 1st Tuesday"),
    ],
)
def test_what_limits_a_session_and_is_not_understood_stands_beside_it(text: str, told: str, unread: str):
    assert read_sessions(text) == [
        Session("session", TUE, 36_000, 43_200, "weekly", told),
        Session("session", None, None, None, "unparsed", unread),
    ]


def test_term_time_holds_beside_what_is_not_understood() -> None:
    found = read_sessions("Mon 10-12; term time only; closed in August")
    assert [(s.rule, s.text) for s in found] == [
        ("term_time", "Mon 10-12; term time only"), ("unparsed", "closed in August"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["Tue 10-12 (or Wed 2-4)", "some Tuesdays 10-12", "most Fridays 2-4pm"])
def test_times_that_may_be_others_are_none(text: str) -> None:
    assert read_sessions(text) == [Session("session", None, None, None, "unparsed", text)]


DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@given(st.integers(0, 6), st.integers(0, 1438), st.data())
def test_template_times_come_back_to_the_minute(day: int, start: int, data: st.DataObject) -> None:
    end = data.draw(st.integers(start + 1, 1439))
    text = f"{DAYS[day]} {start // 60:02d}:{start % 60:02d}-{end // 60:02d}:{end % 60:02d}"
    assert read_sessions(text) == [Session("session", day, start * 60, end * 60, "weekly", text)]


@given(st.text(alphabet="monday tuesw1234567890-:.;,&pamn", max_size=60) | st.text(max_size=60))
def test_no_text_breaks_it_nothing_is_lost_and_times_are_times(text: str) -> None:
    found = read_sessions(text)
    # A remark is parted from its session; the marks between them go.
    kept = {re.sub(r"[\s,.–—-]", "", part) for part in re.split(r"[;\n]", text)} - {""}
    told = re.sub(r"[\s,.–—-]", "", "".join(session.text for session in found))
    assert all(part in told for part in kept)
    for session in found:
        assert session.start_s is None or 0 <= session.start_s <= 24 * 3600
        assert session.end_s is None or (
            session.start_s is not None and session.start_s < session.end_s < 48 * 3600
        )
        assert session.rule == "unparsed" or session.weekday in range(7)
