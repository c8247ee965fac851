"""The Analyst: more settings of the question, downloads, and the command that gives the same figures."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import streamlit as st

from data.areapack import AreaPack
from data.calendars import say_bank_holiday
from data.errors import OneBusReachError
from geo.write import side_file
from layers.about import say_service_date
from layers.command import say_command
from layers.export import ALL_PARTS, PARTS, ExportRequest, Part, export_pack
from layers.planner import name_neighbourhoods
from layers.words import say_title

from . import look, state, trial
from .sidebar import Choices
from .stages import AreaKey

PART_WORDS = {
    "neighbourhoods": "Neighbourhoods with totals",
    "gap": "Gap table (category × group × area)",
    "reach": "Reach (every neighbourhood × service)",
    "isochrones": "Isochrones",
    "times": "Times of day (every neighbourhood × category)",
    "indicators": "Age, English, cars, deprivation",
    "why": "What would change it (every neighbourhood × category)",
}
EVERYTHING = "Everything"
FORMATS = {EVERYTHING: [".gpkg"], "neighbourhoods": [".gpkg", ".geojson", ".parquet", ".csv"],
           "gap": [".csv", ".parquet", ".gpkg"], "reach": [".parquet", ".csv", ".gpkg"],
           "times": [".csv", ".parquet", ".gpkg"], "isochrones": [".geojson", ".gpkg", ".parquet", ".csv"],
           "indicators": [".csv", ".parquet", ".gpkg"], "why": [".csv", ".parquet", ".gpkg"]}  # fmt: skip
CHOSEN, EVERY = "one neighbourhood", "every neighbourhood"
_FIRST = {"own_percentiles": [50, 85], "own_slack": 60, "own_speed": 4.8, "own_leg": 640, "own_total": 1280}


def draw(key: AreaKey, pack: AreaPack, choices: Choices, *, can_ask: bool) -> None:
    """Settings on the left, downloads on the right."""
    left, right = st.columns(2, gap="large")
    with left:
        _draw_settings(pack)
    with right:
        _draw_downloads(key, pack, choices, can_ask)


def _draw_settings(pack: AreaPack) -> None:
    st.subheader("Settings of the question", anchor=False)
    st.caption("They hold for the whole page, beside those in the sidebar.")
    facts = pack.manifest.timetable
    current = st.session_state.get("own_date")
    if current is not None and not facts.first_date <= current <= facts.last_date:
        st.session_state["own_date"] = None
    if beware := say_bank_holiday(pack.manifest, current or facts.service_date):
        st.caption(look.plain(beware))
    st.date_input(
        "Service date", value=None, min_value=facts.first_date, max_value=facts.last_date, key="own_date",
        format="DD/MM/YYYY",
        help=look.plain(f"Empty: {say_service_date(facts)}."),
    )  # fmt: skip
    st.radio(
        "Buses allowed", [1, 2], key="own_boardings", horizontal=True,
        format_func=lambda n: "one bus (the rule)" if n == 1 else "two buses",
        help="There and back counts one bus each way, whatever is chosen here.",
    )  # fmt: skip
    for key, first in _FIRST.items():
        st.session_state.setdefault(key, first)
    st.multiselect("Percentiles of turning up", [10, 25, 50, 75, 85, 90, 95, 100], key="own_percentiles")
    st.number_input("Slack before boarding, seconds", 0, 1800, step=30, key="own_slack")
    st.markdown("##### Own walk settings")
    st.caption(f"Used when the sidebar's walk is “{state.OWN_WALK}”.")
    one, two, three = st.columns(3)
    one.number_input("km/h", 0.5, 10.0, step=0.1, key="own_speed")
    two.number_input("metres a walk", 0, 5000, step=10, key="own_leg")
    three.number_input("metres in all", 0, 10000, step=10, key="own_total")
    st.checkbox("No flights of steps", key="own_steps")


@st.fragment
def _draw_downloads(key: AreaKey, pack: AreaPack, choices: Choices, can_ask: bool) -> None:
    st.subheader("Downloads", anchor=False)
    st.caption("The question, versions, data dates and licences stand inside each file (beside a CSV).")
    parts = [EVERYTHING, *ALL_PARTS] if pack.neighbourhoods is not None else ["reach"]
    if pack.indicators is None:
        parts = [part for part in parts if part != "indicators"]
    part = st.selectbox("What", parts, key="what", format_func=lambda p: PART_WORDS.get(p, p))
    suffix = st.selectbox("Format", FORMATS[part], key=f"format_{part}")
    times = part in (EVERYTHING, "neighbourhoods", "gap") and st.checkbox(
        "With columns for times of day", key="what_times",
        help="Weekday morning, afternoon and evening, Saturday and Sunday: five computations more.",
    )  # fmt: skip
    origins = None
    if part in (EVERYTHING, "isochrones"):
        scope = st.radio("Isochrones from", [CHOSEN, EVERY], key="scope", horizontal=True)
        if scope == CHOSEN:
            names = name_neighbourhoods(pack)
            state.follow_place("isochrones_from", list(names))
            place = st.selectbox(
                "Neighbourhood", list(names), key="isochrones_from", index=None,
                format_func=lambda i: names[i], placeholder="Choose a neighbourhood",
            )  # fmt: skip
            if place is None:
                st.info("Choose a neighbourhood, or take every neighbourhood.")
                return
            origins = (place,)
    chosen: tuple[Part, ...] = PARTS if part == EVERYTHING else (part,)
    mark = "trial_" if pack.trial is not None else ""
    name = f"{mark}{pack.area_id}_{'all' if part == EVERYTHING else part}{suffix}"
    request = ExportRequest(choices.query, chosen, origins, trip=choices.trip, times_of_day=times)
    if st.button("Prepare the file", disabled=not can_ask, type="primary"):
        _prepare(key, request, name)
    ready = st.session_state.get("prepared")
    if ready and ready[0] == (key, request, name):
        st.download_button(f"Download {ready[1]}", ready[2], ready[1], on_click="ignore")
    if choices.query.scenario is not None:
        st.caption(
            "These are figures of your trial. The command line reads it from the file that the Planner "
            "hands out (“Download as TOML”)."
        )
    st.caption("The same figures from the command line:")
    what = "" if part == EVERYTHING else part
    st.code(
        say_command(
            pack.area_id, choices.query, name, what, ",".join(origins or ()), choices.trip, times_of_day=times
        ),
        language="bash",
        wrap_lines=True,
    )
    look.caption(say_title("Export", choices.query, pack.manifest, choices.when))
    look.draw_test_data(pack.manifest)


def _prepare(key: AreaKey, request: ExportRequest, name: str) -> None:
    bar = st.progress(0.0, "starting")
    try:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / name
            export_pack(
                trial.engine_for(key, request.query), request, out, today=look.today(),
                progress=lambda done, doing: bar.progress(min(done, 1.0), doing),
            )  # fmt: skip
            shown, content = _read(out)
    except OneBusReachError as error:
        bar.empty()
        st.error(look.plain(str(error)))
        return
    bar.empty()
    st.session_state["prepared"] = ((key, request, name), shown, content)


def _read(out: Path) -> tuple[str, bytes]:
    """The file's bytes; a CSV travels with its side file in one zip."""
    if out.suffix != ".csv":
        return out.name, out.read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in (out, side_file(out)):
            archive.write(file, file.name)
    return f"{out.stem}.zip", packed.getvalue()
