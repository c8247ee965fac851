"""Times of day: the map's two layers of them, and their table."""

from __future__ import annotations

import streamlit as st

from data.areapack import AreaPack
from data.errors import OneBusReachError
from geo.timeofday import WINDOWS
from geo.when import WhenTable, compute_when
from layers import measures, when
from layers.when import Classed
from layers.words import NO_SERVICE, say_title

from . import look, stages, state, trial
from .sidebar import Choices
from .stages import AreaKey, Results

_FIRST, _OTHER = "weekday_morning", "sunday"


def work_out(key: AreaKey, choices: Choices) -> WhenTable | None:
    """The five times, with a bar while they are worked out; None (with a message) where they can't be."""
    place = st.empty()

    def tell(done: float, doing: str) -> None:
        place.progress(done, f"Working out times of day: {doing}")

    try:
        if choices.query.scenario is None:
            table = stages.compare_times_of_day(key, choices.query, tell)
        else:
            query = stages.forget_window(choices.query)
            table = trial.ask(
                key, query, "times", None, lambda engine: compute_when(engine, query, progress=tell)
            )
    except OneBusReachError as error:
        place.info(look.plain(str(error)))
        return None
    place.empty()
    return table


def ask(
    key: AreaKey, pack: AreaPack, choices: Choices, results: Results | None, *, two: bool
) -> Classed | None:
    """The layer of the chosen times; None while the engine is made ready."""
    chosen = _ask_two() if two else None
    if results is None:
        return None
    table = work_out(key, choices)
    if table is None:
        return None
    names = {"kind": choices.kind, "category": choices.category}
    if chosen is None:
        return when.count_times(pack, table, **names)
    missing = [time for time in table.times if time.name in chosen and time.date is None]
    for time in missing:
        st.info(f"{when.say_time(time)}. Choose another time.")
    if missing:
        return None
    return when.compare_times(pack, table, *chosen, **names)


def _ask_two() -> tuple[str, str]:
    """The two times to compare, also by link."""
    names = list(WINDOWS)
    state.start_from_link(state.TIME_ONE, names, _FIRST)
    state.start_from_link(state.TIME_OTHER, names, _OTHER)
    left, right = st.columns(2)
    one = left.selectbox("In reach on", names, key=state.TIME_ONE, format_func=lambda n: when.TIME_WORDS[n])
    other = right.selectbox("against", names, key=state.TIME_OTHER, format_func=lambda n: when.TIME_WORDS[n])
    state.write_link({state.TIME_ONE: (one, _FIRST), state.TIME_OTHER: (other, _OTHER)})
    return one, other


def say_when(classed: Classed) -> str:
    """What a title says in place of the one departure window."""
    return f"getting there at times of the week ({classed.date}),"


def draw_table(key: AreaKey, pack: AreaPack, choices: Choices) -> str | None:
    """People and neighbourhoods at the five times; returns the id of the neighbourhood that was selected."""
    table = work_out(key, choices)
    if table is None:
        return None
    names = {"kind": choices.kind, "category": choices.category}
    counted = measures.counted_of(pack, choices.group_id)
    people = when.build_people_table(table, group_id=choices.group_id, counted=counted, **names)
    if people is not None:
        look.draw_table(people, key="times_people")
    shown = when.build_when_table(pack, table, **names)
    row = look.draw_table(shown, key="times_table", select=True, height=420)
    look.caption(
        say_title(f"{NO_SERVICE} by time of day", choices.query, pack.manifest,
                  f"getting there at times of the week ({when.say_times(table.times)}),")
    )  # fmt: skip
    look.draw_test_data(pack.manifest)
    return None if row is None else str(shown.index[row])
