"""The lines that the README and the pages tell people to type, typed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "docs/analyst.md", "docs/planner.md", "docs/connector.md", "docs/scale.md")
_BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)
_LINK = re.compile(r"\]\(([^)#]+)\)")


def lines_of(page: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return [line.strip() for block in _BLOCK.findall(text) for line in block.splitlines() if line.strip()]


COMMANDS = [(page, line) for page in PAGES for line in lines_of(page) if line.startswith("python -m ")]


def test_there_are_commands_to_run():
    assert len(COMMANDS) >= 10


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_the_line_works_as_it_stands(page: str, line: str, tmp_path: Path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, *shlex.split(line)[1:]],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, f"{page}: {line}\n{run.stderr}"
    if "--out" in line:
        out = tmp_path / shlex.split(line)[shlex.split(line).index("--out") + 1]
        assert out.stat().st_size > 0


def test_the_two_commands_name_files_that_are_there():
    start, test = (line for line in lines_of("README.md") if line.startswith("python3 -m venv"))
    assert "-r requirements.txt" in start and start.endswith("streamlit run dashboard.py")
    assert "-r requirements-dev.txt" in test and test.endswith("python -m pytest")
    for name in ("requirements.txt", "requirements-dev.txt", "dashboard.py"):
        assert (ROOT / name).is_file()


@pytest.mark.parametrize(
    "page", sorted(str(p.relative_to(ROOT)) for p in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
)
def test_links_between_pages_lead_somewhere(page: str):
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = [link for link in _LINK.findall(text) if not link.startswith(("http:", "https:", "mailto:"))]
    missing = [link for link in targets if not ((ROOT / page).parent / link).exists()]
    assert not missing


def test_every_version_is_pinned():
    lines = (ROOT / "requirements.txt").read_text().splitlines() + (
        ROOT / "requirements-dev.txt"
    ).read_text().splitlines()
    loose = [line for line in lines if line.strip() and not line.startswith(("#", "-r")) and "==" not in line]
    assert not loose
