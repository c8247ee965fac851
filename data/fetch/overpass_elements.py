"""Overpass's elements (JSON): what is wrong with one, and several answers as one .osm file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from data.fetch.cache import writing

_KINDS = ("node", "way", "relation")
# Characters that no XML may hold, however they are written.
_NOT_XML = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ud800-\\udfff\\ufffe\\uffff]")


def what_is_broken(element: Any) -> str | None:
    """Say in words why an element can't be used, None when it can."""
    if not isinstance(element, dict) or element.get("type") not in _KINDS:
        return "an element that is no node, way or relation"
    if not _is_whole_number(element.get("id")):
        return f"a {element['type']} without a number"
    name = f"{element['type']} {element['id']}"
    tags = element.get("tags", {})
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        return f"{name} with tags that are none"
    if element["type"] == "node":
        if not (_is_degrees(element.get("lat"), 90) and _is_degrees(element.get("lon"), 180)):
            return f"{name} without a place on earth"
    elif element["type"] == "way":
        nodes = element.get("nodes")
        if not isinstance(nodes, list) or not all(map(_is_whole_number, nodes)):
            return f"{name} without a list of nodes"
    else:
        members = element.get("members")
        if not isinstance(members, list) or not all(map(_is_member, members)):
            return f"{name} without a list of members"
    return None


def _is_whole_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_degrees(value: Any, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= most


def _is_member(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("type") in _KINDS
        and _is_whole_number(value.get("ref"))
        and isinstance(value.get("role", ""), str)
    )


def write_osm(answers: Sequence[Path], target: Path) -> None:
    """Write answers that were checked as one .osm file: each element once, by kind and id.

    An element that several answers have is taken from the first.
    """
    found: dict[str, dict[int, dict[str, Any]]] = {kind: {} for kind in _KINDS}
    base = ""
    for path in answers:
        answer = json.loads(path.read_bytes())
        about = answer.get("osm3s")
        base = base or str(about.get("timestamp_osm_base", "") if isinstance(about, dict) else "")
        for element in answer["elements"]:
            found[element["type"]].setdefault(element["id"], element)
    with writing(target) as stream:
        for line in _lines(found, base):
            stream.write(line.encode())
            stream.write(b"\n")


def _lines(found: dict[str, dict[int, dict[str, Any]]], base: str) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="Overpass API">'
    yield f"<meta osm_base={_quote(base)}/>"
    for kind, elements in found.items():
        for key in sorted(elements):
            yield from _element(kind, elements[key])
    yield "</osm>"


def _element(kind: str, element: dict[str, Any]) -> Iterator[str]:
    place = f' lat="{element["lat"]!r}" lon="{element["lon"]!r}"' if kind == "node" else ""
    tags = element.get("tags", {})
    if kind == "node" and not tags:
        yield f'<node id="{element["id"]}"{place}/>'
        return
    yield f'<{kind} id="{element["id"]}"{place}>'
    for node in element.get("nodes", ()):
        yield f'<nd ref="{node}"/>'
    for member in element.get("members", ()):
        yield f'<member type="{member["type"]}" ref="{member["ref"]}" role={_quote(member.get("role", ""))}/>'
    for name, value in tags.items():
        yield f"<tag k={_quote(name)} v={_quote(value)}/>"
    yield f"</{kind}>"


def _quote(text: str) -> str:
    return quoteattr(_NOT_XML.sub(" ", text))
