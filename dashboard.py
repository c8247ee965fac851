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
    trial,
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
    base = stages.open_pack(key)
    look.draw_header(base.manifest)
    own = trial.held(key)
    with st.container(key="trial_place"):  # its own, so that the map stays as it is when it comes and goes
        shown = trial.draw_bar(own)
    pack = base if shown is None else shown.engine.pack
    plain = sidebar.ask(pack, base=base, tried=base if own is None else own.engine.pack)
    if plain is None:
        return
    with st.container():  # its own place, so that what follows stays where it is when it goes
        warming.draw_status(ready)
    results = stages.answer(key, plain.query, plain.trip) if warming.is_ready(ready) else None
    with st.container():
        found = trial.compare(key, plain, results)
    choices = trial.apply(plain, shown)
    if shown is not None and results is not None:
        results = trial.answer(key, choices, found)
    planner_tab, connector_tab, analyst_tab, about_tab, data_tab = st.tabs(
        state.TABS, key=state.TAB, on_change="rerun", bind="query-params"
    )
    with planner_tab:  # drawn whatever is open, so that its map stays as it was left
        planner.draw(key, pack, choices, results, found)
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
            data_page.draw(base)


main()
