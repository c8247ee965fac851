"""ferrobus in its one-ride setting (max_transfers = 1), one to many, points cold.

Usage: python ferrobus_worker.py GTFS_DIRECTORY STREETS.pbf POINTS.csv SETTINGS.json
"""

from __future__ import annotations

import csv
import datetime
import json
import sys
from pathlib import Path

from protocol import serve


def load():
    import ferrobus

    gtfs, streets, points_file, settings_file = sys.argv[1:5]
    settings = json.loads(Path(settings_file).read_text())
    with Path(points_file).open(newline="") as file:
        rows = list(csv.DictReader(file))
    date = datetime.date.fromisoformat(settings["service_date"])
    hours, minutes = map(int, settings["window_start"].split(":"))
    start_s = hours * 3600 + minutes * 60
    walk_s = int(settings["max_walk_m"] / (settings["walk_speed_kmh"] / 3.6))
    model = ferrobus.create_transit_model(streets, [gtfs], date, walk_s)

    def points(role):
        """Points that it can snap; the others are counted as not reached, as on every side."""
        made = []
        for row in rows:
            if row["role"] == role:
                try:
                    made.append(
                        ferrobus.create_transit_point(float(row["lat"]), float(row["lon"]), model, walk_s, 50)
                    )
                except ValueError:
                    continue
        return made

    def single():
        """Points are made inside the case: the walk searches count on every side."""
        origins, destinations = points("origin"), points("destination")
        found = [ferrobus.find_routes_one_to_many(model, o, destinations, start_s, 1) for o in origins]
        return {"reached": sum(route is not None for row in found for route in row)}

    def window():
        origins, destinations = points("origin"), points("destination")
        reached = 0
        for minute in range(60):
            for origin in origins:
                row = ferrobus.find_routes_one_to_many(model, origin, destinations, start_s + 60 * minute, 1)
                reached += sum(route is not None for route in row)
        return {"reached": reached}

    return {"single": single, "window": window}


if __name__ == "__main__":
    serve(load)
