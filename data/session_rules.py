"""The rules by which a session recurs on its weekday: the words of the column ``rule``."""

from __future__ import annotations

import datetime as dt

ORDINALS = ("first", "second", "third", "fourth")
MONTHLY = (*ORDINALS, "last")
RECURRING = ("weekly", "fortnightly", *MONTHLY)
# The same in school terms only.
_IN_TERM = {rule: "term_time" if rule == "weekly" else f"{rule}_in_term" for rule in RECURRING}
_OUT_OF_TERM = {in_term: rule for rule, in_term in _IN_TERM.items()}
RULES = (*RECURRING, *_OUT_OF_TERM, "bank_holiday", "unparsed")
_WEEK = dt.timedelta(days=7)


def put_in_term(rule: str) -> str:
    """Return the rule as it is in school terms only; what recurs in no other way stays as it is."""
    return _IN_TERM.get(rule, rule)


def is_in_term(rule: str) -> bool:
    """Say whether a rule holds in school terms only."""
    return rule in _OUT_OF_TERM


def take_out_of_term(rule: str) -> str:
    """Return the rule without its school terms: how it recurs."""
    return _OUT_OF_TERM.get(rule, rule)


def is_nth_of_month(date: dt.date, rule: str) -> bool:
    """Say whether a date is the first, ..., fourth or last of its weekday in its month."""
    if rule == "last":
        return (date + _WEEK).month != date.month
    return (date.day - 1) // 7 == ORDINALS.index(rule)
