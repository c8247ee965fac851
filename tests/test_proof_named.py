"""docs/proof.md names a test for each claim; each test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def missing_tests(text: str, root: Path) -> list[str]:
    """Tests and files of tests that a page names and that do not exist."""
    missing = []
    for file, name in NAMED.findall(text):
        path = root / file
        if not path.is_file():
            missing.append(file)
        elif name and not re.search(rf"^def {name}\(", path.read_text(encoding="utf-8"), re.MULTILINE):
            missing.append(f"{file}::{name}")
    return missing


def test_every_test_that_the_proof_names_is_there() -> None:
    text = (ROOT / "docs" / "proof.md").read_text(encoding="utf-8")
    assert len(NAMED.findall(text)) >= 40
    assert missing_tests(text, ROOT) == []


def test_a_test_that_is_gone_is_found() -> None:
    page = "`tests/test_proof_named.py::test_gone` and `tests/test_gone.py::test_x`"
    assert missing_tests(page, ROOT) == ["tests/test_proof_named.py::test_gone", "tests/test_gone.py"]


def test_every_line_of_the_tables_names_a_test() -> None:
    text = (ROOT / "docs" / "proof.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and line != "| claim | test |"]
    assert rows
    assert [row for row in rows if not NAMED.search(row)] == []
