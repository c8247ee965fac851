"""The one door to the engine: every question about an area pack, and what answers it.

What a pack is made ready of is in ``geo.ready``; each answer has a module of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd

from geo.compile import compile_kernels
from geo.gap import compute_gap
from geo.isochrone import compute_isochrones
from geo.journey import Journey, NoJourney, find_journey
from geo.kept import prepare
from geo.people import compute_neighbourhood_reach
from geo.places import Place
from geo.progress import Progress, no_progress
from geo.provision import compute_provision
from geo.query import Query
from geo.reach import compute_reach
from geo.ready import ReadyPack
from geo.roundtrip import DEFAULT_ROUND_TRIP, RoundTripSettings
from geo.roundtrip_table import compute_round_trip_table
from geo.tables import GapTable, ReachTable, RoundTripTable, WhyTable
from geo.thereandback import compute_neighbourhood_there_and_back, compute_there_and_back
from geo.timeofday import TimesTable, compute_times_of_day
from geo.whatif.under import UnderScenario, answers_under_scenarios
from geo.why import compute_why

if TYPE_CHECKING:
    import geopandas as gpd

Level = Literal["neighbourhood", "point"]


@answers_under_scenarios(
    "inputs", "reach", "gap", "round_trips", "reach_there_and_back", "times_of_day", "provision",
    "isochrones", "journey", "why",
)  # fmt: skip
class Engine(ReadyPack, UnderScenario):
    """Answers queries about one pack.

    Parameters
    ----------
    pack : AreaPack
    """

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
