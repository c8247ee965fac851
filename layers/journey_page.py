"""The sheet to print: there and back on the two sides of an A4 sheet, on its own without the app.

Black on white, so that any printer will do. Nothing of it is stored on the
server: what the app saves is made of it by the visitor's own browser.
"""

from __future__ import annotations

import base64
import datetime as dt
import json

from data.areapack import AreaPack
from data.date_words import say_day
from geo.journey import Journey, WalkLeg
from geo.journey_sheet import Sheet, Way, sheet_in_words, sheet_to_json
from geo.journey_words import Instruction
from geo.query import Query
from geo.whatif.words import TRIAL, say_trial_of
from layers.connector import NOT_STATED, OPEN, SESSIONS, describe_service, describe_times
from layers.journey_sketch import as_image, sketch_walk
from layers.text import escape_for_map
from layers.words import say_journey_title, say_test_data

_STYLE = """
@page { size: A4; margin: 12mm 14mm; }
body { font: 12pt/1.35 sans-serif; color: #000; background: #fff; max-width: 182mm; margin: 0 auto; }
h1 { font-size: 19pt; line-height: 1.2; margin: 0 0 2mm; }
h2 { font-size: 15pt; margin: 5mm 0 1mm; border-bottom: .6mm solid #000; break-after: avoid; }
.head { font-weight: bold; margin: 1mm 0 2mm; }
ol.do { padding-left: 7mm; margin: 0; }
ol.do > li { margin: 0 0 1.8mm; }
ol.do > li > b:first-child { font-size: 12.5pt; }
.walk { display: flex; gap: 5mm; align-items: flex-start; break-inside: avoid; }
.walk > ol { flex: 1; margin: 1mm 0 0; padding-left: 6mm; }
.walk > img { flex: none; width: 60mm; height: auto; }
section + section { break-before: page; }
ul.more { margin: .5mm 0 0; padding-left: 5mm; font-size: 11pt; }
.last { border: .5mm solid #000; padding: 1.5mm 3mm; font-weight: bold; break-inside: avoid; }
.check { font-weight: bold; margin: 4mm 0 0; break-inside: avoid; }
.trial { border: 1.2mm solid #000; padding: 2mm 3mm; margin: 0 0 3mm; font-size: 14pt; font-weight: bold; }
.test { border: .5mm dashed #000; padding: 1.5mm 3mm; margin: 0 0 3mm; }
table { border-collapse: collapse; margin: 1mm 0 0; font-size: 11pt; }
th { text-align: left; padding: 0 4mm 0 0; vertical-align: top; }
footer { font-size: 9.5pt; margin: 4mm 0 0; border-top: .3mm solid #000; padding-top: 1mm; }
.about { break-inside: avoid; margin: 0 0 2mm; }
@media screen and (max-width: 40em) {
  body { padding: 0 .5rem; }
  ol.do { padding-left: 1.6rem; }
  .walk { flex-direction: column; gap: .5rem; }
  .walk > img { width: 100%; max-width: 22rem; }
}
"""
_BAR_STYLE = """
@media screen {
  main { display: none; }
  body { max-width: none; background: transparent; }
  .bar { display: flex; flex-wrap: wrap; gap: .6rem; padding: 2px; }
  .bar button { font: 15px sans-serif; color: #1a1a1a; background: #fff; border: 1px solid #777;
                border-radius: 6px; padding: .45rem .9rem; cursor: pointer; }
  .bar button:hover, .bar button:focus-visible { outline: 2px solid #3a84ca; }
}
@media print { .bar { display: none; } }
"""
_BAR_SCRIPT = """
for (const button of document.querySelectorAll("button")) {
  button.addEventListener("click", () => {
    const file = button.dataset;
    if (!file.name) { window.print(); return; }
    const bytes = Uint8Array.from(atob(file.content), (c) => c.charCodeAt(0));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([bytes], {type: file.type}));
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
}
"""
# What helps somebody who stands before the door; the rest of the register is for choosing.
_FACTS = ("Organisation", "Address", "Phone", "Cost", "Referral", SESSIONS, OPEN)


def build_page(sheet: Sheet, pack: AreaPack, query: Query, service_id: str | None, *, today: dt.date) -> str:
    """The whole sheet as an HTML document without scripts; all text from outside is escaped."""
    return _as_document(sheet, pack, _STYLE, _draw_sheet(sheet, pack, query, service_id, today))


def build_toolbar(
    sheet: Sheet, pack: AreaPack, query: Query, service_id: str | None, *, today: dt.date
) -> str:
    """Buttons that print and save the sheet: a document for an iframe, which shows the sheet on paper only.

    The files are inside it and made by the browser, because a file that a
    server hands out could be fetched by others.
    """
    page = build_page(sheet, pack, query, service_id, today=today)
    text = "\n".join(sheet_in_words(sheet, pack)) + "\n"
    name_of_file = "journey" if pack.trial is None else "trial_journey"
    answer = json.dumps(sheet_to_json(sheet, pack), indent=1, ensure_ascii=False)
    buttons = '<button type="button" data-print="">Print the sheet (A4)</button>' + "".join(
        f'<button type="button" data-name="{name}" data-type="{kind}" '
        f'data-content="{base64.b64encode(content.encode()).decode()}">{words}</button>'
        for words, name, kind, content in (
            ("Save the sheet (HTML)", f"{name_of_file}.html", "text/html", page),
            ("Save as text", f"{name_of_file}.txt", "text/plain", text),
            ("Save as data (JSON)", f"{name_of_file}.json", "application/json", answer),
        )
    )
    body = (
        f'<div class="bar">{buttons}</div><main>{_draw_sheet(sheet, pack, query, service_id, today)}</main>'
    )
    return _as_document(sheet, pack, _STYLE + _BAR_STYLE, f"{body}<script>{_BAR_SCRIPT}</script>")


def _as_document(sheet: Sheet, pack: AreaPack, style: str, body: str) -> str:
    trial = "" if pack.trial is None else f"{TRIAL}: "
    goal = escape_for_map(sheet.there.journey.destination.label)
    return (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{trial}Journey to {goal}</title><style>{style}</style></head><body>{body}</body></html>"
    )


def _draw_sheet(sheet: Sheet, pack: AreaPack, query: Query, service_id: str | None, today: dt.date) -> str:
    goal = escape_for_map(sheet.there.journey.destination.label)
    test = say_test_data(pack.manifest, today)
    above = f'<p class="test">{escape_for_map(test)}</p>' if test else ""
    above += f"<h1>To {goal}, {escape_for_map(say_day(sheet.there.journey.service_date))}</h1>"
    below = (
        f"<footer>{escape_for_map(say_journey_title(query, pack.manifest))}<br>"
        f"{escape_for_map(' · '.join(_list_credits(pack)))}</footer>"
    )
    trial = say_trial_of(pack)
    # On both sides: the one may be looked at without the other.
    banner = "" if trial is None else f'<p class="trial">{escape_for_map(trial)}</p>'
    sides = [_draw_way(way, pack, titled=sheet.home is not None) for way in sheet.ways]
    sides[0] = above + _draw_facts(pack, service_id) + sides[0]
    sides[-1] += below
    return "".join(f"<section>{banner}{side}</section>" for side in sides)


def _list_credits(pack: AreaPack) -> list[str]:
    """Who made what a sheet shows: timetable, stops and streets."""
    shown = [s.attribution for s in pack.manifest.sources if s.part in ("timetable", "stops", "streets")]
    return list(dict.fromkeys(shown)) or list(pack.manifest.licences)


def _draw_way(way: Way, pack: AreaPack, *, titled: bool) -> str:
    head, *told, check = way.instructions(pack)
    walks = _sketch_walks(way, pack)
    items, last = [], ""
    for one in told:
        if one.kind == "last":
            last = f'<p class="last">{escape_for_map(one.text)}</p>'
        else:
            items.append(f"<li>{_draw_instruction(one, walks)}</li>")
    title = f"<h2>{escape_for_map(way.title)}</h2>" if titled else ""
    numbered = f'<ol class="do">{"".join(items)}</ol>' if items else ""
    checked = f'<p class="check">{escape_for_map(check.text)}</p>'
    return f'{title}<p class="head">{escape_for_map(head.text)}</p>{numbered}{last}{checked}'


def _draw_instruction(one: Instruction, walks: list[str | None]) -> str:
    text = f"<b>{escape_for_map(one.text)}</b>"
    details = "".join(f"<li>{escape_for_map(detail)}</li>" for detail in one.details)
    if one.kind != "walk":
        return f'{text}<ul class="more">{details}</ul>' if details else text
    picture = walks.pop(0) if walks else None
    if not details:
        return text
    if picture is None:
        return f'{text}<ul class="more">{details}</ul>'
    return f'{text}<div class="walk"><ol>{details}</ol>{picture}</div>'


def _sketch_walks(way: Way, pack: AreaPack) -> list[str | None]:
    """A picture for each walk that is told, in order; None for one that can't be drawn."""
    return [None if svg is None else as_image(svg, alt) for svg, alt in sketch_way(way, pack)]


def sketch_way(way: Way, pack: AreaPack) -> list[tuple[str | None, str]]:
    """A sketch (SVG) and its alternative text for each walk that is told, in order."""
    if not isinstance(way.journey, Journey):
        return []
    sketches: list[tuple[str | None, str]] = []
    for leg in way.journey.legs:
        if not isinstance(leg, WalkLeg) or (leg.length_m < 1 and leg.to_stop_id is None):
            continue
        start = "start" if leg.from_stop_id is None else "off the bus here"
        end = "end" if leg.to_stop_id is None else "bus stop"
        alt = f"Sketch of the walk from {start} to {end}; the list beside it says the same in words."
        sketches.append((sketch_walk(pack, leg, start=start, end=end), alt))
    return sketches


def _draw_facts(pack: AreaPack, service_id: str | None) -> str:
    facts = [] if service_id is None else describe_service(pack, service_id)
    if service_id is not None:
        facts = [*facts, describe_times(pack, service_id)]
    rows = [(what, words) for what, words in facts if what in _FACTS and words != NOT_STATED]
    cells = "".join(
        f'<tr><th scope="row">{escape_for_map(what)}</th><td>{escape_for_map(words)}</td></tr>'
        for what, words in rows
    )
    return f'<table class="about">{cells}</table>' if cells else ""
