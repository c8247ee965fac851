"""The feed report: what a pack's timetable holds, lacks, and what was put right in it.

``build`` finds everything from an area pack and writes nothing; ``write`` turns
the report into JSON, Markdown or one HTML file with small maps.
"""

from __future__ import annotations

from data.report.build import build_feed_report
from data.report.model import FeedReport, Finding, MapPoint
from data.report.write import report_to_html, report_to_json, report_to_markdown, write_report

__all__ = [
    "FeedReport",
    "Finding",
    "MapPoint",
    "build_feed_report",
    "report_to_html",
    "report_to_json",
    "report_to_markdown",
    "write_report",
]
