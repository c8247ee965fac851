"""The one writer of tables and isochrones: the query, versions, dates and licences go inside.

Every file is written beside its target and then put in its place, so that an
interrupted run leaves either the old file or the new one.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data.calendars import say_bank_holiday
from data.errors import ExportError
from data.manifest import Manifest
from data.sources.service_rejects import guard_formula
from geo.query import Query
from geo.version import ENGINE_VERSION
from geo.whatif.words import DO_NOT_TRAVEL, say_trial

if TYPE_CHECKING:  # many commands write tables only
    import geopandas as gpd

METADATA_KEY = "one_bus_reach"
TABLE_SUFFIXES = (".parquet", ".csv")
FEATURE_SUFFIXES = (".geojson", ".gpkg", ".parquet", ".csv")
_LIBRARIES = ("numpy", "pandas", "geopandas", "shapely", "pyarrow", "numba")
_WGS84 = "EPSG:4326"

Metadata = Mapping[str, Any]


def query_to_dict(query: Query, service_date: dt.date) -> dict[str, Any]:
    """The query as plain JSON values, with the date it was answered for."""
    values = dataclasses.asdict(query)
    values["service_date"] = service_date.isoformat()
    values["walk"]["max_walk_total_m"] = query.walk.total_limit_mm // 1000
    if query.scenario is None:
        del values["scenario"]
    else:
        values["scenario"]["digest"] = query.scenario.digest
    return values


def build_metadata(
    manifest: Manifest, title: str, *, query: Query | None = None, service_date: dt.date | None = None,
    today: dt.date | None = None, columns: Mapping[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """What a stranger needs to know about a result, as plain JSON values.

    ``today`` decides only whether the words "Test data: not for decisions"
    stand in it (data older than 18 months); without it age is not judged.
    """
    day = service_date or manifest.timetable.service_date
    why = manifest.why_test_data(today or manifest.timetable.service_date)
    metadata: dict[str, Any] = {
        "title": title,
        "warning": f"Test data: not for decisions ({why})" if why else None,
        "fictional": manifest.fictional,
        "area": {"area_id": manifest.area_id, "name": manifest.name, "pack_digest": manifest.digest},
        "crs": manifest.crs,
        "engine_version": ENGINE_VERSION,
        "library_versions": {name: version(name) for name in _LIBRARIES},
        "timetable": {
            "service_date": day.isoformat(),
            "first_date": manifest.timetable.first_date.isoformat(),
            "last_date": manifest.timetable.last_date.isoformat(),
            "completeness": manifest.timetable.completeness,
        },
        "walking": manifest.walk.model_dump(),
        "notes": [*manifest.notes, *([beware] if (beware := say_bank_holiday(manifest, day)) else [])],
        "sources": [
            {
                "part": source.part, "title": source.title, "owner": source.owner,
                "date": source.date.isoformat() if source.date else None,
                "licence": source.licence, "attribution": source.attribution,
            }
            for source in manifest.sources
        ],
    }  # fmt: skip
    if query is not None and query.scenario is not None:
        metadata["trial"] = f"{say_trial(query.scenario)}. {DO_NOT_TRAVEL}"
    if query is not None:
        metadata["query"] = query_to_dict(query, day)
    if columns is not None:
        metadata["columns"] = dict(columns)
    return metadata


def check_target(path: Path, suffixes: tuple[str, ...]) -> None:
    """Raise ExportError unless ``path`` can be written as one of ``suffixes``."""
    if path.suffix.lower() not in suffixes:
        raise ExportError(
            f"{path.name}: can't write {path.suffix or 'a file without a suffix'}; use {', '.join(suffixes)}."
        )
    if path.is_dir():
        raise ExportError(f"{path}: is a directory; give a file's name.")
    if not path.parent.is_dir():
        raise ExportError(f"{path.parent}: no such directory; make it first or give another --out.")


def replace_file(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a temporary file beside ``path``, then put it in its place."""
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
            temporary = Path(folder) / path.name
            write(temporary)
            os.replace(temporary, path)  # noqa: PTH105 - atomic on one file system, unlike shutil.move
    except OSError as error:
        raise ExportError(
            f"{path}: can't be written ({error.strerror or error}); the old file is as it was."
        ) from error


def side_file(path: Path) -> Path:
    """Where a CSV's metadata go: ``gap.csv`` -> ``gap.csv.meta.json``."""
    return path.with_name(path.name + ".meta.json")


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _guard_texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Names from outside so that no spreadsheet computes them (an apostrophe before "=1+1")."""
    changed = {}
    for name in frame.select_dtypes(include=["object", "string"]).columns:
        texts = (one for one in pd.unique(frame[name].dropna()) if isinstance(one, str))
        guarded = {text: guard_formula(text) for text in texts if guard_formula(text) != text}
        if guarded:
            changed[name] = frame[name].replace(guarded)
    return frame.assign(**changed)


def _write_csv(frame: pd.DataFrame, path: Path, metadata: Metadata) -> None:
    replace_file(side_file(path), lambda target: _write_json(target, metadata))
    safe = _guard_texts(frame)
    replace_file(path, lambda target: safe.to_csv(target, index=False, lineterminator="\n"))


def _parquet_with_metadata(table: pa.Table, path: Path, metadata: Metadata) -> None:
    entries = {**(table.schema.metadata or {}), METADATA_KEY.encode(): json.dumps(metadata).encode()}
    replace_file(
        path,
        lambda target: pq.write_table(table.replace_schema_metadata(entries), target, compression="zstd"),
    )


def write_table(frame: pd.DataFrame, path: Path, metadata: Metadata) -> None:
    """Write a table as Parquet (metadata in the schema) or CSV (metadata in a side file).

    Null is null in Parquet and empty in CSV. In CSV a text that a spreadsheet
    would take for a formula has an apostrophe before it.
    """
    check_target(path, TABLE_SUFFIXES)
    if path.suffix.lower() == ".csv":
        _write_csv(frame, path, metadata)
    else:
        _parquet_with_metadata(pa.Table.from_pandas(frame, preserve_index=False), path, metadata)


def _geojson(features: gpd.GeoDataFrame, metadata: Metadata) -> dict[str, Any]:
    collection = json.loads(features.to_crs(_WGS84).to_json(drop_id=True, show_bbox=False, na="null"))
    collection.pop("crs", None)
    return {"type": "FeatureCollection", METADATA_KEY: dict(metadata), "features": collection["features"]}


def write_features(
    layers: gpd.GeoDataFrame | Mapping[str, gpd.GeoDataFrame | pd.DataFrame], path: Path, metadata: Metadata
) -> None:
    """Write features as GeoJSON (EPSG:4326), GeoPackage, GeoParquet or CSV (WKT).

    A mapping of layer names writes several layers and is for GeoPackage only;
    layers without geometry become attribute tables.

    Raises
    ------
    ExportError
        Unknown suffix, several layers for a format of one, or a target that
        can't be written.
    """
    check_target(path, FEATURE_SUFFIXES)
    suffix = path.suffix.lower()
    if suffix == ".gpkg":
        named = layers if isinstance(layers, Mapping) else {path.stem: layers}
        replace_file(path, lambda target: _write_geopackage(named, target, metadata))
        return
    if isinstance(layers, Mapping):
        if len(layers) != 1:
            raise ExportError(f"{path.name}: {suffix} holds one layer; use .gpkg for {', '.join(layers)}.")
        layers = next(iter(layers.values()))
    if suffix == ".geojson":
        replace_file(path, lambda target: _write_json(target, _geojson(layers, metadata)))
    elif suffix == ".parquet":
        table = pa.table(layers.to_arrow(index=False, geometry_encoding="WKB"))
        geo = {"version": "1.1.0", "primary_column": layers.geometry.name, "columns": {layers.geometry.name: {
            "encoding": "WKB", "geometry_types": sorted(set(layers.geom_type.dropna())),
            "crs": layers.crs.to_json_dict()}}}  # fmt: skip
        table = table.replace_schema_metadata(
            {**(table.schema.metadata or {}), b"geo": json.dumps(geo).encode()}
        )
        _parquet_with_metadata(table, path, metadata)
    else:
        flat = pd.DataFrame(layers.drop(columns=layers.geometry.name))
        flat["wkt"] = layers.to_crs(_WGS84).geometry.to_wkt(rounding_precision=6)
        _write_csv(flat, path, metadata)


def _write_geopackage(
    layers: Mapping[str, gpd.GeoDataFrame | pd.DataFrame], target: Path, metadata: Metadata
) -> None:
    import pyogrio  # here: tables are written without it

    text = json.dumps(metadata, ensure_ascii=False)
    for name, layer in layers.items():
        pyogrio.write_dataframe(layer, target, layer=name, driver="GPKG", layer_metadata={METADATA_KEY: text})


def read_metadata(path: Path) -> dict[str, Any]:
    """Read back what a writer of this module put inside a file (or beside a CSV)."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return json.loads(side_file(path).read_text(encoding="utf-8"))
    if suffix == ".parquet":
        return json.loads(pq.read_schema(path).metadata[METADATA_KEY.encode()])
    if suffix == ".geojson":
        return json.loads(path.read_text(encoding="utf-8"))[METADATA_KEY]
    import pyogrio

    first = pyogrio.list_layers(path)[0][0]
    return json.loads(pyogrio.read_info(path, layer=first)["layer_metadata"][METADATA_KEY])
