"""Every fault that the importers name is in the documentation, and the other way round."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = [
    *sorted((ROOT / "data" / "sources").glob("gtfs*.py")),
    ROOT / "data" / "sources" / "naptan.py",
    ROOT / "data" / "sources" / "school_buses.py",
    ROOT / "data" / "sources" / "stops.py",
    ROOT / "data" / "timetable_facts.py",
]
# Made from a file's name.
COMPOSED = {"no_calendar", "no_calendar_dates"}


def codes_in(source: str) -> set[str]:
    """Texts that stand where a fault's code does: first argument of a note, or first of a table's entry."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        candidates: list[ast.expr | None] = []
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in {"add", "note", "note_trips"}:
                candidates = node.args[:1]
        elif isinstance(node, ast.Dict):
            candidates = [
                key for key, value in zip(node.keys, node.values, strict=True) if isinstance(value, ast.Tuple)
            ]
        elif isinstance(node, ast.For) and isinstance(node.iter, ast.Tuple):
            candidates = [entry.elts[0] for entry in node.iter.elts if isinstance(entry, ast.Tuple)]
        for value in candidates:
            if (
                isinstance(value, ast.Constant)
                and isinstance(value.value, str)
                and re.fullmatch("[a-z_0-9]+", value.value)
            ):
                found.add(value.value)
    return {code for code in found if "_" in code} - {"service_id", "trip_id"}


def test_the_finder_finds() -> None:
    source = (
        "log.add('a_b', 1)\nx = {'c_d': ('dropped', '')}\nfor c, k in (('e_f', 1),):\n    pass\nnote('g_h')"
    )
    assert codes_in(source) == {"a_b", "c_d", "e_f", "g_h"}


def test_every_code_is_documented_and_no_other() -> None:
    named = set().union(*(codes_in(module.read_text(encoding="utf-8")) for module in MODULES)) | COMPOSED
    text = (ROOT / "docs" / "timetable-faults.md").read_text(encoding="utf-8")
    rows = "\n".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    documented = set(re.findall(r"`([a-z_0-9]+)`", rows))
    assert named - documented == set()
    assert documented - named == set()
