"""The feed report as JSON, Markdown and one HTML file; all text of the sources is escaped."""

from __future__ import annotations

import dataclasses
import html
import json
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from data.date_words import say_date, say_day, say_short
from data.errors import UsageError
from data.fetch.cache import write_atomic
from data.report.model import FeedReport, Finding
from data.text import clean_text

SHOWN_ROUTES = 60
SEVERITIES = {
    "ok": "nothing found", "note": "note", "repaired": "put right", "dropped": "left out",
    "missing": "missing", "not_known": "not known",
}  # fmt: skip


def write_report(report: FeedReport, out: Path) -> Path:
    """Write a report as its name's ending says: ``.html``, ``.md`` or ``.json``; whole, or not at all.

    Raises
    ------
    UsageError
        For another ending, or a folder that isn't there or can't be written to.
    """
    out = Path(out)
    writers = {
        ".html": report_to_html, ".htm": report_to_html, ".md": report_to_markdown, ".json": report_to_json
    }  # fmt: skip
    writer = writers.get(out.suffix.lower())
    if writer is None:
        raise UsageError(f"{out.name}: name the report .html, .md or .json.")
    if not out.parent.is_dir():
        raise UsageError(f"{out}: the folder {out.parent} is not there; make it first.")
    write_atomic(out, writer(report).encode("utf-8"))
    return out


def report_to_json(report: FeedReport) -> str:
    """Return the whole report as JSON."""
    values = dataclasses.asdict(report)
    values["trips_by_date"] = {str(day): count for day, count in report.trips_by_date.items()}
    return json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n"


def describe_count(finding: Finding) -> str:
    """Return how many were found, in words: "12 of 340 stops (4%)"."""
    if finding.count is None:
        return "not known"
    if finding.total is None:
        return f"{finding.count:,}"
    share = f" ({finding.share:.1%})" if finding.share is not None else ""
    # Every unit's first plural is what is counted: "1 of 1 operator".
    unit = re.sub(r"s\b", "", finding.unit, count=1) if finding.total == 1 else finding.unit
    return f"{finding.count:,} of {finding.total:,} {unit}{share}"


def describe_time(seconds: int | None) -> str:
    """Return a time of the service day, "25:10" shown as "01:10 the next day"."""
    if seconds is None:
        return "not known"
    days, rest = divmod(seconds, 86_400)
    return f"{rest // 3600:02}:{rest // 60 % 60:02}" + (" the next day" if days else "")


def describe_completeness(report: FeedReport) -> str:
    """Say in one sentence how much of the stops the timetable serves."""
    if report.completeness is None:
        return "How complete the timetable is isn't known: there is no active stop in the area."
    return (
        f"The timetable serves {report.served_stops:,} of {report.active_stops:,} active stops in the area "
        f"({report.completeness:.1%})."
    )


def describe_hour(hour: int) -> str:
    """Return an hour of the service day: "08", "01 (next day)"."""
    return f"{hour:02}" if hour < 24 else f"{hour - 24:02} (next day)"


def list_hours(report: FeedReport) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the table of trips by hour and mode."""
    modes = sorted({mode for counts in report.trips_by_hour.values() for mode in counts})
    rows = [
        [describe_hour(hour), *(f"{counts.get(mode, 0):,}" for mode in modes)]
        for hour, counts in sorted(report.trips_by_hour.items())
    ]
    return ["Hour", *(mode.replace("_", " ") for mode in modes)], rows


def list_operators(report: FeedReport) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the table of operators."""
    header = ["Operator", "Routes", f"Trips on {say_date(report.service_date)}", "Trips in all", "First date",
              "Last date", "Repeated trips", "Trips without a line"]  # fmt: skip
    rows = [
        [row.name, f"{row.routes:,}", f"{row.trips:,}" if row.trips else "none", f"{row.all_trips:,}",
         *("never runs" if day is None else say_date(day) for day in (row.first_date, row.last_date)),
         f"{row.duplicates:,}",
         f"{row.without_shape:,}"]
        for row in report.operators
    ]  # fmt: skip
    return header, rows


def list_routes(report: FeedReport, most: int | None = None) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the table of routes, busiest first."""
    rows = [
        [row.name, row.long_name or "", row.operator, row.mode.replace("_", " "), f"{row.trips:,}",
         describe_time(row.first_s), describe_time(row.last_s)]
        for row in report.routes[:most]
    ]  # fmt: skip
    return ["Route", "Where", "Operator", "Kind", "Trips", "First departure", "Last departure"], rows


def list_facts(report: FeedReport) -> list[str]:
    """Sentences at the head of the report."""
    day = say_day(report.service_date)
    why = report.service_date_why
    facts = [
        f"Read on {why}." if why.startswith(day) else f"Read on {day}: {why}.",
        f"Dates covered: {say_date(report.first_date)} to {say_date(report.last_date)}.",
        f"{report.trips_on_service_date:,} trips on that day, of {len(report.operators):,} operators.",
        describe_completeness(report),
    ]
    if report.operators_without_service:
        facts.append(f"Without any trip on that day: {', '.join(report.operators_without_service)}.")
    if report.fictional:
        facts.insert(0, "This place is fictional: made up for demonstration and tests.")
    return facts


def report_to_markdown(report: FeedReport) -> str:
    """Return the report as Markdown."""
    lines = [f"# Timetable of {_md(report.name)}", ""]
    lines += [f"- {_md(fact)}" for fact in list_facts(report)]
    lines += ["", "## What was found", ""]
    for finding in report.findings:
        lines += [f"### {_md(finding.title)}: {_md(describe_count(finding))}", "", _md(finding.message), ""]
        lines += [f"- {_md(example)}" for example in finding.examples[:5]]
        lines += [""] if finding.examples else []
    lines += ["## Operators", "", *_md_table(*list_operators(report)), ""]
    lines += ["## Trips by hour", "", *_md_table(*list_hours(report)), ""]
    dates = [[say_short(day), f"{count:,}"] for day, count in report.trips_by_date.items()]
    lines += ["## Trips by date", "", *_md_table(["Date", "Trips"], dates), ""]
    lines += ["## Routes", "", *_md_table(*list_routes(report, SHOWN_ROUTES)), ""]
    if len(report.routes) > SHOWN_ROUTES:
        lines += [f"{len(report.routes) - SHOWN_ROUTES} more routes are in the JSON report.", ""]
    lines += ["## Made from", "", *(f"- {_md(source)}" for source in report.sources), ""]
    return "\n".join(lines)


def _md(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([\\`*_\[\]<>|#~!])", r"\\\1", clean_text(text))


def _md_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(map(_md, header))} |",
        f"|{'---|' * len(header)}",
        *(f"| {' | '.join(map(_md, row))} |" for row in rows),
    ]


_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;
color:#1d2733}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem;font-size:.9rem}
th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #d5dbe1;vertical-align:top}
td:not(:first-child){font-variant-numeric:tabular-nums}
section{border-top:1px solid #d5dbe1;padding:.5rem 0}.tag{font-size:.8rem;border:1px solid #68737d;
border-radius:.6rem;padding:0 .5rem;margin-left:.5rem}svg{max-width:100%;height:auto;background:#f6f7f9}
.bar{background:#2f5d8a;height:.7rem;display:inline-block}"""


def report_to_html(report: FeedReport) -> str:
    """Return the report as one HTML file that needs nothing from anywhere."""
    body = [f"<h1>Timetable of {_h(report.name)}</h1><ul>"]
    body += [f"<li>{_h(fact)}</li>" for fact in list_facts(report)]
    body += ["</ul><h2>What was found</h2>", *(_html_finding(report, item) for item in report.findings)]
    body += ["<h2>Operators</h2>", _html_table(*list_operators(report))]
    header, rows = list_hours(report)
    body += ["<h2>Trips by hour</h2>", _html_bars(report), _html_table(header, rows)]
    dates = [[say_short(day), f"{count:,}"] for day, count in report.trips_by_date.items()]
    body += ["<h2>Trips by date</h2>", _html_table(["Date", "Trips"], dates)]
    body += ["<h2>Routes</h2>", _html_table(*list_routes(report))]
    body += ["<h2>Made from</h2><ul>", *(f"<li>{_h(source)}</li>" for source in report.sources), "</ul>"]
    body.append(f"<p>Pack {_h(report.area_id)}, digest {_h(report.digest)}</p>")
    return (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        f"<title>Timetable of {_h(report.name)}</title><style>{_STYLE}</style></head><body>"
        + "\n".join(body)
        + "</body></html>\n"
    )


def _h(text: Any) -> str:
    """Text for HTML and SVG: one control character makes a whole SVG unreadable."""
    return html.escape(clean_text(text), quote=True)


def _html_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{_h(name)}</th>' for name in header)
    body = "".join(f"<tr>{''.join(f'<td>{_h(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _html_bars(report: FeedReport) -> str:
    totals = {hour: sum(counts.values()) for hour, counts in sorted(report.trips_by_hour.items())}
    most = max(totals.values(), default=0) or 1
    rows = "".join(
        f"<tr><td>{_h(describe_hour(hour))}</td><td><span class='bar' "
        f"style='width:{24 * total / most:.2f}rem'></span> {total:,}</td></tr>"
        for hour, total in totals.items()
    )
    return (
        f'<table><thead><tr><th scope="col">Hour</th><th scope="col">Trips</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _html_finding(report: FeedReport, finding: Finding) -> str:
    tag = f"<span class='tag'>{_h(SEVERITIES.get(finding.severity, finding.severity))}</span>"
    examples = "".join(f"<li>{_h(example)}</li>" for example in finding.examples)
    return (
        f"<section><h3>{_h(finding.title)}: {_h(describe_count(finding))}{tag}</h3>"
        f"<p>{_h(finding.message)}</p>{f'<ul>{examples}</ul>' if examples else ''}"
        f"{_figure(draw_places(report, finding))}</section>"
    )


def _figure(svg: str) -> str:
    return (
        f"<figure>{svg}<figcaption>Each dot is one place; point at it for its name.</figcaption></figure>"
        if svg
        else ""
    )


def draw_places(report: FeedReport, finding: Finding, width: int = 560) -> str:
    """Return an SVG of the finding's places on the area's outline; empty where it has none.

    Points carry their words as titles. What lies far outside is counted in the label.
    """
    if not finding.points:
        return ""
    places = [(point.lon, point.lat) for point in finding.points]
    frame = [place for ring in report.outline for place in ring] or places
    # What lies far outside would shrink the area to a dot: the frame is the area and a quarter around it.
    west, east = min(lon for lon, _ in frame), max(lon for lon, _ in frame)
    south, north = min(lat for _, lat in frame), max(lat for _, lat in frame)
    pad_lon, pad_lat = max((east - west) / 4, 0.005), max((north - south) / 4, 0.003)
    west, east, south, north = west - pad_lon, east + pad_lon, south - pad_lat, north + pad_lat
    shrink = math.cos(math.radians((south + north) / 2))
    scale = width / ((east - west) * shrink)
    height = (north - south) * scale

    def project(lon: float, lat: float) -> tuple[float, float]:
        return (lon - west) * shrink * scale, (north - lat) * scale

    rings = "".join(
        "<polygon fill='#e3e8ed' stroke='#68737d' points='"
        + " ".join(f"{x:.1f},{y:.1f}" for x, y in (project(*place) for place in ring))
        + "'/>"
        for ring in report.outline
    )
    dots, outside = [], 0
    for point in finding.points:
        x, y = project(point.lon, point.lat)
        if 0 <= x <= width and 0 <= y <= height:
            dots.append(
                f"<circle cx='{x:.1f}' cy='{y:.1f}' r='4' fill='#b3400e'>"
                f"<title>{_h(point.label)}</title></circle>"
            )
        else:
            outside += 1
    words = f"Map of {len(dots)} places" + (f"; {outside} more lie outside it" if outside else "")
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' role='img' aria-label='{_h(words)}' width='{width}' "
        f"viewBox='0 0 {width} {height:.0f}'><title>{_h(words)}</title>{rings}{''.join(dots)}</svg>"
    )
