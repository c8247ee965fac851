"""The committed configurations on the real data: residents to the person, areas to the last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from data.areapack import AreaPack
from data.config import load_config

AREAS = Path(__file__).resolve().parent.parent / "data" / "areas"

pytestmark = pytest.mark.real_data


@pytest.mark.parametrize(
    ("name", "areas", "residents", "groups"),
    [("newport", 100, 159_569, 5), ("oldham", 142, 242_078, 5), ("newport_2011", 95, 145_736, 14)],
)
def test_areas_residents_and_groups(
    real_pack: Callable[[str], AreaPack], name: str, areas: int, residents: int, groups: int
) -> None:
    pack = real_pack(name)
    assert pack.neighbourhoods is not None
    assert pack.census is not None
    assert pack.groups is not None
    assert pack.origin_points is not None
    assert len(pack.neighbourhoods) == areas
    assert pack.neighbourhoods["population"].sum() == residents
    assert pack.neighbourhoods["ward_id"].notna().all()
    own = pack.groups[~pack.groups["is_aggregate"] & (pack.groups["group_id"] != "all")]
    assert len(own) == groups
    assert pack.origin_points["residents"].sum() == pytest.approx(residents, abs=1e-6)
    assert set(pack.origin_points["neighbourhood_id"]) == set(pack.neighbourhoods["neighbourhood_id"])


def test_newport_2021_groups_sum_to_the_published_counts(
    real_pack: Callable[[str], AreaPack], real_data: Path
) -> None:
    pack = real_pack("newport")
    raw = pd.read_csv(real_data / "newport/census/census2021_ts021_ethnicity_5groups_lsoa21_long.csv")
    published = raw.groupby("ethnic_group")["n"].sum()
    assert pack.census is not None
    assert pack.groups is not None
    found = pack.census.merge(pack.groups[["group_id", "name"]]).groupby("name")["people"].sum()
    for name, people in published.items():
        assert found[name] == people
    excluding = found["Ethnic minorities excluding White minorities"]
    assert excluding == published.sum() - published["White"]
    assert "Ethnic minorities including White minorities" not in found.index


def test_newport_boundaries_put_output_areas_where_the_lookup_has_them(
    real_pack: Callable[[str], AreaPack],
) -> None:
    """Unchanged areas have the 2011 boundary, so every output area's point lies in its own neighbourhood."""
    pack = real_pack("newport")
    assert pack.neighbourhoods is not None
    assert pack.origin_points is not None
    shape = pack.neighbourhoods.set_index("neighbourhood_id").geometry
    points = pack.origin_points[pack.origin_points["basis"] == "output_area"]
    inside = [
        shapely.dwithin(shape[hood], shapely.Point(x, y), 0.01)
        for hood, x, y in zip(points["neighbourhood_id"], points["x"], points["y"], strict=True)
    ]
    assert len(inside) == 475  # every output area of Newport
    assert all(inside)
    areas = pack.neighbourhoods.geometry
    assert areas.area.sum() == pytest.approx(shapely.union_all(areas.to_numpy()).area, rel=1e-6)  # no overlap


def test_neighbourhoods_without_a_2011_output_area_have_postcodes(
    real_pack: Callable[[str], AreaPack],
) -> None:
    points = real_pack("newport").origin_points
    assert points is not None
    by_postcode = points[points["basis"] == "postcode"].groupby("neighbourhood_id")["weight"]
    assert 0 < len(by_postcode) <= 10  # only children of the five split areas can be without
    for _, weight in by_postcode:
        assert weight.nunique() == 1
        assert weight.sum() == pytest.approx(1)


def test_between_25_and_40_newport_neighbourhoods_lie_wholly_outside_the_streets(
    real_pack: Callable[[str], AreaPack],
) -> None:
    """By plain geometry: outside the coverage box, or over 300 m from every street line."""
    pack = real_pack("newport")
    assert pack.walk is not None
    assert pack.coverage is not None
    assert pack.origin_points is not None
    walk, points = pack.walk, pack.origin_points
    xy = np.column_stack([walk.geometry_x, walk.geometry_y])
    lines = shapely.linestrings(xy, indices=np.repeat(np.arange(len(walk.u)), np.diff(walk.geometry_offset)))
    places = shapely.points(points["x"], points["y"])
    near = np.zeros(len(places), bool)
    near[shapely.STRtree(lines).query(places, predicate="dwithin", distance=300)[0]] = True
    outside = ~(near & shapely.intersects(pack.coverage.geometry.iloc[0], places))
    wholly = pd.Series(outside).groupby(points["neighbourhood_id"]).all()
    assert 25 <= wholly.sum() <= 40


@pytest.mark.parametrize("name", ["newport", "oldham", "greater_manchester"])
def test_the_service_day_is_an_ordinary_one(real_pack: Callable[[str], AreaPack], name: str) -> None:
    config = load_config(AREAS / f"{name}.toml")
    day = real_pack(name).manifest.timetable.service_date
    assert day.weekday() in (1, 2, 3)
    assert config.timetable.school_holidays
    assert not any(first <= day <= last for first, last in config.timetable.school_holidays)


def test_oldham_walks_in_straight_lines_and_says_so(real_pack: Callable[[str], AreaPack]) -> None:
    pack = real_pack("oldham")
    assert pack.walk is None
    assert any("straight lines times 1.3" in note for note in pack.manifest.notes)
    assert pack.manifest.timetable.completeness is not None
    assert pack.manifest.timetable.completeness < 0.9
    assert pack.stops["name"].isna().all()  # the feed's names are codes, and the stops file has none
    assert pack.manifest.why_test_data(pack.manifest.timetable.service_date) is not None


def test_greater_manchester_is_reach_only_with_synthetic_points(real_pack: Callable[[str], AreaPack]) -> None:
    pack = real_pack("greater_manchester")
    assert pack.neighbourhoods is not None
    assert pack.origin_points is not None
    assert len(pack.neighbourhoods) == 1702
    assert len(pack.origin_points) == 8966
    assert set(pack.origin_points["basis"]) == {"synthetic"}
    assert pack.census is None
    assert pack.groups is None
    assert pack.neighbourhoods["population"].isna().all()
    shape = dict(zip(pack.neighbourhoods["neighbourhood_id"], pack.neighbourhoods.geometry, strict=True))
    some = pack.origin_points.iloc[::97]
    assert all(
        shapely.intersects_xy(shape[hood], x, y)
        for hood, x, y in zip(some["neighbourhood_id"], some["x"], some["y"], strict=True)
    )
    assert 1_600_000 < len(pack.feed.stop_times["arrival_s"]) <= 1_668_560
