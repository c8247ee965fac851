"""One Bus Reach: which services people can get to, and get home from, on one bus.

Run with ``streamlit run dashboard.py``. This file is a table of contents: what
a tab shows is prepared in ``layers`` and drawn in ``dashboard_tabs``.
"""

from __future__ import annotations

import streamlit as st

from dashboard_tabs import (
    about,
    analyst,
    connector,
    data_page,
    look,
    planner,
    sidebar,
    stages,
    state,
    warming,
)


def main() -> None:
    """Ask what to show, then draw it tab by tab."""
    st.set_page_config("One Bus Reach", page_icon="🚌", layout="wide")
    look.draw_style()
    state.keep_settings()
    ready = stages.start_warming()
    faults: list[str] = []
    entries = stages.list_areas(faults)
    for fault in faults:
        st.warning(fault)
    if not entries:
        st.error(
            "No area pack was found. Make the demo with `python -m data demo`, or build one (see README.md)."
        )
        return
    entry = sidebar.choose_area(entries)
    key = stages.key_of(entry)
    pack = stages.open_pack(key)
    look.draw_header(pack.manifest)
    choices = sidebar.ask(pack)
    if choices is None:
        return
    with st.container():  # its own place, so that what follows stays where it is when it goes
        warming.draw_status(ready)
    results = stages.answer(key, choices.query, choices.trip) if warming.is_ready(ready) else None
    planner_tab, connector_tab, analyst_tab, about_tab, data_tab = st.tabs(
        state.TABS, key=state.TAB, on_change="rerun", bind="query-params"
    )
    with planner_tab:  # drawn whatever is open, so that its map stays as it was left
        planner.draw(key, pack, choices, results)
    # The others when they are opened: they know what was clicked meanwhile, and the first page is not theirs.
    if connector_tab.open:
        with connector_tab:
            connector.draw(key, pack, choices, can_ask=results is not None)
    if analyst_tab.open:
        with analyst_tab:
            analyst.draw(key, pack, choices, can_ask=results is not None)
    if about_tab.open:
        with about_tab:
            about.draw(pack, choices)
    if data_tab.open:
        with data_tab:
            data_page.draw(pack)


main()
