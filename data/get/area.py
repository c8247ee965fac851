"""The area configuration of a fetched area: a dictionary for the same reader as hand-written files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import tomli_w

from data.config import AreaConfig, load_config
from data.fetch.addresses import Addresses
from data.fetch.authorities import Authority
from data.fetch.cache import write_atomic
from data.fetch.result import Fetched
from data.get.collect import RawArea
from data.get.options import MARGIN_M, name_area

CENSUS_DAY = dt.date(2021, 3, 21)
_CENSUS_KEYS = ("boundaries", "output_areas", "people", "TS021", "TS007A", "TS029", "TS045")
_TOPICS = {"TS007A": "age", "TS029": "english", "TS045": "cars"}
LEVEL = "LSOA 2021"
FILE = "area.toml"
# Publishers that are in no table: whoever gave the file.
_OWN = {
    "owner": "Whoever keeps the register",
    "licence": "Not stated: ask whoever keeps the register before you pass it on",
    "attribution": "Services: from a register whose licence is not stated",
}


def write_config(addresses: Addresses, authorities: Sequence[Authority], raw: RawArea) -> AreaConfig:
    """Write ``area.toml`` beside the raw files, and return it as `data build` reads it."""
    path = raw.folder / FILE
    write_atomic(path, tomli_w.dumps(describe_area(addresses, authorities, raw)).encode("utf-8"))
    return load_config(path)


def describe_area(addresses: Addresses, authorities: Sequence[Authority], raw: RawArea) -> dict[str, Any]:
    """Return the configuration of ``data/areas/README.md`` for what was fetched."""
    area_id, name = name_area(authorities)
    publishers: dict[str, dict[str, str]] = {}

    def file(key: str) -> dict[str, Any]:
        found = raw.files[key]
        publisher = _publisher_of(addresses, found)
        publishers.setdefault(publisher, _describe_publisher(addresses, publisher))
        date = CENSUS_DAY if key in _CENSUS_KEYS else found.date
        given = {"file": raw.relative(key), "title": found.title, "publisher": publisher}
        return given | ({"date": date} if date else {}) | ({"url": found.url[:500]} if found.url else {})

    config: dict[str, Any] = {
        "area_id": area_id,
        "name": name,
        "margin_m": MARGIN_M,
        # The town is taken to have the authority's name; where it hasn't, no stop is called central.
        "centres": [authority.name for authority in authorities],
        "timetable": {"gtfs": file("timetable"), "nation": "england_wales"},
        "stops": file("stops"),
        "streets": {"osm": file("streets")},
        "neighbourhoods": {
            "level": LEVEL, "boundaries": file("boundaries"), "id_column": "LSOA21CD",
            "name_column": "LSOA21NM", "expected": len(raw.codes),
        },
        "census": {"counts": file("TS021"), "table": "TS021", "year": 2021, "shape": "nomis"},
        "origin_points": {
            "output_areas": {
                "counts": file("people"), "id_column": "OA21CD", "people_column": "people",
                "area_column": "LSOA21CD", "points": file("output_areas"), "points_id_column": "OA21CD",
            }
        },
        "postcodes": file("postcodes"),
    }  # fmt: skip
    if "wards" in raw.files:
        columns = {"key_column": "LSOA21CD", "id_column": "WDCD", "name_column": "WDNM"}
        config["neighbourhoods"]["wards"] = {"lookup": file("wards"), **columns}
    config["indicators"] = _indicators(addresses, raw, file)
    config["timetable"]["also"] = [file(key) for key in raw.files if key.startswith("timetable_")]
    if raw.school_dates is not None:
        config["timetable"] |= raw.school_dates
    places = file("streets") | {"title": "OpenStreetMap places, unchecked"}
    services: list[dict[str, Any]] = [{"kind": "osm_amenities", "source": places}]
    if "services" in raw.files:
        services.insert(0, {"kind": "register", "source": file("services")})
    return config | {"services": services, "publishers": publishers}


def _indicators(
    addresses: Addresses, raw: RawArea, file: Callable[[str], dict[str, Any]]
) -> list[dict[str, Any]]:
    """The tables beside the ethnic groups: three of the census, and each nation's index."""
    tables: list[dict[str, Any]] = [
        {"topic": topic, "table": key, "year": 2021, "shape": "nomis", "source": file(key)}
        for key, topic in _TOPICS.items()
    ]
    for key in ("deprivation", "wimd"):
        if key not in raw.files:
            continue
        facts = addresses[key].settings
        level = facts.get("area_level", LEVEL)
        index = {"topic": "deprivation", "table": facts["table"], "year": facts["year"],
                 "ranked_of": facts["lsoas"], "source": file(key)}  # fmt: skip
        if level != LEVEL:
            lookup = {"lookup": file("lookup"), "old_column": "LSOA11CD", "new_column": "LSOA21CD"}
            index |= {"area_level": level, "area_lookup": lookup}
        tables.append(index)
    return tables


def _publisher_of(addresses: Addresses, found: Fetched) -> str:
    known = addresses.sources.get(found.source)
    return known.publisher if known is not None else found.source


def _describe_publisher(addresses: Addresses, key: str) -> dict[str, str]:
    known = addresses.publishers.get(key)
    return _OWN if known is None else known.model_dump()
