"""What every test shares: visible skips, and how random towns are searched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

CHECKOUT = Path(__file__).resolve().parent.parent
REAL_DATA = CHECKOUT.parent / "shared" / "data"

# Hypothesis turns its own seeds off where it sees a CI; here each run shall try
# towns that no run has tried before, and print how to see a failure again.
settings.register_profile(
    "towns",
    max_examples=int(os.environ.get("ONE_BUS_REACH_EXAMPLES", "300")),
    derandomize=False,
    print_blob=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
settings.load_profile("towns")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip, visibly, what this machine has not got."""
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
