"""Open Referral UK (HSDS-UK 3.0 and 1.x) to services and sessions.

Reads one JSON file: what ``data.fetch.open_referral`` brings, a page of an API,
or a list of services. Nothing is guessed: what has no column stays in ``extra``.
Names of contact persons are not copied: nobody needs them to catch a bus.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from data.errors import SourceError
from data.frames import build_frame
from data.schema import SESSIONS
from data.sources.open_referral_places import Schedule, Venue, list_places, name_venue, says
from data.sources.open_referral_times import PIECES, describe_schedule, read_schedule
from data.sources.open_referral_words import Row, read_words
from data.sources.service_faults import MESSAGES, FaultBook
from data.sources.service_places import Locator
from data.sources.service_sessions import Session
from data.sources.services import RowCounts, ServicesResult, build_services
from data.venues import VENUE_OF

MAX_BYTES = 500_000_000
# In profiles of one's own services (export_open_referral), columns travel as attributes of this vocabulary.
OWN = "one-bus-reach:"
_MESSAGES = {
    "not_an_object": ("dropped", "entries that are no services"),
    "defunct": ("dropped", "services that the feed calls defunct or inactive"),
    "temporarily_closed": ("note", "services that the feed calls temporarily closed; kept"),
    "several_locations": (
        "note",
        "services at several places; each place with coordinates, a postcode or times of its own became a "
        "venue of its own, with the times held there",
    ),
    "session_hours": (
        "missing",
        "schedules with a time that is none, or that close before they open; that time is taken as not known",
    ),
    "session_elsewhere": (
        "missing",
        "schedules of a place that the service does not have; kept as they are written, with every place",
    ),
    **MESSAGES,
}
_KNOWN = frozenset(
    {
        "id", "name", "description", "url", "email", "status", "organization", "organization_id", "schedules",
        "regular_schedules", "regular_schedule", "service_at_locations", "locations", "languages",
        "cost_options", "contacts", "phones", "attributes", "service_taxonomys", "taxonomy_terms",
        "minimum_age", "maximum_age", "eligibilitys", "eligibility", "eligibility_description",
        "fees", "fees_description", "application_process", "assured_date", "deliverable_type",
        "attending_type",
    }
)  # fmt: skip


def read_open_referral(
    path: Path, *, crs: str, postcodes: pd.DataFrame | None = None, source_title: str = "Open Referral UK"
) -> ServicesResult:
    """Read services of an Open Referral file.

    Parameters
    ----------
    path
        .json.
    crs
        Projected CRS of the pack.
    postcodes
        The pack's postcode table, or None.
    source_title
        Title of the manifest's source, written into ``source``.

    Returns
    -------
    ServicesResult
        Row numbers count the services of the file from 1.

    Raises
    ------
    SourceError
        When the file can't be read as Open Referral.
    """
    path = Path(path)
    entries = _load(path)
    book, locator = FaultBook(file=path.name), Locator(crs, postcodes)
    records: list[dict[str, object]] = []
    sessions: list[dict[str, object]] = []
    seen: dict[str, str] = {}
    imported = 0
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, Mapping):
            book.reject(number, "not_an_object", repr(entry)[:40])
            continue
        row = Row(number, entry, book)
        service_id = _take_id(row, seen)
        if service_id is None:
            continue
        reason = _why_rejected(row)
        if reason:
            book.reject(number, *reason)
            continue
        imported += 1
        read, times = _read_service(row, service_id, locator, seen)
        for record in read:
            record |= {"kind": "service", "source": source_title}
        records += read
        sessions += times
    rejected, warned = book.rejected_rows(), book.warned_rows()
    return ServicesResult(
        services=build_services(records),
        sessions=build_frame(
            SESSIONS, {name: [row[name] for row in sessions] for name in SESSIONS.column_names}
        ),
        faults=book.to_faults(_MESSAGES),
        counts=RowCounts(len(entries), imported - len(warned), len(warned), len(rejected), 0),
        row_faults=tuple(book.rows),
    )


def _load(path: Path) -> list[Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SourceError(
                f"{path.name}: larger than {MAX_BYTES // 10**6} MB; that is no register of services."
            )
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SourceError(f"{path.name}: can't be read ({error.strerror}); check the path.") from error
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path.name}: is not JSON ({str(error)[:100]}); fetch it again.") from error
    if isinstance(value, list):
        return value
    if isinstance(value, Mapping):
        for name in ("services", "contents", "content", "results"):
            if isinstance(value.get(name), list):
                return list(value[name])
        if "name" in value and "id" in value:
            return [value]
    raise SourceError(
        f"{path.name}: holds no services; an Open Referral file is a list of services, or has one under "
        "'services' or 'contents'."
    )


def _take_id(row: Row, seen: dict[str, str]) -> str | None:
    """The service's id: its own, else one made from its words; None for one seen before."""
    # A register's own id, where this program exported it under a UUID.
    given = dict(row.own_columns(OWN)).get("service_id") or row.text("id")
    service_id = given or f"svc-{hashlib.sha256(row.digest.encode()).hexdigest()[:10]}"
    if service_id not in seen:
        seen[service_id] = row.digest
        if given is None:
            row.note("id_made", service_id)
        return service_id
    if seen[service_id] == row.digest:
        row.book.reject(row.number, "row_repeated", "the same service stands further up")
        return None
    other = f"{service_id}~{hashlib.sha256(row.digest.encode()).hexdigest()[:10]}"
    if other in seen:
        row.book.reject(row.number, "row_repeated", "the same service stands further up")
        return None
    seen[other] = row.digest
    row.note("id_repeated", f"{service_id!r} is taken; this one is {other!r}")
    return other


def _why_rejected(row: Row) -> tuple[str, str] | None:
    status = (row.text("status") or "").casefold()
    if status in ("defunct", "inactive"):
        return "defunct", f"{row.text('name') or row.text('id')}: {status}"
    if not (row.text("name") or row.text("description")):
        return "row_without_name", "neither name nor description"
    if status == "temporarily closed":
        row.note("temporarily_closed", row.text("name") or "")
        row.extra["status"] = status
    elif status not in ("", "active"):
        row.keep("status", status)
    return None


def _read_service(
    row: Row, service_id: str, locator: Locator, seen: dict[str, str]
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """One record a place of the service, each with the sessions held there."""
    words, places = read_words(row), list_places(row, locator)
    row.extra |= {name: value for name, value in row.entry.items() if name not in _KNOWN and says(value)}
    # A place that can't be found counts where something is held at it, or where there is no other.
    kept = [venue for venue in places.venues if venue.place or venue.schedules] or places.venues[:1]
    several = len(kept) > 1
    if len(places.venues) > 1:
        row.note("several_locations", f"{row.text('name') or service_id}: {len(places.venues)} places")
    others = [_describe_place(venue) for venue in places.venues if venue not in kept]
    records, sessions = [], []
    for number, venue in enumerate(kept or [Venue({})], start=1):
        record = words | {"delivery": _delivery(row, len(places.venues))} | venue.to_record(row)
        record["service_id"] = service_id
        if several:
            record["service_id"] = _take_part_id(service_id, name_venue(row, venue, number), seen)
        _read_own(row, record)
        extra = row.extra | venue.extra | ({"other_locations": others} if others else {})
        if several:
            extra[VENUE_OF] = service_id
        if venue.place is None:
            record["location_basis"] = None
            if record["delivery"] in ("venue", "several_venues"):
                row.note("no_place", "no coordinates and no postcode that could be found")
        schedules = [*places.shared, *venue.schedules]
        sessions += _read_sessions(row, str(record["service_id"]), schedules, places.lost, extra)
        record["extra"] = (
            json.dumps(extra, ensure_ascii=False, sort_keys=True, default=str) if extra else None
        )
        records.append(record)
    return records, sessions


def _take_part_id(service_id: str, part: str, seen: dict[str, str]) -> str:
    """An id for one place of a service."""
    wanted = f"{service_id}/{part}"
    found = next(
        one
        for one in itertools.chain([wanted], (f"{wanted}-{n}" for n in itertools.count(2)))
        if one not in seen
    )
    seen[found] = ""
    return found


def _describe_place(venue: Venue) -> dict[str, Any]:
    place = venue.place
    return {"name": venue.location.get("name"), "postcode": venue.postcode,
            "lon": place.lon if place else None, "lat": place.lat if place else None}  # fmt: skip


def _delivery(row: Row, locations: int) -> str:
    """How people get it; a venue unless the feed says something else and names no place."""
    if locations:
        return "several_venues" if locations > 1 else "venue"
    words = " ".join(
        str(value)
        for value in (
            row.entry.get("attending_type"), row.entry.get("deliverable_type"),
            *(schedule.get("attending_type") for schedule in row.children("schedules")),
        )
        if value
    ).casefold()  # fmt: skip
    for pattern, delivery in (
        (r"home", "home"),
        (r"phone", "phone"),
        (r"online|virtual|video|web", "online"),
    ):
        if re.search(pattern, words):
            return delivery
    return "venue"


def _read_sessions(
    row: Row, service_id: str, schedules: Sequence[Schedule], lost: Sequence[Schedule], extra: dict[str, Any]
) -> list[dict[str, object]]:
    """Sessions of the schedules of a service or of one of its places.

    Of those ``lost`` it isn't known which place they are of: they stay in words.
    """
    found: dict[Session, None] = {}
    for schedule in schedules:
        read = read_schedule(schedule.pieces)
        found |= dict.fromkeys(read)
        pieces = {name: schedule.pieces[name] for name in PIECES if schedule.pieces.get(name)}
        if pieces and read and not any(session.is_read for session in read):
            extra.setdefault("schedules_not_read", []).append(pieces)
        for code, words in dict.fromkeys(session.remark for session in read if session.remark):
            row.note_once(code, f"{service_id}, {schedule.path}: {words}")
    for schedule in lost:
        words = describe_schedule(schedule.pieces)
        row.note_once("session_elsewhere", f"{service_id}, {schedule.path}: {words[:60]!r}")
        found[Session("session", None, None, None, "unparsed", f"{words} (at which place is not said)")] = (
            None
        )
    rows: list[dict[str, object]] = []
    for session in found:
        if not session.is_read and session.remark is None:
            row.note_once("session_unparsed", repr(session.text[:60]))
        rows.append(session.to_row(service_id, len(rows) + 1))
    return rows


# What may be set this way: words that describe, never ids, places or where a record came from.
_OWN_COLUMNS = frozenset(
    {
        "delivery", "phone", "cost", "cost_note", "referral", "referral_note", "referred_by", "target_groups",
        "not_used_by", "languages", "women_only", "faith", "transport_offered", "opening_hours", "capacity",
        "outcome_data", "gaps", "verified", "category", "location_basis", "extra",
    }
)  # fmt: skip
_OWN_TYPES: dict[str, type] = {"age_min": int, "age_max": int, "capacity": int, "women_only": bool,
                               "transport_offered": bool, "verified": bool}  # fmt: skip


def _read_own(row: Row, record: dict[str, object]) -> None:
    """Columns that this program wrote as attributes of its own vocabulary."""
    own = list(row.own_columns(OWN))
    if own:
        # Written by this program: what isn't there was not known, whatever the words beside it suggest.
        record |= dict.fromkeys(
            _OWN_COLUMNS - {"category", "delivery", "extra", "verified", "location_basis"}
        )
    for column, words in own:
        if column not in _OWN_COLUMNS:
            continue
        kind = _OWN_TYPES.get(column, str)
        if kind is bool:
            record[column] = words == "true"
        elif kind is int:
            record[column] = int(words) if words.isdigit() else None
        elif column == "extra":
            row.extra |= _read_extra(words)
        elif words in _ALLOWED.get(column, (words,)):
            record[column] = words


_ALLOWED = {
    "delivery": ("venue", "several_venues", "home", "phone", "online"),
    "cost": ("free", "donation", "paid"),
    "referral": ("self", "organisation", "mixed"),
    "location_basis": ("given", "postcode"),
}


def _read_extra(words: str) -> dict[str, Any]:
    try:
        value = json.loads(words)
    except ValueError:
        value = words
    return value if isinstance(value, dict) else {"extra": value}
