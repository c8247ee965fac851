"""The points and settings that every engine of a run is given, as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data.areapack import AreaPack
from geo.engine import Engine

SEED = 20_231


def _rows(frame: pd.DataFrame, id_column: str, role: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"id": role[0] + "-" + frame[id_column], "lon": frame["lon"], "lat": frame["lat"], "role": role}
    )


def write_newport_points(pack: AreaPack, path: Path) -> tuple[int, int]:
    """All origin points and all places inside the streets that the pack has."""
    engine = Engine(pack)
    origins, places = pack.origin_points, engine.venues
    if origins is None or places is None:
        raise ValueError("the pack has no origin points or no places")
    origins = origins[~engine.snap(False, origins).outside]
    places = places[~engine.snap(False, places).outside]
    pd.concat([_rows(origins, "point_id", "origin"), _rows(places, "service_id", "destination")]).to_csv(
        path, index=False
    )
    return len(origins), len(places)


def write_region_points(pack: AreaPack, path: Path, *, destinations: int = 500) -> tuple[int, int]:
    """One point a neighbourhood, and seeded stops of the timetable as destinations."""
    if pack.neighbourhoods is None:
        raise ValueError("the pack has no neighbourhoods")
    inside = pack.neighbourhoods.geometry.representative_point().to_crs("EPSG:4326")
    origins = pd.DataFrame({"id": pack.neighbourhoods["neighbourhood_id"], "lon": inside.x, "lat": inside.y})
    served = pack.stops[pack.stops["served"] & pack.stops["in_area"]]
    chosen = served.iloc[
        np.sort(np.random.default_rng(SEED).choice(len(served), destinations, replace=False))
    ]
    pd.concat([_rows(origins, "id", "origin"), _rows(chosen, "stop_id", "destination")]).to_csv(
        path, index=False
    )
    return len(origins), len(chosen)


def write_settings(pack: AreaPack, path: Path, folder: Path, **more: Any) -> None:
    """Settings by the same rules for every engine: no board slack, 640 m a leg, 4.8 km/h."""
    settings = {
        "service_date": pack.manifest.timetable.service_date.isoformat(),
        "window_start": "09:30",
        "window_minutes": 60,
        "walk_speed_kmh": 4.8,
        "max_walk_m": 640,
        "threads": 2,
        "folder": str(folder),
        **more,
    }
    path.write_text(json.dumps(settings))
