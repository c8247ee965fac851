"""The synthetic country of the benchmark: every copy of the region answers as the region does."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.country import copy_side_by_side
from benchmarks.scale import MARKS, slope, write_report
from data.areapack import AreaPack
from geo.engine import Engine
from geo.matrix import choose_destinations, choose_origins, export_matrix
from tests.strategies import questions
from tests.test_scale_many import one_boarding


@settings(max_examples=10)
@given(question=questions(), copies=st.integers(2, 7), on_streets=st.booleans())
def test_each_copy_answers_as_the_region(question, copies, on_streets, tmp_path_factory) -> None:
    town, query = question
    query = one_boarding(query)
    # Streets are copied with it; straight lines where it has none.
    pack = town.build() if on_streets else town.build(streets=None, coverage=None)
    out = tmp_path_factory.getbasetemp() / "country.parquet"

    def rows(pack: AreaPack) -> pd.DataFrame:
        engine = Engine(pack)
        points = choose_origins(engine, "points"), choose_destinations(engine, "stops")
        export_matrix(engine, query, *points, out)
        return pd.read_parquet(out).astype({"origin_id": str, "destination_id": str})

    region, country = rows(pack), rows(copy_side_by_side(pack, copies))
    assert len(country) == copies * len(region)
    for copy in range(copies):
        marked = region.copy()
        marked[["origin_id", "destination_id"]] += f"~{copy}"
        own = country[country["origin_id"].str.endswith(f"~{copy}")].reset_index(drop=True)
        pd.testing.assert_frame_equal(own, marked)


def test_the_report_goes_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{MARKS[0]}\nold\n{MARKS[1]}\nafter\n")
    write_report(["new"], page)
    assert page.read_text() == f"before\n{MARKS[0]}\nnew\n{MARKS[1]}\nafter\n"
    page.write_text("no marks")
    with pytest.raises(SystemExit, match="marks"):
        write_report(["new"], page)
    assert slope([1, 10, 100], [3, 30, 300]) == pytest.approx(1)
    assert slope([1, 10, 100], [3, 300, 30_000]) == pytest.approx(2)
