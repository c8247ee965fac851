"""What would bring a category within reach of a neighbourhood, and the last bus home: as tables and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from data.areapack import AreaPack
from geo.clock import clock
from geo.engine import Engine
from geo.query import Query
from geo.roundtrip_people import compute_neighbourhood_round_trips
from geo.service_names import tell_services_apart
from geo.tables import GapTable, ReachTable, WhyTable
from geo.why_words import say_distance, say_remedy
from layers.measures import ALL, ANY_CATEGORY, gap_rows
from layers.planner import MORE_PEOPLE, WITHOUT_IT
from layers.reach_panel import REACH
from layers.text import escape_for_map
from layers.there_and_back import ASSUMED_ALONE, ThereAndBack, say_assumed_part
from layers.words import say_people

CHANGE = "What would change it"
WALK, ALL_THE_WAY = "Walk to or from a stop", "Walk all the way"
CUTOFF, SESSION = "A longer journey", "A session moved"
BUS, SECOND, NEAREST = "A later bus home", "A second bus", "Nearest"


def ask_why(engine: Engine, query: Query, trip: ThereAndBack | None, neighbourhood_id: str) -> WhyTable:
    """What would bring each category within reach of one neighbourhood."""
    settings, day = (None, None) if trip is None else (trip.settings, trip.day)
    return engine.why(query, settings, day=day, neighbourhood_ids=[neighbourhood_id])


def build_why_table(why: WhyTable, pack: AreaPack, *, kind: str, category: str | None) -> pd.DataFrame:
    """One row per category that some people there have not in reach, with every change looked at.

    Each change that would do it alone stands with the people whom it brings in.

    ``category`` None: all of the kind, "any" first.
    """
    rows, apart = choose_rows(why, kind=kind, category=category), tell_services_apart(pack)
    records = [{str(name): value for name, value in r.items()} for r in rows.to_dict("records")]
    columns: dict[str, list[Any]] = {
        "Category": ["Any" if r["category"] == ANY_CATEGORY else r["category"] for r in records],
        WITHOUT_IT: [r["cut_off"] for r in records],
        CHANGE: [say_change(r, why, pack, apart) for r in records],
        MORE_PEOPLE: [r["people_gained"] for r in records],
        WALK: [_tell(r, "walk", r["walk_m"], lambda m: f"{m:,.0f} m") for r in records],
        ALL_THE_WAY: [
            _tell(r, "walk_all_the_way", r["walk_all_the_way_m"], lambda m: f"{m:,.0f} m") for r in records
        ],
        CUTOFF: [_tell(r, "cutoff", r["cutoff_min"], lambda minutes: f"{minutes:.0f} min") for r in records],
    }
    if why.there_and_back:
        columns[SESSION] = [
            _tell(r, "session", r["session_start_s"], lambda s: clock(int(s))) for r in records
        ]
        columns[BUS] = [
            _tell(r, "bus", r["bus_later_min"], lambda minutes: f"{minutes:,.0f} min later") for r in records
        ]
    columns[SECOND] = [_tell(r, "second_bus", r["second_bus"] or None, lambda _: "yes") for r in records]
    columns[NEAREST] = [_or_no(r["nearest_m"], lambda m: f"{m / 1000:,.1f} km") for r in records]
    return pd.DataFrame(columns)


def draw_changes(table: pd.DataFrame) -> str:
    """The table as HTML for a narrow column: a heading a category, a line a change; all text escaped."""
    blocks = []
    for row in table.to_dict("records"):
        shown = (WALK, ALL_THE_WAY, CUTOFF, SESSION, BUS, SECOND, NEAREST)
        told = [(name, str(row[name])) for name in shown if name in row]
        lines = [
            "<tr><th scope='row' style='text-align:left;font-weight:normal;vertical-align:top;"
            "padding:0 .8rem .15rem 0'>"
            f"{escape_for_map(name)}</th><td style='vertical-align:top'>{escape_for_map(words)}</td></tr>"
            for name, words in told
        ]
        head = f"{row['Category']}: {say_people(row[WITHOUT_IT])} people without it"
        blocks.append(
            f"<table style='border-collapse:collapse;margin:0 0 .8rem;font-size:.95rem'>"
            f"<caption style='text-align:left;font-weight:600'>{escape_for_map(head)}</caption>"
            f"{''.join(lines)}</table>"
        )
    return (
        "<div tabindex='0' role='region' aria-label='every change, by category' "
        f"style='max-height:420px;overflow-y:auto'>{''.join(blocks)}</div>"
    )


def say_change(record: Mapping[str, Any], why: WhyTable, pack: AreaPack, apart: Mapping[str, str]) -> str:
    """The sentence without the category and the people that stand beside it in a table."""
    if record["answer"] == "nothing":
        return f"Nothing that was looked at; the nearest is {say_distance(record['nearest_m'])} away"
    said = say_remedy(record, str(record["answer"]), pack, why.query, apart, back=why.there_and_back)
    return said[:1].upper() + said[1:]


def say_nothing_missing(gap: GapTable | None, neighbourhood_id: str, *, kind: str, category: str) -> str:
    """What stands where nobody of a neighbourhood is known to be without what is asked for."""
    if gap is not None:
        rows = gap_rows(gap, "neighbourhood", kind, category, ALL).reindex([neighbourhood_id])
        if not (rows[["in_reach", "cut_off"]].fillna(0).to_numpy(float) > 0).any():
            return "It is not known of anybody here what is in reach, nor what would change it."
        if (row := rows.iloc[0])["in_reach_assumed"] > 0:
            return (
                "Everybody here whose reach is known has what is asked for on the left in reach, "
                f"{say_assumed_part(row)} of them {ASSUMED_ALONE.lower()}."
            )
    return "Everybody here whose reach is known has what is asked for on the left in reach."


def choose_rows(why: WhyTable, *, kind: str, category: str | None) -> pd.DataFrame:
    """Rows of a kind, and of one category if it is given; that of "any" stands first."""
    frame = why.frame[why.frame["kind"] == kind]
    return frame if category is None else frame[frame["category"] == category]


def _tell(record: Mapping[str, Any], change: str, value: Any, words: Callable[[Any], str]) -> str:
    """ "900 m: 964 people"; "no" where the change alone does not do it."""
    people = record[f"{change}_people"]
    counted = "" if people is None or pd.isna(people) else f": {say_people(people)} people"
    return _or_no(value, lambda known: f"{words(known)}{counted}")


def _or_no(value: Any, words: Callable[[Any], str]) -> str:
    return "no" if pd.isna(value) else words(value)


def list_last_buses(
    engine: Engine, query: Query, trip: ThereAndBack, reach: ReachTable, neighbourhood_id: str
) -> dict[str, str]:
    """Of each service that one can get to and not home from, which bus home there is, in words.

    Parameters
    ----------
    reach : ReachTable
        There and back, by neighbourhood.
    """
    frame, own = reach.frame, engine.pack.origin_points
    chosen = (frame["origin_id"] == neighbourhood_id) & (frame["reason"] == "no_return")
    service_ids = [str(one) for one in frame.loc[chosen, "service_id"]]
    if not service_ids or own is None:
        return {}
    points = own[own["neighbourhood_id"] == neighbourhood_id].rename(columns={"point_id": "id"})
    table = engine.round_trips(
        query, trip.settings, service_ids=service_ids, day=trip.day, level="point",
        origins=points.reset_index(drop=True),
    )  # fmt: skip
    told = compute_neighbourhood_round_trips(table, engine.pack).frame
    told = told[(told["reason"] == "no_return") & told["text"].notna()]
    return {str(one): str(text) for one, text in zip(told["service_id"], told["text"], strict=True)}


def add_last_buses(
    table: pd.DataFrame, pack: AreaPack, buses: dict[str, str], *, column: str = REACH
) -> pd.DataFrame:
    """The table of ``layers.reach_panel`` with the bus that there is where there is none home."""
    if pack.services is None or table.empty or not buses:
        return table
    ids = pack.services["service_id"].to_numpy(object)[table.index.to_numpy()]
    words = [
        f"{said}: {buses[str(one)]}" if str(one) in buses else said
        for one, said in zip(ids, table[column], strict=True)
    ]
    return table.assign(**{column: words})


def say_last_buses(table: pd.DataFrame, pack: AreaPack, buses: Mapping[str, str]) -> list[str]:
    """A line for each service of the table without a bus home: its name and the bus that there is."""
    if pack.services is None or table.empty:
        return []
    ids = pack.services["service_id"].to_numpy(object)[table.index.to_numpy()]
    return [
        f"{name}: {buses[str(one)]}"
        for one, name in zip(ids, table["Service"], strict=True)
        if str(one) in buses
    ]
