"""Streets, places and ground of OpenStreetMap: osmnx asks Overpass for one authority, Geofabrik has more.

Three questions a place: streets, places people go to, and ground. Each answer
stays in osmnx's cache until all are there; then they become one .osm file,
which osmnx reads when the pack is built.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import shutil
import time
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import shapely

from data.coordinates import BRITISH_GRID, LON_LAT, between
from data.errors import UsageError
from data.fetch.addresses import SourceAddress
from data.fetch.cache import write_atomic
from data.fetch.download import ByteProgress, download
from data.fetch.http import Client, UnusableAnswerError, offline_error, unusable
from data.fetch.overpass import Question, Tags, ask_overpass
from data.fetch.overpass_elements import write_osm
from data.fetch.result import Fetched, Planned, describe_download
from data.sources.osm_amenities import CATEGORIES

MAX_PBF = 3_000_000_000
LARGEST_KM2 = 1_500.0
FRESH_S = 7 * 86_400
_TITLE = "OpenStreetMap streets, places and ground"
_GROUND: Tags = {
    "natural": ["water", "wood", "scrub", "heath", "grassland"],
    "waterway": ["riverbank", "dock", "river", "canal"],
    "landuse": ["reservoir", "basin", "grass", "forest", "recreation_ground", "village_green", "cemetery",
                "meadow", "allotments"],
    "leisure": ["park", "garden", "nature_reserve", "golf_course", "common", "recreation_ground"],
    "railway": ["rail", "tram", "light_rail", "subway"],
}  # fmt: skip


def plan_streets(client: Client) -> Planned:
    """Return what would be asked of Overpass."""
    source = client.source("overpass")
    return Planned(
        source.key, _TITLE, source.url(source.settings["path"]),
        note="size known once the boundaries are there; about 0.3 MB for each km² of a town",
    )  # fmt: skip


def fetch_streets(
    client: Client,
    area: shapely.Geometry,
    target: Path,
    *,
    margin_m: float = 1_500.0,
    progress: ByteProgress | None = None,
) -> Fetched:
    """Bring streets, places and ground of an area as .osm.

    Parameters
    ----------
    area
        The neighbourhoods together, in degrees (EPSG:4326).
    target
        Ends in .osm.
    margin_m
        How far beyond the border.

    Raises
    ------
    UsageError
        When the area is too large to ask Overpass for.
    DownloadError
        When Overpass gave up, or the answer isn't whole.
    """
    source = client.source("overpass")
    if (size := _area_km2(area, margin_m)) > LARGEST_KM2:
        raise UsageError(
            f"{size:,.0f} km² of streets are too many to ask Overpass for (at most {LARGEST_KM2:,.0f}); "
            "give the part of Geofabrik's that holds the place (--streets england/greater-manchester)."
        )
    questions = list_questions(area, margin_m)
    asked = _digest(source, questions)
    kept = _is_kept(client, target, asked)
    if not kept:
        if client.offline:
            raise offline_error(source, source.url(source.settings["path"]))
        _ask_all(client, source, questions, asked, target, progress)
    counted = count_osm(target)
    return Fetched(
        source.key, _TITLE, target, source.url(source.settings["path"]), target.stat().st_size,
        date=read_osm_base(target), count=counted["way"], counted="ways", from_cache=kept,
    )  # fmt: skip


def _ask_all(
    client: Client, source: SourceAddress, questions: list[Question], asked: str, target: Path,
    progress: ByteProgress | None,
) -> None:  # fmt: skip
    """Ask every question that an earlier run has no answer to, and make one file of the answers."""
    answers = target.with_name(f".{target.name}.answers")
    mine = answers / asked
    if client.refresh or not _is_young(mine):
        shutil.rmtree(answers, ignore_errors=True)
    found, before, now = list[Path](), 0, 0

    def tell(done: int, _total: int | None, left_s: float | None) -> None:
        """Count the bytes of all questions together: one bar that never goes back."""
        nonlocal now
        now = done
        if progress is not None:
            progress(before + done, None, left_s)

    for number, question in enumerate(questions, start=1):
        client.tell(
            f"OpenStreetMap: asking Overpass for {question.about} ({number} of {len(questions)}); when it is "
            "busy it lets people wait a minute or more"
        )
        found += ask_overpass(client, source, question, mine / f"{number:02}", progress=tell)
        before, now = before + now, 0
    whole = mine / "whole.osm"
    write_osm(found, whole)
    try:
        count_osm(whole)
    except UnusableAnswerError as error:
        shutil.rmtree(answers, ignore_errors=True)
        raise unusable(source, source.url(source.settings["path"]), error) from error
    note = {"asked": asked, "size": whole.stat().st_size, "fetched": time.time()}
    # Without its note, between the two, the new file only means asking again.
    _note(target).unlink(missing_ok=True)
    whole.replace(target)
    write_atomic(_note(target), json.dumps(note).encode())
    shutil.rmtree(answers, ignore_errors=True)


def _note(target: Path) -> Path:
    return target.with_name(f".{target.name}.source.json")


def _is_young(folder: Path) -> bool:
    """Say whether answers of an earlier run are of these days; streets of another week don't fit them."""
    return folder.is_dir() and 0 <= time.time() - folder.stat().st_mtime < FRESH_S


def _is_kept(client: Client, target: Path, asked: str) -> bool:
    """Say whether the file there answers the same questions and is young; offline, that it is there."""
    if not target.is_file():
        return False
    try:
        note = json.loads(_note(target).read_text(encoding="utf-8"))
        same = note["asked"] == asked and note["size"] == target.stat().st_size
        age_s = time.time() - float(note["fetched"])
    except (OSError, ValueError, TypeError, KeyError):
        return client.offline  # put there by hand
    return bool(same) and (client.offline or (not client.refresh and 0 <= age_s < FRESH_S))


def _digest(source: SourceAddress, questions: list[Question]) -> str:
    said = [[one.about, one.tags and dict(one.tags), one.polygon.wkt] for one in questions]
    return hashlib.sha256(json.dumps([source.base, said]).encode()).hexdigest()[:16]


def is_part_name(text: str) -> bool:
    """Say whether a text is written as Geofabrik names its parts: words and hyphens, with slashes between."""
    return re.fullmatch(r"[a-z][a-z-]*(/[a-z][a-z-]*)*", text) is not None


def fetch_extract(
    client: Client, part: str, target: Path, *, progress: ByteProgress | None = None
) -> Fetched:
    """Bring a Geofabrik extract, checked against its published MD5 sum.

    Parameters
    ----------
    part
        Path below europe/united-kingdom, for example ``england/greater-manchester``.
    target
        Ends in .osm.pbf.

    Raises
    ------
    UsageError
        When ``part`` is none.
    DownloadError
        When Geofabrik has no such part, or the file isn't the one of the sum.
    """
    if not is_part_name(part):
        raise UsageError(f"{part!r}: write it as Geofabrik does, for example england/greater-manchester.")
    source = client.source("geofabrik")
    url = source.url(source.settings["path"].format(part=part))

    def check(data: bytes) -> None:
        if not re.match(rb"[0-9a-fA-F]{32}\b", data):
            raise UnusableAnswerError("sent no MD5 sum", again=True)

    md5 = client.get_bytes(source, f"{url}.md5", check=check, max_bytes=10_000, fresh_s=3600)[:32]
    found = download(
        client,
        source,
        url,
        target,
        kind="pbf",
        md5=md5.decode().lower(),
        max_bytes=MAX_PBF,
        progress=progress,
    )
    return describe_download(source, f"OpenStreetMap extract {part}", found)


def plan_extract(client: Client, part: str) -> Planned:
    """Return what would be fetched from Geofabrik."""
    source = client.source("geofabrik")
    url = source.url(source.settings["path"].format(part=part))
    return Planned(source.key, f"OpenStreetMap extract {part}", url, client.measure(source, url))


def count_osm(path: Path) -> dict[str, int]:
    """Return how many nodes, ways and relations an .osm file has.

    Raises
    ------
    UnusableAnswerError
        When the file ends too early, has no way, or says that the server gave
        up: Overpass writes that as a remark after whatever it had found so far.
    """
    counts = {"node": 0, "way": 0, "relation": 0}
    try:
        with path.open("rb") as stream:
            iterator = ElementTree.iterparse(stream, events=("start", "end"))
            _, root = next(iterator)
            depth = 0
            for event, element in iterator:
                depth += 1 if event == "start" else -1
                if event == "start" or depth != 0:
                    continue
                if element.tag == "remark" and "error" in (element.text or "").casefold():
                    raise UnusableAnswerError(
                        f"gave up in the middle ({(element.text or '').strip()[:150]})",
                        "try again later, or give a Geofabrik extract with --streets FILE.pbf",
                        again=True,
                    )
                if element.tag in counts:
                    counts[element.tag] += 1
                root.clear()
    except (ElementTree.ParseError, StopIteration) as error:
        raise UnusableAnswerError(
            f"sent OpenStreetMap XML that ends too early ({error})", again=True
        ) from error
    if not counts["way"]:
        raise UnusableAnswerError("sent no street at all", "check the area; is it on land?")
    return counts


def read_osm_base(path: Path) -> dt.date | None:
    """Return the day that Overpass's data are from (``<meta osm_base="...">``), None where it isn't said."""
    with path.open("rb") as stream:
        found = re.search(rb'osm_base="(\d{4}-\d{2}-\d{2})T', stream.read(2048))
    try:
        return dt.date.fromisoformat(found[1].decode()) if found else None
    except ValueError:
        return None


def list_questions(area: shapely.Geometry, margin_m: float) -> list[Question]:
    """Return what is asked about an area (degrees): each of its parts alone, for osmnx would join them."""
    places: dict[str, list[str] | bool] = {}
    listed: dict[str, set[str]] = defaultdict(set)
    for key, value in CATEGORIES:
        listed[key].add(value)
    for key, values in sorted(listed.items()):
        places[key] = True if "*" in values else sorted(values)
    return [
        Question(about, tags, polygon)
        for polygon in outline_polygons(area, margin_m)
        for about, tags in (("streets", None), ("places", places), ("water, green and railways", _GROUND))
    ]


def outline_polygons(area: shapely.Geometry, margin_m: float) -> list[shapely.Polygon]:
    """Return an area's outlines with its margin, in degrees; with few corners Overpass is quicker."""
    grid = _project(area, LON_LAT, BRITISH_GRID)
    tolerance = max(margin_m / 5, 20.0)
    wide = grid.buffer(margin_m + tolerance).simplify(tolerance)
    parts = shapely.get_parts(_project(wide, BRITISH_GRID, LON_LAT))
    outlines = [shapely.Polygon(part.exterior) for part in parts]
    return [outline if outline.is_valid else outline.convex_hull for outline in outlines]


def _area_km2(area: shapely.Geometry, margin_m: float) -> float:
    grid = _project(area, LON_LAT, BRITISH_GRID)
    return float(grid.buffer(margin_m).area) / 1e6


def _project(shape: shapely.Geometry, source: str, target: str) -> shapely.Geometry:
    def move(points: np.ndarray) -> np.ndarray:
        return np.column_stack(between(points[:, 0], points[:, 1], source, target))

    return shapely.transform(shape, move)
