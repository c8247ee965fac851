"""The engine's answers beside the slow reference's: every value in which they differ, in words.

``tests/test_proof_random_towns.py`` draws the packs and asks. Nothing is compared here that
the reference was not asked for as well, but the parts of a region, which are compared with the whole.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from data.areapack import AreaPack
from geo.engine import Engine
from geo.matrix import choose_destinations, choose_origins, export_matrix
from geo.people import compute_neighbourhood_reach
from geo.query import Query
from geo.tables import GapTable, ReachTable
from geo.timeofday import IN_REACH_COLUMN, compute_times_of_day
from geo.when import compute_when
from tests import reference, reference_people
from tests.proof import differences, frame_rows, list_rows, reference_rows
from tests.reference_people import REACHED, Rows
from tests.reference_walk import is_covered

# What docs/methods.md says of the five times: the days from the service date on, and the hours.
TIMES = {
    "weekday_morning": (None, 34_200, 41_400),
    "weekday_afternoon": (None, 48_600, 55_800),
    "weekday_evening": (None, 64_800, 72_000),
    "saturday": ("Saturday", 34_200, 41_400),
    "sunday": ("Sunday", 34_200, 41_400),
}


def tell(what: str, ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """Values of one row in which the two differ."""
    return differences({what: ours}, {what: theirs})


def reach_differences(
    pack: AreaPack, query: Query, points: ReachTable, gap: GapTable, theirs: Rows
) -> list[str]:
    """Reach by point and by neighbourhood, and who is in reach, cut off and not known."""
    lines = differences(frame_rows(points.frame), theirs)
    hoods = reference_people.neighbourhood_rows(pack, query, theirs)
    lines += differences(frame_rows(compute_neighbourhood_reach(points, pack).frame), hoods)
    if gap.frame["in_reach_assumed"].notna().any():
        lines.append("people in reach by assumed times, though getting there asks for none")
    return lines + gap_differences(gap.frame, partial(reference_people.gap, pack, query, by_point=theirs))


def gap_differences(
    frame: pd.DataFrame, wanted: Callable[[str], dict[tuple[str, str, str, str], dict]], prefix: str = ""
) -> list[str]:
    """People in reach, cut off and not known (columns that begin with the prefix); ``wanted`` is by level."""
    ours = {
        (row["level"], row["area_id"], row["kind"], row["category"], row["group_id"]): row
        for row in list_rows(frame)
    }
    lines = []
    for level in ("neighbourhood", "ward", "area"):
        for key, totals in wanted(level).items():
            row = ours.pop((level, *key), None)
            if row is None:
                lines.append(f"{level} {key}: missing")
            elif row["people"] is not None:
                for name, value in totals.items():
                    if row[prefix + name] is None or abs(row[prefix + name] - value) > 1e-6:
                        lines.append(f"{level} {key} {name}: engine {row[prefix + name]}, reference {value}")
    return lines + [f"{key}: in the engine's gap alone" for key in ours]


# ---------------------------------------------------------------- times of day


def query_at(pack: AreaPack, query: Query, name: str) -> Query:
    """The query at one of the five times: its own date, or the next of that weekday."""
    weekday, start_s, end_s = TIMES[name]
    date = query.service_date or pack.manifest.timetable.service_date
    while weekday and f"{date:%A}" != weekday:
        date += dt.timedelta(days=1)
    return dataclasses.replace(query, service_date=date, window_start_s=start_s, window_end_s=end_s)


def times_of_day_differences(engine: Engine, query: Query, seen: dict[str, int]) -> list[str]:
    """The five times: of each pair, and of each neighbourhood and category with its people."""
    pack = engine.pack
    asked = {name: query_at(pack, query, name) for name in TIMES}
    theirs = {name: reference_rows(pack, at) for name, at in asked.items()}
    ours = frame_rows(compute_times_of_day(engine, query, level="point").frame)
    lines = []
    for key in theirs["sunday"]:
        wanted: dict[str, Any] = {}
        for name in TIMES:
            row = theirs[name][key]
            wanted |= {f"{name}_class": row["reach_class"], f"{name}_best_duration_s": row["best_duration_s"]}
            wanted[f"{name}_share_in_reach"] = row["share_in_reach"]
            seen[f"{name} {'reached' if row['reach_class'] in REACHED else 'not reached'}"] += 1
        counts = REACHED if query.boardings == 1 else (*REACHED, "two_buses")
        wanted[IN_REACH_COLUMN] = join(name for name in TIMES if theirs[name][key]["reach_class"] in counts)
        lines += tell(f"times of {key}", ours[key], wanted)
    return lines + when_differences(engine, query, asked, theirs)


def join(names: Any) -> str | None:
    return ";".join(names) or None


def when_differences(
    engine: Engine, query: Query, asked: dict[str, Query], theirs: dict[str, Rows]
) -> list[str]:
    """When a category is in reach: of most people in each neighbourhood, and of how many of each group."""
    pack, table = engine.pack, compute_when(engine, query)
    most = {name: reference_people.states_of_most(pack, asked[name], theirs[name]) for name in TIMES}
    lines = []
    for row in list_rows(table.frame):
        key = row["neighbourhood_id"], row["kind"], row["category"]
        wanted: dict[str, Any] = {}
        for name in TIMES:
            state, share = most[name][key]
            wanted |= {f"{name}_state": state, f"{name}_share_in_reach_people": share}
        states = {name: wanted[f"{name}_state"] for name in TIMES}
        wanted[IN_REACH_COLUMN] = join(name for name in TIMES if states[name] == "in_reach")
        wanted["times_in_reach"] = sum(state == "in_reach" for state in states.values())
        wanted["times_known"] = sum(state != "not_known" for state in states.values())
        lines += tell(f"when {key}", row, wanted)
    if len(table.frame) != len(most["sunday"]):
        lines.append(f"when: {len(table.frame)} rows, reference {len(most['sunday'])}")
    for name in TIMES:
        people = partial(reference_people.gap, pack, asked[name], by_point=theirs[name])
        lines += gap_differences(table.gap, people, f"{name}_")
    return lines


# ---------------------------------------------------------------- many to many, and in parts


def matrix_rows(file: Path) -> list[dict[str, Any]]:
    return pq.read_table(file).to_pylist()


def matrix_differences(
    engine: Engine, query: Query, theirs: Rows, folder: Path, part_origins: int
) -> list[str]:
    """Both layouts to the services, and to every stop; the last in parts as well, byte by byte."""
    query = dataclasses.replace(query, boardings=1)
    origins = choose_origins(engine, "points")
    services, stops = (choose_destinations(engine, choice) for choice in ("services", "stops"))
    every, whole, parts = (folder / f"{name}.parquet" for name in ("every", "whole", "parts"))
    export_matrix(engine, query, origins, services, every, rows="all")
    lines = pair_differences(matrix_rows(every), {key: as_pair(row) for key, row in theirs.items()})
    export_matrix(engine, query, origins, services, whole)
    lines += pair_differences(matrix_rows(whole), only_reached(theirs))

    town = reference_people.build_town_of(engine.pack, query)
    beyond = {("stop", s) for s, x, y in stops.itertuples(index=False) if not is_covered(engine.pack, x, y)}
    town = dataclasses.replace(town, outside=town.outside | beyond)
    pairs = ((str(p), str(s)) for p in origins["id"] for s in stops["id"])
    to_stops = {(p, s): reference.row(town, ("origin", p), ("stop", s), two_buses=False) for p, s in pairs}
    export_matrix(engine, query, origins, stops, whole)
    lines += pair_differences(matrix_rows(whole), only_reached(to_stops))
    lines += part_differences(engine, query, origins, stops, whole, parts, folder / "kept", part_origins)
    return lines


def part_differences(
    engine: Engine,
    query: Query,
    origins: pd.DataFrame,
    destinations: pd.DataFrame,
    whole: Path,
    parts: Path,
    kept: Path,
    part_origins: int,
) -> list[str]:
    """What a region cut by area gives that the whole, already written, does not."""
    export_matrix(engine, query, origins, destinations, parts, parts=kept, part_origins=part_origins)
    if parts.read_bytes() == whole.read_bytes():
        return []
    return ["parts differ from the whole", *pair_differences(matrix_rows(parts), keyed(matrix_rows(whole)))]


def keyed(rows: list[dict[str, Any]]) -> dict[tuple[str, str], dict]:
    return {(row.pop("origin_id"), row.pop("destination_id")): row for row in rows}


def pair_differences(ours: list[dict[str, Any]], theirs: dict[tuple[str, str], dict]) -> list[str]:
    found = keyed(ours)
    order = [] if list(found) == list(theirs) else [f"other pairs, or in another order: {list(found)}"]
    return order + differences(found, theirs)


def as_pair(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the reach table as a matrix has it: only one bus is asked for."""
    names = ("walk_time_s", "best_duration_s", "share_in_reach")
    kept = {n: v for n, v in row.items() if n in names or n.startswith("travel_time_p")}
    two = row["reach_class"] in ("two_buses", "not_in_reach")
    return {"reach_class": "no_one_bus" if two else row["reach_class"], **kept}


def only_reached(rows: Rows) -> dict[tuple[str, str], dict]:
    return {key: as_pair(row) for key, row in rows.items() if row["reach_class"] in REACHED}
