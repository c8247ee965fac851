"""The map in a fragment: a click redraws this part of the page only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st
from streamlit_folium import st_folium

from data.areapack import AreaPack
from data.date_words import say_date
from data.errors import OneBusReachError
from geo.places import Place, make_place, resolve_place
from geo.tables import ReachTable
from geo.whatif.difference import WhatIf
from geo.whatif.marks import MarkKind
from layers import catalogue, circumstances, measures, when
from layers.catalogue import Drawn
from layers.direct_buses import list_direct_buses
from layers.legend import build_legend
from layers.measures import ALL, ANY_CATEGORY, Measure
from layers.messages import build_message, find_neighbourhood, read_click
from layers.offline_map import ChangingLayers, MapView, build_map
from layers.reach_bands import build_bands, choose_cutoffs
from layers.reach_panel import SLACK, add_buses, list_rows_in_reach, summarise_reach
from layers.routes import compute_trips_per_hour
from layers.there_and_back import say_people_assumed
from layers.trial_map import draw_trial, list_gone
from layers.what_if import draw_difference
from layers.words import NOT_KNOWN, number_alike, say_area, say_map_credit, say_title

from . import look, pick, stages, state, times_of_day, trial, what_if, why
from .sidebar import Choices
from .stages import AreaKey, Results

HEIGHT_PX = 620
NOTHING = "Nothing"
GAP_SHARE, GAP_NUMBER = "No service: share", "No service: number"
UNKNOWN_SHARE = f"{NOT_KNOWN}: share"
GROUP_SHARE, GROUP_COUNT, POPULATION = "Group: share", "Group: number", "Population"
IN_REACH = "Number in reach"
TIMES, TWO_TIMES = "Times of day: how many", "Times of day: two compared"
SERVICES, PLACES, ROUTES, STOPS, OUTSIDE = (
    "Services",
    "Places",
    "Bus routes",
    "Stops",
    "No data",
)


def draw(
    key: AreaKey, pack: AreaPack, choices: Choices, results: Results | None, found: WhatIf | None = None
) -> None:
    """Controls, map, and what is in reach from the chosen neighbourhood."""
    _take_click(pack)
    base = stages.open_pack(key)  # the map's files are of things as they stand
    # While the engine is made ready its layers are on offer already: a link may ask for one.
    shade, circles, also = _ask_layers(
        pack, choices, results is None or results.gap is not None, found is not None
    )
    left, right = st.columns([0.66, 0.34], gap="medium")
    with right:
        place = _ask_place(pack)
        keep_shading = place is not None and shade != NOTHING and st.toggle(
            "Keep the shading under the reach", key="keep_shading", help="Reach is then drawn as lines."
        )  # fmt: skip
    reached = None
    if (reach := _reach_from(results, place)) and place is not None:
        reached = list_rows_in_reach(base, reach, place.place_id, kind=choices.kind, category=choices.asked)
    classed = None
    if shade in (TIMES, TWO_TIMES) and (place is None or keep_shading):
        with left:
            classed = times_of_day.ask(key, pack, choices, results, two=shade == TWO_TIMES)
    drawn = [] if classed is None else [when.draw_classed(classed, look.theme())]
    if found is not None and shade == what_if.SHADING and (place is None or keep_shading):
        names = {"kind": choices.kind, "category": choices.category, "group_id": choices.group_id}
        drawn.append(draw_difference(pack, found, look.theme(), **names))
    drawn += _draw_trial(key, pack, shade)
    with right:  # what it says stands beside the map
        drawn += _draw_layers(key, pack, choices, results, shade, circles, also, place, keep_shading, reached)
    title = _title(pack, choices, drawn, place, None if classed is None else times_of_day.say_when(classed))
    with left:
        pick.draw_hint()
        _draw_map(key, pack, drawn, title, place)
        look.caption(title)
        look.caption("Sources: " + " · ".join(pack.manifest.licences))
        look.draw_test_data(pack.manifest)
    with right:
        for layer in drawn:
            st.html(build_legend(layer.layer))
        if classed is not None:
            look.caption(when.say_difference(classed))
        _draw_summary(key, pack, choices, results, place)
        with st.expander("About these layers: source, date, what they leave out"):
            for layer in drawn:
                facts = layer.layer
                st.markdown(f"**{look.plain(facts.title)}**")
                look.caption(
                    f"In {facts.unit}. Source: {facts.source}. Date: {facts.date}. {facts.leaves_out}"
                )


def _take_click(pack: AreaPack) -> None:
    """Turn a new click on the map into the same choice as the list's."""
    waiting = st.session_state.pop(state.NEXT_PLACE, None)
    if waiting is not None:
        st.session_state[state.PLACE] = waiting
    value = st.session_state.get(state.MAP) or {}
    clicked = value.get("last_clicked") if isinstance(value, dict) else None
    if clicked is None or clicked == st.session_state.get(state.SEEN_CLICK):
        return
    st.session_state[state.SEEN_CLICK] = clicked
    click = read_click(clicked)
    if click is None:
        return
    if pick.take_click(click):  # a field of a form waited for it, which stands in another part of the page
        st.rerun()
    if pack.neighbourhoods is None:
        st.session_state[state.CLICKED] = (click.lon, click.lat)
        return
    found = find_neighbourhood(pack, click)
    if found is None:
        st.toast("That point lies outside the neighbourhoods.")
    else:
        st.session_state[state.PLACE] = found


def _ask_layers(pack: AreaPack, choices: Choices, has_gap: bool, tried: bool) -> tuple[str, str, list[str]]:
    counted = pack.neighbourhoods is not None and bool(pack.neighbourhoods["population"].notna().any())
    gap_known = has_gap and counted
    by_group = counted and choices.group_id != ALL
    can_reach = has_gap and pack.neighbourhoods is not None and pack.services is not None
    population = [POPULATION] if counted else []
    shades = [NOTHING, *([GAP_SHARE, UNKNOWN_SHARE] if gap_known else [])]
    shades += [*([IN_REACH] if can_reach else []), *([GROUP_SHARE] if by_group else []), *population]
    shades += circumstances.list_shades(pack)
    shades += [TIMES, TWO_TIMES] if can_reach else []
    shades += [what_if.SHADING] if tried else []
    rounds = [
        NOTHING,
        *([GAP_NUMBER] if gap_known else []),
        *([GROUP_COUNT] if by_group else []),
        *population,
    ]
    offered = []
    if pack.services is not None:
        kinds = set(pack.services["kind"])
        offered += [SERVICES] if "service" in kinds else []
        offered += [PLACES] if "place" in kinds else []
    offered += [
        ROUTES,
        STOPS,
        *([OUTSIDE] if pack.coverage is not None and pack.neighbourhoods is not None else []),
    ]
    first = GAP_SHARE if gap_known else IN_REACH if can_reach else population[0] if counted else NOTHING
    state.start_from_link(state.SHADE, shades, first)
    state.start_from_link(state.CIRCLES, rounds, NOTHING)
    if state.ALSO in st.session_state:
        st.session_state[state.ALSO] = [name for name in st.session_state[state.ALSO] if name in offered]
    else:
        st.session_state[state.ALSO] = [name for name in offered if name in (SERVICES, PLACES)][:1]
    one, two, three = st.columns([0.29, 0.25, 0.46])
    shade = one.selectbox("Shading", shades, key=state.SHADE)
    circles = two.selectbox(
        "Circles", rounds, key=state.CIRCLES, help="The larger the circle, the more people (or households)."
    )
    also = three.pills("Also show", offered, key=state.ALSO, selection_mode="multi")
    shown = first if shade == what_if.SHADING else shade  # a link says nothing of a trial
    state.write_link({state.SHADE: (shown, first), state.CIRCLES: (circles, NOTHING)})
    return shade, circles, list(also)


def _ask_place(pack: AreaPack) -> Place | None:
    """The chosen neighbourhood, by list (also the keyboard's way) or by click."""
    if pack.neighbourhoods is None:
        st.caption("This area has no neighbourhoods: click on the map to see what is in reach from there.")
        point = st.session_state.get(state.CLICKED)
        try:
            return make_place(pack, *point, label="the clicked point") if point else None
        except OneBusReachError as error:
            st.error(look.plain(str(error)))
            return None
    hoods = pack.neighbourhoods.sort_values("name", kind="stable")
    rows = zip(hoods["neighbourhood_id"], hoods["name"], hoods["ward_name"], strict=True)
    names = number_alike(
        {one: f"{name} ({ward})" if isinstance(ward, str) else str(name) for one, name, ward in rows}
    )
    state.start_from_link(state.PLACE, [None, *names], None)
    chosen = st.selectbox(
        "Reach from (or click on the map)", list(names), key=state.PLACE, index=None,
        placeholder="No neighbourhood chosen",
        format_func=lambda i: names[i],
    )  # fmt: skip
    state.write_link({state.PLACE: (chosen, None)})
    return None if chosen is None else resolve_place(pack, chosen)


def _reach_from(results: Results | None, place: Place | None) -> ReachTable | None:
    """Reach by neighbourhood, where one is chosen."""
    if place is None or place.kind != "neighbourhood" or results is None:
        return None
    return results.reach


def _direct_buses(key: AreaKey, choices: Choices, place_id: str) -> dict[str, tuple[str, ...]]:
    query = choices.query
    if query.scenario is None:
        return stages.direct_buses(key, query, place_id)
    return trial.ask(
        key, query, "direct", place_id, lambda engine: list_direct_buses(engine, query, place_id)
    )  # fmt: skip


def _measure(pack: AreaPack, choices: Choices, results: Results | None, name: str) -> Measure | None:
    shades = circumstances.list_shades(pack)
    if name in shades:
        return circumstances.shade_measure(pack, shades[name])
    if name == POPULATION:
        return measures.census_count(pack, ALL)
    if name == GROUP_SHARE:
        return measures.census_share(pack, choices.group_id)
    if name == GROUP_COUNT:
        return measures.census_count(pack, choices.group_id)
    if name == IN_REACH and results is not None and results.reach is not None:
        counted = measures.number_in_reach(pack, results.reach, kind=choices.kind, category=choices.category)
        return replace(counted, title=counted.title + choices.how)
    if results is None or results.gap is None:
        return None
    measure = measures.gap_measure(
        pack, results.gap,
        column="not_known" if name == UNKNOWN_SHARE else "cut_off",
        unit="people" if name == GAP_NUMBER else "share",
        kind=choices.kind, category=choices.category, group_id=choices.group_id,
    )  # fmt: skip
    return replace(measure, title=measure.title + choices.how)


def _draw_layers(
    key: AreaKey, pack: AreaPack, choices: Choices, results: Results | None, shade: str, circles: str,
    also: list[str], place: Place | None, keep_shading: bool, reached: list[int] | None,
) -> list[Drawn]:  # fmt: skip
    theme, base = look.theme(), stages.open_pack(key)
    drawn: list[Drawn] = []
    if place is not None and results is not None:
        drawn += _draw_reach(key, pack, choices, place, filled=not keep_shading)
    apart = (NOTHING, TIMES, TWO_TIMES, what_if.SHADING)  # what `draw` has drawn, or nothing
    if shade not in apart and (place is None or keep_shading or results is None):
        measure = _measure(pack, choices, results, shade)
        drawn += [] if measure is None else [catalogue.draw_shading(measure, theme)]
    if circles != NOTHING:
        measure = _measure(pack, choices, results, circles)
        drawn += [] if measure is None else [catalogue.draw_circles(measure, theme)]
    for kind, name in (("service", SERVICES), ("place", PLACES)):
        if name in also:
            same = kind == choices.kind
            categories = frozenset({choices.category}) if same and choices.category != ANY_CATEGORY else None
            inside = reached if same else None
            gone = _list_gone(key, pack, "service_removed")
            drawn.append(
                catalogue.draw_points(base, kind, theme, categories=categories, reached=inside, without=gone)
            )
    if ROUTES in also:
        perhour = _trips_per_hour(key, choices)[: len(base.feed.routes)]  # a trial's own lines are its marks
        drawn.append(catalogue.draw_routes(base, perhour, choices.query, theme))
    if STOPS in also:
        drawn.append(catalogue.draw_stops(base, theme, without=_list_gone(key, pack, "stop_left")))
    if OUTSIDE in also:
        drawn.append(catalogue.draw_outside(pack, theme))
    return drawn


def _draw_trial(key: AreaKey, pack: AreaPack, shade: str) -> list[Drawn]:
    """What the trial in force changes, where the page shows it or the difference that it makes."""
    own = trial.held(key)
    if own is None or (pack.trial is None and shade != what_if.SHADING):
        return []
    layer = draw_trial(pack, own.engine.marks, look.theme())
    return [] if layer is None else [layer]


def _list_gone(key: AreaKey, pack: AreaPack, kind: MarkKind) -> list[int]:
    """Rows that the map's files hold and the trial that is shown has not."""
    own = trial.held(key)
    return [] if own is None or pack.trial is None else list_gone(own.engine.marks, kind)


def _draw_reach(key: AreaKey, pack: AreaPack, choices: Choices, place: Place, *, filled: bool) -> list[Drawn]:
    cutoffs = choose_cutoffs(choices.query.cutoff_s)
    try:
        if choices.query.scenario is not None:
            bands = trial.ask(
                key, choices.query, "bands", (place, cutoffs),
                lambda engine: build_bands(engine.isochrones(choices.query, place, cutoffs)),
            )  # fmt: skip
        elif place.kind == "neighbourhood":
            bands = stages.reach_bands(key, choices.query, place.place_id, cutoffs)
        else:
            bands = build_bands(stages.open_engine(key).isochrones(choices.query, place, cutoffs))
    except OneBusReachError as error:
        st.error(look.plain(str(error)))
        return []
    if not bands:
        st.info("The land in reach from there is not known: it lies outside the street data.")
        return []
    day = choices.query.service_date or pack.manifest.timetable.service_date
    date = f"timetable of {say_date(day)}"
    return [catalogue.draw_reach(bands, place.label, choices.query, date, look.theme(), filled=filled)]


def _trips_per_hour(key: AreaKey, choices: Choices) -> np.ndarray:
    query = choices.query
    if query.scenario is None:
        return stages.trips_per_hour(key, query)
    return trial.ask(
        key, query, "trips", None, lambda engine: compute_trips_per_hour(engine.pack, query)
    )  # fmt: skip


def _title(
    pack: AreaPack, choices: Choices, drawn: list[Drawn], place: Place | None, times: str | None
) -> str:
    what = " and ".join(layer.layer.title for layer in drawn[:2]) or (place.label if place else "Map")
    return say_title(what, choices.query, pack.manifest, times or choices.when)


def _draw_map(key: AreaKey, pack: AreaPack, drawn: list[Drawn], title: str, place: Place | None) -> None:
    manifest = pack.manifest
    tiles = not manifest.fictional and bool(st.session_state.get("online_tiles", False))
    view = MapView(
        layers=stages.static_layers(key),
        title=f"Map of {say_area(manifest)}",
        attribution=(say_map_credit(manifest),),
        theme=look.theme(),
        online_tiles=tiles,
    )
    message = build_message(drawn, title=title, chosen=place, pack=pack, theme=look.theme())
    st_folium(
        build_map(view, stages.browser_code()),
        key=state.MAP,
        height=HEIGHT_PX,
        use_container_width=True,
        returned_objects=["last_clicked"],
        feature_group_to_add=ChangingLayers(message),
    )
    if not manifest.fictional:
        st.toggle(
            "Street map from the internet", key="online_tiles",
            help="OpenStreetMap's tiles: your browser asks their server for the places you look at.",
        )  # fmt: skip
    if stages.static_files().problem:
        st.info(stages.static_files().problem)


def _draw_summary(
    key: AreaKey, pack: AreaPack, choices: Choices, results: Results | None, place: Place | None
) -> None:
    """After the map, which must not wait for it."""
    if place is None:
        st.caption(
            "Choose a neighbourhood here, in the table below or on the map, to see what is in reach from it."
        )
        return
    reach = _reach_from(results, place)
    if reach is None:
        return
    summary = summarise_reach(pack, reach, place.place_id, kind=choices.kind, category=choices.asked)
    st.markdown(summary.sentence)
    if choices.trip is not None:
        if results is not None and results.gap is not None:
            asked = {"kind": choices.kind, "category": choices.category, "group_id": choices.group_id}
            if assumed := say_people_assumed(results.gap, place.place_id, **asked):
                look.caption(assumed)
        st.caption(
            "The bands on the map show getting there; the list says there and back. Waits are at the venue; "
            f"“{SLACK}” is the time from the first to the last moment of leaving home that works."
        )
        why.draw_services(key, pack, choices, reach, place.place_id, summary)
    elif summary.total:
        buses = _direct_buses(key, choices, place.place_id)
        look.draw_table(
            add_buses(summary.table, pack, buses), key="reach_table", height=250, widths=why.REACH_WIDTHS
        )
    if choices.query.boardings == 1:
        why.draw_planner(key, pack, choices, results.gap if results else None, place.place_id)
