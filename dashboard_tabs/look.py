"""The page's look: print rules and small pieces that several tabs share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from data.manifest import Manifest
from data.text import clean_text
from layers.planner import say_cells
from layers.styles import Theme
from layers.text import escape_for_map
from layers.words import say_test_data

_STYLE = """
<style>
  .block-container { padding-top: 2.2rem; }
  @media (max-width: 640px) { .block-container { padding-top: 4.2rem; } }  /* below the bar with the menu */
  .obr-badge { display: inline-block; border: 1.5px solid currentColor; border-radius: 4px;
               padding: 0 .5rem; font-size: .9rem; font-weight: 600; margin-left: .5rem;
               vertical-align: middle; }
  /* The trial's bar stays in sight however far one scrolls, and stands on paper too. */
  [data-testid="stLayoutWrapper"]:has(> .st-key-trial_place) { position: sticky; top: .4rem;
                                                               z-index: 999991; }
  .st-key-trial_bar { border: 2px solid #8e24aa; border-radius: 8px; padding: .45rem .8rem;
                      background: light-dark(#f6ecfa, #2b1436); }
  .st-key-trial_bar_today { border: 1px solid #8e8e8e; border-radius: 8px; padding: .35rem .8rem;
                            background: light-dark(#ffffff, #0e1117); }
  /* A long name must not fill a small screen; on paper it stands whole. */
  @media screen and (max-width: 640px) {
    [class*="st-key-trial_bar"] p { display: -webkit-box; -webkit-box-orient: vertical;
                                    -webkit-line-clamp: 2; overflow: hidden; }
  }
  /* Streamlit gives a frame 150 px at least; where the buttons stand in one row they need less. */
  .st-key-sheet_bar { container-type: inline-size; }
  @container (min-width: 700px) { .st-key-sheet_bar iframe { height: 54px !important; } }
  /* Names from outside may have no spaces; our own headings keep whole words. */
  [data-testid="stHtml"] { overflow-wrap: anywhere; }
  [data-testid="stHtml"] th { overflow-wrap: normal; }
  /* Too faint as Streamlit has them: captions in the sidebar, and white on the dark theme's light blue. */
  [data-testid="stCaptionContainer"] { opacity: .8 !important; }
  [data-testid="stMultiSelectTagsContainer"] [role="group"] *,
  [data-testid="stBaseButton-primary"]:not(:disabled) { color: light-dark(#ffffff, #101317) !important; }
  /* What has the focus is not hidden by the trial's bar. */
  [data-testid="stMain"]:has(.st-key-trial_bar) { scroll-padding-top: 9rem; }
  .obr-title { font-size: 1.7rem; font-weight: 700; line-height: 1.2; }
  @media print {
    header, [data-testid="stSidebar"], [data-testid="stToolbar"], [data-testid="stDecoration"],
    [data-testid="stStatusWidget"], [data-testid="stTabs"] [role="tablist"], button,
    .obr-no-print { display: none !important; }
    html, body, .stApp, [data-testid="stAppViewContainer"], [data-testid="stMain"] {
      position: static !important; height: auto !important; overflow: visible !important; }
    [data-testid="stLayoutWrapper"]:has(> .st-key-trial_place) { position: static; }
    .block-container { max-width: none; padding: 0; }
    iframe, [data-testid="stMetric"], .obr-legend { break-inside: avoid; max-width: 100%; }
    /* The map, and beside it on the screen its legend: one below the other on paper. */
    [data-testid="stHorizontalBlock"]:has(iframe) { display: block !important; }
    [data-testid="stHorizontalBlock"]:has(iframe) > * { width: 100% !important; }
  }
</style>
"""


def draw_style() -> None:
    """Put the style sheet on the page."""
    st.html(_STYLE)


def theme() -> Theme:
    """The visitor's theme as the browser reports it; light where it does not."""
    return "dark" if st.context.theme.type == "dark" else "light"


def today() -> dt.date:
    """The reader's day, by which the age of data is judged: the one clock of the app."""
    return dt.date.today()


def draw_header(manifest: Manifest) -> None:
    """Title, area and, where it applies, 'Fictional' and 'Test data'."""
    badge = '<span class="obr-badge">Fictional</span>' if manifest.fictional else ""
    st.html(
        f'<div role="heading" aria-level="1" class="obr-title">One Bus Reach: '
        f"{escape_for_map(manifest.name.removesuffix(' (fictional)'))}{badge}</div>"
        "<div>Which services can people get to, and get home from, on one bus, and who has none?</div>"
    )
    warning = say_test_data(manifest, today())
    if warning:
        st.warning(warning, icon="⚠️")


def draw_test_data(manifest: Manifest) -> None:
    """The warning in small, beside a table, map or download."""
    warning = say_test_data(manifest, today())
    if warning:
        st.caption(f"⚠️ **{warning}**")


def plain(text: str) -> str:
    """Text from outside inside Markdown: nothing in it is markup."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-!|<>~$:" else c for c in clean_text(text))


def caption(text: str) -> None:
    """A caption that may hold names from outside."""
    st.caption(plain(text))


def draw_table(
    table: pd.DataFrame,
    *,
    key: str | None = None,
    select: bool = False,
    height: int | None = None,
    widths: Mapping[str, int] | None = None,
):
    """A table whose numbers sort as numbers and read as words; returns its selected row, or None.

    Parameters
    ----------
    widths : mapping of column to pixels, optional
        Of columns that would push the others out of a narrow place.
    """
    styled = table.style.format(say_cells(table)) if say_cells(table) else table
    size: dict = {} if height is None else {"height": height}
    day = st.column_config.DateColumn(format="ddd D MMM YYYY")  # dates as such, so that they sort
    columns: dict = dict.fromkeys(table.select_dtypes("datetime").columns, day)
    counts = table.select_dtypes("int64").columns
    columns |= dict.fromkeys(counts, st.column_config.NumberColumn(format="localized"))
    columns |= {name: st.column_config.Column(width=width) for name, width in (widths or {}).items()}
    if columns:
        size["column_config"] = columns
    if say_cells(table):  # a cell without a value takes no words from the style
        size["placeholder"] = "too few, or not known"
    if not select:
        st.dataframe(styled, hide_index=True, width="stretch", key=key, **size)
        return None
    event = st.dataframe(
        styled,
        hide_index=True,
        width="stretch",
        key=key,
        on_select="rerun",
        selection_mode="single-row",
        **size,
    )
    rows = event["selection"]["rows"] if event else []
    return rows[0] if rows and rows[0] < len(table) else None
