"""Why not: what would bring a category within reach of a neighbourhood, and the last bus home."""

from __future__ import annotations

import streamlit as st

from data.areapack import AreaPack
from data.errors import OneBusReachError
from geo.places import Place
from geo.query import Query
from geo.tables import GapTable, ReachTable, WhyTable
from layers.messages import Click, find_neighbourhood
from layers.reach_panel import REACH, SERVICE, ReachSummary
from layers.text import escape_for_map
from layers.there_and_back import ThereAndBack
from layers.why_panel import (
    add_last_buses,
    ask_why,
    build_why_table,
    choose_rows,
    draw_changes,
    list_last_buses,
    say_last_buses,
    say_nothing_missing,
)
from layers.words import say_title

from . import look, stages, trial
from .sidebar import Choices
from .stages import AreaKey

# The name and the verdict are seen without scrolling beside the map.
REACH_WIDTHS = {SERVICE: 130, REACH: 170}
HELP = (
    "Each change alone, everything else as asked on the left. A change counts when it brings at least half "
    "of the people here who have none of the category within reach; the first named asks the fewest minutes "
    "of anybody: walking counts double, a second bus half an hour each way. Walks to or from a stop are "
    "looked at up to 1,600 m, walks all the way, without a bus, up to 3,200 m, journeys up to two hours, "
    "sessions up to three hours earlier or later."
)


@st.cache_resource(max_entries=64, show_spinner="Working out what would change it …")
def _ask_shared(key: AreaKey, query: Query, trip: ThereAndBack | None, neighbourhood_id: str) -> WhyTable:
    return ask_why(stages.open_engine(key), query, trip, neighbourhood_id)


@st.cache_resource(max_entries=64, show_spinner=False)
def _last_buses(
    key: AreaKey, query: Query, trip: ThereAndBack, _reach: ReachTable, neighbourhood_id: str
) -> dict[str, str]:
    return list_last_buses(stages.open_engine(key), query, trip, _reach, neighbourhood_id)


def ask(key: AreaKey, choices: Choices, neighbourhood_id: str, *, private: bool = False) -> WhyTable:
    """The why table of a neighbourhood; kept for others only where it tells nothing of a visitor."""
    query, trip = choices.query, choices.trip
    if private:
        return ask_why(trial.engine_for(key, query), query, trip, neighbourhood_id)
    if query.scenario is not None:
        return trial.ask(
            key, query, "why", (trip, neighbourhood_id),
            lambda engine: ask_why(engine, query, trip, neighbourhood_id),
        )  # fmt: skip
    return _ask_shared(key, choices.query, choices.trip, neighbourhood_id)


def draw_services(
    key: AreaKey, pack: AreaPack, choices: Choices, reach: ReachTable, place_id: str, summary: ReachSummary
) -> None:
    """The list of there and back; where there is no bus home, the bus that there is."""
    trip = choices.trip
    if trip is None:
        return
    if choices.query.scenario is not None:
        buses = trial.ask(
            key, choices.query, "last_buses", (trip, place_id),
            lambda engine: list_last_buses(engine, choices.query, trip, reach, place_id),
        )  # fmt: skip
    else:
        buses = _last_buses(key, choices.query, trip, reach, place_id)
    table = add_last_buses(summary.table, pack, buses)
    look.draw_table(table, key="reach_table", height=250, widths=REACH_WIDTHS)
    lines = say_last_buses(summary.table, pack, buses)
    if lines:
        st.markdown("##### No bus home")
        _say_all(lines)


def draw_planner(
    key: AreaKey, pack: AreaPack, choices: Choices, gap: GapTable | None, neighbourhood_id: str
) -> None:
    """Below the list: each category that some people there have not in reach, and what would change it."""
    try:
        why = ask(key, choices, neighbourhood_id)
    except OneBusReachError as error:
        st.error(look.plain(str(error)))
        return
    table = build_why_table(why, pack, kind=choices.kind, category=choices.asked)
    st.markdown("##### What would change it", help=HELP)
    if table.empty:
        asked = {"kind": choices.kind, "category": choices.category}
        look.caption(say_nothing_missing(gap, neighbourhood_id, **asked))
        return
    rows = choose_rows(why, kind=choices.kind, category=choices.asked)
    _say_all(list(rows["sentence"]))
    with st.expander("Every change looked at, with its people"):
        st.html(draw_changes(table))
        look.caption(
            say_title(f"What would change it{choices.how}", choices.query, pack.manifest, choices.when)
        )


def draw_connector(
    key: AreaKey, pack: AreaPack, choices: Choices, origin: Place, destination_id: str
) -> None:
    """Why not: the sentence for the destination's category, of the neighbourhood that the place lies in."""
    own = origin.kind == "neighbourhood"
    hood = origin.place_id if own else find_neighbourhood(pack, Click(origin.lon, origin.lat))
    if hood is None or pack.services is None or choices.query.boardings != 1:
        return
    row = pack.services[pack.services["service_id"] == destination_id].iloc[0]
    try:
        why = ask(key, choices, hood, private=not own)
    except OneBusReachError as error:
        st.error(look.plain(str(error)))
        return
    rows = choose_rows(why, kind=row["kind"], category=row["category"])
    st.markdown("#### Why not, and what would change it", help=HELP)
    if rows.empty:
        _say(
            f"{row['category']}: everybody in this neighbourhood whose reach is known has one in reach. "
            "Try another."
        )
        return
    _say(rows.iloc[0]["sentence"])
    st.caption("Of the people of the whole neighbourhood, by the settings on the left.")


def _say(sentence: str) -> None:
    st.html(f"<div style='font-size:1.05rem;line-height:1.5'>{escape_for_map(sentence)}</div>")


def _say_all(lines: list[str]) -> None:
    """Lines one below the other; many of them are scrolled."""
    items = "".join(f"<li style='margin:.3rem 0'>{escape_for_map(line)}</li>" for line in lines)
    st.html(
        "<div tabindex='0' role='region' aria-label='one line each' style='max-height:320px;overflow-y:auto'>"
        f"<ul style='padding-left:1.1rem;margin:0'>{items}</ul></div>"
    )
