"""Round trips on real data against a brute force over the raw files, equal to the second.

``tests/brute_force_return.py`` tries every bus there with every bus home. It is
given the places and sessions of some pairs in Newport (opening hours of
OpenStreetMap, streets) and Oldham (assumed sessions, straight lines), chosen by
a hash of their ids, some of every verdict.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from data.areapack import AreaPack
from geo.engine import Engine
from geo.query import Query
from tests import brute_force
from tests.brute_force_return import Pair

pytestmark = pytest.mark.real_data

FEEDS = {
    "newport": "newport/bus/newport-20230613_gtfs.zip",
    "oldham": "oldham/bus/oldham_tfgm_cif2018_built_gtfs.zip",
}
TIMES = ("leave_home_s", "arrive_s", "leave_venue_s", "arrive_home_s", "slack_s", "later_buses_home")
WANTED = {"one_bus": 3, "walk": 1, "no_return": 4, "direct_bus_other_times": 2, "too_long": 1}
NAMED = re.compile(r"(?:the last (.+?) leaves at (\d\d:\d\d)|the (.+?) leaves at (\d\d:\d\d), too soon)")


def choose_rows(table: pd.DataFrame, seed: str) -> pd.DataFrame:
    """Some rows of every kind, chosen by a hash of their ids and never by their values."""
    kind = table["reason"].astype(object).where(table["reason"].notna(), table["outward_by"].astype(object))
    ids = seed + table["origin_id"].astype(str) + "|" + table["session_id"].astype(str)
    chosen = []
    for name, count in WANTED.items():
        rows = table[(kind == name) & table["service_date"].notna()]
        order = ids[rows.index].map(lambda text: hashlib.sha256(text.encode()).hexdigest())
        chosen.append(rows.loc[order.sort_values().index[:count]])
    return pd.concat(chosen)


def name_last_bus(row: dict, pair: Pair) -> tuple[str, str] | None:
    """The last bus home before the session (or the earliest visit) ends: its name, and when it leaves."""
    end = int(row["session_end_s"])
    if row["session_kind"] == "drop_in":
        end = pair.earliest_end(int(row["session_start_s"]), end)
    last = pair.last_before(end)
    if last is None:
        return None
    number, _, shown = pair.timetable.names[last.trip]
    at = f"{last.departs // 3600 % 24:02d}:{last.departs // 60 % 60:02d}"
    return (f"{number} towards {shown}" if shown else number), at


@pytest.mark.parametrize("name", FEEDS)
def test_round_trips_equal_brute_force_over_the_raw_files(
    name: str, real_pack: Callable[[str], AreaPack], real_data: Path, request: pytest.FixtureRequest
) -> None:
    pack = real_pack(name)
    assert pack.origin_points is not None and pack.services is not None
    points, services = pack.origin_points.set_index("point_id"), pack.services.set_index("service_id")
    walking = brute_force.StraightLines() if name == "oldham" else request.getfixturevalue("newport_streets")
    some = pack.origin_points.iloc[::9].rename(columns={"point_id": "id"})
    rows = choose_rows(Engine(pack).round_trips(Query(), level="point", origins=some).frame, name)
    assert len(rows) >= 10
    wrong: list = []
    for date, of_date in rows.groupby("service_date"):
        timetable = brute_force.RawTimetable(
            real_data / FEEDS[name], date, days_after=2, pupils_only=brute_force.SCHOOL_BUSES
        )
        for row in of_date.to_dict("records"):
            home, venue = points.loc[row["origin_id"]], services.loc[row["service_id"]]
            question = brute_force.Question(date)
            pair = Pair(timetable, walking, question, (home["x"], home["y"]), (venue["x"], venue["y"]))
            start, end = int(row["session_start_s"]), int(row["session_end_s"])
            fixed = row["session_kind"] == "session"
            theirs = pair.session(start, end) if fixed else pair.drop_in(start, end)
            works = pd.isna(row["reason"])
            if works != (theirs.arrive_home_s is not None):
                wrong.append((row["origin_id"], row["session_id"], "works", works, theirs))
            for column in TIMES if works else ():
                value, ours = getattr(theirs, column), None if pd.isna(row[column]) else row[column]
                if ours != value and (fixed or value is not None):
                    wrong.append((row["origin_id"], row["session_id"], column, ours, value))
            if row["reason"] == "no_return":
                found = NAMED.search(row["text"])
                ours = None if found is None else tuple(one for one in found.groups() if one)
                if ours != (last := name_last_bus(row, pair)):
                    wrong.append((row["origin_id"], row["session_id"], row["text"], last))
    print(
        rows[
            [
                "session_kind",
                "verdict",
                "reason",
                "outward_by",
                "return_by",
                "later_buses_home",
                "slack_s",
                "text",
            ]
        ].to_string()
    )
    assert wrong == []
