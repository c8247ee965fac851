"""How often, in words: by hand, and each claim held against the departures by a reader of the words."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.frequency import describe_frequency


def at(*texts: str) -> list[int]:
    return [60 * int(text[:2]) + int(text[3:]) for text in texts]


def every(minutes: int, first: str, last: str) -> list[int]:
    return list(range(at(first)[0], at(last)[0] + 1, minutes))


@pytest.mark.parametrize(
    ("departures", "expected"),
    [
        ([], ""),
        (at("09:12"), "once, at 09:12"),
        (at("15:05", "09:12", "10:47"), "at 09:12, 10:47 and 15:05"),
        (at("09:12", "09:12"), "once, at 09:12"),
        (every(30, "06:00", "23:30"), "every 30 minutes from 06:00 until 23:30"),
        (every(60, "06:05", "19:05"), "hourly from 06:05 until 19:05"),
        (every(120, "07:57", "17:57"), "every 2 hours from 07:57 until 17:57"),
        (
            every(12, "07:10", "18:10") + every(60, "19:10", "23:10"),
            "every 12 minutes from 07:10 until 18:10, then hourly until 23:10",
        ),
        # 07:00, 07:07, 07:15, 07:22, 07:30: gaps of 7 and 8 minutes.
        (at("07:00", "07:07", "07:15", "07:22", "07:30"), "every 7 minutes from 07:00 until 07:30"),
        # Gaps of 27 to 33 minutes: not to the minute, but near 30.
        (at("07:00", "07:27", "08:00", "08:28", "09:01"), "about every 30 minutes from 07:00 until 09:01"),
        # Few and irregular: listed, though "every 20 to 40 minutes" would hold too.
        (at("07:00", "07:20", "07:55", "08:17", "08:57"), "at 07:00, 07:20, 07:55, 08:17 and 08:57"),
        # Gaps of 20, 35, 22, 40, twice over: no one number.
        (
            at("07:00", "07:20", "07:55", "08:17", "08:57", "09:17", "09:52", "10:14", "10:54"),
            "about every 20 to 40 minutes from 07:00 until 10:54",
        ),
        # Two of Newport's: what is hourly nearly all day is told as hourly, and the rest listed.
        (
            at("07:14", "07:47", "08:46", "09:17") + every(60, "10:16", "17:16") + at("18:06", "19:20"),
            "at 07:14, 07:47, 08:46 and 09:17, then hourly until 17:16, then at 18:06 and 19:20",
        ),
        (
            at("06:33", "07:44", "08:44") + every(60, "09:46", "17:46") + every(60, "18:54", "22:54"),
            "at 06:33 and 07:44, then about hourly until 22:54",
        ),
        # A gap in the day.
        (
            every(30, "07:00", "09:00") + every(30, "15:00", "17:00"),
            "every 30 minutes from 07:00 until 09:00, then at 15:00, then every 30 minutes until 17:00",
        ),
        # Night buses before the first of the day, and after its midnight.
        (every(30, "22:00", "25:30"), "every 30 minutes from 22:00 until 01:30 (the next day)"),
        # Nothing holds for long.
        (
            at("06:00", "06:05", "07:30", "07:40", "11:00", "11:03")
            + at("13:00", "16:00", "16:01", "21:00", "21:30"),
            "11 times from 06:00 until 21:30, 1 to 299 minutes apart",
        ),
    ],
)  # fmt: skip
def test_by_hand(departures, expected) -> None:
    assert describe_frequency(departures) == expected


def test_approximate_times_are_never_said_as_exact() -> None:
    assert describe_frequency(every(10, "07:00", "08:00"), approximate=True) == (
        "about every 10 minutes from 07:00 until 08:00"
    )
    assert describe_frequency(at("07:00"), approximate=True) == "once, about at 07:00"


def read_clock(text: str) -> int:
    match = re.fullmatch(r"(\d\d):(\d\d)( \(the next day\))?", text)
    assert match, text
    return int(match[1]) * 60 + int(match[2]) + (1440 if match[3] else 0)


CLOCK = r"\d\d:\d\d(?: \(the next day\))?"


def check_words(words: str, times: list[int]) -> None:
    """Read the words as a passenger does, and hold each claim against the departures."""
    if match := re.fullmatch(
        rf"(\d+) times from ({CLOCK}) until ({CLOCK}), (\d+) to (\d+) minutes apart", words
    ):
        gaps = [b - a for a, b in itertools.pairwise(times)]
        assert int(match[1]) == len(times)
        assert [read_clock(match[2]), read_clock(match[3])] == [times[0], times[-1]]
        assert [int(match[4]), int(match[5])] == [min(gaps), max(gaps)]
        return
    claimed: list[int] = []  # departures that the words have spoken of
    for number, clause in enumerate(words.split(", then ")):
        if match := re.fullmatch(r"(?:once, )?at (.+)", clause):
            claimed += [read_clock(text) for text in re.split(r", | and ", match[1])]
            assert claimed == times[: len(claimed)], clause
            continue
        match = re.fullmatch(
            rf"(about )?(hourly|every (\d+)(?: to (\d+))? (?:minutes|hours)|every minute)"
            rf"(?: from ({CLOCK}))? until ({CLOCK})",
            clause,
        )
        assert match, clause
        assert (match[5] is not None) == (number == 0), "where it starts is said once, at the start"
        if number == 0:
            claimed = [read_clock(match[5])]
            assert claimed == times[:1]
        until = read_clock(match[6])
        covered = [time for time in times[len(claimed) :] if time <= until]
        assert covered and covered[-1] == until, "the last departure of a stretch is one"
        gaps = [b - a for a, b in itertools.pairwise([claimed[-1], *covered])]
        unit = 60 if "hours" in match[2] else 1
        if match[4]:
            low, high = int(match[3]), int(match[4])
            assert all(low <= gap <= high for gap in gaps) and high <= 3 * low + 30
        else:
            headway = (
                60 if match[2] == "hourly" else 1 if match[2] == "every minute" else int(match[3]) * unit
            )
            slack = max(2, headway * 15 // 100) if match[1] else 1
            assert all(abs(gap - headway) <= slack for gap in gaps), (clause, gaps)
        claimed += covered
    assert claimed == times, "every departure is spoken of, and no other"


@st.composite
def days(draw) -> list[int]:
    """Departures made of regular stretches, lonely ones and noise."""
    time = draw(st.integers(240, 600))
    times = [time]
    for _ in range(draw(st.integers(1, 5))):
        headway = draw(st.sampled_from([1, 5, 7, 10, 12, 15, 20, 30, 45, 60, 97, 120]))
        noise = draw(st.integers(0, 4))
        for _ in range(draw(st.integers(1, 12))):
            time += max(1, headway + draw(st.integers(-noise, noise)))
            times.append(time)
        time += draw(st.integers(0, 200))
    return sorted({time for time in times if time < 28 * 60})


@settings(max_examples=500)
@given(days())
def test_every_claim_holds_for_the_departures(times: list[int]) -> None:
    check_words(describe_frequency(times), times)


@given(st.sets(st.integers(240, 1679), min_size=1, max_size=60))
def test_every_claim_holds_for_any_departures(times: set[int]) -> None:
    check_words(describe_frequency(list(times)), sorted(times))


def test_the_reader_notices_a_wrong_claim() -> None:
    times = every(12, "07:10", "18:10") + every(60, "19:10", "23:10")
    for wrong in (
        "every 15 minutes from 07:10 until 18:10, then hourly until 23:10",
        "every 12 minutes from 07:10 until 23:10",
        "every 12 minutes from 07:10 until 18:10",
        "every 12 minutes from 07:10 until 18:10, then at 19:10 and 23:10",
    ):
        with pytest.raises(AssertionError):
            check_words(wrong, times)
