"""Text on the map: nothing from outside is markup, script or a template."""

from __future__ import annotations

import html
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.text import clean_text
from layers.text import escape_for_map
from tests.browser.hostile import HOSTILE_NAMES


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_hold_no_character_that_html_or_javascript_reads(name: str) -> None:
    escaped = escape_for_map(name)
    assert not set(escaped) & set("<>\"'`\\${}\n\r\t\u2028\u2029\x00\x1b")


@given(st.text())
def test_any_text_is_safe_and_reads_as_it_was(text: str) -> None:
    escaped = escape_for_map(text)
    assert not set(escaped) & set("<>\"'`\\${}")
    assert all(unicodedata.category(c)[0] != "C" or c in "\u200c\u200d" for c in escaped)
    # What a browser shows is the cleaned text, character by character.
    assert html.unescape(escaped) == clean_text(text)


@given(st.text(alphabet="&#x;lt0123456789amp"))
def test_entities_in_a_name_are_shown_and_not_read(text: str) -> None:
    assert html.unescape(escape_for_map(text)) == clean_text(text)


def test_missing_text_is_empty() -> None:
    assert escape_for_map(None) == ""
    assert escape_for_map(float("nan")) == ""


def test_scripts_that_need_joiners_keep_them() -> None:
    persian = "می\u200cخواهم"
    assert escape_for_map(persian) == persian
