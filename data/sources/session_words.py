"""The words of session times: days, clocks, and what says how often and when not."""

from __future__ import annotations

import re

from data.sources.service_words import any_of

_DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY_WORDS = {
    **{name: day for day, name in enumerate(_DAY_NAMES)},
    **{name + "s": day for day, name in enumerate(_DAY_NAMES)},
    "mon": 0, "mons": 0, "tue": 1, "tues": 1, "wed": 2, "weds": 2, "thu": 3, "thur": 3, "thurs": 3,
    "fri": 4, "fris": 4, "sat": 5, "sats": 5, "sun": 6, "suns": 6,
    "mo": 0, "tu": 1, "we": 2, "th": 3, "fr": 4, "sa": 5, "su": 6,
}  # fmt: skip
DAY_SETS = {
    "weekdays": range(5), "weekday": range(5), "daily": range(7), "every day": range(7), "everyday": range(7),
    "7 days a week": range(7), "seven days a week": range(7), "weekends": (5, 6), "weekend": (5, 6),
}  # fmt: skip
ORDINALS = {
    "1st": "first", "first": "first", "2nd": "second", "second": "second", "3rd": "third", "third": "third",
    "4th": "fourth", "fourth": "fourth", "last": "last",
}  # fmt: skip

_DAY = "|".join(sorted((word for word in DAY_WORDS if len(word) > 2), key=len, reverse=True))
# The two-letter days of OSM's opening_hours count before another day or a number only: "we" is a word.
_SHORT_DAY = r"(?:mo|tu|we|th|fr|sa|su)(?=\s*[-,]\s*(?:mo|tu|we|th|fr|sa|su)\b|\s+\d)"
_AFTER_DASH = r"(?:mo|tu|we|th|fr|sa|su)\b"
_HALF = r"(?:am|pm|a\.m\.?|p\.m\.?)"
CLOCK = rf"(\d{{1,2}})(?:[:.](\d{{2}}))?\s*({_HALF}|noon)?(?![\d/])"
_NOT_IN_NUMBER = r"(?<![\d:.£])"
TOKEN = re.compile(
    rf"(?P<days>\b(?:{_DAY}|{_SHORT_DAY})\.?(?:\s*-\s*(?:{_DAY}|{_AFTER_DASH})\.?)?(?![a-z]))"
    rf"|(?P<short>(?<=,)\s*{_AFTER_DASH})"
    rf"|(?P<set>\b(?:{'|'.join(DAY_SETS)})\b)"
    rf"|(?P<ordinal>\b(?:{'|'.join(ORDINALS)})\b)"
    rf"|(?P<range>{_NOT_IN_NUMBER}{CLOCK}\s*-\s*{CLOCK})"
    rf"|(?P<time>{_NOT_IN_NUMBER}(?:\d{{1,2}}[:.]\d{{2}}\s*{_HALF}?|\d{{1,2}}\s*(?:{_HALF}|noon)))"
)

DROP_IN = any_of(r"\bdrop[- ]?ins?\b", r"\bany ?time between\b", r"\bopen (?:door|access)\b")
TERM_TIME = any_of(
    r"\bterm[- ]?times?\b(?: only)?", r"\b(?:during|in) term\b", r"\bschool terms?\b(?: only)?",
    r"\b(?:except|excluding|not|closed)(?: (?:in|during|for|on))?(?: the)? school holidays?\b",
)  # fmt: skip
FORTNIGHT = any_of(
    r"\bevery other\b", r"\balternate\b", r"\bfortnightly\b", r"\bevery (?:fortnight|(?:two|2) weeks)\b",
    r"\bbi-?weekly\b",
)  # fmt: skip
OF_THE_MONTH = any_of(r"\b(?:of|in|each|every)\s+(?:the|each|every)?\s*month\b", r"\bmonthly\b")
EVERY_SECOND = re.compile(r"\b(?:every|each) (?:2nd|second|3rd|third|4th|fourth)\b")
ORDINAL_DAY = re.compile(rf"\b(?:{'|'.join(ORDINALS)})\s+(?:{_DAY})\b")
HARMLESS = any_of(
    r"\bno (?:need to )?book(?:ing)?\b(?: needed| required| necessary)?", r"\bno referral needed\b"
)
NOT_BANK_HOLIDAYS = re.compile(
    r"[,;(]?\s*\b(?:except|excluding|excl\.?|not|closed|but not)(?:\s+(?:on|for))?"
    r"\s+(?:bank|public)\s+holidays?\b\)?"
)
# Words that narrow the time in a way that no column holds: such a text stays unparsed.
NARROWING = any_of(
    r"\b(?:except|excluding|excl|not|closed|off|no|if|unless|or)\b",
    r"\b(?:some|most|selected|certain|occasional(?:ly)?|sometimes|irregular(?:ly)?)\b",
    r"\b(?:request|subject to|tb[ac])\b",
    r"\b(?:summer|winter|spring|autumn|christmas|easter|ramadan|holidays?|half[- ]term|ph|sh)\b",
    r"\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?)\b",
    r"\b(?:oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|starting|starts)\b",
    r"\b(?:appointment|arrangement|var(?:y|ies|ious|ying)|month|quarterly|annual(?:ly)?|once|twice|fifth|5th)\b",
)


def normalise(text: str) -> str:
    """Small letters, one kind of dash, and one way to write until, noon and midnight."""
    words = text.casefold()
    words = re.sub(r"[–—−‐‑]", "-", words)
    words = re.sub(r"(?<=[\d\w])\s+(?:to|until|till|til|through)\s+(?=[\d\w])", "-", words)
    words = re.sub(r"\b(?:12\s*)?(?:noon|midday|mid-day)\b", "12noon", words)
    words = re.sub(r"\b(?:12\s*)?midnight\b", "24:00", words)
    return re.sub(r"\b(\d{2})(\d{2})\s*-\s*(\d{2})(\d{2})\b", r"\1:\2-\3:\4", words)
