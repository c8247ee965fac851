"""Indicators in a pack: written, loaded, and each contradiction named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.areapack import AreaPack
from data.check import check_pack, find_content_faults
from data.frames import build_frame
from data.packio import compute_digest, load_pack, write_pack
from data.schema import INDICATOR_VALUES, INDICATORS
from tests.towns import build_town, point, route, service, street, trip


def build_indicators() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Households without a car (60 of 100 in N1, none known in N2), and a rank."""
    common = {"is_aggregate": False, "members": None, "leaves_out": None}
    indicators = build_frame(
        INDICATORS,
        pd.DataFrame(
            [
                common
                | {
                    "indicator_id": "cars_none", "name": "No cars or vans in household", "topic": "cars",
                    "unit": "households", "base_name": "households", "source_table": "TS045",
                    "source_year": 2021, "area_level": "LSOA 2021", "ranked_of": None, "sort_order": 0,
                },
                common
                | {
                    "indicator_id": "imd", "name": "Deprivation", "topic": "deprivation", "unit": "rank",
                    "base_name": None, "source_table": "IoD 2025", "source_year": 2025,
                    "area_level": "LSOA 2021", "ranked_of": 33755, "sort_order": 1,
                },
            ]
        ),
    )  # fmt: skip
    values = build_frame(
        INDICATOR_VALUES,
        pd.DataFrame(
            [
                ("N1", "cars_none", 60, 100, 0.6, None, None, "published"),
                ("N2", "cars_none", None, None, None, None, None, "not_known"),
                ("N1", "imd", None, None, None, 1, 1, "published"),
                ("N2", "imd", None, None, None, 33755, 10, "published"),
            ],
            columns=INDICATOR_VALUES.column_names,
        ),
    )
    return indicators, values


@pytest.fixture
def town() -> AreaPack:
    pack = build_town(
        streets=[street((0, 0), (3000, 0))],
        stops={"A": (100, 0), "B": (2500, 0)},
        routes=[route("1", trip(("A", "09:40"), ("B", "09:50")))],
        points=[point("home", 0, 0, people=120), point("far", 900, 0, people=30, neighbourhood="N2")],
        services=[service("clinic", 2600, 0)],
    )
    indicators, values = build_indicators()
    return replace(pack, indicators=indicators, indicator_values=values)


def test_indicators_come_back_from_the_disk_and_change_the_digest(town: AreaPack, tmp_path: Path) -> None:
    folder = write_pack(town, tmp_path / "town")
    assert check_pack(folder).problems == ()
    loaded = load_pack(folder)
    pd.testing.assert_frame_equal(loaded.indicators, town.indicators)
    pd.testing.assert_frame_equal(loaded.indicator_values, town.indicator_values)
    assert town.indicator_values is not None
    other = town.indicator_values.assign(basis=["same_area", "not_known", "published", "published"])
    assert compute_digest(replace(town, indicator_values=other)) != compute_digest(town)


def test_a_pack_without_indicators_is_as_it_was(town: AreaPack, tmp_path: Path) -> None:
    without = replace(town, indicators=None, indicator_values=None)
    assert find_content_faults(without) == []
    folder = write_pack(without, tmp_path / "town")
    assert not (folder / "indicators.parquet").exists()
    assert load_pack(folder).indicators is None


def change(column: str, row: int, value: object) -> Callable[[AreaPack], AreaPack]:
    def plant(pack: AreaPack) -> AreaPack:
        assert pack.indicator_values is not None
        values = pack.indicator_values.copy()
        values.loc[row, column] = value
        return replace(pack, indicator_values=values)

    return plant


FAULTS: dict[str, tuple[Callable[[AreaPack], AreaPack], str]] = {
    "count below 0": (change("count", 0, -1), "counts or bases below 0: N1"),
    "count above base": (change("count", 0, 101), "counts above their base: N1"),
    "share of other numbers": (change("share", 0, 0.61), "a share that is not count / base: N1"),
    "share lost": (change("share", 0, np.nan), "a share that is not count / base: N1"),
    "decile 11": (change("decile", 3, 11), "a decile that is not 1 to 10: N2"),
    "rank beyond": (change("rank", 3, 33756), "a rank that is not 1 to ranked_of: N2"),
    "rank counted": (change("rank", 0, 5), "a rank of what is counted: N1"),
    "count ranked": (change("count", 2, 5), "a count of what is only ranked: N1"),
    "wider count": (change("basis", 0, "wider_area"), "a count, though only a wider area was counted: N1"),
    "not known known": (change("basis", 0, "not_known"), "numbers, though nothing is known: N1"),
    "known not known": (change("basis", 1, "published"), "no number, though the basis says so: N2"),
    "basis unheard of": (change("basis", 1, "guessed"), "basis is not published"),
    "no such area": (change("neighbourhood_id", 1, "N9"), "neighbourhood_id not in neighbourhoods: N9"),
    "row lost": (
        lambda p: replace(p, indicator_values=p.indicator_values.iloc[1:].reset_index(drop=True)),  # type: ignore[union-attr]
        "3 rows; 2 neighbourhoods and 2 indicators make 4",
    ),
    "one table": (lambda p: replace(p, indicators=None), "one is there without the other"),
    "topic": (
        lambda p: replace(p, indicators=p.indicators.assign(topic="shoes")),  # type: ignore[union-attr]
        "indicators: topic is not age",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_contradiction_is_named(town: AreaPack, name: str) -> None:
    assert find_content_faults(town) == []
    plant, says = FAULTS[name]
    faults = find_content_faults(plant(town))
    assert any(says in fault for fault in faults), faults
