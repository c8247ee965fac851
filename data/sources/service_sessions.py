"""Session times as people write them: "1st Tuesday of the month 10am-noon".

What is understood becomes rows with a weekday and times; what is not stays,
word for word, as one row with the rule ``unparsed``: alone where nothing is
understood, and beside the times where only what limits them isn't ("closed in
August"), by which they are taken as assumed. Nothing is guessed where both
readings are likely ("7-9" may be a breakfast or an evening).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace

from data.session_rules import put_in_term
from data.sources.session_dates import DatesRead, read_dates
from data.sources.session_remarks import list_remarks
from data.sources.session_words import (
    CLOCK,
    DAY_SETS,
    DAY_WORDS,
    DROP_IN,
    EVERY_SECOND,
    FORTNIGHT,
    HARMLESS,
    NARROWING,
    NOT_BANK_HOLIDAYS,
    OF_THE_MONTH,
    ORDINALS,
    TERM_TIME,
    TOKEN,
    normalise,
)

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
        understood gives one session with rule ``unparsed`` and no times, after
        those of the words before it where they are: "Tue 10-12 (closed in
        August)" is the same as "Tue 10-12; closed in August". Dates, "term time
        only" and "not on bank holidays" in a part of their own hold for the
        sessions before them.
    """
    found: list[Session] = []
    for part in re.split(r"[;\n]+", text):
        words = " ".join(part.split())
        if not words:
            continue
        dates = read_dates(words.casefold(), reference)
        if not dates.words.strip(" .,()") and found:
            found = [_with_dates(session, dates, words) for session in found]
        elif dates.refused and found and not TOKEN.search(normalise(dates.words)):
            # "Tue 10-12; until Easter": whether the sessions before it are still held nobody can say.
            return [_unparsed(" ".join(text.split()), dates)]
        else:
            found.extend(
                _read_part(words, reference)
                or (dates.refused is None and _read_with_remark(words, reference))
                or [_unparsed(words, dates)]
            )
    return _carry_bank_holidays(_carry_term_time(found))


def _unparsed(text: str, dates: DatesRead | None = None) -> Session:
    refused = None if dates is None or dates.refused is None else ("session_dates", dates.refused)
    return Session("session", None, None, None, "unparsed", text, remark=refused)


def _with_dates(session: Session, dates: DatesRead, words: str) -> Session:
    """The session between the dates of a part of their own, unless it has dates already."""
    if not session.is_read or session.from_date or session.to_date:
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
    notes = [session for session in found if not session.is_read and _is_only_term_time(session.text)]
    if not notes or not any(session.is_read for session in found):
        return found
    return [
        replace(session, rule=put_in_term(session.rule), text=f"{session.text}; {notes[0].text}")
        if session.is_read
        else session
        for session in found
        if session not in notes
    ]


def _is_only_term_time(text: str) -> bool:
    return bool(TERM_TIME.fullmatch(text.casefold().strip(" .()")))


def _carry_bank_holidays(found: list[Session]) -> list[Session]:
    """So does one that only says "not on bank holidays"."""
    notes = [
        session
        for session in found
        if not session.is_read and NOT_BANK_HOLIDAYS.fullmatch(session.text.casefold().strip(" ."))
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


def _read_with_remark(text: str, reference: dt.date | None) -> list[Session]:
    """Sessions of a part, what is said behind them left in words; none where that isn't clear."""
    for told, remark in list_remarks(text):
        read = _read_part(told, reference)
        if read and not _read_part(remark, reference):
            return [*read, _unparsed(remark)]
    return []


def _read_part(text: str, reference: dt.date | None) -> list[Session]:
    """Sessions of one part, or none when it is not understood for certain."""
    if len(text) > LONGEST:
        return []
    dates = read_dates(text.casefold(), reference)
    if dates.refused is not None:
        return []
    words, without = NOT_BANK_HOLIDAYS.subn(" ", dates.words)
    words = normalise(words)
    kind = "drop_in" if DROP_IN.search(words) else "session"
    term_time = bool(TERM_TIME.search(words))
    fortnight = bool(FORTNIGHT.search(words))
    of_month = bool(OF_THE_MONTH.search(words))
    if EVERY_SECOND.search(words) and not of_month:
        return []
    for pattern in (DROP_IN, TERM_TIME, FORTNIGHT, OF_THE_MONTH, HARMLESS):
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
        rules = ordinals or ["fortnightly" if fortnight else "weekly"]
        found.extend(
            Session(kind, day, start, end, put_in_term(rule) if term_time else rule, text, **shared)  # type: ignore[arg-type]
            for rule in rules
            for day in days
            for start, end in (times or [(None, None)])
        )
    return found


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
    for token in TOKEN.finditer(words):
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
            ordinals.append(ORDINALS[token["ordinal"]])
        elif token["set"]:
            days.extend(DAY_SETS[token["set"]])
        else:
            days.extend(_read_days(token["days"] or token["short"]))
    rest.append(words[position:])
    if days:
        groups.append((ordinals, days, times))
    left = " ".join(rest)
    # "10-12 Tuesdays, 2-4 Thursdays": which time goes with which day can't be told from the order alone.
    if len(groups) > 1 and _starts_with_time(words):
        return None
    if not days or NARROWING.search(left) or re.search(r"\d", left):
        return None
    return [(which, sorted(set(on)), at) for which, on, at in groups]


def _starts_with_time(words: str) -> bool:
    first = TOKEN.search(words)
    return first is not None and bool(first["range"] or first["time"])


def _read_days(words: str) -> list[int]:
    ends = [DAY_WORDS[part.strip(" .")] for part in words.split("-")]
    if len(ends) == 1:
        return ends
    first, last = ends
    return [day % 7 for day in range(first, last + 1 if last >= first else last + 8)]


def _read_range(token: re.Match[str]) -> tuple[int, int] | None:
    """Start and end of "10-12", "2-4pm", "9:30am-noon"; None where two readings are likely."""
    clock = re.fullmatch(rf"{CLOCK}\s*-\s*{CLOCK}", token["range"])
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
    clock = re.fullmatch(CLOCK, words.strip())
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
