"""What an answer really is, by its first bytes: headers say "JSON" above many a web page."""

from __future__ import annotations

import re

_TAG = re.compile(rb"<(?:!doctype\s+html|html|head|body|title|h1|meta|script)\b", re.IGNORECASE)
# Within XML only these: Overpass writes a <meta> of its own, and that is data.
_ROOT = re.compile(rb"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_SPACE = b" \t\r\n\x0b\x0c"


def first_word(data: bytes) -> bytes:
    """Return the start of the data without a byte-order mark and white space."""
    return data[:2048].removeprefix(b"\xef\xbb\xbf").lstrip(_SPACE)


def is_html(data: bytes) -> bool:
    """Say whether the data begin as a web page."""
    start = first_word(data)
    if not start.startswith(b"<"):
        return False
    return bool(_TAG.match(start)) or (
        start.startswith((b"<!--", b"<?xml")) and bool(_ROOT.search(start[:1024]))
    )


def what_is_wrong(kind: str, data: bytes) -> str | None:
    """Say in words why data can't be of a kind (json, csv, zip, pbf, osm, any), None when they may be.

    Only the beginning is looked at: whoever reads the whole finds the rest.
    """
    start = first_word(data)
    if is_html(data):
        return "sent a web page instead of data"
    if kind == "any":
        return None
    if not start:
        return "sent an empty answer"
    if kind == "json" and start[:1] not in (b"{", b"["):
        return "sent something that isn't JSON"
    if kind == "zip" and not data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "sent something that isn't a zip"
    if kind == "osm" and (not start.startswith((b"<?xml", b"<osm")) or b"<osm" not in data[:2048]):
        return "sent something that isn't OpenStreetMap XML"
    if kind == "pbf" and b"OSMHeader" not in data[:64]:
        return "sent something that isn't an OpenStreetMap extract (.osm.pbf)"
    if kind == "csv" and (b"\0" in data[:2048] or start[:1] in (b"{", b"<")):
        return "sent something that isn't a CSV table"
    return None
