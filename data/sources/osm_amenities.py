"""Places people go to out of OpenStreetMap: a starting list that nobody has checked.

Read from a table of amenities (CSV) or straight from .osm.pbf or .osm. What
people don't go to for help or company (car parks, playgrounds) is left out and
counted; so are pubs and cafés, which would drown the rest.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import osmium
import pandas as pd
import shapely
from osmium.filter import KeyFilter

from data.errors import SourceError
from data.frames import build_frame
from data.manifest import Fault
from data.schema import SESSIONS
from data.sources import opening_hours
from data.sources.service_faults import MESSAGES, FaultBook
from data.sources.service_places import Locator, normalise_postcode
from data.sources.service_tables import read_table
from data.sources.service_words import clean_text, is_not_known, read_list
from data.sources.services import RowCounts, build_services

PART = "places"

# (key, value) of OSM to the category shown; "*" stands for every other value of the key.
CATEGORIES: dict[tuple[str, str], str] = {
    ("amenity", "community_centre"): "Community centre",
    ("amenity", "social_centre"): "Community centre",
    ("amenity", "social_facility"): "Social facility",
    ("social_facility", "*"): "Social facility",
    ("amenity", "place_of_worship"): "Place of worship",
    ("amenity", "library"): "Library",
    ("amenity", "pharmacy"): "Pharmacy",
    ("amenity", "doctors"): "GP surgery or clinic",
    ("amenity", "clinic"): "GP surgery or clinic",
    ("healthcare", "doctor"): "GP surgery or clinic",
    ("healthcare", "clinic"): "GP surgery or clinic",
    ("healthcare", "centre"): "GP surgery or clinic",
    ("healthcare", "pharmacy"): "Pharmacy",
    ("healthcare", "hospital"): "Hospital",
    ("healthcare", "dentist"): "Dentist",
    ("healthcare", "*"): "Other health care",
    ("amenity", "hospital"): "Hospital",
    ("amenity", "dentist"): "Dentist",
    ("amenity", "school"): "School",
    ("amenity", "college"): "College or university",
    ("amenity", "university"): "College or university",
    ("amenity", "childcare"): "Childcare",
    ("amenity", "kindergarten"): "Childcare",
    ("amenity", "townhall"): "Town hall",
    ("amenity", "arts_centre"): "Arts centre, theatre or cinema",
    ("amenity", "theatre"): "Arts centre, theatre or cinema",
    ("amenity", "cinema"): "Arts centre, theatre or cinema",
    ("leisure", "sports_centre"): "Sports or fitness centre",
    ("leisure", "fitness_centre"): "Sports or fitness centre",
    ("office", "charity"): "Charity or association",
    ("office", "association"): "Charity or association",
    ("office", "ngo"): "Charity or association",
    ("club", "*"): "Club",
}
_FACILITIES = {"food_bank": "Food bank", "soup_kitchen": "Food bank", "outreach": "Advice or outreach"}
PLACE_KEYS = ("amenity", "social_facility", "healthcare", "leisure", "office", "club")

_MESSAGES = {
    **MESSAGES,
    **opening_hours.MESSAGES,
    "left_out": ("note", "kinds of place that are no destination of this tool's; left out"),
    "place_unnamed": ("note", "places without a name; kept, the name stays empty"),
}


@dataclass(frozen=True)
class PlacesResult:
    """Places of one file as rows of SERVICES with kind ``place``, and their opening hours of SESSIONS."""

    services: pd.DataFrame
    faults: list[Fault]
    counts: RowCounts
    sessions: pd.DataFrame | None = None


def category_of(tags: Mapping[str, str]) -> str | None:
    """Name the category of a place by its tags, or None when it is left out."""
    for key in PLACE_KEYS:
        value = tags.get(key)
        if not value or value == "no":
            continue
        category = CATEGORIES.get((key, value)) or CATEGORIES.get((key, "*"))
        if category == "Social facility":
            return _FACILITIES.get(tags.get("social_facility", ""), category)
        if category:
            return category
    return None


def read_amenities(
    path: Path,
    *,
    crs: str,
    postcodes: pd.DataFrame | None = None,
    source_title: str = "OpenStreetMap amenities",
    leave_out: Sequence[str] = (),
    service_date: dt.date | None = None,
) -> PlacesResult:
    """Read places from an amenities table (.csv, .xlsx) or a street file (.osm.pbf, .osm).

    Parameters
    ----------
    path
        A table with ``osm_type, osm_id, key, value, name, ..., lon, lat``, or
        OpenStreetMap data; shapes stand at a point inside them.
    crs
        Projected CRS of the pack.
    postcodes
        The pack's postcode table, for places without coordinates, or None.
    source_title
        Title of the manifest's source.
    leave_out
        Categories that another file knows better, such as "School".
    service_date
        Opening hours are read for the year round it; None: they stay words, and no session is made.

    Returns
    -------
    PlacesResult
        ``verified`` is false throughout; rows are ordered by id.

    Raises
    ------
    SourceError
        When the file can't be read, or its header is another.
    """
    path = Path(path)
    book = FaultBook(file=path.name, part=PART)
    if path.name.lower().endswith((".pbf", ".osm", ".osm.gz", ".osm.bz2")):
        rows, blank = _read_osm(path), 0
    else:
        rows, blank = _read_rows(path, book)
    locator = Locator(crs, postcodes)
    records: dict[str, dict[str, object]] = {}
    sessions: list[dict[str, object]] = []
    left_out: Counter[str] = Counter()
    for number, tags in rows:
        category = category_of(tags)
        place_id = f"osm-{tags['osm_type']}-{tags['osm_id']}"
        if category is None or category in leave_out:
            kind = next((f"{key}={tags[key]}" for key in PLACE_KEYS if tags.get(key)), "nothing said")
            left_out[kind] += 1
            book.reject(number, "left_out", kind)
        elif place_id in records:
            book.reject(number, "row_repeated", place_id)
        else:
            records[place_id] = _read_record(number, tags, category, locator, book) | {
                "service_id": place_id,
                "source": source_title,
            }
            sessions += _read_hours(number, records[place_id], service_date, book)
    warned, rejected = book.warned_rows(), book.rejected_rows()
    return PlacesResult(
        services=build_services([records[place_id] for place_id in sorted(records)]),
        sessions=build_frame(
            SESSIONS, {name: [row[name] for row in sessions] for name in SESSIONS.column_names}
        ),
        faults=[_by_kind(fault, left_out) for fault in book.to_faults(_MESSAGES)],
        counts=RowCounts(len(rows), len(records) - len(warned), len(warned), len(rejected), blank),
    )


def _by_kind(fault: Fault, left_out: Counter[str]) -> Fault:
    """Of what was left out the kinds say more than row numbers."""
    if fault.code != "left_out":
        return fault
    ranked = sorted(left_out.items(), key=lambda entry: (-entry[1], entry[0]))
    return fault.model_copy(update={"examples": tuple(f"{count} {kind}" for kind, count in ranked[:20])})


def _read_record(
    number: int, tags: Mapping[str, str], category: str, locator: Locator, book: FaultBook
) -> dict[str, object]:
    location, code = locator.from_degrees(tags.get("lon", ""), tags.get("lat", ""))
    if code:
        book.warn(number, code, f"lon {tags.get('lon')}, lat {tags.get('lat')}")
    postcode = normalise_postcode(tags.get("postcode", ""))
    if location is None and postcode:
        location = locator.from_postcode(postcode)
    if location is None:
        book.warn(number, "no_place", "no coordinates")
    name = _text(tags, "name")
    if name is None:
        book.warn(number, "place_unnamed", category)
    street = _text(tags, "street")
    house = _text(tags, "housenumber")
    known = {key: tags[key] for key in (*PLACE_KEYS, "denomination", "wheelchair") if tags.get(key)}
    served = _text(tags, "social_facility_for")
    record: dict[str, object] = {
        "kind": "place",
        "name": name,
        "category": category,
        "delivery": "venue",
        "address": " ".join(filter(None, (house, street))) or None,
        "postcode": postcode,
        "website": _text(tags, "website"),
        "phone": _text(tags, "phone"),
        "target_groups": read_list(served.replace("_", " ")) if served else None,
        "faith": _text(tags, "religion"),
        "opening_hours": _text(tags, "opening_hours"),
        "verified": False,
        "extra": json.dumps(known, ensure_ascii=False, sort_keys=True),
    }
    if location:
        record |= {"x": location.x, "y": location.y, "lon": location.lon, "lat": location.lat}
        record["location_basis"] = location.basis
    return record


def _read_hours(
    number: int, record: dict[str, object], service_date: dt.date | None, book: FaultBook
) -> list[dict[str, object]]:
    """Opening hours as sessions; what could not be read stays in ``extra`` too, and is said by its id."""
    written, place_id = record["opening_hours"], str(record["service_id"])
    if service_date is None or not isinstance(written, str):
        return []
    read = opening_hours.read_opening_hours(written, service_date=service_date)
    for code, words in read.remarks:
        book.warn(number, code, f"{place_id}: {words[:80]!r}")
    if any(session.start_s is None for session in read.sessions):
        known = json.loads(str(record["extra"]))
        known["opening_hours_not_read"] = written
        record["extra"] = json.dumps(known, ensure_ascii=False, sort_keys=True)
    return [session.to_row(place_id, row) for row, session in enumerate(read.sessions, start=1)]


def _text(tags: Mapping[str, str], key: str) -> str | None:
    words = tags.get(key, "")
    return None if is_not_known(words) else words


def _read_rows(path: Path, book: FaultBook) -> tuple[list[tuple[int, dict[str, str]]], int]:
    """Rows of the amenities table as tags, by row number."""
    needed = ("osm_type", "osm_id", "key", "value", "lon", "lat")
    table = read_table(
        path,
        lambda row: sum(cell.casefold() in needed for cell in row),
        advice=f"the header must name {', '.join(needed)}",
    )
    header = [cell.casefold() for cell in table.header]
    missing = [name for name in needed if name not in header]
    if missing:
        raise SourceError(
            f"{path.name}: no column {', '.join(missing)}; the header must name {', '.join(needed)}"
        )
    for code, words in table.remarks:
        book.remark(code, words)
    rows = []
    for number, cells in zip(table.row_numbers, table.rows, strict=True):
        tags = {name: cell for name, cell in zip(header, cells, strict=True) if name and cell}
        key, value = tags.pop("key", ""), tags.pop("value", "")
        tags.setdefault("osm_type", "row")
        tags.setdefault("osm_id", str(number))
        if key:
            tags[key] = value
        rows.append((number, tags))
    return rows, table.blank_rows


_OSM_TAGS = {
    "name": ("name",),
    "street": ("addr:street",),
    "housenumber": ("addr:housenumber",),
    "postcode": ("addr:postcode",),
    "phone": ("phone", "contact:phone"),
    "website": ("website", "contact:website", "url"),
    "social_facility_for": ("social_facility:for",),
    **{key: (key,) for key in ("religion", "denomination", "opening_hours", "wheelchair", *PLACE_KEYS)},
}


def _read_osm(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Nodes and shapes with one of the keys, as tags; numbered in order of type and id."""
    if not path.is_file():
        raise SourceError(f"{path.name}: no such file; check the name in the configuration")
    found: list[tuple[str, int, dict[str, str]]] = []
    shapes: list[tuple[int, str]] = []
    writer = osmium.geom.WKBFactory()
    try:
        reader = (
            osmium.FileProcessor(str(path))
            .with_areas(KeyFilter(*PLACE_KEYS))
            .with_filter(KeyFilter(*PLACE_KEYS))
        )
        for item in reader:
            if isinstance(item, osmium.osm.Node):
                kind, osm_id, place = "node", item.id, f"{item.location.lon!r} {item.location.lat!r}"
            elif isinstance(item, osmium.osm.Area):
                kind, osm_id, place = "way" if item.from_way() else "relation", item.orig_id(), ""
            else:
                continue
            tags = {name: _first(item.tags, keys) for name, keys in _OSM_TAGS.items()}
            if not any(tags.get(key) for key in PLACE_KEYS):
                continue
            if isinstance(item, osmium.osm.Area):
                try:
                    shapes.append((len(found), writer.create_multipolygon(item)))
                except RuntimeError:
                    tags |= {"lon": "", "lat": ""}
            else:
                tags["lon"], tags["lat"] = place.split()
            found.append((kind, osm_id, tags | {"osm_type": kind, "osm_id": str(osm_id)}))
    except (RuntimeError, OSError) as error:
        raise SourceError(f"{path.name}: can't be read as OpenStreetMap data: {error}") from error
    inside = shapely.point_on_surface(shapely.from_wkb([shape for _, shape in shapes]))
    for (position, _), point in zip(shapes, inside, strict=True):
        found[position][2].update(lon=repr(float(point.x)), lat=repr(float(point.y)))
    found.sort(key=lambda entry: (entry[0], entry[1]))
    return [
        (number, {k: v for k, v in tags.items() if v}) for number, (_, _, tags) in enumerate(found, start=1)
    ]


def _first(tags: osmium.osm.TagList, keys: Sequence[str]) -> str:
    """The first of several tags that is there."""
    return next((clean_text(tags[key]) for key in keys if key in tags), "")
