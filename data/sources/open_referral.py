"""Open Referral UK (HSDS-UK 3.0 and 1.x) to services and sessions.

Reads one JSON file: what ``data.fetch.open_referral`` brings, a page of an API,
or a list of services. Nothing is guessed: what has no column stays in ``extra``.
Names of contact persons are not copied: nobody needs them to catch a bus.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from data.errors import SourceError
from data.frames import build_frame
from data.schema import SESSIONS
from data.sources.open_referral_times import PIECES, read_schedule
from data.sources.open_referral_words import Row, read_words
from data.sources.service_faults import MESSAGES, FaultBook
from data.sources.service_places import FAR_FROM_POSTCODE_M, Location, Locator, distance_m, normalise_postcode
from data.sources.service_sessions import Session
from data.sources.services import RowCounts, ServicesResult, build_services

MAX_BYTES = 500_000_000
# In profiles of one's own services (export_open_referral), columns travel as attributes of this vocabulary.
OWN = "one-bus-reach:"
_MESSAGES = {
    "not_an_object": ("dropped", "entries that are no services"),
    "defunct": ("dropped", "services that the feed calls defunct or inactive"),
    "temporarily_closed": ("note", "services that the feed calls temporarily closed; kept"),
    "several_locations": ("note", "services at several places; the first one with a place is used"),
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
        record = read_words(row) | _read_place(row, locator)
        record |= {"service_id": service_id, "kind": "service", "source": source_title}
        _read_own(row, record)
        if "x" not in record:
            record["location_basis"] = None
        row.extra |= {name: value for name, value in entry.items() if name not in _KNOWN and _says(value)}
        sessions += _read_sessions(row, service_id)
        extra = json.dumps(row.extra, ensure_ascii=False, sort_keys=True, default=str) if row.extra else None
        record["extra"] = extra
        records.append(record)
    rejected, warned = book.rejected_rows(), book.warned_rows()
    return ServicesResult(
        services=build_services(records),
        sessions=build_frame(
            SESSIONS, {name: [row[name] for row in sessions] for name in SESSIONS.column_names}
        ),
        faults=book.to_faults(_MESSAGES),
        counts=RowCounts(len(entries), len(records) - len(warned), len(warned), len(rejected), 0),
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


def _read_place(row: Row, locator: Locator) -> dict[str, object]:
    """Place, address and delivery out of the locations of a service."""
    locations = list(_locations(row.entry))
    places = [(location, *_locate(row, location, locator)) for location in locations]
    record: dict[str, object] = {"delivery": _delivery(row, len(locations))}
    chosen = next((entry for entry in places if entry[1] is not None), places[0] if places else None)
    if len(places) > 1:
        row.note("several_locations", f"{len(places)} places")
        row.extra["other_locations"] = [
            {"name": location.get("name"), "postcode": postcode, "lon": place.lon if place else None,
             "lat": place.lat if place else None}
            for location, place, postcode in places
            if chosen is None or location is not chosen[0]
        ]  # fmt: skip
    if chosen is not None:
        location, place, postcode = chosen
        address = _address(location)
        lines = [address.get(name) for name in ("address_1", "address_2")]
        record["address"] = ", ".join(words for line in lines if (words := row.clean(line))) or row.clean(
            location.get("name")
        )
        record["locality"] = row.clean(address.get("city"))
        record["postcode"] = postcode
        if place is not None:
            record |= {"x": place.x, "y": place.y, "lon": place.lon, "lat": place.lat}
            record["location_basis"] = place.basis
        for name in ("transportation", "accessibility", "accessibility_for_disabilities"):
            if _says(location.get(name)):
                row.extra[name] = location[name]
    if record["delivery"] in ("venue", "several_venues") and "x" not in record:
        row.note("no_place", "no coordinates and no postcode that could be found")
    return record


def _locations(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for link in [*_list(entry.get("service_at_locations")), *_list(entry.get("locations"))]:
        location = link.get("location", link)
        if isinstance(location, Mapping) and any(
            _says(location.get(name))
            for name in ("latitude", "longitude", "addresses", "physical_addresses", "name")
        ):
            yield location


def _address(location: Mapping[str, Any]) -> Mapping[str, Any]:
    found = [*_list(location.get("addresses")), *_list(location.get("physical_addresses"))]
    return found[0] if found else {}


def _locate(row: Row, location: Mapping[str, Any], locator: Locator) -> tuple[Location | None, str | None]:
    """Where a location is, by its coordinates when they can be, else by its postcode."""
    lon, lat = location.get("longitude"), location.get("latitude")
    place, words = None, row.clean(_address(location).get("postal_code"))
    if lon is not None or lat is not None:
        place, code = locator.from_degrees(str(lon), str(lat))
        if code:
            row.note(code, f"longitude {lon}, latitude {lat}"[:80])
            row.extra["coordinates_given"] = [lon, lat]
    postcode = normalise_postcode(words) if words else None
    if words and postcode is None:
        row.note("postcode_malformed", repr(words[:20]))
        row.extra["postal_code"] = words
    by_postcode = locator.from_postcode(postcode) if postcode else None
    if postcode and by_postcode is None and locator.has_postcodes:
        row.note("postcode_not_found", postcode)
    if place and by_postcode and (apart := distance_m(place, by_postcode)) > FAR_FROM_POSTCODE_M:
        row.note("far_from_postcode", f"{postcode} is {apart / 1000:.1f} km from the coordinates")
    return place or by_postcode, postcode


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


def _read_sessions(row: Row, service_id: str) -> list[dict[str, object]]:
    """Schedules of the service and of its places."""
    schedules = [
        *row.children("schedules"),
        *row.children("regular_schedules"),
        *row.children("regular_schedule"),
    ]
    for link in row.children("service_at_locations"):
        for name in ("schedules", "regular_schedules", "regular_schedule"):
            schedules += _list(link.get(name))
    found: dict[Session, None] = {}
    for schedule in schedules:
        read = read_schedule(schedule)
        found |= dict.fromkeys(read)
        pieces = {name: schedule[name] for name in PIECES if schedule.get(name)}
        if pieces and any(not session.is_read for session in read):
            row.extra.setdefault("schedules_not_read", []).append(pieces)
    rows: list[dict[str, object]] = []
    for session in found:
        if not session.is_read:
            row.note("session_unparsed", repr(session.text[:60]))
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


def _list(value: object) -> list[Mapping[str, Any]]:
    """Objects of an array; one object alone counts as an array of one."""
    if isinstance(value, Mapping):
        return [value]
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _says(value: object) -> bool:
    return value is not None and value != "" and value != [] and value != {}
