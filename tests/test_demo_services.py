"""The invented register against the numbers that the 2019 study published."""

from __future__ import annotations

import pandas as pd
import pytest

from data.demo import PACK_DIR
from data.packio import load_pack

ROUNDING = 2
"""What 'about', 'nearly' and 'over' leave open."""


@pytest.fixture(scope="module")
def register() -> pd.DataFrame:
    services = load_pack(PACK_DIR).services
    assert services is not None
    return services[services.kind == "service"]


def _with(register: pd.DataFrame, group: str) -> int:
    groups = register.target_groups.str.split(";").map(lambda parts: [part.strip() for part in parts])
    return int(groups.map(lambda parts: group in parts).sum())


def test_there_are_221_entries(register: pd.DataFrame) -> None:
    assert len(register) == 221
    assert register.service_id.is_unique


def test_entries_by_size_of_provider(register: pd.DataFrame) -> None:
    size = register.organisation.map(register.organisation.value_counts())
    assert (size == 1).sum() == 111
    assert (size == 2).sum() == 60
    three_or_four = int(size.isin([3, 4]).sum())
    assert 40 < three_or_four <= 50
    # "Four" entries of providers of five or more: such a provider has five at the least.
    assert abs(int((size >= 5).sum()) - 4) <= 1


@pytest.mark.parametrize(
    ("group", "published"),
    [
        ("older people", 59),
        ("families and young people", 29),
        ("people with a physical disability", 14),
        ("people with mental health needs", 15),
        ("people with a learning disability", 10),
        ("men", 8),
        ("women and girls", 12),
        ("ethnic minority communities", 19),
    ],
)
def test_target_groups_as_published(register: pd.DataFrame, group: str, published: int) -> None:
    assert abs(_with(register, group) - published) <= (ROUNDING if published in (59, 29, 19) else 0)


def test_groups_published_in_words(register: pd.DataFrame) -> None:
    assert 75 < _with(register, "not specific") < 90
    assert 1 <= _with(register, "carers") <= 6
    assert _with(register, "men") + _with(register, "women and girls") == 20


def test_groups_overlap_as_in_life(register: pd.DataFrame) -> None:
    several = register.target_groups.str.count(";") > 0
    assert several.sum() >= 20


def test_much_is_missing_and_much_is_there(register: pd.DataFrame) -> None:
    missing = register.isna().mean()
    for field in ("cost", "referral", "phone", "website", "languages", "updated"):
        assert 0.1 < missing[field] < 0.7, field
    for field in ("outcome_data", "gaps", "not_used_by", "capacity"):
        assert 0.5 < missing[field] < 0.95, field
    assert set(register.cost.dropna()) == {"free", "donation", "paid"}
    assert set(register.referral.dropna()) == {"self", "organisation", "mixed"}
    assert set(register.delivery) == {"venue", "several_venues", "home", "phone", "online"}


def test_what_the_study_met_is_there(register: pd.DataFrame) -> None:
    assert (register.women_only.fillna(False).astype(bool)).sum() >= 10
    assert 1 <= register.transport_offered.fillna(False).astype(bool).sum() <= 15
    assert register.faith.notna().sum() >= 10
    assert register.languages.fillna("").str.contains("Bengali|Urdu|Somali").sum() >= 10
    assert (register.category == "Community transport").sum() == 1


def test_sessions_are_understood_and_some_are_not_known() -> None:
    pack = load_pack(PACK_DIR)
    assert pack.sessions is not None and pack.services is not None
    assert {"session", "drop_in"} <= set(pack.sessions.kind)
    assert {"weekly", "term_time", "first"} <= set(pack.sessions.rule)
    venues = pack.services[(pack.services.kind == "service") & (pack.services.delivery == "venue")]
    assert 0.1 < (~venues.service_id.isin(pack.sessions.service_id)).mean() < 0.5
