"""Round trips of all origins and sessions as one table, worked out in parts that fit the memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from geo.progress import Progress
from geo.query import Query
from geo.roundtrip import (
    RoundTripSettings,
    assemble_round_trips,
    compute_round_trips,
    join_round_trips,
    plan_round_trips,
    split_plan,
)
from geo.roundtrip_people import compute_neighbourhood_round_trips
from geo.tables import RoundTripTable

if TYPE_CHECKING:
    from geo.engine import Engine


def compute_round_trip_table(
    engine: Engine,
    query: Query,
    settings: RoundTripSettings,
    service_ids: Sequence[str] | None,
    day: int | None,
    level: str,
    origins: pd.DataFrame | None,
    progress: Progress,
) -> RoundTripTable:
    """There in time and back home, for every origin and session; see ``Engine.round_trips``."""
    progress(0.0, "walking")
    inputs, plan = plan_round_trips(
        engine, query, settings, service_ids=service_ids, day=day, origins=origins
    )
    tables = []
    parts = split_plan(plan, len(inputs.origin_ids))
    for done, part in enumerate(parts):
        progress(0.2 + 0.7 * done / len(parts), "there and back")
        trips = compute_round_trips(engine, inputs, part, query, settings)
        table = assemble_round_trips(engine, trips, query, settings)
        if level == "neighbourhood" and origins is None:
            table = compute_neighbourhood_round_trips(table, engine.pack)
        tables.append(table)
    progress(1.0, "done")
    return join_round_trips(tables)
