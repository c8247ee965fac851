"""Where a neighbourhood's people are taken to live: weighted origin points.

Output areas with people where those exist, else postcodes at equal weight,
else one point; or seeded points for packs without any counts. Each point says
which (``basis``), and weights sum to 1 in each neighbourhood.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.config import OutputAreas
from data.coordinates import between, to_lon_lat
from data.errors import SourceError
from data.schema import ORIGIN_POINTS
from data.sources.boundaries import read_areas
from data.sources.faultlog import FaultLog
from data.sources.lookups import find_column, parse_counts, read_columns, read_csv
from data.sources.postcodes import find_areas

_MAX_TRIES = 10_000


def read_output_areas(
    counts: Path, points: Path, config: OutputAreas, *, crs: str, log: FaultLog
) -> pd.DataFrame:
    """Read output areas' people and points.

    Returns
    -------
    DataFrame
        Columns point_id, area_id (the neighbourhood or its old code; None when
        not given), people (float), x, y (metres in ``crs``). Areas without
        people or without a point are left out and counted.
    """
    columns = {"point_id": config.id_column, "people": config.people_column}
    if config.area_column:
        columns["area_id"] = config.area_column
    frame = read_columns(counts, columns)
    if "area_id" not in frame:
        frame["area_id"] = None
    repeated = frame["point_id"][frame["point_id"].duplicated()].unique()
    if len(repeated):
        raise SourceError(f"{counts.name}: output areas stand twice:", [str(code) for code in repeated[:10]])
    people = parse_counts(frame["people"], counts.name, "people")
    log.add(
        "output_area_without_count",
        "missing",
        int(people.isna().sum()),
        "output areas without a count; they get no weight",
        frame["point_id"][people.isna()],
        file=counts.name,
    )
    frame["people"] = people.fillna(0).astype(float)
    frame = frame[frame["people"] > 0].reset_index(drop=True)
    places = _read_places(points, config, crs, log)
    frame = frame.merge(places, on="point_id", how="left")
    lost = frame["x"].isna()
    log.add(
        "output_area_without_point",
        "dropped",
        int(lost.sum()),
        f"output areas with people ({int(frame['people'][lost].sum()):,}) and no place; left out",
        frame["point_id"][lost],
        file=points.name,
    )
    return frame[~lost].reset_index(drop=True)


def _read_places(path: Path, config: OutputAreas, crs: str, log: FaultLog) -> pd.DataFrame:
    if config.x_column and config.y_column:
        frame = read_csv(path)
        id_name, x_name, y_name = (
            find_column(frame, name, path.name)
            for name in (config.points_id_column, config.x_column, config.y_column)
        )
        x = pd.to_numeric(frame[x_name], errors="coerce").to_numpy(float)
        y = pd.to_numeric(frame[y_name], errors="coerce").to_numpy(float)
        known = np.isfinite(x) & np.isfinite(y)
        px, py = between(x[known], y[known], config.points_crs, crs)
        return pd.DataFrame({"point_id": frame[id_name][known].to_numpy(), "x": px, "y": py}).drop_duplicates(
            "point_id"
        )
    areas = read_areas(path, crs=crs, id_column=config.points_id_column, log=log)
    point = points_inside(areas.geometry.to_numpy())
    return pd.DataFrame(
        {
            "point_id": areas["area_id"],
            "x": np.round(shapely.get_x(point), 3),
            "y": np.round(shapely.get_y(point), 3),
        }
    )


def points_inside(polygons: np.ndarray) -> np.ndarray:
    """Return each polygon's centroid, or a point on its surface where the centroid lies outside."""
    centre = shapely.centroid(polygons)
    return np.where(shapely.intersects(polygons, centre), centre, shapely.point_on_surface(polygons))


def assign_output_areas(
    output_areas: pd.DataFrame, neighbourhoods: gpd.GeoDataFrame, relation: pd.DataFrame | None, log: FaultLog
) -> pd.DataFrame:
    """Say in which neighbourhood each output area lies.

    By its code where that is a neighbourhood's; by the lookup where its old
    area became one neighbourhood; by point in polygon only among the children
    of a split (the nearest child where the point lies in none); by point in
    polygon among all where no code is given.

    Returns
    -------
    DataFrame
        ``output_areas`` with neighbourhood_id; those outside left out.
    """
    ids = neighbourhoods["neighbourhood_id"].to_numpy(dtype=object)
    row_of = {code: row for row, code in enumerate(ids)}
    children: dict[str, list[int]] = {}
    if relation is not None:
        for old, new in zip(relation["old"], relation["new"], strict=True):
            if new in row_of:
                children.setdefault(old, []).append(row_of[new])
    x, y = output_areas["x"].to_numpy(), output_areas["y"].to_numpy()
    inside = find_areas(x, y, neighbourhoods)
    row = np.full(len(output_areas), -1)
    nearest = 0
    for i, old in enumerate(output_areas["area_id"]):
        if old is None or pd.isna(old):
            row[i] = inside[i]
        elif old in children:
            mine = children[old]
            if len(mine) == 1 or inside[i] in mine:
                row[i] = mine[0] if len(mine) == 1 else inside[i]
            else:
                away = shapely.distance(neighbourhoods.geometry.to_numpy()[mine], shapely.Point(x[i], y[i]))
                row[i] = mine[int(np.argmin(away))]
                nearest += 1
        else:
            row[i] = row_of.get(old, -1)
    log.add(
        "output_area_nearest_child",
        "repaired",
        nearest,
        "output areas of a split area whose point lies in none of its parts; counted to the nearest part",
    )
    outside = row < 0
    log.add(
        "output_area_elsewhere",
        "note",
        int(outside.sum()),
        "output areas of other neighbourhoods; not used",
        output_areas["point_id"][outside],
    )
    placed = output_areas.copy()
    placed["neighbourhood_id"] = pd.Series(ids[row]).where(~outside, None)
    return placed[~outside].reset_index(drop=True)


def build_origin_points(
    neighbourhoods: gpd.GeoDataFrame,
    *,
    crs: str,
    output_areas: pd.DataFrame | None,
    postcodes: pd.DataFrame | None,
    log: FaultLog,
) -> pd.DataFrame:
    """Give every neighbourhood its origin points.

    Parameters
    ----------
    neighbourhoods : GeoDataFrame
        With neighbourhood_id, population (null: not known), geometry in ``crs``.
    output_areas : DataFrame or None
        Of ``assign_output_areas``.
    postcodes : DataFrame or None
        Columns of ``data.schema.POSTCODES``.

    Returns
    -------
    DataFrame
        Columns of ``data.schema.ORIGIN_POINTS``, in the neighbourhoods' order.
    """
    parts: list[pd.DataFrame] = []
    covered: set[str] = set()
    columns = ["point_id", "neighbourhood_id", "x", "y", "share", "basis"]
    if output_areas is not None:
        parts.append(output_areas.assign(share=output_areas["people"], basis="output_area")[columns])
        covered |= set(output_areas["neighbourhood_id"])
    rest = neighbourhoods[~neighbourhoods["neighbourhood_id"].isin(covered)]
    if postcodes is not None and len(rest):
        some = postcodes[postcodes["neighbourhood_id"].isin(rest["neighbourhood_id"])]
        ids = some["neighbourhood_id"] + ":" + some["postcode"].str.replace(" ", "", regex=False)
        parts.append(some.assign(point_id=ids, share=1.0, basis="postcode")[columns])
        used = some["neighbourhood_id"].unique()
        log.add(
            "points_from_postcodes",
            "note",
            len(used),
            "neighbourhoods without output areas of their own: their people are spread over postcodes at "
            "equal weight",
            used,
        )
        rest = rest[~rest["neighbourhood_id"].isin(used)]
    if len(rest):
        point = points_inside(rest.geometry.to_numpy())
        parts.append(
            pd.DataFrame(
                {
                    "point_id": rest["neighbourhood_id"].to_numpy() + ":centre",
                    "neighbourhood_id": rest["neighbourhood_id"].to_numpy(),
                    "x": np.round(shapely.get_x(point), 3),
                    "y": np.round(shapely.get_y(point), 3),
                    "share": 1.0,
                    "basis": "centroid",
                }
            )
        )
        log.add(
            "points_from_centroids",
            "note",
            len(rest),
            "neighbourhoods with one point for all their people, as nothing finer is loaded; who lives far "
            "from it is counted wrongly",
            rest["neighbourhood_id"],
        )
    return _finish(pd.concat(parts, ignore_index=True), neighbourhoods, crs)


def build_synthetic_points(
    neighbourhoods: gpd.GeoDataFrame,
    path: Path,
    *,
    id_column: str,
    area_column: str,
    seed: int,
    crs: str,
    log: FaultLog,
) -> pd.DataFrame:
    """Put one point for each output area of a lookup somewhere inside its neighbourhood.

    The place follows from the seed and the output area's code alone, so it
    doesn't change with other rows or areas.
    """
    frame = read_columns(path, {"point_id": id_column, "neighbourhood_id": area_column})
    repeated = frame["point_id"][frame["point_id"].duplicated()].unique()
    if len(repeated):
        raise SourceError(f"{path.name}: output areas stand twice:", [str(code) for code in repeated[:10]])
    polygon = dict(zip(neighbourhoods["neighbourhood_id"], neighbourhoods.geometry, strict=True))
    known = frame["neighbourhood_id"].isin(polygon.keys())
    log.add(
        "output_area_elsewhere",
        "note",
        int((~known).sum()),
        "output areas of other neighbourhoods; not used",
        frame["point_id"][~known],
        file=path.name,
    )
    frame = frame[known].reset_index(drop=True)
    for geometry in polygon.values():
        shapely.prepare(geometry)
    places = [
        _point_within(polygon[row.neighbourhood_id], f"{seed}:{row.point_id}") for row in frame.itertuples()
    ]
    frame = frame.assign(x=[x for x, _ in places], y=[y for _, y in places], share=1.0, basis="synthetic")
    log.add(
        "points_synthetic", "note", len(frame), "origin points at made-up places inside their neighbourhood"
    )
    missing = neighbourhoods[~neighbourhoods["neighbourhood_id"].isin(frame["neighbourhood_id"])]
    if len(missing):
        point = points_inside(missing.geometry.to_numpy())
        centres = pd.DataFrame(
            {
                "point_id": missing["neighbourhood_id"].to_numpy() + ":centre",
                "neighbourhood_id": missing["neighbourhood_id"].to_numpy(),
                "x": np.round(shapely.get_x(point), 3),
                "y": np.round(shapely.get_y(point), 3),
                "share": 1.0,
                "basis": "centroid",
            }
        )
        frame = pd.concat([frame, centres], ignore_index=True)
    return _finish(frame, neighbourhoods, crs)


def _point_within(polygon: shapely.Geometry, key: str) -> tuple[float, float]:
    generator = np.random.default_rng(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big"))
    west, south, east, north = polygon.bounds
    for _ in range(_MAX_TRIES):
        x = round(west + (east - west) * generator.random(), 3)
        y = round(south + (north - south) * generator.random(), 3)
        if shapely.intersects_xy(polygon, x, y):
            return x, y
    point = polygon.point_on_surface()
    return round(point.x, 3), round(point.y, 3)


def _finish(points: pd.DataFrame, neighbourhoods: gpd.GeoDataFrame, crs: str) -> pd.DataFrame:
    """Weights that sum to 1, residents scaled to the neighbourhood's own total, degrees, order."""
    order = {code: row for row, code in enumerate(neighbourhoods["neighbourhood_id"])}
    points = points.assign(row=points["neighbourhood_id"].map(order)).sort_values(
        ["row", "point_id"], kind="stable"
    )
    points = points.reset_index(drop=True)
    population = neighbourhoods["population"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    points["weight"] = points["share"] / points.groupby("row")["share"].transform("sum")
    points["residents"] = points["weight"] * population[points["row"].to_numpy()]
    points["lon"], points["lat"] = to_lon_lat(points["x"], points["y"], crs)
    return points[ORIGIN_POINTS.column_names]
