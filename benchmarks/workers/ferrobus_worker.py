"""ferrobus in its one-ride setting (max_transfers = 1), points cold.

Usage: python ferrobus_worker.py GTFS_DIRECTORY STREETS.pbf POINTS.csv SETTINGS.json
"""

from __future__ import annotations

import csv
import datetime
import json
import sys
from pathlib import Path

from protocol import serve

MOST_STOPS = 50  # near one point; in Newport, Cairns and Coquimbo none has more within 640 m


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
    # Walks between stops, before and after the ride: none where the settings say so.
    model = ferrobus.create_transit_model(streets, [gtfs], date, settings.get("transfer_s", walk_s))

    def place(row):
        """The point where it can be snapped, else None."""
        try:
            return ferrobus.create_transit_point(
                float(row["lat"]), float(row["lon"]), model, walk_s, MOST_STOPS
            )
        except ValueError:
            return None

    def points(role):
        """Points that it can snap; the others are counted as not reached, as on every side."""
        made = [place(row) for row in rows if row["role"] == role]
        return [point for point in made if point is not None]

    def count(rows):
        return sum(route is not None for row in rows for route in row)

    def one_by_one(departures):
        """Origin by origin to all destinations. Points are made in the case: walks count on every side."""

        def run():
            origins, destinations = points("origin"), points("destination")
            return {
                "reached": sum(
                    count(ferrobus.find_routes_one_to_many(model, o, destinations, at_s, 1) for o in origins)
                    for at_s in departures
                )
            }

        return run

    def all_at_once(departures):
        """Its own matrix, which runs in parallel, between all points; ours are a corner of it."""

        def run():
            origins, destinations = points("origin"), points("destination")
            reached = 0
            for at_s in departures:
                matrix = ferrobus.travel_time_matrix(model, origins + destinations, at_s, 1)
                reached += count(row[len(origins) :] for row in matrix[: len(origins)])
            return {"reached": reached}

        return run

    def minutes():
        """Every minute's travel times, -1 where there is none (docs/validation.md)."""
        import numpy as np

        made = {}
        for role in ("origin", "destination"):
            chosen = [row for row in rows if row["role"] == role]
            made[role] = [place(row) for row in chosen]
        known = [column for column, point in enumerate(made["destination"]) if point is not None]
        ends = [made["destination"][column] for column in known]
        shape = (settings["window_minutes"], len(made["origin"]), len(made["destination"]))
        times = np.full(shape, -1, np.int32)
        for minute in range(shape[0]):
            for row, origin in enumerate(made["origin"]):
                if origin is None:
                    continue
                found = ferrobus.find_routes_one_to_many(model, origin, ends, start_s + 60 * minute, 1)
                times[minute, row, known] = [
                    -1 if route is None else route["travel_time_seconds"] for route in found
                ]
        np.save(settings["minutes_out"], times)
        return {"shape": list(shape)}

    every_minute = range(start_s, start_s + 3600, 60)
    return {
        "single_one_by_one": one_by_one([start_s]), "single_matrix": all_at_once([start_s]),
        "window_matrix": all_at_once(every_minute), "minutes": minutes,
    }  # fmt: skip


if __name__ == "__main__":
    serve(load)
