"""Scenarios on the fictional borough: the documentation's examples with their numbers, and the command."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest

from data.packio import load_pack
from geo.__main__ import main
from geo.engine import Engine
from geo.query import Query
from geo.roundtrip import DEFAULT_ROUND_TRIP
from geo.whatif.difference import DIFFERENCE_COLUMNS, PAIR_COLUMNS, compute_what_if
from geo.whatif.toml import KINDS, load_scenario, parse_scenario
from geo.write import read_metadata
from tests.conftest import CHECKOUT

DOCUMENT = (CHECKOUT / "docs" / "scenarios.md").read_text(encoding="utf-8")
FILES = sorted((CHECKOUT / "docs" / "scenarios").glob("*.toml"))
EXAMPLE = re.compile(r"```toml\n# people gain ([^\n]+): (\d+), lose: (\d+)\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(load_pack("demo"))


@pytest.fixture(scope="module")
def before(engine):
    return engine.reach_there_and_back(Query(), level="point")


def test_each_documented_example_gives_the_numbers_that_stand_with_it(engine, before):
    kinds = []
    for category, gained, lost, text in EXAMPLE.findall(DOCUMENT):
        scenario = parse_scenario(text.encode(), "example.toml")
        kinds += [change.kind for change in scenario.changes]
        query = replace(Query(), scenario=scenario)
        frame = compute_what_if(engine, query, settings=DEFAULT_ROUND_TRIP, before=before).frame
        row = frame[
            (frame["level"] == "area") & (frame["group_id"] == "all")
            & (frame["kind"] == "service") & (frame["category"] == category)
        ].iloc[0]  # fmt: skip
        assert (round(row["gained"]), round(row["lost"])) == (int(gained), int(lost)), text
    assert sorted(kinds) == sorted(KINDS), "every kind has one example"


def test_the_example_files_can_be_put_onto_the_demo(engine):
    assert len(FILES) >= 3
    for file in FILES:
        assert engine.under(load_scenario(file)).pack.digest != engine.pack.digest


def test_the_command_writes_who_gains_and_which_pairs_differ(tmp_path, capsys):
    out, pairs = tmp_path / "difference.parquet", tmp_path / "pairs.csv"
    scenario = str(CHECKOUT / "docs" / "scenarios" / "pop_up.toml")
    asked = ["--scenario", scenario, "--out", str(out), "--pairs", str(pairs)]
    assert main(["whatif", "demo", *asked]) == 0
    told = capsys.readouterr().err
    assert re.search(r"any service: [\d,]+ people gain reach, 0 lose it \([\d,]+ before", told)
    frame, metadata = pd.read_parquet(out), read_metadata(out)
    assert list(frame.columns) == list(DIFFERENCE_COLUMNS)
    # Who has something of the kind already gains none of it: the categories say more.
    whole = frame[(frame["level"] == "area") & (frame["group_id"] == "all") & (frame["category"] != "*")]
    most = whole.loc[whole["gained"].idxmax()]
    assert most["gained"] > 100
    assert f"\n  {most['category']}: {most['gained']:,.0f} people gain reach, 0 lose it" in told
    assert metadata["query"]["scenario"]["digest"] == load_scenario(FILES[-1]).digest
    assert any("nobody has made" in note for note in metadata["notes"])
    told = pd.read_csv(pairs)
    assert list(told.columns) == list(PAIR_COLUMNS) and "what-if-1" in set(told["service_id"])
    new = told[told["service_id"] == "what-if-1"]
    assert new["class_before"].isna().all() and new["class_after"].notna().all()
    sooner = told["best_after_s"] - told["best_before_s"]
    assert sooner.dropna().eq(told["change_s"].dropna()).all() and (sooner < 0).any()


def test_other_commands_answer_under_a_scenario(tmp_path):
    out = tmp_path / "reach.parquet"
    scenario = str(CHECKOUT / "docs" / "scenarios" / "pop_up.toml")
    assert main(["reach", "demo", "--scenario", scenario, "--out", str(out)]) == 0
    assert "what-if-1" in set(pd.read_parquet(out)["service_id"])
    assert read_metadata(out)["query"]["scenario"]["name"].startswith("A pop-up")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "needs a scenario"),
        ('[[change]]\nkind = "last_bus"\nroute = "22x"\ntime = "21:00"', "Did you mean 22"),
        ('[[change]]\nkind = "last_bus"\nroute = "22"', "change 1 (last_bus), time: is missing"),
    ],
)
def test_refusals_say_why_and_write_nothing(text, words, tmp_path, capsys):
    out, file = tmp_path / "out.csv", tmp_path / "mine.toml"
    if text is not None:
        file.write_text(text)
    asked = [] if text is None else ["--scenario", str(file)]
    assert main(["whatif", "demo", "--out", str(out), *asked]) == 2
    assert words in capsys.readouterr().err and not out.exists()
