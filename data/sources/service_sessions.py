"""Session times as people write them: "1st Tuesday of the month 10am-noon".

What is understood becomes rows with a weekday and times; what is not stays,
word for word, as one row with the rule ``unparsed``. Nothing is guessed where
both readings are likely ("7-9" may be a breakfast or an evening).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace

from data.sources.service_words import any_of
from data.sources.session_dates import DatesRead, read_dates

HOUR_S = 3600
# Longer than this is prose, and reading it token by token would only take time.
LONGEST = 300


@dataclass(frozen=True)
class Session:
    """One time to be at a service; times in seconds of the day, None where not said."""

    kind: str
    weekday: int | None
    start_s: int | None
    end_s: int | None
    rule: str
    text: str
    from_date: dt.date | None = None
    to_date: dt.date | None = None
    bank_holidays: bool | None = None  # held on them too; None: not said
    remark: tuple[str, str] | None = None  # a fault's code, and what its writer should know

    @property
    def is_read(self) -> bool:
        """Whether its words were understood."""
        return self.rule != "unparsed"

    def to_row(self, service_id: str, number: int) -> dict[str, object]:
        """Return the row of SESSIONS that is a service's session of this number."""
        return {
            "service_id": service_id,
            "session_id": f"{service_id}/{number}",
            **{name: getattr(self, name) for name in _ROW_FIELDS},
            "text": self.text or None,
        }


_ROW_FIELDS = ("kind", "weekday", "start_s", "end_s", "from_date", "to_date", "rule", "bank_holidays")

_DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_WORDS = {
    **{name: day for day, name in enumerate(_DAY_NAMES)},
    **{name + "s": day for day, name in enumerate(_DAY_NAMES)},
    "mon": 0, "mons": 0, "tue": 1, "tues": 1, "wed": 2, "weds": 2, "thu": 3, "thur": 3, "thurs": 3,
    "fri": 4, "fris": 4, "sat": 5, "sats": 5, "sun": 6, "suns": 6,
    "mo": 0, "tu": 1, "we": 2, "th": 3, "fr": 4, "sa": 5, "su": 6,
}  # fmt: skip
_DAY_SETS = {
    "weekdays": range(5), "weekday": range(5), "daily": range(7), "every day": range(7), "everyday": range(7),
    "7 days a week": range(7), "seven days a week": range(7), "weekends": (5, 6), "weekend": (5, 6),
}  # fmt: skip
_ORDINALS = {
    "1st": "first", "first": "first", "2nd": "second", "second": "second", "3rd": "third", "third": "third",
    "4th": "fourth", "fourth": "fourth", "last": "last",
}  # fmt: skip

_DAY = "|".join(sorted((word for word in _DAY_WORDS if len(word) > 2), key=len, reverse=True))
# The two-letter days of OSM's opening_hours count before another day or a number only: "we" is a word.
_SHORT_DAY = r"(?:mo|tu|we|th|fr|sa|su)(?=\s*[-,]\s*(?:mo|tu|we|th|fr|sa|su)\b|\s+\d)"
_AFTER_DASH = r"(?:mo|tu|we|th|fr|sa|su)\b"
_HALF = r"(?:am|pm|a\.m\.?|p\.m\.?)"
_CLOCK = rf"(\d{{1,2}})(?:[:.](\d{{2}}))?\s*({_HALF}|noon)?(?![\d/])"
_NOT_IN_NUMBER = r"(?<![\d:.£])"
_TOKEN = re.compile(
    rf"(?P<days>\b(?:{_DAY}|{_SHORT_DAY})\.?(?:\s*-\s*(?:{_DAY}|{_AFTER_DASH})\.?)?(?![a-z]))"
    rf"|(?P<short>(?<=,)\s*{_AFTER_DASH})"
    rf"|(?P<set>\b(?:{'|'.join(_DAY_SETS)})\b)"
    rf"|(?P<ordinal>\b(?:{'|'.join(_ORDINALS)})\b)"
    rf"|(?P<range>{_NOT_IN_NUMBER}{_CLOCK}\s*-\s*{_CLOCK})"
    rf"|(?P<time>{_NOT_IN_NUMBER}(?:\d{{1,2}}[:.]\d{{2}}\s*{_HALF}?|\d{{1,2}}\s*(?:{_HALF}|noon)))"
)

_DROP_IN = any_of(r"\bdrop[- ]?ins?\b", r"\bany ?time between\b", r"\bopen (?:door|access)\b")
_TERM_TIME = any_of(
    r"\bterm[- ]?times?\b(?: only)?", r"\b(?:during|in) term\b", r"\bschool terms?\b(?: only)?"
)
_FORTNIGHT = any_of(
    r"\bevery other\b", r"\balternate\b", r"\bfortnightly\b", r"\bevery (?:fortnight|(?:two|2) weeks)\b",
    r"\bbi-?weekly\b",
)  # fmt: skip
_OF_THE_MONTH = any_of(r"\b(?:of|in|each|every)\s+(?:the|each|every)?\s*month\b", r"\bmonthly\b")
_EVERY_SECOND = re.compile(r"\b(?:every|each) (?:2nd|second|3rd|third|4th|fourth)\b")
_HARMLESS = any_of(
    r"\bno (?:need to )?book(?:ing)?\b(?: needed| required| necessary)?", r"\bno referral needed\b"
)
_NOT_BANK_HOLIDAYS = re.compile(
    r"[,;(]?\s*\b(?:except|excluding|excl\.?|not|closed|but not)(?:\s+(?:on|for))?"
    r"\s+(?:bank|public)\s+holidays?\b\)?"
)
# Words that narrow the time in a way that no column holds: such a text stays unparsed.
_NARROWING = any_of(
    r"\b(?:except|excluding|excl|not|closed|off|no|if|unless|or)\b",
    r"\b(?:summer|winter|spring|autumn|christmas|easter|ramadan|holidays?|half term|ph|sh)\b",
    r"\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?)\b",
    r"\b(?:oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|starting|starts)\b",
    r"\b(?:appointment|arrangement|var(?:y|ies|ious|ying)|month|quarterly|annual(?:ly)?|once|twice|fifth|5th)\b",
)


def read_sessions(text: str, *, reference: dt.date | None = None) -> list[Session]:
    """Read every session that a text names.

    Parameters
    ----------
    text
        As written; semicolons and line breaks part it.
    reference : date, optional
        When it was written, by which dates without a year are read
        (``session_dates.read_dates``); None: they are refused.

    Returns
    -------
    list of Session
        At least one for any text that is not blank. A part that is not
        understood gives one session with rule ``unparsed`` and no times. Dates,
        "term time only" and "not on bank holidays" in a part of their own hold
        for the sessions before them.
    """
    found: list[Session] = []
    for part in re.split(r"[;\n]+", text):
        words = " ".join(part.split())
        if not words:
            continue
        dates = read_dates(words.casefold(), reference)
        if not dates.words.strip(" .,()") and found:
            found = [_with_dates(session, dates, words) for session in found]
        elif dates.refused and found and not _TOKEN.search(_normalise(dates.words)):
            # "Tue 10-12; until Easter": whether the sessions before it are still held nobody can say.
            return [_unparsed(" ".join(text.split()), dates)]
        else:
            found.extend(_read_part(words, reference) or [_unparsed(words, dates)])
    return _carry_bank_holidays(_carry_term_time(found))


def _unparsed(text: str, dates: DatesRead | None = None) -> Session:
    refused = None if dates is None or dates.refused is None else ("session_dates", dates.refused)
    return Session("session", None, None, None, "unparsed", text, remark=refused)


def _with_dates(session: Session, dates: DatesRead, words: str) -> Session:
    """The session between the dates of a part of their own, unless it has dates already."""
    if session.rule == "unparsed" or session.from_date or session.to_date:
        return session
    return replace(
        session,
        from_date=dates.first,
        to_date=dates.last,
        text=f"{session.text}; {words}",
        remark=_remark_year(dates) or session.remark,
    )


def _remark_year(dates: DatesRead) -> tuple[str, str] | None:
    if not dates.year_assumed:
        return None
    span = " ".join(
        f"{name} {day:%d/%m/%Y}" for name, day in (("from", dates.first), ("until", dates.last)) if day
    )
    return "session_year", f"read as {span}"


def _carry_term_time(found: list[Session]) -> list[Session]:
    """A part that only says "term time only" belongs to the sessions before it."""
    notes = [session for session in found if session.rule == "unparsed" and _is_only_term_time(session.text)]
    timed = [session for session in found if session.rule == "weekly"]
    if not notes or len(notes) + len(timed) != len(found) or not timed:
        return found
    return [replace(session, rule="term_time", text=f"{session.text}; {notes[0].text}") for session in timed]


def _is_only_term_time(text: str) -> bool:
    return bool(_TERM_TIME.fullmatch(text.casefold().strip(" .()")))


def _carry_bank_holidays(found: list[Session]) -> list[Session]:
    """So does one that only says "not on bank holidays"."""
    notes = [
        session
        for session in found
        if session.rule == "unparsed" and _NOT_BANK_HOLIDAYS.fullmatch(session.text.casefold().strip(" ."))
    ]
    timed = [session for session in found if session not in notes]
    if not notes or not timed:
        return found
    return [
        replace(session, bank_holidays=False, text=f"{session.text}; {notes[0].text}")
        if session.is_read
        else session
        for session in timed
    ]


def _read_part(text: str, reference: dt.date | None) -> list[Session]:
    """Sessions of one part, or none when it is not understood for certain."""
    if len(text) > LONGEST:
        return []
    dates = read_dates(text.casefold(), reference)
    if dates.refused is not None:
        return []
    words, without = _NOT_BANK_HOLIDAYS.subn(" ", dates.words)
    words = _normalise(words)
    kind = "drop_in" if _DROP_IN.search(words) else "session"
    term_time = bool(_TERM_TIME.search(words))
    fortnight = bool(_FORTNIGHT.search(words))
    of_month = bool(_OF_THE_MONTH.search(words))
    if _EVERY_SECOND.search(words) and not of_month:
        return []
    for pattern in (_DROP_IN, _TERM_TIME, _FORTNIGHT, _OF_THE_MONTH, _HARMLESS):
        words = pattern.sub(" ", words)
    groups = _read_groups(words)
    if groups is None:
        return []
    shared = {
        "from_date": dates.first,
        "to_date": dates.last,
        "bank_holidays": False if without else None,
        "remark": _remark_year(dates),
    }
    found: list[Session] = []
    for ordinals, days, times in groups:
        if (of_month and not ordinals) or (fortnight and ordinals):
            return []
        rules = ordinals or ["fortnightly" if fortnight else "term_time" if term_time else "weekly"]
        found.extend(
            Session(kind, day, start, end, rule, text, **shared)  # type: ignore[arg-type]
            for rule in rules
            for day in days
            for start, end in (times or [(None, None)])
        )
    return found


def _normalise(text: str) -> str:
    words = text.casefold()
    words = re.sub(r"[–—−‐‑]", "-", words)
    words = re.sub(r"(?<=[\d\w])\s+(?:to|until|till|til|through)\s+(?=[\d\w])", "-", words)
    words = re.sub(r"\b(?:12\s*)?(?:noon|midday|mid-day)\b", "12noon", words)
    words = re.sub(r"\b(?:12\s*)?midnight\b", "24:00", words)
    return re.sub(r"\b(\d{2})(\d{2})\s*-\s*(\d{2})(\d{2})\b", r"\1:\2-\3:\4", words)


Times = list[tuple[int | None, int | None]]
Group = tuple[list[str], list[int], Times]


def _read_groups(words: str) -> list[Group] | None:
    """Days with their times in the order written; None when something stays unexplained."""
    groups: list[Group] = []
    ordinals: list[str] = []
    days: list[int] = []
    times: Times = []
    rest: list[str] = []
    position = 0
    for token in _TOKEN.finditer(words):
        rest.append(words[position : token.start()])
        position = token.end()
        if token["range"] or token["time"]:
            read = _read_range(token) if token["range"] else _read_start(token["time"])
            if read is None:
                return None
            times.append(read)
            continue
        if days and times:
            groups.append((ordinals, days, times))
            ordinals, days, times = [], [], []
        if token["ordinal"]:
            ordinals.append(_ORDINALS[token["ordinal"]])
        elif token["set"]:
            days.extend(_DAY_SETS[token["set"]])
        else:
            days.extend(_read_days(token["days"] or token["short"]))
    rest.append(words[position:])
    if days:
        groups.append((ordinals, days, times))
    left = " ".join(rest)
    # "10-12 Tuesdays, 2-4 Thursdays": which time goes with which day can't be told from the order alone.
    if len(groups) > 1 and _starts_with_time(words):
        return None
    if not days or _NARROWING.search(left) or re.search(r"\d", left):
        return None
    return [(which, sorted(set(on)), at) for which, on, at in groups]


def _starts_with_time(words: str) -> bool:
    first = _TOKEN.search(words)
    return first is not None and bool(first["range"] or first["time"])


def _read_days(words: str) -> list[int]:
    ends = [_DAY_WORDS[part.strip(" .")] for part in words.split("-")]
    if len(ends) == 1:
        return ends
    first, last = ends
    return [day % 7 for day in range(first, last + 1 if last >= first else last + 8)]


def _read_range(token: re.Match[str]) -> tuple[int, int] | None:
    """Start and end of "10-12", "2-4pm", "9:30am-noon"; None where two readings are likely."""
    clock = re.fullmatch(rf"{_CLOCK}\s*-\s*{_CLOCK}", token["range"])
    if clock is None:
        return None
    hour1, minute1, half1, hour2, minute2, half2 = clock.groups()
    start, end = _seconds(hour1, minute1, half1), _seconds(hour2, minute2, half2)
    if start is None or end is None:
        return None
    # Twenty-four-hour clocks are recognised by a leading nought or an hour past twelve.
    if half1 or half2:
        if not half1 and int(hour1) <= 12:
            later = start % (12 * HOUR_S) + (12 * HOUR_S if end > 12 * HOUR_S else 0)
            start = later if later < end else later - 12 * HOUR_S
        elif not half2 and int(hour2) < 12 and end <= start:
            end += 12 * HOUR_S
    elif not (hour1.startswith("0") or hour2.startswith("0") or int(hour1) > 12 or int(hour2) > 12):
        read = _without_halves(start, end)
        if read is None:
            return None
        start, end = read
    if end <= start and start >= 18 * HOUR_S:
        end += 24 * HOUR_S
    return (start, end) if 0 <= start < end else None


def _without_halves(start: int, end: int) -> tuple[int, int] | None:
    """Bare hours of a twelve-hour clock: nobody meets between 1 and 7 in the morning."""
    if start < 7 * HOUR_S:
        start += 12 * HOUR_S
        return start, end + 12 * HOUR_S if end <= 12 * HOUR_S and end + 12 * HOUR_S > start else end
    if end <= start:
        return start, end + 12 * HOUR_S
    return None if start < 9 * HOUR_S and end < 12 * HOUR_S else (start, end)


def _read_start(words: str) -> tuple[int, None] | None:
    """A single time: the start; the end is not said. A bare "7:30" could be either half of the day."""
    clock = re.fullmatch(_CLOCK, words.strip())
    if clock is None:
        return None
    hour, minute, half = clock.groups()
    start = _seconds(hour, minute, half)
    if start is None:
        return None
    if not half and not hour.startswith("0") and int(hour) < 9:
        if int(hour) >= 7:
            return None
        start += 12 * HOUR_S
    return start, None


def _seconds(hour: str, minute: str | None, half: str | None) -> int | None:
    hours, minutes = int(hour), int(minute or 0)
    if minutes > 59 or hours > 24 or (half and not 1 <= hours <= 12) or (hours == 24 and minutes):
        return None
    if half:
        hours = hours % 12 + (12 if half[0] in "pn" else 0)
    return hours * HOUR_S + minutes * 60
