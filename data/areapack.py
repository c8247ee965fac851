"""The area pack in memory: frozen, read-only, everything the engine may know."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from data.manifest import Manifest

Frame = pd.DataFrame


@dataclass(frozen=True)
class Feed:
    """The timetable's tables, all dates kept (columns: ``data.schema``).

    ``stop_times`` is a dict of read-only arrays and not a DataFrame: it is the
    largest table by far and the engine wants its columns as they are.
    """

    agency: Frame
    routes: Frame
    trips: Frame
    stop_times: dict[str, np.ndarray]
    calendar: Frame
    calendar_dates: Frame
    shapes: gpd.GeoDataFrame | None = None


@dataclass(frozen=True)
class WalkNetwork:
    """Walkable streets as arrays; walking goes both ways on every edge.

    Edge ``e`` runs from node ``u[e]`` to ``v[e]`` along the points
    ``geometry_x[geometry_offset[e]:geometry_offset[e + 1]]``, both ends included.
    """

    node_x: np.ndarray  # float64[N], metres
    node_y: np.ndarray
    u: np.ndarray  # int32[E]
    v: np.ndarray
    length_mm: np.ndarray  # int32[E]
    steps: np.ndarray  # bool[E]
    street: np.ndarray  # int32[E], index into street_names, -1 where unnamed
    street_names: tuple[str, ...]
    highway: np.ndarray  # int32[E], index into highway_names
    highway_names: tuple[str, ...]
    geometry_offset: np.ndarray  # int64[E + 1]
    geometry_x: np.ndarray  # float64
    geometry_y: np.ndarray
    osm_way: np.ndarray | None = None  # int64[E], where the source has way numbers


@dataclass(frozen=True)
class AreaPack:
    """One place: its people, services, stops, timetable and streets.

    Optional parts are None (tables with no rows where a caller would only
    loop over them). Frames must not be changed by whoever reads them.
    """

    manifest: Manifest
    stops: Frame
    feed: Feed
    neighbourhoods: gpd.GeoDataFrame | None = None
    groups: Frame | None = None
    census: Frame | None = None
    indicators: Frame | None = None
    indicator_values: Frame | None = None
    origin_points: Frame | None = None
    services: Frame | None = None
    sessions: Frame | None = None
    walk: WalkNetwork | None = None
    postcodes: Frame | None = None
    coverage: gpd.GeoDataFrame | None = None
    ground: gpd.GeoDataFrame | None = None
    path: Path | None = field(default=None, compare=False)
    # What a trial calls itself: services, buses and streets are then as nobody has made them.
    trial: str | None = None

    @property
    def area_id(self) -> str:
        return self.manifest.area_id

    @property
    def digest(self) -> str:
        return self.manifest.digest

    @property
    def crs(self) -> str:
        return self.manifest.crs
