"""Asking an ArcGIS feature service for all rows, and knowing that they are all.

Pages say "there is more" at top level or under ``properties``, a short page
alone is not the end, and errors arrive with status 200. So rows are counted
against the service's own count, and by their codes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from data.errors import DownloadError
from data.fetch.http import Client, UnusableAnswerError

MAX_PAGES = 5000
_RETRY_CODES = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Features:
    """All rows that a question has.

    Attributes
    ----------
    service : the name that answered
    url : its address
    rows : attributes of each
    geometries : GeoJSON geometries beside them (None where not asked for)
    """

    service: str
    url: str
    rows: tuple[dict[str, Any], ...]
    geometries: tuple[dict[str, Any] | None, ...]


def quote(text: str) -> str:
    """Return a text as a literal of a where clause; an apostrophe is doubled."""
    return "'" + text.replace("'", "''") + "'"


def query_features(
    client: Client,
    service_key: str,
    *,
    where: str,
    what: str,
    fields: Sequence[str] = ("*",),
    keys: Sequence[str] = (),
    geometry: bool = True,
    within: tuple[float, float, float, float] | None = None,
) -> Features:
    """Return every row of a question to one of the services of ``addresses.toml``.

    Parameters
    ----------
    client
    service_key
        Key of ``[sources.open_geography.services]``: names that are tried in turn.
    where, fields
        The question; ``where`` as ArcGIS takes it.
    what
        What the rows are, for messages.
    keys
        Columns that name a row together; left out, all of them do.
    geometry
        Ask for geometry in degrees, as GeoJSON.
    within
        Only what touches a box: west, south, east, north in degrees.

    Raises
    ------
    DownloadError
        When no name answers, or rows are missing.
    """
    source = client.source("open_geography")
    names: Sequence[str] = source.settings["services"][service_key]
    refused: list[DownloadError] = []
    for name in names:
        try:
            return _query(client, name, {"where": where, **_box(within)}, fields, keys, what, geometry)
        except DownloadError as error:
            # A name that isn't there is answered with 404, or with 400 inside of a 200; the rest is trouble.
            # Offline, a name that was refused isn't kept, and the one that answered is.
            if error.status not in (400, 404, 499) and not client.offline:
                raise
            refused.append(error)
    if client.offline:
        raise refused[0]
    raise DownloadError(
        source.title,
        source.url(f"{names[0]}/FeatureServer/0/query"),
        f"has no service for {what} under any of the names known ({', '.join(names)})",
        f"look the name up at geoportal.statistics.gov.uk and put it into services.{service_key} of "
        "[sources.open_geography] in data/fetch/addresses.toml",
        faults=[error.short for error in refused],
        status=404,
    ) from refused[-1]


def _query(
    client: Client,
    name: str,
    question: dict[str, str | int],
    fields: Sequence[str],
    keys: Sequence[str],
    what: str,
    geometry: bool,
) -> Features:
    source = client.source("open_geography")
    url = source.url(f"{name}/FeatureServer/0/query")
    page_size = int(source.settings["page_size"])
    asked: dict[str, str | int] = {**question, "outFields": ",".join(fields)}
    expected = _count(client, url, question)
    # A fixed order, where the columns are known: without one, pages may overlap.
    if keys:
        asked["orderByFields"] = ",".join(keys)
    if geometry:
        asked |= {"outSR": 4326, "f": "geojson"}
    else:
        asked |= {"returnGeometry": "false", "f": "json"}
    rows: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {}
    offset = 0
    for _ in range(MAX_PAGES):
        page = client.get_json(
            source, url, {**asked, "resultOffset": offset, "resultRecordCount": page_size}, check=_check_page
        )
        found = [_read_feature(feature) for feature in page["features"]]
        for attributes, shape in found:
            missing = [key for key in keys if key not in attributes]
            if missing:
                raise DownloadError(
                    source.title, url, f"sent {what} without the column {missing[0]}",
                    "its columns have changed; the client needs changing too", status=400,
                )  # fmt: skip
            own = {key: attributes[key] for key in keys} if keys else attributes
            rows[json.dumps(own, sort_keys=True)] = (attributes, shape)
        offset += len(found)
        if not found:
            break
        if not _says_more(page) and (
            len(rows) >= expected if expected is not None else len(found) < page_size
        ):
            break
    if expected is not None and len(rows) != expected:
        raise DownloadError(
            source.title, url, f"sent {len(rows):,} of {expected:,} {what}",
            "run it again; if it stays so, the service cuts its answers in a new way",
        )  # fmt: skip
    return Features(
        name, url, tuple(row for row, _ in rows.values()), tuple(shape for _, shape in rows.values())
    )


def _box(within: tuple[float, float, float, float] | None) -> dict[str, str | int]:
    """The box as ArcGIS takes it."""
    if within is None:
        return {}
    return {
        "geometry": ",".join(f"{value:.6f}" for value in within),
        "geometryType": "esriGeometryEnvelope",
        "inSR": 4326,
        "spatialRel": "esriSpatialRelIntersects",
    }


def _count(client: Client, url: str, question: dict[str, str | int]) -> int | None:
    """How many rows there must be, None where the service doesn't count."""
    source = client.source("open_geography")

    def check(answer: Any) -> None:
        _check_error(answer)

    answer = client.get_json(source, url, {**question, "returnCountOnly": "true", "f": "json"}, check=check)
    if not isinstance(answer, dict):
        return None
    count = answer.get("count", (answer.get("properties") or {}).get("count"))
    return count if isinstance(count, int) and count >= 0 else None


def _check_error(answer: Any) -> None:
    """Raise for an error that arrived with status 200."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if error:
        code = error.get("code") if isinstance(error, dict) else None
        message = str(error.get("message", "") if isinstance(error, dict) else error)[:200]
        raise UnusableAnswerError(
            f"answered with an error inside a good answer: {message or code}",
            again=code in _RETRY_CODES,
            status=code if isinstance(code, int) else 400,
        )


def _check_page(answer: Any) -> None:
    _check_error(answer)
    if not isinstance(answer, dict) or not isinstance(answer.get("features"), list):
        raise UnusableAnswerError("sent JSON without features", again=True)
    for feature in answer["features"]:
        if not isinstance(feature, dict) or not isinstance(
            feature.get("properties", feature.get("attributes")), dict
        ):
            raise UnusableAnswerError("sent features without attributes", again=True)


def _says_more(page: dict[str, Any]) -> bool:
    """Read the paging flag, at top level (f=json) or under ``properties`` (f=geojson)."""
    below = page.get("properties")
    return bool(
        page.get("exceededTransferLimit") or (isinstance(below, dict) and below.get("exceededTransferLimit"))
    )


def _read_feature(feature: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    attributes = feature.get("properties") or feature.get("attributes") or {}
    shape = feature.get("geometry")
    return attributes, shape if isinstance(shape, dict) and "type" in shape else None
