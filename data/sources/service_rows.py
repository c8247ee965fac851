"""One row of a register: its cells by field, read into a record and its sessions."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from data.sources.service_places import (
    FAR_FROM_POSTCODE_M,
    Location,
    Locator,
    distance_m,
    normalise_postcode,
)
from data.sources.service_sessions import Session, read_sessions
from data.sources.service_words import (
    is_error,
    is_not_known,
    read_cost,
    read_date,
    read_delivery,
    read_languages,
    read_list,
    read_referral,
    read_span,
    read_whole_number,
    read_women_only,
    read_yes_no,
)

NOT_STATED = "Not stated"
OLDEST, LARGEST = 120, 100_000


@dataclass
class Row:
    """One row being read: its cells by field, and what was not understood."""

    number: int
    cells: dict[str, str]
    extra: dict[str, str]
    note: Callable[[str, str], None]
    record: dict[str, object] = field(default_factory=dict)
    unshared_sessions: str | None = None  # of several services together

    def text(self, name: str) -> str | None:
        """The cell's words, None where it says nothing."""
        words = self.cells.get(name, "")
        if words and is_error(words):
            self.note("spreadsheet_error", f"{name}: {words}")
        return None if is_not_known(words) else words

    def keep(self, name: str, words: str) -> None:
        """Keep what was written and not understood."""
        self.note("not_understood", f"{name}: {words[:60]!r}")
        self.extra[name] = words

    def read(self, name: str, reader: Callable[[str], object]) -> object:
        """Read a cell; what the reader does not understand is kept and noted."""
        words = self.text(name)
        if words is None:
            return None
        value = reader(words)
        if value is None:
            self.keep(name, words)
        return value


def read_record(row: Row, locator: Locator) -> dict[str, object]:
    """Return all fields of SERVICES but the id, kind and source."""
    record: dict[str, object] = {
        name: row.text(name)
        for name in ("name", "organisation", "description", "address", "locality", "website", "phone",
               "email",
                     "faith", "opening_hours", "outcome_data", "gaps", "cost_note", "referral_note")
    }  # fmt: skip
    # A spreadsheet that takes a telephone number for a number drops its 0.
    if (phone := row.text("phone")) and re.fullmatch(r"[12378]\d{9}", phone):
        row.note("phone_nought", phone)
        record["phone"] = f"0{phone}"
    record["category"] = row.text("category") or NOT_STATED
    record["cost"], record["cost_note"] = _read_with_note(
        row, "cost", read_cost, {"free", "donation", "paid"}
    )
    record["referral"], record["referral_note"] = _read_with_note(
        row, "referral", read_referral, {"self", "organisation", "mixed", "both", "self referral"}
    )
    for name, reader in (("referred_by", read_list), ("target_groups", read_list), ("not_used_by", read_list),
                         ("languages", read_languages)):  # fmt: skip
        words = row.text(name)
        record[name] = reader(words) if words else None
    record["women_only"] = row.read("women_only", read_women_only)
    record["transport_offered"] = row.read("transport_offered", read_yes_no)
    record["age_min"], record["age_max"] = _read_ages(row)
    record["capacity"] = row.read("capacity", lambda words: read_whole_number(words, most=LARGEST))
    record["updated"] = row.read("updated", read_date)
    checked = row.read("verified", read_yes_no)
    # The date of a check says that there was one; where neither is said, nobody has vouched for the row.
    record["verified"] = isinstance(record["updated"], dt.date) if checked is None else checked
    record["postcode"] = _read_postcode(row)
    location = _locate(row, record["postcode"], locator)
    if location:
        record |= {"x": location.x, "y": location.y, "lon": location.lon, "lat": location.lat}
        record["location_basis"] = location.basis
    record["delivery"] = _read_delivery_of(row)
    if location is None and record["delivery"] in ("venue", "several_venues"):
        row.note("no_place", "no coordinates and no postcode that could be found")
    return record


def _read_with_note(
    row: Row, name: str, reader: Callable[[str], str | None], plain: set[str]
) -> tuple[str | None, str | None]:
    """Value and note of a field; words that say more than the value are added to the note."""
    words, note = row.text(name), row.text(f"{name}_note")
    if words is None:
        return None, note
    value = reader(words)
    if value is None:
        row.note("not_understood", f"{name}: {words[:60]!r}")
    if value is None or words.casefold() not in plain:
        note = words if note is None or note == words else f"{words}. {note}"
    return value, note


def _read_ages(row: Row) -> tuple[int | None, int | None]:
    """Youngest and oldest; a span ("16-25") in either cell gives both."""
    for name in ("age_min", "age_max"):
        words = row.text(name)
        if words and (span := read_span(words)):
            return span
    youngest = row.read("age_min", lambda words: read_whole_number(words, most=OLDEST))
    oldest = row.read("age_max", lambda words: read_whole_number(words, most=OLDEST))
    if isinstance(youngest, int) and isinstance(oldest, int) and youngest > oldest:
        row.keep("age_min", str(youngest))
        row.keep("age_max", str(oldest))
        return None, None
    return (youngest if isinstance(youngest, int) else None), (oldest if isinstance(oldest, int) else None)


def _read_delivery_of(row: Row) -> str:
    words = row.text("delivery")
    delivery = read_delivery(words) if words else None
    if words and delivery is None:
        row.keep("delivery", words)
    # A venue is what the measure of reach asks about; nothing is taken for "comes to you" without a word.
    return delivery or "venue"


def _read_postcode(row: Row) -> str | None:
    words = row.text("postcode")
    if words is None:
        return None
    postcode = normalise_postcode(words)
    if postcode is None:
        row.note("postcode_malformed", repr(words[:20]))
        row.extra.setdefault("postcode", words)
    return postcode


def _locate(row: Row, postcode: object, locator: Locator) -> Location | None:
    """Where the service is: degrees, else grid metres, else postcode."""
    location = None
    for first, second, finder in (
        ("lon", "lat", locator.from_degrees),
        ("easting", "northing", locator.from_grid),
    ):
        one, other = row.text(first), row.text(second)
        if location or (one is None and other is None):
            continue
        location, code = finder(one or "", other or "")
        if code:
            row.note(code, f"{first} {one}, {second} {other}")
        if location is None or code:
            row.extra |= {name: words for name, words in ((first, one), (second, other)) if words}
    if not isinstance(postcode, str):
        return location
    by_postcode = locator.from_postcode(postcode)
    if by_postcode is None:
        if locator.has_postcodes:
            row.note("postcode_not_found", postcode)
        return location
    if location and (apart := distance_m(location, by_postcode)) > FAR_FROM_POSTCODE_M:
        row.note("far_from_postcode", f"{postcode} is {apart / 1000:.1f} km from the coordinates")
    return location or by_postcode


def read_row_sessions(row: Row, service_id: str, reference: dt.date | None = None) -> list[dict[str, object]]:
    """Return the row's session times as rows of SESSIONS; ``reference`` as in ``read_sessions``."""
    words = row.text("sessions")
    if row.unshared_sessions:
        found = [Session("session", None, None, None, "unparsed", row.unshared_sessions)]
    else:
        found = read_sessions(words, reference=reference) if words else []
    rows: list[dict[str, object]] = []
    for number, session in enumerate(found, start=1):
        if session.remark is not None:
            row.note(session.remark[0], f"{session.text[:60]!r}: {session.remark[1]}")
        if session.rule == "unparsed" and session.remark is None and not row.unshared_sessions:
            row.note("session_unparsed", repr(session.text[:60]))
        rows.append(session.to_row(service_id, number))
    return rows
