"""Breaks: round, ascending, no empty class, missing apart from nought."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from layers.classes import ABOVE_ZERO, CLASS_COUNT, choose_breaks, classify, label_classes, round_nicely


def test_round_numbers() -> None:
    assert [round_nicely(v) for v in (0, 1.27, 347, 0.0382, 1260)] == [0, 1.3, 300, 0.04, 1300]


numbers = st.lists(st.floats(0, 1e6) | st.just(float("nan")), max_size=60).map(np.array)


@given(numbers)
def test_no_class_is_empty_and_only_the_missing_is_missing(values: np.ndarray) -> None:
    breaks = choose_breaks(values)
    classes = classify(values, breaks)
    assert len(breaks) < CLASS_COUNT
    assert list(breaks) == sorted(set(breaks))
    assert ((classes == -1) == np.isnan(values)).all()
    known = classes[classes >= 0]
    if len(known):
        assert set(known) == set(range(len(breaks) + 1))


def test_nought_is_a_class_of_its_own_where_many_have_it() -> None:
    values = np.array([0, 0, 0, 5, 10, 20, 40])
    breaks = choose_breaks(values)
    assert breaks[0] == ABOVE_ZERO
    assert classify(values, breaks)[:4].tolist() == [0, 0, 0, 1]
    assert label_classes(breaks, lambda v: f"{v:g}")[0] == "none"


def test_a_break_belongs_to_the_class_above() -> None:
    assert classify(np.array([24.9, 25.0]), (25.0,)).tolist() == [0, 1]
    assert label_classes((25.0, 50.0), lambda v: f"{v:g}") == ("under 25", "25 to under 50", "50 and over")
