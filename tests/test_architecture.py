"""Imports go one way, files stay short, what is public is documented; each rule fails when it is broken."""

from __future__ import annotations

from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.architecture import import_faults, imported, long_files, pinned, undocumented, unpinned

ROOT = Path(__file__).resolve().parent.parent


def test_imports_go_one_way() -> None:
    assert import_faults(ROOT) == []


def test_no_file_holds_two_ideas() -> None:
    assert long_files(ROOT) == []


def test_what_is_public_is_documented() -> None:
    assert undocumented(ROOT) == []


def plant(root: Path, files: dict[str, str]) -> Path:
    """A tree that keeps the rules but for what is planted in it."""
    kept = {
        "data/__init__.py": '"""Data."""\n',
        "geo/__init__.py": '"""Geo."""\n',
        "layers/__init__.py": '"""Layers."""\n',
        "layers/offline_map.py": '"""Map."""\nimport folium\n',
        "dashboard.py": '"""Dashboard."""\nimport streamlit\nfrom layers import offline_map\n',
        "panels/__init__.py": '"""Drawing of the dashboard."""\nimport streamlit\n',
    }
    for name, text in {**kept, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_a_tree_that_keeps_the_rules_passes(tmp_path: Path) -> None:
    root = plant(tmp_path, {})
    assert import_faults(root) == long_files(root) == undocumented(root) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("data/bad.py", "import geo\n"),
        ("data/bad.py", "def f():\n    from geo.query import Query\n"),
        ("data/sources/bad.py", "from layers.styles import x\n"),
        ("geo/bad.py", "from layers import styles\n"),
        ("geo/bad.py", "import folium\n"),
        ("geo/bad.py", "import streamlit as st\n"),
        ("geo/bad.py", "from importlib import import_module\nimport_module('layers.styles')\n"),
        ("geo/bad.py", "from dashboard import main\n"),
        ("geo/bad.py", "from tests.towns import build_town\n"),
        ("layers/bad.py", "import streamlit\n"),
        ("layers/bad.py", "import streamlit_folium\n"),
        ("layers/bad.py", "import folium.plugins\n"),  # a second module of layers that knows folium
        ("layers/bad.py", "from folium import Map\n"),
        ("layers/bad.py", "import dashboard\n"),
        ("panels/bad.py", "import folium\n"),
    ],
)
def test_a_planted_import_is_found(tmp_path: Path, name: str, text: str) -> None:
    faults = import_faults(plant(tmp_path, {name: text}))
    assert any(name in fault for fault in faults), faults


def test_a_long_file_is_found(tmp_path: Path) -> None:
    assert long_files(plant(tmp_path, {"geo/long.py": "x = 1\n" * 401}))
    assert not long_files(plant(tmp_path, {"geo/long.py": "x = 1\n" * 400}))


@pytest.mark.parametrize("text", ["def public():\n    pass\n", "class Public:\n    pass\n"])
def test_an_undocumented_name_is_found(tmp_path: Path, text: str) -> None:
    faults = undocumented(plant(tmp_path, {"geo/bare.py": f'"""Module."""\n{text}'}))
    assert len(faults) == 1


def test_everything_that_is_imported_is_pinned(tmp_path: Path) -> None:
    allowed = pinned(ROOT, "requirements.txt", "requirements-cluster.txt")
    distributions = packages_distributions()
    assert unpinned(ROOT, allowed, distributions) == []
    root = plant(tmp_path, {"geo/bad.py": "import networkx\nimport os\n"})  # an import of the tests'
    assert [fault.split()[0] for fault in unpinned(root, allowed, distributions)] == ["geo/bad.py:1"]


def program_imports(name: str) -> set[str]:
    """What a module of the tests takes from the program, itself or through other modules of the tests."""
    todo, seen, found = [name], set(), set()
    while todo:
        module = todo.pop()
        if module in seen:
            continue
        seen.add(module)
        for _, imported_name in imported(ROOT / f"{module.replace('.', '/')}.py", ROOT):
            if imported_name.startswith("tests."):
                todo.append(imported_name)
            elif imported_name.split(".")[0] in ("data", "geo", "layers", "dashboard"):
                found.add(imported_name)
    return found


def test_the_brute_force_knows_nothing_of_the_program() -> None:
    assert program_imports("tests.brute_force") | program_imports("tests.brute_force_return") == set()


def test_the_reference_knows_the_pack_and_the_question_and_no_more() -> None:
    assert program_imports("tests.reference_people") <= {"data.areapack", "geo.query"}
