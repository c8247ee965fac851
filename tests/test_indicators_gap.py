"""People cut off among those of an age, and households without a car, by hand and by a plain loop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data.areapack import AreaPack
from data.frames import build_frame
from data.packio import load_pack
from data.schema import INDICATOR_VALUES, INDICATORS
from geo.engine import Engine
from geo.query import Query
from tests.towns import build_town, point, route, service, street, trip

IDS = {"age_65_plus": "people", "cars_none": "households", "age_75_plus": "people", "age_16_24": "people"}


def with_indicators(pack: AreaPack, counts: dict[str, dict[str, tuple[int, int] | None]]) -> AreaPack:
    """Counts and bases by indicator and neighbourhood; None: not known."""
    definitions = [
        {"indicator_id": one, "name": f"Name of {one}", "topic": one.split("_")[0], "unit": IDS[one],
         "base_name": "all", "is_aggregate": False, "members": None, "leaves_out": None,
         "source_table": "T", "source_year": 2021, "area_level": "LSOA 2021", "ranked_of": None,
         "sort_order": number}
        for number, one in enumerate(counts)
    ]  # fmt: skip
    rows = [
        (hood, one, *(given or (None, None)), given[0] / given[1] if given else None, None, None,
         "published" if given else "not_known")
        for one, by_hood in counts.items()
        for hood, given in by_hood.items()
    ]  # fmt: skip
    return replace(
        pack,
        indicators=build_frame(INDICATORS, pd.DataFrame(definitions)),
        indicator_values=build_frame(
            INDICATOR_VALUES, pd.DataFrame(rows, columns=INDICATOR_VALUES.column_names)
        ),
    )


@pytest.fixture(scope="module")
def town() -> AreaPack:
    # home reaches the clinic by the 09:40 bus; far, 5.9 km out and of a quarter of N1's weight, by nothing.
    # N2's only point is far out too.
    pack = build_town(
        streets=[street((0, 0), (7000, 0))],
        stops={"A": (100, 0), "B": (2500, 0)},
        routes=[route("1", trip(("A", "09:40"), ("B", "09:50")), trip(("A", "10:40"), ("B", "10:50")))],
        points=[
            point("home", 0, 0, people=90, neighbourhood="N1"),
            point("far", 5900, 0, people=30, neighbourhood="N1"),
            point("out", 6500, 0, people=50, neighbourhood="N2"),
        ],
        services=[service("clinic", 2600, 0)],
        groups={"roma": {"N1": 12, "N2": 4}},
        wards={"N1": "West", "N2": "West"},
    )
    return with_indicators(
        pack,
        {
            "age_65_plus": {"N1": (40, 120), "N2": (20, 50)},
            "cars_none": {"N1": (16, 50), "N2": (6, 20)},
            "age_75_plus": {"N1": (8, 120), "N2": None},
            "age_16_24": {"N1": (9, 120), "N2": (9, 50)},
        },
    )


def test_counts_beside_the_census_are_split_by_weight_and_add_up(town: AreaPack) -> None:
    gap = Engine(town).gap(Query()).frame
    rows = gap[(gap["kind"] == "service") & (gap["category"] == "*")].set_index(
        ["level", "area_id", "group_id"]
    )
    # N1: three quarters of 40 in reach, a quarter not; N2: all 20 not.
    old = rows.loc[("area", town.area_id, "age_65_plus")]
    assert (old["people"], old["in_reach"], old["cut_off"], old["not_known"]) == (60, 30.0, 30.0, 0.0)
    assert old["counted"] == "people"
    cars = rows.loc[("neighbourhood", "N1", "cars_none")]
    assert (cars["people"], cars["in_reach"], cars["cut_off"]) == (16, 12.0, 4.0)
    assert cars["counted"] == "households"
    # Where a part is not known, the whole is not either; what was asked about is no other group.
    assert rows.loc[("neighbourhood", "N1", "age_75_plus"), "cut_off"] == 2.0
    whole = rows.loc[("area", town.area_id, "age_75_plus")]
    assert whole[["people", "in_reach", "cut_off", "not_known"]].isna().all()
    assert "age_16_24" not in rows.index.get_level_values("group_id")
    assert rows.loc[("area", town.area_id, "all"), "counted"] == "people"


def test_other_groups_are_as_without(town: AreaPack) -> None:
    without = Engine(replace(town, indicators=None, indicator_values=None)).gap(Query()).frame
    both = Engine(town).gap(Query()).frame
    both = both[both["group_id"].isin(without["group_id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(both, without)


def test_the_demo_equals_a_plain_loop_over_its_points() -> None:
    pack = load_pack("demo")
    engine = Engine(pack)
    points = engine.reach(Query(), level="point")
    gap = engine.gap(Query(), points=points).frame
    assert pack.services is not None and pack.origin_points is not None and pack.indicator_values is not None
    services = set(pack.services.loc[pack.services["kind"] == "service", "service_id"])
    frame = points.frame[points.frame["service_id"].isin(services)]
    reached = set(frame["origin_id"][frame["reach_class"].isin(["walk", "one_bus"])])
    unknown = {"outside_data", "no_timetable"}
    known = set(frame["origin_id"][~frame["reason"].isin(unknown)])
    values = pack.indicator_values
    for group in ("age_65_plus", "english_little", "cars_none"):
        count = values[values["indicator_id"] == group].set_index("neighbourhood_id")["count"].to_dict()
        total = {"in_reach": 0.0, "cut_off": 0.0, "not_known": 0.0}
        for row in pack.origin_points.itertuples():
            state = (
                "in_reach" if row.point_id in reached
                else "cut_off" if row.point_id in known
                else "not_known"
            )  # fmt: skip
            total[state] += row.weight * count[row.neighbourhood_id]
        found = gap[
            (gap["level"] == "area") & (gap["kind"] == "service") & (gap["category"] == "*")
            & (gap["group_id"] == group)
        ].iloc[0]  # fmt: skip
        assert {name: found[name] for name in total} == pytest.approx(total)
        assert sum(total.values()) == pytest.approx(sum(count.values()))
        assert found["cut_off"] > 0
        assert np.isfinite(found["share_cut_off"])
