"""The data page: what the timetable holds and lacks, and a register of services brought in step by step."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import streamlit as st

from data.areapack import AreaPack
from data.errors import OneBusReachError
from data.report import FeedReport, build_feed_report
from data.sources.service_mapping import ProposedMapping
from layers import feed_report, register_import
from layers.register_import import FIELDS, NOT_READ, Imported

from . import look

MAX_BYTES = 20_000_000
SHOWN_PAIRS = 20
ENDINGS = ("csv", "xlsx", "txt", "tsv")


def draw(pack: AreaPack) -> None:
    """Draw the page."""
    part = st.segmented_control(
        "Part", ["Timetable", "Bring in a register"], default="Timetable", key="data_part",
        label_visibility="collapsed",
    )  # fmt: skip
    if part == "Bring in a register":
        draw_register(pack)
    else:
        draw_timetable(pack)


@st.cache_data(show_spinner="Looking through the timetable", max_entries=4)
def _report(digest: str, _pack: AreaPack) -> FeedReport:
    """One report a pack, by its digest."""
    del digest
    return build_feed_report(_pack)


def draw_timetable(pack: AreaPack) -> None:
    """The feed report: facts, findings with examples and places, tables, downloads."""
    report = _report(pack.digest, pack)
    st.subheader("The timetable", anchor=False)
    for sentence in feed_report.list_sentences(report):
        st.text(sentence)
    look.draw_test_data(pack.manifest)
    st.markdown("#### What was found")
    look.draw_table(feed_report.build_finding_table(report), key="feed_findings")
    found = [finding for finding in report.findings if finding.examples]
    if found:
        titles = [f"{place + 1}. {finding.title}" for place, finding in enumerate(found)]
        title = st.selectbox("Examples of", titles, key="feed_finding")
        finding = found[titles.index(title)]
        st.text(finding.message)
        for example in finding.examples:
            st.text(f"• {example}")
        if picture := feed_report.draw_finding(report, finding):
            st.image(picture, caption="Where they are, on the area's outline")
    st.markdown("#### Trips by hour of departure")
    hours = feed_report.build_hour_table(report)
    st.bar_chart(hours.set_index("Hour"), height=220)
    look.draw_table(hours, key="feed_hours")
    st.markdown("#### Operators")
    look.draw_table(feed_report.build_operator_table(report), key="feed_operators")
    st.markdown("#### Routes")
    look.draw_table(feed_report.build_route_table(report), key="feed_routes", height=300)
    st.markdown("#### Trips by date")
    look.draw_table(feed_report.build_date_table(report), key="feed_dates", height=300)
    for ending, kind in feed_report.DOWNLOADS.items():
        st.download_button(
            f"Report as .{ending}", feed_report.export_report(report, ending),
            f"{pack.area_id}_timetable.{ending}", kind, key=f"feed_{ending}",
        )  # fmt: skip


def draw_register(pack: AreaPack) -> None:
    """Ask for a file, then confirm, correct and merge it."""
    st.subheader("Bring in a register of services", anchor=False)
    st.caption(
        "Nothing is stored: at the end you download the register, put right, for `python -m data get PLACE "
        "--services FILE` or an area configuration."
    )
    given = st.file_uploader("A register as CSV or XLSX", type=list(ENDINGS), key="register_file")
    if given is None:
        return
    if given.size > MAX_BYTES:
        st.error(f"The file has {given.size / 1e6:,.0f} MB; a register of services has far fewer than 20.")
        return
    draw_file(pack, given.name, given.getvalue())


def draw_file(pack: AreaPack, name: str, content: bytes) -> None:
    """The steps for one file's bytes."""
    key = hashlib.sha256(content).hexdigest()[:12]
    ending = Path(name).suffix.lower()
    with tempfile.TemporaryDirectory(prefix="register-") as folder:
        # Its own name never reaches the disk: it comes from outside.
        path = Path(folder) / f"register{ending if ending.lstrip('.') in ENDINGS else '.csv'}"
        path.write_bytes(content)
        try:
            _draw_steps(pack, path, key)
        except OneBusReachError as error:
            st.error(look.plain(str(error)))


def _draw_steps(pack: AreaPack, path: Path, key: str) -> None:
    mapping = _ask_columns(register_import.propose(path), key)
    if mapping is None:
        return
    corrections: dict[str, str] = st.session_state.setdefault(f"register_corrections_{key}", {})
    merges: list[tuple[str, str]] = st.session_state.setdefault(f"register_merges_{key}", [])
    imported = register_import.import_register(
        path, pack, mapping=mapping, corrections=corrections, merges=merges
    )
    st.markdown("#### 2. What became of every row")
    st.text(register_import.say_counts(imported))
    rows = register_import.build_row_table(imported)
    if len(rows):
        look.draw_table(rows, key=f"register_rows_{key}", height=260)
    if imported.result.rejected:
        st.download_button(
            "Rejected rows, with the reason (.csv)", register_import.export_rejects(imported),
            "rejected_rows.csv", "text/csv", key=f"register_rejects_{key}",
        )  # fmt: skip
    _ask_postcodes(imported, corrections, key)
    _ask_duplicates(imported, merges, key)
    st.markdown("#### 5. Take it with you")
    st.download_button(
        "The register, put right (.csv)", register_import.export_register(imported), "services.csv",
        "text/csv", key=f"register_out_{key}",
    )  # fmt: skip


def _ask_columns(proposed: ProposedMapping, key: str) -> dict[int, str | None] | None:
    """Show every column that isn't the template's own, and read nothing before it is confirmed."""
    st.markdown("#### 1. Which column is which")
    st.text(f"{proposed.rows:,} rows, {len(proposed.columns)} columns.")
    mapping = dict(proposed.mapping)
    for column in proposed.columns:
        if column.basis == "exact":
            continue
        choices = register_import.list_choices(column)
        mapping[column.position] = st.selectbox(
            look.plain(register_import.say_column(column)), choices, index=choices.index(column.field),
            format_func=lambda field: NOT_READ if field is None else FIELDS[field],
            key=f"register_column_{key}_{column.position}",
        )  # fmt: skip
    exact = [column for column in proposed.columns if column.basis == "exact"]
    if exact:
        with st.expander(f"{len(exact)} columns with the template's own names"):
            for column in exact:
                st.text(register_import.say_column(column))
    clashes = register_import.find_clashes(mapping)
    for clash in clashes:
        st.error(clash)
    asked = any(column.basis != "exact" for column in proposed.columns)
    if asked and not st.checkbox("The columns are right", key=f"register_confirmed_{key}"):
        return None
    return None if clashes else mapping


def _ask_postcodes(imported: Imported, corrections: dict[str, str], key: str) -> None:
    st.markdown("#### 3. Postcodes that can't be found")
    if not imported.result.offers:
        st.caption("None that could be a typing error.")
    for offer in imported.result.offers:
        codes = [None, *(code for code, _ in offer.offers)]
        why = dict(offer.offers)
        chosen = st.selectbox(
            look.plain(f"Row {offer.row}: {offer.written}"), codes,
            format_func=lambda code, why=why: "Leave as it is" if code is None else f"{code} ({why[code]})",
            key=f"register_postcode_{key}_{offer.row}",
        )  # fmt: skip
        if chosen is not None:
            corrections[offer.written] = chosen
            st.rerun()
    if corrections:
        said = "; ".join(f"{written} read as {meant}" for written, meant in corrections.items())
        look.caption(f"Put right: {said}")
        if st.button("Undo the postcodes", key=f"register_undo_postcodes_{key}"):
            corrections.clear()
            for name in [
                name for name in st.session_state if str(name).startswith(f"register_postcode_{key}")
            ]:
                del st.session_state[name]
            st.rerun()


def _ask_duplicates(imported: Imported, merges: list[tuple[str, str]], key: str) -> None:
    st.markdown("#### 4. Services that may stand there twice")
    kept: list[tuple[str, str]] = st.session_state.setdefault(f"register_kept_{key}", [])
    pairs = [pair for pair in register_import.list_duplicates(imported) if (pair.one, pair.other) not in kept]
    if not pairs:
        st.caption("None: no two of one organisation and postcode have names alike.")
    for pair in pairs[:SHOWN_PAIRS]:
        st.text(register_import.say_pair(imported, pair))
        look.draw_table(
            register_import.build_pair_table(imported, pair),
            key=f"register_pair_{key}_{pair.one}_{pair.other}",
        )
        merge, keep = st.columns(2)
        if merge.button("Merge: one service, keep what both say", key=f"merge_{key}_{pair.one}_{pair.other}"):
            merges.append((pair.one, pair.other))
            st.rerun()
        if keep.button("Keep both", key=f"keep_{key}_{pair.one}_{pair.other}"):
            kept.append((pair.one, pair.other))
            st.rerun()
    if len(pairs) > SHOWN_PAIRS:
        st.caption(f"{len(pairs) - SHOWN_PAIRS} more pairs follow when these are decided.")
    if merges and st.button("Undo the merging", key=f"register_undo_merges_{key}"):
        merges.clear()
        st.rerun()
