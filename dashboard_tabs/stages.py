"""Cached stages from a pack on disk to its answers, shared by every visitor.

Keys are (area, digest, query, engine's version) and small settings: never a
table, and never anything that a visitor typed or uploaded.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import streamlit as st

from data.areapack import AreaPack
from data.errors import OneBusReachError
from data.packio import PackEntry, list_packs, load_pack
from data.stored import load_manifest
from geo.engine import Engine, warm
from geo.people import compute_neighbourhood_reach
from geo.places import resolve_place
from geo.progress import Progress, no_progress
from geo.query import Query
from geo.tables import GapTable, ReachTable
from geo.timeofday import Time, choose_times
from geo.version import ENGINE_VERSION
from geo.when import AtTime, WhenTable, compute_at, join_times
from layers.direct_buses import list_direct_buses
from layers.reach_bands import build_bands
from layers.routes import compute_trips_per_hour
from layers.static_files import BrowserCode, StaticFiles, publish_browser_code
from layers.static_layers import StaticLayers, publish_static_layers
from layers.there_and_back import ThereAndBack, compute_points, weigh_neighbourhoods

STATIC_FOLDER = Path(__file__).resolve().parent.parent / "static"
DEMO = "demo"
NO_VENUES = "No services or places are loaded for this area: the map shows the land in reach of a place only."


@dataclass(frozen=True)
class AreaKey:
    """What a cached answer about an area is filed under."""

    area_id: str
    digest: str
    path: str
    engine_version: str = ENGINE_VERSION


@dataclass(frozen=True)
class Results:
    """One query's answers; None where the pack has no part that they need."""

    reach: ReachTable | None
    gap: GapTable | None
    why_none: str | None
    points: ReachTable | None = None


def list_areas(faults: list[str]) -> list[PackEntry]:
    """Packs on offer, the demo first; those that can't be read are named in ``faults``."""
    return sorted(list_packs(faults), key=lambda entry: (entry.area_id != DEMO, entry.name))


def key_of(entry: PackEntry) -> AreaKey:
    """The key of a pack as it lies on disk now: a pack built anew is another key."""
    return AreaKey(entry.area_id, load_manifest(entry.path).digest, str(entry.path))


@st.cache_resource(max_entries=4, show_spinner="Opening the area …")
def open_pack(key: AreaKey) -> AreaPack:
    """Open a pack; shared by all visitors, read-only."""
    return load_pack(key.path)


@st.cache_resource(max_entries=2, show_spinner=False)
def open_engine(key: AreaKey) -> Engine:
    """Make a pack's engine ready; shared by all visitors."""
    return Engine(open_pack(key))


@st.cache_resource(show_spinner=False)
def static_files() -> StaticFiles:
    """The folder of layer files that the browser fetches."""
    return StaticFiles(STATIC_FOLDER)


@st.cache_resource(show_spinner=False)
def browser_code() -> BrowserCode:
    """Publish the map's own script and style, once."""
    return publish_browser_code(static_files())


@st.cache_resource(max_entries=4, show_spinner="Preparing the map …")
def static_layers(key: AreaKey) -> StaticLayers:
    """Publish a pack's layers as files that the browser fetches."""
    return publish_static_layers(open_pack(key), static_files())


@st.cache_resource(max_entries=8, show_spinner="Working out who can reach what …")
def answer(key: AreaKey, query: Query, trip: ThereAndBack | None = None) -> Results:
    """Answer a query for all neighbourhoods, or say in words why it can't be answered."""
    return work_out(open_engine(key), query, trip)


def work_out(
    engine: Engine, query: Query, trip: ThereAndBack | None, points: ReachTable | None = None
) -> Results:
    """The same of any engine, kept nowhere; ``points`` is reach by origin point, where it is at hand."""
    if engine.venues is None or engine.venues.empty:
        return Results(None, None, NO_VENUES)
    try:
        points = points or compute_points(engine, query, trip, no_progress)
    except OneBusReachError as error:
        return Results(None, None, str(error))
    pack = engine.pack
    gap = engine.gap(query, points=points) if pack.neighbourhoods is not None else None
    weigh = compute_neighbourhood_reach if trip is None else weigh_neighbourhoods
    return Results(weigh(points, pack), gap, None, points)


@st.cache_resource(max_entries=30, show_spinner=False)
def _at_time(key: AreaKey, query: Query, time: Time) -> AtTime | None:
    """One of the five times of the week."""
    return compute_at(open_engine(key), query, time)


@st.cache_resource(max_entries=6, show_spinner=False)
def _times_joined(key: AreaKey, query: Query, times: tuple[Time, ...]) -> WhenTable:
    return join_times(open_engine(key), query, times, [_at_time(key, query, time) for time in times])


def forget_window(query: Query) -> Query:
    """The query with the usual window and percentiles: for times of day its own do not count."""
    usual = Query()
    return replace(
        query,
        window_start_s=usual.window_start_s,
        window_end_s=usual.window_end_s,
        percentiles=usual.percentiles,
    )


def compare_times_of_day(key: AreaKey, query: Query, tell: Progress) -> WhenTable:
    """The five times side by side; raises OneBusReachError where they can't be compared."""
    query, engine = forget_window(query), open_engine(key)
    times = choose_times(engine, query)
    for done, time in enumerate(times):
        tell(done / len(times), time.name.replace("_", " "))
        _at_time(key, query, time)
    return _times_joined(key, query, times)


@st.cache_resource(max_entries=64, show_spinner=False)
def reach_bands(key: AreaKey, query: Query, neighbourhood_id: str, cutoffs_s: tuple[int, ...]) -> list[dict]:
    """Isochrones of a neighbourhood; a place of a visitor's own is never cached (see ``mapview``)."""
    engine = open_engine(key)
    place = resolve_place(engine.pack, neighbourhood_id)
    return build_bands(engine.isochrones(query, place, cutoffs_s))


@st.cache_resource(max_entries=64, show_spinner=False)
def direct_buses(key: AreaKey, query: Query, neighbourhood_id: str) -> dict[str, tuple[str, ...]]:
    """Routes that go directly from a neighbourhood to each service."""
    return list_direct_buses(open_engine(key), query, neighbourhood_id)


@st.cache_resource(max_entries=16, show_spinner=False)
def trips_per_hour(key: AreaKey, query: Query) -> np.ndarray:
    """Buses an hour on each route in the window of the query, read-only."""
    values = compute_trips_per_hour(open_pack(key), query)
    values.setflags(write=False)
    return values


@dataclass
class Warming:
    """The engine's compilation, run once a process in the background."""

    ready: threading.Event = field(default_factory=threading.Event)
    doing: str = "starting"
    done: float = 0.0
    problem: str | None = None

    def report(self, done: float, doing: str) -> None:
        self.done, self.doing = min(max(done, 0.0), 1.0), doing

    def run(self) -> None:
        try:
            warm(self.report)
        except Exception as error:
            # The page must say that it failed; the console has the rest.
            self.problem = f"{type(error).__name__}: {error}"
            raise
        finally:
            self.ready.set()


@st.cache_resource(show_spinner=False)
def start_warming() -> Warming:
    """Compile (first time ever) or load (after that) the engine's kernels, behind the page."""
    warming = Warming()
    threading.Thread(target=warming.run, name="warm", daemon=True).start()
    return warming
