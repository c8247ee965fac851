"""The data page by Streamlit's own runner: the report, and a register confirmed, corrected and merged."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data.packio import write_pack
from data.report import build_feed_report
from layers import feed_report, register_import
from tests.towns import build_town, route, trip

CSV = b"""Our register,,,,,
Ref,Servise nam,Providr,Code Post,sessions,gaps
1,Lunch club,Age Friends,0L1 1AA,Tues 12-2,Weekends
2,Club lunch,Age Friends,OL1 1AA,Thu 10-11,Nights
3,Choir,Singers,OL1 1AA,,
,,,,,
4,,,,Mon 9-10,
"""


def page(kind: str, folder: str, content: bytes = b"") -> None:
    from dashboard_tabs import data_page
    from data.packio import load_pack

    pack = load_pack(folder)
    if kind == "timetable":
        data_page.draw(pack)
    else:
        data_page.draw_file(pack, "../../<b>list</b>.csv", content)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> str:
    from dataclasses import replace

    import pandas as pd

    from data.frames import build_frame
    from data.schema import POSTCODES

    pack = build_town(
        streets=None,
        stops={"A": (100, 0), "B": (6500, 0)},
        routes=[route("1", trip(("A", "10:10"), ("B", "10:12")))],
    )
    codes = pd.DataFrame({"postcode": ["OL1 1AA"], "x": [0.0], "y": [0.0], "quality": [10],
                          "neighbourhood_id": [None]})  # fmt: skip
    pack = replace(pack, postcodes=build_frame(POSTCODES, codes))
    return str(write_pack(pack, tmp_path_factory.mktemp("packs") / "town"))


def run(kind: str, folder: str, content: bytes = b"") -> AppTest:
    app = AppTest.from_function(page, default_timeout=60, args=(kind, folder, content)).run()
    assert not app.exception, app.exception
    return app


def words(app: AppTest) -> str:
    kinds = (app.markdown, app.text, app.caption, app.error)
    return " ".join(element.value for kind in kinds for element in kind)


def test_the_timetable_page_says_what_was_found(town: str):
    app = run("timetable", town)
    assert "Trips by hour" in words(app)
    titles = app.selectbox(key="feed_finding").options
    fast = next(title for title in titles if "Speeds" in title)
    app.selectbox(key="feed_finding").select(fast).run()
    assert not app.exception
    assert "6.4 km in 2 min" in words(app)


def test_counts_of_the_timetable_page_sort_as_numbers_and_names_of_digits_stay_names():
    report = build_feed_report(
        build_town(
            stops={"A": (100, 0), "B": (6500, 0)},
            routes=[route(str(n), *(trip(("A", f"{h:02}:10"), ("B", f"{h:02}:40")) for h in range(7, 7 + n)))
                    for n in (2, 10)],
        )
    )  # fmt: skip
    routes = feed_report.build_route_table(report)
    assert routes.sort_values("Trips")["Trips"].tolist() == [2, 10] and set(routes["Route"]) == {"2", "10"}
    assert feed_report.build_operator_table(report)["Trips in all"].tolist() == [12]
    assert feed_report.build_date_table(report)["Date"].dtype.kind == "M"


def test_a_register_is_read_only_when_confirmed_then_corrected_and_merged(town: str):
    app = run("register", town, CSV)
    assert "What became of every row" not in words(app)
    app.checkbox[0].check().run()
    assert not app.exception
    said = words(app)
    assert "4 rows: 2 imported, 1 imported with a warning, 1 rejected. 1 blank" in said
    offer = next(box for box in app.selectbox if box.label.startswith("Row 3"))
    offer.select("OL1 1AA").run()
    assert not app.exception
    assert "read as OL1 1AA" in words(app)
    merge = next(button for button in app.button if button.label.startswith("Merge"))
    merge.click().run()
    assert not app.exception
    assert "1 of them merged" in words(app)
    undo = next(button for button in app.button if button.label == "Undo the merging")
    undo.click().run()
    assert "merged" not in next(text.value for text in app.text if "rows:" in text.value)


def test_what_is_no_table_is_an_error_in_words(town: str):
    app = run("register", town, b"\x00\x01 nothing of use")
    assert app.error


def test_every_row_is_accounted_for_in_words_and_tables(town: str, tmp_path: Path):
    from data.packio import load_pack

    path = tmp_path / "r.csv"
    path.write_bytes(CSV)
    proposed = register_import.propose(path)
    imported = register_import.import_register(path, load_pack(town), mapping=proposed.mapping)
    counts = imported.result.counts
    assert counts.imported + counts.warned + counts.rejected == counts.rows == 4
    table = register_import.build_row_table(imported)
    assert set(table.loc[table["What became of it"] == "rejected", "Row"]) == {
        row.number for row in imported.result.rejected
    }
    assert register_import.export_rejects(imported).startswith("\ufeffrow in the file".encode())
    assert register_import.find_clashes({0: "name", 1: "name", 2: None}) == [
        "name is chosen for 2 columns; keep one of them."
    ]
    assert [code for offer in imported.result.offers for code, _ in offer.offers] == ["OL1 1AA"]
