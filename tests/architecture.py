"""The rules of the house, read from the source: which module may import which, and how long files grow."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ORDER = ("data", "geo", "layers", "dashboard")  # each may import itself and what stands before it
ROOMS = ("data", "geo", "layers")
LONGEST_FILE = 400


def python_files(root: Path, *rooms: str) -> Iterator[Path]:
    """Source files of the rooms, and of the dashboard (its entry file and its drawing package)."""
    for room in rooms:
        for path in (root / f"{room}.py", *sorted((root / room).rglob("*.py"))):
            if path.is_file():
                yield path


def imported(path: Path, root: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything a file imports, wherever in the file, relative imports resolved."""
    package = path.relative_to(root).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            yield node.lineno, ".".join([*base, *([node.module] if node.module else [])])
            if not node.module:
                yield from ((node.lineno, ".".join([*base, alias.name])) for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            function = getattr(node.func, "attr", getattr(node.func, "id", ""))
            named = getattr(node.args[0], "value", None)
            if function in ("import_module", "__import__") and isinstance(named, str):
                yield node.lineno, named


def dashboard_rooms(root: Path) -> tuple[str, ...]:
    """The dashboard's entry file and the package that it draws with, whatever that is called."""
    known = {*ROOMS, "tests", "benchmarks", "docs"}
    packages = (p.parent.name for p in root.glob("*/__init__.py"))
    return ("dashboard", *sorted(name for name in packages if name not in known and name != "dashboard"))


def import_faults(root: Path) -> list[str]:
    """Every import that goes the wrong way, or takes a library where it does not belong."""
    faults: list[str] = []
    drawing = dashboard_rooms(root)
    folium_users = set()
    for path in python_files(root, *ROOMS, *drawing):
        where = path.relative_to(root).as_posix()
        own = path.relative_to(root).parts[0].removesuffix(".py")
        rank = ORDER.index(own) if own in ORDER else len(ORDER) - 1
        for line, name in imported(path, root):
            top = name.split(".")[0]
            if top in ORDER and ORDER.index(top) > rank:
                faults.append(f"{where}:{line} imports {name}: {own} may not know {top}")
            if top == "tests":
                faults.append(f"{where}:{line} imports {name}: the program may not know its tests")
            if top == "streamlit" and own in ROOMS:
                faults.append(f"{where}:{line} imports streamlit: only the dashboard may")
            if top == "streamlit_folium" and own in ROOMS:
                faults.append(f"{where}:{line} imports streamlit_folium: only the dashboard may")
            if top == "folium":
                folium_users.add(where)
                if own != "layers":
                    faults.append(f"{where}:{line} imports folium: only one module of layers may")
    if len(folium_users) > 1:
        faults.append(f"folium is imported by {', '.join(sorted(folium_users))}: by one module only")
    return faults


def long_files(root: Path) -> list[str]:
    """Source files of more than 400 lines: they hold two ideas."""
    faults = []
    for path in python_files(root, *ROOMS, *dashboard_rooms(root), "tests", "benchmarks"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        where = path.relative_to(root).as_posix()
        if lines > LONGEST_FILE:
            faults.append(f"{where}: {lines} lines, at most {LONGEST_FILE}")
    return faults


def undocumented(root: Path) -> list[str]:
    """Public modules, classes and functions (not methods) with no docstring."""
    faults = []
    for path in python_files(root, *ROOMS, *dashboard_rooms(root)):
        where, tree = path.relative_to(root).as_posix(), ast.parse(path.read_text(encoding="utf-8"))
        if tree.body and not ast.get_docstring(tree):
            faults.append(f"{where}: the module says nothing of itself")
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            if not node.name.startswith("_") and not ast.get_docstring(node):
                faults.append(f"{where}:{node.lineno} {node.name} has no docstring")
    return faults


def pinned(root: Path, *names: str) -> set[str]:
    """Distributions that these files of requirements pin, in small letters with hyphens."""
    lines = [line for name in names for line in (root / name).read_text(encoding="utf-8").splitlines()]
    return {line.split("==")[0].strip().lower().replace("_", "-") for line in lines if "==" in line}


def unpinned(root: Path, allowed: set[str], distributions: Mapping[str, Sequence[str]]) -> list[str]:
    """Imports of the program that no pinned distribution provides: they come in with another one, or not."""
    faults = []
    own = {path.name.removesuffix(".py") for path in root.iterdir()}
    for path in python_files(root, *ROOMS, *dashboard_rooms(root)):
        for line, name in imported(path, root):
            top = name.split(".")[0]
            if top in sys.stdlib_module_names or top in own:
                continue
            given = {one.lower().replace("_", "-") for one in distributions.get(top, ())}
            if not given & allowed:
                faults.append(
                    f"{path.relative_to(root).as_posix()}:{line} imports {name}, which nothing pins"
                )
    return faults
