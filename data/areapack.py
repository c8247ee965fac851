"""The area pack in memory: frozen, read-only, everything the engine may know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from data.manifest import Manifest

if TYPE_CHECKING:  # not to be imported before a table is wanted
    import geopandas as gpd
    import pandas as pd

    Frame = pd.DataFrame


def _absent() -> None:
    """Stand for a part that a pack doesn't have; a default on the class would hide one still to be read."""


class _ReadLater:
    """A dataclass whose fields may be made when they are first asked for.

    Most questions read few of a pack's tables, and making frames of all of them
    takes longer than reading the files. Who asks sees no difference: a field
    has its value, the same object each time.
    """

    @classmethod
    def read_later(cls, read: Callable[[str], Any], **known: Any) -> Self:
        """Make one whose fields, but for those ``known``, are what ``read`` returns for their names."""
        made = object.__new__(cls)
        vars(made).update(known, _read=read)
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {part.name: getattr(self, part.name) for part in fields(self)}  # type: ignore[arg-type]

    if not TYPE_CHECKING:  # a type checker shall still find names that are none

        def __getattr__(self, name: str) -> Any:
            read = vars(self).get("_read")
            if read is None or all(name != part.name for part in fields(self)):
                raise AttributeError(f"{type(self).__name__} has no {name!r}")
            # Of two threads that ask first, both get what the sooner one read.
            return vars(self).setdefault(name, read(name))


@dataclass(frozen=True)
class Feed(_ReadLater):
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
    shapes: gpd.GeoDataFrame | None = field(default_factory=_absent)


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
class AreaPack(_ReadLater):
    """One place: its people, services, stops, timetable and streets.

    Optional parts are None (tables with no rows where a caller would only
    loop over them). Frames must not be changed by whoever reads them.
    """

    manifest: Manifest
    stops: Frame
    feed: Feed
    neighbourhoods: gpd.GeoDataFrame | None = field(default_factory=_absent)
    groups: Frame | None = field(default_factory=_absent)
    census: Frame | None = field(default_factory=_absent)
    indicators: Frame | None = field(default_factory=_absent)
    indicator_values: Frame | None = field(default_factory=_absent)
    origin_points: Frame | None = field(default_factory=_absent)
    services: Frame | None = field(default_factory=_absent)
    sessions: Frame | None = field(default_factory=_absent)
    walk: WalkNetwork | None = field(default_factory=_absent)
    postcodes: Frame | None = field(default_factory=_absent)
    coverage: gpd.GeoDataFrame | None = field(default_factory=_absent)
    ground: gpd.GeoDataFrame | None = field(default_factory=_absent)
    # What a trial calls itself: services, buses and streets are then as nobody has made them.
    trial: str | None = None
    # The folder that holds exactly this: dataclasses.replace leaves it out, so that nothing
    # kept beside a pack is ever taken for a changed one's.
    path: Path | None = field(default=None, init=False, compare=False)

    def in_folder(self, path: Path) -> AreaPack:
        """Return the pack as it lies in this folder."""
        made = replace(self)
        object.__setattr__(made, "path", path)
        return made

    @property
    def area_id(self) -> str:
        return self.manifest.area_id

    @property
    def digest(self) -> str:
        return self.manifest.digest

    @property
    def crs(self) -> str:
        return self.manifest.crs
