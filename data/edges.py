"""Which neighbourhoods lie so near the border that services beyond it would matter."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

# Fills in rivers and estuaries that boundaries leave out: a tidal river through a town is no border.
_CLOSING_M = 1000.0


def find_edges(
    areas: gpd.GeoDataFrame,
    points: pd.DataFrame,
    services: pd.DataFrame | None,
    *,
    edge_m: float,
    margin_m: float,
) -> np.ndarray:
    """Flag neighbourhoods by the border that no loaded service lies beyond.

    A neighbourhood is by the border when most of its people (origin points by
    weight) live within ``edge_m`` of it. It is flagged unless a service or
    place at a venue is loaded outside the area within ``margin_m`` of it.

    Parameters
    ----------
    areas : GeoDataFrame
        neighbourhood_id and geometry, in the pack's CRS.
    points : DataFrame
        Origin points: neighbourhood_id, x, y, weight.
    services : DataFrame or None
        None: none is loaded, so every neighbourhood by the border is flagged.

    Returns
    -------
    bool[areas]
    """
    union = shapely.union_all(areas.geometry.to_numpy())
    border = shapely.boundary(union.buffer(_CLOSING_M).buffer(-_CLOSING_M))
    near = shapely.dwithin(shapely.points(points["x"], points["y"]), border, edge_m)
    share = (points["weight"] * near).groupby(points["neighbourhood_id"]).sum()
    edge = (share.reindex(areas["neighbourhood_id"]) > 0.5).to_numpy(copy=True)
    if services is not None:
        placed = services[services["x"].notna() & services["y"].notna() & (services["delivery"] == "venue")]
        places = shapely.points(placed["x"].to_numpy(float), placed["y"].to_numpy(float))
        beyond = places[~shapely.intersects(union, places)]
        if len(beyond):
            hit, _ = shapely.STRtree(beyond).query(
                areas.geometry.to_numpy(), predicate="dwithin", distance=margin_m
            )
            edge[np.unique(hit)] = False
    return edge
