"""What is said beside a session's day and hours: "(closed in August)", "term time only", "by appointment".

What of it no column holds stays in words, as a session with the rule
``unparsed`` beside the others, which are then assumed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from data.session_rules import MONTHLY
from data.sources.service_words import any_of
from data.sources.session_dates import MONTHS, read_dates
from data.sources.session_words import (
    EVERY_SECOND,
    FORTNIGHT,
    NOT_BANK_HOLIDAYS,
    OF_THE_MONTH,
    ORDINAL_DAY,
    TERM_TIME,
    TOKEN,
    normalise,
)

_NEGATED = (
    r"not (?:in|on|during|over|held|running|open|every|always)\b",
    r"no (?:sessions?|meetings?|class(?:es)?|groups?|clubs?)\b",
)
_LEAVES_OUT = (
    r"(?:except|excluding|excl|closed|apart from|unless|subject to)\b",
    r"(?:by|on) (?:prior )?(?:appointment|arrangement|request)\b",
    *_NEGATED,
)
_OPENS = any_of(r"\(", r"\bbut not\b", *(rf"\b{words}" for words in _LEAVES_OUT))
# "May" is a month only where it can't be the verb.
_MONTH = "|".join(sorted((name for name in MONTHS if name != "may"), key=len, reverse=True))
# In sentences about a session: what may take some of its days away. Sentences hold more words than
# session times do, and most say nothing of the kind ("tea, cake or just a chat").
_LIMITS = any_of(
    *(rf"\b{words}" for words in _LEAVES_OUT),
    r"\b(?:cancelled|suspended|appointment|tb[ac]|var(?:y|ies|ying)|quarterly|annual(?:ly)?|irregular(?:ly)?)\b",
    r"\b(?:summer|winter|spring|autumn|christmas|easter|ramadan|holidays?|half[- ]term)\b",
    rf"\b(?:{_MONTH})\b",
    r"\b(?:in|during|until|from|of|to|\d(?:st|nd|rd|th)?) may\b|\bmay \d",
    r"\b(?:some|most|selected|certain) (?:weeks|days|months|mon|tue|wed|thu|fri|sat|sun)",
    r"\b(?:once|twice|one|two|three) (?:a|per|every|each|weeks?)\b",
    r"\bevery (?:three|four|six|3|4|6)\b",
)
_SENTENCES = re.compile(r"[;\n]+|(?<=[\w)])[.!?]\s+")


def list_remarks(text: str) -> Iterator[tuple[str, str]]:
    """Ways to part a session's words from a remark behind them, the longest remark first.

    A remark names no times: with times it may be a session of its own.
    """
    for opening in _OPENS.finditer(text):
        told, remark = text[: opening.start()].rstrip(" ,.-–—"), text[opening.start() :]
        timed = any(token["range"] or token["time"] for token in TOKEN.finditer(normalise(remark)))
        if told and not timed:
            yield told, remark


@dataclass(frozen=True)
class Remarks:
    """What sentences say of sessions whose days and hours are known."""

    in_term: bool
    not_on_bank_holidays: bool
    unread: tuple[str, ...]  # sentences that may take some days away, word for word


def read_remarks(text: str, rules: Collection[str], first: dt.date | None, last: dt.date | None) -> Remarks:
    """Read the sentences beside sessions.

    Parameters
    ----------
    rules : collection of str
        How the sessions recur, terms apart; what the sentences say of it that is the same is understood.
    first, last : date, optional
        Their first and last date; None: there is none.
    """
    in_term = not_on_bank_holidays = False
    unread = []
    for sentence in (part.strip() for part in _SENTENCES.split(text)):
        dates = read_dates(sentence.casefold(), first or last)
        words, on_none = NOT_BANK_HOLIDAYS.subn(" ", dates.words)
        words, terms = TERM_TIME.subn(" ", normalise(words))
        in_term |= bool(terms)
        not_on_bank_holidays |= bool(on_none)
        starts_later = dates.first is not None and (first is None or first < dates.first)
        ends_sooner = dates.last is not None and (last is None or last > dates.last)
        dates_differ = dates.refused is not None or starts_later or ends_sooner
        if dates_differ or _recurs_otherwise(words, rules) or _LIMITS.search(words):
            unread.append(sentence)
    return Remarks(in_term, not_on_bank_holidays, tuple(dict.fromkeys(unread)))


def _recurs_otherwise(words: str, rules: Collection[str]) -> bool:
    of_month = OF_THE_MONTH.search(words) or ORDINAL_DAY.search(words)
    if of_month and not EVERY_SECOND.search(words):
        return not any(rule in MONTHLY for rule in rules)
    return bool(FORTNIGHT.search(words) or EVERY_SECOND.search(words)) and "fortnightly" not in rules
