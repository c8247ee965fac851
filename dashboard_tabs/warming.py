"""The status that stands while the engine compiles; the map already shows."""

from __future__ import annotations

import streamlit as st

from .stages import Warming

_WAIT_S = 1.2  # a warm machine is ready before that: no status flashes up


def is_ready(warming: Warming) -> bool:
    """Whether the engine can answer (a short wait included)."""
    warming.ready.wait(_WAIT_S)
    return warming.ready.is_set() and warming.problem is None


def draw_status(warming: Warming) -> None:
    """Say what is being done until it is; then run the page again, once, with the answers."""
    if warming.ready.is_set():
        if warming.problem:
            st.error(
                f"The engine could not be made ready ({warming.problem}). The map shows, without answers."
            )
        return
    _poll(warming)


@st.fragment(run_every=1.0)
def _poll(warming: Warming) -> None:
    if warming.ready.is_set():
        st.rerun(scope="app")
    st.progress(
        warming.done,
        text="Getting the engine ready: some seconds, and only the first time on this machine. "
        "The map can already be looked at.",
    )
