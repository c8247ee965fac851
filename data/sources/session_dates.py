"""The dates between which sessions run, as people write them: "from 3 March to 12 July", "until 12/7/2026".

A date without a year is of the year that the words were written in, as far as
that is known. What is no date ("until Easter") is refused with words that say
what to write, and nothing is guessed.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass

MONTHS = {
    "january": 1, "jan": 1, "february": 2, "feb": 2, "march": 3, "mar": 3, "april": 4, "apr": 4, "may": 5,
    "june": 6, "jun": 6, "july": 7, "jul": 7, "august": 8, "aug": 8, "september": 9, "sept": 9, "sep": 9,
    "october": 10, "oct": 10, "november": 11, "nov": 11, "december": 12, "dec": 12,
}  # fmt: skip
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_DATE = (
    rf"(?:(?:the\s+)?\d{{1,2}}(?:st|nd|rd|th)?(?:\s+of)?\s+(?:{_MONTH})\b\.?(?:,?\s+\d{{4}})?"
    rf"|(?:{_MONTH})\b\.?(?:\s+\d{{1,2}}(?:st|nd|rd|th)?(?![\d:.]|\s*(?:am|pm)))?(?:,?\s+\d{{4}})?"
    r"|\d{4}-\d{2}-\d{2}|\d{1,2}[/.]\d{1,2}[/.](?:\d{4}|\d{2})(?!\d))"
)
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s+)?"
_TO = r"\s*(?:-|–|—|to|until|till|til|through|and)\s*"
_UNTIL = r"(?:until|till|til|ending(?:\s+on)?|ends(?:\s+on)?|up\s+to|to)"
_FROM = r"(?:from|starting(?:\s+(?:on|from))?|starts(?:\s+(?:on|from))?|beginning(?:\s+on)?|since|between)"
_SPAN = re.compile(rf"\b(?:{_FROM}\s+)?{_WEEKDAY}(?P<first>{_DATE}){_TO}{_WEEKDAY}(?P<last>{_DATE})")
_FIRST = re.compile(rf"\b{_FROM}\s+{_WEEKDAY}(?P<first>{_DATE})(?:\s+(?:on|onwards?))?")
_LAST = re.compile(rf"\b{_UNTIL}\s+{_WEEKDAY}(?P<last>{_DATE})")
_OPEN_END = re.compile(r",?\s*\buntil\s+further\s+notice\b")
# Days that move, and times of the year: which date is meant only the writer knows.
_VAGUE = re.compile(
    rf"\b(?:{_FROM}|{_UNTIL}|before|after)\s+(?:the\s+)?(?:(?:end|start|beginning)\s+of\s+(?:the\s+)?)?"
    r"(?P<what>easter|christmas|xmas|new year|whitsun|pentecost|ramadan|eid|diwali|hanukkah|lent|"
    r"half[- ]term|summer|autumn|winter|spring|term|the holidays|holidays|bank holiday)\b"
)


@dataclass(frozen=True)
class DatesRead:
    """The words without their dates; ``refused`` says what is wrong with them and what to write."""

    words: str
    first: dt.date | None = None
    last: dt.date | None = None
    refused: str | None = None
    year_assumed: bool = False


def read_dates(words: str, reference: dt.date | None = None) -> DatesRead:
    """Take the dates out of a session's words.

    Parameters
    ----------
    words : str
        In small letters.
    reference : date, optional
        When the words were written, or the day the timetable is read on: a date
        without a year is the one of which most of its span lies about then, so
        that a span that is over by this day is of the next year. None: such a
        date is refused.
    """
    words = _OPEN_END.sub(" ", words)
    if vague := _VAGUE.search(words):
        return DatesRead(words, refused=f"{vague['what']!r} is no date; write the day, such as 12 July 2026")
    found = _SPAN.search(words) or _FIRST.search(words) or _LAST.search(words)
    if found is None:
        return DatesRead(words)
    parts = found.groupdict()
    first = _read_one(parts.get("first"), at_end=False)
    last = _read_one(parts.get("last"), at_end=True)
    for written, read in ((parts.get("first"), first), (parts.get("last"), last)):
        if written and read is None:
            return DatesRead(words, refused=f"{written!r} is no date; write it like 12 July 2026")
    rest = f"{words[: found.start()]} {words[found.end() :]}"
    return _date_span(rest, first, last, reference)


Written = tuple[int | None, int, int | None]  # year, month, day (None: the month's first or last)


def _read_one(text: str | None, *, at_end: bool) -> Written | None:
    """Year (None: not said), month and day of a date; None where there is no such day."""
    if text is None:
        return None
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    name = re.search(rf"\b({_MONTH})\b", text)
    year: int | None = None
    if name:
        month = MONTHS[name[1]]
        years = [number for number in numbers if number > 31]
        days = [number for number in numbers if number <= 31]
        year, day = (years[0] if years else None), (days[0] if days else None)
    elif re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        year, month, day = numbers
    else:
        day, month = numbers[:2]
        year = numbers[2] if len(numbers) > 2 else None
        year = year + 2000 if year is not None and year < 100 else year
    if not 1 <= month <= 12 or (year is not None and not 1900 <= year <= 2200):
        return None
    longest = calendar.monthrange(year or 2024, month)[1]
    if day is None:
        day = longest if at_end else 1
        return (year, month, None if at_end else day)
    return (year, month, day) if 1 <= day <= longest else None


def _date_span(
    words: str, first: Written | None, last: Written | None, reference: dt.date | None
) -> DatesRead:
    known = [one[0] for one in (first, last) if one is not None and one[0] is not None]
    assumed = not known
    if assumed and reference is None:
        return DatesRead(words, refused="the dates have no year; write it, such as 12 July 2026")
    if first is not None and last is not None:
        # "from 3 March to 12 July 2026", "from 1 October 2025 to 31 March".
        wraps = (first[1], first[2] or 1) > (last[1], last[2] or 31)
        if first[0] is None and last[0] is not None:
            first = (last[0] - wraps, *first[1:])
        elif last[0] is None and first[0] is not None:
            last = (first[0] + wraps, *last[1:])
        elif first[0] is None and last[0] is None:
            assert reference is not None
            year = reference.year - wraps
            if _to_date((year + wraps, *last[1:])) < reference:
                year += 1
            first, last = (year, *first[1:]), (year + wraps, *last[1:])
    elif assumed:
        assert reference is not None
        if last is not None:  # the next such day
            last = (reference.year, *last[1:])
            if _to_date(last) < reference:
                last = (reference.year + 1, *last[1:])
        elif first is not None:
            first = (reference.year, *first[1:])
    begin, end = (None if one is None else _to_date(one) for one in (first, last))
    if begin is not None and end is not None and end < begin:
        return DatesRead(
            words, refused=f"they end on {end}, before they begin on {begin}; put the dates right"
        )
    return DatesRead(words, begin, end, year_assumed=assumed)


def _to_date(one: Written) -> dt.date:
    """The day; the month's last where none is said, and for 29 February of a year without one."""
    year, month, day = one
    assert year is not None
    longest = calendar.monthrange(year, month)[1]
    return dt.date(year, month, longest if day is None else min(day, longest))
