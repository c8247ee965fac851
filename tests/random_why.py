"""What would change it, in random towns: the engine's table beside the slow reference's."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

from data.areapack import AreaPack
from geo.engine import Engine
from geo.query import Query
from geo.roundtrip import RoundTripSettings
from geo.tables import WhyTable
from tests import reference_why
from tests.proof import differences, list_rows
from tests.reference_people import Rows, points
from tests.reference_sessions import Asks
from tests.reference_why_back import TripRows, why_back


def why_differences(engine: Engine, query: Query, theirs: Rows, seen: Counter[str]) -> list[str]:
    """Of getting there: every remedy with its number and people, and the cheapest."""
    wanted = reference_why.why(engine.pack, query, theirs, reference_why.needs_there)
    for row in wanted.values():
        seen[f"why: {row['answer']}"] += 1
    seen["why"] += count_towns(engine.pack)
    return differences(rows_of(engine.why(query, None)), wanted)


def why_back_differences(
    engine: Engine, query: Query, trips: RoundTripSettings, theirs: TripRows, seen: Counter[str]
) -> list[str]:
    """Of there and back inside session times: a moved session and a later bus, too."""
    wanted = why_back(engine.pack, query, Asks(**asdict(trips)), theirs)
    for row in wanted.values():
        seen[f"why, there and back: {row['answer']}"] += 1
    seen["why, there and back"] += count_towns(engine.pack)
    return differences(rows_of(engine.why(query, trips)), wanted)


def count_towns(pack: AreaPack) -> int:
    """How many towns a county has: counted where they are asked, so that none is counted and left out."""
    return len({point[0] for point, *_ in points(pack)})


def rows_of(table: WhyTable) -> dict[tuple[str, str, str], dict]:
    rows = list_rows(table.frame)
    return {(row["neighbourhood_id"], row["kind"], row["category"]): row for row in rows}
