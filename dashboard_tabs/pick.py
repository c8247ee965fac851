"""Places of a form: chosen from a list of names, typed (a postcode), or picked by a click on the map."""

from __future__ import annotations

import streamlit as st

from data.areapack import AreaPack
from data.errors import QueryError
from geo.places import Place, resolve_place
from layers.messages import Click
from layers.scenario_choices import list_places, say_no_place
from layers.scenario_words import Names

from . import look

# Keys of the session: the field that waits for a click (key, label, several), and what was clicked for it.
_WAITING, _PICKED = "pick_waiting", "pick_clicked"
_HELP = "A name from the list, a postcode, or a click on the map."


def ask_place(pack: AreaPack, key: str, label: str, *, start: str | None = None) -> Place | None:
    """One place; None (with a message) where none is chosen or what was typed is no place."""
    names = list_places(pack)
    if (picked := _take(key)) is not None:
        st.session_state[key] = picked[-1]
    elif key not in st.session_state and start in names:
        st.session_state[key] = start
    chosen = st.session_state.get(key)
    options = [*([chosen] if isinstance(chosen, str) and chosen not in names else []), *names]
    left, right = st.columns([0.72, 0.28], vertical_alignment="bottom")
    text = left.selectbox(
        label, options, key=key, index=None, placeholder="A name, a postcode, or pick on the map",
        format_func=lambda one: _say(pack, names, one), accept_new_options=True, help=_HELP,
    )  # fmt: skip
    _draw_button(right, key, label, several=False)
    return None if not text else _resolve(pack, names, text)


def ask_places(pack: AreaPack, key: str, label: str, *, fewest: int = 2) -> list[Place] | None:
    """Places in the order in which they were chosen; None while there are too few or one is no place."""
    names = list_places(pack)
    if (picked := _take(key)) is not None:
        before = st.session_state.get(key) or []
        st.session_state[key] = [*before, *(one for one in picked if one not in before)]
    chosen = st.session_state.get(key) or []
    options = [*(one for one in chosen if one not in names), *names]
    left, right = st.columns([0.72, 0.28], vertical_alignment="bottom")
    texts = left.multiselect(
        label, options, key=key, placeholder="Names, postcodes, or pick on the map, one after the other",
        format_func=lambda one: _say(pack, names, one), accept_new_options=True, help=_HELP,
    )  # fmt: skip
    _draw_button(right, key, label, several=True)
    places = [_resolve(pack, names, text) for text in texts]
    found = [place for place in places if place is not None]
    return found if len(found) == len(places) and len(found) >= fewest else None


def _say(pack: AreaPack, names: dict[str, str], one: str) -> str:
    return names[one] if one in names else Names(pack).place(one)


def _resolve(pack: AreaPack, names: dict[str, str], text: str) -> Place | None:
    try:
        return resolve_place(pack, text)
    except QueryError as error:
        st.warning(look.plain(say_no_place(names, text, str(error))))
        return None


def _draw_button(cell, key: str, label: str, *, several: bool) -> None:
    waiting = st.session_state.get(_WAITING)
    if waiting is not None and waiting[0] == key:
        if cell.button("Done" if several else "Cancel", key=f"{key}_done", width="stretch"):
            stop()
            st.rerun()
    elif cell.button("Pick on the map", key=f"{key}_pick", icon=":material/location_on:", width="stretch"):
        st.session_state[_WAITING] = (key, label, several)
        st.rerun()


def take_click(click: Click) -> bool:
    """Give a click to the field that waits for one; whether there was such a field."""
    waiting = st.session_state.get(_WAITING)
    if waiting is None:
        return False
    key, _, several = waiting
    st.session_state.setdefault(_PICKED, {}).setdefault(key, []).append(f"{click.lon:.5f},{click.lat:.5f}")
    if not several:
        stop()
    return True


def _take(key: str) -> list[str] | None:
    return st.session_state.get(_PICKED, {}).pop(key, None)


def stop() -> None:
    """No field waits for a click any more."""
    st.session_state.pop(_WAITING, None)


def draw_hint() -> None:
    """Beside the map: what the next click is for."""
    waiting = st.session_state.get(_WAITING)
    if waiting is not None:
        more = ", one place after the other; then “Done”" if waiting[2] else ""
        st.info(f"Click on the map for “{waiting[1]}”{more}.", icon=":material/location_on:")
