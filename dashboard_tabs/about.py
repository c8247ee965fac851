"""About the numbers: sources, faults, definitions, and what is left out."""

from __future__ import annotations

import streamlit as st

from data.areapack import AreaPack
from layers.about import DEFINITIONS, LEAVES_OUT, build_about

from . import look
from .sidebar import Choices


def draw(pack: AreaPack, choices: Choices) -> None:
    """Draw the tab."""
    page = build_about(pack, choices.query, look.today(), choices.when)
    st.subheader(look.plain(page.title), anchor=False)
    look.draw_test_data(pack.manifest)
    for fact in (*page.facts, *page.notes):
        st.text(fact)
    st.markdown("#### What the words mean")
    st.markdown(DEFINITIONS)
    st.markdown("#### What the numbers leave out")
    st.markdown("\n".join(f"- {line}" for line in LEAVES_OUT))
    if len(page.groups):
        st.markdown("#### Groups, and what is counted beside them")
        look.draw_table(page.groups, key="about_groups")
    if len(page.circumstances):
        st.markdown("#### Age, English, cars and deprivation")
        look.draw_table(page.circumstances, key="about_circumstances")
    st.markdown("#### Where the data are from")
    look.draw_table(page.sources, key="about_sources")
    for line in page.licences:
        st.text(line)
    st.markdown("#### Faults found in the data, and what was done")
    if len(page.faults):
        look.draw_table(page.faults, key="about_faults")
    else:
        st.caption("None were found.")
