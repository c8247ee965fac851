"""The page's state: session keys, and the plain query parameters that a link may carry.

A parameter is text from outside: it counts only where it names something on
offer, else the default stands. A link never holds a postcode, a coordinate or
anything about a person.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import streamlit as st

from geo.query import WALK_PRESETS, Query, WalkSettings

AREA, WALK, LEAVE, WITHIN, TRAM = "area", "walk", "leave", "within", "tram"
GROUP, KIND, CATEGORY, PLACE = "group", "kind", "category", "place"
TRIP, DAY = "trip", "day"
SHADE, CIRCLES, ALSO = "shade", "circles", "also"
TIME_ONE, TIME_OTHER = "time", "against"
MAP, SEEN_CLICK, CLICKED, NEXT_PLACE = "map", "seen_click", "clicked_place", "next_place"
TAB, TABS = "tab", ("Planner", "Connector", "Analyst", "About the numbers", "The data")
OWN_WALK = "Own settings"
# Settings of tabs that are drawn only while they are open: Streamlit forgets a widget that it doesn't draw.
_KEPT = (
    "own_",
    "from_",
    "to_service",
    "when",
    "home_time",
    "on_date",
    "what",
    "format_",
    "scope",
    "isochrones_",
)
_FIRST_WINDOW = "first_window"

TIMES_S = tuple(range(5 * 3600, 26 * 3600 + 1, 1800))
WITHIN_MIN = tuple(range(15, 95, 5))
_DEFAULT = Query()
DEFAULT_LEAVE = (_DEFAULT.window_start_s, _DEFAULT.window_end_s)
DEFAULT_WITHIN = _DEFAULT.cutoff_s // 60


def start_from_link(key: str, options: Sequence[Any], default: Any) -> None:
    """Give a widget its first value: from the link where it names an option, else the default.

    A value that is no longer on offer (another area was chosen) falls back too.
    """
    if key in st.session_state:
        if st.session_state[key] not in options:
            st.session_state[key] = default
        return
    named = {str(option): option for option in options}
    st.session_state[key] = named.get(str(st.query_params.get(key, "")), default)


def keep_settings() -> None:
    """Keep what was set in a tab while another is open; call before any widget is drawn."""
    for key in list(st.session_state):
        if str(key).startswith(_KEPT):
            st.session_state[key] = st.session_state[key]


def follow_place(key: str, options: Sequence[Any]) -> None:
    """Let a list take up a neighbourhood newly chosen in the Planner, and then be changed on its own."""
    place = st.session_state.get(PLACE)
    if place != st.session_state.get(f"{key}_seen"):
        st.session_state[f"{key}_seen"] = place
        if place is not None:
            st.session_state[key] = place
    if st.session_state.get(key) not in options:
        st.session_state[key] = None


def window_from_link() -> tuple[int, int]:
    """First value of the departure window: ``?leave=34200-41400`` in seconds, if that is on offer.

    A range slider must be given its value (by session state alone it forgets
    that it is one), and the same on every run.
    """
    if _FIRST_WINDOW in st.session_state:
        return st.session_state[_FIRST_WINDOW]
    start, _, end = str(st.query_params.get(LEAVE, "")).partition("-")
    try:
        window = int(start), int(end)
    except ValueError:
        window = DEFAULT_LEAVE
    fits = window[0] in TIMES_S and window[1] in TIMES_S and window[0] < window[1]
    st.session_state[_FIRST_WINDOW] = window if fits else DEFAULT_LEAVE
    return st.session_state[_FIRST_WINDOW]


def write_link(values: dict[str, tuple[Any, Any]]) -> None:
    """Put what differs from its default into the page's address.

    Parameters
    ----------
    values : mapping of key to (value, default)
    """
    for key, (value, default) in values.items():
        if value is None or value == default:
            if key in st.query_params:
                del st.query_params[key]
        elif st.query_params.get(key) != str(value):
            st.query_params[key] = str(value)


def own_walk() -> WalkSettings:
    """The Analyst's own walk settings, as far as they have been set."""
    return WalkSettings(
        speed_kmh=float(st.session_state.get("own_speed", 4.8)),
        max_walk_m=int(st.session_state.get("own_leg", 640)),
        max_walk_total_m=int(st.session_state.get("own_total", 1280)),
        avoid_steps=bool(st.session_state.get("own_steps", False)),
    )


def build_query(*, walk: str, window_s: tuple[int, int], within_min: int, modes: tuple[str, ...]) -> Query:
    """The page's question, with what the Analyst changed; raises QueryError naming all that is wrong."""
    date = st.session_state.get("own_date")
    return Query(
        service_date=date if isinstance(date, dt.date) else None,
        window_start_s=window_s[0],
        window_end_s=window_s[1],
        cutoff_s=within_min * 60,
        percentiles=tuple(sorted(st.session_state.get("own_percentiles") or _DEFAULT.percentiles)),
        walk=own_walk() if walk == OWN_WALK else WALK_PRESETS[walk],
        board_slack_s=int(st.session_state.get("own_slack", _DEFAULT.board_slack_s)),
        modes=modes,
        boardings=int(st.session_state.get("own_boardings", 1)),
    )
