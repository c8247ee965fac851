"""What people see of age, English, cars and deprivation: groups, shading, columns, files, words."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.areapack import AreaPack
from data.errors import ExportError
from data.packio import load_pack
from geo.engine import Engine
from geo.query import Query
from geo.tables import GapTable
from layers.about import build_about
from layers.catalogue import draw_circles, draw_shading
from layers.circumstances import DECILE, build_columns, list_shades, shade_measure
from layers.export import ExportRequest, export_pack
from layers.measures import census_count, census_share, gap_measure, list_groups
from layers.planner import build_area_table, build_group_table, build_headline, say_cells

TODAY = dt.date(2026, 11, 1)
QUESTION = {"kind": "service", "category": "*"}


@pytest.fixture(scope="module")
def demo() -> AreaPack:
    return load_pack("demo")


@pytest.fixture(scope="module")
def gap(demo: AreaPack) -> GapTable:
    return Engine(demo).gap(Query())


def rows_of(pack: AreaPack, indicator_id: str) -> pd.DataFrame:
    assert pack.indicator_values is not None and pack.neighbourhoods is not None
    rows = pack.indicator_values[pack.indicator_values["indicator_id"] == indicator_id]
    return rows.set_index("neighbourhood_id").loc[list(pack.neighbourhoods["neighbourhood_id"])]


def test_counts_are_offered_as_groups_after_the_censuss_own(demo: AreaPack) -> None:
    groups = list_groups(demo)
    assert list(groups["group_id"][-5:]) == [
        "age_25_49", "age_65_plus", "age_75_plus", "english_little", "cars_none"
    ]  # fmt: skip
    assert groups.set_index("group_id").at["cars_none", "counted"] == "households"
    assert "age_0_4" not in set(groups["group_id"])
    without = replace(demo, indicators=None, indicator_values=None)
    assert len(list_groups(without)) == len(groups) - 5


def test_households_are_never_called_people(demo: AreaPack, gap: GapTable) -> None:
    own = rows_of(demo, "cars_none")
    count, share = census_count(demo, "cars_none"), census_share(demo, "cars_none")
    assert count.values.tolist() == own["count"].tolist()
    np.testing.assert_allclose(share.values, own["count"] / own["base"])  # of households, not residents
    assert (count.title, count.unit) == ("No cars or vans in household: households", "households")
    assert (share.title, share.unit) == (
        "No cars or vans in household: share of households",
        "share of households",
    )
    assert draw_shading(share, "light").layer.unit == "% of households"
    assert all("households" in entry.label for entry in draw_circles(count, "light").layer.legend)
    for unit in ("people", "share"):
        measure = gap_measure(demo, gap, column="cut_off", unit=unit, group_id="cars_none", **QUESTION)
        assert "people" not in measure.title and "households" in measure.title
    line = build_headline(demo, gap, group_id="cars_none", **QUESTION)
    assert line is not None
    assert line.counted == "households"
    assert line.people == f"{own['count'].sum():,}"
    assert "Counts households" in line.note
    table = build_group_table(demo, gap, **QUESTION)
    assert table.at["cars_none", "Group"] == "No cars or vans in household (households)"
    assert table.at["age_65_plus", "Group"] == "Aged 65 and over"
    by_ward = build_area_table(demo, gap, level="ward", group_id="cars_none", **QUESTION)
    assert "Households" in by_ward and "People" not in by_ward
    assert say_cells(by_ward)["Households"](1234.0) == "1,234"


def test_the_most_deprived_are_the_darkest_and_the_rank_is_said(demo: AreaPack) -> None:
    shades = list_shades(demo)
    assert list(shades) == ["Deprivation (Index (fictional))"]
    measure = shade_measure(demo, shades["Deprivation (Index (fictional))"])
    own = rows_of(demo, "deprivation_index_fictional")
    classes = draw_shading(measure, "light").parts["shading"]["classes"]
    for decile, shade in zip(own["decile"], classes, strict=True):
        assert shade == (3 if decile <= 2 else 2 if decile <= 4 else 1 if decile <= 7 else 0)
    first = own.iloc[0]
    assert measure.texts[0] == f"decile {first['decile']}, rank {first['rank']:,} of 33,755"
    legend = draw_shading(measure, "light").layer.legend
    assert [entry.label for entry in legend][-1] == "1 and 2 (most deprived)"
    assert sum(entry.count or 0 for entry in legend) == len(own)


def blank(pack: AreaPack, indicator_id: str, rows: int, basis: str = "not_known") -> AreaPack:
    """The pack with the first rows of an indicator not known, or known as a larger area's share only."""
    assert pack.indicator_values is not None
    values = pack.indicator_values.copy()
    hit = values.index[values["indicator_id"] == indicator_id][:rows]
    gone = ["count", "base", "rank", "decile"] + (["share"] if basis == "not_known" else [])
    for column in gone:
        values.loc[hit, column] = None
    values.loc[hit, "basis"] = basis
    return replace(pack, indicator_values=values)


def test_what_is_not_known_is_said_and_never_nought(demo: AreaPack) -> None:
    pack = blank(demo, "deprivation_index_fictional", 3)
    measure = shade_measure(pack, "deprivation_index_fictional")
    assert np.isnan(measure.values[:3]).all() and np.isfinite(measure.values[3:]).all()
    assert measure.texts[0] == "not known"
    assert draw_shading(measure, "light").layer.legend[-1].label == "not known"
    table = build_columns(pack)
    assert table[DECILE].isna().tolist() == [True] * 3 + [False] * (len(table) - 3)
    assert say_cells(table)[DECILE](np.nan) == "not known"
    assert say_cells(table)["Little English"](0.031) == "3%"


def test_shares_of_larger_areas_are_shown_as_such_and_nobody_is_counted(demo: AreaPack) -> None:
    pack = blank(demo, "english_little", len(demo.neighbourhoods), "wider_area")  # type: ignore[arg-type]
    assert "english_little" not in set(list_groups(pack)["group_id"])
    shades = list_shades(pack)
    name = "Cannot speak English well, or at all: share"
    measure = shade_measure(pack, shades[name])
    np.testing.assert_allclose(measure.values, rows_of(demo, "english_little")["share"])
    assert "larger areas only" in measure.leaves_out
    assert "Little English" in build_columns(pack)
    gap = Engine(pack).gap(Query()).frame
    assert "english_little" not in set(gap["group_id"])


def test_the_planners_table_has_the_columns_and_packs_without_have_not(demo: AreaPack, gap: GapTable) -> None:
    wanted = ["Aged 65 and over", "Little English", "No car (households)", DECILE]
    table = build_area_table(demo, gap, level="neighbourhood", group_id="all", **QUESTION)
    assert list(table.columns[-4:]) == wanted
    own = rows_of(demo, "age_65_plus")["share"]
    assert table["Aged 65 and over"].to_dict() == pytest.approx(own.to_dict())
    without = replace(demo, indicators=None, indicator_values=None)
    bare = build_area_table(without, gap, level="neighbourhood", group_id="all", **QUESTION)
    assert not set(wanted) & set(bare.columns)
    assert list_shades(without) == {}


def test_a_file_has_every_indicator_with_what_it_is(demo: AreaPack, tmp_path: Path) -> None:
    out = tmp_path / "indicators.csv"
    request = ExportRequest(Query(), ("indicators",))
    export_pack(Engine(demo), request, out, today=TODAY, progress=print)
    table = pd.read_csv(out)
    assert demo.indicator_values is not None
    assert len(table) == len(demo.indicator_values)
    old = table[table["indicator_id"] == "age_65_plus"]
    assert old["count"].sum() == rows_of(demo, "age_65_plus")["count"].sum()
    assert set(old["source_table"]) == {"TS007A"}
    meta = (tmp_path / "indicators.csv.meta.json").read_text(encoding="utf-8")
    assert "most deprived tenth" in meta and "fictional" in meta
    without = Engine(replace(demo, indicators=None, indicator_values=None))
    with pytest.raises(ExportError, match="no tables of age"):
        export_pack(without, request, tmp_path / "no.csv", today=TODAY, progress=print)


def test_the_page_about_the_numbers_says_each_table_and_for_how_many_it_is_known(demo: AreaPack) -> None:
    page = build_about(blank(demo, "deprivation_index_fictional", 3), Query(), TODAY)
    known = page.circumstances.set_index("Table")["Known for"]
    assert known["TS045"] == "99 of 99 neighbourhoods"
    assert known["Index (fictional)"] == "96 of 99 neighbourhoods"
    assert "Fernley Vale cars and vans (fictional)" in set(page.sources["Title"])
    assert page.groups.set_index("Group").at["No cars or vans in household", "Counts"] == "households"
