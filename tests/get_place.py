"""A made-up authority, Thorn Green, and every source's answer about it, for a loopback server.

Two by two neighbourhoods of a kilometre each, two output areas in each, a grid
of streets, one bus route, four stops. The answers have the shapes of the public
sources: paging, upper-case columns, codes with leading underscores, no header
where the product has none.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import io
import json
import re
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pyproj

from tests.loopback import overpass
from tests.loopback.server import Asked, Loopback, Reply

NAME, CODE = "Thorn Green", "E07999999"
WIMD_PATH = (
    "sites/default/files/statistics-and-research/2019-11/"
    "welsh-index-multiple-deprivation-2019-index-and-domain-ranks-by-small-area.ods"
)
ORIGIN = (392_000, 405_000)
SIDE = 1000
OVERPASS = "/overpass/interpreter"
ETHNIC = (
    "Total: All usual residents", "White: English, Welsh, Scottish, Northern Irish or British",
    "White: Irish",
    "White: Gypsy or Irish Traveller", "White: Roma", "White: Other White",
    "Mixed or Multiple ethnic groups: White and Asian",
    "Mixed or Multiple ethnic groups: White and Black African",
    "Mixed or Multiple ethnic groups: White and Black Caribbean",
    "Mixed or Multiple ethnic groups: Other Mixed or Multiple ethnic groups",
    "Asian, Asian British or Asian Welsh: Indian", "Asian, Asian British or Asian Welsh: Pakistani",
    "Asian, Asian British or Asian Welsh: Bangladeshi", "Asian, Asian British or Asian Welsh: Chinese",
    "Asian, Asian British or Asian Welsh: Other Asian",
    "Black, Black British, Black Welsh, Caribbean or African: African",
    "Black, Black British, Black Welsh, Caribbean or African: Caribbean",
    "Black, Black British, Black Welsh, Caribbean or African: Other Black", "Other ethnic group: Arab",
    "Other ethnic group: Any other ethnic group",
)  # fmt: skip
DIMENSIONS = {"NM_2041_1": "c2021_eth_20", "NM_2020_1": "c2021_age_19", "NM_2048_1": "c2021_engprf_6",
              "NM_2063_1": "c2021_cars_5"}  # fmt: skip
# As Nomis names them; the last category of each is the last of the table.
_NOT_ENGLISH = "Main language is not English (English or Welsh in Wales)"
NAMES = {
    "c2021_eth_20": ETHNIC,
    "c2021_age_19": (
        "Total: All usual residents", "Aged 4 years and under",
        *(f"Aged {first} to {first + 4} years" for first in range(5, 85, 5)), "Aged 85 years and over",
    ),
    "c2021_engprf_6": (
        "Total: All usual residents aged 3 years and over",
        "Main language is English (English or Welsh in Wales)",
        f"{_NOT_ENGLISH}: Can speak English very well", f"{_NOT_ENGLISH}: Can speak English well",
        f"{_NOT_ENGLISH}: Cannot speak English well", f"{_NOT_ENGLISH}: Cannot speak English",
    ),
    "c2021_cars_5": (
        "Total: All households", "No cars or vans in household", "1 car or van in household",
        "2 cars or vans in household", "3 or more cars or vans in household",
    ),
}  # fmt: skip
LSOAS = {f"E0199990{place}": f"{NAME} 001{'ABCD'[place]}" for place in range(4)}
OAS = {f"E009999{place}{half}": f"E0199990{place}" for place in range(4) for half in (0, 1)}
_BACK = pyproj.Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True)


def degrees(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of metres east and north of the place's corner."""
    lon, lat = _BACK.transform(ORIGIN[0] + x, ORIGIN[1] + y)
    return round(lon, 7), round(lat, 7)


def _box(x: float, y: float, width: float, height: float) -> dict[str, Any]:
    ring = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
    return {"type": "Polygon", "coordinates": [[degrees(*corner) for corner in ring]]}


def _corner(place: int) -> tuple[int, int]:
    return place % 2 * SIDE, place // 2 * SIDE


def _features() -> dict[str, list[dict[str, Any]]]:
    lsoas = [
        {"properties": {"LSOA21CD": code, "LSOA21NM": name},
         "geometry": _box(*_corner(place), SIDE, SIDE)}
        for place, (code, name) in enumerate(LSOAS.items())
    ]  # fmt: skip
    # Across the border: one 8 km to the east, one in the corner of the box, over 12 km away.
    lsoas += [
        {"properties": {"LSOA21CD": code, "LSOA21NM": name}, "geometry": _box(x, y, SIDE, SIDE)}
        for code, name, x, y in (("E01077770", "Leeds 001A", 10_000, 0),
                                 ("E01077771", "Birmingham 001A", 11_000, 11_000))
    ]  # fmt: skip
    areas = [
        {"properties": {"OA21CD": code, "LSOA21CD": parent},
         "geometry": _box(_corner(int(parent[-1]))[0] + half * SIDE / 2, _corner(int(parent[-1]))[1],
                          SIDE / 2, SIDE)}
        for half, (code, parent) in ((int(code[-1]), (code, parent)) for code, parent in OAS.items())
    ]  # fmt: skip
    pairs = [
        {"properties": {"LSOA11CD": code.replace("E0199", "E0188"), "LSOA11NM": name, "LSOA21CD": code,
                        "LSOA21NM": name}}
        for code, name in LSOAS.items()
    ]  # fmt: skip
    wards = [
        {"properties": {"LSOA21CD": code, "LSOA21NM": name, "WD24CD": f"E0599999{place % 2}",
                        "WD24NM": ("West", "East")[place % 2], "LAD24CD": CODE, "LAD24NM": NAME}}
        for place, (code, name) in enumerate(LSOAS.items())
    ]  # fmt: skip
    others = [{"properties": {"LAD24CD": "E07999998", "LAD24NM": "Elsewhere"}}]
    return {
        "Lower_layer": lsoas, "Output_Areas": areas, "LSOA11_LSOA21": pairs,
        "LSOA21_WD24": wards,
        "LAD_": [{"properties": {"LAD24CD": CODE, "LAD24NM": NAME}}, *others],
    }  # fmt: skip


def _chosen(where: str, row: dict[str, Any]) -> bool:
    if where == "1=1":
        return True
    if found := re.findall(r"(\w+) LIKE '([^']*) %'", where):
        return any(str(row.get(column, "")).startswith(f"{start} ") for column, start in found)
    if found := re.fullmatch(r"(\w+) IN \((.*)\)", where):
        return str(row.get(found[1])) in re.findall(r"'([^']*)'", found[2])
    raise AssertionError(where)


def _touches(shape: dict[str, Any], box: tuple[float, ...]) -> bool:
    lon, lat = zip(*shape["coordinates"][0], strict=True)
    return min(lon) <= box[2] and max(lon) >= box[0] and min(lat) <= box[3] and max(lat) >= box[1]


def _geography(asked: Asked) -> Reply | None:
    found = re.fullmatch(r"/open_geography/(\w+)/FeatureServer/0/query", asked.path)
    if not found:
        return None
    rows = next((rows for start, rows in _features().items() if found[1].startswith(start)), [])
    rows = [row for row in rows if _chosen(asked.query["where"], row["properties"])]
    if box := asked.query.get("geometry"):
        rows = [row for row in rows if _touches(row["geometry"], tuple(map(float, box.split(","))))]
    if "returnCountOnly" in asked.query:
        return Reply(json.dumps({"count": len(rows)}).encode())
    start = int(asked.query.get("resultOffset", 0))
    page = rows[start : start + 3]  # a server that cuts earlier than it is asked to
    more = start + 3 < len(rows)
    if asked.query["f"] == "geojson":
        answer = {"type": "FeatureCollection", "properties": {"exceededTransferLimit": more},
                  "features": [{"type": "Feature", **row} for row in page]}  # fmt: skip
    else:
        answer = {
            "exceededTransferLimit": more,
            "features": [{"attributes": row["properties"]} for row in page],
        }
    return Reply(json.dumps(answer).encode())


def people_of(area: str, category: int, dimension: str = "c2021_eth_20") -> int:
    """Counts of an LSOA or output area in a category: the total is the sum of the others."""
    if category == 0:
        return sum(people_of(area, other) for other in range(1, len(NAMES[dimension])))
    if area in OAS:
        whole, half = people_of(OAS[area], category), int(area[-1])
        return whole // 2 if half else whole - whole // 2
    return 3 + (7 * category + 5 * int(area[-1])) % 60


def _nomis(asked: Asked) -> Reply | None:
    found = re.fullmatch(r"/nomis/api/v01/dataset/(\w+)\.data\.csv", asked.path)
    if not found:
        return None
    dimension = DIMENSIONS[found[1]]
    geography = asked.query["geography"]
    areas: Iterable[str] = geography.split(",")
    if geography == f"{CODE}TYPE151":
        areas = LSOAS
    elif geography == f"{CODE}TYPE150":
        areas = OAS
    categories = [int(code) for code in asked.query[dimension].split(",")]
    names = NAMES[dimension]
    rows = [
        (area, LSOAS.get(area, area), f"_{code}", names[code], people_of(area, code, dimension))
        for area in areas
        for code in categories
    ]
    start, limit = int(asked.query["RecordOffset"]), int(asked.query["RecordLimit"])
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["GEOGRAPHY_CODE", "GEOGRAPHY_NAME", dimension.upper(), f"{dimension.upper()}_NAME",
                     "OBS_VALUE"])  # fmt: skip
    writer.writerows(rows[start : start + min(limit, 60)])
    return Reply(text.getvalue().encode(), "text/csv")


STOPS = {"9990TG001": ("Market Place", 250, 250), "9990TG002": ("Library", 1750, 250),
         "9990TG003": ("Station", 1750, 1750), "9990TG004": ("Old Depot", 250, 1750)}  # fmt: skip


def _zip(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text)
    return packed.getvalue()


def timetable() -> bytes:
    """One route through three of the four stops, every half hour, until the end of 2030."""
    today = dt.date(2026, 1, 5)
    stops = "".join(
        f"{code},{name},{degrees(x, y)[1]},{degrees(x, y)[0]}\n" for code, (name, x, y) in STOPS.items()
    )
    trips, calls = [], []
    for number in range(20):
        trips.append(f"R1,WK,T{number}\n")
        for place, code in enumerate(list(STOPS)[:3]):
            time = dt.timedelta(hours=8, minutes=30 * number + 6 * place)
            clock = f"{time.seconds // 3600 + 24 * time.days:02}:{time.seconds // 60 % 60:02}:00"
            calls.append(f"T{number},{clock},{clock},{code},{place}\n")
    return _zip(
        {
            "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\n"
            "A,Thorn Green Buses,https://example.org,Europe/London\n",
            "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\n" + stops,
            "routes.txt": "route_id,agency_id,route_short_name,route_long_name,route_type\nR1,A,1,Circle,3\n",
            "trips.txt": "route_id,service_id,trip_id\n" + "".join(trips),
            "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n" + "".join(calls),
            "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,"
            f"end_date\nWK,1,1,1,1,1,0,0,{today:%Y%m%d},20301231\n",
        }
    )


def naptan() -> bytes:
    """The stops with a byte-order mark, one of them without degrees."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["ATCOCode", "CommonName", "Landmark", "Street", "Indicator", "Bearing", "LocalityName",
                     "Easting", "Northing", "Longitude", "Latitude", "StopType", "Status"])  # fmt: skip
    for number, (code, (name, x, y)) in enumerate(STOPS.items()):
        lon, lat = degrees(x, y) if number else ("", "")
        writer.writerow([code, name, "", "High Street", "opp", "N", NAME, ORIGIN[0] + x, ORIGIN[1] + y, lon,
                         lat, "BCT", "active"])  # fmt: skip
    return text.getvalue().encode("utf-8-sig")


@functools.cache
def streets() -> bytes:
    """A grid of streets every 100 metres over the place and around it, with a library and a hall."""
    steps = range(-5, 26)
    ids = {(i, j): 1 + number for number, (i, j) in enumerate((i, j) for i in steps for j in steps)}
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="Overpass API">',
        '<meta osm_base="2026-10-01T00:00:00Z"/>',
    ]  # fmt: skip
    for (i, j), node in ids.items():
        lon, lat = degrees(100 * i, 100 * j)
        lines.append(f'<node id="{node}" lat="{lat}" lon="{lon}"/>')
    for number, (kind, x, y) in enumerate((("library", 420, 430), ("community_centre", 1610, 1580))):
        lon, lat = degrees(x, y)
        lines.append(
            f'<node id="{90_001 + number}" lat="{lat}" lon="{lon}"><tag k="amenity" v="{kind}"/>'
            f'<tag k="name" v="Thorn Green {kind}"/></node>'
        )
    ways = [[(i, j) for j in steps] for i in steps] + [[(i, j) for i in steps] for j in steps]
    for number, way in enumerate(ways):
        refs = "".join(f'<nd ref="{ids[place]}"/>' for place in way)
        lines.append(f'<way id="{1001 + number}">{refs}<tag k="highway" v="residential"/></way>')
    return "\n".join([*lines, "</osm>"]).encode()


def code_point_open() -> bytes:
    """Two postcodes in the place and one far away, without a header, as the product comes."""
    rows = [
        ("OL1 1AA", 10, 392_300, 405_300),
        ("OL1 1AB", 10, 393_700, 406_700),
        ("ZE1 0AA", 10, 447_000, 1_141_000),
    ]
    text = "".join(f'"{code}",{quality},{x},{y},"E92000001","","","","",""\n' for code, quality, x, y in rows)
    return _zip({"Data/CSV/ol.csv": text, "Doc/Code-Point_Open_Column_Headers.csv": "PC,PQ,EA,NO\n"})


def rank_of(area: str) -> int:
    """The rank of an LSOA in its nation's index, by its last figure."""
    return 1 + 150 * int(area[-1])


def deprivation() -> bytes:
    """Every LSOA of England by number, those of the place among them."""
    codes = [*LSOAS, *(f"E01{number:06}" for number in range(33_755 - len(LSOAS)))]
    head = (
        "LSOA code (2021),LSOA name (2021),Index of Multiple Deprivation (IMD) Score,"
        "Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived),"
        "Index of Multiple Deprivation (IMD) Decile (where 1 is most deprived 10% of LSOAs)\n"
    )
    rows = (f"{code},{LSOAS.get(code, 'Somewhere')},12.5,{rank_of(code)},1\n" for code in codes)
    return (head + "".join(rows)).encode()


def wimd(codes: int = 1909, *, sheet: str = "Deciles_quintiles_quartiles") -> bytes:
    """The Welsh index as a spreadsheet: a title, a header, the areas of 2011, and empty rows without end."""

    def row(*values: object) -> str:
        cells = "".join(
            f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p>'
            "</table:table-cell>"
            if isinstance(value, int)
            else f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
            for value in values
        )
        return f"<table:table-row>{cells}</table:table-row>"

    own = [f"W0188990{place}" for place in range(3)]
    areas = [*own, *(f"W01{number:06}" for number in range(1, codes - len(own) + 1))]
    body = [
        row("WIMD 2019: LSOA overall rank, decile, quintile and quartile"),
        row("LSOA code", "LSOA name (Eng)", "Local Authority name (Eng)", "WIMD 2019 overall rank",
            "WIMD 2019 overall decile ", "WIMD 2019 overall quintile", "WIMD 2019 overall quartile"),
        *(row(code, "Rhywle &amp; arall", "Sir", rank_of(code), 1 + int(code[-1]), 1, 1) for code in areas),
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row>',
    ]  # fmt: skip
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="Guidance">{row("LSOA code", "no")}</table:table>'
        f'<table:table table:name="{sheet}">{"".join(body)}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return _zip({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})


# The same place in Wales: every code of England said as a Welsh one. Its third area of 2011 was split.
_IN_WELSH = (("E07999999", "W06999999"), ("E0199990", "W0199990"), ("E009999", "W009999"),
             ("E01889903", "W01889902"), ("E0188990", "W0188990"), ("E0599999", "W0599999"))  # fmt: skip


def serve_welsh_place(server: Loopback) -> None:
    """Let the server answer as if Thorn Green lay in Wales."""
    serve_place(server, region="wales")
    # England lies within its margin, as it does of Wrexham's.
    path = "/bods/timetable/download/gtfs-file/yorkshire/"
    server.serve(path, timetable(), content_type="application/zip")
    honest = server.responders.copy()

    def welsh(asked: Asked) -> Reply | None:
        query = dict(asked.query)
        for english, code in _IN_WELSH:
            query = {key: value.replace(code, english) for key, value in query.items()}
        reply = next((reply for one in honest if (reply := one(replace(asked, query=query)))), None)
        if reply is None or reply.body.startswith(b"PK"):
            return reply
        body = reply.body
        for english, code in _IN_WELSH:
            body = body.replace(english.encode(), code.encode())
        return replace(reply, body=body)

    server.responders.insert(0, welsh)


def serve_place(server: Loopback, *, region: str = "england", ranges: bool = False) -> None:
    """Let the server answer for every source, about Thorn Green."""
    server.add(_geography)
    server.add(_nomis)
    server.add(lambda asked: overpass.answer(streets(), asked) if asked.path == OVERPASS else None)
    dated = {"Last-Modified": "Thu, 01 Oct 2026 06:00:00 GMT"}
    for path, body, kind in (
        (f"/bods/timetable/download/gtfs-file/{region}/", timetable(), "application/zip"),
        ("/naptan/v1/access-nodes", naptan(), "text/csv"),
        (
            "/code_point_open/downloads/v1/products/CodePointOpen/downloads",
            code_point_open(),
            "application/zip",
        ),
        (
            "/deprivation/media/691ded56d140bbbaa59a2a7d/"
            "File_7_IoD2025_All_Ranks_Scores_Deciles_Population_Denominators.csv",
            deprivation(),
            "text/csv",
        ),
        (f"/wimd/{WIMD_PATH}", wimd(), "application/vnd.oasis.opendocument.spreadsheet"),
    ):
        server.serve(path, body, content_type=kind, headers=dated, ranges=ranges)
