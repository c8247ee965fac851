"""Faults planted in a copy of the program are noticed by the tests, each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.planted_faults import FAULTS, ROOT, check_fault, check_faults, copy_tree, plant, start_tests


def test_every_planted_fault_is_noticed() -> None:
    often = tuple(fault for fault in FAULTS if not fault.nightly)
    assert len(often) >= 12
    assert check_faults(often) == []


@pytest.mark.nightly
def test_every_planted_fault_that_takes_long_is_noticed() -> None:
    assert check_faults(tuple(fault for fault in FAULTS if fault.nightly)) == []


def test_there_are_enough_faults_and_each_is_at_home() -> None:
    """The text that a fault damages is in its file exactly once: fails loudly when code moves."""
    assert len(FAULTS) >= 8
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    for fault in FAULTS:
        text = (ROOT / fault.file).read_text(encoding="utf-8")
        assert text.count(fault.sound) == 1, f"{fault.name}: {fault.file} has moved on"


def test_a_fault_without_a_home_is_reported(tmp_path: Path) -> None:
    from dataclasses import replace

    copy_tree(tmp_path)
    lost = replace(FAULTS[0], sound="return self.max_walk_m * 1000 - 7")
    with pytest.raises(LookupError, match="0 times"):
        plant(tmp_path, lost)
    with start_tests(tmp_path) as forks:
        assert "0 times" in (check_fault(forks, tmp_path, lost) or "")
