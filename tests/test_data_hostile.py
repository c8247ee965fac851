"""Files from anywhere: whatever they hold, importers answer with an error a user can read, or a result."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.config import Census, RawFile, load_config
from data.errors import OneBusReachError
from data.manifest import Fault
from data.packio import find_pack
from data.sources.boundaries import read_areas
from data.sources.census import read_census
from data.sources.faultlog import FaultLog
from data.sources.lookups import read_csv
from data.sources.postcodes import read_postcodes

CRS = "EPSG:27700"
CENSUS = Census(counts=RawFile(file="x", title="x", publisher="x"), table="TS021", year=2021)
HEADERS = [
    "lsoa21_code,total_residents,ethnic_group,n\n",
    "GEOGRAPHY_CODE,C2021_ETH_20,C2021_ETH_20_NAME,OBS_VALUE\n",
    "LSOA,Persons,WhiteBrit,Irish,Arab\n",
    "postcode,quality,easting,northing\n",
    "",
]
CELLS = st.sampled_from(
    [
        "A",
        "B",
        "",
        "1",
        "-1",
        "1e400",
        "nan",
        "=1+1",
        '"',
        "White",
        "NP10 0AA",
        "330000",
        "\u202e",
        "\x00",
        "9" * 40,
    ]
)
TABLES = st.builds(
    lambda header, rows, noise: header + "\n".join(",".join(row) for row in rows) + noise,
    st.sampled_from(HEADERS),
    st.lists(st.lists(CELLS, min_size=1, max_size=6), max_size=6),
    st.text(max_size=20),
)
NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.integers(-200, 200), st.none(), st.text(max_size=3)
)
RING = st.lists(st.lists(NUMBERS, min_size=0, max_size=3), max_size=5)
GEOMETRY = st.one_of(
    st.none(),
    st.builds(lambda ring: {"type": "Polygon", "coordinates": [ring]}, RING),
    st.builds(lambda ring: {"type": "MultiPolygon", "coordinates": [[ring]]}, RING),
    st.builds(lambda ring: {"type": "LineString", "coordinates": ring}, RING),
    st.just({"type": "Nonsense"}),
)
FEATURE = st.builds(
    lambda geometry, code: {
        "type": "Feature",
        "geometry": geometry,
        "properties": {"code": code, "name": "x"},
    },
    GEOMETRY,
    st.one_of(st.none(), st.integers(), st.text(max_size=4), st.floats(allow_nan=False)),
)
GEOJSON = st.builds(
    lambda features: json.dumps({"type": "FeatureCollection", "features": features}),
    st.lists(FEATURE, max_size=3),
)


def answer(read: Callable[[], object]) -> None:
    """Any result will do, and any error of ours with words in it; nothing else."""
    try:
        read()
    except OneBusReachError as error:
        assert str(error).strip()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@settings(max_examples=150)
@given(text=TABLES)
def test_tables(folder: Path, text: str) -> None:
    path = folder / "table.csv"
    path.write_bytes(text.encode("utf-8", errors="surrogatepass"))
    log = FaultLog("census")
    answer(lambda: read_csv(path))
    answer(lambda: read_census(path, CENSUS, pd.Series(["A", "B"], dtype="str"), log))
    answer(lambda: read_postcodes(path, crs=CRS, neighbourhoods=None, margin_m=0, log=log))
    for fault in log.faults:
        assert isinstance(fault, Fault)
        assert all(example.isprintable() for example in fault.examples)


@settings(max_examples=80)
@given(raw=st.binary(max_size=200))
def test_bytes(folder: Path, raw: bytes) -> None:
    for name in ("raw.csv", "raw.geojson", "raw.gpkg", "raw.zip", "raw.toml"):
        (folder / name).write_bytes(raw)
    log = FaultLog("x")
    answer(lambda: read_csv(folder / "raw.csv"))
    answer(lambda: read_areas(folder / "raw.geojson", crs=CRS, log=log))
    answer(lambda: read_areas(folder / "raw.gpkg", crs=CRS, log=log))
    answer(lambda: read_postcodes(folder / "raw.zip", crs=CRS, neighbourhoods=None, margin_m=0, log=log))
    answer(lambda: load_config(folder / "raw.toml"))


@settings(max_examples=80)
@given(text=GEOJSON)
def test_geojson(folder: Path, text: str) -> None:
    path = folder / "areas.geojson"
    path.write_text(text, encoding="utf-8")

    def read() -> None:
        areas = read_areas(path, crs=CRS, log=FaultLog("x"))
        assert areas["area_id"].is_unique
        assert (areas["area_id"] != "").all()
        assert areas.geometry.is_valid.all()

    answer(read)


@settings(max_examples=80)
@given(name=st.text(max_size=60))
def test_names_of_packs(name: str) -> None:
    answer(lambda: find_pack(name))
