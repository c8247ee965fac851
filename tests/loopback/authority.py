"""A made-up authority, Fernley Vale, as the public servers would tell of it.

The content is the demo's raw files with codes that look English (E09000099).
Knobs on ``FernleyVale`` choose between the ways in which real servers differ.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from data.coordinates import between
from tests.loopback import overpass
from tests.loopback.server import Asked, Loopback, Reply

CODE, NAME = "E09000099", "Fernley Vale"
DECOY = "Fernley Vale Park 001A"  # LIKE 'Fernley Vale %' takes it, and it is another place
_SERVICES = {
    "Lower_layer_Super_Output_Areas_December_2021_Boundaries_EW_BGC_V4": "lsoa",
    "Lower_layer_Super_Output_Areas_December_2021_Boundaries_EW_BSC_V4": "lsoa",
    "Output_Areas_2021_EW_BFC_V8": "oa",
    "LSOA11_LSOA21_LAD22_EW_LU_v5": "lookup",
    "LAD_DEC_2023_UK_NC": "lad",
}  # fmt: skip
_TYPES = {"TYPE150": "oa", "TYPE151": "lsoa", "TYPE152": "msoa"}


def english(code: str) -> str:
    """Return a code of the demo as an English one."""
    return CODE if code == "X09000001" else code.replace("X0", "E0", 1)


@dataclass
class FernleyVale:
    """The authority's data and how its servers behave.

    Attributes
    ----------
    nomis_limit : rows after which Nomis cuts, whatever is asked
    nomis_empty_types : ``{GSS}TYPE151`` comes back empty
    nomis_lower, nomis_shuffled : column names in lower case; columns in another order
    nomis_lost : area codes that Nomis never tells of
    page : rows an ArcGIS page has at most
    flag : where ArcGIS says that there is more: top, properties, both, or never
    short_pages : pages end early although there is more
    counts : the service answers returnCountOnly
    lose_last : ArcGIS loses a row on its way
    """

    raw: Path
    nomis_limit: int = 25_000
    nomis_empty_types: bool = False
    nomis_lower: bool = False
    nomis_shuffled: bool = False
    nomis_lost: frozenset[str] = frozenset()
    page: int = 40
    flag: str = "properties"
    short_pages: bool = False
    counts: bool = True
    lose_last: bool = False
    etag: str = '"one"'
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        demo = self.raw / "demo"
        collection = json.loads((demo / "boundaries" / "neighbourhoods.geojson").read_text())
        lsoas = [
            {**feature["properties"], "LSOA21CD": english(feature["properties"]["LSOA21CD"]),
             "geometry": feature["geometry"]}
            for feature in collection["features"]
        ]  # fmt: skip
        self.lsoas = [row["LSOA21CD"] for row in lsoas]
        self.names = {row["LSOA21CD"]: row["LSOA21NM"] for row in lsoas}
        decoy = {"LSOA21CD": "E01999999", "LSOA21NM": DECOY, "geometry": lsoas[0]["geometry"]}
        self.rows["lsoa"] = [*lsoas, decoy]
        self._read_output_areas(demo)
        self.rows["lookup"] = [
            {"LSOA11CD": code, "LSOA11NM": self.names[code], "LSOA21CD": code, "LSOA21NM": self.names[code]}
            for code in self.lsoas
        ]
        self.rows["lad"] = [
            {"LAD23CD": CODE, "LAD23NM": NAME},
            {"LAD23CD": "S12000036", "LAD23NM": "Edinburgh"},
        ]
        self.tables = {}
        for dataset, name in (("NM_2041_1", "ts021"), ("NM_2020_1", "ts007a"), ("NM_2048_1", "ts029"),
                              ("NM_2063_1", "ts045")):  # fmt: skip
            with (demo / "census" / f"{name}_nomis.csv").open(newline="") as stream:
                rows = list(csv.reader(stream))[1:]
            self.tables[dataset] = [(english(row[0]), *row[1:]) for row in rows]

    def _read_output_areas(self, demo: Path) -> None:
        with (demo / "census" / "output_area_points.csv").open(newline="") as stream:
            points = list(csv.DictReader(stream))
        x = np.array([float(row["easting"]) for row in points])
        y = np.array([float(row["northing"]) for row in points])
        corners = [between(x + dx, y + dy, "EPSG:27700", "EPSG:4326")
                   for dx, dy in ((-9, -9), (9, -9), (9, 9), (-9, 9), (-9, -9))]  # fmt: skip
        self.people = {english(row["oa21_code"]): row["persons"] for row in points}
        self.rows["oa"] = [
            {"OA21CD": english(row["oa21_code"]), "LSOA21CD": english(row["lsoa21_code"]),
             "geometry": {"type": "Polygon", "coordinates": [
                 [[round(float(lon[at]), 7), round(float(lat[at]), 7)] for lon, lat in corners]]}}
            for at, row in enumerate(points)
        ]  # fmt: skip

    def install(self, server: Loopback) -> FernleyVale:
        """Serve everything at ``/nomis``, ``/open_geography`` and so on."""
        for responder in (self._nomis, self._arcgis, self._files):
            server.add(responder)
        return self

    def _nomis(self, asked: Asked) -> Reply | None:
        found = re.fullmatch(r"/nomis/api/v01/dataset/(NM_\d+_1)\.data\.csv", asked.path)
        if found is None:
            return None
        dimension = next(name for name in asked.query if name.startswith("c2021_"))
        codes = asked.query[dimension].split(",")
        rows = [row for row in self._census(found[1], asked.query["geography"]) if row[2] in codes]
        start = int(asked.query["RecordOffset"])
        rows = rows[start : start + min(int(asked.query["RecordLimit"]), self.nomis_limit)]
        header = [
            "GEOGRAPHY_CODE",
            "GEOGRAPHY_NAME",
            dimension.upper(),
            f"{dimension.upper()}_NAME",
            "OBS_VALUE",
        ]
        table = [[name.lower() for name in header] if self.nomis_lower else header, *map(list, rows)]
        if self.nomis_shuffled:
            table = [row[::-1] for row in table]
        text = io.StringIO()
        csv.writer(text).writerows(table)
        return Reply(text.getvalue().encode() if rows else b"", "text/csv")

    def _census(self, dataset: str, geography: str) -> list[tuple[str, str, str, str, str]]:
        whole = re.fullmatch(rf"{CODE}(TYPE\d+)", geography)
        if whole and self.nomis_empty_types:
            return []
        if (whole and _TYPES[whole[1]] == "oa") or geography.startswith("E00"):
            rows = [
                (code, code, "0", "Total: All usual residents", self.people[code])
                for code in sorted(self.people)
            ]
        else:
            rows = self.tables[dataset]
        wanted = None if whole else set(geography.split(","))
        return sorted(
            row for row in rows if (wanted is None or row[0] in wanted) and row[0] not in self.nomis_lost
        )

    def _arcgis(self, asked: Asked) -> Reply | None:
        found = re.fullmatch(r"/open_geography/([^/]+)/FeatureServer/0/query", asked.path)
        if found is None:
            return None
        kind = _SERVICES.get(found[1])
        if kind is None:
            return Reply(b'{"error": {"code": 400, "message": "Invalid URL", "details": ["Invalid URL"]}}')
        rows = self._where(self.rows[kind], asked.query["where"])
        if asked.query.get("returnCountOnly") == "true":
            return Reply(json.dumps({"count": len(rows)} if self.counts else {"features": []}).encode())
        start, size = int(asked.query["resultOffset"]), min(int(asked.query["resultRecordCount"]), self.page)
        page = rows[start : start + (size - 3 if self.short_pages else size)]
        more = start + len(page) < len(rows)
        if self.lose_last and not more:
            page = page[:-1]
        return Reply(json.dumps(self._collection(page, more, asked.query)).encode())

    def _where(self, rows: list[dict[str, Any]], where: str) -> list[dict[str, Any]]:
        if where == "1=1":
            return rows
        if like := re.findall(r"(\w+) LIKE '((?:[^']|'')*) %'", where):
            starts = [(name, start.replace("''", "'") + " ") for name, start in like]
            return [row for row in rows if any(row[name].startswith(start) for name, start in starts)]
        column, codes = re.fullmatch(r"(\w+) IN \((.*)\)", where).groups()  # type: ignore[union-attr]
        wanted = {code.strip("'") for code in codes.split(",")}
        return [row for row in rows if row[column] in wanted]

    def _collection(self, page: list[dict[str, Any]], more: bool, query: dict[str, str]) -> dict[str, Any]:
        geojson = query["f"] == "geojson"
        features = []
        for row in page:
            attributes = {name: value for name, value in row.items() if name != "geometry"}
            if geojson:
                features.append({"type": "Feature", "properties": attributes, "geometry": row["geometry"]})
            else:
                features.append({"attributes": attributes})
        answer: dict[str, Any] = {"features": features}
        if geojson:
            answer["type"] = "FeatureCollection"
        if more and self.flag in ("top", "both"):
            answer["exceededTransferLimit"] = True
        if more and self.flag in ("properties", "both"):
            answer["properties"] = {"exceededTransferLimit": True}
        return answer

    def _files(self, asked: Asked) -> Reply | None:
        demo, path = self.raw / "demo", asked.path
        headers = {"ETag": self.etag, "Last-Modified": "Tue, 01 Sep 2026 06:00:00 GMT"}
        if re.fullmatch(r"/bods/timetable/download/gtfs-file/\w+/", path):
            return Reply(
                (demo / "bus" / "fernley_vale_gtfs.zip").read_bytes(), "application/zip", headers=headers
            )
        if path == "/naptan/v1/access-nodes":
            return Reply((demo / "bus" / "naptan.csv").read_bytes(), "text/csv")
        if path == "/overpass/interpreter":
            return overpass.answer(self.streets(), asked)
        if path == "/geofabrik/europe/united-kingdom/england/fernley-vale-latest.osm.pbf":
            return Reply(self.extract(), "application/octet-stream", headers=headers, ranges=True)
        if path == "/geofabrik/europe/united-kingdom/england/fernley-vale-latest.osm.pbf.md5":
            digest = hashlib.md5(self.extract(), usedforsecurity=False).hexdigest()
            return Reply(f"{digest}  fernley-vale-latest.osm.pbf\n".encode(), "text/plain")
        if path == "/code_point_open/downloads/v1/products/CodePointOpen/downloads":
            return Reply(b"", status=307, headers={"Location": "/code_point_open/codepo_gb.zip"})
        if path == "/code_point_open/codepo_gb.zip":
            return Reply(self.code_point(), "application/zip", headers=headers, ranges=True)
        if path.startswith("/deprivation/media/"):
            return Reply(self.deprivation(), "text/csv", headers=headers, ranges=True)
        return None

    def streets(self) -> bytes:
        """The demo's streets with the lines that Overpass puts before them."""
        text = (self.raw / "demo" / "osm" / "fernley_vale.osm").read_text(encoding="utf-8")
        start = text.index(">", text.index("<osm")) + 1
        meta = (
            "\n<note>The data included in this document is from www.openstreetmap.org.</note>"
            '\n<meta osm_base="2026-09-01T06:00:00Z"/>\n'
        )
        return (text[:start] + meta + text[start:]).encode()

    @staticmethod
    def extract() -> bytes:
        """Bytes that look like an extract; nobody reads them."""
        return b"\x00\x00\x00\x0d\x0a\x09OSMHeader" + bytes(range(256)) * 400

    def code_point(self) -> bytes:
        """The product's zip: tables without a header, one each letter, and documents beside them."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("Doc/Code-Point_Open_Column_Headers.csv", "PC,PQ,EA,NO,CY,RH,LH,CC,DC,WC\n")
            with (self.raw / "demo" / "lookups" / "postcodes.csv").open(newline="") as stream:
                lines = [
                    f'"{row["postcode"]}",{row["quality"]},{row["easting"]},{row["northing"]},"E92"\n'
                    for row in csv.DictReader(stream)
                ]
            archive.writestr("Data/CSV/zz.csv", "".join(lines))
            archive.writestr("Data/CSV/ab.csv", '"AB10 1AB",10,394235,806529,"S92000003"\n')
        return packed.getvalue()

    def deprivation(self) -> bytes:
        """File 7 with all of England's LSOAs, Fernley Vale's among them."""
        lines = ["LSOA code (2021),LSOA name (2021),Index of Multiple Deprivation (IMD) Score"]
        lines += [f"{code},{self.names[code]},{number + 0.5}" for number, code in enumerate(self.lsoas)]
        lines += [f"E019{number:05d},Elsewhere,1.0" for number in range(33_755 - len(self.lsoas))]
        return ("\ufeff" + "\n".join(lines) + "\n").encode()
