"""School terms and holidays from a user's table: no public list of them exists for all of Britain."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path
from typing import Any

from data.errors import SourceError, UsageError
from data.sources.lookups import find_column, read_csv

WORDS = (
    "School terms and holidays aren't known: councils and schools set their own, and no public list has them "
    "all. Look whether the service date is in a holiday. To set them, give --school-dates FILE.csv with the "
    "columns what (term or holiday), first and last (2026-10-26); docs/get.md has an example."
)
_KEYS = {"holiday": "school_holidays", "term": "school_terms"}
MAX_DAYS = 200


def read_school_dates(path: Path) -> dict[str, Any]:
    """Read a CSV with the columns what (term or holiday), first and last (ISO dates, both inclusive).

    Returns
    -------
    dict
        ``school_holidays`` and ``school_terms`` as ``[timetable]`` of an area configuration has them,
        in order, each only where there is one.

    Raises
    ------
    UsageError
        With every faulty row.
    """
    try:
        frame = read_csv(path)
        names = [find_column(frame, name, path.name) for name in ("what", "first", "last")]
    except SourceError as error:
        raise UsageError(f"--school-dates: {error}") from error
    found: dict[str, list[tuple[dt.date, dt.date]]] = {}
    faults = []
    for number, row in enumerate(frame[names].to_numpy().tolist(), start=2):
        what, first, last = row
        key = _KEYS.get(what.casefold().removesuffix("s"))
        try:
            dates = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
        except ValueError:
            faults.append(f"row {number}: {first!r} to {last!r}: write dates as 2026-10-26")
            continue
        if key is None:
            faults.append(f"row {number}: {what!r} is neither term nor holiday")
        elif not dt.timedelta(0) <= dates[1] - dates[0] <= dt.timedelta(days=MAX_DAYS):
            faults.append(f"row {number}: from {first} to {last} is no {what}")
        else:
            found.setdefault(key, []).append(dates)
    terms = sorted(found.get("school_terms", []))
    faults += [f"terms from {a[0]} and from {b[0]} overlap" for a, b in pairwise(terms) if b[0] <= a[1]]
    if not found and not faults:
        faults.append("holds no dates")
    if faults:
        raise UsageError(f"--school-dates {path.name}: nothing was fetched:", faults)
    return {key: [list(dates) for dates in sorted(set(given))] for key, given in sorted(found.items())}
