"""The Planner: the map, the three totals, and where no service lies within one bus."""

from __future__ import annotations

import streamlit as st

from data.areapack import AreaPack
from geo.tables import GapTable
from geo.whatif.difference import WhatIf
from layers.planner import (
    build_area_table,
    build_category_table,
    build_group_table,
    build_headline,
)
from layers.there_and_back import ASSUMED_ALONE, WHAT_IS_ASSUMED, say_assumed
from layers.words import NO_SERVICE, say_title

from . import look, mapview, stages, state, times_of_day, what_if
from .sidebar import Choices
from .stages import AreaKey, Results


def draw(
    key: AreaKey, pack: AreaPack, choices: Choices, results: Results | None, found: WhatIf | None
) -> None:
    """Headline, map and tables."""
    gap = results.gap if results else None
    with st.container():  # its own place: the map below must not be made anew when it fills
        if results is not None and results.why_none:
            st.info(results.why_none)
        if gap is not None:
            _draw_headline(pack, choices, gap)
            if choices.trip is not None and results is not None and results.reach is not None:
                look.caption(say_assumed(results.reach))
    with st.container():
        what_if.draw(key, choices, found)
    st.fragment(mapview.draw)(key, pack, choices, results, found)
    with st.container():
        if found is not None:
            what_if.draw_table(stages.open_pack(key), choices, found)
    if gap is not None:
        _draw_tables(key, pack, choices, gap)


def _draw_headline(pack: AreaPack, choices: Choices, gap: GapTable) -> None:
    line = build_headline(pack, gap, kind=choices.kind, category=choices.category, group_id=choices.group_id)
    if line is None:
        return
    cells = st.columns(4)
    there = choices.trip is None
    cells[0].metric(line.counted.capitalize(), line.people)
    cells[1].metric(
        "In reach of at least one" if there else "There and back: at least one",
        line.in_reach,
        line.in_reach_assumed or None,
        delta_color="off",
        delta_arrow="off",
    )
    cells[2].metric(
        NO_SERVICE if there else "There and back: no service",
        line.cut_off,
        f"{line.share_cut_off} of those known",
        delta_color="off",
        delta_arrow="off",
    )
    cells[3].metric(
        "Not known",
        line.not_known,
        f"{line.share_not_known} of {line.counted}",
        delta_color="off",
        delta_arrow="off",
    )
    if line.note:
        look.caption(line.note)


@st.fragment
def _draw_tables(key: AreaKey, pack: AreaPack, choices: Choices, gap: GapTable) -> None:
    st.subheader("Where and who", anchor=False)
    levels = [level for level in ("neighbourhood", "ward") if (gap.frame["level"] == level).any()]
    views = {**{level: {"neighbourhood": "By neighbourhood", "ward": "By ward"}[level] for level in levels},
             "group": "By group", "category": "By category", "when": "By time of day"}  # fmt: skip
    view = st.segmented_control(
        "Table", list(views), format_func=lambda name: views[name], default=next(iter(views)),
        key="table_view", label_visibility="collapsed",
    ) or next(iter(views))  # fmt: skip
    if view == "when":
        selected = times_of_day.draw_table(key, pack, choices)
        if selected is not None:
            _choose(selected)
        return
    names = {"kind": choices.kind, "category": choices.category}
    title = say_title(
        f"{NO_SERVICE}{choices.how}, {views[view].lower()}", choices.query, pack.manifest, choices.when
    )
    if view == "group":
        table = build_group_table(pack, gap, **names)
        look.draw_table(table, key="group_table")
    elif view == "category":
        table = build_category_table(gap, kind=choices.kind, group_id=choices.group_id)
        look.draw_table(table, key="category_table")
    else:
        table = build_area_table(pack, gap, level=view, group_id=choices.group_id, **names)
        row = look.draw_table(table, key=f"{view}_table", select=view == "neighbourhood", height=420)
        if row is not None and view == "neighbourhood":
            _choose(str(table.index[row]))
    look.caption(title)
    if ASSUMED_ALONE in table:
        look.caption(f"“{ASSUMED_ALONE}”: of those in reach, who has nothing else ({WHAT_IS_ASSUMED}).")
    look.draw_test_data(pack.manifest)


def _choose(neighbourhood_id: str) -> None:
    """A newly selected row is the same choice as a click on the map."""
    if st.session_state.get("seen_row") == neighbourhood_id:
        return
    st.session_state["seen_row"] = neighbourhood_id
    st.session_state[state.NEXT_PLACE] = neighbourhood_id
    st.rerun()
