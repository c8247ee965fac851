"""Streets, places and ground of OpenStreetMap: Overpass for one authority, Geofabrik for large areas.

Overpass is asked through this package's own layer, not through osmnx's
downloader: that one waits without a word and without an end, and its export
drops places and ground. What comes is an .osm file that osmnx reads afterwards.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import shapely

from data.coordinates import BRITISH_GRID, LON_LAT, between
from data.errors import UsageError
from data.fetch.download import ByteProgress, download
from data.fetch.http import Client, UnusableAnswerError
from data.fetch.result import Fetched, Planned, describe_download
from data.sources.osm_amenities import CATEGORIES

MAX_OSM = 2_000_000_000
MAX_PBF = 3_000_000_000
LARGEST_KM2 = 1_500.0
_GROUND = (
    ("natural", "water|wood|scrub|heath|grassland"),
    ("waterway", "riverbank|dock|river|canal"),
    ("landuse", "reservoir|basin|grass|forest|recreation_ground|village_green|cemetery|meadow|allotments"),
    ("leisure", "park|garden|nature_reserve|golf_course|common|recreation_ground"),
    ("railway", "rail|tram|light_rail|subway"),
)


def plan_streets(client: Client, area: shapely.Geometry, *, margin_m: float) -> Planned:
    """Return what would be asked of Overpass for an area in degrees."""
    source = client.source("overpass")
    size = _area_km2(area, margin_m)
    return Planned(
        source.key, "OpenStreetMap streets, places and ground", source.url(source.settings["path"]),
        note=f"{size:,.0f} km²; about 0.3 MB for each in a town",
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
            "fetch an extract from download.geofabrik.de and give it with --streets FILE.pbf."
        )
    query = build_query(
        outline_rings(area, margin_m),
        timeout_s=int(source.settings["timeout_s"]),
        memory_bytes=int(source.settings["memory_bytes"]),
    )
    client.tell("OpenStreetMap: asking Overpass; when it is busy it lets people wait a minute or more")
    counted: dict[str, int] = {}

    def check(path: Path) -> None:
        counted.clear()
        counted.update(count_osm(path))

    found = download(
        client, source, source.url(source.settings["path"]), target, kind="osm", form={"data": query},
        check=check, max_bytes=MAX_OSM, fresh_s=7 * 86_400, progress=progress,
    )  # fmt: skip
    if not counted:
        counted.update(count_osm(target))
    described = describe_download(
        source, "OpenStreetMap streets, places and ground", found, count=counted["way"], counted="ways"
    )
    return Fetched(**(vars(described) | {"date": read_osm_base(target) or described.date}))


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
    """
    if not re.fullmatch(r"[a-z][a-z-]*(/[a-z][a-z-]*)*", part):
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


def build_query(rings: list[list[tuple[float, float]]], *, timeout_s: int, memory_bytes: int) -> str:
    """Return the Overpass question for rings of (lon, lat): streets, places, ground, with their nodes."""
    places: dict[str, set[str]] = defaultdict(set)
    for key, value in CATEGORIES:
        places[key].add(value)
    lines = []
    for ring in rings:
        within = f'(poly:"{" ".join(f"{lat:.5f} {lon:.5f}" for lon, lat in ring)}")'
        lines.append(f'way["highway"]{within};')
        for key, values in sorted(places.items()):
            test = f'["{key}"]' if "*" in values else f'["{key}"~"^({"|".join(sorted(values))})$"]'
            lines.append(f"nwr{test}{within};")
        lines += [f'wr["{key}"~"^({values})$"]{within};' for key, values in _GROUND]
    settings = f"[out:xml][timeout:{timeout_s}][maxsize:{memory_bytes}];"
    return f"{settings}({''.join(lines)});(._;>;);out body;"


def outline_rings(area: shapely.Geometry, margin_m: float) -> list[list[tuple[float, float]]]:
    """Return an area's outlines with its margin, in degrees; with few corners Overpass is quicker."""
    grid = _project(area, LON_LAT, BRITISH_GRID)
    tolerance = max(margin_m / 5, 20.0)
    wide = grid.buffer(margin_m + tolerance).simplify(tolerance)
    degrees = _project(wide, BRITISH_GRID, LON_LAT)
    parts = degrees.geoms if isinstance(degrees, shapely.MultiPolygon) else [degrees]
    return [[(float(lon), float(lat)) for lon, lat in part.exterior.coords[:-1]] for part in parts]


def _area_km2(area: shapely.Geometry, margin_m: float) -> float:
    grid = _project(area, LON_LAT, BRITISH_GRID)
    return float(grid.buffer(margin_m).area) / 1e6


def _project(shape: shapely.Geometry, source: str, target: str) -> shapely.Geometry:
    def move(points: np.ndarray) -> np.ndarray:
        return np.column_stack(between(points[:, 0], points[:, 1], source, target))

    return shapely.transform(shape, move)
