"""The sidebar: which area, whose walk, when, how long, which group and what for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from data.areapack import AreaPack
from data.errors import QueryError
from data.packio import PackEntry
from geo.query import WALK_PRESETS, Query, WalkSettings
from layers.measures import ALL, ANY_CATEGORY, list_groups
from layers.planner import list_categories, list_kinds
from layers.there_and_back import ThereAndBack, knows_sessions, say_sessions, say_weekday
from layers.words import number_alike, say_area_name, say_clock

from . import state

KIND_WORDS = {"service": "Services", "place": "Places (stand-ins)"}
THERE, BACK = "there", "back"
ANY_DAY = "any"
TRIP_WORDS = {THERE: "Getting there", BACK: "There and back"}
_DEFAULT_TRIP = "default_trip"
_WALK_HELP = (
    "How somebody walks, not who they are. Limits hold for each walk; both together at most twice that."
)


@dataclass(frozen=True)
class Choices:
    """What is asked about: the question, the people and the destinations."""

    query: Query
    group_id: str
    kind: str
    category: str
    trip: ThereAndBack | None = None

    @property
    def when(self) -> str | None:
        """What titles say in place of the departure window, which a session's times replace."""
        return None if self.trip is None else say_sessions(self.trip)

    @property
    def how(self) -> str:
        """What stands behind the name of a number of there and back."""
        return "" if self.trip is None else ", there and back"

    @property
    def asked(self) -> str | None:
        """The one category asked about; None: any."""
        return None if self.category == ANY_CATEGORY else self.category


def choose_area(entries: list[PackEntry]) -> PackEntry:
    """Choose the area, the demo first."""
    by_id = {entry.area_id: entry for entry in entries}
    names = number_alike({entry.area_id: say_area_name(entry.name, entry.fictional) for entry in entries})
    state.start_from_link(state.AREA, list(by_id), entries[0].area_id)
    chosen = st.sidebar.selectbox(
        "Area",
        list(by_id),
        key=state.AREA,
        format_func=lambda area_id: names[area_id],
    )
    return by_id[chosen]


def ask(pack: AreaPack, *, base: AreaPack, tried: AreaPack) -> Choices | None:
    """Draw the controls; None (with a message) where the question can't be asked.

    Parameters
    ----------
    pack : AreaPack
        What the page shows: ``base``, or the pack as a trial changes it.
    base : AreaPack
        Things as they are: only what it holds may stand in a link.
    tried : AreaPack
        The pack of the trial in force, shown or not (so that the question stays
        the same whichever is shown); ``base`` where there is none.
    """
    with st.sidebar:
        walk = _ask_walk()
        window = st.select_slider(
            "Leave home between", state.TIMES_S, state.window_from_link(), key=state.LEAVE,
            format_func=say_clock, help="Leaving at any moment in here, looked up beforehand.",
        )  # fmt: skip
        state.start_from_link(state.WITHIN, state.WITHIN_MIN, state.DEFAULT_WITHIN)
        within = st.select_slider(
            "At most, door to door", state.WITHIN_MIN, key=state.WITHIN, format_func=lambda m: f"{m} min"
        )
        tram = _ask_tram(pack)
        trip = _ask_trip(base, tried)
        st.divider()
        group_id = _ask_group(pack)
        kind, category = _ask_destination(pack)
    try:
        if window[0] == window[1]:
            raise QueryError("The window is empty: choose two different times.")
        query = state.build_query(
            walk=walk,
            window_s=(window[0], window[1]),
            within_min=within,
            modes=("bus", "tram") if tram else ("bus",),
        )
    except QueryError as error:
        st.error(str(error))
        return None
    state.write_link(
        {
            state.AREA: (pack.area_id, None),
            state.WALK: (walk if walk != state.OWN_WALK else None, next(iter(WALK_PRESETS))),
            state.LEAVE: (f"{window[0]}-{window[1]}", "{}-{}".format(*state.DEFAULT_LEAVE)),
            state.WITHIN: (within, state.DEFAULT_WITHIN),
            state.TRAM: (tram, False),
            state.TRIP: (THERE if trip is None else BACK, default_trip(base)),
            state.DAY: (None if trip is None else trip.day, None),
            state.GROUP: (group_id, ALL),
            state.KIND: (kind, "service"),
            state.CATEGORY: (category if category in list_categories(base, kind) else None, ANY_CATEGORY),
        }
    )
    if trip is not None:  # at most one bus each way
        query = replace(query, boardings=1)
    return Choices(query, group_id, kind, category, trip)


def default_trip(pack: AreaPack) -> str:
    """There and back where the times of any service are known, else getting there."""
    return BACK if knows_sessions(pack) else THERE


def _ask_walk() -> str:
    presets = {**WALK_PRESETS, state.OWN_WALK: state.own_walk()}
    state.start_from_link(state.WALK, list(presets), next(iter(presets)))
    name = st.selectbox("Walk", list(presets), key=state.WALK, help=_WALK_HELP)
    st.caption(_say_walk(presets[name]) + (" Set them in the Analyst tab." if name == state.OWN_WALK else ""))
    return name


def _say_walk(walk: WalkSettings) -> str:
    steps = ", no steps" if walk.avoid_steps else ""
    return f"{walk.speed_kmh:g} km/h, at most {walk.max_walk_m:,} m a walk{steps}."


def _ask_tram(pack: AreaPack) -> bool:
    has_tram = bool((pack.feed.routes["mode"] == "tram").any())
    state.start_from_link(state.TRAM, [False, True] if has_tram else [False], False)
    return st.toggle(
        "A tram counts as the one bus",
        key=state.TRAM,
        disabled=not has_tram,
        help=None if has_tram else "The timetable of this area has no tram.",
    )


def _ask_trip(base: AreaPack, tried: AreaPack) -> ThereAndBack | None:
    """Getting there, or there and back: the default where the source says of any service when it is held."""
    if not list_kinds(tried):
        return None
    default = default_trip(base)
    # Another area's default takes the place of this one's, but not of what the visitor chose.
    before = st.session_state.get(_DEFAULT_TRIP, default)
    if st.session_state.get(state.TRIP) == before != default:
        st.session_state[state.TRIP] = default
    st.session_state[_DEFAULT_TRIP] = default
    state.start_from_link(state.TRIP, [THERE, BACK], default)
    chosen = st.radio(
        "In reach means", [THERE, BACK], key=state.TRIP, format_func=lambda name: TRIP_WORDS[name],
        help="There and back: in time for a session, and home again after it. The session's times "
        "then count, not when one leaves home.",
    )  # fmt: skip
    if chosen == THERE:
        return None
    if default == THERE:
        st.caption("No times are known here: a session from 10:30 to 12:30 is assumed for each.")
    # Streamlit takes None for "nothing chosen", so any day has a name of its own.
    days: list[int | str] = [ANY_DAY, *range(7)]
    state.start_from_link(state.DAY, days, ANY_DAY)
    chosen_day = st.selectbox(
        "Sessions on",
        days,
        key=state.DAY,
        format_func=lambda day: say_weekday(None if day == ANY_DAY else day),
    )
    return ThereAndBack(None if chosen_day == ANY_DAY else int(chosen_day))


def _ask_group(pack: AreaPack) -> str:
    groups = list_groups(pack)
    names = dict(zip(groups["group_id"], groups["name"], strict=True)) if len(groups) else {}
    names = {ALL: "All residents", **{key: name for key, name in names.items() if key != ALL}}
    for key in groups.loc[groups["counted"] != "people", "group_id"]:
        names[key] = f"{names[key]} (counts households)"
    state.start_from_link(state.GROUP, list(names), ALL)
    chosen = st.selectbox(
        "Group", list(names), key=state.GROUP, format_func=lambda key: names[key], disabled=len(names) == 1,
        help="The census's own names: ethnic groups, then ages, English and cars, which are not broken "
        "down by ethnic group."
        if len(names) > 1 else "This area has no census counts by group.",
    )  # fmt: skip
    if len(groups) and chosen != ALL:
        leaves_out = groups.set_index("group_id").loc[chosen, "leaves_out"]
        if isinstance(leaves_out, str):
            st.caption(leaves_out)
    return str(chosen)


def _ask_destination(pack: AreaPack) -> tuple[str, str]:
    kinds = list_kinds(pack)
    if not kinds:
        st.caption("No services or places are loaded for this area.")
        return "service", ANY_CATEGORY
    kind = kinds[0]
    if len(kinds) > 1:
        state.start_from_link(state.KIND, kinds, kinds[0])
        kind = st.radio(
            "Going to", kinds, key=state.KIND, format_func=lambda k: KIND_WORDS[k], horizontal=True,
            help="Services come from a register. Places, such as schools and libraries, stand in for them.",
        )  # fmt: skip
    categories = list_categories(pack, kind)
    state.start_from_link(state.CATEGORY, categories, ANY_CATEGORY)
    category = st.selectbox(
        "Category", categories, key=state.CATEGORY,
        format_func=lambda name: "Any" if name == ANY_CATEGORY else name,
    )  # fmt: skip
    return kind, str(category)
