"""The page at the end: what was found, from when, under which licence, and what is missing."""

from __future__ import annotations

import datetime as dt
import re

from data.areapack import AreaPack
from data.fetch.result import Fetched
from data.get.collect import RawArea

FILE = "found.md"
# Fetched and kept for later work; no table of a pack has them yet.
KEPT_ASIDE = {
    "TS007A": "age", "TS029": "proficiency in English", "TS045": "cars", "deprivation": "deprivation",
    "lookup": "the lookup of areas of 2011 to those of 2021",
}  # fmt: skip


def describe_found(pack: AreaPack, raw: RawArea, pack_path: str, today: dt.date) -> str:
    """Return the page as Markdown."""
    manifest, facts = pack.manifest, pack.manifest.timetable
    areas = pack.neighbourhoods
    people = 0 if areas is None else int(areas["population"].sum())
    places = 0 if pack.services is None else int((pack.services["kind"] == "place").sum())
    services = 0 if pack.services is None else int((pack.services["kind"] == "service").sum())
    lines = [
        f"# {_plain(manifest.name)}",
        "",
        f"- {len(raw.codes):,} neighbourhoods ({manifest.neighbourhood_level}), {people:,} residents (census "
        f"{manifest.census_year})",
        f"- {facts.trips_on_service_date:,} trips on {facts.service_date:%d %B %Y}. "
        f"{_plain(facts.service_date_why)}",
        f"- {_completeness(pack)}",
        f"- {services:,} services of a register, {places:,} places of OpenStreetMap that nobody has checked",
        f"- The pack: {_plain(pack_path)}",
        f"- Raw files and configuration: {_plain(str(raw.folder))}",
        "",
        "## What was found, from when",
        "",
        "| what | holds | of | from |",
        "|---|---|---|---|",
    ]
    dates = {source.file: source.date for source in manifest.sources}
    for key, found in raw.files.items():
        date = dates.get(raw.relative(key)) or found.date
        count = f"{found.count:,} {found.counted}" if found.count is not None else _size(found)
        where = _plain(re.sub(r"\?.*", "", found.url)) or "your file"
        lines.append(f"| {_plain(found.title)} | {count} | {date or 'date not stated'} | {where} |")
    lines += ["", "## Licences: these lines must be printed with every product", ""]
    lines += [f"- {_plain(line)}" for line in manifest.licences]
    lines += ["", "## What is missing", ""]
    lines += [f"- {_plain(sentence)}" for sentence in list_missing(pack, raw, today)]
    lines += ["", "## What was wrong in the files", ""]
    for fault in manifest.faults:
        lines.append(f"- {_plain(fault.part)}: {fault.count:,} {_plain(fault.message)} ({fault.severity})")
    if not manifest.faults:
        lines.append("- Nothing that the importers look for.")
    return "\n".join([*lines, ""])


def list_missing(pack: AreaPack, raw: RawArea, today: dt.date) -> list[str]:
    """Return a sentence for each thing that a reader might think is in the pack and isn't."""
    facts = pack.manifest.timetable
    kept = [words for key, words in KEPT_ASIDE.items() if key in raw.files]
    missing = list(raw.missing)
    if kept:
        missing.append(
            "Fetched whole and kept beside the raw files, but in no table of the pack yet: "
            f"{', '.join(kept)}."
        )
    if raw.files["streets"].source == "overpass":
        missing.append(
            "Streets reach 1.5 km beyond the border: what lies further out counts as outside the data. "
            "Give a larger extract with --streets where services beyond the border matter."
        )
    missing.append("Wards aren't known: totals are by neighbourhood and for the whole place.")
    missing.append(
        "School holidays aren't known: look whether the service date is in one. To set them, put "
        "school_holidays under [timetable] of area.toml beside the raw files, and build again with "
        "`python -m data build`."
    )
    if facts.completeness is not None and facts.completeness < 0.9:
        missing.append(
            f"The timetable serves {facts.completeness:.0%} of the active stops: buses are missing from it."
        )
    if facts.operators_without_service:
        missing.append(f"Without a trip on the service date: {', '.join(facts.operators_without_service)}.")
    if facts.last_date < today:
        missing.append(f"The timetable ended on {facts.last_date:%d %B %Y}.")
    missing += pack.manifest.notes
    return list(dict.fromkeys(missing))


def _completeness(pack: AreaPack) -> str:
    facts = pack.manifest.timetable
    if facts.completeness is None:
        return "How complete the timetable is isn't known"
    return (
        f"The timetable serves {facts.served_stops:,} of {facts.active_stops:,} active stops "
        f"({facts.completeness:.1%})"
    )


def _size(found: Fetched) -> str:
    return f"{found.size_bytes / 1e6:,.1f} MB"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*\[\]<>|#])", r"\\\1", " ".join(text.split()))
