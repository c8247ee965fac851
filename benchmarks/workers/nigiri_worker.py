"""nigiri (through pynigiri): the timetable alone, with walking legs that it is given.

Usage: python nigiri_worker.py GTFS_DIRECTORY LEGS.npz SETTINGS.json

pynigiri has no street routing, so each point's walks to stops come as whole
minutes (``stop_id``, ``*_first``, ``*_stop``, ``*_minutes``). One query a pair
asks for every best journey that leaves in the window or in the hours after it.
"""

from __future__ import annotations

import datetime
import json
import sys
import zoneinfo
from pathlib import Path

from protocol import serve

LATER_MIN = 90


def load():
    import numpy as np
    import pynigiri as nigiri

    feed, legs_file, settings_file = sys.argv[1:4]
    settings = json.loads(Path(settings_file).read_text())
    date = datetime.date.fromisoformat(settings["service_date"])
    config = nigiri.LoaderConfig()
    if settings.get("no_links"):
        config.link_stop_distance = 0  # nigiri's own footpaths between stops up to 100 m apart
    source = nigiri.TimetableSource("feed", feed, config)
    days = [(date + datetime.timedelta(days=days)).isoformat() for days in (-1, 2)]
    timetable = nigiri.load_timetable([source], *days)
    legs = np.load(legs_file)
    location = [timetable.find_location(stop) for stop in legs["stop_id"].tolist()]
    clock = datetime.time.fromisoformat(settings["window_start"])
    zone = zoneinfo.ZoneInfo(settings["timezone"])
    start = int(datetime.datetime.combine(date, clock, zone).timestamp()) // 60

    def offsets(end):
        """One list of offsets a point; stops that the feed never serves are unknown to nigiri."""
        first, stop, minutes = (legs[f"{end}_{name}"] for name in ("first", "stop", "minutes"))
        return [
            [
                nigiri.Offset(location[stop[slot]], int(minutes[slot]), 0)
                for slot in range(first[row], first[row + 1])
                if location[stop[slot]] is not None
            ]
            for row in range(len(first) - 1)
        ]

    def walk_by_stops(origins, ends, stops):
        """Seconds of the shortest walk by way of one stop, -1 where there is none."""
        table = {}
        for end in ("access", "egress"):
            first, stop, long = (legs[f"{end}_{name}"] for name in ("first", "stop", "minutes"))
            table[end] = np.full((len(first) - 1, stops), np.inf, np.float32)
            table[end][np.repeat(np.arange(len(first) - 1), np.diff(first)), stop[: first[-1]]] = long[
                : first[-1]
            ]
        unknown = np.array([place is None for place in location])
        table["access"][:, unknown] = np.inf
        walks = np.full((len(origins), len(ends)), -1, np.int32)
        for row, access in enumerate(table["access"]):
            near = np.flatnonzero(np.isfinite(access))
            if len(near):
                best = (access[near] + table["egress"][:, near]).min(axis=1)
                walks[row] = np.where(np.isfinite(best), 60 * best, -1)
        return walks

    def ask(start_time):
        query = nigiri.Query()
        query.start_match_mode = query.dest_match_mode = nigiri.LocationMatchMode.INTERMODAL
        query.max_transfers = 0
        query.use_start_footpaths = False
        query.max_travel_time = LATER_MIN + 30
        query.start_time = start_time
        return query

    def again():
        """Chosen pairs at chosen minutes, each asked alone, with one stop at either end: -1 where none."""
        asked = np.load(settings["places"])
        stop_row = {stop: row for row, stop in enumerate(legs["stop_id"].tolist())}
        origins, ends = offsets("access"), offsets("egress")
        walks = walk_by_stops(origins, ends, len(legs["stop_id"]))
        times = []
        stops = zip(asked["board"].tolist(), asked["alight"].tolist(), strict=True)
        for (minute, row, column), (board, alight) in zip(asked["places"].tolist(), stops, strict=True):
            query = ask(start + minute)
            query.start = [one for one in origins[row] if one.target() == location[stop_row[board]]]
            query.destination = [one for one in ends[column] if one.target() == location[stop_row[alight]]]
            found = [60 * (journey.dest_time - start - minute) for journey in nigiri.route(timetable, query)]
            if settings.get("walk_by_stops") and walks[row, column] >= 0:
                found.append(int(walks[row, column]))
            times.append(min(found, default=-1))
        np.save(settings["minutes_out"], np.array(times, np.int32))
        return {"asked": len(times)}

    def minutes():
        origins, ends = offsets("access"), offsets("egress")
        count = settings["window_minutes"]
        times = np.full((count, len(origins), len(ends)), -1, np.int32)
        query = ask((start, start + count + LATER_MIN))
        for row, access in enumerate(origins):
            if not access:
                continue
            query.start = access
            for column, egress in enumerate(ends):
                if not egress:
                    continue
                query.destination = egress
                for journey in nigiri.route(timetable, query):
                    leave, arrive = journey.start_time - start, journey.dest_time - start
                    for minute in range(min(leave, count - 1), -1, -1):
                        took = 60 * (arrive - minute)
                        if 0 <= times[minute, row, column] <= took:
                            break
                        times[minute, row, column] = took
        if settings.get("walk_by_stops"):
            # nigiri leaves out rides that are no quicker than walking by way of a stop near both ends,
            # and does not tell that walk.
            walks = walk_by_stops(origins, ends, len(legs["stop_id"]))
            for row, column in np.argwhere(walks >= 0).tolist():
                at = times[:, row, column]
                at[(at < 0) | (at > walks[row, column])] = walks[row, column]
        np.save(settings["minutes_out"], times)
        return {"shape": list(times.shape)}

    return {"minutes": minutes, "again": again}


if __name__ == "__main__":
    serve(load)
