"""A register written down again in the template: what was confirmed once need not be confirmed twice."""

from __future__ import annotations

import csv
import io
import json

import pandas as pd

from data.sources.service_rejects import guard_formula
from data.template.columns import COLUMNS

_YES_NO = ("women_only", "transport_offered", "verified")


def register_to_csv(services: pd.DataFrame, sessions: pd.DataFrame) -> bytes:
    """Return services and sessions as CSV in the template's columns; ``read_services`` reads them again.

    Places that a postcode gave are left out: the postcode stands there and says
    the same. What no column holds (``extra``) follows in columns of its own.
    """
    times: dict[object, str] = {}
    if len(sessions):
        times = sessions.groupby("service_id", sort=False)["text"].agg(_join_times).to_dict()
    extras = [_read_extra(value) for value in services["extra"]]
    more = sorted({name for extra in extras for name in extra})
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        [column.header for column in COLUMNS] + [guard_formula(f"extra: {name}") for name in more]
    )
    for row, extra in zip(services.to_dict("records"), extras, strict=True):
        cells = []
        for column in COLUMNS:
            if column.field == "sessions":
                cells.append(str(times.get(row["service_id"], "")))
            elif column.field in ("lon", "lat") and row["location_basis"] != "given":
                cells.append("")
            else:
                cells.append(_words(row.get(column.field), yes_no=column.field in _YES_NO))
        writer.writerow([guard_formula(cell) for cell in (*cells, *(extra.get(name, "") for name in more))])
    return text.getvalue().encode("utf-8-sig")


def _words(value: object, *, yes_no: bool) -> str:
    if value is None or bool(pd.isna(value)):  # type: ignore[call-overload]
        return ""
    if yes_no:
        return "yes" if value else "no"
    return str(value)


def _join_times(words: pd.Series) -> str:
    return "; ".join(dict.fromkeys(text for text in words if isinstance(text, str)))


def _read_extra(value: object) -> dict[str, str]:
    if not isinstance(value, str):
        return {}
    found = json.loads(value)
    return {
        name.removeprefix("extra: "): said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
        for name, said in found.items()
    }
