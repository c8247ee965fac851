"""Dates as people write them, the same on every page, sheet and report."""

from __future__ import annotations

import datetime as dt


def say_date(date: dt.date) -> str:
    """5 June 2023, on every platform."""
    return f"{date.day} {date:%B %Y}"


def say_day(date: dt.date) -> str:
    """Monday 5 June 2023."""
    return f"{date:%A} {say_date(date)}"


def say_short(date: dt.date) -> str:
    """Mon 5 Jun 2023, for a column."""
    return f"{date:%a} {date.day} {date:%b %Y}"
