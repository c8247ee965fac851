"""Where an Open Referral service is held: its locations, each with the schedules of that place alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from data.sources.open_referral_words import Row
from data.sources.service_places import FAR_FROM_POSTCODE_M, Location, Locator, distance_m, normalise_postcode

SCHEDULE_FIELDS = ("schedules", "regular_schedules", "regular_schedule")
LONGEST_PART = 40
_PLACE_FIELDS = ("latitude", "longitude", "addresses", "physical_addresses", "name")
_ACCESS_FIELDS = ("transportation", "accessibility", "accessibility_for_disabilities")
# What says which record a schedule is, not when it is.
_ID_FIELDS = ("id", "service_id", "location_id", "service_at_location_id")


@dataclass(frozen=True)
class Schedule:
    """A schedule, and where in the record it stands: ``service_at_locations[1].schedules[0]``."""

    path: str
    pieces: Mapping[str, Any]

    @property
    def when(self) -> dict[str, Any]:
        """What it says apart from whose it is."""
        return {name: value for name, value in self.pieces.items() if name not in _ID_FIELDS}


@dataclass
class Venue:
    """A place of a service, with what is known of it and the schedules of that place alone."""

    location: Mapping[str, Any]  # empty where the feed names none
    ids: set[str] = field(default_factory=set)  # of the location and of the links to it
    schedules: list[Schedule] = field(default_factory=list)
    place: Location | None = None
    postcode: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> Mapping[str, Any]:
        found = [*as_list(self.location.get("addresses")), *as_list(self.location.get("physical_addresses"))]
        return found[0] if found else {}

    def to_record(self, row: Row) -> dict[str, object]:
        """The columns of SERVICES that say where it is."""
        lines = [self.address.get(name) for name in ("address_1", "address_2")]
        record: dict[str, object] = {
            "address": ", ".join(words for line in lines if (words := row.clean(line)))
            or row.clean(self.location.get("name")),
            "locality": row.clean(self.address.get("city")),
            "postcode": self.postcode,
        }
        if self.place is not None:
            record |= {name: getattr(self.place, name) for name in ("x", "y", "lon", "lat")}
            record["location_basis"] = self.place.basis
        return record


@dataclass(frozen=True)
class Places:
    """The venues of a service, its schedules for all of them, and those of a venue that isn't there."""

    venues: list[Venue]
    shared: list[Schedule]
    lost: list[Schedule]


def list_places(row: Row, locator: Locator) -> Places:
    """Find the venues of a service.

    A location that several links name is one venue. A schedule of the service
    that names a location or a link, or stands there too, is that place's alone.
    """
    venues: dict[str, Venue] = {}
    placeless: list[Venue] = []
    for path, link in _list_links(row.entry):
        location = link.get("location", link)
        own = list(_list_schedules(link, f"{path}.")) if path.startswith("service_at_locations") else []
        if not isinstance(location, Mapping) or not any(says(location.get(name)) for name in _PLACE_FIELDS):
            placeless.append(Venue({}, _ids(link.get("id"), link.get("location_id")), own))
            continue
        venue = Venue(location)
        where = [location.get(name) for name in ("name", "latitude", "longitude")]
        key = str(location.get("id") or (*where, venue.address.get("postal_code")))
        venue = venues.setdefault(key, venue)
        venue.ids |= _ids(link.get("id"), link.get("location_id"), location.get("id"))
        venue.schedules += own
    shared = list(_list_schedules(row.entry, ""))
    for other in placeless:
        same = next((venue for venue in venues.values() if venue.ids & other.ids), None)
        if same is not None:
            same.ids |= other.ids
            same.schedules += other.schedules
        elif other.schedules and venues:
            venues[f"placeless {len(venues)}"] = other
        else:
            shared += other.schedules
    found = list(venues.values())
    for venue in found:
        venue.place, venue.postcode = _locate(row, venue, locator)
        venue.extra |= {
            name: venue.location[name] for name in _ACCESS_FIELDS if says(venue.location.get(name))
        }
    return _share_out(found, shared)


def _share_out(venues: list[Venue], schedules: list[Schedule]) -> Places:
    """Give the schedules of the service that are one venue's to it."""
    shared, lost = [], []
    for schedule in schedules:
        named = _ids(schedule.pieces.get("service_at_location_id"), schedule.pieces.get("location_id"))
        repeated = any(
            schedule.pieces.get("id") == own.pieces.get("id") if says(schedule.pieces.get("id")) and
            says(own.pieces.get("id")) else schedule.when == own.when
            for venue in venues for own in venue.schedules
        )  # fmt: skip
        owners = [venue for venue in venues if venue.ids & named]
        if owners:
            for venue in owners:
                venue.schedules.append(schedule)
        elif named and len(venues) > 1:
            lost.append(schedule)
        elif not repeated:
            shared.append(schedule)
    return Places(venues, shared, lost)


def name_venue(row: Row, venue: Venue, number: int) -> str:
    """What tells a venue from the service's others in an id: its name, else postcode, else number."""
    for words in (row.clean(venue.location.get("name")), venue.postcode, row.clean(venue.location.get("id"))):
        part = re.sub(r"[\W_]+", "-", (words or "").casefold()).strip("-")[:LONGEST_PART].strip("-")
        if part:
            return part
    return f"place-{number}"


def _list_links(entry: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name in ("service_at_locations", "locations"):
        for number, link in enumerate(as_list(entry.get(name))):
            yield f"{name}[{number}]", link


def _list_schedules(holder: Mapping[str, Any], path: str) -> Iterator[Schedule]:
    for name in SCHEDULE_FIELDS:
        for number, schedule in enumerate(as_list(holder.get(name))):
            yield Schedule(f"{path}{name}[{number}]", schedule)


def _ids(*values: object) -> set[str]:
    return {str(value) for value in values if isinstance(value, str | int) and says(value)}


def _locate(row: Row, venue: Venue, locator: Locator) -> tuple[Location | None, str | None]:
    """Where a location is, by its coordinates when they can be, else by its postcode."""
    lon, lat = venue.location.get("longitude"), venue.location.get("latitude")
    place, words = None, row.clean(venue.address.get("postal_code"))
    if lon is not None or lat is not None:
        place, code = locator.from_degrees(str(lon), str(lat))
        if code:
            row.note(code, f"longitude {lon}, latitude {lat}"[:80])
            venue.extra["coordinates_given"] = [lon, lat]
    postcode = normalise_postcode(words) if words else None
    if words and postcode is None:
        row.note("postcode_malformed", repr(words[:20]))
        venue.extra["postal_code"] = words
    by_postcode = locator.from_postcode(postcode) if postcode else None
    if postcode and by_postcode is None and locator.has_postcodes:
        row.note("postcode_not_found", postcode)
    if place and by_postcode and (apart := distance_m(place, by_postcode)) > FAR_FROM_POSTCODE_M:
        row.note("far_from_postcode", f"{postcode} is {apart / 1000:.1f} km from the coordinates")
    return place or by_postcode, postcode


def as_list(value: object) -> list[Mapping[str, Any]]:
    """Objects of an array; one object alone counts as an array of one."""
    if isinstance(value, Mapping):
        return [value]
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def says(value: object) -> bool:
    """Whether a field holds anything."""
    return value is not None and value != "" and value != [] and value != {}
