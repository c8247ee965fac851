"""What if: the panel in which a visitor builds a trial or reads one from a file; the difference it makes."""

from __future__ import annotations

import streamlit as st
from pydantic import ValidationError

from data.areapack import AreaPack
from data.errors import OneBusReachError, QueryError
from geo.whatif.difference import WhatIf
from geo.whatif.model import Change, Scenario
from geo.whatif.toml import parse_scenario, scenario_to_toml
from layers import what_if
from layers.command import SCENARIO_FILE
from layers.scenario_choices import RouteChoice, list_routes
from layers.scenario_words import Names, say_change
from layers.words import say_title

from . import change_forms, look, pick, stages, state, trial
from .change_forms import Area
from .sidebar import Choices
from .stages import AreaKey
from .trial import Trial

_FILE, _FORM_AREA = "trial_file", "form_area"
SHADING = "What if: gain and lose"
FIRST_NAME = "My trial"
_VIEWS = {
    "neighbourhood": "By neighbourhood",
    "ward": "By ward",
    "group": "By group",
    "category": "By category",
}


def draw(key: AreaKey, choices: Choices, found: WhatIf | None) -> None:
    """The panel above the map; ``found`` is the difference of the trial in force."""
    own, base = trial.held(key), stages.open_pack(key)
    _forget_other_area(key)
    with st.expander("What if …? Try a change", expanded=own is not None, key="what_if"):
        build, file = st.tabs(["Build one", "From a file"])
        with build:
            _draw_form(key, base, choices)
        with file:
            _draw_upload(key)
        if problem := st.session_state.get(trial.PROBLEM):
            st.error("  \n".join(look.plain(line) for line in problem.splitlines()))  # one fault a line
        if own is None:
            return
        _draw_changes(own, base)
        if found is not None:
            st.markdown(f"**{what_if.say_difference(found, **_names(choices))}**")
            st.caption(
                f"Choose “{SHADING}” as the map's shading to see where; the table is below the map. "
                "The switch at the top of the page shows everything as it is today or with the change."
            )
        elif not trial.counts_people(base):
            st.caption("This area has no counts of people, so nobody can be counted as gaining reach.")


def _forget_other_area(key: AreaKey) -> None:
    """Empty the form when another area is opened: its places and categories are not this one's."""
    if st.session_state.get(_FORM_AREA) != key.area_id:
        for name in [name for name in st.session_state if str(name).startswith(("change_", "pick_"))]:
            del st.session_state[name]
        st.session_state[_FORM_AREA] = key.area_id


def _names(choices: Choices) -> dict[str, str]:
    return {"kind": choices.kind, "category": choices.category, "group_id": choices.group_id}


@st.cache_resource(max_entries=8, show_spinner=False)
def _routes(key: AreaKey, modes: tuple[str, ...]) -> tuple[RouteChoice, ...]:
    """Routes of the pack as it stands, the same for every visitor."""
    return tuple(list_routes(stages.open_pack(key), modes))


@st.fragment
def _draw_form(key: AreaKey, pack: AreaPack, choices: Choices) -> None:
    """A part of the page of its own: what one field offers follows another."""
    area = Area(pack, _routes(key, choices.query.modes))
    kinds = change_forms.list_kinds(area)
    kind = st.selectbox("Change", list(kinds), key="change_kind")
    if (missing := change_forms.say_missing(area)) is not None:
        st.caption(missing)
    make = kinds[kind](area)
    if make is None:
        st.caption("Fill in what is still empty above; then the change can be added.")
    if (
        st.button("Add this change", type="primary", disabled=make is None, key="change_add")
        and make is not None
    ):
        if _add(key, make):
            pick.stop()
        st.rerun()


def _add(key: AreaKey, make: change_forms.Make) -> bool:
    own = trial.held(key)
    before: tuple[Change, ...] = () if own is None else own.scenario.changes
    name = FIRST_NAME if own is None else own.scenario.name
    try:
        scenario = Scenario(name, (*before, make()))
    except (QueryError, ValueError) as error:  # times that can't be, or too many changes
        st.session_state[trial.PROBLEM] = _first_words(error)
        return False
    return _use(key, scenario)


def _use(key: AreaKey, scenario: Scenario) -> bool:
    """Put a scenario in force, and its difference on the map."""
    taken = trial.use(key, scenario)
    if taken and trial.counts_people(stages.open_pack(key)):
        st.session_state[state.SHADE] = SHADING
    return taken


def _first_words(error: Exception) -> str:
    """What is wrong, without the library's own words about itself."""
    if not isinstance(error, ValidationError):
        return str(error)
    return "\n".join(str(one["msg"]).removeprefix("Value error, ") for one in error.errors())


def _draw_upload(key: AreaKey) -> None:
    st.caption(
        "A TOML file with any of ten kinds of change (docs/scenarios.md). It stays in this browser tab's "
        "session: nobody else sees it, and it is gone when you close the tab."
    )
    file = st.file_uploader("Scenario file", type="toml", key="trial_upload", label_visibility="collapsed")
    if file is None:
        if st.session_state.pop(_FILE, None) is not None:
            st.session_state.pop(trial.PROBLEM, None)  # what was wrong with a file goes with it
        return
    if st.session_state.get(_FILE) == (file.file_id, key.area_id):
        return
    st.session_state[_FILE] = (file.file_id, key.area_id)
    try:
        scenario = parse_scenario(file.getvalue(), "your file")
    except OneBusReachError as error:
        st.session_state[trial.PROBLEM] = str(error)
        return
    if _use(key, scenario):
        st.rerun()


def _draw_changes(own: Trial, base: AreaPack) -> None:
    """What is tried, each with a button that takes it out."""
    scenario, names = own.scenario, Names(base, own.engine.pack)
    count = len(scenario.changes)
    look.caption(f"{count} change{'s' if count > 1 else ''} in “{scenario.name}”")
    for number, change in enumerate(scenario.changes):
        words = say_change(change, names)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{number + 1}\\. {look.plain(words)}")
            st.button(
                "Remove", key=f"trial_remove_{number}", on_click=_remove, args=(own.key, number),
                help=f"Take out: {look.plain(words)}", icon=":material/close:", width="content",
            )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Name of the trial", scenario.name, max_chars=100, key=f"trial_name_{scenario.digest[:8]}",
            on_change=_rename, args=(own.key, f"trial_name_{scenario.digest[:8]}"),
        )  # fmt: skip
        st.download_button(
            "Download as TOML", scenario_to_toml(scenario), SCENARIO_FILE, "application/toml",
            on_click="ignore", key="trial_download",
        )  # fmt: skip
        st.button("Take the whole trial back", on_click=trial.forget, key="trial_forget")


def _remove(key: AreaKey, number: int) -> None:
    own = trial.held(key)
    if own is None:
        return
    left = tuple(one for at, one in enumerate(own.scenario.changes) if at != number)
    if left:
        trial.use(key, Scenario(own.scenario.name, left, own.scenario.note))
    else:
        trial.forget()


def _rename(key: AreaKey, field: str) -> None:
    own, name = trial.held(key), str(st.session_state.get(field, "")).strip()
    if own is None or not name:
        return
    try:
        trial.use(key, Scenario(name, own.scenario.changes, own.scenario.note))
    except ValueError as error:
        st.session_state[trial.PROBLEM] = _first_words(error)


@st.fragment
def draw_table(pack: AreaPack, choices: Choices, found: WhatIf) -> None:
    """Who gains and who loses, below the map."""
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
        empty = "none, or not known"  # a cell without a value takes no words from the style
        st.dataframe(styled, hide_index=True, width="stretch", key="trial_table", placeholder=empty)
    trip = choices.trip
    st.download_button(
        "Download all rows (CSV)",
        # Made when it is asked for: of a region it is large, and the page is drawn often.
        lambda: what_if.export_difference(
            pack, found, settings=None if trip is None else trip.settings, today=look.today()
        ),
        "what_if.zip",
        on_click="ignore",
        key="trial_csv",
    )
    title = f"What if: who gains and who loses{choices.how}, {views[by].lower()}"
    look.caption(say_title(title, found.query, pack.manifest, choices.when))
    look.draw_test_data(pack.manifest)
