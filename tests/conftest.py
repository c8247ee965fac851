"""What every test shares: visible skips, and how random towns are searched."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from tests.once import make_once

if TYPE_CHECKING:
    from data.areapack import AreaPack

CHECKOUT = Path(__file__).resolve().parent.parent
REAL_DATA = CHECKOUT.parent / "shared" / "data"

# Hypothesis turns its own seeds off where it sees a CI; here each run shall try
# examples that no run has tried before, and print how to see a failure again.
settings.register_profile(
    "fresh",
    max_examples=50,
    derandomize=False,
    print_blob=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
settings.load_profile("fresh")


# Workers take whole files, in this order, so that none is left with a long one when the others are done.
LONGEST = (
    "test_proof_random_towns.py",
    "test_browser_map.py",
    "test_dashboard_app.py",
    "test_whatif_real_data.py",
    "test_get_killed.py",
    "test_proof_determinism.py",
    "test_readme.py",
    "test_proof_planted_faults.py",
    "test_get_whole.py",
    "test_demo_raw.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip, visibly, what this machine has not got; workers begin with what takes longest."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = {name: number for number, name in enumerate(LONGEST)}
        items.sort(key=lambda item: place.get(item.path.name, len(LONGEST)))
    wanted = config.getoption("markexpr", "")
    for item in items:
        if item.get_closest_marker("real_data") and not REAL_DATA.is_dir():
            item.add_marker(
                pytest.mark.skip(reason=f"the real data are not beside the checkout ({REAL_DATA.name})")
            )
        if item.get_closest_marker("nightly") and "nightly" not in wanted:
            item.add_marker(pytest.mark.skip(reason="nightly: run with -m nightly"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data beside the checkout; the test is skipped where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip("the real data are not beside the checkout")
    return REAL_DATA


@pytest.fixture(params=["engine", "reference"])
def ask(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Put a question to the engine and to the slow reference, which each test thereby proves too.

    Gives the row of home and clinic, or with ``pair=None`` all rows by (origin, service).
    """
    from tests.proof import engine_rows, make_query, reference_rows

    rows_of = engine_rows if request.param == "engine" else reference_rows

    def ask_one(pack: Any, *, pair: Any = ("home", "clinic"), level: str = "point", **fields: Any) -> Any:
        rows = rows_of(pack, make_query(**fields), level)
        return rows if pair is None else rows[pair]

    return ask_one


@pytest.fixture(scope="session")
def real_pack(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], AreaPack]:
    """Packs of the committed configurations from the real files: ``real_pack("newport")``."""
    from data.build import build_pack
    from data.config import load_config
    from data.packio import load_pack, write_pack

    @functools.cache
    def get(area: str) -> AreaPack:
        def make(folder: Path) -> None:
            pack = build_pack(load_config(CHECKOUT / "data" / "areas" / f"{area}.toml"), real_data)
            assert load_pack(write_pack(pack, folder)).digest == pack.digest

        return load_pack(make_once(tmp_path_factory, area, make))

    return get


@pytest.fixture(scope="session")
def demo_raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The raw files of the fictional borough; nobody may change them."""
    from data.demo import write_raw

    return make_once(tmp_path_factory, "demo_raw", write_raw)


@pytest.fixture(scope="session")
def newport_streets(real_data: Path) -> Any:
    """Newport's streets as the brute force reads them, once a session."""
    from tests.brute_force import RawStreets

    return RawStreets(real_data / "newport" / "osm" / "newport-2023-06-13.osm.pbf")
