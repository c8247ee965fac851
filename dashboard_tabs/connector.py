"""The Connector: one journey in words. What is typed here stays in this session's memory.

It is never cached, logged or put into a link.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import streamlit as st

from data.areapack import AreaPack
from data.date_words import say_date
from data.errors import OneBusReachError
from geo.journey import NoJourney
from geo.journey_sheet import Sheet, Way, build_sheet, sheet_in_short
from geo.places import resolve_place
from geo.query import Query
from geo.sessions import choose_dates
from geo.whatif.words import say_trial_of
from layers.connector import describe_service, describe_times, list_destinations
from layers.journey_page import build_toolbar, sketch_way
from layers.journey_sketch import as_image
from layers.planner import name_neighbourhoods
from layers.text import escape_for_map
from layers.words import say_journey_title

from . import look, state, trial, why
from .sidebar import Choices
from .stages import AreaKey

ARRIVE, LEAVE = "Arrive by", "Leave at"
_FIRST_DATE = "first_date"
SESSION_START, SESSION_END = dt.time(10, 30), dt.time(12, 30)


@st.fragment
def draw(key: AreaKey, pack: AreaPack, choices: Choices, *, can_ask: bool) -> None:
    """From, to, when; then the way there and back."""
    st.subheader("One journey, in words", anchor=False)
    destinations = list_destinations(pack, choices.kind, choices.category)
    if not destinations:
        st.info("No service or place at a known venue is loaded for this choice.")
        return
    origin_text, destination_id, when, time, home, date = _ask(pack, destinations, choices)
    query = replace(choices.query, service_date=date)
    if not can_ask:
        st.info("The engine is being made ready …")
        return
    if not origin_text:
        st.caption("Choose a neighbourhood, or type a postcode or longitude, latitude.")
        return
    try:
        origin, destination = resolve_place(pack, origin_text), resolve_place(pack, destination_id)
        there = {"arrive_by_s": _seconds(time)} if when == ARRIVE else {"depart_s": _seconds(time)}
        sheet = build_sheet(
            trial.engine_for(key, query), query, origin, destination, home_s=_seconds(home), **there
        )
    except OneBusReachError as error:
        st.error(look.plain(str(error)))
        return
    if (words := say_trial_of(pack)) is not None:
        st.warning(look.plain(words), icon=":material/science:")
    for way, column in zip(sheet.ways, st.columns(len(sheet.ways), gap="large"), strict=True):
        with column:
            _draw_way(pack, way)
    if any(isinstance(way.journey, NoJourney) and not way.not_known for way in sheet.ways):
        why.draw_connector(key, pack, choices, origin, destination_id)
    _draw_files(pack, query, sheet, destination_id)
    _draw_service(pack, destination_id)
    look.caption(say_journey_title(query, pack.manifest))
    look.draw_test_data(pack.manifest)


def _ask(
    pack: AreaPack, destinations: dict[str, str], choices: Choices
) -> tuple[str, str, str, dt.time, dt.time, dt.date]:
    one, two = st.columns(2, gap="large")
    with one:
        hood = None
        if pack.neighbourhoods is not None:
            names = name_neighbourhoods(pack)
            state.follow_place("from_hood", list(names))
            hood = st.selectbox(
                "From neighbourhood", list(names), format_func=lambda i: names[i], key="from_hood",
                index=None, placeholder="Choose a neighbourhood",
            )  # fmt: skip
        typed = st.text_input(
            "or from a postcode, or longitude, latitude", key="from_text", max_chars=60, autocomplete="off",
            help="Kept only while this page is open: never stored, logged or put into a link.",
        )  # fmt: skip
    with two:
        ids = list(destinations)
        if st.session_state.get("to_service") not in ids:
            st.session_state["to_service"] = ids[0]
        destination = st.selectbox("To", ids, format_func=lambda i: destinations[i], key="to_service")
        date = _ask_date(pack, choices)
        when_cell, time_cell, home_cell = st.columns(3)
        when = when_cell.selectbox("When", [ARRIVE, LEAVE], key="when")
        st.session_state.setdefault("when_time", SESSION_START)
        st.session_state.setdefault("home_time", SESSION_END)
        time = time_cell.time_input(when, key="when_time", step=300)
        home = home_cell.time_input("Home, leaving at", key="home_time", step=300)
    return typed.strip() or hood or "", destination, when, time, home, date


def _ask_date(pack: AreaPack, choices: Choices) -> dt.date:
    """The day of the journey, any of the timetable's; at first the page's, or of the weekday chosen there."""
    facts, asked = pack.manifest.timetable, choices.query.service_date
    first = asked or facts.service_date
    day = None if choices.trip is None else choices.trip.day
    if asked is None and day is not None:
        first = choose_dates(pack.manifest, [day]).get(day, first)
    # What the page is asked about counts until the visitor chooses a day here.
    if st.session_state.get(_FIRST_DATE) != (pack.area_id, first):
        st.session_state[_FIRST_DATE] = (pack.area_id, first)
        st.session_state["on_date"] = first
    date = st.date_input(
        "On", key="on_date", min_value=facts.first_date, max_value=facts.last_date, format="DD/MM/YYYY",
        help=f"The timetable has {say_date(facts.first_date)} to {say_date(facts.last_date)}.",
    )  # fmt: skip
    return date if isinstance(date, dt.date) else first


def _seconds(time: dt.time) -> int:
    return time.hour * 3600 + time.minute * 60


def _draw_way(pack: AreaPack, way: Way) -> None:
    """What to do in order, each walk with its turns and a sketch of it."""
    head, *told, check = way.instructions(pack)
    walks = sketch_way(way, pack)
    items = []
    for one in told:
        text = (
            f"<strong>{escape_for_map(one.text)}</strong>" if one.kind == "last" else escape_for_map(one.text)
        )
        kind = "ol" if one.kind == "walk" else "ul"
        details = "".join(f"<li>{escape_for_map(detail)}</li>" for detail in one.details)
        listed = f"<{kind} style='padding-left:1.4rem;opacity:.9'>{details}</{kind}>" if details else ""
        svg, alt = walks.pop(0) if one.kind == "walk" and walks else (None, "")
        items.append(f"<li style='margin:.35rem 0'>{text}{listed}{as_image(svg, alt) if svg else ''}</li>")
    st.markdown(f"#### {way.title}")
    st.html(
        f"<div style='font-size:1.05rem;line-height:1.5'><strong>{escape_for_map(head.text)}</strong>"
        f"<ol style='padding-left:1.4rem'>{''.join(items)}</ol>{escape_for_map(check.text)}</div>"
    )


def _draw_files(pack: AreaPack, query: Query, sheet: Sheet, service_id: str) -> None:
    """Print, save, send: made in the visitor's browser, so that no file of theirs is served."""
    st.markdown("#### To print or send")
    with st.container(key="sheet_bar"):
        st.iframe(
            build_toolbar(sheet, pack, query, service_id, today=look.today()),
            alt="Print or save this journey",
            height="content",
        )
    with st.expander("As a text message (it leaves out where the journey starts)"):
        st.code("\n".join(sheet_in_short(sheet, pack)), language=None, wrap_lines=True)


def _draw_service(pack: AreaPack, service_id: str) -> None:
    facts = describe_service(pack, service_id)
    with st.expander("About this service", expanded=True):
        rows = "".join(
            f"<tr><th scope='row' style='text-align:left;padding:.1rem 1rem .1rem 0;vertical-align:top'>"
            f"{escape_for_map(what)}</th><td>{escape_for_map(words)}</td></tr>"
            for what, words in (*facts, describe_times(pack, service_id))
        )
        st.html(f"<table style='border-collapse:collapse'>{rows}</table>")
