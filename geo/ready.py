"""One area pack made ready: its streets, the stops on them, its timetables, and who walks where.

Each is built once, when it is first asked for, and is read by every question
after that. Nothing of any visitor is kept: what is kept is keyed by settings, and
points that a caller brings are walked afresh each time.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cached_property, lru_cache

import pandas as pd
from shapely.geometry.base import BaseGeometry

from data.areapack import AreaPack
from data.duplicates import find_duplicates_among
from data.errors import QueryError
from data.service_days import services_on
from geo.hublabels import build_hub_labels
from geo.hubwalks import LEG_INDEX_MM, HubIndex, build_hub_index, label_points
from geo.inputs import ReachInputs
from geo.kept import load_streets, load_timetable
from geo.legs import Legs
from geo.query import Query, WalkSettings
from geo.snap import Snapped, snap_frame, snap_points
from geo.straightline import StraightLine
from geo.timetable import Timetable, build_timetable, count_timetables_to_keep, timetable_span_s
from geo.walkgraph import WalkGraph, build_walk_graph
from geo.walklegs import compute_legs, compute_walks

# Changing buses: at most this walk between two stops (docs/methods.md).
CHANGE_WALK_LIMIT_MM = 400_000
VENUE_DELIVERIES = ("venue", "several_venues")


def select_venues(services: pd.DataFrame) -> pd.DataFrame:
    """Services that people travel to: held at a venue whose place is known."""
    at_venue = services["delivery"].isin(VENUE_DELIVERIES)
    return services[at_venue & services["x"].notna() & services["y"].notna()].reset_index(drop=True)


class ReadyPack:
    """What questions about one pack are answered from.

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
                "load a register when building the pack, or give `reach` places of your own (--services)."
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
