"""One area pack made ready for questions: built once, read by every query.

An ``Engine`` keeps what depends on the pack and few settings (walk graphs,
walking legs, timetables) and answers queries from it. It holds nothing of any
visitor: what is kept is keyed by pack settings, and points that a caller
brings are walked afresh each time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd
from shapely.geometry.base import BaseGeometry

from data.areapack import AreaPack
from data.duplicates import find_duplicates_among
from data.errors import QueryError
from data.service_days import services_on
from geo.compile import compile_kernels
from geo.gap import compute_gap
from geo.hublabels import build_hub_labels
from geo.hubwalks import LEG_INDEX_MM, HubIndex, build_hub_index, label_points
from geo.inputs import ReachInputs
from geo.isochrone import compute_isochrones
from geo.journey import Journey, NoJourney, find_journey
from geo.kept import load_streets, load_timetable, prepare
from geo.legs import Legs
from geo.people import compute_neighbourhood_reach
from geo.places import Place
from geo.provision import compute_provision
from geo.query import Query, WalkSettings
from geo.reach import compute_reach
from geo.roundtrip import DEFAULT_ROUND_TRIP, RoundTripSettings
from geo.roundtrip_table import compute_round_trip_table
from geo.snap import Snapped, snap_frame, snap_points
from geo.straightline import StraightLine
from geo.tables import GapTable, ReachTable, RoundTripTable, WhyTable
from geo.thereandback import compute_neighbourhood_there_and_back, compute_there_and_back
from geo.timeofday import TimesTable, compute_times_of_day
from geo.timetable import Timetable, build_timetable, count_timetables_to_keep, timetable_span_s
from geo.walkgraph import WalkGraph, build_walk_graph
from geo.walklegs import compute_legs, compute_walks
from geo.whatif.under import UnderScenario, answers_under_scenarios
from geo.why import compute_why

if TYPE_CHECKING:
    import geopandas as gpd

Progress = Callable[[float, str], None]
Level = Literal["neighbourhood", "point"]

# Changing buses: at most this walk between two stops (docs/methods.md).
CHANGE_WALK_LIMIT_MM = 400_000
VENUE_DELIVERIES = ("venue", "several_venues")


def select_venues(services: pd.DataFrame) -> pd.DataFrame:
    """Services that people travel to: held at a venue whose place is known."""
    at_venue = services["delivery"].isin(VENUE_DELIVERIES)
    return services[at_venue & services["x"].notna() & services["y"].notna()].reset_index(drop=True)


def no_progress(_done: float, _doing: str) -> None:
    """For callers that show nothing."""


@answers_under_scenarios(
    "inputs", "reach", "gap", "round_trips", "reach_there_and_back", "times_of_day", "provision",
    "isochrones", "journey", "why",
)  # fmt: skip
class Engine(UnderScenario):
    """Answers queries about one pack.

    Parameters
    ----------
    pack : AreaPack

    Notes
    -----
    Safe to share between threads: what is kept is read-only, and two threads
    that ask for the same thing first at worst both build it.
    """

    def __init__(self, pack: AreaPack) -> None:
        self.pack = pack
        self.kept_streets = lru_cache(maxsize=2)(lambda avoid: load_streets(pack, avoid_steps=avoid))
        self.graph = lru_cache(maxsize=2)(self._build_graph)
        self.snapped_stops = lru_cache(maxsize=2)(self._snap_stops)
        self.stop_index = lru_cache(maxsize=2)(self._build_stop_index)
        self._timetable = lru_cache(maxsize=count_timetables_to_keep(pack))(
            lambda *asked: load_timetable(pack, *asked) or build_timetable(pack, *asked)
        )
        self._snapped_origins = lru_cache(maxsize=2)(lambda avoid: self.snap(avoid, self.own_origins()))
        self._snapped_services = lru_cache(maxsize=2)(lambda avoid: self.snap(avoid, self.own_services()))
        self._access = lru_cache(maxsize=8)(
            lambda walk: self.legs_to_stops(walk, self._snapped_origins(walk.avoid_steps))
        )
        self._egress = lru_cache(maxsize=8)(
            lambda walk: self.legs_to_stops(walk, self._snapped_services(walk.avoid_steps))
        )
        self._direct = lru_cache(maxsize=8)(self._own_direct)
        repeats = lru_cache(maxsize=64)(lambda services: find_duplicates_among(pack.feed, services).drop)
        self.duplicate_trips = lambda on: repeats(services_on(pack.feed, on))  # most dates run the same
        self._transfers = lru_cache(maxsize=8)(self._stop_transfers)

    # What the pack holds, made ready.

    @cached_property
    def venues(self) -> pd.DataFrame | None:
        """Services that people travel to; None in a pack without services."""
        return None if self.pack.services is None else select_venues(self.pack.services)

    @cached_property
    def coverage(self) -> BaseGeometry | None:
        """Where the streets are whole; None in a pack that measures straight lines."""
        if (kept := self.kept_streets(False)) is not None:
            return kept.coverage
        table = self.pack.coverage
        if self.pack.walk is None or table is None or table.empty:
            return None
        streets = table.geometry[table["part"] == "streets"]
        return None if streets.empty else streets.union_all()

    def service_date(self, query: Query) -> dt.date:
        """The date that a query is answered for.

        Raises
        ------
        QueryError
            The feed has no such date; the message says which it has.
        """
        facts = self.pack.manifest.timetable
        date = query.service_date or facts.service_date
        if not facts.first_date <= date <= facts.last_date:
            raise QueryError(
                f"date {date.isoformat()}: the timetable of {self.pack.manifest.name} runs from "
                f"{facts.first_date.isoformat()} to {facts.last_date.isoformat()}; choose a date in it."
            )
        return date

    def timetable(self, query: Query) -> Timetable:
        """The lanes of the query's date and modes."""
        return self._timetable(self.service_date(query), tuple(sorted(query.modes)), timetable_span_s(query))

    def timetable_on(self, query: Query, date: dt.date, span_s: int) -> Timetable:
        """The lanes of another date in the query's modes, reaching ``span_s`` (whole days)."""
        return self._timetable(date, tuple(sorted(query.modes)), span_s)

    def snap(self, avoid_steps: bool, points: pd.DataFrame) -> Snapped:
        """Put points (columns x, y: metres in the pack's CRS) onto the streets."""
        return snap_frame(self.graph(avoid_steps), points, coverage=self.coverage)

    def _snap_stops(self, avoid_steps: bool) -> Snapped:
        """Stops count wherever they are near a street, also just beyond the coverage.

        Whether reach is known is a matter of the origin and the service; leaving
        such a stop out would tell people inside that they have none.
        """
        kept = self.kept_streets(avoid_steps)
        if kept is not None:
            return kept.stops
        stops = self.pack.stops
        return snap_points(self.graph(avoid_steps), stops["x"].to_numpy(), stops["y"].to_numpy())

    def _build_graph(self, avoid_steps: bool) -> WalkGraph | StraightLine:
        kept = self.kept_streets(avoid_steps)
        if kept is not None:
            return kept.graph
        if self.pack.walk is None:
            return StraightLine(self.pack.manifest.walk.detour_factor, avoid_steps)
        graph = build_walk_graph(self.pack.walk, avoid_steps=avoid_steps)
        return replace(graph, labels=build_hub_labels(graph.arc_indptr, graph.arcs))

    def own_origins(self) -> pd.DataFrame:
        if self.pack.origin_points is None or self.pack.origin_points.empty:
            raise QueryError(
                f"{self.pack.manifest.name} has no neighbourhoods; give your own points with --origins."
            )
        return self.pack.origin_points

    def own_services(self) -> pd.DataFrame:
        """The pack's services at a venue; QueryError where it has none."""
        if self.venues is None or self.venues.empty:
            raise QueryError(
                f"{self.pack.manifest.name} has no services or places at a known venue; "
                "give your own with --services, or load a register when building the pack."
            )
        return self.venues

    # Walking legs.

    def _build_stop_index(self, avoid_steps: bool) -> HubIndex | None:
        kept = self.kept_streets(avoid_steps)
        if kept is not None:
            return kept.stop_index
        graph = self.graph(avoid_steps)
        if isinstance(graph, StraightLine) or graph.labels is None:
            return None
        stops = self.snapped_stops(avoid_steps)
        return build_hub_index(graph, label_points(graph, graph.labels, stops, LEG_INDEX_MM))

    def legs_to_stops(self, walk: WalkSettings, points: Snapped) -> Legs:
        """Walks from points to every stop within the leg limit."""
        avoid = walk.avoid_steps
        stops, index = self.snapped_stops(avoid), self.stop_index(avoid)
        return compute_legs(self.graph(avoid), points, stops, walk.leg_limit_mm, index=index)

    def walks(self, walk: WalkSettings, origins: Snapped, destinations: Snapped) -> tuple[Legs, Legs, Legs]:
        """Walks from origins to stops, from destinations to stops, and all the way."""
        avoid = walk.avoid_steps
        stops, index = self.snapped_stops(avoid), self.stop_index(avoid)
        return compute_walks(self.graph(avoid), origins, destinations, stops, index, walk)

    def _direct_legs(self, walk: WalkSettings, origins: Snapped, services: Snapped) -> Legs:
        return compute_legs(self.graph(walk.avoid_steps), origins, services, walk.total_limit_mm)

    def _own_direct(self, walk: WalkSettings) -> Legs:
        avoid = walk.avoid_steps
        return self._direct_legs(walk, self._snapped_origins(avoid), self._snapped_services(avoid))

    def _stop_transfers(self, walk: WalkSettings) -> Legs:
        stops = self.snapped_stops(walk.avoid_steps)
        limit_mm = min(walk.leg_limit_mm, CHANGE_WALK_LIMIT_MM)
        index = self.stop_index(walk.avoid_steps)
        return compute_legs(self.graph(walk.avoid_steps), stops, stops, limit_mm, index=index)

    def inputs(
        self, query: Query, *, origins: pd.DataFrame | None = None, services: pd.DataFrame | None = None
    ) -> ReachInputs:
        """Assemble what a reach computation reads.

        Parameters
        ----------
        origins, services : DataFrame, optional
            Points of a caller's own (columns id, x, y). None: the pack's origin
            points, and its services at a venue.
        """
        walk = query.walk
        own_origins, own_services = origins is None, services is None
        if origins is None:
            origins = self.own_origins().rename(columns={"point_id": "id"})
            from_points = self._snapped_origins(walk.avoid_steps)
        else:
            from_points = self.snap(walk.avoid_steps, origins)
        if services is None:
            services = self.own_services().rename(columns={"service_id": "id"})
            to_points = self._snapped_services(walk.avoid_steps)
        else:
            to_points = self.snap(walk.avoid_steps, services)
        return ReachInputs(
            timetable=self.timetable(query),
            origin_ids=origins["id"].to_numpy(object),
            service_ids=services["id"].to_numpy(object),
            access=self._access(walk) if own_origins else self.legs_to_stops(walk, from_points),
            egress=self._egress(walk) if own_services else self.legs_to_stops(walk, to_points),
            direct=self._direct(walk)
            if own_origins and own_services
            else self._direct_legs(walk, from_points, to_points),
            transfers=self._transfers(walk),
            origin_outside=from_points.outside,
            service_outside=to_points.outside,
            stop_active=self.pack.stops["active"].to_numpy(bool),
            stop_served=self.pack.stops["served"].to_numpy(bool),
        )

    # Answers.

    def reach(
        self,
        query: Query,
        *,
        origins: pd.DataFrame | None = None,
        services: pd.DataFrame | None = None,
        level: Level = "neighbourhood",
        progress: Progress = no_progress,
    ) -> ReachTable:
        """Reach of every origin and service (columns: ``geo.tables.REACH_COLUMNS``).

        Points of a caller's own are reported by point, whatever ``level`` says.
        """
        progress(0.0, "walking")
        inputs = self.inputs(query, origins=origins, services=services)
        progress(0.3, "riding")
        points = compute_reach(self.pack, inputs, query)
        if level == "point" or origins is not None:
            progress(1.0, "done")
            return points
        progress(0.9, "people")
        table = compute_neighbourhood_reach(points, self.pack)
        progress(1.0, "done")
        return table

    def gap(self, query: Query, *, points: ReachTable | None = None) -> GapTable:
        """People in reach, cut off and not known (``geo.tables.GAP_COLUMNS``)."""
        return compute_gap(points or self.reach(query, level="point"), self.pack, query)

    def round_trips(
        self,
        query: Query,
        settings: RoundTripSettings = DEFAULT_ROUND_TRIP,
        *,
        service_ids: Sequence[str] | None = None,
        day: int | None = None,
        level: Level = "neighbourhood",
        origins: pd.DataFrame | None = None,
        progress: Progress = no_progress,
    ) -> RoundTripTable:
        """There in time and back home, for every origin and session (``ROUNDTRIP_COLUMNS``)."""
        return compute_round_trip_table(self, query, settings, service_ids, day, level, origins, progress)

    def reach_there_and_back(
        self,
        query: Query,
        settings: RoundTripSettings = DEFAULT_ROUND_TRIP,
        *,
        day: int | None = None,
        level: Level = "neighbourhood",
        progress: Progress = no_progress,
    ) -> ReachTable:
        """Reach as a round trip inside session times: a reach table for gap, map and exports."""
        points = compute_there_and_back(self, query, settings, day=day, progress=progress)
        table = points if level == "point" else compute_neighbourhood_there_and_back(points, self.pack)
        progress(1.0, "done")
        return table

    def why(
        self,
        query: Query,
        settings: RoundTripSettings | None = None,
        *,
        day: int | None = None,
        neighbourhood_ids: Sequence[str] | None = None,
        kind: str | None = None,
        category: str | None = None,
        progress: Progress = no_progress,
    ) -> WhyTable:
        """What would bring each category within reach of the people who have none (``WHY_COLUMNS``).

        ``settings`` asks for there and back inside session times; None for getting there.
        """
        return compute_why(
            self, query, settings, day=day, neighbourhood_ids=neighbourhood_ids,
            kind=kind, category=category, progress=progress,
        )  # fmt: skip

    def times_of_day(
        self, query: Query, *, level: Level = "neighbourhood", progress: Progress = no_progress
    ) -> TimesTable:
        """Reach on a weekday morning, afternoon and evening, a Saturday and a Sunday, side by side."""
        return compute_times_of_day(self, query, level=level, progress=progress)

    def provision(self, query: Query, *, neighbourhoods: ReachTable | None = None) -> pd.DataFrame:
        """Neighbourhood x category: number in reach, time to the nearest and third nearest."""
        return compute_provision(neighbourhoods or self.reach(query), self.pack)

    def isochrones(
        self,
        query: Query,
        place: Place,
        cutoffs_s: Sequence[int],
        *,
        statistics: Sequence[int | Literal["best"]] = ("best",),
    ) -> gpd.GeoDataFrame:
        """Land in reach from a place: one cumulative MultiPolygon per statistic and cut-off.

        Returns
        -------
        GeoDataFrame
            Columns origin_id, cutoff_s, statistic ("best" or "p50"), geometry
            (the pack's CRS); an empty geometry where nothing is in reach.
        """
        return compute_isochrones(self, query, place, tuple(cutoffs_s), tuple(statistics))

    def journey(
        self,
        query: Query,
        origin: Place,
        destination: Place,
        *,
        depart_s: int | None = None,
        arrive_by_s: int | None = None,
    ) -> Journey | NoJourney:
        """The best journey that leaves at or after a time, or arrives by one."""
        return find_journey(self, query, origin, destination, depart_s=depart_s, arrive_by_s=arrive_by_s)

    def prepare(self, query: Query) -> list[Path]:
        """Keep in ``PACK/derived/`` what the first question like this one needs (``geo.kept``)."""
        return prepare(self, query)


def warm(progress: Progress = no_progress) -> None:
    """Compile every kernel, or load it from the cache."""
    compile_kernels(lambda name, done, total: progress(done / total, f"compiling {name}"))
    progress(1.0, "ready")
