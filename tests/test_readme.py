"""The lines that the README and the pages tell people to type, typed."""

from __future__ import annotations

import os
import re
import runpy
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
DISTINCT = {line: page for page, line in reversed(COMMANDS)}  # each with the page that has it first


def test_there_are_commands_to_run():
    assert len(COMMANDS) >= 10


def run_line(line: str) -> int:
    """Do what ``python -m`` does, in this process: most of a short command's time is its imports."""
    module, *arguments = shlex.split(line)[2:]
    before = sys.argv
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        sys.argv = before
    return 0


@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")  # other tests import it too
@pytest.mark.parametrize(("line", "page"), DISTINCT.items())
def test_the_line_works_as_it_stands(
    line: str, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    assert run_line(line) == 0, f"{page}: {line}\n{capsys.readouterr().err}"
    words = shlex.split(line)
    if "--out" in words:
        assert (tmp_path / words[words.index("--out") + 1]).stat().st_size > 0


@pytest.mark.parametrize(
    ("module", "quick"), [("data", "list"), ("geo", "journey"), ("layers", "indicators")]
)
def test_the_commands_start_as_a_program_from_any_folder(module: str, quick: str, tmp_path: Path):
    line = next(line for line in DISTINCT if line.startswith(f"python -m {module} ") and quick in line)
    run = subprocess.run(
        [sys.executable, *shlex.split(line)[1:]],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, f"{line}\n{run.stderr}"


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
