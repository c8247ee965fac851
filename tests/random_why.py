"""What would change it, in random towns: the engine's table beside the slow reference's."""

from __future__ import annotations

from collections import Counter

from geo.engine import Engine
from geo.query import Query
from tests import reference_why
from tests.proof import differences, list_rows
from tests.reference_people import Rows


def why_differences(engine: Engine, query: Query, theirs: Rows, seen: Counter[str]) -> list[str]:
    """Of getting there: every remedy with its number and people, and the cheapest."""
    ours = {
        (row["neighbourhood_id"], row["kind"], row["category"]): row
        for row in list_rows(engine.why(query, None).frame)
    }
    wanted = reference_why.why(engine.pack, query, theirs)
    for row in wanted.values():
        seen[f"why: {row['answer']}"] += 1
    return differences(ours, wanted)
