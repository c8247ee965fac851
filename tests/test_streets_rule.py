"""The one rule that says which ways people walk along."""

from __future__ import annotations

import pytest

from data.sources.walkable import is_steps, is_walkable

WALKED = [
    {"highway": "residential"},
    {"highway": "footway"},
    {"highway": "footway", "footway": "sidewalk"},
    {"highway": "cycleway"},
    {"highway": "bridleway"},
    {"highway": "track"},
    {"highway": "steps"},
    {"highway": "steps", "conveying": "yes"},
    {"highway": "pedestrian", "area": "yes"},
    {"highway": "service", "service": "driveway"},
    {"highway": "primary", "oneway": "yes"},
    {"highway": "primary", "foot": "use_sidepath"},
    {"highway": "trunk", "foot": "yes"},
    {"highway": "trunk", "foot": "designated"},
    {"highway": "trunk", "sidewalk": "both"},
    {"highway": "trunk_link", "foot": "yes"},
    {"highway": "busway", "foot": "yes"},
    {"highway": "service", "access": "private", "foot": "yes"},
    {"highway": "service", "access": "no", "foot": "designated"},
    {"highway": "service", "access": "customers"},
    {"highway": "path", "access": "permissive"},
]
NOT_WALKED = [
    {},
    {"building": "yes"},
    {"railway": "rail"},
    {"highway": ""},
    {"highway": "motorway"},
    {"highway": "motorway", "foot": "yes"},
    {"highway": "motorway_link"},
    {"highway": "trunk"},
    {"highway": "trunk", "sidewalk": "no"},
    {"highway": "trunk", "sidewalk": "none"},
    {"highway": "trunk_link"},
    {"highway": "construction"},
    {"highway": "proposed"},
    {"highway": "raceway"},
    {"highway": "bus_guideway"},
    {"highway": "primary", "motorroad": "yes"},
    {"highway": "residential", "foot": "no"},
    {"highway": "cycleway", "foot": "no"},
    {"highway": "footway", "foot": "private"},
    {"highway": "service", "access": "private"},
    {"highway": "service", "access": "no"},
    {"highway": "service", "access": "private", "foot": "permissive"},
    {"highway": "service", "access": "private", "foot": "no"},
]


@pytest.mark.parametrize("tags", WALKED, ids=str)
def test_is_walked(tags: dict[str, str]) -> None:
    assert is_walkable(tags)


@pytest.mark.parametrize("tags", NOT_WALKED, ids=str)
def test_is_not_walked(tags: dict[str, str]) -> None:
    assert not is_walkable(tags)


def test_steps_are_flagged_and_a_path_with_a_step_count_is_not() -> None:
    assert is_steps({"highway": "steps"})
    assert is_steps({"highway": "steps", "conveying": "forward"})
    assert not is_steps({"highway": "footway", "step_count": "3"})
