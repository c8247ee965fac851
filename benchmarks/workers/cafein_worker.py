"""cafein in its fastest one-ride setting: transfers cleared, the trip-based router.

Usage: python cafein_worker.py GTFS.zip STREETS.pbf POINTS.csv SETTINGS.json
"""

from __future__ import annotations

import csv
import json
import sys
import warnings
from pathlib import Path

from protocol import serve

warnings.filterwarnings("ignore")


def load():
    import geopandas as gpd
    import numpy as np
    from cafein import TransportNetwork
    from shapely.geometry import Point

    gtfs, streets, points_file, settings_file = sys.argv[1:5]
    settings = json.loads(Path(settings_file).read_text())
    with Path(points_file).open(newline="") as file:
        rows = list(csv.DictReader(file))

    def frame(role):
        chosen = [row for row in rows if row["role"] == role]
        return gpd.GeoDataFrame(
            {"id": [row["id"] for row in chosen]},
            geometry=[Point(float(row["lon"]), float(row["lat"])) for row in chosen],
            crs="EPSG:4326",
        )

    origins, destinations = frame("origin"), frame("destination")
    walking = {
        "walking_speed_kmph": settings["walk_speed_kmh"],
        "max_walking_time": settings["max_walk_m"] / (settings["walk_speed_kmh"] * 1000 / 60),
        "snap_distance": 300.0,
    }
    network = TransportNetwork.from_gtfs(
        gtfs, osm_pbf=streets, trip_distances=False, leg_geometries=False, **walking
    )
    network.set_transfers([])
    kept = str(Path(settings["folder"]) / "cafein.network")
    network.save(kept)

    def load_kept(**how):
        """Its own saved artefact read again, as a user's second start would."""
        return lambda: {"stops": TransportNetwork.load(kept, **how).stop_count}

    date, start = settings["service_date"], settings["window_start"]
    common = {"max_rides": 1, "destinations": destinations, "workers": settings["threads"], **walking}

    def summary(matrix):
        reached = matrix != np.iinfo(np.uint32).max
        return {
            "reached": int(reached.sum()),
            "mean_s": float(matrix[reached].mean()) if reached.any() else None,
        }

    def first_answer(**how):
        """From the saved artefact to one departure from one point to all places."""
        return lambda: summary(
            TransportNetwork.load(kept, **how).travel_time_matrix(
                origins[:1], f"{date} {start}", router="tbtr", **common
            )
        )

    def single(router):
        return lambda: summary(
            network.travel_time_matrix(origins, f"{date} {start}", router=router, **common)
        )

    def window(router, minutes):
        return lambda: summary(
            network.travel_time_matrix(
                origins, f"{date} {start}", router=router, departure_time_window=minutes,
                percentiles=[50, 85], **common,
            )
        )  # fmt: skip

    def minute_by_minute():
        """Every minute's travel times, for the comparison of values (docs/validation.md)."""
        hours, minutes = map(int, start.split(":"))
        planes = []
        for minute in range(settings["window_minutes"]):
            clock = hours * 60 + minutes + minute
            planes.append(
                network.travel_time_matrix(
                    origins, f"{date} {clock // 60:02d}:{clock % 60:02d}", router="tbtr", **common
                )
            )
        np.save(settings["minutes_out"], np.stack(planes))
        return {"shape": list(np.stack(planes).shape)}

    return {
        "single_tbtr": single("tbtr"), "single_raptor": single("raptor"),
        "window_tbtr": window("tbtr", 60), "window_raptor": window("raptor", 60),
        "window2h_tbtr": window("tbtr", 120), "window2h_raptor": window("raptor", 120),
        "minutes": minute_by_minute,
        "load_kept": load_kept(), "load_mapped": load_kept(mmap=True),
        "first_kept": first_answer(), "first_mapped": first_answer(mmap=True),
    }  # fmt: skip


if __name__ == "__main__":
    serve(load)
