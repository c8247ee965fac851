"""ONS Open Geography: boundaries, output areas and lookups of local authorities."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from data.errors import DownloadError
from data.fetch.arcgis import Features, query_features, quote
from data.fetch.authorities import Authority
from data.fetch.cache import write_atomic, write_csv
from data.fetch.http import Client
from data.fetch.result import Fetched, Planned

Detail = Literal["bsc", "bgc", "bfc"]
LSOA_CODE, LSOA_NAME, OA_CODE = "LSOA21CD", "LSOA21NM", "OA21CD"
# Attributes and GeoJSON geometry by code.
_Found = dict[str, tuple[dict[str, Any], dict[str, Any] | None]]
_LOOKUP = ("LSOA11CD", "LSOA11NM", LSOA_CODE, LSOA_NAME)


def fetch_boundaries(
    client: Client, authorities: Sequence[Authority], target: Path, *, detail: Detail = "bgc"
) -> Fetched:
    """Write the LSOA boundaries of local authorities as GeoJSON in degrees.

    Parameters
    ----------
    client, authorities, target
    detail
        bsc (super-generalised), bgc (generalised to 20 m) or bfc (full).

    Returns
    -------
    Fetched
        ``count`` neighbourhoods; their codes by ``read_codes(target)``.

    Raises
    ------
    DownloadError
        When rows or geometries are missing, or an authority has none.
    """
    found: _Found = {}
    url = ""
    for authority in authorities:
        answer = query_features(
            client, f"lsoa_{detail}", where=_where(authority), what=f"LSOAs of {authority.name}",
            fields=(LSOA_CODE, LSOA_NAME), keys=(LSOA_CODE,),
        )  # fmt: skip
        url = answer.url
        of_it = _of_authority(answer, authority)
        if not of_it:
            raise DownloadError(
                client.source("open_geography").title, answer.url,
                f"has no LSOA whose name begins with {' or '.join(authority.lsoa_names)}",
                "names of LSOAs are those of the districts of 2021: if the authority is newer, give "
                "the districts it was made of",
            )  # fmt: skip
        found |= of_it
    _check_shapes(client, url, found)
    _write_geojson(target, found, (LSOA_CODE, LSOA_NAME))
    return _fetched(target, "LSOA boundaries 2021", url, len(found), "neighbourhoods")


def fetch_output_areas(client: Client, lsoas: Sequence[str], target: Path) -> Fetched:
    """Write the output areas of LSOAs as GeoJSON with OA21CD and LSOA21CD.

    Raises
    ------
    DownloadError
        When an LSOA has no output area in the answer.
    """
    found, url = _by_codes(client, "oa", lsoas, (OA_CODE, LSOA_CODE), "output areas")
    _check_all(
        client, url, lsoas, (row[LSOA_CODE] for row, _ in found.values()), "output areas",
        "build without output areas (postcodes are used instead)",
    )  # fmt: skip
    _check_shapes(client, url, found)
    _write_geojson(target, found, (OA_CODE, LSOA_CODE))
    return _fetched(target, "Output area boundaries 2021", url, len(found), "output areas")


def fetch_lookup(client: Client, authorities: Sequence[Authority], target: Path) -> Fetched:
    """Write the lookup of LSOAs 2011 to LSOAs 2021 as CSV (LSOA11CD, LSOA11NM, LSOA21CD, LSOA21NM)."""
    rows: list[tuple[str, ...]] = []
    url = ""
    for authority in authorities:
        answer = query_features(
            client, "lsoa_lookup", where=_where(authority), what=f"pairs of LSOAs of {authority.name}",
            fields=_LOOKUP, keys=(_LOOKUP[0], LSOA_CODE), geometry=False,
        )  # fmt: skip
        url = answer.url
        pattern = _name_pattern(authority)
        rows += [
            tuple(str(row.get(name, "")) for name in _LOOKUP)
            for row in answer.rows
            if pattern.fullmatch(str(row.get(LSOA_NAME, "")))
        ]
    pairs = sorted(set(rows))
    write_csv(target, _LOOKUP, pairs)
    return _fetched(target, "LSOA 2011 to LSOA 2021 lookup", url, len(pairs), "pairs")


def fetch_wards(client: Client, lsoas: Sequence[str], target: Path) -> Fetched:
    """Write the ward that each LSOA fits best as CSV (LSOA21CD, WDCD, WDNM), whatever year the wards are of.

    Raises
    ------
    DownloadError
        When no such service answers (status 404), or an LSOA has no ward.
    """
    codes, url, year = sorted(set(lsoas)), "", ""
    found: dict[str, tuple[str, str]] = {}
    for where in _where_codes(client, codes):
        answer = query_features(
            client, "ward_lookup", where=where, what="wards", keys=(LSOA_CODE,), geometry=False
        )
        url = answer.url
        for row in answer.rows:
            code = next((name for name in row if re.fullmatch(r"WD\d\dCD", name)), "")
            name = row.get(f"{code[:-2]}NM")
            if code and row[code] and name:
                found[str(row[LSOA_CODE])], year = (str(row[code]), str(name)), f"20{code[2:4]}"
    _check_all(client, url, codes, found, "ward", "look at services.ward_lookup in data/fetch/addresses.toml")
    asked = [(code, *found[code]) for code in codes]
    write_csv(target, (LSOA_CODE, "WDCD", "WDNM"), asked)
    return _fetched(target, f"LSOA 2021 to ward {year} best-fit lookup", url, len(asked), "neighbourhoods")


def find_neighbours(
    client: Client, box: tuple[float, float, float, float]
) -> list[tuple[str, str, dict[str, Any]]]:
    """Return code, name and outline (coarse, degrees) of every LSOA that touches a box in degrees."""
    answer = query_features(
        client, "lsoa_bsc", where="1=1", what="LSOAs around the area", fields=(LSOA_CODE, LSOA_NAME),
        keys=(LSOA_CODE,), within=box,
    )  # fmt: skip
    return [
        (str(row[LSOA_CODE]), str(row.get(LSOA_NAME, "")), shape)
        for row, shape in zip(answer.rows, answer.geometries, strict=True)
        if shape
    ]


def plan_geography(
    client: Client, authorities: Sequence[Authority], *, detail: Detail = "bgc"
) -> list[Planned]:
    """Return what would be asked of Open Geography."""
    source = client.source("open_geography")
    names = ", ".join(authority.name for authority in authorities)
    wanted = (
        (f"lsoa_{detail}", f"LSOA boundaries 2021 of {names}"),
        ("oa", f"Output areas 2021 of {names}"),
        ("lsoa_lookup", f"LSOA 2011 to 2021 lookup of {names}"),
        ("ward_lookup", f"Wards of {names}"),
    )
    return [
        Planned(source.key, title, source.url(f"{source.settings['services'][key][0]}/FeatureServer/0/query"),
                note="in pages of up to 2,000 rows")
        for key, title in wanted
    ]  # fmt: skip


def read_codes(path: Path, column: str = LSOA_CODE) -> list[str]:
    """Return the codes of a GeoJSON file that this module wrote, in its order."""
    return [
        feature["properties"][column] for feature in json.loads(path.read_text(encoding="utf-8"))["features"]
    ]


def read_parents(path: Path) -> dict[str, str]:
    """Return output area to LSOA out of a file of ``fetch_output_areas``."""
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return {feature["properties"][OA_CODE]: feature["properties"][LSOA_CODE] for feature in features}


def _where(authority: Authority) -> str:
    return " OR ".join(f"{LSOA_NAME} LIKE {quote(name + ' %')}" for name in authority.lsoa_names)


def _where_codes(client: Client, lsoas: Iterable[str]) -> Iterator[str]:
    """Conditions that together name every code, few enough in each for the address to be taken."""
    step = int(client.source("open_geography").settings["codes_a_call"])
    codes = sorted(set(lsoas))
    for start in range(0, len(codes), step):
        yield f"{LSOA_CODE} IN ({','.join(map(quote, codes[start : start + step]))})"


def _name_pattern(authority: Authority) -> re.Pattern[str]:
    """Names of its own only: LIKE 'Newport %' would also take a 'Newport Pagnell 001A'."""
    return re.compile(rf"(?:{'|'.join(map(re.escape, authority.lsoa_names))}) \d{{3}}[A-Z]{{1,2}}")


def _of_authority(answer: Features, authority: Authority) -> _Found:
    pattern = _name_pattern(authority)
    return {
        str(row[LSOA_CODE]): (row, shape)
        for row, shape in zip(answer.rows, answer.geometries, strict=True)
        if pattern.fullmatch(str(row.get(LSOA_NAME, "")))
    }


def _by_codes(
    client: Client, service: str, lsoas: Sequence[str], fields: Sequence[str], what: str
) -> tuple[_Found, str]:
    """Rows of a service for LSOA codes, by the first of ``fields``, and the last address asked."""
    found: _Found = {}
    url = ""
    for where in _where_codes(client, lsoas):
        answer = query_features(client, service, where=where, what=what, fields=fields, keys=fields[:1])
        url = answer.url
        for row, shape in zip(answer.rows, answer.geometries, strict=True):
            found[str(row[fields[0]])] = (row, shape)
    return found, url


def _check_all(
    client: Client, url: str, lsoas: Iterable[str], found: Iterable[str], what: str, else_do: str
) -> None:
    """Raise where an LSOA that was asked for isn't among those ``found``."""
    asked = set(lsoas)
    without = sorted(asked - set(found))
    if without:
        raise DownloadError(
            client.source("open_geography").title, url,
            f"has no {what} for {len(without)} of {len(asked)} LSOAs ({', '.join(without[:5])})",
            f"run it again; if it stays so, {else_do}",
        )  # fmt: skip


def _check_shapes(client: Client, url: str, found: _Found) -> None:
    empty = sorted(code for code, (_, shape) in found.items() if not shape or not shape.get("coordinates"))
    if empty:
        raise DownloadError(
            client.source("open_geography").title, url,
            f"sent {len(empty)} areas without a shape ({', '.join(empty[:5])})",
            "run it again; if it stays so, ask for another detail (bsc, bgc, bfc)",
        )  # fmt: skip


def _write_geojson(target: Path, found: _Found, fields: Sequence[str]) -> None:
    features = [
        {"type": "Feature", "properties": {name: found[code][0].get(name) for name in fields},
         "geometry": found[code][1]}
        for code in sorted(found)
    ]  # fmt: skip
    collection = {"type": "FeatureCollection", "features": features}
    write_atomic(target, json.dumps(collection, ensure_ascii=False, separators=(",", ":")).encode())


def _fetched(target: Path, title: str, url: str, count: int, counted: str) -> Fetched:
    return Fetched("open_geography", title, target, url, target.stat().st_size, count=count, counted=counted)
