"""Overpass as osmnx asks it: picks from a whole .osm text what a question chooses, with all its parts."""

from __future__ import annotations

import functools
import json
import re
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

from tests.loopback.server import Asked, Reply

Element = dict[str, Any]
Key = tuple[str, int]


@functools.lru_cache(maxsize=8)
def _read(text: bytes) -> tuple[dict[Key, Element], str]:
    found: dict[Key, Element] = {}
    root = ElementTree.fromstring(text)
    for item in root:
        if item.tag not in ("node", "way", "relation"):
            continue
        element: Element = {"type": item.tag, "id": int(item.attrib["id"])}
        if item.tag == "node":
            element |= {"lat": float(item.attrib["lat"]), "lon": float(item.attrib["lon"])}
        if item.tag == "way":
            element["nodes"] = [int(part.attrib["ref"]) for part in item.iter("nd")]
        if item.tag == "relation":
            element["members"] = [{**part.attrib, "ref": int(part.attrib["ref"])}
                                  for part in item.iter("member")]  # fmt: skip
        if tags := {tag.attrib["k"]: tag.attrib["v"] for tag in item.iter("tag")}:
            element["tags"] = tags
        found[item.tag, element["id"]] = element
    meta = root.find("meta")
    return found, "" if meta is None else meta.attrib["osm_base"]


def _parts(found: dict[Key, Element], element: Element) -> set[Key]:
    keys = {("node", node) for node in element.get("nodes", ())}
    for member in element.get("members", ()):
        key = member["type"], member["ref"]
        keys |= {key} | (_parts(found, found[key]) if key in found and key[0] == "way" else set())
    return keys & set(found)


def answer(text: bytes, asked: Asked) -> Reply:
    """Answer one question about a place whose whole map is ``text``."""
    query = parse_qs(asked.body.decode()).get("data", [""])[0]
    assert query.startswith("[out:json][timeout:") and "poly:" in query, query
    found, base = _read(text)
    streets = 'way["highway"]' in query
    wanted = set(re.findall(r"(node|way|relation)\['(\w+)'(?:='([^']*)')?\]\(poly:", query))
    chosen: set[Key] = set()
    for key, element in found.items():
        tags = element.get("tags", {})
        fits = (key[0] == "way" and "highway" in tags) if streets else any(
            (key[0], name, value) in wanted or (key[0], name, "") in wanted for name, value in tags.items()
        )  # fmt: skip
        if fits:
            chosen |= {key} | _parts(found, element)
    content = {
        "version": 0.6, "generator": "Overpass API",
        "osm3s": {"timestamp_osm_base": base, "copyright": "© OpenStreetMap contributors"},
        "elements": [found[key] for key in sorted(chosen)],
    }  # fmt: skip
    return Reply(json.dumps(content).encode())
