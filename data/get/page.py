"""The page at the end: what was found, from when, under which licence, and what is missing."""

from __future__ import annotations

import datetime as dt
import re

from data.areapack import AreaPack
from data.date_words import say_date
from data.fetch.result import Fetched
from data.get.collect import RawArea
from data.venues import count_services

FILE = "found.md"


def describe_found(pack: AreaPack, raw: RawArea, pack_path: str, today: dt.date) -> str:
    """Return the page as Markdown."""
    manifest, facts = pack.manifest, pack.manifest.timetable
    areas = pack.neighbourhoods
    people = 0 if areas is None else int(areas["population"].sum())
    listed = pack.services
    places, services = (
        0 if listed is None else count_services(listed[listed["kind"] == kind])
        for kind in ("place", "service")
    )
    lines = [
        f"# {_plain(manifest.name)}",
        "",
        f"- {len(raw.codes):,} neighbourhoods ({manifest.neighbourhood_level}), {people:,} residents (census "
        f"{manifest.census_year})",
        f"- {facts.trips_on_service_date:,} trips on {say_date(facts.service_date)}. "
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
    missing = [*raw.missing, *_missing_indicators(pack)]
    if raw.files["streets"].source == "overpass":
        missing.append(
            "Streets reach 1.5 km beyond the border: what lies further out counts as outside the data. "
            "Give a larger extract with --streets where services beyond the border matter."
        )
    if facts.completeness is not None and facts.completeness < 0.9:
        missing.append(
            f"The timetable serves {facts.completeness:.0%} of the active stops: buses are missing from it."
        )
    if facts.operators_without_service:
        missing.append(f"Without a trip on the service date: {', '.join(facts.operators_without_service)}.")
    if facts.last_date < today:
        missing.append(f"The timetable ended on {say_date(facts.last_date)}.")
    missing += pack.manifest.notes
    return list(dict.fromkeys(missing))


def _missing_indicators(pack: AreaPack) -> list[str]:
    """Tables that don't tell of every neighbourhood, each with how many it lacks and why."""
    values = pack.indicator_values
    if pack.indicators is None or values is None:
        return []
    sentences = []
    for table, own in pack.indicators.groupby("source_table", sort=False):
        rows = values[values["indicator_id"].isin(own["indicator_id"])]
        unknown = rows.loc[rows["basis"] == "not_known", "neighbourhood_id"].nunique()
        level = str(own["area_level"].iloc[0])
        if unknown:
            why = (
                "it ranks the areas of its own nation only"
                if level == pack.manifest.neighbourhood_level
                else f"it is on {level}, and those areas were split or merged since"
            )
            whole = rows["neighbourhood_id"].nunique()
            sentences.append(f"{table} is not known for {unknown:,} of {whole:,} neighbourhoods: {why}.")
    return sentences


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
