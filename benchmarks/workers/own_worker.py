"""This project's engine: points given cold, walk searches counted.

Usage: python own_worker.py PACK POINTS.csv SETTINGS.json
"""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from protocol import serve


def load():
    import pandas as pd

    from data.modes import MODES
    from data.packio import load_pack
    from data.points import read_points
    from data.tables import pack_to_arrow
    from geo.engine import Engine
    from geo.options import clock_to_seconds
    from geo.places import resolve_place
    from geo.profile import NONE, compute_matrix
    from geo.query import Query, WalkSettings

    pack_path, points_file, settings_file = sys.argv[1:4]
    settings = json.loads(Path(settings_file).read_text())
    pack = load_pack(pack_path)
    engine = Engine(pack)
    start_s = clock_to_seconds(settings["window_start"])
    query = Query(
        window_start_s=start_s,
        window_end_s=start_s + 3600,
        board_slack_s=0,  # peers have none
        modes=MODES,  # and they ride coaches too
        walk=WalkSettings(speed_kmh=settings["walk_speed_kmh"], max_walk_m=settings["max_walk_m"]),
    )
    points = read_points(Path(points_file), crs=pack.crs)
    points["role"] = pd.read_csv(points_file)["role"]
    origins = points[points["role"] == "origin"].reset_index(drop=True)
    destinations = points[points["role"] == "destination"].reset_index(drop=True)
    # The network and the timetable are loaded by every peer before its first case too.
    engine.graph(False)
    engine.stop_index(False)
    engine.timetable(query)

    def matrix(asked: Query, engine: Engine = engine, origins: pd.DataFrame = origins):
        """Snap, walk and ride, from coordinates to exact percentiles."""
        from_points, to_points = engine.snap(False, origins), engine.snap(False, destinations)
        access, egress, direct = engine.walks(asked.walk, from_points, to_points)
        return compute_matrix(engine.timetable(asked), access, egress, direct, asked)

    def summary(asked: Query):
        def run():
            result = matrix(asked)
            median_s = result.percentile_s[0]
            return {"reached": int((median_s != NONE).sum()), "pairs": int(median_s.size)}

        return run

    single = dataclasses.replace(query, window_end_s=start_s + 1, percentiles=(50,))
    two_hours = dataclasses.replace(query, window_end_s=start_s + 7200)
    cases = {
        "single": summary(single),
        "window": summary(query),
        "window2h": summary(two_hours),
    }

    def make_ready(path):
        """A built pack read, its walk graph and timetable made: the first question can be put."""

        def run():
            made = Engine(load_pack(path))
            made.graph(False)
            made.stop_index(False)
            return {"lanes": made.timetable(query).n_lanes}

        return run

    def first_answer(path):
        """From the pack's folder to one departure from one point to all places."""
        return lambda: {
            "reached": int(
                (matrix(single, Engine(load_pack(path)), origins[:1]).percentile_s[0] != NONE).sum()
            )
        }

    # The tables are read and checked; frames are made of them when somebody asks.
    for name in ("built", "prepared"):
        if path := settings.get(f"{name}_pack"):
            cases[f"load_{name}"] = lambda path=path: {"area": load_pack(path).area_id}
            cases[f"tables_{name}"] = lambda path=path: {"tables": len(pack_to_arrow(load_pack(path)))}
            cases[f"ready_{name}"] = make_ready(path)
            cases[f"first_{name}"] = first_answer(path)
    # A second question finds the first one's walks; what the first one takes is timed beside it.
    place = resolve_place(pack, settings["isochrone_origin"]) if settings.get("isochrone_origin") else None
    services = pack.origin_points is not None and engine.venues is not None and len(engine.venues) > 0

    def isochrones(engine, asked, **how):
        return {"polygons": len(engine.isochrones(asked, place, (2700,), **how))}

    def reach_table(engine, asked):
        return {"rows": len(engine.reach(asked, level="point").frame)}

    if place is not None:
        cases["isochrone"] = lambda: isochrones(engine, Query())
        cases["isochrone_p50"] = lambda: isochrones(engine, Query(), statistics=(50,))
    if services:
        cases["reach_table"] = lambda: reach_table(engine, Query())
    if path := settings.get("prepared_pack"):
        asked = Query(modes=MODES)
        if place is not None:
            cases["isochrone_first"] = lambda: isochrones(Engine(load_pack(path)), asked)
        if services:
            cases["reach_table_first"] = lambda: reach_table(Engine(load_pack(path)), asked)
    return cases


if __name__ == "__main__":
    serve(load)
