"""One table of stops from the timetable's and NaPTAN's, and how many of them the timetable serves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from data.areapack import Feed
from data.manifest import Fault
from data.schema import STOPS
from data.service_days import find_services_with_days
from data.sources.faultlog import FaultLog
from data.sources.naptan import BUS_STOP_TYPES, FAR_M, TRAM_STOP_TYPES

_TEXT = ("name", "stop_code", "indicator", "bearing", "street", "landmark", "locality", "stop_type")


def compute_served(feed: Feed, n_stops: int) -> np.ndarray:
    """Mark the stops where some trip on some date of the feed lets people on or off.

    Returns
    -------
    bool[n_stops]
    """
    runs = feed.trips["service_id"].isin(find_services_with_days(feed)).to_numpy()
    calls = feed.stop_times
    usable = (calls["pickup_type"] != 1) | (calls["drop_off_type"] != 1)
    served = np.zeros(n_stops, bool)
    served[calls["stop_index"][usable & runs[calls["trip_index"]]]] = True
    return served


def merge_stops(
    feed_stops: pd.DataFrame,
    naptan: pd.DataFrame | None,
    *,
    area: shapely.Geometry | None,
    margin_m: float = 0.0,
    trams: bool = False,
) -> tuple[pd.DataFrame, list[Fault]]:
    """Put names and standing from NaPTAN on the feed's stops, and add the stops that no bus serves.

    A stop is *active* when NaPTAN says so, or when the feed serves it. A stop
    of the feed that NaPTAN does not list is active when it is served. Without
    NaPTAN every boarding place of the feed is active.

    Parameters
    ----------
    feed_stops
        As ``read_gtfs`` gives them: ``served`` is known.
    naptan
        As ``read_naptan`` gives it, or None.
    area
        The neighbourhoods' union in the pack's CRS; None: everywhere.
    margin_m
        NaPTAN's stops are added up to this far outside the area.
    trams
        Add tram and metro stops of NaPTAN too, not only bus stops.

    Returns
    -------
    stops
        The columns of ``data.schema.STOPS``. The feed's stops come first, in
        their order, so that ``stop_index`` of its calls still holds; the
        others follow by stop_id.
    faults
        Places that differ, stops that NaPTAN lacks or says are gone.
    """
    log = FaultLog("stops")
    stops = feed_stops.copy()
    if naptan is not None:
        stops = pd.concat(
            [_name_from_naptan(stops, naptan, log), _list_unserved(stops, naptan, area, margin_m, trams)],
            ignore_index=True,
        )
    stops["in_area"] = (
        True if area is None else _is_inside(area, stops["x"].to_numpy(float), stops["y"].to_numpy(float))
    )
    for column in ("active", "in_feed", "served", "in_area"):
        stops[column] = stops[column].astype(bool)
    return stops[STOPS.column_names], log.faults


def _is_inside(area: shapely.Geometry, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    shapely.prepare(area)
    return shapely.intersects_xy(area, x, y)


def _name_from_naptan(stops: pd.DataFrame, naptan: pd.DataFrame, log: FaultLog) -> pd.DataFrame:
    # Codes are the same whatever their case, and feeds do not always keep NaPTAN's.
    listed = naptan.set_axis(naptan["stop_id"].str.upper())
    found = listed.reindex(stops["stop_id"].str.upper()).reset_index(drop=True)
    known = found["stop_id"].notna().to_numpy()
    for column in _TEXT:
        own = stops[column].astype(object)
        stops[column] = (
            found[column].astype(object).where(found[column].notna(), own.where(own.notna(), None))
        )
    apart_m = np.hypot(
        found["x"].to_numpy(float) - stops["x"], found["y"].to_numpy(float) - stops["y"]
    ).to_numpy()
    far = known & (apart_m > FAR_M)
    log.add(
        "stop_places_differ",
        "note",
        int(far.sum()),
        "stops that lie over 100 m apart in the timetable and in NaPTAN; the timetable's place is used",
        [
            f"{stop}: {metres:,.0f} m"
            for stop, metres in zip(stops["stop_id"][far], apart_m[far], strict=True)
        ],
    )
    served = stops["served"].to_numpy(bool)
    log.add(
        "stop_not_in_naptan",
        "note",
        int((~known).sum()),
        "stops of the timetable that the NaPTAN file does not list; active where they are served",
        stops["stop_id"][~known],
    )
    standing = known & (found["active"] == True).to_numpy(bool)  # noqa: E712  (null where not listed)
    log.add(
        "stop_served_but_inactive",
        "note",
        int((known & ~standing & served).sum()),
        "stops that NaPTAN says are gone and that the timetable serves; counted as active",
        stops["stop_id"][known & ~standing & served],
    )
    stops["active"] = standing | served
    return stops


def _list_unserved(
    stops: pd.DataFrame, naptan: pd.DataFrame, area: shapely.Geometry | None, margin_m: float, trams: bool
) -> pd.DataFrame:
    types = BUS_STOP_TYPES + (TRAM_STOP_TYPES if trams else ())
    extra = naptan[
        naptan["stop_type"].isin(types) & ~naptan["stop_id"].str.upper().isin(stops["stop_id"].str.upper())
    ]
    if area is not None:
        near = area.buffer(margin_m) if margin_m > 0 else area
        extra = extra[_is_inside(near, extra["x"].to_numpy(float), extra["y"].to_numpy(float))]
    return extra.sort_values("stop_id").assign(in_feed=False, served=False)


@dataclass(frozen=True)
class Completeness:
    """How much of what stands at the roadside the timetable knows, inside the area."""

    active_stops: int
    served_stops: int

    @property
    def share(self) -> float | None:
        """Served / active; None where there is no active stop."""
        return self.served_stops / self.active_stops if self.active_stops else None


def compute_completeness(stops: pd.DataFrame) -> Completeness:
    """Count active stops, and those of them that are served, inside the area."""
    active = (stops["active"] & stops["in_area"]).to_numpy(bool)
    return Completeness(int(active.sum()), int((active & stops["served"].to_numpy(bool)).sum()))
