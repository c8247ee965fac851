"""The trial that a visitor has in force: one a session, with all that is computed of it, and the switch.

Nothing of it leaves the session: no shared cache, link, log or served file holds
a scenario or anything computed from one. It is let go when the visitor takes
it back, puts another in its place or opens another area.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from data.areapack import AreaPack
from data.errors import OneBusReachError
from geo.engine import Engine
from geo.query import Query
from geo.whatif.difference import WhatIf, compute_what_if
from geo.whatif.engine import ScenarioEngine
from geo.whatif.model import Scenario
from geo.whatif.words import say_trial

from . import look, stages
from .sidebar import Choices
from .stages import AreaKey, Results

# Keys of the session; none begins with what ``state.keep_settings`` keeps.
_HELD, PROBLEM, SHOW, _SHOW_NEXT = "trial_held", "trial_problem", "trial_show", "trial_show_next"
TODAY, CHANGED = "Today", "With the change"
# Answers to the last questions: each click on the map is one.
MOST_ANSWERS = 24


@dataclass
class Trial:
    """A scenario in force on an area: the changed engine and what was asked of it."""

    key: AreaKey
    scenario: Scenario
    engine: ScenarioEngine
    answers: dict[Hashable, Any] = field(default_factory=dict)

    def remember(self, asked: Hashable, work_out: Callable[[], Any]) -> Any:
        """What ``work_out`` gives, kept with the trial for when it is asked again."""
        if asked not in self.answers:
            while len(self.answers) >= MOST_ANSWERS:
                del self.answers[next(iter(self.answers))]
            self.answers[asked] = work_out()
        return self.answers[asked]


def held(key: AreaKey) -> Trial | None:
    """The trial in force on an area; one that was made for another is let go."""
    own: Trial | None = st.session_state.get(_HELD)
    if own is None or own.key == key:
        return own
    del own  # or it would still be held while it is let go
    forget()
    return None


def use(key: AreaKey, scenario: Scenario) -> bool:
    """Put a scenario in force if the pack can take it, else keep what there was and say why."""
    try:
        engine = stages.open_engine(key).under(scenario)
    except OneBusReachError as error:
        st.session_state[PROBLEM] = str(error)
        return False
    assert isinstance(engine, ScenarioEngine)
    forget()
    st.session_state[_HELD] = Trial(key, scenario, engine)
    st.session_state[_SHOW_NEXT] = True  # the switch itself may be drawn already
    return True


def forget() -> None:
    """Let the trial go, with its engine and answers."""
    st.session_state.pop(PROBLEM, None)
    st.session_state.pop("prepared", None)  # a file of the Analyst's may be of it
    if st.session_state.pop(_HELD, None) is not None:
        # An engine and what it keeps point at each other; of a region it is over 100 MB.
        gc.collect()


def draw_bar(own: Trial | None) -> Trial | None:
    """The switch, and the word that stands while the page shows the trial; gives the trial that is shown."""
    if own is None:
        return None
    if st.session_state.pop(_SHOW_NEXT, False) or SHOW not in st.session_state:
        st.session_state[SHOW] = CHANGED
    shown = st.session_state[SHOW]
    look_of = "trial_bar" if shown == CHANGED else "trial_bar_today"
    with st.container(key=look_of, horizontal=True, vertical_alignment="center"):
        shown = st.segmented_control(
            "Show", [TODAY, CHANGED], key=SHOW, required=True, label_visibility="collapsed", width="content"
        )
        if shown == CHANGED:
            st.markdown(f":material/science: **{look.plain(say_trial(own.scenario))}.**")
        else:
            st.markdown(f"Things as they are today. A trial is kept: {look.plain(own.scenario.name)}.")
    return own if shown == CHANGED else None


def apply(choices: Choices, shown: Trial | None) -> Choices:
    """The page's question, asked of the trial if that is what is shown."""
    if shown is None:
        return choices
    return replace(choices, query=replace(choices.query, scenario=shown.scenario))


def engine_for(key: AreaKey, query: Query) -> Engine:
    """The engine that answers a query: everybody's, or with a scenario this session's own."""
    if query.scenario is None:
        return stages.open_engine(key)
    own = held(key)
    return stages.open_engine(key).under(query.scenario) if own is None else own.engine


def ask(key: AreaKey, query: Query, name: str, asked: Hashable, compute: Callable[[Engine], Any]) -> Any:
    """An answer of a trial, kept in this session only."""
    own = held(key)
    if own is None or own.scenario != query.scenario:  # it was let go while a part of the page was drawn
        return compute(engine_for(key, query))
    return own.remember((name, query, asked), lambda: compute(own.engine))


def compare(key: AreaKey, choices: Choices, before: Results | None) -> WhatIf | None:
    """The difference that the trial in force makes, whatever is shown; None without counts of people."""
    own, pack = held(key), stages.open_pack(key)
    if own is None or before is None or not counts_people(pack):
        return None
    query, trip = replace(choices.query, scenario=own.scenario), choices.trip

    def work_out() -> WhatIf:
        points = None if before.points is None else before.points
        with st.spinner("Working out what the change does …"):
            return compute_what_if(
                stages.open_engine(key), query,
                settings=None if trip is None else trip.settings, day=None if trip is None else trip.day,
                before=points, changed=own.engine,
            )  # fmt: skip

    try:
        return own.remember(("difference", query, trip), work_out)
    except OneBusReachError as error:
        st.error(look.plain(str(error)))
        return None


def counts_people(pack: AreaPack) -> bool:
    """Whether a difference can be told in people."""
    return pack.neighbourhoods is not None and pack.census is not None and pack.origin_points is not None


def answer(key: AreaKey, choices: Choices, found: WhatIf | None) -> Results:
    """The page's answers under the trial that is shown."""
    query, trip = choices.query, choices.trip
    return ask(
        key, query, "answer", trip,
        lambda engine: stages.work_out(engine, query, trip, points=None if found is None else found.after),
    )  # fmt: skip
