"""The feed report as tables and small pictures for a page; what is in it is found by ``data.report``."""

from __future__ import annotations

import pandas as pd

from data.report import FeedReport, Finding, report_to_html, report_to_json, report_to_markdown
from data.report.write import (
    SEVERITIES,
    describe_count,
    draw_places,
    list_facts,
    list_hours,
    list_operators,
    list_routes,
)
from data.text import clean_text

# A route may be called 12: a name all the same.
_NAMES = ("Route", "Where", "Operator", "Kind")
DOWNLOADS = {"html": "text/html", "md": "text/markdown", "json": "application/json"}


def list_sentences(report: FeedReport) -> list[str]:
    """Return the sentences at the head of the page, as plain text."""
    return [clean_text(fact) for fact in list_facts(report)]


def build_finding_table(report: FeedReport) -> pd.DataFrame:
    """Return what was looked for: title, how many, and what was done about it, worst first as found."""
    rows = [
        (clean_text(finding.title), clean_text(describe_count(finding)), SEVERITIES[finding.severity])
        for finding in report.findings
    ]
    return pd.DataFrame(rows, columns=["What", "Found", "And then"])


def build_operator_table(report: FeedReport) -> pd.DataFrame:
    """Return one row an operator."""
    return _table(*list_operators(report))


def build_route_table(report: FeedReport) -> pd.DataFrame:
    """Return one row a route, busiest first."""
    return _table(*list_routes(report))


def build_hour_table(report: FeedReport) -> pd.DataFrame:
    """Return trips by hour of departure (text) and mode (numbers), for a chart and its table."""
    header, _ = list_hours(report)
    modes = sorted({mode for counts in report.trips_by_hour.values() for mode in counts})
    rows = [
        [f"{hour:02}", *(counts.get(mode, 0) for mode in modes)]
        for hour, counts in sorted(report.trips_by_hour.items())
    ]
    return pd.DataFrame(rows, columns=header)


def build_date_table(report: FeedReport) -> pd.DataFrame:
    """Return trips by date."""
    dates = pd.to_datetime(list(report.trips_by_date))
    return pd.DataFrame({"Date": dates, "Trips": list(report.trips_by_date.values())})


def draw_finding(report: FeedReport, finding: Finding) -> str | None:
    """Return a small SVG of where a finding is, None where it has no place."""
    return draw_places(report, finding) or None


def export_report(report: FeedReport, ending: str) -> bytes:
    """Return the report as a file: html, md or json."""
    writer = {"html": report_to_html, "md": report_to_markdown, "json": report_to_json}[ending]
    return writer(report).encode("utf-8")


def _table(header: list[str], rows: list[list[str]]) -> pd.DataFrame:
    table = pd.DataFrame([[clean_text(cell) for cell in row] for row in rows], columns=header)
    for name in table:
        plain = table[name].str.replace(",", "").replace("none", "0")
        if name not in _NAMES and len(plain) and plain.str.fullmatch(r"[0-9]{1,15}").all():
            table[name] = plain.astype("int64")  # or 1,100 would be sorted before 2
    return table
