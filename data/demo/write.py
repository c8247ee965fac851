"""Writing the raw files: the same bytes every time."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from data.demo.amenities import Amenity
from data.demo.geometry import polygons_of
from data.demo.land import AREA_NAME, BOROUGH, Land
from data.demo.neighbourhoods import Neighbourhood
from data.demo.people import CATEGORIES, TOTAL_NAME
from data.demo.place import to_grid, to_lon_lat
from data.demo.points import PopulationPoint
from data.demo.stops import Stop
from data.demo.streets import Network

_ZIP_TIME = (2026, 9, 1, 0, 0, 0)


def write_table(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[object]], *, bom: bool = False
) -> None:
    """Write a CSV with plain line ends; ``bom`` puts a byte-order mark before it, as some sources do."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(out.getvalue().encode("utf-8-sig" if bom else "utf-8"))


def write_gtfs(path: Path, files: dict[str, str]) -> None:
    """Zip the feed with fixed times and attributes, so that its bytes depend on its text only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, files[name].encode("utf-8"))


def _degrees(xy: np.ndarray) -> list[list[float]]:
    points = [to_lon_lat(*to_grid(float(x), float(y))) for x, y in xy]
    return [[round(lon, 6), round(lat, 6)] for lon, lat in points]


def write_boundaries(path: Path, areas: list[Neighbourhood]) -> None:
    """Write the neighbourhoods as GeoJSON in degrees, one line a feature."""
    features = []
    for area in areas:
        parts = [
            [_degrees(shapely.get_coordinates(ring)) for ring in (part.exterior, *part.interiors)]
            for part in polygons_of(area.polygon)
        ]
        geometry = {"type": "MultiPolygon", "coordinates": parts}
        properties = {"LSOA21CD": area.code, "LSOA21NM": area.name, "note": "fictional"}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    head = '{"type": "FeatureCollection", "name": "fernley_vale_fictional", "features": [\n'
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((head + lines + "\n]}\n").encode())


def write_wards(path: Path, areas: list[Neighbourhood]) -> None:
    """Write which ward each neighbourhood is in, in the shape of the best-fit lookup."""
    header = ("lsoa21_name", "lsoa21_code", "ward24_name", "ward24_code", "ltla24_name", "ltla24_code")
    rows = [(a.name, a.code, a.ward_name, a.ward_code, BOROUGH, "X09000001") for a in areas]
    write_table(path, header, rows)


def write_census(path: Path, areas: list[Neighbourhood], counts: np.ndarray) -> None:
    """Write the counts as the census office's web service answers: upper-case headers, long."""
    header = ("GEOGRAPHY_CODE", "GEOGRAPHY_NAME", "C2021_ETH_20", "C2021_ETH_20_NAME", "OBS_VALUE")
    rows: list[tuple[object, ...]] = []
    for area, row in zip(areas, counts, strict=True):
        rows.append((area.code, area.name, 0, TOTAL_NAME, int(row.sum())))
        rows += [
            (area.code, area.name, code, name, int(people))
            for (code, name), people in zip(CATEGORIES, row, strict=True)
        ]
    write_table(path, header, rows)


def write_output_areas(path: Path, points: list[PopulationPoint]) -> None:
    """Write each output area with its people and its point on the National Grid."""
    header = ("oa21_code", "lsoa21_code", "persons", "easting", "northing")
    rows = []
    for point in points:
        easting, northing = to_grid(point.x, point.y)
        rows.append((point.code, point.neighbourhood, point.people, easting, northing))
    write_table(path, header, rows)


def write_postcodes(path: Path, points: list[PopulationPoint]) -> None:
    """Write postcodes in the shape of the open list: quality and whole metres."""
    rows = []
    for point in points:
        easting, northing = to_grid(point.x, point.y)
        rows.append((point.code, 10, round(easting), round(northing)))
    write_table(path, ("postcode", "quality", "easting", "northing"), rows)


def write_stops(path: Path, stops: list[Stop]) -> None:
    """Write the stops register in NaPTAN's shape, byte-order mark included."""
    header = (
        "ATCOCode", "NaptanCode", "CommonName", "Landmark", "Street", "Indicator", "Bearing",
        "NptgLocalityCode",
        "LocalityName", "ParentLocalityName", "Easting", "Northing", "Longitude", "Latitude",
        "StopType", "Status",
    )  # fmt: skip
    rows = []
    for number, stop in enumerate(stops):
        easting, northing = to_grid(stop.x, stop.y)
        lon, lat = to_lon_lat(easting, northing)
        blank = number % 53 == 7
        rows.append(
            (
                stop.code,
                f"fvl{number:05d}",
                stop.name,
                stop.landmark,
                stop.street,
                stop.indicator,
                stop.bearing,
                "",
                stop.locality,
                BOROUGH,
                round(easting),
                round(northing),
                "" if blank else lon,
                "" if blank else lat,
                stop.stop_type,
                "active" if stop.active else "inactive",
            )
        )
    write_table(path, header, rows, bom=True)


def write_places(path: Path, places: list[Amenity]) -> None:
    """Write the known places in the shape of an amenities extract."""
    header = (
        "osm_type", "osm_id", "key", "value", "name", "street", "postcode", "religion", "denomination",
        "social_facility", "social_facility_for", "phone", "website", "opening_hours", "wheelchair",
        "lon", "lat",
    )  # fmt: skip
    rows = []
    for number, place in enumerate(places, start=1):
        lon, lat = to_lon_lat(*to_grid(place.x, place.y))
        tag = place.tags.get
        rows.append(
            (
                "node",
                number,
                place.key,
                place.value,
                place.name,
                place.street,
                place.postcode,
                tag("religion", ""),
                tag("denomination", ""),
                tag("social_facility", ""),
                "",
                tag("phone", ""),
                "",
                tag("opening_hours", ""),
                tag("wheelchair", ""),
                lon,
                lat,
            )
        )
    write_table(path, header, rows)


class _Osm:
    """Collects nodes, ways and relations in the order they come."""

    def __init__(self) -> None:
        self.nodes: list[str] = []
        self.ways: list[str] = []
        self.relations: list[str] = []
        self._ids: dict[tuple[float, float], int] = {}
        self._next = 1
        self.box = [180.0, 90.0, -180.0, -90.0]

    def _id(self) -> int:
        self._next += 1
        return self._next - 1

    def node(self, x: float, y: float, tags: dict[str, str] | None = None) -> int:
        """Add a node, or find the one that is there; a node with tags is always new."""
        key = (round(x, 2), round(y, 2))
        if tags is None and key in self._ids:
            return self._ids[key]
        number = self._id()
        lon, lat = to_lon_lat(*to_grid(x, y))
        self.box = [
            min(self.box[0], lon),
            min(self.box[1], lat),
            max(self.box[2], lon),
            max(self.box[3], lat),
        ]
        head = f'  <node id="{number}" version="1" visible="true" lat="{lat:.7f}" lon="{lon:.7f}"'
        if tags is None:
            self._ids[key] = number
            self.nodes.append(head + "/>")
        else:
            self.nodes.append(head + ">" + _tags(tags) + "</node>")
        return number

    def way(self, xy: np.ndarray, tags: dict[str, str]) -> int:
        """Add a way through points (local metres)."""
        refs = [self.node(float(x), float(y)) for x, y in xy]
        refs = [ref for i, ref in enumerate(refs) if i == 0 or ref != refs[i - 1]]
        number = self._id()
        body = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        self.ways.append(f'  <way id="{number}" version="1" visible="true">{body}{_tags(tags)}</way>')
        return number

    def area(self, polygon: Polygon, tags: dict[str, str]) -> None:
        """Add a closed way round a polygon."""
        self.way(shapely.get_coordinates(polygon.exterior), tags)

    def text(self) -> str:
        """Return the document."""
        west, south, east, north = self.box
        return "\n".join(
            [
                '<?xml version="1.0" encoding="UTF-8"?>',
                '<osm version="0.6" generator="one-bus-reach demo, fictional">',
                f'  <bounds minlat="{south:.7f}" minlon="{west:.7f}" '
                f'maxlat="{north:.7f}" maxlon="{east:.7f}"/>',
                *self.nodes,
                *self.ways,
                *self.relations,
                "</osm>",
                "",
            ]
        )


def _tags(tags: dict[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items() if value)


def _simple(geometry: BaseGeometry, tolerance_m: float) -> BaseGeometry:
    return geometry.simplify(tolerance_m)


def write_osm(
    path: Path,
    network: Network,
    land: Land,
    greens: list[tuple[str, str, Polygon]],
    tram: LineString,
    places: list[Amenity],
) -> None:
    """Write streets, paths, water, green, tracks and places as OpenStreetMap XML.

    ``greens`` holds (name, OSM tag as ``key=value``, polygon).
    """
    osm = _Osm()
    osm.node(0.0, 0.0, {"place": "town", "name": AREA_NAME, "note": "fictional"})
    for edge in network.edges:
        tags = {"highway": edge.highway, "name": edge.name or ""}
        if edge.bridge:
            tags |= {"bridge": "yes", "layer": "1"}
        osm.way(shapely.get_coordinates(edge.line.simplify(0.6)), tags)
    osm.area(_simple(land.water, 2.0), {"natural": "water", "water": "river", "name": "River Wend"})
    osm.way(shapely.get_coordinates(_simple(land.river, 2.0)), {"waterway": "river", "name": "River Wend"})
    osm.way(
        shapely.get_coordinates(_simple(land.railway, 2.0)),
        {"railway": "rail", "name": "Fernley line (fictional)"},
    )
    osm.way(
        shapely.get_coordinates(_simple(tram, 2.0)),
        {"railway": "tram", "name": "Fernley Tramways (fictional)"},
    )
    for name, tag, polygon in greens:
        key, value = tag.split("=")
        osm.area(_simple(polygon, 2.0), {key: value, "name": name})
    osm.node(land.station.x, land.station.y, {"railway": "station", "name": "Fernley"})
    for place in places:
        tags = {
            place.key: place.value,
            "name": place.name,
            "addr:street": place.street,
            "addr:postcode": place.postcode,
        }
        osm.node(place.x, place.y, tags | place.tags)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(osm.text().encode())
