"""New areas from finer boundaries of an older census.

Where only very simplified boundaries of the new areas exist, unchanged and
merged areas are taken from the older, finer ones, and split areas are cut out
of their parent along the simplified line: outer borders stay fine, and no
house changes to a neighbouring area but along the one inner line.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.sources.boundaries import polygons_of
from data.sources.faultlog import FaultLog


def build_split_areas(
    coarse: gpd.GeoDataFrame, parents: gpd.GeoDataFrame, relation: pd.DataFrame, log: FaultLog
) -> gpd.GeoDataFrame:
    """Give the new areas the older areas' borders.

    Parameters
    ----------
    coarse : GeoDataFrame
        The new areas (area_id, name, geometry), simplified.
    parents : GeoDataFrame
        The older areas, finer, in the same CRS.
    relation : DataFrame
        Columns old and new: the areas that share people.
    log : FaultLog
        Gets how many were taken whole, cut, or left as they were.

    Returns
    -------
    GeoDataFrame
        ``coarse`` with other geometry.
    """
    olds = relation.groupby("new")["old"].agg(list)
    n_children = relation.groupby("old")["new"].nunique()
    here = set(coarse["area_id"])
    divided = {old for old, new in zip(relation["old"], relation["new"], strict=True) if new not in here}
    parent_of = dict(zip(parents["area_id"], parents.geometry, strict=True))
    geometry = dict(zip(coarse["area_id"], coarse.geometry, strict=True))
    whole, kept = [], []
    split: dict[str, list[str]] = {}
    for area_id in coarse["area_id"]:
        mine = olds.get(area_id, [])
        if not mine or any(old not in parent_of for old in mine):
            kept.append(area_id)
        elif all(n_children[old] == 1 for old in mine):
            geometry[area_id] = shapely.union_all([parent_of[old] for old in mine])
            whole.append(area_id)
        elif len(mine) == 1 and mine[0] not in divided:  # a child elsewhere would need its share
            split.setdefault(mine[0], []).append(area_id)
        else:
            kept.append(area_id)
    for old, children in split.items():
        cut = _cut(parent_of[old], [geometry[child] for child in children])
        geometry |= dict(zip(children, cut, strict=True))
    n_split = sum(map(len, split.values()))
    log.add(
        "boundary_from_parent",
        "note",
        len(whole),
        "areas with the older census's finer boundary, as they did not change or only merged",
    )
    log.add(
        "boundary_cut_from_parent",
        "note",
        n_split,
        "areas cut out of their older, finer parent along a simplified line; houses beside that line may "
        "count to the other side",
        [child for cut in split.values() for child in cut],
    )
    log.add(
        "boundary_simplified",
        "note",
        len(kept),
        "areas that only have a simplified boundary: the lookup or older boundaries lack them",
        kept,
    )
    return coarse.set_geometry(
        gpd.GeoSeries(
            [geometry[area_id] for area_id in coarse["area_id"]], index=coarse.index, crs=coarse.crs
        )
    )


def _cut(parent: shapely.Geometry, children: list[shapely.Geometry]) -> list[shapely.Geometry]:
    """Share a parent among its children so that together they are the parent, no gap, no overlap."""
    parts: list[shapely.Geometry] = []
    left = parent
    for child in children:
        parts.append(polygons_of(shapely.intersection(left, child)))
        left = shapely.difference(left, child)
    if not any(part.area for part in parts):
        return children
    nearest = np.array(
        [part if part.area else child for part, child in zip(parts, children, strict=True)], dtype=object
    )
    slivers: list[list[shapely.Geometry]] = [[part] for part in parts]
    for piece in shapely.get_parts(polygons_of(left)):
        # What no child covers goes to the child it borders longest, else to the nearest.
        borders = shapely.length(shapely.intersection(shapely.boundary(nearest), piece.buffer(0.01)))
        owner = (
            int(np.argmax(borders)) if borders.max() > 0 else int(np.argmin(shapely.distance(nearest, piece)))
        )
        slivers[owner].append(piece)
    return [polygons_of(shapely.union_all(pieces)) for pieces in slivers]
