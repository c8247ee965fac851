"""The part of a build that is about people: neighbourhoods, counts, postcodes, origin points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from data.config import AreaConfig, Neighbourhoods, RawFile, WardLookup
from data.manifest import Fault
from data.progress import Progress
from data.sources.boundaries import assign_to_largest, check_count, read_areas
from data.sources.census import read_census
from data.sources.faultlog import FaultLog
from data.sources.indicators import read_indicators
from data.sources.lookups import read_columns, read_relation
from data.sources.origin_points import (
    assign_output_areas,
    build_origin_points,
    build_synthetic_points,
    read_output_areas,
)
from data.sources.postcodes import read_postcodes
from data.sources.splits import build_split_areas

Resolve = Callable[[Path, RawFile], Path]


@dataclass(frozen=True)
class People:
    """Tables by the schema (``edge`` not known yet), and the neighbourhoods' union in the pack's CRS."""

    neighbourhoods: gpd.GeoDataFrame | None
    groups: pd.DataFrame | None
    census: pd.DataFrame | None
    indicators: pd.DataFrame | None
    indicator_values: pd.DataFrame | None
    origin_points: pd.DataFrame | None
    postcodes: pd.DataFrame | None
    area: shapely.Geometry
    faults: list[Fault]
    notes: list[str]


def build_people(config: AreaConfig, raw: Path, crs: str, progress: Progress, resolve: Resolve) -> People:
    """Read everything about people that the configuration names.

    Raises
    ------
    SourceError
    """
    logs = {
        part: FaultLog(part)
        for part in ("neighbourhoods", "wards", "census", "indicators", "postcodes", "origin_points")
    }
    notes: list[str] = []
    progress.step("neighbourhoods")
    areas = relation = groups = census = points = indicators = values = None
    if config.neighbourhoods is not None:
        areas, relation = _read_neighbourhoods(config.neighbourhoods, raw, crs, resolve, logs)
    progress.step("census counts")
    if areas is not None:
        if config.census is not None:
            path = resolve(raw, config.census.counts)
            result = read_census(path, config.census, areas["neighbourhood_id"], logs["census"])
            groups, census = result.groups, result.census
            areas["population"] = result.population.array
        else:
            areas["population"] = pd.array([None] * len(areas), dtype="Int32")
            notes.append("No counts of people are loaded: reach is shown, and nobody is counted.")
        if config.neighbourhoods is not None and config.indicators:
            indicators, values = read_indicators(
                config.indicators, areas, config.neighbourhoods.level,
                lambda file: resolve(raw, file), logs["indicators"],
            )  # fmt: skip
    progress.step("postcodes and origin points")
    postcodes = None
    if config.postcodes is not None:
        postcodes = read_postcodes(
            resolve(raw, config.postcodes),
            crs=crs,
            neighbourhoods=areas,
            margin_m=config.margin_m,
            log=logs["postcodes"],
        )
    if areas is not None:
        points = _build_points(config, raw, crs, resolve, areas, relation, postcodes, logs["origin_points"])
        if (points["basis"] == "synthetic").any():
            notes.append(
                "Origin points are at made-up places inside their neighbourhoods, and weigh the same."
            )
        if (points["basis"] == "centroid").any():
            count = int((points["basis"] == "centroid").sum())
            notes.append(f"In {count} neighbourhoods one point stands for all the people.")
    area = shapely.union_all(areas.geometry.to_numpy()) if areas is not None else shapely.Polygon()
    faults = [fault for log in logs.values() for fault in log.faults]
    return People(areas, groups, census, indicators, values, points, postcodes, area, faults, notes)


def _read_neighbourhoods(
    config: Neighbourhoods, raw: Path, crs: str, resolve: Resolve, logs: dict[str, FaultLog]
) -> tuple[gpd.GeoDataFrame, pd.DataFrame | None]:
    log = logs["neighbourhoods"]
    areas = read_areas(
        resolve(raw, config.boundaries),
        crs=crs,
        id_column=config.id_column,
        name_column=config.name_column,
        layer=config.layer,
        log=log,
    )
    check_count(areas, config.expected, config.boundaries.file)
    relation = None
    if config.split_from is not None:
        split = config.split_from
        relation = read_relation(resolve(raw, split.lookup), split.old_column, split.new_column)
        parents = read_areas(resolve(raw, split.boundaries), crs=crs, id_column=split.id_column, log=log)
        areas = build_split_areas(areas, parents, relation, log)
    areas = areas.rename(columns={"area_id": "neighbourhood_id"})
    # Round to the millimetre: the same bytes whatever the last bits of the projection's sums.
    areas.geometry = _rounded(areas.geometry.to_numpy())
    areas = areas.sort_values("neighbourhood_id", kind="stable").reset_index(drop=True)
    areas["level"] = config.level
    areas["ward_id"], areas["ward_name"] = None, None
    if config.wards is not None:
        areas = _add_wards(areas, config, raw, crs, resolve, logs["wards"])
    return areas, relation


def _rounded(geometry: object) -> object:
    """Round to the millimetre, keeping geometry valid."""
    rounded = shapely.transform(geometry, lambda xy: xy.round(3))
    broken = ~shapely.is_valid(rounded)
    if broken.any():
        rounded[broken] = shapely.set_precision(geometry[broken], 0.001)  # type: ignore[index]
    return rounded


def _add_wards(
    areas: gpd.GeoDataFrame, config: Neighbourhoods, raw: Path, crs: str, resolve: Resolve, log: FaultLog
) -> gpd.GeoDataFrame:
    wards = config.wards
    if isinstance(wards, WardLookup):
        path = resolve(raw, wards.lookup)
        columns = {"key": wards.key_column, "ward_id": wards.id_column, "ward_name": wards.name_column}
        table = read_columns(path, columns)
        again = table["key"].duplicated()
        log.add(
            "ward_repeated",
            "note",
            int(again.sum()),
            "neighbourhoods that the lookup gives several wards; the first stays",
            table["key"][again],
            file=path.name,
        )
        table = table[~again].set_index("key").reindex(areas["neighbourhood_id"])
        file = path.name
    elif wards is not None:
        path = resolve(raw, wards.boundaries)
        polygons = read_areas(
            path, crs=crs, id_column=wards.id_column, name_column=wards.name_column, log=log
        )
        row = assign_to_largest(areas, polygons)
        table = polygons.reset_index(drop=True).reindex(row.where(row >= 0))
        table = table.rename(columns={"area_id": "ward_id", "name": "ward_name"})
        file = path.name
    ward_id = table["ward_id"].to_numpy(dtype=object)
    without = pd.isna(ward_id)
    log.add(
        "neighbourhood_without_ward",
        "missing",
        int(without.sum()),
        "neighbourhoods without a ward; they count in no ward's total",
        areas["neighbourhood_id"][without],
        file=file,
    )
    return areas.assign(ward_id=ward_id, ward_name=table["ward_name"].to_numpy(dtype=object))


def _build_points(
    config: AreaConfig,
    raw: Path,
    crs: str,
    resolve: Resolve,
    areas: gpd.GeoDataFrame,
    relation: pd.DataFrame | None,
    postcodes: pd.DataFrame | None,
    log: FaultLog,
) -> pd.DataFrame:
    origin = config.origin_points
    if origin is not None and origin.synthetic is not None:
        return build_synthetic_points(
            areas,
            resolve(raw, origin.synthetic.lookup),
            id_column=origin.synthetic.id_column,
            area_column=origin.synthetic.area_column,
            seed=origin.synthetic.seed,
            crs=crs,
            log=log,
        )
    output_areas = None
    if origin is not None and origin.output_areas is not None:
        settings = origin.output_areas
        output_areas = read_output_areas(
            resolve(raw, settings.counts), resolve(raw, settings.points), settings, crs=crs, log=log
        )
        if settings.area_lookup is not None:
            found = settings.area_lookup
            relation = read_relation(resolve(raw, found.lookup), found.old_column, found.new_column)
        output_areas = assign_output_areas(output_areas, areas, relation, log)
    return build_origin_points(areas, crs=crs, output_areas=output_areas, postcodes=postcodes, log=log)
