"""What if: a visitor's own scenario, built here or read from a file, and the difference that it makes.

All of it lives in the visitor's session: no shared cache, link, log or served
file holds a scenario or anything computed from one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from data.areapack import AreaPack
from data.errors import OneBusReachError, QueryError
from data.service_days import WEEKDAYS
from geo.whatif.difference import WhatIf, compute_what_if
from geo.whatif.model import AddService, Change, ChangeHeadway, HeldOn, LastBus, Scenario
from geo.whatif.toml import parse_scenario, scenario_to_toml
from layers import what_if
from layers.planner import list_categories, name_neighbourhoods
from layers.words import say_clock, say_title

from . import look, stages, state
from .sidebar import Choices
from .stages import AreaKey, Results

# Keys of the session; none begins with what ``state.keep_settings`` keeps.
_SCENARIO, _ANSWER, _PROBLEM, _FILE = "trial_scenario", "trial_answer", "trial_problem", "trial_file"
SHADING = "What if: gain and lose"
_DAYS = {
    "every day": WEEKDAYS,
    "Monday to Friday": WEEKDAYS[:5],
    "Saturday": WEEKDAYS[5:6],
    "Sunday": WEEKDAYS[6:],
}
_LATER, _OFTEN, _SERVICE = "A later last bus", "Buses more (or less) often", "A service here"
_VIEWS = {
    "neighbourhood": "By neighbourhood",
    "ward": "By ward",
    "group": "By group",
    "category": "By category",
}


def draw(key: AreaKey, pack: AreaPack, choices: Choices, results: Results | None) -> WhatIf | None:
    """The panel above the map; returns the difference of the scenario in force, if there is one."""
    if pack.neighbourhoods is None or pack.census is None or pack.services is None:
        return None
    own = _own_scenario(key)
    with st.expander("What if …? Try a change", expanded=own is not None):
        build, file = st.tabs(["Build one", "From a file"])
        with build:
            _draw_form(key, pack, choices)
        with file:
            _draw_upload(key)
        if problem := st.session_state.get(_PROBLEM):
            st.error("  \n".join(look.plain(line) for line in problem.splitlines()))  # one fault a line
        own = _own_scenario(key)
        if own is None:
            return None
        _draw_changes(pack, own)
        found = _answer(key, choices, results, own)
        if found is not None:
            st.markdown(f"**{what_if.say_difference(found, **_names(choices))}**")
            st.caption(
                f"Choose “{SHADING}” as the map's shading to see where; the table is below the map. "
                "All else on this page shows things as they are."
            )
        return found


def _names(choices: Choices) -> dict[str, str]:
    return {"kind": choices.kind, "category": choices.category, "group_id": choices.group_id}


def _own_scenario(key: AreaKey) -> Scenario | None:
    """The scenario in force; one made for another area is let go."""
    held = st.session_state.get(_SCENARIO)
    return held[1] if held is not None and held[0] == key else None


def _use(key: AreaKey, scenario: Scenario) -> None:
    """Put a scenario in force if the pack can take it, else keep what there was and say why."""
    try:
        changed = stages.open_engine(key).under(scenario)
    except OneBusReachError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    st.session_state[_PROBLEM] = None
    st.session_state[_SCENARIO] = (key, scenario, changed)
    st.session_state[state.SHADE] = SHADING


def _draw_form(key: AreaKey, pack: AreaPack, choices: Choices) -> None:
    routes = what_if.list_routes(pack, choices.query.modes)
    kinds = [_SERVICE, *([_LATER, _OFTEN] if routes else [])]
    kind = st.selectbox("Change", kinds, key="trial_kind")
    with st.form("trial_form", border=False):
        change = _ask_service(pack) if kind == _SERVICE else _ask_bus(routes, kind)
        if st.form_submit_button("Add this change", type="primary"):
            own = _own_scenario(key)
            before = own.changes if own is not None else ()
            name = own.name if own is not None else "My scenario"
            try:
                scenario = Scenario(name, (*before, change()))
            except (QueryError, ValueError) as error:  # times that can't be, or too many changes
                st.session_state[_PROBLEM] = _first_words(error)
                return
            _use(key, scenario)


def _first_words(error: Exception) -> str:
    """What is wrong, without the library's own words about itself."""
    found = getattr(error, "errors", None)
    if found is None:
        return str(error)
    return "; ".join(str(one["msg"]).removeprefix("Value error, ") for one in found())


def _ask_service(pack: AreaPack) -> Callable[[], Change]:
    """Fields of a service; gives what makes the change of them."""
    names = name_neighbourhoods(pack)
    categories = [name for name in list_categories(pack, "service") if name != what_if.ANY_CATEGORY] or [
        "Service"
    ]
    one, two, three = st.columns(3)
    chosen = st.session_state.get(state.PLACE)
    ids = list(names)
    place = one.selectbox(
        "In", ids, index=ids.index(chosen) if chosen in names else 0, format_func=lambda i: names[i],
        help="Where most people of the neighbourhood live; a file can name any postcode or coordinates.",
    )  # fmt: skip
    category = two.selectbox("Category", categories)
    name = three.text_input("Name", "A pop-up session", max_chars=100)
    one, two, three = st.columns(3)
    day = one.selectbox("On", WEEKDAYS, index=1, format_func=str.capitalize)
    start = two.time_input("From", dt.time(10, 30), step=900)
    end = three.time_input("Until", dt.time(12, 30), step=900)
    return lambda: AddService(
        name=name, category=category, at=place, sessions=(HeldOn(day=day, start=start, end=end),)
    )


def _ask_bus(routes: list[str], kind: str) -> Callable[[], Change]:
    """Fields of a later last bus or another headway."""
    one, two, three = st.columns(3)
    route = one.selectbox("Route", routes)
    days = three.selectbox("On", list(_DAYS))
    if kind == _OFTEN:
        every = two.number_input("A bus every … minutes", 2, 240, 30)
        return lambda: ChangeHeadway(route=route, every_min=every, days=_DAYS[days])
    time = two.selectbox(
        "Last bus at", [t for t in state.TIMES_S if t >= 12 * 3600], index=18, format_func=say_clock,
        help="When it leaves its first stop. Earlier than now takes the buses after it away.",
    )  # fmt: skip
    every = st.number_input(
        "Until then a bus every … minutes (0: only the last one)",
        0,
        240,
        60,
        help="Counted from the last bus now.",
    )
    return lambda: LastBus(route=route, time=time, every_min=every or None, days=_DAYS[days])


def _draw_upload(key: AreaKey) -> None:
    st.caption(
        "A TOML file with any of ten kinds of change (docs/scenarios.md). It stays in this browser tab's "
        "session: nobody else sees it, and it is gone when you close the tab."
    )
    file = st.file_uploader("Scenario file", type="toml", key="trial_upload", label_visibility="collapsed")
    if file is None:
        if st.session_state.pop(_FILE, None) is not None:
            st.session_state[_PROBLEM] = None  # what was wrong with a file goes with it
        return
    if st.session_state.get(_FILE) == (file.file_id, key.area_id):
        return
    st.session_state[_FILE] = (file.file_id, key.area_id)
    try:
        scenario = parse_scenario(file.getvalue(), "your file")
    except OneBusReachError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    _use(key, scenario)


def _draw_changes(pack: AreaPack, scenario: Scenario) -> None:
    look.caption(f"{scenario.name}: {len(scenario.changes)} change{'s' if len(scenario.changes) > 1 else ''}")
    names = name_neighbourhoods(pack)
    st.markdown("\n".join(f"- {look.plain(what_if.say_change(one, names))}" for one in scenario.changes))
    one, two, _ = st.columns([0.3, 0.3, 0.4])
    one.download_button(
        "Download as TOML", scenario_to_toml(scenario), "scenario.toml", "application/toml",
        on_click="ignore", key="trial_download",
    )  # fmt: skip
    two.button("Show things as they are", on_click=_forget, key="trial_forget")


def _forget() -> None:
    for name in (_SCENARIO, _ANSWER, _PROBLEM):
        st.session_state.pop(name, None)


def _answer(key: AreaKey, choices: Choices, results: Results | None, scenario: Scenario) -> WhatIf | None:
    """The difference, kept in this session only, for as long as nothing of the question changes."""
    if results is None or results.points is None:
        return None
    asked = (key, choices.query, choices.trip, scenario)
    held = st.session_state.get(_ANSWER)
    if held is not None and held[0] == asked:
        return held[1]
    trip = choices.trip
    try:
        found = compute_what_if(
            stages.open_engine(key), replace(choices.query, scenario=scenario),
            settings=None if trip is None else trip.settings, day=None if trip is None else trip.day,
            before=results.points, changed=st.session_state[_SCENARIO][2],
        )  # fmt: skip
    except OneBusReachError as error:
        st.error(look.plain(str(error)))
        return None
    st.session_state[_ANSWER] = (asked, found)
    return found


@st.fragment
def draw_table(pack: AreaPack, choices: Choices, found: WhatIf) -> None:
    """Who gains and who loses, below the map."""
    scenario = found.query.scenario
    name = scenario.name if scenario is not None else ""
    st.subheader("What if: who gains and who loses reach", anchor=False)
    views = {
        by: words
        for by, words in _VIEWS.items()
        if by in ("group", "category") or (found.frame["level"] == by).any()
    }
    by = st.segmented_control(
        "What-if table", list(views), format_func=lambda one: views[one], default=next(iter(views)),
        key="trial_view", label_visibility="collapsed",
    ) or next(iter(views))  # fmt: skip
    table = what_if.build_difference_table(found, by=by, **_names(choices))
    if table.empty:
        st.info("No row differs.")
    else:
        styled = table.style.format(what_if.say_difference_cells(table))
        st.dataframe(styled, hide_index=True, width="stretch", key="trial_table")
    trip = choices.trip
    data = what_if.export_difference(
        pack, found, settings=None if trip is None else trip.settings, today=look.today()
    )
    st.download_button("Download all rows (CSV)", data, "what_if.zip", on_click="ignore", key="trial_csv")
    look.caption(
        say_title(
            f"What if: {name}{choices.how}, {views[by].lower()}", choices.query, pack.manifest, choices.when
        )
    )
    look.draw_test_data(pack.manifest)
